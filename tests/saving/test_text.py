"""Structures as JSON and YAML, and clones."""

import json

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.layers import Activation, Dense, Lambda, Layer
from hornbeam.models import (
    Input,
    Model,
    Sequential,
    clone_model,
    model_from_config,
    model_from_json,
    model_from_yaml,
)
from hornbeam.saving import ModelFileError


def graph():
    x = Input((3,), name="x")
    shared = Dense(3, name="shared")
    inner = Sequential([Dense(2, input_shape=(3,), name="deep")], name="inner")
    return Model(x, [inner(shared(x)), shared(shared(x))], name="net")


def stack():
    return Sequential([Dense(2, input_shape=(3,)), Activation("relu")], name="stack")


MODELS = [graph, stack]


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize(
    "write, read", [("to_json", model_from_json), ("to_yaml", model_from_yaml)]
)
def test_round_trip(make, write, read):
    model = make()
    copy = read(getattr(model, write)())
    assert type(copy) is type(model)
    assert json.loads(copy.to_json()) == json.loads(model.to_json())


def test_json_says_who_wrote_it_and_takes_arguments():
    config = json.loads(stack().to_json(indent=2, sort_keys=True))
    assert config["keras_version"] == "2.3.1" and config["backend"] == "tensorflow"
    assert stack().to_json(indent=2).startswith('{\n  "class_name": "Sequential"')


def test_yaml_is_plain_data():
    assert "!!" not in graph().to_yaml()


def test_the_tuples_that_keras_writes_are_read():
    text = """
backend: tensorflow
class_name: Sequential
config:
  layers:
  - class_name: Dense
    config: {name: d, batch_input_shape: &shape !!python/tuple [null, 3], units: 2}
  name: s
  build_input_shape: *shape
"""
    assert model_from_yaml(text).input_shape == (None, 3)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch canary']",
        "class_name: !!python/name:os.system ''",
        "!!python/object/new:type {}",
        "config: !!python/module:os ''",
    ],
)
def test_tags_that_make_objects_are_refused(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFileError, match="no plain YAML"):
        model_from_yaml(text)
    assert not list(tmp_path.iterdir())


def test_a_document_that_refers_to_itself_too_often_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for number in range(1, 12):
        items = ", ".join([f"*a{number - 1}"] * 9)
        lines.append(f"a{number}: &a{number} [{items}]")
    with pytest.raises(ValueError, match="too often"):
        model_from_yaml("\n".join(lines))
    with pytest.raises(ValueError, match="contains itself"):
        model_from_yaml("a: &a [*a]")


def test_a_list_is_the_config_of_an_old_sequential():
    with pytest.raises(TypeError, match=r"Sequential.from_config\(config\)"):
        model_from_config([])


def test_a_string_that_is_no_model_is_refused():
    with pytest.raises(ValueError, match="class_name"):
        model_from_json("{}")


# ---- clones


@pytest.mark.parametrize("make", MODELS)
def test_a_clone_has_the_structure_and_its_own_weights(make):
    model = make()
    copy = clone_model(model)
    assert type(copy) is type(model)
    assert copy.get_config() == model.get_config()
    shared = {id(w) for w in model.weights} & {id(w) for w in copy.weights}
    assert not shared
    copy.set_weights(model.get_weights())
    x = np.random.rand(4, 3).astype("float32")
    ours, theirs = copy.predict(x), model.predict(x)
    for a, b in zip(ours, theirs) if isinstance(ours, list) else [(ours, theirs)]:
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", MODELS)
def test_a_clone_can_have_other_inputs(make):
    model = make()
    x = Input((3,), name="new")
    copy = clone_model(model, x)
    assert copy.inputs == [x] and copy.input_names == ["new"]
    fixed = clone_model(model, [K.constant(np.ones((2, 3)))])
    assert fixed.input_names[0].startswith("input_wrapper_for_")
    values = K.eval(fixed.outputs[0])
    fixed.set_weights(model.get_weights())
    values = K.eval(fixed.outputs[0])
    predicted = model.predict(np.ones((2, 3), "float32"))
    predicted = predicted[0] if isinstance(predicted, list) else predicted
    np.testing.assert_allclose(values, predicted, rtol=1e-6)


def test_a_clone_needs_no_names_of_classes():
    class Nameless(Layer):
        def call(self, inputs):
            return inputs + 1

    x = Input((2,))
    model = Model(x, Nameless()(x))
    assert isinstance(clone_model(model).layers[1], Nameless)
    inner = Sequential([Sequential([Nameless(input_shape=(2,))])])
    assert isinstance(clone_model(inner).layers[0].layers[0], Nameless)


def test_what_cannot_be_cloned_is_named():
    class Own(Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ValueError, match="cannot be cloned"):
        clone_model(Own())
    with pytest.raises(ValueError, match="has 1 inputs; 2 tensors"):
        clone_model(graph(), [Input((3,)), Input((3,))])
    with pytest.raises(ValueError, match="Expected tensors"):
        clone_model(graph(), [np.ones((2, 3))])


def test_a_lambda_keeps_its_function_in_a_clone():
    model = Sequential([Lambda(lambda t: t * 3, input_shape=(2,))])
    x = np.ones((1, 2), "float32")
    np.testing.assert_array_equal(clone_model(model).predict(x), 3 * x)
