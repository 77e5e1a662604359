"""What `hornbeam.backend` offers, and what importing it costs."""

import subprocess
import sys

from hornbeam import backend as K


def test_all_is_sorted_and_true():
    assert K.__all__ == sorted(set(K.__all__))
    for name in K.__all__:
        assert callable(getattr(K, name)), name
        assert getattr(K, name).__doc__, name


def test_importing_makes_no_array_and_loads_no_library_for_files():
    code = (
        "import sys, hornbeam.backend, jax\n"
        "heavy = {'h5py', 'PIL', 'scipy', 'pandas', 'yaml', 'requests', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)), jax.live_arrays())\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found.split() == ["[]", "[]"]
