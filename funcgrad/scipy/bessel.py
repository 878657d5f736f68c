"""Bessel functions and their kin: Kelvin's, Struve's, Airy's, their integrals.  DLMF chapters 9, 10 and 11."""

from typing import Any

import numpy as np
from scipy import special

from funcgrad.graph.dispatch import UFUNCS
from funcgrad.scipy.rows import WHOLE, behind, bundle, refuse_complex, row, unknown

NO_ORDER = unknown("the derivative of a Bessel function in its order has no closed form")
NO_PARAMETER = unknown("its derivative there has no closed form")
ROOT_PI = float(np.sqrt(np.pi))
#: From this argument on (or the order's square), so many terms of the asymptotic series are exact to rounding.
FAR, TERMS = 25, 24
IMAGINARY, REAL = "its scale exp(-|Im z|) is not holomorphic", "its scale exp(-|Re z|) is not holomorphic"


# ---- exponentially scaled --------------------------------------------------------------------------------------------
def asymptotic_slope(sign: int, v: Any, x: Any) -> Any:
    """d/dx of x^(-½) Σ (±1)ᵏ aₖ(v) x⁻ᵏ, term by term.  DLMF 10.17.1, 10.40.1 and 10.40.2."""
    term, total = 1.0 + 0 * x, -0.5 + 0 * x
    for k in range(1, TERMS):
        term = term * (4 * v * v - (2 * k - 1) ** 2) / (8 * k) * sign / x
        total = total - (k + 0.5) * term
    return total / (x * np.sqrt(x))


def far_out(v: Any, x: Any) -> tuple[Any, Any]:
    """Where the asymptotic series is exact to rounding, and x there, elsewhere a number for which it does no harm."""
    far = np.abs(x) > np.maximum(FAR, v * v)
    return far, np.where(far, x, np.maximum(FAR, v * v))


def ive_slope(z: Any, v: Any, x: Any) -> Any:
    """½ (Iᵥ₋₁ + Iᵥ₊₁) - sgn(x) Iᵥ, each times e^-|x|: its terms cancel where |x| is large.  Iᵥ(-x) = ±Iᵥ(x)."""
    refuse_complex("ive", x, REAL)
    near = (special.ive(v - 1, x) + special.ive(v + 1, x)) / 2 - np.sign(x) * z
    far, large = far_out(v, x)
    mirrored = np.where(x < 0, np.where(v % 2 == 0, -1, np.where(v % 2 == 1, 1, np.nan)), 1)
    return np.where(far, mirrored * asymptotic_slope(-1, v, np.abs(large)) / np.sqrt(2 * np.pi), near)


def kve_slope(z: Any, v: Any, x: Any) -> Any:
    """Kᵥ - ½ (Kᵥ₋₁ + Kᵥ₊₁), each times eˣ: its terms cancel where x is large."""
    near = z - (special.kve(v - 1, x) + special.kve(v + 1, x)) / 2
    far, large = far_out(v, x)
    far = far & (np.real(x) > 0)
    return np.where(far, asymptotic_slope(1, v, np.where(far, large, FAR)) * np.sqrt(np.pi / 2), near)


def scaled(ufunc: Any, x: Any, low: Any, high: Any) -> Any:
    """½ (Cᵥ₋₁ - Cᵥ₊₁) of a function scaled by exp(-|Im z|), which is 1 for real numbers."""
    refuse_complex(ufunc.__name__, x, IMAGINARY)
    return (ufunc(low, x) - ufunc(high, x)) / 2


# ---- Struve's, and integrals -----------------------------------------------------------------------------------------
def struve_slope(f: Any, sign: int, v: Any, x: Any) -> Any:
    """½ (fᵥ₋₁ ∓ fᵥ₊₁ + (x/2)ᵛ / √π Γ(v+3/2)).  DLMF 11.4.24 and 11.4.26."""
    between = (x / 2) ** v * special.rgamma(v + 1.5) / ROOT_PI
    return (f(v - 1, x) - sign * f(v + 1, x) + between) / 2


def missing(x: Any) -> Any:
    """(1 - J₀(x)) / x; where |x| < 1 it is Σ (J₂ₖ₋₁ + J₂ₖ₊₁) / 2k.  DLMF 10.12.4 with 10.6.1."""
    near = np.abs(x) < 1
    small, large = np.where(near, x, 0), np.where(near, 1, x)
    series = sum([(special.jv(2 * k - 1, small) + special.jv(2 * k + 1, small)) / (2 * k) for k in range(1, 8)])
    return np.where(near, series, (1 - special.j0(large)) / large)


def exceeding(x: Any) -> Any:
    """(I₀(x) - 1) / x; where |x| < 1 it is Σ (-1)ᵏ⁺¹ (I₂ₖ₋₁ - I₂ₖ₊₁) / 2k.  DLMF §10.35 with 10.29.1."""
    near = np.abs(x) < 1
    small, large = np.where(near, x, 0), np.where(near, 1, x)
    series = sum(
        [(special.iv(2 * k - 1, small) - special.iv(2 * k + 1, small)) * (0.5 - k % 2) / -k for k in range(1, 8)]
    )
    return np.where(near, series, (special.i0(large) - 1) / large)


def scaled_airy(z: Any, x: Any) -> tuple[Any, ...]:
    """Ai, Ai′ times exp(⅔x√x) and Bi, Bi′ times exp(-|Re ⅔x√x|), of which the derivative is ±√x, or 0 where x < 0."""
    refuse_complex("airye", x, "the scale of Bi is not holomorphic")
    root = np.sqrt(x)
    falls = np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0)
    return z[1] + root * z[0], x * z[0] + root * z[1], z[3] - falls * z[2], x * z[2] - falls * z[3]


def underlying(function: Any) -> Any:
    """The ufunc of one of SciPy's spherical Bessel functions, beneath its reflection of negative numbers."""
    return behind(getattr(function, "__wrapped__", function), 0)


def spherical_slope(function: Any, low: int, high: int, n: Any, x: Any) -> Any:
    """(± n fₙ₋₁ ± (n+1) fₙ₊₁) / (2n+1).  DLMF 10.51.2 and 10.51.5."""
    own = UFUNCS[underlying(function)]
    return (low * n * own(np.maximum(n - 1, 0), x) + high * (n + 1) * own(n + 1, x)) / (2 * n + 1)


def spherical(function: Any, low: int, high: int) -> Any:
    """The row of a spherical Bessel function."""
    rule = lambda _z, n, x: spherical_slope(function, low, high, n, x)  # REASON: as in the table
    return row(underlying(function), WHOLE, rule, label=function.__name__)


# fmt: off
#    function                   order, or argument                  ∂z/∂x
jv = row(special.jv,            NO_ORDER, lambda _z, v, x: (special.jv(v - 1, x) - special.jv(v + 1, x)) / 2)  # 10.6.1
yv = row(special.yv,            NO_ORDER, lambda _z, v, x: (special.yv(v - 1, x) - special.yv(v + 1, x)) / 2)
yn = row(special.yn,            NO_ORDER, lambda _z, n, x: (special.yn(n - 1, x) - special.yn(n + 1, x)) / 2)
iv = row(special.iv,            NO_ORDER, lambda _z, v, x: (special.iv(v - 1, x) + special.iv(v + 1, x)) / 2)  # 10.29.1
kv = row(special.kv,            NO_ORDER, lambda _z, v, x: -(special.kv(v - 1, x) + special.kv(v + 1, x)) / 2)
kn = row(special.kn,            NO_ORDER, lambda _z, n, x: -(special.kn(n - 1, x) + special.kn(n + 1, x)) / 2)
hankel1 = row(special.hankel1,  NO_ORDER,
              lambda _z, v, x: (special.hankel1(v - 1, x) - special.hankel1(v + 1, x)) / 2)
hankel2 = row(special.hankel2,  NO_ORDER,
              lambda _z, v, x: (special.hankel2(v - 1, x) - special.hankel2(v + 1, x)) / 2)
hankel1e = row(special.hankel1e, NO_ORDER,
               lambda z, v, x: (special.hankel1e(v - 1, x) - special.hankel1e(v + 1, x)) / 2 - 1j * z)
hankel2e = row(special.hankel2e, NO_ORDER,
               lambda z, v, x: (special.hankel2e(v - 1, x) - special.hankel2e(v + 1, x)) / 2 + 1j * z)
jve = row(special.jve,          NO_ORDER, lambda _z, v, x: scaled(special.jve, x, v - 1, v + 1))
yve = row(special.yve,          NO_ORDER, lambda _z, v, x: scaled(special.yve, x, v - 1, v + 1))
ive = row(special.ive,          NO_ORDER, lambda z, v, x: ive_slope(z, v, x))
kve = row(special.kve,          NO_ORDER, lambda z, v, x: kve_slope(z, v, x))

j0 = row(special.j0,            lambda _z, x: -special.j1(x))
j1 = row(special.j1,            lambda _z, x: (special.j0(x) - special.jv(2, x)) / 2)
y0 = row(special.y0,            lambda _z, x: -special.y1(x))
y1 = row(special.y1,            lambda z, x: special.y0(x) - z / x)
i0 = row(special.i0,            lambda _z, x: special.i1(x))
i1 = row(special.i1,            lambda _z, x: (special.i0(x) + special.iv(2, x)) / 2)
k0 = row(special.k0,            lambda _z, x: -special.k1(x))
k1 = row(special.k1,            lambda z, x: -special.k0(x) - z / x)
i0e = row(special.i0e,          lambda z, x: ive_slope(z, 0, x))
i1e = row(special.i1e,          lambda z, x: ive_slope(z, 1, x))
k0e = row(special.k0e,          lambda z, x: kve_slope(z, 0, x))
k1e = row(special.k1e,          lambda z, x: kve_slope(z, 1, x))

ber = row(special.ber,          lambda _z, x: special.berp(x))
bei = row(special.bei,          lambda _z, x: special.beip(x))
ker = row(special.ker,          lambda _z, x: special.kerp(x))
kei = row(special.kei,          lambda _z, x: special.keip(x))
berp = row(special.berp,        lambda z, x: -special.bei(x) - z / x)  # DLMF §10.63
beip = row(special.beip,        lambda z, x: special.ber(x) - z / x)
kerp = row(special.kerp,        lambda z, x: -special.kei(x) - z / x)
keip = row(special.keip,        lambda z, x: special.ker(x) - z / x)
kelvin = bundle(special.kelvin, lambda z, x: (z[2], z[3], 1j * z[0] - z[2] / x, 1j * z[1] - z[3] / x))

struve = row(special.struve,    NO_ORDER, lambda _z, v, x: struve_slope(special.struve, 1, v, x))
modstruve = row(special.modstruve, NO_ORDER, lambda _z, v, x: struve_slope(special.modstruve, -1, v, x))
itstruve0 = row(special.itstruve0, lambda _z, x: special.struve(0, x))
it2struve0 = row(special.it2struve0, lambda _z, x: -special.struve(0, x) / x)
itmodstruve0 = row(special.itmodstruve0, lambda _z, x: special.modstruve(0, x))
itj0y0 = bundle(special.itj0y0, lambda _z, x: (special.j0(x), special.y0(x)))
iti0k0 = bundle(special.iti0k0, lambda _z, x: (special.i0(x), special.k0(x)))
it2j0y0 = bundle(special.it2j0y0, lambda _z, x: (missing(x), -special.y0(x) / x))
it2i0k0 = bundle(special.it2i0k0, lambda _z, x: (exceeding(x), -special.k0(x) / x))
besselpoly = row(special.besselpoly, lambda _z, a, l, v: (
    special.besselpoly(a, l + 1, v - 1) - special.besselpoly(a, l + 1, v + 1)), NO_PARAMETER, NO_ORDER)
wright_bessel = row(special.wright_bessel, NO_PARAMETER, NO_PARAMETER,
                    lambda _z, a, b, x: special.wright_bessel(a, a + b, x))  # DLMF 10.46.1, term by term
log_wright_bessel = row(special.log_wright_bessel, NO_PARAMETER, NO_PARAMETER,
                        lambda z, a, b, x: np.exp(special.log_wright_bessel(a, a + b, x) - z))

spherical_jn = spherical(special.spherical_jn, 1, -1)
spherical_yn = spherical(special.spherical_yn, 1, -1)
spherical_in = spherical(special.spherical_in, 1, 1)
spherical_kn = spherical(special.spherical_kn, -1, -1)

airy = bundle(special.airy,     lambda z, x: (z[1], x * z[0], z[3], x * z[2]))  # DLMF 9.2.1
airye = bundle(special.airye,   lambda z, x: scaled_airy(z, x))
itspherical_jn = spherical(special.spherical_jn, 1, -1)
spherical_yn = spherical(special.spherical_yn, 1, -1)
spherical_in = spherical(special.spherical_in, 1, 1)
spherical_kn = spherical(special.spherical_kn, -1, -1)

airy = bundle(special.itairy, lambda _z, x: (*special.airy(x)[::2], *special.airy(-x)[::2]))
# fmt: on
