"""`keras` means hornbeam. Each test has a process of its own: the names are process-wide."""

import importlib.util
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from hornbeam.compat.names import HOMES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path):
    """Runs a program in a fresh Python that can import hornbeam; returns what it printed."""
    def run(program, *launcher, pythonpath=(), status=0):
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(program))
        environment = {**os.environ,
                       "PYTHONPATH": os.pathsep.join([str(ROOT), *map(str, pythonpath)])}
        environment.pop("HORNBEAM_AS_KERAS", None)
        result = subprocess.run([sys.executable, *launcher, str(path)], cwd=tmp_path,
                                env=environment, capture_output=True, text=True, timeout=120)
        assert result.returncode == status, result.stderr
        return result.stdout if status == 0 else result.stderr
    return run


LAUNCHER = ("-m", "hornbeam", "run")


def test_keras_is_the_very_same_module(run):
    run("""
        import hornbeam.as_keras
        import sys, hornbeam, hornbeam.datasets.digits
        import keras, keras.backend
        import keras.datasets.digits as digits
        from keras.datasets.digits import load_data
        from keras import datasets, backend

        assert keras.__version__ == "2.3.1" and keras.__name__ == keras.__spec__.name == "keras"
        assert keras.Model is hornbeam.Model and keras.datasets is hornbeam.datasets
        keras.something = 3
        assert hornbeam.something == 3 and hornbeam.__version__ != keras.__version__
        assert digits is hornbeam.datasets.digits and digits is datasets.digits
        assert digits.__spec__.name == "hornbeam.datasets.digits"
        assert load_data is hornbeam.datasets.digits.load_data
        assert backend is hornbeam.backend
        assert sys.modules["keras.backend"] is sys.modules["hornbeam.backend"]
    """)


@pytest.mark.parametrize("statement", [
    "import keras.backend.tensorflow_backend as found",
    "from keras.backend import tensorflow_backend as found",
    "import keras.backend.tensorflow_backend; found = keras.backend.tensorflow_backend",
    "import importlib; found = importlib.import_module('keras.backend.tensorflow_backend')",
])
def test_a_module_with_another_home_is_found_by_every_kind_of_import(statement, run):
    run("import hornbeam.as_keras, hornbeam.backend\n" + statement + "\n"
        "assert found is hornbeam.backend and found.__name__ == 'hornbeam.backend'\n")


def test_the_backend_has_what_it_imported_of_tensorflow(run):
    run("""
        import hornbeam.as_keras
        from keras import backend as K
        from keras.backend import tensorflow_backend as KTF
        from keras.backend import tf
        assert K.tf is tf is KTF.tf and tf.__name__ == "hornbeam.compat.tensorflow"
        body = lambda i, twice: [i + 1, twice * 2]
        _, last = K.control_flow_ops.while_loop(lambda i, twice: i < 5, body, [0, K.constant(1.0)])
        assert K.eval(last) == 32 and K.tensor_array_ops.TensorArray
        try:
            K.no_such_thing
        except AttributeError as error:
            assert "has no attribute 'no_such_thing'" in str(error)
        else:
            assert False
    """)


def test_reload_and_find_spec_work(run):
    run("""
        import hornbeam.as_keras
        import importlib, importlib.util
        assert importlib.util.find_spec("keras") is not None
        assert importlib.util.find_spec("keras.datasets") is not None
        import keras.datasets
        assert importlib.reload(keras.datasets) is keras.datasets
    """)


def test_missing_module_is_named(run):
    run("""
        import hornbeam.as_keras
        for name in ("keras.quantum", "keras.quantum.layers", "keras.datasets.digits.more"):
            try:
                __import__(name)
            except ModuleNotFoundError as error:
                missing = error
            assert name.startswith(missing.name), missing
            assert missing.name in str(missing), missing
        try:
            import keras.quantum
        except ImportError as error:
            assert "hornbeam has no module 'hornbeam.quantum'" in str(error), error
        try:
            from keras import quantum
        except ImportError as error:
            assert "quantum" in str(error), error
    """)


def test_without_activation_keras_is_not_claimed(run):
    run("""
        import sys, hornbeam, hornbeam.compat
        assert "keras" not in sys.modules
        assert not any("KerasNames" in repr(finder) for finder in sys.meta_path)
    """)


@pytest.fixture
def real_keras(tmp_path):
    """A folder with a stand-in for an installed Keras, which complains when it is imported."""
    folder = tmp_path / "site"
    (folder / "keras").mkdir(parents=True)
    (folder / "keras" / "__init__.py").write_text("print('the real keras was imported')\n")
    (folder / "keras" / "quantum.py").write_text("")
    return folder


@pytest.mark.parametrize("launcher", [(), LAUNCHER], ids=["as_keras", "run"])
def test_an_installed_keras_is_not_imported(launcher, run, real_keras):
    output = run("""
        import hornbeam.as_keras
        import keras, hornbeam
        assert keras.Model is hornbeam.Model
        try:
            import keras.quantum
        except ModuleNotFoundError:
            print("fine")
    """, *launcher, pythonpath=[real_keras])
    assert output == "fine\n"


def test_a_keras_imported_before_is_an_error_that_says_what_to_do(run, real_keras):
    error = run("import keras\nimport hornbeam.as_keras\n", pythonpath=[real_keras], status=1)
    assert "ImportError" in error
    assert "Put `import hornbeam.as_keras` above the first `import keras`" in error


def test_activating_twice_changes_nothing(run):
    run("""
        import sys, os
        import hornbeam.as_keras
        from hornbeam.compat import activate
        before = list(sys.meta_path), dict(os.environ)
        import keras
        activate()
        assert (list(sys.meta_path), dict(os.environ)) == before
    """)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("launcher", [(), LAUNCHER], ids=["as_keras", "run"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_names_hold_in_worker_processes(method, launcher, run, real_keras):
    if method != "spawn" and os.name == "nt":
        pytest.skip("Windows has only spawn")
    first_line = "" if launcher else "import hornbeam.as_keras"
    output = run(f"""
        {first_line}
        import multiprocessing
        from keras.datasets import digits

        class Image:
            pass

        def work(image):
            import sys
            from keras import datasets
            from keras.backend import tensorflow_backend
            assert type(image) is Image
            assert not [folder for folder in sys.path if folder.endswith("child")]
            return datasets.__name__, tensorflow_backend.__name__

        if __name__ == "__main__":
            with multiprocessing.get_context({method!r}).Pool(1) as pool:
                print(*pool.map(work, [Image()])[0])
    """, *launcher, pythonpath=[real_keras])
    assert output == "hornbeam.datasets hornbeam.backend\n"


def test_names_hold_in_a_python_started_as_a_command(run, real_keras):
    output = run("""
        import subprocess, sys
        code = "import keras, hornbeam; print(keras.Model.__module__,"
        code += "keras.Model is hornbeam.Model)"
        print(subprocess.check_output([sys.executable, "-c", code], text=True), end="")
    """, *LAUNCHER, pythonpath=[real_keras])
    assert output == "hornbeam.engine.model True\n"


def test_a_child_that_does_not_ask_for_keras_does_not_pay_for_it(run):
    output = run("""
        import subprocess, sys
        code = ("import sys; "
                "print([name for name in ('hornbeam', 'jax', 'numpy') if name in sys.modules])")
        print(subprocess.check_output([sys.executable, "-c", code], text=True), end="")
    """, *LAUNCHER)
    assert output == "[]\n"


def test_another_sitecustomize_still_runs(run, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("ran = 'the other one'\n")
    output = run("""
        import subprocess, sys
        code = "import sitecustomize; print(sitecustomize.ran)"
        print(subprocess.check_output([sys.executable, "-c", code], text=True), end="")
    """, *LAUNCHER, pythonpath=[tmp_path / "site"])
    assert output == "the other one\n"


def test_another_environments_python_is_left_alone(run, real_keras):
    output = run("""
        import os, subprocess, sys
        os.environ["HORNBEAM_AS_KERAS"] = "/another/environment"     # as such a Python sees it
        print(subprocess.check_output([sys.executable, "-c", "import keras"], text=True), end="")
    """, *LAUNCHER, pythonpath=[real_keras])
    assert output == "the real keras was imported\n"


@pytest.mark.parametrize("old", sorted(HOMES))
def test_table_leads_somewhere_and_hides_no_module_of_ours(old):
    own = ROOT.joinpath("hornbeam", *old.split("."))
    assert not own.is_dir() and not own.with_suffix(".py").exists(), f"take {old} out of HOMES"
    assert importlib.util.find_spec(f"hornbeam.{HOMES[old]}") is not None


def test_threads_that_import_at_the_same_time_all_get_the_module(run):
    run("""
        import hornbeam.as_keras
        import sys, threading, time

        class Slow:                          # keeps the first thread inside the import
            looked = 0
            def find_spec(self, name, path=None, target=None):
                self.looked += name == "hornbeam.datasets"
                if name == "hornbeam.datasets" and self.looked == 2:
                    entered.set()
                    time.sleep(0.3)

        entered, found = threading.Event(), []

        def first():
            from keras.datasets import digits
            found.append(digits)

        def second():
            assert entered.wait(30)
            from keras.datasets import digits
            found.append(digits)

        sys.meta_path.insert(1, Slow())
        threads = [threading.Thread(target=function) for function in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [sys.modules["hornbeam.datasets.digits"]] * 2
    """)


@pytest.mark.parametrize("home", ["engine", "engine.training"])
def test_a_model_from_the_engine_trains(run, home):
    program = f"""
        import numpy as np
        from keras.engine.topology import Input
        from keras.{home} import Model
        from keras.layers.core import Dense
        x = Input(shape=(3,))
        model = Model(x, Dense(2)(x))
        model.compile("sgd", "mse")
        print(model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0).epoch)
    """
    assert run(program, *LAUNCHER) == "[0]\n"


def test_keras_preprocessing_is_ours_as_well_and_its_pickles_load(run):
    # A tokenizer that was pickled under Keras 2.2 or 2.3 names that module.
    run("""
        import pickle
        import keras.preprocessing.text
        from keras_preprocessing.sequence import pad_sequences
        from keras_preprocessing import text

        assert text is keras.preprocessing.text
        tokenizer = text.Tokenizer()
        tokenizer.fit_on_texts(["to be"])
        ours, theirs = (name.encode() for name in (text.__name__, "keras_preprocessing.text"))
        old = pickle.dumps(tokenizer, protocol=0).replace(ours, theirs)
        assert theirs in old
        assert pickle.loads(old).texts_to_sequences(["be"]) == [[2]]
        """, *LAUNCHER)
