"""What a batch holds: inputs, targets and weights."""

__all__ = ["pack_x_y_sample_weight", "unpack_x_y_sample_weight"]


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """Returns a batch as `fit` takes it: `x`, `(x, y)` or `(x, y, sample_weight)`.

    Args:
        x: Inputs. Inputs alone become a tuple of one if they are a tuple.
        y: Targets or None.
        sample_weight: Weights or None.
    """
    if y is None:
        return (x,) if isinstance(x, tuple) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data):
    """Returns the inputs, targets and weights of a batch, with None for what is not there.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; a list is inputs.

    Raises:
        ValueError: for a tuple of another length.
    """
    if not isinstance(data, tuple):
        return (data, None, None)
    if not 1 <= len(data) <= 3:
        raise ValueError(
            "Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`, "
            f"found a tuple of {len(data)}."
        )
    return (*data, *(None,) * (3 - len(data)))
