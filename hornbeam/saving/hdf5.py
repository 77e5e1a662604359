"""HDF5 files: opening, names in attributes, arrays in groups. Nothing here knows a model.

A file is not trusted: links are not followed, data outside of the file is not read, and a caller
looks at an array's shape before it reads the array.
"""

import contextlib
import io
import os

import numpy as np

from hornbeam.saving.atomic import is_path, replacing
from hornbeam.saving.errors import ModelFileError

# HDF5 keeps attributes in a header of 64 KiB; longer lists of names are split, as Keras does.
_LONGEST_ATTRIBUTE = 64512


# ---- opening


@contextlib.contextmanager
def reading(source):
    """Context that yields the group of a file to read.

    Args:
        source: Path, binary file object, or an open `h5py.File` or `h5py.Group`.

    Raises:
        FileNotFoundError: if there is no such file.
        ModelFileError: if it is not an HDF5 file, or its structure is damaged.
    """
    import h5py

    if isinstance(source, h5py.Group):
        yield source
        return
    if is_path(source):
        path = os.fsdecode(source)
        if not os.path.exists(path):
            raise FileNotFoundError(f"Unable to open file: there is no file {path!r}.")
        what = repr(path)
    elif hasattr(source, "read"):
        path, what = source, "the file object"
    else:
        raise TypeError(
            f"Expected a path, a file object or an h5py.Group to read from; got {source!r}."
        )
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ModelFileError(
            f"Unable to open file: {what} is not an HDF5 file, or is damaged ({error})."
        ) from error
    with file:
        yield file


@contextlib.contextmanager
def writing(target):
    """Context that yields an empty group to fill.

    Args:
        target: Path (the file appears when the block has ended well), binary file object (which
            is written at the end), or an open `h5py.File` or `h5py.Group`.
    """
    import h5py

    if isinstance(target, h5py.Group):
        yield target
    elif is_path(target):
        with replacing(target) as temporary, h5py.File(temporary, "w") as file:
            yield file
    elif hasattr(target, "write"):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            yield file
        target.write(buffer.getvalue())
    else:
        raise TypeError(
            f"Expected a path, a file object or an h5py.Group to write to; got {target!r}."
        )


def new_group(parent, name):
    """Makes an empty group; one of that name is removed first."""
    if name in parent:
        del parent[name]
    return parent.create_group(name)


# ---- strings


def write_text(group, name, text):
    """Writes a string as an attribute, as bytes in UTF-8: h5py of any version reads that."""
    group.attrs[name] = text.encode("utf-8")


def read_text(group, name):
    """Returns a string attribute, or None if there is none.

    Raises:
        ModelFileError: if it is not a string.
    """
    with _damage(group, name):
        if name not in group.attrs:
            return None
        value = group.attrs[name]
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        return _text(value, group, name)


def _text(value, group, name):
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, str):
        return str(value)
    raise ModelFileError(
        f"The attribute {name!r} of {group.name!r} should be a string; it is {type(value)}."
    )


def write_names(group, name, names):
    """Writes a list of strings as an attribute; a long one as `name0`, `name1`, ...

    Raises:
        ValueError: if a single string is longer than HDF5 allows.
    """
    encoded = [text.encode("utf-8") for text in names]
    for text in encoded:
        if len(text) > _LONGEST_ATTRIBUTE:
            raise ValueError(
                f"The name {text[:60]!r}... is {len(text)} bytes long. HDF5 attributes hold up to "
                f"{_LONGEST_ATTRIBUTE} bytes; give the layer a shorter name."
            )
    array = np.asarray(encoded)
    count = 1
    pieces = [array]
    while any(piece.nbytes > _LONGEST_ATTRIBUTE for piece in pieces):
        count += 1
        pieces = np.array_split(array, count)
    if count == 1:
        group.attrs[name] = array
        return
    for number, piece in enumerate(pieces):
        group.attrs[f"{name}{number}"] = piece


def read_names(group, name):
    """Returns the list of strings that `write_names` or Keras wrote.

    Raises:
        ModelFileError: if it is missing or no list of strings.
    """
    with _damage(group, name):
        if name in group.attrs:
            parts = [group.attrs[name]]
        else:
            parts = []
            while f"{name}{len(parts)}" in group.attrs:
                parts.append(group.attrs[f"{name}{len(parts)}"])
        if not parts:
            raise ModelFileError(f"{group.name!r} lacks the attribute {name!r}.")
        names = []
        for part in parts:
            if not isinstance(part, np.ndarray) or part.ndim != 1:
                raise ModelFileError(f"The attribute {name!r} of {group.name!r} is no list.")
            names.extend(_text(value, group, name) for value in part.tolist())
        return names


# ---- arrays


def write_array(group, name, array):
    """Writes an array; `a/b` in the name makes a group. bfloat16 becomes float32."""
    array = np.asarray(array)
    if array.dtype.name == "bfloat16":
        array = array.astype("float32")
    group.create_dataset(name, data=array)


def child_group(group, name):
    """Returns the group under `name`.

    Raises:
        ModelFileError: if there is none, or on the way there is a link.
    """
    import h5py

    found = _child(group, name)
    if not isinstance(found, h5py.Group):
        raise ModelFileError(f"{name!r} in {group.name!r} should be a group.")
    return found


def child_array(group, name):
    """Returns the dataset under `name`, not yet read.

    Raises:
        ModelFileError: if there is none, if on the way there is a link, or if its numbers lie
            outside of the file.
    """
    import h5py

    found = _child(group, name)
    if not isinstance(found, h5py.Dataset):
        raise ModelFileError(f"{name!r} in {group.name!r} should be an array.")
    with _damage(group, name):
        if found.external or found.is_virtual:
            raise ModelFileError(
                f"The array {name!r} in {group.name!r} takes its data from another file; that is "
                "not followed."
            )
        if found.dtype.kind not in "fiub":
            raise ModelFileError(
                f"The array {name!r} in {group.name!r} holds {found.dtype}, not numbers."
            )
    return found


def read_array(dataset):
    """Returns the numbers of a dataset. Its shape should have been looked at before."""
    with _damage(dataset, "data"):
        return dataset[()]


def _child(group, name):
    """Goes down a path of hard links, part by part."""
    import h5py

    for part in (part for part in name.split("/") if part not in ("", ".")):
        with _damage(group, part):
            link = group.get(part, getlink=True) if isinstance(group, h5py.Group) else None
            if link is None:
                raise ModelFileError(f"{group.name!r} lacks {part!r}.")
            if not isinstance(link, h5py.HardLink):
                raise ModelFileError(
                    f"{part!r} in {group.name!r} is a link to another place; links are not "
                    "followed, and Keras writes none."
                )
            group = group[part]
    return group


@contextlib.contextmanager
def _damage(place, name):
    """Turns what h5py raises at damaged bytes into one error."""
    try:
        yield
    except ModelFileError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, UnicodeDecodeError) as error:
        raise ModelFileError(
            f"The file is damaged at {name!r} in {place.name!r}: {error}"
        ) from error
