"""Layers that learn from data before training, and what they refuse."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.models import Sequential


def values(x):
    return np.asarray(x).tolist()


def test_normalization_adapts_to_data_and_keeps_it_in_its_weights():
    data = np.random.RandomState(0).normal([3, -1], [2, 5], (200, 2)).astype("float32")
    model = Sequential([L.Normalization(input_shape=(2,))])
    np.testing.assert_array_equal(model.predict(data), data)  # until then: mean 0, variance 1
    model.layers[0].adapt(data)
    scaled = model.predict(data)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.var(0), 1, rtol=1e-5)
    mean, variance, count = model.get_weights()
    np.testing.assert_allclose(mean, data.mean(0), rtol=1e-5)
    np.testing.assert_allclose(variance, data.var(0), rtol=1e-5)
    assert count == 200 and model.count_params() == 5 and not model.trainable_weights


def test_normalization_with_one_mean_for_all_takes_batches_and_inverts():
    batches = [np.array([[1.0, 2.0], [3.0, 6.0]]), np.array([[0.0, 0.0]])]
    layer = L.Normalization(axis=None)
    layer.adapt(iter(batches))
    mean, deviation = 2.0, np.sqrt(np.var([1, 2, 3, 6, 0, 0]))
    np.testing.assert_allclose(layer(np.float32([[2.0, 6.0]])), [[0, 4 / deviation]], rtol=1e-6)
    back = L.Normalization(mean=mean, variance=deviation**2, invert=True)
    np.testing.assert_allclose(back(np.float32([[0, 4 / deviation]])), [[2, 6]], rtol=1e-6)


def test_discretization_finds_quantiles():
    layer = L.Discretization(num_bins=4)
    layer.adapt(np.arange(1, 101))
    assert np.bincount(np.asarray(layer(np.arange(1, 101)))).tolist() == [25] * 4
    assert values(L.Discretization([0.0, 1.0])([-1.0, 0.0, 0.5, 1.0])) == [0, 1, 1, 2]


def test_integer_lookup_orders_by_frequency():
    layer = L.IntegerLookup()
    layer.adapt(np.array([[5, 3, 3], [9, 5, 5], [7, 3, 1]]))
    assert layer.get_vocabulary() == [-1, 5, 3, 9, 7, 1]
    assert values(layer([[5, 3, 9, 0], [1, 2, 4, 7]])) == [[1, 2, 3, 0], [5, 0, 0, 4]]
    back = L.IntegerLookup(vocabulary=layer.get_vocabulary(), invert=True)
    assert values(back([1, 2, 0, 9])) == [5, 3, -1, -1]


def test_integer_lookup_masks_and_counts():
    layer = L.IntegerLookup(
        vocabulary=[5, 3, 9], mask_token=0, output_mode="count", num_oov_indices=2
    )
    assert layer.get_vocabulary() == [0, -1, -1, 5, 3, 9]
    assert values(layer([[5, 5, 0, 8], [9, 7, 7, 3]])) == [[1, 1, 0, 2, 0, 0], [0, 0, 2, 0, 1, 1]]


def test_category_encoding_counts_with_weights():
    layer = L.CategoryEncoding(3, output_mode="count")
    weighted = layer(np.array([[0, 1, 1]]), count_weights=np.array([[0.5, 2.0, 1.0]]))
    assert values(weighted) == [[0.5, 3.0, 0.0]]


def test_causal_depthwise_convolution_looks_back_only():
    layer = L.DepthwiseConv1D(2, padding="causal", dilation_rate=2, use_bias=False)
    x = np.arange(1.0, 11.0, dtype="float32").reshape(1, 5, 2)
    layer(x)
    layer.set_weights([np.float32([[[10.0], [100.0]], [[1.0], [2.0]]])])
    before = np.concatenate([np.zeros((1, 2, 2)), x[:, :3]], 1)
    np.testing.assert_allclose(layer(x), before * [10, 100] + x * [1, 2])


def test_random_layers_change_each_image_by_itself_and_nothing_in_test():
    x = np.tile(np.arange(12.0, dtype="float32").reshape(1, 3, 4, 1), (64, 1, 1, 1))
    flip = L.RandomFlip("horizontal")
    y = np.asarray(flip(x, training=True))
    flipped = (y == x[:, :, ::-1]).all((1, 2, 3))
    assert ((y == x).all((1, 2, 3)) ^ flipped).all() and 10 < flipped.sum() < 54
    np.testing.assert_array_equal(flip(x, training=False), x)
    crop = np.asarray(L.RandomCrop(2, 3)(x, training=True))
    assert crop.shape == (64, 2, 3, 1) and (np.diff(crop, axis=2) == 1).all()
    contrast = np.asarray(L.RandomContrast(0.5)(x + 100, training=True))
    np.testing.assert_allclose(contrast.mean((1, 2, 3)), 105.5, rtol=1e-5)
    assert len(np.unique(contrast.std((1, 2, 3)).round(3))) > 30


def test_attention_dropout_and_masks_in_a_model():
    x = L.Input((4, 3))
    masked = L.Masking()(x)
    y = L.MultiHeadAttention(2, 3, dropout=0.5)(masked, masked)
    f = K.function([x, K.learning_phase()], [y])
    data = np.random.RandomState(0).normal(size=(2, 4, 3)).astype("float32")
    tail = data.copy()
    tail[:, 2:] = 0
    other = tail.copy()
    assert not np.allclose(f([data, 1])[0], f([data, 1])[0])
    np.testing.assert_allclose(f([tail, 0])[0][:, :2], f([other, 0])[0][:, :2])


@pytest.mark.parametrize("make, words", [
    (lambda: L.Normalization(mean=1.0), "both `mean` and `variance`"),
    (lambda: L.Normalization(mean=1.0, variance=1.0).adapt([1.0]), "cannot adapt"),
    (lambda: L.Discretization(), "one must be"),
    (lambda: L.Discretization(num_bins=3)([1.0]), "call adapt"),
    (lambda: L.CategoryEncoding(0), "num_tokens=0"),
    (lambda: L.CategoryEncoding(3, sparse=True), "Only dense tensors"),
    (lambda: L.IntegerLookup()([1]), "has no vocabulary"),
    (lambda: L.IntegerLookup(max_tokens=2, vocabulary=[1, 2, 3]), "max_tokens=2"),
    (lambda: L.Resizing(2, 2, "area"), "interpolation='area'"),
    (lambda: L.RandomFlip("up"), "mode='up'"),
    (lambda: L.RandomRotation((0.2, 0.1)), "factor="),
    (lambda: L.Attention(score_mode="cos"), "score_mode='cos'"),
    (lambda: L.Attention()(np.ones((2, 3, 4), "float32")), "query, value"),
    (lambda: L.EinsumDense("ab,bc", 3)(np.ones((2, 3), "float32")), "Expected the form"),
    (lambda: L.GroupNormalization(3)(np.ones((2, 4), "float32")), "must divide"),
])
def test_what_cannot_be_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
