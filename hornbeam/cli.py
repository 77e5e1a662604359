"""The `hornbeam` command."""

import contextlib
import json
import os
import platform
import sys
from importlib.metadata import version

import hornbeam
from hornbeam.compat import run_code, run_module, run_script
from hornbeam.compat.errors import KernelError, NotebookError

__all__ = ["main"]

HELP = """\
usage: hornbeam run SCRIPT [arguments ...]
       hornbeam run [--shell] NOTEBOOK.ipynb [arguments ...]
       hornbeam run --report[=FILE] ...
       hornbeam run -m MODULE [arguments ...]
       hornbeam run -c CODE [arguments ...]
       hornbeam info [--json] FILE
       hornbeam convert [--force] [--unsafe] SOURCE TARGET
       hornbeam monitor [--port N] [--file PATH]
       hornbeam kernel install | remove [--user | --prefix FOLDER] [--name NAME]
       hornbeam --version
       hornbeam --help

Runs a Keras program as it stands: `keras` and its submodules mean hornbeam, in the program and in
the processes it starts. Everything after SCRIPT, MODULE or CODE belongs to the program. SCRIPT may
be `-` (standard input), or a folder or zip file with a __main__.py. The program's exit status
becomes ours.

Of a NOTEBOOK the code cells run in order, in its folder. Commands for the system's shell (`!ls`)
are left out, with a word, unless --shell allows them.

`--report` tells at the end what was translated for the program, and where: modules, arguments of
Keras 1, names of TensorFlow and of older packages, files. --report=FILE writes it as JSON.

`kernel install` adds a kernel to Jupyter in which `keras` and `tensorflow` mean hornbeam: for this
user, or in the environment --prefix names. `kernel remove` takes it away.

`info` tells what is in a model file (HDF5, .keras, JSON, YAML, safetensors) without loading it:
layers, weights, optimizer, and whether it holds Python code. Its exit status is 1 for a file that
is damaged or no model.

`convert` writes a model in the format that TARGET's ending names: .keras (Keras 3), .h5 (every
Keras), .weights.h5 or .safetensors (weights alone), .json or .yaml (structure alone). An existing
TARGET is replaced only with --force. --unsafe lets Python code that a Lambda layer stored in SOURCE
run: only for files that you trust.

`monitor` draws the losses and metrics of runs that use the callback RemoteMonitor(), live, on a
page that only this machine can open: http://localhost:9000 unless --port names another. The runs
are kept in ~/.local/share/hornbeam/monitor.sqlite unless --file names another.
"""


def main(arguments=None):
    """Runs the command line `arguments` (by default that of this process).

    Returns:
        The exit status: that of the program run, or 2 if the command line makes no sense.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    match arguments:
        case ["-h" | "--help", *_] | [
            "run" | "kernel" | "info" | "convert" | "monitor", "-h" | "--help", *_
        ]:
            print(HELP, end="")
            return 0
        case ["-V" | "--version", *_]:
            print(f"hornbeam {hornbeam.__version__} "
                  f"(JAX {version('jax')}, Python {platform.python_version()})")
            return 0
        case ["run", *rest]:
            return _run(rest)
        case ["kernel", *rest]:
            return _kernel(rest)
        case ["info", *rest]:
            return _info(rest)
        case ["convert", *rest]:
            return _convert(rest)
        case ["monitor", *options]:
            return _monitor(options)
        case []:
            return _usage("nothing to do.")
    return _usage(f"unknown command {arguments[0]!r}. Did you mean `hornbeam run {arguments[0]}`?")


def _run(arguments):
    """Runs a program; what stands before its name is for us."""
    shell, report = False, contextlib.nullcontext()
    while arguments and (arguments[0] == "--shell" or arguments[0].startswith("--report")):
        option, equals, path = arguments.pop(0).partition("=")
        if option == "--shell" and not equals:
            shell = True
        elif option == "--report" and (path or not equals):
            from hornbeam.compat.report import reporting

            report = reporting(path or None)
        else:
            return _usage(f"run knows no option {option + equals + path!r}; it knows --shell, "
                          "--report and --report=FILE.")
    with report:
        return _run_program(arguments, shell)


def _run_program(arguments, shell):
    match arguments:
        case ["-m", name, *rest]:
            return run_module(name, rest)
        case ["-c", source, *rest]:
            return run_code(source, rest)
        case [path, *rest] if path == "-" or not path.startswith("-"):
            if shell and not path.endswith(".ipynb"):
                return _usage(f"--shell is for notebooks; got {path!r}.")
            try:
                return run_script(path, rest, allow_shell=shell)
            except OSError as error:
                return _usage(f"cannot open {path!r}: {error.strerror or error}. "
                              "Give the path of a Python script.")
            except NotebookError as error:
                return _usage(str(error))
        case ["-m" | "-c" as option]:
            return _usage(f"run {option} needs an argument: "
                          + ("the module's name." if option == "-m" else "the program's text."))
        case [option, *_]:
            return _usage(f"run knows no option {option!r}; it knows -m, -c, --shell and "
                          "--report. Options of the program go after its name.")
    return _usage("run needs the script to run.")


def _info(arguments):
    """Tells what is in a model file."""
    paths = [argument for argument in arguments if argument != "--json"]
    unknown = [path for path in paths if path.startswith("-")]
    if unknown:
        return _usage(f"info knows no option {unknown[0]!r}; it knows --json.")
    if len(paths) != 1:
        return _usage("info needs one file.")
    import hornbeam.layers  # noqa: F401  whose names are then known
    from hornbeam.saving import info

    try:
        found = info.describe(paths[0])
    except (OSError, ValueError) as error:
        print(f"hornbeam: {info.shown(f'{paths[0]}: {error}')}", file=sys.stderr)
        return 1
    _print(json.dumps(found, indent=2, default=str) if "--json" in arguments
           else info.as_text(found))
    return 0


def _convert(arguments):
    """Writes a model file in another format."""
    known = {"--force", "--unsafe"}
    options = [argument for argument in arguments if argument.startswith("-")]
    paths = [argument for argument in arguments if not argument.startswith("-")]
    unknown = [option for option in options if option not in known]
    if unknown:
        return _usage(f"convert knows no option {unknown[0]!r}; it knows --force and --unsafe.")
    if len(paths) != 2:
        return _usage("convert needs two files: what to read, and what to write.")
    import hornbeam.models  # noqa: F401  with all that a model can hold
    from hornbeam.saving import convert, info

    try:
        convert.convert(*paths, overwrite="--force" in options, safe_mode="--unsafe" not in options)
    except (ImportError, OSError, ValueError) as error:
        print(f"hornbeam: {info.shown(f'{paths[0]}: {error}')}", file=sys.stderr)
        return 1
    return 0


def _kernel(arguments):
    """Adds our kernel to Jupyter, or takes it away."""
    action, *options = arguments or [None]
    if action not in ("install", "remove"):
        return _usage(f"kernel knows install and remove; got {action!r}." if action
                      else "kernel needs install or remove.")
    user = "--user" in options
    try:
        given = _values([option for option in options if option != "--user"], "kernel",
                        ("--prefix", "--name"), beside=", --user")
    except ValueError as error:
        return _usage(str(error))
    if user and "--prefix" in given:
        return _usage("kernel takes --user or --prefix, not both.")
    from hornbeam.compat import kernel

    try:
        folder = getattr(kernel, action)(given.get("--name", "hornbeam"), given.get("--prefix"))
    except (KernelError, OSError) as error:
        print(f"hornbeam: {error}", file=sys.stderr)
        return 1
    print(f"{'Installed' if action == 'install' else 'Removed'} {folder}")
    return 0


def _values(options, command, known, beside=""):
    """A dict of options that have a value each: `--port 9000` or `--port=9000`."""
    given, rest = {}, iter(options)
    for option in rest:
        name, equals, value = option.partition("=")
        value = value if equals else next(rest, None)
        if name not in known:
            raise ValueError(f"{command} knows no option {option!r}; it knows "
                             f"{' and '.join(known)}{beside}.")
        if not value:
            raise ValueError(f"{name} needs a value.")
        given[name] = value
    return given


def _monitor(options):
    """Runs the monitor; its packages are imported here, where they are needed."""
    try:
        given = _values(options, "monitor", ("--port", "--file"))
    except ValueError as error:
        return _usage(str(error))
    port = given.get("--port", "9000")
    if not port.isdecimal() or int(port) > 65535:
        return _usage(f"--port must be a whole number up to 65535; got {port!r}.")
    from hornbeam.monitor import serve

    try:
        serve(int(port), given.get("--file"))
    except (ImportError, OSError) as error:
        print(f"hornbeam: {error}", file=sys.stderr)
        return 1
    return 0


def _print(text):
    """Prints; a reader that has seen enough, such as `head`, is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for Python's last flush


def _usage(problem):
    print(f"hornbeam: {problem}\n`hornbeam --help` shows what can be given.", file=sys.stderr)
    return 2
