"""Elliptic integrals and functions, of the parameter m = k².  DLMF chapters 19 and 22."""

from typing import Any

import numpy as np
from scipy import special

from funcgrad.scipy.rows import bundle, row


# ---- Carlson's symmetric integrals -----------------------------------------------------------------------------------
def weighted(x: Any, slope: Any) -> Any:
    """x ∂/∂x, which is 0 at x = 0 whatever the slope."""
    return np.where(x == 0, 0, x * np.where(x == 0, 0, slope))


def rd_slope(x: Any, y: Any, z: Any) -> Any:
    """∂R_D(x, y, z)/∂x = (R_D(y, z, x) - R_D(x, y, z)) / 2(x - z): Euler's and Poisson's equation, DLMF §19.18.

    Symmetric in x and z. Where they are nearly equal it is the cubic in (x - z)² through four of its values apart.
    """
    middle, square = (x + z) / 2, np.square((x - z) / 2)
    near = np.abs(x - z) < 0.018 * np.abs(middle)
    across = rd_quotient(np.where(near, 2 * z, x), y, z)
    s = square / np.where(near, 1e-4 * middle * middle, 1)
    cubic = 0 * across
    for j, others in ((1, (2, 3, 4)), (2, (1, 3, 4)), (3, (1, 2, 4)), (4, (1, 2, 3))):
        weight = 1.0
        for i in others:
            weight = weight * (s - i) / (j - i)
        apart = 0.01 * j**0.5 * middle
        cubic = cubic + weight * rd_quotient(middle + apart, y, middle - apart)
    return np.where(near, cubic, across)


def rd_quotient(x: Any, y: Any, z: Any) -> Any:
    """The quotient itself."""
    return (special.elliprd(y, z, x) - special.elliprd(x, y, z)) / (2 * (x - z))


def rd_last(d: Any, x: Any, y: Any, z: Any) -> Any:
    """∂R_D/∂z, from Euler's theorem for its degree -3/2.  DLMF §19.18."""
    return (-1.5 * d - weighted(x, rd_slope(x, y, z)) - weighted(y, rd_slope(y, x, z))) / z


def rj_slope(j: Any, x: Any, y: Any, z: Any, p: Any) -> Any:
    """∂R_J/∂x = (R_J - R_D(y, z, x)) / 2(p - x): partial fractions in DLMF 19.16.2."""
    return (j - special.elliprd(y, z, x)) / (2 * (p - x))


def rj_last(j: Any, x: Any, y: Any, z: Any, p: Any) -> Any:
    """∂R_J/∂p, from Euler's theorem for its degree -3/2."""
    parts = weighted(x, rj_slope(j, x, y, z, p)) + weighted(y, rj_slope(j, y, z, x, p))
    return (-1.5 * j - parts - weighted(z, rj_slope(j, z, x, y, p))) / p


def rg_slope(x: Any, y: Any, z: Any) -> Any:
    """∂R_G/∂x = (3 R_F - x R_D(y, z, x)) / 12, by parts in DLMF 19.16.3."""
    return (3 * special.elliprf(x, y, z) - weighted(x, special.elliprd(y, z, x))) / 12


# ---- Legendre's integrals --------------------------------------------------------------------------------------------
def k_slope(m: Any) -> Any:
    """K′(m) = R_D(0, 1, 1-m) / 6, here (π/8) F(3/2, 3/2; 2; m), smooth at 0.  DLMF 19.5.1, 15.5.1."""
    return np.pi / 8 * special.hyp2f1(1.5, 1.5, 2.0, m)


def e_slope(m: Any) -> Any:
    """E′(m) = -(π/8) F(½, 3/2; 2; m).  DLMF 19.5.2, 15.5.1."""
    return -np.pi / 8 * special.hyp2f1(0.5, 1.5, 2.0, m)


def turned(phi: Any) -> tuple[Any, Any]:
    """φ = kπ + θ with |θ| ≤ π/2: k, which has no derivative, and θ."""
    k = np.rint(phi / np.pi)
    return k, phi - k * np.pi


def first_by_m(phi: Any, m: Any) -> Any:
    """∂F(φ, m)/∂m = sin³θ R_D(cos²θ, 1, 1 - m sin²θ) / 6 + 2k K′(m).  DLMF 19.25.5, 19.2.10."""
    k, theta = turned(phi)
    s, c = np.sin(theta), np.cos(theta)
    return s**3 * special.elliprd(c * c, 1.0, 1 - m * s * s) / 6 + weighted(2 * k, k_slope(m))


def second_by_m(phi: Any, m: Any) -> Any:
    """∂E(φ, m)/∂m = -sin³θ R_D(cos²θ, 1 - m sin²θ, 1) / 6 + 2k E′(m).  DLMF 19.25.9, 19.2.10."""
    k, theta = turned(phi)
    s, c = np.sin(theta), np.cos(theta)
    return -(s**3) * special.elliprd(c * c, 1 - m * s * s, 1.0) / 6 + weighted(2 * k, e_slope(m))


def delta(phi: Any, m: Any) -> Any:
    """√(1 - m sin²φ)."""
    return np.sqrt(1 - m * np.square(np.sin(phi)))


def by_parameter(z: Any, m: Any) -> tuple[Any, ...]:
    """∂/∂m of (sn, cn, dn, am): u = F(am, m) stays, so that ∂am/∂m = -dn ∂F/∂m.  DLMF §22.16."""
    sn, cn, dn, phi = z
    turn = -dn * first_by_m(phi, m)
    return cn * turn, -sn * turn, -(sn * sn + 2 * m * sn * cn * turn) / (2 * dn), turn


def mean_slope(z: Any, a: Any, b: Any) -> Any:
    """∂M(a, b)/∂a = 2M² |a| R_D(0, b², a²) / 3π, since M = π / 2R_F(0, a², b²).  DLMF 19.8.5, 19.25.1."""
    return 2 * z * z * np.abs(a) * special.elliprd(0.0, b * b, a * a) / (3 * np.pi)


# fmt: off
elliprf = row(special.elliprf,      lambda _z, x, y, w: -special.elliprd(y, w, x) / 6,  # DLMF 19.18.1
              lambda _z, x, y, w: -special.elliprd(w, x, y) / 6, lambda _z, x, y, w: -special.elliprd(x, y, w) / 6)
elliprc = row(special.elliprc,      lambda _z, x, y: -special.elliprd(y, y, x) / 6,
              lambda _z, x, y: -special.elliprd(x, y, y) / 3)
elliprd = row(special.elliprd,      lambda _z, x, y, w: rd_slope(x, y, w), lambda _z, x, y, w: rd_slope(y, x, w),
              lambda z, x, y, w: rd_last(z, x, y, w))
elliprg = row(special.elliprg,      lambda _z, x, y, w: rg_slope(x, y, w), lambda _z, x, y, w: rg_slope(y, w, x),
              lambda _z, x, y, w: rg_slope(w, x, y))
elliprj = row(special.elliprj,      lambda z, x, y, w, p: rj_slope(z, x, y, w, p),
              lambda z, x, y, w, p: rj_slope(z, y, w, x, p), lambda z, x, y, w, p: rj_slope(z, w, x, y, p),
              lambda z, x, y, w, p: rj_last(z, x, y, w, p))

ellipk = row(special.ellipk,        lambda _z, m: k_slope(m))
ellipkm1 = row(special.ellipkm1,    lambda _z, p: -special.elliprd(0.0, 1.0, p) / 6)
ellipe = row(special.ellipe,        lambda _z, m: e_slope(m))
ellipkinc = row(special.ellipkinc,  lambda _z, phi, m: 1 / delta(phi, m), lambda _z, phi, m: first_by_m(phi, m))
ellipeinc = row(special.ellipeinc,  lambda _z, phi, m: delta(phi, m),     lambda _z, phi, m: second_by_m(phi, m))
ellipj = bundle(special.ellipj,     lambda z, _u, m: (z[1] * z[2], -z[0] * z[2], -m * z[0] * z[1], z[2]),
                lambda z, _u, m: by_parameter(z, m))  # DLMF 22.13.1
agm = row(special.agm,              lambda z, a, b: mean_slope(z, a, b), lambda z, a, b: mean_slope(z, b, a))
# fmt: on
