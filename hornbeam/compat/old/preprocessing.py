"""Names that `sklearn.preprocessing` had."""

import numpy as np
from sklearn.impute import SimpleImputer

__all__ = ["Imputer"]


class Imputer(SimpleImputer):
    """Fills in what is missing, column by column: now `SimpleImputer`.

    Args:
        missing_values: `"NaN"` or a number, what stands for a missing value.
        strategy: `"mean"`, `"median"` or `"most_frequent"`.
        axis: 0. Rows (1) are not supported any more.
        verbose: Not used; it was for messages.
        copy: Whether the input is kept as it is.

    Raises:
        ValueError: for `axis=1`.
    """

    def __init__(self, missing_values="NaN", strategy="mean", axis=0, verbose=0, copy=True):
        if axis != 0:
            raise ValueError(
                f"Imputer got axis={axis!r}. Expected 0: for rows, transpose the data before and "
                "after, SimpleImputer().fit_transform(x.T).T."
            )
        self.axis, self.verbose = axis, verbose
        missing = np.nan if missing_values == "NaN" else missing_values
        super().__init__(missing_values=missing, strategy=strategy, copy=copy)
