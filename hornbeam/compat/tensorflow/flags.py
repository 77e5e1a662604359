"""`tf.flags` of TensorFlow 1: arguments of the command line, through `argparse`."""

import argparse
import sys

from hornbeam.compat.tensorflow.absent import teller

__all__ = [
    "DEFINE_bool", "DEFINE_boolean", "DEFINE_enum", "DEFINE_float", "DEFINE_integer",
    "DEFINE_list", "DEFINE_string", "FLAGS", "mark_flag_as_required",
]  # fmt: skip


class _Flags:
    """The flags; the command line is read when one is first asked for."""

    def __init__(self):
        self.__dict__.update(_parser=argparse.ArgumentParser(allow_abbrev=False), _values=None)

    def __call__(self, argv, known_only=False):
        values, rest = self._parser.parse_known_args(argv[1:])
        self.__dict__["_values"] = values
        return [argv[0], *rest]

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if self._values is None or not hasattr(self._values, name):
            self(sys.argv)
        try:
            return getattr(self._values, name)
        except AttributeError:
            raise AttributeError(f"There is no flag --{name}.") from None

    def __setattr__(self, name, value):
        getattr(self, name)
        setattr(self._values, name, value)

    def flag_values_dict(self):
        """Returns a dict of all flags."""
        if self._values is None:
            self(sys.argv)
        return dict(vars(self._values))


FLAGS = _Flags()


def _flag(name, default, help, **options):
    FLAGS._parser.add_argument(f"--{name}", default=default, help=help, **options)


def DEFINE_string(name, default, help, **options):
    """Makes a flag of a text."""
    _flag(name, default, help)


def DEFINE_integer(name, default, help, **options):
    """Makes a flag of a whole number."""
    _flag(name, default, help, type=int)


def DEFINE_float(name, default, help, **options):
    """Makes a flag of a number."""
    _flag(name, default, help, type=float)


def DEFINE_enum(name, default, enum_values, help, **options):
    """Makes a flag of one of some texts."""
    _flag(name, default, help, choices=enum_values)


def DEFINE_list(name, default, help, **options):
    """Makes a flag of texts with commas between."""
    default = default.split(",") if isinstance(default, str) else default
    _flag(name, default, help, type=lambda text: text.split(","))


def DEFINE_boolean(name, default, help, **options):
    """Makes a flag that is true or false: `--name`, `--noname`, `--name=false`."""
    words = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
    _flag(name, default, help, type=lambda text: words[text.lower()], nargs="?", const=True)
    FLAGS._parser.add_argument(f"--no{name}", dest=name, action="store_const", const=False,
                               default=argparse.SUPPRESS)


DEFINE_bool = DEFINE_boolean


def mark_flag_as_required(flag_name, flag_values=None):
    """Says that a flag must be given."""
    for action in FLAGS._parser._actions:
        if action.dest == flag_name:
            action.required = True


__getattr__ = teller("flags")
