"""Every name and argument that Keras 1.2.2 to 2.3.0 had works, or says what it became.

`old_names.json` holds the names, with the parameters of each version, and the arguments that were
renamed: facts read off the published versions. A name that is not here works under both `keras` and
`hornbeam`; those that cannot stand in a table, each with the words of its error or its reason.
"""

import importlib
import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest

import hornbeam
import hornbeam.models
from hornbeam import backend as K
from hornbeam import layers, optimizers
from hornbeam.compat.names import KerasNames

FACTS = json.loads(Path(__file__).with_name("old_names.json").read_text("utf-8"))
NAMES, ARGUMENTS = FACTS["names"], FACTS["arguments"]

# Names that are not there: pattern -> words of the error.
GONE = {
    r"keras\.engine\.saving\.getargspec": "use inspect.getfullargspec",
    r"keras\.backend\.tensorflow_backend\.get_graph": "no attribute 'get_graph'",
    r"keras\.layers\.conv_(in|out)put_length": "it is keras.utils.conv_utils",
    r"keras\.layers\.func_(dump|load)": "it is keras.utils.generic_utils",
    r"keras\.layers\.get_from_module": "it is keras.utils.generic_utils",
    r"keras\.layers\.time_distributed_dense": "it is keras.layers.recurrent",
    r"keras\.metrics\.BaseMeanIoU": "subclass keras.metrics.MeanIoU",
    r"keras\.utils\.test_utils\.tf_file_io_proxy(\..*)?": "test double for TensorFlow's file_io",
    # Keras 1's cells were methods of the layers; `Recurrent` is the base for layers of that form.
    r"keras\.layers\.(ConvLSTM2D|GRU|LSTM|SimpleRNN)\."
    r"(get_constants|get_initial_states|preprocess_input|step|input_conv|recc?urr?ent_conv)":
    "has no attribute",
    # These are functions that make a `Conv1D` or `Conv2D`, whose methods these are.
    r"keras\.layers\.(convolutional\.)?AtrousConv(olution)?[12]D\..*": "has no attribute",
    # Files and configs of such models are read by `load_model`.
    r"keras\.models\.Sequential\.legacy_(from|get)_config": "has no attribute",
}

# Parameters that are given by another name in calls by keyword, or not at all: pattern -> why.
OTHER_PARAMETERS = {
    r".*\.(call|compute_mask)": "`Layer.__call__` passes the inputs by position",
    r".*\.__call__": "inputs by position; a mask travels with them",
    r".*\.from_config": "a class method",
    r".*Recurrent\.get_initial_states": "its tensor was `x`, then `inputs`",
    r".*Recurrent\.reset_states": "`states_value` is `states`",
    r".*GeneratorEnqueuer\.start": "`wait_time` belonged to a queue that is not polled any more",
    r".*(constraints|regularizers|optimizers)\.get": "`kwargs` were for Keras 1 itself",
    r".*inception_v3\.conv2d_bn": "an inner function of Keras 1, which had other names",
    r".*layer_utils\.print_summary": "takes the model instead of its list of layers",
}

# What is taken through **kwargs, with a test of its own below or where it is named.
THROUGH_KEYWORDS = {
    r"keras\.optimizers\.[A-Za-z]+": {"lr", "decay", "epsilon", "schedule_decay"},
    r".*\.ReduceLROnPlateau": {"epsilon"},
    r".*\.(imdb|reuters)\.load_data": {"nb_words"},
    r".*\.Tokenizer": {"nb_words"},
    r"keras\.layers\.ConvRecurrent2D": {"nb_row", "nb_col"},
    r".*\.(Model|Container)": {"input", "output", "inputs", "outputs", "name"},
    r".*\.fit": {"nb_epoch"},
    r".*\.(get_updates)": {"constraints"},
    r"keras\.(legacy\.)?layers\.merge": {"inputs", "mode", "concat_axis", "dot_axes",
                                         "output_shape", "output_mask", "arguments", "name"},
}
OF_ANY_LAYER = {"input_shape", "input_dim", "input_length", "weights", "name", "trainable"}


def entry(table, name):
    """The entry of the first pattern of a table that matches, or None."""
    return next((value for key, value in table.items() if re.fullmatch(key, name)), None)


def find(name, root):
    """What a dotted name means: an attribute where there is one, else a module."""
    found, path = hornbeam, root
    for part in name.split(".")[1:]:
        path = f"{path}.{part}"
        try:
            found = getattr(found, part)
        except AttributeError:
            if inspect.isclass(found) or not inspect.ismodule(found):
                raise
            try:
                home = KerasNames().home(path.replace("hornbeam", "keras", 1))
                found = importlib.import_module(home)
            except ImportError:
                raise AttributeError(getattr(found, part)) from None
    return found


def accepted(found, name):
    """Names of the arguments that a callable takes by keyword."""
    parameters = set(inspect.signature(found).parameters)
    for holder in (found, getattr(found, "__init__", None)):
        parameters |= set(getattr(holder, "old_arguments", None) or ())
    parameters |= entry(THROUGH_KEYWORDS, name) or set()
    if inspect.isclass(found) and issubclass(found, layers.Layer):
        parameters |= OF_ANY_LAYER | set(ARGUMENTS.get(name, ()))
        for kind in found.__mro__:
            parameters |= set(inspect.signature(kind).parameters)
            parameters |= set(ARGUMENTS.get(f"keras.layers.{kind.__name__}", ()))
    return parameters


@pytest.mark.parametrize("name", NAMES)
def test_a_name_works_or_says_what_it_became(name):
    words = entry(GONE, name)
    if words is not None:
        with pytest.raises(AttributeError, match=words):
            find(name, "keras")
        return
    found = find(name, "keras")
    assert found == find(name, "hornbeam")
    if entry(OTHER_PARAMETERS, name) is not None or not callable(found):
        return
    for parameters in NAMES[name]:
        missing = set(parameters.split()) - accepted(found, name)
        if inspect.isfunction(found) and found.__name__.startswith("Atrous"):
            missing -= accepted(layers.Conv2D, "keras.layers.Conv2D")
            missing -= accepted(layers.Conv1D, "keras.layers.Conv1D")
        assert not missing


# ---- the arguments: the old form makes what the new form makes

VALUES = {  # old argument -> its value, and the value of the new argument
    "activation": ("tanh", "tanh"),
    "atrous_rate": ((2, 2), (2, 2)),
    "bias": (False, False),
    "border_mode": ("same", "same"),
    "consume_less": ("mem", 1),
    "dim_ordering": ("th", "channels_first"),
    "dropout_U": (0.25, 0.25),
    "dropout_W": (0.25, 0.25),
    "filter_length": (3, 3),
    "forget_bias_init": ("zero", False),
    "init": ("he_normal", "he_normal"),
    "inner_activation": ("relu", "relu"),
    "inner_init": ("glorot_normal", "glorot_normal"),
    "length": (3, 3),
    "mode": (0, None),
    "nb_filter": (4, 4),
    "output_dim": (5, 5),
    "p": (0.5, 0.5),
    "pool_length": (3, 3),
    "sigma": (0.5, 0.5),
    "stride": (3, 3),
    "subsample": ((2, 2), (2, 2)),
    "subsample_length": (2, 2),
}
for _kind in ("W", "U", "b"):
    VALUES[f"{_kind}_regularizer"] = ("l2", "l2")
    VALUES[f"{_kind}_constraint"] = ("nonneg", "non_neg")
for _kind in ("beta", "gamma"):
    VALUES[f"{_kind}_init"] = ("uniform", "uniform")
# Arguments that are said together: class -> (old call, new call).
TOGETHER = {
    "Conv1D": ({"input_dim": 3, "input_length": 9}, {"input_shape": (9, 3)}),
    "Conv2D": ({"nb_row": 2, "nb_col": 3}, {"kernel_size": (2, 3)}),
    "Conv2DTranspose": ({"nb_row": 2, "nb_col": 3, "output_shape": (1, 2, 3, 4)},
                        {"kernel_size": (2, 3)}),
    "Conv3D": ({"kernel_dim1": 1, "kernel_dim2": 2, "kernel_dim3": 3}, {"kernel_size": (1, 2, 3)}),
    "ConvLSTM2D": ({"nb_row": 2, "nb_col": 3}, {"kernel_size": (2, 3)}),
    "GRU": ({"input_dim": 3, "input_length": 9}, {"input_shape": (9, 3)}),
    "InputLayer": ({"input_dtype": "int32"}, {"dtype": "int32"}),
    "LSTM": ({"input_dim": 3}, {"input_shape": (None, 3)}),
    "LocallyConnected1D": ({"input_dim": 3, "input_length": 9}, {"input_shape": (9, 3)}),
    "LocallyConnected2D": ({"nb_row": 2, "nb_col": 3}, {"kernel_size": (2, 3)}),
    "SeparableConv2D": ({"nb_row": 2, "nb_col": 3}, {"kernel_size": (2, 3)}),
    "SimpleRNN": ({"input_dim": 3, "input_length": 9}, {"input_shape": (9, 3)}),
}
REQUIRED = {"filters": 2, "kernel_size": 2, "units": 3, "rate": 0.1, "stddev": 0.1}
OF_CLASS = {"Embedding": {"input_dim": 7, "output_dim": 2}, "InputLayer": {"input_shape": (3,)}}
BY_CLASS = {
    name.rpartition(".")[2]: renames
    for name, renames in ARGUMENTS.items()
    if re.fullmatch(r"keras\.layers\.\w+", name)
}
# Keras 1 had these too: the layers have no such gate, or take one value only.
WITHOUT_MEANING = {
    ("GRU", "forget_bias_init"),
    ("LocallyConnected1D", "border_mode"),
    ("LocallyConnected2D", "border_mode"),
    ("SimpleRNN", "consume_less"),
    ("SimpleRNN", "forget_bias_init"),
    ("SimpleRNN", "inner_activation"),
}
SINGLE = [
    (name, old, new)
    for name, renames in BY_CLASS.items()
    for old, new in renames.items()
    if old not in TOGETHER.get(name, ({},))[0] and old not in ("dropout", "input_length")
    and (name, old) not in WITHOUT_MEANING
]


def made(name, given):
    """The config of a layer from some arguments, and from what its class requires beside."""
    kind = getattr(layers, name)
    names = {"kernel_size" if n in ("nb_row", "nb_col", "kernel_dim1") else n for n in given}
    parameters = inspect.signature(kind).parameters
    renamed = {BY_CLASS[name].get(n) for n in given}
    beside = {
        n: OF_CLASS.get(name, REQUIRED)[n]
        for n, p in parameters.items()
        if n in OF_CLASS.get(name, REQUIRED)
        and (p.default is p.empty or name == "InputLayer")
        and n not in names | renamed
    }
    return kind(**beside, **given, name="x").get_config()


@pytest.mark.parametrize("name, old, new", SINGLE)
def test_a_layer_takes_an_argument_under_its_old_name(name, old, new):
    old_value, new_value = VALUES[old]
    dimensions = {"1D": 1, "2D": 2, "3D": 3}.get(name[-2:])
    if old in ("subsample", "atrous_rate") and dimensions:
        old_value = new_value = (2,) * dimensions
    expected = {n: new_value for n in (new.split("/") if new else ())}
    assert made(name, {old: old_value}) == made(name, expected)
    if new:
        assert made(name, expected) != made(name, {})


@pytest.mark.parametrize("name", TOGETHER)
def test_a_layer_takes_old_arguments_that_belong_together(name):
    old, new = TOGETHER[name]
    assert made(name, old) == made(name, new)


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax"])
def test_an_optimizer_takes_lr_decay_and_epsilon(name):
    kind, given = getattr(optimizers, name), {"lr": 0.25, "decay": 0.5}
    if name != "SGD":
        given["epsilon"] = 0.125
    config = kind(**given).get_config()
    assert (config["learning_rate"], config["decay"]) == (0.25, 0.5)
    assert config.get("epsilon", 0.125) == 0.125


def test_nadam_takes_schedule_decay():
    assert optimizers.Nadam(schedule_decay=0.25).get_config()["schedule_decay"] == 0.25


def test_get_updates_takes_constraints_by_name():
    w = K.variable(np.ones(2))
    updates = optimizers.SGD(0.5).get_updates(params=[w], constraints={}, loss=K.sum(w * w))
    K.function([], [], updates)([])
    assert K.get_value(w).tolist() == [0, 0]


RENAMED = {
    "keras.backend.batch_get_value": lambda f: f(xs=[K.variable(2.0)]) == [2.0],
    "keras.backend.expand_dims": lambda f: K.int_shape(f(K.ones((2, 3)), dim=1)) == (2, 1, 3),
    "keras.backend.one_hot": lambda f: K.int_shape(f(K.constant([1], "int32"), nb_classes=4))[1]
    == 4,
    "keras.backend.random_normal": lambda f: np.ptp(K.eval(f((9,), mean=3.0, std=0.0))) == 0,
    "keras.backend.random_uniform": lambda f: K.eval(f((9,), low=2.0, high=3.0)).min() >= 2,
    "keras.constraints.MaxNorm": lambda f: f(m=3).get_config()["max_value"] == 3,
    "keras.constraints.MinMaxNorm": lambda f: f(low=1, high=2).get_config()["max_value"] == 2,
    "keras.utils.to_categorical": lambda f: f([0], nb_classes=3).shape == (1, 3),
    "keras.utils.normalize": lambda f: f(a=np.array([3.0, 4.0])).tolist() == [[0.6, 0.8]],
    "keras.callbacks.ReduceLROnPlateau": lambda f: f(epsilon=0.5).min_delta == 0.5,
    "keras.preprocessing.text.Tokenizer": lambda f: f(nb_words=5).num_words == 5,
    "keras.utils.data_utils.GeneratorEnqueuer": lambda f: f(generator=range(2)).sequence[1] == 1,
    "keras.utils.conv_utils.deconv_length": lambda f: f(4, 2, 3, "same") == 8,
}


@pytest.mark.parametrize("name", RENAMED)
def test_a_function_takes_an_argument_under_its_old_name(name):
    assert RENAMED[name](find(name, "keras"))


# ---- generators, which Keras 1 counted in samples


def batches(size):
    while True:
        for start in range(0, 12, size):
            x = np.arange(start, start + size, dtype="float32")[:, None]
            yield x, 2 * x


@pytest.fixture
def model():
    model = hornbeam.models.Sequential([layers.Dense(1, input_dim=1)])
    model.set_weights([np.ones((1, 1)), np.zeros(1)])
    model.compile("sgd", "mse")
    return model


class Steps(hornbeam.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.sizes = []

    def on_batch_end(self, batch, logs=None):
        self.sizes.append(logs["size"])


def test_samples_of_a_generator_become_batches(model):
    seen = Steps()
    history = model.fit_generator(
        batches(4), samples_per_epoch=12, nb_epoch=2, verbose=0, callbacks=[seen],
        validation_data=batches(3), nb_val_samples=6, max_q_size=2, nb_worker=1, pickle_safe=False,
    )
    assert seen.sizes == [4] * 6
    assert len(history.history["val_loss"]) == 2


def test_the_batch_that_told_the_size_is_not_lost(model):
    seen = model.predict_generator((x for x, _ in batches(4)), val_samples=8)
    np.testing.assert_array_equal(seen[:, 0], np.arange(8))


def test_both_names_of_an_argument_are_refused(model):
    with pytest.raises(TypeError, match="both the legacy keyword argument `nb_epoch`"):
        model.fit_generator(batches(4), samples_per_epoch=12, nb_epoch=1, epochs=2)
