"""The errors of the backend. Each subclasses what old programs caught."""


class ShapeError(ValueError):
    """A tensor has another rank or shape than a function needs.

    The message says what was given and what is expected. Print shapes with `K.int_shape(x)`.
    """
