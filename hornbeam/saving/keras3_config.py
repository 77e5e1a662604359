"""Configs of Keras 3 and late tf.keras, translated to those of Keras 2.

Keras 3 writes objects as `{module, class_name, config, registered_name}`, calls of layers with
their `args` and `kwargs`, and masks as operations of the graph. Here it all becomes what
`model_from_config` reads. Nothing is imported by the names in `module`.
"""

import functools
import inspect
import re

from hornbeam.engine import InputLayer, Network
from hornbeam.engine.config import layer_classes
from hornbeam.engine.layer import _CONSTRUCTOR_ARGUMENTS, Layer
from hornbeam.registry import get_registered_object, suggestion
from hornbeam.saving import keras3_names as names
from hornbeam.saving.errors import ModelFileError

_KERAS = ("keras", "tf_keras", "tensorflow", "hornbeam", "builtins")  # whose built-in classes
_POLICIES = ("DTypePolicy", "Policy", "FloatDTypePolicy")
_NETWORKS = ("Functional", "Model", "Sequential")
_FORWARD = "forward_"


def written_by_keras3(config):
    """Whether Keras 3, not a Keras 2, wrote the config of a model."""
    stack = [config]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            if part.get("class_name") == "InputLayer" and "batch_shape" in _dict(part, "config"):
                return True
            if part.get("class_name") in ("DTypePolicy", "__keras_tensor__"):
                return True
            stack.extend(part.values())
        elif isinstance(part, (list, tuple)):
            stack.extend(part)
    return False


def to_keras2(config, custom_objects=None):
    """Returns the config of a model as Keras 2 would have written it.

    What Keras 2 wrote comes back as it is.

    Args:
        config: Dict with `class_name`, `config`, and perhaps `keras_version`; it is not changed.
        custom_objects: Dict from name to class or function.

    Raises:
        ValueError: for what hornbeam has nothing like, naming the layer and what it asks for.
        ModelFileError: for a config that no Keras writes.
    """
    if not isinstance(config, dict):
        return config
    keras3 = written_by_keras3(config)
    late = keras3 or is_tf_keras(config.get("keras_version"))
    return Translation(keras3, custom_objects, late).value(config)


def is_tf_keras(version):
    """Whether a version of Keras is one of TensorFlow's own: 2.2.4-tf, ..., 2.4.0 and later."""
    if not isinstance(version, str):
        return False
    parts = re.match(r"(\d+)\.(\d+)", version)
    return "-tf" in version or bool(parts) and tuple(int(p) for p in parts.groups()) >= (2, 4)


# ---- objects


class Translation:
    """The translation of one config.

    Args:
        keras3: Bool; whether Keras 3 wrote it. Late versions of Keras 2 share some of its forms.
        custom_objects: Dict from name to class or function.
        late: Bool; whether it computes as TensorFlow 2 does where that differs from TensorFlow 1.
    """

    def __init__(self, keras3, custom_objects=None, late=False):
        self.keras3 = keras3
        self.late = late
        self.custom_objects = custom_objects

    def value(self, value):
        """Translates a value of any kind."""
        if isinstance(value, (list, tuple)):
            return [self.value(part) for part in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("class_name"), str) and "config" in value:
            return self.object(value)
        return {name: self.value(part) for name, part in value.items()}

    def object(self, entry):
        """Translates `{"class_name": ..., "config": ...}`."""
        kind, config = entry["class_name"], entry["config"]
        if kind in _POLICIES:
            return _dtype(entry)
        if kind in _SPECIAL:
            return _SPECIAL[kind](config)
        if kind == "function":
            return self._function(entry)
        kind = kind.removeprefix("Custom>") if self._find(kind) is None else kind
        own = self._find(entry.get("registered_name")) or self._find(kind)
        if own is None and not _is_kerass(entry):
            raise ValueError(
                f"Unknown class {kind!r} of the module {entry.get('module')!r}."
                f"{suggestion(kind, self.custom_objects or {})} It is not one of Keras's own; make "
                f"it known by its name: custom_objects={{{kind!r}: ...}}."
            )
        builtin = layer_classes().get(kind) if own is None else None
        cls = own or builtin
        if isinstance(config, (list, tuple)) and kind == "Sequential":
            config = {"layers": config}
        if not isinstance(config, dict):
            return {**entry, "config": self.value(config)}
        if inspect.isclass(cls) and issubclass(cls, Network) and "layers" in config:
            config = self._network(config, kind)
        else:
            config = self._arguments(kind, config, builtin)
        result = {"class_name": kind, "config": config}
        if own is not None and entry.get("registered_name"):
            result["registered_name"] = entry["registered_name"]
        return result

    def _find(self, name):
        return get_registered_object(name, self.custom_objects) if isinstance(name, str) else None

    def _function(self, entry):
        name = entry["config"]
        if not isinstance(name, str):
            raise ModelFileError(f"Improper config format: a function's name is {name!r}.")
        registered = entry.get("registered_name")
        return registered if self._find(registered) is not None else name

    def _arguments(self, kind, config, builtin):
        """Translates the arguments of a class; `builtin` is a layer class of ours, or None."""
        result = {}
        renamed = names.RENAMED.get(kind, {})
        if kind == "Bidirectional":
            config = self._one_direction(config)
        for name, value in config.items():
            name = renamed.get(name, name)
            if name == "dtype":
                value = _dtype(value)
            elif name in names.ACTIVATION_ARGUMENTS:
                value = self._activation(value)
            elif kind == "Lambda" and name == "function":
                result.update(self._lambda(value))
                continue
            else:
                value = self.value(value)
            result[name] = value
        if kind == "VarianceScaling" and result.get("distribution") == "truncated_normal":
            result["distribution"] = "normal"
        if kind == "UpSampling2D" and result.get("interpolation") == "bilinear" and self.late:
            result["interpolation"] = names.BILINEAR
        accepted = None
        if builtin is not None:
            accepted = _accepted(builtin).difference(names.NOT_ITS_OWN.get(kind, ()))
            accepted |= {"function_type"} if kind == "Lambda" else set()
        for name in list(result):
            known = name in accepted if accepted else name not in ("input_axes", "output_axes")
            if not known and names.is_neutral(names.NEUTRAL, name, result[name]):
                del result[name]
            elif not known and self.keras3 and accepted:
                raise ValueError(
                    f"The layer {config.get('name')!r} ({kind}) was saved with "
                    f"{name}={str(result[name])[:100]}, which hornbeam's {kind} does not have."
                )
        return result

    def _activation(self, value):
        if _is_hard_sigmoid(value):
            return "hard_sigmoid"
        value = self.value(value)
        if self.keras3 and isinstance(value, str) and self._find(value) is None:
            return names.ACTIVATIONS.get(value, value)
        return value

    def _lambda(self, value):
        if isinstance(value, dict) and value.get("class_name") == "__lambda__":
            code = _dict(value, "config")
            code = _dict(code, "value") or code
            function = [code.get("code"), code.get("defaults"), code.get("closure")]
            return {"function": function, "function_type": "lambda"}
        translated = self.value(value)
        if isinstance(value, dict) and isinstance(translated, str):
            return {"function": translated, "function_type": "function"}
        return {"function": translated}

    def _one_direction(self, config):
        """Late versions list both directions; ours makes the second of the first."""
        layer, backward = config.get("layer"), config.get("backward_layer")
        if not isinstance(layer, dict) or not isinstance(layer.get("config"), dict):
            return config
        forward = dict(layer["config"])
        forward.pop("zero_output_for_mask", None)  # what our Bidirectional does by itself
        if backward is not None:
            other = _dict(backward, "config")
            differing = {
                name
                for name in {*forward, *other} - {"name", "zero_output_for_mask"}
                if _plain(other.get(name)) != _plain(forward.get(name))
            }
            kinds = {_name_of(layer), _name_of(backward)}
            if len(kinds) != 1 or differing != {"go_backwards"}:
                raise ValueError(
                    f"The layer {config.get('name')!r} (Bidirectional) was saved with a "
                    "backward_layer of its own; hornbeam's Bidirectional runs one layer in both "
                    "directions."
                )
        if self.keras3 and str(forward.get("name")).startswith(_FORWARD):
            forward["name"] = forward["name"].removeprefix(_FORWARD)
        result = {name: value for name, value in config.items() if name != "backward_layer"}
        return {**result, "layer": {**layer, "config": forward}}

    # ---- networks

    def _network(self, config, kind):
        layers = config["layers"]
        if not isinstance(layers, (list, tuple)) or not all(isinstance(e, dict) for e in layers):
            raise ModelFileError("Improper config format: 'layers' is no list of layers.")
        if "input_layers" in config:
            return _Graph(self, config).translated()
        result = {name: config[name] for name in ("name", "build_input_shape") if name in config}
        layers = [self._layer(entry) for entry in layers]
        ours = config.get("hornbeam")
        if isinstance(ours, dict) and ours.get("built_later"):
            return {**result, "layers": layers[1:]}
        if len(layers) > 1 and self.keras3:
            _fold_input(layers)
        if any(entry["class_name"] == "InputLayer" for entry in layers[:1]) and self.keras3:
            result.pop("build_input_shape", None)
        elif layers and "batch_input_shape" in layers[0]["config"] and self.keras3:
            result.pop("build_input_shape", None)
        return {**result, "layers": layers}

    def _is_operation(self, entry):
        """Whether it is not a layer but an operation of Keras 3; in HDF5 no module says so."""
        module = entry.get("module")
        if isinstance(module, str):
            return (module + ".").startswith(("keras.src.ops.", "keras.ops."))
        config = _dict(entry, "config")
        return self.keras3 and "dtype" not in config and entry.get("class_name") not in _NETWORKS

    def _layer(self, entry):
        if not isinstance(entry.get("class_name"), str) or "config" not in entry:
            raise ModelFileError(f"Improper config format: {str(entry)[:200]} is no layer.")
        result = self.object(entry)
        if isinstance(entry.get("hornbeam"), dict) and isinstance(result["config"], dict):
            result["config"].update(entry["hornbeam"])
        return result


def _fold_input(layers):
    """Drops the input layer that `Sequential` made for the first layer's `batch_input_shape`."""
    first, second = layers[0], layers[1]
    inputs, config = _dict(first, "config"), _dict(second, "config")
    if first["class_name"] == "InputLayer" and second["class_name"] not in _NETWORKS:
        if inputs.get("name") == f"{config.get('name')}_input":
            config.setdefault("batch_input_shape", inputs.get("batch_input_shape"))
            del layers[0]


class _Graph:
    """The translation of a network with a graph."""

    def __init__(self, translation, config):
        self.translation = translation
        self.config = config
        self.operations = {}  # name -> entry: operations of Keras 3 that are no layers
        self.networks = set()  # names of layers that are networks
        for entry in config["layers"]:
            if translation._is_operation(entry):
                self.operations[entry.get("name")] = entry
            elif entry.get("class_name") in _NETWORKS:
                self.networks.add(entry.get("name"))
        self.maskers = {  # (layer and its call that is looked at for a mask, value to mask)
            (place, value)
            for entry in config["layers"]
            for value in _masked_values(entry)
            for node in entry.get("inbound_nodes") or ()
            for place in _tensors(node)
        }

    def translated(self):
        layers = []
        for entry in self.config["layers"]:
            if entry.get("name") in self.operations:
                layers += self._operation(entry)
                continue
            layer = self.translation._layer(entry)
            layer["name"] = entry.get("name", _dict(layer, "config").get("name"))
            layer["inbound_nodes"] = [
                self._call(entry, node) for node in entry.get("inbound_nodes") or ()
            ]
            layers.append(layer)
        return {
            "name": self.config.get("name"),
            "layers": layers,
            "input_layers": self._places(self.config["input_layers"]),
            "output_layers": self._places(self.config.get("output_layers")),
        }

    def _places(self, places):
        """Flattens `[name, call, output]`, a list of those, or a dict of those."""
        if isinstance(places, dict):
            places = list(places.values())
        if isinstance(places, (list, tuple)):
            if len(places) == 3 and isinstance(places[0], str):
                return [self._place(places)]
            return [place for part in places for place in self._places(part)]
        raise ModelFileError(f"Improper config format: {places!r}. Expected [layer, call, output].")

    def _place(self, place):
        """Keras 3 counts a network's calls from 0, Keras 2 from 1."""
        name, call, output = place
        if self.translation.keras3 and name in self.networks and isinstance(call, int):
            call += 1
        return [name, call, output]

    def _call(self, entry, node):
        if not isinstance(node, dict):
            return node  # Keras 2's form
        name, args = entry.get("name"), list(node.get("args") or ())
        arguments = dict(node.get("kwargs") or {})
        arguments.pop("training", None)  # Keras 3 notes it and does not use it
        mask = arguments.pop("mask", None)
        if not self._is_usual_mask(mask):
            raise ValueError(
                f"The layer {name!r} is called with a mask of its own making; hornbeam reads only "
                "the masks that Masking and Embedding make."
            )
        first = args.pop(0) if args else None
        tensors = _tensors(first)
        if "initial_state" in arguments:  # further inputs, in Keras 2
            tensors += _tensors(arguments.pop("initial_state"))
        if args:
            if any(_tensors(args)) or any(part is not None for part in args) or not tensors:
                raise ValueError(
                    f"The layer {name!r} ({entry.get('class_name')}) is called with further "
                    f"positional arguments: {str(args)[:200]}. hornbeam reads inputs and keyword "
                    "arguments."
                )
        for key, value in arguments.items():
            if _tensors(value):
                raise ValueError(
                    f"The layer {name!r} ({entry.get('class_name')}) is called with a tensor as "
                    f"its argument {key!r}. hornbeam reads tensors as inputs only."
                )
        arguments = {
            key: self.translation.value(value)
            for key, value in arguments.items()
            if value is not None
        }
        arguments.update(_dict(node, "hornbeam"))
        if not tensors:
            raise ModelFileError(f"Improper config format: {name!r} is called on nothing.")
        return [[*self._place(place), arguments] for place in tensors]

    # ---- operations

    def _operation(self, entry):
        """A layer that does what an operation does; none for one that only computes a mask."""
        kind, name = entry.get("class_name"), entry.get("name")
        if self._is_mask(name):
            return []
        nodes = []
        for node in entry.get("inbound_nodes") or ():
            args = list(node.get("args") or ()) if isinstance(node, dict) else []
            plain = [part for part in args if not _is_tensor(part)]
            if kind in names.MERGES and len(args) == 2 and not plain:
                replacement = names.MERGES[kind]
            elif kind in names.UNARY and len(args) == 1 and not plain and not node.get("kwargs"):
                replacement = names.UNARY[kind]
            else:
                raise ValueError(
                    f"The model calls the operation {kind!r} between its layers, which hornbeam "
                    "has no layer for. Put it into a layer, or load the weights alone."
                )
            nodes.append([[*self._place(place), {}] for place in _tensors(args)])
        cls, config = replacement
        return [
            {
                "class_name": cls,
                "config": {"name": name, **config},
                "name": name,
                "inbound_nodes": nodes,
            }
        ]

    def _is_usual_mask(self, mask):
        return mask is None or (
            bool(_tensors(mask)) and all(self._is_mask(name) for name, _, _ in _tensors(mask))
        )

    def _is_mask(self, name, depth=0):
        """Whether an operation computes what a layer's `compute_mask` does."""
        entry = self.operations.get(name)
        if entry is None or depth > 100:
            return False
        kind = entry.get("class_name")
        for node in entry.get("inbound_nodes") or ():
            args = node.get("args") if isinstance(node, dict) else None
            if kind == "NotEqual":
                if not isinstance(args, list) or len(args) != 2 or not _is_tensor(args[0]):
                    return False
                if (_tensors(args[0])[0], args[1]) not in self.maskers:
                    return False
            elif kind in ("Any", "LogicalAnd", "LogicalOr", "ExpandDims", "All", "Concatenate"):
                places = _tensors(args)
                if not places or not all(self._is_mask(p[0], depth + 1) for p in places):
                    return False
            else:
                return False
        return True


def _masked_values(entry):
    """The values that a layer masks: those of Masking and Embedding."""
    config = _dict(entry, "config")
    if entry.get("class_name") == "Masking":
        return [config.get("mask_value")]
    if entry.get("class_name") == "Embedding" and config.get("mask_zero"):
        return [0]
    return []


# ---- details


def _dict(entry, key):
    found = entry.get(key) if isinstance(entry, dict) else None
    return found if isinstance(found, dict) else {}


def _is_tensor(value):
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def _tensors(value):
    """Lists the places `(layer, call, output)` of the tensors in a value."""
    if _is_tensor(value):
        place = _dict(value, "config").get("keras_history")
        if (
            not isinstance(place, (list, tuple))
            or len(place) != 3
            or not isinstance(place[0], str)
            or not all(isinstance(number, int) for number in place[1:])
        ):
            raise ModelFileError(f"Improper config format: a tensor's history is {place!r}.")
        return [tuple(place)]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [place for part in value for place in _tensors(part)]
    return []


def _name_of(entry):
    return entry.get("class_name") if isinstance(entry, dict) else None


def _plain(value):
    """A part of a config without the numbers by which Keras 3 notes shared objects."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items() if name != "shared_object_id"}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _is_hard_sigmoid(value):
    layers = _dict(value, "config").get("layers")
    if not isinstance(layers, list) or value.get("class_name") != "Pipeline":
        return False
    return len(layers) == len(names.HARD_SIGMOID) and all(
        _name_of(layer) == kind and config.items() <= _dict(layer, "config").items()
        for layer, (kind, config) in zip(layers, names.HARD_SIGMOID)
    )


def _is_kerass(entry):
    module = entry.get("module")
    return module is None or (isinstance(module, str) and module.split(".")[0] in _KERAS)


def _dtype(value):
    """The dtype of a policy, or of a plain name."""
    if isinstance(value, dict):
        name = _dict(value, "config").get("name")
        if value.get("class_name") not in _POLICIES or not isinstance(name, str):
            raise ValueError(f"Unknown dtype policy: {str(value)[:200]}.")
        value = name
    return value


def _array(config):
    return config.get("value") if isinstance(config, dict) else config


def _refused(what):
    def refuse(config):
        raise ValueError(f"The config holds {what}, which is not read from a file.")

    return refuse


_SPECIAL = {
    "__bytes__": _refused("bytes"),
    "__ellipsis__": _refused("an ellipsis"),
    "__keras_tensor__": _refused("a tensor in an unknown place"),
    "__lambda__": _refused("Python code"),
    "__numpy__": _array,
    "__slice__": _refused("a slice"),
    "__tensor__": _array,
    "__typespec__": _refused("a type of TensorFlow"),
}


@functools.cache
def _accepted(cls):
    """The arguments that the constructors of a layer class take."""
    accepted = set(_CONSTRUCTOR_ARGUMENTS)
    for base in cls.__mro__:
        if "__init__" in vars(base) and issubclass(base, Layer):
            parameters = inspect.signature(base.__init__).parameters.values()
            accepted.update(p.name for p in parameters)
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
    if issubclass(cls, InputLayer):
        accepted -= {"trainable"}
    return frozenset(accepted)
