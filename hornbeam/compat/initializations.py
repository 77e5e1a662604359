"""`keras.initializations`: Keras 1's functions, which make variables, not initializers.

    init = initializations.get("glorot_uniform")
    self.W = init((input_dim, output_dim), name="W")

They serve as initializers too: `Dense(8, init=lambda shape, name=None: normal(shape, 0.01, name))`.
Kernels of convolutions are counted in the order `dim_ordering`: `'th'` is
`(outputs, inputs, *window)` and `'tf'` is `(*window, inputs, outputs)`.

Source: Keras 1.2.2.
"""

import functools
import math

import numpy as np

from hornbeam import backend as K
from hornbeam import initializers

__all__ = [
    "get",
    "get_fans",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_uniform",
    "normal",
    "one",
    "orthogonal",
    "uniform",
    "zero",
]

_LAYOUTS = {"th": "channels_first", "tf": "channels_last"}


def get_fans(shape, dim_ordering="th"):
    """Returns the numbers of input and output units of a weight.

    Args:
        shape: `(inputs, outputs)`, or the shape of a convolution's kernel.
        dim_ordering: Order of that kernel, `'th'` or `'tf'`.

    Raises:
        ValueError: for another order.
    """
    if dim_ordering == "default":
        dim_ordering = K.image_dim_ordering()
    if dim_ordering not in _LAYOUTS:
        raise ValueError(f"Invalid dim_ordering: {dim_ordering!r}. Expected 'th' or 'tf'.")
    return initializers._compute_fans(tuple(shape), _LAYOUTS[dim_ordering])


def uniform(shape, scale=0.05, name=None, dim_ordering="th"):
    """Returns a variable with numbers from `-scale` to `scale`, all alike likely."""
    return _variable(initializers.RandomUniform(-scale, scale), shape, name)


def normal(shape, scale=0.05, name=None, dim_ordering="th"):
    """Returns a variable with normally distributed numbers of standard deviation `scale`."""
    return _variable(initializers.RandomNormal(0.0, scale), shape, name)


def lecun_uniform(shape, name=None, dim_ordering="th"):
    """`uniform` with the scale `sqrt(3 / inputs)` (LeCun 1998)."""
    return uniform(shape, math.sqrt(3 / get_fans(shape, dim_ordering)[0]), name)


def glorot_normal(shape, name=None, dim_ordering="th"):
    """`normal` with the scale `sqrt(2 / (inputs + outputs))` (Glorot & Bengio 2010)."""
    return normal(shape, math.sqrt(2 / sum(get_fans(shape, dim_ordering))), name)


def glorot_uniform(shape, name=None, dim_ordering="th"):
    """`uniform` with the scale `sqrt(6 / (inputs + outputs))` (Glorot & Bengio 2010)."""
    return uniform(shape, math.sqrt(6 / sum(get_fans(shape, dim_ordering))), name)


def he_normal(shape, name=None, dim_ordering="th"):
    """`normal` with the scale `sqrt(2 / inputs)` (He et al. 2015)."""
    return normal(shape, math.sqrt(2 / get_fans(shape, dim_ordering)[0]), name)


def he_uniform(shape, name=None, dim_ordering="th"):
    """`uniform` with the scale `sqrt(6 / inputs)` (He et al. 2015)."""
    return uniform(shape, math.sqrt(6 / get_fans(shape, dim_ordering)[0]), name)


def orthogonal(shape, scale=1.1, name=None, dim_ordering="th"):
    """Returns a variable whose rows or columns are orthogonal, of length `scale` (Saxe 2013)."""
    return _variable(initializers.Orthogonal(gain=scale), shape, name)


def identity(shape, scale=1, name=None, dim_ordering="th"):
    """Returns `scale` times the identity matrix as a variable.

    Raises:
        ValueError: unless the shape is that of a square matrix.
    """
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(
            "Identity matrix initialization can only be used for 2D square matrices; the shape is "
            f"{tuple(shape)}."
        )
    return _variable(initializers.Identity(gain=scale), shape, name)


def zero(shape, name=None, dim_ordering="th"):
    """Returns a variable of zeros."""
    return K.zeros(shape, name=name)


def one(shape, name=None, dim_ordering="th"):
    """Returns a variable of ones."""
    return K.ones(shape, name=name)


_FUNCTIONS = {name: globals()[name] for name in __all__ if name not in ("get", "get_fans")}


def get(identifier, **kwargs):
    """Returns the function that `identifier` stands for.

    Args:
        identifier: Name of a function of this module, or a function, which is returned.
        **kwargs: Arguments of the function, such as `scale`, given in advance.

    Raises:
        ValueError: for an unknown name.
    """
    if callable(identifier):
        return identifier
    if identifier not in _FUNCTIONS:
        raise ValueError(
            f"Invalid initialization: {identifier!r}. Expected one of {sorted(_FUNCTIONS)}."
        )
    function = _FUNCTIONS[identifier]
    return functools.partial(function, **kwargs) if kwargs else function


def _variable(initializer, shape, name):
    return K.variable(np.asarray(initializer(tuple(shape), K.floatx())), name=name)
