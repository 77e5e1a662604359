"""The forms of Keras 1 give the same layers as those of Keras 2, without a word."""

import inspect

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers
from hornbeam.layers import (
    GRU,
    LSTM,
    AtrousConvolution1D,
    AtrousConvolution2D,
    AveragePooling2D,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    ConvLSTM2D,
    Convolution1D,
    Convolution2D,
    Convolution3D,
    Cropping2D,
    Deconvolution2D,
    Dense,
    Dropout,
    Embedding,
    GaussianDropout,
    GaussianNoise,
    GlobalMaxPooling2D,
    LocallyConnected1D,
    LocallyConnected2D,
    MaxPooling1D,
    MaxPooling2D,
    PReLU,
    SeparableConv2D,
    SeparableConvolution2D,
    SimpleRNN,
    SpatialDropout2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding2D,
)
from hornbeam.layers.keras1 import RENAMES
from hornbeam.models import Sequential
from hornbeam.regularizers import l2

PAIRS = {
    "Convolution2D": (
        lambda: Convolution2D(
            64, 3, 3, border_mode="same", subsample=(2, 2), dim_ordering="tf", init="he_normal",
            W_regularizer=l2(0.1), b_regularizer="l1", W_constraint="maxnorm", bias=True,
        ),
        lambda: Conv2D(
            64, (3, 3), padding="same", strides=(2, 2), data_format="channels_last",
            kernel_initializer="he_normal", kernel_regularizer=l2(0.1), bias_regularizer="l1",
            kernel_constraint="max_norm", use_bias=True,
        ),
    ),
    "Conv2D(n, r, c)": (lambda: Conv2D(4, 3, 5), lambda: Conv2D(4, (3, 5))),
    "Conv2D(n, r, nb_col)": (lambda: Conv2D(4, 3, nb_col=5), lambda: Conv2D(4, (3, 5))),
    "Conv2D by name": (
        lambda: Conv2D(nb_filter=4, nb_row=3, nb_col=5), lambda: Conv2D(4, (3, 5))
    ),
    "Conv2D(n, size)": (lambda: Conv2D(4, 3), lambda: Conv2D(4, (3, 3))),
    "Conv2D(n, (r, c), s)": (lambda: Conv2D(4, (3, 3), 2), lambda: Conv2D(4, 3, strides=2)),
    "dim_ordering default": (lambda: Conv2D(4, 3, dim_ordering="default"), lambda: Conv2D(4, 3)),
    "AtrousConvolution2D": (
        lambda: AtrousConvolution2D(4, 3, 3, atrous_rate=(2, 2)),
        lambda: Conv2D(4, 3, dilation_rate=2),
    ),
    "AtrousConvolution1D": (
        lambda: AtrousConvolution1D(4, 3, atrous_rate=2), lambda: Conv1D(4, 3, dilation_rate=2)
    ),
    "Convolution1D": (
        lambda: Convolution1D(
            4, 3, border_mode="same", subsample_length=2, input_dim=5, input_length=9
        ),
        lambda: Conv1D(4, 3, padding="same", strides=2, input_shape=(9, 5)),
    ),
    "filter_length": (lambda: Conv1D(nb_filter=4, filter_length=3), lambda: Conv1D(4, 3)),
    "Convolution3D": (
        lambda: Convolution3D(4, 3, 4, 5, dim_ordering="th"),
        lambda: Conv3D(4, (3, 4, 5), data_format="channels_first"),
    ),
    "Deconvolution2D": (
        lambda: Deconvolution2D(3, 3, 3, (None, 14, 14, 3), subsample=(2, 2)),
        lambda: Conv2DTranspose(3, (3, 3), strides=2),
    ),
    "Deconvolution2D by name": (
        lambda: Deconvolution2D(3, 3, 3, output_shape=(None, 14, 14, 3)),
        lambda: Conv2DTranspose(3, (3, 3)),
    ),
    "SeparableConvolution2D": (
        lambda: SeparableConvolution2D(3, 3, 3, init="he_normal", border_mode="same"),
        lambda: SeparableConv2D(
            3, 3, depthwise_initializer="he_normal", pointwise_initializer="he_normal",
            padding="same",
        ),
    ),
    "LocallyConnected": (
        lambda: LocallyConnected2D(3, 3, 3, bias=False), lambda: LocallyConnected2D(
            3, (3, 3), use_bias=False)
    ),
    "LocallyConnected1D": (
        lambda: LocallyConnected1D(3, filter_length=3), lambda: LocallyConnected1D(3, 3)
    ),
    "ConvLSTM2D": (
        lambda: ConvLSTM2D(
            3, 3, 3, inner_activation="sigmoid", border_mode="same", forget_bias_init="one"
        ),
        lambda: ConvLSTM2D(3, (3, 3), recurrent_activation="sigmoid", padding="same"),
    ),
    "Dense": (
        lambda: Dense(output_dim=3, init="he_normal", input_dim=4, bias=False, b_constraint=None),
        lambda: Dense(3, kernel_initializer="he_normal", input_shape=(4,), use_bias=False),
    ),
    "Dropout": (lambda: Dropout(p=0.3), lambda: Dropout(0.3)),
    "SpatialDropout2D": (
        lambda: SpatialDropout2D(p=0.3, dim_ordering="th"),
        lambda: SpatialDropout2D(0.3, data_format="channels_first"),
    ),
    "GaussianNoise": (lambda: GaussianNoise(sigma=0.3), lambda: GaussianNoise(0.3)),
    "GaussianDropout": (lambda: GaussianDropout(p=0.3), lambda: GaussianDropout(0.3)),
    "PReLU": (lambda: PReLU(init="ones"), lambda: PReLU("ones")),
    "Embedding": (
        lambda: Embedding(5, 4, init="normal", W_regularizer="l2", input_length=3, dropout=0.0),
        lambda: Embedding(
            5, 4, embeddings_initializer="normal", embeddings_regularizer="l2", input_length=3
        ),
    ),
    "LSTM": (
        lambda: LSTM(
            output_dim=3, init="uniform", inner_init="glorot_uniform", inner_activation="sigmoid",
            consume_less="gpu", dropout_W=0.1, dropout_U=0.2, forget_bias_init="one",
            U_regularizer="l2", input_dim=4, input_length=5,
        ),
        lambda: LSTM(
            3, kernel_initializer="uniform", recurrent_initializer="glorot_uniform",
            recurrent_activation="sigmoid", implementation=2, dropout=0.1, recurrent_dropout=0.2,
            recurrent_regularizer="l2", input_shape=(5, 4),
        ),
    ),
    "forget_bias_init zero": (
        lambda: LSTM(3, forget_bias_init="zero"), lambda: LSTM(3, unit_forget_bias=False)
    ),
    "GRU": (lambda: GRU(3, consume_less="mem"), lambda: GRU(3, implementation=1)),
    "SimpleRNN": (
        lambda: SimpleRNN(3, input_dim=4), lambda: SimpleRNN(3, input_shape=(None, 4))
    ),
    "BatchNormalization": (
        lambda: BatchNormalization(mode=0, axis=1, beta_init="ones"),
        lambda: BatchNormalization(axis=1, beta_initializer="ones"),
    ),
    "MaxPooling1D": (
        lambda: MaxPooling1D(pool_length=3, stride=2, border_mode="same"),
        lambda: MaxPooling1D(3, 2, "same"),
    ),
    "MaxPooling2D": (
        lambda: MaxPooling2D((2, 2), border_mode="same", dim_ordering="th"),
        lambda: MaxPooling2D(2, padding="same", data_format="channels_first"),
    ),
    "AveragePooling2D": (
        lambda: AveragePooling2D((2, 2), (1, 1), "same"), lambda: AveragePooling2D(2, 1, "same")
    ),
    "GlobalMaxPooling2D": (
        lambda: GlobalMaxPooling2D(dim_ordering="th"), lambda: GlobalMaxPooling2D("channels_first")
    ),
    "UpSampling1D": (lambda: UpSampling1D(length=3), lambda: UpSampling1D(3)),
    "UpSampling2D": (
        lambda: UpSampling2D((2, 2), dim_ordering="tf"),
        lambda: UpSampling2D(2, data_format="channels_last"),
    ),
    "ZeroPadding2D": (
        lambda: ZeroPadding2D({"top_pad": 1, "left_pad": 2}),
        lambda: ZeroPadding2D(((1, 0), (2, 0))),
    ),
    "Cropping2D": (
        lambda: Cropping2D(((1, 1), (2, 2)), dim_ordering="th"),
        lambda: Cropping2D(((1, 1), (2, 2)), data_format="channels_first"),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_old_form_is_the_same_layer(name):                  # warnings are errors in these tests
    old, new = (make() for make in PAIRS[name])
    assert type(old) is type(new)
    assert old.get_config() | {"name": ""} == new.get_config() | {"name": ""}


def test_every_class_of_the_table_exists():
    assert [name for name in RENAMES if not hasattr(layers, name)] == []


def test_a_model_of_the_keras_1_era_gives_the_same_outputs():
    old = Sequential()
    old.add(Convolution2D(4, 3, 3, border_mode="same", input_shape=(8, 8, 2), dim_ordering="tf"))
    old.add(MaxPooling2D(pool_size=(2, 2), dim_ordering="tf"))
    old.add(BatchNormalization(mode=0))
    old.add(layers.Flatten())
    old.add(Dense(output_dim=3, init="he_normal", activation="softmax"))
    new = Sequential([
        Conv2D(4, 3, padding="same", input_shape=(8, 8, 2)), MaxPooling2D(2), BatchNormalization(),
        layers.Flatten(), Dense(3, activation="softmax"),
    ])
    new.set_weights(old.get_weights())
    x = np.random.rand(5, 8, 8, 2).astype("float32")
    np.testing.assert_array_equal(old.predict(x), new.predict(x))


@pytest.mark.parametrize("data_format, convolved, flat", [
    ("channels_first", (None, 64, 32, 32), 65536),
    ("channels_last", (None, 3, 32, 64), 6144),
])
def test_a_convolution_of_keras_1_reads_its_input_shape_by_the_data_format(
    data_format, convolved, flat
):
    before = K.image_data_format()
    K.set_image_data_format(data_format)
    try:
        model = Sequential([Conv2D(64, 3, 3, border_mode="same", input_shape=(3, 32, 32))])
        assert model.output_shape == convolved
        model.add(layers.Flatten())
        assert model.output_shape == (None, flat)
    finally:
        K.set_image_data_format(before)


def test_subclasses_may_call_the_constructor_in_the_old_form():
    class Mine(Convolution2D):
        def __init__(self, count, **kwargs):
            super().__init__(count, 3, 3, border_mode="same", **kwargs)

    layer = Mine(4, subsample=(2, 2))
    assert isinstance(layer, Conv2D)
    assert (layer.filters, layer.kernel_size, layer.padding) == (4, (3, 3), "same")
    assert layer.strides == (2, 2)


def test_signatures_stay_those_of_keras_2():
    assert list(inspect.signature(Dense).parameters)[:3] == ["units", "activation", "use_bias"]
    assert inspect.getfullargspec(Dense.__init__).args[:2] == ["self", "units"]


def test_configs_of_keras_1_make_layers():
    layer = layers.deserialize({
        "class_name": "Convolution2D",
        "config": {"nb_filter": 4, "nb_row": 3, "nb_col": 3, "border_mode": "same", "name": "c"},
    })
    assert type(layer) is Conv2D and layer.kernel_size == (3, 3) and layer.name == "c"


@pytest.mark.parametrize("make, words", [
    (lambda: Dense(units=3, output_dim=3), "both the legacy keyword argument `output_dim`"),
    (lambda: Dense(3, bias=True, use_bias=True), "both the legacy keyword argument `bias`"),
    (lambda: Conv2D(3, 3, 3, "same"), "at most 3 arguments by position"),
    (lambda: Conv2D(3, nb_row=3), "parts that do not add up"),
    (lambda: Conv2D(3, nb_row=3, nb_col=3, kernel_size=3), "parts that do not add up"),
    (lambda: BatchNormalization(mode=2), "mode=2"),
    (lambda: BatchNormalization(1e-5), "epsilon=1e-05"),
])
def test_ambiguous_forms_are_refused(make, words):
    with pytest.raises(TypeError, match=words):
        make()


def test_unknown_values_are_named():
    with pytest.raises(ValueError, match="dim_ordering='x'. Expected one of .'tf', 'th'"):
        MaxPooling2D(dim_ordering="x")
    with pytest.raises(ValueError, match="consume_less='time'"):
        LSTM(3, consume_less="time")
    with pytest.raises(ValueError, match="sides .'top'"):
        ZeroPadding2D({"top": 1})


def test_what_changes_the_result_is_said():
    with pytest.warns(UserWarning, match="SpatialDropout1D") as caught:
        Embedding(3, 4, dropout=0.2)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="forget_bias_init='normal'"):
        LSTM(3, forget_bias_init="normal")
