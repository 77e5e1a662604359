"""Where a layer was called: its nodes, and the tensors, shapes and masks of each call."""

from hornbeam.engine.node import from_list

_OF_A_CALL = {  # what a layer can tell of a call, from its node
    "input": lambda node: node.input_tensors or node.outputs,
    "output": lambda node: list(node.outputs),
    "input mask": lambda node: node.input_masks or [None],
    "output mask": lambda node: node.output_masks,
    "input shape": lambda node: node.input_shapes or node.output_shapes,
    "output shape": lambda node: node.output_shapes,
}


class CallsMixin:
    """What `Layer` can tell of its calls on tensors."""

    def _init_calls(self):
        self._inbound_nodes = []
        self._outbound_nodes = []

    def _only(self, what):
        if not self._inbound_nodes:
            raise AttributeError(
                f"Layer {self.name} has never been called and thus has no defined {what}."
            )
        found = [_OF_A_CALL[what](node) for node in self._inbound_nodes]
        if len(found) > 1 and any(item != found[0] for item in found[1:]) and "shape" in what:
            raise AttributeError(
                f"Layer {self.name} has multiple inbound nodes with different {what}s. "
                f"Use get_{what.replace(' ', '_')}_at(node_index) instead."
            )
        if len(found) > 1 and "shape" not in what:
            raise AttributeError(
                f"Layer {self.name} has multiple inbound nodes, hence the notion of "
                f'"layer {what}" is ill-defined. Use get_{what.replace(" ", "_")}_at(node_index) '
                "instead."
            )
        return from_list(found[0])

    def _at(self, node_index, what):
        if not 0 <= node_index < len(self._inbound_nodes):
            raise ValueError(
                f"Layer {self.name} has {len(self._inbound_nodes)} inbound nodes; there is no "
                f"node {node_index}."
            )
        return from_list(_OF_A_CALL[what](self._inbound_nodes[node_index]))

    @property
    def inbound_nodes(self):
        """List of the nodes of this layer's calls: Keras 1's name of `_inbound_nodes`."""
        return self._inbound_nodes

    @inbound_nodes.setter
    def inbound_nodes(self, nodes):
        self._inbound_nodes = nodes

    @property
    def outbound_nodes(self):
        """List of the nodes that this layer leads to: Keras 1's name of `_outbound_nodes`."""
        return self._outbound_nodes

    @outbound_nodes.setter
    def outbound_nodes(self, nodes):
        self._outbound_nodes = nodes

    @property
    def input(self):
        return self._only("input")

    @property
    def output(self):
        return self._only("output")

    @property
    def input_mask(self):
        return self._only("input mask")

    @property
    def output_mask(self):
        return self._only("output mask")

    @property
    def input_shape(self):
        return self._only("input shape")

    @property
    def output_shape(self):
        return self._only("output shape")

    def get_input_at(self, node_index):
        """Returns the input tensor(s) of call number `node_index`."""
        return self._at(node_index, "input")

    def get_output_at(self, node_index):
        """Returns the output tensor(s) of call number `node_index`."""
        return self._at(node_index, "output")

    def get_input_mask_at(self, node_index):
        """Returns the input mask(s) of call number `node_index`."""
        return self._at(node_index, "input mask")

    def get_output_mask_at(self, node_index):
        """Returns the output mask(s) of call number `node_index`."""
        return self._at(node_index, "output mask")

    def get_input_shape_at(self, node_index):
        """Returns the input shape(s) of call number `node_index`."""
        return self._at(node_index, "input shape")

    def get_output_shape_at(self, node_index):
        """Returns the output shape(s) of call number `node_index`."""
        return self._at(node_index, "output shape")
