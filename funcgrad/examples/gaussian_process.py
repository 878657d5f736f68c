"""A Gaussian process: the marginal likelihood chooses its length, its height and its noise.

The data are noisy values of a curve, with a gap. The gradient of the likelihood goes through a Cholesky factor. The
mean of the process is a function like others: `grad` of it is the slope of the curve.

C. E. Rasmussen and C. K. I. Williams, *Gaussian Processes for Machine Learning* (2006), algorithm 2.1.
"""

import sys
from collections.abc import Generator
from itertools import repeat
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import grad, jit, optim, random, vmap
from funcgrad.examples.running import main
from funcgrad.examples.training import told, trained

#: The noise of the data; the process does not know it.
NOISE = 0.15
POINTS = 40
GRID = np.linspace(-3.5, 3.5, 141)


def curve(x: Any) -> Any:
    """What the data are values of."""
    return np.sin(2 * x) + 0.3 * x


@frozen
class Data:
    """Noisy values of the curve."""

    #: Places in [-3, 3], none of them in (0, 1.2), and values.
    x: Any
    y: Any


def measured(key: Any) -> Data:
    """The data of a key."""
    place, noise = random.split(key)
    x = random.uniform(place, (POINTS,), minval=-3.0, maxval=1.8)
    x = np.sort(np.where(x > 0, x + 1.2, x))
    return Data(x, curve(x) + NOISE * random.normal(noise, (POINTS,)))


# ---- the process ---------------------------------------------------------------------------------------------------
@frozen
class Kernel:
    """The logarithms of what the likelihood chooses."""

    #: Over which distance values belong together.
    length: Any = 0.5
    #: The standard deviation of the curve.
    height: Any = 0.0
    #: The standard deviation of the noise.
    noise: Any = 0.0


def covariance(kernel: Kernel, x: Any, other: Any) -> Any:
    """k(x, x') = h² exp(-(x - x')² / 2l²), a matrix."""
    distance = (x[:, None] - other[None, :]) * np.exp(-kernel.length)
    return np.exp(2 * kernel.height - distance * distance / 2)


def factor(kernel: Kernel, data: Data) -> Any:
    """L with L Lᵀ = K + σ² I."""
    noise = np.exp(2 * kernel.noise) * np.eye(len(data.x))
    return np.linalg.cholesky(covariance(kernel, data.x, data.x) + noise)


def surprise(kernel: Kernel, data: Data) -> Any:
    """Minus the logarithm of the marginal likelihood: |L⁻¹y|²/2 + log det L + n/2 log 2π."""
    L = factor(kernel, data)
    a = np.linalg.solve(L, data.y)
    return a @ a / 2 + np.sum(np.log(np.diagonal(L))) + len(data.y) / 2 * np.log(2 * np.pi)


def posterior(kernel: Kernel, data: Data, x: Any) -> tuple[Any, Any]:
    """Mean and covariance of the curve at x, given the data."""
    L = factor(kernel, data)
    K = np.linalg.solve(L, covariance(kernel, data.x, x))
    return K.T @ np.linalg.solve(L, data.y), covariance(kernel, x, x) - K.T @ K


def slope(kernel: Kernel, data: Data, x: Any) -> Any:
    """The derivative of the mean at x."""
    return vmap(grad(lambda x: posterior(kernel, data, x[None])[0][0]))(x)


# ---- what there is to see ------------------------------------------------------------------------------------------
@frozen
class Fit:
    """A process that has been chosen."""

    data: Data
    kernel: Kernel


def report(seed: int = 0, steps: int = 300) -> Generator[str, None, Fit]:
    """The likelihood and what it chooses, as Adam climbs it; then how far the mean is from the curve."""
    data = measured(random.key(seed))
    climb = trained(surprise, Kernel(), optim.adam(0.03), repeat(data, steps))
    for number, (value, kernel) in enumerate(climb, 1):
        if number in told(steps):
            length, height, noise = (np.exp(part) for part in (kernel.length, kernel.height, kernel.noise))
            yield f"step {number:4}  -log p {value:8.3f}  length {length:.3f}  height {height:.3f}  noise {noise:.3f}"
    mean, covariance = jit(posterior)(kernel, data, GRID)
    inside = np.mean(np.abs(mean - curve(GRID)) < 2 * np.sqrt(np.diagonal(covariance)))
    yield f"the curve lies within two deviations at {inside:.0%} of the places; the noise was {NOISE}"
    return Fit(data, kernel)


def picture(figure: Any, fit: Fit) -> None:
    """The mean with its uncertainty and five curves of the process; and the slope of the mean."""
    left, right = figure.subplots(1, 2)
    mean, covariance = posterior(fit.kernel, fit.data, GRID)
    deviation = np.sqrt(np.diagonal(covariance))
    values, vectors = np.linalg.eigh(covariance)
    kicks = random.normal(random.key(5), (len(GRID), 5))
    left.plot(GRID, mean[:, None] + vectors @ (np.sqrt(np.maximum(values, 0))[:, None] * kicks), "C0", linewidth=0.5)
    left.fill_between(GRID, mean - 2 * deviation, mean + 2 * deviation, color="C0", alpha=0.2, linewidth=0)
    left.plot(GRID, mean, "C0")
    left.plot(fit.data.x, fit.data.y, "k.", markersize=4)
    left.set(xlabel="x", title="data, mean, two deviations, five draws")
    right.plot(GRID, 2 * np.cos(2 * GRID) + 0.3, "C1", linewidth=4, alpha=0.4, label="of the curve")
    right.plot(GRID, slope(fit.kernel, fit.data, GRID), "C0", label="of the mean")
    right.set(xlabel="x", title="slope")
    right.set(ylim=(-3, 2.6))
    right.legend(frameon=False, loc="lower center", ncols=2)


if __name__ == "__main__":
    sys.exit(main(["gaussian_process", *sys.argv[1:]]))
