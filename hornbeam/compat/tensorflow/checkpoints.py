"""Checkpoints of `tf.train`: arrays in an .npz file, and `checkpoint`, which tells the latest.

They are hornbeam's own; those of TensorFlow are refused with a word of how to go on.
"""

import glob
import os
import re

import numpy as np

from hornbeam import backend as K
from hornbeam.backend.tensors import Operand, Variable
from hornbeam.compat.tensorflow import ops

__all__ = [
    "Checkpoint", "CheckpointManager", "Saver", "checkpoint_exists", "get_checkpoint_state",
    "latest_checkpoint", "list_variables", "load_checkpoint",
]  # fmt: skip

_SUFFIX = ".npz"


def _note(path):
    folder, name = os.path.split(path)
    with open(os.path.join(folder, "checkpoint"), "w") as file:
        file.write(f'model_checkpoint_path: "{name}"\nall_model_checkpoint_paths: "{name}"\n')


def latest_checkpoint(checkpoint_dir, latest_filename=None):
    """Returns the path of what was saved last in a folder, for `load_weights`; None for nothing.

    Args:
        checkpoint_dir: Path of the folder.
        latest_filename: Name of the file that tells; 'checkpoint' by default. Without one, the
            newest file of weights counts, such as `ModelCheckpoint` writes.
    """
    told = os.path.join(checkpoint_dir, latest_filename or "checkpoint")
    if os.path.isfile(told):
        with open(told) as file:
            found = re.search(r'^model_checkpoint_path: "(.*)"', file.read(), re.MULTILINE)
        if found:
            return os.path.join(checkpoint_dir, found[1])
    files = [
        path for path in glob.glob(os.path.join(glob.escape(checkpoint_dir), "*"))
        if re.search(r"\.(ckpt|h5|hdf5|keras|weights)|ckpt", os.path.basename(path))
    ]
    return max(files, key=lambda path: (os.path.getmtime(path), path), default=None)


def get_checkpoint_state(checkpoint_dir, latest_filename=None):
    """Returns an object with `model_checkpoint_path`, or None."""
    path = latest_checkpoint(checkpoint_dir, latest_filename)
    if path is None:
        return None
    return type("CheckpointState", (), {"model_checkpoint_path": path,
                                        "all_model_checkpoint_paths": [path]})()


def checkpoint_exists(checkpoint_prefix):
    """Whether there is a checkpoint."""
    return os.path.exists(checkpoint_prefix + _SUFFIX) or os.path.exists(checkpoint_prefix)


def _read(path):
    """The arrays of a checkpoint, by name.

    Raises:
        ValueError: for a checkpoint of TensorFlow.
        FileNotFoundError: if there is none.
    """
    if os.path.exists(path + ".index"):
        raise ValueError(
            f"{path} is a checkpoint of TensorFlow, which hornbeam does not read. Save the weights "
            "as .h5 where TensorFlow is installed: model.save_weights('weights.h5')."
        )
    if not os.path.exists(path + _SUFFIX):
        raise FileNotFoundError(f"There is no checkpoint {path}{_SUFFIX}.")
    with np.load(path + _SUFFIX, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _write(path, arrays):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    partial = f"{path}.partial{_SUFFIX}"
    np.savez(partial, **arrays)
    os.replace(partial, path + _SUFFIX)
    _note(path)


def list_variables(ckpt_dir_or_file):
    """Returns a list of `(name, shape)` of a checkpoint."""
    path = ckpt_dir_or_file
    path = latest_checkpoint(path) if os.path.isdir(path) else path
    return [(name, list(array.shape)) for name, array in sorted(_read(path).items())]


def load_checkpoint(ckpt_dir_or_file):
    """Returns an object with `get_tensor(name)` and `get_variable_to_shape_map()`."""
    path = ckpt_dir_or_file
    arrays = _read(latest_checkpoint(path) if os.path.isdir(path) else path)
    return type("Reader", (), {
        "get_tensor": lambda self, name: arrays[name],
        "get_variable_to_shape_map": lambda self: {n: list(a.shape) for n, a in arrays.items()},
        "has_tensor": lambda self, name: name in arrays,
    })()


class Saver:
    """Saves variables to files and reads them back, as TensorFlow 1 programs do.

    Args:
        var_list: List of variables, or dict from name to variable; all of them by default.
        max_to_keep: Integer, how many files stay; 0 or None for all.
        **kwargs: TensorFlow's options of its own format.
    """

    def __init__(self, var_list=None, reshape=False, sharded=False, max_to_keep=5, **kwargs):
        self._list, self._keep, self.last_checkpoints = var_list, max_to_keep, []

    def _variables(self):
        found = self._list if self._list is not None else ops.variables()
        if isinstance(found, dict):
            return found
        return {v.name.rpartition(":")[0]: v for v in found}

    def save(self, sess, save_path, global_step=None, latest_filename=None, meta_graph_suffix=None,
             write_meta_graph=True, write_state=True, **kwargs):
        """Saves the variables; returns the path, for `restore`."""
        if global_step is not None:
            step = global_step.eval() if isinstance(global_step, Operand) else global_step
            save_path = f"{save_path}-{int(step)}"
        _write(save_path, {name: v.get_value() for name, v in self._variables().items()})
        self.last_checkpoints.append(save_path)
        while self._keep and len(self.last_checkpoints) > self._keep:
            old = self.last_checkpoints.pop(0) + _SUFFIX
            if os.path.exists(old):
                os.remove(old)
        return save_path

    def restore(self, sess, save_path):
        """Sets the variables to what was saved.

        Raises:
            KeyError: if one is not in the file; nothing is set then.
        """
        arrays, variables = _read(save_path), self._variables()
        missing = sorted(set(variables) - set(arrays))
        if missing:
            raise KeyError(f"The checkpoint {save_path} lacks the variables {missing}.")
        K.batch_set_value([(v, arrays[name]) for name, v in variables.items()])


class Checkpoint:
    """Saves models, optimizers and variables together.

    Args:
        root: Object saved as such, or None.
        **kwargs: Models, layers, optimizers and variables, by name.
    """

    def __init__(self, root=None, **kwargs):
        self._parts = ({"root": root} if root is not None else {}) | kwargs
        for name, part in kwargs.items():
            setattr(self, name, part)
        self.save_counter = Variable(0, "int64", name="save_counter:0", trainable=False)

    def _variables(self):
        found = {"save_counter": self.save_counter}
        for name, part in self._parts.items():
            if isinstance(part, Variable):
                found[name] = part
                continue
            for index, variable in enumerate(getattr(part, "weights", ())):
                found[f"{name}/{index}"] = variable
        return found

    def write(self, file_prefix, options=None):
        """Saves to this path; returns it."""
        _write(file_prefix, {n: np.asarray(v.get_value()) for n, v in self._variables().items()})
        return file_prefix

    def save(self, file_prefix, options=None):
        """Saves to this path with a number; returns the path."""
        self.save_counter.set_value(int(self.save_counter.get_value()) + 1)
        return self.write(f"{file_prefix}-{int(self.save_counter.get_value())}")

    def read(self, save_path, options=None):
        """Sets everything to what was saved; parts that have no weights yet stay as they are.

        Returns:
            An object with `assert_consumed()`, `expect_partial()` and the like.
        """
        return self.restore(save_path)

    def restore(self, save_path, options=None):
        """See `read`. A path of None does nothing, as `latest_checkpoint` may give."""
        if save_path is None:
            return _Status(set(), set())
        arrays, variables = _read(save_path), self._variables()
        both = [name for name in variables if name in arrays]
        K.batch_set_value([(variables[name], arrays[name]) for name in both])
        return _Status(set(arrays) - set(both), set(variables) - set(both))


class _Status:
    """What a checkpoint held that nobody took, and what it lacked."""

    def __init__(self, left, lacking):
        self.left, self.lacking = left, lacking

    def assert_consumed(self):
        """Raises AssertionError unless all was read and all was there."""
        if self.left or self.lacking:
            raise AssertionError(
                f"Not read from the checkpoint: {sorted(self.left)}; not in it: "
                f"{sorted(self.lacking)}. A model has its weights once it has been called."
            )
        return self

    def assert_existing_objects_matched(self):
        """Raises AssertionError if something that has a value was not in the checkpoint."""
        if self.lacking:
            raise AssertionError(f"Not in the checkpoint: {sorted(self.lacking)}.")
        return self

    def expect_partial(self):
        """Says that not all must be read."""
        return self

    assert_nontrivial_match = initialize_or_restore = run_restore_ops = lambda self, *_: self


class CheckpointManager:
    """Keeps the last checkpoints of a folder.

    Args:
        checkpoint: `Checkpoint`.
        directory: Path.
        max_to_keep: Integer, or None for all.
        checkpoint_name: String, how the files begin.
        keep_checkpoint_every_n_hours, step_counter, checkpoint_interval, init_fn: Not provided.
    """

    def __init__(self, checkpoint, directory, max_to_keep, keep_checkpoint_every_n_hours=None,
                 checkpoint_name="ckpt", step_counter=None, checkpoint_interval=None,
                 init_fn=None):
        for name, value in (("keep_checkpoint_every_n_hours", keep_checkpoint_every_n_hours),
                            ("checkpoint_interval", checkpoint_interval), ("init_fn", init_fn)):
            if value is not None:
                raise ValueError(f"CheckpointManager has no {name} here.")
        self.checkpoint, self.directory = checkpoint, os.fspath(directory)
        self._keep, self._name = max_to_keep, checkpoint_name
        pattern = os.path.join(glob.escape(self.directory), f"{checkpoint_name}-*{_SUFFIX}")
        found = [path.removesuffix(_SUFFIX) for path in glob.glob(pattern)]
        self.checkpoints = sorted(found, key=lambda path: int(path.rpartition("-")[2]))

    @property
    def latest_checkpoint(self):
        """The path of the last one, or None."""
        return self.checkpoints[-1] if self.checkpoints else None

    def save(self, checkpoint_number=None, check_interval=True, options=None):
        """Saves; returns the path."""
        prefix = os.path.join(self.directory, self._name)
        if checkpoint_number is None:
            path = self.checkpoint.save(prefix)
        else:
            number = checkpoint_number
            number = number.eval() if isinstance(number, Operand) else number
            path = self.checkpoint.write(f"{prefix}-{int(number)}")
        self.checkpoints.append(path)
        while self._keep and len(self.checkpoints) > self._keep:
            old = self.checkpoints.pop(0) + _SUFFIX
            if os.path.exists(old):
                os.remove(old)
        return path

    def restore_or_initialize(self):
        """Reads the last one, if there is one; returns its path or None."""
        if self.latest_checkpoint is not None:
            self.checkpoint.restore(self.latest_checkpoint)
        return self.latest_checkpoint
