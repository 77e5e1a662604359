"""Pictures of models: through Graphviz, or, where that is missing, as SVG drawn here."""

import os
import re
import shutil
import warnings

from hornbeam.engine import Network, Sequential
from hornbeam.layers import Wrapper
from hornbeam.utils.svg import Box, Picture, as_svg

__all__ = ["is_model", "is_wrapped_layer", "model_to_dot", "plot", "plot_model"]

_DIRECTIONS = ("TB", "BT", "LR", "RL")


def model_to_dot(
    model,
    show_shapes=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=96,
    subgraph=False,
):
    """Turns a model into a graph in Graphviz's language.

    Args:
        model: `Model` or `Sequential`, built.
        show_shapes: Bool, whether each box tells the shapes of what goes in and comes out.
        show_layer_names: Bool, whether each box tells the layer's name, not only its class.
        rankdir: `'TB'`, `'BT'`, `'LR'` or `'RL'`: from top to bottom, ...
        expand_nested: Bool, whether models inside the model are drawn with their layers.
        dpi: Integer, dots an inch.
        subgraph: Bool, whether to return a `pydot.Cluster` for a larger graph.

    Returns:
        `pydot.Dot`, or `pydot.Cluster`.

    Raises:
        ImportError: if pydot is not installed.
        ValueError: for a model without a graph, or an unknown direction.

    Source: Keras 2.3.1.
    """
    pydot = _pydot()
    picture = _picture(model, show_shapes, show_layer_names, rankdir, expand_nested)
    return _as_dot(pydot, picture, rankdir, dpi, subgraph)


def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=96,
):
    """Draws a model into a file.

    Args:
        model: `Model` or `Sequential`, built.
        to_file: Path; its suffix says the format: png, svg, pdf, jpg, dot, ...; png without one.
        show_shapes, show_layer_names, rankdir, expand_nested, dpi: see `model_to_dot`.

    Returns:
        An `IPython.display.Image` where IPython is installed, so that a notebook shows the picture
        (`SVG` for that format); else None.

    Where pydot or Graphviz is missing, a warning says so and an SVG picture is drawn instead, with
    the suffix `.svg` in place of the one asked for.

    Raises:
        ValueError: for a model without a graph, or an unknown direction.
    """
    path = os.fspath(to_file)
    stem, suffix = os.path.splitext(path)
    suffix = suffix[1:].lower()
    if not suffix:
        stem, suffix = path, "png"
        path = f"{path}.png"
    picture = _picture(model, show_shapes, show_layer_names, rankdir, expand_nested)
    missing = _missing_tool()
    if missing is None:
        dot = _as_dot(_pydot(), picture, rankdir, dpi, False)
        dot.write(path, format="raw" if suffix == "dot" else suffix)
    else:
        path, suffix = f"{stem}.svg", "svg"
        if os.fspath(to_file) != path:
            warnings.warn(
                f"{missing}, so the picture is drawn as SVG: {path}.", UserWarning, stacklevel=2
            )
        with open(path, "w", encoding="utf-8") as file:
            file.write(as_svg(picture, rankdir))
    return _shown(path, suffix)


def is_model(layer):
    """Whether a layer is a model."""
    return isinstance(layer, Network)


def is_wrapped_layer(layer):
    """Whether a layer wraps another layer that is no model."""
    return isinstance(layer, Wrapper) and not isinstance(layer.layer, Network)


plot = plot_model  # Keras 1's name, in `keras.utils.visualize_util`


# ---- what there is to draw


def _picture(model, show_shapes, show_layer_names, rankdir, expand_nested):
    if rankdir not in _DIRECTIONS:
        raise ValueError(f"`rankdir` must be one of {', '.join(_DIRECTIONS)}; got {rankdir!r}.")
    if isinstance(model, Sequential) and not model.built:
        model.build()
    if not getattr(model, "_is_graph_network", False) or not model._graph.nodes_by_depth:
        raise ValueError(
            f"The model {model.name!r} has no graph of layers that could be drawn: it is built "
            "when it sees data, or is a subclass with a `call` of its own."
        )
    nodes = {node for depth in model._graph.nodes_by_depth.values() for node in depth}
    layers = list(model._graph.layers)
    parts = {}
    for layer in layers:
        inner = layer.layer if isinstance(layer, Wrapper) else layer
        if expand_nested and is_model(inner):
            parts[layer] = _picture(inner, show_shapes, show_layer_names, rankdir, True)
        else:
            parts[layer] = _box(layer, show_shapes, show_layer_names)
    edges = []
    for layer in layers:
        for node in layer._inbound_nodes:
            if node not in nodes:
                continue
            for place, (source, output) in enumerate(
                zip(node.inbound_layers, node.tensor_indices)
            ):
                if source in parts:
                    edge = (parts[source].exit(output), parts[layer].entry(place))
                    if edge not in edges:
                        edges.append(edge)
    entries = [parts[t._keras_history[0]].entry(0) for t in model.inputs]
    exits = [parts[t._keras_history[0]].exit(t._keras_history[2]) for t in model.outputs]
    return Picture(model.name, list(parts.values()), edges, entries, exits)


def _box(layer, show_shapes, show_layer_names):
    name, kind = layer.name, type(layer).__name__
    if isinstance(layer, Wrapper):
        name = f"{name}({layer.layer.name})"
        kind = f"{kind}({type(layer.layer).__name__})"
    shapes = None
    if show_shapes:
        shapes = (_shape_text(layer, "input_shape"), _shape_text(layer, "output_shape"))
    return Box(str(id(layer)), f"{name}: {kind}" if show_layer_names else kind, shapes)


def _shape_text(layer, attribute):
    try:
        return str(getattr(layer, attribute))
    except (AttributeError, RuntimeError):
        return "multiple"


# ---- Graphviz


def _pydot():
    try:
        import pydot
    except ImportError as error:
        raise ImportError(
            "Failed to import `pydot`. Install it with `pip install hornbeam[plot]`; to draw "
            "pictures other than SVG, install Graphviz (https://graphviz.org) as well."
        ) from error
    return pydot


def _missing_tool():
    """What is missing for Graphviz's pictures, in words; None if all is there."""
    try:
        _pydot()
    except ImportError:
        return "The package pydot is not installed (`pip install hornbeam[plot]`)"
    if shutil.which("dot") is None:
        return "Graphviz's program `dot` was not found (https://graphviz.org/download)"
    return None


def _as_dot(pydot, picture, rankdir, dpi, subgraph):
    if subgraph:
        graph = pydot.Cluster(graph_name=re.sub(r"\W", "_", picture.name))
        graph.set("style", "dashed")
        graph.set("label", _quoted(_escaped(picture.name)))
        graph.set("labeljust", "l")
    else:
        graph = pydot.Dot()
        graph.set("rankdir", rankdir)
        graph.set("concentrate", True)
        graph.set("dpi", dpi)
        graph.set_node_defaults(shape="record")
    for part in picture.parts:
        if isinstance(part, Picture):
            graph.add_subgraph(_as_dot(pydot, part, rankdir, dpi, True))
        else:
            graph.add_node(pydot.Node(part.key, label=_quoted(_record(part))))
    for source, target in picture.edges:
        graph.add_edge(pydot.Edge(source.key, target.key))
    return graph


def _record(box):
    """The fields of a box of the shape `record`."""
    title = _escaped(box.title)
    if box.shapes is None:
        return title
    given, made = map(_escaped, box.shapes)
    return f"{title}\\n|{{input:|output:}}|{{{{{given}}}|{{{made}}}}}"


def _escaped(text):
    return "".join(f"\\{letter}" if letter in '\\{}|<>"' else letter for letter in text)


def _quoted(text):
    return f'"{text}"'


def _shown(path, suffix):
    """The picture as a notebook shows it, where there may be one."""
    try:
        from IPython import display
    except ImportError:
        return None
    if suffix == "svg":
        return display.SVG(filename=path)
    if suffix in ("png", "jpg", "jpeg", "gif"):
        return display.Image(filename=path)
    return None
