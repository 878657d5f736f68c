"""The Gaussian process of the examples."""

import numpy as np
import pytest

from funcgrad.examples import gaussian_process as process
from tests.programs.reporting import told


@pytest.fixture(scope="module")
def fit():
    return told(process.report(seed=0, steps=200))[1]


def test_the_likelihood_finds_the_noise(fit):
    assert np.exp(fit.kernel.noise) == pytest.approx(process.NOISE, rel=0.3)


def test_the_mean_follows_the_curve_where_there_are_data(fit):
    places = np.linspace(-2.5, 0.0, 11)
    mean, covariance = process.posterior(fit.kernel, fit.data, places)
    np.testing.assert_allclose(mean, process.curve(places), atol=0.25)
    _, gap = process.posterior(fit.kernel, fit.data, np.array([0.7]))
    assert gap[0, 0] > 5 * np.max(np.diagonal(covariance)[1:-1])


def test_the_slope_is_that_of_differences(fit):
    places, h = np.linspace(-2.0, 2.0, 5), 1e-5
    above, below = (process.posterior(fit.kernel, fit.data, places + step)[0] for step in (h, -h))
    np.testing.assert_allclose(process.slope(fit.kernel, fit.data, places), (above - below) / (2 * h), atol=1e-6)
