"""Meshes of devices, and how tensors lie on them."""

import functools
import re
from collections.abc import MutableMapping

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from hornbeam.distribution.devices import device_named, list_devices


class DeviceMesh:
    """Devices in rows and columns, whose axes have names.

    Args:
        shape: Tuple of integers, such as `(8,)` or `(2, 4)`.
        axis_names: List of strings, a name for each axis, such as `["batch", "model"]`.
        devices: List of names as `list_devices` gives them; None: all devices.

    Attributes:
        devices: NumPy array of the names, of shape `shape`.
        backend_mesh: The `jax.sharding.Mesh`.

    Raises:
        ValueError: for an empty shape, for another number of names than of axes, or of devices
            than the shape holds; where the mesh is used, for a device that is not there.
    """

    def __init__(self, shape, axis_names, devices=None):
        if not shape or not axis_names:
            raise ValueError(
                f"Shape and axis_names cannot be empty. Received: shape={shape}, "
                f"axis_names={axis_names}"
            )
        if len(shape) != len(axis_names):
            raise ValueError(
                "Shape and axis_names should have same size. Received: "
                f"shape={shape}, axis_names={axis_names}"
            )
        devices = np.array(list_devices() if devices is None else devices)
        if np.prod(shape) != devices.size:
            raise ValueError(
                "Shape does not match the number of devices. Received: "
                f"shape={shape}; devices.shape={devices.shape}"
            )
        self.shape = tuple(int(size) for size in shape)
        self.axis_names = list(axis_names)
        self.devices = devices.reshape(self.shape)

    @functools.cached_property
    def backend_mesh(self):
        found = [device_named(name) for name in self.devices.reshape(-1).tolist()]
        return Mesh(np.array(found, object).reshape(self.shape), tuple(self.axis_names))

    def __getstate__(self):
        return {name: v for name, v in self.__dict__.items() if name != "backend_mesh"}

    def __repr__(self):
        return f"<DeviceMesh shape={self.shape}, axis_names={self.axis_names}>"


class TensorLayout:
    """Over which axes of a mesh the axes of a tensor are split.

    Args:
        axes: Tuple with the name of a mesh's axis, or None (not split), for each axis.
        device_mesh: `DeviceMesh`; None: that of the `LayoutMap` into which it is put.

    Attributes:
        backend_layout: The `jax.sharding.NamedSharding`.

    Raises:
        ValueError: for names that the mesh has not, or, where it is used, without a mesh.
    """

    def __init__(self, axes, device_mesh=None):
        self.axes = tuple(axes)
        self._device_mesh = device_mesh
        self._check()

    def _check(self):
        names = set() if self._device_mesh is None else set(self._device_mesh.axis_names)
        given = {axis for axis in self.axes if axis is not None}
        if self._device_mesh is not None and given - names:
            raise ValueError(
                f"Invalid axis names for Layout. Valid axis names: {sorted(names)}, "
                f"Got {sorted(given)}"
            )

    @property
    def device_mesh(self):
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, device_mesh):
        if self._device_mesh is not None:
            raise ValueError(f"The layout has a mesh already: {self._device_mesh}.")
        self._device_mesh = device_mesh
        self._check()

    @property
    def spec(self):
        """The axes, as JAX writes them."""
        return PartitionSpec(*self.axes)

    @property
    def backend_layout(self):
        if self._device_mesh is None:
            raise ValueError(
                "Cannot create sharding when device mesh is not set for TensorLayout. Pass "
                "`device_mesh`, or put the layout into a `LayoutMap`."
            )
        return NamedSharding(self._device_mesh.backend_mesh, self.spec)

    def __repr__(self):
        return f"<TensorLayout axes={self.axes}, device_mesh={self.device_mesh}>"


class LayoutMap(MutableMapping):
    """Layouts of variables by their paths, `{"dense.*kernel": (None, "model")}`.

    Args:
        device_mesh: `DeviceMesh` of layouts that have none.

    A key is the path of a variable, its name without `:0` (`"dense_1/kernel"`), or a regular
    expression that matches all of it. `map[path]` is the `TensorLayout` of a path, or None.

    Raises:
        ValueError: for a key that is there already, a value that is neither a `TensorLayout` nor a
            tuple; at look-up, for a path that several keys match.
    """

    def __init__(self, device_mesh):
        self._layouts = {}
        self._device_mesh = device_mesh

    @property
    def device_mesh(self):
        return self._device_mesh

    def __getitem__(self, key):
        if key in self._layouts:
            return self._layouts[key]
        found = [pattern for pattern in self._layouts if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise ValueError(
                f"Path {key!r} matches multiple layout specification keys: {found}. Please make "
                "sure each tensor/variable path only matches at most one layout specification key "
                "in the LayoutMap."
            )
        return self._layouts[found[0]] if found else None

    def __setitem__(self, key, layout):
        if key in self._layouts:
            raise ValueError(
                f"{key} already exist in the LayoutMap with value {self._layouts[key]}. Please "
                "make sure to not use duplicated keys."
            )
        if isinstance(layout, tuple):
            layout = TensorLayout(layout)
        if not isinstance(layout, TensorLayout):
            raise ValueError(
                f"{layout!r} should be a TensorLayout, or a tuple of its axes; got {type(layout)}."
            )
        if layout.device_mesh is None:
            layout.device_mesh = self._device_mesh
        self._layouts[key] = layout

    def __delitem__(self, key):
        del self._layouts[key]

    def __len__(self):
        return len(self._layouts)

    def __iter__(self):
        return iter(self._layouts)


def distribute_tensor(tensor, layout):
    """Puts an array on devices as a layout says; in compiled code, says that it lies there.

    Args:
        tensor: Array.
        layout: `TensorLayout`, or `jax.sharding.Sharding`.

    Returns:
        A JAX array.
    """
    sharding = layout.backend_layout if isinstance(layout, TensorLayout) else layout
    if isinstance(tensor, jax.core.Tracer):
        return jax.lax.with_sharding_constraint(tensor, sharding)
    return jax.device_put(tensor, sharding)
