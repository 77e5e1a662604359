"""The weights of layers in HDF5: all are checked before one is changed."""

import copy
import warnings

import numpy as np

from hornbeam.saving import conversion, hdf5
from hornbeam.saving.atomic import may_write
from hornbeam.saving.errors import ModelFileError

KERAS_VERSION = "2.3.1"  # whose layout is written
BACKEND = "tensorflow"  # whose conventions the numbers follow


def save_weights(model, filepath, overwrite=True):
    """Saves the weights of a model's layers to an HDF5 file in Keras 2's layout.

    Args:
        model: `Network`.
        filepath: Path, binary file object, or `h5py.Group`.
        overwrite: Bool; False asks before an existing file is replaced.

    Raises:
        ValueError: if the model has no weights yet.
    """
    check_is_built(model, "save weights of")
    if may_write(filepath, overwrite):
        with hdf5.writing(filepath) as group:
            write_layers(group, model.layers)


def load_weights(model, filepath, by_name=False, skip_mismatch=False, reshape=False):
    """Loads weights from an HDF5 file of weights or of a whole model.

    Args:
        model: `Network`.
        filepath: Path, binary file object, or `h5py.Group`.
        by_name: Bool; whether to match layers by name instead of by order.
        skip_mismatch: Bool; with `by_name`, whether to leave out, with a warning, layers whose
            weights differ in number or shape.
        reshape: Bool; whether to reshape arrays of the same size.

    Raises:
        ValueError: if the file does not fit the model; no weight is changed then.
        ModelFileError: if the file is damaged or is not a file of weights.
    """
    if skip_mismatch and not by_name:
        raise ValueError(
            "When calling model.load_weights, skip_mismatch can only be set to True when by_name "
            "is True."
        )
    with hdf5.reading(filepath) as group:
        names = ("layer_names", "layer_names0")
        if "model_weights" in group and not any(name in group.attrs for name in names):
            group = hdf5.child_group(group, "model_weights")
        read_layers(group, model, by_name, skip_mismatch, reshape)


# ---- writing


def write_layers(group, layers):
    """Writes the weights of layers, each layer into a group of its name."""
    hdf5.write_names(group, "layer_names", [layer.name for layer in layers])
    hdf5.write_text(group, "backend", BACKEND)
    hdf5.write_text(group, "keras_version", KERAS_VERSION)
    for layer in layers:
        variables = layer.weights
        write_variables(
            hdf5.new_group(group, layer.name),
            unique_names([variable.name for variable in variables]),
            [variable.get_value() for variable in variables],
        )


def write_variables(group, names, values):
    """Writes arrays under names, and the list of the names."""
    hdf5.write_names(group, "weight_names", names)
    for name, value in zip(names, values):
        hdf5.write_array(group, name, value)


def unique_names(names):
    """Gives a name that comes again the suffix `_1`, then `_2`, ..., as Keras does."""
    taken, result = set(), []
    for number, name in enumerate(names):
        stem = unique = name or f"param_{number}"
        count = 0
        while unique in taken:
            count += 1
            unique = f"{stem}_{count}"
        taken.add(unique)
        result.append(unique)
    return result


# ---- reading


class _SavedLayer:
    """The arrays of one layer in a file; none is read before its shape has been compared."""

    def __init__(self, group, name, weight_names=None):
        self.name = name
        place = hdf5.child_group(group, name)
        if weight_names is None:
            weight_names = hdf5.read_names(place, "weight_names")
        self.weight_names = weight_names
        self.datasets = [hdf5.child_array(place, weight) for weight in weight_names]

    def __len__(self):
        return len(self.datasets)

    def converted(self, layer, origin, reshape=False):
        """The arrays as this layer has them: other versions and backends wrote other layouts."""
        shapes = [tuple(dataset.shape) for dataset in self.datasets]
        if not conversion.may_be_needed(layer, shapes, origin):
            return self
        result = copy.copy(self)
        try:
            arrays = [hdf5.read_array(dataset) for dataset in self.datasets]
            result.datasets = conversion.converted(layer, arrays, origin, reshape)[0]
        except ModelFileError:
            raise
        except ValueError as error:
            raise ValueError(f'Layer "{layer.name}", saved as {self.name}: {error}') from error
        return result


def saved_layers(group):
    """Returns the layers in a group of weights, and the `Origin` of the group."""
    if "nb_layers" in group.attrs:  # before Keras 1: without names
        saved = [
            _SavedLayer(group, f"layer_{number}", names)
            for number, names in enumerate(conversion.numbered_names(group))
        ]
    else:
        saved = [_SavedLayer(group, name) for name in hdf5.read_names(group, "layer_names")]
    names = [name for entry in saved for name in entry.weight_names]
    return saved, conversion.origin_of(group, names)


def read_layers(group, model, by_name=False, skip_mismatch=False, reshape=False):
    """Reads what `write_layers` wrote, or Keras, into the layers of a model."""
    if by_name and "nb_layers" in group.attrs:
        raise ValueError(
            "The file was written before Keras 1, when weights had no names, so they cannot be "
            "found by name: use by_name=False."
        )
    saved, origin = saved_layers(group)
    if not model.built and not any(len(entry) for entry in saved):
        return  # the model that was saved had no weights yet, either
    check_is_built(model)
    layers = conversion.layers_in_file(model, saved)
    if by_name:
        pairs = _pairs_by_name(saved, layers, origin, skip_mismatch, reshape)
    else:
        pairs = _pairs_by_order(saved, layers, origin, reshape)
    chosen = []
    for number, layer, found in pairs:
        for variable, dataset in zip(layer.weights, found.datasets):
            if not fits(variable, dataset, reshape):
                problem = _shape_problem(number, layer, variable, dataset)
                if not skip_mismatch:
                    raise ValueError(problem)
                warnings.warn(
                    f"Skipping loading of weights for layer {layer.name} due to mismatch in shape "
                    f"({tuple(variable.shape)} vs {tuple(dataset.shape)}).",
                    stacklevel=5,
                )
                continue
            chosen.append((variable, dataset))
    assign(chosen)


def assign(chosen):
    """Gives variables their new values, once all of them have been read.

    Args:
        chosen: List of pairs of a variable and an array, or dataset, that fits it.
    """
    values = [_numbers(dataset).reshape(variable.shape) for variable, dataset in chosen]
    for (variable, _), value in zip(chosen, values):
        variable.set_value(value, copy=False)


def _numbers(dataset):
    return dataset if isinstance(dataset, np.ndarray) else hdf5.read_array(dataset)


def check_is_built(model, what="load weights into"):
    """Checks that a model has made its weights.

    Raises:
        ValueError: if not.
    """
    if not model.built:
        raise ValueError(
            f"Unable to {what} the model {model.name}, which has not created its variables yet. "
            "Build it first: with `input_shape` in the first layer, with "
            "`model.build(input_shape)`, or by calling it on data."
        )


def _pairs_by_order(saved, layers, origin, reshape):
    layers = [layer for layer in layers if layer.weights]
    saved = [entry for entry in saved if len(entry)]
    if len(saved) != len(layers):
        raise ValueError(
            f"You are trying to load a weight file containing {len(saved)} layers into a model "
            f"with {len(layers)} layers. In the file: {_some([s.name for s in saved])}; in the "
            f"model: {_some([layer.name for layer in layers])}."
        )
    for number, (layer, found) in enumerate(zip(layers, saved)):
        found = found.converted(layer, origin, reshape)
        if len(layer.weights) != len(found):
            raise ValueError(
                f'Layer #{number} (named "{layer.name}" in the current model) was found to '
                f"correspond to layer {found.name} in the save file. However the new layer "
                f"{layer.name} expects {len(layer.weights)} weights, but the saved weights have "
                f"{len(found)} elements."
            )
        yield number, layer, found


def _pairs_by_name(saved, layers, origin, skip_mismatch, reshape):
    for number, entry in enumerate(saved):
        for layer in layers:
            if layer.name != entry.name:
                continue
            found = entry.converted(layer, origin, reshape)
            expected = len(layer.weights)
            if expected == len(found):
                yield number, layer, found
            elif skip_mismatch:
                warnings.warn(
                    f"Skipping loading of weights for layer {layer.name} due to mismatch in number "
                    f"of weights ({expected} vs {len(found)}).",
                    stacklevel=6,
                )
            else:
                raise ValueError(
                    f'Layer #{number} (named "{layer.name}") expects {expected} weight(s), but the '
                    f"saved weights have {len(found)} element(s)."
                )


def fits(variable, dataset, reshape):
    """Whether an array has the shape of a variable; with `reshape`, whether it has its size."""
    if tuple(variable.shape) == tuple(dataset.shape):
        return True
    return reshape and variable.shape.num_elements() == dataset.size


def _shape_problem(number, layer, variable, dataset):
    return (
        f'Layer #{number} (named "{layer.name}"), weight {variable.name} has shape '
        f"{tuple(variable.shape)}, but the saved weight has shape {tuple(dataset.shape)}."
    )


def _some(names):
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") if names else "none"
