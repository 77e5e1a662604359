"""What callbacks share that watch one entry of the logs: is the new value better than the best?"""

import warnings

import numpy as np


def comparison(monitor, mode, callback, rising=("acc",)):
    """Returns `np.less` or `np.greater`: how a better value compares to the best.

    Args:
        monitor: Name of the log entry.
        mode: 'min', 'max' or 'auto', which goes by the name. Anything else warns and is 'auto'.
        callback: Name of the callback, for the warning.
        rising: What a name contains whose values should rise.
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
