"""From words to numbers: fractions, and normal quantiles."""

from typing import Any

import numpy as np

#: Wichura, *Algorithm AS 241: the percentage points of the normal distribution*, Applied Statistics 37 (1988), PPND16:
#: numerators and denominators, the highest power first, in the middle, in the tails, and far out.
MIDDLE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
TAIL = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0),
)  # fmt: skip
FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)  # fmt: skip
#: So many numbers at a time stay in the processor's cache (measured: half the time of all at once).
BLOCK = 1 << 13


def ratio(parts: Any, r: Any) -> Any:
    """A ratio of two polynomials of degree 7, by Horner's rule."""
    over, under = np.full_like(r, parts[0][0]), np.full_like(r, parts[1][0])
    for i in range(1, 8):
        over = over * r + parts[0][i]
        under = under * r + parts[1][i]
    return over / under


def quantile(q: Any, p: Any) -> Any:
    """Φ⁻¹ of ½ + q, to about 1e-16 of its size, where p = ½ - |q| is the probability of the tail outside."""
    q, p = np.atleast_1d(q), np.atleast_1d(p)
    near = np.abs(q) <= 0.425
    z = np.empty(q.shape)
    inner, outer = q[near], p[~near]
    z[near] = inner * ratio(MIDDLE, 0.180625 - inner * inner)
    with np.errstate(divide="ignore"):
        r = np.sqrt(-np.log(outer))
    with np.errstate(invalid="ignore"):
        tail = np.where(r <= 5, ratio(TAIL, r - 1.6), ratio(FAR, np.minimum(r, 40) - 5))
    tail = np.where(outer == 0, np.inf, tail)
    z[~near] = np.where(q[~near] < 0, -tail, tail)
    return z


def fraction(bits: Any) -> Any:
    """The 53 upper bits of words as a multiple of 2⁻⁵³ in [0, 1)."""
    return (bits >> 11) * 2.0**-53


def centred(bits: Any) -> Any:
    """The middle of the interval of 2⁻⁵³ that the 53 upper bits of words name, less ½: exact, and never ±½."""
    return ((bits >> 11).astype(np.int64) - 2**52 + 0.5) * 2.0**-53


def gaussian(bits: Any) -> Any:
    """Standard normal numbers, one a word, increasing in it."""
    flat = bits.reshape(-1)
    z = np.empty(flat.shape)
    for i in range(0, len(flat), BLOCK):
        q = centred(flat[i : i + BLOCK])
        z[i : i + BLOCK] = quantile(q, 0.5 - np.abs(q))
    return z.reshape(bits.shape)
