"""Optimizers: the rules by which training changes the weights."""

from hornbeam.optimizers import schedules
from hornbeam.optimizers.adagrad import Adadelta, Adagrad
from hornbeam.optimizers.adam import Adam, Adamax, Nadam
from hornbeam.optimizers.adapter import TFOptimizer
from hornbeam.optimizers.base import Optimizer, clip_norm
from hornbeam.optimizers.lookup import deserialize, get, optimizer_from_config, serialize
from hornbeam.optimizers.loss_scale import LossScaleOptimizer
from hornbeam.optimizers.rmsprop import RMSprop
from hornbeam.optimizers.sgd import SGD

sgd = SGD
rmsprop = RMSprop
adagrad = Adagrad
adadelta = Adadelta
adam = Adam
adamax = Adamax
nadam = Nadam

__all__ = [
    "Adadelta",
    "Adagrad",
    "Adam",
    "Adamax",
    "LossScaleOptimizer",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "SGD",
    "TFOptimizer",
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "clip_norm",
    "deserialize",
    "get",
    "nadam",
    "optimizer_from_config",
    "rmsprop",
    "schedules",
    "serialize",
    "sgd",
]
