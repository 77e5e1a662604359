"""`Model`: a network that can be trained.

The methods here are the public face; the work is done by the trainer, which `hornbeam.training`
lends to the engine.
"""

from hornbeam.backend.placement import scoped
from hornbeam.engine.compiled import Compiled
from hornbeam.engine.doors import doors
from hornbeam.engine.keras1 import takes_old_arguments, takes_show_accuracy
from hornbeam.engine.network import Network
from hornbeam.engine.steps import Steps


class Model(Steps, Compiled, Network):
    """A network with `compile`, `fit`, `evaluate` and `predict`.

    Args:
        inputs: Tensor or list of tensors that `Input` made.
        outputs: Tensor or list of tensors.
        name: String.

    To write `call` yourself, subclass it and make layers in `__init__`.

    Attributes:
        optimizer, loss, metrics, loss_weights: As compiled.
        metrics_names: Names of what `evaluate` and `train_on_batch` return.
        history: The `History` of the last `fit`.
        stop_training: Bool that callbacks set to end `fit`.

    Example:
        >>> x = Input(shape=(3,))
        >>> model = Model(inputs=x, outputs=Dense(2)(x))
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._init_model()

    def _init_model(self):
        state = self.__dict__
        for name in ("optimizer", "loss", "loss_weights", "sample_weight_mode", "history"):
            state.setdefault(name, None)
        state.setdefault("stop_training", False)
        state.setdefault("_trainer", None)
        state.setdefault("_distribution", scoped())

    @property
    def trainer(self):
        """What trains and runs this model."""
        if self._trainer is None:
            self._trainer = doors.trainer(self)
        return self._trainer

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        metrics=None,
        loss_weights=None,
        sample_weight_mode=None,
        weighted_metrics=None,
        target_tensors=None,
        **kwargs,
    ):
        """Chooses how to train.

        Args:
            optimizer: Name, `Optimizer`, or optax transformation.
            loss: Name, function or `Loss`; for several outputs a list, or a dict by output name;
                None if the losses come from `add_loss`.
            metrics: List of names, functions or `Metric`s; for several outputs also a dict by
                output name or a list of lists.
            loss_weights: List, or dict by output name, of floats.
            sample_weight_mode: None, 'temporal' for weights of shape (samples, steps), or a list
                or dict of these for the outputs.
            weighted_metrics: As `metrics`; these count with sample and class weights.
            target_tensors: Tensor, list or dict of tensors to take as targets instead of fed data.
            **kwargs: `run_eagerly`, a bool: whether each step runs as plain Python, uncompiled;
                for models with a `train_step` of their own, more of tf.keras's.

        Raises:
            ValueError: for an unknown optimizer, loss or metric name.
        """
        if kwargs.get("run_eagerly"):
            self._trainer = doors.trainer(self, in_steps=True)
        elif "run_eagerly" in kwargs:
            del kwargs["run_eagerly"]
        self.trainer.compile(
            optimizer,
            loss,
            metrics,
            loss_weights,
            sample_weight_mode,
            weighted_metrics,
            target_tensors,
            **kwargs,
        )

    @takes_show_accuracy
    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose=1,
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_freq=1,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
        **kwargs,
    ):
        """Trains for a number of epochs.

        Args:
            x: Array, list or dict (by input name) of arrays; a generator or `Sequence` of
                `(x, y)` or `(x, y, weights)`; None if the inputs are tensors.
            y: Array, list or dict of arrays; None if `x` yields targets or there are none.
            batch_size: Integer, default 32.
            epochs: Integer, the epoch at which to end (see `initial_epoch`).
            verbose: 0 silent, 1 or 'auto' progress bar, 2 one line an epoch.
            callbacks: List of `Callback`s, or one.
            validation_split: Float in [0, 1): this fraction of the samples, the last ones before
                shuffling, validates.
            validation_data: `(x, y)`, `(x, y, weights)`, generator or `Sequence`.
            shuffle: True, False, or 'batch' to shuffle batches as wholes.
            class_weight: Dict from class index to float.
            sample_weight: Array of shape (samples,), or (samples, steps) in temporal mode.
            initial_epoch: Integer, the epoch at which to begin.
            steps_per_epoch: Integer, batches in an epoch; default all.
            validation_steps: Integer, batches of a validation; default all.
            validation_freq: Integer (every n epochs) or list of epochs (from 1) to validate at.
            max_queue_size: Integer, batches that a generator's queue holds.
            workers: Integer, how many threads or processes fill the queue; 0 uses this thread.
            use_multiprocessing: Bool, processes in place of threads.
            **kwargs: Keras 1's `nb_epoch` for `epochs`.

        Returns:
            A `History`; its `history` is a dict of lists, one value an epoch.

        Raises:
            RuntimeError: if the model was not compiled.
            ValueError: if data and model do not fit.
        """
        return self.trainer.fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_data=validation_data,
            shuffle=shuffle,
            class_weight=class_weight,
            sample_weight=sample_weight,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_freq=validation_freq,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            **kwargs,
        )

    @takes_show_accuracy
    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose=1,
        sample_weight=None,
        steps=None,
        callbacks=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
        return_dict=False,
    ):
        """Computes loss and metrics in test mode.

        Args: as for `fit`; `steps` is the number of batches, default all. `return_dict` asks for a
            dict by the names of the results, as in tf.keras.

        Returns:
            The loss, or a list of the loss and the metrics in the order of `metrics_names`.
        """
        return self.trainer.evaluate(
            x,
            y,
            batch_size=batch_size,
            verbose=verbose,
            sample_weight=sample_weight,
            steps=steps,
            callbacks=callbacks,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            return_dict=return_dict,
        )

    def predict(
        self,
        x,
        batch_size=None,
        verbose=0,
        steps=None,
        callbacks=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
    ):
        """Computes the outputs for inputs, in test mode, batch by batch.

        Args: as for `fit`; `steps` is the number of batches, default all.

        Returns:
            A NumPy array, or a list of arrays for several outputs. They are the caller's own.
        """
        return self.trainer.predict(
            x,
            batch_size=batch_size,
            verbose=verbose,
            steps=steps,
            callbacks=callbacks,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
        )

    @takes_show_accuracy
    def train_on_batch(
        self, x, y=None, sample_weight=None, class_weight=None, reset_metrics=True,
        return_dict=False,
    ):
        """Does one training step.

        Args:
            x, y, sample_weight, class_weight: As for `fit`.
            reset_metrics: Bool; False lets metrics go on from the batches before.
            return_dict: Bool; whether a dict by the names of the results is returned.

        Returns:
            The loss before the step, or a list of the loss and the metrics.
        """
        found = self.trainer.train_on_batch(x, y, sample_weight, class_weight, reset_metrics)
        return self.trainer.by_name(found) if return_dict else found

    @takes_show_accuracy
    def test_on_batch(
        self, x, y=None, sample_weight=None, reset_metrics=True, return_dict=False
    ):
        """Computes loss and metrics of one batch. Arguments and result as `train_on_batch`."""
        found = self.trainer.test_on_batch(x, y, sample_weight, reset_metrics)
        return self.trainer.by_name(found) if return_dict else found

    def predict_on_batch(self, x):
        """Computes the outputs of one batch as NumPy arrays."""
        return self.trainer.predict_on_batch(x)

    @takes_show_accuracy
    @takes_old_arguments
    def fit_generator(
        self,
        generator,
        steps_per_epoch=None,
        epochs=1,
        verbose=1,
        callbacks=None,
        validation_data=None,
        validation_steps=None,
        validation_freq=1,
        class_weight=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
        shuffle=True,
        initial_epoch=0,
    ):
        """Trains on a generator or `Sequence`. See `fit`."""
        return self.trainer.fit(
            generator,
            None,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_data=validation_data,
            shuffle=shuffle,
            class_weight=class_weight,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_freq=validation_freq,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
        )

    @takes_show_accuracy
    @takes_old_arguments
    def evaluate_generator(
        self,
        generator,
        steps=None,
        callbacks=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
        verbose=0,
    ):
        """Computes loss and metrics on a generator or `Sequence`. See `evaluate`."""
        return self.trainer.evaluate(
            generator,
            None,
            verbose=verbose,
            steps=steps,
            callbacks=callbacks,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
        )

    @takes_old_arguments
    def predict_generator(
        self,
        generator,
        steps=None,
        callbacks=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
        verbose=0,
    ):
        """Computes the outputs for a generator or `Sequence` of inputs. See `predict`."""
        return self.trainer.predict(
            generator,
            verbose=verbose,
            steps=steps,
            callbacks=callbacks,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
        )

    def reset_metrics(self):
        """Starts all metrics again."""
        self.trainer.reset_metrics()
