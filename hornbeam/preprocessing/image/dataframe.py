"""Images whose files and labels a table names."""

import os
import warnings

import numpy as np

from hornbeam import backend as K
from hornbeam.preprocessing.image.files import BatchFromFilesMixin, check_class_mode
from hornbeam.preprocessing.image.loading import IMAGE_FORMATS


class DataFrameIterator(BatchFromFilesMixin):
    """Batches of the images whose files a table names.

    Args:
        dataframe: pandas frame, or dictionary of columns. It is not changed.
        directory: Path to which the names of files are relative; None if they are absolute.
        image_data_generator: `ImageDataGenerator`; None means one that changes nothing.
        x_col: Name of the column of file names.
        y_col: Name of the column of labels; a list of names for `'raw'` and `'multi_output'`.
        weight_col: Name of a column of sample weights, or None.
        target_size: Tuple `(height, width)` in pixels; all images are resized to it.
        color_mode: `'rgb'`, `'rgba'` or `'grayscale'`.
        classes: List of classes; rows of others are left out. None means all that are there. They
            are numbered in sorted order (tf.keras: in the order of the list).
        class_mode: What goes with the images: `'categorical'` (one-hot; a list in the column means
            several classes), `'binary'` or `'sparse'` (class numbers), `'raw'` (the values of
            `y_col`), `'multi_output'` (a list of arrays, one for each name in `y_col`), `'input'`
            (the images again) or None (nothing).
        batch_size: Integer.
        shuffle: Bool; whether the order is drawn anew for each pass.
        seed: Integer or None.
        data_format: Layout of the batches.
        save_to_dir: None, or a folder in which all images made are saved.
        save_prefix: String, how the names of saved files begin.
        save_format: `'png'` or `'jpeg'`.
        subset: `'training'`, `'validation'` or None; the first rows are for validation.
        interpolation: How to resize; see `load_img`.
        dtype: Dtype of the batches.
        validate_filenames: Bool; whether rows are left out, with a warning, whose file is missing
            or has not the ending of an image.
        keep_aspect_ratio: Bool; see `load_img`.
        unreadable: What to do with a damaged or too large file: `'raise'` an `ImageFileError` that
            names it, or `'skip'` it with a warning, so that its batch is smaller.

    Raises:
        KeyError: for a column that is not there.
        TypeError: for a column with values of another type.
        ValueError: for an unknown mode, or a wrong number of classes.

    Source: keras_preprocessing 1.1.2, in which `class_mode='input'` fails.
    """

    allowed_class_modes = {
        "binary",
        "categorical",
        "input",
        "multi_output",
        "raw",
        "sparse",
        None,
    }

    def __init__(
        self,
        dataframe,
        directory=None,
        image_data_generator=None,
        x_col="filename",
        y_col="class",
        weight_col=None,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        data_format="channels_last",
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        dtype="float32",
        validate_filenames=True,
        keep_aspect_ratio=False,
        unreadable="raise",
    ):
        if image_data_generator is None:
            from hornbeam.preprocessing.image.generator import ImageDataGenerator

            image_data_generator = ImageDataGenerator(data_format=data_format)
        self.set_processing_attrs(
            image_data_generator,
            target_size,
            color_mode,
            data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            keep_aspect_ratio,
            unreadable,
        )
        check_class_mode(class_mode, self.allowed_class_modes)
        self.directory = directory or ""
        self.class_mode = class_mode
        self.dtype = dtype or K.floatx()
        table = _Table(dataframe, x_col, y_col, weight_col)
        table.check(class_mode, classes)
        if validate_filenames:
            table.leave_out_invalid(self.directory)
        if class_mode in ("categorical", "binary", "sparse"):
            names = table.keep_classes(classes)
            if class_mode == "binary" and len(names) != 2:
                raise ValueError(
                    f'If class_mode="binary" there must be 2 classes. Found {len(names)} classes.'
                )
            self.class_indices = {name: number for number, name in enumerate(names)}
        if self.split:
            table.keep_share(self.split)
        self.filenames = table.column(x_col)
        self._sample_weight = None
        if weight_col is not None:
            self._sample_weight = np.asarray(table.column(weight_col))
        self._set_labels(table, y_col)
        self.samples = len(self.filenames)
        self._filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        checked = "validated" if validate_filenames else "non-validated"
        in_classes = ""
        if hasattr(self, "class_indices"):
            in_classes = f" belonging to {len(self.class_indices)} classes"
        print(f"Found {self.samples} {checked} image filenames{in_classes}.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _set_labels(self, table, y_col):
        if hasattr(self, "class_indices"):
            number = self.class_indices
            self.classes = [
                [number[c] for c in value if c in number] if _is_several(value) else number[value]
                for value in table.column(y_col)
            ]
        elif self.class_mode == "raw":
            columns = [y_col] if isinstance(y_col, str) else list(y_col)
            values = [np.asarray(table.column(name)) for name in columns]
            self._values = values[0] if isinstance(y_col, str) else np.stack(values, axis=1)
        elif self.class_mode == "multi_output":
            self._values = [
                np.array([np.asarray(value) for value in table.column(name)]) for name in y_col
            ]

    @property
    def filepaths(self):
        return self._filepaths

    @property
    def labels(self):
        return self._values if self.class_mode in ("raw", "multi_output") else self.classes

    @property
    def sample_weight(self):
        return self._sample_weight

    @staticmethod
    def get_classes(df, y_col):
        """Returns the classes named in a column, sorted."""
        return _Table(df, y_col, y_col, None).classes()


def _is_several(value):
    return isinstance(value, (list, tuple))


class _Table:
    """Columns of a frame, and the rows of it that are kept."""

    def __init__(self, frame, x_col, y_col, weight_col):
        self.frame, self.x_col, self.y_col, self.weight_col = frame, x_col, y_col, weight_col
        self.rows = np.arange(len(self.values(x_col)))

    def values(self, name):
        try:
            return list(self.frame[name])
        except KeyError:
            there = [str(column) for column in self.frame.keys()]
            raise KeyError(f"There is no column {name!r}. The columns are {there}.") from None

    def column(self, name):
        values = self.values(name)
        return [values[row] for row in self.rows]

    def check(self, class_mode, classes):
        if not all(isinstance(name, str) for name in self.values(self.x_col)):
            raise TypeError(f"All values in column x_col={self.x_col} must be strings.")
        if class_mode == "multi_output" and not _is_several(self.y_col):
            raise TypeError(
                'If class_mode="multi_output", y_col must be a list. Received '
                f"{type(self.y_col).__name__}."
            )
        several = (str, list, tuple) if class_mode == "categorical" else str
        if class_mode in ("categorical", "binary", "sparse") and not all(
            isinstance(value, several) for value in self.values(self.y_col)
        ):
            kinds = "strings, lists or tuples" if class_mode == "categorical" else "strings"
            raise TypeError(
                f'If class_mode="{class_mode}", y_col="{self.y_col}" column values must be {kinds}.'
            )
        if self.weight_col is not None:
            kind = np.asarray(self.values(self.weight_col)).dtype.kind
            if kind not in "fiub":
                raise TypeError(f"Column weight_col={self.weight_col} must be numeric.")
        if classes and class_mode in ("input", "multi_output", "raw", None):
            warnings.warn(
                f'`classes` will be ignored given the class_mode="{class_mode}"', stacklevel=4
            )

    def leave_out_invalid(self, directory):
        endings = tuple(f".{ending}" for ending in IMAGE_FORMATS)
        names = self.column(self.x_col)
        valid = [
            name.lower().endswith(endings) and os.path.isfile(os.path.join(directory, name))
            for name in names
        ]
        missing = len(valid) - sum(valid)
        self.rows = self.rows[np.array(valid, bool)]
        if missing:
            example = names[valid.index(False)]
            warnings.warn(
                f"Found {missing} invalid image filename(s) in "
                f'x_col="{self.x_col}". These filename(s) will be ignored. The first: {example!r}.',
                stacklevel=4,
            )

    def keep_classes(self, classes):
        """Leaves out rows of other classes; returns the names of the classes, sorted."""
        if not classes:
            return self.classes()
        wanted, rows = set(classes), []
        for row, value in zip(self.rows, self.column(self.y_col)):
            if not wanted.isdisjoint(value if _is_several(value) else [value]):
                rows.append(row)
        self.rows = np.array(rows, int)
        return sorted(wanted)

    def classes(self):
        """Returns the classes in the rows, sorted."""
        names = set()
        for value in self.column(self.y_col):
            names.update(value if _is_several(value) else [value])
        return sorted(names)

    def keep_share(self, split):
        first, last = (int(share * len(self.rows)) for share in split)
        self.rows = self.rows[first:last]
