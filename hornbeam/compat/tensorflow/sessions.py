"""Sessions of TensorFlow 1, and what programs set about them."""

import jax
import numpy as np

from hornbeam import backend as K
from hornbeam.backend import running
from hornbeam.backend.sessions import Session as _Session
from hornbeam.backend.tensors import Operand
from hornbeam.compat.tensorflow import ops

__all__ = [
    "ConfigProto", "GPUOptions", "GraphOptions", "InteractiveSession", "OptimizerOptions",
    "RunMetadata", "RunOptions", "Session", "get_default_session", "get_session_handle",
    "global_variables_initializer", "initialize_all_variables", "initialize_variables",
    "is_variable_initialized", "local_variables_initializer", "report_uninitialized_variables",
    "tables_initializer", "variables_initializer",
]  # fmt: skip


class _Message:
    """A message of settings: what a program writes into it is what it reads.

    Threads, memory and placement are XLA's, which reads XLA_FLAGS and XLA_PYTHON_CLIENT_* when it
    starts; so a setting changes no result.
    """

    _fields = {}

    def __init__(self, **settings):
        unknown = sorted(set(settings) - set(self._fields))
        if unknown:
            raise ValueError(
                f"{type(self).__name__} has no field {unknown[0]!r}. It has {sorted(self._fields)}."
            )
        for name, default in self._fields.items():
            value = settings.get(name, default() if callable(default) else default)
            setattr(self, name, value)

    def CopyFrom(self, other):  # noqa: N802  the name of protocol buffers
        self.__dict__.update(other.__dict__)

    def __eq__(self, other):
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__}({self.__dict__})"


class GPUOptions(_Message):
    """Settings of GPUs."""

    _fields = {
        "allow_growth": False, "allocator_type": "", "force_gpu_compatible": False,
        "per_process_gpu_memory_fraction": 0.0, "polling_inactive_delay_msecs": 0,
        "visible_device_list": "", "experimental": dict, "deferred_deletion_bytes": 0,
    }  # fmt: skip


class OptimizerOptions(_Message):
    """Settings of graph optimization."""

    OFF, ON_1, ON_2 = -1, 1, 2
    L0, L1 = -1, 0
    _fields = {
        "global_jit_level": 0, "opt_level": 0, "do_common_subexpression_elimination": True,
        "do_constant_folding": True, "do_function_inlining": True,
    }  # fmt: skip


class _RewriteOptions(_Message):
    OFF, ON, DEFAULT = 2, 1, 0
    _fields = {
        "auto_mixed_precision": 0, "arithmetic_optimization": 0, "constant_folding": 0,
        "memory_optimization": 0, "layout_optimizer": 0, "disable_meta_optimizer": False,
    }  # fmt: skip


class GraphOptions(_Message):
    """Settings of graphs."""

    _fields = {
        "optimizer_options": OptimizerOptions, "rewrite_options": _RewriteOptions,
        "infer_shapes": True, "enable_recv_scheduling": False,
    }  # fmt: skip


class ConfigProto(_Message):
    """Settings of a session."""

    _fields = {
        "allow_soft_placement": False, "device_count": dict, "device_filters": list,
        "experimental": dict, "gpu_options": GPUOptions, "graph_options": GraphOptions,
        "inter_op_parallelism_threads": 0, "intra_op_parallelism_threads": 0,
        "isolate_session_state": False, "log_device_placement": False,
        "operation_timeout_in_ms": 0, "use_per_session_threads": False,
    }  # fmt: skip


class RunOptions(_Message):
    """Settings of one run."""

    NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE = range(4)
    _fields = {"trace_level": 0, "timeout_in_ms": 0, "output_partition_graphs": False,
               "report_tensor_allocations_upon_oom": False}


class RunMetadata(_Message):
    """What a run would be told about in TensorFlow; XLA's runs are measured by `jax.profiler`."""

    _fields = {"step_stats": None, "cost_graph": None, "partition_graphs": list}


_open = []


class Session(_Session):
    """Computes tensors on demand. Variables have their values already; see `K.get_session`.

    Args:
        target: String, ''; another would be a server elsewhere.
        graph: `tf.Graph` whose tensors are computed; all tensors are.
        config: `ConfigProto`.

    Raises:
        ValueError: for another `target`.
    """

    def __init__(self, target="", graph=None, config=None):
        if target:
            raise ValueError(f"tf.Session got target={target!r}; there are no servers here.")
        super().__init__()
        self.graph = graph or ops.get_default_graph()
        self.config = config
        self.sess_str = target

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        """Computes tensors together. See `hornbeam.backend.sessions.Session.run`.

        A tensor may be fetched, or fed, by the name that a variable has.
        """
        feed = {self._operand(key): _fed(value) for key, value in (feed_dict or {}).items()}
        with running.recording():
            return super().run(self._named(fetches), feed, options, run_metadata)

    def _operand(self, key):
        return self.graph.get_tensor_by_name(key) if isinstance(key, str) else key

    def _named(self, fetches):
        if isinstance(fetches, str):
            return self.graph.get_tensor_by_name(fetches)
        if isinstance(fetches, dict):
            return {key: self._named(item) for key, item in fetches.items()}
        if isinstance(fetches, (list, tuple)) and not hasattr(fetches, "_fields"):
            return type(fetches)(self._named(item) for item in fetches)
        if isinstance(fetches, (jax.Array, np.ndarray, np.generic)):
            return K.constant(np.asarray(fetches), dtype=fetches.dtype.name)
        return fetches

    def partial_run_setup(self, fetches, feeds=None):
        """Raises NotImplementedError: a run is whole here."""
        raise NotImplementedError("Session.partial_run is not provided; use Session.run.")

    def list_devices(self):
        """Returns the devices."""
        from hornbeam.compat.tensorflow import config

        return config.list_logical_devices()

    def as_default(self):
        """Context in which `get_default_session()` is this one."""
        return _Default(self)

    def __enter__(self):
        self._context = running.recording()
        self._context.__enter__()
        _open.append(self)
        return self

    def __exit__(self, *error):
        _open.remove(self)
        self._context.__exit__(*error)
        self.close()


class _Default:
    def __init__(self, session):
        self.session = session

    def __enter__(self):
        _open.append(self.session)
        return self.session

    def __exit__(self, *error):
        _open.remove(self.session)


def _fed(value):
    return value.eval() if isinstance(value, Operand) else np.asarray(value)


class InteractiveSession(Session):
    """A session that is the default one from its making until it is closed."""

    def __init__(self, target="", graph=None, config=None):
        super().__init__(target, graph, config)
        _open.append(self)

    def close(self):
        """Ends it."""
        if self in _open:
            _open.remove(self)
        super().close()


def get_default_session():
    """Returns the session of the innermost `with`, or an interactive one, else None."""
    return _open[-1] if _open else None


def get_session_handle(data, name=None):
    """Raises NotImplementedError: values stay where they are in any case."""
    raise NotImplementedError("tf.get_session_handle is not provided; keep the value.")


# ---- initializers: variables have their values from the start


def _initializer(what):
    def initializer(*args, name="init"):
        from hornbeam.compat.tensorflow.effects import no_op

        with running.recording():
            return no_op()

    initializer.__doc__ = f"Returns what a program runs first: {what} have their values already."
    return initializer


global_variables_initializer = _initializer("variables")
local_variables_initializer = _initializer("variables")
tables_initializer = _initializer("tables")
variables_initializer = _initializer("variables")
initialize_all_variables = global_variables_initializer
initialize_variables = variables_initializer


def is_variable_initialized(variable):
    """True: variables have their values from the start."""
    return K.constant(True, dtype="bool")


def report_uninitialized_variables(var_list=None, name=None):
    """Returns an empty list: variables have their values from the start."""
    return np.array([], dtype=object)
