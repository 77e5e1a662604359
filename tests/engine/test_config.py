"""Networks to configs and back."""

import json
from pathlib import Path

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.engine.config import deserialize_layer
from hornbeam.layers import Activation, Dense, Dropout, InputLayer, Lambda, Layer
from hornbeam.models import Input, Model, Sequential, model_from_config

EXPECTED = json.loads(
    (Path(__file__).parents[1] / "saving" / "golden" / "expected.json").read_text()
)


def jsonable(config):
    return json.loads(json.dumps(config))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_config_of_keras_comes_back_the_same(name):
    config = EXPECTED[name]["json"]
    model = model_from_config({key: config[key] for key in ("class_name", "config")})
    assert jsonable(model.get_config()) == config["config"]


def shared_model():
    """A layer called twice, of which the second call feeds a model; and a call in another model."""
    x, y = Input((3,), name="x"), Input((3,), name="y")
    shared = Dense(3, name="shared")
    Model(x, shared(x))  # a call that does not belong to the model below
    inner = Sequential([Dense(2, name="last")], name="inner")
    first, second = shared(x), shared(y)
    return Model([x, y], [inner(second), first], name="net")


def test_calls_are_numbered_within_the_model():
    config = shared_model().get_config()
    layers = {layer["name"]: layer for layer in config["layers"]}
    assert layers["shared"]["inbound_nodes"] == [[["x", 0, 0, {}]], [["y", 0, 0, {}]]]
    assert layers["inner"]["inbound_nodes"] == [[["shared", 1, 0, {}]]]
    assert layers["inner"]["config"]["build_input_shape"] == (None, 3)
    assert config["input_layers"] == [["x", 0, 0], ["y", 0, 0]]
    assert config["output_layers"] == [["inner", 1, 0], ["shared", 0, 0]]


def test_a_shared_model_computes_the_same_after_a_round_trip():
    model = shared_model()
    copy = Model.from_config(jsonable(model.get_config()))
    copy.set_weights(model.get_weights())
    x = [np.random.rand(4, 3).astype("float32"), np.random.rand(4, 3).astype("float32")]
    for a, b in zip(model.predict(x), copy.predict(x)):
        np.testing.assert_array_equal(a, b)
    assert copy.get_config() == model.get_config()


def test_arguments_of_a_call_are_kept():
    x = Input((3,), name="x")
    model = Model(x, Dropout(0.5, name="drop")(x, training=True))
    config = model.get_config()
    assert config["layers"][1]["inbound_nodes"] == [[["x", 0, 0, {"training": True}]]]
    copy = Model.from_config(config)
    assert (copy.predict(np.ones((1, 100, 3))[0]) == 0).any()


def test_a_config_is_a_copy():
    model = shared_model()
    model.get_config()["layers"][0]["config"]["name"] = "changed"
    assert model.get_config()["layers"][0]["config"]["name"] == "y"


def test_calls_may_depend_on_later_layers():
    """Layer `a` is called on the input, then on what `b` made of that."""
    x = Input((2,), name="x")
    a, b = Dense(2, name="a"), Dense(2, name="b")
    model = Model(x, a(b(a(x))))
    copy = Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    data = np.random.rand(3, 2).astype("float32")
    np.testing.assert_array_equal(copy.predict(data), model.predict(data))
    assert copy.get_config() == model.get_config()


def test_a_list_of_layers_is_an_old_sequential_config():
    layers = EXPECTED["sequential"]["json"]["config"]["layers"]
    model = Sequential.from_config(layers)
    assert [layer.name for layer in model.layers] == ["dense_1", "dense_2"]
    assert model.output_shape == (None, 2)


def test_the_shape_that_only_an_input_layer_told_is_kept():
    model = Sequential([InputLayer((4,), name="in"), Activation("relu")])
    copy = Sequential.from_config(model.get_config())
    assert copy.built and copy.input_shape == (None, 4)


def test_a_sequential_that_was_built_later_is_built_again():
    model = Sequential([Dense(2)])
    model.build((None, 5))
    assert Sequential.from_config(model.get_config()).input_shape == (None, 5)
    assert not Sequential.from_config(Sequential([Dense(2)]).get_config()).built


class Doubled(Layer):
    def call(self, inputs):
        return inputs * 2


def test_custom_layers_are_found_by_name():
    x = Input((2,))
    model = Model(x, Doubled(name="twice")(x))
    config = model.get_config()
    assert isinstance(Model.from_config(config, {"Doubled": Doubled}).layers[1], Doubled)
    with pytest.raises(ValueError, match="Unknown layer: 'Doubled'"):
        Model.from_config(config)
    stack = Sequential([Doubled(input_shape=(2,))])
    copy = Sequential.from_config(stack.get_config(), {"Doubled": Doubled})
    assert isinstance(copy.layers[0], Doubled)


def test_an_unknown_layer_gets_suggestions():
    with pytest.raises(ValueError, match="Unknown layer: 'Dens'. Did you mean 'Dense'"):
        deserialize_layer({"class_name": "Dens", "config": {}})


def test_a_backend_function_outside_of_a_layer_is_named():
    x = Input((2,))
    model = Model(x, Activation("relu")(K.square(x)))
    with pytest.raises(ValueError, match="backend function outside of a layer.*Lambda"):
        model.get_config()


def test_arguments_that_json_cannot_hold_warn():
    x = Input((2,))
    layer = Lambda(lambda t, mask=None: t)
    model = Model(x, layer(x, mask=K.constant([[1.0, 1.0]])))
    with pytest.warns(UserWarning, match="non-serializable keyword arguments"):
        config = model.get_config()
    assert config["layers"][1]["inbound_nodes"][0][0][3] == {}


def broken(change):
    config = jsonable(shared_model().get_config())
    change({layer["name"]: layer for layer in config["layers"]}, config)
    return config


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda layers, c: c.pop("layers"), "no list 'layers'"),
        (lambda layers, c: layers["x"].pop("name"), "Expected a layer with a 'name'"),
        (lambda layers, c: layers["x"].pop("class_name"), "'class_name' and 'config'"),
        (lambda layers, c: c["layers"].append(layers["x"]), '"x" is used twice'),
        (lambda layers, c: layers["shared"].update(inbound_nodes=[[["y", 0]]]), "call, output"),
        (lambda layers, c: layers["shared"].update(inbound_nodes=[[]]), "a call of the layer"),
        (
            lambda layers, c: layers["shared"].update(inbound_nodes=[[["inner", 1, 0, {}]]]),
            "does not fit together.*inner.*shared",
        ),
        (lambda layers, c: c.update(output_layers=[["inner", 7, 0]]), "no layer in it makes"),
        (lambda layers, c: c.update(input_layers=3), "no list 'input_layers'"),
    ],
)
def test_a_broken_config_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Model.from_config(broken(change))
