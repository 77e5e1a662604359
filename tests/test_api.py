"""The public API is what the packages' `__all__` say."""

import importlib
import subprocess
import sys

import pytest

PACKAGES = [
    "hornbeam",
    "hornbeam.activations",
    "hornbeam.backend",
    "hornbeam.callbacks",
    "hornbeam.constraints",
    "hornbeam.datasets",
    "hornbeam.engine",
    "hornbeam.initializers",
    "hornbeam.kernels",
    "hornbeam.layers",
    "hornbeam.losses",
    "hornbeam.metrics",
    "hornbeam.models",
    "hornbeam.optimizers",
    "hornbeam.regularizers",
    "hornbeam.saving",
    "hornbeam.training",
    "hornbeam.utils",
]
HEAVY = ["h5py", "PIL", "matplotlib", "pandas", "scipy", "sklearn", "yaml", "requests", "optax"]


@pytest.mark.parametrize("name", PACKAGES)
def test_all_lists_names_that_are_there_in_order(name):
    package = importlib.import_module(name)
    assert [n for n in package.__all__ if not hasattr(package, n)] == []
    assert package.__all__ == sorted(package.__all__)
    assert len(set(package.__all__)) == len(package.__all__)


def loaded_after(code):
    """Names of the modules that a fresh process has loaded after `code`."""
    code += "; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_what_a_program_uses_loads_nothing_heavy():
    loaded = loaded_after("from hornbeam.models import Sequential; import hornbeam.layers")
    assert "jax" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_importing_the_package_loads_no_jax():
    assert "jax" not in loaded_after("import hornbeam")


def test_importing_makes_no_array_and_touches_no_device():
    code = (
        "import hornbeam.models, hornbeam.backend; from jax._src import xla_bridge; "
        "print('untouched' if not xla_bridge._backends else 'touched')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "untouched"
