'''Trains a small convolutional network on handwritten digits.

It gets to about 98% test accuracy in a few seconds on a CPU.
'''
import os

import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt
import numpy as np

from keras.callbacks import EarlyStopping
from keras.datasets import digits
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.utils import to_categorical

batch_size = 32
num_classes = 10
epochs = 40

# The data, split into train and test sets: 8x8 pixels, from 0 (paper) to 16 (ink)
(x_train, y_train), (x_test, y_test) = digits.load_data()

x_train = x_train.reshape(-1, 8, 8, 1).astype('float32') / 16
x_test = x_test.reshape(-1, 8, 8, 1).astype('float32') / 16
print('x_train shape:', x_train.shape)
print(x_train.shape[0], 'train samples')
print(x_test.shape[0], 'test samples')

# Convert class vectors to binary class matrices
y_train = to_categorical(y_train, num_classes)
y_test = to_categorical(y_test, num_classes)

model = Sequential()
model.add(Conv2D(32, kernel_size=(3, 3), padding='same', activation='relu',
                 input_shape=(8, 8, 1)))
model.add(Conv2D(64, (3, 3), activation='relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(128, activation='relu'))
model.add(Dropout(0.5))
model.add(Dense(num_classes, activation='softmax'))
model.summary()

model.compile(loss='categorical_crossentropy',
              optimizer='adam',
              metrics=['accuracy'])

history = model.fit(x_train, y_train,
                    batch_size=batch_size,
                    epochs=epochs,
                    verbose=1,
                    validation_split=0.1,
                    callbacks=[EarlyStopping(monitor='val_loss', patience=5)])

score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])

# Draw the learning curves, and what the network says about some test images
probabilities = model.predict(x_test)
predicted = probabilities.argmax(axis=1)
actual = y_test.argmax(axis=1)
wrong_first = np.argsort(predicted == actual, kind='stable')
shown = wrong_first[:40]

fig = plt.figure(figsize=(12, 5.2), constrained_layout=True)
curves, sheet = fig.subfigures(1, 2, width_ratios=[1, 1.25])
axes = curves.subplots(2, 1, sharex=True)
for ax, name in zip(axes, ['accuracy', 'loss']):
    number = np.arange(1, len(history.history[name]) + 1)
    ax.plot(number, history.history[name], label='training')
    ax.plot(number, history.history['val_' + name], label='validation')
    ax.set_ylabel(name)
    ax.grid(alpha=0.3)
axes[0].legend(loc='lower right')
axes[1].set_xlabel('epoch')
curves.suptitle('Learning curves')

for ax, i in zip(sheet.subplots(5, 8).flat, shown):
    right = predicted[i] == actual[i]
    ax.imshow(x_test[i, :, :, 0], cmap='gray_r')
    ax.set_title('%d' % predicted[i] if right else '%d, is %d' % (predicted[i], actual[i]),
                 fontsize=9, color='black' if right else 'crimson')
    ax.axis('off')
sheet.suptitle('Predictions: %d of %d test images are wrong'
               % ((predicted != actual).sum(), len(actual)))

fig.savefig('digits_cnn.png', dpi=120)
print('Learning curves and predictions are drawn in', os.path.abspath('digits_cnn.png'))
