"""`Callback`, the base of all, and who of them listens to single batches."""


class Callback:
    """What `fit`, `evaluate` and `predict` call as they go on. Override the hooks that you need.

    A callback that overrides a hook of single batches makes the loop stop at each batch; the
    others cost nothing while an epoch runs.

    Attributes:
        params: Dict: `verbose`, `epochs`, `steps`, `batch_size`, `samples`, `do_validation`,
            `metrics` (the names in the logs).
        model: The `Model` that is trained.
        validation_data: List of the validation arrays, or None.

    The `logs` of a hook at the end of an epoch hold the averages over the epoch, and with `val_`
    before them those of the validation; after a batch its `batch`, `size`, loss and metrics.
    """

    of_first_process = False  # whether the others leave it out: it writes, sends or shows
    _supports_tf_logs = False  # tf.keras asks; ours are always NumPy's or Python's numbers

    def __init__(self):
        self.params = {}
        self.model = None
        self.validation_data = None

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self.model = model

    def on_train_begin(self, logs=None):
        """Called at the start of `fit`."""

    def on_train_end(self, logs=None):
        """Called at the end of `fit`, with the logs of the last epoch, as in tf.keras."""

    def on_epoch_begin(self, epoch, logs=None):
        """Called before an epoch; the first is number 0."""

    def on_epoch_end(self, epoch, logs=None):
        """Called after an epoch and its validation."""

    def on_batch_begin(self, batch, logs=None):
        """Called before a training step; the first of an epoch is number 0."""

    def on_batch_end(self, batch, logs=None):
        """Called after a training step."""

    def on_train_batch_begin(self, batch, logs=None):
        """Called before a training step; hands on to `on_batch_begin`."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch, logs=None):
        """Called after a training step; hands on to `on_batch_end`."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs=None):
        """Called at the start of `evaluate`, and of the validation in `fit`."""

    def on_test_end(self, logs=None):
        """Called at the end of `evaluate`, and of the validation in `fit`, with the results.

        Notes: Keras 2.3.1 gives this hook, and `on_train_end`, empty logs.
        """

    def on_test_batch_begin(self, batch, logs=None):
        """Called before a batch of `evaluate` or of the validation."""

    def on_test_batch_end(self, batch, logs=None):
        """Called after a batch of `evaluate` or of the validation."""

    def on_predict_begin(self, logs=None):
        """Called at the start of `predict`."""

    def on_predict_end(self, logs=None):
        """Called at the end of `predict`."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Called before a batch of `predict`."""

    def on_predict_batch_end(self, batch, logs=None):
        """Called after a batch of `predict`; `logs["outputs"]` holds its outputs."""

    def _implements_train_batch_hooks(self):
        """Whether the loop must stop at each training step for this callback."""
        return listens(self, "train")

    def _implements_test_batch_hooks(self):
        """Whether the loop must stop at each batch of `evaluate` for this callback."""
        return listens(self, "test")

    def _implements_predict_batch_hooks(self):
        """Whether the loop must stop at each batch of `predict` for this callback."""
        return listens(self, "predict")


_BATCH_HOOKS = {
    "train": ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


def needs_batches(callbacks, mode="train"):
    """Whether any of the callbacks wants to hear of single batches.

    A class that defines, beside a batch hook, `on_chunk_end(batches_done, samples_done, logs)` can
    be told of many batches at once, with the averages of the epoch so far in `logs`.

    Args:
        callbacks: Iterable of callbacks.
        mode: 'train', 'test' or 'predict'.
    """
    asks = f"_implements_{mode}_batch_hooks"
    return any(
        getattr(callback, asks)() if hasattr(callback, asks) else listens(callback, mode)
        for callback in callbacks
    )


def listens(callback, mode, but_for=()):
    """Whether a callback has a batch hook of its own.

    Args:
        callback: The callback.
        mode: 'train', 'test' or 'predict'.
        but_for: Tuple of classes whose hooks do not count.
    """
    return any(overrides(callback, hook, but_for) for hook in _BATCH_HOOKS[mode])


def overrides(callback, hook, but_for=()):
    """Whether a callback has a hook of its own; see `listens`."""
    if hook in getattr(callback, "__dict__", ()):  # `LambdaCallback` sets hooks on the object
        return True
    for owner in type(callback).__mro__:
        if hook in vars(owner):
            return owner not in (Callback, *but_for) and "on_chunk_end" not in vars(owner)
    return False


def as_list(callbacks):
    """Returns one callback, or several (a `CallbackList` as well), as a list; None is none.

    Raises:
        TypeError: if one of them is a class, or no callback at all.
    """
    if callbacks is None:
        return []
    several = hasattr(callbacks, "__iter__") and not isinstance(callbacks, Callback)
    callbacks = list(callbacks) if several else [callbacks]
    for callback in callbacks:
        if isinstance(callback, type):
            name = callback.__name__
            raise TypeError(f"`callbacks` holds the class {name}; make an object: {name}(...).")
        if not hasattr(callback, "set_model"):
            raise TypeError(
                f"`callbacks` holds {callback!r}, which is no callback. Expected objects of "
                "subclasses of keras.callbacks.Callback; LambdaCallback makes one of functions."
            )
    return callbacks
