"""The versions of `distutils.version`, which left Python with 3.12."""

import functools
import re

__all__ = ["LooseVersion", "StrictVersion"]


class _Version:
    """A version that compares with others and with strings."""

    def __init__(self, vstring=None):
        if vstring:
            self.parse(vstring)

    def _key(self):
        return self.version

    def _other(self, other):
        return type(self)(other) if isinstance(other, str) else other

    def __eq__(self, other):
        other = self._other(other)
        return self._key() == other._key() if isinstance(other, _Version) else NotImplemented

    def __lt__(self, other):
        other = self._other(other)
        return self._key() < other._key() if isinstance(other, _Version) else NotImplemented

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__} ('{self}')"


@functools.total_ordering
class LooseVersion(_Version):
    """Any text: its numbers and words are compared one by one.

    Example:
        >>> LooseVersion("2.10.1") > "2.9"
        True
    """

    def parse(self, vstring):
        """Takes `vstring` apart: `"1.13.1rc2"` is `[1, 13, 1, "rc", 2]`."""
        self.vstring = vstring
        parts = (part for part in re.split(r"(\d+|[a-z]+|\.)", vstring) if part not in ("", "."))
        self.version = [int(part) if part.isdigit() else part for part in parts]

    def __str__(self):
        return self.vstring


@functools.total_ordering
class StrictVersion(_Version):
    """Two or three numbers, and perhaps `a` or `b` with a number for a release before.

    Raises:
        ValueError: for another text.
    """

    def parse(self, vstring):
        """Takes `vstring` apart: `"1.2a3"` is `(1, 2, 0)` before the release, as `("a", 3)`."""
        match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?", vstring)
        if match is None:
            raise ValueError(f"invalid version number {vstring!r}")
        major, minor, patch, letter, number = match.groups()
        self.version = (int(major), int(minor), int(patch or 0))
        self.prerelease = (letter, int(number)) if letter else None

    def _key(self):
        return (self.version, self.prerelease or ("release", 0))

    def __str__(self):
        numbers = self.version if self.version[2] else self.version[:2]
        return ".".join(map(str, numbers)) + "{}{}".format(*self.prerelease or ("", ""))
