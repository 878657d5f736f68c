"""Reductions, scans and sorting: NumPy's every axis and option, ties, zeros, NaN, and NumPy's own errors."""

import math
from functools import partial

import numpy as np
import pytest

from funcgrad import eval_shape, grad, hessian, jacfwd, jacobian, jacrev, jvp, value_and_grad, vjp, vmap
from funcgrad.errors import ImmutableValue, UnknownValue, UnsupportedFunction
from funcgrad.primitives.scanning import recurrence

inf, nan = np.inf, np.nan
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def outcome(compute):
    """What comes of it: an answer, or an error's class and first line."""
    try:
        return compute()
    except Exception as error:  # noqa: BLE001  # REASON: any error that NumPy raises is to be raised by us too
        return type(error), str(error).partition("\n")[0]


def same(got, wanted):
    """Equal in type, dtype, shape and, but for rounding, value; or the same error."""
    assert type(got) is type(wanted)
    if type(wanted) is tuple:
        assert len(got) == len(wanted)
        for one, other in zip(got, wanted, strict=True):
            same(one, other)
    elif isinstance(wanted, type | str | int):
        assert got == wanted
    else:
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
        np.testing.assert_allclose(got, wanted, rtol=1e-3 if wanted.dtype == np.float16 else 1e-5)


def as_numpy(f, x):
    """f of a known and of an unknown x is what NumPy makes of it."""
    wanted = outcome(lambda: f(x))
    same(outcome(lambda: vjp(f, x)[0]), wanted)
    if not isinstance(wanted, tuple):
        shape = eval_shape(f, np.asarray(x))
        assert (shape.shape, shape.dtype) == (np.shape(wanted), np.asarray(wanted).dtype)
        np.testing.assert_allclose(vmap(f)(np.asarray(x)[None])[0], wanted, rtol=1e-3)
    else:
        same(outcome(lambda: eval_shape(f, np.asarray(x))), wanted)


ARRAYS = {
    "number": np.float64(2.5),
    "Python number": 2.5,
    "vector": np.array([0.5, -2.0, 1.5]),
    "empty": np.ones((0, 3)),
    "single": np.array([[0.5, -2.0, 1.5], [3.0, 0.25, -1.0]], np.float32),
    "half": np.array([[[0.5, -2.0], [1.5, 3.0]]], np.float16),
    "complex": np.array([[1 + 2j, 0.5j], [2.0, -1j]]),
}
ALONG = [np.cumsum, np.cumprod, np.nancumsum, np.nancumprod, np.cumulative_sum, np.cumulative_prod, np.diff]
ALONG += [np.sort, np.argsort, np.argmax, np.argmin]
REDUCTIONS = [np.sum, np.prod, np.mean, np.max, np.min, np.ptp, np.var, np.std, np.any, np.all]


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("function", REDUCTIONS)
def test_reductions_over_every_axis(function, array):
    x = ARRAYS[array]
    for axis in (None, 0, -1, 1, (0,), (1, 0), (), 5, (0, 0), "x"):
        as_numpy(lambda x, axis=axis: function(x, axis=axis), x)
        as_numpy(lambda x, axis=axis: function(x, axis=axis, keepdims=True), x)


@pytest.mark.parametrize("array", [name for name in ARRAYS if name != "Python number"])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.minimum, np.logical_and, np.logical_or])
def test_reduce_and_accumulate_of_ufuncs(ufunc, array):
    x = ARRAYS[array]
    as_numpy(ufunc.reduce, x)
    for axis in (None, 0, -1, (0, 1), 5):
        as_numpy(lambda x, axis=axis: ufunc.reduce(x, axis=axis, keepdims=True), x)
        if np.ndim(x) and not ufunc.__name__.startswith("logical") and axis != (0, 1):
            as_numpy(lambda x, axis=axis: ufunc.accumulate(x, axis=axis), x)


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("function", ALONG)
def test_functions_along_every_axis(function, array):
    for axis in (None, 0, -1, 1, 5, "x"):
        if function is not np.diff or axis is not None:
            as_numpy(lambda x, axis=axis: function(x, axis=axis), ARRAYS[array])


OPTIONS = {
    "sum initial": lambda x: np.sum(x, initial=2),
    "sum initial of another dtype": lambda x: np.sum(x, 0, initial=np.float64(2)),
    "sum where": lambda x: np.sum(x, -1, where=np.array([True, False, True])),
    "prod where": lambda x: np.prod(x, -1, initial=3, where=np.array([True, False, True])),
    "mean where": lambda x: np.mean(x, -1, where=np.array([True, False, True])),
    "var where": lambda x: np.var(x, -1, where=np.array([True, False, True]), ddof=1),
    "std where": lambda x: np.std(x, keepdims=True, where=np.array([True, False, True])),
    "max where": lambda x: np.max(x, -1, initial=0.7, where=np.array([True, False, True])),
    "min where": lambda x: np.min(x, -1, initial=0.7, where=np.array([True, False, True])),
    "max where without initial": lambda x: np.max(x, where=np.array([True, False, True])),
    "any where": lambda x: np.any(x > 1, -1, where=np.array([True, False, True])),
    "all where": lambda x: np.all(x > 0, -1, where=np.array([True, False, True])),
    "var ddof": lambda x: np.var(x, -1, ddof=0.5),
    "var too few": lambda x: np.var(x, -1, ddof=3),
    "var correction": lambda x: np.var(x, correction=1),
    "var both": lambda x: np.var(x, ddof=1, correction=1),
    "std mean": lambda x: np.std(x, -1, mean=np.mean(x, -1, keepdims=True)),
    "average": lambda x: np.average(x),
    "average of one weight": lambda x: np.average(x, -1, weights=[1, 2, 3]),
    "average, returned": lambda x: np.average(x, -1, weights=np.array([1.0, 2, 3]), returned=True)[1],
    "average, returned, unweighted": lambda x: np.average(x, -1, returned=True)[1],
    "average, no axis": lambda x: np.average(x, weights=[1.0, 2, 3, 4]),
    "average, wrong shape": lambda x: np.average(x, -1, weights=[1.0, 2]),
    "nansum": lambda x: np.nansum(np.where(x > 1, nan, x), -1),
    "nanprod": lambda x: np.nanprod(np.where(x > 1, nan, x), -1),
    "nanmean": lambda x: np.nanmean(np.where(x > 1, nan, x), -1, keepdims=True),
    "nanmax": lambda x: np.nanmax(np.where(x > 1, nan, x), -1),
    "nanmin": lambda x: np.nanmin(np.where(x > 1, nan, x)),
    "nanmax of nothing": lambda x: np.nanmax(np.where(x < 9, nan, x), -1),
    "nanmax of integers": lambda x: np.nanmax(np.argsort(x)) * np.ones(1),
    "diff of several": lambda x: np.diff(x, 2, prepend=0, append=x),
    "diff of none": lambda x: np.diff(x, 0) * 1,
    "diff of fewer": lambda x: np.diff(x, -1),
    "ediff1d": lambda x: np.ediff1d(x, to_begin=[1, 2], to_end=x),
    "trapezoid": lambda x: np.trapezoid(x, dx=0.5, axis=-1),
    "trapezoid points": lambda x: np.trapezoid(x, [0.0, 1.0, 3.0]),
    "cumulative_sum initial": lambda x: np.cumulative_sum(x, axis=-1, include_initial=True),
    "sort stable": lambda x: np.sort(x, stable=True),
    "sort of no kind": lambda x: np.sort(x, kind="bogus"),
    "argsort of two kinds": lambda x: np.argsort(x, kind="stable", stable=True),
    "partition": lambda x: np.partition(x, [0, -1]),
    "argpartition": lambda x: np.argpartition(x, 1, axis=-1),
    "partition out of bounds": lambda x: np.partition(x, 3),
    "argmax": lambda x: np.argmax(x, 0, keepdims=True),
    "argmax of all": lambda x: np.argmax(x, keepdims=True),
    "argmin of nothing": lambda x: np.argmin(x[..., :0], axis=-1),
    "max of nothing": lambda x: np.max(x[..., :0], axis=-1),
    "max of nothing but initial": lambda x: np.max(x[..., :0], axis=-1, initial=2.0),
    "lexsort": lambda x: np.lexsort((x, np.sign(x)), axis=-1),
    "methods": lambda x: x.sum(0) + x.prod(-1, keepdims=True) + x.mean() + x.max(0) + x.min() + x.std(0) + x.var(),
    "methods of scans": lambda x: (
        x.cumsum(-1) * x.cumprod(-1) + x.argsort(-1) + x.argmax(0) + x.argmin() + x.any() + x.all(0)
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("array", ["vector", "single"])
def test_options(name, array):
    as_numpy(OPTIONS[name], ARRAYS[array])


@pytest.mark.parametrize("function", [np.unique, lambda x: np.unique(x, True, True, True)])
def test_unique_of_known_values(function):
    x = np.array([3.0, 1.0, 1.0, 2.0, nan, nan, 3.0])
    same(vjp(function, x)[0], function(x))


def test_a_mask_may_be_traced():
    x = np.array([1.0, -2.0, 3.0])
    f = lambda x: np.sum(x * x, where=x > 0) + np.mean(x, where=x < 2)
    np.testing.assert_allclose(grad(f)(x), [2.5, 0.5, 6])
    np.testing.assert_allclose(vmap(grad(f))(x[None]), [[2.5, 0.5, 6]])


def test_python_floats():
    for f in (np.sum, np.prod, np.mean, lambda x: np.sum(x, axis=0), lambda x: np.cumsum(x)[0]):
        value, slope = value_and_grad(f)(3.0)
        assert (type(value), type(slope), value, slope) == (np.float64, float, 3.0, 1.0)


# ---- refusals --------------------------------------------------------------------------------------------------------
SUMMING = ["sum", "prod", "mean", "cumsum", "cumprod", "cumulative_sum", "cumulative_prod"]


@pytest.mark.parametrize(
    ("name", "dtype"), [("var", float), ("std", float), ("nansum", float), *[(name, int) for name in SUMMING]]
)
def test_a_dtype_is_refused(name, dtype):
    with pytest.raises(UnsupportedFunction, match=rf"np\.{name} with dtype= .*x\.astype\(dtype\)"):
        grad(lambda x: np.sum(getattr(np, name)(x, dtype=dtype)))(np.ones(2))


@pytest.mark.parametrize("name", SUMMING)
def test_sums_and_products_at_a_dtype(name):
    f, x = partial(getattr(np, name), dtype=np.float64), np.array([0.5, 2.0, 3.0], np.float32)
    y, pull = vjp(f, x)
    same(y, f(x))
    (slope,) = pull(np.ones_like(y)[()])
    assert np.asarray(y).dtype == np.float64
    assert slope.dtype == np.float32
    np.testing.assert_allclose(slope, grad(lambda x: np.sum(getattr(np, name)(x)))(x.astype(float)), rtol=1e-6)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "ptp", "any", "std", "cumprod", "argmax", "nanmin", "round"])
def test_an_out_is_refused(name):
    with pytest.raises(UnsupportedFunction, match=rf"np\.{name} with out= "):
        grad(lambda x: np.sum(getattr(np, name)(x, out=np.zeros(()))))(np.ones(2))


def test_options_of_ufunc_methods_are_refused():
    with pytest.raises(UnsupportedFunction, match="initial="):
        grad(lambda x: np.add.reduce(x, initial=2.0))(np.ones(2))
    with pytest.raises(ImmutableValue, match=r"np\.add was asked to write"):
        grad(lambda x: np.sum(np.add.accumulate(x, out=np.ones(2))))(np.ones(2))
    with pytest.raises(UnsupportedFunction, match=r"subtract\.reduce has no derivative rule"):
        grad(np.subtract.reduce)(np.ones(2))


def test_refusals_of_ordering():
    with pytest.raises(UnsupportedFunction, match=r"np\.sort with order="):
        grad(lambda x: np.sum(np.sort(x, order="f")))(np.ones(2))
    with pytest.raises(UnsupportedFunction, match=r"np\.unique with axis="):
        grad(lambda x: np.sum(np.unique(x, axis=0)))(np.ones(2))
    with pytest.raises(UnknownValue, match="How many different values"):
        vmap(np.unique)(np.ones((2, 3)))


def test_weights_that_sum_to_zero():
    with pytest.raises(ZeroDivisionError, match="Weights sum to zero"):
        grad(lambda x: np.average(x, weights=[1.0, -1.0]))(np.ones(2))


# ---- ties ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("modes", [(jacrev, jacrev), (jacfwd, jacfwd), (jacfwd, jacrev)])
def test_ties_of_an_extreme_share_the_derivative_equally(modes):
    inner, outer = modes
    x = np.array([[1.0, 3.0, 3.0], [3.0, 0.0, 0.0]])
    third = 1 / 3
    np.testing.assert_allclose(inner(np.max)(x), [[0, third, third], [third, 0, 0]])
    np.testing.assert_allclose(inner(lambda x: np.min(x, 1))(x), [[[1, 0, 0], [0] * 3], [[0] * 3, [0, 0.5, 0.5]]])
    np.testing.assert_allclose(inner(np.ptp)(x), [[0, third, third], [third, -0.5, -0.5]])
    np.testing.assert_allclose(outer(inner(lambda x: np.max(x) ** 2))(x)[0, 1], 2 * inner(np.max)(x) / 3)
    np.testing.assert_allclose(vmap(inner(np.max))(x), [[0, 0.5, 0.5], [1, 0, 0]])


def test_a_nan_is_an_extreme():
    x = np.array([1.0, nan, 5.0, nan])
    for f in (np.max, np.min):
        np.testing.assert_array_equal(grad(f)(x), [0, 0.5, 0, 0.5])
    np.testing.assert_array_equal(grad(np.nanmax)(x), [0, 0, 1, 0])
    np.testing.assert_array_equal(grad(np.nanmax)(np.full(2, nan)), [0, 0])
    np.testing.assert_array_equal(grad(lambda x: np.nanmean(x))(x), [0.5, 0, 0.5, 0])


def test_an_infinite_cotangent_does_not_leak_to_smaller_elements():
    np.testing.assert_array_equal(grad(lambda x: np.sqrt(np.max(x)))(np.array([-1.0, 0.0])), [0, inf])


def test_ties_with_the_initial_value_are_shared_with_it():
    assert grad(lambda x: np.max(x, initial=2.0))(np.array([1.0, 2.0]))[1] == 0.5


@pytest.mark.parametrize("function", [np.sort, lambda x: np.partition(x, 1), lambda x: np.sort(x, kind="stable")])
def test_ties_of_sorting_share_the_derivative_equally(function):
    x, w = np.array([2.0, 1.0, 2.0, 2.0, 0.0]), np.array([1.0, 10.0, 100.0, 1000.0, 10000.0])
    want = [3700.0, 10.0, 3700.0, 3700.0, 1.0]
    np.testing.assert_allclose(grad(lambda x: w @ np.sort(x))(x), want)
    np.testing.assert_allclose(jacfwd(lambda x: w @ np.sort(x))(x), want)
    np.testing.assert_allclose(vmap(grad(lambda x: w @ np.sort(x)))(x[None])[0], want)
    np.testing.assert_allclose(vmap(jacfwd(lambda x: w @ np.sort(x)))(x[None])[0], want)
    matrix = jacobian(function)(x)
    np.testing.assert_allclose(matrix.sum(0), np.ones(5))
    np.testing.assert_allclose(matrix[:, [0, 2, 3]].sum(1) % 1, np.zeros(5), atol=1e-12)
    np.testing.assert_allclose(matrix @ x, function(x))


def test_sorting_keeps_values_to_the_last_bit_where_they_tie():
    x = np.full(3, 0.1)
    np.testing.assert_array_equal(vjp(np.sort, x)[0], x)
    np.testing.assert_array_equal(vmap(np.sort)(x[None])[0], x)


def test_equal_values_share_the_derivative_of_unique():
    x = np.array([3.0, 1.0, 3.0])
    np.testing.assert_allclose(jacobian(np.unique)(x), [[0, 1, 0], [0.5, 0, 0.5]])


def test_the_latest_of_ties_has_the_derivative_of_a_running_extreme():
    x = np.array([1.0, 3.0, 3.0, 2.0, nan, 5.0])
    np.testing.assert_array_equal(jacobian(np.maximum.accumulate)(x).argmax(1), [0, 1, 2, 2, 4, 4])
    np.testing.assert_array_equal(jacobian(np.minimum.accumulate)(x).argmax(1), [0, 0, 0, 0, 4, 4])


@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_ties_in_other_dtypes(dtype):
    x = np.array([[1.0, 1.0], [1.0, 0.0]], dtype)
    for f in (lambda x: np.sort(x, 0), lambda x: np.sort(x, None), lambda x: np.max(x, 0)):
        y, pull = vjp(f, x)
        bar = pull(np.arange(1, y.size + 1, dtype=dtype).reshape(y.shape))[0]
        assert bar.dtype == dtype
        assert np.real(bar).sum() == y.size * (y.size + 1) / 2


# ---- zeros -----------------------------------------------------------------------------------------------------------
def elementary(x, k):
    """The sum over all products of all but k elements: what is left of Π (xᵢ + t) at tᵏ."""
    return np.poly(-x)[len(x) - k] if k else np.prod(x)


@pytest.mark.parametrize("x", [[2.0, 3.0, 5.0], [0.0, 3.0, 5.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
def test_derivatives_of_a_product_at_zeros(x):
    """∂³(xyz)/∂x∂y∂z = 1 wherever it is taken; the second derivatives are the remaining factor."""
    x = np.array(x)
    for f in (np.prod, lambda x: np.cumprod(x)[-1], np.multiply.reduce, lambda x: np.multiply.accumulate(x)[2]):
        a, b, c = x
        np.testing.assert_allclose(grad(f)(x), [b * c, a * c, a * b])
        np.testing.assert_allclose(hessian(f)(x), [[0, c, b], [c, 0, a], [b, a, 0]])
        all_three = [float(len(set(index)) == 3) for index in np.ndindex(3, 3, 3)]
        np.testing.assert_allclose(jacfwd(jacrev(jacrev(f)))(x).ravel(), all_three)
        assert not jacrev(jacfwd(jacrev(jacrev(f))))(x).any()


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9])
def test_directional_derivatives_of_products_of_any_length(n):
    rng = np.random.default_rng(n)
    x = np.where(rng.random(n) < 0.4, 0.0, rng.normal(size=n))
    along = lambda t: np.prod(x + t)
    scan = lambda t: np.cumprod(x + t)[-1]
    for f in (along, scan):
        derivative, factorial = f, 1
        for k in range(4):
            np.testing.assert_allclose(derivative(0.0), factorial * elementary(x, k) if k <= n else 0, atol=1e-12)
            derivative, factorial = grad(derivative), factorial * (k + 1)


def test_the_linear_recurrence_is_solved():
    rng = np.random.default_rng(0)
    for n in range(1, 12):
        b, c = rng.normal(size=(2, n)), rng.normal(size=(2, n - 1))
        s = recurrence(b, c, 1)
        np.testing.assert_allclose(s[:, -1], b[:, -1])
        np.testing.assert_allclose(s[:, :-1], b[:, :-1] + c * s[:, 1:])


def test_the_spread_of_equal_numbers_has_derivative_zero():
    x = np.full(3, 2.0)
    for f in (np.std, np.var, lambda x: np.std(x, axis=0, ddof=1)):
        np.testing.assert_array_equal(grad(f)(x), np.zeros(3))
        np.testing.assert_array_equal(jvp(f, (x,), (np.arange(3.0),))[1], 0)


def test_empty_arrays():
    x = np.ones((0, 3))
    for f in (
        np.sum,
        np.prod,
        lambda x: np.sum(np.cumprod(x)),
        lambda x: np.sum(np.sort(x, 0)),
        lambda x: np.sum(x.max(1)),
    ):
        assert grad(f)(x).shape == (0, 3)


# ---- what leaves a transform -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "f", [np.sum, np.mean, np.max, np.prod, lambda x: np.sum(np.cumsum(x)), lambda x: np.sum(np.sort(x))]
)
def test_gradients_are_arrays_of_their_own(f):
    bar = grad(f)(np.array([1.0, 2.0]))
    assert bar.flags.writeable
    assert bar.strides == (8,)


def test_positions_are_plain_where_they_are_known():
    seen = []

    def f(x):
        seen.extend([np.argmax(x), np.argsort(x), np.any(x > 1), np.argpartition(x, 0), x.argmin()])
        assert type(np.count_nonzero(x)) is type(np.count_nonzero(x.value))
        return x[np.argmax(x)]

    assert grad(f)(np.array([1.0, 3.0, 2.0])).tolist() == [0, 1, 0]
    assert {type(value) for value in seen} == {np.int64, np.ndarray, np.bool_}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "complex128", ">f8"])
@pytest.mark.parametrize("shape", [(100, 5), (64, 64), (65, 65), (100, 0), (0, 5), (63, 3), (1000, 1)])
def test_what_was_repeated_along_rows_is_summed_over_them(shape, dtype):
    # Many rows of few columns are summed as a product with ones: whatever the size, NumPy's sum is the judge.
    factors = np.linspace(-1.0, 2.0, math.prod(shape)).reshape(shape).astype(dtype)
    bias = np.ones(shape[1:], dtype)
    y, pull = vjp(lambda b: factors * b, bias)
    (slope,) = pull(np.ones(shape, y.dtype))
    assert slope.dtype == bias.dtype
    digits = {"float32": 1e-4, "float16": 5e-2}.get(dtype, 1e-12)
    np.testing.assert_allclose(slope, np.sum(factors, axis=0), rtol=digits, atol=100 * digits)


def test_infinities_of_rows_reach_their_columns_alone():
    factors = np.ones((100, 3))
    factors[5, 1], factors[6, 2] = np.inf, np.nan
    same(grad(lambda b: np.sum(b * factors))(np.ones(3)), np.array([100.0, np.inf, np.nan]))
