"""Convolutions, interpolation, differences on grids and sequences are NumPy's in value, dtype and refusal."""

from functools import partial

import numpy as np
import pytest

from funcgrad import eval_shape, grad, jacfwd, jacobian, jit, vjp, vmap
from funcgrad.errors import FuncgradError, LostDerivative, UnsupportedFunction

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=6), RNG.normal(size=3)
XP, FP = np.array([0.0, 1.0, 3.0]), np.array([1.0, 4.0, -2.0])


def raised(f):
    with pytest.raises(Exception) as caught:
        f()
    return type(caught.value), str(caught.value)


WRONG = {
    "convolve nothing": lambda x: np.convolve(x[:0], x),
    "convolve with nothing": lambda x: np.convolve(x, x[:0]),
    "convolve matrices": lambda x: np.convolve(x[None], x),
    "convolve mode": lambda x: np.convolve(x, x, "all"),
    "convolve mode number": lambda x: np.convolve(x, x, 3),
    "correlate nothing": lambda x: np.correlate(x[:0], x),
    "correlate with nothing": lambda x: np.correlate(x, x[:0]),
    "correlate matrices": lambda x: np.correlate(x[None], x),
    "correlate numbers": lambda x: np.correlate(x[0], x),
    "correlate mode": lambda x: np.correlate(x, x, "all"),
    "interp lengths": lambda x: np.interp(0.5, x, x[1:]),
    "interp matrix": lambda x: np.interp(0.5, x[None], x[None]),
    "interp nothing": lambda x: np.interp(0.5, x[:0], x[:0]),
    "interp complex places": lambda x: np.interp(x * 1j, XP, FP),
    "interp period": lambda x: np.interp(x, XP, FP, period=0),
    "interp period lengths": lambda x: np.interp(x, XP, FP[1:], period=2),
    "interp period matrix": lambda x: np.interp(x, XP[None], FP, period=2),
    "unwrap axis": lambda x: np.unwrap(x, axis=1),
    "gradient short": lambda x: np.gradient(x[:1]),
    "gradient short for second order": lambda x: np.gradient(x[:2], edge_order=2),
    "gradient order": lambda x: np.gradient(x, edge_order=3),
    "gradient spacings": lambda x: np.gradient(x, 1.0, 2.0),
    "gradient spacing": lambda x: np.gradient(x, np.ones((2, 2))),
    "gradient places": lambda x: np.gradient(x, np.arange(3)),
    "gradient axis": lambda x: np.gradient(x, axis=1),
    "vander": lambda x: np.vander(x[None]),
    "linspace": lambda x: np.linspace(x, 1.0, -1),
    "linspace half": lambda x: np.linspace(x, 1.0, 2.5),
    "linspace axis": lambda x: np.linspace(x, 1.0, 2, axis=3),
    "geomspace": lambda x: np.geomspace(x * 0, 1.0, 3),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_numpy_refuses_is_refused_in_its_words(name):
    f = WRONG[name]
    want = raised(lambda: f(X))
    assert raised(lambda: vjp(f, X)) == want
    if name != "geomspace":  # there the numbers matter
        assert raised(lambda: eval_shape(f, X)) == want


def checked(f, *args, rtol=1e-13):
    """Value, dtype and Type are NumPy's."""
    z, _ = vjp(f, *args)
    want, kind = f(*args), eval_shape(f, *args)
    assert z.dtype == want.dtype == kind.dtype
    assert np.shape(z) == np.shape(want) == kind.shape
    np.testing.assert_allclose(z, want, rtol=rtol, atol=rtol)


# ---- convolve, correlate ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("mode", ["full", "same", "valid", 0, 1, 2])
@pytest.mark.parametrize("m", [1, 2, 3, 6, 7, 8])
def test_all_modes_at_all_lengths(mode, m):
    y = RNG.normal(size=m)
    for f in (np.convolve, np.correlate):
        for dtype in ("float32", "complex128"):
            turn = 1j if dtype == "complex128" else 1
            checked(
                lambda x, y, f=f: f(x, y, mode), (X * turn + 1).astype(dtype), (y * turn + 2).astype(dtype), rtol=1e-5
            )


def test_numbers_are_signals_of_one_sample():
    assert grad(lambda x: np.convolve(x, 2.0)[0])(3.0) == 2.0
    np.testing.assert_array_equal(jacobian(lambda x: np.convolve(X, x))(3.0), X)


def test_integers_and_truth_values():
    x, y = np.arange(4), np.array([True, False, True])
    np.testing.assert_array_equal(vmap(np.convolve)(x[None], y[None])[0], np.convolve(x, y))
    assert vmap(np.correlate)(y[None], y[None]).dtype == bool


def test_a_long_kernel_goes_by_parts():
    x, y = RNG.normal(size=9000), RNG.normal(size=8990)
    checked(lambda x, y: np.correlate(x, y), x, y, rtol=1e-11)
    xbar, ybar = grad(lambda x, y: np.sum(np.correlate(x, y)), (0, 1))(x, y)
    np.testing.assert_allclose(ybar[4000], np.sum(x[4000:4011]))
    np.testing.assert_allclose(xbar[4000], np.sum(y[3990:4001]))


def test_a_kernel_shared_by_a_batch():
    rows, w = RNG.normal(size=(4, 6)), RNG.normal(size=3)
    f = vmap(lambda x, w: np.convolve(x, w, "same"), in_axes=(0, None))
    np.testing.assert_allclose(f(rows, w), [np.convolve(x, w, "same") for x in rows], rtol=1e-12)
    slope = grad(lambda w: np.sum(f(rows, w)))(w)
    np.testing.assert_allclose(slope, sum(grad(lambda w, x=x: np.sum(np.convolve(x, w, "same")))(w) for x in rows))


def test_infinities_of_a_branch_not_taken_stay_out():
    def f(x):
        return np.sum(np.where(np.arange(3) > 0, np.convolve(1 / x, np.ones(2), "same"), 0.0)[2:])

    x = np.array([0.0, 1.0, 2.0])
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(grad(f)(x)[1:], [-1.0, -0.25])
        g = lambda y: np.where(y > 5, np.convolve(np.array([np.inf, 1.0]), y, "full")[:1], y)[0]
        np.testing.assert_array_equal(grad(g)(np.array([1.0])), [1.0])
        np.testing.assert_array_equal(jit(grad(g))(np.array([1.0])), [1.0])


# ---- interp ----------------------------------------------------------------------------------------------------------
def test_interp_at_the_points_and_beyond():
    x = np.array([-1.0, 0.0, 0.5, 1.0, 3.0, 4.0, np.nan])
    checked(lambda x, xp, fp: np.interp(x, xp, fp), x, XP, FP)
    np.testing.assert_array_equal(vjp(np.interp, x, XP, FP)[0], np.interp(x, XP, FP))
    slopes = np.diagonal(jacobian(lambda x: np.interp(x, XP, FP))(x))[:6]
    np.testing.assert_array_equal(slopes, [0.0, 3.0, 3.0, -3.0, -3.0, 0.0])
    np.testing.assert_array_equal(jacobian(lambda fp: np.interp(4.0, XP, fp))(FP), [0, 0, 1])
    np.testing.assert_array_equal(jacobian(lambda fp: np.interp(4.0, XP, fp, right=9.0))(FP), [0, 0, 0])
    assert grad(lambda x, end: np.interp(x, XP, FP, right=end), (0, 1))(4.0, 7.0) == (0, 1)


def test_interp_of_one_point_and_of_equal_ones():
    x = np.array([0.5, 1.0, 2.0])
    checked(lambda x, fp: np.interp(x, [1.0], fp, 5.0, 6.0), x, np.array([2.0]))
    checked(lambda x, fp: np.interp(x, [0.0, 1.0, 1.0], fp), x, FP)
    np.testing.assert_array_equal(jacobian(lambda x: np.interp(x, [0.0, 1.0, 1.0], FP))(x)[1], [0, 0, 0])


def test_interp_is_in_double_precision():
    checked(lambda x: np.interp(x, XP, FP), np.array([0.5, 2.0], "float32"))
    checked(lambda fp: np.interp([0.5, 2.0], XP, fp), (FP + 1j).astype("complex64"))
    assert grad(lambda x: np.interp(x, XP, FP))(np.float32(0.5)).dtype == np.float32
    assert grad(lambda x: np.interp(x, [0, 1, 3], [1, 4, -2]))(0.5) == 3.0


def test_interp_while_unknown():
    places = RNG.uniform(-1, 4, size=(5, 2))
    lines = RNG.normal(size=(5, 3))
    want = [np.interp(x, XP, fp) for x, fp in zip(places, lines, strict=True)]
    np.testing.assert_allclose(vmap(lambda x, fp: np.interp(x, XP, fp))(places, lines), want)
    np.testing.assert_allclose(
        vmap(lambda x: np.interp(x, XP, FP, period=2.5))(places), np.interp(places, XP, FP, period=2.5)
    )
    spread = np.sort(RNG.normal(size=(5, 3)), axis=1)
    want = [np.interp(x, xp, FP) for x, xp in zip(places, spread, strict=True)]
    np.testing.assert_allclose(vmap(lambda x, xp: np.interp(x, xp, FP))(places, spread), want)
    np.testing.assert_allclose(jit(lambda x: np.interp(x, XP, FP))(places), np.interp(places, XP, FP))


def test_interp_where_only_an_end_is_traced_is_refused():
    with pytest.raises((LostDerivative, UnsupportedFunction)):
        grad(lambda end: np.interp(4.0, XP, FP, right=end))(1.0)


def test_interp_with_a_traced_period():
    slope = grad(lambda period: np.interp(5.5 + 0 * period, XP, FP, period=period))(4.0)
    near = [np.interp(5.5, XP, FP, period=4.0 + h) for h in (1e-6, -1e-6)]
    np.testing.assert_allclose(slope, (near[0] - near[1]) / 2e-6, rtol=1e-6)


# ---- unwrap, gradient ------------------------------------------------------------------------------------------------
def test_unwrap():
    p = np.array([[0.0, 3.0, 7.0, -9.0], [1.0, 1.0 + np.pi, 1.0, 40.0]])
    for options in ({}, {"axis": 0}, {"discont": 4.0}, {"period": 5}, {"discont": 1.0, "period": 3.5}):
        checked(lambda p, options=options: np.unwrap(p, **options), p)
    checked(np.unwrap, p.astype("float32"), rtol=1e-6)
    np.testing.assert_array_equal(jacobian(np.unwrap)(p[0]), np.eye(4))
    for period in (7, 8):
        ints = np.array([0, 4, 9, -3, 20])
        np.testing.assert_array_equal(
            vmap(partial(np.unwrap, period=period))(ints[None])[0], np.unwrap(ints, period=period)
        )


def test_unwrap_of_integers_by_periods_not_known():
    ints, periods = np.array([0, 4, 9, -3, 20]), np.array([7, 8])
    got = vmap(lambda period: np.unwrap(ints + 0 * period, period=period))(periods)
    np.testing.assert_array_equal(got, [np.unwrap(ints, period=int(period)) for period in periods])


def test_unwrap_moves_by_whole_periods():
    p = np.array([0.0, 5.0, 11.0])
    slope = jacobian(lambda period: np.unwrap(p + 0 * period, period=period))(6.0)
    np.testing.assert_array_equal(slope, [0, -1, -2])


def test_gradient_is_numpy_s():
    f, t = RNG.normal(size=(4, 5)), np.array([0.0, 1.0, 3.0, 4.0])
    for args, options in [
        ((), {}),
        ((2,), {}),
        ((2.0, 3.0), {"edge_order": 2}),
        ((t, 1.0), {"edge_order": 2}),
        ((np.arange(4), np.arange(5)), {}),
        ((t,), {"axis": 0}),
        ((t,), {"axis": (0,)}),
        ((2.0, t), {"axis": (1, 0)}),
        ((np.int8(100),), {"axis": 1, "edge_order": 2}),
        (([0, 1, 3, 4], 2), {}),
    ]:
        got, want = (
            vjp(lambda f, args=args, options=options: np.gradient(f, *args, **options), f)[0],
            np.gradient(f, *args, **options),
        )
        assert type(got) is type(want)
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
    checked(lambda x: np.gradient(x, np.array([0.0, 1.0, 3.0])), np.array([1, 2, 4], "float32"), rtol=1e-6)
    np.testing.assert_array_equal(vmap(np.gradient)(np.array([[1, 2, 4]]))[0], np.gradient([1, 2, 4]))
    assert vjp(lambda f: np.gradient(f, axis=()), f)[0] == ()


def test_equal_distances_that_are_traced_have_each_their_slope():
    f, t = X, np.arange(6.0)
    J = jacobian(lambda t: np.gradient(f, t))(t)
    h = 1e-6 * np.eye(6)
    want = np.stack([(np.gradient(f, t + one) - np.gradient(f, t - one)) / 2e-6 for one in h], axis=1)
    np.testing.assert_allclose(J, want, atol=1e-8)


# ---- sequences -------------------------------------------------------------------------------------------------------
def test_linspace():
    for options in ({}, {"num": 1}, {"num": 0}, {"num": 7, "endpoint": False}, {"axis": -1}, {"dtype": np.float32}):
        checked(lambda a, b, options=options: np.linspace(a, b, **options), X[:2], X[2:4])
        checked(lambda a, options=options: np.linspace(a, 3, **options), np.float32(1.5), rtol=1e-6)
    whole = vjp(lambda a: np.linspace(a, 5.0, 4, dtype=int), 0.0)[0]
    np.testing.assert_array_equal(whole, [0, 1, 3, 5])
    np.testing.assert_allclose(jacfwd(lambda a: np.linspace(a, 5.0, 5))(1.0), [1, 0.75, 0.5, 0.25, 0])
    assert grad(lambda a: np.linspace(a, 5.0, 5, retstep=True)[1])(1.0) == -0.25
    assert np.isnan(vjp(lambda a: np.linspace(a, 5.0, 1, retstep=True), 1.0)[0][1])
    with pytest.raises(UnsupportedFunction, match="device"):
        vjp(lambda a: np.linspace(a, 5.0, device="gpu"), 1.0)


def test_logspace_and_geomspace():
    checked(lambda a: np.logspace(a, 2, 4), np.float32(1.5), rtol=1e-5)
    checked(lambda a: np.logspace(a, 2, 4, base=np.array([2.0, 3.0])), 1.5)
    checked(lambda base: np.logspace(0, 2, 4, base=base), 1.5)
    checked(lambda base: np.logspace(0, 2, 4, base=base, dtype=np.float32), 1.5, rtol=1e-6)
    for a, b in ((1.0, 1000.0), (-1.0, -8.0), (1j, -16j), (np.array([1.0, 2.0]), 3.0), (1e-200, 1e200)):
        for options in ({}, {"num": 1}, {"num": 0}, {"num": 4, "endpoint": False}, {"axis": -1}):
            checked(lambda a, b, options=options: np.geomspace(a, b, **options), a, b, rtol=1e-12)
    checked(lambda a: np.geomspace(a, 8, 4, dtype=np.float32), 1.5, rtol=1e-6)
    np.testing.assert_allclose(jacobian(lambda a: np.geomspace(a, -16.0, 3))(-1.0), [1, 2, 0], atol=1e-12)


def test_vander():
    for dtype in ("float32", "float64", "complex128"):
        for n in (None, 0, 1, 5):
            for increasing in (False, True):
                checked(lambda x, n=n, up=increasing: np.vander(x, n, up), X[:3].astype(dtype))
    np.testing.assert_array_equal(jacobian(lambda x: np.vander(x, 3))(np.array([0.0]))[0, :, 0], [0, 1, 0])
    ints = np.array([[1, 2, 3]])
    np.testing.assert_array_equal(vmap(np.vander)(ints)[0], np.vander(ints[0]))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.unwrap(X, period=x),
        lambda x: np.gradient(X, x, axis=x),
        lambda x: np.linspace(0.0, 1.0, x),
    ],
)
def test_nothing_drops_a_derivative_silently(call):
    with pytest.raises((FuncgradError, TypeError)):
        grad(lambda x: np.sum(call(x)))(2.0)


def test_questions_about_zeros_are_asked_where_they_have_answers():
    space = jit(lambda a: np.geomspace(a, 8.0, 3))
    np.testing.assert_allclose(space(2.0), [2, 4, 8])
    with pytest.raises(ValueError, match="Geometric sequence cannot include zero"):
        space(0.0)
    np.testing.assert_allclose(vmap(lambda a: np.geomspace(a, 8.0, 3))(np.array([2.0])), [[2, 4, 8]])
    around = jit(lambda period: np.interp(4.5 + 0 * period, XP, FP, period=period))
    np.testing.assert_allclose(around(4.0), 2.5)
    with pytest.raises(ValueError, match="period must be a non-zero value"):
        around(0.0)


def test_a_complex_distance_between_real_samples_is_refused():
    with pytest.raises(LostDerivative, match=r"np.gradient would discard the imaginary part"):
        vjp(lambda h: np.gradient(X, h), 1j)
