"""Configs of models in Keras 3's form, and what it names otherwise than Keras 2.

What Keras 3 has no argument for stays in the file under the key "hornbeam", which Keras 3 does not
look at, so that a model that comes back here has the config that it had.
"""

import json

from hornbeam.engine import InputLayer, Network, Sequential
from hornbeam.engine.config import layer_classes
from hornbeam.engine.layer import Layer
from hornbeam.registry import get_registered_name
from hornbeam.saving import keras3_names as names
from hornbeam.saving.text import plain
from hornbeam.saving.training_config import training_config

_MODULES = {  # by what an argument's name ends in
    "_initializer": "keras.initializers",
    "_regularizer": "keras.regularizers",
    "_constraint": "keras.constraints",
}
_OURS = "hornbeam"
_RECURRENT = ("Bidirectional", "ConvLSTM2D", "ConvRNN2D", "GRU", "LSTM", "RNN", "SimpleRNN")


def model_to_keras3(model, include_optimizer=True):
    """Returns the config of a model in Keras 3's form.

    Args:
        model: `Model` with a config.
        include_optimizer: Bool; whether the arguments of `compile` go in.
    """
    config = json.loads(json.dumps(model.get_config(), default=plain))
    entry = _layer(model, {"class_name": get_registered_name(type(model)), "config": config})
    training = training_config(model) if include_optimizer else None
    if training is not None:
        training = json.loads(json.dumps(training, default=plain))
        entry["compile_config"], kept = _compile_config(training, model)
        entry.setdefault(_OURS, {}).update(kept)
    return entry


# ---- layers


def _layer(layer, entry):
    """Translates the config of a layer; `layer` is it, or None where only the config is at hand."""
    kind, config = entry["class_name"], entry["config"]
    cls = layer_classes().get(kind)
    if layer is not None and type(layer) is not cls:
        cls = None  # a user's class of the same name
    result = {"module": "keras.layers", "class_name": kind}
    kept = {}
    if isinstance(layer, Sequential) and "layers" in config:
        result["module"] = "keras"
        config = _sequential(layer, config)
    elif isinstance(layer, Network) and "input_layers" in config:
        result.update(module="keras.src.models.functional", class_name="Functional")
        config = _functional(layer, config)
    else:
        config, kept = _arguments(kind, config, layer)
    result["config"] = config
    result["registered_name"] = None
    if cls is None:  # the user's own
        result["module"] = type(layer).__module__ if layer is not None else None
        result["class_name"] = kind.rsplit(">", 1)[-1]
        result["registered_name"] = kind
    elif kind in names.ONLY_HERE or _differs(kind, config):
        result.update(module="hornbeam.layers", registered_name=f"hornbeam>{kind}")
    elif result["class_name"] == "Functional":
        result["registered_name"] = "Functional"
    if kept:
        result[_OURS] = kept
    return result


def _differs(kind, config):
    """Whether Keras 3 computes something else with these arguments."""
    return kind == "UpSampling2D" and config.get("interpolation") == "bilinear"


def _arguments(kind, config, layer):
    renamed = {ours: theirs for theirs, ours in names.RENAMED.get(kind, {}).items()}
    lacking = names.LACKING.get(kind, ())
    result, kept = {}, {}
    for name, value in config.items():
        if name in lacking or (name == "batch_input_shape" and kind != "InputLayer"):
            kept[name] = value
        elif name == "interpolation" and value == names.BILINEAR:
            result[name] = "bilinear"
        elif name == "interpolation" and _differs(kind, config):
            result[name] = kept[name] = value
        else:
            result[renamed.get(name, name)] = _value(name, value, layer)
    if kind == "Lambda":
        kept = {name: config[name] for name in _LAMBDA if name in config}
        result = _lambda(result)
    return result, kept


def _value(name, value, layer=None):
    if isinstance(value, list):
        return [_value(name, part, layer) for part in value]
    if name == "dtype" and isinstance(value, dict):  # a mixed policy
        return _object("keras", "DTypePolicy", value["config"])
    if name in names.ACTIVATION_ARGUMENTS and isinstance(value, str):
        return _activation(value)
    if not isinstance(value, dict):
        return value
    if not isinstance(value.get("class_name"), str) or not isinstance(value.get("config"), dict):
        return {key: _value(key, part, layer) for key, part in value.items()}
    module = next((m for ending, m in _MODULES.items() if name.endswith(ending)), None)
    if module is None:
        inner = _inner_layer(layer, value["config"].get("name"))
        return _layer(inner, value)
    config = {key: _value(key, part) for key, part in value["config"].items()}
    if value["class_name"] == "VarianceScaling" and config.get("distribution") == "normal":
        config["distribution"] = "truncated_normal"
    return _object(module, value["class_name"], config)


def _object(module, kind, config):
    own = ">" in kind
    return {
        "module": None if own else module,
        "class_name": kind.rsplit(">", 1)[-1],
        "config": config,
        "registered_name": kind if own else None,
    }


def _inner_layer(layer, name):
    """Finds the layer of a name inside a wrapper or cell."""
    if layer is None:
        return None
    for value in vars(layer).values():
        for found in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(found, Layer) and found.name == name:
                return found
    return None


def _activation(name):
    """Keras 3 has another function under some of the names."""
    back = {ours: theirs for theirs, ours in names.ACTIVATIONS.items()}
    if name in back:
        return back[name]
    if name == "hard_sigmoid":
        layers = [_object("keras.layers", kind, dict(c)) for kind, c in names.HARD_SIGMOID]
        return _object("keras.layers", "Pipeline", {"layers": layers})
    return name


_LAMBDA = (
    "function",
    "function_type",
    "module",
    "output_shape",
    "output_shape_module",
    "output_shape_type",
)


def _lambda(config):
    result = {
        name: config[name] for name in ("name", "trainable", "dtype", "arguments") if name in config
    }
    function = config.get("function")
    if config.get("function_type") == "lambda" and isinstance(function, list):
        code = dict(zip(("code", "defaults", "closure"), function))
        result["function"] = {"class_name": "__lambda__", "config": code}
    else:
        result["function"] = {
            "module": "builtins",
            "class_name": "function",
            "config": function,
            "registered_name": function,
        }
    if config.get("output_shape_type") == "raw" and config.get("output_shape") is not None:
        result["output_shape"] = config["output_shape"]
    return result


# ---- networks


def _sequential(model, config):
    """Keras 3 starts every built `Sequential` with its input layer."""
    layers = list(model.layers)
    listed = config["layers"]
    own_input = len(listed) > len(layers)  # the input layer is listed by itself
    entries = [_layer(*pair) for pair in zip(layers, listed[own_input:])]
    if own_input:
        entries.insert(0, _layer(None, listed[0]))
    elif model._layers and isinstance(model._layers[0], InputLayer):
        first = model._layers[0]
        inputs = json.loads(json.dumps(first.get_config(), default=plain))
        entries.insert(0, _layer(first, {"class_name": "InputLayer", "config": inputs}))
    result = {"name": config.get("name"), "trainable": True, "layers": entries}
    shape = config.get("build_input_shape")
    if shape is not None and model.inputs:
        result[_OURS] = {"built_later": True}  # the layers did not tell the shape of the input
    if shape is None and model.inputs:
        shape = _shape(model.inputs[0])
    if shape is not None:
        result["build_input_shape"] = list(shape)
    return result


def _functional(network, config):
    layers = {layer.name: layer for layer in network.layers}
    shapes = {}
    for layer in network.layers:
        calls = [node for node in layer._inbound_nodes if network._graph.contains(node)]
        first = 1 if isinstance(layer, Network) else 0
        for number, node in enumerate(calls):
            for output, tensor in enumerate(node.outputs):
                shapes[layer.name, number + first, output] = tensor
    networks = {name for name, layer in layers.items() if isinstance(layer, Network)}

    def place(entry):
        name, call, output = entry[:3]
        return [name, call - 1 if name in networks else call, output]

    def tensor(entry):
        found = shapes[tuple(entry[:3])]
        return {
            "class_name": "__keras_tensor__",
            "config": {
                "shape": _shape(found),
                "dtype": str(found.dtype.name if hasattr(found.dtype, "name") else found.dtype),
                "keras_history": place(entry),
            },
        }

    entries = []
    for data in config["layers"]:
        entry = _layer(layers[data["name"]], data)
        entry["name"] = data["name"]
        entry["inbound_nodes"] = [
            _call(data["class_name"], [tensor(part) for part in node], node[0][3])
            for node in data["inbound_nodes"]
        ]
        entries.append(entry)
    return {
        "name": config["name"],
        "trainable": True,
        "layers": entries,
        "input_layers": _one_or_list([place(part) for part in config["input_layers"]]),
        "output_layers": _one_or_list([place(part) for part in config["output_layers"]]),
    }


def _call(kind, tensors, arguments):
    kwargs = {}
    if kind in _RECURRENT and len(tensors) > 1:
        tensors, kwargs["initial_state"] = tensors[:1], tensors[1:]
    node = {"args": [_one_or_list(tensors)], "kwargs": kwargs}
    if arguments:
        node[_OURS] = arguments
        kwargs.update(arguments)
    return node


def _one_or_list(items):
    return items[0] if len(items) == 1 else items


def _shape(tensor):
    return [None if size is None else int(size) for size in tuple(tensor.shape)]


# ---- training


def _compile_config(training, model):
    """Returns Keras 3's `compile_config`, and what it has no place for."""
    outputs = len(model.outputs or [None])
    optimizer, kept_of_optimizer = _optimizer(training["optimizer_config"])
    result = {
        "optimizer": optimizer,
        "loss": _for_each(_names(training["loss"], "keras.losses"), outputs),
        "loss_weights": training["loss_weights"],
        "metrics": _metrics(training["metrics"], outputs),
        "weighted_metrics": _metrics(training["weighted_metrics"], outputs),
        "run_eagerly": False,
        "steps_per_execution": 1,
    }
    kept = {"optimizer": kept_of_optimizer} if kept_of_optimizer else {}
    if training.get("sample_weight_mode") is not None:
        kept["sample_weight_mode"] = training["sample_weight_mode"]
    if outputs > 1:
        kept.update({name: training[name] for name in ("loss", "metrics", "weighted_metrics")})
    return result, {"training": kept} if kept else {}


def _names(value, module):
    if isinstance(value, str):
        return names.FUNCTIONS.get(value, value)
    if isinstance(value, list):
        return [_names(part, module) for part in value]
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str) and isinstance(value.get("config"), dict):
            return _object(module, value["class_name"], value["config"])
        return {name: _names(part, module) for name, part in value.items()}
    return value


def _for_each(loss, outputs):
    """Keras 2 takes one loss for all outputs."""
    single = isinstance(loss, str) or (isinstance(loss, dict) and "class_name" in loss)
    return [loss] * outputs if single and outputs > 1 else loss


def _metrics(metrics, outputs):
    """Keras 2 takes one flat list of metrics for each of the outputs."""
    metrics = _names(metrics, "keras.metrics")
    if outputs == 1 or not isinstance(metrics, list) or not metrics:
        return metrics or None
    if any(isinstance(part, list) for part in metrics):
        return metrics
    return [metrics] * outputs


_KNOWN_OPTIMIZERS = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")


def _optimizer(entry):
    kind, config = entry["class_name"], dict(entry["config"])
    if kind == "LossScaleOptimizer":
        inner, kept = _optimizer(config["inner_optimizer"])
        kept = {"inner_optimizer": kept} if kept else {}
        if not config.pop("dynamic"):
            kept.update(dynamic=False, dynamic_growth_steps=config.pop("dynamic_growth_steps"))
        return _object("keras.optimizers", kind, {**config, "inner_optimizer": inner}), kept
    if kind not in _KNOWN_OPTIMIZERS:
        return _object("keras.optimizers", kind, config), {}
    kept = {name: config.pop(name) for name in ("schedule_decay",) if name in config}
    decay = config.pop("decay", 0.0)
    if isinstance(config.get("learning_rate"), dict):
        rate = config["learning_rate"]
        config["learning_rate"] = _object(
            "keras.optimizers.schedules", rate["class_name"], rate["config"]
        )
    elif decay:
        config["learning_rate"] = _object(
            "keras.optimizers.schedules",
            "InverseTimeDecay",
            {
                "initial_learning_rate": config["learning_rate"],
                "decay_steps": 1,
                "decay_rate": decay,
                "staircase": False,
                "name": "InverseTimeDecay",
            },
        )
    clipnorm = config.pop("clipnorm", None)
    if clipnorm:
        config["global_clipnorm"] = clipnorm
    if kind == "Adagrad":
        config["initial_accumulator_value"] = 0.0
    config["use_ema"] = False
    return _object("keras.optimizers", kind, config), kept
