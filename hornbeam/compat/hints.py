"""What an error of an old program means under a current Python, and the line to change.

Python prints its traceback as ever; `hints` has the sentences that go below it. A table holds what
is known: the kind of error, a pattern of its message, and what to write instead.
"""

import builtins
import linecache
import re
import traceback

from hornbeam.compat import python2
from hornbeam.compat.places import is_program, short

__all__ = ["hints"]

_NO_LIST = ("In Python 3 map, zip, filter, range, .keys(), .values() and .items() give no list: "
            "put list(...) around it")
_MOST = 40  # findings that are listed
_TOOL = ("`pip install modernize six`, then `modernize -w FILE`, rewrites most of these; it runs "
         "on any current Python.")

# Old name of a module or of one of its names -> what to write, where nothing can stand in for it.
_MISSING_MODULES = {
    "cv2": "pip install opencv-python",
    "matplotlib.finance": "pip install mplfinance; its functions have other names",
    "pandas.io.data": "pip install pandas-datareader; from pandas_datareader import data",
    "skimage": "pip install scikit-image",
    "sklearn": "pip install scikit-learn",
    "sklearn.externals.six": "pip install six; import six",
    "sklearn.mixture.gmm": "from sklearn.mixture import GaussianMixture",
}

# Type of the error, pattern of its message, pattern of the program's line, what to do.
_RULES = [
    # ---- Python 3 itself
    (TypeError, r"'float' object cannot be interpreted as an integer|"
     r"(slice|list|tuple|string) indices must be integers.*|"
     r"can't multiply sequence by non-int of type 'float'|"
     r"expected a sequence of integers or a single integer, got '\d+\.\d*'",
     r"", "In Python 3 `/` gives a float, also of two whole numbers: where a count, a size or an "
     "index is meant, divide with `//`."),
    (IndexError, r"only integers, slices", r"", "In Python 3 `/` gives a float, also of two whole "
     "numbers: divide with `//` where an index is meant."),
    (TypeError, r"'(map|zip|filter|dict_keys|dict_values|dict_items)' object is not subscriptable"
     r"|object of type '(map|zip|filter)' has no len\(\)",
     r"", f"{_NO_LIST}."),
    (AttributeError, r"'(map|zip|filter|dict_keys|dict_values|dict_items)' object has no attribute",
     r"", f"{_NO_LIST}, or use sorted(...) for .sort()."),
    (TypeError, r"len\(\) of unsized object|iteration over a 0-d array", r"",
     "np.array(map(...)) and np.array(zip(...)) hold one object in Python 3: write "
     "np.array(list(map(...)))."),
    (TypeError, r"'range' object does not support item|"
     r"unsupported operand type\(s\) for \+: '(range|dict_keys|dict_values|dict_items)'|"
     r"can only concatenate list \(not \"(map|zip|filter|range|dict_keys|dict_values)\"|"
     r"'(range|dict_keys)' object (cannot be|is not)|"
     r"'(dict_keys|map|zip|filter|dict_items|dict_values)' object is not reversible",
     r"", f"{_NO_LIST}."),
    (AttributeError, r"'range' object has no attribute", r"random|sort|append|remove|pop",
     f"{_NO_LIST}."),
    (TypeError, r"unsupported operand type\(s\) for %: 'NoneType' and", r"\bprint\b",
     'print is a function in Python 3: the % belongs inside its brackets, print("..." % x).'),
    (TypeError, r"a bytes-like object is required, not 'str'", r"",
     "Python 3 tells text from bytes: open the file in text mode (\"w\", without b), or write "
     "text.encode(). csv files are opened with open(path, \"w\", newline=\"\")."),
    (TypeError, r"write\(\) argument must be str, not bytes", r"",
     "Python 3 tells text from bytes: open the file in binary mode, open(path, \"wb\"); pickle "
     "needs that too."),
    (TypeError, r"(startswith|endswith) first arg must be bytes|"
     r"cannot use a (string|bytes) pattern on a (bytes|string)-like object|"
     r"can only concatenate str \(not \"bytes\"\)|can't concat str to bytes", r"",
     "Python 3 tells text from bytes: make text of bytes with .decode(\"utf-8\")."),
    (AttributeError, r"'str' object has no attribute 'decode'", r"",
     "This is text already (h5py 3 and Python 3 give str): drop the .decode(...)."),
    (TypeError, r"'[<>]=?' not supported between instances of ('NoneType'|'str' and '(int|float)'|"
     r"'dict'|'(int|float)' and ('str'|'NoneType'))|'cmp' is an invalid keyword|"
     r"sort\(\) takes no positional arguments", r"",
     "Python 3 orders only what has an order (not None, nor text with numbers), and sorts with "
     "key=, not cmp=: functools.cmp_to_key(f) makes a key of an old comparison."),
    (UnicodeDecodeError, r"'ascii' codec can't decode byte", r"load\w*\(",
     "A pickle of Python 2 is read with pickle.load(file, encoding=\"latin1\")."),
    (UnicodeDecodeError, r"'utf-8' codec can't decode byte", r"open\(|read|for .* in ",
     "Python 3 decodes text files. Name the encoding, open(path, encoding=\"latin1\"), or open "
     "binary files (pictures, pickles) with \"rb\"."),
    (NameError, r"name 'get_ipython' is not defined", r"",
     "This line was a notebook's magic; delete it, or run the notebook itself: hornbeam run "
     "NOTEBOOK.ipynb."),
    (RuntimeError, r"dictionary changed size during iteration", r"",
     "In Python 3 .keys() and .items() are no copies: loop over list(d.items())."),
    (AttributeError, r"module 'platform' has no attribute '(linux_distribution|dist)'", r"",
     "pip install distro; distro.linux_distribution is distro.name() and distro.version()."),
    # ---- NumPy, SciPy
    (ValueError, r"Object arrays cannot be loaded when allow_pickle=False", r"",
     "The file holds pickled objects, which can run code when they are read. If you trust it: "
     "np.load(path, allow_pickle=True)."),
    (ValueError, r"setting an array element with a sequence.*inhomogeneous", r"",
     "NumPy makes no array of rows of different lengths by itself any more: "
     "np.array(rows, dtype=object), or pad the rows to one length."),
    # ---- Keras before 1.0
    (ImportError, r"cannot import name 'Graph' from '(hornbeam|keras)", r"",
     "The Graph model left Keras with version 1.0. Write it with the functional API: "
     "add_input is x = Input(shape), add_node(layer, input=...) is y = layer(x), several inputs "
     "of a node go through concatenate([...]) first, and add_output is Model([x], [y])."),
    (AttributeError, r"'numpy.ndarray' object has no attribute 'tostring'", r"",
     "Write .tobytes()."),
    (AttributeError, r"'numpy.ndarray' object has no attribute 'itemset'", r"",
     "Write array[index] = value."),
    # ---- files
    (TypeError, r"load\(\) missing 1 required positional argument: 'Loader'", r"",
     "yaml.load needs a loader since PyYAML 6: yaml.safe_load(file)."),
    ((OSError, FileNotFoundError, ValueError, KeyError, TypeError),
     r"[Uu]nable to (synchronously )?(open|create)|No write intent|Couldn't delete link",
     r"""^(?!.*["'](r\+?|w-?|a|x)["']).*(File\(|create_dataset|create_group|\]\s*=)""",
     "h5py.File(path) opens a file for reading only since h5py 3: give the mode, "
     "h5py.File(path, \"a\") to write into it, \"w\" to start it anew."),
    # ---- pandas
    (AttributeError, r"object has no attribute 'ix'", r"",
     ".ix left pandas: .loc[...] takes labels, .iloc[...] takes positions."),
    (AttributeError, r"'DataFrame' object has no attribute '(sort|order)'", r"",
     "Write .sort_values(by=...) or .sort_index()."),
    (AttributeError, r"'Series' object has no attribute 'reshape'", r"",
     "Write .values.reshape(...)."),
    (TypeError, r"unexpected keyword argument 'squeeze'", r"read_csv|read_table|read_excel",
     "squeeze=True left pandas: read_csv(...).squeeze(\"columns\")."),
    (TypeError, r"unexpected keyword argument 'date_parser'", r"",
     "date_parser left pandas: give date_format=\"...\", or convert the column with "
     "pd.to_datetime afterwards."),
    (TypeError, r"unexpected keyword argument '(error_bad_lines|warn_bad_lines)'", r"",
     'Write on_bad_lines="skip" (or "warn").'),
    (TypeError, r"unexpected keyword argument 'delim_whitespace'", r"", r'Write sep=r"\s+".'),
    (TypeError, r"\.?drop\(\) takes .* positional arguments", r"",
     "Name the axis: .drop(columns=[...]) or .drop(x, axis=1)."),
    # ---- scikit-learn
    (TypeError, r"unexpected keyword argument 'categorical_features'", r"",
     "Choose the columns with sklearn.compose.ColumnTransformer instead."),
    (TypeError, r"OneHotEncoder.*unexpected keyword argument 'sparse'", r"",
     "Write sparse_output=False."),
    (TypeError, r"unexpected keyword argument '(n_folds|n_iter)'", r"Fold|Split",
     "sklearn.model_selection takes n_splits= and gives the indices with .split(X, y)."),
    (AttributeError, r"has no attribute 'grid_scores_'", r"", "Read .cv_results_ instead."),
    (AttributeError, r"has no attribute 'get_feature_names'", r"",
     "Write .get_feature_names_out()."),
    (ImportError, r"load_boston", r"",
     "hornbeam has the data: from keras.datasets import boston_housing; its load_data() splits "
     "them in two."),
    (ImportError, r"fetch_mldata", r"",
     "mldata.org is gone: fetch_openml(\"mnist_784\", version=1, as_frame=False) has its MNIST, "
     "and keras.datasets.mnist.load_data() has it in arrays of 28 x 28."),
    (ImportError, r"jaccard_similarity_score", r"", "Use jaccard_score, or accuracy_score: for "
     "one label a sample the old function gave the accuracy."),
    (ImportError, r"cannot import name 'RandomizedPCA'", r"",
     'Use PCA(n, svd_solver="randomized").'),
    (ImportError, r"cannot import name 'D?P?GMM' from 'sklearn.mixture'", r"",
     "Use GaussianMixture or BayesianGaussianMixture; their arguments have other names."),
    (ImportError, r"plot_confusion_matrix", r"",
     "Use sklearn.metrics.ConfusionMatrixDisplay.from_estimator."),
    # ---- matplotlib, Pillow, OpenCV
    ((AttributeError, TypeError), r"unexpected keyword argument 'normed'|"
     r"got an unexpected keyword argument: 'normed'", r"", "Write density=True."),
    (ImportError, r"cannot import name '\w+' from 'matplotlib.mlab'", r"",
     "Its statistics are in scipy.stats (norm.pdf, multivariate_normal) and scikit-learn (PCA)."),
    (TypeError, r"gca\(\) got an unexpected keyword argument 'projection'", r"",
     'Write plt.subplot(projection="3d") or fig.add_subplot(projection="3d").'),
    (AttributeError, r"has no attribute 'set_window_title'", r"",
     "Write fig.canvas.manager.set_window_title(...)."),
    (ImportError, r"Cannot load backend '\w+' which requires the|"
     r"Failed to import any of the following Qt binding modules", r"",
     "There is no display for that backend. Delete the line that chooses it: plt.show() then saves "
     "the figures as files."),
    (ValueError, r"is not a valid value for (name|cmap)|Colormap .* is not recognized",
     r"spectral|Vega", "Colormaps were renamed: spectral is nipy_spectral, Vega10 is tab10."),
    (AttributeError, r"'ImageDraw' object has no attribute 'textsize'", r"",
     "Write left, top, right, bottom = draw.textbbox((0, 0), text, font=font)."),
    (AttributeError, r"'\w*Font' object has no attribute 'getsize'", r"",
     "Write left, top, right, bottom = font.getbbox(text)."),
    (AttributeError, r"module 'cv2(\.cv2)?' has no attribute 'cv'", r"",
     "The constants of cv2.cv are in cv2 itself, without CV_: cv2.cv.CV_BGR2GRAY is "
     "cv2.COLOR_BGR2GRAY."),
]


def hints(error, source=None):
    """What to say below the traceback of an old program's error.

    Args:
        error: The exception, with its traceback.
        source: String, the program's text, where no file holds it.

    Returns:
        List of lines, empty if nothing is known of the error.
    """
    if isinstance(error, SyntaxError):
        return _of_syntax(error, source)
    frames = traceback.extract_tb(error.__traceback__)
    place = next((frame for frame in reversed(frames) if is_program(frame.filename)), None)
    if place is None:
        return []
    held = linecache.getlines(place.filename) or (source or "").splitlines(keepends=True)
    line = held[place.lineno - 1] if 0 < place.lineno <= len(held) else ""
    return _of_old_name(error, place, line, held) or _of_rules(error, place, line)


def _of_syntax(error, source):
    """All that Python 2 wrote otherwise in the file that cannot be parsed, at once."""
    if "no encoding declared" in str(error) or "'utf-8' codec can't decode" in str(error):
        return [f"hornbeam: {short(error.filename or '<string>')}: Python 3 takes a program for "
                "UTF-8. Put `# -*- coding: latin-1 -*-`, or what it was written in, in its first "
                "line."]
    if source is None:
        source = "".join(linecache.getlines(error.filename or ""))
    found = python2.scan(source)
    if isinstance(error, TabError):
        found = sorted([*found, *python2.scan_tabs(source)])
    return _listed(error.filename or "<string>", found) if found else []


def _listed(path, found):
    name = short(path)
    lines = [f"hornbeam: {name} was written for Python 2 in {len(found)} "
             f"place{'s' if len(found) > 1 else ''}:"]
    lines += [f"  {name}:{item.line}: {item.what} -> {item.fix}" for item in found[:_MOST]]
    if len(found) > _MOST:
        lines.append(f"  ... and {len(found) - _MOST} more.")
    return [*lines, f"hornbeam: {_TOOL}"]


def _of_old_name(error, place, line, held):
    """A name, a module or an attribute that Python 2 had."""
    name = getattr(error, "name", None)
    fix = None
    if isinstance(error, NameError) and not hasattr(builtins, str(name)):
        fix = python2.NAMES.get(name)
    elif isinstance(error, ModuleNotFoundError):
        if name in _MISSING_MODULES:
            return [f"hornbeam: {_at(place)}: {_MISSING_MODULES[name]}"]
        fix = python2.MODULES.get(name)
    elif isinstance(error, ImportError):
        match = re.match(r"cannot import name '(\w+)' from '([\w.]+)'", str(error))
        name = match and f"{match[2]}.{match[1]}"
        fix = python2.ATTRIBUTES.get(name)
    elif isinstance(error, AttributeError):
        owner = getattr(error, "obj", None)
        dotted = f"{getattr(owner, '__name__', '')}.{name}"
        fix = python2.ATTRIBUTES.get(dotted)
        if fix is None and re.search(rf"\.{name}\(", line):
            fix = python2.METHODS.get(name)
            if name == "next" and hasattr(owner, "__next__"):
                fix = "next(iterator)"
        else:
            name = dotted
    if fix is None:
        return []
    lines = [f"hornbeam: {_at(place)}: {name} is Python 2's -> {fix}"]
    others = [item for item in python2.scan("".join(held)) if item.line != place.lineno]
    return [*lines, *_listed(place.filename, others)] if others else lines


def _of_rules(error, place, line):
    message = str(error)
    for kinds, pattern, there, fix in _RULES:
        if isinstance(error, kinds) and re.search(pattern, message) and re.search(there, line):
            return [f"hornbeam: {_at(place)}: {fix}"]
    return []


def _at(place):
    return f"{short(place.filename)}:{place.lineno}"
