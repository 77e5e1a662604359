"""`ImageDataGenerator`: normalizes and augments batches of images."""

import warnings

import numpy as np

from hornbeam import backend as K
from hornbeam.preprocessing.image import transforms
from hornbeam.preprocessing.image.dataframe import DataFrameIterator
from hornbeam.preprocessing.image.directory import DirectoryIterator
from hornbeam.preprocessing.image.iterators import NumpyArrayIterator
from hornbeam.preprocessing.image.layouts import AXES, layout_of
from hornbeam.preprocessing.image.transforms import pair_of, uniform


class ImageDataGenerator:
    """Makes batches of images, normalized and changed by chance, without end.

    Each image is first transformed, then passed to `preprocessing_function`, then multiplied by
    `rescale`, then normalized.

    Args:
        featurewise_center: Bool; subtract the data's mean of each channel. Needs `fit`.
        samplewise_center: Bool; subtract each image's own mean.
        featurewise_std_normalization: Bool; divide by the data's deviation. Needs `fit`; implies
            `featurewise_center`.
        samplewise_std_normalization: Bool; divide by each image's own deviation; implies
            `samplewise_center`.
        zca_whitening: Bool; decorrelate all values of an image. Needs `fit`, whose cost grows with
            the cube of the number of values; implies `featurewise_center`.
        zca_epsilon: Float, added to the variances for `zca_whitening`.
        rotation_range: Number, largest rotation in degrees.
        width_shift_range: Largest shift sideways. Float below 1: share of the width; float from 1:
            pixels; integer `n`: whole pixels from `-(n - 1)` to `n - 1`; list: values to choose
            from, with either sign.
        height_shift_range: The same, up and down.
        brightness_range: None or pair of floats, factors from which to pick. Images are stretched
            to 0..255 and rounded to 8 bits then.
        shear_range: Float, largest shear in degrees.
        zoom_range: Float `z`, for factors from `1 - z` to `1 + z`, or a pair of factors.
        channel_shift_range: Float, largest number added to all values.
        fill_mode: What lies outside the image: `'nearest'` (`aaa|abcd|ddd`), `'reflect'`
            (`cba|abcd|dcb`), `'wrap'` (`bcd|abcd|abc`) or `'constant'` (`cval`).
        cval: Float, value outside for `'constant'`.
        horizontal_flip: Bool; swap left and right for half of the images.
        vertical_flip: Bool; swap top and bottom for half of the images.
        rescale: None or factor for all values, such as `1 / 255`.
        preprocessing_function: None or function from an image (array of rank 3) to one of the same
            shape. Images are then made one by one.
        data_format: `'channels_last'` or `'channels_first'`; None means `K.image_data_format()`.
        validation_split: Float in [0, 1): share of the images for `subset='validation'`.
        interpolation_order: Integer 0 to 5, order of the splines that interpolate. 1, the default,
            has a fast program.
        dtype: Dtype of the batches; `'float32'`, the default, means `K.floatx()`.
        dim_ordering: Keras 1's name of `data_format`.

    Raises:
        ValueError: for an argument out of its range; the message names it.

    Example:
        generator = ImageDataGenerator(rotation_range=20, horizontal_flip=True, rescale=1 / 255)
        model.fit(generator.flow(x, y, batch_size=32), epochs=10)

    Source: keras_preprocessing 1.1.2, whose numbers the same seed gives here. With `order=1` in
    float32, pixels agree within 1e-4 of the images' range, since coordinates are float32 too.
    """

    def __init__(
        self,
        featurewise_center=False,
        samplewise_center=False,
        featurewise_std_normalization=False,
        samplewise_std_normalization=False,
        zca_whitening=False,
        zca_epsilon=1e-6,
        rotation_range=0,
        width_shift_range=0.0,
        height_shift_range=0.0,
        brightness_range=None,
        shear_range=0.0,
        zoom_range=0.0,
        channel_shift_range=0.0,
        fill_mode="nearest",
        cval=0.0,
        horizontal_flip=False,
        vertical_flip=False,
        rescale=None,
        preprocessing_function=None,
        data_format="channels_last",
        validation_split=0.0,
        interpolation_order=1,
        dtype="float32",
        dim_ordering=None,
    ):
        transforms.check_fill_mode(fill_mode)
        if brightness_range is not None:
            pair_of("brightness_range", brightness_range)
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(
                "`validation_split` must be strictly between 0 and 1.  Received: "
                f"{validation_split}"
            )
        if interpolation_order not in range(6):
            raise ValueError(
                f"`interpolation_order` must be an integer from 0 to 5. Received: "
                f"{interpolation_order}"
            )
        if preprocessing_function is not None and not callable(preprocessing_function):
            raise ValueError(
                "`preprocessing_function` must be a function from an image to an image. Received: "
                f"{preprocessing_function!r}"
            )
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = brightness_range
        self.shear_range = shear_range
        self.zoom_range = _zoom_factors(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.data_format = layout_of(data_format, dim_ordering)
        self.interpolation_order = interpolation_order
        self.dtype = dtype or K.floatx()
        self._validation_split = validation_split
        self.row_axis, self.col_axis, self.channel_axis = (
            axis + 1 for axis in AXES[self.data_format]
        )
        self.mean = None
        self.std = None
        self.principal_components = None
        self._settle_conflicts()

    def _settle_conflicts(self):
        """Turns on what a normalization needs and off what it replaces, with Keras's warnings."""
        if self.zca_whitening:
            self._override("zca_whitening", "featurewise_center", True)
            self._override("zca_whitening", "featurewise_std_normalization", False)
        if self.featurewise_std_normalization:
            self._override("featurewise_std_normalization", "featurewise_center", True)
        if self.samplewise_std_normalization:
            self._override("samplewise_std_normalization", "samplewise_center", True)

    def _override(self, name, other, value):
        if bool(getattr(self, other)) != value:
            setattr(self, other, value)
            warnings.warn(
                f"This ImageDataGenerator specifies `{name}`, which overrides setting of "
                f"`{other}`.",
                stacklevel=4,
            )

    # Batches

    def flow(
        self,
        x=None,
        y=None,
        batch_size=32,
        shuffle=True,
        sample_weight=None,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        ignore_class_split=False,
        X=None,
    ):
        """Returns batches of images in memory.

        Args:
            x: Array of rank 4, or a tuple of it and an array or list of arrays that go along
                unchanged. It is read batch by batch, so a `np.memmap` is never loaded whole.
            y: Labels or None.
            batch_size: Integer.
            shuffle: Bool; whether the order is drawn anew for each pass.
            sample_weight: Array of one weight for each image, or None.
            seed: Integer or None, for order and transforms.
            save_to_dir: None, or a folder in which all images made are saved, to be looked at.
            save_prefix: String, how the names of saved files begin.
            save_format: `'png'` or `'jpeg'`.
            subset: `'training'`, `'validation'` or None, with `validation_split`.
            ignore_class_split: Bool; whether the subsets may have different classes.
            X: Keras 1's name of `x`.

        Returns:
            `NumpyArrayIterator` of `x`, `(x, y)` or `(x, y, sample_weight)`.
        """
        x = X if x is None else x
        if x is None:
            raise TypeError("flow needs `x`, an array of images.")
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            ignore_class_split=ignore_class_split,
            dtype=self._batch_dtype(),
        )

    def flow_from_directory(
        self,
        directory,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
        unreadable="raise",
    ):
        """Returns batches of images from a folder with one folder a class.

        Args:
            directory: Path of a folder such as `data/train` with `data/train/dogs/dog001.jpg`.
            unreadable: What to do with a damaged or too large file: `'raise'` an
                `ImageFileError` that names it, or `'skip'` it with a warning.

            The others: see `DirectoryIterator` and `flow`.

        Returns:
            `DirectoryIterator`.
        """
        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            dtype=self._batch_dtype(),
            unreadable=unreadable,
        )

    def flow_from_dataframe(
        self,
        dataframe,
        directory=None,
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
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        validate_filenames=True,
        keep_aspect_ratio=False,
        unreadable="raise",
        **kwargs,
    ):
        """Returns batches of images whose files a table names.

        Args:
            dataframe: pandas frame, or dictionary of columns.
            unreadable: What to do with a damaged or too large file: `'raise'` an
                `ImageFileError` that names it, or `'skip'` it with a warning.
            **kwargs: Older arguments: `has_ext` (must be true), `sort` and `drop_duplicates`
                (no effect since Keras 2.3; a warning says so).

            The others: see `DataFrameIterator` and `flow`.

        Returns:
            `DataFrameIterator`.
        """
        _check_old_arguments(kwargs)
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode="raw" if class_mode == "other" else class_mode,
            data_format=self.data_format,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            validate_filenames=validate_filenames,
            dtype=self._batch_dtype(),
            unreadable=unreadable,
        )

    def _batch_dtype(self):
        return K.floatx() if self.dtype == "float32" else self.dtype

    # Normalization

    def fit(self, x, augment=False, rounds=1, seed=None):
        """Computes the statistics that the featurewise normalizations and whitening need.

        Args:
            x: Array of rank 4.
            augment: Bool; whether to take them from randomly transformed images.
            rounds: Integer, passes over `x` if `augment`.
            seed: Integer or None.

        Raises:
            ValueError: unless `x` has rank 4.
        """
        x = np.array(x, dtype=self.dtype)
        if x.ndim != 4:
            raise ValueError(
                f"Input to `.fit()` should have rank 4. Got array with shape: {x.shape}"
            )
        check_channels("Expected input to be images", x.shape, self.data_format)
        if seed is not None:
            np.random.seed(seed)
        if augment:
            x = np.concatenate([self._augmented_round(x) for _ in range(rounds)])
        axes = (0, self.row_axis, self.col_axis)
        spread = AXES[self.data_format].channel
        shape = [x.shape[self.channel_axis] if axis == spread else 1 for axis in range(3)]
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes).reshape(shape)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes).reshape(shape)
            x /= self.std + K.epsilon()
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            vectors, variances, _ = np.linalg.svd(flat.T @ flat / len(flat))
            scaled = vectors / np.sqrt(variances + self.zca_epsilon)
            self.principal_components = scaled @ vectors.T

    def _augmented_round(self, x):
        parameters = [self.get_random_transform(x.shape[1:]) for _ in x]
        return self._transformed(x.copy(), parameters)

    @property
    def zca_whitening_matrix(self):
        """tf.keras's name of `principal_components`."""
        return self.principal_components

    @zca_whitening_matrix.setter
    def zca_whitening_matrix(self, value):
        self.principal_components = value

    def standardize(self, x):
        """Applies `preprocessing_function`, `rescale` and the normalizations.

        Args:
            x: Image, or batch of images. An array of floats is changed in place, as in Keras,
                unless `preprocessing_function` returns another.

        Returns:
            The normalized array.
        """
        return self._standardized(x, axis=None)

    def _standardized(self, x, axis):
        """Normalizes; `axis` says over what an image's own statistics are taken."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, axis=axis, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, axis=axis, keepdims=True) + 1e-6
        if self.featurewise_center and self._is_fit("featurewise_center", self.mean):
            x -= self.mean
        if self.featurewise_std_normalization and self._is_fit(
            "featurewise_std_normalization", self.std
        ):
            x /= self.std + 1e-6
        if self.zca_whitening and self._is_fit("zca_whitening", self.principal_components):
            flat = x.reshape(-1, np.prod(x.shape[-3:]))
            x = (flat @ self.principal_components).reshape(x.shape)
        return x

    def _is_fit(self, name, statistics):
        if statistics is None:
            warnings.warn(
                f"This ImageDataGenerator specifies `{name}`, but it hasn't been fit on any "
                "training data. Fit it first by calling `.fit(numpy_data)`.",
                stacklevel=4,
            )
        return statistics is not None

    # Random transforms

    def get_random_transform(self, img_shape, seed=None):
        """Draws the parameters of a transform from NumPy's global generator.

        Args:
            img_shape: Tuple, shape of an image.
            seed: Integer or None, with which that generator is seeded first.

        Returns:
            Dictionary: `theta` and `shear` in degrees, `tx` and `ty` in pixels (along rows and
            columns), `zx`, `zy`, `flip_horizontal`, `flip_vertical`, and, None if not asked for,
            `channel_shift_intensity` and `brightness`.
        """
        if seed is not None:
            np.random.seed(seed)
        axes = AXES[self.data_format]
        rotation, shear, shift = self.rotation_range, self.shear_range, self.channel_shift_range
        low, high = self.zoom_range
        theta = uniform(-rotation, rotation) if rotation else 0
        tx = _shift(self.height_shift_range, img_shape[axes.row])
        ty = _shift(self.width_shift_range, img_shape[axes.col])
        shear = uniform(-shear, shear) if shear else 0
        zx, zy = (1, 1) if low == 1 and high == 1 else (uniform(low, high), uniform(low, high))
        return {
            "theta": theta,
            "tx": tx,
            "ty": ty,
            "shear": shear,
            "zx": zx,
            "zy": zy,
            # Drawn even if not asked for, as in Keras, so that other numbers stay the same.
            "flip_horizontal": (np.random.random() < 0.5) * self.horizontal_flip,
            "flip_vertical": (np.random.random() < 0.5) * self.vertical_flip,
            "channel_shift_intensity": uniform(-shift, shift) if shift else None,
            "brightness": (
                None if self.brightness_range is None else uniform(*self.brightness_range)
            ),
        }

    def apply_transform(self, x, transform_parameters):
        """Transforms an image.

        Args:
            x: Array of rank 3.
            transform_parameters: Dictionary as `get_random_transform` returns; any may be missing.

        Returns:
            Array of the same shape.
        """
        return transforms.transformed(
            x,
            transform_parameters,
            self.data_format,
            self.fill_mode,
            self.cval,
            self.interpolation_order,
        )

    def random_transform(self, x, seed=None):
        """Transforms an image by chance.

        Args:
            x: Array of rank 3.
            seed: Integer or None.

        Returns:
            Array of the same shape.
        """
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    # What the iterators ask for

    def draw(self, count, image_shape):
        """Draws the parameters for a whole batch, or says that images must be made one by one.

        Args:
            count: Integer, images in the batch.
            image_shape: Tuple, shape of each.

        Returns:
            List of dictionaries; None if a method was overridden or a `preprocessing_function` is
            there, which may draw random numbers between the images.
        """
        if self.preprocessing_function is not None or not self._is_plain():
            return None
        return [self.get_random_transform(image_shape) for _ in range(count)]

    def _is_plain(self):
        return not self.__dict__.keys() & _STEPS and all(
            getattr(type(self), name) is getattr(ImageDataGenerator, name) for name in _STEPS
        )

    def made(self, x, parameters):
        """Transforms and normalizes a batch.

        Args:
            x: Array `(n, ...)` of floats; may be written to.
            parameters: What `draw` returned.

        Returns:
            Array of the same shape.
        """
        return self._standardized(self._transformed(x, parameters), axis=(1, 2, 3))

    def _transformed(self, x, parameters):
        if x.dtype in (np.float32, np.float16) and self.interpolation_order == 1:
            return transforms.transformed_batch(
                x, parameters, self.data_format, self.fill_mode, self.cval
            )
        for image, chosen in zip(x, parameters):
            image[...] = ImageDataGenerator.apply_transform(self, image, chosen)
        return x


_STEPS = {"apply_transform", "get_random_transform", "random_transform", "standardize"}


def _zoom_factors(zoom_range):
    if isinstance(zoom_range, (int, float, np.number)):
        return [1 - zoom_range, 1 + zoom_range]
    if len(zoom_range) == 2 and not isinstance(zoom_range, str):
        return [zoom_range[0], zoom_range[1]]
    raise ValueError(
        f"`zoom_range` should be a float or a tuple or list of two floats. Received: {zoom_range}"
    )


def _shift(limit, size):
    """Draws a shift in pixels along an axis of `size` pixels."""
    if not (len(limit) if hasattr(limit, "__len__") else limit):
        return 0
    if isinstance(limit, (float, np.floating)):
        shift, largest = uniform(-limit, limit), limit
    else:  # an integer stands for the integers below it
        shift = np.random.choice(limit) * np.random.choice([-1, 1])
        largest = np.max(limit)
    return shift * size if largest < 1 else shift


def check_channels(what, shape, data_format):
    """Warns unless images have 1, 3 or 4 channels."""
    axis = AXES[data_format].channel + 1
    if shape[axis] not in (1, 3, 4):
        warnings.warn(
            f'{what} (as Numpy array) following the data format convention "{data_format}" '
            f"(channels on axis {axis}), i.e. expected either 1, 3 or 4 channels on axis {axis}. "
            f"However, it was passed an array with shape {shape} ({shape[axis]} channels).",
            stacklevel=3,
        )


def _check_old_arguments(kwargs):
    if not kwargs.pop("has_ext", True):
        raise ValueError(
            "`has_ext=False` is not possible: the column must hold the names of the files with "
            "their endings. Add them, for instance: frame['filename'] += '.jpg'"
        )
    for name in ("sort", "drop_duplicates"):
        if name in kwargs:
            del kwargs[name]
            warnings.warn(
                f"`{name}` has no effect since Keras 2.3. Change the frame before it is passed.",
                DeprecationWarning,
                stacklevel=3,
            )
    if kwargs:
        raise TypeError(f"flow_from_dataframe got unknown arguments: {sorted(kwargs)}.")
