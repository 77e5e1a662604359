"""`keras.legacy.interfaces`: decorators for constructors that others wrote."""

import pytest

from hornbeam.compat.legacy import interfaces


class Layer:
    @interfaces.legacy_dense_support
    def __init__(self, units, kernel_initializer=None, **kwargs):
        self.given = units, kernel_initializer, kwargs


def test_decorated_constructors_take_both_forms():
    assert Layer(output_dim=3, init="he_normal").given == (3, "he_normal", {})
    assert Layer(3, kernel_initializer="he_normal", bias=False).given == (
        3, "he_normal", {"use_bias": False}
    )
    with pytest.raises(TypeError, match="both the legacy keyword argument `init`"):
        Layer(3, init="a", kernel_initializer="b")


def test_an_interface_of_one_s_own():
    support = interfaces.generate_legacy_interface(
        allowed_positional_args=["size"],
        conversions=[("nb", "count"), ("order", "layout")],
        value_conversions={"order": {"th": "first"}},
    )

    class Mine:
        @support
        def __init__(self, size, count=1, layout=None):
            self.given = size, count, layout

    assert Mine(2, nb=3, order="th").given == (2, 3, "first")
    with pytest.raises(TypeError, match=r"`Mine` can accept only 1 positional arguments"):
        Mine(2, 3)


def test_preprocessors_tell_what_they_changed():
    args, kwargs, converted = interfaces.conv2d_args_preprocessor((None, 8), {
        "nb_row": 3, "nb_col": 5, "strides": 2,
    })
    assert (args, kwargs) == ((None, 8), {"kernel_size": (3, 5), "strides": 2})
    assert [old for old, _ in converted] == ["nb_row", "nb_col"]


def test_generators_steps_come_from_their_batch_size():
    class Generator:
        batch_size = 8

    _, kwargs, _ = interfaces.generator_methods_args_preprocessor(
        (None, Generator()), {"samples_per_epoch": 80}
    )
    assert kwargs == {"steps_per_epoch": 10}


def test_older_argument_orders_are_named():
    order = interfaces.add_weight_args_preprocessing
    assert order((None, (2, 3), "w"), {})[:2] == ((None,), {"shape": (2, 3), "name": "w"})
    updates = interfaces.get_updates_arg_preprocessing
    assert updates((None, ["p"], [], "loss"), {})[1] == {"params": ["p"], "loss": "loss"}
    assert updates((None, "loss", ["p"]), {})[0] == (None, "loss", ["p"])
