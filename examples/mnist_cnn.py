'''Trains a convolutional network on the MNIST data set.

Gets to 99.1% test accuracy after 5 epochs on MNIST itself.
'''
import argparse

import numpy as np

from keras import backend as K
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.utils import to_categorical

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--offline', action='store_true', help='a few digits, and no download')
parser.add_argument('--epochs', type=int, default=5)
args = parser.parse_args()

if args.offline:
    from offline_data import mnist
else:
    from keras.datasets import mnist

np.random.seed(1337)  # for reproducibility
num_classes = 10
batch_size = 64
img_rows, img_cols = 28, 28

(x_train, y_train), (x_test, y_test) = mnist.load_data()

# Where the channels stand is a setting: keras.json, or K.set_image_data_format
if K.image_data_format() == 'channels_first':
    input_shape = (1, img_rows, img_cols)
else:
    input_shape = (img_rows, img_cols, 1)
x_train = x_train.reshape((-1,) + input_shape).astype('float32') / 255
x_test = x_test.reshape((-1,) + input_shape).astype('float32') / 255
print('x_train shape:', x_train.shape)

y_train = to_categorical(y_train, num_classes)
y_test = to_categorical(y_test, num_classes)

model = Sequential()
model.add(Conv2D(32, (3, 3), activation='relu', input_shape=input_shape))
model.add(MaxPooling2D((2, 2)))
model.add(Conv2D(64, (3, 3), activation='relu'))
model.add(MaxPooling2D((2, 2)))
model.add(Conv2D(64, (3, 3), activation='relu'))
model.add(Flatten())
model.add(Dropout(0.25))
model.add(Dense(64, activation='relu'))
model.add(Dense(num_classes, activation='softmax'))
model.summary()

model.compile(optimizer='rmsprop',
              loss='categorical_crossentropy',
              metrics=['accuracy'])

model.fit(x_train, y_train,
          batch_size=batch_size,
          epochs=args.epochs,
          verbose=2,
          validation_data=(x_test, y_test))

score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss: %.4f' % score[0])
print('Test accuracy: %.4f' % score[1])
