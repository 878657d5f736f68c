"""Distribution functions and their inverses: SciPy's names after Cephes' and CDFLIB's.  DLMF 8.17, Johnson et al."""

from typing import Any

import numpy as np
from scipy import special

from funcgrad.scipy.gamma import beta_density, gamma_density
from funcgrad.scipy.rows import WHOLE, row, unknown

SHAPE = unknown("the derivative in a shape parameter has no closed form")
ROOT_2PI = float(np.sqrt(2 * np.pi))
#: So many terms of Kolmogorov's series are exact to rounding on either side of 1.
TERMS = 6


def f_density(a: Any, b: Any, x: Any) -> Any:
    """The density of the F distribution: that of I_w(a/2, b/2), w = ax/(b+ax)."""
    w = a * x / (b + a * x)
    return beta_density(a / 2, b / 2, w) * a * b / np.square(b + a * x)


def t_density(nu: Any, t: Any) -> Any:
    """The density of Student's distribution."""
    return np.exp(-(nu + 1) / 2 * np.log1p(t * t / nu) - special.betaln(nu / 2, 0.5)) / np.sqrt(nu)


def normal_quantile_slope(x: Any) -> Any:
    """1/φ(x)."""
    return ROOT_2PI * np.exp(x * x / 2)


def kolmogorov_density(x: Any) -> Any:
    """8x Σ (-1)ᵏ⁺¹ k² e^(-2k²x²), and where x < 1 the same by the transformation of theta functions.  DLMF 20.7.32."""
    low = x < 1
    small, large = np.where(low, x, 1), np.where(low, 1, x)
    square = small * small
    series, theta = 0 * x, 0 * x
    for k in range(1, TERMS + 1):
        c = ((2 * k - 1) * np.pi) ** 2 / 8
        theta = theta + np.exp(-c / square) * (2 * c / square - 1)
        series = series - (-1) ** k * k * k * np.exp(-2 * k * k * large * large)
    return np.where(low, ROOT_2PI * theta / square, 8 * large * series)


def noncentral_density(x: Any, df: Any, nc: Any) -> Any:
    """The density of the non-central χ² distribution, by ₀F₁(df/2; nc x/4)."""
    return gamma_density(df / 2, x / 2) / 2 * np.exp(-nc / 2) * special.hyp0f1(df / 2, nc * x / 4)


def noncentral_by_nc(z: Any, x: Any, df: Any, nc: Any) -> Any:
    """∂/∂nc of the non-central χ² distribution function: half the difference to that of two more degrees of freedom."""
    return (special.chndtr(x, df + 2, nc) - z) / 2


def tukey_density(z: Any, x: Any, lam: Any) -> Any:
    """1 / (pᶫ⁻¹ + (1-p)ᶫ⁻¹) at p = F(x), and 0 outside of the support |x| < 1/λ."""
    inside = (z > 0) & (z < 1)
    p = np.where(inside, z, 0.5)
    return np.where(inside, 1 / (p ** (lam - 1) + (1 - p) ** (lam - 1)), 0) + 0 * x


# fmt: off
chdtr = row(special.chdtr,      SHAPE, lambda _z, v, x: gamma_density(v / 2, x / 2) / 2)
chdtrc = row(special.chdtrc,    SHAPE, lambda _z, v, x: -gamma_density(v / 2, x / 2) / 2)
chdtri = row(special.chdtri,    SHAPE, lambda z, v, _p: -2 / gamma_density(v / 2, z / 2))
gdtr = row(special.gdtr,        lambda _z, a, b, x: x * gamma_density(b, a * x), SHAPE,
           lambda _z, a, b, x: a * gamma_density(b, a * x))
gdtrc = row(special.gdtrc,      lambda _z, a, b, x: -x * gamma_density(b, a * x), SHAPE,
            lambda _z, a, b, x: -a * gamma_density(b, a * x))
gdtria = row(special.gdtria,    lambda z, _p, b, x: 1 / (x * gamma_density(b, z * x)), SHAPE,
             lambda z, _p, _b, x: -z / x)
gdtrix = row(special.gdtrix,    lambda z, a, _b, _p: -z / a, SHAPE,
             lambda z, a, b, _p: 1 / (a * gamma_density(b, a * z)))
pdtr = row(special.pdtr,        None, lambda _z, k, m: -gamma_density(np.floor(k) + 1, m))  # it takes ⌊k⌋
pdtrc = row(special.pdtrc,      None, lambda _z, k, m: gamma_density(np.floor(k) + 1, m))
pdtri = row(special.pdtri,      WHOLE, lambda z, k, _y: -1 / gamma_density(k + 1, z))
bdtr = row(special.bdtr,        None, WHOLE, lambda _z, k, n, p: -beta_density(np.floor(k) + 1, n - np.floor(k), p))
bdtrc = row(special.bdtrc,      None, WHOLE, lambda _z, k, n, p: beta_density(np.floor(k) + 1, n - np.floor(k), p))
bdtri = row(special.bdtri,      None, WHOLE, lambda z, k, n, _y: -1 / beta_density(np.floor(k) + 1, n - np.floor(k), z))
nbdtr = row(special.nbdtr,      WHOLE, WHOLE, lambda _z, k, n, p: beta_density(n, k + 1, p))
nbdtrc = row(special.nbdtrc,    WHOLE, WHOLE, lambda _z, k, n, p: -beta_density(n, k + 1, p))
nbdtri = row(special.nbdtri,    WHOLE, WHOLE, lambda z, k, n, _y: 1 / beta_density(n, k + 1, z))
fdtr = row(special.fdtr,        SHAPE, SHAPE, lambda _z, a, b, x: f_density(a, b, x))
fdtrc = row(special.fdtrc,      SHAPE, SHAPE, lambda _z, a, b, x: -f_density(a, b, x))
fdtri = row(special.fdtri,      SHAPE, SHAPE, lambda z, a, b, _p: 1 / f_density(a, b, z))
stdtr = row(special.stdtr,      SHAPE, lambda _z, nu, t: t_density(nu, t))
stdtrit = row(special.stdtrit,  SHAPE, lambda z, nu, _p: 1 / t_density(nu, z))
nrdtrimn = row(special.nrdtrimn, lambda z, _p, sd, x: -sd * normal_quantile_slope((x - z) / sd),
               lambda z, _p, sd, x: (z - x) / sd, 1)
nrdtrisd = row(special.nrdtrisd, lambda z, mn, _p, x: -z / (x - mn),
               lambda z, mn, _p, x: -z * z / (x - mn) * normal_quantile_slope((x - mn) / z),
               lambda z, mn, _p, x: z / (x - mn))
kolmogorov = row(special.kolmogorov, lambda _z, x: -kolmogorov_density(x))
kolmogi = row(special.kolmogi,  lambda z, _p: -1 / kolmogorov_density(z))
chndtr = row(special.chndtr,    lambda _z, x, df, nc: noncentral_density(x, df, nc), SHAPE,
             lambda z, x, df, nc: noncentral_by_nc(z, x, df, nc))
chndtrix = row(special.chndtrix, lambda z, _p, df, nc: 1 / noncentral_density(z, df, nc), SHAPE,
               lambda z, p, df, nc: -noncentral_by_nc(p, z, df, nc) / noncentral_density(z, df, nc))
chndtrinc = row(special.chndtrinc, lambda z, x, df, p: -noncentral_density(x, df, z) / noncentral_by_nc(p, x, df, z),
                SHAPE, lambda z, x, df, p: 1 / noncentral_by_nc(p, x, df, z))
tklmbda = row(special.tklmbda,  lambda z, x, lam: tukey_density(z, x, lam), SHAPE)
# fmt: on

#: The functions that solve for a shape parameter, and those whose densities SciPy does not have.
OTHERS = (
    special.bdtrik, special.bdtrin, special.btdtria, special.btdtrib, special.chdtriv, special.chndtridf,
    special.fdtridfd, special.gdtrib, special.nbdtrik, special.nbdtrin, special.ncfdtr, special.ncfdtri,
    special.ncfdtridfd, special.ncfdtridfn, special.ncfdtrinc, special.nctdtr, special.nctdtridf, special.nctdtrinc,
    special.nctdtrit, special.pdtrik, special.smirnov, special.smirnovi, special.stdtridf,
)  # fmt: skip
for _ufunc in OTHERS:
    row(_ufunc, *[SHAPE] * _ufunc.nin)
