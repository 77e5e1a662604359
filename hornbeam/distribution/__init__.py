"""Training on several devices and machines: the batch is shared out, the numbers stay.

    devices = keras.distribution.DataParallel()          # all that are there
    keras.distribution.set_distribution(devices)
    model.fit(x, y, batch_size=256)

Names and arguments are those of Keras 3; see https://keras.io/guides/distribution.
"""

from hornbeam.distribution.devices import get_device_count, initialize, list_devices
from hornbeam.distribution.layouts import DeviceMesh, LayoutMap, TensorLayout, distribute_tensor
from hornbeam.distribution.parallel import (
    DataParallel,
    Distribution,
    ModelParallel,
    distribution,
    set_distribution,
)

__all__ = [
    "DataParallel",
    "DeviceMesh",
    "Distribution",
    "LayoutMap",
    "ModelParallel",
    "TensorLayout",
    "distribute_tensor",
    "distribution",
    "get_device_count",
    "initialize",
    "list_devices",
    "set_distribution",
]
