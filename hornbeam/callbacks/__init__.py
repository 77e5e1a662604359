"""Callbacks: watching and steering training."""

from hornbeam.callbacks.backup import BackupAndRestore
from hornbeam.callbacks.base_logger import BaseLogger, History
from hornbeam.callbacks.callback import Callback, needs_batches
from hornbeam.callbacks.callback_list import CallbackList
from hornbeam.callbacks.csv_logger import CSVLogger
from hornbeam.callbacks.lambda_callback import LambdaCallback
from hornbeam.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from hornbeam.callbacks.model_checkpoint import ModelCheckpoint
from hornbeam.callbacks.progbar_logger import ProgbarLogger
from hornbeam.callbacks.remote_monitor import RemoteMonitor
from hornbeam.callbacks.sidecar import SidecarEvaluatorModelExport
from hornbeam.callbacks.stopping import EarlyStopping, TerminateOnNaN
from hornbeam.callbacks.tensorboard_v1 import TensorBoard

__all__ = [
    "BackupAndRestore",
    "BaseLogger",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SidecarEvaluatorModelExport",
    "TensorBoard",
    "TerminateOnNaN",
    "needs_batches",
]
