"""How long the texts of an HDF5 attribute are, told by the file's bytes without reading the texts.

Texts of any length lie elsewhere in the file, and several places of a list may share one. HDF5 has
no way to ask for their lengths: it reads them all, each anew, however much memory that takes.

Source: the HDF5 File Format Specification, IV.A.1 (object headers), IV.A.2.m (attributes), III.E.
"""

import io
import struct

_ATTRIBUTE, _CONTINUATION = 12, 16
_MOST_BLOCKS = 1000  # continuations of a header, which may form a circle
_REFERENCE = 16  # bytes: the length, the address of a collection (8), the place in it (4)


def text_lengths(group, name, count):
    """Returns the lengths of the texts of an attribute, as the file states them.

    Args:
        group: `h5py.Group`.
        name: String, of an attribute that holds texts of any length.
        count: Integer, how many texts there are.

    Returns:
        A list of `count` integers, or None if the attribute is kept in a way not known here.
    """
    import h5py

    file = group.file
    if file.userblock_size:
        return None
    address = h5py.h5o.get_info(group.id).addr
    with open(file.filename, "rb") if file.driver == "sec2" else _image(file) as source:
        try:
            found = [data for title, data in _attributes(source, address) if title == name]
        except (struct.error, IndexError):  # a header that ends too early
            return None
    if len(found) != 1 or len(found[0]) < count * _REFERENCE:
        return None
    return [struct.unpack_from("<I", found[0], place * _REFERENCE)[0] for place in range(count)]


def _image(file):
    return io.BytesIO(file.id.get_file_image())


def _attributes(source, address):
    """Yields the name and the bytes of each attribute in an object header."""
    for kind, body in _messages(source, address):
        if kind != _ATTRIBUTE:
            continue
        version = body[0]
        sizes = struct.unpack_from("<3H", body, 2)  # of the name, the type and the shape
        place = 9 if version == 3 else 8
        parts = []
        for size in sizes:
            parts.append(body[place : place + size])
            place += -(-size // 8) * 8 if version == 1 else size
        yield parts[0].rstrip(b"\0").decode("utf-8", "replace"), body[place:]


def _messages(source, address):
    """Yields the kind and the bytes of each message of an object header, of either version."""
    head = _read(source, address, 64)
    if head[:4] == b"OHDR":
        flags = head[5]
        place = 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
        width = 1 << (flags & 3)
        size = int.from_bytes(head[place : place + width], "little")
        blocks, frame = [(address + place + width, size)], 6 if flags & 4 else 4
    else:
        blocks, frame = [(address + 16, struct.unpack_from("<I", head, 8)[0])], 8
    for number, (start, size) in enumerate(blocks):  # which grow on the way
        if number > _MOST_BLOCKS:
            raise IndexError("a header without end")
        block, place = _read(source, start, size), 0
        if block[:4] == b"OCHK":
            block, place = block[:-4], 4  # less the checksum
        while place + frame <= len(block):
            if frame == 8:
                kind, length = struct.unpack_from("<2H", block, place)
            else:
                kind, length = struct.unpack_from("<BH", block, place)
            body = block[place + frame : place + frame + length]
            place += frame + length
            if kind == _CONTINUATION:
                blocks.append(struct.unpack_from("<2Q", body))
            else:
                yield kind, body


def _read(source, start, size):
    source.seek(min(start, 2**62))
    return source.read(min(size, 2**24))
