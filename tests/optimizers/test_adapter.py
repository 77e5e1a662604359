"""optax transformations as optimizers: the same numbers as optax itself gives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import optimizers
from hornbeam.backend.executable import Executable
from hornbeam.backend.ops import op

optax = pytest.importorskip("optax")

START = [np.arange(6, dtype="float32").reshape(3, 2) / 5 - 0.4, np.array([0.3, -0.2], "float32")]
X = np.sin(np.arange(15.0)).reshape(5, 3).astype("float32")


def distance(kernel, bias):
    return jnp.mean(jnp.square(jnp.tanh(X @ kernel + bias[None]) - 0.5))


def alone(transformation, steps):
    """What optax makes of the start by itself."""
    params = [jnp.asarray(value) for value in START]
    state = transformation.init(params)

    @jax.jit
    def step(params, state):
        grads = jax.grad(lambda points: distance(*points))(params)
        changes, state = transformation.update(grads, state, params)
        return optax.apply_updates(params, changes), state

    for _ in range(steps):
        params, state = step(params, state)
    return params


def adapted(optimizer, steps):
    params = [K.variable(value) for value in START]
    optimizer.build(params)

    def body(program, arrays):
        grads = jax.grad(lambda points: distance(*points))([program.read(p) for p in params])
        optimizer.apply_gradients(zip(grads, params))
        return []

    step = Executable(body, [], training=True)
    for _ in range(steps):
        step([])
    return [p.get_value() for p in params]


TRANSFORMATIONS = {
    "adamw": lambda: optax.adamw(0.02),
    "schedule": lambda: optax.sgd(optax.cosine_decay_schedule(0.5, 10), momentum=0.9),
    "chain": lambda: optax.chain(optax.clip_by_global_norm(0.1), optax.lion(0.01)),
    "noise": lambda: optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(3)), optax.sgd(0.1)),
    "masked": lambda: optax.masked(optax.sgd(0.5), [True, False]),
    "lookback": lambda: optax.inject_hyperparams(optax.rmsprop)(learning_rate=0.02),
}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_seven_steps_are_those_of_optax(name):
    expected = alone(TRANSFORMATIONS[name](), 7)
    optimizer = optimizers.get(TRANSFORMATIONS[name]())
    assert type(optimizer) is optimizers.TFOptimizer
    for found, value in zip(adapted(optimizer, 7), expected):
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)
    assert K.get_value(optimizer.iterations) == 7


def test_symbolic_updates_are_the_same():
    params = [K.variable(value) for value in START]
    optimizer = optimizers.TFOptimizer(optax.adam(0.1))
    loss = op(distance)(*params)
    step = K.function([], [loss], updates=optimizer.get_updates(loss, params))
    for _ in range(5):
        step([])
    for param, value in zip(params, alone(optax.adam(0.1), 5)):
        np.testing.assert_allclose(param.get_value(), value, rtol=1e-5)


def test_state_is_weights_that_can_be_saved_and_set():
    optimizer = optimizers.TFOptimizer(optax.adam(0.1))
    adapted(optimizer, 3)
    saved = optimizer.get_weights()
    assert [weight.shape for weight in saved] == [(), (), (3, 2), (2,), (3, 2), (2,)]
    assert all(name.startswith("TFOptimizer") for name in (w.name for w in optimizer.weights))
    other = optimizers.TFOptimizer(optax.adam(0.1))
    other.build([K.variable(value) for value in START])
    other.set_weights(saved)
    for first, second in zip(saved, other.get_weights()):
        assert np.array_equal(first, second)


def test_clipping_comes_before_the_transformation():
    clipped = adapted(optimizers.TFOptimizer(optax.sgd(0.5), clipnorm=0.01), 3)
    expected = alone(optax.chain(optax.clip_by_global_norm(0.01), optax.sgd(0.5)), 3)
    np.testing.assert_allclose(clipped[0], expected[0], rtol=1e-5)


def test_constraints_act_on_new_values():
    kernel, bias = (K.variable(v, constraint=lambda x: K.maximum(x, 0.0)) for v in START)
    optimizer = optimizers.get(optax.sgd(0.1))
    optimizer.apply_gradients([(np.ones((3, 2)), kernel), (np.ones(2), bias)])
    np.testing.assert_allclose(bias.get_value(), [0.2, 0.0], rtol=1e-6)


def test_what_cannot_be_adapted_or_written_down():
    with pytest.raises(TypeError, match="takes an optax transformation.*'adam' was given"):
        optimizers.TFOptimizer("adam")
    with pytest.raises(NotImplementedError, match="Pass the optimizer again"):
        optimizers.TFOptimizer(optax.sgd(0.1)).get_config()
    assert not hasattr(optimizers.TFOptimizer(optax.sgd(0.1)), "lr")
