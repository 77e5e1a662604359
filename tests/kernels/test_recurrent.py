"""The gradients by hand are those of JAX through the same steps, taken one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hornbeam.kernels import recurrent

KINDS = [
    recurrent.Kind("simple", "tanh"),
    recurrent.Kind("simple", "relu"),
    recurrent.Kind("lstm", "tanh", "sigmoid"),
    recurrent.Kind("lstm", "relu", "hard_sigmoid"),
    recurrent.Kind("gru", "tanh", "hard_sigmoid"),
    recurrent.Kind("gru", "linear", "sigmoid"),
    recurrent.Kind("gru_after", "tanh", "sigmoid"),
]
STEPS, BATCH, UNITS = 4, 5, 3


def one_by_one(kind, inputs, states, weights, mask):
    cell = recurrent.CELLS[kind.cell](*(recurrent.SLOPES[name] for name in kind[1:]))
    outputs, output = [], jnp.zeros((BATCH, UNITS))
    for index in range(STEPS):
        new, _ = cell.step(inputs[:, index], states, weights)
        if mask is None:
            states, output = new, new[0]
        else:
            counts = mask[:, index][:, None]
            states = tuple(jnp.where(counts, a, b) for a, b in zip(new, states))
            output = jnp.where(counts, new[0], output)
        outputs.append(output)
    return jnp.stack(outputs, 1), states


def arguments(kind, bias=True):
    rng = np.random.default_rng(0)
    gates = recurrent.CELLS[kind.cell].gates
    count = 2 if kind.cell == "lstm" else 1

    def normal(*shape):
        return jnp.asarray(rng.normal(size=shape), "float32")

    weights = [normal(UNITS, gates * UNITS)]
    if kind.cell == "gru_after" and bias:
        weights.append(normal(gates * UNITS))
    states = tuple(normal(BATCH, UNITS) for _ in range(count))
    return normal(BATCH, STEPS, gates * UNITS), states, tuple(weights)


MASKS = {
    "no mask": None,
    "mask": np.array(  # nothing masked, first steps, some, last steps, all
        [[1, 0, 1, 1, 0], [1, 0, 0, 1, 0], [1, 1, 1, 0, 0], [1, 1, 0, 0, 0]], bool
    ).T,
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_values_and_gradients(kind, mask):
    values = arguments(kind)
    mask = None if mask is None else jnp.asarray(mask)
    expected, back = jax.vjp(lambda *a: one_by_one(kind, *a, mask), *values)
    found, our_back = jax.vjp(lambda *a: recurrent.run(kind, *a, mask), *values)
    rng = np.random.default_rng(1)
    cotangents = jax.tree.map(lambda v: jnp.asarray(rng.normal(size=v.shape), "float32"), expected)
    jax.tree.map(close, (found, our_back(cotangents)), (expected, back(cotangents)))


def test_a_gru_without_bias():
    kind = KINDS[-1]
    values = arguments(kind, bias=False)
    close(recurrent.run(kind, *values)[0], one_by_one(kind, *values, None)[0])


@pytest.mark.parametrize("kind", [KINDS[2], KINDS[4]], ids="-".join)
def test_gradients_of_gradients(kind):
    values = arguments(kind)

    def norm(function):
        def total(inputs, weights):
            return (function(kind, inputs, values[1], weights, None)[0] ** 2).sum()

        def squared(inputs, weights):
            gradients = jax.grad(total, (0, 1))(inputs, weights)
            return sum((g**2).sum() for g in jax.tree.leaves(gradients))

        return jax.jit(jax.grad(squared, (0, 1)))(values[0], values[2])

    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * np.abs(b).max()),
        norm(recurrent.run), norm(one_by_one),
    )


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
