"""`tf.logging`, and the logger of `tf.get_logger()`."""

import logging as _logging

from hornbeam.compat.tensorflow.absent import teller

__all__ = [
    "DEBUG", "ERROR", "FATAL", "INFO", "WARN", "debug", "error", "fatal", "flush", "get_logger",
    "get_verbosity", "info", "log", "set_verbosity", "vlog", "warn", "warning",
]  # fmt: skip

DEBUG, INFO, WARN, ERROR, FATAL = (
    _logging.DEBUG, _logging.INFO, _logging.WARNING, _logging.ERROR, _logging.CRITICAL,
)  # fmt: skip
_logger = _logging.getLogger("tensorflow")
debug, info, warning, error, log = (
    _logger.debug, _logger.info, _logger.warning, _logger.error, _logger.log,
)  # fmt: skip
warn, fatal = _logger.warning, _logger.critical


def get_logger():
    """Returns the logger named 'tensorflow'."""
    return _logger


def get_verbosity():
    """Returns the level from which on messages are shown."""
    return _logger.getEffectiveLevel()


def set_verbosity(v):
    """Sets the level from which on messages are shown, such as `tf.logging.ERROR`."""
    _logger.setLevel(v)


def vlog(level, msg, *args, **kwargs):
    """Writes a message of the level DEBUG."""
    _logger.debug(msg, *args, **kwargs)


def flush():
    """Writes out what the handlers hold."""
    for handler in _logger.handlers:
        handler.flush()


__getattr__ = teller("logging")
