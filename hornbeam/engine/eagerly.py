"""Layers that are called on values while eager execution is on, as in TensorFlow 2.

hornbeam's own layers, and networks of them, are one instruction a call (see
`hornbeam.backend.recording`). A `call` that the user wrote runs as Python each time, and what it
calls are the instructions: it may print, choose by values, and read attributes that change.
"""

import contextlib
import threading

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend import eagerly, recording, running
from hornbeam.backend.cells import EagerTensor, tensor_of
from hornbeam.backend.function import default_training
from hornbeam.backend.ops import OpNode
from hornbeam.backend.tensors import WIDE_DTYPES, Operand, replace_operands
from hornbeam.backend.variables import cast
from hornbeam.engine.node import LayerNode

_LOGITS = ("softmax", "sigmoid")


class _Calls(threading.local):
    """The calls of layers that are under way in this thread."""

    depth = 0
    training = None


_calls = _Calls()


def is_calling():
    """Whether a `call` that the user wrote is under way."""
    return _calls.depth > 0


def call_layer(layer, takes, inputs, kwargs):
    """Calls a layer on eager tensors, variables and arrays.

    Args:
        layer: The layer.
        takes: What its `call` takes, see `layer._Parameters`.
        inputs: The first argument of the call.
        kwargs: Dict of the others.

    Returns:
        Eager tensors.
    """
    inputs = _as_inputs(layer, inputs)
    kwargs = dict(kwargs)
    if not layer.built:
        _build(layer, inputs)
    layer.assert_input_compatibility(jax.tree.leaves(inputs, is_leaf=_is_operand))
    training = _training(kwargs)
    if _calls.depth == 0:
        forget_losses(layer)
    if _is_users(layer):
        return _call_in_python(layer, takes, inputs, kwargs, training)
    if recording.is_heard() and _depends_on_itself(layer):
        return _call_by_nodes(layer, inputs, training)
    return _call_at_once(layer, inputs, kwargs, training)


def _build(layer, inputs):
    """Builds a layer for its first inputs; a network takes any number of samples."""
    is_network = "_graph" in vars(layer)
    if is_network and _writer(layer, "call") != "hornbeam" == _writer(layer, "build"):
        layer.built = True  # the layers inside are built as `call` comes to them
        return
    rows = slice(1, None) if is_network else slice(None)
    layer._build(
        jax.tree.map(
            lambda t: (*(None,) * is_network, *t.shape[rows]), inputs, is_leaf=_is_operand
        )
    )


def _writer(layer, method):
    """The top package of the class that defines a method of a layer."""
    for kind in type(layer).__mro__:
        if method in vars(kind):
            return kind.__module__.split(".")[0]
    return None


def _is_operand(item):
    return isinstance(item, Operand)


def _is_users(layer):
    return _writer(layer, "call") != "hornbeam"


def _as_inputs(layer, structure):
    """Arrays as eager tensors; 64-bit floats in the layer's dtype, as tf.keras casts them."""

    def convert(item):
        tensor = eagerly.tensor(item)
        if isinstance(tensor, (list, tuple, int, float)):
            tensor = eagerly.tensor(np.asarray(tensor))
        if tensor.dtype in WIDE_DTYPES and tensor.dtype.is_floating and not layer.dtype_is_wide:
            value = tensor.cell.value
            if isinstance(value, np.ndarray):
                return eagerly.from_value(value.astype(layer.dtype))
        return tensor

    if isinstance(structure, dict):
        return {key: convert(item) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)) and any(
        isinstance(item, (Operand, np.ndarray, jax.Array)) for item in structure
    ):
        return [convert(item) for item in structure]
    return convert(structure)


def _training(kwargs):
    given = kwargs.pop("training", None)
    if given is None:
        given = _calls.training
    return default_training() if given is None else bool(given)


@contextlib.contextmanager
def _calling(training):
    before = _calls.depth, _calls.training
    _calls.depth, _calls.training = before[0] + 1, training
    try:
        yield
    finally:
        _calls.depth, _calls.training = before


def _call_in_python(layer, takes, inputs, kwargs, training):
    flat = jax.tree.leaves(inputs, is_leaf=_is_operand)
    masks = [mask_of(tensor) for tensor in flat]
    has_mask = any(mask is not None for mask in masks)
    if takes.mask and kwargs.get("mask") is None and has_mask:
        kwargs["mask"] = masks if isinstance(inputs, list) else masks[0]
    elif not takes.mask:
        kwargs.pop("mask", None)
    if takes.training:
        kwargs["training"] = training
    if layer.casts_inputs:
        inputs = jax.tree.map(lambda t: _taken(layer, t), inputs, is_leaf=_is_operand)
    compute = layer.compute_dtype if layer.dtype_policy.is_mixed else None
    with _calling(training), running.casting(compute):
        outputs = layer.call(inputs, **kwargs)
        outputs = eagerly.tensors(outputs)
        if has_mask or layer.makes_masks:
            mask = masks if isinstance(inputs, list) else masks[0]
            made = layer.compute_mask(inputs, mask)
            made = made if isinstance(made, list) else [made]
            for tensor, new in zip(jax.tree.leaves(outputs, is_leaf=_is_operand), made):
                if new is not None:
                    tensor.cell.notes = (
                        *(note for note in tensor.cell.notes if note[0] != "mask"),
                        ("mask", None, eagerly.tensor(new).cell),
                    )
        regularizer = layer.__dict__.get("activity_regularizer")
        if regularizer is not None:
            for tensor in jax.tree.leaves(outputs, is_leaf=_is_operand):
                add_called_loss(layer, regularizer(tensor))
    return outputs


def _taken(layer, tensor):
    """Casts a floating input to the dtype that a layer computes in."""
    if not isinstance(tensor, Operand):
        return tensor
    taken = layer.taken_dtype(tensor.dtype)
    return tensor if taken == tensor.dtype else cast(tensor, taken)


# ---- networks of which an output is made of another: a gradient may be asked between them


def _depends_on_itself(layer):
    """Whether an output of a network is on the way to another of its outputs."""
    outputs = layer.__dict__.get("outputs") or ()
    if len(outputs) < 2 or layer.__dict__.get("_graph") is None:
        return False
    found = layer.__dict__.get("_outputs_in_outputs")
    if found is None or found[0] != list(map(id, outputs)):
        sources = {source for tensor in outputs for source in _before(tensor)}
        plain = all(isinstance(node, (LayerNode, OpNode)) for node in layer._graph.nodes)
        found = list(map(id, outputs)), plain and any(t in sources for t in outputs)
        layer.__dict__["_outputs_in_outputs"] = found
    return found[1]


def _before(tensor):
    """The tensors that a tensor is made of."""
    found, stack = set(), list(tensor.node.sources) if tensor.node is not None else []
    while stack:
        source = stack.pop()
        if source not in found:
            found.add(source)
            stack.extend(source.node.sources if source.node is not None else ())
    return found


def _call_by_nodes(network, inputs, training):
    """Runs the graph of a network node by node, each an instruction of its own."""
    flat = list(inputs.values()) if isinstance(inputs, dict) else inputs
    flat = flat if isinstance(flat, list) else [flat]
    if isinstance(inputs, dict):
        flat = [inputs[name] for name in network.input_names]
    values = dict(zip(network.inputs, flat))
    find = lambda operand: values.get(operand, operand)  # noqa: E731
    with _calling(training):
        for node in network._graph.nodes:
            if isinstance(node, LayerNode):
                arguments = replace_operands(node.arguments, find)
                made = node.layer(replace_operands(node.inputs, find), **arguments)
            else:
                made = eagerly.call_op(
                    node.function,
                    replace_operands(node.args, find),
                    replace_operands(node.kwargs, find),
                )
            made = made if isinstance(made, (list, tuple)) else [made]
            values.update(zip(node.outputs, made))
    return [values[tensor] for tensor in network.outputs]


def mask_of(tensor):
    """Returns the mask that travels with an eager tensor, or None."""
    if isinstance(tensor, EagerTensor):
        for kind, _, cell in tensor.cell.notes:
            if kind == "mask":
                return tensor_of(cell)
    return None


def _call_at_once(layer, inputs, kwargs, training):
    def body(program, structure):
        given, named = structure
        given = replace_operands(given, program.resolve)
        with program.at_site():
            outputs = layer.compute(program, given, named)
        losses = [
            jnp.mean(value) if jnp.ndim(value) else jnp.asarray(value)
            for _, value in program.store.losses
        ]
        return (outputs, losses), _notes(program, jax.tree.leaves(outputs))

    key = ("layer", id(layer), eagerly.plain(layer))
    found = recording.call(
        key,
        eagerly.held(layer, body),
        [inputs, kwargs],
        layer.dtype_is_wide,
        training,
        notes=True,
    )
    (outputs, losses), _ = found
    for loss in losses:
        add_called_loss(layer, loss)
    return outputs


def _notes(program, values):
    """The masks and logits that travel with values: `(place, kind, static, value)`."""
    found = []
    for place, value in enumerate(values):
        mask = program.mask_of(value)
        if mask is not None:
            found.append((place, "mask", None, mask))
        noted = program._noted("value_logits", value)
        if noted is not None and noted[1] in _LOGITS:
            found.append((place, "logits", (noted[1], noted[3]), noted[2]))
    return found


# ---- losses that calls add


def add_called_loss(layer, loss):
    """Adds to the losses of the last call of a layer."""
    layer.__dict__.setdefault("_called_losses", []).append(loss)


def forget_losses(layer):
    """Forgets the losses of a layer's last call, and of the layers inside."""
    stack = [layer]
    while stack:
        item = stack.pop()
        item.__dict__.pop("_called_losses", None)
        stack.extend(item._layers)


def losses_of(layer):
    """Lists the losses of weights and of the last call, of a layer and of those inside it."""
    found, stack, seen = [], [layer], set()
    while stack:
        item = stack.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        found.extend(item.__dict__.get("_called_losses", ()))
        found.extend(loss() for loss in item._losses if callable(loss))
        stack.extend(reversed(item._layers))
    weights = [regularizer(weight) for weight, regularizer in layer.weight_losses()]
    return found + weights
