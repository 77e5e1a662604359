"""Layers that came with tf.keras 2: outputs, gradients, weights; the oracle is tf_keras."""

import numpy as np

from . import TF_KERAS, Case, Tolerance
from .layers import check, integers
from .support import compute_named, normal, set_random_weights, uniform, weighted_sum

WHY = "Keras 2.3.1 has no such layer"


def row(make, *shapes, **options):
    tolerances = options.pop("tolerances", ())

    def run(keras, random):
        results = check(keras, random, make, *shapes, **options)
        results.pop("compute_output_shape")  # tf_keras does without it in many of them
        return results

    return only(run, tolerances)


def only(run, tolerances=()):
    return Case(run, tolerances=tolerances, oracles=(TF_KERAS,), why=WHY)


def pixels(random, *shape):
    return uniform(random, 0, 255, *shape)


def attention(keras, random, make, masked=(False, True), **call):
    """Query, value and key, with masks of queries and values; outputs, weights, gradients."""
    L, K = keras.layers, keras.backend
    shapes = ((3, 4), (5, 4), (5, 4))
    x = [L.Input(shape) for shape in shapes]
    feeds = [(one, normal(random, 2, *shape)) for one, shape in zip(x, shapes)]
    lengths = [L.Input((steps,), dtype="bool") for steps in (3, 5)]
    marks = [np.arange(steps)[None] < np.array([[2], [steps]]) for steps in (3, 5)]
    masks = [one if wanted else None for one, wanted in zip(lengths, masked)]
    feeds += [(one, mark) for one, mark, wanted in zip(lengths, marks, masked) if wanted]
    layer = make(L)
    y, scores = layer(x, mask=masks, return_attention_scores=True, **call)
    set_random_weights(layer, random)
    total = weighted_sum(keras, y, uniform(random, 0.5, 1.5, 2, 3, 4))
    weights = list(layer.trainable_weights)
    gradients = K.gradients(total, x + weights)
    outputs = {"gradient {}".format(i): g for i, g in enumerate(gradients) if g is not None}
    outputs.update(y=y, scores=scores)
    return compute_named(keras, feeds, outputs, training=0)


def heads(keras, random, mask=False, **options):
    """Several heads: outputs, weights of the attention, gradients."""
    L, K = keras.layers, keras.backend
    call = {"use_causal_mask": options.pop("causal", False)}
    shapes = options.pop("shapes", ((4, 6), (4, 5)))
    x = [L.Input(shape) for shape in shapes]
    feeds = [(one, normal(random, 2, *shape)) for one, shape in zip(x, shapes)]
    if mask:
        call["attention_mask"] = L.Input((4, 4), dtype="bool")
        feeds.append((call["attention_mask"], random.uniform(size=(2, 4, 4)) < 0.7))
    layer = L.MultiHeadAttention(**options)
    y, scores = layer(x[0], x[1], return_attention_scores=True, **call)
    set_random_weights(layer, random)
    total = weighted_sum(keras, K.square(y), uniform(random, 0.5, 1.5, *(2,) + K.int_shape(y)[1:]))
    # a softmax does not change with the bias of the keys: its gradient is zero but for rounding
    sources = x + [w for w in layer.trainable_weights if "key/bias" not in w.name]
    gradients = K.gradients(total, sources)
    outputs = {"gradient {}".format(i): gradient for i, gradient in enumerate(gradients)}
    outputs.update(y=y, scores=scores)
    results = compute_named(keras, feeds, outputs, training=0)
    results["weight shapes"] = [list(weight.shape) for weight in layer.get_weights()]
    return results


def changed(keras, random, make, training=1, size=(6, 5, 2)):
    """Images in training; a factor whose limits are equal leaves nothing to chance."""
    x = keras.layers.Input(size)
    y = make(keras.layers)(x, training=bool(training))
    return compute_named(keras, [(x, pixels(random, 2, *size))], {"y": y})


def case(function, *args, **options):
    tolerances = options.pop("tolerances", ())
    return only(lambda keras, random: function(keras, random, *args, **options), tolerances)


FIXED = {"seed": 1}
PIXELS = (Tolerance(1e-4, 1e-6, "pixels are read at places computed in float32, in another order"),)
CUBIC = (Tolerance(5e-3, 1e-3, "TensorFlow reads a cubic's weights from a table of 1024 places"),)
CASES = {
    "AdditiveAttention": case(attention, lambda L: L.AdditiveAttention()),
    "AdditiveAttention, both masks": case(
        attention, lambda L: L.AdditiveAttention(use_scale=False), masked=(True, True)
    ),
    "Attention": case(attention, lambda L: L.Attention()),
    "Attention, causal, no mask": case(
        attention, lambda L: L.Attention(), masked=(False, False), use_causal_mask=True
    ),
    "Attention, scale, concat": case(
        attention, lambda L: L.Attention(use_scale=True, score_mode="concat"), masked=(True, True)
    ),
    "CategoryEncoding, count": row(
        lambda L: L.CategoryEncoding(6, output_mode="count"), (4,), values=integers(0, 6),
        gradients=False,
    ),
    "CategoryEncoding, multi_hot": row(
        lambda L: L.CategoryEncoding(6), (4,), values=integers(0, 6), gradients=False
    ),
    "CategoryEncoding, one_hot": row(
        lambda L: L.CategoryEncoding(6, output_mode="one_hot"), (1,), values=integers(0, 6),
        gradients=False,
    ),
    "CenterCrop": row(lambda L: L.CenterCrop(3, 4), (6, 7, 2), gradients=False),
    "CenterCrop, too small": row(lambda L: L.CenterCrop(8, 6), (6, 7, 2), gradients=False),
    "Conv1DTranspose": row(lambda L: L.Conv1DTranspose(3, 4, strides=2), (5, 2)),
    "Conv1DTranspose, same, output_padding": row(
        lambda L: L.Conv1DTranspose(3, 3, 2, "same", output_padding=1), (5, 2)
    ),
    "DepthwiseConv1D": row(lambda L: L.DepthwiseConv1D(3, depth_multiplier=2), (7, 2)),
    "Discretization": row(
        lambda L: L.Discretization([-0.5, 0.0, 0.75]), (5,), gradients=False
    ),
    "EinsumDense": row(
        lambda L: L.EinsumDense("abc,cd->abd", (None, 4), activation="tanh", bias_axes="d"), (3, 5)
    ),
    "EinsumDense, dots before": row(
        lambda L: L.EinsumDense("...c,cde->...de", (2, 3), bias_axes="de"), (3, 5)
    ),
    "GroupNormalization": row(lambda L: L.GroupNormalization(2), (3, 5, 4)),
    "GroupNormalization, axis 1": row(lambda L: L.GroupNormalization(-1, axis=1), (4, 3, 5)),
    "LayerNormalization": row(lambda L: L.LayerNormalization(), (3, 5)),
    "LayerNormalization, axes, no center": row(
        lambda L: L.LayerNormalization(axis=[1, 2], center=False), (3, 5)
    ),
    "MultiHeadAttention": case(heads, num_heads=2, key_dim=3),
    "MultiHeadAttention, causal": case(heads, num_heads=2, key_dim=3, causal=True, use_bias=False),
    "MultiHeadAttention, mask, value_dim": case(
        heads, num_heads=3, key_dim=2, value_dim=4, output_shape=7, mask=True
    ),
    "MultiHeadAttention, two axes": case(
        heads, num_heads=2, key_dim=3, attention_axes=(1, 2), shapes=((3, 4, 5), (2, 4, 5))
    ),
    "Normalization, given, inverted": row(
        lambda L: L.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0], invert=True), (5, 2),
        gradients=False,
    ),
    "RandomBrightness": case(changed, lambda L: L.RandomBrightness((0.2, 0.2), **FIXED)),
    "RandomFlip, in test": case(changed, lambda L: L.RandomFlip(**FIXED), training=0),
    "RandomRotation, constant": case(
        changed,
        lambda L: L.RandomRotation((0.1, 0.1), "constant", fill_value=7.0, **FIXED),
        tolerances=PIXELS,
    ),
    "RandomRotation, reflect": case(
        changed, lambda L: L.RandomRotation((-0.2, -0.2), **FIXED), tolerances=PIXELS
    ),
    "RandomTranslation": case(
        changed, lambda L: L.RandomTranslation((0.3, 0.3), (-0.15, -0.15), "nearest", **FIXED),
        tolerances=PIXELS,
    ),
    "RandomZoom": case(
        changed, lambda L: L.RandomZoom((0.3, 0.3), (-0.2, -0.2), "constant", **FIXED),
        tolerances=PIXELS,
    ),
    "Rescaling": row(lambda L: L.Rescaling(0.5, offset=-1.0), (3, 2)),
    "Resizing": row(lambda L: L.Resizing(4, 9), (6, 5, 2), gradients=False),
    "Resizing, bicubic": row(
        lambda L: L.Resizing(9, 4, "bicubic"), (6, 5, 2), gradients=False, tolerances=CUBIC
    ),
    "Resizing, nearest, aspect": row(
        lambda L: L.Resizing(3, 3, "nearest", crop_to_aspect_ratio=True), (6, 9, 2),
        gradients=False,
    ),
    "UnitNormalization": row(lambda L: L.UnitNormalization(), (3, 5)),
    "UnitNormalization, axes": row(lambda L: L.UnitNormalization(axis=[1, 2]), (3, 5)),
}
