"""Sequences: a recurrent network on padded sequences, with masks and a network for each step."""
import json

import numpy as np

from keras.layers import LSTM, Activation, Dense, Embedding, TimeDistributed
from keras.models import Sequential

np.random.seed(1337)  # for reproducibility


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


random = np.random.RandomState(5)
lengths = random.randint(2, 9, size=32)
sequences = np.zeros((32, 8), dtype='int32')
for row, length in zip(sequences, lengths):
    row[-length:] = random.randint(1, 10, size=length)
many = (sequences == 3).sum(axis=1) > 0

model = Sequential()
model.add(Embedding(10, 6, mask_zero=True, input_length=8))
model.add(LSTM(7))
model.add(Dense(1))
model.add(Activation('sigmoid'))
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
model.compile(loss='binary_crossentropy', optimizer='rmsprop', metrics=['accuracy'])
history = model.fit(sequences, many, batch_size=10, epochs=3, shuffle=False, verbose=0)
predicted = model.predict(sequences[:4])
shifted = model.predict(np.concatenate([np.zeros((4, 0)), sequences[:4]], axis=1))

# A tag for each step; weights for each step; what is masked counts nothing.
tagger = Sequential()
tagger.add(Embedding(10, 6, mask_zero=True, input_length=8))
tagger.add(LSTM(5, return_sequences=True))
tagger.add(TimeDistributed(Dense(2, activation='softmax')))
tagger.set_weights([fixed(w.shape, 20 + i) for i, w in enumerate(tagger.get_weights())])
tagger.compile('sgd', 'categorical_crossentropy', metrics=['accuracy'],
               sample_weight_mode='temporal')
tags = np.eye(2)[(sequences % 2)]
weights = np.linspace(0, 2, 32 * 8).reshape(32, 8)
tagged = tagger.fit(sequences, tags, batch_size=10, epochs=2, shuffle=False, verbose=0,
                    sample_weight=weights)
score = tagger.evaluate(sequences, tags, batch_size=32, verbose=0)

print(json.dumps({
    'history': {k: [float(v) for v in history.history[k]] for k in sorted(history.history)},
    'predicted': predicted.tolist(),
    'same': bool(np.allclose(predicted, shifted)),
    'tagged': {k: [float(v) for v in tagged.history[k]] for k in sorted(tagged.history)},
    'score': [float(s) for s in score],
    'weights': [w.tolist() for w in tagger.get_weights()],
}))
