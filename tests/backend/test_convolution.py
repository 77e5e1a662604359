"""Convolutions and pooling against loops over windows."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.backend.errors import ShapeError
from tests.backend.support import everywhere, gradient, numbers


def pads_of(size, window, stride, padding, dilation=1):
    """TensorFlow's padding of one axis: (before, after)."""
    if padding == "valid":
        return (0, 0)
    reach = (window - 1) * dilation + 1
    if padding == "causal":
        return (reach - 1, 0)
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return (total // 2, total - total // 2)


def windows(x, size, strides, padding, dilation, fill=0.0):
    """All windows of a channels-last array: `(batch, *places, *size, channels)`."""
    count = len(size)
    pads = [
        pads_of(n, k, s, padding, d) for n, k, s, d in zip(x.shape[1:], size, strides, dilation)
    ]
    x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
    for axis in range(count):
        k, s, d = size[axis], strides[axis], dilation[axis]
        places = (x.shape[1 + 2 * axis] - (k - 1) * d - 1) // s + 1
        index = np.arange(places)[:, None] * s + np.arange(k) * d
        x = np.take(x, index, 1 + 2 * axis)
    places = [1 + 2 * axis for axis in range(count)]
    inner = [axis + 1 for axis in places]
    return x.transpose(0, *places, *inner, x.ndim - 1)


def convolved(x, kernel, strides, padding, dilation):
    count = x.ndim - 2
    found = windows(x, kernel.shape[:count], strides, padding, dilation)
    return np.tensordot(found, kernel, count + 1)


def to_first(x):
    return np.moveaxis(x, -1, 1)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    "strides, dilation", [((1, 1), (1, 1)), ((2, 3), (1, 1)), ((1, 1), (2, 2))]
)
def test_conv2d(strides, padding, dilation):
    x, kernel = numbers(2, 7, 8, 3), numbers(3, 2, 3, 4)
    expected = convolved(x, kernel, strides, padding, dilation)

    def convolve(x, kernel, data_format="channels_last"):
        return K.conv2d(x, kernel, strides, padding, data_format, dilation)

    found = everywhere(convolve, x, kernel, dims=[(None, 7, 8, 3), kernel.shape])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    found = convolve(to_first(x), kernel, "channels_first")
    np.testing.assert_allclose(found, to_first(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize("stride, dilation", [(1, 1), (2, 1), (1, 3)])
def test_conv1d(padding, stride, dilation):
    x, kernel = numbers(2, 9, 3), numbers(3, 3, 4)
    expected = convolved(x, kernel, (stride,), padding, (dilation,))
    found = K.conv1d(x, kernel, stride, padding, dilation_rate=dilation)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    found = K.conv1d(to_first(x), kernel, stride, padding, "channels_first", dilation)
    np.testing.assert_allclose(found, to_first(expected), rtol=1e-4, atol=1e-5)


def test_causal_convolution_does_not_look_ahead():
    x = numbers(1, 6, 1)
    changed = x.copy()
    changed[0, 4] += 1
    kernel = numbers(3, 1, 2)
    before, after = K.conv1d(x, kernel, 1, "causal"), K.conv1d(changed, kernel, 1, "causal")
    np.testing.assert_array_equal(before[:, :4], after[:, :4])


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_conv3d(padding):
    x, kernel = numbers(1, 4, 5, 6, 2), numbers(2, 3, 2, 2, 3)
    expected = convolved(x, kernel, (1, 2, 1), padding, (1, 1, 1))
    found = K.conv3d(x, kernel, (1, 2, 1), padding)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    found = K.conv3d(to_first(x), kernel, (1, 2, 1), padding, "channels_first")
    np.testing.assert_allclose(found, to_first(expected), rtol=1e-4, atol=1e-5)


def depthwise(x, kernel, strides, padding, dilation=(1, 1)):
    found = windows(x, kernel.shape[:2], strides, padding, dilation)
    result = np.einsum("bpqijc,ijcm->bpqcm", found, kernel)
    return result.reshape(*result.shape[:3], -1)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_depthwise_and_separable_convolution(padding):
    x, kernel, pointwise = numbers(2, 6, 7, 3), numbers(3, 2, 3, 2), numbers(1, 1, 6, 4)
    expected = depthwise(x, kernel, (2, 2), padding)
    found = everywhere(
        lambda x, k: K.depthwise_conv2d(x, k, (2, 2), padding),
        x,
        kernel,
        dims=[(None, 6, 7, 3), kernel.shape],
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    found = K.depthwise_conv2d(to_first(x), kernel, (2, 2), padding, "channels_first")
    np.testing.assert_allclose(found, to_first(expected), rtol=1e-4, atol=1e-5)
    expected = expected @ pointwise[0, 0]
    found = K.separable_conv2d(x, kernel, pointwise, (2, 2), padding)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    found = K.separable_conv2d(to_first(x), kernel, pointwise, (2, 2), padding, "channels_first")
    np.testing.assert_allclose(found, to_first(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_separable_conv1d(padding):
    x, kernel, pointwise = numbers(2, 6, 3), numbers(3, 3, 2), numbers(1, 6, 4)
    expected = np.stack(
        [convolved(x[..., c : c + 1], kernel[:, c : c + 1], (1,), padding, (2,)) for c in range(3)],
        2,
    ).reshape(2, -1, 6)
    found = K.separable_conv1d(x, kernel, pointwise, 1, padding, dilation_rate=2)
    np.testing.assert_allclose(found, expected @ pointwise[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "padding, strides, size, dilation",
    [
        ("valid", (1, 1), (6, 5), (1, 1)),
        ("valid", (2, 2), (9, 8), (1, 1)),
        ("valid", (2, 2), (10, 9), (1, 1)),
        ("same", (2, 2), (8, 8), (1, 1)),
        ("same", (2, 2), (7, 7), (1, 1)),
        ("same", (3, 3), (12, 12), (1, 1)),
        ("valid", (1, 1), (8, 6), (2, 2)),
        ("same", (1, 1), (4, 4), (2, 2)),
    ],
)
def test_conv2d_transpose_is_the_gradient_of_conv2d(padding, strides, size, dilation):
    """`sum(conv(y) * x)` has, by `y`, the gradient that the transposed convolution of x is."""
    x, kernel = numbers(2, 4, 4, 3), numbers(3, 2, 5, 3)
    shape = (2, *size, 5)
    expected = gradient(
        lambda y: K.conv2d(y, kernel, strides, padding, dilation_rate=dilation) * x,
        np.zeros(shape, "float32"),
    )[0]

    def transposed(x, data_format="channels_last", shape=(None, *size, 5)):
        return K.conv2d_transpose(x, kernel, shape, strides, padding, data_format, dilation)

    np.testing.assert_allclose(everywhere(transposed, x), expected, rtol=1e-4, atol=1e-5)
    found = transposed(to_first(x), "channels_first", (2, 5, *size))
    np.testing.assert_allclose(found, to_first(expected), rtol=1e-4, atol=1e-5)


def test_conv3d_transpose_is_the_gradient_of_conv3d():
    x, kernel = numbers(1, 2, 3, 2, 3), numbers(3, 2, 2, 4, 3)
    expected = gradient(
        lambda y: K.conv3d(y, kernel, (2, 2, 2), "same") * x, np.zeros((1, 4, 6, 4, 4), "float32")
    )[0]
    found = K.conv3d_transpose(x, kernel, (1, 4, 6, 4, 4), (2, 2, 2), "same")
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_output_shape_of_a_transposed_convolution_may_hold_tensors():
    x, kernel = K.placeholder((None, 4, 4, 3)), K.variable(numbers(3, 3, 2, 3))
    shape = (K.shape(x)[0], 8, 8, 2)
    assert K.conv2d_transpose(x, kernel, shape, (2, 2), "same").shape == (None, 8, 8, 2)
    shape = K.stack([K.shape(x)[0], 8, 8, 2])
    assert K.conv2d_transpose(x, kernel, shape, (2, 2), "same").shape == (None, 8, 8, 2)


def test_a_transposed_convolution_refuses_an_impossible_shape():
    with pytest.raises(ShapeError, match=r"cannot give the output shape \(1, 20, 8, 2\)"):
        K.conv2d_transpose(np.ones((1, 4, 4, 3)), np.ones((3, 3, 2, 3)), (1, 20, 8, 2), (2, 2))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_local_convolutions(data_format):
    first = data_format == "channels_first"
    x = numbers(2, 5, 6, 3)
    size, strides, places = (2, 3), (2, 1), (2, 4)
    found = windows(x, size, strides, "valid", (1, 1))  # (batch, 2, 4, 2, 3, 3)
    if first:
        found = np.moveaxis(found, -1, 3)
    patches = found.reshape(2, 8, 18)
    kernel = numbers(8, 18, 4)
    expected = np.einsum("bpf,pfo->bpo", patches, kernel).reshape(2, *places, 4)
    result = everywhere(
        lambda x, k: K.local_conv2d(x, k, size, strides, places, data_format),
        to_first(x) if first else x,
        kernel,
        dims=[(None, 3, 5, 6) if first else (None, 5, 6, 3), kernel.shape],
    )
    np.testing.assert_allclose(result, to_first(expected) if first else expected, 1e-4, 1e-5)

    x, kernel = numbers(2, 7, 3), numbers(3, 9, 4)
    found = windows(x, (3,), (2,), "valid", (1,))
    if first:
        found = np.moveaxis(found, -1, 2)
    expected = np.einsum("bpf,pfo->bpo", found.reshape(2, 3, 9), kernel)
    result = K.local_conv1d(to_first(x) if first else x, kernel, (3,), (2,), data_format)
    np.testing.assert_allclose(result, to_first(expected) if first else expected, 1e-4, 1e-5)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
def test_pool2d(mode, padding, strides):
    x = numbers(2, 7, 6, 3)
    found = windows(x, (3, 2), strides, padding, (1, 1), np.nan)
    expected = (np.nanmax if mode == "max" else np.nanmean)(found, (3, 4))
    result = everywhere(lambda x: K.pool2d(x, (3, 2), strides, padding, pool_mode=mode), x)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)
    result = K.pool2d(to_first(x), (3, 2), strides, padding, "channels_first", mode)
    np.testing.assert_allclose(result, to_first(expected), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", ["max", "avg"])
def test_pool3d(mode):
    x = numbers(1, 5, 4, 6, 2)
    found = windows(x, (2, 2, 3), (2, 1, 2), "same", (1, 1, 1), np.nan)
    expected = (np.nanmax if mode == "max" else np.nanmean)(found, (4, 5, 6))
    result = K.pool3d(x, (2, 2, 3), (2, 1, 2), "same", pool_mode=mode)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_pooling_has_gradients_and_keeps_dtypes():
    x = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    by_max = gradient(lambda x: K.pool2d(x, (2, 2), (2, 2)), x)[0]
    assert by_max.sum() == 4 and by_max[0, 1, 1, 0] == 1
    by_mean = gradient(lambda x: K.pool2d(x, (2, 2), (2, 2), pool_mode="avg"), x)[0]
    assert (by_mean == 0.25).all()
    assert K.pool2d(K.placeholder((1, 4, 4, 1), dtype="float16"), (2, 2)).dtype == "float16"
    assert K.pool2d(K.placeholder((1, 4, 4, 1), dtype="float64"), (2, 2)).dtype == "float64"


def test_unknown_sizes_stay_unknown():
    x, kernel = K.placeholder((None, None, None, 3)), K.variable(numbers(3, 3, 3, 8))
    assert K.conv2d(x, kernel, padding="same").shape == (None, None, None, 8)
    assert K.pool2d(x, (2, 2), (2, 2)).shape == (None, None, None, 3)
    assert K.conv2d(K.placeholder((None, 7, None, 3)), kernel).shape == (None, 5, None, 8)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x, k: K.conv2d(x[0], k), "expects rank 4"),
        (lambda x, k: K.conv2d(x, k[0]), "kernel of shape"),
        (lambda x, k: K.conv2d(x, k, padding="full"), "Invalid padding: 'full'"),
        (lambda x, k: K.conv2d(x, k, data_format="last"), "data_format"),
        (lambda x, k: K.conv2d(x, k, strides=(1, 2, 3)), "Expected 2 positive integers"),
        (lambda x, k: K.conv2d(x, k, data_format="channels_first"), "6 channels, and a kernel"),
        (lambda x, k: K.conv2d(x[:, :2], k), r"Negative dimension size.*\(0, 5\)"),
        (lambda x, k: K.pool2d(x, (9, 9)), "Negative dimension size"),
        (lambda x, k: K.pool2d(x, (2, 2), pool_mode="min"), "Invalid pooling mode"),
    ],
)
def test_wrong_arguments_are_explained(call, words):
    with pytest.raises(ValueError, match=words):
        call(np.ones((2, 6, 6, 3), "float32"), np.ones((3, 2, 3, 4), "float32"))
