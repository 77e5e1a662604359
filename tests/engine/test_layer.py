"""A layer: its weights in every historic way to make them, its calls, its losses and updates."""

import jax.numpy as jnp
import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import constraints, initializers, regularizers
from hornbeam.engine import InputSpec, Layer, ShapeError
from hornbeam.layers import Activation, BatchNormalization, Dense, Dropout, Embedding, Lambda
from hornbeam.models import Input, Model, Sequential
from hornbeam.optimizers import SGD


class Affine(Layer):
    """The smallest layer with weights."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight("kernel", (input_shape[-1], self.units))
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs):
        return K.dot(inputs, self.kernel) + self.bias


# ---- add_weight


def made(*args, **kwargs):
    """A weight made by these arguments in the build of a layer."""

    class Maker(Layer):
        def build(self, input_shape):
            self.w = self.add_weight(*args, **kwargs)
            super().build(input_shape)

    layer = Maker()
    layer(Input(shape=(3,)))
    return layer, layer.w


@pytest.mark.parametrize(
    "args, kwargs",
    [
        ((), {"name": "w", "shape": (3, 2), "initializer": "ones"}),
        (("w", (3, 2)), {"initializer": "ones"}),
        (("w", (3, 2), "float32", "ones"), {}),
        (("w", (3, 2), None, "ones", None, True, None), {}),
        (("w", (3, 2), "ones"), {}),
        (((3, 2),), {"initializer": "ones", "name": "w"}),
        (((3, 2), "ones", "w"), {}),
        (((3, 2), "ones"), {"name": "w", "trainable": True}),
        (([3, 2], initializers.Ones(), "w"), {}),
        ((), {"shape": (np.int64(3), 2), "initializer": lambda shape, dtype=None: np.ones(shape),
              "name": "w"}),
        ((), {"shape": (3, 2), "initializer": lambda shape: np.ones(shape), "name": "w"}),
        ((), {"shape": (3, 2), "initializer": lambda shape, name=None: K.ones(shape), "name": "w"}),
        ((), {"shape": (3, 2), "initializer": "ones", "name": "w", "use_resource": True}),
    ],
)
def test_add_weight_takes_its_arguments_in_every_order_that_keras_had(args, kwargs):
    layer, weight = made(*args, **kwargs)
    assert weight.name == f"{layer.name}/w:0"
    assert weight.dtype == "float32" and weight.trainable
    np.testing.assert_array_equal(K.eval(weight), np.ones((3, 2), "float32"))
    assert layer.trainable_weights == [weight]


def test_add_weight_keeps_regularizer_constraint_dtype_and_trainable():
    layer, weight = made(
        name="w", shape=(2,), dtype="float64", initializer="ones", regularizer="l2",
        trainable=False, constraint="nonneg",
    )
    assert weight.dtype == "float64" and K.get_value(weight).dtype == np.float64
    assert isinstance(weight.constraint, constraints.NonNeg)
    assert layer.non_trainable_weights == [weight] and layer.trainable_weights == []
    assert K.eval(layer.losses[0]) == pytest.approx(0.02)


def test_add_weight_without_a_shape_makes_a_scalar():
    _, weight = made(name="w", initializer="zeros")
    assert tuple(weight.shape) == ()


@pytest.mark.parametrize(
    "args, kwargs, error, words",
    [
        ((), {"shape": (3, -2)}, ShapeError, r"negative size"),
        ((), {"shape": (None, 2)}, ShapeError, r"must be known"),
        ((), {"shape": "many"}, ShapeError, r"tuple of ints and None"),
        ((), {"shape": (2,), "initializer": "glorot_unifrm"}, ValueError,
         r"Unknown initializer: 'glorot_unifrm'. Did you mean 'glorot_uniform'"),
        ((), {"shape": (2,), "regularizer": "l3"}, ValueError, r"Unknown regularizer: 'l3'"),
        ((), {"shape": (2,), "constraint": "nonnegative"}, ValueError, r"Unknown constraint"),
        ((), {"shape": (2,), "inizializer": "ones"}, TypeError, r"unexpected argument"),
        (("w", (2,)), {"name": "w"}, TypeError, r"'name' twice"),
        ((), {"shape": (2,), "initializer": lambda shape: np.ones(5)}, ValueError,
         r"returned an array of shape \(5,\) for a weight of shape \(2,\)"),
    ],
)
def test_add_weight_says_what_is_wrong(args, kwargs, error, words):
    with pytest.raises(error, match=words):
        made(*args, **kwargs)


# ---- weights by other ways


def test_keras_1_layers_set_their_list_of_weights():
    class Old(Layer):
        def build(self, input_shape):
            self.W = K.variable(np.ones((input_shape[1], 2)), name="W")
            self.running = K.variable(np.zeros(2), name="running")
            self.trainable_weights = [self.W]
            self.non_trainable_weights = [self.running]

        def call(self, x, mask=None):
            return K.dot(x, self.W) + self.running

        def compute_output_shape(self, input_shape):
            return (input_shape[0], 2)

    model = Sequential([Old(input_shape=(3,)), Dense(1)])
    old = model.layers[0]
    assert [w.name.split(":")[0].split("/")[-1] for w in old.weights] == ["W", "running"]
    model.compile("sgd", "mse")
    before = old.get_weights()
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 1)))
    assert (before[0] != old.get_weights()[0]).any()
    np.testing.assert_array_equal(before[1], old.get_weights()[1])


def test_attributes_that_are_layers_or_variables_are_tracked():
    class Holder(Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.first = Dense(2)
            self.rest = [Dense(3), Dense(4)]
            self.gain = K.variable(2.0)

        def call(self, x):
            for layer in [self.first, *self.rest]:
                x = layer(x)
            return x * self.gain

    holder = Holder()
    out = holder(Input(shape=(5,)))
    assert tuple(out.shape) == (None, 4)
    assert len(holder.trainable_weights) == 7
    holder.rest[0].trainable = False
    assert len(holder.trainable_weights) == 5 and len(holder.non_trainable_weights) == 2
    holder.trainable = False
    assert holder.trainable_weights == [] and len(holder.non_trainable_weights) == 7
    del holder.first
    assert len(holder.weights) == 5


def test_weights_are_listed_once_and_the_trainable_ones_first():
    class Twice(Layer):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner
            self.again = inner

        def build(self, input_shape):
            self.inner.build(input_shape)
            self.inner.built = True
            self._trainable_weights = self.inner.trainable_weights
            super().build(input_shape)

        def call(self, x):
            return self.inner(self.inner(x))

    twice = Twice(Dense(3))
    twice(Input(shape=(3,)))
    assert len(twice.weights) == 2
    norm = BatchNormalization()
    norm(Input(shape=(3,)))
    kinds = [w.name.split("/")[-1] for w in norm.weights]
    assert kinds == ["gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"]
    norm.trainable = False
    assert [w.name.split("/")[-1] for w in norm.weights] == kinds


def test_set_weights_is_all_or_nothing():
    layer = Dense(2, input_shape=(3,))
    Sequential([layer])
    before = layer.get_weights()
    with pytest.raises(ValueError, match=r"weight list of length 1, but the layer was expecting 2"):
        layer.set_weights(before[:1])
    with pytest.raises(ValueError, match=r"not compatible with provided weight shape \(5,\)"):
        layer.set_weights([np.ones((3, 2)), np.ones(5)])
    for one, other in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_get_weights_returns_copies():
    layer = Dense(2, input_shape=(3,))
    Sequential([layer])
    layer.get_weights()[0][:] = 7
    assert (layer.get_weights()[0] != 7).all()


def test_initial_weights_as_a_constructor_argument():
    arrays = [np.ones((3, 2)), np.zeros(2)]
    layer = Dense(2, input_shape=(3,), weights=arrays)
    Sequential([layer])
    np.testing.assert_array_equal(layer.get_weights()[0], arrays[0])


# ---- constructor arguments, names


def test_names_are_made_of_the_class_and_a_counter():
    K.clear_session()
    assert [Dense(1).name, Dense(1).name, Affine().name] == ["dense_1", "dense_2", "affine_1"]
    assert BatchNormalization().name == "batch_normalization_1"
    assert Dense(1, name="mine").name == "mine"


def test_unknown_constructor_arguments_are_named():
    with pytest.raises(TypeError, match="Keyword argument not understood by Affine: 'unit'"):
        Affine(unit=3)
    with pytest.raises(TypeError, match="name must be a string; got 3"):
        Dense(1, name=3)


@pytest.mark.parametrize("units", [-3, 0.5, "ten", None])
def test_dense_checks_its_units(units):
    with pytest.raises((ValueError, TypeError)):
        Sequential([Dense(units, input_shape=(3,))])


def test_negative_sizes_of_inputs_are_refused():
    with pytest.raises(ValueError, match="negative"):
        Dense(2, input_shape=(-3,))
    with pytest.raises(ValueError, match="negative"):
        Input(shape=(-3,))


@pytest.mark.parametrize(
    "kwargs, shape",
    [
        ({"input_dim": 3}, (None, 3)),
        ({"input_shape": (3,)}, (None, 3)),
        ({"input_shape": 3}, (None, 3)),
        ({"batch_input_shape": (5, 3)}, (5, 3)),
        ({"input_shape": (3,), "batch_size": 5}, (5, 3)),
    ],
)
def test_input_shapes_in_every_spelling(kwargs, shape):
    model = Sequential([Dense(2, **kwargs)])
    assert tuple(model.input_shape) == shape


# ---- calling


def test_a_layer_called_on_arrays_computes_at_once():
    layer = Affine()
    out = layer(np.ones((4, 3), "float32"))
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(np.asarray(out), np.ones((4, 3)) @ kernel + bias, rtol=1e-6)


def test_a_layer_called_on_variables_is_lazy():
    layer = Affine()
    x = K.variable(np.ones((4, 3)))
    out = layer(x)
    first = K.eval(out)
    K.set_value(x, np.zeros((4, 3)))
    np.testing.assert_array_equal(K.eval(out), np.zeros((4, 2)))
    assert (first != 0).any()


def test_input_spec_is_checked_with_the_layers_name():
    class Picky(Affine):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.input_spec = InputSpec(ndim=2, axes={-1: 3})

    layer = Picky(name="picky")
    with pytest.raises(ValueError, match=r"with layer picky .*expected ndim=2.*ndim=3"):
        layer(Input(shape=(4, 3)))
    with pytest.raises(ValueError, match=r"expected axis -1 of input shape to have value 3"):
        layer(Input(shape=(4,)))
    layer(Input(shape=(3,)))


def test_dense_refuses_another_size_than_it_was_built_for():
    layer = Dense(2, name="head")
    layer(Input(shape=(3,)))
    with pytest.raises(ValueError, match=r"layer head .*expected axis -1 .*value 3, found shape"):
        layer(Input(shape=(4,)))


def test_errors_inside_call_name_the_layer():
    class Broken(Layer):
        def call(self, x):
            return K.dot(x, K.ones((7, 2)))

    with pytest.raises(Exception) as caught:
        Broken(name="broken")(Input(shape=(3,)))
    notes = " ".join(getattr(caught.value, "__notes__", []))
    assert "broken" in notes or "broken" in str(caught.value)


def test_arguments_of_call_are_passed_on():
    class Mix(Layer):
        def call(self, x, other=None, scale=1.0, training=None):
            out = x * scale if other is None else x + other
            return out if not training else -out

    x, y = Input(shape=(2,)), Input(shape=(2,))
    model = Model([x, y], [Mix()(x, scale=3.0), Mix()(x, other=y), Mix()(x, training=True)])
    outs = model.predict([np.ones((1, 2)), np.full((1, 2), 5.0)])
    assert [float(o[0, 0]) for o in outs] == [3.0, 6.0, -1.0]


def test_training_argument_and_phase():
    drop = Dropout(0.5)
    x = Input(shape=(200,))
    always, never = Model(x, drop(x, training=True)), Model(x, drop(x, training=False))
    ones = np.ones((2, 200))
    assert (always.predict(ones) == 0).any()
    assert (never.predict(ones) == 1).all()
    assert (Model(x, drop(x)).predict(ones) == 1).all()


def test_a_layer_without_compute_output_shape_learns_it_by_running():
    layer = Affine(units=7)
    assert tuple(layer.compute_output_shape((None, 3))) == (None, 7)
    flip = Lambda(lambda t: K.concatenate([t, t], axis=1))
    assert tuple(flip(Input(shape=(4, None))).shape) == (None, 8, None)


def test_a_layer_written_with_jax_numpy():
    class Norm(Layer):
        def call(self, x):
            return x / jnp.linalg.norm(x, axis=-1, keepdims=True)

    x = Input(shape=(3,))
    model = Model(x, Norm()(x))
    out = model.predict(np.array([[3.0, 0, 4.0]]))
    np.testing.assert_allclose(out, [[0.6, 0, 0.8]], rtol=1e-6)


def test_float64_layers_compute_in_float64():
    layer = Dense(2, dtype="float64")
    x = Input(shape=(3,), dtype="float64")
    model = Model(x, layer(x))
    data = np.array([[1.0, 1e-12, 1.0]])
    layer.set_weights([np.array([[1.0, 0], [1, 0], [-1, 0]]), np.zeros(2)])
    out = model.predict(data)
    assert out.dtype == np.float64 and out[0, 0] == pytest.approx(1e-12, rel=1e-3)
    plain = Sequential([Dense(2, input_shape=(3,))])
    assert plain.predict(data).dtype == np.float32


# ---- where a layer was called


def test_input_and_output_of_each_call():
    layer = Dense(2, name="shared")
    with pytest.raises(AttributeError, match="has never been called"):
        _ = layer.output
    a, b = Input(shape=(3,)), Input(shape=(3,))
    out_a = layer(a)
    assert layer.input is a and layer.output is out_a
    out_b = layer(b)
    with pytest.raises(AttributeError, match=r'multiple inbound nodes.*"layer output" is ill-def'):
        _ = layer.output
    assert layer.get_input_at(0) is a and layer.get_input_at(1) is b
    assert layer.get_output_at(0) is out_a and layer.get_output_at(1) is out_b
    assert tuple(layer.output_shape) == (None, 2) == tuple(layer.get_output_shape_at(1))
    assert tuple(layer.get_input_shape_at(0)) == (None, 3)
    with pytest.raises(ValueError, match="has 2 inbound nodes; there is no node 2"):
        layer.get_output_at(2)


def test_different_shapes_of_calls_are_ambiguous():
    layer = Activation("relu", name="act")
    layer(Input(shape=(3,)))
    layer(Input(shape=(4, 5)))
    with pytest.raises(AttributeError, match="nodes with different output shapes"):
        _ = layer.output_shape
    assert tuple(layer.get_output_shape_at(1)) == (None, 4, 5)


def test_history_of_a_tensor():
    layer = Dense(2)
    x = Input(shape=(3,))
    out = layer(x)
    assert out._keras_history[0] is layer and out._keras_history[1:] == (0, 0)
    assert tuple(out._keras_shape) == (None, 2)
    assert K.is_keras_tensor(out) and not K.is_keras_tensor(out * 2)


# ---- masks


def test_masks_pass_stop_or_are_refused():
    x = Input(shape=(4,), dtype="int32")
    embedded = Embedding(5, 3, mask_zero=True)(x)
    assert embedded._keras_mask is not None
    assert Activation("relu")(embedded)._keras_mask is not None

    class Sum(Layer):
        def call(self, x):
            return K.sum(x, axis=1)

    with pytest.raises(TypeError, match="does not support masking, but was passed an input_mask"):
        Sum(name="sum")(embedded)

    class MaskedSum(Layer):
        supports_masking = True

        def compute_mask(self, inputs, mask=None):
            return None

        def call(self, x, mask=None):
            return K.sum(x * K.expand_dims(K.cast(mask, "float32")), axis=1)

    out = MaskedSum()(embedded)
    assert out._keras_mask is None
    model = Model(x, out)
    words = np.array([[1, 2, 0, 0], [0, 0, 0, 3]])
    table = model.layers[1].get_weights()[0]
    expected = np.stack([table[1] + table[2], table[3]])
    np.testing.assert_allclose(model.predict(words), expected, rtol=1e-5)


# ---- losses, updates, metrics


def test_losses_and_updates_of_calls():
    class Watched(Layer):
        def build(self, input_shape):
            self.total = self.add_weight(name="total", shape=(), initializer="zeros",
                                         trainable=False)
            self.w = self.add_weight(name="w", shape=(3,), initializer="ones",
                                     regularizer=regularizers.l1(0.5))
            super().build(input_shape)

        def call(self, x):
            self.add_loss(K.sum(x), inputs=x)
            self.add_update(K.update_add(self.total, K.sum(x)), inputs=x)
            return x * self.w

    layer = Watched()
    a, b = Input(shape=(3,)), Input(shape=(3,))
    out = layer(a)
    assert len(layer.losses) == 2 and len(layer.updates) == 1
    assert len(layer.get_losses_for(a)) == 1 and len(layer.get_losses_for(None)) == 1
    assert layer.get_losses_for(b) == []
    layer(b)
    assert len(layer.updates) == 2
    assert len(layer.get_updates_for(a)) == 1 and len(layer.get_losses_for(b)) == 1

    model = Model(a, out)
    ones = np.ones((2, 3))
    step = K.function([a], [out], updates=model.updates)
    step([ones])
    assert K.get_value(layer.total) == 6.0
    model.predict(ones)                     # neither prediction nor a function updates by itself
    K.function([a], [out])([ones])
    assert K.get_value(layer.total) == 6.0
    model.compile("sgd", "mse")
    loss = model.train_on_batch(ones, ones)
    assert loss == pytest.approx(0 + 6.0 + 1.5)
    assert K.get_value(layer.total) == 12.0
    model.test_on_batch(ones, ones)
    assert K.get_value(layer.total) == 12.0


def test_a_frozen_layer_does_not_update():
    norm = BatchNormalization()
    model = Sequential([norm, Dense(1)])
    model.build((None, 3))
    norm.trainable = False
    model.compile("sgd", "mse")
    before = norm.get_weights()
    model.fit(np.random.randn(8, 3) + 5, np.zeros(8), verbose=0)
    for one, other in zip(before, norm.get_weights()):
        np.testing.assert_array_equal(one, other)
    norm.trainable = True
    model.compile("sgd", "mse")
    model.fit(np.random.randn(8, 3) + 5, np.zeros(8), verbose=0)
    assert all((one != other).any() for one, other in zip(before, norm.get_weights()))


def test_losses_added_outside_of_calls():
    x = Input(shape=(3,))
    dense = Dense(2)
    out = dense(x)
    model = Model(x, out)
    model.add_loss(K.mean(K.square(out)))
    dense.add_loss(lambda: 0.5 * K.sum(K.square(dense.kernel)))
    model.compile("sgd")
    data = np.random.randn(4, 3).astype("float32")
    expected = np.mean(model.predict(data) ** 2) + 0.5 * np.sum(dense.get_weights()[0] ** 2)
    assert model.evaluate(data, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_updates_added_outside_of_calls_happen_in_training():
    x = Input(shape=(3,))
    out = Dense(2)(x)
    model = Model(x, out)
    count, largest = K.variable(0.0), K.variable(0.0)
    model.add_update(K.update_add(count, 1.0))
    model.add_update((largest, K.maximum(largest, K.max(x))))
    model.compile("sgd", "mse")
    model.fit(np.arange(12.0).reshape(4, 3), np.zeros((4, 2)), batch_size=2, epochs=3, verbose=0)
    assert K.get_value(count) == 6.0 and K.get_value(largest) == 11.0


def test_added_metrics_are_means_over_an_epoch():
    x = Input(shape=(3,))
    out = Dense(1)(x)
    model = Model(x, out)
    model.add_metric(K.mean(x), name="mean_input")
    model.compile("sgd", "mse")
    history = model.fit(np.arange(12.0).reshape(4, 3), np.zeros(4), batch_size=2, verbose=0)
    assert history.history["mean_input"] == [pytest.approx(5.5)]
    assert model.metrics_names == ["loss", "mean_input"]


def test_activity_regularizers():
    model = Sequential([Dense(2, input_shape=(3,), activity_regularizer="l1",
                              kernel_regularizer=regularizers.l1_l2(0.1, 0.2))])
    model.compile("sgd", "mse")
    data = np.ones((4, 3))
    out = model.predict(data)
    kernel = model.get_weights()[0]
    expected = (np.mean(out**2) + 0.01 * np.abs(out).sum()
                + 0.1 * np.abs(kernel).sum() + 0.2 * (kernel**2).sum())
    assert model.evaluate(data, np.zeros((4, 2)), verbose=0) == pytest.approx(expected, rel=1e-5)


def test_regularizers_and_constraints_of_kernel_and_bias_act_in_training():
    layer = Dense(2, input_shape=(3,), kernel_initializer="ones", bias_initializer="ones",
                  kernel_regularizer=regularizers.l2(0.5), bias_regularizer=regularizers.l1(0.25),
                  kernel_constraint="unit_norm", bias_constraint="non_neg")
    model = Sequential([layer])
    model.compile(SGD(lr=8.0), lambda y_true, y_pred: 0 * y_pred)
    loss = model.train_on_batch(np.ones((4, 3)), np.zeros((4, 2)))
    assert loss == pytest.approx(0.5 * 6 + 0.25 * 2)           # of six and two ones
    kernel, bias = model.get_weights()
    # A step takes 8 * 2 * 0.5 from the kernel's ones: -7 each, then each column has norm 1.
    np.testing.assert_allclose(kernel, np.full((3, 2), -(3**-0.5)), rtol=1e-5)
    np.testing.assert_array_equal(bias, [0, 0])                # 1 - 8 * 0.25 is below zero


def test_count_params_needs_a_built_layer():
    layer = Dense(2)
    with pytest.raises(RuntimeError, match="tried to call `count_params` on dense"):
        layer.count_params()
    layer.build((None, 3))
    layer.built = True
    assert layer.count_params() == 8


def test_config_and_weights_make_the_same_layer():
    layer = Dense(2, activation="relu", use_bias=False, name="d", input_shape=(3,))
    other = Dense.from_config(layer.get_config())
    assert other.get_config() == layer.get_config()
    assert other.name == "d" and other.batch_input_shape == (None, 3)


def test_nodes_go_by_their_names_of_keras_1_too():
    layer = Dense(2)
    layer(Input((3,)))
    assert len(layer.inbound_nodes) == 1
    layer.inbound_nodes = []
    layer.outbound_nodes = []
    assert layer._inbound_nodes == [] and layer._outbound_nodes == []


def test_layers_in_attributes_of_a_sequential_model_are_not_part_of_the_stack():
    model = Sequential([Dense(2, input_shape=(3,))])
    model.later = [Dense(4), Dense(5)]
    model.last = Dense(6)
    assert len(model.layers) == 1
    for layer in model.later:
        model.add(layer)
    assert len(model.layers) == 3 and model.output_shape == (None, 5)


def test_constraints_by_weight_as_in_keras_1():
    layer = Dense(2, kernel_constraint="nonneg")
    layer.build((None, 3))
    model = Sequential([layer])
    assert list(layer.constraints) == list(model.constraints) == [layer.kernel]

    class Old(Layer):
        def build(self, input_shape):
            self.W = self.add_weight((input_shape[-1],), initializer="one", name="W")
            self.constraints = {}
            self.constraints[self.W] = constraints.maxnorm(1)

    old = Old()
    old.build((None, 3))
    assert isinstance(old.W.constraint, constraints.MaxNorm)
    old.constraints = {old.W: None}
    assert old.constraints == {}
