'''Recurrent layers with their old arguments, and the small core layers that Keras 2 dropped.'''
import json
import numpy as np
from keras import backend as K
from keras.layers.core import Dense, RepeatVector, Permute, Highway, MaxoutDense, Masking, Reshape
from keras.layers.core import Activation, Lambda, Dropout
from keras.layers.recurrent import LSTM, GRU, SimpleRNN
from keras.layers.embeddings import Embedding
from keras.layers.noise import GaussianNoise, GaussianDropout
from keras.layers.wrappers import TimeDistributed, Bidirectional
from keras.models import Sequential


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    for j, layer in enumerate(model.layers):
        layer.set_weights([fixed(w.shape, 10 * j + i) for i, w in enumerate(layer.get_weights())])
    return model


# addition_rnn: an encoder, RepeatVector, a decoder
HIDDEN_SIZE, MAXLEN, DIGITS, CHARS = 5, 4, 2, 6
adder = Sequential()
adder.add(SimpleRNN(HIDDEN_SIZE, consume_less='mem', input_shape=(MAXLEN, CHARS)))
adder.add(RepeatVector(DIGITS + 1))
for _ in range(2):
    adder.add(GRU(HIDDEN_SIZE, inner_activation='hard_sigmoid', return_sequences=True,
                  consume_less='gpu'))
adder.add(TimeDistributed(Dense(CHARS)))
adder.add(Activation('softmax'))
fill(adder)
adder.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
X = np.eye(CHARS)[np.arange(6 * MAXLEN).reshape(6, MAXLEN) % CHARS]
y = np.eye(CHARS)[np.arange(6 * 3).reshape(6, 3) % CHARS]
added = adder.fit(X, y, batch_size=3, nb_epoch=2, shuffle=False, verbose=0,
                  validation_data=(X[:2], y[:2]))

# old names of a recurrent layer's arguments
model = Sequential()
model.add(Masking(mask_value=-1., input_shape=(5, 3)))
model.add(LSTM(output_dim=4, init='uniform', inner_init='orthogonal', forget_bias_init='one',
               activation='tanh', inner_activation='hard_sigmoid', dropout_W=0., dropout_U=0.,
               return_sequences=True, consume_less='gpu', W_regularizer='l2'))
model.add(GaussianNoise(sigma=0.1))
model.add(Bidirectional(GRU(3, consume_less='gpu', inner_activation='hard_sigmoid',
                            go_backwards=True), merge_mode='sum'))
model.add(GaussianDropout(p=0.2))
model.add(Dense(1))
fill(model)
steps = fixed((4, 5, 3), 99, 1.)
steps[1, 3:] = -1.
steps[2, 0] = -1.
model.compile('sgd', 'mse')

# layers that are gone since
old = Sequential()
old.add(Dense(6, input_dim=4, bias=False))
old.add(Highway(activation='relu'))
old.add(MaxoutDense(3, nb_feature=2))
fill(old)
old.compile(loss='mse', optimizer='sgd')
old_x = fixed((5, 4), 31, 1.)
old_loss = [float(old.train_on_batch(old_x, np.ones((5, 3)))) for i in range(3)]

turned = Sequential()
turned.add(Permute((2, 1), input_shape=(4, 3)))
turned.add(Reshape((2, -1)))
turned.add(Lambda(lambda x: x ** 2))
turned.compile('sgd', 'mse')

# the bias of a forget gate starts at one
unit = Sequential([LSTM(2, input_dim=3, input_length=4, consume_less='gpu')])

print(json.dumps({
    'added': added.history['loss'],
    'added acc': added.history['acc'],
    'added val': added.history['val_loss'],
    'adder': adder.predict(X[:1]).tolist(),
    'masked': model.predict(steps).tolist(),
    'masked loss': float(model.evaluate(steps, np.ones((4, 1)), verbose=0)),
    'old': old_loss,
    'old predicted': old.predict(old_x).tolist(),
    'turned': turned.predict(fixed((1, 4, 3), 2)).tolist(),
    'bias': sorted(unit.get_weights()[2].tolist()),
    'shapes': [list(w.shape) for w in adder.get_weights() + old.get_weights()],
    'outputs': [list(m.output_shape) for m in (adder, model, old, turned, unit)],
}))
