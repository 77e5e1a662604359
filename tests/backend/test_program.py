"""Programs: values, scopes, writes and random keys, and that nothing traced stays behind."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.backend import running
from hornbeam.backend.program import Program
from hornbeam.backend.tensors import Placeholder


def test_a_tensor_is_computed_once():
    calls = []

    def body(x):
        calls.append(1)
        return x

    x = K.placeholder((2,))
    y = K.map_fn(body, x)
    calls.clear()
    (y + y * y).eval({x: np.ones(2)})
    assert len(calls) == 1


def test_deep_graphs_need_no_recursion():
    x = K.placeholder(())
    y = x
    for _ in range(3000):
        y = y + 1
    assert y.eval({x: 0.0}) == 3000


def test_a_placeholder_falls_back_on_its_default():
    variable = K.variable([1.0, 2.0])
    placeholder = Placeholder((2,), "float32", default=variable)
    doubled = placeholder * 2
    assert K.eval(doubled).tolist() == [2.0, 4.0]
    assert doubled.eval({placeholder: np.zeros(2)}).tolist() == [0.0, 0.0]
    gradient = K.gradients(K.sum(doubled * doubled), [variable])[0]
    assert K.eval(gradient).tolist() == [8.0, 16.0]


def test_a_scope_sees_values_outside_and_keeps_its_own():
    x = K.placeholder(())
    y = x + 1
    program = Program()
    program.bind(x, jnp.float32(1))
    assert program.resolve(y) == 2
    scope = program.child()
    scope.bind(x, jnp.float32(10))
    assert scope.resolve(x) == 10
    assert program.resolve(x) == 1


def test_writes_of_a_scope_reach_the_program_and_those_of_an_isolated_one_do_not():
    variable = K.variable(1.0)
    program = Program()
    program.child().write(variable, 2.0)
    assert program.read(variable) == 2
    isolated = program.child(isolated=True)
    isolated.write(variable, 3.0)
    assert isolated.read(variable) == 3 and program.read(variable) == 2
    program.commit()
    assert K.get_value(variable) == 2


def test_a_write_of_another_shape_is_refused():
    variable = K.variable([1.0, 2.0], name="slot_of_write")
    with pytest.raises(ValueError, match=r"slot_of_write.*\(3,\).*\(2,\)"):
        Program().write(variable, np.zeros(3))


def test_random_keys_differ_from_node_to_node_and_from_run_to_run():
    a, b = K.random_uniform((4,)), K.random_uniform((4,))
    f = K.function([], [a, b, a + 0])
    first, other, again = f([])
    assert not np.allclose(first, other)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, f([])[0])


def test_numpys_seed_fixes_random_numbers():
    f = K.function([], [K.random_normal((3,))])
    np.random.seed(5)
    first = f([])[0]
    g = K.function([], [K.random_normal((3,))])
    np.random.seed(5)
    np.testing.assert_array_equal(g([])[0], first)


def test_a_gradient_sees_the_random_numbers_of_its_loss():
    x = K.variable(np.ones(64))
    dropped = K.dropout(x, 0.5)
    loss, gradient = K.function([], [dropped, K.gradients(K.sum(dropped), [x])[0]])([])
    np.testing.assert_array_equal(loss, gradient)


def test_the_gradient_inside_a_loop_sees_its_random_numbers():
    x = K.variable(np.ones((3, 16)))
    dropped = K.map_fn(lambda row: K.dropout(row, 0.5), x)
    loss, gradient = K.function([], [dropped, K.gradients(K.sum(dropped), [x])[0]])([])
    np.testing.assert_array_equal(loss, gradient)
    assert not np.array_equal(loss[0], loss[1])


# ---- what loops and branches leave behind


def _loop(body):
    return K.map_fn(body, K.constant(np.arange(3.0)))


def test_a_variable_first_read_in_a_loop_is_a_variable_outside_too():
    w = K.variable([2.0, 3.0])
    looped = _loop(lambda x: x * K.sum(w))
    f = K.function([], [looped, w + 1, looped])
    assert f([])[0].tolist() == [0.0, 5.0, 10.0] and f([])[1].tolist() == [3.0, 4.0]
    K.set_value(w, [1.0, 1.0])
    assert f([])[0].tolist() == [0.0, 2.0, 4.0]
    assert K.eval(looped).tolist() == [0.0, 2.0, 4.0]
    assert not isinstance(w.raw, jax.core.Tracer)


def test_a_tensor_first_asked_for_in_a_loop_is_computed_once_before_it():
    noise = K.random_uniform((2,))
    f = K.function([], [_loop(lambda x: noise), noise])
    looped, outside = f([])
    for row in looped:
        np.testing.assert_array_equal(row, outside)


def test_a_variable_written_in_a_loop_travels_through_it():
    count = K.variable(0.0)
    looped = _loop(lambda x: K.update_add(count, x + 1))
    assert K.function([], [looped])([])[0].tolist() == [1.0, 3.0, 6.0]
    assert K.get_value(count) == 6
    K.eval(looped)
    assert K.get_value(count) == 12


def test_losses_added_in_a_loop_are_summed():
    def body(program):
        def step(x):
            scope = running.program()
            scope.losses.append(("layer", x * 2))
            return x

        return K.map_fn(step, jnp.arange(3.0, dtype="float32"))

    program = Program()
    with running.activate(program):
        body(program)
    ((owner, value),) = program.losses
    assert owner == "layer" and value == 6


def test_random_numbers_of_a_loop_differ_from_step_to_step():
    rows = K.function([], [_loop(lambda x: K.random_uniform((4,)))])([])[0]
    assert not np.allclose(rows[0], rows[1]) and not np.allclose(rows[1], rows[2])
    rows = K.eval(_loop(lambda x: K.random_uniform((4,), seed=3)))
    assert not np.allclose(rows[0], rows[1])


def test_random_numbers_after_a_loop_are_valid():
    """The key of the program, first needed inside the loop, must not be one of the loop."""
    looped, after = _loop(lambda x: K.random_uniform(())), K.random_uniform((2,))
    for compute in (K.eval, lambda x: K.function([], x)([])):
        results = compute([looped, after])
        assert results[1].shape == (2,)


def test_nested_loops_write_and_draw():
    count = K.variable(0.0)

    def inner(x):
        K.update_add(count, 1.0)
        return x + K.random_uniform(())

    outer = K.map_fn(lambda row: K.map_fn(inner, row), K.constant(np.zeros((2, 3))))
    values = K.function([], [outer])([])[0]
    assert len(np.unique(values)) == 6
    assert K.get_value(count) == 6


def test_a_branch_writes_only_when_it_is_taken():
    x, count = K.placeholder(()), K.variable(0.0)
    chosen = K.switch(x > 0, lambda: K.update_add(count, 1.0) + x, lambda: x)
    f = K.function([x], [chosen])
    f([1.0])
    f([-1.0])
    f([2.0])
    assert K.get_value(count) == 2


def test_a_branch_adds_its_loss_only_when_it_is_taken():
    def compute(x):
        program = Program()

        def then():
            running.program().losses.append(("layer", x * 3))
            return x

        with running.activate(program):
            K.switch(x > 0, then, lambda: x)
            return sum(value for _, value in program.losses)

    assert jax.jit(compute)(np.float32(2)) == 6
    assert jax.jit(compute)(np.float32(-2)) == 0


def test_a_gradient_goes_through_variables_held_by_a_loop():
    w = K.variable(2.0)
    looped = K.sum(_loop(lambda x: x * w * w))
    assert K.eval(K.gradients(looped, [w])[0]) == 12.0
