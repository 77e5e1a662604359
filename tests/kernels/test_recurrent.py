"""The gradients by hand are those of JAX through the same steps, taken one by one."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hornbeam.kernels import library, recurrent

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


def arguments(kind, bias=True, sizes=(BATCH, STEPS, UNITS)):
    rng = np.random.default_rng(0)
    batch, steps, units = sizes
    gates = recurrent.CELLS[kind.cell].gates
    count = 2 if kind.cell == "lstm" else 1

    def normal(*shape):
        return jnp.asarray(rng.normal(size=shape), "float32")

    weights = [normal(units, gates * units) / units**0.5]
    if kind.cell == "gru_after" and bias:
        weights.append(normal(gates * units))
    states = tuple(normal(batch, units) for _ in range(count))
    return normal(batch, steps, gates * units), states, tuple(weights)


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
    cotangents = normal_as(expected)
    expected = expected, back(cotangents)
    for form in forms():
        run = functools.partial(form, kind, mask=mask)
        found, our_back = jax.vjp(run, *values)
        jax.tree.map(close, (found, our_back(cotangents)), expected)


def forms():
    """`run` by JAX, and natively where that was built."""
    return [by_jax, recurrent.run] if library.fits(np.dtype("float32")) else [by_jax]


def by_jax(*arguments, mask=None):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "fits", lambda dtype: False)
        return recurrent.run(*arguments, mask)


def normal_as(tree, seed=1):
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda v: jnp.asarray(rng.normal(size=v.shape), "float32"), tree)


def test_a_gru_without_bias():
    kind = KINDS[-1]
    values = arguments(kind, bias=False)
    close(recurrent.run(kind, *values)[0], one_by_one(kind, *values, None)[0])


@pytest.mark.parametrize("kind", [KINDS[2], KINDS[4]], ids="-".join)
def test_gradients_of_gradients(kind):
    values, mask = arguments(kind), jnp.asarray(MASKS["mask"])

    def norm(function):
        def total(inputs, weights):
            return (function(kind, inputs, values[1], weights, mask)[0] ** 2).sum()

        def squared(inputs, weights):
            gradients = jax.grad(total, (0, 1))(inputs, weights)
            return sum((g**2).sum() for g in jax.tree.leaves(gradients))

        return jax.jit(jax.grad(squared, (0, 1)))(values[0], values[2])

    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * np.abs(b).max()),
        norm(recurrent.run), norm(one_by_one),
    )


# ---- natively


@pytest.fixture
def native():
    if not library.fits(np.dtype("float32")):
        pytest.skip("the native kernels were not built: there is no C++ compiler")


SIZES = {  # batch, steps, units
    "one sample": (1, 3, 20),
    "parts of vectors": (7, 3, 119),
    "whole vectors, on all cores": (9, 20, 128),
    "more samples than at once": (50, 2, 5),
}


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("kind", [KINDS[i] for i in (0, 2, 4, 6)], ids="-".join)
def test_native_values_and_gradients_are_those_by_jax(native, kind, sizes):
    values = arguments(kind, sizes=sizes)
    mask = jnp.asarray(np.random.default_rng(2).random(sizes[:2]) < 0.8)

    def passes(form):
        def both(values):
            result, back = jax.vjp(functools.partial(form, kind, mask=mask), *values)
            return result, back(normal_as(result))

        return jax.jit(both)(values)

    jax.tree.map(close, passes(recurrent.run), passes(by_jax))


EXACT = {
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
}


@pytest.mark.parametrize("name", EXACT)
def test_native_activations_are_exact_to_rounding(native, name):
    x = np.concatenate([np.linspace(-12, 12, 40001), np.logspace(-30, 1.9, 4001)])
    x = np.concatenate([x, -x]).astype("float32")
    kind, zeros = recurrent.Kind("simple", name), np.zeros((len(x), 1), "float32")
    y, _ = recurrent.run(kind, x[:, None, None], (zeros,), (np.ones((1, 1), "float32"),))
    exact = EXACT[name](x.astype("float64"))
    # A clip's corner and 1 + x are rounded as sums are, in units of what is added.
    unit = np.spacing(np.maximum(np.abs(exact), 0.5 if name == "hard_sigmoid" else 0).astype("f4"))
    tiny = np.abs(exact) < 1e-35
    assert (np.abs(np.ravel(y) - exact) / unit)[~tiny].max() < 2.5
    assert (np.abs(np.ravel(y) - exact))[tiny].max(initial=0) < 1e-35


@pytest.mark.parametrize("name", EXACT)
def test_native_activations_of_what_is_no_finite_number(native, name):
    kind, zeros = recurrent.Kind("simple", name), np.zeros((3, 1), "float32")
    x = np.array([np.nan, np.inf, -np.inf], "float32")
    y, _ = recurrent.run(kind, x[:, None, None], (zeros,), (np.zeros((1, 1), "float32"),))
    np.testing.assert_allclose(np.ravel(y), recurrent.SLOPES[name][0](x), atol=1e-37)


def test_a_map_over_examples_and_a_loop_compute_the_same(native):
    kind = KINDS[6]
    inputs, states, weights = arguments(kind)
    mask = jnp.asarray(MASKS["mask"])

    def one(x, state, counts):
        def total(x):
            outputs, last = recurrent.run(kind, x[None], (state[None],), weights, counts[None])
            return outputs.sum() + (last[0] ** 2).sum(), outputs[0]

        return jax.value_and_grad(total, has_aux=True)(x)

    (_, outputs), gradients = jax.vmap(one)(inputs, states[0], mask)
    close(outputs, recurrent.run(kind, inputs, states, weights, mask)[0])
    ((_, looped), loop_gradients) = jax.lax.map(lambda each: one(*each), (inputs, states[0], mask))
    close(outputs, looped)
    close(gradients, loop_gradients)


def test_large_kernels_for_few_samples_other_dtypes_and_no_steps_are_left_to_xla(native):
    def has(kind, sizes, dtype="float32"):
        shapes = jax.eval_shape(lambda: arguments(kind, sizes=sizes))
        return recurrent._has_native(*jax.tree.map(lambda s: s.update(dtype=dtype), shapes))

    assert has(KINDS[2], (1, 5, 256)) and has(KINDS[2], (8, 5, 257))
    assert not has(KINDS[2], (7, 5, 257))
    assert not has(KINDS[2], (8, 5, 8), "bfloat16")
    assert not has(KINDS[2], (8, 0, 8))
    outputs, states = recurrent.run(KINDS[2], *arguments(KINDS[2], sizes=(8, 0, 8)))
    assert outputs.shape == (8, 0, 8) and states[0].shape == (8, 8)


def test_shapes_that_do_not_fit_are_refused_by_the_native_code(native):
    inputs, states, weights = arguments(KINDS[2])
    with pytest.raises(Exception, match="hornbeam: shapes that do not fit"):
        recurrent._native_steps((KINDS[2], False), inputs[..., 1:], states, weights, None)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
