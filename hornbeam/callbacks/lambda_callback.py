"""`LambdaCallback`: hooks given as functions."""

from hornbeam.callbacks.callback import Callback


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin, on_epoch_end: Functions `(epoch, logs)`.
        on_batch_begin, on_batch_end: Functions `(batch, logs)`.
        on_train_begin, on_train_end: Functions `(logs)`.
        **kwargs: Further hooks or attributes, `on_test_begin` for instance.

    Example:
        >>> printer = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    def __init__(
        self,
        on_epoch_begin=None,
        on_epoch_end=None,
        on_batch_begin=None,
        on_batch_end=None,
        on_train_begin=None,
        on_train_end=None,
        **kwargs,
    ):
        super().__init__()
        self.__dict__.update(kwargs)
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_batch_begin": on_batch_begin and _positional(on_batch_begin),
            "on_batch_end": on_batch_end and _positional(on_batch_end),
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
        }
        # A hook that was not given stays the empty one of the class: the loop asks who listens.
        self.__dict__.update({name: hook for name, hook in hooks.items() if hook is not None})


def _positional(function):
    """Lets `on_train_batch_end` hand its logs to a function whose argument has another name."""
    return lambda batch, logs=None: function(batch, logs)
