"""What callbacks refuse, before anything is trained, and in which words."""

import os

import numpy as np
import pytest

from hornbeam.callbacks import (
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from hornbeam.layers import Dense
from hornbeam.models import Sequential

X = np.random.RandomState(0).rand(8, 3).astype("float32")
Y = X.sum(1, keepdims=True)


def fit(*callbacks, **options):
    """Trains; returns the model."""
    net = Sequential([Dense(1, input_shape=(3,))])
    net.compile("sgd", "mse", metrics=["mae"])
    net.fit(X, Y, batch_size=4, callbacks=list(callbacks), **{"verbose": 0, **options})
    return net


class Untrained(Callback):
    """Fails the test if an epoch begins."""

    def on_epoch_begin(self, epoch, logs=None):
        raise AssertionError("training has begun")


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: EarlyStopping(patience=-1), ValueError, "EarlyStopping got patience=-1; .*t 0"),
        (lambda: EarlyStopping(patience="3"), TypeError, "patience='3'; .* must be a number"),
        (lambda: EarlyStopping(start_from_epoch=-2), ValueError, "start_from_epoch=-2"),
        (lambda: EarlyStopping(baseline="low"), TypeError, "baseline='low'; .* must be a number"),
        (lambda: ReduceLROnPlateau(patience=-1), ValueError, "ReduceLROnPlateau got patience=-1"),
        (lambda: ReduceLROnPlateau(cooldown=-1), ValueError, "cooldown=-1"),
        (lambda: ReduceLROnPlateau(factor=-0.1), ValueError, "factor=-0.1"),
        (lambda: ReduceLROnPlateau(min_lr=float("nan")), ValueError, "min_lr=nan"),
        (lambda: ModelCheckpoint("w", period=0), ValueError, "period=0; .* at least 1"),
        (lambda: ModelCheckpoint("w", save_freq="batch"), ValueError, "got 'batch'. Expected"),
        (lambda: ModelCheckpoint("w", save_freq=0), ValueError, "got 0. Expected 'epoch', or"),
        (lambda: ModelCheckpoint("w", save_freq=2, period=2), ValueError, "give one of them"),
        (lambda: ModelCheckpoint("w", options=1), ValueError, "Leave `options` out"),
        (lambda: ModelCheckpoint("w{epoch"), ValueError, "Write fields as {epoch:02d}"),
        (lambda: ModelCheckpoint("w{}.h5"), ValueError, "a field without a name"),
        (lambda: LearningRateScheduler(0.1), TypeError, "schedule=0.1; it must be a function"),
        (lambda: CSVLogger("x", separator=", "), TypeError, "separator=', '; .* one character"),
        (lambda: LambdaCallback(on_epoch_end=3), TypeError, "=3; .* `lambda epoch, logs"),
        (lambda: LambdaCallback(on_epoch_ended=print), TypeError, "There are: on_train_begin"),
        (lambda: CallbackList([EarlyStopping]), TypeError, r"class EarlyStopping; make"),
        (lambda: CallbackList([print]), TypeError, "which is no callback. Expected objects"),
    ],
)  # fmt: skip
def test_arguments_that_make_no_sense(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize("verbose", ["yes", None, 1.5])
def test_unknown_verbosity(verbose):
    with pytest.raises(ValueError, match="progress bar.* or 'auto'; got"):
        fit(Untrained(), verbose=verbose)


def test_auto_verbosity_shows_the_bar(capsys):
    fit(verbose="auto")
    assert "8/8 [====" in capsys.readouterr().out


@pytest.mark.parametrize("watch", [EarlyStopping, ReduceLROnPlateau])
def test_a_monitor_that_is_not_there_warns_and_lists_what_is(watch):
    with pytest.warns(RuntimeWarning, match="`val_loss` which is not available.*are: loss,mae"):
        fit(watch())


def test_an_area_under_a_curve_that_is_taken_to_fall_warns():
    for make in (lambda m: ModelCheckpoint("w", m), ReduceLROnPlateau):
        with pytest.warns(RuntimeWarning, match="a lower 'val_auc' as the better .*mode='max'"):
            make("val_auc")
    assert EarlyStopping("val_auc").monitor_op is np.greater


def test_fields_that_the_logs_will_lack_are_found_before_training(tmp_path):
    path = str(tmp_path / "w{epoch}-{val_loss:.2f}.h5")
    with pytest.raises(KeyError, match=r"cannot fill in \{val_loss\}.*There are: loss, mae, epoch"):
        fit(Untrained(), ModelCheckpoint(path))
    with pytest.raises(KeyError, match=r"cannot fill in \{val_loss\}"):
        fit(LambdaCallback(on_epoch_end=print), ModelCheckpoint(path))  # it might have added that
    with pytest.raises(ValueError, match="format code 'd'"):
        fit(ModelCheckpoint(str(tmp_path / "w{loss:d}.h5")))
    assert os.listdir(tmp_path) == []


def test_fields_that_other_callbacks_add_are_known(tmp_path):
    rate = ReduceLROnPlateau("loss")
    own = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(mine=1))
    fit(rate, ModelCheckpoint(str(tmp_path / "{lr:.2f}.h5")))
    fit(own, ModelCheckpoint(str(tmp_path / "{mine}.h5"), save_weights_only=True))
    fit(ModelCheckpoint(str(tmp_path / "{batch}-{size}.h5"), save_freq=2))
    assert sorted(os.listdir(tmp_path)) == ["0.01.h5", "1.h5", "2-4.h5"]


@pytest.mark.parametrize(
    "make, error",
    [
        (lambda folder: ModelCheckpoint(folder / "file" / "w.h5"), OSError),
        (lambda folder: ModelCheckpoint(folder / "folder"), IsADirectoryError),
        (lambda folder: CSVLogger(folder / "missing" / "log.csv"), FileNotFoundError),
        (lambda folder: CSVLogger(folder / "folder"), IsADirectoryError),
    ],
)
def test_paths_that_cannot_be_written_are_found_before_training(make, error, tmp_path):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    callback = make(tmp_path)
    with pytest.raises(error, match=type(callback).__name__):
        fit(Untrained(), callback)
    assert (tmp_path / "file").read_text() == "kept"


def test_a_missing_folder_is_made_when_the_others_have_begun(tmp_path):
    made = []
    begin = LambdaCallback(on_train_begin=lambda logs: made.extend(os.listdir(tmp_path)))
    fit(ModelCheckpoint(tmp_path / "a" / "b" / "w.h5"), begin)
    fit(ModelCheckpoint(str(tmp_path / "{epoch}" / "w.h5"), save_weights_only=True))
    assert made == [] and sorted(os.listdir(tmp_path)) == ["1", "a"]


def test_a_log_file_is_emptied_by_its_first_line_not_by_an_error(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("older\n")
    with pytest.raises(ZeroDivisionError):
        fit(CSVLogger(path), LambdaCallback(on_batch_end=lambda batch, logs: 1 / 0))
    assert path.read_text() == "older\n"
    fit(CSVLogger(path))
    assert path.read_text().startswith("epoch,loss,mae\n")
    fit(CSVLogger(path), epochs=0)
    assert path.read_text() == ""


@pytest.mark.parametrize("value", [1, "0.1", None, np.zeros(2)])
def test_a_schedule_must_return_a_float(value):
    with pytest.raises(ValueError, match="should be float. For epoch 0 it returned"):
        fit(LearningRateScheduler(lambda epoch: value))


def test_nan_can_be_an_error():
    with pytest.raises(RuntimeError, match="NaN or Inf loss encountered at batch 1.*clipnorm"):
        fit(TerminateOnNaN(raise_error=True), LearningRateScheduler(lambda epoch: float("inf")))
