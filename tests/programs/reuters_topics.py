'''Trains a simple MLP on the Reuters newswire topic classification task.'''
from __future__ import print_function

import json

import numpy as np
import keras
from keras.datasets import reuters
from keras.models import Sequential
from keras.layers import Dense, Activation
from keras.preprocessing.text import Tokenizer

from local_data import publish, texts

x, y = texts(120, seed=1)
publish(reuters, 'reuters.npz', x=x, y=y)

max_words = 40
batch_size = 32
epochs = 3

print('Loading data...')
(x_train, y_train), (x_test, y_test) = reuters.load_data(num_words=max_words,
                                                         test_split=0.2)
print(len(x_train), 'train sequences')
print(len(x_test), 'test sequences')
first = list(x_train[0])
labels = [int(label) for label in y_train[:10]]

num_classes = np.max(y_train) + 1
print(num_classes, 'classes')

print('Vectorizing sequence data...')
tokenizer = Tokenizer(num_words=max_words)
x_train = tokenizer.sequences_to_matrix(x_train, mode='binary')
x_test = tokenizer.sequences_to_matrix(x_test, mode='binary')

y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Dense(16, input_shape=(max_words,)))
model.add(Activation('relu'))
model.add(Dense(num_classes))
model.add(Activation('softmax'))
model.set_weights([np.random.RandomState(i).uniform(-0.3, 0.3, w.shape)
                   for i, w in enumerate(model.get_weights())])

model.compile(loss='categorical_crossentropy',
              optimizer='rmsprop',
              metrics=['accuracy'])

history = model.fit(x_train, y_train,
                    batch_size=batch_size,
                    epochs=epochs,
                    verbose=0,
                    shuffle=False,
                    validation_split=0.1)
score = model.evaluate(x_test, y_test, batch_size=batch_size, verbose=0)
print('Test score:', score[0])
print('Test accuracy:', score[1])

print(json.dumps({
    'first': [int(word) for word in first],
    'labels': labels,
    'shapes': [list(x_train.shape), list(x_test.shape)],
    'columns': x_train.sum(axis=0).tolist(),
    'history': {key: [float(v) for v in values] for key, values in history.history.items()},
    'score': [float(value) for value in score],
}))
