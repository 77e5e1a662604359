"""The state of an optimizer that another Keras saved, in the order and layout of today.

Keras 1 listed the averages by the names of the weights, and had a weight for each gate; Keras
before 2.3 left out `iterations` of some optimizers, and Adam's third average.
"""

import numpy as np

from hornbeam.optimizers.loss_scale import stepping
from hornbeam.saving import conversion, weights

_ENOUGH = 100_000  # steps after which the product is 0, or a file asks for a loop without end


def in_our_order(model, group, arrays):
    """Returns the arrays of a saved state as `model.optimizer.set_weights` takes them.

    Args:
        model: Compiled `Model`, whose weights have been read from `group`.
        group: `h5py.Group` of the model's weights, in the same file.
        arrays: List of arrays as they were saved.

    Raises:
        ValueError: if they are not the state of this optimizer for this model.
    """
    optimizer = stepping(model.optimizer)
    params = model._collected_trainable_weights
    slot_names = getattr(optimizer, "slot_names", ())
    if not params or getattr(optimizer, "is_symbolic", True):
        return arrays  # an optimizer of the user's own, which alone knows its order
    layers = _SavedOrder(model, group)
    own, count = _divided(optimizer, len(arrays), layers.count, len(slot_names))
    slots = []
    for place, name in enumerate(slot_names):
        if place < count:
            start = own + place * layers.count
            part = arrays[start : start + layers.count]
        else:
            part = None  # Adam's third, before Keras 2.2
        if part is None or all(array.shape == (1,) for array in part) and name == "vhat":
            slots += [np.zeros(optimizer.slot_shape(name, param), "float32") for param in params]
        else:
            values = layers.by_variable(part)
            slots += [values[id(param)] for param in params]
    return _own(optimizer, arrays[:own]) + slots


def _divided(optimizer, total, params, slots):
    """How many arrays come before the averages, and how many averages there are of a weight."""
    own = len(optimizer.own_weights())
    kinds = [(own, slots)]
    if optimizer.slot_names[-1:] == ("vhat",) and not getattr(optimizer, "amsgrad", False):
        kinds.append((own, slots - 1))
    if optimizer._absent_in_old_files:
        kinds.append((own - 1, slots))
    for before, count in kinds:
        if total == before + count * params:
            return before, count
    raise ValueError(
        f"{total} arrays cannot be the state of {type(optimizer).__name__} for {params} weights"
    )


def _own(optimizer, arrays):
    """Completes the arrays that belong to no weight, as `iterations`."""
    arrays = list(arrays)
    if len(arrays) < len(optimizer.own_weights()):
        place, value = optimizer._absent_in_old_files
        if hasattr(optimizer, "m_schedule"):
            value = _momentum_so_far(optimizer, arrays[0])
        arrays.insert(place, np.asarray(value))
    return arrays


def _momentum_so_far(optimizer, iterations):
    """Nadam's product of momenta, which Keras before 2.3 kept in memory alone."""
    beta_1 = np.float32(optimizer.beta_1.get_value())
    product = np.float32(1.0)
    for step in range(1, min(int(iterations), _ENOUGH) + 1):
        share = np.float32(0.96) ** np.float32(step * optimizer.schedule_decay)
        product *= beta_1 * (1 - np.float32(0.5) * share)
        if product == 0:
            break
    return product


class _SavedOrder:
    """Which of a file's arrays belong to weights that are trained, in the order of the averages."""

    def __init__(self, model, group):
        saved, self.origin = weights.saved_layers(group)
        layers = [layer for layer in conversion.layers_in_file(model, saved) if layer.weights]
        saved = [entry for entry in saved if len(entry)]
        self.parts = []  # (layer, shapes of its arrays, how many of them are trained)
        names = []
        for layer, entry in zip(layers, saved):
            shapes = [tuple(dataset.shape) for dataset in entry.datasets]
            blank = [np.broadcast_to(np.float32(0), shape) for shape in shapes]
            trained = conversion.converted(layer, blank, self.origin)[1]
            self.parts.append((layer, blank, trained))
            names += entry.weight_names[:trained]
        self.count = len(names)
        self.places = list(range(self.count))  # rank among the averages -> place among the arrays
        if self.origin.version == "1":
            self.places.sort(key=names.__getitem__)

    def by_variable(self, arrays):
        """Returns a dict from a variable's id to its average."""
        ordered = [None] * self.count
        for place, array in zip(self.places, arrays):
            ordered[place] = array
        values, start = {}, 0
        for layer, blank, trained in self.parts:
            own = ordered[start : start + trained] + blank[trained:]
            start += trained
            converted = conversion.converted(layer, own, self.origin)[0]
            values.update((id(variable), v) for variable, v in zip(layer.weights, converted))
        return values
