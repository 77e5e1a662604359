"""The networks and the data of the subjects; a network is written once, for every Keras.

Runs on Python 3.7 too.
"""

import numpy as np

DENSE_BATCH = 32
MNIST_BATCH = 128
IMDB_BATCH = 32
IMDB_WORDS = 20000


def dense(keras):
    """13-64-64-1, as in the housing example of every Keras book."""
    model = keras.models.Sequential([
        keras.layers.Dense(64, activation="relu", input_shape=(13,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(loss="mse", optimizer="adam")
    return model


def dense_data(samples=3200):
    """Returns x `(samples, 13)` and y `(samples, 1)`, a function that can be learned."""
    random = np.random.RandomState(7)
    x = random.normal(size=(samples, 13)).astype("float32")
    y = np.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:3] / 2
    return x, y.astype("float32")


def mnist_mlp(keras, dropout):
    """784-512-512-10: Keras's own `mnist_mlp.py` example, with Adam."""
    layers = [keras.layers.Dense(512, activation="relu", input_shape=(784,))]
    if dropout:
        layers.append(keras.layers.Dropout(dropout))
    layers.append(keras.layers.Dense(512, activation="relu"))
    if dropout:
        layers.append(keras.layers.Dropout(dropout))
    layers.append(keras.layers.Dense(10, activation="softmax"))
    model = keras.models.Sequential(layers)
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def mnist_data(samples=12800):
    """Returns x `(samples, 784)` in [0, 1] and one-hot y `(samples, 10)`: ten noisy patterns."""
    random = np.random.RandomState(7)
    labels = random.randint(10, size=samples)
    patterns = random.uniform(size=(10, 784))
    noise = random.uniform(size=(samples, 784))
    x = (patterns[labels] * 0.3 + noise * 0.7).astype("float32")
    return x, np.eye(10, dtype="float32")[labels]


def mnist_cnn(keras):
    """Keras's own `mnist_cnn.py` example, with Adam."""
    model = keras.models.Sequential([
        keras.layers.Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)),
        keras.layers.Conv2D(64, (3, 3), activation="relu"),
        keras.layers.MaxPooling2D((2, 2)),
        keras.layers.Dropout(0.25),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def imdb_recurrent(keras, cell):
    """Keras's own `imdb_lstm.py` example without dropout; `cell` is `'LSTM'` or `'GRU'`.

    The GRU resets after the product, as cuDNN's and PyTorch's do.
    """
    options = {"reset_after": True} if cell == "GRU" else {}
    model = keras.models.Sequential([
        keras.layers.Embedding(IMDB_WORDS, 128),
        getattr(keras.layers, cell)(128, **options),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def imdb_data(samples=1600, steps=80):
    """Returns x `(samples, steps)` of word numbers and y `(samples, 1)`: which half has more."""
    random = np.random.RandomState(7)
    x = random.randint(IMDB_WORDS, size=(samples, steps)).astype("int32")
    y = (x[:, -8:] < IMDB_WORDS // 2).mean(1, keepdims=True) > 0.5
    return x, y.astype("float32")
