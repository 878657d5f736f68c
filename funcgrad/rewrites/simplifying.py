"""Simplifying: a graph becomes a shorter or cheaper one of the same values, by small identities.

A pass writes the graph anew from its first step to its last (`Draft`): each step is rewritten against arguments that
are simple already, equal steps are shared, and what no output needs is left out. Passes follow until one changes
nothing. Each costs a time linear in the graph, and there are few: an identity looks at a step and at what made its
arguments, and leaves steps that the next pass would leave alone.
"""

import warnings
from types import ModuleType

import numpy as np

from funcgrad.graph.graph import Graph
from funcgrad.rewrites import (
    algebra,
    banding,
    casting,
    contracting,
    indexing,
    pooling,
    reducing,
    shaping,
    slopes,
    solving,
    stabilising,
)
from funcgrad.rewrites.draft import ELEMENTWISE, Draft, Identity, Key
from funcgrad.rewrites.gathering import plans

#: So many passes at most.
PASSES = 12


def stated(*modules: ModuleType) -> tuple[Identity, ...]:
    """The identities of some modules, in the order in which they stand there."""
    return tuple([value for module in modules for value in vars(module).values() if isinstance(value, Identity)])


#: All identities.
IDENTITIES = stated(
    banding, casting, slopes, stabilising, algebra, shaping, reducing, pooling, contracting, indexing, solving
)


def by_key(identities: tuple[Identity, ...]) -> dict[Key, tuple[Identity, ...]]:
    """The identities that may hold for each operation; those of all functions hold for each that has a name too."""
    keys = dict.fromkeys([key for one in identities for key in one.keys])
    return {
        key: tuple([one for one in identities if key in one.keys or (type(key) is str and ELEMENTWISE in one.keys)])
        for key in keys
    }


BY_KEY = by_key(IDENTITIES)


def simplified(graph: Graph) -> Graph:
    """A graph of the same values, of fewer or cheaper steps.

    >>> from funcgrad.transforms.staging import graph_of
    >>> simplified(graph_of(lambda x: -(-x) * 1.0 + (x * x - x**2), 3.0))
    v0: weak float64
    v1 = multiply(v0, v0)
    v2 = subtract(v1, v1)
    v3 = add(v0, v2)
    return v3
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(PASSES):
            draft = Draft(BY_KEY)
            shorter = draft.finished(len(graph.inputs), draft.rewrite(graph, plans(graph)))
            if not draft.held and len(shorter.steps) == len(graph.steps):
                return shorter
            graph = shorter
    return graph
