"""The `hornbeam` command: it runs a program as Python itself would."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

FACTS = """
import json, sys, pickle
class Point: pass
assert type(pickle.loads(pickle.dumps(Point()))) is Point
print(json.dumps({
    "argv": sys.argv,
    "path0": sys.path[0],
    "globals": sorted(set(globals()) - {"json", "sys", "pickle", "Point"}),
    "name": __name__,
    "file": globals().get("__file__"),
    "package": __package__,
    "spec": getattr(__spec__, "name", None),
    "builtins": type(__builtins__).__name__,
    "main": sys.modules["__main__"].__dict__ is globals(),
}))
"""


def python(*arguments, folder, **options):
    """Runs Python in `folder`, with this source tree importable."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *map(str, arguments)], cwd=folder, env=environment,
                          capture_output=True, text=True, timeout=120, **options)


def hornbeam(*arguments, **options):
    return python("-m", "hornbeam", *arguments, **options)


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path
    return write


@pytest.mark.parametrize("program", [
    ["program.py", "-x", "--help", "two words"],
    ["folder/../program.py"],
    ["link.py", "a"],
    ["-m", "package.tool", "-x", "1"],
    ["-m", "package", "1"],
    ["-c", FACTS, "-m", "b"],
    ["folder", "1"],
    ["archive.zip", "1"],
], ids=lambda program: program[0] if program[0] != "-m" else " ".join(program[:2]))
def test_program_sees_what_python_shows_it(program, write, tmp_path):
    for name in ("program.py", "package/__init__.py", "package/tool.py", "package/__main__.py",
                 "folder/__main__.py"):
        write(name, FACTS if "__init__" not in name else "")
    (tmp_path / "folder" / "link.py").symlink_to(tmp_path / "program.py")
    (tmp_path / "link.py").symlink_to(tmp_path / "folder" / "link.py")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("__main__.py", FACTS)

    expected = python(*program, folder=tmp_path)
    result = hornbeam("run", *program, folder=tmp_path)

    assert expected.returncode == 0, expected.stderr
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == json.loads(expected.stdout)


def test_program_may_come_from_standard_input(tmp_path):
    result = hornbeam("run", "-", "a", folder=tmp_path, input="import sys; print(sys.argv)")
    assert (result.returncode, result.stdout) == (0, "['-', 'a']\n")


@pytest.mark.parametrize(("code", "status", "error"), [
    ("pass", 0, ""),
    ("import sys; sys.exit()", 0, ""),
    ("import sys; sys.exit(7)", 7, ""),
    ("import sys; sys.exit('no data')", 1, "no data\n"),
    ("raise SystemExit(3)", 3, ""),
    ("import os; os._exit(9)", 9, ""),
])
def test_exit_status_is_the_programs(code, status, error, tmp_path):
    result = hornbeam("run", "-c", code, folder=tmp_path)
    assert (result.returncode, result.stderr) == (status, error)


@pytest.mark.parametrize("as_module", [False, True])
def test_traceback_starts_with_the_programs_first_line(as_module, write, tmp_path):
    program = write("program.py", """\
        def half(x):
            return x / 0

        half(1)
    """)
    result = hornbeam("run", *(["-m", "program"] if as_module else ["program.py"]),
                      folder=tmp_path)
    lines = result.stderr.splitlines()
    assert result.returncode == 1
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{program}", line 4, in <module>'
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert "hornbeam" not in result.stderr


def test_syntax_error_is_shown_as_python_shows_it(write, tmp_path):
    write("program.py", "x = (1,\n")
    expected = python("program.py", folder=tmp_path)
    result = hornbeam("run", "program.py", folder=tmp_path)
    assert (result.returncode, result.stderr) == (1, expected.stderr)


def test_programs_own_excepthook_is_called(tmp_path):
    code = "import sys; sys.excepthook = lambda *e: print('caught', e[1]); raise ValueError('x')"
    result = hornbeam("run", "-c", code, folder=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (1, "caught x\n", "")


def test_exit_handlers_and_threads_of_the_program_finish(write, tmp_path):
    write("program.py", """\
        import atexit, threading, time
        def late():
            time.sleep(0.2)
            print("thread", word)
        word = "done"
        atexit.register(lambda: print("exit", word))
        threading.Thread(target=late).start()
    """)
    result = hornbeam("run", "program.py", folder=tmp_path)
    assert (result.returncode, result.stdout) == (0, "thread done\nexit done\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C another way")
def test_interrupt_ends_with_130(write, tmp_path):
    write("program.py", "import time\nprint('ready', flush=True)\ntime.sleep(60)\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-m", "hornbeam", "run", "program.py"],
                               cwd=tmp_path, env=environment, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error.endswith("KeyboardInterrupt\n")


@pytest.mark.parametrize(("arguments", "message"), [
    (["run", "missing.py"], "cannot open 'missing.py': No such file or directory"),
    (["run", "missing.zip"], "cannot open 'missing.zip': No such file or directory"),
    (["run"], "needs the script to run"),
    (["run", "-m"], "needs an argument: the module's name"),
    (["run", "-c"], "needs an argument: the program's text"),
    (["run", "--fast", "x.py"], "knows no option '--fast'"),
    (["train.py"], "Did you mean `hornbeam run train.py`"),
    ([], "nothing to do"),
])
def test_a_wrong_command_line_is_explained(arguments, message, tmp_path):
    result = hornbeam(*arguments, folder=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_missing_module_is_named(tmp_path):
    result = hornbeam("run", "-m", "no_such_tool", folder=tmp_path)
    assert result.returncode == 1
    assert "No module named no_such_tool" in result.stderr


def test_program_may_raise_what_the_launcher_catches(tmp_path):
    result = hornbeam("run", "-c", "open('absent.csv')", folder=tmp_path)
    assert result.returncode == 1
    assert "FileNotFoundError" in result.stderr


def test_help_and_version(tmp_path):
    assert hornbeam("--help", folder=tmp_path).stdout.startswith("usage: hornbeam run")
    assert hornbeam("--version", folder=tmp_path).stdout.startswith("hornbeam 0.")


@pytest.mark.parametrize(("name", "content"), [
    ("cookie", b"# -*- coding: latin-1 -*-\nprint(ascii('caf\xe9'))\n"),
    ("mark", b"\xef\xbb\xbfprint(ascii('caf\xc3\xa9'))\n"),
    ("windows", b"if True:\r\n    print(ascii('caf\xc3\xa9'))\r\n"),
])
def test_encodings_and_line_ends_are_read_as_python_reads_them(name, content, tmp_path):
    (tmp_path / "program.py").write_bytes(content)
    result = hornbeam("run", "program.py", folder=tmp_path)
    assert (result.returncode, result.stdout) == (0, "'caf\\xe9'\n"), result.stderr


def test_a_program_in_another_encoding_is_told_what_to_write(tmp_path):
    (tmp_path / "program.py").write_bytes(b"print('caf\xe9')\n")
    result = hornbeam("run", "program.py", folder=tmp_path)
    assert result.returncode == 1
    assert "SyntaxError" in result.stderr
    assert "hornbeam: program.py: Python 3 takes a program for UTF-8" in result.stderr


def test_programs_read_standard_input_and_their_neighbours(write, tmp_path):
    write("package/__init__.py", "")
    write("package/words.py", "word = 'hello'\n")
    write("package/tool.py", "from . import words\nfrom .words import word\n"
                             "if __name__ == '__main__':\n    print(word, input('? '))\n")
    result = hornbeam("run", "-m", "package.tool", folder=tmp_path, input="you\n")
    assert (result.returncode, result.stdout) == (0, "? hello you\n")


def test_options_of_python_hold_for_the_program(write, tmp_path):
    write("program.py", "import warnings\nassert 0, 'left out'\nwarnings.warn('w', UserWarning)\n")
    result = python("-O", "-W", "error", "-m", "hornbeam", "run", "program.py", folder=tmp_path)
    assert result.returncode == 1
    assert result.stderr.endswith("UserWarning: w\n")


def test_pdb_and_profilers_run_the_program(write, tmp_path):
    program = write("program.py", "import keras\ndef f(x):\n    return x + 1\n\nprint(f(1))\n")
    result = hornbeam("run", "-m", "pdb", "program.py", folder=tmp_path,
                      input="b 3\nc\np x * 10\nq\n")
    assert f"> {program}(3)f()" in result.stdout and "(Pdb) 10\n" in result.stdout
    result = hornbeam("run", "-m", "cProfile", "program.py", folder=tmp_path)
    assert result.returncode == 0 and "program.py:2(f)" in result.stdout


def test_a_program_may_ask_for_the_names_itself(write, tmp_path):
    write("program.py", "import hornbeam.as_keras\nimport keras\n"
                        "print(keras.layers.Dense.__module__)\n")
    expected = "hornbeam.layers.core\n"
    assert python("program.py", folder=tmp_path).stdout == expected
    assert hornbeam("run", "program.py", folder=tmp_path).stdout == expected


def test_all_of_python_2_is_told_below_its_own_error(write, tmp_path):
    write("program.py", "import cPickle\nfor i in xrange(3):\n    print i\n")
    expected = python("program.py", folder=tmp_path)
    result = hornbeam("run", "program.py", folder=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith(expected.stderr)
    assert result.stderr[len(expected.stderr):].splitlines()[:4] == [
        "hornbeam: program.py was written for Python 2 in 3 places:",
        "  program.py:1: import cPickle -> import pickle",
        "  program.py:2: xrange -> range",
        "  program.py:3: print as a statement -> print(i)",
    ]


def test_a_neighbour_of_python_2_is_told_with_its_own_name(write, tmp_path):
    write("program.py", "import neighbour\n")
    write("neighbour.py", "print 'a'\n")
    result = hornbeam("run", "program.py", folder=tmp_path)
    assert "  neighbour.py:1: print as a statement -> print('a')" in result.stderr


def test_hint_names_the_line_of_the_program_not_of_the_library(write, tmp_path):
    write("program.py", "import numpy as np\n\nnp.zeros((8 / 2, 3))\n")
    result = hornbeam("run", "program.py", folder=tmp_path)
    lines = result.stderr.splitlines()
    assert lines[-2] == "TypeError: 'float' object cannot be interpreted as an integer"
    assert lines[-1].startswith("hornbeam: program.py:3: In Python 3 `/` gives a float")
