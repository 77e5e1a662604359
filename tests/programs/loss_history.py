"""The documentation's example of a callback of one's own: the losses of all batches."""
import json

import numpy as np

import keras
from keras.layers import Activation, Dense
from keras.models import Sequential

random = np.random.RandomState(0)
x_train = random.uniform(size=(600, 784)).astype('float32')
y_train = keras.utils.to_categorical(x_train[:, :10].argmax(axis=1), 10)


class LossHistory(keras.callbacks.Callback):
    def on_train_begin(self, logs={}):
        self.losses = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get('loss'))


model = Sequential()
model.add(Dense(10, input_dim=784, kernel_initializer='uniform'))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer='rmsprop')

# The same beginning and the same order in every Keras.
model.set_weights([random.uniform(-0.05, 0.05, size=w.shape) for w in model.get_weights()])

history = LossHistory()
model.fit(x_train, y_train, batch_size=128, epochs=20, verbose=0, callbacks=[history],
          shuffle=False)

print(json.dumps({
    'losses': [float(loss) for loss in history.losses],
    'epochs': history.model.history.epoch,
    'history': [float(loss) for loss in model.history.history['loss']],
}))
