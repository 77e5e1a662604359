"""Weights as safetensors: a table of names, then the numbers; nothing in it can be code.

A tensor is named by its layer and weight: `dense_1/kernel`, `bidirectional_1/forward_lstm_1/bias`.

Source: https://huggingface.co/docs/safetensors.
"""

import contextlib
import os
import warnings

import numpy as np

from hornbeam.saving import weights
from hornbeam.saving.atomic import is_path, replacing
from hornbeam.saving.errors import ModelFileError

SUFFIX = ".safetensors"
_LONGEST_HEADER = 100_000_000  # bytes: the format's own limit


def save(model, path):
    """Writes the weights of a model's layers to a path.

    Raises:
        ImportError: if the package safetensors is not installed.
    """
    library = _library()
    arrays = {}
    for layer, names in _names(model):
        for name, variable in zip(names, layer.weights):
            value = np.asarray(variable.get_value())
            value = value.astype("float32") if value.dtype.name == "bfloat16" else value
            arrays[name] = np.ascontiguousarray(value).reshape(tuple(variable.shape))
    with replacing(path) as temporary:
        mode = os.stat(temporary).st_mode
        library.numpy.save_file(arrays, temporary, {"format": "np", "written_by": "hornbeam"})
        os.chmod(temporary, mode)  # the library makes a file that nobody else may read


def load(model, source, by_name=False, skip_mismatch=False, reshape=False):
    """Reads weights into a model, found by their names; all are checked before one changes.

    Args:
        model: `Network`.
        source: Path or binary file object.
        by_name: Bool; whether layers that the file does not know stay as they are.
        skip_mismatch: Bool; with `by_name`, whether to leave out, with a warning, layers whose
            weights differ in number or shape.
        reshape: Bool; whether to reshape arrays of the same size.

    Raises:
        ImportError: if the package safetensors is not installed.
        ModelFileError: if the file is damaged.
        ValueError: if the file does not fit the model.
    """
    weights.check_is_built(model)
    with _reading(source) as saved:
        chosen = []
        for number, (layer, names) in enumerate(_names(model)):
            if by_name and names and not any(name in saved for name in names):
                continue
            problem = _problem(layer, names, saved, reshape)
            if problem is None:
                chosen += [(v, saved[name]) for v, name in zip(layer.weights, names)]
            elif skip_mismatch:
                warnings.warn(
                    f"Skipping loading of weights for layer {layer.name}: {problem}.", stacklevel=4
                )
            else:
                raise ValueError(f'Layer #{number} (named "{layer.name}"): {problem}.')
        weights.assign([(variable, tensor.read()) for variable, tensor in chosen])


def _problem(layer, names, saved, reshape):
    for name, variable in zip(names, layer.weights):
        if name not in saved:
            return f"the file has no tensor {name!r}; it has {sorted(saved)[:20]}"
        if not weights.fits(variable, saved[name], reshape):
            return (
                f"weight {variable.name} has shape {tuple(variable.shape)}, but the saved weight "
                f"has shape {saved[name].shape}"
            )
    return None


def is_file(source):
    """Whether a path or file object holds safetensors: a length, then a table in JSON."""
    if is_path(source):
        try:
            with open(source, "rb") as file:
                return _looks_right(file.read(9))
        except OSError:
            return False
    if hasattr(source, "read") and hasattr(source, "seek"):
        place = source.tell()
        try:
            return _looks_right(source.read(9))
        finally:
            source.seek(place)
    return False


def _looks_right(start):
    return (
        len(start) == 9
        and start[8:] == b"{"
        and 2 <= int.from_bytes(start[:8], "little") <= _LONGEST_HEADER
    )


def _names(model):
    """Lists the layers of a model with the names of their weights, none of them twice."""
    full = []
    for layer in model.layers:
        for variable in layer.weights:
            name = variable.name.removesuffix(":0").removeprefix(layer.name + "/")
            full.append(f"{layer.name}/{name}")
    unique = iter(weights.unique_names(full))
    return [(layer, [next(unique) for _ in layer.weights]) for layer in model.layers]


class _Tensor:
    """A tensor in a file, not yet read."""

    def __init__(self, part, name):
        self._part = part
        self._name = name
        self.shape = tuple(part.get_shape())
        self.size = int(np.prod(self.shape, dtype="int64"))

    def read(self):
        with _damage():
            array = np.asarray(self._part[:] if self.shape else self._part[...])
        if array.dtype.kind not in "fiub":
            raise ModelFileError(f"The tensor {self._name!r} holds {array.dtype}, not numbers.")
        return array


class _Loaded:
    """A tensor that has been read, with the face of `_Tensor`."""

    def __init__(self, array):
        self._array = array
        self.shape, self.size = array.shape, array.size

    def read(self):
        return self._array


@contextlib.contextmanager
def _reading(source):
    """Context that yields a dict of the tensors in a file."""
    library = _library()
    if not is_path(source):
        with _damage():
            loaded = library.numpy.load(source.read())
        yield {name: _Loaded(array) for name, array in loaded.items()}
        return
    with contextlib.ExitStack() as stack:
        with _damage():
            file = stack.enter_context(library.safe_open(os.fsdecode(source), "numpy"))
            tensors = {name: _Tensor(file.get_slice(name), name) for name in file.keys()}
        yield tensors


@contextlib.contextmanager
def _damage():
    """Turns what the library raises at damaged bytes into one error."""
    library = _library()
    try:
        yield
    except (library.SafetensorError, TypeError, KeyError, ValueError, OverflowError) as error:
        raise ModelFileError(
            f"Cannot read the safetensors file: it is damaged, or holds a kind of numbers that "
            f"NumPy does not know ({error})."
        ) from error


def _library():
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            "A .safetensors file needs the package safetensors: "
            "pip install hornbeam[safetensors]. Without it, save to HDF5: "
            "model.save_weights('model.weights.h5')."
        ) from error
    return safetensors
