"""Eager execution, tapes and traced functions, apart from TensorFlow's names."""

import copy
import pickle

import numpy as np
import pytest

import hornbeam as keras
from hornbeam import backend as K
from hornbeam.backend import eagerly, recording, running
from hornbeam.backend.cells import EagerTensor
from hornbeam.backend.tapes import Tape
from hornbeam.backend.tracing import Compiled


@pytest.fixture(autouse=True)
def eager():
    with running.eagerly(eagerly):
        yield


def tensor(value, dtype="float32"):
    return eagerly.from_value(np.asarray(value, dtype))


def small_model():
    return keras.models.Sequential(
        [
            keras.layers.Dense(4, activation="relu", input_shape=(3,)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]
    )


def test_a_tensor_answers_what_programs_ask():
    x = tensor([[1, 2], [3, 4]])
    assert isinstance(K.sum(x), EagerTensor)
    assert x.numpy().tolist() == [[1, 2], [3, 4]]
    assert x.shape.as_list() == [2, 2] and len(x) == 2 and x.dtype == "float32"
    assert float(K.sum(x)) == 10.0 and int(x[1, 0]) == 3 and [float(r[0]) for r in x] == [1, 3]
    assert bool(K.sum(x) > 9) and not bool(K.sum(x) > 11)
    assert f"{K.sum(x):.2f}" == "10.00"
    assert "shape=(2, 2)" in repr(x) and "numpy=" in repr(x)
    assert "tf.Tensor(" in str(x)
    assert list(range(5))[tensor(3, "int32")] == 3
    assert np.asarray(x).sum() == 10 and (np.ones(2) * x).numpy().tolist() == [[1, 2], [3, 4]]
    assert copy.deepcopy(x) is x
    assert pickle.loads(pickle.dumps(x)).numpy().tolist() == x.numpy().tolist()
    with pytest.raises(TypeError, match="cannot be an index"):
        [1][tensor(0.0)]


def test_values_are_those_of_when_they_were_computed():
    v = K.variable([1.0, 2.0])
    doubled = v * 2
    with Tape() as tape:
        under_the_tape = v * 3
        v.assign([5.0, 5.0])
        later = K.sum(v * under_the_tape)
    assert doubled.numpy().tolist() == [2, 4] and under_the_tape.numpy().tolist() == [3, 6]
    assert float(later) == 45 and tape.gradient(later, v).numpy().tolist() == [18, 21]


def test_a_value_outlives_the_training_that_gives_old_weights_away():
    model = small_model()
    model.compile("sgd", "mse")
    kernel = model.layers[0].kernel
    old, value = eagerly.tensor(kernel), kernel.get_value()
    with Tape(persistent=True) as tape:
        total = K.sum(model(np.ones((2, 3), "float32")) ** 2)
    before = tape.gradient(total, kernel).numpy()
    model.train_on_batch(np.arange(12.0).reshape(4, 3), np.ones((4, 1)))
    assert (old.numpy() == value).all() and (kernel.get_value() != value).any()
    np.testing.assert_allclose(tape.gradient(total, kernel).numpy(), before)


def test_the_second_step_compiles_nothing():
    model, optimizer = small_model(), keras.optimizers.Adam()
    loss_fn, metric = keras.losses.MeanSquaredError(), keras.metrics.MeanAbsoluteError()
    x, y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")

    def step():
        with Tape() as tape:
            predicted = model(x, training=True)
            loss = loss_fn(y, predicted) + sum(model.losses)
        grads = tape.gradient(loss, model.trainable_weights)
        optimizer.apply_gradients(zip(grads, model.trainable_weights))
        metric.update_state(y, predicted)
        return float(loss), float(metric.result())

    step()
    known = len(recording._programs), len(recording._kernels)
    step()
    assert (len(recording._programs), len(recording._kernels)) == known
    model.layers[2].rate = 0.25  # another program
    step()
    assert len(recording._programs) > known[0]


def test_random_numbers_of_a_call_are_drawn_once():
    layer = keras.layers.Dropout(0.5)
    x = tensor(np.ones(1000))
    with Tape() as tape:
        tape.watch(x)
        dropped = layer(x, training=True)
    grads = tape.gradient(dropped, x)
    assert (grads.numpy() == dropped.numpy()).all()
    assert (layer(x, training=True).numpy() != dropped.numpy()).any()


def test_moving_averages_move_once_a_call():
    layer = keras.layers.BatchNormalization(momentum=0.5)
    x = tensor(np.arange(8.0).reshape(4, 2))
    with Tape() as tape:
        total = K.sum(layer(x, training=True) ** 2)
    moved = layer.moving_mean.get_value()
    np.testing.assert_allclose(moved, [1.5, 2.0])
    tape.gradient(total, layer.trainable_weights)
    float(total)
    assert (layer.moving_mean.get_value() == moved).all()


def test_probabilities_know_their_logits():
    model = keras.models.Sequential([keras.layers.Dense(2, "softmax", input_shape=(1,))])
    model.set_weights([np.array([[100.0, -100.0]], "float32"), np.zeros(2, "float32")])
    with Tape() as tape:
        loss = keras.losses.CategoricalCrossentropy()([[0, 1]], model(np.ones((1, 1))))
    assert float(loss) == pytest.approx(200)
    assert tape.gradient(loss, model.layers[0].bias).numpy().tolist() == [1, -1]


def test_what_depends_on_a_placeholder_is_a_graph():
    inputs = keras.Input((2,))
    shifted = inputs + tensor([1.0, 2.0])
    assert not isinstance(shifted, EagerTensor)
    run = K.function([inputs], [shifted * 2])
    assert run([np.zeros((1, 2))])[0].tolist() == [[2, 4]]
    optimizer, weight = keras.optimizers.SGD(1.0), K.variable([1.0, 1.0])
    loss = K.sum(keras.layers.Lambda(lambda t: t * weight)(inputs))
    train = K.function([inputs], [loss], optimizer.get_updates(loss, [weight]))
    assert [float(train([np.ones((1, 2))])[0]) for _ in range(3)] == [2, 0, -2]


def test_a_tape_refuses():
    x = tensor(1.0)
    with Tape() as tape:
        tape.watch(x)
        y = x * x
    assert float(tape.gradient(y, x)) == 2
    with pytest.raises(RuntimeError, match="non-persistent"):
        tape.gradient(y, x)
    with pytest.raises(TypeError, match="convert_to_tensor"):
        tape.watch(np.ones(2))
    with pytest.raises(ValueError, match="Expected 'none' or 'zero'"):
        tape.gradient(y, x, unconnected_gradients="maybe")
    with pytest.raises(ValueError, match="must be a tensor or a variable"):
        Tape().gradient(y, np.ones(2))
    with pytest.raises(ValueError, match="re-enter"), tape, tape:
        pass
    with pytest.raises(ValueError, match="shape"):
        K.variable([1.0, 2.0]).assign(tensor([1.0, 2.0, 3.0]))


def test_a_function_that_looks_at_values_runs_as_python():
    seen = []

    def double_if_large(x):
        seen.append(x)
        return x * 2 if K.sum(x) > 3 else x

    run = Compiled(double_if_large)
    with pytest.warns(UserWarning, match="looks at values while it is traced"):
        assert run(np.ones(2, "float32")).numpy().tolist() == [1, 1]
    assert run(np.ones(4, "float32")).numpy().tolist() == [2, 2, 2, 2]
    assert len(seen) == 3


def test_a_function_reads_and_writes_variables():
    v, seen = K.variable(1.0), []

    def grow(by):
        seen.append(by)
        v.assign_add(by)
        return v * 10

    run = Compiled(grow)
    assert [float(run(tensor(2.0))) for _ in range(3)] == [30, 50, 70]
    v.assign(0.0)
    assert float(run(tensor(2.0))) == 20 and len(seen) == 1
    with Tape() as tape:
        scaled = run(tensor(1.0)) * 2
    assert float(tape.gradient(scaled, v)) == 20 and float(v.get_value()) == 3


def test_a_tape_works_in_a_loss_of_fit():
    def slope_loss(y_true, y_pred):
        x = eagerly.from_value(np.array([1.0, 2.0], "float32"))
        with Tape() as tape:
            tape.watch(x)
            cubes = K.sum(x**3)
        return K.mean(K.square(y_pred)) + K.sum(tape.gradient(cubes, x)) / 15

    model = keras.models.Sequential([keras.layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", slope_loss)
    model.set_weights([np.zeros((3, 1)), np.zeros(1)])
    assert model.evaluate(np.ones((4, 3)), np.ones((4, 1)), verbose=0) == pytest.approx(1.0)


def test_nothing_is_eager_unless_it_is_turned_on():
    v = K.variable([1.0])
    with running.eagerly(None):
        doubled = v * 2
    assert not isinstance(doubled, EagerTensor)
    v.assign([4.0])
    assert doubled.eval().tolist() == [8]


def test_functions_of_numpy_take_the_value_and_operators_stay_with_the_tensor():
    x, v, a = tensor([1.0, 4.0]), K.variable([1.0, 4.0]), np.array([2.0, 3.0], "float32")
    for value in x, v:
        for found, expected in (
            (np.abs(value), [1, 4]),
            (np.log(value), np.log([1, 4])),
            (np.add(a, value), [3, 7]),
            (np.maximum(value, 2), [2, 4]),
            (np.add.reduce(value), 5),
        ):
            assert isinstance(found, (np.ndarray, np.float32))
            np.testing.assert_allclose(found, expected, rtol=1e-6)
        for found, expected in (
            (a * value, [2, 12]),
            (np.float32(2) - value, [1, -2]),
            (a < value, [False, True]),
        ):
            assert isinstance(found, EagerTensor)
            np.testing.assert_allclose(found, expected)


def test_functions_of_numpy_leave_tensors_of_a_graph_alone():
    a = np.array([2.0, 3.0], "float32")
    with running.recording():
        x, v = K.placeholder((2,)), K.variable([1.0, 4.0])
        assert (a * x).shape == (2,) and K.eval(a * v).tolist() == [2.0, 12.0]
        for value in x, v:
            with pytest.raises(TypeError, match="does not support ufuncs"):
                np.log(value)
