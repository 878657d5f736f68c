"""Sparing: what a step of a loop computes, and its pullback would again, is kept where it is dear and small."""

from collections.abc import Sequence
from math import prod
from typing import Any

from attrs import evolve

from funcgrad.errors import FuncgradError
from funcgrad.graph.graph import Graph, Step
from funcgrad.graph.op import Weakness
from funcgrad.primitives.kinds import Expand, Pointwise
from funcgrad.primitives.shaping import Cast, Moved
from funcgrad.rewrites.simplifying import simplified
from funcgrad.transforms.remembering import has_users
from funcgrad.transforms.running import inexact, joined, pulled

#: So many bytes at most does a loop keep of what its steps compute, of all steps together.
MOST = 1 << 23
#: Functions that take no longer than to write their answer down and to read it again.
CHEAP = frozenset({"add", "subtract", "multiply", "chain", "negative", "absolute", "square", "maximum", "minimum"})
#: So many cheap steps at most are taken again for one value.
FEW = 16


def with_spared(graph: Graph, carries: int, rows: int, length: int) -> Graph:
    """The graph of one step of a loop and, after its answers, the values that its pullback need not compute again.

    They are those of which cheap steps make all else that the pullback reads; none, where these are larger than what a
    step takes, hands on and gives, or than `MOST` in all. So a loop keeps twice as much at most. A value to which no
    carry and no row leads is the same in every step, and is not kept for each. A step with a function of the user's, or
    an answer that has no derivative, is not asked: the pullback may never come to these.
    """
    arrived, wanted = inexact(graph.output_types), inexact(graph.inputs)
    if not arrived or not wanted or has_users(graph):
        return graph
    try:
        whole = simplified(pulled(graph, arrived, wanted))
    except FuncgradError:
        return graph
    n, inputs = len(graph.inputs), len(whole.inputs)
    first, none = inputs + len(whole.constants), [False] * len(whole.constants)
    late = [i >= n for i in range(inputs)] + none  # whether a value is made of cotangents
    moving = [i < carries + rows for i in range(inputs)] + none
    for step in whole.steps:
        late.append(any([late[i] for i in step.args]))
        moving.append(any([moving[i] for i in step.args]))
    read = {i for k, step in enumerate(whole.steps, first) if late[k] for i in step.args} | set(whole.outputs)
    kept: dict[int, int] = {}
    for i in sorted(read):
        if i >= first and moving[i] and not late[i]:
            below = {k: bytes_of(whole.steps[k - first].type) for k in dear(whole, i, moving, kept)}
            own = bytes_of(whole.steps[i - first].type)
            kept |= below if sum(below.values()) <= own else {i: own}
    size, own = sum(kept.values()), sum(map(bytes_of, (*graph.inputs[: carries + rows], *graph.output_types)))
    return simplified(joined(graph, whole, list(kept))) if size <= own and size * length <= MOST else graph


def dear(graph: Graph, number: int, moving: Sequence[bool], kept: dict[int, int]) -> list[int]:
    """The values, not kept yet, of which cheap steps make one: itself, if it takes a dear step or many."""
    first, stack, found, cheap = len(graph.inputs) + len(graph.constants), [number], set(), 0
    while stack:
        i = stack.pop()
        if i < first or i in kept or not moving[i]:
            continue
        step = graph.steps[i - first]
        if not is_cheap(step):
            found.add(i)
        elif cheap == FEW:
            return [number]
        else:
            cheap += 1
            stack += step.args
    return sorted(found)


def is_cheap(step: Step) -> bool:
    """Whether a step takes no longer than to keep its answer, as functions of numbers do."""
    op = step.op
    if isinstance(op, Pointwise):
        return op.name in CHEAP or step.type.dtype.kind == "b" or not step.type.shape
    return isinstance(op, Moved | Expand | Cast | Weakness)


def bytes_of(kind: Any) -> int:
    """The bytes of a value."""
    return int(prod(kind.shape) * kind.dtype.itemsize)


def given(graph: Graph, values: Graph) -> Graph:
    """A graph that takes, after its inputs, the answers of another graph of its first inputs, in place of them."""
    n, count = len(graph.inputs), len(values.outputs)
    both = simplified(joined(graph, values, list(values.outputs)))
    made = both.outputs[len(graph.outputs) :]
    numbers = {i: i if i < n else i + count for i in range(n + len(both.constants) + len(both.steps))}
    for k, i in enumerate(made):
        if i >= n + len(both.constants):
            numbers[i] = n + k
    steps = tuple([evolve(step, args=tuple([numbers[i] for i in step.args])) for step in both.steps])
    outputs = tuple([numbers[i] for i in both.outputs[: len(graph.outputs)]])
    return simplified(Graph((*both.inputs, *values.output_types), both.constants, steps, outputs))
