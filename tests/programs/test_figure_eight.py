"""The orbit of three bodies on a figure of eight."""

import numpy as np
import pytest

from funcgrad import grad, jacfwd
from funcgrad.examples import figure_eight as eight
from tests.programs.reporting import told


@pytest.fixture(scope="module")
def found():
    return told(eight.report(steps=6))


def test_the_numbers_are_those_of_the_literature(found):
    lines, numbers = found
    np.testing.assert_allclose(numbers, eight.SIMO, atol=2e-7)
    assert [line[:3] for line in lines] == ["gap"] * 7 + ["  k"]


def test_the_orbit_closes_and_keeps_its_energy(found):
    def energy(bodies):
        pairs = ((0, 1), (1, 2), (2, 0))
        return np.sum(bodies.v**2) / 2 - sum(1 / np.linalg.norm(bodies.x[i] - bodies.x[j]) for i, j in pairs)

    first, (last, places) = eight.beginning(found[1][:2]), eight.orbit(found[1], 3)
    np.testing.assert_allclose(last.x, first.x, atol=1e-6)
    assert energy(last) == pytest.approx(energy(first), abs=1e-7)
    np.testing.assert_allclose(places.sum(axis=1), 0.0, atol=1e-12)


def test_backwards_is_forwards(monkeypatch):
    monkeypatch.setattr(eight, "STEPS", 20)
    r, J = eight.gap(eight.GUESS), jacfwd(eight.gap)(eight.GUESS)
    np.testing.assert_allclose(grad(lambda n: np.sum(eight.gap(n) ** 2))(eight.GUESS), 2 * J.T @ r, rtol=1e-9)
