"""Indexing: parts of parts, parts of what was put together, and parts put together."""

from math import prod
from typing import Any

import numpy as np

from funcgrad.primitives.indexing import Index, Scatter
from funcgrad.primitives.shaping import ALL, Concatenate, Reshape, Stack
from funcgrad.rewrites.draft import Draft, identity


@identity(Index)
def whole(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """x[:, None, :] is a reshape, and x[:] is x. As many steps, or fewer."""
    if any(type(e) is int or (type(e) is slice and e not in (ALL, slice(None, None, 1))) for e in op.entries):
        return None
    return b(Reshape(kind.shape), *args) if prod(kind.shape) else None


@identity(Index, after=(Index,))
def part_of_part(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """x[i][j] = x[k]. One step less."""
    inner = b.made(args[0], Index)
    if not inner:
        return None
    first, rest = b.ops[args[0]].entries, list(op.entries)
    if any(type(e) not in (int, slice) for e in (*first, *rest)):
        return None
    entries: list[Any] = []
    for n, e in zip(b.shape(inner[0]), (*first, *(ALL,) * (len(b.shape(inner[0])) - len(first))), strict=True):
        entries.append(e if type(e) is int or not rest else part(range(n)[e], n, rest.pop(0)))
    return b(Index(tuple(entries)), *inner)


def part(places: range, n: int, e: Any) -> Any:
    """The entry that takes, of n places, what `e` takes of those in `places`."""
    if type(e) is int:
        return places[e]
    taken = places[e]
    if len(taken) == n and taken.step == 1:
        return ALL
    stop = taken.stop if taken.stop >= 0 else None
    return slice(taken.start, stop, taken.step) if len(taken) else slice(0, 0)


@identity(Index, after=(Stack, Concatenate))
def part_of_joined(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """An item of a stack, or a slice that lies in one of the arrays put together, is (a slice of) that. No copy."""
    parts = b.made(args[0], Stack, Concatenate)
    if not parts:
        return None
    axis, n = b.ops[args[0]].axis, b.shape(args[0])[b.ops[args[0]].axis]
    if len(op.entries) <= axis or any(type(e) not in (int, slice) for e in op.entries):
        return None
    e, before, after = op.entries[axis], op.entries[:axis], op.entries[axis + 1 :]
    if b.keys[args[0]] is Stack:
        return b(Index((*before, *after)), parts[range(n)[e]]) if type(e) is int else None
    start = 0
    for x in parts:
        stop = start + b.shape(x)[axis]
        places = range(n)[e] if type(e) is slice else range(range(n)[e], range(n)[e] + 1)
        if len(places) and start <= min(places) and max(places) < stop:
            here = range(places.start - start, places.stop - start, places.step)
            entry = here.start if type(e) is int else part(here, stop - start, ALL)
            return b(Index((*before, entry, *after)), x)
        start = stop
    return None


@identity(Scatter)
def put_into_whole(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """x put into all of zeros is x, reshaped, but that 0 + x makes 0.0 of -0.0. A view for two passes."""
    if len(op.places) != 1 or not isinstance(op.places[0], Index) or b.types[args[0]].dtype != kind.dtype:
        return None
    everything = all(e is None or (type(e) is slice and e == ALL) for e in op.places[0].entries)
    return b(Reshape(kind.shape), *args) if everything and prod(kind.shape) else None


@identity(Scatter)
def items_side_by_side(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Numbers put into each place of a vector are that vector, but that 0 + x makes 0.0 of -0.0. One step for many."""
    n = kind.shape[0] if len(kind.shape) == 1 else 0
    if not n or len(op.places) != n or any(not isinstance(place, Index) for place in op.places):
        return None
    entries = [place.entries for place in op.places]
    if any(len(e) != 1 or type(e[0]) is not int for e in entries):
        return None
    order = np.argsort([range(n)[e[0]] for e in entries])
    if [range(n)[entries[i][0]] for i in order] != list(range(n)):
        return None
    pieces = [args[i] for i in order]
    return b(Stack(0), *pieces) if all(b.types[i].dtype == kind.dtype for i in pieces) else None


@identity(Scatter)
def slices_side_by_side(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Slices that make up an axis, each put there, are joined, but that 0 + x makes 0.0 of -0.0. A pass for n + 1."""
    if not 2 <= len(op.places) <= kind.size or any(not isinstance(place, Index) for place in op.places):
        return None
    found = [one for place in op.places if (one := stretch(place.entries, kind.shape))]
    if len(found) < len(op.places) or len({axis for axis, _ in found}) != 1:
        return None
    axis, order = found[0][0], sorted(range(len(found)), key=lambda i: found[i][1].start)
    joined = [found[i][1] for i in order]
    if [one.start for one in joined] != [0, *[one.stop for one in joined[:-1]]] or joined[-1].stop != kind.shape[axis]:
        return None
    pieces = [args[i] for i in order]
    wanted = [(*kind.shape[:axis], len(one), *kind.shape[axis + 1 :]) for one in joined]
    if any(b.shape(i) != shape or b.types[i].dtype != kind.dtype for i, shape in zip(pieces, wanted, strict=True)):
        return None
    return b(Concatenate(axis), *pieces)


def stretch(entries: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[int, range] | None:
    """The one axis of which an index takes a part, and the elements that stand there side by side; None for others."""
    if Ellipsis in entries:
        at = entries.index(Ellipsis)
        entries = (*entries[:at], *(ALL,) * (len(shape) + 1 - len(entries)), *entries[at + 1 :])
    if any(type(e) is not slice for e in entries):
        return None
    taken = [(axis, range(n)[e]) for axis, (n, e) in enumerate(zip(shape, entries, strict=False))]
    parts = [(axis, places) for axis, places in taken if len(places) != shape[axis]]
    if len(parts) != 1 or parts[0][1].step != 1 or not len(parts[0][1]):
        return None
    return parts[0] if all(places.step == 1 for _, places in taken) else None
