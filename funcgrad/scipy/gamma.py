"""The gamma and the beta function and their kin.  DLMF: NIST Digital Library of Mathematical Functions, 5 and 8."""

from typing import Any

import numpy as np
from scipy import special

from funcgrad.scipy.rows import behind, refuse_complex, row, unknown

NO_ORDER = unknown("the derivative in a parameter of an incomplete integral has no closed form")


def trigamma(x: Any) -> Any:
    """ψ′(x) = ζ(2, x).  DLMF 5.15.1."""
    refuse_complex("psi", x, "SciPy has the trigamma function of real numbers only")
    return special.zeta(2, x)


def reciprocal_slope(x: Any) -> Any:
    """(1/Γ)′ = -ψ/Γ, by the reflection 1/Γ(x) = Γ(1-x) sin(πx)/π where x < ½, for at poles of ψ.  DLMF 5.5.3."""
    low = np.real(x) < 0.5
    left, right = 1 - np.where(low, x, 0), np.where(low, 1, x)
    angle = np.pi * (1 - left)
    mirrored = special.gamma(left) * (np.cos(angle) - special.psi(left) * np.sin(angle) / np.pi)
    return np.where(low, mirrored, -special.psi(right) * special.rgamma(right))


def gamma_density(a: Any, x: Any) -> Any:
    """xᵃ⁻¹ e⁻ˣ / Γ(a) = ∂P(a, x)/∂x.  DLMF 8.8.13 with 8.2.4."""
    return np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a))


def beta_density(a: Any, b: Any, x: Any) -> Any:
    """xᵃ⁻¹ (1-x)ᵇ⁻¹ / B(a, b) = ∂Iₓ(a, b)/∂x.  DLMF 8.17.1."""
    return np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b))


# fmt: off
gamma = row(special.gamma,              lambda z, x: z * special.psi(x))  # DLMF 5.2.2
gammaln = row(special.gammaln,          lambda _z, x: special.psi(x))
loggamma = row(special.loggamma,        lambda _z, x: special.psi(x))
rgamma = row(special.rgamma,            lambda _z, x: reciprocal_slope(x))
psi = row(special.psi,                  lambda _z, x: trigamma(x))
gammasgn = row(special.gammasgn,        None)
zeta = row(behind(special.zeta, 2),     unknown("its derivative in the exponent is no function of SciPy's"),
           lambda _z, s, q: -s * special.zeta(s + 1, q), label="zeta")  # DLMF 25.11.17
riemann = row(behind(special.zeta),     unknown("the derivative of Riemann's zeta is no function of SciPy's"),
              label="zeta_riemann")
zetac = row(special.zetac,              unknown("the derivative of Riemann's zeta is no function of SciPy's"))
poch = row(special.poch,                lambda z, a, m: z * (special.psi(a + m) - special.psi(a)),
           lambda z, a, m: z * special.psi(a + m))  # DLMF 5.2.5
binom = row(special.binom,              lambda z, n, k: z * (special.psi(n + 1) - special.psi(n - k + 1)),
            lambda z, n, k: z * (special.psi(n - k + 1) - special.psi(k + 1)))

gammainc = row(special.gammainc,        NO_ORDER, lambda _z, a, x: gamma_density(a, x))
gammaincc = row(special.gammaincc,      NO_ORDER, lambda _z, a, x: -gamma_density(a, x))
gammaincinv = row(special.gammaincinv,  NO_ORDER, lambda z, a, _y: 1 / gamma_density(a, z))
gammainccinv = row(special.gammainccinv, NO_ORDER, lambda z, a, _y: -1 / gamma_density(a, z))

beta = row(special.beta,                lambda z, a, b: z * (special.psi(a) - special.psi(a + b)),
           lambda z, a, b: z * (special.psi(b) - special.psi(a + b)))  # DLMF 5.12.1
betaln = row(special.betaln,            lambda _z, a, b: special.psi(a) - special.psi(a + b),
             lambda _z, a, b: special.psi(b) - special.psi(a + b))
betainc = row(special.betainc,          NO_ORDER, NO_ORDER, lambda _z, a, b, x: beta_density(a, b, x))
betaincc = row(special.betaincc,        NO_ORDER, NO_ORDER, lambda _z, a, b, x: -beta_density(a, b, x))
betaincinv = row(special.betaincinv,    NO_ORDER, NO_ORDER, lambda z, a, b, _y: 1 / beta_density(a, b, z))
betainccinv = row(special.betainccinv,  NO_ORDER, NO_ORDER, lambda z, a, b, _y: -1 / beta_density(a, b, z))
# fmt: on
