"""funcgrad.scipy.stats: SciPy's values everywhere, derivatives that are the limits of differences, refusals."""

import numpy as np
import pytest
from scipy import stats as theirs
from scipy.special import ndtr

from funcgrad import grad, hessian, jit, vjp, vmap
from funcgrad.errors import UnsupportedFunction
from funcgrad.scipy import stats as ours

inf, nan = np.inf, np.nan
#: Shape parameters of each distribution, and those of them in which its distribution function has no derivative.
CONTINUOUS = {
    "norm": [()], "t": [(2.5,), (40.0,)], "gamma": [(0.7,), (3.2,)], "chi2": [(1.3,), (4.0,)],
    "beta": [(0.8, 2.5), (2.0, 1.0)], "expon": [()], "laplace": [()], "logistic": [()], "cauchy": [()],
    "uniform": [()], "pareto": [(2.5,)], "vonmises": [(1.7,)],
    "truncnorm": [(-1.0, 2.0), (1.0, 4.0), (-9.0, -6.5), (-inf, 0.5), (7.0, inf)],
}  # fmt: skip
DISCRETE = {
    "bernoulli": [(0.3,)], "binom": [(5.0, 0.4)], "nbinom": [(2.5, 0.4), (3.0, 0.7)], "poisson": [(2.3,), (0.4,)],
}  # fmt: skip
UNSOLVED = {"t", "gamma", "chi2", "beta", "nbinom", "binom"}
FUNCTIONS = ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf", "ppf")
CASES = [
    (name, function, shapes)
    for name, choices in CONTINUOUS.items()
    for shapes in choices
    for function in FUNCTIONS
    if name != "vonmises" or function != "ppf"
]
COUNTS = [
    (name, function, shapes)
    for name, choices in DISCRETE.items()
    for shapes in choices
    for function in ("logpmf", "pmf", "cdf", "sf", "logcdf", "logsf")
]


def traced(f, *args):
    """The value of f under a derivative."""
    return vjp(f, *args)[0]


def same(got, want, rtol=1e-12):
    np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-14 if rtol else 0)
    assert np.shape(got) == np.shape(want)
    assert np.asarray(got).dtype == np.asarray(want).dtype


def points(name, function, shapes, scale, loc):
    """Numbers inside and outside of the support, its ends among them."""
    rng = np.random.default_rng(len(name) + len(function))
    if function == "ppf":
        return np.concatenate([rng.uniform(0, 1, 20), [0, 1, -0.1, 1.1, nan, 1e-9, 1 - 1e-9]])
    low, high = getattr(theirs, name)(*shapes).support()
    ends = [y for y in (low, high) if np.isfinite(y)]
    inside = getattr(theirs, name).ppf(rng.uniform(0, 1, 20), *shapes)
    return np.concatenate([inside, rng.normal(0, 5, 20), ends, [inf, -inf, nan]]) * scale + loc


@pytest.mark.parametrize(("name", "function", "shapes"), CASES)
def test_values_are_scipys(name, function, shapes):
    mine, scipys = getattr(getattr(ours, name), function), getattr(getattr(theirs, name), function)
    for loc, scale in ((0.0, 1.0), (0.5, 2.0)):
        x = points(name, function, shapes, scale, loc)
        with np.errstate(all="ignore"):
            want = scipys(x, *shapes, loc, scale)
            same(traced(lambda x, loc, scale: mine(x, *shapes, loc, scale), x, loc, scale), want, 2e-11)
            same(
                traced(lambda x, loc: mine(x, *shapes, loc=loc, scale=2.0), x[0], 0.5),
                scipys(x[0], *shapes, 0.5, 2.0),
                2e-11,
            )
            same(jit(lambda x, loc, scale: mine(x, *shapes, loc, scale))(x, loc, scale), want, 2e-11)
            same(mine(x, *shapes, loc, scale), want, 0)
            if function != "logcdf":  # of which SciPy says 0 beyond the support whatever the parameters
                same(traced(lambda x: mine(x, *shapes, 0.5, -1.0), x), scipys(x, *shapes, 0.5, -1.0))


@pytest.mark.parametrize(("name", "function", "shapes"), CASES)
def test_derivatives_are_limits_of_differences(name, function, shapes):
    """In the argument, the location, the scale, and in the shapes where there is one."""
    mine = getattr(getattr(ours, name), function)
    q = np.array([0.2, 0.45, 0.9])
    x = q if function == "ppf" else getattr(theirs, name).ppf(q, *shapes, 0.5, 2.0)
    args = [x, *shapes, 0.5, 2.0]
    weights = np.array([1.0, 0.7, -0.3])
    solved = function in ("logpdf", "pdf") or name not in UNSOLVED
    for i in range(len(args)):
        if not solved and 0 < i <= len(shapes):
            with pytest.raises(UnsupportedFunction, match="has no derivative rule with respect to its argument"):
                grad(lambda a, i=i: np.sum(mine(*args[:i], a, *args[i + 1 :])))(args[i])
            continue
        if not np.all(np.isfinite(args[i])):
            continue
        f = lambda a, i=i: mine(*args[:i], a, *args[i + 1 :])
        h = 2e-4
        want = (8 * (f(args[i] + h) - f(args[i] - h)) - (f(args[i] + 2 * h) - f(args[i] - 2 * h))) / (12 * h) * weights
        got = grad(lambda a, f=f: np.sum(f(a) * weights))(args[i])
        np.testing.assert_allclose(got, want if i == 0 else np.sum(want), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("name", "function", "shapes"), CASES)
def test_no_infinity_leaks_from_outside_of_the_support(name, function, shapes):
    if function == "ppf" or name in ("norm", "t", "laplace", "logistic", "cauchy", "vonmises"):
        return
    mine = getattr(getattr(ours, name), function)
    x = points(name, function, shapes, 1.0, 0.0)
    low, high = getattr(theirs, name)(*shapes).support()
    outside = x[((x < low) | (x > high)) & np.isfinite(x)]
    np.testing.assert_array_equal(grad(lambda x: np.sum(mine(x, *shapes)))(outside), np.zeros_like(outside))


@pytest.mark.parametrize(("name", "function", "shapes"), COUNTS)
def test_probabilities_of_counts(name, function, shapes):
    mine, scipys = getattr(getattr(ours, name), function), getattr(getattr(theirs, name), function)
    k = np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.5, 2.7, nan, inf, -inf])
    p = shapes[-1]
    with np.errstate(all="ignore"):
        for loc in (0.0, 2.0):
            want = scipys(k, *shapes, loc)
            same(traced(lambda p, loc: mine(k, *shapes[:-1], p, loc), p, loc), want, 1e-10)
            same(traced(lambda k, loc: mine(k, *shapes, loc=loc), k, loc), want, 1e-10)
        if function != "logcdf":
            same(traced(lambda p: mine(k, *shapes[:-1], p), -0.5), scipys(k, *shapes[:-1], -0.5))
    k, h = np.array([0.0, 0.0 if function.startswith("log") else 1.0]), 1e-3
    f = lambda p: np.sum(scipys(k, *shapes[:-1], p) * [1.0, 0.7])
    want = (8 * (f(p + h) - f(p - h)) - (f(p + 2 * h) - f(p - 2 * h))) / (12 * h)
    got = grad(lambda p: np.sum(mine(k, *shapes[:-1], p) * np.array([1.0, 0.7])))(p)
    np.testing.assert_allclose(got, want, rtol=1e-7)


def test_impossible_parameters_and_wrong_ones():
    for mine, theirs_, args in (
        (ours.gamma.logpdf, theirs.gamma.logpdf, (1.0, -1.0)),
        (ours.truncnorm.logpdf, theirs.truncnorm.logpdf, (1.0, 2.0, 1.0)),
        (ours.binom.logpmf, theirs.binom.logpmf, (1.0, 2.5, 0.5)),
    ):
        with np.errstate(all="ignore"):
            same(traced(mine, *args), theirs_(*args))
    for wrong in (lambda x: ours.gamma.pdf(x), lambda x: ours.norm.pdf(x, 1, 2, 3), lambda x: ours.norm.pdf(x, mean=1)):
        with pytest.raises(TypeError, match="takes"):
            grad(wrong)(1.0)
    with pytest.raises(UnsupportedFunction, match="vonmises"):
        grad(ours.vonmises.ppf)(0.5, 1.0)
    for option in ({"lower_limit": 0.0}, {"maxpts": 100}, {"abseps": 1e-3}, {"allow_singular": True}):
        with pytest.raises(UnsupportedFunction, match=r"multivariate_normal\.cdf"):
            grad(lambda x, option=option: ours.multivariate_normal.cdf(x, **option))(0.5)
    with pytest.raises(UnsupportedFunction, match="allow_singular"):
        grad(lambda x: ours.multivariate_normal.logpdf(x, allow_singular=True))(0.5)


def test_single_precision_is_computed_in_double_as_by_scipy():
    x = np.array([0.5, 1.5], np.float32)
    same(traced(ours.norm.logpdf, x), theirs.norm.logpdf(x))
    assert grad(lambda x: np.sum(ours.norm.logpdf(x)))(x).dtype == np.float32
    same(vmap(ours.norm.cdf)(x), theirs.norm.cdf(x))


def test_second_derivatives():
    assert grad(grad(ours.logistic.logpdf))(0.0) == pytest.approx(-0.5)
    np.testing.assert_allclose(
        hessian(lambda p: ours.norm.logpdf(1.0, p[0], p[1]))(np.array([0.0, 1.0])), [[-1, -2], [-2, -2]], rtol=1e-12
    )


# ---- several variables -----------------------------------------------------------------------------------------------
COV = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, -0.2], [0.1, -0.2, 0.7]])


@pytest.mark.parametrize(
    ("x", "mean", "cov"),
    [
        (np.array([0.1, 0.2, 0.3]), np.zeros(3), COV),
        (np.arange(12.0).reshape(4, 3) / 9, np.ones(3), COV),
        (np.arange(12.0).reshape(2, 2, 3) / 9, None, COV),
        (np.array([0.1, 0.2, 0.3]), np.zeros(3), 2.0),
        (np.array([0.1, 0.2, 0.3]), np.ones(3), np.array([1.0, 2.0, 3.0])),
        (0.3, 0.1, 2.0),
        (np.array([0.1, 0.2]), None, 1.0),
        (np.array([[0.1], [0.2]]), np.zeros(1), np.eye(1)),
    ],
)
def test_multivariate_normal(x, mean, cov):
    for function in ("logpdf", "pdf"):
        f, g = getattr(ours.multivariate_normal, function), getattr(theirs.multivariate_normal, function)
        same(traced(lambda x, f=f: f(x, mean, cov), x), g(x, mean, cov))
        same(traced(lambda cov, f=f: f(x, mean, cov), cov), g(x, mean, cov))
        same(f(x, mean, cov), g(x, mean, cov), 0)
    step = np.full_like(np.asarray(cov, float), 0.1)
    h = 1e-4
    want = np.sum(theirs.multivariate_normal.logpdf(x, mean, cov + h * step))
    want = (want - np.sum(theirs.multivariate_normal.logpdf(x, mean, cov - h * step))) / (2 * h)
    got = np.sum(grad(lambda cov: np.sum(ours.multivariate_normal.logpdf(x, mean, cov)))(cov) * step)
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_dirichlet_and_multinomial():
    alpha, x = np.array([1.5, 2.0, 0.7]), np.array([0.2, 0.5, 0.3])
    many = np.array([[0.2, 0.6], [0.5, 0.1], [0.3, 0.3]])
    for function in ("logpdf", "pdf"):
        f, g = getattr(ours.dirichlet, function), getattr(theirs.dirichlet, function)
        for y in (x, x[:2], many, many[:2]):
            same(traced(f, y, alpha), g(y, alpha))
        same(f(x, alpha), g(x, alpha), 0)
    with pytest.raises(ValueError, match="Vector 'x' must have"):
        grad(lambda a: ours.dirichlet.logpdf(np.ones(7), a))(alpha)
    n, p = 4, np.array([0.2, 0.5, 0.3])
    counts = np.array([[1, 2, 1], [4, 0, 0], [1, 1, 1], [5, -1, 0]])
    for function in ("logpmf", "pmf"):
        f, g = getattr(ours.multinomial, function), getattr(theirs.multinomial, function)
        same(traced(lambda p, f=f: f(counts, n, p), p), g(counts, n, p))
        same(f(counts, n, p), g(counts, n, p), 0)
    np.testing.assert_allclose(grad(lambda p: ours.multinomial.logpmf(counts[0], n, p))(p), counts[0] / p)


def test_other_names_are_scipys():
    assert ours.skew is theirs.skew
    assert "norm" in dir(ours)


# ---- the normal distribution function of vectors ---------------------------------------------------------------------
def quadrant(x, cov):
    """P(Y ≤ x) of two or three variables by Gauss's quadrature of the density over the first, given which the rest."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    scale = np.sqrt(cov[0, 0])
    low, high = -8.5 * scale, min(x[0], 8.5 * scale)
    y = low + (high - low) * (nodes + 1) / 2
    rest = cov[1:, 1:] - np.outer(cov[1:, 0], cov[1:, 0]) / cov[0, 0]
    inner = x[1:] - cov[1:, 0] / cov[0, 0] * y[:, None]
    below = ndtr(inner[:, 0] / np.sqrt(rest[0, 0])) if len(x) == 2 else [quadrant(one, rest) for one in inner]
    return np.sum(weights * theirs.norm.pdf(y, scale=scale) * below) * (high - low) / 2


@pytest.mark.parametrize("x", [(0.3, -0.4), (0.0, 0.0), (-1.0, 0.0), (0.0, 2.0), (-0.5, -2.0), (inf, 0.5), (0.5, -inf)])
@pytest.mark.parametrize("r", [0.0, 0.5, -0.9])
def test_two_normal_variables(x, r):
    x, cov = np.array(x), np.array([[2.0, r], [r, 0.7]])
    if np.isfinite(x).all():
        same(traced(ours.multivariate_normal.cdf, x, None, cov), np.float64(quadrant(x, cov)))
    else:
        want = theirs.norm.cdf(0.5, scale=np.sqrt(0.7)) if x[0] == inf else 0.0
        same(traced(ours.multivariate_normal.cdf, x, None, cov), np.float64(want))


def test_the_distribution_function_of_vectors_has_its_derivatives():
    """In x, in the mean, in the covariance, to second order; of three variables SciPy's integral is exact to 1e-5."""
    x, mean = np.array([0.3, -0.4]), np.array([0.1, 0.2])
    symmetric = lambda r: np.array([[2.0, 0.0], [0.0, 0.7]]) + r * np.array([[1.0, 0.5], [0.5, 0.0]])
    f = lambda x, mean, r: ours.multivariate_normal.cdf(x, mean, symmetric(r))
    exact = lambda r: quadrant(x - mean, symmetric(r))
    slope = (exact(0.3 + 1e-4) - exact(0.3 - 1e-4)) / 2e-4
    np.testing.assert_allclose(grad(f, 2)(x, mean, 0.3), slope, rtol=1e-7)
    np.testing.assert_allclose(grad(f, 1)(x, mean, 0.3), -grad(f)(x, mean, 0.3), rtol=1e-14)
    by_x = lambda x: np.array([grad(f)(x, mean, 0.3), np.zeros(2)])[0]
    h = hessian(f)(x, mean, 0.3)
    columns = [(by_x(x + step) - by_x(x - step)) / 2e-5 for step in 1e-5 * np.eye(2)]
    np.testing.assert_allclose(h, np.stack(columns, 1), rtol=1e-6, atol=1e-9)
    three = jit(lambda x: ours.multivariate_normal.cdf(x, None, COV))
    x = np.array([0.3, -0.4, 0.5])
    np.testing.assert_allclose(three(x), quadrant(x, COV), atol=2e-5)
    steps = 1e-4 * np.eye(3)
    want = [(quadrant(x + step, COV) - quadrant(x - step, COV)) / 2e-4 for step in steps]
    np.testing.assert_allclose(grad(three)(x), want, rtol=1e-6)  # of pairs, and so exact
    points, two = np.stack([x, -x, 0 * x])[:, :2], jit(lambda x: ours.multivariate_normal.cdf(x, None, COV[:2, :2]))
    np.testing.assert_allclose(vmap(two)(points), two(points), atol=1e-12)
