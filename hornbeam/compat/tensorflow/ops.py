"""Graphs, names, devices and modes: what programs say around their computations."""

import contextlib
import re

import jax
import numpy as np

from hornbeam import backend as K
from hornbeam.backend import names, running
from hornbeam.backend.tensors import Variable as _Variable
from hornbeam.compat.tensorflow import conventions
from hornbeam.compat.tensorflow.constants import convert_to_tensor
from hornbeam.compat.tensorflow.dtypes import Tensor, is_tensor

__all__ = [
    "EagerTensor", "Graph", "GraphKeys", "Operation", "RegisterGradient", "Tensor",
    "add_to_collection", "colocate_with", "convert_to_tensor", "control_dependencies", "device",
    "executing_eagerly", "executing_eagerly_outside_functions", "get_collection",
    "get_default_graph", "init_scope", "inside_function", "is_tensor", "name_scope",
    "reset_default_graph",
]  # fmt: skip

control_dependencies = K.control_dependencies


class GraphKeys:
    """Names of collections."""

    GLOBAL_VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    LOSSES = "losses"
    MODEL_VARIABLES = "model_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    SUMMARIES = "summaries"
    TRAINABLE_VARIABLES = "trainable_variables"
    TRAIN_OP = "train_op"
    UPDATE_OPS = "update_ops"
    GLOBAL_STEP = "global_step"


class Graph:
    """Where tensors are recorded. All of them share one here; `as_default()` turns recording on.

    Tensors remember themselves what they are made of, so that a graph holds only its collections.
    """

    building_function = False
    seed = None

    def __init__(self):
        self.collections = {}

    @contextlib.contextmanager
    def as_default(self):
        """Context in which operations are recorded instead of computed."""
        global _default
        before, _default = _default, self
        try:
            with running.recording():
                yield self
        finally:
            _default = before

    def __enter__(self):
        self._context = self.as_default()
        return self._context.__enter__()

    def __exit__(self, *error):
        return self._context.__exit__(*error)

    def add_to_collection(self, name, value):
        """Puts `value` into the collection `name`."""
        self.collections.setdefault(name, []).append(value)

    def get_collection(self, name, scope=None):
        """Returns the list of a collection; `scope` keeps what has a name that begins with it."""
        found = list(self.collections.get(name, []))
        if name in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES):
            found = variables()
        elif name == GraphKeys.TRAINABLE_VARIABLES:
            found = [variable for variable in variables() if variable.trainable]
        if scope is None:
            return found
        return [item for item in found if re.match(scope, getattr(item, "name", ""))]

    def get_tensor_by_name(self, name):
        """Returns the variable of this name.

        Raises:
            KeyError: if no variable has it; other tensors are not kept by name.
        """
        for variable in variables():
            if variable.name == name:
                return variable
        raise KeyError(
            f"The name {name!r} refers to no variable. Tensors are not found by name here: keep "
            "them in Python, or take them from a model, model.get_layer(name).output."
        )

    def get_operations(self):
        """Returns the variables: what the graph keeps."""
        return variables()

    def finalize(self):
        """Marks the end of building. Recording more does not change what is there."""

    @property
    def finalized(self):
        return False

    def unique_name(self, name, mark_as_used=True):
        """Returns `name`, or with a number where it is taken."""
        return names.unique(name)

    def device(self, name):
        """See `tf.device`."""
        return device(name)

    def control_dependencies(self, inputs):
        """See `tf.control_dependencies`."""
        return control_dependencies(inputs)

    def name_scope(self, name):
        """See `tf.name_scope`."""
        return name_scope(name)

    def as_graph_def(self, *args, **kwargs):
        """Raises NotImplementedError: TensorFlow's graphs are not written here."""
        raise NotImplementedError(
            "hornbeam writes no TensorFlow graphs. Save the model: model.save('model.h5')."
        )


_default = Graph()


def get_default_graph():
    """Returns the graph; there is one unless a program says `with tf.Graph().as_default()`."""
    return _default


def reset_default_graph():
    """Begins anew: names, collections, and what was compiled. Models that are held keep working."""
    global _default
    _default = Graph()
    K.clear_session()
    _known.clear()


def add_to_collection(name, value):
    """Puts `value` into a collection of the graph."""
    _default.add_to_collection(name, value)


def get_collection(key, scope=None):
    """Returns the list of a collection of the graph. See `Graph.get_collection`."""
    return _default.get_collection(key, scope)


# ---- variables: every one that is made from the first name of `tensorflow` on

_known = []  # weak references, in order


def variables():
    """Returns the variables that there are, in the order in which they were made."""
    _known[:] = [reference for reference in _known if reference() is not None]
    return [reference() for reference in _known]


def note_variables():
    """Lets `variables` know of every variable that is made from here on."""
    import weakref

    _Variable.made = staticmethod(lambda variable: _known.append(weakref.ref(variable)))


# ---- names, devices, modes


class name_scope:  # noqa: N801  TensorFlow's name
    """Context that puts `name/` before the names of what is made inside; gives that prefix.

    Args:
        name: String; None means `default_name`.
        default_name, values, skip_on_eager: TensorFlow 1's.
    """

    def __init__(self, name=None, default_name=None, values=None, skip_on_eager=True):
        self.name = name if name else default_name or ""

    def __enter__(self):
        if not self.name:
            self._context = contextlib.nullcontext("")
        else:
            self._context = K.name_scope(self.name.rstrip("/"))
        return self._context.__enter__()

    def __exit__(self, *error):
        return self._context.__exit__(*error)

    def __call__(self, function):
        def named(*args, **kwargs):
            with name_scope(self.name):
                return function(*args, **kwargs)

        return named


_PLATFORMS = {"cpu": "cpu", "gpu": "gpu", "tpu": "tpu", "xla_gpu": "gpu", "xla_cpu": "cpu"}


@contextlib.contextmanager
def device(device_name):
    """Context in which values are made on a device, such as '/gpu:0' or '/device:CPU:0'.

    A device that there is not falls back to the default one, as TensorFlow's soft placement does.

    Args:
        device_name: String, a function (TensorFlow 1's replica setters), or None.
    """
    match = re.search(r"(?i)(xla_cpu|xla_gpu|cpu|gpu|tpu)(?::(\d+))?\s*$", str(device_name))
    found = []
    if match and not callable(device_name):
        try:
            found = jax.devices(_PLATFORMS[match[1].lower()])
        except RuntimeError:
            found = []
    index = int(match[2] or 0) if match else 0
    if index < len(found) and found[index] != jax.devices()[0]:
        with jax.default_device(found[index]):
            yield
    else:
        yield


@contextlib.contextmanager
def colocate_with(op, ignore_existing=False):
    """Context of TensorFlow 1: XLA places operations."""
    yield


@contextlib.contextmanager
def init_scope():
    """Context in which values are computed at once, also inside a function that is traced."""
    with running.computing(), jax.ensure_compile_time_eval():
        yield


def executing_eagerly():
    """Whether values come at once, not in a graph or a function that is traced."""
    return running.program() is None and running.eager() is not None


def executing_eagerly_outside_functions():
    """Whether eager execution is on."""
    return running.eager() is not None


def inside_function():
    """Whether a function is being traced."""
    return running.program() is not None


def set_eager(on):
    """Turns eager execution on or off."""
    conventions.eager(on)


class _Values(type):
    def __instancecheck__(cls, x):
        from hornbeam.backend.cells import EagerTensor as Eager

        return isinstance(x, (Eager, jax.Array)) and not isinstance(x, jax.core.Tracer)


class EagerTensor(metaclass=_Values):
    """For `isinstance(x, EagerTensor)`: tensors that have a value."""


class Operation:
    """For `isinstance(x, tf.Operation)`: operations are tensors here, so that nothing is one."""


class RegisterGradient:
    """TensorFlow 1's decorator of gradients by the name of an operation.

    Raises:
        NotImplementedError: gradients of single functions are made by `tf.custom_gradient`.
    """

    def __init__(self, op_type):
        raise NotImplementedError(
            f"RegisterGradient({op_type!r}): operations have no types here whose gradient could "
            "be replaced. Wrap the function: @tf.custom_gradient."
        )


def constant_value(tensor, partial=False):
    """Returns the value where it is known, as a NumPy array, else None."""
    from hornbeam.compat.tensorflow.constants import get_static_value

    found = get_static_value(tensor)
    return None if found is None else np.asarray(found)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    import importlib

    return getattr(importlib.import_module("hornbeam.compat.tensorflow.v1"), name)
