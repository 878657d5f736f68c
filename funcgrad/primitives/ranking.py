"""Ranking: where numbers belong among sorted ones."""

from typing import Any, Literal

import numpy as np
from attrs import frozen

from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.reducing import Flat


@frozen(eq=False, repr=False)
class Ranks(Flat):
    """z = how many of sorted a come before each v.

    Axes of a before its last are a batch, as are as many of v.
    """

    #: Whether v comes before what equals it: "left" or "right".
    side: Literal["left", "right"]

    def run(self, a: Any, v: Any) -> Any:
        if a.ndim == 1:
            return np.searchsorted(a, v, self.side)
        z = np.empty(v.shape, np.intp)
        for row in np.ndindex(a.shape[:-1]):
            z[row] = np.searchsorted(a[row], v[row], self.side)
        return z

    def infer(self, a: Any, v: Any) -> Any:
        if not a.ndim:
            np.searchsorted(0.0, 0.0)  # raises, in NumPy's words
        return Type(v.shape, np.dtype(np.intp))

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        a, v = args
        if not which[0] and len(type_of(a).shape) == 1:
            return self(a, v)
        return Flat.batched(self, size, which, args)

    def batch(self, *args: Any) -> Any:
        return self(*args)
