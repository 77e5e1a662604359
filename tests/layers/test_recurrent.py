"""Recurrent layers: formulas, states, constants, masks, user cells, dropout, errors."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.engine import ShapeError
from hornbeam.models import Model, Sequential


def randoms(*shape):
    return np.random.normal(size=shape).astype("float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_lstm_by_its_formula():
    x, layer = randoms(2, 5, 3), L.LSTM(4, return_sequences=True)
    y = np.asarray(layer(x))
    kernel, recurrent, bias = layer.get_weights()
    np.testing.assert_array_equal(bias, [0] * 4 + [1] * 4 + [0] * 8)
    output = carry = np.zeros((2, 4))
    for step in range(5):
        i, f, c, o = np.split(x[:, step] @ kernel + output @ recurrent + bias, 4, axis=1)
        carry = sigmoid(f) * carry + sigmoid(i) * np.tanh(c)
        output = sigmoid(o) * np.tanh(carry)
        np.testing.assert_allclose(y[:, step], output, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("reset_after", [False, True])
def test_gru_by_its_formula(reset_after):
    x, layer = randoms(2, 5, 3), L.GRU(4, reset_after=reset_after)
    y = np.asarray(layer(x))
    layer.set_weights([randoms(*w.shape) for w in layer.weights])
    y = np.asarray(layer(x))
    kernel, recurrent, bias = layer.get_weights()
    first, second = bias if reset_after else (bias, np.zeros_like(bias))
    state = np.zeros((2, 4))
    for step in range(5):
        xz, xr, xh = np.split(x[:, step] @ kernel + first, 3, axis=1)
        hz, hr, hh = np.split(state @ recurrent + second, 3, axis=1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        inner = r * hh if reset_after else (r * state) @ recurrent[:, 8:]
        state = z * state + (1 - z) * np.tanh(xh + inner)
    np.testing.assert_allclose(y, state, rtol=1e-4, atol=1e-5)


def test_states_go_from_an_encoder_to_a_decoder():
    encoder_in, decoder_in = L.Input((4, 3)), L.Input((5, 2))
    _, *states = L.LSTM(6, return_state=True)(encoder_in)
    decoder = L.LSTM(6, return_sequences=True, return_state=True)
    sequence, *_ = decoder(decoder_in, initial_state=states)
    model = Model([encoder_in, decoder_in], L.Dense(2)(sequence))
    a, b = randoms(2, 4, 3), randoms(2, 5, 2)
    found = model.predict([a, b])
    assert found.shape == (2, 5, 2)
    assert np.abs(found - model.predict([a * 2, b])).max() > 0
    copy = Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy.predict([a, b]), found)


def test_arrays_and_variables_are_initial_states():
    x, state = randoms(2, 4, 3), randoms(2, 5)
    layer = L.GRU(5)
    by_array = np.asarray(layer(x, initial_state=state))
    inputs = L.Input(batch_shape=(2, 4, 3))
    by_variable = layer(inputs, initial_state=K.variable(state))
    found = K.function([inputs], [by_variable])([x])[0]
    np.testing.assert_allclose(by_array, found, rtol=1e-5, atol=1e-6)


def test_a_stateful_layer_goes_on():
    x = randoms(2, 6, 3)
    whole = Sequential([L.LSTM(4, batch_input_shape=(2, 6, 3))])
    parts = Sequential([L.LSTM(4, stateful=True, batch_input_shape=(2, 3, 3))])
    parts.set_weights(whole.get_weights())
    parts.predict(x[:, :3])
    np.testing.assert_allclose(
        parts.predict(x[:, 3:]), whole.predict(x), rtol=1e-5, atol=1e-6
    )
    parts.reset_states()
    assert all((K.get_value(state) == 0).all() for state in parts.layers[0].states)


def test_a_stateful_layer_needs_its_batch_size():
    with pytest.raises(ValueError, match="it needs to know its batch size"):
        L.LSTM(3, stateful=True)(L.Input((4, 2)))


def test_reset_states_checks_what_it_gets():
    layer = L.LSTM(3, stateful=True)
    layer(L.Input(batch_shape=(2, 4, 2)))
    with pytest.raises(ValueError, match="expects 2 states"):
        layer.reset_states([np.zeros((2, 3))])
    with pytest.raises(ValueError, match=r"expected shape=\(2, 3\), found shape=\(2, 4\)"):
        layer.reset_states([np.zeros((2, 4))] * 2)
    with pytest.raises(AttributeError, match="must be stateful"):
        L.LSTM(3).reset_states()


def test_a_wrong_number_of_states_is_refused():
    with pytest.raises(ShapeError, match="not compatible with"):
        L.LSTM(3)(L.Input((4, 2)), initial_state=[L.Input((3,))])


class Adding(L.Layer):
    """A cell whose state is the sum so far, with a constant and a weight."""

    def __init__(self, units, **kwargs):
        self.units = units
        self.state_size = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        shape = input_shape[0] if isinstance(input_shape, list) else input_shape
        self.kernel = self.add_weight("kernel", (shape[-1], self.units))
        self.built = True

    def call(self, inputs, states, constants=None):
        total = states[0] + K.dot(inputs, self.kernel)
        if constants:
            total = total + constants[0]
        return total, [total]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_a_cell_of_the_user_runs_with_constants():
    x, constant = L.Input((4, 3)), L.Input((2,))
    layer = L.RNN(Adding(2), return_sequences=True)
    y = layer(x, constants=constant)
    assert K.int_shape(y) == (None, 4, 2)
    model = Model([x, constant], y)
    a, c = randoms(2, 4, 3), randoms(2, 2)
    expected = np.cumsum(a @ layer.get_weights()[0] + c[:, None], axis=1)
    np.testing.assert_allclose(model.predict([a, c]), expected, rtol=1e-4, atol=1e-5)
    assert [w.name for w in layer.weights] == [f"{layer.name}/kernel:0"]
    copy = Model.from_config(model.get_config(), custom_objects={"Adding": Adding})
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy.predict([a, c]), model.predict([a, c]))


def test_a_cell_of_the_user_runs_in_both_directions():
    x = randoms(2, 4, 3)
    layer = L.Bidirectional(L.RNN(Adding(2)), merge_mode="sum")
    y = np.asarray(layer(x))
    forward, backward = layer.get_weights()
    np.testing.assert_allclose(y, x.sum(1) @ (forward + backward), rtol=1e-4, atol=1e-5)


def test_stacked_cells_are_layers_one_on_the_other():
    cells = L.RNN([L.LSTMCell(3), L.GRUCell(2)])
    x = randoms(2, 4, 3)
    y = np.asarray(cells(x))
    assert [w.name.split("/")[-1] for w in cells.weights] == [
        "kernel:0", "recurrent_kernel:0", "bias:0",
        "kernel_1:0", "recurrent_kernel_1:0", "bias_1:0",
    ]  # fmt: skip
    lstm, gru = L.LSTM(3, return_sequences=True), L.GRU(2)
    weights = cells.get_weights()
    lstm.build(x.shape), gru.build((2, 4, 3))
    lstm.set_weights(weights[:3]), gru.set_weights(weights[3:])
    np.testing.assert_allclose(y, np.asarray(gru(np.asarray(lstm(x)))), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["SimpleRNN", "GRU", "LSTM"])
def test_implementations_and_unrolling_agree(name):
    x = randoms(2, 5, 3)
    layer = getattr(L, name)(4, return_sequences=True)
    y = np.asarray(layer(x))
    for options in ({"unroll": True}, {"implementation": 1}):
        if name == "SimpleRNN" and "implementation" in options:
            continue
        other = getattr(L, name)(4, return_sequences=True, **options)
        other.build(x.shape)
        other.set_weights(layer.get_weights())
        np.testing.assert_allclose(y, np.asarray(other(x)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("implementation", [1, 2])
@pytest.mark.parametrize("name", ["GRU", "LSTM"])
def test_dropout_is_the_same_at_all_steps(name, implementation):
    layer = getattr(L, name)(
        40, dropout=0.5, return_sequences=True, implementation=implementation,
        recurrent_initializer="zeros", use_bias=False,
    )  # fmt: skip
    x = np.ones((2, 5, 30), "float32")
    test = np.asarray(layer(x, training=False))
    train = np.asarray(layer(x, training=True))
    assert np.abs(test - train).max() > 0
    cell = layer.cell
    with cell.dropping(x, training=True):
        assert len(cell._masks[0]) == (cell.gates if implementation == 1 else 1)
        first = np.asarray(cell.project(x))
    np.testing.assert_allclose(first, np.broadcast_to(first[:, :1], first.shape), rtol=1e-5)


def test_recurrent_dropout_is_random_in_training_only():
    layer = L.LSTM(8, recurrent_dropout=0.5)
    x = randoms(2, 5, 3)
    a, b = (np.asarray(layer(x, training=True)) for _ in range(2))
    c, d = (np.asarray(layer(x, training=False)) for _ in range(2))
    assert (a != b).any() and (c == d).all()


def test_masked_steps_keep_the_state():
    x = randoms(2, 5, 3)
    x[0, 3:] = 0
    inputs = L.Input((5, 3))
    layer = L.LSTM(4)
    model = Model(inputs, layer(L.Masking()(inputs)))
    short = np.asarray(layer(x[:1, :3]))
    np.testing.assert_allclose(model.predict(x)[:1], short, rtol=1e-5, atol=1e-6)


def test_a_bidirectional_layer_is_two():
    x = randoms(2, 5, 3)
    layer = L.Bidirectional(L.GRU(4, return_sequences=True), merge_mode=None)
    forward, backward = (np.asarray(y) for y in layer(x))
    np.testing.assert_allclose(forward, layer.forward_layer(x), rtol=1e-5, atol=1e-6)
    reverse = np.asarray(layer.backward_layer(x))[:, ::-1]
    np.testing.assert_allclose(backward, reverse, rtol=1e-5, atol=1e-6)
    assert [w.name.split("/", 1)[1] for w in layer.weights][::3] == [
        f"{layer.forward_layer.name}/kernel:0",
        f"{layer.backward_layer.name}/kernel:0",
    ]


def test_a_bidirectional_layer_takes_states():
    x, h, c = L.Input((4, 3)), L.Input((5,)), L.Input((5,))
    layer = L.Bidirectional(L.LSTM(5))
    model = Model([x, h, c], layer(x, initial_state=[h, c, h, c]))
    assert model.predict([randoms(2, 4, 3), randoms(2, 5), randoms(2, 5)]).shape == (2, 10)
    with pytest.raises(ValueError, match="the state should be a list"):
        layer(x, initial_state=[h, c, h])


def test_a_time_distributed_layer_is_the_layer_at_each_step():
    x, layer = randoms(2, 3, 4, 4, 2), L.TimeDistributed(L.Conv2D(3, 2))
    y = np.asarray(layer(x))
    for step in range(3):
        np.testing.assert_allclose(y[:, step], layer.layer(x[:, step]), rtol=1e-4, atol=1e-5)
    assert layer.weights[0].name == f"{layer.name}/kernel:0"


def test_an_inner_mask_reaches_the_wrapped_layer():
    words = L.Input((2, 4), dtype="int32")
    embedded = L.Embedding(9, 3, mask_zero=True)(words)
    lstm = L.LSTM(5)
    model = Model(words, L.TimeDistributed(lstm)(embedded))
    a = np.array([[[1, 2, 0, 0], [3, 4, 5, 6]]])
    b = np.array([[[1, 2, 0, 0], [3, 4, 5, 6]]])
    vectors = np.asarray(model.layers[1].get_weights()[0])
    short = np.asarray(lstm(vectors[[[1, 2]]]))
    np.testing.assert_allclose(model.predict(a)[:, 0], short, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model.predict(a), model.predict(b))


def test_cudnn_layers_compute_what_the_plain_ones_do():
    x = randoms(2, 4, 3)
    layer = L.CuDNNLSTM(5)
    layer(x)
    layer.set_weights([randoms(*w.shape) for w in layer.weights])
    kernel, recurrent, bias = layer.get_weights()

    def turned(stored):
        parts = np.split(stored, 4, axis=1)
        return np.concatenate([p.reshape(5, -1).T for p in parts], axis=1)

    plain = L.LSTM(5)
    plain.build(x.shape)
    plain.set_weights([turned(kernel), turned(recurrent), bias[:20] + bias[20:]])
    np.testing.assert_allclose(layer(x), plain(x), rtol=1e-4, atol=1e-5)


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match="state_size"):
        L.RNN(L.Dense(3))
    with pytest.raises(ValueError, match="Invalid merge mode"):
        L.Bidirectional(L.LSTM(3), merge_mode="max")
    with pytest.raises(ValueError, match="Expected a recurrent layer"):
        L.Bidirectional(L.Dense(3))
    with pytest.raises(ValueError, match="Expected a layer"):
        L.TimeDistributed(L.Dense)
    with pytest.raises(ValueError, match="implementation=5"):
        L.LSTM(3, implementation=5)
    with pytest.raises(ShapeError, match="expected ndim=3, found ndim=2"):
        L.LSTM(3)(L.Input((4,)))
    with pytest.raises(ValueError, match="Cannot unroll|Unrolling requires"):
        L.LSTM(3, unroll=True)(L.Input((None, 4)))


def test_a_simple_rnn_has_one_implementation():
    assert "implementation" not in L.SimpleRNN(2, implementation=2).get_config()
    assert "implementation" not in L.SimpleRNN(2, consume_less="gpu").get_config()
