"""Convolutions of networks: the form Σ z̄[n, i, f] x[n, s i + d k, c] w[k, c, f], by each of its three arguments.

Arrays are x (…, batch, lengths, channels), w (…, window, channels, features) and z (…, batch, places, features): i
numbers the places of the window along each axis, k the elements within it. Axes before the batch are a stack, of which
each has a kernel of its own, as groups of channels have. Each of the three operations is made of the other two by
transposition. Primitives for speed: they work on so many examples at a time as the cache holds, never on all patches.
"""

from math import prod
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import Multilinear, stretched
from funcgrad.primitives.patching import add_patches, counted, seen

Shape = tuple[int, ...]
#: So many bytes of patches are made at a time (measured: half the time of all at once).
BYTES = 1 << 19
#: Patches of so few neighbouring numbers are laid out with the examples last (measured: a quarter of the time).
NARROW = 6


def batches(x: Any, axes: int, window: Shape) -> list[slice]:
    """The examples, so many at a time."""
    count = x.shape[-2 - axes]
    size = max(1, x.size // max(count, 1) * prod(window) * x.dtype.itemsize)
    step = max(1, BYTES // size)
    return [slice(i, i + step) for i in range(0, count, step)]


def part_of(x: Any, axes: int, batch: slice) -> Any:
    """Some of the examples."""
    return x[(..., batch, *(slice(None),) * (axes + 1))]


def columns(x: Any, window: Shape, strides: Shape, dilation: Shape) -> Any:
    """The patches of x as the rows of a matrix; as the transpose of one with long rows where they are narrow."""
    axes = len(window)
    patches = seen(x, window, strides, dilation)
    stack, inner = x.shape[: -2 - axes], prod(window) * x.shape[-1]
    rows = prod(patches.shape[len(stack) : len(stack) + 1 + axes])
    if window[-1] * x.shape[-1] > NARROW:
        return patches.reshape(*stack, rows, inner)
    n = len(stack)
    order = (*range(n), *range(n + 1 + axes, patches.ndim), *range(n, n + 1 + axes))
    return patches.transpose(order).reshape(*stack, inner, rows).mT


def convolved(x: Any, w: Any, strides: Shape, dilation: Shape) -> Any:
    """z[n, i, f] = Σ x[n, s i + d k, c] w[k, c, f] of plain arrays."""
    axes = len(strides)
    window = w.shape[-2 - axes : -2]
    counts = counted(x.shape[-1 - axes : -1], window, strides, dilation)
    z = np.empty((*x.shape[: -1 - axes], *counts, w.shape[-1]), np.result_type(x, w))
    kernel = w.reshape(*w.shape[: -2 - axes], prod(w.shape[-2 - axes : -1]), w.shape[-1])
    for batch in batches(x, axes, window):
        part = part_of(z, axes, batch)
        part[...] = np.matmul(columns(part_of(x, axes, batch), window, strides, dilation), kernel).reshape(part.shape)
    return z


def unconvolved(z: Any, w: Any, lengths: Shape, strides: Shape, dilation: Shape) -> Any:
    """x[n, j, c] = Σ z[n, i, f] w[k, c, f] over s i + d k = j, of plain arrays."""
    axes = len(strides)
    window, stack = w.shape[-2 - axes : -2], w.shape[: -2 - axes]
    x = np.zeros((*z.shape[: -1 - axes], *lengths, w.shape[-2]), np.result_type(z, w))
    kernel = np.ascontiguousarray(w.reshape(*stack, prod(window), *w.shape[-2:]).mT)  # up to twice as quick
    n = len(stack)
    order = (*range(n), *range(n + axes, n + 2 * axes + 1), *range(n, n + axes), n + 2 * axes + 1)
    for batch in batches(x, axes, window):
        part = part_of(z, axes, batch)
        rows = part.reshape(*stack, 1, prod(part.shape[n:-1]), z.shape[-1])
        patches = np.matmul(rows, kernel).reshape(*stack, *window, *part.shape[n:-1], w.shape[-2])
        add_patches(part_of(x, axes, batch), patches.transpose(order), strides, dilation)
    return x


def correlated(x: Any, z: Any, window: Shape, strides: Shape, dilation: Shape) -> Any:
    """w[k, c, f] = Σ x[n, s i + d k, c] z[n, i, f] of plain arrays."""
    axes = len(strides)
    stack, inner = x.shape[: -2 - axes], prod(window) * x.shape[-1]
    w = np.zeros((*stack, inner, z.shape[-1]), np.result_type(x, z))
    for batch in batches(x, axes, window):
        patches = columns(part_of(x, axes, batch), window, strides, dilation)
        w += np.matmul(patches.mT, part_of(z, axes, batch).reshape(*patches.shape[:-1], z.shape[-1]))
    return w.reshape(*stack, *window, x.shape[-1], z.shape[-1])


@frozen(eq=False, repr=False)
class Convolution(Multilinear):
    """z[n, i, f] = Σ x[n, s i + d k, c] w[k, c, f]: correlations with kernels, as networks have them."""

    #: The step s from one place of the window to the next, along each axis.
    strides: tuple[int, ...]
    #: The step d from one element within the window to the next, along each axis.
    dilation: tuple[int, ...]

    def run(self, x: Any, w: Any) -> Any:
        return convolved(x, w, self.strides, self.dilation)

    def infer(self, x: Any, w: Any) -> Any:
        axes = len(self.strides)
        counts = counted(x.shape[-1 - axes : -1], w.shape[-2 - axes : -2], self.strides, self.dilation)
        return Type((*x.shape[: -1 - axes], *counts, w.shape[-1]), np.result_type(x.dtype, w.dtype))

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        x, w = args
        axes = len(self.strides)
        if i == 0:
            return ConvolutionInput(x.shape[-1 - axes : -1], self.strides, self.dilation)(zbar, w)
        return ConvolutionKernel(w.shape[-2 - axes : -2], self.strides, self.dilation)(x, zbar)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return of_examples(self, size, which, args)


@frozen(eq=False, repr=False)
class ConvolutionInput(Multilinear):
    """x[n, j, c] = Σ z[n, i, f] w[k, c, f] over s i + d k = j: the transpose of a convolution, by its input."""

    #: The lengths of x.
    lengths: tuple[int, ...]
    #: The step s from one place of the window to the next, along each axis.
    strides: tuple[int, ...]
    #: The step d from one element within the window to the next, along each axis.
    dilation: tuple[int, ...]

    def run(self, z: Any, w: Any) -> Any:
        return unconvolved(z, w, self.lengths, self.strides, self.dilation)

    def infer(self, z: Any, w: Any) -> Any:
        shape = (*z.shape[: -1 - len(self.lengths)], *self.lengths, w.shape[-2])
        return Type(shape, np.result_type(z.dtype, w.dtype))

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        z, w = args
        if i == 0:
            return Convolution(self.strides, self.dilation)(zbar, w)
        window = w.shape[-2 - len(self.strides) : -2]
        return ConvolutionKernel(window, self.strides, self.dilation)(zbar, z)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return of_examples(self, size, which, args)


@frozen(eq=False, repr=False)
class ConvolutionKernel(Multilinear):
    """w[k, c, f] = Σ x[n, s i + d k, c] z[n, i, f]: the transpose of a convolution, by its kernel."""

    #: The lengths of the window.
    window: tuple[int, ...]
    #: The step s from one place of the window to the next, along each axis.
    strides: tuple[int, ...]
    #: The step d from one element within the window to the next, along each axis.
    dilation: tuple[int, ...]

    def run(self, x: Any, z: Any) -> Any:
        return correlated(x, z, self.window, self.strides, self.dilation)

    def infer(self, x: Any, z: Any) -> Any:
        stack = x.shape[: -2 - len(self.window)]
        return Type((*stack, *self.window, x.shape[-1], z.shape[-1]), np.result_type(x.dtype, z.dtype))

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        x, z = args
        if i == 1:
            return Convolution(self.strides, self.dilation)(x, zbar)
        return ConvolutionInput(x.shape[-1 - len(self.window) : -1], self.strides, self.dilation)(z, zbar)

    def batch(self, *args: Any) -> Any:
        return self(*args)


def of_examples(op: Multilinear, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
    """The answer for a batch: of the first argument alone, as more examples of one call; else as a stack."""
    x, w = args
    shape = type_of(x).shape
    if which == (True, False) and len(shape) - 1 == type_of(w).ndim == len(op.strides) + 2:  # type: ignore[attr-defined]  # both have strides
        z = op(x.reshape(size * shape[1], *shape[2:]), w)
        return z.reshape(size, shape[1], *z.shape[1:])
    return op(*[a if b else stretched(a, size) for a, b in zip(args, which, strict=True)])
