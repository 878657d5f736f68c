"""Patterns: which elements of the arguments each element of a result depends on, by a fold over the graph.

The rules are exact, but for three things they leave aside: numbers (x - x depends on x), choices (`where`, `maximum`
and sorting depend on all that they choose from), and operations without a rule, each of whose results is taken to
depend on all that the operation takes.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from funcgrad.graph.graph import Graph
from funcgrad.graph.op import Op, Result, Weakness
from funcgrad.graph.types import type_of
from funcgrad.primitives.banding import Banded, Diagonal
from funcgrad.primitives.contracting import Einsum, MatMul, columns, letters, rows
from funcgrad.primitives.correlating import Correlation
from funcgrad.primitives.indexing import Gather, Index, Scatter
from funcgrad.primitives.kinds import Expand, Pointwise, Sum, chain
from funcgrad.primitives.ordering import Arranged, Levelled, OrderStatistics
from funcgrad.primitives.placing import Place
from funcgrad.primitives.pointwise import Conjugate, Imaginary, PowerBy, Select, mul
from funcgrad.primitives.reducing import Extreme, Length, LogSumExp, Product
from funcgrad.primitives.scanning import CumulativeProduct, CumulativeSum, Powers
from funcgrad.primitives.shaping import Cast, Concatenate, Overlapped, Reshape, Stack, Transpose, Windows
from funcgrad.primitives.spectral import Fourier, InverseRealFourier, RealFourier
from funcgrad.transforms.checkpointing import Checkpoint
from funcgrad.transforms.choosing import Choose
from funcgrad.transforms.scanning import Scan
from funcgrad.transforms.sparse.sets import (
    Reach,
    bounded,
    kept,
    linked,
    numbered,
    of_rows,
    pooled,
    selected,
    stacked,
    union,
    whole,
)

#: The sets of an operation's answer from the reaches of its arguments and the answer's type; None for empty ones.
Rule = Callable[[Any, Sequence[Reach], Any], Any]


def pattern(graph: Graph) -> list[Any]:
    """For each output of a graph, the sets of the elements of all inputs that its elements depend on.

    Inputs are numbered one after the other. Griewank and Walther, *Evaluating Derivatives* (2008), section 7.1.
    """
    sizes = [kind.size for kind in graph.inputs]
    first, inputs = 0, []
    for kind, size in zip(graph.inputs, sizes, strict=True):
        own = of_rows(np.ones(size, int), np.arange(first, first + size), sum(sizes))
        inputs.append(Reach(kind, own if size else None))
        first += size
    return [reach.sets for reach in reaches(graph, inputs)]


def reaches(graph: Graph, inputs: Sequence[Reach]) -> list[Reach]:
    """What the outputs of a graph depend on, given what its inputs do."""
    values: list[Any] = [*inputs, *[Reach(type_of(one.value), None, one.value) for one in graph.constants]]
    last = {i: n for n, step in enumerate(graph.steps) for i in step.args}
    last |= dict.fromkeys(graph.outputs, len(graph.steps))
    for n, step in enumerate(graph.steps):
        values.append(reach(step.op, [values[i] for i in step.args], step.type))
        for i in step.args:
            if last[i] == n:
                values[i] = None
    return [values[i] for i in graph.outputs]


def reach(op: Op, args: Sequence[Reach], kind: Any) -> Reach:
    """What an answer depends on."""
    if isinstance(op, Result):
        return args[0].parts[op.index]
    depends = any([a.sets is not None for a in args])
    if op.constant or not depends:
        if depends:
            op.dropped()
        return empty(kind)
    if type(kind) is tuple:
        rule = next((SEVERAL[cls] for cls in type(op).__mro__ if cls in SEVERAL), dense_parts)
        return Reach(kind, parts=tuple(rule(op, args, kind)))
    sets = rule_of(op)(op, args, kind)
    return Reach(kind, sets if sets is not None and sets.nnz else None)


def empty(kind: Any) -> Reach:
    """A value that depends on nothing."""
    return Reach(kind, parts=tuple(map(Reach, kind)) if type(kind) is tuple else ())


def rule_of(op: Op) -> Rule:
    """The rule of an operation's class; `links`, where it states that; else all depends on all."""
    for cls in type(op).__mro__:
        if cls in RULES:
            return RULES[cls]
    return by_links if hasattr(op, "links") else dense


# ---- everything on everything ---------------------------------------------------------------------------------------
def dense(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Every element depends on all that the arguments depend on."""
    found = [a.sets for a in args if a.sets is not None]
    return whole(found, kind.size) if found else None


def dense_parts(op: Any, args: Sequence[Reach], kind: Any) -> list[Reach]:
    """The same for each of several results."""
    flat = [a for one in args for a in (one, *one.parts)]
    return [Reach(one, dense(op, flat, one) if one.dtype.kind in "fc" else None) for one in kind]


# ---- element by element ----------------------------------------------------------------------------------------------
def broadcast(a: Reach, shape: tuple[int, ...]) -> Any:
    """The sets of a value stretched to a shape."""
    if a.sets is None or a.type.shape == shape:
        return a.sets
    return selected(a.sets, np.broadcast_to(a.labels, shape))


def pointwise(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element depends on what stands at its place; in a product, not on what a constant 0 multiplies."""
    several = []
    for i, (a, partial) in enumerate(zip(args, op.partials, strict=True)):
        if a.sets is None or partial is None:
            continue
        sets, other = broadcast(a, kind.shape), args[1 - i].value if op in (mul, chain) else None
        if other is not None:
            sets = kept(sets, np.broadcast_to(np.not_equal(other, 0), kind.shape))
        several.append(sets)
    return union(*several)


def same(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element depends on what the same one of the first argument does."""
    return args[0].sets


def power(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """As of a function of x, but x⁰ is 1."""
    return None if op.exponent == 0 else args[0].sets


def choice(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """The one or the other: by a condition that is a constant, known which."""
    condition, x, y = args
    sets, others = broadcast(x, kind.shape), broadcast(y, kind.shape)
    if condition.value is not None:
        chosen = np.broadcast_to(condition.value, kind.shape)
        sets = sets if sets is None else kept(sets, chosen)
        others = others if others is None else kept(others, np.logical_not(chosen))
    return union(sets, others)


# ---- moved about -----------------------------------------------------------------------------------------------------
def data_of(args: Sequence[Reach]) -> list[Any] | None:
    """Arguments that are constants, such as indices; None if one of them is not."""
    values = [a.value for a in args]
    return None if any([value is None for value in values]) else values


def moved(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element is one of x: which, the operation itself says of the numbers of the elements."""
    x, data = args[0], data_of(args[1:])
    return dense(op, args, kind) if data is None else selected(x.sets, op.run(x.labels, *data))


def joined(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element is one of an argument: all their elements are numbered together."""
    count = 2 if isinstance(op, Place) else len(args)
    parts, data = args[:count], data_of(args[count:])
    if data is None:
        return dense(op, args, kind)
    firsts = np.cumsum([0, *[a.type.size for a in parts]]).tolist()
    labels = op.run(*[numbered(a.type, first) for a, first in zip(parts, firsts, strict=False)], *data)
    return selected(stacked([a.sets for a in parts], [a.type.size for a in parts]), labels)


def added(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element is a sum of elements of x: the transpose, which is a move, says to which each of them goes."""
    x, answer = args[0], numbered(kind)
    if isinstance(op, Overlapped):
        return pooled(Windows(op.axis, op.length).run(answer), kind.size, x.sets)
    axes = op.axes if hasattr(op, "axes") else (op.axis,)
    return pooled(Expand(x.type.shape, tuple(axes)).run(answer), kind.size, x.sets)


def scattered(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element is a sum of elements of the pieces whose place it is."""
    data = data_of(args[len(op.places) :])
    if data is None:
        return dense(op, args, kind)
    pieces, answer, several = args[: len(op.places)], numbered(kind), []
    parts = op.parted((*pieces, *data))
    for a, (place, indices) in zip(pieces, parts, strict=True):
        if a.sets is not None:
            several.append(pooled(place.run(answer, *indices), kind.size, a.sets))
    return union(*several)


def banded(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element is a sum of elements of the diagonals it is on."""
    answer = numbered(kind)
    return union(
        *[
            pooled(Diagonal(segment).run(answer), kind.size, a.sets)
            for a, segment in zip(args, op.segments, strict=True)
            if a.sets is not None
        ]
    )


# ---- along an axis ---------------------------------------------------------------------------------------------------
def lanes(shape: tuple[int, ...], axis: int) -> Any:
    """For each element, the number of the line along `axis` that it is on."""
    lengths = [n for i, n in enumerate(shape) if i != axis]
    return np.broadcast_to(np.expand_dims(np.arange(prod(lengths)).reshape(lengths), axis), shape)


def along(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element depends on the whole line along the axis that it is on."""
    x = args[0]
    lines = pooled(lanes(x.type.shape, op.axis), x.type.size // max(x.type.shape[op.axis], 1), x.sets)
    return selected(lines, lanes(kind.shape, op.axis))


def cumulative(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element depends on those before it along the axis, and on its own."""
    x = args[0]
    bounded(kind.size * (x.type.shape[op.axis] + 1) // 2)
    labels = np.moveaxis(x.labels, op.axis, -1)
    i, j = np.tril_indices(x.type.shape[op.axis])
    return linked(labels[..., i], labels[..., j], kind.size, x.sets)


def powers(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element is a power of one of x, the first of each row none."""
    exponents = numbered(kind) % op.count
    return kept(selected(args[0].sets, numbered(kind) // op.count), exponents > 0)


# ---- contracted ------------------------------------------------------------------------------------------------------
def matmul(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element depends on a row of X and on a column of Y."""
    x, y = args
    left, right = rows(x.type.shape), columns(y.type.shape)
    stack = np.broadcast_shapes(left[:-2], right[:-2])
    X = np.broadcast_to(x.labels.reshape(left), (*stack, *left[-2:]))[..., :, :, None]
    Y = np.broadcast_to(y.labels.reshape(right), (*stack, *right[-2:]))[..., None, :, :]
    return products(X, Y, numbered(kind).reshape(*stack, left[-2], 1, right[-1]), -2, args, kind)


def einsum(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """Each element depends on what is multiplied in its sum."""
    xs, ys, zs = letters(op.subscripts)
    summed = [a for a in dict.fromkeys(xs + ys) if a not in zs]
    order = [*zs, *summed]

    def spread(labels: Any, names: str) -> Any:
        """Numbers with an axis for each letter, of length 1 where they have it not."""
        axes = [names.index(a) for a in order if a in names]
        shape = [np.shape(labels)[names.index(a)] if a in names else 1 for a in order]
        return np.transpose(labels, axes).reshape(shape)

    X, Y, Z = spread(args[0].labels, xs), spread(args[1].labels, ys), spread(numbered(kind), zs)
    return products(X, Y, Z, tuple(range(len(zs), len(order))), args, kind)


def products(X: Any, Y: Any, Z: Any, axes: Any, args: Sequence[Reach], kind: Any) -> Any:
    """The sets of sums of products over `axes`; X, Y and Z number the elements, broadcasting to one product each."""
    axes = (axes,) if type(axes) is int else axes
    if not prod(np.broadcast_shapes(X.shape, Y.shape, Z.shape)):
        return None
    several = []
    for own, other, labels, others in ((args[0], args[1], X, Y), (args[1], args[0], Y, X)):
        if own.sets is None:
            continue
        if other.value is not None and np.count_nonzero(other.value) < other.type.size:
            several.append(partly(labels, others, Z, own, other, kind))
            continue
        # All products with one element of the answer: first sums over what is summed, then repeated.
        sums = np.moveaxis(labels, axes, range(-len(axes), 0)) if axes else labels[..., None]
        sums = sums.reshape(*sums.shape[: labels.ndim - len(axes)], -1)
        size = prod(sums.shape[:-1])
        into = np.broadcast_to(np.arange(size).reshape(*sums.shape[:-1], 1), sums.shape)
        total = linked(into, sums, size, own.sets)
        repeats = np.arange(size).reshape(sums.shape[:-1])
        for axis in sorted([axis % labels.ndim for axis in axes]):
            repeats = np.expand_dims(repeats, axis)
        several.append(selected(total, np.broadcast_to(repeats, Z.shape)))
    return union(*several)


def partly(labels: Any, others: Any, Z: Any, own: Reach, other: Reach, kind: Any) -> Any:
    """The sets of sums of products with a constant, of which some elements are 0: the products with the others."""
    shape = np.broadcast_shapes(labels.shape, others.shape, Z.shape)
    there = np.nonzero(np.not_equal(other.value, 0).reshape(-1)[others])
    free = [axis for axis, n in enumerate(shape) if n != others.shape[axis]]
    bounded(len(there[0]) * prod([shape[axis] for axis in free]))
    places: list[Any] = [places.reshape(-1, *(1,) * len(free)) for places in there]
    for i, axis in enumerate(free):
        places[axis] = np.arange(shape[axis]).reshape(-1, *(1,) * (len(free) - i - 1))
    index = tuple(np.broadcast_arrays(*places))
    return linked(np.broadcast_to(Z, shape)[index], np.broadcast_to(labels, shape)[index], kind.size, own.sets)


def correlated(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """zₖ depends on xₖ₊ⱼ and yⱼ for all j, counted from the first offset at which the two meet."""
    x, y = args
    n, m = x.type.shape[-1], y.type.shape[-1]
    first = 1 - m if op.full else 0
    bounded(kind.size * m)
    k, j = np.indices((kind.shape[-1], m)).reshape(2, -1)
    i = k + j + first
    inside = (i >= 0) & (i < n)
    k, j, i = k[inside], j[inside], i[inside]
    X, Y, Z = x.labels.reshape(-1, n), y.labels.reshape(-1, m), numbered(kind).reshape(-1, kind.shape[-1])
    return union(
        None if x.sets is None else linked(Z[:, k], X[:, i], kind.size, x.sets),
        None if y.sets is None else linked(Z[:, k], Y[:, j], kind.size, y.sets),
    )


def by_links(op: Any, args: Sequence[Reach], kind: Any) -> Any:
    """As the operation itself says: `op.links(i, *args)` is the pairs of an element of z and one of argument i."""
    several = []
    for i, a in enumerate(args):
        if a.sets is not None:
            pairs = op.links(i, *[a.type if a.value is None else a.value for a in args])
            if pairs is None:
                return dense(op, args, kind)
            rows, elements = pairs
            several.append(linked(rows, elements, kind.size, a.sets))
    return union(*several)


# ---- graphs inside ---------------------------------------------------------------------------------------------------
def recomputed(op: Any, args: Sequence[Reach], kind: Any) -> list[Reach]:
    """The results of a function that is computed again depend on what it makes them of."""
    return [Reach(one, found.sets) for one, found in zip(kind, reaches(op.body.graph, args), strict=True)]


def chosen(op: Any, args: Sequence[Reach], kind: Any) -> list[Reach]:
    """The results of a choice depend on what they depend on in any branch."""
    branches = [reaches(body.graph, args[1:]) for body in op.branches]
    return [Reach(one, union(*[branch[i].sets for branch in branches])) for i, one in enumerate(kind)]


def scanned(op: Any, args: Sequence[Reach], kind: Any) -> list[Reach]:
    """The results of a loop of known length: step by step."""
    n, m, inputs = op.carries, op.carries + op.rows, op.body.graph.inputs
    carry, found = list(args[:n]), []
    times = range(op.length)[::-1] if op.reverse else range(op.length)
    for t in times:
        taken = [row(a, t, one) for a, one in zip(args[n:m], inputs[n:m], strict=True)]
        answers = reaches(op.body.graph, [*carry, *taken, *args[m:]])
        carry = [Reach(a.type, a.sets) for a in answers[:n]]
        found.append(answers[n:])
    if op.reverse:
        found.reverse()
    stacks = [one_after_another([answers[i] for answers in found]) for i in range(len(kind) - n)]
    return [Reach(one, sets) for one, sets in zip(kind, [*[a.sets for a in carry], *stacks], strict=True)]


def row(a: Reach, t: int, kind: Any) -> Reach:
    """Row t of a value."""
    if a.sets is None:
        return Reach(kind, None, None if a.value is None else a.value[t])
    return Reach(kind, selected(a.sets, np.arange(t * kind.size, (t + 1) * kind.size)))


def one_after_another(several: Sequence[Reach]) -> Any:
    """The sets of values stacked along a new axis 0."""
    if not any([a.sets is not None for a in several]):
        return None
    return stacked([a.sets for a in several], [a.type.size for a in several])


#: The rule of each class of operations.
RULES: dict[type, Rule] = {
    Pointwise: pointwise,
    PowerBy: power,
    Select: choice,
    **dict.fromkeys([Cast, Conjugate, Imaginary, Weakness], same),
    **dict.fromkeys([Reshape, Transpose, Index, Gather, Windows, Diagonal, Expand], moved),
    **dict.fromkeys([Concatenate, Stack, Place], joined),
    **dict.fromkeys([Sum, Overlapped, Extreme, Length, LogSumExp, Product], added),
    Scatter: scattered,
    Banded: banded,
    **dict.fromkeys([Fourier, RealFourier, InverseRealFourier, Arranged, Levelled, OrderStatistics], along),
    **dict.fromkeys([CumulativeSum, CumulativeProduct], cumulative),
    Powers: powers,
    MatMul: matmul,
    Einsum: einsum,
    Correlation: correlated,
}
#: The rule of each class of operations of several results.
SEVERAL: dict[type, Any] = {Choose: chosen, Scan: scanned, Checkpoint: recomputed}
