"""Differencing: the derivative of a function that cannot be traced, from its values at points nearby."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.graph.types import type_of

#: The step along the imaginary axis, whose square is nothing beside 1.
IMAGINARY = 1e-20


@frozen(eq=False)
class Differences:
    """J = ∂z/∂x of a function of flat leaves, column by column.

    "central" is (f(x + h) - f(x - h)) / 2h, whose error is least, about δ^(2/3), at h = δ^(1/3), where δ is the error
    of f: of the dtype, or of an inner difference.  "complex_step" is Im f(x + ih) / h, exact to rounding for analytic f
    (Squire and Trapp, *Using Complex Variables to Estimate Derivatives of Real Functions*, SIAM Review 40, 1998).
    """

    #: The function's name.
    name: str
    #: The function, of trees.
    function: Callable[..., Any]
    #: The arguments' trees, as `given.Given` has them.
    given: Any
    #: "central" or "complex_step".
    method: str
    #: How many differences the function itself is made of.
    depth: int
    #: Which leaves move.
    moving: tuple[int, ...]
    #: Which answers are real or complex.
    answers: tuple[int, ...]

    @property
    def parts(self) -> tuple[Any, ...]:
        """What tells it apart."""
        return (self.function, self.given, self.method, self.depth, self.moving, self.answers)

    @property
    def __name__(self) -> str:
        return f"derivative of {self.name}"

    def __call__(self, *leaves: Any) -> list[list[Any]]:
        """∂zₖ/∂xᵢ for each answer and each leaf that moves: of shape zₖ.shape + xᵢ.shape."""
        blocks: list[list[Any]] = [[] for _ in self.answers]
        for i in self.moving:
            self.checked(leaves, i)
            kind = type_of(leaves[i])
            columns = [self.column(leaves, {i: unit}) for unit in units(kind)] or [self.values(leaves)]
            for k, row in enumerate(blocks):
                stacked = np.stack([column[k] for column in columns], axis=-1)
                shape = (*stacked.shape[:-1], *kind.shape)
                row.append(stacked.reshape(shape)[()] if kind.size else np.empty(shape, stacked.dtype))
        return blocks

    def along(self, leaves: Sequence[Any], dots: dict[int, Any]) -> list[Any]:
        """ż along tangents of some leaves: one column, of the direction."""
        for i in dots:
            self.checked(leaves, i)
        return self.column(leaves, dots)

    def checked(self, leaves: Sequence[Any], i: int) -> None:
        """Refuse a complex argument, of which differences along the real axis say half."""
        if type_of(leaves[i]).dtype.kind == "c":
            raise BadArgument(
                f"{self.name} has numeric={self.method!r} and was differentiated with respect to {self.given.path(i)}, "
                "which is complex. Differences are along real directions. "
                "Pass the real and the imaginary part as two arguments, or state vjp or jvp."
            )

    def column(self, leaves: Sequence[Any], dots: dict[int, Any]) -> list[Any]:
        """The derivative along a direction."""
        longest = max([0.0, *[float(np.max(np.abs(dot), initial=0)) for dot in dots.values()]])
        if longest == 0:
            return [0 * y for y in self.values(leaves)]
        if self.method == "complex_step":
            step = IMAGINARY / longest
            moved = self.values([a + 1j * (step * dots[i]) if i in dots else a for i, a in enumerate(leaves)], True)
            return [y.imag / y.real.dtype.type(step) for y in moved]
        size = max([1.0, *[float(np.max(np.abs(leaves[i]), where=dot != 0, initial=0)) for i, dot in dots.items()]])
        error = max([float(np.finfo(type_of(leaves[i]).dtype).eps) for i in dots]) ** ((2 / 3) ** self.depth)
        step = float(2.0 ** np.round(np.log2(error ** (1 / 3) * size))) / longest
        ahead, behind = [
            self.values([near(a, sign * step, dots[i]) if i in dots else a for i, a in enumerate(leaves)])
            for sign in (1, -1)
        ]
        return [(a - b) / a.real.dtype.type(2 * step) for a, b in zip(ahead, behind, strict=True)]

    def values(self, leaves: Sequence[Any], imaginary: bool = False) -> list[Any]:
        """The real or complex answers at a point, in memory of their own."""
        if not imaginary:
            found = tree.leaves(self.function(*self.given.whole(leaves)))
            return [np.array(found[k])[()] for k in self.answers]
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            try:
                found = tree.leaves(self.function(*self.given.whole(leaves)))
            except (TypeError, np.exceptions.ComplexWarning) as error:
                error.add_note(f"{self.name} was called with a complex argument: it has numeric='complex_step'.")
                raise
        values = [np.array(found[k])[()] for k in self.answers]
        for value in values:
            if value.dtype.kind != "c":
                raise BadAnswer(
                    f"{self.name} has numeric='complex_step' and returned {type_of(value)!r} for a complex argument. "
                    "Its derivative is read off the imaginary part, which was dropped. "
                    "Write the function so that complex numbers pass through it, or take numeric='central'."
                )
        return values


def near(a: Any, step: float, dot: Any) -> Any:
    """A point nearby, in the dtype of `a`."""
    moved = a + step * dot
    return moved if type(a) is float else np.asarray(moved).astype(a.dtype)[()]


def units(kind: Any) -> Iterator[Any]:
    """The unit arrays of a type."""
    for index in np.ndindex(kind.shape):
        unit = np.zeros(kind.shape, kind.dtype)
        unit[index] = 1
        yield unit[()]
