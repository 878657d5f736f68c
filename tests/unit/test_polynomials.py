"""Polynomials: NumPy's answers, lengths and errors; slopes worked out by hand; what is refused."""

import numpy as np
import pytest

from funcgrad import grad, jacobian, jit, vjp, vmap
from funcgrad.errors import BadArgument, UnknownValue, UnsupportedFunction
from tests.unit.refusing import check, registry
from tests.unit.test_reducing import outcome, same

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
rng = np.random.default_rng(5)

POLYNOMIALS = {
    "quadratic": np.array([1.0, 2.0, 3.0]),
    "zeros in front": np.array([0.0, 0.0, 2.0, 1.0]),
    "constant": np.array([2.5]),
    "single": np.array([1.0, 2.0], np.float32),
    "complex": np.array([1 + 1j, 2.0, 3j]),
    "number": np.float64(3.0),
}
OTHERS = [[1, 2], [2.0, 1.0, 2.0, 3.0], np.array([1, 2, 3], np.float32), [1j, 2]]


def as_numpy(f, x, jitted=True):
    """f of a known x, plain and jitted, is what NumPy makes of it."""
    wanted = outcome(lambda: f(x))
    same(outcome(lambda: vjp(f, x)[0]), wanted)
    if jitted and not isinstance(wanted, tuple):
        same(jit(f)(x), wanted)


@pytest.mark.parametrize("polynomial", POLYNOMIALS)
@pytest.mark.parametrize("function", [np.polyadd, np.polysub, np.polymul, np.polydiv, np.polyval])
def test_arithmetic(function, polynomial):
    p = POLYNOMIALS[polynomial]
    for other in OTHERS:
        as_numpy(lambda p, other=other: function(p, other), p)
        if polynomial != "zeros in front" or function is not np.polydiv:  # which NumPy answers with NaN of any number
            as_numpy(lambda p, other=other: function(other, p), p)


@pytest.mark.parametrize("polynomial", POLYNOMIALS)
def test_calculus_and_roots_back(polynomial):
    p = POLYNOMIALS[polynomial]
    for m in (0, 1, 2, 3, -1):
        if p.ndim:
            as_numpy(lambda p, m=m: np.polyder(p, m), p)
        for k in (None, 1.0, [1, 2, 3], [1j]) if m or p.ndim else ():
            as_numpy(lambda p, m=m, k=k: np.polyint(p, m, k), p)
    as_numpy(np.poly, p, jitted=p.dtype.kind != "c")


def test_polynomials_of_roots_and_matrices():
    as_numpy(np.poly, rng.normal(size=(4, 4)))
    as_numpy(np.poly, np.ones((2, 3)))
    as_numpy(np.poly, np.array([1 + 1j, 1 - 1j, 2]), jitted=False)
    a = np.diag([2.0, 2.0])  # an eigenvalue twice over: (λ - 2)² = λ² - tr λ + det
    assert jacobian(np.poly)(a).tolist() == [[[0, 0], [0, 0]], [[-1, 0], [0, -1]], [[2, 0], [0, 2]]]


def test_a_batch_has_one_length():
    """As long as a product of polynomials without zeros in front is, and no longer than a remainder can be."""
    assert vmap(lambda p: np.polymul(p, [1.0, 1.0]))(np.array([[0.0, 1.0], [2.0, 3.0]])).tolist() == [
        [0, 1, 1],
        [2, 5, 3],
    ]
    q, r = vmap(lambda p: np.polydiv(p, [1.0, 1.0]))(np.array([[1.0, 3.0, 2.0], [1.0, 0.0, 4.0]]))
    assert (q.tolist(), r.tolist()) == ([[1.0, 2.0], [1.0, -1.0]], [[0.0], [5.0]])


def test_slopes_by_hand():
    assert jacobian(lambda p: np.polymul(p, [1.0, 3.0]))(np.ones(2)).tolist() == [[1, 0], [3, 1], [0, 3]]
    assert grad(lambda x: np.polyval([1.0, 2.0, 3.0], x))(4.0) == 10.0
    x = np.array([0.0, 1.0, 2.0])
    slopes = jacobian(lambda y: np.polyfit(x, y, 1))(x)
    np.testing.assert_allclose(slopes, [[-0.5, 0, 0.5], [5 / 6, 1 / 3, -1 / 6]], atol=1e-14)


FITS = [{}, {"w": np.linspace(1, 2, 9)}, {"cov": True}, {"cov": "unscaled"}, {"cov": True, "w": np.linspace(1, 2, 9)}]


@pytest.mark.parametrize("degree", [0, 1, 3, 5])
def test_fits(degree):
    x, y = np.linspace(-1, 2, 9), rng.normal(size=9)
    for values in (np.cos(9 * y), rng.normal(size=(9, 2)), y.astype(np.float32), y + 1j * x):
        for options in FITS:
            as_numpy(lambda values, options=options: np.polyfit(x, values, degree, **options), values)
            if values.dtype == float:
                f = lambda x, values=values, options=options: np.polyfit(x, values, degree, **options)
                as_numpy(f, x)
    as_numpy(lambda x: np.polyfit(x, np.sin(9 * x), degree, w=x), np.linspace(1, 2, 9, dtype=np.float32))


WRONG = {
    "degree": lambda x: np.polyfit(x, x, -1),
    "matrix": lambda x: np.polyfit(x[:, None], x, 1),
    "nothing": lambda x: np.polyfit(x[:0], x[:0], 1),
    "number": lambda x: np.polyfit(x, x[0], 1),
    "lengths": lambda x: np.polyfit(x, x[:2], 1),
    "weights": lambda x: np.polyfit(x, x, 1, w=x[:2]),
    "weights of axes": lambda x: np.polyfit(x, x, 1, w=x[:, None]),
    "too few to scale": lambda x: np.polyfit(x, x, 2, cov=True),
    "product of matrices": lambda x: np.polymul(x[:, None], x),
    "derivative of a number": lambda x: np.polyder(x[0]),
    "too few constants": lambda x: np.polyint(x, 3, [1, 2]),
    "roots of a matrix": lambda x: np.roots(x[:, None]),
}


@pytest.mark.parametrize("program", WRONG)
def test_errors_are_numpys(program):
    x = np.array([0.5, -2.0, 1.5])
    wanted = outcome(lambda: WRONG[program](x))
    assert isinstance(wanted, tuple)
    assert outcome(lambda: vjp(WRONG[program], x)) == wanted


refusals, refuses = registry()


@refuses(UnsupportedFunction, "np.polyfit with full= is not supported")
def full_report():
    grad(lambda y: np.polyfit(np.arange(3.0), y, 1, full=True)[0][0])(np.ones(3))


@refuses(UnsupportedFunction, "np.polyfit with rcond= is not supported")
def threshold():
    grad(lambda y: np.polyfit(np.arange(3.0), y, 1, 1e-3)[0])(np.ones(3))


@refuses(UnsupportedFunction, "points that do not determine the polynomial", "Lower the degree")
def too_few_points():
    grad(lambda y: np.polyfit(np.arange(3.0), y, 3)[0])(np.ones(3))


@refuses(UnsupportedFunction, "points that do not determine the polynomial", "Lower the degree")
def equal_points():
    grad(lambda y: np.polyfit(np.ones(3), y, 1)[0])(np.ones(3))


@refuses(UnknownValue, "Whether np.poly(roots) is real depends on values", "multiply the factors with polymul")
def unknown_complex_roots():
    vmap(np.poly)(np.ones((2, 3)) * 1j)


@refuses(UnknownValue, "How many roots np.roots(p) finds depends on values")
def unknown_number_of_roots():
    vmap(np.roots)(np.ones((2, 3)))


@refuses(BadArgument, "numpy.poly1d met a traced value")
def poly1d():
    grad(lambda x: np.polyadd(np.poly1d([1.0, 2.0]), x)[0])(np.ones(2))


@pytest.mark.parametrize(("program", "kind", "sentences"), refusals)
def test_refusals(program, kind, sentences):
    check(program, kind, sentences)


# ---- roots -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("p", [[1.0, -6.0, 11.0, -6.0], [2.0, 3.0, -4.0, 0.0], [0.0, 1.0, 0.0, 4.0, 0.0]])
def test_roots_move_with_the_coefficients(p):
    """p(z) = 0, so that ż = -ṗ(z) / p′(z): checked as the sum of squared moduli."""
    p = np.array(p)
    energy = lambda p: np.sum(np.abs(np.roots(p)) ** 2)  # a formula
    z = np.roots(p)
    wanted = [
        np.sum(2 * np.real(np.conj(z) * -(z ** (len(p) - 1 - k)) / np.polyval(np.polyder(p), z))) for k in range(len(p))
    ]
    np.testing.assert_allclose(np.roots(p), vjp(np.roots, p)[0])
    inside = p != 0
    np.testing.assert_allclose(grad(energy)(p)[inside], np.array(wanted)[inside], 1e-9, 1e-12)
