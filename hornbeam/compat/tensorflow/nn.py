"""`tf.nn`: activations, losses on logits, normalization, windows."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam import backend as K
from hornbeam.backend.nn import dropout as _dropout
from hornbeam.compat.tensorflow import math, windows
from hornbeam.compat.tensorflow.wrapping import axes, exported, function

# ---- activations


@function
def relu(features):
    """`x` above 0, 0 below."""
    return K.relu.of_arrays(jnp.asarray(features))


@function
def relu6(features):
    """`x` between 0 and 6, those outside."""
    return jnp.clip(jnp.asarray(features), 0, 6)


@function
def leaky_relu(features, alpha=0.2):
    """`x` above 0, `alpha * x` below."""
    x = jnp.asarray(features)
    return jnp.where(x > 0, x, alpha * x)


@function
def elu(features):
    """`x` above 0, `exp(x) - 1` below."""
    return jax.nn.elu(jnp.asarray(features))


@function
def selu(features):
    """`elu`, scaled so that mean and variance stay (Klambauer et al. 2017)."""
    return jax.nn.selu(jnp.asarray(features))


@function
def crelu(features, axis=-1):
    """The positive and the negative part, side by side along `axis`."""
    x = jnp.asarray(features)
    return jax.nn.relu(jnp.concatenate([x, -x], int(axis)))


@function
def gelu(features, approximate=False):
    """`x` times the normal distribution at `x`; `approximate` by `tanh`."""
    return jax.nn.gelu(jnp.asarray(features), bool(approximate))


@function
def silu(features, beta=1.0):
    """`x * sigmoid(beta * x)`, also called swish."""
    x = jnp.asarray(features)
    return x * jax.nn.sigmoid(beta * x)


swish = silu


# ---- losses


@function
def sigmoid_cross_entropy_with_logits(labels=None, logits=None):
    """The crossentropy of each element, of the probabilities `sigmoid(logits)`."""
    x, z = jnp.asarray(logits), jnp.asarray(labels)
    return jnp.maximum(x, 0) - x * z + jnp.log1p(jnp.exp(-jnp.abs(x)))


@function
def weighted_cross_entropy_with_logits(labels, logits, pos_weight):
    """`sigmoid_cross_entropy_with_logits` in which positive labels count `pos_weight` times."""
    x, z = jnp.asarray(logits), jnp.asarray(labels)
    weight = 1 + (pos_weight - 1) * z
    soft = jnp.log1p(jnp.exp(-jnp.abs(x))) + jnp.maximum(-x, 0)
    return (1 - z) * x + weight * soft


@function
def softmax_cross_entropy_with_logits(labels=None, logits=None, axis=-1):
    """The crossentropy of each row, of the probabilities `softmax(logits)`."""
    logits = jnp.asarray(logits)
    return -jnp.sum(jnp.asarray(labels, logits.dtype) * jax.nn.log_softmax(logits, axis), axis)


softmax_cross_entropy_with_logits_v2 = softmax_cross_entropy_with_logits


@function
def sparse_softmax_cross_entropy_with_logits(labels=None, logits=None):
    """`softmax_cross_entropy_with_logits` with the number of the class as label."""
    chances = jax.nn.log_softmax(jnp.asarray(logits), -1)
    labels = jnp.asarray(labels).astype("int32")
    return -jnp.take_along_axis(chances, labels[..., None], -1)[..., 0]


@function
def log_poisson_loss(targets, log_input, compute_full_loss=False):
    """`exp(log_input) - log_input * targets`, with Stirling's term for `compute_full_loss`."""
    x, z = jnp.asarray(log_input), jnp.asarray(targets)
    loss = jnp.exp(x) - x * z
    if compute_full_loss:
        safe = jnp.where(z > 0, z, 1)
        stirling = safe * jnp.log(safe) - safe + 0.5 * jnp.log(2 * np.pi * safe)
        loss = loss + jnp.where((z >= 0) & (z <= 1), 0, stirling)
    return loss


@function
def l2_loss(t):
    """Half the sum of squares."""
    return jnp.sum(jnp.square(jnp.asarray(t))) / 2


def ctc_loss(labels, logits, label_length, logit_length, logits_time_major=True, unique=None,
             blank_index=None, name=None):
    """The CTC loss of each sequence.

    Args:
        labels: Dense integer tensor `(batch, labels)`.
        logits: Tensor `(time, batch, classes)`, or `(batch, time, classes)` for
            `logits_time_major=False`.
        label_length, logit_length: Integer tensors `(batch,)`.
        logits_time_major: Bool.
        unique: None; TensorFlow takes what a TPU computed beforehand.
        blank_index: Integer, the blank class; None and 0 mean the first, -1 the last.
        name: String, of the result.

    Returns:
        Tensor `(batch,)`.
    """
    if unique is not None:
        raise ValueError("tf.nn.ctc_loss takes no `unique` here; leave it out.")
    return _ctc(labels, logits, label_length, logit_length, bool(logits_time_major),
                0 if blank_index is None else int(blank_index), name=name)


@function
def _ctc(labels, logits, label_length, logit_length, time_major, blank):
    from hornbeam.backend.ctc import ctc_batch_cost

    logits, labels = jnp.asarray(logits), jnp.asarray(labels)
    if time_major:
        logits = jnp.swapaxes(logits, 0, 1)
    classes = logits.shape[-1]
    blank = blank % classes
    if blank != classes - 1:  # K.ctc_batch_cost has the blank last
        order = [c for c in range(classes) if c != blank] + [blank]
        logits = logits[..., np.array(order)]
        labels = jnp.where(labels > blank, labels - 1, labels)
    chances = jax.nn.softmax(logits, -1)
    lengths = (jnp.asarray(n).reshape(-1, 1) for n in (logit_length, label_length))
    return ctc_batch_cost(labels, chances, *lengths)[:, 0]


# ---- normalization


@function
def bias_add(value, bias, data_format=None):
    """Adds a number to each channel."""
    value, bias = jnp.asarray(value), jnp.asarray(bias)
    if data_format is not None and data_format.startswith("NC"):
        bias = bias.reshape(-1, *(1,) * (value.ndim - 2))
    return value + bias


_axes = axes


@function
def moments(x, axes, shift=None, keepdims=False):
    """Mean and variance over `axes`: a list of the two. `shift` is TensorFlow 1's, not needed."""
    x = jnp.asarray(x)
    axis = _axes(axes)
    return [jnp.mean(x, axis, keepdims=bool(keepdims)), jnp.var(x, axis, keepdims=bool(keepdims))]


@function
def weighted_moments(x, axes, frequency_weights, keepdims=False):
    """Mean and variance over `axes` with weights: a list of the two."""
    x, axis = jnp.asarray(x), _axes(axes)
    weights = jnp.broadcast_to(jnp.asarray(frequency_weights, x.dtype), x.shape)
    total = jnp.sum(weights, axis, keepdims=True)
    mean = jnp.sum(weights * x, axis, keepdims=True) / total
    variance = jnp.sum(weights * jnp.square(x - mean), axis, keepdims=True) / total
    return [mean, variance] if keepdims else [jnp.squeeze(mean, axis), jnp.squeeze(variance, axis)]


@function
def batch_normalization(x, mean, variance, offset, scale, variance_epsilon):
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`; the last two may be None."""
    factor = lax.rsqrt(jnp.asarray(variance) + variance_epsilon)
    factor = factor if scale is None else factor * jnp.asarray(scale)
    result = (jnp.asarray(x) - jnp.asarray(mean)) * factor
    return result if offset is None else result + jnp.asarray(offset)


@function
def local_response_normalization(input, depth_radius=5, bias=1, alpha=1, beta=0.5):
    """Divides by `(bias + alpha * sum of squares of near channels) ** beta` (AlexNet's LRN)."""
    x, radius = jnp.asarray(input), int(depth_radius)
    squares = jnp.pad(jnp.square(x), [(0, 0)] * (x.ndim - 1) + [(radius, radius)])
    near = sum(squares[..., i : i + x.shape[-1]] for i in range(2 * radius + 1))
    return x / (bias + alpha * near) ** beta


lrn = local_response_normalization


def dropout(x, rate=None, noise_shape=None, seed=None, name=None, keep_prob=None):
    """Sets elements to 0 with probability `rate` and scales the others by `1 / (1 - rate)`.

    Args:
        x: Tensor.
        rate: Number from 0 to 1, or a tensor.
        noise_shape: Shape of the choices, which broadcast; None for that of `x`.
        seed: Integer or None.
        name: String, of the result.
        keep_prob: TensorFlow 1's `1 - rate`; a number in second place counts as `rate`.

    Raises:
        ValueError: if neither `rate` nor `keep_prob` is given.
    """
    if rate is None:
        if keep_prob is None:
            raise ValueError("tf.nn.dropout got neither `rate` nor `keep_prob`.")
        rate = 1 - keep_prob
    return K.identity(_dropped(x, rate, noise_shape, seed), name=name)


def _dropped(x, rate, noise_shape, seed):
    if isinstance(rate, (int, float)):
        return _dropout(x, float(rate), noise_shape, seed)
    kept = _random_uniform(x, noise_shape, seed) >= rate
    return _where(kept, x, rate)


@function
def _where(kept, x, rate):
    x = jnp.asarray(x)
    return jnp.where(kept, x / (1 - rate), 0)


def _random_uniform(x, noise_shape, seed):
    return K.random_uniform(K.shape(x) if noise_shape is None else noise_shape, seed=seed)


# ---- looking up


@function
def embedding_lookup(params, ids, partition_strategy="mod", max_norm=None):
    """The rows of `params` at `ids`, scaled to an L2 norm of at most `max_norm`."""
    if isinstance(params, (list, tuple)):
        if len(params) > 1:
            raise ValueError("tf.nn.embedding_lookup takes one table here, not parts of one.")
        params = params[0]
    rows = jnp.take(jnp.asarray(params), jnp.asarray(ids), 0, mode="clip")
    if max_norm is not None:
        norm = jnp.sqrt(jnp.sum(jnp.square(rows), -1, keepdims=True))
        rows = rows * max_norm / jnp.maximum(norm, max_norm)
    return rows


def _channels_last(x, first):
    return jnp.moveaxis(jnp.asarray(x), 1, -1) if first else jnp.asarray(x)


@function
def depth_to_space(input, block_size, data_format="NHWC"):
    """Moves groups of channels into blocks of pixels."""
    first, b = data_format == "NCHW", int(block_size)
    x = _channels_last(input, first)
    n, h, w, c = x.shape
    x = x.reshape(n, h, w, b, b, c // (b * b)).transpose(0, 1, 3, 2, 4, 5)
    x = x.reshape(n, h * b, w * b, -1)
    return jnp.moveaxis(x, -1, 1) if first else x


@function
def space_to_depth(input, block_size, data_format="NHWC"):
    """Moves blocks of pixels into groups of channels."""
    first, b = data_format == "NCHW", int(block_size)
    x = _channels_last(input, first)
    n, h, w, c = x.shape
    x = x.reshape(n, h // b, b, w // b, b, c).transpose(0, 1, 3, 2, 4, 5)
    x = x.reshape(n, h // b, w // b, -1)
    return jnp.moveaxis(x, -1, 1) if first else x


@function
def normalize_moments(counts, mean_ss, variance_ss, shift):
    """Mean and variance of sums: a list of the two."""
    counts, moved = jnp.asarray(counts), jnp.asarray(mean_ss) / counts
    mean = moved if shift is None else moved + shift
    return [mean, jnp.asarray(variance_ss) / counts - jnp.square(moved)]


@function
def xw_plus_b(x, weights, biases):
    """`x @ weights + biases`."""
    return jnp.asarray(x) @ jnp.asarray(weights) + jnp.asarray(biases)


@function
def relu_layer(x, weights, biases):
    """`relu(x @ weights + biases)`."""
    return jax.nn.relu(jnp.asarray(x) @ jnp.asarray(weights) + jnp.asarray(biases))


_FROM_MATH = (
    "in_top_k", "l2_normalize", "log_sigmoid", "log_softmax", "sigmoid", "softmax", "softplus",
    "softsign", "tanh", "top_k", "zero_fraction",
)  # fmt: skip
_FROM_WINDOWS = (*windows.__all__, "convolution")
globals().update({name: getattr(math, name) for name in _FROM_MATH})
globals().update({name: getattr(windows, name) for name in windows.__all__})
convolution = windows.convolution_

__all__ = sorted({*exported(globals()), *_FROM_MATH, *_FROM_WINDOWS})


def __getattr__(name):
    raise AttributeError(
        f"tensorflow.nn.{name} is not provided by hornbeam: `tensorflow` is hornbeam here. The "
        "layers of tensorflow.keras (LSTM, GRU, RNN, ...) take its place, or a function of "
        "keras.backend."
    )
