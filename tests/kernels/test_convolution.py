import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from hornbeam import kernels
from hornbeam.kernels import convolution

CASES = {  # input, window, filters, strides, dilation, pads
    "whole vectors": ((2, 8, 8, 16), (3, 3), 16, (1, 1), (1, 1), ((1, 1), (1, 1))),
    "odd sizes": ((2, 7, 9, 5), (3, 2), 7, (1, 1), (1, 1), ((0, 0), (0, 0))),
    "strided": ((3, 9, 11, 3), (5, 3), 33, (2, 3), (1, 1), ((2, 2), (0, 1))),
    "dilated": ((1, 12, 12, 20), (3, 3), 65, (1, 1), (2, 3), ((2, 2), (3, 3))),
    "strided and dilated": ((2, 13, 12, 4), (2, 3), 6, (3, 2), (2, 2), ((1, 2), (2, 3))),
    "one channel": ((2, 14, 15, 1), (7, 7), 64, (3, 2), (1, 1), ((3, 3), (3, 3))),
    "more padding than input": ((1, 2, 2, 3), (3, 3), 4, (1, 1), (1, 1), ((4, 4), (4, 4))),
    "blocks of channels": ((2, 6, 6, 600), (3, 3), 70, (1, 1), (1, 1), ((1, 1), (1, 1))),
    "steps": ((3, 17, 4), (5,), 9, (2,), (1,), ((4, 0),)),
    "volumes": ((2, 6, 5, 6, 3), (2, 3, 2), 18, (1, 2, 1), (2, 1, 1), ((1, 1), (0, 1), (0, 0))),
    "no images": ((0, 5, 5, 3), (3, 3), 4, (1, 1), (1, 1), ((0, 0), (0, 0))),
}


@pytest.fixture(autouse=True)
def native():
    if not kernels.has_native(np.dtype("float32"), (3, 3)):
        pytest.skip("the native kernels were not built: there is no C++ compiler")


def arrays(case, seed=0):
    shape, window, filters, *_ = case
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape).astype("float32")
    return x, rng.normal(size=(*window, shape[-1], filters)).astype("float32")


def simple(case):
    _, window, _, strides, dilation, pads = case
    places = "DHW"[3 - len(window) :]
    layout = (f"N{places}C", f"{places}IO", f"N{places}C")
    return lambda x, kernel: lax.conv_general_dilated(
        x, kernel, strides, pads, rhs_dilation=dilation, dimension_numbers=layout
    )


def native_form(case):
    *_, strides, dilation, pads = case
    return lambda x, kernel: kernels.convolve(x, kernel, strides, pads, dilation)


def passes(function):
    def run(x, kernel, dy):
        y, back = jax.vjp(function, x, kernel)
        return y, *back(dy)

    return jax.jit(run)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_values_and_gradients_are_those_of_xla(case):
    x, kernel = arrays(case)
    shape = jax.eval_shape(simple(case), x, kernel).shape
    dy = np.random.default_rng(1).normal(size=shape).astype("float32")
    expected = passes(simple(case))(x, kernel, dy)
    for found, wanted in zip(passes(native_form(case))(x, kernel, dy), expected):
        scale = np.abs(wanted).max(initial=0)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * scale)


def test_gradients_of_gradients():
    case = CASES["odd sizes"]
    x, kernel = arrays(case)

    def slopes(function):
        def norm(x, kernel):
            gradients = jax.grad(lambda *both: (function(*both) ** 3).mean(), (0, 1))(x, kernel)
            return sum((each**2).sum() for each in gradients)

        return jax.jit(jax.grad(norm, (0, 1)))(x, kernel)

    for found, wanted in zip(slopes(native_form(case)), slopes(simple(case))):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def test_the_input_gradient_is_a_transposed_convolution():
    case = CASES["strided"]
    x, kernel = arrays(case)
    *_, strides, dilation, pads = case
    y, back = jax.vjp(simple(case), x, kernel)
    dx = kernels.input_gradient(np.asarray(y), kernel, x.shape[1:-1], strides, pads, dilation)
    np.testing.assert_allclose(dx, back(y)[0], rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("filters", [3, 40], ids=["many places", "few places"])
def test_gradients_with_windows_of_one_place(filters):
    rng = np.random.default_rng(0)
    x, matrix = (rng.normal(size=size).astype("float32") for size in [(2, 5, 4, 6), (6, filters)])

    def norm(product):
        def cubes(x, matrix):
            return (product(x, matrix) ** 3).sum()

        return lambda x, matrix: sum(
            (each**2).sum() for each in jax.grad(cubes, (0, 1))(x, matrix)
        )

    slopes, expected = (
        jax.jit(jax.grad(norm(product), (0, 1)))(x, matrix)
        for product in (kernels.pointwise, jnp.matmul)
    )
    for found, wanted in zip(slopes, expected):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_a_loop_and_a_map_over_examples_compute_the_same():
    case = CASES["odd sizes"]
    x, kernel = arrays(case)
    each = jax.vmap(lambda one: native_form(case)(one[None], kernel)[0])(x)
    whole = native_form(case)(x, kernel)
    np.testing.assert_array_equal(each, whole)
    _, looped = lax.scan(lambda _, one: (None, native_form(case)(one[None], kernel)[0]), None, x)
    np.testing.assert_array_equal(looped, whole)


def test_shapes_that_do_not_fit_are_refused_by_the_native_code():
    x, kernel = jnp.zeros((1, 1, 5, 5, 3)), jnp.zeros((1, 3, 3, 4, 2))  # 3 channels, 4 wanted
    geometry = convolution._Geometry((1, 1, 1), (1, 1, 1), (0, 0, 0))
    with pytest.raises(Exception, match="hornbeam: shapes that do not fit"):
        convolution._call(
            "hornbeam_convolve", (1, 1, 3, 3, 2), x, kernel, geometry=geometry
        ).block_until_ready()


def test_other_dtypes_and_several_devices_are_left_to_xla(monkeypatch):
    assert not kernels.has_native(np.dtype("float16"), (3, 3))
    monkeypatch.setattr(jax, "device_count", lambda: 2)
    assert not kernels.has_native(np.dtype("float32"), (3, 3))
