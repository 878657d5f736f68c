"""Two peaks on a slope, from counts: `optimize.minimize` with our gradient, and errors from the Hessian.

A counter saw so many events in each of 120 channels. The rate is the sum of two peaks and a slope. The parameters, a
tree, are those of the largest likelihood of Poisson's distribution; the inverse of the Hessian there is their
covariance.

W. T. Eadie and others, *Statistical Methods in Experimental Physics* (1971), section 8.5.
"""

import sys
from collections.abc import Generator
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import hessian, jit, random, tree
from funcgrad.examples.running import main
from funcgrad.optimize import minimize

CHANNELS = np.linspace(0.0, 10.0, 120)


@frozen
class Peak:
    """A bell curve."""

    #: Its middle, its width, and its height in events a channel.
    middle: Any
    width: Any
    height: Any


@frozen
class Spectrum:
    """Two peaks on a slope."""

    #: The peaks, from the left.
    first: Peak
    second: Peak
    #: Events a channel on the left, and how they change from channel to channel.
    level: Any
    slope: Any


TRUTH = Spectrum(Peak(3.5, 0.5, 60.0), Peak(5.2, 0.8, 35.0), 30.0, -2.0)
START = Spectrum(Peak(3.0, 1.0, 40.0), Peak(6.0, 1.0, 40.0), 20.0, 0.0)


def bell(peak: Peak, x: Any) -> Any:
    """h exp(-(x - m)² / 2w²)."""
    return peak.height * np.exp(-(((x - peak.middle) / peak.width) ** 2) / 2)


def rate(spectrum: Spectrum, x: Any) -> Any:
    """The events to be expected in each channel."""
    return bell(spectrum.first, x) + bell(spectrum.second, x) + spectrum.level + spectrum.slope * x


@jit
def surprise(spectrum: Spectrum, counts: Any) -> Any:
    """Minus the logarithm of the likelihood, but for a constant: Σ λ - n log λ."""
    expected = np.maximum(rate(spectrum, CHANNELS), 1e-9)
    return np.sum(expected - counts * np.log(expected))


def measured(seed: int) -> Any:
    """Counts, drawn from the truth."""
    return random.poisson(random.key(seed), rate(TRUTH, CHANNELS)).astype(float)


@frozen
class Fit:
    """What was found."""

    counts: Any
    #: The parameters of the largest likelihood.
    spectrum: Spectrum
    #: Their covariance, in the order of `tree.ravel`.
    covariance: Any
    #: How often the likelihood and its gradient were computed.
    evaluations: int


def fitted(counts: Any, start: Spectrum = START) -> Fit:
    """The largest likelihood, by BFGS, and the inverse of its Hessian."""
    found = minimize(surprise, start, (counts,), method="BFGS")
    vector, unravel = tree.ravel(found.x)
    curvature = jit(hessian(lambda vector: surprise(unravel(vector), counts)))(vector)
    return Fit(counts, found.x, np.linalg.inv(curvature), found.nfev)


# ---- what there is to see ------------------------------------------------------------------------------------------
NAMES = ("middle 1", "width 1", "height 1", "middle 2", "width 2", "height 2", "level", "slope")


def report(seed: int = 0) -> Generator[str, None, Fit]:
    """Each parameter with its error, beside the truth; then how well the errors fit."""
    counts = measured(seed)
    yield f"{counts.sum():.0f} events in {len(counts)} channels"
    fit = fitted(counts)
    (found, _), (truth, _) = tree.ravel(fit.spectrum), tree.ravel(TRUTH)
    yield f"found after {fit.evaluations} evaluations"
    errors = np.sqrt(np.diagonal(fit.covariance))
    for name, value, error, true in zip(NAMES, found, errors, truth, strict=True):
        yield f"  {name:8}  {value:8.3f} ± {error:.3f}   truth {true:6.2f}, {(value - true) / error:+.1f} errors off"
    distance = (found - truth) @ np.linalg.solve(fit.covariance, found - truth)
    yield f"distance from the truth in errors, squared: {distance:.1f}, to be expected {len(truth)}"
    return fit


def picture(figure: Any, fit: Fit) -> None:
    """The counts with the curve and its parts; and how the errors of the parameters go together."""
    left, right = figure.subplots(1, 2, width_ratios=[1.6, 1])
    x = np.linspace(0, 10, 400)
    left.errorbar(CHANNELS, fit.counts, np.sqrt(fit.counts), fmt="k.", markersize=3, linewidth=0.5)
    floor = fit.spectrum.level + fit.spectrum.slope * x
    left.plot(x, rate(fit.spectrum, x), "C1")
    for number, peak in enumerate((fit.spectrum.first, fit.spectrum.second)):
        left.fill_between(x, floor, floor + bell(peak, x), color=f"C{(0, 2)[number]}", alpha=0.3, linewidth=0)
    left.set(xlabel="channel", ylabel="events", title="counts, the fit, and its peaks", ylim=(0, None))
    errors = np.sqrt(np.diagonal(fit.covariance))
    shown = right.imshow(fit.covariance / np.outer(errors, errors), cmap="RdBu_r", vmin=-1, vmax=1)
    right.set_xticks(range(8), NAMES, rotation=60, ha="right")
    right.set_yticks(range(8), NAMES)
    right.set(title="correlations of the errors")
    figure.colorbar(shown, ax=right)


if __name__ == "__main__":
    sys.exit(main(["curve_fit", *sys.argv[1:]]))
