"""Training by functions of lists of arrays, as Keras 1 and 2 have it: `model.train_function`.

A `StepFunction` is the compiled step in that form. `fit` has no need of it; it is there for
programs that call it, or put a function of their own around it or in its place. Such a function
stands behind an `OwnFunction`, which gives it batches and reads its results.
"""

import numpy as np

from hornbeam.backend.function import default_training, function
from hornbeam.backend.learning_phase import symbolic_learning_phase
from hornbeam.engine.node import to_list
from hornbeam.training.steps import PREDICT, TRAIN, batch_size_of


class StepFunction:
    """The compiled step of a mode as a function of a list of arrays.

    Args:
        trainer: The `Trainer`.
        mode: TRAIN, TEST or PREDICT.

    Attributes:
        inputs: List of what is fed: inputs, targets, sample weights, and the learning phase where
            the model asks for it.
        outputs: List of the loss and the metrics, or of the model's outputs.
    """

    def __init__(self, trainer, mode):
        self.trainer = trainer
        self.mode = mode
        self.name = f"{mode}_function"

    @property
    def inputs(self):
        return fed(self.trainer, self.mode)

    @property
    def outputs(self):
        trainer = self.trainer
        if self.mode == PREDICT:
            return list(trainer.model.outputs)
        return [trainer.total_loss, *trainer.objective.metrics_tensors]

    def __call__(self, inputs):
        """Does one step.

        Args:
            inputs: List of arrays, one for each of `self.inputs`; without a learning phase it is
                that of the mode.

        Returns:
            The loss of the batch and the metrics so far; for PREDICT, the outputs. NumPy arrays.

        Raises:
            ValueError: for another number of arrays.
        """
        trainer, given = self.trainer, list(inputs)
        phase = trainer.feeds_learning_phase
        wanted = fed(trainer, self.mode)[: -1 if phase else None]
        if len(given) not in (len(wanted), len(wanted) + 1):
            raise ValueError(
                f"{self.name} of {trainer.model.name} takes {len(wanted)} arrays, for "
                f"{[t.name for t in wanted]}, and the learning phase; {len(given)} were given."
            )
        training = self.mode == TRAIN or default_training()
        if len(given) > len(wanted):
            training = bool(given.pop())
        arrays = trainer.narrowed(given)
        counts = len(trainer.model._feed_inputs), len(trainer.fed_outputs)
        x, y = arrays[: counts[0]], arrays[counts[0] : sum(counts)]
        batch = x if self.mode == PREDICT else (x, y, arrays[sum(counts) :])
        step = trainer.step(self.mode, batch, training)
        seed = trainer.seed() if step.uses_random else np.uint32(0)
        losses, results = step.run(batch, seed, trainer.count(self.mode, 1))
        if self.mode == PREDICT:
            return [np.array(value) for value in losses]
        return [np.asarray(losses[0]), *np.asarray(results)[1:]]


def fed(trainer, mode):
    """Lists the tensors that a function of a mode is fed."""
    tensors = list(trainer.model._feed_inputs)
    if mode != PREDICT:
        tensors += [output.target for output in trainer.fed_outputs] + trainer.sample_weights
    if trainer.feeds_learning_phase:
        tensors.append(symbolic_learning_phase())
    return tensors


def graph_function(trainer, mode):
    """The function of a mode as a `K.function`, for a total loss that a program has set."""
    objective, model = trainer.objective, trainer.model
    updates = list(objective.metrics_updates)
    if mode == TRAIN:
        updates = [*model.updates, *trainer.symbolic_updates, *updates]
    else:
        updates = [*model.state_updates, *updates]
    outputs = [trainer.total_loss, *objective.metrics_tensors]
    return function(fed(trainer, mode), outputs, updates, name=f"{mode}_function")


class OwnFunction:
    """A function that a program put in the place of a step; called with a batch.

    Args:
        trainer: The `Trainer`.
        mode: TRAIN, TEST or PREDICT.
        function: Function from a list of arrays to a list of the loss and the metrics, or of
            the outputs.
    """

    def __init__(self, trainer, mode, function):
        self.trainer = trainer
        self.mode = mode
        self.function = function
        self.reset()

    def reset(self):
        """Starts the mean of the losses again."""
        self._total, self._seen = 0.0, 0

    def values(self, batch):
        """Calls the function with a batch; returns the list of what it returned."""
        size = batch_size_of(batch)
        if self.mode == PREDICT:
            arrays = list(batch)
        else:
            x, y, weights = batch
            targets = dict(zip(self.trainer.fed_outputs, y))
            pairs = zip(weights, self.trainer.objective.with_loss)
            ones = [_ones(o, targets.get(o), size) if w is None else w for w, o in pairs]
            arrays = [*x, *y, *ones]
        arrays = [np.asarray(array) for array in arrays]
        if self.trainer.feeds_learning_phase:
            arrays.append(int(self.mode == TRAIN))
        found = self.function(arrays)
        if found is None:
            raise ValueError(
                f"The {self.mode}_function of {self.trainer.model.name} returned None. It must "
                "return the list of the loss and the metrics, or of the outputs, as the function "
                "in whose place it stands."
            )
        return to_list(found)

    def __call__(self, batch):
        """Does one step; returns the losses and the results, as a compiled step does.

        The results are the mean of the losses, weighted by the sizes of the batches, and the
        metrics as they are, which count the batches before.
        """
        found = self.values(batch)
        if self.mode == PREDICT:
            return found, None
        names = self.trainer.objective.names
        values = [float(np.mean(value)) for value in found[: len(names)]]
        size = batch_size_of(batch)
        self._total += values[0] * size
        self._seen += size
        return (values[0], ()), np.array([self._total / self._seen, *values[1:]])


def _ones(output, target, size):
    """Sample weights that change nothing."""
    shape = (size,)
    if output.sample_weight_mode == "temporal":
        shape = (size, output.shape[1] if target is None else target.shape[1])
    return np.ones(shape, output.dtype)
