"""The data set, and the functions that make one of folders and series."""

import itertools
import os
import threading

import numpy as np
import PIL.Image
import pytest

from hornbeam.backend import eagerly, running
from hornbeam.backend.specs import TensorSpec
from hornbeam.layers import Dense
from hornbeam.models import Sequential
from hornbeam.preprocessing import (
    image_dataset_from_directory,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
)
from hornbeam.utils.dataset import Dataset
from hornbeam.utils.image_utils import smart_resize


def numbers(count=7):
    return Dataset.from_tensor_slices(np.arange(count))


def read(dataset):
    return [np.asarray(element).tolist() for element in dataset]


def test_it_is_read_again_from_its_beginning():
    dataset = numbers(3)
    assert read(dataset) == read(dataset) == [0, 1, 2]
    assert len(dataset) == 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: d.take(2), [0, 1]),
        (lambda d: d.take(-1).skip(5), [5, 6]),
        (lambda d: d.take(99), list(range(7))),
        (lambda d: d.batch(3), [[0, 1, 2], [3, 4, 5], [6]]),
        (lambda d: d.batch(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]]),
        (lambda d: d.batch(3).map(lambda x: x * 10), [[0, 10, 20], [30, 40, 50], [60]]),
        (lambda d: d.repeat(2).skip(5), [5, 6, 0, 1, 2, 3, 4, 5, 6]),
        (lambda d: d.prefetch(2), list(range(7))),
        (lambda d: d.map(lambda x: -x, num_parallel_calls=-1), [-x for x in range(7)]),
    ],
)
def test_each_method_gives_its_elements_and_their_number(change, expected):
    changed = change(numbers())
    assert read(changed) == expected
    assert len(changed) == len(expected)


def test_methods_whose_length_is_not_known_say_so():
    even = numbers().filter(lambda x: x % 2 == 0)
    assert read(even) == [0, 2, 4, 6]
    assert even.cardinality() == -2
    with pytest.raises(TypeError, match="unknown until it has been read"):
        len(even)
    assert read(numbers().batch(2).unbatch()) == list(range(7))


def test_an_endless_data_set_is_read_as_far_as_wanted():
    endless = numbers(3).repeat()
    assert read(itertools.islice(endless, 5)) == [0, 1, 2, 0, 1]
    assert endless.cardinality() == -1
    with pytest.raises(TypeError, match=r"infinite.*take"):
        len(endless)


def test_shuffling_keeps_the_elements_and_follows_its_seed():
    shuffled = numbers(50).shuffle(10, seed=3)
    first, second = read(shuffled), read(shuffled)
    assert sorted(first) == list(range(50)) and first != second
    assert read(numbers(50).shuffle(10, seed=3)) == first
    assert min(first.index(x) for x in range(40, 50)) >= 30  # the buffer holds ten
    fixed = numbers(50).shuffle(50, seed=3, reshuffle_each_iteration=False)
    assert read(fixed) == read(fixed)


def test_a_cache_is_filled_by_the_first_complete_reading():
    made = []
    cached = numbers(4).map(lambda x: made.append(1) or x).cache()
    read(cached.take(2))
    assert read(cached) == [0, 1, 2, 3]
    before = len(made)
    assert read(cached) == [0, 1, 2, 3]
    assert len(made) == before
    with pytest.raises(ValueError, match="not supported"):
        cached.cache("file")


@pytest.mark.parametrize("ahead", [lambda d: d.prefetch(1), lambda d: d])
def test_the_error_of_an_element_is_raised_where_it_is_read(ahead):
    broken = ahead(numbers(5).map(lambda x: [0, 1, 2][x], num_parallel_calls=2))
    with pytest.raises(IndexError):
        read(broken)


def test_a_reading_that_is_given_up_ends_its_thread():
    before = threading.active_count()
    reading = iter(numbers(1000).prefetch(2).as_numpy_iterator())
    next(reading)
    del reading
    assert threading.active_count() == before


def test_elements_may_be_structures_and_have_numpy():
    rows = Dataset.from_tensor_slices(({"a": np.arange(4.0)}, np.arange(4)))
    ((inputs, y),) = rows.batch(4).map(lambda x, y: ({"a": x["a"] + 1}, y))
    assert inputs["a"].numpy().tolist() == [1, 2, 3, 4]
    assert type(y.numpy()) is np.ndarray
    assert rows.batch(2).element_spec == (
        {"a": TensorSpec((None,), "float64")},
        TensorSpec((None,), "int64"),
    )
    with pytest.raises(ValueError, match=r"lengths \[2, 3\]"):
        Dataset.from_tensor_slices((np.zeros(2), np.zeros(3)))


@pytest.fixture
def images(tmp_path):
    for name, level in (("cats", 50), ("dogs", 200)):
        (tmp_path / name).mkdir()
        for number in range(5):
            picture = np.full((6, 8, 3), level + number, "uint8")
            PIL.Image.fromarray(picture).save(tmp_path / name / f"{number}.png")
    return tmp_path


def test_images_come_with_the_label_of_their_folder(images, capsys):
    dataset = image_dataset_from_directory(images, image_size=(4, 4), batch_size=4, seed=1)
    assert capsys.readouterr().out == "Found 10 files belonging to 2 classes.\n"
    assert dataset.class_names == ["cats", "dogs"]
    seen = []
    for x, y in dataset:
        assert x.shape[1:] == (4, 4, 3) and x.dtype == np.float32 and y.dtype == np.int32
        np.testing.assert_array_equal(x[:, 0, 0, 0] >= 200, y == 1)
        seen += x[:, 0, 0, 0].tolist()
    assert sorted(seen) == [*range(50, 55), *range(200, 205)]


def test_the_first_order_is_that_of_tf_keras(images):
    """Found with tf_keras 2.21 on the same names."""
    dataset = image_dataset_from_directory(images, seed=1, validation_split=0.3, subset="training")
    names = [os.path.relpath(path, images) for path in dataset.file_paths]
    expected = [
        [*(f"cats/{i}.png" for i in range(5)), *(f"dogs/{i}.png" for i in range(5))][i]
        for i in (2, 9, 6, 4, 0, 3, 1)
    ]
    assert names == expected


def test_the_two_subsets_are_the_whole(images, capsys):
    options = {"seed": 3, "validation_split": 0.3, "batch_size": None, "image_size": (2, 2)}
    training, validation = image_dataset_from_directory(images, subset="both", **options)
    assert "Using 7 files for training.\nUsing 3 files for validation." in capsys.readouterr().out
    assert (len(training), len(validation)) == (7, 3)
    paths = training.file_paths + validation.file_paths
    assert len(set(paths)) == 10
    only = image_dataset_from_directory(images, subset="validation", **options)
    assert only.file_paths == validation.file_paths


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("int", [0, 1]),
        ("binary", [[0], [1]]),
        ("categorical", [[1, 0], [0, 1]]),
    ],
)
def test_labels_come_in_the_mode_asked_for(images, mode, expected):
    for name in ("cats", "dogs"):
        for number in range(1, 5):
            (images / name / f"{number}.png").unlink()
    dataset = image_dataset_from_directory(
        images, label_mode=mode, shuffle=False, image_size=(2, 2)
    )
    ((_, y),) = dataset
    assert y.tolist() == expected


def test_a_model_is_fit_on_images_of_folders(images):
    from hornbeam.layers import Dense, Flatten
    from hornbeam.models import Sequential

    model = Sequential([Flatten(input_shape=(2, 2, 3)), Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    dataset = image_dataset_from_directory(images, label_mode="binary", image_size=(2, 2), seed=1)
    dataset = dataset.map(lambda x, y: (x / 100 - 1.2, y)).cache().prefetch(-1)
    model.fit(dataset, epochs=80, verbose=0, validation_data=dataset)
    assert model.evaluate(dataset, verbose=0)[1] == 1.0


def test_folders_that_do_not_fit_are_named(images):
    make = image_dataset_from_directory
    for options, message in (
        ({"label_mode": "many"}, "label_mode"),
        ({"color_mode": "cmyk"}, "color_mode"),
        ({"class_names": ["a", "b"]}, r"Expected: \['cats', 'dogs'\]"),
        ({"labels": [1, 2]}, r"len\(labels\) is 2 while we found 10 files"),
        ({"labels": "names"}, "labels"),
        ({"validation_split": 0.2}, "`subset`"),
        ({"validation_split": 0.2, "subset": "training"}, "`seed`"),
        ({"validation_split": 2, "subset": "training"}, "between 0 and 1"),
        ({"validation_split": 0.2, "subset": "all", "seed": 1}, "subset"),
        ({"interpolation": "best", "image_size": (3, 3)}, "interpolation"),
        ({"unreadable": "maybe"}, "unreadable"),
    ):
        with pytest.raises(ValueError, match=message):
            read(make(images, **options))
    (images / "cats" / "bad.png").write_bytes(b"")
    with pytest.raises(OSError, match=r"bad\.png"):
        read(make(images))
    with pytest.warns(UserWarning, match=r"bad\.png"):
        found = make(images, image_size=(2, 2), unreadable="skip", label_mode=None)
        assert sum(len(x) for x in found) == 10


def test_texts_are_read_and_cut(tmp_path):
    for name, text in (("bad", "schlecht ü"), ("good", "gut")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.txt").write_text(text, encoding="utf-8")
    dataset = text_dataset_from_directory(tmp_path, shuffle=False, max_length=8)
    ((texts, labels),) = dataset.as_numpy_iterator()
    assert texts.tolist() == ["schlecht", "gut"]
    assert labels.tolist() == [0, 1]
    single = text_dataset_from_directory(tmp_path, batch_size=None, shuffle=False)
    assert [text.item() for text, _ in single] == ["schlecht ü", "gut"]


@pytest.mark.parametrize(
    ("options", "starts", "window"),
    [
        ({"sequence_length": 5}, range(26), [0, 10, 20, 30, 40]),
        (
            {"sequence_length": 3, "sampling_rate": 2, "sequence_stride": 3},
            range(0, 26, 3),
            [0, 20, 40],
        ),
        ({"sequence_length": 4, "start_index": 5, "end_index": 20}, range(5, 17), [50, 60, 70, 80]),
    ],
)  # found with tf_keras 2.21
def test_windows_slide_over_a_series(options, starts, window):
    data, targets = np.arange(30) * 10, np.arange(30)
    batches = list(timeseries_dataset_from_array(data, targets, batch_size=4, **options))
    found = np.concatenate([y for _, y in batches])
    assert found.tolist() == list(starts)
    assert batches[0][0][0].tolist() == window
    assert all(len(x) == 4 for x, _ in batches[:-1])
    alone = timeseries_dataset_from_array(data, None, batch_size=None, **options)
    assert len(alone) == len(starts) == len(read(alone))


def test_windows_that_do_not_fit_are_named():
    data = np.arange(30)
    for options, message in (
        ({"sequence_length": 0}, "sequence_length"),
        ({"sequence_length": 3, "sampling_rate": 40}, "sampling_rate"),
        ({"sequence_length": 3, "start_index": 40}, "start_index"),
        ({"sequence_length": 3, "start_index": 5, "end_index": 3}, "end_index"),
        ({"sequence_length": 3, "end_index": 31}, "end_index"),
        ({"sequence_length": 3, "sequence_stride": 0}, "sequence_stride"),
    ):
        with pytest.raises(ValueError, match=message):
            timeseries_dataset_from_array(data, None, **options)


def test_smart_resize_cuts_before_it_resizes():
    x = np.zeros((2, 4, 8, 1))
    x[:, :, 2:6] = 9
    found = smart_resize(x, (2, 2))
    assert found.shape == (2, 2, 2, 1) and (found == 9).all()
    with pytest.raises(ValueError, match="interpolation"):
        smart_resize(x, (2, 2), "best")


def test_bilinear_resizing_is_tf_images():
    """Half-pixel centres, no smoothing: found with tf.image.resize."""
    x = np.arange(4.0).reshape(1, 4, 1)
    assert smart_resize(np.repeat(x, 4, 0), (4, 4)).ravel()[:4].tolist() == [0, 1, 2, 3]
    from hornbeam.preprocessing.image.resizing import resized

    assert resized(x, (1, 8), "bilinear").ravel().tolist() == [
        0,
        0.25,
        0.75,
        1.25,
        1.75,
        2.25,
        2.75,
        3,
    ]
    assert resized(x, (1, 2), "bilinear").ravel().tolist() == [0.5, 2.5]
    assert resized(x, (1, 3), "nearest").ravel().tolist() == [0, 2, 3]
    assert resized(x, (1, 2), "area").ravel().tolist() == [0.5, 2.5]


def test_where_values_come_at_once_elements_are_tensors_and_functions_are_compiled():
    called = []

    def double(x, y):
        called.append(x)
        return x * 2, y

    with running.eagerly(eagerly):
        rows = Dataset.from_tensor_slices((np.arange(6.0), np.arange(6))).map(double).batch(4)
        (x, y), _ = rows
        assert x.numpy().tolist() == [0, 2, 4, 6] and y.shape.as_list() == [4]
        assert len(called) == 1 and int(rows.cardinality()) == 2
        chosen = numbers().filter(lambda n: n > 4)
        assert [int(n) for n in chosen] == [5, 6]
        grown = numbers().map(lambda n: n + 1 if n > 4 else n)
        assert [int(n) for n in grown] == [0, 1, 2, 3, 4, 6, 7]
        assert int(numbers(4).reduce(np.int64(0), lambda total, n: total + n)) == 6


def test_what_a_generator_yields_must_be_what_was_announced():
    spec = TensorSpec((None,), "int32")
    made = Dataset.from_generator(lambda: iter([[1], [1, 2]]), output_signature=spec)
    assert read(made) == [[1], [1, 2]] and made.element_spec.dtype == "int32"
    wrong = Dataset.from_generator(lambda: iter([1]), output_signature=spec)
    with pytest.raises(ValueError, match=r"shape \(\) where an element of shape \(None,\)"):
        read(wrong)
    with pytest.raises(TypeError, match="output_signature"):
        Dataset.from_generator(lambda: iter([1]))


def test_padding_fills_up_to_the_largest_or_to_what_is_asked():
    rows = Dataset.from_generator(lambda: ([n] * n for n in (1, 3)), "float32")
    assert read(rows.padded_batch(2, padding_values=9.0)) == [[[1, 9, 9], [3, 3, 3]]]
    assert read(rows.padded_batch(2, padded_shapes=(4,))) == [[[1, 0, 0, 0], [3, 3, 3, 0]]]
    with pytest.raises(ValueError, match="pad to a smaller size"):
        read(rows.padded_batch(2, padded_shapes=(2,)))


def test_files_are_listed_in_order_or_shuffled(tmp_path):
    for name in "cab":
        (tmp_path / f"{name}.txt").write_text(name)
    found = Dataset.list_files(str(tmp_path / "*.txt"), shuffle=False)
    assert [os.path.basename(path).decode() for path in found.as_numpy_iterator()] == [
        "a.txt", "b.txt", "c.txt",
    ]
    assert len(list(Dataset.list_files(str(tmp_path / "*.txt"), seed=1))) == 3
    with pytest.raises(ValueError, match="No files matched"):
        Dataset.list_files(str(tmp_path / "*.png"))


def test_the_only_element_and_options_and_drawing_from_several():
    assert int(numbers(1).get_single_element()) == 0
    with pytest.raises(ValueError, match="more than one"):
        numbers(2).get_single_element()
    hints = object()
    assert numbers().with_options(hints).options() is hints
    drawn = read(Dataset.sample_from_datasets([numbers(3), numbers(3)], [1.0, 0.0], seed=0))
    assert drawn == [0, 1, 2]
    with pytest.raises(TypeError, match="must return a `Dataset`"):
        numbers().apply(list)
    with pytest.raises(TypeError, match="must return a `Dataset`"):
        read(numbers().flat_map(lambda n: n))


def test_an_endless_data_set_needs_a_number_of_steps():
    model = Sequential([Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    rows = Dataset.from_tensor_slices((np.ones((6, 1)), np.ones((6, 1)))).batch(2)
    with pytest.raises(ValueError, match="steps_per_epoch"):
        model.fit(rows.repeat(), verbose=0)
    history = model.fit(rows.repeat(), steps_per_epoch=4, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    model.fit(rows.filter(lambda x, y: True), verbose=0)  # its length is not known
