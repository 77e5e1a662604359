"""`Layer`: a piece of a network that has weights and can be called on tensors and on arrays."""

import functools
import inspect
import re

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam import allowance, constraints, initializers, regularizers
from hornbeam.backend import names, running
from hornbeam.backend.function import (
    Update,
    apply_updates,
    default_training,
    normalize_updates,
)
from hornbeam.backend.ops import infer
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.program import Program
from hornbeam.backend.tensors import (
    WIDE_DTYPES,
    DType,
    Operand,
    Placeholder,
    Variable,
    dtype_name,
    replace_operands,
    sources_of,
)
from hornbeam.engine import checks, eagerly, policy
from hornbeam.engine.calls import CallsMixin
from hornbeam.engine.node import LayerNode, from_list, to_list
from hornbeam.engine.weights import (
    WEIGHT_ARGUMENTS,
    WeightsMixin,
    add_weight_arguments,
    new_variable,
)

_CONSTRUCTOR_ARGUMENTS = frozenset(
    [
        "activity_regularizer",
        "batch_input_shape",
        "batch_size",
        "dtype",
        "input_dim",
        "input_dtype",
        "input_shape",
        "name",
        "trainable",
        "weights",
    ]
)


def snake_case(name):
    """`MaxPooling2D` -> `max_pooling2d`; the stem of a layer's automatic name."""
    partly = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", partly).lower()
    return "private" + snake if snake.startswith("_") else snake


class Layer(CallsMixin, WeightsMixin):
    """Base of all layers.

    To write one: store arguments in `__init__`, make weights in `build(input_shape)` with
    `add_weight`, compute in `call(inputs)`, and tell the shape in `compute_output_shape`.

    Args:
        name: String; None makes one of the class's name and a counter.
        trainable: Bool, default True. Whether training changes the weights.
        dtype: Name of the weights' dtype, or a `Policy`, its name or its config; None means the
            global policy, which is `floatx()` if none was set.
        input_shape: Tuple without the batch axis, for the first layer of a `Sequential`.
        batch_input_shape: The same with the batch axis.
        batch_size: Integer, the batch axis that goes with `input_shape`.
        input_dim: Integer, short for `input_shape=(input_dim,)`.
        input_dtype: Keras 1's name for `dtype`.
        weights: List of arrays that become the weights when the layer is built.
        activity_regularizer: Regularizer of the output.

    Attributes:
        name, trainable, built, input_spec, supports_masking, stateful.
        dtype, variable_dtype: Name of the weights' dtype.
        compute_dtype: Name of the dtype that the layer computes in.
        dtype_policy: `Policy` of both.
        input, output, input_shape, output_shape, input_mask, output_mask: of the only call.
    """

    supports_masking = False
    stateful = False
    input_spec = None
    uses_learning_phase = False
    casts_inputs = True  # whether the layer takes floating inputs in its own dtype
    _policy = None  # a mixed policy; else the weights' dtype is all there is to know
    hides_sources = True  # a user's `call` may read tensors that it was not given
    _declares_shape = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "call" in cls.__dict__ or "compute_output_shape" in cls.__dict__:
            # Our own layers' declared shapes are proven by tests; others run on shapes.
            ours = cls.__module__.startswith("hornbeam.layers")
            if "_declares_shape" not in cls.__dict__:
                cls._declares_shape = ours and "compute_output_shape" in cls.__dict__
            if "hides_sources" not in cls.__dict__:
                cls.hides_sources = not ours

    def __init__(self, **kwargs):
        for name in kwargs:
            if name not in _CONSTRUCTOR_ARGUMENTS:
                raise TypeError(
                    f"Keyword argument not understood by {type(self).__name__}: {name!r}. "
                    f"Beside its own arguments it takes {sorted(_CONSTRUCTOR_ARGUMENTS)}."
                )
        self._init_state(kwargs.get("name"))
        self.trainable = kwargs.get("trainable", True)
        shape = kwargs.get("batch_input_shape")
        if shape is None and "input_shape" not in kwargs and kwargs.get("input_dim") is not None:
            kwargs["input_shape"] = (kwargs["input_dim"],)
        if shape is None and kwargs.get("input_shape") is not None:
            shape = (kwargs.get("batch_size"), *checks.shape_tuple(self, kwargs["input_shape"]))
        if shape is not None:
            self.batch_input_shape = tuple(shape)
        dtype = kwargs.get("dtype", kwargs.get("input_dtype"))
        self.dtype = policy.variable_dtype(dtype)
        mixed = policy.mixed_policy(dtype)
        if mixed is not None:
            self._policy = mixed
        self._initial_weights = kwargs.get("weights")
        if "activity_regularizer" in kwargs:
            self.activity_regularizer = regularizers.get(kwargs["activity_regularizer"])

    def _init_state(self, name=None):
        if name is None:
            name = names.automatic(snake_case(type(self).__name__))
        elif not isinstance(name, str):
            raise TypeError(f"A layer's name must be a string; got {name!r}.")
        self.name = name
        self.built = False
        self._initial_weights = None
        self._init_calls()
        self._init_weights()

    # ---- what subclasses write

    def build(self, input_shape):
        """Makes the weights. The default makes none.

        Args:
            input_shape: Tuple, or a list of tuples for several inputs.
        """
        self.built = True

    def call(self, inputs, **kwargs):
        """Computes the outputs from the inputs."""
        return inputs

    def compute_mask(self, inputs, mask=None):
        """Returns the mask of the output: the input's, if the layer supports masking.

        Raises:
            TypeError: if there is a mask and the layer does not support masking.
        """
        if self.supports_masking:
            return mask
        if mask is not None and any(m is not None for m in to_list(mask)):
            raise TypeError(
                f"Layer {self.name} does not support masking, but was passed an input_mask: {mask}"
            )
        return None

    def compute_output_shape(self, input_shape):
        """Returns the shape of the output for a shape of the input (lists for several).

        The default runs `call` on shapes, or asks Keras 1's `get_output_shape_for` if a subclass
        defines it.
        """
        if type(self).get_output_shape_for is not Layer.get_output_shape_for:
            return self.get_output_shape_for(input_shape)
        return self._inferred_output_shape(input_shape)

    def _inferred_output_shape(self, input_shape):
        """The shape that `call` makes of an input of that shape, for one and for several."""
        shapes = input_shape if checks.is_shape_list(input_shape) else [input_shape]
        tensors = [Placeholder(shape, self.dtype) for shape in shapes]
        if not self.built:
            self._build(from_list(shapes))
        inputs = tensors if checks.is_shape_list(input_shape) else tensors[0]
        node = LayerNode(self, inputs, {})
        specs = infer(node.run, [*tensors, *self.weights], node.wide)
        return from_list([shape for shape, _, _ in specs])

    def get_output_shape_for(self, input_shape):
        """Keras 1's name of `compute_output_shape`."""
        if type(self).compute_output_shape is Layer.compute_output_shape:
            return self._inferred_output_shape(input_shape)
        return self.compute_output_shape(input_shape)

    def get_config(self):
        """Returns a dict from which `from_config` makes the same layer, without its weights."""
        config = {"name": self.name, "trainable": self.trainable}
        if hasattr(self, "batch_input_shape"):
            config["batch_input_shape"] = self.batch_input_shape
        config["dtype"] = policy.serialize(self.dtype_policy) if self._policy else str(self.dtype)
        return config

    @classmethod
    def from_config(cls, config):
        """Makes a layer from what `get_config` returned."""
        return cls(**config)

    # ---- dtypes

    @property
    def dtype_policy(self):
        """The `Policy` of this layer."""
        return self._policy or policy.Policy(str(self.dtype))

    _dtype_policy = dtype_policy  # tf.keras's name before 2.8

    @property
    def compute_dtype(self):
        """Name of the dtype that the layer computes in: that of the weights, or of the policy."""
        return self._policy.compute_dtype if self._policy else str(self.dtype)

    @property
    def variable_dtype(self):
        """Name of the weights' dtype: the same as `dtype`."""
        return self.dtype

    def taken_dtype(self, dtype):
        """Returns the dtype in which the layer takes an input, or reads a weight, of a dtype."""
        return DType(policy.taken_dtype(dtype, self.compute_dtype)) if self.casts_inputs else dtype

    def _taken(self, inputs):
        """Casts floating inputs to the dtype that the layer computes in."""
        compute = self.compute_dtype

        def cast(value):
            dtype = getattr(value, "dtype", None)
            if dtype is None:
                return value
            taken = policy.taken_dtype(dtype.name, compute)
            return value if taken == dtype.name else jnp.asarray(value, taken)

        return jax.tree.map(cast, inputs)

    # ---- calling

    def __call__(self, inputs, *args, **kwargs):
        """Calls the layer.

        Args:
            inputs: Tensor, variable or array, or a list of them.
            **kwargs: Further arguments of `call`: `mask`, `training`, `initial_state`, ...

        Returns:
            Tensors for tensors, arrays for arrays.
        """
        if args:
            kwargs.update(zip(_parameters(type(self).call).positional, args))
        program = running.program()
        if program is not None:
            inputs = _resolved(program, inputs)
            kwargs = _resolved(program, kwargs)
            with program.at_site():
                return self.compute(program, inputs, kwargs)
        eager = running.eager()
        if eager is not None and not eager.has_graph((inputs, kwargs)):
            return eagerly.call_layer(self, _parameters(type(self).call), inputs, kwargs)
        if sources_of((inputs, kwargs)):
            return self._call_symbolically(inputs, kwargs)
        return self._call_now(inputs, kwargs)

    def _call_symbolically(self, inputs, kwargs):
        tensors = [_as_operand(item) for item in to_list(inputs)]
        inputs = tensors if isinstance(inputs, (list, tuple)) else tensors[0]
        shapes = [tuple(t.shape) for t in tensors]
        self.assert_input_compatibility(tensors)
        if not self.built:
            self._build(shapes if isinstance(inputs, list) else shapes[0])
            self.assert_input_compatibility(tensors)
        kwargs = {name: value for name, value in kwargs.items() if value is not None}
        node = LayerNode(self, inputs, kwargs)
        outputs = node.connect()
        if any(t._keras_mask is not None for t in tensors):
            node.mask_of(outputs[0])  # a layer that cannot take a mask says so now
        return from_list(list(outputs))

    def _call_now(self, inputs, kwargs):
        inputs = [np.asarray(i) for i in inputs] if isinstance(inputs, list) else np.asarray(inputs)
        program = Program(training=default_training())
        with running.activate(program), wide_scope(self.dtype_is_wide):
            outputs = self.compute(program, _resolved(program, inputs), kwargs)
        program.commit()
        return outputs

    def compute(self, program, inputs, kwargs):
        """Runs the layer on values, with the masks that travel with them.

        Args:
            program: The active program.
            inputs: Array or list of arrays.
            kwargs: Dict of further arguments for `call`, with values in it.
        """
        flat = to_list(inputs)
        if not self.built:
            self._build([np.shape(i) for i in flat] if isinstance(inputs, list) else flat[0].shape)
        takes = _parameters(type(self).call)
        masks = [program.mask_of(value) for value in flat]
        has_mask = any(mask is not None for mask in masks)
        kwargs = dict(kwargs)
        if takes.mask and kwargs.get("mask") is None:
            kwargs["mask"] = masks if isinstance(inputs, list) and has_mask else masks[0]
            if not has_mask:
                kwargs["mask"] = None
        if kwargs.get("mask") is not None:
            masks = to_list(kwargs["mask"])
            has_mask = True
        elif not takes.mask:
            kwargs.pop("mask", None)
        training = kwargs.get("training")
        if self.casts_inputs:
            inputs = self._taken(inputs)
        before = program.training, program.frozen, program.autocast
        if isinstance(training, (bool, int, np.integer, np.bool_)):
            program.training = bool(training)
        program.frozen = program.freezes(self)
        program.autocast = self._policy.compute_dtype if self._policy else None
        if not takes.training:
            kwargs.pop("training", None)
        elif training is None:
            kwargs["training"] = program.training
        try:
            with checks.named_errors(self):
                outputs = self.call(inputs, **kwargs)
        finally:
            program.training, program.frozen, program.autocast = before
        outputs = _resolved(program, outputs)
        if has_mask or self.makes_masks:
            outputs = self._attach_masks(program, inputs, outputs, from_list(masks))
        self._regularize_activity(program, outputs)
        return outputs

    def _attach_masks(self, program, inputs, outputs, mask):
        made = to_list(self.compute_mask(inputs, mask))
        values = to_list(outputs)
        if made == [None]:
            made = [None] * len(values)
        inputs = to_list(inputs)
        for place, (value, new_mask) in enumerate(zip(values, made)):
            if any(value is given for given in inputs) and program.mask_of(value) is not new_mask:
                value = values[place] = value.copy()  # the input keeps its own mask
            program.set_mask(value, new_mask)
        return values if isinstance(outputs, (list, tuple)) else values[0]

    def _regularize_activity(self, program, outputs):
        regularizer = self.__dict__.get("activity_regularizer")
        if regularizer is not None:
            for value in to_list(outputs):
                program.losses.append((self, regularizer(value)))

    @property
    def makes_masks(self):
        """Whether outputs may have a mask even where inputs have none."""
        return type(self).compute_mask is not Layer.compute_mask

    def _build(self, input_shape):
        if getattr(self, "_building", False):
            return
        with running.recording(), names.name_scope(self.name), checks.named_errors(self):
            self.build(input_shape)
        self.built = True
        self._set_initial_weights()

    def declared_outputs(self, node):
        """Returns `[(shape, dtype, None)]` of a call if the class declares it, else None."""
        if not self._declares_shape:
            return None
        shapes = [tuple(t.shape) for t in node.input_tensors]
        shape = self.compute_output_shape(shapes if isinstance(node.inputs, list) else shapes[0])
        shapes = shape if checks.is_shape_list(shape) else [shape]
        dtype = self.output_dtype(node.input_tensors)
        return [(shape, dtype, None) for shape in shapes]

    def output_dtype(self, inputs):
        """Returns the dtype of the output for a list of input tensors."""
        if not inputs:
            return DType(self.compute_dtype)
        dtypes = [self.taken_dtype(t.dtype) for t in (*inputs, *self.weights)]
        return functools.reduce(checks.wider_dtype, dtypes)

    @property
    def dtype_is_wide(self):
        return self.dtype in WIDE_DTYPES or any(w.wide for w in self.weights)

    # ---- weights

    def add_weight(self, *args, **kwargs):
        """Makes a weight, with NumPy on the host.

        Args:
            name: String.
            shape: Tuple of ints.
            dtype: Name; None means the layer's dtype.
            initializer: Name, function of a shape, or `Initializer`; default 'glorot_uniform'.
            regularizer: Regularizer or None; its loss is added to the layer's losses.
            trainable: Bool, default True.
            constraint: Function from the new value to the projected value, or None.
            autocast: Bool, default True. Whether a layer of a mixed policy reads the weight in
                the dtype that it computes in. tf.keras's `experimental_autocast` is the same.

        Keras 1's order `add_weight(shape, initializer, name=...)` is understood too.

        Returns:
            A `Variable`.
        """
        autocast = kwargs.pop("autocast", kwargs.pop("experimental_autocast", True))
        wanted = add_weight_arguments(self, args, kwargs)
        shape = checks.weight_shape(self, wanted["name"], wanted["shape"])
        dtype = dtype_name(wanted["dtype"] or self.dtype)
        initializer = initializers.get(wanted["initializer"] or "glorot_uniform")
        name = wanted["name"]
        itemsize = 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize
        allowance.charge(shape, itemsize, f"the weight {name!r} of {self.name}")
        scope = names.scoped(name) if name else names.unique(f"{self.name}/weight")
        constraint = constraints.get(wanted["constraint"])
        weight = new_variable(
            initializer, shape, dtype, name, f"{scope}:0", wanted["trainable"], constraint
        )
        if self._policy is not None and autocast is not False and dtype.is_floating:
            weight.autocast = True
        regularizer = regularizers.get(wanted["regularizer"])
        if regularizer is not None:
            self._weight_losses.append((weight, regularizer))
        (self._trainable_weights if wanted["trainable"] else self._non_trainable_weights).append(
            weight
        )
        return weight

    # The order of today; `add_weight_arguments` knows the older ones.
    add_weight.__signature__ = inspect.Signature(
        [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        + [
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)
            for name, default in WEIGHT_ARGUMENTS.items()
        ]
    )

    def assert_input_compatibility(self, inputs):
        """Checks inputs against `input_spec`.

        Raises:
            ShapeError: naming the layer, what it got and what it expects.
        """
        tensors = to_list(inputs)
        checks.input_compatibility(
            self, [tuple(t.shape) for t in tensors], [dtype_name(t.dtype) for t in tensors]
        )

    # ---- losses, updates, metrics

    def add_loss(self, losses, inputs=None):
        """Adds to the losses that training minimizes.

        Args:
            losses: Tensor or list of tensors; in `call`, values. Arrays of any shape are averaged.
            inputs: The tensors that the losses depend on, for `get_losses_for`.
        """
        program = running.program()
        for loss in to_list(losses):
            if loss is None:
                continue
            if program is not None:
                program.store.losses.append((self, _resolved(program, loss)))
            elif eagerly.is_calling() and not callable(loss):
                eagerly.add_called_loss(self, loss)
            else:
                self._losses.append(loss)

    def add_update(self, updates, inputs=None):
        """Adds updates of variables that happen with each training step.

        Args:
            updates: What `K.update` returns, a pair `(variable, new value)`, or a list of them.
            inputs: The tensors that the updates depend on, for `get_updates_for`.

        A layer whose `trainable` is False (and that is not `stateful`) does not update.
        """
        is_pair = isinstance(updates, tuple) and len(updates) == 2
        updates = [updates] if is_pair or isinstance(updates, Update) else to_list(updates)
        program = running.program()
        if program is None:
            self._updates.extend(updates)
            return
        # What K.update returned inside the program is written already: an array, not an Update.
        apply_updates(program, normalize_updates(u for u in updates if not _is_value(u)))

    @property
    def metrics(self):
        """List of the metrics that this layer and those inside it hold: `Model` has them."""
        return [metric for layer in self._layers for metric in layer.metrics]

    def add_metric(self, value, name=None):
        """Reports the mean of `value` over an epoch under `name`.

        Args:
            value: Tensor, or in `call` a value.
            name: String.
        """
        program = running.program()
        if program is not None:
            program.store.metrics.append((self, name, _resolved(program, value)))
        else:
            self._metrics.append((name, value))


class _Parameters:
    """What a `call` method takes."""

    def __init__(self, function):
        parameters = list(inspect.signature(function).parameters.values())[2:]
        names_ = {p.name for p in parameters}
        takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
        self.positional = [
            p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        self.mask = "mask" in names_
        self.training = "training" in names_
        self.any = takes_any


@functools.cache
def _parameters(function):
    return _Parameters(function)


def _resolved(program, structure):
    return replace_operands(structure, program.resolve)


def _as_operand(item):
    return item if isinstance(item, Operand) else Variable(item, dtype=np.asarray(item).dtype)


def _is_value(item):
    return not isinstance(item, (Operand, tuple, list))
