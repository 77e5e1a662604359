"""Padded sentences in both directions: Embedding with mask_zero, Bidirectional, a tag per word."""
import json

import numpy as np

from keras.layers import (LSTM, GRU, Bidirectional, Dense, Dropout, Embedding, Input, Masking,
                          TimeDistributed, concatenate)
from keras.models import Model, Sequential
from keras.optimizers import RMSprop


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model, seed):
    for j, layer in enumerate(model.layers):
        layer.set_weights([fixed(w.shape, seed + 10 * j + i)
                           for i, w in enumerate(layer.get_weights())])


def pad_sequences(sequences, maxlen, padding):
    padded = np.zeros((len(sequences), maxlen), dtype='int32')
    for row, sequence in zip(padded, sequences):
        if padding == 'post':
            row[:len(sequence)] = sequence
        else:
            row[-len(sequence):] = sequence
    return padded


maxlen, words, tags = 6, 9, 3
random = np.random.RandomState(3)
sentences = [random.randint(1, words, size=size).tolist() for size in (6, 3, 1, 5, 2, 4, 6, 3)]
x = pad_sequences(sentences, maxlen=maxlen, padding='post')
y = np.eye(tags)[x % tags]

# A tag for each word; padding neither counts in the loss nor changes a state.
model = Sequential()
model.add(Embedding(words, 4, input_length=maxlen, mask_zero=True))
model.add(Bidirectional(LSTM(3, return_sequences=True)))
model.add(Bidirectional(GRU(3, return_sequences=True, reset_after=False), merge_mode='sum'))
model.add(TimeDistributed(Dense(tags, activation='softmax')))
fill(model, 0)
model.compile(loss='categorical_crossentropy', optimizer=RMSprop(lr=0.01))
before = model.evaluate(x, y, verbose=0)
history = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
tagged = model.predict(x)

# The same sentence with more padding, and with padding in front.
wide = Sequential()
wide.add(Embedding(words, 4, mask_zero=True))
for mode, cell in (('concat', LSTM(3, return_sequences=True)),
                   ('sum', GRU(3, return_sequences=True, reset_after=False))):
    wide.add(Bidirectional(cell, merge_mode=mode))
wide.add(TimeDistributed(Dense(tags, activation='softmax')))
wide.build((None, None))
wide.set_weights(model.get_weights())
padded = wide.predict(pad_sequences(sentences, maxlen=9, padding='post'))
front = wide.predict(pad_sequences(sentences, maxlen=9, padding='pre'))
short = [wide.predict(np.array([sentence])) for sentence in sentences]
differences = [max(float(np.abs(padded[i, :len(s)] - short[i][0]).max()),
                   float(np.abs(front[i, -len(s):] - short[i][0]).max()))
               for i, s in enumerate(sentences)]

# A class for each sentence, every way of merging; last states of both directions.
merged = {}
for mode in ('concat', 'sum', 'mul', 'ave', None):
    inputs = Input(shape=(maxlen,), dtype='int32')
    z = Embedding(words, 4, mask_zero=True)(inputs)
    z = Bidirectional(LSTM(3), merge_mode=mode)(z)
    if mode is None:
        z = concatenate(z)
    z = Dropout(0.5)(z)
    classes = Model(inputs, Dense(2, activation='softmax')(z))
    fill(classes, 100)
    merged[str(mode)] = classes.predict(x[:3]).tolist()

inputs = Input(shape=(4, 2))
masked = Masking(mask_value=-1.)(inputs)
found = Bidirectional(LSTM(2, return_state=True, return_sequences=True))(masked)
states = Model(inputs, found)
fill(states, 200)
steps = fixed((2, 4, 2), 300)
steps[0, 2:] = -1.
steps[1, 0] = -1.

print(json.dumps({
    'before': float(before),
    'losses': history.history['loss'],
    'tagged': tagged[:3].tolist(),
    'same': max(differences) < 1e-5,
    'merged': merged,
    'states': [value.tolist() for value in states.predict(steps)],
    'weights': [float(np.sum(w)) for w in model.get_weights()],
}))
