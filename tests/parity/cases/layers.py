"""Layers: outputs, gradients with respect to the input and every weight, shapes, configurations."""

import functools

import numpy as np

from . import KERAS, Case, Judge, Tolerance
from .support import (
    array,
    compute_named,
    local_names,
    normal,
    optimizers,
    set_random_weights,
    uniform,
    weighted_sum,
)

# --- the routine ----------------------------------------------------------------------------------


def as_lists(shape):
    """Shapes as JSON has them: (None, 3), a TensorShape, or a list of such."""
    if isinstance(shape, list):
        return [as_lists(one) for one in shape]
    return [None if size is None else int(size) for size in tuple(shape)]


def check(keras, random, make, *shapes, **options):
    """One layer on inputs of `shapes` (without the batch axis).

    values: makes the arrays (random, *shape), normal by default.
    phases: learning phases to run in; "test" by default, "train" where nothing is random.
    gradients: whether the layer has any.
    dtype: of the inputs.
    """
    K = keras.backend
    values = options.get("values", normal)
    batch = options.get("batch", 2)
    x = [keras.layers.Input(shape, dtype=options.get("dtype")) for shape in shapes]
    feeds = [(one, values(random, batch, *shape)) for one, shape in zip(x, shapes)]
    layer = make(keras.layers)
    inputs = x if len(x) > 1 else x[0]
    y = layer(inputs)
    set_random_weights(layer, random)
    static = K.int_shape(y)
    input_shapes = [(None,) + tuple(shape) for shape in shapes]
    input_shapes = input_shapes if len(x) > 1 else input_shapes[0]
    results = {
        "output_shape": as_lists(static),
        "compute_output_shape": as_lists(layer.compute_output_shape(input_shapes)),
        "layer.output_shape": as_lists(layer.output_shape),
        "layer.input_shape": as_lists(layer.input_shape),
        "params": layer.count_params(),
        "weight names": local_names(layer),
        "weight shapes": [list(weight.shape) for weight in layer.get_weights()],
        "trainable": len(layer.trainable_weights),
        "config": layer.get_config(),
    }
    if options.get("gradients", True):
        sizes = options.get("output_sizes") or [size or 1 for size in static]
        # the square keeps a normalized output's gradient from vanishing
        total = weighted_sum(keras, y + K.square(y), uniform(random, 0.5, 1.5, *sizes))
    for phase in options.get("phases", ("test",)):
        outputs = {phase: y}
        if options.get("gradients", True):
            sources = x if options.get("dtype") is None else []
            names = ["input{}".format(index) for index in range(len(sources))]
            weights = list(layer.trainable_weights)
            names += ["weight{}".format(index) for index in range(len(weights))]
            gradients = K.gradients(total, sources + weights)
            for name, gradient, source in zip(names, gradients, sources + weights):
                if gradient is None:
                    results["no gradient: " + name] = True
                    continue
                if name.startswith("weight"):  # an embedding's gradient comes as slices
                    gradient = K.reshape(gradient, K.int_shape(source))
                outputs["{} gradient {}".format(phase, name)] = gradient
        results.update(compute_named(keras, feeds, outputs, training=int(phase == "train")))
    return results


def row(make, *shapes, **options):
    judges = options.pop("judges", ())
    tolerances = options.pop("tolerances", ())
    oracles = {name: options.pop(name) for name in ("oracles", "why") if name in options}

    def run(keras, random):
        return check(keras, random, make, *shapes, **options)

    return Case(run, judges=judges, tolerances=tolerances, **oracles)


def integers(low, high):
    return lambda random, *shape: array(random.randint(low, high, size=shape))


# --- cases with more to say -----------------------------------------------------------------------


def dropout(keras, random, rate=0.4, noise_shape=None):
    """Dropped elements are near the rate in number; kept ones are scaled up."""
    x = keras.layers.Input((40, 50))
    y = keras.layers.Dropout(rate, noise_shape=noise_shape)(x)
    values = uniform(random, 1, 2, 8, 40, 50)
    gradient = keras.backend.gradients(keras.backend.sum(y), [x])[0]
    outputs = compute_named(keras, [(x, values)], {"y": y, "gradient": gradient}, training=1)
    tested = compute_named(keras, [(x, values)], {"y": y}, training=0)
    dropped = outputs["y"] == 0
    kept = outputs["y"][~dropped]
    results = {
        "test is identity": bool(np.array_equal(tested["y"], values)),
        "share": bool(abs(dropped.mean() - rate) < (0.02 if noise_shape is None else 0.1)),
        "kept are scaled": bool(np.allclose(kept, values[~dropped] / (1 - rate), rtol=1e-5)),
        "gradient is the mask": bool(
            np.allclose(outputs["gradient"], np.where(dropped, 0, 1 / (1 - rate)), rtol=1e-5)
        ),
        "config": keras.layers.Dropout(rate, noise_shape=noise_shape, seed=3).get_config(),
    }
    if noise_shape is not None:
        results["steps share a mask"] = bool((dropped == dropped[:, :1, :]).all())
    return results


def batch_normalization_steps(keras, random, shape=(3,), **options):
    """Moving averages and weights after training steps; outputs then, in both phases."""
    layer = keras.layers.BatchNormalization(momentum=0.8, **options)
    model = keras.models.Sequential([keras.layers.Dense(4, input_shape=shape), layer])
    set_random_weights(model, random)
    optimizer = optimizers(keras).SGD(0.1)
    model.compile(optimizer=optimizer, loss="mse")
    losses = []
    for _ in range(4):
        x = normal(random, 6, *shape) * 2 + 1
        y = normal(random, *((6,) + shape[:-1] + (4,)))
        losses.append(model.train_on_batch(x, y))
    results = {"losses": array(losses)}
    for index, weight in enumerate(model.get_weights()):
        results["weight{}".format(index)] = weight
    x = normal(random, 5, *shape)
    results["predicted"] = model.predict(x)
    outputs = {"train": model.output}
    results.update(compute_named(keras, [(model.input, x)], outputs, training=1))
    results["updates"] = len(layer.updates)
    return results


def batch_normalization_frozen(keras, random):
    """trainable=False freezes gamma, beta and the moving averages; in training the statistics of
    the batch normalize as before."""
    layer = keras.layers.BatchNormalization(momentum=0.8)
    model = keras.models.Sequential([keras.layers.Dense(4, input_shape=(3,)), layer])
    set_random_weights(model, random)
    layer.trainable = False
    model.compile(optimizer=optimizers(keras).SGD(0.1), loss="mse")
    losses = []
    for _ in range(3):
        x, y = normal(random, 6, 3) * 2 + 1, normal(random, 6, 4)
        losses.append(model.train_on_batch(x, y))
    results = {"losses": array(losses), "predicted": model.predict(normal(random, 5, 3))}
    for index, weight in enumerate(model.get_weights()):
        results["weight{}".format(index)] = weight
    results["trainable"] = len(model.trainable_weights)
    results["non-trainable"] = len(model.non_trainable_weights)
    return results


def shared_dense(keras, random):
    """A layer called twice: both outputs, and one gradient that sums both paths."""
    K = keras.backend
    a, b = keras.layers.Input((3,)), keras.layers.Input((3,))
    dense = keras.layers.Dense(2, activation="tanh")
    ya, yb = dense(a), dense(b)
    set_random_weights(dense, random)
    total = K.sum(ya * yb)
    gradients = K.gradients(total, [a, b] + dense.weights)
    outputs = {"ya": ya, "yb": yb}
    for name, gradient in zip(("a", "b", "kernel", "bias"), gradients):
        outputs["gradient " + name] = gradient
    feeds = [(a, normal(random, 2, 3)), (b, normal(random, 2, 3))]
    results = compute_named(keras, feeds, outputs)
    results["shapes"] = [
        as_lists(dense.get_input_shape_at(1)),
        as_lists(dense.get_output_shape_at(0)),
    ]
    return results


def dense_regularized(keras, random):
    """Penalties of the kernel, the bias and the activity are in `layer.losses`."""
    layer = keras.layers.Dense(
        3,
        kernel_regularizer=keras.regularizers.l2(0.1),
        bias_regularizer=keras.regularizers.l1(0.2),
        activity_regularizer=keras.regularizers.l1_l2(0.01, 0.02),
        kernel_constraint=keras.constraints.MaxNorm(1.5),
        bias_constraint="non_neg",
        kernel_initializer="he_normal",
        bias_initializer=keras.initializers.Constant(0.5),
        name="regularized",
    )
    x = keras.layers.Input((4,))
    y = layer(x)
    set_random_weights(layer, random)
    values = normal(random, 2, 4)
    outputs = {"y": y}
    model = keras.models.Model(x, y)
    model.compile(optimizer=optimizers(keras).SGD(0.1), loss="mse")
    results = compute_named(keras, [(x, values)], outputs)
    results["penalties"] = len(layer.losses)
    results["loss"] = model.test_on_batch(values, np.zeros((2, 3), "float32"))
    results["config"] = layer.get_config()
    results["trained loss"] = model.train_on_batch(values, np.zeros((2, 3), "float32"))
    for index, weight in enumerate(model.get_weights()):
        results["constrained{}".format(index)] = weight
    return results


def masking(keras, random):
    """The mask of Masking, what it does to values, and what passes it on."""
    K = keras.backend
    x = keras.layers.Input((4, 3))
    layer = keras.layers.Masking(mask_value=-1.0)
    masked = layer(x)
    passed = keras.layers.TimeDistributed(keras.layers.Dense(2))(masked)
    dropout = keras.layers.Dropout(0.5)
    dropout(masked)
    values = normal(random, 2, 4, 3)
    values[0, 1] = -1
    values[1, 2:] = -1
    values[0, 2, 0] = -1  # one feature of a step does not mask it
    mask = layer.output_mask
    outputs = {"masked": masked, "mask": K.cast(mask, "float32")}
    results = compute_named(keras, [(x, values)], outputs, training=0)
    results["config"] = layer.get_config()
    results["dropout keeps it"] = dropout.output_mask is not None
    results["shape"] = as_lists(K.int_shape(passed))
    return results


def embedding_mask(keras, random):
    """mask_zero: the mask, and an LSTM that skips padded steps."""
    K = keras.backend
    x = keras.layers.Input((5,))
    embedding = keras.layers.Embedding(6, 3, mask_zero=True, input_length=5)
    embedded = embedding(x)
    lstm = keras.layers.SimpleRNN(4)
    y = lstm(embedded)
    set_random_weights(embedding, random)
    set_random_weights(lstm, random)
    values = array([[1, 2, 0, 0, 0], [3, 0, 4, 5, 0]])
    mask = K.cast(embedding.output_mask, "float32")
    gradient = K.reshape(K.gradients(K.sum(y * y), embedding.weights)[0], (6, 3))
    outputs = {"embedded": embedded, "mask": mask, "y": y, "gradient": gradient}
    return compute_named(keras, [(x, values)], outputs)


def lambda_layer(keras, random):
    """A Lambda with a mask, arguments, and a stated output shape."""
    K = keras.backend
    x = keras.layers.Input((3, 4))

    def scaled(x, factor):
        return x[:, 1:] * factor

    y = keras.layers.Lambda(scaled, output_shape=(2, 4), arguments={"factor": 3.0})(x)
    z = keras.layers.Lambda(lambda x: K.concatenate([x, K.square(x)], axis=-1))(y)
    values = normal(random, 2, 3, 4)
    outputs = {"y": y, "z": z, "gradient": K.gradients(K.sum(z), [x])[0]}
    results = compute_named(keras, [(x, values)], outputs)
    results["shapes"] = [as_lists(K.int_shape(y)), as_lists(K.int_shape(z))]
    return results


def merge_methods(keras, random):
    """The function forms: add([a, b]) and concatenate([a, b])."""
    a, b = keras.layers.Input((2, 3)), keras.layers.Input((2, 3))
    outputs = {
        "add": keras.layers.add([a, b]),
        "concatenate": keras.layers.concatenate([a, b], axis=1),
    }
    feeds = [(a, normal(random, 2, 2, 3)), (b, normal(random, 2, 2, 3))]
    return compute_named(keras, feeds, outputs)


def dtype_float64(keras, random):
    """A layer of dtype float64 computes in it."""
    x = keras.layers.Input((3,), dtype="float64")
    layer = keras.layers.Dense(2, activation="tanh", dtype="float64")
    y = layer(x)
    layer.set_weights([random.normal(size=(3, 2)), random.normal(size=(2,))])
    values = random.normal(size=(2, 3))
    results = compute_named(keras, [(x, values)], {"y": y})
    results["dtype"] = keras.backend.dtype(y)
    results["weight dtypes"] = [weight.dtype.name for weight in layer.get_weights()]
    return results


# --- the table ------------------------------------------------------------------------------------

ONLY_NHWC = {
    "oracles": (KERAS,),
    "why": "TensorFlow's CPU kernels have no channels_first; Keras 2.3.1 transposes around them",
}


def conv(*shape, **options):
    settings = dict(options)
    filters, size = settings.pop("filters", 3), settings.pop("size", (3, 2))
    extras = {key: settings.pop(key) for key in ("oracles", "why", "judges") if key in settings}
    return row(lambda L: L.Conv2D(filters, size, **settings), shape, **extras)


def pool(name, *shape, **options):
    settings = dict(options)
    extras = {key: settings.pop(key) for key in ("oracles", "why") if key in settings}
    return row(lambda L: getattr(L, name)(**settings), shape, **extras)


def normalization(*shape, **options):
    # The gradient with respect to the input is a difference of nearly equal sums.
    cancels = Tolerance(1e-5, 2e-6, "differences of nearly equal sums", "train gradient input0")
    return row(
        lambda L: L.BatchNormalization(**options),
        shape,
        phases=("test", "train"),
        batch=4,
        output_sizes=(1,) + shape,
        tolerances=[cancels],
    )


def steps(**options):
    why = "the moving variance of Keras 2.3.1 is that of the population, estimated from the batch"
    judges = [Judge(KERAS, why, entry) for entry in ("weight5", "predicted")]
    return Case(functools.partial(batch_normalization_steps, **options), judges=judges)


ACTIVITY = "tf_keras divides the activity penalty by the batch size"

CASES = {
    "Dense": row(lambda L: L.Dense(4), (3,)),
    "Dense no bias": row(lambda L: L.Dense(4, use_bias=False, activation="relu"), (3,)),
    "Dense rank 3": row(lambda L: L.Dense(2, activation="tanh"), (4, 3)),
    "Dense rank 4": row(lambda L: L.Dense(2, activation="softmax"), (2, 3, 3)),
    "Dense softmax": row(lambda L: L.Dense(4, activation="softmax"), (3,)),
    "Dense named": row(lambda L: L.Dense(1, name="top", trainable=False), (3,)),
    "Dense regularized": Case(
        dense_regularized,
        judges=[Judge(KERAS, ACTIVITY, "*loss"), Judge(KERAS, ACTIVITY, "constrained*")],
    ),
    "Dense shared": shared_dense,
    "Dense float64": dtype_float64,
    "Activation": row(lambda L: L.Activation("elu"), (3, 2)),
    "Activation softmax": row(lambda L: L.Activation("softmax"), (2, 3)),
    "Dropout": dropout,
    "Dropout noise_shape": functools.partial(dropout, noise_shape=(8, 1, 50)),
    "Dropout none": row(lambda L: L.Dropout(0.0), (3,), phases=("test", "train")),
    "Flatten": row(lambda L: L.Flatten(), (2, 3, 4)),
    "Flatten channels_first": row(lambda L: L.Flatten(data_format="channels_first"), (2, 3, 4)),
    "Reshape": row(lambda L: L.Reshape((4, 3)), (2, 6)),
    "Reshape unknown": row(lambda L: L.Reshape((-1, 2)), (2, 3, 2)),
    "Permute": row(lambda L: L.Permute((3, 1, 2)), (2, 3, 4)),
    "RepeatVector": row(lambda L: L.RepeatVector(3), (4,)),
    "Lambda": lambda_layer,
    "Masking": masking,
    "Embedding": row(lambda L: L.Embedding(5, 3), (4,), values=integers(0, 5), dtype="int32"),
    "Embedding input_length": row(
        lambda L: L.Embedding(5, 2, input_length=4), (4,), values=integers(0, 5), dtype="int32"
    ),
    "Embedding mask": embedding_mask,
    "TimeDistributed Dense": row(
        lambda L: L.TimeDistributed(L.Dense(3, activation="tanh")), (4, 2)
    ),
    "TimeDistributed Conv2D": row(
        lambda L: L.TimeDistributed(L.Conv2D(2, 2, name="inner")), (2, 4, 3, 2)
    ),
    "Add": row(lambda L: L.Add(), (2, 3), (2, 3), (2, 3)),
    "Add broadcast": row(lambda L: L.Add(), (2, 3), (1, 3)),
    "Concatenate": row(lambda L: L.Concatenate(), (2, 3), (2, 1)),
    "Concatenate axis 1": row(lambda L: L.Concatenate(axis=1), (1, 3), (2, 3), (1, 3)),
    "merge functions": merge_methods,
    "Conv2D": conv(5, 6, 2),
    "Conv2D same": conv(5, 6, 2, padding="same"),
    "Conv2D strides": conv(7, 6, 2, strides=(2, 3)),
    "Conv2D strides same": conv(7, 6, 2, strides=2, padding="same", size=3),
    "Conv2D strides same even kernel": conv(6, 7, 2, strides=2, padding="same", size=(2, 4)),
    "Conv2D dilation": conv(7, 7, 2, dilation_rate=(2, 3), size=(3, 2)),
    "Conv2D dilation same": conv(6, 7, 2, dilation_rate=2, padding="same", size=3),
    "Conv2D activation no bias": conv(4, 4, 3, activation="relu", use_bias=False),
    "Conv2D one by one": conv(3, 3, 4, size=1, filters=2, activation="tanh"),
    "Conv2D kernel fills": conv(3, 2, 2),
    "Conv2D channels_first": conv(2, 5, 6, data_format="channels_first", **ONLY_NHWC),
    "Conv2D channels_first strides same": conv(
        2, 5, 6, data_format="channels_first", strides=2, padding="same", **ONLY_NHWC
    ),
    "MaxPooling2D": pool("MaxPooling2D", 4, 6, 2),
    "MaxPooling2D ties": row(lambda L: L.MaxPooling2D(), (4, 6, 2), values=integers(0, 2)),
    "MaxPooling2D ties overlapping same": row(
        lambda L: L.MaxPooling2D(3, strides=2, padding="same"), (5, 6, 2), values=integers(0, 2)
    ),
    "GlobalMaxPooling2D ties": row(
        lambda L: L.GlobalMaxPooling2D(), (3, 4, 2), values=integers(0, 2)
    ),
    "MaxPooling2D odd": pool("MaxPooling2D", 5, 7, 2),
    "MaxPooling2D same": pool("MaxPooling2D", 5, 7, 2, padding="same"),
    "MaxPooling2D overlapping": pool("MaxPooling2D", 6, 7, 2, pool_size=3, strides=(2, 1)),
    "MaxPooling2D overlapping same": pool(
        "MaxPooling2D", 6, 5, 2, pool_size=(3, 2), strides=2, padding="same"
    ),
    "MaxPooling2D channels_first": pool(
        "MaxPooling2D", 2, 4, 6, data_format="channels_first", **ONLY_NHWC
    ),
    "AveragePooling2D": pool("AveragePooling2D", 4, 6, 2),
    "AveragePooling2D odd same": pool("AveragePooling2D", 5, 7, 2, padding="same"),
    "AveragePooling2D overlapping": pool("AveragePooling2D", 6, 7, 2, pool_size=3, strides=(2, 1)),
    "AveragePooling2D overlapping same": pool(
        "AveragePooling2D", 6, 5, 2, pool_size=(3, 2), strides=2, padding="same"
    ),
    "AveragePooling2D channels_first": pool(
        "AveragePooling2D", 2, 4, 6, data_format="channels_first", **ONLY_NHWC
    ),
    "GlobalAveragePooling2D": pool("GlobalAveragePooling2D", 3, 4, 2),
    "GlobalAveragePooling2D channels_first": pool(
        "GlobalAveragePooling2D", 2, 3, 4, data_format="channels_first"
    ),
    "GlobalMaxPooling2D": pool("GlobalMaxPooling2D", 3, 4, 2),
    "GlobalMaxPooling2D channels_first": pool(
        "GlobalMaxPooling2D", 2, 3, 4, data_format="channels_first"
    ),
    "BatchNormalization": normalization(3),
    "BatchNormalization rank 4": normalization(2, 3, 2),
    "BatchNormalization axis 1": normalization(3, 2, 2, axis=1),
    "BatchNormalization axis 2": normalization(2, 3, axis=2),
    "BatchNormalization no scale": normalization(3, scale=False, epsilon=1e-5),
    "BatchNormalization no center": normalization(3, center=False),
    "BatchNormalization bare": normalization(3, scale=False, center=False),
    "BatchNormalization steps": steps(),
    "BatchNormalization steps rank 3": steps(shape=(3, 2)),
    "BatchNormalization steps rank 4": steps(shape=(2, 3, 2)),
    "BatchNormalization steps axis 1": steps(shape=(3, 2), axis=1),
    "BatchNormalization frozen": Case(
        batch_normalization_frozen,
        judges=[Judge(KERAS, "tf_keras runs a frozen BatchNormalization in inference mode")],
    ),
}
