"""Image files: read, written, listed; those that are damaged or too large are named."""

import io
import os
import warnings

import numpy as np
import PIL.Image
import pytest

from hornbeam.preprocessing import image
from hornbeam.preprocessing.image import ImageDataGenerator, ImageFileError


def picture(rows=8, cols=9, channels=3):
    return np.random.randint(0, 256, (rows, cols, channels)).astype("uint8")


@pytest.fixture
def folder(tmp_path):
    """Six images in two classes; `dogs/2.jpg` is cut off in the middle."""
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        for number in range(3):
            PIL.Image.fromarray(picture(40, 50)).save(tmp_path / name / f"{number}.jpg")
    damaged = tmp_path / "dogs" / "2.jpg"
    damaged.write_bytes(damaged.read_bytes()[:600])
    return tmp_path


def flow(folder, **options):
    options = {"target_size": (8, 8), "shuffle": False, "batch_size": 4, **options}
    return ImageDataGenerator().flow_from_directory(folder, **options)


def test_a_truncated_image_is_named(folder):
    batches = flow(folder)
    assert batches[0][0].shape == (4, 8, 8, 3)
    with pytest.raises(ImageFileError, match=r"dogs.2\.jpg cannot be read as an image.*truncated"):
        batches[1]


def test_a_truncated_image_may_be_left_out_with_a_warning(folder):
    batches = flow(folder, unreadable="skip")
    with pytest.warns(UserWarning, match=r"Left out: .*dogs.2\.jpg"):
        images, labels = batches[1]
    assert images.shape == (1, 8, 8, 3)
    assert labels.tolist() == [[0, 1]]


def test_a_batch_of_damaged_images_alone_is_an_error(folder):
    for number in range(3):
        (folder / "dogs" / f"{number}.jpg").write_bytes(b"no image")
    with pytest.warns(UserWarning, match="Left out"):
        with pytest.raises(ImageFileError, match="No image of this batch of 3 could be read"):
            flow(folder, unreadable="skip", classes=["dogs"])[0]


def test_the_error_of_a_damaged_image_ends_fit(folder):
    from hornbeam.layers import Dense, Flatten
    from hornbeam.models import Sequential

    model = Sequential([Flatten(input_shape=(8, 8, 3)), Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    with pytest.raises(ImageFileError, match="dogs.2"):
        model.fit(flow(folder), epochs=1, verbose=0)


@pytest.mark.parametrize("how", ["error", "warning"])
def test_an_over_large_image_is_named(tmp_path, monkeypatch, how):
    path = tmp_path / "large.png"
    PIL.Image.fromarray(picture(30, 30)).save(path)
    # Pillow itself warns above the limit and refuses above twice the limit.
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100 if how == "error" else 800)
    with pytest.raises(ImageFileError, match=r"large\.png has too many pixels"):
        image.load_img(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ImageFileError, match="too many pixels"):
            image.load_img(path)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageFileError, match="not a regular file"):
        image.load_img(tmp_path / "pipe.png")


def test_a_missing_file_keeps_pythons_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        image.load_img(tmp_path / "none.png")


def test_links_in_a_circle_end(tmp_path):
    (tmp_path / "cats" / "below").mkdir(parents=True)
    PIL.Image.fromarray(picture()).save(tmp_path / "cats" / "0.png")
    (tmp_path / "cats" / "below" / "up").symlink_to(tmp_path / "cats")
    (tmp_path / "elsewhere").mkdir()
    assert flow(tmp_path, classes=["cats"], follow_links=True).filenames == ["cats/0.png"]


def test_links_are_followed_when_asked_for(tmp_path):
    (tmp_path / "data" / "cats").mkdir(parents=True)
    (tmp_path / "more").mkdir()
    PIL.Image.fromarray(picture()).save(tmp_path / "more" / "0.png")
    (tmp_path / "data" / "cats" / "link").symlink_to(tmp_path / "more")
    assert flow(tmp_path / "data", follow_links=True).filenames == ["cats/link/0.png"]
    assert flow(tmp_path / "data").filenames == []


def test_images_found_are_counted_aloud(folder, capsys):
    flow(folder)
    assert capsys.readouterr().out == "Found 6 images belonging to 2 classes.\n"


def test_what_was_written_is_read_again(tmp_path):
    for channels in (1, 3, 4):
        x = picture(channels=channels).astype("float32")
        image.save_img(tmp_path / "x.png", x, scale=False)
        mode = {1: "grayscale", 3: "rgb", 4: "rgba"}[channels]
        found = image.img_to_array(image.load_img(tmp_path / "x.png", color_mode=mode))
        np.testing.assert_array_equal(found, x)


def test_rgba_is_written_as_jpeg_without_its_alpha(tmp_path):
    with pytest.warns(UserWarning, match="does not support RGBA"):
        image.save_img(tmp_path / "x.jpg", picture(channels=4), file_format="jpg")
    with PIL.Image.open(tmp_path / "x.jpg") as written:
        assert written.mode == "RGB"


def test_an_open_file_is_read():
    file = io.BytesIO()
    image.save_img(file, picture(), file_format="png")
    file.seek(0)
    assert image.load_img(file, target_size=(4, 5)).size == (5, 4)


def test_the_third_place_of_load_img_takes_keras_1s_target_size(tmp_path):
    PIL.Image.fromarray(picture()).save(tmp_path / "x.png")
    loaded = image.load_img(tmp_path / "x.png", True, (3, 4))
    assert loaded.size == (4, 3)
    assert loaded.mode == "L"


def test_the_middle_is_cut_out_to_keep_the_aspect_ratio(tmp_path):
    x = np.zeros((10, 30, 3), "uint8")
    x[:, 10:20] = 200
    PIL.Image.fromarray(x).save(tmp_path / "x.png")
    found = image.load_img(tmp_path / "x.png", target_size=(5, 5), keep_aspect_ratio=True)
    assert np.asarray(found).min() == 200


def test_unknown_words_are_refused(tmp_path):
    PIL.Image.fromarray(picture()).save(tmp_path / "x.png")
    with pytest.raises(ValueError, match="color_mode"):
        image.load_img(tmp_path / "x.png", color_mode="cmyk")
    with pytest.raises(ValueError, match="interpolation method"):
        image.load_img(tmp_path / "x.png", target_size=(2, 2), interpolation="best")
    with pytest.raises(ValueError, match="Unsupported channel number: 2"):
        image.array_to_img(np.zeros((3, 3, 2)))
    with pytest.raises(ValueError, match="rank 3"):
        image.array_to_img(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="dim_ordering"):
        image.img_to_array(np.zeros((3, 3)), dim_ordering="up")


def test_pictures_are_listed_with_those_below(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("z.PNG", "a.jpg", "b/c.jpeg", "notes.txt"):
        (tmp_path / name).touch()
    base = str(tmp_path)
    found = [os.path.relpath(path, base) for path in image.list_pictures(base)]
    assert found == ["a.jpg", "z.PNG", "b/c.jpeg"]
    assert len(image.list_pictures(base, ext="jpg|png")) == 2
