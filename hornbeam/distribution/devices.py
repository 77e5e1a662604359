"""The devices there are, and the processes that hold them."""

import os

import jax

from hornbeam.training.randomness import share_random_state

_PLATFORMS = {"cpu": "cpu", "gpu": "gpu", "cuda": "gpu", "tpu": "tpu"}


def devices_of(device_type=None):
    """Returns JAX's devices of a type, those of all processes; none where there are none.

    Args:
        device_type: 'cpu', 'gpu' or 'tpu', in either case; None: those that programs run on.

    Raises:
        ValueError: for another type.
    """
    if device_type is None:
        return jax.devices()
    kind = _PLATFORMS.get(str(device_type).lower())
    if kind is None:
        raise ValueError(f"`device_type` must be 'cpu', 'gpu', 'tpu' or None; got {device_type!r}.")
    try:
        return jax.devices(kind)
    except RuntimeError:
        return []


def name_of(device):
    """Returns the name of one of JAX's devices, such as `'gpu:0'`."""
    return f"{device.platform}:{device.id}"


def device_named(name):
    """Returns JAX's device of a name.

    Raises:
        ValueError: if there is none.
    """
    kind, _, number = str(name).lower().partition(":")
    for device in devices_of(kind) if kind in _PLATFORMS else ():
        if str(device.id) == number:
            return device
    raise ValueError(f"Device not found: {name!r}. There are {list_devices()}.")


def list_devices(device_type=None):
    """Lists the devices of all processes by name, `['gpu:0', 'gpu:1']`.

    Args:
        device_type: 'cpu', 'gpu' or 'tpu'; None: those that programs run on.

    Raises:
        ValueError: for another type.
    """
    return [name_of(device) for device in devices_of(device_type)]


def get_device_count(device_type=None):
    """Returns the number of devices of all processes.

    Args:
        device_type: 'cpu', 'gpu' or 'tpu'; None: those that programs run on.

    Raises:
        ValueError: for another type.
    """
    return len(devices_of(device_type))


def initialize(job_addresses=None, num_processes=None, process_id=None):
    """Joins this process with others, on this machine or on several, that train one model.

    Every process runs the same program and calls this first, before anything is computed. From
    then on `list_devices` lists the devices of all of them, and NumPy's and Python's random numbers
    are those of the first. The first process shows progress and writes what callbacks write
    (`ModelCheckpoint`, `CSVLogger`, `TensorBoard`, `BackupAndRestore`, `RemoteMonitor`); all others
    run every callback but these. What a program saves by itself, each process writes.

    Args:
        job_addresses: String, `'host:port'` of the first process, or those of all, with commas
            between. None: from the environment variable KERAS_DISTRIBUTION_JOB_ADDRESSES, or else
            from the cluster (SLURM, Cloud TPU), where JAX knows it.
        num_processes: Integer. None: from KERAS_DISTRIBUTION_NUM_PROCESSES, or the cluster.
        process_id: Integer from 0. None: from KERAS_DISTRIBUTION_PROCESS_ID, or the cluster.

    Raises:
        ValueError: if there are several addresses and not `num_processes` of them.
        RuntimeError: if something has been computed already, or processes do not find each other.

    Source: https://keras.io/api/distribution; `jax.distributed.initialize`.
    """
    read = os.environ.get
    job_addresses = job_addresses or read("KERAS_DISTRIBUTION_JOB_ADDRESSES")
    if num_processes is None and "KERAS_DISTRIBUTION_NUM_PROCESSES" in os.environ:
        num_processes = int(read("KERAS_DISTRIBUTION_NUM_PROCESSES"))
    if process_id is None and "KERAS_DISTRIBUTION_PROCESS_ID" in os.environ:
        process_id = int(read("KERAS_DISTRIBUTION_PROCESS_ID"))
    addresses = [part.strip() for part in job_addresses.split(",")] if job_addresses else [None]
    if len(addresses) > 1 and num_processes not in (None, len(addresses)):
        raise ValueError(
            f"The provided job_addresses {addresses} has {len(addresses)} jobs, but num_processes "
            f"is {num_processes}. Give one address for each process, or that of the first alone."
        )
    if len(addresses) > 1:
        num_processes = len(addresses)
    if jax.config.jax_cpu_collectives_implementation in (None, "none"):
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(addresses[0], num_processes, process_id)
    share_random_state()
