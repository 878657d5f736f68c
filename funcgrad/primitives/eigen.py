"""Eigenvalues and eigenvectors.

Giles, *An extended collection of matrix derivative results for forward and reverse mode automatic differentiation*
(2008), section 3.1; Boeddeker, Hanebrink, Drude, Heymann and Haeb-Umbach, *On the computation of complex-valued
gradients with application to statistically optimum beamforming* (2017), for complex matrices. A cotangent is not
conjugated: the rules are plain transposes.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from attrs import frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.contracting import matmul, turned
from funcgrad.primitives.deficient import MatrixRank
from funcgrad.primitives.gauges import Parted, Settled, divided, gaps
from funcgrad.primitives.kinds import Opaque
from funcgrad.primitives.shaping import Reshape
from funcgrad.primitives.solving import dtype_of, real_of, solve


def adjoint(a: Any) -> Any:
    """aᴴ: each matrix of a stack transposed and conjugated."""
    return np.conjugate(turned(a))


def hermitian(a: Any) -> Any:
    """½(a + aᴴ)."""
    return (a + adjoint(a)) / 2


def unit(a: Any) -> Any:
    """The unit matrix of the size and precision of a."""
    return np.eye(a.shape[-1], dtype=real_of(a.dtype))


def diagonal(a: Any) -> Any:
    """The diagonal of each matrix."""
    return np.diagonal(a, 0, -2, -1)


def differences(g: Any) -> Any:
    """gⱼ - gᵢ."""
    return g[..., None, :] - g[..., :, None]


def shared_out(Vbar: Any) -> Any:
    """The size of each column."""
    return np.sum(np.abs(Vbar), -2)


def abreast(which: tuple[bool, ...], args: tuple[Any, ...]) -> list[Any]:
    """Stacks of matrices A and of vectors g whose batch axes, where `which` says so, broadcast; one A stays one."""
    ranks = [a.ndim - own - has_batch for a, own, has_batch in zip(args, (2, 1), which, strict=True)]
    missing = [(1,) * (max(ranks) - rank) if has_batch else () for rank, has_batch in zip(ranks, which, strict=True)]
    return [Reshape((a.shape[0], *ones, *a.shape[1:]))(a) if ones else a for a, ones in zip(args, missing, strict=True)]


# ---- Hermitian matrices ----------------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class Eigh(Opaque):
    """(λ, V) with A V = V diag(λ), Vᴴ V = 1. The derivative takes A to move as a Hermitian matrix: by ½(Ȧ + Ȧᴴ).

    With P = Vᴴ Ȧ V and Fᵢⱼ = 1/(λⱼ - λᵢ): λ̇ = diag P and V̇ = V (F∘P), the phases' choice being diag Vᴴ V̇ = 0.
    Hence T = V* (diag λ̄ + F∘(Vᵀ V̄)) Vᵀ and Ā = ½(T + Tᴴ). Giles (2008), section 3.1.
    Where λᵢ = λⱼ, F is 0: right for functions of the space that these vectors span. Forwards, V̇ is an error there.
    """

    #: The triangle that NumPy reads.
    UPLO: Literal["L", "U"]
    several: ClassVar[bool] = True
    reads: ClassVar[str] = "z"

    def run(self, A: Any) -> Any:
        return tuple(np.linalg.eigh(A, self.UPLO))

    def infer(self, A: Any) -> Any:
        dtype = dtype_of(A.dtype)
        return Type(A.shape[:-1], real_of(dtype)), Type(A.shape, dtype)

    def vjp(self, zbar: Any, z: Any, A: Any) -> tuple[Any]:
        (lbar, Vbar), (l, V) = zbar, z
        S = None
        if Vbar is not None:
            M = matmul(turned(V), Vbar)
            S = Parted("skew", "off")(M, gaps(l), M)
            if lbar is not None:
                lbar = Settled(False)(lbar, shared_out(Vbar), l)
        if lbar is not None:
            onto = lbar[..., None, :] * unit(V)
            S = onto if S is None else S + onto
        return (hermitian(matmul(matmul(np.conjugate(V), S), turned(V))),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class EighValues(Opaque):
    """The eigenvalues λ of a Hermitian matrix A, ascending: Ā = V* diag(λ̄) Vᵀ. Giles (2008), section 3.1.

    Where some are equal this is right for symmetric functions of them, and else one of the generalised gradients:
    that of the basis V which NumPy finds. Lewis, *Derivatives of spectral functions* (1996).
    """

    #: The triangle that NumPy reads.
    UPLO: Literal["L", "U"]
    reads: ClassVar[str] = "x"

    def run(self, A: Any) -> Any:
        return np.linalg.eigvalsh(A, self.UPLO)

    def infer(self, A: Any) -> Any:
        return Type(A.shape[:-1], real_of(dtype_of(A.dtype)))

    def vjp(self, lbar: Any, l: Any, A: Any) -> tuple[Any]:
        return (EighSlope(self.UPLO)(A, lbar),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class EighSlope(Opaque):
    """Z = V* diag(g) Vᵀ, the derivative of the eigenvalues λ of A, weighted by g.

    With H the Hermitian part of Vᴴ Z̄ V: ḡ = diag H and Ā = V* S Vᵀ with Sᵢⱼ = Hⱼᵢ (gⱼ - gᵢ)/(λⱼ - λᵢ); the divided
    difference of Daletskii and Krein (1951). A primitive for safety: where λᵢ = λⱼ, it would be a derivative of
    g, which is not known here, so Hᵢⱼ must be 0.
    """

    #: The triangle that NumPy reads.
    UPLO: Literal["L", "U"]
    reads: ClassVar[str] = "x y"

    def run(self, A: Any, g: Any) -> Any:
        V = np.linalg.eigh(A, self.UPLO)[1]
        return np.matmul(np.conjugate(V) * g[..., None, :], V.mT)

    def infer(self, A: Any, g: Any) -> Any:
        stack = np.broadcast_shapes(A.shape[:-2], g.shape[:-1])
        return Type((*stack, *A.shape[-2:]), dtype_of(A.dtype, g.dtype))

    def vjp(self, Zbar: Any, Z: Any, A: Any, g: Any) -> tuple[Any, Any]:
        l, V = Eigh(self.UPLO)(A)
        H = hermitian(matmul(matmul(adjoint(V), Zbar), V))
        S = divided(turned(H), gaps(l), differences(g), H, "off")
        return hermitian(matmul(matmul(np.conjugate(V), S), turned(V))), np.real(diagonal(H))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        if 0 not in wanted:  # linear in g at repeated eigenvalues too
            _, V = Eigh(self.UPLO)(args[0])
            return [np.real(diagonal(matmul(matmul(adjoint(V), zbar), V)))]
        return Opaque.pull(self, zbar, z, args, wanted)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*abreast(which, args))


# ---- any matrices ----------------------------------------------------------------------------------------------------
def invertible(V: Any) -> Any:
    """Eigenvectors; 0, which has no inverse, where they do not span the space: A is defective."""
    n = V.shape[-1]
    rank = MatrixRank(False, "rtol")(V, np.float64(10 * np.finfo(V.dtype).eps ** 0.5))
    return np.where((rank == n)[..., None, None], V, 0)


@frozen(eq=False, repr=False)
class Eig(Opaque):
    """(λ, V) with A V = V diag(λ), columns of length 1; complex whatever A is.

    With P = V⁻¹ Ȧ V, Fᵢⱼ = 1/(λⱼ - λᵢ), X = F∘P: λ̇ = diag P and V̇ = V (X - diag(Vᴴ V X)), where the last term keeps
    the lengths. Hence, with M = Vᵀ V̄, Ā = V⁻ᵀ (diag λ̄ + F∘(M - (Vᴴ V)ᵀ diag M)) Vᵀ. Giles (2008), section 3.1;
    Boeddeker et al. (2017), section 4. A defective matrix has no derivative: the inverse is an error.
    """

    several: ClassVar[bool] = True
    reads: ClassVar[str] = "z"

    def run(self, A: Any) -> Any:
        l, V = np.linalg.eig(A)
        return l.astype(np.result_type(l, np.complex64)), V.astype(np.result_type(V, np.complex64))

    def infer(self, A: Any) -> Any:
        dtype = dtype_of(A.dtype, np.dtype(np.complex64))
        return Type(A.shape[:-1], dtype), Type(A.shape, dtype)

    def vjp(self, zbar: Any, z: Any, A: Any) -> tuple[Any]:
        (lbar, Vbar), (l, V) = zbar, z
        S = None
        if Vbar is not None:
            M = Parted("skew", "off")(matmul(turned(V), Vbar), 1 - unit(V), Vbar) + phaseless(V, Vbar)
            X = M - turned(matmul(adjoint(V), V)) * diagonal(M)[..., None, :]
            S = Parted("off", "off")(X, gaps(l), Vbar)
            if lbar is not None:
                lbar = Settled(False)(lbar, shared_out(Vbar), l)
        if lbar is not None:
            onto = lbar[..., None, :] * unit(V)
            S = onto if S is None else S + onto
        return (solve(turned(invertible(V)), matmul(S, turned(V))),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


def phaseless(V: Any, Vbar: Any) -> Any:
    """diag Re Vᵀ V̄."""
    return np.real(np.sum(V * Vbar, -2))[..., None, :] * unit(V)


@frozen(eq=False, repr=False)
class EigValues(Opaque):
    """The eigenvalues λ of any matrix A, in the order of `Eig`: Ā = V⁻ᵀ diag(λ̄) Vᵀ. Giles (2008), section 3.1."""

    reads: ClassVar[str] = "x"

    def run(self, A: Any) -> Any:
        l = np.linalg.eig(A)[0]
        return l.astype(np.result_type(l, np.complex64))

    def infer(self, A: Any) -> Any:
        return Type(A.shape[:-1], dtype_of(A.dtype, np.dtype(np.complex64)))

    def vjp(self, lbar: Any, l: Any, A: Any) -> tuple[Any]:
        return (EigSlope()(A, lbar),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class EigSlope(Opaque):
    """Z = V⁻ᵀ diag(g) Vᵀ, the derivative of the eigenvalues λ of A, weighted by g.

    With H = V⁻¹ Z̄ V: ḡ = diag H and Ā = V⁻ᵀ S Vᵀ with Sᵢⱼ = Hⱼᵢ (gⱼ - gᵢ)/(λⱼ - λᵢ), as in `EighSlope`: where
    λᵢ = λⱼ, Hᵢⱼ must be 0.
    """

    reads: ClassVar[str] = "x y"

    def run(self, A: Any, g: Any) -> Any:
        V = np.linalg.eig(A)[1]
        deficient = np.linalg.matrix_rank(V, rtol=10 * np.finfo(V.dtype).eps ** 0.5) < V.shape[-1]
        return np.linalg.solve(np.where(deficient[..., None, None], 0, V.mT), g[..., :, None] * V.mT)

    def infer(self, A: Any, g: Any) -> Any:
        stack = np.broadcast_shapes(A.shape[:-2], g.shape[:-1])
        return Type((*stack, *A.shape[-2:]), dtype_of(A.dtype, g.dtype))

    def vjp(self, Zbar: Any, Z: Any, A: Any, g: Any) -> tuple[Any, Any]:
        l, V = Eig()(A)
        H = solve(invertible(V), matmul(Zbar, V))
        S = divided(turned(H), gaps(l), differences(g), H, "off")
        return solve(turned(V), matmul(S, turned(V))), diagonal(H)

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        if 0 not in wanted:  # linear in g at repeated eigenvalues too
            _, V = Eig()(args[0])
            return [diagonal(solve(invertible(V), matmul(zbar, V)))]
        return Opaque.pull(self, zbar, z, args, wanted)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*abreast(which, args))
