"""What is said below the traceback of an old program."""

import pytest

from hornbeam.compat.hints import hints


def said(code, name="<string>"):
    """The hints of the error that a program ends with."""
    try:
        exec(compile(code, name, "exec"), {"__name__": "__main__"})
    except Exception as error:
        return hints(error, code)
    raise AssertionError("no error")


@pytest.mark.parametrize(("code", "hint"), [
    ("import numpy as np\nnp.zeros(6 / 2)", "divide with `//`"),
    ("x = [1, 2]\nx[len(x) / 2]", "divide with `//`"),
    ("range(6 / 2)", "divide with `//`"),
    ("import numpy as np\nnp.ones(4)[4 / 2]", "divide with `//`"),
    ("map(int, '12')[0]", "put list(...) around it"),
    ("len(zip([1], [2]))", "put list(...) around it"),
    ("{1: 2}.keys()[0]", "put list(...) around it"),
    ("{1: 2}.keys().sort()", "put list(...) around it"),
    ("range(3) + [1]", "put list(...) around it"),
    ("import numpy as np\nlen(np.array(map(int, '12')))", "np.array(list(map(...)))"),
    ("print ('%d') % 3", "inside its brackets"),
    ("sorted([1, None])", "cmp_to_key"),
    ("'a'.decode('utf-8')", "drop the .decode"),
    ("import io\nio.BytesIO().write('a')", "text mode"),
    ("import io\nio.StringIO().write(b'a')", None),
    ("import pickle\npickle.loads(b\"S'\\\\xe9'\\np0\\n.\")", 'encoding="latin1"'),
    ("import yaml\nyaml.load('a: 1')", "yaml.safe_load"),
    ("import io, numpy as np\nf = io.BytesIO()\nnp.save(f, np.array([{}]))\nf.seek(0)\nnp.load(f)",
     "allow_pickle=True"),
    ("import h5py, os\nh5py.File(os.path.join('no', 'such.h5'))", 'h5py.File(path, "a")'),
    ("get_ipython().magic('matplotlib inline')", "hornbeam run NOTEBOOK.ipynb"),
    ("from hornbeam.models import Graph", "functional API"),
    ("from sklearn.datasets import load_boston", "boston_housing"),
    ("from sklearn.preprocessing import OneHotEncoder\nOneHotEncoder(sparse=False)",
     "sparse_output=False"),
    ("import numpy as np\nnp.ones(1).itemset(0, 2)", "array[index] = value"),
    ("from matplotlib.mlab import PCA", "scipy.stats"),
    ("from sklearn.mixture import GMM", "GaussianMixture"),
    ("import platform\nplatform.dist()", "distro"),
    ("import matplotlib.figure as f\nf.Figure().gca().hist([1], normed=True)", "density=True"),
])
def test_an_error_is_explained_with_its_line(code, hint):
    lines = said(code)
    if hint is None:
        assert lines == []
    else:
        assert len(lines) == 1
        assert lines[0].startswith(f"hornbeam: <string>:{len(code.splitlines())}: ")
        assert hint in lines[0]


@pytest.mark.parametrize(("code", "old", "new"), [
    ("xrange(3)", "xrange", "range"),
    ("unicode('a')", "unicode", "str"),
    ("import cPickle", "cPickle", "import pickle"),
    ("from itertools import izip", "itertools.izip", "zip (built in)"),
    ("import sys\nsys.maxint", "sys.maxint", "sys.maxsize"),
    ("{}.has_key(1)", "has_key", "key in dictionary"),
    ("iter([1]).next()", "next", "next(iterator)"),
])
def test_a_name_of_python_2_is_told(code, old, new):
    line = len(code.splitlines())
    assert said(code) == [f"hornbeam: <string>:{line}: {old} is Python 2's -> {new}"]


def test_a_name_of_python_2_tells_of_the_others_in_the_file():
    lines = said("f = lambda d: d.iteritems()\nxrange(3)\nraw_input()\n")
    assert lines[0].endswith("<string>:2: xrange is Python 2's -> range")
    assert lines[1:4] == [
        "hornbeam: <string> was written for Python 2 in 2 places:",
        "  <string>:1: .iteritems() -> .items()",
        "  <string>:3: raw_input -> input",
    ]


def test_all_that_cannot_be_parsed_is_told_at_once():
    lines = said("import cPickle\nprint 'a'\ntry: f()\nexcept E, e: pass\n")
    assert [line.strip() for line in lines[1:4]] == [
        "<string>:1: import cPickle -> import pickle",
        "<string>:2: print as a statement -> print('a')",
        "<string>:4: except with a comma -> except E as e:",
    ]
    assert "modernize" in lines[-1]


def test_tabs_are_told_where_python_cannot_read_them():
    lines = said("if 1:\n        a = 1\n\tb = 2\n")
    assert lines[1].startswith("  <string>:3: a tab in the indentation")


@pytest.mark.parametrize("code", [
    "1 / 0", "x = (1,", "undefined", "import no_such_module", "{}['a']", "raise ValueError('x')",
    "object().nothing",
])
def test_other_errors_are_left_to_python(code):
    assert said(code) == []
