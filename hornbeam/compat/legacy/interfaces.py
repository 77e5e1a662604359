"""`keras.legacy.interfaces`: decorators that let a constructor take Keras 1's arguments.

hornbeam's own layers need none of them: `hornbeam.layers.keras1` holds the table. Here the table
serves constructors that others wrote and decorated. Nothing is said where the meaning is the same.
"""

import functools
import inspect

from hornbeam.layers import keras1

__all__ = [
    "generate_legacy_interface",
    "generate_legacy_method_interface",
    "raise_duplicate_arg_error",
]


def raise_duplicate_arg_error(old_arg, new_arg):
    """Raises the TypeError for an argument that was given under both of its names."""
    raise TypeError(
        f"For the `{new_arg}` argument, the layer received both the legacy keyword argument "
        f"`{old_arg}` and the Keras 2 keyword argument `{new_arg}`. Stick to the latter!"
    )


def generate_legacy_interface(
    allowed_positional_args=None,
    conversions=None,
    preprocessor=None,
    value_conversions=None,
    object_type="class",
):
    """Makes a decorator that translates old arguments of a constructor or method.

    Args:
        allowed_positional_args: List of the arguments that may be given by position; None allows
            all.
        conversions: List of pairs `(old name, new name)`.
        preprocessor: Function `(args, kwargs)` that returns `(args, kwargs, converted)`, where
            `args` starts with `self` and `converted` lists what it changed.
        value_conversions: Dict from old name to a dict from old value to new value.
        object_type: `'class'` for a constructor, or `'method'`; names the object in errors.

    Returns:
        The decorator.

    Source: Keras 2.3.1, without its warnings.
    """
    allowed = None if allowed_positional_args is None else list(allowed_positional_args)

    def decorate(func):
        @functools.wraps(func)
        def wrapper(*args, **kwargs):
            if preprocessor is not None:
                args, kwargs, _ = preprocessor(args, kwargs)
            name = type(args[0]).__name__ if object_type == "class" else func.__name__
            if allowed is not None and len(args) > len(allowed) + 1:
                raise TypeError(
                    f"`{name}` can accept only {len(allowed)} positional arguments "
                    f"{tuple(allowed)}, but you passed the following positional arguments: "
                    f"{list(args[1:])}"
                )
            for key, table in (value_conversions or {}).items():
                if key in kwargs and kwargs[key] in table:
                    kwargs[key] = table[kwargs[key]]
            for old, new in conversions or ():
                if old in kwargs:
                    if new in kwargs:
                        raise_duplicate_arg_error(old, new)
                    kwargs[new] = kwargs.pop(old)
            return func(*args, **kwargs)

        wrapper._original_function = func
        wrapper.__signature__ = inspect.signature(func)
        return wrapper

    return decorate


generate_legacy_method_interface = functools.partial(
    generate_legacy_interface, object_type="method"
)


def _for_layer(name):
    """The decorator that translates as the constructor of one of our layers does."""

    def decorate(func):
        return keras1.translating(name, func)

    return decorate


def _preprocessor(name):
    """A function `(args, kwargs)` that does what is more than renaming, for one of our layers."""

    def preprocess(args, kwargs):
        before = dict(kwargs)
        rest = keras1.prepare(name, args[1:], kwargs)
        converted = [(old, None) for old in before if old not in kwargs]
        return (*args[:1], *rest), kwargs, converted

    return preprocess


# Decorator -> the layer whose conversion it makes.
_LAYERS = {
    "batchnorm": "BatchNormalization",
    "conv1d": "Conv1D",
    "conv2d": "Conv2D",
    "conv3d": "Conv3D",
    "convlstm2d": "ConvLSTM2D",
    "cropping2d": "Cropping2D",
    "cropping3d": "Cropping3D",
    "deconv2d": "Conv2DTranspose",
    "dense": "Dense",
    "dropout": "Dropout",
    "embedding": "Embedding",
    "gaussiandropout": "GaussianDropout",
    "gaussiannoise": "GaussianNoise",
    "global_pooling": "GlobalMaxPooling2D",
    "input": "InputLayer",
    "pooling1d": "MaxPooling1D",
    "pooling2d": "MaxPooling2D",
    "pooling3d": "MaxPooling3D",
    "prelu": "PReLU",
    "recurrent": "LSTM",
    "separable_conv2d": "SeparableConv2D",
    "spatialdropout1d": "SpatialDropout1D",
    "spatialdropoutNd": "SpatialDropout2D",
    "upsampling1d": "UpSampling1D",
    "upsampling2d": "UpSampling2D",
    "upsampling3d": "UpSampling3D",
    "zeropadding2d": "ZeroPadding2D",
    "zeropadding3d": "ZeroPadding3D",
}
for _decorator, _layer in _LAYERS.items():
    globals()[f"legacy_{_decorator}_support"] = _for_layer(_layer)
    __all__.append(f"legacy_{_decorator}_support")

batchnorm_args_preprocessor = _preprocessor("BatchNormalization")
conv1d_args_preprocessor = _preprocessor("Conv1D")
conv2d_args_preprocessor = _preprocessor("Conv2D")
conv3d_args_preprocessor = _preprocessor("Conv3D")
convlstm2d_args_preprocessor = _preprocessor("ConvLSTM2D")
deconv2d_args_preprocessor = _preprocessor("Conv2DTranspose")
embedding_kwargs_preprocessor = _preprocessor("Embedding")
recurrent_args_preprocessor = lstm_args_preprocessor = _preprocessor("LSTM")
separable_conv2d_args_preprocessor = _preprocessor("SeparableConv2D")
zeropadding2d_args_preprocessor = _preprocessor("ZeroPadding2D")


def generator_methods_args_preprocessor(args, kwargs):
    """Turns `samples_per_epoch` into `steps_per_epoch` where the generator tells its batch size."""
    generator = args[1] if len(args) > 1 else kwargs.get("generator")
    if "samples_per_epoch" not in kwargs:
        return args, kwargs, []
    if "steps_per_epoch" in kwargs:
        raise_duplicate_arg_error("samples_per_epoch", "steps_per_epoch")
    samples = kwargs.pop("samples_per_epoch")
    kwargs["steps_per_epoch"] = samples // getattr(generator, "batch_size", 1)
    return args, kwargs, [("samples_per_epoch", "steps_per_epoch")]


def add_weight_args_preprocessing(args, kwargs):
    """Names the arguments of `add_weight` that Keras 1 gave by position: the shape first."""
    if len(args) > 1 and isinstance(args[1], (tuple, list)):
        kwargs["shape"] = args[1]
        args = (args[0], *args[2:])
        if len(args) > 1 and isinstance(args[1], str):
            kwargs["name"] = args[1]
            args = (args[0], *args[2:])
    return args, kwargs, []


def get_updates_arg_preprocessing(args, kwargs):
    """Turns `get_updates(params, constraints, loss)` into `get_updates(loss, params)`."""
    if len(args) > 4:
        raise TypeError(f"`get_updates` takes (loss, params); got {len(args) - 1} arguments.")
    if len(args) == 4:  # self, params, constraints, loss
        return args[:1], {**kwargs, "params": args[1], "loss": args[3]}, []
    if len(args) == 3 and isinstance(args[1], list):  # self, params, loss
        return args[:1], {**kwargs, "params": args[1], "loss": args[2]}, []
    return args, kwargs, []


legacy_add_weight_support = generate_legacy_interface(
    allowed_positional_args=["name", "shape"], preprocessor=add_weight_args_preprocessing
)
legacy_generator_methods_support = generate_legacy_method_interface(
    allowed_positional_args=["generator", "steps_per_epoch", "epochs"],
    conversions=[
        ("samples_per_epoch", "steps_per_epoch"),
        ("val_samples", "steps"),
        ("nb_epoch", "epochs"),
        ("nb_val_samples", "validation_steps"),
        ("nb_worker", "workers"),
        ("pickle_safe", "use_multiprocessing"),
        ("max_q_size", "max_queue_size"),
    ],
    preprocessor=generator_methods_args_preprocessor,
)
legacy_get_updates_support = generate_legacy_interface(preprocessor=get_updates_arg_preprocessing)
legacy_lambda_support = generate_legacy_interface(
    allowed_positional_args=["function", "output_shape"]
)
legacy_model_constructor_support = generate_legacy_interface(
    conversions=[("input", "inputs"), ("output", "outputs")]
)
