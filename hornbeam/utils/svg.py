"""A layered drawing of a graph as SVG. Nothing here knows a model.

Ranks by longest path, order within a rank by the mean place of the neighbours above, as in
Sugiyama, Tagawa, Toda 1981, "Methods for visual understanding of hierarchical system structures".
"""

import html

_CHARACTER, _LINE, _PAD = 7.3, 18, 8  # px, of a monospace font of 12 px
_GAP, _RANK_GAP, _MARGIN = 28, 34, 12


class Box:
    """A node.

    Args:
        key: String that no other box has.
        title: String, its first line.
        shapes: Pair of strings, or None.
    """

    def __init__(self, key, title, shapes=None):
        self.key, self.title, self.shapes = key, title, shapes

    def entry(self, place):
        return self

    exit = entry


class Picture:
    """Boxes, pictures inside the picture, and edges from box to box.

    Args:
        name: String.
        parts: List of `Box` and `Picture`.
        edges: List of pairs of boxes.
        entries, exits: Lists of boxes where edges from outside end and begin.
    """

    def __init__(self, name, parts, edges, entries, exits):
        self.name, self.parts, self.edges = name, parts, edges
        self._entries, self._exits = entries, exits

    def entry(self, place):
        return self._entries[min(place, len(self._entries) - 1)]

    def exit(self, place):
        return self._exits[min(place, len(self._exits) - 1)]


def as_svg(picture, rankdir="TB"):
    """Returns the picture as the text of an SVG file.

    Args:
        picture: `Picture`.
        rankdir: `'TB'`, `'BT'`, `'LR'` or `'RL'`, the direction of the edges.
    """
    boxes, edges = _flat(picture)
    lines = {box: _lines(box, inside) for box, inside in boxes.items()}
    sizes = {
        box: (max(map(len, text)) * _CHARACTER + 2 * _PAD, len(text) * _LINE + _PAD)
        for box, text in lines.items()
    }
    sideways = rankdir in ("LR", "RL")
    ranks, chains = _ranks(list(boxes), edges)
    places, width, height = _places(ranks, chains, sizes, sideways, rankdir in ("BT", "RL"))
    body = [_edge_svg(chain, places, sizes, sideways) for chain in chains]
    body += [_box_svg(box, lines[box], places[box], sizes[box]) for box in boxes]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{html.escape(picture.name)}">\n'
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>\n'
        '<rect width="100%" height="100%" fill="white"/>\n'
        '<g font-family="monospace" font-size="12">\n' + "\n".join(body) + "\n</g>\n</svg>\n"
    )


def _flat(picture, inside=""):
    """All boxes, each with the name of the picture in which it stands, and all edges."""
    boxes, edges = {}, list(picture.edges)
    for part in picture.parts:
        if isinstance(part, Picture):
            more, further = _flat(part, f"{inside}/{part.name}" if inside else part.name)
            boxes.update(more)
            edges += further
        else:
            boxes[part] = inside
    return boxes, edges


def _lines(box, inside):
    lines = [box.title]
    if box.shapes is not None:
        lines += [f"in:  {box.shapes[0]}", f"out: {box.shapes[1]}"]
    return [*lines, f"[{inside}]"] if inside else lines


class _Bend:
    """A point on an edge where it passes a rank."""


def _ranks(boxes, edges):
    """Returns the boxes of each rank, bends included, and each edge as a chain through them."""
    above = {box: [] for box in boxes}
    for source, target in edges:
        above[target].append(source)
    rank = {}
    waiting = list(boxes)
    while waiting:
        ready = [box for box in waiting if all(source in rank for source in above[box])]
        for box in ready:
            rank[box] = max((rank[source] + 1 for source in above[box]), default=0)
        waiting = [box for box in waiting if box not in rank]
    ranks = [[] for _ in range(max(rank.values()) + 1)]
    for box in boxes:
        ranks[rank[box]].append(box)
    chains = []
    for source, target in edges:
        bends = [_Bend() for _ in range(rank[target] - rank[source] - 1)]
        for number, bend in enumerate(bends, rank[source] + 1):
            ranks[number].append(bend)
        chains.append([source, *bends, target])
    return ranks, chains


def _places(ranks, chains, sizes, sideways, backwards):
    """Returns the centre of every box and bend, and the size of the whole."""
    neighbours = {}
    for chain in chains:
        for one, other in zip(chain, chain[1:]):
            neighbours.setdefault(other, []).append(one)
    across = 1 if sideways else 0  # which of width and height lies along a rank
    extent = lambda item: sizes[item][across] if item in sizes else 0.0
    depth = lambda item: sizes[item][1 - across] if item in sizes else 0.0
    lengths = [sum(map(extent, rank)) + _GAP * (len(rank) - 1) for rank in ranks]
    longest = max(lengths)
    places, down = {}, float(_MARGIN)
    for rank, length in zip(ranks, lengths):
        above = {
            item: [places[source][0] for source in neighbours.get(item, ())] for item in rank
        }
        rank.sort(key=lambda item: sum(above[item]) / len(above[item]) if above[item] else 0.0)
        thickness = max(map(depth, rank))
        at = _MARGIN + (longest - length) / 2
        for item in rank:
            if isinstance(item, _Bend):
                sizes[item] = (thickness, 0.0) if sideways else (0.0, thickness)
            places[item] = (at + extent(item) / 2, down + thickness / 2)
            at += extent(item) + _GAP
        down += thickness + _RANK_GAP
    total = down - _RANK_GAP + _MARGIN
    if backwards:
        places = {item: (a, total - d) for item, (a, d) in places.items()}
    if sideways:
        places = {item: (d, a) for item, (a, d) in places.items()}
        return places, total, longest + 2 * _MARGIN
    return places, longest + 2 * _MARGIN, total


def _edge_svg(chain, places, sizes, sideways):
    """A curve between the middles of boxes' sides; it passes the ranks between them straight."""
    axis = 0 if sideways else 1
    sign = 1 if places[chain[-1]][axis] > places[chain[0]][axis] else -1
    ends = []  # where the edge comes to each item, and where it leaves it
    for item in chain:
        comes, leaves = list(places[item]), list(places[item])
        comes[axis] -= sign * sizes[item][axis] / 2
        leaves[axis] += sign * sizes[item][axis] / 2
        ends.append((comes, leaves))
    path = "M{:.1f} {:.1f}".format(*ends[0][1])
    for number, ((_, one), (other, after)) in enumerate(zip(ends, ends[1:]), 2):
        middle = (one[axis] + other[axis]) / 2
        first, second = (
            ([middle, one[1]], [middle, other[1]])
            if sideways
            else ([one[0], middle], [other[0], middle])
        )
        path += " C" + ", ".join(f"{x:.1f} {y:.1f}" for x, y in (first, second, other))
        if number < len(ends):
            path += f" L{after[0]:.1f} {after[1]:.1f}"
    return f'<path d="{path}" fill="none" stroke="#555" marker-end="url(#arrow)"/>'


def _box_svg(box, lines, place, size):
    left, top = place[0] - size[0] / 2, place[1] - size[1] / 2
    text = "".join(
        f'<text x="{left + _PAD:.1f}" y="{top + _LINE * (number + 1) - 4:.1f}">'
        f'{html.escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<g><rect x="{left:.1f}" y="{top:.1f}" width="{size[0]:.1f}" height="{size[1]:.1f}" '
        f'rx="4" fill="#f4f7f4" stroke="#3d6b4f"/>{text}</g>'
    )
