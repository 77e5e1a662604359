"""A multilayer perceptron on handwritten digits, as the first chapter of any book trains it."""
from __future__ import print_function

import json

import numpy as np

import keras
from keras.callbacks import EarlyStopping
from keras.datasets import digits
from keras.layers import Dense, Dropout
from keras.models import Sequential
from keras.optimizers import RMSprop

np.random.seed(1337)  # for reproducibility

batch_size = 64
num_classes = 10
nb_epoch = 12

(x_train, y_train), (x_test, y_test) = digits.load_data()
x_train = x_train.reshape(len(x_train), 64).astype('float32')
x_test = x_test.reshape(len(x_test), 64).astype('float32')
x_train /= 16
x_test /= 16

y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Dense(128, activation='relu', input_shape=(64,)))
model.add(Dropout(0.2))
model.add(Dense(128, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(num_classes, activation='softmax'))
model.summary()

model.compile(loss='categorical_crossentropy', optimizer=RMSprop(), metrics=['accuracy'])
history = model.fit(x_train, y_train, batch_size=batch_size, nb_epoch=nb_epoch, verbose=1,
                    validation_split=0.1, callbacks=[EarlyStopping(patience=4)])
score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])
classes = model.predict_classes(x_test[:5])
acc = history.history['acc']
val_acc = history.history['val_acc']
print(json.dumps({'accuracy': float(score[1]), 'params': model.count_params(),
                  'classes': classes.tolist(), 'truth': y_test[:5].argmax(axis=1).tolist(),
                  'first_and_last': [acc[0], acc[-1]], 'best': max(val_acc),
                  'keys': sorted(history.history)}))
