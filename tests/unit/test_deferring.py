"""While jit traces, what is made of large arrays is computed only if somebody asks for it."""

import numpy as np
import pytest

from funcgrad import grad, jit, value_and_grad
from funcgrad.graph import op
from funcgrad.graph.op import DEFERRED
from funcgrad.primitives.kinds import Pointwise

X = np.random.default_rng(0).standard_normal(DEFERRED)


def chain(x):
    return np.sum(np.tanh(x) * np.exp(-(x**2)) + np.where(x > 0, np.sqrt(np.abs(x)), 0.0))


@pytest.fixture
def ran(monkeypatch):
    """The names of the elementwise functions that ran on large arrays."""
    names = []

    def run(self, *args):
        names.extend([self.name for a in args if np.size(a) >= DEFERRED])
        return self.function(*args)

    monkeypatch.setattr(Pointwise, "run", run)
    return names


def test_tracing_computes_nothing_that_is_not_asked_for(ran):
    f = value_and_grad(chain)
    g = jit(f)
    for got, wanted in zip(g(X), f(X), strict=True):
        np.testing.assert_allclose(got, wanted, 1e-12)
    assert set(ran) <= {"chain"}  # the careful program's


def test_a_question_computes_what_it_is_about_and_no_more(ran):
    def f(x):
        y = np.sin(x)
        return np.cos(x) if np.sum(y * y) > 1 else np.exp(x)

    g = jit(f)
    np.testing.assert_allclose(g(X), np.cos(X))
    assert sorted(ran) == ["multiply", "multiply", "sin"]
    np.testing.assert_allclose(g(X / 1e6), np.exp(X / 1e6))


def test_a_guard_within_rounding_of_its_answer_has_one():
    """The program may sum in another order than NumPy: the first call then has the trace's own answer."""
    total = np.sum(np.tanh(X))
    g = jit(lambda x: (np.sum(np.tanh(x)) >= total) and x + 1)
    np.testing.assert_array_equal(g(X), X + 1)


def test_numpy_says_what_is_wrong():
    with pytest.raises(ValueError, match="operands could not be broadcast together"):
        jit(lambda x: np.sin(x) + np.ones(3))(X)
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        jit(lambda x: np.linalg.cholesky(-np.eye(2) + 0 * x[:4].reshape(2, 2)))(X)
    with pytest.raises(OverflowError, match="300"):
        jit(lambda x: x + 300)(X.astype(np.uint8))


def test_the_first_answer_is_its_own_memory():
    g = jit(lambda x: (x, x[::2], np.sin(x)))
    x = X.copy()
    first = g(x)
    assert all(a.flags.writeable for a in first)
    assert not any(np.shares_memory(a, x) for a in first)
    for got, wanted in zip(g(x), first, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_long_chains_are_computed_without_recursion():
    def f(x):
        for _ in range(3000):
            x = x + 1.0
        return x if np.sum(x) > 0 else -x

    np.testing.assert_allclose(jit(f)(X)[:3], X[:3] + 3000.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128, np.int64, bool])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * 2 + x**2,
        lambda x: np.sum(x) + 1.5,
        lambda x: (x.reshape(2, 3).T @ np.ones(2), x[:2] * 2.5),
        lambda x: np.where(x == x, x, 2),
        lambda x: (np.abs(x), x.astype(np.float32) + np.float64(1.0)),
    ],
)
def test_types_are_those_of_numpy(f, dtype, monkeypatch):
    monkeypatch.setattr(op, "DEFERRED", 0)
    x = np.array([1, 0, 3, 2, 1, 1]).astype(dtype)
    got, wanted = jit(f)(x), f(x)
    for one, other in zip(*[y if type(y) is tuple else (y,) for y in (got, wanted)], strict=True):
        assert type(one) is type(other)
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, 1e-6)


def test_repeated_constants_take_no_memory():
    slope = jit(grad(lambda x: np.sum(x * np.cos(x))))
    slope(X)
    (program,) = slope.__jitted__.programs.values()
    assert all([np.ndim(one.value) == 0 for one in program.paths[0].graph.constants])
