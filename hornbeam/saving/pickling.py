"""Networks in pickles and copies, with all that makes them: layers, graph, weights, training.

Layers go as they are, so classes and functions of the user's own need no `custom_objects`: they are
found by their names in their modules, as by any pickle. A pickle runs code when it is read: read
only those that you trust.
"""

from hornbeam.backend.tensors import Operand, sources_of
from hornbeam.engine.node import LayerNode, history, node_of
from hornbeam.engine.weights import WeightsMixin

_NOT_KEPT = (  # what the last `fit` did; what is of this machine; what is found out again
    "history",
    "_distribution",
    "_graph",
    "train_function",
    "test_function",
    "predict_function",
)


def network_state(network):
    """Returns what `restore_network` makes the network of."""
    state = WeightsMixin.__getstate__(network)
    state["_has_graph"] = network._is_graph_network
    state["_layers"] = list(network._layers)
    for name in _NOT_KEPT:
        if name in state:
            state[name] = None
    # First of all the nodes, each after those that it reads: a pickle goes into what it has not
    # met yet, and a graph that it meets from its end is too deep for it.
    return {"_nodes": _nodes_before(sources_of(list(state.values()))), **state}


def restore_network(network, state):
    """Makes an empty instance of a network's class what `network_state` says."""
    state = dict(state)
    nodes, has_graph, layers = (state.pop(key) for key in ("_nodes", "_has_graph", "_layers"))
    own_names = state.get("output_names")
    WeightsMixin.__setstate__(network, state)
    object.__setattr__(network, "_layers", layers)
    for node in nodes:
        _enter(node)
    if has_graph:
        nested = network._nested_inputs
        network._init_graph(network.inputs, network.outputs)
        network._layers[:] = layers
        network._nested_inputs, network.output_names = nested, own_names


def _nodes_before(tensors):
    """Lists the nodes that make tensors, each after those that it reads."""
    found = set()
    stack = [node_of(tensor) for tensor in tensors if isinstance(tensor, Operand)]
    while stack:
        node = stack.pop()
        if node is not None and node not in found:
            found.add(node)
            stack.extend(node_of(source) for source in node.sources)
    return sorted(found, key=lambda node: node.serial)


def _enter(node):
    """Enters a node into the history of its layer, where it is not there yet."""
    if not isinstance(node, LayerNode):
        return
    layer = node.outbound_layer
    if any(node is known for known in layer._inbound_nodes):
        return
    for place, tensor in enumerate(node.outputs):
        tensor._keras_history = (layer, len(layer._inbound_nodes), place)
    layer._inbound_nodes.append(node)
    for tensor in node.input_tensors:
        origin = history(tensor)[0]
        if origin is not None:
            origin._outbound_nodes.append(node)
