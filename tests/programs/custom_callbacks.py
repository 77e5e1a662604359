"""Callbacks of one's own: losses of each batch, learning rates, early ends."""
import json

import numpy as np

import keras
from keras import backend as K
from keras.callbacks import Callback, EarlyStopping, LambdaCallback, LearningRateScheduler
from keras.layers import Dense
from keras.models import Sequential


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class LossHistory(keras.callbacks.Callback):
    def on_train_begin(self, logs={}):
        self.losses = []
        self.accuracies = []
        self.sizes = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(float(logs.get('loss')))
        self.accuracies.append(float(logs.get('accuracy')))
        self.sizes.append([int(logs['batch']), int(logs['size'])])


class Recorder(Callback):
    """Writes down which hook was called when."""

    def __init__(self):
        super(Recorder, self).__init__()
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append('train begin')

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append('epoch %d begin' % epoch)

    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append('batch %d begin' % batch)

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append('batch %d end' % batch)

    def on_test_begin(self, logs=None):
        self.calls.append('test begin')

    def on_test_batch_end(self, batch, logs=None):
        self.calls.append('test batch %d end' % batch)

    def on_test_end(self, logs=None):
        self.calls.append('test end')

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append('epoch %d end %s' % (epoch, ' '.join(sorted(logs))))

    def on_train_end(self, logs=None):
        self.calls.append('train end')


class CyclicRate(Callback):
    """Changes the learning rate before each batch."""

    def on_train_begin(self, logs=None):
        self.iterations = 0
        self.rates = []

    def on_batch_begin(self, batch, logs=None):
        self.iterations += 1
        K.set_value(self.model.optimizer.lr, 0.1 * (1 + self.iterations % 3))
        self.rates.append(float(K.get_value(self.model.optimizer.lr)))


class StopAt(Callback):
    def __init__(self, batch):
        self.batch = batch
        self.count = 0

    def on_batch_end(self, batch, logs=None):
        self.count += 1
        if self.count == self.batch:
            self.model.stop_training = True


def make_model():
    model = Sequential()
    model.add(Dense(6, input_dim=4, activation='tanh'))
    model.add(Dense(3, activation='softmax'))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    model.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
    return model


x = fixed((22, 4), 10, 2.)
y = np.eye(3)[np.random.RandomState(11).randint(0, 3, size=22)]

model, losses, recorder = make_model(), LossHistory(), Recorder()
history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0,
                    validation_data=(x[:10], y[:10]), callbacks=[losses, recorder])

cyclic_model, cyclic = make_model(), CyclicRate()
cyclic_history = cyclic_model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0,
                                  callbacks=[cyclic])

stopped_model, epochs_seen = make_model(), []
stopped = stopped_model.fit(x, y, batch_size=4, epochs=5, shuffle=False, verbose=0, callbacks=[
    StopAt(9), LambdaCallback(on_epoch_end=lambda epoch, logs: epochs_seen.append(epoch))])

scheduled_model = make_model()
rates = []
scheduled = scheduled_model.fit(
    x, y, batch_size=8, epochs=4, initial_epoch=1, shuffle=False, verbose=0,
    callbacks=[LearningRateScheduler(lambda epoch: 0.5 * 0.5 ** epoch),
               LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(
                   float(K.get_value(scheduled_model.optimizer.lr))))])

early = make_model().fit(x, y, batch_size=8, epochs=30, shuffle=False, verbose=0,
                         validation_data=(x[:6], np.roll(y[:6], 1, axis=1)),
                         callbacks=[EarlyStopping(monitor='val_loss', patience=2)])

print(json.dumps({
    'losses': losses.losses,
    'accuracies': losses.accuracies,
    'sizes': losses.sizes,
    'history': {k: [float(v) for v in history.history[k]] for k in sorted(history.history)},
    'calls': recorder.calls,
    'rates': cyclic.rates,
    'cyclic': cyclic_history.history['loss'],
    'stopped': stopped.history['loss'],
    'epochs_seen': epochs_seen,
    'stopped_weights': [w.tolist() for w in stopped_model.get_weights()],
    'scheduled': scheduled.history['loss'],
    'scheduled_epochs': scheduled.epoch,
    'scheduled_rates': rates,
    'early': [float(v) for v in early.history['val_loss']],
    'params': sorted(k for k in losses.params),
}))
