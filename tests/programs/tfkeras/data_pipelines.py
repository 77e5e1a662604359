"""tf.data in front of fit: map, zip, repeat, batches, generators; and a Sequence of keras.utils."""
import json
import math
import numpy as np
import tensorflow as tf
from tensorflow.keras.utils import Sequence, to_categorical
from tensorflow.keras.layers import Dense, Flatten, Input
from tensorflow.keras.models import Model, Sequential
from tensorflow.keras.optimizers import SGD

AUTOTUNE = tf.data.experimental.AUTOTUNE


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def normalize_img(image, label):
    """Normalizes images: `uint8` -> `float32`."""
    return tf.cast(image, tf.float32) / 255., tf.one_hot(label, 3)


class Batches(Sequence):
    def __init__(self, x_set, y_set, batch_size):
        self.x, self.y = x_set, y_set
        self.batch_size = batch_size
        self.epochs = 0

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, idx):
        part = slice(idx * self.batch_size, (idx + 1) * self.batch_size)
        return self.x[part] / 255., to_categorical(self.y[part], 3)

    def on_epoch_end(self):
        self.epochs += 1


def build():
    model = Sequential([Flatten(input_shape=(4, 4)), Dense(5, activation='relu'),
                        Dense(3, activation='softmax')])
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    model.compile(SGD(.1), 'categorical_crossentropy', metrics=['accuracy'])
    return model


images = np.random.RandomState(1).randint(0, 256, (22, 4, 4)).astype('uint8')
labels = np.arange(22) % 3
ds_train = tf.data.Dataset.from_tensor_slices((images, labels))
ds_train = ds_train.map(normalize_img, num_parallel_calls=AUTOTUNE).cache()
ds_train = ds_train.batch(8).prefetch(AUTOTUNE)
ds_test = tf.data.Dataset.from_tensor_slices((images[:10], labels[:10])).map(normalize_img).batch(5)

model = build()
history = model.fit(ds_train, epochs=2, validation_data=ds_test, verbose=0)
scores = model.evaluate(ds_test, verbose=0)
predicted = model.predict(ds_test.map(lambda x, y: x))

endless = ds_train.repeat()
by_steps = build().fit(endless, steps_per_epoch=2, epochs=2, verbose=0)
sequence = Batches(images, labels, 8)
by_sequence = build().fit(sequence, epochs=2, shuffle=False, verbose=0)


def gen():
    for i in range(6):
        yield images[i] / 255., [1., 0., 0.]


generated = tf.data.Dataset.from_generator(gen, (tf.float32, tf.float32), ((4, 4), (3,))).batch(3)
by_generator = build().fit(generated, epochs=1, verbose=0)
numbers = tf.data.Dataset.range(10).filter(lambda x: x % 3 != 0).map(lambda x: x * x)
zipped = tf.data.Dataset.zip((numbers, numbers.skip(2))).take(3)
windows = [b.numpy().tolist() for b in tf.data.Dataset.range(5).batch(2, drop_remainder=True)]
shuffled = sorted(int(v) for v in tf.data.Dataset.range(20).shuffle(5, seed=1))

print(json.dumps({
    'loss': history.history['loss'],
    'val_loss': history.history['val_loss'],
    'scores': [float(s) for s in scores],
    'predicted': predicted.tolist(),
    'by steps': by_steps.history['loss'],
    'by sequence': by_sequence.history['loss'],
    'epochs': sequence.epochs >= 1,
    'by generator': by_generator.history['loss'],
    'numbers': [int(n) for n in numbers],
    'zipped': [[int(a), int(b)] for a, b in zipped],
    'windows': windows,
    'shuffled': shuffled == list(range(20)),
    'element': [list(s.shape[1:]) for s in ds_train.element_spec],
}))
