'''Callbacks: two of one's own, and those that come with Keras, in one training.

The first records the loss of every batch. The second looks at each class after every epoch, and
adds what it found to the logs, where other callbacks see it: here the training stops, and the best
model is kept, by the accuracy of the class that is recognized worst.
'''
import argparse
import os
import tempfile

import numpy as np

import keras
from keras.callbacks import CSVLogger, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from keras.layers import Dense, Dropout, Flatten
from keras.models import Sequential, load_model
from keras.utils import to_categorical

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--offline', action='store_true', help='a few digits, and no download')
parser.add_argument('--epochs', type=int, default=30)
args = parser.parse_args()

if args.offline:
    from offline_data import mnist
else:
    from keras.datasets import mnist

np.random.seed(1337)  # for reproducibility


class LossHistory(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.losses = []

    def on_batch_end(self, batch, logs=None):
        self.losses.append(float(logs['loss']))


class WorstClass(keras.callbacks.Callback):
    '''Adds `worst_accuracy`, the lowest share of any class that is recognized, to the logs.'''

    def __init__(self, x, y):
        super().__init__()
        self.x = x
        self.y = y

    def on_epoch_end(self, epoch, logs=None):
        right = self.model.predict(self.x).argmax(axis=1) == self.y
        shares = [right[self.y == label].mean() for label in range(10)]
        logs['worst_accuracy'] = min(shares)
        print('Worst: %d, of which %.1f%% are recognized'
              % (np.argmin(shares), 100 * min(shares)))


(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train.astype('float32') / 255, x_test.astype('float32') / 255

# Judged during the training by a part of the training data; the test data are for the end
n = len(x_train) * 4 // 5
x_train, x_val, y_train, y_val = x_train[:n], x_train[n:], y_train[:n], y_train[n:]

model = Sequential()
model.add(Flatten(input_shape=x_train.shape[1:]))
model.add(Dense(256, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(10, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])

folder = tempfile.mkdtemp()
best, table = os.path.join(folder, 'best.h5'), os.path.join(folder, 'training.csv')
history = LossHistory()
model.fit(x_train, to_categorical(y_train, 10),
          batch_size=64,
          epochs=args.epochs,
          verbose=2,
          validation_data=(x_val, to_categorical(y_val, 10)),
          callbacks=[
              history,
              WorstClass(x_val, y_val),  # before those that use what it finds
              ReduceLROnPlateau(monitor='val_loss', factor=0.5, patience=2, verbose=1),
              ModelCheckpoint(best, monitor='worst_accuracy', mode='max', save_best_only=True),
              EarlyStopping(monitor='worst_accuracy', mode='max', patience=8, verbose=1),
              CSVLogger(table),
          ])

with open(table) as file:
    print('%s has the columns %s' % (os.path.basename(table), file.readline().strip()))
print('Loss of the first and the last batch: %.3f and %.3f'
      % (history.losses[0], history.losses[-1]))
score = load_model(best).evaluate(x_test, to_categorical(y_test, 10), verbose=0)
print('Test accuracy: %.4f' % score[1])
