"""`Program`: what is being traced or run now.

A program maps symbolic tensors and variables to values, collects writes to variables and added
losses, knows the learning phase and hands out random keys. `resolve(tensor)` returns the tensor's
value and runs its node, and those before it, the first time it is asked.

A program can have scopes inside (`child`): a network called as a layer runs its graph in a scope of
its own, so that a shared network has other values at each call; the writes and losses of a scope go
to the program. A gradient runs its sub-graph in an `isolated` scope, whose writes are dropped.
"""

import contextlib
import operator
from collections import Counter

import jax
import jax.numpy as jnp

from hornbeam.backend import running
from hornbeam.backend.tensors import Placeholder, Tensor, Variable

_ON_DEVICE = operator.methodcaller("on_device")


class _Site:
    """A place in the graph at which a node runs; numbers its random keys and inner scopes."""

    __slots__ = ("calls", "keys", "number", "scopes")

    def __init__(self, number):
        self.number = number
        self.keys = 0
        self.scopes = 0
        self.calls = 0


class Program:
    """Values of tensors and variables during one trace or run.

    Args:
        training: Bool, the learning phase.
        seed: Integer scalar (may be traced) from which all random keys come; None draws one from
            `random.draw_seed` when the first key is needed.
        step: Integer scalar (may be traced), how often this program has run before.
        missing: Function from a variable that was not bound to its value; None takes the one that
            it has now.
    """

    def __init__(self, training=False, seed=None, step=0, missing=None):
        self.parent = None
        self.root = self
        self.store = self
        self.path = ()
        self.training = training
        self.seed = seed
        self.step = step
        self.missing = missing or _ON_DEVICE
        self.isolated = False
        self.fed = {}  # values that were given
        self.values = {}  # values that were computed
        self.effects = {}  # node of a layer's call -> (the losses it added, the values it wrote)
        self.variables = {}  # current values, for the programs that are their own `store`
        self.written = {}  # an ordered set of variables
        self.losses = []  # (layer, value), as layers add them
        self.metrics = []  # (layer, name, value), as layers add them
        self.layers_write = "all"  # which layers' calls may write: "all", "stateful" or "none"
        self.frozen = False  # inside a layer that may not write
        self.autocast = None  # inside a layer of a mixed policy, the dtype that it computes in
        self.withheld = {}  # what such layers would have written
        self.value_logits = {}  # id(value) -> (value, activation, logits, axis)
        self.value_masks = {}  # id(value) -> (value, mask); the value is held so the id stays its
        self.uses_random = False
        self._sites = {}
        self._frames = [_Site(0)]
        self._base_key = None
        self.traced = None  # the innermost scope around that is a `body`
        self.wanted = []  # tensors that a body asked for, to be computed before it
        self.iterations = ()  # how often the loops around have run, one traced number for each

    def child(self, isolated=False):
        """Returns a scope inside this program; see the module's docstring."""
        scope = type(self).__new__(type(self))
        scope.__dict__.update(self.__dict__)
        scope.parent = self
        scope.isolated = isolated
        scope.fed, scope.values, scope.effects = {}, {}, {}
        if isolated:
            scope.store = scope
            scope._keep_own()
        else:
            site = self._frames[-1]
            site.scopes += 1
            scope.path = (*self.path, site.number, site.scopes)
        return scope

    def _keep_own(self):
        """Makes this scope keep what it writes and notes to itself."""
        self.variables, self.written, self.withheld = {}, {}, {}
        self.losses, self.metrics = [], []
        self.value_masks, self.value_logits = {}, {}

    def body(self):
        """Returns a scope for code that JAX traces by itself: a loop's body or a branch.

        It sees the values around it and keeps its own, writes and losses too; see `bodies`.
        """
        scope = self.child()
        scope.store = scope.traced = scope
        scope.begin()
        return scope

    def begin(self, variables=(), iteration=None):
        """Forgets what an earlier trace of this `body` left; its values are no longer valid."""
        self.fed, self.values, self.effects, self.wanted = {}, {}, {}, []
        self._keep_own()
        self.variables.update(variables)
        self.iterations = self.parent.iterations
        if iteration is not None:
            self.iterations += (iteration,)

    # ---- tensors

    def bind(self, tensor, value):
        """Gives a tensor or variable a value in this scope."""
        (self.store.variables if isinstance(tensor, Variable) else self.fed)[tensor] = value

    def lookup(self, tensor):
        """Returns the value that `tensor` has here or in a scope around, or None.

        From an isolated scope, only what was fed is seen outside: the rest may depend on the
        variables of the gradient and is computed again.
        """
        scope, computed = self, True
        while scope is not None:
            value = scope.fed.get(tensor)
            if value is None and computed:
                value = scope.values.get(tensor)
            if value is not None:
                return value
            computed = computed and not scope.isolated
            scope = scope.parent
        return None

    def effects_of(self, node):
        """Returns `(losses, written)` of a layer's call that ran here or in a scope around."""
        scope = self
        while node not in scope.effects:
            scope = scope.parent
        return scope.effects[node]

    def resolve(self, operand):
        """Returns the value of a tensor or variable; anything else is returned as it is."""
        if isinstance(operand, Variable):
            return self.read(operand)
        if not isinstance(operand, Tensor):
            return operand
        value = self.lookup(operand)
        if value is None:
            value = self._unbound(operand)
        return value

    def _unbound(self, tensor):
        if tensor.node is None:  # a placeholder, or an eager tensor
            return tensor.value_in(self)
        if self.traced is self:
            self.wanted.append(tensor)
        for node in self._needed(tensor.node):
            self.run(node)
        return self.values[tensor]

    def _needed(self, node):
        """Lists the nodes that must run for `node`, itself last. No recursion: graphs are deep."""
        order, seen, stack = [], set(), [(node, False)]
        while stack:
            node, expanded = stack.pop()
            if expanded:
                order.append(node)
                continue
            if node in seen:
                continue
            seen.add(node)
            stack.append((node, True))
            for source in reversed(node.sources):
                if isinstance(source, Placeholder) and source.default is not None:
                    source = source.default
                if source.node is not None and self.lookup(source) is None:
                    stack.append((source.node, False))
        return order

    def run(self, node):
        """Runs one node in this scope and keeps its outputs."""
        before, self.autocast = self.autocast, None
        with self.at_site((self.path, node)), running.activate(self):
            values = node.run(self)
        self.autocast = before
        for tensor, value in zip(node.outputs, values):
            self.values.setdefault(tensor, value)

    @contextlib.contextmanager
    def at_site(self, place=None):
        """Context for a piece of work whose random keys are its own.

        Args:
            place: What identifies the work; the same place draws the same keys when it is run
                again in an isolated scope. None means the next call at the current site.
        """
        if place is None:
            caller = self._frames[-1]
            caller.calls += 1
            place = (caller.number, caller.calls)
        sites = self.root._sites
        number = sites.setdefault(place, len(sites) + 1)
        self._frames.append(_Site(number))
        try:
            yield
        finally:
            self._frames.pop()

    # ---- masks that travel with values

    def mask_of(self, value):
        """Returns the mask that a layer gave to `value`, or None."""
        found = self._noted("value_masks", value)
        return None if found is None else found[1]

    def _noted(self, table, value):
        """What is noted about a value, here or in a scope around."""
        store = self.store
        while True:
            found = getattr(store, table).get(id(value))
            if found is not None or store.parent is None:
                return found
            store = store.parent.store

    def set_mask(self, value, mask):
        """Lets `mask` travel with `value`."""
        self.store.value_masks[id(value)] = (value, mask)

    # ---- logits behind probabilities

    def note_logits(self, value, activation, logits, axis=-1):
        """Remembers that `value` is the softmax or sigmoid of `logits`."""
        self.store.value_logits[id(value)] = (value, activation, logits, axis)

    def logits_of(self, value, activation, axis=-1):
        """Returns the logits of probabilities that came straight from `activation`, or None."""
        found = self._noted("value_logits", value)
        if found is None or found[1] != activation:
            return None
        return found[2] if found[3] % value.ndim == axis % value.ndim else None

    # ---- variables

    def read(self, variable):
        """Returns the current value of `variable` in this program.

        Inside a layer of a mixed policy it is cast to the dtype that the layer computes in.
        """
        value = self.stored(variable)
        if self.autocast is not None and variable.autocast:
            value = value.astype(self.autocast)
        return value

    def stored(self, variable):
        """Returns the current value of `variable` in this program, in the variable's dtype."""
        store = self.store
        while True:
            value = store.variables.get(variable)
            if value is not None:
                return value
            if store.parent is None:
                break
            store = store.parent.store
        value = self.root.missing(variable)
        (self.traced or self.root).variables[variable] = value
        return value

    def write(self, variable, value):
        """Makes `value` the value of `variable` from here on; returns it as an array.

        Inside a frozen layer nothing is written; the value is remembered as its update.

        Raises:
            ValueError: if its shape is not the variable's.
        """
        value = jnp.asarray(value, dtype=variable.dtype)
        if value.shape != tuple(variable.shape):
            raise ValueError(
                f"An update of variable {variable.name} has shape {value.shape}; the variable "
                f"has shape {tuple(variable.shape)}."
            )
        if self.frozen:
            self.store.withheld[variable] = value
        else:
            self.store.variables[variable] = value
            self.store.written[variable] = True
        return value

    def freezes(self, layer):
        """Whether a layer's call may not write: it is frozen, or this program is no training.

        As in Keras, `fit` updates the variables of trainable layers and of stateful ones,
        `predict` and `evaluate` those of stateful ones, and a `K.function` only what its `updates`
        say.
        """
        if self.frozen or self.layers_write == "none":
            return True
        return not (layer.stateful or (layer.trainable and self.layers_write == "all"))

    def commit(self):
        """Stores what was written into the variables. For programs that are run, not traced."""
        for variable, value in zip(self.written, self.written_values()):
            variable.adopt(value)

    def written_values(self):
        """Lists the values of `written`, none of them the very array of another variable.

        A step gives the arrays of its state away, so that two variables must not share one.
        """
        held = Counter(map(id, self.variables.values()))
        values = [self.variables[variable] for variable in self.written]
        return [jnp.copy(value) if held[id(value)] > 1 else value for value in values]

    # ---- randomness

    def next_key(self, seed=None):
        """Returns a fresh random key.

        Args:
            seed: None, or an integer: then the key depends on it and on `step` alone.
        """
        root = self.root
        if seed is not None:
            key = jax.random.fold_in(jax.random.key(int(seed)), root.step)
        else:
            root.uses_random = True
            site = self._frames[-1]
            site.keys += 1
            key = jax.random.fold_in(self._seed_key(), site.number)
            key = jax.random.fold_in(key, site.keys)
        for iteration in self.iterations:
            key = jax.random.fold_in(key, iteration)
        return key

    def _seed_key(self):
        root = self.root
        if root._base_key is not None:
            return root._base_key
        if root.seed is None:
            root.seed = draw_seed()
        key = jax.random.fold_in(jax.random.key(root.seed), root.step)
        if self.traced is None:  # what is traced in a body is not valid outside of it
            root._base_key = key
        return key


def draw_seed():
    """Returns a seed from NumPy's global generator, so that `np.random.seed` fixes everything."""
    import numpy as np

    return int(np.random.randint(2**31 - 1))


# A size for each None in shapes: two of them, with many divisors, so that reshapes work out.
SIZES = (5040, 7560)


class ShapeProgram(Program):
    """A program of shapes: every tensor without a value is zeros of its shape.

    Args:
        sizing: 0 or 1, which of `SIZES` stands for None.
        training: Bool, the learning phase.
        sizes: Dict of other sizes to stand for None, by axis counted from the last (-1).
    """

    def __init__(self, sizing, training=False, sizes=None):
        super().__init__(training=training, seed=0, missing=self._zeros)
        self.sizing = sizing
        self.sizes = sizes or {}

    def _zeros(self, operand):
        rank, usual = len(operand.shape), SIZES[self.sizing]
        shape = tuple(
            self.sizes.get(axis - rank, usual) if dim is None else dim
            for axis, dim in enumerate(operand.shape)
        )
        return jnp.zeros(shape, operand.dtype)

    def _unbound(self, tensor):
        if tensor.static is not None:
            return tensor.static[self.sizing]
        value = self._zeros(tensor)
        self.values[tensor] = value
        if tensor._keras_mask is not None:
            self.set_mask(value, self.resolve(tensor._keras_mask))
        return value
