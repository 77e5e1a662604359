"""When the last, smaller batch of an epoch may be computed as a full one.

Then it needs no second compiled program: its last sample is repeated, and the repeated ones count
for nothing in losses and metrics. That gives the same results (up to the rounding of sums) where
each sample is computed by itself, which is decided by known layers, losses and metrics: what a
program defines itself, and what looks at a batch as a whole, sees the batch as it is.
"""

import types

import numpy as np

from hornbeam.engine.network import Network
from hornbeam.engine.node import LayerNode
from hornbeam.losses.reduction import Reduction
from hornbeam.training.steps import PREDICT, TRAIN

# Layers that compute each sample by itself, also in training.
_BY_SAMPLE = frozenset(
    """
    InputLayer Dense Activation Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D Masking
    Reshape Permute Flatten RepeatVector Identity Embedding
    Conv1D Conv2D Conv3D SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D
    Conv1DTranspose Conv2DTranspose Conv3DTranspose LocallyConnected1D LocallyConnected2D
    MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    Cropping1D Cropping2D Cropping3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    UpSampling1D UpSampling2D UpSampling3D
    SimpleRNN GRU LSTM SimpleRNNCell GRUCell LSTMCell Bidirectional TimeDistributed
    LeakyReLU PReLU ELU ThresholdedReLU ReLU Softmax LayerNormalization
    Add Subtract Multiply Average Maximum Minimum Concatenate
    """.split()
)
_BY_SAMPLE_IN_TEST = _BY_SAMPLE | {"BatchNormalization", "GaussianNoise", "GaussianDropout"}
_NETWORKS = frozenset(["Model", "Sequential"])
_LOSSES = frozenset(["hornbeam.losses.functions"])
_METRICS = _LOSSES | {"hornbeam.metrics.accuracies", "hornbeam.metrics.losses"}


def may_fill(trainer, mode):
    """Whether a smaller batch may be filled up to a full one, for `mode` of a `Trainer`."""
    if trainer.placement is not None:
        return False
    known = _BY_SAMPLE if mode == TRAIN else _BY_SAMPLE_IN_TEST
    if not _network_is_by_sample(trainer.model, known):
        return False
    if mode == PREDICT:
        return True
    if mode == TRAIN and trainer.optimizer.is_symbolic:
        return False
    return _objective_is_by_sample(trainer.objective)


def filled(arrays, size):
    """Repeats the last sample of each array until there are `size`."""
    missing = size - len(arrays[0])
    if not missing:
        return arrays
    return [np.concatenate([a, np.repeat(a[-1:], missing, axis=0)]) for a in arrays]


def _objective_is_by_sample(objective):
    if objective.own_total_loss is not None or objective.metrics_updates or objective.appended:
        return False
    if objective.added.metrics:
        return False
    for output in objective.with_loss:
        averaged = output.loss.reduction in (Reduction.AUTO, Reduction.SUM_OVER_BATCH_SIZE)
        if not (averaged and output.target_is_fed and _calls(output.loss, "fn", _LOSSES)):
            return False
    return all(_calls(metric, "_fn", _METRICS) for metric in objective.metrics)


def _calls(owner, attribute, modules):
    """Whether a loss or metric is one of ours that calls a function of these modules."""
    function = getattr(owner, attribute, None)
    ours = type(owner).__module__.startswith("hornbeam.")
    return ours and getattr(function, "__module__", None) in modules


def _network_is_by_sample(network, known):
    if not _is_ours(network, _NETWORKS) or not network.outputs or _adds(network):
        return False
    stack, seen = list(network.outputs), set()
    while stack:
        node = stack.pop().node
        if node is None or node in seen:
            continue
        seen.add(node)
        if not isinstance(node, LayerNode) or node.arguments.get("training"):
            return False
        layer = node.layer
        inside = _network_is_by_sample if isinstance(layer, Network) else _layer_is_by_sample
        if not inside(layer, known):
            return False
        stack.extend(node.sources)
    return True


def _layer_is_by_sample(layer, known):
    if isinstance(layer, Network):
        return _network_is_by_sample(layer, known)
    if not _is_ours(layer, known) or _adds(layer) or layer.stateful:
        return False
    own = vars(layer)
    if own.get("activity_regularizer") is not None or own.get("axis") == 0:
        return False
    activations = [own[name] for name in ("activation", "recurrent_activation") if name in own]
    if any(not _is_known(activation) for activation in activations if activation is not None):
        return False
    return all(_layer_is_by_sample(inner, known) for inner in layer._layers)


def _is_known(activation):
    return (
        isinstance(activation, types.FunctionType)
        and activation.__module__ == "hornbeam.activations"
    )


def _is_ours(layer, names):
    kind = type(layer)
    return kind.__name__ in names and kind.__module__.startswith("hornbeam.")


def _adds(layer):
    return bool(layer._losses or layer._metrics or layer._updates)
