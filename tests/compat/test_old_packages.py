"""Names that other packages had are answered under `hornbeam run`, and nowhere else."""

import importlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from hornbeam.compat import old_packages
from hornbeam.compat.old import arrays, cross_validation, figures, python, scipy_misc, versions

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path):
    """Runs a program by the launcher (or by Python alone) and returns what it printed."""
    def run(program, launcher=("-m", "hornbeam", "run"), status=0):
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(program))
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        result = subprocess.run([sys.executable, *launcher, str(path)], cwd=tmp_path,
                                env=environment, capture_output=True, text=True, timeout=120)
        assert result.returncode == status, result.stderr
        return result.stdout if status == 0 else result.stderr
    return run


def test_old_names_mean_what_they_meant(run):
    output = run("""
        import time
        start = time.clock()
        from collections import Iterable, Mapping
        import inspect, threading
        import numpy as np
        from numpy import int as whole
        from scipy.misc import imresize
        import scipy.misc
        from PIL import Image
        from sklearn.cross_validation import KFold, train_test_split
        from sklearn.grid_search import GridSearchCV
        from sklearn.externals import joblib
        from sklearn.preprocessing import Imputer
        from sklearn.datasets.samples_generator import make_blobs
        from distutils.version import LooseVersion
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
        import h5py

        assert time.clock() >= start
        assert isinstance([], Iterable) and whole is int and np.float is float
        assert np.zeros(1, np.object).dtype == object and np.asscalar(np.ones(1)) == 1.0
        assert inspect.getargspec(lambda a, *b: 0).args == ["a"]
        assert imresize is scipy.misc.imresize and imresize(np.eye(4), (2, 3)).shape == (2, 3)
        assert [list(test) for train, test in KFold(4, n_folds=2)] == [[0, 1], [2, 3]]
        assert GridSearchCV.__module__.startswith("sklearn.model_selection")
        assert joblib.__name__ == "joblib"
        filled = Imputer(missing_values="NaN", axis=0).fit_transform([[1, np.nan], [3, 4.0]])
        assert filled.tolist() == [[1, 4], [3, 4]]
        assert LooseVersion("1.10") > LooseVersion("1.9")
        assert Image.ANTIALIAS == Image.LANCZOS
        plt.hold(True)
        plt.style.use("seaborn-whitegrid")
        with h5py.File("x.h5", "w") as file:
            file["x"] = [1, 2]
            assert file["x"].value.tolist() == [1, 2]
        assert threading.current_thread().isAlive()
        print("all")
    """)
    assert output == "all\n"


def test_names_that_never_were_are_missing_still(run):
    error = run("import numpy as np\nnp.quantum\n", status=1)
    assert "module 'numpy' has no attribute 'quantum'" in error
    error = run("from collections import Quantum\n", status=1)
    assert "cannot import name 'Quantum' from 'collections'" in error
    error = run("import sklearn.quantum\n", status=1)
    assert "No module named 'sklearn.quantum'" in error


def test_a_package_that_is_not_installed_is_not_made_up(run):
    error = run("""
        import sys
        sys.path = [folder for folder in sys.path if "site-packages" not in folder]
        sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
        import sklearn.cross_validation
    """, status=1)
    assert "No module named 'sklearn'" in error


def test_without_the_launcher_nothing_is_answered(run):
    run("""
        import hornbeam.as_keras, collections, time
        import numpy as np
        assert not hasattr(np, "int") and not hasattr(collections, "Iterable")
        assert not hasattr(time, "clock")
    """, launcher=())


def test_nothing_is_imported_before_the_program_asks(run):
    output = run("""
        import sys
        heavy = {"numpy", "jax", "h5py", "PIL", "scipy", "sklearn", "pandas", "matplotlib"}
        print(sorted(heavy & set(sys.modules)))
    """)
    assert output == "[]\n"


def test_loaders_are_left_as_they_were(run):
    run("""
        import numpy
        assert "exec_module" not in vars(numpy.__spec__.loader)
        assert numpy.__spec__.loader is numpy.__loader__
    """)


@pytest.mark.parametrize("first", ["numpy", "collections", "time"])
def test_old_names_hold_in_worker_processes(first, run):
    uses = {"numpy": "import numpy as np\n        f = np.int",
            "collections": "from collections import Iterable\n        f = int",
            "time": "import time\n        time.clock\n        f = int"}[first]
    output = run(f"""
        import multiprocessing
        {uses}
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(f, ["3"]))
    """)
    assert output == "[3]\n"


@pytest.mark.filterwarnings("ignore:scipy.misc is deprecated:DeprecationWarning")
def test_every_target_is_there():
    """A table that leads nowhere would be found by users first."""
    absent = {"pandas"}  # not needed for tests
    for module, names in {**old_packages.NAMES, **old_packages.METHODS}.items():
        for name, target in names.items():
            if module in absent or target.startswith("hornbeam.compat.old.frames"):
                continue
            if target.startswith("scipy.datasets"):
                importlib.import_module("scipy.datasets")
            assert old_packages._find(target) is not None, (module, name)
    for old, target in old_packages.ALIASES.items():
        if target.partition(".")[0] not in absent:
            assert importlib.import_module(target), old


# What SciPy 1.0.1 with Pillow 5.4 gave for these.
RANDOM = np.random.RandomState(0)
GREY = RANDOM.rand(5, 7) * 255
COLOURS = (RANDOM.rand(6, 5, 3) * 255).astype("uint8")


@pytest.mark.parametrize(("call", "expected"), [
    (lambda: scipy_misc.imresize(GREY, 50), [[149, 150, 174], [115, 130, 144]]),
    (lambda: scipy_misc.imresize(COLOURS, (9, 4))[0],
     [[178, 160, 141], [186, 175, 59], [145, 174, 37], [67, 103, 82]]),
    (lambda: scipy_misc.imrotate(COLOURS, 30)[0],
     [[0, 0, 0], [133, 174, 29], [119, 111, 52], [144, 42, 56], [0, 0, 0]]),
    (lambda: scipy_misc.bytescale(GREY, cmin=10, cmax=90, high=200, low=20)[2],
     [38, 47, 20, 200, 200, 200, 200]),
    (lambda: scipy_misc.fromimage(scipy_misc.toimage(GREY, mode="I"))[0],
     [140, 185, 155, 139, 107, 166, 111]),
    (lambda: scipy_misc.fromimage(scipy_misc.toimage(np.moveaxis(COLOURS, 2, 0)))[0, 0],
     COLOURS[0, 0].tolist()),
])
def test_pictures_are_those_of_scipy(call, expected):
    assert call().tolist() == expected


def test_pictures_are_written_and_read(tmp_path):
    scipy_misc.imsave(tmp_path / "x.png", COLOURS)
    assert np.array_equal(scipy_misc.imread(tmp_path / "x.png"), COLOURS)
    assert scipy_misc.imread(tmp_path / "x.png", flatten=True).dtype == np.float32
    with pytest.raises(ValueError, match="interp='soft'"):
        scipy_misc.imresize(COLOURS, 0.5, interp="soft")
    with pytest.raises(ValueError, match=r"shape \(2, 2, 2\)"):
        scipy_misc.toimage(np.zeros((2, 2, 2)))


def test_splits_are_those_of_scikit_learn_0_17():
    shuffled = cross_validation.KFold(10, 3, shuffle=True, random_state=3)
    again = [test.tolist() for _, test in shuffled]
    assert again == [test.tolist() for _, test in shuffled] and len(shuffled) == 3
    stratified = cross_validation.StratifiedKFold([0, 1] * 6, n_folds=3)
    assert [test.tolist() for _, test in stratified] == [
        [0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert len(list(cross_validation.LeavePOut(4, 2))) == 6
    train, test = next(iter(cross_validation.ShuffleSplit(10, 2, random_state=1)))
    assert (train.tolist(), test.tolist()) == ([9, 6, 4, 0, 3, 1, 7, 8, 5], [2])


def test_versions_compare_as_they_did():
    loose, strict = versions.LooseVersion, versions.StrictVersion
    assert loose("1.13.1") < "1.13.2" and loose("2.0") == loose("2.0") and loose("10.0") > "9.9"
    assert loose("1.5.1rc2").version == [1, 5, 1, "rc", 2] and str(loose("1.5")) == "1.5"
    assert strict("1.2a3") < strict("1.2b1") < "1.2" == strict("1.2.0") < strict("1.2.1")
    assert str(strict("1.2.0a1")) == "1.2a1"
    with pytest.raises(ValueError, match="invalid version number"):
        strict("1.2.3.4")


def test_functions_of_python(tmp_path):
    with pytest.raises(ValueError, match="keyword-only"):
        python.getargspec(lambda *, a: a)
    assert python.getargspec(lambda a, b=1, *c, **d: 0) == (["a", "b"], "c", "d", (1,))
    assert [python.strtobool(word) for word in ("Yes", "0")] == [1, 0]
    (tmp_path / "module.py").write_text("x = 3\n")
    assert python.load_source("a_loaded_module", tmp_path / "module.py").x == 3
    del sys.modules["a_loaded_module"]
    assert python.mkpath(str(tmp_path / "a" / "b")) == [str(tmp_path / "a"), str(tmp_path / "a/b")]
    (tmp_path / "a" / "b" / "f").write_text("")
    assert python.copy_tree(tmp_path / "a", tmp_path / "c") == [str(tmp_path / "c" / "b" / "f")]
    python.remove_tree(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_arrays():
    assert arrays.asfarray([1, 2]).dtype == np.float64
    assert arrays.asfarray([1], np.float32).dtype == np.float32
    assert arrays.msort(np.array([[2, 1], [1, 2]])).tolist() == [[1, 1], [2, 2]]
    assert arrays.alen(3) == 1
    assert arrays.in1d([[1, 2], [3, 4]], [2, 3]).tolist() == [False, True, True, False]


def test_hold_off_is_refused():
    figures.hold(True)
    with pytest.raises(ValueError, match="plt.cla"):
        figures.hold(False)
