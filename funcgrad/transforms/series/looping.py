"""Looping: the series of loops and choices, as loops and choices of series.

A step of a loop of series takes the coefficients of all that moves, one beside the other, and gives those of its
answers. So order n costs n² as much as the loop itself, where derivatives of derivatives of a loop double with each.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import frozen

from funcgrad.graph.graph import Graph
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import zeros_like
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.bodies import Body, fitted, spread, stacked, staged
from funcgrad.transforms.choosing import Choose
from funcgrad.transforms.repeating import Repeat
from funcgrad.transforms.running import inexact
from funcgrad.transforms.scanning import Scan
from funcgrad.transforms.series.streams import Stream, coefficient, first

#: What runs a graph on series: `Expansion(order).run`.
Runner = Callable[[Graph, Sequence[Any]], list[Any]]


@frozen(eq=False)
class Layout:
    """Values as a loop of series takes them: of each its value, and of what moves all other coefficients after it."""

    #: The types of the values.
    kinds: tuple[Type, ...]
    #: Which of them move.
    moving: tuple[bool, ...]
    #: The number of the last coefficient.
    order: int

    def types(self, start: int, stop: int, size: int | None = None) -> Iterator[Type]:
        """The types of values in part, or of so many of each along axis 0."""
        for kind, moves in zip(self.kinds[start:stop], self.moving[start:stop], strict=True):
            yield kind if size is None else stacked(kind, size)
            yield from [kind.strong() if size is None else stacked(kind, size)] * (self.order if moves else 0)

    def count(self, start: int, stop: int) -> int:
        """How many values they are in all."""
        return stop - start + self.order * sum(self.moving[start:stop])

    def flat(self, values: Sequence[Any], start: int = 0) -> list[Any]:
        """Series and constants, from number `start` on, as such values."""
        found: list[Any] = []
        for value, moves in zip(values, self.moving[start:], strict=False):
            found.append(first(value))
            kind = type_of(found[-1]).strong()
            for k in range(1, self.order + 1 if moves else 1):
                c = coefficient(value, k)
                found.append(zeros_like(kind) if c is None else fit(c, kind, stretch=True))
        return found

    def series(self, values: Sequence[Any]) -> list[Any]:
        """Such values as series and constants."""
        found, rest = [], iter(values)
        for moves in self.moving:
            value = next(rest)
            found.append(Stream([value, *[next(rest) for _ in range(self.order)]], self.order) if moves else value)
        return found


def moving_inputs(graph: Graph, args: Sequence[Any], carries: int, order: int) -> Layout:
    """The inputs of a step, of which those move that are made of a series, at once or after some steps."""
    marks, real = spread(graph, [type(a) is Stream for a in args], carries), inexact(graph.inputs)
    return Layout(graph.inputs, tuple([mark and i in real for i, mark in enumerate(marks)]), order)


def outputs(run: Runner, graph: Graph, inside: Layout, carries: int) -> tuple[Layout, Callable[..., list[Any]]]:
    """The answers of a step, those that move, and the step of series."""
    kinds = graph.output_types
    outside = Layout(
        kinds, (*inside.moving[:carries], *[kind.dtype.kind in "fc" for kind in kinds[carries:]]), inside.order
    )

    def step(*values: Any) -> list[Any]:
        answers = run(graph, inside.series(values))
        return list(map(fitted, outside.flat(answers), outside.types(0, len(kinds))))

    return outside, step


def scanned(run: Runner, op: Scan, args: list[Any], order: int) -> list[Any]:
    """The answers of a scan whose arguments are series."""
    n, m, graph = op.carries, op.carries + op.rows, op.body.graph
    inside = moving_inputs(graph, args, n, order)

    def made() -> tuple[Body, Layout]:
        outside, step = outputs(run, graph, inside, n)
        return staged(tuple(inside.types(0, len(inside.kinds))), step), outside

    body, outside = op.body.once(("series", inside.moving, order), made)
    loop = Scan(body, inside.count(0, n), inside.count(n, m), op.length, op.reverse)
    answers: list[Any] = outside.series(loop(*inside.flat(args)))
    return answers


def repeated(run: Runner, op: Repeat, args: list[Any], order: int) -> list[Any]:
    """The answers of a loop of unknown length whose arguments are series: it ends when it does without them."""
    n, m, graph = op.carries, op.carries + op.asked, op.body.graph
    own = [*args[:n], *args[m:]]
    inside = moving_inputs(graph, own, n, order)

    def made() -> tuple[Body, Body, Layout]:
        outside, step = outputs(run, graph, inside, n)
        types, size = tuple(inside.types(0, len(inside.kinds))), inside.count(0, n)
        asked = op.test.graph.inputs[n:]

        def test(*values: Any) -> list[Any]:
            carry = inside.series([*values[:size], *[None] * inside.count(n, len(inside.kinds))])[:n]
            return list(op.test.graph(*map(first, carry), *values[size:]))

        return staged((*types[:size], *asked), test), staged(types, step), outside

    ask, body, outside = op.body.once(("series of a loop", op.test.key, inside.moving, order), made)
    flat, size = inside.flat(own), inside.count(0, n)
    loop = Repeat(ask, body, op.asked)
    answers: list[Any] = outside.series(loop(*flat[:size], *map(first, args[n:m]), *flat[size:]))
    return answers


def chosen(run: Runner, op: Choose, args: list[Any], order: int) -> list[Any]:
    """The answers of a choice whose arguments are series."""
    inside = moving_inputs(op.branches[0].graph, args[1:], 0, order)

    def made() -> tuple[Choose, Layout]:
        several = [outputs(run, body.graph, inside, 0) for body in op.branches]
        types = tuple(inside.types(0, len(inside.kinds)))
        return Choose(tuple([staged(types, step) for _, step in several])), several[0][0]

    key = ("series", inside.moving, order, tuple([body.key for body in op.branches]))
    choice, outside = op.branches[0].once(key, made)
    answers: list[Any] = outside.series(choice(first(args[0]), *inside.flat(args[1:])))
    return answers


#: By class of operation.
LOOPS: dict[type, Callable[[Runner, Any, list[Any], int], list[Any]]] = {
    Scan: scanned,
    Repeat: repeated,
    Choose: chosen,
}
