"""Event files, as TensorBoard reads them: scalars, histograms, pictures, graphs.

Nothing here needs TensorFlow: the formats are those of the `tensorboard` package.
"""

import functools
import io
import itertools
import os
import socket
import time

import numpy as np

_MOST_PICTURES = 3  # of one tag and step, as TensorFlow's summaries keep
_FILES = itertools.count()
_PART = 1 << 20  # values of a histogram that are counted at a time


@functools.cache
def _limits():
    """TensorFlow's bounds of histograms: powers of 1.1 from 1e-12 to 1e20, both signs, and zero."""
    positive = [1e-12]
    while positive[-1] * 1.1 < 1e20:
        positive.append(positive[-1] * 1.1)
    positive.append(float(np.finfo("float64").max))
    return np.array([*(-limit for limit in reversed(positive)), 0.0, *positive])


def require_tensorboard():
    """Raises an ImportError that says what to install, if the package is not there."""
    try:
        import tensorboard.compat.proto.event_pb2
        import tensorboard.summary.writer.record_writer  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "The TensorBoard callback needs the package `tensorboard` (TensorFlow is not needed). "
            "Install it with: pip install tensorboard"
        ) from error


class Histogram:
    """Counts values; several arrays may be counted into one.

    Values that are not finite are left out, as no bucket can hold them.
    """

    def __init__(self, values=()):
        self.counts = np.zeros(len(_limits()))
        self.least, self.most = np.inf, -np.inf
        self.number = self.sum = self.sum_of_squares = 0.0
        self.add(values)

    def add(self, values):
        values = np.asarray(values).ravel()
        for start in range(0, values.size, _PART):
            self._add_part(values[start : start + _PART])

    def _add_part(self, values):
        values = values[np.isfinite(values)]
        if not values.size:
            return
        values.sort()  # quicker than to look for the bucket of each
        values = values.astype("float64")
        below = np.searchsorted(values, _limits())
        self.counts += np.diff(below, prepend=0)
        self.least = min(self.least, float(values[0]))
        self.most = max(self.most, float(values[-1]))
        self.number += values.size
        self.sum += float(values.sum())
        self.sum_of_squares += float(np.dot(values, values))

    def proto(self):
        """Returns the `HistogramProto`. Runs of empty buckets are one bucket."""
        from tensorboard.compat.proto.summary_pb2 import HistogramProto

        full = self.counts > 0
        kept = full | np.append(full[1:], True)  # an empty one stays if the next is full
        return HistogramProto(
            min=self.least,
            max=self.most,
            num=self.number,
            sum=self.sum,
            sum_squares=self.sum_of_squares,
            bucket_limit=_limits()[kept],
            bucket=self.counts[kept],
        )


def pictures_of(weight, channels_last=True):
    """Lays out a weight as grey pictures.

    Args:
        weight: Array. Axes of length 1 do not count.
        channels_last: Bool; whether the last of three axes numbers the pictures, else the first.

    Returns:
        Array `(pictures, rows, columns)`, or None for a weight of no axes or more than three.
    """
    weight = np.squeeze(np.asarray(weight))
    if weight.ndim == 1:
        return weight[None, :, None]
    if weight.ndim == 2:  # lying, not standing: it fits the page
        return (weight.T if weight.shape[0] > weight.shape[1] else weight)[None]
    if weight.ndim == 3:
        return weight.transpose(2, 0, 1) if channels_last else weight
    return None


def grey(picture):
    """Turns numbers into bytes: black to white over the range, zero at 128 if any is negative."""
    picture = np.asarray(picture, "float32")
    finite = np.isfinite(picture)
    least, most = picture[finite].min(initial=0), picture[finite].max(initial=0)
    reach, levels, middle = (max(-least, most), 127, 128) if least < 0 else (most, 255, 0)
    scale = np.float32(0 if reach < 1e-6 else levels / reach)
    return np.where(finite, np.where(finite, picture, 0) * scale + middle, 255).astype("uint8")


class EventWriter:
    """Writes one event file.

    Args:
        folder: Path of the folder, made if it is not there.

    Raises:
        OSError: if nothing can be written there.
    """

    def __init__(self, folder):
        require_tensorboard()
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        self.folder = os.fspath(folder)
        os.makedirs(self.folder, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}"
        self.path = os.path.join(self.folder, f"{name}.{os.getpid()}.{next(_FILES)}")
        self._records = RecordWriter(open(self.path, "xb"))
        self.add_event(Event(file_version="brain.Event:2"))
        self.flush()

    def add_event(self, event, step=None):
        """Writes an `Event`, with the time of now."""
        event.wall_time = event.wall_time or time.time()
        if step is not None:
            event.step = int(step)
        self._records.write(event.SerializeToString())

    def add_summary(self, summary, step=None):
        """Writes a `Summary`, or the bytes of one.

        Args:
            summary: The protocol buffer of the `tensorboard` package, or its serialized bytes.
            step: Integer, the place on the horizontal axis.
        """
        from tensorboard.compat.proto.event_pb2 import Event

        event = Event()
        text = summary if isinstance(summary, bytes) else summary.SerializeToString()
        event.summary.ParseFromString(text)
        self.add_event(event, step)

    def scalar(self, tag, value, step):
        from tensorboard.compat.proto.summary_pb2 import Summary

        value = Summary.Value(tag=tag, simple_value=float(value))
        self.add_summary(Summary(value=[value]), step)

    def histogram(self, tag, histogram, step):
        """Writes a `Histogram`; one that holds nothing is left out."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        if histogram.number:
            value = Summary.Value(tag=tag, histo=histogram.proto())
            self.add_summary(Summary(value=[value]), step)

    def pictures(self, tag, pictures, step):
        """Writes grey pictures, the first three, under `tag/0`, `tag/1` ...

        Args:
            tag: String.
            pictures: Array `(pictures, rows, columns)`.
            step: Integer.
        """
        from PIL import Image
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = []
        for number, picture in enumerate(pictures[:_MOST_PICTURES]):
            if not picture.size:
                continue
            file = io.BytesIO()
            Image.fromarray(grey(picture), "L").save(file, "PNG")
            image = Summary.Image(
                height=picture.shape[0],
                width=picture.shape[1],
                colorspace=1,
                encoded_image_string=file.getvalue(),
            )
            values.append(Summary.Value(tag=f"{tag}/{number}", image=image))
        self.add_summary(Summary(value=values), step)

    def graph(self, graph):
        """Writes a `GraphDef`."""
        from tensorboard.compat.proto.event_pb2 import Event

        self.add_event(Event(graph_def=graph.SerializeToString()))

    def flush(self):
        self._records.flush()

    def close(self):
        if not self._records.closed:
            self._records.close()

    def __del__(self):  # a training that failed did not come to its end
        if hasattr(self, "_records"):
            self.close()
