"""The operations of a step against their formulas: 2 for a product, 3 products for a layer."""

import pytest

import hornbeam
from benchmarks import flops, nets
from hornbeam import layers


def test_dense_layers_and_no_gradient_of_the_input():
    expected = 2 * 32 * (2 * 13 * 64 + 3 * 64 * 64 + 3 * 64)
    assert flops.of_step(nets.dense(hornbeam), 32) == expected


def test_convolutions_count_their_output_positions():
    first, second = 26 * 26 * 9 * 32, 24 * 24 * 9 * 32 * 64
    dense = 12 * 12 * 64 * 128 + 128 * 10
    expected = 2 * 128 * (2 * first + 3 * (second + dense))
    assert flops.of_step(nets.mnist_cnn(hornbeam), 128) == expected


def test_recurrent_layers_count_their_steps():
    expected = 2 * 32 * 3 * (80 * 4 * 2 * 128 * 128 + 128)
    assert flops.of_step(nets.imdb_recurrent(hornbeam, "LSTM"), 32, steps=80) == expected


def test_attention_counts_the_products_of_activations():
    steps, width = nets.ATTENTION_STEPS, nets.ATTENTION_WIDTH
    block = 8 * steps * width**2 + 2 * steps**2 * width
    expected = 2 * 32 * 3 * (nets.ATTENTION_BLOCKS * block + width)
    assert flops.of_step(nets.attention(hornbeam), 32) == expected


def test_nested_models_count():
    expected = 2 * 128 * (2 * 784 * 512 + 3 * (2 * 512 * 2 + 2 * 512 + 512 * 784))
    assert flops.of_step(nets.vae(hornbeam), 128) == expected


def test_a_layer_without_a_rule_is_not_left_out_silently():
    model = hornbeam.Sequential([layers.SeparableConv1D(4, 3, input_shape=(8, 2))])
    with pytest.raises(NotImplementedError, match="SeparableConv1D"):
        flops.of_step(model, 1)
