"""A course's list of what tensorflow.keras offers, from data sets to pictures of models."""
import json
import os
import sys
import tempfile

import numpy as np

from tensorflow import keras
from tensorflow.keras.callbacks import EarlyStopping
from tensorflow.keras.datasets import mnist
from tensorflow.keras.layers import (GRU, LSTM, Activation, AveragePooling2D, BatchNormalization,
                                     Conv2D, Dense, Dropout, Embedding, Flatten,
                                     GlobalAveragePooling2D, GlobalMaxPooling2D, Input,
                                     MaxPooling2D, Permute, RepeatVector, Reshape, SimpleRNN,
                                     UpSampling2D)
from tensorflow.keras.models import Model, Sequential, load_model
from tensorflow.keras.optimizers import SGD, Adadelta, Adagrad, Adam, RMSprop
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from tensorflow.keras.preprocessing.text import Tokenizer
from tensorflow.keras.regularizers import l1, l1_l2, l2
from tensorflow.keras.utils import to_categorical
from tensorflow.python.keras.utils.vis_utils import model_to_dot

np.random.seed(0)
os.chdir(tempfile.mkdtemp())
found = {'load_data': callable(mnist.load_data)}

xdata = np.random.uniform(size=(300, 8, 8, 1)).astype('float32')
ydata = to_categorical(xdata.reshape(300, 4, 16).mean(axis=2).argmax(axis=1))
xtest, ytest = xdata[200:], ydata[200:]
xdata, ydata = xdata[:200], ydata[:200]

model = Sequential()
model.add(Conv2D(filters=8, kernel_size=(3, 3), strides=(1, 1), padding='same', use_bias=True,
                 input_shape=(8, 8, 1)))
model.add(BatchNormalization())
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2), strides=(2, 2), padding='valid'))
model.add(Flatten())
model.add(Dropout(0.1))
model.add(Dense(units=16, activation='tanh', use_bias=True, kernel_initializer='he_normal',
                bias_initializer='zeros', kernel_regularizer=l2(1e-4)))
model.add(Dense(4, activation='softmax', kernel_regularizer=l1_l2(1e-5, 1e-5),
                bias_regularizer=l1(1e-5)))
model.compile(loss='categorical_crossentropy', optimizer=Adam(), metrics=['accuracy'])
history = model.fit(xdata, ydata, batch_size=20, epochs=50, verbose=0,
                    validation_data=(xtest, ytest),
                    callbacks=keras.callbacks.EarlyStopping(patience=50, verbose=1))
found['logs'] = sorted(history.history)
found['accuracy'] = [float(history.history['accuracy'][0]), float(history.history['accuracy'][-1])]
found['predict'] = list(model.predict(xtest, batch_size=10).shape)

model.save('model.h5')
loaded = load_model('model.h5')
found['loaded'] = bool(np.allclose(loaded.predict(xtest), model.predict(xtest), atol=1e-6))

shapes = {}
for shape, layer in [((8, 8, 1), AveragePooling2D()), ((8, 8, 1), GlobalMaxPooling2D()),
                     ((8, 8, 1), GlobalAveragePooling2D()), ((8, 8, 1), UpSampling2D(size=2)),
                     ((8, 8, 1), Reshape((64,))), ((4, 3), Permute((2, 1))),
                     ((4,), RepeatVector(3))]:
    inputs = Input(shape=shape)
    shapes[type(layer).__name__] = list(Model(inputs, layer(inputs)).output_shape[1:])
found['shapes'] = shapes

texts = ['a good film', 'a bad film', 'good good', 'bad, bad!'] * 30
tokenizer = Tokenizer(num_words=10, lower=True, split=' ', char_level=False)
tokenizer.fit_on_texts(texts)
words = tokenizer.texts_to_sequences(texts)
found['words'] = words[:4]
padded = np.array([text + [0] * (3 - len(text)) for text in words])
opinions = np.array([1, 0] * 60)
recurrent = {}
for cell in [SimpleRNN, LSTM, GRU]:
    net = Sequential([Embedding(input_dim=10, output_dim=8, mask_zero=True, input_length=3),
                      cell(8, dropout=0.1, recurrent_dropout=0.1), Dense(1, activation='sigmoid')])
    net.compile('adam', 'binary_crossentropy', metrics=['accuracy'])
    net.fit(padded, opinions, epochs=25, batch_size=10, verbose=0)
    recurrent[cell.__name__] = float(net.evaluate(padded, opinions, verbose=0)[1])
found['recurrent'] = recurrent

# A large error moves the weights no further than clipnorm and clipvalue let it
clipped = {}
for optimizer in [SGD, Adagrad, RMSprop, Adadelta, Adam]:
    for bound in ['clipnorm', 'clipvalue']:
        net = Sequential([Dense(1, use_bias=False, input_shape=(2,), kernel_initializer='zeros')])
        net.compile(optimizer(lr=1., **{bound: 0.5}), 'mse')
        net.train_on_batch(np.array([[3., 4.]]), np.array([[-100.]]))
        clipped['%s %s' % (optimizer.__name__, bound)] = net.get_weights()[0].flatten().tolist()
found['clipped'] = clipped

datagen = ImageDataGenerator(width_shift_range=0.2, height_shift_range=0.2, horizontal_flip=True,
                             rotation_range=10)
found['augmented'] = list(next(datagen.flow(xdata, batch_size=7)).shape)
found['applications'] = callable(keras.applications.VGG16)
try:
    found['dot'] = 'Dense' in str(model_to_dot(model))
except ImportError:  # it needs pydot
    found['dot'] = True

print(json.dumps(found))
