"""What `compile` was given, through files and back."""

import io

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam import losses, metrics
from hornbeam.models import Input, Model, Sequential, load_model

X = np.random.RandomState(0).normal(size=(4, 3)).astype("float32")
Y = np.random.RandomState(1).uniform(size=(4, 2)).astype("float32")
both_formats = pytest.mark.parametrize("save_format", ["h5", "keras"])


def through(model, save_format, **options):
    buffer = io.BytesIO()
    model.save(buffer, save_format=save_format)
    buffer.seek(0)
    return load_model(buffer, **options)


def two_outputs():
    x = Input((3,))
    return Model(x, [L.Dense(2, name="a")(x), L.Dense(2, name="b")(x)])


FORMS = {
    "lists": {"loss": ["mse", "mae"], "loss_weights": [1.0, 0.5]},
    "dicts": {
        "loss": {"a": "mse", "b": losses.Huber(0.3)},
        "loss_weights": {"b": 0.25, "a": 2.0},
        "metrics": {"a": ["mae", "mse"], "b": metrics.MeanSquaredError(name="own")},
    },
    "lists of lists": {"loss": "mse", "metrics": [["mae"], ["mse", metrics.AUC(name="auc")]]},
    "weighted": {"loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mae"]},
    "in part": {"loss": {"a": losses.BinaryCrossentropy(from_logits=True)}},
}


@both_formats
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_losses_and_metrics(form, save_format):
    model = two_outputs()
    model.compile("sgd", **FORMS[form])
    targets = {"a": Y} if form == "in part" else {"a": Y, "b": Y}
    twice = through(through(model, save_format), save_format)
    assert twice.metrics_names == model.metrics_names
    assert twice.evaluate(X, targets, verbose=0) == model.evaluate(X, targets, verbose=0)
    assert twice.train_on_batch(X, targets) == model.train_on_batch(X, targets)


@both_formats
def test_weights_for_each_step(save_format):
    model = Sequential([L.SimpleRNN(2, return_sequences=True, input_shape=(4, 3))])
    model.compile("sgd", "mse", sample_weight_mode="temporal")
    other = through(model, save_format)
    assert other.sample_weight_mode == "temporal"
    batch = np.ones((2, 4, 3)), np.ones((2, 4, 2)), np.arange(8.0).reshape(2, 4)
    assert other.train_on_batch(*batch) == model.train_on_batch(*batch)


@both_formats
def test_losses_that_are_tensors_are_named_when_they_are_lost(save_format):
    x = Input((3,))
    y = L.Dense(2)(x)
    model = Model(x, y, name="net")
    model.add_loss(K.mean(y**2))
    model.add_metric(K.mean(y), name="mean")
    model.compile("sgd")
    buffer = io.BytesIO()
    with pytest.warns(UserWarning, match="net was given by add_loss and add_metric"):
        model.save(buffer, save_format=save_format)
    buffer.seek(0)
    with pytest.warns(UserWarning, match=r"so it was \*not\* compiled"):
        other = load_model(buffer)
    assert other.optimizer is None
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


@both_formats
def test_losses_of_layers_come_back(save_format):
    model = Sequential([L.Dense(2, input_shape=(3,), activity_regularizer="l2")])
    model.compile("sgd")
    other = through(model, save_format)
    assert other.train_on_batch(X, None) == model.train_on_batch(X, None) > 0


@both_formats
def test_a_function_without_a_name_cannot_be_found(save_format):
    model = Sequential([L.Dense(2, input_shape=(3,))])
    model.compile("sgd", lambda a, b: K.mean(a - b))
    with pytest.raises(ValueError, match="Unknown loss function: '<lambda>'"):
        through(model, save_format)
    assert through(model, save_format, compile=False).optimizer is None
