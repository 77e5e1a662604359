"""Layers around layers and with states: cells of one's own, constants, directions, merges, noise.

What `catalogue` does not have: everything that one layer on one input does not show.
"""

import functools

import numpy as np

from . import KERAS, TF_KERAS, Case, Departure
from .layers import as_lists, row
from .support import (
    array,
    compute_named,
    local_names,
    normal,
    optimizers,
    set_random_weights,
    uniform,
    weighted_sum,
)

FIRST = "channels_first"
WHY = "tf_keras 2.21 has other defaults, names or configurations here"


def case(make, *shapes, **settings):
    return row(make, *shapes, oracles=(KERAS,), why=WHY, **settings)


def layer(name, shape, *arguments, **settings):
    return case(lambda L: getattr(L, name)(*arguments, **settings), shape)


def differentiated(keras, random, feeds, outputs, weights, training=None):
    """Named outputs, and the gradients of a sum over all of them: inputs first, then weights."""
    K = keras.backend
    sources = [pair[0] for pair in feeds] + list(weights)
    total = 0.0
    for name in sorted(outputs):
        sizes = [size or 1 for size in K.int_shape(outputs[name])]
        total = total + weighted_sum(
            keras, outputs[name] + K.square(outputs[name]), uniform(random, 0.5, 1.5, *sizes)
        )
    outputs = dict(outputs)
    results = {}
    for index, gradient in enumerate(K.gradients(total, sources)):
        if gradient is None:
            results["no gradient {}".format(index)] = True
        else:
            outputs["gradient {}".format(index)] = gradient
    results.update(compute_named(keras, feeds, outputs, training=training))
    return results


# --- recurrent layers -----------------------------------------------------------------------------


def cell_classes(keras):
    """A cell with one state, and one that reads a constant."""
    K = keras.backend

    class Minimal(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            self.units = units
            self.state_size = units
            super(Minimal, self).__init__(**kwargs)

        def build(self, input_shape):
            self.kernel = self.add_weight(
                shape=(input_shape[-1], self.units), initializer="uniform", name="kernel"
            )
            self.recurrent_kernel = self.add_weight(
                shape=(self.units, self.units), initializer="uniform", name="recurrent_kernel"
            )
            self.built = True

        def call(self, inputs, states):
            output = K.dot(inputs, self.kernel) + K.dot(K.tanh(states[0]), self.recurrent_kernel)
            return output, [output]

        def get_config(self):
            return dict(super(Minimal, self).get_config(), units=self.units)

    class WithConstant(Minimal):
        def build(self, input_shape):
            (size, constant_size) = (input_shape[0], input_shape[1])
            super(WithConstant, self).build(size)
            self.constant_kernel = self.add_weight(
                shape=(constant_size[-1], self.units), initializer="uniform", name="constant_kernel"
            )

        def call(self, inputs, states, constants):
            output, _ = super(WithConstant, self).call(inputs, states)
            output = output + K.dot(constants[0], self.constant_kernel)
            return output, [output]

    return Minimal, WithConstant


def custom_cell(keras, random, count=1, **settings):
    """An RNN of a cell of one's own, alone or several stacked."""
    Minimal, _ = cell_classes(keras)
    cells = [Minimal(units) for units in (3, 4)[:count]]
    rnn = keras.layers.RNN(cells if count > 1 else cells[0], **settings)
    x = keras.layers.Input((4, 2))
    found = rnn(x)
    found = found if isinstance(found, list) else [found]
    set_random_weights(rnn, random)
    outputs = {"output {}".format(index): value for index, value in enumerate(found)}
    feeds = [(x, normal(random, 2, 4, 2))]
    results = differentiated(keras, random, feeds, outputs, rnn.trainable_weights)
    results["weights"] = local_names(rnn)
    results["config"] = rnn.get_config()
    objects = {"Minimal": Minimal}
    again = keras.layers.RNN.from_config(rnn.get_config(), custom_objects=objects)
    y = again(x)
    again.set_weights(rnn.get_weights())
    y = y[0] if isinstance(y, list) else y
    results["from config"] = compute_named(keras, feeds, {"y": y})["y"]
    results["shape"] = as_lists(rnn.compute_output_shape((None, 4, 2)))
    return results


def constants(keras, random, states=False):
    """A constant that the cell reads at every step, with and without an initial state."""
    _, WithConstant = cell_classes(keras)
    x, c, s = keras.layers.Input((4, 2)), keras.layers.Input((3,)), keras.layers.Input((3,))
    rnn = keras.layers.RNN(WithConstant(3), return_sequences=True)
    y = rnn(x, initial_state=s, constants=c) if states else rnn(x, constants=c)
    set_random_weights(rnn, random)
    feeds = [(x, normal(random, 2, 4, 2)), (c, normal(random, 2, 3))]
    feeds += [(s, normal(random, 2, 3))] if states else []
    results = differentiated(keras, random, feeds, {"y": y}, rnn.trainable_weights)
    inputs = [pair[0] for pair in feeds]
    model = keras.models.Model(inputs, y)
    config = model.get_config()
    copy = keras.models.Model.from_config(config, custom_objects={"WithConstant": WithConstant})
    copy.set_weights(model.get_weights())
    results["from config"] = copy.predict([pair[1] for pair in feeds])
    results["num_constants"] = rnn.get_config()["num_constants"]
    return results


def stateful(keras, random, make, shape=(3, 2)):
    """States go on over batches of fit and predict; reset_states empties and sets them."""
    layer = make(keras.layers)
    x = keras.layers.Input(batch_shape=(2,) + shape)
    y = layer(x)
    model = keras.models.Model(x, y)
    set_random_weights(model, random)
    values = normal(random, 4, *shape)
    results = {"first": model.predict(values, batch_size=2)}
    results["second"] = model.predict(values, batch_size=2)
    model.compile(optimizers(keras).SGD(0.1), "mse")
    results["loss"] = model.train_on_batch(values[:2], np.zeros_like(results["first"][:2]))
    results["after a step"] = model.predict(values[2:], batch_size=2)
    layer.reset_states()
    results["after reset"] = model.predict(values, batch_size=2)
    for index, weight in enumerate(model.get_weights()):
        results["weight {}".format(index)] = weight
    return results


def bidirectional(keras, random, name, mode="concat", given=False, **settings):
    """Both directions' states out, and in again."""
    L = keras.layers
    x = L.Input((4, 2))
    both = L.Bidirectional(getattr(L, name)(3, name="inner", **settings), merge_mode=mode)
    feeds = [(x, normal(random, 2, 4, 2))]
    if given:
        count = 4 if name == "LSTM" else 2
        states = [L.Input((3,)) for _ in range(count)]
        feeds += [(state, normal(random, 2, 3)) for state in states]
        found = both(x, initial_state=states)
    else:
        found = both(x)
    set_random_weights(both, random)
    found = found if isinstance(found, list) else [found]
    outputs = {"output {}".format(index): value for index, value in enumerate(found)}
    results = differentiated(keras, random, feeds, outputs, both.trainable_weights)
    results["shapes"] = [as_lists(keras.backend.int_shape(value)) for value in found]
    shape = both.compute_output_shape((None, 4, 2))
    results["shape"] = as_lists(shape)
    results["weights"] = local_names(both)
    results["config"] = both.get_config()
    return results


def masked(keras, random, make, shape=(4, 3), padded=((0, 2), (0, 3), (1, 1))):
    """A layer after Masking, with padded steps at the end and inside; does it pass the mask?"""
    K = keras.backend
    x = keras.layers.Input(shape)
    layer = make(keras.layers)
    y = layer(keras.layers.Masking()(x))
    found = y if isinstance(y, list) else [y]
    set_random_weights(layer, random)
    values = normal(random, 2, *shape)
    for place in padded:
        values[place] = 0
    outputs = {"output {}".format(index): value for index, value in enumerate(found)}
    feeds = [(x, values)]
    results = differentiated(keras, random, feeds, outputs, layer.trainable_weights)
    masks = layer.output_mask
    masks = masks if isinstance(masks, list) else [masks]
    results["passes"] = [mask is not None for mask in masks]
    for index, mask in enumerate(masks):
        if mask is not None:
            results["mask {}".format(index)] = compute_named(
                keras, feeds, {"mask": K.cast(mask, "float32")}
            )["mask"]
    return results


def convolutional_states(keras, random, **settings):
    """ConvLSTM2D: states out of one layer and into the next."""
    L = keras.layers
    x = L.Input((3, 4, 4, 2))
    first = L.ConvLSTM2D(2, 2, padding="same", return_state=True, return_sequences=True)
    second = L.ConvLSTM2D(2, 2, padding="same", **settings)
    found = first(x)
    y = second(found[0], initial_state=found[1:])
    for one in (first, second):
        set_random_weights(one, random)
    weights = first.trainable_weights + second.trainable_weights
    outputs = {"y": y, "state 0": found[1], "state 1": found[2]}
    results = differentiated(keras, random, [(x, normal(random, 2, 3, 4, 4, 2))], outputs, weights)
    results["shapes"] = [as_lists(keras.backend.int_shape(value)) for value in found]
    return results


def dropped(keras, random, name, **settings):
    """Recurrent dropout: what is dropped in training only, one mask for all steps."""
    L = keras.layers
    rank = {"ConvLSTM2D": (3, 4, 4, 2)}.get(name, (5, 4))
    arguments = (3, 2) if name == "ConvLSTM2D" else (64,)
    x = L.Input(rank)
    layer = getattr(L, name)(*arguments, **settings)
    plain = getattr(L, name)(*arguments)
    y, z = layer(x), plain(x)
    set_random_weights(layer, random, 0.3)
    plain.set_weights(layer.get_weights())
    feeds = [(x, normal(random, 8, *rank))]
    test = compute_named(keras, feeds, {"y": y, "z": z}, training=0)
    train = [compute_named(keras, feeds, {"y": y}, training=1)["y"] for _ in range(2)]
    return {
        "test is plain": bool(np.allclose(test["y"], test["z"], rtol=1e-4, atol=1e-5)),
        "train differs": bool(np.abs(train[0] - test["y"]).max() > 1e-3),
        "new masks": bool(np.abs(train[0] - train[1]).max() > 1e-3),
        "phase": bool(getattr(y, "_uses_learning_phase", True)),
    }


# --- merges ---------------------------------------------------------------------------------------


def merge_functions(keras, random):
    """Every function of merge.py on the same inputs."""
    L = keras.layers
    a, b, c = (L.Input((2, 3)) for _ in range(3))
    outputs = {
        name: getattr(L, name)([a, b, c]) for name in ("add", "multiply", "average", "maximum")
    }
    outputs["minimum"] = L.minimum([a, b, c])
    outputs["subtract"] = L.subtract([a, b])
    outputs["concatenate"] = L.concatenate([a, b, c], axis=1)
    outputs["dot"] = L.dot([a, b], axes=2)
    outputs["dot normalized"] = L.dot([a, b], axes=(2, 2), normalize=True)
    feeds = [(one, normal(random, 2, 2, 3)) for one in (a, b, c)]
    results = differentiated(keras, random, feeds, outputs, [])
    results["shapes"] = {
        name: as_lists(keras.backend.int_shape(outputs[name])) for name in sorted(outputs)
    }
    return results


def merged_masks(keras, random):
    """The masks of merged sequences, where one or both are masked."""
    K, L = keras.backend, keras.layers
    a, b = L.Input((3, 2)), L.Input((3, 2))
    values = [normal(random, 2, 3, 2) for _ in range(2)]
    values[0][0, 1:], values[0][1, 0] = 0, 0
    values[1][0, 2:], values[1][1, 1] = 0, 0
    first, second = L.Masking()(a), L.Masking()(b)
    results, outputs = {}, {}
    for name in ("Add", "Multiply", "Average", "Maximum"):
        layer = getattr(L, name)()
        layer([first, second])
        outputs[name] = K.cast(layer.output_mask, "float32")
    for axis in (-1, 1):
        layer = L.Concatenate(axis=axis)
        layer([first, second])
        outputs["Concatenate {}".format(axis)] = K.cast(layer.output_mask, "float32")
    layer = L.Concatenate()
    layer([first, b])
    outputs["Concatenate one"] = K.cast(layer.output_mask, "float32")
    layer = L.Add()
    layer([first, b])
    results["Add one"] = layer.output_mask is None
    if layer.output_mask is not None:
        outputs["Add of one"] = K.cast(layer.output_mask, "float32")
    results.update(compute_named(keras, list(zip((a, b), values)), outputs))
    return results


# --- noise ----------------------------------------------------------------------------------------


def noise(keras, random, name, *arguments, **settings):
    """Identity in the test phase; in training the moments of the noise, a new draw each time."""
    K, L = keras.backend, keras.layers
    x = L.Input((40, 50))
    layer = getattr(L, name)(*arguments, **settings)
    y = layer(x)
    values = uniform(random, 1, 2, 8, 40, 50)
    test = compute_named(keras, [(x, values)], {"y": y}, training=0)["y"]
    outputs = {"y": y, "gradient": K.gradients(K.sum(y), [x])[0]}
    train = compute_named(keras, [(x, values)], outputs, training=1)
    again = compute_named(keras, [(x, values)], {"y": y}, training=1)["y"]
    change = train["y"] - values
    ratio = train["y"] / values
    results = {
        "test is identity": bool(np.array_equal(test, values)),
        "new every time": bool((again != train["y"]).any()),
        "config": layer.get_config(),
        "shape": as_lists(K.int_shape(y)),
    }
    if name == "GaussianNoise":
        results["mean"] = bool(abs(change.mean()) < 0.02)
        results["deviation"] = bool(abs(change.std() - arguments[0]) < 0.02)
        results["gradient"] = bool(np.allclose(train["gradient"], 1))
    elif name == "GaussianDropout":
        deviation = np.sqrt(arguments[0] / (1 - arguments[0]))
        results["mean"] = bool(abs(ratio.mean() - 1) < 0.02)
        results["deviation"] = bool(abs(ratio.std() - deviation) < 0.02)
        results["gradient"] = bool(np.allclose(train["gradient"], ratio, rtol=1e-4))
    else:
        slopes = np.unique(np.round(train["gradient"], 4))
        results["slopes"] = array(slopes)
        results["share"] = bool(abs((train["gradient"] == 0).mean() - arguments[0]) < 0.02)
        kept = train["gradient"] != 0
        lowest = float(train["y"][~kept].mean())
        results["dropped value"] = bool(np.allclose(train["y"][~kept], lowest, rtol=1e-4))
        results["lowest"] = array(round(lowest, 4))
    return results


def spatial_dropout(keras, random, rank, rate=0.4, data_format=None):
    """Whole channels are dropped, and the kept ones scaled up."""
    L = keras.layers
    shape = (4, 3, 2)[:rank] + (50,)
    settings = {} if data_format is None else {"data_format": data_format}
    if data_format == FIRST:
        shape = (50,) + (4, 3, 2)[:rank]
    x = L.Input(shape)
    layer = getattr(L, "SpatialDropout{}D".format(rank))(rate, **settings)
    y = layer(x)
    values = uniform(random, 1, 2, 16, *shape)
    train = compute_named(keras, [(x, values)], {"y": y}, training=1)["y"]
    test = compute_named(keras, [(x, values)], {"y": y}, training=0)["y"]
    gone = (train == 0).astype("float32")
    axes = tuple(range(2, rank + 2)) if data_format == FIRST else tuple(range(1, rank + 1))
    shares = gone.mean(axis=axes)
    return {
        "test is identity": bool(np.array_equal(test, values)),
        "whole channels": bool(np.isin(shares, (0, 1)).all()),
        "share": bool(abs(shares.mean() - rate) < 0.08),
        "scaled": bool(np.allclose(train[gone == 0], values[gone == 0] / (1 - rate), rtol=1e-5)),
        "config": layer.get_config(),
        "shape": as_lists(keras.backend.int_shape(y)),
    }


# --- layers in a model ----------------------------------------------------------------------------


def penalties(keras, random):
    """Regularizers and constraints of every weight of a layer, through two steps."""
    L = keras.layers
    l2 = keras.regularizers.l2
    x = L.Input((6, 5, 2))
    y = L.SeparableConv2D(
        3, 2, depthwise_regularizer=l2(0.1), pointwise_regularizer="l1", bias_constraint="non_neg",
        depthwise_constraint=keras.constraints.MaxNorm(0.5), pointwise_constraint="unit_norm",
    )(x)  # fmt: skip
    y = L.Conv2DTranspose(2, 2, kernel_regularizer=l2(0.05), kernel_constraint="non_neg")(y)
    y = L.LocallyConnected2D(2, 2, kernel_regularizer="l1", bias_regularizer=l2(0.2))(y)
    y = L.PReLU(alpha_regularizer=l2(0.1), alpha_constraint="non_neg", shared_axes=[1, 2])(y)
    y = L.ActivityRegularization(l1=0.01, l2=0.02)(y)
    y = L.GlobalAveragePooling2D()(y)
    y = L.Reshape((2, 1))(y)
    y = L.GRU(
        2, kernel_regularizer=l2(0.1), recurrent_regularizer="l1_l2", bias_regularizer="l2",
        recurrent_constraint=keras.constraints.MinMaxNorm(0.2, 0.7), reset_after=False,
    )(y)  # fmt: skip
    model = keras.models.Model(x, y)
    set_random_weights(model, random)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    losses = []
    for _ in range(2):
        losses.append(model.train_on_batch(normal(random, 2, 6, 5, 2), normal(random, 2, 2)))
    results = {"losses": array(losses), "penalties": len(model.losses)}
    for index, weight in enumerate(model.get_weights()):
        results["weight {}".format(index)] = weight
    results["configs"] = [layer.get_config() for layer in model.layers[1:]]
    return results


def embeddings(keras, random):
    """Initial weights, a regularizer, a constraint, and integers of rank three."""
    L = keras.layers
    start = normal(random, 6, 2)
    layer = L.Embedding(
        6, 2, weights=[start], embeddings_regularizer="l2", embeddings_constraint="non_neg",
        activity_regularizer="l1", input_length=3, mask_zero=True,
    )  # fmt: skip
    model = keras.models.Sequential([layer])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = array([[1, 2, 0], [5, 5, 4]])
    results = {"predicted": model.predict(x)}
    results["loss"] = model.train_on_batch(x, np.zeros((2, 3, 2), "float32"))
    results["weights"] = model.get_weights()[0]
    results["config"] = layer.get_config()
    other = L.Embedding(6, 2, input_length=(2, None))
    y = other(L.Input((2, 3)))
    results["rank three"] = as_lists(keras.backend.int_shape(y))
    return results


def time_distributed(keras, random):
    """A Sequential and a Model in TimeDistributed, with normalization inside, through a step."""
    L = keras.layers
    inner = keras.models.Sequential(
        [
            L.Conv2D(2, 2, input_shape=(4, 4, 1), activation="relu"),
            L.MaxPooling2D(),
            L.Flatten(),
            L.Dense(3),
        ]
    )
    x = L.Input((3, 4, 4, 1))
    y = L.TimeDistributed(inner)(x)
    y = L.TimeDistributed(L.BatchNormalization(momentum=0.8))(y)
    y = L.LSTM(2)(y)
    model = keras.models.Model(x, y)
    set_random_weights(inner, random)
    values = []
    for layer in model.layers[2:]:
        values += [np.abs(normal(random, *weight.shape)) for weight in layer.get_weights()]
    model.set_weights(inner.get_weights() + values)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x, target = normal(random, 4, 3, 4, 4, 1), normal(random, 4, 2)
    results = {"before": model.predict(x), "loss": model.train_on_batch(x, target)}
    results["after"] = model.predict(x)
    for index, weight in enumerate(model.get_weights()):
        results["weight {}".format(index)] = weight
    results["updates"] = len(model.updates)
    return results


def run(function, *arguments, **settings):
    part = functools.partial(function, **settings)
    return Case(lambda keras, random: part(keras, random, *arguments), oracles=(KERAS,), why=WHY)


def convolution(**settings):
    return Case(
        functools.partial(convolutional_states, **settings),
        oracles=(TF_KERAS,),
        why="Keras 2.3.1 fails where a ConvLSTM2D is given states",
    )


def table():
    cases = {
        "RNN of a cell": run(custom_cell),
        "RNN of a cell, sequences": run(custom_cell, return_sequences=True, return_state=True),
        "RNN of a cell, backwards": run(custom_cell, go_backwards=True),
        "RNN of a cell, unrolled": run(custom_cell, unroll=True),
        "RNN of cells": run(custom_cell, 2),
        "RNN of cells, states": run(custom_cell, 2, return_state=True),
        "RNN constants": run(constants),
        "RNN constants and states": run(constants, states=True),
        "ConvLSTM2D states": convolution(),
        "ConvLSTM2D states sequences": convolution(return_sequences=True),
        "merge functions": run(merge_functions),
        "merge masks": run(merged_masks),
        "penalties": run(penalties),
        "Embedding options": run(embeddings),
        "TimeDistributed model": run(time_distributed),
        "GaussianNoise": run(noise, "GaussianNoise", 0.5),
        "GaussianDropout": run(noise, "GaussianDropout", 0.3),
        "AlphaDropout": run(noise, "AlphaDropout", 0.25),
        "stateful LSTM cells": run(
            stateful,
            lambda L: L.RNN([L.LSTMCell(3), L.LSTMCell(2)], stateful=True, return_sequences=True),
        ),
        "stateful Bidirectional": Case(
            functools.partial(
                stateful,
                make=lambda L: L.Bidirectional(
                    L.LSTM(3, stateful=True, return_sequences=True, recurrent_activation="sigmoid")
                ),
            ),
            oracles=(TF_KERAS,),
            why="Keras 2.3.1 begins every batch with zeros: its Bidirectional loses the states",
        ),
        "stateful ConvLSTM2D": run(
            stateful, lambda L: L.ConvLSTM2D(2, 2, stateful=True), shape=(3, 3, 4, 2)
        ),
        "stateful unrolled": run(stateful, lambda L: L.LSTM(3, stateful=True, unroll=True)),
        "masked Bidirectional states": run(
            masked,
            lambda L: L.Bidirectional(L.LSTM(2, return_state=True, return_sequences=True)),
        ),
        "masked Bidirectional none": run(
            masked,
            lambda L: L.Bidirectional(L.GRU(2, return_sequences=True), merge_mode=None),
        ),
        "masked unrolled": run(masked, lambda L: L.LSTM(2, unroll=True, return_sequences=True)),
        "masked states": run(masked, lambda L: L.GRU(2, return_state=True)),
        "masked Activation": run(masked, lambda L: L.Activation("tanh")),
        "masked Dropout none": run(masked, lambda L: L.Dropout(0.0)),
        "masked BatchNormalization": run(masked, lambda L: L.BatchNormalization()),
        "masked Softmax": run(masked, lambda L: L.Softmax(axis=1)),
        "masked Lambda": run(masked, lambda L: L.Lambda(lambda x: x * 2)),
        "masked Dense": run(masked, lambda L: L.Dense(2)),
        "TimeDistributed Bidirectional": case(
            lambda L: L.TimeDistributed(L.Bidirectional(L.SimpleRNN(2, name="a"), name="b")),
            (2, 3, 2),
        ),
        "TimeDistributed Embedding": run(
            lambda keras, random: time_distributed_words(keras, random)
        ),
        "LeakyReLU alpha": layer("LeakyReLU", (4, 3), alpha=0.1),
        "PReLU shared two": layer("PReLU", (3, 4, 2), shared_axes=[1, 2]),
        "Softmax axis": layer("Softmax", (4, 3), axis=1),
        "ReLU max": layer("ReLU", (4, 3), max_value=0.5),
        "ActivityRegularization l1": layer("ActivityRegularization", (3,), l1=0.3),
        "Cropping3D sides": layer("Cropping3D", (4, 5, 4, 2), ((1, 0), (2, 1), (0, 2))),
        "Cropping3D channels_first": layer(
            "Cropping3D", (2, 4, 5, 4), (1, 2, 1), data_format=FIRST
        ),
        "Cropping2D one number": layer("Cropping2D", (5, 4, 2), 1),
        "ZeroPadding1D one number": layer("ZeroPadding1D", (3, 2), 2),
        "ZeroPadding3D sides": layer("ZeroPadding3D", (2, 1, 2, 2), ((1, 0), (2, 1), (0, 2))),
        "ZeroPadding3D channels_first": layer(
            "ZeroPadding3D", (2, 2, 1, 2), (1, 2, 0), data_format=FIRST
        ),
        "UpSampling2D bilinear channels_first": layer(
            "UpSampling2D", (2, 3, 2), 2, data_format=FIRST, interpolation="bilinear"
        ),
        "UpSampling3D channels_first": layer(
            "UpSampling3D", (2, 1, 2, 2), (2, 1, 2), data_format=FIRST
        ),
        "Conv1D channels_first": layer("Conv1D", (2, 6), 3, 2, data_format=FIRST),
        "Conv1D causal strides": layer("Conv1D", (7, 2), 3, 2, padding="causal", strides=2),
        "Conv3D channels_first": layer("Conv3D", (2, 3, 4, 3), 3, 2, data_format=FIRST),
        "Conv3DTranspose output padding": layer(
            "Conv3DTranspose", (2, 2, 2, 2), 2, 2, strides=2, output_padding=1
        ),
        "Conv3DTranspose channels_first": layer(
            "Conv3DTranspose", (2, 2, 2, 2), 2, 2, strides=(1, 2, 1), data_format=FIRST
        ),
        "SeparableConv1D channels_first": layer("SeparableConv1D", (2, 6), 3, 2, data_format=FIRST),
        "SeparableConv1D bare": layer(
            "SeparableConv1D", (6, 2), 3, 2, dilation_rate=2, use_bias=False, activation="tanh"
        ),
        "DepthwiseConv2D dilation": layer("DepthwiseConv2D", (5, 5, 2), 2, dilation_rate=2),
        "DepthwiseConv2D bare": layer(
            "DepthwiseConv2D", (4, 4, 2), 2, use_bias=False, activation="relu"
        ),
        "MaxPooling3D strides": layer("MaxPooling3D", (4, 3, 5, 2), (2, 1, 3), (1, 2, 2)),
        "MaxPooling3D channels_first": layer("MaxPooling3D", (2, 2, 3, 4), data_format=FIRST),
        "AveragePooling3D channels_first": layer(
            "AveragePooling3D", (2, 2, 3, 4), data_format=FIRST
        ),
        "LocallyConnected1D bare": layer(
            "LocallyConnected1D", (5, 2), 2, 2, use_bias=False, activation="tanh"
        ),
    }
    for rank in (1, 2, 3):
        cases["SpatialDropout{}D".format(rank)] = run(spatial_dropout, rank)
        if rank > 1:
            cases["SpatialDropout{}D channels_first".format(rank)] = Case(
                functools.partial(spatial_dropout, rank=rank, data_format=FIRST),
                departures=[Departure("Keras 2.3.1 loses the data format", "config")],
                oracles=(KERAS,),
                why=WHY,
            )
    for name in ("SimpleRNN", "GRU", "LSTM"):
        cases["Bidirectional states " + name] = run(
            bidirectional, name, return_state=True, return_sequences=True
        )
        cases["Bidirectional given states " + name] = run(bidirectional, name, given=True)
        cases["Bidirectional none " + name] = run(bidirectional, name, mode=None)
        cases["dropped " + name] = run(dropped, name, dropout=0.5)
        cases["dropped recurrent " + name] = run(dropped, name, recurrent_dropout=0.5)
    cases["dropped ConvLSTM2D"] = run(dropped, "ConvLSTM2D", dropout=0.4, recurrent_dropout=0.4)
    return cases


def time_distributed_words(keras, random):
    """Sentences of words: TimeDistributed over an LSTM that sees an Embedding's zeros."""
    L = keras.layers
    x = L.Input((2, 4))
    embedding, lstm = L.Embedding(6, 3), L.LSTM(2)
    y = L.TimeDistributed(lstm)(embedding(x))
    model = keras.models.Model(x, y)
    set_random_weights(model, random)
    values = array(random.randint(0, 6, size=(2, 2, 4)))
    return {"y": model.predict(values), "shape": as_lists(model.output_shape)}


CASES = table()
