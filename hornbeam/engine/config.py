"""Networks as nested dicts and lists of names and numbers, and back.

A config may come from anywhere: it names classes, and nothing that it names is imported or run.
"""

import copy
import inspect
import json
import warnings

from hornbeam import allowance
from hornbeam.engine.doors import doors
from hornbeam.engine.node import from_list, history, to_list
from hornbeam.registry import (
    CustomObjectScope,
    catalogue,
    deserialize_keras_object,
    get_registered_name,
)


def layer_classes():
    """Returns the dict of the layer classes that a config can name."""
    return {**catalogue("layer"), **doors.layer_classes}


def deserialize_layer(config, custom_objects=None):
    """Makes a layer, or a network, from `{"class_name": ..., "config": ...}`.

    Args:
        config: Dict.
        custom_objects: Dict from name to class, asked before the built-in classes.

    Raises:
        ValueError: for an unknown class name (the message lists the nearest ones), or a dict of
            another form.
    """
    with allowance.of_config():
        return deserialize_keras_object(config, layer_classes(), custom_objects, "layer")


def serialize_layer(layer):
    """Returns `{"class_name": ..., "config": ...}` of a layer or network."""
    return {"class_name": get_registered_name(type(layer)), "config": layer.get_config()}


def own_objects(layer):
    """Returns what a layer and those inside it are made of, by name, for a `CustomObjectScope`.

    Within it, a copy can be made from the config even where classes and functions are the user's
    own. A name that two of them share is left out.
    """
    found, stack = {}, [layer]
    while stack:
        part = stack.pop()
        stack += part._layers
        found.setdefault(get_registered_name(type(part)), set()).add(type(part))
        for value in vars(part).values():
            if inspect.isfunction(value):
                found.setdefault(get_registered_name(value), set()).add(value)
            elif hasattr(value, "get_config") and not isinstance(value, type):
                found.setdefault(get_registered_name(type(value)), set()).add(type(value))
    return {name: objects.pop() for name, objects in found.items() if len(objects) == 1}


# ---- sequential models


def sequential_config(model):
    """Returns the config of a `Sequential`: its name and its layers.

    Source: Keras 2.3.1. Where that would lose the input's shape, because it was told by an
    `InputLayer` alone, the `InputLayer` is listed as well.
    """
    layers = list(model.layers)
    told_elsewhere = (
        not layers
        or model._build_input_shape is not None
        or hasattr(layers[0], "batch_input_shape")
        or _is_network(layers[0])
    )
    if not told_elsewhere and len(model._layers) > len(layers):
        layers.insert(0, model._layers[0])
    config = {"name": model.name, "layers": [serialize_layer(layer) for layer in layers]}
    merged = getattr(layers[0], "merged_layers", None) if layers else None
    if merged:  # Keras 1's `Merge` of several models: it brings the inputs with it
        config["layers"][0]["config"]["layers"] = [serialize_layer(layer) for layer in merged]
    if model._build_input_shape is not None:
        config["build_input_shape"] = model._build_input_shape
    return copy.deepcopy(config)


def sequential_from_config(cls, config, custom_objects=None):
    """Makes a `Sequential` from its config, or from the list of layers that Keras 2.2 wrote."""
    if isinstance(config, (list, tuple)):
        config = {"layers": config}
    model = cls(name=config.get("name"))
    with allowance.of_config():
        model._add_all(
            deserialize_layer(layer_config, custom_objects)
            for layer_config in _listed(config, "layers")
        )
        shape = config.get("build_input_shape")
        if not model.inputs and shape:
            model.build(tuple(shape))
    return model


# ---- graphs


def graph_config(network):
    """Returns the config of a network with a graph.

    Returns:
        Dict with `name`, `layers` (each with the calls that belong to the network, as
        `[[layer, call, output, arguments], ...]`), `input_layers` and `output_layers`.

    Raises:
        ValueError: if a tensor of the graph was made by a backend function outside of a layer.

    Source: Keras 2.3.1.
    """
    calls = _numbered_calls(network)

    def place(tensor):
        layer, index, output = history(tensor)
        if layer is None:
            raise ValueError(
                f"The network {network.name} cannot be written as a config: {tensor.name} was "
                "made by a backend function outside of a layer. Put the computation into a "
                "Lambda layer or a layer of your own."
            )
        return [layer.name, calls[layer, index], output]

    layers = []
    for layer in network.layers:
        nodes = [
            [[*place(tensor), arguments] for tensor in node.input_tensors]
            for node in layer._inbound_nodes
            if network._graph.contains(node) and node.input_tensors
            for arguments in [_plain_arguments(node)]
        ]
        layers.append({"name": layer.name, **serialize_layer(layer), "inbound_nodes": nodes})
    return copy.deepcopy(
        {
            "name": network.name,
            "layers": layers,
            "input_layers": [place(tensor) for tensor in network.inputs],
            "output_layers": [place(tensor) for tensor in network.outputs],
        }
    )


def _numbered_calls(network):
    """Numbers each layer's calls as they will be when the config is read.

    Calls that belong to other networks fall out. A network inside starts at 1: its number 0 is the
    call that connects its own inputs and outputs.
    """
    numbers = {}
    for layer in network.layers:
        number = _first_call(layer)
        for index, node in enumerate(layer._inbound_nodes):
            if network._graph.contains(node):
                numbers[layer, index] = number
                number += 1
    return numbers


def _is_network(layer):
    return hasattr(layer, "_is_graph_network")


def _first_call(layer):
    return 1 if _is_network(layer) else 0


def _plain_arguments(node):
    """The further arguments of a call, if JSON can hold them."""
    try:
        json.dumps(node.arguments)
        return node.arguments
    except TypeError:
        warnings.warn(
            f"Layer {node.layer.name} was passed non-serializable keyword arguments: "
            f"{node.arguments}. They will not be included in the serialized model (and thus will "
            "be missing at deserialization time).",
            stacklevel=2,
        )
        return {}


def graph_from_config(cls, config, custom_objects=None):
    """Makes a network from what `graph_config` returned, with fresh weights.

    Args:
        cls: Class of the network, called with `inputs`, `outputs` and `name`.
        config: Dict.
        custom_objects: Dict from name to class.

    Raises:
        ValueError: for an unknown class, or a config whose parts do not fit together.
    """
    with CustomObjectScope(custom_objects or {}):
        builder = GraphBuilder(config, lambda data: deserialize_layer(data, custom_objects))
        with allowance.of_config():
            inputs, outputs = builder.build()
    return cls(inputs=inputs, outputs=outputs, name=config.get("name"))


class GraphBuilder:
    """Makes the layers of a config and calls them as it says.

    Args:
        config: Dict, as `graph_config` returns it.
        make_layer: Function from the dict of one layer to the layer.
        inputs: Dict from names of input layers to tensors to take in their place.
    """

    def __init__(self, config, make_layer, inputs=None):
        self.config = config
        self.make_layer = make_layer
        self.given = inputs or {}
        self.layers = {}  # name -> layer
        self.waiting = {}  # name -> calls to come, in order
        self.calls = {}  # name -> number of the next call
        self.tensors = {}  # (name, call, output) -> tensor

    def build(self):
        """Returns the lists of input and output tensors."""
        for data in _listed(self.config, "layers"):
            self._add(data)
        while any(self.waiting.values()):
            if not sum([self._advance(name) for name in self.waiting]):
                stuck = sorted(name for name, calls in self.waiting.items() if calls)
                raise ValueError(
                    f"The config of the network {self.config.get('name')!r} does not fit together: "
                    f"the inputs of {stuck} come from calls that are missing, or from each other."
                )
        return tuple(
            [self._tensor(place) for place in _places(_listed(self.config, role))]
            for role in ("input_layers", "output_layers")
        )

    def _add(self, data):
        if not isinstance(data, dict) or not isinstance(data.get("name"), str):
            raise ValueError(f"Improper config format: {data!r}. Expected a layer with a 'name'.")
        name = data["name"]
        if name in self.layers:
            raise ValueError(f'The name "{name}" is used twice in the config of the network.')
        if name in self.given:
            self.layers[name] = None
            self.tensors[name, 0, 0] = self.given[name]
            return
        own = data.get("config")
        if data.get("class_name") == "Sequential" and isinstance(own, list):  # before Keras 2.2.3
            data = {**data, "config": {"name": name, "layers": own}}
        layer = self.layers[name] = self.make_layer(data)
        self.waiting[name] = list(_listed(data, "inbound_nodes"))
        self.calls[name] = _first_call(layer)
        if not self.waiting[name] and layer._inbound_nodes and not _is_network(layer):
            self._keep(name, 0, layer._inbound_nodes[0].outputs)  # an input layer
            self.calls[name] = 1

    def _keep(self, name, call, outputs):
        for index, tensor in enumerate(outputs):
            self.tensors[name, call, index] = tensor

    def _advance(self, name):
        """Makes the calls of a layer whose inputs are there, in order; returns how many."""
        made = 0
        while self.waiting[name]:
            places = [tuple(entry[:3]) for entry in _entries(self.waiting[name][0], name)]
            if any(place not in self.tensors for place in places):
                break
            entries = self.waiting[name].pop(0)
            tensors = [self.tensors[place] for place in places]
            arguments = entries[0][3] if len(entries[0]) > 3 else {}
            outputs = self.layers[name](from_list(tensors), **arguments)
            self._keep(name, self.calls[name], to_list(outputs))
            self.calls[name] += 1
            made += 1
        return made

    def _tensor(self, place):
        if place not in self.tensors:
            raise ValueError(
                f"The config of the network {self.config.get('name')!r} names an input or output "
                f"{list(place)} that no layer in it makes."
            )
        return self.tensors[place]


def _listed(config, key):
    """Returns the list under `key`."""
    found = config.get(key) if isinstance(config, dict) else None
    if not isinstance(found, (list, tuple)):
        raise ValueError(f"Improper config format: it has no list {key!r}: {str(config)[:200]}")
    return found


def _entries(node, name):
    """Checks the entries of a call: `[layer, call, output]`, with or without arguments."""
    if not isinstance(node, (list, tuple)) or not node:
        raise ValueError(f"Improper config format: a call of the layer {name} is {node!r}.")
    _places(node)
    for entry in node:
        if len(entry) > 3 and not isinstance(entry[3], dict):
            raise ValueError(f"Improper config format: a call of the layer {name} is {node!r}.")
    return node


def _places(entries):
    for entry in entries:
        fits = isinstance(entry, (list, tuple)) and 3 <= len(entry) <= 4
        if (
            not fits
            or not isinstance(entry[0], str)
            or not all(isinstance(number, int) for number in entry[1:3])
        ):
            raise ValueError(
                f"Improper config format: {entry!r}. Expected [layer name, call, output]."
            )
    return [tuple(entry[:3]) for entry in entries]
