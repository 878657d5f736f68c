"""jit(jacobian f) = jacobian f, whether its matrix has few diagonals or not: the same numbers and derivatives."""

import numpy as np
import pytest

from funcgrad import grad, hessian, jacfwd, jacobian, jacrev, jit
from funcgrad.primitives.banding import Banded
from funcgrad.rewrites import banding
from funcgrad.rewrites.simplifying import simplified
from funcgrad.transforms.staging import graph_of
from tests.laws.cases import close


def differences(x):
    """Second differences."""
    return x[2:] - 2 * x[1:-1] + x[:-2]


def padded(x):
    """An array between others."""
    return np.concatenate([np.zeros(1), np.sin(x) * x, np.ones(2)])


def kinked(x):
    """Choices."""
    return np.where(x > 0, x**2, 0.0) + np.maximum(x, 0.1) - np.abs(x)


def of_a_matrix(x):
    """Of a matrix, element by element."""
    y = x.reshape(-1, 1)
    return y * np.cos(y) / 3


def inner(x):
    """Of interior points alone."""
    return np.pad(np.exp(x[1:-1]), 1)


BANDED = {
    "separable": np.tanh,
    "differences": lambda x: np.sin(differences(x) * x[1:-1]),
    "padded": padded,
    "kinked": kinked,
    "matrix": of_a_matrix,
    "inner": inner,
    "reversed twice": lambda x: (x[::-1] ** 3)[::-1],
    "mixed": lambda x: np.concatenate([x[1:] * x[:-1], x]),
    "cast": lambda x: (x.astype("float32") * x).astype("float64") if x.dtype == "float64" else -x,
    "scaled by a sum": lambda x: x * np.sum(x),
    "not banded": lambda x: np.cumsum(np.sin(x)) + x,
    "sorted": lambda x: np.sort(x) * x,
}
SCALARS = {
    "rosenbrock": lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
    "separable": lambda x: np.sum(np.exp(x) * x),
    "chain": lambda x: np.sum(np.sin(x[1:] - x[:-1])) + np.sum(differences(x) ** 4),
    "of a product": lambda x: np.sum(x) * np.sum(x**2),
    "logistic": lambda x: np.sum(np.logaddexp(0.0, x)),
}
DTYPES = ["float64", "float32", "complex128"]
SIZES = [0, 1, 2, 3, 4, 7]


def numbers(n, dtype="float64"):
    """Numbers of either sign, none at a kink."""
    rng = np.random.default_rng(n)
    x = rng.uniform(0.2, 1.5, n) * np.where(rng.random(n) < 0.4, -1, 1)
    return (x + 1j * x[::-1] if dtype == "complex128" else x).astype(dtype)


@pytest.fixture(params=["any", "large"])
def limits(request, monkeypatch):
    """With matrices of any size written by diagonals, and with large ones alone."""
    if request.param == "any":
        monkeypatch.setattr(banding, "LARGE", 0)
        monkeypatch.setattr(banding, "SPARSE", 0)


def steps(f, *args):
    """The operations of the simplified graph."""
    return [step.op.name for step in simplified(graph_of(f, *args)).steps]


@pytest.mark.parametrize("name", BANDED)
@pytest.mark.parametrize("dtype", DTYPES)
def test_jacobians_are_what_they_are_without_jit(name, dtype, limits):
    f, tolerance = BANDED[name], 2e-5 if dtype == "float32" else 1e-12
    if dtype == "complex128" and name in ("kinked", "sorted", "cast"):
        return
    options = {"holomorphic": True} if dtype == "complex128" else {}
    for n in (*SIZES, 60):
        x = numbers(n, dtype)
        if n >= 3 or name not in ("differences", "inner"):
            for transform in (jacrev, jacfwd):
                once, wanted = jit(transform(f, **options)), transform(f, **options)(x)
                once(x)
                assert once(x).dtype == wanted.dtype
                close(once(x), wanted, tolerance)


@pytest.mark.parametrize("name", SCALARS)
def test_hessians_and_what_is_made_of_them(name, limits):
    f, once = SCALARS[name], jit(hessian(SCALARS[name]))

    def curvature(x):
        return np.sum(hessian(f)(x) ** 2 * np.arange(1.0, len(x) + 1))

    def traced(x):
        return np.sum(once(x) ** 2 * np.arange(1.0, len(x) + 1))

    for n in (3, 4, 7, 60):
        x = numbers(n)
        once(x)
        close(once(x), hessian(f)(x), 1e-12)
        close(grad(traced)(x), grad(curvature)(x), 1e-10)
        close(jit(grad(curvature))(x), grad(curvature)(x), 1e-10)
        if n < 60:
            close(jacobian(grad(traced))(x), jacobian(grad(curvature))(x), 1e-9)


@pytest.mark.parametrize("f", [jacrev(np.tanh), jacfwd(np.tanh), hessian(SCALARS["rosenbrock"])])
def test_a_matrix_of_few_diagonals_is_written_once(f):
    names = steps(f, numbers(100))
    assert names.count("Banded") == 1
    assert names[-1] == "Banded"
    graph = simplified(graph_of(f, numbers(100)))
    assert all(step.type.size <= 100 for step in graph.steps[:-1])
    assert isinstance(graph.steps[-1].op, Banded)


@pytest.mark.parametrize("f", [jacrev(lambda x: np.cumsum(x) * x), jacfwd(lambda x: np.sort(x) * x)])
def test_other_matrices_are_left(f):
    x = numbers(100)
    close(jit(f)(x), f(x), 1e-12)


def test_small_matrices_and_many_diagonals_are_left():
    assert "Banded" not in steps(jacrev(np.tanh), numbers(20))
    assert "Banded" not in steps(lambda x: np.tri(100) * x, numbers(100))


def test_zeros_of_a_constant_meet_no_infinity():
    def f(x):
        return np.eye(60) * x

    x = np.full(60, np.inf)
    once = jit(f)
    once(x)
    np.testing.assert_array_equal(once(x), np.where(np.eye(60) == 1, np.inf, 0.0))
