"""What `hornbeam run --report` tells: what was translated for the program, and where.

Those who translate while the program runs tell `hornbeam.translations`. The names of modules and
of TensorFlow are read from the program's own text when it has ended, which costs it nothing.
"""

import ast
import contextlib
import json
import os
import sys
from collections import Counter

from hornbeam.compat.magics import translated
from hornbeam.compat.places import is_program, short
from hornbeam.translations import listening

__all__ = ["Report", "reporting"]

_ROOTS = ("keras", "keras_applications", "keras_preprocessing", "tensorflow", "tf_keras")
_TITLES = {
    "module": "modules",
    "name": "names of layers and other classes",
    "argument": "arguments of Keras 1",
    "tensorflow": "names of TensorFlow",
    "old package": "names that other packages had",
    "file": "files",
}
_SHOWN = 4  # places in the text form; JSON has all


@contextlib.contextmanager
def reporting(path=None):
    """Reports what is translated inside the block, also if it raises.

    Args:
        path: Of a JSON file to write; None writes text to standard error.
    """
    target = path and os.path.abspath(path)  # the program may go elsewhere
    report = Report()
    try:
        with listening(report.hear):
            yield report
    finally:
        report.read_program()
        if target is None:
            print(report.as_text(), file=sys.stderr)
        else:
            try:
                with open(target, "w", encoding="utf-8") as file:
                    json.dump(report.as_json(), file, indent=2)
                    file.write("\n")
            except OSError as error:
                print(f"hornbeam: the report was not written: {error}", file=sys.stderr)


class Report:
    """Counts of (kind, old, new), each with the places `file:line` where it stands."""

    def __init__(self):
        self.found = {}  # (kind, old, new) -> Counter of places

    def hear(self, kind, old, new):
        """Notes a translation that happens now, if it was the program that asked for it."""
        # What stands in a model's file is the file's affair, not the program's.
        past = ("hornbeam.saving",) if kind == "argument" else ()
        place = _asking_place(sys._getframe(1), past)
        if place is not None:
            self._note(kind, old, new, place)

    def _note(self, kind, old, new, place):
        self.found.setdefault((kind, old, new), Counter())[place] += 1

    # ---- from the text

    def read_program(self):
        """Notes the names of modules, classes and TensorFlow in the program's own files."""
        for name, text in _own_sources():
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError):
                continue  # Python has said so
            self._read(name, tree)

    def _read(self, name, tree):
        local = {}  # name in the file -> what it was imported as
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if _is_ours(alias.name):
                        self._note_module(alias.name, f"{name}:{node.lineno}")
                        root = alias.name.partition(".")[0]
                        local[alias.asname or root] = alias.name if alias.asname else root
            elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
                place = f"{name}:{node.lineno}"
                self._note_module(node.module, place)
                for alias in node.names:
                    dotted = f"{node.module}.{alias.name}"
                    local[alias.asname or alias.name] = dotted
                    self._note_name(dotted, place)
        inner = set()  # chains within longer ones
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node not in inner:
                chain = _dotted(node, inner)
                root, _, rest = (chain or "").partition(".")
                if root in local:
                    self._note_name(f"{local[root]}.{rest}", f"{name}:{node.lineno}")

    def _note_module(self, module, place):
        found = sys.modules.get(module)
        if found is not None and found.__name__ != module:
            self._note("module", module, found.__name__, place)

    def _note_name(self, dotted, place):
        found, known = _resolved(dotted)
        if found is None:
            return
        if hasattr(found, "__path__") or type(found).__name__ == "module":
            if known == dotted:
                self._note_module(dotted, place)
            return
        new = getattr(found, "__qualname__", "")
        home = getattr(found, "__module__", None) or ""
        if known.startswith("tensorflow") and ".keras." not in known:
            self._note("tensorflow", known, f"{home}.{new}" if hasattr(found, "__qualname__")
                       else f"hornbeam.compat.{known}", place)
        elif isinstance(found, type) and new != known.rpartition(".")[2]:
            self._note("name", known, new, place)

    # ---- what is told

    def as_json(self):
        """A dict with the program's path and a list of what was translated."""
        main = sys.modules.get("__main__")
        return {
            "program": getattr(main, "__file__", None) or sys.argv[0],
            "translations": [
                {"kind": kind, "old": old, "new": new, "count": sum(places.values()),
                 "places": sorted(places, key=_by_line)}
                for (kind, old, new), places in sorted(self.found.items())
            ],
        }

    def as_text(self):
        """Lines for a person, by kind."""
        content = self.as_json()
        if not content["translations"]:
            return f"hornbeam: nothing was translated for {content['program']}."
        lines = [f"hornbeam: translated for {content['program']}:"]
        for kind, title in _TITLES.items():
            rows = [row for row in content["translations"] if row["kind"] == kind]
            lines += [f"  {title}"] if rows else []
            for row in rows:
                places = row["places"]
                more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
                times = f"{row['count']} x, " if row["count"] > 1 else ""
                lines.append(f"    {row['old']} -> {row['new']}  "
                             f"({times}{', '.join(places[:_SHOWN])}{more})")
        return "\n".join(lines)


def _by_line(place):
    name, _, line = place.rpartition(":")
    return name, int(line)


def _asking_place(frame, past=()):
    """`file:line` of the program, if it is the first below us.

    None if another package asked, or one of our own that `past` names.
    """
    while frame is not None:
        name = frame.f_code.co_filename
        if is_program(name):
            return f"{short(name)}:{frame.f_lineno}"
        module = frame.f_globals.get("__name__") or ""
        if past and module.startswith(past):
            return None
        if frame.f_code.co_name == "_handle_fromlist":  # it looks, then `import` takes
            return None
        ours = module.partition(".")[0] in ("hornbeam", "importlib", "keras")
        if not ours and not name.startswith("<frozen"):
            return None
        frame = frame.f_back
    return None


def _own_sources():
    """Pairs of name and text of the program's own files, or of its notebook's cells."""
    main = sys.modules.get("__main__")
    cells = getattr(main, "In", None)
    if cells is not None and hasattr(main, "get_ipython"):
        notebook = os.path.basename(sys.argv[0])
        for number, text in enumerate(cells[1:], 1):
            yield f"{notebook}, cell {number}", translated(text)
    modules = (getattr(module, "__dict__", {}) for module in list(sys.modules.values()))
    for path in sorted({names.get("__file__") or "" for names in modules}):
        if path.endswith(".py") and is_program(path):
            with contextlib.suppress(OSError):
                with open(path, "rb") as file:
                    yield short(path), file.read()


def _is_ours(module):
    return module.partition(".")[0] in _ROOTS


def _dotted(node, inner):
    """`a.b.c` of nested attributes, or None; notes those inside."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
        inner.add(node)
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _resolved(dotted):
    """What a dotted name means, and how much of it names a module, a class or a function."""
    parts = dotted.split(".")
    for split in range(len(parts), 0, -1):
        found = sys.modules.get(".".join(parts[:split]))
        if found is None:
            continue
        known = parts[:split]
        for part in parts[split:]:
            if isinstance(found, type):
                break
            try:
                found = getattr(found, part)
            except Exception:  # the program got the same error, if it asked
                break
            known.append(part)
        return found, ".".join(known)
    return None, dotted
