"""Compiled steps: what one batch does in training, test and prediction, alone and in a loop."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam.backend import compilation, running
from hornbeam.backend.executable import Traced
from hornbeam.backend.function import apply_updates, normalize_updates
from hornbeam.backend.program import Program

TRAIN, TEST, PREDICT = "train", "test", "predict"

_PIECE = 128  # batches of a prediction that one call of the loop is given ...
_PIECE_BYTES = 8 * 1024**2  # ... unless their inputs and outputs are more than this


def batch_size_of(batch):
    """Number of samples in a batch of arrays; 1 where nothing is fed."""
    leaves = jax.tree.leaves(batch)
    return int(leaves[0].shape[0]) if leaves and leaves[0].ndim else 1


def counted(batch):
    """Number of samples that count: of a batch that was filled up, its fourth part (traced)."""
    return batch[3] if len(batch) > 3 else batch_size_of(batch)


def bind_inputs(program, model, values):
    """Gives the model's fed inputs their values, in the inputs' dtypes."""
    for tensor, value in zip(model._feed_inputs, values):
        program.bind(tensor, jnp.asarray(value, tensor.dtype))


def bind_batch(program, trainer, batch):
    """Binds inputs, targets and sample weights; returns the targets and weights."""
    x, y, weights = batch[:3]
    bind_inputs(program, trainer.model, x)
    targets, sample_weights, fed = [], [], iter(y)
    for output, weight in zip(trainer.objective.with_loss, weights):
        if output.target_is_fed:
            dtype = output.target.dtype
            target = next(fed)
            if not (output.is_sparse and jnp.issubdtype(target.dtype, jnp.integer)):
                target = jnp.asarray(target, dtype)
            program.bind(output.target, target)
        else:
            target = program.resolve(output.target)
        if weight is not None:
            weight = jnp.asarray(weight, output.dtype)
            program.bind(output.sample_weight, weight)
        targets.append(target)
        sample_weights.append(weight)
    return targets, sample_weights


def train_body(trainer):
    """Returns the body of a training step: forward, gradients, new weights."""
    objective, optimizer = trainer.objective, trainer.optimizer
    params = trainer.trainable_weights

    def forward(scope, program, batch):
        targets, weights = bind_batch(program, trainer, batch)
        with running.activate(scope):
            return objective.forward(scope, targets, weights, counted(batch))

    def body(program, batch):
        if optimizer.is_symbolic:
            return symbolic_body(program, batch)
        written = []

        def loss(values):
            scope = program.child(isolated=True)
            for param, value in zip(params, values):
                scope.bind(param, value)
            total, parts = forward(scope, program, batch)
            objective.update(scope)
            written[:] = scope.written
            kept = total, parts, [scope.variables[v] for v in written]
            return optimizer.scaled_loss(total), kept

        values = [program.read(p) for p in params]
        (_, (total, parts, new)), gradients = jax.value_and_grad(loss, has_aux=True)(values)
        for variable, value in zip(written, new):
            program.write(variable, value)
        if params:
            optimizer.apply_gradients(zip(optimizer.unscaled_gradients(gradients), params))
        return total, parts

    def symbolic_body(program, batch):
        total, parts = forward(program, program, batch)
        objective.update(program)
        apply_updates(program, trainer.symbolic_updates)
        return total, parts

    return body


def test_body(trainer):
    """Returns the body of a test step."""

    def body(program, batch):
        program.layers_write = "stateful"
        targets, weights = bind_batch(program, trainer, batch)
        found = trainer.objective.forward(program, targets, weights, counted(batch))
        apply_updates(program, normalize_updates(trainer.objective.metrics_updates))
        return found

    return body


def predict_body(model):
    """Returns the body of a prediction."""

    def body(program, inputs):
        program.layers_write = "stateful"
        bind_inputs(program, model, inputs)
        return [program.resolve(t) for t in model.outputs]

    return body


def symbolic_updates(trainer):
    """Asks an optimizer written with `get_updates` for its updates, once."""
    params = trainer.trainable_weights
    with running.recording():
        updates = trainer.optimizer.symbolic_updates(trainer.objective.total_loss, params)
    return normalize_updates(updates)


class Step(Traced):
    """One kind of step for one shape of batch, compiled in the forms in which it is asked for.

    Args:
        body: The body of the step.
        batch: Example of a batch.
        training: Bool.
        wide: Whether 64-bit dtypes take part.
        known: Variables that it probably uses.
        objective: `Objective` whose results are reported, or None.
        placement: `Placement` of its arrays on several devices; None for one device.

    Attributes:
        seconds: Measured time of one step, or None.
    """

    def __init__(self, body, batch, training, wide, known, objective=None, placement=None):
        with _NO_SCOPE if placement is None else placement.tracing():
            super().__init__(body, batch, training, wide, known)
        compilation.configure()
        self._batch = batch
        self.objective = objective
        self.placement = placement
        self.fills = isinstance(batch, tuple) and len(batch) > 3
        self.seconds = None
        self._timed = False
        if objective is not None:
            have = set(self.state) | set(self.constants)
            self.constants += [v for v in objective.variables if v not in have]
            resettable = set(objective.zeroed)
            self._zeroed = [index for index, v in enumerate(self.state) if v in resettable]
        self._single = compilation.jit(self._compute_single, donate_argnums=0)
        self._gathered = compilation.jit(self._compute_gathered, donate_argnums=0, static_argnums=7)
        self._loop = compilation.jit(self._compute_loop, donate_argnums=0, static_argnums=8)

    @property
    def is_by_sample(self):
        """Whether each output has one row for each sample."""
        size = batch_size_of(self._batch)
        return all(out.shape[:1] == (size,) for out in self.outputs)

    @property
    def batches_in_piece(self):
        """How many batches a call of the loop is given for a prediction.

        One number for any number of samples, so that the loop is compiled once.
        """
        leaves = jax.tree.leaves((self._batch, self.outputs))
        bytes_ = sum(a.size * a.dtype.itemsize for a in leaves)
        return min(_PIECE, _PIECE_BYTES // max(bytes_, 1))

    def note(self, seconds, count):
        """Remembers how long `count` steps took; the first measurement includes compilation."""
        if self._timed:
            self.seconds = seconds / count
        self._timed = True

    # ---- pure functions

    def results(self, state, constants):
        """The results of all metrics after a step, as one vector; None without an objective."""
        if self.objective is None:
            return None
        program = Program(training=False)
        program.variables.update(zip(self.constants, constants))
        program.variables.update(zip(self.state, state))
        with running.activate(program):
            return self.objective.results(program)

    def _compute_single(self, state, constants, seed, step, batch):
        state = [
            jnp.zeros(tuple(v.shape), v.dtype) if value is None else value
            for v, value in zip(self.state, state)
        ]
        state, outputs = self.compute_placed(state, constants, seed, step, batch)
        results = self.results(state, constants)
        if self.placement is not None:
            outputs, results = self.placement.readable((outputs, results))
        return state, outputs, results

    def compute_placed(self, state, constants, seed, step, batch):
        """`compute`, with the batch split over the devices and the state where it was."""
        place = self.placement
        if place is None:
            return self.compute(state, constants, seed, step, batch)
        state, outputs = self.compute(state, constants, seed, step, place.split(batch))
        return place.laid_out(self.state, state), outputs

    def _compute_gathered(self, state, constants, seed, step, data, order, start, size):
        batch = self._gather(data, order, start, size)
        return self._compute_single(state, constants, seed, step, batch)

    def _compute_loop(self, state, constants, seed, step, data, order, start, count, size):
        def one(index, carry):
            state, outputs = carry
            place = index * size
            batch = self._gather(data, order, start + place, size)
            step_ = step + index.astype(step.dtype)
            state, found = self.compute_placed(state, constants, seed, step_, batch)
            put = functools.partial(lax.dynamic_update_slice_in_dim, start_index=place, axis=0)
            return state, [put(whole, part) for whole, part in zip(outputs, found)]

        state, outputs = lax.fori_loop(jnp.int32(0), count, one, (state, self._room(data)))
        if self.objective is None:
            return state, outputs
        results = self.results(state, constants)
        return state, results if self.placement is None else self.placement.readable(results)

    def _room(self, data):
        """Arrays for the outputs of a loop over `data`; nothing where there is an objective."""
        if self.objective is not None:
            return []
        rows = batch_size_of(data)
        return [jnp.zeros((rows, *out.shape[1:]), out.dtype) for out in self.outputs]

    def _gather(self, data, order, start, size):
        """Takes the samples `order[start:start + size]` out of each array, on their devices.

        Without an order, it is the one that they have. Fewer samples are filled up to `size`, where
        this step does so; see `counted`.
        """
        if order is None:
            return jax.tree.map(lambda a: lax.dynamic_slice_in_dim(a, start, size), data)
        if self.fills:  # behind the last sample comes itself
            index = jnp.take(order, start + lax.iota(jnp.int32, size), mode="clip")
        else:
            index = lax.dynamic_slice_in_dim(order, start, size)
        if self.placement is not None:
            index = self.placement.split(index)
        batch = jax.tree.map(lambda array: jnp.take(array, index, axis=0, mode="clip"), data)
        return (*batch, jnp.minimum(order.shape[0] - start, size)) if self.fills else batch

    # ---- running them on the variables

    def state_values(self):
        """See `Traced`; on the devices."""
        values = super().state_values()
        return values if self.placement is None else self.placement.values(self.state, values)

    def constant_values(self):
        """See `Traced`; on the devices."""
        if self.placement is None:
            return super().constant_values()
        return self.placement.values(self.constants, [v.raw for v in self.constants])

    def run(self, batch, seed, step, fresh=False):
        """Does one step on a batch; returns the losses and the results.

        Args:
            batch: Pytree of arrays.
            seed: uint32 scalar.
            step: Integer.
            fresh: Whether metrics begin anew, at zeros that are part of the compiled code.
        """
        state = self.state_values()
        if fresh:
            for index in self._zeroed:
                state[index] = None
        with self._scope_if_wide():
            if self.placement is not None:
                batch = self.placement.batch(batch)
            arguments = state, self.constant_values(), seed, np.uint32(step), batch
            state, outputs, results = self._single(*arguments)
        self.adopt(state)
        if self.placement is not None and self.objective is None:
            outputs = self.placement.own(outputs)
        return outputs, results

    def run_gathered(self, data, order, start, size, seed, step):
        """Does one step on the samples `order[start:start + size]` of `data`."""
        with self._scope_if_wide():
            state, outputs, results = self._gathered(
                self.state_values(),
                self.constant_values(),
                seed,
                np.uint32(step),
                data,
                order,
                np.int32(start),
                size,
            )
        self.adopt(state)
        return outputs, results

    def run_loop(self, data, order, start, count, size, seed, step):
        """Does `count` steps in one compiled loop; returns the results.

        Without an objective it returns the outputs, in arrays of as many rows as the data have;
        those behind the last batch that was done are zeros.
        """
        with self._scope_if_wide():
            state, results = self._loop(
                self.state_values(),
                self.constant_values(),
                seed,
                np.uint32(step),
                data,
                order,
                np.int32(start),
                np.int32(count),
                size,
            )
        self.adopt(state)
        return results

    def _scope_if_wide(self):
        return self.scope() if self.wide else _NO_SCOPE


class _NoScope:
    """`contextlib.nullcontext` without its cost; it is entered at each step."""

    def __enter__(self):
        return None

    def __exit__(self, *error):
        return None


_NO_SCOPE = _NoScope()
