"""Attention over the steps of a recurrent network, as custom layers written with K."""
import json
import os
import tempfile

import numpy as np

from keras import backend as K
from keras import initializers
from keras.layers import GRU, LSTM, Bidirectional, Dense, Embedding, Input, Layer
from keras.models import Model, load_model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def dot_product(x, kernel):
    return K.squeeze(K.dot(x, K.expand_dims(kernel)), axis=-1)


class AttentionWithContext(Layer):
    """Scores each step against a learned context vector; padding gets no weight."""

    def __init__(self, bias=True, **kwargs):
        self.supports_masking = True
        self.init = initializers.get('glorot_uniform')
        self.bias = bias
        super(AttentionWithContext, self).__init__(**kwargs)

    def build(self, input_shape):
        assert len(input_shape) == 3
        self.W = self.add_weight(shape=(input_shape[-1], input_shape[-1],),
                                 initializer=self.init, name='{}_W'.format(self.name))
        if self.bias:
            self.b = self.add_weight(shape=(input_shape[-1],), initializer='zero',
                                     name='{}_b'.format(self.name))
        self.u = self.add_weight(shape=(input_shape[-1],), initializer='uniform',
                                 name='{}_u'.format(self.name))
        super(AttentionWithContext, self).build(input_shape)

    def compute_mask(self, inputs, input_mask=None):
        return None

    def call(self, x, mask=None):
        uit = K.dot(x, self.W)
        if self.bias:
            uit += self.b
        uit = K.tanh(uit)
        ait = dot_product(uit, self.u)
        a = K.exp(ait)
        if mask is not None:
            a *= K.cast(mask, K.floatx())
        a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        a = K.expand_dims(a)
        weighted_input = x * a
        return K.sum(weighted_input, axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[-1]

    def get_config(self):
        return dict(super(AttentionWithContext, self).get_config(), bias=self.bias)


class Attention(Layer):
    """Softmax over the steps; returns the weights as well."""

    def build(self, input_shape):
        self.W = self.add_weight(name='att_weight', shape=(input_shape[-1], 1),
                                 initializer='normal')
        self.b = self.add_weight(name='att_bias', shape=(input_shape[1], 1), initializer='zeros')
        super(Attention, self).build(input_shape)

    def call(self, x):
        et = K.squeeze(K.tanh(K.dot(x, self.W) + self.b), axis=-1)
        at = K.softmax(et)
        output = x * K.expand_dims(at, axis=-1)
        return [K.sum(output, axis=1), at]

    def compute_output_shape(self, input_shape):
        return [(input_shape[0], input_shape[-1]), (input_shape[0], input_shape[1])]


class SelfAttention(Layer):
    """Every step looks at every other: batch_dot of queries and keys."""

    def __init__(self, units, **kwargs):
        super(SelfAttention, self).__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(name='kernel', shape=(3, input_shape[2], self.units),
                                      initializer='uniform', trainable=True)
        super(SelfAttention, self).build(input_shape)

    def call(self, x):
        WQ = K.dot(x, self.kernel[0])
        WK = K.dot(x, self.kernel[1])
        WV = K.dot(x, self.kernel[2])
        QK = K.batch_dot(WQ, K.permute_dimensions(WK, [0, 2, 1]))
        QK = QK / (self.units ** 0.5)
        QK = K.softmax(QK)
        return K.batch_dot(QK, WV)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1], self.units)


def fill(model, seed):
    for j, layer in enumerate(model.layers):
        layer.set_weights([fixed(w.shape, seed + 10 * j + i)
                           for i, w in enumerate(layer.get_weights())])


random = np.random.RandomState(7)
x = random.randint(1, 8, size=(8, 5))
x[1, 3:] = 0
x[4, 1:] = 0
y = (x.sum(axis=1) % 2)[:, None].astype('float32')

sentence = Input(shape=(5,), dtype='int32')
z = Embedding(8, 4, mask_zero=True)(sentence)
z = Bidirectional(GRU(3, return_sequences=True, reset_after=False))(z)
z = AttentionWithContext(name='context')(z)
context = Model(sentence, Dense(1, activation='sigmoid')(z))
fill(context, 0)
context.compile(loss='binary_crossentropy', optimizer='rmsprop')
context_loss = context.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)

steps = Input(shape=(5, 2))
z = LSTM(3, return_sequences=True)(steps)
pooled, weights = Attention()(z)
attended = Model(steps, Dense(1)(pooled))
fill(attended, 100)
values = fixed((4, 5, 2), 150, 1.)
attended.compile(loss='mse', optimizer='sgd')
attended_loss = [float(attended.train_on_batch(values, np.ones((4, 1)))) for i in range(3)]
shown = Model(steps, weights).predict(values)

z = SelfAttention(4)(steps)
self_attended = Model(steps, Dense(2)(SelfAttention(3)(z)))
fill(self_attended, 200)
self_attended.compile(loss='mse', optimizer='sgd')
self_loss = [float(self_attended.train_on_batch(values, np.ones((4, 5, 2)))) for i in range(3)]

folder = tempfile.mkdtemp()
path = os.path.join(folder, 'attention.h5')
context.save(path)
loaded = load_model(path, custom_objects={'AttentionWithContext': AttentionWithContext})
os.remove(path)
os.rmdir(folder)

print(json.dumps({
    'context': context_loss.history['loss'],
    'predicted': context.predict(x).ravel().tolist(),
    'attended': attended_loss,
    'weights': shown.tolist(),
    'weights sum': bool(np.allclose(shown.sum(axis=1), 1)),
    'self': self_loss,
    'self predicted': self_attended.predict(values[:1]).tolist(),
    'loaded': bool(np.array_equal(loaded.predict(x), context.predict(x))),
    'names': [w.name.split(':')[0].split('/')[-1] for w in context.get_layer('context').weights],
    'shapes': [list(K.int_shape(pooled)), list(K.int_shape(weights))],
}))
