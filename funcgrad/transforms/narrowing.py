"""Narrowing: the loop of what is wanted of another, and what two loops have in common; for a program to be written.

The values of the program are known by number. Carries that begin alike, and are alike after a step if they were alike
before it, are alike for ever: that is how a loop is seen to run another as well.
"""

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from funcgrad.graph.graph import Graph
from funcgrad.rewrites.looping import found_in, needed, rearranged
from funcgrad.rewrites.simplifying import simplified
from funcgrad.transforms.bodies import Body

#: A loop, its arguments, and for each answer of the old one which of its own it is; None for one that it lacks.
Narrowed = tuple[Any, list[int], list[int | None]]
#: A loop, and for each wanted answer of another which of its own it is.
Joined = tuple[Any, list[int | None]]


def narrowed_scan(op: Any, args: Sequence[int], wanted: set[int]) -> Narrowed | None:
    """The scan of what leads to the wanted answers; None where it is the same."""
    n, m, graph = op.carries, op.carries + op.rows, op.body.graph
    moving = moved_by(graph, n, wanted)
    count = len(graph.outputs)
    answers = [i for i in range(count) if i in (moving if i < n else wanted)]
    outputs = [graph.outputs[i] for i in answers]
    same = alike(args, range(n, m)) | alike(args, range(m, len(args)))
    read = {same.get(i, i) for i in needed(graph, outputs)}
    inputs = [i for i in range(len(args)) if i in (moving if i < n else read)]
    if len(inputs) == len(args) and len(answers) == count:
        return None
    key = ("narrowed", n, m, tuple(inputs), tuple(answers), tuple(same.items()))
    body = op.body.once(key, lambda: Body(simplified(rearranged(graph, inputs, same, outputs))))
    rows = len([i for i in inputs if n <= i < m])
    found = evolve(op, body=body, carries=len(moving), rows=rows, kept=False, spared=0)
    return found, [args[i] for i in inputs], [answers.index(i) if i in answers else None for i in range(count)]


def joined_scan(op: Any, args: Sequence[int], other: Any, others: Sequence[int], wanted: set[int]) -> Joined | None:
    """The scan that gives another's wanted answers too; None where it does not run the other."""
    n, m, k, low = op.carries, op.carries + op.rows, other.carries, other.carries + other.rows
    graph = op.body.graph
    alike = type(other) is type(op) and (other.length, other.reverse) == (op.length, op.reverse)
    if not alike or k > n or args[:k] != others[:k]:
        return None
    inputs = paired(k, args[n:m], n, others[k:low], k) | paired(k, args[m:], m, others[low:], low)
    found = found_in(graph, other.body.graph, inputs)
    if found[:k] != list(graph.outputs[:k]):
        return None
    outputs = list(graph.outputs)
    answers: list[int | None] = [*range(k), *[None for _ in found[k:]]]
    for i in sorted(wanted):
        number = found[i]
        if number is None:
            return None
        if i >= k:
            if number not in outputs[n:]:
                outputs.append(number)
            answers[i] = n + outputs[n:].index(number)
    if len(outputs) == len(graph.outputs):
        return op, answers
    return evolve(op, body=Body(evolve(graph, outputs=tuple(outputs)))), answers


def paired(carries: int, values: Sequence[int], at: int, others: Sequence[int], start: int) -> dict[int, int]:
    """Which input of a loop's graph is which of another's: the carries in order, and those of the same value."""
    places = {number: i for i, number in enumerate(values, at)}
    own = {i: i for i in range(carries)}
    return own | {i: places[number] for i, number in enumerate(others, start) if number in places}


def moved_by(graph: Graph, carries: int, wanted: set[int]) -> list[int]:
    """The carries that lead to the wanted answers of a loop."""
    moving = set(wanted)
    while True:
        found = {i for i in needed(graph, [graph.outputs[i] for i in moving]) if i < carries}
        if found <= moving:
            return sorted([i for i in moving if i < carries])
        moving |= found


def alike(args: Sequence[int], which: Sequence[int]) -> dict[int, int]:
    """For each of these arguments that is the same value as an earlier one, that one."""
    first: dict[int, int] = {}
    return {i: first[args[i]] for i in which if first.setdefault(args[i], i) != i}
