"""BatchNormalization: statistics, moving averages, and what freezing means."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.engine import ShapeError
from hornbeam.models import Model, Sequential


def randoms(*shape):
    return np.random.normal(size=shape).astype("float32")


def test_training_uses_the_batch_and_test_the_moving_averages():
    x, layer = randoms(20, 3) * 3 + 1, L.BatchNormalization(epsilon=1e-3)
    y = np.asarray(layer(x, training=True))
    np.testing.assert_allclose(
        y, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3), rtol=1e-4, atol=1e-5
    )
    layer.set_weights([randoms(3), randoms(3), randoms(3), abs(randoms(3))])
    gamma, beta, mean, variance = layer.get_weights()
    y = np.asarray(layer(x, training=False))
    expected = (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("shape", "fused"), [((8, 3), False), ((8, 2, 2, 3), True)])
def test_the_moving_variance_is_that_of_keras_on_tensorflow(shape, fused):
    model = Sequential([L.BatchNormalization(momentum=0.9, input_shape=shape[1:])])
    model.compile("sgd", "mse")
    x = randoms(*shape)
    axes = tuple(range(len(shape) - 1))
    n = x.size // 3
    model.train_on_batch(x, x)
    _, _, mean, variance = model.get_weights()
    np.testing.assert_allclose(mean, 0.1 * x.mean(axes), rtol=1e-4, atol=1e-6)
    sample = x.var(axes) * n / (n - 1 - 1e-3) * (n / (n - 1) if fused else 1)
    np.testing.assert_allclose(variance, 0.9 + 0.1 * sample, rtol=1e-5)


def test_a_frozen_layer_keeps_its_averages_and_still_uses_the_batch():
    layer = L.BatchNormalization(input_shape=(3,))
    model = Sequential([layer, L.Dense(2)])
    layer.trainable = False
    model.compile("sgd", "mse")
    before = layer.get_weights()
    x = randoms(8, 3) + 5
    model.train_on_batch(x, randoms(8, 2))
    for old, new in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(old, new)
    outputs = K.function([model.input, K.learning_phase()], [layer.output])
    assert abs(outputs([x, 1])[0].mean()) < 1e-5
    assert outputs([x, 0])[0].mean() > 3
    assert layer.updates == []


def test_any_axis_can_be_the_features():
    x = randoms(4, 3, 2, 5)
    first, last = L.BatchNormalization(axis=1), L.BatchNormalization()
    y = np.asarray(first(x, training=True))
    z = np.asarray(last(np.moveaxis(x, 1, -1), training=True))
    np.testing.assert_allclose(y, np.moveaxis(z, -1, 1), rtol=1e-5, atol=1e-5)


def test_called_with_training_false_it_stays_in_test_mode():
    x = L.Input((3,))
    layer = L.BatchNormalization()
    model = Model(x, layer(x, training=False))
    model.compile("sgd", "mse")
    values = randoms(8, 3) + 2
    model.train_on_batch(values, values)
    assert (layer.get_weights()[2] == 0).all()


def test_errors_name_the_axis():
    with pytest.raises(ShapeError, match="has no axis 4"):
        L.BatchNormalization(axis=4)(L.Input((3,)))
    with pytest.raises(ShapeError, match="axis -1 must be known"):
        L.BatchNormalization()(L.Input((3, None)))
