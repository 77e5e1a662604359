"""Has an original Keras write model files: `python generate.py FOLDER [CASE ...]`.

It is run in the environment of that Keras; see the README. The archive holds, for each case,
`CASE.h5`, and in `CASE.npz` the inputs and what the original says of them. `KERAS_BACKEND` and
`KERAS_ORDERING` (`tf` or `th`) choose the backend and the ordering of the axes.
"""

import io
import json
import os
import sys
import tarfile
import tempfile
import warnings

warnings.simplefilter("ignore")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
if os.environ.get("KERAS_BACKEND") == "theano":
    import theano.ifelse  # noqa: F401  Keras 1 uses it without importing it
    import theano.sandbox.rng_mrg  # noqa: F401
import keras  # noqa: E402  after Theano and the settings
import keras.backend as K  # noqa: E402
import numpy as np  # noqa: E402

if K.backend() == "tensorflow":
    import tensorflow

    tensorflow.compat.v1.logging.set_verbosity("ERROR")
    # Else an update may change a weight that a gradient, or another update, has yet to read.
    make_function = K.function

    class Later:
        """The backend as the optimizers see it."""

        update = staticmethod(lambda x, new_x: (x, new_x))
        update_add = staticmethod(lambda x, increment: (x, x + increment))

        def __getattr__(self, name):
            return getattr(K, name)

    keras.optimizers.K = Later()

    def function(inputs, outputs, updates=(), **kwargs):
        updates = sum((u if isinstance(u, list) else [u] for u in updates or ()), [])
        pairs = [update for update in updates if isinstance(update, tuple)]
        others = [update for update in updates if not isinstance(update, tuple)]
        before = [part for part in outputs if hasattr(part, "op")]
        before += [tensorflow.identity(new) for _, new in pairs]
        with tensorflow.control_dependencies(before):
            assigned = [tensorflow.assign(x, tensorflow.identity(new)) for x, new in pairs]
        return make_function(inputs, outputs, updates=assigned + others, **kwargs)

    K.function = function

KERAS_1 = keras.__version__.startswith("1")
ORDERING = os.environ.get("KERAS_ORDERING", "tf")
if KERAS_1:
    K.set_image_dim_ordering(ORDERING)
else:
    K.set_image_data_format({"tf": "channels_last", "th": "channels_first"}[ORDERING])

random = np.random.RandomState(0)


def image(batch, *sizes_and_channels):
    """Random pictures, in the ordering of the axes that is set."""
    *sizes, channels = sizes_and_channels
    shape = sizes + [channels] if ORDERING == "tf" else [channels] + sizes
    return numbers(batch, *shape)


def numbers(*shape):
    return random.uniform(-1, 1, shape).astype("float32")


def fill(model):
    """Gives every weight numbers of its own, small enough for any layer."""
    for weight in model.weights:
        value = random.uniform(-0.6, 0.6, K.get_value(weight).shape)
        if "running_std" in weight.name or "variance" in weight.name:
            value = np.abs(value) + 0.5
        K.set_value(weight, value.astype("float32"))


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def loss_of(result):
    return float(as_list(result)[0])


def record(archive, name, make):
    K.clear_session() if K.backend() == "tensorflow" else None
    global random
    random = np.random.RandomState(sum(map(ord, name)))
    model, x, y = make()
    fill(model)
    if y is not None:
        for _ in range(3):
            model.train_on_batch(x, y)
    arrays = {"x%d" % place: part for place, part in enumerate(as_list(x))}
    if y is not None:
        arrays.update(("y%d" % place, part) for place, part in enumerate(as_list(y)))
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "model.h5")
    model.save(path)
    write(archive, name + ".h5", contents(path))
    if name in WEIGHTS_ALONE:
        model.save_weights(path, overwrite=True)
        write(archive, name + ".weights.h5", contents(path))
        write(archive, name + ".json", model.to_json().encode())
    if getattr(model, "stateful", False):
        model.reset_states()
    arrays.update(answers(model, x, "predicted"))
    if y is not None:
        arrays["losses"] = np.array([loss_of(model.train_on_batch(x, y)) for _ in range(2)])
        arrays.update(answers(model, x, "after"))
    buffer = io.BytesIO()
    np.savez(buffer, **{key: np.asarray(value) for key, value in sorted(arrays.items())})
    write(archive, name + ".npz", buffer.getvalue())


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def answers(model, x, name):
    """Predictions in the shapes that the model declares: Keras 1's cosine has one axis more."""
    outputs = as_list(model.predict(x, batch_size=len(as_list(x)[0])))
    shapes = model.output_shape if isinstance(model.output_shape, list) else [model.output_shape]
    return {
        name + str(place): output.reshape((-1,) + tuple(shape[1:])) if output.ndim != len(shape)
        else output
        for place, (output, shape) in enumerate(zip(outputs, shapes))
    }


def write(archive, name, data):
    """Puts a file into the archive, which is a dict until it is whole."""
    archive[name] = data


def read_archive(path):
    if not os.path.exists(path):
        return {}
    with tarfile.open(path) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


def write_archive(path, files):
    with tarfile.open(path, "w:xz") as archive:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)  # without owner and time: the same again
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


WEIGHTS_ALONE = ("recurrent", "convolutions_2d", "nested", "sequential")
# What the backend and the ordering of the axes can change.
LAID_OUT = (
    "convolutions_1d",
    "convolutions_2d",
    "conv_lstm",
    "convolutions_2d_pooled",
    "convolutions_3d",
    "deconvolution",
    "deconvolution_3d",
    "depthwise",
    "nested",
    "optimizer_adam",
    "optimizer_sgd",
    "separable",
    "separable_1d",
    "sequential",
    "time_distributed",
)


def main():
    sys.modules["generate"] = sys.modules["__main__"]
    if KERAS_1:
        import keras_1_cases as cases
    else:
        import keras_2_cases as cases
    folder, only = sys.argv[1], sys.argv[2:]
    if not only and (K.backend(), ORDERING) != ("tensorflow", "tf"):
        only = LAID_OUT
    name = "-".join((keras.__version__, K.backend(), ORDERING))
    path = os.path.join(folder, name + ".tar.xz")
    archive = read_archive(path) if sys.argv[2:] else {}  # some cases are made anew
    about = json.loads(archive.get("about.json", b"{}").decode())
    problems = about.get("left out", {})
    for make in cases.CASES:
        if only and make.__name__ not in only:
            continue
        try:
            record(archive, make.__name__, make)
        except cases.Impossible as error:
            problems[make.__name__] = str(error)
        except Exception as error:  # the original itself cannot do it
            if (K.backend(), ORDERING) == ("tensorflow", "tf"):
                raise
            problems[make.__name__] = "It fails: " + str(error).splitlines()[0]
    about = {
        "keras": keras.__version__,
        "backend": K.backend(),
        "ordering": ORDERING,
        "left out": problems,
    }
    write(archive, "about.json", json.dumps(about, indent=1, sort_keys=True).encode())
    write_archive(path, archive)
    print(about)


if __name__ == "__main__":
    main()
