"""Where models are saved to and loaded from, and objects of the user's own in every place."""

import io
import os
import pathlib

import h5py
import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam import losses, metrics, optimizers, regularizers
from hornbeam.models import (
    Model,
    Sequential,
    clone_model,
    load_model,
    model_from_json,
    model_from_yaml,
)
from hornbeam.utils import (
    CustomObjectScope,
    H5Dict,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)

X = np.random.RandomState(0).normal(size=(4, 3)).astype("float32")


def stack(**options):
    model = Sequential([L.Dense(2, input_shape=(3,), name="a"), L.Dense(1, name="b")], **options)
    model.compile("adam", "mse")
    return model


# ---- places


@pytest.mark.parametrize("name", ["m.h5", "m.keras", "m"])
@pytest.mark.parametrize("kind", [str, os.fsencode, pathlib.Path])
def test_paths_of_every_kind(kind, name, tmp_path):
    model = stack()
    model.save(kind(tmp_path / name))
    other = load_model(kind(tmp_path / name))
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    weights = kind(tmp_path / "w.h5")
    model.save_weights(weights)
    other.load_weights(weights)


@pytest.mark.parametrize("save_format", ["h5", "keras"])
def test_open_files(save_format, tmp_path):
    model = stack()
    with open(tmp_path / "m", "wb") as file:
        file.write(b"before")
        file.seek(0)
        file.truncate()
        model.save(file, save_format=save_format)
    with open(tmp_path / "m", "rb") as file:
        other = load_model(file)
    with open(tmp_path / "m", "rb") as file:
        stack().load_weights(file)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


def test_hdf5_in_memory_and_dicts_of_it(tmp_path):
    model = stack()
    with h5py.File("none", "w", driver="core", backing_store=False) as file:
        model.save(file)
        others = [load_model(file)]
    with H5Dict(str(tmp_path / "m.h5"), "w") as place:
        model.save(place)
    with H5Dict(str(tmp_path / "m.h5"), "r") as place:
        others.append(load_model(place))
        assert "model_config" in place
    with h5py.File(tmp_path / "w.h5", "w") as file:
        group = H5Dict(file.create_group("inside"))
        model.save_weights(group)
        others[0].load_weights(group)
    for other in others:
        np.testing.assert_array_equal(other.predict(X), model.predict(X))


@pytest.mark.parametrize("answers, written", [(["n"], False), (["?", "Y"], True)])
@pytest.mark.parametrize("method", ["save", "save_weights"])
def test_the_user_is_asked_before_a_file_is_replaced(
    method, answers, written, tmp_path, monkeypatch
):
    path, answers = tmp_path / "m.h5", list(answers)
    path.write_bytes(b"before")
    monkeypatch.setattr("builtins.input", lambda prompt: answers.pop(0))
    getattr(stack(), method)(path, overwrite=False)
    assert not answers and (path.read_bytes() != b"before") == written


def test_formats_that_are_not_written_are_named(tmp_path):
    with pytest.raises(ValueError, match="SavedModel"):
        stack().save(tmp_path / "m", save_format="tf")
    with pytest.raises(ValueError, match="'onnx' is unknown"):
        stack().save(tmp_path / "m", save_format="onnx")
    assert not list(tmp_path.iterdir())


# ---- models without weights, or without a graph


@pytest.mark.parametrize("save_format", ["h5", "keras"])
def test_a_stack_that_is_not_built_yet(save_format):
    model = Sequential([L.Dense(2), L.Dense(1)])
    model.compile("adam", "mae", metrics=["mse"])
    buffer = io.BytesIO()
    model.save(buffer, save_format=save_format)
    buffer.seek(0)
    other = load_model(buffer)
    assert not other.built and other.get_config() == model.get_config()
    assert len(other.train_on_batch(X, X[:, :1])) == 2


class Own(Model):
    def __init__(self):
        super().__init__()
        self.hidden = L.Dense(2, name="hidden")
        self.out = L.Dense(1, name="out")
        self.unused = L.Dense(7)

    def call(self, inputs):
        return self.out(self.hidden(inputs))


@pytest.mark.parametrize("by_name", [False, True])
def test_the_weights_of_a_subclassed_model(by_name):
    model, other = Own(), Own()
    buffer = io.BytesIO()
    with pytest.raises(ValueError, match="save weights of .* not created its variables"):
        model.save_weights(buffer)
    expected = model.predict(X)
    model.save_weights(buffer)
    with pytest.raises(ValueError, match="load weights into .* not created its variables"):
        other.load_weights(buffer)
    other.build((None, 3))
    if by_name:
        other.load_weights(buffer, by_name=True)
    else:
        other.load_weights(buffer)
    np.testing.assert_array_equal(other.predict(X), expected)


@pytest.mark.parametrize("method", ["to_json", "to_yaml", "get_config"])
def test_the_structure_of_a_subclassed_model_is_its_own(method):
    with pytest.raises(NotImplementedError, match="does not work for subclassed models"):
        getattr(Own(), method)()
    for save_format in ("h5", "keras"):
        with pytest.raises(NotImplementedError, match="Functional model or a Sequential model"):
            Own().save(io.BytesIO(), save_format=save_format)


# ---- large ones


def test_many_long_names_and_layers(tmp_path):
    layers = [L.Dense(1, input_shape=(1,)), *[L.ReLU(name=f"r{i}_" + "x" * 95) for i in range(700)]]
    model = Sequential(layers)
    model.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as file:
        assert "layer_names" not in file.attrs and "layer_names1" in file.attrs
    before = model.get_weights()
    model.set_weights([w + 1 for w in before])
    model.load_weights(tmp_path / "w.h5")
    for ours, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_many_weights_in_one_layer(tmp_path):
    inner = [L.Dense(1, name=f"d{i}_" + "x" * 250, input_shape=(1,)) for i in range(130)]
    model = Sequential([Sequential(inner, name="inner")])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert "weight_names1" in file["model_weights/inner"].attrs
    other = load_model(tmp_path / "m.h5", compile=False)
    for ours, theirs in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# ---- objects of the user's own


class Times(L.Layer):
    def __init__(self, by=1, **kwargs):
        super().__init__(**kwargs)
        self.by = by

    def call(self, inputs):
        return inputs * self.by

    def get_config(self):
        return {**super().get_config(), "by": self.by}


class Sum(regularizers.Regularizer):
    def __init__(self, factor=0.1):
        self.factor = factor

    def __call__(self, weight):
        return self.factor * K.sum(weight)

    def get_config(self):
        return {"factor": self.factor}


class Power(losses.Loss):
    def __init__(self, exponent=2.0, **kwargs):
        super().__init__(**kwargs)
        self.exponent = exponent

    def call(self, y_true, y_pred):
        return K.mean(K.abs(y_true - y_pred) ** self.exponent, axis=-1)

    def get_config(self):
        return {**super().get_config(), "exponent": self.exponent}


class Total(metrics.Metric):
    def __init__(self, name="total", factor=2.0, **kwargs):
        super().__init__(name=name, **kwargs)
        self.factor = factor
        self.sum = self.add_weight("sum")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.sum.assign_add(K.sum(y_pred) * self.factor)

    def result(self):
        return self.sum

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Slow(optimizers.SGD):
    pass


def twice_tanh(x):
    return 2 * K.tanh(x)


def halves(shape, dtype=None):
    return np.full(shape, 0.5)


def nearly(w):
    return w * 0.99


def gap(y_true, y_pred):
    return K.mean(y_true - y_pred)


OBJECTS = {
    thing.__name__: thing
    for thing in (Times, Sum, Power, Total, Slow, twice_tanh, halves, nearly, gap)
}


def own_objects_everywhere():
    inner = L.LSTM(
        2, activation=twice_tanh, kernel_initializer=halves, recurrent_regularizer=Sum(0.2)
    )
    model = Sequential(
        [
            L.TimeDistributed(Times(3.0), input_shape=(2, 3)),
            L.Bidirectional(inner),
            L.Dense(1, activation=twice_tanh, kernel_constraint=nearly),
        ]
    )
    model.compile(
        Slow(0.1, momentum=0.9),
        Power(3.0),
        metrics=[gap, Total(factor=3.0)],
        weighted_metrics=[gap],
    )
    return model


@pytest.fixture(scope="module")
def own():
    model = own_objects_everywhere()
    data = np.ones((4, 2, 3), "float32"), np.zeros((4, 1), "float32")
    model.train_on_batch(*data)
    return model, data, model.evaluate(*data, verbose=0)


@pytest.fixture(scope="module", params=["h5", "keras"])
def own_file(own, request, tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / f"m.{request.param}"
    own[0].save(path)
    return path


def assert_is_own(other, own):
    model, data, expected = own
    assert other.metrics_names == model.metrics_names
    assert other.evaluate(*data, verbose=0) == expected
    assert type(other.optimizer) is Slow and len(other.losses) == len(model.losses)
    for ours, theirs in zip(other.optimizer.get_weights(), model.optimizer.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_custom_objects_reach_every_place(own, own_file):
    assert_is_own(load_model(own_file, custom_objects=OBJECTS), own)
    assert not get_custom_objects()


@pytest.mark.parametrize("scope", [CustomObjectScope, custom_object_scope])
def test_so_does_a_scope(scope, own, own_file):
    with scope(OBJECTS):
        other = load_model(own_file)
    assert type(other.layers[0].layer) is Times and other.layers[0].layer.by == 3.0
    assert not get_custom_objects()


@pytest.mark.parametrize("missing", OBJECTS)
def test_an_object_that_is_missing_is_named(missing, own_file):
    known = {name: thing for name, thing in OBJECTS.items() if name != missing}
    with pytest.raises(ValueError, match=f"nknown .*{missing}"):
        load_model(own_file, custom_objects=known)


@pytest.mark.parametrize(
    "way",
    [
        lambda model: model_from_json(model.to_json(), OBJECTS),
        lambda model: model_from_yaml(model.to_yaml(), OBJECTS),
        lambda model: Sequential.from_config(model.get_config(), OBJECTS),
        clone_model,  # needs no names
    ],
    ids=["json", "yaml", "config", "clone"],
)
def test_structures_with_objects_of_the_users_own(way, own):
    model, _, _ = own
    assert way(model).get_config() == model.get_config()


def test_registered_objects_need_no_custom_objects():
    @register_keras_serializable("mine", "Plus")
    class Plus(L.Layer):
        def call(self, inputs):
            return inputs + 1

    @register_keras_serializable("mine")
    def thrice(x):
        return 3 * x

    try:
        assert get_registered_name(Plus) == "mine>Plus"
        assert get_registered_object("mine>thrice") is thrice
        model = Sequential([Plus(input_shape=(3,)), L.Dense(1, activation=thrice)])
        assert model.get_config()["layers"][0]["class_name"] == "mine>Plus"
        for save_format in ("h5", "keras"):
            buffer = io.BytesIO()
            model.save(buffer, save_format=save_format)
            buffer.seek(0)
            other = load_model(buffer, compile=False)
            assert type(other.layers[0]) is Plus and other.layers[1].activation is thrice
    finally:
        get_custom_objects().clear()


# ---- clones


def test_a_clone_function_chooses_the_layers():
    inner = Sequential([L.Dense(3, input_shape=(3,))], name="inner")
    x = L.Input((3,), name="x")
    model = Model(x, [L.Dropout(0.5, name="drop")(inner(x)), inner(x)])

    def choose(layer):
        if isinstance(layer, L.Dropout):
            return L.Activation("tanh", name=layer.name)
        return layer

    for source in (model, Sequential([inner, model.layers[2]])):
        copy = clone_model(source, clone_function=choose)
        assert type(copy.get_layer("drop")) is L.Activation
        assert copy.get_layer("inner") is inner
    shared = clone_model(model, clone_function=choose).predict(X)
    np.testing.assert_allclose(shared[0], np.tanh(shared[1]), rtol=1e-5)
    with pytest.raises(ValueError, match="must return a layer; for inner it returned None"):
        clone_model(model, clone_function=lambda layer: None)
