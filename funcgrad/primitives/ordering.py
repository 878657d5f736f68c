"""Order: which element stands where.  Positions are integers without a derivative; sorted values have one."""

from typing import Any, ClassVar, Literal

import numpy as np
from attrs import evolve, frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import Linear, Opaque
from funcgrad.primitives.reducing import Flat, without
from funcgrad.primitives.scanning import piece

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


#: So many elements are found by comparing them with all others.
FEW = 4


def shared_out(zbar: Any, z: Any, x: Any) -> Any:
    """The few elements of z̄ that are not 0, each shared by the elements of x that equal its element of z."""
    bar = np.zeros_like(zbar, shape=x.shape)
    for i in np.flatnonzero(zbar != 0):  # of booleans it takes a tenth of the time
        hit = np.flatnonzero(x == z[i] if z[i] == z[i] else x != x)
        bar[hit] += zbar[i] / len(hit)
    return bar


def distinct(z: Any, axis: int) -> bool:
    """Whether a plain array, most likely sorted along an axis, has no two equal elements there, and no NaN."""
    rows = np.moveaxis(z, axis, -1)
    return rising(rows) or rising(np.sort(rows))


def rising(rows: Any) -> bool:
    """Whether each element along the last axis is larger than the one before."""
    return bool(np.all(rows[..., 1:] > rows[..., :-1]))


@frozen(eq=False, repr=False)
class Arranged(Opaque):
    """z = x taken in an order along `axis` that x itself decides, by an index array.

    z = P x with the permutation P wherever no two elements are equal. Where some are, P jumps among the permutations
    of equals, and the derivative is their mean, P A, where A replaces every element by the mean of its equals.
    """

    #: The axis that is arranged.
    axis: int
    reads: ClassVar[str] = "z x y"

    def run(self, x: Any, order: Any) -> Any:
        return np.take_along_axis(x, order, self.axis)

    def infer(self, x: Any, order: Any) -> Any:
        return x

    def vjp(self, zbar: Any, z: Any, x: Any, order: Any) -> tuple[Any, ...]:
        plain = all([isinstance(a, np.ndarray) for a in (zbar, z, x, order)])
        if plain and z.ndim == 1 and np.count_nonzero(zbar != 0) <= FEW:
            return (shared_out(zbar, z, x), None)
        if plain and distinct(z, self.axis):
            bar = np.empty_like(zbar)
            np.put_along_axis(bar, order, zbar, self.axis)
            return (bar, None)
        back = np.argsort(order, axis=self.axis)
        return (levelled(np.take_along_axis(zbar, back, self.axis), x, self.axis), None)

    def jvp(self, dots: list[Any], z: Any, x: Any, order: Any) -> Any:
        return np.take_along_axis(levelled(dots[0], x, self.axis), order, self.axis)

    def batch(self, *args: Any) -> Any:
        return Arranged(self.axis + 1)(*args)


@frozen(eq=False, repr=False)
class OrderStatistics(Opaque):
    """z = the elements that sorting x would put at `places` along `axis`, which becomes as long as `places`.

    Where m elements equal z each has ∂z/∂xᵢ = 1/m, as of an extreme. A primitive for speed: it partitions, where a sort
    takes ten times as long, and needs no order of the others.
    """

    #: Which ones, from 0 up.
    places: tuple[int, ...]
    #: The axis along which elements are compared.
    axis: int
    reads: ClassVar[str] = "z x"

    def run(self, x: Any) -> Any:
        return np.take(np.partition(x, self.places, self.axis), self.places, self.axis)

    def infer(self, x: Any) -> Any:
        return x.with_shape(tuple([len(self.places) if i == self.axis else n for i, n in enumerate(x.shape)]))

    def shares_of(self, z: Any, x: Any) -> list[tuple[Any, Any]]:
        """For each place: which elements are equal to that one, and how many."""
        found = []
        for i in range(len(self.places)):
            one = piece(z, self.axis, i, i + 1)
            hit = (x == one) | ((x != x) & (one != one))
            found.append((hit, np.sum(hit, self.axis, keepdims=True).astype(z.dtype)))
        return found

    def vjp(self, zbar: Any, z: Any, x: Any) -> tuple[Any, ...]:
        total: Any = 0.0
        for i, (hit, count) in enumerate(self.shares_of(z, x)):
            total = total + np.where(hit, piece(zbar, self.axis, i, i + 1) / count, 0.0)
        return (total,)

    def jvp(self, dots: list[Any], z: Any, x: Any) -> Any:
        means = [np.sum(np.where(hit, dots[0], 0.0), self.axis, keepdims=True) / n for hit, n in self.shares_of(z, x)]
        return np.concatenate(means, self.axis)

    def batch(self, *args: Any) -> Any:
        return OrderStatistics(self.places, self.axis + 1)(*args)
