"""`keras.utils.test_utils`: what the tests of third-party layers are written with."""

import functools

import numpy as np
from numpy.testing import assert_allclose

from hornbeam import backend as K
from hornbeam.models import Input, Model
from hornbeam.registry import CustomObjectScope, has_arg
from hornbeam.renames import missing

__all__ = ["get_test_data", "keras_test", "layer_test"]


def get_test_data(
    num_train=1000,
    num_test=500,
    input_shape=(10,),
    output_shape=(2,),
    classification=True,
    num_classes=2,
):
    """Makes random data that a model can learn.

    Args:
        num_train, num_test: Integers, numbers of samples.
        input_shape: Tuple, the shape of one sample.
        output_shape: Tuple, the shape of one target; not used for classification.
        classification: Bool; whether the targets are labels. The samples lie around them.
        num_classes: Integer.

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x is float32, y integers of shape `(samples,)` or
        float32 of shape `(samples, *output_shape)`.

    Source: Keras 2.3.1, number for number with the same seed.
    """
    samples = num_train + num_test
    x = np.zeros((samples, *input_shape), np.float32)
    if classification:
        y = np.random.randint(0, num_classes, size=(samples,))
        for place in range(samples):
            x[place] = np.random.normal(loc=y[place], scale=0.7, size=input_shape)
    else:
        centres = np.random.random((samples,))
        y = np.zeros((samples, *output_shape), np.float32)
        for place, centre in enumerate(centres):
            x[place] = np.random.normal(loc=centre, scale=0.7, size=input_shape)
            y[place] = np.random.normal(loc=centre, scale=0.7, size=output_shape)
    return (x[:num_train], y[:num_train]), (x[num_train:], y[num_train:])


def layer_test(
    layer_cls,
    kwargs={},  # noqa: B006  as in Keras; it is not changed
    input_shape=None,
    input_dtype=None,
    input_data=None,
    expected_output=None,
    expected_output_dtype=None,
    fixed_batch_size=False,
):
    """Tests a layer with one input and one output: shapes, weights, config, training.

    Args:
        layer_cls: Class of the layer.
        kwargs: Dict of its constructor's arguments.
        input_shape: Tuple with the batch axis; None entries are drawn. Not needed with
            `input_data`.
        input_dtype: Name of a dtype; default `floatx()`.
        input_data: Array; None draws one.
        expected_output: Array to compare the output with.
        expected_output_dtype: Name of a dtype; default that of the input.
        fixed_batch_size: Bool; whether the model is made for the batch size of `input_shape`.

    Returns:
        The output, an array.

    Raises:
        AssertionError: for the first thing that is wrong.
    """
    if input_data is None:
        if not input_shape:
            raise ValueError("layer_test needs input_shape or input_data.")
        input_dtype = input_dtype or K.floatx()
        drawn = [np.random.randint(1, 4) if size is None else size for size in input_shape]
        input_data = (10 * np.random.random(drawn)).astype(input_dtype)
    input_shape = input_data.shape if input_shape is None else input_shape
    input_dtype = input_dtype or str(input_data.dtype)
    expected_output_dtype = expected_output_dtype or input_dtype

    layer = layer_cls(**kwargs)
    layer.set_weights(layer.get_weights())
    expected_shape = layer.compute_output_shape(input_shape)

    if fixed_batch_size:
        x = Input(batch_shape=input_shape, dtype=input_dtype)
    else:
        x = Input(shape=input_shape[1:], dtype=input_dtype)
    y = layer(x)
    assert K.dtype(y) == expected_output_dtype, (K.dtype(y), expected_output_dtype)

    model = Model(x, y)
    output = model.predict(input_data)
    for expected, found in zip(expected_shape, output.shape):
        assert expected is None or expected == found, (expected_shape, output.shape)
    if expected_output is not None:
        assert_allclose(output, expected_output, rtol=1e-3)

    with CustomObjectScope({layer_cls.__name__: layer_cls}):
        copy = type(model).from_config(model.get_config())
    if model.weights:
        copy.set_weights(model.get_weights())
        assert_allclose(copy.predict(input_data), output, rtol=1e-3)

    if has_arg(layer.call, "training"):
        model.compile("rmsprop", "mse")
        model.train_on_batch(input_data, output)

    config = layer.get_config()
    config["batch_input_shape"] = input_shape
    type(layer).from_config(config)
    return output


def keras_test(func):
    """Decorator that clears the session after a test, as in Keras 2.0 and 2.1."""
    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        try:
            return func(*args, **kwargs)
        finally:
            K.clear_session()

    return wrapper


def __getattr__(name):
    raise missing(__name__, name)
