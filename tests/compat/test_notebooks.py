"""Notebooks run from the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hornbeam.compat.errors import NotebookError
from hornbeam.compat.magics import translated
from hornbeam.compat.notebooks import cells_of

ROOT = Path(__file__).resolve().parents[2]


def notebook(*cells, **metadata):
    return {"nbformat": 4, "nbformat_minor": 2, "metadata": metadata, "cells": [
        {"cell_type": "markdown", "source": ["print('no code')"]},
        *({"cell_type": "code", "source": cell, "outputs": [], "metadata": {}} for cell in cells),
    ]}


@pytest.fixture
def run(tmp_path):
    """Runs a notebook of these cells from another folder; returns status, output and errors."""
    def run(*cells, options=(), folder="books"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "n.ipynb").write_text(json.dumps(notebook(*cells)))
        hidden = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        result = subprocess.run(
            [sys.executable, "-m", "hornbeam", "run", *options, f"{folder}/n.ipynb"], cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
            timeout=120)
        return result.returncode, result.stdout, result.stderr
    return run


def test_cells_share_names_and_show_their_last_values(run):
    status, output, _ = run("import keras\nx = [1]", "x.append(2)\nx", "x;", "None",
                            ["print('a')\n", "'b'"], "display(3)\n_", "[__name__, Out[2]]")
    assert status == 0
    assert output == "[1, 2]\na\n'b'\n3\n'b'\n['__main__', [1, 2]]\n"


def test_a_traceback_names_the_cell_and_its_line(run):
    status, _, error = run("def f(x):\n    return x / 0\n", "# here\nf(1)\n", "print('never')")
    assert status == 1
    assert error.splitlines()[:5] == [
        "Traceback (most recent call last):",
        '  File "n.ipynb, cell 2", line 2, in <module>',
        "    f(1)",
        '  File "n.ipynb, cell 1", line 2, in f',
        "    return x / 0",
    ]


def test_python_2_in_a_cell_is_explained(run):
    status, _, error = run("x = 1", "if x:\n    print 'a'\n")
    assert status == 1
    assert '  File "n.ipynb, cell 2", line 2\n' in error
    assert "n.ipynb, cell 2:2: print as a statement -> print('a')" in error


def test_commands_of_notebooks(run, tmp_path):
    status, output, error = run(
        "%matplotlib inline\n%load_ext autoreload\n%autoreload 2\nx = 2",
        "%%time\nx += 1\nx",
        "%time x * 2",
        "%%writefile neighbour.py\ny = 4",
        "import neighbour\nneighbour.y",
        "%env ANIMAL=horse\nimport os\nos.environ['ANIMAL']",
        "%%capture seen\nprint('hidden')",
        "seen",
        "%pwd\n%strange thing\n",
        "import matplotlib.pyplot as plt\nplt.plot([x]);",
        "from IPython.display import SVG\nSVG(data='<svg/>')",
    )
    assert status == 0, error
    lines = [line for line in output.splitlines() if not line.startswith("CPU time")]
    assert lines == ["3", "6", "4", "'horse'", "'hidden\\n'", "<IPython.core.display.SVG object>"]
    assert output.count("wall time") == 2
    assert "n.ipynb, cell 9: %strange thing was left out" in error
    assert "saved n-figure-1.png" in error
    assert sorted(os.listdir(tmp_path / "books"))[-3:] == ["n-figure-1.png", "n.ipynb",
                                                           "neighbour.py"]


@pytest.mark.skipif(os.name == "nt", reason="another shell")
def test_the_shell_is_asked_only_if_allowed(run):
    cells = ("!echo made > file.txt\nprint('on')", "%%bash\necho more")
    status, output, error = run(*cells)
    assert (status, output) == (0, "on\n")
    assert "cell 1: !echo made > file.txt was left out" in error
    assert "cell 2: %%bash was left out" in error
    status, _, error = run("names = !ls", folder="second")
    assert status == 1 and "hornbeam run --shell n.ipynb" in error
    status, output, error = run(*cells, "names = !ls *.txt\nnames", options=["--shell"],
                                folder="third")
    assert (status, output) == (0, "on\nmore\n['file.txt']\n"), error


@pytest.mark.parametrize(("text", "python"), [
    ("x = 3\n%time f(x)", "x = 3\nget_ipython().run_line_magic('time', 'f(x)')"),
    ("if x:\n    !ls '.' $x", "if x:\n    get_ipython().system(\"ls '.' $x\")"),
    ("a = !ls\nb = %env A", "a = get_ipython().getoutput('ls')\n"
                            "b = get_ipython().run_line_magic('env', 'A')"),
    ("f?", "get_ipython().help('f')"),
    ("s = '''\n%no\n'''\nx = (1\n% 2)", None),
    ("y = '''\n%no\n!no\n'''\n%yes",
     "y = '''\n%no\n!no\n'''\nget_ipython().run_line_magic('yes', '')"),
    ("x = (", None),
])
def test_commands_become_calls_on_the_same_lines(text, python):
    assert translated(text) == (text if python is None else python)


def test_format_3_and_what_is_no_notebook(tmp_path):
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps({"nbformat": 3, "worksheets": [{"cells": [
        {"cell_type": "code", "language": "python", "input": ["x = 1\n", "x"]},
        {"cell_type": "heading", "source": "title"}]}]}))
    assert cells_of(path) == ["x = 1\nx"]
    path.write_text(json.dumps(notebook("1", kernelspec={"language": "R", "name": "ir"})))
    with pytest.raises(NotebookError, match="is a notebook in R. Expected Python"):
        cells_of(path)
    for wrong in ("not json", "[]", '{"cells": [{"cell_type": "code"}]}'):
        path.write_text(wrong)
        with pytest.raises(NotebookError, match="is no notebook"):
            cells_of(path)


def test_what_cannot_be_run_is_told_on_the_command_line(tmp_path):
    (tmp_path / "n.ipynb").write_text("{}")
    result = subprocess.run([sys.executable, "-m", "hornbeam", "run", "n.ipynb"], cwd=tmp_path,
                            env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
                            text=True, timeout=120)
    assert result.returncode == 2
    assert "n.ipynb is no notebook" in result.stderr and "Traceback" not in result.stderr
