"""Files of TensorBoard's projector: tables of points, and the configuration that names them."""

import os
import re
from pathlib import Path

import numpy as np


def write_points(folder, layer, points):
    """Writes the points of a layer as a table: a row each, numbers with tabs between.

    A reader finds the old table or the new one, never half of one.

    Args:
        folder: Path.
        layer: Name of the layer.
        points: Array `(points, dimensions)`.
    """
    path = Path(folder) / table_name(layer)
    part = path.with_name(f"{path.name}.part")
    np.savetxt(part, points, fmt="%.7g", delimiter="\t")
    os.replace(part, path)


def table_name(layer):
    return f"keras_embedding-{re.sub(r'[^A-Za-z0-9_.-]', '_', layer)}.tsv"


def write_config(folder, shapes, metadata):
    """Writes `projector_config.pbtxt`.

    Args:
        folder: Path.
        shapes: Dict from the layer's name to the shape of its points.
        metadata: Dict from the layer's name to the path of the file with the points' labels.
    """
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    config = ProjectorConfig()
    for layer, shape in shapes.items():
        embedding = config.embeddings.add()
        embedding.tensor_name = f"{layer}_embedding"
        embedding.tensor_path = table_name(layer)
        embedding.tensor_shape.extend(shape)
        if layer in metadata:
            embedding.metadata_path = os.fspath(metadata[layer])
    path = Path(folder) / "projector_config.pbtxt"
    part = path.with_name(f"{path.name}.part")
    part.write_text(text_format.MessageToString(config), encoding="utf-8")
    os.replace(part, path)
