"""scipy.special's names: SciPy's own functions, and those which SciPy cannot dispatch on traced values.

SciPy's ufuncs (`erf`, `gammaln`, `jv`, …) dispatch by themselves, and so do Python functions that only call them, such
as `zeta`, `lambertw` and `jvp`. The others are here, under SciPy's signatures; on plain values they are SciPy's.

>>> import numpy as np
>>> from funcgrad import grad
>>> from funcgrad.scipy import special
>>> grad(special.logsumexp)(np.array([0.0, np.log(3.0)])).round(12).tolist()
[0.25, 0.75]
"""

from typing import Any

import numpy as np
from scipy import special as _special

from funcgrad.graph.op import admit, strong
from funcgrad.graph.types import Type, type_of
from funcgrad.numpy.reducing import axes_of, kept
from funcgrad.primitives.pointwise import or_one
from funcgrad.primitives.reducing import LogSumExp
from funcgrad.primitives.stopping import Stop
from funcgrad.scipy import bessel
from funcgrad.scipy.mirroring import mirrors, unsupported

__all__ = [
    "comb", "factorial", "log_softmax", "logsumexp", "multigammaln", "perm", "polygamma", "softmax", "spherical_in",
    "spherical_jn", "spherical_kn", "spherical_yn",
]  # fmt: skip


# ---- sums of exponentials --------------------------------------------------------------------------------------------
@mirrors(_special.logsumexp)
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """log Σ b eᵃ over axes, and the sign of the sum if asked for.  The derivative in a is the softmax.

    With the largest aₘ it is aₘ + log t + log1p(r/t) for the sum t of the terms with a = aₘ and the sum r of others,
    each divided by exp aₘ. Blanchard, Higham and Higham, *Accurately computing the log-sum-exp and softmax functions*,
    IMA Journal of Numerical Analysis 41 (2021).
    """
    a = np.atleast_1d(strong(admit(a))) if keepdims else strong(admit(a))  # as SciPy has it
    if b is None and not return_sign and type_of(a).dtype.kind == "f":
        axes = axes_of(axis, a.ndim)
        z = LogSumExp(axes)(a)
        return kept(z, a.shape, axes) if keepdims else z
    b = 1 if b is None else strong(admit(b))
    counted = np.where(b == 0, -np.inf, np.real(a))
    largest = Stop()(np.max(counted, axis=axis, keepdims=True))
    shift = np.where(np.isfinite(largest), largest, 0).astype(np.real(a).dtype)
    # A term of weight 0 must not overflow: 0·∞ is no number.
    terms = b * np.exp(np.where((b == 0) & (np.real(a) - shift > 80), 80, a - shift))
    top = np.sum(np.where(counted == largest, terms, 0), axis=axis, keepdims=True)
    rest = np.sum(np.where(counted == largest, 0, terms), axis=axis, keepdims=True)
    total = top + rest
    if type_of(total).dtype.kind == "c":
        sign = total / or_one(np.abs(total))
        log = np.log(np.abs(total)) if return_sign else np.log(total)
    else:
        sign, safe = np.sign(total), np.where((top == 0) | (rest == -top), 1, top)
        log = np.where(top == 0, np.log(np.abs(or_one(rest))), np.log(np.abs(safe)) + np.log1p(rest / safe))
        log = np.where(total == 0, -np.inf, np.where(np.isinf(total), np.inf, log))
        log = log if return_sign else np.where(sign < 0, np.nan, log)
    log = shift + log
    if not keepdims:
        log, sign = np.squeeze(log, axis=axis), np.squeeze(sign, axis=axis)
    return (log, sign) if return_sign else log


@mirrors(_special.softmax)
def softmax(x: Any, axis: Any = None) -> Any:
    """eˣ / Σ eˣ over axes."""
    z = np.exp(x - Stop()(np.max(x, axis=axis, keepdims=True)))
    return z / np.sum(z, axis=axis, keepdims=True)


@mirrors(_special.log_softmax)
def log_softmax(x: Any, axis: Any = None) -> Any:
    """x - log Σ eˣ over axes."""
    largest = Stop()(np.max(x, axis=axis, keepdims=True))
    shifted = x - np.where(np.isfinite(largest), largest, 0).astype(x.dtype)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


# ---- the gamma function ----------------------------------------------------------------------------------------------
@mirrors(_special.multigammaln)
def multigammaln(a: Any, d: Any) -> Any:
    """log Γ_d(a) = d(d-1)/4 log π + Σⱼ log Γ(a - j/2), j < d.  Muirhead, *Multivariate Statistical Theory* (1982)."""
    if np.ndim(d) or np.floor(d) != d:
        raise ValueError("d should be a positive integer (dimension)")
    if type(a.value) is not Type and np.any(a.value <= 0.5 * (d - 1)):
        raise ValueError(f"condition a ({a.value:f}) > 0.5 * (d-1) ({0.5 * (d - 1):f}) not met")
    parts = [_special.gammaln(a - j / 2) for j in range(int(d))]
    return sum(parts, d * (d - 1) / 4 * float(np.log(np.pi)))


@mirrors(_special.factorial)
def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    """Γ(n + 1); 0 where n < 0, unless `extend` is "complex"."""
    if exact:
        unsupported("special.factorial", "exact=True", "Leave it out: whole numbers have no derivative.")
    if extend not in ("zero", "complex"):
        raise ValueError(f"argument `extend` must be either 'zero' or 'complex', received: {extend}")
    whole = _special.gamma(n + 1)
    return whole if extend == "complex" else np.where(n < 0, 0, whole)


@mirrors(_special.polygamma)
def polygamma(n: Any, x: Any) -> Any:
    """ψ⁽ⁿ⁾(x) = (-1)ⁿ⁺¹ n! ζ(n+1, x), and ψ(x) if n = 0.  DLMF 5.15.1, 25.11.12."""
    n = np.asarray(n)
    x = strong(admit(x))
    sign = (-1.0) ** (n + 1) * _special.gamma(n + 1.0)
    return np.where(n == 0, _special.psi(x), sign * _special.zeta(np.maximum(n + 1, 2), x))


@mirrors(_special.comb)
def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """The binomial coefficient, 0 unless 0 ≤ k ≤ N; of N + k - 1 with repetition."""
    if exact:
        unsupported("special.comb", "exact=True", "Leave it out: whole numbers have no derivative.")
    if repetition:
        return np.where((k == 0) & (N >= 0), 1.0, comb(N + k - 1, k))
    return np.where((k <= N) & (N >= 0) & (k >= 0), _special.binom(N, k), 0)


@mirrors(_special.perm)
def perm(N: Any, k: Any, exact: bool = False) -> Any:
    """N! / (N-k)!, 0 unless 0 ≤ k ≤ N."""
    if exact:
        unsupported("special.perm", "exact=True", "Leave it out: whole numbers have no derivative.")
    return np.where((k <= N) & (N >= 0) & (k >= 0), _special.poch(N - k + 1, k), 0)


# ---- spherical Bessel functions --------------------------------------------------------------------------------------
def spherical(op: Any, rule: Any, n: Any, z: Any, derivative: bool, parity: int) -> Any:
    """fₙ(z), or its derivative; fₙ(-z) = ±(-1)ⁿ fₙ(z).  DLMF 10.47.14."""
    negative = (z < 0) if type_of(z).dtype.kind == "f" else False
    size = np.where(negative, -z, z) if negative is not False else z
    value = rule(None, n, size) if derivative else op(n, size)
    return np.where(negative, parity * (-1.0) ** (n + derivative) * value, value) if negative is not False else value


@mirrors(_special.spherical_jn)
def spherical_jn(n: Any, z: Any, derivative: bool = False) -> Any:
    """jₙ(z) = √(π/2z) J of order n + ½."""
    return spherical(bessel.spherical_jn, bessel.spherical_jn.partials[1], np.asarray(n), z, derivative, 1)


@mirrors(_special.spherical_yn)
def spherical_yn(n: Any, z: Any, derivative: bool = False) -> Any:
    """yₙ(z) = √(π/2z) Y of order n + ½."""
    return spherical(bessel.spherical_yn, bessel.spherical_yn.partials[1], np.asarray(n), z, derivative, -1)


@mirrors(_special.spherical_in)
def spherical_in(n: Any, z: Any, derivative: bool = False) -> Any:
    """iₙ(z) = √(π/2z) I of order n + ½."""
    return spherical(bessel.spherical_in, bessel.spherical_in.partials[1], np.asarray(n), z, derivative, 1)


@mirrors(_special.spherical_kn)
def spherical_kn(n: Any, z: Any, derivative: bool = False) -> Any:
    """kₙ(z) = √(π/2z) K of order n + ½, of positive or complex numbers."""
    op = bessel.spherical_kn
    return op.partials[1](None, np.asarray(n), z) if derivative else op(np.asarray(n), z)


def __getattr__(name: str) -> Any:
    """SciPy's own."""
    return getattr(_special, name)


def __dir__() -> list[str]:
    return dir(_special)
