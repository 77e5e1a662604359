"""Affine transforms of batches, against SciPy's, one channel of one image at a time."""

import numpy as np
import pytest
from scipy import ndimage

from hornbeam.kernels.warping import FILL_MODES, warp


def matrices(count, size, far):
    random = np.random.RandomState(1)
    found = np.zeros((count, 2, 3))
    for matrix in found:
        angle = random.uniform(-3, 3)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix[:, :2] = turn * random.uniform(0.5, 1.5)
        matrix[:, 2] = random.uniform(-far * size, far * size, 2)
    return found


def by_scipy(images, transforms, fill_mode, cval):
    result = np.empty(images.shape)
    for image, matrix, place in zip(images, transforms, result):
        for channel in range(images.shape[-1]):
            place[..., channel] = ndimage.affine_transform(
                image[..., channel].astype("float64"),
                matrix[:, :2],
                matrix[:, 2],
                order=1,
                mode=fill_mode,
                cval=cval,
            )
    return result


@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("far", [0.5, 3.0])
def test_every_fill_mode_equals_scipy(fill_mode, far):
    images = np.random.RandomState(0).uniform(0, 255, (5, 17, 23, 2)).astype("float32")
    transforms = matrices(5, 20, far)
    found = warp(images, transforms, fill_mode, cval=7.0)
    expected = by_scipy(images, transforms, fill_mode, 7.0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=255 * 1e-4)


def test_an_image_of_one_row_or_column_has_no_neighbour_to_read():
    for shape in ((2, 1, 9, 1), (2, 9, 1, 1), (2, 1, 1, 1)):
        images = np.random.RandomState(0).uniform(0, 255, shape).astype("float32")
        transforms = matrices(2, 9, 0.5)
        expected = by_scipy(images, transforms, "nearest", 0)
        np.testing.assert_allclose(warp(images, transforms), expected, rtol=0, atol=0.01)


def test_whole_steps_copy_pixels():
    images = np.random.RandomState(0).uniform(0, 255, (1, 6, 8, 3)).astype("float32")
    mirrored = np.array([[[1.0, 0, 0], [0, -1, 7]]])
    np.testing.assert_allclose(warp(images, mirrored), images[:, :, ::-1], rtol=1e-5)
    shifted = np.array([[[1.0, 0, 2], [0, 1, 0]]])
    found = warp(images, shifted, "constant", 0)
    np.testing.assert_allclose(found[:, :4], images[:, 2:], rtol=1e-5)
    assert not found[:, 4:].any()


def test_batches_of_any_size_are_one_program():
    from hornbeam.kernels import warping

    images = np.zeros((70, 5, 5, 1), "float32")
    warp(images[:1], matrices(1, 5, 1))
    before = warping._warp._cache_size()
    for count in (2, 32, 33, 70):
        assert warp(images[:count], matrices(count, 5, 1)).shape == (count, 5, 5, 1)
    assert warping._warp._cache_size() == before


def test_images_may_be_overwritten():
    images = np.random.RandomState(0).uniform(0, 255, (40, 9, 9, 1)).astype("float32")
    expected = warp(images, matrices(40, 9, 1))
    assert warp(images, matrices(40, 9, 1), out=images) is images
    np.testing.assert_array_equal(images, expected)


def test_parameters_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        warp(np.zeros((1, 4, 4, 1), "float32"), np.full((1, 2, 3), np.nan))
