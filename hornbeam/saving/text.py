"""Structures as text: JSON and YAML."""

import collections
import json
import warnings

import numpy as np

from hornbeam.engine import Network
from hornbeam.engine.config import deserialize_layer
from hornbeam.registry import get_registered_name
from hornbeam.saving import keras1, limits
from hornbeam.saving.errors import ModelFileError
from hornbeam.saving.keras3_config import to_keras2
from hornbeam.saving.weights import BACKEND, KERAS_VERSION

_LONGEST_NUMBER = 1000  # characters; binary data in YAML is not what Keras writes either


def plain(value):
    """`default=` of `json.dumps`: makes JSON of what configs hold beside numbers and strings.

    Raises:
        TypeError: for anything that is no array, no function, and has no `get_config`.
    """
    if hasattr(value, "get_config") and not isinstance(value, type):
        return {"class_name": get_registered_name(type(value)), "config": value.get_config()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "__array__") and hasattr(value, "dtype"):
        return np.asarray(value).tolist()
    if hasattr(value, "__name__"):
        return get_registered_name(value)
    raise TypeError(f"Not JSON Serializable: {value!r} of type {type(value).__name__}.")


def model_config(model, with_versions=True):
    """Returns `{"class_name": ..., "config": ...}` of a model, with who wrote it."""
    config = {"class_name": get_registered_name(type(model)), "config": model.get_config()}
    if with_versions:
        config.update(keras_version=KERAS_VERSION, backend=BACKEND)
    return config


def warn_of_tensors(model):
    """Says which losses and metrics are tensors, that a config cannot hold."""
    stack, found = [model], []
    while stack:
        network = stack.pop()
        stack += [layer for layer in network.layers if isinstance(layer, Network)]
        found += ["add_loss"] * bool(network._losses) + ["add_metric"] * bool(network._metrics)
    if found:
        warnings.warn(
            f"What {model.name} was given by {' and '.join(sorted(set(found)))} is made of tensors "
            "and is not saved: add it again to the model that is loaded, or put it into the `call` "
            "of a layer. Pickles hold it.",
            stacklevel=4,
        )


def to_json(model, **kwargs):
    """Returns the structure of a model as a JSON string.

    Args:
        model: `Network`.
        **kwargs: Arguments of `json.dumps`.
    """
    return json.dumps(model_config(model), **{"default": plain, **kwargs})


def to_yaml(model, **kwargs):
    """Returns the structure of a model as a YAML string; tuples are written as lists.

    Args:
        model: `Network`.
        **kwargs: Arguments of `yaml.dump`.
    """
    import yaml

    config = json.loads(json.dumps(model_config(model), default=plain))
    return yaml.dump(config, **{"Dumper": yaml.SafeDumper, **kwargs})


def model_from_config(config, custom_objects=None):
    """Makes a model from its config.

    Args:
        config: Dict with `class_name` and `config`, of any Keras.
        custom_objects: Dict from name to class or function.

    Raises:
        TypeError: for a list, which is the config of an old `Sequential` alone.
        ValueError: for an unknown class or an improper config.
        ModelFileError: for a config that is damaged, or asks for more than a model does.
    """
    if isinstance(config, list):
        raise TypeError(
            "`model_from_config` expects a dictionary, not a list. Maybe you meant to use "
            "`Sequential.from_config(config)`?"
        )
    if not isinstance(config, dict):
        raise ModelFileError(
            f"Improper config format: {config!r:.200}. Expected a dict with the keys 'class_name' "
            "and 'config'."
        )
    limits.check_config(config)
    with limits.one_error("The config"):
        config = keras1.modern_model_config(config, custom_objects)
        return deserialize_layer(to_keras2(config, custom_objects), custom_objects)


def model_from_json(json_string, custom_objects=None):
    """Makes a model from what `to_json` returned, with fresh weights.

    Raises:
        ModelFileError: if it is no JSON, or damaged.
        ValueError: for an unknown class, or weights that take more than half of the memory (see
            `weight_limit`).
    """
    return model_from_config(limits.parse_json(json_string, "The JSON text"), custom_objects)


def model_from_yaml(yaml_string, custom_objects=None):
    """Makes a model from what `to_yaml` returned, with fresh weights.

    Only plain data is read, and the tuples that Keras wrote; tags that make Python objects are
    refused.

    Raises:
        ModelFileError: if it is no plain YAML, or damaged.
        ValueError: as of `model_from_json`.
    """
    return model_from_config(read_yaml(yaml_string), custom_objects)


def read_yaml(text):
    """Returns what a YAML text holds: plain data, and lists for the tuples that Keras wrote.

    Raises:
        ModelFileError: if it is no YAML, or holds objects, or explodes.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """The safe loader, and tuples."""

    Loader.add_constructor("tag:yaml.org,2002:python/tuple", Loader.construct_yaml_seq)
    Loader.add_constructor("tag:yaml.org,2002:python/unicode", Loader.construct_yaml_str)
    if isinstance(text, (str, bytes)) and len(text) > limits.LONGEST_TEXT:
        raise ModelFileError(f"The YAML text is longer than {limits.LONGEST_TEXT} characters.")
    try:
        loader = Loader(text)
        try:
            node = loader.get_single_node()
            _check_nodes(node)
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except ModelFileError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ModelFileError(f"The text is no plain YAML: {str(error)[:1000]}") from error


def _check_nodes(root):
    """Refuses a document that is small only because its parts refer to each other.

    That is seen before anything is made of it: a merge (`<<: *a`) copies what it refers to.
    """
    import yaml

    sizes = collections.defaultdict(int)  # id -> size; 0 while it is being counted
    stack = [(root, False)]
    while stack:
        node, counted = stack.pop()
        children = []
        if isinstance(node, yaml.SequenceNode):
            children = node.value
        elif isinstance(node, yaml.MappingNode):
            children = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.ScalarNode) and len(node.value) > _LONGEST_NUMBER:
            if node.tag != "tag:yaml.org,2002:str":  # 1:1:1:... takes ages to work out
                raise ModelFileError("The YAML document holds a number that is absurdly long.")
        if counted:  # all below it is counted
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in children)
            if sizes[id(node)] > limits.MOST_NODES:
                raise ModelFileError("The YAML document refers to its own parts too often.")
        elif id(node) not in sizes:
            sizes[id(node)] = 0
            stack.append((node, True))
            stack.extend((child, False) for child in children)
        elif sizes[id(node)] == 0:
            raise ModelFileError("The YAML document contains itself.")
