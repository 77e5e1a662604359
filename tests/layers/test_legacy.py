"""Layers of Keras 1: Highway, MaxoutDense, TimeDistributedDense, Merge and merge."""

import numpy as np
import pytest

from hornbeam import layers
from hornbeam.layers import (
    Dense,
    Highway,
    Input,
    MaxoutDense,
    Merge,
    ParametricSoftplus,
    SReLU,
    TimeDistributedDense,
    merge,
)
from hornbeam.models import Model, Sequential


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture
def x():
    return np.random.rand(5, 3).astype("float32")


@pytest.fixture
def y():
    return np.random.rand(5, 3).astype("float32")


def run(layer, x):
    tensor = Input(x.shape[1:])
    return Model(tensor, layer(tensor)).predict(x)


def test_highway_mixes_by_its_gate(x):
    layer = Highway(activation="tanh")
    out = run(layer, x)
    assert [w.name.split("/")[1] for w in layer.weights] == ["W:0", "W_carry:0", "b:0", "b_carry:0"]
    layer.set_weights([np.random.randn(*w.shape) for w in layer.get_weights()])
    w, w_carry, b, b_carry = layer.get_weights()
    gate = sigmoid(x @ w_carry + b_carry)
    np.testing.assert_allclose(
        run(layer, x), gate * np.tanh(x @ w + b) + (1 - gate) * x, rtol=1e-5, atol=1e-6
    )
    assert out.shape == x.shape


def test_maxout_takes_the_largest(x):
    layer = MaxoutDense(2, nb_feature=3, init="normal", bias=True)
    run(layer, x)
    layer.set_weights([np.random.randn(*w.shape) for w in layer.get_weights()])
    w, b = layer.get_weights()
    expected = (np.einsum("bi,kio->bko", x, w) + b).max(axis=1)
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-5, atol=1e-6)


def test_parametric_softplus(x):
    layer = ParametricSoftplus(alpha_init=0.5, beta_init=2.0)
    np.testing.assert_allclose(run(layer, x), 0.5 * np.log1p(np.exp(2 * x)), rtol=1e-5, atol=1e-6)


def test_srelu_is_three_lines():
    layer = SReLU(shared_axes=[1])
    weights = [np.array([value]) for value in (-1.0, 0.5, -2.5, 2.0)]  # the middle ends at 1.5
    x = np.array([[-3.0, -1.0, 0.0, 1.5, 2.0]], "float32")
    run(layer, x)
    layer.set_weights(weights)
    np.testing.assert_allclose(run(layer, x), [[-2.0, -1.0, 0.0, 1.5, 2.5]], rtol=1e-6)


@pytest.mark.parametrize("layer", [
    Highway(activation="relu", bias=False, input_dim=3, W_regularizer="l2"),
    MaxoutDense(2, nb_feature=3, input_dim=3, b_constraint="max_norm"),
])
def test_configs_round_trip(layer):
    copy = layers.deserialize(layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    assert copy.get_config()["batch_input_shape"] == (None, 3)


def test_time_distributed_dense_is_dense_on_sequences():
    layer = TimeDistributedDense(4, input_dim=3, input_length=5, init="he_normal")
    model = Sequential([layer])
    x = np.random.rand(2, 5, 3).astype("float32")
    kernel, bias = layer.get_weights()
    assert isinstance(layer, Dense) and model.output_shape == (None, 5, 4)
    np.testing.assert_allclose(model.predict(x), x @ kernel + bias, rtol=1e-5, atol=1e-6)


def cosine(x, y):
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return ((x * y).sum(axis=1) / norms)[:, None]


MODES = {
    "sum": lambda x, y: x + y,
    "mul": lambda x, y: x * y,
    "ave": lambda x, y: (x + y) / 2,
    "max": np.maximum,
    "concat": lambda x, y: np.concatenate([x, y], axis=-1),
    "dot": lambda x, y: (x * y).sum(axis=1, keepdims=True),
    "cos": cosine,
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_merging(mode, x, y):
    a, b = Input((3,)), Input((3,))
    for output in (merge([a, b], mode=mode), Merge(mode=mode)([a, b])):
        found = Model([a, b], output).predict([x, y])
        np.testing.assert_allclose(found, MODES[mode](x, y), rtol=1e-5, atol=1e-6)


def test_merging_by_a_function(x, y):
    a, b = Input((3,)), Input((3,))
    output = merge([a, b], mode=lambda both: both[0] - both[1], output_shape=(3,), name="minus")
    assert output._keras_history[0].name == "minus"
    np.testing.assert_array_equal(Model([a, b], output).predict([x, y]), x - y)


def test_merge_makes_the_layers_of_keras_2():
    a, b = Input((3,)), Input((3,))
    layer = merge([a, b], mode="concat", concat_axis=1)._keras_history[0]
    assert isinstance(layer, layers.Concatenate) and layer.axis == 1


def test_unknown_mode_is_named():
    with pytest.raises(ValueError, match="Invalid merge mode: 'foo'. Expected one of"):
        merge([Input((3,)), Input((3,))], mode="foo")


def test_merge_is_a_module_too():
    from hornbeam.layers import merge as module
    from hornbeam.layers.merge import Add

    assert module.Add is Add is layers.Add and callable(module)


def test_merge_starts_a_sequential():
    left = Sequential([Dense(4, input_dim=3)])
    right = Sequential([Dense(5, input_dim=2)])
    model = Sequential()
    model.add(Merge([left, right], mode="concat"))
    model.add(Dense(1))
    data = [np.random.rand(6, 3).astype("float32"), np.random.rand(6, 2).astype("float32")]
    kernel, bias = model.layers[1].get_weights()
    joined = np.concatenate([left.predict(data[0]), right.predict(data[1])], axis=1)
    np.testing.assert_allclose(model.predict(data), joined @ kernel + bias, rtol=1e-5, atol=1e-6)

    assert len(model.trainable_weights) == 6 and model.count_params() == 16 + 15 + 10
    model.compile("sgd", "mse")
    before = left.get_weights()[0]
    losses = model.fit(data, np.ones((6, 1)), nb_epoch=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert (left.get_weights()[0] != before).any()


def test_merge_of_models_without_a_shape_says_so():
    with pytest.raises(ValueError, match="has no output yet.*input_shape"):
        Merge([Sequential([Dense(3)]), Sequential([Dense(3)])])


def test_families_are_found_in_keras_s_files():
    from hornbeam.layers import convolutional, core, pooling, recurrent

    assert convolutional.MaxPooling2D is pooling.MaxPooling2D is layers.MaxPooling2D
    assert convolutional.ZeroPadding2D is layers.ZeroPadding2D
    assert pooling.GlobalAvgPool2D is layers.GlobalAveragePooling2D
    assert recurrent.StackedRNNCells is layers.StackedRNNCells
    assert core.MaxoutDense is MaxoutDense
