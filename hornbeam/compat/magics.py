"""A notebook's own commands: `%time`, `%%writefile`, `!ls` and their like.

`Shell` is what `get_ipython()` gives in a notebook that `hornbeam run` runs. A table says what is
done for each command, and what is left out with a word about it.
"""

import ast
import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import time
import timeit

from hornbeam.compat.display import BACKEND, has_display
from hornbeam.compat.python2 import logical_lines

__all__ = ["Shell", "translated"]

# They set up what a notebook shows, and change no result.
_WITHOUT_EFFECT = frozenset(
    ("alias", "autoreload", "autosave", "colors", "config", "debug", "history", "load_ext",
     "lsmagic", "matplotlib", "notebook", "pdb", "precision", "reload_ext", "tensorboard",
     "tensorflow_version", "unload_ext", "watermark", "who", "whos", "xmode")
)
_SHOWN_ELSEWHERE = frozenset(
    ("HTML", "SVG", "html", "javascript", "js", "latex", "markdown", "svg")
)
_SHELL = frozenset(("bash", "cmd", "conda", "ls", "mkdir", "pip", "rm", "script", "sh", "sx",
                    "system", "cat", "cp", "mv"))


class Shell:
    """What a notebook finds as `get_ipython()`.

    Args:
        names: Dict, the namespace of the cells.
        notebook: The notebook's file name, for messages.
        allow_shell: Whether commands for the system's shell are run.
    """

    def __init__(self, names, notebook, allow_shell=False):
        self.user_ns, self.notebook, self.allow_shell = names, notebook, allow_shell
        self.cell = 0

    # ---- cells

    def run(self, text, name):
        """Runs Python with magics; prints the value of the last expression.

        Args:
            text: String, the code.
            name: String, what tracebacks call it.
        """
        tree = ast.parse(translated(text), name)
        last = tree.body[-1] if tree.body else None
        shown = isinstance(last, ast.Expr) and not _ends_with_semicolon(text)
        if shown:
            tree.body.pop()
        exec(compile(tree, name, "exec", dont_inherit=True), self.user_ns)
        if shown:
            value = eval(compile(ast.Expression(last.value), name, "eval", dont_inherit=True),
                         self.user_ns)
            if value is not None:
                self.user_ns["_"] = self.user_ns.setdefault("Out", {})[self.cell] = value
                self.display(value)

    def end_cell(self):
        """Shows the figures of a cell, or saves them where there is no display."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None and pyplot.get_fignums():
            if has_display() or pyplot.get_backend() == BACKEND:
                pyplot.show(block=True)

    def display(self, *values, **options):
        """Prints values as text, as a notebook without pictures would."""
        for value in values:
            print(repr(value))

    # ---- commands

    def run_line_magic(self, name, line, **options):
        """Does `%name line`."""
        done = getattr(self, f"_line_{name}", None)
        if done is not None:
            return done(line)
        if name in _SHELL:
            return self.system(f"{name} {line}")
        if name not in _WITHOUT_EFFECT:
            self._left_out(f"%{name} {line}".strip(), "this command is not known")
        return None

    def magic(self, text):
        """Does `%text`, as old exported notebooks ask for it."""
        name, _, line = text.lstrip("%").partition(" ")
        return self.run_line_magic(name, line.strip())

    def run_cell_magic(self, magic, line, cell, name="<cell>"):
        """Does `%%magic line` with the cell's other lines."""
        done = getattr(self, f"_cell_{magic}", None)
        if done is not None:
            done(line, cell, name)
        elif magic in _SHELL:
            self.system(cell.strip("\n"), f"%%{magic}")
        elif magic in _SHOWN_ELSEWHERE:
            self._left_out(f"%%{magic}", "it is for a browser")
        elif magic in _WITHOUT_EFFECT:
            self.run(cell, name)
        else:
            self._left_out(f"%%{magic} {line}".strip(), "this command is not known")

    def system(self, command, shown="!"):
        """Runs a command of the system's shell, if that is allowed; says so if not."""
        if not self.allow_shell:
            self._left_out(shown if shown != "!" else f"!{command}",
                           "commands of the shell run only with --shell")
            return
        sys.stdout.flush()
        subprocess.run(command, shell=True, check=False)

    def getoutput(self, command):
        """The lines that a command of the system's shell prints.

        Raises:
            PermissionError: if such commands are not allowed: the cell needs what they print.
        """
        if not self.allow_shell:
            raise PermissionError(
                f"!{command.strip()} is a command of the shell, and this cell takes what it "
                "prints. If you trust the notebook, allow it: hornbeam run --shell "
                f"{self.notebook}."
            )
        return subprocess.run(command, shell=True, check=False, stdout=subprocess.PIPE,
                              text=True).stdout.splitlines()

    def help(self, name):
        """Leaves out `name?`, which opens a page of help."""
        self._left_out(f"{name}?", "it opens a page of help")

    def _left_out(self, command, reason):
        command = command.splitlines()[0]
        print(f"hornbeam: {self.notebook}, cell {self.cell}: {command} was left out: {reason}.",
              file=sys.stderr)

    # ---- what is done

    @contextlib.contextmanager
    def _timed(self):
        wall, processor = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            print(f"CPU time: {time.process_time() - processor:.3g} s, "
                  f"wall time: {time.perf_counter() - wall:.3g} s")

    def _line_time(self, line):
        try:
            code, run = compile(line, "<%time>", "eval"), eval
        except SyntaxError:
            code, run = compile(line, "<%time>", "exec"), exec
        with self._timed():
            return run(code, self.user_ns)

    def _cell_time(self, line, cell, name):
        with self._timed():
            self.run(f"{line}{cell}", name)

    def _line_timeit(self, line):
        count, seconds = timeit.Timer(_without_options(line), globals=self.user_ns).autorange()
        print(f"{seconds / count:.3g} s per loop ({count} loops)")

    def _cell_timeit(self, line, cell, name):
        timer = timeit.Timer(cell.strip("\n"), _without_options(line) or "pass",
                             globals=self.user_ns)
        count, seconds = timer.autorange()
        print(f"{seconds / count:.3g} s per loop ({count} loops)")

    def _cell_capture(self, line, cell, name):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            self.run(cell, name)
        target = line.split()[0] if line.split() and not line.startswith("-") else None
        if target:
            self.user_ns[target] = output.getvalue()

    def _cell_writefile(self, line, cell, name):
        *options, path = shlex.split(line)
        with open(os.path.expanduser(path), "a" if "-a" in options else "w",
                  encoding="utf-8") as file:
            file.write(cell[1:].rstrip("\n") + "\n")

    _cell_file = _cell_writefile

    def _line_cd(self, line):
        os.chdir(os.path.expanduser(line.strip("'\" ") or "~"))

    def _line_pwd(self, line):
        return os.getcwd()

    def _line_env(self, line):
        name, equals, value = line.partition("=")
        if not equals:
            name, _, value = line.partition(" ")
        if value:
            os.environ[name.strip()] = value.strip()
            return None
        return os.environ.get(name.strip()) if name else dict(os.environ)

    _line_set_env = _line_env

    def _line_pylab(self, line):
        exec("import numpy, matplotlib\nfrom matplotlib import pylab, mlab, pyplot\n"
             "np = numpy\nplt = pyplot\nfrom pylab import *\n", self.user_ns)

    def _line_run(self, line):
        import runpy

        path, *arguments = shlex.split(line)
        if path.startswith("-"):
            raise ValueError(f"%run got the option {path!r}. Expected a script and its arguments.")
        saved, sys.argv[:] = list(sys.argv), [path, *arguments]
        try:
            found = runpy.run_path(path, run_name="__main__")
        finally:
            sys.argv[:] = saved
        self.user_ns.update({name: value for name, value in found.items()
                             if not name.startswith("__")})

    def _line_reset(self, line):
        for name in [name for name in self.user_ns if not name.startswith("_")]:
            if name not in ("In", "Out", "get_ipython", "display"):
                del self.user_ns[name]


def _without_options(line):
    """The statement of `%timeit -n 10 -r 3 statement`."""
    words = line.split(" ")
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in ("-n", "-r", "-p") and words:
            words.pop(0)
    return " ".join(words)


def _ends_with_semicolon(text):
    lines = logical_lines(text)
    return bool(lines) and lines[-1][-1].text == ";"


def translated(text):
    """A cell's text as plain Python of as many lines: `%x y` becomes a call of `get_ipython()`."""
    try:
        ast.parse(text)
        return text
    except SyntaxError:
        lines = text.split("\n")
    for tokens in logical_lines(text):
        index = tokens[0].line - 1
        line = lines[index]
        if tokens[-1].line != tokens[0].line and tokens[0].text not in "%!":
            continue
        lines[index] = _translated_line(line)
    return "\n".join(lines)


def _translated_line(line):
    code = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    target, equals, value = (part.strip() for part in code.partition("="))
    if code.startswith("!"):
        return f"{indent}get_ipython().system({code[1:].lstrip('!')!r})"
    if code.startswith("%"):
        return f"{indent}{_magic_call(code)}"
    if equals and value[:1] in ("!", "%") and re.fullmatch(r"[\w, ]+", target):
        if value.startswith("!"):
            return f"{indent}{target} = get_ipython().getoutput({value[1:]!r})"
        return f"{indent}{target} = {_magic_call(value)}"
    if code.endswith("?") or code.startswith("?"):
        return f"{indent}get_ipython().help({code.strip('?')!r})"
    return line


def _magic_call(code):
    name, _, rest = code.lstrip("%").partition(" ")
    return f"get_ipython().run_line_magic({name!r}, {rest.strip()!r})"
