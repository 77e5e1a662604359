"""What Python 2 wrote otherwise is found, also where Python 3 cannot parse it."""

import pytest

from hornbeam.compat.python2 import MODULES, Finding, scan, scan_tabs


@pytest.mark.parametrize(("code", "fix"), [
    ('print "loss", x', 'print("loss", x)'),
    ("print x,", 'print(x, end=" ")'),
    ("print", "print()"),
    ("print >>log, x, y", "print(x, y, file=log)"),
    ("print >>sys.stderr", "print(file=sys.stderr)"),
    ('print ("%d") % 3', 'print(("%d") % 3)'),
    ("if x: print x", "print(x)"),
    ("exec code", "exec(code)"),
    ("exec code in names", "exec(code, names)"),
    ("except IOError, e:", "except IOError as e:"),
    ("except (A, B), e:", "except (A, B) as e:"),
    ('raise ValueError, "no %s" % x', 'raise ValueError("no %s" % x)'),
    ("raise E, value, traceback", "raise E(value).with_traceback(traceback)"),
    ("f(async=True)", "async_ (it is a word of the language since Python 3.7)"),
    ("if a <> b: pass", "!="),
    ("x = `y`", "repr(y)"),
    ("os.mkdir(p, 0755)", "0o755"),
    ("n = 10L", "10"),
    ("s = ur'x'", "r'...' (every string is Unicode)"),
    ("f = lambda (a, b): a", "lambda pair: ... with pair[0] and pair[1]"),
    ("def f(a, (b, c)): pass", "one parameter, taken apart in the first line: a, b = pair"),
    ("for i in xrange(3): pass", "range"),
    ("name = raw_input('? ')", "input"),
    ("d.has_key(1)", "key in dictionary"),
    ("d.iteritems()", ".items()"),
    ("d.keys()[0]", "list(x.keys())[...]"),
    ("x = g.next()", "next(iterator)"),
    ("import cPickle as pickle", "import pickle"),
    ("import os, urllib2", MODULES["urllib2"]),
    ("from StringIO import StringIO", MODULES["StringIO"]),
    ("from itertools import izip", "zip (built in)"),
    ("n = sys.maxint", "sys.maxsize"),
    ("string.letters", "string.ascii_letters"),
    ("os.getcwdu()", "os.getcwd"),
])
def test_an_idiom_is_found_at_its_line_with_what_to_write(code, fix):
    found = scan(f"import x\n\n{code}\n")
    assert [(item.line, item.fix) for item in found] == [(3, fix)]


@pytest.mark.parametrize("code", [
    'print("a", b)', "print()", "print (a)", "print(a % b)", "x = 'print y'  # print z",
    '"""\nprint x\n`y` 0777 <>\n"""', "f(file=1, cmp=2)", "self.file.long", "x = 0.5 + 00 + 0o17",
    "from functools import reduce\nreduce(f, x)", "unicode = str\nunicode(x)",
    "try:\n    import cPickle\nexcept ImportError:\n    import pickle", "raise ValueError('a, b')",
    "except (A, B):", "exec(code, names)", "f = lambda a, b: (a, b)", "def f(a, b=(1, (2, 3))): 0",
    "next(x)", "d.keys()", "t = x if print else y", "0xFFL",
    "async def f(): await g()",
])
def test_python_3_is_left_alone(code):
    assert scan(code) == []


def test_statements_over_lines_and_several_on_one():
    source = "print a, \\\n    b\nx = 1; print x; print y\r\nprint ')'\n"
    assert [(item.line, item.fix) for item in scan(source)] == [
        (1, "print(...)"), (3, "print(x)"), (3, "print(y)"), (4, "print(')')"),
    ]


def test_what_cannot_be_parsed_by_anyone_ends_the_search_nowhere():
    found = scan("x = (1,\nprint y\ns = 'open\nprint z\n")
    assert Finding(1, "x", "y") not in found  # and no error


def test_tabs_beside_spaces():
    source = "if a:\n\tb\nif c:\n        d = '''\n\tnot this'''\n\te\n"
    assert [item.line for item in scan_tabs(source)] == [2, 6]
    assert scan_tabs("if a:\n\tb\n") == []
