"""`tensorflow.python`: inner modules that programs import by name; see `names.TF_HOMES`."""

__all__ = []
