"""What programs ask of every tensor, lent to JAX's: `x.get_shape()` and `x.shape.as_list()`.

Inside a layer's `call` or a `Lambda` that is being compiled, a tensor is JAX's own tracer. Its
shape is a tuple; here it becomes `Shape`, which is a tuple with TensorFlow's methods.
"""

import jax

from hornbeam.backend.tensors import Shape


def _shape(self):
    return Shape(self.aval.shape)


def _get_shape(self):
    return Shape(self.shape)


def lend():
    """Gives JAX's tracers and arrays the methods, for the whole process."""
    jax.core.Tracer.shape = property(_shape)
    for kind in (jax.core.Tracer, type(jax.numpy.zeros(()))):
        kind.get_shape = _get_shape
