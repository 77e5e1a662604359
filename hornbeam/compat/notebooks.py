"""Runs the code cells of a Jupyter notebook in order, in one namespace, without Jupyter.

What is harmless among the notebook's own commands is done (`%time`, `%matplotlib`, `%cd`,
`%%writefile`); commands for the shell (`!pip install keras`) are told and left out, unless they are
allowed. The value of a cell's last expression is printed, and figures are saved when a cell ends.
"""

import importlib.util
import json
import linecache
import sys
import traceback
from types import ModuleType

from hornbeam.compat.errors import NotebookError
from hornbeam.compat.magics import Shell

__all__ = ["cells_of", "run_cells"]


def cells_of(path):
    """The text of a notebook's code cells, of format 3 or 4.

    Raises:
        OSError: if the file cannot be read.
        NotebookError: if it is no notebook, or one of another language.
    """
    with open(path, encoding="utf-8-sig") as file:
        try:
            notebook = json.load(file)
            if "worksheets" in notebook:  # format 3
                cells = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
            else:
                cells = notebook["cells"]
            metadata = notebook.get("metadata", {})
            codes = [cell for cell in cells if cell["cell_type"] == "code"]
            texts = [cell["source"] if "source" in cell else cell["input"] for cell in codes]
            texts = [text if isinstance(text, str) else "".join(text) for text in texts]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotebookError(
                f"{path} is no notebook: {error!r}. Expected JSON in Jupyter's format 3 or 4."
            ) from None
    named = metadata.get("language_info", {}).get("name") or \
        metadata.get("kernelspec", {}).get("language") or "python"
    if "python" not in named.lower():
        raise NotebookError(f"{path} is a notebook in {named}. Expected Python.")
    return texts


def run_cells(cells, notebook, main, allow_shell=False):
    """Runs the code cells of a notebook in the namespace of the module `main`.

    Args:
        cells: List of strings, see `cells_of`.
        notebook: The notebook's file name.
        main: Module whose namespace the cells share; it gets `display` and `get_ipython`.
        allow_shell: Whether lines such as `!ls` are run.

    Raises:
        What a cell raises; its traceback names the notebook, the cell (from 1, as Jupyter numbers
        them when all are run) and the line in it.
    """
    shell = Shell(main.__dict__, notebook, allow_shell)
    main.__dict__.update(get_ipython=lambda: shell, In=[""], Out={}, _="")
    main.display = shell.display
    if importlib.util.find_spec("IPython") is None:
        _stand_in_for_ipython()
    sys.excepthook = traceback.print_exception  # it knows the lines of cells; Python's own does not
    for number, text in enumerate(cells, 1):
        name = f"{notebook}, cell {number}"
        shell.cell = number
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        main.In.append(text)
        if text.lstrip().startswith("%%"):
            shell.run_cell_magic(*_cell_magic(text), name=name)
        else:
            shell.run(text, name)
        shell.end_cell()


def _cell_magic(text):
    """The name, the line and the body of a cell that starts with `%%name line`."""
    head, _, body = text.lstrip().partition("\n")
    name, _, line = head[2:].strip().partition(" ")
    return name, line.strip(), "\n" + body  # the lines keep their numbers


def _stand_in_for_ipython():
    """Lets cells import `IPython.display`, which prints text here, where IPython is missing."""
    from hornbeam.compat.old import ipython_display

    package = sys.modules["IPython"] = ModuleType("IPython")
    package.__path__ = []
    package.version_info = (9, 0, 0)  # matplotlib looks at it
    package.get_ipython, package.display = lambda: None, ipython_display  # as out of IPython
    sys.modules["IPython.display"] = sys.modules["IPython.core.display"] = ipython_display
