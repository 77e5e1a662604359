"""`keras.legacy.models`: models of Keras 1 that begin with a `Merge` of other models."""

from hornbeam.layers.legacy import Merge

__all__ = ["Merge", "legacy_sequential_layers", "needs_legacy_support"]


def needs_legacy_support(model):
    """Returns whether a `Sequential` begins with a `Merge`."""
    return bool(model.layers) and isinstance(model.layers[0], Merge)


def legacy_sequential_layers(model):
    """Returns the layers of a `Sequential`, those of the models that it merges first, each once."""
    layers = []
    for layer in model.layers:
        inner = layer.layers if isinstance(layer, Merge) else []
        for model_or_layer in [*inner, layer]:
            found = getattr(model_or_layer, "layers", None)
            if isinstance(model_or_layer, Merge) or found is None:
                found = [model_or_layer]
            layers += [item for item in found if not any(item is seen for seen in layers)]
    return layers
