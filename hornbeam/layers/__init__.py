"""Layers: the building blocks of models."""

from hornbeam.engine import Input, InputLayer, InputSpec, Layer, Model, Sequential
from hornbeam.engine.doors import doors
from hornbeam.layers import merge
from hornbeam.layers.advanced_activations import (
    ELU,
    LeakyReLU,
    PReLU,
    ReLU,
    Softmax,
    ThresholdedReLU,
)
from hornbeam.layers.attention import (
    AdditiveAttention,
    Attention,
)
from hornbeam.layers.convolutional import Conv1D, Conv2D, Conv3D
from hornbeam.layers.convolutional_recurrent import ConvLSTM2D, ConvLSTM2DCell, ConvRNN2D
from hornbeam.layers.convolutional_separable import (
    DepthwiseConv1D,
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
)
from hornbeam.layers.convolutional_transposed import (
    Conv1DTranspose,
    Conv2DTranspose,
    Conv3DTranspose,
)
from hornbeam.layers.core import (
    Activation,
    ActivityRegularization,
    Dense,
    Dropout,
    Flatten,
    Identity,
    Masking,
    Permute,
    RepeatVector,
    Reshape,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from hornbeam.layers.cudnn_recurrent import CuDNNGRU, CuDNNLSTM
from hornbeam.layers.embeddings import Embedding
from hornbeam.layers.feature_layers import (
    CategoryEncoding,
    Discretization,
    IntegerLookup,
    Normalization,
)
from hornbeam.layers.image_augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from hornbeam.layers.image_layers import (
    CenterCrop,
    Rescaling,
    Resizing,
)
from hornbeam.layers.keras1 import accept_old_arguments
from hornbeam.layers.lambda_layer import Lambda
from hornbeam.layers.layer_normalization import (
    GroupNormalization,
    LayerNormalization,
    UnitNormalization,
)
from hornbeam.layers.legacy import (
    AtrousConvolution1D,
    AtrousConvolution2D,
    Highway,
    MaxoutDense,
    Merge,
    TimeDistributedDense,
)
from hornbeam.layers.legacy_activations import ParametricSoftplus, SReLU
from hornbeam.layers.legacy_recurrent import ConvRecurrent2D, Recurrent
from hornbeam.layers.local import LocallyConnected1D, LocallyConnected2D
from hornbeam.layers.merge import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from hornbeam.layers.multi_head_attention import (
    EinsumDense,
    MultiHeadAttention,
)
from hornbeam.layers.noise import AlphaDropout, GaussianDropout, GaussianNoise
from hornbeam.layers.normalization import BatchNormalization
from hornbeam.layers.places import add_names_to_modules, make_merge_callable
from hornbeam.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from hornbeam.layers.recurrent import GRU, LSTM, SimpleRNN
from hornbeam.layers.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from hornbeam.layers.resizing import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from hornbeam.layers.rnn import RNN
from hornbeam.layers.wrappers import Bidirectional, TimeDistributed, Wrapper
from hornbeam.registry import catalogue, deserialize_keras_object, serialize_keras_object
from hornbeam.renames import missing

__all__ = [
    "Activation",
    "ActivityRegularization",
    "Add",
    "AdditiveAttention",
    "AlphaDropout",
    "AtrousConv1D",
    "AtrousConv2D",
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "Attention",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNormalization",
    "Bidirectional",
    "CategoryEncoding",
    "CenterCrop",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "ConvLSTM2D",
    "ConvLSTM2DCell",
    "ConvRNN2D",
    "ConvRecurrent2D",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Convolution3D",
    "Convolution3DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "CuDNNGRU",
    "CuDNNLSTM",
    "Deconv2D",
    "Deconv3D",
    "Deconvolution2D",
    "Deconvolution3D",
    "Dense",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Discretization",
    "Dot",
    "Dropout",
    "ELU",
    "EinsumDense",
    "Embedding",
    "Flatten",
    "GRU",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "GroupNormalization",
    "Highway",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "IntegerLookup",
    "LSTM",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "Masking",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Maximum",
    "MaxoutDense",
    "Merge",
    "Minimum",
    "MultiHeadAttention",
    "Multiply",
    "Normalization",
    "PReLU",
    "ParametricSoftplus",
    "Permute",
    "RNN",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "Recurrent",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "SReLU",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "StackedRNNCells",
    "Subtract",
    "ThresholdedReLU",
    "TimeDistributed",
    "TimeDistributedDense",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "Wrapper",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]

# Other names of the same classes.
AtrousConv1D = AtrousConvolution1D
AtrousConv2D = AtrousConvolution2D
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
Convolution3D = Conv3D
Deconv2D = Conv2DTranspose
Deconv3D = Conv3DTranspose
Deconvolution2D = Conv2DTranspose
Deconvolution3D = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

catalogue("layer").update(
    {
        name: item
        for name, item in globals().items()
        if isinstance(item, type) and issubclass(item, Layer)
    },
    AtrousConvolution1D=Conv1D,
    AtrousConvolution2D=Conv2D,
    Model=Model,
    Sequential=Sequential,
    Functional=Model,
)
doors.layer_classes = catalogue("layer")

# What Keras 1 wrote, and where Keras keeps it.
accept_old_arguments(catalogue("layer"))
add_names_to_modules(globals())
make_merge_callable(merge)


def serialize(layer):
    """Returns a dict with `class_name` and `config`, from which `deserialize` makes the layer."""
    return serialize_keras_object(layer)


def deserialize(config, custom_objects=None):
    """Makes a layer from what `serialize` returned.

    Args:
        config: Dict with `class_name` and `config`.
        custom_objects: Dict from name to class or function.

    Raises:
        ValueError: for an unknown class; the message lists the nearest right names.
    """
    return deserialize_keras_object(
        config,
        module_objects=catalogue("layer"),
        custom_objects=custom_objects,
        printable_module_name="layer",
    )


def __getattr__(name):
    raise missing(__name__, name)
