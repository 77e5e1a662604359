"""The backend's functions: values, static shapes, gradients."""

import functools

import numpy as np

from . import KERAS, Case, Tolerance
from .layers import as_lists
from .support import array, compute, compute_named, normal, one_hot, softmax, uniform, weighted_sum

# --- routine --------------------------------------------------------------------------------------


def group(keras, random, rows, arrays, gradients=True):
    """Expressions of the same arrays: each row is a name and a function of (K, *placeholders)."""
    K = keras.backend
    values = arrays(random)
    symbols = [K.placeholder(shape=value.shape) for value in values]
    outputs, results = {}, {}
    for name, expression in rows.items():
        y = expression(K, *symbols)
        outputs[name] = y
        results[name + " shape"] = as_lists(K.int_shape(y))
        if gradients:
            sizes = K.int_shape(y)
            total = weighted_sum(keras, y * y, uniform(random, 0.5, 1.5, *sizes))
            found = K.gradients(total, symbols[0])[0]
            if found is not None:
                found = K.reshape(found, values[0].shape)  # a gather's comes as slices
                outputs[name + " gradient"] = found
    results.update(compute_named(keras, list(zip(symbols, values)), outputs))
    return results


def matrix(random):
    return [normal(random, 3, 4)]


def positive(random):
    return [uniform(random, 0.2, 3, 3, 4)]


def pair(random):
    return [normal(random, 3, 4), uniform(random, 0.5, 2, 3, 4)]


def cube(random):
    return [normal(random, 2, 3, 4)]


def picture(random):
    return [normal(random, 2, 4, 5, 3)]


def integers(random):
    return [array(random.randint(-3, 4, size=(3, 4))), array(random.randint(-3, 4, size=(3, 4)))]


GROUPS = {
    "elementwise": (matrix, {
        "abs": lambda K, x: K.abs(x),
        "square": lambda K, x: K.square(x),
        "exp": lambda K, x: K.exp(x),
        "sin": lambda K, x: K.sin(x),
        "cos": lambda K, x: K.cos(x),
        "sign": lambda K, x: K.sign(x) * x,
        "clip": lambda K, x: K.clip(x, -0.5, 0.7),
        "pow": lambda K, x: K.pow(x, 3),
        "relu": lambda K, x: K.relu(x, alpha=0.1, max_value=1.0, threshold=0.2),
        "elu": lambda K, x: K.elu(x, alpha=0.7),
        "sigmoid": lambda K, x: K.sigmoid(x),
        "hard_sigmoid": lambda K, x: K.hard_sigmoid(3 * x),
        "tanh": lambda K, x: K.tanh(x),
        "softplus": lambda K, x: K.softplus(x),
        "softsign": lambda K, x: K.softsign(x),
        "softmax": lambda K, x: K.softmax(x),
        "softmax axis 0": lambda K, x: K.softmax(x, axis=0),
        "l2_normalize": lambda K, x: K.l2_normalize(x, axis=-1),
        "stop_gradient": lambda K, x: x * K.stop_gradient(x),
    }),
    "positive": (positive, {
        "log": lambda K, x: K.log(x),
        "sqrt": lambda K, x: K.sqrt(x),
        "pow half": lambda K, x: K.pow(x, 0.5),
        "sqrt of less": lambda K, x: K.sqrt(x - 1.0),
    }),
    "rounding": (lambda random: [array([[-2.5, -1.5, -0.5, 0.5], [1.5, 2.5, 0.49, -0.51]])], {
        "round": lambda K, x: x + K.round(x),
        "cast": lambda K, x: x + K.cast(K.cast(x, "int32"), "float32"),
    }),
    "zeros": (lambda random: [array([[0.0, 0.0, 1.0], [2.0, 0.0, -1.0]])], {
        "abs": lambda K, x: x + K.abs(x),
        "relu": lambda K, x: x + K.relu(x),
        "sign": lambda K, x: x + K.sign(x),
        "elu": lambda K, x: 1 + K.elu(x),
        "softsign": lambda K, x: 1 + K.softsign(x),
        "softplus": lambda K, x: K.softplus(x),
        "maximum": lambda K, x: 1 + K.maximum(x, 0.0),
        "minimum": lambda K, x: 1 + K.minimum(x, 0.0 * x),
        "maximum of equals": lambda K, x: 1 + K.maximum(2 * x, 2 * x + 0.0),
        "clip": lambda K, x: 1 + K.clip(x, 0.0, 1.0),
        "pow": lambda K, x: 1 + K.pow(x, 2),
        "l2_normalize": lambda K, x: 1 + K.l2_normalize(0.0 * x, axis=-1),
        "logits": lambda K, x: K.binary_crossentropy(K.ones_like(x), x, from_logits=True),
    }),
    "ties": (lambda random: [array([[1.0, 1.0, 0.0, 1.0], [2.0, 2.0, 2.0, 2.0]])], {
        "max": lambda K, x: K.max(x, axis=1),
        "min": lambda K, x: K.min(x, axis=1),
        "max of all": lambda K, x: K.max(x),
        "argmax": lambda K, x: K.cast(K.argmax(x), "float32") * x[:, 0],
        "logsumexp": lambda K, x: K.log(K.sum(K.exp(x), axis=1)),
    }),
    "two arguments": (pair, {
        "add": lambda K, x, y: x + y,
        "subtract": lambda K, x, y: x - y,
        "multiply": lambda K, x, y: x * y,
        "divide": lambda K, x, y: x / y,
        "power": lambda K, x, y: y**x,
        "floor divide": lambda K, x, y: x * (x // y),
        "modulo": lambda K, x, y: x % y,
        "negate": lambda K, x, y: -x,
        "absolute": lambda K, x, y: abs(x),
        "reversed": lambda K, x, y: 2.0 - 3.0 / (x + 5.0),
        "maximum": lambda K, x, y: K.maximum(x, y),
        "minimum": lambda K, x, y: K.minimum(x, y),
        "matmul": lambda K, x, y: x @ K.transpose(y),
    }),
    "indexing": (cube, {
        "one": lambda K, x: x[0],
        "slice": lambda K, x: x[:, 1:],
        "steps": lambda K, x: x[:, ::2, 1],
        "negative": lambda K, x: x[:, -1, ::-1],
        "new axis": lambda K, x: x[:, None, 0],
        "ellipsis": lambda K, x: x[..., :2],
        "gather": lambda K, x: K.gather(x, K.constant([1, 0, 1], dtype="int32")),
        "reverse": lambda K, x: K.reverse(x, 1),
        "reverse two": lambda K, x: K.reverse(x, [0, 2]),
    }),
    "reductions": (cube, {
        "sum": lambda K, x: K.sum(x),
        "sum axis": lambda K, x: K.sum(x, axis=1),
        "sum axes keepdims": lambda K, x: K.sum(x, axis=[0, 2], keepdims=True),
        "mean": lambda K, x: K.mean(x, axis=-1),
        "mean keepdims": lambda K, x: K.mean(x, axis=1, keepdims=True),
        "prod": lambda K, x: K.prod(x, axis=2),
        "max": lambda K, x: K.max(x, axis=1),
        "min": lambda K, x: K.min(x, axis=[1, 2]),
        "std": lambda K, x: K.std(x, axis=2),
        "var": lambda K, x: K.var(x, axis=0, keepdims=True),
        "cumsum": lambda K, x: K.cumsum(x, axis=1),
        "cumprod": lambda K, x: K.cumprod(x, axis=2),
        "batch_flatten": lambda K, x: K.batch_flatten(x),
        "flatten": lambda K, x: K.flatten(x),
    }),
    "logsumexp": (cube, {
        "logsumexp": lambda K, x: K.logsumexp(x, axis=-1),
        "logsumexp far": lambda K, x: K.logsumexp(x + 1000.0, axis=-1, keepdims=True),
        "logsumexp all": lambda K, x: K.logsumexp(x),
    }),
    "shapes": (cube, {
        "reshape": lambda K, x: K.reshape(x, (4, 6)),
        "reshape unknown": lambda K, x: K.reshape(x, (-1, 2)),
        "permute": lambda K, x: K.permute_dimensions(x, (2, 0, 1)),
        "transpose": lambda K, x: K.transpose(x),
        "expand_dims": lambda K, x: K.expand_dims(x, 1),
        "expand_dims last": lambda K, x: K.expand_dims(x),
        "squeeze": lambda K, x: K.squeeze(K.expand_dims(x, 2), 2),
        "repeat_elements": lambda K, x: K.repeat_elements(x, 2, axis=1),
        "tile": lambda K, x: K.tile(x, [1, 2, 1]),
        "concatenate": lambda K, x: K.concatenate([x, 2 * x], axis=1),
        "stack": lambda K, x: K.stack([x, -x], axis=1),
        "temporal_padding": lambda K, x: K.temporal_padding(x, (1, 2)),
        "ones_like": lambda K, x: K.ones_like(x) * x,
        "zeros_like": lambda K, x: K.zeros_like(x) + x,
    }),
    "slice": (cube, {"K.slice": lambda K, x: K.slice(x, [0, 1, 1], [2, 2, 2])}),
    "repeat": (matrix, {"repeat": lambda K, x: K.repeat(x, 3)}),
    "pictures": (picture, {
        "spatial_2d_padding": lambda K, x: K.spatial_2d_padding(x, ((1, 2), (0, 1))),
        "resize_images": lambda K, x: K.resize_images(x, 2, 3, "channels_last"),
        "bias_add": lambda K, x: K.bias_add(x, K.constant([1.0, 2.0, 3.0])),
        "pool2d max": lambda K, x: K.pool2d(x, (2, 2), strides=(2, 2), pool_mode="max"),
        "pool2d avg": lambda K, x: K.pool2d(x, (3, 2), padding="same", pool_mode="avg"),
        "batch_normalization": lambda K, x: K.batch_normalization(
            x, K.constant([0.1, 0.2, 0.3]), K.constant([1.0, 2.0, 0.5]),
            K.constant([0.5, -0.5, 0.0]), K.constant([1.0, 1.5, 2.0]), epsilon=0.01,
        ),
    }),
}  # fmt: skip

TRUTHS = {
    "equal": lambda K, x, y: K.equal(x, y),
    "not_equal": lambda K, x, y: K.not_equal(x, y),
    "greater": lambda K, x, y: K.greater(x, y),
    "greater_equal": lambda K, x, y: K.greater_equal(x, y),
    "less": lambda K, x, y: K.less(x, y),
    "less_equal": lambda K, x, y: K.less_equal(x, y),
    "operators": lambda K, x, y: (x > y) & (x < 2.0),
    "any": lambda K, x, y: K.any(K.equal(x, y), axis=1),
    "all": lambda K, x, y: K.all(K.less(x, y + 3.0), axis=0, keepdims=True),
    "any all": lambda K, x, y: K.any(K.equal(x, y)),
    "argmax": lambda K, x, y: K.argmax(x),
    "argmax axis": lambda K, x, y: K.argmax(x, axis=0),
    "argmin": lambda K, x, y: K.argmin(x, axis=1),
    "shape": lambda K, x, y: K.shape(x),
    "cast": lambda K, x, y: K.cast(x, "int32"),
}


# --- products -------------------------------------------------------------------------------------


def product(keras, random, call, shapes):
    """A product of two arrays, its static shape, and both gradients."""
    K = keras.backend
    values = [normal(random, *shape) for shape in shapes]
    x, y = (K.placeholder(shape=shape) for shape in shapes)
    z = call(K, x, y)
    gradients = K.gradients(K.sum(z * z), [x, y])
    outputs = {"value": z, "gradient x": gradients[0], "gradient y": gradients[1]}
    results = compute_named(keras, [(x, values[0]), (y, values[1])], outputs)
    results["shape"] = as_lists(K.int_shape(z))
    return results


DOTS = {
    "2 2": ((2, 3), (3, 4)),
    "3 2": ((2, 5, 3), (3, 4)),
    "4 2": ((2, 2, 3, 3), (3, 4)),
    "2 3": ((2, 3), (4, 3, 2)),
    "3 3": ((2, 5, 3), (4, 3, 2)),
}
BATCH_DOTS = {
    "2 2": ((3, 4), (3, 4), 1),
    "3 3": ((3, 2, 4), (3, 4, 5), (2, 1)),
    "3 3 none": ((3, 2, 4), (3, 4, 5), None),
    "3 3 other axes": ((3, 4, 2), (3, 5, 4), (1, 2)),
    "3 2": ((3, 4, 2), (3, 4), (1, 1)),
    "2 3": ((3, 4), (3, 2, 4), (1, 2)),
    "3 3 one axis": ((3, 2, 4), (3, 5, 4), 2),
    "4 4": ((2, 3, 4, 5), (2, 3, 5, 4), (3, 2)),
    "4 3": ((2, 3, 4, 5), (2, 5, 4), (3, 1)),
}


# --- cases of their own ---------------------------------------------------------------------------


def truths(keras, random):
    """Comparisons and what they return: truths, and integers."""
    K = keras.backend
    values = integers(random)
    x, y = (K.placeholder(shape=value.shape) for value in values)
    outputs = {name: expression(K, x, y) for name, expression in TRUTHS.items()}
    feeds = [(x, values[0]), (y, values[1])]
    results = compute_named(keras, feeds, outputs)
    results["dtypes"] = [K.dtype(outputs[name]) for name in ("equal", "cast")]
    return results


def switch(keras, random):
    """K.switch with a scalar and with an array of truths, of tensors and of functions."""
    K = keras.backend
    x = K.placeholder(shape=(3, 4))
    flag = K.placeholder(shape=())
    outputs = {
        "scalar": K.switch(K.greater(flag, 0.0), lambda: x * 2, lambda: x - 1),
        "tensors": K.switch(K.greater(flag, 5.0), x * 2, x - 1),
        "elements": K.switch(K.greater(x, 0.0), x, 3 * x),
    }
    outputs["gradient"] = K.gradients(K.sum(outputs["elements"]), [x])[0]
    feeds = [(x, normal(random, 3, 4)), (flag, array(1.0))]
    return compute_named(keras, feeds, outputs)


def switch_rows(keras, random):
    """K.switch with fewer truths than elements: one for each row."""
    K = keras.backend
    x, rows = K.placeholder(shape=(3, 4)), K.placeholder(shape=(3,))
    y = K.switch(K.greater(rows, 0.0), x, K.zeros_like(x))
    return compute_named(keras, [(x, normal(random, 3, 4)), (rows, array([1, -1, 1]))], {"y": y})


def phases(keras, random):
    """in_train_phase and in_test_phase by the learning phase, and by `training`."""
    K = keras.backend
    x = K.placeholder(shape=(2, 3))
    values = normal(random, 2, 3)
    outputs = {
        "train": K.in_train_phase(x * 2, x + 1),
        "test": K.in_test_phase(x * 2, x + 1),
        "functions": K.in_train_phase(lambda: x * 3, lambda: x),
        "training": K.in_train_phase(x * 5, x + 1, training=1),
        "not training": K.in_train_phase(x * 5, x + 1, training=0),
    }
    results = {}
    for phase in (0, 1):
        found = compute_named(keras, [(x, values)], outputs, training=phase)
        results.update({f"{name} {phase}": value for name, value in found.items()})
    return results


def one_hots(keras, random):
    K = keras.backend
    x = K.placeholder(shape=(2, 3), dtype="int32")
    values = np.array([[0, 2, 1], [3, 4, -1]], "int32")
    outputs = {"one_hot": K.one_hot(x, 4)}
    predictions = K.placeholder(shape=(3, 4))
    targets = K.placeholder(shape=(3,), dtype="int32")
    outputs["in_top_k"] = K.in_top_k(predictions, targets, 2)
    feeds = [
        (x, values),
        (predictions, array(random.permutation(12).reshape(3, 4))),
        (targets, np.array([0, 3, 1], "int32")),
    ]
    return compute_named(keras, feeds, outputs)


def made(keras, random):
    """Constants and variables: values, dtypes, shapes."""
    K = keras.backend
    results = {
        "zeros": K.eval(K.zeros((2, 3))),
        "ones": K.eval(K.ones((2,), dtype="float32")),
        "eye": K.eval(K.eye(3)),
        "constant": K.eval(K.constant([[1, 2], [3, 4]])),
        "constant filled": K.eval(K.constant(2.5, shape=(2, 2))),
        "arange": K.eval(K.arange(5)),
        "arange steps": K.eval(K.arange(1, 10, 3)),
        "arange float": K.eval(K.arange(0, 1, 0.25, dtype="float32")),
        "variable": K.get_value(K.variable(normal(random, 2, 2))),
        "variable int": K.get_value(K.variable(3, dtype="int32")),
        "variable float64": K.get_value(K.variable(np.float64(0.1), dtype="float64")),
        "cast_to_floatx": K.cast_to_floatx(np.array([1, 2], "int64")),
        "count_params": int(K.count_params(K.zeros((2, 3)))),
    }
    variable = K.variable(np.zeros((2, 3)), name="v")
    results["facts"] = [
        K.ndim(variable), as_lists(K.int_shape(variable)), K.dtype(variable), K.floatx(),
        K.epsilon(), K.image_data_format(),
    ]  # fmt: skip
    K.set_value(variable, np.ones((2, 3)))
    results["set"] = K.get_value(variable)
    K.batch_set_value([(variable, np.full((2, 3), 4.0))])
    results["batch"] = K.batch_get_value([variable])[0]
    return results


def updates(keras, random):
    """K.function with updates: old values out, new values after."""
    K = keras.backend
    total, count = K.variable(np.zeros(3)), K.variable(0.0)
    x = K.placeholder(shape=(None, 3))
    mean = K.mean(x, axis=0)
    step = K.function(
        [x], [mean * 2], updates=[K.update_add(total, mean), K.update_add(count, 1.0)]
    )
    less = K.function([x], [mean], updates=[K.update_sub(total, 0.5 * mean), K.update(count, -1.0)])
    results = {}
    for index in range(3):
        results[f"out {index}"] = step([normal(random, 2, 3)])[0]
    results["total"], results["count"] = K.get_value(total), K.get_value(count)
    less([normal(random, 4, 3)])
    results["total then"], results["count then"] = K.get_value(total), K.get_value(count)
    average = K.variable(np.ones(3))
    moved = K.function(
        [x], [K.sum(x)], updates=[K.moving_average_update(average, K.mean(x, axis=0), 0.9)]
    )
    moved([normal(random, 2, 3)])
    results["average"] = K.get_value(average)
    return results


def second_order(keras, random):
    """Gradients of gradients: a penalty on the gradient's norm, through layers."""
    K, L = keras.backend, keras.layers
    x = L.Input((3,))
    first, second = L.Dense(4, activation="tanh"), L.Dense(1)
    y = second(first(x))
    for layer in (first, second):
        layer.set_weights([normal(random, *weight.shape) for weight in layer.get_weights()])
    gradient = K.gradients(y, [x])[0]
    penalty = K.mean(K.square(K.sqrt(K.sum(K.square(gradient), axis=1)) - 1.0))
    weights = [first.kernel, first.bias, second.kernel]
    outputs = {"gradient": gradient, "penalty": penalty}
    for index, value in enumerate(K.gradients(penalty, weights + [x])):
        outputs[f"second {index}"] = value
    z = K.placeholder(shape=(4,))
    once = K.gradients(K.sum(K.exp(z) * z), [z])[0]
    twice = K.gradients(K.sum(once), [z])[0]
    outputs["twice"] = twice
    outputs["thrice"] = K.gradients(K.sum(twice), [z])[0]
    feeds = [(x, normal(random, 5, 3)), (z, normal(random, 4))]
    return compute_named(keras, feeds, outputs)


def gradients_of(keras, random):
    """K.gradients: of a list, with respect to variables and to tensors in the middle; None."""
    K = keras.backend
    x = K.placeholder(shape=(2, 3))
    w, unused = K.variable(normal(random, 3, 2)), K.variable(normal(random, 2))
    hidden = K.tanh(K.dot(x, w))
    loss = K.sum(hidden * hidden) + K.sum(w)
    found = K.gradients(loss, [w, hidden, x, unused])
    outputs = {"w": found[0], "hidden": found[1], "x": found[2]}
    results = compute_named(keras, [(x, normal(random, 2, 3))], outputs)
    results["unused"] = found[3] is None
    return results


def convolution(keras, random, call, shapes):
    K = keras.backend
    values = [normal(random, *shape) for shape in shapes]
    x, kernel = (K.placeholder(shape=shape) for shape in shapes)
    y = call(K, x, kernel)
    gradients = K.gradients(K.sum(y * y), [x, kernel])
    outputs = {"value": y, "gradient x": gradients[0], "gradient kernel": gradients[1]}
    results = compute_named(keras, [(x, values[0]), (kernel, values[1])], outputs)
    results["shape"] = as_lists(K.int_shape(y))
    return results


CONVOLUTIONS = {
    "conv2d": (lambda K, x, k: K.conv2d(x, k), ((2, 5, 6, 2), (3, 2, 2, 3))),
    "conv2d same": (
        lambda K, x, k: K.conv2d(x, k, strides=(2, 1), padding="same"),
        ((2, 5, 6, 2), (3, 2, 2, 3)),
    ),
    "conv2d dilated": (
        lambda K, x, k: K.conv2d(x, k, dilation_rate=(2, 2)), ((2, 7, 7, 2), (3, 2, 2, 3)),
    ),
    "conv1d": (lambda K, x, k: K.conv1d(x, k, strides=2), ((2, 7, 2), (3, 2, 4))),
    "conv1d causal": (
        lambda K, x, k: K.conv1d(x, k, padding="causal", dilation_rate=2), ((2, 7, 2), (3, 2, 4)),
    ),
}  # fmt: skip


def crossentropies(keras, random):
    """The backend's three losses: probabilities and logits."""
    K = keras.backend
    logits, targets = normal(random, 4, 3) * 2, one_hot(random.randint(0, 3, size=4), 3)
    t, p, z = (K.placeholder(shape=(4, 3)) for _ in range(3))
    labels = K.placeholder(shape=(4,))
    outputs = {
        "categorical": K.categorical_crossentropy(t, p),
        "categorical logits": K.categorical_crossentropy(t, z, from_logits=True),
        "sparse": K.sparse_categorical_crossentropy(labels, p),
        "sparse logits": K.sparse_categorical_crossentropy(labels, z, from_logits=True),
        "binary": K.binary_crossentropy(t, p),
        "binary logits": K.binary_crossentropy(t, z, from_logits=True),
    }
    for name in list(outputs):
        source = z if "logits" in name else p
        outputs[name + " gradient"] = K.gradients(K.sum(outputs[name]), [source])[0]
    feeds = [(t, targets), (p, softmax(logits)), (z, logits), (labels, array(targets.argmax(1)))]
    return compute_named(keras, feeds, outputs)


def normalized(keras, random):
    """normalize_batch_in_training: outputs, mean and variance."""
    K = keras.backend
    results = {}
    for shape, axes in (((5, 3), [0]), ((2, 4, 3), [0, 1]), ((2, 3, 4), [0, 2])):
        x = K.placeholder(shape=shape)
        size = [1] * len(shape)
        (axis,) = set(range(len(shape))) - set(axes)
        size = shape[axis]
        gamma, beta = K.constant(uniform(random, 0.5, 1.5, size)), K.constant(normal(random, size))
        found = K.normalize_batch_in_training(x, gamma, beta, axes, epsilon=0.01)
        outputs = dict(zip(("y", "mean", "variance"), found))
        values = compute_named(keras, [(x, normal(random, *shape) * 2 + 1)], outputs)
        results.update({f"{shape} {name}": value for name, value in values.items()})
    return results


def recurrence(keras, random, masked=False, **options):
    """K.rnn with a step of our own; constants, masks, directions."""
    K = keras.backend
    x, state = K.placeholder(shape=(2, 4, 3)), K.placeholder(shape=(2, 3))
    factor = K.constant(array([0.5, -0.5, 1.0]))

    def step(inputs, states):
        output = K.tanh(inputs + 0.5 * states[0] * states[1])
        return output, [output]

    mask = None
    if masked:
        mask = K.constant(array([[1, 1, 0, 1], [0, 1, 1, 0]]))
        mask = K.cast(mask, "bool")
    last, outputs, states = K.rnn(step, x, [state], constants=[factor], mask=mask, **options)
    feeds = [(x, normal(random, 2, 4, 3)), (state, normal(random, 2, 3))]
    named = {"last": last, "outputs": outputs, "state": states[0]}
    named["gradient"], named["gradient state"] = K.gradients(K.sum(last * last), [x, state])
    return compute_named(keras, feeds, named)


def folds(keras, random):
    """map_fn, foldl and foldr."""
    K = keras.backend
    x = K.placeholder(shape=(4, 3))
    outputs = {
        "map_fn": K.map_fn(lambda row: K.sum(row) * row, x),
        "foldl": K.foldl(lambda total, row: 0.5 * total + row, x),
        "foldr": K.foldr(lambda total, row: 0.5 * total + row, x),
    }
    return compute_named(keras, [(x, normal(random, 4, 3))], outputs)


def random_functions(keras, random):
    """Random tensors: moments and bounds, in truths; a new draw with every call."""
    K = keras.backend
    shape = (200, 100)
    outputs = [
        K.random_normal(shape, mean=1.0, stddev=2.0),
        K.random_uniform(shape, minval=-1.0, maxval=3.0),
        K.random_binomial(shape, p=0.3),
        K.truncated_normal(shape, mean=1.0, stddev=0.5),
        K.dropout(K.ones(shape), 0.25),
    ]
    draw = K.function([], outputs)
    first, second = draw([]), draw([])
    normals, uniforms, binomials, truncated, dropped = first
    return {
        "normal": bool(abs(normals.mean() - 1) < 0.06 and abs(normals.std() - 2) < 0.05),
        "uniform": bool(abs(uniforms.mean() - 1) < 0.04 and uniforms.min() >= -1),
        "uniform deviation": bool(abs(uniforms.std() - 4 / np.sqrt(12)) < 0.03),
        "binomial": bool(
            set(np.unique(binomials)) == {0, 1} and abs(binomials.mean() - 0.3) < 0.02
        ),
        "truncated": bool(truncated.min() > 0 and truncated.max() < 2),
        "truncated mean": bool(abs(truncated.mean() - 1) < 0.02),
        "dropout": bool(
            abs((dropped == 0).mean() - 0.25) < 0.02 and np.isclose(dropped.max(), 4 / 3)
        ),
        "new every time": [bool((a != b).any()) for a, b in zip(first, second)],
        "seeded": bool(
            np.array_equal(
                K.eval(K.random_normal((5,), seed=3)), K.eval(K.random_normal((5,), seed=3))
            )
        ),
        "variable": bool(
            abs(K.get_value(K.random_normal_variable(shape, 1.0, 0.5)).std() - 0.5) < 0.02
        ),
    }


def feeding(keras, random):
    """K.function: one output, several, an input that is itself an output's source."""
    K = keras.backend
    x, y = K.placeholder(shape=(None, 2)), K.placeholder(ndim=2)
    hidden = x * 2
    out = hidden + y
    both = K.function([x, y], [out, hidden])
    values = [normal(random, 3, 2), normal(random, 3, 2)]
    results = dict(zip(("out", "hidden"), both(values)))
    results["fed in the middle"] = K.function([hidden, y], [out])(values)[0]
    results["other batch"] = both([value[:1] for value in values])[0]
    results["shapes"] = [as_lists(K.int_shape(x)), as_lists(K.int_shape(y))]
    return results


def fixed_batch(keras, random):
    """Noise of a fixed batch size meets a tensor whose batch size is unknown."""
    K, L = keras.backend, keras.layers
    x = L.Input((3,))
    noise = K.constant(normal(random, 4, 3))
    y = L.Lambda(lambda x: x + K.exp(0.5 * x) * noise, output_shape=(3,))(x)
    total = K.sum(y * K.constant(normal(random, 4, 3)))
    outputs = {"y": y, "gradient": K.gradients(total, [x])[0]}
    values = normal(random, 4, 3)
    results = compute_named(keras, [(x, values)], outputs)
    z = K.placeholder(shape=(None, None))
    results["product"] = compute(keras, [(z, values)], [z * noise + K.sum(z, axis=0)])[0]
    z = K.placeholder(shape=(None, 3))
    random_noise = z + 0 * K.random_normal((4, 3))
    results["random"] = compute(keras, [(z, values)], [random_noise])[0]
    return results


def keras_names(keras, random):
    """Facts about tensors: what is a Keras tensor, a placeholder, how uids count."""
    K = keras.backend
    K.reset_uids()
    x = keras.layers.Input((2,))
    plain = K.placeholder(shape=(2, 2))
    return {
        "keras tensor": [K.is_keras_tensor(x), K.is_keras_tensor(keras.layers.Dense(1)(x))],
        "uids": [K.get_uid("test"), K.get_uid("test"), K.get_uid("other")],
        "int_shape": [as_lists(K.int_shape(x)), as_lists(K.int_shape(plain))],
        "ndim": [K.ndim(x), K.ndim(plain)],
        "dtype": [K.dtype(x), K.dtype(plain)],
        "backend": K.backend(),
    }


def float64(keras, random):
    """set_floatx("float64"): variables, layers and results compute in it."""
    K = keras.backend
    try:
        K.set_floatx("float64")
        x = keras.layers.Input((3,))
        layer = keras.layers.Dense(2, activation="tanh")
        y = layer(x)
        layer.set_weights([random.normal(size=(3, 2)), random.normal(size=(2,))])
        values = random.normal(size=(2, 3))
        found = compute(keras, [(x, values)], [y, K.gradients(K.sum(y * y), [x])[0]])
        return {
            "y": found[0],
            "gradient": found[1],
            "dtypes": [K.dtype(y), found[0].dtype.name, K.dtype(K.variable(1.0))],
        }
    finally:
        K.set_floatx("float32")


ONLY = {
    "slice": "tf_keras does not export slice",
    "switch rows": "tf_keras does not broadcast the truths from the left",
    "logsumexp": "tf_keras does not export logsumexp",
    "keras tensors": "tf_keras names and counts in its own way",
}
CANCELS = Tolerance(1e-5, 5e-6, "the penalty's `norm - 1` cancels", "second *")
DOUBLE = Tolerance(1e-12, 1e-14, "float64 throughout", "*")


def table():
    rows = {}
    for name, (arrays, expressions) in GROUPS.items():
        rows[name] = functools.partial(group, rows=expressions, arrays=arrays)
    rows["truths"] = truths
    for name, shapes in DOTS.items():
        rows["dot " + name] = functools.partial(
            product, call=lambda K, x, y: K.dot(x, y), shapes=shapes
        )
    for name, (first, second, axes) in BATCH_DOTS.items():
        rows["batch_dot " + name] = functools.partial(
            product, call=functools.partial(batch_dot, axes=axes), shapes=(first, second)
        )
    for name, (call, shapes) in CONVOLUTIONS.items():
        rows[name] = functools.partial(convolution, call=call, shapes=shapes)
    rows["switch"] = switch
    rows["switch rows"] = switch_rows
    rows["phases"] = phases
    rows["one_hot"] = one_hots
    rows["made"] = made
    rows["updates"] = updates
    rows["second order"] = second_order
    rows["gradients"] = gradients_of
    rows["crossentropies"] = crossentropies
    rows["normalize_batch_in_training"] = normalized
    rows["rnn"] = recurrence
    rows["rnn backwards"] = functools.partial(recurrence, go_backwards=True)
    rows["rnn unrolled"] = functools.partial(recurrence, unroll=True, input_length=4)
    rows["rnn masked"] = functools.partial(recurrence, masked=True)
    rows["rnn masked unrolled"] = functools.partial(
        recurrence, masked=True, unroll=True, input_length=4
    )
    rows["rnn masked backwards"] = functools.partial(recurrence, masked=True, go_backwards=True)
    rows["folds"] = folds
    rows["random"] = random_functions
    rows["K.function"] = feeding
    rows["fixed batch"] = fixed_batch
    rows["keras tensors"] = keras_names
    rows = {
        name: Case(run, oracles=(KERAS,), why=ONLY[name]) if name in ONLY else Case(run)
        for name, run in rows.items()
    }
    rows["second order"] = Case(second_order, tolerances=[CANCELS])
    rows["float64"] = Case(float64, tolerances=[DOUBLE])
    return rows


def batch_dot(K, x, y, axes):
    return K.batch_dot(x, y, axes=axes)


CASES = table()
