"""Placing: x.at[…].set(v) and its kin are new arrays, with v put in, added in, …, at a place of x."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from funcgrad.errors import UnknownValue
from funcgrad.graph.dispatch import OPERATORS
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit, forget, strong
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.indexing import Gather, Index, Scatter, batched_place, getitem, index_of, resolved
from funcgrad.primitives.kinds import Joint, Opaque, finite, stretched, zeros_like
from funcgrad.primitives.shaping import cast_into, ghost


@frozen(eq=False, repr=False)
class Place(Joint):
    """z = x with v in place of x[…], where no two elements of v share a place.  Transpose: z̄ with zeros there; z̄[…].

    A primitive for speed: one copy of x, where a `where` would need a mask and a gather as well.
    """

    #: The place: an `Index`, or a `Gather` whose index arrays are further arguments.
    place: Index | Gather
    #: Whether x may hold infinities or NaN, which v may hide: then 0·∞ must be 0 further back.
    hides: bool = False  # type: ignore[misc]  # an instance's fact here, a class's elsewhere

    def keep(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return (forget(args[0]), forget(args[1]), *args[2:])

    def run(self, x: Any, v: Any, *indices: Any) -> Any:
        z = x.copy()
        z[index_of(self.place.where, indices)] = v
        return z

    def infer(self, x: Any, v: Any, *indices: Any) -> Any:
        return x

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        if i > 1:
            return None
        return self(zbar, np.zeros(args[1].shape, zbar.dtype), *args[2:]) if i == 0 else self.place(zbar, *args[2:])

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        if dots[0] is None and dots[1] is None:
            return None
        xdot, vdot = [zeros_like(a) if dot is None else dot for dot, a in zip(dots[:2], args[:2], strict=True)]
        return self(xdot, vdot, *args[2:])

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        x, v = [a if b else stretched(a, size) for a, b in zip(args[:2], which[:2], strict=True)]
        place, indices = batched_place(self.place, size, which[2:], args[2:], type_of(x).shape[1:])
        return Place(place, self.hides)(x, v, *indices)


@frozen(eq=False, repr=False)
class Positions(Opaque):
    """p[k] = the last j with i[j] = k, and -1 where there is none: who writes last to each place.  No derivative."""

    #: The number of places.
    size: int

    constant: ClassVar[bool] = True
    reads: ClassVar[str] = ""

    def run(self, i: Any) -> Any:
        rows = i.reshape(-1, i.shape[-1])
        p = np.full((rows.shape[0], self.size), -1)
        p[np.arange(rows.shape[0])[:, None], rows] = np.arange(rows.shape[1])
        return p.reshape(*i.shape[:-1], self.size)

    def infer(self, i: Any) -> Any:
        return Type((*i.shape[:-1], self.size), np.dtype(np.int64))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [None]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return None

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class At:
    """x.at: x.at[i] is a place in x, whose methods return a new array.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> grad(lambda x: np.sum(x.at[0].set(5.0) ** 2))(np.array([1.0, 2.0]))
    array([0., 4.])
    """

    #: The array.
    x: Any

    def __getitem__(self, index: Any) -> "Spot":
        x = strong(self.x)
        shape = x.shape
        traced = [e for e in (index if type(index) is tuple else (index,)) if type(e) is Node]
        if not traced:
            entries, gathered, _ = resolved(index, shape)
            if shape and not gathered:
                return Spot(x, x, Index(entries), (), ghost(shape)[entries].shape)
        labels = np.arange(prod(shape)).reshape(shape)
        rows = getitem(labels, index) if traced else np.asarray(labels[index])
        base = x if len(shape) == 1 else x.reshape(-1)
        return Spot(x, base, Gather(), (rows if len(rows.shape) == 1 else rows.reshape(-1),), rows.shape)


@frozen(eq=False, repr=False)
class Spot:
    """x.at[i]: what can be made of x by changing x[i]. A value broadcasts to x[i]; the answer has the dtype of x."""

    #: The array.
    x: Any
    #: It, or all of it in one axis if the place is a `Gather`.
    base: Any
    #: The place in `base`.
    place: Index | Gather
    #: The index array, of one axis, if the place is a `Gather`.
    indices: tuple[Any, ...]
    #: The shape of x[i].
    shape: tuple[int, ...]

    def get(self) -> Any:
        """x[i]."""
        taken = self.place(self.base, *self.indices).reshape(self.shape)
        return taken if type(taken) is Node else taken.copy()[()]

    def set(self, values: Any) -> Any:
        """The array with `values` in place of x[i]; where i repeats a place, the last one stands."""
        return self.whole(self.placed(self.spread(cast_into(admit(values), self.dtype, "x.at[i].set(v)"))))

    def add(self, values: Any) -> Any:
        """The array with `values` added to x[i]; where i repeats a place, all of them."""
        v = self.met(values)
        self.check(np.add, v.dtype)
        place = (self.place, 1) if self.indices else self.place
        v = self.spread(cast_into(v, self.dtype, "x.at[i].add(v)"))
        return self.whole(self.base + Scatter(self.base.shape, (place,))(v, *self.indices))

    def multiply(self, values: Any) -> Any:
        """The array with x[i] multiplied by `values`; where i repeats a place, by each in turn."""
        return self.combined(np.multiply, values)

    def divide(self, values: Any) -> Any:
        """The array with x[i] divided by `values`; where i repeats a place, by each in turn."""
        return self.combined(np.divide, values)

    def power(self, values: Any) -> Any:
        """The array with x[i] raised to `values`; where i repeats a place, to each in turn."""
        return self.combined(np.power, values)

    def min(self, values: Any) -> Any:
        """The array with the smaller of x[i] and `values` in place of x[i]."""
        return self.combined(np.minimum, values)

    def max(self, values: Any) -> Any:
        """The array with the larger of x[i] and `values` in place of x[i]."""
        return self.combined(np.maximum, values)

    def apply(self, function: Callable[[Any], Any]) -> Any:
        """The array with function(x[i]) in place of x[i]; where i repeats a place, applied as often as it does."""
        return self.whole(
            self.updated(lambda old, _: cast_into(function(old), self.dtype, "x.at[i].apply(f)"), np.zeros(()))
        )

    # ---- how ---------------------------------------------------------------------------------------------------------
    dtype = property(lambda self: self.x.dtype)

    def whole(self, z: Any) -> Any:
        """An answer of the shape of `base`, at the shape of x."""
        z = z if z.shape == self.x.shape else z.reshape(self.x.shape)
        return z if type(z) is Node else z[()]

    def spread(self, v: Any) -> Any:
        """A value at the shape of the place; as in NumPy's assignments, leading axes of length 1 may be too many."""
        shape = np.shape(v)
        if shape != self.shape:
            extra = max(0, len(shape) - len(self.shape))
            try:
                v = np.broadcast_to(v.reshape(shape[extra:]) if shape[:extra] == (1,) * extra != () else v, self.shape)
            except ValueError:
                raise ValueError(
                    f"could not broadcast input array from shape {shape} into shape {self.shape}"
                ) from None
        return v.reshape(-1) if self.indices and len(self.shape) != 1 else v

    def met(self, values: Any) -> Any:
        """A value at the dtype of x[i] + v."""
        v = admit(values)
        kind = type_of(v)
        dtype = np.result_type(self.dtype, kind.promoting()(0) if kind.weak else kind.dtype)
        return cast_into(v, dtype, "x.at[i]")

    def check(self, ufunc: np.ufunc, dtype: np.dtype[Any]) -> None:
        """Refuse what NumPy's `x[i] += v` refuses: an answer that x cannot hold."""
        if not np.can_cast(dtype, self.dtype, "same_kind"):
            raise TypeError(
                f"Cannot cast ufunc '{ufunc.__name__}' output from {dtype!r} to {self.dtype!r} "
                "with casting rule 'same_kind'"
            )

    def put(self) -> Place:
        """The operation that puts v in the place of part of `base`."""
        return Place(self.place, hides=not finite(self.base))

    def placed(self, v: Any) -> Any:
        """`base` with v at the place."""
        if not self.indices:
            return self.put()(self.base, v)
        (rows,), size = self.indices, type_of(self.base).size
        if rows.size > 1:
            last = Positions(size)(rows)
            if type(last) is Node:
                return np.where(last >= 0, Gather()(v, last), self.base)
            kept = np.flatnonzero(last[rows] == np.arange(rows.size))
            v, rows = v[kept], rows[kept]
        return self.put()(self.base, v, rows)

    def combined(self, ufunc: np.ufunc, values: Any) -> Any:
        """The array with ufunc(x[i], values) in place of x[i]."""

        def combine(old: Any, v: Any) -> Any:
            new = ufunc(old, v)
            self.check(ufunc, new.dtype)
            return cast_into(new, self.dtype, f"np.{ufunc.__name__}")

        return self.whole(self.updated(combine, self.met(values)))

    def updated(self, combine: Callable[[Any, Any], Any], values: Any) -> Any:
        """`base` with combine(old, v) in place of each old, in turns where places repeat."""
        v = self.spread(values)
        if self.indices and type(self.indices[0]) is Node and self.indices[0].size > 1:
            refuse(
                UnknownValue,
                "Whether these indices repeat a place, which then changes more than once, is not known yet.",
                "Use set or add, or one index at a time.",
            )
        if not self.indices or type(self.indices[0]) is Node:
            return Place(self.place)(self.base, combine(self.place(self.base, *self.indices), v), *self.indices)
        places, inverse = np.unique(self.indices[0], return_inverse=True)
        new = self.base[places]
        for chosen in turns(inverse):
            new = Place(Gather())(new, combine(new[inverse[chosen]], v[chosen]), inverse[chosen])
        return Place(Gather())(self.base, new, places)


def turns(labels: Any) -> list[Any]:
    """The positions of `labels` as a list of arrays, the k-th of which holds the k-th occurrence of each label."""
    if not labels.size:
        return []
    counts = np.bincount(labels)
    turn = np.empty_like(labels)
    turn[np.argsort(labels, kind="stable")] = np.arange(labels.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.split(np.argsort(turn, kind="stable"), np.cumsum(np.bincount(turn))[:-1])


OPERATORS["at"] = At
