"""`fit`, `evaluate` and `predict`: callbacks, epochs and validation around the loops."""

import warnings

import numpy as np

from hornbeam.backend.function import default_training
from hornbeam.backend.program import draw_seed
from hornbeam.callbacks import (
    BaseLogger,
    CallbackList,
    History,
    ProgbarLogger,
    needs_batches,
)
from hornbeam.callbacks.logs import Logs
from hornbeam.callbacks.progbar import Progbar
from hornbeam.engine.node import from_list
from hornbeam.training import loop, standardize
from hornbeam.training.data import Arrays, Stream
from hornbeam.training.interrupts import deferred
from hornbeam.training.steps import PREDICT, TEST, TRAIN, batch_size_of


class Runner:
    """Runs one mode's compiled steps for a trainer.

    Args:
        trainer: The `Trainer`.
        mode: TRAIN, TEST or PREDICT.
    """

    def __init__(self, trainer, mode):
        self.trainer = trainer
        self.mode = mode
        self.training = True if mode == TRAIN else default_training()
        self._run_seed = None

    def seed(self, step):
        """The seed of this run; drawn only if the step uses random numbers."""
        if not step.uses_random:
            return np.uint32(0)
        if self._run_seed is None:
            self._run_seed = np.uint32(draw_seed())
        return self._run_seed

    def count(self, steps):
        """Advances the step counter; returns the number of the first of them."""
        first = self.trainer.step_count
        self.trainer.step_count += steps
        return first

    def step_for(self, arrays, size):
        """Returns the compiled step for batches of `size` samples."""
        return self.trainer.step(self.mode, arrays.batch_shapes(size), self.training)

    def chunk(self, step, arrays, start, count, size):
        """Does `count` steps on arrays, in the way that is quickest; returns the results."""
        if not arrays.fits:
            for place in range(start, start + count * size, size):
                _, results = self.batch(arrays.rows(place, size))
            return results
        data, seed, first = arrays.on_device(), self.seed(step), self.count(count)
        if step.prefers_loop and (count > 1 or size == arrays.batch_size):
            return step.run_loop(data, arrays.order, start, count, size, seed, first)
        for number in range(count):
            _, results = step.run_gathered(
                data, arrays.order, start + number * size, size, seed, first + number
            )
        return results

    def batch(self, batch):
        """Does one step on a batch; returns the losses and the results."""
        step = self.trainer.step(self.mode, batch, self.training)
        return step.run(batch, self.seed(step), self.count(1))

    size_of = staticmethod(batch_size_of)


def loss_values(losses, objective):
    """Turns the losses of a step into a list of floats: the total, then the outputs'."""
    total, parts = losses
    values = [float(total)] + [float(part) for part in parts]
    return values[: len(objective.totals)]


class _Batches:
    """Tells callbacks of single batches, with Keras's logs."""

    def __init__(self, callbacks, mode, objective, model):
        self.callbacks = callbacks
        self.mode = mode
        self.objective = objective
        self.model = model

    def begin(self, index, size):
        self.callbacks._call_batch_hook(self.mode, "begin", index, {"batch": index, "size": size})

    def end(self, index, size, losses, results):
        values = results.tolist()
        totals = loss_values(losses, self.objective)
        values[: len(totals)] = totals
        logs = Logs({"batch": index, "size": size})
        logs.update(zip(self.objective.names, values))
        self.callbacks._call_batch_hook(self.mode, "end", index, logs)

    def stopped(self):
        return self.mode == TRAIN and self.model.stop_training


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
    max_queue_size=10,
    workers=1,
    use_multiprocessing=False,
    **kwargs,
):
    """Trains; see `Model.fit`."""
    if "nb_epoch" in kwargs:
        epochs = kwargs.pop("nb_epoch")
    if kwargs:
        raise TypeError(f"Unrecognized keyword arguments: {sorted(kwargs)}")
    _check_count("epochs", epochs)
    _check_count("initial_epoch", initial_epoch)
    _check_count("steps_per_epoch", steps_per_epoch)
    _check_count("validation_steps", validation_steps)
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
            trainer, validation_data, batch_size, validation_steps, stream_options
        )
    run = _Fit(trainer, data, validation, steps_per_epoch, validation_steps, validation_freq)
    return run(callbacks, verbose, epochs, initial_epoch, shuffle, model)


def _check_count(name, value):
    if value is None:
        return
    if isinstance(value, bool) or int(value) != value or value < 0:
        raise ValueError(f"`{name}` must be an integer of at least 0; got {value!r}.")


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
        stream = _peeked(trainer, x)
        return trainer.stream(
            stream, class_weight, steps=steps, shuffle=bool(shuffle), **stream_options
        )
    return trainer.arrays(x, y, sample_weight, class_weight, batch_size)


def _peeked(trainer, source):
    """Lets a model that waits for data see the first batch, without losing it."""
    if trainer.model.outputs:
        return source
    if hasattr(source, "__getitem__"):
        trainer.ensure_built(source[0][0])
        return source
    iterator = iter(source)
    first = next(iterator)
    trainer.ensure_built(first[0])

    def again():
        yield first
        yield from iterator

    return again()


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
        self.objective = trainer.objective

    def __call__(self, callbacks, verbose, epochs, initial_epoch, shuffle, model):
        names = self.objective.names
        metrics = names + [f"val_{n}" for n in names] if self.validation is not None else names
        own = [] if callbacks is None else as_list(callbacks)
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
                "steps": self.steps if self.steps is not None else self.data.steps,
                "samples": samples,
                "verbose": verbose,
                "do_validation": self.validation is not None,
                "metrics": list(metrics),
            }
        )
        self.callbacks = callback_list
        self.progress = parts[1:]
        self.per_batch = needs_batches(callback_list.callbacks)
        model.history = history
        model.stop_training = False
        if self.validation is not None and self.validation.is_arrays:
            for callback in callback_list.callbacks:
                callback.validation_data = self.validation.flat()
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

    def _run(self, history, initial_epoch, epochs, shuffle, model):
        callbacks, pending = self.callbacks, []
        runner = Runner(self.trainer, TRAIN)
        callbacks.on_train_begin()
        for epoch in range(initial_epoch, epochs):
            self.objective.reset()
            if self.lazy and self.data.is_arrays and self.steps is None:
                # Nobody looks at this epoch before the end: its results are read after the last.
                self.data.shuffle(shuffle)
                pending.append((epoch, loop.run_arrays(runner, self.data, None, self.interrupts)))
                if len(pending) > 1:
                    np.asarray(pending[-2][1])  # one epoch ahead is enough
                continue
            callbacks.on_epoch_begin(epoch)
            results = self._epoch(runner, shuffle)
            logs = Logs()
            if results is not None:
                logs.update(zip(self.objective.names, np.asarray(results).tolist()))
            if self.validation is not None and self._validates(epoch):
                values = self._validate()
                logs.update((f"val_{n}", v) for n, v in zip(self.objective.names, values))
            callbacks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        for epoch, results in pending:
            history.on_epoch_end(
                epoch, Logs(zip(self.objective.names, np.asarray(results).tolist()))
            )
        callbacks.on_train_end()

    def _epoch(self, runner, shuffle):
        data = self.data
        if data.is_arrays and self.steps is None:
            data.shuffle(shuffle)
            if not self.per_batch:
                watch = self._watch if self.progress else None
                return loop.run_arrays(runner, data, watch, self.interrupts)
            batches = data.batches()
        elif data.is_arrays:
            batches = _repeated(data, self.steps, shuffle)
        else:
            batches = data.batches()
        listener = _Batches(self.callbacks, TRAIN, self.objective, self.trainer.model)
        if not self.per_batch and not self.progress:
            listener = None
        results, count, _ = loop.run_batches(runner, batches, listener, self.interrupts)
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


def as_list(callbacks):
    """One callback or a list of them as a list."""
    return list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]


def _repeated(data, steps, shuffle):
    """Yields `steps` batches of arrays, beginning again where they end."""
    while steps > 0:
        data.shuffle(shuffle)
        for batch in data.batches():
            yield batch
            steps -= 1
            if not steps:
                return


def run_test(trainer, data, steps, callbacks, interrupts, progress=None):
    """Computes loss and metrics on data in test mode; returns the list of results."""
    objective = trainer.objective
    objective.reset()
    runner = Runner(trainer, TEST)
    listens = callbacks is not None and needs_batches(callbacks.callbacks, TEST)
    if callbacks is not None:
        callbacks.on_test_begin()
    if data.is_arrays and steps is None and not listens:
        results = loop.run_arrays(runner, data, progress, interrupts)
    else:
        batches = data.batches()
        if data.is_arrays and steps is not None:
            batches = _repeated(data, steps, False)
        listener = _Batches(callbacks, TEST, objective, trainer.model) if listens else None
        results, count, seen = loop.run_batches(runner, batches, listener, interrupts)
        if results is None:
            raise ValueError("The data yielded no batch, so there is nothing to evaluate.")
        if progress is not None:
            progress(count, seen, np.asarray(results))
    if callbacks is not None:
        callbacks.on_test_end()
    return np.asarray(results).tolist()


def evaluate(
    trainer,
    x,
    y,
    batch_size=None,
    verbose=1,
    sample_weight=None,
    steps=None,
    callbacks=None,
    **workers,
):
    """Evaluates; see `Model.evaluate`."""
    _check_count("steps", steps)
    if standardize.is_stream(x):
        if steps is None and not hasattr(x, "__len__") and hasattr(x, "__next__"):
            raise ValueError("Please specify the number of `steps` for a generator.")
        data = trainer.stream(_peeked(trainer, x), steps=steps, **workers)
    else:
        data = trainer.arrays(x, y, sample_weight, batch_size=batch_size)
    callback_list = _callback_list(trainer, data, steps, callbacks, verbose)
    progress = _progress(data, steps, verbose)
    with deferred() as interrupts:
        try:
            results = run_test(trainer, data, steps, callback_list, interrupts, progress)
        finally:
            if not data.is_arrays:
                data.close()
    return from_list(results)


def _callback_list(trainer, data, steps, callbacks, verbose):
    if callbacks is None:
        return None
    callback_list = CallbackList(as_list(callbacks))
    callback_list.set_model(trainer.model)
    callback_list.set_params(
        {
            "batch_size": getattr(data, "batch_size", None),
            "steps": steps if steps is not None else data.steps,
            "samples": data.samples,
            "verbose": verbose,
        }
    )
    return callback_list


def _progress(data, steps, verbose):
    if not verbose:
        return None
    by_samples = data.samples is not None and steps is None
    bar = Progbar(data.samples if by_samples else steps or data.steps, verbose=verbose)

    def progress(done, samples, results):
        bar.update(samples if by_samples else done)

    return progress


def predict(
    trainer,
    x,
    batch_size=None,
    verbose=0,
    steps=None,
    callbacks=None,
    max_queue_size=10,
    workers=1,
    use_multiprocessing=False,
):
    """Predicts; see `Model.predict`."""
    _check_count("steps", steps)
    if standardize.is_stream(x):
        if steps is None and not hasattr(x, "__len__") and hasattr(x, "__next__"):
            raise ValueError("Please specify the number of `steps` for a generator.")

        def prepare(item):
            return trainer._narrow(trainer.inputs(_inputs_of(item)))

        data = Stream(
            _peeked(trainer, x),
            prepare,
            steps=steps,
            workers=workers,
            max_queue_size=max_queue_size,
            use_multiprocessing=use_multiprocessing,
        )
        batches = data.batches()
    else:
        inputs = trainer.inputs(x)
        count = standardize.check_counts(inputs, [], [])
        size = trainer._batch_size(batch_size)
        if trainer.model.stateful and count is not None and count % size:
            raise ValueError(
                "In a stateful network, you should only pass inputs with a number of samples that "
                f"can be divided by the batch size. Found: {count} samples. Batch size: {size}."
            )
        data = Arrays(inputs, [], [], size, trainer.wide)
        chosen = data.batches() if steps is None else _repeated(data, steps, False)
        batches = (batch[0] for batch in chosen)
    callback_list = _callback_list(trainer, data, steps, callbacks, verbose)
    with deferred() as interrupts:
        try:
            return _predict(trainer, data, batches, steps, callback_list, verbose, interrupts)
        finally:
            if not data.is_arrays:
                data.close()


def _inputs_of(item):
    """The inputs of what a generator yields: `x`, `(x, y)` or `(x, y, weights)`."""
    if isinstance(item, tuple) and len(item) in (1, 2, 3):
        return item[0]
    return item


def _predict(trainer, data, batches, steps, callbacks, verbose, interrupts):
    runner = Runner(trainer, PREDICT)
    progress = _progress(data, steps, verbose)
    results, waiting, done = None, [], 0
    if callbacks is not None:
        callbacks.on_predict_begin()
    for index, batch in enumerate(batches):
        size = batch_size_of(batch)
        if callbacks is not None:
            begin = {"batch": index, "size": size}
            callbacks._call_batch_hook(PREDICT, "begin", index, begin)
        waiting.append((runner.batch(batch)[0], size))
        if results is None:
            results = _Results(waiting[0][0], data.samples if steps is None else None)
        if len(waiting) > 8 or callbacks is not None or progress is not None:
            results.take(*waiting.pop(0))  # the device works ahead of the copying
        done += size
        if callbacks is not None:
            logs = {"batch": index, "size": size, "outputs": results.last}
            callbacks._call_batch_hook(PREDICT, "end", index, logs)
        if progress is not None:
            progress(index + 1, done, None)
        interrupts.check()
    if results is None:
        raise ValueError("The data yielded no batch, so there is nothing to predict.")
    for outputs, size in waiting:
        results.take(outputs, size)
    if callbacks is not None:
        callbacks.on_predict_end()
    return from_list(results.arrays())


class _Results:
    """Collects the outputs of batches into arrays of the caller's own."""

    def __init__(self, outputs, samples):
        self.samples = samples
        self.last = None
        self._place = 0
        self._whole = None
        self._pieces = [[] for _ in outputs]

    def take(self, outputs, size):
        self.last = [np.asarray(value) for value in outputs]
        per_sample = all(a.ndim and a.shape[0] == size for a in self.last)
        if self._whole is None and self.samples is not None and per_sample and not self._place:
            self._whole = [np.empty((self.samples, *a.shape[1:]), a.dtype) for a in self.last]
        if self._whole is not None and per_sample:
            for whole, piece in zip(self._whole, self.last):
                whole[self._place : self._place + size] = piece
        else:
            for pieces, piece in zip(self._pieces, self.last):
                pieces.append(np.atleast_1d(np.array(piece)))
        self._place += size

    def arrays(self):
        if self._whole is not None:
            return self._whole
        return [np.concatenate(pieces) for pieces in self._pieces]
