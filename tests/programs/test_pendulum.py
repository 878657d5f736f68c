"""A physics simulation differentiated through 10⁴ steps: a chain of four masses on springs that harden, with drag.

Velocity Verlet: Swope et al. (1982). The gradient of the last energy in stiffness and in the first positions, with few
states kept, against two other ways: the tangent linear model, written by hand and run forwards beside the simulation in
plain NumPy, and the conserved energy where there is no drag.
"""

import numpy as np
import pytest

from funcgrad import grad, lax, value_and_grad

STEPS, DT = 10_000, 0.002
X = np.array([0.4, -0.2, 0.1, 0.3])
STIFFNESS, DRAG = 1.3, 0.05


def force(x, k):
    """The pull of the springs between neighbours and walls: k s + s³ for a stretch s."""
    ends = np.concatenate([np.zeros(1), x, np.zeros(1)])
    stretch = ends[1:] - ends[:-1]
    pull = k * stretch + stretch**3
    return pull[1:] - pull[:-1]


def energy(x, v, k):
    ends = np.concatenate([np.zeros(1), x, np.zeros(1)])
    stretch = ends[1:] - ends[:-1]
    return np.sum(v * v) / 2 + np.sum(k * stretch**2 / 2 + stretch**4 / 4)


def last_energy(x, k, drag=DRAG, way=None):
    def step(_, state):
        x, v, a = state
        x = x + DT * v + DT**2 / 2 * a
        new = force(x, k) - drag * v
        return x, v + DT / 2 * (a + new), new

    x, v, _ = lax.fori_loop(0, STEPS, step, (x, np.zeros(4), force(x, k)), checkpoint=way)
    return energy(x, v, k)


def tangent(x, k, dx, dk):
    """The energy and its derivative along (dx, dk): the linearised equations of motion beside the motion, by hand."""

    def forces(x, dx):
        s, ds = np.diff(x, prepend=0.0, append=0.0), np.diff(dx, prepend=0.0, append=0.0)
        return np.diff(k * s + s**3), np.diff((k + 3 * s * s) * ds + dk * s)

    v, dv = np.zeros(4), np.zeros(4)
    a, da = forces(x, dx)
    for _ in range(STEPS):
        x, dx = x + DT * v + DT**2 / 2 * a, dx + DT * dv + DT**2 / 2 * da
        new, dnew = forces(x, dx)
        new, dnew = new - DRAG * v, dnew - DRAG * dv
        v, dv, a, da = v + DT / 2 * (a + new), dv + DT / 2 * (da + dnew), new, dnew
    s, ds = np.diff(x, prepend=0.0, append=0.0), np.diff(dx, prepend=0.0, append=0.0)
    return energy(x, v, k), v @ dv + (k * s + s**3) @ ds + dk * np.sum(s * s) / 2


def test_the_gradient_is_that_of_the_linearised_motion():
    value, (xbar, kbar) = value_and_grad(lambda x, k: last_energy(x, k, way="sqrt"), (0, 1))(X, STIFFNESS)
    direction, along = np.array([1.0, -2.0, 0.5, 0.25]), 0.7
    expected, derivative = tangent(X, STIFFNESS, direction, along)
    assert value == pytest.approx(expected, rel=1e-10)
    assert xbar @ direction + kbar * along == pytest.approx(derivative, rel=1e-8)


def test_without_drag_the_last_energy_is_the_first():
    """So its gradient is that of the energy at rest, -force(x), but for the error of the steps, O(dt²)."""
    slope = grad(lambda x: last_energy(x, STIFFNESS, drag=0.0, way="binomial"))(X)
    np.testing.assert_allclose(slope, -force(X, STIFFNESS), atol=2e-5)
