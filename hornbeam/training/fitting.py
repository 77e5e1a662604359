"""`fit`: callbacks, epochs and validation around the loops."""

import functools
import warnings

import numpy as np

from hornbeam.callbacks import (
    BaseLogger,
    CallbackList,
    History,
    ProgbarLogger,
    needs_batches,
)
from hornbeam.callbacks.callback import as_list
from hornbeam.callbacks.logs import Logs
from hornbeam.training import loop, sources, standardize
from hornbeam.training.evaluating import run_test
from hornbeam.training.interrupts import deferred
from hornbeam.training.plan import BATCHES, plan
from hornbeam.training.resuming import Resuming
from hornbeam.training.runner import BatchListener, Runner
from hornbeam.training.steps import TRAIN
from hornbeam.translations import tell


def fit(
    trainer,
    x,
    y,
    batch_size=None,
    epochs=1,
    verbose=1,
    callbacks=None,
    validation_split=0.0,
    validation_data=None,
    shuffle=True,
    class_weight=None,
    sample_weight=None,
    initial_epoch=0,
    steps_per_epoch=None,
    validation_steps=None,
    validation_freq=1,
    validation_batch_size=None,
    max_queue_size=10,
    workers=1,
    use_multiprocessing=False,
    **kwargs,
):
    """Trains; see `Model.fit`."""
    if "nb_epoch" in kwargs:
        epochs = kwargs.pop("nb_epoch")
        tell("argument", "fit(nb_epoch)", "epochs")
    if kwargs:
        raise TypeError(f"Unrecognized keyword arguments: {sorted(kwargs)}")
    sources.check_count("epochs", epochs)
    sources.check_count("initial_epoch", initial_epoch)
    sources.check_count("steps_per_epoch", steps_per_epoch)
    sources.check_count("validation_steps", validation_steps)
    verbose = sources.verbosity(verbose)
    model = trainer.model
    stream_options = {
        "max_queue_size": max_queue_size,
        "workers": workers,
        "use_multiprocessing": use_multiprocessing,
    }
    data = _training_data(
        trainer,
        x,
        y,
        sample_weight,
        class_weight,
        batch_size,
        steps_per_epoch,
        shuffle,
        stream_options,
    )
    if validation_split and validation_data is None:
        if not data.is_arrays:
            raise ValueError(
                "`validation_split` is only supported for arrays in memory; pass "
                "`validation_data` with a generator."
            )
        data, validation = data.split(validation_split)
    else:
        validation = _validation_data(
            trainer,
            validation_data,
            validation_batch_size or batch_size,
            validation_steps,
            stream_options,
        )
    run = _Fit(trainer, data, validation, steps_per_epoch, validation_steps, validation_freq)
    return run(callbacks, verbose, epochs, initial_epoch, shuffle, model)


def _training_data(
    trainer, x, y, sample_weight, class_weight, batch_size, steps, shuffle, stream_options
):
    if standardize.is_stream(x):
        for name, value in (("y", y), ("sample_weight", sample_weight)):
            if value is not None:
                raise ValueError(
                    f"`{name}` argument is not supported when data is a generator or a Sequence: "
                    "they yield targets and weights themselves."
                )
        if batch_size is not None:
            raise ValueError(
                "The `batch_size` argument must not be specified when data is a generator or a "
                "Sequence: they decide the size of a batch."
            )
        if steps is None and not hasattr(x, "__len__") and hasattr(x, "__next__"):
            raise ValueError(
                "Please specify the number of steps for a generator: `steps_per_epoch`. A "
                "generator does not tell where an epoch ends."
            )
        stream = sources.peeked(trainer, x)
        return trainer.stream(
            stream, class_weight, steps=steps, shuffle=bool(shuffle), **stream_options
        )
    return trainer.arrays(x, y, sample_weight, class_weight, batch_size)


def _validation_data(trainer, given, batch_size, steps, stream_options):
    if given is None:
        return None
    if standardize.is_stream(given):
        if steps is None and not hasattr(given, "__len__"):
            raise ValueError(
                "Please specify `validation_steps` for a validation generator: it does not tell "
                "where to end."
            )
        return trainer.stream(given, steps=steps, **stream_options)
    if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
        raise ValueError(
            "When passing validation_data, it must contain 2 (x_val, y_val) or 3 (x_val, y_val, "
            f"val_sample_weights) items; got {type(given).__name__}"
            + (f" of {len(given)} items." if hasattr(given, "__len__") else ".")
        )
    return trainer.arrays(*given, batch_size=batch_size)


class _Fit:
    """One call of `fit`."""

    def __init__(self, trainer, data, validation, steps, validation_steps, validation_freq):
        self.trainer = trainer
        self.data = data
        self.validation = validation
        self.steps = steps
        self.validation_steps = validation_steps
        self.validation_freq = validation_freq
        self.runner = Runner(trainer, TRAIN)
        self.objective = trainer.objective

    def __call__(self, callbacks, verbose, epochs, initial_epoch, shuffle, model):
        names = self.objective.names
        metrics = names + [f"val_{n}" for n in names] if self.validation is not None else names
        own = as_list(callbacks)
        samples = self.data.samples if self.steps is None else None
        history = History()
        parts = [BaseLogger(stateful_metrics=names[1:])]
        if verbose:
            mode = "samples" if samples is not None else "steps"
            parts.append(ProgbarLogger(mode, stateful_metrics=names[1:]))
        callback_list = CallbackList([*parts, *own, history])
        callback_list.set_model(model)
        callback_list.set_params(
            {
                "batch_size": getattr(self.data, "batch_size", None),
                "epochs": epochs,
                "steps": self.steps if self.data.is_arrays else self.data.steps,
                "samples": samples,
                "verbose": verbose,
                "do_validation": self.validation is not None,
                "metrics": list(metrics),
            }
        )
        self.callbacks = callback_list
        told = [c for c in callback_list if hasattr(c, "on_chunk_end")]
        self.progress = [c for c in told if not isinstance(c, BaseLogger)]
        self.per_batch = self.runner.own is not None or needs_batches(callback_list.callbacks)
        model.history = history
        model.stop_training = False
        if self.validation is not None and self.validation.is_arrays:
            for callback in callback_list.callbacks:
                callback.validation_data = self._validation_arrays()
        self.lazy = not own and not verbose and self.validation is None
        with deferred() as interrupts:
            self.interrupts = interrupts
            try:
                self._run(history, initial_epoch, epochs, shuffle, model)
            finally:
                for data in (self.data, self.validation):
                    if data is not None and not data.is_arrays:
                        data.close()
        return history

    def _validation_arrays(self):
        """Inputs, targets, sample weights and the learning phase, as Keras shows them."""
        x, y, weights = (
            [getattr(array, "array", array) for array in arrays] for arrays in self.validation.tree
        )
        ones = np.ones(self.validation.samples, "float32")
        phase = [0.0] if self.trainer.model.uses_learning_phase else []
        return [*x, *y, *(ones if w is None else w for w in weights), *phase]

    def _run(self, history, initial_epoch, epochs, shuffle, model):
        callbacks, pending, runner = self.callbacks, [], self.runner
        self.resuming = Resuming(self)
        self.logs = Logs()  # of the last epoch
        callbacks.on_train_begin()
        for epoch in self.resuming.epochs(initial_epoch, epochs):
            runner.reset()
            way, _ = plan(runner, self.data, self.steps, self.per_batch)
            if self.lazy and way != BATCHES:
                # Nobody looks at this epoch before the end: its results are read after the last.
                self.data.shuffle(shuffle)
                results = loop.run_arrays(runner, self.data, way, None, self.interrupts)
                pending.append((epoch, results))
                if len(pending) > 1:
                    np.asarray(pending[-2][1])  # one epoch ahead is enough
                continue
            callbacks.on_epoch_begin(epoch)
            results = self._epoch(runner, way, shuffle, epoch)
            values = np.asarray(results).tolist()
            logs = self.logs = Logs()
            if self.validation is not None and self._validates(epoch):
                logs.update((f"val_{n}", v) for n, v in zip(self.objective.names, self._validate()))
            logs.update(zip(self.objective.names, values))  # after the validation's, as in Keras
            callbacks.on_epoch_end(epoch, logs)
            self.resuming.back_up(epoch + 1)
            if model.stop_training:
                break
        for epoch, results in pending:
            history.on_epoch_end(
                epoch, Logs(zip(self.objective.names, np.asarray(results).tolist()))
            )
        callbacks.on_train_end(self.logs)

    def _epoch(self, runner, way, shuffle, epoch):
        data, done = self.data, self.resuming.batches_done(epoch)
        if data.is_arrays and self.steps is None:
            if not done:
                data.shuffle(shuffle)
            if way != BATCHES:
                watch = self._watch if self.progress else None
                return loop.run_arrays(runner, data, way, watch, self.interrupts)
            batches = data.batches(done)
        elif data.is_arrays:
            batches = sources.repeated(data, self.steps, shuffle, done or None)
        else:
            batches = data.batches(done)
        listener = BatchListener(self.callbacks, TRAIN, self.objective, self.trainer.model)
        if not self.per_batch and not self.progress:
            listener = None
        between = functools.partial(self.resuming.back_up, epoch) if self.per_batch else None
        results, count, _ = loop.run_batches(
            runner, batches, listener, self.interrupts, done, between
        )
        if results is None:
            raise ValueError(
                "The data yielded no batch. A generator must yield `steps_per_epoch` batches in "
                "each epoch."
            )
        if not data.is_arrays and data.steps is not None and count < data.steps:
            stopped = self.trainer.model.stop_training
            if not stopped:
                warnings.warn(
                    "Your generator ran out of data; interrupting training. Make sure that it can "
                    f"generate at least `steps_per_epoch * epochs` batches ({data.steps} in each "
                    "epoch).",
                    stacklevel=4,
                )
                self.trainer.model.stop_training = True
        return results

    def _watch(self, steps, samples, results):
        logs = dict(zip(self.objective.names, results.tolist()))
        for callback in self.progress:
            callback.on_chunk_end(steps, samples, logs)

    def _validates(self, epoch):
        frequency = self.validation_freq
        if isinstance(frequency, (int, np.integer)):
            return (epoch + 1) % frequency == 0
        return (epoch + 1) in frequency

    def _validate(self):
        return run_test(
            self.trainer, self.validation, self.validation_steps, self.callbacks, self.interrupts
        )
