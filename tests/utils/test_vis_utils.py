"""Pictures of models: Graphviz's language as Keras writes it, and SVG where Graphviz is missing."""

import re
import shutil
import xml.etree.ElementTree as ElementTree

import pytest

from hornbeam import layers
from hornbeam.models import Model, Sequential
from hornbeam.utils import model_to_dot, plot_model, vis_utils


def nested():
    x = layers.Input((4,), name="x")
    dense = layers.Dense(3, name="dense")(x)
    inner = Sequential([layers.Dense(3, input_shape=(3,), name="a|b")], name="inner")
    total = layers.Add(name="total")([dense, inner(dense)])
    steps = layers.Input((5, 4), name="steps")
    wrapped = layers.TimeDistributed(layers.Dense(2, name="one"), name="all")(steps)
    return Model([x, steps], [total, wrapped])


def lines(dot):
    """The graph's text with names in place of the numbers of nodes, sorted."""
    text = dot.to_string()
    titles = dict(re.findall(r'^"?(\d+)"? \[label="(.*?)(?:\\n|"\])', text, re.MULTILINE))
    for number, title in titles.items():
        text = text.replace(number, title.split(":")[0])
    return sorted(line.strip() for line in text.replace('"', "").splitlines() if line.strip())


def test_graphs_are_those_of_keras():
    found = lines(model_to_dot(nested()))
    assert [line for line in found if "->" in line] == [  # as Keras 2.3.1 prints them
        "dense -> inner;", "dense -> total;", "inner -> total;", "steps -> all(one);",
        "x -> dense;",
    ]
    assert "all(one) [label=all(one): TimeDistributed(Dense)];" in found
    assert {"rankdir=TB;", "dpi=96;", "concentrate=true;", "node [shape=record];"} <= set(found)


def test_shapes_names_directions():
    found = lines(model_to_dot(nested(), show_shapes=True, rankdir="LR", dpi=50))
    assert r"total [label=total: Add\n|{input:|output:}|{{[(None, 3), (None, 3)]}|{(None, 3)}}];" \
        in found
    assert {"rankdir=LR;", "dpi=50;"} <= set(found)
    text = model_to_dot(nested(), show_layer_names=False).to_string()
    assert '[label="TimeDistributed(Dense)"]' in text and "steps" not in text


def test_models_inside_models():
    found = lines(model_to_dot(nested(), expand_nested=True))
    assert {"subgraph cluster_inner {", "style=dashed;", "label=inner;"} <= set(found)
    assert r"dense -> a\|b_input;" in found and r"a\|b -> total;" in found
    cluster = model_to_dot(nested().get_layer("inner"), subgraph=True)
    assert cluster.get_name() == "cluster_inner"


def boxes(path):
    root = ElementTree.parse(path).getroot()
    texts = {}
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        rectangle = group.find("{http://www.w3.org/2000/svg}rect")
        if rectangle is not None:
            texts[group[1].text] = tuple(
                float(rectangle.get(side)) for side in ("x", "y", "width", "height"))
    paths = [p.get("d") for p in root.iter("{http://www.w3.org/2000/svg}path")]
    return texts, paths[1:]  # the first is the arrow's head


@pytest.mark.parametrize("direction, axis, sign", [
    ("TB", 1, 1), ("BT", 1, -1), ("LR", 0, 1), ("RL", 0, -1)])
def test_without_graphviz_an_svg_is_drawn(direction, axis, sign, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.warns(UserWarning, match="`dot` was not found.*drawn as SVG: .*model.svg"):
        plot_model(nested(), tmp_path / "model.png", rankdir=direction, expand_nested=True,
                   show_shapes=True)
    assert [path.name for path in tmp_path.iterdir()] == ["model.svg"]
    found, edges = boxes(tmp_path / "model.svg")
    assert len(found) == 7 and len(edges) == 6
    order = [found[name][axis] for name in (
        "x: InputLayer", "dense: Dense", "a|b_input: InputLayer", "a|b: Dense", "total: Add")]
    assert order == sorted(order, reverse=sign < 0)
    for name, (left, top, width, height) in found.items():
        for other, (other_left, other_top, other_width, other_height) in found.items():
            apart = (left + width <= other_left or other_left + other_width <= left
                     or top + height <= other_top or other_top + other_height <= top)
            assert name == other or apart, f"{name} lies on {other}"


def test_an_svg_that_was_asked_for_needs_no_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(vis_utils, "_missing_tool", lambda: "Graphviz is missing")
    model = Sequential([layers.Dense(2, input_shape=(3,), name="<b>&")])
    plot_model(model, str(tmp_path / "m.svg"))
    assert list(boxes(tmp_path / "m.svg")[0]) == ["<b>&_input: InputLayer", "<b>&: Dense"]


def test_bad_arguments():
    with pytest.raises(ValueError, match="`rankdir` must be one of TB, BT, LR, RL; got 'up'"):
        model_to_dot(nested(), rankdir="up")
    with pytest.raises(ValueError, match="has no graph of layers"):
        plot_model(Sequential([layers.Dense(2)]))
