"""The limit: the networks in plain JAX, a whole epoch compiled into one loop.

This is what somebody would write who needs one network and nothing else: no layers,
no callbacks, no checks. The order of the samples is drawn on the host, the batch is
gathered inside the loop, buffers are donated, and the epochs' losses are read after the last
epoch, so that the host draws the next order while the device works.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np


def initial(sizes, seed=0):
    """Returns `(parameters, Adam's state)` of a stack of dense layers, Glorot uniform."""
    random = np.random.RandomState(seed)
    parameters = []
    for rows, columns in zip(sizes, sizes[1:]):
        limit = np.sqrt(6 / (rows + columns))
        kernel = random.uniform(-limit, limit, size=(rows, columns)).astype("float32")
        parameters.append((jnp.asarray(kernel), jnp.zeros(columns)))
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    return parameters, (zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros((), "int32"))


def forward(parameters, x, dropout=0.0, key=None):                # (batch, features)
    for kernel, bias in parameters[:-1]:
        x = jax.nn.relu(x @ kernel + bias)
        if dropout:
            key, subkey = jax.random.split(key)
            kept = jax.random.bernoulli(subkey, 1 - dropout, x.shape)
            x = jnp.where(kept, x / (1 - dropout), 0)
    kernel, bias = parameters[-1]
    return x @ kernel + bias


def squared_error(output, y):
    return jnp.mean((output - y) ** 2)


def crossentropy(logits, y):
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(logits), axis=-1))


def matches(logits, y):
    return jnp.sum(logits.argmax(-1) == y.argmax(-1))


def adam(parameters, gradients, state, lr=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, v, step = state
    step = step + 1
    rate = lr * jnp.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    m = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, m, gradients)
    v = jax.tree.map(lambda v, g: beta_2 * v + (1 - beta_2) * g * g, v, gradients)
    parameters = jax.tree.map(
        lambda p, m, v: p - rate * m / (jnp.sqrt(v) + epsilon), parameters, m, v
    )
    return parameters, (m, v, step)


def step(state, x, y, loss_of, dropout=0.0, key=None):
    """Returns the state after one update, with the loss and the outputs before it."""
    parameters, optimizer = state

    def loss_and_output(parameters):
        output = forward(parameters, x, dropout, key)
        return loss_of(output, y), output

    (loss, output), gradients = jax.value_and_grad(loss_and_output, has_aux=True)(parameters)
    return adam(parameters, gradients, optimizer), loss, output


@functools.partial(jax.jit, static_argnames=("loss_of", "metric", "dropout"), donate_argnums=0)
def epoch(state, x, y, order, key, loss_of, metric=None, dropout=0.0):
    """Trains on the batches in `order` `(steps, batch)`; returns state and summed logs."""

    def body(carry, batch):
        state, key, loss_sum, metric_sum = carry
        subkey = None
        if dropout:
            key, subkey = jax.random.split(key)
        y_batch = y[batch]
        state, loss, output = step(state, x[batch], y_batch, loss_of, dropout, subkey)
        if metric:
            metric_sum += metric(output, y_batch)
        return (state, key, loss_sum + loss, metric_sum), None

    carry = (state, key, jnp.zeros(()), jnp.zeros((), "int32"))
    (state, _, loss_sum, metric_sum), _ = jax.lax.scan(body, carry, order)
    return state, (loss_sum, metric_sum)


def fit(state, x, y, batch_size, epochs, loss_of, metric=None, dropout=0.0):
    """Trains on NumPy arrays; returns the state and the last epoch's loss and metric."""
    random = np.random.default_rng()
    x_device, y_device = jax.device_put(x), jax.device_put(y)
    history = []
    for _ in range(epochs):
        order = random.permutation(len(x)).astype("int32").reshape(-1, batch_size)
        key = np.array([0, random.integers(2**32)], "uint32")
        state, logs = epoch(state, x_device, y_device, order, key, loss_of, metric, dropout)
        history.append(logs)
    loss, metric_sum = jax.device_get(history)[-1]
    return state, (loss / len(order), metric_sum / len(x))


predict = jax.jit(forward)
train_on_batch = jax.jit(step, static_argnames=("loss_of",), donate_argnums=0)
