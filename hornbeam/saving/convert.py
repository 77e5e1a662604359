"""A model file, or a file of weights, in another format."""

import os
import warnings

from hornbeam.saving import archives, files, hdf5, limits, safe_tensors, text
from hornbeam.saving.atomic import replacing
from hornbeam.saving.errors import ModelFileError

_STRUCTURES = {".json": "json", ".yaml": "yaml", ".yml": "yaml"}
_ZIP = b"PK\x03\x04"


def convert(source, target, overwrite=False, safe_mode=True):
    """Writes what is in one file to another, in the format that the other's ending names.

    Args:
        source: Path of a model (HDF5 of any Keras, `.keras`) or of a structure (JSON, YAML). What
            it is is seen from its content.
        target: Path that ends in `.keras` (Keras 3's zip), `.h5` or `.hdf5` (Keras 2's HDF5),
            `.weights.h5` or `.safetensors` (weights alone), `.json` or `.yaml` (structure alone).
        overwrite: Bool; whether an existing file is replaced.
        safe_mode: Bool; False allows that Python code stored in the file is run: see `load_model`.

    Raises:
        FileExistsError: if there is a file at `target`, and `overwrite` is False.
        FileNotFoundError: if there is no file at `source`.
        ModelFileError: if it is damaged.
        ValueError: if one cannot be made of the other: weights alone know no structure, and a
            structure has no weights.
    """
    source, target = os.fsdecode(source), os.fsdecode(target)
    if not os.path.exists(source):
        raise FileNotFoundError(f"There is no file {source!r}.")
    wanted = _format_of(target)
    if os.path.exists(target):
        if os.path.samefile(source, target):
            raise ValueError("Source and target are the same file.")
        if not overwrite:
            raise FileExistsError(f"{target!r} exists already; --force replaces it.")
    held = _held(source)
    if held == "weights":
        raise ValueError(
            f"{source!r} holds weights alone, which do not say what model they belong to. Build "
            "the model in Python, call model.load_weights, then model.save."
        )
    if held == "structure":
        model = _from_text(source)
        if wanted != "structure":
            raise ValueError(
                f"{source!r} holds the structure of a model without weights; it can become a .json "
                "or .yaml file."
            )
    else:
        with warnings.catch_warnings():  # a model that was not compiled is not compiled again
            warnings.filterwarnings("ignore", "No training configuration found")
            model = files.load_model(source, compile=wanted == "model", safe_mode=safe_mode)
    if wanted == "model":
        files.save_model(model, target)
    elif wanted == "weights":
        files.save_weights(model, target)
    else:
        to_text = text.to_json if _STRUCTURES[_ending(target)] == "json" else text.to_yaml
        _write_text(target, to_text(model))


def _ending(path):
    return os.path.splitext(path)[1].lower()


def _format_of(target):
    """What kind of file the ending of a path names: a model, weights or a structure."""
    ending = _ending(target)
    if ending == safe_tensors.SUFFIX or target.endswith(".weights.h5"):
        return "weights"
    if ending in (".keras", ".h5", ".hdf5"):
        return "model"
    if ending in _STRUCTURES:
        return "structure"
    raise ValueError(
        f"{target!r} does not end in a format that is known: .keras, .h5, .hdf5, .weights.h5, "
        ".safetensors, .json, .yaml."
    )


def _held(path):
    """What a file holds: a model, weights or a structure."""
    if files.starts_with(path, _ZIP):
        with archives.reading(path) as archive:
            return "model" if "config.json" in archive else "weights"
    if files.starts_with(path, b"\x89HDF"):
        with hdf5.reading(path) as file:
            return "model" if "model_config" in file.attrs else "weights"
    return "weights" if safe_tensors.is_file(path) else "structure"


def _from_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            content = file.read(limits.LONGEST_TEXT + 1)
        is_json = content.lstrip()[:1] == "{"
        return (text.model_from_json if is_json else text.model_from_yaml)(content)
    except (AttributeError, TypeError, UnicodeError, ModelFileError) as error:
        raise ModelFileError(
            f"It is neither a model nor the structure of one, in any format that is known: {error}"
        ) from error


def _write_text(path, content):
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(content)
