"""Placing: how far down every vertex stands, so that edges are straight and long ones are straight throughout.

Brandes and Köpf, *Fast and simple horizontal coordinate assignment* (Graph Drawing 2001): vertices are aligned with the
median of their neighbours, in four ways; each way is packed; and each vertex gets the middle of its four places. Blocks
are packed by longest paths, which the erratum (Brandes, Walter and Zink, arXiv:2008.01252) shows is safe. Its pictures
run from the top down; ours run from left to right, so that its x is our y.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from funcgrad.show.layout.ordering import Layers

#: The distance of two vertices that stand one below the other, between their centres.
Apart = Callable[[int, int], float]


def placed(layers: Layers, apart: Apart) -> list[float]:
    """The centre of each vertex, the least at 0."""
    if not layers.ranks:
        return []
    conflicts = crossed_trunks(layers)
    ways: list[list[float]] = []
    for forwards in (True, False):
        columns = layers.columns if forwards else layers.columns[::-1]
        neighbours = layers.before if forwards else layers.after
        for downwards in (True, False):
            own = [column if downwards else column[::-1] for column in columns]
            roots = aligned(own, neighbours, conflicts)
            gap = apart if downwards else lambda u, v: apart(v, u)
            at = packed(own, roots, gap)
            ways.append(at if downwards else [-a for a in at])
    narrow = min(ways, key=lambda at: max(at) - min(at))
    for i, at in enumerate(ways):
        shift = min(narrow) - min(at) if i % 2 == 0 else max(narrow) - max(at)
        ways[i] = [a + shift for a in at]
    middle = [sum(sorted(four)[1:3]) / 2 for four in zip(*ways, strict=True)]
    least = min(middle)
    return [a - least for a in middle]


def crossed_trunks(layers: Layers) -> set[tuple[int, int]]:
    """The edges that give way: they cross one between dummies, which is to be straight."""
    places, conflicts = layers.positions(), set()
    for column in layers.columns[1:]:
        trunks = [
            (places[layers.before[v][0]], i)
            for i, v in enumerate(column)
            if v >= layers.real and layers.before[v][0] >= layers.real
        ]
        for i, v in enumerate(column):
            for u in layers.before[v]:
                inner = u >= layers.real and v >= layers.real
                if not inner and any([(places[u] - a) * (i - b) < 0 for a, b in trunks]):
                    conflicts.add((u, v))
    return conflicts


def aligned(
    columns: Sequence[Sequence[int]], neighbours: Sequence[Sequence[int]], conflicts: set[tuple[int, int]]
) -> list[int]:
    """The root of each vertex's block: vertices of one block stand at one height."""
    count = len(neighbours)
    places = [0] * count
    for column in columns:
        for i, v in enumerate(column):
            places[v] = i
    roots, taken = list(range(count)), [False] * count
    for column in columns:
        last = -1
        for v in column:
            near = sorted(neighbours[v], key=places.__getitem__)
            for i in sorted({(len(near) - 1) // 2, len(near) // 2}) if near else ():
                u = near[i]
                if taken[u] or roots[v] != v or places[u] <= last or (u, v) in conflicts or (v, u) in conflicts:
                    continue
                taken[u], roots[v], last = True, roots[u], places[u]
    return roots


def packed(columns: Sequence[Sequence[int]], roots: Sequence[int], apart: Apart) -> list[float]:
    """The height of each vertex: every block as high as those above it allow, then as near to those below it."""
    below: dict[int, dict[int, float]] = {}
    above: dict[int, int] = {}
    for column in columns:
        for v in column:
            below.setdefault(roots[v], {})
            above.setdefault(roots[v], 0)
        for u, v in pairwise(column):
            gaps = below[roots[u]]
            if roots[v] not in gaps:
                above[roots[v]] += 1
            gaps[roots[v]] = max(gaps.get(roots[v], 0.0), apart(u, v))
    order = [root for root, count in above.items() if not count]
    for root in order:
        for other in below[root]:
            above[other] -= 1
            if not above[other]:
                order.append(other)
    at = dict.fromkeys(order, 0.0)
    for root in order:
        for other, gap in below[root].items():
            at[other] = max(at[other], at[root] + gap)
    for root in reversed(order):
        if below[root]:
            at[root] = max(at[root], min([at[other] - gap for other, gap in below[root].items()]))
    return [at[root] for root in roots]
