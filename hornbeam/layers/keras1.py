"""The arguments that layers had in Keras 1, translated at the edge by one table.

`accept_old_arguments` gives each class of the table a constructor that takes both forms, so that
calls, subclasses (`super().__init__(output_dim=...)`) and configs of Keras 1 work alike; the layers
themselves know the new names only. Nothing is said where the meaning is the same; a warning tells
where the result differs.

Source: the conversions of Keras 2.3.1, and the signatures of Keras 1.2.2.
"""

import functools
import inspect
import warnings

import numpy as np

from hornbeam.translations import tell

__all__ = ["RENAMES", "accept_old_arguments", "prepare", "translate", "translating"]

_LAYOUTS = {"tf": "channels_last", "th": "channels_first", "default": None}
_IMPLEMENTATIONS = {"cpu": 0, "mem": 1, "gpu": 2}

_KERNEL = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_RATE = {"p": "rate"}
_LAYOUT = {"dim_ordering": "data_format"}
_WINDOW = {"border_mode": "padding", **_LAYOUT}
_STEPS = {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"}
_CONV = {"nb_filter": "filters", "subsample": "strides", "atrous_rate": "dilation_rate"}
_RECURRENT = {
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_CONV1D = {
    **_KERNEL,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample_length": "strides",
    "border_mode": "padding",
    "atrous_rate": "dilation_rate",
}
_CONV2D = {**_KERNEL, **_WINDOW, **_CONV}
_UNITS = {"output_dim": "units", **_RECURRENT, "consume_less": "implementation"}

# Class -> old argument -> new argument.
RENAMES = {
    "AveragePooling1D": _STEPS,
    "AveragePooling2D": _WINDOW,
    "AveragePooling3D": _WINDOW,
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "Conv1D": _CONV1D,
    "Conv2D": _CONV2D,
    "Conv2DTranspose": _CONV2D,
    "Conv3D": _CONV2D,
    "ConvLSTM2D": {**_RECURRENT, **_WINDOW, **_CONV, "bias": "use_bias"},
    "ConvRecurrent2D": {**_WINDOW, **_CONV, "consume_less": "implementation"},
    "Cropping2D": _LAYOUT,
    "Cropping3D": _LAYOUT,
    "Dense": {"output_dim": "units", **_KERNEL},
    "Dropout": _RATE,
    "Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "GRU": _UNITS,
    "GaussianDropout": _RATE,
    "GaussianNoise": {"sigma": "stddev"},
    "GlobalAveragePooling2D": _LAYOUT,
    "GlobalAveragePooling3D": _LAYOUT,
    "GlobalMaxPooling2D": _LAYOUT,
    "GlobalMaxPooling3D": _LAYOUT,
    "InputLayer": {"input_dtype": "dtype"},
    "LSTM": _UNITS,
    "LocallyConnected1D": _CONV1D,
    "LocallyConnected2D": _CONV2D,
    "MaxPooling1D": _STEPS,
    "MaxPooling2D": _WINDOW,
    "MaxPooling3D": _WINDOW,
    "PReLU": {"init": "alpha_initializer"},
    "Recurrent": {"consume_less": "implementation"},
    "SeparableConv2D": {**_CONV2D, "init": ("depthwise_initializer", "pointwise_initializer")},
    "SimpleRNN": _UNITS,
    "SpatialDropout1D": _RATE,
    "SpatialDropout2D": {**_RATE, **_LAYOUT},
    "SpatialDropout3D": {**_RATE, **_LAYOUT},
    "UpSampling1D": {"length": "size"},
    "UpSampling2D": _LAYOUT,
    "UpSampling3D": _LAYOUT,
    "ZeroPadding2D": _LAYOUT,
    "ZeroPadding3D": _LAYOUT,
}

# Old argument -> old value -> new value.
_VALUES = {"dim_ordering": _LAYOUTS, "consume_less": _IMPLEMENTATIONS}


# ---- what is more than a new name: functions of (class name, args, kwargs) -> args


def _gathered_kernel(sizes):
    """`filters, 3, 3` or `nb_row=3, nb_col=3` becomes `kernel_size=(3, 3)`."""

    def gather(name, args, kwargs):
        count = len(sizes)
        first, rest = args[1 : 1 + count], args[1 + count :]
        if first and not all(_is_integer(size) for size in first):
            first, rest = (), args[1:]
        if rest and first and len(first) < count:
            return args
        given = [size for size in sizes if size in kwargs]
        if not given and len(first) < count:
            return args  # a new call, or one without sizes
        values = list(first) + [kwargs.pop(size) for size in given]
        if list(sizes[len(first) :]) != given or "kernel_size" in kwargs:
            raise TypeError(
                f"{name} got the sizes of its kernel in parts that do not add up: by position "
                f"{tuple(first)}, by name {given}. Expected kernel_size with {count} sizes, or all "
                f"of {list(sizes)}."
            )
        kwargs["kernel_size"] = tuple(values)
        if rest:
            raise TypeError(
                f"{name} can take at most {1 + count} arguments by position: the filters and the "
                f"{count} sizes of the kernel. Name the others; got {rest!r} beside them."
            )
        return args[:1]

    return gather


def _deconvolution(name, args, kwargs):
    """Drops `output_shape`: padding and strides say it."""
    if len(args) > 3 and isinstance(args[3], tuple):
        args = (*args[:3], *args[4:])
    kwargs.pop("output_shape", None)
    return _gathered_kernel(("nb_row", "nb_col"))(name, args, kwargs)


def _recurrent(name, args, kwargs):
    if "forget_bias_init" in kwargs:
        value = kwargs.pop("forget_bias_init")
        known = {"one": True, "ones": True, "zero": False, "zeros": False}.get(value)
        if known is None:
            warnings.warn(
                f"{name}: forget_bias_init={value!r} has no counterpart in Keras 2 and was "
                "ignored; the forget gate's bias starts at one. Use unit_forget_bias=False and "
                "bias_initializer for another start.",
                stacklevel=5,
            )
        else:
            kwargs["unit_forget_bias"] = known
    return _steps(name, args, kwargs)


def _steps(name, args, kwargs):
    """`input_dim` and `input_length` are the input's shape in a layer of sequences."""
    if "input_dim" in kwargs and "input_shape" not in kwargs:
        kwargs["input_shape"] = (kwargs.pop("input_length", None), kwargs.pop("input_dim"))
    return args


def _conv_lstm(name, args, kwargs):
    kwargs_of_lstm = {key: kwargs[key] for key in ("forget_bias_init",) if key in kwargs}
    if kwargs_of_lstm:
        del kwargs["forget_bias_init"]
        _recurrent(name, (), kwargs_of_lstm)
        kwargs.update(kwargs_of_lstm)
    return _gathered_kernel(("nb_row", "nb_col"))(name, args, kwargs)


def _embedding(name, args, kwargs):
    if kwargs.pop("dropout", None):
        warnings.warn(
            f"{name} takes no `dropout` since Keras 2: it was ignored. Add a SpatialDropout1D "
            "layer after it instead.",
            stacklevel=5,
        )
    return args


def _batch_normalization(name, args, kwargs):
    if args and isinstance(args[0], float):
        raise TypeError(
            f"{name} got {args[0]!r} in first place, which is the axis. Name the others: "
            f"epsilon={args[0]!r}."
        )
    mode = kwargs.pop("mode", 0)
    if mode != 0:
        raise TypeError(
            f"{name} got mode={mode!r}. Expected mode=0: the modes of Keras 1 that normalize each "
            "sample (1) or use the batch's statistics in tests too (2) exist no longer."
        )
    return args


def _zero_padding(name, args, kwargs):
    padding = args[0] if args else kwargs.get("padding")
    if not isinstance(padding, dict):
        return args
    sides = ("top_pad", "bottom_pad", "left_pad", "right_pad")
    unknown = sorted(set(padding) - set(sides))
    if unknown:
        raise ValueError(f"{name} got padding for the sides {unknown}. Expected some of {sides}.")
    top, bottom, left, right = (padding.get(side, 0) for side in sides)
    kwargs["padding"] = ((top, bottom), (left, right))
    return args[1:]


_PREPARE = {
    "BatchNormalization": _batch_normalization,
    "Conv1D": _steps,
    "Conv2D": _gathered_kernel(("nb_row", "nb_col")),
    "Conv2DTranspose": _deconvolution,
    "Conv3D": _gathered_kernel(("kernel_dim1", "kernel_dim2", "kernel_dim3")),
    "ConvLSTM2D": _conv_lstm,
    "ConvRecurrent2D": _gathered_kernel(("nb_row", "nb_col")),
    "Embedding": _embedding,
    "GRU": _recurrent,
    "LSTM": _recurrent,
    "LocallyConnected1D": _steps,
    "LocallyConnected2D": _gathered_kernel(("nb_row", "nb_col")),
    "SeparableConv2D": _gathered_kernel(("nb_row", "nb_col")),
    "SimpleRNN": _recurrent,
    "ZeroPadding2D": _zero_padding,
}


def _is_integer(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


# ---- the translation


def prepare(name, args, kwargs):
    """Does what is more than renaming: returns the new `args` and changes `kwargs`."""
    return _PREPARE[name](name, args, kwargs) if name in _PREPARE else args


def translate(name, args, kwargs):
    """Returns the arguments of a call in their new form.

    Args:
        name: Name of the layer's class, a key of `RENAMES`.
        args: Tuple, the arguments by position.
        kwargs: Dict of the arguments by name.

    Returns:
        The pair `(args, kwargs)`.

    Raises:
        TypeError: for an argument given under both names, or a form that means nothing now.
        ValueError: for an unknown value of an old argument.
    """
    given = args, set(kwargs)
    kwargs = dict(kwargs)
    args = prepare(name, args, kwargs)
    if (len(args), set(kwargs)) != (len(given[0]), given[1]):
        gone = ", ".join(sorted(given[1] - set(kwargs))) or "by position"
        tell("argument", f"{name}({gone})", ", ".join(sorted(set(kwargs) - given[1])) or "nothing")
    for old, new in RENAMES[name].items():
        if old not in kwargs:
            continue
        value = kwargs.pop(old)
        values = _VALUES.get(old)
        if values is not None:
            if value not in values:
                raise ValueError(
                    f"{name} got {old}={value!r}. Expected one of {list(values)}."
                )
            value = values[value]
        targets = (new,) if isinstance(new, str) else new
        tell("argument", f"{name}({old})", ", ".join(targets))
        for target in targets:
            if target in kwargs:
                raise TypeError(
                    f"For the `{target}` argument, the layer received both the legacy keyword "
                    f"argument `{old}` and the Keras 2 keyword argument `{target}`. Stick to the "
                    "latter!"
                )
            kwargs[target] = value
    return args, kwargs


def accept_old_arguments(classes):
    """Lets the constructors of the table's classes take the old arguments as well.

    Args:
        classes: Dict from name to class; those that are missing are left out.
    """
    for name in RENAMES:
        if name in classes:
            classes[name].__init__ = translating(name, classes[name].__init__)


def translating(name, constructor):
    """Returns a constructor that takes the old arguments of the class `name` too."""

    @functools.wraps(constructor)
    def __init__(self, *args, **kwargs):
        args, kwargs = translate(name, args, kwargs)
        return constructor(self, *args, **kwargs)

    __init__.__signature__ = inspect.signature(constructor)  # what getfullargspec reads
    __init__.old_arguments = RENAMES[name]
    return __init__
