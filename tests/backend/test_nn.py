"""Activations, crossentropies, dropout and normalization."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.backend.errors import ShapeError
from tests.backend.support import everywhere, gradient, numbers, slope


def _softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("relu", lambda x: np.maximum(x, 0)),
        ("elu", lambda x: np.where(x > 0, x, np.exp(x) - 1)),
        ("softmax", _softmax),
        ("softplus", lambda x: np.log1p(np.exp(x))),
        ("softsign", lambda x: x / (1 + np.abs(x))),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("hard_sigmoid", lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
        ("tanh", np.tanh),
    ],
)
def test_activations(name, expected):
    x = numbers(4, 5) * 3
    function = getattr(K, name)
    np.testing.assert_allclose(everywhere(function, x), expected(x), rtol=1e-5, atol=1e-6)
    weights = numbers(4, 5)
    found = gradient(lambda x: function(x) * weights, x)[0]
    wanted = slope(lambda x: expected(x) * weights, x, 1e-5)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "arguments, below, above",
    [
        ({"alpha": 0.2}, lambda x: 0.2 * x, lambda x: x),
        ({"threshold": 0.5}, lambda x: 0 * x, lambda x: x),
        ({"alpha": 0.2, "threshold": 0.5}, lambda x: 0.2 * (x - 0.5), lambda x: x),
        ({"max_value": 1.0}, lambda x: 0 * x, lambda x: np.minimum(x, 1)),
        ({"max_value": 6}, lambda x: 0 * x, lambda x: np.minimum(x, 6)),
        (
            {"alpha": np.float32(0.2), "max_value": 0.8, "threshold": 0.3},
            lambda x: 0.2 * (x - 0.3),
            lambda x: np.minimum(x, 0.8),
        ),
    ],
)
def test_relu_with_arguments(arguments, below, above):
    x = numbers(6, 6) * 2
    found = everywhere(lambda x: K.relu(x, **arguments), x)
    limit = arguments.get("threshold", 0.0)
    np.testing.assert_allclose(found, np.where(x > limit, above(x), below(x)), rtol=1e-5, atol=1e-6)


def test_relu_with_a_slope_that_is_a_tensor():
    alpha = K.variable(0.3)
    x = K.variable([-2.0, 2.0])
    y = K.relu(x, alpha=alpha)
    np.testing.assert_allclose(K.eval(y), [-0.6, 2.0], rtol=1e-6)
    np.testing.assert_allclose(K.eval(K.gradients(y, [alpha])[0]), -2.0, rtol=1e-6)


def test_activations_keep_their_dtype():
    for dtype in ("float16", "float64"):
        x = K.placeholder((2,), dtype=dtype)
        for function in (K.relu, K.elu, K.softmax, K.sigmoid, K.hard_sigmoid, K.tanh):
            assert function(x).dtype == dtype
        assert K.relu(x, alpha=np.float32(0.1), max_value=np.float32(1)).dtype == dtype


def test_softmax_along_another_axis():
    x = numbers(2, 3, 4)
    np.testing.assert_allclose(
        everywhere(lambda x: K.softmax(x, axis=1), x), _softmax(x, 1), rtol=1e-5, atol=1e-6
    )


def test_l2_normalize():
    x = numbers(3, 4)
    expected = x / np.linalg.norm(x, axis=1, keepdims=True)
    np.testing.assert_allclose(
        everywhere(lambda x: K.l2_normalize(x, axis=1), x), expected, rtol=1e-5
    )
    np.testing.assert_allclose(K.l2_normalize(x), x / np.linalg.norm(x), rtol=1e-5)
    assert np.isfinite(gradient(K.l2_normalize, np.zeros((2, 2), "float32"))[0]).all()


# ---- crossentropies


@pytest.mark.parametrize("axis", [-1, 1])
def test_categorical_crossentropy(axis):
    target, output = _softmax(numbers(2, 3, 4), axis), np.abs(numbers(2, 3, 4)) + 0.1
    found = everywhere(lambda t, o: K.categorical_crossentropy(t, o, axis=axis), target, output)
    scaled = output / output.sum(axis, keepdims=True)
    np.testing.assert_allclose(found, -(target * np.log(scaled)).sum(axis), rtol=1e-5)
    found = everywhere(
        lambda t, o: K.categorical_crossentropy(t, o, from_logits=True, axis=axis), target, output
    )
    expected = -(target * np.log(_softmax(output, axis))).sum(axis)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("shape, padding_teaches", [((2, 4), True), ((2, 3, 4), False)])
def test_targets_of_zeros_teach_as_in_keras(shape, padding_teaches):
    # A sequence is padded with targets of zeros. As in Keras 2.3.1, where the softmax of a matrix
    # is TensorFlow's, of which the crossentropy's gradient is `softmax - target` at any rate.
    x = numbers(*shape)
    target = np.zeros(shape, "float32")
    target[0, ..., 1] = 1

    logits = K.placeholder(shape=shape)
    loss = K.categorical_crossentropy(K.constant(target), K.softmax(logits))
    value, found = K.function([logits], [loss, *K.gradients(K.sum(loss), [logits])])([x])
    np.testing.assert_allclose(value[1], 0, atol=1e-7)
    np.testing.assert_allclose(found[0], _softmax(x)[0] - target[0], atol=1e-6)
    np.testing.assert_allclose(found[1], padding_teaches * _softmax(x)[1], atol=1e-6)


def test_categorical_crossentropy_refuses_an_axis_that_is_not_there():
    with pytest.raises(ValueError, match="axis 3.*2 dimensions"):
        K.categorical_crossentropy(np.ones((2, 3)), np.ones((2, 3)), axis=3)


@pytest.mark.parametrize("from_logits", [False, True])
def test_sparse_crossentropy_is_that_of_one_hot_targets(from_logits):
    output = _softmax(numbers(4, 5, 3))
    classes = np.random.randint(0, 3, (4, 5)).astype("int32")
    expected = K.categorical_crossentropy(
        np.eye(3, dtype="float32")[classes], output, from_logits=from_logits
    )

    def loss(t, o):
        return K.sparse_categorical_crossentropy(t, o, from_logits=from_logits)

    np.testing.assert_allclose(everywhere(loss, classes, output), expected, rtol=1e-4, atol=1e-6)
    column = classes[..., None].astype("float32")
    np.testing.assert_allclose(everywhere(loss, column, output), expected, rtol=1e-4, atol=1e-6)
    moved = np.moveaxis(output, -1, 1)
    found = K.sparse_categorical_crossentropy(classes, moved, from_logits=from_logits, axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_sparse_crossentropy_of_a_class_that_does_not_exist_is_nan():
    output = np.full((3, 2), 0.5, "float32")
    found = K.sparse_categorical_crossentropy(np.array([0, 2, -1]), output)
    assert np.isnan(found).tolist() == [False, True, True]


def test_sparse_crossentropy_explains_one_hot_targets():
    with pytest.raises(ShapeError, match="One-hot targets belong to categorical_crossentropy"):
        K.sparse_categorical_crossentropy(np.ones((2, 3)), np.ones((2, 3)))


def test_binary_crossentropy():
    target = np.random.randint(0, 2, (4, 3)).astype("float32")
    output = np.random.uniform(0.05, 0.95, (4, 3)).astype("float32")
    expected = -(target * np.log(output) + (1 - target) * np.log(1 - output))
    np.testing.assert_allclose(everywhere(K.binary_crossentropy, target, output), expected, 1e-4)
    logits = np.log(output / (1 - output))
    found = everywhere(lambda t, o: K.binary_crossentropy(t, o, from_logits=True), target, logits)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_saturated_probabilities_give_finite_losses():
    certain = np.array([[0.0, 1.0], [1.0, 0.0]], "float32")
    wrong = certain[::-1].copy()
    for loss in (K.binary_crossentropy, K.categorical_crossentropy):
        assert np.all(np.abs(np.asarray(loss(certain, certain))) < 1e-5)
        assert np.all(np.asarray(loss(certain, wrong)) > 15)
        assert np.isfinite(gradient(lambda o, loss=loss: loss(certain, o), wrong)[0]).all()
    assert np.isfinite(K.binary_crossentropy(certain, wrong * 2000 - 1000, from_logits=True)).all()


def test_in_top_k():
    predictions = np.array([[1, 2, 2, 0], [3, 3, 3, 1], [0, 1, 2, 3], [1, 2, 3, 4]], "float32")
    targets = np.array([1, 2, 0, 9], "int32")
    found = everywhere(lambda p, t: K.in_top_k(p, t, 2), predictions, targets)
    assert found.tolist() == [True, True, False, False]
    with pytest.raises(ShapeError, match="expects"):
        K.in_top_k(predictions[0], targets, 2)


# ---- dropout


def test_dropout_keeps_the_mean_and_only_two_values():
    x = np.ones((200, 100), "float32")
    for level in (0.1, 0.5, 0.9):
        found = np.asarray(K.dropout(x, level))
        kept = np.float32(1 / (1 - level))
        assert set(np.unique(found).round(4)) == {np.float32(0), kept.round(4)}
        assert abs(found.mean() - 1) < 0.06


def test_dropout_of_nothing_changes_nothing():
    x = numbers(3, 4)
    np.testing.assert_array_equal(everywhere(lambda x: K.dropout(x, 0), x), x)


def test_dropout_with_a_noise_shape_drops_together():
    x = np.ones((8, 5, 6), "float32")
    found = np.asarray(K.dropout(x, 0.5, noise_shape=(None, 1, 6)))
    assert (found == found[:, :1]).all() and 0 < (found == 0).mean() < 1
    y = K.placeholder((None, 5, 6))
    assert K.dropout(y, 0.5, noise_shape=(K.shape(y)[0], 1, 6)).shape == (None, 5, 6)


def test_dropout_with_a_seed_repeats():
    x = np.ones((20, 20), "float32")
    np.testing.assert_array_equal(K.dropout(x, 0.5, seed=4), K.dropout(x, 0.5, seed=4))
    assert (np.asarray(K.dropout(x, 0.5)) != np.asarray(K.dropout(x, 0.5))).any()


def test_dropout_differs_from_run_to_run_of_a_function():
    x = K.placeholder((None, 50))
    f = K.function([x], [K.dropout(x, 0.5)])
    assert (f([np.ones((2, 50))])[0] != f([np.ones((2, 50))])[0]).any()


@pytest.mark.parametrize("level", [-0.1, 1, 1.5])
def test_dropout_refuses_other_levels(level):
    with pytest.raises(ValueError, match=r"interval \[0, 1\["):
        K.dropout(np.ones(2), level)


def test_dropout_refuses_another_noise_shape():
    with pytest.raises(ShapeError, match="noise_shape"):
        K.dropout(np.ones((2, 3)), 0.5, noise_shape=(2,))


# ---- normalization


@pytest.mark.parametrize("axis", [-1, 1, 2])
def test_batch_normalization_along_any_axis(axis):
    x = numbers(4, 3, 5, 2)
    size = x.shape[axis]
    mean, var, beta, gamma = numbers(size), np.abs(numbers(size)), numbers(size), numbers(size)
    shape = [1] * 4
    shape[axis] = size

    def normalize(x, mean, var, beta, gamma):
        return K.batch_normalization(x, mean, var, beta, gamma, axis=axis, epsilon=1e-2)

    found = everywhere(normalize, x, mean, var, beta, gamma, dims=[(None, 3, 5, 2)] + [(size,)] * 4)
    mean, var, beta, gamma = (a.reshape(shape) for a in (mean, var, beta, gamma))
    expected = (x - mean) / np.sqrt(var + 1e-2) * gamma + beta
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    found = K.batch_normalization(x, mean, var, None, None, axis=axis, epsilon=1e-2)
    np.testing.assert_allclose(found, (x - mean) / np.sqrt(var + 1e-2), rtol=1e-4, atol=1e-5)


def test_normalize_batch_in_training():
    x, gamma, beta = numbers(6, 3) * 2 + 1, numbers(3), numbers(3)
    normalized, mean, var = (
        np.asarray(r) for r in K.normalize_batch_in_training(x, gamma, beta, [0], epsilon=1e-3)
    )
    np.testing.assert_allclose(mean, x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(var, x.var(0), rtol=1e-5)
    expected = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3) * gamma + beta
    np.testing.assert_allclose(normalized, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("axes, kept", [([0, 1, 2], 3), ([0, 2, 3], 1)])
def test_the_variance_of_images_is_that_of_the_sample(axes, kept):
    """As Keras 2.3.1 on TensorFlow 1 returns it; the images themselves use the population's."""
    x = numbers(2, 3, 4, 5)
    normalized, mean, var = K.normalize_batch_in_training(x, None, None, axes)
    np.testing.assert_allclose(mean, x.mean(tuple(axes)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(var, x.var(tuple(axes), ddof=1), rtol=1e-4)
    scaled = np.asarray(normalized).var(tuple(axes))
    np.testing.assert_allclose(scaled, 1, atol=1e-2)


def test_normalize_batch_along_an_inner_axis():
    x, gamma, beta = numbers(4, 3, 2), numbers(3), numbers(3)
    placeholder = K.placeholder((None, 3, 2))
    normalized, mean, var = K.normalize_batch_in_training(placeholder, gamma, beta, [0, 2])
    assert normalized.shape == (None, 3, 2) and mean.shape == var.shape == (3,)
    expected = (x - x.mean((0, 2), keepdims=True)) / np.sqrt(
        x.var((0, 2), keepdims=True) + 1e-3
    ) * gamma[:, None] + beta[:, None]
    np.testing.assert_allclose(normalized.eval({placeholder: x}), expected, rtol=1e-4, atol=1e-5)


def test_moving_average_update():
    average = K.variable([1.0, 2.0])
    K.eval(K.moving_average_update(average, K.constant([2.0, 4.0]), 0.9))
    np.testing.assert_allclose(K.eval(average), [1.1, 2.2], rtol=1e-6)


def test_bias_add():
    x = numbers(2, 3, 4, 5)
    bias = numbers(5)
    np.testing.assert_allclose(everywhere(K.bias_add, x, bias, dims=[x.shape, (5,)]), x + bias)
    bias = numbers(3)
    np.testing.assert_allclose(
        everywhere(lambda x, b: K.bias_add(x, b, "channels_first"), x, bias, dims=[x.shape, (3,)]),
        x + bias[:, None, None],
    )
    bias = numbers(3, 4, 5)
    np.testing.assert_allclose(K.bias_add(x, bias), x + bias)
    bias = numbers(4, 5, 3)
    found = K.bias_add(x, bias, "channels_first")
    np.testing.assert_allclose(found, x + bias.reshape(1, 3, 4, 5))
    with pytest.raises(ValueError, match="Unexpected bias dimensions 2, expect to be 1 or 3"):
        K.bias_add(x, numbers(4, 5))
    with pytest.raises(ValueError, match="data_format"):
        K.bias_add(x, numbers(5), "channels_second")
