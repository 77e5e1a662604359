"""`Optimizer`: how gradients become new values of the parameters.

get_gradients(loss, params)     the gradients of a symbolic loss, clipped
compute_updates(params, grads)  [(variable, new value), ...]: the rule itself
get_updates(loss, params)       both, as the updates of a `K.function`
apply_gradients(pairs)          clips, computes and writes: the one step of a training program
"""

import functools
import math
import warnings

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend import running
from hornbeam.backend.cells import EagerTensor
from hornbeam.backend.config import conventions, floatx
from hornbeam.backend.function import (
    apply_updates,
    batch_get_value,
    batch_set_value,
    default_training,
    gradients,
    update,
)
from hornbeam.backend.ops import op
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.program import Program
from hornbeam.backend.tapes import Tape
from hornbeam.backend.tensors import Operand, Tensor, Variable, sources_of
from hornbeam.backend.variables import cast
from hornbeam.bytecode import portable, unpacked
from hornbeam.optimizers.schedules import LearningRateSchedule
from hornbeam.optimizers.schedules import deserialize as deserialize_schedule
from hornbeam.optimizers.schedules import serialize as serialize_schedule
from hornbeam.registry import has_arg


def _write_now(optimizer, params, grads):
    optimizer._write(running.program(), params, [jnp.asarray(g) for g in grads])


def clip_norm(g, c, n):
    """Scales a gradient down so that a norm does not exceed a limit.

    Args:
        g: Tensor or array, the gradient.
        c: Float, the limit; 0 or less leaves `g` as it is.
        n: Scalar tensor or array, the norm: of `g`, or of all gradients together.

    Returns:
        `g * c / n` where `n >= c`, else `g`.
    """
    return g if c <= 0 else _scaled_to_norm([g], c, n)[0]


@op
def _scaled_to_norm(gradients, limit, norm):
    scale = jnp.where(norm >= limit, limit / norm, 1.0)
    return [g * scale.astype(g.dtype) for g in gradients]


@op
def _global_norm(gradients):
    return jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in gradients))


@op
def _clipped_values(gradients, limit):
    return [jnp.clip(g, -limit, limit) for g in gradients]


@op
def decayed(learning_rate, decay, iterations):
    """The learning rate after `iterations` updates, divided by `1 + decay * iterations`."""
    return learning_rate * (1.0 / (1.0 + decay * iterations.astype(decay.dtype)))


def _any_order(get_updates):
    """Lets `get_updates(loss, params)` be called in its two older orders as well."""

    @functools.wraps(get_updates)
    def in_any_order(self, *args, **kwargs):
        names = ("loss", "params")
        if args and isinstance(args[0], (list, tuple)):  # parameters came first before 2.0.7
            names = ("params", "constraints", "loss")
            if len(args) == 2 and "loss" not in kwargs and not isinstance(args[1], (dict, list)):
                names = ("params", "loss")
        if len(args) > len(names):
            raise TypeError(f"get_updates takes (loss, params); {len(args)} arguments were given.")
        kwargs.update(zip(names, args))
        kwargs.pop("constraints", None)  # each parameter carries its own: `param.constraint`
        return get_updates(self, **kwargs)

    return in_any_order


_STORED = (Variable, LearningRateSchedule)
_LIMITS = ("clipnorm", "clipvalue", "global_clipnorm")


class Optimizer:
    """Base of all optimizers.

    To write one, give `slot_names`, `begin_step` and `step` (see `SGD`), or override
    `compute_updates(params, grads)`, or, as for Keras 2, `get_updates(loss, params)`.

    Args:
        clipnorm: Float >= 0. Gradients are scaled down together when the L2 norm of all of them
            exceeds it. 0 means no limit.
        clipvalue: Float >= 0. Each element of a gradient is clipped to this absolute value.
            0 means no limit.
        global_clipnorm: Float >= 0, tf.keras's name for what `clipnorm` is here.
        name: String, prefix of the variables' names; None means the name of the class.

    Attributes:
        iterations: Int32 scalar variable, the number of updates so far.
        weights: List of variables: `iterations`, then the slots, in Keras's order. Empty until
            the optimizer has seen the parameters.
        updates: List of what the last `get_updates` returned.

    Raises:
        TypeError: for another keyword argument.

    Notes: Keras 2.3.1 clips by the norm of all gradients together; tf.keras clips each by its own,
        and so does `clipnorm` where tf.keras's conventions hold.
    """

    slot_names = ()
    _absent_in_old_files = None  # (place, value) of a weight that Keras 2.2 did not save

    def __init__(self, **kwargs):
        for name in kwargs:
            if name not in (*_LIMITS, "name"):
                raise TypeError(
                    f"Unexpected keyword argument passed to optimizer: {name}. Beside its own "
                    f"arguments, {type(self).__name__} takes 'clipnorm' and 'clipvalue'."
                )
        if kwargs.get("clipnorm") is not None and kwargs.get("global_clipnorm") is not None:
            raise ValueError("An optimizer takes one of clipnorm and global_clipnorm.")
        self._clips_each = conventions() == "tf.keras"
        for name in _LIMITS:
            if kwargs.get(name) is not None:
                setattr(self, name, _checked(name, kwargs[name], at_least=0))
        self.name = kwargs.get("name") or type(self).__name__
        self.updates = []
        self.weights = []

    # ---- hyperparameters

    def __setattr__(self, name, value):
        """A number given to a hyperparameter becomes its value; its variable stays the same."""
        current = self.__dict__.get(name)
        if isinstance(current, LearningRateSchedule) and not callable(value):
            value = self._hyperparameter(name, value)
        if isinstance(current, Variable) and not isinstance(value, _STORED):
            if isinstance(value, EagerTensor) or (
                isinstance(value, Tensor) and _reads_only(value, current)
            ):
                value = value.eval()  # optimizer.lr = optimizer.lr * 0.5
            if not isinstance(value, Tensor):
                current.set_value(_checked(name, value))
                return
        super().__setattr__(name, value)

    def _hyperparameter(self, name, value, dtype=None):
        """Makes the scalar variable of a hyperparameter; a schedule stays, as what it is."""
        if isinstance(value, dict) and name == "learning_rate":
            value = deserialize_schedule(value)
        if isinstance(value, LearningRateSchedule):
            return value
        if isinstance(value, Operand):
            value = value.eval()
        value = _checked(name, value)
        prefix = self.__dict__.get("name", type(self).__name__)
        return Variable(value, dtype or floatx(), name=f"{prefix}/{name}:0", trainable=False)

    def _counter(self):
        return self._hyperparameter("iterations", 0, "int32")

    @property
    def lr(self):
        """The learning rate, under its older name."""
        return self.learning_rate

    @lr.setter
    def lr(self, value):
        self.learning_rate = value

    def current_learning_rate(self):
        """Returns the learning rate of this update, after `decay`: a scalar tensor or array."""
        rate = self.learning_rate
        if isinstance(rate, LearningRateSchedule):
            rate = rate(cast(self.iterations, floatx()))
        if self.initial_decay > 0:
            return decayed(rate, self.decay, self.iterations)
        return rate

    # ---- the rule

    def build(self, params):
        """Makes the slots of `params`, on the host, and lists `weights`.

        The slots of a parameter are made once and kept as long as the optimizer.

        Args:
            params: List of variables.
        """
        slots = self.__dict__.setdefault("_slots", {})
        for index, param in enumerate(params):
            if param not in slots:
                slots[param] = [
                    Variable(
                        np.full(self.slot_shape(slot, param), self.slot_start(slot), param.dtype),
                        param.dtype,
                        name=f"{self.name}/{slot}_{index}:0",
                        trainable=False,
                    )
                    for slot in self.slot_names
                ]
        columns = zip(*(slots[param] for param in params))
        self.weights = self.own_weights() + [slot for column in columns for slot in column]

    def own_weights(self):
        """Lists the weights that belong to no parameter."""
        return [self.iterations]

    def slot_shape(self, slot, param):
        """Returns the shape of the slot named `slot` of a parameter."""
        return tuple(param.shape)

    def slot_start(self, slot):
        """Returns the number that the slot named `slot` holds at first."""
        return 0

    def begin_step(self):
        """Returns the scalars that `step` needs, computed once for all parameters."""
        return ()

    def step(self, param, gradient, slots, *scalars):
        """Returns `[new parameter, *new slots]`; None for a slot that does not change."""
        raise NotImplementedError(
            f"{type(self).__name__} has no rule. Give it step(param, gradient, slots, *scalars), "
            "compute_updates(params, grads) or get_updates(loss, params)."
        )

    def compute_updates(self, params, grads):
        """Computes one update of all parameters; nothing is written.

        Args:
            params: List of variables.
            grads: List of their gradients, as `get_gradients` or `clip_gradients` returns them:
                arrays inside a program, else tensors.

        Returns:
            A list of `(variable, new value)`; constraints are applied.
        """
        self.build(params)
        scalars = self.begin_step()
        updates = [(self.iterations, self.iterations + 1)]
        for param, gradient in zip(params, grads):
            slots = self._slots[param]
            new_param, *new_slots = self.step(param, gradient, slots, *scalars)
            updates.extend(
                (slot, value) for slot, value in zip(slots, new_slots) if value is not None
            )
            updates.append((param, constrained(param, new_param)))
        return updates

    def clip_gradients(self, grads):
        """Applies `clipnorm` or `global_clipnorm`, then `clipvalue`, to a list of gradients."""
        grads = list(grads)
        limit = getattr(self, "clipnorm", None) or 0
        if limit > 0 and getattr(self, "_clips_each", False):
            grads = [_scaled_to_norm([g], limit, _global_norm([g]))[0] for g in grads]
            limit = 0
        limit = limit or getattr(self, "global_clipnorm", None) or 0
        if limit > 0 and grads:
            grads = _scaled_to_norm(grads, limit, _global_norm(grads))
        limit = getattr(self, "clipvalue", None) or 0
        if limit > 0 and grads:
            grads = _clipped_values(grads, limit)
        return grads

    # ---- symbolic losses

    @property
    def is_symbolic(self):
        """Whether the rule is written on symbolic tensors, as Keras 2's own optimizers were.

        True if a subclass overrides `get_updates` or `get_gradients` and no class after it
        overrides `compute_updates`: then `get_updates` on a symbolic loss says what to do.
        """
        symbolic = {"get_updates", "get_gradients"}
        if symbolic & set(self.__dict__):  # replaced on this instance
            return True
        for kind in type(self).__mro__:
            if "compute_updates" in vars(kind):
                return False
            if symbolic & set(vars(kind)):
                return True
        return False

    def symbolic_updates(self, loss, params):
        """Calls `get_updates` by the argument names that its author wrote, old or new."""
        if not has_arg(self.get_updates, "constraints"):
            return self.get_updates(loss=loss, params=params)
        constraints = {p: p.constraint for p in params if getattr(p, "constraint", None)}
        return self.get_updates(params=params, constraints=constraints, loss=loss)

    def get_gradients(self, loss, params):
        """Returns the gradients of a symbolic loss, clipped as `clipnorm` and `clipvalue` say.

        Args:
            loss: Tensor.
            params: List of variables.

        Raises:
            ValueError: if the loss does not depend on one of them.
        """
        grads = gradients(loss, list(params))
        if any(gradient is None for gradient in grads):
            missing = [p.name for p, g in zip(params, grads) if g is None]
            raise ValueError(
                "An operation has `None` for gradient. Please make sure that all of your ops have "
                "a gradient defined (i.e. are differentiable). Common ops without gradient: "
                f"K.argmax, K.round, K.eval. The loss does not depend on: {', '.join(missing)}."
            )
        return self.clip_gradients(grads)

    @_any_order
    def get_updates(self, loss, params):
        """Returns the updates that lower a symbolic loss, for `K.function(..., updates=...)`.

        Args:
            loss: Tensor.
            params: List of variables.

        Notes: Keras 1's `get_updates(params, constraints, loss)` and `get_updates(params, loss)`
            are understood; each parameter's own `constraint` is applied.
        """
        with running.recording():  # variables are symbolic, even where eager execution is on
            grads = self.get_gradients(loss, params)
            self.updates = [
                update(variable, value) for variable, value in self.compute_updates(params, grads)
            ]
        return self.updates

    # ---- gradients that are there already

    def apply_gradients(
        self, grads_and_vars, name=None, experimental_aggregate_gradients=True, **kwargs
    ):
        """Clips the gradients and updates the variables.

        Args:
            grads_and_vars: Iterable of `(gradient, variable)`. A pair whose gradient is None is
                left out.
            name: Any; nothing here has a name.
            experimental_aggregate_gradients: Bool. On one device there is nothing to aggregate.
            **kwargs: `skip_gradients_aggregation`, the newer name of the opposite.

        Returns:
            With symbolic gradients, outside a program: the list of updates. Else None: the
            variables are written, in the running program or at once.

        Raises:
            ValueError: if there is no gradient at all.

        Source: tf.keras 2.
        """
        if set(kwargs) - {"skip_gradients_aggregation"}:
            raise TypeError(f"apply_gradients got unexpected arguments {sorted(kwargs)}.")
        pairs = list(grads_and_vars)
        grads = [gradient for gradient, _ in pairs if gradient is not None]
        params = [param for gradient, param in pairs if gradient is not None]
        if not params:
            names = [param.name for _, param in pairs]
            raise ValueError(f"No gradients provided for any variable: {names}.")
        if len(params) < len(pairs):
            missing = [param.name for gradient, param in pairs if gradient is None]
            warnings.warn(
                f"Gradients do not exist for variables {missing} when minimizing the loss. If "
                "you're using `model.compile()`, did you forget to provide a `loss` argument?",
                UserWarning,
                stacklevel=2,
            )
        program, eager = running.program(), running.eager()
        if program is not None:
            self._write(program, params, grads)
        elif eager is not None and not eager.has_graph(grads):
            self.build(params)
            eager.unit(self, _write_now, (params, grads), {})
        elif sources_of(grads):
            changes = self.compute_updates(params, self.clip_gradients(grads))
            return [update(variable, value) for variable, value in changes]
        else:
            with wide_scope(_are_wide(params)):
                program = Program(training=default_training())
                with running.activate(program):
                    self._write(program, params, [jnp.asarray(g) for g in grads])
                program.commit()
        return None

    def _write(self, program, params, grads):
        apply_updates(program, self.compute_updates(params, self.clip_gradients(grads)))

    def minimize(self, loss, var_list=None, grad_loss=None, name=None, tape=None):
        """Makes one update that lowers `loss`.

        Args:
            loss: Tensor; or a function without arguments that returns the loss, then the update
                is made at once.
            var_list: List of variables, or a function that returns one; with a function for
                `loss`, None means the trainable variables that it reads.
            grad_loss: None, or what the gradient of `loss` is multiplied by.
            name: Any; nothing here has a name.
            tape: The `tf.GradientTape` on which a tensor `loss` was recorded.

        Returns:
            For a symbolic tensor, the list of updates, for `K.function(..., updates=...)`; else
            None.

        Source: tf.keras 2.
        """
        eager = running.eager()
        if running.program() is None and eager is not None and not eager.has_graph(loss):
            return self._minimize_on_tape(loss, var_list, grad_loss, tape)
        params = list(var_list() if callable(var_list) else var_list)
        if not callable(loss):
            return self.get_updates(loss, params)

        def total(points):
            scope = program.child(isolated=True)
            for param, point in zip(params, points):
                scope.bind(param, point)
            with running.activate(scope):
                return jnp.sum(self.scaled_loss(scope.resolve(loss())))

        with wide_scope(_are_wide(params)):
            program = Program(training=default_training())
            with running.activate(program):
                grads = jax.grad(total)([program.read(param) for param in params])
                grads = self.unscaled_gradients(grads)
        return self.apply_gradients(zip(grads, params))

    def _minimize_on_tape(self, loss, var_list, grad_loss, tape):
        if not callable(loss) and tape is None:
            raise ValueError("`tape` is required when a `Tensor` loss is passed.")
        if callable(loss):
            tape = Tape()
            with tape:
                if callable(var_list):
                    loss, var_list = loss(), var_list()
                else:
                    loss = loss()
        with tape:
            loss = self.scaled_loss(loss)
        params = list(tape.watched_variables() if var_list is None else var_list)
        grads = self.unscaled_gradients(tape.gradient(loss, params, grad_loss))
        return self.apply_gradients(zip(grads, params))

    def scaled_loss(self, loss):
        """Returns what gradients are asked of in place of the loss: see `LossScaleOptimizer`."""
        return loss

    def unscaled_gradients(self, grads):
        """Returns the gradients of the loss, for a list of those of `scaled_loss`."""
        return grads

    # ---- state and configuration

    def __getstate__(self):
        """The optimizer for pickles and copies: without the updates of symbolic losses."""
        return portable(dict(self.__dict__, updates=[]))

    def __setstate__(self, state):
        self.__dict__.update(unpacked(state))

    def get_weights(self):
        """Returns the values of `weights`, as a list of NumPy arrays."""
        return batch_get_value(self.weights)

    def set_weights(self, weights):
        """Sets the values of `weights`.

        Args:
            weights: List of arrays, as `get_weights` returns them. A list saved by Keras 2.2,
                which lacks one, is completed.

        Raises:
            ValueError: if the number or a shape is another; nothing is set then.
        """
        weights = [np.asarray(weight) for weight in weights]
        if self._absent_in_old_files and len(self.weights) == len(weights) + 1:
            place, value = self._absent_in_old_files
            weights.insert(place, np.asarray(value))
        if len(self.weights) != len(weights):
            raise ValueError(
                f"Length of the specified weight list ({len(weights)}) does not match the number "
                f"of weights of the optimizer ({len(self.weights)}). "
                "The optimizer has its weights once it has been given the parameters: train for "
                "a step, or call build(params), first."
            )
        for variable, weight in zip(self.weights, weights):
            if tuple(variable.shape) != weight.shape:
                raise ValueError(
                    f"Optimizer weight shape {tuple(variable.shape)} not compatible with provided "
                    f"weight shape {weight.shape}, for {variable.name}."
                )
        batch_set_value(list(zip(self.weights, weights)))

    def get_config(self):
        """Returns the arguments of the constructor, as a dict."""
        return {
            name: getattr(self, name) for name in _LIMITS if hasattr(self, name)
        }

    @classmethod
    def from_config(cls, config):
        """Makes an optimizer from what `get_config` returned."""
        return cls(**config)


def read(*variables):
    """Lists the values of variables in the running program; outside one, the variables."""
    program = running.program()
    if program is None:
        return list(variables)
    return [program.resolve(v) if isinstance(v, Operand) else v for v in variables]


def constrained(param, value):
    """Returns `value` as the constraint of `param`, if it has one, projects it."""
    constraint = getattr(param, "constraint", None)
    return value if constraint is None else constraint(value)


def number(variable):
    """Returns the value of a hyperparameter as a Python float; of a schedule, its config."""
    if isinstance(variable, LearningRateSchedule):
        return serialize_schedule(variable)
    return float(variable.eval()) if isinstance(variable, Operand) else float(variable)


def _checked(name, value, at_least=None):
    """Returns a number that was given for a hyperparameter, or says what is wrong with it."""
    try:
        finite = not math.isnan(value)
    except TypeError:
        raise TypeError(f"The optimizer's {name} must be a number; {value!r} was given.") from None
    if not finite or (at_least is not None and value < at_least):
        expected = "a number" if at_least is None else f"a number >= {at_least}"
        raise ValueError(f"The optimizer's {name} must be {expected}; {value!r} was given.")
    return value


def _reads_only(tensor, variable):
    """Whether `variable` is the only variable or placeholder that `tensor` depends on."""
    seen, stack = set(), [tensor]
    while stack:
        operand = stack.pop()
        if operand in seen or operand is variable:
            continue
        seen.add(operand)
        if operand.node is None:
            return False
        stack.extend(operand.node.sources)
    return True


def _are_wide(params):
    return any(param.wide for param in params)
