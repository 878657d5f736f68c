"""Banding: what begins with a unit matrix, as a Jacobian does, stays a matrix of few diagonals for as long as it can.

A matrix of few diagonals is written as `Banded` of its diagonals, and each step on it as steps on them; the matrix
itself is only made where it is needed. Its zeros are those of a constant, so 0·∞ stays out. The axes of an array stand
for rows, and after them for columns: a Jacobian has as many as the answer and the argument together.
"""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from attrs import evolve, frozen

from funcgrad.primitives import pointwise
from funcgrad.primitives.banding import Banded, Diagonal
from funcgrad.primitives.indexing import Index, Scatter
from funcgrad.primitives.kinds import Sum
from funcgrad.primitives.pointwise import Conjugate, Select
from funcgrad.primitives.shaping import Cast, Concatenate, Reshape, Transpose
from funcgrad.rewrites.draft import CONSTANT, Draft, identity

#: So many elements of the matrix for each diagonal, and twice as many at least: then a step on each diagonal, and
#: writing them into zeros, take less time than a step on the matrix (measured: a half at 48 by 48, a third at 100).
LARGE = 1 << 10
#: And so many times as many elements as the diagonals have together.
SPARSE = 8
#: What a matrix of few diagonals may be made by.
MATRICES = (CONSTANT, Banded, Reshape)


@frozen
class Bands:
    """An array as a matrix of few diagonals."""

    #: Its shape.
    shape: tuple[int, ...]
    #: How many of its axes, from the front, stand for the rows.
    split: int
    #: The diagonals: row, column and length of each, and the vector.
    pieces: tuple[tuple[int, int, int, int], ...]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return prod(self.shape[: self.split])

    @property
    def columns(self) -> int:
        """The number of columns."""
        return prod(self.shape[self.split :])


# ---- reading and writing ---------------------------------------------------------------------------------------------
def readings(b: Draft, number: int) -> Iterator[Bands]:
    """The ways in which a value is a matrix of few diagonals, by how its axes part."""
    if b.keys[number] in MATRICES:
        for split in range(1, len(b.shape(number))):
            found = bands(b, number, split)
            if found is not None:
                yield found


def bands(b: Draft, number: int, split: int) -> Bands | None:
    """A value as a matrix of few diagonals, whose rows are the first axes; None if it is none."""
    if b.keys[number] == CONSTANT:
        if (number, split) not in b.banded:
            b.banded[number, split] = bands_of_constant(b, number, split)
        found: Bands | None = b.banded[number, split]
        return found
    shape = b.shape(number)
    inner = b.made(number, Reshape)
    source = inner[0] if inner else number
    vectors = b.made(source, Banded)
    if not vectors or len(b.shape(source)) != 2 or not 0 < split < len(shape):
        return None
    if prod(shape[:split]) != b.shape(source)[0] or not prod(shape):
        return None
    pieces = zip(b.ops[source].segments, vectors, strict=True)
    return Bands(shape, split, tuple([(*segment, vector) for segment, vector in pieces]))


def bands_of_constant(b: Draft, number: int, split: int) -> Bands | None:
    """The same of a constant."""
    a = b.values[number].value
    if not isinstance(a, np.ndarray) or a.dtype.kind not in "fc" or not a.size:
        return None
    matrix = a.reshape(prod(a.shape[:split]), prod(a.shape[split:]))
    if a.size > LARGE and 2 * np.count_nonzero(matrix[:SPARSE]) > matrix[:SPARSE].size:  # so are most
        return None
    count = np.count_nonzero(a)
    if not count:
        return Bands(a.shape, split, ())
    if count * SPARSE > a.size or a.size < 2 * LARGE:
        return None
    rows, columns = matrix.nonzero()
    pieces: list[tuple[int, int, int, int]] = []
    for offset in np.unique(columns - rows).tolist():
        if len(pieces) * LARGE > a.size:
            return None
        on = rows[columns - rows == offset]
        row, length = int(on.min()), int(on.max() - on.min()) + 1
        vector = matrix.diagonal(offset)[row - max(0, -offset) :][:length].copy()
        vector.flags.writeable = False
        pieces.append((row, row + offset, length, b.constant(vector)))
    whole = Bands(a.shape, split, tuple(pieces))
    return whole if worthwhile(whole) else None


def worthwhile(a: Bands) -> bool:
    """Whether the diagonals are few and short enough."""
    size, total = a.rows * a.columns, sum([length for _, _, length, _ in a.pieces])
    return max(2, len(a.pieces)) * LARGE <= size and total * SPARSE <= size


def written(b: Draft, a: Bands, kind: Any) -> int | None:
    """The array, its diagonals added where they are the same; None if they are too many."""
    together: dict[tuple[int, int, int], int] = {}
    for row, column, length, vector in a.pieces:
        place = (row, column, length)
        together[place] = b(pointwise.add, together[place], vector) if place in together else vector
    if not together:
        return b.constant(np.zeros(kind.shape, kind.dtype))
    order = sorted(together, key=lambda place: (place[1] - place[0], place))
    merged = evolve(a, pieces=tuple([(*place, together[place]) for place in order]))
    if not worthwhile(merged):
        return None
    matrix = b(Banded((a.rows, a.columns), tuple(order)), *[together[place] for place in order])
    return b(Reshape(a.shape), matrix) if a.shape != b.shape(matrix) else matrix


def along(b: Draft, x: int, a: Bands, piece: tuple[int, int, int, int]) -> int | None:
    """What an array that broadcasts beside a matrix has on one of its diagonals: a vector, or a number."""
    row, column, length, _ = piece
    x = b.thin(x)
    shape = (1,) * (len(a.shape) - len(b.shape(x))) + b.shape(x)
    tall, wide = prod(shape[: a.split]), prod(shape[a.split :])
    if tall == wide == 1:
        return b(Index((0,) * len(b.shape(x))), x) if b.shape(x) else x
    if tall == 1 and wide == a.columns:
        return section(b, b(Reshape((wide,)), x), column, length)
    if wide == 1 and tall == a.rows:
        return section(b, b(Reshape((tall,)), x), row, length)
    if (tall, wide) != (a.rows, a.columns):
        return None
    return b(Diagonal((row, column, length)), b(Reshape((tall, wide)), x))


def section(b: Draft, vector: int, start: int, length: int) -> int:
    """Part of a vector."""
    return vector if b.shape(vector) == (length,) else b(Index((slice(start, start + length),)), vector)


# ---- element by element ----------------------------------------------------------------------------------------------
@identity("multiply", "chain", after=MATRICES)
def bands_scaled(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A constant matrix of few diagonals, times x: each diagonal times x there; 0·∞, which is NaN, stays out."""
    for i in (0, 1):
        if b.shape(args[i]) != kind.shape:
            continue
        for a in readings(b, args[i]):
            others = [along(b, args[1 - i], a, piece) for piece in a.pieces]
            if others and None not in others:
                pieces = [(*p[:3], b(op, p[3], x)) for p, x in zip(a.pieces, others, strict=True) if x is not None]
                return written(b, evolve(a, pieces=tuple(pieces)), kind)
    return None


@identity("divide", after=MATRICES)
def bands_over_number(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A matrix of few diagonals over a finite number other than 0: each diagonal over it. n quotients for n²."""
    c = b.factor(args[1])
    if c is None or c == 0 or not np.isfinite(c) or b.shape(args[0]) != kind.shape:
        return None
    for a in readings(b, args[0]):
        if a.pieces:
            return written(b, evolve(a, pieces=tuple([(*p[:3], b(op, p[3], b.thin(args[1]))) for p in a.pieces])), kind)
    return None


@identity("negative", Cast, Conjugate, after=MATRICES)
def bands_one_by_one(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """-x, x at another dtype, x*, of a matrix of few diagonals: that of each diagonal. n elements for n²."""
    if kind.dtype.kind not in "fc":
        return None
    for a in readings(b, args[0]):
        if a.pieces:
            return written(b, evolve(a, pieces=tuple([(*p[:3], b(op, p[3])) for p in a.pieces])), kind)
    return None


@identity("add", "subtract", after=MATRICES)
def bands_added(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """The sum of two matrices of few diagonals has the diagonals of both. n sums for n²."""
    x, y = args
    if b.shape(x) != kind.shape or b.shape(y) != kind.shape:
        return None
    for one in readings(b, x):
        other = bands(b, y, one.split)
        if other is not None and (one.pieces or other.pieces):
            signed = [(*p[:3], b(pointwise.neg, p[3]) if op is pointwise.sub else p[3]) for p in other.pieces]
            return written(b, evolve(one, pieces=(*one.pieces, *signed)), kind)
    return None


@identity(Select, after=MATRICES)
def bands_chosen(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """x or y, of which one is a matrix of few diagonals and the other is 0: that of each diagonal. n choices for n²."""
    chosen, *sides = args
    for i in (0, 1):
        zero = b.factor(sides[1 - i])
        if zero is None or zero != 0 or b.shape(sides[i]) != kind.shape:
            continue
        for a in readings(b, sides[i]):
            masks = [along(b, chosen, a, piece) for piece in a.pieces]
            if masks and None not in masks:
                nothing = b.thin(sides[1 - i])
                pairs = [(p[3], nothing) if i == 0 else (nothing, p[3]) for p in a.pieces]
                vectors = [b(op, mask, *pair) for mask, pair in zip(masks, pairs, strict=True) if mask is not None]
                pieces = [(*p[:3], vector) for p, vector in zip(a.pieces, vectors, strict=True)]
                return written(b, evolve(a, pieces=tuple(pieces)), kind)
    return None


# ---- parts and wholes ------------------------------------------------------------------------------------------------
def ranges(entries: tuple[Any, ...], shape: tuple[int, ...], split: int) -> tuple[range, range] | None:
    """The rows and the columns of the part that an index takes of an array; None if they are no ranges."""
    taken: list[range] = []
    for e in entries:
        n = shape[len(taken)] if len(taken) < len(shape) else 0
        if type(e) is slice and range(n)[e].step == 1:
            taken.append(range(n)[e])
        elif type(e) is int and n == 1:
            taken.append(range(1))
        elif e is not None:
            return None
    taken += [range(n) for n in shape[len(taken) :]]
    rows = together(taken[:split], shape[:split])
    columns = together(taken[split:], shape[split:])
    return None if rows is None or columns is None else (rows, columns)


def together(taken: list[range], lengths: tuple[int, ...]) -> range | None:
    """The numbers of some elements, counted through several axes, where they follow one another."""
    for k, (one, n) in enumerate(zip(taken, lengths, strict=True)):
        if len(one) != n:
            if prod(lengths[:k]) != 1 or any(
                [len(a) != m for a, m in zip(taken[k + 1 :], lengths[k + 1 :], strict=True)]
            ):
                return None
            inner = prod(lengths[k + 1 :])
            return range(one.start * inner, one.stop * inner)
    return range(prod(lengths))


def divided(shape: tuple[int, ...], rows: int, columns: int) -> int | None:
    """How many axes stand for the rows."""
    for split in range(len(shape) + 1):
        if prod(shape[:split]) == rows and prod(shape[split:]) == columns:
            return split
    return None


@identity(Index, after=MATRICES)
def part_of_bands(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Adjacent rows and columns of a matrix of few diagonals have parts of these. No matrix is made first."""
    for a in readings(b, args[0]):
        where = ranges(op.entries, a.shape, a.split)
        if where is None or not prod(kind.shape):
            continue
        rows, columns = where
        split = divided(kind.shape, len(rows), len(columns))
        if split is None:
            continue
        pieces = []
        for row, column, length, vector in a.pieces:
            start = max(0, rows.start - row, columns.start - column)
            stop = min(length, rows.stop - row, columns.stop - column)
            if start < stop:
                place = (row + start - rows.start, column + start - columns.start, stop - start)
                pieces.append((*place, section(b, vector, start, stop - start)))
        return written(b, Bands(kind.shape, split, tuple(pieces)), kind)
    return None


@identity(Diagonal, after=(Banded,))
def diagonal_of_bands(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A diagonal of a matrix of few diagonals is (part of) one of them, or 0. No matrix is made first."""
    a = bands(b, args[0], 1)
    if a is None or not prod(kind.shape):
        return None
    row, column, length = op.segment
    met = [p for p in a.pieces if p[1] - p[0] == column - row and p[0] < row + length and row < p[0] + p[2]]
    if not met:
        return b.constant(np.zeros(kind.shape, kind.dtype))
    first, _, n, vector = met[0]
    if len(met) > 1 or first > row or first + n < row + length:
        return None
    return section(b, vector, row - first, length)


@identity(Scatter, after=MATRICES)
def bands_into_zeros(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Matrices of few diagonals, put into zeros and added, have all these diagonals. No zeros but once."""
    if any(not isinstance(place, Index) for place in op.places):
        return None
    for split in range(1, len(kind.shape)):
        pieces = []
        for place, x in zip(op.places, args, strict=True):
            a = bands(b, x, split)
            where = ranges(place.entries, kind.shape, split)
            if a is None or where is None or len(b.shape(x)) != len(kind.shape):
                break
            pieces += [(p[0] + where[0].start, p[1] + where[1].start, *p[2:]) for p in a.pieces]
        else:
            return written(b, Bands(kind.shape, split, tuple(pieces)), kind) if pieces else None
    return None


@identity(Concatenate, after=MATRICES)
def bands_side_by_side(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Matrices of few diagonals, put together, have all these diagonals. No copy of each."""
    for split in range(1, len(kind.shape)):
        pieces, at = [], 0
        for x in args:
            n, a = b.shape(x)[op.axis], bands(b, x, split)
            entry = (*(slice(None),) * op.axis, slice(at, at + n))
            where = ranges(entry, kind.shape, split)
            if a is None or where is None:
                break
            pieces += [(p[0] + where[0].start, p[1] + where[1].start, *p[2:]) for p in a.pieces]
            at += n
        else:
            return written(b, Bands(kind.shape, split, tuple(pieces)), kind) if pieces else None
    return None


@identity(Transpose, after=MATRICES)
def bands_turned(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """The transpose of a matrix of few diagonals has these, with rows for columns. A step less."""
    for a in readings(b, args[0]):
        axes = [axis for axis in op.axes if a.shape[axis] != 1]
        units = sum([n != 1 for n in a.shape[: a.split]])
        inner = sorted(axes)
        if not a.pieces or axes != inner[units:] + inner[:units]:
            continue
        split = divided(kind.shape, a.columns, a.rows)
        if split is not None:
            pieces = tuple([(column, row, *rest) for row, column, *rest in a.pieces])
            return written(b, Bands(kind.shape, split, pieces), kind)  # type: ignore[arg-type]  # rest are two
    return None


@identity(Sum, after=(Banded, Reshape))
def sum_of_bands(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Σ over all rows, all columns, or both, of a matrix of few diagonals is the sum of these. n terms for n²."""
    for a in readings(b, args[0]):
        axes = [axis for axis in op.axes if a.shape[axis] != 1]
        rows = [axis for axis in range(a.split) if a.shape[axis] != 1]
        columns = [axis for axis in range(a.split, len(a.shape)) if a.shape[axis] != 1]
        if axes == rows + columns:
            parts = [b(Sum((0,)), p[3]) for p in a.pieces]
        elif axes == columns:
            parts = [padded(b, p[3], p[0], a.rows) for p in a.pieces]
        elif axes == rows:
            parts = [padded(b, p[3], p[1], a.columns) for p in a.pieces]
        else:
            continue
        total = parts[0]
        for part in parts[1:]:
            total = b(pointwise.add, total, part)
        return total if b.shape(total) == kind.shape else b(Reshape(kind.shape), total)
    return None


def padded(b: Draft, vector: int, start: int, n: int) -> int:
    """A vector within zeros."""
    stop = start + b.shape(vector)[0]
    return vector if b.shape(vector) == (n,) else b(Scatter((n,), (Index((slice(start, stop),)),)), vector)
