"""Indexing: z = x[…], and its transpose, which adds into an array of zeros.

Every index of NumPy's comes down to two operations: `Index` (ints, slices, new axes) and `Gather` (integer arrays for
axes that stand together). `resolved` says how, and `getitem` does it.
"""

from collections.abc import Sequence
from math import prod
from operator import index as integer
from types import EllipsisType
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad.errors import UnknownValue
from funcgrad.graph.calls import hold
from funcgrad.graph.dispatch import OPERATORS
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit, forget, strong
from funcgrad.graph.provenance import function_place, refuse
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import Joint, Linear, stretched
from funcgrad.primitives.shaping import ALL, Moved, Reshape, Transpose, ghost, made_of

#: One entry of a basic index.
Entry = int | slice | EllipsisType | None
INVALID = (
    "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) "
    "and integer or boolean arrays are valid indices"
)


@frozen(eq=False)
class Piece:
    """A cotangent of part of an array, kept apart until all parts are there: n pieces then cost O(n), not O(n²)."""

    #: Where it belongs: an `Index` or a `Gather`.
    place: Any
    #: The cotangent of that part.
    zbar: Any
    #: The index arrays, for a `Gather`.
    indices: tuple[Any, ...] = ()


@frozen(eq=False, repr=False)
class Index(Moved):
    """z = x[entries], basic indexing.  Transpose: z̄ added into zeros at the same place."""

    #: The index, an entry an axis from the front.
    entries: tuple[Entry, ...]

    def run(self, x: Any) -> Any:
        return x[self.entries]

    def infer(self, x: Any) -> Any:
        return x.with_shape(ghost(x.shape)[self.entries].shape)

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return Piece(self, zbar)

    def batch(self, *args: Any) -> Any:
        return Index((ALL, *self.entries))(*args)

    @property
    def where(self) -> Any:
        """What `index_of` makes NumPy's index of."""
        return self.entries


@frozen(eq=False, repr=False)
class Gather(Linear):
    """z = x[:, …, i, j, …], integer arrays that broadcast for axes side by side.  Transpose: z̄ added into zeros."""

    #: The first of those axes, not negative.
    axis: int = 0

    def __call__(self, *args: Any) -> Any:
        x, *indices = args
        if type(x) is Node and type(x.value) is np.ndarray and not [i for i in indices if type(i) is not np.ndarray]:
            calls = x.history.calls
            return made_of(x, self, self.run(x.value, *indices), tuple([hold(i, calls) for i in indices]))
        return Linear.__call__(self, *args)

    def run(self, x: Any, *indices: Any) -> Any:
        return x[(ALL,) * self.axis + indices]

    def infer(self, x: Any, *indices: Any) -> Any:
        shapes = [i.shape for i in indices]
        try:
            middle = np.broadcast_shapes(*shapes)
        except ValueError:
            shown = " ".join([str(shape).replace(" ", "") for shape in shapes])
            raise IndexError(
                f"shape mismatch: indexing arrays could not be broadcast together with shapes {shown}"
            ) from None
        return x.with_shape((*x.shape[: self.axis], *middle, *x.shape[self.axis + len(indices) :]))

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return Piece(self, zbar, data)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        x, *indices = args
        if which[0]:
            place, indices = batched_place(self, size, which[1:], indices, type_of(x).shape[1:])
            return place(x, *indices)
        across, indices = aligned(self.axis, which[1:], indices, type_of(x).shape)
        return Gather()(x, *across, *indices)

    @property
    def where(self) -> Any:
        """What `index_of` makes NumPy's index of, together with the index arrays."""
        return self.axis


def index_of(where: Any, indices: tuple[Any, ...]) -> Any:
    """The index that NumPy takes: a basic one, or integer arrays for the axes from number `where` on."""
    return where if type(where) is tuple else (ALL,) * where + indices


def aligned(axis: int, which: Any, indices: Any, shape: tuple[int, ...]) -> tuple[list[Any], list[Any]]:
    """Index arrays of which some are batches, and arrays for the whole axes before them: all broadcast, batch first."""
    rank = max([len(type_of(i).shape) - b for i, b in zip(indices, which, strict=True)])
    across = [
        np.arange(shape[k]).reshape(1, *[-1 if k == j else 1 for j in range(axis)], *(1,) * rank) for k in range(axis)
    ]
    items = [
        i.reshape((i.shape[0], *(1,) * (axis + rank + 1 - i.ndim), *i.shape[1:])) if b else i
        for i, b in zip(indices, which, strict=True)
    ]
    return across, items


def batched_place(
    place: Index | Gather, size: int, which: Any, indices: Any, shape: tuple[int, ...]
) -> tuple[Index | Gather, list[Any]]:
    """The same place in every item of a batch of arrays of `shape`; `which` marks the index arrays that differ."""
    if isinstance(place, Index):
        return Index((ALL, *place.entries)), []
    if not any(which):
        return Gather(place.axis + 1), list(indices)
    across, items = aligned(place.axis, which, indices, shape)
    rank = max([len(type_of(i).shape) for i in items])
    return Gather(), [np.arange(size).reshape(-1, *(1,) * (rank - 1)), *across, *items]


#: From this many numbers a row on, adding row by row is quicker than number by number.
LONG = 512


def add_into(z: Any, where: Any, indices: tuple[Any, ...], piece: Any) -> None:
    """z[…] += piece in an array of one's own, adding up where indices repeat."""
    if type(where) is tuple:
        z[where] += piece
    elif 8 * piece.size < z.size:
        np.add.at(z, index_of(where, indices), piece)  # costs as much as the piece, what follows as much as z
    else:
        add_rows(z, where, indices, piece)


def add_rows(z: Any, axis: int, indices: tuple[Any, ...], piece: Any) -> None:
    """The same along one flattened axis: five times as quick as `np.add.at` with several index arrays or slices."""
    stop, shape = axis + len(indices), z.shape
    outer, count, inner = prod(shape[:axis]), prod(shape[axis:stop]), prod(shape[stop:])
    rows = np.arange(count).reshape(shape[axis:stop])[indices].reshape(-1)  # NumPy checks and counts from the front
    flat, parts = z.reshape(outer, count, inner), piece.reshape(outer, rows.size, inner)
    if outer * inner >= LONG:
        for k, row in enumerate(rows):
            flat[:, row] += parts[:, k]
    else:
        every = (np.arange(outer)[:, None, None] * count + rows[:, None]) * inner + np.arange(inner)
        np.add.at(flat.reshape(-1), every.reshape(-1), parts.reshape(-1))


@frozen(eq=False, repr=False)
class Scatter(Joint):
    """z = zeros with x₀, x₁, … added in at their places.  Transpose: take each place out again.

    The arguments are the pieces and, after them, the index arrays of those places that are a `Gather`.
    """

    #: The shape of the answer.
    shape: tuple[int, ...]
    #: The places: an `Index`, or a pair (`Gather`, number of index arrays).
    places: tuple[Any, ...]

    def parted(self, args: Any) -> list[tuple[Any, Any]]:
        """For each piece, the operation that would take it out, and its share of `args` after the pieces."""
        at, parts = len(self.places), []
        for place in self.places:
            op, used = place if type(place) is tuple else (place, 0)
            parts.append((op, args[at : at + used]))
            at += used
        return parts

    @property
    def wheres(self) -> tuple[tuple[Any, int], ...]:
        """For each place, what `index_of` makes an index of, and how many index arrays it takes."""
        pairs = [place if type(place) is tuple else (place, 0) for place in self.places]
        return tuple([(op.where, used) for op, used in pairs])

    def keep(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        n = len(self.places)
        return (*map(forget, args[:n]), *args[n:])

    def run(self, *args: Any) -> Any:
        return scattered(self.shape, self.wheres, args)

    def infer(self, *args: Any) -> Any:
        return Type(self.shape, np.result_type(*{p.dtype for p in args[: len(self.places)]}))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        parts = self.parted(args)
        return [parts[i][0](zbar, *parts[i][1]) if i < len(parts) else None for i in wanted]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        moving = [i for i in range(len(self.places)) if dots[i] is not None]
        if not moving:
            return None
        parts = self.parted(args)
        indices = [index for i in moving for index in parts[i][1]]
        return Scatter(self.shape, tuple(self.places[i] for i in moving))(*[dots[i] for i in moving], *indices)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        n = len(self.places)
        pieces = [a if b else stretched(a, size) for a, b in zip(args[:n], which[:n], strict=True)]
        places: list[Any] = []
        indices: list[Any] = []
        for (op, arrays), (_, marks) in zip(self.parted(args), self.parted(which), strict=True):
            place, items = batched_place(op, size, marks, arrays, self.shape)
            places.append((place, len(items)) if items else place)
            indices += items
        return Scatter((size, *self.shape), tuple(places))(*pieces, *indices)


def scattered(shape: tuple[int, ...], wheres: tuple[tuple[Any, int], ...], args: tuple[Any, ...]) -> Any:
    """Zeros with pieces added in: `args` are these, and after them the index arrays."""
    at = len(wheres)
    z = np.zeros(shape, np.result_type(*{piece.dtype for piece in args[:at]}))
    for piece, (where, used) in zip(args, wheres, strict=False):
        add_into(z, where, args[at : at + used], piece)
        at += used
    return z


def joined_pieces(pieces: list[Piece], like: Any) -> Any:
    """The cotangent of a whole array from the cotangents of its pieces."""
    places = tuple([(p.place, len(p.indices)) if p.indices else p.place for p in pieces])
    bars = [p.zbar for p in pieces]
    return Scatter(type_of(like).shape, places)(*bars, *[i for p in pieces for i in p.indices])


# ---- x[…] ------------------------------------------------------------------------------------------------------------
def getitem(x: Any, index: Any) -> Any:
    """x[index], for every index that NumPy takes."""
    if type(x) is Node and type(x.value) is np.ndarray and x.value.ndim:
        answer = usual(x, index)
        if answer is not None:
            return answer
    entries, gathered, together = resolved(index, type_of(x).shape)
    x = basic(x, entries)
    if not gathered:
        return x
    axes = [axis for axis, _ in gathered]
    arrays = [array for _, array in gathered]
    if together:
        return Gather(axes[0])(x, *arrays)
    order = (*axes, *[axis for axis in range(type_of(x).ndim) if axis not in axes])
    return Gather()(Transpose(order)(x), *arrays)


def usual(x: Node, index: Any) -> Any:
    """x[index] for the indices that are met most, quickly: x[i], x[a:b], x[:, j], x[mask], x[i, j] with arrays."""
    kind = type(index)
    if kind is int or kind is slice:
        return Index((index,))(x)
    if kind is np.ndarray and index.ndim:
        if index.dtype.kind == "i":
            return Gather()(x, index)
        if index.dtype.kind == "b" and index.shape == x.shape[: index.ndim]:
            return Gather()(x, *index.nonzero())
    elif kind is tuple:
        if not [e for e in index if type(e) is not int and type(e) is not slice]:
            return Index(index)(x)
        whole = 0
        while type(e := index[whole]) is slice and e.start is e.stop is e.step is None:
            whole += 1
        if not [e for e in index[whole:] if type(e) is not np.ndarray or e.dtype.kind != "i" or not e.ndim]:
            return Gather(whole)(x, *index[whole:])
    return None


OPERATORS["getitem"] = getitem


def basic(x: Any, entries: tuple[Entry, ...]) -> Any:
    """x[entries]; of a number only new axes can be asked, which is a matter of its shape."""
    if not type_of(x).shape:
        x = strong(x)
        return Reshape((1,) * entries.count(None))(x) if None in entries else x
    return x if all([type(e) is slice and e == ALL for e in entries]) else Index(entries)(x)


def resolved(index: Any, shape: tuple[int, ...]) -> tuple[tuple[Entry, ...], list[tuple[int, Any]], bool]:
    """An index as a basic one, then integer arrays with the axes of its answer that they index, and whether in place.

    Where arrays stand together, their axes go where the first was; where something stands between them, to the front.
    An int beside arrays counts as one of them in this, and so does a boolean number, which is a new axis of length 1
    indexed by [0] or []. A boolean array is as many integer arrays as it has axes.
    """
    terms = [term_of(e) for e in (index if type(index) is tuple else (index,))]
    if [t is Ellipsis for t in terms].count(True) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    used = sum([t.ndim if is_mask(t) else 0 if t is None or t is Ellipsis else 1 for t in terms])
    if used > len(shape):
        raise IndexError(f"too many indices for array: array is {len(shape)}-dimensional, but {used} were indexed")
    if all([t is None or t is Ellipsis or type(t) in (int, slice) for t in terms]):
        return tuple(terms), [], True
    entries: list[Entry] = []
    gathered: list[tuple[int, Any]] = []
    pointing: list[tuple[Any, int]] = []
    axis = place = 0
    for t in terms:
        if t is Ellipsis:
            entries += [ALL] * (len(shape) - used)
            axis, place = axis + len(shape) - used, place + len(shape) - used
        elif t is None or type(t) is int or type(t) is slice:
            entries.append(t)
            axis, place = axis + (t is not None), place + (type(t) is not int)
        else:
            arrays = rows_of_mask(t, shape, axis) if is_mask(t) else [t]
            pointing += [] if is_mask(t) else [(t, axis)]
            entries += [None] if is_mask(t) and not t.ndim else [ALL] * len(arrays)
            gathered += [(place + k, array) for k, array in enumerate(arrays)]
            axis, place = axis + (t.ndim if is_mask(t) else 1), place + len(arrays)
    if all([array.size for _, array in gathered]):
        for rows, axis in pointing:
            in_bounds(rows, shape[axis], axis)
    kinds = "".join(["." if t is None or t is Ellipsis or type(t) is slice else "a" for t in terms])
    return tuple(entries), gathered, "." not in kinds.strip(".")


def term_of(e: Any) -> Any:
    """One term of an index: an int, a slice, None, Ellipsis, a boolean array, or an integer array or node."""
    kind = type(e)
    if e is None or e is Ellipsis or kind is int:
        return e
    if kind is slice:
        return slice(*[None if n is None else integer(n) for n in (e.start, e.stop, e.step)])
    if kind is Node:
        return node_term(e)
    if isinstance(e, np.ndarray | list | tuple | np.bool_ | bool):
        array = np.asarray(e)
        if array.size == 0 and not isinstance(e, np.ndarray):
            array = array.astype(np.intp)
        if array.dtype.kind not in "biu":
            raise IndexError(
                "arrays used as indices must be of integer (or boolean) type" if isinstance(e, np.ndarray) else INVALID
            )
        return array if array.ndim or array.dtype.kind == "b" else int(array)
    try:
        return integer(e)
    except TypeError:
        raise IndexError(INVALID) from None


def node_term(e: Node) -> Any:
    """A traced value as a term of an index: integers, as they are under vmap."""
    if e.dtype.kind == "b":
        return np.asarray(
            demanded(e, "The shape of x[mask]", "Choose with np.where(mask, x, 0.0), which keeps the shape of x.")
        )
    if e.dtype.kind not in "iu":
        raise IndexError("arrays used as indices must be of integer (or boolean) type" if e.shape else INVALID)
    return e


def is_mask(t: Any) -> bool:
    """Whether a term is a boolean array."""
    return isinstance(t, np.ndarray) and t.dtype.kind == "b"


def rows_of_mask(mask: Any, shape: tuple[int, ...], axis: int) -> list[Any]:
    """The integer arrays that say the same as a boolean array for the axes from `axis` on."""
    if not mask.ndim:
        return [np.arange(int(mask))]
    for k, n in enumerate(mask.shape):
        if n != shape[axis + k]:
            raise IndexError(
                f"boolean index did not match indexed array along axis {axis + k}; size of axis is {shape[axis + k]} "
                f"but size of corresponding boolean axis is {n}"
            )
    return list(mask.nonzero())


def in_bounds(rows: Any, n: int, axis: int) -> None:
    """Refuse integers that point beyond an axis of length n, as far as they are known."""
    if type(rows) is not Node and (rows.min() < -n or rows.max() >= n):
        beyond = rows[(rows < -n) | (rows >= n)][0]
        raise IndexError(f"index {beyond} is out of bounds for axis {axis} with size {n}")


def demanded(a: Any, what: str, remedy: str) -> Any:
    """The plain value of `a`, on which `what` depends, or an UnknownValue."""
    if type(a) is not Node:
        return admit(a)
    if not a.known:
        call = max(a.history.calls, key=lambda call: call.birth)
        name, where = function_place(call.function)
        happened = f"{what} depends on values that are not known while {call.transform} traces {name}{where}."
        refuse(UnknownValue, happened, remedy)
    return a.value
