"""A network whose loss holds the heat equation."""

import numpy as np
import pytest

from funcgrad import random
from funcgrad.examples import heat
from tests.programs.reporting import told


@pytest.fixture(scope="module")
def fitted():
    return told(heat.report(seed=0, steps=300))


def test_the_loss_falls_and_the_network_comes_to_the_solution(fitted):
    lines, fit = fitted
    assert fit.losses[-1] < fit.losses[0] / 50
    assert heat.error(fit.net) < 0.1
    assert lines[0].startswith("step     1")
    assert lines[-1].startswith("step   300")


def test_the_residual_is_that_of_differences():
    net, x, t, h = heat.initial(random.key(3)), 0.3, 0.6, 1e-3
    u_t = (heat.u(net, x, t + h) - heat.u(net, x, t - h)) / (2 * h)
    u_xx = (heat.u(net, x + h, t) - 2 * heat.u(net, x, t) + heat.u(net, x - h, t)) / h**2
    assert heat.residual(net, x, t) == pytest.approx(u_t - heat.D * u_xx, abs=1e-5)


def test_the_exact_solution_has_no_residual(monkeypatch):
    monkeypatch.setattr(heat, "u", lambda net, x, t: heat.exact(x, t))
    np.testing.assert_allclose(heat.residual(None, 0.3, 0.6), 0.0, atol=1e-14)
