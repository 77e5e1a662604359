"""Where the weights trained on ImageNet come from: public addresses, with their hashes."""

import os
from collections import namedtuple

from hornbeam.backend.config import keras_home
from hornbeam.utils.downloads import get_file
from hornbeam.utils.hashes import validate_file

__all__ = ["FILES", "fetch", "mobilenet_file", "mobilenet_v2_file"]

# The files with and without the classifier: pairs of addresses, of names in the cache, and of
# MD5 hashes, None where none was published.
Files = namedtuple("Files", "origins names hashes")

_GOOGLE = "https://storage.googleapis.com/tensorflow/keras-applications/"
_GITHUB = "https://github.com/fchollet/deep-learning-models/releases/download/"


def _files(folder, pattern, no_top, hashes=(None, None), names=None):
    found = tuple(pattern.format(part) for part in ("", no_top))
    return Files(tuple(folder + name for name in found), names or found, hashes)


def _usual(folder, stem, *hashes):
    """Files with the names that nearly all have."""
    return _files(folder, stem + "_weights_tf_dim_ordering_tf_kernels{}.h5", "_notop", hashes)


def _nasnet(size, *hashes):
    names = f"nasnet_{size}.h5", f"nasnet_{size}_no_top.h5"
    return _files(_GOOGLE + "nasnet/", f"NASNet-{size}{{}}.h5", "-no-top", hashes, names)


def mobilenet_file(alpha, rows):
    """Files of a MobileNet of this width and image size."""
    width = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}[alpha]
    return _files(_GOOGLE + "mobilenet/", f"mobilenet_{width}_{rows}_tf{{}}.h5", "_no_top")


def mobilenet_v2_file(alpha, rows):
    """Files of a MobileNetV2 of this width and image size."""
    stem = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{rows}"
    return _files(_GOOGLE + "mobilenet_v2/", stem + "{}.h5", "_no_top")


# The files are those of Keras 2.3.1, as their hashes say, at the addresses of tf.keras. Of ResNet50
# there are two: `keras.applications.resnet50` of Keras 2.3.1 has other layers than tf.keras.
FILES = {
    "densenet121": _usual(
        _GOOGLE + "densenet/",
        "densenet121",
        "9d60b8095a5708f2dcce2bca79d332c7",
        "30ee3e1110167f948a6b9946edeeb738",
    ),
    "densenet169": _usual(
        _GOOGLE + "densenet/",
        "densenet169",
        "d699b8f76981ab1b30698df4c175e90b",
        "b8c4d4c20dd625c148057b9ff1c1176b",
    ),
    "densenet201": _usual(
        _GOOGLE + "densenet/",
        "densenet201",
        "1ceb130c1ea1b78c3bf6114dbdfd8807",
        "c13680b51ded0fb44dff2d8f86ac8bb1",
    ),
    "inception_resnet_v2": _usual(
        _GOOGLE + "inception_resnet_v2/",
        "inception_resnet_v2",
        "e693bd0210a403b3192acc6073ad2e96",
        "d19885ff4a710c122648d3b5c3b684e4",
    ),
    "inception_v3": _usual(
        _GOOGLE + "inception_v3/",
        "inception_v3",
        "9a0d58056eeedaa3f26cb7ebd46da564",
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
    "nasnet_large": _nasnet(
        "large", "11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"
    ),
    "nasnet_mobile": _nasnet(
        "mobile", "020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"
    ),
    "resnet50 of Keras": _usual(
        _GITHUB + "v0.2/",
        "resnet50",
        "a7b3fe01876f51b976af0dea6bc144eb",
        "a268eb855778b3df3c7506639542a6af",
    ),
    "resnet50": _usual(
        _GOOGLE + "resnet/",
        "resnet50",
        "2cb95161c43110f7111970584f804107",
        "4d473c1dd8becc155b73f8504c6f6626",
    ),
    "resnet101": _usual(
        _GOOGLE + "resnet/",
        "resnet101",
        "f1aeb4b969a6efcfb50fad2f0c20cfc5",
        "88cf7a10940856eca736dc7b7e228a21",
    ),
    "resnet152": _usual(
        _GOOGLE + "resnet/",
        "resnet152",
        "100835be76be38e30d865e96f2aaae62",
        "ee4c566cf9a93f14d82f913c2dc6dd0c",
    ),
    "resnet50v2": _usual(
        _GOOGLE + "resnet/",
        "resnet50v2",
        "3ef43a0b657b3be2300d5770ece849e0",
        "fac2f116257151a9d068a22e544a4917",
    ),
    "resnet101v2": _usual(
        _GOOGLE + "resnet/",
        "resnet101v2",
        "6343647c601c52e1368623803854d971",
        "c0ed64b8031c3730f411d2eb4eea35b5",
    ),
    "resnet152v2": _usual(
        _GOOGLE + "resnet/",
        "resnet152v2",
        "a49b44d1979771252814e80f8ec446f9",
        "ed17cf2e0169df9d443503ef94b23b33",
    ),
    "resnext50": _usual(
        _GOOGLE + "resnet/",
        "resnext50",
        "67a5b30d522ed92f75a1f16eef299d1a",
        "62527c363bdd9ec598bed41947b379fc",
    ),
    "resnext101": _usual(
        _GOOGLE + "resnet/",
        "resnext101",
        "34fb605428fcc7aa4d62f44404c11509",
        "0f678c91647380debd923963594981b3",
    ),
    "vgg16": _usual(
        _GOOGLE + "vgg16/",
        "vgg16",
        "64373286793e3c8b2b4e3219cbf3544b",
        "6d6bbae143d832006294945121d1f1fc",
    ),
    "vgg19": _usual(
        _GOOGLE + "vgg19/",
        "vgg19",
        "cbe5617147190e668d6c5d5026f83318",
        "253f8cb515780f3b799900260a226db6",
    ),
    "xception": _usual(
        _GOOGLE + "xception/",
        "xception",
        "0a58e3b7378bc2990ea3b43d5981f1f6",
        "b0042744bf5b25fce3cb969f33bebb97",
    ),
}


def fetch(files, include_top):
    """Returns the path of a model's weights, in the cache's folder `models`; downloads them once.

    Args:
        files: `Files`.
        include_top: Bool, whether the classifier's weights are wanted.
    """
    place = 0 if include_top else 1
    name, file_hash = files.names[place], files.hashes[place]
    if _is_another(name, file_hash):  # both ResNet50s have this name: keep the one that is there
        name = f"{file_hash[:8]}_{name}"
    return get_file(name, files.origins[place], cache_subdir="models", file_hash=file_hash)


def _is_another(name, file_hash):
    """Whether the file of that name in the cache is the one of another model."""
    path = os.path.join(keras_home(), "models", name)
    others = {
        digits
        for files in FILES.values()
        for known, digits in zip(files.names, files.hashes)
        if known == name and digits != file_hash
    }
    return os.path.exists(path) and any(validate_file(path, digits) for digits in others)
