"""A layer written with jax.numpy beside the same layer written with K, in one model each."""
import json

import jax
import jax.numpy as jnp
import numpy as np

from keras import backend as K
from keras.layers import Dense, Layer
from keras.models import Sequential


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class Gate(Layer):
    def build(self, input_shape):
        self.w = self.add_weight(name='w', shape=(input_shape[-1], input_shape[-1]),
                                 initializer='glorot_uniform')
        self.mean = self.add_weight(name='mean', shape=(input_shape[-1],), initializer='zeros',
                                    trainable=False)
        super().build(input_shape)

    def compute_output_shape(self, input_shape):
        return input_shape


class KerasGate(Gate):
    def call(self, x):
        self.add_update(K.moving_average_update(self.mean, K.mean(x, axis=0), 0.9))
        self.add_loss(0.1 * K.mean(K.square(x)))
        return K.sigmoid(K.dot(x, self.w)) * K.relu(x) - self.mean


class JaxGate(Gate):
    def call(self, x):
        self.add_update((self.mean, 0.9 * self.mean + 0.1 * jnp.mean(x, axis=0)))
        self.add_loss(0.1 * jnp.mean(x ** 2))
        return jax.nn.sigmoid(x @ self.w) * jnp.maximum(x, 0) - self.mean


def train(layer):
    model = Sequential([Dense(6, input_shape=(4,)), layer, Dense(2)])
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    model.compile('adam', 'mse')
    history = model.fit(fixed((40, 4), 8), fixed((40, 2), 9), batch_size=16, epochs=4,
                        shuffle=False, verbose=0)
    middle = K.function([model.input, K.learning_phase()], [model.layers[1].output])
    return {'loss': history.history['loss'],
            'weights': [w.tolist() for w in model.get_weights()],
            'middle': middle([fixed((3, 4), 10), 0])[0].tolist(),
            'shape': list(model.layers[1].output_shape)}


# Called on arrays, a layer computes at once.
layer = JaxGate()
now = layer(fixed((3, 5), 1))
print(json.dumps({'keras': train(KerasGate()), 'jax': train(JaxGate()),
                  'now': list(np.shape(now)), 'built': layer.built}))
