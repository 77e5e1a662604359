"""Padding, skip-grams, time series: what the goldens of keras_preprocessing do not say."""

import json

import numpy as np
import pytest

from hornbeam.preprocessing import sequence
from hornbeam.preprocessing.sequence import (
    TimeseriesGenerator,
    make_sampling_table,
    pad_sequences,
    skipgrams,
    timeseries_generator_from_json,
)
from hornbeam.utils import Sequence


def padded_by_hand(rows, maxlen, padding, truncating, value):
    result = []
    for row in rows:
        row = list(row[-maxlen:] if truncating == "pre" else row[:maxlen]) if maxlen else []
        fill = [value] * (maxlen - len(row))
        result.append(fill + row if padding == "pre" else row + fill)
    return np.array(result, "int32").reshape(len(rows), maxlen)


@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("padding", ["pre", "post"])
def test_every_length_in_several_blocks(monkeypatch, padding, truncating):
    monkeypatch.setattr(sequence, "BLOCK", 7)
    lengths = np.random.RandomState(0).randint(0, 9, 60)
    rows = [list(range(1, n + 1)) for n in lengths]
    for maxlen in (0, 1, 5, 12):
        expected = padded_by_hand(rows, maxlen, padding, truncating, -3)
        for kind in (list, tuple, np.array):
            found = pad_sequences(
                [kind(row) for row in rows], maxlen, "int32", padding, truncating, -3
            )
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == "int32"


def test_lists_of_arrays_and_of_numpy_numbers():
    rows = [[np.int64(3), np.int64(4)], np.array([5]), (6, 7, 8)]
    assert pad_sequences(rows).tolist() == [[0, 3, 4], [0, 0, 5], [6, 7, 8]]
    objects = np.empty(2, object)
    objects[:] = [[1], [2, 3]]                      # as imdb.load_data returns them
    assert pad_sequences(objects).tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ["arguments", "words"],
    [
        ({"padding": "left"}, "Padding type 'left' not understood"),
        ({"truncating": "left"}, "Truncating type 'left' not understood"),
        ({"maxlen": -1}, "maxlen=-1"),
        ({"maxlen": 2.5}, "maxlen=2.5"),
        ({"value": "<pad>"}, "dtype=object"),
        ({"sequences": 3}, "must be iterable"),
        ({"sequences": (row for row in [[1]])}, "list.* makes one of a generator"),
        ({"sequences": [1, 2]}, "Found non-iterable: 1, at position 0"),
        ({"sequences": [[1], None]}, "Found non-iterable: None, at position 1"),
        ({"sequences": []}, "maxlen must say"),
        ({"sequences": [[1], [[2]]]}, r"Shape of sample \(1,\) of sequence at position 1"),
        ({"sequences": [np.ones((2, 3)), np.ones((2, 4))]}, r"sample \(4,\).*\(3,\)"),
    ],
)
def test_arguments_that_are_not_understood(arguments, words):
    with pytest.raises(ValueError, match=words):
        pad_sequences(**{"sequences": [[1, 2]], **arguments})


def test_numbers_that_do_not_fit_are_an_error():
    with pytest.raises(OverflowError):
        pad_sequences([[2**40]])


def test_an_array_is_not_changed():
    rows = np.arange(6).reshape(2, 3)
    pad_sequences(rows, maxlen=5, value=9)
    assert rows.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_sampling_follows_the_formula():
    table = make_sampling_table(1000)
    assert table.shape == (1000,) and table[0] == table[1]
    rank = 500
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1 / (12 * rank)
    np.testing.assert_allclose(table[rank], np.sqrt(1e-5 * inverse))
    assert make_sampling_table(100, 1.0).max() == 1.0


def test_pairs_of_an_array_are_the_pairs_of_a_list():
    words = [1, 2, 0, 3]
    found = skipgrams(np.array(words), 4, window_size=2, negative_samples=0, shuffle=False)
    assert found == skipgrams(words, 4, window_size=2, negative_samples=0, shuffle=False)
    assert ([2, 0] not in found[0]) and ([2, 3] in found[0]) and ([1, 3] not in found[0])


# ---- time series


def test_windows_survive_json():
    generator = TimeseriesGenerator(
        np.arange(40.0).reshape(20, 2), np.arange(20), 4, 2, 3, start_index=2, end_index=18,
        reverse=True, batch_size=2,
    )
    again = timeseries_generator_from_json(generator.to_json())
    assert len(again) == len(generator) == 3
    for (x, y), (x_again, y_again) in zip(generator, again):
        np.testing.assert_array_equal(x, x_again)
        np.testing.assert_array_equal(y, y_again)


def test_windows_are_a_sequence_and_slice_what_they_are_given():
    class Sliced:
        """Data that can only be sliced, as a data set in an HDF5 file."""

        def __len__(self):
            return 10

        def __getitem__(self, key):
            return np.arange(10)[key]

    generator = TimeseriesGenerator(Sliced(), Sliced(), 3, batch_size=4)
    assert isinstance(generator, Sequence)
    assert [y.tolist() for _, y in generator] == [[3, 4, 5, 6], [7, 8, 9]]
    assert generator[1][0].tolist() == [[4, 5, 6], [5, 6, 7], [6, 7, 8]]


@pytest.mark.parametrize(
    ["arguments", "words"],
    [
        ({"targets": np.arange(9)}, "Data length is 10 while target length is 9"),
        ({"length": 10}, r"`start_index\+length=10 > end_index=9`"),
        ({"length": 0}, "length=0.* 1 or more"),
        ({"stride": 0}, "stride=0"),
        ({"sampling_rate": 0}, "sampling_rate=0"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_windows_that_cannot_be(arguments, words):
    with pytest.raises(ValueError, match=words):
        TimeseriesGenerator(
            **{"data": np.arange(10), "targets": np.arange(10), "length": 3, **arguments}
        )


def test_json_that_is_none_of_windows():
    generator = TimeseriesGenerator([object()] * 5, range(5), 2)
    with pytest.raises(TypeError, match="cannot store its data as JSON"):
        generator.to_json()
    for wrong in ("", "{}", '{"config": {"data": "[]"}}', json.dumps({"config": [1]})):
        with pytest.raises(ValueError, match="expects what TimeseriesGenerator.to_json"):
            timeseries_generator_from_json(wrong)


def test_tf_keras_has_padding_among_its_utilities():
    from hornbeam import utils

    assert utils.pad_sequences is pad_sequences
