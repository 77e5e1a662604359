"""Python in the middle of a program, and gradients: `tf.py_function`, `tf.gradients`, ..."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam import backend as K
from hornbeam.backend import eagerly, recording, running
from hornbeam.backend.control import calling
from hornbeam.backend.ops import op
from hornbeam.backend.tensors import replace_operands
from hornbeam.compat.tensorflow.control import all_named
from hornbeam.compat.tensorflow.shaping import kind_of


def py_function(func, inp, Tout, name=None):
    """Calls a Python function on the values of tensors, whenever the program runs.

    Args:
        func: Function of tensors with values that returns a tensor or array, or a list of them.
        inp: List of tensors.
        Tout: Dtype of the result, or a list of dtypes.
        name: String, of the result.

    Notes: the shape of the result must be found by calling `func` on ones while the program is
        compiled; no gradient goes through.
    """

    def on_tensors(*arrays):
        with recording.unheard(), running.eagerly(eagerly), jax.ensure_compile_time_eval():
            found = func(*(eagerly.from_value(array) for array in arrays))
            return replace_operands(found, lambda tensor: tensor.numpy())

    return all_named(_py_function(on_tensors, list(inp), Tout), name)


@op(source=True)
def _py_function(func, inp, kinds):
    several = isinstance(kinds, (list, tuple))
    types = [kind_of(kind) for kind in (kinds if several else [kinds])]

    def call(*arrays):
        with running.recording():
            found = func(*(np.asarray(a) for a in arrays))
        found = list(found) if several else [found]
        return [np.asarray(item, kind) for item, kind in zip(found, types)]

    arrays = [jnp.asarray(x) for x in inp]
    if not any(isinstance(a, jax.core.Tracer) for a in arrays):
        found = [jnp.asarray(item) for item in call(*arrays)]
        return found if several else found[0]
    shapes = [
        jax.ShapeDtypeStruct(item.shape, item.dtype)
        for item in call(*(np.ones(a.shape, a.dtype) for a in arrays))
    ]
    found = jax.pure_callback(call, shapes, *(jax.lax.stop_gradient(a) for a in arrays))
    return list(found) if several else found[0]


def numpy_function(func, inp, Tout, stateful=True, name=None):
    """Calls a function of NumPy arrays on the values of tensors. See `py_function`."""
    return all_named(_py_function(func, list(inp), Tout), name)


def py_func(func, inp, Tout, stateful=True, name=None):
    """TensorFlow 1's `numpy_function`."""
    return numpy_function(func, inp, Tout, name=name)


def gradients(ys, xs, grad_ys=None, name="gradients", colocate_gradients_with_ops=False,
              gate_gradients=False, aggregation_method=None, stop_gradients=None,
              unconnected_gradients="none"):
    """Returns the gradients of the sum of `ys` with respect to each of `xs`, in a graph.

    Args:
        ys: Tensor or list of tensors.
        xs: Tensor or variable, or a list of them.
        grad_ys: Tensor or list: what the gradient of each of `ys` is multiplied by.
        name: String; gradients have no names here.
        colocate_gradients_with_ops, gate_gradients, aggregation_method: TensorFlow's hints.
        stop_gradients: List of tensors that count as constants: not provided; use
            `tf.stop_gradient` where they are made.
        unconnected_gradients: 'none', or 'zero' for zeros instead of None.

    Returns:
        A list; None where `ys` do not depend on one.
    """
    if stop_gradients:
        raise ValueError(
            "tf.gradients takes no stop_gradients here: apply tf.stop_gradient to the tensors "
            "where they are made."
        )
    ys = list(ys) if isinstance(ys, (list, tuple)) else [ys]
    xs = list(xs) if isinstance(xs, (list, tuple)) else [xs]
    if grad_ys is not None:
        weights = list(grad_ys) if isinstance(grad_ys, (list, tuple)) else [grad_ys]
        ys = [y if w is None else y * w for y, w in zip(ys, weights)]
    found = K.gradients(ys if len(ys) > 1 else ys[0], xs)
    if str(getattr(unconnected_gradients, "value", unconnected_gradients)) == "zero":
        found = [K.zeros_like(x) if g is None else g for g, x in zip(found, xs)]
    return found


def hessians(ys, xs, name="hessians", **hints):
    """Returns the second derivatives of `ys` with respect to each 1-D tensor of `xs`."""
    xs = list(xs) if isinstance(xs, (list, tuple)) else [xs]
    found = []
    for x in xs:
        (first,) = gradients(ys, [x])
        size = K.int_shape(x)[0]
        found.append(K.stack([gradients(first[i], [x])[0] for i in range(size)]))
    return found


def custom_gradient(f=None):
    """Decorator of a function that returns its result and the function of its gradient.

    Args:
        f: Function `(*x) -> (y, grad_fn)`; `grad_fn(dy)` returns the gradient of each `x`.
    """

    @calling
    def computed(*args):
        def values(*x):
            y, grad = f(*x)
            program = running.program()

            def pull(*dy):
                found = grad(*dy) if len(dy) != 1 else grad(dy[0])
                found = replace_operands(found, program.resolve)
                return tuple(found) if isinstance(found, (list, tuple)) else (found,)

            return replace_operands(y, program.resolve), pull

        return jax.custom_gradient(values)(*(jnp.asarray(a) for a in args))

    @functools.wraps(f)
    def call(*args):
        return computed(*args)

    return call


def recompute_grad(f):
    """Decorator of a function whose inner values are computed again for its gradient."""

    @calling
    def computed(*args):
        def values(*x):
            return replace_operands(f(*x), running.program().resolve)

        return jax.checkpoint(values)(*(jnp.asarray(a) for a in args))

    return functools.wraps(f)(lambda *args: computed(*args))


stop_gradient = K.stop_gradient


def grad_pass_through(f):
    """Decorator of a function that counts as the identity in gradients."""

    @functools.wraps(f)
    def call(x):
        return K.identity(x) + stop_gradient(f(x) - x)

    return call


__all__ = [
    "custom_gradient", "grad_pass_through", "gradients", "hessians", "numpy_function", "py_func",
    "py_function", "recompute_grad", "stop_gradient",
]  # fmt: skip
