"""`tf.summary`: numbers, histograms and pictures for TensorBoard."""

import contextlib
import io
import os

import numpy as np

from hornbeam.backend.tensors import Operand
from hornbeam.compat.tensorflow.absent import teller

__all__ = [
    "FileWriter", "SummaryWriter", "create_file_writer", "create_noop_writer", "flush",
    "histogram", "image", "merge", "merge_all", "record_if", "scalar", "should_record_summaries",
    "text", "trace_export", "trace_off", "trace_on", "write",
]  # fmt: skip

_writers = []
_recording = [True]
_step = [None]


class SummaryWriter:
    """Writes events to a folder. `with writer.as_default():` makes the functions write there.

    Args:
        logdir: Path of the folder; None writes nothing.
        max_queue, flush_millis, filename_suffix, name: TensorFlow's; each event is written at
            `flush`.
    """

    def __init__(self, logdir, max_queue=None, flush_millis=None, filename_suffix=None, name=None):
        self.logdir = None if logdir is None else os.fspath(logdir)
        self._events = None

    @property
    def events(self):
        """The writer of the file, made when it is first needed."""
        if self._events is None:
            from hornbeam.callbacks.tensorboard_events import EventWriter

            self._events = EventWriter(self.logdir)
        return self._events

    @contextlib.contextmanager
    def as_default(self, step=None):
        """Context in which `tf.summary`'s functions write here."""
        before = _step[0]
        _writers.append(self)
        _step[0] = before if step is None else step
        try:
            yield self
        finally:
            _step[0] = before
            _writers.remove(self)
            self.flush()

    set_as_default = None

    def init(self):
        """Makes the file."""
        return self.events

    def flush(self):
        """Hands what was written to the system."""
        if self._events is not None:
            self._events.flush()

    def close(self):
        """Closes the file."""
        if self._events is not None:
            self._events.close()
            self._events = None

    # TensorFlow 1

    def add_summary(self, summary, global_step=None):
        """Writes what `Session.run(merged)` returned: arrays with the tags of `merge_all`."""
        for tag, value in summary if isinstance(summary, list) else [summary]:
            self.events.scalar(tag, np.asarray(value), int(global_step or 0))

    def add_graph(self, graph, global_step=None):
        """Raises NotImplementedError: models are written by the callback `TensorBoard`."""
        raise NotImplementedError("Use the callback TensorBoard(write_graph=True) for graphs.")


def _set_as_default(self, step=None):
    _writers.append(self)
    _step[0] = step


SummaryWriter.set_as_default = _set_as_default
FileWriter = SummaryWriter


def create_file_writer(logdir, max_queue=None, flush_millis=None, filename_suffix=None, name=None,
                       experimental_trackable=False):
    """Makes a `SummaryWriter`."""
    return SummaryWriter(logdir)


def create_noop_writer():
    """Makes a `SummaryWriter` that writes nothing."""
    return SummaryWriter(None)


def _place(step):
    """The writer and the step, or (None, None) where nothing is to be written."""
    step = _step[0] if step is None else step
    writer = _writers[-1] if _writers else None
    if writer is None or writer.logdir is None or not _recording[-1]:
        return None, None
    if step is None:
        raise ValueError("No step set. Pass step=..., or call tf.summary.experimental.set_step.")
    return writer.events, int(_array(step))


def _array(value):
    return value.eval() if isinstance(value, Operand) else np.asarray(value)


def scalar(name, data, step=None, description=None):
    """Writes a number; returns whether it was written."""
    events, step = _place(step)
    if events is not None:
        events.scalar(name, _array(data), step)
    return events is not None


def histogram(name, data, step=None, buckets=None, description=None):
    """Writes how values are distributed."""
    events, step = _place(step)
    if events is not None:
        from hornbeam.callbacks.tensorboard_events import Histogram

        events.histogram(name, Histogram(_array(data)), step)
    return events is not None


def image(name, data, step=None, max_outputs=3, description=None):
    """Writes images `(batch, rows, columns, channels)`: uint8, or floats from 0 to 1."""
    events, step = _place(step)
    if events is not None:
        from PIL import Image
        from tensorboard.compat.proto.summary_pb2 import Summary

        pictures = _array(data)[:max_outputs]
        if pictures.dtype.kind == "f":
            pictures = (np.clip(pictures, 0, 1) * 255).round().astype("uint8")
        values = []
        for index, picture in enumerate(pictures):
            file = io.BytesIO()
            plain = picture[..., 0] if picture.shape[-1] == 1 else picture
            Image.fromarray(plain).save(file, "PNG")
            shown = Summary.Image(height=picture.shape[0], width=picture.shape[1],
                                  colorspace=picture.shape[-1],
                                  encoded_image_string=file.getvalue())
            values.append(Summary.Value(tag=f"{name}/{index}", image=shown))
        events.add_summary(Summary(value=values), step)
    return events is not None


def text(name, data, step=None, description=None):
    """Writes a text."""
    events, step = _place(step)
    if events is not None:
        from tensorboard.plugins.text.summary_v2 import text_pb

        events.add_summary(text_pb(name, str(data)), step)
    return events is not None


def write(tag, tensor, step=None, metadata=None, name=None):
    """Writes a number under a tag."""
    return scalar(tag, tensor, step)


def flush(writer=None, name=None):
    """Hands what was written to the system."""
    for one in [writer] if writer is not None else _writers:
        one.flush()


@contextlib.contextmanager
def record_if(condition):
    """Context in which is written only if `condition`, a bool or a function of none, holds."""
    _recording.append(bool(condition() if callable(condition) else condition))
    try:
        yield
    finally:
        _recording.pop()


def should_record_summaries():
    """Whether is written now."""
    return bool(_writers) and _recording[-1]


def merge(inputs, collections=None, name=None):
    """Raises NotImplementedError: sessions return numbers; write them with `scalar`."""
    raise NotImplementedError(
        "tf.summary.merge is not provided: fetch the numbers with Session.run and write them with "
        "tf.summary.scalar(name, value, step) in `with writer.as_default():`."
    )


merge_all = merge


def trace_on(graph=True, profiler=False, profiler_outdir=None):
    """Starts JAX's profiler, if `profiler`."""
    if profiler:
        import jax

        jax.profiler.start_trace(profiler_outdir or _writers[-1].logdir)


def trace_off():
    """Stops the profiler."""
    import jax

    jax.profiler.stop_trace()


def trace_export(name, step=None, profiler_outdir=None):
    """Stops the profiler, which writes what it measured."""
    trace_off()


class experimental:  # noqa: N801  TensorFlow's name
    """The step that is taken where none is given."""

    @staticmethod
    def set_step(step):
        """Sets the step."""
        _step[0] = step

    @staticmethod
    def get_step():
        """Returns the step."""
        return _step[0]


__getattr__ = teller("summary")
