"""K.gradients: by inputs, intermediate tensors and variables, and of itself."""

import numpy as np
import pytest

from hornbeam import backend as K
from tests.backend.support import numbers


def test_by_an_input_a_variable_and_an_intermediate_tensor():
    x, w = K.placeholder((2,)), K.variable([3.0, 4.0])
    hidden = x * w
    loss = K.sum(hidden * hidden)
    f = K.function([x], K.gradients(loss, [x, w, hidden]))
    by_x, by_w, by_hidden = f([np.array([1.0, 2.0])])
    assert by_x.tolist() == [18.0, 64.0]
    assert by_w.tolist() == [6.0, 32.0]
    assert by_hidden.tolist() == [6.0, 16.0]


def test_of_a_tensor_that_is_no_scalar_is_that_of_its_sum():
    w = K.variable([1.0, 2.0])
    assert K.eval(K.gradients(w * w, [w])[0]).tolist() == [2.0, 4.0]
    assert K.eval(K.gradients([K.sum(w), K.sum(w * 2)], w)[0]).tolist() == [3.0, 3.0]


def test_is_none_where_nothing_depends():
    v, w = K.variable(1.0), K.variable(2.0)
    assert K.gradients(w * 2, [v, w])[0] is None


def test_is_none_by_integers():
    i, w = K.variable([1, 2], dtype="int32"), K.variable([1.0, 2.0])
    by_i, by_w = K.gradients(K.sum(K.cast(i, "float32") * w), [i, w])
    assert by_i is None and K.eval(by_w).tolist() == [1.0, 2.0]


def test_stop_gradient_makes_a_constant():
    w = K.variable(3.0)
    assert K.eval(K.gradients(w * K.stop_gradient(w), [w])[0]) == 3.0
    a, b = K.stop_gradient([w, w * 2])
    assert K.eval(a + b) == 9.0


def test_of_a_gradient():
    x = K.variable([1.0, 2.0])
    first = K.gradients(K.sum(x**3), [x])[0]
    second = K.gradients(K.sum(first), [x])[0]
    third = K.gradients(K.sum(second), [x])[0]
    assert K.eval(second).tolist() == [6.0, 12.0]
    assert K.eval(third).tolist() == [6.0, 6.0]


def test_penalty_on_a_gradient_by_the_input_changes_weights():
    x, w = K.placeholder((None, 3)), K.variable(numbers(3, 1))
    score = K.dot(x, w) ** 2
    slope = K.gradients(score, [x])[0]  # 2 (x w) w
    penalty = K.mean(K.square(K.sqrt(K.sum(K.square(slope), axis=1)) - 1))
    f = K.function([x], [penalty, *K.gradients(penalty, [w])])
    points, weights = numbers(5, 3), K.get_value(w)

    def expected(weights):
        inner = points.astype("float64") @ weights
        norm = np.sqrt(np.sum((2 * inner * weights.T) ** 2, 1))
        return np.mean((norm - 1) ** 2)

    value, by_w = f([points])
    np.testing.assert_allclose(value, expected(weights), rtol=1e-5)
    for i in range(3):
        moved = weights.astype("float64")
        moved[i] += 1e-6
        slope = (expected(moved) - expected(weights.astype("float64"))) / 1e-6
        np.testing.assert_allclose(by_w[i], slope, rtol=1e-3, atol=1e-4)


def test_in_float64_and_through_integers_beside():
    x = K.variable([1.0, 2.0], dtype="float64")
    i = K.variable([1, 0], dtype="int32")
    gradient = K.gradients(K.sum(K.gather(x, i) ** 2), [x])[0]
    assert K.eval(gradient).tolist() == [2.0, 4.0] and K.eval(gradient).dtype == "float64"


def test_gradient_descent_by_updates():
    w, target = K.variable([0.0, 0.0]), K.placeholder((2,))
    loss = K.sum(K.square(w - target))
    step = K.function([target], [loss], updates=[K.update_sub(w, 0.1 * K.gradients(loss, [w])[0])])
    for _ in range(50):
        step([np.array([1.0, -2.0])])
    np.testing.assert_allclose(K.get_value(w), [1.0, -2.0], atol=1e-4)


def test_writes_under_a_gradient_happen_once():
    w, count = K.variable(2.0), K.variable(0.0)
    with K.control_dependencies([K.update_add(count, 1.0)]):
        loss = w * w
    K.function([], [loss, K.gradients(loss, [w])[0]])([])
    assert K.get_value(count) == 1


def test_values_are_refused_with_the_reason():
    with pytest.raises(TypeError, match="needs tensors of the graph"):
        K.gradients(np.float32(1.0), [K.variable(1.0)])
