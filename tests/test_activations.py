import jax
import numpy as np
import pytest

from hornbeam import activations
from hornbeam import backend as K
from hornbeam.registry import catalogue, custom_object_scope

X = np.array([[-3.0, -1.0, -0.1, 0.0, 0.5, 2.0, 7.0]], "float32")

# Values of Keras 2.3.1 for X.
KERAS = {
    "softmax": [4.493e-05, 3.3201999e-04, 8.1664999e-04, 9.0252998e-04, 1.4880199e-03,
                6.6688601e-03, 9.897469e-01],
    "elu": [-0.950212955, -0.63212055, -0.09516257, 0.0, 0.5, 2.0, 7.0],
    "selu": [-1.670568824, -1.111330748, -0.167305246, 0.0, 0.525350511, 2.101402044, 7.354907036],
    "softplus": [0.04858733, 0.313261658, 0.644396663, 0.693147182, 0.974076986, 2.126928091,
                 7.00091219],
    "softsign": [-0.75, -0.5, -0.090909094, 0.0, 0.333333343, 0.666666687, 0.875],
    "relu": [0.0, 0.0, 0.0, 0.0, 0.5, 2.0, 7.0],
    "tanh": [-0.995054722, -0.761594176, -0.099667989, 0.0, 0.462117165, 0.964027584, 0.999998331],
    "sigmoid": [0.047425881, 0.268941432, 0.475020796, 0.5, 0.622459352, 0.880797029, 0.999089062],
    "hard_sigmoid": [0.0, 0.3, 0.48, 0.5, 0.6, 0.9, 1.0],
    "exponential": [0.049787059, 0.36787945, 0.904837429, 1.0, 1.648721337, 7.389056206,
                    1096.633178711],
    "linear": [-3.0, -1.0, -0.1, 0.0, 0.5, 2.0, 7.0],
}  # fmt: skip


@pytest.mark.parametrize("name", KERAS)
def test_values_are_those_of_keras(name):
    function = activations.get(name)
    for x in (X, jax.numpy.array(X)):
        np.testing.assert_allclose(np.asarray(function(x))[0], KERAS[name], rtol=1e-5, atol=1e-8)
    symbolic = function(K.variable(X))
    np.testing.assert_allclose(K.eval(symbolic)[0], KERAS[name], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", [*KERAS, "swish", "silu", "gelu", "mish"])
def test_shape_and_dtype_stay(name):
    function = activations.get(name)
    for dtype in ("float32", "float64"):
        made = function(K.placeholder((None, 3), dtype=dtype))
        assert K.int_shape(made) == (None, 3) and K.dtype(made) == dtype
    assert K.eval(function(K.variable(X, dtype="float64"))).dtype == np.float64


def test_options_of_relu_and_elu():
    np.testing.assert_allclose(
        np.asarray(activations.relu(X, alpha=0.1, max_value=5.0, threshold=1.0))[0],
        [-0.4, -0.2, -0.11, -0.1, -0.05, 2.0, 5.0],
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        np.asarray(activations.elu(X, 0.5))[0],
        [-0.475106478, -0.31606027, -0.047581285, 0.0, 0.5, 2.0, 7.0],
        rtol=1e-6,
    )


def test_names_of_tf_keras():
    x = X.astype("float64")
    np.testing.assert_allclose(np.asarray(activations.swish(X)), x / (1 + np.exp(-x)), rtol=1e-5)
    np.testing.assert_allclose(
        np.asarray(activations.leaky_relu(X)), np.where(X > 0, X, 0.2 * X), rtol=1e-6
    )
    np.testing.assert_allclose(
        np.asarray(activations.mish(X)), x * np.tanh(np.log1p(np.exp(x))), rtol=1e-5
    )
    # by the table of the normal distribution: P(-1) = 0.158655, P(0.5) = 0.691462
    exact = np.asarray(activations.gelu(X))[0]
    np.testing.assert_allclose(exact[[1, 4]], [-0.158655, 0.345731], rtol=1e-5)
    np.testing.assert_allclose(np.asarray(activations.gelu(X, True))[0], exact, atol=1e-3)


def test_softmax_along_other_axes():
    x = np.random.randn(2, 3, 4).astype("float32")
    for axis in (0, 1, 2, -1, -2):
        powers = np.exp(x)
        wanted = powers / powers.sum(axis, keepdims=True)
        np.testing.assert_allclose(np.asarray(activations.softmax(x, axis)), wanted, rtol=1e-5)
    matrix = np.asarray(activations.softmax(x[0], axis=0))
    np.testing.assert_allclose(matrix.sum(0), np.ones(4), rtol=1e-6)


@pytest.mark.parametrize("shape", [(3,), ()])
def test_softmax_refuses_vectors(shape):
    with pytest.raises(ValueError, match="Cannot apply softmax to a tensor that is 1D"):
        activations.softmax(K.placeholder(shape))


def test_gradients():
    x = K.variable(X[:, :3])
    gradient = K.gradients(K.sum(activations.sigmoid(x)), [x])[0]
    sigmoid = 1 / (1 + np.exp(-X[:, :3]))
    np.testing.assert_allclose(K.eval(gradient), sigmoid * (1 - sigmoid), rtol=1e-5)


def test_get_and_serialize():
    def mine(x):
        return x * 2

    assert activations.get(None) is activations.linear
    assert activations.get("relu") is activations.relu
    assert activations.get(mine) is mine
    assert activations.serialize(activations.relu) == "relu"
    assert activations.serialize(mine) == "mine"
    assert activations.deserialize("mine", custom_objects={"mine": mine}) is mine
    with custom_object_scope({"mine": mine}):
        assert activations.get("mine") is mine
    for name in KERAS:
        assert activations.serialize(activations.get(name)) == name


def test_errors():
    with pytest.raises(
        ValueError, match="Unknown activation function: 'sigmod'. Did you mean 'sigmoid'"
    ):
        activations.get("sigmod")
    with pytest.raises(ValueError, match="Could not interpret activation function identifier: 3"):
        activations.get(3)


class Halve:
    """Looks like a layer."""

    def __call__(self, x):
        return x / 2

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {"name": "halve"}

    @classmethod
    def from_config(cls, config):
        return cls()


def test_a_layer_is_accepted_with_a_warning():
    layer = Halve()
    with pytest.warns(UserWarning, match="Do not pass a layer instance .such as Halve."):
        assert activations.get(layer) is layer
    config = activations.serialize(layer)
    assert config == {"class_name": "Halve", "config": {"name": "halve"}}
    catalogue("layer")["Halve"] = Halve
    try:
        assert isinstance(activations.get(config), Halve)
    finally:
        del catalogue("layer")["Halve"]
