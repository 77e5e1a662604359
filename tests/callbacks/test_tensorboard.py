"""TensorBoard's files: what Keras 2.3.1 and tf.keras write, read by TensorBoard's own reader."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import requests

import hornbeam as keras
from hornbeam.callbacks import (
    TensorBoard,
    needs_batches,
    tensorboard_events,
    tensorboard_tf,
    tensorboard_v2,
)
from hornbeam.callbacks.tensorboard_events import EventWriter, Histogram, grey, pictures_of
from hornbeam.callbacks.tensorboard_graph import graph_of
from hornbeam.layers import LSTM, Concatenate, Dense, Embedding, Input
from hornbeam.models import Model, Sequential
from tests.callbacks import record_tensorboard as recorder

FOLDER = Path(__file__).parent / "golden"
KERAS = json.loads((FOLDER / "tensorboard-keras-2.3.1.json").read_text())
TF_KERAS = json.loads((FOLDER / "tensorboard-tf_keras-2.21.json").read_text())


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return accumulator


def fit(callback, epochs=2, model=None, x=None, y=None, **options):
    if model is None:
        model = Sequential([Dense(1, input_shape=(3,), name="dense")])
        model.compile("sgd", "mse")
        x, y = np.random.rand(8, 3), np.random.rand(8, 1)
    model.fit(x, y, batch_size=4, epochs=epochs, verbose=0, callbacks=[callback], **options)
    return model


@pytest.mark.parametrize("name", recorder.CASES)
def test_tags_steps_and_values_are_those_of_keras(name, tmp_path):
    recorder.run(keras, str(tmp_path), name)
    assert recorder.entries(str(tmp_path)) == KERAS[name]
    expected = KERAS.get(f"{name} values", {})
    found = recorder.values(str(tmp_path)) if expected else {}
    assert found.keys() == expected.keys()
    for tag, value in expected.items():
        if "image" in tag or not tag.endswith(("_out", "_grad")):
            assert found[tag] == value, tag
        else:  # computed: a value may fall on the other side of a bucket's bound
            for entry in ("min", "max", "num", "sum", "sum_squares"):
                assert found[tag][entry] == pytest.approx(value[entry], rel=1e-4, abs=1e-5), tag
            assert sum(found[tag]["bucket"]) == sum(value["bucket"])


def test_arguments_of_tf_keras_are_in_its_order(tmp_path):
    callback = tensorboard_tf.TensorBoard(tmp_path, 2, False, True, True, 5, 0, 3, "names.tsv",
                                          write_grads=True)
    assert [getattr(callback, name) for name in (
        "histogram_freq", "write_graph", "write_images", "write_steps_per_second", "update_freq",
        "embeddings_freq", "embeddings_metadata", "write_grads", "batch_size",
    )] == [2, False, True, True, 5, 3, "names.tsv", True, 32]
    assert isinstance(tensorboard_v2.TensorBoard(tmp_path), tensorboard_tf.TensorBoard)


@pytest.mark.parametrize("name", ["scalars", "histograms"])
def test_the_other_layout_has_the_tags_of_tf_keras(name, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.callbacks, "TensorBoard", tensorboard_v2.TensorBoard)
    recorder.run(keras, str(tmp_path), name)
    found = {
        folder: {tag.replace("/image/0", "/image"): steps for tag, (_, steps) in tags.items()
                 if not tag.endswith(("/image/1", "/image/2"))}
        for folder, tags in recorder.entries(str(tmp_path)).items()
    }
    expected = {folder: {tag: steps for tag, (_, steps) in tags.items()}
                for folder, tags in TF_KERAS[name].items()}
    assert found == expected


def test_tf_kerass_layout_writes_batches(tmp_path):
    fit(tensorboard_v2.TensorBoard(tmp_path, update_freq=2, write_steps_per_second=True))
    scalars = read(tmp_path / "train")
    assert [event.step for event in scalars.Scalars("batch_loss")] == [2, 4]
    assert [event.step for event in scalars.Scalars("batch_steps_per_second")] == [2, 4]
    rates = [event.value for event in scalars.Scalars("epoch_steps_per_second")]
    assert len(rates) == 2 and min(rates) > 0


def test_evaluate_writes_in_tf_kerass_layout(tmp_path):
    callback = tensorboard_v2.TensorBoard(tmp_path)
    callback.set_model(fit(keras.callbacks.LambdaCallback()))
    callback.on_test_end({"loss": 0.5})
    event, = read(tmp_path / "validation").Scalars("evaluation_loss_vs_iterations")
    assert (event.step, event.value) == (4, 0.5)


def test_scalars_are_the_logs(tmp_path):
    class WithRate(TensorBoard):
        def on_epoch_end(self, epoch, logs=None):
            logs.update(lr=keras.backend.eval(self.model.optimizer.lr), many=np.ones(3))
            super().on_epoch_end(epoch, logs)

    model = fit(WithRate(tmp_path))
    scalars = read(tmp_path)
    assert scalars.Tags()["scalars"] == ["loss", "lr"]      # what is no number is left out
    assert [event.value for event in scalars.Scalars("loss")] == pytest.approx(
        model.history.history["loss"])
    assert scalars.Scalars("lr")[0].value == pytest.approx(0.01)


def test_batches_are_listened_to_only_where_asked(tmp_path):
    class Own(TensorBoard):
        def on_batch_end(self, batch, logs=None):
            super().on_batch_end(batch, logs)

    assert not needs_batches([TensorBoard(tmp_path, histogram_freq=1, write_grads=True)])
    assert not needs_batches([tensorboard_v2.TensorBoard(tmp_path, write_steps_per_second=True)])
    for arguments in ({"update_freq": "batch"}, {"update_freq": 9}, {"profile_batch": 2}):
        assert needs_batches([TensorBoard(tmp_path, **arguments)])
    assert needs_batches([Own(tmp_path)])


@pytest.mark.filterwarnings("ignore:Method .on_train_batch_end. is slow")    # it writes
def test_profile_is_written_for_the_batches_asked_for(tmp_path):
    fit(TensorBoard(tmp_path, profile_batch=(2, 3)))
    assert list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))


@pytest.fixture
def branched():
    """A model with an inner model, a shared layer and two inputs."""
    words, numbers = Input((4,), name="words"), Input((2,), name="numbers")
    inner = Sequential([Dense(3, input_shape=(5,), name="first"), Dense(2, name="second")],
                       name="inner")
    shared = Dense(2, name="shared")
    text = LSTM(5, name="lstm")(Embedding(6, 3, name="words_in_space")(words))
    joined = Concatenate(name="join")([shared(numbers), shared(inner(text))])
    model = Model([words, numbers], Dense(1, name="out")(joined))
    model.compile("adam", "mse")
    return model


def test_graph_shows_layers_weights_loss_and_inner_models(branched):
    graph = graph_of(branched)
    nodes = {node.name: node for node in graph.node}
    assert len(nodes) == len(graph.node)
    for node in graph.node:      # every edge ends somewhere
        assert all(name.partition(":")[0] in nodes for name in node.input), node
    assert nodes["inner/second/Dense"].input[0] == "inner/first/Dense"
    assert nodes["inner/first/Dense"].input[:] == [
        "lstm/LSTM", "inner/first/kernel", "inner/first/bias"]
    calls = [nodes["shared/Dense"], nodes["shared_1/Dense"]]
    assert {call.input[0] for call in calls} == {"numbers", "inner/second/Dense"}
    assert calls[0].input[1] == calls[1].input[1]      # one kernel
    assert nodes["join/Concatenate"].input[:] == [
        next(call.name for call in calls if call.input[0] == source)
        for source in ("numbers", "inner/second/Dense")]
    assert nodes["loss/out_loss"].input[:] == ["out/Dense", "out_target"]
    assert nodes["training/Adam"].input[:] == ["loss/loss"]
    dims = nodes["lstm/LSTM"].attr["_output_shapes"].list.shape[0].dim
    assert [dim.size for dim in dims] == [-1, 5]
    assert nodes["lstm/LSTM"].attr["units"].s == b"5"


def test_graph_of_a_subclassed_model_is_a_box_with_its_weights():
    class Own(Model):
        def __init__(self):
            super().__init__(name="own")
            self.dense = Dense(2, name="dense")

        def call(self, inputs):
            return self.dense(inputs) + 1

    keras.backend.clear_session()  # inputs are counted from one
    model = Own()
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 2)))
    nodes = {node.name: node for node in graph_of(model).node}
    assert nodes["own/Own"].input[:] == ["input_1", "own/dense/kernel", "own/dense/bias"]


def test_graph_shows_operations_between_layers():
    x = Input((2,), name="x")
    model = Model(x, Dense(1, name="out")(keras.backend.relu(Dense(3, name="first")(x)) + 1))
    nodes = {node.name: node for node in graph_of(model).node}
    seen, name = [], "out/Dense"
    while name != "x":
        seen.append(nodes[name].op)
        name = nodes[name].input[0]
    assert seen[0] == seen[-1] == "Dense" and len(seen) == 4, seen


def test_a_deep_model_has_a_graph():
    x = first = Input((2,))
    shared = Dense(2)
    for _ in range(1200):
        x = shared(x)
    assert len(graph_of(Model(first, x)).node) == 1200 + 1 + 2


def test_graph_is_in_the_file_once(branched, tmp_path):
    x = [np.zeros((8, 4)), np.zeros((8, 2))]
    fit(TensorBoard(tmp_path), model=branched, x=x, y=np.zeros((8, 1)))
    names = {node.name for node in read(tmp_path).Graph().node}
    assert {"words", "numbers", "inner/first/Dense"} <= names


def points(folder, layer):
    return np.loadtxt(folder / f"keras_embedding-{layer}.tsv", delimiter="\t")


def config(folder):
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    return text_format.Parse((folder / "projector_config.pbtxt").read_text(), ProjectorConfig())


def test_embeddings_are_what_layers_put_out_for_the_data(branched, tmp_path):
    words, numbers = np.random.randint(0, 6, (10, 4)), np.random.rand(10, 2)
    callback = TensorBoard(
        tmp_path, batch_size=4, embeddings_freq=2,
        embeddings_layer_names=["words_in_space", "lstm"],
        embeddings_data=[words, numbers], embeddings_metadata={"lstm": "labels.tsv"})
    fit(callback, 1, branched, [words, numbers], np.zeros((10, 1)))
    for name in ("words_in_space", "lstm"):
        layer = branched.get_layer(name)
        expected = Model(branched.inputs, layer.output).predict([words, numbers]).reshape(10, -1)
        assert points(tmp_path, name) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    first, second = config(tmp_path).embeddings
    assert (first.tensor_name, list(first.tensor_shape)) == ("words_in_space_embedding", [10, 12])
    assert first.metadata_path == "" and second.metadata_path == "labels.tsv"
    assert (tmp_path / second.tensor_path).exists()


def test_embeddings_without_data_are_the_weights(branched, tmp_path):
    x = [np.zeros((8, 4)), np.zeros((8, 2))]
    callback = TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata="all.tsv")
    fit(callback, 1, branched, x, np.zeros((8, 1)))
    weights = branched.get_layer("words_in_space").get_weights()[0]
    assert points(tmp_path, "words_in_space") == pytest.approx(weights, rel=1e-5, abs=1e-9)
    assert [e.metadata_path for e in config(tmp_path).embeddings] == ["all.tsv"]


def test_points_must_be_of_one_size(tmp_path):
    model = Sequential([Embedding(6, 3, name="words"), LSTM(2)])
    model.build((None, None))
    model.compile("sgd", "mse")
    callback = TensorBoard(tmp_path, embeddings_freq=1, embeddings_data=np.zeros((2, 4)))
    callback.set_model(model)
    with pytest.raises(ValueError, match=r"'words' as points.*\(None, None, 3\)"):
        callback.on_train_begin()
    callback.on_train_end()


def test_gradients_and_activations_leave_the_training_as_it_is(tmp_path):
    def train(callbacks):
        keras.backend.clear_session()
        model = recorder.model_of(keras)
        keras.backend.set_value(model.optimizer.lr, 0.1)
        random = np.random.RandomState(0)
        x, y = random.rand(12, 4, 4, 1), random.rand(12, 2)
        np.random.seed(5)
        model.fit(x, y, batch_size=4, epochs=3, verbose=0, validation_split=1 / 3,
                  callbacks=callbacks)
        return model.history.history, model.get_weights()

    everything = {"histogram_freq": 1, "write_grads": True, "write_images": True}
    plain, watched = train([]), train([TensorBoard(tmp_path, **everything)])
    assert plain[0] == watched[0]
    for mine, other in zip(plain[1], watched[1]):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("arguments, words", [
    ({"update_freq": "often"}, "update_freq must be 'batch', 'epoch' or a positive integer"),
    ({"update_freq": 0}, "update_freq"),
    ({"histogram_freq": -1}, "histogram_freq must be a whole number of epochs"),
    ({"histogram_freq": 0.5}, "histogram_freq"),
    ({"embeddings_freq": None}, "embeddings_freq"),
    ({"batch_size": 0}, "batch_size must be an integer of at least 1; got 0"),
    ({"profile_batch": (5, 2)}, "profile_batch must be the number of a batch"),
    ({"profile_batch": "a,b"}, "profile_batch"),
    ({"log_dir": "gs://bucket/logs"}, "log_dir must be a folder of this machine"),
])
def test_a_wrong_argument_is_named(arguments, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        TensorBoard(**{"log_dir": tmp_path, **arguments})


def test_unknown_arguments_of_tf_kerass_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"Unrecognized arguments in `TensorBoard`.*'histogramm'"):
        tensorboard_v2.TensorBoard(tmp_path, histogramm=1)


@pytest.mark.parametrize("arguments, error, words", [
    ({"histogram_freq": 1}, ValueError, "validation_data must be provided"),
    ({"embeddings_freq": 1, "embeddings_layer_names": ["no"]}, ValueError, r"\['no'\].*dense"),
    ({"embeddings_freq": 1, "embeddings_metadata": {"no": "x"}}, ValueError, r"Unrecognized.*'no'"),
    ({"embeddings_freq": 1, "embeddings_layer_names": ["dense"],
      "embeddings_data": [np.ones((2, 3))] * 2}, ValueError, "one array for each of the model's 1"),
    ({"log_dir": "file/logs"}, OSError, "file"),
])
def test_what_cannot_work_fails_before_the_training(arguments, error, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    epochs = []
    watch = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    model = Sequential([Dense(1, input_shape=(3,), name="dense")])
    model.compile("sgd", "mse")
    with pytest.raises(error, match=words):
        model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0,
                  callbacks=[watch, TensorBoard(**{"log_dir": "logs", **arguments})])
    assert epochs == []


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    for name in [n for n in sys.modules if n.split(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        TensorBoard()


def test_histogram_of_parts_is_that_of_the_whole(monkeypatch):
    values = np.random.randn(1000) * 10.0 ** np.random.randint(-14, 22, 1000)
    whole = Histogram(values)
    monkeypatch.setattr(tensorboard_events, "_PART", 300)
    parts = Histogram(values[:400])
    parts.add(values[400:])
    parts.add([np.nan, np.inf, -np.inf])
    mine, other = parts.proto(), whole.proto()
    assert (mine.num, mine.min, mine.max) == (1000, values.min(), values.max())
    assert list(mine.bucket) == list(other.bucket) and sum(mine.bucket) == 1000
    limits = list(mine.bucket_limit)
    assert limits == sorted(limits) == list(other.bucket_limit)
    for low, high, count in zip([-np.inf, *limits], limits, mine.bucket):
        assert np.sum((values >= low) & (values < high)) == count


def test_histogram_of_nothing_is_left_out(tmp_path):
    writer = EventWriter(tmp_path)
    writer.histogram("nothing", Histogram([np.nan]), 0)
    writer.histogram("something", Histogram([0.0]), 0)
    writer.close()
    assert read(tmp_path).Tags()["histograms"] == ["something"]


def test_pictures_of_weights():
    assert pictures_of(np.ones((5,))).shape == (1, 5, 1)
    assert pictures_of(np.ones((5, 2))).shape == (1, 2, 5)
    assert pictures_of(np.ones((2, 3, 1, 7))).shape == (7, 2, 3)
    assert pictures_of(np.ones((7, 1, 2, 3)), channels_last=False).shape == (7, 2, 3)
    assert pictures_of(np.ones((2, 3, 4, 7))) is None and pictures_of(1.0) is None
    assert grey([[0.0, 1.0, np.nan]]).tolist() == [[0, 255, 255]]
    assert grey([[-1.0, 0.0, 0.5]]).tolist() == [[1, 128, 191]]
    assert grey([[0.0, 0.0]]).tolist() == [[0, 0]]


def test_programs_may_write_summaries_of_their_own(tmp_path):
    from tensorboard.compat.proto.summary_pb2 import Summary

    class Own(TensorBoard):
        def on_epoch_end(self, epoch, logs=None):
            summary = Summary(value=[Summary.Value(tag="own", simple_value=7)])
            self.writer.add_summary(summary if epoch else summary.SerializeToString(), epoch)
            super().on_epoch_end(epoch, logs)

    fit(Own(tmp_path))
    events = read(tmp_path).Scalars("own")
    assert [(event.step, event.value) for event in events] == [(0, 7), (1, 7)]


def test_a_started_tensorboard_serves_the_logs(branched, tmp_path):
    x = [np.zeros((8, 4)), np.zeros((8, 2))]
    callback = TensorBoard(tmp_path / "run", histogram_freq=1, write_images=True, embeddings_freq=1)
    fit(callback, 2, branched, x, np.zeros((8, 1)), validation_split=0.5)
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", tmp_path, "--port", "0",
               "--load_fast", "false"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                          env=environment) as server:
        try:
            line = next(line for line in server.stderr if " at http" in line)
            root = line.split(" at ")[1].split()[0].rstrip("/") + "/data/plugin"

            def get(path):
                with requests.Session() as session:
                    session.trust_env = False
                    answer = session.get(f"{root}/{path}", timeout=60)
                answer.raise_for_status()
                return answer

            deadline = time.monotonic() + 60
            while "run" not in get("scalars/tags").json():      # it reads in the background
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert set(get("scalars/tags").json()["run"]) == {"loss", "val_loss"}
            losses = get("scalars/scalars?run=run&tag=loss").json()
            assert [step for _, step, _ in losses] == [0, 1]
            assert "out/kernel_0" in get("histograms/tags").json()["run"]
            assert "out/kernel_0_1/image/0" in get("images/tags").json()["run"]
            assert 'name: "lstm/LSTM"' in get("graphs/graph?run=run").text
            embedding, = get("projector/info?run=run").json()["embeddings"]
            assert embedding["tensorShape"] == [6, 3]
            tensor = get("projector/tensor?run=run&name=words_in_space_embedding").content
            weights = branched.get_layer("words_in_space").get_weights()[0]
            assert np.frombuffer(tensor, "float32") == pytest.approx(weights.ravel(), abs=1e-6)
        finally:
            server.kill()
