"""Tensors, variables, shapes and operators."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.backend.tensors import DType, Shape, UnfedPlaceholderError, dtype_name
from tests.backend.support import everywhere, numbers


def test_a_dtype_is_its_name_and_answers_what_tensorflow_programs_ask():
    dtype = dtype_name("float32")
    assert dtype == "float32" and dtype.name == "float32"
    assert dtype.base_dtype == dtype and dtype.as_numpy_dtype is np.float32
    assert dtype.is_floating and not dtype.is_integer and not dtype.is_bool
    assert dtype_name(np.int16) == "int16"
    assert dtype_name("float32_ref") == "float32"
    assert dtype_name(None) == K.floatx()
    assert DType("bool").is_bool


def test_an_unknown_dtype_is_named():
    with pytest.raises(ValueError, match="Unknown dtype: 'float33'"):
        dtype_name("float33")


def test_a_shape_has_the_methods_of_tensorflows():
    shape = Shape((2, None, 3))
    assert shape == (2, None, 3)
    assert shape.as_list() == [2, None, 3]
    assert shape.ndims == 3 and shape.rank == 3
    assert not shape.is_fully_defined()
    assert shape.num_elements() is None
    assert Shape((2, 3)).num_elements() == 6
    assert shape[1:].as_list() == [None, 3]


@pytest.mark.parametrize(
    "operate",
    [
        lambda x, y: x + y,
        lambda x, y: x - y,
        lambda x, y: x * y,
        lambda x, y: x / y,
        lambda x, y: x // y,
        lambda x, y: x % y,
        lambda x, y: abs(x) ** y,
        lambda x, y: -x + 1.5,
        lambda x, y: 2 - x,
        lambda x, y: 2 / y,
        lambda x, y: 2.0**x,
        lambda x, y: 7 // y,
        lambda x, y: 7 % y,
    ],
)
def test_arithmetic_is_that_of_numpy(operate):
    x, y = numbers(3, 4), np.abs(numbers(3, 4)) + 0.5
    np.testing.assert_allclose(everywhere(operate, x, y), operate(x, y), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16", "int32", "int64"])
def test_arithmetic_with_python_numbers_keeps_the_dtype(dtype):
    x = np.arange(1, 7).reshape(2, 3).astype(dtype)
    result = everywhere(lambda x: 2 * (x + 1) - 3, x)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, 2 * (x + 1) - 3)


def test_float64_is_computed_in_64_bits():
    x = K.placeholder((2,), dtype="float64")
    f = K.function([x], [x / 3.0])
    result = f([np.array([1.0, 2.0])])[0]
    assert result.dtype == "float64"
    assert result[0] == 1.0 / 3.0


def test_int64_holds_large_numbers():
    x = K.variable([2**40, 3], dtype="int64")
    assert K.eval(x + 1).tolist() == [2**40 + 1, 4]


def test_float32_beside_float64_stays_float32():
    wide = K.placeholder((2,), dtype="float64")
    narrow = K.placeholder((2,))
    results = K.function([wide, narrow], [K.sum(wide), narrow * 2.0])(
        [np.ones(2), np.ones(2, "float32")]
    )
    assert [r.dtype for r in results] == ["float64", "float32"]


def test_an_array_beside_a_float32_tensor_takes_its_dtype():
    x = K.placeholder((3,))
    assert (x * np.arange(3.0)).dtype == "float32"
    assert (np.arange(3.0) + x).dtype == "float32"


@pytest.mark.parametrize(
    "compare",
    [
        lambda x, y: x < y,
        lambda x, y: x <= y,
        lambda x, y: x > y,
        lambda x, y: x >= y,
        lambda x, y: ~(x > y),
        lambda x, y: (x > 0) & (y > 0),
        lambda x, y: (x > 0) | (y > 0),
        lambda x, y: (x > 0) ^ (y > 0),
    ],
)
def test_comparison_and_logic_give_bools(compare):
    x, y = np.round(numbers(3, 4)), np.round(numbers(3, 4))
    result = everywhere(compare, x, y)
    assert result.dtype == "bool"
    np.testing.assert_array_equal(result, compare(x, y))


def test_equality_is_elementwise_and_tensors_still_work_in_lists_and_dicts():
    x, y = K.placeholder((2,)), K.placeholder((2,))
    result = K.function([x, y], [x == y, x != y])([np.array([1, 2.0]), np.array([1, 3.0])])
    assert result[0].tolist() == [True, False] and result[1].tolist() == [False, True]
    assert x in [y, x] and x not in [y]
    assert {x: 1, y: 2}[x] == 1
    assert (x == None) is False  # noqa: E711


@pytest.mark.parametrize(
    "index",
    [
        np.s_[0],
        np.s_[-1],
        np.s_[:, 1],
        np.s_[:, 1:3],
        np.s_[..., 0],
        np.s_[:, None],
        np.s_[::-1],
        np.s_[:, ::2, -1],
        np.s_[1:, :-1],
    ],
)
def test_indexing_is_that_of_numpy(index):
    x = numbers(3, 4, 2)
    np.testing.assert_array_equal(everywhere(lambda x: x[index], x), x[index])


def test_indexing_by_a_tensor():
    x, i = numbers(5, 2), np.array([4, 0, 0], "int32")
    np.testing.assert_array_equal(everywhere(lambda x, i: x[i], x, i), x[i])
    m = x > 0
    np.testing.assert_array_equal(np.asarray(K.variable(x)[0]), x[0])
    assert m.shape == x.shape


def test_matrix_product():
    x, y = numbers(2, 3), numbers(3, 4)
    np.testing.assert_allclose(everywhere(lambda x, y: x @ y, x, y), x @ y, rtol=1e-5, atol=1e-6)


def test_a_list_beside_a_tensor_is_an_array():
    assert K.eval(K.variable([1.0, 2.0]) + [10.0, 20.0]).tolist() == [11.0, 22.0]


def test_what_programs_read_off_a_tensor():
    x = K.placeholder((None, 3), name="image")
    assert x.name == "image:0"
    assert x.shape == (None, 3) and x.get_shape().as_list() == [None, 3]
    assert x._keras_shape == (None, 3) and x.ndim == 2
    assert x.dtype == "float32" and not x._uses_learning_phase
    assert x.op is None and not hasattr(x, "_keras_history")
    y = x + 1
    assert y.op is not None and not y.is_placeholder and x.is_placeholder


def test_names_are_unique_and_know_their_scope():
    K.clear_session()
    assert K.variable(0.0, name="w").name == "w:0"
    assert K.variable(0.0, name="w").name == "w_1:0"
    with K.name_scope("outer"), K.name_scope("inner"):
        assert K.variable(0.0, name="w").name == "outer/inner/w:0"
        assert K.placeholder((1,), name="p").name == "outer/inner/p:0"


def test_truth_of_a_tensor_is_refused():
    x = K.placeholder((1,))
    with pytest.raises(TypeError, match="K.switch"):
        bool(x > 0)
    with pytest.raises(TypeError, match="K.switch"):
        if K.variable(1.0):
            pass


def test_len_and_iteration_need_a_known_size():
    x = K.variable(numbers(2, 3))
    assert len(x) == 2
    first, second = x
    np.testing.assert_array_equal(second.eval(), x.eval()[1])
    with pytest.raises(TypeError, match="no fixed size"):
        len(K.placeholder((None, 3)))
    with pytest.raises(TypeError, match="no axes"):
        len(K.variable(1.0))


def test_set_shape_refines_and_refuses_contradictions():
    x = K.placeholder((None, 3)) * 2
    x.set_shape((5, None))
    assert x.shape == (5, 3)
    with pytest.raises(ValueError, match="contradicts"):
        x.set_shape((5, 4))


def test_a_variable_keeps_its_own_copy():
    array = np.zeros((2, 2), "float32")
    variable = K.variable(array)
    array[:] = 7
    assert K.get_value(variable).sum() == 0
    value = K.get_value(variable)
    value[:] = 7
    assert K.get_value(variable).sum() == 0


def test_set_value_refuses_another_shape():
    variable = K.zeros((2, 2), name="kernel_of_set_value")
    with pytest.raises(ValueError, match=r"kernel_of_set_value.*\(2, 2\).*\(3, 2\)"):
        K.set_value(variable, np.zeros((3, 2)))


def test_assign_writes_arrays_at_once_and_tensors_when_run():
    variable = K.variable([1.0, 2.0])
    variable.assign([3.0, 4.0])
    assert variable.eval().tolist() == [3.0, 4.0]
    update = variable.assign_add(variable * 2)
    assert variable.eval().tolist() == [3.0, 4.0]
    assert K.eval(update).tolist() == [9.0, 12.0]
    assert variable.eval().tolist() == [9.0, 12.0]
    K.eval(variable.assign_sub(K.constant([9.0, 0.0])))
    assert variable.eval().tolist() == [0.0, 12.0]


def test_variables_are_numbers_and_arrays_to_numpy_and_jax():
    variable = K.variable(3.0)
    assert float(variable) == 3.0 and int(variable) == 3
    assert np.asarray(variable) == 3
    assert jnp.sum(variable) == 3
    assert float(K.constant(2.0) * 4) == 8.0


def test_a_jax_function_refuses_a_tensor_without_value():
    with pytest.raises(TypeError, match="has no value yet"):
        jax.tree.map(lambda x: x, K.placeholder((2,)))


def test_a_variable_can_be_copied_and_pickled():
    variable = K.variable([1.0, 2.0], name="kernel")
    variable.on_device()
    for twin in (copy.deepcopy(variable), pickle.loads(pickle.dumps(variable))):
        assert twin is not variable and twin.name == variable.name
        assert twin.eval().tolist() == [1.0, 2.0]
        twin.set_value([0.0, 0.0])
    assert variable.eval().tolist() == [1.0, 2.0]


def test_eval_takes_a_feed_dict_and_misses_what_is_not_fed():
    x = K.placeholder((None, 2), name="forgotten")
    y = K.sum(x * 2)
    assert y.eval({x: np.ones((3, 2))}) == 12
    with pytest.raises(UnfedPlaceholderError, match="forgotten"):
        y.eval()
    assert K.eval([K.constant(1.0), K.constant(2.0)]) == [1.0, 2.0]


def test_the_learning_phase_marks_what_depends_on_it():
    x = K.placeholder((2,))
    y = K.in_train_phase(x * 2, x)
    assert y._uses_learning_phase and (y + 1)._uses_learning_phase
    assert not (x * 2)._uses_learning_phase


def test_numpy_numbers_and_arrays_take_the_dtype_of_the_tensor_beside():
    wide = K.variable([1.0, 2.0], dtype="float64")
    for dtype in ("float16", "float32", "float64"):
        x = K.placeholder((2,), dtype=dtype)
        results = [x * np.sqrt(2.0), np.float32(2) * x, x + np.arange(2), np.arange(2.0) / (x + 1)]
        assert {t.dtype for t in results} == {dtype}
        found = K.function([x], [*results, wide + 0])([np.ones(2)])  # in a program of 64 bits
        assert [a.dtype for a in found] == [dtype] * 4 + ["float64"]
    i = K.placeholder((2,), dtype="int32")
    assert (i + np.arange(2)).dtype == "int32" and (i * np.array([0.5, 1.0])).dtype == "float32"


def test_a_table_of_integers_is_indexed_by_a_tensor():
    table, i = K.constant([10, 20, 30], dtype="int32"), K.placeholder((None,), dtype="int32")
    f = K.function([i], [table[i], K.gather(table, i)])
    assert [a.tolist() for a in f([np.array([2, 0])])] == [[30, 10], [30, 10]]


@pytest.mark.parametrize("shape", [(3, 4), (None, 3), (None, None)])
def test_a_mask_as_an_index_says_what_to_do_instead(shape):
    x = K.placeholder(shape)
    with pytest.raises(TypeError, match="boolean_mask.*not known.*Multiply by the mask"):
        x[x > 0]
