"""NumPy's polynomials, the highest power first, by its own names and signatures."""

from typing import Any

import numpy as np

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.protocols import unsupported
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.numpy.shaping import operand
from funcgrad.primitives.indexing import Gather, Scatter, demanded


def coefficients(p: Any) -> Any:
    """A polynomial as an array of its coefficients."""
    return np.atleast_1d(operand(p))


# ---- arithmetic ------------------------------------------------------------------------------------------------------
def padded(p: Any, n: int) -> Any:
    """A polynomial with zeros in front, up to n coefficients."""
    return np.concatenate([np.zeros(n - len(p), p.dtype), p]) if len(p) < n else p


def aligned(one: Any, other: Any) -> tuple[Any, Any]:
    """Two polynomials with as many coefficients."""
    a, b = coefficients(one), coefficients(other)
    n = max(len(a), len(b))
    return padded(a, n), padded(b, n)


@implements(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    """The sum of two polynomials."""
    a, b = aligned(a1, a2)
    return a + b


@implements(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    """The difference of two polynomials."""
    a, b = aligned(a1, a2)
    return a - b


def product(a: Any, b: Any) -> Any:
    """Σ aᵢ bⱼ over i + j = k, for every k."""
    n, m = type_of(a).size, type_of(b).size
    powers = np.add.outer(np.arange(n), np.arange(m)).reshape(-1)
    return Scatter((n + m - 1,), ((Gather(), 1),))(np.reshape(np.outer(a, b), -1), powers)


def undecided(a: Any) -> bool:
    """Whether nothing can be asked of the numbers of `a`, as under vmap."""
    return type(a) is Node and not a.known and a.value.witness is None


def trimmed(p: Any) -> Any:
    """A polynomial without zeros in front; one that is not known is taken to have none."""
    p = coefficients(p)
    if p.ndim > 1:
        raise ValueError("Polynomial must be 1d only.")
    while len(p) and not undecided(p) and bool(p[0] == 0):
        p = p[1:]
    return p if len(p) else np.zeros(1, p.dtype)


@implements(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    """The product of two polynomials."""
    return product(trimmed(a1), trimmed(a2))


@implements(np.polydiv)
def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """The quotient and the remainder of two polynomials, by long division.

    The remainder of known polynomials has no zeros in front, up to rounding; of others it is as long as it can be.
    """
    u, v = coefficients(u) + 0.0, coefficients(v) + 0.0
    kind = np.result_type(u.dtype, v.dtype)
    n, steps = len(v), max(len(u) - len(v) + 1, 0)
    rest, scale, quotient = u if u.dtype == kind else np.astype(u, kind), 1.0 / v[0], []
    for k in range(steps):
        d = scale * rest[k]
        quotient.append(d)
        rest = np.concatenate([rest[:k], rest[k : k + n] - d * v, rest[k + n :]])
    q = np.stack(quotient) if quotient else np.zeros(1, kind)
    if type(rest) is Node and not rest.known:
        return q, rest[min(steps, len(u) - 1) :]
    while len(rest) > 1 and bool(np.allclose(rest[0], 0, rtol=1e-14)):
        rest = rest[1:]
    return q, rest


# ---- calculus --------------------------------------------------------------------------------------------------------
@implements(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """p(x), by Horner's rule; of a polynomial p of polynomials, one for each column."""
    p, x = operand(p), operand(x)
    y: Any = np.zeros(x.shape, x.dtype)
    for one in p:
        y = y * x + one
    return y


@implements(np.polyder)
def polyder(p: Any, m: Any = 1) -> Any:
    """The m-th derivative of a polynomial."""
    m = int(m)
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = operand(p)
    len(p)  # raises of a number, in NumPy's words
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@implements(np.polyint)
def polyint(p: Any, m: Any = 1, k: Any = None) -> Any:
    """The m-th antiderivative of a polynomial, with constants of integration."""
    m = int(m)
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    k = np.zeros(m) if k is None else np.atleast_1d(operand(k))
    k = np.broadcast_to(k[:1], (m,)) if len(k) == 1 and m > 1 else k
    if len(k) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    p = operand(p)
    for i in range(m):
        p = np.concatenate([p / np.arange(len(p), 0, -1), k[i : i + 1]])
    return p


# ---- roots -----------------------------------------------------------------------------------------------------------
@implements(np.poly)
def poly(seq_of_zeros: Any) -> Any:
    """The polynomial with leading 1 that has given roots, or the characteristic one of a square matrix."""
    roots = np.atleast_1d(operand(seq_of_zeros))
    if roots.ndim == 2 and roots.shape[0] == roots.shape[1] != 0:
        return characteristic(roots)
    if roots.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    kind = np.dtype(np.mintypecode(roots.dtype.char))
    roots = roots if roots.dtype == kind else np.astype(roots, kind)
    p: Any = np.ones(1, kind)
    for i in range(len(roots)):
        p = np.concatenate([p, np.zeros(1, kind)]) - np.concatenate([np.zeros(1, kind), p * roots[i]])
    if kind.kind == "c" and len(roots) and paired(roots):
        return np.real(p)
    return p if len(roots) else 1.0


def characteristic(a: Any) -> Any:
    """det(λ - a) by Faddeev and LeVerrier: M ← a M + c, c = -tr(a M)/k.  No eigenvalue is asked for.

    It is a polynomial in the entries, and so differentiable at multiple eigenvalues too.
    """
    kind = np.result_type(a.dtype, np.float64) if a.dtype.kind in "biu" else a.dtype
    a = a if a.dtype == kind else np.astype(a, kind)
    unit = np.eye(a.shape[0], dtype=kind)
    M: Any = unit
    parts = [np.ones((), kind)]
    for k in range(1, a.shape[0] + 1):
        M = a @ M
        c = -np.trace(M) / k
        parts.append(c)
        M = M + c * unit
    return np.stack(parts)


def paired(roots: Any) -> bool:
    """Whether complex roots are their own conjugates, so that NumPy drops the imaginary part of the polynomial."""
    plain = demanded(roots, "Whether np.poly(roots) is real", "Pass real roots, or multiply the factors with polymul.")
    return bool(np.all(np.sort(plain) == np.sort(np.conj(plain))))


@implements(np.roots)
def roots(p: Any) -> Any:
    """The roots of a polynomial: the eigenvalues of its companion matrix, and a zero for each zero at its end."""
    p = coefficients(p)
    if p.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    places = np.flatnonzero(demanded(p, "How many roots np.roots(p) finds", "Take np.linalg.eigvals of a matrix."))
    if not places.size:
        return np.array([])
    ending = len(p) - int(places[-1]) - 1
    p = p[int(places[0]) : int(places[-1]) + 1]
    p = p if p.dtype.kind in "fc" else np.astype(p, np.dtype(float))
    n = len(p) - 1
    if not n:
        return np.zeros(ending, p.dtype)
    below = np.eye(n, dtype=p.dtype)[:-1]
    z = np.linalg.eigvals(np.concatenate([np.reshape(-p[1:] / p[0], (1, n)), below]))
    return np.concatenate([z, np.zeros(ending, z.dtype)]) if ending else z


# ---- least squares ---------------------------------------------------------------------------------------------------
@implements(np.polyfit)
def polyfit(x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False) -> Any:
    """The polynomial of a degree nearest to points, by least squares; its covariances too if `cov`."""
    for option, given in (("full", full), ("rcond", rcond is not None)):
        if given:
            unsupported("polyfit", option)
    order = int(deg) + 1
    x, y = operand(x) + 0.0, operand(y) + 0.0
    check_points(x, y, order)
    kind = np.promote_types(x.dtype, int)
    x = x if x.dtype == kind else np.astype(x, kind)  # as np.vander does
    A, b = np.stack([x**k for k in range(order - 1, -1, -1)], 1), y
    if w is not None:
        w = operand(w) + 0.0
        if w.ndim != 1:
            raise TypeError("expected a 1-d array for weights")
        if w.shape[0] != y.shape[0]:
            raise TypeError("expected w and y to have the same length")
        A, b = A * w[:, None], b * (w if y.ndim == 1 else w[:, None])
    scale = np.sqrt(np.sum(A * A, 0))
    A = A / scale
    c = least_squares(A, b)
    answer = np.transpose(np.transpose(c) / scale)
    if not cov:
        return answer
    inverse = np.linalg.inv(np.dot(A.T, A)) / np.outer(scale, scale)
    if cov == "unscaled":
        factor: Any = 1
    elif x.size <= order:
        raise ValueError("the number of data points must exceed order to scale the covariance matrix")
    else:
        distance = b - np.dot(A, c)
        factor = np.sum(np.real(distance * np.conj(distance)), 0, keepdims=y.ndim == 1) / (x.size - order)
    return answer, (inverse if y.ndim == 1 else inverse[:, :, None]) * factor


def least_squares(A: Any, b: Any) -> Any:
    """The x for which |A x - b| is least: R x = Qᴴ b where A = Q R, in double precision.

    Q is A made orthonormal twice over by Cholesky's factor of AᴴA (Yamamoto, Nakatsukasa, Yanagisawa and Fukaya,
    *Roundoff error analysis of the CholeskyQR2 algorithm*, ETNA 44, 2015), which is as good as Householder's up to
    condition numbers of 10⁷; what is worse is refused.
    """
    kind = np.result_type(A.dtype, b.dtype)
    wide = np.result_type(kind, np.float64)
    A, b = [one if one.dtype == wide else np.astype(one, wide) for one in (A, b)]
    try:
        Q, R = orthonormal(A)
    except np.linalg.LinAlgError:
        refuse(*POOR)
    size = np.abs(np.diagonal(R))
    if getattr(size, "known", True) and np.min(size) < 1e-7:
        refuse(*POOR)
    Q, S = orthonormal(Q)
    x = np.linalg.solve(np.matmul(S, R), np.matmul(np.conj(Q.T), b))
    return x if wide == kind else np.astype(x, kind)


#: What a fit without a best answer is refused by.
POOR = (
    UnsupportedFunction,
    "np.polyfit met points that do not determine the polynomial, or but poorly.",
    "Lower the degree, or shift and scale x to [-1, 1] first.",
)


def orthonormal(A: Any) -> tuple[Any, Any]:
    """Q and R with A = Q R, R the upper factor of AᴴA."""
    R = np.linalg.cholesky(np.matmul(np.conj(A.T), A), upper=True)
    return np.transpose(np.linalg.solve(R.T, A.T)), R


def check_points(x: Any, y: Any, order: int) -> None:
    """Raise NumPy's errors; refuse fewer points than coefficients, which many polynomials meet."""
    if order < 1:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1:
        raise TypeError("expected 1D vector for x")
    if x.size == 0:
        raise TypeError("expected non-empty vector for x")
    if y.ndim < 1 or y.ndim > 2:
        raise TypeError("expected 1D or 2D array for y")
    if x.shape[0] != y.shape[0]:
        raise TypeError("expected x and y to have same length")
    if x.size < order:
        refuse(*POOR)
