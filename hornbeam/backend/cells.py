"""Eager values: `Cell`, which holds one or knows how to compute it, and `EagerTensor` on top."""

import threading
import weakref

import jax
import numpy as np

from hornbeam.backend import running
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.tensors import WIDE_DTYPES, Deferring, Tensor, dtype_name

_HOST_SIZE = 64  # elements; shapes and index arithmetic are small

lent = weakref.WeakValueDictionary()  # id(variable) -> the cell of its value that someone holds


class _Listeners(threading.local):
    """Who is told of what is computed in this thread: tapes, and the function that is traced."""

    tapes = ()
    trace = None


listeners = _Listeners()


class TracedValueError(TypeError):
    """A value was asked for that is not known while a function is traced.

    Choose with `tf.cond` or `tf.where`, loop with `tf.while_loop` or `tf.map_fn`, and print with
    `tf.print`; or run the function without `tf.function`.
    """


class Cell:
    """One eager value: known, or to be computed by the instruction that makes it.

    Attributes:
        value: NumPy or JAX array; None while it is not known.
        maker: The `Instruction` that computes it; None once it is known.
        index: Place among the outputs of the maker.
        variable: The variable whose value this was, or None.
        notes: What travels with the value: `(kind, static, cell)` for its mask, its logits.
    """

    __slots__ = (
        "__weakref__",
        "dtype",
        "handle",
        "index",
        "maker",
        "notes",
        "shape",
        "value",
        "variable",
    )

    def __init__(self, value=None, shape=None, dtype=None, maker=None, index=0, variable=None):
        self.value = value
        self.shape = value.shape if shape is None else shape
        self.dtype = dtype_name(value.dtype if dtype is None else dtype)
        self.maker = maker
        self.index = index
        self.variable = variable
        self.notes = ()
        self.handle = None

    @property
    def is_awaited(self):
        """Whether somebody may still ask for the value."""
        return self.handle is not None and self.handle() is not None

    def known(self):
        """Returns the value, computing it first where need be."""
        if self.value is None:
            if self.maker is None:
                raise TracedValueError(
                    f"The value of a tensor of shape {tuple(self.shape)} and dtype {self.dtype} is "
                    "not known while a function is traced. Choose with tf.cond or tf.where, loop "
                    "with tf.while_loop or tf.map_fn, print with tf.print; or run the function "
                    "without tf.function."
                )
            self.maker.evaluate([self])
        return self.value


def tensor_of(cell):
    """Returns the tensor of a cell: the same one as long as somebody holds it."""
    tensor = cell.handle() if cell.handle is not None else None
    if tensor is None:
        tensor = EagerTensor(cell)
        cell.handle = weakref.ref(tensor)
    return tensor


class EagerTensor(Tensor):
    """A tensor with a value, as TensorFlow 2 has them: `.numpy()`, `float()`, `if tensor:`.

    In programs and graphs it is a constant.

    Args:
        cell: The `Cell` of the value.
    """

    __array_ufunc__ = Deferring(lambda: False)

    def __init__(self, cell):
        super().__init__(cell.shape, cell.dtype)
        self.cell = cell

    @property
    def static(self):
        value = self.cell.value
        if isinstance(value, np.ndarray) and value.dtype.kind in "iub" and value.size <= _HOST_SIZE:
            return value, value
        return None

    @static.setter
    def static(self, pair):
        """A tensor of the graph is told its host values; this one has its own."""

    is_placeholder = False

    def value_in(self, program):
        """Returns the value in a program: one that it is given, so that no code depends on it."""
        value = self.cell.value
        if value is None and listeners.trace is None:
            value = self.cell.known()
        return value if isinstance(value, jax.core.Tracer) else program.read(self)

    def on_device(self):
        """Returns the value as a JAX array, moving it there once."""
        value = self.cell.known()
        if isinstance(value, np.ndarray):
            with wide_scope(self.wide), jax.ensure_compile_time_eval():
                value = jax.device_put(value)
            if self.static is None:
                self.cell.value = value
        return value

    def __jax_array__(self):
        active = running.program()
        return self.on_device() if active is None else active.resolve(self)

    def numpy(self):
        """Returns the value as a NumPy array; a scalar as a NumPy number."""
        value = self.cell.known()
        if isinstance(value, jax.core.Tracer):
            raise TracedValueError(
                f"The value of {self._described()} is not known while a function is traced."
            )
        value = np.asarray(value)
        return value[()] if value.ndim == 0 else value

    def eval(self, feed_dict=None, session=None):
        """Returns the value as a NumPy array. The arguments make no difference to a value."""
        return np.array(self.numpy())

    def _described(self):
        return f"a tensor of shape {tuple(self.shape)} and dtype {self.dtype}"

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __float__(self):
        return float(self.numpy())

    def __int__(self):
        return int(self.numpy())

    def __complex__(self):
        return complex(self.numpy())

    def __index__(self):
        value = self.numpy()
        if not isinstance(value, np.integer):
            raise TypeError(f"{self._described()} is no integer scalar and cannot be an index.")
        return int(value)

    def __bool__(self):
        return bool(self.numpy())

    def __format__(self, spec):
        return format(self.numpy().item() if not self.shape else str(self), spec)

    def __round__(self, digits=None):
        return round(self.numpy().item(), digits)

    def __iter__(self):
        if not self.shape:
            raise TypeError("Cannot iterate over a scalar tensor.")
        return (self[index] for index in range(self.shape[0]))

    def __str__(self):
        if self.cell.value is None and not self._can_be_known():
            return f"Tensor(shape={tuple(self.shape)}, dtype={self.dtype})"
        shape = f"shape={tuple(self.shape)}, dtype={self.dtype}"
        return f"tf.Tensor({np.array2string(np.asarray(self.numpy()), separator=' ')}, {shape})"

    def __repr__(self):
        if self.cell.value is None and not self._can_be_known():
            return f"<tf.Tensor: shape={tuple(self.shape)}, dtype={self.dtype}>"
        shape = f"shape={tuple(self.shape)}, dtype={self.dtype}"
        return f"<tf.Tensor: {shape}, numpy={np.array_repr(np.asarray(self.numpy()))}>"

    def _can_be_known(self):
        try:
            return not isinstance(self.cell.known(), jax.core.Tracer)
        except TracedValueError:
            return False

    def __reduce__(self):
        return from_value, (np.asarray(self.numpy()),)

    def __deepcopy__(self, memo):
        return tensor_of(self.cell)  # a value does not change


jax.tree_util.register_pytree_node(
    EagerTensor, lambda tensor: ((tensor.__jax_array__(),), None), lambda _, children: children[0]
)


def from_value(value):
    """Returns the eager tensor of an array."""
    return tensor_of(Cell(value))


def is_wide(cells):
    """Whether all of these cells, and there is one, hold 64-bit numbers."""
    return bool(cells) and all(cell.dtype in WIDE_DTYPES for cell in cells)


def is_host(value):
    """Whether a value is a small NumPy array of integers: a shape, or part of one."""
    return (
        isinstance(value, (np.ndarray, np.generic))
        and value.dtype.kind in "iub"
        and value.size <= _HOST_SIZE
    )
