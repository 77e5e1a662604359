"""What a batch holds: inputs, targets and weights."""

__all__ = ["unpack_x_y_sample_weight"]


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
