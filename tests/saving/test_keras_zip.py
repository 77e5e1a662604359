"""`.keras` files: what comes back, what goes in, and what is refused."""

import io
import json
import zipfile

import numpy as np
import pytest

import hornbeam
from hornbeam import layers, models
from hornbeam.saving import ModelFileError, keras3_config


def small(optimizer="adam"):
    model = models.Sequential(
        [layers.Dense(4, activation="tanh", input_shape=(3,)), layers.Dense(2)]
    )
    if optimizer:
        model.compile(optimizer, "mse", metrics=["mae"])
    return model


def data(count=8):
    random = np.random.RandomState(0)
    return random.normal(size=(count, 3)).astype("float32"), random.normal(size=(count, 2))


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path, **changed):
    """Writes a `.keras` file again, its config changed by a function."""
    parts = members(path)
    config = json.loads(parts["config.json"])
    changed["config"](config)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_a_model_comes_back_with_config_weights_and_outputs(tmp_path):
    model = small(None)
    model.save(tmp_path / "m.keras")
    assert set(members(tmp_path / "m.keras")) == {
        "config.json", "metadata.json", "model.weights.h5"
    }
    loaded = models.load_model(tmp_path / "m.keras", compile=False)
    assert loaded.get_config() == model.get_config()
    x = data()[0]
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))


def test_training_goes_on_bit_for_bit(tmp_path):
    x, y = data()
    model = small(hornbeam.optimizers.Nadam(clipnorm=1.0))
    model.fit(x, y, epochs=2, verbose=0, shuffle=False)
    model.save(tmp_path / "m.keras")
    loaded = models.load_model(tmp_path / "m.keras")
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    for saved, found in zip(model.optimizer.get_weights(), loaded.optimizer.get_weights()):
        np.testing.assert_array_equal(saved, found)
    for each in (model, loaded):
        each.fit(x, y, epochs=2, verbose=0, shuffle=False)
    for saved, found in zip(model.get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(saved, found)


def test_a_file_without_an_optimizer_is_not_compiled_and_keeps_its_weights(tmp_path):
    x, y = data()
    model = small()
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m.keras")
    rewrite(tmp_path / "m.keras", config=lambda config: config["compile_config"].pop("optimizer"))
    with pytest.warns(UserWarning, match=r"names no optimizer: the model was \*not\* compiled"):
        loaded = models.load_model(tmp_path / "m.keras")
    assert loaded.optimizer is None
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))


def test_decay_is_written_as_a_schedule_and_comes_back(tmp_path):
    model = small(hornbeam.optimizers.SGD(0.1, momentum=0.9, decay=0.25))
    model.save(tmp_path / "m.keras")
    optimizer = json.loads(members(tmp_path / "m.keras")["config.json"])["compile_config"][
        "optimizer"
    ]
    schedule = optimizer["config"]["learning_rate"]
    assert (schedule["class_name"], schedule["config"]["decay_rate"]) == ("InverseTimeDecay", 0.25)
    loaded = models.load_model(tmp_path / "m.keras")
    assert loaded.optimizer.get_config() == model.optimizer.get_config()


def test_what_keras3_has_no_argument_for_comes_back(tmp_path):
    inputs = layers.Input((5,), name="words")
    x = layers.Embedding(7, 3, input_length=5)(inputs)
    x = layers.LSTM(2, implementation=1, recurrent_activation="hard_sigmoid")(x)
    model = models.Model(inputs, layers.ThresholdedReLU(0.5)(x))
    model.save(tmp_path / "m.keras")
    assert models.load_model(tmp_path / "m.keras", compile=False).get_config() == model.get_config()
    lstm = json.loads(members(tmp_path / "m.keras")["config.json"])["config"]["layers"][2]
    assert "implementation" not in lstm["config"]
    assert lstm["config"]["recurrent_activation"]["class_name"] == "Pipeline"


def test_file_objects_and_any_suffix_are_read_by_content(tmp_path):
    model = small(None)
    model.save(tmp_path / "zip.h5", save_format="keras")
    assert zipfile.is_zipfile(tmp_path / "zip.h5")
    content = io.BytesIO((tmp_path / "zip.h5").read_bytes())
    for source in (tmp_path / "zip.h5", content):
        loaded = models.load_model(source, compile=False)
        np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


def test_weights_alone_are_read_from_a_model_file(tmp_path):
    model, other = small(None), small(None)
    model.save(tmp_path / "m.keras")
    other.load_weights(tmp_path / "m.keras")
    np.testing.assert_array_equal(other.get_weights()[2], model.get_weights()[2])


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.keras"
    small(None).save(path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr("hornbeam.saving.keras3_weights.write", fail)
    with pytest.raises(OSError, match="disk full"):
        small(None).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


def test_saved_model_format_is_refused_with_a_way_out(tmp_path):
    with pytest.raises(ValueError, match="SavedModel.*model.save\\('model.h5'\\)"):
        small(None).save(tmp_path / "m", save_format="tf")
    with pytest.raises(ValueError, match="'zip' is unknown"):
        small(None).save(tmp_path / "m", save_format="zip")


# ---- what is refused


def _with(config, **changes):
    config["config"]["layers"][-1].update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: _with(c, module="os", class_name="system"), "Unknown class 'system'"),
        (lambda c: _with(c, module="my.layers"), "Unknown class 'Dense' of the module 'my.layers'"),
        (lambda c: _with(c, class_name="Nonesuch"), "Nonesuch"),
        (lambda c: c["config"]["layers"][-1]["config"].update(lora_rank=4), "lora_rank=4"),
        (lambda c: c["config"]["layers"][-1]["config"].update(dtype={"class_name": "X"}), "policy"),
        (
            lambda c: c["config"]["layers"][-1]["config"].update(
                activation={"class_name": "__lambda__", "config": {"code": "x"}}
            ),
            "Python code",
        ),
        (lambda c: c["config"].update(layers=3), "no list of layers"),
    ],
)
def test_configs_that_name_what_is_not_there_are_refused(change, words, tmp_path):
    small(None).save(tmp_path / "m.keras")
    rewrite(tmp_path / "m.keras", config=change)
    with pytest.raises(ValueError, match=words):
        models.load_model(tmp_path / "m.keras")


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        ({"learning_rate": {"class_name": "NoamDecay", "config": {}}}, "schedule 'NoamDecay'"),
        ({"use_ema": True}, "use_ema=True"),
        ({"use_ema": False, "clipnorm": 1.0}, "clips each gradient by itself"),
    ],
)
def test_optimizers_that_are_not_here_say_what_to_do(optimizer, words, tmp_path):
    small().save(tmp_path / "m.keras")
    rewrite(
        tmp_path / "m.keras",
        config=lambda c: c["compile_config"]["optimizer"]["config"].update(optimizer),
    )
    with pytest.raises(ValueError, match=words + ".*compile=False"):
        models.load_model(tmp_path / "m.keras")
    models.load_model(tmp_path / "m.keras", compile=False)


def test_weights_of_another_shape_are_refused(tmp_path):
    small(None).save(tmp_path / "m.keras")
    rewrite(
        tmp_path / "m.keras",
        config=lambda c: c["config"]["layers"][-1]["config"].update(units=3),
    )
    with pytest.raises(ValueError, match="has shape"):
        models.load_model(tmp_path / "m.keras", compile=False)


def test_an_archive_without_weights_is_no_model(tmp_path):
    small(None).save(tmp_path / "m.keras")
    parts = members(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", parts["config.json"])
    with pytest.raises(ModelFileError, match="lacks 'model.weights.h5'"):
        models.load_model(tmp_path / "m.keras")


# ---- configs of Keras 3


def tensor(name, call=0):
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 3], "dtype": "float32", "keras_history": [name, call, 0]},
    }


def keras3_model(*extra):
    inputs = {
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, 3], "dtype": "float32", "name": "x"},
        "name": "x",
        "inbound_nodes": [],
    }
    return {
        "class_name": "Functional",
        "config": {
            "name": "m",
            "layers": [inputs, *extra],
            "input_layers": ["x", 0, 0],
            "output_layers": [extra[-1]["name"], 0, 0],
        },
    }


def operation(kind, name, *args):
    return {
        "module": "keras.src.ops.numpy",
        "class_name": kind,
        "config": {"name": name},
        "name": name,
        "inbound_nodes": [{"args": list(args), "kwargs": {}}],
    }


def test_operations_that_layers_do_as_well_become_layers():
    config = keras3_model(
        operation("Tanh", "t", tensor("x")), operation("Add", "a", tensor("x"), tensor("t"))
    )
    model = models.model_from_json(json.dumps(config))
    x = data(2)[0]
    np.testing.assert_allclose(model.predict(x), x + np.tanh(x), rtol=1e-6)


def test_other_operations_are_named():
    config = keras3_model(operation("Add", "a", tensor("x"), 1.0))
    with pytest.raises(ValueError, match="operation 'Add' between its layers"):
        models.model_from_json(json.dumps(config))


def test_a_mask_of_the_users_own_is_not_dropped_silently():
    dense = {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"name": "d", "units": 1, "dtype": "float32"},
        "name": "d",
        "inbound_nodes": [{"args": [tensor("x")], "kwargs": {"mask": tensor("n")}}],
    }
    config = keras3_model(operation("NotEqual", "n", tensor("x"), 5.0), dense)
    with pytest.raises(ValueError, match="mask of its own making|operation 'NotEqual'"):
        models.model_from_json(json.dumps(config))


def test_configs_of_keras_2_pass_unchanged():
    model = small(None)
    config = json.loads(model.to_json())
    assert keras3_config.to_keras2(config)["config"] == config["config"]
    assert keras3_config.is_tf_keras("2.2.4-tf") and keras3_config.is_tf_keras("2.21.0")
    assert not keras3_config.is_tf_keras("2.3.1") and not keras3_config.is_tf_keras(None)
