"""Training by `train_step`, `test_step` and `predict_step` that a model overrides, as in tf.keras.

A step runs eagerly once, which builds what it builds; from then on it is traced and compiled.
"""

import functools

import jax
import numpy as np

from hornbeam import metrics as metrics_
from hornbeam import optimizers
from hornbeam.backend import eagerly, running
from hornbeam.backend.tapes import Tape
from hornbeam.backend.tensors import Operand
from hornbeam.backend.tracing import Compiled
from hornbeam.callbacks import CallbackList, History, ProgbarLogger, needs_batches
from hornbeam.callbacks.callback import as_list
from hornbeam.callbacks.logs import Logs
from hornbeam.callbacks.progbar import Progbar
from hornbeam.engine.node import from_list
from hornbeam.engine.steps import Steps
from hornbeam.training import sources, standardize
from hornbeam.training.containers import CompiledLoss, CompiledMetrics
from hornbeam.training.data import Arrays, Stream, narrow
from hornbeam.training.interrupts import deferred
from hornbeam.training.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from hornbeam.training.randomness import share_random_state
from hornbeam.training.trainer import NotCompiledError, Trainer, for_policy

_HOOKS = (
    "train_step",
    "test_step",
    "predict_step",
    "make_train_function",
    "make_test_function",
    "make_predict_function",
    "compute_loss",
    "compute_metrics",
)


def is_custom(model):
    """Whether a model overrides a step of training."""
    return any(getattr(type(model), hook) is not getattr(Steps, hook) for hook in _HOOKS)


def unpack(data):
    """Returns `(x, y, sample_weight)` of what a step is given, a list of them included.

    Raises:
        ValueError: for a tuple of more than three.
    """
    return unpack_x_y_sample_weight(tuple(data) if isinstance(data, list) else data)


def pack(x, y=None, sample_weight=None):
    """The opposite of `unpack`, for which a list of inputs alone needs a tuple around it."""
    if y is None and isinstance(x, list):
        return (x,)
    return pack_x_y_sample_weight(x, y, sample_weight)


def _eagerly(method):
    """Runs a method of the trainer with eager execution on."""

    @functools.wraps(method)
    def run(self, *args, **kwargs):
        with running.eagerly(eagerly):
            return method(self, *args, **kwargs)

    return run


class CustomTrainer(Trainer):
    """Trains a model by its own steps.

    Args:
        model: The `Model`.
    """

    def __init__(self, model):
        super().__init__(model)
        self._functions = {}
        self._results = {}  # of the last single step
        self.runs_eagerly = False

    # ---- compile

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        metrics=None,
        loss_weights=None,
        sample_weight_mode=None,
        weighted_metrics=None,
        target_tensors=None,
        run_eagerly=None,
        steps_per_execution=None,
        jit_compile=None,
    ):
        """See `Model.compile`.

        Args:
            run_eagerly: Bool. Whether steps run as plain Python, uncompiled.
            steps_per_execution: Integer, a hint to TensorFlow's loop; steps run one by one here.
            jit_compile: Bool; steps are compiled by XLA unless `run_eagerly`.
        """
        if sample_weight_mode is not None or target_tensors is not None:
            raise ValueError(
                "sample_weight_mode and target_tensors have no meaning for a model with a "
                "train_step of its own, which decides what it does with weights and targets."
            )
        model = self.model
        self.optimizer = for_policy(optimizers.get(optimizer), model)
        self.runs_eagerly = bool(run_eagerly)
        self._pending = (loss, metrics, loss_weights, weighted_metrics)
        self._functions = {}
        model.optimizer, model.loss, model.loss_weights = self.optimizer, loss, loss_weights
        model._compile_metrics, model._compile_weighted_metrics = metrics, weighted_metrics
        names = self._output_names
        model.compiled_loss = CompiledLoss(loss, loss_weights, names)
        model.compiled_metrics = CompiledMetrics(metrics, weighted_metrics, loss, names)
        self.count_from_optimizer()

    def _output_names(self):
        return self.model.output_names if self.model.outputs else None

    @property
    def objective(self):
        raise ValueError(
            f"{self.model.name} trains by its own train_step; it has no losses and metrics that "
            "are symbolic tensors."
        )

    def make_optimizer_weights(self):
        """Makes the weights of the optimizer, so that they can be set before the first step."""
        self._check_compiled()
        self.optimizer.build(self.model.trainable_weights)

    def _check_compiled(self):
        if self._pending is None:
            raise NotCompiledError(
                "You must compile your model before training/testing. Use "
                "`model.compile(optimizer, loss)`."
            )

    @property
    def metrics(self):
        """The metrics of `compile`, then those that are attributes of the model and its layers."""
        model, found = self.model, []
        for container in (
            model.__dict__.get("compiled_loss"),
            model.__dict__.get("compiled_metrics"),
        ):
            found.extend(getattr(container, "metrics", ()))
        stack = [model]
        while stack:
            layer = stack.pop(0)
            for value in vars(layer).values():
                for metric in value if isinstance(value, (list, tuple)) else (value,):
                    if isinstance(metric, metrics_.Metric):
                        found.append(metric)
            stack.extend(layer._layers)
        return list({id(metric): metric for metric in found}.values())

    @property
    def metrics_names(self):
        return [metric.name for metric in self.model.metrics]

    def reset_metrics(self):
        for metric in self.model.metrics:
            metric.reset_states()

    # ---- the steps of `Model`, which overriding ones call by `super()`

    def train_step(self, data):
        """Does one step of training, eagerly or traced; returns the logs as a dict of tensors."""
        model = self.model
        x, y, sample_weight = unpack(data)
        with Tape() as tape:
            y_pred = model(x, training=True)
            loss = model.compute_loss(x, y, y_pred, sample_weight)
        if loss is None:
            raise ValueError("compute_loss returned None; train_step needs a loss to minimize.")
        model.optimizer.minimize(loss, model.trainable_variables, tape=tape)
        return model.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data):
        """Computes loss and metrics of a batch."""
        model = self.model
        x, y, sample_weight = unpack(data)
        y_pred = model(x, training=False)
        model.compute_loss(x, y, y_pred, sample_weight)
        return model.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data):
        """Computes the outputs of a batch."""
        return self.model(unpack(data)[0], training=False)

    def compute_loss(self, x, y, y_pred, sample_weight):
        """The losses of `compile`, and those of weights and layers."""
        model = self.model
        return model.compiled_loss(
            y, y_pred, sample_weight, regularization_losses=model.losses
        )

    def compute_metrics(self, x, y, y_pred, sample_weight):
        """Adds a batch to the metrics of `compile`; returns the results of all metrics."""
        self.model.compiled_metrics.update_state(y, y_pred, sample_weight)
        return self.results()

    def results(self):
        """Results of all metrics, as a dict."""
        found = {}
        for metric in self.model.metrics:
            result = metric.result()
            found.update(result if isinstance(result, dict) else {metric.name: result})
        return found

    def function(self, mode):
        """The function from an iterator of data to the results of a step of a mode."""
        step = getattr(self.model, f"{mode}_step")
        name = f"{type(self.model).__name__}.{mode}_step"
        run = step if self.runs_eagerly else Compiled(step, name)

        def one(iterator):
            data = next(iterator)
            place = self.placement
            if place is not None:
                place.agree(self._variables())
                place.settle(self._variables())
                data = jax.tree.map(lambda leaf: place.batch(_plain(leaf)), data, is_leaf=_is_leaf)
            found = run(jax.tree.map(eagerly.tensor, data, is_leaf=_is_leaf))
            if place is None or place.processes == 1:
                return found
            found = jax.tree.map(functools.partial(_read, place), found, is_leaf=_is_leaf)
            return place.own(found) if mode == "predict" else found

        return one

    def _variables(self):
        """The variables that the steps use, as far as they are made."""
        found = [*self.model.weights, *getattr(self.optimizer, "weights", ())]
        return [*found, *(v for metric in self.model.metrics for v in metric.weights)]

    def _function(self, mode):
        made = self._functions.get(mode)
        if made is None:
            made = self._functions[mode] = getattr(self.model, f"make_{mode}_function")()
        return made

    # ---- data

    def _data(self, x, y, sample_weight, class_weight, batch_size, steps, shuffle, workers):
        """Returns the adapter of the data, and the function that makes a step's data of a batch."""
        if self.placement is not None and self.placement.processes > 1:
            share_random_state()
        if standardize.is_stream(x):
            stream = Stream(x, lambda item: item, steps=steps, shuffle=bool(shuffle), **workers)
            return stream, lambda item: _weighted(item, class_weight)
        structure = (x, y, sample_weight)
        leaves, tree = jax.tree.flatten(structure, is_leaf=lambda v: _is_leaf(v) or _is_numbers(v))
        arrays = [standardize.as_array(leaf) for leaf in leaves]
        counts = {len(array) for array in arrays}
        if len(counts) > 1:
            raise ValueError(
                f"Data cardinality is ambiguous: the arrays have {sorted(counts)} samples. Make "
                "sure all arrays contain the same number of samples."
            )
        size = 32 if batch_size is None else int(batch_size)

        def restore(batch):
            data = pack(*jax.tree.unflatten(tree, batch[0]))
            return _weighted(data, class_weight)

        data = Arrays(arrays, [], [], size, wide=False)
        data.place_on(self.placement)
        return data, restore

    # ---- the methods of `Model`

    @_eagerly
    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose=1,
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_freq=1,
        validation_batch_size=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
    ):
        """See `Model.fit`."""
        self._check_compiled()
        model, verbose = self.model, sources.verbosity(verbose)
        options = {
            "max_queue_size": max_queue_size,
            "workers": workers,
            "use_multiprocessing": use_multiprocessing,
        }
        data, restore = self._data(
            x, y, sample_weight, class_weight, batch_size, steps_per_epoch, shuffle, options
        )
        validation = None
        if validation_data is not None:
            size = validation_batch_size or batch_size
            streams = standardize.is_stream(validation_data)
            parts = unpack((validation_data,) if streams else validation_data)
            validation = self._data(*parts, None, size, validation_steps, False, options)
        elif validation_split:
            data, rest = data.split(validation_split)
            validation = rest, restore
        history = History()
        progress = [_Progress("samples" if _has_samples(data, steps_per_epoch) else "steps")]
        callback_list = CallbackList([*(progress if verbose else ()), *as_list(callbacks), history])
        callback_list.set_model(model)
        callback_list.set_params(
            {
                "batch_size": getattr(data, "batch_size", None),
                "epochs": epochs,
                "steps": steps_per_epoch or data.steps,
                "samples": data.samples if _has_samples(data, steps_per_epoch) else None,
                "verbose": verbose,
                "do_validation": validation is not None,
                "metrics": [],
            }
        )
        listens = needs_batches([c for c in callback_list.callbacks if c not in progress])
        model.history, model.stop_training = history, False
        logs = {}
        callback_list.on_train_begin()
        with deferred() as interrupts:
            for epoch in range(initial_epoch, epochs):
                self.model.reset_metrics()
                callback_list.on_epoch_begin(epoch)
                batches = self._epoch(data, steps_per_epoch, shuffle)
                run = self._function("train")
                found = None
                for index, batch in enumerate(batches):
                    size = _size(batch)
                    callback_list._call_batch_hook("train", "begin", index, {"batch": index})
                    found = run(iter([restore(batch)]))
                    self.count("train", 1)
                    named = Logs({"batch": index, "size": size})
                    if listens or verbose:
                        named.update(_numbers(found) if listens else _Later(found))
                    callback_list._call_batch_hook("train", "end", index, named)
                    interrupts.check()
                    if model.stop_training:
                        break
                if found is None:
                    raise ValueError(
                        "Unexpected result of `train_function` (Empty Logs): the data yielded no "
                        "batch."
                    )
                logs = Logs(_numbers(found))
                if validation is not None and _is_due(validation_freq, epoch):
                    values = self._test(*validation, validation_steps, callback_list, interrupts)
                    logs.update({f"val_{name}": value for name, value in values.items()})
                callback_list.on_epoch_end(epoch, logs)
                if model.stop_training:
                    break
        for adapter in (data, validation[0] if validation else None):
            if adapter is not None and not adapter.is_arrays:
                adapter.close()
        callback_list.on_train_end(logs)
        return history

    def _epoch(self, data, steps, shuffle):
        if not data.is_arrays:
            return data.batches()
        if steps is not None:
            return sources.repeated(data, steps, shuffle)
        data.shuffle(shuffle)
        return data.batches()

    def _test(self, data, restore, steps, callbacks, interrupts, progress=None):
        self.model.reset_metrics()
        run, found, seen = self._function("test"), None, 0
        callbacks.on_test_begin()
        chosen = _batches(data, steps)
        for index, batch in enumerate(chosen):
            callbacks._call_batch_hook("test", "begin", index, {"batch": index})
            found = run(iter([restore(batch)]))
            seen += _size(batch)
            logs = Logs({"batch": index, "size": _size(batch)})
            logs.update(_Later(found))
            callbacks._call_batch_hook("test", "end", index, logs)
            if progress is not None:
                progress(index + 1, seen, None)
            interrupts.check()
        if found is None:
            raise ValueError("The data yielded no batch, so there is nothing to evaluate.")
        values = _numbers(found)
        callbacks.on_test_end(Logs(values))
        return values

    @_eagerly
    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose=1,
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **workers,
    ):
        """See `Model.evaluate`. `return_dict`: whether a dict is returned, as in tf.keras."""
        self._check_compiled()
        data, restore = self._data(
            x, y, sample_weight, None, batch_size, steps, False, workers
        )
        callback_list = CallbackList(as_list(callbacks))
        callback_list.set_model(self.model)
        target = data.samples if _has_samples(data, steps) else steps or data.steps
        bar = Progbar(target, verbose=sources.verbosity(verbose)) if verbose else None

        def progress(done, seen, _):
            if bar is not None:
                bar.update(seen if _has_samples(data, steps) else done)

        with deferred() as interrupts:
            values = self._test(data, restore, steps, callback_list, interrupts, progress)
        return values if return_dict else from_list(list(values.values()))

    @_eagerly
    def predict(self, x, batch_size=None, verbose=0, steps=None, callbacks=None, **workers):
        """See `Model.predict`."""
        data, restore = self._data(x, None, None, None, batch_size, steps, False, workers)
        run, pieces = self._function("predict"), []
        callback_list = CallbackList(as_list(callbacks))
        callback_list.set_model(self.model)
        callback_list.on_predict_begin()
        bar = Progbar(data.steps, verbose=sources.verbosity(verbose)) if verbose else None
        chosen = _batches(data, steps)
        for index, batch in enumerate(chosen):
            callback_list._call_batch_hook("predict", "begin", index, {"batch": index})
            found = run(iter([restore(batch)]))
            pieces.append(jax.tree.map(_as_array, found, is_leaf=_is_leaf))
            logs = {"batch": index, "size": _size(batch), "outputs": pieces[-1]}
            callback_list._call_batch_hook("predict", "end", index, logs)
            if bar is not None:
                bar.update(index + 1)
        if not pieces:
            raise ValueError("The data yielded no batch, so there is nothing to predict.")
        callback_list.on_predict_end()
        return jax.tree.map(lambda *parts: np.concatenate(parts), *pieces)

    @_eagerly
    def train_on_batch(
        self, x, y=None, sample_weight=None, class_weight=None, reset_metrics=True
    ):
        """See `Model.train_on_batch`."""
        return self._on_batch("train", x, y, sample_weight, class_weight, reset_metrics)

    @_eagerly
    def test_on_batch(self, x, y=None, sample_weight=None, reset_metrics=True):
        """See `Model.test_on_batch`."""
        return self._on_batch("test", x, y, sample_weight, None, reset_metrics)

    def by_name(self, results):
        """Returns the results of the last single step as a dict."""
        return dict(self._results)

    def _on_batch(self, mode, x, y, weight, classes, reset_metrics):
        self._check_compiled()
        if reset_metrics:
            self.model.reset_metrics()
        data = _weighted(pack(x, y, weight), classes)
        self._results = values = _numbers(self._function(mode)(iter([data])))
        if mode == "train":
            self.count(mode, 1)
        return from_list(list(values.values()))

    @_eagerly
    def predict_on_batch(self, x):
        """See `Model.predict_on_batch`."""
        found = self._function("predict")(iter([x]))
        return jax.tree.map(_as_array, found, is_leaf=_is_leaf)


def _batches(data, steps):
    return sources.repeated(data, steps, False) if data.is_arrays and steps else data.batches()


def _is_leaf(item):
    return item is not None and not isinstance(item, (dict, tuple, list))


def _plain(leaf):
    """An array of 32 bits of what is given as data."""
    value = leaf.numpy() if hasattr(leaf, "numpy") else leaf
    return narrow(np.asarray(value))


def _read(place, leaf):
    """A result as an array that each process has whole."""
    return place.read(eagerly.value_of(leaf)) if isinstance(leaf, Operand) else leaf


def _is_numbers(item):
    """Whether an item is a list of numbers, or of lists of them: one array, not many."""
    if not isinstance(item, list):
        return False
    while isinstance(item, list) and item:
        item = item[0]
    return np.isscalar(item)


def _has_samples(data, steps):
    return data.is_arrays and steps is None


def _size(batch):
    leaves = [leaf for leaf in jax.tree.leaves(batch, is_leaf=_is_leaf) if np.ndim(leaf)]
    return int(leaves[0].shape[0]) if leaves else 1


def _as_array(value):
    return np.array(value.numpy() if hasattr(value, "numpy") else value)


def _numbers(found):
    """The results of a step as a dict of floats; arrays stay arrays."""
    if not isinstance(found, dict):
        found = {"loss": found}
    values = {}
    for name, value in found.items():
        if isinstance(value, dict):
            values.update(_numbers(value))
            continue
        value = np.asarray(value)
        values[name] = value.item() if value.size == 1 else value
    return values


class _Later(dict):
    """The results of a step, read when somebody looks at them."""

    def __init__(self, found):
        super().__init__(found if isinstance(found, dict) else {"loss": found})


class _Progress(ProgbarLogger):
    """The progress bar, which learns from the first logs what there is to show."""

    def _values(self, logs):
        return [
            (name, float(np.mean(value)))
            for name, value in logs.items()
            if name not in ("batch", "size")
        ]

    def on_batch_end(self, batch, logs=None):
        logs = logs or {}
        self.seen += 1 if self.use_steps else logs.get("size", 0)
        if self.verbose and self._goes_on():
            self.progbar.update_averages(self.seen, self._values(logs))


def _is_due(frequency, epoch):
    if isinstance(frequency, (int, np.integer)):
        return (epoch + 1) % frequency == 0
    return (epoch + 1) in frequency


def _weighted(data, class_weight):
    """Adds to the sample weights of a batch what its classes weigh."""
    if class_weight is None:
        return data
    x, y, weight = unpack(data)
    labels = np.asarray(y)
    if labels.ndim > 1:
        labels = labels.argmax(-1) if labels.shape[-1] > 1 else labels.reshape(-1)
    unknown = set(np.unique(labels).tolist()) - set(class_weight)
    if unknown:
        raise ValueError(f"`class_weight` lacks the classes {sorted(unknown)}.")
    weights = np.asarray([class_weight[int(label)] for label in labels], "float32")
    return x, y, weights if weight is None else np.asarray(weight) * weights


__all__ = ["CustomTrainer", "is_custom", "pack", "unpack"]
