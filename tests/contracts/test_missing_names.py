"""`docs/differences.md` lists the names of tf.keras that are missing: neither more nor fewer.

`python -m tests.contracts.test_missing_names` writes the list anew.
"""

import importlib
import json
import re
import sys
from pathlib import Path

import hornbeam.models  # noqa: F401  all modules find each other

PAGE = Path(__file__).parents[2] / "docs" / "differences.md"
BEGIN, END = "<!-- missing names: begin -->\n", "<!-- missing names: end -->\n"
NAMES = json.loads(Path(__file__).with_name("tf_keras_names.json").read_text("utf-8"))["names"]


def module(name):
    try:
        return importlib.import_module(re.sub(r"^keras", "hornbeam", name))
    except ImportError:
        return None


def missing():
    """Module -> sorted list of missing names; None for a module that is missing as a whole."""
    found = {}
    for name, names in NAMES.items():
        parent = name.rpartition(".")[0]
        if parent in found and found[parent] is None:
            found[name] = None
            continue
        here = module(name)
        lost = [one for one in names.split() if not hasattr(here, one)]
        found[name] = None if here is None else lost
    return {name: lost for name, lost in found.items() if lost or lost is None}


def listed():
    """The list as the page should have it."""
    gone = missing()
    whole = [
        name for name, lost in gone.items() if lost is None and name.rpartition(".")[0] not in gone
        or lost is None and gone[name.rpartition(".")[0]] is not None
    ]
    lines = ["Modules: " + ", ".join(f"`{name}`" for name in whole) + ".\n", "\n"]
    for name, lost in gone.items():
        if lost:
            lines.append(f"- `{name}`: " + ", ".join(f"`{one}`" for one in lost) + "\n")
    return "".join(lines)


def test_the_page_lists_what_is_missing():
    page = PAGE.read_text("utf-8")
    between = page[page.index(BEGIN) + len(BEGIN) : page.index(END)]
    assert between == listed(), "run: python -m tests.contracts.test_missing_names"


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    PAGE.write_text(before + listed() + after, "utf-8")
    sys.stdout.write(f"{PAGE} is up to date\n")
