"""`evaluate`: loss and metrics in test mode; `fit` validates with it."""

import numpy as np

from hornbeam.callbacks import needs_batches
from hornbeam.callbacks.logs import Logs
from hornbeam.engine.node import from_list
from hornbeam.training import loop, sources, standardize
from hornbeam.training.interrupts import deferred
from hornbeam.training.plan import BATCHES, plan
from hornbeam.training.runner import BatchListener, Runner, callback_list_for, progress_bar
from hornbeam.training.steps import TEST


def run_test(trainer, data, steps, callbacks, interrupts, progress=None):
    """Computes loss and metrics on data in test mode; returns the list of results."""
    runner = Runner(trainer, TEST)
    runner.reset()
    objective = trainer.objective
    listens = callbacks is not None and needs_batches(callbacks.callbacks, TEST)
    if callbacks is not None:
        callbacks.on_test_begin()
    way, _ = plan(runner, data, steps, listens)
    if way != BATCHES:
        results = loop.run_arrays(runner, data, way, progress, interrupts)
    else:
        batches = data.batches()
        if data.is_arrays and steps is not None:
            batches = sources.repeated(data, steps, False)
        listener = BatchListener(callbacks, TEST, objective, trainer.model) if listens else None
        results, count, seen = loop.run_batches(runner, batches, listener, interrupts)
        if results is None:
            raise ValueError("The data yielded no batch, so there is nothing to evaluate.")
        if progress is not None:
            progress(count, seen, np.asarray(results))
    results = np.asarray(results).tolist()
    if callbacks is not None:
        callbacks.on_test_end(Logs(zip(objective.names, results)))
    return results


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
    sources.check_count("steps", steps)
    verbose = sources.verbosity(verbose)
    if standardize.is_stream(x):
        if steps is None and not hasattr(x, "__len__") and hasattr(x, "__next__"):
            raise ValueError("Please specify the number of `steps` for a generator.")
        data = trainer.stream(sources.peeked(trainer, x), steps=steps, **workers)
    else:
        data = trainer.arrays(x, y, sample_weight, batch_size=batch_size)
    callback_list = callback_list_for(trainer, data, steps, callbacks, verbose)
    progress = progress_bar(data, steps, verbose)
    with deferred() as interrupts:
        try:
            results = run_test(trainer, data, steps, callback_list, interrupts, progress)
        finally:
            if not data.is_arrays:
                data.close()
    return from_list(results)
