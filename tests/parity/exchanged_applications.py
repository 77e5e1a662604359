"""Whole models at their own image size: an original writes weights and predicts, hornbeam reads.

    python -m tests.parity.exchanged_applications write keras-2.3.1 FOLDER vgg16.VGG16

`regenerate.py` runs this, model by model, in each oracle's Python; nothing is stored.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np

from .cases import KERAS, TF_KERAS
from .cases.applications import MODELS, fill, function

TOLERANCE = 1e-4  # of the largest number: rounding of up to a hundred layers adds up
CLASSES = 1000

# Where random weights amplify rounding so much that Keras 2.3.1 itself is 5e-5 from what float64
# gives, and hornbeam 1.1e-4: smaller kernels in the residual branches.
GAINS = {"resnext.ResNeXt101": 0.8}


def models_of(oracle):
    """The models that an oracle has: tf.keras's resnet50 is its resnet, and it has no ResNeXt."""
    names = ["{}.{}".format(*pair) for pair in MODELS]
    if oracle == TF_KERAS:
        names = [name for name in names if not name.startswith(("resnet50.", "resnext."))]
    return names


def image_of(model):
    return np.random.RandomState(1).normal(size=(1,) + tuple(model.input_shape[1:])).astype("f")


def write(keras, name, folder):
    """Writes a model's weights and its prediction into a folder."""
    model = function(keras, *name.split("."))(weights=None, classes=CLASSES)
    fill(model, np.random.RandomState(2), GAINS.get(name, 1.0))
    spread_predictions(keras, model)
    model.save_weights(os.path.join(folder, "weights.h5"))
    np.save(os.path.join(folder, "prediction.npy"), model.predict(image_of(model)))


def spread_predictions(keras, model):
    """Scales the classifier so that its softmax tells the features: neither flat nor one-hot."""
    top = [layer for layer in model.layers if layer.get_weights()][-1]
    x = keras.models.Model(model.input, top.input).predict(image_of(model))
    kernel, bias = top.get_weights()
    logits = x.reshape(1, -1).dot(kernel.reshape(-1, kernel.shape[-1]))
    top.set_weights([kernel * (2.0 / logits.std()), bias])


def problem(oracle, name, folder):
    """What hornbeam makes of the files, in a sentence; '' if it computes the same."""
    import hornbeam

    path = os.path.join(folder, "weights.h5")
    expected = np.load(os.path.join(folder, "prediction.npy"))
    build = function(hornbeam, *name.split("."))
    model = build(weights=path, classes=CLASSES)
    found = model.predict(image_of(model))
    error = float(np.abs(found - expected).max() / expected.max())
    if not error <= TOLERANCE:
        return "predictions differ by {:.1e}".format(error)
    if oracle == TF_KERAS:  # it has other names
        return ""
    hornbeam.backend.clear_session()  # layers without a name are counted from one again
    by_name = build(weights=None, classes=CLASSES)
    by_name.load_weights(path, by_name=True)
    for loaded, layer in zip(by_name.layers, model.layers):
        for one, other in zip(loaded.get_weights(), layer.get_weights()):
            if not np.array_equal(one, other):
                return "by name, {} got other weights".format(layer.name)
    return ""


def compare(oracle, python, chosen=()):
    """Exchanges all models with an oracle; returns how many are wrong."""
    import hornbeam

    count = 0
    environment = {key: value for key, value in os.environ.items() if key[:6] != "PYTHON"}
    for name in chosen or models_of(oracle):
        hornbeam.backend.clear_session()
        with tempfile.TemporaryDirectory() as folder:
            command = [python, "-W", "ignore", "-m", __name__, "write", oracle, folder, name]
            done = subprocess.run(command, env=environment, stderr=subprocess.DEVNULL)
            failed = "could not be written" if done.returncode else ""
            sentence = failed or problem(oracle, name, folder)
        if sentence:
            count += 1
            print("  {}'s {} in hornbeam: {}".format(oracle, name, sentence))
    return count


def main(what, oracle, folder, name):
    from .oracle import load

    assert what == "write" and oracle in (KERAS, TF_KERAS), (what, oracle)
    write(load(oracle), name, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
