import subprocess
import sys

import numpy as np
import pytest

from hornbeam import registry, utils
from hornbeam.utils import generic_utils
from hornbeam.utils.generic_utils import (
    check_for_unexpected_keys,
    func_dump,
    func_load,
    is_all_none,
    object_list_uid,
    slice_arrays,
    to_list,
    transpose_shape,
    unpack_singleton,
)


def test_lists():
    assert to_list([1]) == [1] and to_list(1) == [1]
    assert to_list((1, 2)) == [(1, 2)] and to_list((1, 2), allow_tuple=True) == [1, 2]
    assert unpack_singleton([1]) == 1 and unpack_singleton([1, 2]) == [1, 2]
    assert is_all_none(None) and is_all_none([None, None]) and not is_all_none((None, 0))
    a, b = object(), object()
    assert object_list_uid([a, b]) == object_list_uid([a, b]) != object_list_uid([b, a])


def test_slices():
    x = np.arange(5)
    np.testing.assert_array_equal(slice_arrays(x, 1, 3), [1, 2])
    np.testing.assert_array_equal(slice_arrays(x, np.array([4, 0])), [4, 0])
    first, none = slice_arrays([x, None], 3)
    np.testing.assert_array_equal(first, [3, 4])
    assert none is None and slice_arrays(None) == [None]
    np.testing.assert_array_equal(slice_arrays([x], [1, 2])[0], [1, 2])


def test_shapes():
    assert transpose_shape((16, 128, 64, 3), "channels_first", (1, 2)) == (16, 3, 128, 64)
    assert transpose_shape([128, 64, 3], "channels_first", (0, 1)) == [3, 128, 64]
    assert transpose_shape((16, 128, 64, 3), "channels_last", (1, 2)) == (16, 128, 64, 3)
    with pytest.raises(ValueError, match='"channels_first", "channels_last"'):
        transpose_shape((1, 2, 3), "tf", (0, 1))


def test_unexpected_keys():
    check_for_unexpected_keys("loss", {"a": 1}, ["a", "b"])
    with pytest.raises(ValueError, match=r"Unknown entries in loss dictionary: \['c'\]"):
        check_for_unexpected_keys("loss", {"a": 1, "c": 1}, ["a", "b"])


def test_a_function_survives_as_text():
    factor = 3

    def scaled(x, offset=1):
        return x * factor + offset

    stored = func_dump(scaled)
    assert isinstance(stored[0], str) and stored[1:] == ((1,), (3,))
    assert func_load(stored)(2) == 7
    assert func_load(stored[0], [5], (10,))(2) == 25
    assert func_load(list(func_dump(lambda: np.pi)), globs={"np": np})() == np.pi
    assert func_load(func_dump(lambda x: x)).__name__ == "<lambda>"


@pytest.mark.parametrize("text", ["!!!", "aGVsbG8=\n", "", "4"])
def test_what_is_no_code_is_refused(text):
    with pytest.raises(ValueError, match="Cannot read stored bytecode"):
        func_load(text)


def test_the_registry_is_the_same_everywhere():
    for name in ("CustomObjectScope", "custom_object_scope", "get_custom_objects"):
        assert getattr(utils, name) is getattr(generic_utils, name) is getattr(registry, name)


def test_modules_are_found_when_asked_for():
    assert utils.losses_utils.Reduction.SUM == "sum"
    assert "losses_utils" in dir(utils)
    assert utils.Progbar is generic_utils.Progbar
    for module in (utils, generic_utils):
        with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
            module.nonsense  # noqa: B018


def test_the_package_is_cheap_to_import():
    code = (
        "import sys, hornbeam.utils\n"
        "print([m for m in ('jax', 'h5py', 'PIL', 'requests') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
