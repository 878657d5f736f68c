"""Folding: the operations of a large graph in fewer pieces, by the user's functions, by lines, by loops.

Each piece is a run of operations in the order in which they were made. Arguments are older than answers, so pieces that
are runs never wait for each other: what is drawn has no cycle.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import groupby
from typing import Any

from attrs import frozen

from funcgrad.show.sheet import Value


@frozen(eq=False)
class Fold:
    """A run of operations that is drawn as one."""

    #: What it is called: a function of the user's, or a line.
    title: str
    #: The numbers of the values.
    members: tuple[int, ...]


def folds(values: Sequence[Value], most: int) -> list[Fold]:
    """Operations in at most `most` pieces: calls of the user's functions, the inner ones first, then lines, then loops.

    A piece of one operation is that operation.
    """
    pieces = [Fold("", (value.number,)) for value in values]
    if len(pieces) <= most:
        return pieces
    deepest = max([len(value.calls) for value in values], default=0)
    for depth in reversed(range(deepest)):
        pieces = by_calls(values, depth)
        if len(pieces) <= most:
            return pieces
    pieces = by_lines(values)
    if len(pieces) <= most:
        return pieces
    pieces = by_loops(values)
    return pieces if len(pieces) <= most else in_runs(values, most)


def by_calls(values: Sequence[Value], depth: int) -> list[Fold]:
    """A piece for each call of a function at that depth, its inner calls included."""

    def call(value: Value) -> Hashable:
        if len(value.calls) <= depth:
            return ("alone", value.number)
        return (value.backward, *[one.number for one in value.calls[: depth + 1]])

    return pieces_of(values, call, lambda value: value.calls[depth].function if len(value.calls) > depth else "")


def by_lines(values: Sequence[Value]) -> list[Fold]:
    """A piece for each time that a line of the drawn function runs."""
    return pieces_of(values, lambda value: (value.backward, line_of(value)), lambda value: titled(line_of(value)))


def by_loops(values: Sequence[Value]) -> list[Fold]:
    """A piece for each loop: all from the first to the last time that a line runs which runs more than once."""
    lines = [(value.backward, line_of(value)) for value in values]
    last = {line: i for i, line in enumerate(lines)}
    pieces: list[Fold] = []
    start = 0
    while start < len(values):
        stop, i = last[lines[start]], start
        while i <= stop:
            stop = max(stop, last[lines[i]])
            i += 1
        found = sorted({line for _, line in lines[start : stop + 1]})
        title = titled(found[0]) if len(found) == 1 else f"lines {found[0]} to {found[-1]}"
        pieces.append(Fold(title, tuple([value.number for value in values[start : stop + 1]])))
        start = stop + 1
    return pieces


def in_runs(values: Sequence[Value], most: int) -> list[Fold]:
    """As many pieces as there may be, of one size."""
    size = -(-len(values) // most)
    cut = [values[i : i + size] for i in range(0, len(values), size)]
    return [Fold(titled(line_of(run[0])), tuple([value.number for value in run])) for run in cut]


def pieces_of(values: Sequence[Value], key: Callable[[Value], Hashable], title: Callable[[Value], str]) -> list[Fold]:
    """A piece for each run of values of one key."""
    runs: list[list[Any]] = [list(run) for _, run in groupby(values, key)]
    return [Fold(title(run[0]), tuple([value.number for value in run])) for run in runs]


def titled(line: int) -> str:
    """What the operations of a line are called; nothing where no line of the user's made them."""
    return f"line {line}" if line else ""


def line_of(value: Value) -> int:
    """The line of the drawn function that a value belongs to."""
    return value.line or (value.place.line if value.place else 0)
