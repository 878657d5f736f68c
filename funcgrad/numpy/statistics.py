"""NumPy's variances, covariances, and positions without NaN, by its own names and signatures."""

import warnings
from typing import Any

import numpy as np

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.protocols import unsupported
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.numpy.reducing import NONE, number_of, refuse_given, var
from funcgrad.numpy.shaping import operand
from funcgrad.primitives.pointwise import root
from funcgrad.primitives.stopping import Stop


# ---- without NaN -----------------------------------------------------------------------------------------------------
@implements(np.nanvar)
def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NONE,
    correction: Any = NONE,
) -> Any:
    """The variance of those `a` over `axis` that are no NaN; NaN where there are too few."""
    refuse_given("nanvar", dtype, out)
    missing = np.isnan(a)
    valid = np.logical_not(missing)
    valid = valid if where is True else np.logical_and(valid, where)
    z = var(np.where(missing, 0, a), axis, ddof=ddof, keepdims=keepdims, where=valid, mean=mean, correction=correction)
    few = number_of(a, axis, valid, keepdims) <= (ddof if correction is NONE else correction)
    if type(few) is not Node and not np.any(few):
        return z
    return np.where(few, np.asarray(np.nan, z.dtype), z)


@implements(np.nanstd)
def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NONE,
    correction: Any = NONE,
) -> Any:
    """√nanvar over `axis`.  Where it is 0 its derivative is taken to be 0."""
    refuse_given("nanstd", dtype, out)
    return root(nanvar(a, axis, ddof=ddof, keepdims=keepdims, where=where, mean=mean, correction=correction))


def position(function: Any, worst: float, a: Any, axis: Any, out: Any, keepdims: Any) -> Any:
    """Where the first of the extreme elements stands, of those that are no NaN."""
    refuse_given(f"nan{function.__name__}", out=out)
    if a.dtype.kind not in "fc":
        return function(a, axis, keepdims=keepdims)
    missing = np.isnan(a)
    nothing = np.all(missing, axis)
    if type(nothing) is not Node and missing.size and np.any(nothing):
        raise ValueError("All-NaN slice encountered")
    return function(np.where(missing, worst, a), axis, keepdims=keepdims)


@implements(np.nanargmax)
def nanargmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    """Where the first of the largest numbers stands; 0 in a slice of NaN that is not known to be one."""
    return position(np.argmax, -np.inf, a, axis, out, keepdims)


@implements(np.nanargmin)
def nanargmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    """Where the first of the smallest numbers stands; 0 in a slice of NaN that is not known to be one."""
    return position(np.argmin, np.inf, a, axis, out, keepdims)


# ---- two variables ---------------------------------------------------------------------------------------------------
def rows(m: Any, dtype: np.dtype[Any]) -> Any:
    """`m` with a variable a row, at a dtype."""
    m = np.atleast_2d(m)
    return m if m.dtype == dtype else np.astype(m, dtype)


def weights_of(name: str, w: Any, samples: int) -> Any:
    """The weights of samples, one each, or NumPy's error."""
    if name == "fweights" and type(w) is Node and w.dtype.kind == "f":
        refuse(
            UnsupportedFunction,
            "np.cov counts samples by fweights=, and a number of samples has no derivative.",
            "Weigh them by aweights=, or pass w.value.",
        )
    w = operand(w)
    w = w if w.dtype == np.float64 else np.astype(w, np.dtype(np.float64))
    if name == "fweights" and type(w) is not Node and not np.all(w == np.around(w)):
        raise TypeError("fweights must be integer")
    if w.ndim > 1:
        raise RuntimeError(f"cannot handle multidimensional {name}")
    if w.shape[0] != samples:
        raise RuntimeError(f"incompatible numbers of samples and {name}")
    if getattr(w, "known", True) and np.any(w < 0):
        raise ValueError(f"{name} cannot be negative")
    return w


@implements(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: Any = True,
    bias: Any = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """The matrix of Σ w (xᵢ - x̄ᵢ)(xⱼ - x̄ⱼ)* / f over samples, f their number or weight less `ddof`."""
    if dtype is not None:
        unsupported("cov", "dtype")
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    given = [operand(one) for one in (m, y) if one is not None]
    for name, one in zip("my", given, strict=False):
        if one.ndim > 2:
            raise ValueError(f"{name} has more than 2 dimensions")
    kind = np.result_type(*[one.dtype for one in given], np.float64)
    X, *others = [rows(one, kind) for one in given]
    X = X if rowvar or given[0].ndim == 1 else X.T
    if not X.shape[0]:
        return np.array([]).reshape(0, 0)
    X = np.concatenate([X, *[one if rowvar or one.shape[0] == 1 else one.T for one in others]])
    ddof = (1 if bias == 0 else 0) if ddof is None else ddof
    samples = X.shape[1]
    pairs = [("fweights", fweights), ("aweights", aweights)]
    weights = [weights_of(name, w, samples) for name, w in pairs if w is not None]
    if not weights:
        return scattering(X, np.mean(X, 1, keepdims=True), samples - ddof)
    w = weights[0] if len(weights) == 1 else weights[0] * weights[1]
    total = np.sum(w)
    if getattr(total, "known", True) and bool(total == 0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    less = 0 if ddof == 0 else ddof if aweights is None else ddof * np.sum(w * weights[-1]) / total
    return scattering(X, np.sum(X * w, 1, keepdims=True) / total, total - less, w)


def scattering(X: Any, mean: Any, freedom: Any, w: Any = None) -> Any:
    """Σ (x - x̄) w (x - x̄)* / freedom, which NumPy warns of where it is not positive."""
    few = freedom <= 0
    if type(few) is Node:
        freedom = np.where(few, 0.0, freedom)
    elif few:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=4)
        freedom = 0.0
    distance = X - mean
    other = distance if w is None else distance * w
    return np.squeeze(np.dot(distance, np.conj(other.T)) * np.true_divide(1, freedom))


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: Any = True, *, dtype: Any = None) -> Any:
    """The covariances, each divided by the deviations of both variables.

    NumPy's numbers are cut to [-1, 1], beyond which only rounding leads; the derivative knows nothing of that.
    """
    if dtype is not None:
        unsupported("corrcoef", "dtype")
    c = cov(x, y, rowvar)
    if not type_of(c).shape:
        return c / c
    deviation = np.sqrt(np.real(np.diag(c)))
    c = c / deviation[:, None] / deviation[None, :]
    return c - Stop()(c - cut(c))


def cut(c: Any) -> Any:
    """Both parts of c, cut to [-1, 1]."""
    if c.dtype.kind != "c":
        return np.clip(c, -1, 1)
    return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
