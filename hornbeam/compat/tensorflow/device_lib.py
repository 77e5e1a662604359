"""`tensorflow.python.client.device_lib`."""

from collections import namedtuple

from hornbeam.compat.tensorflow.config import devices

__all__ = ["list_local_devices"]

_Device = namedtuple("DeviceAttributes", ["name", "device_type", "memory_limit",
                                          "physical_device_desc"])


def list_local_devices(session_config=None):
    """Returns the devices, with `name`, `device_type` and `memory_limit` in bytes."""
    return [
        _Device(f"/device:{kind}:{index}", kind,
                (device.memory_stats() or {}).get("bytes_limit", 0), device.device_kind)
        for kind in ("CPU", "GPU", "TPU") for index, device in enumerate(devices(kind))
    ]
