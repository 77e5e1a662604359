"""`keras.engine.training_utils`: what checks data before training, in the form of Keras 2.3.1.

Programs and test suites call these functions directly; `fit` uses `hornbeam.training.standardize`,
which checks more. The words of the messages are Keras's, since people search for them.
"""

import collections.abc
import inspect

import numpy as np

from hornbeam import backend as K
from hornbeam import losses
from hornbeam.renames import takes_old_names
from hornbeam.training.standardize import as_array, categorical_message
from hornbeam.training.streams import Sequence
from hornbeam.utils.generic_utils import slice_arrays, to_list, unpack_singleton

__all__ = [
    "batch_shuffle",
    "check_array_length_consistency",
    "check_generator_arguments",
    "check_loss_and_target_compatibility",
    "check_num_samples",
    "get_input_shape_and_dtype",
    "get_loss_function",
    "get_static_batch_size",
    "is_generator_or_sequence",
    "is_sequence",
    "iter_sequence_infinite",
    "make_batches",
    "should_run_validation",
    "slice_arrays",
    "standardize_class_weights",
    "standardize_input_data",
    "standardize_sample_or_class_weights",
    "standardize_sample_weights",
    "standardize_single_array",
    "standardize_weights",
    "to_list",
    "unpack_singleton",
    "weighted_masked_objective",
]


# ---- arrays


def standardize_single_array(x):
    """Gives an array of shape `(samples,)` a second axis; anything else stays.

    Raises:
        ValueError: for a symbolic tensor whose batch size is unknown.
    """
    if x is None:
        return None
    if K.is_tensor(x):
        shape = K.int_shape(x)
        if shape is None or shape[0] is None:
            raise ValueError(
                "When feeding symbolic tensors to a model, we expect the tensors to have a static "
                f"batch size. Got tensor with shape: {shape}"
            )
        return x
    return np.expand_dims(x, 1) if x.ndim == 1 else x


def standardize_input_data(
    data, names, shapes=None, check_batch_axis=True, exception_prefix=""
):
    """Turns an array, list or dict of arrays into a list of arrays in the order of `names`.

    Args:
        data: What the user passed.
        names: List of the names of the inputs or outputs.
        shapes: List of shapes to check, with None for what may vary; or None.
        check_batch_axis: Bool; whether the shapes include the batch axis.
        exception_prefix: String before the messages' ends, `'input'` or `'target'`.

    Raises:
        ValueError, TypeError: naming what was expected and what was given.

    Source: Keras 2.3.1.
    """
    if not names:
        if data is not None and hasattr(data, "__len__") and len(data):
            raise ValueError(
                f"Error when checking model {exception_prefix}: expected no data, but got: {data}"
            )
        return []
    if data is None:
        return [None] * len(names)
    arrays = [standardize_single_array(x) for x in _list_of_arrays(data, names)]
    if len(arrays) != len(names):
        arrays = _as_one_array(arrays, names, exception_prefix)
    for name, array, shape in zip(names, arrays, shapes or [None] * len(names)):
        if shape is not None and not K.is_tensor(array):
            _check_shape(name, array, tuple(shape), check_batch_axis, exception_prefix)
    return arrays


def _list_of_arrays(data, names):
    if isinstance(data, dict):
        missing = [name for name in names if name not in data]
        if missing:
            raise ValueError(
                f'No data provided for "{missing[0]}". Need data for each key in: {names}'
            )
        return [_from_table(data[name]) for name in names]
    if isinstance(data, list):
        if data and isinstance(data[0], list):
            return [np.asarray(item) for item in data]
        if len(names) == 1 and data and isinstance(data[0], (float, int)):
            return [np.asarray(data)]
        return [_from_table(item) for item in data]
    return [_from_table(data)]


def _from_table(x):
    return as_array(x) if hasattr(x, "iloc") else x


def _as_one_array(arrays, names, prefix):
    if arrays and hasattr(arrays[0], "shape"):
        raise ValueError(
            f"Error when checking model {prefix}: the list of Numpy arrays that you are passing to "
            "your model is not the size the model expected. Expected to see "
            f"{len(names)} array(s), but instead got the following list of {len(arrays)} arrays: "
            f"{str(arrays)[:200]}..."
        )
    if len(names) > 1:
        raise ValueError(
            f"Error when checking model {prefix}: you are passing a list as input to your model, "
            f"but the model expects a list of {len(names)} Numpy arrays instead. The list you "
            f"passed was: {str(arrays)[:200]}"
        )
    if len(arrays) == 1:
        raise TypeError(
            f"Error when checking model {prefix}: data should be a Numpy array, or list/dict of "
            f"Numpy arrays. Found: {str(arrays)[:200]}..."
        )
    return [np.asarray(arrays)]


def _check_shape(name, array, shape, with_batch, prefix):
    found = tuple(array.shape)
    if len(found) != len(shape):
        raise ValueError(
            f"Error when checking {prefix}: expected {name} to have {len(shape)} dimensions, but "
            f"got array with shape {found}"
        )
    if not with_batch:
        found, shape = found[1:], shape[1:]
    if any(want and want != got for got, want in zip(found, shape)):
        raise ValueError(
            f"Error when checking {prefix}: expected {name} to have shape {shape} but got array "
            f"with shape {found}"
        )


def check_array_length_consistency(inputs, targets, weights=None):
    """Checks that all arrays have the same number of samples.

    Raises:
        ValueError: with the shapes, or the counts.
    """
    counts = {}
    for words, arrays in (
        ("input arrays (x)", inputs),
        ("target arrays (y)", targets),
        ("sample_weight arrays", weights),
    ):
        arrays = arrays if arrays is not None else [None]
        found = {0 if x is None else int(x.shape[0]) for x in arrays}
        if len(found) > 1:
            raise ValueError(
                f"All {words} should have the same number of samples. Got array shapes: "
                f"{[None if x is None else tuple(x.shape) for x in arrays]}"
            )
        counts[words] = found.pop() if found else None
    of_x, of_y, of_weights = counts.values()
    if of_x is not None and of_y is not None and of_x != of_y:
        raise ValueError(
            "Input arrays should have the same number of samples as target arrays. Found "
            f"{of_x} input samples and {of_y} target samples."
        )
    if of_y is not None and of_weights is not None and of_y != of_weights:
        raise ValueError(
            "Sample_weight arrays should have the same number of samples as target arrays. Got "
            f"{of_y} input samples and {of_weights} target samples."
        )


@takes_old_names(losses="loss_fns")
def check_loss_and_target_compatibility(targets, loss_fns, output_shapes):
    """Checks targets against losses.

    Args:
        targets: List of arrays, some of which may be None.
        loss_fns: List of losses: functions or `Loss` objects.
        output_shapes: List of shapes.

    Raises:
        ValueError: for labels with `categorical_crossentropy`, or targets of another shape than the
            output where the loss compares them one by one.
    """
    compared = ("mean_squared_error", "binary_crossentropy", "categorical_crossentropy")
    for target, loss, shape in zip(targets, loss_fns, output_shapes):
        if target is None or loss is None:
            continue
        function = getattr(getattr(loss, "fn", None), "__name__", None)
        name = getattr(loss, "__name__", function)
        if name == "categorical_crossentropy" and target.shape[-1] == 1:
            raise ValueError(categorical_message(tuple(target.shape)))
        if function not in compared:
            continue
        if any(want is not None and want != got for got, want in zip(target.shape[1:], shape[1:])):
            raise ValueError(
                f"A target array with shape {tuple(target.shape)} was passed for an output of "
                f"shape {tuple(shape)} while using as loss `{loss.name or function}`. This loss "
                "expects targets to have the same shape as the output."
            )


# ---- weights of samples


def standardize_sample_or_class_weights(x_weight, output_names, weight_type):
    """Turns `sample_weight` or `class_weight` into a list with an item for each output.

    Args:
        x_weight: What the user passed.
        output_names: List of the outputs' names.
        weight_type: The argument's name, for messages.

    Raises:
        ValueError: for a list of another length.
        TypeError: for neither a list nor a dict, with several outputs.
    """
    if x_weight is None or len(x_weight) == 0:
        return [None] * len(output_names)
    if len(output_names) == 1:
        if isinstance(x_weight, list) and len(x_weight) == 1:
            return x_weight
        if isinstance(x_weight, dict) and output_names[0] in x_weight:
            return [x_weight[output_names[0]]]
        return [x_weight]
    if isinstance(x_weight, list):
        if len(x_weight) != len(output_names):
            raise ValueError(
                f"Provided `{weight_type}` was a list of {len(x_weight)} elements, but the model "
                f"has {len(output_names)} outputs. You should provide one `{weight_type}` array "
                "per model output."
            )
        return x_weight
    if isinstance(x_weight, dict):
        return [x_weight.get(name) for name in output_names]
    raise TypeError(
        f"The model has multiple outputs, so `{weight_type}` should be either a list or a dict. "
        f"Provided `{weight_type}` type not understood: {x_weight}"
    )


def standardize_class_weights(class_weight, output_names):
    """`standardize_sample_or_class_weights` for `class_weight`."""
    return standardize_sample_or_class_weights(class_weight, output_names, "class_weight")


def standardize_sample_weights(sample_weight, output_names):
    """`standardize_sample_or_class_weights` for `sample_weight`."""
    return standardize_sample_or_class_weights(sample_weight, output_names, "sample_weight")


def standardize_weights(y, sample_weight=None, class_weight=None, sample_weight_mode=None):
    """Returns the weights of the samples (or steps) of one output.

    Args:
        y: Array of targets.
        sample_weight: Array of shape `(samples,)`, or `(samples, steps)` in temporal mode.
        class_weight: Dict from class to weight.
        sample_weight_mode: None or `'temporal'`.

    Returns:
        Array; ones where no weights are given, the product where both are.

    Raises:
        ValueError: for weights of another shape, or a class without a weight.
    """
    _check_sample_weight(y, sample_weight, sample_weight_mode)
    of_classes = _weights_of_classes(y, class_weight) if isinstance(class_weight, dict) else None
    given = [weights for weights in (sample_weight, of_classes) if weights is not None]
    if not given:
        return np.ones(y.shape[: 1 if sample_weight_mode is None else 2], K.floatx())
    return given[0] if len(given) == 1 else given[0] * given[1]


def _check_sample_weight(y, weight, mode):
    shape = None if weight is None else weight.shape
    if mode not in (None, "temporal"):
        raise ValueError(f'"sample_weight_mode should be None or "temporal". Found: {mode}')
    if mode is not None and len(y.shape) < 3:
        raise ValueError(
            f"Found a sample_weight array for an input with shape {y.shape}. Timestep-wise sample "
            'weighting (use of sample_weight_mode="temporal") is restricted to outputs that are at '
            "least 3D, i.e. that have a time dimension."
        )
    if weight is None:
        return
    if mode is not None and len(shape) != 2:
        raise ValueError(
            f"Found a sample_weight array with shape {shape}. In order to use timestep-wise sample "
            "weighting, you should pass a 2D sample_weight array."
        )
    if mode is None and len(shape) != 1:
        raise ValueError(
            f"Found a sample_weight array with shape {shape}. In order to use timestep-wise sample "
            'weights, you should specify sample_weight_mode="temporal" in compile(). If you just '
            "mean to use sample-wise weights, make sure your sample_weight array is 1D."
        )
    if y.shape[: len(shape)] != shape:
        raise ValueError(
            f"Found a sample_weight array with shape {shape} for an input with shape {y.shape}. "
            "sample_weight cannot be broadcast."
        )


def _weights_of_classes(y, class_weight):
    if len(y.shape) > 2:
        raise ValueError("`class_weight` not supported for 3+ dimensional targets.")
    classes = y
    if len(y.shape) == 2:
        classes = np.argmax(y, axis=1) if y.shape[1] > 1 else np.reshape(y, y.shape[0])
    missing = set(classes.tolist()) - set(class_weight)
    if missing:
        raise ValueError(
            "`class_weight` must contain all classes in the data. The classes "
            f"{missing} exist in the data but not in `class_weight`."
        )
    return np.asarray([class_weight[label] for label in classes.tolist()])


def weighted_masked_objective(fn):
    """Returns a loss with weights and a mask: a function of `(y_true, y_pred, weights, mask=None)`.

    Args:
        fn: Function of `(y_true, y_pred)`, or None.

    Returns:
        A function that returns the mean over what the mask keeps; None for None.
    """
    if fn is None:
        return None

    def weighted(y_true, y_pred, weights, mask=None):
        scores = fn(y_true, y_pred)  # (samples, ...)
        if mask is not None:
            mask = K.cast(mask, K.floatx())
            scores = scores * mask / (K.mean(mask) + K.epsilon())
        if weights is not None:
            inner = list(range(K.ndim(weights), K.ndim(scores)))
            scores = K.mean(scores, axis=inner) if inner else scores
            counted = K.mean(K.cast(K.not_equal(weights, 0), K.floatx()))
            scores = scores * weights / counted
        return K.mean(scores)

    return weighted


def get_loss_function(loss):
    """Returns the `Loss` object for a name, a config, a function or a loss; None for None."""
    if loss is None or isinstance(loss, losses.Loss):
        return loss
    if isinstance(loss, collections.abc.Mapping):
        loss = losses.get(loss)
    if callable(loss) and not hasattr(loss, "__name__"):
        return loss
    function = losses.get(loss)
    return losses.LossFunctionWrapper(
        function, name=function.__name__, reduction="sum_over_batch_size"
    )


# ---- batches, generators, epochs


def make_batches(size, batch_size):
    """Returns a list of pairs: the first sample of each batch, and the one after its last.

    Example:
        >>> make_batches(5, 2)
        [(0, 2), (2, 4), (4, 5)]
    """
    return [(start, min(size, start + batch_size)) for start in range(0, size, batch_size)]


def batch_shuffle(index_array, batch_size):
    """Shuffles the batches of an array of indices, and leaves the order within each.

    What does not fill a batch stays at the end.
    """
    whole = len(index_array) // batch_size * batch_size
    batches = index_array[:whole].reshape(-1, batch_size)
    np.random.shuffle(batches)
    return np.append(batches.ravel(), index_array[whole:])


def check_num_samples(ins, batch_size=None, steps=None, steps_name="steps"):
    """Returns the number of samples, or None where `steps` counts.

    Raises:
        ValueError: for both `steps` and `batch_size`, or symbolic data without `steps`.
    """
    if steps is not None and batch_size is not None:
        raise ValueError(f"If {steps_name} is set, the `batch_size` must be None.")
    if not ins or any(K.is_tensor(x) for x in ins):
        if steps is None:
            raise ValueError(
                "If your data is in the form of symbolic tensors, you should specify the "
                f"`{steps_name}` argument (instead of the `batch_size` argument, because symbolic "
                "tensors are expected to produce batches of input data)."
            )
        return None
    return int(ins[0].shape[0]) if hasattr(ins[0], "shape") else None


def check_generator_arguments(y=None, sample_weight=None, validation_split=None):
    """Refuses arguments that mean nothing beside a generator.

    Raises:
        ValueError: for any of them.
    """
    if y is not None:
        raise ValueError(
            "`y` argument is not supported when data is a generator or Sequence instance. Instead "
            "pass targets as the second element of the generator."
        )
    if sample_weight is not None:
        raise ValueError(
            "`sample_weight` argument is not supported when data is a generator or Sequence "
            "instance. Instead pass sample weights as the third element of the generator."
        )
    if validation_split:
        raise ValueError(
            "If your data is in the form of a Python generator, you cannot use `validation_split`."
        )


def is_sequence(seq):
    """Whether an object has the methods of a `Sequence`."""
    wanted = ("__getitem__", "__iter__", "__len__", "on_epoch_end")
    return isinstance(seq, Sequence) or getattr(seq, "use_sequence_api", False) or all(
        hasattr(seq, name) for name in wanted
    )


def is_generator_or_sequence(x):
    """Whether an object is a generator or a `Sequence`."""
    return inspect.isgenerator(x) or is_sequence(x)


def iter_sequence_infinite(seq):
    """Yields the batches of a `Sequence`, again and again."""
    while True:
        yield from seq


def should_run_validation(validation_freq, epoch):
    """Whether validation follows an epoch.

    Args:
        validation_freq: Integer, every how many epochs; or a collection of the epochs, from 1.
        epoch: Integer, the epoch that has ended, from 0.

    Raises:
        ValueError: for anything else, or an integer below 1.
    """
    if isinstance(validation_freq, int):
        if validation_freq < 1:
            raise ValueError("`validation_freq` can not be less than 1.")
        return (epoch + 1) % validation_freq == 0
    if not isinstance(validation_freq, collections.abc.Container):
        raise ValueError(
            "`validation_freq` must be an Integer or `collections.Container` (e.g. list, tuple, "
            "etc.)"
        )
    return epoch + 1 in validation_freq


def get_input_shape_and_dtype(layer):
    """Returns the shape (with the batch axis) and dtype that a layer or model takes, if known.

    Raises:
        ValueError: for an empty model.
    """
    while hasattr(layer, "layers") and hasattr(layer, "_is_graph_network"):
        if not layer.layers:
            raise ValueError("An empty Model cannot be used as a Layer.")
        layer = layer.layers[0]
    shape = getattr(layer, "batch_input_shape", None)
    return (None, None) if shape is None else (shape, layer.dtype)


def get_static_batch_size(layer):
    """Returns the batch size that a layer or model was made for, or None."""
    shape, _ = get_input_shape_and_dtype(layer)
    return None if shape is None else shape[0]
