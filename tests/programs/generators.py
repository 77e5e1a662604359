"""Data that come batch by batch: a generator, a Sequence, and what they yield."""
import json
import threading

import numpy as np

import keras
from keras.layers import Dense
from keras.models import Sequential
from keras.utils import Sequence, to_categorical


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


x = fixed((30, 4), 10, 2.)
y = to_categorical(np.random.RandomState(11).randint(0, 3, size=30), 3)


def make_model():
    model = Sequential()
    model.add(Dense(6, input_dim=4, activation='tanh'))
    model.add(Dense(3, activation='softmax'))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    model.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
    return model


class threadsafe_iter:
    """Takes an iterator and makes it thread-safe by serializing calls to its `next`."""

    def __init__(self, it):
        self.it = it
        self.lock = threading.Lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            return self.it.__next__()


def threadsafe_generator(f):
    def g(*a, **kw):
        return threadsafe_iter(f(*a, **kw))
    return g


def batches(size, weights=False):
    while 1:
        for i in range(0, len(x), size):
            if weights:
                yield x[i:i + size], y[i:i + size], np.linspace(0.5, 2, len(x))[i:i + size]
            else:
                yield (x[i:i + size], y[i:i + size])


safe_batches = threadsafe_generator(batches)


class DataGenerator(keras.utils.Sequence):
    def __init__(self, list_IDs, batch_size=8, shuffle=False):
        self.list_IDs = list_IDs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.epochs = 0
        self.on_epoch_end()

    def __len__(self):
        return int(np.floor(len(self.list_IDs) / self.batch_size))

    def __getitem__(self, index):
        indexes = self.indexes[index * self.batch_size:(index + 1) * self.batch_size]
        ids = [self.list_IDs[k] for k in indexes]
        return x[ids], y[ids]

    def on_epoch_end(self):
        self.epochs += 1
        self.indexes = np.arange(len(self.list_IDs))
        if self.shuffle:
            np.random.shuffle(self.indexes)


model = make_model()
by_generator = model.fit_generator(safe_batches(10), steps_per_epoch=3, epochs=3, verbose=0,
                                   validation_data=(x[:7], y[:7]))
scores = model.evaluate_generator(batches(10), steps=3)
evaluated = model.evaluate(x, y, verbose=0)
predicted = model.predict_generator(batches(10), steps=2)

weighted = make_model().fit_generator(batches(12, weights=True), steps_per_epoch=3, epochs=2,
                                      verbose=0, class_weight={0: 1., 1: 2., 2: 0.5}, workers=0)

model = make_model()
training_generator = DataGenerator(list(range(24)))
validation_generator = DataGenerator(list(range(24, 30)), batch_size=6)
by_sequence = model.fit_generator(generator=training_generator, shuffle=False,
                                  validation_data=validation_generator, epochs=3, verbose=0)
sequence_scores = model.evaluate_generator(validation_generator)

many = make_model()
shuffled = DataGenerator(list(range(30)), batch_size=6, shuffle=True)
many_history = many.fit_generator(shuffled, epochs=25, verbose=0, workers=3, max_queue_size=4)

# fit takes them as well, and arrays give the same as their generator.
same = make_model().fit(batches(10), steps_per_epoch=3, epochs=3, verbose=0)
arrays = make_model().fit(x, y, batch_size=10, epochs=3, verbose=0, shuffle=False)

print(json.dumps({
    'by_generator': {k: [float(v) for v in by_generator.history[k]]
                     for k in sorted(by_generator.history)},
    'scores': [float(s) for s in scores],
    'evaluated': [float(s) for s in evaluated],
    'predicted': predicted.tolist(),
    'weighted': weighted.history['loss'],
    'by_sequence': {k: [float(v) for v in by_sequence.history[k]]
                    for k in sorted(by_sequence.history)},
    'sequence_scores': [float(s) for s in sequence_scores],
    'epochs': [training_generator.epochs, shuffled.epochs],
    'many': [many_history.history['loss'][0], many_history.history['loss'][-1]],
    'same': same.history['loss'],
    'arrays': arrays.history['loss'],
}))
