"""Metrics: every function and class, called directly and through compile and evaluate."""

import functools

import numpy as np

from . import KERAS, TF_KERAS, Case, Judge
from .losses import (
    bits,
    bits_and_logits,
    classes,
    classes_and_logits,
    distributions,
    labels,
    labels_and_logits,
    positive,
    real,
    signs,
)
from .support import (
    array,
    compute_named,
    named,
    normal,
    one_hot,
    optimizers,
    set_random_weights,
    softmax,
    uniform,
)

# --- functions ------------------------------------------------------------------------------------


def function(keras, random, name, data, variants=({},), ranks=(2, 3)):
    """A metric function, as `metrics.get` finds it."""
    K = keras.backend
    outputs, feeds = {}, []
    for rank in ranks:
        values = data(random, {2: (5, 4), 3: (2, 3, 4)}[rank])
        symbols = [K.placeholder(shape=value.shape) for value in values]
        feeds += list(zip(symbols, values))
        for options in variants:
            words = "".join(" {}={}".format(*pair) for pair in sorted(options.items()))
            outputs[f"rank{rank}{words}"] = named(keras.metrics, name)(*symbols, **options)
    results = compute_named(keras, feeds, outputs)
    return {entry: array(value) for entry, value in results.items()}


# --- classes --------------------------------------------------------------------------------------


def called(keras, random, name, data, weights="vector", shape=(5, 4), **settings):
    """Calls with three batches: the value after each, with and without weights; then a reset.

    weights: one for each sample ("vector"), for each element ("full"), or None.
    """
    K = keras.backend
    results = {}
    for weighted in (False,) if weights is None else (False, True):
        metric = getattr(keras.metrics, name)(name="m", **settings)
        values = []
        for _ in range(3):
            batch = [K.constant(value) for value in data(random, shape)]
            weight = None
            if weighted:
                size = shape if weights == "full" else shape[:1]
                weight = K.constant(uniform(random, 0, 2, *size))
            values.append(K.eval(metric(*batch, sample_weight=weight)))
        key = "weighted" if weighted else "plain"
        results[key] = array(values)
        results[key + " result"] = array(K.eval(metric.result()))
        metric.reset_states()
        results[key + " reset"] = array(K.eval(metric.result()))
    results["config"] = metric.get_config()
    results["name"] = getattr(keras.metrics, name)(**settings).name
    results["dtype"] = K.dtype(metric.weights[0])
    results["weight shapes"] = [list(K.int_shape(weight)) for weight in metric.weights]
    return results


def reduced(keras, random, name):
    """Mean and Sum of plain values, with weights of every form."""
    K = keras.backend
    metric = getattr(keras.metrics, name)()
    values = [float(K.eval(metric(array(3.0))))]
    values.append(float(K.eval(metric(K.constant(normal(random, 4))))))
    weight = K.constant(uniform(random, 0, 2, 4))
    values.append(float(K.eval(metric(K.constant(normal(random, 4)), sample_weight=weight))))
    values.append(float(K.eval(metric(K.constant(normal(random, 4, 2)), sample_weight=weight))))
    return {"values": array(values), "config": metric.get_config()}


def confusion(random, shape):
    return array(random.randint(0, 3, size=shape)), array(random.randint(0, 3, size=shape))


def equal_labels(random, shape):
    return confusion(random, shape)


def scores(random, shape):
    """Targets and predictions in 0..1, some exactly on thresholds."""
    predictions = uniform(random, 0, 1, *shape)
    predictions[0] = array([0.0, 0.5, 1.0, 0.25])[: shape[-1]]
    return array(random.randint(0, 2, size=shape)), predictions


def ranked(random, shape):
    """Targets of several true classes, and scores without ties."""
    predictions = array(random.permutation(int(np.prod(shape))).reshape(shape)) / 100.0
    return array(random.randint(0, 2, size=shape)), predictions


def multilabel(random, shape):
    return array(random.randint(0, 2, size=shape)), softmax(normal(random, *shape))


# --- through a model ------------------------------------------------------------------------------


def evaluated(keras, random, loss, metrics, sparse=False, activation="softmax", units=3):
    """Metrics in compile: values of evaluate over uneven batches, names, and those of fit."""
    model = keras.models.Sequential(
        [keras.layers.Dense(units, activation=activation, input_shape=(4,))]
    )
    set_random_weights(model, random, 1.0)
    made = [metric(keras.metrics) if callable(metric) else metric for metric in metrics]
    model.compile(optimizer=optimizers(keras).SGD(0.1), loss=loss, metrics=made)
    x = normal(random, 13, 4)
    indices = random.randint(0, max(units, 2), size=13)
    y = array(indices)[:, None] if sparse or units == 1 else one_hot(indices, units)
    results = {"metrics_names": model.metrics_names}
    results["evaluated"] = array(model.evaluate(x, y, batch_size=5, verbose=0))
    results["again"] = array(model.evaluate(x, y, batch_size=13, verbose=0))
    model.reset_metrics()
    results["batch"] = array(model.test_on_batch(x[:3], y[:3]))
    history = model.fit(x, y, batch_size=5, epochs=2, shuffle=False, verbose=0)
    for key, values in history.history.items():
        results["history " + key] = array(values)
    return results


def written_by_hand(keras, random):
    """A user's subclass of Metric, with add_weight, update_state and result."""
    K = keras.backend

    class Largest(keras.metrics.Metric):
        def __init__(self, name="largest", **kwargs):
            super().__init__(name=name, **kwargs)
            self.largest = self.add_weight(name="largest", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            error = K.max(K.abs(y_true - y_pred))
            return [K.update(self.largest, K.maximum(self.largest, error))]

        def result(self):
            return self.largest + 0

    model = keras.models.Sequential([keras.layers.Dense(2, input_shape=(3,))])
    set_random_weights(model, random)
    model.compile(optimizer=optimizers(keras).SGD(0.05), loss="mse", metrics=[Largest()])
    x, y = normal(random, 7, 3), normal(random, 7, 2)
    results = {"evaluated": array(model.evaluate(x, y, batch_size=3, verbose=0))}
    history = model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0)
    results["history"] = array(history.history["largest"])
    return results


def get_by_name(keras, random):
    """Names and aliases that `metrics.get` knows."""
    K = keras.backend
    names = "mse MSE mae MAE mape MAPE msle MSLE binary_accuracy categorical_accuracy hinge".split()
    values = bits(random, (4, 3))
    symbols = [K.placeholder(shape=value.shape) for value in values]
    outputs = {name: keras.metrics.get(name)(*symbols) for name in names}
    results = compute_named(keras, list(zip(symbols, values)), outputs)
    found = keras.metrics.get("Precision")
    results["class"] = (found if isinstance(found, type) else type(found)).__name__
    config = {"class_name": "Recall", "config": {"name": "r", "thresholds": 0.3}}
    results["deserialized config"] = keras.metrics.deserialize(config).get_config()
    return results


FUNCTIONS = {
    "accuracy": ("accuracy", equal_labels),
    "binary_accuracy": ("binary_accuracy", bits, ({}, {"threshold": 0.3})),
    "categorical_accuracy": ("categorical_accuracy", classes),
    "sparse_categorical_accuracy": ("sparse_categorical_accuracy", labels),
    "top_k_categorical_accuracy": (
        "top_k_categorical_accuracy", classes, ({"k": 1}, {"k": 2}), (2,),
    ),
    "sparse_top_k_categorical_accuracy": (
        "sparse_top_k_categorical_accuracy", labels, ({"k": 1}, {"k": 2}), (2,),
    ),
    "cosine_proximity": ("cosine_proximity", real),
    "mean_squared_error": ("mean_squared_error", real),
    "mean_absolute_error": ("mean_absolute_error", real),
    "mean_absolute_percentage_error": ("mean_absolute_percentage_error", real),
    "mean_squared_logarithmic_error": ("mean_squared_logarithmic_error", positive),
    "hinge": ("hinge", signs),
    "squared_hinge": ("squared_hinge", signs),
    "categorical_crossentropy": ("categorical_crossentropy", classes),
    "sparse_categorical_crossentropy": ("sparse_categorical_crossentropy", labels),
    "binary_crossentropy": ("binary_crossentropy", bits),
    "kullback_leibler_divergence": ("kullback_leibler_divergence", distributions),
    "poisson": ("poisson", positive),
}  # fmt: skip

# name of the case: class, data, settings
CLASSES = {
    "Accuracy": ("Accuracy", equal_labels, {"weights": "full"}),
    "BinaryAccuracy": ("BinaryAccuracy", bits, {}),
    "BinaryAccuracy threshold": ("BinaryAccuracy", bits, {"threshold": 0.3}),
    "CategoricalAccuracy": ("CategoricalAccuracy", classes, {}),
    "SparseCategoricalAccuracy": ("SparseCategoricalAccuracy", labels, {}),
    "TopKCategoricalAccuracy": ("TopKCategoricalAccuracy", classes, {"k": 2}),
    "SparseTopKCategoricalAccuracy": ("SparseTopKCategoricalAccuracy", labels, {"k": 2}),
    "MeanSquaredError": ("MeanSquaredError", real, {}),
    "MeanAbsoluteError": ("MeanAbsoluteError", real, {}),
    "MeanAbsolutePercentageError": ("MeanAbsolutePercentageError", real, {}),
    "MeanSquaredLogarithmicError": ("MeanSquaredLogarithmicError", positive, {}),
    "RootMeanSquaredError": ("RootMeanSquaredError", real, {"weights": "full"}),
    "CosineSimilarity": ("CosineSimilarity", real, {}),
    "Hinge": ("Hinge", signs, {}),
    "SquaredHinge": ("SquaredHinge", signs, {}),
    "CategoricalHinge": ("CategoricalHinge", classes, {}),
    "LogCoshError": ("LogCoshError", real, {}),
    "Poisson": ("Poisson", positive, {}),
    "KLDivergence": ("KLDivergence", distributions, {}),
    "BinaryCrossentropy": ("BinaryCrossentropy", bits, {}),
    "BinaryCrossentropy smoothed": ("BinaryCrossentropy", bits, {"label_smoothing": 0.2}),
    "BinaryCrossentropy logits": ("BinaryCrossentropy", bits_and_logits, {"from_logits": True}),
    "CategoricalCrossentropy": ("CategoricalCrossentropy", classes, {}),
    "CategoricalCrossentropy logits": (
        "CategoricalCrossentropy", classes_and_logits,
        {"from_logits": True, "label_smoothing": 0.1},
    ),
    "SparseCategoricalCrossentropy": ("SparseCategoricalCrossentropy", labels, {}),
    "SparseCategoricalCrossentropy logits": (
        "SparseCategoricalCrossentropy", labels_and_logits, {"from_logits": True},
    ),
    "MeanIoU": ("MeanIoU", confusion, {"num_classes": 3, "weights": "full"}),
    "MeanIoU absent": ("MeanIoU", confusion, {"num_classes": 5, "weights": "full"}),
}  # fmt: skip
for _name in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"):
    CLASSES[_name] = (_name, scores, {})
    CLASSES[_name + " thresholds"] = (_name, scores, {"thresholds": [0.2, 0.5, 0.8]})
for _name in ("Precision", "Recall"):
    CLASSES[_name] = (_name, scores, {})
    CLASSES[_name + " threshold"] = (_name, scores, {"thresholds": 0.7})
    CLASSES[_name + " thresholds"] = (_name, scores, {"thresholds": [0.0, 0.25, 0.5, 1.0]})
    CLASSES[_name + " top_k"] = (_name, ranked, {"top_k": 2})
    CLASSES[_name + " class_id"] = (_name, scores, {"class_id": 1, "weights": None})
    CLASSES[_name + " class_id weighted"] = (_name, scores, {"class_id": 1})
    CLASSES[_name + " top_k class_id"] = (
        _name, ranked, {"top_k": 2, "class_id": 3, "weights": None},
    )  # fmt: skip
    CLASSES[_name + " top_k threshold"] = (_name, ranked, {"top_k": 3, "thresholds": 0.1})
for _curve in ("ROC", "PR"):
    for _method in ("interpolation", "minoring", "majoring"):
        CLASSES[f"AUC {_curve} {_method}"] = (
            "AUC", scores, {"num_thresholds": 11, "curve": _curve, "summation_method": _method},
        )  # fmt: skip
CLASSES["AUC"] = ("AUC", scores, {})
CLASSES["AUC two thresholds"] = ("AUC", scores, {"num_thresholds": 2})
CLASSES["AUC thresholds"] = ("AUC", scores, {"thresholds": [0.3, 0.6, 0.9]})
CLASSES["SensitivityAtSpecificity"] = (
    "SensitivityAtSpecificity", scores, {"specificity": 0.4, "num_thresholds": 9},
)  # fmt: skip
CLASSES["SensitivityAtSpecificity one"] = (
    "SensitivityAtSpecificity", scores, {"specificity": 0.7, "num_thresholds": 1},
)  # fmt: skip
CLASSES["SpecificityAtSensitivity"] = (
    "SpecificityAtSensitivity", scores, {"sensitivity": 0.4, "num_thresholds": 9},
)  # fmt: skip


def m(kind, **settings):
    """A metric object, to be made when the module is known."""
    return lambda metrics: getattr(metrics, kind)(**settings)


EVALUATED = {
    "categorical": {
        "loss": "categorical_crossentropy",
        "metrics": [
            "accuracy", "acc", "categorical_accuracy", "mse", "cosine_similarity",
            m("Precision", name="p"), m("Recall", name="r"), m("AUC", name="auc"),
            m("TopKCategoricalAccuracy", k=2, name="top"), m("CategoricalHinge"),
            m("RootMeanSquaredError"), m("LogCoshError", name="lc"),
        ],
    },
    "sparse": {
        "loss": "sparse_categorical_crossentropy",
        "sparse": True,
        "metrics": [
            "accuracy", "acc", "sparse_categorical_accuracy",
            m("SparseTopKCategoricalAccuracy", k=2), m("SparseCategoricalCrossentropy"),
        ],
    },
    "binary": {
        "loss": "binary_crossentropy",
        "activation": "sigmoid",
        "units": 1,
        "metrics": [
            "accuracy", "binary_accuracy", "crossentropy", m("TruePositives", name="tp"),
            m("FalseNegatives", name="fn"), m("AUC", curve="PR", name="pr"),
            m("SensitivityAtSpecificity", specificity=0.5, name="sas"),
            m("Recall", name="r"),
        ],
    },
    "regression": {
        "loss": "mae",
        "activation": None,
        "units": 2,
        "metrics": ["mse", "mae", "mape", "msle", "logcosh", m("MeanSquaredError", name="second")],
    },
}  # fmt: skip

NAMES = Judge(
    KERAS, "tf_keras renamed some, and counts automatic names from `auc`, not `auc_1`", "name"
)
EMPTY = Judge(KERAS, "the mean of nothing is nan in Keras 2.3.1, 0 in tf_keras", "*reset")
NEAREST = (
    "Keras 2.3.1 takes the threshold whose value is nearest, tf_keras one that reaches the value"
)
ONLY_KERAS = {"oracles": (KERAS,), "why": "tf_keras has no such function"}
EXCEPTIONS = {
    "function accuracy": ONLY_KERAS,
    "function cosine_proximity": ONLY_KERAS,
    "class MeanIoU": {
        "oracles": (TF_KERAS,),
        "why": "Keras 2.3.1 refuses MeanIoU under TensorFlow 1",
    },
    "class Precision class_id weighted": {
        "oracles": (TF_KERAS,),
        "why": "Keras 2.3.1 cannot broadcast sample weights to one class",
    },
    "class SensitivityAtSpecificity": {"judges": [Judge(KERAS, NEAREST)]},
    "class SensitivityAtSpecificity one": {"judges": [Judge(KERAS, NEAREST)]},
    "class SpecificityAtSensitivity": {"judges": [Judge(KERAS, NEAREST)]},
    "evaluated binary": {"judges": [Judge(KERAS, NEAREST, "batch")]},
}
EXCEPTIONS["class MeanIoU absent"] = EXCEPTIONS["class MeanIoU"]
EXCEPTIONS["class Recall class_id weighted"] = EXCEPTIONS["class Precision class_id weighted"]


def table():
    cases = {}
    for name, row in FUNCTIONS.items():
        cases["function " + name] = functools.partial(
            function, name=row[0], data=row[1], variants=(row + (({},),))[2],
            ranks=row[3] if row[3:] else (2, 3),
        )  # fmt: skip
    for name, row in CLASSES.items():
        cases["class " + name] = functools.partial(called, name=row[0], data=row[1], **row[2])
    for name in ("Mean", "Sum"):
        cases["class " + name] = functools.partial(reduced, name=name)
    for name, settings in EVALUATED.items():
        cases["evaluated " + name] = functools.partial(evaluated, **settings)
    cases["written by hand"] = written_by_hand
    cases["get by name"] = get_by_name
    rows = {}
    for name, run in cases.items():
        exceptions = dict(EXCEPTIONS.get(name, {}))
        exceptions["judges"] = exceptions.get("judges", []) + [NAMES, EMPTY]
        rows[name] = Case(run, **exceptions)
    return rows


CASES = table()
