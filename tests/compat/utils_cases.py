"""Calls of Keras's semi-public functions; run with Keras 2.3.1 they make `golden/utils.json`.

    python tests/compat/utils_cases.py > tests/compat/golden/utils.json      (Keras 2.3.1)
"""

import json
import re

import numpy as np


def cases(keras):
    """Returns a dict from name to a function without arguments."""
    from keras import backend as K
    from keras import losses
    from keras.engine import saving, training_utils
    from keras.utils import conv_utils, test_utils

    L, ones, array = keras.layers, np.ones, np.array
    data = training_utils.standardize_input_data
    lengths = training_utils.check_array_length_consistency
    targets = training_utils.check_loss_and_target_compatibility
    weights = training_utils.standardize_weights
    class_weights = training_utils.standardize_class_weights
    sample_weights = training_utils.standardize_sample_weights
    count = training_utils.check_num_samples
    validates = training_utils.should_run_validation
    objective = training_utils.weighted_masked_objective(losses.mean_squared_error)
    table = {0: 0.5, 1: 2.0}
    draw = np.random.RandomState(0).rand

    def built(layer, shape):
        layer.build(shape)
        return layer

    def convert(layer, shape, shapes, *origin):
        given = [draw(*size) for size in shapes]
        return saving.preprocess_weights_for_loading(built(layer, shape), given, *origin)

    steps = (None, 5, 4)
    lstm = [(4, 3), (3, 3), (3,)] * 4
    first, last = (None, 2, 9, 9), (None, 9, 9, 2)
    th, tf = "channels_first", "channels_last"
    return {
        "data: vector": lambda: data(ones((3,)), ["a"]),
        "data: too many": lambda: data([ones((3, 2)), ones((3, 2))], ["a"]),
        "data: list of numbers": lambda: data([1.0, 2.0], ["a"]),
        "data: list of numbers for three": lambda: data([1, 2], ["a", "b", "c"]),
        "data: key missing": lambda: data({"a": ones((3, 1))}, ["a", "b"]),
        "data: lists": lambda: data([[1, 2], [3, 4]], ["a", "b"]),
        "data: other shape": lambda: data(
            ones((3, 2)), ["a"], [(None, 3)], exception_prefix="input"
        ),
        "data: other rank": lambda: data(
            ones((3, 2)), ["a"], [(None, 3, 4)], exception_prefix="target"
        ),
        "data: batch not checked": lambda: data(
            ones((3, 2)), ["a"], [(4, 2)], check_batch_axis=False
        ),
        "data: batch checked": lambda: data(ones((3, 2)), ["a"], [(4, 2)]),
        "data: nothing": lambda: data(None, ["a", "b"]),
        "data: no names": lambda: data([], []),
        "lengths: of inputs": lambda: lengths([ones((3,)), ones((2,))], [ones((3,))]),
        "lengths: of targets": lambda: lengths([ones((3,))], [ones((3,)), ones((2,))]),
        "lengths: inputs, targets": lambda: lengths([ones((3,))], [ones((2,))]),
        "lengths: targets, weights": lambda: lengths([ones(3)], [ones(3)], [ones(2)]),
        "lengths: of weights": lambda: lengths([ones(3)], [ones(3)], [ones(2), ones(3)]),
        "lengths: fine": lambda: lengths([ones(3)], [ones(3)], [ones(3)]),
        "lengths: no targets": lambda: lengths([ones(3)], None, None),
        "targets: labels": lambda: targets(
            [ones((3, 1))], [losses.CategoricalCrossentropy()], [(None, 10)]
        ),
        "targets: labels, function": lambda: targets(
            [ones((3, 1))], [losses.categorical_crossentropy], [(None, 10)]
        ),
        "targets: shape": lambda: targets(
            [ones((3, 2))], [losses.MeanSquaredError()], [(None, 10)]
        ),
        "targets: shape, by name": lambda: targets(
            [ones((3, 2))], [training_utils.get_loss_function("mse")], [(None, 10)]
        ),
        "targets: not compared": lambda: targets(
            [ones((3, 2)), None], [losses.MeanAbsoluteError(), None], [(None, 10), (None, 3)]
        ),
        "weights: none": lambda: weights(ones((3, 2))),
        "weights: none, temporal": lambda: weights(ones((3, 2, 1)), sample_weight_mode="temporal"),
        "weights: rank, temporal": lambda: weights(ones((3, 2)), sample_weight_mode="temporal"),
        "weights: unknown mode": lambda: weights(ones((3, 2)), sample_weight_mode="x"),
        "weights: 2D": lambda: weights(ones((3, 2)), ones((3, 2))),
        "weights: too few": lambda: weights(ones((3, 2)), ones((2,))),
        "weights: 1D, temporal": lambda: weights(
            ones((3, 2, 1)), ones((3,)), sample_weight_mode="temporal"
        ),
        "weights: of classes": lambda: weights(array([0, 1, 1]), class_weight=table),
        "weights: both": lambda: weights(array([[0, 1], [1, 0]]), array([2.0, 3.0]), table),
        "weights: class missing": lambda: weights(array([0, 1, 2]), class_weight=table),
        "weights: of classes, 3D": lambda: weights(ones((3, 2, 1)), class_weight=table),
        "weights: of a column": lambda: weights(array([[0], [1]]), class_weight=table),
        "class weights: one": lambda: class_weights({0: 1.0}, ["a"]),
        "class weights: by name": lambda: class_weights({"a": {0: 1.0}}, ["a", "b"]),
        "sample weights: text": lambda: sample_weights("x", ["a", "b"]),
        "batches": lambda: training_utils.make_batches(10, 3),
        "batch_shuffle": lambda: training_utils.batch_shuffle(np.arange(11), 3),
        "count": lambda: count([ones((3,))], batch_size=2),
        "count: both": lambda: count([ones((3,))], batch_size=2, steps=2),
        "count: nothing": lambda: count([], batch_size=2),
        "validation": lambda: [validates(f, i) for f in (2, [1, 3]) for i in range(4)],
        "validation: 0": lambda: validates(0, 1),
        "validation: 1.5": lambda: validates(1.5, 1),
        "objective": lambda: float(K.eval(objective(
            K.variable(ones((3, 4, 2))), K.variable(np.arange(24.0).reshape(3, 4, 2)),
            K.variable(array([1.0, 0, 2])), K.variable(array([[1, 1, 0, 0]] * 3)),
        ))),
        "objective: no mask": lambda: float(K.eval(objective(
            K.variable(ones((3, 4))), K.variable(np.arange(12.0).reshape(3, 4)),
            K.variable(array([1.0, 0, 2])),
        ))),
        "sequences": lambda: [
            training_utils.is_sequence([1]), training_utils.is_sequence(ones(3)),
            training_utils.is_generator_or_sequence(i for i in []),
        ],
        "test data: classes": lambda: test_utils.get_test_data(4, 2, (2,), num_classes=3),
        "test data: values": lambda: test_utils.get_test_data(4, 2, (2,), (1,), False),
        "padding": lambda: conv_utils.normalize_padding("SAME"),
        "padding: unknown": lambda: conv_utils.normalize_padding("x"),
        "tuple": lambda: conv_utils.normalize_tuple(3, 2, "k"),
        "tuple: of a list": lambda: conv_utils.normalize_tuple([1, 2], 2, "k"),
        "tuple: too long": lambda: conv_utils.normalize_tuple((1, 2, 3), 2, "k"),
        "kernel": lambda: conv_utils.convert_kernel(np.arange(36.0).reshape(3, 3, 2, 2)),
        "output lengths": lambda: [
            conv_utils.conv_output_length(length, size, padding, stride, dilation)
            for length in (5, 8, None) for size in (1, 2, 3)
            for padding in ("same", "valid", "full", "causal")
            for stride in (1, 2, 3) for dilation in (1, 2)
        ],
        "input lengths": lambda: [
            conv_utils.conv_input_length(length, size, padding, stride)
            for length in (5, 8, None) for size in (1, 2, 3)
            for padding in ("same", "valid", "full") for stride in (1, 2, 3)
        ],
        "transposed lengths": lambda: [
            conv_utils.deconv_length(length, stride, size, padding, extra, dilation)
            for length in (5, None) for size in (1, 2, 3) for padding in ("same", "valid", "full")
            for stride in (1, 2) for extra in (None, 0, 1) for dilation in (1, 2)
        ],
        "weights of 1: LSTM": lambda: convert(L.LSTM(3), steps, lstm, "1", "tensorflow"),
        "weights of 1: GRU": lambda: convert(L.GRU(3), steps, lstm[:9], "1", "tensorflow"),
        "weights of 1: Bidirectional": lambda: convert(
            L.Bidirectional(L.LSTM(3)), steps, lstm * 2, "1", "tensorflow"
        ),
        "weights of 1: Conv2D, th": lambda: convert(
            L.Conv2D(6, 3, data_format=th), first, [(6, 2, 3, 3), (6,)], "1", "theano"
        ),
        "weights of 1: Conv2D, tf": lambda: convert(
            L.Conv2D(6, 3, data_format=tf), last, [(3, 3, 2, 6), (6,)], "1", "tensorflow"
        ),
        "weights of 1: Conv2DTranspose, th": lambda: convert(
            L.Conv2DTranspose(6, 3, data_format=th), first, [(6, 2, 3, 3), (6,)], "1", "theano"
        ),
        "weights of 1: Conv2DTranspose, tf": lambda: convert(
            L.Conv2DTranspose(6, 3, data_format=tf), last, [(3, 3, 2, 6), (6,)], "1", "tensorflow"
        ),
        "weights of 1: Conv1D": lambda: convert(
            L.Conv1D(6, 3), (None, 7, 2), [(3, 1, 2, 6), (6,)], "1", "tensorflow"
        ),
        "weights of 1.1: Conv1D": lambda: convert(
            L.Conv1D(6, 3), (None, 7, 2), [(6, 2, 3, 1), (6,)], "1", "theano"
        ),
        "weights of CuDNNLSTM": lambda: convert(L.LSTM(3), steps, [(4, 12), (3, 12), (24,)], "2"),
        "weights of CuDNNGRU": lambda: convert(
            L.GRU(3, reset_after=True), steps, [(4, 9), (3, 9), (18,)], "2"
        ),
        "weights of CuDNNGRU in GRU": lambda: convert(
            L.GRU(3, reset_after=False), steps, [(4, 9), (3, 9), (18,)], "2"
        ),
        "weights of no LSTM": lambda: convert(L.LSTM(3), steps, [(4, 9), (3, 9), (17,)], "2"),
    }


def outcome(function):
    """What a call returns, or the error that it raises, as JSON keeps it."""
    np.random.seed(0)
    try:
        return plain(function())
    except Exception as error:
        return {"error": type(error).__name__, "words": re.sub(r"\s+", " ", str(error))}


def plain(value):
    if isinstance(value, np.ndarray):
        numbers = [round(float(x), 5) for x in value.ravel()[:24]]
        return {"dtype": str(value.dtype), "shape": list(value.shape), "numbers": numbers}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return round(value, 3) if isinstance(value, float) else value


if __name__ == "__main__":
    import keras

    found = {name: outcome(function) for name, function in cases(keras).items()}
    lines = [f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)]
    print("{\n" + ",\n".join(lines) + "\n}")
