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

    Raises:
        TypeError: if a hook is no function, or no hook has that name.
    """

    adds_to_logs = None  # whatever its functions add

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
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_batch_begin": on_batch_begin,
            "on_batch_end": on_batch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
        }
        for name, value in {**hooks, **kwargs}.items():
            if name.startswith("on_"):
                _check(name, value)
            if value is None and name.startswith("on_"):
                continue  # it stays the empty one of the class: the loop asks who listens
            setattr(self, name, _positional(value) if name in _FORWARDED else value)


# `on_train_batch_end` hands its logs to these by keyword, whatever a function calls its argument.
_FORWARDED = ("on_batch_begin", "on_batch_end")


def _positional(function):
    return lambda batch, logs=None: function(batch, logs)


def _check(name, hook):
    hooks = [attribute for attribute in vars(Callback) if attribute.startswith("on_")]
    if name not in hooks:
        raise TypeError(
            f"LambdaCallback got {name}, which is no hook. There are: {', '.join(hooks)}."
        )
    if hook is not None and not callable(hook):
        arguments = {"epoch": "epoch, logs", "batch": "batch, logs"}.get(name.split("_")[-2])
        raise TypeError(
            f"LambdaCallback got {name}={hook!r}; it must be a function, such as "
            f"`lambda {arguments or 'logs'}: ...`."
        )
