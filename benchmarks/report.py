"""Tables as text and as markdown, and the description of the machine."""

import collections
import os
import platform

Table = collections.namedtuple("Table", "name title heads rows notes")


def as_text(table):
    rows = _squared(table)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [table.title, ""]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths)]
        cells[0] = row[0].ljust(widths[0])
        lines.append("  " + "  ".join(cells).rstrip())
    lines.insert(3, "  " + "  ".join("-" * width for width in widths))
    return "\n".join(lines + [""] + ["  " + note + "\n" for note in table.notes])


def as_markdown(table):
    rows = _squared(table)
    lines = ["### " + table.title, "", _markdown_row(rows[0])]
    lines.append("|---|" + "---:|" * (len(rows[0]) - 1))
    lines += [_markdown_row(row) for row in rows[1:]]
    return "\n".join(lines + [""] + [note + "\n" for note in table.notes])


def _squared(table):
    """Returns heads and rows, all as long as the heads."""
    width = len(table.heads)
    return [list(row) + [""] * (width - len(row)) for row in [table.heads] + table.rows]


def _markdown_row(row):
    return "| " + " | ".join(row) + " |"


def machine():
    """Returns lines that describe the machine, without its name."""
    return [
        "%s, %d cores, %s %s" % (
            processor(), len(os.sched_getaffinity(0)), platform.system(), platform.machine(),
        ),
    ]


def processor():
    """Returns the processor's name as the system gives it."""
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def load():
    """Returns the load averages of 1, 5 and 15 minutes as text."""
    return ", ".join("%.2f" % average for average in os.getloadavg())


def versions(found):
    """Returns a line a peer: what it ran with.

    Args:
        found: label of a peer: {package: version}.
    """
    return [
        label + ": " + ", ".join("%s %s" % item for item in packages.items())
        for label, packages in found.items()
    ]
