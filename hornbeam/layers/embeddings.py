"""`Embedding`: a vector for each integer."""

from hornbeam import backend as K
from hornbeam import constraints, initializers, regularizers
from hornbeam.backend.tensors import DType
from hornbeam.engine.checks import ShapeError
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import positive_integer

__all__ = ["Embedding"]


class Embedding(Layer):
    """Looks up a vector for each integer. Only as the first layer of a model.

    Args:
        input_dim: Positive integer, number of vectors: the largest integer plus 1.
        output_dim: Positive integer, size of a vector.
        embeddings_initializer: Name, function of a shape, or `Initializer`.
        embeddings_regularizer, activity_regularizer: Regularizer or None.
        embeddings_constraint: Constraint or None.
        mask_zero: Bool, whether 0 means "nothing here" and is masked. `input_dim` then counts it.
        input_length: Integer (or a tuple, for several axes), the number of integers in a sample,
            if it is always the same; `Flatten` and then `Dense` need it.

    Input shape: `(batch, ...)`, integers; floats are cut off.
    Output shape: `(batch, ..., output_dim)`. The vector of an integer out of range is NaN.

    Raises:
        ShapeError: if the input contradicts `input_length`.
    """

    casts_inputs = False  # integers that come as floats would be rounded

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        activity_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        input_length=None,
        **kwargs,
    ):
        if "input_shape" not in kwargs:
            if isinstance(input_length, (list, tuple)):
                kwargs["input_shape"] = tuple(input_length)
            else:
                kwargs["input_shape"] = (input_length,)
        super().__init__(**kwargs)
        self.input_dim = positive_integer(self, "input_dim", input_dim)
        self.output_dim = positive_integer(self, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.input_length = input_length

    def build(self, input_shape):
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            autocast=False,  # the rows that are looked up are cast, not the whole table
        )
        self.built = True

    def compute_mask(self, inputs, mask=None):
        return K.not_equal(inputs, 0) if self.mask_zero else None

    def call(self, inputs):
        if "int" not in K.dtype(inputs):
            inputs = K.cast(inputs, "int32")
        vectors = K.gather(self.embeddings, inputs)
        return K.cast(vectors, self.compute_dtype) if self.dtype_policy.is_mixed else vectors

    def compute_output_shape(self, input_shape):
        if self.input_length is None:
            return (*input_shape, self.output_dim)
        lengths = self.input_length
        lengths = list(lengths) if isinstance(lengths, (list, tuple)) else [lengths]
        given = input_shape[1:]
        if len(lengths) != len(given) or any(
            a is not None and b is not None and a != b for a, b in zip(lengths, given)
        ):
            raise ShapeError(
                f'"input_length" of {self.name} (Embedding) is {self.input_length}, but received '
                f"input has shape {tuple(input_shape)}."
            )
        sizes = (size if size is not None else length for size, length in zip(given, lengths))
        return (input_shape[0], *sizes, self.output_dim)

    def output_dtype(self, inputs):
        return DType(self.compute_dtype)

    def get_config(self):
        return super().get_config() | {
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
            "input_length": self.input_length,
        }
