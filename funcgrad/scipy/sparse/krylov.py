"""SciPy's solvers that only multiply by the matrix, as methods of `linear_solve`, `custom_root` and `fixed_point`."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse.linalg as _linalg
from attrs import frozen

from funcgrad import tree
from funcgrad.errors import NotConverged
from funcgrad.transforms.linear import METHODS


@frozen
class Krylov:
    """A solver on trees of plain numbers: x with |b - A x| ≤ max(rtol·|b|, atol), else `NotConverged`."""

    #: SciPy's name of it.
    method: str
    #: The tolerance relative to b; None for ε^⅔ at b's dtype.
    rtol: float | None
    #: The absolute tolerance.
    atol: float
    #: The largest number of iterations; None for SciPy's own.
    maxiter: int | None

    @property
    def parts(self) -> tuple[Any, ...]:
        """What tells it apart."""
        return (self.method, self.rtol, self.atol, self.maxiter)

    def __call__(self, matvec: Callable[[Any], Any], b: Any) -> Any:
        flat, unravel = tree.ravel(b)
        dtype, right = flat.dtype, reals(flat)
        if not np.any(right):
            return unravel(np.zeros_like(flat))

        def product(x: Any) -> Any:
            return reals(tree.ravel(matvec(unravel(np.ascontiguousarray(x, right.dtype).view(dtype))))[0])

        operator = _linalg.LinearOperator((right.size, right.size), matvec=product, dtype=right.dtype)
        rtol = float(np.finfo(dtype).eps) ** (2 / 3) if self.rtol is None else self.rtol
        options: dict[str, Any] = {"rtol": rtol, "atol": self.atol}
        if self.method == "minres":  # it takes no absolute tolerance
            options = {"rtol": max(rtol, self.atol / float(np.linalg.norm(right)))}
        if self.maxiter is not None:
            options["maxiter"] = self.maxiter
        x, info = getattr(_linalg, self.method)(operator, right, **options)
        if info != 0:
            left = float(np.linalg.norm(right - product(x)) / np.linalg.norm(right))
            raise NotConverged(
                f"SciPy's {self.method} stopped with |b - A x| at {left:.2g} of |b|, where {rtol:.2g} was asked for. "
                f"A may be singular, ill-conditioned, or not for {self.method}: cg needs a positive definite one. "
                "Raise maxiter, loosen rtol, or choose another method; method='dense' makes the matrix."
            )
        return unravel(x.astype(right.dtype).view(dtype))


def reals(flat: Any) -> Any:
    """A vector as real numbers, a complex one being two: of A no more is asked than that it is linear over them."""
    return np.ascontiguousarray(flat).view(np.finfo(flat.dtype).dtype)


METHODS |= {
    name: partial(Krylov, name) for name in ("bicgstab", "cg", "cgs", "gcrotmk", "gmres", "lgmres", "minres", "tfqmr")
}
