"""Simplifying: all rewrites, to a fixed point."""

from funcgrad.graph.graph import Graph


def simplified(graph: Graph) -> Graph:
    """A graph of the same values with fewer or cheaper steps."""
    return graph
