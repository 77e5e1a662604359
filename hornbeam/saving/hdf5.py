"""HDF5 files: opening, names in attributes, arrays in groups. Nothing here knows a model.

A file is not trusted: links are not followed, data outside of the file is not read, only kinds of
data that Keras writes are looked at, and an array is read only if the file holds as many bytes as
its shape asks for. A caller compares the shape with what it expects before it reads.
"""

import contextlib
import io
import math
import os

import numpy as np

from hornbeam.saving.atomic import is_path, replacing
from hornbeam.saving.errors import ModelFileError
from hornbeam.saving.hdf5_headers import text_lengths

# HDF5 keeps attributes in a header of 64 KiB; longer lists of names are split, as Keras does.
_LONGEST_ATTRIBUTE = 64512
_MOST_TEXT = 2**28  # bytes of an attribute whose strings may lie anywhere in the file
_TEXTS = b"GCOL\x01\x00\x00\x00"  # the mark of a collection of texts, version 1
_NAMES = b"HEAP\x00\x00\x00\x00"  # that of a group's names, version 0
_PART = 2**20  # bytes
_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}  # those that h5py brings along
_SMALL = 64 * 2**20  # bytes; whatever packs so little may be packed as tightly as it likes
_HIGHEST_RATIO = 50  # unpacked to packed bytes of larger arrays; trained weights reach 1.1
_LARGEST_CHUNK = 4 * 2**20  # bytes, for an array that is smaller than its only chunk


# ---- opening


@contextlib.contextmanager
def reading(source):
    """Context that yields the group of a file to read.

    Args:
        source: Path, binary file object, open `h5py.File` or `h5py.Group`, or an `H5Dict` of one.

    Raises:
        FileNotFoundError: if there is no such file.
        ModelFileError: if it is not an HDF5 file, or its structure is damaged.
    """
    import h5py

    source = _group_of(source)
    if isinstance(source, h5py.Group):
        with _errors_of_h5py():
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
    _check_heaps(path)
    try:
        file = h5py.File(path, "r")
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelFileError(
            f"Unable to open file: {what} is not an HDF5 file, or is damaged ({error})."
        ) from error
    with _errors_of_h5py(), file:
        yield file


@contextlib.contextmanager
def _errors_of_h5py():
    """Whatever h5py itself raises while a file is read, it raises at damaged bytes."""
    try:
        yield
    except (ModelFileError, FileNotFoundError):
        raise
    except Exception as error:
        trace = error.__traceback__
        while trace.tb_next is not None:
            trace = trace.tb_next
        if "h5py" not in trace.tb_frame.f_code.co_filename:
            raise
        raise ModelFileError(f"The file is damaged: {str(error)[:500]}") from error


def _check_heaps(source):
    """Looks through the file for the places of its texts and names, and refuses endless ones.

    HDF5 goes through them from object to object, and never comes back from one of the size 0, or
    one that is followed by itself.

    Source: the HDF5 File Format Specification, III.D and III.E.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open(source, "rb")) if is_path(source) else source
        place = file.tell()
        stack.callback(lambda: file.closed or file.seek(place))
        size = file.seek(0, os.SEEK_END)
        at = 0
        while at < size:
            file.seek(at)
            part = file.read(_PART)
            for mark, check in ((_TEXTS, _check_texts), (_NAMES, _check_free_names)):
                found = part.find(mark)
                while found >= 0:
                    check(file, at + found)
                    found = part.find(mark, found + 1)
            at += max(1, len(part) - len(_TEXTS) + 1)


def _check_free_names(file, start):
    """The free places among names are a list; one that comes back to itself has no end."""
    file.seek(start + 8)
    head = file.read(24)
    size, free, data = (int.from_bytes(head[n : n + 8], "little") for n in (0, 8, 16))
    seen = set()
    while free + 16 <= size:  # the last one says 1, or, damaged, what HDF5 refuses
        if free in seen:
            raise ModelFileError(f"The file is damaged: its names at byte {start} have no end.")
        seen.add(free)
        if data + free > 2**62:
            return
        file.seek(data + free)
        block = file.read(8)
        if len(block) < 8:
            return
        free = int.from_bytes(block, "little")
        if free == 1:
            return


def _check_texts(file, start):
    file.seek(start + 8)
    end = start + int.from_bytes(file.read(8), "little")
    at = start + 16
    while at + 16 <= end:
        file.seek(at)
        head = file.read(16)
        if len(head) < 16:
            return  # cut off: HDF5 sees that
        size = int.from_bytes(head[8:], "little")
        if int.from_bytes(head[:2], "little"):
            size = 16 + -(-size // 8) * 8
        if not 0 < size <= end - at:  # object 0 is the free rest, which counts its own head
            raise ModelFileError(f"The file is damaged: its texts at byte {start} have no end.")
        at += size


@contextlib.contextmanager
def writing(target):
    """Context that yields an empty group to fill.

    Args:
        target: Path (the file appears when the block has ended well), binary file object (which
            is written at the end), an open `h5py.File` or `h5py.Group`, or an `H5Dict` of one.
    """
    import h5py

    target = _group_of(target)
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


def _group_of(place):
    """The group that an `H5Dict` of `hornbeam.utils` keeps its items in; else `place` itself."""
    import h5py

    data = getattr(place, "data", None)
    return data if isinstance(data, h5py.Group) else place


def new_group(parent, name):
    """Makes an empty group; one of that name is removed first."""
    name = name.lstrip("/")  # from here, not from the root of the file
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
    with _damage(name):
        if name not in group.attrs:
            return None
        value = _attribute(group, name)
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        return _text(value, group, name)


def _text(value, group, name):
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, str):
        value.encode("utf-8")  # h5py lets bytes that are no UTF-8 through, as surrogates
        return str(value)
    raise ModelFileError(
        f"The attribute {name!r} of {group.name!r} should be a string; it is {type(value)}."
    )


def _attribute(group, name):
    """Returns the value of an attribute, once its type and size are those of a list of names."""
    import h5py

    attribute = h5py.h5a.open(group.id, name.encode("utf-8"))
    kind, space = attribute.get_type(), attribute.get_space()
    if kind.get_class() not in (h5py.h5t.STRING, h5py.h5t.FLOAT, h5py.h5t.INTEGER):
        raise ModelFileError(f"The attribute {name!r} of {group.name!r} is no text.")
    count = _count(space)
    file_size = group.file.id.get_filesize()
    anywhere = kind.get_class() == h5py.h5t.STRING and kind.is_variable_str()
    too_long = count * kind.get_size() > file_size
    if anywhere and count > 1 and count * file_size > _MOST_TEXT:
        # Each of the strings may be the same long one.
        lengths = text_lengths(group, name, count)
        too_long = too_long or lengths is None or sum(lengths) > _MOST_TEXT
    if too_long:
        raise ModelFileError(
            f"The attribute {name!r} of {group.name!r} says that it is longer than the file."
        )
    return group.attrs[name]


def _count(space):
    """Returns how many values a dataspace holds; there are those without, and without end."""
    return math.prod(int(size) for size in _dims(space))


def _dims(space):
    import h5py

    if space.get_simple_extent_type() not in (h5py.h5s.SIMPLE, h5py.h5s.SCALAR):
        raise ModelFileError("a place in the file holds nothing")
    return space.get_simple_extent_dims()


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
    with _damage(name):
        if name in group.attrs:
            parts = [_attribute(group, name)]
        else:
            parts = []
            while f"{name}{len(parts)}" in group.attrs:
                parts.append(_attribute(group, f"{name}{len(parts)}"))
        if not parts:
            raise ModelFileError(f"{group.name!r} lacks the attribute {name!r}.")
        names = []
        for part in parts:
            if not isinstance(part, np.ndarray) or part.ndim != 1:
                raise ModelFileError(f"The attribute {name!r} of {group.name!r} is no list.")
            names.extend(_text(value, group, name) for value in part.tolist())
        if len(set(names)) != len(names):
            raise ModelFileError(f"The attribute {name!r} of {group.name!r} repeats a name.")
        return names


# ---- arrays


def write_array(group, name, array):
    """Writes an array; `a/b` in the name makes a group. bfloat16 becomes float32."""
    array = np.asarray(array)
    if array.dtype.name == "bfloat16":
        array = array.astype("float32")
    group.create_dataset(name.lstrip("/"), data=array)


def child_group(group, name):
    """Returns the group under `name`.

    Raises:
        ModelFileError: if there is none, or on the way there is a link.
    """
    import h5py

    found = child(group, name)
    if not isinstance(found, h5py.Group):
        raise ModelFileError(f"{name!r} in {group.name!r} should be a group.")
    return found


def child_array(group, name):
    """Returns the dataset under `name`, not yet read.

    Raises:
        ModelFileError: if there is none, if on the way there is a link, if its numbers lie outside
            of the file, or if the file holds fewer of them than the shape says.
    """
    import h5py

    found = child(group, name)
    if not isinstance(found, h5py.Dataset):
        raise ModelFileError(f"{name!r} in {group.name!r} should be an array.")
    with _damage(name):
        _check_array(found)
    return found


def read_array(dataset):
    """Returns the numbers of a dataset. Its shape should have been looked at before."""
    with _damage("data"):
        return dataset[()]


def count_numbers(group):
    """Returns how many numbers the arrays in a group and in the groups below it hold.

    An array that has several names counts once.

    Raises:
        ModelFileError: if one is damaged, or if all arrays together say that they have more bytes
            than the file.
    """
    return sum(dataset.size for _, dataset in arrays(group))


def arrays(group):
    """Returns the arrays in a group and in those below it, by their paths, none of them twice.

    Raises:
        ModelFileError: as of `count_numbers`.
    """
    import h5py

    found, stored = [], 0
    seen, groups = {h5py.h5o.get_info(group.id).addr}, [("", group)]
    while groups:
        path, parent = groups.pop()
        with _damage("names"):
            names = list(parent)
        for name in names:
            item = child(parent, name)
            with _damage(name):
                address = h5py.h5o.get_info(item.id).addr
                if address in seen:
                    continue
                seen.add(address)
                if isinstance(item, h5py.Dataset):
                    stored += _check_array(item)
                    found.append((path + name, item))
                elif isinstance(item, h5py.Group):
                    groups.append((f"{path}{name}/", item))
    if stored > group.file.id.get_filesize():
        raise ModelFileError("The arrays say that they have more bytes than the whole file.")
    return sorted(found, key=lambda entry: entry[0])


def _check_array(dataset):
    """Compares what an array says with what is there; returns how many bytes are there."""
    import h5py

    identifier = dataset.id
    layout = identifier.get_create_plist()
    kind = identifier.get_type()
    # In this order: nothing is made of a type, nor looked up elsewhere, before it is known.
    if layout.get_external_count() or layout.get_layout() == h5py.h5d.VIRTUAL:
        raise ModelFileError(
            f"The array {dataset.name!r} takes its data from another file; that is not followed."
        )
    numbers = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM)
    if kind.get_class() not in numbers or kind.get_size() > 16 or kind.committed():
        raise ModelFileError(f"The array {dataset.name!r} does not hold plain numbers.")
    if dataset.dtype.kind not in "fiub":
        raise ModelFileError(f"The array {dataset.name!r} holds {dataset.dtype}, not numbers.")
    shape = _dims(identifier.get_space())
    size = math.prod(int(length) for length in shape) * kind.get_size()
    stored = identifier.get_storage_size()
    if layout.get_layout() == h5py.h5d.CHUNKED:
        _check_chunks(dataset, layout, shape, size, stored)
    elif stored != size:
        raise ModelFileError(
            f"The array {dataset.name!r} has the shape {tuple(shape)}, {size} bytes, but the file "
            f"holds {stored} bytes of it."
        )
    elif size and layout.get_layout() == h5py.h5d.CONTIGUOUS:
        start = identifier.get_offset()
        if start is None or start + size > dataset.file.id.get_filesize():
            raise ModelFileError(f"The array {dataset.name!r} lies beyond the end of the file.")
    return stored


def _check_chunks(dataset, layout, shape, size, stored):
    unknown = [
        code
        for code in (layout.get_filter(number)[0] for number in range(layout.get_nfilters()))
        if code not in _FILTERS
    ]
    if unknown:
        raise ModelFileError(
            f"The array {dataset.name!r} is packed by the HDF5 filter {unknown[0]}. Known are "
            f"{sorted(_FILTERS.values())}; write the file again with one of those."
        )
    chunk = layout.get_chunk()
    chunk_size = math.prod(int(length) for length in chunk) * dataset.id.get_type().get_size()
    needed = math.prod(-(-int(length) // int(part)) for length, part in zip(shape, chunk))
    if dataset.id.get_num_chunks() != needed or chunk_size > max(size, _LARGEST_CHUNK):
        raise ModelFileError(
            f"The array {dataset.name!r} of shape {tuple(shape)} needs {needed} chunks of shape "
            f"{chunk}; the file does not hold just these."
        )
    packed = layout.get_nfilters() > 0
    if stored < size and not packed or size > max(_SMALL, _HIGHEST_RATIO * stored) and packed:
        raise ModelFileError(
            f"The array {dataset.name!r} says that {stored} bytes unpack to {size}. That is "
            "refused; if it is your own file, write it again without compression."
        )


def child(group, name):
    """Goes down a path of hard links, part by part."""
    import h5py

    for part in (part for part in name.split("/") if part not in ("", ".")):
        with _damage(part):
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
def _damage(name):
    """Turns what h5py raises at damaged bytes into one error."""
    try:
        yield
    except ModelFileError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise ModelFileError(f"The file is damaged at {name!r}: {str(error)[:500]}") from error
