"""The limit: the networks in plain JAX, a whole epoch compiled into one loop.

This is what somebody would write who needs one network and nothing else: no layers,
no callbacks, no checks. The order of the samples is drawn on the host, the batch is
gathered inside the loop, buffers are donated, and the epochs' losses are read after the last
epoch, so that the host draws the next order while the device works. Networks with convolutions
are dispatched step by step: inside a loop, XLA computes a convolution with one thread.
"""

import collections
import functools

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import nets

# `forward(parameters, x, key)` returns the outputs, without dropout where the key is None;
# `looped`: an epoch is one compiled loop.
Net = collections.namedtuple("Net", "parameters forward looped", defaults=[True])


def dense():
    return _stack([13, 64, 64, 1])


def mnist_mlp(dropout=0.0):
    return _stack([784, 512, 512, 10], dropout)


def mnist_cnn():
    first, second = _kernel(3, 3, 1, 32), _kernel(3, 3, 32, 64)
    hidden, last = _kernel(12 * 12 * 64, 128), _kernel(128, 10)

    def forward(parameters, x, key):                              # (batch, 28, 28, 1)
        first, second, hidden, last = parameters
        keys = _split(key)
        x = jax.nn.relu(_convolved(x, first))
        x = jax.nn.relu(_convolved(x, second))
        x = jnp.max(x.reshape(len(x), 12, 2, 12, 2, 64), axis=(2, 4))
        x = _dropped(x.reshape(len(x), -1), 0.25, keys[0])
        return _linear(_dropped(jax.nn.relu(_linear(x, hidden)), 0.5, keys[1]), last)

    return Net([first, second, hidden, last], forward, looped=False)


def text_cnn():
    table = _table(nets.TEXT_WORDS, 50)
    window, hidden, last = _kernel(3, 50, 250), _kernel(250, 250), _kernel(250, 1)

    def forward(parameters, x, key):                              # (batch, steps)
        table, window, hidden, last = parameters
        keys = _split(key)
        x = _convolved(_dropped(table[x], 0.2, keys[0]), window)
        x = jnp.max(jax.nn.relu(x), axis=1)
        return _linear(jax.nn.relu(_dropped(_linear(x, hidden), 0.2, keys[1])), last)

    return Net([table, window, hidden, last], forward, looped=False)


def attention():
    width = nets.ATTENTION_WIDTH
    sizes = [(width, width)] * 4 + [(width, 2 * width), (2 * width, width)]
    table, last = _table(nets.ATTENTION_WORDS, width), _kernel(width, 1)
    blocks = [[_kernel(*size) for size in sizes] for _ in range(nets.ATTENTION_BLOCKS)]

    def forward(parameters, x, key):                              # (batch, steps)
        table, blocks, last = parameters
        x = table[x]
        for query, key, value, mix, hidden, output in blocks:
            scores = jnp.einsum("bqw,bkw->bqk", _linear(x, query), _linear(x, key))
            weights = jax.nn.softmax(scores / width**0.5)
            x = x + _linear(jnp.einsum("bqk,bkw->bqw", weights, _linear(x, value)), mix)
            x = x + _linear(jax.nn.relu(_linear(x, hidden)), output)
        return _linear(jnp.mean(x, axis=1), last)

    return Net([table, blocks, last], forward)


def vae():
    sizes = [(784, 512), (512, 2), (512, 2), (2, 512), (512, 784)]

    def forward(parameters, x, key):                              # (batch, 784)
        encode, mean, log_variance, decode, last = parameters
        x = jax.nn.relu(_linear(x, encode))
        mean, log_variance = _linear(x, mean), _linear(x, log_variance)
        code = mean + jnp.exp(log_variance / 2) * jax.random.normal(key, mean.shape)
        return _linear(jax.nn.relu(_linear(code, decode)), last), mean, log_variance

    return Net([_kernel(*size) for size in sizes], forward)


def _stack(sizes, dropout=0.0):
    """Returns a stack of dense layers, with ReLU and dropout between them."""

    def forward(parameters, x, key):                              # (batch, features)
        for layer in parameters[:-1]:
            x = jax.nn.relu(_linear(x, layer))
            if dropout:
                key, subkey = _split(key)
                x = _dropped(x, dropout, subkey)
        return _linear(x, parameters[-1])

    return Net([_kernel(*size) for size in zip(sizes, sizes[1:])], forward)


def _kernel(*shape):
    """Returns a kernel, Glorot uniform, and its bias."""
    rows, columns = np.prod(shape[:-1]), np.prod(shape[:-2]) * shape[-1]
    limit = np.sqrt(6 / (rows + columns))
    kernel = np.random.uniform(-limit, limit, size=shape).astype("float32")
    return jnp.asarray(kernel), jnp.zeros(shape[-1])


def _table(words, width):
    return jnp.asarray(np.random.uniform(-0.05, 0.05, size=(words, width)).astype("float32"))


def _linear(x, layer):
    kernel, bias = layer
    return x @ kernel + bias


def _convolved(x, layer):
    """A convolution without padding over all axes between the first and the last."""
    kernel, bias = layer
    axes = {3: ("NWC", "WIO", "NWC"), 4: ("NHWC", "HWIO", "NHWC")}[x.ndim]
    strides = (1,) * (x.ndim - 2)
    return jax.lax.conv_general_dilated(x, kernel, strides, "VALID", dimension_numbers=axes) + bias


def _split(key):
    """Returns two keys of one; without one, as in prediction, there are none."""
    return (None, None) if key is None else jax.random.split(key)


def _dropped(x, rate, key):
    if key is None:
        return x
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def squared_error(output, y):
    return jnp.mean((output - y) ** 2)


def crossentropy(logits, y):
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(logits), axis=-1))


def binary_crossentropy(logits, y):
    return jnp.mean(jax.nn.softplus(logits) - y * logits)


def vae_loss(outputs, image):
    logits, mean, log_variance = outputs
    divergence = jnp.sum(mean**2 + jnp.exp(log_variance) - log_variance - 1) / 2
    return 784 * binary_crossentropy(logits, image) + divergence / len(image)


def matches(logits, y):
    return jnp.sum(logits.argmax(-1) == y.argmax(-1))


def halves(logits, y):
    return jnp.sum((logits > 0) == (y > 0.5))


def initial(net):
    """Returns what training changes: the parameters and Adam's state."""
    zeros = jax.tree.map(jnp.zeros_like, net.parameters)
    return net.parameters, (zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros((), "int32"))


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


def step(forward, state, x, y, loss_of, key=None):
    """Returns the state after one update, with the loss and the outputs before it."""
    parameters, optimizer = state

    def loss_and_output(parameters):
        output = forward(parameters, x, key)
        return loss_of(output, y), output

    (loss, output), gradients = jax.value_and_grad(loss_and_output, has_aux=True)(parameters)
    return adam(parameters, gradients, optimizer), loss, output


compiled = functools.partial(jax.jit, static_argnames=("forward", "loss_of", "metric"))


@functools.partial(compiled, donate_argnames="carry")
def train(forward, carry, x, y, batch, key, loss_of, metric=None):
    """Trains on the samples numbered in `batch`; `carry` is the state and the summed logs."""
    state, number, loss_sum, metric_sum = carry
    y_batch = y[batch]
    # A key that `forward` does not use is never computed.
    state, loss, output = step(
        forward, state, x[batch], y_batch, loss_of, jax.random.fold_in(key, number)
    )
    if metric:
        metric_sum += metric(output, y_batch)
    return state, number + 1, loss_sum + loss, metric_sum


@functools.partial(compiled, donate_argnames="carry")
def train_looped(forward, carry, x, y, order, key, loss_of, metric=None):
    """Trains on the batches in `order` `(steps, batch)`."""

    def body(carry, batch):
        return train(forward, carry, x, y, batch, key, loss_of, metric), None

    return jax.lax.scan(body, carry, order)[0]


def fit(net, state, x, y, batch_size, epochs, loss_of, metric=None):
    """Trains on NumPy arrays; returns the state and the last epoch's loss and metric."""
    random = np.random.default_rng()
    x_device, y_device = jax.device_put(x), jax.device_put(y)
    history = []
    for _ in range(epochs):
        order = random.permutation(len(x)).astype("int32").reshape(-1, batch_size)
        key = np.array([0, random.integers(2**32)], "uint32")
        carry = (state, np.int32(0), np.float32(0), np.int32(0))
        run = train_looped if net.looped else train
        for batches in [order] if net.looped else order:
            carry = run(net.forward, carry, x_device, y_device, batches, key, loss_of, metric)
        state, *_, loss_sum, metric_sum = carry
        history.append((loss_sum, metric_sum))
    loss, metric_sum = jax.device_get(history)[-1]
    return state, (loss / len(order), metric_sum / len(x))


predict = jax.jit(lambda forward, parameters, x: forward(parameters, x, None), static_argnums=0)
train_on_batch = jax.jit(step, static_argnames=("forward", "loss_of"), donate_argnames="state")
