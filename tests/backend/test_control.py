"""Phases, choices, loops, recurrent steps and effects."""

import jax
import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.backend import running
from hornbeam.backend.errors import ShapeError
from hornbeam.backend.program import Program
from tests.backend.support import everywhere, gradient, numbers

# ---- phases


def test_in_train_phase_with_a_given_phase():
    x, alt = K.variable(1.0), K.variable(2.0)
    assert K.in_train_phase(x, alt, training=True) is x
    assert K.in_train_phase(x, alt, training=0) is alt
    assert K.in_test_phase(x, alt, training=0) is x
    assert K.in_train_phase(lambda: x, lambda: alt, training=1) is x


def test_in_train_phase_by_the_learning_phase():
    x = K.placeholder((2,))
    for chosen in (
        K.in_train_phase(lambda: x * 2, lambda: x),
        K.in_train_phase(x * 2, x, training=K.learning_phase()),
        K.in_test_phase(x, lambda: x * 2),
    ):
        assert chosen._uses_learning_phase and chosen.shape == (2,)
        f = K.function([x, K.learning_phase()], [chosen])
        assert f([np.ones(2), 1])[0].tolist() == [2.0, 2.0]
        assert f([np.ones(2), 0])[0].tolist() == [1.0, 1.0]


def test_in_train_phase_by_a_tensor():
    x, flag = K.placeholder((2,)), K.placeholder((), dtype="bool")
    f = K.function([x, flag], [K.in_train_phase(lambda: x * 2, x, training=flag)])
    assert f([np.ones(2), True])[0].tolist() == [2.0, 2.0]
    assert f([np.ones(2), False])[0].tolist() == [1.0, 1.0]


def test_in_train_phase_in_running_code():
    for training in (True, False):
        with running.activate(Program(training=training)):
            assert K.in_train_phase(lambda: 1, lambda: 2) == (1 if training else 2)
            assert K.learning_phase() == int(training)


# ---- choices


def test_switch_by_a_scalar():
    x, c = K.placeholder((2,)), K.placeholder(())
    for chosen in (K.switch(c, lambda: x * 2, lambda: x), K.switch(c > 0, x * 2, x)):
        f = K.function([x, c], [chosen])
        assert f([np.ones(2), 1.0])[0].tolist() == [2.0, 2.0]
        assert f([np.ones(2), 0.0])[0].tolist() == [1.0, 1.0]


def test_switch_by_elements_and_by_rows():
    x, y = numbers(3, 4), numbers(3, 4)
    found = everywhere(lambda x, y: K.switch(K.greater(x, 0), x, y), x, y)
    np.testing.assert_array_equal(found, np.where(x > 0, x, y))
    rows = np.array([True, False, True])
    found = everywhere(lambda c, x, y: K.switch(c, x, lambda: y), rows, x, y)
    np.testing.assert_array_equal(found, np.where(rows[:, None], x, y))


def test_switch_has_gradients():
    x = np.array([1.0, -1.0], "float32")
    assert gradient(lambda x: K.switch(K.sum(x) >= 0, lambda: x * 3, lambda: x), x)[0].tolist() == [
        3.0,
        3.0,
    ]
    assert gradient(lambda x: K.switch(x > 0, x * 2, x * 5), x)[0].tolist() == [2.0, 5.0]


def test_switch_computes_only_what_is_chosen():
    x = K.placeholder(())
    safe = K.switch(x > 0, lambda: K.log(x), lambda: x * 0)
    f = K.function([x], [safe, *K.gradients(safe, [x])])
    assert f([-1.0]) == [0.0, 0.0]


def test_switch_in_compiled_plain_code():
    @jax.jit
    def f(x):
        return K.switch(x > 0, lambda: x * 2, lambda: x)

    assert f(np.float32(2)) == 4 and f(np.float32(-2)) == -2


def test_switch_refuses_what_does_not_fit():
    with pytest.raises(ShapeError, match="Rank of `condition` should be less"):
        K.switch(np.array([[True]]), np.ones(1), np.ones(1))
    x = K.placeholder((2,))
    with pytest.raises(ShapeError, match="same shapes"):
        K.switch(K.sum(x) > 0, lambda: x, lambda: K.sum(x))


# ---- loops


def test_map_fn():
    x = numbers(4, 3)
    found = everywhere(lambda x: K.map_fn(lambda row: K.sum(row * row), x), x)
    np.testing.assert_allclose(found, (x * x).sum(1), rtol=1e-5)
    found = everywhere(lambda x, y: K.map_fn(lambda p: p[0] * p[1], (x, y)), x, x)
    np.testing.assert_allclose(found, x * x, rtol=1e-5)
    first, second = K.map_fn(lambda row: (row, K.sum(row)), K.variable(x), dtype=None)
    assert first.shape == (4, 3) and second.shape == (4,)
    assert K.map_fn(lambda row: K.sum(row), K.variable(x), dtype="int32").dtype == "int32"
    assert K.map_fn(lambda row: row, K.variable(x), name="mapped").name == "mapped:0"


def test_map_fn_refuses_what_has_no_first_axis():
    with pytest.raises(ShapeError, match="without a first axis"):
        K.map_fn(lambda x: x, K.variable(1.0))
    with pytest.raises(ShapeError, match="different lengths"):
        K.map_fn(lambda p: p[0], (np.ones(2), np.ones(3)))


def test_folds():
    x = np.array([1.0, 2.0, 3.0], "float32")
    assert everywhere(lambda x: K.foldl(lambda a, b: a * 10 + b, x), x) == 123
    assert everywhere(lambda x: K.foldr(lambda a, b: a * 10 + b, x), x) == 321
    start = np.float32(4)
    found = K.foldl(lambda a, b: a * 10 + b, K.variable(x), initializer=K.variable(start))
    assert K.eval(found) == 4123
    with pytest.raises(ValueError, match="needs an initializer"):
        K.foldl(lambda a, b: a, np.ones((0,)))


def test_a_loop_over_arrays_that_holds_a_placeholder_is_recorded():
    w = K.placeholder(())
    looped = K.map_fn(lambda x: x * w, np.arange(3.0))
    assert looped.eval({w: 2.0}).tolist() == [0.0, 2.0, 4.0]
    assert np.asarray(K.map_fn(lambda x: x * 2, np.arange(3.0))).tolist() == [0.0, 2.0, 4.0]


def test_shapes_with_none_inside_functions_are_seen():
    w = K.placeholder((None, 3))
    assert K.map_fn(lambda x: w * x, K.variable([1.0, 2.0])).shape == (2, None, 3)


# ---- recurrent networks


def steps_in_numpy(x, state, w, u, mask=None, backwards=False):
    order = range(x.shape[1])
    outputs, output = [], np.zeros((x.shape[0], u.shape[0]), "float32")
    for t in reversed(order) if backwards else order:
        new = np.tanh(x[:, t] @ w + state @ u)
        keep = np.ones(len(x), bool) if mask is None else mask[:, t]
        state = np.where(keep[:, None], new, state)
        output = np.where(keep[:, None], 2 * new, output)
        outputs.append(output)
    return outputs[-1], np.stack(outputs, 1), state


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_rnn(unroll, backwards, masked):
    x, state, w, u = numbers(2, 5, 3), numbers(2, 4), numbers(3, 4), numbers(4, 4)
    mask = np.array([[0, 1, 1, 0, 0], [1, 0, 1, 0, 1]], bool) if masked else None
    inputs, initial = K.placeholder((None, 5, 3)), K.placeholder((None, 4))
    masks = K.placeholder((None, 5), dtype="bool") if masked else None
    kernel, recurrent = K.variable(w), K.variable(u)

    def step(inputs, states):
        new = K.tanh(K.dot(inputs, kernel) + K.dot(states[0], recurrent))
        return new * 2, [new]

    last, outputs, states = K.rnn(
        step, inputs, [initial], go_backwards=backwards, mask=masks, unroll=unroll
    )
    assert (last.shape, outputs.shape) == ((None, 4), (None, 5, 4))
    feeds = [inputs, initial] + ([masks] if masked else [])
    found = K.function(feeds, [last, outputs, *states])([x, state] + ([mask] if masked else []))
    expected = steps_in_numpy(x, state, w, u, mask, backwards)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_rnn_with_an_unknown_number_of_steps():
    x = K.placeholder((None, None, 3))
    state = K.zeros_like(x[:, 0])
    last, outputs, _ = K.rnn(lambda i, s: (i + s[0], [i + s[0]]), x, [state])
    assert last.shape == (None, 3) and outputs.shape == (None, None, 3)
    for steps in (1, 4):
        assert (last.eval({x: np.ones((2, steps, 3))}) == steps).all()


def test_rnn_gives_constants_to_each_step():
    x, c = numbers(2, 4, 3), numbers(2, 3)
    _, outputs, states = K.rnn(
        lambda i, s: (s[0] + i * s[1], [s[0] + i * s[1]]),
        x,
        [np.zeros((2, 3), "float32")],
        constants=[c],
    )
    np.testing.assert_allclose(outputs, np.cumsum(x * c[:, None], 1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(states[0], outputs[:, -1], rtol=1e-6)


def test_rnn_without_states_maps_over_time():
    x = numbers(2, 4, 3)
    last, outputs, states = K.rnn(lambda i, s: (i * 2, []), x, [])
    np.testing.assert_allclose(outputs, x * 2)
    np.testing.assert_allclose(last, x[:, -1] * 2)
    assert states == []


def test_rnn_on_volumes_and_with_a_mask_of_rank_3():
    x = numbers(2, 3, 4, 5, 1)
    mask = np.array([[1, 0, 1], [0, 1, 0]], bool)
    start = np.zeros((2, 4, 5, 1), "float32")
    for given in (mask, mask[..., None]):
        last, _, _ = K.rnn(lambda i, s: (s[0] + i, [s[0] + i]), x, [start], mask=given)
        expected = np.einsum("btijc,bt->bijc", x, mask)
        np.testing.assert_allclose(last, expected, rtol=1e-5, atol=1e-6)


def test_rnn_of_the_first_steps_only():
    x = np.ones((2, 5, 1), "float32")
    start = np.zeros((2, 1), "float32")

    def count(i, s):
        return s[0] + i, [s[0] + i]

    last, outputs, _ = K.rnn(count, x, [start], input_length=3)
    assert outputs.shape == (2, 3, 1) and (np.asarray(last) == 3).all()
    last, outputs, _ = K.rnn(count, x, [start], input_length=np.array([2, 5]))
    assert np.asarray(last)[:, 0].tolist() == [2.0, 5.0]


def test_rnn_has_gradients_by_all_it_uses():
    x, state, w = numbers(2, 3, 2), numbers(2, 2), numbers(2, 2)

    def run(unroll):
        return gradient(
            lambda x, state, w: K.rnn(
                lambda i, s: (K.tanh(K.dot(s[0], w) + i),) + ([K.tanh(K.dot(s[0], w) + i)],),
                x,
                [state],
                unroll=unroll,
            )[0],
            x,
            state,
            w,
        )

    for looped, unrolled in zip(run(False), run(True)):
        np.testing.assert_allclose(looped, unrolled, rtol=1e-4, atol=1e-5)
        assert np.abs(looped).max() > 0


def test_rnn_draws_new_random_numbers_at_each_step():
    x = K.placeholder((1, 6, 8))
    _, outputs, _ = K.rnn(lambda i, s: (K.dropout(i, 0.5), s), x, [K.zeros((1, 8))])
    found = K.function([x], [outputs])([np.ones((1, 6, 8))])[0]
    assert len({row.tobytes() for row in found[0]}) > 3


def test_rnn_refuses():
    step = lambda i, s: (i, s)
    with pytest.raises(ValueError, match="at least 3D"):
        K.rnn(step, np.ones((2, 3)), [])
    with pytest.raises(ValueError, match="fixed number of timesteps"):
        K.rnn(step, K.placeholder((2, None, 3)), [], unroll=True)
    with pytest.raises(ValueError, match="No initial states provided"):
        K.rnn(step, np.ones((2, 3, 1)), [], mask=np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"shape=\(samples, time\)"):
        K.rnn(step, np.ones((2, 3, 1)), [np.ones((2, 1))], mask=np.ones(2))


# ---- effects


def test_print_tensor_prints_each_time_and_passes_on(capfd):
    x = K.placeholder((2,))
    y = K.print_tensor(x, message="x is") + 1
    assert y.eval({x: np.array([1.0, 2.0])}).tolist() == [2.0, 3.0]
    f = K.function([x], [y])
    f([np.array([3.0, 4.0])])
    jax.effects_barrier()
    printed = capfd.readouterr().out
    assert printed.count("x is") == 2 and "[1. 2.]" in printed and "[3. 4.]" in printed


def test_control_dependencies_come_first():
    count = K.variable(0.0)
    with K.control_dependencies([K.update_add(count, 1.0)]):
        x = K.identity(K.constant(5.0))
    assert K.eval(x) == 5 and K.get_value(count) == 1
    with K.control_dependencies(None):
        assert K.eval(K.constant(1.0)) == 1


def test_decorators_leave_functions_alone():
    def function(x):
        return x

    assert K.symbolic(function) is function and K.eager(function) is function
