'''Writes text in the manner of Nietzsche, or of a nursery rhyme, with an LSTM that reads letters.

At least 20 epochs are needed before what it writes begins to make sense, on Nietzsche's text. Try
it with your own: the text should have at least 100,000 characters, better a million.
'''
import argparse
import random
import sys

import numpy as np

from keras.callbacks import LambdaCallback
from keras.layers import Dense, LSTM
from keras.models import Sequential
from keras.optimizers import RMSprop
from keras.utils.data_utils import get_file

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--offline', action='store_true', help='a rhyme, and no download')
parser.add_argument('--epochs', type=int, default=None, help='60, or 16 of the rhyme')
args = parser.parse_args()

if args.offline:
    from offline_data import rhyme
    text = rhyme()
else:
    path = get_file('nietzsche.txt',
                    origin='https://s3.amazonaws.com/text-datasets/nietzsche.txt')
    with open(path, encoding='utf-8') as f:
        text = f.read().lower()

random.seed(1337)
np.random.seed(1337)  # for reproducibility
epochs = args.epochs or (16 if args.offline else 60)
print('corpus length:', len(text))

chars = sorted(set(text))
print('total chars:', len(chars))
char_indices = dict((c, i) for i, c in enumerate(chars))

# Cut the text in half-redundant sequences of maxlen characters
maxlen = 20 if args.offline else 40
step = 3
sentences = [text[i:i + maxlen] for i in range(0, len(text) - maxlen, step)]
next_chars = [text[i + maxlen] for i in range(0, len(text) - maxlen, step)]
print('nb sequences:', len(sentences))

x = np.zeros((len(sentences), maxlen, len(chars)), dtype=bool)
y = np.zeros((len(sentences), len(chars)), dtype=bool)
for i, sentence in enumerate(sentences):
    for t, char in enumerate(sentence):
        x[i, t, char_indices[char]] = 1
    y[i, char_indices[next_chars[i]]] = 1

model = Sequential()
model.add(LSTM(128, input_shape=(maxlen, len(chars))))
model.add(Dense(len(chars), activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer=RMSprop(lr=0.01))


def sample(preds, temperature=1.0):
    '''Draws an index; below 1 the temperature makes the likely likelier.'''
    preds = np.log(preds.astype('float64') + 1e-12) / temperature
    preds = np.exp(preds) / np.sum(np.exp(preds))
    return np.argmax(np.random.multinomial(1, preds))


def on_epoch_end(epoch, logs):
    '''Writes some text whenever a quarter of the training is done.'''
    if (epoch + 1) % (epochs // 4 or 1):
        return
    start = random.randint(0, len(text) - maxlen - 1)
    for diversity in [0.2, 1.0]:
        sentence = text[start:start + maxlen]
        print('----- epoch %d, diversity %.1f: "%s"' % (epoch + 1, diversity, sentence))
        for _ in range(100):
            x_pred = np.zeros((1, maxlen, len(chars)))
            for t, char in enumerate(sentence):
                x_pred[0, t, char_indices[char]] = 1
            next_char = chars[sample(model.predict(x_pred, verbose=0)[0], diversity)]
            sentence = sentence[1:] + next_char
            sys.stdout.write(next_char)
        print()


history = model.fit(x, y,
                    batch_size=32 if args.offline else 128,
                    epochs=epochs,
                    verbose=2,
                    callbacks=[LambdaCallback(on_epoch_end=on_epoch_end)])
print('Guessing costs %.3f a character.' % np.log(len(chars)))
print('Loss per character: %.3f' % history.history['loss'][-1])
