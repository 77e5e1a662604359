"""Layers around layers: the same layer at each step, an RNN in both directions."""

from hornbeam import backend as K
from hornbeam.engine import checks
from hornbeam.engine.checks import InputSpec, ShapeError
from hornbeam.engine.config import own_objects
from hornbeam.engine.layer import Layer
from hornbeam.layers.recurrent_cells import cell_from_config
from hornbeam.layers.rnn import TakesStates
from hornbeam.registry import CustomObjectScope, has_arg

__all__ = ["Bidirectional", "TimeDistributed", "Wrapper"]


class Wrapper(Layer):
    """Base of layers around a layer.

    Args:
        layer: The layer inside.
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(
                f"{type(self).__name__} got {layer!r}. Expected a layer, such as Dense(8); "
                "not a tensor or a class."
            )
        super().__init__(**kwargs)
        self.layer = layer
        self.uses_learning_phase = layer.uses_learning_phase

    def build(self, input_shape=None):
        self.built = True

    def get_config(self):
        layer = {"class_name": type(self.layer).__name__, "config": self.layer.get_config()}
        return super().get_config() | {"layer": layer}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes the layer from what `get_config` returned."""
        config = dict(config)
        layer = cell_from_config(config.pop("layer"), custom_objects)
        return cls(layer, **config)


class TimeDistributed(Wrapper):
    """Applies a layer to every time step.

    Args:
        layer: A layer or model.

    Input shape: `(batch, steps, ...)`.
    Output shape: `(batch, steps, ...)`, the last axes as the layer gives them.

    Source: Keras 2.3.1. All steps of all samples are computed as one batch.
    """

    supports_masking = True

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self._declares_shape = layer._declares_shape
        self.hides_sources = layer.hides_sources

    @property
    def stateful(self):
        return self.layer.stateful

    def build(self, input_shape):
        inner_shape = self._step_shape(input_shape)
        self.input_spec = InputSpec(shape=(None, None, *input_shape[2:]))
        if not self.layer.built:
            self.layer.build(inner_shape)
            self.layer.built = True
            self.layer._set_initial_weights()
        self.built = True

    def _step_shape(self, input_shape):
        if len(input_shape) < 2:
            raise ShapeError(
                f"{self.name} (TimeDistributed) got an input of shape {tuple(input_shape)}. "
                "It expects (batch, steps, ...)."
            )
        batch, steps = input_shape[:2]
        samples = None if batch is None or steps is None else batch * steps
        return (samples, *input_shape[2:])

    def call(self, inputs, training=None, mask=None):
        options = {}
        if has_arg(self.layer.call, "training"):
            options["training"] = training
        if has_arg(self.layer.call, "mask") and mask is not None:
            options["mask"] = _steps_as_samples(mask)
        output = self.layer(_steps_as_samples(inputs), **options)
        return _samples_as_steps(output, inputs)

    def compute_output_shape(self, input_shape):
        shape = self.layer.compute_output_shape(self._step_shape(input_shape))
        return (*input_shape[:2], *shape[1:])

    def output_dtype(self, inputs):
        return self.layer.output_dtype(inputs)

    def compute_mask(self, inputs, mask=None):
        """Returns the layer's own mask for all steps; else the input's, of rank 2."""
        if mask is None and not self.layer.makes_masks:
            return None
        inner_mask = None if mask is None else _steps_as_samples(mask)
        made = self.layer.compute_mask(_steps_as_samples(inputs), inner_mask)
        if made is not None:
            return _samples_as_steps(made, inputs)
        while mask is not None and K.ndim(mask) > 2:
            mask = K.any(mask, axis=-1)
        return mask


def _steps_as_samples(x):
    """`(batch, steps, ...)` becomes `(batch * steps, ...)`."""
    shape, rank = K.shape(x), K.ndim(x)
    return K.reshape(x, (shape[0] * shape[1], *(shape[axis] for axis in range(2, rank))))


def _samples_as_steps(x, like):
    """`(batch * steps, ...)` becomes `(batch, steps, ...)`."""
    shape, rank, wanted = K.shape(x), K.ndim(x), K.shape(like)
    batch = K.int_shape(like)[0]
    batch = -1 if batch is None else batch  # while a graph is built, batches have no common size
    return K.reshape(x, (batch, wanted[1], *(shape[axis] for axis in range(1, rank))))


class Bidirectional(TakesStates, Wrapper):
    """Runs a recurrent layer in both directions of time.

    Args:
        layer: A recurrent layer. Two copies of it are used, `forward_layer` and `backward_layer`.
        merge_mode: How the outputs are combined: `'concat'` (along the features), `'sum'`,
            `'mul'`, `'ave'` (mean), or None for a list of both.
        weights: List of arrays, the initial weights, first of the forward layer.

    The call takes `initial_state` (the forward layer's states, then the backward layer's),
    `constants`, `mask` and `training`.

    Input shape: that of the layer.
    Output shape: that of the layer; with `'concat'` twice the features. With `return_state` a list
        of it, the forward states and the backward states.

    Raises:
        ValueError: for another merge mode, or an odd number of states.

    Source: Schuster and Paliwal 1997, IEEE Transactions on Signal Processing 45.
    """

    supports_masking = True

    def __init__(self, layer, merge_mode="concat", weights=None, **kwargs):
        if merge_mode not in ("sum", "mul", "ave", "concat", None):
            raise ValueError(
                f"Invalid merge mode: {merge_mode!r}. Merge mode should be one of "
                "{'sum', 'mul', 'ave', 'concat', None}."
            )
        num_constants = kwargs.pop("num_constants", None)
        super().__init__(layer, **kwargs)
        del self.layer
        object.__setattr__(self, "layer", layer)  # a pattern: its weights are not this layer's
        config = layer.get_config()
        if "go_backwards" not in config:
            raise ValueError(
                f"Bidirectional got {layer!r}. Expected a recurrent layer, such as LSTM(8)."
            )
        self.forward_layer = _copied(layer, config, "forward_")
        self.backward_layer = _copied(
            layer, config | {"go_backwards": not config["go_backwards"]}, "backward_"
        )
        self.merge_mode = merge_mode
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.input_spec = list(layer.input_spec)
        self._num_constants = num_constants
        self._initial_weights = weights
        self._declares_shape = layer._declares_shape
        self.hides_sources = layer.hides_sources

    def build(self, input_shape):
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                with K.name_scope(layer.name):
                    layer.build(shapes[0])
                layer.built = True
        self.built = True

    def _note_states(self, states):
        if len(states) % 2:
            raise ValueError(
                "When passing `initial_state` to a Bidirectional RNN, the state should be a list "
                f"containing the states of the underlying RNNs; {self.name} got {len(states)}."
            )
        half = len(states) // 2
        self.forward_layer._note_states(states[:half])
        self.backward_layer._note_states(states[half:])

    def _note_constants(self, constants):
        self._num_constants = len(constants)
        self.forward_layer._note_constants(constants)
        self.backward_layer._note_constants(constants)

    def call(self, inputs, mask=None, training=None, initial_state=None, constants=None):
        inputs, states, constants = self._sorted_arguments(inputs, initial_state, constants)
        if isinstance(mask, list):
            mask = mask[0]
        half = len(states) // 2 if states else 0
        found = []
        for layer, own in (
            (self.forward_layer, states[:half] if states else None),
            (self.backward_layer, states[half:] if states else None),
        ):
            options = {"mask": mask, "training": training}
            options = {name: v for name, v in options.items() if has_arg(layer.call, name)}
            if own:
                options["initial_state"] = own
            if constants:
                options["constants"] = constants
            found.append(layer(inputs, **options))
        states = []
        if self.return_state:
            states = [state for output, *own in found for state in own]
            found = [output for output, *_ in found]
        forward, backward = found
        if self.return_sequences:
            backward = K.reverse(backward, 1)
        merged = self._merged(forward, backward)
        return [*merged, *states] if states or self.merge_mode is None else merged[0]

    def _merged(self, forward, backward):
        if self.merge_mode is None:
            return [forward, backward]
        if self.merge_mode == "concat":
            return [K.concatenate([forward, backward])]
        if self.merge_mode == "mul":
            return [forward * backward]
        total = forward + backward
        return [total / 2 if self.merge_mode == "ave" else total]

    def compute_output_shape(self, input_shape):
        shapes = self.forward_layer.compute_output_shape(input_shape)
        shapes = list(shapes) if checks.is_shape_list(shapes) else [shapes]
        output, states = shapes[0], shapes[1:]
        if self.merge_mode == "concat":
            output = (*output[:-1], output[-1] * 2)
        outputs = [output] * (2 if self.merge_mode is None else 1)
        outputs += [*states, *states]
        return outputs if len(outputs) > 1 else output

    def compute_mask(self, inputs, mask=None):
        if isinstance(mask, list):
            mask = mask[0]
        mask = mask if self.return_sequences else None
        masks = [mask, mask] if self.merge_mode is None else [mask]
        if self.return_state:
            masks += [None] * (2 * len(self.forward_layer.states))
        return masks if len(masks) > 1 else mask

    def reset_states(self):
        """Sets the states of both stateful layers to zeros."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    def get_config(self):
        config = super().get_config() | {"merge_mode": self.merge_mode}
        if self._num_constants is not None:
            config["num_constants"] = self._num_constants
        return config


def _copied(layer, config, prefix):
    """Makes a layer of another's config, with `prefix` before its name."""
    config = dict(config, name=prefix + layer.name)
    with CustomObjectScope(own_objects(layer)):
        return type(layer).from_config(config)
