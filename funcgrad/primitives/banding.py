"""Bands: matrices of few diagonals.

A *segment* (row, column, length) is the part of a diagonal that begins there and has so many elements.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import field, frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import Joint
from funcgrad.primitives.shaping import Moved

#: Where part of a diagonal is: its first row and column, and its length.
Segment = tuple[int, int, int]


@frozen(eq=False, repr=False)
class Diagonal(Moved):
    """z[…, k] = x[…, row+k, column+k], part of a diagonal.  Transpose: `Banded`, zeros with z̄ there.

    A primitive for speed: a view, where a gather would read two arrays of indices.
    """

    #: Which part.
    segment: Segment

    def run(self, x: Any) -> Any:
        row, column, length = self.segment
        first = min(row, column)
        return x.diagonal(column - row, -2, -1)[..., first : first + length]

    def infer(self, x: Any) -> Any:
        return x.with_shape((*x.shape[:-2], self.segment[2]))

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return Banded(x.shape[-2:], (self.segment,))(zbar)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class Banded(Joint):
    """z[…, row+k, column+k] = x₀[…, k], x₁[…, k], … added into zeros, a segment each.  Transpose: each `Diagonal`.

    A primitive for speed: in a matrix of n columns a diagonal is every (n+1)th number, so that each is written at once.
    """

    #: The number of rows and of columns.
    shape: tuple[int, int]
    #: The segments, one for each argument.
    segments: tuple[Segment, ...]
    #: Where each is in the row of all elements, and whether another before it is on the same diagonal.
    places: tuple[tuple[slice, bool], ...] = field(init=False)

    @places.default
    def _places(self) -> tuple[tuple[slice, bool], ...]:
        n, places, offsets = self.shape[1], [], set()
        for row, column, length in self.segments:
            first, offset = row * n + column, column - row
            places.append((slice(first, first + length * (n + 1), n + 1), offset in offsets))
            offsets.add(offset)
        return tuple(places)

    def run(self, *args: Any) -> Any:
        shape = (*args[0].shape[:-1], *self.shape)
        z = np.zeros(shape, np.result_type(*{x.dtype for x in args}))
        flat = z.reshape((*shape[:-2], shape[-2] * shape[-1])).T if len(shape) > 2 else z.reshape(-1)
        for x, (place, again) in zip(args, self.places, strict=True):
            if again:
                flat[place] += x.T
            else:
                flat[place] = x.T
        return z

    def infer(self, *args: Any) -> Any:
        return Type((*args[0].shape[:-1], *self.shape), np.result_type(*[a.dtype for a in args]))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [Diagonal(self.segments[i])(zbar) for i in wanted]

    def batch(self, *args: Any) -> Any:
        return self(*args)
