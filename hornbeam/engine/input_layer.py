"""`Input`: where data enters a network."""

from hornbeam.backend import names
from hornbeam.backend.config import floatx
from hornbeam.backend.tensors import Operand, Placeholder
from hornbeam.engine import checks
from hornbeam.engine.layer import Layer
from hornbeam.engine.node import LayerNode


class InputLayer(Layer):
    """Holds an input of a network.

    Args:
        input_shape: Tuple without the batch axis.
        batch_size: Integer or None.
        batch_input_shape: Tuple with the batch axis, in place of the two before.
        dtype: Name; None means that of `input_tensor`, else `floatx()`.
        input_tensor: Tensor or variable to take as the input in place of fed data.
        sparse: Bool, whether SciPy sparse matrices are fed; they enter as dense arrays.
        name: String.
    """

    hides_sources = False

    def __init__(
        self,
        input_shape=None,
        batch_size=None,
        batch_input_shape=None,
        dtype=None,
        input_tensor=None,
        sparse=False,
        name=None,
    ):
        if input_tensor is not None:
            if not isinstance(input_tensor, Operand):
                raise TypeError(
                    f"Input(tensor=...) expects a tensor or variable; got {type(input_tensor)}. "
                    "Make one with K.constant or K.variable."
                )
            dtype = dtype or input_tensor.dtype
            if batch_input_shape is None and input_shape is None:
                batch_input_shape = tuple(input_tensor.shape)
        name = name or f"input_{names.get_uid('input')}"
        super().__init__(name=name, dtype=floatx() if dtype is None else dtype)
        self.trainable = False
        self.sparse = sparse
        if batch_input_shape is None:
            if input_shape is None:
                raise ValueError(
                    "InputLayer needs a shape: `input_shape` or `batch_input_shape`, "
                    "or an `input_tensor`."
                )
            batch_input_shape = (batch_size, *checks.shape_tuple(self, input_shape))
        self.batch_input_shape = checks.shape_tuple(self, batch_input_shape)
        self.is_placeholder = input_tensor is None
        self.built = True
        if isinstance(input_tensor, Placeholder) and not hasattr(input_tensor, "_keras_history"):
            tensor = input_tensor
        else:
            tensor = Placeholder(
                self.batch_input_shape,
                self.dtype,
                name=f"{self.name}:0",
                default=input_tensor,
                sparse=sparse,
            )
        tensor._keras_history = (self, 0, 0)
        node = LayerNode(self, [], {})
        node.outputs = [tensor]
        self._inbound_nodes.append(node)

    def __getstate__(self):
        return super().__getstate__() | {"_inbound_nodes": self._inbound_nodes}  # has the tensor

    def get_config(self):
        return {
            "batch_input_shape": self.batch_input_shape,
            "dtype": str(self.dtype),
            "sparse": self.sparse,
            "name": self.name,
        }


def Input(  # noqa: N802
    shape=None, batch_shape=None, name=None, dtype=None, sparse=False, tensor=None, batch_size=None
):
    """Makes a tensor that stands for data.

    Args:
        shape: Tuple of ints and None, without the batch axis.
        batch_shape: The same with the batch axis.
        name: String.
        dtype: Name; None means `floatx()`.
        sparse: Bool, whether SciPy sparse matrices will be fed.
        tensor: Tensor or variable to take as the input in place of fed data.
        batch_size: Integer, the batch axis that goes with `shape`.

    Returns:
        A symbolic tensor.

    Raises:
        ValueError: if no shape and no tensor is given.

    Example:
        >>> x = Input(shape=(32,))
        >>> x.shape
        (None, 32)
    """
    if batch_shape is None and shape is None and tensor is None:
        raise ValueError(
            "Please provide to Input either a `shape` or a `batch_shape` argument. Note that "
            "`shape` does not include the batch dimension."
        )
    if shape is not None and batch_shape is None:
        if not isinstance(shape, (tuple, list)):
            shape = (shape,)
        batch_shape = (batch_size, *shape)
    layer = InputLayer(
        batch_input_shape=batch_shape, name=name, dtype=dtype, sparse=sparse, input_tensor=tensor
    )
    return layer._inbound_nodes[0].outputs[0]
