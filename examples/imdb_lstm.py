'''Trains an LSTM to tell whether a film review is good or bad.

Gets to 83% test accuracy in a few epochs on IMDB itself. Notes: on a data set this small, an LSTM
is not better than simpler and faster methods such as TF-IDF with logistic regression.
'''
import argparse

import numpy as np

from keras.layers import Dense, Embedding, LSTM
from keras.models import Sequential
from keras.preprocessing import sequence

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--offline', action='store_true', help='made-up reviews, and no download')
parser.add_argument('--epochs', type=int, default=3)
args = parser.parse_args()

if args.offline:
    from offline_data import imdb
else:
    from keras.datasets import imdb

np.random.seed(1337)  # for reproducibility
max_features = 20000  # words; rarer ones become one and the same
maxlen = 80  # cut texts after this number of words
batch_size = 32

print('Loading data...')
(x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=max_features)
print(len(x_train), 'train sequences')
print(len(x_test), 'test sequences')

print('Pad sequences (samples x time)')
x_train = sequence.pad_sequences(x_train, maxlen=maxlen)
x_test = sequence.pad_sequences(x_test, maxlen=maxlen)
print('x_train shape:', x_train.shape)
print('x_test shape:', x_test.shape)

print('Build model...')
model = Sequential()
model.add(Embedding(max_features, 128))
model.add(LSTM(128, dropout=0.2, recurrent_dropout=0.2))
model.add(Dense(1, activation='sigmoid'))

# Try other optimizers, and other settings of them
model.compile(loss='binary_crossentropy',
              optimizer='adam',
              metrics=['accuracy'])

print('Train...')
model.fit(x_train, y_train,
          batch_size=batch_size,
          epochs=args.epochs,
          verbose=2,
          validation_data=(x_test, y_test))
score, acc = model.evaluate(x_test, y_test, batch_size=batch_size, verbose=0)
print('Test loss: %.4f' % score)
print('Test accuracy: %.4f' % acc)
