'''Layers as they were written for Keras 1: get_output_shape_for, self.init, trainable_weights.'''
import json
import numpy as np
from keras import backend as K
from keras import activations, initializations, regularizers, constraints
from keras.engine.topology import Layer, InputSpec
from keras.layers import Dense, Embedding, GRU, Input, Convolution2D, Flatten, Masking
from keras.models import Sequential, Model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class LRN2D(Layer):
    '''Local response normalization, as in AlexNet, for channels last.'''
    def __init__(self, alpha=1e-4, k=2, beta=0.75, n=5, **kwargs):
        if n % 2 == 0:
            raise NotImplementedError('LRN2D only works with odd n. n provided: ' + str(n))
        super(LRN2D, self).__init__(**kwargs)
        self.alpha = alpha
        self.k = k
        self.beta = beta
        self.n = n

    def call(self, x, mask=None):
        half = self.n // 2
        _, r, c, ch = self.input_spec_shape
        square = K.square(x)
        padded = K.permute_dimensions(
            K.spatial_2d_padding(K.permute_dimensions(square, (0, 1, 3, 2)), (0, half)),
            (0, 1, 3, 2))
        scale = self.k
        for i in range(self.n):
            scale += self.alpha * padded[:, :, :, i:i + ch]
        scale = scale ** self.beta
        return x / scale

    def build(self, input_shape):
        self.input_spec_shape = input_shape
        self.built = True

    def get_config(self):
        config = {'alpha': self.alpha, 'k': self.k, 'beta': self.beta, 'n': self.n}
        base_config = super(LRN2D, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class MyLayer(Layer):
    '''The example of the documentation.'''
    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super(MyLayer, self).__init__(**kwargs)

    def build(self, input_shape):
        input_dim = input_shape[1]
        initial_weight_value = fixed((input_dim, self.output_dim), 77)
        self.W = K.variable(initial_weight_value)
        self.trainable_weights = [self.W]

    def call(self, x, mask=None):
        return K.dot(x, self.W)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)


class AttLayer(Layer):
    '''One score a step, after Hierarchical Attention Networks.'''
    def __init__(self, init='normal', activation='tanh', W_regularizer=None, **kwargs):
        self.supports_masking = True
        self.init = initializations.get(init)
        self.activation = activations.get(activation)
        self.W_regularizer = regularizers.get(W_regularizer)
        super(AttLayer, self).__init__(**kwargs)

    def build(self, input_shape):
        assert len(input_shape) == 3
        self.input_spec = [InputSpec(shape=input_shape)]
        self.W = self.init((input_shape[-1],), name='{}_W'.format(self.name))
        self.b = self.add_weight((input_shape[-1],), initializer='zero',
                                 name='{}_b'.format(self.name))
        self.trainable_weights = [self.W, self.b]
        super(AttLayer, self).build(input_shape)

    def compute_mask(self, input, input_mask=None):
        return None

    def call(self, x, mask=None):
        eij = K.sum(self.activation(x + self.b) * self.W, axis=-1)
        ai = K.exp(eij)
        if mask is not None:
            ai *= K.cast(mask, K.floatx())
        weights = ai / K.expand_dims(K.sum(ai, axis=1), 1)
        return K.sum(x * K.expand_dims(weights), axis=1)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], input_shape[-1])


def fill(model):
    for j, layer in enumerate(model.layers):
        layer.set_weights([fixed(w.shape, 10 * j + i) for i, w in enumerate(layer.get_weights())])


image = Sequential([
    Convolution2D(6, 3, 3, activation='relu', input_shape=(6, 6, 2)), LRN2D(alpha=.5, n=3),
    Flatten(), MyLayer(3)])
image.layers[0].set_weights([fixed((3, 3, 2, 6), 0), fixed((6,), 1)])
image.compile('sgd', 'mse')
X = fixed((4, 6, 6, 2), 40, 1.)
image_loss = [float(image.train_on_batch(X, np.ones((4, 3)))) for i in range(3)]
copy = LRN2D(**image.layers[1].get_config())

words = Input(shape=(5,), dtype='int32')
h = Embedding(9, 4, mask_zero=True)(words)
h = GRU(3, return_sequences=True, inner_activation='hard_sigmoid', consume_less='gpu')(h)
h = AttLayer(name='att')(h)
text = Model(words, Dense(1, activation='sigmoid')(h))
fill(text)
text.compile(loss='binary_crossentropy', optimizer='sgd')
sentences = np.random.RandomState(3).randint(1, 9, size=(6, 5))
sentences[2, 3:] = 0
sentences[5, :2] = 0
text_loss = [float(text.train_on_batch(sentences, np.arange(6) % 2)) for i in range(3)]

print(json.dumps({
    'image': image_loss,
    'normalized': image.predict(X).tolist(),
    'config': copy.get_config()['n'],
    'text': text_loss,
    'predicted': text.predict(sentences).ravel().tolist(),
    'att': [w.tolist() for w in text.get_layer('att').get_weights()],
    'names': [w.name.split(':')[0].split('/')[-1] for w in text.get_layer('att').trainable_weights],
    'shapes': [list(image.layers[-1].output_shape), list(text.get_layer('att').output_shape)],
    'my weights': len(image.layers[-1].trainable_weights),
}))
