"""Stage: the picture of a graph with room between its columns, in which numbers can be seen to move."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from attrs import evolve

from funcgrad.show.filming.frames import Frame
from funcgrad.show.picture import Picture, Point, Wire
from funcgrad.show.svg import path

#: The width of a letter of what moves, and the room around it.
LETTER, AROUND = 7.25, 50.0


def spread(picture: Picture, frames: Sequence[Frame]) -> Picture:
    """The picture with its columns so far apart that what moves between them has room."""
    ranks = {box.card.key: box.rank for box in picture.boxes}
    left = {box.rank: box.x for box in picture.boxes}
    right = {box.rank: box.x + box.width for box in picture.boxes}
    wide = [0.0] * len(left)
    for frame in frames:
        for flow in frame.flows:
            gap = ranks[flow.source] if frame.phase == "backward" else ranks[flow.target] - 1
            wide[gap] = max(wide[gap], LETTER * max(len(flow.text), len(flow.factor) + 2) + AROUND)
    more = [max(wide[rank] - (left[rank + 1] - right[rank]), 0.0) for rank in range(len(left) - 1)]
    shifts = list(accumulate(more, initial=0.0))
    boxes = tuple([evolve(box, x=box.x + shifts[box.rank]) for box in picture.boxes])
    wires = tuple([evolve(wire, points=moved(wire.points, ranks[wire.source], shifts)) for wire in picture.wires])
    return evolve(picture, boxes=boxes, wires=wires, width=picture.width + shifts[-1])


def moved(points: Sequence[Point], rank: int, shifts: Sequence[float]) -> tuple[Point, ...]:
    """The points of an edge that leaves a column: the first in it, then two in every further one."""
    return tuple([(x + shifts[rank + (i + 1) // 2], y) for i, (x, y) in enumerate(points)])


def curve(wire: Wire) -> str:
    """The whole edge, as SVG writes it."""
    return path([(pair, k % 2 == 0) for k, pair in enumerate(pairwise(wire.points))])


def resting(wire: Wire, backwards: bool) -> Point:
    """Where what moves along an edge comes to rest: in the middle of the gap before the box that it goes to."""
    (x, y), (to, down) = wire.points[:2] if backwards else wire.points[-2:]
    return ((x + to) / 2, (y + down) / 2)
