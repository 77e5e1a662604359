"""Estimators inside scikit-learn's own tools."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from hornbeam.layers import Dense
from hornbeam.models import Sequential
from hornbeam.wrappers.scikit_learn import BaseWrapper, KerasClassifier, KerasRegressor

RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=(60, 3)).astype("float32")
LABELS = np.array(["ash", "elm", "oak"])[X.argmax(axis=1)]


def classifier(outputs=3, loss="sparse_categorical_crossentropy", metrics=("accuracy",), scale=3.0):
    """A network that knows the answer: the largest of three numbers."""
    activation = "softmax" if outputs > 1 else "sigmoid"
    model = Sequential([Dense(outputs, activation=activation, input_shape=(3,))])
    model.set_weights([scale * np.eye(3)[:, :outputs], np.zeros(outputs)])
    model.compile("sgd", loss, metrics=list(metrics))
    return model


def regressor(outputs=1):
    model = Sequential([Dense(outputs, kernel_initializer="ones", input_shape=(3,))])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def fitted(build=classifier, y=LABELS, **parameters):
    estimator = KerasClassifier(build, epochs=0, verbose=0, **parameters)
    estimator.fit(X, y)
    return estimator


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_classes_of_any_kind_come_back(loss):
    estimator = fitted(loss=loss)
    assert estimator.classes_.tolist() == ["ash", "elm", "oak"] and estimator.n_classes_ == 3
    np.testing.assert_array_equal(estimator.predict(X), LABELS)
    assert estimator.score(X, LABELS) == 1.0
    half = np.where(np.arange(60) < 30, LABELS, np.roll(estimator.classes_, 1)[X.argmax(axis=1)])
    assert estimator.score(X, half) == 0.5
    expected = np.exp(3 * X) / np.exp(3 * X).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(estimator.predict_proba(X), expected, rtol=1e-5)


def test_one_output_means_two_classes():
    y = np.where(X[:, 0] > 0, 7, -7)
    estimator = fitted(y=y, outputs=1, loss="binary_crossentropy")
    np.testing.assert_array_equal(estimator.predict(X), y)
    yes = 1 / (1 + np.exp(-3 * X[:, 0]))
    np.testing.assert_allclose(
        estimator.predict_proba(X), np.stack([1 - yes, yes], axis=1), atol=1e-6)
    assert estimator.score(X, y) == 1.0


def test_one_hot_targets():
    estimator = fitted(y=np.eye(3)[X.argmax(axis=1)], loss="categorical_crossentropy")
    np.testing.assert_array_equal(estimator.predict(X), X.argmax(axis=1))
    assert estimator.score(X, np.eye(3)[X.argmax(axis=1)]) == 1.0


def test_arguments_reach_the_method_that_takes_them(monkeypatch):
    estimator = KerasClassifier(classifier, scale=2.0, epochs=5, batch_size=60, verbose=0)
    history = estimator.fit(X, LABELS, epochs=2, sample_weight=np.zeros(60))
    assert history.history["loss"] == [0.0, 0.0]       # 2 of `fit`, not 5; and the weights count
    assert history.params["batch_size"] == 60
    np.testing.assert_allclose(estimator.model.get_weights()[0], 2 * np.eye(3))


def test_nb_epoch_of_keras_1_is_epochs():
    estimator = KerasClassifier(build_fn=classifier, nb_epoch=2, batch_size=60, verbose=0)
    assert clone(estimator).get_params()["nb_epoch"] == 2
    assert estimator.fit(X, LABELS).epoch == [0, 1]
    assert estimator.fit(X, LABELS, epochs=1).epoch == [0]
    assert estimator.set_params(nb_epoch=3).fit(X, LABELS).epoch == [0, 1, 2]
    assert KerasRegressor(regressor, verbose=0).fit(X, X[:, 0], nb_epoch=2).epoch == [0, 1]
    with pytest.raises(ValueError, match="got both nb_epoch of Keras 1 and epochs"):
        estimator.set_params(epochs=3)
    assert estimator.filter_sk_params(Sequential.predict) == {"batch_size": 60, "verbose": 0}


def test_classes_of_one_kind_are_all_there_is():
    estimator = fitted(y=np.full(60, "ash"), outputs=1, loss="binary_crossentropy")
    assert set(estimator.predict(X)) == {"ash"}


def test_regression():
    estimator = KerasRegressor(regressor, epochs=0, verbose=0)
    estimator.fit(X, X[:, 0])
    np.testing.assert_allclose(estimator.predict(X), X.sum(axis=1), rtol=1e-4, atol=1e-5)
    expected = -np.mean((X.sum(axis=1) - X[:, 0]) ** 2)
    assert estimator.score(X, X[:, 0]) == pytest.approx(expected, rel=1e-5)
    assert KerasRegressor(regressor, outputs=2, epochs=0).set_params(verbose=0).fit(
        X, X[:, :2]).epoch == []


def test_scikit_learn_knows_clones_and_searches():
    estimator = KerasClassifier(classifier, epochs=1, verbose=0)
    assert is_classifier(estimator) and is_regressor(KerasRegressor(regressor))
    assert clone(estimator).get_params() == {"build_fn": classifier, "epochs": 1, "verbose": 0}
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        estimator.predict(X)
    search = GridSearchCV(estimator, {"scale": [-3.0, 3.0]}, cv=2, error_score="raise")
    search.fit(X, LABELS)
    assert search.best_params_ == {"scale": 3.0} and search.best_score_ > 0.95
    np.testing.assert_array_equal(search.predict(X), LABELS)


def test_a_pipeline_passes_parameters_and_scores():
    pipeline = Pipeline([
        ("scale", StandardScaler()), ("net", KerasClassifier(classifier, epochs=1, verbose=0))])
    assert cross_val_score(pipeline, X, LABELS, cv=2).min() > 0.85
    pipeline.set_params(net__epochs=0).fit(X, LABELS)
    assert pipeline.named_steps["net"].get_params()["epochs"] == 0


def test_builders_of_all_kinds():
    class Builder:
        def __call__(self, scale=3.0):
            return classifier(scale=scale)

    class Own(KerasClassifier):
        def __call__(self, scale):
            return classifier(scale=scale)

    for estimator in (KerasClassifier(Builder(), scale=1.0), Own(scale=1.0)):
        estimator.fit(X, LABELS, epochs=0, verbose=0)
        np.testing.assert_allclose(estimator.model.get_weights()[0], np.eye(3))
    with pytest.raises(ValueError, match="needs `build_fn`"):
        KerasClassifier()


def test_bad_arguments():
    with pytest.raises(ValueError, match="units is not a legal parameter"):
        KerasClassifier(classifier, units=3)
    estimator = KerasClassifier(classifier, epochs=1)
    with pytest.raises(ValueError, match="outputs is not a legal parameter"):
        estimator.set_params(build_fn=lambda: classifier(), outputs=3)
    assert estimator.get_params() == {"build_fn": classifier, "epochs": 1}
    with pytest.raises(ValueError, match=r"Invalid shape for y: \(60, 1, 1\)"):
        estimator.fit(X, np.zeros((60, 1, 1)))
    with pytest.raises(ValueError, match="not configured to compute accuracy"):
        fitted(lambda: classifier(metrics=())).score(X, LABELS)
    assert issubclass(KerasClassifier, BaseWrapper)
