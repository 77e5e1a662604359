"""From graphs to numbers: `eval`, `function`, `gradients`, and writes to variables."""

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend import running
from hornbeam.backend.executable import Executable
from hornbeam.backend.learning_phase import LearningPhase, fixed_learning_phase
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.program import Program
from hornbeam.backend.tensors import Node, Operand, Tensor, Variable


def default_training():
    """The learning phase where nobody feeds it: as set, else test."""
    return bool(fixed_learning_phase() or 0)


# ---- reading


def evaluate(x, feed_dict=None):
    """Computes `x` now; returns a NumPy array of the caller's own.

    Args:
        x: Tensor, variable, array, or nested lists and tuples of them.
        feed_dict: Dict from placeholder (or any tensor) to array.
    """
    if isinstance(x, (list, tuple)):
        return type(x)(evaluate(item, feed_dict) for item in x)
    if isinstance(x, Variable):
        eager = running.eager()
        return np.array(eager.tensor(x).numpy()) if eager and eager.is_tracing() else x.get_value()
    if not isinstance(x, Tensor):
        return np.array(x)
    feed_dict = feed_dict or {}
    training = default_training()
    for tensor, value in feed_dict.items():
        if isinstance(tensor, LearningPhase):
            training = bool(value)
    with wide_scope(x.wide):
        program = Program(training=training)
        program.layers_write = "none"
        for tensor, value in feed_dict.items():
            program.bind(tensor, jnp.asarray(value, tensor.dtype))
        with running.activate(program):
            value = np.array(program.resolve(x))
        program.commit()
    return value


def eval(x):
    """Computes a tensor, variable or array now; returns a NumPy array."""
    return evaluate(x)


def get_value(x):
    """Returns the value of a variable (or of any tensor that needs no input) as a NumPy array."""
    return evaluate(x)


def batch_get_value(ops):
    """Returns the values of a list of variables as a list of NumPy arrays."""
    return [evaluate(x) for x in ops]


def set_value(x, value):
    """Sets the variable `x` to a NumPy array.

    Raises:
        ValueError: if the shape is another.
    """
    x.set_value(value)


def batch_set_value(tuples):
    """Sets many variables.

    Args:
        tuples: List of `(variable, array)`. Nothing is set unless all shapes fit.
    """
    tuples = [(variable, np.asarray(value)) for variable, value in tuples]
    for variable, value in tuples:
        if value.shape != tuple(variable.shape) and value.size != variable.shape.num_elements():
            raise ValueError(
                f"Variable {variable.name} has shape {tuple(variable.shape)}; "
                f"a value of shape {value.shape} was given."
            )
    for variable, value in tuples:
        variable.set_value(value)


# ---- writing


class UpdateNode(Node):
    """A write to a variable that happens when a program resolves its output."""

    name = "update"

    def __init__(self, variable, source):
        super().__init__([source] if isinstance(source, Operand) else [], wide=variable.wide)
        self.variable = variable
        self.source = source
        self.outputs = [Update(variable, self)]

    def run(self, program):
        return [program.write(self.variable, self.value(program))]

    def value(self, program):
        """Computes the new value without writing it."""
        return program.resolve(self.source) if isinstance(self.source, Operand) else self.source


class Update(Tensor):
    """The new value of a variable; resolving it writes the variable."""

    def __init__(self, variable, node):
        super().__init__(variable.shape, variable.dtype, node)
        self.variable = variable
        self.source = node.source


def update(x, new_x):
    """Sets variable `x` to `new_x` when a program runs it; at once inside a running program.

    Returns:
        The update: a tensor of the new value, for `K.function(..., updates=[...])` or `add_update`.
    """
    program = running.program()
    if program is not None:
        return program.write(x, program.resolve(new_x) if isinstance(new_x, Operand) else new_x)
    eager = running.eager()
    if eager is not None and not eager.has_graph(new_x):
        eager.assign(x, new_x)
        return x
    if isinstance(new_x, Operand) and new_x.shape != x.shape and None not in new_x.shape:
        raise ValueError(
            f"An update of variable {x.name} has shape {tuple(new_x.shape)}; the variable has "
            f"shape {tuple(x.shape)}."
        )
    return UpdateNode(x, new_x).outputs[0]


def update_add(x, increment):
    """Adds `increment` to variable `x`. See `update`."""
    return update(x, x + increment)


def update_sub(x, decrement):
    """Subtracts `decrement` from variable `x`. See `update`."""
    return update(x, x - decrement)


def assign(x, value):
    """`Variable.assign`: writes an array at once, a symbolic tensor when a program runs it."""
    eager = running.eager()
    if running.program() is None and eager is None and not isinstance(value, Operand):
        x.set_value(np.asarray(value))
        return x
    return update(x, value)


def normalize_updates(updates):
    """Returns a flat list of `(variable, new value)` from updates, pairs and nested lists."""
    pairs = []
    for item in updates or ():
        if isinstance(item, Update):
            pairs.append((item.variable, item.source))
        elif isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], Variable):
            pairs.append(item)
        elif isinstance(item, (list, tuple)):
            pairs.extend(normalize_updates(item))
        elif isinstance(item, Tensor):
            pairs.append((None, item))  # run for its effects
        elif item is not None:
            raise TypeError(
                f"An update must be what K.update returns or a pair (variable, new value); "
                f"got {item!r}."
            )
    return pairs


def apply_updates(program, pairs):
    """Computes all new values, then writes them, so that each is made of the old ones."""
    values = [
        program.resolve(value) if isinstance(value, Operand) else value for _, value in pairs
    ]
    for (variable, _), value in zip(pairs, values):
        if variable is not None:
            program.write(variable, value)


# ---- functions


class Function:
    """A compiled function of a graph. See `function`."""

    def __init__(self, inputs, outputs, updates=None, name=None, feed_dict=None):
        for tensor in inputs:
            if not isinstance(tensor, Operand):
                raise TypeError(f"The inputs of K.function must be tensors; got {tensor!r}.")
        self.inputs = list(inputs)
        self.single = not isinstance(outputs, (list, tuple, dict))
        self.outputs = [outputs] if self.single else outputs
        self.updates = normalize_updates(updates)
        self.name = name
        self.feed_dict = dict(feed_dict or {})
        self.wide = any(
            isinstance(t, Operand) and t.wide
            for t in (*self.inputs, *self._flat_outputs(), *(v for _, v in self.updates))
        )
        self._executables = {}

    def _flat_outputs(self):
        return list(self.outputs.values()) if isinstance(self.outputs, dict) else self.outputs

    def __call__(self, inputs=()):
        if not isinstance(inputs, (list, tuple)):
            inputs = [inputs]
        if len(inputs) != len(self.inputs):
            raise ValueError(
                f"This K.function takes {len(self.inputs)} inputs; {len(inputs)} were given."
            )
        training = default_training()
        arrays, tensors = [], []
        for tensor, value in (*zip(self.inputs, inputs), *self.feed_dict.items()):
            if isinstance(tensor, LearningPhase):
                training = bool(value)
                continue
            arrays.append(_as_fed(value, tensor))
            tensors.append(tensor)
        key = (training, tuple((a.shape, a.dtype) for a in arrays))
        executable = self._executables.get(key)
        if executable is None:
            executable = Executable(self._body(tensors), arrays, training, self.wide)
            self._executables[key] = executable
        values = [np.array(value) for value in executable(arrays)]
        if isinstance(self.outputs, dict):
            return dict(zip(self.outputs, values))
        return values[0] if self.single else values

    def _body(self, tensors):
        def body(program, arrays):
            program.layers_write = "none"
            for tensor, array in zip(tensors, arrays):
                program.bind(tensor, jnp.asarray(array, tensor.dtype))
            outputs = [
                program.resolve(x) if isinstance(x, Operand) else jnp.asarray(x)
                for x in self._flat_outputs()
            ]
            apply_updates(program, self.updates)
            return outputs

        return body


def _as_fed(value, tensor):
    """Checks a value for a tensor; 64-bit numbers travel in the tensor's own dtype."""
    if hasattr(value, "tocoo"):  # SciPy sparse
        value = value.toarray()
    value = np.asarray(value.eval() if isinstance(value, Operand) else value)
    if value.dtype == object:
        raise ValueError(
            f"The value for {tensor.name} has dtype object. Expected numbers in one array; "
            "rows of different lengths must be padded first."
        )
    shape = tuple(tensor.shape)
    if len(value.shape) != len(shape) or any(
        want is not None and want != got for want, got in zip(shape, value.shape)
    ):
        raise ValueError(
            f"Cannot feed a value of shape {value.shape} to {tensor.name}, which has shape "
            f"{shape}."
        )
    if value.dtype.itemsize == 8:
        value = value.astype(tensor.dtype)
    return value


def function(inputs, outputs, updates=None, **kwargs):
    """Makes a compiled function of a graph.

    Args:
        inputs: List of placeholders; any other tensor may be fed as well, and
            `K.learning_phase()`.
        outputs: List of tensors (or one tensor, or a dict of them).
        updates: List of what `K.update` returns, or of pairs `(variable, new value)`. They are
            computed from the old values and written after the outputs.
        **kwargs: `name`, a string, and `feed_dict`, a dict of further fed tensors.

    Returns:
        A function from a list of arrays to a list of NumPy arrays.

    Raises:
        ValueError: for an unknown keyword.
    """
    unknown = set(kwargs) - {"name", "feed_dict", "givens", "options", "run_metadata"}
    if unknown:
        raise ValueError(f"Invalid argument {sorted(unknown)[0]!r} passed to K.function.")
    if kwargs.get("givens"):
        raise ValueError("K.function's `givens` belongs to Theano; feed the tensors instead.")
    return Function(
        inputs, outputs, updates, name=kwargs.get("name"), feed_dict=kwargs.get("feed_dict")
    )


# ---- gradients


class GradientOfValueError(TypeError):
    """`K.gradients` was asked inside running code, where values have forgotten their origin."""


class GradientNode(Node):
    """Differentiates the sub-graph from `variables` to `loss`."""

    name = "gradients"

    def __init__(self, loss, variables):
        losses = list(loss) if isinstance(loss, (list, tuple)) else [loss]
        super().__init__([*losses, *variables])
        self.losses = losses
        self.variables = variables
        self.groups = independent_groups(variables)
        self.outputs = [Tensor(v.shape, v.dtype, self, i) for i, v in enumerate(variables)]

    def run(self, program):
        found = {}
        for group in self.groups:
            found.update(zip(group, self._gradients(program, group)))
        return [found[variable] for variable in self.variables]

    def _gradients(self, program, variables):
        values = [program.resolve(v) for v in variables]

        def total(points):
            scope = program.child(isolated=True)
            for variable, point, value in zip(variables, points, values):
                scope.bind(variable, point)
                if program.mask_of(value) is not None:
                    scope.set_mask(point, program.mask_of(value))
            with running.activate(scope):
                return sum(jnp.sum(scope.resolve(loss)) for loss in self.losses)

        return jax.grad(total)(values)


def gradients(loss, variables):
    """Returns the gradients of `loss` with respect to each of `variables`.

    Args:
        loss: Tensor; if it is not a scalar, the gradients of its sum. A list means the sum of all.
        variables: List of tensors and variables, or one.

    Returns:
        A list of tensors; None where `loss` does not depend on the variable, or where that holds
        integers.
    """
    single = not isinstance(variables, (list, tuple))
    wanted = [variables] if single else list(variables)
    losses = loss if isinstance(loss, (list, tuple)) else [loss]
    for item in (*losses, *wanted):
        if not isinstance(item, Operand):
            raise GradientOfValueError(
                f"K.gradients needs tensors of the graph; got a value of type "
                f"{type(item).__name__}."
            )
    program = running.program()
    floats = [item for item in wanted if item.dtype.is_floating]
    node = GradientNode(loss, floats)
    if program is not None:
        found = dict(zip(floats, node.run(program)))
    else:
        reached, hidden = ancestors(losses)
        found = {
            variable: gradient
            for gradient, variable in zip(node.outputs, floats)
            if hidden or variable in reached
        }
    return [found.get(variable) for variable in wanted]


def independent_groups(tensors):
    """Splits tensors so that none in a group depends on another of it.

    The points of a gradient are values of their own: one that is made of another would hide how
    the loss depends on that.
    """
    groups = []
    for tensor in sorted(dict.fromkeys(tensors), key=_order):
        made_of, _ = ancestors([tensor])
        for group in groups:
            if not any(other in made_of for other in group):
                group.append(tensor)
                break
        else:
            groups.append([tensor])
    return groups


def _order(tensor):
    """Placeholders and variables first, then in the order in which they were recorded."""
    return -1 if tensor.node is None else tensor.node.serial


def ancestors(tensors):
    """Finds what tensors depend on.

    Returns:
        The set of tensors and variables, with `tensors` themselves, and whether a user's function
        may hide more.
    """
    seen, hidden, stack = set(), False, list(tensors)
    while stack:
        operand = stack.pop()
        if operand in seen or not isinstance(operand, Operand):
            continue
        seen.add(operand)
        if getattr(operand, "default", None) is not None:
            stack.append(operand.default)
        if operand.node is not None:
            hidden = hidden or operand.node.has_closures
            stack.extend(operand.node.reads)
    return seen, hidden
