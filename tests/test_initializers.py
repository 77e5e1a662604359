import math

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import initializers
from hornbeam.layers import Layer
from hornbeam.registry import custom_object_scope

DENSE = (200, 300)
CONVOLUTION = (3, 3, 40, 60)  # fans 360 and 540

RANDOM = {
    "RandomNormal": initializers.RandomNormal,
    "RandomUniform": initializers.RandomUniform,
    "TruncatedNormal": initializers.TruncatedNormal,
    "VarianceScaling": initializers.VarianceScaling,
    "Orthogonal": initializers.Orthogonal,
    "glorot_uniform": initializers.glorot_uniform,
    "HeNormal": initializers.HeNormal,
}


@pytest.fixture
def float64():
    K.set_floatx("float64")
    yield
    K.set_floatx("float32")


# ---- determinism


@pytest.mark.parametrize("make", RANDOM.values(), ids=RANDOM)
def test_a_seed_fixes_the_values(make):
    first = make(seed=3)((40, 50))
    np.random.seed(99)
    np.testing.assert_array_equal(make(seed=3)((40, 50)), first)
    assert not np.array_equal(make(seed=4)((40, 50)), first)


@pytest.mark.parametrize("make", RANDOM.values(), ids=RANDOM)
def test_without_a_seed_numpys_seed_fixes_the_values(make):
    np.random.seed(5)
    first, second = make()((40, 50)), make()((40, 50))
    np.random.seed(5)
    np.testing.assert_array_equal(make()((40, 50)), first)
    assert not np.array_equal(first, second)


def test_a_seed_moves_on_with_each_call_as_in_keras():
    initializer = initializers.RandomNormal(seed=7)
    first, second = initializer((5,)), initializer((5,))
    assert initializer.get_config()["seed"] == 9
    np.testing.assert_array_equal(initializers.RandomNormal(seed=8)((5,)), second)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("seed", [0, -1, 2**40, np.int32(3)])
def test_any_whole_number_is_a_seed(seed):
    assert initializers.RandomUniform(seed=seed)((3,)).shape == (3,)


# ---- distributions


def test_normal_has_the_mean_and_deviation_asked_for():
    values = initializers.RandomNormal(mean=2.0, stddev=0.5, seed=1)((400, 500))
    assert abs(values.mean() - 2.0) < 0.01 and abs(values.std() - 0.5) < 0.01
    assert np.abs(values - 2.0).max() > 1.5  # three deviations: not cut


def test_truncated_normal_stays_within_two_deviations():
    values = initializers.TruncatedNormal(mean=1.0, stddev=0.5, seed=1)((400, 500))
    assert np.abs(values - 1.0).max() <= 1.0 + 1e-6
    assert np.abs(values - 1.0).max() > 0.99
    assert abs(values.std() / 0.5 - 0.8796) < 0.01


def test_uniform_fills_its_interval():
    values = initializers.RandomUniform(-1.0, 3.0, seed=1)((400, 500))
    assert values.min() >= -1.0 and values.max() <= 3.0
    assert abs(values.mean() - 1.0) < 0.02 and abs(values.std() - 4 / math.sqrt(12)) < 0.02


def test_uniform_draws_whole_numbers_for_whole_dtypes():
    values = initializers.RandomUniform(0, 4, seed=1)((1000,), "int32")
    assert values.dtype == np.int32 and set(values.tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("shape, fan_in, fan_out", [(DENSE, 200, 300), (CONVOLUTION, 360, 540)])
@pytest.mark.parametrize(
    "name, variance, uniform",
    [
        ("lecun_uniform", lambda i, o: 1 / i, True),
        ("lecun_normal", lambda i, o: 1 / i, False),
        ("glorot_uniform", lambda i, o: 2 / (i + o), True),
        ("glorot_normal", lambda i, o: 2 / (i + o), False),
        ("he_uniform", lambda i, o: 2 / i, True),
        ("he_normal", lambda i, o: 2 / i, False),
        ("LecunUniform", lambda i, o: 1 / i, True),
        ("LecunNormal", lambda i, o: 1 / i, False),
        ("GlorotUniform", lambda i, o: 2 / (i + o), True),
        ("GlorotNormal", lambda i, o: 2 / (i + o), False),
        ("HeUniform", lambda i, o: 2 / i, True),
        ("HeNormal", lambda i, o: 2 / i, False),
    ],
)
def test_variance_follows_the_fans(name, variance, uniform, shape, fan_in, fan_out):
    values = initializers.get(name)(shape)
    deviation = math.sqrt(variance(fan_in, fan_out))
    assert abs(values.std() / deviation - 1) < 0.02
    assert abs(values.mean() / deviation) < 0.02
    farthest = math.sqrt(3) if uniform else 2 / 0.8796
    assert np.abs(values).max() / deviation == pytest.approx(farthest, rel=0.01)


def test_variance_scaling_by_outputs_and_uncut():
    values = initializers.VarianceScaling(4.0, "FAN_OUT", "Untruncated_Normal", seed=1)(DENSE)
    assert abs(values.std() / math.sqrt(4 / 300) - 1) < 0.02
    assert np.abs(values).max() / values.std() > 3


def test_fans_are_those_of_keras():
    fans = initializers._compute_fans
    assert fans((7, 9)) == (7, 9)
    assert fans((3, 4, 5)) == (12, 15)
    assert fans((2, 3, 4, 5)) == (24, 30)
    assert fans((2, 2, 2, 4, 5)) == (32, 40)
    assert fans((16,)) == (4.0, 4.0)
    assert fans(()) == (1.0, 1.0)
    assert fans((5, 4, 3, 2), data_format="channels_first") == (24, 30)
    with pytest.raises(ValueError, match="Invalid data_format: 'sideways'"):
        fans((5, 4, 3, 2), data_format="sideways")


@pytest.mark.parametrize("shape", [(6, 6), (8, 3), (3, 8), (2, 2, 3, 5)])
def test_orthogonal_rows_or_columns(shape):
    matrix = initializers.Orthogonal(gain=2.0, seed=1)(shape, "float64").reshape(-1, shape[-1])
    small = matrix @ matrix.T if matrix.shape[0] < matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


def test_orthogonal_has_no_preferred_sign():
    corners = [initializers.Orthogonal(seed=seed)((3, 3))[0, 0] for seed in range(200)]
    assert 70 < sum(corner > 0 for corner in corners) < 130


# ---- fixed values


def test_zeros_ones_constant_identity():
    np.testing.assert_array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.Ones()((2, 3)), np.ones((2, 3)))
    np.testing.assert_array_equal(initializers.Constant(2.5)((2,)), [2.5, 2.5])
    np.testing.assert_array_equal(initializers.Constant([1, 2])((2, 2)), [[1, 2], [1, 2]])
    np.testing.assert_array_equal(initializers.Constant([1, 2, 3, 4])((2, 2)), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(
        initializers.Identity(3.0)((2, 3)), [[3.0, 0.0, 0.0], [0.0, 3.0, 0.0]]
    )


def test_a_constant_is_a_copy():
    value = np.ones((2, 2), "float32")
    made = initializers.Constant(value)((2, 2))
    made[:] = 5
    assert value.max() == 1


def test_scalars_have_the_empty_shape():
    for name in ("zeros", "random_normal", "truncated_normal", "random_uniform"):
        made = initializers.get(name)(())
        assert isinstance(made, np.ndarray) and made.shape == ()


# ---- dtypes

ALL = ["zeros", "ones", "constant", *RANDOM, "identity"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
@pytest.mark.parametrize("name", ALL)
def test_values_are_numpy_arrays_of_the_dtype_asked_for(name, dtype):
    made = initializers.get(name)((4, 4), dtype=dtype)
    assert isinstance(made, np.ndarray)
    assert made.dtype.name == dtype and made.flags.writeable


def test_the_default_dtype_is_floatx(float64):
    assert {initializers.get(name)((4, 4)).dtype.name for name in ALL} == {"float64"}
    assert len(np.unique(initializers.RandomUniform()((9,)).astype("float32"))) == 9


# ---- names and configs


@pytest.mark.parametrize(
    "name",
    "zero zeros Zeros one ones Ones constant Constant uniform random_uniform RandomUniform normal "
    "random_normal RandomNormal truncated_normal TruncatedNormal VarianceScaling identity Identity "
    "orthogonal Orthogonal glorot_uniform glorot_normal he_normal he_uniform lecun_uniform "
    "lecun_normal GlorotUniform variance_scaling".split(),
)
def test_every_name_finds_one_and_survives_its_config(name):
    initializer = initializers.get(name)
    assert initializer((3, 3)).shape == (3, 3)
    again = initializers.get(initializers.serialize(initializer))
    assert type(again) is type(initializer)
    assert again.get_config() == initializer.get_config()


def test_configs_are_those_of_keras():
    assert initializers.serialize(initializers.glorot_uniform(seed=4)) == {
        "class_name": "VarianceScaling",
        "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": 4},
    }
    assert initializers.serialize(initializers.RandomNormal()) == {
        "class_name": "RandomNormal",
        "config": {"mean": 0.0, "stddev": 0.05, "seed": None},
    }
    assert initializers.serialize(initializers.GlorotUniform(3)) == {
        "class_name": "GlorotUniform",
        "config": {"seed": 3},
    }


def test_a_dtype_in_a_config_of_tf_keras_is_left_out():
    config = {"class_name": "RandomUniform", "config": {"minval": 0, "dtype": "float32"}}
    assert initializers.get(config).minval == 0
    assert config["config"]["dtype"] == "float32"


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(
        ValueError, match="Unknown initializer: 'glorot_unifrm'. Did you mean 'glorot_uniform'"
    ):
        initializers.get("glorot_unifrm")
    with pytest.raises(ValueError, match="Unknown initializer: 'HeNorml'. Did you mean 'HeNormal'"):
        initializers.get({"class_name": "HeNorml", "config": {}})


def test_what_is_no_initializer_is_refused():
    with pytest.raises(ValueError, match="Could not interpret initializer identifier: 3"):
        initializers.get(3)


def test_classes_objects_and_functions_are_accepted():
    def of_shape(shape, dtype=None):
        return np.full(shape, 2.0, dtype)

    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    ones = initializers.Ones()
    assert initializers.get(ones) is ones
    assert initializers.get(of_shape) is of_shape
    assert initializers.get(None) is None


def test_a_function_of_the_users_is_found_by_name():
    def twos(shape, dtype=None):
        return np.full(shape, 2.0, dtype)

    class Threes(initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return np.full(shape, 3.0, dtype)

    with custom_object_scope({"twos": twos, "Threes": Threes}):
        assert initializers.get("twos") is twos
        assert isinstance(initializers.get("Threes"), Threes)
    assert initializers.deserialize("twos", custom_objects={"twos": twos}) is twos


def test_functions_of_keras_1_take_no_dtype():
    def mine(shape, name=None):
        """Halves."""
        return K.variable(np.full(shape, 0.5), name=name)

    taken = initializers.get(mine)
    assert initializers.serialize(taken) == "mine" and taken.__doc__ == "Halves."
    assert initializers.get(taken) is taken
    np.testing.assert_array_equal(K.eval(taken((2,), dtype="float32")), [0.5, 0.5])


# ---- errors


@pytest.mark.parametrize("shape", [(None, 3), 3, ("a",)])
def test_a_shape_is_a_tuple_of_integers(shape):
    with pytest.raises(ValueError):
        initializers.Zeros()(shape)


@pytest.mark.parametrize("name", ALL)
def test_negative_sizes_are_refused(name):
    with pytest.raises(ValueError, match="a dimension is negative"):
        initializers.get(name)((2, -1))


def test_settings_are_checked():
    with pytest.raises(ValueError, match="`scale` must be a positive float. Got: 0"):
        initializers.VarianceScaling(scale=0)
    with pytest.raises(ValueError, match="Invalid `mode` argument: .*'fan_in'.* Got: 'fan'"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match="Invalid `distribution` argument: .* Got: 'gauss'"):
        initializers.VarianceScaling(distribution="gauss")
    with pytest.raises(ValueError, match="can only be used for 2D matrices"):
        initializers.Identity()((2, 2, 2))
    with pytest.raises(ValueError, match="two axes or more"):
        initializers.Orthogonal()((3,))
    with pytest.raises(ValueError, match=r"value of shape \(3,\) for a weight of shape \(2,\)"):
        initializers.Constant([1, 2, 3])((2,))
    with pytest.raises(NotImplementedError):
        initializers.Initializer()((2,))


# ---- large weights are drawn when they are first read


def test_large_weights_have_the_values_of_the_seed_whenever_they_are_read():
    np.random.seed(3)
    expected = [initializers.glorot_uniform()(shape, "float32") for shape in [(99, 99), (80, 70)]]
    np.random.seed(3)
    kernels = [Layer().add_weight("kernel", (99, 99)), Layer().add_weight("kernel", (80, 70))]
    after = np.random.random()
    values = [kernel.get_value() for kernel in reversed(kernels)]
    np.testing.assert_array_equal(values[1], expected[0])
    np.testing.assert_array_equal(values[0], expected[1])
    np.random.seed(3)
    np.random.randint(2**31 - 1, size=2)
    assert np.random.random() == after  # reading drew nothing from the global generator


def test_a_large_weight_that_is_set_before_it_is_read_is_never_drawn(monkeypatch):
    monkeypatch.setattr(initializers.VarianceScaling, "_draw", None)
    kernel = Layer().add_weight("kernel", (99, 99))
    kernel.set_value(np.ones((99, 99)))
    assert kernel.get_value().sum() == 99 * 99


def test_changing_an_initializer_later_does_not_change_what_it_made():
    initializer = initializers.RandomNormal(stddev=1.0, seed=1)
    kernel = Layer().add_weight("kernel", (99, 99), initializer=initializer)
    initializer.stddev = 0.0
    assert kernel.get_value().std() > 0.5


def test_a_users_own_call_is_what_makes_a_large_weight():
    class Ones(initializers.RandomNormal):
        def __call__(self, shape, dtype=None):
            return np.ones(shape, dtype)

    assert Layer().add_weight("kernel", (99, 99), initializer=Ones()).get_value().min() == 1


def test_an_array_that_an_initializer_keeps_is_not_changed_by_training():
    class Kept(initializers.Initializer):
        value = np.zeros((2, 2), "float32")

        def __call__(self, shape, dtype=None):
            return self.value

    kernel = Layer().add_weight("kernel", (2, 2), initializer=Kept())
    assert not np.shares_memory(kernel.raw, Kept.value)


def test_an_old_function_that_needs_a_name_gets_one():
    made = initializers.get(lambda shape, name: np.full(shape, 3.0))((2, 2))
    np.testing.assert_array_equal(made, np.full((2, 2), 3.0))
