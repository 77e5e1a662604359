"""Where arrays lie when several devices, or several processes, do one program's work.

There is one way to share out a step: its variables lie whole on every device (or as a layout says),
its batch is split, and XLA, which sees one program for all devices, adds up what must be added up.
So batch statistics, losses and metrics are those of the whole batch.
"""

import contextlib
import warnings

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

_settings = {"everywhere": None}  # what `set_distribution` set
_scopes = []  # the distributions of the `scope()`s that the program is in
_tracing = []  # the placements of the programs that are being traced


class Placement:
    """Where the arrays of a model's steps lie.

    Args:
        mesh: `jax.sharding.Mesh`.
        batch_axis: Name of the mesh's axis over which the samples of a batch are split.
        layout: Function from a variable to its `PartitionSpec`; None for a variable that lies
            whole on every device.
        own_samples: Bool. Each of several processes is given either the whole batch, of which it
            takes its part, or (True) samples of its own: the batch is then all of them, one
            process's after the other's.

    Attributes:
        parts: Integer, into how many parts a batch is split.
        processes: Integer, how many processes hold devices of the mesh.
    """

    def __init__(self, mesh, batch_axis, layout=lambda variable: None, own_samples=False):
        self.mesh = mesh
        self.parts = mesh.shape[batch_axis]
        self.processes = len({device.process_index for device in mesh.devices.flat})
        self.own_samples = own_samples and self.processes > 1
        self._layout = layout
        self._whole = NamedSharding(mesh, PartitionSpec())
        self._split = NamedSharding(mesh, PartitionSpec(batch_axis))
        self._sharding = {}
        self._told = False
        self._index = jax.process_index()

    # ---- on the host

    def follow(self, variable, other):
        """Lays a variable out as another of the same shape: an optimizer's slot as its weight."""
        if tuple(variable.shape) == tuple(other.shape):
            self._sharding[variable] = self.sharding_of(other)

    def sharding_of(self, variable):
        """Returns the `NamedSharding` of a variable."""
        found = self._sharding.get(variable)
        if found is None:
            spec = self._layout(variable)
            found = self._whole if spec is None else NamedSharding(self.mesh, spec)
            self._sharding[variable] = found
        return found

    def values(self, variables, values):
        """Returns the values of variables, on their devices; those that were elsewhere are kept.

        Args:
            variables: List of variables.
            values: Their values, or None for one that begins anew.
        """
        found = list(values)
        for place, (variable, value) in enumerate(zip(variables, values)):
            sharding = self.sharding_of(variable)
            if value is None or getattr(value, "sharding", None) == sharding:
                continue
            found[place] = _put(value, sharding)
            variable.adopt(found[place])
        return found

    def settle(self, variables):
        """Puts the values of variables on their devices."""
        self.values(variables, [variable.raw for variable in variables])

    def whole(self, tree):
        """Puts arrays on every device, whole: the same ones in every process."""
        return jax.tree.map(lambda array: _put(array, self._whole), tree)

    def batch(self, tree):
        """Puts the arrays of a batch on the devices, a part of the samples on each.

        A batch that cannot be split evenly lies whole on every device, which then all do the same.
        """
        return jax.tree.map(self._batch, tree)

    def _batch(self, array):
        if self.own_samples:
            array = np.asarray(array)
            shape = self.shape(array.shape)
            sharding = self._sharding_of_batch(shape)
            if sharding is self._split:
                return jax.make_array_from_process_local_data(sharding, array, shape)
            array = _all_of(array) if array.ndim else array
            return _put(array, sharding)
        return _put(array, self._sharding_of_batch(np.shape(array)))

    def _sharding_of_batch(self, shape):
        # XLA's own padding of uneven parts reaches the gradient of a maximum over samples.
        return self._split if shape and shape[0] % self.parts == 0 else self._whole

    def shape(self, shape):
        """Returns the shape of the whole batch's array, of the shape of what a process is given."""
        return (shape[0] * self.processes, *shape[1:]) if self.own_samples and shape else shape

    def own(self, tree):
        """Returns what belongs to the samples of this process, of outputs for the whole batch."""
        if not self.own_samples:
            return tree

        def part(array):
            if not array.ndim:
                return array
            size = array.shape[0] // self.processes
            return np.asarray(array)[self._index * size : (self._index + 1) * size]

        return jax.tree.map(part, tree)

    # ---- between processes

    def read(self, array):
        """Returns an array whose parts lie in several processes whole, in each of them."""
        if array.is_fully_addressable or array.is_fully_replicated:
            return array
        return jax.jit(lambda parts: parts, out_shardings=self._whole)(array)

    def agree(self, variables):
        """Gives variables that are not on the devices yet the values of the first process."""
        if self.processes > 1:
            fresh = [v for v in dict.fromkeys(variables) if not _is_global(v.raw)]
            for variable, value in zip(fresh, share([v.get_value() for v in fresh])):
                variable.set_value(value)

    def agreed(self, number):
        """Returns the first process's integer, in all of them."""
        return int(share([np.array(number, "int64")])[0]) if self.processes > 1 else number

    def check_batches(self, samples, batch_size):
        """Checks the sizes of arrays; warns, once, where full batches cannot be split.

        Raises:
            ValueError: if processes were given other sizes; in all of them.
        """
        if self.processes > 1:
            given = _all_of(np.array([[samples, batch_size]], "int32"))
            if (given != given[0]).any():
                raise ValueError(
                    "Processes that train one model together must be given as many samples and "
                    f"the same batch size. They have [samples, batch_size] = {given.tolist()}, in "
                    "order of the processes. Cut the longer data off, or pad the shorter with "
                    "samples of weight 0."
                )
        (size,) = self.shape((batch_size,))
        if size % self.parts and samples > batch_size and not self._told:
            self._told = True
            warnings.warn(
                f"A batch of {size} samples cannot be split evenly over {self.parts} devices: each "
                f"of them computes all of it. Choose a batch_size that is a multiple of "
                f"{self.parts}.",
                stacklevel=2,
            )

    # ---- in a program that is traced

    @contextlib.contextmanager
    def tracing(self):
        """Context in which a step is traced; see `by_parts`."""
        _tracing.append(self)
        try:
            yield
        finally:
            _tracing.remove(self)

    def divides(self, arguments, axes):
        """Whether the arguments of `by_parts` can be split evenly."""
        sizes = [
            array.shape[axis]
            for argument, axis in zip(arguments, axes) if axis is not None
            for array in jax.tree.leaves(argument)
        ]
        return all(size % self.parts == 0 for size in sizes)

    def mapped_axes(self, axis):
        """The `PartitionSpec` of arrays whose samples are along `axis`; None: they have none."""
        if axis is None:
            return PartitionSpec()
        return PartitionSpec(*[None] * axis, *self._split.spec)

    def split(self, tree):
        """Says of a batch's arrays that they are split."""
        return jax.tree.map(lambda a: _constrained(a, self._sharding_of_batch(a.shape)), tree)

    def laid_out(self, variables, values):
        """Says of the new values of variables that they lie where the old ones did."""
        pairs = zip(values, variables)
        return [_constrained(value, self.sharding_of(variable)) for value, variable in pairs]

    def readable(self, tree):
        """Says of results that each process has them whole; one process can read all devices."""
        if self.processes == 1:
            return tree
        return jax.tree.map(lambda array: _constrained(array, self._whole), tree)


_constrained = jax.lax.with_sharding_constraint


def _put(value, sharding):
    if sharding.is_fully_addressable:
        return jax.device_put(value, sharding)
    value = np.asarray(value)
    return jax.make_array_from_callback(value.shape, sharding, lambda index: value[index])


def _is_global(value):
    return isinstance(value, jax.Array) and not value.is_fully_addressable


def _all_of(array):
    """The arrays of all processes, one after the other. They must be of one shape."""
    from jax.experimental import multihost_utils

    shape = array.shape
    bytes_ = np.ascontiguousarray(array).reshape(-1).view("uint8")
    found = np.asarray(multihost_utils.process_allgather(bytes_))
    return found.reshape(-1).view(array.dtype).reshape(-1, *shape[1:])


def share(arrays):
    """Gives every process the arrays of the first, which may be of any dtype.

    Args:
        arrays: List of NumPy arrays, of the same shapes and dtypes in all processes.
    """
    from jax.experimental import multihost_utils

    flat = [np.ascontiguousarray(array).reshape(-1).view("uint8") for array in arrays]
    bytes_ = np.concatenate([*flat, np.zeros(0, "uint8")])
    bytes_ = np.asarray(multihost_utils.broadcast_one_to_all(bytes_))
    ends = np.cumsum([len(part) for part in flat])
    return [
        bytes_[end - len(part) : end].view(array.dtype).reshape(array.shape)
        for end, part, array in zip(ends, flat, arrays)
    ]


def share_bytes(data):
    """Gives every process the `bytes` of the first."""
    (size,) = share([np.array([len(data)], "int64")])
    room = np.zeros(int(size[0]), "uint8")
    if is_first_process():
        room[:] = np.frombuffer(data, "uint8")
    return share([room])[0].tobytes()


def is_first_process():
    """Whether this process is the one that writes files and shows progress."""
    return not jax.distributed.is_initialized() or jax.process_index() == 0


def by_parts(function, arguments, axes, result_axes):
    """Calls a function of arrays; in a step that is shared out, for each device's samples apart.

    For functions whose samples do not depend on each other, and whose loops or reshapes XLA cannot
    split: it would gather all samples on every device.

    Args:
        function: Function of `arguments`.
        arguments: Tuple of arrays, or of lists and tuples of them.
        axes: Tuple with the axis of the samples for each argument, or None for one that all
            samples share; its gradient is added up over the devices.
        result_axes: The axis of the samples in each result, in the same way.
    """
    placement = _tracing[-1] if _tracing else None
    if placement is None or not placement.divides(arguments, axes):
        return function(*arguments)
    split = placement.mapped_axes
    return jax.shard_map(
        function,
        mesh=placement.mesh,
        in_specs=tuple(split(axis) for axis in axes),
        out_specs=jax.tree.map(split, result_axes),
        check_vma=False,
    )(*arguments)


# ---- which one counts


def set_everywhere(distribution):
    """Sets what counts for models outside of any scope; None: one device."""
    _settings["everywhere"] = distribution


@contextlib.contextmanager
def scope(distribution):
    """Context in which models are made for, and trained with, a distribution."""
    _scopes.append(distribution)
    try:
        yield distribution
    finally:
        _scopes.remove(distribution)


def scoped():
    """Returns the distribution of the innermost scope, or None."""
    return _scopes[-1] if _scopes else None


def current():
    """Returns the distribution of the innermost scope, or what was set everywhere, or None."""
    return _scopes[-1] if _scopes else _settings["everywhere"]


def placement_of(model):
    """Returns the `Placement` that a model's steps run with now, or None for one device.

    A scope counts first, then the one in which the model was made, then what is set everywhere.
    """
    if _scopes:
        found = _scopes[-1]
    else:
        found = getattr(model, "_distribution", None) or _settings["everywhere"]
    return None if found is None else found.placement
