"""Hashes of files: whether a file is the one that was published."""

import hashlib

from hornbeam.renames import takes_old_names

__all__ = ["known_hash", "validate_file"]

DIGITS = {"md5": 32, "sha256": 64}


def known_hash(file_hash, algorithm="auto"):
    """Returns `(algorithm, digits)` of a published hash, digits in lower case.

    Raises:
        ValueError: if the algorithm is unknown, or the digits are not as many as it has.
    """
    if algorithm not in ("auto", *DIGITS):
        raise ValueError(
            f"Unknown hash_algorithm {algorithm!r}. It is one of 'auto', 'md5' and 'sha256'."
        )
    digits = str(file_hash).strip().lower()
    fitting = [name for name, count in DIGITS.items() if count == len(digits)]
    if set(digits) - set("0123456789abcdef") or not fitting or algorithm not in ("auto", *fitting):
        raise ValueError(
            f"The hash {file_hash!r} is not one of hash_algorithm={algorithm!r}. It expects "
            "hexadecimal digits, 32 for MD5 and 64 for SHA-256."
        )
    return fitting[0], digits


@takes_old_names(md5_hash="file_hash")
def validate_file(fpath, file_hash, algorithm="auto", chunk_size=65535):
    """Whether a file has a hash.

    Args:
        fpath: Path.
        file_hash: String, hexadecimal digits: MD5 or SHA-256.
        algorithm: `'md5'`, `'sha256'`, or `'auto'`, which tells them by their length.
        chunk_size: Integer, bytes that are read at once.

    Raises:
        ValueError: if `file_hash` is no hash of that algorithm.
        OSError: if the file cannot be read.
    """
    algorithm, digits = known_hash(file_hash, algorithm)
    return _hash_file(fpath, algorithm, chunk_size) == digits


def _hash_file(fpath, algorithm="sha256", chunk_size=65535):
    """Returns a file's hash as hexadecimal digits.

    Args:
        fpath: Path.
        algorithm: `'sha256'` or `'md5'`. `'auto'` is `'sha256'`: there is no hash to compare with.
        chunk_size: Integer, bytes that are read at once.
    """
    digest = hashlib.new("sha256" if algorithm == "auto" else algorithm, usedforsecurity=False)
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            digest.update(chunk)
    return digest.hexdigest()
