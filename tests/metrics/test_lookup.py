"""What a user may write in `compile(metrics=[...])`."""

import functools

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import losses, metrics
from hornbeam.registry import custom_object_scope


def chosen(identifier, *arguments):
    metric = metrics.resolve(identifier, *arguments)
    return metric.name, metric._fn


def test_accuracy_is_chosen_by_loss_and_shape():
    many, one = (None, 10), (None, 1)
    for name in ("accuracy", "acc"):
        assert chosen(name, many, many, "mse") == (name, metrics.categorical_accuracy)
        assert chosen(name, one, one, "mse") == (name, metrics.binary_accuracy)
        assert chosen(name, many, many, "binary_crossentropy") == (name, metrics.binary_accuracy)
        for loss in (
            "sparse_categorical_crossentropy",
            losses.sparse_categorical_crossentropy,
            losses.SparseCategoricalCrossentropy(),
        ):
            found = chosen(name, many, one, loss)
            assert found == (name, metrics.sparse_categorical_accuracy)
        assert chosen(name, many, one, "mse")[1] is metrics.sparse_categorical_accuracy
        assert chosen(name, many, None, None)[1] is metrics.categorical_accuracy
    binary = losses.BinaryCrossentropy(from_logits=True)
    assert chosen("accuracy", many, many, binary)[1] is metrics.binary_accuracy


def test_crossentropy_is_chosen_by_loss_and_shape():
    many, one = (None, 10), (None, 1)
    assert chosen("ce", many, many, "mse") == ("ce", losses.categorical_crossentropy)
    assert chosen("crossentropy", one, one, "mse")[1] is losses.binary_crossentropy
    sparse = "sparse_categorical_crossentropy"
    assert chosen("ce", many, one, sparse)[1] is losses.sparse_categorical_crossentropy


def test_the_log_name_is_what_the_user_wrote():
    def mean_pred(y_true, y_pred):
        return K.mean(y_pred)

    assert metrics.resolve("mse").name == "mse"
    assert metrics.resolve("cosine_proximity").name == "cosine_proximity"
    assert metrics.resolve(mean_pred).name == "mean_pred"
    assert metrics.resolve(metrics.mae).name == "mean_absolute_error"
    assert metrics.resolve(metrics.AUC(name="area")).name == "area"
    assert metrics.resolve(losses.Huber(name="h")).name == "h"
    top = functools.partial(metrics.top_k_categorical_accuracy, k=3)
    assert metrics.resolve(top).name == "top_k_categorical_accuracy"
    with custom_object_scope({"mine": mean_pred}):
        assert metrics.resolve("mine").name == "mine"
    metric = metrics.Precision()
    assert metrics.resolve(metric) is metric
    assert type(metrics.resolve("Recall")) is metrics.Recall
    assert type(metrics.resolve(metrics.Recall)) is metrics.Recall
    config = metrics.serialize(metrics.BinaryAccuracy(threshold=0.25))
    assert metrics.resolve(config).get_config()["threshold"] == 0.25


def test_scalar_functions_count_each_batch_once():
    metric = metrics.resolve(lambda y_true, y_pred: K.mean(y_pred))
    assert metric.name == "<lambda>"
    metric.update_state(np.zeros((4, 1)), np.ones((4, 1)))
    metric.update_state(np.zeros((2, 1)), np.zeros((2, 1)))
    assert float(metric.result()) == 0.5


def test_stateful_functions_of_older_keras_give_their_last_value():
    class Counter:
        stateful = True
        name = "counter"

        def __init__(self):
            self.total = K.variable(0.0)
            self.weights = [self.total]

        def __call__(self, y_true, y_pred):
            new = K.sum(y_pred)
            current = self.total * 1
            K.update_add(self.total, new)
            return current + new

        def reset_states(self):
            K.set_value(self.total, 0.0)

    metric = metrics.resolve(Counter())
    assert metric.name == "counter" and len(metric.weights) == 2
    for _ in range(3):
        metric.update_state(np.zeros(2), np.ones(2))
    assert float(metric.result()) == 6.0
    metric.reset_states()
    assert float(metric.result()) == 0.0


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Unknown metric function: 'acuracy'.*'accuracy'"):
        metrics.resolve("acuracy")
    with pytest.raises(ValueError, match="Unknown metric function: 'Precison'.*'Precision'"):
        metrics.get("Precison")
    with pytest.raises(ValueError, match="Could not interpret metric function identifier: 5"):
        metrics.resolve(5)


def test_clones():
    assert metrics.clone_metrics(None) is None
    auc = metrics.AUC(num_thresholds=5)
    found = metrics.clone_metrics({"a": auc, "b": metrics.mse})
    assert found["b"] is metrics.mse and found["a"] is not auc
    assert found["a"].thresholds == auc.thresholds
    (wrapper,) = metrics.clone_metrics([metrics.MeanMetricWrapper(metrics.mse, name="m")])
    assert wrapper._fn is metrics.mse and wrapper.name == "m"


def test_aliases_are_the_same_functions():
    assert metrics.mse is metrics.MSE is metrics.mean_squared_error
    assert metrics.cosine is metrics.cosine_similarity is metrics.cosine_proximity
    for name in ("mse", "MAE", "mape", "MSLE", "acc", "kld", "cosine"):
        assert metrics.get(name) is getattr(metrics, name)
