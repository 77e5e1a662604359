"""The graph of a model's layers as a `GraphDef`, which TensorBoard draws.

It shows layers, their weights, nested models as boxes that open, the losses and the optimizer; the
operations inside a layer are XLA's and have no names worth showing.
"""

import re

_LONGEST = 200  # characters of an attribute


def graph_of(model):
    """Returns the `GraphDef` of a model that has inputs and outputs."""
    builder = _Builder()
    builder.network(model, "")
    if getattr(model, "optimizer", None) is not None:
        builder.training(model)
    return builder.graph


class _Builder:
    def __init__(self):
        from tensorboard.compat.proto.graph_pb2 import GraphDef

        self.graph = GraphDef()
        self.graph.versions.producer = 22
        self.places = {}  # tensor -> 'node' or 'node:index'
        self.names = set()
        self.weights = {}  # weight's id -> node of its variable

    def node(self, name, op, inputs=(), shapes=(), attributes=()):
        """Adds a node; returns its name, which is `name` or the next free one after it."""
        from tensorboard.compat.proto.attr_value_pb2 import AttrValue
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

        name = self.free(name)
        node = self.graph.node.add(name=name, op=op, input=list(inputs))
        if shapes:
            node.attr["_output_shapes"].list.shape.extend(
                TensorShapeProto(dim=[TensorShapeProto.Dim(size=-1 if d is None else d) for d in s])
                for s in shapes
            )
        for key, value in attributes:
            node.attr[key].CopyFrom(AttrValue(s=str(value)[:_LONGEST].encode()))
        return name

    def free(self, name):
        stem = name = re.sub(r"[^\w./-]", "_", name)
        number = 1
        while name in self.names:
            name = f"{stem}_{number}"
            number += 1
        self.names.add(name)
        return name

    def network(self, model, scope):
        """Adds the calls between the inputs and the outputs of a model."""
        for tensor in model.inputs or ():
            if tensor not in self.places:
                name = tensor.name.partition(":")[0]
                self.places[tensor] = self.node(
                    scope + name, "Placeholder", shapes=[tuple(tensor.shape)]
                )
        for tensor in model.outputs or ():
            self.tensor(tensor, scope)

    def tensor(self, tensor, scope):
        """Adds what makes a tensor, sources first; returns where the tensor is.

        Deep models are deeper than Python's stack, hence the list.
        """
        waiting = [tensor]
        while waiting:
            last = waiting[-1]
            if last in self.places:
                waiting.pop()
                continue
            node = getattr(last, "node", None)
            if node is None:  # a constant, a variable or something fed by hand
                name = str(getattr(last, "name", None) or "constant").partition(":")[0]
                shape = tuple(getattr(last, "shape", ()))
                self.places[last] = self.node(scope + name, "Const", shapes=[shape])
                continue
            missing = [source for source in node.sources if source not in self.places]
            if missing:
                waiting.extend(missing)
            else:
                self.call(node, scope)
        return self.places[tensor]

    def call(self, node, scope):
        """Adds one call of a layer, or of an operation of the backend."""
        layer = getattr(node, "outbound_layer", None)
        inputs = [self.places[source] for source in node.sources]
        shapes = [tuple(tensor.shape) for tensor in node.outputs]
        if layer is None:
            name = self.node(scope + str(node.name), str(node.name), inputs, shapes)
        elif getattr(layer, "_graph", None) is not None:
            return self.nested(node, layer, inputs, scope)
        else:
            box = self.free(scope + layer.name)
            weights = [self.weight(weight, box, layer.name) for weight in layer.weights]
            kind = type(layer).__name__
            name = self.node(f"{box}/{kind}", kind, [*inputs, *weights], shapes, _config(layer))
        for index, tensor in enumerate(node.outputs):
            self.places[tensor] = f"{name}:{index}" if index else name

    def nested(self, node, model, inputs, scope):
        """Adds a call of a model: a box around its layers."""
        box = self.free(scope + model.name)
        outside, self.places = self.places, dict(zip(model.inputs, inputs))
        self.network(model, f"{box}/")
        made = [self.places[tensor] for tensor in model.outputs]
        self.places = {**outside, **dict(zip(node.outputs, made))}

    def weight(self, weight, box, layer):
        if id(weight) not in self.weights:
            name = weight.name.partition(":")[0]
            name = name[len(layer) + 1 :] if name.startswith(f"{layer}/") else name
            self.weights[id(weight)] = self.node(
                f"{box}/{name}", "VariableV2", shapes=[tuple(weight.shape)]
            )
        return self.weights[id(weight)]

    def training(self, model):
        """Adds the losses and the optimizer of a compiled model."""
        losses = []
        for output in model.trainer.objective.with_loss:
            target = self.node(
                f"{output.name}_target", "Placeholder", shapes=[tuple(output.target.shape)]
            )
            name = getattr(output.loss, "name", None) or type(output.loss).__name__
            inputs = [self.places[output.tensor], target]
            losses.append(self.node(f"loss/{output.name}_loss", name, inputs, shapes=[()]))
        total = self.node("loss/loss", "Sum", losses, shapes=[()])
        kind = type(model.optimizer).__name__
        self.node(f"training/{kind}", kind, [total], attributes=_config(model.optimizer))


def _config(thing):
    try:
        return sorted(thing.get_config().items())
    except NotImplementedError:  # a layer of the user's that cannot be saved
        return ()
