"""Utilities of Keras 1, with the results of Keras 1.2.2, and penalties of all ages."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import constraints, layers, metrics, models, optimizers, regularizers
from hornbeam.utils import generic_utils, io_utils, layer_utils, np_utils


def drawn():
    r = np.random.RandomState(0)
    p = r.rand(6, 3)
    p /= p.sum(1, keepdims=True)
    y = r.randint(0, 3, 6)
    return p, y, r.rand(6), r.randint(0, 2, 6).astype("float32")


def test_labels_and_losses_of_probabilities():
    p, y, b, yb = drawn()
    assert np_utils.accuracy(p.argmax(1), y) == pytest.approx(1 / 3)
    assert np_utils.probas_to_classes(p).tolist() == [1, 2, 2, 1, 1, 2]
    assert np_utils.probas_to_classes(p[:, :1]).tolist() == [0] * 6
    assert np_utils.binary_logloss(b, yb) == pytest.approx(0.8411953215373318)
    assert np_utils.multiclass_logloss(p, y) == pytest.approx(1.2302667233559452)


def test_kernels_of_both_orders_are_turned():
    theano = np_utils.convert_kernel(np.arange(24).reshape(2, 3, 2, 2), "th")
    assert theano[0, 0].tolist() == [[3, 2], [1, 0]]
    tensorflow = np_utils.convert_kernel(np.arange(24).reshape(2, 2, 2, 3), "tf")
    assert tensorflow[:, :, 0, 0].tolist() == [[18, 12], [6, 0]]


def test_metrics_of_a_batch():
    _, _, b, yb = drawn()
    expected = {
        "precision": 0.5, "recall": 2 / 3, "fmeasure": 0.57142854, "matthews_correlation": 0.0,
    }
    for name, value in expected.items():
        assert float(getattr(metrics, name)(yb, b)) == pytest.approx(value, abs=1e-6)
    assert float(metrics.fbeta_score(yb, b, beta=2)) == pytest.approx(0.625, rel=1e-5)
    assert float(metrics.fmeasure(np.zeros(3), np.ones(3))) == 0
    with pytest.raises(ValueError, match="only precision"):
        metrics.fbeta_score(yb, b, beta=-1)


def test_their_names_work_in_compile():
    model = models.Sequential([layers.Dense(1, input_dim=2, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["precision", "fmeasure"])
    model.evaluate(np.ones((4, 2)), np.ones(4), verbose=0)
    assert model.metrics_names == ["loss", "precision", "fmeasure"]


def penalty(regularizer, w):
    return float(K.eval(K.identity(regularizer(K.variable(w)))))


def test_penalties():
    w = np.random.RandomState(0).randn(4, 3)
    assert penalty(regularizers.EigenvalueRegularizer(0.5), w) == pytest.approx(1.7342631, 1e-5)
    assert penalty(regularizers.OrthogonalRegularizer(0.1), w) == pytest.approx(0.048525106, 1e-5)
    columns = regularizers.OrthogonalRegularizer(0.1, "columns")
    assert penalty(columns, w) == pytest.approx(0.038110204, 1e-5)
    with pytest.raises(ValueError, match="mode is 'diagonal'"):
        regularizers.OrthogonalRegularizer(mode="diagonal")


def test_rings_of_a_kernel_get_one_value():
    w = np.random.RandomState(0).randn(5, 5, 2, 3).astype("float32")
    ring = np.asarray(constraints.RadialConstraint()(w))[:, :, 0, 0]
    inner, middle, outer = w[1, 1, 0, 0], w[2, 2, 0, 0], w[3, 3, 0, 0]
    expected = np.full((5, 5), outer)
    expected[1:4, 1:4] = middle
    expected[2, 2] = inner
    np.testing.assert_array_equal(ring, expected)
    even = np.asarray(constraints.RadialConstraint()(w[:4, :4]))[:, :, 0, 0]
    expected = np.full((4, 4), outer)
    expected[1:3, 1:3] = inner
    np.testing.assert_array_equal(even, expected)


def test_arrays_in_files(tmp_path):
    array = np.random.RandomState(0).randn(3, 2)
    io_utils.save_array(array, tmp_path / "a.h5")
    np.testing.assert_array_equal(io_utils.load_array(tmp_path / "a.h5"), array)


def test_small_helpers():
    model = models.Sequential([layers.Dense(2, input_dim=3), layers.BatchNormalization()])
    assert layer_utils.count_total_params(model.layers) == (12, 4)
    config = {"class_name": "Dense", "config": {"output_dim": 3}}
    assert layer_utils.layer_from_config(config).units == 3
    sgd = optimizers.optimizer_from_config({"class_name": "SGD", "config": {"lr": 0.5}})
    assert float(K.get_value(sgd.lr)) == 0.5
    assert generic_utils.make_tuple(1, 2) == (1, 2)
    table = {"one": int}
    assert generic_utils.get_from_module("one", table, "number") is int
    assert generic_utils.get_from_module("one", table, "number", instantiate=True) == 0
    with pytest.raises(ValueError, match="Invalid number: two"):
        generic_utils.get_from_module("two", table, "number")


def test_initializations_make_variables():
    from hornbeam.compat import initializations

    w = initializations.get("glorot_uniform")((3, 5), name="w")
    assert w.name.startswith("w") and K.int_shape(w) == (3, 5)
    assert abs(K.get_value(w)).max() <= np.sqrt(6 / 8)
    assert initializations.get_fans((4, 3, 2, 2)) == (12, 16)
    assert initializations.get_fans((2, 2, 3, 4), "tf") == (12, 16)
    doubled = initializations.get("identity", scale=2)((2, 2))
    assert K.get_value(doubled).tolist() == [[2, 0], [0, 2]]
    q = K.get_value(initializations.orthogonal((3, 3)))
    np.testing.assert_allclose(q @ q.T, 1.21 * np.eye(3), atol=1e-5)
    with pytest.raises(ValueError, match="2D square"):
        initializations.identity((2, 3))


def test_a_step_by_step_product():
    from hornbeam.layers.recurrent import time_distributed_dense

    x, w = np.random.RandomState(0).randn(2, 3, 4), np.ones((4, 5))
    y = K.eval(time_distributed_dense(K.constant(x), K.constant(w), K.constant(np.arange(5.0))))
    np.testing.assert_allclose(y, x @ w + np.arange(5), rtol=1e-5)
    with pytest.raises(ValueError, match="output_dim=6"):
        time_distributed_dense(K.constant(x), K.constant(w), output_dim=6)
