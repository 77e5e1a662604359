"""Activations, crossentropies, normalization and dropout."""

import jax
import jax.numpy as jnp
from jax import lax

from hornbeam.backend import running
from hornbeam.backend.config import epsilon as fuzz
from hornbeam.backend.config import normalize_data_format
from hornbeam.backend.errors import ShapeError
from hornbeam.backend.function import update_sub
from hornbeam.backend.math import axes_of, clip, floating, weak
from hornbeam.backend.ops import op
from hornbeam.backend.random import keep_mask, random_key
from hornbeam.backend.variables import cast, host_shape, int_shape, ndim
from hornbeam.kernels import recurrent
from hornbeam.kernels.normalization import normalize

# ---- activations


def _is_zero(x):
    return isinstance(x, (int, float)) and x == 0


@op
def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """Rectified linear unit: `x` above the threshold, `alpha * (x - threshold)` below it.

    Args:
        x: Tensor or variable.
        alpha: Number or tensor, slope below the threshold.
        max_value: Number above which the result stays the same, or None.
        threshold: Number.
    """
    alpha, threshold, max_value = weak(alpha), weak(threshold), weak(max_value)
    x = jnp.asarray(x)
    if _is_zero(threshold):
        result = jax.nn.relu(x)
    else:
        result = jnp.where(x > threshold, x, jnp.zeros_like(x))
    if max_value is not None:
        limit = jnp.asarray(max_value, x.dtype)
        result = jnp.where(result < limit, result, limit)
    if _is_zero(alpha):
        return result
    if max_value is None and _is_zero(threshold):
        return jnp.where(x > 0, x, alpha * x)
    return result + jnp.where(x < threshold, alpha * (x - threshold), jnp.zeros_like(x))


@op
def elu(x, alpha=1.0):
    """Exponential linear unit: `x` above 0, `alpha * (exp(x) - 1)` below.

    Args:
        x: Tensor or variable.
        alpha: Number.
    """
    return jax.nn.elu(floating(x), weak(alpha))


@op
def softmax(x, axis=-1):
    """Exponentials that sum to 1 along `axis`."""
    x = floating(x)
    return _with_logits(jax.nn.softmax(x, axis), "softmax", x, axis)


def _with_logits(probabilities, activation, logits, axis=-1):
    program = running.program()
    if program is not None:
        program.note_logits(probabilities, activation, logits, axis)
    return probabilities


def _logits_of(probabilities, activation, axis=-1):
    """Logits of what came straight from softmax or sigmoid: crossentropies are exact from them.

    Keras does the same where an output is an operation `Softmax` or `Sigmoid` of TensorFlow's.
    """
    program = running.program()
    return None if program is None else program.logits_of(probabilities, activation, axis)


@op
def softplus(x):
    """`log(exp(x) + 1)`."""
    return jax.nn.softplus(floating(x))


@op
def softsign(x):
    """`x / (abs(x) + 1)`."""
    x = floating(x)
    return x / (jnp.abs(x) + 1)


@op
def sigmoid(x):
    """`1 / (1 + exp(-x))`."""
    x = floating(x)
    return _with_logits(jax.nn.sigmoid(x), "sigmoid", x)


@op
def hard_sigmoid(x):
    """`0.2 * x + 0.5`, limited to the range from 0 to 1."""
    return recurrent.hard_sigmoid(floating(x))


@op
def tanh(x):
    """Hyperbolic tangent."""
    return jnp.tanh(floating(x))


@op
def l2_normalize(x, axis=None):
    """Divides by the Euclidean norm along `axis` (of all elements where None)."""
    x = floating(x)
    total = jnp.sum(jnp.square(x), axes_of(axis), keepdims=True)
    return x * lax.rsqrt(jnp.maximum(total, 1e-12))


# ---- crossentropies


def _class_axis(name, axis, shape):
    if not -len(shape) <= axis < len(shape):
        raise ValueError(
            f"Unexpected channels axis {axis} in {name}. Expected to be -1 or one of the axes of "
            f"`output`, which has {len(shape)} dimensions."
        )
    return axis % len(shape)


def _clipped(probabilities):
    return clip.of_arrays(probabilities, fuzz(), 1.0 - fuzz())


@op
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Crossentropy between distributions: `-sum(target * log(output))` along `axis`.

    Args:
        target: Tensor of the shape of `output`.
        output: Tensor of probabilities (they are divided by their sum), or of logits.
        from_logits: Bool, whether `output` holds logits.
        axis: Integer, the axis of the classes.

    Returns:
        A tensor of the shape of `output` without `axis`.

    Raises:
        ValueError: if `output` has no such axis.
    """
    output = floating(output)
    axis = _class_axis("categorical_crossentropy", axis, output.shape)
    target = jnp.asarray(target).astype(output.dtype)
    logits = output if from_logits else _logits_of(output, "softmax", axis)
    if logits is not None:
        crossentropy = -jnp.sum(target * jax.nn.log_softmax(logits, axis), axis)
        if from_logits or output.ndim == 2:
            # TensorFlow's gradient is `softmax - target` even where targets do not sum to 1: this
            # adds 0, and its gradient makes it so. Keras's softmax of more axes has the true
            # gradient: a step of padding, whose target is all 0, teaches nothing.
            normalizer = jax.nn.logsumexp(logits, axis)
            excess = 1 - jnp.sum(target, axis)
            crossentropy += excess * (normalizer - lax.stop_gradient(normalizer))
        return crossentropy
    logarithms = jnp.log(_clipped(output / jnp.sum(output, axis, keepdims=True)))
    return -jnp.sum(target * logarithms, axis)


@op
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Crossentropy of integer classes.

    Args:
        target: Tensor of class numbers, of the shape of `output` without `axis`; a last axis of
            size 1 may follow.
        output: Tensor of probabilities, or of logits.
        from_logits: Bool, whether `output` holds logits.
        axis: Integer, the axis of the classes.

    Returns:
        A tensor of the shape of `output` without `axis`; NaN where a class does not exist.

    Raises:
        ValueError: if `output` has no such axis.
        ShapeError: if `target` has another number of elements.
    """
    output = floating(output)
    axis = _class_axis("sparse_categorical_crossentropy", axis, output.shape)
    logits = output if from_logits else _logits_of(output, "softmax", axis)
    if logits is None:
        logits = jnp.log(_clipped(output))
    logits = jnp.moveaxis(logits, axis, -1)
    target = jnp.asarray(target)
    if target.size != logits.size // max(logits.shape[-1], 1):
        raise ShapeError(
            f"sparse_categorical_crossentropy got targets of shape {target.shape} for an output "
            f"of shape {output.shape}. It expects one integer class for each prediction: shape "
            f"{logits.shape[:-1]}. One-hot targets belong to categorical_crossentropy."
        )
    target = target.astype("int32").reshape(logits.shape[:-1])
    # The chosen logit by comparison instead of indexing: its gradient is no scatter.
    classes = lax.broadcasted_iota("int32", logits.shape, logits.ndim - 1)
    chosen = jnp.sum(jnp.where(classes == target[..., None], logits, 0), -1)
    exists = (target >= 0) & (target < logits.shape[-1])
    return jnp.where(exists, jax.nn.logsumexp(logits, -1) - chosen, jnp.nan)


@op
def binary_crossentropy(target, output, from_logits=False):
    """Crossentropy of independent binary targets, element by element.

    Args:
        target: Tensor of the shape of `output`, 0 to 1.
        output: Tensor of probabilities, or of logits.
        from_logits: Bool, whether `output` holds logits.

    Returns:
        A tensor of the shape of `output`.
    """
    output = floating(output)
    target = jnp.asarray(target).astype(output.dtype)
    logits = output if from_logits else _logits_of(output, "sigmoid")
    if logits is not None:
        return jax.nn.softplus(logits) - logits * target
    output = _clipped(output)
    hit = target * jnp.log(output + fuzz())
    return -(hit + (1 - target) * jnp.log(1 - output + fuzz()))


@op
def in_top_k(predictions, targets, k):
    """Whether the target class is among the `k` most probable: a bool tensor `(batch,)`.

    Args:
        predictions: Tensor `(batch, classes)`.
        targets: Integer tensor `(batch,)`.
        k: Integer. Classes as probable as the last of the `k` count as among them.
    """
    predictions = jnp.asarray(predictions)
    targets = jnp.asarray(targets).astype("int32")
    if predictions.ndim != 2 or targets.shape != predictions.shape[:1]:
        raise ShapeError(
            f"K.in_top_k got predictions of shape {predictions.shape} and targets of shape "
            f"{targets.shape}. It expects (batch, classes) and (batch,)."
        )
    classes = lax.broadcasted_iota("int32", predictions.shape, 1)
    own = jnp.sum(jnp.where(classes == targets[:, None], predictions, 0), -1, keepdims=True)
    better = jnp.sum(predictions > own, -1, dtype="int32")
    exists = (targets >= 0) & (targets < predictions.shape[1])
    return (better < k) & exists & jnp.all(jnp.isfinite(own), -1)


# ---- dropout


@op
def _dropout(x, level, noise_shape, seed):
    x = floating(x)
    level = weak(level)
    if _is_zero(level):
        return x
    shape = x.shape
    if noise_shape is not None:
        shape = host_shape(
            [size if given is None else given for given, size in zip(noise_shape, shape)],
            "noise_shape",
        )
    kept = keep_mask(random_key(seed), 1.0 - level, shape)
    return jnp.where(kept, x / (1.0 - level), jnp.zeros((), x.dtype))


def dropout(x, level, noise_shape=None, seed=None):
    """Sets a random part of the elements to 0 and divides the others by `1 - level`.

    Args:
        x: Tensor or variable.
        level: Float, at least 0 and below 1: the part that is dropped.
        noise_shape: Tuple of ints and None, the shape of the random choice, which is broadcast to
            that of `x`; None stands for the size in `x`.
        seed: Integer; None draws from the program's own seed.

    Raises:
        ValueError: if `level` is not in the range.
    """
    if isinstance(weak(level), (int, float)) and not 0 <= level < 1:
        raise ValueError(f"Dropout level must be in the interval [0, 1[; got {level}.")
    if noise_shape is not None and len(noise_shape) != ndim(x):
        raise ShapeError(
            f"K.dropout got noise_shape={tuple(noise_shape)} for a tensor of shape "
            f"{int_shape(x)}. Expected one size (or None) for each axis."
        )
    return _dropout(x, level, noise_shape, seed)


# ---- normalization


@op
def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """Returns `(x - mean) / sqrt(var + epsilon) * gamma + beta`.

    Args:
        x: Tensor or variable.
        mean: Tensor, of rank 1 along `axis` or able to broadcast with `x`.
        var: Tensor like `mean`.
        beta: Tensor like `mean`, or None.
        gamma: Tensor like `mean`, or None.
        axis: Integer, the axis that is normalized.
        epsilon: Float, added to the variance.
    """
    x = floating(x)
    shape = [1] * x.ndim
    shape[axis] = -1

    def broadcast(values):
        values = jnp.asarray(values)
        return values.reshape(shape) if values.ndim == 1 and x.ndim > 1 else values

    factor = lax.rsqrt(jnp.asarray(var) + epsilon)
    if gamma is not None:
        factor = factor * gamma
    offset = -jnp.asarray(mean) * factor
    if beta is not None:
        offset = offset + beta
    return (x * broadcast(factor) + broadcast(offset)).astype(x.dtype)


@op
def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=1e-3):
    """Normalizes with the mean and variance of the batch.

    Args:
        x: Tensor or variable.
        gamma: Tensor to multiply by, or None.
        beta: Tensor to add, or None.
        reduction_axes: List of the axes to normalize over.
        epsilon: Float, added to the variance.

    Returns:
        A tuple of the normalized tensor, the mean and the variance. As in Keras on TensorFlow 1,
        the variance that is returned for images (rank 4, axes [0, 1, 2] or [0, 2, 3]) is that of
        the sample, divided by `n - 1`; else that of the population.
    """
    x = floating(x)
    axes = [int(axis) for axis in reduction_axes]
    places = tuple(axis % x.ndim for axis in axes)
    shape = [1 if axis in places else size for axis, size in enumerate(x.shape)]
    gamma = jnp.ones(shape, x.dtype) if gamma is None else jnp.asarray(gamma).reshape(shape)
    beta = jnp.zeros(shape, x.dtype) if beta is None else jnp.asarray(beta).reshape(shape)
    normalized, *moments = normalize(x, gamma, beta, places, epsilon)
    mean, variance = (jnp.squeeze(moment, places) for moment in moments)
    if x.ndim == 4 and axes in ([0, 1, 2], [0, 2, 3]):
        count = x.size // max(mean.size, 1)
        variance = variance * (count / max(count - 1, 1))
    return normalized, mean, variance


def moving_average_update(x, value, momentum):
    """Moves variable `x` towards `value`: `x * momentum + value * (1 - momentum)`.

    Args:
        x: Variable.
        value: Tensor of the same shape.
        momentum: Float, the part of the old value that stays.

    Returns:
        The update; see `K.update`.
    """
    return update_sub(x, (x - cast(value, x.dtype)) * (1.0 - weak(momentum)))


@op
def _bias_add(x, bias, data_format):
    x, bias = jnp.asarray(x), jnp.asarray(bias)
    if data_format == "channels_first" and x.ndim > 2:
        if bias.ndim == 1:
            shape = (1, -1) + (1,) * (x.ndim - 2)
        else:
            shape = (1, bias.shape[-1], *bias.shape[:-1])  # a reshape, no transposition, as Keras
    else:
        shape = (1,) * (x.ndim - bias.ndim) + bias.shape
    bias = bias.reshape(shape)
    if x.dtype == bias.dtype and x.dtype.name in ("float16", "bfloat16"):
        # The same sum, and the bias's gradient, a sum over all of `x`, is added up in 32 bits.
        return (x.astype("float32") + bias.astype("float32")).astype(x.dtype)
    return x + bias


def bias_add(x, bias, data_format=None):
    """Adds a bias to a tensor.

    Args:
        x: Tensor or variable.
        bias: Tensor of rank 1 (one number a channel), or of the shape of one sample. For
            `'channels_first'` that shape is given with the channels last, and the numbers are
            read in order into the shape with the channels first.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Raises:
        ValueError: for another data format or another rank of `bias`.
    """
    data_format = normalize_data_format(data_format)
    rank, expected = ndim(bias), ndim(x) - 1
    if rank not in (1, expected):
        raise ShapeError(
            f"Unexpected bias dimensions {rank}, expect to be 1 or {expected} dimensions. "
            f"The shapes are {int_shape(bias)} and {int_shape(x)}."
        )
    return _bias_add(x, bias, data_format)
