"""scikit-learn's splits before 0.18, which knew the data and were looped over themselves.

`for train, test in KFold(len(x), n_folds=5)` is `KFold(5).split(x)` now. The splits are those of
`sklearn.model_selection`, with the same arguments and `random_state`: the same as before, but for
`StratifiedKFold(shuffle=True)`, which scikit-learn shuffles in another way since 0.22.

Source: the signatures of scikit-learn 0.17.
"""

import numpy as np
from sklearn import model_selection

__all__ = ["KFold", "LeaveOneOut", "LeavePOut", "ShuffleSplit", "StratifiedKFold",
           "StratifiedShuffleSplit"]


class _Splits:
    """Pairs of arrays of indices (train, test), again and again the same."""

    def __init__(self, splitter, y):
        self.splitter, self.y = splitter, np.asarray(y)

    def __iter__(self):
        return iter(self.splitter.split(np.zeros((len(self.y), 1)), self.y))

    def __len__(self):
        return self.splitter.get_n_splits(self.y, self.y)

    def __repr__(self):
        return f"{type(self).__name__}(n={len(self.y)}, {self.splitter!r})"


class KFold(_Splits):
    """`n` samples in `n_folds` parts, each the test set once."""

    def __init__(self, n, n_folds=3, shuffle=False, random_state=None):
        self.n, self.n_folds = n, n_folds
        random_state = random_state if shuffle else None
        super().__init__(model_selection.KFold(n_folds, shuffle=shuffle,
                                               random_state=random_state), np.zeros(n))


class StratifiedKFold(_Splits):
    """As `KFold`, with the classes of `y` in each part as in the whole."""

    def __init__(self, y, n_folds=3, shuffle=False, random_state=None):
        self.n_folds = n_folds
        random_state = random_state if shuffle else None
        super().__init__(model_selection.StratifiedKFold(n_folds, shuffle=shuffle,
                                                         random_state=random_state), y)


class LeaveOneOut(_Splits):
    """Each of `n` samples alone is the test set once."""

    def __init__(self, n):
        self.n = n
        super().__init__(model_selection.LeaveOneOut(), np.zeros(n))


class LeavePOut(_Splits):
    """Each set of `p` of `n` samples is the test set once."""

    def __init__(self, n, p):
        self.n, self.p = n, p
        super().__init__(model_selection.LeavePOut(p), np.zeros(n))


class ShuffleSplit(_Splits):
    """`n_iter` random splits of `n` samples."""

    def __init__(self, n, n_iter=10, test_size=0.1, train_size=None, random_state=None):
        self.n, self.n_iter = n, n_iter
        super().__init__(model_selection.ShuffleSplit(
            n_iter, test_size=test_size, train_size=train_size, random_state=random_state,
        ), np.zeros(n))


class StratifiedShuffleSplit(_Splits):
    """`n_iter` random splits, with the classes of `y` in each part as in the whole."""

    def __init__(self, y, n_iter=10, test_size=0.1, train_size=None, random_state=None):
        self.n_iter = n_iter
        super().__init__(model_selection.StratifiedShuffleSplit(
            n_iter, test_size=test_size, train_size=train_size, random_state=random_state,
        ), y)
