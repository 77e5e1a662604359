"""What callbacks share that watch one entry of the logs: is the new value better than the best?"""

import math
import numbers
import warnings

import numpy as np


def comparison(monitor, mode, callback, rising=("acc",)):
    """Returns `np.less` or `np.greater`: how a better value compares to the best.

    Args:
        monitor: Name of the log entry.
        mode: 'min', 'max' or 'auto', which goes by the name. Anything else warns and is 'auto'.
        callback: Name of the callback, for the warning.
        rising: What a name contains whose values should rise. A name that ends with 'auc' is
            taken to fall without that, as Keras does, and warns.
    """
    if mode not in ("auto", "min", "max"):
        warnings.warn(
            f"{callback} mode {mode!r} is unknown, fallback to 'auto' mode. "
            "Expected 'auto', 'min' or 'max'.",
            RuntimeWarning,
            stacklevel=3,
        )
        mode = "auto"
    if mode == "auto":
        mode = "max" if any(part in monitor for part in rising) else "min"
        if mode == "min" and monitor.endswith("auc"):
            warnings.warn(
                f"{callback} takes a lower {monitor!r} as the better one, as Keras does in 'auto' "
                "mode. Pass mode='max'.",
                RuntimeWarning,
                stacklevel=3,
            )
    return np.greater if mode == "max" else np.less


def worst(compare):
    """The value that any other beats."""
    return np.inf if compare is np.less else -np.inf


def monitored(logs, monitor, what):
    """Returns the monitored value, or None with a warning that lists what there is.

    Args:
        logs: Dict.
        monitor: Name of the entry.
        what: How the warning begins.
    """
    value = (logs or {}).get(monitor)
    if value is None:
        available = ",".join(logs or ())
        warnings.warn(
            f"{what} conditioned on metric `{monitor}` which is not available. "
            f"Available metrics are: {available}",
            RuntimeWarning,
            stacklevel=3,
        )
    return value


def checked_number(callback, name, value, at_least=0):
    """Returns a number that was given to a callback.

    Args:
        callback: Name of the callback's class.
        name: Name of the argument.
        value: What was given.
        at_least: Number, the smallest that makes sense.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is NaN or less than `at_least`.
    """
    expected = f"a number of at least {at_least}" if at_least > -math.inf else "a number"
    message = f"{callback} got {name}={value!r}; `{name}` must be {expected}."
    if isinstance(value, bool) or not isinstance(value, (numbers.Real, np.number, np.ndarray)):
        raise TypeError(message)
    if not value >= at_least:
        raise ValueError(message)
    return value
