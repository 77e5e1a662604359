"""Sessions: `get_session().run(...)` as old programs call it."""

import numpy as np
import pytest

from hornbeam import backend as K


@pytest.fixture(autouse=True)
def own_session():
    yield
    K.set_session(None)


def test_run_computes_nested_fetches():
    x, v = K.placeholder((None, 2)), K.variable(3.0)
    session = K.get_session()
    total = session.run(K.sum(x), feed_dict={x: np.ones((4, 2))})
    assert total == 8
    found = session.run({"a": [K.sum(x), v], "b": (v + 1,)}, {x: np.ones((1, 2))})
    assert found == {"a": [2.0, 3.0], "b": (4.0,)}


def test_run_writes_updates_and_passes_over_what_is_no_tensor():
    v = K.variable(1.0)
    update = K.update_add(v, 1.0)
    assert K.get_session().run([update, None]) == [2.0, None]
    assert K.get_value(v) == 2


def test_run_computes_all_fetches_from_the_same_random_numbers():
    noise = K.random_uniform((3,))
    a, b = K.get_session().run([noise, noise + 1])
    np.testing.assert_allclose(a + 1, b, rtol=1e-6)


def test_run_takes_a_learning_phase():
    x = K.placeholder(())
    y = K.in_train_phase(x * 2, x)
    session = K.get_session()
    assert session.run(y, {x: 1.0, K.learning_phase(): 1}) == 2
    assert session.run(y, {x: 1.0, K.learning_phase(): 0}) == 1


def test_a_session_is_the_same_until_another_is_set():
    session = K.get_session()
    assert K.get_session() is session
    with session.as_default() as inner:
        assert inner is session
    K.set_session("another")
    assert K.get_session() == "another"
    K.set_session(None)
    assert K.get_session() is not session


def test_manual_initialization_is_accepted():
    K.manual_variable_initialization(True)
    K.manual_variable_initialization(False)
    with pytest.raises(TypeError, match="expects a bool"):
        K.manual_variable_initialization("yes")
