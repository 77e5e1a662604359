import math

import jax
import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import losses
from hornbeam.losses.reduction import (
    Reduction,
    broadcast_weights,
    compute_weighted_loss,
    squeeze_or_expand_dimensions,
)
from hornbeam.registry import custom_object_scope

T = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], "float32")
P = np.array([[0.2, 0.7, 0.1], [0.25, 0.5, 0.25]], "float32")
LOGITS = np.array([[1.5, -2.0, 0.3], [0.2, 4.0, -1.0]], "float32")
WEIGHTS = [2.0, 0.5]

# Losses of (T, P) in Keras 2.3.1, and the gradient of their sum with respect to P.
KERAS = {
    "mean_squared_error": (
        [0.04666667, 0.29166666],
        [[0.13333334, -0.20000002, 0.06666667], [-0.5, 0.33333334, 0.16666667]],
    ),
    "mean_absolute_error": (
        [0.2, 0.5],
        [[0.33333334, -0.33333334, 0.33333334], [-0.33333334, 0.33333334, 0.33333334]],
    ),
    "mean_absolute_percentage_error": (
        [100000000.0, 250000032.0],
        [[333333312.0, -33.333332, 333333312.0], [-33.333332, 333333312.0, 333333312.0]],
    ),
    "mean_squared_logarithmic_error": (
        [0.02291251, 0.14503276],
        [[0.1012897, -0.0637329, 0.05776368], [-0.25066862, 0.18020669, 0.11900984]],
    ),
    "squared_hinge": (
        [0.9133334, 1.4583335],
        [[0.8000001, -0.20000002, 0.73333335], [-0.5, 1.0, 0.83333337]],
    ),
    "hinge": (
        [0.8666666, 1.1666666],
        [[0.33333334, -0.33333334, 0.33333334], [-0.33333334, 0.33333334, 0.33333334]],
    ),
    "categorical_hinge": ([0.5, 1.25], [[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0]]),
    "logcosh": (
        [0.02306688, 0.13643679],
        [[0.06579176, -0.09710419, 0.03322264], [-0.21171632, 0.15403906, 0.08163956]],
    ),
    "huber_loss": (
        [[0.02, 0.045, 0.005], [0.28125, 0.125, 0.03125]],
        [[0.2, -0.3, 0.1], [-0.75, 0.5, 0.25]],
    ),
    "categorical_crossentropy": (
        [0.35667497, 1.3862944],
        [[1.0, -0.4285715, 1.0], [-3.0, 1.0, 1.0]],
    ),
    "binary_crossentropy": (
        [0.22839285, 0.789041],
        [[0.4166666, -0.4761904, 0.37037036], [-1.3333329, 0.6666665, 0.4444444]],
    ),
    "kullback_leibler_divergence": (
        [0.3566721, 1.3862914],
        [[-5e-07, -1.4285713, -1e-06], [-4.0, -2e-07, -4e-07]],
    ),
    "poisson": (
        [0.45222497, 0.79543126],
        [[0.33333334, -0.14285707, 0.33333334], [-0.9999995, 0.33333334, 0.33333334]],
    ),
    "cosine_proximity": (
        [-0.9525794, -0.40824828],
        [[0.3528072, -0.12600255, 0.1764036], [-1.3608276, 0.544331, 0.2721655]],
    ),
}


# ---- functions


@pytest.mark.parametrize("name", KERAS)
def test_values_and_gradients_are_those_of_keras(name):
    values, gradients = KERAS[name]
    function = getattr(losses, name)
    p = K.variable(P)
    loss = function(K.variable(T), p)
    np.testing.assert_allclose(K.eval(loss), values, rtol=1e-5)
    found = K.eval(K.gradients(K.sum(loss), [p])[0])
    np.testing.assert_allclose(found, gradients, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("name", KERAS)
def test_lists_arrays_and_tracers_give_the_same(name):
    values = np.array(KERAS[name][0])
    function = getattr(losses, name)
    for y_true, y_pred in (
        (T.tolist(), P.tolist()),
        (T, P),
        (T.astype("int32"), P.astype("float64")),
        (T.astype(bool), jax.numpy.array(P)),
        (jax.numpy.array(T), jax.numpy.array(P)),
        (K.constant(T), K.constant(P)),
    ):
        np.testing.assert_allclose(K.eval(function(y_true, y_pred)), values, rtol=1e-5)
    np.testing.assert_allclose(jax.jit(function)(T, P), values, rtol=1e-5)


@pytest.mark.parametrize("name", KERAS)
def test_placeholders_keep_the_batch_unknown(name):
    y_true, y_pred = K.placeholder((None, 3)), K.placeholder((None, 3))
    loss = getattr(losses, name)(y_true, y_pred)
    assert K.int_shape(loss) == ((None, 3) if name == "huber_loss" else (None,))
    run = K.function([y_true, y_pred], [loss])
    np.testing.assert_allclose(run([T, P])[0], KERAS[name][0], rtol=1e-5)


@pytest.mark.parametrize("name", KERAS)
def test_float64_predictions_are_computed_in_float64(name):
    loss = getattr(losses, name)(K.variable(T), K.variable(P, dtype="float64"))
    assert K.dtype(loss) == "float64"
    np.testing.assert_allclose(K.eval(loss), KERAS[name][0], rtol=1e-5)


def test_sparse_labels():
    p = K.variable(P)
    for labels in ([1, 0], [[1], [0]], np.array([1.0, 0.0]), K.variable([1, 0])):
        loss = losses.sparse_categorical_crossentropy(labels, p)
        np.testing.assert_allclose(K.eval(loss), [0.35667497, 1.3862944], rtol=1e-5)
    gradient = K.eval(K.gradients(K.sum(loss), [p])[0])
    np.testing.assert_allclose(gradient, [[1.0, -0.4285715, 1.0], [-3.0, 1.0, 1.0]], rtol=1e-5)
    logits = losses.sparse_categorical_crossentropy([1, 0], LOGITS, from_logits=True)
    np.testing.assert_allclose(K.eval(logits), [3.7862246, 3.8286932], rtol=1e-5)


def test_sparse_labels_of_sequences_and_images():
    p = np.random.dirichlet([1, 1, 1], size=(2, 4)).astype("float32")
    labels = np.random.randint(0, 3, (2, 4))
    wanted = -np.log(np.take_along_axis(p, labels[..., None], -1)[..., 0])
    for y in (labels, labels[..., None]):
        loss = K.eval(losses.sparse_categorical_crossentropy(y, p))
        np.testing.assert_allclose(loss, wanted, rtol=1e-4)
    first = np.moveaxis(p, -1, 1)
    loss = K.eval(losses.sparse_categorical_crossentropy(labels, first, axis=1))
    np.testing.assert_allclose(loss, wanted, rtol=1e-4)


# Keras 2.3.1
@pytest.mark.parametrize(
    "name, options, values",
    [
        ("categorical_crossentropy", {"from_logits": True}, [3.7862246, 3.8286932]),
        ("categorical_crossentropy", {"label_smoothing": 0.1}, [0.46329743, 1.3631895]),
        (
            "categorical_crossentropy",
            {"from_logits": True, "label_smoothing": 0.1},
            [3.5928912, 3.7420266],
        ),
        ("binary_crossentropy", {"from_logits": True}, [1.5608989, 1.6431834]),
        ("binary_crossentropy", {"label_smoothing": 0.1}, [0.3022398, 0.789041]),
        (
            "binary_crossentropy",
            {"from_logits": True, "label_smoothing": 0.1},
            [1.4975656, 1.5965168],
        ),
    ],
)
def test_logits_and_label_smoothing(name, options, values):
    y_pred = LOGITS if "from_logits" in options else P
    loss = getattr(losses, name)(T, y_pred, **options)
    np.testing.assert_allclose(K.eval(loss), values, rtol=1e-5)
    symbols = K.placeholder((None, None)), K.placeholder((None, None))
    loss = getattr(losses, name)(*symbols, **options)
    np.testing.assert_allclose(K.function(symbols, [loss])([T, y_pred])[0], values, rtol=1e-5)


def test_hinge_takes_signs_and_bits():
    signs = np.where(T > 0, 1.0, -1.0)
    for function in (losses.hinge, losses.squared_hinge):
        np.testing.assert_allclose(K.eval(function(signs, P)), K.eval(function(T, P)), rtol=1e-6)
    mixed = [[0.0, 1.0, -1.0]]  # not all of them bits: taken as they are
    np.testing.assert_allclose(K.eval(losses.hinge(mixed, [[0.5, 0.5, 0.5]])), [1.0])


def test_logcosh_does_not_overflow():
    loss = K.eval(losses.logcosh([[0.0]], [[500.0]]))
    np.testing.assert_allclose(loss, [500.0 - math.log(2.0)], rtol=1e-6)


def test_huber():
    y_true, y_pred = [[0.0, 0.0, 0.0]], [[0.5, 2.0, -3.0]]
    np.testing.assert_allclose(K.eval(losses.huber_loss(y_true, y_pred)), [[0.125, 1.5, 2.5]])
    np.testing.assert_allclose(
        K.eval(losses.huber_loss(y_true, y_pred, delta=2.0)), [[0.125, 2.0, 4.0]]
    )
    np.testing.assert_allclose(K.eval(losses.huber(y_true, y_pred)), [4.125 / 3])


def test_aliases():
    for one, other in (
        ("mse", "mean_squared_error"),
        ("MSE", "mean_squared_error"),
        ("mae", "mean_absolute_error"),
        ("MAPE", "mean_absolute_percentage_error"),
        ("msle", "mean_squared_logarithmic_error"),
        ("kld", "kullback_leibler_divergence"),
        ("KLD", "kullback_leibler_divergence"),
        ("cosine", "cosine_proximity"),
        ("cosine_similarity", "cosine_proximity"),
        ("bce", "binary_crossentropy"),
    ):
        assert getattr(losses, one) is getattr(losses, other) is losses.get(one)


# ---- shapes that do not go together


def test_incompatible_shapes_are_refused():
    with pytest.raises(ValueError, match=r"mean_squared_error got targets .* \(2, 4\) .* \(2, 3\)"):
        losses.mean_squared_error(np.zeros((2, 4)), P)
    with pytest.raises(ValueError, match=r"hinge got targets .* \(None, 4\)"):
        losses.hinge(K.placeholder((None, 4)), K.placeholder((None, 3)))


def test_integer_labels_are_led_to_the_sparse_loss():
    for y in ([1, 0], [[1], [0]]):
        with pytest.raises(ValueError, match="sparse_categorical_crossentropy; to_categorical"):
            losses.categorical_crossentropy(y, P)


def test_one_hot_targets_are_led_to_the_categorical_loss():
    with pytest.raises(ValueError, match="One-hot targets belong to the loss categorical_cross"):
        losses.sparse_categorical_crossentropy(T, P)
    with pytest.raises(ValueError, match=r"integer labels of shape \(2,\) or \(2, 1\)"):
        losses.sparse_categorical_crossentropy([1, 0, 2], P)
    with pytest.raises(ValueError, match="axis=2 for predictions of shape"):
        losses.sparse_categorical_crossentropy([1, 0], P, axis=2)


def test_label_smoothing_is_a_part():
    with pytest.raises(ValueError, match=r"label_smoothing must lie in \[0, 1\]. Got: 1.5"):
        losses.binary_crossentropy(T, P, label_smoothing=1.5)


# ---- objects

CLASSES = {
    "MeanSquaredError": "mean_squared_error",
    "MeanAbsoluteError": "mean_absolute_error",
    "MeanAbsolutePercentageError": "mean_absolute_percentage_error",
    "MeanSquaredLogarithmicError": "mean_squared_logarithmic_error",
    "BinaryCrossentropy": "binary_crossentropy",
    "CategoricalCrossentropy": "categorical_crossentropy",
    "Hinge": "hinge",
    "SquaredHinge": "squared_hinge",
    "CategoricalHinge": "categorical_hinge",
    "Poisson": "poisson",
    "LogCosh": "logcosh",
    "KLDivergence": "kullback_leibler_divergence",
    "Huber": "huber_loss",
    "CosineSimilarity": "cosine_proximity",
}


@pytest.mark.parametrize("name", CLASSES)
def test_an_object_reduces_its_function(name):
    values = np.array(KERAS[CLASSES[name]][0])
    weights = np.reshape(WEIGHTS, (2,) + (1,) * (values.ndim - 1))
    for reduction, reduce in (
        ("none", np.array),
        ("sum", np.sum),
        ("sum_over_batch_size", np.mean),
    ):
        loss = getattr(losses, name)(reduction=reduction)
        np.testing.assert_allclose(K.eval(loss(T, P)), reduce(values), rtol=1e-5)
        weighted = loss(T, P, sample_weight=WEIGHTS)
        np.testing.assert_allclose(K.eval(weighted), reduce(values * weights), rtol=1e-5)
        np.testing.assert_allclose(K.eval(loss(T, P, 3.0)), reduce(values * 3), rtol=1e-5)
    assert getattr(losses, name)().reduction == "sum_over_batch_size"


# Keras 2.3.1: without weights, and with WEIGHTS.
@pytest.mark.parametrize(
    "name, values",
    [
        ("MeanSquaredError", (0.16916665, 0.11958334)),
        ("BinaryCrossentropy", (0.50871694, 0.42565313)),
        ("CategoricalCrossentropy", (0.87148464, 0.70324856)),
        ("Huber", (0.08458333, 0.05979167)),
    ],
)
def test_objects_give_the_numbers_of_keras(name, values):
    loss = getattr(losses, name)()
    assert K.eval(loss(K.variable(T), K.variable(P))) == pytest.approx(values[0], rel=1e-5)
    assert K.eval(loss(T, P, sample_weight=WEIGHTS)) == pytest.approx(values[1], rel=1e-5)


def test_sparse_object():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert K.eval(loss([1, 0], LOGITS)) == pytest.approx((3.7862246 + 3.8286932) / 2, rel=1e-5)


def test_missing_last_axes_do_not_broadcast_the_batch_with_itself():
    y_true, y_pred = np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0], [5.0]])
    loss = losses.MeanSquaredError()
    weights = [0.0, 0.0, 1.0]
    for pair in ((y_true, y_pred), (y_true[:, None], y_pred[:, 0])):
        assert K.eval(loss(*pair)) == pytest.approx(4 / 3)
        assert K.eval(loss(*pair, sample_weight=weights)) == pytest.approx(4 / 3)
    steps = np.arange(6.0).reshape(2, 3)
    assert K.eval(loss(steps, steps[..., None])) == 0.0
    assert K.eval(loss(steps[..., None], steps)) == 0.0


@pytest.mark.parametrize("name", [*CLASSES, "SparseCategoricalCrossentropy"])
def test_objects_survive_their_config(name):
    loss = getattr(losses, name)(reduction="sum", name="mine")
    config = losses.serialize(loss)
    assert config["class_name"] == name
    again = losses.get(config)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config() == config["config"]
    assert again.reduction == "sum" and again.name == "mine"


def test_configs_are_those_of_keras():
    assert losses.BinaryCrossentropy(label_smoothing=0.1).get_config() == {
        "reduction": "sum_over_batch_size",
        "name": "binary_crossentropy",
        "from_logits": False,
        "label_smoothing": 0.1,
    }
    assert losses.Huber().get_config()["name"] == "huber_loss"


def test_a_wrapper_takes_any_function():
    def scaled(y_true, y_pred, factor=1.0):
        return factor * K.mean(y_pred - y_true, axis=-1)

    loss = losses.LossFunctionWrapper(scaled, name="scaled", factor=K.variable(2.0))
    assert K.eval(loss([[1.0, 2.0]], [[2.0, 5.0]])) == pytest.approx(4.0)
    assert loss.get_config() == {
        "reduction": "sum_over_batch_size",
        "name": "scaled",
        "factor": 2.0,
        "fn": "scaled",
    }
    with custom_object_scope({"scaled": scaled}):
        assert losses.get(losses.serialize(loss)).fn is scaled


def test_a_loss_of_the_users():
    class Cubic(losses.Loss):
        def call(self, y_true, y_pred):
            return K.mean(K.abs(y_true - y_pred) ** 3, axis=-1)

    loss = Cubic(reduction="none")
    assert K.eval(loss(K.variable([[0.0]]), K.variable([[2.0]]))).tolist() == [8.0]
    assert Cubic.from_config(loss.get_config()).reduction == "none"
    with custom_object_scope({"Cubic": Cubic}):
        assert isinstance(losses.get("Cubic"), Cubic)
    with pytest.raises(NotImplementedError, match="does not define call"):
        losses.Loss()([[0.0]], [[1.0]])


def test_gradients_flow_through_objects():
    p = K.variable(P)
    gradient = K.gradients(losses.MeanSquaredError()(K.variable(T), p), [p])[0]
    np.testing.assert_allclose(K.eval(gradient), (P - T) / 3, rtol=1e-5)
    gradient = jax.grad(lambda p: losses.MeanSquaredError()(T, p))(jax.numpy.array(P))
    np.testing.assert_allclose(gradient, (P - T) / 3, rtol=1e-5)


# ---- weights and reductions


def test_weights_fit_or_are_refused():
    values = K.variable(np.ones((2, 3)))
    assert K.int_shape(broadcast_weights(values, K.variable([1.0, 2.0]))) == (2, 1)
    for shape in ((3,), (2, 4), (2, 3, 1), (3, 3)):
        with pytest.raises(ValueError, match="Incompatible shapes: `values` .2, 3. vs"):
            broadcast_weights(values, K.variable(np.ones(shape)))


def test_weights_of_each_sample_and_of_each_value():
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    for weights, total in (
        (2.0, 20.0),
        ([1.0, 0.0], 3.0),
        ([[1.0], [0.0]], 3.0),
        ([[1.0, 0.0], [0.0, 1.0]], 5.0),
        ([[[1.0], [0.0]], [[0.0], [1.0]]], 5.0),
    ):
        assert K.eval(compute_weighted_loss(values, weights, "sum")) == pytest.approx(total)


def test_the_dtype_of_losses_stays():
    for dtype in ("float16", "float64", "int32"):
        losses_ = K.variable([1, 2], dtype=dtype)
        assert K.dtype(compute_weighted_loss(losses_, [1.0, 2.0], "none")) == dtype


def test_squeeze_or_expand():
    y_pred, y_true = squeeze_or_expand_dimensions(K.variable(np.ones((2, 1))), K.variable([1, 2]))
    assert K.int_shape(y_pred) == K.int_shape(y_true) == (2,)
    y_pred, y_true, weight = squeeze_or_expand_dimensions(
        K.variable(np.ones((2, 3))), K.variable(np.ones((2, 3, 1))), K.variable([1, 2])
    )
    assert K.int_shape(y_true) == (2, 3) and K.int_shape(weight) == (2, 1)


def test_reductions_are_checked():
    assert losses.Reduction is Reduction
    assert {"none", "sum", "sum_over_batch_size"} <= set(Reduction.all())
    assert K.eval(losses.MeanSquaredError(reduction="auto")([[0.0]], [[2.0]])) == 4.0
    with pytest.raises(ValueError, match="Invalid Reduction Key mean. Expected one of .*'sum'"):
        losses.MeanSquaredError(reduction="mean")


# ---- names


def test_get():
    def mine(y_true, y_pred):
        return y_pred

    assert losses.get(None) is None
    assert losses.get(mine) is mine
    assert losses.get("categorical_crossentropy") is losses.categorical_crossentropy
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert isinstance(losses.get(losses.Hinge), losses.Hinge)
    assert losses.deserialize("mine", custom_objects={"mine": mine}) is mine
    assert losses.serialize(losses.mse) == "mean_squared_error"
    with pytest.raises(ValueError, match="Could not interpret loss function identifier: 3"):
        losses.get(3)


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(
        ValueError,
        match="Unknown loss function: 'categorical_crosentropy'. "
        "Did you mean 'categorical_crossentropy'",
    ):
        losses.get("categorical_crosentropy")


def test_the_categorical_crossentropy_is_recognized():
    known = losses.is_categorical_crossentropy
    assert known("categorical_crossentropy") and known(losses.categorical_crossentropy)
    assert known(losses.CategoricalCrossentropy())
    assert known(losses.LossFunctionWrapper(losses.categorical_crossentropy))
    assert not known("mse") and not known(losses.mse) and not known(losses.MeanSquaredError())
    assert not known(losses.SparseCategoricalCrossentropy()) and not known(None)
