"""The models that Keras 2 is asked to write: each returns `(model, inputs, targets or None)`."""

import keras
import keras.layers
import numpy as np
from generate import image, numbers
from keras import backend as K
from keras.layers import (
    ELU,
    GRU,
    LSTM,
    Activation,
    ActivityRegularization,
    Add,
    AlphaDropout,
    Average,
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    BatchNormalization,
    Bidirectional,
    Concatenate,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    ConvLSTM2D,
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Dense,
    Dot,
    Dropout,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    Input,
    Lambda,
    LeakyReLU,
    LocallyConnected1D,
    LocallyConnected2D,
    Masking,
    Maximum,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    Multiply,
    Permute,
    PReLU,
    RepeatVector,
    Reshape,
    SeparableConv2D,
    SimpleRNN,
    SpatialDropout1D,
    SpatialDropout2D,
    ThresholdedReLU,
    TimeDistributed,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from keras.models import Model, Sequential
from keras.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, Nadam, RMSprop
from keras.regularizers import l1_l2, l2

VERSION = tuple(map(int, keras.__version__.split(".")))


class Impossible(Exception):
    """The original cannot do this in this setting."""


def channels():
    return 1 if K.image_data_format() == "channels_first" else -1


def later(name):
    """A layer that came after Keras 2.0.8."""
    if not hasattr(keras.layers, name):
        raise Impossible("There is no %s in this version." % name)
    return getattr(keras.layers, name)


def sequential():
    model = Sequential()
    model.add(
        Dense(
            5, input_dim=4, kernel_initializer="he_normal", kernel_regularizer=l2(0.01),
            kernel_constraint="max_norm",
        )
    )
    model.add(Activation("tanh"))
    model.add(Dropout(0.5))
    model.add(BatchNormalization(momentum=0.9))
    model.add(Dense(3, activation="softmax", use_bias=False))
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    return model, numbers(6, 4), None


def dense_layers():
    model = Sequential()
    model.add(Dense(6, input_shape=(4,), kernel_regularizer=l1_l2(0.01, 0.02), activation="selu"))
    model.add(GaussianNoise(0.1))
    model.add(GaussianDropout(0.3))
    model.add(AlphaDropout(0.1))
    model.add(RepeatVector(4))
    model.add(Dense(6, activation="relu"))
    model.add(Permute((2, 1)))
    model.add(Reshape((3, 8)))
    model.add(ActivityRegularization(l1=0.1, l2=0.2))
    model.add(Flatten())
    for layer in (LeakyReLU(0.2), PReLU(), ELU(0.7), ThresholdedReLU(0.05)):
        model.add(Dense(5))
        model.add(layer)
    model.compile("sgd", "mse")
    return model, numbers(3, 4), None


def convolutions_1d():
    model = Sequential()
    model.add(ZeroPadding1D(2, input_shape=(12, 3)))
    model.add(Conv1D(4, 3, padding="causal", activation="relu"))
    model.add(Conv1D(3, 2, dilation_rate=2))
    model.add(AveragePooling1D(2, strides=1))
    model.add(SpatialDropout1D(0.2))
    model.add(UpSampling1D(2))
    model.add(Cropping1D((1, 2)))
    model.add(Conv1D(4, 3, strides=2, use_bias=False))
    model.add(MaxPooling1D(2))
    model.add(LocallyConnected1D(3, 2, activation="tanh"))
    model.add(GlobalMaxPooling1D())
    model.compile("sgd", "mse")
    return model, numbers(2, 12, 3), None


def convolutions_2d():
    x = image(2, 9, 12, 3)
    model = Sequential()
    model.add(Conv2D(4, (3, 2), input_shape=x.shape[1:], strides=(1, 2), activation="relu"))
    model.add(BatchNormalization(axis=channels()))
    model.add(ZeroPadding2D((1, 2)))
    model.add(Conv2D(3, 2, dilation_rate=2))
    model.add(MaxPooling2D((2, 2), strides=(1, 1)))
    model.add(SpatialDropout2D(0.2))
    model.add(Cropping2D(((1, 0), (0, 1))))
    model.add(Conv2D(4, 3, padding="same", use_bias=False))
    model.add(AveragePooling2D((2, 2)))
    model.add(UpSampling2D((3, 2)))
    model.add(LocallyConnected2D(3, 2, activation="tanh"))
    model.add(PReLU(shared_axes=[2, 3] if channels() == 1 else [1, 2]))
    model.add(Flatten())
    model.add(Dense(3))
    model.compile("sgd", "mse")
    return model, x, None


def convolutions_2d_pooled():
    x = image(2, 6, 6, 2)
    inputs = Input(x.shape[1:])
    y = Conv2D(3, 3, padding="same", kernel_initializer="lecun_uniform", name="shared")(inputs)
    model = Model(inputs, [GlobalAveragePooling2D()(y), GlobalMaxPooling2D()(y)])
    model.compile("sgd", "mse")
    return model, x, None


def deconvolution():
    x = image(2, 4, 3, 2)
    model = Sequential()
    model.add(Conv2DTranspose(3, (3, 4), strides=2, input_shape=x.shape[1:]))
    model.add(Conv2DTranspose(2, 3, padding="same"))
    model.compile("sgd", "mse")
    return model, x, None


def separable():
    if K.backend() == "theano" and VERSION < (2, 1):
        raise Impossible("This version has no separable convolutions on Theano.")
    x = image(2, 6, 5, 3)
    model = Sequential()
    model.add(SeparableConv2D(4, (3, 2), depth_multiplier=2, input_shape=x.shape[1:]))
    model.add(SeparableConv2D(3, (3, 1), padding="same", use_bias=False))
    model.compile("sgd", "mse")
    return model, x, None


def depthwise():
    x = image(2, 6, 5, 3)
    model = Sequential()
    model.add(later("DepthwiseConv2D")((3, 2), depth_multiplier=2, input_shape=x.shape[1:]))
    model.add(later("Softmax")(axis=channels()))
    model.add(later("ReLU")(max_value=0.4))
    model.compile("sgd", "mse")
    return model, x, None


def separable_1d():
    model = Sequential()
    model.add(later("SeparableConv1D")(4, 3, depth_multiplier=2, input_shape=(7, 3)))
    model.compile("sgd", "mse")
    return model, numbers(2, 7, 3), None


def convolutions_3d():
    x = image(1, 5, 6, 5, 2)
    model = Sequential()
    model.add(Conv3D(3, (2, 3, 2), input_shape=x.shape[1:], activation="relu"))
    model.add(ZeroPadding3D((1, 1, 1)))
    model.add(Cropping3D(((1, 0), (0, 1), (0, 0))))
    model.add(MaxPooling3D((2, 2, 2), strides=(1, 1, 1)))
    model.add(UpSampling3D((1, 2, 1)))
    model.add(AveragePooling3D((2, 2, 2)))
    model.add(Flatten())
    model.compile("sgd", "mse")
    return model, x, None


def deconvolution_3d():
    x = image(1, 3, 4, 3, 2)
    model = Sequential()
    model.add(later("Conv3DTranspose")(2, (2, 3, 2), strides=2, input_shape=x.shape[1:]))
    model.compile("sgd", "mse")
    return model, x, None


def recurrent():
    words = Input((6,), dtype="int32", name="words")
    steps = Embedding(7, 4, input_length=6, mask_zero=True)(words)
    layers = [
        LSTM(3, implementation=1),
        GRU(4, recurrent_activation="sigmoid", return_sequences=True),
        SimpleRNN(3, activation="relu", kernel_regularizer=l2(0.1)),
        LSTM(4, implementation=2, unit_forget_bias=False, return_sequences=True),
        GRU(3, implementation=2, dropout=0.1, recurrent_dropout=0.2),
        Bidirectional(LSTM(2, return_sequences=True), merge_mode="sum"),
        LSTM(2, go_backwards=True),
        TimeDistributed(Dense(3, activation="tanh")),
    ]
    outputs = [layer(steps) for layer in layers]
    if VERSION >= (2, 2):
        outputs.append(GRU(2, reset_after=True)(steps))
        # Without a mask: 2.2 kept the state of the wrong cell where there was one.
        cells = [keras.layers.LSTMCell(3), keras.layers.GRUCell(2)]
        outputs.append(keras.layers.RNN(cells)(Embedding(7, 4)(words)))
    model = Model(words, outputs)
    model.compile("sgd", "mse")
    x = np.array([[1, 2, 3, 4, 5, 6], [3, 1, 2, 0, 0, 0], [6, 6, 1, 2, 0, 0]])
    return model, x, None


def words():
    model = Sequential()
    model.add(Embedding(7, 4, input_length=6, mask_zero=True, embeddings_regularizer=l2(0.1)))
    model.add(LSTM(3, return_sequences=True))
    model.add(GRU(3))
    model.add(Dense(1, activation="sigmoid"))
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    x = np.array([[1, 2, 3, 4, 5, 6], [3, 1, 2, 0, 0, 0], [6, 6, 1, 2, 0, 0]])
    return model, x, np.array([[0], [1], [1]])


def states():
    """An encoder's states are the first of a decoder; both return theirs."""
    a, b = Input((4, 2), name="a"), Input((3, 2), name="b")
    _, h, c = LSTM(3, return_state=True)(a)
    out = LSTM(3, return_sequences=True, return_state=True)(b, initial_state=[h, c])
    model = Model([a, b], out)
    model.compile("sgd", "mse")
    return model, [numbers(2, 4, 2), numbers(2, 3, 2)], None


def bidirectional():
    inputs = Input((5, 3))
    masked = Masking(0.0)(inputs)
    outputs = [
        Bidirectional(GRU(2), merge_mode="concat")(masked),
        Bidirectional(SimpleRNN(2, return_sequences=True), merge_mode="mul")(masked),
        Bidirectional(LSTM(3, implementation=2), merge_mode="ave")(masked),
    ]
    model = Model(inputs, outputs)
    model.compile("sgd", "mse")
    x = numbers(3, 5, 3)
    x[1, 3:] = 0
    return model, x, None


def stateful():
    model = Sequential()
    model.add(LSTM(3, stateful=True, batch_input_shape=(2, 4, 3), return_sequences=True))
    model.add(GRU(2, stateful=True))
    model.compile("sgd", "mse")
    return model, numbers(2, 4, 3), None


def time_distributed():
    pictures = image(6, 5, 4, 2)
    x = pictures.reshape((2, 3) + pictures.shape[1:])
    inner = Sequential()
    inner.add(Conv2D(3, 2, input_shape=x.shape[2:]))
    inner.add(Flatten())
    inner.add(Dense(3))
    model = Sequential()
    model.add(TimeDistributed(Conv2D(2, 3, padding="same"), input_shape=x.shape[1:]))
    model.add(TimeDistributed(inner))
    model.add(GlobalAveragePooling1D())
    model.compile("sgd", "mse")
    return model, x, None


def conv_lstm():
    pictures = image(6, 5, 4, 2)
    x = pictures.reshape((2, 3) + pictures.shape[1:])
    model = Sequential()
    model.add(
        ConvLSTM2D(3, 3, padding="same", return_sequences=True, input_shape=x.shape[1:])
    )
    model.add(ConvLSTM2D(2, (3, 1), strides=(1, 2), recurrent_activation="sigmoid"))
    model.compile("sgd", "mse")
    return model, x, None


def merges():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    x, y = Dense(3)(a), Dense(3)(b)
    outputs = [layer()([x, y]) for layer in (Add, Multiply, Average, Maximum, Concatenate)]
    outputs += [Dot(1)([x, y]), Dot(1, normalize=True)([x, y])]
    steps, others = RepeatVector(4)(x), RepeatVector(2)(y)
    outputs += [Dot((2, 2))([steps, others]), Concatenate(axis=1, name="joined")([steps, others])]
    model = Model([a, b], outputs)
    model.compile("sgd", "mse")
    return model, [numbers(3, 4), numbers(3, 4)], None


def nested():
    x = image(3, 5, 5, 2)
    tower_in = Input(x.shape[1:])
    y = Conv2D(3, 2)(tower_in)
    y = BatchNormalization(axis=channels(), name="inner_norm")(y)
    y = Conv2D(2, 2)(y)
    tower = Model(tower_in, Flatten()(y), name="tower")
    inner = Sequential(name="inner")
    inner.add(Dense(4, input_shape=tower.output_shape[1:]))
    inner.add(BatchNormalization())
    head = Sequential(name="head")
    head.add(inner)
    head.add(Dense(3))
    a, b = Input(x.shape[1:], name="first"), Input(x.shape[1:], name="second")
    left, right = head(tower(a)), head(tower(b))
    out = Dense(2, name="out")(Concatenate()([left, right]))
    model = Model([a, b], [out, left])
    model.compile("sgd", {"out": "mse", "head": "mae"}, loss_weights={"out": 1.0, "head": 0.5})
    return model, [x, x[::-1] * 0.5], None


def frozen():
    """Layers that are not trained list their weights elsewhere."""
    inner = Sequential(name="inner")
    inner.add(Dense(4, input_shape=(3,), trainable=False))
    inner.add(BatchNormalization())
    inner.add(Dense(4, activation="tanh"))
    model = Sequential()
    model.add(inner)
    model.add(BatchNormalization(trainable=False))
    model.add(Dense(2))
    model.compile(SGD(0.1, momentum=0.9), "mse")
    return model, numbers(5, 3), None


def code():
    model = Sequential()
    model.add(Dense(3, input_shape=(2,)))
    model.add(Lambda(lambda x: x * 2))
    model.compile("sgd", "mse")
    return model, numbers(2, 2), None


def optimized(optimizer, name):
    def make():
        x = image(4, 6, 5, 2)
        inputs = Input(x.shape[1:], name="pictures")
        words = Input((4,), dtype="int32", name="words")
        y = Conv2D(3, 2, activation="tanh", name="z_conv")(inputs)
        y = Flatten()(y)
        z = Embedding(5, 3, name="words_in")(words)
        z = Bidirectional(LSTM(2), name="m_both")(z)
        z = Concatenate()([y, z, GRU(2, name="a_gru")(Embedding(5, 2)(words))])
        model = Model([inputs, words], Dense(2, name="d_out")(z))
        model.compile(optimizer(), "mse", metrics=["mae"])
        return model, [x, np.arange(16).reshape(4, 4) % 5], numbers(4, 2)

    make.__name__ = "optimizer_" + name
    return make


def amsgrad():
    try:
        return Adam(0.01, amsgrad=True)
    except TypeError:
        raise Impossible("This version has no AMSGrad.") from None


CASES = [
    sequential,
    dense_layers,
    convolutions_1d,
    convolutions_2d,
    convolutions_2d_pooled,
    deconvolution,
    separable,
    depthwise,
    separable_1d,
    convolutions_3d,
    deconvolution_3d,
    recurrent,
    words,
    states,
    bidirectional,
    stateful,
    time_distributed,
    conv_lstm,
    merges,
    nested,
    frozen,
    code,
    optimized(lambda: SGD(0.01, momentum=0.9, nesterov=True, decay=0.01), "sgd"),
    optimized(lambda: RMSprop(0.01), "rmsprop"),
    optimized(lambda: Adagrad(0.05), "adagrad"),
    optimized(lambda: Adadelta(), "adadelta"),
    optimized(lambda: Adam(0.01, decay=0.1), "adam"),
    optimized(amsgrad, "amsgrad"),
    optimized(lambda: Adamax(clipvalue=0.05), "adamax"),
    optimized(lambda: Nadam(), "nadam"),
]
