"""Embedding: rows, masks, lengths, errors."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.engine import ShapeError
from hornbeam.models import Sequential


def test_integers_and_floats_look_up_rows():
    layer = L.Embedding(5, 3)
    words = np.array([[1, 4], [0, 1]])
    y = np.asarray(layer(words))
    np.testing.assert_array_equal(y, layer.get_weights()[0][words])
    np.testing.assert_array_equal(y, layer(words.astype("float32")))


def test_zero_is_masked_where_asked_for():
    x = L.Input((3,))
    layer = L.Embedding(5, 2, mask_zero=True)
    layer(x)
    mask = K.function([x], [layer.output_mask])([np.array([[1, 0, 3]])])[0]
    np.testing.assert_array_equal(mask, [[True, False, True]])
    plain = L.Embedding(5, 2)
    plain(x)
    assert plain.output_mask is None


def test_a_known_length_reaches_dense():
    model = Sequential([L.Embedding(9, 4, input_length=5), L.Flatten(), L.Dense(1)])
    assert model.output_shape == (None, 1)
    assert model.input_shape == (None, 5)


def test_another_length_is_refused():
    with pytest.raises(ShapeError, match='"input_length" of .* is 5'):
        L.Embedding(9, 4, input_length=5)(L.Input((6,)))


def test_only_used_rows_change_in_training():
    model = Sequential([L.Embedding(4, 2, input_length=2), L.Flatten(), L.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()[0]
    model.train_on_batch(np.array([[1, 3]]), np.array([[5.0]]))
    changed = (model.get_weights()[0] != before).any(axis=1)
    np.testing.assert_array_equal(changed, [False, True, False, True])
