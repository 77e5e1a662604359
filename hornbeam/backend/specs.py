"""`TensorSpec`: the shape and dtype of tensors to come."""

from hornbeam.backend.tensors import Shape, dtype_name


class TensorSpec:
    """The shape and dtype of a tensor.

    Args:
        shape: Tuple of ints and None.
        dtype: Name of the dtype, or `'string'`.
        name: String or None.

    Source: `tf.TensorSpec`.
    """

    def __init__(self, shape, dtype="float32", name=None):
        self.shape = Shape([shape] if isinstance(shape, int) else shape)
        text = getattr(dtype, "name", dtype)
        self.dtype = "string" if text == "string" else dtype_name(dtype)
        self.name = name

    @classmethod
    def from_tensor(cls, tensor, name=None):
        """Returns the spec of a tensor."""
        return cls(tensor.shape, tensor.dtype, name)

    def is_compatible_with(self, other):
        """Whether a tensor, or another spec, has this dtype and a shape that fits."""
        return self.dtype == getattr(other.dtype, "name", other.dtype) and (
            len(self.shape) == len(other.shape)
            and all(a is None or b is None or a == b for a, b in zip(self.shape, other.shape))
        )

    def __eq__(self, other):
        if not hasattr(other, "shape") or not hasattr(other, "dtype"):
            return NotImplemented
        same = tuple(self.shape) == tuple(other.shape)
        return same and self.dtype == getattr(other.dtype, "name", other.dtype)

    def __hash__(self):
        return hash((tuple(self.shape), str(self.dtype)))

    def __repr__(self):
        return f"TensorSpec(shape={tuple(self.shape)}, dtype={self.dtype}, name={self.name!r})"
