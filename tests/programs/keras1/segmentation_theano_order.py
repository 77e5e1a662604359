'''Segmentation in Theano's order: SegNet's form, a deconvolution with output_shape, dilation.'''
import json
import numpy as np
import keras
import keras.models as models
from keras import backend as K
from keras.layers.convolutional import (Convolution2D, MaxPooling2D, UpSampling2D, ZeroPadding2D,
                                        Deconvolution2D, AtrousConvolution2D, Cropping2D)
from keras.layers.core import Layer, Dense, Dropout, Activation, Flatten, Reshape, Permute
from keras.layers.normalization import BatchNormalization
from keras.layers import Input, merge

K.set_image_dim_ordering('th')
kernel, filter_size, pad, pool_size = 3, 4, 1, 2
n_labels, height, width = 3, 8, 8


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fixed_like(layer, seed):
    weights = [fixed(w.shape, seed + i, .3) for i, w in enumerate(layer.get_weights())]
    if weights and weights[0].ndim == 4 and keras.__version__[0] == '1':
        # (filters, channels, rows, cols) then; the other order since
        shape = weights[0].shape
        if 'Deconvolution' in layer.__class__.__name__:
            weights[0] = fixed(shape[2:] + shape[:2], seed, .3).transpose(2, 3, 0, 1)
        else:
            weights[0] = fixed(shape[2:] + shape[1::-1], seed, .3).transpose(3, 2, 0, 1)
    return weights


def fill(model):
    for j, layer in enumerate(model.layers):
        weights = fixed_like(layer, 10 * j)
        if isinstance(layer, BatchNormalization):
            weights[3] = weights[3] + 1.
        layer.set_weights(weights)


def create_encoding_layers():
    return [
        ZeroPadding2D(padding=(pad, pad)),
        Convolution2D(filter_size, kernel, kernel, border_mode='valid'),
        BatchNormalization(axis=1),
        Activation('relu'),
        MaxPooling2D(pool_size=(pool_size, pool_size)),
    ]


def create_decoding_layers():
    return [
        UpSampling2D(size=(pool_size, pool_size)),
        ZeroPadding2D(padding=(pad, pad)),
        Convolution2D(filter_size, kernel, kernel, border_mode='valid'),
        BatchNormalization(axis=1),
    ]


autoencoder = models.Sequential()
autoencoder.add(ZeroPadding2D((0, 0), input_shape=(2, height, width)))
autoencoder.encoding_layers = create_encoding_layers()
autoencoder.decoding_layers = create_decoding_layers()
for l in autoencoder.encoding_layers:
    autoencoder.add(l)
for l in autoencoder.decoding_layers:
    autoencoder.add(l)
autoencoder.add(Convolution2D(n_labels, 1, 1, border_mode='valid'))
autoencoder.add(Reshape((n_labels, height * width)))
autoencoder.add(Permute((2, 1)))
autoencoder.add(Activation('softmax'))
fill(autoencoder)
autoencoder.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])

X = fixed((4, 2, height, width), 300, 1.)
labels = (X.sum(axis=1) > 0).astype(int) + (X[:, 0] > .5)
Y = np.eye(n_labels)[labels].reshape(4, height * width, n_labels)
before = autoencoder.predict(X)
history = autoencoder.fit(X, Y, nb_epoch=2, batch_size=2, shuffle=False, verbose=0,
                          class_weight=None)

# a fully convolutional network with a skip, upsampled by deconvolutions
inputs = Input((2, height, width))
conv = Convolution2D(4, 3, 3, activation='relu', border_mode='same')(inputs)
pool = MaxPooling2D((2, 2))(conv)
wide = AtrousConvolution2D(4, 3, 3, atrous_rate=(2, 2), border_mode='same')(pool)
score = Convolution2D(n_labels, 1, 1)(wide)
up = Deconvolution2D(n_labels, 2, 2, output_shape=(4, n_labels, 8, 8), subsample=(2, 2),
                     border_mode='valid')(score)
skip = Convolution2D(n_labels, 1, 1, bias=False)(conv)
fused = merge([up, skip], mode='sum')
joined = merge([up, skip], mode='concat', concat_axis=1)
fcn = models.Model(input=inputs, output=[fused, joined])
fill(fcn)
fcn.compile('sgd', 'mse')
target = [fixed((4, 3, 8, 8), 400), fixed((4, 6, 8, 8), 401)]
fcn_loss = [[float(v) for v in fcn.train_on_batch(X, target)] for i in range(3)]
fused_out, joined_out = fcn.predict(X, batch_size=4)

print(json.dumps({
    'segmented': before[0, :4].tolist(),
    'sums': before.sum(axis=(1, 2)).tolist(),
    'loss': history.history['loss'],
    'acc': history.history['acc'],
    'fcn': fcn_loss,
    'fused': fused_out[0, :, 0].tolist(),
    'joined': joined_out[:, :, 3, 3].tolist(),
    'sizes': [int(w.size) for w in fcn.get_weights()],
    'outputs': [[int(d) for d in l.output_shape[1:]] for l in autoencoder.layers],
    'params': int(autoencoder.count_params()),
}))
K.set_image_dim_ordering('tf')
