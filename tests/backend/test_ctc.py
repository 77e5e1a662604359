"""CTC against all paths, one by one."""

import itertools

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.backend.errors import ShapeError
from tests.backend.support import everywhere, gradient, numbers


def probabilities(*shape):
    e = np.exp(numbers(*shape))
    return e / e.sum(-1, keepdims=True)


def collapsed(path, blank):
    return tuple(k for k, _ in itertools.groupby(path) if k != blank)


def labellings(p):
    """Probability of each labelling, summed over all paths of one sample."""
    steps, classes = p.shape
    found = {}
    for path in itertools.product(range(classes), repeat=steps):
        labels = collapsed(path, classes - 1)
        found[labels] = found.get(labels, 0.0) + np.prod(p[np.arange(steps), path])
    return found


LABELS = np.array([[0, 1, 1], [2, 0, 0], [1, 0, 0], [0, 0, 0]], "int32")
COUNTS = np.array([[3], [1], [2], [0]], "int32")
STEPS = np.array([[5], [3], [4], [5]], "int32")


def test_the_cost_is_that_of_all_paths():
    p = probabilities(4, 5, 4)
    found = everywhere(K.ctc_batch_cost, LABELS, p, STEPS, COUNTS)
    assert found.shape == (4, 1)
    for row in range(4):
        wanted = labellings(p[row, : STEPS[row, 0]])[tuple(LABELS[row, : COUNTS[row, 0]])]
        np.testing.assert_allclose(found[row, 0], -np.log(wanted), rtol=1e-4)


def test_labels_that_do_not_fit_cost_infinitely_much():
    found = K.ctc_batch_cost(
        np.array([[1, 1]]), probabilities(1, 2, 3), np.array([[2]]), np.array([[2]])
    )
    assert np.isinf(found).all()


def test_the_gradient_is_that_of_finite_differences():
    p = probabilities(4, 5, 4)
    by_p = gradient(lambda p: K.ctc_batch_cost(LABELS, p, STEPS, COUNTS), p)[0]
    assert np.isfinite(by_p).all()
    assert (by_p[1, 3:] == 0).all()  # steps that do not count
    for place in [(0, 0, 0), (0, 2, 1), (1, 1, 2), (2, 3, 3), (3, 4, 0)]:
        up, down = p.copy(), p.copy()
        up[place] += 1e-3
        down[place] -= 1e-3
        cost = [np.sum(K.ctc_batch_cost(LABELS, q, STEPS, COUNTS)) for q in (up, down)]
        np.testing.assert_allclose(by_p[place], (cost[0] - cost[1]) / 2e-3, rtol=0.02, atol=0.01)


def test_greedy_decoding_takes_the_best_class_of_each_step():
    path = np.array([[0, 0, 2, 0, 1], [1, 2, 2, 1, 1]])
    p = np.full((2, 5, 3), 0.1, "float32")
    np.put_along_axis(p, path[..., None], 0.8, -1)
    (decoded,), score = K.ctc_decode(p, np.array([5, 4]))
    assert np.asarray(decoded).tolist() == [[0, 0, 1], [1, 1, -1]]
    np.testing.assert_allclose(score[:, 0], [-5 * np.log(0.8), -4 * np.log(0.8)], rtol=1e-4)


def test_decoding_in_compiled_code_keeps_all_steps():
    p, steps = K.placeholder((None, 5, 3)), K.placeholder((None,), dtype="int32")
    arrays = [probabilities(2, 5, 3), np.array([5, 4], "int32")]
    for arguments in ({}, {"greedy": False, "top_paths": 2}):
        decoded, score = K.ctc_decode(p, steps, **arguments)
        compiled = K.function([p, steps], [*decoded, score])(arrays)
        plain, plain_score = K.ctc_decode(*arrays, **arguments)
        np.testing.assert_allclose(compiled[-1], plain_score, rtol=1e-5)
        for long, short in zip(compiled, plain):
            assert long.shape == (2, 5)
            np.testing.assert_array_equal(long[:, : short.shape[1]], short)
            assert (long[:, short.shape[1] :] == -1).all()


def test_beam_search_finds_the_most_probable_labellings():
    p = probabilities(2, 5, 4)
    decoded, scores = K.ctc_decode(p, np.array([5, 4]), greedy=False, beam_width=200, top_paths=3)
    for row, steps in enumerate((5, 4)):
        best = sorted(labellings(p[row, :steps]).items(), key=lambda item: -item[1])[:3]
        for path, (labels, probability) in enumerate(best):
            found = [int(x) for x in np.asarray(decoded[path])[row] if x >= 0]
            assert tuple(found) == labels
            np.testing.assert_allclose(scores[row, path], np.log(probability), rtol=1e-3)


def test_beam_search_can_merge_repetitions():
    p = np.array([[[0.9, 0.1], [0.1, 0.9], [0.9, 0.1]]], "float32")
    (decoded,), _ = K.ctc_decode(p, np.array([3]), greedy=False)
    assert np.asarray(decoded).tolist() == [[0, 0]]
    (decoded,), _ = K.ctc_decode(p, np.array([3]), greedy=False, merge_repeated=True)
    assert np.asarray(decoded)[0, 0] == 0 and np.asarray(decoded).shape[1] == 1


def test_labels_as_a_sparse_tensor():
    labels = K.variable([[1, 2, 3], [4, 5, 6]], dtype="int32")
    sparse = K.ctc_label_dense_to_sparse(labels, np.array([2, 3]))
    assert K.is_sparse(sparse)
    assert K.eval(K.to_dense(sparse)).tolist() == [[1, 2, 0], [4, 5, 6]]


def test_wrong_arguments():
    with pytest.raises(ShapeError, match="expects rank 3"):
        K.ctc_decode(np.ones((2, 3)), np.array([3, 3]))
    with pytest.raises(ValueError, match="top_paths=5"):
        K.ctc_decode(np.ones((1, 2, 3)), np.array([2]), greedy=False, beam_width=2, top_paths=5)
