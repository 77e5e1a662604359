"""Symbolic tensors, variables and the nodes that connect them.

A `Tensor` is a value that a program will supply: it has a shape, a dtype and the `Node` that makes
it, and no data. A `Variable` is a named array with a place to read it from and to write it to.
"""

import itertools

import jax
import numpy as np

from hornbeam.backend import names, running
from hornbeam.backend.config import floatx
from hornbeam.backend.precision import wide_scope
from hornbeam.bytecode import portable, unpacked

WIDE_DTYPES = frozenset(["float64", "int64", "uint64", "complex128"])


class DType(str):
    """A dtype name that also answers what programs ask of TensorFlow's dtype objects."""

    __slots__ = ()

    @property
    def name(self):
        return str(self)

    @property
    def base_dtype(self):
        return self

    @property
    def as_numpy_dtype(self):
        return np.dtype(self).type

    @property
    def is_floating(self):
        return "float" in self

    @property
    def is_integer(self):
        return "int" in self

    @property
    def is_bool(self):
        return self == "bool"


_dtype_names = {}


def dtype_name(dtype):
    """Returns the `DType` of anything that names a dtype; None means `floatx()`."""
    if dtype is None:
        return DType(floatx())
    if isinstance(dtype, DType):
        return dtype
    try:
        return _dtype_names[dtype]
    except (KeyError, TypeError):
        pass
    text = getattr(dtype, "name", None) or dtype
    if isinstance(text, str):
        text = text.removesuffix("_ref")  # TensorFlow 1 wrote 'float32_ref' for variables
    if text == "bfloat16":
        result = DType(text)
    else:
        try:
            found = np.dtype(text)
            if found.kind not in "biufc":
                raise TypeError("no numbers")
            result = DType(found.name)
        except TypeError as error:
            raise ValueError(
                f"Unknown dtype: {dtype!r}. Expected a name such as 'float32'."
            ) from error
    try:
        _dtype_names[dtype] = result
    except TypeError:
        pass
    return result


class Shape(tuple):
    """A shape: a tuple of ints and None, with the methods of TensorFlow's `TensorShape`."""

    __slots__ = ()

    def as_list(self):
        return list(self)

    @property
    def ndims(self):
        return len(self)

    rank = ndims

    @property
    def dims(self):
        return list(self)

    def is_fully_defined(self):
        return None not in self

    def num_elements(self):
        return None if None in self else int(np.prod(self, dtype=np.int64))

    def __getitem__(self, item):
        found = tuple.__getitem__(self, item)
        return Shape(found) if isinstance(item, slice) else found


class Deferring:
    """`__array_ufunc__`, looked up on the class: None, or absent where there is a value.

    None lets NumPy leave `np.log(x)` and `array * x` to us. Without it `np.log(x)` takes the array
    of the value, as in TensorFlow, and `array * x` is ours still, by `__array_priority__`.

    Args:
        defers: Function that tells whether it is None now.
    """

    def __init__(self, defers):
        self.defers = defers

    def __get__(self, instance, owner):
        if self.defers():
            return None
        raise AttributeError("__array_ufunc__")


class Operand:
    """What tensors and variables share: operators and the attributes that programs read.

    The operators, `eval` and `assign` are filled in by `hornbeam.backend.operators`, which knows
    the operations.
    """

    __array_ufunc__ = None  # NumPy arrays leave `array + tensor` to us
    __array_priority__ = 1000

    __hash__ = object.__hash__

    def get_shape(self):
        """Returns the static shape; `get_shape().as_list()` is a list."""
        return self.shape

    @property
    def _keras_shape(self):
        return tuple(self.shape)

    @property
    def ndim(self):
        return len(self.shape)

    def eval(self, feed_dict=None, session=None):
        """Computes the value now, as a NumPy array.

        Args:
            feed_dict: Dict from placeholder to array.
            session: Any; programs are run without sessions, so it makes no difference.
        """
        raise NotImplementedError("filled in by hornbeam.backend.operators")

    def numpy(self):
        """Computes the value now, as a NumPy array."""
        return self.eval()

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.eval(), dtype=dtype)

    def __float__(self):
        return float(self.eval())

    def __int__(self):
        return int(self.eval())

    def __len__(self):
        if not self.shape:
            raise TypeError(f"len() of {self!r}, which has no axes.")
        if self.shape[0] is None:
            raise TypeError(f"len() of {self!r}: its first axis has no fixed size.")
        return self.shape[0]

    def __iter__(self):
        for index in range(len(self)):
            yield self[index]

    def __bool__(self):
        raise TypeError(
            f"The truth of {self!r} is not known while the graph is built. "
            "Use K.switch or K.in_train_phase to choose between tensors."
        )


class Tensor(Operand):
    """A symbolic value: `shape` (None where unknown), `dtype`, and the node that makes it.

    Args:
        shape: Tuple of ints and None.
        dtype: Name of the dtype.
        node: The `Node` whose output this is; None for a placeholder.
        index: Place among the node's outputs.
        name: String.
        static: For values that depend on shapes alone, the host value for each of the two sizes
            that stand in for None (see `ops.infer`).
    """

    def __init__(self, shape, dtype, node=None, index=0, name=None, static=None):
        self.shape = Shape(shape)
        self.dtype = dtype_name(dtype)
        self.node = node
        self.index = index
        self._name = name
        self.static = static
        self.wide = self.dtype in WIDE_DTYPES or (node is not None and node.wide)

    @property
    def name(self):
        if self._name is None:
            self._name = names.unique(self.node.name if self.node else "placeholder") + ":0"
        return self._name

    @property
    def op(self):
        """The node, under the name that TensorFlow programs use."""
        return self.node

    @property
    def is_placeholder(self):
        return self.node is None

    @property
    def _uses_learning_phase(self):
        return self.node is not None and self.node.uses_learning_phase

    @property
    def _keras_mask(self):
        """The symbolic mask that travels with this tensor, or None."""
        chosen = self.__dict__.get("_mask")
        if chosen is not None:
            return chosen
        return self.node.mask_of(self) if self.node is not None else None

    @_keras_mask.setter
    def _keras_mask(self, mask):
        self.__dict__["_mask"] = mask

    def set_shape(self, shape):
        """Refines the static shape in place, as TensorFlow does."""
        shape = tuple(shape)
        if len(shape) != len(self.shape) or any(
            a is not None and b is not None and a != b for a, b in zip(self.shape, shape)
        ):
            raise ValueError(f"set_shape({shape}) contradicts the shape {tuple(self.shape)}.")
        self.shape = Shape(b if a is None else a for a, b in zip(self.shape, shape))

    def __repr__(self):
        return f"<Tensor {self.name} shape={tuple(self.shape)} dtype={self.dtype}>"


class UnfedPlaceholderError(ValueError):
    """A program needs the value of a placeholder that nobody fed.

    Feed it: as an input of `K.function`, in `eval(feed_dict={...})`, or as an input of the model.
    """


class Placeholder(Tensor):
    """A tensor that the caller of a program feeds, or that has a `default` to take instead."""

    def __init__(self, shape, dtype, name=None, default=None, sparse=False):
        super().__init__(shape, dtype, name=name)
        self.default = default
        self.sparse = sparse
        self.wide = self.wide or bool(default is not None and default.wide)

    @property
    def _uses_learning_phase(self):
        return self.default is not None and self.default._uses_learning_phase

    def value_in(self, program):
        """Returns the value in a program that was not fed one."""
        if self.default is not None:
            return program.resolve(self.default)
        raise UnfedPlaceholderError(
            f"No value was given for the placeholder {self.name} of shape {tuple(self.shape)}. "
            "Feed it: as an input of K.function, in eval(feed_dict={...}), or as an input of the "
            "model."
        )


class Later:
    """An array to be made when it is first read: first values that take time to draw.

    Args:
        make: Function without arguments that returns a new array, at each call the same.
        shape: Tuple of ints, the array's.
    """

    def __init__(self, make, shape):
        self.make = make
        self.shape = shape


class Variable(Operand):
    """A named array that programs read and write.

    Args:
        value: Initial array, or `Later`; it stays a NumPy array until a program first needs it.
        dtype: Name of the dtype; None means `floatx()`.
        name: String; made unique.
        trainable: Whether training may change it, as `Layer.add_weight` says it.
        constraint: None or a function from the new value to the projected value.
        copy: Bool; False keeps `value` itself, an array of this dtype that nobody changes.
    """

    _uses_learning_phase = False
    _keras_mask = None
    node = None
    autocast = False  # whether layers of a mixed policy read it in the dtype they compute in
    made = None  # function that is told of each new variable, where somebody counts them

    __array_ufunc__ = Deferring(lambda: running.program() is not None or running.eager() is None)

    def __init__(
        self, value, dtype=None, name=None, trainable=True, constraint=None, copy=True
    ):
        dtype = dtype_name(dtype)
        if copy and not isinstance(value, Later):
            value = np.array(value, dtype=dtype)
        self.shape = Shape(value.shape)
        self.dtype = dtype
        self.name = name if name is not None else names.unique("Variable") + ":0"
        self.trainable = trainable
        self.constraint = constraint
        self.wide = dtype in WIDE_DTYPES
        self._value = value
        if self.made is not None:
            self.made(self)

    def __repr__(self):
        return f"<Variable {self.name} shape={tuple(self.shape)} dtype={self.dtype}>"

    @property
    def _value(self):
        stored = self._stored
        if type(stored) is Later:  # two threads may make it; they make the same
            stored = self._stored = np.asarray(stored.make(), self.dtype)
        return stored

    @_value.setter
    def _value(self, value):
        self._stored = value

    @property
    def raw(self):
        """The stored array, NumPy or JAX. Not a copy."""
        return self._value

    def adopt(self, array):
        """Takes `array`, already of the right shape and dtype, as the new value."""
        self._value = array

    def on_device(self):
        """Returns the value as a JAX array, moving it there once."""
        if isinstance(self._value, np.ndarray):
            with wide_scope(self.wide), jax.ensure_compile_time_eval():  # no tracer, in no trace
                self._value = jax.device_put(self._value)
        return self._value

    def get_value(self):
        """Returns a NumPy copy of the current value."""
        return np.array(self._value)

    def set_value(self, value, copy=True):
        """Replaces the value.

        Args:
            value: Array.
            copy: Bool; False may keep `value` itself, for an array that nobody changes.

        Raises:
            ValueError: if the shape is another.
        """
        eager = running.eager()
        if eager is not None and eager.is_tracing():
            eager.assign(self, np.asarray(value, self.dtype))
            return
        value = np.array(value, dtype=self.dtype, copy=copy or None)
        if value.shape != tuple(self.shape):
            if value.size == 1 and self.shape.num_elements() == 1:
                value = value.reshape(self.shape)
            else:
                raise ValueError(
                    f"Variable {self.name} has shape {tuple(self.shape)}; "
                    f"a value of shape {value.shape} was given."
                )
        self._value = value

    def __jax_array__(self):
        active = running.program()
        return self.on_device() if active is None else active.read(self)

    def value(self):
        """Returns this variable: reading is left to the program that needs it.

        Where eager execution is on, returns the tensor of its present value.
        """
        eager = running.eager() if running.program() is None else None
        return self if eager is None else eager.tensor(self)

    def read_value(self):
        """See `value`."""
        return self.value()

    def assign(self, value):
        """Writes `value`: at once for an array, when a program runs for a symbolic tensor."""
        raise NotImplementedError("filled in by hornbeam.backend.operators")

    def assign_add(self, value):
        """Adds `value` in place. See `assign`."""
        return self.assign(self + value)

    def assign_sub(self, value):
        """Subtracts `value` in place. See `assign`."""
        return self.assign(self - value)

    def __deepcopy__(self, memo):
        copy = type(self).__new__(type(self))
        memo[id(self)] = copy
        copy.__dict__.update(self.__dict__)
        copy._value = self.get_value()
        return copy

    def __getstate__(self):
        return portable(dict(self.__dict__, _stored=np.asarray(self._value)))

    def __setstate__(self, state):
        self.__dict__.update(unpacked(state))


class Node:
    """How tensors are made from others: the step of a graph.

    Attributes:
        sources: List of the tensors and variables that the step reads.
        outputs: List of the tensors that it makes.
        uses_learning_phase: Whether a result differs between training and test.
        wide: Whether a 64-bit dtype takes part.
    """

    _serial = itertools.count()

    def __init__(self, sources, uses_learning_phase=False, wide=False):
        self.sources = sources
        self.outputs = []
        self.uses_learning_phase = uses_learning_phase or any(
            source._uses_learning_phase for source in sources
        )
        self.wide = wide or any(source.wide for source in sources)
        self.serial = next(Node._serial)  # order of creation, which is a topological order

    def __setstate__(self, state):
        """Restores a pickled or copied node: it is as new as if it were made now."""
        self.__dict__.update(unpacked(state))
        self.serial = next(Node._serial)

    name = "node"
    has_closures = False  # whether a user's function may read tensors that `sources` lacks

    @property
    def reads(self):
        """The tensors and variables that the outputs depend on, as far as they are known."""
        return self.sources

    def run(self, program):
        """Computes the outputs in `program`; returns a list as long as `outputs`."""
        raise NotImplementedError

    def mask_of(self, tensor):
        """Returns the symbolic mask of one of the outputs, or None."""
        return None


def _flatten_operand(operand):
    """As a pytree, an operand is its value: plain `jax.numpy` functions take it as it is."""
    active = running.program()
    if active is not None:
        return (active.resolve(operand),), None
    if isinstance(operand, Variable):
        return (operand.on_device(),), None
    raise TypeError(
        f"A jax function was given {operand!r}, which has no value yet. Use the functions of "
        "keras.backend (K), or wrap the computation in a Lambda layer."
    )


for _class in (Tensor, Placeholder, Variable):
    jax.tree_util.register_pytree_node(_class, _flatten_operand, lambda _, children: children[0])


def sources_of(structure, found=None):
    """Lists the tensors and variables in nested lists, tuples, dicts and slices."""
    found = [] if found is None else found
    if isinstance(structure, Operand):
        found.append(structure)
    elif isinstance(structure, (list, tuple)):
        for item in structure:
            sources_of(item, found)
    elif isinstance(structure, dict):
        for item in structure.values():
            sources_of(item, found)
    elif isinstance(structure, slice):
        sources_of((structure.start, structure.stop, structure.step), found)
    return found


def replace_operands(structure, replace):
    """Returns `structure` with every tensor and variable replaced by `replace(operand)`."""
    if isinstance(structure, Operand):
        return replace(structure)
    if isinstance(structure, dict):
        return {key: replace_operands(item, replace) for key, item in structure.items()}
    if isinstance(structure, slice):
        return slice(
            replace_operands(structure.start, replace),
            replace_operands(structure.stop, replace),
            replace_operands(structure.step, replace),
        )
    if isinstance(structure, (list, tuple)) and not isinstance(structure, Shape):
        items = [replace_operands(item, replace) for item in structure]
        if isinstance(structure, list):
            return items
        return type(structure)(*items) if hasattr(structure, "_fields") else tuple(items)
    return structure
