import jax
import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import constraints
from hornbeam.registry import custom_object_scope

W = np.array([[3.0, 0.5], [-4.0, 1.0]], "float32")

# Values of Keras 2.3.1 for W.
KERAS = [
    (constraints.MaxNorm(2), [[1.2000000, 0.5], [-1.6, 1.0]]),
    (constraints.MaxNorm(2, axis=1), [[1.9727879, 0.3287980], [-1.9402851, 0.4850713]]),
    (constraints.MaxNorm(2, axis=[0, 1]), [[1.1710801, 0.1951800], [-1.5614401, 0.3903600]]),
    (constraints.NonNeg(), [[3.0, 0.5], [0.0, 1.0]]),
    (constraints.UnitNorm(), [[0.6, 0.4472135], [-0.8, 0.8944271]]),
    (constraints.MinMaxNorm(2.0, 3.0, rate=0.5), [[2.4, 0.6972134], [-3.2, 1.3944268]]),
]


@pytest.mark.parametrize("constraint, projected", KERAS)
def test_values_are_those_of_keras(constraint, projected):
    for w in (W, jax.numpy.array(W)):
        np.testing.assert_allclose(np.asarray(constraint(w)), projected, rtol=1e-6)
    symbolic = constraint(K.variable(W))
    assert K.int_shape(symbolic) == (2, 2) and K.dtype(symbolic) == "float32"
    np.testing.assert_allclose(K.eval(symbolic), projected, rtol=1e-6)


@pytest.mark.parametrize("constraint, projected", KERAS)
def test_a_float64_weight_stays_one(constraint, projected):
    made = constraint(K.variable(W, dtype="float64"))
    assert K.dtype(made) == "float64"
    np.testing.assert_allclose(K.eval(made), projected, rtol=1e-6)


@pytest.mark.parametrize("constraint, projected", KERAS)
def test_configs_make_the_same_again(constraint, projected):
    config = constraints.serialize(constraint)
    again = constraints.deserialize(config)
    assert type(again) is type(constraint)
    assert again.get_config() == constraint.get_config() == config["config"]


def test_configs_are_those_of_keras():
    assert constraints.serialize(constraints.MaxNorm()) == {
        "class_name": "MaxNorm",
        "config": {"max_value": 2, "axis": 0},
    }
    assert constraints.MinMaxNorm().get_config() == {
        "min_value": 0.0,
        "max_value": 1.0,
        "rate": 1.0,
        "axis": 0,
    }


@pytest.mark.parametrize(
    "name",
    "max_norm maxnorm MaxNorm non_neg nonneg NonNeg unit_norm unitnorm UnitNorm min_max_norm "
    "MinMaxNorm".split(),
)
def test_every_name_finds_one(name):
    assert np.asarray(constraints.get(name)(W)).shape == W.shape


def test_the_base_class_changes_nothing():
    assert constraints.Constraint()(W) is W
    assert constraints.Constraint().get_config() == {}


def test_get_takes_anything_that_can_be_called():
    def mine(w):
        return w / 2

    assert constraints.get(None) is None
    assert constraints.get(mine) is mine
    assert isinstance(constraints.get(constraints.NonNeg), constraints.NonNeg)
    with custom_object_scope({"mine": mine}):
        assert constraints.get("mine") is mine


def test_errors():
    with pytest.raises(ValueError, match="Unknown constraint: 'maxnrm'. Did you mean 'max"):
        constraints.get("maxnrm")
    with pytest.raises(ValueError, match="Could not interpret constraint identifier: 2"):
        constraints.get(2)
