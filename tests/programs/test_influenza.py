"""A differential equation fitted to an epidemic, and how the fit moves with the data."""

import numpy as np
import pytest

from funcgrad.examples import influenza
from tests.programs.reporting import told


@pytest.fixture(scope="module")
def fitted():
    return told(influenza.report())


def test_the_rates_are_those_of_the_literature(fitted):
    """Fits of this model to these data have β near 1.7 a day and recovery after a little more than two days."""
    infection, recovery, _ = fitted[1].numbers
    assert infection == pytest.approx(1.75, abs=0.15)
    assert 1 / recovery == pytest.approx(2.2, abs=0.15)
    assert len(fitted[0]) == 7


def test_the_fit_is_a_minimum(fitted):
    def squares(numbers):
        return np.sum(influenza.residual(numbers, influenza.IN_BED) ** 2)

    least = squares(fitted[1].numbers)
    for step in 1e-2 * np.eye(3):
        assert least < min(squares(fitted[1].numbers * (1 + step)), squares(fitted[1].numbers * (1 - step)))


def test_sensitivities_are_those_of_differences(fitted):
    moved = influenza.IN_BED + 2.0 * (influenza.DAYS == 5)
    change = (influenza.fit(moved, fitted[1].numbers) - fitted[1].numbers) / 2.0
    np.testing.assert_allclose(fitted[1].sensitivity[:, 5], change, rtol=0.05)
