"""Losses: every function and class, values and gradients."""

import functools

import numpy as np

from . import KERAS, Case, Judge
from .support import array, compute_named, named, normal, one_hot, softmax, uniform, weighted_sum

REDUCTIONS = ("sum_over_batch_size", "sum", "none")


# --- data: (targets, predictions) of a shape whose last axis is the classes -----------------------


def real(random, shape):
    return normal(random, *shape), normal(random, *shape)


def positive(random, shape):
    return uniform(random, 0.1, 3, *shape), uniform(random, 0.1, 3, *shape)


def signs(random, shape):
    return array(random.choice([-1.0, 1.0], size=shape)), normal(random, *shape)


def zeros_and_ones(random, shape):
    return array(random.randint(0, 2, size=shape)), normal(random, *shape)


def bits(random, shape):
    return array(random.randint(0, 2, size=shape)), uniform(random, 0.05, 0.95, *shape)


def bits_and_logits(random, shape):
    return array(random.randint(0, 2, size=shape)), normal(random, *shape) * 3


def classes(random, shape):
    indices = random.randint(0, shape[-1], size=shape[:-1])
    return one_hot(indices, shape[-1]), softmax(normal(random, *shape))


def classes_and_logits(random, shape):
    indices = random.randint(0, shape[-1], size=shape[:-1])
    return one_hot(indices, shape[-1]), normal(random, *shape) * 3


def distributions(random, shape):
    return softmax(normal(random, *shape)), softmax(normal(random, *shape))


def labels(random, shape):
    indices = random.randint(0, shape[-1], size=shape[:-1])
    return array(indices), softmax(normal(random, *shape))


def labels_and_logits(random, shape):
    indices = random.randint(0, shape[-1], size=shape[:-1])
    return array(indices), normal(random, *shape) * 3


# --- routines -------------------------------------------------------------------------------------


def placeholders(keras, targets, predictions):
    K = keras.backend
    return K.placeholder(shape=targets.shape), K.placeholder(shape=predictions.shape)


def add(keras, random, outputs, name, value, predictions):
    """Adds the symbolic `value` and its gradient with respect to the predictions."""
    K = keras.backend
    shape = K.int_shape(value)
    outputs[name] = value
    coefficients = uniform(random, 0.5, 1.5, *shape)
    gradient = K.gradients(weighted_sum(keras, value, coefficients), [predictions])[0]
    outputs[name + ":gradient"] = gradient


def function(keras, random, name, data, variants=({},)):
    """A loss function on (batch, classes) and on (batch, time, classes)."""
    loss = named(keras.losses, name)
    outputs, feeds = {}, []
    for shape in ((4, 3), (2, 3, 4)):
        values = data(random, shape)
        targets, predictions = placeholders(keras, *values)
        feeds += [(targets, values[0]), (predictions, values[1])]
        for options in variants:
            words = "".join(" {}={}".format(*pair) for pair in sorted(options.items()))
            label = "rank{}{}".format(len(shape), words)
            add(keras, random, outputs, label, loss(targets, predictions, **options), predictions)
    return compute_named(keras, feeds, outputs)


def class_(keras, random, name, data, variants=({},)):
    """A loss class: its reductions, with sample weights of every form."""
    loss = getattr(keras.losses, name)
    outputs, feeds = {}, []
    weights = {"unweighted": None, "scalar": 2.5, "vector": array([0.5, 2.0, 0.0, 1.5])}
    values = data(random, (4, 3))
    targets, predictions = placeholders(keras, *values)
    feeds += [(targets, values[0]), (predictions, values[1])]
    for options in variants:
        words = "".join(" {}={}".format(*pair) for pair in sorted(options.items()))
        for reduction in REDUCTIONS:
            instance = loss(reduction=reduction, **options)
            for kind, weight in weights.items():
                if weight is not None and not np.isscalar(weight):
                    weight = keras.backend.constant(weight)
                value = instance(targets, predictions, sample_weight=weight)
                outputs["{} {}{}".format(reduction, kind, words)] = value
        default = loss(**options)(targets, predictions)
        add(keras, random, outputs, "default" + words, default, predictions)
    # a weight for each step, and for each sample, of (batch, time, classes)
    values = data(random, (2, 3, 4))
    targets, predictions = placeholders(keras, *values)
    feeds += [(targets, values[0]), (predictions, values[1])]
    steps = keras.backend.constant(uniform(random, 0, 2, 2, 3))
    for reduction in REDUCTIONS:
        instance = loss(reduction=reduction, **variants[-1])
        outputs[reduction + " steps"] = instance(targets, predictions, sample_weight=steps)
    results = compute_named(keras, feeds, outputs)
    results["config"] = loss().get_config()
    results["name"] = loss().name
    return results


def edges(keras, random, name, targets, predictions, options=None):
    """A loss function where probabilities are 0 or 1, or where logits are far out."""
    values = array(targets), array(predictions)
    symbols = placeholders(keras, *values)
    outputs = {}
    value = named(keras.losses, name)(*symbols, **(options or {}))
    add(keras, random, outputs, "value", value, symbols[1])
    return compute_named(keras, zip(symbols, values), outputs)


def get_by_name(keras, random):
    """Every name and alias that `losses.get` knows finds the right function."""
    names = (
        "mse MSE mean_squared_error mae MAE mean_absolute_error mape MAPE "
        "mean_absolute_percentage_error msle MSLE mean_squared_logarithmic_error kld KLD "
        "kullback_leibler_divergence squared_hinge hinge categorical_hinge logcosh "
        "categorical_crossentropy sparse_categorical_crossentropy binary_crossentropy poisson"
    ).split()
    outputs, feeds = {}, []
    for name in names:
        data = labels if name.startswith("sparse") else distributions
        values = data(random, (2, 3))
        targets, predictions = placeholders(keras, *values)
        feeds += [(targets, values[0]), (predictions, values[1])]
        outputs[name] = keras.losses.get(name)(targets, predictions)
    results = compute_named(keras, feeds, outputs)
    results["serialized"] = keras.losses.serialize(keras.losses.mean_squared_error)
    results["none"] = keras.losses.get(None)
    return results


def get_cosine(keras, random):
    """Cosine similarity under its two names; as a loss it is negative."""
    values = real(random, (4, 3))
    targets, predictions = placeholders(keras, *values)
    outputs = {
        name: keras.losses.get(name)(targets, predictions)
        for name in ("cosine_proximity", "cosine_similarity")
    }
    return compute_named(keras, [(targets, values[0]), (predictions, values[1])], outputs)


def custom_class(keras, random):
    """A user's subclass of Loss: `call` written by hand, reduced by the base class."""

    class Cubed(keras.losses.Loss):
        def call(self, y_true, y_pred):
            K = keras.backend
            return K.mean(K.pow(K.abs(y_true - y_pred), 3), axis=-1)

    values = real(random, (4, 3))
    targets, predictions = placeholders(keras, *values)
    outputs = {}
    for reduction in REDUCTIONS:
        weight = keras.backend.constant(array([1, 0.5, 0, 2]))
        loss = Cubed(reduction=reduction, name="cubed")
        outputs[reduction] = loss(targets, predictions)
        outputs[reduction + " weighted"] = loss(targets, predictions, sample_weight=weight)
    return compute_named(keras, [(targets, values[0]), (predictions, values[1])], outputs)


LOGITS = ({"from_logits": True},)
SMOOTH = ({"label_smoothing": 0.2},)
BOTH = ({"from_logits": True, "label_smoothing": 0.2},)

# name of the case: name of the function, data, variants
FUNCTIONS = {
    "mean_squared_error": ("mean_squared_error", real),
    "mean_absolute_error": ("mean_absolute_error", real),
    "mean_absolute_percentage_error": ("mean_absolute_percentage_error", real),
    "mean_squared_logarithmic_error": ("mean_squared_logarithmic_error", positive),
    "squared_hinge": ("squared_hinge", signs),
    "squared_hinge bits": ("squared_hinge", zeros_and_ones),
    "hinge": ("hinge", signs),
    "hinge bits": ("hinge", zeros_and_ones),
    "categorical_hinge": ("categorical_hinge", classes),
    "logcosh": ("logcosh", real),
    "huber_loss": ("huber_loss", real, ({}, {"delta": 0.4})),
    "categorical_crossentropy": ("categorical_crossentropy", classes, ({},) + SMOOTH),
    "categorical_crossentropy soft": ("categorical_crossentropy", distributions),
    "categorical_crossentropy unnormalized": ("categorical_crossentropy", positive),
    "categorical_crossentropy logits": (
        "categorical_crossentropy",
        classes_and_logits,
        LOGITS + BOTH,
    ),
    "sparse_categorical_crossentropy": ("sparse_categorical_crossentropy", labels),
    "sparse_categorical_crossentropy logits": (
        "sparse_categorical_crossentropy",
        labels_and_logits,
        LOGITS,
    ),
    "binary_crossentropy": ("binary_crossentropy", bits, ({},) + SMOOTH),
    "binary_crossentropy logits": ("binary_crossentropy", bits_and_logits, LOGITS + BOTH),
    "kullback_leibler_divergence": ("kullback_leibler_divergence", distributions),
    "poisson": ("poisson", positive),
    "cosine_proximity": ("cosine_proximity", real),
}

CLASSES = {
    "MeanSquaredError": ("MeanSquaredError", real),
    "MeanAbsoluteError": ("MeanAbsoluteError", real),
    "MeanAbsolutePercentageError": ("MeanAbsolutePercentageError", real),
    "MeanSquaredLogarithmicError": ("MeanSquaredLogarithmicError", positive),
    "SquaredHinge": ("SquaredHinge", signs),
    "Hinge": ("Hinge", zeros_and_ones),
    "CategoricalHinge": ("CategoricalHinge", classes),
    "LogCosh": ("LogCosh", real),
    "Huber": ("Huber", real, ({}, {"delta": 0.3})),
    "CategoricalCrossentropy": ("CategoricalCrossentropy", classes, ({},) + SMOOTH),
    "CategoricalCrossentropy logits": (
        "CategoricalCrossentropy",
        classes_and_logits,
        LOGITS + BOTH,
    ),
    "SparseCategoricalCrossentropy": ("SparseCategoricalCrossentropy", labels),
    "SparseCategoricalCrossentropy logits": (
        "SparseCategoricalCrossentropy",
        labels_and_logits,
        LOGITS,
    ),
    "BinaryCrossentropy": ("BinaryCrossentropy", bits, ({},) + SMOOTH),
    "BinaryCrossentropy logits": ("BinaryCrossentropy", bits_and_logits, LOGITS + BOTH),
    "KLDivergence": ("KLDivergence", distributions),
    "Poisson": ("Poisson", positive),
}

HARD = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]
EXTREME = [[1, 0, 0], [0, 0, 1], [0.5, 0.5, 0], [1e-9, 1, 1e-9]]
FAR = [[100, -100, 0], [-80, 80, 0], [0, 0, 0], [1e-3, -1e-3, 200]]

EDGES = {
    "binary_crossentropy": ("binary_crossentropy", HARD, EXTREME),
    "binary_crossentropy logits": ("binary_crossentropy", HARD, FAR, {"from_logits": True}),
    "categorical_crossentropy": ("categorical_crossentropy", HARD, EXTREME),
    "categorical_crossentropy logits": (
        "categorical_crossentropy",
        HARD,
        FAR,
        {"from_logits": True},
    ),
    "sparse_categorical_crossentropy": (
        "sparse_categorical_crossentropy",
        [0, 1, 2, 1],
        EXTREME,
    ),
    "sparse_categorical_crossentropy column": (
        "sparse_categorical_crossentropy",
        [[0], [1], [2], [1]],
        EXTREME,
    ),
    "kullback_leibler_divergence": ("kullback_leibler_divergence", HARD, EXTREME),
    "poisson": ("poisson", HARD, EXTREME),
    "mean_absolute_percentage_error": (
        "mean_absolute_percentage_error",
        [[0, 1e-9, 1], [0, 0, 0]],
        [[1e-8, 0, 2], [0, 1, -1]],
    ),
    "mean_squared_logarithmic_error": (
        "mean_squared_logarithmic_error",
        [[0, -2, 1], [0, 3, 0]],
        [[-0.5, 0, 2], [-3, 1, -1]],
    ),
    "logcosh": ("logcosh", [[0, 0, 0], [1, 1, 1]], [[0, 60, -60], [1, 1.001, 500]]),
    "huber_loss": ("huber_loss", [[0, 0, 0], [0, 0, 0]], [[1, -1, 0], [0.999, 1.001, -9]]),
    "cosine_proximity": ("cosine_proximity", [[0, 0, 0], [1, 2, 2]], [[1, 0, 0], [3, 0, 4]]),
    "hinge": ("hinge", [[1, -1, 1], [0, 1, 1]], [[1, -1, 0], [0.5, 3, -3]]),
    "squared_hinge": ("squared_hinge", [[1, -1, 1], [0, 1, 1]], [[1, -1, 0], [0.5, 3, -3]]),
    "categorical_hinge": ("categorical_hinge", HARD[:2], [[0.2, 0.8, 0.1], [-1, 3, 0]]),
    "mean_absolute_error": ("mean_absolute_error", [[0, 1, 2]], [[0, 2, 1]]),
}

NAMES = Judge(KERAS, "tf_keras renamed it", "name")
HUBER = Judge(KERAS, "tf_keras' huber averages over the last axis, Keras 2.3.1's does not")
SMOOTH_RANK_3 = (
    "Keras 2.3.1 divides the smoothing by the length of axis 1, tf_keras by that of axis -1"
)

JUDGES = {
    "function huber_loss": [HUBER],
    "edges huber_loss": [HUBER],
    "class Huber": [HUBER],
    "class LogCosh": [NAMES],
    "class KLDivergence": [NAMES],
    "function categorical_crossentropy": [
        Judge(KERAS, SMOOTH_RANK_3, "rank3 label_smoothing*"),
    ],
    "function categorical_crossentropy logits": [
        Judge(KERAS, SMOOTH_RANK_3, "rank3 *label_smoothing*"),
    ],
    "class CategoricalCrossentropy": [Judge(KERAS, SMOOTH_RANK_3, "* steps")],
    "class CategoricalCrossentropy logits": [Judge(KERAS, SMOOTH_RANK_3, "* steps")],
    "get by name": [
        Judge(KERAS, "tf_keras 2.21 serializes functions in Keras 3's layout", "serialized")
    ],
}


def table():
    cases = {}
    for name, row in FUNCTIONS.items():
        options = {"name": row[0], "data": row[1], "variants": row[2] if row[2:] else ({},)}
        cases["function " + name] = functools.partial(function, **options)
    for name, row in CLASSES.items():
        options = {"name": row[0], "data": row[1], "variants": row[2] if row[2:] else ({},)}
        cases["class " + name] = functools.partial(class_, **options)
    for name, row in EDGES.items():
        options = {"name": row[0], "targets": row[1], "predictions": row[2]}
        options["options"] = row[3] if row[3:] else {}
        cases["edges " + name] = functools.partial(edges, **options)
    cases["get by name"] = get_by_name
    cases["custom class"] = custom_class
    table = {name: Case(run, judges=JUDGES.get(name, ())) for name, run in cases.items()}
    table["get cosine"] = Case(
        get_cosine, oracles=(KERAS,), why="tf_keras dropped the name cosine_proximity"
    )
    return table


CASES = table()
