'''A stateful LSTM with reset_states in a loop; weights for classes, samples and steps.'''
from __future__ import print_function
import json
import numpy as np
from keras.callbacks import Callback
from keras.layers import Activation, Dense, LSTM, SimpleRNN, TimeDistributed
from keras.models import Sequential
from keras.utils import np_utils

tsteps, batch_size, epochs = 2, 3, 3


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    return model


cos = np.cos(np.arange(24) / 3.).reshape(12, 2, 1)
expected_output = cos.mean(axis=1)

model = Sequential()
model.add(LSTM(4, batch_input_shape=(batch_size, tsteps, 1), return_sequences=True, stateful=True,
               consume_less='gpu', inner_activation='hard_sigmoid'))
model.add(LSTM(3, return_sequences=False, stateful=True, consume_less='gpu',
               inner_activation='hard_sigmoid'))
model.add(Dense(1))
fill(model)
model.compile(loss='mse', optimizer='sgd')
losses = []
for i in range(epochs):
    h = model.fit(cos, expected_output, batch_size=batch_size, nb_epoch=1, shuffle=False, verbose=0)
    losses.append(h.history['loss'][0])
    model.reset_states()
first = model.predict(cos, batch_size=batch_size)
second = model.predict(cos, batch_size=batch_size)
model.reset_states()
third = model.predict(cos, batch_size=batch_size)


class ResetStates(Callback):
    def __init__(self):
        self.counter = 0

    def on_batch_begin(self, batch, logs={}):
        if self.counter % 2 == 0:
            self.model.reset_states()
        self.counter += 1


resets = ResetStates()
reset_loss = model.fit(cos, expected_output, batch_size=batch_size, nb_epoch=1, shuffle=False,
                       callbacks=[resets], verbose=0).history['loss']

# class weights
X, labels = fixed((12, 4), 5, 1.), np.arange(12) % 3
Y = np_utils.to_categorical(labels, 3)
classifier = fill(Sequential([Dense(3, input_dim=4, activation='softmax')]))
classifier.compile('sgd', 'categorical_crossentropy')
class_loss = classifier.fit(X, Y, class_weight={0: 1., 1: 5., 2: .5}, nb_epoch=2, batch_size=4,
                            shuffle=False, verbose=0).history['loss']
sample_loss = classifier.fit(X, Y, sample_weight=np.linspace(.1, 1, 12), nb_epoch=2, batch_size=6,
                             shuffle=False, verbose=0).history['loss']

# weights for each step
tagger = Sequential()
tagger.add(SimpleRNN(5, return_sequences=True, input_shape=(4, 3)))
tagger.add(TimeDistributed(Dense(2)))
tagger.add(Activation('softmax'))
fill(tagger)
tagger.compile(loss='categorical_crossentropy', optimizer='sgd', sample_weight_mode='temporal',
               metrics=['accuracy'])
steps = fixed((6, 4, 3), 8, 1.)
tags = np.eye(2)[(steps.sum(axis=-1) > 0).astype(int)]
weights = np.ones((6, 4))
weights[:, 0] = 2.
weights[3, :] = .5
tag_loss = tagger.fit(steps, tags, sample_weight=weights, nb_epoch=2, batch_size=3, shuffle=False,
                      verbose=0).history['loss']
evaluated = tagger.evaluate(steps, tags, sample_weight=weights, batch_size=6, verbose=0)

print(json.dumps({
    'losses': losses,
    'first': first.ravel().tolist(),
    'second': second.ravel().tolist(),
    'reset': bool(np.allclose(first, third, atol=1e-6)),
    'counter': resets.counter,
    'reset loss': reset_loss,
    'class': class_loss,
    'sample': sample_loss,
    'tags': tag_loss,
    'evaluated': float(evaluated[0]),
    'tagged': tagger.predict(steps)[1].tolist(),
}))
