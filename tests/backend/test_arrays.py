"""The functions of K on plain arrays give what they give on placeholders."""

import numpy as np
import pytest

from hornbeam import backend as K
from tests.parity.cases.backend import BATCH_DOTS, CONVOLUTIONS, DOTS, GROUPS, TRUTHS, integers
from tests.parity.cases.backend_spatial import CHECKS
from tests.parity.cases.support import normal


def assert_same(rows, values):
    """Compares each expression on arrays with the same on placeholders, in one program."""
    symbols = [K.placeholder(shape=value.shape) for value in values]
    outputs = [expression(K, *symbols) for expression in rows.values()]
    expected = K.function(symbols, outputs)(values)
    for name, expression, value in zip(rows, rows.values(), expected):
        found = K.eval(expression(K, *values))
        assert found.shape == value.shape and found.dtype == value.dtype, name
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("name", GROUPS)
def test_expressions(name):
    arrays, rows = GROUPS[name]
    assert_same(rows, arrays(np.random.RandomState(0)))


def test_truths():
    assert_same(TRUTHS, integers(np.random.RandomState(1)))


def test_products():
    random = np.random.RandomState(2)
    for first, second in DOTS.values():
        assert_same(
            {"dot": lambda K, x, y: K.dot(x, y)}, [normal(random, *first), normal(random, *second)]
        )
    for first, second, axes in BATCH_DOTS.values():
        assert_same(
            {"batch_dot": lambda K, x, y, axes=axes: K.batch_dot(x, y, axes=axes)},
            [normal(random, *first), normal(random, *second)],
        )


@pytest.mark.parametrize("name", CHECKS)
def test_spatial_functions(name):
    call, *shapes = CHECKS[name]
    random = np.random.RandomState(3)
    assert_same({name: call}, [normal(random, *shape) for shape in shapes])


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name):
    call, shapes = CONVOLUTIONS[name]
    random = np.random.RandomState(4)
    assert_same({name: call}, [normal(random, *shape) for shape in shapes])
