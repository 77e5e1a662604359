"""Python functions as text and back: how Keras stores the function of a `Lambda` layer.

Making a function of stored bytecode means running what somebody else wrote, and bytecode of another
Python version does not run. Loading a model never does it unless the user allows it.
"""

import binascii
import builtins
import codecs
import contextlib
import copy
import dis
import importlib
import importlib.util
import marshal
import sys
import threading
import types

__all__ = [
    "func_dump",
    "func_load",
    "portable",
    "stored_code_allowed",
    "trusted_load",
    "unpacked",
]

# Behind the code, where every `marshal` ignores it: which Python wrote it.
_MARK = b"hornbeam:python:"
_VERSION = importlib.util.MAGIC_NUMBER
_LONGEST = 16 * 2**20  # bytes of code


def func_dump(func):
    """Returns `(code, defaults, closure)` of a Python function; `code` is text.

    Args:
        func: Function written in Python.

    Source: Keras 2.3.1. The code ends with the version of Python, which Keras does not see.
    """
    raw = marshal.dumps(func.__code__) + _MARK + _VERSION
    code = codecs.encode(raw, "base64").decode("ascii")
    closure = tuple(cell.cell_contents for cell in func.__closure__ or ()) or None
    _own_code[code] = func.__globals__
    return code, func.__defaults__, closure


def func_load(code, defaults=None, closure=None, globs=None):
    """Makes a function of what `func_dump` returned. Only for code that you trust.

    Args:
        code: Text; or all that `func_dump` returned, as a tuple or list.
        defaults: Tuple of default values, or None.
        closure: Tuple of the values that the function closes over, or None.
        globs: Dict of the global names that it sees. None means those of this module.

    Raises:
        ValueError: if the code cannot be read, as when another Python version wrote it.
    """
    if isinstance(code, (tuple, list)):
        code, defaults, closure = code
    if isinstance(defaults, list):
        defaults = tuple(defaults)
    if closure is not None:
        closure = tuple(
            value if isinstance(value, types.CellType) else types.CellType(value)
            for value in closure
        )
    loaded = _read_code(code)
    if len(closure or ()) != len(loaded.co_freevars):
        raise _unreadable("it has not the closure that it needs")
    return types.FunctionType(
        loaded,
        globals() if globs is None else globs,
        name=loaded.co_name,
        argdefs=defaults,
        closure=closure,
    )


# ---- bytecode of this Python


def _read_code(text):
    """Returns the code object in a text, if this Python can run it.

    A wrong one would not raise but crash the interpreter, and Keras did not write down which Python
    its code is for. What a compiler of another version leaves is recognized by its form.
    """
    try:
        raw = codecs.decode(text.encode("ascii"), "base64")
    except (UnicodeEncodeError, binascii.Error):
        raw = text.encode("raw_unicode_escape")  # as Keras wrote it before 2.1.2
    raw, mark, version = raw.partition(_MARK)
    if mark and version != _VERSION:
        raise _unreadable("its version is another")
    if len(raw) > _LONGEST or not raw or raw[0] & 0x7F != ord("c"):
        raise _unreadable("it is no code")
    if not _form_fits(raw):
        raise _unreadable("its parts are arranged otherwise")
    try:
        code = marshal.loads(raw)
    except (EOFError, MemoryError, SystemError, TypeError, ValueError) as error:
        raise _unreadable(error) from error
    if not isinstance(code, types.CodeType):
        raise _unreadable("it is no code")
    if not mark:
        _check_code(code)
    return code


# What follows a code object's mark: integers, objects, and instructions with caches (b).
_LAYOUT = "iiiiiboooooooioo" if sys.version_info >= (3, 11) else "iiiiiiooooooooio"
_FIXED = {**dict.fromkeys("NFTS.", 0), "i": 4, "r": 4, "I": 8, "g": 8, "y": 16}  # bytes


def _form_fits(raw):
    """Whether `marshal` can read code without harm to the interpreter.

    It believes each length and allocates it before it looks, and it writes behind each instruction
    where its cache should be, be it there or not.
    """
    at, waiting = 0, ["o"]
    while waiting:
        place = waiting.pop()
        if place == "i":
            at += 4
            continue
        kind = chr(raw[at] & 0x7F) if at < len(raw) else ""
        if place == "b" and kind != "s":
            return False
        at += 1
        length = 0
        if kind in _FIXED:
            at += _FIXED[kind]
        elif kind == "c":
            waiting.extend(reversed(_LAYOUT))
        elif kind and kind in "stuaAl(>":  # texts, bytes, numbers, tuples, sets
            length = int.from_bytes(raw[at : at + 4], "little", signed=True)
            at += 4
        elif kind and kind in "zZ)":  # the same, short
            length = raw[at] if at < len(raw) else -1
            at += 1
        else:
            return False
        if kind == "l":
            length = 2 * abs(length)
        if length < 0 or length > len(raw) - at:
            return False
        if place == "b" and not _has_all_caches(raw[at : at + length]):
            return False
        if kind in "()>":
            waiting.extend("o" * length)
        else:
            at += length
        if len(waiting) > len(raw) - at:
            return False
    return True


def _has_all_caches(instructions):
    """Whether all instructions are of this Python and have their empty caches behind them."""
    sizes = _cache_sizes()
    at = 0
    while at < len(instructions):
        units = sizes.get(instructions[at])
        if units is None or any(instructions[at + 2 : at + 2 + 2 * units]):
            return False
        at += 2 + 2 * units
    return at == len(instructions)


def _cache_sizes():
    """Returns the number of cache units behind each instruction that a compiler writes, by opcode.

    Python's own table of them is by opcode in 3.11 and 3.12, later by name. What only the
    interpreter writes, for itself, points to what is not there.
    """
    own = ("CACHE", "RESERVED", "INTERPRETER_EXIT", "ENTER_EXECUTOR")
    table = dis._inline_cache_entries
    return {
        code: table[code] if isinstance(table, list) else table.get(name, 0)
        for name, code in dis.opmap.items()
        if code < 256 and name not in own and not name.startswith("INSTRUMENTED")
    }


def _unreadable(problem):
    return ValueError(
        f"Cannot read stored bytecode ({problem}). It was probably written by another version of "
        f"Python than {sys.version_info.major}.{sys.version_info.minor}; pass the function itself "
        "instead, by its name in custom_objects, or build the model in your own code and load only "
        "the weights."
    )


def _check_code(code):
    """Refuses code that the compiler of this Python would not have made.

    Raises:
        ValueError: if an instruction, a name or the table of lines has another version's form.
    """
    try:
        starts = {instruction.offset for instruction in dis.get_instructions(code)}
        names = [instruction.opname for instruction in dis.get_instructions(code)]
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(f"its names are elsewhere: {error!r}") from error
    if any(name.startswith("<") or name == "CACHE" for name in names):
        raise _unreadable("it has an unknown instruction")
    if sys.version_info >= (3, 11):
        prologue = ("COPY_FREE_VARS", "MAKE_CELL", "RETURN_GENERATOR", "POP_TOP")
        first = next((name for name in names if name not in prologue), None)
        lines, end = _line_starts(code.co_linetable)
        fits = first == "RESUME" and lines <= starts
    else:  # up to 3.9 the table has the same place but ends before the last instruction
        fits, end = True, sum(code.co_linetable[::2])
    if not fits or end != len(code.co_code):
        raise _unreadable("its instructions are arranged otherwise")
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _check_code(constant)


def _line_starts(table):
    """Returns where the entries of a table of lines begin and where the last ends, in bytes.

    Each instruction has an entry; of one longer than 8 units, with its caches, only the first is
    taken. Source: CPython's Objects/locations.md.
    """
    starts, place, continued = set(), 0, False
    for byte in table:
        if not byte & 0x80:  # a byte within an entry
            continue
        if not continued:
            starts.add(place)
        units = (byte & 7) + 1
        continued = units == 8
        place += 2 * units
    return starts, place


# ---- whose code is run

_own_code = {}  # code that this process wrote -> the global names it saw
_allowed = threading.local()


@contextlib.contextmanager
def stored_code_allowed(allowed=True):
    """Context in which stored code of unknown origin may be run: the user's own decision."""
    before = getattr(_allowed, "value", False)
    _allowed.value = allowed
    try:
        yield
    finally:
        _allowed.value = before


def trusted_load(stored, names, what):
    """Makes a function of stored code, if this process wrote it or the user allows it.

    Args:
        stored: What `func_dump` returned, as a tuple or list; or the code alone.
        names: Dict of global names for code that another process wrote.
        what: String; whose code it is, for the message.

    Raises:
        ValueError: for code of unknown origin that is not allowed.
    """
    if isinstance(stored, dict):  # Keras 3: {"class_name": "__lambda__", "config": {...}}
        stored = stored.get("config", stored)
        keys = ("code", "defaults", "closure")
        stored = [stored.get(key) for key in keys] if isinstance(stored, dict) else stored
    code = stored[0] if isinstance(stored, (tuple, list)) and stored else stored
    if not isinstance(code, str):
        raise ValueError(f"{what} should hold a function as text; it holds {stored!r:.200}.")
    if code in _own_code:
        return func_load(stored, globs=_own_code[code])
    if not getattr(_allowed, "value", False):
        raise ValueError(
            f"{what} holds Python code that another program stored. Loading it means running "
            "it, so it is refused. If you trust the file, allow it with safe_mode=False; or "
            "build the model in your own code and load only the weights."
        )
    return func_load(stored, globs={**vars(builtins), **names})


# ---- functions in pickles


class _ByValue:
    """Stands in a pickle for a function that no name leads to: its code and what it closes over.

    What it closes over goes through the same pickle, so that a loss that closes over a tensor of a
    model still does when both are back. Unpickled, it is the function itself.
    """

    def __init__(self, function):
        self.function = function

    def __reduce__(self):
        function = self.function
        code, names = function.__code__, function.__globals__
        home = function.__module__
        carried = None
        if home not in sys.modules or home == "__main__":  # another program has another __main__
            home = None
            carried = {name: names[name] for name in _names_in(code) if name in names}
        cells = [portable(tuple(_contents(cell))) for cell in function.__closure__ or ()]
        return _function_of, (
            (sys.version_info[:2], marshal.dumps(code)),
            home,
            portable(carried),
            portable((function.__defaults__, function.__kwdefaults__)),
            cells,
            function.__qualname__,
        )

    def __deepcopy__(self, memo):
        cells = self.function.__closure__ or ()
        if not any(hasattr(value, "_keras_mask") for cell in cells for value in _contents(cell)):
            return self  # functions are not copied, unless they hold tensors of what is copied
        make, parts = self.__reduce__()
        return make(*copy.deepcopy(parts, memo))


class _ByName:
    """Stands in a pickle for a module, or for the function of arrays inside an operation."""

    def __init__(self, module, path=""):
        self.module = module
        self.path = path

    def __reduce__(self):
        return _named, (self.module, self.path)

    def __deepcopy__(self, memo):
        return _named(self.module, self.path)


def portable(structure):
    """Returns `structure` with a stand-in for each function that `pickle` would refuse.

    Lists, tuples and dicts are looked into; those without such a function stay as they are.
    """
    return _mapped(structure, _packed)


def unpacked(structure):
    """Returns `structure` as it was before `portable`: a copy still holds the stand-ins."""
    return _mapped(structure, _unpacked)


def _packed(item):
    if isinstance(item, types.ModuleType):
        return _ByName(item.__name__)
    if not isinstance(item, types.FunctionType):
        return item
    found = _found(item.__module__, item.__qualname__)
    if found is item:
        return item
    if getattr(found, "of_arrays", None) is item:  # see `backend.ops.op`
        return _ByName(item.__module__, f"{item.__qualname__}.of_arrays")
    return _ByValue(item)


def _unpacked(item):
    if isinstance(item, _ByValue):
        return item.function
    return _named(item.module, item.path) if isinstance(item, _ByName) else item


def _mapped(structure, change):
    if type(structure) is dict:
        changed = {key: _mapped(item, change) for key, item in structure.items()}
        same = all(changed[key] is item for key, item in structure.items())
        return structure if same else changed
    if isinstance(structure, (list, tuple)):
        items = [_mapped(item, change) for item in structure]
        if all(a is b for a, b in zip(items, structure)):
            return structure
        if isinstance(structure, list):
            return items
        return type(structure)(*items) if hasattr(structure, "_fields") else tuple(items)
    return change(structure)


def _contents(cell):
    """The value in a cell of a closure, in a list; an empty list for a cell not filled yet."""
    try:
        return [cell.cell_contents]
    except ValueError:
        return []


def _found(module, path):
    found = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found


def _named(module, path):
    found = importlib.import_module(module)
    for part in filter(None, path.split(".")):
        found = getattr(found, part)
    return found


def _names_in(code):
    """The global names that code, and the functions inside it, may look up."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names


def _function_of(versioned_code, home, carried, defaults, cells, qualname):
    version, code = versioned_code
    if version != sys.version_info[:2]:
        raise ValueError(
            f"The pickle holds the code of the function {qualname}, written by Python "
            f"{version[0]}.{version[1]}; this is Python {sys.version_info[0]}."
            f"{sys.version_info[1]}. Give the function a name in a module, then it is found by "
            "its name in any version."
        )
    names = {"__builtins__": builtins, **(unpacked(carried) or {})}
    if home is not None:
        names = vars(importlib.import_module(home))
    code = marshal.loads(code)
    closure = tuple(types.CellType(*cell) for cell in unpacked(cells)) or None
    positional, by_keyword = unpacked(defaults)
    function = types.FunctionType(code, names, code.co_name, positional, closure)
    function.__kwdefaults__ = by_keyword
    function.__qualname__ = qualname
    return function
