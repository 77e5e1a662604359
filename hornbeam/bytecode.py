"""Python functions as text and back: how Keras stores the function of a `Lambda` layer.

Making a function of stored bytecode means running what somebody else wrote, and bytecode of another
Python version does not run. Loading a model never does it unless the user allows it.
"""

import binascii
import builtins
import codecs
import contextlib
import copy
import importlib
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


def func_dump(func):
    """Returns `(code, defaults, closure)` of a Python function; `code` is text.

    Args:
        func: Function written in Python.

    Source: Keras 2.3.1.
    """
    code = codecs.encode(marshal.dumps(func.__code__), "base64").decode("ascii")
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
    try:
        raw = codecs.decode(code.encode("ascii"), "base64")
    except (UnicodeEncodeError, binascii.Error):
        raw = code.encode("raw_unicode_escape")  # as Keras wrote it before 2.1.2
    try:
        loaded = marshal.loads(raw)
        if not isinstance(loaded, types.CodeType):
            raise ValueError("it is no code")
    except (EOFError, TypeError, ValueError) as error:
        raise ValueError(
            f"Cannot read stored bytecode ({error}). It was probably written by another version "
            "of Python; pass the function itself instead, by its name in custom_objects."
        ) from error
    return types.FunctionType(
        loaded,
        globals() if globs is None else globs,
        name=loaded.co_name,
        argdefs=defaults,
        closure=closure,
    )


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
    code = stored[0] if isinstance(stored, (tuple, list)) else stored
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
