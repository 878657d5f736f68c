"""funcgrad.optimize: SciPy's solvers on trees, what they are given, their answers' derivatives, and refusals."""

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import BFGS, Bounds, LinearConstraint, NonlinearConstraint, rosen_der, rosen_hess

from funcgrad import grad, hessian, jacobian, jit, jvp, stop_gradient, tree, value_and_grad, vmap
from funcgrad.errors import (
    BadAnswer,
    BadArgument,
    LostDerivative,
    NotConverged,
    SingularSystem,
    UnknownValue,
    UnsupportedFunction,
)
from funcgrad.optimize import least_squares, minimize, root, root_scalar
from tests.unit.refusing import check, registry

REFUSALS, refuses = registry()
START = np.array([0.8, 0.9, 1.1])
#: A method, and its tolerance here on the place of the minimum.
FREE = {"Nelder-Mead": 1e-4, "Powell": 1e-6}
SLOPED = {"CG": 1e-5, "BFGS": 1e-5, "L-BFGS-B": 1e-4, "TNC": 1e-3, "SLSQP": 1e-3}
BENT = {"Newton-CG": 1e-4, "trust-constr": 1e-5, "trust-ncg": 1e-5, "trust-krylov": 1e-5, "trust-exact": 1e-4}
T = np.linspace(0.0, 1.0, 8)
Y = np.exp(T) + 0.1 * np.cos(9 * T)


def rosen(x):
    """Rosenbrock's function; SciPy's own asks for a plain array."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def bowl(x, t):
    """Its minimum is x = t² - 1/4·(1, …)."""
    return np.sum((x - t * t) ** 2 + 0.5 * x)


def best(t, **options):
    return minimize(bowl, np.zeros(2), (t,), **options).x


# ---- minimize: plain -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("method", "error"), [*FREE.items(), *SLOPED.items(), *BENT.items()])
def test_every_method_takes_the_way_that_it_takes_with_derivatives_by_hand(method, error):
    found = minimize(rosen, START, method=method)
    by_hand = {"jac": rosen_der} if method not in FREE else {}
    if method in BENT:
        by_hand["hess"] = rosen_hess
    theirs = scipy.optimize.minimize(rosen, START, method=method, **by_hand)
    np.testing.assert_allclose(found.x, np.ones(3), atol=error)
    np.testing.assert_allclose(found.x, theirs.x, atol=error)
    assert found.success
    assert abs(found.nit - theirs.nit) <= 2
    assert abs(found.nfev - theirs.nfev) <= 6 or method in BENT


def test_a_minimum_over_a_tree_has_the_tree():
    found = minimize(lambda p: np.sum((p["w"] - 2.0) ** 2) + (p["b"] + 1.0) ** 4, {"w": np.zeros((2, 2)), "b": 0})
    assert tree.structure(found.x) == tree.structure(found.jac) == tree.structure({"b": 0.0, "w": 0.0})
    assert found.x["w"].shape == (2, 2)
    assert type(found.x["b"]) is np.float64
    np.testing.assert_allclose(found.x["w"], 2.0, atol=1e-5)
    assert found.success is True
    assert "success" in found.message.lower()


def test_a_list_of_numbers_is_an_array_as_in_scipy():
    assert minimize(lambda x: x @ x, [1.0, 2.0]).x.shape == (2,)
    assert type(minimize(lambda x: x[0] @ x[0], [np.ones(2)]).x) is list


def test_pythons_control_flow_is_legal_where_nothing_is_traced():
    found = minimize(lambda x: (x - 1.0) ** 2 if x > 0 else 1.0 - 2.0 * x, 3.0)
    assert found.x == pytest.approx(1.0)


def test_single_precision_is_minimised_in_double_and_comes_back_single():
    seen = set()

    def f(x):
        seen.add(x.dtype)
        return np.sum((x - np.float32(0.3)) ** 2)

    found = minimize(f, np.zeros(2, np.float32))
    assert (found.x.dtype, seen) == (np.float32, {np.dtype(np.float32)})
    np.testing.assert_allclose(found.x, 0.3, rtol=1e-5)


def test_arrays_that_the_function_keeps_do_not_change_and_may_be_written_to():
    """SciPy hands the same array over again, and changes it in place."""
    kept = []

    def f(x):
        kept.append(x if isinstance(x, np.ndarray) else x.value)
        return (x[0] - 1.0) ** 2 + (x[1] - 2.0) ** 2

    minimize(f, np.asfortranarray(np.zeros(2)), method="L-BFGS-B")
    before = [np.array(x) for x in kept]
    minimize(f, np.zeros(2), method="L-BFGS-B")
    assert all(np.array_equal(x, y) for x, y in zip(kept, before, strict=False))
    assert len({tuple(x) for x in before}) > 2


def test_a_read_only_and_fortran_ordered_start_is_legal_and_stays():
    start = np.asfortranarray(np.ones((2, 3)))
    start.flags.writeable = False
    found = minimize(lambda x: np.sum((x.T @ x - np.eye(3)) ** 2) + np.sum(x**2), start, method="TNC")
    assert found.x.shape == (2, 3)
    assert np.all(start == 1.0)


def test_a_nan_on_the_way_is_scipys_to_handle():
    with np.errstate(invalid="ignore"):
        found = minimize(lambda x: np.sum(x - np.log(x)), np.array([0.1]), method="Nelder-Mead")
    assert found.x == pytest.approx([1.0], abs=1e-3)


def test_callbacks_get_trees():
    seen = []
    minimize(lambda p: (p["a"] - 1.0) ** 2, {"a": 0.0}, callback=lambda p: seen.append(p["a"]))
    assert seen[-1] == pytest.approx(1.0)


def test_a_quasi_newton_strategy_is_legal_as_hess():
    assert minimize(rosen, START, method="trust-constr", hess=BFGS()).x == pytest.approx(np.ones(3), abs=1e-3)


def test_options_and_tolerance_go_to_scipy():
    assert minimize(rosen, START, options={"maxiter": 1}).success is False
    assert minimize(rosen, START, tol=1e-1).nit < minimize(rosen, START, tol=1e-8).nit


# ---- bounds and constraints ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "bounds", [[(None, 1.0), (2.0, None)], Bounds([-np.inf, 2.0], [1.0, np.inf]), (np.array([[-9.0, 1.0], [2.0, 9.0]]))]
)
def test_bounds_of_one_array_are_scipys(bounds):
    np.testing.assert_allclose(minimize(lambda x: np.sum((x - 1.5) ** 2), np.zeros(2), bounds=bounds).x, [1.0, 2.0])


def test_bounds_of_a_tree_are_a_tree_of_pairs():
    def f(p):
        return np.sum((p["w"] - 1.5) ** 2) + (p["b"] - 3.0) ** 2

    start = {"w": np.zeros(2), "b": 0.0}
    found = minimize(f, start, bounds={"w": (None, np.array([1.0, 2.0])), "b": (0.0, 2.0)}).x
    np.testing.assert_allclose(found["w"], [1.0, 1.5])
    assert found["b"] == 2.0
    assert minimize(f, start, bounds={"w": None, "b": (0, 1)}).x["b"] == 1.0
    assert minimize(f, start, bounds=(0.0, 1.0)).x["b"] == 1.0
    assert minimize(lambda x: x * x, 3.0, bounds=(2.0, None)).x == 2.0
    assert minimize(lambda x: x * x, 3.0, bounds=[(2.0, None)]).x == 2.0


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
@pytest.mark.parametrize("kind", ["dict", "nonlinear"])
def test_constraints_are_functions_of_the_tree(method, kind):
    def f(p):
        return p["x"] + p["y"]

    def disc(p):
        return 2.0 - p["x"] ** 2 - p["y"] ** 2

    constraint = {"type": "ineq", "fun": disc} if kind == "dict" else NonlinearConstraint(disc, 0.0, np.inf)
    found = minimize(f, {"x": 0.5, "y": 0.1}, method=method, constraints=constraint)
    assert [found.x["x"], found.x["y"]] == pytest.approx([-1.0, -1.0], abs=1e-4)


def test_linear_constraints_are_of_the_vector():
    found = minimize(lambda x: x @ x, np.ones(2), constraints=[LinearConstraint([[1.0, 1.0]], 1.0, 1.0)])
    np.testing.assert_allclose(found.x, [0.5, 0.5])


# ---- minimize: derivatives of the answer ---------------------------------------------------------------------------
@pytest.mark.parametrize("options", [{}, {"method": "trust-exact"}, {"method": "Nelder-Mead"}, {"tangent": "cg"}])
def test_the_minimum_is_differentiable_with_respect_to_further_arguments(options):
    tight = {"options": {"xatol": 1e-10, "fatol": 1e-14}} if options.get("method") == "Nelder-Mead" else {"tol": 1e-9}
    options = options | tight
    assert jacobian(lambda t: best(t, **options))(1.5) == pytest.approx([3.0, 3.0])
    assert jacobian(jacobian(lambda t: best(t, **options)))(1.5) == pytest.approx([2.0, 2.0])
    assert jvp(lambda t: best(t, **options), (1.5,), (2.0,))[1] == pytest.approx([6.0, 6.0])


def test_every_field_of_a_result_is_right_under_every_transform():
    def f(t):
        return minimize(bowl, np.zeros(2), (t,), tol=1e-9)

    plain, (_, traced), staged = f(1.5), value_and_grad(lambda t: (f(t).fun, f(t)), has_aux=True)(1.5)[0], jit(f)(1.5)
    for found in (traced, staged):
        assert found.x == pytest.approx(plain.x)
        assert found.fun == pytest.approx(plain.fun)
        assert found.jac == pytest.approx(plain.jac, abs=1e-7)
        assert (found.success, found.nit, found.nfev) == (plain.success, plain.nit, plain.nfev)
    assert (traced.message, staged.message) == (plain.message, "")
    batch = vmap(f)(np.array([1.0, 1.5]))
    assert batch.x[1] == pytest.approx(plain.x)
    assert batch.nit.tolist() == [f(1.0).nit, f(1.5).nit]


def test_the_value_at_the_minimum_has_the_envelopes_derivative():
    def value(t):
        return minimize(bowl, np.zeros(2), (t,), tol=1e-9).fun

    assert value(1.5) == pytest.approx(2 * (1 / 16 + 0.5 * 2.0))
    assert grad(value)(1.5) == pytest.approx(2 * 0.5 * 3.0)  # ∂/∂t of Σ x/2 at x = t² - 1/4


def test_the_gradient_at_the_minimum_stays_nought():
    slopes = jacobian(lambda t: minimize(bowl, np.zeros(2), (t,), tol=1e-9).jac)(1.5)
    assert slopes == pytest.approx([0.0, 0.0], abs=1e-9)


def test_closures_over_traced_values_are_legal():
    def f(t):
        return np.sum(minimize(lambda x: bowl(x, t["t"]) + np.sum(stop_gradient(t["s"]) * x), np.zeros(2), tol=1e-9).x)

    assert grad(f)({"t": 1.5, "s": 0.0}) == {"t": pytest.approx(6.0), "s": 0.0}


def test_numbers_on_a_bound_stay_there_and_the_others_move():
    def f(x, t):
        return np.sum((x - t) ** 2) + x[0] * x[1]

    def bounded(t, **options):
        return minimize(f, np.full(3, 0.1), (t,), bounds=[(None, 1.0), (None, None), (0.0, None)], **options).x

    for options in ({}, {"tangent": "cg"}, {"method": "TNC"}):
        assert bounded(2.0, **options) == pytest.approx([1.0, 1.5, 2.0], abs=1e-4)
        assert jacobian(lambda t, options=options: bounded(t, **options))(2.0) == pytest.approx([0.0, 1.0, 1.0])
    assert jit(jacobian(bounded))(2.0) == pytest.approx([0.0, 1.0, 1.0])
    assert vmap(jacobian(bounded))(np.array([2.0, 0.5])) == pytest.approx(
        np.array([[0.0, 1.0, 1.0], [2 / 3, 2 / 3, 1.0]])
    )


def test_no_derivative_goes_to_the_start():
    assert grad(lambda x0: minimize(lambda x: (x - 1.0) ** 2, x0).x)(3.0) == 0.0


def test_single_precision_under_a_derivative():
    def f(t):
        return np.sum(minimize(bowl, np.zeros(2, np.float32), (t,)).x)

    assert f(np.float32(1.5)).dtype == grad(f)(np.float32(1.5)).dtype == np.float32
    assert grad(f)(np.float32(1.5)) == pytest.approx(6.0, rel=1e-5)


def test_a_minimum_of_a_minimum():
    def inner(t):
        return minimize(lambda x: (x - np.sin(t)) ** 2 + 0.1 * x**4, 0.0, tol=1e-10).x

    def outer(s):
        return minimize(lambda t: (inner(t) - s) ** 2 + 0.01 * t**2, 0.1, tol=1e-9).x

    h = 1e-4
    assert grad(outer)(0.3) == pytest.approx((outer(0.3 + h) - outer(0.3 - h)) / (2 * h), rel=1e-6)


# ---- least_squares -------------------------------------------------------------------------------------------------
def curve(p, y):
    return p["a"] * np.exp(p["b"] * T) - y


@pytest.mark.parametrize("loss", ["linear", "soft_l1", "huber", "cauchy", "arctan"])
def test_a_fit_and_its_derivative_by_the_data(loss):
    def fit(y):
        options = {"loss": loss, "f_scale": 0.1, "ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-13}
        return least_squares(curve, {"a": 1.0, "b": 0.5}, args=(y,), **options)

    theirs = scipy.optimize.least_squares(
        lambda p: p[0] * np.exp(p[1] * T) - Y, [1.0, 0.5], loss=loss, f_scale=0.1, xtol=1e-12
    )
    found = fit(Y)
    assert [found.x["a"], found.x["b"]] == pytest.approx(theirs.x, rel=1e-5)
    assert found.cost == pytest.approx(theirs.cost)
    assert jit(fit)(Y).cost == pytest.approx(theirs.cost)
    v = np.sin(np.arange(8.0))
    slope = jvp(lambda y: fit(y).x["b"], (Y,), (v,))[1]
    h = 1e-4
    assert slope == pytest.approx((fit(Y + h * v).x["b"] - fit(Y - h * v).x["b"]) / (2 * h), rel=1e-4)
    assert np.dot(grad(lambda y: fit(y).x["b"])(Y), v) == pytest.approx(slope)


def test_a_linear_fit_has_the_pseudo_inverse_as_its_derivative():
    M = np.vander(T, 3)
    slopes = jacobian(lambda y: least_squares(lambda p: M @ p - y, np.zeros(3)).x)(Y)
    np.testing.assert_allclose(slopes, np.linalg.pinv(M), atol=1e-9)


def test_a_fit_within_bounds():
    def fit(y):
        return least_squares(lambda p: p[0] + p[1] * T - y, np.zeros(2), bounds=([-9.0, -9.0], [9.0, 1.0]))

    assert fit(2 * T).x[1] == pytest.approx(1.0, abs=1e-6)
    slopes = jacobian(lambda y: fit(y).x)(2 * T)
    np.testing.assert_allclose(slopes[0], np.full(8, 1 / 8), atol=1e-9)
    np.testing.assert_allclose(slopes[1], 0.0, atol=1e-9)


def test_the_options_of_least_squares_go_to_scipy(capsys):
    start = {"a": 1.0, "b": 0.5}
    found = least_squares(curve, start, args=(Y,), max_nfev=1, verbose=2, tr_solver="lsmr", tr_options={"damp": 0.1})
    assert (found.success, found.nfev) == (False, 1)
    assert "maximum number of function evaluations" in found.message
    assert "Iteration" in capsys.readouterr().out


@pytest.mark.parametrize("options", [{"method": "lm"}, {"method": "dogbox", "x_scale": 2.0}, {"tangent": "cg"}])
def test_other_methods_fit_too(options):
    found = least_squares(curve, {"a": 1.0, "b": 0.5}, args=(np.exp(T),), **options)
    assert [found.x["a"], found.x["b"]] == pytest.approx([1.0, 1.0])
    slope = grad(lambda s: least_squares(curve, {"a": 1.0, "b": 0.5}, args=(s * np.exp(T),), **options).x["a"])(1.0)
    assert slope == pytest.approx(1.0)


def test_residuals_come_back_as_the_function_returns_them():
    def residuals(p, y):
        return {"fit": p - y, "prior": 0.1 * p}

    found = least_squares(residuals, np.ones(2), args=(np.zeros(2),))
    assert tree.structure(found.fun) == tree.structure({"fit": 0.0, "prior": 0.0})
    slopes = jacobian(lambda y: least_squares(residuals, np.ones(2), args=(y,)).fun)(np.zeros(2))
    np.testing.assert_allclose(slopes["prior"], 0.1 / 1.01 * np.eye(2), atol=1e-9)


def test_keywords_go_to_the_function():
    found = least_squares(lambda p, *, y: p - y, 0.0, kwargs={"y": 3.0})
    assert found.x == pytest.approx(3.0)
    assert grad(lambda y: least_squares(lambda p, *, y: p - y, 0.0, kwargs={"y": y}).x)(3.0) == pytest.approx(1.0)


# ---- roots ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["hybr", "lm", "broyden1", "krylov", "df-sane"])
def test_a_root_by_every_kind_of_method(method):
    def equations(x, t):
        return x**3 + 0.1 * np.sum(x) - t * np.arange(1.0, 4.0)

    def f(t):
        return np.sum(root(equations, np.ones(3), (t,), method).x)

    x = root(equations, np.ones(3), (1.0,), method).x
    np.testing.assert_allclose(equations(x, 1.0), 0.0, atol=1e-4)
    slope = np.sum(np.linalg.solve(np.diag(3 * x**2) + 0.1, np.arange(1.0, 4.0)))
    assert grad(f)(1.0) == pytest.approx(slope, rel=1e-4)
    assert jit(grad(f))(1.0) == pytest.approx(slope, rel=1e-4)


def test_a_root_of_trees():
    def equations(p, r):
        return p["x"] ** 2 + p["y"] ** 2 - r**2, p["x"] - p["y"]

    found = root(equations, {"x": 1.0, "y": 1.0}, (2.0,))
    assert found.fun == pytest.approx((0.0, 0.0), abs=1e-9)
    slopes = grad(lambda r: root(equations, {"x": 1.0, "y": 1.0}, (r,)).x["y"])(2.0)
    assert slopes == pytest.approx(np.sqrt(0.5))


def test_the_options_of_root_and_root_scalar_go_to_scipy():
    seen = []
    found = root(
        lambda p: {"a": p["a"] ** 2 - 4.0}, {"a": 1.0}, method="broyden1", callback=lambda p, f: seen.append(p)
    )
    assert seen[-1]["a"] == pytest.approx(found.x["a"]) == pytest.approx(2.0, abs=1e-4)
    assert root(lambda x: x**2 - 4.0, 100.0, method="lm", options={"maxiter": 2}).success is False
    bracket = (0.0, 10.0)
    exact = root_scalar(lambda x: x**3 - 8.0, bracket=bracket, method="bisect", xtol=1e-12, rtol=1e-12)
    rough = root_scalar(lambda x: x**3 - 8.0, bracket=bracket, method="bisect", xtol=1e-2)
    assert rough.iterations < exact.iterations
    short = root_scalar(lambda x: x**3 - 8.0, bracket=bracket, method="bisect", maxiter=3, options={"disp": False})
    assert (short.converged, short.iterations) == (False, 3)


STARTS = {
    "brentq": {"bracket": (0.0, 10.0)}, "bisect": {"bracket": (0.0, 10.0)}, "toms748": {"bracket": (0.0, 10.0)},
    "newton": {"x0": 1.0}, "halley": {"x0": 1.0}, "secant": {"x0": 1.0, "x1": 2.0}, None: {"x0": 1.0},
}  # fmt: skip


@pytest.mark.parametrize("method", STARTS)
def test_a_root_of_one_equation(method):
    def f(a):
        return root_scalar(lambda x, a: x**3 - a, (a,), method, **STARTS[method]).root

    assert f(8.0) == pytest.approx(2.0)
    assert grad(f)(8.0) == pytest.approx(1 / 12)
    assert grad(grad(f))(8.0) == pytest.approx(-2 / 9 * 8 ** (-5 / 3))
    assert jit(f)(27.0) == pytest.approx(3.0)
    assert vmap(grad(f))(np.array([1.0, 8.0])) == pytest.approx([1 / 3, 1 / 12])


def test_the_hessian_of_a_root_over_several_arguments():
    def f(p):
        return root_scalar(lambda x: x * np.exp(x) * p[0] - p[1], bracket=(0.0, 5.0), xtol=1e-13).root

    p, h = np.array([1.0, 2.0]), 1e-4
    for v in np.eye(2):
        slope = (grad(f)(p + h * v) - grad(f)(p - h * v)) / (2 * h)
        np.testing.assert_allclose(hessian(f)(p) @ v, slope, rtol=1e-6)


@pytest.mark.parametrize("tol", [1e-9, 1e-20])
def test_a_tolerance_that_rounding_keeps_from_being_reached_does_not_matter_to_the_derivative(tol):
    def least(t):
        return minimize(lambda x: np.sum(x**4 / 4 - t * x), np.ones(3), method="trust-exact", tol=tol)

    assert least(4.0).success is False
    assert jacobian(lambda t: least(t).x)(8.0) == pytest.approx(np.full(3, 1 / 12))
    assert not root(lambda x: np.exp(x) - 3.0 * x * x, np.ones(1), tol=1e-30).success
    slope = jacobian(lambda t: root(lambda x: np.exp(x) - t * x * x, np.ones(1), tol=1e-30).x)(3.0)
    x = root(lambda x: np.exp(x) - 3.0 * x * x, np.ones(1)).x
    assert slope == pytest.approx(x * x / (np.exp(x) - 6 * x))


# ---- refusals ------------------------------------------------------------------------------------------------------
@refuses(UnsupportedFunction, "minimize was given jac=. Derivatives of fun are supplied", "Leave it out")
def a_gradient_by_hand():
    minimize(rosen, START, jac=rosen_der)


@refuses(UnsupportedFunction, "minimize was given hessp=")
def products_by_hand():
    minimize(rosen, START, hessp=lambda x, v: rosen_hess(x) @ v)


@refuses(UnsupportedFunction, "root was given jac=")
def a_jacobian_by_hand():
    root(lambda x: x, 0.0, jac=lambda x: 1.0)


@refuses(UnsupportedFunction, "root_scalar was given fprime=")
def a_derivative_by_hand():
    root_scalar(lambda x: x, x0=1.0, fprime=lambda x: 1.0)


@refuses(UnsupportedFunction, "least_squares was given jac_sparsity=")
def a_sparsity():
    least_squares(lambda x: x, np.ones(2), jac_sparsity=np.eye(2))


@refuses(UnsupportedFunction, "least_squares was given loss=<ufunc", "call minimize")
def a_loss_that_is_a_function():
    least_squares(lambda x: x, np.ones(2), loss=np.sin)


@refuses(BadArgument, "complex128[2] at x0['w']", "real and imaginary parts")
def complex_unknowns():
    minimize(lambda p: np.sum(np.abs(p["w"])), {"w": np.ones(2) + 0j})


@refuses(BadArgument, "an x0 without numbers")
def nothing_to_vary():
    minimize(lambda p: 0.0, {})


@refuses(BadArgument, "minimize was given bounds that do not fit x0", "Give a bound a leaf")
def bounds_of_another_tree():
    minimize(lambda p: p["a"], {"a": 1.0}, bounds={"b": (0, 1)})


@refuses(BadArgument, "minimize was given bounds that are no pairs", "with None for no bound")
def bounds_that_are_no_pairs():
    minimize(lambda p: p["a"], {"a": 1.0}, bounds={"a": 3.0})


@refuses(BadArgument, "a traced value as a bound", "stop_gradient")
def traced_bounds():
    grad(lambda t: minimize(lambda x: x * x, 3.0, bounds=(t, None)).x)(1.0)


@refuses(BadArgument, "a traced value as bracket, x0 or x1", "Pass plain numbers")
def a_traced_bracket():
    grad(lambda t: root_scalar(lambda x: x - 1.0, bracket=(0.0, t)).root)(3.0)


@refuses(BadArgument, "root_scalar was given no bracket and no x0")
def nowhere_to_start():
    root_scalar(lambda x: x)


@refuses(UnsupportedFunction, "minimize with constraints= is not supported on a traced value", "as a penalty")
def constraints_under_a_derivative():
    grad(lambda t: minimize(lambda x: (x - t) ** 2, 0.0, constraints={"type": "eq", "fun": lambda x: x - 1.0}).x)(1.0)


@refuses(UnsupportedFunction, "A constraint of minimize closes over a traced value")
def a_traced_constraint():
    grad(lambda t: minimize(lambda x: x * x, 0.0, constraints={"type": "eq", "fun": lambda x: x - t}).x)(1.0)


@refuses(NotConverged, "an answer of minimize that is none: its success is False", "loosen tol")
def the_derivative_of_no_minimum():
    grad(lambda t: minimize(lambda x: rosen(x) * t, START, options={"maxiter": 2}).fun)(1.0)


@refuses(NotConverged, "an answer of minimize that is none")
def the_derivative_of_no_minimum_in_a_program():
    jit(grad(lambda t: np.sum(minimize(lambda x: rosen(x) * t, START, options={"maxiter": 2}).x)))(1.0)


@refuses(NotConverged, "an answer of root that is none")
def the_derivative_of_no_root():
    jacobian(lambda t: root(lambda x: x * x + t, np.ones(2)).x)(1.0)


@refuses(NotConverged, "an answer of root_scalar that is none")
def the_derivative_of_no_root_of_one_equation():
    grad(lambda t: root_scalar(lambda x: x**3 - t, x0=100.0, maxiter=2).root)(1.0)


@refuses(SingularSystem, "minimize met a singular system of 2 equations")
def a_minimum_that_is_a_line():
    grad(lambda t: minimize(lambda x: (x[0] + x[1] - t) ** 2, np.zeros(2)).x[0])(1.0)


@refuses(LostDerivative, "of what minimize returns beside its answer")
def a_derivative_that_no_equation_has():
    grad(lambda t: minimize(lambda x: (x - t) ** 2, 0.0).nit * 1.0)(1.0)


@refuses(BadAnswer, "minimize makes one real number small", "as by np.sum")
def several_numbers_to_make_small():
    jit(lambda t: minimize(lambda x: x * t, np.zeros(2)).x)(1.0)


@refuses(BadAnswer, "returned 1 numbers for 2 unknowns", "or use least_squares")
def fewer_equations_than_unknowns():
    root(lambda x: x[0], np.zeros(2))


@refuses(BadAnswer, "root_scalar solves one equation")
def an_equation_of_arrays():
    root_scalar(lambda x: x * np.ones(2), x0=1.0)


@refuses(UnknownValue, "The truth of", "while minimize traces", "np.where")
def control_flow_under_a_derivative():
    grad(lambda t: minimize(lambda x: (x - t) ** 2 if x > 0 else x * x, 1.0).x)(1.0)


@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refused(program, kind, sentences):
    check(program, kind, sentences)
