'''Transfer learning: what a convolutional network learned on five digits helps with five others.

1. Train a network on the digits 0 to 4.
2. Freeze its convolutions, and train only the dense layers, on the digits 5 to 9.

Gets to 99.2% test accuracy on the last five digits of MNIST after 5 epochs of each.
'''
import argparse

import numpy as np

from keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
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
num_classes = 5
filters = 16 if args.offline else 32


def train_model(model, train, test):
    (x_train, y_train), (x_test, y_test) = train, test
    x_train = x_train.reshape(-1, 28, 28, 1).astype('float32') / 255
    x_test = x_test.reshape(-1, 28, 28, 1).astype('float32') / 255
    y_train = to_categorical(y_train, num_classes)
    y_test = to_categorical(y_test, num_classes)

    # Layers are frozen, or not, from when the model is compiled
    model.compile(loss='categorical_crossentropy',
                  optimizer='adam',
                  metrics=['accuracy'])
    model.fit(x_train, y_train,
              batch_size=32 if args.offline else 128,
              epochs=args.epochs,
              verbose=2,
              validation_data=(x_test, y_test))
    return model.evaluate(x_test, y_test, verbose=0)[1]


(x_train, y_train), (x_test, y_test) = mnist.load_data()

# Digits below 5, and the others, whose labels also begin at 0
low_train = x_train[y_train < 5], y_train[y_train < 5]
low_test = x_test[y_test < 5], y_test[y_test < 5]
high_train = x_train[y_train >= 5], y_train[y_train >= 5] - 5
high_test = x_test[y_test >= 5], y_test[y_test >= 5] - 5

feature_layers = [
    Conv2D(filters, (3, 3), padding='valid', input_shape=(28, 28, 1)),
    Activation('relu'),
    MaxPooling2D(pool_size=(2, 2)),
    Conv2D(filters, (3, 3)),
    Activation('relu'),
    MaxPooling2D(pool_size=(2, 2)),
    Dropout(0.25),
    Flatten(),
]
classification_layers = [
    Dense(128),
    Activation('relu'),
    Dropout(0.5),
    Dense(num_classes),
    Activation('softmax'),
]
model = Sequential(feature_layers + classification_layers)

accuracy = train_model(model, low_train, low_test)
print('Test accuracy of the first five digits: %.4f' % accuracy)

for layer in feature_layers:
    layer.trainable = False
model.summary()
kernel = feature_layers[0].get_weights()[0]

accuracy = train_model(model, high_train, high_test)
assert (kernel == feature_layers[0].get_weights()[0]).all()  # what was frozen has not moved
print('Test accuracy: %.4f' % accuracy)
