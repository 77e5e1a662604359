"""Policies: names, configs, and in which dtypes layers keep weights, take inputs and compute."""

import numpy as np
import pytest

import hornbeam
from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.backend.ops import infer
from hornbeam.mixed_precision import Policy, global_policy, serialize, set_global_policy
from hornbeam.models import Model, Sequential, load_model, model_from_json
from tests.contracts.test_layers import ROWS

MIXED = {
    "module": "keras.mixed_precision",
    "class_name": "Policy",
    "config": {"name": "mixed_float16"},
    "registered_name": None,
}


@pytest.mark.parametrize(
    ("name", "compute", "variable"),
    [
        ("mixed_float16", "float16", "float32"),
        ("mixed_bfloat16", "bfloat16", "float32"),
        ("float32", "float32", "float32"),
        ("float64", "float64", "float64"),
        ("float16", "float16", "float16"),
        ("bfloat16", "bfloat16", "bfloat16"),
        ("int32", "int32", "int32"),
    ],
)
def test_a_name_means_two_dtypes(name, compute, variable):
    policy = Policy(name)
    assert (policy.name, policy.compute_dtype, policy.variable_dtype) == (name, compute, variable)
    assert repr(policy) == f'<Policy "{name}">'
    assert Policy.from_config(policy.get_config()) == policy


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("mixed_float64", ValueError, "Cannot convert value 'mixed_float64'"),
        ("half", ValueError, "Cannot convert"),
        (None, TypeError, "must be a string, but got: None"),
    ],
)
def test_other_names_are_refused(name, error, message):
    if name == "half":  # a name of NumPy's, which is float16
        assert Policy("half").compute_dtype == "float16"
        return
    with pytest.raises(error, match=message):
        Policy(name)


def test_the_global_policy_is_floatx_until_it_is_set():
    assert global_policy() == Policy("float32")
    set_global_policy("mixed_float16")
    assert L.Dense(1).dtype_policy is global_policy()
    assert K.floatx() == "float32"
    assert hornbeam.Input((3,)).dtype == "float32"  # data stays as it is given
    with pytest.raises(ValueError, match="floating-point policies.*int32"):
        set_global_policy("int32")
    set_global_policy(None)
    assert L.Dense(1).compute_dtype == "float32"


@pytest.mark.parametrize(
    "dtype",
    ["mixed_float16", Policy("mixed_float16"), MIXED,
     {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}],
    ids=["name", "policy", "config", "Keras 3's config"],
)  # fmt: skip
def test_a_layer_takes_a_policy_as_its_dtype(dtype):
    layer = L.Dense(2, dtype=dtype)
    assert (layer.dtype, layer.variable_dtype, layer.compute_dtype) == (
        "float32", "float32", "float16",
    )  # fmt: skip
    assert layer.dtype_policy == layer._dtype_policy == Policy("mixed_float16")
    assert layer.get_config()["dtype"] == MIXED == serialize(layer.dtype_policy)
    again = L.Dense.from_config(layer.get_config())
    assert again.compute_dtype == "float16"
    assert again(hornbeam.Input((3,))).dtype == "float16"
    assert [w.dtype for w in again.weights] == ["float32", "float32"]


def test_an_unknown_config_is_refused():
    with pytest.raises(ValueError, match="Cannot make a dtype policy of.*Lambda"):
        L.Dense(2, dtype={"class_name": "Lambda", "config": {}})


def test_a_plain_dtype_stays_a_plain_config():
    set_global_policy("mixed_bfloat16")
    layer = L.Activation("softmax", dtype="float32")
    assert layer.get_config()["dtype"] == "float32"
    half = L.Dense(3)(hornbeam.Input((3,)))
    assert (half.dtype, layer(half).dtype) == ("bfloat16", "float32")


CASES = [(name, number) for name, rows in ROWS.items() for number in range(len(rows))]
# Of whole numbers, which no policy makes floats of; `CategoryEncoding` counts in float32.
WITHOUT = ("CategoryEncoding", "Discretization", "IntegerLookup")


@pytest.mark.parametrize(("name", "number"), CASES)
def test_every_layer_returns_the_dtype_that_it_computes_in(name, number):
    set_global_policy("mixed_bfloat16")
    row = ROWS[name][number]
    inputs = [hornbeam.Input(shape, dtype=row.dtype) for shape in row.shapes]
    outputs = row.make()(inputs if len(inputs) > 1 else inputs[0])
    first = outputs[0] if isinstance(outputs, list) else outputs
    node = first.node
    computed = infer(node.run, [*node.sources, *node.layer.weights], node.wide, training=True)
    assert [t.dtype for t in node.outputs] == [dtype for _, dtype, _ in computed]
    if name not in WITHOUT:
        assert {dtype for _, dtype, _ in computed} == {"bfloat16"}
    assert all(w.dtype in ("float32", "int32") for w in node.layer.weights)


def test_a_layer_of_the_users_own_reads_weights_in_the_dtype_of_its_inputs():
    seen = []

    class Scale(L.Layer):
        def build(self, input_shape):
            self.factor = self.add_weight("factor", (input_shape[-1],), initializer="ones")
            self.exact = self.add_weight("exact", (), initializer="ones", autocast=False)

        def call(self, inputs):
            seen[:] = K.dtype(inputs), K.dtype(self.factor), K.dtype(self.exact)
            return inputs * self.factor

    model = Sequential([Scale(input_shape=(3,), dtype="mixed_float16")])
    assert model.predict(np.ones((2, 3))).dtype == "float16"
    assert seen == ["float16", "float16", "float32"]
    assert K.eval(K.sum(model.layers[0].factor)).dtype == "float32"  # outside of its call


def test_what_is_inside_a_mixed_layer_has_its_own_policy():
    class Two(L.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.exact, self.half = L.Dense(2, dtype="float32"), L.Dense(2)

        def call(self, inputs):
            return [inputs, self.exact(inputs), self.half(inputs)]

    set_global_policy("mixed_bfloat16")
    outputs = Two()(hornbeam.Input((3,)))
    assert [t.dtype for t in outputs] == ["bfloat16", "float32", "bfloat16"]
    recurrent = L.RNN(L.LSTMCell(3, dtype="float32"))
    assert recurrent(hornbeam.Input((4, 3))).dtype == "float32"


def test_integers_and_indices_that_came_as_floats_are_not_rounded():
    set_global_policy("mixed_float16")
    inputs = hornbeam.Input((1,))
    model = Model(inputs, L.Embedding(5000, 2)(inputs))
    found = model.predict(np.array([[4095.0]]))[0, 0]  # 4096 in float16
    np.testing.assert_array_equal(found, model.get_weights()[0][4095].astype("float16"))
    whole = hornbeam.Input((2,), dtype="int32")
    assert L.Flatten()(whole).dtype == "int32"


def test_batch_normalization_keeps_its_statistics_in_float32():
    set_global_policy("mixed_float16")
    model = Sequential([L.BatchNormalization(momentum=0.0, input_shape=(4, 4, 1))])
    model.compile("sgd", "mse")
    x = np.full((64, 4, 4, 1), 1000.0) + np.arange(64).reshape(64, 1, 1, 1)
    model.train_on_batch(x, np.zeros_like(x))
    mean, variance = model.get_weights()[2:]
    np.testing.assert_allclose(mean, [x.mean()], rtol=1e-6)
    np.testing.assert_allclose(variance, [x.var()], rtol=2e-3)  # 65504 is float16's largest
    assert model.output.dtype == "float16"


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize(
    ("shape", "make"),
    [
        ((24, 24, 4), lambda: L.Conv2D(4, 3)),
        ((24, 24, 4), lambda: L.DepthwiseConv2D(3)),
        ((24, 24, 4), lambda: L.PReLU(shared_axes=[1, 2])),
        ((40, 6), lambda: L.LSTM(8)),
        ((40, 6), lambda: L.GRU(8, reset_after=True, return_sequences=True)),
    ],
    ids=["conv", "depthwise", "prelu", "lstm", "gru"],
)
def test_gradients_are_sums_in_32_bits(policy, shape, make):
    """A sum over thousands of elements that are rounded to 8 bits each time comes to a halt."""
    random = np.random.RandomState(1)
    x = random.uniform(-1, 1, (16, *shape)).astype("float16")
    found = []
    for name in ("float32", policy):
        set_global_policy(name)
        layer = make()
        inputs = hornbeam.Input(shape)
        model = Model(inputs, layer(inputs))
        random = np.random.RandomState(2)
        start = [random.uniform(-0.3, 0.3, w.shape) for w in model.weights]
        model.set_weights(start)
        model.compile(hornbeam.optimizers.SGD(1.0), "mse")
        model.train_on_batch(x, np.full((16, *model.output_shape[1:]), 2.0))
        found.append([a - b for a, b in zip(start, model.get_weights())])
    rounding = {"mixed_float16": 2.0**-10, "mixed_bfloat16": 2.0**-7}[policy]
    for exact, rounded in zip(*found):
        assert np.abs(exact - rounded).max() <= 2 * rounding * np.abs(exact).max()


def test_losses_and_metrics_are_float32_whatever_the_outputs_are():
    set_global_policy("mixed_float16")
    inputs = hornbeam.Input((2,))
    model = Model(inputs, L.Dense(1, use_bias=False)(inputs))
    model.set_weights([np.array([[300.0], [0.0]])])
    model.compile("sgd", "mse", metrics=["mae"])
    loss, error = model.evaluate(np.array([[1.0, 0.0]]), np.array([[3000.5]]), verbose=0)
    assert loss == np.float32(2700.5**2)  # more than float16 holds, of a target that it does not
    assert error == 2700.5
    assert model.predict(np.ones((1, 2))).dtype == "float16"


def test_class_numbers_are_not_rounded():
    set_global_policy("mixed_bfloat16")
    inputs = hornbeam.Input((1,))
    model = Model(inputs, L.Dense(300, activation="softmax", use_bias=False)(inputs))
    weights = np.zeros((1, 300))
    weights[0, 259] = 9.0
    model.set_weights([weights])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(np.ones((1, 1)), np.array([259]), verbose=0)
    assert accuracy == 1.0
    np.testing.assert_allclose(loss, np.log(np.exp(9.0) + 299) - 9.0, rtol=1e-4)


def test_structure_and_files_keep_policies(tmp_path):
    set_global_policy("mixed_bfloat16")
    model = Sequential([
        L.Bidirectional(L.LSTM(3), input_shape=(4, 2)), L.Dense(2), L.Softmax(dtype="float32"),
    ])  # fmt: skip
    set_global_policy(None)
    x = np.random.RandomState(0).uniform(-1, 1, (3, 4, 2))
    for again in (model_from_json(model.to_json()), hornbeam.models.clone_model(model)):
        assert [layer.compute_dtype for layer in again.layers] == ["bfloat16"] * 2 + ["float32"]
        assert again.layers[0].forward_layer.cell.compute_dtype == "bfloat16"
    for name in ("model.h5", "model.keras"):
        path = str(tmp_path / name)
        model.save(path)
        again = load_model(path, compile=False)
        np.testing.assert_array_equal(again.predict(x), model.predict(x))
        assert {w.dtype for w in again.weights} == {"float32"}


def test_a_float32_model_has_no_casts():
    inputs = hornbeam.Input((8, 8, 2))
    x = L.BatchNormalization()(L.Conv2D(3, 3)(inputs))
    model = Model(inputs, L.Dense(2, activation="tanh")(L.Flatten()(L.MaxPooling2D()(x))))
    model.compile("sgd", "mse")
    batch = ([np.zeros((2, 8, 8, 2), "float32")], [np.zeros((2, 2), "float32")], [None])
    step = model.trainer.step("train", batch, training=True)
    assert "f16" not in str(step._jaxpr)
