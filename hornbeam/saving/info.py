"""What is in a model file, told without making a model of it and without running anything of it."""

import math
import os

from hornbeam import activations, constraints, initializers, losses, metrics, optimizers
from hornbeam.engine.config import layer_classes
from hornbeam.registry import get_custom_objects
from hornbeam.saving import archives, hdf5, limits
from hornbeam.saving.errors import ModelFileError
from hornbeam.saving.text import read_yaml

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_LONGEST_HEADER = 100_000_000  # bytes: the limit of safetensors
_DTYPES = {  # of safetensors -> name, bits
    "BOOL": ("bool", 8), "U8": ("uint8", 8), "I8": ("int8", 8), "U16": ("uint16", 16),
    "I16": ("int16", 16), "F16": ("float16", 16), "BF16": ("bfloat16", 16), "U32": ("uint32", 32),
    "I32": ("int32", 32), "F32": ("float32", 32), "U64": ("uint64", 64), "I64": ("int64", 64),
    "F64": ("float64", 64), "F8_E4M3": ("float8_e4m3fn", 8), "F8_E5M2": ("float8_e5m2", 8),
}
# Classes of Keras 3's configs that are no objects of a model.
_FORMS = {
    "DTypePolicy", "FloatDTypePolicy", "Policy", "__bytes__", "__ellipsis__", "__keras_tensor__",
    "__lambda__", "__numpy__", "__slice__", "__tensor__", "__typespec__", "function",
}
_NAMED = ("activation", "initializer", "regularizer", "constraint")  # ends of arguments' names
_BRIEF = (  # what a line about a layer tells of its config
    "batch_input_shape", "batch_shape", "units", "filters", "kernel_size", "strides", "pool_size",
    "input_dim", "output_dim", "rate", "target_shape", "size", "n", "axis", "activation",
    "padding",
)


def describe(path):
    """Returns what is in a model file, as a dict of names, numbers and lists for JSON.

    Args:
        path: Path of an HDF5 file, a `.keras` zip, a structure in JSON or YAML, or safetensors.

    Returns:
        Dict with `format`, `bytes`, `keras_version`, `backend`, `model` (its name and class),
        `layers`, `weights` (name, shape, dtype), `parameters`, `optimizer`, `compile`, `bytecode`
        (the layers that hold Python code) and `custom_objects` (names that hornbeam does not
        know; to know its own layers, `hornbeam.layers` must have been imported). What the file
        does not tell is None or empty.

    Raises:
        FileNotFoundError: if there is no such file.
        ModelFileError: if it is damaged, or of none of these formats.
    """
    found = {
        "file": os.fsdecode(path), "format": None, "bytes": os.path.getsize(path),
        "keras_version": None, "backend": None, "date": None, "model": None, "layers": [],
        "weights": [], "parameters": None, "optimizer": None, "compile": None, "bytecode": [],
        "custom_objects": [],
    }
    with open(path, "rb") as file:
        start = file.read(2048)
    with limits.one_error("The file"):
        if start.startswith(b"PK\x03\x04"):
            _describe_zip(path, found)
        elif any(start.startswith(b"\x89HDF\r\n\x1a\n", at) for at in (0, 512, 1024)):
            _describe_hdf5(path, found)
        elif len(start) > 9 and start[8:9] == b"{" and start[0:1] != b"{":
            _describe_safetensors(path, found)
        else:
            _describe_text(path, found)
    return found


# ---- formats


def _describe_hdf5(path, found):
    with hdf5.reading(path) as file:
        found["keras_version"] = hdf5.read_text(file, "keras_version")
        found["backend"] = hdf5.read_text(file, "backend")
        config = _read_json(hdf5.read_text(file, "model_config"), "model_config")
        training = _read_json(hdf5.read_text(file, "training_config"), "training_config")
        saved = file
        if config is not None:
            found["format"] = "HDF5, a model of Keras 2"
            saved = hdf5.child_group(file, "model_weights")
        hdf5.count_numbers(saved)
        names = ("layer_names", "layer_names0")
        if any(name in saved.attrs for name in names):
            found["format"] = found["format"] or "HDF5, weights in the layout of Keras 2"
            found["keras_version"] = found["keras_version"] or hdf5.read_text(
                saved, "keras_version"
            )
            found["weights"] = _weights_of_keras_2(saved)
        else:
            found["format"] = found["format"] or "HDF5, weights in the layout of Keras 3"
            found["weights"] = _arrays(saved)
        if config is not None:
            _describe_config(config, found)
        if training is not None:
            _describe_training(training, found)
        if "optimizer_weights" in file:
            state = hdf5.child_group(file, "optimizer_weights")
            hdf5.count_numbers(state)
            found["optimizer"] = found["optimizer"] or {"class": None, "config": {}}
            found["optimizer"]["arrays"] = len(_arrays(state))
    _count(found)


def _describe_zip(path, found):
    with archives.reading(path) as archive:
        found["format"] = "zip, a model of Keras 3"
        if _METADATA in archive:
            metadata = limits.parse_json(archive.read(_METADATA, 2**20), _METADATA)
            if isinstance(metadata, dict):
                found["keras_version"] = metadata.get("keras_version")
                found["date"] = metadata.get("date_saved")
        config = limits.parse_json(archive.read(_CONFIG, limits.LONGEST_TEXT), _CONFIG)
        _describe_config(config, found)
        if isinstance(config, dict) and config.get("compile_config"):
            _describe_training(config["compile_config"], found)
        if _WEIGHTS in archive:
            with archive.file(_WEIGHTS) as file, hdf5.reading(file) as group:
                hdf5.count_numbers(group)
                arrays = _arrays(group)
        else:
            arrays = []
    state = [array for array in arrays if array["name"].startswith("optimizer/")]
    found["weights"] = [array for array in arrays if array not in state]
    if state:
        found["optimizer"] = found["optimizer"] or {"class": None, "config": {}}
        found["optimizer"]["arrays"] = len(state)
    _count(found)


def _describe_safetensors(path, found):
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(size - 8, _LONGEST_HEADER):
            raise ModelFileError("The file is of no known format, or damaged safetensors.")
        header = limits.parse_json(file.read(length), "The table of the safetensors file")
    if not isinstance(header, dict):
        raise ModelFileError("The table of the safetensors file is damaged.")
    found["format"] = "safetensors, weights"
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        shape, (begin, end) = entry["shape"], entry["data_offsets"]
        dtype, bits = _DTYPES.get(entry["dtype"], (str(entry["dtype"]), None))
        whole = all(isinstance(n, int) and n >= 0 for n in (*shape, begin, end))
        if not whole or end > size - 8 - length or (
            bits and math.prod(shape) * bits != (end - begin) * 8
        ):
            raise ModelFileError(f"The tensor {name!r} does not fit into the safetensors file.")
        found["weights"].append({"name": name, "shape": shape, "dtype": dtype})
    _count(found)


def _describe_text(path, found):
    if found["bytes"] > limits.LONGEST_TEXT:
        raise ModelFileError("The file is of no known format.")
    with open(path, "rb") as file:
        raw = file.read()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ModelFileError(
            "The file is neither HDF5, nor a zip of Keras 3, nor safetensors, nor text."
        ) from None
    is_json = text.lstrip()[:1] in ("{", "[")
    config = limits.parse_json(text, "The file") if is_json else read_yaml(text)
    if not isinstance(config, dict) or "config" not in config:
        raise ModelFileError("The text is no structure of a model: it lacks the key 'config'.")
    found["format"] = f"{'JSON' if is_json else 'YAML'}, the structure of a model"
    found["keras_version"] = config.get("keras_version")
    found["backend"] = config.get("backend")
    _describe_config(config, found)


# ---- parts


def _read_json(text, name):
    return None if text is None else limits.parse_json(text, f"The attribute {name!r}")


def _weights_of_keras_2(group):
    found = []
    for layer in hdf5.read_names(group, "layer_names"):
        place = hdf5.child_group(group, layer)
        for name in hdf5.read_names(place, "weight_names"):
            found.append({"layer": layer, **_array(name, hdf5.child_array(place, name))})
    return found


def _arrays(group):
    return [_array(name, dataset) for name, dataset in hdf5.arrays(group)]


def _array(name, dataset):
    return {"name": name, "shape": list(dataset.shape), "dtype": dataset.dtype.name}


def _count(found):
    found["parameters"] = sum(math.prod(weight["shape"]) for weight in found["weights"])
    totals = {}
    for weight in found["weights"]:
        layer = weight.get("layer")
        totals[layer] = totals.get(layer, 0) + math.prod(weight["shape"])
    for layer in found["layers"]:
        if not layer["depth"] and layer["name"] in totals:
            layer["parameters"] = totals[layer["name"]]


def _describe_config(config, found):
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ModelFileError("The config names no class of a model.")
    inner = config.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    found["model"] = {"class": config["class_name"], "name": name}
    found["layers"] = _layers(inner, 0)
    _look_around(config, found)


def _layers(config, depth):
    entries = config.get("layers", config.get("layer")) if isinstance(config, dict) else config
    entries = [entries] if isinstance(entries, dict) else entries
    found = []
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            continue
        inner = entry.get("config")
        inner = inner if isinstance(inner, (dict, list)) else {}
        own = inner if isinstance(inner, dict) else {}
        calls = entry.get("inbound_nodes")
        found.append({
            "name": own.get("name", entry.get("name")),
            "class": entry.get("class_name"),
            "depth": depth,
            "calls": len(calls) if isinstance(calls, list) else None,
            "config": {key: own[key] for key in _BRIEF if _is_brief(own.get(key))},
            "parameters": None,
        })
        found += _layers(inner, depth + 1)
    return found


def _is_brief(value):
    return value is not None and not isinstance(value, dict) and len(repr(value)) <= 40


def _describe_training(training, found):
    if not isinstance(training, dict):
        raise ModelFileError("The training configuration is no dict.")
    optimizer = training.get("optimizer_config", training.get("optimizer"))
    if isinstance(optimizer, str):
        optimizer = {"class_name": optimizer}
    if isinstance(optimizer, dict):
        config = optimizer.get("config")
        found["optimizer"] = {
            "class": optimizer.get("class_name"),
            "config": config if isinstance(config, dict) else {},
        }
    names = ("loss", "metrics", "weighted_metrics", "loss_weights", "sample_weight_mode")
    found["compile"] = {name: training.get(name) for name in names if training.get(name)}
    _look_around(training, found)


def _look_around(config, found):
    """Finds Python code and names that hornbeam does not know, anywhere in a config."""
    known = {name.lower() for name in _known_names()}
    code, custom = set(found["bytecode"]), set(found["custom_objects"])
    stack = [(config, "?")]
    while stack:
        part, owner = stack.pop()
        if isinstance(part, (list, tuple)):
            stack.extend((item, owner) for item in part)
        if not isinstance(part, dict):
            continue
        kind, inner = part.get("class_name"), part.get("config")
        if isinstance(kind, str) and "config" in part:
            name = inner.get("name") if isinstance(inner, dict) else None
            owner = name if isinstance(name, str) else owner
            if kind == "__lambda__" or (kind == "Lambda" and _holds_code(inner)):
                code.add(owner)
            if kind == "function" and isinstance(inner, str):
                kind = inner
            registered = part.get("registered_name")
            names = {kind, kind.removeprefix("Custom>"), registered}
            if kind not in _FORMS and not any(str(name).lower() in known for name in names):
                custom.add(registered if isinstance(registered, str) else kind)
        for key, value in part.items():
            named = isinstance(key, str) and key.endswith(_NAMED) and isinstance(value, str)
            if named and value.lower() not in known:
                custom.add(value)
            if key in ("loss", "metrics", "weighted_metrics"):
                custom.update(name for name in _names_in(value) if name.lower() not in known)
            stack.append((value, owner))
    found["bytecode"], found["custom_objects"] = sorted(code), sorted(custom)


def _holds_code(config):
    if not isinstance(config, dict):
        return False
    kinds = [config.get("function_type", "lambda"), config.get("output_shape_type", "raw")]
    stored = config.get("function")
    by_name = isinstance(stored, dict)  # Keras 3: a name, or code, which is found by itself
    return ("lambda" in kinds[:1] and not by_name) or "lambda" in kinds[1:]


def _names_in(value):
    """The names of losses and metrics in nested lists and dicts."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict) and "class_name" in value:
        return []
    parts = value.values() if isinstance(value, dict) else value
    return [name for part in parts for name in _names_in(part)] if isinstance(
        value, (dict, list, tuple)
    ) else []


def _known_names():
    """The names that hornbeam knows, of any kind: a config does not say which kind it means."""
    from hornbeam.metrics.lookup import _BY_NAME as metrics_by_name
    from hornbeam.optimizers.lookup import _CLASSES as optimizers_by_name

    names = {"crossentropy", "ce", *layer_classes(), *metrics_by_name, *optimizers_by_name}
    for module in (activations, constraints, initializers, losses):
        names.update(getattr(module, "__all__", ()))
    names.update(losses.objects._BY_NAME, *(dir(m) for m in (metrics, optimizers)))
    from hornbeam import regularizers

    return names | set(regularizers.__all__) | set(get_custom_objects())


# ---- as text


def as_text(found):
    """Returns what `describe` found as lines for people; control characters are escaped."""
    version = f", written by Keras {found['keras_version']}" if found["keras_version"] else ""
    backend = f" on {found['backend']}" if found["backend"] else ""
    lines = [
        f"{found['file']}: {found['format']}{version}{backend}",
        f"{found['bytes']:,} bytes" + (
            "" if found["parameters"] is None
            else f", {found['parameters']:,} numbers in {len(found['weights'])} weights"
        ),
    ]
    if found["model"]:
        lines.append(f"Model {found['model']['name']!r}, a {found['model']['class']} of "
                     f"{sum(not layer['depth'] for layer in found['layers'])} layers:")
    for layer in found["layers"]:
        settings = ", ".join(f"{name}={value!r}" for name, value in layer["config"].items())
        count = "" if layer["parameters"] is None else f", {layer['parameters']:,} parameters"
        shared = f", called {layer['calls']} times" if (layer["calls"] or 0) > 1 else ""
        indent = "  " * (layer["depth"] + 1)
        lines.append(f"{indent}{layer['name']}: {layer['class']}({settings}){count}{shared}")
    if found["weights"]:
        lines.append("Weights:")
    for weight in found["weights"]:
        lines.append(f"  {weight['name']}: {tuple(weight['shape'])} {weight['dtype']}")
    if found["optimizer"]:
        lines.append(_optimizer_line(found["optimizer"]))
    for name, value in (found["compile"] or {}).items():
        lines.append(f"{name.capitalize().replace('_', ' ')}: {_brief(value)}")
    if found["bytecode"]:
        lines.append(f"Python code: in {', '.join(found['bytecode'])}. Loading the model would run "
                     "it; that is refused unless safe_mode=False.")
    elif found["model"]:
        lines.append("Python code: none")
    if found["custom_objects"]:
        lines.append("Needs custom_objects for: " + ", ".join(map(str, found["custom_objects"])))
    return "\n".join(shown(line) for line in lines)


def _optimizer_line(optimizer):
    settings = ", ".join(
        f"{name}={_brief(value)}" for name, value in optimizer["config"].items() if name != "name"
    )
    state = f", with a state of {optimizer['arrays']} arrays" if "arrays" in optimizer else ""
    return f"Optimizer: {optimizer['class'] or 'not named'}({settings}){state}"


def _brief(value):
    """A value on a line: of objects, their names."""
    if isinstance(value, dict) and "class_name" in value:
        inner = value.get("config")
        name = inner.get("name") if isinstance(inner, dict) else None
        return str(inner if value["class_name"] == "function" else name or value["class_name"])
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_brief(part)}" for key, part in value.items())[:500]
    if isinstance(value, (list, tuple)):
        return ", ".join(_brief(part) for part in value)[:500]
    return str(value)[:500]


def shown(text):
    """Escapes what is not to be printed: a file's names may hold a terminal's commands."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
        for c in text
    )
