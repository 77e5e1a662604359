"""hornbeam's models as parts of other libraries: scikit-learn."""

from hornbeam.wrappers import scikit_learn

__all__ = ["scikit_learn"]
