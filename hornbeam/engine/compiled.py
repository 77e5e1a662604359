"""`Compiled`: what programs read off a compiled model, and may replace there."""

import warnings


class Compiled:
    """Losses, placeholders, metrics and functions of a compiled model.

    As in Keras 2, a model makes a function for each mode before it is first used:
    `_make_train_function` sets `train_function`, which takes the list of inputs, targets, sample
    weights and, where the model asks for it, the learning phase, and returns the list of the loss
    and the metrics. A program that overrides the one, or sets the other, trains by its own
    function, a call for each batch. Otherwise `train_function` is the compiled step, and `fit`
    runs as many of them at once as it likes.

    Attributes:
        train_function, test_function, predict_function: The functions; None from `compile` until
            they are made.
    """

    @property
    def metrics(self):
        """List of the `Metric` objects."""
        return self.trainer.metrics if self._trainer is not None else []

    @property
    def metrics_names(self):
        """Names of what `evaluate` returns: 'loss', the outputs' losses, the metrics.

        A name that is appended to this list, and a tensor to `metrics_tensors`, make a metric.
        """
        return self.trainer.metrics_names

    @metrics_names.setter
    def metrics_names(self, names):
        self.trainer.objective.shown_names = names

    @property
    def metrics_tensors(self):
        """List of the tensors behind `metrics_names`, from the second on.

        Computing one adds the batch to its metric. What a program appends before the first step
        is reported as the mean over samples, under the name appended to `metrics_names`.
        """
        return self.trainer.objective.metrics_tensors

    @metrics_tensors.setter
    def metrics_tensors(self, tensors):
        self.trainer.objective.metrics_tensors = list(tensors)

    @property
    def metrics_updates(self):
        """List of updates that come with each training and test step, for programs to append to."""
        return self.trainer.objective.metrics_updates

    @metrics_updates.setter
    def metrics_updates(self, updates):
        self.trainer.objective.metrics_updates = list(updates)

    @property
    def total_loss(self):
        """Symbolic tensor of the loss that training minimizes; another one may be set."""
        return self.trainer.total_loss

    @total_loss.setter
    def total_loss(self, tensor):
        self.trainer.total_loss = tensor

    @property
    def targets(self):
        """List of the placeholders of the targets, one for each output with a loss."""
        return self.trainer.targets

    @property
    def sample_weights(self):
        """List of the placeholders of the sample weights, one for each output with a loss."""
        return self.trainer.sample_weights

    @property
    def _collected_trainable_weights(self):
        """The weights that training changes: those that were trainable at `compile`."""
        return self.trainer.trainable_weights

    @_collected_trainable_weights.setter
    def _collected_trainable_weights(self, weights):
        self.trainer.trainable_weights = list(weights)

    @property
    def _feed_inputs(self):
        """List of the inputs that are fed with data."""
        return [t for t in self.inputs or () if getattr(t, "default", None) is None]

    @property
    def _feed_input_names(self):
        return [t._keras_history[0].name for t in self._feed_inputs]

    @property
    def _feed_outputs(self):
        """List of the outputs whose targets are fed with data."""
        return [output.tensor for output in self.trainer.fed_outputs]

    @property
    def _feed_output_names(self):
        return [output.name for output in self.trainer.fed_outputs]

    @property
    def _feed_targets(self):
        """List of the placeholders of the targets that are fed with data."""
        return [output.target for output in self.trainer.fed_outputs]

    @property
    def _feed_sample_weights(self):
        """List of the placeholders of the sample weights."""
        return self.trainer.sample_weights

    @property
    def _function_kwargs(self):
        """Arguments for `K.function` from `compile`, which takes none of them."""
        return {}

    def _uses_dynamic_learning_phase(self):
        """Whether functions of this model are fed the learning phase."""
        return self.trainer.feeds_learning_phase

    def _get_training_eval_metrics(self):
        """Lists the metrics behind `metrics_names`, from the second on.

        `_call_result` of each is its tensor; `updates` is empty, for computing that adds the batch.
        """
        return self.trainer.objective.metrics_with_tensors()

    def _check_trainable_weights_consistency(self):
        """Warns if `trainable` was changed after `compile`, which `compile` alone looks at."""
        collected = self.trainer.trainable_weights if self._trainer is not None else []
        if collected and len(collected) != len(self.trainable_weights):
            warnings.warn(
                "Discrepancy between trainable weights and collected trainable weights, did you "
                "set `model.trainable` without calling `model.compile` after ?",
                stacklevel=2,
            )

    def _make_train_function(self):
        """Sets `train_function` if it is None, and makes the optimizer's weights."""
        if self.__dict__.get("train_function") is None:
            self.__dict__["train_function"] = self.trainer.make_function("train")

    def _make_test_function(self):
        """Sets `test_function` if it is None."""
        if self.__dict__.get("test_function") is None:
            self.__dict__["test_function"] = self.trainer.make_function("test")

    def _make_predict_function(self):
        """Sets `predict_function` if it is None."""
        if self.__dict__.get("predict_function") is None:
            self.__dict__["predict_function"] = self.trainer.make_function("predict")
