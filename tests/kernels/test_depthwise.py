import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from hornbeam.kernels import depthwise

CASES = {  # input, window, multiplier, strides, dilation, pads
    "padded": ((4, 9, 8, 5), (3, 3), 1, (1, 1), (1, 1), ((1, 1), (1, 1))),
    "strided": ((6, 9, 8, 5), (3, 2), 2, (2, 1), (1, 1), ((0, 0), (1, 0))),
    "dilated": ((2, 12, 11, 3), (3, 3), 3, (1, 1), (2, 3), ((0, 0), (0, 0))),
    "steps": ((3, 17, 4), (5,), 2, (2,), (1,), ((4, 0),)),
    "volumes": ((2, 6, 6, 6, 3), (2, 2, 2), 1, (1, 2, 1), (1, 1, 1), ((0, 0),) * 3),
    "one window": ((1, 3, 3, 2), (3, 3), 1, (2, 2), (1, 1), ((0, 0), (0, 0))),
    "rows in chunks": ((6, 4, 40, 1000), (2, 2), 1, (1, 1), (1, 1), ((0, 0), (0, 0))),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_values_and_gradients_are_those_of_a_grouped_convolution(case):
    shape, window, multiplier, strides, dilation, pads = case
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=shape), "float32")
    kernel = jnp.asarray(rng.normal(size=(*window, shape[-1], multiplier)), "float32")
    places = "DHW"[3 - len(window) :]

    def grouped(x, kernel):
        return lax.conv_general_dilated(
            x, kernel.reshape(*window, 1, -1), strides, pads, rhs_dilation=dilation,
            dimension_numbers=(f"N{places}C", f"{places}IO", f"N{places}C"),
            feature_group_count=shape[-1],
        )

    def ours(x, kernel):
        return depthwise(x, kernel, strides, pads, dilation)

    outputs = jax.eval_shape(grouped, x, kernel).shape
    dy = jnp.asarray(rng.normal(size=outputs), "float32")

    def passes(function):
        y, back = jax.vjp(function, x, kernel)
        return y, *back(dy)

    for found, expected in zip(jax.jit(passes, static_argnums=0)(ours), passes(grouped)):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_gradients_of_gradients():
    rng = np.random.default_rng(1)
    x = jnp.asarray(rng.normal(size=(2, 5, 5, 3)), "float32")
    kernel = jnp.asarray(rng.normal(size=(3, 3, 3, 1)), "float32")

    def norm(x, kernel):
        def cubes(x, kernel):
            return (depthwise(x, kernel, (1, 1), ((0, 0), (0, 0)), (1, 1)) ** 3).sum()

        return sum((g**2).sum() for g in jax.grad(cubes, (0, 1))(x, kernel))

    norm, slopes = jax.jit(norm), jax.jit(jax.grad(norm, (0, 1)))
    for argument, value in enumerate((x, kernel)):
        step = jnp.asarray(rng.normal(size=value.shape), "float32") * 1e-3
        arguments = [x, kernel]
        ends = []
        for sign in (1, -1):
            arguments[argument] = value + sign * step
            ends.append(float(norm(*arguments)))
        slope = float((slopes(x, kernel)[argument] * step).sum())
        assert slope == pytest.approx((ends[0] - ends[1]) / 2, rel=2e-2)


def test_half_precision_is_summed_in_single():
    x = jnp.ones((1, 40, 40, 1), "bfloat16")
    y, back = jax.vjp(
        lambda k: depthwise(x, k, (1, 1), ((0, 0), (0, 0)), (1, 1)),
        jnp.full((1, 1, 1, 1), 0.5, "bfloat16"),
    )
    (gradient,) = back(jnp.ones_like(y))
    assert y.dtype == gradient.dtype == jnp.bfloat16
    assert float(gradient[0, 0, 0, 0]) == 1600  # sums in bfloat16 would stop at 256
