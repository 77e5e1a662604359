"""The digits that ship with the package."""

import numpy as np
import pytest

from hornbeam.datasets import digits


def test_default_split_holds_back_a_fifth():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8) and y_train.shape == (1437,)
    assert x_test.shape == (360, 8, 8) and y_test.shape == (360,)
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}


def test_values_are_those_of_the_source():
    (x, y), _ = digits.load_data(test_split=0)
    assert (x.min(), x.max()) == (0, 16)
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert int(x.sum(dtype="int64")) == 561718


def test_training_and_test_set_are_a_partition():
    (everything, _), (none, _) = digits.load_data(test_split=0)
    (x_train, _), (x_test, _) = digits.load_data(test_split=0.25)
    assert len(none) == 0
    together = np.concatenate([x_train, x_test])
    assert sorted(map(bytes, together)) == sorted(map(bytes, everything))


def test_same_seed_same_split():
    (first, labels), _ = digits.load_data(seed=1)
    (again, _), _ = digits.load_data(seed=1)
    (other, _), _ = digits.load_data(seed=2)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    _, (_, default) = digits.load_data()
    assert default[:8].tolist() == [8, 0, 8, 9, 8, 8, 0, 4]     # the split never moves


def test_every_digit_is_in_both_sets():
    (_, y_train), (_, y_test) = digits.load_data()
    assert set(y_train) == set(y_test) == set(range(10))


def test_arrays_are_the_callers_own():
    (x, _), _ = digits.load_data()
    x[:] = 0
    assert digits.load_data()[0][0].any()


@pytest.mark.parametrize("test_split", [-0.1, 1, 20])
def test_a_split_outside_its_range_is_refused(test_split):
    with pytest.raises(ValueError, match="expects a fraction from 0 to below 1"):
        digits.load_data(test_split=test_split)
