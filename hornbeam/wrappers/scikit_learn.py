"""Models as estimators of scikit-learn: in `cross_val_score`, `GridSearchCV` and `Pipeline`.

Needs scikit-learn only where scikit-learn asks (the extra `hornbeam[sklearn]`).
"""

import inspect

import numpy as np

from hornbeam.models import Sequential
from hornbeam.translations import tell
from hornbeam.utils.generic_utils import has_arg
from hornbeam.utils.np_utils import to_categorical

__all__ = ["BaseWrapper", "KerasClassifier", "KerasRegressor"]

_KERAS1 = {"nb_epoch": "epochs"}  # what Keras 1 called it: the argument of a method
_METHODS = (Sequential.fit, Sequential.predict, Sequential.predict_classes, Sequential.evaluate)


class BaseWrapper:
    """Base of the estimators: use `KerasClassifier` or `KerasRegressor`.

    Args:
        build_fn: Function, or object with `__call__`, that returns a compiled model. None: the
            subclass defines `__call__`.
        **sk_params: Arguments of `build_fn`, and of `fit`, `predict` and `evaluate` (`epochs`,
            `batch_size`, ...; Keras 1's `nb_epoch`). Each can be searched over. An argument of
            `build_fn` without a default value must be among them.

    Attributes:
        model: The model that the last `fit` made.

    Raises:
        ValueError: for a name that neither `build_fn` nor those methods take, and for the same
            argument under two names.

    Source: https://keras.io/scikit-learn-api/
    """

    def __init__(self, build_fn=None, **sk_params):
        self.build_fn = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def check_params(self, params):
        """Checks that `build_fn`, or a method of `Sequential`, takes each name.

        Args:
            params: Dict.

        Raises:
            ValueError: for the first that none takes, or that is there under another name.
        """
        if self.build_fn is not None and not callable(self.build_fn):
            return  # `fit` says so; scikit-learn sets parameters of any kind
        takers = (*_METHODS, self._builder())
        for name in params:
            if name in _KERAS1:
                tell("argument", f"{type(self).__name__}({name})", _KERAS1[name])
            if name != "build_fn" and not any(_name_in(taker, name) for taker in takers):
                raise ValueError(
                    f"{name} is not a legal parameter: neither the function that builds the model "
                    "nor Sequential's fit, predict, predict_classes or evaluate has an argument of "
                    "that name."
                )
        together = {**self.sk_params, **params}
        for old, new in _KERAS1.items():
            if old in together and new in together:
                raise ValueError(
                    f"{type(self).__name__} got both {old} of Keras 1 and {new}, which mean the "
                    f"same. Give {new} alone."
                )

    def get_params(self, deep=True, **params):
        """Returns the dict of `build_fn` and all other parameters.

        Args:
            deep: Bool, given by scikit-learn; there are no estimators inside this one.
        """
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params):
        """Sets parameters; returns the estimator.

        Raises:
            ValueError: for an unknown name; nothing is set then.
        """
        before = self.build_fn
        self.build_fn = params.pop("build_fn", before)
        try:
            self.check_params(params)
        except ValueError:
            self.build_fn = before
            raise
        self.sk_params.update(params)
        return self

    def fit(self, x, y, **kwargs):
        """Makes a new model and trains it.

        Args:
            x: Array of shape (samples, ...).
            y: Array of shape (samples,) or (samples, outputs).
            **kwargs: Arguments of `Sequential.fit`; they come before those of the constructor.

        Returns:
            The `History`, as Keras does, where scikit-learn's estimators return themselves.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        builder = self._builder()
        x = self._inputs(x)
        self.model = builder(**self.filter_sk_params(builder))
        shape = x.shape if hasattr(x, "shape") else np.shape(x)
        self.n_features_in_ = shape[1] if len(shape) > 1 else 1
        arguments = {**self.filter_sk_params(Sequential.fit), **kwargs}
        return self.model.fit(x, self._targets(y), **arguments)

    def filter_sk_params(self, fn, override=None):
        """Returns the parameters that a function takes, under the names that it has for them.

        Args:
            fn: Function.
            override: Dict of values that come before those of the constructor.
        """
        names = {name: _name_in(fn, name) for name in self.sk_params}
        chosen = {new: self.sk_params[name] for name, new in names.items() if new}
        return {**chosen, **(override or {})}

    def _builder(self):
        if self.build_fn is not None:
            if not callable(self.build_fn):
                raise TypeError(
                    f"{type(self).__name__} got build_fn={self.build_fn!r}. Expected a function "
                    "that returns a compiled model."
                )
            is_function = inspect.isroutine(self.build_fn) or inspect.isclass(self.build_fn)
            return self.build_fn if is_function else self.build_fn.__call__
        if not callable(self):
            raise ValueError(
                f"{type(self).__name__} needs `build_fn`, a function that returns a compiled "
                "model; or a subclass that defines `__call__`."
            )
        return self.__call__

    def _inputs(self, x, fitted=False):
        """Samples as `Model.fit` takes them, checked as scikit-learn's estimators do.

        Raises:
            ValueError: for no samples, complex numbers, or another number of features than `fit`
                was given.
        """
        if hasattr(x, "tocsr"):
            x = x.tocsr()  # the form that batches can be taken of; one of the others is a dict
        elif isinstance(x, dict) or (isinstance(x, list) and x and np.ndim(x[0]) > 1):
            return x  # several inputs
        elif not hasattr(x, "iloc"):
            x = np.asarray(x)
            if x.dtype.kind == "O" and x.ndim == 2:
                x = x.astype("float64")  # raises for what is no number
            if x.dtype.kind == "c":
                raise ValueError(
                    f"Complex data not supported: {type(self).__name__} got an array of dtype "
                    f"{x.dtype}."
                )
        if not x.shape or x.shape[0] == 0 or 0 in x.shape[1:]:
            raise ValueError(
                f"Found array with 0 {'feature' if x.shape and x.shape[0] else 'sample'}(s) "
                f"(shape={x.shape}) while a minimum of 1 is required by {type(self).__name__}."
            )
        expected = getattr(self, "n_features_in_", None)
        if fitted and expected is not None and len(x.shape) > 1 and x.shape[1] != expected:
            raise ValueError(
                f"X has {x.shape[1]} features, but {type(self).__name__} is expecting {expected} "
                "features as input."
            )
        if fitted and len(x.shape) == 1 and (expected or 1) > 1:
            raise ValueError(
                f"{type(self).__name__} got an array of shape {x.shape}. Expected 2D array, got 1D "
                "array instead. Reshape your data: x[None, :] is one sample."
            )
        return x

    def _targets(self, y):
        """One-hot rows where the loss wants them."""
        loss = getattr(self.model.loss, "__name__", self.model.loss)
        if loss == "categorical_crossentropy" and np.ndim(y) != 2:
            return to_categorical(y)
        return y

    def _fitted(self):
        if not hasattr(self, "model"):
            raise _not_fitted(self)
        return self.model

    # ---- what scikit-learn asks of estimators

    def __sklearn_is_fitted__(self):
        return hasattr(self, "model")

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        kind = self._estimator_type
        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(required=True, multi_output=kind == "regressor"),
            classifier_tags=ClassifierTags() if kind == "classifier" else None,
            regressor_tags=RegressorTags() if kind == "regressor" else None,
            non_deterministic=True,
            input_tags=InputTags(three_d_array=True, sparse=True, allow_nan=True),
        )

    def __repr__(self):
        parameters = {"build_fn": self.build_fn, **self.sk_params}
        inside = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
        return f"{type(self).__name__}({inside})"


class KerasClassifier(BaseWrapper):
    """A classifier; see `BaseWrapper` for the arguments.

    Attributes:
        classes_: Array of the classes, in the order of the model's outputs.
        n_classes_: Integer.

    Example:
        def build(hidden=8):
            model = Sequential([Dense(hidden, activation="relu", input_shape=(4,)),
                                Dense(3, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            return model

        search = GridSearchCV(KerasClassifier(build, epochs=20, verbose=0), {"hidden": [4, 8]})
    """

    _estimator_type = "classifier"

    def fit(self, x, y, sample_weight=None, **kwargs):
        """Makes a new model and trains it.

        Args:
            x: Array of shape (samples, ...).
            y: Array of shape (samples,) of classes of any kind, or (samples, classes) of zeros
                and ones.
            sample_weight: Array of shape (samples,), or None.
            **kwargs: Arguments of `Sequential.fit`.

        Returns:
            The `History`.

        Raises:
            ValueError: for targets of another shape.
        """
        if y is None:
            return super().fit(x, y)  # says what is missing
        y = np.array(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(
                f"Invalid shape for y: {y.shape}. Expected (samples,), or (samples, classes)."
            )
        self.n_classes_ = len(self.classes_)
        if sample_weight is not None:
            kwargs["sample_weight"] = sample_weight
        return super().fit(x, y, **kwargs)

    def predict(self, x, **kwargs):
        """Returns the classes of samples, an array of shape (samples,).

        Args:
            x: Array of shape (samples, ...).
            **kwargs: Arguments of `Sequential.predict_classes`.
        """
        options = self.filter_sk_params(Sequential.predict_classes, kwargs)
        outputs = self._fitted().predict(self._inputs(x, fitted=True), **options)
        if outputs.shape[-1] > 1:
            return self.classes_[outputs.argmax(axis=-1)]
        if len(self.classes_) == 1:
            return np.repeat(self.classes_, len(outputs))
        return self.classes_[(outputs > 0.5).astype("int32").reshape(-1)]

    def predict_proba(self, x, **kwargs):
        """Returns the probabilities of the classes, an array of shape (samples, classes).

        Args:
            x: Array of shape (samples, ...).
            **kwargs: Arguments of `Sequential.predict`.
        """
        outputs = self._fitted().predict(
            self._inputs(x, fitted=True), **self.filter_sk_params(Sequential.predict, kwargs)
        )
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def score(self, x, y, **kwargs):
        """Returns the mean accuracy on samples.

        Args:
            x: Array of shape (samples, ...).
            y: Array of classes, as given to `fit`.
            **kwargs: Arguments of `Sequential.evaluate`.

        Raises:
            ValueError: if the model was not compiled with `metrics=["accuracy"]`.
        """
        model = self._fitted()
        x, y = self._inputs(x, fitted=True), np.asarray(y)
        if not (y.ndim == 2 and y.shape[1] > 1):
            y = np.searchsorted(self.classes_, y)
        results = model.evaluate(
            x, self._targets(y), **self.filter_sk_params(Sequential.evaluate, kwargs)
        )
        for name, value in zip(model.metrics_names, np.atleast_1d(results).tolist()):
            if name in ("acc", "accuracy"):
                return value
        raise ValueError(
            "The model is not configured to compute accuracy. You should pass "
            '`metrics=["accuracy"]` to the `model.compile()` method.'
        )


class KerasRegressor(BaseWrapper):
    """A regressor; see `BaseWrapper` for the arguments."""

    _estimator_type = "regressor"

    def predict(self, x, **kwargs):
        """Returns predictions, an array of shape (samples,), or (samples, outputs) of several.

        Args:
            x: Array of shape (samples, ...).
            **kwargs: Arguments of `Sequential.predict`.
        """
        outputs = self._fitted().predict(
            self._inputs(x, fitted=True), **self.filter_sk_params(Sequential.predict, kwargs)
        )
        return outputs[..., 0] if outputs.shape[-1] == 1 else outputs

    def score(self, x, y, **kwargs):
        """Returns minus the loss on samples, so that more is better.

        Args:
            x: Array of shape (samples, ...).
            y: Array of shape (samples,) or (samples, outputs).
            **kwargs: Arguments of `Sequential.evaluate`.
        """
        results = self._fitted().evaluate(
            self._inputs(x, fitted=True), y, **self.filter_sk_params(Sequential.evaluate, kwargs)
        )
        return -(results[0] if isinstance(results, list) else results)


def _name_in(fn, name):
    """The name of a parameter in a function's own arguments; None if it does not take it."""
    return next((n for n in (name, _KERAS1.get(name)) if n and has_arg(fn, n)), None)


def _not_fitted(estimator):
    words = (
        f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with appropriate "
        "arguments before using this estimator."
    )
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return ValueError(words)
    return NotFittedError(words)
