"""Curvature: products with matrices that stand for second derivatives."""

from functools import wraps
from typing import Any

from funcgrad.transforms.boundary import normalised
from funcgrad.transforms.derivatives import Function, hvp, jvp, vjp


def gauss_newton_vp(f: Function, loss: Function | None = None, argnums: int = 0) -> Function:
    """The product JᵀHJ·v of the Gauss-Newton matrix with a vector, without the matrix.

    gauss_newton_vp : (X → Y) × (Y → ℝ) → (X × X → X), called as gauss_newton_vp(f, loss)(x, v): J is the Jacobian of f
    at x, H the Hessian of `loss` at f(x). Without `loss`, f returns residuals, the loss is half the sum of their
    squares, and the product is JᵀJ·v. Further arguments of f follow after v; `loss` takes f(x) alone.

    JᵀHJ is the Hessian of loss(f(x)) without the term in the second derivatives of f: it is positive semidefinite where
    `loss` is convex, and the whole Hessian where f is linear. It costs a small multiple of one gradient.
    Schraudolph, *Fast Curvature Matrix-Vector Products for Second-Order Gradient Descent* (2002).

    >>> import numpy as np
    >>> residuals = lambda x: np.stack([x[0] ** 2, 3.0 * x[1]])
    >>> gauss_newton_vp(residuals)(np.array([1.0, 5.0]), np.array([1.0, 1.0]))    # J = [[2, 0], [0, 3]]
    array([4., 9.])
    >>> loss = lambda y: y[0] ** 2 / 2                                            # H = [[1, 0], [0, 0]]
    >>> gauss_newton_vp(residuals, loss)(np.array([1.0, 5.0]), np.array([1.0, 1.0]))
    array([4., 0.])
    """

    @wraps(f)
    def product(*args: Any, **keywords: Any) -> Any:
        (number,) = normalised(argnums, len(args) - 1, "gauss_newton_vp")
        x, v, rest = args[number], args[number + 1], (*args[:number], *args[number + 2 :])

        @wraps(f)
        def of_x(x: Any) -> Any:
            return f(*rest[:number], x, *rest[number:], **keywords)

        y, ydot = jvp(of_x, (x,), (v,))
        _, pull = vjp(of_x, x)
        return pull(ydot if loss is None else hvp(loss)(y, ydot))[0]

    return product
