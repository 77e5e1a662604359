"""How a model's work is shared out: its batches, or its weights as well."""

import contextlib
import functools

import jax

from hornbeam.backend import placement
from hornbeam.backend.placement import Placement
from hornbeam.distribution.devices import list_devices
from hornbeam.distribution.layouts import DeviceMesh, LayoutMap, TensorLayout


class Distribution:
    """What `DataParallel` and `ModelParallel` have in common.

    Args:
        device_mesh: `DeviceMesh`.
        batch_dim_name: Name of the mesh's axis over which batches are split; None: the first.
        auto_shard_dataset: Bool; it counts where several processes train one model. True: each is
            given the same data, batches of which it takes its part, so that a program trains the
            same model in one process and in many. False: each is given data of its own, as many
            samples as the others; a batch is then one of `batch_size` samples from each, and
            `predict` returns the outputs for a process's own.

    Raises:
        ValueError: if the mesh has no axis of that name.
    """

    def __init__(self, device_mesh, batch_dim_name=None, auto_shard_dataset=True):
        names = device_mesh.axis_names
        if batch_dim_name is not None and batch_dim_name not in names:
            raise ValueError(
                f"`batch_dim_name` must be one of the mesh's axes, {names}; got {batch_dim_name!r}."
            )
        self._device_mesh = device_mesh
        self._batch_dim_name = batch_dim_name or names[0]
        self.auto_shard_dataset = bool(auto_shard_dataset)

    @property
    def device_mesh(self):
        """The `DeviceMesh`."""
        return self._device_mesh

    @property
    def batch_dim_name(self):
        """Name of the mesh's axis over which batches are split."""
        return self._batch_dim_name

    @property
    def num_processes(self):
        """Integer, how many processes train together."""
        return jax.process_count()

    @property
    def num_model_replicas(self):
        """Integer, into how many parts a batch is split."""
        mesh = self.device_mesh
        return mesh.shape[mesh.axis_names.index(self.batch_dim_name)]

    @property
    def data_shard_id(self):
        """Integer, the number of this process among those that have parts of a batch."""
        return jax.process_index()

    @contextlib.contextmanager
    def scope(self):
        """Context in which models are trained so; those made in it are also trained so later."""
        with placement.scope(self):
            yield self

    def get_data_layout(self, data_shape):
        """Returns the `TensorLayout` of a batch's array of this shape."""
        rest = len(data_shape) - 1
        return TensorLayout((self.batch_dim_name, *[None] * rest), self.device_mesh)

    def get_variable_layout(self, variable):
        """Returns the `TensorLayout` of a variable: whole on every device."""
        return TensorLayout([None] * len(variable.shape), self.device_mesh)

    def get_tensor_layout(self, path):
        """Returns the `TensorLayout` of the tensor of a path, or None: XLA decides."""
        return None

    def distribute_dataset(self, dataset):
        """Returns the data set: its batches are shared out where they are trained on."""
        return dataset

    distribute_tf_dataset = distribute_dataset

    @functools.cached_property
    def placement(self):
        """The `Placement` that steps run with, or None where there is one device."""
        mesh = self.device_mesh.backend_mesh
        if mesh.size == 1 and jax.process_count() == 1:
            return None
        own_samples = not self.auto_shard_dataset
        return Placement(mesh, self.batch_dim_name, self._spec_of, own_samples)

    def _spec_of(self, variable):
        return None

    def __repr__(self):
        return f"<{type(self).__name__} device_mesh={self.device_mesh}>"

    def __getstate__(self):
        return {name: v for name, v in self.__dict__.items() if name != "placement"}


class DataParallel(Distribution):
    """Splits each batch over devices; every device has all weights.

    Losses, metrics, gradients and the statistics of `BatchNormalization` are those of the whole
    batch, so results are those of one device, up to rounding. The last batch of an epoch, and any
    other whose size is no multiple of the number of devices, is computed by each of them as a
    whole: choose a `batch_size` that is a multiple.

    Args:
        device_mesh: `DeviceMesh` of one axis (of several, the first is that of the batch); None:
            one of `devices`.
        devices: List of names, as `list_devices` gives them; None: all.
        auto_shard_dataset: Bool; see `Distribution`.

    Example:
        >>> keras.distribution.set_distribution(keras.distribution.DataParallel())
        >>> model.fit(x, y, batch_size=256)

    Source: https://keras.io/api/distribution/data_parallel
    """

    def __init__(self, device_mesh=None, devices=None, auto_shard_dataset=True):
        if device_mesh is None:
            devices = list_devices() if devices is None else list(devices)
            device_mesh = DeviceMesh((len(devices),), ["batch"], devices)
        elif not isinstance(device_mesh, DeviceMesh):
            raise ValueError(
                f"Expect `mesh` to be an instance of `DeviceMesh`. Received: mesh={device_mesh!r} "
                f"(of type {type(device_mesh)})"
            )
        super().__init__(device_mesh, None, auto_shard_dataset)


class ModelParallel(Distribution):
    """Splits weights over devices, as a `LayoutMap` says, and batches over those that are left.

    Args:
        layout_map: `LayoutMap`; weights that it does not name lie whole on every device. The slots
            of an optimizer lie as their weights do.
        batch_dim_name: Name of the mesh's axis over which batches are split; None: the first.
        auto_shard_dataset: Bool; see `Distribution`.

    Raises:
        ValueError: if `layout_map` is none.
        NotImplementedError: over several processes: no process would hold the weights to save.

    Example:
        >>> mesh = DeviceMesh((2, 4), ["batch", "model"])
        >>> layout_map = LayoutMap(mesh)
        >>> layout_map["dense.*kernel"] = (None, "model")
        >>> with ModelParallel(layout_map=layout_map).scope():
        ...     model = build()

    Source: https://keras.io/api/distribution/model_parallel
    """

    def __init__(self, *, layout_map=None, batch_dim_name=None, auto_shard_dataset=True):
        if not isinstance(layout_map, LayoutMap):
            raise ValueError(
                "Argument `layout_map` must be a `LayoutMap` instance. Received: "
                f"layout_map={layout_map}"
            )
        if jax.process_count() > 1:
            raise NotImplementedError(
                "ModelParallel splits weights over the devices of one process; this is one of "
                f"{jax.process_count()}. Use DataParallel."
            )
        super().__init__(layout_map.device_mesh, batch_dim_name, auto_shard_dataset)
        self._layout_map = layout_map

    def get_variable_layout(self, variable):
        """Returns the `TensorLayout` of a variable, from the `LayoutMap`."""
        found = self._layout_map[variable.name.removesuffix(":0")]
        return super().get_variable_layout(variable) if found is None else found

    def get_tensor_layout(self, path):
        """Returns the `TensorLayout` of the tensor of a path in the `LayoutMap`, or None."""
        return self._layout_map[path]

    def _spec_of(self, variable):
        layout = self._layout_map[variable.name.removesuffix(":0")]
        return None if layout is None else layout.spec


def distribution():
    """Returns the `Distribution` that counts now, of the innermost scope or for all; or None."""
    return placement.current()


def set_distribution(value):
    """Sets the `Distribution` for all models that were not made in the scope of another.

    Args:
        value: `DataParallel` or `ModelParallel`; None: one device again.

    Raises:
        ValueError: for anything else.
    """
    if value is not None and not isinstance(value, Distribution):
        raise ValueError(
            "set_distribution takes a DataParallel, a ModelParallel or None; got "
            f"{value!r} of type {type(value).__name__}."
        )
    placement.set_everywhere(value)
