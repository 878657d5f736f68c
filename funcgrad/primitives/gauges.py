"""Quotients by differences of eigenvalues or singular values, where some are equal.

Eigenvectors are not unique: each has a phase, and those of one repeated value are any basis of its space. What does
not depend on the choice has a derivative. Where it is a function of the vectors' space, the differences that vanish
have no part in it. What depends on the choice has none, and is an error as far as the numbers show it.
"""

from typing import Any, ClassVar, Literal

import numpy as np
from attrs import frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import Opaque
from funcgrad.primitives.solving import raised

#: What must vanish of X where the divisor does: X - Xᴴ, all but the diagonal, or all.
Check = Literal["skew", "off", "all"]


def rounding(dtype: Any) -> float:
    """The distance of 1 and the next number of `dtype`."""
    return float(np.finfo(dtype).eps)


def cleared(d: Any, s: Any) -> Any:
    """d, and 0 where it is no more than the rounding of the values s."""
    small = np.sum(np.abs(s), -1)[..., None, None] * (10 * rounding(s.dtype))
    return np.where(np.abs(d) <= small, 0, d)


def gaps(s: Any) -> Any:
    """dᵢⱼ = sⱼ - sᵢ, and 0 where they are equal but for rounding."""
    return cleared(s[..., None, :] - s[..., :, None], s)


def totals(s: Any) -> Any:
    """dᵢⱼ = sⱼ + sᵢ, and 0 where both are 0 but for rounding."""
    return cleared(s[..., None, :] + s[..., :, None], s)


def refuse_choice() -> None:
    """Say that a derivative depends on what NumPy is free to choose, or on how equal values part."""
    raise np.linalg.LinAlgError(
        "Eigenvectors or singular vectors have no derivative of their own where their values are equal, nor have their "
        "phases. What was differentiated depends on these, or on how the equal values part. Differentiate what does "
        "not: the values alone (eigvalsh, svdvals), once, or projectors such as V @ V^H, once and in reverse mode"
    )


@frozen(eq=False, repr=False)
class Parted(Opaque):
    """z = x / y, and 0 where y = 0; there x must vanish, too, beside the largest number of w.

    `check` says what of x: with Ω skew, Re Σ x∘Ω reads only x - xᴴ. The transpose checks what `turned` says.
    A primitive for safety: the check needs numbers, and belongs to the program.
    """

    #: What must vanish.
    check: Check
    #: What must vanish where the transpose is applied.
    turned: Check
    reads: ClassVar[str] = "z y"

    def run(self, x: Any, y: Any, w: Any) -> Any:
        x, free = np.broadcast_arrays(x, y == 0)
        if free.any() and not vanishes(x, free, w, self.check):
            refuse_choice()
        return np.where(free, 0, x / np.where(y == 0, 1, y))

    def infer(self, x: Any, y: Any, w: Any) -> Any:
        return Type(np.broadcast_shapes(x.shape, y.shape), np.result_type(x.dtype, y.dtype))

    def vjp(self, zbar: Any, z: Any, x: Any, y: Any, w: Any) -> tuple[Any, ...]:
        product = zbar * z
        return Parted(self.turned, self.check)(zbar, y, zbar), -Parted("all", "all")(product, y, product), None

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*raised(which, args))


def divided(x: Any, d: Any, g: Any, w: Any, check: Check) -> Any:
    """x g/d where g vanishes with d; what vanishes with d of x, or of what the transpose has in its place, is checked.

    g/d is a divided difference, whose limit is not known here.
    """
    return Parted(check, check)(Parted(check, check)(x, d, w) * g, np.where(d == 0, d, 1), w)


def vanishes(x: Any, free: Any, w: Any, check: str) -> Any:
    """Whether what `check` says of x is no more than rounding of w, or of 1, where it is free."""
    part = x - np.conjugate(x.mT) if check == "skew" else x
    if check == "off":
        free = free & ~np.eye(x.shape[-1], dtype=bool)
    largest = np.max(np.abs(w), axis=(-2, -1), initial=0, keepdims=True)
    eps = np.finfo(x.dtype).eps
    return np.all(np.abs(np.where(free, part, 0)) <= largest * eps**0.5 + 100 * eps)


@frozen(eq=False, repr=False)
class Settled(Opaque):
    """z = x, the cotangents of values w that come with cotangents, of sizes y, of their vectors.

    Of a function of values and vectors both, such as V g(λ) Vᴴ, the derivative at λᵢ = λⱼ asks for g′, which
    cotangents do not tell. So x and y must be 0 there: the function must leave such values and vectors out. (If they
    are 0 by chance, as of one element beside the diagonal of V diag(λ) Vᴴ = 0, this cannot be told apart.)
    """

    #: Whether the space of a singular value 0 is larger than what its vectors span.
    null: bool
    reads: ClassVar[str] = ""

    def run(self, x: Any, y: Any, w: Any) -> Any:
        equal = (gaps(w) == 0) & ~np.eye(w.shape[-1], dtype=bool)
        shared = np.any(equal, axis=-1) | ((np.diagonal(totals(w), 0, -2, -1) == 0) & self.null)
        for one in (x, y):
            largest = np.max(np.abs(one), axis=-1, initial=0, keepdims=True)
            if np.any(np.where(shared, np.abs(one), 0) > largest * np.sqrt(np.finfo(one.dtype).eps)):
                refuse_choice()
        return np.copy(x)

    def infer(self, x: Any, y: Any, w: Any) -> Any:
        return Type(x.shape, x.dtype)

    def vjp(self, zbar: Any, z: Any, x: Any, y: Any, w: Any) -> tuple[Any, ...]:
        return zbar, None, None

    def batch(self, *args: Any) -> Any:
        return self(*args)
