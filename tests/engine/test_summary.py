"""`summary` prints what Keras 2.3.1 prints, line for line."""

from pathlib import Path

import pytest

from hornbeam.layers import Activation, Dense
from hornbeam.models import Input, Model, Sequential

# What Keras printed for the models below, one after the other.
GOLDEN = Path(__file__).parent / "golden" / "summaries-keras-2.3.1.txt"


def lines_of(model, **arguments):
    lines = []
    assert model.summary(print_fn=lines.append, **arguments) is None
    return lines


def test_prints_what_keras_prints():
    stack = Sequential(name="s")
    name = "frozen_layer_with_a_very_long_name"
    stack.add(Dense(3, input_shape=(4,), name=name, trainable=False))
    stack.add(Dense(2, name="d"))
    stack.add(Sequential([Dense(1000, input_shape=(2,))], name="inner"))
    lines = lines_of(stack, line_length=40, positions=[0.5, 0.8, 1.0])

    x = Input((2,), name="x")
    lines += lines_of(Model(x, [Dense(1, name="d")(x)], name="one"))

    y, z, shared = (
        Input((None,), name="y"),
        Input((None, 3), name="z"),
        Activation("relu", name="shared"),
    )
    lines += lines_of(Model([y, z], [shared(y), shared(z)], name="two"), line_length=60)

    p = Input((2,), name="p")
    chain = Activation("relu", name="b")(Activation("relu", name="a")(p))
    lines += lines_of(Model(p, chain, name="chain"), positions=[20, 50, 65])

    twice = Dense(2, name="q")
    lines += lines_of(Model(p, twice(twice(p)), name="again"))
    assert lines == GOLDEN.read_text().splitlines()


def test_prints_to_the_standard_output(capsys):
    Sequential([Dense(3, input_shape=(4,))]).summary()
    assert "Total params: 15\n" in capsys.readouterr().out


def test_a_shared_weight_counts_once():
    x = Input((2,))
    layer = Dense(2)
    assert "Total params: 6" in lines_of(Model(x, layer(layer(x))))


def test_a_compiled_model_counts_what_it_trains():
    model = Sequential([Dense(3, input_shape=(4,)), Dense(2)])
    model.compile("sgd", "mse")
    model.layers[0].trainable = False
    with pytest.warns(UserWarning, match="Discrepancy between trainable weights"):
        lines = lines_of(model)
    assert lines[-5:-1] == [  # the frozen layer counts twice, as in Keras
        "=" * 65,
        "Total params: 38",
        "Trainable params: 23",
        "Non-trainable params: 15",
    ]


def test_a_model_that_is_not_built_says_how_to_build_it():
    with pytest.raises(ValueError, match="has not yet been built"):
        Sequential([Dense(3)]).summary()
