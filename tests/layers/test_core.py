"""Core layers: values, masks, functions in Lambda, and errors."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import bytecode
from hornbeam import layers as L
from hornbeam.engine import ShapeError
from hornbeam.models import Model


def test_dense_is_a_product_and_a_bias():
    layer = L.Dense(2, activation="relu")
    x = np.random.normal(size=(3, 4)).astype("float32")
    y = layer(x)
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(y, np.maximum(x @ kernel + bias, 0), rtol=1e-5, atol=1e-6)


def test_dense_needs_the_number_of_features():
    with pytest.raises(ShapeError, match=r"axis -1 must be known"):
        L.Dense(2)(L.Input((None,)))


def test_dense_refuses_other_features_than_it_was_built_for():
    layer = L.Dense(2)
    layer(L.Input((4,)))
    with pytest.raises(ShapeError, match="expected axis -1 of input shape to have value 4"):
        layer(L.Input((5,)))


@pytest.mark.parametrize("units", [0, -3, 2.5, "four"])
def test_units_are_a_positive_integer(units):
    with pytest.raises((ValueError, TypeError), match="positive integer"):
        L.Dense(units)


@pytest.mark.parametrize("rate", [-0.1, 20, "half"])
def test_a_rate_is_from_0_to_1(rate):
    with pytest.raises(ValueError, match="not a percentage"):
        L.Dropout(rate)


def test_dropout_scales_what_it_keeps_in_training_only():
    x = np.ones((64, 50), "float32")
    layer = L.Dropout(0.4, seed=1)
    assert (np.asarray(layer(x, training=False)) == x).all()
    y = np.asarray(layer(x, training=True))
    assert set(np.unique(y)) == {0, np.float32(1 / 0.6)}
    assert abs((y == 0).mean() - 0.4) < 0.05


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (L.SpatialDropout1D(0.5), (8, 5, 6), (1,)),
        (L.SpatialDropout2D(0.5), (8, 3, 4, 6), (1, 2)),
        (L.SpatialDropout2D(0.5, "channels_first"), (8, 6, 3, 4), (2, 3)),
        (L.SpatialDropout3D(0.5), (8, 2, 3, 2, 6), (1, 2, 3)),
    ],
)
def test_spatial_dropout_drops_whole_channels(layer, shape, axes):
    y = np.asarray(layer(np.ones(shape, "float32"), training=True))
    dropped = y == 0
    assert (dropped.all(axes) == dropped.any(axes)).all()
    assert 0 < dropped.mean() < 1


def test_flatten_moves_channels_last_first():
    x = np.arange(24, dtype="float32").reshape(1, 2, 3, 4)  # channels, rows, cols
    y = L.Flatten(data_format="channels_first")(x)
    np.testing.assert_array_equal(y, x.transpose(0, 2, 3, 1).reshape(1, -1))


def test_reshape_says_what_does_not_fit():
    with pytest.raises(ShapeError, match="total size of new array must be unchanged"):
        L.Reshape((5, 2))(L.Input((12,)))
    with pytest.raises(ValueError, match="at most one is -1"):
        L.Reshape((-1, -1))


def test_permute_names_each_axis_once():
    with pytest.raises(ValueError, match="Invalid permutation"):
        L.Permute((1, 1))


def test_masking_zeroes_and_masks_steps():
    x = L.Input((3, 2))
    layer = L.Masking(mask_value=-1.0)
    y = layer(x)
    values = np.array([[[1, -1], [-1, -1], [2, 3]]], "float32")
    masked, mask = K.function([x], [y, layer.output_mask])([values])
    np.testing.assert_array_equal(mask, [[True, False, True]])
    np.testing.assert_array_equal(masked, values * mask[..., None])


def test_activity_regularization_adds_its_penalty():
    x = L.Input((2,))
    y = L.ActivityRegularization(l1=0.5, l2=0.25)(x)
    model = Model(x, y)
    model.compile("sgd", "mse")
    values = np.array([[1.0, -2.0]], "float32")
    assert model.test_on_batch(values, values) == pytest.approx(0.5 * 3 + 0.25 * 5)


# ---- Lambda


def test_lambda_gets_its_arguments_mask_and_training():
    seen = {}

    def function(x, factor, mask=None, training=None):
        seen.update(mask=mask, training=training)
        return x * factor

    y = L.Lambda(function, arguments={"factor": 3})(L.Masking()(np.ones((1, 2, 2), "float32")))
    assert (np.asarray(y) == 3).all()
    assert seen["training"] is False


def test_lambda_closes_over_tensors_and_layers():
    a, b = L.Input((2,)), L.Input((2,))
    y = L.Lambda(lambda x: x + b)(a)
    values = [np.ones((1, 2), "float32"), np.full((1, 2), 2, "float32")]
    np.testing.assert_array_equal(K.function([a, b], [y])(values)[0], [[3, 3]])
    assert K.gradients(K.sum(y), [b])[0] is not None


def test_lambda_output_shape_fills_what_is_unknown():
    x = L.Input((None, 2))
    y = L.Lambda(lambda x: x[:, :4], output_shape=(4, 2))(x)
    assert K.int_shape(y) == (None, 4, 2)


def test_lambda_takes_lists_and_returns_lists():
    a, b = L.Input((2,)), L.Input((2,))
    y, z = L.Lambda(lambda x: [x[0] + x[1], x[0] - x[1]])([a, b])
    values = [np.full((1, 2), 5, "float32"), np.full((1, 2), 2, "float32")]
    found = K.function([a, b], [y, z])(values)
    assert found[0][0, 0] == 7 and found[1][0, 0] == 3


def test_lambda_mask_may_be_computed():
    x = L.Input((3, 2))
    layer = L.Lambda(lambda x: x[:, :2], mask=lambda inputs, mask: mask[:, :2])
    layer(L.Masking()(x))
    assert K.int_shape(layer.output_mask) == (None, 2)


def test_own_code_is_loaded_again_with_its_globals():
    offset = 2.0
    layer = L.Lambda(lambda x: x * np.float32(3) + offset)
    copy = L.Lambda.from_config(layer.get_config())
    assert np.asarray(copy(np.ones((1, 1), "float32"))).item() == 5


def test_code_of_others_is_refused_unless_allowed():
    config = L.Lambda(lambda x: x + 1).get_config()
    code = config["function"][0]
    origin = bytecode._own_code.pop(code)  # as if a file had brought it
    try:
        with pytest.raises(ValueError, match="safe_mode=False"):
            L.Lambda.from_config(config)
        with bytecode.stored_code_allowed():
            layer = L.Lambda.from_config(config)
    finally:
        bytecode._own_code[code] = origin
    assert np.asarray(layer(np.ones((1, 1), "float32"))).item() == 2


def test_lambda_finds_a_named_function_in_custom_objects():
    class Doubler:
        __name__ = "doubler"

        def __call__(self, x):
            return 2 * x

    doubler = Doubler()
    config = L.Lambda(doubler).get_config()
    assert config["function_type"] == "function"
    layer = L.Lambda.from_config(config, custom_objects={"doubler": doubler})
    assert np.asarray(layer(np.ones((1, 1), "float32"))).item() == 2


def test_an_unknown_layer_is_named_with_its_neighbours():
    with pytest.raises(ValueError, match="Did you mean 'Dense'"):
        L.deserialize({"class_name": "Dens", "config": {}})


def test_flatten_of_a_file_before_keras_2_2_keeps_the_order():
    K.set_image_data_format("channels_first")
    try:
        assert L.Flatten().data_format == "channels_first"
        old = L.Flatten.from_config({"name": "flatten_1", "trainable": True})
        again = L.Flatten.from_config(L.Flatten().get_config())
    finally:
        K.set_image_data_format("channels_last")
    assert old.data_format == "channels_last" and again.data_format == "channels_first"
    x = np.arange(12).reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(old(x), x.reshape(1, 12))
