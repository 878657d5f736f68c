"""Systems and factors by an inverse of a triangle are as accurate as by elimination."""

import numpy as np
import pytest

from funcgrad import grad, jit, vjp
from funcgrad.primitives.solving import Solve, TriangularInverse
from funcgrad.rewrites.simplifying import simplified
from funcgrad.transforms.staging import graph_of
from tests.laws.cases import close

LONG = np.longdouble
EASY, HARD = 1e2, 1e8


def positions(n):
    """The squared distances of points in the plane, and a function of them."""
    X = np.random.default_rng(n).standard_normal((n, 2))
    return ((X[:, None] - X) ** 2).sum(-1), np.sin(X[:, 0])


def likelihood(n):
    """The marginal likelihood of a Gaussian process."""
    distances, y = positions(n)

    def loss(theta):
        length, noise = np.exp(theta[0]), np.exp(theta[1])
        K = np.exp(-0.5 * distances / (length * length)) + noise * np.eye(n)
        L = np.linalg.cholesky(K)
        return 0.5 * y @ np.linalg.solve(K, y) + np.sum(np.log(np.diagonal(L)))

    return loss


def eliminated(A, B):
    """A⁻¹ B in long doubles, by elimination without pivots, which a positive definite A does not need."""
    A, B = A.astype(LONG), B.astype(LONG)
    for k in range(len(A)):
        rest = A[k + 1 :, k : k + 1] / A[k, k]
        A[k + 1 :], B[k + 1 :] = A[k + 1 :] - rest * A[k], B[k + 1 :] - rest * B[k]
    for k in reversed(range(len(A))):
        B[k] = (B[k] - A[k, k + 1 :] @ B[k + 1 :]) / A[k, k]
    return B


def exact_slope(n, theta):
    """The gradient of the likelihood in long doubles: ½ tr (K⁻¹ - α αᵀ) dK."""
    distances, y = positions(n)
    length, noise = np.exp(theta.astype(LONG))
    C = np.exp(-distances.astype(LONG) / (2 * length * length))
    inverse = eliminated(C + noise * np.eye(n), np.eye(n))
    alpha = inverse @ y
    rest = inverse - np.outer(alpha, alpha)
    return np.array([np.sum(rest * C * distances) / length**2, np.trace(rest) * noise]) / 2


def error(got, wanted):
    """The relative error."""
    return float(np.max(np.abs(got - wanted)) / np.max(np.abs(wanted)))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 31, 32, 33, 60, 100])
def test_the_slope_of_a_likelihood_is_what_it_is_without_jit(n):
    f, theta = grad(likelihood(n)), np.array([-0.3, -0.5])
    once = jit(f)
    once(theta)
    close(once(theta), f(theta), 1e-10)
    close(once(theta), exact_slope(n, theta).astype(float), 1e-10)
    steps = simplified(graph_of(f, theta)).steps
    assert not n or not any(isinstance(step.op, Solve) for step in steps)


@pytest.mark.parametrize("n", [20, 40, 80])
def test_a_hard_likelihood_loses_no_more_than_without_jit(n):
    """At condition numbers about 1e8: the errors, of each of eight, are those of elimination to a small factor."""
    f = grad(likelihood(n))
    once, eager, jitted = jit(f), [], []
    for noise in np.linspace(-16.0, -14.0, 8):
        theta = np.array([0.5, noise])
        once(theta)
        wanted = exact_slope(n, theta)
        eager.append(error(f(theta), wanted))
        jitted.append(error(once(theta), wanted))
    assert max(jitted) <= 4 * max(eager) + 1e-12


def matrix(n, condition, dtype="float64"):
    """A positive definite matrix."""
    rng = np.random.default_rng(n)
    real = rng.standard_normal((n, n))
    Q, _ = np.linalg.qr(real + 1j * rng.standard_normal((n, n)) if dtype == "complex128" else real)
    A = (Q * np.geomspace(1, condition, n)) @ np.conjugate(Q.T)
    return ((A + np.conjugate(A.T)) / 2).astype(dtype)


@pytest.mark.parametrize("condition", [EASY, HARD])
@pytest.mark.parametrize("n", [1, 5, 33, 70])
def test_an_inverse_of_a_triangle_has_the_residuals_of_elimination(n, condition):
    L = np.linalg.cholesky(matrix(n, condition))
    Z, inverse, one = TriangularInverse()(L), np.linalg.inv(L), np.eye(n)
    assert np.max(np.abs(L @ Z - one)) <= 4 * np.max(np.abs(L @ inverse - one)) + 1e-15
    assert np.max(np.abs(Z @ L - one)) <= 4 * np.max(np.abs(inverse @ L - one)) + 1e-15
    np.testing.assert_array_equal(Z, np.tril(Z))
    np.testing.assert_array_equal(TriangularInverse()(L + np.triu(np.full((n, n), np.nan), 1)), Z)


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
@pytest.mark.parametrize("stack", [(), (3,), (0,)])
@pytest.mark.parametrize("n", [0, 1, 2, 40, 70])
def test_an_inverse_of_a_triangle(n, stack, dtype):
    L = np.broadcast_to(np.linalg.cholesky(matrix(n, EASY, dtype)) if n else np.zeros((0, 0), dtype), (*stack, n, n))
    Z = TriangularInverse()(L)
    assert Z.dtype == dtype
    close(Z, np.linalg.inv(L), 1e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("condition", [EASY, HARD])
@pytest.mark.parametrize("n", [3, 40, 80])
def test_the_pullback_of_a_factor_has_the_error_of_elimination(n, condition):
    """Against Ā = ½(T + Tᵀ), T = L⁻ᵀ Φ(Lᵀ L̄) L⁻¹, in long doubles."""
    A = matrix(n, condition)
    L, pull = vjp(np.linalg.cholesky, A)
    Lbar = np.random.default_rng(0).standard_normal((n, n))
    S = np.tril(L.T @ Lbar) - np.diag(np.diag(L.T @ Lbar)) / 2

    def by(solve):
        T = solve(L.T, solve(L.T, S.T).T)
        return (T + T.T) / 2

    wanted = by(eliminated)
    assert error(pull(Lbar)[0], wanted) <= 4 * error(by(np.linalg.solve), wanted) + 1e-13


def test_a_matrix_that_may_not_be_symmetric_is_solved_as_it_is():
    A, b = matrix(40, EASY), np.arange(40.0)

    def f(x):
        K = A * x  # a matrix of numbers that are not the same on both sides
        return np.sum(np.linalg.solve(K, b)) + np.sum(np.linalg.cholesky(K))

    x = np.tril(np.ones((40, 40))) + 1.5 * np.triu(np.ones((40, 40)), 1)
    once = jit(grad(f))
    once(x)
    close(once(x), grad(f)(x), 1e-10)
    assert any(isinstance(step.op, Solve) for step in simplified(graph_of(grad(f), x)).steps)


def test_triangles_are_solved_by_their_inverse():
    n, (distances, y) = 50, positions(50)

    def f(theta):
        L = np.linalg.cholesky(np.exp(-distances * theta) + np.eye(n))
        z = np.linalg.solve(L.T, np.linalg.solve(L, y))
        return y @ z + np.sum(np.log(np.diagonal(L)))

    once = jit(grad(f))
    once(0.7)
    close(once(0.7), grad(f)(0.7), 1e-10)
    assert not any(isinstance(step.op, Solve) for step in simplified(graph_of(grad(f), 0.7)).steps)
