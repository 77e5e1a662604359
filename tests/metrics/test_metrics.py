"""Metrics against Keras 2.3.1: two batches of two samples, without weights and with them."""

import inspect

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import metrics
from hornbeam.backend.executable import Executable

DATA = {
    "real": (
        [[1.79, 0.44, 0.1], [-1.86, -0.28, -0.35], [-0.08, -0.63, -0.04], [-0.48, -1.31, 0.88]],
        [[0.88, 1.71, 0.05], [-0.4, -0.55, -1.55], [0.98, -1.1, -1.19], [-0.21, 1.49, 0.24]],
    ),
    "pos": (
        [[0.68, 0.52, 0.84], [1.88, 1.95, 1.38], [1.82, 1.71, 0.82], [0.28, 1.34, 1.16]],
        [[0.79, 0.53, 0.87], [0.99, 0.61, 0.65], [0.97, 1.74, 1.21], [0.64, 0.63, 0.96]],
    ),
    "sign": (
        [[1.0, -1.0, -1.0], [1.0, 1.0, -1.0], [1.0, -1.0, -1.0], [-1.0, -1.0, -1.0]],
        [[1.01, 0.85, 1.11], [1.12, 1.49, -1.12], [0.85, -1.86, -0.6], [-1.91, 1.05, 1.33]],
    ),
    "bits": (
        [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0]],
        [[0.19, 0.14, 0.17], [0.55, 0.22, 0.91], [0.66, 0.54, 0.69], [0.29, 0.88, 0.81]],
    ),
    "sparse": (
        [[3.0], [5.0], [3.0], [0.0]],
        [
            [0.147, 0.178, 0.172, 0.116, 0.022, 0.364],
            [0.031, 0.155, 0.226, 0.053, 0.141, 0.393],
            [0.329, 0.138, 0.018, 0.127, 0.186, 0.201],
            [0.067, 0.256, 0.099, 0.157, 0.346, 0.075],
        ],
    ),
    "ids": (
        [[1.0, 0.0, 2.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.0, 2.0, 0.0]],
        [[1.0, 2.0, 0.0], [0.0, 0.0, 2.0], [2.0, 1.0, 0.0], [1.0, 0.0, 1.0]],
    ),
}
DATA = {name: tuple(np.array(x, "float32") for x in pair) for name, pair in DATA.items()}
DATA["hot"] = (np.eye(6, dtype="float32")[[3, 5, 3, 0]], DATA["sparse"][1])
WEIGHTS = np.array([1.0, 0.5, 2.0, 0.0], "float32")

# Class, data, settings, value without weights, value with them (None: Keras 2.3.1 refuses it).
VALUES = [
    ("MeanSquaredError", "real", {}, 1.423125, 0.914262),
    ("RootMeanSquaredError", "real", {}, 1.192948, 0.95617),
    ("MeanAbsoluteError", "real", {}, 0.9625, 0.862381),
    ("MeanAbsolutePercentageError", "real", {}, 460.381348, 875.95929),
    ("MeanSquaredLogarithmicError", "pos", {}, 0.084164, 0.062483),
    ("CosineSimilarity", "real", {}, 0.249676, 0.565218),
    ("CosineSimilarity", "real", {"axis": 0}, 0.447859, None),
    ("LogCoshError", "real", {}, 0.495673, 0.383239),
    ("Poisson", "pos", {}, 1.043174, 0.995714),
    ("KLDivergence", "bits", {}, 0.705393, 0.513742),
    ("Hinge", "sign", {}, 0.740833, 0.481905),
    ("SquaredHinge", "bits", {}, 1.290125, 1.596257),
    ("CategoricalHinge", "hot", {}, 1.1405, 1.162429),
    ("BinaryCrossentropy", "bits", {}, 0.664602, 0.691489),
    (
        "BinaryCrossentropy",
        "bits",
        {"from_logits": True, "label_smoothing": 0.1},
        0.724282,
        0.797296,
    ),
    ("CategoricalCrossentropy", "hot", {}, 1.962935, 1.927078),
    ("CategoricalCrossentropy", "hot", {"label_smoothing": 0.2}, 1.981712, 1.957006),
    ("SparseCategoricalCrossentropy", "sparse", {}, 1.962935, 1.927078),
    ("SparseCategoricalCrossentropy", "sparse", {"from_logits": True}, 1.788201, 1.801513),
    ("Accuracy", "ids", {}, 0.166667, 0.285714),
    ("BinaryAccuracy", "bits", {}, 0.666667, 0.523809),
    ("BinaryAccuracy", "bits", {"threshold": 0.3}, 0.666667, 0.523809),
    ("CategoricalAccuracy", "hot", {}, 0.25, 0.142857),
    ("SparseCategoricalAccuracy", "sparse", {}, 0.25, 0.142857),
    ("TopKCategoricalAccuracy", "hot", {"k": 2}, 0.25, 0.142857),
    ("SparseTopKCategoricalAccuracy", "sparse", {"k": 3}, 0.25, 0.142857),
    ("TruePositives", "bits", {}, 4.0, 2.5),
    ("FalsePositives", "bits", {"thresholds": [0.2, 0.6]}, [4.0, 2.0], [4.5, 2.5]),
    ("TrueNegatives", "bits", {"thresholds": 0.4}, 4.0, 3.0),
    ("FalseNegatives", "bits", {"thresholds": [0.2, 0.6]}, [0.0, 2.0], [0.0, 1.0]),
    ("Precision", "bits", {}, 0.571429, 0.357143),
    ("Precision", "bits", {"thresholds": [0.2, 0.6]}, [0.555556, 0.6], [0.4, 0.444444]),
    ("Precision", "bits", {"top_k": 2}, 0.5, 0.357143),
    ("Precision", "bits", {"class_id": 1}, 0.5, 0.0),  # tf.keras accepts these weights
    ("Recall", "bits", {}, 0.8, 0.833333),
    ("Recall", "bits", {"thresholds": [0.2, 0.6]}, [1.0, 0.6], [1.0, 0.666667]),
    ("Recall", "bits", {"top_k": 2}, 0.8, 0.833333),
    ("AUC", "bits", {}, 0.742857, 0.8),
    (
        "AUC",
        "bits",
        {"num_thresholds": 7, "summation_method": "minoring"},
        0.657143,
        0.711111,
    ),
    (
        "AUC",
        "bits",
        {"num_thresholds": 7, "summation_method": "majoring"},
        0.828571,
        0.844444,
    ),
    ("AUC", "bits", {"curve": "PR"}, 0.555586, 0.540471),
    (
        "AUC",
        "bits",
        {"curve": "PR", "summation_method": "minoring", "num_thresholds": 11},
        0.345397,
        0.119048,
    ),
    (
        "AUC",
        "bits",
        {"curve": "PR", "summation_method": "majoring", "thresholds": [0.3, 0.7]},
        0.647619,
        0.357143,
    ),
    ("SensitivityAtSpecificity", "bits", {"specificity": 0.6}, 0.8, 0.833333),
    ("SpecificityAtSensitivity", "bits", {"sensitivity": 0.6}, 0.714286, 0.666667),
    (
        "SensitivityAtSpecificity",
        "bits",
        {"specificity": 0.6, "num_thresholds": 1},
        0.8,
        0.833333,
    ),
]
CLASSES = {
    name: kind
    for name, kind in vars(metrics).items()
    if inspect.isclass(kind) and name not in ("Metric", "SensitivitySpecificityBase")
}
ARGUMENTS = {
    "Reduce": {"reduction": "sum", "name": "r"},
    "MeanMetricWrapper": {"fn": metrics.mse},
    "IoU": {"num_classes": 3, "target_class_ids": [0]},
    "MeanIoU": {"num_classes": 3},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}


def batches(data, weighted):
    for part in (slice(0, 2), slice(2, 4)):
        batch = [x[part] for x in DATA[data]]
        yield [*batch, WEIGHTS[part]] if weighted else batch


def at_once(metric, data, weighted):
    for batch in batches(data, weighted):
        metric.update_state(*batch)


def symbolically(metric, data, weighted):
    for batch in batches(data, weighted):
        K.eval(metric.update_state(*(K.constant(x) for x in batch)))


def compiled(metric, data, weighted):
    def body(program, arrays):
        metric.update_state(*arrays)
        return []

    first, second = batches(data, weighted)
    step = Executable(body, first)
    step(first), step(second)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("case", VALUES, ids=lambda case: f"{case[0]} {case[2]}")
@pytest.mark.parametrize("run", [at_once, compiled])
def test_values_are_those_of_keras(case, run, weighted):
    name, data, settings, *values = case
    metric = getattr(metrics, name)(**settings)
    if values[weighted] is None:
        with pytest.raises(ValueError, match="Incompatible shapes"):
            run(metric, data, weighted)
        return
    run(metric, data, weighted)
    np.testing.assert_allclose(K.eval(metric.result()), values[weighted], rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["MeanSquaredError", "Precision", "AUC", "RootMeanSquaredError"])
def test_symbolic_updates_happen_when_they_are_evaluated(name):
    first, second = (getattr(metrics, name)() for _ in range(2))
    at_once(first, "bits", True)
    symbolically(second, "bits", True)
    assert float(first.result()) == float(second.result())
    update = second.update_state(*(K.constant(x) for x in DATA["bits"]))
    assert float(first.result()) == float(second.result())  # recorded, not done
    K.eval(update)
    assert float(first.result()) != float(second.result())


@pytest.mark.parametrize("name", CLASSES)
def test_reset_config_clone_and_name(name):
    metric = CLASSES[name](**ARGUMENTS.get(name, {}))
    assert [weight.trainable for weight in metric.weights] == [False] * len(metric.weights)
    for weight in metric.weights:
        weight.set_value(np.full(weight.shape, 3.0))
    metric.reset_states()
    assert all(not weight.any() for weight in metric.get_weights())
    config = metric.get_config()
    assert config["name"] == metric.name and config["dtype"] == "float32"
    again = metrics.clone_metric(metric)
    assert type(again) is type(metric) and again is not metric
    assert again.get_config() == config
    if name != "MeanMetricWrapper":  # its config holds a function
        assert metrics.deserialize(metrics.serialize(metric)).get_config() == config


def test_automatic_names_are_cut_as_keras_cuts_them():
    K.clear_session()
    assert metrics.TruePositives().name == "true_positives_1"
    assert metrics.AUC().name == "auc_1" and metrics.AUC().name == "auc_2"
    assert metrics.MeanIoU(2).name == "mean_io_u_1"
    assert metrics.Mean().name == "mean" and metrics.Hinge().name == "hinge"


def test_functions():
    right = metrics.accuracy(np.array([1.0, 2.0]), np.array([1.0, 3.0], "float32"))
    assert np.asarray(right).tolist() == [1.0, 0.0]
    half = metrics.binary_accuracy(np.array([[1.0, 0.0]]), np.array([[0.5, 0.4]], "float32"))
    assert np.asarray(half).tolist() == [0.5]  # one half rounds to 0
    tensor = metrics.categorical_accuracy(K.placeholder((None, 3)), K.placeholder((None, 3)))
    assert tuple(tensor.shape) == (None,)
    scores = np.array([[0.1, 0.4, 0.4, 0.1]] * 4, "float32")
    labels = np.arange(4)[:, None]
    best = metrics.sparse_top_k_categorical_accuracy(labels, scores, k=2)
    assert np.asarray(best).tolist() == [0.0, 1.0, 1.0, 0.0]
    best = metrics.sparse_top_k_categorical_accuracy(labels, scores, k=3)
    assert np.asarray(best).tolist() == [1.0] * 4  # equal to the third counts
    x = np.array([[3.0, 4.0], [0.0, 0.0]], "float32")
    found = metrics.cosine_proximity(x, x[:, ::-1])
    np.testing.assert_allclose(found, [0.96, 0.0], rtol=1e-6)
    steps = metrics.sparse_categorical_accuracy(np.ones((2, 3)), np.ones((2, 3, 4), "float32"))
    assert np.asarray(steps).shape == (2, 3)


def test_mean_iou():
    metric = metrics.MeanIoU(num_classes=3)
    metric.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    assert float(metric.result()) == pytest.approx(1 / 3)
    metric.reset_states()
    metric.update_state([0, 0, 1, 1], [0, 1, 0, 1], sample_weight=[0.3, 0.3, 0.3, 0.1])
    assert float(metric.result()) == pytest.approx((0.3 / 0.9 + 0.1 / 0.7) / 2)
    metric.update_state([-1, 3], [0, 0])  # outside: not counted
    assert float(metric.result()) == pytest.approx((0.3 / 0.9 + 0.1 / 0.7) / 2)
    with pytest.raises(ValueError, match="argmax"):
        metric.update_state(np.zeros((2, 1)), np.zeros((2, 3)))


def test_reductions():
    mean = metrics.Mean()
    assert np.isnan(float(mean.result()))  # as in Keras 2.3.1
    assert float(mean([1, 3, 5, 7])) == 4.0
    assert float(
        mean(np.array([[1.0, 3.0], [5.0, 7.0]]), sample_weight=[1.0, 0.0])
    ) == pytest.approx(20 / 6)
    over_batch = metrics.Reduce("sum_over_batch_size", name="s")
    over_batch.update_state([1.0, 3.0], sample_weight=[2.0, 0.0])
    assert float(over_batch.result()) == 1.0
    assert float(metrics.Sum()(3.0, sample_weight=2.0)) == 6.0
    with pytest.raises(ValueError, match="Unknown reduction: 'median'"):
        metrics.Reduce("median", name="m")
    with pytest.raises(ValueError, match=r"`values` \(2,\) vs `sample_weight` \(3,\)"):
        mean.update_state([1.0, 2.0], sample_weight=[1.0, 2.0, 3.0])
    assert float(mean.result()) == pytest.approx(20 / 6)  # a failed update changes nothing


def test_a_call_gives_the_value_at_that_time():
    metric = metrics.MeanSquaredError()
    first = metric([0.0], [1.0])
    second = metric([0.0], [3.0])
    assert (float(first), float(second)) == (1.0, 5.0)
    assert first.numpy() == 1.0 and K.eval(first) == 1.0
    tensor = metric(K.constant([0.0]), K.constant([3.0]))
    assert float(metric.result()) == 5.0
    assert K.eval(tensor) == pytest.approx(19 / 3) and tensor._metric_obj is metric
    assert float(metric.result()) == pytest.approx(19 / 3)


def test_float64_state():
    metric = metrics.Mean(dtype="float64")
    metric.update_state(np.array([1e-12, 1.0]))
    assert metric.weights[0].get_value() == 1e-12 + 1.0


# ---- metrics of users


class Largest(metrics.Metric):
    """Written as for tf.keras."""

    def __init__(self, name="largest", **kwargs):
        super().__init__(name=name, **kwargs)
        self.largest = self.add_weight(name="largest", initializer="zeros")
        self.seen = self.add_weight("seen", shape=(2,), initializer="ones", dtype="int32")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.largest.assign(K.maximum(self.largest, K.max(K.abs(y_true - y_pred))))
        self.seen.assign_add(K.ones_like(self.seen))

    def result(self):
        return self.largest

    def reset_state(self):
        self.largest.assign(0.0)
        self.seen.assign(np.ones(2))


class Score(metrics.Metric):
    """Holds other metrics."""

    def __init__(self):
        super().__init__(name="f1")
        self.precision = metrics.Precision()
        self.others = [metrics.Recall()]

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.precision.update_state(y_true, y_pred, sample_weight)
        self.others[0].update_state(y_true, y_pred, sample_weight)

    def result(self):
        p, r = self.precision.result(), self.others[0].result()
        return 2 * p * r / (p + r + K.epsilon())


class Pairs(metrics.Metric):
    """Hands its updates over in the ways of Keras 2."""

    def __init__(self):
        super().__init__()
        self.sum = self.add_weight("sum", initializer="zeros")
        self.count = self.add_weight("count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.add_update([(self.sum, self.sum + K.sum(y_pred)), K.update_add(self.count, 1.0)])

    def result(self):
        return self.sum / self.count


@pytest.mark.parametrize("run", [at_once, compiled, symbolically])
def test_metrics_of_users(run):
    metric = Largest()
    run(metric, "real", False)
    assert float(metric.result()) == pytest.approx(2.8)
    assert metric.seen.get_value().tolist() == [3, 3]
    metric.reset_states()
    assert float(metric.result()) == 0.0 and metric.seen.get_value().tolist() == [1, 1]

    score = Score()
    run(score, "bits", False)
    assert float(score.result()) == pytest.approx(2 * 4 / 7 * 0.8 / (4 / 7 + 0.8))
    assert len(score.weights) == 4
    score.reset_state()
    assert all(not weight.any() for weight in score.get_weights())

    pairs = Pairs()
    run(pairs, "real", False)
    assert float(pairs.result()) == pytest.approx(0.175, rel=1e-5)


def test_what_a_metric_lacks_is_said():
    class Empty(metrics.Metric):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty must implement update_state\(\)"):
        Empty().update_state([1.0], [1.0])
    with pytest.raises(TypeError, match="Keyword argument not understood by Empty: 'units'"):
        Empty(units=3)
    wrapper = metrics.MeanMetricWrapper(lambda y_true, y_pred: None, name="nothing")
    with pytest.raises(TypeError, match="'nothing' returned None"):
        wrapper.update_state([1.0], [1.0])
    with pytest.raises(ValueError, match=r"weights of shapes \[\(\), \(\)\]"):
        metrics.Mean().set_weights([np.zeros(3)])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]. Invalid values: \[1.5\]"):
        metrics.Precision(thresholds=[0.5, 1.5])
    with pytest.raises(ValueError, match='Invalid AUC curve value "roq".*Did you mean .ROC'):
        metrics.AUC(curve="roq")
    with pytest.raises(ValueError, match="`num_thresholds` must be > 1"):
        metrics.AUC(num_thresholds=1)
    with pytest.raises(ValueError, match="`num_thresholds` must be > 0"):
        metrics.SensitivityAtSpecificity(0.5, num_thresholds=0)
    with pytest.raises(ValueError, match=r"`specificity` must be in the range \[0, 1\]"):
        metrics.SensitivityAtSpecificity(1.5)
    with pytest.raises(ValueError, match=r"Shapes \(4, 3\).*and \(4, 2\).*incompatible"):
        metrics.Precision().update_state(np.zeros((4, 3)), np.zeros((4, 2)))
