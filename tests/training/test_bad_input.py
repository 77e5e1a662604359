"""Bad input: a clear error, in the words users search for, before any weight changes."""

import numpy as np
import pytest

from hornbeam import optimizers
from hornbeam.layers import Conv2D, Dense, Flatten
from hornbeam.models import Input, Model, Sequential

X = np.random.RandomState(0).uniform(size=(8, 4))
LABELS = np.arange(8) % 3
ONE_HOT = np.eye(3)[LABELS]


def classifier(loss="categorical_crossentropy", units=3):
    model = Sequential([Dense(units, activation="softmax", input_shape=(4,), name="probabilities")])
    model.compile("sgd", loss)
    return model


def two_by_two():
    a, b = Input(shape=(4,), name="a"), Input(shape=(2,), name="b")
    kind = Dense(3, activation="softmax", name="kind")(a)
    model = Model([a, b], [kind, Dense(1, name="size")(b)])
    model.compile("sgd", {"kind": "categorical_crossentropy", "size": "mse"})
    return model


def images():
    model = Sequential([Conv2D(2, (2, 2), input_shape=(6, 6, 1), name="conv"), Flatten(),
                        Dense(1, name="top")])
    model.compile("sgd", "mse")
    return model


def refuses(model, words, *data, error=ValueError, **arguments):
    """Asserts that fit, evaluate and the methods for batches refuse the data, unchanged."""
    before = model.get_weights()
    methods = [
        lambda: model.fit(*data, verbose=0, epochs=2, **arguments),
        lambda: model.train_on_batch(*data, **arguments),
    ]
    if "class_weight" not in arguments:
        methods += [
            lambda: model.evaluate(*data, verbose=0, **arguments),
            lambda: model.test_on_batch(*data, **arguments),
        ]
    for method in methods:
        with pytest.raises(error, match=words):
            method()
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


# ---- inputs


@pytest.mark.parametrize(
    "x, words",
    [
        (X[:, :3], r"checking input: expected probabilities_input to have shape \(4,\) but got "
                   r"array with shape \(3,\)"),
        (X[:, :, None], r"expected probabilities_input to have 2 dimensions, but got array with "
                        r"shape \(8, 4, 1\)"),
        (X[0], r"probabilities_input to have shape \(4,\) but got array with shape \(1,\)"),
        (np.float32(3), "expected probabilities_input to have 2 dimensions"),
        ([X, X], r"Expected to see 1 array\(s\), for .*but instead got 2"),
        ([], "Expected|expected|no samples"),
        ({"wrong": X}, 'No data provided for "probabilities_input".*keys given are'),
        (np.array([["a", "b", "c", "d"]] * 8), r"dtype <U1. Expected numbers"),
        (np.array([[1, 2], [1, 2, 3], [4]], dtype=object), r"dtype object.*must be padded"),
        (np.zeros((0, 4)), "The data holds no samples"),
        (None, "expected 1 arrays, .*but got nothing"),
    ],
)
def test_inputs(x, words):
    y = ONE_HOT[: len(x)] if isinstance(x, np.ndarray) and x.ndim and len(x) < 8 else ONE_HOT
    refuses(classifier(), words, x, y)
    with pytest.raises(ValueError, match=words):
        classifier().predict(x)


def test_ragged_lists():
    with pytest.raises(ValueError, match="object|inhomogeneous|padded"):
        classifier().fit([[1.0, 2], [1.0]], ONE_HOT[:2], verbose=0)


def test_images_without_channels_or_batch_axis():
    model = images()
    refuses(model, r"conv_input to have 4 dimensions, .*\(8, 6, 6\).*x\[..., None\]",
            np.zeros((8, 6, 6)), np.zeros(8))
    with pytest.raises(ValueError, match=r"\(6, 6, 1\).*"):
        model.predict(np.zeros((6, 6, 1)))
    refuses(model, r"to have shape \(6, 6, 1\) but got array with shape \(1, 6, 6\)",
            np.zeros((8, 1, 6, 6)), np.zeros(8))


@pytest.mark.parametrize(
    "x, words",
    [
        (X, "expected 2 arrays, for .'a', 'b'., but got one"),
        ([X], "Expected to see 2 array"),
        ([X, X[:, :2], X], "but instead got 3"),
        ({"a": X}, 'No data provided for "b"'),
        ([X[:, :2], X], r"expected a to have shape \(4,\) but got array with shape \(2,\)"),
        ([X, X[:5, :2]], r"All input arrays should have the same number of samples.*\[5, 8\]"),
    ],
)
def test_several_inputs(x, words):
    refuses(two_by_two(), words, x, [ONE_HOT, X[:, :1]])


# ---- targets


def test_categorical_crossentropy_with_integer_labels_says_how_to_put_it_right():
    for labels in (LABELS, LABELS[:, None], LABELS.tolist()):
        refuses(classifier(), r"(?s)passing a target array of shape \(8, 1\) while using as loss "
                r"`categorical_crossentropy`.*to_categorical.*sparse_categorical_crossentropy",
                X, labels)


@pytest.mark.parametrize(
    "y, words",
    [
        (np.eye(4)[LABELS], r"shape \(3,\) but got array with shape \(4,\)|shape \(8, 4\)"),
        (ONE_HOT[:6], "Found 8 input samples and 6 target samples"),
        ([ONE_HOT, ONE_HOT], r"Expected to see 1 array\(s\), for .*but instead got 2"),
        (ONE_HOT[:, None], "expected probabilities to have 2 dimensions"),
        (None, "model needs targets"),
        (np.array(["a"] * 8), "dtype <U1. Expected numbers"),
        ({"other": ONE_HOT}, 'No data provided for "probabilities"'),
    ],
)
def test_targets(y, words):
    refuses(classifier(), words, X, y)


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy", "mae", "hinge"])
def test_targets_of_another_shape_than_the_output(loss):
    refuses(classifier(loss), r"\(8, 2\)|\(2,\)", X, np.zeros((8, 2)))


@pytest.mark.parametrize(
    "y, words",
    [
        (LABELS + 1, "lie between 1 and 3; .*with 3 classes expects integers from 0 to 2"),
        (LABELS - 1, "lie between -1 and 1"),
        (np.where(LABELS == 1, np.nan, LABELS), "lie between nan and nan|NaN|nan"),
        (ONE_HOT, r"probabilities to have shape \(1,\) but got array with shape \(3,\)"),
    ],
)
def test_sparse_labels(y, words):
    refuses(classifier("sparse_categorical_crossentropy"), words, X, y)


def test_several_targets():
    model = two_by_two()
    x, size = [X, X[:, :2]], X[:, :1]
    refuses(model, "Expected to see 2 array", x, [ONE_HOT])
    refuses(model, "expected 2 arrays, for .'kind', 'size'., but got one", x, ONE_HOT)
    refuses(model, "All target arrays should have the same number of samples", x,
            [ONE_HOT, size[:4]])
    refuses(model, "Found 8 input samples and 4 target samples", x, [ONE_HOT[:4], size[:4]])
    refuses(model, 'No data provided for "size"', x, {"kind": ONE_HOT})


# ---- weights


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"sample_weight": np.ones(5)}, "8 input samples and 5 weight samples"),
        ({"sample_weight": np.ones((8, 3))}, "sample_weight array with shape .8, 3."),
        ({"sample_weight": np.array(["x"] * 8)}, "sample_weight has dtype"),
        ({"class_weight": {0: 1.0}}, r"classes \[1, 2\] exist in the data but not"),
    ],
)
def test_weights(arguments, words):
    refuses(classifier(), words, X, ONE_HOT, **arguments)


def test_weights_of_several_outputs():
    model, x, y = two_by_two(), [X, X[:, :2]], [ONE_HOT, X[:, :1]]
    refuses(model, r'Unknown entry in sample_weight dictionary: "kinds".*\[.kind., .size.\]', x, y,
            sample_weight={"kinds": np.ones(8)})
    refuses(model, "`class_weight` must be a dict from output name", x, y, class_weight={0: 1.0})
    refuses(model, "list of 1 for a model of 2 outputs", x, y, sample_weight=[np.ones(8)])


# ---- compile


def fresh():
    return Sequential([Dense(3, input_shape=(4,), name="probabilities")])


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("sdg", "mse"), r"Unknown optimizer: 'sdg'. Did you mean 'sgd'"),
        (("sgd", "mean_square_error"), r"Unknown loss.*Did you mean '?mean_squared_error"),
        (("sgd", "mse", ["acuracy"]), r"Unknown metric.*'acuracy'.*accuracy"),
        (("sgd", "mse", ["presision"]), r"Unknown metric.*[Pp]recision"),
        (("sgd", None), "no loss to optimize"),
        (("sgd", ["mse", "mse"]), "one entry per model output. The model has 1 outputs"),
        (("sgd", {"probability": "mse"}), r'dictionary: "probability".*Did you mean probabilit'),
        (("sgd", 3), "name or a function|Could not interpret"),
    ],
)
def test_compile_names_what_it_does_not_know(arguments, words):
    with pytest.raises(ValueError, match=words):
        fresh().compile(*arguments)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"metrics": "accuracy"}, r"Type of `metrics` argument not understood"),
        ({"loss_weight": [1.0]}, r"unexpected arguments \['loss_weight'\]"),
        ({"optimizer": 3}, "optimizer"),
    ],
)
def test_compile_names_what_it_cannot_take(arguments, words):
    with pytest.raises((TypeError, ValueError), match=words):
        fresh().compile(**{"optimizer": "sgd", "loss": "mse", **arguments})


def test_a_failed_compile_leaves_the_model_compiled_as_it_was():
    model = classifier()
    first = model.evaluate(X, ONE_HOT, verbose=0)
    with pytest.raises(ValueError):
        model.compile("adam", "no_such_loss")
    assert model.evaluate(X, ONE_HOT, verbose=0) == pytest.approx(first)
    assert isinstance(model.optimizer, optimizers.SGD)


@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.fit(X, ONE_HOT),
        lambda model: model.evaluate(X, ONE_HOT),
        lambda model: model.train_on_batch(X, ONE_HOT),
        lambda model: model.test_on_batch(X, ONE_HOT),
        lambda model: model.fit_generator(iter([(X, ONE_HOT)]), steps_per_epoch=1),
    ],
)
def test_training_before_compile(call):
    with pytest.raises(RuntimeError, match="You must compile your model before"):
        call(fresh())
    assert fresh().predict(X).shape == (8, 3)           # prediction needs no compile


@pytest.mark.parametrize("size", [0, -2, 2.5, "8"])
def test_batch_sizes(size):
    model = classifier()
    for method in (lambda: model.fit(X, ONE_HOT, batch_size=size, verbose=0),
                   lambda: model.evaluate(X, ONE_HOT, batch_size=size, verbose=0),
                   lambda: model.predict(X, batch_size=size)):
        with pytest.raises(ValueError, match="batch_size must be an integer of at least 1"):
            method()


def test_a_fixed_batch_size():
    model = Sequential([Dense(1, batch_input_shape=(4, 4))])
    model.compile("sgd", "mse")
    assert model.predict(X).shape == (8, 1)             # its own size is the default
    with pytest.raises(ValueError, match="value 3 is incompatible with .*Input Layer: 4"):
        model.fit(X, X[:, :1], batch_size=3, verbose=0)


@pytest.mark.parametrize("data", [(X,), (X, ONE_HOT, np.ones(8), 1), X, "data"])
def test_validation_data(data):
    model = classifier()
    before = model.get_weights()
    with pytest.raises(ValueError, match="validation_data|validation"):
        model.fit(X, ONE_HOT, validation_data=data, verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_validation_data_are_checked_before_training():
    model = classifier()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"to have shape \(4,\) but got array with shape \(3,\)"):
        model.fit(X, ONE_HOT, validation_data=(X[:, :3], ONE_HOT), verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_a_loss_function_that_returns_nonsense_is_named():
    model = Sequential([Dense(3, input_shape=(4,))])
    model.compile("sgd", lambda y_true, y_pred: None)
    with pytest.raises((TypeError, ValueError)):
        model.fit(X, ONE_HOT, verbose=0)


def test_callbacks_must_be_callbacks():
    with pytest.raises((TypeError, AttributeError, ValueError)):
        classifier().fit(X, ONE_HOT, callbacks=["EarlyStopping"], verbose=0)
