"""Ranking: a column for every vertex, so that all edges lead to the right and few are long.

The longest path from the sources gives the fewest columns. Vertices then move, within what their neighbours allow,
towards the side where they have more edges, until none does: what remains of the network simplex of Gansner,
Koutsofios, North and Vo, *A technique for drawing directed graphs* (IEEE Trans. Softw. Eng. 19, 1993, section 2), when
only one vertex moves at a time.
"""

from collections.abc import Sequence

#: So many passes at most.
PASSES = 8


def ranked(parents: Sequence[Sequence[int]]) -> list[int]:
    """The rank of each vertex, given its parents, which are numbered before it.

    >>> ranked([(), (), (0,), (2, 1)])
    [0, 1, 1, 2]
    """
    above = [sorted(set(own)) for own in parents]
    children: list[list[int]] = [[] for _ in parents]
    ranks: list[int] = []
    for v, own in enumerate(above):
        ranks.append(max([ranks[p] + 1 for p in own], default=0))
        for p in own:
            children[p].append(v)
    for _ in range(PASSES):
        moved = False
        for v in reversed(range(len(ranks))):
            if len(children[v]) > len(above[v]):
                best = min([ranks[c] for c in children[v]]) - 1
                moved, ranks[v] = moved or best != ranks[v], best
        for v in range(len(ranks)):
            if len(children[v]) < len(above[v]):
                best = max([ranks[p] for p in above[v]]) + 1
                moved, ranks[v] = moved or best != ranks[v], best
        if not moved:
            break
    least = min(ranks, default=0)
    return [rank - least for rank in ranks]
