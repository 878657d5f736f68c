"""Quantiles, covariances and histograms: NumPy's answers, errors and types, slopes worked out by hand, refusals."""

import numpy as np
import pytest

from funcgrad import eval_shape, grad, hessian, jacobian, jit, vjp, vmap
from funcgrad.errors import UnknownValue, UnsupportedFunction
from tests.catalogue.statistics import METHODS
from tests.unit.refusing import check, registry
from tests.unit.test_reducing import outcome, same

inf, nan = np.inf, np.nan
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
rng = np.random.default_rng(5)

ARRAYS = {
    "vector": rng.normal(size=7),
    "matrix": rng.normal(size=(4, 3)),
    "single": rng.normal(size=(2, 3, 2)).astype(np.float32),
    "half": rng.normal(size=4).astype(np.float16),
    "with NaN": np.array([[1.0, nan, 3.0], [4.0, 5.0, 6.0]]),
    "NaN alone": np.full((2, 3), nan),
    "ties": np.array([1.0, 1.0, 2.0, 2.0, 2.0]),
    "infinite": np.array([-inf, 5.0, 3.0]),
    "one": np.array([0.5]),
    "nothing": np.zeros((3, 0)),
}
AXES = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, -1)}, {"keepdims": True}, {"axis": 5}]


def number(z):
    """An array of one number as a number: here NumPy's functions give the one or the other as it comes."""
    return z[()] if isinstance(z, np.ndarray) and z.ndim == 0 else z


def as_numpy(f, x):
    """f of a known x, and of a batch, is what NumPy makes of it."""
    wanted = outcome(lambda: number(f(x)))
    same(outcome(lambda: number(vjp(f, x)[0])), wanted)
    if not isinstance(wanted, tuple):
        np.testing.assert_allclose(vmap(f)(x[None])[0], wanted, rtol=1e-3)
        np.testing.assert_allclose(jit(f)(x), wanted, rtol=1e-3)


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("function", [np.quantile, np.nanquantile])
def test_quantiles_by_every_method(function, method, array):
    x = ARRAYS[array]
    several = [1.0, 0, np.array([0.0, 0.25, 0.5, 1.0]), np.float32(0.4), np.array([0.2, 0.7], np.float32)]
    for q, options in [(0.3, AXES), *[(q, AXES[1:2]) for q in several]]:
        for option in options:
            as_numpy(lambda x, q=q, option=option: function(x, q, method=method, **option), x)


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("function", [np.median, np.nanmedian])
def test_medians(function, array):
    for option in AXES:
        as_numpy(lambda x, option=option: function(x, **option), ARRAYS[array])


@pytest.mark.parametrize("function", [np.quantile, np.nanquantile])
def test_weighted_quantiles(function):
    x = ARRAYS["matrix"].T
    for w in (np.array([1.0, 2.0, 3.0, 0.5]), np.array([0.0, 0.0, 1.0, 1.0]), np.abs(x), -np.ones(4), np.zeros(4)):
        for axis in (None, -1, (0, 1), 7):
            if function is np.quantile or w.ndim == 2:  # NumPy's nanquantile fails at weights of one axis
                for q in (0.0, np.array([0.1, 0.5, 1.0])):
                    f = lambda x, q=q, axis=axis, w=w: function(x, q, axis, weights=w, method="inverted_cdf")
                    as_numpy(f, x)


WRONG = {
    "beyond 1": lambda x: np.quantile(x, 1.5),
    "beyond 100": lambda x: np.percentile(x, [3, 101]),
    "no number": lambda x: np.quantile(x, nan),
    "no method": lambda x: np.quantile(x, 0.5, method="best"),
    "weights and lines": lambda x: np.quantile(x, 0.5, weights=np.ones(3)),
    "three axes": lambda x: np.quantile(x, np.full((1, 1, 1), 0.5)),
    "complex": lambda x: np.quantile(x * 1j, 0.5),
    "ddof": lambda x: np.cov(x, ddof=0.5),
    "too many axes": lambda x: np.cov(x.reshape(1, 1, -1)),
    "too many axes of y": lambda x: np.cov(x, x.reshape(1, 1, -1)),
    "weights": lambda x: np.cov(x, aweights=[1.0, 2.0]),
    "negative weights": lambda x: np.cov(x, aweights=[1.0, 2.0, -1.0]),
    "weights of axes": lambda x: np.cov(x, aweights=np.ones((1, 3))),
    "no weights": lambda x: np.cov(x, aweights=np.zeros(3)),
    "counts": lambda x: np.cov(x, fweights=[1.5, 2.0, 1.0]),
    "all NaN": lambda x: np.nanargmax(x * nan),
    "variance twice": lambda x: np.nanvar(x, ddof=1, correction=1),
    "no bins": lambda x: np.histogram(x, 0),
    "falling bins": lambda x: np.histogram(x, [2.0, 1.0]),
    "bins of axes": lambda x: np.histogram(x, [[1.0, 2.0]]),
    "broken bins": lambda x: np.histogram(x, 2.5),
    "no rule": lambda x: np.histogram(x, "best"),
    "a rule and weights": lambda x: np.histogram(x, "auto", weights=x),
    "range": lambda x: np.histogram(x, 3, (2, 1)),
    "infinite range": lambda x: np.histogram(x, 3, (0, inf)),
    "infinite": lambda x: np.histogram(x / 0),
    "weights of others": lambda x: np.histogram(x, weights=x[:2]),
    "boxes": lambda x: np.histogramdd(x[:, None], (3, 3)),
    "range of boxes": lambda x: np.histogramdd(x[:, None], 3, [(0, 1), (0, 1)]),
    "no boxes": lambda x: np.histogramdd(x[:, None], [0]),
    "broken boxes": lambda x: np.histogramdd(x[:, None], [2.5]),
    "points": lambda x: np.histogram2d(x, x[:2]),
    "reals": lambda x: np.bincount(x),
    "complex counts": lambda x: np.bincount([0, 1, 1], x * 1j),
    "weights of counts": lambda x: np.bincount([0, 1], x),
}


@pytest.mark.parametrize("program", WRONG)
def test_errors_are_numpys(program):
    x = np.array([0.5, -2.0, 1.5])
    wanted = outcome(lambda: WRONG[program](x))
    assert isinstance(wanted, tuple)
    assert outcome(lambda: vjp(WRONG[program], x)) == wanted


def test_what_is_not_known_is_not_checked():
    assert eval_shape(lambda x: np.nanargmax(x * nan), np.ones(3)).shape == ()
    assert vmap(lambda q: np.quantile(np.arange(3.0), q))(np.array([0.5, 1.0])).tolist() == [1.0, 2.0]


# ---- slopes ----------------------------------------------------------------------------------------------------------
def test_slopes_of_quantiles_by_hand():
    x = np.array([4.0, 1.0, 3.0])
    np.testing.assert_allclose(grad(lambda x: np.quantile(x, 0.75))(x), [0.5, 0.0, 0.5])
    np.testing.assert_allclose(grad(np.median)(np.array([4.0, 1.0, 3.0, 7.0])), [0.5, 0.0, 0.5, 0.0])
    np.testing.assert_allclose(grad(lambda q: np.quantile(x, q))(0.75), 2.0)
    np.testing.assert_allclose(grad(lambda q: np.percentile(x, q))(25.0), 0.04)
    assert grad(lambda q: np.quantile(x, q))(1.0) == 2.0  # from the left, there being no right
    assert grad(lambda q: np.quantile(x, q))(0.5) == 2.0  # between two lines, that of the later one
    assert grad(lambda q: np.quantile(x, q, method="lower") + q)(0.75) == 1.0


def test_ties_share():
    np.testing.assert_allclose(grad(np.median)(np.array([2.0, 1.0, 2.0, 2.0, 3.0])), [1 / 3, 0, 1 / 3, 1 / 3, 0])


def test_slopes_of_nan():
    x = np.array([1.0, nan, 3.0])
    np.testing.assert_allclose(grad(np.nanmedian)(x), [0.5, 0.0, 0.5])
    np.testing.assert_allclose(grad(np.nanvar)(x), [-1.0, 0.0, 1.0])
    assert grad(np.nanstd)(np.array([2.0, nan, 2.0])).tolist() == [0.0, 0.0, 0.0]


def test_a_correlation_of_one_has_its_curvature():
    x = np.array([1.0, 2.0, 3.0])
    f = lambda y: np.corrcoef(x, y)[0, 1]
    np.testing.assert_allclose(grad(f)(2 * x), 0.0, atol=1e-12)
    np.testing.assert_allclose(hessian(f)(2 * x), -np.outer([1, -2, 1], [1, -2, 1]) / 48, atol=1e-12)


def test_histograms_are_linear_in_weights_and_edges_move_with_the_extremes():
    x, w = np.array([0.1, 0.6, 0.7]), np.array([1.0, 2.0, 4.0])
    by_weight = jacobian(lambda w: np.histogram(x, [0.0, 0.5, 1.0], weights=w)[0])
    assert by_weight(w).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]
    edges = jacobian(lambda x: np.histogram(x, 2)[1])(x)
    np.testing.assert_allclose(edges, [[1.0, 0.0, 0.0], [0.5, 0.0, 0.5], [0.0, 0.0, 1.0]])
    counts = vjp(lambda x: np.histogram(x, "auto")[0], x)[0]
    np.testing.assert_array_equal(counts, np.histogram(x, "auto")[0])


def test_positions_lead_nowhere_in_jitted_derivatives():
    """∂²/∂x∂w of a histogram asks a program for the cotangent of positions, which have none."""
    f = jit(lambda x, w: np.sum(np.histogram(x, [0.0, 1.0, 2.0], weights=w)[0] ** 2))
    x, w = np.array([0.5, 1.5]), np.array([2.0, 3.0])
    assert grad(lambda w: np.sum(grad(f)(x, w) + w))(w).tolist() == [1.0, 1.0]
    assert jacobian(grad(f, 1), 0)(x, w).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("method", METHODS)
def test_a_python_number_asked_for_does_not_widen(method):
    x = ARRAYS["single"]
    for function in (np.quantile, np.nanquantile):
        f = lambda q, function=function: function(x, q, 0, method=method)
        assert f(0.3).dtype == vjp(f, 0.3)[0].dtype == jit(f)(0.3).dtype == np.float32
        np.testing.assert_allclose(jit(f)(0.3), f(0.3), rtol=1e-6)
        np.testing.assert_allclose(vmap(f)(np.array([0.3, 0.7])), f([0.3, 0.7]), rtol=1e-6)


HISTOGRAMS = {
    "ten": {},
    "four": {"bins": 4},
    "range": {"bins": 4, "range": (-1, 1)},
    "edges": {"bins": [-1.0, 0.0, 0.5, 2.0]},
    "density": {"bins": 3, "density": True},
    "density of edges": {"bins": [0, 1, 2], "density": True},
    "one edge": {"bins": [0.5]},
}


@pytest.mark.parametrize("options", HISTOGRAMS)
@pytest.mark.parametrize("array", ["vector", "matrix", "single", "ties", "nothing", "one"])
def test_histograms(array, options):
    x, options = ARRAYS[array], HISTOGRAMS[options]
    as_numpy(lambda x: np.histogram(x, **options)[0], x)
    as_numpy(lambda x: np.histogram_bin_edges(x, **options), x)
    for w in (np.abs(x) + 1, x + 1j):
        as_numpy(lambda w: np.histogram(x, weights=w, **options)[0], w)


@pytest.mark.parametrize("bins", [3, (2, [-1.0, 0.0, 1.0]), [-2.0, 0.0, 1.0, 2.0]])
def test_histograms_of_points(bins):
    x, y = rng.normal(size=(2, 9))
    for options in ({}, {"density": True}, {"range": [(-1, 1), (0, 2)]}):
        f = lambda x, options=options: np.histogram2d(x, y, bins, **options)
        same(vjp(f, x)[0], f(x))
        g = lambda w, options=options: np.histogram2d(x, y, bins, weights=w, **options)[0]
        as_numpy(g, np.arange(9.0))


# ---- refusals --------------------------------------------------------------------------------------------------------
refusals, refuses = registry()


@refuses(UnsupportedFunction, "a number of samples has no derivative", "Weigh them by aweights=, or pass w.value.")
def traced_counts():
    grad(lambda w: np.cov(np.arange(3.0), fweights=w))(np.ones(3))


@refuses(UnsupportedFunction, "np.cov with dtype=")
def dtype_of_cov():
    grad(lambda x: np.cov(x, dtype=np.float32))(np.ones(3))


@refuses(UnsupportedFunction, "np.corrcoef with dtype=")
def dtype_of_corrcoef():
    grad(lambda x: np.corrcoef(x, dtype=np.float32))(np.ones(3))


@refuses(UnsupportedFunction, "np.median with out=")
def out_of_median():
    grad(lambda x: np.median(x, out=np.zeros(())))(np.ones(3))


@refuses(UnsupportedFunction, "takes no complex weights", "Count both parts on their own.")
def complex_boxes():
    grad(lambda w: np.histogramdd(np.ones((3, 1)), 2, weights=w)[0])(np.ones(3) * 1j)


@refuses(UnknownValue, "How many bins there are depends on values that are not known", "Pass bins as a number")
def a_rule_for_bins():
    vmap(lambda x: np.histogram(x, "auto"))(np.ones((2, 3)))


@refuses(UnknownValue, "The length of np.bincount(x) depends on values", "funcgrad.numpy.at(np.zeros(n))[x].add(weig")
def unknown_places():
    vmap(lambda x: np.bincount(np.argsort(x)))(np.ones((2, 3)))


@pytest.mark.parametrize(("program", "kind", "sentences"), refusals)
def test_refusals(program, kind, sentences):
    check(program, kind, sentences)
