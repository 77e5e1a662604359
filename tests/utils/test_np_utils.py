import numpy as np
import pytest

from hornbeam.utils import normalize, to_categorical


@pytest.mark.parametrize(
    "shape, wanted",
    [((4,), (4, 5)), ((4, 1), (4, 5)), ((3, 2), (3, 2, 5)), ((1,), (1, 5)), ((), (5,))],
)
def test_classes_become_the_last_axis(shape, wanted):
    labels = np.random.randint(0, 5, shape)
    one_hot = to_categorical(labels, 5)
    assert one_hot.shape == wanted and one_hot.dtype == np.float32
    assert np.all(one_hot.sum(-1) == 1)
    np.testing.assert_array_equal(one_hot.argmax(-1).ravel(), labels.ravel())


def test_the_number_of_classes_follows_the_labels():
    assert to_categorical([0, 3]).shape == (2, 4)
    assert to_categorical(["1", "0"]).tolist() == [[0, 1], [1, 0]]
    assert to_categorical([2.0, 0.0]).shape == (2, 3)


def test_the_dtype_is_as_asked():
    assert to_categorical([0, 1], dtype="int8").dtype == np.int8


def test_labels_out_of_range_are_refused():
    with pytest.raises(IndexError, match="labels from 1 to 3 for num_classes=3. .* from 0 to 2"):
        to_categorical([1, 2, 3], num_classes=3)
    with pytest.raises(ValueError, match="NaN or infinite"):
        to_categorical([0.0, float("nan")])
    with pytest.raises(ValueError, match="Pass num_classes"):
        to_categorical([])
    assert to_categorical([], num_classes=3).shape == (0, 3)


def test_normalize():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(normalize(x), [[0.6, 0.8], [0.0, 0.0]])
    np.testing.assert_allclose(normalize(x, axis=0), [[1.0, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(normalize(x, order=1)[0], [3 / 7, 4 / 7])
    np.testing.assert_allclose(normalize(np.array([3.0, 4.0])), [[0.6, 0.8]])
