"""`Trainer`: compiles, trains, evaluates and predicts for one model.

It is what `Model`'s public methods call; the engine gets it through `engine.doors`.
"""

import jax
import numpy as np

from hornbeam import optimizers
from hornbeam.backend import running
from hornbeam.backend.function import default_training
from hornbeam.backend.learning_phase import fixed_learning_phase
from hornbeam.backend.placement import placement_of
from hornbeam.backend.program import draw_seed
from hornbeam.backend.tensors import Variable
from hornbeam.bytecode import portable, unpacked
from hornbeam.engine.compiled import Compiled
from hornbeam.engine.node import from_list, to_list
from hornbeam.optimizers.loss_scale import stepping
from hornbeam.training import evaluating, fitting, predicting, steps
from hornbeam.training.checked import DEFAULT_BATCH, CheckedData
from hornbeam.training.functions import OwnFunction, StepFunction, graph_function
from hornbeam.training.objective import Objective
from hornbeam.training.runner import loss_values
from hornbeam.training.steps import PREDICT, TEST, TRAIN, Step

_KEPT = (
    "model",
    "optimizer",
    "trainable_weights",
    "step_count",
    "other_count",
    "_pending",
    "single_seed",
    "_symbolic_state",
)


class NotCompiledError(RuntimeError):
    """Training was asked of a model without `compile`."""


def _attributes_of(optimizer):
    """Lists the variables that are attributes of an optimizer, and of the one inside it."""
    both = dict.fromkeys([optimizer, stepping(optimizer)])
    return [v for one in both for v in vars(one).values() if isinstance(v, Variable)]


def for_policy(optimizer, model):
    """Returns the optimizer to train a model by: float16 needs its loss scaled."""
    scaling = model.dtype_policy.loss_scaling
    if scaling is None or isinstance(optimizer, optimizers.LossScaleOptimizer):
        return optimizer
    return optimizers.LossScaleOptimizer(optimizer, **scaling)


class Trainer(CheckedData):
    """Compiled state and compiled steps of one model.

    Args:
        model: The `Model`.

    Attributes:
        objective: Losses and metrics; None before `compile` and the first data.
        optimizer: The optimizer.
        trainable_weights: The weights that were trainable at `compile`.
        step_count: Integer, training steps so far: random numbers of a step depend on it. It is
            the optimizer's count at `compile`, so that it goes on after a model is loaded.
        other_count: Integer, test and prediction steps so far.
    """

    def __init__(self, model):
        self.model = model
        self.optimizer = None
        self.trainable_weights = []
        self.step_count = 0
        self.other_count = 0
        self._objective = None
        self._pending = None  # arguments of `compile`, until the model has outputs
        self._steps = {}
        self._checked = {}
        self._outputs = None
        self._wide = False
        self._metrics_are_done = False
        self.single_seed = None
        self._beside = None
        self._made = set()  # the modes whose function the model has asked for
        self._symbolic_updates = None
        self._symbolic_state = None  # of the optimizer, until the updates are asked for

    def __getstate__(self):
        """What `compile` was given and how far training has come: no compiled programs."""
        state = {name: self.__dict__[name] for name in _KEPT}
        state["_pending"] = portable(self._pending)
        if self._symbolic_updates is not None:
            state["_symbolic_state"] = self.optimizer.get_weights()
        return state

    def __setstate__(self, state):
        self.__init__(state["model"])
        self.__dict__.update(state)
        self._pending = unpacked(self._pending)

    # ---- compile

    def compile(
        self,
        optimizer,
        loss=None,
        metrics=None,
        loss_weights=None,
        sample_weight_mode=None,
        weighted_metrics=None,
        target_tensors=None,
        **kwargs,
    ):
        """See `Model.compile`."""
        if kwargs:
            raise TypeError(
                f"compile got unexpected arguments {sorted(kwargs)}. It takes optimizer, loss, "
                "metrics, loss_weights, sample_weight_mode, weighted_metrics and target_tensors."
            )
        model = self.model
        optimizer = for_policy(optimizers.get(optimizer), model)
        before = self.__dict__.copy()
        self.optimizer = optimizer
        self._pending = (
            loss,
            loss_weights,
            metrics,
            weighted_metrics,
            sample_weight_mode,
            target_tensors,
        )
        self._objective = None
        self._forget_steps()
        self._symbolic_updates = self._symbolic_state = None
        self.trainable_weights = []
        self.count_from_optimizer()
        try:
            if model.outputs:
                self._make_objective(model.trainable_weights)
        except Exception:
            self.__dict__.update(before)  # the model stays compiled as it was
            raise
        model.optimizer = optimizer
        model.loss = loss if loss is not None else []
        model.loss_weights = loss_weights
        model.sample_weight_mode = sample_weight_mode
        model._compile_metrics = metrics
        model._compile_weighted_metrics = weighted_metrics
        self._made = set()
        model.__dict__.update(train_function=None, test_function=None, predict_function=None)

    def _make_objective(self, trainable_weights):
        with running.recording():  # a symbolic loss, even where eager execution is on
            self._objective = Objective(self.model, *self._pending)
        self.trainable_weights = list(trainable_weights)

    def count_from_optimizer(self):
        """Counts training steps from where the optimizer is."""
        iterations = getattr(self.optimizer, "iterations", None)
        self.step_count = int(iterations.get_value()) if isinstance(iterations, Variable) else 0

    def count(self, mode, steps):
        """Counts steps of a mode; returns the number of the first of them."""
        if mode == TRAIN:
            first = self.step_count
            self.step_count += steps
        else:
            first = self.other_count
            self.other_count += steps
        return first

    @property
    def is_compiled(self):
        return self._pending is not None

    @property
    def objective(self):
        """Losses and metrics of a compiled model."""
        if self._pending is None:
            raise NotCompiledError(
                "You must compile your model before using it. Use "
                "`model.compile(optimizer, loss)`."
            )
        if self._objective is None:
            if not self.model.outputs:
                raise ValueError(
                    f"Model {self.model.name} has no inputs yet. Build it with "
                    "model.build(input_shape), or call fit or predict with data first."
                )
            self._make_objective(self.trainable_weights or self.model.trainable_weights)
        return self._objective

    @property
    def symbolic_updates(self):
        """Updates of an optimizer that was written with `get_updates`, asked for once."""
        if self._symbolic_updates is None:
            self._symbolic_updates = steps.symbolic_updates(self)
            if self._symbolic_state is not None:
                self.optimizer.set_weights(self._symbolic_state)
                self._symbolic_state = None
        return self._symbolic_updates

    @property
    def metrics(self):
        return self.objective.all_metrics if self._pending is not None else []

    @property
    def metrics_names(self):
        return self.objective.shown_names

    @property
    def total_loss(self):
        return self.objective.total_loss

    @total_loss.setter
    def total_loss(self, tensor):
        self.objective.own_total_loss = self.objective.total_loss = tensor
        self._symbolic_updates = None

    @property
    def targets(self):
        return [output.target for output in self.objective.with_loss]

    @property
    def fed_outputs(self):
        """The outputs whose targets are fed."""
        return [output for output in self.objective.with_loss if output.target_is_fed]

    @property
    def sample_weights(self):
        return [output.sample_weight for output in self.objective.with_loss]

    def make_optimizer_weights(self):
        """Makes the weights of the optimizer, as the first training step would."""
        _ = self.objective  # raises if there is no optimizer yet
        if self.optimizer.is_symbolic:
            _ = self.symbolic_updates
        else:
            self.optimizer.build(self.trainable_weights)

    def reset_metrics(self):
        self.objective.reset()

    # ---- functions of lists of arrays

    @property
    def feeds_learning_phase(self):
        """Whether a function of the model is fed the learning phase."""
        return self.model.uses_learning_phase and fixed_learning_phase() is None

    def make_function(self, mode):
        """Returns what `model.train_function` or its like of another mode is to be.

        As in Keras, what the program has changed of the compiled model since the last time counts
        from here on: its optimizer, losses, metrics, updates and collected weights.
        """
        if mode == PREDICT:
            return StepFunction(self, mode)
        if self.objective.take_appended() or mode in self._made:
            self._forget_steps()
        self._made.add(mode)
        if mode == TRAIN:
            if self.model.optimizer is not self.optimizer:
                self.optimizer = optimizers.get(self.model.optimizer)
                self._symbolic_updates = None
            self.make_optimizer_weights()
        if self.objective.own_total_loss is not None:
            return graph_function(self, mode)
        return StepFunction(self, mode)

    def own_function(self, mode):
        """The function that the program put in the place of a mode's step, as an `OwnFunction`.

        The model makes its function first, if it has none. None means that there is no own one.
        """
        model = self.model
        getattr(model, f"_make_{mode}_function")()
        function = model.__dict__.get(f"{mode}_function")
        if isinstance(function, StepFunction):
            return None
        if function is None:
            raise RuntimeError(
                f"{type(model).__name__}._make_{mode}_function must set self.{mode}_function to a "
                "function of a list of arrays; it is None."
            )
        return OwnFunction(self, mode, function)

    def _makes_own(self, mode):
        made = getattr(self.model, f"_make_{mode}_function")
        return getattr(made, "__func__", None) is not getattr(Compiled, f"_make_{mode}_function")

    # ---- compiled steps

    @property
    def wide(self):
        """Whether 64-bit dtypes take part."""
        if self._outputs is not self.model.outputs:
            self._forget_steps()  # the model is new, or layers were added or removed
            self._outputs = self.model.outputs
            self._wide = self.model.dtype_is_wide
        return self._wide

    @property
    def placement(self):
        """Where the arrays of a step lie now, or None for one device."""
        return placement_of(self.model)

    def step(self, mode, batch, training):
        """Returns the compiled step for batches like `batch` (arrays, or shapes of arrays)."""
        leaves = jax.tree.leaves(batch)
        place = self.placement
        key = (mode, training, place, *[(a.shape, a.dtype) for a in leaves], _pattern(batch))
        _ = self.wide  # forgets steps of a model that has changed
        step = self._steps.get(key)
        if step is None:
            step = self._steps[key] = self._make_step(mode, batch, training)
        return step

    def _make_step(self, mode, batch, training):
        model = self.model
        known, objective = list(model.weights), None
        if mode == PREDICT:
            body = steps.predict_body(model)
        else:
            objective = self.objective
            known += objective.variables
            if mode == TRAIN:
                self.make_optimizer_weights()
                known += self.optimizer.weights
                known += _attributes_of(self.optimizer)
                body = steps.train_body(self)
            else:
                body = steps.test_body(self)
        place = self.placement
        if place is not None:
            place.agree(known)
            for param, slots in getattr(self.optimizer, "_slots", {}).items():
                for slot in slots:
                    place.follow(slot, param)
        shape = tuple if place is None else place.shape
        shapes = jax.tree.map(lambda a: jax.ShapeDtypeStruct(shape(a.shape), a.dtype), batch)
        step = Step(body, shapes, training, self.wide, known, objective, place)
        if place is None:  # or NumPy's arrays would stay beside the device's through a first step
            for variable in step.state:
                variable.on_device()
        if mode == TRAIN and self._beside is not None:
            values, self._beside = self._beside, None
            for variable, value in zip(self._variables_beside(step), values):
                variable.set_value(value)
        return step

    def state_variables(self):
        """Lists the variables that training goes on from.

        Returns:
            Those of the model, the metrics and the optimizer; and those that training steps use
            besides, known once there is such a step: the states of a recurrent layer, for one.
        """
        self.make_optimizer_weights()
        optimizer = self.optimizer
        known = [*self.model.weights, *self.objective.variables, *optimizer.weights]
        known += _attributes_of(optimizer)
        known = list(dict.fromkeys(known))
        step = next((step for key, step in self._steps.items() if key[0] == TRAIN), None)
        return known, [] if step is None else self._variables_beside(step, known)

    def _variables_beside(self, step, known=None):
        known = set(self.state_variables()[0] if known is None else known)
        return [v for v in (*step.state, *step.constants) if v not in known]

    def wait_for_step(self, values):
        """Gives the second list of `state_variables` its values when there is a training step."""
        self._beside = values

    def _forget_steps(self):
        self._steps, self._checked = {}, {}

    def seed(self):
        """The seed of single steps, drawn once."""
        if self.single_seed is None:
            self.single_seed = np.uint32(draw_seed())
        return self.single_seed

    # ---- single steps, as tf.keras has them

    def train_step(self, data):
        """Does one step on `(x, y)` or `(x, y, sample_weight)`; returns the results as a dict."""
        return self._step_by_hand(self.train_on_batch, data)

    def test_step(self, data):
        """Computes the results for `(x, y)` or `(x, y, sample_weight)`, as a dict."""
        return self._step_by_hand(self.test_on_batch, data)

    def predict_step(self, data):
        """Computes the outputs for `x`, or for the first of a tuple."""
        return self.predict_on_batch(data[0] if isinstance(data, tuple) else data)

    def _step_by_hand(self, method, data):
        data = data if isinstance(data, tuple) else (data,)
        x, y, sample_weight = (*data, None, None)[:3]
        values = method(x, y, sample_weight, reset_metrics=False)
        return dict(zip(self.metrics_names, to_list(values)))

    # ---- the methods of `Model`

    def fit(self, x=None, y=None, **arguments):
        """See `Model.fit`."""
        return fitting.fit(self, x, y, **arguments)

    def evaluate(self, x=None, y=None, return_dict=False, **arguments):
        """See `Model.evaluate`."""
        found = evaluating.evaluate(self, x, y, **arguments)
        return self.by_name(found) if return_dict else found

    def by_name(self, results):
        """Returns results of `evaluate` or of a single step as a dict."""
        return dict(zip(self.metrics_names, to_list(results)))

    def predict(self, x, batch_size=None, verbose=0, steps=None, callbacks=None, **workers):
        """See `Model.predict`."""
        if callbacks is None and not verbose and steps is None and type(x) is np.ndarray:
            one_batch = batch_size is None and x.ndim and 0 < len(x) <= DEFAULT_BATCH
            if one_batch and not self.model.stateful:
                return self.predict_on_batch(x)
        return predicting.predict(self, x, batch_size, verbose, steps, callbacks, **workers)

    def train_on_batch(self, x, y, sample_weight=None, class_weight=None, reset_metrics=True):
        """See `Model.train_on_batch`."""
        step, batch = self._checked_step(TRAIN, True, x, y, sample_weight, class_weight)
        return self._on_batch(TRAIN, step, batch, reset_metrics)

    def test_on_batch(self, x, y, sample_weight=None, reset_metrics=True):
        """See `Model.test_on_batch`."""
        step, batch = self._checked_step(TEST, default_training(), x, y, sample_weight, None)
        return self._on_batch(TEST, step, batch, reset_metrics)

    def _checked_step(self, mode, training, x, y, sample_weight, class_weight):
        """Checks a batch; returns its compiled step, or the program's own, and the batch.

        Arrays like some that have passed all checks before are not checked again, unless a loss
        looks at the values of the targets.
        """
        key = None
        if type(x) is np.ndarray and type(y) is np.ndarray:
            if sample_weight is None and class_weight is None:
                key = (mode, training, self.placement, x.shape, x.dtype, y.shape, y.dtype)
                step = self._checked_before(mode, key)
                if step is not None:
                    return step, ([x], [y], [None])
        batch = self.batch(x, y, sample_weight, class_weight)
        own = self.own_function(mode)
        if own is not None:
            return own, batch
        step = self.step(mode, batch, training)
        if self._makes_own(mode):
            return step, batch
        if key is not None and batch[0][0] is x and batch[1] and batch[1][0] is y:
            if not any(output.is_sparse for output in self.objective.with_loss):
                self._checked[key] = step
        return step, batch

    def _checked_before(self, mode, key):
        """Returns the step for a batch like one that has passed all checks, or None."""
        if self._outputs is not self.model.outputs:
            return None
        function = self.model.__dict__.get(_FUNCTIONS[mode])
        return self._checked.get(key) if type(function) is StepFunction else None

    def _on_batch(self, mode, step, batch, reset_metrics):
        objective = self.objective
        fresh = reset_metrics or self._metrics_are_done
        self._metrics_are_done = reset_metrics  # what comes next begins anew
        if isinstance(step, OwnFunction):
            if fresh:
                objective.reset()
            return from_list(step.values(batch))
        if fresh:
            objective.reset(zeroed=False)
        seed = self.seed() if step.uses_random else np.uint32(0)
        losses, results = step.run(batch, seed, self.count(mode, 1), fresh)
        values = np.asarray(results).tolist()
        if not fresh:
            values[: len(objective.totals)] = loss_values(losses, objective)
        return from_list(values)

    def predict_on_batch(self, x):
        """See `Model.predict_on_batch`."""
        training, key, step, inputs = default_training(), None, None, [x]
        if type(x) is np.ndarray:
            key = (PREDICT, training, self.placement, x.shape, x.dtype)
            step = self._checked_before(PREDICT, key)
        if step is None:
            inputs = self.narrowed(self.inputs(x))
            own = self.own_function(PREDICT)
            if own is not None:
                return from_list(own.values(inputs))
            step = self.step(PREDICT, inputs, training)
            if key is not None and inputs[0] is x and not self._makes_own(PREDICT):
                self._checked[key] = step
        seed = self.seed() if step.uses_random else np.uint32(0)
        outputs, _ = step.run(inputs, seed, self.count(PREDICT, int(step.uses_random)))
        return from_list([np.array(value) for value in outputs])


_FUNCTIONS = {mode: f"{mode}_function" for mode in (TRAIN, TEST, PREDICT)}


def _pattern(batch):
    """Which of the weights are given: shapes alone do not tell."""
    return tuple(w is None for w in batch[2]) if isinstance(batch, tuple) else None
