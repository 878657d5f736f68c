"""Initial value problems: values against closed forms and SciPy, trees, times, programs, refusals."""

import numpy as np
import pytest

from funcgrad import Program, eval_shape, grad, integrate, jit, stage, vmap
from funcgrad.errors import BadAnswer, BadArgument, UnknownValue, UnsupportedFunction
from funcgrad.integrate import odeint, solve_ivp
from tests.unit.refusing import check, registry

REFUSALS, refuses = registry()
TIMES = np.array([0.0, 0.5, 2.0])


def decay(y, t, rate):
    return -rate * y


def pendulum(t, y, k):
    return [y[1], -k * np.sin(y[0])]


# ---- values ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["RK45", "RK23"])
@pytest.mark.parametrize("way", ["direct", "adjoint"])
def test_exponentials(method, way):
    found = odeint(decay, np.array([1.0, 2.0]), TIMES, 0.5, method=method, gradient=way, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(found, np.exp(-0.5 * TIMES)[:, None] * [1.0, 2.0], rtol=1e-6)


@pytest.mark.parametrize("method", ["RK45", "RK23", "DOP853", "BDF", "Radau", "LSODA"])
def test_scipys_solutions(method):
    scipy = pytest.importorskip("scipy.integrate")
    t, y0 = np.linspace(0.0, 6.0, 5), np.array([1.0, 0.5])
    how = {"rtol": 1e-8, "atol": 1e-8}
    want = scipy.solve_ivp(pendulum, (0.0, 6.0), y0, "DOP853", t, args=(2.0,), rtol=1e-12, atol=1e-12)
    got = solve_ivp(pendulum, (0.0, 6.0), y0, method, t, args=(2.0,), gradient="adjoint", **how)
    np.testing.assert_allclose(got.y, want.y, atol=2e-6)
    assert got.t is not t
    assert np.array_equal(got.t, t)
    assert got.success
    assert got.status == 0


@pytest.mark.parametrize("method", ["RK45", "RK23", "BDF"])
def test_steps_are_as_long_as_scipys(method):
    scipy = pytest.importorskip("scipy.integrate")
    want = scipy.solve_ivp(pendulum, (0.0, 6.0), [1.0, 0.5], method, args=(2.0,))
    got = solve_ivp(pendulum, (0.0, 6.0), [1.0, 0.5], method, args=(2.0,), gradient="adjoint")
    if method != "BDF":  # SciPy makes a Jacobian of differences where it has none
        np.testing.assert_allclose(got.t, want.t, rtol=1e-9)
        np.testing.assert_allclose(got.y, want.y, rtol=1e-9, atol=1e-12)
    assert got.t[[0, -1]].tolist() == [0.0, 6.0]
    assert abs(len(got.t) - len(want.t)) < 4


def test_trees_and_what_is_closed_over():
    force = 0.3

    def slope(state, t, params):
        return {"x": state["v"], "v": -params["k"] @ state["x"] + force * np.cos(t)}

    start = {"x": np.array([1.0, 0.5]), "v": np.zeros(2)}
    found = odeint(slope, start, np.array([0.0, 1.0]), {"k": np.eye(2)})
    t = 1.0
    want = start["x"] * np.cos(t) + force * 0.5 * t * np.sin(t)
    np.testing.assert_allclose(found["x"][1], want, rtol=1e-6)
    assert found["v"].shape == (2, 2)


def test_backwards_in_time_and_complex():
    np.testing.assert_allclose(odeint(lambda y, t: -y, 1.0, np.array([0.0, -1.0])), [1.0, np.e], rtol=1e-6)
    turned = odeint(lambda y, t: 1j * y, 1.0 + 0j, np.array([0.0, 1.0]))
    np.testing.assert_allclose(turned[1], np.exp(1j), rtol=1e-6)


def test_dtypes():
    small = odeint(decay, np.float32([1.0, 2.0]), TIMES, np.float32(0.5))
    assert small.dtype == np.float32
    assert odeint(lambda y, t: 0 * y + 1, np.ones((2, 3)), [0, 1]).shape == (2, 2, 3)
    assert odeint(decay, 1.0, [3.0], 0.5).tolist() == [1.0]
    kind = eval_shape(lambda y: odeint(decay, y, TIMES, 0.5), np.ones(3, np.float32))
    assert (kind.shape, kind.dtype) == ((3, 3), np.float32)


def test_what_is_not_reached_is_nan():
    with np.errstate(over="ignore", invalid="ignore"):
        found = odeint(lambda y, t: y * y, 1.0, np.array([0.0, 0.5, 2.0]), gradient="direct")
    np.testing.assert_allclose(found, [1.0, 2.0, np.nan], rtol=1e-6)
    for way in ("direct", "adjoint"):
        few = jit(lambda y, way=way: odeint(lambda y, t: -y, y, np.array([0.0, 0.1, 20.0]), mxstep=9, gradient=way))(
            1.0
        )
        assert np.isnan(few).tolist() == [False, False, True]
    with np.errstate(over="ignore", invalid="ignore"):
        failed = solve_ivp(lambda t, y: y * y, (0.0, 2.0), [1.0], t_eval=[0.5, 2.0])
    assert (failed.success, failed.status) == (False, -1)


def test_equal_times_and_the_beginning_twice():
    found = odeint(decay, 1.0, np.array([0.0, 1.0, 1.0, 2.0]), 1.0)
    np.testing.assert_allclose(found, np.exp(-np.array([0.0, 1.0, 1.0, 2.0])), rtol=1e-6)
    solution = solve_ivp(lambda t, y: -y, (0.0, 1.0), [1.0], t_eval=[0.0, 1.0], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(solution.y[0], [1.0, np.exp(-1)], rtol=1e-6)


# ---- programs --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", ["direct", "adjoint"])
def test_solutions_and_gradients_are_saved_and_written_out(way):
    def last(rate):
        return odeint(decay, 1.0, np.array([0.0, 1.0]), rate, gradient=way, rtol=1e-5, atol=1e-5)[1]

    for function in (last, grad(last)):
        program, namespace = stage(function)(0.5), {}
        exec(compile(program.source(), "<alone>", "exec"), namespace)
        alone = [one for one in namespace.values() if callable(one)][-1]
        found = [f(0.7) for f in (program, Program.from_json(program.to_json()), alone, jit(function))]
        np.testing.assert_allclose(found, function(0.7), rtol=1e-12)
        assert "import funcgrad" not in program.source()


def test_scipys_methods_are_saved():
    pytest.importorskip("scipy")

    def last(rate):
        return solve_ivp(lambda t, y: -rate * y, (0.0, 1.0), [1.0], "BDF", [1.0], gradient="adjoint").y

    program = stage(last)(0.5)
    assert Program.from_json(program.to_json())(0.7) == last(0.7)
    with pytest.raises(BadArgument, match="steps are SciPy's"):
        program.source()


def test_python_may_ask_for_known_values_only():
    with pytest.raises(UnknownValue):
        odeint(lambda y, t: -y if y > 0 else y, 1.0, TIMES)


# ---- refusals --------------------------------------------------------------------------------------------------------
@refuses(
    BadArgument, "odeint was given int64[2] at y0. y moves, and is real or complex.", "Convert it with astype(float)."
)
def whole_numbers_that_move():
    odeint(decay, np.array([1, 2]), TIMES, 0.5)


@refuses(BadArgument, "odeint was given a str at args", "Close over everything else in the function.")
def a_name_among_the_arguments():
    odeint(lambda y, t, name: -y, 1.0, TIMES, "decay")


@refuses(BadAnswer, "returned None to odeint.", "Return dy/dt, a tree like y.")
def a_slope_without_return():
    odeint(lambda y, t: None, 1.0, TIMES)


@refuses(BadAnswer, "returned float64[3] as the slope of y, which is float64[2].", "Return an array of that shape.")
def a_slope_of_another_shape():
    odeint(lambda y, t: np.ones(3), np.ones(2), TIMES)


@refuses(BadAnswer, "where y is", "Return a tree like y.")
def a_slope_of_another_tree():
    odeint(lambda y, t: y["x"], {"x": 1.0}, TIMES)


@refuses(BadArgument, "odeint was given float64 as t. It is a vector of times", "Write np.linspace(0.0, 1.0, 11)")
def a_single_time():
    odeint(decay, 1.0, np.float64(1.0), 0.5)


@refuses(BadArgument, "odeint was given times that go up and down, or are NaN, as t.", "Sort them.")
def times_up_and_down():
    odeint(decay, 1.0, np.array([0.0, 2.0, 1.0]), 0.5)


@refuses(BadArgument, "odeint was given method='Euler'.", "Write method='RK45'.")
def a_method_that_there_is_not():
    odeint(decay, 1.0, TIMES, 0.5, method="Euler")


@refuses(BadArgument, "odeint was given gradient='forward'.", "Write gradient='direct' or gradient='adjoint'.")
def a_gradient_that_there_is_not():
    odeint(decay, 1.0, TIMES, 0.5, gradient="forward")


@refuses(
    BadArgument, "odeint was given rtol=0. It is a positive number, and known.", "Write rtol=1e-6, or leave it out."
)
def no_tolerance():
    odeint(decay, 1.0, TIMES, 0.5, rtol=0)


@refuses(BadArgument, "method='BDF' with gradient='direct'. Its steps are SciPy's", "Write gradient='adjoint'.")
def steps_of_scipys():
    solve_ivp(pendulum, (0.0, 1.0), [1.0, 0.0], "BDF", args=(1.0,))


@refuses(UnsupportedFunction, "solve_ivp with dense_output= is not supported here.", "Give the times in t_eval.")
def a_solution_between_times():
    solve_ivp(pendulum, (0.0, 1.0), [1.0, 0.0], dense_output=True)


@refuses(UnsupportedFunction, "solve_ivp with events= is not supported here.")
def events():
    solve_ivp(pendulum, (0.0, 1.0), [1.0, 0.0], events=lambda t, y: y[0])


@refuses(UnsupportedFunction, "solve_ivp with jac= is not supported here.", "The Jacobian is ours; leave it out.")
def a_jacobian():
    solve_ivp(pendulum, (0.0, 1.0), [1.0, 0.0], jac=lambda t, y: np.eye(2))


@refuses(BadArgument, "solve_ivp was given y0 of shape (). It is a vector.", "Use odeint for trees.")
def a_number_that_moves():
    solve_ivp(lambda t, y: -y, (0.0, 1.0), 1.0)


@refuses(UnknownValue, "asked for the times of its own steps.", "Give the times in t_eval.")
def steps_of_unknown_numbers():
    vmap(lambda k: solve_ivp(pendulum, (0.0, 1.0), [1.0, 0.0], args=(k,)).y)(np.ones(2))


@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refusals(program, kind, sentences):
    check(program, kind, sentences)


def test_public_names():
    assert set(integrate.__all__) == {"Solution", "odeint", "solve_ivp"}
