"""Parts of TensorFlow that hornbeam has nothing like, and what a program can do instead."""

from types import ModuleType

__all__ = ["ABSENT", "Absent", "teller", "word"]

_GRAPHS = (
    "hornbeam writes no TensorFlow graphs. Save the model as .h5 or .keras (model.save), which "
    "TensorFlow loads as well, and convert it there."
)
_ESTIMATORS = "Estimators are gone from TensorFlow too: build a Keras model and call fit."
_COLUMNS = "Prepare the columns with pandas or keras.layers (Normalization, IntegerLookup, ...)."
_RECORDS = (
    "TFRecord files are not read or written: convert them to .npz or HDF5 where TensorFlow is "
    "installed, and read these with numpy.load or HDF5Matrix."
)
_TEXT = "Tensors hold numbers here: prepare text in Python, or with keras.preprocessing.text."

# Name below `tensorflow` -> what to do.
ABSENT = {
    "audio": "Read sound with scipy.io.wavfile or librosa.",
    "contrib": "It went with TensorFlow 1: most of it is in tensorflow.keras (layers, optimizers).",
    "data.experimental.service": "Several hosts are not provided.",
    "data.TFRecordDataset": _RECORDS,
    "data.TextLineDataset": "Read lines in Python, with Dataset.from_generator.",
    "estimator": _ESTIMATORS,
    "examples": (
        "Load MNIST with keras.datasets.mnist.load_data(): images are 28 x 28 numbers up to 255."
    ),
    "feature_column": _COLUMNS,
    **dict.fromkeys(
        [
            "io.FixedLenFeature", "io.FixedLenSequenceFeature", "io.TFRecordWriter",
            "io.VarLenFeature", "io.parse_example", "io.parse_sequence_example",
            "io.parse_single_example", "io.tf_record_iterator", "python_io", "train.BytesList",
            "train.Example", "train.Feature", "train.Features", "train.FloatList",
            "train.Int64List", "train.SequenceExample",
        ],
        _RECORDS,
    ),
    "lite": _GRAPHS,
    "lookup": "Look words up in a Python dict, numbers with keras.layers.IntegerLookup.",
    "profiler": "Measure with jax.profiler.trace(folder), or TensorBoard(profile_batch=...).",
    "quantization": "Quantize the saved model where TensorFlow is installed.",
    "queue": "Use a Python queue, or hand fit a generator or a Sequence.",
    "ragged": "Pad sequences with keras.preprocessing.sequence.pad_sequences and use Masking.",
    "raw_ops": "Use the functions of tensorflow, tensorflow.math, tensorflow.nn.",
    "saved_model": _GRAPHS,
    "sets": "Use numpy.intersect1d, numpy.setdiff1d, numpy.union1d.",
    "sparse": "Tensors are dense here; scipy.sparse matrices are taken where Keras takes them.",
    "strings": _TEXT,
    "tpu": "JAX finds TPUs by itself: run the program on a machine that has them.",
    "keras.dtensor": "Weights are whole on each device here.",
    "keras.estimator": _ESTIMATORS,
    "keras.export": _GRAPHS,
}


def word(name):
    """Returns what an error says about a name below `tensorflow`, or None for any other name."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        found = ABSENT.get(".".join(parts[:count]))
        if found is not None:
            return f"tensorflow.{name} is not provided by hornbeam. {found}"
    return None


def teller(below):
    """Returns the `__getattr__` of a module below `tensorflow`: it tells what is not there."""

    def __getattr__(name):
        if name.startswith("__"):
            raise AttributeError(f"module 'tensorflow.{below}' has no attribute {name!r}")
        path = f"{below}.{name}"
        raise AttributeError(word(path) or f"tensorflow.{path} is not provided by hornbeam.")

    return __getattr__


class Absent(ModuleType):
    """A module that can be imported; its names say what to do instead."""

    def __init__(self, name):
        super().__init__(f"tensorflow.{name}", word(name))
        self.__dict__.update(__path__=[], _below=name)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        raise AttributeError(word(f"{self._below}.{name}"))
