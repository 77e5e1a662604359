"""`TFOptimizer`: any optax transformation as an optimizer."""

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend.ops import op
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.tensors import Variable
from hornbeam.optimizers.base import Optimizer, constrained


def is_transformation(candidate):
    """Whether `candidate` looks like an optax `GradientTransformation`."""
    return (
        not isinstance(candidate, type)
        and callable(getattr(candidate, "init", None))
        and callable(getattr(candidate, "update", None))
    )


class TFOptimizer(Optimizer):
    """Makes an optimizer of an optax gradient transformation.

    `compile(optimizer=optax.adamw(1e-3))` makes one by itself. The name is Keras's, whose
    class of this name wraps the optimizers of TensorFlow.

    Args:
        optimizer: An optax `GradientTransformation`, with its own learning rate and schedule, or
            any object with `init(params)` and `update(gradients, state, params)`.
        **kwargs: What `Optimizer` takes: gradients are clipped before the transformation.

    Attributes:
        weights: `iterations`, then the leaves of the transformation's state, in order.

    Raises:
        TypeError: for another kind of object.

    Notes: the parameters are given to the transformation as a list, in the model's order, so a
        mask (`optax.masked`) must be a list or a function of one. The state belongs to this list
        of parameters; given another list, the transformation starts anew.
    """

    def __init__(self, optimizer, **kwargs):
        if not is_transformation(optimizer):
            raise TypeError(
                f"TFOptimizer takes an optax transformation, with init(params) and "
                f"update(gradients, state, params); {optimizer!r} was given."
            )
        super().__init__(**kwargs)
        self.optimizer = optimizer
        self.iterations = self._counter()
        self._states = {}  # parameters, as a tuple -> (tree, leaves)

    def build(self, params):
        key = tuple(params)
        if key not in self._states:
            self._states[key] = self._initial_state(params)
        _, leaves = self._states[key]
        self.weights = self.own_weights() + [leaf.variable for leaf in leaves]

    def _initial_state(self, params):
        wide = any(param.wide for param in params)
        with jax.ensure_compile_time_eval(), wide_scope(wide):
            state = self.optimizer.init([jnp.asarray(param.get_value()) for param in params])
        paths, tree = jax.tree_util.tree_flatten_with_path(state)
        return tree, [_Leaf(self.name + jax.tree_util.keystr(path), leaf) for path, leaf in paths]

    def compute_updates(self, params, grads):
        self.build(params)
        tree, leaves = self._states[tuple(params)]

        @op
        def transform(params, grads, state):
            state = tree.unflatten(leaf.unpack(array) for leaf, array in zip(leaves, state))
            changes, state = self.optimizer.update(grads, state, params)
            new_params = [p + change.astype(p.dtype) for p, change in zip(params, changes)]
            return [
                *new_params,
                *(leaf.pack(x) for leaf, x in zip(leaves, tree.flatten_up_to(state))),
            ]

        variables = [leaf.variable for leaf in leaves]
        values = transform(list(params), list(grads), variables)
        return [
            (self.iterations, self.iterations + 1),
            *zip(variables, values[len(params) :]),
            *((p, constrained(p, value)) for p, value in zip(params, values)),
        ]

    def __getstate__(self):
        states = {
            params: [leaf.variable.get_value() for leaf in leaves]
            for params, (_, leaves) in self._states.items()
        }
        return super().__getstate__() | {"_states": states, "weights": []}

    def __setstate__(self, state):
        states = state["_states"]
        super().__setstate__(state | {"_states": {}})
        for params, values in states.items():
            self.build(params)
            for leaf, value in zip(self._states[params][1], values):
                leaf.variable.set_value(value)

    def get_config(self):
        raise NotImplementedError(
            "An optax transformation is made of functions, which a config cannot hold. "
            "Pass the optimizer again when the model is loaded: compile(optimizer=...)."
        )

    @classmethod
    def from_config(cls, config):
        raise NotImplementedError(
            "A TFOptimizer cannot be made from a config: an optax transformation is made of "
            "functions. Pass the transformation itself."
        )


class _Leaf:
    """One array of the transformation's state, kept in a variable."""

    def __init__(self, name, value):
        self.is_key = hasattr(value, "dtype") and jax.dtypes.issubdtype(
            value.dtype, jax.dtypes.prng_key
        )
        if self.is_key:
            self.kind = jax.random.key_impl(value)
            value = jax.random.key_data(value)
        value = np.asarray(value)
        self.variable = Variable(value, value.dtype, name=f"{name}:0", trainable=False)

    def unpack(self, array):
        return jax.random.wrap_key_data(array, impl=self.kind) if self.is_key else array

    def pack(self, value):
        return jax.random.key_data(value) if self.is_key else value
