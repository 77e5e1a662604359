"""Learning rates by schedule and by hand, early stopping, checkpoints named by val_acc, logs."""
import glob
import json
import math
import os
import shutil
import tempfile
import numpy as np
from keras import backend as K
from keras import optimizers
from keras.callbacks import (Callback, CSVLogger, EarlyStopping, LearningRateScheduler,
                             ModelCheckpoint, ReduceLROnPlateau, TensorBoard, LambdaCallback)
from keras.layers import Dense, Lambda
from keras.models import Sequential, load_model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def step_decay(epoch):
    initial_lrate, drop, epochs_drop = 0.1, 0.5, 2.0
    return initial_lrate * math.pow(drop, math.floor((1 + epoch) / epochs_drop))


class LossHistory(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []
        self.lr = []

    def on_epoch_end(self, batch, logs={}):
        self.losses.append(float(logs.get('loss')))
        self.lr.append(float(K.get_value(self.model.optimizer.lr)))


class WarmUp(Callback):
    def on_batch_begin(self, batch, logs=None):
        K.set_value(self.model.optimizer.lr, 0.01 * (batch + 1))


class Anneal(Callback):
    def __init__(self, temperature):
        self.temperature = temperature

    def on_epoch_end(self, epoch, logs={}):
        K.set_value(self.temperature, max(.5, K.get_value(self.temperature) * np.exp(-.3)))
        if epoch == 2:
            self.model.stop_training = True


temperature = K.variable(1.0, name='temperature')


def build(last=None):
    model = Sequential()
    model.add(Dense(5, input_dim=4, activation='tanh'))
    model.add(Dense(3))
    if last:
        model.add(last)
    model.add(Lambda(lambda x: K.softmax(x)))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    model.compile(loss='categorical_crossentropy', optimizer=optimizers.SGD(lr=0.0, momentum=.5),
                  metrics=['accuracy'])
    return model


folder = tempfile.mkdtemp()
X = fixed((24, 4), 50, 1.)
Y = np.eye(3)[(X[:, 0] > 0).astype(int) + (X[:, 1] > .3)]

# 1. a schedule, checkpoints, TensorBoard
model, seen = build(), LossHistory()
filepath = os.path.join(folder, 'weights-improvement-{epoch:02d}-{val_acc:.2f}.hdf5')
checkpoint = ModelCheckpoint(filepath, monitor='val_acc', verbose=0, save_best_only=False,
                             mode='max')
best = ModelCheckpoint(os.path.join(folder, 'best.h5'), monitor='val_loss', save_best_only=True)
tensorboard = TensorBoard(log_dir=os.path.join(folder, 'Graph'), histogram_freq=0,
                          write_graph=False)
history = model.fit(X, Y, validation_split=0.25, epochs=4, batch_size=6, verbose=0, shuffle=False,
                    callbacks=[LearningRateScheduler(step_decay), seen, checkpoint, best,
                               tensorboard, CSVLogger(os.path.join(folder, 'log.csv'))])
names = sorted(os.path.basename(p)[:24] for p in glob.glob(os.path.join(folder, '*.hdf5')))
model.load_weights(sorted(glob.glob(os.path.join(folder, '*.hdf5')))[0])
restored = model.evaluate(X[18:], Y[18:], verbose=0)
csv = open(os.path.join(folder, 'log.csv')).read().splitlines()

# 2. early stopping
stopped = build()
K.set_value(stopped.optimizer.lr, 5.)
stopper = EarlyStopping(monitor='val_loss', min_delta=0, patience=1, verbose=0, mode='auto')
rounds = stopped.fit(X, Y, validation_data=(X[:6], Y[:6]), epochs=30, verbose=0, shuffle=False,
                     callbacks=[stopper, ReduceLROnPlateau('val_loss', factor=.5, patience=4)])

# 3. values that callbacks set while the model trains
warm = build()
warm.fit(X, Y, epochs=1, batch_size=6, verbose=0, shuffle=False, callbacks=[WarmUp()])
annealed = build(Lambda(lambda x: x / temperature))
K.set_value(annealed.optimizer.lr, .1)
cooled = annealed.fit(X, Y, epochs=10, batch_size=6, verbose=0, shuffle=False,
                      callbacks=[Anneal(temperature)])
events = len(os.listdir(os.path.join(folder, 'Graph')))
shutil.rmtree(folder)

print(json.dumps({
    'loss': history.history['loss'],
    'val_loss': history.history['val_loss'],
    'rates': seen.lr,
    'lr': [float(v) for v in history.history['lr']],
    'names': names,
    'restored': float(restored[0]),
    'csv': [csv[0].split(',')[0], len(csv)],
    'stopped': len(rounds.history['loss']),
    'rounds': rounds.history['val_loss'][:2],
    'warm': [float(K.get_value(warm.optimizer.lr)), warm.get_weights()[3].tolist()],
    'cooled': cooled.history['loss'],
    'temperature': float(K.get_value(temperature)),
    'events': events > 0,
}))
