"""Bayesian logistic regression by Hamiltonian Monte Carlo, beside sums over a grid."""

import numpy as np
import pytest

from funcgrad.examples import logistic_regression as logistic
from tests.programs.reporting import told


@pytest.fixture(scope="module")
def drawn():
    return told(logistic.report(seed=0, draws=400))


def grid_moments():
    """Mean and deviation of each weight under the posterior, summed over a box that holds it."""
    axes = [np.linspace(*ends, 40) for ends in ((-2.5, 3.5), (-1.0, 13.0), (-1.0, 12.0))]
    w = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    surprise = np.sum(np.logaddexp(0.0, -logistic.Y * (w @ logistic.X.T)), axis=1)
    energy = surprise + np.sum(w * w, axis=1) / (2 * logistic.DEVIATION**2)
    p = np.exp(np.min(energy) - energy)
    p = p / np.sum(p)
    return p @ w, np.sqrt(p @ w**2 - (p @ w) ** 2)


def test_moments_are_those_of_a_grid(drawn):
    mean, deviation = grid_moments()
    w = drawn[1].reshape(-1, 3)
    np.testing.assert_allclose((w.mean(axis=0) - mean) / deviation, 0.0, atol=0.2)
    np.testing.assert_allclose(w.std(axis=0) / deviation, 1.0, atol=0.15)


def test_chains_agree(drawn):
    assert np.max(logistic.disagreement(drawn[1])) < 1.05
    assert np.max(logistic.disagreement(drawn[1] + np.arange(4)[:, None, None])) > 1.1


def test_the_report_ends_with_the_accuracy(drawn):
    assert drawn[0][-1].endswith("94%")
    assert [float(line.split()[-1]) < 1.05 for line in drawn[0] if " R " in line] == [True] * 3


def test_a_path_comes_back():
    w, p = np.array([0.5, 4.0, 4.0]), np.array([1.0, -1.0, 0.5])
    there, q = logistic.path(w, p)
    back, turned = logistic.path(there, -q)
    np.testing.assert_allclose(back, w, atol=1e-10)
    np.testing.assert_allclose(turned, -p, atol=1e-10)
