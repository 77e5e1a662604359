"""`tf.distribute`: strategies, which here train on one device."""

import contextlib
import warnings

from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.config import devices

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
    """The one replica."""

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
    """One device does the work; `scope()` changes nothing."""

    num_replicas_in_sync = 1

    @contextlib.contextmanager
    def scope(self):
        """Context in which models and variables are made."""
        _strategies.append(self)
        try:
            yield self
        finally:
            _strategies.remove(self)

    def run(self, fn, args=(), kwargs=None, options=None):
        """Calls `fn`."""
        return fn(*args, **(kwargs or {}))

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
    """Of several GPUs the first does the work; a warning says so.

    Args:
        devices: List of names, or None for all.
        cross_device_ops: TensorFlow's.
    """

    def __init__(self, devices=None, cross_device_ops=None):
        count = len(devices) if devices else _gpus()
        if count > 1:
            warnings.warn(
                f"tf.distribute: {count} devices were asked for, and one does the work; results "
                "are those of one device. keras.utils.multi_gpu_model(model, gpus=n) splits each "
                "batch over several.",
                stacklevel=2,
            )


def _gpus():
    return len(devices("GPU"))


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
                f"tf.distribute.{name} is not provided by hornbeam: it trains on the devices of "
                "one machine. Leave the strategy out, or use MirroredStrategy."
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
