"""How many floating-point operations a training step takes, counted from the layers.

What is compared with the rate of a matrix product are the products: of kernels with inputs and,
in attention, of activations with each other. Activations, normalization, random numbers and
the optimizer are left out, as is usual.
"""

import math

# A product forward, and one for each gradient: of the kernel and of the input.
FORWARD, KERNEL, INPUT = 1, 1, 1


def of_step(model, batch, steps=None):
    """Returns the operations (a multiplication and an addition are two) of one step of `fit`.

    Args:
        model: a model of hornbeam, built.
        batch: samples in a step.
        steps: how long the sequences are, where the model does not know it.
    """
    total, first = 0, True
    for layer in _flat(model):
        products = FORWARD + KERNEL + (0 if first else INPUT)
        total += products * 2 * batch * _multiplications(layer, steps)
        first = first and not layer.trainable_weights
    return total


def _flat(model):
    """Yields the layers, those of nested models too."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _flat(layer)
        else:
            yield layer


def _multiplications(layer, steps):
    """Returns how many multiplications `layer` makes for one sample, forward."""
    kind = type(layer).__name__
    if kind == "Dot":
        (shape, _), (axis, _) = layer.input_shape, _pair(layer.axes)
        return math.prod(layer.output_shape[1:]) * shape[axis]
    kernels = sum(weight.size for weight in layer.get_weights() if weight.ndim > 1)
    if kind in ("Dense", "Conv1D", "Conv2D"):
        return kernels * math.prod(layer.output_shape[1:-1])
    if kind in ("LSTM", "GRU"):
        return kernels * (steps or layer.input_shape[1])
    if kernels and kind != "Embedding":
        raise NotImplementedError("No rule for the operations of a layer %s." % kind)
    return 0


def _pair(axes):
    return (axes, axes) if isinstance(axes, int) else axes
