"""Finds what Python 2 wrote otherwise, in the text of a program that Python 3 may not even parse.

Nothing is changed or guessed: each finding is a line, what stands there and how to write it now.
"""

import re
from typing import NamedTuple

__all__ = ["ATTRIBUTES", "MODULES", "NAMES", "Finding", "logical_lines", "scan", "scan_tabs",
           "tokens"]

# Built-in name of Python 2 -> how to write it now.
NAMES = {
    "apply": "f(*arguments)",
    "basestring": "str",
    "cmp": "(a > b) - (a < b)",
    "execfile": "exec(open(path).read())",
    "file": "open",
    "long": "int",
    "raw_input": "input",
    "reduce": "functools.reduce (import functools)",
    "reload": "importlib.reload (import importlib)",
    "unichr": "chr",
    "unicode": "str",
    "xrange": "range",
}

# Module of Python 2 -> how to import it now.
MODULES = {
    "BaseHTTPServer": "import http.server",
    "ConfigParser": "import configparser",
    "HTMLParser": "from html.parser import HTMLParser",
    "Image": "from PIL import Image",
    "Queue": "import queue",
    "SocketServer": "import socketserver",
    "StringIO": "from io import StringIO (or BytesIO, for bytes)",
    "Tkinter": "import tkinter",
    "UserDict": "from collections import UserDict",
    "__builtin__": "import builtins",
    "cPickle": "import pickle",
    "cStringIO": "from io import StringIO (or BytesIO, for bytes)",
    "commands": "import subprocess (subprocess.getoutput)",
    "cookielib": "import http.cookiejar",
    "copy_reg": "import copyreg",
    "httplib": "import http.client",
    "md5": "import hashlib (hashlib.md5)",
    "sets": "the built-in set",
    "sha": "import hashlib (hashlib.sha1)",
    "thread": "import threading",
    "tkFileDialog": "from tkinter import filedialog",
    "tkMessageBox": "from tkinter import messagebox",
    "urllib2": "import urllib.request (urllib.request.urlopen)",
    "urlparse": "from urllib.parse import urlparse",
    "xmlrpclib": "import xmlrpc.client",
}

# Attribute of a module of Python 2 -> how to write it now.
ATTRIBUTES = {
    "itertools.ifilter": "filter (built in)",
    "itertools.imap": "map (built in)",
    "itertools.izip": "zip (built in)",
    "itertools.izip_longest": "itertools.zip_longest",
    "os.getcwdu": "os.getcwd",
    "string.join": "separator.join(words)",
    "string.letters": "string.ascii_letters",
    "string.lowercase": "string.ascii_lowercase",
    "string.maketrans": "str.maketrans",
    "string.uppercase": "string.ascii_uppercase",
    "sys.maxint": "sys.maxsize",
    "urllib.quote": "urllib.parse.quote (import urllib.parse)",
    "urllib.unquote": "urllib.parse.unquote (import urllib.parse)",
    "urllib.urlencode": "urllib.parse.urlencode (import urllib.parse)",
    "urllib.urlopen": "urllib.request.urlopen (import urllib.request)",
    "urllib.urlretrieve": "urllib.request.urlretrieve (import urllib.request)",
}

# Method of Python 2 -> how to write it now.
METHODS = {
    "has_key": "key in dictionary",
    "iteritems": ".items()",
    "iterkeys": ".keys()",
    "itervalues": ".values()",
    "viewitems": ".items()",
    "viewkeys": ".keys()",
    "viewvalues": ".values()",
}

_COMPOUND = frozenset(
    ("class", "def", "elif", "else", "except", "finally", "for", "if", "try", "while", "with")
)
_NOT_PRINTED = frozenset(("and", "as", "else", "for", "if", "in", "is", "or"))


class Finding(NamedTuple):
    """One idiom: its line, from 1, what stands there, and what to write instead."""

    line: int
    what: str
    fix: str


class Token(NamedTuple):
    """A word of the program: its kind, its text, its line from 1, its depth in brackets."""

    kind: str
    text: str
    line: int
    start: int
    end: int
    depth: int


_TOKENS = re.compile(
    r'''
    (?P<space>[ \t\f]+|\\\r?\n)
  | (?P<comment>\#[^\r\n]*)
  | (?P<newline>\r\n|\r|\n)
  | (?P<string>(?:[bBuUfF]?[rR]?|[rR][bBfF])
      (?:"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'
        |"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'))
  | (?P<name>[^\W\d]\w*)
  | (?P<number>0[xXbBoO]\w+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?[jJlL]?)
  | (?P<operator><>|\*\*=?|//=?|>>=?|<<=?|[-+*/%&|^=!<>@]=|->|:=|.)
    ''',
    re.VERBOSE | re.DOTALL,
)


def tokens(source):
    """The words of a program, of either Python, without spaces and comments; newlines stay."""
    found, line, depth = [], 1, 0
    for match in _TOKENS.finditer(source.replace("\ufeff", " ")):
        kind, text = match.lastgroup, match.group()
        if kind == "operator" and text in "([{":
            depth += 1
        elif kind == "operator" and text in ")]}":
            depth = max(depth - 1, 0)
        if kind not in ("space", "comment"):
            found.append(Token(kind, text, line, match.start(), match.end(), depth))
        line += text.count("\n") or text.count("\r")
    return found


def logical_lines(source):
    """Lists of `Token`, one for each line with those that continue it, without the newlines."""
    lines, current = [], []
    for token in tokens(source):
        if token.kind != "newline":
            current.append(token)
        elif token.depth == 0 and current:
            lines.append(current)
            current = []
    return lines + [current] if current else lines


def scan(source):
    """Finds what Python 2 wrote otherwise.

    Args:
        source: String, the text of a program.

    Returns:
        List of `Finding`, by line.
    """
    lines = logical_lines(source)
    own = _own_names(lines)
    found = set()
    for before, line in zip([[], *lines], lines):
        guarded = [token.text for token in before] == ["try", ":"]
        for statement in _statements(line):
            for rule in _STATEMENT_RULES:
                found.update(rule(source, statement))
            if not guarded:
                found.update(_old_imports(statement))
        for index, token in enumerate(line):
            for rule in _TOKEN_RULES:
                found.update(rule(line, index, token, own))
    return sorted(found)


def _own_names(lines):
    """Names that the program itself gives a meaning: assigned, defined or imported."""
    names = set()
    for line in lines:
        texts = [token.text for token in line]
        if "import" in texts:
            names.update(texts[texts.index("import") :])
        for token, after in zip(line, texts[1:]):
            if after == "=" and token.depth == 0:
                names.add(token.text)
        for word, after in zip(texts, texts[1:]):
            if word in ("def", "class", "as", "for"):
                names.add(after)
    return names


def _statements(line):
    """The statements of a logical line: `if x: print x; print y` holds three."""
    starts = [0]
    block = line[0].text in _COMPOUND
    for index, token in enumerate(line):
        if token.depth == 0 and (token.text == ";" or (token.text == ":" and block)):
            block = block and token.text == ";"
            starts.append(index + 1)
    pieces = (line[start:end] for start, end in zip(starts, [*starts[1:], None]))
    stripped = ([token for token in piece if token.text != ";"] for piece in pieces)
    return [piece for piece in stripped if piece]


def _text(source, statement):
    """The text of some tokens, if it is short enough to repeat."""
    text = source[statement[0].start : statement[-1].end] if statement else ""
    return text if len(text) <= 60 and "\n" not in text else "..."


def _print_statement(source, statement):
    first, rest = statement[0], statement[1:]
    if first.text != "print":
        return
    if not rest:
        yield Finding(first.line, "print as a statement", "print()")
        return
    if rest[0].text == ">>":
        split = next((index for index, token in enumerate(rest)
                      if token.text == "," and not token.depth), len(rest))
        values = rest[split + 1 :]
        value = _text(source, values) + ", " if values else ""
        yield Finding(first.line, "print >> to a file",
                      f"print({value}file={_text(source, rest[1:split])})")
    elif rest[0].kind in ("string", "number") or rest[0].text in "`[{~-+" or (
        rest[0].kind == "name" and rest[0].text not in _NOT_PRINTED
    ):
        ending = ""
        if rest[-1].text == ",":
            rest, ending = rest[:-1], ', end=" "'
        yield Finding(first.line, "print as a statement", f"print({_text(source, rest)}{ending})")
    elif rest[0].text == "(":
        close = next((index for index, token in enumerate(rest)
                      if token.text == ")" and not token.depth), len(rest) - 1)
        if rest[close + 1 : close + 2] and rest[close + 1].text in ("%", ","):
            yield Finding(first.line, f"print (...) {rest[close + 1].text} ... as a statement",
                          f"print({_text(source, rest)})")


def _exec_statement(source, statement):
    first, rest = statement[0], statement[1:]
    if first.text == "exec" and rest and (rest[0].kind in ("string", "name")):
        words = [token.text for token in rest]
        if "in" in words:
            split = words.index("in")
            inside = f"{_text(source, rest[:split])}, {_text(source, rest[split + 1 :])}"
        else:
            inside = _text(source, rest)
        yield Finding(first.line, "exec as a statement", f"exec({inside})")


def _except_comma(source, statement):
    first, rest = statement[0], statement[1:]
    if first.text == "except":
        for index, token in enumerate(rest):
            if token.text == "," and token.depth == 0 and index + 1 < len(rest):
                yield Finding(first.line, "except with a comma",
                              f"except {_text(source, rest[:index])} as {rest[index + 1].text}:")
                return


def _raise_comma(source, statement):
    first, rest = statement[0], statement[1:]
    commas = [index for index, token in enumerate(rest) if token.text == "," and not token.depth]
    if first.text == "raise" and commas:
        start, end = commas[0], commas[1] if len(commas) > 1 else None
        fix = f"raise {_text(source, rest[:start])}({_text(source, rest[start + 1 : end])})"
        if end is not None:
            fix += f".with_traceback({_text(source, rest[end + 1 :])})"
        yield Finding(first.line, "raise with a comma", fix)


def _tuple_parameters(source, statement):
    texts = [token.text for token in statement]
    if texts[0] == "def":
        for index, token in enumerate(statement[3:], 3):
            if token.text == "(" and token.depth == 2 and texts[index - 1] in "(,":
                yield Finding(token.line, "a tuple as a parameter",
                              "one parameter, taken apart in the first line: a, b = pair")
    for index, text in enumerate(texts[:-1]):
        if text == "lambda" and texts[index + 1] == "(":
            yield Finding(statement[index].line, "lambda (a, b): ...",
                          "lambda pair: ... with pair[0] and pair[1]")


def _backticks(source, statement):
    ticks = [token for token in statement if token.text == "`"]
    for start, end in zip(ticks[::2], ticks[1::2]):
        inside = source[start.end : end.start]
        yield Finding(start.line, f"`{inside}`", f"repr({inside})")


def _old_imports(statement):
    texts = [token.text for token in statement]
    line = statement[0].line
    if texts[0] == "from" and len(texts) > 1 and texts[1] in MODULES:
        yield Finding(line, f"from {texts[1]} import", MODULES[texts[1]])
    elif texts[0] == "import":
        for before, name in zip(texts, texts[1:]):
            if before in ("import", ",") and name in MODULES:
                yield Finding(line, f"import {name}", MODULES[name])
    elif texts[0] == "from" and "import" in texts:
        for name in texts[texts.index("import") + 1 :]:
            if f"{texts[1]}.{name}" in ATTRIBUTES:
                yield Finding(line, f"from {texts[1]} import {name}",
                              ATTRIBUTES[f"{texts[1]}.{name}"])


def _not_equal(line, index, token, own):
    if token.text == "<>":
        yield Finding(token.line, "<>", "!=")


def _numbers(line, index, token, own):
    if token.kind == "number":
        if re.fullmatch(r"0[0-7]*[1-7][0-7]*[lL]?", token.text):
            yield Finding(token.line, f"octal {token.text}",
                          f"0o{token.text.lstrip('0').rstrip('lL')}")
        elif token.text[-1] in "lL" and token.text[:2] not in ("0x", "0X"):
            yield Finding(token.line, f"long {token.text}", token.text[:-1])


def _strings(line, index, token, own):
    if token.kind == "string" and token.text[:2].lower() == "ur":
        yield Finding(token.line, "ur'...'", "r'...' (every string is Unicode)")


def _names(line, index, token, own):
    before = line[index - 1].text if index else ""
    after = line[index + 1].text if index + 1 < len(line) else ""
    if token.kind != "name" or before in (".", "import", "from", "def", "class"):
        return
    if token.text in NAMES and token.text not in own and after != "=":
        yield Finding(token.line, token.text, NAMES[token.text])
    if after == "." and index + 2 < len(line):
        dotted = f"{token.text}.{line[index + 2].text}"
        if dotted in ATTRIBUTES:
            yield Finding(token.line, dotted, ATTRIBUTES[dotted])


def _keywords(line, index, token, own):
    after = line[index + 1].text if index + 1 < len(line) else ""
    if token.text in ("async", "await") and after in ("=", ",", ")", ".", "]", ":", ""):
        yield Finding(token.line, f"{token.text} as a name",
                      f"{token.text}_ (it is a word of the language since Python 3.7)")


def _methods(line, index, token, own):
    texts = [word.text for word in line[index : index + 5]]
    if texts[0] != "." or texts[2:3] != ["("]:
        return
    if texts[1] in METHODS:
        yield Finding(token.line, f".{texts[1]}()", METHODS[texts[1]])
    elif texts[1] == "next" and texts[3:4] == [")"]:
        yield Finding(token.line, ".next()", "next(iterator)")
    elif texts[1] in ("keys", "values", "items") and texts[3:] == [")", "["]:
        yield Finding(token.line, f".{texts[1]}()[...]", f"list(x.{texts[1]}())[...]")


def scan_tabs(source):
    """Finds lines that are indented by tabs in a program that indents others by spaces.

    Args:
        source: String, the text of a program.

    Returns:
        List of `Finding`, by line; empty if only one of the two is used.
    """
    texts = re.split("\r\n|\r|\n", source)
    indents = {}
    for line in logical_lines(source):
        text = texts[line[0].line - 1]
        indents[line[0].line] = text[: len(text) - len(text.lstrip())]
    if not any(indent.startswith(" ") for indent in indents.values()):
        return []
    return [
        Finding(line, "a tab in the indentation, beside spaces elsewhere",
                "spaces only (Python 2 took a tab to the next multiple of 8: expand -i -t 8 FILE)")
        for line, indent in indents.items() if "\t" in indent
    ]


_STATEMENT_RULES = (_print_statement, _exec_statement, _except_comma, _raise_comma,
                    _tuple_parameters, _backticks)
_TOKEN_RULES = (_not_equal, _numbers, _strings, _names, _keywords, _methods)
