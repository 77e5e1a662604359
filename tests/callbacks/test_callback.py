"""Hooks, who listens to them, and the small callbacks."""

import time

import numpy as np
import pytest

from hornbeam import callbacks
from hornbeam.callbacks import (
    BaseLogger,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgbarLogger,
    ReduceLROnPlateau,
    TerminateOnNaN,
    needs_batches,
)
from hornbeam.callbacks.logs import Logs


class Tracing(Callback):
    def __init__(self):
        super().__init__()
        self.calls = []

    def on_batch_begin(self, batch, logs=None):
        self.calls.append(("begin", batch, logs))

    def on_batch_end(self, batch, logs=None):
        self.calls.append(("end", batch, logs))


def test_train_batch_hooks_forward_to_batch_hooks():
    tracing = Tracing()
    hooks = CallbackList([tracing])
    hooks.on_train_batch_begin(0, {"size": 2})
    hooks.on_batch_begin(1, {"size": 3})
    hooks._call_batch_hook("train", "end", 2, {"loss": 4.0})
    assert tracing.calls == [
        ("begin", 0, {"size": 2}),
        ("begin", 1, {"size": 3}),
        ("end", 2, {"loss": 4.0}),
    ]


def test_a_callback_list_calls_every_hook_in_order():
    called = []
    names = ["train", "test", "predict"]
    hooks = {
        f"on_{name}_{when}": lambda logs, n=name, w=when: called.append((n, w))
        for name in names
        for when in ("begin", "end")
    }
    hooks = CallbackList([LambdaCallback(**hooks), LambdaCallback(**hooks)])
    for name in names:
        hooks._call_begin_hook(name)
        hooks._call_end_hook(name)
    assert called == [(n, w) for n in names for w in ("begin", "end") for _ in range(2)]


def test_missing_logs_are_empty_logs():
    seen = []
    hooks = CallbackList([LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs))])
    hooks.on_epoch_end(0)
    assert seen == [{}]


def test_changes_of_the_logs_reach_the_next_callback_and_the_caller():
    logs = {"loss": 1.0}
    hooks = CallbackList(
        [LambdaCallback(on_epoch_end=lambda e, logs: logs.update(own=2)), History()]
    )
    hooks.on_epoch_end(0, logs)
    assert logs == {"loss": 1.0, "own": 2}
    assert hooks.callbacks[1].history == {"loss": [1.0], "own": [2]}


def test_slow_batch_hooks_warn():
    slow = LambdaCallback(on_batch_end=lambda batch, logs: time.sleep(0.11))
    hooks = CallbackList([slow])
    hooks.on_train_batch_begin(0)
    with pytest.warns(RuntimeWarning, match="on_train_batch_end.*is slow compared"):
        hooks.on_train_batch_end(0)


@pytest.mark.parametrize(
    "callback, expected",
    [
        (Callback(), False),
        (BaseLogger(), False),
        (ProgbarLogger(), False),
        (History(), False),
        (EarlyStopping(), False),
        (ModelCheckpoint("x.h5"), False),
        (LambdaCallback(on_epoch_end=print, on_train_begin=print), False),
        (LambdaCallback(on_batch_begin=print), True),
        (LambdaCallback(on_train_batch_end=print), True),
        (TerminateOnNaN(), True),
        (Tracing(), True),
    ],
)
def test_who_listens_to_batches(callback, expected):
    assert needs_batches([Callback(), callback]) is expected
    assert not needs_batches([callback], "test")


def test_a_subclass_that_overrides_a_batch_hook_listens():
    class Own(ProgbarLogger):
        def on_batch_end(self, batch, logs=None):
            super().on_batch_end(batch, logs)

    assert needs_batches([Own()])


def test_test_and_predict_hooks_count_in_their_mode():
    callback = LambdaCallback(on_test_batch_end=print)
    assert needs_batches([callback], "test")
    assert not needs_batches([callback], "predict")
    assert not needs_batches([callback], "train")


def test_base_logger_averages_by_sample_as_keras_does():
    logger = BaseLogger(stateful_metrics=["acc"])
    logger.set_params({"metrics": ["loss", "acc", "val_loss"]})
    logger.on_epoch_begin(0)
    for size, loss, acc in ((4, 1.0, 0.5), (4, 2.0, 0.6), (2, 6.0, 0.7)):
        logger.on_batch_end(0, {"batch": 0, "size": size, "loss": loss, "acc": acc})
    logs = {"val_loss": 9.0}
    logger.on_epoch_end(0, logs)
    assert logs == {"val_loss": 9.0, "loss": 2.4, "acc": 0.7}
    logger.on_epoch_begin(1)
    logger.on_chunk_end(3, 10, {"loss": 2.5, "acc": 0.7})
    logger.on_epoch_end(1, logs)
    assert logs == {"val_loss": 9.0, "loss": 2.5, "acc": 0.7}


def test_history_finds_the_other_name_of_accuracy():
    history = History()
    history.on_train_begin()
    history.on_epoch_end(0, {"accuracy": 0.5, "val_accuracy": 0.25})
    history.on_epoch_end(1, {"accuracy": 0.6, "val_accuracy": 0.35})
    assert history.history["acc"] == [0.5, 0.6]
    assert history.history["val_acc"] == [0.25, 0.35]
    assert list(history.history) == ["accuracy", "val_accuracy"]
    assert history.epoch == [0, 1]


class Model:
    stop_training = False
    optimizer = None


@pytest.mark.parametrize("loss, stops", [(1.0, False), (np.nan, True), (np.inf, True)])
def test_terminate_on_nan(loss, stops, capsys):
    callback = TerminateOnNaN()
    callback.set_model(Model())
    callback.on_train_batch_end(7, {"loss": loss})
    assert callback.model.stop_training is stops
    expected = "Batch 7: Invalid loss, terminating training\n" if stops else ""
    assert capsys.readouterr().out == expected


def test_early_stopping_can_start_later():
    callback = EarlyStopping(monitor="loss", patience=1, start_from_epoch=3)
    callback.set_model(Model())
    callback.on_train_begin()
    stopped = []
    for epoch in range(6):
        callback.on_epoch_end(epoch, {"loss": 1.0})
        stopped.append(callback.model.stop_training)
    assert stopped == [False, False, False, False, True, True]


def test_early_stopping_names_the_metrics_that_there_are():
    callback = EarlyStopping(monitor="val_loss")
    with pytest.warns(RuntimeWarning, match="`val_loss` which is not available.*loss,acc"):
        callback.on_epoch_end(0, {"loss": 1.0, "acc": 0.5})


@pytest.mark.parametrize("make", [EarlyStopping, ReduceLROnPlateau])
def test_an_unknown_mode_warns_and_goes_by_the_name(make):
    with pytest.warns(RuntimeWarning, match="mode 'biggest' is unknown, fallback to 'auto'"):
        callback = make(monitor="val_acc", mode="biggest")
    assert callback.monitor_op(0.9, 0.1)


def test_checkpoint_names_the_fields_it_could_fill_in():
    callback = ModelCheckpoint("w.{val_los:.2f}.h5")
    with pytest.raises(KeyError, match=r"cannot fill in \{val_los\}.*There are: loss, epoch"):
        callback.on_epoch_end(0, {"loss": 1.0})


def test_checkpoint_takes_the_place_of_save_freq_in_tf_keras():
    callback = ModelCheckpoint("w.h5", "val_loss", 0, True, False, "min", "epoch")
    assert (callback.period, callback.save_freq, callback.save_best_only) == (1, "epoch", True)


def test_checkpoint_warns_where_its_monitor_is_missing():
    callback = ModelCheckpoint("w.h5", save_best_only=True)
    with pytest.warns(RuntimeWarning, match="only with val_loss available.*Available are: loss"):
        callback.on_epoch_end(0, {"loss": 1.0})


def test_a_schedule_must_return_a_float():
    callback = LearningRateScheduler(lambda epoch: 1)
    callback.set_model(Model())
    with pytest.raises(ValueError, match='must have a "lr" attribute'):
        callback.on_epoch_begin(0)
    from hornbeam.backend.tensors import Variable

    callback.model.optimizer = type("Optimizer", (), {"lr": Variable(0.5)})()
    with pytest.raises(ValueError, match='"schedule" function should be float.*returned 1'):
        callback.on_epoch_begin(0)


def test_an_error_inside_a_schedule_is_not_hidden():
    from hornbeam.backend.tensors import Variable

    def schedule(epoch):
        return None + 1

    callback = LearningRateScheduler(schedule)
    callback.set_model(Model())
    callback.model.optimizer = type("Optimizer", (), {"lr": Variable(0.5)})()
    with pytest.raises(TypeError, match="NoneType"):
        callback.on_epoch_begin(0)


def test_reduce_lr_refuses_a_factor_of_one():
    with pytest.raises(ValueError, match="factor >= 1.0"):
        ReduceLROnPlateau(factor=1.0)
    with pytest.raises(TypeError, match="patients"):
        ReduceLROnPlateau(patients=3)


def test_csv_logger_writes_what_keras_writes(tmp_path):
    path = tmp_path / "log.csv"
    callback = CSVLogger(str(path), separator=";")
    callback.set_model(Model())
    callback.on_train_begin()
    callback.on_epoch_end(0, {"loss": 0.5, "acc": np.float32(0.25), "list": [1, 2]})
    callback.on_epoch_end(1, {"loss": 0.25, "acc": np.array(0.5), "list": "x"})
    callback.model.stop_training = True
    callback.on_epoch_end(2, {"loss": 0.125})
    callback.on_train_end()
    expected = (
        b'epoch;acc;list;loss\r\n0;0.25;"""[1, 2]""";0.5\r\n1;0.5;x;0.25\r\n2;NA;NA;0.125\r\n'
    )
    assert path.read_bytes() == expected
    again = CSVLogger(str(path), separator=";", append=True)
    again.set_model(Model())
    again.model.stop_training = False
    again.on_train_begin()
    again.on_epoch_end(3, {"loss": 1.0, "acc": 0.0, "list": 2})
    again.on_train_end()
    assert path.read_bytes() == expected + b"3;0.0;2;1.0\r\n"


def test_lambda_callback_takes_functions_with_any_argument_names():
    seen = []
    callback = LambdaCallback(on_batch_end=lambda b, whatever: seen.append((b, whatever)))
    callback.on_train_batch_end(3, {"loss": 1})
    assert seen == [(3, {"loss": 1})]


def test_all_names_are_there():
    assert callbacks.__all__ == sorted(callbacks.__all__)
    assert all(hasattr(callbacks, name) for name in callbacks.__all__)


# ---- Logs


def test_logs_find_the_other_name():
    logs = Logs(loss=1.0, val_accuracy=0.5, main_acc=0.25)
    assert logs["val_acc"] == logs.get("val_acc") == logs["val_accuracy"] == 0.5
    assert logs["main_accuracy"] == 0.25
    assert "val_acc" in logs and "main_accuracy" in logs
    assert "acc" not in logs and logs.get("acc", 7) == 7
    with pytest.raises(KeyError, match="acc"):
        logs["acc"]


def test_logs_show_only_the_real_names():
    logs = Logs(loss=1.0, val_accuracy=0.5)
    plain = {"loss": 1.0, "val_accuracy": 0.5}
    assert list(logs) == list(logs.keys()) == list(plain)
    assert dict(logs) == {**logs} == dict(**logs) == logs.copy() == plain
    assert len(logs) == 2


def test_the_real_name_wins():
    logs = Logs(acc=1.0, accuracy=2.0)
    assert (logs["acc"], logs["accuracy"]) == (1.0, 2.0)


def test_formatting_with_keywords_finds_the_other_name():
    logs = Logs(loss=1.0, val_accuracy=0.5)
    assert "{epoch}-{val_acc:.2f}".format(epoch=3, **logs) == "3-0.50"
    assert "{val_accuracy:.2f}".format(**logs) == "0.50"
    assert "{val_acc:.1f}".format_map(logs) == "0.5"
