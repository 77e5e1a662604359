"""The graph and the life of a layer: `Layer`, `Input`, `Network`, `Model`, `Sequential`."""

# isort: off
import hornbeam.backend  # noqa: F401  imports JAX as quickly as can be
# isort: on

from hornbeam.engine.checks import InputSpec, ShapeError
from hornbeam.engine.doors import doors
from hornbeam.engine.input_layer import Input, InputLayer
from hornbeam.engine.layer import Layer
from hornbeam.engine.model import Model
from hornbeam.engine.network import Network
from hornbeam.engine.node import LayerNode as Node
from hornbeam.engine.sequential import Sequential
from hornbeam.engine.sources import get_source_inputs

__all__ = [
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "Model",
    "Network",
    "Node",
    "Sequential",
    "ShapeError",
    "doors",
    "get_source_inputs",
]
