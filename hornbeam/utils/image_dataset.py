"""`image_dataset_from_directory`: a data set of the images in folders."""

import warnings

import numpy as np

from hornbeam.preprocessing.image.files import side_by_side
from hornbeam.preprocessing.image.loading import (
    ImageFileError,
    img_to_array,
    load_img,
)
from hornbeam.preprocessing.image.resizing import resized, smart_resize
from hornbeam.utils.dataset import Dataset
from hornbeam.utils.directories import Files, passes

__all__ = ["image_dataset_from_directory"]

ENDINGS = ("bmp", "gif", "jpeg", "jpg", "png")


def image_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    color_mode="rgb",
    batch_size=32,
    image_size=(256, 256),
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    interpolation="bilinear",
    follow_links=False,
    crop_to_aspect_ratio=False,
    unreadable="raise",
):
    """Returns a data set of the images in a folder with one folder a class.

    Args:
        directory: Path.
        labels: `'inferred'` from the names of the folders, a list of integers (one for each file
            below `directory`, in the order of their paths), or None for images alone.
        label_mode: `'int'` (int32 `(n,)`), `'categorical'` (one-hot float32), `'binary'` (float32
            `(n, 1)`) or None.
        class_names: List of the folders' names, in the order of their numbers; None sorts them.
        color_mode: `'rgb'`, `'rgba'` or `'grayscale'`.
        batch_size: Integer; None gives single images.
        image_size: Tuple `(height, width)` in pixels.
        shuffle: Bool; whether the order is drawn anew for each pass.
        seed: Integer or None, for the order and for the split.
        validation_split: Float in (0, 1), share of the files for validation, or None.
        subset: `'training'`, `'validation'`, `'both'` (two data sets) or None.
        interpolation: See `smart_resize`.
        follow_links: Bool; whether links to folders are followed.
        crop_to_aspect_ratio: Bool; whether images are cut rather than stretched.
        unreadable: What to do with a damaged or too large file: `'raise'` an `ImageFileError`
            that names it, or `'skip'` it with a warning.

    Returns:
        `Dataset` of float32 images `(n, height, width, channels)` from 0 to 255, with labels
        unless `label_mode` is None; with the attributes `class_names` and `file_paths`.

    Raises:
        ValueError: for arguments that do not fit each other, or a folder without images.

    Source: tf.keras 2.21: its files, labels and split for a seed; its `tf.data` shuffles batches
    in another order.
    """
    if color_mode not in ("rgb", "rgba", "grayscale"):
        raise ValueError(
            '`color_mode` must be one of {"rgb", "rgba", "grayscale"}. '
            f"Received: color_mode={color_mode}"
        )
    if unreadable not in ("raise", "skip"):
        raise ValueError(f"unreadable={unreadable!r} is unknown. Expected 'raise' or 'skip'.")
    files = Files(
        directory,
        ENDINGS,
        labels,
        label_mode,
        class_names,
        shuffle,
        seed,
        validation_split,
        subset,
        follow_links,
    )

    def read(path):
        image = img_to_array(load_img(path, color_mode=color_mode), "channels_last", "float32")
        resize = smart_resize if crop_to_aspect_ratio else resized
        return resize(image, image_size, interpolation)

    found = [
        _dataset(paths, targets, read, batch_size, files, unreadable)
        for paths, targets in files.subsets()
    ]
    return found if subset == "both" else found[0]


def _dataset(paths, targets, read, batch_size, files, unreadable):
    order_of_pass = passes(len(paths), files.shuffle, files.seed)
    size = batch_size or 1

    def batches():
        order = order_of_pass()
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            images, kept = _read_all([paths[row] for row in rows], read, unreadable)
            if not kept:
                continue
            batch = images if targets is None else (images, targets[rows[kept]])
            if batch_size:
                yield batch
            else:
                yield images[0] if targets is None else (images[0], targets[rows[kept]][0])

    length = -(-len(paths) // size)
    attributes = {"class_names": files.class_names, "file_paths": paths}
    return Dataset(batches, length, **attributes)


def _read_all(paths, read, unreadable):
    """Returns the images that can be read, and their places."""

    def attempt(place):
        try:
            return read(paths[place])
        except ImageFileError as error:
            return error

    results = side_by_side(attempt, len(paths))
    kept = [place for place, result in enumerate(results) if isinstance(result, np.ndarray)]
    for result in results:
        if not isinstance(result, np.ndarray):
            if unreadable == "raise":
                raise result
            warnings.warn(f"Left out: {result}", stacklevel=2)
    return np.stack([results[place] for place in kept]) if kept else None, kept
