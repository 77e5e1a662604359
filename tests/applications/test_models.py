"""The models: their arguments, what programs do with them, and files of weights."""

import hashlib

import numpy as np
import pytest

from hornbeam import applications, backend
from hornbeam import backend as K
from hornbeam.applications import building, densenet, mobilenet, nasnet, resnet_common, weight_files
from hornbeam.backend.config import set_conventions
from hornbeam.engine import Input
from hornbeam.layers import Dense, Flatten, GlobalAveragePooling2D
from hornbeam.models import Model, Sequential, load_model

SMALL = {"alpha": 0.25, "input_shape": (32, 32, 3), "weights": None}


def images(*shape):
    return np.random.RandomState(0).uniform(-1, 1, shape).astype("float32")


@pytest.fixture
def channels_first():
    K.set_image_data_format("channels_first")
    yield
    K.set_image_data_format("channels_last")


@pytest.fixture
def as_tf_keras():
    set_conventions("tf.keras")
    yield
    set_conventions("keras")


# ---- arguments


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="`weights` argument should be either .*'imagnet'"):
        applications.VGG16(weights="imagnet")
    with pytest.raises(ValueError, match="`classes` should be 1000.*classes=10"):
        applications.ResNet50(classes=10)
    with pytest.raises(TypeError, match="Invalid keyword argument: 'top'"):
        applications.Xception(weights=None, top=False)
    with pytest.raises(ValueError, match="at least 71x71"):
        applications.Xception(weights=None, include_top=False, input_shape=(70, 80, 3))
    with pytest.raises(ValueError, match="depth multiplier must be 1"):
        applications.MobileNet(depth_multiplier=2)
    with pytest.raises(ValueError, match="`0.25`, `0.50`, `0.75` or `1.00` only"):
        applications.MobileNet(alpha=0.3)
    with pytest.raises(ValueError, match="no weights trained on ImageNet for this densenet"):
        densenet.DenseNet([1, 1, 1, 1])
    with pytest.raises(ValueError, match="multiple of 24"):
        nasnet.NASNet(penultimate_filters=100)
    with pytest.raises(ValueError, match="must be static"):
        applications.NASNetMobile(include_top=False, input_shape=(None, None, 3))
    with pytest.raises(ValueError, match="do not meet the same shape requirements"):
        tensor = Input((96, 96, 3))
        applications.MobileNetV2(weights=None, input_tensor=tensor, input_shape=(64, 64, 3))
    with pytest.raises(ValueError, match="ResNeXt needs to know the size"):
        applications.ResNeXt50(weights=None, include_top=False)


def test_an_unknown_pooling_is_warned_of_and_pools_nothing():
    with pytest.warns(UserWarning, match="pooling='mean' is none of"):
        model = applications.MobileNet(include_top=False, pooling="mean", **SMALL)
    assert model.output_shape == (None, 1, 1, 256)


def test_without_its_top_resnet50_tells_of_its_changed_output():
    with pytest.warns(UserWarning, match="has been changed since Keras 2.2.0"):
        model = applications.ResNet50(weights=None, include_top=False)
    assert model.output_shape == (None, None, None, 2048)


def test_tf_keras_s_classifier_activation():
    model = applications.MobileNetV2(weights=None, classes=5, classifier_activation=None)
    assert model.layers[-1].get_config()["activation"] == "linear"
    assert model.layers[-1].name == "Logits"


def test_programs_of_tf_keras_find_its_resnet50_and_its_names(as_tf_keras):
    model = applications.resnet50.ResNet50(weights=None)
    assert model.layers[-1].name == "predictions"
    assert model.get_layer("conv5_block3_out").output_shape == (None, 7, 7, 2048)


# ---- what programs do with them


def test_features_and_a_classifier_of_ones_own_that_alone_is_trained():
    base = applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    for layer in base.layers:
        layer.trainable = False
    x = Dense(3, activation="softmax")(Flatten()(base.output))
    model = Model(inputs=base.input, outputs=x)
    frozen = base.get_layer("block5_conv3").get_weights()[0]
    before = model.layers[-1].get_weights()[0]
    model.compile("sgd", "categorical_crossentropy")
    assert len(model.trainable_weights) == 2
    model.fit(images(4, 32, 32, 3), np.eye(3)[[0, 1, 2, 0]], verbose=0)
    np.testing.assert_array_equal(base.get_layer("block5_conv3").get_weights()[0], frozen)
    assert not np.array_equal(model.layers[-1].get_weights()[0], before)


def test_a_model_is_a_layer_of_another():
    base = applications.MobileNet(include_top=False, **SMALL)
    model = Sequential([base, GlobalAveragePooling2D(), Dense(2)])
    x = images(2, 32, 32, 3)
    pooled = base.predict(x).mean(axis=(1, 2))
    kernel, bias = model.layers[-1].get_weights()
    np.testing.assert_allclose(model.predict(x), pooled @ kernel + bias, rtol=1e-4, atol=1e-6)


def test_layers_taken_off_the_end_as_old_tutorials_do():
    model = applications.VGG16(weights=None, input_shape=(32, 32, 3), classes=4)
    model.layers.pop()
    model.outputs = [model.layers[-1].output]
    model.layers[-1].outbound_nodes = []
    cut = Model(model.input, model.layers[-1].output)
    assert cut.output_shape == (None, 4096)
    assert cut.layers[-1].name == "fc2"


def test_an_input_tensor_of_the_users_and_one_of_another_models():
    tensor = Input((32, 32, 3), name="picture")
    model = applications.MobileNet(
        input_tensor=tensor, weights=None, alpha=0.25, include_top=False, pooling="avg"
    )
    assert model.input is tensor

    doubled = Model(tensor, applications.mobilenet.preprocess_input(tensor * 2.0))
    wrapped = doubled(tensor)
    longer = applications.MobileNet(
        input_tensor=wrapped, weights=None, alpha=0.25, include_top=False, pooling="avg"
    )
    assert longer.input is tensor
    longer.set_weights(model.get_weights())
    x = images(2, 32, 32, 3) * 127.5 + 127.5
    expected = model.predict(x * 2 / 127.5 - 1)
    np.testing.assert_allclose(longer.predict(x), expected, rtol=1e-4, atol=1e-6)


def test_a_backend_tensor_becomes_the_input():
    given = K.variable(images(2, 32, 32, 3))
    model = applications.MobileNet(input_tensor=given, include_top=False, **SMALL)
    assert model.output_shape[1:] == (1, 1, 256)


def test_channels_first_computes_the_same():
    build = applications.MobileNetV2
    options = {"alpha": 0.35, "weights": None, "include_top": False}
    last = build(input_shape=(33, 48, 3), **options)
    x = images(2, 33, 48, 3)
    expected = last.predict(x)
    K.set_image_data_format("channels_first")
    try:
        first = build(input_shape=(3, 33, 48), **options)
        first.set_weights(last.get_weights())
        found = first.predict(x.transpose(0, 3, 1, 2))
    finally:
        K.set_image_data_format("channels_last")
    np.testing.assert_allclose(found.transpose(0, 2, 3, 1), expected, rtol=1e-4, atol=1e-5)


def test_resnext_s_groups_compute_the_same_with_channels_first(channels_first):
    from hornbeam.models import Model

    x = Input((64, 6, 8))
    first = Model(x, resnet_common.block3(x, 64, name="b"))
    K.set_image_data_format("channels_last")
    x = Input((6, 8, 64))
    last = Model(x, resnet_common.block3(x, 64, name="c"))
    first.set_weights(last.get_weights())
    value = images(2, 6, 8, 64)
    found = first.predict(value.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(found, last.predict(value), rtol=1e-4, atol=1e-5)


def test_nasnet_keeps_channels_last_and_says_so(channels_first):
    with pytest.warns(UserWarning, match="only available for the input data format"):
        model = nasnet.NASNet(None, 96, 1, 8, include_top=False, default_size=64)
    assert model.input_shape == (None, 64, 64, 3)
    assert K.image_data_format() == "channels_first"


def test_correct_pad_for_odd_even_and_unknown_sizes():
    shapes = {(7, 8): ((1, 1), (0, 1)), (None, None): ((0, 1), (0, 1))}
    for (rows, cols), expected in shapes.items():
        assert building.correct_pad(backend, Input((rows, cols, 3)), 3) == expected
    assert building.correct_pad(backend, Input((8, 7, 3)), (5, 7)) == ((1, 2), (3, 3))


# ---- files


def test_weights_of_a_file_are_loaded_and_no_random_number_is_drawn(tmp_path):
    path = tmp_path / "small.h5"
    model = applications.MobileNet(classes=3, **SMALL)
    model.save_weights(str(path))
    state = np.random.get_state()[1].copy()
    loaded = applications.MobileNet(classes=3, **(SMALL | {"weights": path}))
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    for one, other in zip(loaded.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_files_of_models_with_lambdas_load_without_running_code(tmp_path):
    path = str(tmp_path / "block.h5")
    x = Input((8, 8, 24))
    y = applications.inception_resnet_v2.inception_resnet_block(x, 0.2, "block8", 1)
    y = resnet_common.block3(y, 64, name="b")
    model = Model(x, y)
    model.save(path)
    config = model.get_layer("block8_1").get_config()
    assert (config["function"], config["function_type"]) == ("scaled_sum", "function")
    value = images(1, 8, 8, 24)
    loaded = load_model(path, compile=False)
    np.testing.assert_array_equal(loaded.predict(value), model.predict(value))


def publish(monkeypatch, tmp_path, model, name, no_top):
    """Puts weights where `fetch` downloads from, under an address of this machine."""
    source = tmp_path / "published.h5"
    model.save_weights(str(source))
    digest = hashlib.md5(source.read_bytes()).hexdigest()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    known = weight_files.FILES[name]
    place = 1 if no_top else 0
    origins, hashes = list(known.origins), list(known.hashes)
    origins[place], hashes[place] = source.as_uri(), digest
    files = known._replace(origins=tuple(origins), hashes=tuple(hashes))
    monkeypatch.setitem(weight_files.FILES, name, files)
    return source


def test_imagenet_weights_are_fetched_once_by_name_and_hash(monkeypatch, tmp_path):
    trained = applications.VGG16(weights=None, include_top=False)
    source = publish(monkeypatch, tmp_path, trained, "vgg16", no_top=True)
    model = applications.VGG16(include_top=False)
    np.testing.assert_array_equal(model.get_weights()[4], trained.get_weights()[4])
    cached = tmp_path / "home/models/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    assert cached.exists()
    source.unlink()
    applications.VGG16(include_top=False)


def test_a_classifier_after_flatten_sees_the_same_with_channels_first(channels_first):
    x = Input((2, 3, 4))
    model = Model(x, Dense(5, name="fc1")(Flatten()(x)))  # as in VGG
    value = images(1, 3, 4, 2)
    found = model.predict(value.transpose(0, 3, 1, 2))
    expected = value.reshape(1, -1) @ model.get_weights()[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_two_resnet50s_do_not_throw_away_each_others_file(monkeypatch, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    name = "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
    content = b"weights of tf.keras"
    (folder / name).write_bytes(content)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    theirs = weight_files.FILES["resnet50"]
    hashes = (theirs.hashes[0], hashlib.md5(content).hexdigest())
    monkeypatch.setitem(weight_files.FILES, "resnet50", theirs._replace(hashes=hashes))
    source = tmp_path / "ours.h5"
    source.write_bytes(b"weights of Keras")
    ours = weight_files.FILES["resnet50 of Keras"]._replace(
        origins=("", source.as_uri()), hashes=(None, hashlib.md5(b"weights of Keras").hexdigest())
    )
    fetched = weight_files.fetch(ours, include_top=False)
    assert fetched == str(folder / f"{ours.hashes[1][:8]}_{name}")
    assert weight_files.fetch(weight_files.FILES["resnet50"], False) == str(folder / name)
    assert (folder / name).read_bytes() == content


def test_sizes_without_weights_take_those_for_224(monkeypatch):
    asked = []
    monkeypatch.setattr(building, "fetch", lambda files, top: asked.append(files.names[1]))
    monkeypatch.setattr(Model, "load_weights", lambda self, path: None)
    with pytest.warns(UserWarning, match=r"input shape \(224, 224\)"):
        applications.MobileNet(include_top=False, input_shape=(100, 100, 3))
    applications.MobileNet(alpha=0.5, include_top=False, input_shape=(160, 160, 3))
    applications.MobileNetV2(alpha=1.4, include_top=False, input_shape=(96, 96, 3))
    assert asked == [
        "mobilenet_1_0_224_tf_no_top.h5",
        "mobilenet_5_0_160_tf_no_top.h5",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.4_96_no_top.h5",
    ]


def test_every_file_has_an_address_and_a_hash():
    for files in weight_files.FILES.values():
        assert all(origin.startswith("https://") for origin in files.origins)
        assert [len(digits) for digits in files.hashes] == [32, 32]
    nasnet_large = weight_files.FILES["nasnet_large"]
    assert nasnet_large.origins[1].endswith("/nasnet/NASNet-large-no-top.h5")
    assert nasnet_large.names[1] == "nasnet_large_no_top.h5"


# ---- names of earlier versions


def test_names_that_earlier_versions_had(tmp_path):
    assert mobilenet.relu6(np.array([-1.0, 3.0, 9.0])).tolist() == [0, 3, 6]
    from hornbeam.layers import Activation, DepthwiseConv2D

    assert mobilenet.DepthwiseConv2D is DepthwiseConv2D
    path = str(tmp_path / "old.h5")
    model = Sequential([Activation(mobilenet.relu6, input_shape=(3,))])
    model.save(path)
    loaded = load_model(path, custom_objects={"relu6": mobilenet.relu6}, compile=False)
    np.testing.assert_array_equal(loaded.predict(np.array([[-1, 3, 9.0]])), [[0, 3, 6]])
