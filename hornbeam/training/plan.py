"""Which way the batches of an epoch are done, and why."""

import jax

from hornbeam.training.steps import PREDICT

LOOP = "loop"  # many batches in one call of a compiled loop, which takes them out of the arrays
STEPS = "steps"  # a call for each batch, of which nobody is told
BATCHES = "batches"  # a call for each batch, and listeners are told of it

_MANY = 64  # batches of a prediction that make up for the longer compilation of a loop
_FEW = 8  # batches that are too few for one call of a loop


def plan(runner, data, steps, listens):
    """Chooses the way; results are the same in all of them.

    Args:
        runner: `Runner`.
        data: `Arrays` or `Stream`.
        steps: What the user said: an integer number of batches, or None.
        listens: Bool, whether somebody wants to hear of single batches.

    Returns:
        LOOP, STEPS or BATCHES, and a sentence that says why.
    """
    if not data.is_arrays:
        return BATCHES, "The data are read batch by batch."
    if steps is not None:
        return BATCHES, "A number of batches is asked for, not the data from end to end."
    if runner.own is not None:
        return BATCHES, "A function of the program's own does each batch."
    if listens:
        return BATCHES, "A callback wants to hear of each batch."
    if runner.mode == PREDICT:
        return _plan_of_prediction(runner, data)
    if not data.fits:
        return STEPS, "The data are too large for the device, or not in memory."
    return _looped(runner.step_for(data, data.batch_size, runner.fills(data)), STEPS)


def _plan_of_prediction(runner, data):
    if data.steps < _MANY:
        return BATCHES, f"They are fewer than {_MANY}."
    if runner.trainer.placement is not None:
        return BATCHES, "The outputs of several devices are put together batch by batch."
    step, rest = runner.step_for(data, data.batch_size), data.samples % data.batch_size
    others = [runner.step_for(data, rest)] if rest and not runner.fills(data) else []
    if not all(one.is_by_sample for one in (step, *others)):
        return BATCHES, "An output does not have one row for each sample."
    if step.batches_in_piece < _FEW:
        return BATCHES, f"Fewer than {_FEW} of them are as much as one call should be given."
    return _looped(step, BATCHES)


def _looped(step, otherwise):
    if step.has_convolution and jax.default_backend() == "cpu":
        return otherwise, (
            "XLA's CPU code runs a convolution about ten times slower inside a loop than outside."
        )
    return LOOP, "Nobody listens to single batches."
