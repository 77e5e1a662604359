"""Layers: the building blocks of models."""

from hornbeam.engine import Input, InputLayer, InputSpec, Layer, Model, Sequential
from hornbeam.engine.doors import doors
from hornbeam.layers.convolutional import Conv1D, Conv2D, Conv3D
from hornbeam.layers.core import (
    Activation,
    ActivityRegularization,
    Dense,
    Dropout,
    Flatten,
    Lambda,
    Masking,
    Permute,
    RepeatVector,
    Reshape,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from hornbeam.layers.embeddings import Embedding
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
from hornbeam.layers.normalization import BatchNormalization
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
from hornbeam.layers.rnn import RNN
from hornbeam.layers.wrappers import Bidirectional, TimeDistributed, Wrapper
from hornbeam.registry import catalogue, deserialize_keras_object, serialize_keras_object

__all__ = [
    "Activation",
    "ActivityRegularization",
    "Add",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNormalization",
    "Bidirectional",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
    "Dense",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRU",
    "GRUCell",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "Input",
    "InputLayer",
    "InputSpec",
    "LSTM",
    "LSTMCell",
    "Lambda",
    "Layer",
    "Masking",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Maximum",
    "Minimum",
    "Multiply",
    "Permute",
    "RNN",
    "RepeatVector",
    "Reshape",
    "SimpleRNN",
    "SimpleRNNCell",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "StackedRNNCells",
    "Subtract",
    "TimeDistributed",
    "Wrapper",
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
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D

catalogue("layer").update(
    {
        name: item
        for name, item in globals().items()
        if isinstance(item, type) and issubclass(item, Layer)
    },
    Model=Model,
    Sequential=Sequential,
    Functional=Model,
)
doors.layer_classes = catalogue("layer")


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
