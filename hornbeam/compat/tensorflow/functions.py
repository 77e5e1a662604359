"""`tf.function` and what belongs to it."""

import functools

from hornbeam.backend.arguments import Arguments
from hornbeam.backend.cells import Cell, tensor_of
from hornbeam.backend.specs import TensorSpec
from hornbeam.backend.tensors import dtype_name
from hornbeam.backend.tracing import Compiled

__all__ = ["ConcreteFunction", "TensorSpec", "function"]

_run_eagerly = False


def run_functions_eagerly(run_eagerly):
    """Says whether functions of `tf.function` run as plain Python; default False."""
    global _run_eagerly
    _run_eagerly = bool(run_eagerly)


def functions_run_eagerly():
    """Returns what `run_functions_eagerly` said."""
    return _run_eagerly


class Function(Compiled):
    """What `tf.function` makes of a Python function: see `function`."""

    def __init__(self, python_function, input_signature=None):
        super().__init__(python_function)
        functools.update_wrapper(self, python_function)
        self.python_function = python_function
        self.input_signature = None if input_signature is None else tuple(input_signature)

    def __get__(self, instance, owner=None):
        """The method of an instance: traced for each instance, since it may hold variables."""
        if instance is None:
            return self
        name = f"_function_{id(self)}"
        bound = instance.__dict__.get(name)
        if bound is None:
            method = self.python_function.__get__(instance, owner)
            bound = Function(method, self.input_signature)
            instance.__dict__[name] = bound
        return bound

    def __call__(self, *args, **kwargs):
        self._check_signature(args)
        if _run_eagerly:
            return self.python_function(*args, **kwargs)
        return super().__call__(*args, **kwargs)

    def _check_signature(self, args):
        if self.input_signature is None:
            return
        for number, (spec, value) in enumerate(zip(self.input_signature, args)):
            shape = getattr(spec, "shape", None)
            given = getattr(value, "shape", None)
            if shape is None or given is None:
                continue
            if len(shape) != len(given) or any(
                want is not None and want != size for want, size in zip(shape, given)
            ):
                raise ValueError(
                    f"Python inputs incompatible with input_signature: argument {number} of "
                    f"{self.name} has shape {tuple(given)}; the signature says {tuple(shape)}."
                )

    def get_concrete_function(self, *args, **kwargs):
        """Traces the function for arguments, which may be `tf.TensorSpec`s.

        Args:
            *args, **kwargs: As the function takes them. A size that is None in a `TensorSpec` is
                decided by the first call.

        Returns:
            A `ConcreteFunction`.
        """
        if not args and not kwargs and self.input_signature:
            args = self.input_signature
        return ConcreteFunction(self, args, kwargs)

    def __repr__(self):
        return f"<tf.function {self.name}>"


class ConcreteFunction:
    """A function for arguments of known shapes and dtypes.

    Attributes:
        structured_outputs: The results, as tensors without values; None where a size is unknown.
    """

    def __init__(self, function, args, kwargs):
        self._function = function
        self.structured_input_signature = (args, kwargs)
        self.structured_outputs = None
        args, kwargs = _stand_ins(list(args)), _stand_ins(kwargs)
        if args is not None and kwargs is not None:
            arguments = Arguments([args, kwargs], by_identity=True)
            kernel = function.trace(arguments)
            function._kernels[arguments.key] = kernel
            cells = [Cell(None, shape, dtype) for shape, dtype, _ in kernel.specs]
            self.structured_outputs = kernel.rebuild([tensor_of(cell) for cell in cells])

    @property
    def name(self):
        """The function's name."""
        return self._function.name

    def __call__(self, *args, **kwargs):
        return self._function(*args, **kwargs)


def _stand_ins(structure):
    """Tensors without values for the `TensorSpec`s; None where a size is unknown."""
    if isinstance(structure, dict):
        items = {key: _stand_ins(item) for key, item in structure.items()}
        return None if any(item is None for item in items.values()) else items
    if isinstance(structure, list):
        items = [_stand_ins(item) for item in structure]
        return None if any(item is None for item in items) else items
    if type(structure).__name__ != TensorSpec.__name__:
        return structure
    shape = tuple(structure.shape)
    dtype = getattr(structure.dtype, "name", structure.dtype)
    return None if None in shape else tensor_of(Cell(None, shape, dtype_name(dtype)))


def function(
    func=None,
    input_signature=None,
    autograph=True,
    jit_compile=None,
    reduce_retracing=False,
    experimental_implements=None,
    experimental_autograph_options=None,
    experimental_attributes=None,
    experimental_relax_shapes=None,
    experimental_compile=None,
    experimental_follow_type_hints=None,
):
    """Compiles a Python function on tensors; as a decorator with or without arguments.

    It is traced once for each kind of arguments: shapes and dtypes of tensors and arrays, values
    of Python objects. Its results are those of the function run eagerly. A function that chooses
    or loops by the values of tensors in plain Python is not compiled but run, with a warning once.

    Args:
        func: The function; None for a decorator with arguments.
        input_signature: List of `tf.TensorSpec`s that the arguments must fit.
        autograph: Bool; plain Python that looks at values is run as it is, in either case.
        jit_compile, experimental_compile: Every function is compiled by XLA.
        reduce_retracing, experimental_relax_shapes, experimental_follow_type_hints,
            experimental_implements, experimental_autograph_options, experimental_attributes:
            Hints to TensorFlow's compiler, which change no result.

    Source: `tf.function` of TensorFlow 2.
    """
    if func is None:
        return functools.partial(function, input_signature=input_signature)
    return Function(func, input_signature)
