"""The error function and its kin.  DLMF chapter 7."""

from typing import Any

import numpy as np
from scipy import special

from funcgrad.scipy.rows import bundle, is_complex, polynomial, row

ROOT_PI = float(np.sqrt(np.pi))
ROOT_2 = float(np.sqrt(2))
ROOT_2PI = ROOT_2 * ROOT_PI
#: From this argument on, the asymptotic series with this many terms is exact to rounding.
FAR, TERMS = 20, 10
#: (2m+1)!! / 2ᵐ from the last term's on.
COEFFICIENTS = tuple([float(np.prod(np.arange(1, m + 1) + 0.5)) for m in reversed(range(TERMS))])


def falling(u: Any) -> Any:
    """Σ (2m+1)!! (u/2)ᵐ, m < TERMS: of derivatives where u = ∓1/x² is small.  DLMF 7.12.1, term by term."""
    return polynomial(COEFFICIENTS, u)


def scaled_slope(z: Any, x: Any) -> Any:
    """erfcx′ = 2xz - 2/√π, whose terms cancel where x is large: there -Σ (2m+1)!! (-½)ᵐ x⁻²ᵐ⁻² / √π."""
    near = 2 * x * z - 2 / ROOT_PI
    if is_complex(x):
        return near
    far = x > FAR
    u = 1 / np.square(np.where(far, x, FAR))
    return np.where(far, -u * falling(-u) / ROOT_PI, near)


def dawson_slope(z: Any, x: Any) -> Any:
    """F′ = 1 - 2xF, whose terms cancel where |x| is large: there -½ Σ (2m+1)!! ½ᵐ x⁻²ᵐ⁻².  DLMF §7.10."""
    near = 1 - 2 * x * z
    if is_complex(x):
        return near
    far = np.abs(x) > FAR
    u = 1 / np.square(np.where(far, x, FAR))
    return np.where(far, -u * falling(u) / 2, near)


def faddeeva_slope(z: Any, x: Any) -> Any:
    """w′ = 2i/√π - 2xw, whose terms cancel where |x| is large: there -i/√π Σ (2m+1)!! ½ᵐ x⁻²ᵐ⁻².  DLMF 7.10.2."""
    far = (np.abs(x) > FAR) & (np.imag(x) >= 0)
    u = 1 / np.square(np.where(far, x, FAR))
    return np.where(far, -1j * u * falling(u) / ROOT_PI, 2j / ROOT_PI - 2 * x * z)


def mills(x: Any) -> Any:
    """φ(x) / Φ(x) = √(2/π) / erfcx(-x/√2), which neither overflows nor cancels in the tail."""
    return 2 / ROOT_2PI / special.erfcx(-x / ROOT_2)


def normal_density(x: Any) -> Any:
    """φ(x)."""
    return np.exp(-x * x / 2) / ROOT_2PI


def profile(x: Any, sigma: Any, gamma: Any) -> tuple[Any, Any]:
    """ζ = (x + iγ) / σ√2 and w′(ζ) / 2σ²√π: Voigt's profile is Re w(ζ) / σ√(2π).  DLMF 7.19.1."""
    place = (x + gamma * 1j) / (sigma * ROOT_2)
    return place, faddeeva_slope(special.wofz(place), place) / (2 * ROOT_PI * sigma * sigma)


def rising_only(x: Any) -> Any:
    """1, and NaN where x < 0: there SciPy's modified Fresnel integrals are not what they are said to be."""
    return np.where(x < 0, np.nan, 1)


# fmt: off
erf = row(special.erf,          lambda _z, x: 2 / ROOT_PI * np.exp(-x * x))  # DLMF 7.2.1
erfc = row(special.erfc,        lambda _z, x: -2 / ROOT_PI * np.exp(-x * x))
erfcx = row(special.erfcx,      lambda z, x: scaled_slope(z, x))
erfi = row(special.erfi,        lambda _z, x: 2 / ROOT_PI * np.exp(x * x))
erfinv = row(special.erfinv,    lambda z, _x: ROOT_PI / 2 * np.exp(z * z))
erfcinv = row(special.erfcinv,  lambda z, _x: -ROOT_PI / 2 * np.exp(z * z))
dawsn = row(special.dawsn,      lambda z, x: dawson_slope(z, x))
wofz = row(special.wofz,        lambda z, x: faddeeva_slope(z, x))
ndtr = row(special.ndtr,        lambda _z, x: normal_density(x))
log_ndtr = row(special.log_ndtr, lambda _z, x: mills(x))
ndtri = row(special.ndtri,      lambda z, _x: ROOT_2PI * np.exp(z * z / 2))
ndtri_exp = row(special.ndtri_exp, lambda z, _x: ROOT_2PI / 2 * special.erfcx(-z / ROOT_2))
owens_t = row(special.owens_t,  lambda _z, h, a: -normal_density(h) * special.erf(a * h / ROOT_2) / 2,
              lambda _z, h, a: np.exp(-h * h * (1 + a * a) / 2) / (2 * np.pi * (1 + a * a)))  # Owen (1956)
voigt_profile = row(special.voigt_profile, lambda _z, x, s, g: np.real(profile(x, s, g)[1]),
                    lambda z, x, s, g: -z / s - np.real(np.multiply(*profile(x, s, g))) * ROOT_2,
                    lambda _z, x, s, g: -np.imag(profile(x, s, g)[1]))

fresnel = bundle(special.fresnel, lambda _z, x: (np.sin(np.pi / 2 * x * x), np.cos(np.pi / 2 * x * x)))  # DLMF 7.2.7
modfresnelp = bundle(special.modfresnelp, lambda z, x: (
    rising_only(x) * -np.exp(x * x * 1j), x * z[1] * -2j - complex(np.exp(-0.25j * np.pi)) / ROOT_PI))
modfresnelm = bundle(special.modfresnelm, lambda z, x: (
    rising_only(x) * -np.exp(x * x * -1j), x * z[1] * 2j - complex(np.exp(0.25j * np.pi)) / ROOT_PI))
# fmt: on
