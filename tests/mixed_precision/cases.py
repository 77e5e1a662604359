"""Mixed precision in hornbeam and in tf_keras: the same work in both.

`regenerate.py` runs it in tf_keras and stores what comes out, `test_golden.py` in hornbeam. Each
case takes the module `keras` and a RandomState, and returns a dict of arrays and JSON values.
"""

import numpy as np


def set_weights(model, random):
    model.set_weights([random.uniform(0.1, 0.6, w.shape) - 0.3 * (w.ndim > 1) for w in
                       model.get_weights()])


def _functional(keras, shape, layers, dtype=None):
    tensor = inputs = keras.Input(shape, dtype=dtype)
    for layer in layers:
        tensor = layer(tensor)
    return keras.Model(inputs, tensor)


def _dense(L):
    return (5,), [L.Dense(8, activation="relu"), L.Dense(4, activation="softmax")]


def _convolutional(L):
    return (8, 8, 3), [
        L.Conv2D(4, 3, padding="same"), L.BatchNormalization(), L.Activation("relu"),
        L.MaxPooling2D(), L.SeparableConv2D(5, 3), L.GlobalAveragePooling2D(), L.Dense(3),
    ]  # fmt: skip


def _depthwise(L):
    return (6, 6, 4), [L.DepthwiseConv2D(3), L.AveragePooling2D(2), L.Flatten(), L.Dense(3)]


def _lstm(L):
    return (7, 3), [L.LSTM(4, return_sequences=True), L.Bidirectional(L.LSTM(3))]


def _gru(L):
    return (7, 3), [L.GRU(4, return_sequences=True, reset_after=True), L.SimpleRNN(3)]


def _normalized(L):
    return (6, 4), [L.LayerNormalization(), L.TimeDistributed(L.Dense(3)), L.Softmax()]


FORWARD = {
    "dense": _dense,
    "convolutional": _convolutional,
    "depthwise": _depthwise,
    "lstm": _lstm,
    "gru": _gru,
    "normalized": _normalized,
}


def _in_policy(keras, policy, work, *arguments):
    keras.mixed_precision.set_global_policy(policy)
    try:
        return work(*arguments)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def forward(keras, random):
    """Outputs and dtypes of small models in both policies."""
    found = {}
    for policy in ("mixed_float16", "mixed_bfloat16"):
        for name, make in FORWARD.items():
            shape, layers = _in_policy(keras, policy, make, keras.layers)
            model = _in_policy(keras, policy, _functional, keras, shape, layers)
            set_weights(model, random)
            x = random.uniform(-1, 1, (3, *shape)).astype("float32")
            entry = f"{policy} {name}"
            found[f"{entry}: output"] = np.asarray(model.predict(x, verbose=0), "float32")
            found[f"{entry}: dtypes"] = [
                [layer.dtype, layer.compute_dtype, np.dtype(_name(layer.output.dtype)).name]
                for layer in layers
            ]
            found[f"{entry}: weights"] = sorted({_name(w.dtype) for w in model.weights})
    return found


def _name(dtype):
    name = getattr(dtype, "name", dtype)
    return "float16" if name == "bfloat16" else str(name)


def _regression(keras, policy="mixed_float16"):
    def make():
        L = keras.layers
        return _functional(
            keras, (4,), [L.Dense(6, activation="tanh"), L.Dense(2), L.Activation("linear",
                                                                              dtype="float32")]
        )

    return _in_policy(keras, policy, make)


def scales(keras, random):
    """The loss scale, its counter and the steps of the optimizer, with and without overflow."""
    found = {}
    settings = {
        "grows": {"initial_scale": 8.0, "dynamic_growth_steps": 3},
        "overflows": {"initial_scale": 2.0**40, "dynamic_growth_steps": 4},
        "limit": {"initial_scale": 2.0**127, "dynamic_growth_steps": 2},
        "fixed": {"dynamic": False, "initial_scale": 128.0},
    }
    for optimizer, make in (
        ("sgd", lambda: keras.optimizers.SGD(0.05, momentum=0.9)),
        ("adam", lambda: keras.optimizers.Adam(0.01)),
    ):
        for name, options in settings.items():
            if optimizer == "adam" and name in ("limit", "fixed"):
                continue
            model = _regression(keras)
            set_weights(model, random)
            scaled = keras.mixed_precision.LossScaleOptimizer(make(), **options)
            model.compile(scaled, "mse")
            rows, losses = [], []
            for _ in range(40 if name == "overflows" else 12):
                x = random.uniform(-1, 1, (5, 4)).astype("float32")
                y = random.uniform(-1, 1, (5, 2)).astype("float32")
                losses.append(model.train_on_batch(x, y))
                counter = scaled.dynamic_counter
                rows.append(
                    [
                        float(scaled.loss_scale),
                        -1 if counter is None else int(counter),
                        int(scaled.iterations),
                    ]
                )
            entry = f"{optimizer} {name}"
            found[f"{entry}: scale, counter, steps"] = rows
            found[f"{entry}: losses"] = np.asarray(losses, "float32")
            for index, weight in enumerate(model.get_weights()):
                found[f"{entry}: weight {index}"] = weight
    return found


def bad_data(keras, random):
    """Batches with infinite numbers are left out, and nothing remains of them."""
    model = _regression(keras)
    set_weights(model, random)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    rows = []
    for step in range(8):
        x = random.uniform(-1, 1, (5, 4)).astype("float32")
        y = random.uniform(-1, 1, (5, 2)).astype("float32")
        if step in (2, 5):
            y[0, 0] = np.nan
        model.train_on_batch(x, y)
        optimizer = model.optimizer
        rows.append(
            [float(optimizer.loss_scale), int(optimizer.dynamic_counter), int(optimizer.iterations)]
        )
    found = {"scale, counter, steps": rows}
    for index, weight in enumerate(model.get_weights()):
        found[f"weight {index}"] = weight
    return found


def bfloat16(keras, random):
    """Training in bfloat16 scales nothing."""
    model = _regression(keras, "mixed_bfloat16")
    set_weights(model, random)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    losses = []
    for _ in range(6):
        x = random.uniform(-1, 1, (5, 4)).astype("float32")
        y = random.uniform(-1, 1, (5, 2)).astype("float32")
        losses.append(model.train_on_batch(x, y))
    found = {"optimizer": type(model.optimizer).__name__, "losses": np.asarray(losses, "float32")}
    for index, weight in enumerate(model.get_weights()):
        found[f"weight {index}"] = weight
    return found


CASES = {"forward": forward, "scales": scales, "bad data": bad_data, "bfloat16": bfloat16}
