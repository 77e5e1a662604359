"""What a compiled model minimizes and measures: losses, their weights, masks and metrics."""

import difflib

import jax.numpy as jnp

from hornbeam import losses, metrics
from hornbeam.backend import running
from hornbeam.backend.function import GradientOfValueError, apply_updates, normalize_updates
from hornbeam.backend.tensors import Node, Placeholder, Tensor, Variable, dtype_name
from hornbeam.engine import checks
from hornbeam.engine.node import to_list
from hornbeam.engine.policy import HALVES
from hornbeam.losses.reduction import compute_weighted_loss


class Output:
    """One output of the model and what is asked of it.

    Attributes:
        name: Name of the output's layer.
        loss: `Loss`, or None if nothing is asked of this output.
        loss_weight: Float or variable.
        sample_weight_mode: None or 'temporal'.
        metrics, weighted_metrics: Lists of `Metric`.
        target: Placeholder of the target; None without a loss.
        sample_weight: Placeholder of the sample weights; None without a loss.
    """

    def __init__(self, name, tensor, loss, loss_weight, sample_weight_mode, target):
        self.name = name
        self.tensor = tensor
        self.shape = tuple(tensor.shape)
        self.dtype = tensor.dtype  # in which losses and metrics are computed
        if tensor.dtype in HALVES:
            self.dtype = checks.wider_dtype(tensor.dtype, dtype_name(None))
        self.loss = _loss_object(loss, name)
        self.loss_weight = loss_weight
        self.sample_weight_mode = sample_weight_mode
        self.metrics, self.weighted_metrics = [], []
        self.target = self.sample_weight = None
        self.target_is_fed = target is None
        if self.loss is not None:
            self.target = target if target is not None else self._target_placeholder()
            steps = (None,) if sample_weight_mode == "temporal" else ()
            ones = Ones((None, *steps), self.dtype, name=f"{name}_sample_weights:0")
            self.sample_weight = ones

    def _target_placeholder(self):
        function = getattr(self.loss, "fn", None)
        sparse = function is losses.sparse_categorical_crossentropy
        own = self.loss.__class__.__module__.startswith("hornbeam.")
        shape = self.shape
        if sparse:
            shape = (*self.shape[:-1], 1)
        elif not own or (function is not None and getattr(losses, function.__name__, None) is None):
            shape = (None,) * len(self.shape)
        return Placeholder(shape, self.dtype, name=f"{self.name}_target:0")

    @property
    def is_sparse(self):
        """Whether targets are class indices, not one-hot rows."""
        return getattr(self.loss, "fn", None) is losses.sparse_categorical_crossentropy

    def prediction(self, program, value):
        """Returns the value of the output in the dtype in which its loss is computed."""
        if self.dtype == self.tensor.dtype:
            return value
        taken = value.astype(self.dtype)
        program.set_mask(taken, program.mask_of(value))
        for activation in ("softmax", "sigmoid"):
            logits = program.logits_of(value, activation)
            if logits is not None:
                program.note_logits(taken, activation, logits.astype(self.dtype))
        return taken

    def value(self, program, y_true, y_pred, weight, mask):
        """Computes the loss of this output, not yet multiplied by `loss_weight`."""
        weight = _with_mask(weight, mask, y_pred)
        try:
            return _scalar(self.loss(y_true, y_pred, sample_weight=weight))
        except GradientOfValueError:
            # The loss asks for gradients of what it is given: build it as a graph instead.
            with running.recording():
                per_sample = self.loss.call(self.target, self.tensor)
            per_sample = program.resolve(per_sample)
            return _scalar(compute_weighted_loss(per_sample, weight, reduction=self.loss.reduction))


def _scalar(value):
    return jnp.mean(value) if jnp.ndim(value) else value


class Ones(Placeholder):
    """Sample weights: ones where nobody feeds any."""

    def value_in(self, program):
        return jnp.ones((), self.dtype)


def _with_mask(weight, mask, y_pred):
    if mask is None:
        return weight
    mask = jnp.asarray(mask, y_pred.dtype)
    if weight is None:
        return mask
    while weight.ndim < mask.ndim:
        weight = weight[..., None]
    while mask.ndim < weight.ndim:
        mask = mask[..., None]
    return weight * mask


def _loss_object(loss, name):
    if loss is None:
        return None
    found = losses.get(loss)
    if isinstance(found, losses.Loss):
        return found
    if not callable(found):
        raise ValueError(f"The loss of output {name!r} must be a name or a function; got {loss!r}.")
    if isinstance(found, type) and issubclass(found, losses.Loss):
        return found()
    function_name = getattr(found, "__name__", type(found).__name__)
    return losses.LossFunctionWrapper(found, name=function_name)


class Objective:
    """All that `compile` decided, for the outputs of one model.

    Args:
        model: The model, with outputs.
        loss, loss_weights, metrics, weighted_metrics, sample_weight_mode, target_tensors: As given
            to `compile`.
    """

    def __init__(
        self,
        model,
        loss,
        loss_weights,
        metrics_,
        weighted_metrics,
        sample_weight_mode,
        target_tensors,
    ):
        self.model = model
        names = model.output_names
        per_loss = _spread(loss, names, "loss", repeat=True)
        weights = _spread(loss_weights, names, "loss_weights", default=1.0)
        modes = _spread(sample_weight_mode, names, "sample_weight_mode", repeat=True)
        targets = _spread(target_tensors, names, "target_tensors")
        self.outputs = [
            Output(*row) for row in zip(names, model.outputs, per_loss, weights, modes, targets)
        ]
        self.with_loss = [output for output in self.outputs if output.loss is not None]
        if not self.with_loss and not _has_added_losses(model):
            raise ValueError(
                "The model cannot be compiled because it has no loss to optimize. Pass `loss` to "
                "compile, or add one with model.add_loss."
            )
        self._add_metrics(metrics_, weighted_metrics)
        self.totals = self._loss_totals()
        self.total_loss = TotalLoss(self).outputs[0]
        self.own_total_loss = None  # one that a program has set
        self.metrics_updates = []
        self.appended = []  # (metric, tensor), as programs append them to `metrics_tensors`
        self._tensors, self._own_tensors = None, 0
        self._names, self._own_names = [], 0

    def _loss_totals(self):
        names = ["loss"]
        if len(self.outputs) > 1:
            names += [f"{output.name}_loss" for output in self.with_loss]
        return [metrics.Mean(name=name) for name in names]

    def _add_metrics(self, metrics_, weighted_metrics):
        names = [output.name for output in self.outputs]
        taken = set()
        for attribute, given in (("metrics", metrics_), ("weighted_metrics", weighted_metrics)):
            for output, wanted in zip(self.outputs, _spread_metrics(given, names)):
                for identifier in wanted:
                    metric = metrics.resolve(
                        identifier,
                        output.shape,
                        output.target.shape if output.target is not None else None,
                        getattr(output.loss, "fn", output.loss),
                    )
                    own = metric.__dict__.setdefault("own_name", metric.name)
                    metric.name = f"{output.name}_{own}" if len(names) > 1 else own
                    stem, count = metric.name, 1
                    while metric.name in taken:
                        metric.name = f"{stem}_{count}"
                        count += 1
                    taken.add(metric.name)
                    getattr(output, attribute).append(metric)
        # Metrics in the order in which results are reported: output by output.
        self.metrics = [
            metric
            for output in self.outputs
            for metric in (*output.metrics, *output.weighted_metrics)
        ]
        self.added = _AddedMetrics(self.model)

    @property
    def all_metrics(self):
        """Metrics of `compile`, then those that layers add, then those that programs append."""
        return self.metrics + self.added.metrics + [metric for metric, _ in self.appended]

    @property
    def names(self):
        """Names of the results."""
        return [m.name for m in (*self.totals, *self.all_metrics)]

    @property
    def shown_names(self):
        """`names` as a list that stays the same: what programs append to it stays there."""
        names, appended = self.names, self._names[self._own_names :]
        self._names[:] = names + appended
        self._own_names = len(names)
        return self._names

    @shown_names.setter
    def shown_names(self, given):
        known, given = self.names, list(given)
        if given[: len(known)] != known:
            raise ValueError(
                f"metrics_names was set to {given}. The first of them must stay {known}, which "
                "are the names of the losses and metrics of `compile`; others may follow, with "
                "a tensor in metrics_tensors for each."
            )
        self._names[:] = given

    # ---- metrics as tensors

    @property
    def metrics_tensors(self):
        """List of the tensors behind `names`, from the second on; programs may append to it."""
        if self._tensors is None:
            self._tensors = _Results(self).outputs
            self._own_tensors = len(self._tensors)
        return self._tensors

    @metrics_tensors.setter
    def metrics_tensors(self, tensors):
        self._own_tensors = len(self.metrics_tensors[: self._own_tensors])
        self._tensors = tensors

    def metrics_with_tensors(self):
        """Metrics behind `names`, from the second on; `_call_result` of each is its tensor."""
        found = [*self.totals[1:], *self.all_metrics]
        for metric, tensor in zip(found, self.metrics_tensors):
            metric._call_result = tensor
        return found

    def take_appended(self):
        """Makes metrics of the tensors and names that a program appended, if there are any."""
        tensors = (self._tensors or [])[self._own_tensors :]
        names = self.shown_names[self._own_names :]
        taken = [(metrics.Mean(name=name), tensor) for name, tensor in zip(names, tensors)]
        self.appended += taken
        self._own_names += len(taken)
        self._own_tensors += len(taken)
        return bool(taken)

    @property
    def variables(self):
        """Variables of all metrics."""
        return [v for m in (*self.totals, *self.all_metrics) for v in m.weights]

    @property
    def zeroed(self):
        """Variables of the metrics that begin at zeros."""
        own = [m for m in (*self.totals, *self.all_metrics) if _begins_at_zero(m)]
        return [v for metric in own for v in metric.weights]

    def reset(self, zeroed=True):
        """Starts all metrics again.

        Args:
            zeroed: Bool; False leaves out those whose variables are in `zeroed`.
        """
        for metric in (*self.totals, *self.all_metrics) if zeroed else self._other_metrics():
            metric.reset_states()

    def _other_metrics(self):
        """Metrics that do not begin at zeros."""
        return [m for m in self.all_metrics if not _begins_at_zero(m)]

    def forward(self, program, targets, weights, count):
        """Runs the model on its bound inputs and computes losses and metrics.

        Args:
            program: The active program.
            targets: List of arrays, one for each output with a loss.
            weights: List of arrays or None, likewise.
            count: Number of samples in the batch that count: an integer, or traced where the batch
                may have been filled up; what comes behind them does not.

        Returns:
            The total loss, and the losses of the outputs.
        """
        store = program.store
        before, program.frozen = program.frozen, program.freezes(self.model)
        predictions = [program.resolve(t) for t in self.model.outputs]
        program.frozen = before
        added = list(store.losses)  # those of the model's own run
        total, parts = None, []
        fed = iter(zip(targets, weights))
        filled = not isinstance(count, int)
        for output, y_pred in zip(self.outputs, predictions):
            if output.loss is None:
                continue
            y_true, weight = next(fed)
            y_pred = output.prediction(program, y_pred)
            mask = program.mask_of(y_pred)
            ones = None
            if filled:
                size = y_pred.shape[0]
                ones = (jnp.arange(size) < count).astype(output.dtype)
                # Averages are over all: what counts makes up for what does not.
                share = (size / count).astype(output.dtype)
                of_loss = _with_mask(weight, ones * share, y_pred)
                weight = _with_mask(weight, ones, y_pred)
            else:
                of_loss = weight
            value = output.value(program, y_true, y_pred, of_loss, mask)
            parts.append(value)
            for metric in output.metrics:
                metric.update_state(y_true, y_pred, sample_weight=_with_mask(ones, mask, y_pred))
            for metric in output.weighted_metrics:
                weight = _with_mask(weight, mask, y_pred)
                metric.update_state(y_true, y_pred, sample_weight=weight)
            value = value * output.loss_weight if not _is_one(output.loss_weight) else value
            total = value if total is None else total + value
        for value in self._regularization(program, added):
            total = value if total is None else total + value
        self.added.update(program, store.metrics)
        for metric, tensor in self.appended:
            metric.update_state(_scalar(program.resolve(tensor)), sample_weight=float(count))
        samples = count.astype("float32") if filled else float(count)
        for metric, value in zip(self.totals, [total, *parts]):
            metric.update_state(value, sample_weight=samples)
        return total, parts

    def _regularization(self, program, added):
        for weight, regularizer in self.model.weight_losses():
            yield regularizer(program.read(weight))
        outer = [(None, loss() if callable(loss) else loss) for loss in self._outer_losses()]
        for _, loss in [*added, *outer]:
            value = program.resolve(loss) if isinstance(loss, (Tensor, Variable)) else loss
            yield _scalar(value)

    def _outer_losses(self):
        stack, found = [self.model], []
        while stack:
            layer = stack.pop()
            found.extend(layer._losses)
            stack.extend(layer._layers)
        return found

    def update(self, program):
        """Does the updates that were added outside of any call: `model.add_update(...)`."""
        stack, found = [self.model], []
        while stack:
            layer = stack.pop()
            if layer.trainable or layer.stateful:
                found.extend(layer._updates)
                stack.extend(layer._layers)
        with running.activate(program):
            apply_updates(program, normalize_updates([*found, *self.metrics_updates]))

    def results(self, program):
        """Computes the results of all metrics as one vector."""
        values = [program.resolve(m.result()) for m in (*self.totals, *self.all_metrics)]
        return jnp.stack([jnp.mean(jnp.asarray(value)) for value in values])


def _begins_at_zero(metric):
    return type(metric).reset_states is metrics.Metric.reset_states


def _is_one(weight):
    return isinstance(weight, (int, float)) and weight == 1


class _AddedMetrics:
    """Means of what layers report with `add_metric`."""

    def __init__(self, model):
        self.metrics = []
        self._by_name = {}
        self._symbolic = []
        stack = [model]
        while stack:
            layer = stack.pop(0)
            for name, value in layer._metrics:
                self._symbolic.append((self._metric(name), value))
            stack.extend(layer._layers)

    def _metric(self, name):
        if name not in self._by_name:
            self._by_name[name] = metrics.Mean(name=name or "added_metric")
            self.metrics.append(self._by_name[name])
        return self._by_name[name]

    def update(self, program, reported):
        for metric, value in self._symbolic:
            metric.update_state(program.resolve(value))
        for _, name, value in reported:
            self._metric(name).update_state(value)


def _has_added_losses(model):
    stack = [model]
    while stack:
        layer = stack.pop()
        if layer._losses or layer._weight_losses:
            return True
        if layer.__dict__.get("activity_regularizer") is not None:
            return True
        if type(layer).__module__.split(".")[0] != "hornbeam" and layer is not model:
            return True  # its `call` may add losses; training finds out
        stack.extend(layer._layers)
    return bool(model.losses)


class TotalLoss(Node):
    """The total loss as a tensor, for programs that differentiate it themselves."""

    name = "total_loss"
    has_closures = True

    def __init__(self, objective):
        tensors = [o.target for o in objective.with_loss] + [
            o.sample_weight for o in objective.with_loss
        ]
        super().__init__([*objective.model.outputs, *tensors])
        self.objective = objective
        self.outputs = self._make_outputs(objective.outputs[0].dtype)

    def _make_outputs(self, dtype):
        return [Tensor((), dtype, self, 0, name="total_loss:0")]

    def run(self, program):
        return [self.forward(program)[1]]

    def forward(self, program):
        """Runs losses and metrics in a scope of their own; returns it and the total loss."""
        objective = self.objective
        targets = [program.resolve(o.target) for o in objective.with_loss]
        weights = [program.resolve(o.sample_weight) for o in objective.with_loss]
        output = program.resolve(objective.model.outputs[0])
        scope = program.child(isolated=True)  # metrics and layers' updates belong to training steps
        with running.activate(scope):
            return scope, objective.forward(scope, targets, weights, jnp.shape(output)[0])[0]


class _Results(TotalLoss):
    """The metrics so far, with this batch, as tensors: computing them writes the metrics."""

    name = "metrics_tensors"

    def _make_outputs(self, dtype):
        names = self.objective.names[1:]
        return [Tensor((), dtype, self, i, name=f"{n}:0") for i, n in enumerate(names)]

    def run(self, program):
        scope, _ = self.forward(program)
        own = set(self.objective.variables)
        with running.activate(scope):
            values = list(self.objective.results(scope))[1:]
        for variable in scope.written:
            if variable in own:
                program.write(variable, scope.variables[variable])
        return values[: len(self.outputs)]


def _spread(given, names, argument, default=None, repeat=False):
    """Turns a value, list or dict into a list with an item for each output."""
    if given is None:
        return [default] * len(names)
    if isinstance(given, dict):
        unknown = [key for key in given if key not in names]
        if unknown:
            near = difflib.get_close_matches(str(unknown[0]), names, n=2)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise ValueError(
                f'Unknown entry in {argument} dictionary: "{unknown[0]}". Only expected the '
                f"following keys: {names}.{hint}"
            )
        return [given.get(name, default) for name in names]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(
                f"When passing a list as {argument}, it should have one entry per model output. "
                f"The model has {len(names)} outputs, but you passed {argument}={given}."
            )
        return list(given)
    if repeat or len(names) == 1:
        return [given] * len(names)
    raise TypeError(
        f"`{argument}` must be a list or a dict for a model of {len(names)} outputs; got {given!r}."
    )


def _spread_metrics(given, names):
    """Turns what `compile(metrics=...)` took into a list of metrics for each output."""
    if given is None:
        return [[] for _ in names]
    if isinstance(given, dict):
        return [to_list(m) if m is not None else [] for m in _spread(given, names, "metrics")]
    if not isinstance(given, (list, tuple)):
        raise TypeError(
            f"Type of `metrics` argument not understood. Expected a list or dictionary, found: "
            f"{given!r}. Write metrics=['accuracy']."
        )
    if any(isinstance(item, (list, tuple)) for item in given):
        if len(given) != len(names):
            raise ValueError(
                "When passing a list of lists as `metrics`, it should have one entry per model "
                f"output. The model has {len(names)} outputs, but you passed metrics={given}."
            )
        return [to_list(m) if m is not None else [] for m in given]
    return [_fresh(given, first=index == 0) for index in range(len(names))]


def _fresh(given, first):
    """The same metrics for another output: objects are cloned, since they hold state."""
    if first:
        return list(given)
    return [metrics.clone_metric(m) if isinstance(m, metrics.Metric) else m for m in given]
