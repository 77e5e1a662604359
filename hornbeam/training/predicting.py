"""`predict`: the outputs for inputs, batch by batch."""

import numpy as np

from hornbeam.callbacks import needs_batches
from hornbeam.engine.node import from_list
from hornbeam.training import loop, sources, standardize
from hornbeam.training.data import Stream
from hornbeam.training.filling import filled
from hornbeam.training.interrupts import deferred
from hornbeam.training.plan import LOOP, plan
from hornbeam.training.runner import Runner, callback_list_for, progress_bar
from hornbeam.training.steps import PREDICT, batch_size_of


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
    sources.check_count("steps", steps)
    verbose = sources.verbosity(verbose)
    if standardize.is_stream(x):
        if steps is None and not hasattr(x, "__len__") and hasattr(x, "__next__"):
            raise ValueError("Please specify the number of `steps` for a generator.")

        def prepare(item):
            return trainer.narrowed(trainer.inputs(_inputs_of(item, trainer.model)))

        data = Stream(
            sources.peeked(trainer, x),
            prepare,
            steps=steps,
            workers=workers,
            max_queue_size=max_queue_size,
            use_multiprocessing=use_multiprocessing,
        )
    else:
        inputs = trainer.inputs(x)
        count = standardize.check_counts(inputs, [], [])
        size = trainer.batch_size(batch_size)
        if trainer.model.stateful and count is not None and count % size:
            raise ValueError(
                "In a stateful network, you should only pass inputs with a number of samples that "
                f"can be divided by the batch size. Found: {count} samples. Batch size: {size}."
            )
        data = trainer.in_memory(inputs, [], [], size)
    callback_list = callback_list_for(trainer, data, steps, callbacks, verbose)
    with deferred() as interrupts:
        try:
            return _predict(trainer, data, steps, callback_list, verbose, interrupts)
        finally:
            if not data.is_arrays:
                data.close()


def _inputs_of(item, model):
    """The inputs of what a generator yields: `x`, `(x, y)` or `(x, y, weights)`.

    A list means several inputs; for a model of one input it means the same as a tuple, which is
    what PyTorch's `DataLoader` yields.
    """
    if isinstance(item, tuple) and len(item) in (1, 2, 3):
        return item[0]
    if isinstance(item, list) and len(item) in (2, 3) and len(model._feed_inputs) == 1:
        return item[0]
    return item


def _predict(trainer, data, steps, callbacks, verbose, interrupts):
    runner = Runner(trainer, PREDICT)
    listens = callbacks is not None and needs_batches(callbacks.callbacks, PREDICT)
    progress = progress_bar(data, steps, verbose)
    results = _Results(data.samples if steps is None else None)
    if callbacks is not None:
        callbacks.on_predict_begin()
    way, _ = plan(runner, data, steps, listens)
    if way == LOOP:

        def take(done, samples, outputs):
            results.take(outputs, samples - results.samples_taken, True)
            if progress is not None:
                progress(done, samples, None)

        loop.run_arrays(runner, data, way, take, interrupts)
    else:
        listener = callbacks if listens else None
        _predict_batches(runner, data, steps, results, listener, progress, interrupts)
    if callbacks is not None:
        callbacks.on_predict_end()
    return from_list(results.arrays())


def _predict_batches(runner, data, steps, results, callbacks, progress, interrupts):
    """Predicts batch by batch; tells `callbacks` and `progress` of each, if there are any."""
    batches, full, waiting, done = data.batches(), 0, [], 0
    if data.is_arrays:
        if steps is not None:
            batches = sources.repeated(data, steps, False)
        elif runner.fills(data):
            full = data.batch_size
        batches = (batch[0] for batch in batches)
    for index, batch in enumerate(batches):
        size = batch_size_of(batch)
        if callbacks is not None:
            begin = {"batch": index, "size": size}
            callbacks._call_batch_hook(PREDICT, "begin", index, begin)
        is_filled = size < full
        outputs, _ = runner.batch(filled(batch, full) if is_filled else batch)
        waiting.append((outputs, size, is_filled))
        if len(waiting) > 8 or callbacks is not None or progress is not None:
            results.take(*waiting.pop(0))  # the device works ahead of the copying
        done += size
        if callbacks is not None:
            logs = {"batch": index, "size": size, "outputs": results.last}
            callbacks._call_batch_hook(PREDICT, "end", index, logs)
        if progress is not None:
            progress(index + 1, done, None)
        interrupts.check()
    if not done:
        raise ValueError("The data yielded no batch, so there is nothing to predict.")
    for left in waiting:
        results.take(*left)


class _Results:
    """Collects outputs into arrays of the caller's own.

    Args:
        samples: How many there will be, or None.
    """

    def __init__(self, samples):
        self.samples = samples
        self.samples_taken = 0
        self.last = None
        self._whole = None  # arrays of `samples` rows, as long as each output has a row for each
        self._pieces = []  # lists of the outputs, else

    def take(self, outputs, size, filled):
        """Adds the outputs for `size` samples. `filled`: rows follow that do not count."""
        self.last = [np.asarray(value) for value in outputs]
        if filled:
            self.last = [value[:size] for value in self.last]
        by_sample = all(a.ndim and a.shape[0] == size for a in self.last)
        place, end = self.samples_taken, self.samples_taken + size
        if by_sample and self.samples is not None and not place:
            self._whole = [np.empty((self.samples, *a.shape[1:]), a.dtype) for a in self.last]
        elif self._whole is not None and not by_sample:
            self._pieces = [[whole[:place]] for whole in self._whole]
            self._whole = None
        if self._whole is not None:
            for whole, piece in zip(self._whole, self.last):
                whole[place:end] = piece
        else:
            self._pieces = self._pieces or [[] for _ in outputs]
            for pieces, piece in zip(self._pieces, self.last):
                pieces.append(np.atleast_1d(np.array(piece)))
        self.samples_taken = end

    def arrays(self):
        """Returns the list of all outputs."""
        if self._whole is not None:
            return self._whole
        return [np.concatenate(pieces) for pieces in self._pieces]
