"""Operations on matrices that LAPACK has and NumPy has not, by way of SciPy: equations and functions.

A cotangent is not conjugated, so that rules with plain transposes hold for complex matrices too.
"""

from typing import Any, ClassVar

import numpy as np
from attrs import frozen
from scipy.linalg import expm, expm_frechet, logm, solve_sylvester, sqrtm

from funcgrad.graph.dispatch import saved
from funcgrad.graph.types import Type
from funcgrad.primitives.contracting import matmul, turned
from funcgrad.primitives.kinds import Opaque
from funcgrad.primitives.solving import dtype_of, raised
from funcgrad.scipy.linalg.eliminating import each, stacks, sum_dtype


# ---- equations -------------------------------------------------------------------------------------------------------
@saved
@frozen(eq=False, repr=False)
class Sylvester(Opaque):
    """X with A X + X B = Q.  A Ẋ + Ẋ B = Q̇ - Ȧ X - X Ḃ, hence Aᵀ Q̄ + Q̄ Bᵀ = X̄, Ā = -Q̄ Xᵀ and B̄ = -Xᵀ Q̄.

    Kao and Hennequin, *Automatic differentiation of Sylvester, Lyapunov, and algebraic Riccati equations* (2020).
    """

    reads: ClassVar[str] = "z x y"

    def run(self, A: Any, B: Any, Q: Any) -> Any:
        return each(solve_sylvester, Q.shape[-2:], sum_dtype(A, B, Q), A, B, Q)

    def infer(self, A: Any, B: Any, Q: Any) -> Any:
        return Type((*stacks(A, B, Q), *Q.shape[-2:]), sum_dtype(A, B, Q))

    def vjp(self, Xbar: Any, X: Any, A: Any, B: Any, Q: Any) -> tuple[Any, Any, Any]:
        Qbar, Xt = Sylvester()(turned(A), turned(B), Xbar), turned(X)
        return -matmul(Qbar, Xt), -matmul(Xt, Qbar), Qbar

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*raised(which, args))


@saved
@frozen(eq=False, repr=False)
class SquareRoot(Opaque):
    """The principal Z with Z Z = A.  Z Ż + Ż Z = Ȧ, a Sylvester equation: Zᵀ Ā + Ā Zᵀ = Z̄.

    Higham, *Functions of matrices* (2008), equation 6.3. Where a real A has no real root, the answer is NaN.
    """

    reads: ClassVar[str] = "z"

    def run(self, A: Any) -> Any:
        def rooted(a: Any) -> Any:
            return real_or_nan(a, sqrtm(a))

        dtype = dtype_of(A.dtype)
        return each(rooted, A.shape[-2:], dtype, A.astype(dtype, copy=False))

    def infer(self, A: Any) -> Any:
        return Type(A.shape, dtype_of(A.dtype))

    def vjp(self, Zbar: Any, Z: Any, A: Any) -> tuple[Any]:
        Zt = turned(Z)
        return (Sylvester()(Zt, Zt, Zbar),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


# ---- functions -------------------------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class Slope(Opaque):
    """Z = Lf(A, E), the derivative of a function f of matrices at A along E: linear in E, so that Ē = Lf(Aᵀ, Z̄).

    f of (A E; 0 A) has it above the diagonal; the pullback of that at Z̄ is Lf((A E; 0 A)ᵀ, (0 Z̄; 0 0)), whose blocks
    on the diagonal add up to Ā, and the one above it is Ē.
    """

    reads: ClassVar[str] = "x y"

    def infer(self, A: Any, E: Any) -> Any:
        return Type((*stacks(A, E), *A.shape[-2:]), sum_dtype(A, E))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Any) -> list[Any]:
        (A, E), n = args, args[0].shape[-1]
        if 0 not in wanted:  # linear in E
            return [type(self)()(turned(A), zbar)]
        zero = np.zeros(zbar.shape, zbar.dtype)
        corner = np.concatenate([np.concatenate([zero, zbar], -1), np.concatenate([zero, zero], -1)], -2)
        both = type(self)()(turned(doubled(A, E)), corner)
        bars = [both[..., :n, :n] + both[..., n:, n:], both[..., :n, n:]]
        return [bars[i] for i in wanted]

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*raised(which, args))


def doubled(A: Any, E: Any) -> Any:
    """The matrix (A E; 0 A), of which any function f is (f(A) Lf(A, E); 0 f(A)). Mathias (1996), theorem 2.1."""
    shape = np.broadcast_shapes(A.shape, E.shape)
    A, E = np.broadcast_to(A, shape), np.broadcast_to(E, shape)
    upper, zero = np.concatenate([A, E], axis=-1), np.zeros(shape, A.dtype)
    return np.concatenate([upper, np.concatenate([zero, A], axis=-1)], axis=-2)


#: Up to so many rows SciPy's exponential of the doubled matrix is quicker (measured: at 8 rows a quarter of the time).
SMALL = 32


@saved
@frozen(eq=False, repr=False)
class ExponentialSlope(Slope):
    """Z = L(A, E), the derivative of exp A along E."""

    def run(self, A: Any, E: Any) -> Any:
        dtype, n = sum_dtype(A, E), A.shape[-1]

        def slope(a: Any, e: Any) -> Any:
            if n <= SMALL:
                return expm(doubled(a, e))[:n, n:]
            return expm_frechet(a, e, compute_expm=False, check_finite=False)

        return each(slope, A.shape[-2:], dtype, A.astype(dtype, copy=False), E.astype(dtype, copy=False))


@saved
@frozen(eq=False, repr=False)
class Exponential(Opaque):
    """Z = exp A = Σ Aᵏ/k!.  Ż = L(A, Ȧ), the Fréchet derivative, of which Ā = L(Aᵀ, Z̄) is the transpose.

    Al-Mohy and Higham, *Computing the Fréchet derivative of the matrix exponential* (2009).
    """

    reads: ClassVar[str] = "x"

    def run(self, A: Any) -> Any:
        dtype = dtype_of(A.dtype)
        return each(expm, A.shape[-2:], dtype, A.astype(dtype, copy=False))

    def infer(self, A: Any) -> Any:
        return Type(A.shape, dtype_of(A.dtype))

    def vjp(self, Zbar: Any, Z: Any, A: Any) -> tuple[Any]:
        return (ExponentialSlope()(turned(A), Zbar),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


def real_or_nan(a: Any, z: Any) -> Any:
    """z, or NaN where it is complex and a real: the dtype of an answer does not depend on numbers.

    SciPy before 1.16 hands out real roots as complex numbers whose imaginary parts are rounding.
    """
    if a.dtype.kind == "c" or not np.iscomplexobj(z):
        return z
    rounding = np.max(np.abs(z.imag), initial=0.0) <= 100 * a.size * np.finfo(z.dtype).eps * np.max(np.abs(z))
    return z.real if rounding else np.full(a.shape, np.nan, a.dtype)


@saved
@frozen(eq=False, repr=False)
class LogarithmSlope(Slope):
    """Z = L(A, E), the derivative along E of the principal logarithm of A."""

    def run(self, A: Any, E: Any) -> Any:
        dtype, n = sum_dtype(A, E), A.shape[-1]

        def slope(a: Any, e: Any) -> Any:
            return real_or_nan(a, logm(doubled(a, e))[:n, n:])

        return each(slope, A.shape[-2:], dtype, A.astype(dtype, copy=False), E.astype(dtype, copy=False))


@saved
@frozen(eq=False, repr=False)
class Logarithm(Opaque):
    """The principal Z with exp Z = A; NaN where a real A has no real one.  Ż = L(A, Ȧ), Ā = L(Aᵀ, Z̄).

    Al-Mohy, Higham and Relton, *Computing the Fréchet derivative of the matrix logarithm* (2013).
    """

    reads: ClassVar[str] = "x"

    def run(self, A: Any) -> Any:
        def taken(a: Any) -> Any:
            return real_or_nan(a, logm(a))

        dtype = dtype_of(A.dtype)
        return each(taken, A.shape[-2:], dtype, A.astype(dtype, copy=False))

    def infer(self, A: Any) -> Any:
        return Type(A.shape, dtype_of(A.dtype))

    def vjp(self, Zbar: Any, Z: Any, A: Any) -> tuple[Any]:
        return (LogarithmSlope()(turned(A), Zbar),)

    def batch(self, *args: Any) -> Any:
        return self(*args)
