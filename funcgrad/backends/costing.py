"""Costing: what a program costs, read off its graph: operations, bytes moved, memory, by the lines that it was made of.

These are counts, not times. An operation element by element counts one for each element of the answer, whatever the
function; a product of matrices two for each product that is summed; factorisations have the usual leading terms (Golub
and Van Loan, *Matrix Computations*, 4th edition, 2013); a Fourier transform 5 n log₂ n, of real numbers half of that.
An array that is read or written counts its bytes once; a view costs nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import singledispatch
from math import log2, prod
from typing import Any

from attrs import field, frozen

from funcgrad.backends.numbering import bytes_of
from funcgrad.graph.graph import Graph
from funcgrad.graph.op import Op, Result, Weakness
from funcgrad.graph.places import Place
from funcgrad.graph.types import type_of
from funcgrad.primitives.contracting import Einsum, MatMul, letters
from funcgrad.primitives.correlating import ChainCorrelation, Correlation
from funcgrad.primitives.indexing import Gather, Index, Scatter
from funcgrad.primitives.kinds import Expand, Sum
from funcgrad.primitives.ordering import Groups, Order
from funcgrad.primitives.patching import Folded, Patches
from funcgrad.primitives.placing import Place as Placed
from funcgrad.primitives.pointwise import Imaginary
from funcgrad.primitives.reducing import Extreme, Product, Truth
from funcgrad.primitives.shaping import Cast, Concatenate, Overlapped, Reshape, Stack, Transpose, Windows
from funcgrad.primitives.solving import Cholesky, Cofactors, CofactorSlope, Determinant, Inverse, SignLogDet, Solve
from funcgrad.primitives.spectral import Fourier, InverseRealFourier, RealFourier

#: Operations whose answers are in the memory of their argument.
VIEWS = (Reshape, Transpose, Windows, Patches, Index, Expand, Imaginary, Result, Weakness)
#: Operations that only move numbers.
MOVING = (*VIEWS, Gather, Placed, Concatenate, Stack, Cast)


@frozen
class Line:
    """What one of the user's lines costs."""

    #: Arithmetic operations.
    operations: int
    #: Bytes read and written.
    bytes_moved: int


@frozen(repr=False)
class Cost:
    """What one call of a program costs, by its graph. Printed, it is a table of the user's lines, dearest first."""

    #: Arithmetic operations.
    operations: int
    #: Bytes read and written.
    bytes_moved: int
    #: The most bytes that the values of the program take at one time, without its arguments and constants.
    peak_memory: int
    #: The same by line; None for what has none.
    lines: dict[Place | None, Line] = field(eq=False)

    def __repr__(self) -> str:
        rows = sorted(self.lines.items(), key=lambda pair: -pair[1].bytes_moved)
        table = [(str(place or "elsewhere"), one.operations, one.bytes_moved) for place, one in rows]
        table.append(("all", self.operations, self.bytes_moved))
        width = max([len(name) for name, *_ in table])
        head = f"{'line':<{width}}  {'operations':>14}  {'bytes moved':>14}"
        body = [f"{name:<{width}}  {n:>14,}  {moved:>14,}" for name, n, moved in table]
        return "\n".join([head, *body, f"peak memory {self.peak_memory:,} bytes"])


def cost_of(graph: Graph) -> Cost:
    """The cost of running a graph once."""
    kinds = [*graph.inputs, *[type_of(one.value) for one in graph.constants]]
    given = len(kinds)
    lines: dict[Place | None, list[int]] = defaultdict(lambda: [0, 0])
    for step in graph.steps:
        args = [kinds[i] for i in step.args]
        line = lines[None if step.place is None else Place(step.place.file, step.place.line)]
        if not isinstance(step.op, VIEWS):
            for inner, times in step.op.inside:
                below = cost_of(inner)
                line[0] += times * below.operations
                line[1] += times * below.bytes_moved
            line[0] += 0 if step.op.inside else operations(step.op, args, step.type)
            line[1] += sum(map(memory, [*args, step.type]))
        kinds.append(step.type)
    return Cost(
        sum([count for count, _ in lines.values()]),
        sum([moved for _, moved in lines.values()]),
        peak(graph, kinds, given),
        {place: Line(*pair) for place, pair in lines.items()},
    )


def memory(kind: Any) -> int:
    """The bytes of a value, or of a tuple of values."""
    return sum(map(memory, kind)) if type(kind) is tuple else bytes_of(kind)


def peak(graph: Graph, kinds: Sequence[Any], given: int) -> int:
    """The most bytes alive at one time, where each value lives until its last use."""
    roots = [frozenset((i,)) for i in range(given)]
    for i, step in enumerate(graph.steps, given):
        below = frozenset[int]().union(*[roots[k] for k in step.args])
        roots.append(below if isinstance(step.op, VIEWS) else frozenset((i,)))
    last = {root: len(kinds) for i in graph.outputs for root in roots[i]}
    for i in range(len(kinds) - 1, given - 1, -1):
        for k in graph.steps[i - given].args:
            for root in roots[k]:
                last.setdefault(root, i)
    ending = defaultdict(list)
    for root, i in last.items():
        ending[i].append(root)
    alive = most = 0
    for i in range(given, len(kinds)):
        if roots[i] == {i}:
            alive += memory(kinds[i])
            most = max(most, alive)
            alive -= 0 if i in last else memory(kinds[i])
        alive -= sum([memory(kinds[root]) for root in ending[i] if root >= given])
    return most


@singledispatch
def operations(_op: Op, _args: list[Any], answer: Any) -> int:
    """How many arithmetic operations an operation takes."""
    return sum([one.size for one in answer]) if type(answer) is tuple else int(answer.size)


def counts(*classes: type[Op]) -> Callable[[Any], Any]:
    """Register the count of some operations."""

    def register(count: Any) -> Any:
        for cls in classes:
            operations.register(cls)(count)
        return count

    return register


@counts(*MOVING)
def _(_op: Any, _args: list[Any], _answer: Any) -> int:
    return 0


@counts(Sum, Extreme, Product, Truth, Scatter, Overlapped, Folded)
def _(_op: Any, args: list[Any], _answer: Any) -> int:
    return sum([int(arg.size) for arg in args if arg.dtype.kind != "i"]) or int(args[0].size)


@counts(MatMul)
def _(_op: Any, args: list[Any], answer: Any) -> int:
    return 2 * int(answer.size) * int(args[0].shape[-1])


@counts(Einsum)
def _(op: Any, args: list[Any], _answer: Any) -> int:
    xs, ys, _ = letters(op.subscripts)
    return int(2 * prod(dict(zip(xs + ys, args[0].shape + args[1].shape, strict=True)).values()))


@counts(Correlation, ChainCorrelation)
def _(op: Any, args: list[Any], answer: Any) -> int:
    x, y = args
    return 2 * int(x.size if op.full else answer.size) * int(y.shape[-1])


@counts(Fourier, RealFourier, InverseRealFourier)
def _(op: Any, args: list[Any], answer: Any) -> int:
    (x,) = args
    whole = answer if isinstance(op, InverseRealFourier) else x
    n = whole.shape[op.axis]
    return int((5 if isinstance(op, Fourier) else 2.5) * whole.size * log2(n)) if n else 0


@counts(Order, Groups)
def _(op: Any, args: list[Any], answer: Any) -> int:
    n = args[0].shape[op.axis]
    return int(answer.size * max(1, log2(n))) if n else 0


@counts(Solve, Inverse, Determinant, SignLogDet, Cholesky, Cofactors, CofactorSlope)
def _(op: Any, args: list[Any], _answer: Any) -> int:
    *stack, n, _ = args[0].shape
    cubes = {Inverse: 2, Cholesky: 1 / 3, Cofactors: 22, CofactorSlope: 30}.get(type(op), 2 / 3)
    further = 2 * n * n * args[1].shape[-1] if isinstance(op, Solve) else 0
    return int(prod(stack) * (cubes * n**3 + further))
