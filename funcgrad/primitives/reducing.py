"""Reductions: axes that go. (`Sum`, which every kind needs, stands with the kinds.)"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from attrs import frozen
from numpy import count_nonzero, ndarray, where

from funcgrad.graph.node import Node
from funcgrad.graph.op import Op
from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import ARRAYS, Expand, Opaque, Sum, ordinary, reduced, stretched, sums_up, thinned
from funcgrad.primitives.pointwise import part
from funcgrad.primitives.scanning import CumulativeProduct, before, reversed_along
from funcgrad.primitives.shaping import Cast


@frozen(eq=False, repr=False)
class Flat(Op):
    """z = f(x, …), locally constant: the derivative is zero wherever it exists.  States `run`, `infer`, `batch`."""

    constant: ClassVar[bool] = True

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [None] * len(wanted)

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return None

    def batch(self, *args: Any) -> Any:
        """The answer where axis 0 of every argument is the batch."""
        raise TypeError(f"{self.name} states no batch rule")

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self.batch(*[a if b else stretched(a, size) for a, b in zip(args, which, strict=True)])


def without(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """The lengths of the axes that stay."""
    return tuple([n for i, n in enumerate(shape) if i not in axes])


@frozen(eq=False, repr=False)
class Truth(Flat):
    """z = whether any x, or all x, over `axes` are true."""

    #: "logical_or" for any, "logical_and" for all.
    ufunc: Literal["logical_and", "logical_or"]
    #: The axes that go, in ascending order.
    axes: tuple[int, ...]

    def run(self, x: Any) -> Any:
        return getattr(np, self.ufunc).reduce(x, axis=self.axes)

    def infer(self, x: Any) -> Any:
        return Type(without(x.shape, self.axes), np.dtype(bool))

    def batch(self, *args: Any) -> Any:
        return Truth(self.ufunc, tuple(axis + 1 for axis in self.axes))(*args)


@frozen(eq=False, repr=False)
class Extreme(Opaque):
    """z = the largest x over `axes`, or the smallest.  ∂z/∂xᵢ = 1/m for each of the m elements equal to z, else 0.

    A NaN is larger and smaller than all numbers, as in NumPy: the derivative is then shared among the NaNs.
    """

    #: Which of them.
    ufunc: Literal["maximum", "minimum"]
    #: The axes that go, in ascending order.
    axes: tuple[int, ...]
    reads: ClassVar[str] = "z x"
    chooses: ClassVar[bool] = True

    def run(self, x: Any) -> Any:
        return reduced(getattr(np, self.ufunc), x, self.axes)

    def infer(self, x: Any) -> Any:
        self.run_empty([x.shape[axis] for axis in self.axes])
        return x.with_shape(without(x.shape, self.axes))

    def run_empty(self, lengths: list[int]) -> None:
        """Raise NumPy's error if there is nothing to choose from."""
        getattr(np, self.ufunc).reduce(np.zeros([min(n, 1) for n in lengths]), axis=None)

    def chosen(self, z: Any, x: Any, thin: tuple[int, ...]) -> tuple[Any, Any]:
        """Which elements are the extreme ones, and how many; None for how many where each is the only one."""
        hit = x == z.reshape(thin)
        # As many as there should be, and no NaN, which would be equal to nothing.
        if type(hit) is ndarray and count_nonzero(hit) == z.size and sums_up(z):
            return hit, None
        hit = hit | (x != x)
        return hit, Cast(z.dtype)(Sum(self.axes)(hit))

    def vjp(self, zbar: Any, z: Any, x: Any) -> tuple[Any, ...]:
        thin = thinned(x.shape, self.axes)
        hit, count = self.chosen(z, x, thin)
        share = zbar if count is None else zbar / count
        return (where(hit, share.reshape(thin), 0.0),)

    def shares(self, zbar: Any, h: Any, _call: Any, by_nodes: bool) -> Any:
        """As `vjp` has it where all is known, as quickly as can be: else a choice asks for care."""
        if by_nodes or type(zbar) is Node:
            return ()
        (x,) = h.args
        return ((x.history, *self.vjp(zbar, h.answer, x.value)),)

    def jvp(self, dots: list[Any], z: Any, x: Any) -> Any:
        hit, count = self.chosen(z, x, thinned(x.shape, self.axes))
        total = Sum(self.axes)(np.where(hit, dots[0], 0))
        return total if count is None else total / count

    def batch(self, *args: Any) -> Any:
        return Extreme(self.ufunc, tuple(axis + 1 for axis in self.axes))(*args)


@frozen(eq=False, repr=False)
class Product(Opaque):
    """z = Π x along `axis`, which goes.  ∂z/∂xᵢ = Π xⱼ over j < i, times Π xⱼ over j > i.

    Nothing is divided by x, so it holds at zeros, and being made of products it is right there to every order. Where z
    and x are ordinary numbers that nobody asks about further, z / xᵢ is the same, and quicker.
    """

    #: The axis that goes.
    axis: int
    reads: ClassVar[str] = "z x"

    def run(self, x: Any) -> Any:
        return np.multiply.reduce(x, axis=self.axis)

    def infer(self, x: Any) -> Any:
        return Type(without(x.shape, (self.axis,)), np.multiply.reduce(np.empty(0, x.dtype)).dtype)

    def others(self, x: Any) -> Any:
        """Π xⱼ over j ≠ i."""
        scan, axis = CumulativeProduct(self.axis), self.axis
        return before(scan(x), axis) * reversed_along(before(scan(reversed_along(x, axis)), axis), axis)

    def vjp(self, zbar: Any, z: Any, x: Any) -> tuple[Any, ...]:
        if isinstance(zbar, ARRAYS) and ordinary(z) and ordinary(x):
            return ((zbar * z).reshape(thinned(x.shape, (self.axis,))) / x,)
        return (Expand(x.shape, (self.axis,))(zbar) * self.others(x),)

    def jvp(self, dots: list[Any], z: Any, x: Any) -> Any:
        return Sum((self.axis,))(dots[0] * self.others(x))

    def batch(self, *args: Any) -> Any:
        return Product(self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class LogSumExp(Opaque):
    """z = log Σ eˣ over `axes`.  ∂z/∂xᵢ = exp(xᵢ - z), the softmax: of the largest alone where z is infinite.

    A primitive for stability: with m the largest x and k their number, z = m + log k + log1p(Σ' eˣ⁻ᵐ / k), where Σ'
    leaves the largest out. Blanchard, Higham and Higham, *Accurately computing the log-sum-exp and softmax functions*,
    IMA Journal of Numerical Analysis 41 (2021).
    """

    #: The axes that go, in ascending order.
    axes: tuple[int, ...]
    reads: ClassVar[str] = "z x"

    def run(self, x: Any) -> Any:
        if x.size == 0:
            return np.add.reduce(x, axis=self.axes) - np.inf  # of nothing it is log 0
        largest = np.maximum.reduce(x, axis=self.axes, keepdims=True)
        shift = np.where(np.isfinite(largest), largest, 0).astype(x.dtype)
        hit = x == largest
        number = np.add.reduce(hit, axis=self.axes, keepdims=True).astype(x.dtype)
        rest = np.add.reduce(np.where(hit, 0, np.exp(x - shift)), axis=self.axes, keepdims=True)
        number = np.where(number == 0, 1, number)  # none equals NaN
        z = np.where(np.isfinite(largest), shift + np.log(number) + np.log1p(rest / number), largest)
        return z.astype(x.dtype).reshape(np.add.reduce(hit, axis=self.axes).shape)[()]

    def infer(self, x: Any) -> Any:
        return x.with_shape(without(x.shape, self.axes))

    def weights(self, z: Any, x: Any) -> Any:
        """The softmax: eˣ⁻ᶻ."""
        return part(x, z.reshape(thinned(x.shape, self.axes)), np.exp)

    def vjp(self, zbar: Any, z: Any, x: Any) -> tuple[Any, ...]:
        return (zbar.reshape(thinned(x.shape, self.axes)) * self.weights(z, x),)

    def jvp(self, dots: list[Any], z: Any, x: Any) -> Any:
        return Sum(self.axes)(dots[0] * self.weights(z, x))

    def batch(self, *args: Any) -> Any:
        return LogSumExp(tuple(axis + 1 for axis in self.axes))(*args)


@frozen(eq=False, repr=False)
class Length(Opaque):
    """z = (Σ x²)^½ over `axes`, x real.  ∂z/∂xᵢ = xᵢ / z, and 0 where z is 0.

    A primitive for speed: backwards it goes over x once, where a square, a sum and a root go over it three times.
    """

    #: The axes that go, in ascending order.
    axes: tuple[int, ...]
    reads: ClassVar[str] = "z x"

    def run(self, x: Any) -> Any:
        return np.sqrt(np.add.reduce(x * x, axis=self.axes))

    def infer(self, x: Any) -> Any:
        return x.with_shape(without(x.shape, self.axes))

    def over(self, a: Any, z: Any) -> Any:
        """a / z, and 0 where z is 0."""
        none = z == 0
        return np.where(none, 0, a / np.where(none, 1, z))

    def vjp(self, zbar: Any, z: Any, x: Any) -> tuple[Any, ...]:
        return (self.over(zbar, z).reshape(thinned(x.shape, self.axes)) * x,)

    def jvp(self, dots: list[Any], z: Any, x: Any) -> Any:
        return self.over(Sum(self.axes)(dots[0] * x), z)

    def batch(self, *args: Any) -> Any:
        return Length(tuple(axis + 1 for axis in self.axes))(*args)
