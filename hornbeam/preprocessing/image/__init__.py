"""Images: reading, random transforms, and batches of them for training."""

from hornbeam.preprocessing.image.dataframe import DataFrameIterator
from hornbeam.preprocessing.image.directory import DirectoryIterator
from hornbeam.preprocessing.image.files import BatchFromFilesMixin
from hornbeam.preprocessing.image.generator import ImageDataGenerator
from hornbeam.preprocessing.image.iterators import Iterator, NumpyArrayIterator
from hornbeam.preprocessing.image.loading import (
    ImageFileError,
    array_to_img,
    img_to_array,
    list_pictures,
    load_img,
    save_img,
)
from hornbeam.preprocessing.image.resizing import smart_resize
from hornbeam.preprocessing.image.transforms import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    apply_transform,
    flip_axis,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
    transform_matrix_offset_center,
)

__all__ = [
    "BatchFromFilesMixin",
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "ImageFileError",
    "Iterator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "apply_transform",
    "array_to_img",
    "flip_axis",
    "img_to_array",
    "list_pictures",
    "load_img",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "save_img",
    "smart_resize",
    "transform_matrix_offset_center",
]
