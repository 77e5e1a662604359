"""`Metric`: a running value over batches; and the metrics that are sums and means."""

import contextlib
import functools
import re

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam import allowance, initializers
from hornbeam.backend import names, running
from hornbeam.backend.function import apply_updates, evaluate, normalize_updates, update_add
from hornbeam.backend.ops import infer
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.program import Program
from hornbeam.backend.tensors import (
    Node,
    Operand,
    Tensor,
    Variable,
    dtype_name,
    replace_operands,
    sources_of,
)
from hornbeam.backend.variables import constant
from hornbeam.losses.reduction import broadcast_weights, squeeze_or_expand_dimensions


def _snake_case(name):
    """`MeanIoU` -> `mean_io_u`; the stem of a metric's automatic name, cut as layers' names are."""
    partly = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", partly).lower()
    return "private" + snake if snake.startswith("_") else snake


class Metric:
    """Base of all metrics.

    To write one: make state in `__init__` with `add_weight`, change it in `update_state` with
    `assign_add`, `assign` or `K.update_add`, and compute the value from it in `result`.

    `update_state` on arrays changes the state at once. On symbolic tensors it returns an update
    for `K.function(..., updates=...)` or `K.eval`. Inside a training program it becomes a part of
    it. Calling the metric updates the state and returns the result.

    Args:
        name: String; None makes one of the class's name and a counter.
        dtype: Name of the dtype of the state and the result; None means `floatx()`.

    Raises:
        TypeError: for another keyword argument.

    Source: Keras 2.3.1; `reset_state` and `variables` are tf.keras' names.
    """

    stateful = True
    built = True
    updates = ()  # beside those that computing a tensor of the metric makes

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if "update_state" in own:
            cls.update_state = _accumulating(own["update_state"])
        if "result" in own:
            cls.result = _resolved(own["result"])
        if "reset_state" in own and "reset_states" not in own:
            cls.reset_states = own["reset_state"]
        elif "reset_states" in own and "reset_state" not in own:
            cls.reset_state = own["reset_states"]

    def __init__(self, name=None, dtype=None, **kwargs):
        if kwargs:
            raise TypeError(
                f"Keyword argument not understood by {type(self).__name__}: "
                f"{sorted(kwargs)[0]!r}. A metric takes 'name' and 'dtype' beside its own."
            )
        if name is None:
            name = names.automatic(_snake_case(type(self).__name__))
        self.name = name
        self.dtype = dtype_name(dtype)
        self._weights = []

    # ---- what subclasses write

    def update_state(self, *args, **kwargs):
        """Adds a batch to the state."""
        raise NotImplementedError(f"{type(self).__name__} must implement update_state().")

    def result(self):
        """Returns the value so far, a tensor; it changes nothing."""
        raise NotImplementedError(f"{type(self).__name__} must implement result().")

    def reset_states(self):
        """Sets the state to zeros, as training does at the start of each epoch."""
        for variable in self.weights:
            variable.set_value(np.zeros(variable.shape, variable.dtype))

    reset_state = reset_states

    def get_config(self):
        """Returns the arguments of the constructor, as a dict."""
        # A compiled model puts the output's name before it; a copy will get it there again.
        return {"name": self.__dict__.get("own_name", self.name), "dtype": str(self.dtype)}

    @classmethod
    def from_config(cls, config):
        """Makes a metric from what `get_config` returned."""
        return cls(**config)

    # ---- state

    def add_weight(self, name, shape=(), initializer=None, dtype=None):
        """Makes a variable of the state.

        Args:
            name: String.
            shape: Tuple of ints, default a scalar.
            initializer: Name, `Initializer` or function of a shape; None means zeros.
            dtype: Name of its dtype; None means the metric's.
        """
        dtype = dtype_name(self.dtype if dtype is None else dtype)
        allowance.charge(shape, 8, f"the state {name!r} of {self.name}")
        make = initializers.get("zeros" if initializer is None else initializer)
        value = evaluate(make(tuple(shape), dtype=dtype))
        variable = Variable(value, dtype, name=f"{self.name}/{name}:0", trainable=False)
        self._weights.append(variable)
        return variable

    def add_update(self, updates, inputs=None):
        """Makes pairs `(variable, new value)` part of the update.

        What `K.update` returns needs no `add_update`: it is written where it is called.

        Args:
            updates: A pair, or a list.
            inputs: Any. An update of a metric runs with the metric, whatever it depends on.
        """
        if isinstance(updates, tuple) and updates and isinstance(updates[0], Variable):
            updates = [updates]
        pairs = [item for item in updates if isinstance(item, tuple)]
        with _program_for(self) as program:
            apply_updates(program, normalize_updates(pairs))

    @property
    def weights(self):
        """The variables of the state, with those of the metrics that this one holds."""
        found = list(self._weights)
        for part in vars(self).values():
            for metric in part if isinstance(part, (list, tuple)) else [part]:
                if isinstance(metric, Metric):
                    found.extend(metric.weights)
        return found

    variables = non_trainable_weights = non_trainable_variables = weights

    @property
    def trainable_weights(self):
        """An empty list: training changes no metric."""
        return []

    trainable_variables = trainable_weights

    def get_weights(self):
        """Returns the values of `weights`, as a list of NumPy arrays."""
        return [variable.get_value() for variable in self.weights]

    def set_weights(self, weights):
        """Sets the values of `weights` from a list of arrays.

        Raises:
            ValueError: if the number or a shape is another; nothing is set then.
        """
        shapes = [np.shape(weight) for weight in weights]
        expected = [tuple(variable.shape) for variable in self.weights]
        if shapes != expected:
            raise ValueError(
                f"The metric {self.name} has weights of shapes {expected}; {shapes} were given."
            )
        for variable, weight in zip(self.weights, weights):
            variable.set_value(weight)

    # ---- running

    def __call__(self, *args, **kwargs):
        """Adds a batch and returns the result: a tensor."""
        result = _run(self, _update_and_result, args, kwargs)
        if running.program() is None:
            if not isinstance(result, Operand):
                result = constant(result, dtype=str(result.dtype))
            result._metric_obj = self
        return result


def _update_and_result(metric, *args, **kwargs):
    metric.update_state(*args, **kwargs)
    return metric.result()


def _accumulating(update_state):
    """Makes a subclass's `update_state` run in a program, whoever calls it."""

    @functools.wraps(update_state)
    def run(self, *args, **kwargs):
        return _run(self, update_state, args, kwargs)

    return run


def _resolved(result):
    """Makes a subclass's `result` return a value inside a program, never a variable."""

    @functools.wraps(result)
    def run(self):
        program, eager = running.program(), running.eager()
        if program is None and eager is not None:
            return eager.unit(self, run, (), {})
        value = result(self)
        if program is not None and isinstance(value, Operand):
            value = program.resolve(value)
        return value

    return run


def _run(metric, method, args, kwargs):
    """Calls `method(metric, *args, **kwargs)` in the running program, in one of its own, or later.

    Symbolic arguments outside a program record a node instead, which does it when it is resolved.
    """
    if running.program() is None:
        eager = running.eager()
        if eager is not None and not eager.has_graph((args, kwargs)):
            args = [_as_array(x) for x in args]
            kwargs = {key: _as_array(x) for key, x in kwargs.items()}
            return eager.unit(metric, method, args, kwargs)
        if sources_of((args, kwargs)):
            return _record(metric, method, args, kwargs)
    with _program_for(metric) as program:
        args = [_as_array(x) for x in replace_operands(args, program.resolve)]
        kwargs = {key: _as_array(x) for key, x in replace_operands(kwargs, program.resolve).items()}
        return method(metric, *args, **kwargs)


@contextlib.contextmanager
def _program_for(metric):
    """Context of the running program; without one, of a new one that is committed at the end."""
    program = running.program()
    if program is not None:
        yield program
        return
    wide = any(variable.wide for variable in metric.weights)
    with wide_scope(wide):
        program = Program()
        with running.activate(program):
            yield program
        program.commit()


def _as_array(x):
    """Returns lists of numbers and NumPy arrays as arrays of the program; others as they are."""
    if isinstance(x, (list, tuple)):
        leaves = jax.tree_util.tree_leaves(x)
        if not leaves or not all(isinstance(leaf, (int, float, np.generic)) for leaf in leaves):
            return x
        return jnp.asarray(np.asarray(x))
    return jnp.asarray(x) if isinstance(x, (np.ndarray, np.generic)) else x


class _MetricNode(Node):
    """A call of a metric on symbolic tensors."""

    name = "metric"
    has_closures = True  # what the user's method reads is not known

    def __init__(self, metric, method, args, kwargs):
        super().__init__([*sources_of((args, kwargs)), *metric.weights])
        self.metric, self.method = metric, method
        self.args, self.kwargs = args, kwargs

    def run(self, program):
        value = _run(self.metric, self.method, self.args, self.kwargs)
        if self.method is _update_and_result:
            return [jnp.asarray(value)]
        return [jnp.zeros((), self.metric.dtype)]  # an update has no value of interest


def _record(metric, method, args, kwargs):
    node = _MetricNode(metric, method, args, kwargs)
    (spec,) = infer(node.run, node.sources, node.wide)
    node.outputs = [Tensor(*spec[:2], node)]
    return node.outputs[0]


# ---- sums and means


class Reduction:
    """How a `Reduce` metric makes one number of all values."""

    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    WEIGHTED_MEAN = "weighted_mean"


class Reduce(Metric):
    """A sum or mean of values.

    Args:
        reduction: `'sum'`; `'weighted_mean'`, the weighted sum divided by the sum of the weights;
            or `'sum_over_batch_size'`, the weighted sum divided by the number of values.
        name: String.
        dtype: Name of the dtype; None means `floatx()`.

    Raises:
        ValueError: for another reduction.
    """

    def __init__(self, reduction, name, dtype=None):
        super().__init__(name=name, dtype=dtype)
        known = (Reduction.SUM, Reduction.SUM_OVER_BATCH_SIZE, Reduction.WEIGHTED_MEAN)
        if reduction not in known:
            raise ValueError(f"Unknown reduction: {reduction!r}. Expected one of {known}.")
        self.reduction = reduction
        self.total = self.add_weight("total", initializer="zeros")
        if reduction != Reduction.SUM:
            self.count = self.add_weight("count", initializer="zeros")

    def update_state(self, values, sample_weight=None):
        """Adds values.

        Args:
            values: Array of any shape.
            sample_weight: None, a scalar, or an array that broadcasts to `values`; `(batch,)` is
                one weight for each sample.

        Raises:
            ValueError: if the weights do not broadcast to the values.
        """
        values = jnp.asarray(values, self.dtype)
        if sample_weight is not None:
            sample_weight = jnp.asarray(sample_weight, self.dtype)
            values, _, sample_weight = squeeze_or_expand_dimensions(
                values, sample_weight=sample_weight
            )
            sample_weight = jnp.broadcast_to(broadcast_weights(values, sample_weight), values.shape)
            values = values * sample_weight
        updates = [update_add(self.total, jnp.sum(values))]
        if self.reduction == Reduction.WEIGHTED_MEAN and sample_weight is not None:
            updates.append(update_add(self.count, jnp.sum(sample_weight)))
        elif self.reduction != Reduction.SUM:
            updates.append(update_add(self.count, float(values.size)))
        return updates

    def result(self):
        return self.total if self.reduction == Reduction.SUM else self.total / self.count

    def get_config(self):
        own = {"reduction": self.reduction} if type(self) is Reduce else {}
        return {**super().get_config(), **own}


class Sum(Reduce):
    """The weighted sum of values.

    Args:
        name: String, default `'sum'`.
        dtype: Name of the dtype; None means `floatx()`.

    Example:
        >>> total = Sum()
        >>> float(total([1, 3, 5, 7], sample_weight=[1, 1, 0, 0]))
        4.0
    """

    def __init__(self, name="sum", dtype=None):
        super().__init__(Reduction.SUM, name, dtype=dtype)


class Mean(Reduce):
    """The weighted mean of values; NaN before the first.

    Args:
        name: String, default `'mean'`.
        dtype: Name of the dtype; None means `floatx()`.

    Example:
        >>> mean = Mean()
        >>> float(mean([1, 3, 5, 7]))
        4.0
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(Reduction.WEIGHTED_MEAN, name, dtype=dtype)


class MeanMetricWrapper(Mean):
    """The mean of what a function of targets and predictions returns.

    Args:
        fn: Function `fn(y_true, y_pred, **kwargs)` that returns a value for each sample, or for
            each element, or one for the batch (then each batch counts as one value).
        name: String; None means `'mean'`.
        dtype: Name of the dtype in which `fn` is given its arguments; None means `floatx()`.
        **kwargs: Further arguments of `fn`.
    """

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name="mean" if name is None else name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: Targets.
            y_pred: Predictions, of the same shape; where ranks differ by one, a last axis of
                size 1 is taken away.
            sample_weight: As in `Reduce.update_state`.
        """
        y_true = jnp.asarray(y_true, self.dtype)
        y_pred = jnp.asarray(y_pred, self.dtype)
        y_pred, y_true = squeeze_or_expand_dimensions(y_pred, y_true)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        if values is None:
            raise TypeError(
                f"The metric function {self.name!r} returned None. It must return its values."
            )
        return super().update_state(values, sample_weight=sample_weight)

    def get_config(self):
        own = {"fn": self._fn} if type(self) is MeanMetricWrapper else {}
        config = {
            key: evaluate(value).tolist() if isinstance(value, Operand) else value
            for key, value in self._fn_kwargs.items()
        }
        return {**super().get_config(), **own, **config}
