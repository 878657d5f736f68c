"""Stage: the picture of a graph with room between its columns, in which numbers can be seen to move."""

from collections.abc import Sequence
from itertools import pairwise

from attrs import evolve

from funcgrad.show.picture import COLUMN, Picture, Point, Wire
from funcgrad.show.svg import path

#: The width of a letter of what moves, the margins of it, and the widest gap between columns.
LETTER, MARGINS, WIDEST = 7.25, 34.0, 150.0


def spread(picture: Picture, letters: int) -> Picture:
    """The picture with its columns so far apart that texts of so many letters fit between them."""
    more = max(min(LETTER * letters + MARGINS, WIDEST) - COLUMN, 0.0)
    ranks = {box.card.key: box.rank for box in picture.boxes}
    boxes = tuple([evolve(box, x=box.x + more * box.rank) for box in picture.boxes])
    wires = tuple([evolve(wire, points=moved(wire.points, ranks[wire.source], more)) for wire in picture.wires])
    return evolve(picture, boxes=boxes, wires=wires, width=picture.width + more * max(ranks.values(), default=0))


def moved(points: Sequence[Point], rank: int, more: float) -> tuple[Point, ...]:
    """The points of an edge that leaves a column: the first in it, then two in every further one."""
    return tuple([(x + more * (rank + (i + 1) // 2), y) for i, (x, y) in enumerate(points)])


def curve(wire: Wire) -> str:
    """The whole edge, as SVG writes it."""
    return path([(pair, k % 2 == 0) for k, pair in enumerate(pairwise(wire.points))])


def resting(wire: Wire, backwards: bool) -> Point:
    """Where what moves along an edge comes to rest: in the middle of the gap before the box that it goes to."""
    (x, y), (to, down) = wire.points[:2] if backwards else wire.points[-2:]
    return ((x + to) / 2, (y + down) / 2)
