"""Errors of files."""


class ModelFileError(OSError, ValueError):
    """A file is no model file, or is damaged, or holds what a model file must not hold.

    Both errors that Keras programs catch here, `OSError` and `ValueError`, catch it. Save the model
    again from the program that made it, or download the file again and compare its checksum.
    """
