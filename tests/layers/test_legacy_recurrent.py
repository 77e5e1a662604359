"""Custom recurrent layers written before Keras 2.1."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.engine import InputSpec
from hornbeam.layers import ConvRecurrent2D, Input, Masking, Recurrent, SimpleRNN
from hornbeam.models import Model, Sequential


class Old(Recurrent):
    """tanh(x W + h U), as its author wrote it."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        batch = input_shape[0] if self.stateful else None
        self.input_spec = InputSpec(shape=(batch, None, input_shape[2]))
        self.states = [None]
        self.kernel = self.add_weight("kernel", (input_shape[2], self.units))
        self.recurrent = self.add_weight("recurrent", (self.units, self.units))
        self.built = True

    def preprocess_input(self, x):                          # without `training`, as in Keras 1
        return x * 2

    def get_constants(self, inputs, training=None):
        return [K.constant(0.5)]

    def step(self, x, states):
        state, half = states
        new = K.tanh(K.dot(x * half, self.kernel) + K.dot(state, self.recurrent))
        return new, [new]


X = np.random.RandomState(0).rand(4, 5, 3).astype("float32")


def pair(**kwargs):
    shape = {"batch_input_shape": X.shape}
    old = Sequential([Masking(**shape), Old(2, **kwargs)])
    new = Sequential([Masking(**shape), SimpleRNN(2, use_bias=False, **kwargs)])
    new.set_weights(old.get_weights())
    return old, new


@pytest.mark.parametrize("kwargs", [
    {}, {"return_sequences": True}, {"go_backwards": True}, {"unroll": True},
    {"stateful": True, "return_sequences": True},
], ids=str)
def test_old_layers_compute_as_new_ones(kwargs):
    x = X.copy()
    x[1, 2:] = 0                                            # masked
    old, new = pair(**kwargs)
    for _ in range(2):                                      # a stateful layer goes on
        np.testing.assert_allclose(old.predict(x, 4), new.predict(x, 4), rtol=1e-5, atol=1e-6)
    if kwargs.get("stateful"):
        state = np.ones((4, 2))
        for model in (old, new):
            model.layers[-1].reset_states(state)
        np.testing.assert_allclose(old.predict(x, 4), new.predict(x, 4), rtol=1e-5, atol=1e-6)
        old.reset_states()
        assert not K.get_value(old.layers[-1].states[0]).any()


def test_states_go_in_and_come_out():
    x, state = Input((5, 3)), Input((2,))
    layer = Old(2, return_state=True)
    output, last = layer(x, initial_state=state)
    model = Model([x, state], [output, last])
    first, second = model.predict([X, np.ones((4, 2))])
    np.testing.assert_array_equal(first, second)
    kernel, recurrent = layer.get_weights()
    expected = np.ones((4, 2))
    for step in range(5):
        expected = np.tanh(X[:, step] @ kernel + expected @ recurrent)
    np.testing.assert_allclose(first, expected, rtol=1e-5, atol=1e-6)


def test_they_train():
    model = Sequential([Old(2, input_shape=(5, 3))])
    model.compile("adam", "mse")
    losses = model.fit(X, np.ones((4, 2)), epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_a_missing_step_is_named():
    with pytest.raises(NotImplementedError, match="Recurrent must define step"):
        layer = Recurrent()
        layer.units = 2
        layer(Input((5, 3)))


class Leaky(ConvRecurrent2D):
    """A state that halves and takes in the convolution of each frame."""

    def build(self, input_shape):
        shape = (*self.kernel_size, input_shape[-1], self.filters)
        self.kernel = self.add_weight("kernel", shape)
        self.states = [None]
        super().build(input_shape)

    def step(self, inputs, states):
        moved = K.conv2d(inputs, self.kernel, self.strides, self.padding)
        output = 0.5 * states[0] + moved
        return output, [output]


def test_a_convolutional_recurrent_layer_steps_over_frames():
    x = np.random.RandomState(0).normal(size=(2, 3, 5, 6, 2)).astype("float32")
    layer = Leaky(4, 3, strides=2, padding="same", return_sequences=True)
    y = layer(Input((3, 5, 6, 2)))
    found = K.function([layer.input], [y])([x])[0]
    kernel, state = layer.get_weights()[0], 0.0
    for step in range(3):
        state = 0.5 * state + np.asarray(K.conv2d(x[:, step], kernel, (2, 2), "same"))
        np.testing.assert_allclose(found[:, step], state, rtol=1e-5, atol=1e-6)
    assert K.int_shape(y) == (None, 3, 3, 3, 4)
    assert layer.get_config()["kernel_size"] == (3, 3)
    assert layer.compute_output_shape((None, None, 5, 6, 2)) == (None, None, 3, 3, 4)
