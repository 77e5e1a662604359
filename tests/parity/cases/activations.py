"""Activations: values and gradients, on both sides of every corner."""

import functools

from . import KERAS, Case, Judge
from .support import array, compute_named, normal, uniform, weighted_sum

CORNERS = array(
    [-1e3, -88.5, -6.0, -3.0, -2.5, -1.0, -0.1, 0.0, 0.1, 0.5, 1.0, 2.5, 3.0, 6.0, 20.0, 60.0]
)


def activation(keras, random, call, points=CORNERS):
    """An activation on a row of `points` and on a random (2, 3, 4) array."""
    K = keras.backend
    outputs, feeds = {}, []
    for label, values in (("points", points), ("rank3", normal(random, 2, 3, 4) * 2)):
        if values is None:
            continue
        x = K.placeholder(shape=values.shape)
        y = call(keras, x)
        coefficients = uniform(random, 0.5, 1.5, *values.shape)
        feeds.append((x, values))
        outputs[label] = y
        outputs[label + " gradient"] = K.gradients(weighted_sum(keras, y, coefficients), [x])[0]
    return compute_named(keras, feeds, outputs)


def named(name, **options):
    def call(keras, x):
        return getattr(keras.activations, name)(x, **options)

    return functools.partial(activation, call=call)


def softmax(axis, rank):
    def case(keras, random):
        K = keras.backend
        values = normal(random, *(3, 2, 4, 2)[:rank]) * 4
        x = K.placeholder(shape=values.shape)
        y = keras.activations.softmax(x, axis=axis)
        coefficients = uniform(random, 0.5, 1.5, *values.shape)
        outputs = {
            "value": y,
            "gradient": K.gradients(weighted_sum(keras, y, coefficients), [x])[0],
        }
        return compute_named(keras, [(x, values)], outputs)

    return case


def softmax_far(keras, random):
    """Large logits neither overflow nor lose the small classes."""
    values = array([[1000, 1000, -1000], [-1e4, 0, 80], [0, 0, 0]])
    x = keras.backend.placeholder(shape=values.shape)
    return compute_named(keras, [(x, values)], {"value": keras.activations.softmax(x)})


def get_by_name(keras, random):
    """`activations.get` by name, of None, of a function; `serialize` of all."""
    names = "linear relu elu selu softplus softsign tanh sigmoid hard_sigmoid exponential softmax"
    values = normal(random, 2, 3)
    x = keras.backend.placeholder(shape=values.shape)
    outputs = {name: keras.activations.get(name)(x) for name in names.split()}
    outputs["none"] = keras.activations.get(None)(x)
    outputs["function"] = keras.activations.get(keras.backend.square)(x)
    results = compute_named(keras, [(x, values)], outputs)
    results["serialized"] = [
        keras.activations.serialize(keras.activations.get(name)) for name in names.split()
    ]
    return results


CASES = {
    "linear": named("linear"),
    "relu": named("relu"),
    "relu alpha": named("relu", alpha=0.3),
    "relu max_value": named("relu", max_value=2.0),
    "relu threshold": named("relu", threshold=0.7),
    "relu threshold negative": named("relu", threshold=-2.0),
    "relu alpha max_value": named("relu", alpha=0.2, max_value=1.5),
    "relu alpha threshold": named("relu", alpha=0.2, threshold=0.7),
    "relu max_value threshold": named("relu", max_value=4.0, threshold=0.7),
    "relu alpha max_value threshold": named("relu", alpha=0.25, max_value=5.0, threshold=1.2),
    "relu six": named("relu", max_value=6),
    "elu": named("elu"),
    "elu alpha": named("elu", alpha=0.5),
    "selu": Case(
        named("selu"),
        judges=[Judge(KERAS, "at zero TensorFlow's own selu has another slope", "points gradient")],
    ),
    "softplus": named("softplus"),
    "softsign": named("softsign"),
    "tanh": named("tanh"),
    "sigmoid": named("sigmoid"),
    "hard_sigmoid": named("hard_sigmoid"),
    "exponential": named("exponential"),
    "softmax rank 2": softmax(-1, 2),
    "softmax rank 3": softmax(-1, 3),
    "softmax axis 1": softmax(1, 3),
    "softmax axis 1 of rank 4": softmax(1, 4),
    "softmax axis -2": softmax(-2, 4),
    "softmax far": softmax_far,
    "get by name": get_by_name,
}
