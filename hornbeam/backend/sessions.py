"""Sessions, as Keras on TensorFlow 1 has them. Old programs ask for them."""

import contextlib

from hornbeam.backend import names
from hornbeam.backend.function import Function
from hornbeam.backend.tensors import Operand


class Session:
    """Computes tensors on demand, as `tf.Session` does.

    Variables have their values from the start and keep them where they are, so a session holds
    nothing but the functions that it compiled.
    """

    def __init__(self):
        self._functions = {}

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        """Computes tensors together.

        Args:
            fetches: Tensor, variable, update, or nested lists, tuples and dicts of them. What is
                none of these (such as what an initializer of variables returned) gives None.
            feed_dict: Dict from placeholder to array.
            options: Of TensorFlow; nothing here has any.
            run_metadata: Of TensorFlow; it stays as it is.

        Returns:
            NumPy arrays in the structure of `fetches`.
        """
        feed_dict = feed_dict or {}
        tensors = [x for x in _flat(fetches) if isinstance(x, Operand)]
        key = (tuple(map(id, tensors)), tuple(map(id, feed_dict)))
        function = self._functions.get(key)
        if function is None:
            function = self._functions[key] = Function(list(feed_dict), tensors)
        values = iter(function(list(feed_dict.values())))
        return _packed(fetches, values)

    def close(self):
        """Forgets the functions that were compiled."""
        self._functions.clear()

    def as_default(self):
        """Context for programs that write `with session.as_default()`."""
        return contextlib.nullcontext(self)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def _flat(structure):
    if isinstance(structure, dict):
        structure = list(structure.values())
    if isinstance(structure, (list, tuple)):
        return [leaf for item in structure for leaf in _flat(item)]
    return [structure]


def _packed(structure, values):
    if isinstance(structure, dict):
        return {key: _packed(item, values) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        items = [_packed(item, values) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    return next(values) if isinstance(structure, Operand) else None


_session = None


def get_session():
    """Returns the session, with `.run(fetches, feed_dict)`. See `Session`."""
    global _session
    if _session is None:
        _session = Session()
    return _session


def set_session(session):
    """Makes `session` the one that `get_session` returns.

    Args:
        session: Object with a `run` method.
    """
    global _session
    _session = session


def manual_variable_initialization(value):
    """Says whether the program will initialize variables itself.

    Variables always have their initial values, and what initializes them again changes nothing,
    so that both answers give what a program expects.

    Args:
        value: Bool.
    """
    if not isinstance(value, (bool, int)):
        raise TypeError(f"manual_variable_initialization expects a bool; got {value!r}.")


@names.on_reset
def _reset():
    global _session
    _session = None
