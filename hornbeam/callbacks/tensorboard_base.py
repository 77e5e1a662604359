"""What the two layouts of TensorBoard's files share: what is looked at, when, and by what means."""

import os
import time
import warnings
from numbers import Integral

import numpy as np

from hornbeam import backend as K
from hornbeam.callbacks.callback import Callback, listens
from hornbeam.callbacks.tensorboard_events import (
    EventWriter,
    Histogram,
    pictures_of,
    require_tensorboard,
)
from hornbeam.callbacks.tensorboard_graph import graph_of
from hornbeam.callbacks.tensorboard_projector import write_config, write_points


class TensorBoardBase(Callback):
    """Writes scalars, histograms, pictures, the graph and embeddings for TensorBoard.

    Subclasses say under which tags and in which folders: `main_folder`, `write_epoch`,
    `write_batch`, `write_evaluation`, and the attributes below.
    """

    of_first_process = True

    histogram_tag = "{}"  # of a weight's name
    pictures_tag = "{}"
    shows_activations = False
    default_batch_size = 32

    def __init__(
        self,
        log_dir,
        histogram_freq,
        batch_size,
        write_graph,
        write_grads,
        write_images,
        embeddings_freq,
        embeddings_layer_names,
        embeddings_metadata,
        embeddings_data,
        update_freq,
        write_steps_per_second=False,
        profile_batch=0,
    ):
        super().__init__()
        require_tensorboard()
        self.log_dir = os.fspath(log_dir)
        if "://" in self.log_dir:
            raise ValueError(
                f"TensorBoard's log_dir must be a folder of this machine; got {self.log_dir!r}. "
                "Write to a folder, and copy it from there."
            )
        self.histogram_freq = _frequency("histogram_freq", histogram_freq)
        self.batch_size = self.default_batch_size if batch_size is None else batch_size
        if not isinstance(self.batch_size, Integral) or self.batch_size < 1:
            raise ValueError(
                f"TensorBoard's batch_size must be an integer of at least 1; got {batch_size!r}."
            )
        self.write_graph = write_graph
        self.write_grads = write_grads
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.embeddings_freq = _frequency("embeddings_freq", embeddings_freq)
        self.embeddings_layer_names = embeddings_layer_names
        self.embeddings_metadata = embeddings_metadata or {}
        self.embeddings_data = embeddings_data
        self.update_freq = _update_frequency(update_freq)
        self.profile_batch = _profiled(profile_batch)
        self._writers = {}
        self._tracing = False
        self._reset()

    def _reset(self):
        """Forgets the model: its compiled functions, its files, the place in the training."""
        self._stop_tracing()
        self._close()
        self._functions = {}
        self._batches_done = 0
        self._batch_began = time.perf_counter()
        self._epoch_began = None  # when, and after how many steps; None outside of training

    # ---- what a layout says

    def main_folder(self):
        """Folder of the training's events."""
        return self.log_dir

    def write_epoch(self, epoch, logs):
        """Writes the scalars of an epoch."""
        raise NotImplementedError

    def write_batch(self, logs):
        """Takes note of a batch; writes its scalars if they are due and returns their step."""
        raise NotImplementedError

    # ---- hooks

    def set_model(self, model):
        self._reset()
        self.model = model

    def on_train_begin(self, logs=None):
        self._check()
        _ = self.writer  # a folder that cannot be written to shows now
        if self.embeddings_freq:
            self._configure_embeddings()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_began = time.perf_counter(), self._iterations()

    def on_epoch_end(self, epoch, logs=None):
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._check()
            self._write_weights(epoch)
            if self.shows_activations:
                self._write_histograms(self._activations(), epoch)
            if self.write_grads:
                self._write_histograms(self._gradients(), epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._configure_embeddings()
            for name, points in self._points().items():
                write_points(self.log_dir, name, points)
        self.write_epoch(epoch, logs or {})
        if self.write_steps_per_second and self._epoch_began is not None:
            began, first = self._epoch_began
            rate = (self._iterations() - first) / max(time.perf_counter() - began, 1e-9)
            self.writer.scalar("epoch_steps_per_second", rate, epoch)
        self._flush()

    def on_train_end(self, logs=None):
        self._stop_tracing()
        self._close()
        self._epoch_began = None

    def _implements_train_batch_hooks(self):
        return (
            self.update_freq != "epoch"
            or self.profile_batch is not None
            or listens(self, "train", but_for=(TensorBoardBase,))
        )

    def on_batch_begin(self, batch, logs=None):
        self._batches_done += 1
        if self.profile_batch is not None and self._batches_done == self.profile_batch[0]:
            self._start_tracing()
        self._batch_began = time.perf_counter()

    def on_batch_end(self, batch, logs=None):
        seconds = time.perf_counter() - self._batch_began
        if self._tracing and self._batches_done >= self.profile_batch[1]:
            self._stop_tracing()
        if self.update_freq != "epoch":
            step = self.write_batch(logs or {})
            if step is not None and self.write_steps_per_second and seconds > 0:
                self.writer.scalar("batch_steps_per_second", 1 / seconds, step)

    # ---- files

    @property
    def writer(self):
        """The `EventWriter` of the training, opened with its first use; it gets the graph."""
        fresh = self.main_folder() not in self._writers
        writer = self.writer_of(self.main_folder())
        if fresh and self.write_graph and getattr(self.model, "outputs", None):
            writer.graph(graph_of(self.model))
            writer.flush()
        return writer

    def writer_of(self, folder):
        """Returns the `EventWriter` of a folder."""
        if folder not in self._writers:
            self._writers[folder] = EventWriter(folder)
        return self._writers[folder]

    def _close(self):
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _flush(self):
        for writer in self._writers.values():
            writer.flush()

    def write_scalars(self, writer, logs, step, tag="{}"):
        """Writes those of the logs that are single numbers; `batch` and `size` are none of them."""
        for name, value in logs.items():
            if name not in ("batch", "size") and np.size(value) == 1:
                writer.scalar(tag.format(name), np.asarray(value).item(), step)

    # ---- weights, activations, gradients

    def _check(self):
        needs_data = self.histogram_freq and (self.shows_activations or self.write_grads)
        if needs_data and not self.validation_data:
            raise ValueError(
                "If printing histograms, validation_data must be provided, and cannot be a "
                "generator: TensorBoard computes the histograms of activations and gradients "
                "from it. Pass validation_data or validation_split to fit, or histogram_freq=0."
            )

    def _write_weights(self, epoch):
        writer, channels_last = self.writer, K.image_data_format() == "channels_last"
        for layer in self.model.layers:
            for weight in layer.weights:
                name, value = weight.name.replace(":", "_"), K.get_value(weight)
                writer.histogram(self.histogram_tag.format(name), Histogram(value), epoch)
                pictures = pictures_of(value, channels_last) if self.write_images else None
                if pictures is not None:
                    writer.pictures(self.pictures_tag.format(name), pictures, epoch)

    def _write_histograms(self, histograms, epoch):
        for tag, histogram in histograms.items():
            self.writer.histogram(tag, histogram, epoch)

    def _activations(self):
        """Histograms of what the layers put out for the validation data."""
        outputs = _outputs_of_layers(self.model)
        inputs = self.model._feed_inputs
        return self._counted("activations", inputs, list(outputs), lambda: list(outputs.values()))

    def _gradients(self):
        """Histograms of the loss's gradients on the validation data, batch by batch."""
        model = self.model
        weights = [w for layer in model.layers for w in layer.trainable_weights]
        tags = [f"{w.name.replace(':', '_')}_grad" for w in weights]
        inputs = [*model._feed_inputs, *model._feed_targets, *model._feed_sample_weights]
        return self._counted(
            "gradients", inputs, tags, lambda: K.gradients(model.total_loss, weights)
        )

    def _counted(self, what, inputs, tags, make_tensors):
        """Computes tensors on the validation data; returns `{tag: histogram}`."""
        if not tags:
            return {}
        if what not in self._functions:
            self._functions[what] = K.function(inputs, make_tensors())
        function = self._functions[what]
        histograms = {tag: Histogram() for tag in tags}
        data = self.validation_data[: len(inputs)]
        for start in range(0, len(data[0]), self.batch_size):
            batch = [array[start : start + self.batch_size] for array in data]
            for histogram, values in zip(histograms.values(), function(batch)):
                histogram.add(values)
        return histograms

    # ---- embeddings

    def _watched(self):
        """The layers whose points are shown."""
        layers = {layer.name: layer for layer in self.model.layers}
        names = self.embeddings_layer_names
        if not names:
            return {n: y for n, y in layers.items() if type(y).__name__ == "Embedding"}
        unknown = [name for name in names if name not in layers]
        if unknown:
            raise ValueError(
                f"TensorBoard's embeddings_layer_names has {unknown}, which the model has not. "
                f"Its layers are: {list(layers)}."
            )
        return {name: layers[name] for name in names}

    def _configure_embeddings(self):
        if "embeddings" in self._functions:
            return
        watched = self._watched()
        metadata = self.embeddings_metadata
        if isinstance(metadata, (str, os.PathLike)):
            metadata = {name: metadata for name in watched}
        unknown = sorted(set(metadata) - set(watched))
        if unknown:
            raise ValueError(
                "Unrecognized `Embedding` layer names passed to `keras.callbacks.TensorBoard` "
                f"`embeddings_metadata` argument: {unknown}. The layers are: {list(watched)}."
            )
        if self.embeddings_data is None:
            self._functions["embeddings"] = None
            shapes = {name: points.shape for name, points in self._points().items()}
        else:
            data = self._embedded_data()
            outputs = [layer.output for layer in watched.values()]
            self._functions["embeddings"] = K.function(self.model._feed_inputs, outputs)
            for name, output in zip(watched, outputs):
                if None in output.shape[1:]:
                    raise ValueError(
                        f"TensorBoard cannot show the layer {name!r} as points: what it puts out "
                        f"has shape {tuple(output.shape)}, and points must all be of one known "
                        "size. Give the model's Input its whole shape."
                    )
            sizes = [int(np.prod(output.shape[1:])) for output in outputs]
            shapes = {name: (len(data[0]), size) for name, size in zip(watched, sizes)}
        _ = self.writer  # makes the folder
        write_config(self.log_dir, shapes, metadata)

    def _embedded_data(self):
        data = self.embeddings_data
        data = list(data) if isinstance(data, (list, tuple)) else [data]
        inputs = self.model._feed_inputs
        if len(data) != len(inputs) or len({len(array) for array in data}) != 1:
            raise ValueError(
                f"TensorBoard's embeddings_data must be one array for each of the model's "
                f"{len(inputs)} inputs, all of the same length; got shapes "
                f"{[np.shape(array) for array in data]}."
            )
        return [np.asarray(array) for array in data]

    def _points(self):
        """What is shown: `{layer: array (points, dimensions)}`."""
        watched = self._watched()
        if self.embeddings_data is None:
            points = {name: layer.get_weights() for name, layer in watched.items()}
            wrong = [n for n, weights in points.items() if not weights or weights[0].ndim != 2]
            if wrong:
                raise ValueError(
                    f"To visualize embeddings, embeddings_data must be provided for the layers "
                    f"{wrong}: only an Embedding has weights that are points."
                )
            return {name: weights[0] for name, weights in points.items()}
        data, rows = self._embedded_data(), {name: [] for name in watched}
        for start in range(0, len(data[0]), self.batch_size):
            batch = [array[start : start + self.batch_size] for array in data]
            for name, values in zip(rows, self._functions["embeddings"](batch)):
                rows[name].append(values.reshape(len(values), -1))
        return {name: np.concatenate(parts) for name, parts in rows.items()}

    # ---- profile

    def _start_tracing(self):
        import jax

        try:
            jax.profiler.start_trace(self.log_dir)
        except RuntimeError as error:  # somebody else is measuring
            warnings.warn(f"TensorBoard cannot profile: {error}", RuntimeWarning, stacklevel=2)
        else:
            self._tracing = True

    def _stop_tracing(self):
        import jax

        if self._tracing:
            self._tracing = False
            jax.profiler.stop_trace()

    def _iterations(self):
        iterations = getattr(getattr(self.model, "optimizer", None), "iterations", None)
        return 0 if iterations is None else int(K.get_value(iterations))


def _outputs_of_layers(model):
    """What each layer of a model puts out in it: `{tag: tensor}`."""
    found = {}
    graph = getattr(model, "_graph", None)
    for layer in model.layers:
        nodes = [n for n in layer._inbound_nodes if graph is not None and graph.contains(n)]
        outputs = [tensor for node in nodes for tensor in node.output_tensors]
        if len(outputs) == 1:
            found[f"{layer.name}_out"] = outputs[0]
        else:
            found.update((f"{layer.name}_out_{i}", tensor) for i, tensor in enumerate(outputs))
    return found


def _frequency(name, value):
    if not isinstance(value, Integral) or value < 0:
        raise ValueError(
            f"TensorBoard's {name} must be a whole number of epochs, 0 for never; got {value!r}."
        )
    return int(value)


def _update_frequency(value):
    if value == "batch":
        return 1
    if value == "epoch" or (isinstance(value, Integral) and value > 0):
        return value
    raise ValueError(
        f"TensorBoard's update_freq must be 'batch', 'epoch' or a positive integer; got {value!r}."
    )


def _profiled(value):
    """Returns the first and the last batch to measure, counted from 1, or None for none."""
    given = value.split(",") if isinstance(value, str) else value
    try:
        pair = [int(v) for v in given] if isinstance(given, (list, tuple)) else [int(given)] * 2
    except (TypeError, ValueError):
        pair = [-1]
    if len(pair) == 1:
        pair *= 2
    if pair == [0, 0] or value is False:
        return None
    if len(pair) != 2 or pair[0] < 1 or pair[1] < pair[0]:
        raise ValueError(
            "TensorBoard's profile_batch must be the number of a batch, counted from 1, a pair of "
            f"the first and the last one, or 0 for none; got {value!r}."
        )
    return tuple(pair)
