"""The state of optimizers in the order in which late tf.keras and Keras 3 keep it.

Keras 2 lists the step count, then one slot of all parameters after the other. Later versions list
the step count, Keras 3 the learning rate as well, then the slots parameter by parameter.
"""

import numpy as np

from hornbeam import optimizers
from hornbeam.optimizers.loss_scale import stepping
from hornbeam.saving import hdf5
from hornbeam.saving.keras3_weights import ordered

# Slots of one tuple go parameter by parameter; the next tuple comes after all of the one before.
_SLOTS = {
    "SGD": [("moment",)],
    "RMSprop": [("accumulator",)],
    "Adagrad": [("accumulator",)],
    "Adadelta": [("accumulator", "delta_accumulator")],
    "Adam": [("m", "v"), ("vhat",)],
    "Adamax": [("m", "u")],
    "Nadam": [("m", "v")],
}

_ENOUGH = 10**6  # steps after which a product of momenta is 0


def is_known(optimizer):
    """Whether it is one of Keras's own optimizers, as Keras defines it."""
    kind = type(optimizer)
    return kind.__name__ in _SLOTS and getattr(optimizers, kind.__name__, None) is kind


def state(model):
    """Returns the optimizer's state as Keras 3 lists it, and what it has no place for.

    Returns:
        A list of arrays, and a dict of arrays by their place in `optimizer.weights`.
    """
    optimizer = stepping(model.optimizer)
    if not is_known(optimizer):
        return [variable.get_value() for variable in optimizer.weights], {}
    values = [np.asarray(optimizer.iterations.get_value(), "int32")]
    if not getattr(optimizer, "initial_decay", 0):
        values.append(np.asarray(optimizer.learning_rate.get_value(), "float32"))
    slots = []
    if optimizer.weights and not _has_no_slots(optimizer):
        slots = _ordered_slots(model, None, together=False)
    slots += _at_the_end(optimizer)
    listed = {id(variable) for variable in [optimizer.iterations, *slots]}
    rest = {
        place: variable.get_value()
        for place, variable in enumerate(optimizer.weights)
        if id(variable) not in listed
    }
    return values + [slot.get_value() for slot in slots], rest


def restore(model, datasets, orders=None, together=False, rest=None):
    """Gives the optimizer of a compiled model the state that a file holds.

    Args:
        model: `Model` whose optimizer has been built.
        datasets: List of arrays, not yet read, in the order of the file.
        orders: Dict, as `layer_orders` returns it.
        together: Bool; whether each slot of all parameters comes before the next slot, as tf.keras
            before 2.11 had it.
        rest: Dict of arrays, not yet read, by their place in `optimizer.weights`.

    Raises:
        ValueError: if the state does not fit; nothing has changed then.
    """
    optimizer = stepping(model.optimizer)
    if not is_known(optimizer):
        _check(optimizer.weights, datasets)
        optimizer.set_weights([hdf5.read_array(dataset) for dataset in datasets])
        return
    slots = _ordered_slots(model, orders, together)
    scalars = [dataset for dataset in datasets[:2] if dataset.shape == ()]
    last = _at_the_end(optimizer)
    if len(datasets) == len(scalars) + len(last) and int(hdf5.read_array(datasets[0])) == 0:
        if len(scalars) == 2:  # compiled, and not yet trained
            optimizer.learning_rate = float(hdf5.read_array(datasets[1]))
        return
    if last and len(datasets) == 2 + len(slots) + len(last):
        slots += last
    if type(optimizer).__name__ == "SGD" and len(datasets) == len(scalars):
        slots = []  # Keras 3 keeps no moments where there is no momentum
    count = len(datasets) - len(slots)
    if not 1 <= count <= len(scalars):
        raise ValueError(
            f"the file holds {len(datasets)} arrays, and {type(optimizer).__name__} has "
            f"{len(slots)} slots and its step count"
        )
    pairs = list(zip(slots, datasets[count:]))
    for place, dataset in (rest or {}).items():
        if place >= len(optimizer.weights):
            raise ValueError(f"it has no weight number {place}")
        pairs.append((optimizer.weights[place], dataset))
    _check(*zip(*pairs)) if pairs else None
    values = {id(variable): hdf5.read_array(dataset) for variable, dataset in pairs}
    steps = int(hdf5.read_array(datasets[0]))
    if not 0 <= steps < 2**31:
        raise ValueError(f"its step count is {steps}")
    values[id(optimizer.iterations)] = np.asarray(steps, "int32")
    if count == 2:
        optimizer.learning_rate = float(hdf5.read_array(datasets[1]))
    optimizer.set_weights(
        [
            values[id(variable)] if id(variable) in values else _fresh(optimizer, variable, steps)
            for variable in optimizer.weights
        ]
    )


def state_of_scale(optimizer):
    """Returns what Keras 3 lists of a LossScaleOptimizer before the state of the inner one.

    These are its own count of steps and learning rate, which mean nothing, the count of finite
    steps, and the scale.
    """
    counter = 0 if optimizer.dynamic_counter is None else optimizer.dynamic_counter.get_value()
    return [
        np.asarray(0, "int32"),
        np.asarray(0.0, "float32"),
        np.asarray(counter, "int32"),
        optimizer.loss_scale.get_value(),
    ]


def restore_scale(optimizer, scale, counter):
    """Gives a LossScaleOptimizer the scale and the count of finite steps, arrays not yet read.

    Raises:
        ValueError: if they are no single numbers in range.
    """
    if scale.shape != () or counter.shape != ():
        raise ValueError(f"its loss scale has the shape {scale.shape}")
    optimizer.set_scale(hdf5.read_array(scale), hdf5.read_array(counter))


def _check(slots, datasets):
    for slot, dataset in zip(slots, datasets):
        if tuple(slot.shape) != tuple(dataset.shape):
            raise ValueError(
                f"{slot.name} has shape {tuple(slot.shape)}, the saved one {tuple(dataset.shape)}"
            )
    if len(slots) != len(datasets):
        raise ValueError(f"the file holds {len(datasets)} slots, the optimizer {len(slots)}")


def _at_the_end(optimizer):
    """What Keras 3, but not tf.keras, lists after the slots: Nadam's product of momenta."""
    return [optimizer.m_schedule] if hasattr(optimizer, "m_schedule") else []


def _fresh(optimizer, variable, steps):
    """The value of a weight that the file does not have."""
    if variable is not getattr(optimizer, "m_schedule", None):
        return np.zeros(tuple(variable.shape), "float32")
    # Nadam's product of momenta: tf.keras does not save it, but it follows from the steps
    beta, decay = float(optimizer.beta_1.get_value()), float(optimizer.schedule_decay)
    count = np.arange(1, min(steps, _ENOUGH) + 1, dtype="float64")
    product = np.prod(beta * (1.0 - 0.5 * np.power(0.96, count * decay)))
    return np.asarray(product, "float32")


def _has_no_slots(optimizer):
    kind = type(optimizer).__name__
    return kind == "SGD" and not float(optimizer.momentum.get_value())


def _ordered_slots(model, orders, together):
    """Lists the slots as the file has them."""
    optimizer = stepping(model.optimizer)
    params = [param for param in _parameters(model, orders) if param in optimizer._slots]
    result = []
    for names in _SLOTS[type(optimizer).__name__]:
        if names == ("vhat",) and not optimizer.amsgrad:
            continue  # a placeholder of one number, only here
        places = [optimizer.slot_names.index(name) for name in names]
        if together:
            result += [optimizer._slots[param][place] for place in places for param in params]
        else:
            result += [optimizer._slots[param][place] for param in params for place in places]
    return result


def _parameters(model, orders):
    """The trainable weights of a model, in the order in which the file counts its layers."""
    found = {}
    for layer in ordered(model, orders):
        inner = _parameters(layer, orders) if hasattr(layer, "layers") else layer.trainable_weights
        for weight in inner:
            found[weight] = None
    for weight in model.trainable_weights:  # those of the model itself come last
        found[weight] = None
    trained = set(model.trainable_weights)
    return [weight for weight in found if weight in trained]
