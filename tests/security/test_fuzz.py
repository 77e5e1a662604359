"""Damaged files, a few of them; 10,000: `python -m tests.security.fuzz`."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hornbeam.models import model_from_config, model_from_json, model_from_yaml
from hornbeam.saving import ModelFileError, archives, hdf5, info, limits
from tests.security import attacks, fuzz, samples

FEW = settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["class_name", "config", "layers", "name", "units", "inbound_nodes", "x"]),
        inner, max_size=5,
    ),
    max_leaves=15,
)


def test_damaged_files_load_or_are_refused_in_words():
    outcomes, notes = fuzz.fuzz(150, seed=1)
    assert notes == []
    assert set(outcomes) == {"loaded", "refused", "peak MiB"}
    assert outcomes["loaded"] + outcomes["refused"] == 150


@FEW
@given(trees)
def test_any_tree_is_a_config_or_refused_in_words(config):
    for read in (
        model_from_config if isinstance(config, dict) else limits.check_config,
        lambda config: model_from_json(json.dumps(config)),
    ):
        try:
            read(config)
        except (ValueError, TypeError) as error:
            assert isinstance(error, ValueError) or "list" in str(error)


@FEW
@given(trees, st.sampled_from(["units", "activation", "kernel_initializer", "name", "dtype",
                               "batch_input_shape", "trainable", "bias_constraint"]))
def test_any_argument_of_a_layer_is_taken_or_refused_in_words(value, name):
    config = attacks.stack(attacks.layer("Dense", **{"units": 2, name: value}))
    try:
        model_from_json(json.dumps(config))
    except ValueError:
        pass


@FEW
@given(st.text(max_size=60) | st.text("-:[]{}&*!<>|'\" \nab1", max_size=60))
def test_any_text_is_yaml_or_refused_in_words(text):
    with pytest.raises((ValueError, TypeError)):  # no such text is a model; a list is a TypeError
        model_from_yaml(text)


@FEW
@given(
    data=st.binary(max_size=200),
    start=st.sampled_from([b"", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\x10" + bytes(7) + b"{"]),
)
def test_any_bytes_are_refused_in_words(data, start, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(start + data)
    with pytest.raises(ModelFileError):
        info.describe(path)
    for module in (hdf5, archives):
        with pytest.raises(ModelFileError), module.reading(path) as inside:
            inside["x"] if module is hdf5 else inside.read("config.json", 100)


def test_a_mutation_is_known_by_its_number(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    path, data = samples.GOLDEN / "golden" / "sequential.h5", b"x" * 100
    first, second = (fuzz.mutated(path, data, fuzz.random.Random(7)) for _ in range(2))
    assert first == second != data
