"""`tf.train`: optimizers and decays of TensorFlow 1, checkpoints of both versions."""

import jax.numpy as jnp
import numpy as np

from hornbeam import backend as K
from hornbeam import optimizers
from hornbeam.backend import running
from hornbeam.backend.function import ancestors, apply_updates
from hornbeam.backend.tensors import Node, Operand, Tensor, Variable
from hornbeam.compat.tensorflow import checkpoints, ops
from hornbeam.compat.tensorflow.absent import teller
from hornbeam.optimizers import schedules

__all__ = [
    *checkpoints.__all__, "AdadeltaOptimizer", "AdagradOptimizer", "AdamOptimizer",
    "ExponentialMovingAverage", "GradientDescentOptimizer", "MomentumOptimizer",
    "RMSPropOptimizer", "cosine_decay", "create_global_step", "exponential_decay",
    "get_global_step", "get_or_create_global_step", "global_step", "inverse_time_decay",
    "natural_exp_decay", "piecewise_constant", "piecewise_constant_decay", "polynomial_decay",
]  # fmt: skip


# ---- optimizers


class _ApplyNode(Node):
    """One update of all variables: every new value is made of the old ones."""

    name = "train"

    def __init__(self, pairs):
        sources = [value for _, value in pairs if isinstance(value, Operand)]
        super().__init__(sources)
        self.pairs = pairs
        self.outputs = [Tensor((), "bool", self)]

    def run(self, program):
        apply_updates(program, self.pairs)
        return [jnp.zeros((), "bool")]


class _Of1:
    """What the optimizers of TensorFlow 1 have beside their rule."""

    def minimize(self, loss, global_step=None, var_list=None, gate_gradients=1,
                 aggregation_method=None, colocate_gradients_with_ops=False, name=None,
                 grad_loss=None):
        """Returns the operation that makes one update, for `Session.run`.

        Args:
            loss: Tensor; or a function that returns the loss, then the update is made at once.
            global_step: Variable that counts, or None.
            var_list: List of variables; by default all that the loss depends on and that train.
            gate_gradients, aggregation_method, colocate_gradients_with_ops: TensorFlow's hints.
            name: String, of the operation.
            grad_loss: Tensor, what the gradient begins with.
        """
        if callable(loss) and not isinstance(loss, Operand):
            return super().minimize(loss, var_list or ops.variables())
        pairs = self.compute_gradients(loss, var_list, grad_loss=grad_loss)
        return self.apply_gradients(pairs, global_step)

    def compute_gradients(self, loss, var_list=None, gate_gradients=1, aggregation_method=None,
                          colocate_gradients_with_ops=False, grad_loss=None):
        """Returns a list of `(gradient, variable)`. See `minimize`."""
        if var_list is None:
            found, _ = ancestors([loss])
            var_list = [v for v in found if isinstance(v, Variable) and v.trainable]
        params = list(var_list)
        weighted = loss if grad_loss is None else loss * grad_loss
        return list(zip(K.gradients(weighted, params), params))

    def apply_gradients(self, grads_and_vars, global_step=None, name=None):
        """Returns the operation that updates the variables; makes it at once for values."""
        pairs = [(gradient, v) for gradient, v in grads_and_vars if gradient is not None]
        if not any(isinstance(gradient, Operand) for gradient, _ in pairs):
            return super().apply_gradients(pairs)
        grads, params = (list(column) for column in zip(*pairs))
        with running.recording():
            changes = list(self.compute_updates(params, self.clip_gradients(grads)))
            if global_step is not None:
                changes.append((global_step, global_step + 1))
        return _ApplyNode(changes).outputs[0]

    def get_slot(self, var, name):
        """Returns the variable that the optimizer keeps for `var`, or None."""
        slots = self.__dict__.get("_slots", {}).get(var, [])
        names = {"momentum": "moment", "rms": "accumulator"}
        return dict(zip(self.slot_names, slots)).get(names.get(name, name))

    def get_slot_names(self):
        """Returns the names of what it keeps."""
        return list(self.slot_names)

    def variables(self):
        """Returns its variables."""
        return self.weights


def _rate(value):
    """A number, or the symbolic rate of one of the decays below, as a schedule."""
    return getattr(value, "schedule", value)


class GradientDescentOptimizer(_Of1, optimizers.SGD):
    """`tf.keras.optimizers.SGD` of TensorFlow 1."""

    def __init__(self, learning_rate, use_locking=False, name="GradientDescent"):
        super().__init__(_rate(learning_rate), name=name)


class MomentumOptimizer(_Of1, optimizers.SGD):
    """Gradient descent with momentum, of TensorFlow 1."""

    def __init__(self, learning_rate, momentum, use_locking=False, name="Momentum",
                 use_nesterov=False):
        super().__init__(_rate(learning_rate), momentum, use_nesterov, name=name)


class AdamOptimizer(_Of1, optimizers.Adam):
    """Adam of TensorFlow 1."""

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8,
                 use_locking=False, name="Adam"):
        super().__init__(_rate(learning_rate), beta1, beta2, epsilon=epsilon, name=name)


class AdagradOptimizer(_Of1, optimizers.Adagrad):
    """Adagrad of TensorFlow 1: its sums begin at `initial_accumulator_value`."""

    def __init__(self, learning_rate, initial_accumulator_value=0.1, use_locking=False,
                 name="Adagrad"):
        super().__init__(_rate(learning_rate), epsilon=0.0, name=name)
        self.first = float(initial_accumulator_value)

    def build(self, params):
        known = set(self.__dict__.get("_slots", {}))
        super().build(params)
        for param in params:
            if param not in known:
                for slot in self._slots[param]:
                    slot.set_value(np.full(tuple(slot.shape), self.first, slot.dtype))


class AdadeltaOptimizer(_Of1, optimizers.Adadelta):
    """Adadelta of TensorFlow 1."""

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-8, use_locking=False,
                 name="Adadelta"):
        super().__init__(_rate(learning_rate), rho, epsilon=epsilon, name=name)


class RMSPropOptimizer(_Of1, optimizers.RMSprop):
    """RMSprop of TensorFlow 1, whose average begins at 1 and has `epsilon` under the root.

    Raises:
        ValueError: for `momentum` or `centered`.
    """

    def __init__(self, learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, use_locking=False,
                 centered=False, name="RMSProp"):
        if momentum or centered:
            raise ValueError("RMSPropOptimizer has neither momentum nor centered=True here.")
        super().__init__(_rate(learning_rate), decay, epsilon=epsilon, name=name)

    def step(self, param, gradient, slots, rate, rho, rest):
        average = rho * slots[0] + rest * K.square(gradient)
        return [param - rate * gradient / K.sqrt(average + self.epsilon), average]

    def build(self, params):
        known = set(self.__dict__.get("_slots", {}))
        super().build(params)
        for param in params:
            if param not in known:
                for slot in self._slots[param]:
                    slot.set_value(np.ones(tuple(slot.shape), slot.dtype))


# ---- decays: a tensor of the step, which optimizers take as a schedule


def _decayed(schedule, step):
    rate = schedule(step)
    if isinstance(rate, Tensor):
        rate.schedule = schedule
    return rate


def exponential_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False,
                      name=None):
    """`learning_rate * decay_rate ** (global_step / decay_steps)`."""
    return _decayed(
        schedules.ExponentialDecay(learning_rate, decay_steps, decay_rate, staircase), global_step
    )


def natural_exp_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False,
                      name=None):
    """`learning_rate * exp(-decay_rate * global_step / decay_steps)`."""
    return exponential_decay(learning_rate, global_step, decay_steps, float(np.exp(-decay_rate)),
                             staircase)


def inverse_time_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False,
                       name=None):
    """`learning_rate / (1 + decay_rate * global_step / decay_steps)`."""
    return _decayed(
        schedules.InverseTimeDecay(learning_rate, decay_steps, decay_rate, staircase), global_step
    )


def polynomial_decay(learning_rate, global_step, decay_steps, end_learning_rate=0.0001, power=1.0,
                     cycle=False, name=None):
    """See `tf.keras.optimizers.schedules.PolynomialDecay`."""
    return _decayed(
        schedules.PolynomialDecay(learning_rate, decay_steps, end_learning_rate, power, cycle),
        global_step,
    )


def cosine_decay(learning_rate, global_step, decay_steps, alpha=0.0, name=None):
    """See `tf.keras.optimizers.schedules.CosineDecay`."""
    return _decayed(schedules.CosineDecay(learning_rate, decay_steps, alpha), global_step)


def piecewise_constant(x, boundaries, values, name=None):
    """`values[0]` up to the step `boundaries[0]`, then `values[1]`, and so on."""
    return _decayed(schedules.PiecewiseConstantDecay(boundaries, values), x)


piecewise_constant_decay = piecewise_constant


# ---- steps and averages


def get_global_step(graph=None):
    """Returns the variable that counts the steps, or None."""
    found = (graph or ops.get_default_graph()).get_collection(ops.GraphKeys.GLOBAL_STEP)
    return found[0] if found else None


def get_or_create_global_step(graph=None):
    """Returns the variable that counts the steps."""
    found = get_global_step(graph)
    if found is None:
        found = Variable(0, "int64", name="global_step:0", trainable=False)
        (graph or ops.get_default_graph()).add_to_collection(ops.GraphKeys.GLOBAL_STEP, found)
    return found


create_global_step = get_or_create_global_step


def global_step(sess, global_step_tensor):
    """Returns the number of steps."""
    return int(global_step_tensor.eval())


class ExponentialMovingAverage:
    """Averages of variables that follow them slowly.

    Args:
        decay: Float, the part that stays.
        num_updates: Integer or tensor; the decay is then at most `(1 + n) / (10 + n)`.
        zero_debias: Not provided.
        name: String.
    """

    def __init__(self, decay, num_updates=None, zero_debias=False, name="ExponentialMovingAverage"):
        if zero_debias:
            raise ValueError("ExponentialMovingAverage has no zero_debias here.")
        self.decay, self.num_updates, self.name = decay, num_updates, name
        self._averages = {}

    def apply(self, var_list=None):
        """Updates the averages: at once, or returns the operation that does."""
        variables = list(var_list if var_list is not None else ops.variables())
        decay = self.decay
        if self.num_updates is not None:
            decay = K.minimum(decay, (1.0 + self.num_updates) / (10.0 + self.num_updates))
        for variable in variables:
            if variable not in self._averages:
                value = variable.get_value()
                self._averages[variable] = Variable(value, variable.dtype, trainable=False)
        pairs = [(self._averages[v], v) for v in variables]
        if running.eager() is not None:
            for mine, v in pairs:
                mine.assign(mine * decay + v * (1 - decay))
            return None
        return _ApplyNode([(mine, mine * decay + v * (1 - decay)) for mine, v in pairs]).outputs[0]

    def average(self, var):
        """Returns the variable of the average of `var`, or None."""
        return self._averages.get(var)

    def average_name(self, var):
        """Returns the name under which the average of `var` is kept."""
        return f"{var.name.rpartition(':')[0]}/{self.name}"

    def variables_to_restore(self, moving_avg_variables=None):
        """Returns a dict from names to variables, for `Saver`."""
        return {self.average_name(v): v for v in self._averages}


globals().update({name: getattr(checkpoints, name) for name in checkpoints.__all__})


__getattr__ = teller("train")
