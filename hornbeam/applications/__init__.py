"""Models for images, with weights trained on ImageNet.

This is also the module `keras_applications`, which Keras 2.2 and 2.3 had beside.
"""

from hornbeam.applications import (
    densenet,
    imagenet_utils,
    inception_resnet_v2,
    inception_v3,
    mobilenet,
    mobilenet_v2,
    nasnet,
    resnet,
    resnet50,
    resnet_common,
    resnet_v2,
    resnext,
    vgg16,
    vgg19,
    xception,
)
from hornbeam.applications.building import correct_pad
from hornbeam.applications.densenet import DenseNet121, DenseNet169, DenseNet201
from hornbeam.applications.inception_resnet_v2 import InceptionResNetV2
from hornbeam.applications.inception_v3 import InceptionV3
from hornbeam.applications.mobilenet import MobileNet
from hornbeam.applications.mobilenet_v2 import MobileNetV2
from hornbeam.applications.modules import get_submodules_from_kwargs, set_keras_submodules
from hornbeam.applications.nasnet import NASNetLarge, NASNetMobile
from hornbeam.applications.resnet import ResNet101, ResNet152
from hornbeam.applications.resnet50 import ResNet50
from hornbeam.applications.resnet_v2 import ResNet50V2, ResNet101V2, ResNet152V2
from hornbeam.applications.resnext import ResNeXt50, ResNeXt101
from hornbeam.applications.vgg16 import VGG16
from hornbeam.applications.vgg19 import VGG19
from hornbeam.applications.xception import Xception

__all__ = [
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "NASNetLarge",
    "NASNetMobile",
    "ResNeXt101",
    "ResNeXt50",
    "ResNet101",
    "ResNet101V2",
    "ResNet152",
    "ResNet152V2",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "VGG19",
    "Xception",
    "correct_pad",
    "densenet",
    "get_submodules_from_kwargs",
    "imagenet_utils",
    "inception_resnet_v2",
    "inception_v3",
    "mobilenet",
    "mobilenet_v2",
    "nasnet",
    "resnet",
    "resnet50",
    "resnet_common",
    "resnet_v2",
    "resnext",
    "set_keras_submodules",
    "vgg16",
    "vgg19",
    "xception",
]
