"""Convolutions, pooling and resizing: values by formula, and errors."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.engine import ShapeError
from hornbeam.models import Model


def randoms(*shape):
    return np.random.normal(size=shape).astype("float32")


def test_conv2d_is_a_sum_of_windows():
    x, layer = randoms(2, 5, 6, 3), L.Conv2D(4, (3, 2), strides=(2, 1))
    y = np.asarray(layer(x))
    kernel, bias = layer.get_weights()
    expected = np.zeros_like(y)
    for row in range(y.shape[1]):
        for col in range(y.shape[2]):
            window = x[:, 2 * row : 2 * row + 3, col : col + 2]
            expected[:, row, col] = np.tensordot(window, kernel, 3) + bias
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def test_a_causal_convolution_does_not_look_ahead():
    layer, x = L.Conv1D(3, 2, padding="causal", dilation_rate=2), randoms(1, 6, 2)
    before = np.asarray(layer(x))
    x[:, 4:] += 1
    after = np.asarray(layer(x))
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] != after[:, 4:]).any()


def test_depthwise_then_pointwise_is_separable():
    x, layer = randoms(1, 5, 5, 2), L.SeparableConv2D(3, 2, depth_multiplier=2)
    y = np.asarray(layer(x))
    depthwise, pointwise, bias = layer.get_weights()
    inner = L.DepthwiseConv2D(2, depth_multiplier=2, use_bias=False, weights=[depthwise])
    outer = L.Conv2D(3, 1, weights=[pointwise, bias])
    np.testing.assert_allclose(y, np.asarray(outer(np.asarray(inner(x)))), rtol=1e-5, atol=1e-5)


def test_a_transposed_convolution_turns_a_convolution_around():
    conv = L.Conv2D(3, 3, strides=2, use_bias=False)
    x, back = randoms(1, 7, 7, 2), L.Conv2DTranspose(2, 3, strides=2, use_bias=False)
    y = np.asarray(conv(x))
    g = randoms(*y.shape)
    back.build(g.shape)
    back.set_weights(conv.get_weights())
    z = np.asarray(back(g))
    assert z.shape == x.shape
    np.testing.assert_allclose(np.sum(y * g), np.sum(x * z), rtol=1e-4)  # it is the adjoint


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.Conv2D(0, 3), "filters=0"),
        (lambda: L.Conv2D(3, (3, 3, 3)), "`kernel_size` argument .* tuple of 2 positive integers"),
        (lambda: L.Conv2D(3, 3, strides=0), "`strides` argument"),
        (lambda: L.Conv2D(3, 3, padding="full"), "`padding` argument .* 'valid', 'same'"),
        (lambda: L.Conv2D(3, 3, padding="causal"), "`padding` argument"),
        (lambda: L.Conv2D(3, 3, data_format="channels"), "data_format"),
        (lambda: L.Conv2D(3, 3, strides=2, dilation_rate=2), "not supported in conjunction"),
        (lambda: L.Conv1D(3, 3, padding="causal", data_format="channels_first"), "causal"),
        (lambda: L.Conv2DTranspose(3, 3, output_padding=1), "Stride must be greater"),
        (lambda: L.MaxPooling2D((2, -1)), "`pool_size` argument"),
        (lambda: L.LocallyConnected1D(3, 2, padding="same"), "`padding` argument"),
        (lambda: L.Cropping2D(((1, 2), 3, 4)), "`cropping` argument"),
        (lambda: L.ZeroPadding2D(-1), "none of them negative"),
        (lambda: L.UpSampling2D(2, interpolation="cubic"), "interpolation should be one of"),
    ],
)
def test_wrong_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (L.Conv2D(3, 3, name="c1"), (2, 5, 1), "Negative dimension size: c1 .*Conv2D"),
        (L.Conv2D(3, 3), (5, 5), "expected ndim=4, found ndim=3"),
        (L.Conv2D(3, 3), (5, 5, None), "axis -1 must be known"),
        (L.MaxPooling2D(), (1, 1, 3), "Negative dimension size"),
        (L.Cropping1D(3), (5, 2), "Crop less"),
        (L.LocallyConnected1D(3, 2), (None, 2), "axis 1 must be known"),
    ],
)
def test_wrong_inputs_are_refused(layer, shape, message):
    with pytest.raises(ShapeError, match=message):
        layer(L.Input(shape))


def test_average_pooling_leaves_padding_out():
    y = L.AveragePooling2D(2, padding="same")(np.ones((1, 3, 3, 1), "float32"))
    np.testing.assert_array_equal(y, np.ones((1, 2, 2, 1)))


def test_a_masked_mean_counts_what_is_present():
    x = randoms(2, 4, 3)
    x[0, 2:] = 0
    inputs = L.Input((4, 3))
    model = Model(inputs, L.GlobalAveragePooling1D()(L.Masking()(inputs)))
    expected = np.stack([x[0, :2].mean(0), x[1].mean(0)])
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-5)


def test_bilinear_upsampling_keeps_the_corner():
    x = np.array([[[[0.0], [4.0]]]], "float32")
    y = L.UpSampling2D((1, 2), interpolation="bilinear")(x)
    np.testing.assert_array_equal(np.asarray(y).ravel(), [0, 2, 4, 4])  # Keras 2.3.1


def test_a_local_convolution_has_weights_for_each_place():
    x, layer = randoms(2, 5, 3), L.LocallyConnected1D(2, 2)
    y = np.asarray(layer(x))
    kernel, bias = layer.get_weights()
    for place in range(4):
        window = x[:, place : place + 2].reshape(2, -1)
        np.testing.assert_allclose(
            y[:, place], window @ kernel[place] + bias[place], rtol=1e-5, atol=1e-5
        )


@pytest.mark.parametrize("implementation", [2, 3])
@pytest.mark.parametrize(
    "make, shape", [(L.LocallyConnected1D, (7, 2)), (L.LocallyConnected2D, (5, 6, 2))]
)
def test_all_implementations_of_a_locally_connected_layer_agree(make, shape, implementation):
    x = L.Input(shape)
    first, other = make(3, 2), make(3, 2, implementation=implementation)
    outputs = [first(x), other(x)]
    other.set_weights(first.get_weights())
    found = K.function([x], outputs)([np.random.RandomState(0).normal(size=(2, *shape))])
    np.testing.assert_array_equal(*found)
    assert make.from_config(other.get_config()).implementation == implementation
    assert "implementation" not in first.get_config()  # as in Keras 2.3.1
    with pytest.raises(ValueError, match="Expected 1, 2 or 3"):
        make(3, 2, implementation=4)
