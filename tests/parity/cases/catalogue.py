"""The rest of the layers, several argument combinations each: what `layers` does not have."""

import functools

from . import KERAS, Case
from .layers import row
from .support import compute_named, normal, set_random_weights, uniform, weighted_sum

IMAGE, SMALL, VOLUME, STEPS, CLIP = (7, 6, 2), (4, 3, 2), (5, 4, 5, 2), (6, 2), (3, 6, 5, 2)
FIRST = "channels_first"
WHY = "tf_keras 2.21 has other defaults here, or no CPU kernel; the values are Keras 2.3.1's"


def case(make, *shapes):
    return row(make, *shapes, oracles=(KERAS,), why=WHY)


def layer(name, shape, *arguments, **settings):
    return case(lambda L: getattr(L, name)(*arguments, **settings), shape)


def two(name, first, second, *arguments, **settings):
    return case(lambda L: getattr(L, name)(*arguments, **settings), first, second)


def both_ways(name, shape=(4, 3), mode="concat", **settings):
    return case(
        lambda L: L.Bidirectional(getattr(L, name)(3, name="inner", **settings), merge_mode=mode),
        shape,
    )


def masked(keras, random, make):
    """A layer after Masking, with padded steps at the end and inside."""
    K = keras.backend
    x = keras.layers.Input((4, 3))
    layer = make(keras.layers)
    y = layer(keras.layers.Masking()(x))
    set_random_weights(layer, random)
    values = normal(random, 2, 4, 3)
    values[0, 2:] = 0
    values[1, 1] = 0
    sizes = [size or 1 for size in K.int_shape(y)]
    total = weighted_sum(keras, y, uniform(random, 0.5, 1.5, *sizes))
    outputs = {"y": y}
    for index, gradient in enumerate(K.gradients(total, [x] + layer.trainable_weights)):
        outputs["gradient{}".format(index)] = gradient
    results = compute_named(keras, [(x, values)], outputs)
    results["passes"] = layer.output_mask is not None
    return results


def masked_case(make):
    return Case(functools.partial(masked, make=make), oracles=(KERAS,), why=WHY)


def table():
    cases = {
        "Conv1D": layer("Conv1D", STEPS, 3, 2),
        "Conv1D causal": layer("Conv1D", STEPS, 3, 2, padding="causal", dilation_rate=2),
        "Conv1D same strides": layer("Conv1D", STEPS, 3, 3, padding="same", strides=2),
        "Conv3D": layer("Conv3D", VOLUME, 3, 2),
        "Conv3D same": layer("Conv3D", VOLUME, 3, (2, 3, 2), padding="same", strides=2),
        "Conv3D dilation": layer("Conv3D", VOLUME, 2, 2, dilation_rate=2),
        "SeparableConv1D": layer("SeparableConv1D", STEPS, 3, 2, depth_multiplier=2),
        "SeparableConv1D same": layer("SeparableConv1D", STEPS, 3, 3, padding="same", strides=2),
        "SeparableConv2D": layer("SeparableConv2D", IMAGE, 3, 2, depth_multiplier=2),
        "SeparableConv2D same": layer(
            "SeparableConv2D", IMAGE, 3, (3, 2), padding="same", strides=2
        ),
        "SeparableConv2D dilation": layer("SeparableConv2D", IMAGE, 3, (3, 2), dilation_rate=2),
        "SeparableConv2D channels_first": layer(
            "SeparableConv2D", (2, 5, 6), 3, 2, data_format=FIRST
        ),
        "DepthwiseConv2D": layer("DepthwiseConv2D", IMAGE, 2, depth_multiplier=2),
        "DepthwiseConv2D same": layer("DepthwiseConv2D", IMAGE, 3, padding="same", strides=2),
        "DepthwiseConv2D channels_first": layer("DepthwiseConv2D", (2, 5, 6), 2, data_format=FIRST),
        "Conv2DTranspose output padding": layer(
            "Conv2DTranspose", SMALL, 3, (3, 2), strides=(2, 3), output_padding=(1, 2)
        ),
        "Conv2DTranspose same output padding": layer(
            "Conv2DTranspose", SMALL, 3, 3, padding="same", strides=2, output_padding=1
        ),
        "Conv2DTranspose dilation": layer("Conv2DTranspose", SMALL, 3, 2, dilation_rate=2),
        "Conv2DTranspose channels_first": layer(
            "Conv2DTranspose", (2, 4, 3), 3, 2, strides=2, data_format=FIRST
        ),
        "Conv3DTranspose": layer("Conv3DTranspose", (2, 3, 2, 2), 2, 2, strides=2),
        "Conv3DTranspose same": layer(
            "Conv3DTranspose", (2, 3, 2, 2), 2, 3, strides=2, padding="same"
        ),
        "LeakyReLU": layer("LeakyReLU", (4, 3)),
        "PReLU": layer("PReLU", (4, 3)),
        "PReLU shared": layer("PReLU", (4, 3), shared_axes=[1]),
        "ELU": layer("ELU", (4, 3), alpha=0.5),
        "ThresholdedReLU": layer("ThresholdedReLU", (4, 3), theta=0.5),
        "Softmax": layer("Softmax", (4, 3)),
        "ReLU": layer("ReLU", (4, 3), max_value=0.75, negative_slope=0.125, threshold=0.25),
        "ActivityRegularization": layer("ActivityRegularization", (3,), 0.1, 0.2),
        "UpSampling1D": layer("UpSampling1D", (3, 2), 3),
        "UpSampling2D": layer("UpSampling2D", (3, 2, 2), (2, 3)),
        "UpSampling2D bilinear": layer(
            "UpSampling2D", (3, 2, 2), (2, 3), interpolation="bilinear"
        ),
        "UpSampling2D channels_first": layer("UpSampling2D", (2, 3, 2), 2, data_format=FIRST),
        "UpSampling3D": layer("UpSampling3D", (2, 2, 3, 2), 2),
        "LocallyConnected1D": layer("LocallyConnected1D", (7, 2), 3, 2, strides=2),
        "LocallyConnected2D": layer("LocallyConnected2D", (5, 6, 2), 3, (2, 3), strides=(1, 2)),
        "LocallyConnected2D channels_first": layer(
            "LocallyConnected2D", (2, 5, 6), 3, (2, 3), data_format=FIRST
        ),
        "ConvLSTM2D": layer("ConvLSTM2D", CLIP, 3, (2, 3)),
        "ConvLSTM2D same strides": layer(
            "ConvLSTM2D", CLIP, 3, 2, padding="same", strides=2, return_sequences=True
        ),
        "ConvLSTM2D go_backwards": layer("ConvLSTM2D", CLIP, 3, 2, go_backwards=True),
        "ConvLSTM2D no bias": layer(
            "ConvLSTM2D", CLIP, 3, 2, use_bias=False, recurrent_activation="sigmoid"
        ),
        "ConvLSTM2D channels_first": layer(
            "ConvLSTM2D", (3, 2, 5, 4), 3, 2, data_format=FIRST, return_sequences=True
        ),
        "RNN stacked": case(
            lambda L: L.RNN([L.LSTMCell(3, name="a"), L.GRUCell(2, name="b")]), (4, 3)
        ),
        "RNN stacked sequences": case(
            lambda L: L.RNN(
                [L.LSTMCell(3, name="a"), L.GRUCell(2, reset_after=True, name="b")],
                return_sequences=True,
                go_backwards=True,
            ),
            (4, 3),
        ),
        "Bidirectional backwards": both_ways("SimpleRNN", go_backwards=True),
        "TimeDistributed LSTM": case(
            lambda L: L.TimeDistributed(L.LSTM(3, name="inner")), (2, 4, 3)
        ),
        "TimeDistributed twice": case(
            lambda L: L.TimeDistributed(L.TimeDistributed(L.Dense(2, name="a"), name="b")),
            (2, 4, 3),
        ),
        "TimeDistributed pooling": case(
            lambda L: L.TimeDistributed(L.MaxPooling2D(name="inner")), (2, 4, 4, 2)
        ),
        "Dot": two("Dot", (3,), (3,), 1),
        "Dot normalized": two("Dot", (3,), (3,), -1, normalize=True),
        "Dot matrices": two("Dot", (4, 3), (3, 2), (2, 1)),
        "Dot same axis": two("Dot", (4, 3), (4, 2), 1),
        "Dot vector": two("Dot", (4, 3), (3,), (2, 1)),
        "masked GlobalAveragePooling1D": masked_case(lambda L: L.GlobalAveragePooling1D()),
        "masked TimeDistributed": masked_case(lambda L: L.TimeDistributed(L.Dense(2))),
        "masked stacked": masked_case(lambda L: L.RNN([L.LSTMCell(3), L.GRUCell(2)])),
    }
    for padding in ("valid", "same"):
        for strides in (1, 2, 3):
            name = "Conv2DTranspose {} {}".format(padding, strides)
            cases[name] = layer(
                "Conv2DTranspose", SMALL, 3, (3, 2), padding=padding, strides=strides
            )
    for kind in ("Max", "Average"):
        name = kind + "Pooling1D"
        cases[name] = layer(name, (5, 2))
        cases[name + " same"] = layer(name, STEPS, 3, 2, "same")
        cases[name + " channels_first"] = layer(name, (2, 6), 2, data_format=FIRST)
        name = kind + "Pooling3D"
        cases[name] = layer(name, VOLUME)
        cases[name + " same"] = layer(name, VOLUME, (2, 3, 2), 2, "same")
        for dimensions, shape in (("1D", STEPS), ("3D", VOLUME)):
            name = "Global{}Pooling{}".format(kind, dimensions)
            cases[name] = layer(name, shape)
            cases[name + " channels_first"] = layer(name, shape, data_format=FIRST)
    for kind in ("Cropping", "ZeroPadding"):
        cases[kind + "1D"] = layer(kind + "1D", (5, 2), (1, 2))
        cases[kind + "2D"] = layer(kind + "2D", IMAGE, ((1, 2), (0, 1)))
        cases[kind + "2D channels_first"] = layer(
            kind + "2D", (2, 5, 6), (1, 2), data_format=FIRST
        )
        cases[kind + "3D"] = layer(kind + "3D", VOLUME, 1)
    for mode in ("concat", "sum", "mul", "ave"):
        cases["Bidirectional LSTM " + mode] = both_ways("LSTM", mode=mode)
        cases["Bidirectional GRU sequences " + mode] = both_ways(
            "GRU", mode=mode, return_sequences=True
        )
    for kind in ("Subtract", "Multiply", "Average", "Maximum", "Minimum"):
        cases[kind] = two(kind, (2, 3), (2, 3))
        cases[kind + " broadcast"] = two(kind, (2, 3), (1, 3))
        cases[kind + " ranks"] = two(kind, (4, 2, 3), (3,))
    for kind in ("SimpleRNN", "GRU", "LSTM"):
        for backwards in (False, True):
            suffix = " go_backwards" if backwards else ""
            cases["masked Bidirectional " + kind + suffix] = masked_case(
                lambda L, kind=kind, backwards=backwards: L.Bidirectional(
                    getattr(L, kind)(3, return_sequences=True, go_backwards=backwards)
                )
            )
        cases["masked Bidirectional last " + kind] = masked_case(
            lambda L, kind=kind: L.Bidirectional(getattr(L, kind)(3), merge_mode="sum")
        )
    return cases


CASES = table()
