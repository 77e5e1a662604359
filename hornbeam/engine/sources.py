"""`get_source_inputs`: the inputs that a tensor was computed from."""

from hornbeam.engine.node import history

__all__ = ["get_source_inputs"]


def get_source_inputs(tensor, layer=None, node_index=None):
    """Returns the list of the input tensors that are needed to compute a tensor.

    Args:
        tensor: Symbolic tensor, the output of a layer.
        layer: Layer that made it; None asks the tensor.
        node_index: Integer, which call of the layer made it; None asks the tensor.

    Returns:
        List of tensors without repetition, in the order in which they are met.

    Source: Keras 2.3.1.
    """
    found, seen = [], set()
    stack = [(tensor, layer, node_index)]
    while stack:
        tensor, layer, node_index = stack.pop()
        if layer is None or node_index:
            layer, node_index, _ = history(tensor)
        if layer is None or not layer._inbound_nodes:
            _append_once(found, tensor)
            continue
        node = layer._inbound_nodes[node_index or 0]
        if id(node) in seen:
            continue
        seen.add(id(node))
        if not node.inbound_layers:
            for source in node.input_tensors or node.output_tensors:
                _append_once(found, source)
            continue
        stack.extend((source, None, None) for source in reversed(node.input_tensors))
    return found


def _append_once(found, tensor):
    if not any(tensor is other for other in found):
        found.append(tensor)
