"""Two peaks on a slope: the largest likelihood, and errors from the Hessian."""

import numpy as np
import pytest

from funcgrad import grad, hessian, tree
from funcgrad.examples import curve_fit
from tests.programs.reporting import told


@pytest.fixture(scope="module")
def fitted():
    return told(curve_fit.report(seed=0))


def test_the_truth_lies_within_the_errors(fitted):
    (found, _), (truth, _) = tree.ravel(fitted[1].spectrum), tree.ravel(curve_fit.TRUTH)
    errors = np.sqrt(np.diagonal(fitted[1].covariance))
    assert np.all(np.abs(found - truth) < 3 * errors)
    assert len(fitted[0]) == 2 + 8 + 1


def test_the_likelihood_is_largest(fitted):
    slope, _ = tree.ravel(grad(curve_fit.surprise)(fitted[1].spectrum, fitted[1].counts))
    errors = np.sqrt(np.diagonal(fitted[1].covariance))
    np.testing.assert_allclose(slope * errors, 0.0, atol=1e-4)


def test_the_covariance_is_nearly_that_of_fishers_information(fitted):
    """Σ (∂λ/∂θ)(∂λ/∂θ)ᵀ / λ is the mean of the Hessian over counts."""
    vector, unravel = tree.ravel(curve_fit.TRUTH)
    expected = curve_fit.rate(curve_fit.TRUTH, curve_fit.CHANNELS)
    of_means = hessian(lambda v: curve_fit.surprise(unravel(v), expected))(vector)
    ours = np.sqrt(np.diagonal(fitted[1].covariance))
    np.testing.assert_allclose(ours / np.sqrt(np.diagonal(np.linalg.inv(of_means))), 1.0, atol=0.35)
