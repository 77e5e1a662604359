"""`keras.engine.training`: `Model`, and the functions that prepare its data in Keras 1 and 2.0."""

from hornbeam.compat.topology import (
    Container,
    Input,
    InputLayer,
    InputSpec,
    Layer,
    Model,
    Network,
    Node,
    Sequential,
    ShapeError,
    doors,
    get_source_inputs,
)
from hornbeam.compat.training_utils import (
    batch_shuffle,
    check_array_length_consistency,
    check_loss_and_target_compatibility,
    make_batches,
    slice_arrays,
    standardize_class_weights,
    standardize_input_data,
    standardize_sample_or_class_weights,
    standardize_sample_weights,
    standardize_weights,
    weighted_masked_objective,
)
from hornbeam.utils.data_utils import GeneratorEnqueuer

__all__ = [
    "Container",
    "GeneratorEnqueuer",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "Model",
    "Network",
    "Node",
    "Sequential",
    "ShapeError",
    "batch_shuffle",
    "check_array_lengths",
    "check_loss_and_target_compatibility",
    "collect_metrics",
    "doors",
    "get_source_inputs",
    "make_batches",
    "slice_X",
    "slice_arrays",
    "standardize_class_weights",
    "standardize_input_data",
    "standardize_sample_or_class_weights",
    "standardize_sample_weights",
    "standardize_weights",
    "weighted_objective",
]

# Keras 1's names of functions that have longer ones now.
check_array_lengths = check_array_length_consistency
weighted_objective = weighted_masked_objective


def slice_X(X, start=None, stop=None):  # noqa: N802, N803
    """Keras 1's name of `slice_arrays`: samples of an array or of each array of a list."""
    return slice_arrays(X, start, stop)


def collect_metrics(metrics, output_names):
    """Returns a list of the metrics of each output.

    Args:
        metrics: List of metrics, for every output; or dict from an output's name to a metric or a
            list of metrics; or None.
        output_names: List of strings.

    Raises:
        TypeError: for anything else.
    """
    if not metrics:
        return [[] for _ in output_names]
    if isinstance(metrics, dict):
        found = [metrics.get(name, []) for name in output_names]
        return [item if isinstance(item, list) else [item] for item in found]
    if isinstance(metrics, list):
        return [list(metrics) for _ in output_names]
    raise TypeError(
        "Type of `metrics` argument not understood. Expected a list or a dict from outputs' names "
        f"to metrics; got {metrics!r}."
    )
