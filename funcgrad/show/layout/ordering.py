"""Ordering: the vertices of every column, sorted so that few edges cross.

Sugiyama, Tagawa and Toda, *Methods for visual understanding of hierarchical system structures* (IEEE Trans. Syst. Man
Cybern. 11, 1981): columns are sorted in turn by the barycentre of their neighbours, to and fro. Neighbours in a column
then change places where that helps (Gansner et al. 1993, section 3). An edge over several columns is a chain of
dummies, one in each; edges of one source share theirs, as a trunk with branches.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence

from attrs import define, field

#: So many times to and fro, and so many without any gain.
ROUNDS, PATIENCE = 16, 4
#: Neighbours change places only in graphs of up to so many vertices.
SWAPPED = 400


@define(eq=False)
class Layers:
    """A graph whose edges lead from each column to the next: vertices, and after them dummies."""

    #: How many vertices are no dummies.
    real: int
    #: The column of each.
    ranks: list[int]
    #: The neighbours of each in the column before.
    before: list[list[int]]
    #: The neighbours of each in the column after.
    after: list[list[int]]
    #: The vertices of each column, in order.
    columns: list[list[int]] = field(factory=list)
    #: The dummy of a source in a column.
    trunks: dict[tuple[int, int], int] = field(factory=dict)

    def path(self, source: int, target: int) -> list[int]:
        """The vertices along an edge, both ends included."""
        between = range(self.ranks[source] + 1, self.ranks[target])
        return [source, *[self.trunks[source, rank] for rank in between], target]

    def positions(self) -> list[int]:
        """The place of each vertex in its column."""
        places = [0] * len(self.ranks)
        for column in self.columns:
            for i, v in enumerate(column):
                places[v] = i
        return places


def layers_of(parents: Sequence[Sequence[int]], ranks: Sequence[int]) -> Layers:
    """The graph with dummies on its long edges."""
    n = len(parents)
    layers = Layers(n, list(ranks), [[] for _ in range(n)], [[] for _ in range(n)])
    for v, own in enumerate(parents):
        for p in dict.fromkeys(own):
            last = p
            for rank in range(ranks[p] + 1, ranks[v]):
                if (p, rank) not in layers.trunks:
                    layers.trunks[p, rank] = len(layers.ranks)
                    layers.ranks.append(rank)
                    layers.before.append([last])
                    layers.after.append([])
                    layers.after[last].append(layers.trunks[p, rank])
                last = layers.trunks[p, rank]
            layers.after[last].append(v)
            layers.before[v].append(last)
    layers.columns = first_order(layers)
    return layers


def first_order(layers: Layers) -> list[list[int]]:
    """Columns in the order of a walk back from the answers, by which a tree is drawn without any crossing."""
    columns: list[list[int]] = [[] for _ in range(max(layers.ranks, default=-1) + 1)]
    seen: set[int] = set()
    ends = [v for v in range(len(layers.ranks)) if not layers.after[v]]
    stack = sorted(ends, key=lambda v: (-layers.ranks[v], v), reverse=True)
    while stack:
        v = stack.pop()
        if v in seen:
            continue
        seen.add(v)
        columns[layers.ranks[v]].append(v)
        stack.extend(reversed(layers.before[v]))
    return columns


def ordered(layers: Layers) -> Layers:
    """The same graph with few crossings."""
    best, least, since = [list(column) for column in layers.columns], crossings(layers), 0
    for turn in range(ROUNDS):
        if not least or since == PATIENCE:
            break
        sweep(layers, forwards=turn % 2 == 0)
        count = crossings(layers)
        since = since + 1
        if count < least:
            best, least, since = [list(column) for column in layers.columns], count, 0
    layers.columns = best
    if least and len(layers.ranks) <= SWAPPED:
        swapped(layers)
    return layers


def sweep(layers: Layers, forwards: bool) -> None:
    """Sort the columns one after the other by the barycentres of their neighbours."""
    places = layers.positions()
    neighbours = layers.before if forwards else layers.after
    for column in layers.columns if forwards else reversed(layers.columns):
        keys = {
            v: sum([places[u] for u in neighbours[v]]) / len(neighbours[v]) if neighbours[v] else float(places[v])
            for v in column
        }
        column.sort(key=keys.__getitem__)
        for i, v in enumerate(column):
            places[v] = i


def crossings(layers: Layers) -> int:
    """How many pairs of edges cross."""
    places, total = layers.positions(), 0
    for column in layers.columns:
        met: list[int] = []
        for v in column:
            ends = sorted([places[u] for u in layers.after[v]])
            total += sum([len(met) - bisect_left(met, end + 1) for end in ends])
            for end in ends:
                insort(met, end)
    return total


def swapped(layers: Layers) -> None:
    """Let neighbours in a column change places for as long as that saves a crossing."""
    places, better = layers.positions(), True
    for _ in range(ROUNDS):
        if not better:
            return
        better = False
        for column in layers.columns:
            for i in range(len(column) - 1):
                u, v = column[i], column[i + 1]
                if crossed(layers, places, u, v) > crossed(layers, places, v, u):
                    column[i], column[i + 1] = v, u
                    places[u], places[v] = i + 1, i
                    better = True


def crossed(layers: Layers, places: list[int], u: int, v: int) -> int:
    """How many edges of u cross edges of v while u stands first."""
    return sum(
        [
            places[a] > places[b]
            for neighbours in (layers.before, layers.after)
            for a in neighbours[u]
            for b in neighbours[v]
        ]
    )
