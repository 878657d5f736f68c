"""Order: which element stands where.  Positions are integers without a derivative; sorted values have one."""

from typing import Any, ClassVar, Literal

import numpy as np
from attrs import evolve, frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import Linear, Opaque
from funcgrad.primitives.reducing import Flat, without

INDEX: np.dtype[Any] = np.dtype(np.intp)


@frozen(eq=False, repr=False)
class Order(Flat):
    """z = the order in which the elements of x along `axis` have to be taken."""

    #: The function.
    function: Literal["argsort", "argpartition"]
    #: The axis along which x is put in order.
    axis: int
    #: What else that function is given, by name.
    options: tuple[tuple[str, Any], ...] = ()

    def run(self, x: Any) -> Any:
        return getattr(np, self.function)(x, axis=self.axis, **dict(self.options))

    def infer(self, x: Any) -> Any:
        return Type(x.shape, INDEX)

    def batch(self, *args: Any) -> Any:
        return evolve(self, axis=self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class Position(Flat):
    """z = where along `axis` the first of the largest elements stands, or of the smallest."""

    #: The function.
    function: Literal["argmax", "argmin"]
    #: The axis that goes.
    axis: int

    def run(self, x: Any) -> Any:
        return getattr(np, self.function)(x, axis=self.axis)

    def infer(self, x: Any) -> Any:
        if x.shape[self.axis] == 0:
            raise ValueError(f"attempt to get {self.function} of an empty sequence")
        return Type(without(x.shape, (self.axis,)), INDEX)

    def batch(self, *args: Any) -> Any:
        return evolve(self, axis=self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class RunningPosition(Flat):
    """z = where along `axis`, up to each element, the last of the largest elements stands, or of the smallest."""

    #: Which of them.
    ufunc: Literal["maximum", "minimum"]
    #: The axis along which the search runs.
    axis: int

    def run(self, x: Any) -> Any:
        hit = (x == getattr(np, self.ufunc).accumulate(x, axis=self.axis)) | (x != x)
        place = np.arange(x.shape[self.axis]).reshape(-1, *(1,) * (x.ndim - self.axis - 1))
        return np.maximum.accumulate(np.where(hit, place, 0), axis=self.axis)

    def infer(self, x: Any) -> Any:
        return Type(x.shape, INDEX)

    def batch(self, *args: Any) -> Any:
        return evolve(self, axis=self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class Groups(Flat):
    """z = the number of smaller values along `axis`, each counted once: equal elements have equal numbers."""

    #: The axis along which elements are compared.
    axis: int

    def run(self, x: Any) -> Any:
        order = np.argsort(x, axis=self.axis)
        ascending = np.moveaxis(np.take_along_axis(x, order, self.axis), self.axis, -1)
        numbers = np.zeros(ascending.shape, INDEX)
        np.cumsum(ascending[..., 1:] != ascending[..., :-1], axis=-1, out=numbers[..., 1:])
        groups = np.empty(x.shape, INDEX)
        np.put_along_axis(groups, order, np.moveaxis(numbers, -1, self.axis), self.axis)
        return groups

    def infer(self, x: Any) -> Any:
        return Type(x.shape, INDEX)

    def batch(self, *args: Any) -> Any:
        return Groups(self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class Levelled(Linear):
    """z = x, each element replaced by the mean of its group along `axis`.  Transpose: itself, being symmetric."""

    #: The axis along which groups lie.
    axis: int

    def run(self, x: Any, *data: Any) -> Any:
        if x.size == 0:
            return x.copy()
        rows, groups = np.moveaxis(x, self.axis, -1), np.moveaxis(data[0], self.axis, -1)
        n = rows.shape[-1]
        group = (groups.reshape(-1, n) + np.arange(0, x.size, n)[:, None]).ravel()
        total = np.zeros(x.size, x.dtype)
        np.add.at(total, group, rows.ravel())
        means = (total / np.maximum(np.bincount(group, minlength=x.size), 1).astype(x.dtype))[group]
        return np.moveaxis(means.reshape(rows.shape), -1, self.axis)

    def infer(self, x: Any, *data: Any) -> Any:
        return x

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return self(zbar, *data)

    def batch(self, *args: Any) -> Any:
        return Levelled(self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class Exponent(Flat):
    """z = the integer e for which ½ ≤ |x| 2⁻ᵉ < 1, and 0 for x = 0."""

    def run(self, x: Any) -> Any:
        return np.frexp(x)[1]

    def infer(self, x: Any) -> Any:
        return Type(x.shape, np.dtype(np.intc))

    def batch(self, *args: Any) -> Any:
        return self(*args)


def levelled(a: Any, x: Any, axis: int) -> Any:
    """`a`, where the ties of x share it equally."""
    groups = Groups(axis)(x)
    if type(groups) is np.ndarray and (groups.size == 0 or np.all(groups.max(axis) == x.shape[axis] - 1)):
        return a
    return Levelled(axis)(a, groups)


@frozen(eq=False, repr=False)
class Arranged(Opaque):
    """z = x taken in an order along `axis` that x itself decides, by an index array.

    z = P x with the permutation P wherever no two elements are equal. Where some are, P jumps among the permutations
    of equals, and the derivative is their mean, P A, where A replaces every element by the mean of its equals.
    """

    #: The axis that is arranged.
    axis: int
    reads: ClassVar[str] = "x y"

    def run(self, x: Any, order: Any) -> Any:
        return np.take_along_axis(x, order, self.axis)

    def infer(self, x: Any, order: Any) -> Any:
        return x

    def vjp(self, zbar: Any, z: Any, x: Any, order: Any) -> tuple[Any, ...]:
        back = np.argsort(order, axis=self.axis)
        return (levelled(np.take_along_axis(zbar, back, self.axis), x, self.axis), None)

    def jvp(self, dots: list[Any], z: Any, x: Any, order: Any) -> Any:
        return np.take_along_axis(levelled(dots[0], x, self.axis), order, self.axis)

    def batch(self, *args: Any) -> Any:
        return Arranged(self.axis + 1)(*args)
