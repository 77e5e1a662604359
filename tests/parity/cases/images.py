"""Images: parameters drawn for a seed, pixels, the order of batches, folders, tables of files.

Keras 2.3.1 (keras_preprocessing 1.1.2) judges alone: tf_keras 2.21 turns images about another
point (`size / 2 - 0.5`), so that hardly a pixel is the same.
"""

import contextlib
import functools
import io
import os
import shutil
import tempfile
import warnings

import numpy as np

from . import KERAS, Case, Departure, Tolerance

WHY = "tf_keras 2.21 turns images about another point than Keras 2.3.1"
PIXELS = Tolerance(0, 0.01, "coordinates of pixels are float32 here and float64 in SciPy 1.4")
EIGHT_BITS = Tolerance(0, 2.01, "a pixel may round to the next of 256 levels, times 1.5")
SPLINES = "SciPy 1.6 corrected splines near the edge; hornbeam runs on a current SciPy"
REFLECTED = "SciPy 1.6 corrected `reflect` near the edge; the tests compare with a current SciPy"
WEIGHTS = "Keras gives a subset the weights of the first samples, whichever samples it has"

AFFINE = {
    "rotation_range": 20,
    "width_shift_range": 0.2,
    "height_shift_range": 0.3,
    "shear_range": 15.0,
    "zoom_range": 0.3,
}
FLIPS = {"horizontal_flip": True, "vertical_flip": True}


def pictures(random, count=5, rows=6, cols=7, channels=1):
    return (random.uniform(size=(count, rows, cols, channels)) * 255).astype("float32")


def generator(keras, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that one normalization overrides another
        return keras.preprocessing.image.ImageDataGenerator(**options)


def parameters(options):
    """What `get_random_transform` draws, for three seeds."""

    def case(keras, random):
        made = generator(keras, **options)
        found = {}
        for seed in (0, 1, 2):
            drawn = made.get_random_transform((10, 20, 3), seed=seed)
            for name, value in drawn.items():
                found["{} {}".format(name, seed)] = None if value is None else float(value)
        return found

    return case


def flow(keras, random, fit=None, channels=1, **options):
    """Two batches of a seed, the same out of order without one, and a single image."""
    x = pictures(random, channels=channels)
    y = np.arange(len(x))
    made = generator(keras, **options)
    if fit is not None:
        made.fit(x, **fit)
    batches = made.flow(x, y, batch_size=3, seed=11)
    found = {}
    for index in range(3):
        found["x{}".format(index)], found["y{}".format(index)] = next(batches)
    np.random.seed(5)
    found["second"] = made.flow(x, batch_size=3)[1]
    return found


def flowing(**options):
    return functools.partial(flow, **options)


def noisy(image):
    """A `preprocessing_function` that draws numbers itself."""
    return image * np.random.random()


def channels_first(keras, random):
    x = np.ascontiguousarray(pictures(random, channels=3).transpose(0, 3, 1, 2))
    made = generator(keras, data_format="channels_first", **dict(AFFINE, **FLIPS))
    return {"x": next(made.flow(x, batch_size=2, seed=2))}


def whitening(keras, random):
    x = random.normal(size=(60, 2, 3, 1)).astype("float32")
    made = generator(keras, zca_whitening=True, zca_epsilon=0.01)
    made.fit(x)
    return {"x": made.flow(x, batch_size=4, shuffle=False)[0], "mean": made.mean}


def along(keras, random):
    """More inputs, sample weights, and the two subsets."""
    x, more = pictures(random, 8), np.arange(16).reshape(8, 2)
    made = generator(keras, validation_split=0.5)
    found = {}
    for subset in ("training", "validation"):
        batches = made.flow(
            (x, [more, more[:, 0]]),
            np.arange(8) % 2,
            sample_weight=np.arange(8) / 8.0,
            batch_size=3,
            seed=1,
            subset=subset,
        )
        (images, first, second), y, weights = next(batches)
        found.update({"first " + subset: first, "second " + subset: second})
        found.update({"y " + subset: y, "weights " + subset: weights, "x " + subset: images})
        found["length " + subset] = len(batches)
    return found


def order(keras, random):
    """The order of batches over passes, by number and by `next`, with and without a seed."""
    x, y = np.zeros((10, 2, 2, 1)), np.arange(10)
    found = {}
    for name, options in (("seed", {"seed": 7}), ("no seed", {}), ("plain", {"shuffle": False})):
        np.random.seed(3)
        batches = generator(keras).flow(x, y, batch_size=4, **options)
        found[name + " next"] = [next(batches)[1].tolist() for _ in range(7)]
        batches = generator(keras).flow(x, y, batch_size=4, **options)
        read = []
        for _ in range(2):
            read += [batches[index][1].tolist() for index in (0, 2, 1)]
            batches.on_epoch_end()
        found[name + " numbers"] = read
        batches.reset()
        found[name + " reset"] = [batches.batch_index, batches.total_batches_seen]
    return found


def single_functions(keras, random):
    """The functions for one image."""
    image = keras.preprocessing.image
    x = pictures(random, channels=3)[0]
    axes = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
    found = {}
    for name, arguments in (
        ("random_rotation", (20,)),
        ("random_shift", (0.2, 0.3)),
        ("random_shear", (20,)),
        ("random_zoom", ((0.5, 1.5),)),
    ):
        np.random.seed(1)
        found[name] = getattr(image, name)(x, *arguments, **axes)
    np.random.seed(1)
    found["random_channel_shift"] = image.random_channel_shift(x, 30, channel_axis=2)
    np.random.seed(1)
    found["random_brightness"] = image.random_brightness(x, (0.5, 1.5))
    found["8 bits"] = image.apply_affine_transform(
        x.astype("uint8"), theta=20, tx=1.5, shear=10, zx=0.9, fill_mode="constant", cval=9
    )
    found["shifted first"] = image.random_shift(x.transpose(2, 0, 1), 0.2, 0.3)
    return found


def arrays_and_images(keras, random):
    image = keras.preprocessing.image
    found = {}
    for channels in (1, 3, 4):
        x = pictures(random, channels=channels)[0] - 50
        made = image.array_to_img(x)
        found["mode {}".format(channels)] = made.mode
        found["x {}".format(channels)] = image.img_to_array(made)
        plain = image.array_to_img(np.abs(x), scale=False)
        found["plain {}".format(channels)] = image.img_to_array(plain)
    deep = image.array_to_img(np.arange(12.0).reshape(3, 4, 1) * 100, scale=False)
    found["mode deep"] = deep.mode
    found["deep"] = image.img_to_array(deep)
    found["first"] = image.img_to_array(made, data_format="channels_first")
    return found


@contextlib.contextmanager
def folders(random, classes=(("cats", 5), ("dogs", 4), ("empty", 0))):
    """Files in folders, some a folder deeper, some with other endings."""
    from PIL import Image

    base = tempfile.mkdtemp()
    try:
        for name, count in classes:
            os.makedirs(os.path.join(base, name, "deep"))
            for number, x in enumerate(pictures(random, count, 8, 9, 3)):
                where = os.path.join(name, "deep" if number == 2 else "")
                ending = ("png", "BMP")[number % 2]
                path = os.path.join(base, where, "{}{}.{}".format(name, number, ending))
                Image.fromarray(x.astype("uint8")).save(path)
            open(os.path.join(base, name, "notes.txt"), "w").close()
        yield base
    finally:
        shutil.rmtree(base)


def quietly(function, *arguments, **options):
    """Returns a result and what was printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = function(*arguments, **options)
    return result, printed.getvalue()


def directory(**options):
    def case(keras, random):
        with folders(random) as base:
            made = generator(keras, validation_split=0.4, **AFFINE)
            batches, printed = quietly(
                made.flow_from_directory,
                base,
                target_size=(4, 5),
                batch_size=3,
                seed=1,
                **options
            )
            found = {"printed": printed, "length": len(batches)}
            found["names"] = [name.replace(os.sep, "/") for name in batches.filenames]
            found["classes"] = batches.classes
            found["class_indices"] = batches.class_indices
            for index in range(2):
                batch = next(batches)
                if not isinstance(batch, tuple):
                    batch = (batch,)
                for place, part in enumerate(batch):
                    found["part {} {}".format(index, place)] = part
        return found

    return case


def table(columns):
    """A pandas frame where there is pandas; hornbeam takes the columns as they are, too."""
    try:
        import pandas
    except ImportError:
        return columns
    return pandas.DataFrame(columns)


def dataframe(**options):
    def case(keras, random):
        with folders(random) as base:
            names = ["cats/cats0.png", "cats/cats1.BMP", "dogs/dogs0.png", "dogs/dogs1.BMP"]
            names += ["cats/missing.png", "cats/notes.txt", "dogs/dogs3.BMP"]
            frame = table(
                {
                    "filename": names,
                    "class": ["b", "a", "b", "a", "a", "b", "c"],
                    "v": list(range(7)),
                    "w": np.arange(7) / 7.0,
                }
            )
            batches, printed = quietly(
                generator(keras, **AFFINE).flow_from_dataframe,
                frame,
                base,
                target_size=(4, 5),
                batch_size=4,
                seed=1,
                **options
            )
            found = {"printed": printed, "names": list(batches.filenames)}
            batch = next(batches)
            if not isinstance(batch, tuple):
                batch = (batch,)
            for place, part in enumerate(batch):
                parts = part if isinstance(part, list) else [part]
                for number, array in enumerate(parts):
                    found["part {} {}".format(place, number)] = array
        return found

    return case


def judged(run, *tolerances, **options):
    tolerances = tolerances or (PIXELS,)
    return Case(run, tolerances=tolerances, oracles=(KERAS,), why=WHY, **options)


_EVERYTHING = dict(AFFINE, **FLIPS)

CASES = {
    "parameters all": judged(
        parameters(dict(_EVERYTHING, channel_shift_range=10, brightness_range=(0.5, 1.5)))
    ),
    "parameters none": judged(parameters({})),
    "parameters integers": judged(
        parameters({"width_shift_range": 5, "height_shift_range": [1, 3, 5]})
    ),
    "parameters pixels": judged(
        parameters({"width_shift_range": 5.0, "height_shift_range": (0.1, 0.4)})
    ),
    "parameters pair": judged(parameters({"zoom_range": (0.5, 0.9), "height_shift_range": 1})),
    "flow all": judged(flowing(**_EVERYTHING)),
    "flow color": judged(flowing(channels=3, **_EVERYTHING)),
    "flow constant": judged(flowing(fill_mode="constant", cval=7.0, **_EVERYTHING)),
    "flow wrap": judged(flowing(fill_mode="wrap", **_EVERYTHING)),
    "flow reflect": judged(
        flowing(fill_mode="reflect", **_EVERYTHING),
        departures=[Departure(REFLECTED, "x*"), Departure(REFLECTED, "second")],
    ),
    "flow integers": judged(flowing(width_shift_range=3, height_shift_range=[1, 2])),
    "flow flips": judged(flowing(**FLIPS)),
    "flow order 0": judged(flowing(interpolation_order=0, rotation_range=30)),
    "flow order 3": judged(
        flowing(interpolation_order=3, rotation_range=30),
        departures=[Departure(SPLINES, "x*"), Departure(SPLINES, "second")],
    ),
    "flow channel shift": judged(flowing(channel_shift_range=40.0, **_EVERYTHING)),
    "flow brightness": judged(
        flowing(channels=3, brightness_range=(0.5, 1.5), **_EVERYTHING), EIGHT_BITS
    ),
    "flow samplewise": judged(
        flowing(
            samplewise_center=True,
            samplewise_std_normalization=True,
            rescale=1 / 255.0,
            **_EVERYTHING
        )
    ),
    "flow featurewise": judged(
        flowing(
            fit={"augment": True, "rounds": 2, "seed": 3},
            featurewise_center=True,
            featurewise_std_normalization=True,
            **_EVERYTHING
        )
    ),
    "flow function": judged(flowing(preprocessing_function=noisy, rescale=0.5, **_EVERYTHING)),
    "channels first": judged(channels_first),
    "whitening": judged(whitening),
    "along": judged(along, departures=[Departure(WEIGHTS, "weights training")]),
    "order": judged(order),
    "functions": judged(
        single_functions, Tolerance(0, 1.01, EIGHT_BITS.reason, "random_brightness"), PIXELS
    ),
    "arrays": judged(arrays_and_images),
    "directory": judged(directory()),
    "directory sparse": judged(
        directory(class_mode="sparse", color_mode="grayscale", interpolation="bilinear")
    ),
    "directory binary": judged(directory(class_mode="binary", classes=["dogs", "cats"])),
    "directory validation": judged(directory(class_mode=None, subset="validation")),
    "directory training": judged(directory(class_mode="input", subset="training")),
    "dataframe": judged(dataframe(weight_col="w")),
    "dataframe classes": judged(dataframe(classes=["b", "a"], class_mode="binary")),
    "dataframe raw": judged(dataframe(class_mode="raw", y_col=["v", "w"])),
    "dataframe outputs": judged(dataframe(class_mode="multi_output", y_col=["v", "w"])),
    "dataframe alone": judged(dataframe(class_mode=None)),
}
