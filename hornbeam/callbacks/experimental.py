"""Callbacks under the name that tf.keras gave them before they were settled."""

from hornbeam.callbacks.backup import BackupAndRestore

__all__ = ["BackupAndRestore"]
