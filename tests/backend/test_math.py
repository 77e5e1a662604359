"""Arithmetic, comparison, reductions and products: values, dtypes and gradients."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.backend.errors import ShapeError
from tests.backend.support import everywhere, gradient, numbers, slope


@pytest.mark.parametrize(
    "name, expected",
    [
        ("abs", np.abs),
        ("square", np.square),
        ("sqrt", lambda x: np.sqrt(np.maximum(x, 0))),
        ("exp", np.exp),
        ("round", np.round),
        ("sign", np.sign),
        ("sin", np.sin),
        ("cos", np.cos),
        ("transpose", np.transpose),
    ],
)
def test_elementwise(name, expected):
    x = numbers(3, 4) * 2
    result = everywhere(getattr(K, name), x)
    np.testing.assert_allclose(result, expected(x), rtol=1e-5, atol=1e-6)


def test_log_and_pow():
    x = np.abs(numbers(3, 4)) + 0.1
    np.testing.assert_allclose(everywhere(K.log, x), np.log(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(everywhere(lambda x: K.pow(x, 3), x), x**3, rtol=1e-5)
    np.testing.assert_allclose(everywhere(K.pow, x, x), x**x, rtol=1e-5)


def test_round_takes_halves_to_the_even_number():
    assert everywhere(K.round, np.array([0.5, 1.5, 2.5], "float32")).tolist() == [0.0, 2.0, 2.0]


def test_clip():
    x = numbers(5, 4)
    for low, high in [(-0.5, 0.5), (None, 0.5), (-0.5, None), (0.5, np.inf), (0.5, -0.5)]:
        result = everywhere(lambda x, low=low, high=high: K.clip(x, low, high), x)
        upper = max(low, high) if None not in (low, high) else high
        np.testing.assert_array_equal(result, np.clip(x, low, upper).astype("float32"))
    assert everywhere(lambda x: K.clip(x, 1, 2), np.arange(4, dtype="int32")).tolist() == [
        1,
        1,
        2,
        2,
    ]


def test_a_tie_gives_the_whole_gradient_to_the_first():
    tie = np.array([1.0, 0.5], "float32")
    ones = np.ones(2, "float32")
    assert gradient(lambda x: K.clip(x, 0.0, 1.0), tie)[0].tolist() == [1.0, 1.0]
    x, y = gradient(K.maximum, tie, ones)
    assert x.tolist() == [1.0, 0.0] and y.tolist() == [0.0, 1.0]
    x, y = gradient(K.minimum, tie, ones)
    assert x.tolist() == [1.0, 1.0] and y.tolist() == [0.0, 0.0]


def test_maximum_and_minimum_pass_nan_on():
    x, y = np.array([np.nan, 1, 2], "float32"), np.array([1, np.nan, 1], "float32")
    np.testing.assert_array_equal(everywhere(K.maximum, x, y), np.maximum(x, y))
    np.testing.assert_array_equal(everywhere(K.minimum, x, y), np.minimum(x, y))


@pytest.mark.parametrize(
    "name", ["equal", "not_equal", "greater", "greater_equal", "less", "less_equal"]
)
def test_comparisons(name):
    x, y = np.round(numbers(4, 4)), np.round(numbers(4, 4))
    result = everywhere(getattr(K, name), x, y)
    assert result.dtype == "bool"
    np.testing.assert_array_equal(result, getattr(np, name)(x, y))


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), [1]])
@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min"])
def test_reductions(name, axis, keepdims):
    x = numbers(3, 2, 4)
    along = tuple(axis) if isinstance(axis, list) else axis
    expected = getattr(np, name)(x, axis=along, keepdims=keepdims)
    found = getattr(K, name)(x, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-6)
    symbolic = getattr(K, name)(K.placeholder((None, 2, 4)), axis=axis, keepdims=keepdims)
    assert len(symbolic.shape) == expected.ndim


def test_reductions_compiled():
    x = numbers(3, 4)
    for name in ("sum", "std", "max"):
        function = getattr(K, name)
        everywhere(lambda x, function=function: function(x, axis=-1, keepdims=True), x)


@pytest.mark.parametrize("name", ["any", "all"])
def test_any_and_all(name):
    x = np.array([[1.0, 0.0], [1.0, 2.0]], "float32")
    result = everywhere(lambda x: getattr(K, name)(x, axis=1), x)
    assert result.tolist() == getattr(np, name)(x, axis=1).tolist()
    assert result.dtype == "bool"


def test_sums_keep_their_dtype_and_means_of_integers_are_floats():
    small = np.array([[100, 100], [100, 100]], "int16")
    assert K.sum(K.variable(small, dtype="int16")).dtype == "int16"
    assert K.eval(K.sum(K.variable(small, dtype="int64"))).dtype == "int64"
    assert everywhere(K.mean, np.array([1, 2], "int32")) == 1.5
    assert everywhere(K.mean, np.array([True, False])) == 0.5
    assert everywhere(K.sum, np.array([True, True])).dtype == "int32"
    assert K.cumsum(K.variable([1, 2], dtype="int32")).dtype == "int32"
    with_wide = K.function([], [K.sum(K.variable([1], dtype="int32")) + 0, K.constant(1, "int64")])
    assert with_wide([])[0].dtype == "int32"


def test_means_of_float16_do_not_overflow():
    x = np.full((300, 300), 10.0, "float16")
    assert everywhere(K.mean, x) == 10 and K.mean(x).dtype == "float16"


def test_positions_of_extremes():
    x = numbers(3, 4)
    assert everywhere(K.argmax, x).tolist() == np.argmax(x, -1).tolist()
    assert everywhere(lambda x: K.argmin(x, axis=0), x).tolist() == np.argmin(x, 0).tolist()
    assert K.argmax(K.placeholder((None, 3), dtype="float64")).dtype == "int32"


def test_cumulative_and_logarithmic_sums():
    x = numbers(3, 4)
    np.testing.assert_allclose(everywhere(K.cumsum, x), np.cumsum(x, 0), rtol=1e-5, atol=1e-6)
    found = everywhere(lambda x: K.cumprod(x, axis=1), x)
    np.testing.assert_allclose(found, np.cumprod(x, 1), rtol=1e-5, atol=1e-6)
    found = everywhere(lambda x: K.logsumexp(x, axis=1), x)
    np.testing.assert_allclose(found, np.log(np.sum(np.exp(x), 1)), rtol=1e-5, atol=1e-6)
    assert np.isfinite(K.logsumexp(np.array([1000.0, 1000.0], "float32")))


@pytest.mark.parametrize("name", ["var", "std", "logsumexp", "sqrt", "prod"])
def test_gradients_match_finite_differences(name):
    x = np.abs(numbers(2, 3)) + 0.5
    found = gradient(getattr(K, name), x)[0]
    np.testing.assert_allclose(found, slope(getattr(K, name), x), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "a, b, expected",
    [
        ((2, 3), (3, 4), (2, 4)),
        ((2, 3, 4), (4, 5), (2, 3, 5)),
        ((2, 3, 4), (5, 4, 6), (2, 3, 5, 6)),
        ((2, 3), (5, 3, 4), (2, 5, 4)),
    ],
)
def test_dot(a, b, expected):
    x, y = numbers(*a), numbers(*b)
    result = everywhere(K.dot, x, y, dims=[(None, *a[1:]), b])
    assert result.shape == expected
    np.testing.assert_allclose(result, np.dot(x, y), rtol=1e-5, atol=1e-5)


def test_dot_names_the_shapes_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"\(2, 3\) and \(4, 5\)"):
        K.dot(np.ones((2, 3)), np.ones((4, 5)))
    with pytest.raises(ShapeError, match=r"\(None, 3\) and \(4, 5\)"):
        K.dot(K.placeholder((None, 3)), K.placeholder((4, 5)))


def _batch_dot_by_samples(x, y, axes):
    x_axis, y_axis = (a % n for a, n in zip(axes, (x.ndim, y.ndim)))
    rows = [np.tensordot(a, b, ([x_axis - 1], [y_axis - 1])) for a, b in zip(x, y)]
    result = np.stack(rows)
    return result[:, None] if result.ndim == 1 else result


@pytest.mark.parametrize(
    "a, b, axes, meaning",
    [
        ((2, 3), (2, 3), None, (1, 1)),
        ((2, 3), (2, 3), 1, (1, 1)),
        ((2, 3), (2, 3, 4), None, (1, 1)),
        ((2, 4, 3), (2, 3), None, (2, 1)),
        ((2, 4, 3), (2, 3, 5), None, (2, 1)),
        ((2, 4, 3), (2, 3, 5), (2, 1), (2, 1)),
        ((2, 4, 3), (2, 5, 3), (2, 2), (2, 2)),
        ((2, 4, 3), (2, 5, 3), 2, (2, 2)),
        ((2, 4, 3), (2, 4, 5), 1, (1, 1)),
        ((2, 4, 3), (2, 5, 3), (-1, -1), (2, 2)),
        ((2, 5, 4, 3), (2, 3, 4), None, (3, 1)),
        ((2, 5, 4, 3), (2, 3, 4), [2, -1], (2, 2)),
        ((2, 5, 4, 3), (2, 6, 3, 5), None, (3, 2)),
    ],
)
def test_batch_dot(a, b, axes, meaning):
    x, y = numbers(*a), numbers(*b)
    result = everywhere(lambda x, y: K.batch_dot(x, y, axes), x, y)
    np.testing.assert_allclose(result, _batch_dot_by_samples(x, y, meaning), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "a, b, axes, words",
    [
        ((2,), (2, 3), None, "rank < 2"),
        ((2, 3), (2, 4), None, "sizes 3 and 4 differ"),
        ((2, 3), (5, 3), None, "batch sizes 2 and 5 differ"),
        ((2, 3), (2, 3), 0, "over axis 0"),
        ((2, 3), (2, 3), (1, 2), "2 is no axis"),
        ((2, 3), (2, 3), (1, (1, 2)), "Multiple target dimensions"),
    ],
)
def test_batch_dot_refuses(a, b, axes, words):
    with pytest.raises(ValueError, match=words):
        K.batch_dot(np.ones(a), np.ones(b), axes)


def test_batch_dot_with_unknown_sizes():
    x, y = K.placeholder((None, None, 8)), K.placeholder((None, None, 8))
    assert K.batch_dot(x, y, axes=[2, 2]).shape == (None, None, None)
    assert K.batch_dot(x, y, axes=[1, 1]).shape == (None, 8, 8)
