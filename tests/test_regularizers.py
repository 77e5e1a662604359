import jax
import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import regularizers
from hornbeam.registry import custom_object_scope

W = np.array([[3.0, 0.5], [-4.0, 1.0]], "float32")

# Values and configs of Keras 2.3.1 for W; a factor is rounded to float32 there.
KERAS = [
    (regularizers.l1(0.1), {"l1": 0.10000000149011612, "l2": 0.0}, 0.85),
    (regularizers.l2(0.1), {"l1": 0.0, "l2": 0.10000000149011612}, 2.625),
    (regularizers.l1_l2(0.1, 0.2), {"l1": 0.10000000149011612, "l2": 0.20000000298023224}, 6.1),
]


@pytest.mark.parametrize("regularizer, config, penalty", KERAS)
def test_values_and_configs_are_those_of_keras(regularizer, config, penalty):
    assert regularizers.serialize(regularizer) == {"class_name": "L1L2", "config": config}
    assert float(regularizer(W)) == pytest.approx(penalty)
    assert K.eval(regularizer(K.variable(W))) == pytest.approx(penalty)
    assert float(regularizer(jax.numpy.array(W))) == pytest.approx(penalty)


def test_gradients():
    w = K.variable(W)
    gradient = K.gradients(regularizers.l1_l2(0.1, 0.2)(w), [w])[0]
    np.testing.assert_allclose(K.eval(gradient), 0.1 * np.sign(W) + 0.4 * W, rtol=1e-6)


def test_nothing_to_penalize_costs_nothing():
    assert regularizers.L1L2()(W) == 0.0
    assert regularizers.Regularizer()(W) == 0.0


def test_a_penalty_has_the_dtype_of_the_weight():
    w = K.variable(W, dtype="float64")
    penalty = regularizers.l1_l2(0.1, 0.2)(w)
    assert K.dtype(penalty) == "float64"
    # the factor stays rounded to floatx
    assert K.eval(penalty) == pytest.approx(6.1, rel=1e-7)


def test_a_factor_may_be_a_variable():
    factor = K.variable(0.5)
    regularizer = regularizers.L1L2(l1=factor)
    w = K.variable(W)
    penalty = regularizer(w)
    assert K.eval(penalty) == pytest.approx(4.25)
    K.set_value(factor, 1.0)
    assert K.eval(penalty) == pytest.approx(8.5)
    assert regularizer.get_config() == {"l1": 1.0, "l2": 0.0}


def test_spellings_of_tf_keras_and_keras_1():
    assert regularizers.l1(l1=0.5).l1 == 0.5
    assert regularizers.l2(l2=0.5).l2 == 0.5
    assert regularizers.l2(l=0.5).l2 == 0.5
    assert regularizers.L1(0.5).get_config() == {"l1": 0.5}
    assert regularizers.L2(l=0.5).get_config() == {"l2": 0.5}
    assert regularizers.WeightRegularizer(l2=0.5).l2 == 0.5
    assert regularizers.activity_l1(0.5).l1 == 0.5
    assert regularizers.l1l2(0.5, 0.25).get_config() == {"l1": 0.5, "l2": 0.25}


@pytest.mark.parametrize("name", "l1 l2 l1_l2 l1l2 L1 L2 L1L2".split())
def test_every_name_finds_one_and_survives_its_config(name):
    regularizer = regularizers.get(name)
    again = regularizers.get(regularizers.serialize(regularizer))
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()
    assert float(again(W)) == float(regularizer(W))


def test_get_takes_anything_that_can_be_called():
    def mine(w):
        return K.sum(w)

    assert regularizers.get(None) is None
    assert regularizers.get(mine) is mine
    assert isinstance(regularizers.get(regularizers.L1L2), regularizers.L1L2)
    with custom_object_scope({"mine": mine}):
        assert regularizers.get("mine") is mine
    with pytest.raises(ValueError, match="Could not interpret regularizer identifier: 0.01"):
        regularizers.get(0.01)


def test_errors():
    with pytest.raises(ValueError, match="Unknown regularizer: 'l1_l3'. Did you mean 'l1_l2'"):
        regularizers.get("l1_l3")
    with pytest.raises(ValueError, match="The factor l2 must be a number. Got: 'much'"):
        regularizers.l2("much")
