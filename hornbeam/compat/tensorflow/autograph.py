"""`tf.autograph`: Python's `if` and `while` are not rewritten here."""

from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.effects import print as _print

__all__ = ["experimental", "set_verbosity", "to_code", "to_graph", "trace"]


def set_verbosity(level, alsologtostdout=False):
    """Sets the level of messages, of which there are none."""
    from hornbeam.compat.tensorflow.logging import get_logger

    get_logger().debug("autograph verbosity %s", level)


def to_graph(entity, recursive=True, experimental_optional_features=None):
    """Returns the function: `tf.function` traces it as it is."""
    return entity


def to_code(entity, recursive=True, experimental_optional_features=None):
    """Returns the source of a function."""
    import inspect

    return inspect.getsource(entity)


def trace(*args):
    """Prints values."""
    _print(*args)


class experimental:  # noqa: N801  TensorFlow's name
    """Decorators."""

    @staticmethod
    def do_not_convert(func=None):
        """Returns the function: none is converted."""
        return func if func is not None else (lambda function: function)

    @staticmethod
    def set_loop_options(**options):
        """Raises NotImplementedError: use `tf.while_loop`."""
        raise NotImplementedError("Loops are Python's own, or tf.while_loop's.")


__getattr__ = teller("autograph")
