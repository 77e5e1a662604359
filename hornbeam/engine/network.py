"""`Network`: a graph of layers that is a layer itself."""

from hornbeam.backend import config as settings
from hornbeam.backend import running
from hornbeam.backend.ops import infer
from hornbeam.backend.tensors import Operand, Placeholder
from hornbeam.engine import checks, eagerly
from hornbeam.engine import config as configs
from hornbeam.engine.doors import doors
from hornbeam.engine.graph import Graph
from hornbeam.engine.layer import Layer
from hornbeam.engine.node import LayerNode, from_list, history, to_list
from hornbeam.engine.sources import get_source_inputs  # noqa: F401  Keras has it here
from hornbeam.engine.summary import print_summary
from hornbeam.engine.weights import frozen_variables, unique


class Network(Layer):
    """A directed acyclic graph of layers, or a class whose `call` uses layers.

    Args:
        inputs: Tensor or list (or dict) of tensors.
        outputs: Tensor or list of tensors.
        name: String.
        trainable: Bool, default True.

    A subclass that writes its own `call` passes none of `inputs` and `outputs`.

    Attributes:
        inputs, outputs: Lists of tensors.
        input_names, output_names: Names of the layers that hold them.
        layers: List of layers.
    """

    hides_sources = False

    def __init__(self, *args, **kwargs):
        for old, new in (("input", "inputs"), ("output", "outputs")):  # Keras 1
            if old in kwargs:
                kwargs[new] = kwargs.pop(old)
        names = ("inputs", "outputs", "name")
        kwargs.update(zip(names, args))
        inputs, outputs = kwargs.pop("inputs", None), kwargs.pop("outputs", None)
        name, trainable = kwargs.pop("name", None), kwargs.pop("trainable", True)
        dtype = kwargs.pop("dtype", None)
        if kwargs:
            raise TypeError(
                f"{type(self).__name__} got unexpected arguments {sorted(kwargs)}. "
                "It takes inputs, outputs, name and trainable."
            )
        if (inputs is None) != (outputs is None):
            raise TypeError(f"{type(self).__name__} needs both `inputs` and `outputs`.")
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        self._init_network()
        if inputs is not None:
            self._init_graph(inputs, outputs)

    def _init_network(self):
        state = self.__dict__
        state.setdefault("inputs", None)
        state.setdefault("outputs", None)
        state.setdefault("_graph", None)
        self.supports_masking = True

    @property
    def _is_graph_network(self):
        return self._graph is not None

    def _init_graph(self, inputs, outputs):
        self._nested_inputs = inputs
        inputs, outputs = _flat(inputs), _flat(outputs)
        for role, tensors in (("Input", inputs), ("Output", outputs)):
            for tensor in tensors:
                if not isinstance(tensor, Operand):
                    raise ValueError(
                        f"{role} tensors to {type(self).__name__} must be tensors made by layers; "
                        f"got {tensor!r} of type {type(tensor).__name__}."
                    )
        if len({id(t) for t in inputs}) != len(inputs):
            raise ValueError(
                "The list of inputs passed to the model is redundant. All inputs should only "
                f"appear once. Found: {inputs}."
            )
        graph = Graph(inputs, outputs)
        graph.check_names()
        self.inputs, self.outputs = list(inputs), list(outputs)
        self._graph = graph
        object.__setattr__(self, "_layers", _Tracked(graph.layers))
        self.input_names = [_layer_name(t) for t in inputs]
        self.output_names = _unique_names([_layer_name(t) for t in outputs])
        self.built = True
        self.stateful = any(getattr(layer, "stateful", False) for layer in graph.layers)
        self._inbound_nodes[:] = []
        node = LayerNode(self, from_list(self.inputs), {})
        node.outputs = self.outputs
        self._inbound_nodes.append(node)

    # ---- layers

    @property
    def layers(self):
        """List of the layers, in the order of their weights."""
        if self._graph is not None:
            return self._layers
        return list(self._layers)

    def get_layer(self, name=None, index=None):
        """Returns a layer by its name or by its place in `layers`.

        Raises:
            ValueError: if there is none.
        """
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has "
                    f"{len(self.layers)} layers."
                )
            return self.layers[index]
        if name is None:
            raise ValueError("Provide either a layer name or layer index.")
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"No such layer: {name}. The layers are: {[layer.name for layer in self.layers]}."
        )

    @property
    def casts_inputs(self):
        """Whether inputs are cast to the network's own dtype: a graph leaves it to its layers."""
        return self._graph is None

    @property
    def input_spec(self):
        """Specs that the inputs must fulfil, for a network that is used as a layer."""
        if self._graph is None:
            return self.__dict__.get("_input_spec")
        specs = []
        for tensor in self.inputs:
            axes = {i: d for i, d in enumerate(tensor.shape) if d is not None and i > 0}
            specs.append(checks.InputSpec(ndim=len(tensor.shape), axes=axes))
        return specs

    @input_spec.setter
    def input_spec(self, spec):
        self.__dict__["_input_spec"] = spec

    @property
    def uses_learning_phase(self):
        """Whether an output differs between training and test."""
        return any(t._uses_learning_phase for t in self.outputs or ())

    @property
    def dtype_is_wide(self):
        if self._graph is not None:
            return any(t.wide for t in (*self.inputs, *self.outputs)) or any(
                w.wide for w in self.weights
            )
        return super().dtype_is_wide

    @property
    def state_updates(self):
        """Updates of the layers that keep state from batch to batch."""
        return [u for layer in self.layers if layer.stateful for u in layer.updates]

    def reset_states(self):
        """Resets the states of all stateful layers."""
        for layer in self.layers:
            if hasattr(layer, "reset_states") and getattr(layer, "stateful", False):
                layer.reset_states()

    @property
    def losses(self):
        if running.program() is None and running.eager() is not None:
            return eagerly.losses_of(self)
        own = list(self._losses)
        if running.program() is None and self._graph is not None:
            for node in sorted(self._graph.layer_nodes, key=lambda node: node.serial):
                own += node.losses
        elif running.program() is None:
            for node in self._inbound_nodes:
                own += node.losses
        return own + [regularizer(weight) for weight, regularizer in self.weight_losses()]

    @property
    def updates(self):
        if self._graph is None or not (self.trainable or self.stateful):
            return super().updates
        own = list(self._updates)
        for layer in self.layers:
            own += layer._updates if layer.trainable or layer.stateful else []
        if running.program() is None:
            frozen = frozen_variables(self)
            for node in sorted(self._graph.layer_nodes, key=lambda node: node.serial):
                own += [update for update in node.updates if update.variable not in frozen]
        return own

    @property
    def weights(self):
        """List of all variables: the trainable ones, then the others; in tf.keras by layers."""
        if settings.conventions() == "tf.keras" and self._graph is not None:
            return self._layerwise_weights()
        return super().weights

    variables = weights

    def _layerwise_weights(self):
        """The variables layer by layer: the order of `get_weights` and of files."""
        if self._graph is None:
            return self.weights
        return unique([w for layer in self.layers for w in layer.weights])

    # ---- calling

    def call(self, inputs, mask=None):
        """Runs the graph on values.

        Args:
            inputs: Array or list of arrays.
            mask: Mask or list of masks of the inputs, or None.
        """
        return self.run_internal_graph(inputs, mask)[0]

    def run_internal_graph(self, inputs, masks=None):
        """Runs the graph on tensors or values.

        Args:
            inputs: Tensors or arrays, one for each input of the network.
            masks: None or a list of masks.

        Returns:
            The outputs, their masks and their shapes.
        """
        if self._graph is None:
            raise NotImplementedError(
                f"{type(self).__name__} has no graph. A subclass of Model must write `call`."
            )
        program = running.program()
        if program is None:
            outputs = self(inputs)
            flat = to_list(outputs)
            return outputs, [t._keras_mask for t in flat], [tuple(t.shape) for t in flat]
        values = to_list(inputs)
        if isinstance(inputs, dict):
            values = [inputs[name] for name in self.input_names]
        if len(values) != len(self.inputs):
            raise ValueError(
                f"Model {self.name} has {len(self.inputs)} inputs; it was called on {len(values)}."
            )
        scope = program.child()
        masks = to_list(masks) if masks is not None else [None] * len(values)
        for tensor, value, mask in zip(self.inputs, values, masks):
            scope.bind(tensor, value)
            if mask is not None:
                scope.set_mask(value, mask)
        for node in self._graph.nodes:
            scope.run(node)
        outputs = [scope.resolve(t) for t in self.outputs]
        masks = [scope.mask_of(value) for value in outputs]
        return from_list(outputs), from_list(masks), [value.shape for value in outputs]

    def _attach_masks(self, program, inputs, outputs, mask):
        if self._graph is not None:
            return outputs  # the layers inside have done so
        return super()._attach_masks(program, inputs, outputs, mask)

    @property
    def makes_masks(self):
        return self._graph is not None and any(layer.makes_masks for layer in self.layers)

    def compute_mask(self, inputs, mask):
        """Returns the masks of the outputs for inputs with masks."""
        if self._graph is None:
            return super().compute_mask(inputs, mask)
        if running.program() is not None:
            return self.run_internal_graph(inputs, mask)[1]
        masks = {t: m for t, m in zip(self.inputs, to_list(mask)) if m is not None}
        return from_list([_symbolic_mask(self, t, masks) for t in self.outputs])

    def compute_output_shape(self, input_shape):
        """Returns the shapes of the outputs for shapes of the inputs."""
        shapes = list(input_shape) if checks.is_shape_list(input_shape) else [input_shape]
        if self._graph is not None and all(
            tuple(s) == tuple(t.shape) for s, t in zip(shapes, self.inputs)
        ):
            return from_list([tuple(t.shape) for t in self.outputs])
        if self._graph is None and not self._inbound_nodes:
            return super().compute_output_shape(input_shape)
        dtypes = [t.dtype for t in self.inputs] if self.inputs else [self.dtype] * len(shapes)
        tensors = [Placeholder(s, d) for s, d in zip(shapes, dtypes)]
        node = LayerNode(self, from_list(tensors), {})
        return from_list([shape for shape, _, _ in infer(node.run, tensors, node.wide)])

    def declared_outputs(self, node):
        if self._graph is not None and not node.arguments:
            given = [tuple(t.shape) for t in node.input_tensors]
            dtypes = [t.dtype for t in node.input_tensors]
            if given == [tuple(t.shape) for t in self.inputs] and dtypes == [
                t.dtype for t in self.inputs
            ]:
                return [(tuple(t.shape), t.dtype, None) for t in self.outputs]
        return None

    def build(self, input_shape=None):
        """Builds a network that has no graph, from the shape of its input."""
        if self._graph is None and input_shape is not None and type(self) is not Network:
            if not getattr(self, "_building", False):
                self._building = True
                try:
                    self.compute_output_shape(input_shape)
                finally:
                    self._building = False
        self.built = True

    # ---- configuration

    def get_config(self):
        """Returns the graph as nested dicts and lists of names and numbers.

        Raises:
            NotImplementedError: for a subclass with its own `call`.
        """
        if self._graph is None:
            raise NotImplementedError(
                f"{type(self).__name__} writes its own `call`, so there is no graph to describe. "
                "Saving a whole model requires it to be a Functional model or a Sequential model; "
                "it does not work for subclassed models. Save the weights with `save_weights`, or "
                "write `get_config` and `from_config`."
            )
        return configs.graph_config(self)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes a network from what `get_config` returned, with fresh weights."""
        return configs.graph_from_config(cls, config, custom_objects)

    def summary(self, line_length=None, positions=None, print_fn=None):
        """Prints a table of the layers.

        Args:
            line_length: Integer, characters in a line; default 65, or 98 for graphs.
            positions: List of the columns' ends, as fractions of the line or absolute.
            print_fn: Function called with each line; default `print`.

        Raises:
            ValueError: if the network is not built yet.
        """
        if not self.built:
            raise ValueError(
                "This model has not yet been built. Build the model first by calling build() or "
                "calling fit() with some data. Or specify input_shape or batch_input_shape in "
                "the first layer for automatic build."
            )
        print_summary(self, line_length, positions, print_fn)

    def __getstate__(self):
        """The network for pickles and copies: with its layers, weights, and how it is trained."""
        return doors.saving.network_state(self)

    def __setstate__(self, state):
        doors.saving.restore_network(self, state)

    # ---- files: what `hornbeam.saving` lends

    def save(self, filepath, overwrite=True, include_optimizer=True, save_format=None):
        """Saves structure, weights, and training state to one file: see `save_model`.

        Args:
            filepath: Path, file object, or `h5py.Group`.
            overwrite: Bool; False asks before an existing file is replaced.
            include_optimizer: Bool, whether the optimizer's state goes in.
            save_format: `'h5'` or None.
        """
        doors.saving.save_model(self, filepath, overwrite, include_optimizer, save_format)

    def save_weights(self, filepath, overwrite=True, save_format=None):
        """Saves the weights to a file: see `hornbeam.saving.save_weights`.

        Args:
            filepath: Path, file object, or `h5py.Group`.
            overwrite: Bool; False asks before an existing file is replaced.
            save_format: `'h5'` or None.
        """
        doors.saving.save_weights(self, filepath, overwrite, save_format)

    def load_weights(self, filepath, by_name=False, skip_mismatch=False, reshape=False):
        """Loads weights from an HDF5 file.

        Args:
            filepath: Path, file object, or `h5py.Group`.
            by_name: Bool; whether to match layers by name instead of by order.
            skip_mismatch: Bool; with `by_name`, whether to leave out layers whose weights differ
                in number or shape.
            reshape: Bool; whether to reshape arrays of the same size.

        Raises:
            ValueError: if the file does not fit the model; no weight is changed then.
        """
        doors.saving.load_weights(self, filepath, by_name, skip_mismatch, reshape)

    def to_json(self, **kwargs):
        """Returns the structure as a JSON string; `kwargs` go to `json.dumps`."""
        return doors.saving.to_json(self, **kwargs)

    def to_yaml(self, **kwargs):
        """Returns the structure as a YAML string; `kwargs` go to `yaml.dump`."""
        return doors.saving.to_yaml(self, **kwargs)


class _Tracked(list):
    """The list of a network's layers: programs pop layers off it."""


def _layer_name(tensor):
    layer = history(tensor)[0]
    return layer.name if layer is not None else tensor.name.split(":")[0]


def _unique_names(names):
    """Two outputs of one layer get `name` and `name_1`."""
    seen, result = {}, []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        result.append(f"{name}_{count}" if count else name)
    return result


def _flat(structure):
    """Lists the tensors in nested lists, tuples and dicts: tf.keras programs write `[m.inputs]`."""
    if isinstance(structure, dict):
        structure = list(structure.values())
    if isinstance(structure, (list, tuple)):
        return [tensor for item in structure for tensor in _flat(item)]
    return [structure]


def _symbolic_mask(network, output, masks):
    """The mask of one of a network's own outputs when its inputs have these masks."""
    known = dict(masks)
    for node in network._graph.nodes:
        if not isinstance(node, LayerNode):
            continue
        given = [known.get(t, t._keras_mask) for t in node.input_tensors]
        if all(m is None for m in given) and not node.layer.makes_masks:
            continue
        made = to_list(node.layer.compute_mask(node.inputs, from_list(given)))
        for tensor, mask in zip(node.outputs, made):
            known[tensor] = mask
    return known.get(output)
