"""Recurrent layers: SimpleRNN, LSTM, GRU, their states, masks and directions."""

import functools

from . import KERAS, Case, Judge
from .layers import check
from .support import array, compute_named, normal, set_random_weights, uniform, weighted_sum

NAMES = Judge(KERAS, "tf_keras puts the cell's name before a weight's", "weight names")


def row(name, shape=(4, 3), units=3, **settings):
    def run(keras, random):
        return check(keras, random, lambda L: getattr(L, name)(units, **settings), shape)

    return Case(run, judges=[NAMES])


def defaults(name):
    """The constructor's defaults, as the configuration tells them."""

    def run(keras, random):
        return {"config": getattr(keras.layers, name)(3).get_config()}

    return Case(run, oracles=(KERAS,), why="tf_keras has other defaults")


def masked(keras, random, name, **settings):
    """A layer after Masking: padded steps (leading, inner, trailing) leave the state alone."""
    K = keras.backend
    x = keras.layers.Input((4, 2))
    layer = getattr(keras.layers, name)(3, **settings)
    y = layer(keras.layers.Masking()(x))
    set_random_weights(layer, random)
    values = normal(random, 4, 4, 2)
    values[0, 2:] = 0
    values[1, 0] = 0
    values[2, 1] = 0
    gradients = K.gradients(
        weighted_sum(keras, y, uniform(random, 0.5, 1.5, *(size or 1 for size in K.int_shape(y)))),
        [x] + layer.trainable_weights,
    )
    outputs = {"y": y}
    for index, gradient in enumerate(gradients):
        outputs["gradient{}".format(index)] = gradient
    return compute_named(keras, [(x, values)], outputs)


def states(keras, random, name, **settings):
    """return_state, and the states given back as initial_state."""
    K = keras.backend
    x = keras.layers.Input((4, 2))
    first = getattr(keras.layers, name)(3, return_state=True, return_sequences=True, **settings)
    found = first(x)
    second = getattr(keras.layers, name)(3, **settings)
    y = second(found[0], initial_state=found[1:])
    set_random_weights(first, random)
    set_random_weights(second, random)
    gradients = K.gradients(K.sum(y * y), [x] + first.trainable_weights)
    outputs = {"found{}".format(index): value for index, value in enumerate(found)}
    outputs["y"] = y
    for index, gradient in enumerate(gradients):
        outputs["gradient{}".format(index)] = gradient
    return compute_named(keras, [(x, normal(random, 2, 4, 2))], outputs)


def stateful(keras, random, name, **settings):
    """A stateful layer goes on where the last batch ended; reset_states begins anew."""
    layer = getattr(keras.layers, name)(
        3, stateful=True, batch_input_shape=(2, 3, 2), return_sequences=True, **settings
    )
    model = keras.models.Sequential([layer])
    set_random_weights(layer, random)
    x = normal(random, 4, 3, 2)
    results = {"first": model.predict(x, batch_size=2)}
    results["second"] = model.predict(x, batch_size=2)
    model.reset_states()
    results["after reset"] = model.predict(x, batch_size=2)
    layer.reset_states([normal(random, 2, 3) for _ in layer.states])
    results["after reset to values"] = model.predict(x[:2], batch_size=2)
    return results


def stacked(keras, random):
    """Embedding, LSTM and GRU on words of unequal length, through to the gradient."""
    K = keras.backend
    x = keras.layers.Input((5,), dtype="int32")
    layers = [
        keras.layers.Embedding(7, 3, mask_zero=True),
        keras.layers.LSTM(3, return_sequences=True),
        keras.layers.GRU(2, reset_after=False, return_sequences=True),
        keras.layers.TimeDistributed(keras.layers.Dense(2, activation="softmax")),
    ]
    y = x
    for layer in layers:
        y = layer(y)
    model = keras.models.Model(x, y)
    set_random_weights(model, random)
    weights = model.trainable_weights
    total = weighted_sum(keras, y, uniform(random, 0.5, 1.5, 1, 5, 2))
    outputs = {"y": y}
    for index, gradient in enumerate(K.gradients(total, weights)):
        outputs["gradient{}".format(index)] = K.reshape(gradient, K.int_shape(weights[index]))
    values = array([[1, 2, 3, 4, 5], [6, 5, 0, 0, 0], [1, 0, 0, 0, 0]])
    return compute_named(keras, [(x, values)], outputs)


def table():
    cases = {
        "SimpleRNN relu no bias": row("SimpleRNN", activation="relu", use_bias=False),
        "SimpleRNN go_backwards": row("SimpleRNN", go_backwards=True, return_sequences=True),
        "SimpleRNN unroll": row("SimpleRNN", unroll=True),
        "LSTM implementation 1": row("LSTM", implementation=1),
        "LSTM implementation 2": row("LSTM", implementation=2),
        "LSTM hard_sigmoid": row("LSTM", recurrent_activation="hard_sigmoid"),
        "LSTM forget bias off": row("LSTM", unit_forget_bias=False, activation="relu"),
        "LSTM go_backwards": row("LSTM", go_backwards=True, return_sequences=True),
        "LSTM unroll": row("LSTM", unroll=True, return_sequences=True),
        "LSTM no bias": row("LSTM", use_bias=False),
        "stacked": stacked,
    }
    for name in ("SimpleRNN", "LSTM", "GRU"):
        cases[name + " defaults"] = defaults(name)
    forms = {
        "SimpleRNN": {},
        "LSTM": {},
        "GRU reset before": {"reset_after": False},
        "GRU reset after": {"reset_after": True},
    }
    for form, settings in forms.items():
        name = form.split()[0]
        cases[form] = row(name, **settings)
        cases[form + " sequences"] = row(name, return_sequences=True, **settings)
        cases[form + " masked"] = functools.partial(masked, name=name, **settings)
        cases[form + " masked sequences"] = functools.partial(
            masked, name=name, return_sequences=True, **settings
        )
        cases[form + " masked go_backwards"] = functools.partial(
            masked, name=name, go_backwards=True, **settings
        )
        cases[form + " states"] = functools.partial(states, name=name, **settings)
        cases[form + " stateful"] = functools.partial(stateful, name=name, **settings)
        if name == "GRU":
            for option in ("implementation 1", "implementation 2"):
                number = int(option[-1])
                cases["{} {}".format(form, option)] = row(name, implementation=number, **settings)
            cases[form + " go_backwards"] = row(name, go_backwards=True, **settings)
            cases[form + " hard_sigmoid"] = row(
                name, recurrent_activation="hard_sigmoid", **settings
            )
            cases[form + " no bias"] = row(name, use_bias=False, **settings)
    return cases


CASES = table()
