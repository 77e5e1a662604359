"""`Runner` runs the compiled steps of one mode; `BatchListener` tells callbacks of them."""

import numpy as np

from hornbeam.backend.function import default_training
from hornbeam.backend.program import draw_seed
from hornbeam.callbacks import CallbackList
from hornbeam.callbacks.logs import Logs
from hornbeam.callbacks.progbar import Progbar
from hornbeam.training.filling import filled, may_fill
from hornbeam.training.plan import LOOP
from hornbeam.training.randomness import share_random_state
from hornbeam.training.steps import PREDICT, TRAIN, batch_size_of


class Runner:
    """Runs one mode's compiled steps for a trainer.

    Args:
        trainer: The `Trainer`.
        mode: TRAIN, TEST or PREDICT.

    Attributes:
        run_seed: The seed of this run, once it was needed.
        own: The `OwnFunction` that does the batches in place of compiled steps, or None.
    """

    def __init__(self, trainer, mode):
        self.trainer = trainer
        self.mode = mode
        self.training = True if mode == TRAIN else default_training()
        self.run_seed = None
        self.own = trainer.own_function(mode)
        if trainer.placement is not None and trainer.placement.processes > 1:
            share_random_state()

    def reset(self):
        """Starts losses and metrics again."""
        self.trainer.objective.reset()
        if self.own is not None:
            self.own.reset()

    def seed(self, step):
        """The seed of this run; drawn only if the step uses random numbers."""
        if not step.uses_random:
            return np.uint32(0)
        if self.run_seed is None:
            self.run_seed = np.uint32(draw_seed())
        return self.run_seed

    def count(self, steps):
        """Advances the step counter; returns the number of the first of them."""
        return self.trainer.count(self.mode, steps)

    def step_for(self, arrays, size, fills=False):
        """Returns the compiled step for batches of `size` samples.

        Args:
            arrays: `Arrays`.
            size: Integer.
            fills: Whether it fills the last batch up to `size`; see `fills`.
        """
        if self.mode == PREDICT:  # repeated samples count for nothing, where nothing is counted
            shapes = arrays.batch_shapes(size)[0]
        else:
            shapes = arrays.batch_shapes(size, fills)
        return self.trainer.step(self.mode, shapes, self.training)

    def fills(self, arrays):
        """Whether a last, smaller batch of `arrays` is computed as a full one: see `filling`."""
        uneven = arrays.samples % arrays.batch_size
        return (
            bool(uneven) and arrays.fits and self.own is None and may_fill(self.trainer, self.mode)
        )

    def chunk(self, step, arrays, start, count, size, way):
        """Does `count` steps on arrays in the way that was planned.

        Returns:
            The results; for PREDICT the outputs of at least these samples.
        """
        if self.mode == PREDICT:
            return self._predicted(step, arrays, start, count, size, way)
        if not arrays.fits:
            for place in range(start, start + count * size, size):
                _, results = self.batch(arrays.rows(place, size))
            return results
        data, seed, first = arrays.on_device(), self.seed(step), self.count(count)
        if way == LOOP:
            return step.run_loop(data, arrays.order, start, count, size, seed, first)
        for number in range(count):
            _, results = step.run_gathered(
                data, arrays.order, start + number * size, size, seed, first + number
            )
        return results

    def _predicted(self, step, arrays, start, count, size, way):
        if way != LOOP:
            return self.batch(arrays.rows(start, size)[0])[0]
        samples = self.most(step, arrays) * size
        piece = filled(arrays.rows(start, samples)[0], samples)
        return step.run_loop(piece, None, 0, count, size, self.seed(step), self.count(count))

    def most(self, step, arrays):
        """How many steps a `chunk` can do: predictions take their inputs piece by piece."""
        return step.batches_in_piece if self.mode == PREDICT else arrays.steps

    def batch(self, batch):
        """Does one step on a batch; returns the losses and the results."""
        if self.own is not None:
            return self.own(batch)
        step = self.trainer.step(self.mode, batch, self.training)
        return step.run(batch, self.seed(step), self.count(1))

    size_of = staticmethod(batch_size_of)


def loss_values(losses, objective):
    """Turns the losses of a step into a list of floats: the total, then the outputs'."""
    total, parts = losses
    values = [float(total)] + [float(part) for part in parts]
    return values[: len(objective.totals)]


class BatchListener:
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
        # As in Keras, the total is the batch's own; the outputs' losses are means so far.
        values[:1] = loss_values(losses, self.objective)[:1]
        logs = Logs({"batch": index, "size": size})
        logs.update(zip(self.objective.names, values))
        self.callbacks._call_batch_hook(self.mode, "end", index, logs)

    def stopped(self):
        return self.mode == TRAIN and self.model.stop_training


def callback_list_for(trainer, data, steps, callbacks, verbose):
    """Returns a `CallbackList` that knows model and data, or None if there are no callbacks."""
    if callbacks is None:
        return None
    callback_list = CallbackList(callbacks)
    callback_list.set_model(trainer.model)
    callback_list.set_params(
        {
            "batch_size": getattr(data, "batch_size", None),
            "steps": steps if data.is_arrays else data.steps,
            "samples": data.samples,
            "verbose": verbose,
            "metrics": trainer.metrics_names if trainer.is_compiled else [],
        }
    )
    return callback_list


def progress_bar(data, steps, verbose):
    """Returns a function `(steps done, samples done, results)` that moves a bar, or None."""
    if not verbose:
        return None
    by_samples = data.samples is not None and steps is None
    bar = Progbar(data.samples if by_samples else steps or data.steps, verbose=verbose)

    def progress(done, samples, results):
        bar.update(samples if by_samples else done)

    return progress
