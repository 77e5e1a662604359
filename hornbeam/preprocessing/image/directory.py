"""Images from a folder with one folder a class."""

import os

import numpy as np

from hornbeam import backend as K
from hornbeam.preprocessing.image.files import BatchFromFilesMixin, check_class_mode
from hornbeam.preprocessing.image.layouts import layout_of
from hornbeam.preprocessing.image.loading import IMAGE_FORMATS


class DirectoryIterator(BatchFromFilesMixin):
    """Batches of the images in a folder such as this one.

        data/train/
            dogs/dog001.jpg, dog002.jpg, ...
            cats/cat001.jpg, cat002.jpg, ...

    Args:
        directory: Path.
        image_data_generator: `ImageDataGenerator`.
        target_size: Tuple `(height, width)` in pixels; all images are resized to it.
        color_mode: `'rgb'`, `'rgba'` or `'grayscale'`.
        classes: List of names of the folders, in the order of their numbers; None means all
            folders, in the order of their names.
        class_mode: What goes with the images: `'categorical'` (one-hot), `'binary'` or `'sparse'`
            (class numbers), `'input'` (the images again) or None (nothing).
        batch_size: Integer.
        shuffle: Bool; whether the order is drawn anew for each pass.
        seed: Integer or None.
        data_format: Layout of the batches; None means `K.image_data_format()`.
        save_to_dir: None, or a folder in which all images made are saved.
        save_prefix: String, how the names of saved files begin.
        save_format: `'png'` or `'jpeg'`.
        follow_links: Bool; whether links to folders are followed; each folder is read once.
        subset: `'training'`, `'validation'` or None; the first files of each class are for
            validation.
        interpolation: How to resize; see `load_img`.
        keep_aspect_ratio: Bool; see `load_img`.
        dtype: Dtype of the batches; None means `K.floatx()`.
        dim_ordering: Keras 1's name of `data_format`.
        unreadable: What to do with a damaged or too large file: `'raise'` an `ImageFileError` that
            names it, or `'skip'` it with a warning, so that its batch is smaller.

    Attributes:
        class_indices: Dictionary from the name of a class to its number.
        classes: int32 array, class numbers of the files.
        filenames: List of paths below `directory`.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: for an unknown mode or subset.

    Source: keras_preprocessing 1.1.2.
    """

    allowed_class_modes = {"categorical", "binary", "sparse", "input", None}

    def __init__(
        self,
        directory,
        image_data_generator,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        dtype=None,
        keep_aspect_ratio=False,
        dim_ordering=None,
        unreadable="raise",
    ):
        self.set_processing_attrs(
            image_data_generator,
            target_size,
            color_mode,
            layout_of(data_format, dim_ordering),
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            keep_aspect_ratio,
            unreadable,
        )
        check_class_mode(class_mode, self.allowed_class_modes)
        self.directory = directory
        self.class_mode = class_mode
        self.dtype = dtype or K.floatx()
        names = list(classes) if classes else class_names_in(directory)
        self.num_classes = len(names)
        self.class_indices = {name: number for number, name in enumerate(names)}
        self.filenames, numbers = [], []
        for number, name in enumerate(names):
            found = files_below(os.path.join(directory, name), IMAGE_FORMATS, follow_links)
            if self.split:
                first, last = (int(share * len(found)) for share in self.split)
                found = found[first:last]
            self.filenames += [os.path.join(name, path) for path in found]
            numbers += [number] * len(found)
        self.classes = np.array(numbers, "int32")
        self.samples = len(self.filenames)
        self._filepaths = [os.path.join(directory, name) for name in self.filenames]
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    @property
    def filepaths(self):
        return self._filepaths

    @property
    def labels(self):
        return self.classes

    @property
    def sample_weight(self):
        return None  # folders have no weights


def class_names_in(directory):
    """Returns the names of the folders in a folder, sorted.

    Raises:
        FileNotFoundError: if there is no such folder.
        NotADirectoryError: if it is a file.
    """
    return sorted(
        name for name in os.listdir(directory) if os.path.isdir(os.path.join(directory, name))
    )


def files_below(directory, endings, follow_links):
    """Returns the paths, relative to a folder, of the files in and below it, in Keras's order.

    Args:
        directory: Path; nothing is found in one that does not exist.
        endings: Tuple of endings, in lower case.
        follow_links: Bool; whether links to folders are followed; none leads in a circle.
    """
    endings = tuple(f".{ending}" for ending in endings)
    found, seen = [], set()
    for folder, below, names in os.walk(directory, followlinks=follow_links):
        if follow_links:
            seen.add(os.path.realpath(folder))
            below[:] = [n for n in below if os.path.realpath(os.path.join(folder, n)) not in seen]
        place = os.path.relpath(folder, directory)
        names = [name for name in sorted(names) if name.lower().endswith(endings)]
        found.append((folder, [os.path.normpath(os.path.join(place, name)) for name in names]))
    return [path for _, paths in sorted(found) for path in paths]
