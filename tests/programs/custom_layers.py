"""Layers of one's own, written with K."""
import json

import numpy as np

from keras import activations, backend as K, initializers, regularizers
from keras.engine.topology import Layer
from keras.layers import Dense, Embedding, Input, Lambda, TimeDistributed
from keras.models import Model, Sequential


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class Scale(Layer):
    """A gain and an offset for each feature, with an activity that is punished."""

    def __init__(self, weight=0.01, **kwargs):
        self.weight = weight
        super(Scale, self).__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.gamma = self.add_weight(shape=shape, initializer='ones', name='gamma',
                                     regularizer=regularizers.l2(0.1))
        self.beta = K.variable(np.zeros(shape), name='beta')
        self.trainable_weights = [self.gamma, self.beta]
        self.seen = self.add_weight(name='seen', shape=(), initializer='zeros', trainable=False)
        super(Scale, self).build(input_shape)

    def call(self, x, mask=None):
        self.add_loss(self.weight * K.sum(K.abs(x)), inputs=x)
        self.add_update([(self.seen, self.seen + K.cast(K.shape(x)[0], 'float32'))], inputs=x)
        return self.gamma * x + self.beta

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {'weight': self.weight}
        base_config = super(Scale, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class Attention(Layer):
    """Additive attention over time; the mask takes padding out."""

    def __init__(self, units=4, return_attention=False, **kwargs):
        self.units = units
        self.return_attention = return_attention
        self.init = initializers.get('glorot_uniform')
        self.supports_masking = True
        super(Attention, self).__init__(**kwargs)

    def build(self, input_shape):
        assert len(input_shape) == 3
        self.W = self.add_weight(shape=(input_shape[-1], self.units), initializer=self.init,
                                 name='{}_W'.format(self.name))
        self.u = self.add_weight(shape=(self.units,), initializer=self.init,
                                 name='{}_u'.format(self.name))
        self.built = True

    def compute_mask(self, inputs, input_mask=None):
        return None

    def call(self, x, mask=None):
        uit = K.tanh(K.dot(x, self.W))
        ait = K.squeeze(K.dot(uit, K.expand_dims(self.u)), axis=-1)
        a = K.exp(ait)
        if mask is not None:
            a *= K.cast(mask, K.floatx())
        a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        weighted_input = x * K.expand_dims(a)
        if self.return_attention:
            return [K.sum(weighted_input, axis=1), a]
        return K.sum(weighted_input, axis=1)

    def compute_output_shape(self, input_shape):
        if self.return_attention:
            return [(input_shape[0], input_shape[-1]), (input_shape[0], input_shape[1])]
        return (input_shape[0], input_shape[-1])


class RBF(Layer):
    """Distances to centers: shapes read off tensors, several inputs of K."""

    def __init__(self, output_dim, activation='linear', **kwargs):
        self.output_dim = output_dim
        self.activation = activations.get(activation)
        super(RBF, self).__init__(**kwargs)

    def build(self, input_shape):
        self.centers = self.add_weight(name='centers', shape=(self.output_dim, input_shape[1]),
                                       initializer='uniform', trainable=True)
        self.betas = self.add_weight(name='betas', shape=(self.output_dim,), initializer='ones')
        super(RBF, self).build(input_shape)

    def call(self, x):
        C = K.expand_dims(self.centers)
        H = K.transpose(C - K.transpose(x))
        return self.activation(K.exp(-self.betas * K.sum(H ** 2, axis=1)))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)


words = np.random.RandomState(1).randint(1, 12, size=(24, 7))
words[::2, 4:] = 0
y = fixed((24, 2), 2)

inputs = Input(shape=(7,), dtype='int32')
embedded = Embedding(12, 5, mask_zero=True)(inputs)
scaled = Scale(name='scale')(embedded)
summary, attention = Attention(units=3, return_attention=True, name='attention')(scaled)
near = RBF(6, name='rbf')(summary)
outputs = Dense(2)(near)
model = Model(inputs, outputs)
model.compile('sgd', 'mse')
model.set_weights([abs(fixed(w.shape, 5 + i, 1.)) for i, w in enumerate(model.get_weights())])
history = model.fit(words, y, batch_size=10, epochs=3, shuffle=False, verbose=0)
weights_of_attention = K.function([model.input], [attention])([words[:4]])[0]
losses = K.function([model.input], model.losses)([words[:4]])

# A layer that holds a layer, and one applied to each step.
class Twice(Layer):
    def __init__(self, layer, **kwargs):
        self.layer = layer
        super(Twice, self).__init__(**kwargs)

    def build(self, input_shape):
        self.layer.build(input_shape)
        self.layer.built = True
        self._trainable_weights = self.layer.trainable_weights
        super(Twice, self).build(input_shape)

    def call(self, x):
        return self.layer.call(self.layer.call(x))

    def compute_output_shape(self, input_shape):
        return input_shape


stack = Sequential()
stack.add(TimeDistributed(Dense(3), input_shape=(4, 2)))
stack.add(Lambda(lambda t: K.reverse(t, axes=1)))
stack.add(Lambda(lambda t: t[:, -1]))
stack.add(Twice(Dense(3, activation='sigmoid')))
for seed, layer in [(50, stack.layers[0]), (60, stack.layers[-1].layer)]:
    layer.set_weights([fixed(w.shape, seed + i) for i, w in enumerate(layer.get_weights())])
stack.compile('sgd', 'mae')
stacked = stack.train_on_batch(fixed((6, 4, 2), 60), fixed((6, 3), 61))

print(json.dumps({
    'loss': history.history['loss'],
    'attention': weights_of_attention.tolist(),
    'losses': sorted(float(v) for v in losses),
    'seen': float(K.get_value(model.get_layer('scale').seen)),
    'counts': [model.count_params(), len(model.trainable_weights), len(model.non_trainable_weights),
               len(model.losses), len(model.updates)],
    'weights': [w.tolist() for w in model.get_weights()],
    'config': model.get_layer('scale').get_config()['weight'],
    'stacked': float(stacked),
    'stack': [w.tolist() for w in stack.layers[0].get_weights() + layer.get_weights()],
    'stack_out': stack.predict(fixed((2, 4, 2), 62)).tolist(),
}))
