"""`LossScaleOptimizer`: its arguments, its step in every kind of training loop, its state."""

import copy
import pickle

import numpy as np
import pytest

import hornbeam
import hornbeam.compat.tensorflow.mixed_precision as of_tensorflow  # `from` would turn eager on
from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.backend import eagerly, running
from hornbeam.backend.tapes import Tape
from hornbeam.mixed_precision import LossScaleOptimizer, set_global_policy
from hornbeam.models import Sequential, load_model
from hornbeam.optimizers import SGD, Adam, Optimizer, deserialize, serialize

X = np.random.RandomState(0).uniform(-1, 1, (16, 4)).astype("float32")
Y = np.random.RandomState(1).uniform(-1, 1, (16, 2)).astype("float32")


def regression(policy="mixed_float16"):
    set_global_policy(policy)
    model = Sequential([
        L.Dense(6, activation="tanh", input_shape=(4,)), L.Dense(2, dtype="float32"),
    ])  # fmt: skip
    random = np.random.RandomState(2)
    model.set_weights([random.uniform(-0.5, 0.5, w.shape) for w in model.weights])
    return model


def state(optimizer):
    return (
        float(optimizer.loss_scale), int(optimizer.dynamic_counter), int(optimizer.iterations)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("sgd",), TypeError, "must be an instance.*'?sgd"),
        ((LossScaleOptimizer(SGD()),), TypeError, "cannot wrap another"),
        ((SGD(), 3), TypeError, "must be a bool, but got: 3"),
        ((SGD(), False), ValueError, '"initial_scale" must be specified'),
        ((SGD(), False, 8.0, 5), ValueError, "must be None.*but got: 5"),
    ],
)
def test_arguments_that_contradict_each_other(arguments, error, message):
    with pytest.raises(error, match=message):
        LossScaleOptimizer(*arguments)


def test_what_it_has_of_its_own_and_what_is_the_inner_ones():
    inner = Adam(0.01)
    optimizer = LossScaleOptimizer(inner, initial_scale=64.0, dynamic_growth_steps=5)
    assert state(optimizer) == (64.0, 0, 0)
    assert (optimizer.initial_scale, optimizer.dynamic_growth_steps) == (64.0, 5)
    assert (optimizer.dynamic, optimizer.inner_optimizer) == (True, inner)
    optimizer.learning_rate = 0.5
    assert float(inner.learning_rate) == float(optimizer.lr) == 0.5
    optimizer.lr = 0.25
    assert float(inner.learning_rate) == 0.25
    assert optimizer.iterations is inner.iterations
    assert optimizer.beta_1 is inner.beta_1
    with pytest.raises(AttributeError, match="no_such"):
        _ = optimizer.no_such
    default = LossScaleOptimizer(SGD())
    assert (default.initial_scale, default.dynamic_growth_steps) == (2.0**15, 2000)


def test_config():
    optimizer = LossScaleOptimizer(SGD(0.5, momentum=0.5), initial_scale=8.0)
    config = serialize(optimizer)
    assert config["config"]["inner_optimizer"]["config"]["momentum"] == 0.5
    again = deserialize(config)
    assert type(again) is LossScaleOptimizer
    assert again.get_config() == optimizer.get_config()
    fixed = LossScaleOptimizer(SGD(), dynamic=False, initial_scale=8.0)
    assert deserialize(serialize(fixed)).get_config() == fixed.get_config()
    for scale, found in (
        ("dynamic", (True, 2.0**15)),
        (16, (False, 16.0)),
        ({"class_name": "FixedLossScale", "config": {"loss_scale_value": 4.0}}, (False, 4.0)),
    ):
        old = {"class_name": "LossScaleOptimizer",
               "config": {"optimizer": config["config"]["inner_optimizer"], "loss_scale": scale}}
        made = deserialize(old)
        assert (made.dynamic, made.initial_scale) == found


def test_losses_are_scaled_and_gradients_unscaled():
    optimizer = LossScaleOptimizer(SGD(), initial_scale=4.0)
    assert float(optimizer.get_scaled_loss(np.float32(3.0))) == 12.0
    assert float(optimizer.get_scaled_loss(lambda: np.float32(3.0))()) == 12.0
    assert optimizer.get_scaled_loss(np.float16(3.0)).dtype == "float16"
    found = optimizer.get_unscaled_gradients([np.float32([8.0, 2.0]), None])
    np.testing.assert_array_equal(found[0], [2.0, 0.5])
    assert found[1] is None
    assert K.eval(optimizer.get_scaled_loss(K.constant(3.0))) == 12.0


def test_gradients_that_are_not_finite_change_nothing_but_the_scale():
    optimizer = LossScaleOptimizer(
        SGD(0.1, momentum=0.9), initial_scale=8.0, dynamic_growth_steps=2
    )
    variable = K.variable([1.0, 2.0])
    optimizer.apply_gradients([(np.float32([1.0, 1.0]), variable)])
    weights, slots = variable.get_value(), optimizer.get_weights()[1:]
    assert state(optimizer) == (8.0, 1, 1)
    for number, bad in enumerate((np.inf, np.nan)):
        optimizer.apply_gradients([(np.float32([bad, 1.0]), variable)])
        np.testing.assert_array_equal(variable.get_value(), weights)
        np.testing.assert_array_equal(optimizer.get_weights()[1:], slots)
        assert state(optimizer) == (4.0 / 2**number, 0, 2 + number)  # tf.keras counts them
    for scale, counter in ((2.0, 1), (4.0, 0)):
        optimizer.apply_gradients([(np.float32([1.0, 1.0]), variable)])
        assert state(optimizer)[:2] == (scale, counter)


def test_the_scale_stays_at_one_and_below_infinity():
    variable = K.variable([1.0])
    low = LossScaleOptimizer(SGD(), initial_scale=1.0)
    low.apply_gradients([(np.float32([np.inf]), variable)])
    assert float(low.loss_scale) == 1.0
    high = LossScaleOptimizer(SGD(), initial_scale=2.0**127, dynamic_growth_steps=1)
    high.apply_gradients([(np.float32([1.0]), variable)])
    assert float(high.loss_scale) == 2.0**127


def test_clipping_is_of_unscaled_gradients():
    optimizer = LossScaleOptimizer(SGD(1.0, clipvalue=0.5), initial_scale=1024.0)
    variable = K.variable([0.0, 0.0])
    scaled = np.float32([0.25, 4.0]) * 1024
    with running.eagerly(eagerly):
        optimizer.apply_gradients(zip(optimizer.get_unscaled_gradients([scaled]), [variable]))
    np.testing.assert_array_equal(variable.get_value(), [-0.25, -0.5])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float32", "float16"])
def test_compile_scales_where_the_policy_asks_for_it(policy):
    model = regression(policy)
    model.compile("sgd", "mse")
    assert isinstance(model.optimizer, LossScaleOptimizer) == (policy == "mixed_float16")
    own = LossScaleOptimizer(SGD())
    model.compile(own, "mse")
    assert model.optimizer is own


def by_steps(model, optimizer):
    model.compile(optimizer, "mse")
    return [model.train_on_batch(X, Y) for _ in range(4)]


class Symbolic(Optimizer):
    """An optimizer as programs for Keras 2 wrote them."""

    def __init__(self, rate):
        super().__init__()
        self.rate, self.iterations = K.variable(rate), K.variable(0, dtype="int64")

    def get_updates(self, loss, params):
        self.updates = [K.update_add(self.iterations, 1)]
        moments = [K.zeros(K.int_shape(p)) for p in params]
        for param, gradient, moment in zip(params, self.get_gradients(loss, params), moments):
            moved = 0.9 * moment - self.rate * gradient
            self.updates += [K.update(moment, moved), K.update(param, param + moved)]
        self.weights = [self.iterations, *moments]
        return self.updates


def by_function(model, optimizer):
    target = K.placeholder((None, 2))
    loss = K.mean(K.square(model.output - target))
    updates = optimizer.get_updates(loss, model.trainable_weights)
    step = K.function([model.input, target], [loss], updates=updates)
    return [step([X, Y])[0] for _ in range(4)]


def by_tape(model, optimizer, minimizes):
    losses = []
    with running.eagerly(eagerly):
        for _ in range(4):
            with Tape() as tape:
                loss = K.mean(K.square(model(X) - Y))
                scaled = optimizer.get_scaled_loss(loss)
            weights = model.trainable_weights
            if minimizes:
                optimizer.minimize(loss, weights, tape=tape)
            else:
                found = optimizer.get_unscaled_gradients(tape.gradient(scaled, weights))
                optimizer.apply_gradients(zip(found, weights))
            losses.append(loss.numpy())
    return losses


def by_minimize(model, optimizer):
    losses = []
    with running.eagerly(eagerly):

        def loss():
            value = K.mean(K.square(model(X) - Y))
            losses.append(value)
            return value

        for _ in range(4):
            optimizer.minimize(loss, model.trainable_weights)
    return [value.numpy() for value in losses]


@pytest.mark.parametrize(
    "way",
    [
        by_function,
        by_minimize,
        lambda model, optimizer: by_tape(model, optimizer, False),
        lambda model, optimizer: by_tape(model, optimizer, True),
        lambda model, optimizer: by_steps(model, LossScaleOptimizer(Symbolic(0.2))),
    ],
    ids=["K.function", "minimize", "tape", "tape and minimize", "symbolic"],
)
def test_every_way_of_training_is_the_same(way):
    expected = by_steps(regression(), SGD(0.2, momentum=0.9))
    assert expected[3] < expected[0]
    found = way(regression(), LossScaleOptimizer(SGD(0.2, momentum=0.9)))
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_fit_leaves_out_a_bad_batch_in_loops_and_in_steps():
    for rows in (slice(None), slice(0, 4)):
        model = regression()
        model.compile(Adam(0.01), "mse")
        before = model.get_weights()
        target = Y.copy()
        target[:] = np.inf
        model.fit(X[rows], target[rows], batch_size=4, verbose=0)
        batches = len(X[rows]) // 4
        assert state(model.optimizer) == (2.0 ** (15 - batches), 0, batches)
        for old, new in zip(before, model.get_weights()):
            np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("kind", ["model.h5", "model.keras", "pickle", "copy"])
def test_the_scale_is_kept(tmp_path, kind):
    model = regression()
    made = LossScaleOptimizer(Adam(0.01), initial_scale=16.0, dynamic_growth_steps=3)
    model.compile(made, "mse")
    model.fit(X, Y, batch_size=4, epochs=1, verbose=0)
    set_global_policy(None)
    if kind.startswith("model"):
        model.save(str(tmp_path / kind))
        again = load_model(str(tmp_path / kind))
    else:
        again = pickle.loads(pickle.dumps(model)) if kind == "pickle" else copy.deepcopy(model)
    assert state(model.optimizer) == state(again.optimizer) == (32.0, 1, 4)
    assert again.optimizer.dynamic_growth_steps == 3
    for old, new in zip(model.optimizer.get_weights(), again.optimizer.get_weights()):
        np.testing.assert_allclose(old, new, rtol=1e-6)
    history = [m.fit(X, Y, epochs=2, shuffle=False, verbose=0).history for m in (model, again)]
    np.testing.assert_allclose(history[0]["loss"], history[1]["loss"], rtol=1e-6)


def test_a_scale_that_a_file_makes_up_is_refused(tmp_path):
    import h5py

    model = regression()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    path = str(tmp_path / "model.h5")
    for scale in (b"[NaN, 0]", b"[-1.0, 0]", b"[8.0, -3]", b"7", b'["a", 0]'):
        model.save(path)
        with h5py.File(path, "r+") as file:
            file["optimizer_weights"].attrs["loss_scale"] = scale
        with pytest.warns(UserWarning, match="loading the saved optimizer state"):
            again = load_model(path)
        assert float(again.optimizer.loss_scale) == 2.0**15


# ---- the names from before TensorFlow 2.4


def test_the_older_arguments():
    made = of_tensorflow.LossScaleOptimizer(SGD(), "dynamic")
    assert (made.dynamic, made.initial_scale) == (True, 2.0**15)
    made = of_tensorflow.LossScaleOptimizer(optimizer=SGD(), loss_scale=128)
    assert (made.dynamic, made.initial_scale) == (False, 128.0)
    scale = of_tensorflow.DynamicLossScale(initial_loss_scale=4.0, increment_period=7)
    made = of_tensorflow.LossScaleOptimizer(SGD(), scale)
    assert (made.initial_scale, made.dynamic_growth_steps) == (4.0, 7)
    with pytest.raises(ValueError, match="multiplier is 2"):
        of_tensorflow.LossScaleOptimizer(SGD(), of_tensorflow.DynamicLossScale(multiplier=3.0))


@pytest.mark.parametrize(
    ("loss_scale", "scale"), [("auto", 2.0**15), (64, 64.0), (None, None)], ids=str
)
def test_an_older_policy_says_how_the_loss_is_scaled(loss_scale, scale):
    policy = of_tensorflow.experimental.Policy("mixed_float16", loss_scale)
    of_tensorflow.experimental.set_policy(policy)
    model = Sequential([L.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    found = getattr(model.optimizer, "loss_scale", None)
    assert (None if found is None else float(found)) == scale
    assert hornbeam.mixed_precision.global_policy() is policy
