"""`LayerNode`: one call of a layer on tensors."""

from hornbeam.backend import running
from hornbeam.backend.function import UpdateNode
from hornbeam.backend.ops import infer
from hornbeam.backend.tensors import Node, Placeholder, Tensor, replace_operands, sources_of
from hornbeam.bytecode import portable


def to_list(x):
    """Returns `x` if it is a list, a list of a tuple's items, else `[x]`."""
    if isinstance(x, list):
        return x
    return list(x) if isinstance(x, tuple) else [x]


def from_list(items):
    """Returns the single item of a list of one, else the list."""
    return items[0] if len(items) == 1 else items


class LayerNode(Node):
    """One call of a layer: which tensors went in, which came out.

    Attributes, as Keras names them:
        outbound_layer: The layer that was called.
        input_tensors, output_tensors: Lists of tensors.
        input_shapes, output_shapes: Lists of shapes.
        inbound_layers, node_indices, tensor_indices: Where each input tensor comes from.
        arguments: Dict of the further arguments of the call.
    """

    def __init__(self, layer, inputs, arguments):
        self.input_tensors = sources_of(inputs)
        sources = self.input_tensors + sources_of(arguments)
        own_phase = getattr(layer, "uses_learning_phase", False)
        wide = layer.dtype_is_wide
        super().__init__(sources, own_phase is True, wide)
        self.outbound_layer = layer
        self.inputs = inputs
        self.arguments = arguments
        self._masks = None
        self._losses = None
        self._updates = None

    @property
    def layer(self):
        return self.outbound_layer

    @property
    def name(self):
        return self.outbound_layer.name

    @property
    def has_closures(self):
        return self.outbound_layer.hides_sources

    @property
    def reads(self):
        return [*self.sources, *self.outbound_layer.weights]

    @property
    def output_tensors(self):
        return self.outputs

    @property
    def input_shapes(self):
        return [tuple(t.shape) for t in self.input_tensors]

    @property
    def output_shapes(self):
        return [tuple(t.shape) for t in self.outputs]

    @property
    def input_masks(self):
        return [t._keras_mask for t in self.input_tensors]

    @property
    def output_masks(self):
        return [t._keras_mask for t in self.outputs]

    @property
    def inbound_layers(self):
        return [history(t)[0] for t in self.input_tensors]

    @property
    def node_indices(self):
        return [history(t)[1] for t in self.input_tensors]

    @property
    def tensor_indices(self):
        return [history(t)[2] for t in self.input_tensors]

    def get_config(self):
        """Returns the names and indices of what went in, and of the layer that was called."""
        return {
            "outbound_layer": self.outbound_layer.name,
            "inbound_layers": [layer.name for layer in self.inbound_layers if layer is not None],
            "node_indices": self.node_indices,
            "tensor_indices": self.tensor_indices,
        }

    def __getstate__(self):
        """What the node is, without what it finds out when asked."""
        return portable(dict(self.__dict__, _masks=None, _losses=None, _updates=None))

    # ---- making the outputs

    def connect(self):
        """Finds the outputs' shapes, makes the output tensors, and enters the layer's history."""
        layer = self.outbound_layer
        specs = layer.declared_outputs(self)
        if specs is None:
            specs = infer(self.run, [*self.sources, *layer.weights], self.wide)
        self.wide = self.wide or layer.dtype_is_wide
        index = len(layer._inbound_nodes)
        for place, (shape, dtype, static) in enumerate(specs):
            name = f"{layer.name}/output{f'_{place}' if place else ''}:0"
            tensor = Tensor(shape, dtype, self, place, name=name, static=static)
            tensor._keras_history = (layer, index, place)
            self.outputs.append(tensor)
        layer._inbound_nodes.append(self)
        for tensor in self.input_tensors:
            origin = history(tensor)[0]
            if origin is not None:
                origin._outbound_nodes.append(self)
        return self.outputs

    def run(self, program):
        inputs = replace_operands(self.inputs, program.resolve)
        arguments = replace_operands(self.arguments, program.resolve)
        store = program.store
        losses, before = len(store.losses), _written(store)
        outputs = self.outbound_layer.compute(program, inputs, arguments)
        after = _written(store)
        written = {v: value for v, value in after.items() if before.get(v) is not value}
        program.effects[self] = store.losses[losses:], written
        return to_list(outputs)

    # ---- what travels beside the outputs

    def mask_of(self, tensor):
        if self._masks is None:
            layer = self.outbound_layer
            masks = self.input_masks
            if all(mask is None for mask in masks) and not layer.makes_masks:
                self._masks = [None] * len(self.outputs)
            else:
                with running.recording():
                    made = layer.compute_mask(self.inputs, from_list(masks))
                made = to_list(made)
                if made == [None]:
                    made = [None] * len(self.outputs)
                self._masks = made
        return self._masks[tensor.index]

    def _effects(self):
        """Learns, on shapes, which losses and updates the call adds, and makes tensors of them."""
        if self._losses is not None:
            return
        found = []

        def run(program):
            outputs = self.run(program)
            found[:] = program.effects[self]
            return outputs

        infer(run, self.sources, self.wide, training=True)
        losses, written = found
        self._losses = _LossesNode(self, [(v.shape, v.dtype) for _, v in losses]).outputs
        values = _WrittenNode(self, list(written)).outputs
        self._updates = [UpdateNode(v, t).outputs[0] for v, t in zip(written, values)]

    @property
    def losses(self):
        """Tensors of the losses that this call adds."""
        self._effects()
        return self._losses

    @property
    def updates(self):
        """Updates that this call makes."""
        self._effects()
        return self._updates


def _written(store):
    """What a program has written so far, and what frozen layers would have written."""
    return store.withheld | {v: store.variables[v] for v in store.written}


class _LossesNode(Node):
    """Hands out the losses that a call adds as tensors."""

    name = "added_loss"

    def __init__(self, node, specs):
        super().__init__(node.outputs[:1], node.uses_learning_phase, node.wide)
        self.node = node
        self.outputs = [Tensor(shape, dtype, self, i) for i, (shape, dtype) in enumerate(specs)]

    def run(self, program):
        program.resolve(self.node.outputs[0])
        return [value for _, value in program.effects_of(self.node)[0]]


class _WrittenNode(Node):
    """Hands out the values that a call writes into variables as tensors."""

    name = "added_update"

    def __init__(self, node, variables):
        super().__init__(node.outputs[:1], node.uses_learning_phase, node.wide)
        self.node = node
        self.variables = variables
        self.outputs = [Tensor(v.shape, v.dtype, self, i) for i, v in enumerate(variables)]

    def run(self, program):
        program.resolve(self.node.outputs[0])
        written = program.effects_of(self.node)[1]
        return [written.get(v, program.read(v)) for v in self.variables]


def history(tensor):
    """Returns `(layer, node index, tensor index)` of a tensor; Nones where no layer made it."""
    return getattr(tensor, "_keras_history", (None, None, None))


def node_of(tensor):
    """Returns the node that made a tensor; for an `Input`, the node of its input layer."""
    if isinstance(tensor, Placeholder):
        layer = history(tensor)[0]
        return layer._inbound_nodes[0] if layer is not None else None
    return tensor.node
