"""`print_summary`: the table of a model's layers, as Keras 2.3.1 prints it."""

import numpy as np

_ROW = (65, (0.45, 0.85, 1.0))  # length of a line, ends of the columns
_CONNECTED_ROW = (98, (0.33, 0.55, 0.67, 1.0))
_HEADERS = ("Layer (type)", "Output Shape", "Param #", "Connected to")


def print_summary(model, line_length=None, positions=None, print_fn=None):
    """Prints a table of a model's layers, and counts its parameters.

    A model that is no chain of layers gets a fourth column, which layers feed each one:
    `name[number of the call][number of the output]`.

    Args:
        model: `Network`.
        line_length: Integer, characters in a line; default 65, or 98 with the fourth column.
        positions: List of the columns' ends, as fractions of the line if the last is at most 1,
            else in characters.
        print_fn: Function called with each line; default `print`.

    Source: Keras 2.3.1, line for line.
    """
    print_fn = print_fn or print
    nodes = None if _is_chain(model) else _nodes(model)
    length, ends = _ROW if nodes is None else _CONNECTED_ROW
    length, ends = line_length or length, positions or ends
    if ends[-1] <= 1:
        ends = [int(length * end) for end in ends]

    print_fn(f'Model: "{model.name}"')
    print_fn("_" * length)
    print_fn(_row(_HEADERS[: 3 if nodes is None else 4], ends))
    print_fn("=" * length)
    for number, layer in enumerate(model.layers, 1):
        for fields in _layer_rows(layer, nodes):
            print_fn(_row(fields, ends))
        print_fn(("=" if number == len(model.layers) else "_") * length)

    if hasattr(model, "_check_trainable_weights_consistency"):
        model._check_trainable_weights_consistency()
    # What `compile` took counts, if the model is compiled and had weights then.
    collected = getattr(model, "_collected_trainable_weights", None)
    trainable = _count(collected or model.trainable_weights)
    frozen = _count(model.non_trainable_weights)
    print_fn(f"Total params: {trainable + frozen:,}")
    print_fn(f"Trainable params: {trainable:,}")
    print_fn(f"Non-trainable params: {frozen:,}")
    print_fn("_" * length)


def _nodes(model):
    """The calls of layers that belong to the model."""
    return [node for nodes in model._graph.nodes_by_depth.values() for node in nodes]


def _is_chain(model):
    """Whether each layer feeds just the next one, so that a list of the layers says it all."""
    if type(model).__name__ == "Sequential" or not model._is_graph_network:
        return True
    by_depth = model._graph.nodes_by_depth.values()
    if any(len(nodes) > 1 or len(nodes[0].input_tensors) > 1 for nodes in by_depth):
        return False
    nodes = set(_nodes(model))
    return all(sum(node in nodes for node in layer._inbound_nodes) <= 1 for layer in model.layers)


def _layer_rows(layer, nodes):
    """Yields the fields of one layer's rows; `nodes` is None where connections are not shown."""
    try:
        shape = layer.output_shape
    except AttributeError:
        shape = "multiple"
    fields = [f"{layer.name} ({type(layer).__name__})", shape, layer.count_params()]
    if nodes is None:
        yield fields
        return
    sources = [name for node in layer._inbound_nodes if node in nodes for name in _sources(node)]
    yield [*fields, sources[0] if sources else ""]
    for name in sources[1:]:
        yield ["", "", "", name]


def _sources(node):
    """Names where each input of a call comes from."""
    origins = zip(node.inbound_layers, node.node_indices, node.tensor_indices, node.input_tensors)
    for layer, call, output, tensor in origins:
        yield tensor.name if layer is None else f"{layer.name}[{call}][{output}]"


def _row(fields, ends):
    """Sets fields into columns: each is cut at its column's end, one space before the next."""
    line = ""
    for field, end in zip(fields, ends):
        line = (line[:-1] + " " if line else "") + str(field)
        line = line[:end].ljust(end)
    return line


def _count(weights):
    """How many numbers a list of variables holds, each variable counted once."""
    unique = {id(weight): weight for weight in weights}.values()
    return sum(int(np.prod(weight.shape, dtype=np.int64)) for weight in unique)
