"""Carefree: the products of the chain rule as ordinary ones, for a program that first tries without care."""

from collections.abc import Callable
from typing import Any

from attrs import evolve

from funcgrad.graph.graph import Graph, Step
from funcgrad.graph.op import Op
from funcgrad.primitives.contracting import ChainEinsum, ChainMatMul, Einsum, matmul
from funcgrad.primitives.kinds import Chain, ChainRatio
from funcgrad.primitives.pointwise import bitwise_or, div, mul, not_equal

#: For each product of the chain rule, the ordinary one, which is right where no 0·∞ and no ∞/∞ occurs.
ORDINARY: dict[type[Op], Callable[[Any], Op]] = {
    Chain: lambda op: mul,
    ChainRatio: lambda op: div,
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


def without_tests(graph: Graph) -> tuple[Graph, int]:
    """The graph in which “c or x ≠ x” is c, as it is where x holds no NaN; and how many such x are its last outputs."""
    first = len(graph.inputs) + len(graph.constants)
    steps: list[Step] = []
    numbers, tested = list(range(first)), []
    for step in graph.steps:
        x = tested_by(graph, step, first)
        if x is not None:
            tested.append(x)
            numbers.append(numbers[step.args[0]])
        else:
            numbers.append(first + len(steps))
            steps.append(evolve(step, args=tuple([numbers[i] for i in step.args])))
    more = tuple([numbers[i] for i in dict.fromkeys(tested)])
    outputs = (*[numbers[i] for i in graph.outputs], *more)
    return evolve(graph, steps=tuple(steps), outputs=outputs), len(more)


def tested_by(graph: Graph, step: Step, first: int) -> int | None:
    """The value x where a step is “c or x ≠ x” for a c of its type, x being made by a step; else None."""
    if step.op != bitwise_or or min(step.args) < first:
        return None
    c, test = [graph.steps[i - first] for i in step.args]
    if test.op != not_equal or test.args[0] != test.args[1] or c.type != step.type:
        return None
    return test.args[0] if test.args[0] >= first else None
