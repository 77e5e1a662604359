"""Models in HDF5: what Keras 2.3.1 wrote, what is written, and files that must not be believed.

The files in `golden` were written by Keras 2.3.1; see `golden/write_with_keras.py`.
"""

import io
import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from hornbeam import optimizers
from hornbeam.callbacks import ModelCheckpoint
from hornbeam.layers import Activation, Dense, Layer
from hornbeam.models import Input, Model, Sequential, load_model
from hornbeam.saving import ModelFileError, atomic, hdf5

GOLDEN = Path(__file__).parent / "golden"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())


def numbers(*shape):
    """The numbers that the golden models were trained on."""
    count = int(np.prod(shape))
    return np.sin(np.arange(1, count + 1) * 1.7).reshape(shape).astype("float32")


DATA = {
    "sequential": (numbers(8, 4), numbers(8, 2)),
    "convolutional": (numbers(5, 6, 6, 1), np.array([0, 1, 2, 1, 0])),
    "functional": (
        [numbers(4, 4), numbers(4, 4) * 2, np.arange(20).reshape(4, 5) % 6],
        [numbers(4, 2), numbers(4, 2), numbers(4, 3)],
    ),
}


def small_model(units=2, **names):
    model = Sequential([Dense(3, input_shape=(4,), activation="tanh"), Dense(units)], **names)
    model.compile(optimizers.Adam(0.01), "mse", metrics=["mae"])
    return model


def content(group):
    """Everything in an HDF5 group, to compare."""
    found = {f"@{name}": np.asarray(value).tolist() for name, value in group.attrs.items()}
    for name, item in group.items():
        if isinstance(item, h5py.Group):
            found[name] = content(item)
        else:
            found[name] = (str(item.dtype), item.shape, item[()].tolist())
    return found


# ---- files of Keras


@pytest.mark.parametrize("name", DATA)
def test_a_file_of_keras_predicts_the_same(name):
    model = load_model(str(GOLDEN / f"{name}.h5"))
    expected, predicted = EXPECTED[name]["predicted"], model.predict(DATA[name][0])
    if not isinstance(predicted, list):
        expected, predicted = [expected], [predicted]
    for ours, theirs in zip(predicted, expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", DATA)
def test_structure_and_summary_are_those_of_keras(name):
    model = load_model(str(GOLDEN / f"{name}.h5"))
    assert json.loads(model.to_json()) == EXPECTED[name]["json"]
    lines = []
    model.summary(print_fn=lines.append)
    assert lines == EXPECTED[name]["summary"]


@pytest.mark.parametrize("name", DATA)
def test_saving_a_file_of_keras_again_gives_the_same_content(name, tmp_path):
    path = tmp_path / "again.h5"
    load_model(str(GOLDEN / f"{name}.h5")).save(path)
    with h5py.File(GOLDEN / f"{name}.h5") as theirs, h5py.File(path) as ours:
        theirs, ours = content(theirs), content(ours)
    for text in ("@training_config", "@model_config"):
        assert json.loads(ours.pop(text)) == json.loads(theirs.pop(text))
    assert ours == theirs


@pytest.mark.parametrize("name", DATA)
def test_the_optimizer_state_of_keras_is_read(name):
    model = load_model(str(GOLDEN / f"{name}.h5"))
    with h5py.File(GOLDEN / f"{name}.h5") as file:
        group = file["optimizer_weights"]
        saved = [group[weight][()] for weight in group.attrs["weight_names"]]
    assert model.optimizer.iterations.get_value() == 3
    for ours, theirs in zip(model.optimizer.get_weights(), saved, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_training_goes_on_as_in_keras():
    """With SGD. Adam and Nadam on TensorFlow 1.15 count their steps in a race of two nodes."""
    model = load_model(str(GOLDEN / "convolutional.h5"))
    losses = [float(model.train_on_batch(*DATA["convolutional"])) for _ in range(4)]
    np.testing.assert_allclose(losses, EXPECTED["convolutional"]["losses"], rtol=1e-5)


@pytest.mark.parametrize("name", DATA)
def test_the_first_loss_is_that_of_keras(name):
    model = load_model(str(GOLDEN / f"{name}.h5"))
    first = np.asarray(model.train_on_batch(*DATA[name]))
    np.testing.assert_allclose(first, EXPECTED[name]["losses"][0], rtol=1e-5)


# ---- round trips


def test_training_in_two_parts_is_training_in_one(tmp_path):
    x, y = numbers(16, 4), numbers(16, 2)
    whole, part = small_model(), small_model()
    part.set_weights(whole.get_weights())
    whole.fit(x, y, epochs=4, shuffle=False, verbose=0)
    part.fit(x, y, epochs=2, shuffle=False, verbose=0)
    part.save(tmp_path / "part.h5")
    rest = load_model(tmp_path / "part.h5")
    rest.fit(x, y, epochs=4, initial_epoch=2, shuffle=False, verbose=0)
    for a, b in zip(whole.get_weights(), rest.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert rest.optimizer.iterations.dtype == "int32"
    assert rest.evaluate(x, y, verbose=0) == whole.evaluate(x, y, verbose=0)


def test_iterations_are_64_bit_in_the_file(tmp_path):
    model = small_model()
    model.train_on_batch(numbers(2, 4), numbers(2, 2))
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert file["optimizer_weights/Adam/iterations:0"].dtype == "int64"
        assert "training/Adam/m_0_1:0" in file["optimizer_weights"]


@pytest.mark.parametrize(
    "optimizer", ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam"]
)
def test_every_optimizer_keeps_its_state(optimizer, tmp_path):
    model = Sequential([Dense(2, input_shape=(4,))])
    model.compile(getattr(optimizers, optimizer)(clipvalue=0.5), "mse")
    model.train_on_batch(numbers(2, 4), numbers(2, 2))
    model.save(tmp_path / "m.h5")
    copy = load_model(tmp_path / "m.h5")
    assert copy.optimizer.get_config() == model.optimizer.get_config()
    for ours, theirs in zip(
        copy.optimizer.get_weights(), model.optimizer.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_files_and_groups_and_file_objects_hold_the_same(tmp_path):
    model, x = small_model(), numbers(3, 4)
    buffer = io.BytesIO()
    model.save(buffer)
    buffer.seek(0)
    with h5py.File(tmp_path / "group.h5", "w") as file:
        group = file.create_group("inside")
        model.save(group)
        model.save(group)  # again, in place
        from_group = load_model(group)
    for copy in (load_model(buffer), from_group):
        np.testing.assert_array_equal(copy.predict(x), model.predict(x))


def test_what_compile_was_given_comes_back(tmp_path):
    x = Input((4,))
    model = Model(x, [Dense(1, name="a")(x), Dense(1, name="b")(x)])
    arguments = {
        "loss": {"a": "mse", "b": "binary_crossentropy"},
        "metrics": {"a": ["mae"], "b": "accuracy"},
        "loss_weights": {"a": 1.0, "b": 0.5},
    }
    model.compile("sgd", **arguments)
    model.save(tmp_path / "m.h5")
    copy = load_model(tmp_path / "m.h5")
    assert copy.loss == arguments["loss"]
    assert copy.loss_weights == arguments["loss_weights"]
    assert copy.metrics_names == model.metrics_names


def test_loss_and_metric_objects_come_back(tmp_path):
    from hornbeam import losses, metrics

    model = Sequential([Dense(1, input_shape=(4,))])
    model.compile("sgd", losses.Huber(delta=0.5), [metrics.MeanSquaredError(name="own"), "mae"])
    model.save(tmp_path / "m.h5")
    copy = load_model(tmp_path / "m.h5")
    x, y = numbers(5, 4), numbers(5, 1)
    assert copy.metrics_names == ["loss", "own", "mae"]
    assert copy.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


class Scaled(Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


def own_loss(y_true, y_pred):
    return (y_true - y_pred) ** 2


def test_custom_objects_are_found(tmp_path):
    model = Sequential([Scaled(3.0, input_shape=(4,)), Dense(1)])
    model.compile("sgd", own_loss)
    model.save(tmp_path / "m.h5")
    copy = load_model(tmp_path / "m.h5", custom_objects={"Scaled": Scaled, "own_loss": own_loss})
    assert copy.layers[0].factor == 3.0
    assert copy.loss in (own_loss, "own_loss")
    assert copy.train_on_batch(numbers(2, 4), numbers(2, 1)) > 0
    with pytest.raises(ValueError, match="Unknown layer: 'Scaled'"):
        load_model(tmp_path / "m.h5")


def test_without_compiling(tmp_path):
    model = small_model()
    model.save(tmp_path / "m.h5")
    assert load_model(tmp_path / "m.h5", compile=False).optimizer is None
    model.save(tmp_path / "m.h5", include_optimizer=False)
    with pytest.warns(UserWarning, match="No training configuration found in save file"):
        assert load_model(tmp_path / "m.h5").optimizer is None


def test_an_optimizer_of_another_library_is_left_out_with_a_warning(tmp_path):
    optax = pytest.importorskip("optax")
    model = Sequential([Dense(1, input_shape=(4,))])
    model.compile(optax.sgd(0.1), "mse")
    with pytest.warns(UserWarning, match="compile the model again"):
        model.save(tmp_path / "m.h5")
    np.testing.assert_array_equal(
        load_model(tmp_path / "m.h5", compile=False).get_weights()[0], model.get_weights()[0]
    )


def test_many_names_are_split_over_attributes(tmp_path):
    names = [f"layer_{number:04d}" + "x" * 60 for number in range(1000)]
    with h5py.File(tmp_path / "names.h5", "w") as file:
        hdf5.write_names(file, "layer_names", names)
        assert sorted(file.attrs) == ["layer_names0", "layer_names1"]
        assert hdf5.read_names(file, "layer_names") == names
        with pytest.raises(ValueError, match="shorter name"):
            hdf5.write_names(file, "other", ["x" * 70000])


def test_a_large_structure_fits(tmp_path):
    layers = [Activation("relu", name=f"a{i}" + "x" * 200) for i in range(250)]
    model = Sequential([Dense(1, input_shape=(1,)), *layers])
    assert len(model.to_json()) > 65536
    model.save(tmp_path / "m.h5")
    assert len(load_model(tmp_path / "m.h5", compile=False).layers) == 251


def test_checkpoints_are_saved_while_training(tmp_path):
    model, x, y = small_model(), numbers(8, 4), numbers(8, 2)
    path = str(tmp_path / "w{epoch:02d}-{loss:.2f}.h5")
    model.fit(x, y, epochs=2, verbose=0, callbacks=[ModelCheckpoint(path, monitor="loss")])
    files = sorted(tmp_path.iterdir())
    assert [file.name[:3] for file in files] == ["w01", "w02"]
    last = load_model(files[1])
    np.testing.assert_array_equal(last.get_weights()[0], model.get_weights()[0])
    assert last.optimizer.iterations.get_value() == 2


# ---- writing


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.h5"
    model = small_model()
    model.save(path)
    before = path.read_bytes()

    def fail(group, name, array):
        raise RuntimeError("disk full")

    monkeypatch.setattr(hdf5, "write_array", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        model.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.h5"]


def test_a_link_and_its_permissions_stay(tmp_path):
    target, link = tmp_path / "target.h5", tmp_path / "link.h5"
    small_model().save(target)
    target.chmod(0o640)
    link.symlink_to(target)
    small_model(units=5).save(link)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert load_model(target).output_shape == (None, 5)


def test_a_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "plain").write_text("")
    with atomic.replacing(tmp_path / "new") as temporary:
        Path(temporary).write_text("x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_an_impossible_place_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        small_model().save(tmp_path / "no" / "m.h5")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        small_model().save(tmp_path)
    with pytest.raises(TypeError, match="Expected a path"):
        small_model().save(3)


@pytest.mark.parametrize("answers, replaced", [(["n"], False), (["what", "y"], True)])
def test_overwriting_can_be_asked_about(answers, replaced, tmp_path, monkeypatch, capsys):
    path, asked = tmp_path / "m.h5", []

    def answer(question):
        asked.append(question)
        return answers[len(asked) - 1]

    monkeypatch.setattr("builtins.input", answer)
    model = small_model()
    model.save(path, overwrite=False)
    assert not asked
    before = path.read_bytes()
    model.set_weights([w + 1 for w in model.get_weights()])
    model.save(path, overwrite=False)
    assert asked[0] == f"[WARNING] {path} already exists - overwrite? [y/n]"
    assert len(asked) == len(answers)
    assert (path.read_bytes() != before) is replaced
    tip = "[TIP] Next time specify overwrite=True!\n"
    assert capsys.readouterr().out == (tip if replaced else "")


# ---- files that must not be believed


@pytest.fixture
def saved(tmp_path):
    model = small_model()
    model.train_on_batch(numbers(2, 4), numbers(2, 2))
    model.save(tmp_path / "m.h5")
    return tmp_path / "m.h5"


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_model(tmp_path / "nothing.h5")


def test_a_file_that_is_no_model(tmp_path):
    (tmp_path / "text.h5").write_text("x" * 1000)
    for kind in (OSError, ValueError, ModelFileError):
        with pytest.raises(kind, match="not an HDF5 file"):
            load_model(tmp_path / "text.h5")
    small_model().save_weights(tmp_path / "w.h5")
    with pytest.raises(ValueError, match="No model found in config file.*load_weights"):
        load_model(tmp_path / "w.h5")


def test_a_truncated_file(saved):
    whole = saved.read_bytes()
    for size in (10, 100, 2000, len(whole) // 2, len(whole) - 1000):
        saved.write_bytes(whole[:size])
        with pytest.raises(ModelFileError):
            load_model(saved)


def test_a_config_that_is_no_json(saved):
    with h5py.File(saved, "r+") as file:
        file.attrs["model_config"] = b"{"
    with pytest.raises(ModelFileError, match="not JSON"):
        load_model(saved)


def change_first_kernel(path, make):
    """Replaces the first kernel in a file; `make(group)` puts another there."""
    with h5py.File(path, "r+") as file:
        weights = file["model_weights"]
        layer = weights.attrs["layer_names"][0].decode()
        inner = weights[layer][layer]
        del inner["kernel:0"]
        make(inner)


@pytest.mark.parametrize("kind", ["external", "soft"])
def test_links_are_not_followed(kind, saved, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.ones((4, 3), "float32")

    def make(group):
        if kind == "external":
            group["kernel:0"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/secret")
        else:
            group["kernel:0"] = h5py.SoftLink("/optimizer_weights")

    change_first_kernel(saved, make)
    with pytest.raises(ModelFileError, match="links are not followed"):
        load_model(saved)


def test_data_in_another_file_is_not_read(saved, tmp_path):
    (tmp_path / "raw").write_bytes(b"x" * 48)

    def make(group):
        group.create_dataset(
            "kernel:0", (4, 3), "float32", external=[(str(tmp_path / "raw"), 0, 48)]
        )

    change_first_kernel(saved, make)
    with pytest.raises(ModelFileError, match="another file"):
        load_model(saved)


def test_a_virtual_dataset_is_not_read(saved, tmp_path):
    def make(group):
        layout = h5py.VirtualLayout((4, 3), "float32")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "secret", (4, 3))
        group.create_virtual_dataset("kernel:0", layout)

    change_first_kernel(saved, make)
    with pytest.raises(ModelFileError, match="another file"):
        load_model(saved)


def test_a_huge_shape_is_refused_before_anything_is_read(saved):
    change_first_kernel(
        saved, lambda group: group.create_dataset("kernel:0", (2**40, 2**10), "f4", chunks=(1, 4))
    )
    with pytest.raises(ModelFileError, match="the file does not hold just these"):
        load_model(saved)


def test_arrays_of_objects_are_refused(saved):
    change_first_kernel(
        saved,
        lambda group: group.create_dataset("kernel:0", (4, 3), h5py.string_dtype()),
    )
    with pytest.raises(ModelFileError, match="not hold plain numbers"):
        load_model(saved)


def test_an_optimizer_state_that_does_not_fit_is_left_out(saved):
    with h5py.File(saved, "r+") as file:
        group = file["optimizer_weights"]
        del group["training/Adam/m_0_1:0"]
        group["training/Adam/m_0_1:0"] = numbers(50, 20)
    with pytest.warns(UserWarning, match="freshly initialized optimizer"):
        model = load_model(saved)
    assert model.optimizer.iterations.get_value() == 0
