"""`Steps`: what a `Model` does with one batch, for subclasses to override, as in tf.keras."""


class Steps:
    """The steps of training, test and prediction.

    A subclass of `Model` that overrides one of them trains by it: `fit` calls it with the tensors
    of a batch, and compiles it. The others keep to the compiled programs of `hornbeam.training`.
    """

    def train_step(self, data):
        """Does one step of training.

        Args:
            data: What the data yield: `x`, `(x, y)` or `(x, y, sample_weight)`, as tensors.

        Returns:
            Dict from name to scalar, the logs.

        Source: `tf.keras.Model.train_step`.
        """
        return self.trainer.train_step(data)

    def test_step(self, data):
        """Computes losses and metrics of one batch. Arguments and result as of `train_step`."""
        return self.trainer.test_step(data)

    def predict_step(self, data):
        """Computes the outputs of one batch."""
        return self.trainer.predict_step(data)

    def make_train_function(self, force=False):
        """Returns a function from an iterator over batches to the logs of a training step."""
        self.train_function = self.trainer.function("train")
        return self.train_function

    def make_test_function(self, force=False):
        """Returns a function from an iterator over batches to the logs of a test step."""
        self.test_function = self.trainer.function("test")
        return self.test_function

    def make_predict_function(self, force=False):
        """Returns a function from an iterator over batches to the outputs of one."""
        self.predict_function = self.trainer.function("predict")
        return self.predict_function

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        """Returns the total loss of a batch: those of `compile`, of weights and of layers.

        Args:
            x: Inputs.
            y: Targets.
            y_pred: Outputs.
            sample_weight: Weights of the samples, or None.
        """
        return self.trainer.compute_loss(x, y, y_pred, sample_weight)

    def compute_metrics(self, x, y, y_pred, sample_weight):
        """Adds a batch to the metrics of `compile`; returns `get_metrics_result()`."""
        return self.trainer.compute_metrics(x, y, y_pred, sample_weight)

    def get_metrics_result(self):
        """Returns the results of `metrics` as a dict."""
        return self.trainer.results()
