"""`ImageDataGenerator`: what keras_preprocessing's goldens (tests/parity) do not say."""

import pickle

import numpy as np
import pytest

from hornbeam.preprocessing import image
from hornbeam.preprocessing.image import ImageDataGenerator

EVERYTHING = {
    "rotation_range": 20,
    "width_shift_range": 0.2,
    "height_shift_range": 0.3,
    "shear_range": 15.0,
    "zoom_range": 0.3,
    "horizontal_flip": True,
    "vertical_flip": True,
}


def pictures(count=6, rows=7, cols=8, channels=3):
    return np.random.uniform(0, 255, (count, rows, cols, channels)).astype("float32")


@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_a_batch_equals_its_images_made_one_by_one(fill_mode, data_format):
    x = pictures()
    if data_format == "channels_first":
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    generator = ImageDataGenerator(
        fill_mode=fill_mode,
        cval=9.0,
        data_format=data_format,
        channel_shift_range=30.0,
        **EVERYTHING,
    )
    found = generator.flow(x, batch_size=6, shuffle=False, seed=4)[0]
    np.random.seed(4)
    expected = [generator.random_transform(picture) for picture in x]  # SciPy, in float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=255e-4)


def test_a_function_sees_the_same_random_numbers_as_in_keras():
    """Images are then made one after the other: transform, function, transform, function."""
    drawn = []

    def function(picture):
        drawn.append(np.random.random())
        return picture * 2

    generator = ImageDataGenerator(rotation_range=10, preprocessing_function=function)
    x = pictures(2)
    found = generator.flow(x, batch_size=2, shuffle=False, seed=3)[0]
    np.random.seed(3)
    for picture, result, number in zip(x, found, drawn):
        turned = generator.random_transform(picture)
        assert np.random.random() == number
        np.testing.assert_allclose(result, turned * 2, atol=0.05)


def test_methods_of_subclasses_are_called():
    class Doubling(ImageDataGenerator):
        def standardize(self, x):
            return x * 2

    class Still(ImageDataGenerator):
        def get_random_transform(self, img_shape, seed=None):
            return {"flip_horizontal": True}

    x = pictures(3)
    options = {"batch_size": 3, "shuffle": False}
    np.testing.assert_array_equal(Doubling().flow(x, **options)[0], x * 2)
    np.testing.assert_array_equal(Still().flow(x, **options)[0], x[:, :, ::-1])
    patched = ImageDataGenerator()
    patched.standardize = lambda x: x + 1
    np.testing.assert_array_equal(patched.flow(x, **options)[0], x + 1)


def test_any_object_with_the_three_methods_is_a_generator():
    class Own:
        def get_random_transform(self, img_shape, seed=None):
            return 3

        def apply_transform(self, x, parameters):
            return x + parameters

        def standardize(self, x):
            return x / 2

    x = pictures(3)
    batches = image.NumpyArrayIterator(x, None, Own(), batch_size=3)
    np.testing.assert_allclose(batches[0], (x + 3) / 2)


def test_subclasses_of_iterator_give_batches_of_their_own():
    class Numbers(image.Iterator):
        def _get_batches_of_transformed_samples(self, index_array):
            return index_array * 10

    numbers = Numbers(5, 2, False, None)
    assert [batch.tolist() for batch in (next(numbers) for _ in range(4))] == [
        [0, 10],
        [20, 30],
        [40],
        [0, 10],
    ]
    assert numbers[2].tolist() == [40]
    with pytest.raises(ValueError, match="length 3"):
        numbers[3]
    with pytest.raises(NotImplementedError, match="_get_batches_of_transformed_samples"):
        image.Iterator(5, 2, False, None)[0]


def test_integers_and_wide_floats_are_taken():
    generator = ImageDataGenerator(rotation_range=10)
    x = pictures(4).astype("uint8")
    found = generator.flow(x, batch_size=4, seed=1)[0]
    assert found.dtype == np.float32
    wide = ImageDataGenerator(rotation_range=10, dtype="float64")
    same = wide.flow(x, batch_size=4, seed=1)[0]
    assert same.dtype == np.float64
    np.testing.assert_allclose(found, same, atol=0.05)
    half = ImageDataGenerator(rotation_range=10, dtype="float16")
    halves = half.flow(x, batch_size=4, seed=1)[0]
    assert halves.dtype == np.float16
    np.testing.assert_allclose(halves, same, atol=0.2)
    np.random.seed(0)
    assert half.random_transform(x[0].astype("float16")).dtype == np.float16


def test_a_mapped_file_is_neither_loaded_nor_sent_whole(tmp_path):
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", "uint8", (40, 30, 30, 3))
    x[:] = np.random.randint(0, 256, x.shape)
    batches = ImageDataGenerator(horizontal_flip=True).flow(x, np.arange(40), batch_size=4, seed=2)
    assert batches.x is x
    sent = pickle.dumps(batches)
    assert len(sent) < 10_000
    received = pickle.loads(sent)
    for ours, theirs in zip(batches[1], received[1]):
        np.testing.assert_array_equal(ours, theirs)


def test_standardize_changes_floats_in_place_as_in_keras():
    x = pictures(2)
    expected = x / 255
    assert ImageDataGenerator(rescale=1 / 255).standardize(x) is x
    np.testing.assert_allclose(x, expected, rtol=1e-6)


def test_flow_leaves_the_users_array_as_it_was():
    x = pictures(4)
    before = x.copy()
    generator = ImageDataGenerator(rescale=0.5, samplewise_center=True, horizontal_flip=True)
    for batch in (generator.flow(x, batch_size=4, shuffle=False)[0], generator.fit(x)):
        del batch
        np.testing.assert_array_equal(x, before)


def test_what_was_made_is_saved(tmp_path):
    x = np.zeros((5, 4, 6, 3))
    batches = ImageDataGenerator().flow(
        x, batch_size=3, shuffle=False, save_to_dir=tmp_path, save_prefix="seen", save_format="png"
    )
    batches[1]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name[:7] for name in names] == ["seen_3_", "seen_4_"]
    assert image.load_img(tmp_path / names[0]).size == (6, 4)


def test_statistics_that_were_not_computed_are_missed_with_a_warning():
    generator = ImageDataGenerator(featurewise_center=True)
    with pytest.warns(UserWarning, match=r"hasn't been fit on any training data"):
        generator.standardize(pictures(1)[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fill_mode": "mirror"}, "fill_mode='mirror'"),
        ({"zoom_range": [1, 2, 3]}, "zoom_range"),
        ({"brightness_range": 3}, "brightness_range"),
        ({"validation_split": 2}, "validation_split"),
        ({"interpolation_order": 7}, "interpolation_order"),
        ({"data_format": "up"}, "data_format"),
        ({"preprocessing_function": 3}, "preprocessing_function"),
    ],
)
def test_arguments_out_of_range_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        ImageDataGenerator(**options)


def test_data_that_do_not_fit_are_named():
    flow = ImageDataGenerator(validation_split=0.5).flow
    with pytest.raises(ValueError, match="rank 4"):
        flow(np.zeros((3, 4, 4)))
    with pytest.raises(ValueError, match="`y` .labels. should have the same length"):
        flow(np.zeros((3, 4, 4, 1)), np.zeros(2))
    with pytest.raises(ValueError, match="different number of classes"):
        flow(np.zeros((4, 4, 4, 1)), [0, 0, 1, 1], subset="training")
    assert (
        len(
            flow(np.zeros((4, 4, 4, 1)), [0, 0, 1, 1], subset="training", ignore_class_split=True).y
        )
        == 2
    )
    with pytest.raises(ValueError, match="Invalid subset name"):
        flow(np.zeros((4, 4, 4, 1)), subset="test")
    with pytest.raises(ValueError, match="no samples"):
        next(flow(np.zeros((0, 4, 4, 1))))
    with pytest.raises(ValueError, match="batch_size"):
        flow(np.zeros((4, 4, 4, 1)), batch_size=0)
    with pytest.warns(UserWarning, match="2 channels"):
        flow(np.zeros((4, 4, 4, 2)))


def test_keras_1s_dim_ordering_is_the_layout():
    assert ImageDataGenerator(dim_ordering="th").data_format == "channels_first"
    assert image.img_to_array(np.zeros((4, 5, 3)), dim_ordering="th").shape == (3, 4, 5)
    assert ImageDataGenerator().flow(X=pictures(3))[0].shape == (3, 7, 8, 3)
    with pytest.raises(TypeError, match="flow needs `x`"):
        ImageDataGenerator().flow()


def test_functions_of_keras_1_are_there():
    x = pictures(1)[0]
    np.testing.assert_array_equal(image.flip_axis(x, 1), x[:, ::-1])
    matrix = image.transform_matrix_offset_center(np.eye(3), 7, 8)
    np.testing.assert_array_equal(matrix, np.eye(3))
    np.testing.assert_allclose(image.apply_transform(x, matrix, channel_axis=2), x)
    np.random.seed(0)
    shifted = image.random_channel_shift(x, intensity=20)
    np.random.seed(0)
    np.testing.assert_array_equal(shifted, image.random_channel_shift(x, 20))


def test_an_iterator_that_is_a_sequence_feeds_more_than_one_pass():
    """`steps_per_epoch` beyond its length begins again; validation reads it from its start."""
    from hornbeam.layers import Dense, Flatten
    from hornbeam.models import Sequential

    x, y = pictures(6), np.arange(6) % 2
    model = Sequential([Flatten(input_shape=(7, 8, 3)), Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    batches = ImageDataGenerator(rescale=1 / 255).flow(x, y, batch_size=2)
    history = model.fit_generator(batches, steps_per_epoch=7, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    alone = ImageDataGenerator(rescale=1 / 255).flow(x, batch_size=4, shuffle=False)
    expected = model.predict(x / 255)
    np.testing.assert_allclose(model.predict_generator(alone), expected, rtol=1e-5)


def frame(folder):
    names = [path.name for path in sorted(folder.iterdir())]
    return {"filename": names, "class": ["b", "a", ["a", "b"], "c"], "v": [1, 2, 3, 4]}


@pytest.fixture
def folder(tmp_path):
    for number in range(4):
        image.save_img(tmp_path / f"{number}.png", pictures(1)[0])
    return tmp_path


def test_a_table_may_name_several_classes_of_an_image(folder):
    flow = ImageDataGenerator().flow_from_dataframe
    options = {"target_size": (4, 4), "shuffle": False}
    batches = flow(frame(folder), folder, **options)
    assert batches[0][1].tolist() == [[0, 1, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1]]
    some = flow(frame(folder), folder, classes=["a"], **options)
    assert some.filenames == ["1.png", "2.png"]
    assert some[0][1].tolist() == [[1], [1]]


def test_tables_that_do_not_fit_are_named(folder):
    flow = ImageDataGenerator().flow_from_dataframe
    with pytest.raises(KeyError, match="no column 'label'.*'filename', 'class', 'v'"):
        flow(frame(folder), folder, y_col="label")
    with pytest.raises(TypeError, match="y_col must be a list"):
        flow(frame(folder), folder, class_mode="multi_output", y_col="v")
    with pytest.raises(TypeError, match="must be strings"):
        flow(frame(folder), folder, y_col="v")
    with pytest.raises(TypeError, match="weight_col=class must be numeric"):
        flow({**frame(folder), "class": list("abab")}, folder, weight_col="class")
    with pytest.raises(ValueError, match="class_mode"):
        flow(frame(folder), folder, class_mode="many")
    with pytest.raises(ValueError, match="has_ext"):
        flow(frame(folder), folder, has_ext=False)
    with pytest.warns(UserWarning, match="1 invalid image filename"):
        flow({"filename": ["none.png"], "class": ["a"]}, folder)
