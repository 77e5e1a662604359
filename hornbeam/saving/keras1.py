"""Configs that Keras 1 wrote, as configs of today.

The layers themselves take their old arguments (`hornbeam.layers.keras1`). Here is what stands in
files only: regularizers and constraints without a class name, and what cannot be done any more,
refused with the layer's name.
"""

from hornbeam.engine.config import layer_classes
from hornbeam.registry import get_custom_objects, has_arg
from hornbeam.saving.errors import ModelFileError

_CLASSES = {"Container": "Model"}
# Class -> arguments of the base class of Keras 1 and 2.0 that never changed a result.
_UNUSED = {"ConvLSTM2D": ("implementation",), "SimpleRNN": ("consume_less", "implementation")}

# Old class -> new class, and old argument -> new argument.
_L1L2 = ("L1L2", {"l1": "l1", "l2": "l2"})
_PENALTIES = {
    "ActivityRegularizer": _L1L2,
    "L1L2Regularizer": _L1L2,
    "MaxNorm": ("MaxNorm", {"m": "max_value", "axis": "axis"}),
    "MinMaxNorm": (
        "MinMaxNorm",
        {"low": "min_value", "high": "max_value", "rate": "rate", "axis": "axis"},
    ),
    "NonNeg": ("NonNeg", {}),
    "UnitNorm": ("UnitNorm", {"axis": "axis"}),
    "WeightRegularizer": _L1L2,
}


def modern_model_config(config, custom_objects=None):
    """Returns the config of a model in the form of today.

    Of Keras 2 it changes the names of models that were lists of layers, and arguments without use.

    Args:
        config: Dict with `class_name` and `config`; `keras_version` says who wrote it.
        custom_objects: Dict from name to class; configs of these classes stay as they are.

    Raises:
        ModelFileError: naming the layer, for what exists no longer.
    """
    known = {**get_custom_objects(), **(custom_objects or {})}
    config = _of_any_version(config, known)
    version = config.get("keras_version") if isinstance(config, dict) else None
    if not isinstance(version, str) or version.split(".")[0] not in ("0", "1"):
        return config
    config = modern_config(config, known)
    if _orderings(config) == {"th"}:
        _set_ordering(config)
    return config


def _of_any_version(config, known):
    """Names what was nameless before Keras 2.2.3, and drops what meant nothing."""
    if isinstance(config, list):
        return [_of_any_version(part, known) for part in config]
    if not isinstance(config, dict):
        return config
    config = {key: _of_any_version(part, known) for key, part in config.items()}
    kind, own = config.get("class_name"), config.get("config")
    if kind == "Sequential" and isinstance(own, list):  # its name stood beside it alone
        config["config"] = {"name": config.get("name"), "layers": own}
    elif isinstance(kind, str) and kind in _UNUSED and kind not in known and isinstance(own, dict):
        for argument in _UNUSED[kind]:
            own.pop(argument, None)
    return config


def _orderings(config):
    """The orderings of the axes that the layers in a config name."""
    if isinstance(config, list):
        return set().union(*map(_orderings, config))
    if not isinstance(config, dict):
        return set()
    found = set().union(*map(_orderings, config.values()))
    return found | {str(config["dim_ordering"])} if "dim_ordering" in config else found


def _set_ordering(config):
    """Gives 'th' to all layers: some classes of Keras 1 forgot to write what they had."""
    if isinstance(config, list):
        for part in config:
            _set_ordering(part)
    elif isinstance(config, dict):
        for part in config.values():
            _set_ordering(part)
        own = config.get("config")
        kind = str(config.get("class_name"))
        layer = layer_classes().get(kind)
        if isinstance(own, dict) and kind.endswith(("2D", "3D")):
            if layer is not None and has_arg(layer.__init__, "data_format"):
                own.setdefault("dim_ordering", "th")


def modern_config(config, custom_objects):
    """The same for a model or layer of Keras 1, or the list of a `Sequential`'s layers."""
    if isinstance(config, list):
        return [modern_config(item, custom_objects) for item in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config and isinstance(config.get("name"), str):
        config = _first_form(config)
    name, own = config.get("class_name"), config.get("config")
    if not isinstance(name, str) or name in custom_objects:
        return config
    if isinstance(own, dict):
        own = _layer(name, own, custom_objects)
    elif isinstance(own, list):  # Sequential
        own = modern_config(own, custom_objects)
    return {**config, "class_name": _CLASSES.get(name, name), "config": own}


def _first_form(config):
    """Keras 0.3 wrote the class as the name, and the name under another key."""
    config = dict(config)
    name = config.pop("name")
    if "custom_name" in config:
        config["name"] = config.pop("custom_name")
    return {"class_name": name, "config": config}


def _layer(kind, config, custom_objects):
    """Returns the config of one layer, and of those inside it, in the form of today."""
    layer = f"{config.get('name', 'without a name')} ({kind})"
    result = {}
    for key, value in config.items():
        if key == "layer" or (key == "layers" and isinstance(value, list)):
            value = modern_config(value, custom_objects)
        elif key.endswith(("_regularizer", "_constraint")):
            value = _penalty(value, key, layer, custom_objects)
        result[key] = value
    if kind != "InputLayer" and not str(result.get("input_dtype")).startswith("float"):
        result.pop("input_dtype", None)  # that of the input alone: weights were always floats
    if kind == "BatchNormalization" and result.get("mode", 0) != 0:
        raise ModelFileError(
            f"The layer {layer} has mode={result['mode']}. Expected 0: the modes of Keras 1 that "
            "normalize each sample (1), or take the batch's statistics in tests too (2), exist no "
            "longer. Make the model in your own code with a layer that does it, and load the "
            "weights into it."
        )
    return result


def _penalty(value, key, layer, custom_objects):
    """Returns the config of a regularizer or constraint with a class name."""
    if not isinstance(value, dict) or "class_name" in value or "name" not in value:
        return value
    name = value["name"]
    arguments = {argument: given for argument, given in value.items() if argument != "name"}
    if name in custom_objects:
        return {"class_name": name, "config": arguments}
    if name not in _PENALTIES:
        raise ModelFileError(
            f"The layer {layer} has {key}={name!r}, which is unknown here. Known are "
            f"{sorted(_PENALTIES)}; pass a class of your own in custom_objects={{{name!r}: ...}}."
        )
    new, renames = _PENALTIES[name]
    return {
        "class_name": new,
        "config": {
            renames[argument]: given for argument, given in arguments.items() if argument in renames
        },
    }
