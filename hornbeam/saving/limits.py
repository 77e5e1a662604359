"""What a config may be that comes from a file: how long, how deep, how often it repeats itself.

The limits are far above every real model (NASNetLarge: a text of 1 MB, some 1,000 layers) and low
enough that what they let pass is made into a model in minutes. How much memory its weights may take
is another question, see `hornbeam.allowance`.
"""

import contextlib
import json

from hornbeam import allowance
from hornbeam.saving.errors import ModelFileError

LONGEST_TEXT = 256 * 2**20  # characters
MOST_NODES = 5_000_000  # dicts, lists, numbers and strings; what is shared counts at each place
_DEEPEST = 100  # containers in each other: some 30 models, each in the next
_MOST_CALLS = 100_000  # calls of layers, those inside models that are called again included
_SLACK = 64 * 2**20  # bytes that a file may ask for beside its weights: states, metrics
_SHARE = 16  # bytes of memory for each number in a file: 8 a number, and CuDNN's biases are halved


def parse_json(text, what="The config"):
    """Returns what a JSON text holds, once `check_config` finds nothing wrong with it.

    Args:
        text: String or bytes.
        what: String; what the text is, for errors.

    Raises:
        ModelFileError: if it is no JSON, or no model's config could look so.
    """
    if len(text) > LONGEST_TEXT:
        raise ModelFileError(f"{what} is {len(text)} characters long; at most {LONGEST_TEXT} are.")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{what} is not JSON: {str(error)[:200]}") from error
    check_config(config, what)
    return config


def check_config(config, what="The config"):
    """Refuses configs that are no model's: too deep, too long, in circles, or exploding.

    Args:
        config: Dicts and lists of numbers and strings.
        what: String; what it is, for errors.

    Raises:
        ModelFileError: naming the limit.
    """
    count, stack = 0, [(config, 1)]
    while stack:
        value, depth = stack.pop()
        count += 1
        if depth > _DEEPEST:
            raise ModelFileError(
                f"{what} is nested more than {_DEEPEST} levels deep, or contains itself; no "
                "model's config does."
            )
        if count > MOST_NODES:
            raise ModelFileError(
                f"{what} has more than {MOST_NODES} parts; no model's config has so many."
            )
        if isinstance(value, dict):
            stack.extend((part, depth + 1) for part in value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend((part, depth + 1) for part in value)
    if _calls(config)[0] > _MOST_CALLS:
        raise ModelFileError(
            f"{what} calls more than {_MOST_CALLS} layers, because models in it are called again "
            "and again by other models; that would take forever."
        )


def _calls(config):
    """Returns how many calls of layers it takes to make what a config stands for, and to call it.
    """
    if isinstance(config, (list, tuple)):
        parts = [_calls(part) for part in config if isinstance(part, (dict, list, tuple))]
        return sum(part[0] for part in parts), sum(part[1] for part in parts)
    if not isinstance(config, dict):
        return 0, 0
    made = called = 0
    for key, value in config.items():
        if key == "layers" and isinstance(value, (list, tuple)):
            for layer in value:
                nodes = layer.get("inbound_nodes") if isinstance(layer, dict) else None
                times = max(1, len(nodes)) if isinstance(nodes, (list, tuple)) else 1
                layer_made, layer_called = _calls(layer)
                made += layer_made + times * (1 + layer_called)
                called += times * (1 + layer_called)
        elif key != "inbound_nodes" and isinstance(value, (dict, list, tuple)):
            part = _calls(value)
            made, called = made + part[0], called + part[1]
    return made, called


def spending(numbers):
    """Context in which a config may ask for as much memory as the file's arrays will fill.

    Args:
        numbers: Integer, how many numbers the file's weights hold.
    """
    return allowance.spending(
        _SHARE * numbers + _SLACK,
        f"The file holds weights of {numbers:,} numbers in all: it is damaged, or made to exhaust "
        "the memory.",
    )


@contextlib.contextmanager
def one_error(what):
    """Context in which whatever a config causes that is no model's becomes one error.

    Errors that say more (a `ValueError` or `OSError`: an unknown name, for example) stay as they
    are.

    Args:
        what: String; what is read, for the error.

    Raises:
        ModelFileError: for anything else that goes wrong.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeError):
            raise ModelFileError(f"{what} holds text that is no UTF-8: {error}") from error
        raise
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        MemoryError,
        RuntimeError,
        TypeError,
    ) as error:
        raise ModelFileError(
            f"{what} cannot be made into a model; it is damaged, or of a kind that is not known "
            f"here ({type(error).__name__}: {str(error)[:500]})."
        ) from error
