"""`Sequential`: a stack of layers."""

import numpy as np

from hornbeam.backend import running
from hornbeam.backend.tensors import Variable
from hornbeam.engine import checks
from hornbeam.engine import config as configs
from hornbeam.engine.input_layer import Input, InputLayer
from hornbeam.engine.layer import Layer
from hornbeam.engine.model import Model
from hornbeam.engine.network import Network
from hornbeam.engine.sources import get_source_inputs


class Sequential(Model):
    """A linear stack of layers.

    Args:
        layers: List of layers, or None.
        name: String.

    The first layer may tell the shape of the input (`input_shape`, `input_dim`,
    `batch_input_shape`); otherwise the weights are made at `build(input_shape)` or when data
    first arrives.

    Example:
        >>> model = Sequential([Dense(4, input_shape=(3,))])
        >>> model.output_shape
        (None, 4)
    """

    casts_inputs = False

    def __init__(self, layers=None, name=None):
        Layer.__init__(self, name=name)
        self._init_network()
        self._init_model()
        self._build_input_shape = None
        self._add_all(layers or ())

    def _track(self, value):
        """Layers kept in attributes are not part of the stack; `add` makes them so."""
        if isinstance(value, Variable):
            super()._track(value)

    @property
    def layers(self):
        """List of the layers, without the input layer that `input_shape` makes."""
        if self._layers and isinstance(self._layers[0], InputLayer):
            return _Without(self._layers)
        return self._layers

    @property
    def model(self):
        """This model: Keras 1 and 2.0 kept an inner model here."""
        return self

    def add(self, layer):
        """Adds a layer at the top of the stack.

        Raises:
            TypeError: if `layer` is not a layer.
            ValueError: if it has several outputs.
        """
        if not isinstance(layer, Layer):
            if hasattr(layer, "_keras_history"):
                layer = layer._keras_history[0]
            else:
                raise TypeError(
                    f"The added layer must be an instance of class Layer. Found: {layer!r}"
                )
        if any(layer.name == other.name for other in self._layers):
            raise ValueError(
                f'The name "{layer.name}" is used twice in the model. '
                "All layer names should be unique."
            )
        self.built = False
        if not self._layers and _starts_a_graph(layer):
            self._layers.append(layer)
            self.outputs = list(layer._inbound_nodes[0].outputs)
            self._connect()
            return
        if not self._layers and not isinstance(layer, InputLayer):
            first = _first_layer(layer)
            shape = getattr(first, "batch_input_shape", None)
            if shape is None and isinstance(layer, Network) and layer.inputs:
                shape = tuple(layer.inputs[0].shape)
                first = layer.inputs[0]._keras_history[0]
            if shape is not None:
                tensor = Input(batch_shape=shape, dtype=first.dtype, name=layer.name + "_input")
                self._layers.append(tensor._keras_history[0])
                self.outputs = [tensor]
        if isinstance(layer, InputLayer):
            self._layers.append(layer)
            self.outputs = [layer._inbound_nodes[0].outputs[0]]
            return
        if self.outputs:
            output = layer(self.outputs[0])
            if isinstance(output, list):
                self._layers.clear() if len(self._layers) == 1 else None
                raise ValueError(
                    "All layers in a Sequential model should have a single output tensor. "
                    f"Layer {layer.name} has {len(output)}. For multi-output layers, use the "
                    "functional API."
                )
            self.outputs = [output]
        self._layers.append(layer)
        if self.outputs:
            self._connect()

    def _add_all(self, layers):
        """Adds layers and makes the graph once, at the end: each `add` makes it anew."""
        self._puts_off = True
        try:
            for layer in layers:
                self.add(layer)
        finally:
            due = self._puts_off == "due"
            self._puts_off = False
            if due:
                self._connect()

    def pop(self):
        """Removes the last layer.

        Raises:
            TypeError: if there is none.
        """
        if not self.layers:
            raise TypeError("There are no layers in the model.")
        layer = self._layers.pop()
        self.built = False
        if not self.layers:
            self._layers.clear()
            self.inputs = self.outputs = self._graph = None
        elif self.outputs:
            for node in layer._inbound_nodes[-1:]:
                layer._inbound_nodes.remove(node)
            previous = self._layers[-1]
            previous._outbound_nodes[:] = []
            self.outputs = [previous._inbound_nodes[-1].outputs[0]]
            self._connect()

    def _connect(self):
        """Makes the graph anew from the first layer's input to the last layer's output."""
        if self.__dict__.get("_puts_off"):
            self._puts_off = "due"
            return
        layers = list(self._layers)
        if _starts_a_graph(layers[0]):
            inputs = get_source_inputs(layers[0]._inbound_nodes[0].outputs[0])
        else:
            inputs = layers[0]._inbound_nodes[0].outputs
        self._init_graph(inputs, self.outputs)
        self._layers[:] = layers

    def build(self, input_shape=None):
        """Makes the weights.

        Args:
            input_shape: Tuple with the batch axis; not needed if the first layer told it.
        """
        if self._graph is None and input_shape is not None:
            shape = checks.shape_tuple(self, input_shape)
            stem = self._layers[0].name if self._layers else self.name
            tensor = Input(batch_shape=shape, name=stem + "_input")
            self._build_input_shape = shape
            output = tensor
            for layer in self._layers:
                output = layer(output)
            self._layers.insert(0, tensor._keras_history[0])
            self.outputs = [output]
            self._connect()
        self.built = self._graph is not None

    def compute_output_shape(self, input_shape):
        if self._graph is None:
            shape = input_shape
            for layer in self.layers:
                shape = layer.compute_output_shape(shape)
            return shape
        return super().compute_output_shape(input_shape)

    def _call_symbolically(self, inputs, kwargs):
        if self._graph is None:
            self.build(tuple(inputs.shape))
        return super()._call_symbolically(inputs, kwargs)

    def compute(self, program, inputs, kwargs):
        if self._graph is None:
            with running.recording():  # the program around computes; this makes a graph
                self.build((None, *np.shape(inputs)[1:]))
        return super().compute(program, inputs, kwargs)

    def predict_proba(self, x, batch_size=32, verbose=0, steps=None):
        """Returns `predict(x)`: the probabilities, if the last activation gives such."""
        return self.predict(x, batch_size, verbose, steps)

    def predict_classes(self, x, batch_size=32, verbose=0, steps=None):
        """Returns the class of each sample: the largest of several outputs, or one over 0.5.

        Returns:
            Integer array of shape `(samples,)`, or `(samples, 1)` for a single output unit.
        """
        probabilities = self.predict(x, batch_size, verbose, steps)
        if probabilities.shape[-1] > 1:
            return probabilities.argmax(axis=-1)
        return (probabilities > 0.5).astype("int32")

    def get_config(self):
        return configs.sequential_config(self)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return configs.sequential_from_config(cls, config, custom_objects)


def _first_layer(layer):
    """The layer at which data enters: inside a wrapper or a model, the first one there."""
    while True:
        if getattr(layer, "batch_input_shape", None) is not None:
            return layer
        inner = getattr(layer, "layers", None) if isinstance(layer, Network) else None
        if not inner:
            return layer
        layer = inner[0]


def _starts_a_graph(layer):
    """Whether a first layer brings the inputs with it: Keras 1's `Merge` of several models."""
    return bool(layer._inbound_nodes) and bool(getattr(layer, "merged_layers", None))


class _Without(list):
    """The layers without the input layer; `pop` and other changes reach the model's own list."""

    def __init__(self, owner):
        super().__init__(owner[1:])
        self._owner = owner

    def pop(self, index=-1):
        layer = super().pop(index)
        self._owner.remove(layer)
        return layer
