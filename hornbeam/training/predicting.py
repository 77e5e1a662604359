"""`predict`: the outputs for inputs, batch by batch."""

import numpy as np

from hornbeam.engine.node import from_list
from hornbeam.training import sources, standardize
from hornbeam.training.data import Stream
from hornbeam.training.interrupts import deferred
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
            return trainer._narrow(trainer.inputs(_inputs_of(item, trainer.model)))

        data = Stream(
            sources.peeked(trainer, x),
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
        data = trainer.in_memory(inputs, [], [], size)
        chosen = data.batches() if steps is None else sources.repeated(data, steps, False)
        batches = (batch[0] for batch in chosen)
    callback_list = callback_list_for(trainer, data, steps, callbacks, verbose)
    with deferred() as interrupts:
        try:
            return _predict(trainer, data, batches, steps, callback_list, verbose, interrupts)
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


def _predict(trainer, data, batches, steps, callbacks, verbose, interrupts):
    runner = Runner(trainer, PREDICT)
    full = data.batch_size if data.is_arrays and steps is None and runner.fills(data) else 0
    progress = progress_bar(data, steps, verbose)
    results, waiting, done = None, [], 0
    if callbacks is not None:
        callbacks.on_predict_begin()
    for index, batch in enumerate(batches):
        size = batch_size_of(batch)
        if callbacks is not None:
            begin = {"batch": index, "size": size}
            callbacks._call_batch_hook(PREDICT, "begin", index, begin)
        filled = size < full
        outputs, _ = runner.batch(_filled(batch, full) if filled else batch)
        waiting.append((outputs, size, filled))
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
    for left in waiting:
        results.take(*left)
    if callbacks is not None:
        callbacks.on_predict_end()
    return from_list(results.arrays())


def _filled(batch, size):
    """Repeats the last sample of a batch until there are `size`."""
    counts = [1] * (batch_size_of(batch) - 1) + [size - batch_size_of(batch) + 1]
    return [np.repeat(array, counts, axis=0) for array in batch]


class _Results:
    """Collects the outputs of batches into arrays of the caller's own."""

    def __init__(self, outputs, samples):
        self.samples = samples
        self.last = None
        self._place = 0
        self._whole = None
        self._pieces = [[] for _ in outputs]

    def take(self, outputs, size, filled):
        self.last = [np.asarray(value) for value in outputs]
        if filled:
            self.last = [value[:size] for value in self.last]
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
