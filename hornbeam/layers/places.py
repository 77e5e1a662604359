"""Where Keras keeps layers that hornbeam keeps in other files of this package.

`from keras.layers.convolutional import MaxPooling2D` finds the class that stands in `pooling`:
the names of the table are added to our modules once all of them are loaded.
"""

import importlib
from types import ModuleType

from hornbeam import engine
from hornbeam.layers import legacy_recurrent, recurrent
from hornbeam.layers.legacy import merge as merge_tensors

__all__ = ["add_names_to_modules", "make_merge_callable"]

_BASES = ("InputSpec", "Layer")
_POOLING = (
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
    "MaxPooling1D", "MaxPooling2D", "MaxPooling3D",
)
# Module of this package -> names that Keras has in it.
PLACES = {
    "advanced_activations": (*_BASES, "ParametricSoftplus", "SReLU"),
    "convolutional": (
        *_BASES, *_POOLING,
        "AtrousConv1D", "AtrousConv2D", "AtrousConvolution1D", "AtrousConvolution2D",
        "Conv2DTranspose", "Conv3DTranspose", "Convolution1D", "Convolution2D",
        "Convolution2DTranspose", "Convolution3D", "Cropping1D", "Cropping2D", "Cropping3D",
        "Deconv2D", "Deconv3D", "Deconvolution2D", "Deconvolution3D", "DepthwiseConv2D",
        "SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D",
        "UpSampling1D", "UpSampling2D", "UpSampling3D",
        "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
    ),
    "convolutional_recurrent": (*_BASES, "ConvRecurrent2D", "RNN", "Recurrent"),
    "cudnn_recurrent": ("InputSpec", "RNN"),
    "core": (*_BASES, "Highway", "Lambda", "MaxoutDense", "TimeDistributedDense"),
    "embeddings": ("Layer",),
    "local": _BASES,
    "merge": ("Layer",),
    "noise": _BASES,
    "normalization": _BASES,
    "pooling": (
        *_BASES, "AvgPool1D", "AvgPool2D", "AvgPool3D", "MaxPool1D", "MaxPool2D", "MaxPool3D",
        "GlobalAvgPool1D", "GlobalAvgPool2D", "GlobalAvgPool3D",
        "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPool3D",
    ),
    "recurrent": (
        *_BASES, "GRUCell", "LSTMCell", "RNN", "Recurrent", "SimpleRNNCell", "StackedRNNCells",
    ),
    "wrappers": _BASES,
}


def add_names_to_modules(names):
    """Adds the names of the table to the modules, and Keras 1's `Merge` to the engine.

    Args:
        names: Dict from name to class, of all layers.
    """
    engine.Merge, engine.merge = names["Merge"], merge_tensors
    recurrent.time_distributed_dense = legacy_recurrent.time_distributed_dense
    for place, wanted in PLACES.items():
        module = importlib.import_module(f"hornbeam.layers.{place}")
        for name in wanted:
            if name in names and not hasattr(module, name):
                setattr(module, name, names[name])


class _CallableMerge(ModuleType):
    """`keras.layers.merge`: a function in Keras 1, a module in Keras 2, and here both."""

    def __call__(self, *args, **kwargs):
        return merge_tensors(*args, **kwargs)


def make_merge_callable(module):
    """Lets the module `merge` be called as Keras 1's function."""
    module.__class__ = _CallableMerge
    module.merge = merge_tensors
