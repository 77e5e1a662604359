"""What every public layer keeps: one table of all of them, and one routine.

A new layer without a row fails.
"""

import dataclasses
import functools
import inspect
import zlib
from types import SimpleNamespace

import numpy as np
import pytest

import hornbeam
from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.models import Model


@dataclasses.dataclass(eq=False)
class Row:
    """A layer and what it does.

    make: Makes the layer.
    shapes: Of the inputs, without the batch.
    unknown: The same with None where sizes may be unknown.
    mask: What becomes of a mask: "passes", "stops", "refuses", or "joins" (tested elsewhere).
    values: Makes an input from a RandomState and a shape.
    random: Whether training differs by random numbers.
    """

    make: callable
    shapes: tuple
    unknown: tuple = ()
    mask: str = "refuses"
    values: callable = None
    dtype: str = None


def row(make, *shapes, **options):
    return Row(make, shapes, **options)


def integers(random, *shape):
    return random.randint(1, 5, size=shape)


IMAGE, VOLUME, STEPS = (7, 6, 2), (5, 4, 6, 2), (6, 2)
ANY_IMAGE, ANY_VOLUME, ANY_STEPS = (None, None, 2), (None, None, None, 2), (None, 2)
passes, stops, joins = {"mask": "passes"}, {"mask": "stops"}, {"mask": "joins"}


def images(make, **options):
    return row(make, IMAGE, unknown=(ANY_IMAGE,), **options)


def volumes(make, **options):
    return row(make, VOLUME, unknown=(ANY_VOLUME,), **options)


def steps(make, **options):
    return row(make, STEPS, unknown=(ANY_STEPS,), **options)


def pairs(make, **options):
    return row(make, (4, 3), (4, 3), unknown=((None, 3), (None, 3)), **options)


def clips(make, **options):
    return row(make, (3, 5, 4, 2), mask="joins", **options)


ROWS = {
    "Activation": [steps(lambda: L.Activation("tanh"), **passes)],
    "ActivityRegularization": [steps(lambda: L.ActivityRegularization(0.1, 0.2), **passes)],
    "Add": [pairs(lambda: L.Add(), **passes), row(lambda: L.Add(), (2, 4, 3), (3,))],
    "AlphaDropout": [steps(lambda: L.AlphaDropout(0.5), **passes)],
    "Average": [pairs(lambda: L.Average(), **passes)],
    "AveragePooling1D": [
        steps(lambda: L.AveragePooling1D(2)),
        steps(lambda: L.AveragePooling1D(3, 2, "same")),
    ],
    "AveragePooling2D": [
        images(lambda: L.AveragePooling2D()),
        images(lambda: L.AveragePooling2D(3, (2, 1), "same")),
    ],
    "AveragePooling3D": [volumes(lambda: L.AveragePooling3D())],
    "BatchNormalization": [
        images(lambda: L.BatchNormalization(), **passes),
        row(
            lambda: L.BatchNormalization(axis=1, scale=False),
            (2, 4),
            unknown=((2, None),),
            **passes,
        ),
    ],
    "Bidirectional": [
        steps(lambda: L.Bidirectional(L.LSTM(3, return_sequences=True)), **passes),
        steps(lambda: L.Bidirectional(L.GRU(3), merge_mode="sum"), **stops),
    ],
    "Concatenate": [
        pairs(lambda: L.Concatenate(), **passes),
        row(
            lambda: L.Concatenate(axis=1),
            (2, 3),
            (4, 3),
            unknown=((None, 3), (None, 3)),
            mask="joins",
        ),
    ],
    "Conv1D": [
        steps(lambda: L.Conv1D(3, 2)),
        steps(lambda: L.Conv1D(3, 3, 2, "same", activation="tanh")),
    ],
    "Conv2D": [
        images(lambda: L.Conv2D(3, (3, 2), activation="tanh")),
        images(lambda: L.Conv2D(3, 3, strides=2, padding="same", use_bias=False)),
        images(lambda: L.Conv2D(3, 2, dilation_rate=2)),
    ],
    "Conv2DTranspose": [
        images(lambda: L.Conv2DTranspose(3, (3, 2), (2, 3))),
        images(
            lambda: L.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=1)
        ),
    ],
    "Conv3D": [volumes(lambda: L.Conv3D(3, 2))],
    "Conv3DTranspose": [volumes(lambda: L.Conv3DTranspose(2, 2, 2))],
    "ConvLSTM2D": [
        clips(lambda: L.ConvLSTM2D(3, 2, padding="same"), unknown=((None, 5, 4, 2),)),
        clips(lambda: L.ConvLSTM2D(2, (2, 3), return_sequences=True)),
    ],
    "ConvRNN2D": [clips(lambda: L.ConvRNN2D(L.ConvLSTM2DCell(3, 2)))],
    "Cropping1D": [steps(lambda: L.Cropping1D((1, 2)))],
    "Cropping2D": [images(lambda: L.Cropping2D(((1, 2), (0, 1))))],
    "Cropping3D": [volumes(lambda: L.Cropping3D(1))],
    "CuDNNGRU": [
        steps(lambda: L.CuDNNGRU(3)),
        steps(lambda: L.CuDNNGRU(3, return_sequences=True)),
    ],
    "CuDNNLSTM": [
        steps(lambda: L.CuDNNLSTM(3)),
        steps(lambda: L.CuDNNLSTM(3, return_sequences=True)),
    ],
    "Dense": [
        steps(lambda: L.Dense(4, activation="tanh"), **passes),
        row(lambda: L.Dense(2), (3,)),
    ],
    "DepthwiseConv2D": [images(lambda: L.DepthwiseConv2D((3, 2), depth_multiplier=2))],
    "Dot": [
        row(lambda: L.Dot((2, 1)), (4, 3), (3, 2), mask="stops"),
        row(lambda: L.Dot(1), (3,), (3,)),
    ],
    "Dropout": [steps(lambda: L.Dropout(0.5), **passes)],
    "ELU": [steps(lambda: L.ELU(), **passes)],
    "Embedding": [row(lambda: L.Embedding(5, 3), (4,), unknown=((None,),), values=integers)],
    "Flatten": [images(lambda: L.Flatten())],
    "GRU": [
        steps(lambda: L.GRU(3), **stops),
        steps(lambda: L.GRU(3, reset_after=True, return_sequences=True), **passes),
    ],
    "GaussianDropout": [steps(lambda: L.GaussianDropout(0.5), **passes)],
    "GaussianNoise": [steps(lambda: L.GaussianNoise(0.5), **passes)],
    "GlobalAveragePooling1D": [steps(lambda: L.GlobalAveragePooling1D(), **stops)],
    "GlobalAveragePooling2D": [images(lambda: L.GlobalAveragePooling2D())],
    "GlobalAveragePooling3D": [volumes(lambda: L.GlobalAveragePooling3D())],
    "GlobalMaxPooling1D": [steps(lambda: L.GlobalMaxPooling1D())],
    "GlobalMaxPooling2D": [images(lambda: L.GlobalMaxPooling2D())],
    "GlobalMaxPooling3D": [volumes(lambda: L.GlobalMaxPooling3D())],
    "LSTM": [
        steps(lambda: L.LSTM(3), **stops),
        steps(lambda: L.LSTM(3, return_sequences=True, implementation=1), **passes),
        steps(lambda: L.LSTM(3, go_backwards=True), **stops),
    ],
    "Lambda": [steps(lambda: L.Lambda(lambda x: K.sum(x, axis=-1)), **stops)],
    "LeakyReLU": [steps(lambda: L.LeakyReLU(), **passes)],
    "LocallyConnected1D": [row(lambda: L.LocallyConnected1D(3, 2), STEPS)],
    "LocallyConnected2D": [row(lambda: L.LocallyConnected2D(3, (3, 2)), IMAGE)],
    "Masking": [steps(lambda: L.Masking(), **passes)],
    "MaxPooling1D": [steps(lambda: L.MaxPooling1D()), steps(lambda: L.MaxPooling1D(3, 2, "same"))],
    "MaxPooling2D": [
        images(lambda: L.MaxPooling2D()),
        images(lambda: L.MaxPooling2D(3, 2, "same")),
    ],
    "MaxPooling3D": [volumes(lambda: L.MaxPooling3D())],
    "Maximum": [pairs(lambda: L.Maximum(), **passes)],
    "Minimum": [pairs(lambda: L.Minimum(), **passes)],
    "Multiply": [pairs(lambda: L.Multiply(), **passes)],
    "PReLU": [
        steps(lambda: L.PReLU(shared_axes=[1]), **passes),
        row(lambda: L.PReLU(), IMAGE, **passes),
    ],
    "Permute": [row(lambda: L.Permute((3, 1, 2)), IMAGE, unknown=(ANY_IMAGE,))],
    "RNN": [steps(lambda: L.RNN([L.LSTMCell(3), L.GRUCell(2)]), **stops)],
    "ReLU": [steps(lambda: L.ReLU(1.0, 0.1, 0.2), **passes)],
    "RepeatVector": [row(lambda: L.RepeatVector(3), (4,))],
    "Reshape": [row(lambda: L.Reshape((-1, 4)), (6, 2)), row(lambda: L.Reshape((3, 4)), (6, 2))],
    "SeparableConv1D": [steps(lambda: L.SeparableConv1D(3, 2))],
    "SeparableConv2D": [images(lambda: L.SeparableConv2D(3, (3, 2), depth_multiplier=2))],
    "SimpleRNN": [
        steps(lambda: L.SimpleRNN(3), **stops),
        row(lambda: L.SimpleRNN(3, unroll=True), STEPS, **stops),
    ],
    "Softmax": [steps(lambda: L.Softmax(), **passes)],
    "SpatialDropout1D": [steps(lambda: L.SpatialDropout1D(0.5), **passes)],
    "SpatialDropout2D": [images(lambda: L.SpatialDropout2D(0.5), **passes)],
    "SpatialDropout3D": [volumes(lambda: L.SpatialDropout3D(0.5), **passes)],
    "Subtract": [pairs(lambda: L.Subtract(), **passes)],
    "ThresholdedReLU": [steps(lambda: L.ThresholdedReLU(0.2), **passes)],
    "TimeDistributed": [
        steps(lambda: L.TimeDistributed(L.Dense(3)), **passes),
        row(lambda: L.TimeDistributed(L.Conv2D(2, 2)), (3, 4, 4, 2)),
    ],
    "UpSampling1D": [steps(lambda: L.UpSampling1D(3))],
    "UpSampling2D": [
        images(lambda: L.UpSampling2D((2, 3))),
        images(lambda: L.UpSampling2D(2, interpolation="bilinear")),
    ],
    "UpSampling3D": [volumes(lambda: L.UpSampling3D(2))],
    "ZeroPadding1D": [steps(lambda: L.ZeroPadding1D((1, 2)))],
    "ZeroPadding2D": [images(lambda: L.ZeroPadding2D(((1, 2), (0, 1))))],
    "ZeroPadding3D": [volumes(lambda: L.ZeroPadding3D(1))],
    "Highway": [row(lambda: L.Highway(activation="tanh"), (4,))],
    "ParametricSoftplus": [
        row(lambda: L.ParametricSoftplus(), (4,)),
        steps(lambda: L.ParametricSoftplus(shared_axes=[1]), **passes),
    ],
    "SReLU": [row(lambda: L.SReLU(), (4,)), steps(lambda: L.SReLU(shared_axes=1), **passes)],
    "AdditiveAttention": [row(lambda: L.AdditiveAttention(), (4, 3), (5, 3), **joins)],
    "Attention": [
        row(lambda: L.Attention(), (4, 3), (5, 3), unknown=((None, 3), (None, 3)), **joins),
        row(lambda: L.Attention(use_scale=True, score_mode="concat"), (4, 3), (5, 3), **joins),
    ],
    "CategoryEncoding": [row(lambda: L.CategoryEncoding(5, "count"), (4,), values=integers)],
    "CenterCrop": [row(lambda: L.CenterCrop(3, 4), IMAGE)],
    "Conv1DTranspose": [
        steps(lambda: L.Conv1DTranspose(3, 2, 2)),
        steps(lambda: L.Conv1DTranspose(3, 3, strides=2, padding="same", output_padding=1)),
    ],
    "DepthwiseConv1D": [
        steps(lambda: L.DepthwiseConv1D(3, depth_multiplier=2)),
        steps(lambda: L.DepthwiseConv1D(2, 2, padding="same")),
    ],
    "Discretization": [row(lambda: L.Discretization([0.0, 1.0]), (4,))],
    "EinsumDense": [
        steps(lambda: L.EinsumDense("abc,cd->abd", (None, 4), "tanh", "d"), **passes),
        row(lambda: L.EinsumDense("...c,cde->...de", (2, 3), bias_axes="de"), (4, 3), **passes),
    ],
    "GroupNormalization": [row(lambda: L.GroupNormalization(2), (5, 4), **passes)],
    "Identity": [steps(lambda: L.Identity(), **passes)],
    "IntegerLookup": [row(lambda: L.IntegerLookup(vocabulary=[3, 1]), (4,), values=integers)],
    "LayerNormalization": [
        steps(lambda: L.LayerNormalization(), **passes),
        row(lambda: L.LayerNormalization(axis=[1, 2]), (5, 4), **passes),
    ],
    "MultiHeadAttention": [
        row(lambda: L.MultiHeadAttention(2, 3), (4, 5), (6, 5), **joins),
    ],
    "Normalization": [row(lambda: L.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0]), STEPS)],
    "RandomBrightness": [images(lambda: L.RandomBrightness(0.2))],
    "RandomContrast": [images(lambda: L.RandomContrast(0.2))],
    "RandomCrop": [row(lambda: L.RandomCrop(3, 4), IMAGE)],
    "RandomFlip": [images(lambda: L.RandomFlip())],
    "RandomRotation": [row(lambda: L.RandomRotation(0.2), IMAGE)],
    "RandomTranslation": [row(lambda: L.RandomTranslation(0.2, 0.1), IMAGE)],
    "RandomZoom": [row(lambda: L.RandomZoom(0.2), IMAGE)],
    "Rescaling": [images(lambda: L.Rescaling(0.5, 1.0), **passes)],
    "Resizing": [row(lambda: L.Resizing(3, 4), IMAGE)],
    "UnitNormalization": [steps(lambda: L.UnitNormalization(), **passes)],
    "MaxoutDense": [row(lambda: L.MaxoutDense(3), (4,))],
    "TimeDistributedDense": [steps(lambda: L.TimeDistributedDense(3), **passes)],
}

# Layers that are tested elsewhere, with the reason.
ELSEWHERE = {
    "ConvLSTM2DCell": "inside ConvRNN2D",
    "GRUCell": "inside RNN",
    "InputLayer": "holds an input; in tests of the engine",
    "LSTMCell": "inside RNN",
    "Layer": "the base class",
    "SimpleRNNCell": "inside RNN",
    "StackedRNNCells": "inside RNN",
    "Wrapper": "the base class of wrappers",
    **dict.fromkeys(["ConvRecurrent2D", "Merge", "Recurrent"], "Keras 1; tested elsewhere"),
}
CASES = [
    pytest.param(found, id=f"{name}-{index}")
    for name, rows in ROWS.items()
    for index, found in enumerate(rows)
]
# The tests of a row follow one another: they share its program.
every_row = pytest.mark.parametrize("row", CASES, scope="module")


def test_every_public_layer_has_a_row():
    classes = {
        item.__name__
        for item in (getattr(L, name) for name in L.__all__)
        if inspect.isclass(item) and issubclass(item, L.Layer)
    }
    assert classes - set(ROWS) - set(ELSEWHERE) == set()


# ---- helpers


def data(row, batch=3):
    random = np.random.RandomState(0)
    values = row.values or (lambda random, *shape: random.normal(size=shape))
    return [values(random, batch, *shape).astype("float32") for shape in row.shapes]


def inputs_for(shapes):
    found = [L.Input(shape) for shape in shapes]
    return found, found if len(found) > 1 else found[0]


def randomized(layer):
    """Gives the weights values other than zeros and ones."""
    random = np.random.RandomState(zlib.crc32(type(layer).__name__.encode()))
    values = [random.normal(size=w.shape) * 0.5 for w in layer.weights]
    layer.set_weights(
        [abs(v) + 0.5 if "variance" in w.name else v for w, v in zip(layer.weights, values)]
    )
    return layer


def comparable(layer):
    """The config; of a Lambda without the code, which has many forms."""
    return {k: v for k, v in layer.get_config().items() if k != "function"}


def run(inputs, outputs, arrays, training=0):
    return K.function([*inputs, K.learning_phase()], outputs)([*arrays, training])


@functools.lru_cache(maxsize=1)
def computed(row):
    """A layer, copies made of its config, and what they all compute in one program."""
    layer, arrays = row.make(), data(row)
    tensors, inputs = inputs_for(row.shapes)
    outputs = [layer(inputs)]
    randomized(layer)
    copies = type(layer).from_config(layer.get_config()), L.deserialize(L.serialize(layer))
    for copy in copies:
        outputs.append(copy(inputs))
        copy.set_weights(layer.get_weights())
    values = run(tensors, outputs, arrays)
    return SimpleNamespace(layer=layer, y=outputs[0], copies=copies, arrays=arrays, values=values)


def rows_that(applies):
    """Parametrizes over the rows that a property applies to."""
    return pytest.mark.parametrize("row", [case for case in CASES if applies(case.values[0])])


def knows_unknown_sizes(row):
    return bool(row.unknown)


def takes_masks(row):
    return row.mask != "joins" and all(len(shape) > 1 for shape in row.shapes)


def has_two_formats(row):
    return "data_format" in row.make().get_config()


def has_weights(row):
    layer = row.make()
    layer(inputs_for(row.shapes)[1])
    return bool(layer.trainable_weights)


def is_random_in_training(row):
    layer = row.make()
    return layer.uses_learning_phase and "Normalization" not in type(layer).__name__


# ---- the routine


@every_row
def test_inferred_shape_is_the_real_one(row):
    layer, y, found = computed(row).layer, computed(row).y, computed(row).values[0]
    assert K.int_shape(y) == (None, *found.shape[1:])
    assert found.dtype == y.dtype
    shapes = [(None, *shape) for shape in row.shapes]
    assert tuple(layer.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])) == (
        K.int_shape(y)
    )
    assert layer.output_shape == K.int_shape(y)


@rows_that(knows_unknown_sizes)
def test_unknown_sizes_are_none_or_right(row):
    layer = row.make()
    tensors, inputs = inputs_for(row.unknown)
    y = layer(inputs)
    for scale in (1, 2):
        shapes = [
            tuple(size * scale if open_ is None else size for size, open_ in zip(shape, unknown))
            for shape, unknown in zip(row.shapes, row.unknown)
        ]
        found = run(tensors, [y], data(dataclasses.replace(row, shapes=shapes)))[0]
        assert len(K.int_shape(y)) == found.ndim
        for inferred, real in zip(K.int_shape(y), found.shape):
            assert inferred is None or inferred == real


@every_row
def test_compiled_is_eager(row):
    assert_eager(computed(row).layer, computed(row).arrays, computed(row).values[0], training=0)


@rows_that(lambda row: not is_random_in_training(row))
def test_compiled_is_eager_in_training(row):
    layer, arrays = row.make(), data(row)
    tensors, inputs = inputs_for(row.shapes)
    y = layer(inputs)
    randomized(layer)
    assert_eager(layer, arrays, run(tensors, [y], arrays, training=1)[0], training=1)


def assert_eager(layer, arrays, compiled, training):
    with K.learning_phase_scope(training):
        eager = layer(arrays if len(arrays) > 1 else arrays[0])
    np.testing.assert_allclose(compiled, np.asarray(eager), rtol=1e-5, atol=1e-6)


@every_row
def test_config_and_weights_make_the_same_layer(row):
    layer, values = computed(row).layer, computed(row).values
    for copy, value in zip(computed(row).copies, values[1:]):
        assert type(copy) is type(layer)
        assert comparable(copy) == comparable(layer)
        assert [w.name for w in copy.weights] == [w.name for w in layer.weights]
        np.testing.assert_array_equal(value, values[0])


@rows_that(takes_masks)
def test_masks_pass_or_stop_as_declared(row):
    arrays = data(row)
    for array in arrays:
        array[0, -1] = 0
    tensors, _ = inputs_for(row.shapes)
    masked = [L.Masking()(x) for x in tensors]
    layer = row.make()
    inputs = masked if len(masked) > 1 else masked[0]
    if row.mask == "refuses":
        with pytest.raises(TypeError, match="does not support masking"):
            layer(inputs)
        return
    y = layer(inputs)
    if row.mask == "stops":
        assert layer.output_mask is None
        return
    mask = run(tensors, [layer.output_mask, y], arrays)[0]
    np.testing.assert_array_equal(mask, np.any(arrays[0] != 0, axis=-1))


@rows_that(has_two_formats)
def test_both_data_formats_agree(row):
    layer, arrays = row.make(), data(row)
    assert layer.data_format == "channels_last"
    axis = 2 if "ConvLSTM" in type(layer).__name__ else 1
    tensors, inputs = inputs_for(row.shapes)
    y = layer(inputs)
    randomized(layer)
    other = type(layer).from_config(layer.get_config() | {"data_format": "channels_first"})
    moved = np.moveaxis(arrays[0], -1, axis)
    x = L.Input(moved.shape[1:])
    z = other(x)
    weights = layer.get_weights()
    if "Locally" in type(layer).__name__:  # one row of the kernel is a window, in either order
        places, _, filters = weights[0].shape
        kernel = weights[0].reshape(places, -1, row.shapes[0][-1], filters)
        weights[0] = kernel.swapaxes(1, 2).reshape(weights[0].shape)
        weights[1] = np.moveaxis(weights[1], -1, 0).reshape(weights[1].shape)  # as Keras reads it
    other.set_weights(weights)
    expected = run(tensors, [y], arrays)[0]
    found = run([x], [z], [moved])[0]
    if expected.ndim > 2:
        axis = axis if expected.ndim == arrays[0].ndim else 1
        expected = np.moveaxis(expected, -1, axis)
    assert K.int_shape(z)[1:] == found.shape[1:]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@rows_that(has_weights)
def test_training_moves_every_weight_and_lowers_the_loss(row):
    layer, arrays = row.make(), data(row)
    tensors, inputs = inputs_for(row.shapes)
    y = layer(inputs)
    randomized(layer)
    model = Model(inputs, y)
    model.compile(hornbeam.optimizers.SGD(0.01), "mse")
    targets = np.random.RandomState(2).normal(size=[size or 3 for size in y.shape])
    weights = K.batch_get_value(layer.trainable_weights)
    before = model.train_on_batch(arrays, targets)
    assert model.train_on_batch(arrays, targets) < before
    for weight, old in zip(layer.trainable_weights, weights):
        new = K.get_value(weight)
        unseen = weight.name.endswith("/key/bias:0")  # softmax is blind to what all scores share
        assert np.isfinite(new).all() and (unseen or np.any(new != old)), weight.name
