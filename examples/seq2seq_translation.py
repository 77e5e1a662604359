'''Translates English to Spanish, letter by letter, with an encoder LSTM and a decoder LSTM.

The encoder turns an English text into a state; from it the decoder, which is given the right letter
before each ("teacher forcing"), learns to write the Spanish text. To translate, the decoder is run
alone, letter by letter, and is given what it wrote itself.

Source: Sutskever et al. 2014, Sequence to Sequence Learning, https://arxiv.org/abs/1409.3215
'''
import argparse
import io
import zipfile

import numpy as np

from keras.layers import Dense, Input, LSTM
from keras.models import Model
from keras.optimizers import Adam
from keras.utils import get_file

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--offline', action='store_true', help='number words, and no download')
parser.add_argument('--epochs', type=int, default=100)
args = parser.parse_args()

np.random.seed(1337)  # for reproducibility
batch_size = 10 if args.offline else 64
latent_dim = 96 if args.offline else 256
num_samples = 10000

if args.offline:
    from offline_data import number_words
    pairs = number_words()
else:
    path = get_file('spa-eng.zip', origin='http://storage.googleapis.com/'
                                          'download.tensorflow.org/data/spa-eng.zip')
    with zipfile.ZipFile(path) as archive:
        lines = io.TextIOWrapper(archive.open('spa-eng/spa.txt'), encoding='utf-8')
        pairs = [line.rstrip('\n').split('\t')[:2] for line, _ in zip(lines, range(num_samples))]

# A tab begins a translation, a newline ends it
input_texts = [pair[0] for pair in pairs]
target_texts = ['\t' + pair[1] + '\n' for pair in pairs]
input_chars = sorted(set(''.join(input_texts)))
target_chars = sorted(set(''.join(target_texts)))
input_index = dict((char, i) for i, char in enumerate(input_chars))
target_index = dict((char, i) for i, char in enumerate(target_chars))
input_length = max(len(text) for text in input_texts)
target_length = max(len(text) for text in target_texts)
print('%d samples, %d and %d characters, at most %d and %d long' % (
    len(pairs), len(input_chars), len(target_chars), input_length, target_length))

# One-hot letters; the target of the decoder is one step ahead of its input
encoder_input_data = np.zeros((len(pairs), input_length, len(input_chars)), 'float32')
decoder_input_data = np.zeros((len(pairs), target_length, len(target_chars)), 'float32')
decoder_target_data = np.zeros((len(pairs), target_length, len(target_chars)), 'float32')
for i, (input_text, target_text) in enumerate(zip(input_texts, target_texts)):
    for t, char in enumerate(input_text):
        encoder_input_data[i, t, input_index[char]] = 1
    for t, char in enumerate(target_text):
        decoder_input_data[i, t, target_index[char]] = 1
        if t > 0:
            decoder_target_data[i, t - 1, target_index[char]] = 1

# The encoder: its outputs are thrown away, its states are kept
encoder_inputs = Input(shape=(None, len(input_chars)))
_, state_h, state_c = LSTM(latent_dim, return_state=True)(encoder_inputs)
encoder_states = [state_h, state_c]

# The decoder begins with these states, and gives a letter at each step
decoder_inputs = Input(shape=(None, len(target_chars)))
decoder_lstm = LSTM(latent_dim, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = Dense(len(target_chars), activation='softmax')
decoder_outputs = decoder_dense(decoder_outputs)

model = Model([encoder_inputs, decoder_inputs], decoder_outputs)
model.compile(optimizer=Adam(lr=0.005), loss='categorical_crossentropy')
model.fit([encoder_input_data, decoder_input_data], decoder_target_data,
          batch_size=batch_size,
          epochs=args.epochs,
          verbose=2,
          validation_split=0 if args.offline else 0.2)

# Inference: the same layers in two models, so that the decoder's states can be carried along
encoder_model = Model(encoder_inputs, encoder_states)
state_inputs = [Input(shape=(latent_dim,)), Input(shape=(latent_dim,))]
decoder_outputs, state_h, state_c = decoder_lstm(decoder_inputs, initial_state=state_inputs)
decoder_model = Model([decoder_inputs] + state_inputs,
                      [decoder_dense(decoder_outputs), state_h, state_c])


def translate(one_hot):
    states = encoder_model.predict(one_hot)
    char, text = '\t', ''
    while char != '\n' and len(text) < target_length:
        letter = np.zeros((1, 1, len(target_chars)))
        letter[0, 0, target_index[char]] = 1
        outputs, state_h, state_c = decoder_model.predict([letter] + states)
        states = [state_h, state_c]
        char = target_chars[np.argmax(outputs[0, 0])]
        text += char
    return text


right = 0
for i in range(0, len(pairs), len(pairs) // 50):
    translation = translate(encoder_input_data[i:i + 1])
    right += translation == target_texts[i][1:]
    if i % (len(pairs) // 10) == 0:
        print(input_texts[i], '->', translation.strip())
print('Right translations of 50 training samples: %d' % right)
