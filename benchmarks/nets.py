"""The networks and the data of the subjects; a network is written once, for every Keras.

Runs on Python 3.7 too.
"""

import numpy as np

DENSE_BATCH = 32
MNIST_BATCH = 128
IMDB_BATCH = 32
IMDB_WORDS = 20000
CIFAR_BATCH = 128
IMAGENET_BATCH = 8
TEXT_WORDS, TEXT_STEPS = 5000, 400
VAE_BATCH = 128
ATTENTION_WORDS, ATTENTION_STEPS, ATTENTION_WIDTH, ATTENTION_BLOCKS = 5000, 128, 128, 2


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


def imdb_data(samples=1600, steps=80, words=IMDB_WORDS):
    """Returns x `(samples, steps)` of word numbers and y `(samples, 1)`: which half has more."""
    random = np.random.RandomState(7)
    x = random.randint(words, size=(samples, steps)).astype("int32")
    y = (x[:, -8:] < words // 2).mean(1, keepdims=True) > 0.5
    return x, y.astype("float32")


def text_cnn(keras):
    """Keras's own `imdb_cnn.py` example: an embedding, a convolution and the greatest of each."""
    layers = keras.layers
    words = layers.Input((TEXT_STEPS,), dtype="int32")
    x = layers.Dropout(0.2)(layers.Embedding(TEXT_WORDS, 50)(words))
    x = layers.GlobalMaxPooling1D()(layers.Conv1D(250, 3, activation="relu")(x))
    x = layers.Activation("relu")(layers.Dropout(0.2)(layers.Dense(250)(x)))
    model = keras.models.Model(words, layers.Dense(1, activation="sigmoid")(x))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def attention(keras):
    """Two blocks of self-attention with one head, of plain layers that every Keras has."""
    layers = keras.layers
    words = layers.Input((ATTENTION_STEPS,), dtype="int32")
    x = layers.Embedding(ATTENTION_WORDS, ATTENTION_WIDTH)(words)
    for _ in range(ATTENTION_BLOCKS):
        query, key, value = [layers.Dense(ATTENTION_WIDTH)(x) for _ in range(3)]
        scores = layers.Dot(axes=2)([query, key])                 # (batch, steps, steps)
        scores = layers.Lambda(lambda scores: scores / ATTENTION_WIDTH**0.5)(scores)
        mixed = layers.Dot(axes=(2, 1))([layers.Activation("softmax")(scores), value])
        x = layers.add([x, layers.Dense(ATTENTION_WIDTH)(mixed)])
        hidden = layers.Dense(2 * ATTENTION_WIDTH, activation="relu")(x)
        x = layers.add([x, layers.Dense(ATTENTION_WIDTH)(hidden)])
    output = layers.Dense(1, activation="sigmoid")(layers.GlobalAveragePooling1D()(x))
    model = keras.models.Model(words, output)
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def cifar_resnet20(keras):
    """Keras's own `cifar10_resnet.py` example: ResNet20, version 1."""
    layers = keras.layers

    def convolution(x, filters, size=3, strides=1):
        return layers.Conv2D(
            filters, size, strides=strides, padding="same",
            kernel_initializer="he_normal", kernel_regularizer=keras.regularizers.l2(1e-4),
        )(x)

    image = layers.Input((32, 32, 3))
    x = layers.Activation("relu")(layers.BatchNormalization()(convolution(image, 16)))
    for filters in (16, 32, 64):
        for block in range(3):
            strides = 2 if filters > 16 and block == 0 else 1
            y = layers.BatchNormalization()(convolution(x, filters, strides=strides))
            y = layers.Activation("relu")(y)
            y = layers.BatchNormalization()(convolution(y, filters))
            if strides > 1:
                x = convolution(x, filters, 1, strides)
            x = layers.Activation("relu")(layers.add([x, y]))
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    output = layers.Dense(10, activation="softmax", kernel_initializer="he_normal")(x)
    model = keras.models.Model(image, output)
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def resnet50(keras):
    """ResNet50 of `applications`, 224 x 224, without stored weights."""
    model = keras.applications.ResNet50(weights=None, classes=1000)
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def image_data(samples, side, classes):
    """Returns x `(samples, side, side, 3)` and one-hot y: noise, in a colour for each class."""
    random = np.random.RandomState(7)
    labels = random.randint(classes, size=samples)
    colours = random.uniform(-0.5, 0.5, size=(classes, 1, 1, 3))
    x = random.uniform(-1, 1, size=(samples, side, side, 3)) + colours[labels]
    return x.astype("float32"), np.eye(classes, dtype="float32")[labels]


def vae(keras):
    """Keras's own variational autoencoder of MNIST's digits, 784-512-2-512-784.

    The loss is added to the model, as in the example; Keras 3 has no `add_loss` of a
    functional model and takes it in a layer.
    """
    layers = keras.layers
    image = layers.Input((784,))
    x = layers.Dense(512, activation="relu")(image)
    mean, log_variance = layers.Dense(2)(x), layers.Dense(2)(x)
    code = layers.Input((2,))
    x = layers.Dense(512, activation="relu")(code)
    decoder = keras.models.Model(code, layers.Dense(784, activation="sigmoid")(x))
    join = _vae_of_keras3 if hasattr(keras, "ops") else _vae_of_keras2
    model = join(keras, image, mean, log_variance, decoder)
    model.compile(optimizer="adam")
    return model


def _vae_of_keras2(keras, image, mean, log_variance, decoder):
    K = keras.backend

    def sample(inputs):
        mean, log_variance = inputs
        return mean + K.exp(log_variance / 2) * K.random_normal(K.shape(mean))

    decoded = decoder(keras.layers.Lambda(sample)([mean, log_variance]))
    model = keras.models.Model(image, decoded)
    pixels = 784 * keras.losses.binary_crossentropy(image, decoded)
    divergence = K.sum(K.square(mean) + K.exp(log_variance) - log_variance - 1, axis=-1) / 2
    model.add_loss(K.mean(pixels + divergence))
    return model


def _vae_of_keras3(keras, image, mean, log_variance, decoder):
    ops = keras.ops

    class Sample(keras.layers.Layer):
        def __init__(self):
            super(Sample, self).__init__()
            self.seed = keras.random.SeedGenerator()

        def call(self, inputs):
            mean, log_variance = inputs
            noise = keras.random.normal(ops.shape(mean), seed=self.seed)
            return mean + ops.exp(log_variance / 2) * noise

    class Loss(keras.layers.Layer):
        def call(self, inputs):
            image, decoded, mean, log_variance = inputs
            pixels = 784 * keras.losses.binary_crossentropy(image, decoded)
            squares = ops.square(mean) + ops.exp(log_variance) - log_variance - 1
            self.add_loss(ops.mean(pixels + ops.sum(squares, axis=-1) / 2))
            return decoded

    decoded = decoder(Sample()([mean, log_variance]))
    return keras.models.Model(image, Loss()([image, decoded, mean, log_variance]))


def slices(kind, x, y, batch):
    """Returns a `kind`, such as `keras.utils.Sequence`, of batches that are slices of x and y."""

    class Slices(kind):
        def __init__(self):
            super(Slices, self).__init__()

        def __len__(self):
            return len(x) // batch

        def __getitem__(self, index):
            rows = slice(index * batch, (index + 1) * batch)
            return x[rows], y[rows]

    return Slices()
