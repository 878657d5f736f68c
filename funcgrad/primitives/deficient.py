"""Matrices that may have less than full rank: the rank itself, and the pseudo-inverse."""

from typing import Any, ClassVar, Literal

import numpy as np
from attrs import frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.contracting import matmul, turned
from funcgrad.primitives.kinds import Opaque, stretched
from funcgrad.primitives.reducing import Flat
from funcgrad.primitives.shaping import Reshape
from funcgrad.primitives.solving import dtype_of


def beside(size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> tuple[Any, Any]:
    """A batch of stacks of matrices, and numbers for them that broadcast with the stacks, batched or not."""
    (A, tolerance), (moving, several) = args, which
    A = A if moving else stretched(A, size)
    if several:
        ones = (1,) * (A.ndim - 2 - tolerance.ndim)
        tolerance = Reshape((tolerance.shape[0], *ones, *tolerance.shape[1:]))(tolerance)
    return A, tolerance


@frozen(eq=False, repr=False)
class MatrixRank(Flat):
    """How many singular values of each matrix are more than y, or than y times the largest.  Locally constant."""

    #: Whether the matrices are Hermitian.
    hermitian: bool
    #: What y is: absolute, or relative to the largest.
    bound: Literal["tol", "rtol"]

    def run(self, A: Any, y: Any) -> Any:
        if self.bound == "tol":
            return np.linalg.matrix_rank(A, y, self.hermitian)
        return np.linalg.matrix_rank(A, None, self.hermitian, rtol=y)

    def infer(self, A: Any, y: Any) -> Any:
        dtype_of(A.dtype)
        return Type(np.broadcast_shapes(A.shape[:-2], y.shape), np.dtype(np.intp))

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*beside(size, which, args))


def thrice(A: Any, B: Any, C: Any) -> Any:
    """A B C, from the side that takes fewer multiplications."""
    (a, b), (c, d) = A.shape[-2:], C.shape[-2:]
    return matmul(matmul(A, B), C) if a * c * (b + d) <= b * d * (a + c) else matmul(A, matmul(B, C))


@frozen(eq=False, repr=False)
class PseudoInverse(Opaque):
    """Z = A⁺, singular values up to y times the largest being taken for 0.

    Golub and Pereyra, *The differentiation of pseudo-inverses and nonlinear least squares problems whose variables
    separate* (1973), theorem 4.3, where A keeps its rank (elsewhere A⁺ is not continuous):
    Ż = -Z Ȧ Z + Z Zᴴ Ȧᴴ (1 - A Z) + (1 - Z A) Ȧᴴ Zᴴ Z, hence
    Ā = -Zᵀ Z̄ Zᵀ + (1 - A Z)* Z̄ᴴ (Z Zᴴ)* + (Zᴴ Z)* Z̄ᴴ (1 - Z A)*.
    A primitive for speed and safety: no factor of A is differentiated, so equal singular values do no harm.
    """

    #: Whether A is Hermitian: it then moves by ½(Ȧ + Ȧᴴ).
    hermitian: bool
    reads: ClassVar[str] = "z x"

    def run(self, A: Any, y: Any) -> Any:
        return np.linalg.pinv(A, y, self.hermitian)

    def infer(self, A: Any, y: Any) -> Any:
        stack = np.broadcast_shapes(A.shape[:-2], y.shape)
        dtype = dtype_of(A.dtype) if A.shape[-1] * A.shape[-2] else A.dtype  # NumPy does not look at what is empty
        return Type((*stack, A.shape[-1], A.shape[-2]), dtype)

    def vjp(self, Zbar: Any, Z: Any, A: Any, y: Any) -> tuple[Any, None]:
        Zt, Zc = turned(Z), np.conjugate(Z)
        Zbarh, Ac = np.conjugate(turned(Zbar)), np.conjugate(A)
        left = thrice(Zbarh, Zc, Zt)  # Z̄ᴴ (Z Zᴴ)*
        right = thrice(Zt, Zc, Zbarh)  # (Zᴴ Z)* Z̄ᴴ
        inner = left - thrice(Ac, Zc, left)
        outer = right - thrice(right, Zc, Ac)
        Abar = inner + outer - thrice(Zt, Zbar, Zt)
        return ((Abar + np.conjugate(turned(Abar))) / 2 if self.hermitian else Abar), None

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*beside(size, which, args))
