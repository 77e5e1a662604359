"""Work that is shared out to several devices."""

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from hornbeam.engine import Layer

__all__ = ["SplitBatch"]


class SplitBatch(Layer):
    """Lays the samples of a batch on several devices; the numbers stay what they are.

    All that is computed from them is computed where they lie, and XLA adds up the gradients.
    `hornbeam.utils.multi_gpu_model` puts it in front of a model.

    Args:
        devices: List of integers, places in `jax.local_devices()`. Where fewer devices are found,
            as when a saved model is loaded elsewhere, those that are there are used.

    Input shape: any, the batch first.
    Output shape: the same. A batch that cannot be shared out evenly is not split.

    Source: GSPMD, Xu et al. 2021, arXiv:2105.04663.
    """

    def __init__(self, devices, **kwargs):
        super().__init__(**kwargs)
        self.devices = [int(place) for place in devices]
        self.supports_masking = True

    def call(self, inputs):  # (batch, ...)
        found = jax.local_devices()
        devices = [found[place] for place in self.devices if place < len(found)]
        if len(devices) < 2 or inputs.shape[0] % len(devices):
            return inputs
        mesh = Mesh(np.array(devices), ("batch",))
        split = NamedSharding(mesh, PartitionSpec("batch"))
        return jax.lax.with_sharding_constraint(inputs, split)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "devices": self.devices}
