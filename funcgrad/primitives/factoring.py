"""Factors of any matrices: singular values and vectors, and QR.

A cotangent is not conjugated: the rules are plain transposes.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.contracting import matmul, turned
from funcgrad.primitives.eigen import abreast, adjoint, diagonal, differences, hermitian, shared_out, unit
from funcgrad.primitives.gauges import Parted, Settled, cleared, divided, gaps, totals
from funcgrad.primitives.kinds import Opaque
from funcgrad.primitives.solving import dtype_of, real_of, solve


def lower(shape: tuple[int, ...]) -> int:
    """How many singular values a matrix has."""
    return min(shape[-2:])


def nonzero_only(sbar: Any, s: Any) -> Any:
    """s̄, and 0 where s is 0 but for rounding: of the slopes of |·| at 0 the smallest."""
    return np.where(diagonal(totals(s)) == 0, 0, sbar)


def added(a: Any, b: Any) -> Any:
    """a + b, where None is zero."""
    return b if a is None else a if b is None else a + b


# ---- singular values -------------------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class Svd(Opaque):
    """(U, s, W) with A = U diag(s) W, Uᴴ U = W Wᴴ = 1 and s descending.

    Wan and Zhang, *Automatic differentiation for complex valued SVD* (2019); Giles (2008), section 3.2. With
    D = Uᴴ Ȧ Wᴴ: ṡ = Re diag D; the skew X = Uᴴ U̇ and Y = W Ẇᴴ have
    (X + Y)ᵢⱼ = (D + Dᴴ)ᵢⱼ/(sⱼ - sᵢ) and (X - Y)ᵢⱼ = (D - Dᴴ)ᵢⱼ/(sⱼ + sᵢ), the phases' choice being diag(X + Y) = 0;
    and U̇ = U X + (1 - U Uᴴ) Ȧ Wᴴ/s, Ẇ = -Y W + s⁻¹ Uᴴ Ȧ (1 - Wᴴ W). Hence, with M = Uᵀ Ū, N = W̄ Wᵀ,
    Q = (M - N)ᵢⱼ/(sⱼ - sᵢ) and R = (M + N)ᵢⱼ/(sⱼ + sᵢ), T = diag s̄ + ½(Q + Qᴴ + R - Rᴴ):
    Ā = U* (T W* + s⁻¹ (W̄ - N W*)) + (Ū - U* M) s⁻¹ W*.
    A full U = (U₁ U₂) has U₂ᴴ U̇₂ = 0, so that U̇₂ = -U₁ U̇₁ᴴ U₂; likewise W.
    """

    #: Whether U and W are square, more than A needs.
    full: bool
    several: ClassVar[bool] = True
    reads: ClassVar[str] = "z"

    def run(self, A: Any) -> Any:
        return tuple(np.linalg.svd(A, self.full))

    def infer(self, A: Any) -> Any:
        (*stack, m, n), dtype, k = A.shape, dtype_of(A.dtype), lower(A.shape)
        U = Type((*stack, m, m if self.full else k), dtype)
        return U, Type((*stack, k), real_of(dtype)), Type((*stack, n if self.full else k, n), dtype)

    def vjp(self, zbar: Any, z: Any, A: Any) -> tuple[Any]:
        (Ubar, sbar, Wbar), (U, s, W), k = zbar, z, lower(A.shape)
        Ubar = None if Ubar is None else thin(Ubar, U, k)
        Wbar = None if Wbar is None else turned(thin(turned(Wbar), turned(W), k))
        U, W = U[..., :k], W[..., :k, :]
        if Ubar is None and Wbar is None:
            core, sides = diagonal_of(nonzero_only(sbar, s), U), None
        else:
            core, sides = self.of_vectors(Ubar, Wbar, U, s, W)
            if sbar is not None:
                null = A.shape[-1] != A.shape[-2] or A.dtype.kind == "c"
                sizes = added(
                    None if Ubar is None else shared_out(Ubar), None if Wbar is None else shared_out(turned(Wbar))
                )
                core = core + diagonal_of(Settled(null)(sbar, sizes, s), U)
        return (added(matmul(matmul(np.conjugate(U), core), np.conjugate(W)), sides),)

    def of_vectors(self, Ubar: Any, Wbar: Any, U: Any, s: Any, W: Any) -> tuple[Any, Any]:
        """½(Q + Qᴴ + R - Rᴴ), and what moves the spaces of U and W."""
        M = None if Ubar is None else matmul(turned(U), Ubar)
        N = None if Wbar is None else matmul(Wbar, turned(W))
        difference, total = added(M, None if N is None else -N), added(M, N)
        Q = Parted("skew", "off")(difference, gaps(s), total)
        R = Parted("skew", "all")(total, totals(s), total)
        sides = None
        if Ubar is not None and U.shape[-2] > U.shape[-1]:
            sides = matmul(side(Ubar, U, M, s), np.conjugate(W))
        if Wbar is not None and W.shape[-1] > W.shape[-2]:
            other = turned(side(turned(Wbar), turned(W), turned(N), s))
            sides = added(sides, matmul(np.conjugate(U), other))
        return hermitian(Q) + (R - adjoint(R)) / 2, sides

    def batch(self, *args: Any) -> Any:
        return self(*args)


def thin(Ubar: Any, U: Any, k: int) -> Any:
    """Ū₁ - U₂* (U₁ᵀ Ū₂)ᴴ, the cotangent of the first k columns, on which the others depend but for their basis."""
    if U.shape[-1] == k:
        return Ubar
    rest = np.arange(U.shape[-1]) >= k
    M = matmul(turned(U), Ubar)
    M = Parted("skew", "off")(M, 1.0 - (rest[:, None] & rest), M)
    return Ubar[..., :k] - matmul(np.conjugate(U[..., k:]), adjoint(M[..., :k, k:]))


def side(Ubar: Any, U: Any, M: Any, s: Any) -> Any:
    """(Ū - U* M)/s."""
    return Parted("all", "all")(Ubar - matmul(np.conjugate(U), M), cleared(s[..., None, :], s), Ubar)


def diagonal_of(s: Any, like: Any) -> Any:
    """diag s."""
    return s[..., None, :] * unit(like)


@frozen(eq=False, repr=False)
class SingularValues(Opaque):
    """The singular values s of A, descending: Ā = U* diag(s̄) W*. Giles (2008), section 3.2.

    Where some are equal this is right for symmetric functions of them, and else one of the generalised gradients, that
    of the U and W which NumPy finds. At s = 0 it is 0, of all subgradients of |·| the smallest.
    """

    reads: ClassVar[str] = "z x"

    def run(self, A: Any) -> Any:
        return np.linalg.svdvals(A)

    def infer(self, A: Any) -> Any:
        return Type((*A.shape[:-2], lower(A.shape)), real_of(dtype_of(A.dtype)))

    def vjp(self, sbar: Any, s: Any, A: Any) -> tuple[Any]:
        return (SingularSlope()(A, nonzero_only(sbar, s)),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class SingularSlope(Opaque):
    """Z = U* diag(g) W*, the derivative of the singular values s of A = U diag(s) W, weighted by g.

    With G = Uᵀ Z̄* Wᵀ, H and K its Hermitian and skew parts: ḡ = Re diag G, and `Svd` with U X diag(g) W and so on has
    Ā = U* T W* + (1 - U* Uᵀ) Z̄* Wᵀ (g/s) W* + U* (g/s) Uᵀ Z̄* (1 - Wᵀ W*), where
    Tᵢⱼ = Hᵢⱼ (gⱼ - gᵢ)/(sⱼ - sᵢ) + Kᵢⱼ (gⱼ + gᵢ)/(sⱼ + sᵢ). A primitive for safety: where a divisor vanishes, the
    quotient would be a derivative of g, which is not known here, so that H or K must vanish too.
    """

    reads: ClassVar[str] = "x y"

    def run(self, A: Any, g: Any) -> Any:
        U, _, W = np.linalg.svd(A, False)
        return np.matmul(np.conjugate(U) * g[..., None, :], np.conjugate(W))

    def infer(self, A: Any, g: Any) -> Any:
        stack = np.broadcast_shapes(A.shape[:-2], g.shape[:-1])
        return Type((*stack, *A.shape[-2:]), dtype_of(A.dtype, g.dtype))

    def vjp(self, Zbar: Any, Z: Any, A: Any, g: Any) -> tuple[Any, Any]:
        U, s, W = Svd(False)(A)
        Uc, Wc, Zc = np.conjugate(U), np.conjugate(W), np.conjugate(Zbar)
        left, right = matmul(turned(U), Zc), matmul(Zc, turned(W))  # Uᵀ Z̄* and Z̄* Wᵀ
        G = matmul(left, turned(W))
        K = (G - adjoint(G)) / 2
        sums, column, alone = g[..., None, :] + g[..., :, None], g[..., None, :], cleared(s[..., None, :], s)
        T = divided(hermitian(G), gaps(s), differences(g), G, "off") + divided(K, totals(s), sums, G, "all")
        Abar = matmul(matmul(Uc, T), Wc)
        if U.shape[-2] > U.shape[-1]:
            Abar = Abar + matmul(divided(right - matmul(Uc, G), alone, column, right, "all"), Wc)
        if W.shape[-1] > W.shape[-2]:
            moved = divided(turned(left - matmul(G, Wc)), alone, column, turned(left), "all")
            Abar = Abar + matmul(Uc, turned(moved))
        return Abar, np.real(diagonal(G))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        if 0 not in wanted:  # linear in g at repeated singular values too
            U, _, W = Svd(False)(args[0])
            return [np.real(diagonal(matmul(matmul(adjoint(U), zbar), adjoint(W))))]
        return Opaque.pull(self, zbar, z, args, wanted)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*abreast(which, args))


# ---- QR --------------------------------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class Qr(Opaque):
    """(Q, R) with A = Q R, Qᴴ Q = 1 and R upper triangular, its diagonal real, for A with no more columns than rows.

    Walter, Lehmann and Lamour, *On evaluating higher-order derivatives of the QR decomposition of tall matrices with
    full column rank* (2012), section 3. With C = Qᴴ Ȧ R⁻¹, L its strict lower triangle and X = L + i Im diag C - Lᴴ:
    Q̇ = Q X + (1 - Q Qᴴ) Ȧ R⁻¹ and Ṙ = (C - X) R. Hence, with M = Qᵀ Q̄ - R̄ Rᵀ and the Hermitian N that has the upper
    triangle of M, the real part of its diagonal: Ā = (Q̄ - Q* N) R⁻ᵀ.
    Without full column rank there is no derivative: R⁻¹ is an error.
    """

    #: Whether Q is square, more than A needs.
    full: bool
    several: ClassVar[bool] = True
    reads: ClassVar[str] = "z"

    def run(self, A: Any) -> Any:
        return tuple(np.linalg.qr(A, "complete" if self.full else "reduced"))

    def infer(self, A: Any) -> Any:
        (*stack, m, n), dtype = A.shape, dtype_of(A.dtype)
        k = m if self.full else n
        return Type((*stack, m, k), dtype), Type((*stack, k, n), dtype)

    def vjp(self, zbar: Any, z: Any, A: Any) -> tuple[Any]:
        (Qbar, Rbar), (Q, R), n = zbar, z, A.shape[-1]
        M = None
        if Qbar is not None:
            Qbar = thin(Qbar, Q, n)
        Q, R = Q[..., :n], R[..., :n, :]
        if Qbar is not None:
            M = matmul(turned(Q), Qbar)
        if Rbar is not None:
            M = added(M, -matmul(Rbar[..., :n, :], turned(R)))
        upper = M * (1 - np.tri(n, dtype=real_of(R.dtype)))
        N = upper + adjoint(upper) + np.real(diagonal(M))[..., None, :] * unit(R)
        Y = added(Qbar, -matmul(np.conjugate(Q), N))
        return (turned(solve(of_full_rank(R), turned(Y))),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


def of_full_rank(R: Any) -> Any:
    """R; where a number of its diagonal is 0 but for rounding, a matrix that has no inverse."""
    r = diagonal(R)
    small = np.abs(r) <= np.sum(np.abs(r), -1)[..., None] * (10 * float(np.finfo(R.dtype).eps))
    return np.where(small[..., None, :], 0, R)
