"""K.function, updates, evaluation and the learning phase."""

import numpy as np
import pytest
import scipy.sparse

from hornbeam import backend as K


def test_a_function_returns_a_list_of_arrays_of_the_callers_own():
    x, y = K.placeholder((None, 2)), K.placeholder((None, 2))
    f = K.function([x, y], [x + y, K.sum(x)])
    results = f([np.ones((3, 2)), np.ones((3, 2))])
    assert results[0].tolist() == [[2.0, 2.0]] * 3 and results[1] == 6
    results[0][:] = 0  # writable


def test_a_function_takes_any_batch_size():
    x = K.placeholder((None, 2))
    f = K.function([x], [K.sum(x)])
    assert [f([np.ones((n, 2))])[0] for n in (1, 5, 1)] == [2, 10, 2]


def test_an_intermediate_tensor_can_be_fed():
    x = K.placeholder((2,))
    hidden = x * 2
    assert K.function([hidden], [hidden + 1])([np.zeros(2)])[0].tolist() == [1.0, 1.0]


def test_the_learning_phase_is_fed_set_or_test():
    x = K.placeholder((2,))
    chosen = K.in_train_phase(x * 2, x)
    f = K.function([x, K.learning_phase()], [chosen])
    assert f([np.ones(2), 1])[0].tolist() == [2.0, 2.0]
    assert f([np.ones(2), 0])[0].tolist() == [1.0, 1.0]
    g = K.function([x], [chosen])
    assert g([np.ones(2)])[0].tolist() == [1.0, 1.0]
    try:
        K.set_learning_phase(1)
        assert g([np.ones(2)])[0].tolist() == [2.0, 2.0]
        assert K.learning_phase() == 1
    finally:
        K.clear_session()
    assert not isinstance(K.learning_phase(), int)


def test_another_learning_phase_is_refused():
    with pytest.raises(ValueError, match="to be 0 or 1, not 2"):
        K.set_learning_phase(2)


def test_updates_are_made_of_old_values_and_written_after_the_outputs():
    a, b = K.variable(1.0), K.variable(10.0)
    f = K.function([], [a + 0], updates=[K.update(a, b), (b, a), K.update_add(K.variable(0.0), 1)])
    assert f([])[0] == 1
    assert (K.get_value(a), K.get_value(b)) == (10, 1)
    f([])
    assert (K.get_value(a), K.get_value(b)) == (1, 10)


def test_update_add_and_update_sub():
    x, v = K.placeholder(()), K.variable(1.0)
    f = K.function([x], [], updates=[K.update_add(v, x)])
    f([2.0])
    f([3.0])
    assert K.get_value(v) == 6
    K.eval(K.update_sub(v, 1.0))
    assert K.get_value(v) == 5


def test_an_update_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        K.update(K.zeros((2,)), K.placeholder((3,)))


def test_variables_are_inputs_not_constants_of_compiled_code():
    v = K.variable(1.0)
    f = K.function([], [v * 2])
    assert f([])[0] == 2
    K.set_value(v, 5.0)
    assert f([])[0] == 10


def test_outputs_may_be_one_tensor_or_a_dict():
    x = K.placeholder((2,))
    assert K.function([x], x * 2)([np.ones(2)]).tolist() == [2.0, 2.0]
    assert K.function([x], {"sum": K.sum(x)})([np.ones(2)]) == {"sum": 2.0}


def test_wrong_calls_are_refused():
    x = K.placeholder((None, 2), name="two_columns")
    f = K.function([x], [x])
    with pytest.raises(ValueError, match="takes 1 inputs; 2 were given"):
        f([np.ones((1, 2)), np.ones((1, 2))])
    with pytest.raises(ValueError, match=r"shape \(1, 3\) to two_columns"):
        f([np.ones((1, 3))])
    with pytest.raises(ValueError, match="dtype object"):
        f([np.array([[1, 2], [3]], dtype=object)])
    with pytest.raises(ValueError, match="Invalid argument 'colour'"):
        K.function([x], [x], colour=1)
    with pytest.raises(TypeError, match="must be tensors"):
        K.function([np.ones(2)], [x])


def test_values_of_many_variables_are_read_and_set_together():
    a, b = K.zeros((2,)), K.zeros((3,))
    K.batch_set_value([(a, np.ones(2)), (b, np.ones(3))])
    assert [v.tolist() for v in K.batch_get_value([a, b])] == [[1.0] * 2, [1.0] * 3]
    with pytest.raises(ValueError, match="shape"):
        K.batch_set_value([(a, np.zeros(2)), (b, np.zeros(4))])
    assert K.get_value(a).tolist() == [1.0, 1.0]  # nothing was set


def test_a_program_runs_after_clear_session():
    x = K.placeholder((2,))
    f = K.function([x], [x + 1])
    K.clear_session()
    assert f([np.ones(2)])[0].tolist() == [2.0, 2.0]
    assert K.get_uid("a") == 1 and K.get_uid("a") == 2
    K.reset_uids()
    assert K.get_uid("a") == 1


def test_a_compiled_function_is_compiled_once_a_shape():
    x, traces = K.placeholder((None,)), []

    def body(value):
        traces.append(1)
        return value

    f = K.function([x], [K.map_fn(body, x)])
    f([np.ones(3)])
    count = len(traces)
    for _ in range(5):
        f([np.ones(3)])
    assert len(traces) == count


def test_scipy_sparse_matrices_are_fed():
    x = K.placeholder(shape=(None, 4), sparse=True)
    w = K.variable(np.arange(8.0).reshape(4, 2))
    matrix = scipy.sparse.csr_matrix(np.eye(3, 4, dtype="float32"))
    product, dense = K.function([x], [K.dot(x, w), K.to_dense(x)])([matrix])
    assert product.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert dense.tolist() == np.eye(3, 4).tolist()


def run_updates(updates):
    K.function([], [], updates=updates)([])


@pytest.mark.parametrize("run", [K.batch_get_value, run_updates])
def test_variables_set_to_one_another_keep_values_of_their_own(run):
    x, y = K.variable(np.zeros(3)), K.variable(np.ones(3))
    step = K.function([], [], updates=[K.update_add(x, 1.0)])  # gives the old value of x away
    run([K.update(x, y)])
    for _ in range(2):
        step([])
    assert K.get_value(x).tolist() == [3.0] * 3 and K.get_value(y).tolist() == [1.0] * 3
