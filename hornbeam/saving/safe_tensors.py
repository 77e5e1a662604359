"""Weights as safetensors: a table of names, then the numbers; nothing in it can be code.

A tensor is named by its layer and weight: `dense_1/kernel`, `bidirectional_1/forward_lstm_1/bias`.
The file's own notes hold the order of layers and weights, so that weights find their way into a
model of the same structure and other names, as they do from HDF5.

Source: https://huggingface.co/docs/safetensors.
"""

import contextlib
import json
import os
import warnings

import numpy as np

from hornbeam.saving import limits, weights
from hornbeam.saving.atomic import is_path, replacing
from hornbeam.saving.errors import ModelFileError

SUFFIX = ".safetensors"
_ORDER = "layers"  # the note with their order
_LONGEST_HEADER = 100_000_000  # bytes: the format's own limit


def save(model, path):
    """Writes the weights of a model's layers to a path.

    Raises:
        ImportError: if the package safetensors is not installed.
    """
    library = _library()
    arrays, listed = {}, _names(model)
    notes = {"format": "np", "written_by": "hornbeam"}
    notes[_ORDER] = json.dumps([[layer.name, names] for layer, names in listed if names])
    for layer, names in listed:
        for name, variable in zip(names, layer.weights):
            value = np.asarray(variable.get_value())
            value = value.astype("float32") if value.dtype.name == "bfloat16" else value
            arrays[name] = np.ascontiguousarray(value).reshape(tuple(variable.shape))
    with replacing(path) as temporary:
        mode = os.stat(temporary).st_mode
        library.numpy.save_file(arrays, temporary, notes)
        os.chmod(temporary, mode)  # the library makes a file that nobody else may read


def load(model, source, by_name=False, skip_mismatch=False, reshape=False):
    """Reads weights into a model; all are checked before one changes.

    Layers are matched by order, as in HDF5. A file of others, which does not tell an order, must
    have this model's names.

    Args:
        model: `Network`.
        source: Path or binary file object.
        by_name: Bool; whether to match layers by name instead; those that the file does not know
            stay as they are.
        skip_mismatch: Bool; with `by_name`, whether to leave out, with a warning, layers whose
            weights differ in number or shape.
        reshape: Bool; whether to reshape arrays of the same size.

    Raises:
        ImportError: if the package safetensors is not installed.
        ModelFileError: if the file is damaged.
        ValueError: if the file does not fit the model.
    """
    weights.check_is_built(model)
    with _reading(source) as (saved, order):
        chosen = []
        for number, (layer, names) in enumerate(_matched(model, saved, order, by_name)):
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


def _matched(model, saved, order, by_name):
    """Returns the layers that are to be read, with the names of their tensors."""
    own = [(layer, names) for layer, names in _names(model) if names]
    if order is None:
        return [
            (layer, names)
            for layer, names in own
            if not by_name or any(name in saved for name in names)
        ]
    if by_name:
        known = dict(order)
        return [(layer, known[layer.name]) for layer, _ in own if layer.name in known]
    if len(order) != len(own):
        raise ValueError(
            f"You are trying to load a weight file containing {len(order)} layers into a model "
            f"with {len(own)} layers. In the file: {[name for name, _ in order][:8]}; in the "
            f"model: {[layer.name for layer, _ in own][:8]}."
        )
    return [(layer, names) for (layer, _), (_, names) in zip(own, order)]


def _problem(layer, names, saved, reshape):
    if len(names) != len(layer.weights):
        return f"it expects {len(layer.weights)} weights, but the file has {len(names)} for it"
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
    """Context that yields a dict of the tensors in a file, and the order it tells, or None."""
    library = _library()
    if not is_path(source):
        with _damage():
            content = source.read()
            loaded = library.numpy.load(content)
            header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        yield {name: _Loaded(array) for name, array in loaded.items()}, _order(
            header.get("__metadata__")
        )
        return
    with contextlib.ExitStack() as stack:
        with _damage():
            file = stack.enter_context(library.safe_open(os.fsdecode(source), "numpy"))
            tensors = {name: _Tensor(file.get_slice(name), name) for name in file.keys()}
            order = _order(file.metadata())
        yield tensors, order


def _order(notes):
    """The list of layers, each with the names of its tensors, that `save` noted; or None."""
    if not notes or _ORDER not in notes:
        return None
    order = limits.parse_json(notes[_ORDER], "The order of the layers")
    good = isinstance(order, list) and all(
        isinstance(entry, list)
        and len(entry) == 2
        and isinstance(entry[0], str)
        and isinstance(entry[1], list)
        and all(isinstance(name, str) for name in entry[1])
        for entry in order
    )
    if not good:
        raise ModelFileError("The order of the layers in the safetensors file is damaged.")
    return [tuple(entry) for entry in order]


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
