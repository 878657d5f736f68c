"""NumPy's pointwise functions that are no ufuncs, and `outer` of those that are."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from funcgrad.graph.dispatch import UFUNCS, implements
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit, strong, weak
from funcgrad.graph.protocols import unsupported
from funcgrad.graph.types import type_of
from funcgrad.numpy.reducing import refuse_given
from funcgrad.primitives.cardinal import Bessel, ModifiedBessel
from funcgrad.primitives.kinds import zeros_like
from funcgrad.primitives.ordering import Exponent
from funcgrad.primitives.pointwise import Imaginary
from funcgrad.primitives.shaping import Cast


# ---- complex numbers -------------------------------------------------------------------------------------------------
@implements(np.real)
def real(val: Any) -> Any:
    """Re x; x itself if it is real."""
    return of_weakness(val, Cast(np.zeros(0, val.dtype).real.dtype)(val)) if val.dtype.kind == "c" else val


def of_weakness(val: Any, part: Any) -> Any:
    """A part of `val`, as a Python number if `val` is one."""
    return weak(part) if val.weak else part


@implements(np.imag)
def imag(val: Any) -> Any:
    """Im x; zeros if it is real."""
    return of_weakness(val, Imaginary()(val)) if val.dtype.kind == "c" else zeros_like(val)


@implements(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """The argument of a complex number, in radians or degrees; 0 or π for a real one."""
    a = np.arctan2(np.imag(z), np.real(z))
    return a * (180 / np.pi) if deg else a


@implements(np.isreal)
def isreal(x: Any) -> Any:
    """Where Im x = 0."""
    return np.imag(x) == 0


@implements(np.iscomplex)
def iscomplex(x: Any) -> Any:
    """Where Im x ≠ 0."""
    return np.imag(x) != 0


# ---- rounding --------------------------------------------------------------------------------------------------------
@implements(np.round, np.around)
def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """The nearest multiple of 10⁻ᵈ, d = `decimals`; halves go to the even one. Its derivative is 0."""
    refuse_given("round", out=out)
    if a.dtype.kind in "biu":
        return a if decimals >= 0 else unsupported("round", "decimals")
    if decimals == 0:
        return np.rint(a)
    scale = 10.0 ** abs(decimals)
    return np.rint(a * scale) / scale if decimals > 0 else np.rint(a / scale) * scale


@implements(np.fix)
def fix(x: Any, out: Any = None) -> Any:
    """The nearest integer towards 0. Its derivative is 0."""
    refuse_given("fix", out=out)
    return np.trunc(x)


# ---- NaN, infinity, closeness ----------------------------------------------------------------------------------------
@implements(np.isposinf)
def isposinf(x: Any, out: Any = None) -> Any:
    """Where x = +∞."""
    refuse_given("isposinf", out=out)
    return x == np.inf


@implements(np.isneginf)
def isneginf(x: Any, out: Any = None) -> Any:
    """Where x = -∞."""
    refuse_given("isneginf", out=out)
    return x == -np.inf


@implements(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """x with numbers in place of NaN and ±∞; the derivative is 0 there, else 1."""
    if not copy:
        unsupported("nan_to_num", "copy")
    if x.dtype.kind == "c":
        re, im = [nan_to_num(one, True, nan, posinf, neginf) for one in (np.real(x), np.imag(x))]
        return re + 1j * im
    if x.dtype.kind != "f":
        return x
    limits = np.finfo(x.dtype)
    x = np.where(np.isnan(x), nan, strong(x))
    x = np.where(x == np.inf, limits.max if posinf is None else posinf, x)
    return np.where(x == -np.inf, limits.min if neginf is None else neginf, x)


@implements(np.isclose)
def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Where |a - b| ≤ atol + rtol |b|, or both are the same infinity, or both NaN if `equal_nan`."""
    a, b = admit(a), admit(b)
    near = (np.less_equal(np.abs(a - b), atol + rtol * np.abs(b)) & np.isfinite(b)) | (a == b)
    return near | (np.isnan(a) & np.isnan(b)) if equal_nan else near


@implements(np.allclose)
def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all are close: a Python bool where the values are known."""
    close: Any = np.all(np.isclose(a, b, rtol, atol, equal_nan))
    return close if type(close) is Node else bool(close)


# ---- others ----------------------------------------------------------------------------------------------------------
@implements(np.sinc)
def sinc(x: Any) -> Any:
    """sin πx / (πx), and 1 at 0; accurate near 0 to every order."""
    return Bessel(0)(np.pi * strong(x))


@implements(np.i0)
def i0(x: Any) -> Any:
    """The modified Bessel function I₀, and by its recurrence I₁, I₂, … in derivatives."""
    x = strong(x)
    if x.dtype.kind == "c":
        raise TypeError("i0 not supported for complex values")
    return ModifiedBessel(0)(x if x.dtype.kind == "f" else Cast(np.dtype(np.float64))(x))


def frexp(x: Any) -> tuple[Any, Any]:
    """The mantissa of x, which has the derivative 2⁻ᵉ, and the exponent e of 2."""
    x = strong(x)
    if x.dtype.kind != "f":
        x = Cast(np.frexp.resolve_dtypes((x.dtype, None, None))[0])(x)  # raises, in NumPy's words, if x is complex
    e = Exponent()(x)
    return np.ldexp(x, -e), e


UFUNCS[np.frexp] = frexp


def modf(x: Any) -> tuple[Any, Any]:
    """The fractional and the integral part, both with the sign of x."""
    return np.where(np.isinf(x), np.copysign(0, x), np.fmod(x, 1)), np.trunc(x)


UFUNCS[np.modf] = modf


def outer(ufunc: np.ufunc, x: Any, y: Any) -> Any:
    """f(xᵢ, yⱼ) for all i and j: NumPy's ufunc.outer."""
    x, y = strong(admit(x)), strong(admit(y))
    ones = (1,) * np.ndim(y)
    return UFUNCS[ufunc](np.reshape(x, (*type_of(x).shape, *ones)) if ones else x, y)


def binary() -> list[np.ufunc]:
    """The pointwise ufuncs of two arguments."""
    return [f for f in UFUNCS if isinstance(f, np.ufunc) and (f.nin, f.nout, f.signature) == (2, 1, None)]


for _ufunc in binary():
    _meaning: Callable[..., Any] = partial(outer, _ufunc)
    UFUNCS[_ufunc, "outer"] = _meaning
