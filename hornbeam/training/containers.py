"""`model.compiled_loss` and `model.compiled_metrics`: what `compile` was given, for own steps."""

from hornbeam import backend as K
from hornbeam import losses, metrics
from hornbeam.engine.eagerly import mask_of
from hornbeam.losses.reduction import compute_weighted_loss
from hornbeam.training.objective import _fresh


def flat(structure):
    """Lists the outputs or targets in a structure, and their names: None where they have none."""
    if isinstance(structure, dict):
        return list(structure.values()), list(structure)
    if isinstance(structure, (list, tuple)):
        return list(structure), [None] * len(structure)
    return [structure], [None]


def masked_weight(weight, mask, dtype):
    """Sample weights that leave out the masked steps."""
    if mask is None:
        return weight
    mask = K.cast(mask, dtype)
    if weight is None:
        return mask
    while len(weight.shape) < len(mask.shape):
        weight = K.expand_dims(weight, -1)
    return weight * mask


class _PerOutput:
    """Something for each output, made when the first outputs are seen.

    Args:
        names: Function without arguments that returns the outputs' names, or None.
    """

    def __init__(self, names):
        self._names = names
        self.output_names = None

    def _name_outputs(self, found):
        values, names = found
        if names[0] is None:
            names = self._names() or []
            if len(names) != len(values):
                names = [f"output_{i}" for i in range(1, len(values) + 1)]
        self.output_names = names


def _for_outputs(given, names):
    """A list with what is given for each output."""
    if isinstance(given, dict):
        unknown = set(given) - set(names)
        if unknown:
            raise ValueError(
                f"Found unexpected keys that do not correspond to any Model output: "
                f"{sorted(unknown)}. Expected: {list(names)}"
            )
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)) and len(given) == len(names):
        return list(given)
    return [given] * len(names)


class CompiledLoss(_PerOutput):
    """The losses of `compile`: `compiled_loss(y, y_pred, sample_weight, regularization_losses=)`.

    Args:
        loss: Name, function or `Loss`, or a list or dict of them; None for no loss.
        loss_weights: None, or a list or dict of floats.
        names: Function that returns the outputs' names, or None.

    Attributes:
        metrics: `Mean`s of the total loss and, for several outputs, of each output's loss.
    """

    def __init__(self, loss, loss_weights, names):
        super().__init__(names)
        self._given, self._weights = loss, loss_weights
        self._losses = None
        self._total = metrics.Mean(name="loss")
        self._parts = []

    @property
    def metrics(self):
        return [self._total, *(part for part in self._parts if part is not None)]

    def build(self, y_pred):
        """Finds the losses of the outputs in `y_pred`."""
        found = flat(y_pred)
        self._name_outputs(found)
        names = self.output_names
        self._losses = [
            None if loss is None else _loss_object(loss)
            for loss in _for_outputs(self._given, names)
        ]
        weights = self._weights if self._weights is not None else 1.0
        if isinstance(weights, dict):
            weights = [weights.get(name, 1.0) for name in names]
        self._weights_of = _for_outputs(weights, names)
        if len(names) > 1:
            self._parts = [
                None if loss is None else metrics.Mean(name=f"{name}_loss")
                for name, loss in zip(names, self._losses)
            ]

    def __call__(self, y_true, y_pred, sample_weight=None, regularization_losses=None):
        """Returns the total loss, a scalar, and adds it to the metrics."""
        if self._losses is None:
            self.build(y_pred)
        predictions, _ = flat(y_pred)
        targets = _matching(y_true, y_pred, self.output_names)
        weights = _matching(sample_weight, y_pred, self.output_names)
        total, count = None, None
        parts = self._parts or [None] * len(predictions)
        rows = zip(predictions, targets, weights, self._losses, self._weights_of, parts)
        for prediction, target, weight, loss, share, part in rows:
            count = prediction.shape[0] if count is None and prediction.shape else count
            if loss is None or target is None:
                continue
            mask = mask_of(prediction)
            value = loss(target, prediction, masked_weight(weight, mask, prediction.dtype))
            if value.shape:
                value = compute_weighted_loss(value)
            if part is not None:
                part.update_state(value, sample_weight=float(count))
            value = value if share == 1.0 else value * share
            total = value if total is None else total + value
        for value in regularization_losses or ():
            total = value if total is None else total + value
        if total is None:
            return K.constant(0.0)
        self._total.update_state(total, sample_weight=float(count or 1))
        return total

    def reset_state(self):
        """Starts the means again."""
        for metric in self.metrics:
            metric.reset_states()


def _loss_object(loss):
    found = losses.get(loss)
    return found if isinstance(found, losses.Loss) else losses.LossFunctionWrapper(found)


def _matching(structure, outputs, names):
    """What belongs to each output: by name, by place, or the one thing for the only output."""
    count = len(names)
    if structure is None:
        return [None] * count
    if isinstance(structure, dict):
        return [structure.get(name) for name in names]
    if isinstance(structure, (list, tuple)) and (count > 1 or len(structure) == 1):
        return list(structure)
    if count > 1:
        return [structure] * count
    return [structure]


class CompiledMetrics(_PerOutput):
    """The metrics of `compile`: `compiled_metrics.update_state(y, y_pred, sample_weight)`.

    Args:
        metrics_: List, list of lists or dict, as `compile(metrics=...)` takes.
        weighted: The same for `weighted_metrics`.
        loss: The losses of `compile`, by which `'accuracy'` is chosen.
        names: Function that returns the outputs' names, or None.
    """

    def __init__(self, metrics_, weighted, loss, names):
        super().__init__(names)
        self._given, self._weighted, self._loss = metrics_, weighted, loss
        self._rows = None

    @property
    def metrics(self):
        return [metric for row in self._rows or () for metric in (*row[0], *row[1])]

    def build(self, y_true, y_pred):
        """Finds the metrics of the outputs."""
        found = flat(y_pred)
        self._name_outputs(found)
        names = self.output_names
        targets = _matching(y_true, y_pred, names)
        losses_ = _for_outputs(self._loss, names)
        self._rows = []
        plain = _wanted(self._given, names)
        weighted = _wanted(self._weighted, names)
        for place, (name, output, target) in enumerate(zip(names, found[0], targets)):
            row = []
            for wanted in (plain[place], weighted[place]):
                made = [
                    metrics.resolve(
                        identifier,
                        (None, *output.shape[1:]),
                        None if target is None else (None, *target.shape[1:]),
                        losses_[place],
                    )
                    for identifier in wanted
                ]
                for metric in made:
                    own = metric.__dict__.setdefault("own_name", metric.name)
                    metric.name = f"{name}_{own}" if len(names) > 1 else own
                row.append(made)
            self._rows.append(row)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch to all metrics."""
        if self._rows is None:
            self.build(y_true, y_pred)
        names = self.output_names
        predictions, _ = flat(y_pred)
        targets = _matching(y_true, y_pred, names)
        weights = _matching(sample_weight, y_pred, names)
        for (plain, weighted), target, prediction, weight in zip(
            self._rows, targets, predictions, weights
        ):
            if target is None:
                continue
            mask = mask_of(prediction)
            for metric in plain:
                metric.update_state(
                    target, prediction, masked_weight(None, mask, prediction.dtype)
                )
            for metric in weighted:
                metric.update_state(
                    target, prediction, masked_weight(weight, mask, prediction.dtype)
                )

    def reset_state(self):
        """Starts the metrics again."""
        for metric in self.metrics:
            metric.reset_states()


def _wanted(given, names):
    """The list of metrics of each output."""
    if given is None:
        return [[] for _ in names]
    if isinstance(given, dict):
        return [_listed(given.get(name)) for name in names]
    if any(isinstance(item, (list, tuple)) for item in given):
        return [_listed(item) for item in given]
    return [_fresh(given, first=place == 0) for place in range(len(names))]


def _listed(item):
    if item is None:
        return []
    return list(item) if isinstance(item, (list, tuple)) else [item]
