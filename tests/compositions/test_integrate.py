"""Derivatives of solutions, through the steps and by the adjoint equation, under every pair of transforms."""

import numpy as np
import pytest

from funcgrad import grad, hessian, jacfwd, jacrev, jit, jvp, linearize, tree, vjp, vmap
from funcgrad.integrate import odeint, solve_ivp

TIMES = np.array([0.0, 0.4, 1.0])
HOW = {"rtol": 1e-7, "atol": 1e-7}
WAYS = ["direct", "adjoint"]
every_way = pytest.mark.parametrize("way", WAYS)


def logistic(y, t, rate):
    return rate * y * (1 - y)


def exact(y0, t, rate):
    """The solution, which starts at t[0]."""
    growth = np.exp(rate * (t - t[0]))
    return y0 * growth / (1 - y0 + y0 * growth)


def solution(way):
    return lambda y0, t, rate: odeint(logistic, y0, t, rate, gradient=way, **HOW)


def loss(f):
    return lambda y0, t, rate: np.sum(np.sin(3 * f(y0, t, rate)))


@every_way
def test_gradients_in_the_beginning_the_times_and_the_parameters(way):
    got = grad(loss(solution(way)), (0, 1, 2))(0.2, TIMES, 1.5)
    want = grad(loss(exact), (0, 1, 2))(0.2, TIMES, 1.5)
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@every_way
def test_second_derivatives(way):
    got = grad(grad(loss(solution(way)), 2), 0)(0.2, TIMES, 1.5)
    np.testing.assert_allclose(got, grad(grad(loss(exact), 2), 0)(0.2, TIMES, 1.5), rtol=1e-4)


@every_way
def test_tangents(way):
    point, moves = (0.2, TIMES, 1.5), (1.0, np.array([0.3, -0.5, 1.0]), 0.7)
    got, want = [jvp(f, point, moves)[1] for f in (solution(way), exact)]
    np.testing.assert_allclose(got, want, rtol=1e-5)
    bars = np.array([1.0, -1.0, 2.0])
    turned = vjp(solution(way), *point)[1](bars)
    np.testing.assert_allclose(bars @ got, sum(np.sum(a * b) for a, b in zip(turned, moves, strict=True)), rtol=1e-5)
    np.testing.assert_allclose(linearize(solution(way), *point)[1](*moves), got, rtol=1e-5)


@every_way
def test_every_way_to_the_derivative(way):
    def f(rate):
        return loss(solution(way))(0.2, TIMES, rate)

    rates = np.array([0.5, 1.5])
    want = [grad(lambda rate: loss(exact)(0.2, TIMES, rate))(rate) for rate in rates]
    found = [vmap(grad(f))(rates), grad(lambda r: np.sum(vmap(f)(r)))(rates), vmap(jit(grad(f)))(rates)]
    for one in found:
        np.testing.assert_allclose(one, want, rtol=1e-5)
    for one in (jit(grad(f)), grad(jit(f)), jacfwd(f), jacrev(f)):
        np.testing.assert_allclose(one(1.5), want[1], rtol=1e-5)


@every_way
def test_batches_are_the_stack(way):
    y0, rates = np.array([0.1, 0.2, 0.9]), np.array([0.5, 20.0, 1.0])
    f = solution(way)
    alone = np.stack([f(y, TIMES, rate) for y, rate in zip(y0, rates, strict=True)])
    np.testing.assert_allclose(vmap(f, (0, None, 0))(y0, TIMES, rates), alone, rtol=1e-12)
    ends = np.array([1.0, 2.0])
    moved = vmap(lambda end: f(0.2, np.stack([0.0, end]), 1.5))(ends)
    np.testing.assert_allclose(moved[1], f(0.2, np.array([0.0, 2.0]), 1.5), rtol=1e-12)


@every_way
def test_what_is_closed_over_has_derivatives(way):
    def f(p):
        return odeint(lambda y, t: {"a": -p["k"] * y["a"], "b": y["a"]}, {"a": p["a"], "b": 0.0}, TIMES, gradient=way)[
            "b"
        ][2]

    def formula(p):
        return p["a"] * (1 - np.exp(-p["k"])) / p["k"]

    p = {"a": 2.0, "k": 0.7}
    got, want = tree.leaves(grad(f)(p)), tree.leaves(grad(formula)(p))
    np.testing.assert_allclose(got, want, rtol=1e-5)
    np.testing.assert_allclose(tree.leaves(jit(grad(f))(p)), want, rtol=1e-5)


@pytest.mark.parametrize("method", ["BDF", "Radau", "LSODA", "DOP853"])
def test_scipys_methods(method):
    pytest.importorskip("scipy")

    def f(rate):
        span, how = (0.0, 1.0), {"gradient": "adjoint", "rtol": 1e-6, "atol": 1e-7}
        return solve_ivp(lambda t, y, r: r * y * (1 - y), span, [0.2], method, TIMES, args=(rate,), **how).y[0]

    def want(rate):
        return exact(0.2, TIMES, rate)

    np.testing.assert_allclose(jacfwd(f)(1.5), jacrev(want)(1.5), rtol=1e-4)
    np.testing.assert_allclose(jit(jacrev(f))(1.5), jacrev(want)(1.5), rtol=1e-4)
    if method == "BDF":
        np.testing.assert_allclose(vmap(jacrev(f))(np.array([1.5]))[0], jacrev(want)(1.5), rtol=1e-4)
        np.testing.assert_allclose(hessian(lambda r: f(r)[2])(1.5), hessian(lambda r: want(r)[2])(1.5), rtol=1e-3)


def test_the_ends_of_a_span_have_derivatives_without_t_eval():
    f = lambda end: solve_ivp(lambda t, y: -y, (0.0, end), [1.0], rtol=1e-8, atol=1e-8).y[0, -1]
    np.testing.assert_allclose(grad(f)(1.3), -np.exp(-1.3), rtol=1e-5)


def test_a_decreasing_complex_solution():
    for way in WAYS:
        f = lambda w: np.real(odeint(lambda y, t: 1j * w * y, 1.0 + 0j, np.array([1.0, 0.0]), gradient=way)[1])  # noqa: B023  # REASON: called at once
        np.testing.assert_allclose(grad(f)(0.5), -np.sin(0.5), rtol=1e-5)


def contracting(y, t, rate):
    return -rate * (y - np.cos(t))


def settled(t, rate):
    """Where a contracting solution is once its beginning is forgotten."""
    return (rate**2 * np.cos(t) + rate * np.sin(t)) / (1 + rate**2)


def test_a_solution_that_does_not_find_back_has_no_wrong_gradient():
    f = lambda rate, way: odeint(contracting, 0.0, np.array([0.0, 1.0]), rate, gradient=way)[1]
    want = grad(lambda rate: settled(1.0, rate))(60.0)
    np.testing.assert_allclose(grad(f)(60.0, "direct"), want, rtol=1e-3)
    assert np.isnan(grad(f)(60.0, "adjoint"))


@pytest.mark.parametrize("method", ["BDF", "Radau", "LSODA"])
def test_stiff_equations_have_gradients(method):
    pytest.importorskip("scipy")
    how = {"rtol": 1e-7, "atol": 1e-9, "gradient": "adjoint"}

    def f(rate, y0):
        return solve_ivp(lambda t, y: contracting(y, t, rate), (0.0, 1.0), y0, method, [0.5, 1.0], **how).y[0, 1]

    got, start = grad(f, (0, 1))(1000.0, np.array([0.5]))
    np.testing.assert_allclose(got, grad(lambda rate: settled(1.0, rate))(1000.0), rtol=0.05)
    np.testing.assert_allclose(start, [0.0], atol=1e-8)


def test_a_solution_that_begins_at_zero_finds_back():
    f = lambda size: odeint(lambda y, t: size * np.cos(t), 0.0, np.array([0.0, 1.0]))[1]
    np.testing.assert_allclose(grad(f)(1e6), np.sin(1.0), rtol=1e-6)
