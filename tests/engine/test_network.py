"""Graphs of layers: order, names, sharing, nesting, errors."""

import pickle

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.backend.config import set_conventions
from hornbeam.engine import Layer
from hornbeam.layers import (
    Activation,
    Add,
    BatchNormalization,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
)
from hornbeam.models import Input, Model, Sequential


def names(model):
    return [layer.name for layer in model.layers]


# ---- order


def test_layers_come_by_depth_and_weights_with_them():
    a, b = Input(shape=(3,), name="a"), Input(shape=(4,), name="b")
    deep = Dense(5, name="deep2")(Dense(5, name="deep1")(a))
    flat = Dense(5, name="flat")(b)
    out = Dense(1, name="out")(Add(name="sum")([deep, flat]))
    model = Model([a, b], out)
    assert names(model) == ["a", "deep1", "b", "deep2", "flat", "sum", "out"]
    owners = [w.name.split("/")[0] for w in model.weights]
    assert owners == ["deep1"] * 2 + ["deep2"] * 2 + ["flat"] * 2 + ["out"] * 2
    assert [w.shape for w in model.get_weights()][:4] == [(3, 5), (5,), (5, 5), (5,)]
    assert model.input_names == ["a", "b"] and model.output_names == ["out"]
    assert [tuple(s) for s in model.input_shape] == [(None, 3), (None, 4)]
    assert tuple(model.output_shape) == (None, 1)


def test_get_weights_goes_layer_by_layer_and_trainable_weights_stand_apart():
    model = Sequential(
        [Dense(2, input_shape=(3,), name="d1"), BatchNormalization(name="n"), Dense(1, name="d2")]
    )
    shapes = [w.shape for w in model.get_weights()]
    assert shapes == [(3, 2), (2,), (2,), (2,), (2,), (2,), (2, 1), (1,)]
    assert [w.name.split("/")[0] for w in model.trainable_weights] == ["d1"] * 2 + ["n"] * 2 + [
        "d2"
    ] * 2
    assert [w.name for w in model.non_trainable_weights] == [
        "n/moving_mean:0", "n/moving_variance:0",
    ]
    marked = [np.full(s, i + 1.0) for i, s in enumerate(shapes)]
    model.set_weights(marked)
    for index, weight in enumerate(model.get_weights()):
        assert (weight == index + 1).all()
    assert (model.get_layer("d2").get_weights()[0] == 7).all()


def test_set_weights_of_a_model_is_all_or_nothing():
    model = Sequential([Dense(2, input_shape=(3,)), Dense(1)])
    before = model.get_weights()
    wrong = [w + 1 for w in before]
    wrong[-1] = np.ones(4)
    with pytest.raises(ValueError, match=r"not compatible with provided weight shape \(4,\)"):
        model.set_weights(wrong)
    with pytest.raises(ValueError, match="weight list of length 3, but .*expecting 4 weights"):
        model.set_weights(before[:3])
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


# ---- sharing and nesting


def test_a_shared_layer_has_one_set_of_weights():
    a, b = Input(shape=(3,)), Input(shape=(3,))
    shared = Dense(2)
    model = Model([a, b], [shared(a), shared(b)])
    assert len(model.layers) == 3 and len(model.weights) == 2
    x, y = np.random.randn(2, 5, 3)
    one, other = model.predict([x, y])
    np.testing.assert_allclose(one, model.predict([y, x])[1], rtol=1e-6)
    assert (one != other).any()
    assert model.output_names == [shared.name, f"{shared.name}_1"]


def test_a_nested_model_is_a_layer():
    inner = Sequential([Dense(4, input_shape=(3,), activation="relu"), Dense(2)], name="inner")
    a, b = Input(shape=(3,)), Input(shape=(3,))
    model = Model([a, b], Add()([inner(a), inner(b)]))
    assert names(model)[2] == "inner" and len(model.weights) == 4
    x, y = np.random.randn(2, 5, 3)
    np.testing.assert_allclose(
        model.predict([x, y]), inner.predict(x) + inner.predict(y), rtol=1e-5, atol=1e-6
    )
    assert len(inner._inbound_nodes) == 3
    assert tuple(inner.get_output_shape_at(2)) == (None, 2)
    model.compile("sgd", "mse")
    before = inner.get_weights()
    model.train_on_batch([x, y], np.ones((5, 2)))
    assert all((p != q).any() for p, q in zip(before, inner.get_weights()))


def test_models_three_deep_share_masks_losses_and_weights():
    words = Input(shape=(4,), dtype="int32")
    embed = Model(words, Embedding(6, 3, mask_zero=True)(words))
    x = Input(shape=(4,), dtype="int32")
    middle = Model(x, Dense(2, kernel_regularizer="l2")(embed(x)))
    y = Input(shape=(4,), dtype="int32")
    outer = Model(y, Activation("tanh")(middle(y)))
    assert outer.outputs[0]._keras_mask is not None
    assert len(outer.losses) == 1 and len(outer.weights) == 3
    outer.compile("sgd", "mse")
    data = np.array([[1, 2, 0, 0], [3, 4, 5, 1]])
    weights = outer.predict(data)
    target = np.zeros((2, 4, 2))
    mask = data != 0
    per_step = np.mean(weights**2, axis=-1)
    penalty = 0.01 * (middle.get_weights()[1] ** 2).sum()
    expected = (per_step * mask).mean() + penalty       # masked steps count, with weight 0
    assert outer.evaluate(data, target, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_models_that_end_in_the_middle():
    full = Sequential(
        [Dense(4, input_shape=(3,), name="one"), Dense(5, name="two"), Dense(1, name="three")]
    )
    middle = Model(full.input, full.get_layer("two").output)
    data = np.random.randn(2, 3)
    (w1, b1), (w2, b2) = full.layers[0].get_weights(), full.layers[1].get_weights()
    np.testing.assert_allclose(middle.predict(data), (data @ w1 + b1) @ w2 + b2, rtol=1e-4,
                               atol=1e-5)
    tail = Model(full.get_layer("one").output, full.output)
    hidden = np.random.randn(2, 4)
    np.testing.assert_allclose(
        tail.predict(hidden), (hidden @ w2 + b2) @ full.layers[2].get_weights()[0], rtol=1e-4,
        atol=1e-5,
    )


def test_layers_of_a_model_called_again_on_another_input():
    old = Sequential([Dense(4, input_shape=(3,)), Dense(2)])
    x = Input(shape=(7, 3))
    out = x
    for layer in old.layers:
        out = layer(out)
    anew = Model(x, out)
    assert tuple(anew.output_shape) == (None, 7, 2) and anew.weights == old.weights


def test_a_model_called_on_arrays_variables_and_tensors():
    model = Sequential([Dense(2, input_shape=(3,))])
    data = np.random.randn(4, 3).astype("float32")
    expected = model.predict(data)
    np.testing.assert_allclose(np.asarray(model(data)), expected, rtol=1e-5)
    np.testing.assert_allclose(K.eval(model(K.variable(data))), expected, rtol=1e-5)
    again = Model(model.inputs[0], model(model.inputs[0]))
    np.testing.assert_allclose(again.predict(data), expected, rtol=1e-5)


def test_operations_of_the_backend_between_layers():
    x = Input(shape=(3,))
    model = Model(x, Dense(1)(K.square(x) + 1.0))
    (kernel, bias), data = model.get_weights(), np.random.randn(2, 3)
    np.testing.assert_allclose(model.predict(data), (data**2 + 1) @ kernel + bias, rtol=1e-5,
                               atol=1e-6)


# ---- freezing


def test_freezing_counts_from_the_next_compile():
    model = Sequential([Dense(2, input_shape=(3,)), Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 3)), np.ones((4, 1))
    model.layers[0].trainable = False
    start = model.layers[0].get_weights()[0]
    model.train_on_batch(x, y)
    moved = model.layers[0].get_weights()[0]
    assert (moved != start).any()           # compiled before it was frozen
    with pytest.warns(UserWarning, match="set `model.trainable` without calling `model.compile`"):
        model._check_trainable_weights_consistency()
    model.compile("sgd", "mse")
    assert len(model.trainable_weights) == 2 and len(model.non_trainable_weights) == 2
    head = model.layers[1].get_weights()[0]
    model.train_on_batch(x, y)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], moved)
    assert (model.layers[1].get_weights()[0] != head).any()


def test_a_frozen_model_inside_another_trains_alone():
    inner = Sequential([Dense(2, input_shape=(3,))])
    inner.compile("sgd", "mse")
    inner.trainable = False
    outer = Sequential([Dense(3, input_shape=(3,)), inner])
    outer.compile("sgd", "mse")
    x, y = np.ones((4, 3)), np.ones((4, 2))
    before = inner.get_weights()
    outer.train_on_batch(x, y)
    np.testing.assert_array_equal(before[0], inner.get_weights()[0])
    inner.train_on_batch(x, y)
    assert (before[0] != inner.get_weights()[0]).any()


def test_a_model_with_nothing_to_train_still_evaluates_and_fits():
    model = Sequential([Dense(2, input_shape=(3,))])
    model.trainable = False
    model.compile("adam", "mse")
    before = model.get_weights()
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


# ---- Sequential


def test_sequential_waits_for_its_input():
    model = Sequential([Dense(4), Dropout(0.5), Dense(2)])
    assert not model.built and model.weights == []
    with pytest.raises(ValueError, match="not yet been built"):
        model.summary()
    model.build((None, 3))
    assert [w.shape for w in model.get_weights()] == [(3, 4), (4,), (4, 2), (2,)]

    by_data = Sequential([Dense(4), Dense(2)])
    by_data.compile("sgd", "mse")
    by_data.fit(np.ones((4, 5)), np.ones((4, 2)), verbose=0)
    assert by_data.get_weights()[0].shape == (5, 4)

    by_prediction = Sequential()
    by_prediction.add(Dense(4))
    assert by_prediction.predict(np.ones((2, 6))).shape == (2, 4)


def test_sequential_grows_and_shrinks():
    model = Sequential()
    model.add(Dense(4, input_shape=(3,), name="first"))
    model.add(Dense(2, name="second"))
    assert names(model) == ["first", "second"] and tuple(model.output_shape) == (None, 2)
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    model.pop()
    assert names(model) == ["first"] and tuple(model.output_shape) == (None, 4)
    assert model.predict(np.ones((2, 3))).shape == (2, 4)
    model.add(Dense(1, name="third"))
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    assert tuple(model.output_shape) == (None, 1) and len(model.weights) == 4
    model.pop()
    model.pop()
    assert model.layers == []
    with pytest.raises(TypeError, match="There are no layers in the model"):
        model.pop()


def test_sequential_of_models_and_inputs():
    features = Sequential([Dense(4, input_shape=(3,)), Activation("relu")])
    model = Sequential([features, Dense(1)])
    assert tuple(model.input_shape) == (None, 3) and len(model.layers) == 2
    begun = Sequential()
    begun.add(Dense(2, batch_input_shape=(5, 3)))
    assert tuple(begun.output_shape) == (5, 2)


@pytest.mark.parametrize(
    "thing, error, words",
    [
        ("dense", TypeError, "must be an instance of class Layer. Found: 'dense'"),
        (Dense, TypeError, "must be an instance of class Layer"),
    ],
)
def test_sequential_takes_layers_only(thing, error, words):
    with pytest.raises(error, match=words):
        Sequential([thing])


def test_sequential_refuses_several_outputs_and_equal_names():
    x = Input(shape=(3,))
    two = Model(x, [Dense(1)(x), Dense(1)(x)])
    with pytest.raises(ValueError, match="should have a single output tensor"):
        Sequential([two])
    with pytest.raises(ValueError, match='The name "same" is used twice in the model'):
        Sequential([Dense(1, name="same", input_shape=(2,)), Dense(1, name="same")])


# ---- errors of graphs


def test_a_missing_input_is_named():
    a, b = Input(shape=(3,), name="a"), Input(shape=(3,), name="b")
    out = Dense(1)(Add()([a, b]))
    with pytest.raises(ValueError, match=r"Graph disconnected: .*'?b.*add the Input"):
        Model(a, out)


def test_inputs_and_outputs_must_be_tensors():
    x = Input(shape=(3,))
    out = Dense(1)(x)
    with pytest.raises(TypeError, match="needs both `inputs` and `outputs`"):
        Model(x)
    with pytest.raises(ValueError, match="Input tensors to Model must be tensors"):
        Model("x", out)
    with pytest.raises(ValueError, match="Output tensors to Model must be tensors"):
        Model(x, np.ones((2, 3)))
    with pytest.raises(ValueError, match="inputs passed to the model is redundant"):
        Model([x, x], out)
    with pytest.raises(TypeError, match="unexpected arguments"):
        Model(x, out, units=3)


def test_keras_1_spelling_of_a_models_arguments():
    x = Input(shape=(3,))
    model = Model(input=x, output=Dense(1)(x))
    assert tuple(model.output_shape) == (None, 1)


def test_equal_names_in_a_graph_are_refused():
    x = Input(shape=(3,))
    with pytest.raises(ValueError, match='The name "same" is used 2 times in the model'):
        Model(x, Dense(1, name="same")(Dense(2, name="same")(x)))


def test_get_layer_by_name_and_index():
    model = Sequential([Dense(2, input_shape=(3,), name="one"), Dense(1, name="two")])
    assert model.get_layer("two") is model.layers[1] is model.get_layer(index=1)
    with pytest.raises(ValueError, match=r"No such layer: tow. The layers are: \['one', 'two'\]"):
        model.get_layer("tow")
    with pytest.raises(ValueError, match="layer at index 5 but model only has 2 layers"):
        model.get_layer(index=5)
    with pytest.raises(ValueError, match="Provide either a layer name or layer index"):
        model.get_layer()


def test_a_model_used_as_a_layer_checks_its_input():
    model = Sequential([Dense(2, input_shape=(3,))], name="net")
    with pytest.raises(ValueError, match=r"incompatible with layer net .*value 3"):
        model(Input(shape=(4,)))
    with pytest.raises(ValueError, match="Layer .* expects 1 inputs, but it received 2"):
        model([Input(shape=(3,)), Input(shape=(3,))])


def test_merge_layers_check_their_shapes():
    with pytest.raises(ValueError, match=r"\(None, 3\).*\(None, 4\)"):
        Add()([Input(shape=(3,)), Input(shape=(4,))])
    with pytest.raises(ValueError, match="concat"):
        Concatenate(axis=1)([Input(shape=(3, 2)), Input(shape=(3, 5))])


# ---- subclasses


def test_a_subclassed_model_builds_when_data_arrive():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.hidden = Dense(4, activation="relu")
            self.head = Dense(2)

        def call(self, x):
            return self.head(self.hidden(x))

    net = Net()
    net.compile("sgd", "mse")
    with pytest.raises(ValueError, match="no inputs yet|build"):
        _ = net.metrics_names
    net.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    assert len(net.layers) == 2 and [w.shape for w in net.get_weights()] == [
        (3, 4), (4,), (4, 2), (2,)]
    assert net.predict(np.ones((5, 3))).shape == (5, 2)
    with pytest.raises(NotImplementedError, match="writes its own `call`"):
        net.get_config()


def test_a_subclass_without_call_says_so():
    class Empty(Model):
        pass

    with pytest.raises(NotImplementedError, match="must write `call`"):
        Empty().predict(np.ones((2, 3)))


def test_a_functional_model_subclassed_keeps_its_graph():
    class Named(Model):
        def shout(self):
            return self.name.upper()

    x = Input(shape=(3,))
    model = Named(x, Dense(1)(x), name="mine")
    assert model.shout() == "MINE" and model.predict(np.ones((2, 3))).shape == (2, 1)


# ---- config, masks, states


def test_a_graph_survives_its_config():
    a = Input(shape=(3,), name="a")
    shared = Dense(3, name="shared")
    x = shared(shared(a))
    x = Activation("tanh", name="act")(x)
    model = Model(a, [x, Dense(1, name="head")(x)])
    other = Model.from_config(model.get_config())
    assert names(other) == names(model) and other.output_names == model.output_names
    other.set_weights(model.get_weights())
    data = np.random.randn(2, 3)
    for one, two in zip(model.predict(data), other.predict(data)):
        np.testing.assert_allclose(one, two, rtol=1e-6)


def test_the_phase_of_a_graph_is_known():
    quiet = Sequential([Dense(1, input_shape=(3,))])
    assert not quiet.uses_learning_phase
    assert Sequential([Dense(1, input_shape=(3,)), Dropout(0.5)]).uses_learning_phase


def test_weights_pickle():
    model = Sequential([Dense(2, input_shape=(3,))])
    stored = pickle.loads(pickle.dumps(model.get_weights()))
    model.set_weights(stored)


def test_a_sequential_model_without_a_shape_is_built_inside_of_a_program():
    class Block(Layer):
        def __init__(self):
            super().__init__()
            self.inner = Sequential([Dense(3, activation="relu"), Dense(2)])

        def call(self, inputs):
            return self.inner(inputs)

    x = Input((4,))
    model = Model(x, Block()(x))
    assert len(model.weights) == 4 and model.predict(np.ones((2, 4)), verbose=0).shape == (2, 2)


def test_weights_stand_by_layers_in_tf_keras():
    x = Input((4,))
    model = Model(x, Dense(2)(BatchNormalization()(Dense(3)(x))))
    assert [w.shape for w in model.weights][4:6] == [(3, 2), (2,)]  # the others come last
    set_conventions("tf.keras")
    try:
        by_layers = model.weights
        assert model.variables == by_layers
    finally:
        set_conventions("keras")
    for variable, value in zip(by_layers, model.get_weights(), strict=True):
        np.testing.assert_array_equal(variable.get_value(), value)
