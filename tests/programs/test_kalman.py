"""A Kalman filter by `scan`: the log likelihood of a tracked body, and its gradient in the noise of both models.

State (position, velocity), of which the position is measured with noise. Kalman, *A new approach to linear filtering
and prediction problems* (1960); the likelihood by its innovations: Schweppe (1965). The second way is one Gaussian of
all measurements at once, whose covariance is written down from the model; it shares no line with the filter.
"""

import numpy as np
import pytest

from funcgrad import grad, hessian, jit, lax, value_and_grad, vmap

STEPS, DT = 40, 0.1
F = np.array([[1.0, DT], [0.0, 1.0]])
G = np.array([DT**2 / 2, DT])  # how a random acceleration enters
H = np.array([1.0, 0.0])
START, SPREAD = np.array([0.0, 1.0]), np.diag([0.5, 0.25])


def measured():
    """Positions of a body under random accelerations, as they are measured."""
    rng = np.random.default_rng(7)
    state, found = np.array([0.2, 0.8]), []
    for _ in range(STEPS):
        state = F @ state + G * rng.normal(0.0, 0.7)
        found.append(H @ state + rng.normal(0.0, 0.3))
    return np.array(found)


Y = measured()
NOISE = {"acceleration": -0.3, "measurement": -1.0}  # logarithms of standard deviations


def observe(noise, state, y):
    """One step: predict, compare with the measurement, correct. Beside the new state, the log density of y."""
    mean, spread = state
    q, r = np.exp(2 * noise["acceleration"]), np.exp(2 * noise["measurement"])
    mean, spread = F @ mean, F @ spread @ F.T + q * np.outer(G, G)
    innovation, variance = y - H @ mean, H @ spread @ H + r
    gain = spread @ H / variance
    density = -0.5 * (np.log(2 * np.pi * variance) + innovation**2 / variance)
    return (mean + gain * innovation, spread - np.outer(gain, gain) * variance), density


def filtered(noise, ys, **options):
    """The log likelihood by the filter, as a scan."""
    return np.sum(lax.scan(lambda state, y: observe(noise, state, y), (START, SPREAD), ys, **options)[1])


def looped(noise, ys):
    """The log likelihood by the filter, as Python's own loop."""
    state, total = (START, SPREAD), 0.0
    for y in ys:
        state, density = observe(noise, state, y)
        total = total + density
    return total


def joint(noise, ys):
    """The log likelihood as the density of one Gaussian: means H Fᵗ m, covariances from every common past."""
    q, r = np.exp(2 * noise["acceleration"]), np.exp(2 * noise["measurement"])
    powers = [np.linalg.matrix_power(F, t) for t in range(STEPS + 1)]
    rows = np.stack([H @ powers[t + 1] for t in range(STEPS)])
    drives = np.array([[H @ powers[t - s] @ G if s <= t else 0.0 for s in range(STEPS)] for t in range(STEPS)])
    cover = rows @ SPREAD @ rows.T + q * (drives @ drives.T) + r * np.eye(STEPS)
    apart = ys - rows @ START
    return -0.5 * (apart @ np.linalg.solve(cover, apart) + np.linalg.slogdet(cover)[1] + STEPS * np.log(2 * np.pi))


def close(one, other, tolerance=1e-9):
    for name in NOISE:
        np.testing.assert_allclose(one[name], other[name], rtol=tolerance)


def test_the_filter_is_the_gaussian_of_all_measurements():
    value, slope = value_and_grad(filtered)(NOISE, Y)
    assert value == pytest.approx(joint(NOISE, Y), rel=1e-12)
    close(slope, grad(joint)(NOISE, Y))
    close(slope, grad(looped)(NOISE, Y))
    for name in NOISE:
        step = {**NOISE, name: NOISE[name] + 1e-5}, {**NOISE, name: NOISE[name] - 1e-5}
        assert slope[name] == pytest.approx((joint(step[0], Y) - joint(step[1], Y)) / 2e-5, rel=1e-7)


@pytest.mark.parametrize("way", ["sqrt", 3])
def test_with_few_states_kept_it_is_the_same(way):
    close(grad(filtered)(NOISE, Y), grad(lambda noise, ys: filtered(noise, ys, checkpoint=way))(NOISE, Y), 1e-12)


def test_second_derivatives_programs_and_batches():
    curvature, other = hessian(filtered)(NOISE, Y), hessian(joint)(NOISE, Y)
    for name in NOISE:
        close(curvature[name], other[name], 1e-8)
    close(jit(grad(filtered))(NOISE, Y), grad(joint)(NOISE, Y))
    slopes = vmap(grad(filtered), (None, 0))(NOISE, np.stack([Y, -Y]))
    for k, ys in enumerate((Y, -Y)):
        close({name: slope[k] for name, slope in slopes.items()}, grad(joint)(NOISE, ys))


def test_ascent_finds_the_noise():
    """Newton's steps on the likelihood: the gradient vanishes, near the measurement's noise that was drawn."""
    both = jit(lambda noise: (grad(filtered)(noise, Y), hessian(filtered)(noise, Y)))
    noise = dict(NOISE)
    for _ in range(20):
        slope, curvature = both(noise)
        g = np.array([slope[name] for name in NOISE])
        matrix = np.array([[curvature[a][b] for b in NOISE] for a in NOISE])
        turned = -(np.abs(np.linalg.eigvalsh(matrix)).max() * 0.05 * np.eye(2)) + matrix
        move = np.clip(np.linalg.solve(turned, -g), -0.5, 0.5)
        noise = {name: noise[name] + step for name, step in zip(NOISE, move, strict=True)}
    assert np.abs(g).max() < 1e-3
    assert np.exp(noise["measurement"]) == pytest.approx(0.3, rel=0.35)
