"""Metrics and losses that came with tf.keras 2: the values are tf_keras 2.21's."""

import numpy as np
import pytest

from hornbeam import layers, losses, metrics, models


@pytest.fixture
def data():
    r = np.random.RandomState(0)
    y = np.eye(3)[r.randint(0, 3, 8)].astype("float32")
    p, w = r.rand(8, 3).astype("float32"), r.rand(8).astype("float32")
    t = r.randn(8, 2).astype("float32")
    q = (t + r.randn(8, 2) * 0.5).astype("float32")
    classes, guesses = r.randint(0, 3, 12), r.randint(0, 3, 12)
    u = r.rand(12).astype("float32")
    return y, p, w, t, q, classes, guesses, u


@pytest.mark.parametrize("options, value", [
    ({}, [0.11393606662750244, 0.32180675864219666, 0.42221543192863464]),
    ({"average": "micro"}, 0.3198593854904175),
    ({"average": "macro"}, 0.2859860956668854),
    ({"average": "weighted", "beta": 2.0}, 0.29887980222702026),
    ({"threshold": 0.5, "average": "macro"}, 0.4003118574619293),
])
def test_f_scores(data, options, value):
    y, p, w = data[:3]
    metric = metrics.FBetaScore(**options)
    metric.update_state(y[:5], p[:5], w[:5])
    metric.update_state(y[5:], p[5:])
    np.testing.assert_allclose(metric.result(), value, rtol=1e-5)


@pytest.mark.parametrize("options, value", [
    ({}, 0.8226089477539062),
    ({"class_aggregation": None}, [0.8163956999778748, 0.8288221955299377]),
    ({"class_aggregation": "variance_weighted_average"}, 0.8248952627182007),
    ({"num_regressors": 2}, 0.7953180074691772),
])
def test_r2(data, options, value):
    w, t, q = data[2:5]
    metric = metrics.R2Score(**options)
    metric.update_state(t[:5], q[:5], w[:5])
    metric.update_state(t[5:], q[5:])
    np.testing.assert_allclose(metric.result(), value, rtol=1e-5)


def test_overlaps(data):
    y, p, w, _, _, classes, guesses, u = data
    for metric, given, value in [
        (metrics.IoU(3, [0, 2]), (classes, guesses, u), 0.3838805854320526),
        (metrics.IoU(3, [0, 2], ignore_class=1), (classes, guesses, u), 0.5037530660629272),
        (metrics.BinaryIoU([1], 0.3), (classes % 2, u), 0.375),
        (metrics.OneHotIoU(3, [1, 2]), (y, p), 0.25),
        (metrics.OneHotMeanIoU(3), (y, p, w), 0.12852823734283447),
    ]:
        metric.update_state(*given)
        assert float(metric.result()) == pytest.approx(value, rel=1e-5)
        again = type(metric).from_config(metric.get_config())
        assert again.get_config() == metric.get_config()
    with pytest.raises(ValueError, match="out of range for num_classes=2"):
        metrics.IoU(2, [2])


def test_one_at_the_other(data):
    classes, u = data[5], data[7]
    metric = metrics.PrecisionAtRecall(0.5)
    metric.update_state(classes % 2, u)
    assert float(metric.result()) == pytest.approx(0.375)
    for least, value in [(0.5, 0.0), (0.3, 1.0)]:
        metric = metrics.RecallAtPrecision(least)
        metric.update_state(classes % 2, u)
        assert float(metric.result()) == value


def test_focal_losses(data):
    y, p = data[:2]
    options = {"alpha": 0.3, "gamma": 1.0, "from_logits": True, "label_smoothing": 0.1}
    binary, categorical = losses.binary_focal_crossentropy, losses.categorical_focal_crossentropy
    for found, expected in [
        (binary(y, p), [0.9084412455558777, 0.4594939053058624, 0.16351090371608734]),
        (
            binary(y, p * 4 - 2, apply_class_balancing=True, **options),
            [0.2589040994644165, 0.33267107605934143, 0.18745720386505127],
        ),
        (categorical(y, p), [0.5738185048103333, 0.16055235266685486, 0.056989651173353195]),
        (
            categorical(y, p * 4, **options),
            [0.5496160387992859, 0.40852630138397217, 0.08151799440383911],
        ),
        (losses.BinaryFocalCrossentropy()(y, p), 0.4411694407463074),
        (losses.CategoricalFocalCrossentropy()(y, p), 0.18385139107704163),
    ]:
        values = np.asarray(found.eval() if hasattr(found, "eval") else found)
        np.testing.assert_allclose(values[:3] if values.ndim else values, expected, rtol=1e-4)


def test_they_work_in_fit(data):
    y, p = data[:2]
    model = models.Sequential([layers.Dense(3, activation="softmax", input_shape=(3,))])
    scores = [metrics.F1Score("macro"), metrics.R2Score(), metrics.OneHotMeanIoU(3)]
    model.compile("sgd", "categorical_focal_crossentropy", metrics=scores)
    found = dict(zip(model.metrics_names, model.evaluate(p, y, verbose=0)))
    scores[0].reset_states()
    by_hand = metrics.F1Score("macro")
    by_hand.update_state(y, model.predict(p))
    assert found["f1_score"] == pytest.approx(float(by_hand.result()), rel=1e-5)
    model.fit(p, y, epochs=2, verbose=0)
