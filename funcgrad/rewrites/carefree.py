"""Carefree: the products of the chain rule as ordinary ones, for a program that first tries without care."""

from collections.abc import Callable
from typing import Any

from attrs import evolve

from funcgrad.graph.graph import Graph, Step
from funcgrad.graph.op import Op
from funcgrad.primitives.contracting import ChainEinsum, ChainMatMul, Einsum, matmul
from funcgrad.primitives.kinds import Chain
from funcgrad.primitives.pointwise import mul

#: For each product of the chain rule, the ordinary one, which is right where no 0·∞ occurs.
ORDINARY: dict[type[Op], Callable[[Any], Op]] = {
    Chain: lambda op: mul,
    ChainEinsum: lambda op: Einsum(op.subscripts),
    ChainMatMul: lambda op: matmul,
}


def carefree(graph: Graph) -> Graph:
    """The graph in which 0·∞ is NaN and not 0: the same values where NumPy meets no invalid operation."""
    return evolve(graph, steps=tuple([ordinary(step) for step in graph.steps]))


def ordinary(step: Step) -> Step:
    """A step whose product, if it is one of the chain rule, is an ordinary one."""
    change = ORDINARY.get(type(step.op))
    return step if change is None else evolve(step, op=change(step.op))
