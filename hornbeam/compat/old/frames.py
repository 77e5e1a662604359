"""Names that pandas had.

Source: the documentation of pandas 0.20 and, for `append`, 1.5.
"""

import pandas as pd

__all__ = ["append", "as_matrix", "get_value", "rolling_max", "rolling_mean", "rolling_median",
           "rolling_min", "rolling_std", "rolling_sum", "rolling_var", "set_value"]


def append(self, other, ignore_index=False, verify_integrity=False, sort=False):
    """A new frame or series with the rows of `other` below: now `pd.concat([self, other])`.

    Args:
        other: A frame or series, a list of them, or, below a frame, a dict or series as one row.
        ignore_index: Whether the rows are numbered anew.
        verify_integrity: Whether a label that comes twice is an error.
        sort: Whether the columns are sorted if they differ.
    """
    others = list(other) if isinstance(other, (list, tuple)) else [other]
    if isinstance(self, pd.DataFrame):
        others = [_as_rows(self, item, ignore_index) for item in others]
    return pd.concat([self, *others], ignore_index=ignore_index, sort=sort,
                     verify_integrity=verify_integrity)


def _as_rows(frame, item, ignore_index):
    if isinstance(item, pd.DataFrame):
        return item
    if isinstance(item, dict):
        item = pd.Series(item)
    if not ignore_index and getattr(item, "name", None) is None:
        raise TypeError(
            "DataFrame.append got a row without a name. Expected ignore_index=True, or a Series "
            "whose name is the label of the row."
        )
    return item.to_frame().T.infer_objects().rename_axis(frame.index.names)


def as_matrix(self, columns=None):
    """The values as an array, of all columns or some: now `self[columns].values`."""
    return self.values if columns is None else self[columns].values


def get_value(self, *labels, takeable=False):
    """One value, by its labels: now `.at[...]`; by its positions with `takeable`: `.iat[...]`."""
    return (self.iat if takeable else self.at)[labels if len(labels) > 1 else labels[0]]


def set_value(self, *labels_and_value, takeable=False):
    """Sets one value, now `.at[...] = value`; returns the frame or series."""
    *labels, value = labels_and_value
    (self.iat if takeable else self.at)[tuple(labels) if len(labels) > 1 else labels[0]] = value
    return self


def _rolling(name):
    def rolling(arg, window, min_periods=None, freq=None, center=False, **kwargs):
        if freq is not None:
            raise ValueError(
                f"pd.rolling_{name} got freq={freq!r}. Resample first: "
                f"x.resample({freq!r}).mean().rolling({window!r}).{name}()."
            )
        data = arg if isinstance(arg, (pd.DataFrame, pd.Series)) else pd.Series(arg)
        result = getattr(data.rolling(window, min_periods=min_periods, center=center),
                         name)(**kwargs)
        return result if data is arg else result.values

    rolling.__name__ = f"rolling_{name}"
    rolling.__doc__ = f"Now `arg.rolling(window).{name}()`; an array gives an array."
    return rolling


rolling_max = _rolling("max")
rolling_mean = _rolling("mean")
rolling_median = _rolling("median")
rolling_min = _rolling("min")
rolling_std = _rolling("std")
rolling_sum = _rolling("sum")
rolling_var = _rolling("var")
