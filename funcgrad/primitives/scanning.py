"""Scans: every element of the answer is made of the elements up to it."""

from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.indexing import Index
from funcgrad.primitives.kinds import Linear, Opaque, ordinary
from funcgrad.primitives.shaping import ALL


def piece(x: Any, axis: int, start: int | None = None, stop: int | None = None, step: int | None = None) -> Any:
    """x[start:stop:step] along `axis`."""
    return Index((*(ALL,) * axis, slice(start, stop, step)))(x)


def reversed_along(x: Any, axis: int) -> Any:
    """x in reverse order along `axis`."""
    return piece(x, axis, step=-1)


def before(z: Any, axis: int) -> Any:
    """A scan of products without its last element and with a 1 in front: Π xⱼ over j < i from Π xⱼ over j ≤ i."""
    one = np.ones(tuple([min(n, 1) if i == axis else n for i, n in enumerate(z.shape)]), z.dtype)
    return np.concatenate((one, piece(z, axis, None, -1)), axis)


def recurrence(b: Any, c: Any, axis: int) -> Any:
    """s with sᵢ = bᵢ + cᵢ sᵢ₊₁ along `axis`, where c is one shorter than b.

    By doubling: s is also the solution for b′ᵢ = bᵢ + cᵢ bᵢ₊₁ and c′ᵢ = cᵢ cᵢ₊₁ in strides of two, then of four, so
    that ⌈log₂ n⌉ steps suffice. Kogge and Stone, *A Parallel Algorithm for the Efficient Solution of a General Class
    of Recurrence Equations* (1973).
    """
    n, stride = b.shape[axis], 1
    while stride < n:
        changed = piece(b, axis, None, n - stride) + c * piece(b, axis, stride)
        b = np.concatenate((changed, piece(b, axis, n - stride)), axis)
        c = piece(c, axis, None, max(n - 2 * stride, 0)) * piece(c, axis, stride)
        stride *= 2
    return b


@frozen(eq=False, repr=False)
class CumulativeSum(Linear):
    """zᵢ = Σ xⱼ over j ≤ i along `axis`.  Transpose: x̄ⱼ = Σ z̄ᵢ over i ≥ j, the same from the other end."""

    #: The axis along which the sum runs.
    axis: int

    def run(self, x: Any) -> Any:
        return np.add.accumulate(x, axis=self.axis)

    def infer(self, x: Any) -> Any:
        return Type(x.shape, np.add.reduce(np.empty(0, x.dtype)).dtype)

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return reversed_along(self(reversed_along(zbar, self.axis)), self.axis)

    def batch(self, *args: Any) -> Any:
        return CumulativeSum(self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class CumulativeProduct(Opaque):
    """zᵢ = Π xⱼ over j ≤ i along `axis`.

    x̄ⱼ = Σ_{i≥j} z̄ᵢ ∂zᵢ/∂xⱼ = (Π_{k<j} xₖ) sⱼ with sⱼ = Σ_{i≥j} z̄ᵢ Π_{j<k≤i} xₖ, that is sⱼ = z̄ⱼ + xⱼ₊₁ sⱼ₊₁.
    Nothing is divided by x, so it holds at zeros, and being made of products it is right there to every order. Where
    all z are ordinary numbers that nobody asks about further, x̄ⱼ = (Σ_{i≥j} z̄ᵢ zᵢ) / xⱼ is the same, and quicker.
    """

    #: The axis along which the product runs.
    axis: int
    reads: ClassVar[str] = "z x"

    def run(self, x: Any) -> Any:
        return np.multiply.accumulate(x, axis=self.axis)

    def infer(self, x: Any) -> Any:
        return Type(x.shape, np.multiply.reduce(np.empty(0, x.dtype)).dtype)

    def vjp(self, zbar: Any, z: Any, x: Any) -> tuple[Any, ...]:
        if isinstance(zbar, np.ndarray) and ordinary(z):
            back = (slice(None),) * self.axis + (slice(None, None, -1),)
            return (np.add.accumulate((zbar * z)[back], axis=self.axis)[back] / x,)
        return (before(z, self.axis) * recurrence(zbar, piece(x, self.axis, 1), self.axis),)

    def batch(self, *args: Any) -> Any:
        return CumulativeProduct(self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class Powers(Opaque):
    """z = xᵖ for p = 0 … `count` - 1, along a new last axis, each the one before times x.  ∂zₚ/∂x = p zₚ₋₁.

    A primitive for speed: the cumulative product's rule, which knows of no equal factors, goes over memory thrice more.
    """

    #: How many powers, at least one.
    count: int
    reads: ClassVar[str] = "z"

    def run(self, x: Any) -> Any:
        z = np.ones((*x.shape, self.count), x.dtype)
        np.multiply.accumulate(np.broadcast_to(x[..., None], z[..., 1:].shape), axis=-1, out=z[..., 1:])
        return z

    def infer(self, x: Any) -> Any:
        return x.with_shape((*x.shape, self.count))

    def slopes(self, z: Any) -> Any:
        """p zₚ₋₁, from p = 1 on."""
        return z[..., :-1] * np.arange(1, self.count).astype(z.dtype)

    def vjp(self, zbar: Any, z: Any, x: Any) -> tuple[Any, ...]:
        return (np.sum(zbar[..., 1:] * self.slopes(z), -1),)

    def jvp(self, dots: list[Any], z: Any, x: Any) -> Any:
        return np.concatenate([np.zeros((*x.shape, 1), z.dtype), dots[0][..., None] * self.slopes(z)], -1)

    def batch(self, *args: Any) -> Any:
        return self(*args)
