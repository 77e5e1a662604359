"""The table of what tf.keras 2 has otherwise than Keras 2.3.1.

`CHANGES` says, for each module of hornbeam, which names tf.keras answers otherwise, and how: a
function of (module, name). Whatever is not here is hornbeam's own.
"""

import importlib

from hornbeam.compat.tensorflow.facade import facade, with_defaults

__all__ = ["CHANGES", "MODULES", "VERSION", "optimizer_classes"]

VERSION = "2.15.0"  # the last TensorFlow whose tf.keras was Keras 2

_made = {}  # (module, name of the class) -> its facade


def _class(of=None, **changes):
    """A class with tf.keras's signature; `of` names hornbeam's class, where it has another name."""

    def make(module, name):
        base = getattr(module, of or name)
        key = (base.__module__, base.__name__)
        if key not in _made:
            home = module.__name__.replace("hornbeam", "tensorflow.keras", 1)
            _made[key] = facade(base, home, **changes)
        return _made[key]

    return make


def _function(**changes):
    return lambda module, name: with_defaults(getattr(module, name), **changes)


def _elsewhere(place, name=None):
    """Something of another module, by its full name."""
    return lambda _, asked: getattr(importlib.import_module(place), name or asked)


def _value(value):
    return lambda *_: value


_POSITIONAL = _class()  # tf.keras's meaning of arguments by position, not that of Keras 1
_RECURRENT = (
    "kernel_initializer", "recurrent_initializer", "bias_initializer",
)  # fmt: skip
_REGULARIZED = (
    "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer",
    "kernel_constraint", "recurrent_constraint", "bias_constraint", "dropout",
    "recurrent_dropout",
)  # fmt: skip
_RUN = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")
_CELL = tuple(name for name in _REGULARIZED if name != "activity_regularizer")
_GRU = ("units", "activation", "recurrent_activation", "use_bias", *_RECURRENT)
_LSTM = (*_GRU, "unit_forget_bias")

_LAYERS = {
    "Conv1D": _POSITIONAL,
    "Conv2D": _POSITIONAL,
    "Conv2DTranspose": _POSITIONAL,
    "Conv3D": _POSITIONAL,
    "Conv3DTranspose": _POSITIONAL,
    "ConvLSTM2D": _POSITIONAL,
    "GRU": _class(defaults={"reset_after": True}, order=(*_GRU, *_REGULARIZED, *_RUN)),
    "GRUCell": _class(defaults={"reset_after": True}, order=(*_GRU, *_CELL, "reset_after")),
    "LSTM": _class(order=(*_LSTM, *_REGULARIZED, *_RUN)),
    "LocallyConnected2D": _POSITIONAL,
    "SeparableConv2D": _POSITIONAL,
    "Convolution1D": _class("Conv1D"),
    "Convolution2D": _class("Conv2D"),
    "Convolution2DTranspose": _class("Conv2DTranspose"),
    "Convolution3D": _class("Conv3D"),
    "Convolution3DTranspose": _class("Conv3DTranspose"),
    "SeparableConvolution2D": _class("SeparableConv2D"),
}
_INPUT = _elsewhere("hornbeam.compat.tensorflow.inputs")
_LAYERS["Input"] = _INPUT

_ADAM = ("learning_rate", "beta_1", "beta_2", "epsilon")
_OPTIMIZERS = {
    "Adadelta": _class(
        defaults={"learning_rate": 0.001, "rho": 0.95},
        order=("learning_rate", "rho", "epsilon"),
    ),
    "Adagrad": _class(
        defaults={"learning_rate": 0.001, "initial_accumulator_value": 0.1},
        order=("learning_rate", "initial_accumulator_value", "epsilon"),
    ),
    "Adam": _class(defaults={"epsilon": 1e-7}, order=(*_ADAM, "amsgrad")),
    "Adamax": _class(defaults={"learning_rate": 0.001, "epsilon": 1e-7}, order=_ADAM),
    "Nadam": _class(defaults={"learning_rate": 0.001, "epsilon": 1e-7}, order=_ADAM),
    "RMSprop": _class(
        defaults={"epsilon": 1e-7},
        order=("learning_rate", "rho", "momentum", "epsilon", "centered"),
    ),
}

_AUTO = _class(defaults={"reduction": "auto"})
_LOSSES = {
    **dict.fromkeys(
        ("BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy",
         "CategoricalFocalCrossentropy", "CategoricalHinge", "CosineSimilarity", "Hinge", "Huber",
         "Loss", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
         "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy",
         "SquaredHinge"),
        _AUTO,
    ),
    "KLDivergence": _class(defaults={"name": "kl_divergence", "reduction": "auto"}),
    "LogCosh": _class(defaults={"name": "log_cosh", "reduction": "auto"}),
}

# Name below `hornbeam` -> name in it -> function of (module, name) that makes what tf.keras has.
CHANGES = {
    "": {"Input": _INPUT, "__version__": _value(VERSION)},
    "engine": {"Input": _INPUT},
    "engine.input_layer": {"Input": _INPUT},
    "layers": _LAYERS,
    "losses": _LOSSES,
    "optimizers": _OPTIMIZERS,
    "callbacks": {
        "TensorBoard": _elsewhere("hornbeam.callbacks.tensorboard_tf"),
        "ModelCheckpoint": _class(
            order=(
                "filepath", "monitor", "verbose", "save_best_only", "save_weights_only", "mode",
                "save_freq", "options", "initial_value_threshold",
            ),
            defaults={"save_freq": "epoch"},
        ),
    },
    "initializers": {
        "VarianceScaling": _class(defaults={"distribution": "truncated_normal"}),
    },
    "preprocessing.text": {
        "one_hot": _function(renames={"input_text": "text"}),
        "text_to_word_sequence": _function(renames={"input_text": "text"}),
    },
}

# Name below `tensorflow.keras` -> full name of a module of our own that answers for it.
MODULES = {
    "experimental": "hornbeam.compat.tensorflow.keras_experimental",
    "mixed_precision": "hornbeam.compat.tensorflow.mixed_precision",
    "mixed_precision.experimental": "hornbeam.compat.tensorflow.mixed_precision",
    "mixed_precision.policy": "hornbeam.compat.tensorflow.mixed_precision",
}


def optimizer_classes():
    """What `compile("adadelta")` means in tf.keras: dict from name in lower case to class."""
    module = importlib.import_module("hornbeam.optimizers")
    return {name.lower(): make(module, name) for name, make in _OPTIMIZERS.items()}
