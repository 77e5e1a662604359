"""Callbacks that change the learning rate: `LearningRateScheduler`, `ReduceLROnPlateau`."""

import inspect
import math

import numpy as np

from hornbeam.backend.function import get_value, set_value
from hornbeam.backend.tensors import Operand
from hornbeam.callbacks.callback import Callback
from hornbeam.callbacks.monitoring import checked_number, comparison, monitored, worst


def _learning_rate(model, callback):
    """The variable of the optimizer's learning rate."""
    if not hasattr(model.optimizer, "lr"):
        raise ValueError(
            f'Optimizer must have a "lr" attribute. {callback} found none on the '
            f"{type(model.optimizer).__name__} that the model was compiled with."
        )
    return model.optimizer.lr


def _value(variable):
    """The current value, a NumPy scalar."""
    return get_value(variable)[()]


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch.

    Args:
        schedule: Function `(epoch)` or `(epoch, learning rate)` that returns a float; the first
            epoch is number 0.
        verbose: Integer; 1 prints what it sets.

    Raises:
        TypeError: if `schedule` is no function.
        ValueError: in training, if the schedule returns something else than a float.
    """

    adds_to_logs = ("lr",)

    def __init__(self, schedule, verbose=0):
        super().__init__()
        if not callable(schedule):
            raise TypeError(
                f"LearningRateScheduler got schedule={schedule!r}; it must be a function of the "
                "epoch, such as `lambda epoch: 0.1 * 0.5**epoch`."
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        variable = _learning_rate(self.model, "LearningRateScheduler")
        rate = self._scheduled(epoch, float(_value(variable)))
        if isinstance(rate, Operand):  # tf.keras takes a tensor as well
            rate = float(rate)
        if not isinstance(rate, (float, np.float32, np.float64)):
            raise ValueError(
                'The output of the "schedule" function should be float. '
                f"For epoch {epoch} it returned {rate!r} of type {type(rate).__name__}; "
                "wrap it in float()."
            )
        set_value(variable, rate)
        if self.verbose > 0:
            print(
                f"\nEpoch {epoch + 1:05d}: LearningRateScheduler setting learning rate to {rate}."
            )

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["lr"] = _value(self.model.optimizer.lr)

    def _scheduled(self, epoch, rate):
        try:
            parameters = inspect.signature(self.schedule).parameters.values()
        except (TypeError, ValueError):  # a built-in that does not say
            parameters = ()
        places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        takes_two = len(places) > 1 or any(p.kind is p.VAR_POSITIONAL for p in parameters)
        return self.schedule(epoch, rate) if takes_two else self.schedule(epoch)


class ReduceLROnPlateau(Callback):
    """Lowers the learning rate when a value has stopped getting better.

    Args:
        monitor: Name of the log entry.
        factor: Float below 1, by which the learning rate is multiplied.
        patience: Integer, epochs without improvement after which it is lowered.
        verbose: Integer; 1 prints what it sets.
        mode: 'min', 'max', or 'auto', which goes by the name of the entry.
        min_delta: Float; a change must be larger than this to count.
        cooldown: Integer, epochs after a change in which nothing is counted.
        min_lr: Float, below which the learning rate is not lowered.
        **kwargs: `epsilon`, the name of `min_delta` in Keras before 2.1.6.

    Raises:
        ValueError: if `factor` is 1 or more, or a number is negative.
    """

    adds_to_logs = ("lr",)

    def __init__(
        self,
        monitor="val_loss",
        factor=0.1,
        patience=10,
        verbose=0,
        mode="auto",
        min_delta=1e-4,
        cooldown=0,
        min_lr=0,
        **kwargs,
    ):
        super().__init__()
        name = "ReduceLROnPlateau"
        if checked_number(name, "factor", factor) >= 1.0:
            raise ValueError(
                f"ReduceLROnPlateau does not support a factor >= 1.0; got {factor}. "
                "It multiplies the learning rate by the factor."
            )
        min_delta = kwargs.pop("epsilon", min_delta)
        if kwargs:
            raise TypeError(f"ReduceLROnPlateau got unexpected arguments {sorted(kwargs)}.")
        self.monitor = monitor
        self.factor = factor
        self.min_lr = checked_number(name, "min_lr", min_lr)
        self.min_delta = checked_number(name, "min_delta", min_delta, at_least=-math.inf)
        self.patience = checked_number(name, "patience", patience)
        self.verbose = verbose
        self.cooldown = checked_number(name, "cooldown", cooldown)
        self.mode = mode
        self._reset()

    def _reset(self):
        """Forgets what it has seen."""
        compare = comparison(self.monitor, self.mode, "Learning Rate Plateau Reducing")
        self.mode = "auto" if self.mode not in ("min", "max") else self.mode
        sign = 1 if compare is np.greater else -1
        self.monitor_op = lambda value, best: compare(value, best + sign * self.min_delta)
        self.best = worst(compare)
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs=None):
        self._reset()

    def in_cooldown(self):
        """Whether the last change is too recent to count epochs again."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch, logs=None):
        variable = _learning_rate(self.model, "ReduceLROnPlateau")
        if logs is not None:
            logs["lr"] = _value(variable)
        current = monitored(logs, self.monitor, "Reduce LR on plateau")
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.monitor_op(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch, variable)

    def _reduce(self, epoch, variable):
        rate = float(_value(variable))
        if rate <= self.min_lr:
            return
        rate = max(rate * self.factor, self.min_lr)
        set_value(variable, rate)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: ReduceLROnPlateau reducing learning rate to {rate}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0
