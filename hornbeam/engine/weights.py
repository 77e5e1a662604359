"""What a layer owns: weights, layers inside it, losses and updates, in Keras's order."""

import contextlib
import contextvars
import inspect

import numpy as np

from hornbeam.backend import running
from hornbeam.backend.config import conventions
from hornbeam.backend.function import ancestors
from hornbeam.backend.tensors import Operand, Variable
from hornbeam.bytecode import portable, unpacked
from hornbeam.engine import eagerly
from hornbeam.initializers import draws_later, makes_new_arrays

WEIGHT_ARGUMENTS = {
    "name": None,
    "shape": None,
    "dtype": None,
    "initializer": None,
    "regularizer": None,
    "trainable": True,
    "constraint": None,
}
_KERAS_2_ORDER = tuple(WEIGHT_ARGUMENTS)
_KERAS_1_ORDER = ("shape", "initializer", "name", "trainable", "regularizer", "constraint")
# Arguments of tf.keras that ask for what happens here anyway.
_WITHOUT_EFFECT = ("use_resource", "synchronization", "aggregation", "partitioner", "getter")


def add_weight_arguments(layer, args, kwargs):
    """Sorts the arguments of `add_weight` in any of the orders that Keras has had."""
    shape_first = bool(args) and isinstance(args[0], (tuple, list))
    order = _KERAS_1_ORDER if shape_first else _KERAS_2_ORDER
    if len(args) > len(order):
        raise TypeError(f"{layer.name}.add_weight takes at most {len(order)} arguments.")
    if len(args) > 2 and not shape_first and not _is_dtype(args[2]):
        order = ("name", "shape", "initializer", "regularizer", "trainable", "constraint")
    wanted = dict(WEIGHT_ARGUMENTS)
    given = dict(zip(order, args))
    for name, value in kwargs.items():
        if name in _WITHOUT_EFFECT:
            continue
        if name not in wanted:
            raise TypeError(
                f"{layer.name}.add_weight got an unexpected argument {name!r}. "
                f"It takes {list(_KERAS_2_ORDER)}."
            )
        if name in given:
            raise TypeError(f"{layer.name}.add_weight got {name!r} twice.")
        given[name] = value
    wanted.update(given)
    if wanted["shape"] is None:
        wanted["shape"] = ()
    if wanted["trainable"] is None:
        wanted["trainable"] = True
    return wanted


def _is_dtype(value):
    if value is None or isinstance(value, (np.dtype, type)):
        return True
    if not isinstance(value, str):
        return False
    try:
        return value == "bfloat16" or np.dtype(value) is not None
    except TypeError:
        return False


_values_to_come = contextvars.ContextVar("hornbeam_values_to_come", default=False)


@contextlib.contextmanager
def values_to_come():
    """Context in which new weights are zeros, because a file is about to bring their values.

    No initializer is run: that takes time, and would draw from NumPy's random numbers, which a
    program that loads a model and trains on should find where they were.
    """
    token = _values_to_come.set(True)
    try:
        yield
    finally:
        _values_to_come.reset(token)


def new_variable(initializer, shape, dtype, name, label, trainable, constraint):
    """Makes the variable of a weight, with the value that its initializer gives it.

    Args:
        initializer: What `initial_value` calls.
        name: String or None, the weight's own name.
        label: String, the variable's name.
    """
    options = {"dtype": dtype, "name": label, "trainable": trainable, "constraint": constraint}
    if _values_to_come.get():
        zero = np.zeros((), dtype)
        return Variable(np.broadcast_to(zero, shape), **options, copy=False)  # takes no memory
    value = initial_value(initializer, shape, dtype, name, later=True)
    return Variable(value, **options, copy=not makes_new_arrays(initializer))


def initial_value(initializer, shape, dtype, name=None, later=False):
    """Calls an initializer, in the signature of any Keras, and returns a NumPy array.

    Args:
        initializer: `Initializer`, `f(shape, dtype=None)`, `f(shape)`, or Keras 1's
            `f(shape, scale, name)` and `f(shape, name=None)`.
        later: Bool; True may return a `Later` for many random numbers.
    """
    if later and draws_later(initializer, shape):
        return initializer.later(shape, dtype)
    accepted = None
    if not hasattr(initializer, "get_config"):
        try:
            accepted = inspect.signature(initializer).parameters
        except (TypeError, ValueError):
            accepted = None
    kwargs = {"dtype": dtype}
    if accepted is not None and "dtype" not in accepted:
        takes_any = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
        kwargs = {} if not takes_any else kwargs
        if "name" in accepted:
            kwargs["name"] = name
    with running.recording():
        value = initializer(shape, **kwargs)
    if isinstance(value, Operand):
        value = value.eval()
    value = np.asarray(value)
    if value.shape != tuple(shape):
        raise ValueError(
            f"The initializer {initializer!r} returned an array of shape {value.shape} for a "
            f"weight of shape {tuple(shape)}."
        )
    return value


def unique(items):
    """Removes repeats by identity, keeping order."""
    seen, result = set(), []
    for item in items:
        if id(item) not in seen:
            seen.add(id(item))
            result.append(item)
    return result


def frozen_variables(layer):
    """Returns the set of the variables of those layers inside that may not update theirs."""
    if not (layer.trainable or layer.stateful):
        return set(layer.weights)
    return {v for inner in layer._layers for v in frozen_variables(inner)}


class WeightsMixin:
    """Weights and inner layers of a layer. Attributes that hold them are tracked."""

    def _init_weights(self):
        # An attribute may have been set, and tracked, before `super().__init__()`.
        state = self.__dict__
        for name in ("_trainable_weights", "_non_trainable_weights", "_layers"):
            state.setdefault(name, [])
        for name in ("_weight_losses", "_losses", "_updates", "_metrics"):
            state.setdefault(name, [])

    def __setattr__(self, name, value):
        if not name.startswith("_inbound") and name not in _OWN_LISTS:
            self._track(value)
        if name == "trainable" and conventions() == "tf.keras":  # which sets it in all inner layers
            if value != self.__dict__.get(name, value):
                for layer in self._layers:
                    layer.trainable = value
        object.__setattr__(self, name, value)

    def _track(self, value):
        if isinstance(value, WeightsMixin):
            layers = self.__dict__.setdefault("_layers", [])
            if not any(value is layer for layer in layers):
                layers.append(value)
        elif isinstance(value, Variable):
            # Seen by `weights` where `add_weight` did not list it already.
            self.__dict__.setdefault("_tracked", []).append(value)
        elif isinstance(value, (list, tuple)):
            for item in value:
                if isinstance(item, WeightsMixin):
                    self._track(item)

    def __getstate__(self):
        """A layer for pickles and copies: without its calls, which belong to networks."""
        return portable(dict(self.__dict__, _inbound_nodes=[], _outbound_nodes=[]))

    def __setstate__(self, state):
        self.__dict__.update(unpacked(state))

    def __delattr__(self, name):
        value = self.__dict__.get(name)
        object.__delattr__(self, name)
        if isinstance(value, WeightsMixin):
            self._layers[:] = [layer for layer in self._layers if layer is not value]

    def _own_weights(self, trainable):
        own = self._trainable_weights if trainable else self._non_trainable_weights
        other = self._non_trainable_weights if trainable else self._trainable_weights
        known = {id(w) for w in (*own, *other)}
        tracked = [
            w
            for w in self.__dict__.get("_tracked", ())
            if id(w) not in known
            and w.trainable == trainable
            and any(w is v for v in self.__dict__.values())
        ]
        return own + tracked

    @property
    def trainable_weights(self):
        """List of the variables that training changes; empty if the layer is not trainable."""
        if not self.trainable:
            return []
        inner = [w for layer in self._layers for w in layer.trainable_weights]
        return unique(self._own_weights(True) + inner)

    @trainable_weights.setter
    def trainable_weights(self, weights):
        object.__setattr__(self, "_trainable_weights", list(weights))

    @property
    def non_trainable_weights(self):
        """List of the variables that training leaves alone."""
        inner = [w for layer in self._layers for w in layer.non_trainable_weights]
        if self.trainable:
            return unique(self._own_weights(False) + inner)
        frozen = self._own_weights(True)
        inner = [w for layer in self._layers for w in layer.trainable_weights] + inner
        return unique(frozen + self._own_weights(False) + inner)

    @non_trainable_weights.setter
    def non_trainable_weights(self, weights):
        object.__setattr__(self, "_non_trainable_weights", list(weights))

    @property
    def weights(self):
        """List of all variables: the trainable ones, then the others."""
        return self.trainable_weights + self.non_trainable_weights

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def constraints(self):
        """Dict from weight to constraint, of the trainable weights that have one.

        As in Keras 1, a layer's code may put constraints in: each goes to its weight.
        """
        own = self.__dict__.get("constraints")  # what a subclass keeps under the name
        if own is not None:
            return own
        return _Constraints(
            {w: w.constraint for w in self.trainable_weights if w.constraint is not None}
        )

    @constraints.setter
    def constraints(self, constraints):
        if isinstance(constraints, dict):
            for weight, constraint in constraints.items():
                weight.constraint = constraint
        else:
            self.__dict__["constraints"] = constraints

    def get_weights(self):
        """Returns the weights as a list of NumPy arrays, copies."""
        return [w.get_value() for w in self._layerwise_weights()]

    def _layerwise_weights(self):
        return self.weights

    def set_weights(self, weights):
        """Sets the weights from a list of arrays, in the order of `get_weights`.

        Raises:
            ValueError: if the number of arrays or a shape differs; nothing is set then.
        """
        variables = self._layerwise_weights()
        weights = [np.asarray(w) for w in weights]
        if len(variables) != len(weights):
            raise ValueError(
                f'You called `set_weights(weights)` on layer "{self.name}" with a weight list of '
                f"length {len(weights)}, but the layer was expecting {len(variables)} weights. "
                f"Expected shapes: {[tuple(v.shape) for v in variables]}."
            )
        for variable, value in zip(variables, weights):
            if tuple(variable.shape) != value.shape:
                raise ValueError(
                    f"Layer weight shape {tuple(variable.shape)} not compatible with provided "
                    f"weight shape {value.shape} (weight {variable.name} of layer {self.name})."
                )
        for variable, value in zip(variables, weights):
            variable.set_value(value)

    def _set_initial_weights(self):
        if self._initial_weights is not None:
            weights, self._initial_weights = self._initial_weights, None
            self.set_weights(weights)

    def count_params(self):
        """Returns how many numbers the weights hold.

        Raises:
            RuntimeError: if the layer is not built.
        """
        if not self.built:
            raise RuntimeError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't built. "
                "You can build it manually with `layer.build(input_shape)`."
            )
        return int(sum(np.prod(w.shape, dtype=np.int64) for w in self.weights))

    # ---- losses and updates

    def weight_losses(self):
        """Lists `(variable, regularizer)` of this layer and of those inside it."""
        found = list(self._weight_losses)
        for layer in self._layers:
            found.extend(layer.weight_losses())
        return found

    @property
    def losses(self):
        """List of the losses that this layer adds: of its weights, of `add_loss`, of its calls."""
        program = running.program()
        if program is None and running.eager() is not None:
            return eagerly.losses_of(self)
        own = [regularizer(weight) for weight, regularizer in self._weight_losses]
        own += [loss() if callable(loss) else loss for loss in self._losses]
        if program is None:
            for node in self._inbound_nodes:
                own += node.losses
        return own + [loss for layer in self._layers for loss in layer.losses]

    @property
    def updates(self):
        """List of the updates of variables that come with a training step."""
        if not self.trainable and not self.stateful:
            return []
        own = list(self._updates)
        if running.program() is None:
            for node in self._inbound_nodes:
                own += node.updates
        return own + [update for layer in self._layers for update in layer.updates]

    def get_losses_for(self, inputs=None):
        """Returns the losses that depend on `inputs`; for None, those that depend on none.

        Args:
            inputs: Tensor, list of tensors, or None.
        """
        return self._for(inputs, self.losses)

    def get_updates_for(self, inputs=None):
        """Returns the updates that depend on `inputs`; for None, those that depend on none."""
        return self._for(inputs, self.updates)

    @staticmethod
    def _for(inputs, items):
        wanted = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        found = []
        for item in items:
            before, _ = ancestors([item])
            if inputs is None:
                if not any(getattr(operand, "is_placeholder", False) for operand in before):
                    found.append(item)
            elif any(tensor in before for tensor in wanted):
                found.append(item)
        return found


class _Constraints(dict):
    """Constraints by weight; one that is put in is given to its weight."""

    def __setitem__(self, weight, constraint):
        super().__setitem__(weight, constraint)
        weight.constraint = constraint


_OWN_LISTS = frozenset(
    [
        "_trainable_weights",
        "_non_trainable_weights",
        "trainable_weights",
        "non_trainable_weights",
        "_layers",
        "_outbound_nodes",
    ]
)
