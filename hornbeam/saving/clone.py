"""`clone_model`: the same structure with fresh weights."""

from hornbeam.backend.tensors import Operand
from hornbeam.engine import config
from hornbeam.engine.input_layer import Input, InputLayer
from hornbeam.engine.layer import Layer
from hornbeam.engine.model import Model
from hornbeam.engine.node import history, to_list
from hornbeam.engine.sequential import Sequential
from hornbeam.registry import CustomObjectScope


def clone_model(model, input_tensors=None, clone_function=None):
    """Makes a model of the same structure, with layers and weights of its own.

    Args:
        model: `Model` or `Sequential`.
        input_tensors: Tensor or list of tensors that become the inputs of the new model, in place
            of new ones. A tensor that no `Input` made is wrapped in one.
        clone_function: Function from a layer (or a model inside) to the layer that takes its
            place; the same layer is then shared by both models. None makes each layer anew from
            its config. Input layers are always made anew.

    Returns:
        A model of the same class, not compiled. Its layers have the names of the old ones.

    Raises:
        ValueError: for a model that writes its own `call`, tensors that do not fit, or a
            `clone_function` that returns something else than a layer.

    Example:
        >>> copy = clone_model(model)
        >>> copy.set_weights(model.get_weights())

    Source: Keras 2.3.1; `clone_function` is tf.keras's.
    """
    given = None if input_tensors is None else to_list(input_tensors)
    make = _cloned if clone_function is None else _checked(clone_function)
    if isinstance(model, Sequential):
        return _clone_sequential(model, given, make)
    if not isinstance(model, Model) or not model._is_graph_network:
        raise ValueError(
            "Expected `model` argument to be a functional `Model` or a `Sequential` instance, but "
            f"got {model!r} instead. A model with its own `call` cannot be cloned."
        )
    return _clone_graph(model, given, make)


def _cloned(layer):
    """A layer anew from its config; classes are taken from the layers themselves, not by name."""
    if isinstance(layer, Model) and type(layer).from_config.__func__ in _MODELS_OWN:
        return clone_model(layer)
    with CustomObjectScope(config.own_objects(layer)):
        return type(layer).from_config(layer.get_config())


_MODELS_OWN = (Model.from_config.__func__, Sequential.from_config.__func__)


def _checked(clone_function):
    def make(layer):
        if isinstance(layer, InputLayer):
            return _cloned(layer)
        made = clone_function(layer)
        if not isinstance(made, Layer):
            raise ValueError(
                f"`clone_function` must return a layer; for {layer.name} it returned {made!r}."
            )
        return made

    return make


def _clone_graph(model, given, make):
    inputs = {}
    if given is not None:
        if len(given) != len(model.inputs):
            raise ValueError(
                f"Model {model.name} has {len(model.inputs)} inputs; {len(given)} tensors were "
                "given to clone it on."
            )
        inputs = {name: _as_input(tensor, name) for name, tensor in zip(model.input_names, given)}
    by_name = {layer.name: layer for layer in model.layers}
    builder = config.GraphBuilder(
        config.graph_config(model), lambda data: make(by_name[data["name"]]), inputs
    )
    tensors, outputs = builder.build()
    return type(model)(inputs=tensors, outputs=outputs, name=model.name)


def _clone_sequential(model, given, make):
    layers = [make(layer) for layer in model.layers]
    copy = type(model)(name=model.name)
    has_input = bool(model._layers) and model._layers[0] is not model.layers[0]
    if given is not None:
        if len(given) != 1:
            raise ValueError(
                "To clone a `Sequential` model, we expect at most one tensor as part of "
                f"`input_tensors`; got {len(given)}."
            )
        layers.insert(0, history(_as_input(given[0], model._layers[0].name))[0])
    elif has_input and model._build_input_shape is None:
        layers.insert(0, _cloned(model._layers[0]))
    copy._add_all(layers)
    if given is None and model._build_input_shape is not None:
        copy.build(model._build_input_shape)
    return copy


def _as_input(tensor, name):
    """A tensor that an input layer holds."""
    if not isinstance(tensor, Operand):
        raise ValueError(f"Expected tensors to clone the model on; got {tensor!r}.")
    layer = history(tensor)[0]
    if layer is not None and not layer._inbound_nodes[0].input_tensors:
        return tensor
    return Input(tensor=tensor, name=f"input_wrapper_for_{name}")
