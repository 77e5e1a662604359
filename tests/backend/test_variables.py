"""Variables, placeholders, constants, and questions about tensors."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

from hornbeam import backend as K
from hornbeam.backend import running
from hornbeam.backend.program import Program
from hornbeam.backend.tensors import Variable
from tests.backend.support import everywhere, numbers


@pytest.fixture
def float64():
    K.set_floatx("float64")
    yield
    K.set_floatx("float32")


def test_variable_takes_arrays_lists_numbers_and_tensors():
    assert K.variable([[1, 2]]).shape == (1, 2)
    assert K.variable(3).dtype == "float32"
    assert K.variable([1, 2], dtype="int16").dtype == "int16"
    assert K.eval(K.variable(K.constant([1.0, 2.0]) * 2)).tolist() == [2.0, 4.0]


def test_variable_keeps_its_constraint():
    assert K.variable(1.0, constraint=abs).constraint is abs


def test_floatx_is_the_default_dtype(float64):
    assert K.variable(1.0).dtype == K.zeros((1,)).dtype == K.placeholder((1,)).dtype == "float64"
    assert K.constant(1.0).dtype == K.random_normal((2,)).dtype == "float64"
    assert K.eval(K.constant(1.0) / 3) == 1.0 / 3.0


def test_sparse_matrices_are_stored_densely():
    matrix = scipy.sparse.csr_matrix([[0.0, 2.0], [1.0, 0.0]])
    variable = K.variable(matrix)
    assert K.is_sparse(variable) and not K.is_sparse(K.variable(1.0))
    assert K.eval(variable).tolist() == [[0.0, 2.0], [1.0, 0.0]]
    assert K.eval(K.to_dense(variable)).tolist() == [[0.0, 2.0], [1.0, 0.0]]
    assert np.asarray(K.to_dense(matrix)).tolist() == [[0.0, 2.0], [1.0, 0.0]]
    assert K.eval(K.dot(variable, K.variable([[1.0], [1.0]]))).tolist() == [[2.0], [1.0]]
    assert K.is_sparse(K.placeholder((2, 2), sparse=True))


def test_placeholder_knows_its_shape_or_its_rank():
    assert K.placeholder((None, 3)).shape == (None, 3)
    assert K.placeholder(ndim=2).shape == (None, None)
    assert K.placeholder(()).shape == ()
    with pytest.raises(ValueError, match="neither `shape` nor `ndim`"):
        K.placeholder()


def test_constants():
    assert K.eval(K.constant([1, 2])).tolist() == [1.0, 2.0]
    assert K.eval(K.constant(3, dtype="int32", shape=(2, 2))).tolist() == [[3, 3], [3, 3]]
    assert K.eval(K.constant([1, 2, 3, 4], shape=(2, 2))).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    with pytest.raises(ValueError, match=r"shape \(3,\) for shape=\(2, 2\)"):
        K.constant([1, 2, 3], shape=(2, 2))


def test_an_integer_constant_can_be_a_shape():
    x = K.placeholder((6,))
    assert K.reshape(x, K.constant([2, 3], dtype="int32")).shape == (2, 3)


def test_zeros_and_ones_are_variables_where_the_shape_is_known():
    assert K.is_variable(K.zeros((2, 3))) and K.is_variable(K.ones(3, dtype="int32"))
    assert K.eval(K.ones((2,), dtype="int64")).dtype == "int64"
    x = K.placeholder((None, 3))
    filled = K.zeros((K.shape(x)[0], 2)) + 1
    assert filled.shape == (None, 2)
    assert filled.eval({x: np.ones((4, 3))}).tolist() == [[1.0, 1.0]] * 4


def test_the_shape_of_a_tensor_is_known_where_no_batch_changes_it():
    x = K.placeholder((None, 3))
    for shape in (K.shape(K.variable(np.ones((2, 3)))), (2, K.shape(x)[1]), K.shape(x)[1:]):
        assert isinstance(K.zeros(shape), Variable)
    assert tuple(K.ones((2, K.shape(x)[1])).shape) == (2, 3)
    assert not isinstance(K.zeros(K.shape(x)), Variable)


def test_zeros_are_arrays_in_running_code():
    with running.activate(Program()):
        assert not K.is_variable(K.zeros((2,)))
        assert np.asarray(K.ones((2,)) + K.eye(2)).tolist() == [[2.0, 1.0], [1.0, 2.0]]


def test_a_variable_made_in_running_code_has_its_value():
    x = K.placeholder((2,))
    looped = K.map_fn(lambda row: row * K.variable(3.0), x)
    assert K.function([x], [looped])([np.array([1.0, 2.0])])[0].tolist() == [3.0, 6.0]


def test_eye():
    assert K.eval(K.eye(2)).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert K.eval(K.eye((2, 3), dtype="int32")).tolist() == [[1, 0, 0], [0, 1, 0]]


def test_zeros_like_and_ones_like():
    x = numbers(2, 3)
    assert everywhere(K.zeros_like, x).tolist() == np.zeros((2, 3)).tolist()
    assert everywhere(lambda x: K.ones_like(x, dtype="int32"), x).dtype == "int32"


@pytest.mark.parametrize("args", [(5,), (2, 8, 2), (5, 0, -2), (-3,)])
def test_arange_is_that_of_numpy_with_nothing_below_zero(args):
    result = K.eval(K.arange(*args))
    assert result.dtype == "int32"
    assert result.tolist() == list(range(*args))


def test_arange_of_floats_and_of_shapes():
    assert K.eval(K.arange(0, 1, 0.25)).tolist() == [0.0, 0.25, 0.5, 0.75]
    assert K.eval(K.arange(3, dtype="float64")).dtype == "float64"
    x = K.placeholder((None, 2))
    assert K.arange(K.shape(x)[0]).eval({x: np.ones((3, 2))}).tolist() == [0, 1, 2]


def test_arange_refuses_a_length_that_depends_on_data():
    n = K.placeholder((), dtype="int32")
    with pytest.raises(TypeError, match="depends on the values of a tensor"):
        K.function([n], [K.arange(n)])([3])


def test_random_variables_are_drawn_on_the_host():
    u = K.eval(K.random_uniform_variable((200, 50), -1, 3, seed=1))
    assert -1 <= u.min() and u.max() < 3 and abs(u.mean() - 1) < 0.05
    n = K.eval(K.random_normal_variable((200, 50), 2, 0.5, seed=1))
    assert abs(n.mean() - 2) < 0.05 and abs(n.std() - 0.5) < 0.05
    np.testing.assert_array_equal(n, K.eval(K.random_normal_variable((200, 50), 2, 0.5, seed=1)))
    np.random.seed(3)
    first = K.eval(K.random_normal_variable((2,), 0, 1))
    np.random.seed(3)
    np.testing.assert_array_equal(first, K.eval(K.random_normal_variable((2,), 0, 1)))


def test_what_is_what():
    x, v = K.placeholder((2,)), K.variable(1.0)
    assert [K.is_tensor(a) for a in (x, v, x + 1, jnp.ones(2), np.ones(2), 1.0)] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]
    assert K.is_variable(v) and not K.is_variable(x)
    assert K.is_placeholder(x) and not K.is_placeholder(x + 1)
    assert not K.is_keras_tensor(x) and not K.is_keras_tensor(v)
    with pytest.raises(ValueError, match="Unexpectedly found an instance of type"):
        K.is_keras_tensor(np.ones(2))


def test_shapes_and_dtypes():
    x = K.placeholder((None, 3))
    assert K.int_shape(x) == (None, 3) and K.ndim(x) == 2 and K.dtype(x) == "float32"
    assert K.int_shape(np.ones((2, 1))) == (2, 1) and K.ndim(3.0) == 0
    assert K.int_shape(K.variable(np.ones((2, 2)))) == (2, 2)
    assert K.count_params(K.zeros((4, 5))) == 20
    assert everywhere(K.shape, numbers(4, 3)).tolist() == [4, 3]
    assert everywhere(K.size, numbers(4, 3)) == 12


def test_arithmetic_on_a_shape_stays_on_the_host():
    x = K.placeholder((None, 4))
    rows = K.shape(x)[0]
    assert K.reshape(x, (rows * 2, 2)).shape == (None, 2)
    assert K.reshape(x, K.stack([rows, 2, 2])).shape == (None, 2, 2)
    assert K.reshape(x, K.concatenate([K.shape(x)[:1], [2, 2]])).shape == (None, 2, 2)
    assert K.reshape(x, [K.prod(K.shape(x))]).shape == (None,)
    f = K.function([x], [K.reshape(x, (rows * 2, 2)), K.cast(rows, "float32") * 0.5])
    small, half = f([np.ones((3, 4))])
    assert small.shape == (6, 2) and half == 1.5


def test_cast():
    assert everywhere(lambda x: K.cast(x, "int32"), np.array([1.7, -1.7], "float32")).tolist() == [
        1,
        -1,
    ]
    assert K.eval(K.cast(K.constant([0.0, 2.0]), "bool")).tolist() == [False, True]
    assert K.cast(K.placeholder((2,)), "float64").dtype == "float64"
    assert K.eval(K.cast(np.array([True, False]), "float16")).dtype == "float16"
    assert np.asarray(K.cast([1, 2], "float64")).dtype == "float64"


def test_identity_is_another_tensor_of_the_same_value():
    x = K.placeholder((2,))
    y = K.identity(x, name="copy_of_x")
    assert y is not x and y.name == "copy_of_x:0"
    assert y.eval({x: np.ones(2)}).tolist() == [1.0, 1.0]
