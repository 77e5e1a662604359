"""Runs a program as `python` would, with `keras` meaning hornbeam.

The program finds `sys.argv`, `sys.path[0]` and `__main__` as it expects them. Its exit status is
ours, and its tracebacks start with its own first line.
"""

import builtins
import contextlib
import io
import os
import pkgutil
import runpy
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType

from hornbeam.compat import old_packages
from hornbeam.compat.names import activate

__all__ = ["run_code", "run_module", "run_script"]

_LAUNCHERS = (__name__, "runpy", "hornbeam.compat.notebooks", "hornbeam.compat.magics", "ast")


def run_script(path, arguments=(), allow_shell=False):
    """Runs a script, a notebook, or a folder or zip file that holds a `__main__.py`.

    A notebook runs in its own folder, as in Jupyter. See `hornbeam.compat.notebooks`.

    Args:
        path: of the script; `-` reads the program from standard input.
        arguments: what the program finds in `sys.argv[1:]`.
        allow_shell: whether a notebook's commands for the system's shell are run.

    Returns:
        The exit status: 0, or 1 if the program raised (its traceback has been printed), or 130
        after Ctrl-C. A `SystemExit` of the program passes through.

    Raises:
        OSError: if the script cannot be read.
        NotebookError: if a file named .ipynb is no notebook of Python.
    """
    if path == "-":
        source = sys.stdin.read()
        return _run([path, *arguments], "", lambda main: _execute(source, "<stdin>", main), source)
    full_path = os.path.join(os.getcwd(), path)             # as Python joins it: ".." stays
    if pkgutil.get_importer(path) is not None:              # a folder or a zip file
        return _run([path, *arguments], full_path,
                    lambda main: runpy._run_module_as_main("__main__", alter_argv=False))

    if path.endswith(".ipynb"):
        return _run_notebook(full_path, [path, *arguments], allow_shell)
    with io.open_code(full_path) as file:
        source = file.read()

    def execute(main):
        main.__file__ = full_path
        main.__cached__ = None
        main.__loader__ = SourceFileLoader("__main__", full_path)
        _execute(source, full_path, main)

    return _run([path, *arguments], os.path.dirname(os.path.realpath(path)), execute)


def _run_notebook(full_path, argv, allow_shell):
    from hornbeam.compat.notebooks import cells_of, run_cells

    cells = cells_of(full_path)
    folder, name = os.path.split(os.path.realpath(full_path))
    os.chdir(folder)
    return _run(argv, folder, lambda main: run_cells(cells, name, main, allow_shell))


def run_module(name, arguments=()):
    """Runs a module or package found on `sys.path`, as `python -m` does. See `run_script`."""
    return _run(["-m", *arguments], os.getcwd(), lambda main: runpy._run_module_as_main(name))


def run_code(source, arguments=()):
    """Runs a program given as text, as `python -c` does. See `run_script`."""
    return _run(["-c", *arguments], "", lambda main: _execute(source, "<string>", main), source)


def _run(argv, first_folder, program, source=None):
    """Calls `program(main)` in a fresh `__main__`, and turns its end into an exit status.

    `source` is the program's text where no file holds it.
    """
    activate()
    old_packages.answer()
    main = sys.modules["__main__"] = _main_module()
    sys.argv[:] = argv
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = first_folder                          # was the launcher's own
    try:
        program(main)
    except SystemExit:
        raise
    except BaseException as error:
        error.__traceback__ = _without_launcher(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        _give_hints(error, source)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _give_hints(error, source):
    from hornbeam.compat.hints import hints  # read when something went wrong

    with contextlib.suppress(Exception):  # an error of ours must not stand above the program's
        for line in hints(error, source):
            print(line, file=sys.stderr)


def _main_module():
    main = ModuleType("__main__")
    main.__builtins__ = builtins
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    return main


def _execute(source, filename, main):
    exec(compile(source, filename, "exec", dont_inherit=True), main.__dict__)


def _without_launcher(traceback):
    """The traceback from the program's first frame on."""
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__") not in _LAUNCHERS:
            break
        traceback = traceback.tb_next
    return traceback
