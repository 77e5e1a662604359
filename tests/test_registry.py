import pytest

from hornbeam import registry
from hornbeam.registry import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    has_arg,
    serialize_keras_object,
)


class Scale:
    def __init__(self, factor=1.0):
        self.factor = factor

    def get_config(self):
        return {"factor": self.factor}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Nest(Scale):
    @classmethod
    def from_config(cls, config, custom_objects=None):
        made = cls(**config)
        made.seen = custom_objects
        return made


def make_scale(factor):
    return Scale(factor)


TABLE = {"Scale": Scale, "make_scale": make_scale, "Nest": Nest}


@pytest.fixture(autouse=True)
def nothing_registered():
    before = dict(get_custom_objects())
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


def test_custom_objects_are_live_and_scoped():
    get_custom_objects()["kept"] = 1
    with CustomObjectScope({"a": 2}, {"b": 3}) as scope:
        assert scope.custom_objects == ({"a": 2}, {"b": 3})
        assert get_custom_objects() == {"kept": 1, "a": 2, "b": 3}
        get_custom_objects()["lost"] = 4
        with custom_object_scope({"a": 5}):
            assert get_custom_objects()["a"] == 5
        assert get_custom_objects()["a"] == 2
    assert get_custom_objects() == {"kept": 1}


def test_a_scope_is_left_after_an_error():
    with pytest.raises(KeyError), custom_object_scope({"a": 2}):
        raise KeyError
    assert get_custom_objects() == {}


def test_an_object_survives_its_config():
    config = serialize_keras_object(Scale(3.0))
    assert config == {"class_name": "Scale", "config": {"factor": 3.0}}
    assert deserialize_keras_object(config, TABLE).factor == 3.0


def test_functions_and_classes_are_named():
    assert serialize_keras_object(make_scale) == "make_scale"
    assert serialize_keras_object(Scale) == "Scale"
    assert deserialize_keras_object("make_scale", TABLE) is make_scale
    assert deserialize_keras_object("Scale", TABLE) is Scale


def test_none_stays_none():
    assert serialize_keras_object(None) is None
    assert deserialize_keras_object(None) is None


def test_a_function_is_called_with_the_config():
    config = {"class_name": "make_scale", "config": {"factor": 2}}
    assert deserialize_keras_object(config, TABLE).factor == 2


def test_the_callers_names_go_before_registered_and_built_in_ones():
    get_custom_objects()["make_scale"] = 1
    assert deserialize_keras_object("make_scale", TABLE) == 1
    assert deserialize_keras_object("make_scale", TABLE, {"make_scale": 2}) == 2


def test_from_config_sees_all_custom_objects():
    get_custom_objects()["registered"] = 1
    config = {"class_name": "Nest", "config": {}}
    made = deserialize_keras_object(config, TABLE, {"passed": 2})
    assert made.seen == {"registered": 1, "passed": 2}


def test_custom_objects_are_in_scope_while_from_config_runs():
    class Looks:
        @classmethod
        def from_config(cls, config):
            return dict(get_custom_objects())

    config = {"class_name": "Looks", "config": {}}
    assert deserialize_keras_object(config, {"Looks": Looks}, {"a": 1}) == {"a": 1}
    assert get_custom_objects() == {}


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown thing: 'scael'\. Did you mean 'Scale'") as error:
        deserialize_keras_object("scael", TABLE, printable_module_name="thing")
    assert "custom_object_scope" in str(error.value)
    with pytest.raises(ValueError, match="Did you mean 'make_scale' or 'Scale'"):
        deserialize_keras_object({"class_name": "MakeScale", "config": {}}, TABLE)
    with pytest.raises(ValueError, match="Unknown object: 'zzzzz'. An object of your own"):
        deserialize_keras_object("zzzzz")


def test_suggestions_count_what_the_user_registered():
    get_custom_objects()["swirl"] = make_scale
    with pytest.raises(ValueError, match="Did you mean 'swirl'"):
        deserialize_keras_object("swirrl", TABLE)


@pytest.mark.parametrize(
    "config", [{}, {"class_name": "Scale"}, {"config": {}}, {"class_name": ["x"], "config": {}}]
)
def test_an_incomplete_config_is_refused(config):
    with pytest.raises(ValueError, match="Improper config format"):
        deserialize_keras_object(config, TABLE)


def test_other_types_are_refused():
    with pytest.raises(ValueError, match="Could not interpret serialized object: 3"):
        deserialize_keras_object(3, TABLE)
    with pytest.raises(ValueError, match="Cannot serialize 3"):
        serialize_keras_object(3)


def test_registered_classes_and_functions_carry_their_package():
    @registry.register_keras_serializable(package="mine")
    class Half(Scale):
        pass

    @registry.register_keras_serializable("mine", name="twice")
    def double(x):
        return 2 * x

    assert serialize_keras_object(Half(3)) == {
        "class_name": "mine>Half",
        "config": {"factor": 3},
    }
    assert serialize_keras_object(double) == "mine>twice"
    assert isinstance(deserialize_keras_object(serialize_keras_object(Half(3))), Half)
    assert deserialize_keras_object("mine>twice") is double
    assert registry.get_registered_object("mine>twice") is double
    assert registry.get_registered_name(Scale) == "Scale"


def test_a_class_without_get_config_is_not_registered():
    with pytest.raises(ValueError, match="has no get_config"):
        registry.register_keras_serializable()(type("Bare", (), {}))


def test_configs_of_keras_3_are_understood():
    config = {
        "module": "keras.things",
        "class_name": "Scale",
        "config": {"factor": 4},
        "registered_name": None,
    }
    assert deserialize_keras_object(config, TABLE).factor == 4
    named = {"module": "builtins", "class_name": "function", "config": "make_scale"}
    assert deserialize_keras_object(named, TABLE) is make_scale


def test_has_arg():
    def function(a, *args, b=1, **kwargs):
        pass

    assert has_arg(function, "a") and has_arg(function, "b")
    assert not has_arg(function, "c") and has_arg(function, "c", accept_all=True)
    assert not has_arg(function, "args") and not has_arg(function, "kwargs")
    assert not has_arg(lambda a: a, "c", accept_all=True)


def test_a_catalogue_is_one_dict():
    registry.catalogue("test kind")["a"] = 1
    assert registry.catalogue("test kind") == {"a": 1}


def test_by_name_classes_and_factories_are_called_but_functions_of_something_are_not():
    get_custom_objects()["square"] = lambda x: x * x
    get_custom_objects()["ready"] = ready = Scale(7)
    table = {"Scale": Scale, "make": lambda factor=2: Scale(factor)}
    assert registry.instance_by_name("Scale", table).factor == 1.0
    assert registry.instance_by_name("make", table).factor == 2
    assert registry.instance_by_name("square", table)(3) == 9
    assert registry.instance_by_name("ready", table) is ready
    with pytest.raises(ValueError, match="Unknown thing: 'scal'. Did you mean 'Scale'"):
        registry.instance_by_name("scal", table, "thing")
