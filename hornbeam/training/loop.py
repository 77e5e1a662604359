"""The Python loop around compiled steps: epochs, chunks, callbacks' hooks."""

import time

import jax
import numpy as np

from hornbeam.training.plan import STEPS

# How long the host leaves the device alone: long enough to cost nothing, short enough for a
# progress bar and for Ctrl-C.
_CHUNK_SECONDS = 0.2


def run_arrays(runner, arrays, way, listener, interrupts):
    """Does all steps of an epoch on arrays, in chunks, when nobody listens to single batches.

    Args:
        runner: `Runner`, which compiles and runs steps.
        arrays: `Arrays`.
        way: How steps are done, LOOP or STEPS; see `plan`.
        listener: Function `(steps done, samples done, results)`, or None: then nothing is read
            before the end.
        interrupts: `Interrupts`.

    Returns:
        The results, a vector that may still be on its way.
    """
    size, samples = arrays.batch_size, arrays.samples
    whole, rest = divmod(samples, size)
    fills = runner.fills(arrays)
    if fills:
        whole, rest = whole + 1, 0
    results, done = None, 0
    while done < whole:
        step = runner.step_for(arrays, size, fills)
        count = _chunk(step, whole - done, listener is not None)
        count = min(count, runner.most(step, arrays))
        if step.placement is not None:  # processes that train together run the same loops
            count = step.placement.agreed(count)
        began = time.perf_counter()
        results = runner.chunk(step, arrays, done * size, count, size, way)
        done += count
        if listener is not None or step.seconds is None or count < whole:
            results = jax.tree.map(np.asarray, results)  # waits
            step.note(time.perf_counter() - began, count)
        if listener is not None:
            listener(done, min(done * size, samples), results)
        interrupts.check()
    if rest:
        step = runner.step_for(arrays, rest)
        results = runner.chunk(step, arrays, whole * size, 1, rest, STEPS)
        if listener is not None:
            results = jax.tree.map(np.asarray, results)
            listener(done + 1, samples, results)
        interrupts.check()
    return results


def _chunk(step, left, watched):
    """How many steps to do before the host looks in again."""
    if step.seconds is None:
        return 1  # the first two steps are measured
    limit = _CHUNK_SECONDS if watched else 5 * _CHUNK_SECONDS
    count = max(1, int(limit / max(step.seconds, 1e-7)))
    return left if count * 1.5 >= left else min(count, left)


def run_batches(runner, batches, listener, interrupts, done=0, between=None):
    """Does a step on each batch, and tells the listener of each.

    Args:
        runner: `Runner`.
        batches: Iterable of batches.
        listener: Object with `begin(index, size)` and `end(index, size, losses, results)`; None
            where nobody listens: then steps are dispatched ahead.
        interrupts: `Interrupts`.
        done: Integer, how many batches of this epoch were done before.
        between: None, or a function `(index)` that is called between two steps.

    Returns:
        The results and the number of batches and of samples.
    """
    results, count, seen = None, done, 0
    for batch in batches:
        if between is not None and results is not None:
            between(count)
        size = runner.size_of(batch)
        if listener is not None:
            listener.begin(count, size)
        losses, results = runner.batch(batch)
        if listener is not None:
            listener.end(count, size, losses, np.asarray(results))
        count += 1
        seen += size
        interrupts.check()
        if listener is not None and listener.stopped():
            break
    return results, count, seen
