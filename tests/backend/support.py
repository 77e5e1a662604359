"""One computation in every way in which it can be asked for."""

import numpy as np

from hornbeam import backend as K


def everywhere(function, *arrays, dims=None):
    """Computes on arrays, on a graph with unknown sizes, and compiled; checks that all agree.

    Args:
        function: Function of tensors that returns one tensor.
        *arrays: NumPy arrays for its arguments.
        dims: For each array, the shape of its placeholder; the first size is None by default.

    Returns:
        The result, a NumPy array.
    """
    eager = np.asarray(function(*arrays))

    if dims is None:
        dims = [(None, *a.shape[1:]) if a.ndim else () for a in arrays]
    unknown = [K.placeholder(shape, dtype=a.dtype) for shape, a in zip(dims, arrays)]
    tensor = function(*unknown)
    lazy = tensor.eval(dict(zip(unknown, arrays)))
    assert_same(lazy, eager)
    assert_fits(K.int_shape(tensor), lazy.shape)
    assert lazy.dtype == tensor.dtype

    known = [K.placeholder(a.shape, dtype=a.dtype) for a in arrays]
    tensor = function(*known)
    compiled = K.function(known, [tensor])(list(arrays))[0]
    assert_same(compiled, eager)
    assert K.int_shape(tensor) == compiled.shape
    return compiled


def assert_same(found, expected, rtol=1e-5, atol=1e-6):
    """Checks shape, dtype and values."""
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def assert_fits(static, shape):
    """Checks that a static shape, which may hold None, allows a real one."""
    assert len(static) == len(shape)
    assert all(a is None or a == b for a, b in zip(static, shape)), (static, shape)


def numbers(*shape, dtype="float32"):
    """Normal random numbers."""
    return np.random.normal(size=shape).astype(dtype)


def gradient(function, *arrays):
    """Returns the gradients of the sum of `function(*arrays)` by each array."""
    variables = [K.variable(a, dtype=a.dtype) for a in arrays]
    gradients = K.gradients(K.sum(function(*variables)), variables)
    return [None if g is None else K.eval(g) for g in gradients]


def slope(function, x, step=1e-3):
    """Returns the derivative of the sum of `function(x)` by finite differences, in float64."""
    x = np.asarray(x, "float64")
    found = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        moved = x.copy()
        moved[place] += step
        up = np.sum(np.asarray(function(moved)))
        moved[place] -= 2 * step
        found[place] = (up - np.sum(np.asarray(function(moved)))) / (2 * step)
    return found
