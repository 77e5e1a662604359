"""The names of `keras.distribution` on one device: what they take, and what they refuse."""

import pickle

import jax
import numpy as np
import pytest

from hornbeam import distribution as D
from hornbeam.distribution import DataParallel, DeviceMesh, LayoutMap, ModelParallel, TensorLayout
from hornbeam.layers import Dense
from hornbeam.models import Sequential


@pytest.fixture
def mesh():
    """Names of devices that need not be there: nothing is put on them."""
    return DeviceMesh((2, 4), ["batch", "model"], [f"cpu:{number}" for number in range(8)])


def test_devices_have_names():
    assert D.list_devices() == D.list_devices("CPU") == ["cpu:0"]
    assert D.get_device_count() == 1
    assert D.list_devices("tpu") == []
    with pytest.raises(ValueError, match="'cpu', 'gpu', 'tpu' or None; got 'ape'"):
        D.list_devices("ape")


def test_a_mesh_has_rows_and_columns_of_names(mesh):
    assert mesh.shape == (2, 4)
    assert mesh.devices[1].tolist() == ["cpu:4", "cpu:5", "cpu:6", "cpu:7"]
    assert repr(pickle.loads(pickle.dumps(mesh))) == repr(mesh)
    with pytest.raises(ValueError, match=r"Device not found: 'cpu:1'.*\['cpu:0'\]"):
        _ = mesh.backend_mesh
    with pytest.raises(ValueError, match="cannot be empty"):
        DeviceMesh((), [])
    with pytest.raises(ValueError, match="should have same size"):
        DeviceMesh((1,), ["a", "b"])
    with pytest.raises(ValueError, match="does not match the number of devices"):
        DeviceMesh((2,), ["batch"], ["cpu:0"])


def test_layouts_name_axes_of_their_mesh(mesh):
    with pytest.raises(ValueError, match=r"Valid axis names: \['batch', 'model'\], Got \['rows'\]"):
        TensorLayout(("rows",), mesh)
    with pytest.raises(ValueError, match="device mesh is not set"):
        _ = TensorLayout((None,)).backend_layout
    small = DeviceMesh((1,), ["batch"], ["cpu:0"])
    placed = D.distribute_tensor(np.ones((2, 3)), TensorLayout(("batch", None), small))
    assert placed.sharding == TensorLayout(("batch", None), small).backend_layout


def test_a_map_finds_layouts_by_path_or_pattern(mesh):
    layouts = LayoutMap(mesh)
    layouts["dense.*/kernel"] = (None, "model")
    layouts["dense_2/bias"] = TensorLayout(("model",))
    assert layouts["dense_1/kernel"].axes == (None, "model")
    assert layouts["dense_2/bias"].device_mesh is mesh
    assert layouts["kernel"] is None  # a pattern matches a path as a whole
    assert (list(layouts), len(layouts)) == (["dense.*/kernel", "dense_2/bias"], 2)
    with pytest.raises(ValueError, match="already exist in the LayoutMap"):
        layouts["dense_2/bias"] = (None,)
    with pytest.raises(ValueError, match="3 should be a TensorLayout"):
        layouts["other"] = 3
    layouts[".*kernel"] = (None, None)
    with pytest.raises(ValueError, match="matches multiple layout specification keys"):
        _ = layouts["dense_1/kernel"]
    del layouts[".*kernel"]
    assert layouts["dense_1/kernel"] is not None


def test_distributions_tell_what_they_do(mesh):
    data = DataParallel(devices=["cpu:0", "cpu:1"])
    assert (data.batch_dim_name, data.num_model_replicas, data.num_processes) == ("batch", 2, 1)
    assert (data.data_shard_id, data.auto_shard_dataset) == (0, True)
    assert data.get_data_layout((8, 3)).axes == ("batch", None)
    weight = Sequential([Dense(2, input_shape=(3,), name="dense")]).weights[0]
    assert data.get_variable_layout(weight).axes == (None, None)
    layouts = LayoutMap(mesh)
    layouts["dense/kernel"] = (None, "model")
    model = ModelParallel(layout_map=layouts, batch_dim_name="batch")
    assert model.get_variable_layout(weight).axes == (None, "model")
    assert model.get_tensor_layout("dense/kernel").axes == (None, "model")
    assert model.get_tensor_layout("else") is None
    with pytest.raises(ValueError, match=r"one of the mesh's axes.*got 'rows'"):
        ModelParallel(layout_map=layouts, batch_dim_name="rows")
    with pytest.raises(ValueError, match="must be a `LayoutMap`"):
        ModelParallel(layout_map={})
    with pytest.raises(ValueError, match="instance of `DeviceMesh`"):
        DataParallel(device_mesh=3)


def test_the_innermost_scope_counts_then_what_is_set():
    everywhere, here = DataParallel(), DataParallel()
    assert D.distribution() is None
    try:
        D.set_distribution(everywhere)
        with here.scope():
            assert D.distribution() is here
        assert D.distribution() is everywhere
        with pytest.raises(ValueError, match="ModelParallel or None; got 3 of type int"):
            D.set_distribution(3)
    finally:
        D.set_distribution(None)
    assert here.placement is None  # one device needs no placement
    assert D.distribution() is None


def test_as_many_addresses_as_processes():
    with pytest.raises(ValueError, match=r"has 2 jobs, but num_processes is 3"):
        D.initialize("10.0.0.1:1234,10.0.0.2:1234", 3, 0)
    assert not jax.distributed.is_initialized()
