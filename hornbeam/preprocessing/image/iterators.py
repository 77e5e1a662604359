"""Iterators over batches of images: what they share, and the one over arrays in memory."""

import mmap
import os
import threading
import warnings

import numpy as np

from hornbeam import backend as K
from hornbeam.preprocessing.image.layouts import layout_of
from hornbeam.preprocessing.image.loading import IMAGE_FORMATS, array_to_img
from hornbeam.training.streams import Sequence

# NumPy's global generator is seeded and drawn from by one thread at a time.
_DRAWING = threading.RLock()


class Iterator(Sequence):
    """Base of endless iterators over batches, which are `Sequence`s as well.

    Subclasses give `_get_batches_of_transformed_samples(index_array)`, which returns the batch of
    the samples with these numbers. `iterator[i]` is batch `i` of the current pass; `next(iterator)`
    is the next batch, pass after pass.

    Args:
        n: Integer, samples.
        batch_size: Integer, samples in a batch; the last of a pass may be smaller.
        shuffle: Bool; whether the order is drawn anew for each pass.
        seed: Integer or None; batch number `k`, counted from the first that was made, seeds NumPy's
            global generator with `seed + k`. Batches made by several workers at once are counted
            as the workers come.

    Raises:
        ValueError: if `batch_size` is below 1.

    Source: keras_preprocessing 1.1.2, whose order and draws the same seed gives here.
    """

    white_list_formats = IMAGE_FORMATS

    def __init__(self, n, batch_size, shuffle, seed):
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be at least 1. Received: {batch_size}")
        self.n = n
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.batch_index = 0
        self.total_batches_seen = 0
        self.lock = threading.Lock()
        self.index_array = None
        self.index_generator = self._flow_index()

    def _set_index_array(self):
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _seed_batch(self):
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1

    def __getitem__(self, idx):
        """Returns batch number `idx` of the current pass."""
        if not -len(self) <= idx < len(self):
            raise ValueError(
                f"Asked to retrieve element {idx}, but the Sequence has length {len(self)}"
            )
        with _DRAWING:
            self._seed_batch()
            if self.index_array is None:
                self._set_index_array()
            start = idx % len(self) * self.batch_size
            make = self._begun(self.index_array[start : start + self.batch_size])
        return make()

    def _begun(self, index_array):
        """Draws what is random for a batch; returns a function that makes it, in any thread."""
        batch = self._get_batches_of_transformed_samples(index_array)
        return lambda: batch

    def __len__(self):
        return -(-self.n // self.batch_size)

    def on_epoch_end(self):
        """Draws a new order."""
        with _DRAWING:
            self._set_index_array()

    def reset(self):
        """Lets `next` begin a new pass."""
        self.batch_index = 0

    def _flow_index(self):
        """Yields the numbers of the samples of each batch, without end."""
        if self.n == 0:
            raise ValueError(f"{type(self).__name__} has no samples to make a batch of.")
        self.reset()
        while True:
            self._seed_batch()
            if self.batch_index == 0:
                self._set_index_array()
            start = self.batch_index * self.batch_size % self.n
            self.batch_index = self.batch_index + 1 if self.n > start + self.batch_size else 0
            yield self.index_array[start : start + self.batch_size]

    def __iter__(self):
        return self

    def __next__(self, *args, **kwargs):
        return self.next(*args, **kwargs)

    def next(self):
        """Returns the next batch."""
        with self.lock, _DRAWING:
            make = self._begun(next(self.index_generator))
        return make()

    def _get_batches_of_transformed_samples(self, index_array):
        raise NotImplementedError(
            f"{type(self).__name__} must define _get_batches_of_transformed_samples(index_array)."
        )

    def __getstate__(self):
        """For worker processes: they agree on an order, and begin passes of their own."""
        with _DRAWING:
            if self.index_array is None:
                self._set_index_array()
        return {k: v for k, v in self.__dict__.items() if k not in ("lock", "index_generator")}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.lock = threading.Lock()
        self.index_generator = self._flow_index()


class ImageIterator(Iterator):
    """What iterators over arrays and over files share: transforming, saving, answering.

    Subclasses give `_images(index_array)`, which returns an array of images and the numbers of
    those that could be had, `_shape_of_images()` and `_answer(images, index_array)`.
    """

    _name_numbers = 10**4  # names of saved files end in a random number below

    def _get_batches_of_transformed_samples(self, index_array):
        return self._begun(index_array)()

    def _begun(self, index_array):
        if self._is_overridden():
            return super()._begun(index_array)
        draw = getattr(self.image_data_generator, "draw", None)
        parameters = draw and draw(len(index_array), self._shape_of_images())
        if parameters is not None:
            return lambda: self._batch(index_array, parameters)
        batch = self._batch(index_array, None)  # draws between images, so it holds the lock
        return lambda: batch

    def _is_overridden(self):
        own = ImageIterator._get_batches_of_transformed_samples
        return type(self)._get_batches_of_transformed_samples is not own

    def _batch(self, index_array, parameters):
        images, kept = self._images(index_array)
        if parameters is None:
            images = self._one_by_one(images)
        else:
            images = self.image_data_generator.made(images, [parameters[i] for i in kept])
        kept_rows = index_array[kept]
        if self.save_to_dir:
            self._save(images, kept_rows)
        return self._answer(images, kept_rows)

    def _one_by_one(self, images):
        """Asks the generator, which may be of any class, for each image."""
        generator, made = self.image_data_generator, None
        for index, image in enumerate(images):
            parameters = generator.get_random_transform(image.shape)
            image = generator.standardize(generator.apply_transform(image, parameters))
            if made is None:
                made = np.empty((len(images), *np.shape(image)), images.dtype)
            made[index] = image
        return images if made is None else made

    def _save(self, images, index_array):
        for image, number in zip(images, index_array):
            name = f"{self.save_prefix}_{number}_{np.random.randint(self._name_numbers)}"
            image = array_to_img(image, self.data_format, scale=True)
            image.save(os.path.join(self.save_to_dir, f"{name}.{self.save_format}"))


class NumpyArrayIterator(ImageIterator):
    """Batches of images in memory.

    Args:
        x: Array of rank 4, or a tuple of it and an array or list of arrays that go along
            unchanged. A `np.memmap` or HDF5 data set is read batch by batch.
        y: Array or list of labels, or None.
        image_data_generator: `ImageDataGenerator`.
        batch_size: Integer.
        shuffle: Bool; whether the order is drawn anew for each pass.
        sample_weight: Array of one weight for each image, or None.
        seed: Integer or None.
        data_format: Layout of `x`; None means `K.image_data_format()`.
        save_to_dir: None, or a folder in which all images made are saved.
        save_prefix: String, how the names of saved files begin.
        save_format: `'png'` or `'jpeg'`.
        subset: `'training'`, `'validation'` or None.
        dtype: Dtype of the batches; None means `K.floatx()`.
        ignore_class_split: Bool; whether the subsets may have different classes.
        dim_ordering: Keras 1's name of `data_format`.

    Raises:
        ValueError: for arrays of different lengths, another rank, an unknown `subset`, or subsets
            with different classes.
    """

    def __init__(
        self,
        x,
        y,
        image_data_generator,
        batch_size=32,
        shuffle=False,
        sample_weight=None,
        seed=None,
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        dtype=None,
        ignore_class_split=False,
        dim_ordering=None,
    ):
        self.data_format = layout_of(data_format, dim_ordering)
        self.dtype = dtype or K.floatx()
        x, misc = x if isinstance(x, (tuple, list)) and _has_misc(x) else (x, [])
        misc = misc if isinstance(misc, list) else [misc]
        x = _array(x)
        misc = [_array(array) for array in misc]
        y = None if y is None else _array(y)
        weights = None if sample_weight is None else _array(sample_weight)
        self._check_lengths(x, misc, y, weights)
        if subset is not None:
            rows = _rows_of(subset, len(x), image_data_generator._validation_split)
            if y is not None and not ignore_class_split:
                _check_classes(y, int(len(x) * image_data_generator._validation_split))
            x, misc = x[rows], [array[rows] for array in misc]
            y = None if y is None else y[rows]
            weights = None if weights is None else weights[rows]
        if x.ndim != 4:
            raise ValueError(
                "Input data in `NumpyArrayIterator` should have rank 4. You passed an array with "
                f"shape {x.shape}"
            )
        self._check_channels(x.shape)
        self.x = x
        self.x_misc = misc
        self.y = y
        self.sample_weight = weights
        self.image_data_generator = image_data_generator
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        super().__init__(x.shape[0], batch_size, shuffle, seed)

    @staticmethod
    def _check_lengths(x, misc, y, weights):
        named = [("y` (labels)", y), ("sample_weight`", weights)]
        named += [("x[1]`", array) for array in misc]
        for name, array in named:
            if array is not None and len(array) != len(x):
                raise ValueError(
                    f"`x` (images tensor) and `{name} should have the same length. Found: x.shape "
                    f"= {x.shape}, {name.split('`')[0]}.shape = {array.shape}"
                )

    def _check_channels(self, shape):
        axis = 1 if self.data_format == "channels_first" else 3
        if shape[axis] not in (1, 3, 4):
            warnings.warn(
                "NumpyArrayIterator is set to use the data format convention "
                f'"{self.data_format}" (channels on axis {axis}), i.e. expected either 1, 3, or 4 '
                f"channels on axis {axis}. However, it was passed an array with shape "
                f"{tuple(shape)} ({shape[axis]} channels).",
                stacklevel=4,
            )

    def __getstate__(self):
        state = super().__getstate__()
        if isinstance(self.x, np.memmap) and isinstance(self.x.base, mmap.mmap):
            state["x"] = _MappedFile(self.x)  # workers open the file again
        return state

    def __setstate__(self, state):
        if isinstance(state["x"], _MappedFile):
            state = {**state, "x": state["x"].opened()}
        super().__setstate__(state)

    def _shape_of_images(self):
        return self.x.shape[1:]

    def _images(self, index_array):
        images = _taken(self.x, index_array).astype(self.dtype, copy=False)
        return images, np.arange(len(index_array))

    def _answer(self, images, index_array):
        misc = [_taken(array, index_array) for array in self.x_misc]
        inputs = [images, *misc] if misc else images
        if self.y is None:
            return inputs
        output = (inputs, _taken(self.y, index_array))
        if self.sample_weight is not None:
            output += (_taken(self.sample_weight, index_array),)
        return output


class _MappedFile:
    """Where the data of a `np.memmap` are: what is sent to a process instead of them."""

    def __init__(self, array):
        order = "C" if array.flags.c_contiguous else "F"
        self.arguments = (array.filename, array.dtype, "r", array.offset, array.shape, order)

    def opened(self):
        return np.memmap(*self.arguments)


def _has_misc(x):
    """Whether `x` is images and what goes along, not a list of images."""
    return len(x) == 2 and np.ndim(x[0]) == 4


def _array(data):
    """Returns arrays as they are (files behind NumPy's interface included), lists as arrays."""
    return data if hasattr(data, "ndim") and hasattr(data, "shape") else np.asarray(data)


def _taken(array, index_array):
    """Returns a new array of some rows."""
    if isinstance(array, np.ndarray):
        return array[index_array]
    order = np.argsort(index_array, kind="stable")  # files are read in rising order
    rows = np.asarray(array[index_array[order]])
    result = np.empty_like(rows)
    result[order] = rows
    return result


def _rows_of(subset, count, validation_split):
    """Returns the rows of a subset: the first are for validation, as in Keras."""
    if subset not in ("training", "validation"):
        raise ValueError(f'Invalid subset name: {subset!r}; expected "training" or "validation".')
    at = int(count * validation_split)
    return slice(0, at) if subset == "validation" else slice(at, None)


def _check_classes(y, at):
    if not np.array_equal(np.unique(y[:at]), np.unique(y[at:])):
        raise ValueError(
            "Training and validation subsets have different number of classes after the split. If "
            "your numpy arrays are sorted by the label, you might want to shuffle them."
        )
