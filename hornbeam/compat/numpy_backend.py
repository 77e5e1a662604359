"""`keras.backend.numpy_backend`: functions of `K` in plain NumPy, an oracle for tests.

Each is written from its definition, without a thought for speed, so that it can be checked by eye.
Arguments are arrays; the order of arguments is that of `keras.backend`.
"""

import builtins
import itertools

import numpy as np

from hornbeam.backend.config import floatx, normalize_data_format
from hornbeam.utils.np_utils import to_categorical

abs = np.abs
cos = np.cos
cumprod = np.cumprod
cumsum = np.cumsum
exp = np.exp
expand_dims = np.expand_dims
log = np.log
maximum = np.maximum
minimum = np.minimum
ndim = np.ndim
round = np.round
sign = np.sign
sin = np.sin
square = np.square
squeeze = np.squeeze
stack = np.stack
tanh = np.tanh
tile = np.tile
transpose = np.transpose
equal = np.equal
not_equal = np.not_equal
greater = np.greater
greater_equal = np.greater_equal
less = np.less
less_equal = np.less_equal
py_slice = slice


# ---- arrays


def _array(values, dtype=None):
    return np.asarray(values, dtype or floatx())


def variable(value, dtype=None, name=None, constraint=None):
    """Returns an array.

    Raises:
        TypeError: for a constraint that cannot be called.
    """
    if constraint is not None and not callable(constraint):
        raise TypeError("Constraint must be callable")
    return np.array(value, dtype)


def constant(value, dtype=None, shape=None, name=None):
    """Returns an array of a number, or of an array's numbers, in a shape."""
    return np.broadcast_to(_array(value, dtype), () if shape is None else shape).copy()


def zeros(shape, dtype=None, name=None):
    """Returns an array of zeros."""
    return np.zeros(shape, dtype or floatx())


def ones(shape, dtype=None, name=None):
    """Returns an array of ones."""
    return np.ones(shape, dtype or floatx())


def zeros_like(x, dtype=None, name=None):
    """Returns zeros in the shape of `x`."""
    return np.zeros_like(x, dtype or floatx())


def ones_like(x, dtype=None, name=None):
    """Returns ones in the shape of `x`."""
    return np.ones_like(x, dtype or floatx())


def eye(size, dtype=None, name=None):
    """Returns an identity matrix; `size` is an integer or a pair of them."""
    rows, columns = size if isinstance(size, (list, tuple)) else (size, size)
    return np.eye(rows, columns, dtype=dtype or floatx())


def arange(start, stop=None, step=1, dtype="int32"):
    """Returns the numbers from `start` to before `stop`."""
    return np.arange(start, stop, step, dtype) if stop is not None else np.arange(
        0, start, step, dtype
    )


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """Returns random numbers between `low` and `high`."""
    return _array(np.random.RandomState(seed).uniform(low, high, shape), dtype)


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """Returns random numbers around `mean` with the standard deviation `scale`."""
    return _array(mean + scale * np.random.RandomState(seed).randn(*shape), dtype)


def eval(x):
    """Returns `x`."""
    return x


get_value = eval


def print_tensor(x, message=""):
    """Prints an array and returns it."""
    print(message, x)
    return x


def int_shape(x):
    """Returns the shape, a tuple."""
    return np.shape(x)


get_variable_shape = int_shape


def count_params(x):
    """Returns how many numbers an array holds."""
    return np.size(x)


def dtype(x):
    """Returns the name of the dtype."""
    return x.dtype.name


# ---- reductions


def _reduction(function):
    def reduce(x, axis=None, keepdims=False):
        axis = tuple(axis) if isinstance(axis, list) else axis
        return function(x, axis=axis, keepdims=keepdims)

    reduce.__name__ = function.__name__
    reduce.__doc__ = f"`numpy.{function.__name__}` over an axis, a list of axes, or all."
    return reduce


max = _reduction(np.max)
min = _reduction(np.min)
mean = _reduction(np.mean)
var = _reduction(np.var)
std = _reduction(np.std)
sum = _reduction(np.sum)
prod = _reduction(np.prod)
any = _reduction(np.any)
all = _reduction(np.all)


def logsumexp(x, axis=None, keepdims=False):
    """Returns the logarithm of the sum of exponentials."""
    return log(sum(exp(x), axis=axis, keepdims=keepdims))


def argmax(x, axis=-1):
    """Returns the places of the largest values."""
    return np.argmax(x, axis)


def argmin(x, axis=-1):
    """Returns the places of the smallest values."""
    return np.argmin(x, axis)


# ---- shapes


def concatenate(tensors, axis=-1):
    """Joins arrays along an axis."""
    return np.concatenate(tensors, axis)


def permute_dimensions(x, pattern):
    """Reorders the axes."""
    return np.transpose(x, pattern)


def reshape(x, shape):
    """Puts the numbers into another shape."""
    return np.reshape(x, shape)


def repeat_elements(x, rep, axis):
    """Repeats each element along an axis."""
    return np.repeat(x, rep, axis)


def repeat(x, n):
    """Turns `(samples, features)` into `(samples, n, features)`."""
    return np.repeat(x[:, None], n, axis=1)


def flatten(x):
    """Returns the numbers as a vector."""
    return np.reshape(x, -1)


def batch_flatten(x):
    """Returns the numbers of each sample as a vector."""
    return np.reshape(x, (len(x), -1))


def gather(reference, indices):
    """Returns the rows at some places."""
    return reference[indices]


def reverse(x, axes):
    """Turns axes around."""
    return np.flip(x, tuple(axes) if isinstance(axes, list) else axes)


def slice(x, start, size):
    """Returns the part that begins at `start` and has the sizes `size`; -1 means all the rest."""
    ends = (
        length if count == -1 else first + count
        for first, count, length in zip(start, size, x.shape)
    )
    return x[tuple(py_slice(first, end) for first, end in zip(start, ends))]


def one_hot(indices, num_classes):
    """Returns vectors that are 1 at the index and 0 elsewhere."""
    return to_categorical(indices, num_classes)


def temporal_padding(x, padding=(1, 1)):
    """Adds zero steps before and after."""
    return np.pad(x, [(0, 0), padding, (0, 0)])


def _spatial_padding(x, padding, data_format):
    padding = [tuple(pair) for pair in padding]
    if normalize_data_format(data_format) == "channels_first":
        return np.pad(x, [(0, 0), (0, 0), *padding])
    return np.pad(x, [(0, 0), *padding, (0, 0)])


def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Adds zeros around images."""
    return _spatial_padding(x, padding, data_format)


def spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None):
    """Adds zeros around volumes."""
    return _spatial_padding(x, padding, data_format)


def _resize(x, factors, data_format):
    first = 2 if normalize_data_format(data_format) == "channels_first" else 1
    for axis, factor in enumerate(factors, first):
        x = np.repeat(x, factor, axis)
    return x


def resize_images(x, height_factor, width_factor, data_format, interpolation="nearest"):
    """Repeats the rows and columns of images.

    Raises:
        ValueError: for another interpolation than `'nearest'`.
    """
    if interpolation != "nearest":
        raise ValueError(f"interpolation={interpolation!r}: only 'nearest' is computed here.")
    return _resize(x, (height_factor, width_factor), data_format)


def resize_volumes(x, depth_factor, height_factor, width_factor, data_format):
    """Repeats the slices, rows and columns of volumes."""
    return _resize(x, (depth_factor, height_factor, width_factor), data_format)


# ---- arithmetic


def sqrt(x):
    """Returns the square root, 0 for negative numbers."""
    return np.sqrt(np.maximum(x, 0))


def pow(x, a=1.0):
    """Returns a power."""
    return np.power(x, a)


def clip(x, min_value, max_value):
    """Limits numbers from below and above."""
    return np.clip(x, min_value, max_value)


def dot(x, y):
    """Returns the product of the last axis of `x` and the one before the last of `y`."""
    return np.dot(x, y)


def batch_dot(x, y, axes=None):
    """Returns the products of the samples of `x` and `y` along an axis of each.

    Raises:
        ValueError: for axes that do not fit.
    """
    if x.ndim < 2 or y.ndim < 2:
        raise ValueError("Batch dot requires inputs of rank 2 or more.")
    if axes is None:
        axes = (x.ndim - 1, 1 if y.ndim == 2 else y.ndim - 2)
    first, second = (axes, axes) if isinstance(axes, int) else axes
    first, second = first % x.ndim, second % y.ndim
    if 0 in (first, second):
        raise ValueError("Can not perform batch dot over axis 0.")
    if x.shape[0] != y.shape[0] or x.shape[first] != y.shape[second]:
        raise ValueError(
            f"Can not do batch_dot on inputs with shapes {x.shape} and {y.shape} with "
            f"axes={(first, second)}."
        )
    result = np.array([np.tensordot(a, b, (first - 1, second - 1)) for a, b in zip(x, y)])
    return result[:, None] if result.ndim == 1 else result


def bias_add(x, y, data_format=None):
    """Adds a vector to the channels, or an array to each sample."""
    if normalize_data_format(data_format) == "channels_first":
        if y.ndim > 1:
            y = y.reshape(y.shape[-1], *y.shape[:-1])  # as Keras: the axes are not moved
        return x + y.reshape(y.shape + (1,) * (x.ndim - 1 - y.ndim))
    return x + y


def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """Returns `(x - mean) / sqrt(var + epsilon) * gamma + beta`, along one axis."""
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]
    mean, var, beta, gamma = (np.reshape(each, shape) for each in (mean, var, beta, gamma))
    return (x - mean) / np.sqrt(var + epsilon) * gamma + beta


# ---- activations and losses


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """Returns `x` above the threshold (at most `max_value`), `alpha * (x - threshold)` below."""
    above = np.clip(x, None, np.inf if max_value is None else max_value)
    return np.where(x >= threshold, above, alpha * (x - threshold))


def elu(x, alpha=1.0):
    """Returns `x` above 0, `alpha * (exp(x) - 1)` below."""
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


def softplus(x):
    """Returns `log(1 + exp(x))`."""
    return np.logaddexp(0, x)


def softsign(x):
    """Returns `x / (1 + |x|)`."""
    return x / (1 + np.abs(x))


def sigmoid(x):
    """Returns `1 / (1 + exp(-x))`."""
    return 1 / (1 + np.exp(-x))


def hard_sigmoid(x):
    """Returns `0.2 * x + 0.5`, between 0 and 1."""
    return np.clip(0.2 * x + 0.5, 0, 1)


def softmax(x, axis=-1):
    """Returns exponentials that add up to 1."""
    powers = np.exp(x - np.max(x, axis, keepdims=True))
    return powers / np.sum(powers, axis, keepdims=True)


def l2_normalize(x, axis=-1):
    """Divides by the Euclidean norm."""
    return x / np.sqrt(np.maximum(np.sum(x**2, axis, keepdims=True), 1e-12))


def in_top_k(predictions, targets, k):
    """Whether each target is among the `k` largest predictions."""
    best = np.argsort(-predictions)[:, :k]
    return np.any(np.reshape(targets, (-1, 1)) == best, axis=-1)


def binary_crossentropy(target, output, from_logits=False):
    """Returns the crossentropy of each number."""
    output = sigmoid(output) if from_logits else output
    output = np.clip(output, 1e-7, 1 - 1e-7)
    return -target * np.log(output) - (1 - target) * np.log(1 - output)


def categorical_crossentropy(target, output, from_logits=False):
    """Returns the crossentropy of each vector."""
    output = softmax(output) if from_logits else output / output.sum(-1, keepdims=True)
    return -np.sum(target * np.log(np.clip(output, 1e-7, 1 - 1e-7)), axis=-1)


def dropout(x, level, noise_shape=None, seed=None):
    """Sets a part of the numbers to 0 and enlarges the others."""
    shape = x.shape if noise_shape is None else [
        size if given is None else given for size, given in zip(x.shape, noise_shape)
    ]
    return x * np.random.RandomState(seed).binomial(1, 1 - level, shape) / (1 - level)


# ---- convolutions and pooling


def _to_channels_last(x, data_format):
    return np.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def _from_channels_last(x, data_format):
    return np.moveaxis(x, -1, 1) if data_format == "channels_first" else x


def _per_axis(value, count):
    return (value,) * count if isinstance(value, int) else tuple(value)


def _windows(x, size, strides, padding, dilation, fill):
    """Yields, for each place in a window, its index and the values that it meets.

    `x` is `(samples, *spatial, channels)`; the values are `(samples, *places, channels)`.
    """
    spans = [(each - 1) * apart + 1 for each, apart in zip(size, dilation)]
    if padding == "same":
        needed = []
        for length, span, stride in zip(x.shape[1:-1], spans, strides):
            total = builtins.max((-(-length // stride) - 1) * stride + span - length, 0)
            needed.append((total // 2, total - total // 2))
        x = np.pad(x, [(0, 0), *needed, (0, 0)], constant_values=fill)
    elif padding == "causal":
        x = np.pad(x, [(0, 0), (spans[0] - 1, 0), (0, 0)], constant_values=fill)
    counts = [
        (length - span) // stride + 1
        for length, span, stride in zip(x.shape[1:-1], spans, strides)
    ]
    for index in itertools.product(*(range(each) for each in size)):
        cut = tuple(
            py_slice(at * apart, at * apart + (count - 1) * stride + 1, stride)
            for at, apart, count, stride in zip(index, dilation, counts, strides)
        )
        yield index, x[(py_slice(None), *cut)]


def conv(x, w, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution of steps, images or volumes with kernels `(*size, channels, filters)`."""
    data_format = normalize_data_format(data_format)
    count = x.ndim - 2
    x = _to_channels_last(x, data_format)
    strides, dilation = _per_axis(strides, count), _per_axis(dilation_rate, count)
    y = builtins.sum(
        part @ w[index]
        for index, part in _windows(x, w.shape[:-2], strides, padding, dilation, 0)
    )
    return _from_channels_last(y, data_format)


def depthwise_conv(x, w, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution of each channel for itself with kernels `(*size, channels, multiplier)`."""
    data_format = normalize_data_format(data_format)
    count = x.ndim - 2
    x = _to_channels_last(x, data_format)
    strides, dilation = _per_axis(strides, count), _per_axis(dilation_rate, count)
    y = builtins.sum(
        part[..., None] * w[index]
        for index, part in _windows(x, w.shape[:-2], strides, padding, dilation, 0)
    )
    return _from_channels_last(y.reshape(*y.shape[:-2], -1), data_format)


def separable_conv(x, w1, w2, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Depthwise convolution, then one with kernels of size 1."""
    x = depthwise_conv(x, w1, strides, padding, data_format, dilation_rate)
    return conv(x, w2, 1, "valid", data_format)


def conv_transpose(
    x, w, output_shape, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """What the convolution with kernels `(*size, filters, channels)` has as its gradient."""
    data_format = normalize_data_format(data_format)
    count = x.ndim - 2
    x = _to_channels_last(x, data_format)
    strides, dilation = _per_axis(strides, count), _per_axis(dilation_rate, count)
    sizes = output_shape[2:] if data_format == "channels_first" else output_shape[1:-1]
    spans = [(each - 1) * apart + 1 for each, apart in zip(w.shape[:-2], dilation)]
    before = [0] * count
    if padding == "same":
        before = [
            builtins.max((-(-size // stride) - 1) * stride + span - size, 0) // 2
            for size, stride, span in zip(sizes, strides, spans)
        ]
    room = [
        builtins.max(first + size, (length - 1) * stride + span)
        for first, size, length, stride, span in zip(
            before, sizes, x.shape[1:-1], strides, spans
        )
    ]
    y = np.zeros((len(x), *room, w.shape[-2]), np.result_type(x, w))
    for index in itertools.product(*(range(each) for each in w.shape[:-2])):
        cut = tuple(
            py_slice(at * apart, at * apart + (length - 1) * stride + 1, stride)
            for at, apart, length, stride in zip(index, dilation, x.shape[1:-1], strides)
        )
        y[(py_slice(None), *cut)] += x @ w[index].T
    cut = tuple(py_slice(first, first + size) for first, size in zip(before, sizes))
    return _from_channels_last(y[(py_slice(None), *cut)], data_format)


conv1d = conv2d = conv3d = conv
depthwise_conv2d = depthwise_conv
separable_conv1d = separable_conv2d = separable_conv
conv2d_transpose = conv3d_transpose = conv_transpose


def pool(x, pool_size, strides=1, padding="valid", data_format=None, pool_mode="max"):
    """The largest value or the mean of each window; padding counts for neither."""
    data_format = normalize_data_format(data_format)
    count = x.ndim - 2
    x = _to_channels_last(x, data_format)
    size, strides = _per_axis(pool_size, count), _per_axis(strides, count)
    fill = -np.inf if pool_mode == "max" else np.nan
    parts = np.stack([
        part for _, part in _windows(x, size, strides, padding, (1,) * count, fill)
    ])
    y = parts.max(axis=0) if pool_mode == "max" else np.nanmean(parts, axis=0)
    return _from_channels_last(y, data_format)


pool2d = pool3d = pool


# ---- recurrence and control


def rnn(
    step_function,
    inputs,
    initial_states,
    go_backwards=False,
    mask=None,
    constants=None,
    unroll=False,
    input_length=None,
):
    """Runs a step over the time axis of `(samples, steps, ...)`.

    Returns:
        The last output, all outputs `(samples, steps, ...)`, and the list of last states.
    """
    constants = list(constants or ())
    states, outputs, output = list(initial_states), [], None
    steps = range(inputs.shape[1])
    for step in reversed(steps) if go_backwards else steps:
        new, new_states = step_function(inputs[:, step], states + constants)
        if mask is not None:
            keep = np.asarray(mask, bool)[:, step]
            new = _where(keep, new, np.zeros_like(new) if output is None else output)
            new_states = [_where(keep, *pair) for pair in zip(new_states, states)]
        output, states = new, list(new_states)
        outputs.append(output)
    return output, np.stack(outputs, axis=1), states


def _where(keep, new, old):
    return np.where(keep.reshape(-1, *(1,) * (new.ndim - 1)), new, old)


def switch(condition, then_expression, else_expression):
    """Takes numbers from one array where the condition holds, from the other elsewhere."""
    shape = condition.shape + (1,) * (np.ndim(then_expression) - condition.ndim)
    return np.where(condition.reshape(shape).astype(bool), then_expression, else_expression)


_phase = True


def learning_phase():
    """Whether this is training; True unless set otherwise."""
    return _phase


def set_learning_phase(value):
    """Sets what `learning_phase` returns."""
    global _phase
    _phase = value


def in_train_phase(x, alt, training=None):
    """Returns `x` in training, `alt` otherwise; functions are called."""
    chosen = x if (learning_phase() if training is None else training) else alt
    return chosen() if callable(chosen) else chosen


def in_test_phase(x, alt, training=None):
    """Returns `alt` in training, `x` otherwise; functions are called."""
    return in_train_phase(alt, x, training)


def ctc_decode(
    y_pred, input_length, greedy=True, beam_width=100, top_paths=1, merge_repeated=False
):
    """Takes the likeliest label of each step, without repeats and blanks (the last class).

    Returns:
        Labels `(samples, longest)` filled up with -1, and the negative logarithms of their
        probabilities `(samples, 1)`.

    Raises:
        ValueError: for `greedy=False`.
    """
    if not greedy:
        raise ValueError("Only greedy=True is computed here.")
    paths, scores = [], []
    for probabilities, length in zip(y_pred, input_length):
        best = probabilities[:length].argmax(axis=-1)
        scores.append([-np.log(probabilities[np.arange(length), best]).sum()])
        path = [label for label, _ in itertools.groupby(best)]
        paths.append([label for label in path if label != y_pred.shape[-1] - 1])
    longest = builtins.max(len(path) for path in paths)
    filled = [path + [-1] * (longest - len(path)) for path in paths]
    return np.array(filled, y_pred.dtype), np.array(scores)
