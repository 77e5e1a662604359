"""`tf.config`: the devices there are, and what programs set about them."""

import importlib
import sys
from collections import namedtuple

import jax

from hornbeam.compat.tensorflow.absent import teller

__all__ = [
    "LogicalDevice", "LogicalDeviceConfiguration", "PhysicalDevice", "experimental",
    "experimental_connect_to_cluster", "experimental_run_functions_eagerly",
    "functions_run_eagerly", "get_logical_device_configuration", "get_soft_device_placement",
    "get_visible_devices", "list_logical_devices", "list_physical_devices", "optimizer",
    "run_functions_eagerly", "set_logical_device_configuration", "set_soft_device_placement",
    "set_visible_devices", "threading",
]  # fmt: skip

PhysicalDevice = namedtuple("PhysicalDevice", ["name", "device_type"])
LogicalDevice = namedtuple("LogicalDevice", ["name", "device_type"])
LogicalDeviceConfiguration = namedtuple(
    "LogicalDeviceConfiguration", ["memory_limit", "experimental_priority"], defaults=[None, None]
)
_KINDS = {"CPU": "cpu", "GPU": "gpu", "TPU": "tpu", "XLA_CPU": None, "XLA_GPU": None}
_settings = {"soft_device_placement": True, "visible": {}}


def devices(kind):
    """Returns JAX's devices of a kind, 'CPU', 'GPU' or 'TPU'; none where there are none."""
    platform = _KINDS.get(kind)
    if platform is None:
        return []
    try:
        return jax.devices(platform)
    except RuntimeError:
        return []


def list_physical_devices(device_type=None):
    """Returns the devices of a type ('CPU', 'GPU' or 'TPU'), or all, as `PhysicalDevice`s."""
    kinds = ["CPU", "GPU", "TPU"] if device_type is None else [device_type]
    return [
        PhysicalDevice(f"/physical_device:{kind}:{index}", kind)
        for kind in kinds for index, _ in enumerate(devices(kind))
    ]


def list_logical_devices(device_type=None):
    """Returns the devices of a type, or all, as `LogicalDevice`s."""
    return [
        LogicalDevice(device.name.replace("physical_", ""), device.device_type)
        for device in list_physical_devices(device_type)
    ]


def get_visible_devices(device_type=None):
    """Returns what `set_visible_devices` left, or all."""
    chosen = _settings["visible"]
    return [
        device for device in list_physical_devices(device_type)
        if device in chosen.get(device.device_type, [device])
    ]


def set_visible_devices(devices, device_type=None):
    """Chooses the devices that the program uses; without a GPU in the list it uses the CPU.

    Args:
        devices: Device or list of devices, of one type.
        device_type: Their type, for an empty list.
    """
    chosen = list(devices) if isinstance(devices, list) else [devices]
    kinds = {device_type} if device_type else {device.device_type for device in chosen}
    for kind in kinds:
        _settings["visible"][kind] = [d for d in chosen if d.device_type == kind]
    for kind in ("GPU", "TPU"):
        present = globals()["devices"](kind)
        if kind in _settings["visible"] and present:
            left = [d for d in list_physical_devices(kind) if d in _settings["visible"][kind]]
            index = int(left[0].name.rpartition(":")[2]) if left else None
            jax.config.update(
                "jax_default_device", jax.devices("cpu")[0] if index is None else present[index]
            )


def set_soft_device_placement(enabled):
    """Notes what `get_soft_device_placement` answers; XLA places every operation."""
    _settings["soft_device_placement"] = bool(enabled)


def get_soft_device_placement():
    """Returns what was set, True by default."""
    return _settings["soft_device_placement"]


def set_logical_device_configuration(device, logical_devices):
    """Takes one logical device for a device.

    Raises:
        RuntimeError: for several, or for a memory limit: JAX reads its own from the environment
            variable XLA_PYTHON_CLIENT_MEM_FRACTION before it starts.
    """
    configurations = logical_devices or []
    if len(configurations) > 1:
        raise RuntimeError(
            "A device cannot be split into several here. For tests with many CPU devices set "
            "XLA_FLAGS=--xla_force_host_platform_device_count=N before the program starts."
        )
    _settings[("logical", device)] = configurations


def get_logical_device_configuration(device):
    """Returns what was set for a device, or None."""
    return _settings.get(("logical", device))


def get_memory_growth(device):
    """Returns what `set_memory_growth` said, False by default."""
    return _settings.get(("growth", device), False)


def set_memory_growth(device, enable):
    """Notes whether memory of a GPU shall be taken as it is needed.

    JAX reads this when it starts: set XLA_PYTHON_CLIENT_PREALLOCATE=false before the program for
    the effect; here it changes no result.
    """
    _settings[("growth", device)] = bool(enable)


def get_memory_info(device):
    """Returns the bytes in use on a device, a dict of 'current' and 'peak'."""
    kind, _, index = device.rpartition("/")[2].removeprefix("device:").partition(":")
    stats = devices(kind.upper())[int(index or 0)].memory_stats() or {}
    return {"current": stats.get("bytes_in_use", 0), "peak": stats.get("peak_bytes_in_use", 0)}


def run_functions_eagerly(run_eagerly):
    """Whether functions under `tf.function` run without being traced."""
    functions = importlib.import_module("hornbeam.compat.tensorflow.functions")
    functions.run_functions_eagerly(run_eagerly)


experimental_run_functions_eagerly = run_functions_eagerly


def functions_run_eagerly():
    """Returns what `run_functions_eagerly` said, False by default."""
    return importlib.import_module("hornbeam.compat.tensorflow.functions").functions_run_eagerly()


def experimental_connect_to_cluster(*args, **kwargs):
    """Raises NotImplementedError: several hosts are joined by `keras.distribution`."""
    raise NotImplementedError("Several hosts are joined by keras.distribution.initialize().")


def get_device_details(device):
    """Returns a dict of what is known of a device."""
    found = devices(device.device_type)[int(device.name.rpartition(":")[2])]
    return {"device_name": found.device_kind}


class _Settings:
    """A group of settings with `set_x(value)` and `get_x()`."""

    def __init__(self, defaults, what):
        self._values, self._what = dict(defaults), what

    def __getattr__(self, name):
        verb, _, setting = name.partition("_")
        values = self.__dict__.get("_values", {})
        if verb == "get" and setting in values:
            return lambda: values[setting]
        if verb == "set" and setting in values:
            return lambda value: values.__setitem__(setting, value)
        raise AttributeError(f"tf.config.{self._what}.{name} is not provided by hornbeam.")


# XLA's own threads and passes are set by the environment variable XLA_FLAGS before it starts; what
# is set here is answered by the `get` beside it and changes no result.
threading = _Settings(
    {"intra_op_parallelism_threads": 0, "inter_op_parallelism_threads": 0}, "threading"
)
optimizer = _Settings({"jit": True, "experimental_options": {}}, "optimizer")


class _Experimental:
    """`tf.config.experimental`: older places of the same functions."""

    VirtualDeviceConfiguration = LogicalDeviceConfiguration
    get_device_details = staticmethod(get_device_details)
    get_memory_growth = staticmethod(get_memory_growth)
    get_memory_info = staticmethod(get_memory_info)
    set_memory_growth = staticmethod(set_memory_growth)
    set_virtual_device_configuration = staticmethod(set_logical_device_configuration)
    get_virtual_device_configuration = staticmethod(get_logical_device_configuration)

    def __getattr__(self, name):
        if name in __all__ and name != "experimental":
            return getattr(sys.modules[__name__], name)
        raise AttributeError(f"tf.config.experimental.{name} is not provided by hornbeam.")

    @staticmethod
    def enable_tensor_float_32_execution(enabled):
        """Whether GPUs multiply float32 with shortened mantissas."""
        jax.config.update("jax_default_matmul_precision", "tensorfloat32" if enabled else "float32")

    @staticmethod
    def reset_memory_stats(device):
        """Raises NotImplementedError: JAX keeps the peak since the start."""
        raise NotImplementedError("JAX keeps the peak of memory since the program started.")


experimental = _Experimental()


__getattr__ = teller("config")
