"""Sizes of convolutions, and their kernels in Theano's order."""

import numpy as np

from hornbeam.backend.config import normalize_data_format
from hornbeam.backend.windows import output_length
from hornbeam.utils.generic_utils import transpose_shape

__all__ = [
    "conv_input_length",
    "conv_output_length",
    "convert_kernel",
    "deconv_length",
    "normalize_data_format",
    "normalize_padding",
    "normalize_tuple",
    "transpose_shape",
]

_PADDINGS = ("same", "valid", "full", "causal")


def normalize_tuple(value, n, name):
    """Returns an integer, or `n` integers, as a tuple of `n` integers.

    Args:
        value: Integer, or tuple or list of `n` integers.
        n: Integer.
        name: String; what the value is, for the message.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, int):
        return (value,) * n
    try:
        values = tuple(value)
        for item in values:
            int(item)
    except (TypeError, ValueError):
        values = ()
    if len(values) != n:
        raise ValueError(
            f"The `{name}` argument must be a tuple of {n} integers. Received: {value}"
        )
    return values


def normalize_padding(value):
    """Returns the name of a padding in lower case.

    Raises:
        ValueError: unless it is `'valid'`, `'same'`, `'causal'` or `'full'`.
    """
    padding = value.lower()
    if padding not in ("valid", "same", "causal", "full"):
        raise ValueError(
            'The `padding` argument must be one of "valid", "same" (or "causal" for Conv1D). '
            f"Received: {padding}"
        )
    return padding


def convert_kernel(kernel):
    """Turns the kernel of a convolution by 180 degrees: Theano's into TensorFlow's, or back.

    Args:
        kernel: Array of 3, 4 or 5 axes; all but the last two are turned.

    Raises:
        ValueError: for another number of axes.
    """
    kernel = np.asarray(kernel)
    if not 3 <= kernel.ndim <= 5:
        raise ValueError(f"Invalid kernel shape: {kernel.shape}")
    return np.copy(np.flip(kernel, tuple(range(kernel.ndim - 2))))


def conv_output_length(input_length, filter_size, padding, stride, dilation=1):
    """Returns the size of a convolution's output along one axis; None where it is unknown.

    Args:
        input_length: Integer or None.
        filter_size, stride, dilation: Integers.
        padding: `'same'`, `'valid'`, `'full'` or `'causal'`.

    Raises:
        ValueError: for another padding.
    """
    _check_padding(padding)
    if input_length is None:
        return None
    if padding == "full":
        return (input_length + (filter_size - 1) * dilation + stride - 1) // stride
    return output_length(input_length, filter_size, padding, stride, dilation)


def conv_input_length(output_length, filter_size, padding, stride):
    """Returns the size of a convolution's input along one axis; None where it is unknown.

    Args:
        output_length: Integer or None.
        filter_size, stride: Integers.
        padding: `'same'`, `'valid'` or `'full'`.

    Raises:
        ValueError: for another padding.
    """
    _check_padding(padding, ("same", "valid", "full"))
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * pad + filter_size


def deconv_length(dim_size, stride_size, kernel_size, padding, output_padding=None, dilation=1):
    """Returns the size of a transposed convolution's output along one axis.

    Args:
        dim_size: Integer or None.
        stride_size, kernel_size, dilation: Integers.
        padding: `'same'`, `'valid'` or `'full'`.
        output_padding: Integer, what is added at the end; None adds as much as the padding needs.

    Raises:
        ValueError: for another padding.
    """
    _check_padding(padding, ("same", "valid", "full"))
    if dim_size is None:
        return None
    kernel_size = (kernel_size - 1) * dilation + 1
    if output_padding is None:
        rest = max(kernel_size - stride_size, 0)
        extra = {"valid": rest, "same": 0, "full": -(stride_size + kernel_size - 2)}[padding]
        return dim_size * stride_size + extra
    pad = {"same": kernel_size // 2, "valid": 0, "full": kernel_size - 1}[padding]
    return (dim_size - 1) * stride_size + kernel_size - 2 * pad + output_padding


def _check_padding(padding, allowed=_PADDINGS):
    if padding not in allowed:
        raise ValueError(f"Unknown padding: {padding!r}. Expected one of {list(allowed)}.")
