"""Small models of each layer family, written for every Keras alike.

Each function takes a Keras module (`hornbeam`, `keras` 3 or `tf_keras`) and returns a model. All
weights and inputs are drawn from a seed afterwards, so that nothing depends on who initialises.
"""

import numpy as np

# ---- dense, core


def core(keras):
    layers = keras.layers
    return keras.models.Sequential(
        [
            layers.InputLayer((6,)) if _is_keras3(keras) else layers.InputLayer(input_shape=(6,)),
            layers.Dense(
                4, activation="relu", kernel_regularizer="l2", kernel_constraint="max_norm"
            ),
            layers.ActivityRegularization(l1=0.01),
            layers.Dropout(0.5),
            layers.Dense(6, use_bias=False, kernel_initializer="he_normal"),
            layers.Reshape((3, 2)),
            layers.Permute((2, 1)),
            layers.Flatten(),
            layers.RepeatVector(2),
            layers.Activation("softmax"),
            layers.Masking(0.0),
        ]
    )


def activations(keras):
    layers = keras.layers
    x = inputs = keras.Input((5,))
    parts = [
        layers.Dense(2, activation=name)(x)
        for name in (
            "elu",
            "selu",
            "softplus",
            "softsign",
            "tanh",
            "sigmoid",
            "exponential",
            "linear",
            "relu",
            "softmax",
        )
    ]
    return keras.models.Model(inputs, layers.Concatenate()(parts))


def advanced_activations(keras):
    layers = keras.layers
    slope = "negative_slope" if _is_keras3(keras) else "alpha"
    x = inputs = keras.Input((3, 4))
    parts = [
        layers.LeakyReLU(**{slope: 0.2})(x),
        layers.PReLU(shared_axes=[1])(x),
        layers.ELU(0.7)(x),
        layers.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2)(x),
        layers.Softmax(axis=-1)(x),
    ]
    return keras.models.Model(inputs, layers.Add()(parts))


# ---- convolution, pooling


def conv1d(keras):
    layers = keras.layers
    x = inputs = keras.Input((12, 2))
    x = layers.ZeroPadding1D(1)(x)
    x = layers.Conv1D(3, 3, padding="causal", dilation_rate=2, activation="relu")(x)
    x = layers.MaxPooling1D(2)(x)
    x = layers.UpSampling1D(2)(x)
    x = layers.Cropping1D((1, 0))(x)
    x = layers.SeparableConv1D(3, 3, depth_multiplier=2)(x)
    x = layers.SpatialDropout1D(0.2)(x)
    x = layers.AveragePooling1D(2, padding="same")(x)
    parts = [layers.GlobalMaxPooling1D()(x), layers.GlobalAveragePooling1D()(x)]
    return keras.models.Model(inputs, layers.Concatenate()(parts))


def conv2d(keras):
    layers = keras.layers
    x = inputs = keras.Input((8, 8, 2))
    x = layers.ZeroPadding2D(((1, 0), (0, 1)))(x)
    x = layers.Conv2D(3, (3, 2), strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.DepthwiseConv2D(2, depth_multiplier=2, padding="same")(x)
    x = layers.SeparableConv2D(4, 3, padding="same", activation="tanh")(x)
    x = layers.Conv2DTranspose(2, 3, strides=2, padding="same")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.Cropping2D(1)(x)
    x = layers.SpatialDropout2D(0.2)(x)
    x = layers.AveragePooling2D((2, 1), strides=1)(x)
    parts = [layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D()(x)]
    return keras.models.Model(inputs, layers.Concatenate()(parts))


def conv3d(keras):
    layers = keras.layers
    x = inputs = keras.Input((4, 4, 4, 1))
    x = layers.ZeroPadding3D(1)(x)
    x = layers.Conv3D(2, 3)(x)
    x = layers.Conv3DTranspose(2, 2, strides=2)(x)
    x = layers.MaxPooling3D(2)(x)
    x = layers.UpSampling3D(2)(x)
    x = layers.Cropping3D(1)(x)
    x = layers.AveragePooling3D(2)(x)
    x = layers.SpatialDropout3D(0.2)(x)
    parts = [layers.GlobalMaxPooling3D()(x), layers.GlobalAveragePooling3D()(x)]
    return keras.models.Model(inputs, layers.Concatenate()(parts))


# ---- recurrence


def recurrent(keras):
    layers = keras.layers
    x = inputs = keras.Input((5, 3))
    x = layers.SimpleRNN(3, return_sequences=True)(x)
    x = layers.GRU(3, reset_after=True, return_sequences=True, dropout=0.1)(x)
    x = layers.GRU(3, reset_after=False, return_sequences=True, go_backwards=True)(x)
    x = layers.LSTM(3, return_sequences=True, recurrent_dropout=0.1)(x)
    x, h, c = layers.LSTM(2, return_state=True, unroll=True)(x)
    return keras.models.Model(inputs, layers.Concatenate()([x, h, c]))


def cells(keras):
    layers = keras.layers
    stack = [layers.LSTMCell(2), layers.GRUCell(3, reset_after=True), layers.SimpleRNNCell(2)]
    x = inputs = keras.Input((4, 3))
    x = layers.RNN(stack, return_sequences=True)(x)
    x = layers.RNN(layers.SimpleRNNCell(2))(x)
    return keras.models.Model(inputs, x)


def bidirectional(keras):
    layers = keras.layers
    x = inputs = keras.Input((5, 3))
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(x)
    x = layers.Bidirectional(layers.GRU(2, reset_after=True), merge_mode="sum")(x)
    return keras.models.Model(inputs, x)


def states(keras):
    """An encoder and a decoder that starts from the encoder's states."""
    layers = keras.layers
    first, second = keras.Input((4, 3)), keras.Input((2, 3))
    _, h, c = layers.LSTM(3, return_state=True)(first)
    x = layers.LSTM(3, return_sequences=True)(second, initial_state=[h, c])
    return keras.models.Model([first, second], x)


def conv_lstm(keras):
    layers = keras.layers
    x = inputs = keras.Input((3, 4, 4, 1))
    x = layers.ConvLSTM2D(
        2, 3, padding="same", recurrent_activation="sigmoid", return_sequences=True
    )(x)
    x = layers.TimeDistributed(layers.Conv2D(2, 2))(x)
    return keras.models.Model(inputs, x)


def masked(keras):
    """Masks from two sources, in branches of different length."""
    layers = keras.layers
    words, numbers = keras.Input((5,)), keras.Input((5, 3))
    x = layers.Embedding(7, 3, mask_zero=True)(words)
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(3))(x)
    y = layers.Dense(3)(numbers)
    y = layers.Masking(0.0)(numbers)
    y = layers.Dense(3)(y)
    y = layers.GRU(3, reset_after=True)(y)
    return keras.models.Model([words, numbers], layers.Add()([layers.LSTM(3)(x), y]))


# ---- normalization, merging, noise


def normalization(keras):
    layers = keras.layers
    x = inputs = keras.Input((3, 4))
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-2, scale=False)(x)
    x = layers.BatchNormalization(axis=1, center=False)(x)
    return keras.models.Model(inputs, x)


def merging(keras):
    layers = keras.layers
    first, second = keras.Input((3, 4)), keras.Input((3, 4))
    parts = [
        getattr(layers, name)()([first, second])
        for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
    ]
    x = layers.Concatenate(axis=1)(parts)
    dots = layers.Dot(axes=2, normalize=True)([first, second])
    return keras.models.Model([first, second], [x, dots])


def noise(keras):
    layers = keras.layers
    x = inputs = keras.Input((4,))
    for layer in (
        layers.GaussianNoise(0.1),
        layers.GaussianDropout(0.1),
        layers.AlphaDropout(0.1),
        layers.Dense(3),
        layers.Dropout(0.2),
    ):
        x = layer(x)
    return keras.models.Model(inputs, x)


# ---- shapes of models


def nested(keras):
    layers = keras.layers
    a = keras.Input((4,))
    inner = keras.models.Model(a, layers.Dense(3, activation="tanh")(layers.Dense(4)(a)))
    stack = keras.models.Sequential(
        [keras.Input((3,)), layers.Dense(4), layers.BatchNormalization()]
    )
    inputs = keras.Input((4,))
    x = layers.Dense(4)(inputs)
    x = stack(inner(x))
    x = inner(x)  # the same weights again
    return keras.models.Model(inputs, stack(x))


def wrapped_model(keras):
    layers = keras.layers
    a = keras.Input((4,))
    inner = keras.models.Model(a, layers.Dense(3, activation="tanh")(layers.Dense(4)(a)))
    inputs = keras.Input((2, 4))
    return keras.models.Model(inputs, layers.TimeDistributed(inner)(inputs))


def shared(keras):
    layers = keras.layers
    first, second = keras.Input((4,)), keras.Input((4,))
    dense, top = layers.Dense(3), layers.Dense(2)
    x, y = dense(first), dense(second)
    x = layers.Dense(3)(x)
    y = layers.Dense(3)(layers.Activation("tanh")(y))
    return keras.models.Model([first, second], [top(x), top(layers.Subtract()([x, y]))])


def sequential(keras):
    """One that lists convolutions, then dense layers, the way of the books."""
    layers = keras.layers
    model = keras.models.Sequential()
    model.add(keras.Input((6, 6, 1)))
    model.add(layers.Conv2D(2, 3, activation="relu"))
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(0.25))
    model.add(layers.Flatten())
    model.add(layers.Dense(5, activation="relu"))
    model.add(layers.Dense(3, activation="softmax"))
    return model


def renamed_formulas(keras):
    """What has the same name everywhere, and another formula: each file means its writer's."""
    layers = keras.layers
    x = inputs = keras.Input((4, 4, 2))
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Dense(3, activation="hard_sigmoid")(x)
    x = layers.Reshape((8, 24))(x)
    x = layers.GRU(3, recurrent_activation="hard_sigmoid", reset_after=True)(x)
    return keras.models.Model(inputs, x)


def old_gates(keras):
    """Keras 2.2's default activation of gates."""
    layers = keras.layers
    x = inputs = keras.Input((4, 3))
    x = layers.Bidirectional(
        layers.LSTM(3, recurrent_activation="hard_sigmoid", return_sequences=True)
    )(x)
    x = layers.Activation("hard_sigmoid")(x)
    return keras.models.Model(inputs, layers.Dense(2, activation="hard_sigmoid")(x))


FAMILIES = {
    function.__name__: function
    for function in (
        core,
        activations,
        advanced_activations,
        conv1d,
        conv2d,
        conv3d,
        recurrent,
        cells,
        bidirectional,
        states,
        conv_lstm,
        masked,
        normalization,
        merging,
        noise,
        nested,
        wrapped_model,
        shared,
        sequential,
        renamed_formulas,
        old_gates,
    )
}

# ---- training


def _optimizers(keras):
    make = keras.optimizers
    return {
        "sgd": make.SGD(0.05),
        "sgd_nesterov": make.SGD(0.05, momentum=0.9, nesterov=True),
        "rmsprop": make.RMSprop(0.01),
        "adagrad": make.Adagrad(0.05),
        "adadelta": make.Adadelta(1.0),
        "adam": make.Adam(0.01),
        "adam_amsgrad": make.Adam(0.01, amsgrad=True),
        "adamax": make.Adamax(0.01),
        "nadam": make.Nadam(0.01),
    }


OPTIMIZERS = (
    "sgd",
    "sgd_nesterov",
    "rmsprop",
    "adagrad",
    "adadelta",
    "adam",
    "adam_amsgrad",
    "adamax",
    "nadam",
)


def trained(keras, name):
    """A small model that has been trained for three steps, its data, and what comes after."""
    layers = keras.layers
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    dense = layers.Dense(4, activation="tanh", name="first")
    x = layers.Concatenate(name="both")([dense(a), dense(b)])
    outputs = [
        layers.Dense(2, name="y")(x),
        layers.Dense(1, name="z")(layers.Dense(2, name="m")(x)),
    ]
    model = keras.models.Model([a, b], outputs)
    model.compile(_optimizers(keras)[name], ["mse", "mae"], loss_weights=[1.0, 0.5])
    return model


def training_data():
    random = np.random.RandomState(7)
    inputs = [random.normal(size=(8, 3)).astype("float32") for _ in range(2)]
    return inputs, [random.normal(size=(8, n)).astype("float32") for n in (2, 1)]


# ---- numbers


def set_weights(model, seed=0):
    """Draws all weights: small, those that must be positive positive."""
    random = np.random.RandomState(seed)
    drawn = []
    for weight in model.get_weights():
        drawn.append(
            (
                random.uniform(0.1, 0.6, size=weight.shape)
                * random.choice([1, 1, -1], size=1 if weight.ndim < 2 else weight.shape)
            ).astype(weight.dtype)
        )
    names = [weight.name for layer in model.layers for weight in layer.weights]
    for index, name in enumerate(names):
        if "variance" in name:
            drawn[index] = np.abs(drawn[index])
    model.set_weights(drawn)


def inputs_of(model, name, seed=1):
    """Draws the inputs of a model: a list of arrays of two samples."""
    random = np.random.RandomState(seed)
    result = []
    for tensor in model.inputs:
        shape = (2,) + tuple(tensor.shape)[1:]
        if name == "masked" and len(shape) == 2:
            result.append(random.randint(0, 7, size=shape).astype("float32"))
        else:
            result.append(random.normal(size=shape).astype("float32"))
    if name == "masked":
        result[1][:, 2] = 0.0
    return result


def predicted(model, inputs):
    """The outputs of a model, as a list."""
    found = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    return [np.asarray(part) for part in (found if isinstance(found, (list, tuple)) else [found])]


def _is_keras3(keras):
    return keras.__version__.startswith("3")
