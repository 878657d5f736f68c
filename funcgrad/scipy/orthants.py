"""The probability that a normal vector stays below a point."""

from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from attrs import frozen
from scipy import special, stats

from funcgrad.graph.dispatch import saved
from funcgrad.graph.types import Type
from funcgrad.primitives.contracting import turned
from funcgrad.primitives.kinds import Opaque


@saved
@frozen(eq=False, repr=False)
class NormalBelow(Opaque):
    """Φ(x, Σ) = P(Y ≤ x) for Y normal with mean 0 and covariance Σ, for stacks of them.

    ∂Φ/∂xᵢ = φ(xᵢ; Σᵢᵢ) Φ(x' - Σ'ᵢ xᵢ/Σᵢᵢ, Σ'' - Σ'ᵢ Σᵢ'/Σᵢᵢ), where ' leaves i out: the density at xᵢ, times the
    probability of the others given Yᵢ = xᵢ.  ∂Φ/∂Σ = ½ ∂²Φ/∂x∂x.  Plackett, *A reduction formula for normal
    multivariate integrals* (1954).  Of two variables Φ is exact (Owen 1956); of more it is SciPy's integral.
    """

    reads: ClassVar[str] = "x y"

    def run(self, x: Any, cov: Any) -> Any:
        return np.array([below(*one) for one in flat(x, cov)]).reshape(x.shape[:-1])[()]

    def infer(self, x: Any, cov: Any) -> Any:
        return Type(x.shape[:-1], np.dtype(np.float64))

    def vjp(self, bar: Any, _z: Any, x: Any, cov: Any) -> tuple[Any, Any]:
        first, second = slopes(x, cov)
        return bar[..., None] * first, bar[..., None, None] * second / 2

    def batch(self, *args: Any) -> Any:
        return self(*args)


def flat(x: Any, cov: Any) -> Any:
    """The points and their covariances, one after the other."""
    return zip(x.reshape(-1, x.shape[-1]), cov.reshape(-1, *cov.shape[-2:]), strict=True)


def below(x: Any, cov: Any) -> Any:
    """Φ of one point."""
    if np.isnan(x).any() or np.isnan(cov).any():
        return np.nan
    if (x == -np.inf).any():
        return 0.0
    kept = np.isfinite(x)
    x, cov = x[kept], cov[kept][:, kept]
    if len(x) < 2:
        return special.ndtr(x[0] / np.sqrt(cov[0, 0])) if len(x) else 1.0
    scale = np.sqrt(np.diagonal(cov))
    if len(x) == 2 and scale.all():
        h, k = x / scale
        return both_below(h, k, cov[0, 1] / scale[0] / scale[1])
    return stats.multivariate_normal(cov=cov, allow_singular=True, seed=0).cdf(x)


def both_below(h: Any, k: Any, r: Any) -> Any:
    """P(X ≤ h, Y ≤ k) of standard normals with correlation r, by Owen's function T."""
    if abs(r) >= 1:
        return special.ndtr(min(h, k)) if r > 0 else max(special.ndtr(h) - special.ndtr(-k), 0.0)
    if h == 0 and k == 0:
        return 0.25 + np.arcsin(r) / (2 * np.pi)
    root = np.sqrt((1 - r) * (1 + r))
    with np.errstate(divide="ignore"):
        parts = (
            special.owens_t(h, (k - r * h) / np.multiply(h, root)),
            special.owens_t(k, (h - r * k) / np.multiply(k, root)),
        )
    opposite = h * k < 0 or (h * k == 0 and h + k < 0)
    return (special.ndtr(h) + special.ndtr(k) - opposite) / 2 - sum(parts)


def slopes(x: Any, cov: Any) -> tuple[Any, Any]:
    """The first and the second derivatives of Φ with respect to x."""
    size = x.shape[-1]
    first = [given(x, cov, [i]) for i in range(size)]
    second: dict[tuple[int, int], Any] = {}
    for i, j in combinations(range(size), 2):
        second[i, j] = second[j, i] = given(x, cov, [i, j])
    for i in range(size):
        point = np.where(np.isfinite(x[..., i]), x[..., i], 0)
        others = [cov[..., i, j] * second[i, j] for j in range(size) if j != i]
        second[i, i] = -(point * first[i] + sum(others)) / cov[..., i, i]
    rows = [np.stack([second[i, j] for j in range(size)], -1) for i in range(size)]
    return np.stack(first, -1), np.stack(rows, -2)


def given(x: Any, cov: Any, chosen: list[int]) -> Any:
    """The density of some variables at x (0 at infinity) times the probability that the others are below."""
    others = [i for i in range(x.shape[-1]) if i not in chosen]
    at = x[..., chosen]
    finite = np.all(np.isfinite(at), -1)
    at = np.where(finite[..., None], at, 0)
    own, cross = cov[..., chosen, :][..., chosen], cov[..., others, :][..., chosen]
    root = np.linalg.cholesky(own)
    standard = np.linalg.solve(root, at[..., None])[..., 0]
    spread = np.prod(np.diagonal(root, axis1=-2, axis2=-1), -1) * (2 * np.pi) ** (len(chosen) / 2)
    density = np.where(finite, np.exp(-np.sum(standard * standard, -1) / 2) / spread, 0)
    if not others:
        return density
    weights = turned(np.linalg.solve(own, turned(cross)))
    rest = cov[..., others, :][..., others] - weights @ turned(cross)
    return density * NormalBelow()(x[..., others] - (weights @ at[..., None])[..., 0], rest)
