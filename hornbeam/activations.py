"""Activation functions: from a tensor or array to one of the same shape."""

import inspect
import warnings

import jax

from hornbeam import backend as K
from hornbeam.backend.ops import op
from hornbeam.registry import (
    catalogue,
    deserialize_keras_object,
    get_registered_name,
    serialize_keras_object,
)

__all__ = [
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "leaky_relu",
    "linear",
    "mish",
    "relu",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]

# Klambauer et al. 2017, arXiv:1706.02515: these keep mean 0 and variance 1 from layer to layer.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def softmax(x, axis=-1):
    """`exp(x) / sum(exp(x))` along an axis: positive numbers that add up to 1.

    Args:
        x: Tensor of rank 2 or more.
        axis: Integer. Keras 2.3.1 took the last axis of a matrix whatever was asked; here, as in
            tf.keras, it is the axis asked for.

    Raises:
        ValueError: for a tensor of rank 1 or 0.
    """
    if K.ndim(x) < 2:
        raise ValueError(
            f"Cannot apply softmax to a tensor that is 1D. Received input: {x!r}. "
            "Expected a batch of vectors: shape (batch, classes) or more axes."
        )
    return K.softmax(x, axis=axis)


def elu(x, alpha=1.0):
    """`x` where positive, else `alpha * (exp(x) - 1)`.

    Args:
        x: Tensor.
        alpha: Float.

    Source: Clevert et al. 2015, arXiv:1511.07289.
    """
    return K.elu(x, alpha)


def selu(x):
    """`scale * elu(x, alpha)` with the constants that keep mean 0 and variance 1.

    Goes with the initializer `lecun_normal` and the layer `AlphaDropout`.

    Source: Klambauer et al. 2017, arXiv:1706.02515.
    """
    return _SELU_SCALE * K.elu(x, _SELU_ALPHA)


def softplus(x):
    """`log(exp(x) + 1)`, a smooth relu."""
    return K.softplus(x)


def softsign(x):
    """`x / (abs(x) + 1)`."""
    return K.softsign(x)


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """`max(x, 0)`, with options.

    Args:
        x: Tensor.
        alpha: Float, slope below the threshold: `alpha * (x - threshold)`.
        max_value: Float, the largest value returned; None for no limit.
        threshold: Float, from where on `x` is passed on as it is.
    """
    return K.relu(x, alpha=alpha, max_value=max_value, threshold=threshold)


def tanh(x):
    """The hyperbolic tangent."""
    return K.tanh(x)


def sigmoid(x):
    """`1 / (1 + exp(-x))`."""
    return K.sigmoid(x)


def hard_sigmoid(x):
    """`0.2 * x + 0.5`, cut to [0, 1]: a sigmoid of three straight lines."""
    return K.hard_sigmoid(x)


def exponential(x):
    """`exp(x)`."""
    return K.exp(x)


def linear(x):
    """`x` itself."""
    return x


def swish(x):
    """`x * sigmoid(x)`. tf.keras. Ramachandran et al. 2017, arXiv:1710.05941."""
    return x * K.sigmoid(x)


silu = swish


@op
def gelu(x, approximate=False):
    """`x` times the probability that a standard normal number is below it. tf.keras.

    Args:
        x: Tensor.
        approximate: Whether to take the quicker formula with tanh.

    Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.
    """
    return jax.nn.gelu(x, approximate=approximate)


def leaky_relu(x, alpha=0.2):
    """`x` above 0, `alpha * x` below. tf.keras. Maas et al. 2013, ICML."""
    return K.relu(x, alpha=alpha)


def mish(x):
    """`x * tanh(softplus(x))`. tf.keras. Misra 2019, arXiv:1908.08681."""
    return x * K.tanh(K.softplus(x))


@op
def _hard_sigmoid_of_keras3(x):
    """`relu6(x + 3) / 6`: what Keras 3 calls hard_sigmoid; the slope of ours, Keras 2's, is 1/5."""
    return jax.nn.relu6(x + 3.0) / 6.0


_hard_sigmoid_of_keras3.__name__ = "keras3>hard_sigmoid"


# ---- names and configs

_FUNCTIONS = ("deserialize", "get", "serialize")
_BY_NAME = {name: globals()[name] for name in __all__ if name not in _FUNCTIONS}
_BY_NAME[_hard_sigmoid_of_keras3.__name__] = _hard_sigmoid_of_keras3


def serialize(activation):
    """Returns the name of an activation function; of a layer that is used as one, its config."""
    if hasattr(activation, "__name__"):
        return get_registered_name(activation)
    return serialize_keras_object(activation)


def deserialize(name, custom_objects=None):
    """Finds the activation function of a name.

    Args:
        name: String; or the config of a layer that is used as an activation.
        custom_objects: Dict from name to function.

    Raises:
        ValueError: for an unknown name; the message lists the nearest right ones.
    """
    known = catalogue("layer") | _BY_NAME if isinstance(name, dict) else _BY_NAME
    return deserialize_keras_object(name, known, custom_objects, "activation function")


def get(identifier):
    """Returns the activation function that `identifier` stands for.

    Args:
        identifier: None, which means `linear`; a function of a tensor; a name; or a layer or its
            config, which Keras accepts with a warning.

    Raises:
        ValueError: for anything else, or an unknown name; the message lists the nearest right ones.
    """
    if identifier is None:
        return linear
    if isinstance(identifier, (str, dict)):
        identifier = deserialize(identifier)
        return identifier() if inspect.isclass(identifier) else identifier
    if callable(identifier):
        if hasattr(identifier, "get_config") and hasattr(identifier, "compute_output_shape"):
            warnings.warn(
                "Do not pass a layer instance (such as "
                f"{type(identifier).__name__}) as the activation argument of another layer. "
                "Instead, advanced activation layers should be used just like any other layer in "
                "a model.",
                stacklevel=2,
            )
        return identifier
    raise ValueError(
        f"Could not interpret activation function identifier: {identifier!r}. Expected a name "
        "such as 'relu', or a function of a tensor."
    )
