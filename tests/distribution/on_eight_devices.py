"""Does the same work on one device and on eight, and prints what came of it as JSON.

Run by `test_eight_devices.py` in a process of its own, which sees eight CPU devices.
"""

import functools
import json
import re
import sys
import warnings

import jax
import numpy as np

import hornbeam as keras
from hornbeam import distribution as D
from hornbeam import layers as L
from hornbeam.compat.tensorflow import distribute
from hornbeam.models import Model, Sequential, load_model
from hornbeam.utils import multi_gpu_model

SAMPLES = 44  # batches of 16, 16 and 12: eight devices cannot split the last


def dense():
    return [
        L.Dense(8, activation="tanh", input_shape=(6,)),
        L.BatchNormalization(),
        L.Dropout(0.3, seed=3),
        L.Dense(4, activation="softmax"),
    ]


def convolutional():
    return [
        L.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 2)),
        L.BatchNormalization(),
        L.MaxPooling2D(),
        L.Flatten(),
        L.Dense(4, activation="softmax"),
    ]


def depthwise():
    """So wide that its kernel works on few samples at a time."""
    return [
        L.DepthwiseConv2D((1, 2), input_shape=(1, 41, 512)),
        L.GlobalAveragePooling2D(),
        L.Dense(4, activation="softmax"),
    ]


def recurrent():
    return [
        L.Masking(input_shape=(5, 3)),
        L.LSTM(4, dropout=0.2),
        L.Dense(4, activation="softmax"),
    ]


def sequential(layers, seed=0):
    model = Sequential(layers())
    draw = np.random.RandomState(seed)
    for variable in model.weights:
        if "variance" not in variable.name:
            variable.set_value(draw.normal(scale=0.3, size=variable.shape))
    return model


def data(model, seed=0):
    draw = np.random.RandomState(seed)
    x = draw.rand(SAMPLES, *model.input_shape[1:]).astype("float32")
    return x, np.eye(4)[draw.randint(0, 4, SAMPLES)], draw.rand(SAMPLES)


def trained(layers, ends=16):
    """Trains on arrays, tests and predicts on as many of them as `ends` says."""
    np.random.seed(0)
    model = sequential(layers)
    x, y, weights = data(model)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy", "mae"])
    fit = model.fit(x, y, batch_size=16, epochs=3, verbose=0, sample_weight=weights)
    return {
        "fit": fit.history,
        "evaluate": model.evaluate(x[:ends], y[:ends], batch_size=16, verbose=0),
        "predict": model.predict(x[:ends], batch_size=16),
        "weights": [variable.get_value() for variable in model.weights],
        "optimizer": [variable.get_value() for variable in model.optimizer.weights],
        "devices": devices_of(model),
    }


def batch_by_batch():
    """Trains, tests and predicts where the host sees every batch."""
    np.random.seed(0)
    model = sequential(dense)
    x, y, weights = data(model)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    seen = []
    hear = keras.callbacks.LambdaCallback(on_batch_end=lambda i, logs: seen.append(logs["loss"]))
    listened = model.fit(x, y, batch_size=16, verbose=0, callbacks=[hear])
    stream = ((x[i : i + 16], y[i : i + 16]) for i in (0, 16, 32))
    return {
        "listened": [listened.history, seen],
        "streamed": model.fit(stream, steps_per_epoch=3, verbose=0).history,
        "train_on_batch": [model.train_on_batch(x[:n], y[:n]) for n in (16, 12)],
        "test_on_batch": model.test_on_batch(x[:16], y[:16], sample_weight=weights[:16]),
        "evaluate": model.evaluate(x, y, batch_size=16, verbose=0),
        "predict_on_batch": model.predict_on_batch(x[:3]),
        "weights": [variable.get_value() for variable in model.weights],
    }


def devices_of(model):
    return len(model.weights[0].on_device().sharding.device_set)


def collectives(layers):
    """What a training step's devices tell each other, by name."""
    model = sequential(layers)
    model.compile("sgd", "categorical_crossentropy")
    x, y, _ = data(model)
    batch = [x[:16]], [np.float32(y[:16])], [None]
    step = model.trainer.step("train", batch, True)
    word = np.uint32(0)
    arguments = step.state_values(), step.constant_values(), word, word
    single = step._single.lower(*arguments, step.placement.batch(batch))
    whole, order = step.placement.whole(batch), np.arange(16, dtype="int32")
    loop = step._loop.lower(*arguments, whole, order, np.int32(0), np.int32(1), 16)
    names = r" (all-gather|all-to-all|collective-permute|reduce-scatter|all-reduce)(?:-start)?\("
    texts = [program.compile().as_text() for program in (single, loop)]
    return [sorted(set(re.findall(names, text))) for text in texts]


def two_inputs():
    a, b = L.Input((6,)), L.Input((3,))
    x = L.concatenate([L.Dense(8, activation="tanh")(a), b])
    outputs = [L.Dense(4, activation="softmax", name="kind")(x), L.Dense(1, name="size")(x)]
    model = Model([a, b], outputs)
    draw = np.random.RandomState(0)
    model.set_weights([draw.rand(*weight.shape) for weight in model.get_weights()])
    return model


def by_gpus(gpus, path=None):
    np.random.seed(0)
    base = two_inputs()
    draw = np.random.RandomState(1)
    a, b = draw.rand(SAMPLES, 6), draw.rand(SAMPLES, 3)
    y = {"kind": np.eye(4)[draw.randint(0, 4, SAMPLES)], "size": draw.rand(SAMPLES, 1)}
    model = base if gpus is None else multi_gpu_model(base, gpus)
    model.compile("sgd", {"kind": "categorical_crossentropy", "size": "mse"}, metrics=["mae"])
    history = model.fit([a, b], y, batch_size=16, epochs=2, verbose=0).history
    found = {
        "history": history,
        "weights": base.get_weights(),
        "predictions": model.predict([a, b]),
        "names": model.output_names,
        "devices": devices_of(base),
    }
    if path is not None:
        model.save(path)
        found["loaded"] = load_model(path).predict([a, b])
    return found


def mirrored(strategy):
    """A model made in a strategy's scope: `fit` outside of it, then a loop of one's own."""
    np.random.seed(0)
    with strategy.scope():
        model = sequential(dense)
    model.compile("adam", "categorical_crossentropy")
    x, y, _ = data(model)
    history = model.fit(x, y, batch_size=16, verbose=0).history

    def step(x, y):
        return keras.backend.mean(keras.losses.categorical_crossentropy(y, model(x)))

    batch = x[:16], np.float32(y[:16])
    found = strategy.reduce("MEAN", strategy.run(step, args=batch), axis=None)
    return {
        "history": history,
        "loss": np.asarray(keras.backend.eval(found)),
        "replicas": strategy.num_replicas_in_sync,
        "devices": devices_of(model),
    }


def split_weights(distribution):
    D.set_distribution(distribution)
    np.random.seed(0)
    first = L.Dense(8, activation="tanh", input_shape=(6,), name="wide")
    model = sequential(lambda: [first, L.Dense(4, activation="softmax", name="out")])
    model.compile("adam", "categorical_crossentropy")
    x, y, _ = data(model)
    history = model.fit(x, y, batch_size=16, epochs=2, verbose=0).history
    kernel, slot = model.weights[0], model.optimizer.weights[1]
    D.set_distribution(None)
    return {
        "history": history,
        "weights": model.get_weights(),
        "predict": model.predict(x),
        "layout": [list(getattr(v.on_device().sharding, "spec", ())) for v in (kernel, slot)],
    }


def main(path):
    facts = {"all devices": D.list_devices()}
    models = dense, convolutional, recurrent
    work = {layers.__name__: functools.partial(trained, layers) for layers in models}
    work["dense"] = functools.partial(trained, dense, SAMPLES)
    work["batch_by_batch"] = batch_by_batch
    for name, function in work.items():
        facts[name] = [function()]
        D.set_distribution(D.DataParallel())
        facts[name].append(function())
        D.set_distribution(None)
    with D.DataParallel().scope():
        facts["collectives"] = {
            layers.__name__: collectives(layers) for layers in (*models, depthwise)
        }
    facts["multi_gpu"] = [by_gpus(None), by_gpus([0, 2, 5, 7], path)]
    strategies = distribute.OneDeviceStrategy("/cpu:0"), distribute.MirroredStrategy()
    facts["mirrored"] = [mirrored(strategy) for strategy in strategies]
    mesh = D.DeviceMesh((2, 4), ["batch", "model"])
    layout_map = D.LayoutMap(mesh)
    layout_map["wide/kernel"] = (None, "model")
    split = D.ModelParallel(layout_map=layout_map)
    facts["model_parallel"] = [split_weights(distribution) for distribution in (None, split)]
    distribution = D.DataParallel()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            distribution.placement.check_batches(SAMPLES, 16)
            distribution.placement.check_batches(SAMPLES, 10)
    facts["warnings"] = [str(warning.message) for warning in caught]
    print(json.dumps(facts, default=lambda value: np.asarray(value).tolist()))


if __name__ == "__main__":
    assert jax.device_count() == 8
    main(sys.argv[1])
