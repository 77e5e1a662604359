"""Compiles the body of a program, with the variables it uses as arguments and results.

The body is run once on shapes alone to learn which variables it reads and writes; so a variable
that a user's loss or layer holds on to is an input of the compiled code, not a constant in it.
"""

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend import compilation, running
from hornbeam.backend.program import Program, draw_seed


class Capture:
    """What a body uses.

    Attributes:
        state: List of the variables that it writes.
        constants: List of the variables that it only reads.
        uses_random: Whether it draws random numbers.
        outputs: What the body returned, with abstract values.
    """

    def __init__(self, body, arrays, training, wide):
        reads = []

        def missing(variable):
            reads.append(variable)
            return jnp.zeros(tuple(variable.shape), variable.dtype)

        program = Program(training=training, seed=0, step=0, missing=missing)
        found = []

        def trace(arrays):
            with running.activate(program):
                found.append(body(program, arrays))

        with jax.enable_x64(wide or jax.config.jax_enable_x64):
            jax.eval_shape(trace, arrays)
        self.outputs = found[0]
        self.state = list(program.written)
        self.constants = [v for v in reads if v not in program.written]
        self.uses_random = program.uses_random
        self.losses = program.losses
        self.wide = wide or any(v.wide for v in (*self.state, *self.constants))


class Executable:
    """A compiled body.

    Args:
        body: Function `(program, arrays) -> outputs`, where `arrays` and `outputs` are pytrees of
            arrays.
        arrays: Example of the arrays, or `ShapeDtypeStruct`s.
        training: Bool, the learning phase.
        wide: Whether 64-bit dtypes take part beside those of the variables.

    A call `executable(arrays)` runs it, writes the variables and returns the outputs.
    """

    def __init__(self, body, arrays, training=False, wide=False):
        capture = Capture(body, arrays, training, wide)
        if capture.wide and not wide:  # a variable was wide: look again with wide dtypes on
            capture = Capture(body, arrays, training, True)
        self.state, self.constants = capture.state, capture.constants
        self.uses_random = capture.uses_random
        self.wide = capture.wide
        self.steps = 0
        self.abstract_outputs = capture.outputs

        def compute(state, constants, seed, step, arrays):
            program = Program(training=training, seed=seed, step=step, missing=_unexpected)
            program.variables.update(zip(self.state, state))
            program.variables.update(zip(self.constants, constants))
            with running.activate(program):
                outputs = body(program, arrays)
            return tuple(program.variables[v] for v in self.state), outputs

        compilation.configure()
        self.compute = jax.jit(compute, donate_argnums=0)

    def __call__(self, arrays):
        state = [v.on_device() for v in self.state]
        constants = [v.on_device() for v in self.constants]
        seed = np.uint32(draw_seed() if self.uses_random else 0)
        step = np.uint32(self.steps)
        self.steps += 1
        if self.wide:
            with jax.enable_x64(True):
                new_state, outputs = self.compute(state, constants, seed, step, arrays)
        else:
            new_state, outputs = self.compute(state, constants, seed, step, arrays)
        for variable, value in zip(self.state, new_state):
            variable.adopt(value)
        return outputs


def _unexpected(variable):
    raise RuntimeError(
        f"Variable {variable.name} is read in the compiled code but was not when it was traced "
        "on shapes. A function that it calls behaves differently from call to call."
    )
