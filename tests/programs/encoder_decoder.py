"""Sequence to sequence: trained with teacher forcing, read out with two models for inference."""
import json
import os
import tempfile

import numpy as np

from keras.layers import LSTM, Dense, Input
from keras.models import Model, load_model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


latent_dim, tokens, steps = 8, 6, 4
START = 0
random = np.random.RandomState(0)
sources = random.randint(1, tokens, size=(24, steps))
targets = sources[:, ::-1]                                   # the task: reverse the sequence
encoder_input_data = np.eye(tokens, dtype='float32')[sources]
decoder_target_data = np.eye(tokens, dtype='float32')[targets]
shifted = np.concatenate([np.full((24, 1), START), targets[:, :-1]], axis=1)
decoder_input_data = np.eye(tokens, dtype='float32')[shifted]

encoder_inputs = Input(shape=(None, tokens))
encoder = LSTM(latent_dim, return_state=True)
encoder_outputs, state_h, state_c = encoder(encoder_inputs)
encoder_states = [state_h, state_c]
decoder_inputs = Input(shape=(None, tokens))
decoder_lstm = LSTM(latent_dim, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = Dense(tokens, activation='softmax')
decoder_outputs = decoder_dense(decoder_outputs)
model = Model([encoder_inputs, decoder_inputs], decoder_outputs)
for j, layer in enumerate((encoder, decoder_lstm, decoder_dense)):
    layer.set_weights([fixed(w.shape, 10 * j + i) for i, w in enumerate(layer.get_weights())])
model.compile(optimizer='rmsprop', loss='categorical_crossentropy')
history = model.fit([encoder_input_data, decoder_input_data], decoder_target_data,
                    batch_size=8, epochs=3, shuffle=False, validation_split=0.25, verbose=0)

# Inference: the encoder alone; the decoder with its states as inputs and outputs.
encoder_model = Model(encoder_inputs, encoder_states)
decoder_state_input_h = Input(shape=(latent_dim,))
decoder_state_input_c = Input(shape=(latent_dim,))
decoder_states_inputs = [decoder_state_input_h, decoder_state_input_c]
decoder_outputs, state_h, state_c = decoder_lstm(decoder_inputs,
                                                 initial_state=decoder_states_inputs)
decoder_states = [state_h, state_c]
decoder_outputs = decoder_dense(decoder_outputs)
decoder_model = Model([decoder_inputs] + decoder_states_inputs,
                      [decoder_outputs] + decoder_states)


def decode_sequence(input_seq):
    states_value = encoder_model.predict(input_seq)
    target_seq = np.zeros((1, 1, tokens))
    target_seq[0, 0, START] = 1.
    decoded, probabilities = [], []
    while len(decoded) < steps:
        output_tokens, h, c = decoder_model.predict([target_seq] + states_value)
        sampled = int(np.argmax(output_tokens[0, -1, :]))
        decoded.append(sampled)
        probabilities.append(output_tokens[0, -1].tolist())
        target_seq = np.zeros((1, 1, tokens))
        target_seq[0, 0, sampled] = 1.
        states_value = [h, c]
    return decoded, probabilities


first = decode_sequence(encoder_input_data[:1])
second = decode_sequence(encoder_input_data[5:6])

# Fed with the true sequence, step by step gives what the trained model gives at once.
states = encoder_model.predict(encoder_input_data[:2])
stepwise = []
for t in range(steps):
    out, h, c = decoder_model.predict([decoder_input_data[:2, t:t + 1]] + states)
    states = [h, c]
    stepwise.append(out[:, 0])
at_once = model.predict([encoder_input_data[:2], decoder_input_data[:2]])

# Saved, loaded, and taken apart again by position, as the tutorials do.
folder = tempfile.mkdtemp()
path = os.path.join(folder, 's2s.h5')
model.save(path)
loaded = load_model(path)
os.remove(path)
os.rmdir(folder)
loaded_inputs = loaded.input[0]
_, h_enc, c_enc = loaded.layers[2].output
loaded_encoder = Model(loaded_inputs, [h_enc, c_enc])
same = [np.array_equal(a, b) for a, b in zip(loaded_encoder.predict(encoder_input_data[:2]),
                                             encoder_model.predict(encoder_input_data[:2]))]

print(json.dumps({
    'loss': history.history['loss'],
    'val_loss': history.history['val_loss'],
    'decoded': [first[0], second[0]],
    'probabilities': first[1],
    'states': [s.tolist() for s in encoder_model.predict(encoder_input_data[:1])],
    'stepwise': bool(np.allclose(np.stack(stepwise, 1), at_once, atol=1e-5)),
    'loaded': [bool(s) for s in same],
    'counts': [model.count_params(), len(decoder_model.inputs), len(decoder_model.outputs)],
}))
