"""Weights in other layouts, the inputs of a tensor, and the test of third-party layers."""

import numpy as np
import pytest
from hornbeam.engine.saving import pickle_model, unpickle_model
from hornbeam.utils.test_utils import keras_test, layer_test

import hornbeam as keras
from hornbeam.layers import Conv2D, Dense, Dropout, Flatten, Input, Layer, add
from hornbeam.models import Model, Sequential
from hornbeam.utils import convert_all_kernels_in_model, get_source_inputs, layer_utils
from hornbeam.utils.layer_utils import convert_dense_weights_data_format, count_params


def test_kernels_of_convolutions_are_turned_twice_to_where_they_were():
    model = Sequential([Conv2D(2, 3, input_shape=(5, 5, 1)), Flatten(), Dense(2)])
    before = model.get_weights()
    convert_all_kernels_in_model(model)
    after = model.get_weights()
    np.testing.assert_array_equal(after[0], before[0][::-1, ::-1])
    np.testing.assert_array_equal(after[2], before[2])
    convert_all_kernels_in_model(model)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


@pytest.mark.parametrize("bias", [True, False])
def test_dense_weights_follow_the_layout_of_the_images(bias):
    last = np.random.rand(2, 3, 4, 5).astype("float32")             # batch, rows, cols, channels
    first = last.transpose(0, 3, 1, 2)
    dense = Dense(6, input_dim=60, use_bias=bias)
    model = Sequential([dense])
    expected = model.predict(last.reshape(2, -1))
    convert_dense_weights_data_format(dense, (5, 3, 4), "channels_first")
    np.testing.assert_allclose(model.predict(first.reshape(2, -1)), expected, rtol=1e-5)
    convert_dense_weights_data_format(dense, (3, 4, 5), "channels_last")
    np.testing.assert_allclose(model.predict(last.reshape(2, -1)), expected, rtol=1e-5)


def test_dense_weights_of_another_size_are_refused():
    dense = Dense(6)
    dense.build((None, 60))
    with pytest.raises(ValueError, match="does not fit feature maps"):
        convert_dense_weights_data_format(dense, (5, 3, 3))
    with pytest.raises(ValueError, match="'channels_first' or 'channels_last'"):
        convert_dense_weights_data_format(dense, (5, 3, 4), "th")


def test_source_inputs_are_found_once_and_in_order():
    a, b = Input((3,)), Input((3,))
    shared = Dense(3)
    out = add([shared(a), shared(b), a])
    assert get_source_inputs(out) == [a, b]
    assert get_source_inputs(a) == [a]
    assert keras.engine.get_source_inputs is layer_utils.get_source_inputs


def test_weights_are_counted_once():
    dense = Dense(4)
    dense.build((None, 3))
    assert count_params(dense.weights + dense.weights) == 16


def test_a_pickled_model_is_the_same_model():
    model = Sequential([Dense(2, input_shape=(3,))])
    model.compile("adam", "mse")
    copy = unpickle_model(pickle_model(model))
    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(copy.predict(x), model.predict(x))
    assert copy.optimizer.get_config() == model.optimizer.get_config()


class Doubled(Layer):
    def call(self, inputs):
        return inputs * 2

    def compute_output_shape(self, input_shape):
        return input_shape


class Wrong(Doubled):
    def compute_output_shape(self, input_shape):
        return (input_shape[0], 7)


@keras_test
def test_layer_test_passes_good_layers():
    data = np.ones((4, 3), "float32")
    np.testing.assert_array_equal(layer_test(Doubled, input_data=data), data * 2)
    assert layer_test(Dense, {"units": 2}, input_shape=(None, 3)).shape[1] == 2
    layer_test(Dropout, {"rate": 0.5}, input_shape=(4, 3), fixed_batch_size=True)


def test_layer_test_fails_wrong_layers():
    with pytest.raises(AssertionError):
        layer_test(Wrong, input_shape=(2, 3))
    with pytest.raises(AssertionError):
        layer_test(Doubled, input_shape=(2, 3), expected_output=np.zeros((2, 3)))


def test_names_of_utils_load_when_asked_for():
    from hornbeam import utils

    missing = [name for name in utils.__all__ if not hasattr(utils, name)]
    assert not missing and sorted(utils.__all__) == utils.__all__


def test_semi_public_modules_are_one_with_ours():
    from hornbeam.engine.topology import Layer as TopologyLayer
    from hornbeam.legacy.layers import Highway

    from hornbeam import objectives
    from hornbeam.engine import Model as EngineModel

    assert objectives is keras.losses and EngineModel is Model and TopologyLayer is Layer
    assert Highway is keras.layers.Highway
