"""Data sets in two, and batches taken apart."""

import random

import numpy as np
import pytest

from hornbeam import utils


def test_batches_are_packed_and_unpacked():
    assert utils.pack_x_y_sample_weight(1) == 1
    assert utils.pack_x_y_sample_weight((1, 2)) == ((1, 2),)
    assert utils.pack_x_y_sample_weight([1, 2]) == [1, 2]
    assert utils.pack_x_y_sample_weight({"a": 1}) == {"a": 1}
    assert utils.pack_x_y_sample_weight(1, 2, 3) == (1, 2, 3)
    assert utils.unpack_x_y_sample_weight((1, 2)) == (1, 2, None)
    assert utils.unpack_x_y_sample_weight([1, 2]) == ([1, 2], None, None)
    with pytest.raises(ValueError, match="a tuple of 4"):
        utils.unpack_x_y_sample_weight((1, 2, 3, 4))


def test_a_data_set_is_split_by_number_and_by_part():
    x = np.arange(10)
    left, right = utils.split_dataset((x, 2 * x), left_size=3)
    assert [(int(a), int(b)) for a, b in left] == [(0, 0), (1, 2), (2, 4)]
    assert (len(left), len(right)) == (3, 7)
    left, right = utils.split_dataset(x, left_size=0.5, right_size=0.3)
    assert ([int(a) for a in left], [int(a) for a in right]) == ([0, 1, 2, 3, 4], [7, 8, 9])
    both = utils.split_dataset(iter(x.tolist()), right_size=4, shuffle=True, seed=1)
    assert sorted(int(a) for part in both for a in part) == x.tolist()
    assert [int(a) for a in both[1]] != [6, 7, 8, 9]


@pytest.mark.parametrize("sizes, words", [
    ({}, "both None"), ({"left_size": 1.5}, "between 0 and 1"), ({"left_size": 10}, "number of"),
    ({"left_size": 0.9, "right_size": 0.9}, "no more than there are"),
])
def test_sizes_that_cannot_be_are_refused(sizes, words):
    with pytest.raises(ValueError, match=words):
        utils.split_dataset(np.arange(10), **sizes)


def test_one_seed_for_all_random_numbers():
    drawn = []
    for _ in range(2):
        utils.set_random_seed(3)
        drawn.append((random.random(), np.random.rand()))
    assert drawn[0] == drawn[1]


def test_ordinal_labels_are_ones_then_zeros():
    assert utils.to_ordinal([0, 2, 1]).tolist() == [[0, 0], [1, 1], [1, 0]]
    assert utils.to_ordinal(np.array([[3]]), num_classes=5).tolist() == [[1, 1, 1, 0]]
