"""Batches of images read from files: what iterators over folders and tables share."""

import concurrent.futures
import functools
import multiprocessing
import os
import warnings

import numpy as np

from hornbeam.preprocessing.image.iterators import ImageIterator
from hornbeam.preprocessing.image.layouts import layout_of
from hornbeam.preprocessing.image.loading import ImageFileError, img_to_array, load_img

_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


class BatchFromFilesMixin(ImageIterator):
    """Reads images in threads; subclasses give `filepaths`, `labels` and `sample_weight`.

    Arguments of `set_processing_attrs`: see `DirectoryIterator`.
    """

    _name_numbers = 10**7

    def set_processing_attrs(
        self,
        image_data_generator,
        target_size,
        color_mode,
        data_format,
        save_to_dir,
        save_prefix,
        save_format,
        subset,
        interpolation,
        keep_aspect_ratio=False,
        unreadable="raise",
    ):
        """Checks and keeps what says how images are read and where they go."""
        if color_mode not in _CHANNELS:
            raise ValueError(
                f"Invalid color mode: {color_mode!r}; expected 'rgb', 'rgba', or 'grayscale'."
            )
        if unreadable not in ("raise", "skip"):
            raise ValueError(f"unreadable={unreadable!r} is unknown. Expected 'raise' or 'skip'.")
        self.image_data_generator = image_data_generator
        self.target_size = tuple(target_size)
        self.color_mode = color_mode
        self.data_format = layout_of(data_format)
        self.image_shape = (*self.target_size, _CHANNELS[color_mode])
        if self.data_format == "channels_first":
            self.image_shape = (_CHANNELS[color_mode], *self.target_size)
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        self.interpolation = interpolation
        self.keep_aspect_ratio = keep_aspect_ratio
        self.unreadable = unreadable
        self.split = _share_of(subset, image_data_generator)
        self.subset = subset

    @property
    def filepaths(self):
        """Paths of all files."""
        raise NotImplementedError(f"{type(self).__name__} must define `filepaths`.")

    @property
    def labels(self):
        """Class numbers or values, one for each file."""
        raise NotImplementedError(f"{type(self).__name__} must define `labels`.")

    @property
    def sample_weight(self):
        """Weights of the files, or None."""
        raise NotImplementedError(f"{type(self).__name__} must define `sample_weight`.")

    def _shape_of_images(self):
        return self.image_shape

    def _images(self, index_array):
        images = np.empty((len(index_array), *self.image_shape), self.dtype)
        paths = [self.filepaths[i] for i in index_array]
        read = side_by_side(lambda place: self._read(paths[place], images[place]), len(paths))
        kept = [place for place, error in enumerate(read) if error is None]
        if len(kept) == len(read):
            return images, np.arange(len(read))
        failed = [error for error in read if error is not None]
        if self.unreadable == "raise":
            raise failed[0]
        for error in failed:
            warnings.warn(f"Left out: {error}", stacklevel=2)
        if not kept:
            raise ImageFileError(
                f"No image of this batch of {len(read)} could be read. The first error: {failed[0]}"
            )
        return images[kept], np.array(kept)

    def _read(self, path, place):
        """Reads a file into `place`; returns None or the error."""
        try:
            image = load_img(
                path,
                color_mode=self.color_mode,
                target_size=self.target_size,
                interpolation=self.interpolation,
                keep_aspect_ratio=self.keep_aspect_ratio,
            )
        except OSError as error:
            return error
        pixels = np.asarray(image)
        place[...] = img_to_array(pixels, self.data_format, pixels.dtype)  # cast once, here
        return None

    def _answer(self, images, index_array):
        if self.class_mode is None:
            return images
        output = (images, self._targets(images, index_array))
        if self.sample_weight is not None:
            output += (np.asarray(self.sample_weight)[index_array],)
        return output

    def _targets(self, images, index_array):
        if self.class_mode == "input":
            return images.copy()
        if self.class_mode in ("binary", "sparse"):
            return np.array([self.labels[i] for i in index_array], self.dtype)
        if self.class_mode == "categorical":
            one_hot = np.zeros((len(images), len(self.class_indices)), self.dtype)
            for row, i in enumerate(index_array):
                one_hot[row, self.labels[i]] = 1.0
            return one_hot
        if self.class_mode == "multi_output":
            return [np.asarray(values)[index_array] for values in self.labels]
        return np.asarray(self.labels)[index_array]  # 'raw'


def _share_of(subset, generator):
    if subset is None:
        return None
    at = generator._validation_split
    shares = {"validation": (0, at), "training": (at, 1)}
    if subset not in shares:
        raise ValueError(f'Invalid subset name: {subset!r}; expected "training" or "validation"')
    return shares[subset]


def check_class_mode(class_mode, allowed):
    """Raises a ValueError unless `class_mode` is allowed."""
    if class_mode not in allowed:
        raise ValueError(f"Invalid class_mode: {class_mode}; expected one of: {allowed}")


def side_by_side(read, count):
    """Returns `[read(0), ..., read(count - 1)]`, called in threads, this one included.

    There is one thread a core; in a worker process of several, this thread alone.
    """
    results = [None] * count
    rest = iter(range(count))  # whoever is free takes the next

    def work():
        for place in rest:
            results[place] = read(place)

    in_worker = multiprocessing.parent_process() is not None
    threads = 1 if in_worker else os.cpu_count() or 1
    pool = _pool(os.getpid(), threads)
    helpers = [pool.submit(work) for _ in range(min(threads, count) - 1)]
    work()
    for helper in helpers:
        helper.result()
    return results


@functools.cache
def _pool(process, threads):
    # By process, since a forked one inherits the object without its threads.
    return concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="hornbeam-images")
