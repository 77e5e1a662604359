"""Records what an original Keras writes for TensorBoard: tags, kinds, steps, and some values.

    python record_tensorboard.py keras FOLDER      # under Keras 2.3.1 with TensorFlow 1.15
    python record_tensorboard.py tf_keras FOLDER   # under tf_keras 2.21

FOLDER is for scratch files. The result goes to standard output, and from there into
`golden/tensorboard-keras-2.3.1.json` and `golden/tensorboard-tf_keras-2.21.json`;
`test_tensorboard.py` holds hornbeam to them. Runs on Python 3.7 as well.
"""

import importlib
import io
import json
import os
import sys

import numpy as np

# name -> (arguments of TensorBoard, arguments of fit)
CASES = {
    "scalars": ({"write_graph": False}, {"validation_split": 0.25}),
    "batches": ({"write_graph": False, "update_freq": "batch"}, {}),
    "every": ({"write_graph": False, "update_freq": 9}, {}),
    "histograms": (
        {"write_graph": False, "histogram_freq": 2, "write_images": True, "batch_size": 8},
        {"validation_split": 0.5},
    ),
    "gradients": (
        {"write_graph": False, "histogram_freq": 1, "write_grads": True, "batch_size": 8},
        {"validation_split": 0.5, "epochs": 1},
    ),
}
WITH_VALUES = ("histograms", "gradients")
ONLY_KERAS_231 = ("gradients",)    # `write_grads`, `batch_size`


def model_of(keras):
    """A small network with a kernel for pictures, one of rank 2 and biases."""
    layers = keras.layers
    model = keras.models.Sequential([
        layers.Conv2D(3, (2, 2), activation="relu", input_shape=(4, 4, 1), name="conv"),
        layers.Flatten(name="flat"),
        layers.Dropout(0.25, name="drop"),
        layers.Dense(2, name="dense"),
    ])
    model.compile("sgd", "mse", metrics=["mae"])
    random = np.random.RandomState(1)
    model.set_weights([random.normal(size=w.shape) for w in model.get_weights()])
    keras.backend.set_value(model.optimizer.lr, 0.0)    # the weights stay as they are
    return model


def run(keras, folder, name, **changes):
    """Trains one case; `changes` are further arguments of TensorBoard."""
    arguments, options = CASES[name]
    random = np.random.RandomState(0)
    x, y = random.rand(16, 4, 4, 1), random.rand(16, 2)
    options = dict({"epochs": 3}, **options)
    callback = keras.callbacks.TensorBoard(folder, **dict(arguments, **changes))
    model = model_of(keras)
    model.fit(x, y, batch_size=4, verbose=0, callbacks=[callback], **options)
    return model


def entries(folder):
    """What stands in the event files below `folder`: `{folder: {tag: [kind, steps]}}`."""
    from tensorboard.backend.event_processing import event_file_loader as loaders

    # The plain loader of newer versions turns every value into a tensor.
    reader = getattr(loaders, "LegacyEventFileLoader", loaders.EventFileLoader)
    found = {}
    for place, _, files in sorted(os.walk(folder)):
        tags = found.setdefault(os.path.relpath(place, folder), {})
        for file in sorted(files):
            if "tfevents" not in file:
                continue
            for event in reader(os.path.join(place, file)).Load():
                for value in event.summary.value:
                    kind = value.WhichOneof("value")
                    if kind == "tensor":
                        kind = value.metadata.plugin_data.plugin_name or kind
                    tags.setdefault(value.tag, [kind, []])[1].append(event.step)
    return {place: tags for place, tags in found.items() if tags}


def values(folder):
    """The histograms and pictures of step 0 below `folder`."""
    from PIL import Image
    from tensorboard.backend.event_processing import event_file_loader as loaders

    reader = getattr(loaders, "LegacyEventFileLoader", loaders.EventFileLoader)
    found = {}
    for file in os.listdir(folder):
        for event in reader(os.path.join(folder, file)).Load():
            for value in event.summary.value if event.step == 0 else ():
                if value.WhichOneof("value") == "histo":
                    histogram = value.histo
                    found[value.tag] = {
                        name: [float("%.5g" % v) for v in np.atleast_1d(getattr(histogram, name))]
                        for name in ("min", "max", "num", "sum", "sum_squares", "bucket_limit",
                                     "bucket")
                    }
                elif value.WhichOneof("value") == "image":
                    picture = Image.open(io.BytesIO(value.image.encoded_image_string))
                    found[value.tag] = np.asarray(picture).tolist()
    return found


def main():
    library, folder = sys.argv[1:]
    keras = importlib.import_module(library)
    found = {}
    for name in CASES:
        if library != "keras" and name in ONLY_KERAS_231:
            continue
        changes = {}
        if library != "keras" and "batch_size" in CASES[name][0]:
            CASES[name][0].pop("batch_size")
        place = os.path.join(folder, name)
        keras.backend.clear_session()    # TensorFlow 1 merges the summaries of all models
        run(keras, place, name, **changes)
        found[name] = entries(place)
        if name in WITH_VALUES and library == "keras":
            found[name + " values"] = values(place)
    json.dump(found, sys.stdout, indent=None, sort_keys=True)


if __name__ == "__main__":
    main()
