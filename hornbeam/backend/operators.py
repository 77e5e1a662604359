"""Operators, indexing, `eval` and `assign` of tensors and variables.

They stand apart from `tensors` because they need the operations, which need tensors.
"""

import operator

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend import function
from hornbeam.backend.math import abs as absolute
from hornbeam.backend.ops import op
from hornbeam.backend.tensors import Operand, Tensor, Variable


def _binary(name, compute):
    compute.__name__ = name
    forward = op(compute)

    def method(self, other):
        return forward(self, _operand(other, self))

    def reflected(self, other):
        return forward(_operand(other, self), self)

    return method, reflected


def _operand(x, beside):
    """What stands beside a tensor takes its dtype, unless it is of a higher kind.

    Lists become arrays; single numbers become Python's, which are weakly typed.
    """
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    if not isinstance(x, (np.ndarray, np.generic)) or x.dtype.kind not in "fiu":
        return x
    if np.ndim(x) == 0:
        return x.item()
    if beside.dtype.is_floating or beside.dtype.is_integer and x.dtype.kind != "f":
        return x.astype(beside.dtype)
    return x


_BINARY = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": operator.pow,
    "matmul": operator.matmul,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
}
_COMPARISONS = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_UNARY = {"neg": operator.neg, "invert": operator.invert}


def _named(name, function_):
    def compute(*args):
        return function_(*args)

    compute.__name__ = name
    return compute


for _name, _function in _BINARY.items():
    _method, _reflected = _binary(_name, _named(_name, _function))
    setattr(Operand, f"__{_name}__", _method)
    setattr(Operand, f"__r{_name}__", _reflected)
for _name, _function in _COMPARISONS.items():
    setattr(Operand, f"__{_name}__", _binary(_name, _named(_name, _function))[0])
for _name, _function in _UNARY.items():
    setattr(Operand, f"__{_name}__", op(_named(_name, _function)))

_equal = op(_named("equal", lambda a, b: jnp.equal(a, b)))
_not_equal = op(_named("not_equal", lambda a, b: jnp.not_equal(a, b)))


def _comparable(other):
    return isinstance(other, (Operand, np.ndarray, np.generic, int, float, bool)) or hasattr(
        other, "__jax_array__"
    )


def _eq(self, other):
    if not _comparable(other):
        return NotImplemented
    try:
        return _equal(self, other)
    except TypeError:  # shapes that do not broadcast are not equal
        return False


def _ne(self, other):
    if not _comparable(other):
        return NotImplemented
    try:
        return _not_equal(self, other)
    except TypeError:
        return True


def _bool(self):
    """`a == b` of two tensors is true if they are the same tensor, as in Keras on TensorFlow 1.

    So `tensor in list_of_tensors` works.
    """
    node = self.node
    if node is not None and node.name in ("equal", "not_equal") and len(node.sources) == 2:
        same = node.sources[0] is node.sources[1]
        return same if node.name == "equal" else not same
    return Operand.__bool__(self)


@op
def getitem(x, item):
    if isinstance(x, np.ndarray) and not _has_jax_array(item):
        return x[item]  # shapes and their parts stay on the host
    try:
        return jnp.asarray(x)[item]
    except jax.errors.NonConcreteBooleanIndexError:
        raise TypeError(
            "tensor[mask], which is tf.boolean_mask, makes a tensor whose size depends on its "
            "mask, which is not known when the program is compiled. Multiply by the mask, or use "
            "K.switch or tf.where."
        ) from None


def _has_jax_array(item):
    if isinstance(item, (tuple, list)):
        return any(_has_jax_array(part) for part in item)
    if isinstance(item, slice):
        return _has_jax_array((item.start, item.stop, item.step))
    return isinstance(item, jax.Array)


Operand.__abs__ = absolute
Operand.__eq__ = _eq
Operand.__ne__ = _ne
Operand.__hash__ = object.__hash__
Tensor.__bool__ = _bool
Operand.__getitem__ = getitem


def _eval(self, feed_dict=None, session=None):
    return function.evaluate(self, feed_dict)


_eval.__doc__ = Operand.eval.__doc__
Operand.eval = _eval


def _assign(self, value):
    return function.assign(self, value)


_assign.__doc__ = Variable.assign.__doc__
Variable.assign = _assign
