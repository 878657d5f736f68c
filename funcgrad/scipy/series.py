"""Hypergeometric functions, exponential integrals, polynomials, and solutions of differential equations."""

from math import factorial
from typing import Any

import numpy as np
from scipy import special

from funcgrad.scipy.rows import WHOLE, behind, bundle, polynomial, row, unknown

NO_DEGREE = unknown("the derivative of a polynomial in its degree has no closed form")
NO_PARAMETER = unknown("the derivative in a parameter has no closed form")
INSTEAD = unknown("SciPy has replaced it by sph_harm_y")
INEXACT = unknown("the values that SciPy computes do not satisfy their differential equation")
DEGREE = float(np.pi / 180)
#: 1 / (2k+1)! from the last of so many terms on.
SINES = tuple([1 / factorial(2 * k + 1) for k in reversed(range(12))])


def cardinal(x: Any, sign: int) -> Any:
    """sin x / x, or sinh x / x if `sign` is 1; where |x| < 1 the sum of (±x²)ᵏ / (2k+1)!."""
    near = np.abs(x) < 1
    small, large = np.where(near, x, 0), np.where(near, 1, x)
    away = (np.sin if sign < 0 else np.sinh)(large) / large
    return np.where(near, polynomial(SINES, sign * small * small), away)


def exponential_slope(z: Any, n: Any, x: Any) -> Any:
    """-Eₙ₋₁(x), where E₋₁ = (e⁻ˣ + E₀)/x.  DLMF 8.19.13, 8.19.12."""
    return np.where(n < 1, -(np.exp(-x) + z) / x, -special.expn(np.maximum(n - 1, 0), x))


def spence_slope(x: Any) -> Any:
    """log x / (1 - x); near 1 it is -F(1, 1; 2; 1-x), smooth there.  DLMF 25.12.2, 15.4.1."""
    near = np.abs(x - 1) < 0.1
    inner, outer = np.where(near, 1 - x, 0), np.where(near, 2, x)
    return np.where(near, -special.hyp2f1(1.0, 1.0, 2.0, inner), np.log(outer) / (1 - outer))


def legendre_slope(z: Any, m: Any, v: Any, x: Any) -> Any:
    """(v x Pᵥᵐ - (v+m) Pᵥ₋₁ᵐ) / (x² - 1).  DLMF 14.10.5."""
    return (v * x * z - (v + m) * special.lpmv(m, v - 1, x)) / (x * x - 1)


# ---- polynomials -----------------------------------------------------------------------------------------------------
def lower(n: Any) -> Any:
    """n - 1, and 0 for 0: the polynomial of that degree then has the factor 0."""
    return np.where(n == 0, 0, n - 1)


def ultraspherical(n: Any, alpha: Any, x: Any) -> Any:
    """dCₙ/dx = 2α Cₙ₋₁ of α + 1, 0 if n = 0.  DLMF 18.9.19."""
    return np.where(n == 0, 0, 2 * alpha * special.eval_gegenbauer(lower(n), alpha + 1, x))


def laguerre_slope(n: Any, alpha: Any, x: Any) -> Any:
    """dLₙ/dx = -Lₙ₋₁ of α + 1, 0 if n = 0.  DLMF 18.9.23."""
    return np.where(n == 0, 0, -special.eval_genlaguerre(lower(n), alpha + 1, x))


# ---- second derivatives from differential equations ------------------------------------------------------------------
def cylinder(z: Any, coefficient: Any) -> tuple[Any, Any]:
    """(w′, c w) of (w, w′), where w″ = c w."""
    return z[1], coefficient * z[0]


def spheroid(z: Any, m: Any, c: Any, x: Any, eigenvalue: Any, sign: int, turn: int = 1) -> tuple[Any, Any]:
    """(w′, w″) of (w, w′), where ((1-x²) w′)′ + (λ ∓ c²x² - m²/(1-x²)) w = 0.  DLMF 30.2.1; oblate: x → ix, c → ic.

    `sign` is 1 for prolate and -1 for oblate functions; `turn` is -1 for the radial oblate one, of imaginary argument.
    """
    u = 1 - turn * x * x
    return z[1], (2 * turn * x * z[1] - turn * (eigenvalue - sign * turn * c * c * x * x - m * m / u) * z[0]) / u


# fmt: off
hyp0f1 = row(special.hyp0f1,        NO_PARAMETER, lambda _z, v, x: special.hyp0f1(v + 1, x) / v)  # DLMF 16.3.1
hyp1f1 = row(special.hyp1f1,        NO_PARAMETER, NO_PARAMETER,
             lambda _z, a, b, x: special.hyp1f1(a + 1, b + 1, x) * a / b)  # DLMF 13.3.15
hyp2f1 = row(special.hyp2f1,        NO_PARAMETER, NO_PARAMETER, NO_PARAMETER,
             lambda _z, a, b, c, x: special.hyp2f1(a + 1, b + 1, c + 1, x) * a * b / c)  # DLMF 15.5.1
hyperu = row(special.hyperu,        NO_PARAMETER, NO_PARAMETER,
             lambda _z, a, b, x: -a * special.hyperu(a + 1, b + 1, x))  # DLMF 13.3.22
exp1 = row(special.exp1,            lambda _z, x: -np.exp(-x) / x)  # DLMF 6.2.1
expi = row(special.expi,            lambda _z, x: np.exp(x) / x)
expn = row(special.expn,            WHOLE, lambda z, n, x: exponential_slope(z, n, x))
sici = bundle(special.sici,         lambda _z, x: (cardinal(x, -1), np.cos(x) / x))  # DLMF 6.2.9
shichi = bundle(special.shichi,     lambda _z, x: (cardinal(x, 1), np.cosh(x) / x))
spence = row(special.spence,        lambda _z, x: spence_slope(x))
wrightomega = row(special.wrightomega, lambda z, _x: z / (1 + z))  # Corless and Jeffrey (2002)
lambertw = row(behind(special.lambertw), lambda z, _x, _k, _tol: np.exp(-z) / (1 + z), None, None, label="lambertw")

eval_chebyt = row(special.eval_chebyt, NO_DEGREE, lambda _z, n, x: n * special.eval_chebyu(n - 1, x))  # DLMF 18.9.21
eval_chebyu = row(special.eval_chebyu, NO_DEGREE, lambda _z, n, x: ultraspherical(n, 1, x))
eval_chebyc = row(special.eval_chebyc, NO_DEGREE, lambda _z, n, x: n * special.eval_chebyu(n - 1, x / 2))
eval_chebys = row(special.eval_chebys, NO_DEGREE, lambda _z, n, x: ultraspherical(n, 1, x / 2) / 2)
eval_sh_chebyt = row(special.eval_sh_chebyt, NO_DEGREE, lambda _z, n, x: 2 * n * special.eval_chebyu(n - 1, 2 * x - 1))
eval_sh_chebyu = row(special.eval_sh_chebyu, NO_DEGREE, lambda _z, n, x: 2 * ultraspherical(n, 1, 2 * x - 1))
eval_legendre = row(special.eval_legendre, NO_DEGREE, lambda _z, n, x: ultraspherical(n, 0.5, x))
eval_sh_legendre = row(special.eval_sh_legendre, NO_DEGREE, lambda _z, n, x: 2 * ultraspherical(n, 0.5, 2 * x - 1))
eval_gegenbauer = row(special.eval_gegenbauer, NO_DEGREE, NO_PARAMETER, lambda _z, n, a, x: ultraspherical(n, a, x))
eval_hermite = row(special.eval_hermite, WHOLE, lambda _z, n, x: 2 * n * special.eval_hermite(lower(n), x))  # 18.9.25
eval_hermitenorm = row(special.eval_hermitenorm, WHOLE, lambda _z, n, x: n * special.eval_hermitenorm(lower(n), x))
eval_laguerre = row(special.eval_laguerre, NO_DEGREE, lambda _z, n, x: laguerre_slope(n, 0, x))
eval_genlaguerre = row(special.eval_genlaguerre, NO_DEGREE, NO_PARAMETER, lambda _z, n, a, x: laguerre_slope(n, a, x))
eval_jacobi = row(special.eval_jacobi, NO_DEGREE, NO_PARAMETER, NO_PARAMETER, lambda _z, n, a, b, x: np.where(
    n == 0, 0, (n + a + b + 1) / 2 * special.eval_jacobi(lower(n), a + 1, b + 1, x)))  # DLMF 18.9.15
eval_sh_jacobi = row(special.eval_sh_jacobi, NO_DEGREE, NO_PARAMETER, NO_PARAMETER, lambda _z, n, p, q, x: np.where(
    n == 0, 0, n * special.eval_sh_jacobi(lower(n), p + 2, q + 1, x)))
lpmv = row(special.lpmv,            NO_DEGREE, NO_DEGREE, lambda z, m, v, x: legendre_slope(z, m, v, x))

pbdv = bundle(special.pbdv,         NO_PARAMETER, lambda z, v, x: cylinder(z, x * x / 4 - v - 0.5))  # DLMF 12.2.4
pbvv = bundle(special.pbvv,         NO_PARAMETER, lambda z, v, x: cylinder(z, x * x / 4 - v - 0.5))
pbwa = bundle(special.pbwa,         NO_PARAMETER, lambda z, a, x: cylinder(z, a - x * x / 4))  # DLMF §12.14
mathieu_a = row(special.mathieu_a,  WHOLE, NO_PARAMETER)
mathieu_b = row(special.mathieu_b,  WHOLE, NO_PARAMETER)
mathieu_cem = bundle(special.mathieu_cem, WHOLE, NO_PARAMETER, lambda z, m, q, x: tuple(
    [w * DEGREE for w in cylinder(z, 2 * q * special.cosdg(2 * x) - special.mathieu_a(m, q))]))  # DLMF 28.2.1
mathieu_sem = bundle(special.mathieu_sem, WHOLE, NO_PARAMETER, lambda z, m, q, x: tuple(
    [w * DEGREE for w in cylinder(z, 2 * q * special.cosdg(2 * x) - special.mathieu_b(m, q))]))
mathieu_modcem1 = bundle(special.mathieu_modcem1, WHOLE, NO_PARAMETER, lambda z, m, q, x: cylinder(
    z, special.mathieu_a(m, q) - 2 * q * np.cosh(2 * x)))  # DLMF 28.20.1
mathieu_modcem2 = bundle(special.mathieu_modcem2, WHOLE, NO_PARAMETER, lambda z, m, q, x: cylinder(
    z, special.mathieu_a(m, q) - 2 * q * np.cosh(2 * x)))
mathieu_modsem1 = bundle(special.mathieu_modsem1, WHOLE, NO_PARAMETER, lambda z, m, q, x: cylinder(
    z, special.mathieu_b(m, q) - 2 * q * np.cosh(2 * x)))
mathieu_modsem2 = bundle(special.mathieu_modsem2, WHOLE, NO_PARAMETER, lambda z, m, q, x: cylinder(
    z, special.mathieu_b(m, q) - 2 * q * np.cosh(2 * x)))

pro_cv = row(special.pro_cv,        WHOLE, WHOLE, NO_PARAMETER)
obl_cv = row(special.obl_cv,        WHOLE, WHOLE, NO_PARAMETER)
pro_ang1 = bundle(special.pro_ang1, WHOLE, WHOLE, NO_PARAMETER,
                  lambda z, m, n, c, x: spheroid(z, m, c, x, special.pro_cv(m, n, c), 1))
pro_rad1 = bundle(special.pro_rad1, WHOLE, WHOLE, NO_PARAMETER,
                  lambda z, m, n, c, x: spheroid(z, m, c, x, special.pro_cv(m, n, c), 1))
obl_ang1 = bundle(special.obl_ang1, WHOLE, WHOLE, NO_PARAMETER,
                  lambda z, m, n, c, x: spheroid(z, m, c, x, special.obl_cv(m, n, c), -1))
obl_rad1 = bundle(special.obl_rad1, WHOLE, WHOLE, NO_PARAMETER,
                  lambda z, m, n, c, x: spheroid(z, m, c, x, special.obl_cv(m, n, c), -1, -1))
if isinstance(getattr(special, "sph_harm", None), np.ufunc):  # of SciPy before 1.17
    row(special.sph_harm, WHOLE, WHOLE, INSTEAD, INSTEAD)
for _ufunc in (special.pro_rad2, special.obl_rad2, special.pro_rad2_cv, special.obl_rad2_cv):
    bundle(_ufunc, *[INEXACT] * _ufunc.nin)
given = {
    special.pro_ang1_cv: (1, 1), special.pro_rad1_cv: (1, 1),
    special.obl_ang1_cv: (-1, 1), special.obl_rad1_cv: (-1, -1),
}
# fmt: on


def with_eigenvalue(ufunc: np.ufunc, sign: int, turn: int) -> None:
    """The same with the eigenvalue given."""
    rule = lambda z, m, _n, c, l, x: spheroid(z, m, c, x, l, sign, turn)  # REASON: as in the table
    bundle(ufunc, WHOLE, WHOLE, NO_PARAMETER, NO_PARAMETER, rule)


for _ufunc, _signs in given.items():
    with_eigenvalue(_ufunc, *_signs)
