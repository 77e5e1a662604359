"""Shapes, joining, repeating, taking parts, padding and resizing."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.backend.errors import ShapeError
from tests.backend.support import everywhere, gradient, numbers


@pytest.mark.parametrize("shape", [(4, 3), (-1, 2), (2, -1, 2), [12], 12])
def test_reshape(shape):
    x = numbers(3, 4)
    assert everywhere(lambda x: K.reshape(x, shape), x, dims=[(3, 4)]).shape == (
        x.reshape(shape).shape
    )


def test_reshape_keeps_an_unknown_batch():
    assert K.reshape(K.placeholder((None, 6)), (-1, 2, 3)).shape == (None, 2, 3)
    assert K.reshape(K.placeholder((None, None, 6)), (-1, 6)).shape == (None, 6)


def test_reshape_names_what_does_not_fit():
    with pytest.raises(ShapeError, match=r"shape \(3, 4\) to \(5, 2\): it has 12 elements"):
        K.reshape(np.ones((3, 4)), (5, 2))


def test_flatten_and_batch_flatten():
    x = numbers(2, 3, 4)
    assert everywhere(K.flatten, x).shape == (24,)
    np.testing.assert_array_equal(everywhere(K.batch_flatten, x), x.reshape(2, 12))
    assert K.batch_flatten(K.placeholder((None, 3, 4))).shape == (None, 12)


def test_permute_dimensions():
    x = numbers(2, 3, 4)
    np.testing.assert_array_equal(
        everywhere(lambda x: K.permute_dimensions(x, (0, 2, 1)), x), x.transpose(0, 2, 1)
    )
    with pytest.raises(ShapeError, match=r"pattern \(0, 1\) for a tensor of shape \(2, 3, 4\)"):
        K.permute_dimensions(x, (0, 1))


def test_expand_dims_and_squeeze():
    x = numbers(2, 3)
    assert everywhere(K.expand_dims, x).shape == (2, 3, 1)
    assert everywhere(lambda x: K.expand_dims(x, 0), x, dims=[(2, None)]).shape == (1, 2, 3)
    y = numbers(2, 1, 3)
    assert everywhere(lambda y: K.squeeze(y, 1), y).shape == (2, 3)
    with pytest.raises(ShapeError, match="axis has size 3, not 1"):
        K.squeeze(y, 2)
    with pytest.raises(ShapeError, match="axis=5"):
        K.expand_dims(x, 5)


def test_concatenate_and_stack():
    x, y = numbers(2, 3), numbers(2, 3)
    for axis in (0, 1, -1):
        found = everywhere(lambda x, y, axis=axis: K.concatenate([x, y], axis=axis), x, y)
        np.testing.assert_array_equal(found, np.concatenate([x, y], axis))
        found = everywhere(lambda x, y, axis=axis: K.stack([x, y], axis=axis), x, y)
        np.testing.assert_array_equal(found, np.stack([x, y], axis))
    with pytest.raises(ShapeError, match=r"\[\(2, 3\), \(3, 3\)\] along axis 1"):
        K.concatenate([x, np.ones((3, 3))])
    with pytest.raises(ShapeError, match="must be equal"):
        K.stack([x, np.ones((3, 3))])
    with pytest.raises(ValueError, match="empty list"):
        K.concatenate([])


def test_a_variable_and_a_placeholder_are_joined_along_the_batch():
    x = K.placeholder((1, 2, 3))
    joined = K.concatenate([K.variable(np.ones((2, 2, 3))), x], axis=0)
    assert joined.shape == (3, 2, 3)


def test_repetition():
    x = numbers(2, 3)
    np.testing.assert_array_equal(everywhere(lambda x: K.tile(x, [2, 3]), x), np.tile(x, (2, 3)))
    np.testing.assert_array_equal(everywhere(lambda x: K.tile(x, 2), x), np.tile(x, 2))
    np.testing.assert_array_equal(
        everywhere(lambda x: K.repeat(x, 4), x), np.repeat(x[:, None], 4, 1)
    )
    np.testing.assert_array_equal(
        everywhere(lambda x: K.repeat_elements(x, 2, axis=1), x), np.repeat(x, 2, 1)
    )
    with pytest.raises(ShapeError, match="expects rank 2"):
        K.repeat(np.ones((2, 3, 4)), 2)
    y = K.placeholder((None, 3))
    assert K.tile(y, [1, 2]).shape == (None, 6)
    assert K.tile(y, K.stack([K.shape(y)[0], 1])).shape == (None, 3)


def test_slice():
    x = numbers(3, 4)
    np.testing.assert_array_equal(
        everywhere(lambda x: K.slice(x, [0, 1], [2, 2]), x, dims=[(3, 4)]), x[:2, 1:3]
    )
    np.testing.assert_array_equal(everywhere(lambda x: K.slice(x, [1, 1], [-1, 2]), x), x[1:, 1:3])
    with pytest.raises(ValueError, match="dimension and the size of indices should match"):
        K.slice(x, [0], [1])
    with pytest.raises(ShapeError, match="beyond the shape"):
        K.slice(x, [0, 3], [1, 2])


def test_slice_from_where_the_data_says():
    x, start = numbers(5, 3), np.array([2, 0], "int32")
    found = K.function(
        [p := K.placeholder((2,), dtype="int32")], [K.slice(K.variable(x), p, (2, 3))]
    )
    np.testing.assert_array_equal(found([start])[0], x[2:4])


def test_reverse():
    x = numbers(3, 4)
    np.testing.assert_array_equal(everywhere(lambda x: K.reverse(x, 1), x), x[:, ::-1])
    np.testing.assert_array_equal(everywhere(lambda x: K.reverse(x, (0, 1)), x), x[::-1, ::-1])


def test_gather():
    x, i = numbers(4, 3), np.array([[0, 2], [3, 3]], "int32")
    np.testing.assert_array_equal(everywhere(K.gather, x, i, dims=[(4, 3), (None, 2)]), x[i])
    by_x = gradient(lambda x: K.gather(x, i), x)[0]
    np.testing.assert_array_equal(by_x, np.array([1, 0, 1, 2.0])[:, None] * np.ones((4, 3)))


def test_gather_of_a_row_that_does_not_exist_is_nan():
    assert np.isnan(K.gather(np.ones((2, 3), "float32"), np.array([2, -1]))).all()


def test_one_hot():
    i = np.array([[0, 2], [1, 5]], "int32")
    found = everywhere(lambda i: K.one_hot(i, 3), i)
    assert found.dtype == "float32"
    assert found.tolist() == [[[1, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 0]]]


def test_padding():
    x = numbers(2, 3, 4)
    np.testing.assert_array_equal(
        everywhere(lambda x: K.temporal_padding(x, (1, 2)), x), np.pad(x, ((0, 0), (1, 2), (0, 0)))
    )
    x = numbers(2, 3, 4, 2)
    pads = ((1, 0), (2, 3))
    np.testing.assert_array_equal(
        everywhere(lambda x: K.spatial_2d_padding(x, pads), x), np.pad(x, ((0, 0), *pads, (0, 0)))
    )
    np.testing.assert_array_equal(
        everywhere(lambda x: K.spatial_2d_padding(x, pads, "channels_first"), x),
        np.pad(x, ((0, 0), (0, 0), *pads)),
    )
    x = numbers(1, 2, 2, 2, 2)
    pads = ((1, 0), (2, 3), (0, 1))
    np.testing.assert_array_equal(
        everywhere(lambda x: K.spatial_3d_padding(x, pads), x), np.pad(x, ((0, 0), *pads, (0, 0)))
    )
    with pytest.raises(ShapeError, match="expects rank 4"):
        K.spatial_2d_padding(np.ones((2, 3)))
    with pytest.raises(ValueError, match="Expected 2 pairs"):
        K.spatial_2d_padding(np.ones((1, 2, 2, 1)), ((1, 1),))
    with pytest.raises(ValueError, match="data_format"):
        K.spatial_2d_padding(np.ones((1, 2, 2, 1)), data_format="channels_middle")


def test_resizing_by_repetition():
    x = numbers(1, 2, 3, 2)
    expected = x.repeat(2, 1).repeat(3, 2)
    np.testing.assert_array_equal(
        everywhere(lambda x: K.resize_images(x, 2, 3, "channels_last"), x), expected
    )
    first = x.transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(
        everywhere(lambda x: K.resize_images(x, 2, 3, "channels_first"), first),
        expected.transpose(0, 3, 1, 2),
    )
    x = numbers(1, 2, 3, 2, 1)
    np.testing.assert_array_equal(
        everywhere(lambda x: K.resize_volumes(x, 2, 1, 3, "channels_last"), x),
        x.repeat(2, 1).repeat(3, 3),
    )


def test_resizing_by_interpolation_is_that_of_tensorflow_1():
    x = np.array([[0.0, 2.0], [4.0, 8.0]], "float32").reshape(1, 2, 2, 1)
    found = everywhere(lambda x: K.resize_images(x, 2, 2, "channels_last", "bilinear"), x)
    assert found[0, :, :, 0].tolist() == [
        [0.0, 1.0, 2.0, 2.0],
        [2.0, 3.5, 5.0, 5.0],
        [4.0, 6.0, 8.0, 8.0],
        [4.0, 6.0, 8.0, 8.0],
    ]


def test_resizing_with_unknown_sizes():
    x = K.placeholder((None, None, None, 3))
    assert K.resize_images(x, 2, 2, "channels_last").shape == (None, None, None, 3)
    found = K.resize_images(x, 2, 2, "channels_last", "bilinear").eval({x: np.ones((1, 3, 5, 3))})
    assert found.shape == (1, 6, 10, 3)


def test_resizing_refuses_other_words():
    x = np.ones((1, 2, 2, 1))
    with pytest.raises(ValueError, match="nearest.*bilinear"):
        K.resize_images(x, 2, 2, "channels_last", "cubic")
    with pytest.raises(ValueError, match="Invalid data_format"):
        K.resize_images(x, 2, 2, "middle")
    with pytest.raises(ValueError, match="positive integers"):
        K.resize_images(x, 0, 2, "channels_last")


def test_one_number_pads_both_sides_as_in_keras_1():
    x = numbers(2, 3, 4)
    np.testing.assert_array_equal(K.temporal_padding(x, 2), K.temporal_padding(x, (2, 2)))
    x = numbers(2, 3, 4, 1)
    np.testing.assert_array_equal(
        K.spatial_2d_padding(x, (0, 2), "channels_last"),
        K.spatial_2d_padding(x, ((0, 0), (2, 2)), "channels_last"),
    )
