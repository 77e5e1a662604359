"""The checks that scikit-learn has for estimators: those that fail, and why; no others do."""

import numpy as np
import pytest

from hornbeam.layers import Dense
from hornbeam.models import Sequential
from hornbeam.optimizers import SGD
from hornbeam.wrappers.scikit_learn import KerasClassifier, KerasRegressor

checks = pytest.importorskip("sklearn.utils.estimator_checks")


class Classifier(KerasClassifier):
    """As many outputs as there are classes."""

    def __call__(self):
        np.random.seed(0)  # scikit-learn compares the results of two fits
        model = Sequential([Dense(self.n_classes_, activation="softmax")])
        model.compile(SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model


def build():
    np.random.seed(0)
    model = Sequential([Dense(1)])
    model.compile("sgd", "mse")
    return model


# Without epochs: what goes in and out is checked in seconds.
ESTIMATORS = {
    KerasClassifier: Classifier(epochs=0, verbose=0),
    KerasRegressor: KerasRegressor(build, epochs=0, verbose=0),
}
RETURNS_HISTORY = "fit returns Keras's History, not the estimator"
OF_BOTH = {
    "check_no_attributes_set_in_init": "sk_params holds the parameters, as Keras's wrappers do",
    "check_dont_overwrite_parameters": "the trained model is the attribute `model`, as in Keras",
    "check_estimators_fit_returns_self": RETURNS_HISTORY,
    "check_readonly_memmap_input": RETURNS_HISTORY,
    "check_supervised_y_no_nan": "Keras trains on NaN and infinity; TerminateOnNaN is for that",
}
FAILING = {
    KerasClassifier: OF_BOTH | {
        "check_all_zero_sample_weights_error": "Keras trains on weights of zero: nothing moves",
        "check_classifiers_regression_target": "numbers like 1.5 are classes as good as others",
        "check_classifiers_train": "nothing is learned in no epochs; it is among TRAINED",
        "check_supervised_y_2d": "a column of classes is taken as they are, without a warning",
    },
    KerasRegressor: OF_BOTH | {
        "check_dtype_object": "targets are checked by the model, in Keras's words",
        "check_parameters_default_constructible": "there is no model without build_fn",
        "check_regressors_train": RETURNS_HISTORY,
        "check_regressor_multioutput": "build_fn makes one output, whatever the targets are",
    },
}
TRAINED = [
    "check_classifiers_one_label",
    "check_classifiers_train",
    "check_estimator_sparse_matrix",
    "check_estimators_pickle",
    "check_sample_weights_list",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FAILING)
def test_only_the_checks_of_the_table_fail(kind):
    results = checks.check_estimator(ESTIMATORS[kind], on_fail=None)
    failed = {result["check_name"] for result in results if result["status"] == "failed"}
    assert failed == set(FAILING[kind])
    assert sum(result["status"] == "passed" for result in results) > 30


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("check", TRAINED)
def test_checks_of_what_is_trained(check):
    getattr(checks, check)("KerasClassifier", Classifier(epochs=5, verbose=0))


def classifier():
    model = Sequential([Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


X, Y = np.arange(12.0).reshape(6, 2), np.array(["a", "b"] * 3)


@pytest.mark.parametrize("x, words", [
    (X[:, :1], "X has 1 features, but KerasClassifier is expecting 2"),
    (X[0], "Reshape your data"),
    (X[:0], "0 sample"),
    (X[:, :0], "0 feature"),
    (X + 1j, "Complex data not supported"),
])
def test_samples_that_do_not_fit_are_refused(x, words):
    estimator = KerasClassifier(classifier, epochs=1, verbose=0)
    estimator.fit(X, Y)
    with pytest.raises(ValueError, match=words):
        estimator.predict(x)


def test_targets_are_needed_and_lists_are_taken():
    estimator = KerasClassifier(classifier, epochs=1, verbose=0)
    with pytest.raises(ValueError, match="requires y to be passed"):
        estimator.fit(X, None)
    estimator.fit(X.tolist(), Y.tolist())
    assert set(estimator.predict(X.tolist())) <= {"a", "b"}
    with pytest.raises(TypeError, match="build_fn=3"):
        KerasClassifier(build_fn=3).fit(X, Y)
