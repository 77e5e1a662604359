"""What the cases share: names that differ between the originals, and running a graph."""

import numpy as np

# tf_keras dropped or renamed these; the cases use the Keras 2.3.1 names.
TF_KERAS_NAMES = {
    "cosine_proximity": "cosine_similarity",
    "huber_loss": "huber",
    "logcosh": "log_cosh",
}


def named(module, name):
    """The module's function or class of that name, in whatever spelling the module has."""
    return getattr(module, name, None) or getattr(module, TF_KERAS_NAMES[name])


def array(values):
    return np.asarray(values, dtype="float32")


def normal(random, *shape):
    return array(random.normal(size=shape))


def uniform(random, low, high, *shape):
    return array(random.uniform(low, high, size=shape))


def one_hot(indices, classes):
    return np.eye(classes, dtype="float32")[indices]


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return array(powers / powers.sum(-1, keepdims=True))


def compute(keras, feeds, outputs, training=None):
    """Values of symbolic `outputs`: a list of arrays.

    feeds: a list of pairs (placeholder or input, array). training: 0 or 1 feeds the learning phase.
    """
    K = keras.backend
    feeds = list(feeds)
    inputs, values = [pair[0] for pair in feeds], [pair[1] for pair in feeds]
    # TensorFlow 1 does not fetch what it is fed.
    outputs = [output + 0 if any(output is x for x in inputs) else output for output in outputs]
    if training is not None:
        inputs, values = inputs + [K.learning_phase()], values + [training]
    return [np.asarray(value) for value in K.function(inputs, outputs)(values)]


def compute_named(keras, feeds, outputs, training=None):
    """As `compute`, for a dict of symbolic outputs."""
    names = list(outputs)
    values = compute(keras, feeds, [outputs[name] for name in names], training)
    return dict(zip(names, values))


def weighted_sum(keras, output, coefficients):
    """A scalar whose gradient meets every element of `output` with another factor."""
    K = keras.backend
    return K.sum(output * K.constant(coefficients))


def set_random_weights(model_or_layer, random, scale=0.5):
    """Gives every weight a value from `random`; variances stay positive.

    A model's layers come in the order of `model.layers`, because Keras 2.3.1 orders `weights`
    (trainable ones first) and `get_weights` (layer by layer) differently.
    """
    if hasattr(model_or_layer, "layers"):
        for layer in model_or_layer.layers:
            set_random_weights(layer, random, scale)
        return
    values = []
    for weight, old in zip(model_or_layer.weights, model_or_layer.get_weights()):
        value = normal(random, *old.shape) * scale
        values.append(np.abs(value) + array(0.5) if "variance" in weight.name else value)
    model_or_layer.set_weights(values)


def local_names(layer):
    """The layer's weight names without the layer's own name and the graph's suffix."""
    return [weight.name.split(":")[0].split("/", 1)[-1] for weight in layer.weights]


def is_tf_keras(keras):
    return keras.__name__.split(".")[0] == "tf_keras"


def optimizers(keras):
    """The module of Keras 2's optimizers, which tf_keras 2.21 calls legacy."""
    return keras.optimizers.legacy if is_tf_keras(keras) else keras.optimizers
