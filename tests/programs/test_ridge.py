"""A bilevel problem: the penalty of a ridge regression that makes the loss on other data least.

The inner problem has a solution in closed form, w = (XᵀX + e^λ)⁻¹ Xᵀy, and so has its hyper-gradient, against which
that of every solver is held. The outer problem is then solved with it.
"""

import numpy as np
import pytest

from funcgrad import custom_root, fixed_point, grad, hessian, jit, linear_solve, value_and_grad
from funcgrad.optimize import least_squares, minimize, root

RNG = np.random.default_rng(0)
TRUE = RNG.normal(size=6) * np.array([1.0, 1.0, 0.5, 0.1, 0.0, 0.0])
X, X_VALID = RNG.normal(size=(14, 6)), RNG.normal(size=(40, 6))
Y = X @ TRUE + RNG.normal(size=14)
Y_VALID = X_VALID @ TRUE + RNG.normal(size=40)
START = np.zeros(6)
RATE = 1.0 / np.linalg.eigvalsh(X.T @ X)[-1]


def training(w, penalty):
    return 0.5 * np.sum((X @ w - Y) ** 2) + 0.5 * np.exp(penalty) * np.sum(w * w)


def validation(w):
    return np.mean((X_VALID @ w - Y_VALID) ** 2)


def closed_form(penalty):
    return np.linalg.solve(X.T @ X + np.exp(penalty) * np.eye(6), X.T @ Y)


def newton(f, w):
    step = grad(lambda w: np.sum(f(w) ** 2) / 2)
    return w - np.linalg.solve(hessian(lambda w: np.sum(f(w) ** 2) / 2)(w), step(w))


#: The weights by penalty, by every solver.
SOLVERS = {
    "minimize": lambda penalty: minimize(training, START, (penalty,), tol=1e-9).x,
    "minimize with products": lambda penalty: (
        minimize(training, START, (penalty,), method="trust-ncg", tol=1e-9, tangent="cg").x
    ),
    "least_squares": lambda penalty: (
        least_squares(lambda w: {"data": X @ w - Y, "prior": np.exp(penalty / 2) * w}, START).x
    ),
    "root": lambda penalty: root(grad(training), START, (penalty,)).x,
    "fixed point of gradient descent": lambda penalty: fixed_point(
        lambda w: w - grad(training)(w, penalty) / (1 / RATE + np.exp(penalty)), START, maxiter=10_000
    ),
    "custom root": lambda penalty: custom_root(lambda w: grad(training)(w, penalty), START, newton),
    "linear solve": lambda penalty: linear_solve(
        lambda w: X.T @ (X @ w) + np.exp(penalty) * w, X.T @ Y, symmetric=True, method="cg"
    ),
}


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("penalty", [-1.0, 2.0])
def test_the_hypergradient_is_that_of_the_closed_form(name, penalty):
    ours = value_and_grad(lambda penalty: validation(SOLVERS[name](penalty)))(penalty)
    w = closed_form(penalty)
    dw = -np.linalg.solve(X.T @ X + np.exp(penalty) * np.eye(6), np.exp(penalty) * w)
    by_hand = np.mean(2 * (X_VALID @ w - Y_VALID) * (X_VALID @ dw))
    assert ours[0] == pytest.approx(validation(w), rel=1e-7)
    assert ours[1] == pytest.approx(by_hand, rel=1e-6)


def test_the_outer_problem_is_solved_with_the_inner_solvers_hypergradient():
    def outer(penalty):
        return validation(SOLVERS["linear solve"](penalty))

    found = minimize(jit(outer), 0.0, method="BFGS")
    grid = np.linspace(-3.0, 4.0, 701)
    lowest = grid[np.argmin([validation(closed_form(penalty)) for penalty in grid])]
    assert found.x == pytest.approx(lowest, abs=0.011)
    assert found.nfev < 30
    assert found.fun < validation(closed_form(-8.0))
