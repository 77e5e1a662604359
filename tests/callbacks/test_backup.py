"""`BackupAndRestore`: a training that was interrupted ends as one that was not."""

import os
import signal
import subprocess

import numpy as np
import pytest

from hornbeam.callbacks import BackupAndRestore, Callback, LambdaCallback
from hornbeam.layers import LSTM, Dense
from hornbeam.models import Sequential
from hornbeam.training import backups
from hornbeam.utils import Sequence
from tests.callbacks import kills

X = np.random.RandomState(0).rand(24, 3).astype("float32")
Y = X.sum(1, keepdims=True)


class Interrupted(Exception):
    pass


def interrupt():
    raise Interrupted


def model(units=2):
    net = Sequential([Dense(units, input_shape=(3,)), Dense(1)])
    net.compile("sgd", "mse")
    return net


def test_a_killed_training_ends_as_one_that_nobody_killed(tmp_path):
    folder, reference = tmp_path / "killed", tmp_path / "reference"
    folder.mkdir(), reference.mkdir()
    kills.train("arrays", reference)
    for _ in range(2):
        process = subprocess.run(kills.command("arrays", folder, "epoch:2", "epoch:6"))
        assert process.returncode == -signal.SIGKILL
        assert not (folder / "end.npz").exists()
    kills.train("arrays", folder)
    assert kills.differences(folder, reference) == []
    assert os.listdir(folder / "backup") == []


@pytest.mark.parametrize("kind", ["batches", "steps", "sequence", "generator"])
def test_an_interrupted_training_goes_on_within_the_epoch(kind, tmp_path):
    folder, reference = tmp_path / "interrupted", tmp_path / "reference"
    folder.mkdir(), reference.mkdir()
    kills.train(kind, reference)
    places = ["batch:0:4", "batch:5:4"]  # the first step of all draws the seed of dropout
    for _ in places:
        with pytest.raises(Interrupted):
            kills.train(kind, folder, places, interrupt)
    kills.train(kind, folder, places, interrupt)
    assert kills.differences(folder, reference) == []


def test_a_kill_while_the_backup_is_written_leaves_the_one_before(tmp_path, monkeypatch):
    seen = []

    def train(**options):
        backup = BackupAndRestore(tmp_path)
        watch = LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
        return model().fit(X, Y, epochs=3, verbose=0, callbacks=[backup, watch], **options)

    with monkeypatch.context() as patch:
        def savez(file, **arrays):
            if len(seen) == 2:
                file.write(b"half")
                raise Interrupted
            original(file, **arrays)

        original = np.savez
        patch.setattr(backups.np, "savez", savez)
        with pytest.raises(Interrupted):
            train()
    assert os.listdir(tmp_path) == ["backup.npz"]
    (tmp_path / ".backup.npz.0123456789ab.tmp").write_bytes(b"what a killed program leaves")
    history = train(initial_epoch=2)  # the backup knows better
    assert seen == [0, 1, 1, 2] and history.epoch == [0, 1, 2]
    assert os.listdir(tmp_path) == []


def test_a_kept_backup_lets_a_further_fit_go_on(tmp_path):
    net = model()

    def epochs(last):
        backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
        return net.fit(X, Y, epochs=last, verbose=0, callbacks=backup).epoch

    assert epochs(2) == [0, 1]
    weights = net.get_weights()
    net.set_weights([w * 0 for w in weights])
    assert epochs(2) == [0, 1]
    assert all(np.array_equal(a, b) for a, b in zip(weights, net.get_weights()))
    assert epochs(4) == [0, 1, 2, 3]


def test_an_early_end_stays_an_end(tmp_path):
    class Stop(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    class Die(Callback):
        def on_train_end(self, logs=None):
            raise Interrupted

    with pytest.raises(Interrupted):
        own = [Stop(), Die(), BackupAndRestore(tmp_path)]
        model().fit(X, Y, epochs=4, verbose=0, callbacks=own)
    history = model().fit(X, Y, epochs=4, verbose=0, callbacks=[BackupAndRestore(tmp_path)])
    assert history.epoch == [0]


def test_states_of_recurrent_layers_come_back(tmp_path):
    x = np.random.RandomState(1).rand(8, 2, 3).astype("float32")

    def train(*others):
        np.random.seed(0)
        net = Sequential([LSTM(2, stateful=True, batch_input_shape=(4, 2, 3))])
        net.compile("sgd", "mse")
        net.fit(
            x, np.zeros((8, 2)), batch_size=4, epochs=4, verbose=0, shuffle=False,
            callbacks=[BackupAndRestore(tmp_path), *others],
        )  # fmt: skip
        return net

    def die(epoch, logs):
        if epoch == 2:
            raise Interrupted

    expected = train()
    with pytest.raises(Interrupted):
        train(LambdaCallback(on_epoch_end=die))
    found = train()
    for one, other in zip(found.layers[0].states, expected.layers[0].states):
        assert np.array_equal(one.get_value(), other.get_value())
        assert np.abs(one.get_value()).max() > 0
    for one, other in zip(found.get_weights(), expected.get_weights()):
        assert np.array_equal(one, other)


def test_who_listens():
    assert not BackupAndRestore("x")._implements_train_batch_hooks()
    assert BackupAndRestore("x", save_freq=5)._implements_train_batch_hooks()


# ---- what cannot be done


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"backup_dir": ""}, "empty `backup_dir`"),
        ({"backup_dir": "x", "save_freq": "batch"}, "got 'batch'. Expected 'epoch', or an"),
        ({"backup_dir": "x", "save_freq": 0}, "got 0. Expected 'epoch', or an integer"),
        ({"backup_dir": "x", "save_before_preemption": True}, "Back up often instead"),
    ],
)
def test_arguments_that_make_no_sense(arguments, words):
    with pytest.raises(ValueError, match=words):
        BackupAndRestore(**arguments)


def backed_up(folder, **options):
    backup = BackupAndRestore(folder, delete_checkpoint=False, **options)
    model().fit(X, Y, batch_size=4, epochs=1, verbose=0, callbacks=backup)
    return BackupAndRestore(folder)


def test_a_backup_of_another_model_or_of_other_data_is_refused(tmp_path):
    backup = backed_up(tmp_path)
    net = model(units=5)
    before = net.get_weights()
    with pytest.raises(ValueError, match=r"of another model.* \(3, 2\) and dtype float32 where"):
        net.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=backup)
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights()))
    with pytest.raises(ValueError, match="20 samples in batches of 4; when .* was 24 in batches"):
        model().fit(X[:20], Y[:20], batch_size=4, epochs=2, verbose=0, callbacks=backup)
    (tmp_path / "backup.npz").write_bytes(b"PK damaged")
    with pytest.raises(ValueError, match="cannot be read: .*Delete it to train from the beginning"):
        model().fit(X, Y, epochs=2, verbose=0, callbacks=backup)


def test_a_generator_that_ends_too_soon_is_refused(tmp_path):
    def batches(count):
        return (batch for batch in [(X, Y)] * count)

    backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
    model().fit(batches(4), steps_per_epoch=4, epochs=1, verbose=0, callbacks=backup)
    with pytest.raises(ValueError, match="yielded 3 batches; when .* they had yielded 4"):
        model().fit(batches(3), steps_per_epoch=4, epochs=2, verbose=0, callbacks=backup)


def test_a_folder_that_cannot_be_made_is_found_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    trained = []
    watch = LambdaCallback(on_epoch_begin=lambda epoch, logs: trained.append(epoch))
    with pytest.raises(OSError):
        model().fit(X, Y, verbose=0, callbacks=[BackupAndRestore(tmp_path / "file" / "x"), watch])
    assert trained == []


# ---- the file


def test_plain_data_and_arrays_come_back_as_they_were(tmp_path):
    import ml_dtypes

    value = {
        "numbers": [1, -0.0, float("inf"), True, None, "text", 2**70],
        3: (1, [2, (3,)], {4}),
        "arrays": [np.arange(3, dtype="int8"), np.ones((2, 0)), np.array("a")],
        "scalars": (np.float32(0.1), np.uint32(7), np.bool_(True)),
        "short": np.arange(4).astype(ml_dtypes.bfloat16),
    }
    backups.write(tmp_path / "file", value)
    found = backups.read(tmp_path / "file")
    assert repr(found) == repr(value)
    assert found["short"].dtype == value["short"].dtype and type(found["scalars"][0]) is np.float32


def test_a_file_with_objects_runs_no_code(tmp_path):
    np.savez(tmp_path / "file.npz", facts=np.array([print], dtype=object))
    with pytest.raises(ValueError, match="cannot be read"):
        backups.read(tmp_path / "file.npz")


class Numbers(Sequence):
    """Has large arrays that are no state, and a counter that is."""

    def __init__(self):
        self.epoch, self.data = 0, X

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X[:4] * self.epoch, Y[:4]

    def on_epoch_end(self):
        self.epoch += 1


def test_what_a_callback_was_made_with_is_not_kept(tmp_path):
    class Large(Callback):
        def __init__(self, given):
            super().__init__()
            self.given, self.made = given, np.ones(50_000)
            self.grown = np.zeros(3)

        def on_epoch_end(self, epoch, logs=None):
            self.grown = self.grown + 1

    def train(epochs):
        large = Large(np.ones(50_000))
        backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
        model().fit(Numbers(), epochs=epochs, verbose=0, callbacks=[large, backup])
        return large

    train(2)
    assert (tmp_path / "backup.npz").stat().st_size < 50_000
    assert train(3).grown.tolist() == [3, 3, 3]
