"""Images: reading, writing and resizing them; the names of `tf.keras.utils`."""

from hornbeam.preprocessing.image.loading import array_to_img, img_to_array, load_img, save_img
from hornbeam.preprocessing.image.resizing import smart_resize

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]
