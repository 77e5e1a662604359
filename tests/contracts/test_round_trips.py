"""What every layer and every kind of model keeps through every way out of a program and back.

The layers are those of the table of `test_layers`, in which a layer without a row fails.
"""

import copy
import io
import json
import pickle

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.models import (
    Input,
    Model,
    Sequential,
    clone_model,
    load_model,
    model_from_config,
    model_from_json,
    model_from_yaml,
)
from tests.contracts.test_layers import data, every_row, inputs_for, randomized

# ---- the ways


def file(save_format):
    def through(model):
        buffer = io.BytesIO()
        model.save(buffer, save_format=save_format)
        buffer.seek(0)
        return load_model(buffer, compile=False)

    return through


def pickled(model):
    return pickle.loads(pickle.dumps(model))


def with_weights(way):
    """A way that carries the structure; the weights are set."""

    def through(model):
        made = way(model)
        made.set_weights(model.get_weights())
        return made

    return through


# Ways that bring the weights with them, and those that do not.
WHOLE = {
    "h5": file("h5"),
    "keras": file("keras"),
    "pickle": pickled,
    "deepcopy": copy.deepcopy,
}
STRUCTURE = {
    "json": with_weights(lambda m: model_from_json(m.to_json())),
    "yaml": with_weights(lambda m: model_from_yaml(m.to_yaml())),
    "config": with_weights(lambda m: type(m).from_config(m.get_config())),
    "model_from_config": with_weights(
        lambda m: model_from_config({"class_name": type(m).__name__, "config": m.get_config()})
    ),
    "clone": with_weights(clone_model),
}
WAYS = WHOLE | STRUCTURE


# ---- what is compared


def structure(model):
    """The config, without the code of Lambdas, which has many forms."""

    def without_code(item):
        if isinstance(item, dict):
            return {k: without_code(v) for k, v in item.items() if k != "function"}
        return [without_code(entry) for entry in item] if isinstance(item, list) else item

    return without_code(json.loads(model.to_json()))


def assert_same(made, model):
    """Checks class, config, names, which weights are trained, and weights bit for bit."""
    assert type(made) is type(model)
    assert structure(made) == structure(model)
    assert [layer.name for layer in made.layers] == [layer.name for layer in model.layers]
    assert (made.input_names, made.output_names) == (model.input_names, model.output_names)
    for ours, theirs in zip(made.layers, model.layers):
        assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
        assert len(ours.trainable_weights) == len(theirs.trainable_weights)
    mine = {id(w) for w in model.weights}
    assert not any(id(w) in mine for w in made.weights)
    for ours, theirs in zip(made.get_weights(), model.get_weights(), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def as_list(outputs):
    return outputs if isinstance(outputs, list) else [outputs]


# ---- layers


@every_row
def test_a_layer_is_the_same_after_each_way(row):
    """The outputs of the model and of its copies come from one program: one compilation."""
    tensors, inputs = inputs_for(row.shapes)
    layer = row.make()
    model = Model(inputs, layer(inputs))
    randomized(layer)
    copies = {name: way(model) for name, way in WAYS.items()}
    for made in copies.values():
        assert_same(made, model)
    outputs = [model.outputs[0]] + [as_list(copies[name](inputs))[0] for name in WHOLE]
    expected, *found = K.function([*tensors, K.learning_phase()], outputs)([*data(row), 0])
    for name, output in zip(WHOLE, found):
        np.testing.assert_array_equal(output, expected, err_msg=name)


# ---- kinds of models


def numbers(*shape):
    return np.random.RandomState(len(shape)).normal(size=shape).astype("float32")


def stack():
    return Sequential([L.Dense(3, input_shape=(4,), activation="tanh"), L.Dense(2)], name="stack")


def stack_of_the_input_alone():
    return Sequential([L.InputLayer((4,), name="given"), L.Dense(2)])


def built_later():
    model = Sequential([L.Dense(3), L.BatchNormalization()])
    model.build((None, 4))
    return model


def shared():
    x = Input((4,), name="x")
    dense = L.Dense(4, name="shared", activation="tanh")
    return Model(x, L.Add()([dense(x), dense(dense(x))]), name="net")


def nested():
    x = Input((4,))
    deepest = Sequential([L.Dense(4, input_shape=(4,)), L.BatchNormalization()], name="deepest")
    a = Input((4,))
    middle = Model(a, [deepest(a), L.Dense(2)(deepest(a))], name="middle")
    y, z = middle(x)
    return Model(x, L.concatenate([middle(y)[1], z, L.Dense(3)(z)]))


def several():
    a, b = Input((4,), name="a"), Input((5,), dtype="int32", name="b")
    words = L.GRU(2)(L.Embedding(6, 3, mask_zero=True)(b))
    joined = L.concatenate([a, words])
    return Model([a, b], [L.Dense(2, name="p")(joined), L.Dense(1, name="q")(words), joined])


def stateful():
    return Sequential(
        [L.LSTM(3, stateful=True, batch_input_shape=(2, 4, 3), return_sequences=True), L.GRU(2)]
    )


def sequence_to_sequence():
    x, y = Input((4, 3)), Input((5, 3))
    _, *states = L.LSTM(2, return_state=True)(x)
    answer, *_ = L.LSTM(2, return_sequences=True, return_state=True)(y, initial_state=states)
    return Model([x, y], L.TimeDistributed(L.Dense(3))(answer))


def wrapped():
    cells = L.StackedRNNCells([L.LSTMCell(3), L.GRUCell(2)])
    inner = Sequential([L.Dense(3, input_shape=(3,)), L.BatchNormalization()])
    return Sequential(
        [
            L.Masking(0.5, input_shape=(4, 3)),
            L.Bidirectional(L.RNN(cells, return_sequences=True), merge_mode="mul"),
            L.Bidirectional(L.SimpleRNN(3, return_sequences=True), merge_mode="ave"),
            L.TimeDistributed(inner),
        ]
    )


def frozen():
    model = stack()
    model.layers[0].trainable = False
    model.add(L.BatchNormalization(trainable=False))
    return model


def arguments():
    """Every kind of object that a layer's config holds."""
    return Sequential(
        [
            L.Dense(
                3,
                input_shape=(4,),
                activation="selu",
                kernel_initializer={"class_name": "RandomNormal", "config": {"stddev": 0.3}},
                kernel_regularizer="l2",
                bias_regularizer={"class_name": "L1L2", "config": {"l1": 0.5, "l2": 0.25}},
                activity_regularizer="l1",
                kernel_constraint="max_norm",
                bias_constraint={"class_name": "MinMaxNorm", "config": {"axis": 0}},
            ),
            L.Lambda(lambda x, factor: x * factor, arguments={"factor": 3.0}),
        ]
    )


def wide():
    return Sequential([L.Dense(2, input_shape=(4,), dtype="float64")])


KINDS = {
    "sequential": (stack, [(3, 4)]),
    "input alone": (stack_of_the_input_alone, [(3, 4)]),
    "built later": (built_later, [(3, 4)]),
    "shared": (shared, [(3, 4)]),
    "nested": (nested, [(3, 4)]),
    "several": (several, [(3, 4), (3, 5)]),
    "stateful": (stateful, [(2, 4, 3)]),
    "sequence to sequence": (sequence_to_sequence, [(3, 4, 3), (3, 5, 3)]),
    "wrapped": (wrapped, [(3, 4, 3)]),
    "frozen": (frozen, [(3, 4)]),
    "arguments": (arguments, [(3, 4)]),
    "wide": (wide, [(3, 4)]),
}


def simple_layers(model):
    """The layers, also those inside models inside."""
    for layer in model.layers:
        yield from simple_layers(layer) if isinstance(layer, Model) else [layer]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_the_same_after_each_way(kind):
    make, shapes = KINDS[kind]
    model = make()
    for layer in simple_layers(model):
        randomized(layer)
    arrays = [numbers(*shape) for shape in shapes]
    arrays = [
        np.abs(array * 5).astype("int32") % 6 if tensor.dtype == "int32" else array
        for array, tensor in zip(arrays, model.inputs)
    ]
    expected = as_list(model.predict(arrays))
    if model.stateful:
        model.reset_states()
    for name, way in WAYS.items():
        made = way(model)
        assert_same(made, model)
        if name in WHOLE:
            for ours, theirs in zip(as_list(made.predict(arrays)), expected, strict=True):
                np.testing.assert_array_equal(ours, theirs, err_msg=name)
