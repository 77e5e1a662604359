'''A convnet on small digits, data and kernels in Theano's order, everything by star imports.'''
from __future__ import print_function
import json
import numpy as np
import keras
np.random.seed(1337)

from keras import backend as K
K.set_image_dim_ordering('th')

from keras.models import *
from keras.layers import *
from keras.layers.core import *
from keras.layers.convolutional import *
from keras.optimizers import *
from keras.regularizers import *
from keras.utils import np_utils

batch_size = 8
nb_classes = 10
nb_epoch = 2
img_rows, img_cols = 12, 12
nb_filters, nb_pool, nb_conv = 4, 2, 3


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fixed_like(layer, seed):
    weights = [fixed(w.shape, seed + i, .3) for i, w in enumerate(layer.get_weights())]
    if weights and weights[0].ndim == 4 and keras.__version__[0] == '1':
        # (filters, channels, rows, cols) then; the other order since
        shape = weights[0].shape
        weights[0] = fixed(shape[2:] + shape[1::-1], seed, .3).transpose(3, 2, 0, 1)
    if layer.name == 'after_flatten':
        weights[0] = fixed((5, 5, 4, 16), seed, .3)
        if keras.__version__ < '2.2':  # Flatten kept the channels first
            weights[0] = weights[0].transpose(2, 0, 1, 3)
        weights[0] = weights[0].reshape(100, 16)
    return weights


X_train = fixed((24, img_rows * img_cols), 0, 128.) + 128
y_train = np.arange(24) % 10
X_train = X_train.reshape(X_train.shape[0], 1, img_rows, img_cols)
X_train = X_train.astype('float32')
X_train /= 255
Y_train = np_utils.to_categorical(y_train, nb_classes)

model = Sequential()
model.add(Convolution2D(nb_filters, nb_conv, nb_conv, border_mode='valid',
                        input_shape=(1, img_rows, img_cols)))
model.add(Activation('relu'))
model.add(ZeroPadding2D((1, 1)))
model.add(Convolution2D(nb_filters, nb_conv, nb_conv, init='uniform', W_regularizer=l2(0.01)))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(nb_pool, nb_pool)))
model.add(Dropout(0.))
model.add(Flatten())
model.add(Dense(16, init='normal', bias=True, name='after_flatten'))
model.add(Activation('relu'))
model.add(Dense(nb_classes))
model.add(Activation('softmax'))

for j, layer in enumerate(model.layers):
    layer.set_weights(fixed_like(layer, 10 * j))
sgd = SGD(lr=0.1, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss='categorical_crossentropy', optimizer=sgd, metrics=['accuracy'])
history = model.fit(X_train, Y_train, batch_size=batch_size, nb_epoch=nb_epoch, shuffle=False,
                    show_accuracy=True, verbose=0, validation_data=(X_train[:8], Y_train[:8]))
score = model.evaluate(X_train, Y_train, show_accuracy=True, verbose=0)
print('Test score:', score[0])
print('Test accuracy:', score[1])

classes = model.predict_classes(X_train, batch_size=8, verbose=0)
proba = model.predict_proba(X_train, batch_size=8, verbose=0)
print(json.dumps({
    'ordering': K.image_dim_ordering(),
    'outputs': [[int(d) for d in layer.output_shape[1:]] for layer in model.layers],
    'loss': history.history['loss'],
    'acc': history.history['acc'],
    'val_loss': history.history['val_loss'],
    'val_acc': history.history['val_acc'],
    'score': [float(s) for s in score],
    'classes': classes.tolist(),
    'proba': proba[:2].tolist(),
    'agree': bool((proba.argmax(axis=-1) == classes).all()),
    'right': float(np_utils.categorical_probas_to_classes(Y_train)[3]),
}))
