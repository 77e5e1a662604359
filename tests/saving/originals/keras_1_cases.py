"""The models that Keras 1 is asked to write: each returns `(model, inputs, targets or None)`."""

import numpy as np
from generate import image, numbers
from keras import backend as K
from keras.layers import (
    ELU,
    GRU,
    LSTM,
    Activation,
    ActivityRegularization,
    AtrousConvolution1D,
    AtrousConvolution2D,
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    BatchNormalization,
    Bidirectional,
    ConvLSTM2D,
    Convolution1D,
    Convolution2D,
    Convolution3D,
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Deconvolution2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    Highway,
    Input,
    LeakyReLU,
    LocallyConnected1D,
    LocallyConnected2D,
    Masking,
    MaxoutDense,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    Merge,
    ParametricSoftplus,
    Permute,
    PReLU,
    RepeatVector,
    Reshape,
    SeparableConvolution2D,
    SimpleRNN,
    SpatialDropout1D,
    SpatialDropout2D,
    SReLU,
    ThresholdedReLU,
    TimeDistributed,
    TimeDistributedDense,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
    merge,
)
from keras.models import Model, Sequential
from keras.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, Nadam, RMSprop
from keras.regularizers import l1l2, l2


class Impossible(Exception):
    """The original cannot do this in this setting."""


def channels():
    return 1 if K.image_dim_ordering() == "th" else -1


def sequential():
    model = Sequential()
    model.add(
        Dense(5, input_dim=4, init="he_normal", W_regularizer=l2(0.01), W_constraint="maxnorm")
    )
    model.add(Activation("tanh"))
    model.add(Dropout(0.5))
    model.add(BatchNormalization(epsilon=1e-3, momentum=0.9))
    model.add(Dense(3, activation="softmax", bias=False))
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    return model, numbers(6, 4), None


def dense_layers():
    model = Sequential()
    model.add(Dense(5, input_shape=(4,), W_regularizer=l1l2(0.01, 0.02), activity_regularizer=None))
    model.add(GaussianNoise(0.1))
    model.add(Highway(activation="tanh"))
    model.add(GaussianDropout(0.3))
    model.add(MaxoutDense(6, nb_feature=3))
    model.add(RepeatVector(4))
    model.add(TimeDistributedDense(6, activation="relu"))
    model.add(Permute((2, 1)))
    model.add(Reshape((3, 8)))
    model.add(ActivityRegularization(l1=0.1, l2=0.2))
    model.add(Flatten())
    model.add(Dense(2))
    model.compile("sgd", "mse")
    return model, numbers(3, 4), None


def activations():
    model = Sequential()
    model.add(Dense(5, input_dim=4))
    model.add(LeakyReLU(0.2))
    model.add(Dense(5))
    model.add(PReLU())
    model.add(Dense(5, init="uniform"))
    model.add(ELU(0.7))
    model.add(Dense(5, init="zero"))
    model.add(ThresholdedReLU(0.1))
    model.add(Dense(5, activation="hard_sigmoid"))
    model.add(ParametricSoftplus())
    model.add(Dense(5, activation="softsign"))
    model.add(SReLU())
    model.compile("sgd", "mse")
    return model, numbers(4, 4) * 2, None


def convolutions_1d():
    model = Sequential()
    model.add(ZeroPadding1D(2, input_shape=(12, 3)))
    model.add(Convolution1D(4, 3, border_mode="same", activation="relu"))
    model.add(AtrousConvolution1D(3, 2, atrous_rate=2))
    model.add(AveragePooling1D(2, stride=1))
    model.add(SpatialDropout1D(0.2))
    model.add(UpSampling1D(2))
    model.add(Cropping1D((1, 2)))
    model.add(Convolution1D(4, 3, subsample_length=2, bias=False))
    model.add(MaxPooling1D(pool_length=2))
    model.add(LocallyConnected1D(3, 2, activation="tanh"))
    model.add(GlobalMaxPooling1D())
    model.compile("sgd", "mse")
    return model, numbers(2, 12, 3), None


def convolutions_2d():
    x = image(2, 9, 12, 3)
    model = Sequential()
    model.add(Convolution2D(4, 3, 2, input_shape=x.shape[1:], subsample=(1, 2), activation="relu"))
    model.add(BatchNormalization(axis=channels()))
    model.add(ZeroPadding2D((1, 2)))
    model.add(AtrousConvolution2D(3, 2, 2, atrous_rate=(2, 2), border_mode="valid"))
    model.add(MaxPooling2D((2, 2), strides=(1, 1)))
    model.add(SpatialDropout2D(0.2))
    model.add(Cropping2D(((1, 0), (0, 1))))
    model.add(Convolution2D(4, 3, 3, border_mode="same", bias=False))
    model.add(AveragePooling2D((2, 2)))
    model.add(UpSampling2D((3, 2)))
    model.add(LocallyConnected2D(3, 2, 2, activation="tanh"))
    model.add(Flatten())
    model.add(Dense(3))
    model.compile("sgd", "mse")
    return model, x, None


def convolutions_2d_pooled():
    x = image(2, 6, 6, 2)
    inputs = Input(x.shape[1:])
    shared = Convolution2D(3, 3, 3, border_mode="same", init="lecun_uniform", name="shared")
    y = shared(inputs)
    model = Model(inputs, [GlobalAveragePooling2D()(y), GlobalMaxPooling2D()(y)])
    model.compile("sgd", "mse")
    return model, x, None


def deconvolution():
    x = image(2, 4, 3, 2)
    shape = (None, 3, 9, 8) if channels() == 1 else (None, 9, 8, 3)
    model = Sequential()
    model.add(
        Deconvolution2D(
            3, 3, 4, output_shape=shape, subsample=(2, 2), border_mode="valid",
            input_shape=x.shape[1:],
        )
    )
    shape = (None, 2, 9, 8) if channels() == 1 else (None, 9, 8, 2)
    model.add(Deconvolution2D(2, 3, 3, output_shape=shape, border_mode="same"))
    model.compile("sgd", "mse")
    return model, x, None


def separable():
    if K.backend() == "theano":
        raise Impossible("Keras 1 has no separable convolutions on Theano.")
    x = image(2, 6, 5, 3)
    model = Sequential()
    model.add(
        SeparableConvolution2D(4, 3, 2, depth_multiplier=2, input_shape=x.shape[1:])
    )
    model.add(SeparableConvolution2D(3, 3, 1, border_mode="same", bias=False))
    model.compile("sgd", "mse")
    return model, x, None


def convolutions_3d():
    x = image(1, 5, 6, 5, 2)
    model = Sequential()
    model.add(Convolution3D(3, 2, 3, 2, input_shape=x.shape[1:], activation="relu"))
    model.add(ZeroPadding3D((1, 1, 1)))
    model.add(Cropping3D(((1, 0), (0, 1), (0, 0))))
    model.add(MaxPooling3D((2, 2, 2), strides=(1, 1, 1)))
    model.add(UpSampling3D((1, 2, 1)))
    model.add(AveragePooling3D((2, 2, 2)))
    model.add(Flatten())
    model.compile("sgd", "mse")
    return model, x, None


def recurrent():
    words = Input((6,), dtype="int32", name="words")
    steps = Embedding(7, 4, input_length=6, mask_zero=True)(words)
    layers = [
        LSTM(3, consume_less="cpu"),
        GRU(4, consume_less="mem", inner_activation="sigmoid", return_sequences=True),
        SimpleRNN(3, activation="relu", W_regularizer=l2(0.1)),
        LSTM(4, consume_less="gpu", forget_bias_init="zero", return_sequences=True),
        GRU(3, consume_less="gpu", dropout_W=0.1, dropout_U=0.2),
        Bidirectional(LSTM(2, return_sequences=True), merge_mode="sum"),
        LSTM(2, go_backwards=True),
        TimeDistributed(Dense(3, activation="tanh")),
    ]
    model = Model(words, [layer(steps) for layer in layers])
    model.compile("sgd", "mse")
    x = np.array([[1, 2, 3, 4, 5, 6], [3, 1, 2, 0, 0, 0], [6, 6, 1, 2, 0, 0]])
    return model, x, None


def words():
    model = Sequential()
    model.add(Embedding(7, 4, input_length=6, mask_zero=True, W_regularizer=l2(0.1)))
    model.add(LSTM(3, return_sequences=True))
    model.add(GRU(3))
    model.add(Dense(1, activation="sigmoid"))
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    x = np.array([[1, 2, 3, 4, 5, 6], [3, 1, 2, 0, 0, 0], [6, 6, 1, 2, 0, 0]])
    return model, x, np.array([[0], [1], [1]])


def bidirectional():
    inputs = Input((5, 3))
    masked = Masking(0.0)(inputs)
    outputs = [
        Bidirectional(GRU(2), merge_mode="concat")(masked),
        Bidirectional(SimpleRNN(2, return_sequences=True), merge_mode="mul")(masked),
        Bidirectional(LSTM(3, consume_less="gpu"), merge_mode="ave")(masked),
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
    inner.add(Convolution2D(3, 2, 2, input_shape=x.shape[2:]))
    inner.add(Flatten())
    inner.add(Dense(3))
    model = Sequential()
    model.add(TimeDistributed(Convolution2D(2, 3, 3, border_mode="same"), input_shape=x.shape[1:]))
    model.add(TimeDistributed(inner))
    model.add(GlobalAveragePooling1D())
    model.compile("sgd", "mse")
    return model, x, None


def conv_lstm():
    pictures = image(6, 5, 4, 2)
    x = pictures.reshape((2, 3) + pictures.shape[1:])
    model = Sequential()
    model.add(ConvLSTM2D(3, 3, 3, border_mode="same", return_sequences=True,
                         input_shape=x.shape[1:]))
    model.add(ConvLSTM2D(2, 3, 1, inner_activation="sigmoid", forget_bias_init="zero"))
    model.compile("sgd", "mse")
    return model, x, None


def merged_models():
    left = Sequential()
    left.add(Dense(3, input_dim=4, name="left_dense"))
    right = Sequential()
    right.add(Dense(4, input_dim=2))
    right.add(Dense(3))
    inner = Sequential()
    inner.add(Merge([left, right], mode="sum"))
    inner.add(Dense(4))
    third = Sequential()
    third.add(Embedding(5, 4, input_length=1))
    third.add(Flatten())
    model = Sequential()
    model.add(Merge([inner, third], mode="concat", concat_axis=1))
    model.add(Dense(2, activation="tanh"))
    model.compile("adam", "mse")
    return (
        model,
        [numbers(5, 4), numbers(5, 2), np.array([[0], [1], [2], [3], [4]])],
        numbers(5, 2),
    )


def merges():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    x, y = Dense(3)(a), Dense(3)(b)
    outputs = [merge([x, y], mode=mode) for mode in ("sum", "mul", "ave", "max", "dot", "cos")]
    outputs.append(merge([x, y], mode="concat", concat_axis=1, name="joined"))
    steps, others = RepeatVector(4)(x), RepeatVector(2)(y)
    outputs.append(merge([steps, others], mode="dot", dot_axes=[2, 2]))
    outputs.append(merge([steps, others], mode="concat", concat_axis=1))
    model = Model([a, b], outputs)
    model.compile("sgd", "mse")
    return model, [numbers(3, 4), numbers(3, 4)], None


def nested():
    x = image(3, 5, 5, 2)
    tower_in = Input(x.shape[1:])
    y = Convolution2D(3, 2, 2)(tower_in)
    y = BatchNormalization(axis=channels(), name="inner_norm")(y)
    y = Convolution2D(2, 2, 2)(y)
    tower = Model(tower_in, Flatten()(y), name="tower")
    head = Sequential(name="head")
    head.add(Dense(4, input_shape=tower.output_shape[1:]))
    head.add(BatchNormalization())
    head.add(Dense(3))
    a, b = Input(x.shape[1:], name="first"), Input(x.shape[1:], name="second")
    left, right = head(tower(a)), head(tower(b))
    out = Dense(2, name="out")(merge([left, right], mode="concat"))
    model = Model([a, b], [out, left])
    model.compile("sgd", {"out": "mse", "head": "mae"}, loss_weights={"out": 1.0, "head": 0.5})
    return model, [x, x[::-1] * 0.5], None


def optimized(optimizer, name):
    def make():
        x = image(4, 6, 5, 2)
        inputs = Input(x.shape[1:], name="pictures")
        words = Input((4,), dtype="int32", name="words")
        y = Convolution2D(3, 2, 2, activation="tanh", name="z_conv")(inputs)
        y = Flatten()(y)
        z = Embedding(5, 3, name="words_in")(words)
        z = Bidirectional(LSTM(2), name="m_both")(z)
        z = merge([y, z, GRU(2, name="a_gru")(Embedding(5, 2)(words))], mode="concat")
        model = Model([inputs, words], Dense(2, name="d_out")(z))
        model.compile(optimizer(), "mse", metrics=["mae"])
        return model, [x, np.arange(16).reshape(4, 4) % 5], numbers(4, 2)

    make.__name__ = "optimizer_" + name
    return make


CASES = [
    sequential,
    dense_layers,
    activations,
    convolutions_1d,
    convolutions_2d,
    convolutions_2d_pooled,
    deconvolution,
    separable,
    convolutions_3d,
    recurrent,
    words,
    bidirectional,
    stateful,
    time_distributed,
    conv_lstm,
    merged_models,
    merges,
    nested,
    optimized(lambda: SGD(0.01, momentum=0.9, nesterov=True, decay=0.01), "sgd"),
    optimized(lambda: RMSprop(0.01), "rmsprop"),
    optimized(lambda: Adagrad(0.05), "adagrad"),
    optimized(lambda: Adadelta(), "adadelta"),
    optimized(lambda: Adam(0.01, decay=0.1), "adam"),
    optimized(lambda: Adamax(clipvalue=0.05), "adamax"),
    optimized(lambda: Nadam(), "nadam"),
]
