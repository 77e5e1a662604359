"""Applications: the layers of every model, and features of those that compile in a moment.

Whole models, with files of weights, are compared live: see `exchanged_applications.py`.
"""

import json
import zlib

import numpy as np

from . import KERAS, Case, Judge, Tolerance
from .support import array, compute, is_tf_keras, normal

# Module and function of each model.
MODELS = (
    ("densenet", "DenseNet121"),
    ("densenet", "DenseNet169"),
    ("densenet", "DenseNet201"),
    ("inception_resnet_v2", "InceptionResNetV2"),
    ("inception_v3", "InceptionV3"),
    ("mobilenet", "MobileNet"),
    ("mobilenet_v2", "MobileNetV2"),
    ("nasnet", "NASNetLarge"),
    ("nasnet", "NASNetMobile"),
    ("resnet", "ResNet101"),
    ("resnet", "ResNet152"),
    ("resnet", "ResNet50"),
    ("resnet50", "ResNet50"),
    ("resnet_v2", "ResNet101V2"),
    ("resnet_v2", "ResNet152V2"),
    ("resnet_v2", "ResNet50V2"),
    ("resnext", "ResNeXt101"),
    ("resnext", "ResNeXt50"),
    ("vgg16", "VGG16"),
    ("vgg19", "VGG19"),
    ("xception", "Xception"),
)
# Without their tops, on images that are not square; ResNeXt cannot do without a size.
SHAPES = {
    "MobileNetV2": (65, 96, 3),
    "NASNetMobile": (65, 96, 3),
    "ResNeXt101": (64, 96, 3),
    "ResNeXt50": (64, 96, 3),
}


def function(keras, module, name):
    """A function of a module of `keras.applications`, wherever this Keras has it."""
    applications = keras.applications
    if not hasattr(applications, "keras_modules_injection"):
        return getattr(getattr(applications, module), name)
    # Keras 2.3.1 has its models, and more of them, in keras_applications.
    found = getattr(getattr(applications.keras_applications, module), name)
    return applications.keras_modules_injection(found)


# --- layers --------------------------------------------------------------------------------------


def structure(module, name):
    """Checksums of each layer, and how many weights there are."""

    def run(keras, random):
        results = {}
        build = function(keras, module, name)
        for top, shape in ((True, None), (False, SHAPES.get(name))):
            keras.backend.clear_session()
            model = build(
                weights=None, include_top=top, input_shape=shape, pooling=None if top else "max"
            )
            what = "with its top" if top else "without its top"
            results[what + ": layers"] = np.array(
                [checksum(describe(layer)) for layer in model.layers], "uint32"
            )
            results[what + ": nodes"] = np.array(
                [checksum(row["inbound_nodes"]) for row in model.get_config()["layers"]], "uint32"
            )
            results[what + ": weights"] = np.array(
                [checksum(shapes(layer)) for layer in model.layers if layer.weights], "uint32"
            )
            results[what + ": number of weights"] = int(model.count_params())
        return results

    return run


def describe(layer):
    """What a layer is: its class, name and settings. Functions are left out."""
    config = {
        key: value
        for key, value in layer.get_config().items()
        if key.split("_")[0] != "function" and not key.endswith(("module", "type"))
    }
    if type(layer).__name__ == "Lambda":
        config["arguments"] = config["arguments"].get("scale")  # hornbeam's sum names its axis
    return [type(layer).__name__, layer.name, config]


def shapes(layer):
    return [[int(size) for size in weight.shape] for weight in layer.weights]


def checksum(value):
    text = json.dumps(value, sort_keys=True, default=float)
    return zlib.crc32(text.encode()) & 0xFFFFFFFF


# --- features ------------------------------------------------------------------------------------


def fill(model, random, gain=1.0):
    """Gives all weights values that keep activations of a sane size, in little time."""
    block = random.uniform(-1.0, 1.0, 7919).astype("float32")  # a prime: no kernel repeats itself
    start, values = 0, []
    for layer in model.layers:
        for weight in layer.weights:
            shape = tuple(int(size) for size in weight.shape)
            size = int(np.prod(shape))
            part = np.resize(np.roll(block, -start), size).reshape(shape)
            start = (start + size) % len(block)
            values.append(scaled(part, weight.name.split("/")[-1].split(":")[0], gain))
    model.set_weights(values)  # at once: TensorFlow 1 takes a moment for each call


def scaled(part, kind, gain):
    if kind in ("gamma", "moving_variance"):
        return array(1.0) + array(0.3) * part
    if part.ndim == 1:
        return array(0.2) * part
    inputs = np.prod(part.shape[:2]) if kind == "depthwise_kernel" else np.prod(part.shape[:-1])
    return part * array(gain * np.sqrt(3.0 / inputs))  # a variance of `gain ** 2 / inputs`


def features(build, shape):
    """Thirty-two of the features of two images, and how large the largest of all is."""

    def run(keras, random):
        model = build(keras, input_shape=shape, weights=None, include_top=False, pooling="avg")
        fill(model, random)
        found = model.predict(normal(random, 2, *shape))
        largest = np.abs(found).max()
        step = max(1, found.shape[1] // 32)
        return {"largest": float(largest), "features": found[:, ::step][:, :32] / largest}

    return run


def of_module(module, name, **options):
    def build(keras, **arguments):
        arguments.update(options)
        return function(keras, module, name)(**arguments)

    return build


def densenet(keras, **arguments):
    return function(keras, "densenet", "DenseNet")([1, 2, 1, 1], **arguments)


def resnext(keras, **arguments):
    """One block of each kind: a stack of two."""

    def stack(x):
        home = getattr(keras.applications, "keras_applications", keras.applications)
        return home.resnet_common.stack3(x, 64, 2, name="stack")

    build = function(keras, "resnet_common", "ResNet")
    return build(stack, False, False, "resnext", **arguments)


# --- images and predictions ----------------------------------------------------------------------


def preprocessing(keras, random):
    """All modes, on both layouts, of one image and of several, of integers and floats."""
    results = {}
    preprocess = function(keras, "imagenet_utils", "preprocess_input")
    for mode in ("caffe", "tf", "torch"):
        for layout, shape in (("channels_last", (2, 3, 4, 3)), ("channels_first", (2, 3, 3, 4))):
            images = random.randint(0, 256, shape)
            name = mode + " " + layout
            results[name + " batch"] = preprocess(images, data_format=layout, mode=mode)
            results[name + " image"] = preprocess(images[0], data_format=layout, mode=mode)
            given = array(images)
            returned = preprocess(given, data_format=layout, mode=mode)
            results[name + " in place"] = given
            results[name + " returned"] = returned
            results[name + " shared"] = bool(np.shares_memory(given, returned))
            results[name + " float64"] = preprocess(
                images.astype("float64"), data_format=layout, mode=mode
            )
    return results


def preprocessing_of_tensors(keras, random):
    results = {}
    for module in ("vgg16", "xception"):  # Keras 2.3.1 keeps the mean of the first mode it meets
        x = keras.layers.Input((3, 4, 3))
        y = function(keras, module, "preprocess_input")(x)
        images = array(random.randint(0, 256, (2, 3, 4, 3)))
        results[module] = compute(keras, [(x, images)], [y])[0]
    return results


def preprocessing_of_models(keras, random):
    """Which mode belongs to which model."""
    images = random.randint(0, 256, (1, 2, 2, 3))
    modules = sorted({module for module, _ in MODELS} - {"resnext"})
    results = {
        module: function(keras, module, "preprocess_input")(images.copy()) for module in modules
    }
    if not is_tf_keras(keras):  # it has no such module
        results["resnext"] = function(keras, "resnext", "preprocess_input")(images.copy())
    return results


def padding(keras, random):
    """`correct_pad` of images of odd and even sizes."""
    if is_tf_keras(keras):
        correct_pad = keras.src.applications.imagenet_utils.correct_pad
        before = ()
    else:
        home = getattr(keras.applications, "keras_applications", keras.applications)
        correct_pad, before = home.correct_pad, (keras.backend,)
    found = {}
    for rows, cols in ((7, 8), (8, 7), (None, None)):
        x = keras.layers.Input((rows, cols, 3))
        for size in (3, 5, (3, 7)):
            found["{} x {}, {}".format(rows, cols, size)] = correct_pad(*(before + (x, size)))
    return found


# --- the table -----------------------------------------------------------------------------------

ROUNDING = Tolerance(1e-4, 1e-5, "rounding of up to a hundred layers adds up")
# tf.keras renamed and merged layers, and takes minutes to build these models in TensorFlow 1's
# mode; those that it has are compared whole.
ONLY_KERAS = {"oracles": (KERAS,), "why": "tf.keras's are compared by exchanged_applications.py"}

CASES = {
    "layers of {}.{}".format(*names): Case(structure(*names), **ONLY_KERAS) for names in MODELS
}
FEATURES = {
    "DenseNet": (densenet, (32, 48, 3)),
    "MobileNet": (of_module("mobilenet", "MobileNet", alpha=0.25), (32, 48, 3)),
    "MobileNetV2": (of_module("mobilenet_v2", "MobileNetV2", alpha=0.35), (33, 48, 3)),
    "ResNeXt's blocks": (resnext, (32, 48, 3)),
    "ResNet50": (of_module("resnet50", "ResNet50"), (32, 48, 3)),
    "VGG16": (of_module("vgg16", "VGG16"), (32, 48, 3)),
}
for name_, case_ in FEATURES.items():
    CASES["features of " + name_] = Case(features(*case_), tolerances=[ROUNDING], **ONLY_KERAS)
CASES.update(
    {
        "preprocessing": preprocessing,
        "preprocessing of models": Case(
            preprocessing_of_models,
            judges=[Judge(KERAS, "tf.keras has no such module", entries="resnext")],
        ),
        "preprocessing of tensors": preprocessing_of_tensors,
        "padding": padding,
    }
)
