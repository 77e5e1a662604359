"""Files and labels in folders: what `image_` and `text_dataset_from_directory` share."""

import os

import numpy as np

from hornbeam.preprocessing.image.directory import class_names_in, files_below
from hornbeam.utils.np_utils import to_categorical

LABEL_MODES = ("int", "categorical", "binary", None)


class Files:
    """The files of a folder with one folder a class, their labels, and what was asked of them.

    Args: those of `image_dataset_from_directory`, and
        endings: Tuple of endings of files, in lower case.

    Attributes:
        paths: List of paths.
        labels: List of integers, or None.
        class_names: List of names, or None.

    Raises:
        ValueError: for arguments that do not fit each other, or a folder without files.
    """

    def __init__(
        self,
        directory,
        endings,
        labels,
        label_mode,
        class_names,
        shuffle,
        seed,
        validation_split,
        subset,
        follow_links,
    ):
        labels = list(labels) if labels is not None and not isinstance(labels, str) else labels
        _check(labels, label_mode, class_names, shuffle, seed, validation_split, subset)
        self.label_mode = None if labels is None else label_mode
        self.shuffle, self.subset, self.validation_split = shuffle, subset, validation_split
        found = {} if labels is None else {n: i for i, n in enumerate(class_names_in(directory))}
        if class_names is not None and set(class_names) != set(found):
            raise ValueError(
                "The `class_names` passed did not match the names of the subdirectories of the "
                f"target directory. Expected: {sorted(found)}, but received: {list(class_names)}"
            )
        self.class_names = list(class_names or found) if labels == "inferred" else None
        self.paths, self.labels = [], []
        names = self.class_names if labels == "inferred" else [""]
        for number, name in enumerate(names):
            folder = os.path.join(directory, name)
            below = files_below(folder, endings, follow_links)
            self.paths += [os.path.join(folder, path) for path in below]
            self.labels += [number] * len(below)
        self._take_labels(labels, directory)
        count = f" belonging to {len(self.class_names)} classes" if self.class_names else ""
        print(f"Found {len(self.paths)} files{count}.")
        if not self.paths:
            raise ValueError(
                f"No files were found in directory {directory}. Allowed formats: {endings}"
            )
        if label_mode == "binary" and len(self.class_names or ()) != 2:
            raise ValueError(
                'When passing `label_mode="binary"`, there must be exactly 2 `class_names`. '
                f"Received: class_names={self.class_names}"
            )
        # The first order is drawn, as in tf.keras, from a generator of its own.
        self.seed = np.random.randint(10**6) if seed is None else seed
        if shuffle:
            order = np.random.RandomState(self.seed).permutation(len(self.paths))
            self.paths = [self.paths[i] for i in order]
            self.labels = None if self.labels is None else [self.labels[i] for i in order]

    def _take_labels(self, labels, directory):
        if labels is None:
            self.labels = None
        elif labels != "inferred":
            if len(labels) != len(self.paths):
                raise ValueError(
                    "Expected the lengths of `labels` to match the number of files in the target "
                    f"directory. len(labels) is {len(labels)} while we found {len(self.paths)} "
                    f"files in directory {directory}."
                )
            self.labels = [int(label) for label in labels]
            self.class_names = [str(label) for label in sorted(set(self.labels))]

    def subsets(self):
        """Returns `(paths, labels)` of what was asked for: one pair, or two for `'both'`."""
        wanted = {"both": ("training", "validation")}.get(self.subset, (self.subset,))
        found = []
        for name in wanted:
            rows = slice(None)
            if name is not None:
                held = int(self.validation_split * len(self.paths))
                at = len(self.paths) - held
                rows = slice(None, at) if name == "training" else slice(at, None)
                print(f"Using {len(self.paths[rows])} files for {name}.")
            labels = None if self.labels is None else self._targets(self.labels[rows])
            found.append((self.paths[rows], labels))
        return found

    def _targets(self, labels):
        """Returns the labels as an array, as `label_mode` says."""
        if self.label_mode is None:
            return None
        if self.label_mode == "categorical":
            return to_categorical(labels, len(self.class_names))
        if self.label_mode == "binary":
            return np.array(labels, "float32")[:, None]
        return np.array(labels, "int32")


def _check(labels, label_mode, class_names, shuffle, seed, validation_split, subset):
    if isinstance(labels, str) and labels != "inferred":
        raise ValueError(
            "`labels` argument should be a list/tuple of integer labels, of the same size as the "
            "number of files in the target directory, or 'inferred' (from the names of the "
            f"folders), or None. Received: labels={labels}"
        )
    if labels != "inferred" and class_names is not None:
        raise ValueError(
            "You can only pass `class_names` if the labels are inferred from the subdirectory "
            f'names in the target directory (labels="inferred"). Received: labels={labels}, and '
            f"class_names={class_names}"
        )
    if label_mode not in LABEL_MODES:
        raise ValueError(
            '`label_mode` argument must be one of "int", "categorical", "binary", or None. '
            f"Received: label_mode={label_mode}"
        )
    if labels is None and label_mode not in (None, "int"):
        raise ValueError(f"labels=None gives no labels, but label_mode={label_mode!r} wants some.")
    if validation_split is not None and not 0 < validation_split < 1:
        raise ValueError(
            f"`validation_split` must be between 0 and 1, received: {validation_split}"
        )
    if (validation_split is None) != (subset is None):
        raise ValueError("If `subset` is set, `validation_split` must be set, and inversely.")
    if subset not in ("training", "validation", "both", None):
        raise ValueError(
            f'`subset` must be either "training", "validation" or "both", received: {subset}'
        )
    if validation_split and shuffle and seed is None:
        raise ValueError(
            "If using `validation_split` and shuffling the data, you must provide a `seed` "
            "argument, to make sure that there is no overlap between the training and validation "
            "subset."
        )


def passes(count, shuffle, seed):
    """Returns a function that returns the order of the next pass: drawn anew if `shuffle`."""
    random = np.random.RandomState(seed)
    return lambda: random.permutation(count) if shuffle else np.arange(count)
