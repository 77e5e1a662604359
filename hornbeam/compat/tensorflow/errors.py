"""`tf.errors`: the exceptions that programs catch.

`InvalidArgumentError` is a ValueError and `UnimplementedError` a NotImplementedError as well.
"""

from hornbeam.compat.tensorflow.absent import teller

__all__ = [
    "AbortedError", "AlreadyExistsError", "CancelledError", "DataLossError",
    "DeadlineExceededError", "FailedPreconditionError", "InternalError", "InvalidArgumentError",
    "NotFoundError", "OpError", "OutOfRangeError", "PermissionDeniedError",
    "ResourceExhaustedError", "UnauthenticatedError", "UnavailableError", "UnimplementedError",
    "UnknownError",
]  # fmt: skip


class OpError(Exception):
    """Base of all.

    Args:
        node_def, op: What failed, or None.
        message: String.
        error_code: Integer.
    """

    code = 2

    def __init__(self, node_def=None, op=None, message="", error_code=None):
        if isinstance(node_def, str) and op is None and not message:
            node_def, message = None, node_def
        super().__init__(message)
        self.node_def, self.op, self.message = node_def, op, message
        self.error_code = self.code if error_code is None else error_code

    def __str__(self):
        return str(self.message)


def _error(name, code, python):
    bases = (OpError, python) if python else (OpError,)
    return type(name, bases, {"__doc__": f"TensorFlow's {name}.", "code": code,
                              "__module__": __name__})


CancelledError = _error("CancelledError", 1, None)
UnknownError = _error("UnknownError", 2, None)
InvalidArgumentError = _error("InvalidArgumentError", 3, ValueError)
DeadlineExceededError = _error("DeadlineExceededError", 4, None)
NotFoundError = _error("NotFoundError", 5, None)
AlreadyExistsError = _error("AlreadyExistsError", 6, None)
PermissionDeniedError = _error("PermissionDeniedError", 7, None)
ResourceExhaustedError = _error("ResourceExhaustedError", 8, None)
FailedPreconditionError = _error("FailedPreconditionError", 9, None)
AbortedError = _error("AbortedError", 10, None)
OutOfRangeError = _error("OutOfRangeError", 11, None)
UnimplementedError = _error("UnimplementedError", 12, NotImplementedError)
InternalError = _error("InternalError", 13, None)
UnavailableError = _error("UnavailableError", 14, None)
DataLossError = _error("DataLossError", 15, None)
UnauthenticatedError = _error("UnauthenticatedError", 16, None)


__getattr__ = teller("errors")
