"""`tf.keras.Input`, whose second argument is the size of a batch."""

from hornbeam.engine import Input as _Input

__all__ = ["Input"]


def Input(shape=None, batch_size=None, name=None, dtype=None, sparse=None, tensor=None,  # noqa: N802
          ragged=None, type_spec=None, batch_shape=None, batch_input_shape=None):
    """Makes a symbolic tensor that a model is fed.

    Args:
        shape: Tuple of ints and None, without the batch axis.
        batch_size: Integer or None.
        name: String.
        dtype: Name of the dtype; None means `floatx()`.
        sparse: Bool, whether SciPy sparse matrices will be fed.
        tensor: Tensor to take instead of a fed one.
        ragged: False or None; True raises, as tensors are rectangular here.
        type_spec: `tf.TensorSpec` with the shape, batch axis included, and the dtype.
        batch_shape, batch_input_shape: Tuple with the batch axis.

    Raises:
        ValueError: for `ragged=True`.
    """
    if ragged:
        raise ValueError(
            "Input(ragged=True) is not provided by hornbeam: pad the sequences with "
            "keras.preprocessing.sequence.pad_sequences and use Masking."
        )
    whole = batch_shape or batch_input_shape
    if type_spec is not None:
        whole, dtype = tuple(type_spec.shape), str(type_spec.dtype)
    if whole is None and batch_size is not None and shape is not None:
        shape = (shape,) if isinstance(shape, int) else shape
        whole = (batch_size, *shape)
    shape = None if whole is not None else shape
    return _Input(shape=shape, batch_shape=whole, name=name, dtype=dtype, sparse=bool(sparse),
                  tensor=tensor)
