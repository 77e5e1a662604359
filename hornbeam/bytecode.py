"""Python functions as text and back: how Keras stores the function of a `Lambda` layer.

Making a function of stored bytecode means running what somebody else wrote, and bytecode of another
Python version does not run. Loading a model never does it unless the user allows it.
"""

import binascii
import builtins
import codecs
import contextlib
import marshal
import threading
import types

__all__ = ["func_dump", "func_load", "stored_code_allowed", "trusted_load"]


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
