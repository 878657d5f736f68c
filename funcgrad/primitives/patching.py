"""Patches: what a window sees at each of its places in an array, and the sum of patches at their places."""

from typing import Any

import numpy as np
from attrs import frozen

from funcgrad.primitives.shaping import Moved


@frozen(eq=False, repr=False)
class Patches(Moved):
    """z[…, i, …, k, …, c] = x[…, s i + d k, …, c] for each axis before the last ones.  Transpose: `Folded`.

    The places i of the window along each axis come first, then the places k within it, then the last axis c of x.
    A primitive for speed: the patches are views of x, with strides and holes, where a gather would copy.
    """

    #: The lengths of the window along as many axes before the last.
    window: tuple[int, ...]
    #: The step s from one place of the window to the next, along each.
    strides: tuple[int, ...]
    #: The step d from one element within the window to the next, along each.
    dilation: tuple[int, ...]

    def run(self, x: Any) -> Any:
        return seen(x, self.window, self.strides, self.dilation)

    def infer(self, x: Any) -> Any:
        first = x.ndim - 1 - len(self.window)
        counts = counted(x.shape[first:-1], self.window, self.strides, self.dilation)
        return x.with_shape((*x.shape[:first], *counts, *self.window, x.shape[-1]))

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        lengths = x.shape[x.ndim - 1 - len(self.window) : -1]
        return Folded(lengths, self.strides, self.dilation)(zbar)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class Folded(Moved):
    """z[…, j, …, c] = Σ x[…, i, …, k, …, c] over all s i + d k = j: patches added up where they lie.

    Transpose: `Patches`. A primitive for speed: one addition of whole arrays for each element of the window.
    """

    #: The lengths of z along the axes before the last.
    lengths: tuple[int, ...]
    #: The step s from one place of the window to the next, along each.
    strides: tuple[int, ...]
    #: The step d from one element within the window to the next, along each.
    dilation: tuple[int, ...]

    def run(self, x: Any) -> Any:
        return folded(x, self.lengths, self.strides, self.dilation)

    def infer(self, x: Any) -> Any:
        return x.with_shape((*x.shape[: x.ndim - 1 - 2 * len(self.lengths)], *self.lengths, x.shape[-1]))

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        window = x.shape[x.ndim - 1 - len(self.lengths) : -1]
        return Patches(window, self.strides, self.dilation)(zbar)

    def batch(self, *args: Any) -> Any:
        return self(*args)


def counted(
    lengths: tuple[int, ...], window: tuple[int, ...], strides: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[int, ...]:
    """At how many places the window lies within the array, along each axis."""
    return tuple(
        [(n - 1 - (k - 1) * d) // s + 1 for n, k, s, d in zip(lengths, window, strides, dilation, strict=True)]
    )


def seen(x: Any, window: tuple[int, ...], strides: tuple[int, ...], dilation: tuple[int, ...]) -> Any:
    """The patches of a plain array, as a view."""
    first = x.ndim - 1 - len(window)
    counts, steps = counted(x.shape[first:-1], window, strides, dilation), x.strides[first:-1]
    places = [n * s for n, s in zip(steps, strides, strict=True)]
    within = [n * d for n, d in zip(steps, dilation, strict=True)]
    shape = (*x.shape[:first], *counts, *window, x.shape[-1])
    return np.lib.stride_tricks.as_strided(
        x, shape, (*x.strides[:first], *places, *within, x.strides[-1]), writeable=False
    )


def folded(x: Any, lengths: tuple[int, ...], strides: tuple[int, ...], dilation: tuple[int, ...]) -> Any:
    """The sum of plain patches at their places."""
    z = np.zeros((*x.shape[: x.ndim - 1 - 2 * len(lengths)], *lengths, x.shape[-1]), x.dtype)
    add_patches(z, x, strides, dilation)
    return z


def add_patches(z: Any, x: Any, strides: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    """Add plain patches into an array, at their places."""
    axes = len(strides)
    first = x.ndim - 1 - 2 * axes
    counts, window = x.shape[first : first + axes], x.shape[first + axes : -1]
    for k in np.ndindex(window):
        starts = [i * d for i, d in zip(k, dilation, strict=True)]
        stops = [b + (n - 1) * s + 1 for b, n, s in zip(starts, counts, strides, strict=True)]
        places = [slice(*ends) for ends in zip(starts, stops, strides, strict=True)]
        z[(..., *places, slice(None))] += x[(..., *k, slice(None))]
