'''A layer of one's own with weights, used twice: in a network that is trained, saved and loaded.

The layer computes with functions of `keras.backend`. It says how its weights are made (`build`),
what it computes (`call`), the shape of that, and its arguments (`get_config`), by which a saved
model makes it again.
'''
import argparse
import os
import tempfile

import numpy as np

from keras import activations, backend as K
from keras.layers import Dense, Dropout, Flatten, Layer
from keras.models import Sequential, load_model
from keras.utils import to_categorical

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--offline', action='store_true', help='a few digits, and no download')
parser.add_argument('--epochs', type=int, default=20)
args = parser.parse_args()

if args.offline:
    from offline_data import mnist
else:
    from keras.datasets import mnist

np.random.seed(1337)  # for reproducibility


class GatedDense(Layer):
    '''A dense layer that mixes its input with what it makes of it, gate by gate.

    # Arguments
        activation: name or function of the transform.
        gate_bias: number; below zero, the input passes through at the beginning.

    # Input shape
        `(batch, features)`; the output has the same.

    # References
        Srivastava et al. 2015, Highway Networks, https://arxiv.org/abs/1505.00387
    '''

    def __init__(self, activation='relu', gate_bias=-2., **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.gate_bias = gate_bias

    def build(self, input_shape):
        features = input_shape[-1]
        self.kernel = self.add_weight(name='kernel', shape=(features, features),
                                      initializer='glorot_uniform')
        self.gate = self.add_weight(name='gate', shape=(features, features),
                                    initializer='glorot_uniform')
        self.bias = self.add_weight(name='bias', shape=(features,), initializer='zeros')
        super().build(input_shape)

    def call(self, inputs):
        transformed = self.activation(K.bias_add(K.dot(inputs, self.kernel), self.bias))
        gate = K.sigmoid(K.dot(inputs, self.gate) + self.gate_bias)
        return gate * transformed + (1 - gate) * inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config()
        config['activation'] = activations.serialize(self.activation)
        config['gate_bias'] = self.gate_bias
        return config


(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train.astype('float32') / 255, x_test.astype('float32') / 255
y_train, y_test = to_categorical(y_train, 10), to_categorical(y_test, 10)

model = Sequential()
model.add(Flatten(input_shape=x_train.shape[1:]))
model.add(Dense(128, activation='relu'))
model.add(GatedDense())
model.add(GatedDense(activation='tanh', gate_bias=-1.))
model.add(Dropout(0.2))
model.add(Dense(10, activation='softmax'))
model.summary()

model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(x_train, y_train,
          batch_size=64,
          epochs=args.epochs,
          verbose=2,
          validation_data=(x_test, y_test))

# The file knows the name of the class and its arguments; the class itself is passed in
path = os.path.join(tempfile.mkdtemp(), 'gated.h5')
model.save(path)
loaded = load_model(path, custom_objects={'GatedDense': GatedDense})
os.remove(path)
assert np.array_equal(loaded.predict(x_test), model.predict(x_test))
print('Test accuracy: %.4f' % loaded.evaluate(x_test, y_test, verbose=0)[1])
