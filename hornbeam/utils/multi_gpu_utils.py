"""One model on several devices of a machine."""

import jax
import numpy as np

from hornbeam.distribution import DataParallel
from hornbeam.distribution.devices import name_of
from hornbeam.layers import Activation
from hornbeam.models import Model

__all__ = ["multi_gpu_model"]


def multi_gpu_model(model, gpus=None, cpu_merge=True, cpu_relocation=False):
    """Makes a model that computes each batch on several devices, each a part of the samples.

    It is trained as `hornbeam.distribution.DataParallel` says; a file of it has its layers alone.

    Args:
        model: `Model` or `Sequential`, built. Its weights are shared: save this one.
        gpus: Integer of at least 2, how many devices; or list of their numbers; None: all.
        cpu_merge: Bool. In TensorFlow 1 it said where the parts of the result are joined. Here they
            stay on their devices until they are asked for: a bool of either value gives that.
        cpu_relocation: Bool. In TensorFlow 1 it put the weights into the CPU's memory. Here each
            device holds a copy; True raises, because it cannot be had.

    Returns:
        A `Model` with the same inputs, and outputs of the same names. It is not compiled.

    Results are those of the model on one device up to rounding; batch normalization, too, sees
    the whole batch, where Keras normalized each part by itself. A batch whose size is no multiple
    of the number of devices is computed by each of them as a whole.

    Raises:
        ValueError: for fewer than 2 devices, or devices that are not there.

    Source: https://keras.io/utils/#multi_gpu_model
    """
    for name, value in (("cpu_merge", cpu_merge), ("cpu_relocation", cpu_relocation)):
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"`{name}` must be True or False; got {value!r}.")
    if cpu_relocation:
        raise ValueError(
            "`cpu_relocation=True` is not available: every device needs the weights beside its "
            "part of the batch. Leave it out."
        )
    places = _places(gpus)
    devices = DataParallel(devices=[name_of(jax.local_devices()[place]) for place in places])
    outputs = model(model.inputs[0] if len(model.inputs) == 1 else model.inputs)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    named = [
        Activation("linear", name=name)(output) for name, output in zip(model.output_names, outputs)
    ]
    with devices.scope():
        return Model(model.inputs, named)


def _places(gpus):
    """The numbers of the devices that `gpus` means."""
    there = len(jax.local_devices())
    if gpus is None:
        places = list(range(there))
    elif isinstance(gpus, (list, tuple)):
        places = [int(place) for place in gpus]
    else:
        places = list(range(int(gpus)))
    if len(set(places)) < 2:
        raise ValueError(
            "For multi-gpu usage to be effective, call `multi_gpu_model` with `gpus >= 2`. "
            f"Received: `gpus={gpus}`; this machine has {there} device(s)."
        )
    missing = [place for place in places if not 0 <= place < there]
    if missing:
        raise ValueError(
            f"To call `multi_gpu_model` with `gpus={gpus}`, the devices {missing} should be there. "
            f"However this machine only has {there}: {jax.local_devices()}. Try reducing `gpus`."
        )
    return places
