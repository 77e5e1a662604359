"""Compiles the body of a program, with the variables it uses as arguments and results.

The body is traced with the variables that are known to it as inputs. A variable that it reads
besides, because a user's loss or layer holds on to it, is found by the trace, which is then done
again with it: so no variable is a constant in compiled code.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend import compilation, running
from hornbeam.backend.cells import lent
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.program import Program, draw_seed

_CONVOLUTIONS = frozenset(["conv_general_dilated"])


class Traced:
    """A traced body: a pure function of state, constants, seed, step and arrays.

    Args:
        body: Function `(program, arrays) -> outputs`; `arrays` and `outputs` are pytrees.
        arrays: Example of the arrays, or `ShapeDtypeStruct`s.
        training: Bool, the learning phase.
        wide: Whether 64-bit dtypes take part beside those of the variables.
        known: Variables that the body probably uses.

    Attributes:
        state: List of the variables that it writes.
        constants: List of the variables that it only reads.
        uses_random: Whether it draws random numbers.
        outputs: The outputs, as `ShapeDtypeStruct`s.
    """

    def __init__(self, body, arrays, training=False, wide=False, known=()):
        known = list(dict.fromkeys(known))
        while True:
            wide = wide or any(v.wide for v in known)
            program, unknown = self._trace(body, arrays, training, wide, known)
            if not unknown:
                break
            known = list(dict.fromkeys([*known, *unknown]))
        self.wide = wide
        self.uses_random = program.uses_random
        self._known = known
        read = program.reads.asked
        self.state = list(program.written)
        self.constants = [v for v in known if v in read and v not in program.written]

    def _trace(self, body, arrays, training, wide, known):
        unknown, programs = [], []

        def missing(variable):
            unknown.append(variable)
            return jnp.zeros(tuple(variable.shape), variable.dtype)

        def trace(values, seed, step, arrays):
            program = Program(training=training, seed=seed, step=step, missing=missing)
            program.reads = _Reads(zip(known, values))
            program.variables = program.reads
            programs.append(program)
            with running.activate(program):
                outputs = body(program, arrays)
            return outputs, program.written_values()

        scope = wide_scope(wide)
        with scope:
            values = [jax.ShapeDtypeStruct(tuple(v.shape), v.dtype) for v in known]
            word = jax.ShapeDtypeStruct((), "uint32")
            self._jaxpr, (self.outputs, _) = jax.make_jaxpr(trace, return_shape=True)(
                values, word, word, arrays
            )
        self._outputs_tree = jax.tree.structure(self.outputs)
        return programs[-1], unknown

    def asks_for(self):
        """Whether the computation uses its seed, and whether it uses its step."""
        jaxpr = self._jaxpr.jaxpr
        used = {id(v) for equation in jaxpr.eqns for v in equation.invars}
        used |= {id(v) for v in jaxpr.outvars}
        first = len(self._known)
        return tuple(id(v) in used for v in jaxpr.invars[first : first + 2])

    @functools.cached_property
    def has_convolution(self):
        """Whether a convolution is part of the computation."""
        return _uses(self._jaxpr.jaxpr, _CONVOLUTIONS)

    def compute(self, state, constants, seed, step, arrays):
        """The body as a pure function.

        Returns:
            The new state and the outputs.
        """
        given = dict(zip(self.state, state))
        given.update(zip(self.constants, constants))
        inputs = [given.get(v, 0.0) for v in self._known]
        flat = [*inputs, seed, step, *jax.tree.leaves(arrays)]
        values = jax.core.eval_jaxpr(self._jaxpr.jaxpr, self._jaxpr.consts, *flat)
        count = len(values) - len(self.state)
        return values[count:], jax.tree.unflatten(self._outputs_tree, values[:count])

    def state_values(self):
        """Current values of the variables that are written."""
        if lent:  # these are given away: an eager tensor or a tape keeps the value that it has
            return [jnp.copy(v.raw) if id(v) in lent else v.raw for v in self.state]
        return [v.raw for v in self.state]

    def constant_values(self):
        """Current values of the variables that are only read."""
        return [v.on_device() for v in self.constants]

    def adopt(self, values):
        """Stores new values of the state in the variables."""
        for variable, value in zip(self.state, values):
            variable.adopt(value)
        compilation.ran()

    def seed(self):
        """A seed for a run: fresh, if the body draws random numbers."""
        return np.uint32(draw_seed() if self.uses_random else 0)

    def scope(self):
        """Context to compile and run in."""
        return wide_scope(self.wide)


class _Reads(dict):
    """Values of variables that remembers which were asked for."""

    def __init__(self, items):
        super().__init__(items)
        self.asked = set()

    def get(self, variable, default=None):
        self.asked.add(variable)
        return super().get(variable, default)


def _uses(jaxpr, primitives):
    for equation in jaxpr.eqns:
        if equation.primitive.name in primitives:
            return True
        for value in equation.params.values():
            for inner in value if isinstance(value, (list, tuple)) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns") and _uses(inner, primitives):
                    return True
    return False


class Executable(Traced):
    """A compiled body. A call runs it, writes the variables and returns the outputs."""

    def __init__(self, body, arrays, training=False, wide=False, known=()):
        super().__init__(body, arrays, training, wide, known)
        compilation.configure()
        self.steps = 0
        self._compiled = compilation.jit(self.compute, donate_argnums=0)

    def __call__(self, arrays):
        step = np.uint32(self.steps)
        self.steps += 1
        arguments = self.state_values(), self.constant_values(), self.seed(), step, arrays
        if self.wide:
            with self.scope():
                state, outputs = self._compiled(*arguments)
        else:
            state, outputs = self._compiled(*arguments)
        self.adopt(state)
        return outputs
