"""The rules against the trajectories of Keras 2.3.1, and the three ways to run them."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import optimizers
from hornbeam.backend.executable import Executable
from hornbeam.backend.ops import op

# Keras 2.3.1 on TensorFlow 1.15: 20 steps on the problem below, to 6 digits: settings, the two
# parameters, and the sum of each of the optimizer's own weights. The iterations were counted
# between the steps: TensorFlow orders the count within a step and its reading by chance.
TRAJECTORIES = {
    "SGD": (
        {},
        [[-0.365531, -0.165049], [-0.031509, 0.170279], [0.331483, 0.532932]],
        [0.296774, -0.223222],
        [20.0, -0.0060114, -0.0013545],
    ),
    "SGD nesterov decay": (
        {"lr": 0.2, "momentum": 0.9, "nesterov": True, "decay": 0.1},
        [[1.027017, 1.441422], [0.703692, 0.991168], [-0.266605, -0.186482]],
        [0.093459, -0.085257],
        [20.0, 0.1581756, -0.0229026],
    ),
    "SGD momentum": (
        {"learning_rate": 0.05, "momentum": 0.9},
        [[0.278914, 0.563084], [0.111018, 0.322603], [-0.158947, -0.030599]],
        [0.235024, 0.050585],
        [20.0, 0.2229111, 0.0301634],
    ),
    "SGD clipnorm": (
        {"learning_rate": 0.1, "clipnorm": 0.3},
        [[-0.195445, 0.015632], [-0.11835, 0.08403], [0.067555, 0.25905]],
        [0.228667, -0.24074],
        [20.0, -0.0087447, -0.0008727],
    ),
    "SGD clipnorm clipvalue": (
        {"learning_rate": 0.1, "clipnorm": 0.5, "clipvalue": 0.1},
        [[-0.2, 0.0], [-0.186726, 0.025132], [0.2, 0.4]],
        [0.219781, -0.291751],
        [20.0, -0.0108815, -0.0019297],
    ),
    "RMSprop": (
        {"learning_rate": 0.01, "rho": 0.8, "decay": 0.05},
        [[-0.226063, -0.02711], [-0.160496, 0.044549], [0.231811, 0.433883]],
        [0.153036, -0.305969],
        [20.0, 0.215584, 0.0007245],
    ),
    "Adagrad": (
        {"learning_rate": 0.05, "decay": 0.1, "epsilon": 0.001},
        [[-0.154561, 0.045305], [-0.193485, 0.011305], [0.175038, 0.37526]],
        [0.15189, -0.262845],
        [20.0, 3.9307444, 0.0538812],
    ),
    "Adadelta": (
        {"learning_rate": 0.5, "rho": 0.9, "decay": 0.1},
        [[-0.393816, -0.193817], [-0.006158, 0.193851], [0.393829, 0.593833]],
        [0.293021, -0.206137],
        [20.0, 0.3058416, 0.0135698, 6.7e-06, 3.2e-06],
    ),
    "Adam": (
        {"learning_rate": 0.05, "beta_1": 0.8, "decay": 0.1},
        [[0.120664, 0.341675], [-0.161408, 0.044873], [0.011008, 0.165842]],
        [0.180389, -0.098327],
        [20.0, -0.2608271, -0.068763, 0.0020641, 0.0002197, 0.0, 0.0],
    ),
    "Adam amsgrad": (
        {"learning_rate": 0.05, "beta_2": 0.9, "amsgrad": True},
        [[0.450424, 0.742286], [-0.011843, 0.241012], [-0.051547, 0.084326]],
        [0.178729, 0.046717],
        [20.0, -0.3413733, -0.0217838, 0.0592635, 0.0126697, 0.1147145, 0.0209062],
    ),
    "Adamax": (
        {"learning_rate": 0.05, "decay": 0.1},
        [[0.097835, 0.308516], [-0.236598, -0.023928], [0.02602, 0.224782]],
        [0.205779, -0.191309],
        [20.0, -0.1514025, -0.1081638, 1.3416848, 0.193234],
    ),
    "Nadam": (
        {"learning_rate": 0.05, "beta_1": 0.8, "schedule_decay": 0.01},
        [[0.381871, 0.643964], [0.104221, 0.303684], [-0.048547, 0.051553]],
        [0.17236, -0.064697],
        [20.0, 0.0, -0.2151814, -0.004176, 0.0020596, 6.43e-05],
    ),
}
CONFIG_KEYS = {
    "SGD": ["learning_rate", "momentum", "decay", "nesterov"],
    "RMSprop": ["learning_rate", "rho", "decay", "epsilon"],
    "Adagrad": ["learning_rate", "decay", "epsilon"],
    "Adadelta": ["learning_rate", "rho", "decay", "epsilon"],
    "Adam": ["learning_rate", "beta_1", "beta_2", "decay", "epsilon", "amsgrad"],
    "Adamax": ["learning_rate", "beta_1", "beta_2", "decay", "epsilon"],
    "Nadam": ["learning_rate", "beta_1", "beta_2", "epsilon", "schedule_decay"],
}
X = np.sin(np.arange(15.0)).reshape(5, 3).astype("float32")
Y = np.cos(np.arange(10.0)).reshape(5, 2).astype("float32")


def parameters(**settings):
    return [
        K.variable(np.arange(6).reshape(3, 2) / 5.0 - 0.4, **settings),
        K.variable(np.array([0.3, -0.2]), **settings),
    ]


def distance(kernel, bias):
    return jnp.mean(jnp.square(jnp.tanh(X @ kernel + bias[None]) - Y))


def symbolic_loop(optimizer, params, steps):
    """Trains by `K.function(..., updates=...)`."""
    loss = op(distance)(*params)
    step = K.function([], [loss], updates=optimizer.symbolic_updates(loss, params))
    return [float(step([])[0]) for _ in range(steps)]


def compiled_loop(optimizer, params, steps):
    """Trains by `apply_gradients` in a compiled program, as `fit` does."""
    optimizer.build(params)

    def body(program, arrays):
        loss, grads = jax.value_and_grad(lambda points: distance(*points))(
            [program.read(p) for p in params]
        )
        optimizer.apply_gradients(zip(grads, params))
        return loss

    step = Executable(body, [], training=True)
    return [float(step([])) for _ in range(steps)]


def immediate_loop(optimizer, params, steps):
    """Trains by `apply_gradients` on arrays, as a loop written by hand does."""
    losses = []
    for _ in range(steps):
        loss, grads = jax.value_and_grad(lambda points: distance(*points))(
            [p.get_value() for p in params]
        )
        optimizer.apply_gradients(zip(grads, params))
        losses.append(float(loss))
    return losses


def made(case):
    return getattr(optimizers, case.split()[0])(**TRAJECTORIES[case][0])


@pytest.mark.parametrize("case", TRAJECTORIES)
@pytest.mark.parametrize("loop", [symbolic_loop, compiled_loop])
def test_twenty_steps_end_where_keras_ends(case, loop):
    _, kernel, bias, sums = TRAJECTORIES[case]
    optimizer, params = made(case), parameters()
    loop(optimizer, params, 20)
    np.testing.assert_allclose(params[0].get_value(), kernel, atol=2e-6)  # 6 digits are stored
    np.testing.assert_allclose(params[1].get_value(), bias, atol=2e-6)
    found = [float(np.sum(weight)) for weight in optimizer.get_weights()]
    np.testing.assert_allclose(found, sums, atol=2e-6)


@pytest.mark.parametrize("case", ["SGD clipnorm clipvalue", "Adam amsgrad", "Nadam"])
def test_immediate_steps_are_the_compiled_ones(case):
    params, again = parameters(), parameters()
    losses = immediate_loop(made(case), params, 4)
    np.testing.assert_allclose(losses, compiled_loop(made(case), again, 4), rtol=1e-6)
    for first, second in zip(params, again):
        np.testing.assert_allclose(first.get_value(), second.get_value(), atol=1e-6)


@pytest.mark.parametrize("name", CONFIG_KEYS)
def test_config_has_the_keys_of_keras_and_comes_back(name):
    optimizer = getattr(optimizers, name)(clipnorm=2.0, lr=0.25)
    config = optimizer.get_config()
    assert list(config) == ["clipnorm", *CONFIG_KEYS[name]]
    assert config["learning_rate"] == 0.25
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == config


def test_weights_are_grouped_by_slot():
    adam = optimizers.Adam()
    assert adam.weights == [] and adam.get_weights() == []
    adam.build(parameters())
    shapes = [tuple(weight.shape) for weight in adam.weights]
    assert shapes == [(), (3, 2), (2,), (3, 2), (2,), (1,), (1,)]
    assert adam.weights[0] is adam.iterations and adam.iterations.dtype == "int32"
    nadam = optimizers.Nadam()
    nadam.build(parameters())
    assert nadam.weights[1] is nadam.m_schedule


def test_slots_are_made_once_for_a_parameter():
    params = parameters()
    optimizer = optimizers.Adam()
    optimizer.build(params)
    kernel_m = optimizer.weights[1]
    optimizer.build(params[:1])
    assert [weight is kernel_m for weight in optimizer.weights] == [False, True, False, False]
    optimizer.build(params[::-1])
    assert optimizer.weights[2] is kernel_m


def test_weights_given_to_another_optimizer_continue_the_trajectory():
    first, params = optimizers.Adam(0.05), parameters()
    compiled_loop(first, params, 3)
    second, copies = optimizers.Adam(0.05), [K.variable(p.get_value()) for p in params]
    second.build(copies)
    second.set_weights(first.get_weights())
    assert compiled_loop(first, params, 3) == compiled_loop(second, copies, 3)


def test_weights_of_older_files_lack_one_and_are_completed():
    for name, place, value in (("RMSprop", 0, 0), ("Adagrad", 0, 0), ("Nadam", 1, 1.0)):
        optimizer = getattr(optimizers, name)()
        optimizer.build(parameters())
        older = [np.full_like(weight, 7) for weight in optimizer.get_weights()]
        del older[place]
        optimizer.set_weights(older)
        found = optimizer.get_weights()
        assert found[place] == value and np.all(found[-1] == 7)


def test_unfit_weights_change_nothing():
    optimizer = optimizers.SGD()
    with pytest.raises(ValueError, match=r"weight list \(2\) does not match .* \(0\).*build"):
        optimizer.set_weights([np.zeros(()), np.zeros(2)])
    optimizer.build(parameters())
    with pytest.raises(ValueError, match=r"shape \(2,\) not compatible with .* shape \(3,\)"):
        optimizer.set_weights([np.array(5), np.ones((3, 2)), np.ones(3)])
    assert all(np.all(weight == 0) for weight in optimizer.get_weights())


def test_learning_rate_is_one_variable_under_two_names():
    optimizer, params = optimizers.SGD(lr=0.5), parameters()
    variable = optimizer.learning_rate
    assert optimizer.lr is variable
    K.set_value(optimizer.lr, 0.25)
    assert K.get_value(optimizer.learning_rate) == 0.25
    optimizer.lr = 0.0
    assert optimizer.lr is variable
    before = params[0].get_value()
    compiled_loop(optimizer, params, 2)
    assert np.array_equal(params[0].get_value(), before)
    optimizer.learning_rate = 0.5
    optimizer.lr = optimizer.lr * 0.5
    assert optimizer.lr is variable and float(variable) == 0.25


def test_a_rate_set_between_steps_is_used_by_compiled_code():
    optimizer, params = optimizers.SGD(1.0), parameters()
    loss = op(distance)(*params)
    step = K.function([], [loss], updates=optimizer.get_updates(loss, params))
    step([])
    optimizer.lr = 0.0
    before = params[0].get_value()
    step([])
    assert np.array_equal(params[0].get_value(), before)
    assert K.get_value(optimizer.iterations) == 2


def test_a_rate_may_be_a_tensor_of_the_iterations():
    optimizer, params = optimizers.SGD(1.0), parameters()
    optimizer.learning_rate = optimizer.learning_rate * K.cast(optimizer.iterations, "float32")
    before = params[1].get_value()
    loss = op(distance)(*params)
    step = K.function([], [loss], updates=optimizer.get_updates(loss, params))
    step([])
    assert np.array_equal(params[1].get_value(), before)  # the rate of the first step is 0
    step([])
    assert not np.array_equal(params[1].get_value(), before)


def test_older_argument_orders_of_get_updates():
    expected, params = optimizers.Adam(0.1), parameters()
    losses = symbolic_loop(expected, params, 3)
    for arguments in (
        lambda loss, params: dict(args=(params, {}, loss)),
        lambda loss, params: dict(args=(params, [], loss)),
        lambda loss, params: dict(args=(params, loss)),
        lambda loss, params: dict(args=(params, {}), loss=loss),
        lambda loss, params: dict(args=(params,), constraints={}, loss=loss),
        lambda loss, params: dict(args=(), params=params, loss=loss),
    ):
        optimizer, params = optimizers.Adam(0.1), parameters()
        loss = op(distance)(*params)
        keywords = arguments(loss, params)
        updates = optimizer.get_updates(*keywords.pop("args"), **keywords)
        step = K.function([], [loss], updates=updates)
        assert [float(step([])[0]) for _ in range(3)] == losses
        assert optimizer.updates is updates


def test_constraints_act_on_new_values():
    params = parameters(constraint=lambda value: K.maximum(value, 0.0))
    for loop in (symbolic_loop, compiled_loop):
        loop(optimizers.Adam(0.01), params, 1)
        assert params[0].get_value().min() == 0.0


def test_float64_and_float16_parameters_keep_their_dtype():
    for dtype in ("float64", "float16"):
        params = [K.variable(p.get_value(), dtype=dtype) for p in parameters()]
        optimizer = optimizers.Adam(0.05)
        optimizer.build(params)
        optimizer.apply_gradients([(np.ones((3, 2)), params[0]), (np.ones(2), params[1])])
        assert {p.get_value().dtype.name for p in params} == {dtype}
        assert optimizer.get_weights()[1].dtype == dtype
        np.testing.assert_allclose(params[1].get_value(), [0.25, -0.25], rtol=1e-3)


def test_minimize_takes_a_tensor_or_a_function():
    params, again = parameters(), parameters()
    optimizer = optimizers.SGD(0.5)
    for _ in range(2):
        optimizer.minimize(lambda: op(distance)(*params), params)
    symbolic = optimizers.SGD(0.5)
    loss = op(distance)(*again)
    step = K.function([], [loss], updates=symbolic.minimize(loss, again))
    step([]), step([])
    np.testing.assert_allclose(params[0].get_value(), again[0].get_value(), rtol=1e-6)


def test_gradients_of_nothing():
    kernel, bias = parameters()
    optimizer = optimizers.SGD()
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.apply_gradients([(None, kernel)])
    loss = K.sum(kernel)
    with pytest.raises(ValueError, match="An operation has `None` for gradient.*" + bias.name):
        optimizer.get_gradients(loss, [kernel, bias])
    with pytest.warns(UserWarning, match="Gradients do not exist for variables.*" + kernel.name):
        optimizer.apply_gradients([(None, kernel), (np.ones(2), bias)])
    np.testing.assert_allclose(bias.get_value(), [0.29, -0.21], rtol=1e-6)


def test_clip_norm():
    gradient = np.array([3.0, 4.0], "float32")
    np.testing.assert_allclose(optimizers.clip_norm(gradient, 1.0, np.float32(5.0)), [0.6, 0.8])
    assert np.array_equal(optimizers.clip_norm(gradient, 6.0, np.float32(5.0)), gradient)
    assert optimizers.clip_norm(gradient, 0, np.float32(5.0)) is gradient
    tensor = optimizers.clip_norm(K.variable(gradient), 1.0, K.variable(5.0))
    np.testing.assert_allclose(K.eval(tensor), [0.6, 0.8])


def moved(name, gradient, **settings):
    """Where two steps with the same gradient end that start from zeros."""
    optimizer, weight = getattr(optimizers, name)(**settings), K.variable(np.zeros(2))
    for _ in range(2):
        optimizer.apply_gradients([(np.asarray(gradient, "float32"), weight)])
    return weight.get_value()


@pytest.mark.parametrize("name", ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam"])
def test_clipnorm_clipvalue_and_lr_mean_the_same_in_every_optimizer(name):
    gradient = [30.0, -40.0]
    expected = moved(name, [0.3, -0.4], lr=0.5)
    found = moved(name, gradient, lr=0.5, clipnorm=0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    found = moved(name, gradient, lr=0.5, clipvalue=0.35)
    np.testing.assert_allclose(found, moved(name, [0.35, -0.35], lr=0.5), rtol=1e-6)
    np.testing.assert_allclose(moved(name, [0.3, -0.4], lr=0.05), expected / 10, rtol=1e-6)
    np.testing.assert_array_equal(moved(name, [0.3, -0.4], learning_rate=0.5), expected)


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="Unexpected keyword argument passed to optimizer: rate"):
        optimizers.Adam(rate=1)
    with pytest.raises(ValueError, match="clipnorm must be a number >= 0"):
        optimizers.SGD(clipnorm=-1.0)
    with pytest.raises(ValueError, match="learning_rate must be a number; nan"):
        optimizers.SGD(float("nan"))
    with pytest.raises(TypeError, match="momentum must be a number; 'high'"):
        optimizers.SGD(momentum="high")
    optimizer = optimizers.Adam()
    with pytest.raises(ValueError, match="learning_rate must be a number; nan"):
        optimizer.lr = float("nan")


def test_get_finds_names_in_any_case_and_suggests():
    for name in ("sgd", "SGD", "RMSprop", "rmsprop", "ADAM", "nadam"):
        assert type(optimizers.get(name)).__name__.lower() == name.lower()
    sgd = optimizers.SGD()
    assert optimizers.get(sgd) is sgd
    config = {"class_name": "Adam", "config": {"lr": 0.5}}
    assert float(optimizers.get(config).lr) == 0.5
    assert config["class_name"] == "Adam"
    with pytest.raises(ValueError, match="Unknown optimizer: 'adm'.*Did you mean 'adam'"):
        optimizers.get("adm")
    with pytest.raises(ValueError, match="Could not interpret optimizer identifier: 3"):
        optimizers.get(3)
    with pytest.raises(ValueError, match=r"is a class. Pass an instance: Adam\(\)"):
        optimizers.get(optimizers.Adam)


def test_copies_go_their_own_way():
    optimizer, params = optimizers.Adam(0.1), parameters()
    compiled_loop(optimizer, params, 2)
    for copied, copies in (
        copy.deepcopy((optimizer, params)),
        pickle.loads(pickle.dumps((optimizer, params))),
    ):
        compiled_loop(copied, copies, 1)
        assert K.get_value(copied.iterations) == 3 and K.get_value(optimizer.iterations) == 2
        assert copied.weights[1] is copied._slots[copies[0]][0]


# ---- optimizers of users, written for Keras 2


class Signed(optimizers.Optimizer):
    def __init__(self, learning_rate=0.05, memory=0.5, **kwargs):
        super().__init__(**kwargs)
        with K.name_scope(self.__class__.__name__):
            self.learning_rate = K.variable(learning_rate, name="learning_rate")
            self.memory = K.variable(memory, name="memory")
            self.iterations = K.variable(0, dtype="int64", name="iterations")

    def get_updates(self, loss, params):
        gradients = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        averages = [K.zeros(K.int_shape(p), dtype=K.dtype(p)) for p in params]
        self.weights = [self.iterations] + averages
        for p, g, a in zip(params, gradients, averages):
            average = self.memory * a + (1.0 - self.memory) * g
            self.updates.append(K.update(a, average))
            self.updates.append(K.update(p, p - self.learning_rate * K.sign(average)))
        return self.updates


class Older(Signed):
    def get_updates(self, params, constraints, loss):
        self.seen = constraints
        return super().get_updates(loss, params)


def test_subclasses_written_symbolically_are_known_and_run():
    assert Signed().is_symbolic
    optimizer, params = Signed(clipvalue=0.5), parameters()
    symbolic_loop(optimizer, params, 3)
    assert [weight.shape for weight in optimizer.get_weights()] == [(), (3, 2), (2,)]
    assert optimizer.get_weights()[0] == 3
    np.testing.assert_allclose(params[1].get_value(), [0.15, -0.35], rtol=1e-6)
    older, again = Older(clipvalue=0.5), parameters(constraint=lambda value: value)
    symbolic_loop(older, again, 3)
    assert set(older.seen) == set(again)
    assert np.array_equal(params[0].get_value(), again[0].get_value())


def test_which_rules_are_symbolic():
    class Halved(optimizers.SGD):
        def get_gradients(self, loss, params):
            return [g / 2 for g in super().get_gradients(loss, params)]

    class Direct(Signed):
        def compute_updates(self, params, grads):
            return [(p, p - g) for p, g in zip(params, grads)]

    assert not optimizers.Adam().is_symbolic
    assert Halved().is_symbolic
    assert not Direct().is_symbolic
    replaced = optimizers.SGD()
    replaced.get_gradients = lambda loss, params: []
    assert replaced.is_symbolic
    params, again = parameters(), parameters()
    symbolic_loop(Halved(0.2), params, 3)
    compiled_loop(optimizers.SGD(0.1), again, 3)
    np.testing.assert_allclose(params[0].get_value(), again[0].get_value(), rtol=1e-5)


def test_a_rule_without_formula_says_what_to_write():
    class Empty(optimizers.Optimizer):
        def __init__(self):
            super().__init__()
            self.iterations = K.variable(0, dtype="int32")

    with pytest.raises(NotImplementedError, match="Empty has no rule.*get_updates"):
        Empty().apply_gradients([(np.ones(2), parameters()[1])])
