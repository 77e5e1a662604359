"""Writes model files, and reads those of another Keras; runs in every Keras alike.

    python -m tests.parity.files.exchange write keras FOLDER
    python -m tests.parity.files.exchange read tf_keras FOLDER

FOLDER holds, for each model, its files and an `.npz` with inputs and what the writer computed. The
names of the oracles are those of their modules: `keras` (Keras 3) and `tf_keras`.
"""

import importlib
import os
import sys
import warnings

import numpy as np

from . import families

WRITES = {"keras": (".keras", ".h5"), "tf_keras": (".h5",), "hornbeam": (".keras", ".h5")}
# Keras 3 reads only few HDF5 files of Keras 2, those of tf_keras included; it is given none.
READS = {"keras": (".keras", ".weights.h5"), "tf_keras": (".h5", ".weights.h5")}
TOLERANCE = 1e-5
STEPS = 3
# Models that another Keras writes and hornbeam refuses, or the other way round.
NOT_WRITTEN = {  # bilinear interpolation of TensorFlow 1, which they do not have
    ("hornbeam", ".keras"): ("renamed_formulas",),
    ("hornbeam", ".h5"): ("renamed_formulas",),
}
# A model's code means another formula there: only whole models are exchanged.
NOT_AS_WEIGHTS = ("renamed_formulas", "old_gates")
# Optimizers whose rule differs in its small print, so that training goes on a little otherwise:
# Keras 3 and tf.keras add RMSprop's epsilon below the root; tf_keras counts Nadam's momenta anew
# and does not save them; Keras 2.3.1's Nadam slows down its momenta, that of Keras 3 does not.
LOOSE = {"rmsprop": 1e-4, "adagrad": 1e-5, "nadam": 1e-2}


def trained(keras, name):
    """A model after three steps of training, as `fit` leaves it."""
    model = families.trained(keras, name)
    families.set_weights(model)
    train(model)
    return model


def train(model):
    inputs, targets = families.training_data()
    model.fit(inputs, targets, batch_size=8, epochs=STEPS, shuffle=False, verbose=0)


def write(keras, kind, folder):
    """Writes the files of all families and optimizers into a folder."""
    for name, family in families.FAMILIES.items():
        model = family(keras)
        families.set_weights(model)
        inputs = families.inputs_of(model, name)
        base = os.path.join(folder, name)
        for ending in WRITES[kind]:
            if name not in NOT_WRITTEN.get((kind, ending), ()):
                model.save(base + ending)
        if name not in NOT_AS_WEIGHTS:
            model.save_weights(base + ".weights.h5")
        _store(base, inputs, families.predicted(model, inputs))
    for name in families.OPTIMIZERS:
        model = trained(keras, name)
        base = os.path.join(folder, "optimizer_" + name)
        for ending in WRITES[kind]:
            model.save(base + ending)
        train(model)
        _store(base, [], model.get_weights())


def _store(base, inputs, outputs):
    arrays = {"input_%d" % index: value for index, value in enumerate(inputs)}
    arrays.update({"output_%d" % index: value for index, value in enumerate(outputs)})
    np.savez_compressed(base + ".npz", **arrays)


def expected(path):
    """The inputs and outputs of a file, as two lists."""
    with np.load(path, allow_pickle=False) as file:
        return tuple(
            [
                file["%s_%d" % (kind, index)]
                for index in range(len(file.files))
                if "%s_%d" % (kind, index) in file.files
            ]
            for kind in ("input", "output")
        )


def problem(keras, name, path):
    """What is wrong with a file, in a sentence; '' if it is read and computes the same."""
    folder, base = os.path.split(path)
    inputs, outputs = expected(os.path.join(folder, name + ".npz"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if path.endswith(".weights.h5"):
                model = families.FAMILIES[name](keras)
                model.load_weights(path)
            else:
                model = keras.models.load_model(path, compile=not inputs)
            if inputs:
                found = families.predicted(model, inputs)
                limit = TOLERANCE
            else:
                train(model)
                found = model.get_weights()
                limit = LOOSE.get(name[len("optimizer_") :], 2e-6)
    except Exception as error:
        return "{}: {}: {}".format(base, type(error).__name__, str(error)[:300])
    if [part.shape for part in found] != [part.shape for part in outputs]:
        return "{}: other shapes".format(base)
    worst = max(float(np.max(np.abs(a - b))) for a, b in zip(found, outputs))
    return "" if worst <= limit else "{}: differs by {:.1e}".format(base, worst)


def read(keras, kind, folder):
    """Reads the files in a folder, prints what is wrong, returns how many files are."""
    count = wrong = 0
    for file in sorted(os.listdir(folder)):
        name = file.split(".")[0]
        if not file.endswith(READS[kind]) or file.endswith(".npz"):
            continue
        if file.endswith(".h5") and not file.endswith(".weights.h5") and ".h5" not in READS[kind]:
            continue
        sentence = problem(keras, name, os.path.join(folder, file))
        count += 1
        wrong += bool(sentence)
        if sentence:
            print("  hornbeam's file in {}: {}".format(kind, sentence))
    print("{}: {} files of hornbeam's read".format(kind, count))
    return wrong if count else 1


def main(what, kind, folder):
    keras = importlib.import_module(kind)
    if what == "write":
        return write(keras, kind, folder) or 0
    return 1 if read(keras, kind, folder) else 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main(*sys.argv[1:]))
