"""The layers around the big ones: slopes, noise, Lambda with arguments, masks, merging."""
import json
import numpy as np
import keras
from keras import backend as K
from keras import initializers, regularizers, constraints
from keras.layers import *
from keras.layers.advanced_activations import ELU, LeakyReLU, PReLU, ThresholdedReLU
from keras.layers.merge import add, average, concatenate, dot, maximum, multiply
from keras.layers.noise import AlphaDropout, GaussianDropout, GaussianNoise
from keras.models import Model, Sequential, model_from_json
from keras.utils import np_utils, to_categorical
from keras.utils.generic_utils import CustomObjectScope


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    return model


def slice_and_scale(x, start, stop=None, factor=1.):
    return factor * x[:, start:stop]


def swap(x):
    return K.permute_dimensions(x, (0, 2, 1))


class Scale(Layer):
    """Learns a weight and a bias for each channel, as in many ports of caffe models."""
    def __init__(self, weights=None, axis=-1, momentum=0.9, beta_init='zero', gamma_init='one',
                 **kwargs):
        self.momentum = momentum
        self.axis = axis
        self.beta_init = initializers.get(beta_init)
        self.gamma_init = initializers.get(gamma_init)
        self.initial_weights = weights
        super(Scale, self).__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]
        shape = (int(input_shape[self.axis]),)
        self.gamma = K.variable(self.gamma_init(shape), name='{}_gamma'.format(self.name))
        self.beta = K.variable(self.beta_init(shape), name='{}_beta'.format(self.name))
        self.trainable_weights = [self.gamma, self.beta]
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)
            del self.initial_weights

    def call(self, x, mask=None):
        broadcast_shape = [1] * len(self.input_spec[0].shape)
        broadcast_shape[self.axis] = self.input_spec[0].shape[self.axis]
        return K.reshape(self.gamma, broadcast_shape) * x + K.reshape(self.beta, broadcast_shape)

    def get_config(self):
        config = {'momentum': self.momentum, 'axis': self.axis}
        return dict(list(super(Scale, self).get_config().items()) + list(config.items()))


image = Input(shape=(6, 6, 2))
x = Conv2D(3, 3, kernel_initializer='he_normal', kernel_constraint=constraints.max_norm(2.))(image)
x = PReLU(shared_axes=[1, 2])(x)
x = SpatialDropout2D(0.3)(x)
x = Scale(name='scale')(x)
x = GaussianNoise(0.2)(x)
y = DepthwiseConv2D(3, padding='same')(x)
y = ELU(alpha=.5)(y)
x = add([x, y])
x = Cropping2D(((1, 0), (0, 1)))(x)
x = ThresholdedReLU(theta=.1)(x)
x = concatenate([GlobalAveragePooling2D()(x), GlobalMaxPooling2D()(x)])
x = GaussianDropout(0.2)(Dense(4)(x))
x = LeakyReLU(.3)(x)
part = Lambda(slice_and_scale, arguments={'start': 1, 'factor': 2.})(x)
model = fill(Model(image, [x, part]))
model.compile('sgd', 'mse')
pictures = fixed((3, 6, 6, 2), 70, 1.)
out, part_out = model.predict(pictures)
copy = model_from_json(model.to_json(), custom_objects={'Scale': Scale,
                                                        'slice_and_scale': slice_and_scale})
copy.set_weights(model.get_weights())

a, b = Input(shape=(4, 3)), Input(shape=(4, 3))
merged = [multiply([a, b]), average([a, b]), maximum([a, b]), subtract([a, b]),
          dot([a, b], axes=2), dot([a, b], axes=(1, 1), normalize=True), Lambda(swap)(a)]
merges = Model([a, b], merged).predict([fixed((2, 4, 3), 80), fixed((2, 4, 3), 81)])

masked = Sequential([Masking(mask_value=-1., input_shape=(5, 2)),
                     SimpleRNN(3, return_sequences=True), Dense(2), LSTM(2, implementation=1)])
fill(masked)
steps = fixed((3, 5, 2), 90)
steps[1, 2:] = -1.

with CustomObjectScope({'Scale': Scale}):
    scale = keras.layers.deserialize({'class_name': 'Scale', 'config': {'axis': -1}})

print(json.dumps({
    'out': out.tolist(),
    'part': part_out.tolist(),
    'copy': bool(np.allclose(copy.predict(pictures)[1], part_out, atol=1e-6)),
    'merges': [m.sum(axis=0).tolist() for m in merges],
    'masked': masked.predict(steps).tolist(),
    'weights': [list(w.shape) for w in model.get_weights()],
    'categorical': to_categorical([0, 2, 1], 3).tolist(),
    'scope': scale.momentum,
    'loss': [float(v) for v in model.test_on_batch(pictures, [np.ones((3, 4)), np.ones((3, 3))])],
}))
