"""Names that other packages, and Python, had when Keras programs were written: one table.

`np.int`, `scipy.misc.imresize`, `sklearn.cross_validation`, `collections.Iterable`, `time.clock`:
where a name has gone but its meaning has not, it is answered, in programs that `hornbeam run` or
the Jupyter kernel runs and in the processes they start, and nowhere else. What is still there is
never replaced, and a package is touched only when the program imports it. Where the meaning
changed, `hints` tells what to write.

A target is `module:name`; it is imported when it is asked for.
"""

import importlib
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec

from hornbeam.translations import tell

__all__ = ["ALIASES", "METHODS", "NAMES", "answer"]

CHILD_FLAG = "HORNBEAM_OLD_PACKAGES"
_OURS = "hornbeam.compat.old."


def _same(target, *names):
    return {name: f"{target}:{name}" for name in names}


def _renamed(target, names):
    return {old: f"{target}:{new}" for old, new in names.items()}


_VALIDATION = {
    **_same("sklearn.model_selection", "cross_val_predict", "cross_val_score",
            "permutation_test_score", "train_test_split", "check_cv"),
    **_same(f"{_OURS}cross_validation", "KFold", "LeaveOneOut", "LeavePOut", "ShuffleSplit",
            "StratifiedKFold", "StratifiedShuffleSplit"),
}
_PICTURES = _same(f"{_OURS}scipy_misc", "ascent", "bytescale", "face", "fromimage", "imfilter",
                  "imread", "imresize", "imrotate", "imsave", "imshow", "toimage")

# Module -> name that it had -> what that is now. A module that is gone itself is made of its names.
NAMES = {
    "PIL.Image": _renamed("PIL.Image", {
        "ANTIALIAS": "LANCZOS", "CUBIC": "BICUBIC", "LINEAR": "BILINEAR",
        "fromstring": "frombytes",
    }),
    "base64": _renamed("base64", {"decodestring": "decodebytes", "encodestring": "encodebytes"}),
    "cgi": {"escape": "html:escape"},
    "collections": _same(
        "collections.abc", "Callable", "Container", "Generator", "Hashable", "ItemsView",
        "Iterable", "Iterator", "KeysView", "Mapping", "MappingView", "MutableMapping",
        "MutableSequence", "MutableSet", "Sequence", "Set", "Sized", "ValuesView",
    ),
    "distutils.dir_util": _same(f"{_OURS}python", "copy_tree", "mkpath", "remove_tree"),
    "distutils.spawn": {"find_executable": "shutil:which"},
    "distutils.util": _same(f"{_OURS}python", "strtobool"),
    "distutils.version": _same(f"{_OURS}versions", "LooseVersion", "StrictVersion"),
    "fractions": {"gcd": "math:gcd"},
    "imp": {
        "load_source": f"{_OURS}python:load_source",
        "new_module": "types:ModuleType",
        "reload": "importlib:reload",
    },
    "inspect": _same(f"{_OURS}python", "ArgSpec", "getargspec"),
    "matplotlib.cm": {
        "get_cmap": "matplotlib.pyplot:get_cmap",
        "spectral": "matplotlib.cm:nipy_spectral",
        "spectral_r": "matplotlib.cm:nipy_spectral_r",
    },
    "matplotlib.pyplot": {
        "hold": f"{_OURS}figures:hold",
        "ishold": f"{_OURS}figures:ishold",
        "spectral": "matplotlib.pyplot:nipy_spectral",
    },
    "numpy": {
        **_same("builtins", "bool", "complex", "float", "int", "object", "str"),
        "long": "builtins:int",
        "unicode": "builtins:str",
        **_renamed("numpy", {
            "Inf": "inf", "Infinity": "inf", "NAN": "nan", "NaN": "nan", "PINF": "inf",
            "alltrue": "all", "bool8": "bool_", "cfloat": "complex128", "clongfloat": "clongdouble",
            "complex_": "complex128", "cumproduct": "cumprod", "float_": "float64",
            "infty": "inf", "int0": "intp", "longcomplex": "clongdouble",
            "longfloat": "longdouble", "mat": "asmatrix", "object0": "object_", "product": "prod",
            "rank": "ndim", "round_": "round", "row_stack": "vstack",
            "singlecomplex": "complex64", "sometrue": "any", "string_": "bytes_",
            "trapz": "trapezoid", "typeDict": "sctypeDict", "uint0": "uintp", "unicode_": "str_",
        }),
        **_same(f"{_OURS}arrays", "NINF", "NZERO", "PZERO", "alen", "asfarray", "asscalar",
                "in1d", "msort", "sctypes"),
    },
    "os": {"errno": "errno", "getcwdu": "os:getcwd"},
    "pandas": {
        "datetime": "datetime:datetime",
        "np": "numpy",
        "scatter_matrix": "pandas.plotting:scatter_matrix",
        **_same(f"{_OURS}frames", "rolling_max", "rolling_mean", "rolling_median", "rolling_min",
                "rolling_std", "rolling_sum", "rolling_var"),
    },
    "scipy": {
        "interp": "numpy:interp",
        "misc": "scipy.misc",
        "rand": "numpy.random:rand",
        "randn": "numpy.random:randn",
        **_same("numpy", "absolute", "arange", "argmax", "argmin", "array", "asarray", "average",
                "concatenate", "cos", "cumsum", "dot", "exp", "eye", "linspace", "mean", "median",
                "ones", "pi", "random", "reshape", "sin", "std", "sum", "transpose", "vstack",
                "where", "zeros", "zeros_like"),
    },
    "scipy.integrate": _renamed("scipy.integrate", {
        "cumtrapz": "cumulative_trapezoid", "simps": "simpson", "trapz": "trapezoid",
    }),
    "scipy.misc": {
        **_PICTURES,
        **_same("scipy.datasets", "electrocardiogram"),
        **_same("scipy.special", "comb", "factorial", "factorial2", "factorialk", "logsumexp"),
    },
    "scipy.ndimage": _same(f"{_OURS}scipy_misc", "imread"),
    "scipy.signal": _same("scipy.signal.windows", "blackman", "boxcar", "gaussian", "hamming",
                          "hann", "kaiser", "triang"),
    "sklearn.cross_validation": _VALIDATION,
    "sklearn.externals": {"joblib": "joblib"},
    "sklearn.grid_search": _same("sklearn.model_selection", "GridSearchCV", "ParameterGrid",
                                 "ParameterSampler", "RandomizedSearchCV"),
    "sklearn.lda": {"LDA": "sklearn.discriminant_analysis:LinearDiscriminantAnalysis"},
    "sklearn.learning_curve": _same("sklearn.model_selection", "learning_curve",
                                    "validation_curve"),
    "sklearn.preprocessing": _same(f"{_OURS}preprocessing", "Imputer"),
    "sklearn.qda": {"QDA": "sklearn.discriminant_analysis:QuadraticDiscriminantAnalysis"},
    "time": {"clock": "time:perf_counter"},
}

# Module that is gone -> the module that has its names.
ALIASES = {
    "numpy.core.multiarray": "numpy",
    "pandas.tools.plotting": "pandas.plotting",
    "pandas.util.testing": "pandas.testing",
    "scipy.ndimage.filters": "scipy.ndimage",
    "scipy.ndimage.fourier": "scipy.ndimage",
    "scipy.ndimage.interpolation": "scipy.ndimage",
    "scipy.ndimage.measurements": "scipy.ndimage",
    "scipy.ndimage.morphology": "scipy.ndimage",
    "scipy.stats.stats": "scipy.stats",
    "sklearn.datasets.base": "sklearn.datasets",
    "sklearn.datasets.samples_generator": "sklearn.datasets",
    "sklearn.ensemble.forest": "sklearn.ensemble",
    "sklearn.externals.joblib": "joblib",
    "sklearn.feature_selection.univariate_selection": "sklearn.feature_selection",
    "sklearn.linear_model.base": "sklearn.linear_model",
    "sklearn.linear_model.logistic": "sklearn.linear_model",
    "sklearn.metrics.classification": "sklearn.metrics",
    "sklearn.metrics.ranking": "sklearn.metrics",
    "sklearn.metrics.regression": "sklearn.metrics",
    "sklearn.neighbors.classification": "sklearn.neighbors",
    "sklearn.preprocessing.data": "sklearn.preprocessing",
    "sklearn.preprocessing.imputation": "sklearn.preprocessing",
    "sklearn.preprocessing.label": "sklearn.preprocessing",
    "sklearn.svm.classes": "sklearn.svm",
    "sklearn.tree.tree": "sklearn.tree",
}

# Module -> attribute that a class of it had -> what that is now.
METHODS = {
    "PIL.Image": {"Image.tostring": "PIL.Image:Image.tobytes"},
    "h5py": {"Dataset.value": f"{_OURS}arrays:dataset_value"},
    "pandas": {
        **{f"{kind}.{name}": f"{_OURS}frames:{name}"
           for kind in ("DataFrame", "Series")
           for name in ("append", "as_matrix", "get_value", "set_value")},
        "DataFrame.iteritems": "pandas:DataFrame.items",
        "Series.iteritems": "pandas:Series.items",
    },
    "threading": {"Thread.isAlive": "threading:Thread.is_alive"},
}

# Module -> what else is done to it when it is imported.
_MORE = {
    "matplotlib": "hornbeam.compat.display:show_without_display",
    "matplotlib.style": f"{_OURS}figures:add_styles",
}

# Modules that are there, but only to say that they will go.
_EMPTY = frozenset(("scipy.misc",))
_GONE = frozenset(("cgi", "distutils", "imp"))
_EMPTY_PARENTS = frozenset(("distutils", "pandas.tools", "pandas.util", "sklearn.externals"))


def answer():
    """Lets the old names be found, in this process and its children. Again it does nothing."""
    os.environ[CHILD_FLAG] = sys.prefix
    if any(isinstance(finder, OldPackages) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, OldPackages())
    for name in {*NAMES, *METHODS, *_MORE} & set(sys.modules):
        _improve(sys.modules[name])


def _find(target):
    """What `module:name` or `module` names."""
    module, _, path = target.partition(":")
    found = importlib.import_module(module)
    for name in filter(None, path.split(".")):
        found = getattr(found, name)
    return found


def _shown(target):
    """A target as a person would write it."""
    return target.replace("builtins:", "").replace(":", ".")


def _improve(module):
    """Gives a module that was just imported the names that it had."""
    name = module.__name__
    if name in NAMES:
        module.__getattr__ = _with_old_names(module)
    for path, target in METHODS.get(name, {}).items():
        owner, _, attribute = path.partition(".")
        owner = getattr(module, owner)
        if not hasattr(owner, attribute):
            setattr(owner, attribute, _OldAttribute(f"{name}.{path}", target))
    if name in _MORE:
        _find(_MORE[name])(module)


def _with_old_names(module):
    """A module's `__getattr__`, which is called for what it does not have."""
    other = getattr(module, "__getattr__", None)
    targets = NAMES[module.__name__]

    def __getattr__(name):
        target = targets.get(name)
        if target is not None:
            tell("old package", f"{module.__name__}.{name}", _shown(target))
            return _find(target)
        if other is not None:
            return other(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}", name=name,
                             obj=module)

    return __getattr__


class _OldAttribute:
    """A method or a property that a class had."""

    def __init__(self, name, target):
        self.name, self.target = name, target

    def __get__(self, instance, owner):
        tell("old package", self.name, _shown(self.target))
        return _find(self.target).__get__(instance, owner)


class OldPackages:
    """Finds modules that are gone, and improves those that come; stands first in `meta_path`."""

    def find_spec(self, name, path=None, target=None):
        if name in _EMPTY:
            return ModuleSpec(name, self)
        if not (name in NAMES or name in METHODS or name in _MORE or name in ALIASES
                or name in _EMPTY_PARENTS):
            return None
        spec = self._others(name, path, target)
        if spec is None:
            gone = "." in name or name in _GONE  # or else it is not installed
            return ModuleSpec(name, self, is_package=name in _EMPTY_PARENTS) if gone else None
        own = spec.loader is not None and not isinstance(spec.loader, type)  # not one for many
        if own and name not in ALIASES:
            _improve_after(spec.loader)
        return spec

    def _others(self, name, path, target):
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find and find(name, path, target)
            if spec is not None:
                return spec
        return None

    def create_module(self, spec):
        if spec.name in ALIASES:
            tell("old package", spec.name, ALIASES[spec.name])
        return None

    def exec_module(self, module):
        alias = ALIASES.get(module.__name__)
        if alias is not None:
            source = importlib.import_module(alias)
            module.__getattr__ = lambda name: getattr(source, name)
            module.__all__ = [name for name in dir(source) if not name.startswith("_")]
        elif module.__name__ in NAMES:
            module.__all__ = sorted(NAMES[module.__name__])
            _improve(module)


def _improve_after(loader):
    """Improves the module that a loader runs; the loader is then as it was."""
    execute = loader.exec_module

    def exec_module(module):
        del loader.exec_module
        execute(module)
        _improve(module)

    loader.exec_module = exec_module
