"""Merge layers and their function forms: values, masks, errors."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.engine import ShapeError


def randoms(*shape):
    return np.random.normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (L.add, lambda a, b, c: a + b + c),
        (L.multiply, lambda a, b, c: a * b * c),
        (L.average, lambda a, b, c: (a + b + c) / 3),
        (L.maximum, lambda a, b, c: np.maximum(np.maximum(a, b), c)),
        (L.minimum, lambda a, b, c: np.minimum(np.minimum(a, b), c)),
    ],
)
def test_elementwise_merges(function, expected):
    arrays = [randoms(2, 3, 4), randoms(2, 1, 4), randoms(2, 4)]
    inputs = [L.Input(array.shape[1:]) for array in arrays]
    found = K.function(inputs, [function(inputs)])(arrays)[0]
    arrays[2] = arrays[2][:, None]
    np.testing.assert_allclose(found, expected(*arrays), rtol=1e-5, atol=1e-6)


def test_subtract_and_dot_take_two():
    a, b = randoms(2, 3), randoms(2, 3)
    x, y = L.Input((3,)), L.Input((3,))
    found = K.function([x, y], [L.subtract([x, y]), L.dot([x, y], 1), L.dot([x, y], 1, True)])
    difference, product, cosine = found([a, b])
    np.testing.assert_allclose(difference, a - b, rtol=1e-5)
    np.testing.assert_allclose(product[:, 0], (a * b).sum(1), rtol=1e-4, atol=1e-6)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    np.testing.assert_allclose(cosine[:, 0], (a * b).sum(1) / lengths, rtol=1e-4, atol=1e-6)
    with pytest.raises(ShapeError, match="exactly 2 inputs"):
        L.subtract([x, y, x])


def test_dot_of_sequences_is_an_attention_matrix():
    a, b = randoms(2, 4, 3), randoms(2, 5, 3)
    x, y = L.Input((4, 3)), L.Input((5, 3))
    z = L.Dot(-1)([x, y])
    assert K.int_shape(z) == (None, 4, 5)
    found = K.function([x, y], [z])([a, b])[0]
    np.testing.assert_allclose(found, np.einsum("bif,bjf->bij", a, b), rtol=1e-4, atol=1e-5)


def test_concatenated_masks_are_joined():
    x, y = L.Input((2, 3)), L.Input((4, 3))
    layer = L.Concatenate(axis=1)
    layer([L.Masking()(x), y])
    a = randoms(1, 2, 3)
    a[0, 1] = 0
    mask = K.function([x, y], [layer.output_mask])([a, randoms(1, 4, 3)])[0]
    np.testing.assert_array_equal(mask, [[True, False, True, True, True, True]])


def test_masks_of_a_sum_must_all_agree():
    x, y = L.Input((3, 2)), L.Input((3, 2))
    layer = L.Add()
    layer([L.Masking()(x), L.Masking()(y)])
    a, b = randoms(1, 3, 2), randoms(1, 3, 2)
    a[0, 0] = b[0, 2] = 0
    mask = K.function([x, y], [layer.output_mask])([a, b])[0]
    np.testing.assert_array_equal(mask, [[False, True, False]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: L.Add()(L.Input((3,))), "should be called on a list of inputs"),
        (lambda: L.Add()([L.Input((3,))]), "at least 2 inputs"),
        (lambda: L.Add()([L.Input((3,)), L.Input((4,))]), "could not be broadcast"),
        (
            lambda: L.Add()([L.Input(batch_shape=(2, 3)), L.Input(batch_shape=(4, 3))]),
            "different batch sizes",
        ),
        (lambda: L.concatenate([L.Input((3,)), L.Input((4, 3))]), "matching shapes except"),
        (lambda: L.concatenate([L.Input((3,)), L.Input((3,))], axis=4), "axis=4"),
        (lambda: L.dot([L.Input((3,)), L.Input((4,))], 1), "Dimension incompatibility 3 != 4"),
        (lambda: L.dot([L.Input((3,)), L.Input((4,))], 3), "have no axes"),
        (lambda: L.Dot((1, 2, 3)), "two integers"),
    ],
)
def test_wrong_inputs_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
