"""Checks what users pass as data and turns it into lists of arrays.

Nothing is trained before every check has passed; messages keep the words that users search for.
"""

import warnings

import numpy as np

_DENSE_BYTES = 256 * 1024**2


def is_stream(x):
    """Whether `x` yields batches instead of holding samples."""
    if isinstance(x, (np.ndarray, list, tuple, dict, str, bytes)) or x is None:
        return False
    if hasattr(x, "__next__") or (hasattr(x, "__getitem__") and hasattr(x, "on_epoch_end")):
        return True
    return not hasattr(x, "shape") and hasattr(x, "__iter__")


def _stays(x):
    """Whether NumPy's words can be asked of `x`, so that it need not be copied: HDF5, for one."""
    return isinstance(getattr(x, "dtype", None), np.dtype) and hasattr(x, "__getitem__")


def as_array(x):
    """Returns an array of numbers; arrays on disk stay where they are."""
    if isinstance(x, np.ndarray):
        return x
    if hasattr(x, "iloc"):  # pandas
        x = x.to_numpy()
    elif hasattr(x, "toarray"):  # SciPy sparse matrices; large ones become dense batch by batch
        dense_bytes = np.prod(x.shape, dtype=np.int64) * x.dtype.itemsize
        return x.toarray() if dense_bytes <= _DENSE_BYTES else x.tocsr()
    elif _stays(x):
        return x
    return np.asarray(x)


def to_arrays(data, names, role):
    """Turns an array, list or dict into a list of arrays, one for each name.

    Args:
        data: What the user passed.
        names: List of the names of the model's inputs or outputs.
        role: 'input' or 'target', for messages.

    Raises:
        ValueError: if their number is wrong, a name is missing, or numbers are not numbers.
    """
    if isinstance(data, dict):
        missing = [name for name in names if name not in data]
        if missing:
            raise ValueError(
                f'No data provided for "{missing[0]}". Need data for each key in: {names}. '
                f"The keys given are {sorted(data)}."
            )
        items = [data[name] for name in names]
    elif isinstance(data, (list, tuple)):
        items = list(data)
        if len(names) == 1 and not any(isinstance(item, np.ndarray) for item in items):
            items = [data] if len(items) != 1 or np.ndim(items[0]) == 0 else items
        if len(items) != len(names):
            raise ValueError(
                f"Error when checking model {role}: the list of Numpy arrays that you are passing "
                "to your model is not the size the model expected. Expected to see "
                f"{len(names)} array(s), for {names}, but instead got {len(items)}."
            )
    else:
        if len(names) != 1 or data is None:
            raise ValueError(
                f"Error when checking model {role}: expected {len(names)} arrays, for {names}, "
                f"but got {'nothing' if data is None else 'one'}. Pass a list or a dict of arrays."
            )
        items = [data]
    arrays = [as_array(item) for item in items]
    for name, array in zip(names, arrays):
        if array.dtype.kind not in "fiubc":
            raise ValueError(
                f"The {role} data for {name!r} has dtype {array.dtype}. Expected numbers in one "
                "array: rows of different lengths must be padded (see pad_sequences), and text "
                "must be turned into numbers."
            )
    return arrays


def check_shapes(arrays, names, shapes, role, sparse_ok=()):
    """Checks ranks and sizes, and gives one-dimensional arrays their second axis.

    Args:
        arrays: List of arrays.
        names: List of names.
        shapes: List of expected shapes, the batch axis first; None where anything goes.
        role: 'input' or 'target'.

    Returns:
        The list of arrays.

    Raises:
        ValueError: naming the input or output, what it got and what it expected.
    """
    checked = []
    for name, array, shape in zip(names, arrays, shapes):
        if shape is None:
            checked.append(array)
            continue
        if len(array.shape) == 1 and len(shape) != 1:
            array = (array if isinstance(array, np.ndarray) else np.asarray(array))[:, None]
        if len(array.shape) != len(shape):
            raise ValueError(
                f"Error when checking {role}: expected {name} to have {len(shape)} dimensions, "
                f"but got array with shape {tuple(array.shape)}." + _rank_hint(array, shape)
            )
        for want, got in zip(shape[1:], array.shape[1:]):
            if want is not None and want != got:
                raise ValueError(
                    f"Error when checking {role}: expected {name} to have shape "
                    f"{tuple(shape[1:])} but got array with shape {tuple(array.shape[1:])}."
                )
        checked.append(array)
    return checked


def _rank_hint(array, shape):
    if len(shape) == 4 and len(array.shape) == 3 and shape[-1] in (1, None):
        return " Grey images often lack the last axis; add it with x[..., None]."
    if len(array.shape) == len(shape) - 1:
        return " Is the batch axis missing? Add it with x[None]."
    return ""


def check_counts(inputs, targets, weights):
    """Checks that all arrays have the same number of samples; returns it.

    Raises:
        ValueError: with the counts, or if there are no samples.
    """
    counts = {
        role: sorted({len_of(a) for a in arrays if a is not None})
        for role, arrays in (("Input", inputs), ("Target", targets), ("Weight", weights))
    }
    for role, found in counts.items():
        if len(found) > 1:
            raise ValueError(
                f"All {role.lower()} arrays should have the same number of samples. "
                f"Got {role.lower()} sample counts: {found}."
            )
    samples = counts["Input"] or counts["Target"] or [None]
    for role in ("Target", "Weight"):
        if counts[role] and counts[role] != samples:
            raise ValueError(
                f"Input arrays should have the same number of samples as {role.lower()} arrays. "
                f"Found {samples[0]} input samples and {counts[role][0]} {role.lower()} samples."
            )
    if samples[0] == 0:
        raise ValueError("The data holds no samples: the first axis of the arrays has size 0.")
    return samples[0]


def len_of(array):
    return int(array.shape[0])


_CATEGORICAL = """You are passing a target array of shape {shape} while using as loss \
`categorical_crossentropy`. `categorical_crossentropy` expects targets to be binary matrices \
(1s and 0s) of shape (samples, classes). If your targets are integer classes, you can convert \
them to the expected format via:
```
from keras.utils import to_categorical
y_binary = to_categorical(y_int)
```

Alternatively, you can use the loss function `sparse_categorical_crossentropy` instead, which \
does expect integer targets."""


def categorical_message(shape):
    """The well-known words for integer labels with `categorical_crossentropy`."""
    return _CATEGORICAL.format(shape=shape)


def check_one_hot(targets, outputs):
    """Checks that no integer classes are given where one-hot rows are meant.

    Raises:
        ValueError: with the two ways to put it right.
    """
    for target, output in zip(targets, outputs):
        function = getattr(getattr(output.loss, "fn", None), "__name__", None)
        shape = tuple(target.shape) if len(target.shape) > 1 else (*target.shape, 1)
        if function == "categorical_crossentropy" and shape[-1] == 1 != output.shape[-1]:
            raise ValueError(
                f"Error when checking target: expected {output.name} to have shape "
                f"{tuple(output.shape[1:])} but got array with shape {shape[1:]}. "
                + categorical_message(shape)
            )


def check_targets(targets, outputs):
    """Checks targets against the losses that will be computed with them.

    Raises:
        ValueError: for shapes or labels that the loss cannot mean.
    """
    for target, output in zip(targets, outputs):
        function = getattr(getattr(output.loss, "fn", None), "__name__", None)
        shape = tuple(target.shape)
        if function == "sparse_categorical_crossentropy":
            _check_labels(target, output)
        elif function in ("mean_squared_error", "binary_crossentropy", "categorical_crossentropy"):
            for want, got in zip(output.shape[1:], shape[1:]):
                if want is not None and want != got:
                    raise ValueError(
                        f"A target array with shape {shape} was passed for an output of shape "
                        f"{output.shape} while using as loss `{function}`. This loss expects "
                        "targets to have the same shape as the output."
                    )


def _check_labels(target, output):
    classes = output.shape[-1]
    axis = getattr(output.loss, "_fn_kwargs", {}).get("axis", -1)
    if classes is None or axis not in (-1, len(output.shape) - 1) or target.size == 0:
        return
    low, high = target.min(), target.max()
    if not (low >= 0 and high < classes):  # also false for NaN
        raise ValueError(
            f"The labels for output {output.name!r} lie between {low} and {high}; "
            f"`sparse_categorical_crossentropy` with {classes} classes expects integers from 0 "
            f"to {classes - 1}."
        )


def to_weights(given, outputs, role):
    """Turns `sample_weight` or `class_weight` into a list with an item for each output."""
    if role == "class_weight" and isinstance(given, str):
        # Keras 1 and 2 took any string and weighted nothing; Keras 0 balanced the classes.
        warnings.warn(
            f"class_weight={given!r} weights nothing, as in Keras 1 and 2. To balance classes, "
            "pass a dict from class to weight, such as {c: n / count[c] for c in classes}.",
            stacklevel=2,
        )
        given = None
    if given is None:
        return [None] * len(outputs)
    names = [output.name for output in outputs]
    if role == "class_weight":
        per_output = isinstance(given, dict) and any(
            isinstance(value, dict) for value in given.values()
        )
        if isinstance(given, dict) and not per_output:
            if len(outputs) == 1:
                return [given]
            raise ValueError(
                "`class_weight` must be a dict from output name to a dict of class weights (or a "
                f"list of dicts) for a model of {len(outputs)} outputs: {names}."
            )
    if isinstance(given, dict):
        unknown = [key for key in given if key not in names]
        if unknown:
            raise ValueError(
                f'Unknown entry in {role} dictionary: "{unknown[0]}". Only expected the following '
                f"keys: {names}."
            )
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)) and len(outputs) > 1:
        if len(given) != len(outputs):
            raise ValueError(
                f"`{role}` was passed a list of {len(given)} for a model of {len(outputs)} "
                "outputs. It needs one item for each."
            )
        return list(given)
    if len(outputs) == 1:
        if isinstance(given, (list, tuple)) and len(given) == 1 and np.ndim(given[0]) > 0:
            return list(given)
        return [given]
    raise TypeError(
        f"`{role}` must be a list or a dict with one item for each of the outputs {names}; "
        f"got {type(given).__name__}."
    )


def combine_weights(target, sample_weight, class_weight, output):
    """Returns the weights of the samples of one output, or None.

    Args:
        target: Array.
        sample_weight: Array of shape (samples,), or (samples, steps) in temporal mode; or None.
        class_weight: Dict from class index to float, or None.
        output: The `Output`.

    Raises:
        ValueError: for weights of another shape, or a class without a weight.
    """
    if sample_weight is not None:
        sample_weight = np.asarray(sample_weight)
        temporal = output.sample_weight_mode == "temporal"
        if sample_weight.dtype.kind not in "fiub":
            raise ValueError(f"sample_weight has dtype {sample_weight.dtype}; expected numbers.")
        if temporal:
            if len(target.shape) < 3:
                raise ValueError(
                    f"Found a sample_weight for output {output.name!r} of shape "
                    f"{tuple(target.shape)}. Timestep-wise sample weighting (sample_weight_mode="
                    '"temporal") is restricted to outputs that are at least 3D, i.e. that have a '
                    "time dimension."
                )
            if sample_weight.ndim != 2:
                raise ValueError(
                    f"Found a sample_weight array with shape {sample_weight.shape}. In order to "
                    "use timestep-wise sample weighting, you should pass a 2D sample_weight array."
                )
        elif sample_weight.ndim != 1 and not (
            sample_weight.ndim == 2 and sample_weight.shape[1] == 1
        ):
            raise ValueError(
                f"Found a sample_weight array with shape {sample_weight.shape} for output "
                f"{output.name!r}. In order to use timestep-wise sample weights, you should "
                'specify sample_weight_mode="temporal" in compile(). If you just mean to use '
                "sample-wise weights, make sure your sample_weight array is 1D."
            )
        sample_weight = sample_weight.reshape(sample_weight.shape[: 2 if temporal else 1])
    if class_weight is None:
        return sample_weight
    if len(target.shape) > 2:
        raise ValueError("`class_weight` not supported for 3+ dimensional targets.")
    target = np.asarray(target)
    classes = target.argmax(axis=1) if target.ndim == 2 and target.shape[1] > 1 else target
    classes = classes.reshape(-1).astype(np.int64)
    present, places = np.unique(classes, return_inverse=True)
    missing = sorted(int(c) for c in present if int(c) not in class_weight)
    if missing:
        raise ValueError(
            "`class_weight` must contain all classes in the data. The classes "
            f"{missing} exist in the data but not in `class_weight`."
        )
    table = np.array([class_weight[int(c)] for c in present], dtype="float32")
    weights = table[places.reshape(-1)]
    return weights if sample_weight is None else sample_weight * weights
