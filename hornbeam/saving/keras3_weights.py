"""Weights in Keras 3's layout: each layer's numbers under its path, `layers/dense_1/vars/0`.

A path is made of classes and places, not of names: `dense_1` is the second `Dense` in a model's
list of layers, and a layer inside a layer has the name of the attribute that holds it. tf.keras
2.12 and later write the same.
"""

import dataclasses
import functools
import re
import warnings

from hornbeam.engine import Model, Network
from hornbeam.engine.layer import Layer
from hornbeam.saving import hdf5, weights

_VARIABLES = "vars"
_LAYERS = "layers"
_OLD_LAYERS = "_layer_checkpoint_dependencies"  # what tf.keras 2.12 called it


@dataclasses.dataclass
class Place:
    """Where a layer's own variables are in a file.

    Attributes:
        path: Path of the layer, '' for the model itself.
        layer: The layer.
        variables: Its own variables, those of layers inside it left out.
    """

    path: str
    layer: Layer
    variables: list


def is_keras3(group):
    """Whether a group holds weights in Keras 3's layout."""
    old = any(name in group.attrs for name in ("layer_names", "layer_names0"))
    return not old and any(name in group for name in (_LAYERS, _VARIABLES, _OLD_LAYERS))


def layer_orders(config):
    """Returns the order of the layers in each network of a config: a dict from name to names.

    Keras counts layers of a class as its own list has them, and that may differ from ours.
    """
    orders, stack = {}, [config]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            layers = part.get("layers")
            if isinstance(layers, list) and isinstance(part.get("name"), str):
                orders[part["name"]] = [_name(entry) for entry in layers]
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
    return orders


def _name(entry):
    if not isinstance(entry, dict):
        return None
    config = entry.get("config")
    return entry.get("name") or (config.get("name") if isinstance(config, dict) else None)


def ordered(network, orders=None):
    """Returns the layers of a network, in the order that `orders` says if it knows them all."""
    layers = list(network.layers)
    names = (orders or {}).get(network.name, ())
    if not {layer.name for layer in layers} <= set(names):
        return layers
    return sorted(layers, key=lambda layer: names.index(layer.name))


def places(layer, orders=None, path="", seen=None):
    """Yields the `Place` of a layer and of all layers in it, each layer once.

    Args:
        layer: Layer or model.
        orders: Dict, as `layer_orders` returns it.
        path: Path of the layer.
        seen: Set of the ids of layers that are left out; they are added to it.
    """
    seen = set() if seen is None else seen
    if id(layer) in seen:
        return
    seen.add(id(layer))
    own = [*layer._trainable_weights, *layer._non_trainable_weights]
    yield Place(path, layer, own)
    for name, child in _children(layer, orders):
        yield from places(child, orders, f"{path}/{name}".removeprefix("/"), seen)


def _children(layer, orders):
    """Yields the layers that a layer holds, with their paths below it."""
    if isinstance(layer, Network) and (layer._is_graph_network or _keeps_a_list(layer)):
        yield from _listed(_LAYERS, ordered(layer, orders))
    skipped = _engines_own()
    for name in sorted(vars(layer), key=lambda name: (name.startswith("_"), name)):
        value = vars(layer)[name]
        if name in skipped:
            continue
        if isinstance(value, Layer):
            yield name, value
        elif isinstance(value, dict):
            yield from _listed(name, value.values())
        elif isinstance(value, (list, tuple)):
            yield from _listed(name, value)


def _keeps_a_list(network):
    """Whether it is a `Sequential`, which has a list of layers even before it is built."""
    return hasattr(network, "_build_input_shape")


def _listed(path, values):
    count = {}
    for value in values:
        if not isinstance(value, Layer):
            continue
        stem = "functional" if type(value) is Model else _snake_case(type(value).__name__)
        number = count.get(stem, 0)
        count[stem] = number + 1
        yield f"{path}/{stem}_{number}" if number else f"{path}/{stem}", value


def _snake_case(name):
    """Keras 3's way, which parts `Conv2DTranspose` and `ConvLSTM2D` otherwise than Keras 2's."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


@functools.cache
def _engines_own():
    """Attributes that every layer or model has: what they hold is found otherwise."""
    return frozenset({*vars(Layer()), *vars(Model(name="model")), "model"})


# ---- writing


def write(group, model, share=None):
    """Writes the weights of a model.

    Args:
        group: `h5py.Group`.
        model: `Network`.
        share: Dict from a variable's id to a dataset in the same file that holds its value; such a
            variable is not written again.
    """
    for place in places(model):
        target = group.require_group(f"{place.path}/{_VARIABLES}".removeprefix("/"))
        hdf5.write_text(target, "name", place.layer.name)
        for number, variable in enumerate(place.variables):
            if share and id(variable) in share:
                target[str(number)] = share[id(variable)]
            else:
                hdf5.write_array(target, str(number), variable.get_value())


def write_for_all(group, model):
    """Writes the weights of a model once, so that Keras 2 and Keras 3 both find them."""
    layers = model.layers
    if any(layer.name in (_LAYERS, _VARIABLES) for layer in layers):
        write(group, model)
        return
    weights.write_layers(group, layers)
    share = {}
    for layer in layers:
        names = weights.unique_names([variable.name for variable in layer.weights])
        for name, variable in zip(names, layer.weights):
            share.setdefault(id(variable), group[layer.name][name])
    write(group, model, share)


# ---- reading


def read(group, model, orders=None, by_name=False, skip_mismatch=False, reshape=False):
    """Reads what `write` or Keras 3 wrote; all is checked before one weight changes.

    Args:
        group: `h5py.Group`.
        model: `Network`.
        orders: Dict, as `layer_orders` returns it for the config in the file; None where there is
            none.
        by_name: Bool; whether to match layers by name instead of by place.
        skip_mismatch: Bool; with `by_name`, whether to leave out, with a warning, layers that do
            not fit.
        reshape: Bool; whether to reshape arrays of the same size.

    Raises:
        ValueError: if the file does not fit the model.
        ModelFileError: if the file is damaged.
    """
    weights.check_is_built(model)
    found = _named(group, model) if by_name else places(model, orders)
    chosen = []
    for place in found:
        if not place.variables:
            continue
        datasets = _datasets(group, place.path)
        problem = _problem(place, datasets, reshape)
        if problem is None:
            chosen.extend(zip(place.variables, datasets))
        elif not skip_mismatch:
            raise ValueError(problem)
        else:
            warnings.warn(
                f"Skipping loading of weights for layer {place.layer.name}: {problem}",
                stacklevel=4,
            )
    weights.assign(chosen)


def _problem(place, datasets, reshape):
    name = place.layer.name
    if len(datasets) != len(place.variables):
        return (
            f"The layer {name!r} expects {len(place.variables)} weights "
            f"({', '.join(variable.name for variable in place.variables)}), but the file has "
            f"{len(datasets)} for it, at {place.path!r}. The file belongs to another model."
        )
    for variable, dataset in zip(place.variables, datasets):
        if not weights.fits(variable, dataset, reshape):
            return (
                f"The weight {variable.name} of the layer {name!r} has shape "
                f"{tuple(variable.shape)}, but the saved weight at {place.path!r} has shape "
                f"{tuple(dataset.shape)}."
            )
    return None


def _datasets(group, path):
    """Returns the arrays of one layer, not yet read; none where the file does not know it."""
    for part in [*path.split("/"), _VARIABLES]:
        if part == _LAYERS and part not in group and _OLD_LAYERS in group:
            part = _OLD_LAYERS
        if part and part not in group:
            return []
        if part:
            group = hdf5.child_group(group, part)
    return [hdf5.child_array(group, str(number)) for number in range(len(group))]


def _named(group, model):
    """Yields the places of the layers whose names the file knows."""
    parts = _LAYERS if _LAYERS in group else _OLD_LAYERS
    saved = {}
    listed = hdf5.child_group(group, parts) if parts in group else ()
    for part in listed:
        layer = hdf5.child_group(listed, part)
        name = None
        if _VARIABLES in layer:
            name = hdf5.read_text(hdf5.child_group(layer, _VARIABLES), "name")
        if name is None:
            raise ValueError(
                "The file does not say the names of its layers, so that by_name=True cannot find "
                "them. Load it into a model of the same structure, without by_name."
            )
        saved[name] = f"{parts}/{part}"
    seen = set()
    for layer in model.layers:
        if layer.name in saved:
            yield from places(layer, None, saved[layer.name], seen)
