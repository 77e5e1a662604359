"""`tf.distribute`: strategies, which share batches out as `hornbeam.distribution` does.

Every device computes a part of one program. So a function that `Strategy.run` is given is called
once, with the whole batch, and its values are whole: there is one replica to it, on all devices.
"""

import contextlib
import functools

import jax
import numpy as np

from hornbeam.backend.ops import op
from hornbeam.backend.placement import scope
from hornbeam.backend.tensors import Operand, Tensor
from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.config import devices
from hornbeam.distribution import DataParallel
from hornbeam.distribution.devices import name_of

__all__ = [
    "CentralStorageStrategy", "DistributedValues", "InputContext", "MirroredStrategy",
    "MultiWorkerMirroredStrategy", "OneDeviceStrategy", "ParameterServerStrategy", "ReduceOp",
    "ReplicaContext", "Strategy", "TPUStrategy", "cluster_resolver", "experimental",
    "get_replica_context", "get_strategy", "has_strategy", "in_cross_replica_context",
]  # fmt: skip


class ReduceOp:
    """How values of replicas become one."""

    SUM, MEAN = "SUM", "MEAN"


class InputContext:
    """What a function of a dataset is told: one pipeline, number 0."""

    num_input_pipelines, input_pipeline_id, num_replicas_in_sync = 1, 0, 1

    def get_per_replica_batch_size(self, global_batch_size):
        """Returns the number of samples of a batch for a replica."""
        return global_batch_size


class ReplicaContext:
    """The one replica, which has all devices."""

    num_replicas_in_sync = 1
    replica_id_in_sync_group = 0

    def all_reduce(self, reduce_op, value, options=None):
        """Returns the value."""
        return value

    def merge_call(self, merge_fn, args=(), kwargs=None):
        """Calls `merge_fn(strategy, *args)`."""
        return merge_fn(get_strategy(), *args, **(kwargs or {}))


class DistributedValues:
    """For `isinstance`: values are whole here."""


class Strategy:
    """One device does the work."""

    num_replicas_in_sync = 1
    _distribution = None

    @contextlib.contextmanager
    def scope(self):
        """Context of the models that are trained by this strategy, in it or later."""
        _strategies.append(self)
        try:
            with contextlib.nullcontext() if self._distribution is None else scope(
                self._distribution
            ):
                yield self
        finally:
            _strategies.remove(self)

    def run(self, fn, args=(), kwargs=None, options=None):
        """Calls `fn`, once: with the whole batch, whose samples are split over the devices."""
        args, kwargs = tuple(args), dict(kwargs or {})
        if self._distribution is not None:
            args, kwargs = jax.tree.map(self._on_devices, (args, kwargs), is_leaf=_is_operand)
        return fn(*args, **kwargs)

    def _on_devices(self, value):
        is_tensor = isinstance(value, (Tensor, np.ndarray, jax.Array))
        return self._split(value) if is_tensor and len(value.shape) else value

    @functools.cached_property
    def _split(self):
        placement = self._distribution.placement
        return op(lambda value: placement.split(value))

    experimental_run_v2 = run

    def reduce(self, reduce_op, value, axis=None):
        """Returns the value, or its sum or mean over `axis`."""
        from hornbeam.compat.tensorflow.math import reduce_mean, reduce_sum

        if axis is None:
            return value
        op = str(reduce_op).upper().rpartition(".")[2]
        return (reduce_sum if op == "SUM" else reduce_mean)(value, axis=axis)

    def experimental_distribute_dataset(self, dataset, options=None):
        """Returns the dataset."""
        return dataset

    def distribute_datasets_from_function(self, dataset_fn, options=None):
        """Returns `dataset_fn(context)`."""
        return dataset_fn(InputContext())

    experimental_distribute_datasets_from_function = distribute_datasets_from_function

    def experimental_local_results(self, value):
        """Returns the value, in a tuple."""
        return (value,)

    def gather(self, value, axis):
        """Returns the value."""
        return value

    @property
    def extended(self):
        return self


class MirroredStrategy(Strategy):
    """Models made in its scope are trained on several devices: `DataParallel`.

    Args:
        devices: List of names, such as `"/gpu:0"`; None: all GPUs, or where there are none all
            of JAX's devices.
        cross_device_ops: TensorFlow's way to add up gradients. XLA chooses one; results are the
            same with each.

    Raises:
        ValueError: for a device that is not there.
    """

    def __init__(self, devices=None, cross_device_ops=None):
        found = _all_devices() if devices is None else [_device(name) for name in devices]
        self.num_replicas_in_sync = len(found)
        if len(found) > 1:
            self._distribution = DataParallel(devices=[name_of(device) for device in found])


def _is_operand(value):
    return isinstance(value, Operand)


def _all_devices():
    return devices("GPU") or devices("TPU") or devices("CPU")


def _device(name):
    """JAX's device of TensorFlow's name, `/job:worker/replica:0/task:0/device:GPU:0` or shorter."""
    kind, _, number = str(name).rpartition("/")[2].removeprefix("device:").partition(":")
    found = devices(kind.upper())
    if not number.isdigit() or int(number) >= len(found):
        raise ValueError(
            f"MirroredStrategy(devices=...) got {name!r}. There are {len(found)} devices of type "
            f"{kind.upper()!r} here; they are named '/{kind.lower()}:0' and so on."
        )
    return found[int(number)]


class OneDeviceStrategy(Strategy):
    """Everything on one device, named `device`."""

    def __init__(self, device):
        self.device = device


class CentralStorageStrategy(MirroredStrategy):
    """See `MirroredStrategy`."""

    def __init__(self, compute_devices=None, parameter_device=None):
        super().__init__(compute_devices)


def _several_hosts(name):
    class Refused(Strategy):
        def __init__(self, *args, **kwargs):
            raise NotImplementedError(
                f"tf.distribute.{name} is not provided by hornbeam. Use MirroredStrategy for the "
                "devices of one machine; several machines train one model after "
                "keras.distribution.initialize(...) with keras.distribution.DataParallel()."
            )

    Refused.__name__ = Refused.__qualname__ = name
    Refused.__doc__ = "Raises NotImplementedError: one machine does the work."
    return Refused


MultiWorkerMirroredStrategy = _several_hosts("MultiWorkerMirroredStrategy")
ParameterServerStrategy = _several_hosts("ParameterServerStrategy")
TPUStrategy = _several_hosts("TPUStrategy")

_default = Strategy()
_strategies = []


def get_strategy():
    """Returns the strategy of the innermost `scope()`, or that of one device."""
    return _strategies[-1] if _strategies else _default


def has_strategy():
    """Whether the program is in a `scope()`."""
    return bool(_strategies)


def get_replica_context():
    """Returns the context of the one replica."""
    return ReplicaContext()


def in_cross_replica_context():
    """False: there is one replica."""
    return False


class experimental:  # noqa: N801  TensorFlow's name
    """Older places of the same names."""

    CentralStorageStrategy = CentralStorageStrategy
    MultiWorkerMirroredStrategy = MultiWorkerMirroredStrategy
    ParameterServerStrategy = ParameterServerStrategy
    TPUStrategy = TPUStrategy


class cluster_resolver:  # noqa: N801  TensorFlow's name
    """Resolvers of clusters: there is none."""

    class TPUClusterResolver:
        """Raises ValueError, which programs catch to go on without TPUs."""

        def __init__(self, tpu=None, zone=None, project=None):
            raise ValueError("Please provide a TPU Name to connect to: no TPU is found here.")

        @classmethod
        def connect(cls, tpu=None, zone=None, project=None):
            """Raises ValueError."""
            return cls(tpu, zone, project)


__getattr__ = teller("distribute")
