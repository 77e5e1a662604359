"""Finds the layers and nodes of a network from its outputs, in Keras's order."""

from hornbeam.backend.learning_phase import LearningPhase
from hornbeam.backend.tensors import Placeholder
from hornbeam.engine.node import LayerNode, history, node_of


class Graph:
    """The sub-graph between inputs and outputs.

    Attributes:
        nodes: All nodes in an order in which they can run, without those of the inputs.
        layers: Layers in Keras's order: by decreasing depth, then in order of discovery.
        layers_by_depth: Dict from depth to list of layers.
        nodes_by_depth: Dict from depth to list of the layers' nodes.
        node_keys: Set of `'layer name_ib-node index'` of the layers' nodes.
    """

    def __init__(self, inputs, outputs):
        self.inputs = inputs
        order, found = self._discover(outputs)
        self._place(order, found, inputs)
        given = {node_of(t) for t in inputs if isinstance(t, Placeholder)}
        self.nodes = [node for node in order if node not in given and node.sources]

    def _parents(self, node):
        """Nodes of the tensors that `node` reads, inputs of the network being the end."""
        parents = []
        for source in node.sources:
            if isinstance(source, Placeholder) and source.default is not None:
                if node_of(source) is None:
                    source = source.default
            if source in self._given and not isinstance(source, Placeholder):
                parents.append(self._given[source])
                continue
            parent = node_of(source)
            if parent is None and isinstance(source, Placeholder):
                if not isinstance(source, LearningPhase) and source.default is None:
                    parents.append(source)
                continue
            if parent is not None:
                parents.append(parent)
        return parents

    def _discover(self, outputs):
        """Depth-first from the outputs: nodes after their parents, layers as first met."""
        self._given = {
            t: LayerNodeStandIn(t) for t in self.inputs if not isinstance(t, Placeholder)
        }
        order, found, state = [], {}, {}
        for output in outputs:
            start = self._given.get(output) or node_of(output)
            if start is None:
                raise ValueError(
                    f"Output tensors to a model must be the output of a layer; got {output!r}."
                )
            stack = [(start, None)]
            while stack:
                node, parents = stack.pop()
                if parents is None:
                    if state.get(node) == "done":
                        continue
                    if isinstance(node, Placeholder):
                        raise self._disconnected(node)
                    if state.get(node) == "open":
                        raise ValueError("The graph of the model has a cycle.")
                    state[node] = "open"
                    if isinstance(node, LayerNode):
                        found.setdefault(node.layer, len(found))
                        self._check_input(node)
                    parents = iter(self._parents(node))
                for parent in parents:
                    if state.get(parent) != "done":
                        stack.append((node, parents))
                        stack.append((parent, None))
                        break
                else:
                    state[node] = "done"
                    order.append(node)
        return order, found

    def _check_input(self, node):
        if node.input_tensors or not node.layer.__class__.__name__ == "InputLayer":
            return
        tensor = node.outputs[0]
        if tensor.default is None and not any(tensor is t for t in self.inputs):
            raise self._disconnected(tensor)

    def _disconnected(self, tensor):
        return ValueError(
            f"Graph disconnected: cannot obtain value for tensor {tensor!r}. It is not among the "
            f"model's inputs {[t.name for t in self.inputs]}; add the Input that it comes from."
        )

    def _place(self, order, found, inputs):
        depths, layer_depths = {}, {}
        for node in reversed(order):
            depth = depths.setdefault(node, 0)
            if isinstance(node, LayerNode):
                depth = max(depth, layer_depths.get(node.layer, 0))
                layer_depths[node.layer] = depth
                depths[node] = depth
            step = 1 if isinstance(node, LayerNode) else 0
            for parent in self._parents(node):
                depths[parent] = max(depth + step, depths.get(parent, 0))
        for tensor in inputs:  # inputs that nothing uses come first too
            layer = history(tensor)[0]
            if isinstance(tensor, Placeholder) and layer is not None and layer not in found:
                found[layer] = len(found)
                layer_depths[layer] = 0
                node = node_of(tensor)
                depths[node] = 0
        self.layers_by_depth, self.nodes_by_depth = {}, {}
        for layer, depth in layer_depths.items():
            self.layers_by_depth.setdefault(depth, []).append(layer)
        for layers in self.layers_by_depth.values():
            layers.sort(key=found.get)
        for node, depth in depths.items():
            if isinstance(node, LayerNode):
                self.nodes_by_depth.setdefault(depth, []).append(node)
        self.layers = [
            layer
            for depth in sorted(self.layers_by_depth, reverse=True)
            for layer in self.layers_by_depth[depth]
        ]
        self.layer_nodes = {node for node in depths if isinstance(node, LayerNode)}

    def contains(self, node):
        """Whether a call of a layer belongs to this network."""
        return node in self.layer_nodes

    def check_names(self):
        """Checks that no two layers share a name.

        Raises:
            ValueError: naming the layers.
        """
        names = [layer.name for layer in self.layers]
        for name in names:
            if names.count(name) != 1:
                raise ValueError(
                    f'The name "{name}" is used {names.count(name)} times in the model. '
                    "All layer names should be unique."
                )


class LayerNodeStandIn:
    """Stands for an input of the network that is not an `Input` but a tensor inside a graph."""

    sources = ()

    def __init__(self, tensor):
        self.tensor = tensor
