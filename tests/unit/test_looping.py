"""Loops of a program: joined, narrowed, counted in Python's numbers; and choices of numbers without NumPy's detours."""

import numpy as np
import pytest

from funcgrad import grad, jacfwd, jit, jvp, lax, source, stop_gradient, vmap
from funcgrad.graph.op import Result
from funcgrad.integrate import odeint
from funcgrad.optimize import least_squares, root
from funcgrad.rewrites.looping import looped
from funcgrad.transforms.bodies import reached
from funcgrad.transforms.staging import graph_of

W = np.array([[0.5, 0.2], [-0.3, 0.7]])


def steps(x, count=4):
    """A loop of two carries, with rows of answers."""

    def step(carry, _):
        h, n = carry
        return (np.tanh(W @ h + x), n * 2.0), np.sum(h)

    return lax.scan(step, (x, 1.0), None, length=count)


def loops_of(f, *args):
    """The loops of a program about to be written."""
    return [step.op for step in looped(graph_of(f, *args)).steps if step.op.loops]


# ---- one loop for two ------------------------------------------------------------------------------------------------
def test_a_value_and_its_tangent_are_one_loop():
    x, dot = np.array([0.1, 0.2]), np.array([1.0, -1.0])

    def both(x):
        return jvp(lambda x: steps(x)[0][0], [x], [dot])

    (loop,) = loops_of(both, x)
    assert loop.carries == 2
    for got, wanted in zip(jit(both)(x), both(x), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-13)


def test_rows_of_answers_are_found_in_the_other_loop():
    x = np.array([0.1, 0.2])

    def places(x):
        def step(h, _):
            h = np.tanh(W @ h + x)
            return h, h

        return lax.scan(step, x, None, length=4)[1]

    def both(x):
        return places(x), jacfwd(places)(x)

    assert len(loops_of(both, x)) == 1
    for got, wanted in zip(jit(both)(x), both(x), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-13)


def test_loops_that_differ_stay_two():
    x = np.array([0.1, 0.2])
    for other in (lambda x: steps(x, 5)[0][0], lambda x: steps(2 * x)[0][0]):
        assert len(loops_of(lambda x, other=other: (steps(x)[0][0], other(x)), x)) == 2
        got = jit(lambda x, other=other: (steps(x)[0][0], other(x)))(x)
        np.testing.assert_allclose(got[1], other(x), rtol=1e-13)


def test_a_loop_made_of_another_stays():
    x = np.array([0.1, 0.2])

    def chained(x):
        y = steps(x)[0][0]
        return y, lax.scan(lambda h, _: (np.tanh(W @ h + y), None), x, None, length=4)[0]

    assert len(loops_of(chained, x)) == 2
    for got, wanted in zip(jit(chained)(x), chained(x), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-13)


def test_while_loops_are_joined_and_narrowed():
    def halved(x):
        return lax.while_loop(lambda c: c[0] > 1.0, lambda c: (c[0] / 2, c[1] + 1, np.sin(c[2]) * x), (x, 0, x))

    def both(x):
        return halved(x)[0], jvp(lambda x: halved(x)[0], [x], [1.0])[1]

    loops = loops_of(both, 40.0)
    assert len(loops) == 1
    assert loops[0].carries == 2  # what is halved, and its tangent
    assert jit(both)(40.0) == pytest.approx((0.625, 1 / 64))


def test_what_nobody_reads_is_not_made():
    x = np.array([0.1, 0.2])
    (loop,) = loops_of(lambda x: steps(x)[0][0], x)
    assert (loop.carries, len(loop.body.kinds)) == (1, 1)
    (loop,) = loops_of(lambda x: steps(x)[1], x)
    assert (loop.carries, len(loop.body.kinds)) == (1, 2)
    np.testing.assert_array_equal(jit(lambda x: steps(x)[0][1])(x), 16.0)


def test_an_argument_that_is_another_is_one():
    def f(x, y):
        return lax.scan(lambda h, row: (h * x[0] + x[0] * y + row, None), 0.0, x)[0]

    (loop,) = loops_of(f, np.ones(3), 2.0)
    graph = looped(graph_of(f, np.ones(3), 2.0))
    (step,) = [step for step in graph.steps if step.op.loops]
    assert len(set(step.args)) == len(step.args)
    assert loop.rows == 1
    assert jit(f)(np.arange(3.0) + 1, 2.0) == pytest.approx(f(np.arange(3.0) + 1, 2.0))


def test_a_loop_read_as_a_whole_is_left_alone():
    graph = graph_of(lambda x: steps(x)[0][0], np.ones(2))
    whole = [i for i, step in enumerate(graph.steps, len(graph.inputs) + len(graph.constants)) if step.op.loops]
    kept = type(graph)(graph.inputs, graph.constants, graph.steps, (*graph.outputs, *whole))
    assert [step.op for step in looped(kept).steps] == [step.op for step in graph.steps]
    assert any([type(step.op) is Result for step in graph.steps])


# ---- what is stopped moves nothing -----------------------------------------------------------------------------------
def test_nothing_that_is_stopped_has_a_tangent():
    def f(x):
        def step(carry, _):
            h, rate = carry
            return (h * rate, stop_gradient(h) + 1.0), h

        return lax.scan(step, (x, 0.5), None, length=3)[0][0]

    graph = graph_of(lambda x: jvp(f, [x], [1.0])[1], 2.0)
    assert all([step.op.carries <= 3 for step in graph.steps if step.op.loops])
    # h: x/2, then times (x + 1), then times (x/2 + 1), each factor a constant
    assert grad(f)(2.0) == jvp(f, [2.0], [1.0])[1] == pytest.approx(0.5 * 3.0 * 2.0)
    assert jit(grad(f))(2.0) == pytest.approx(3.0)


def test_marks_pass_where_a_derivative_does():
    graph = graph_of(lambda x, y: (stop_gradient(x), x * y, np.floor(y)), 1.5, 2.5)
    assert reached(graph, [True, False]) == [True, True, False]
    assert reached(graph, [True, False], slopes=True) == [False, True, False]
    assert reached(graph, [False, True], slopes=True) == [False, True, False]


def test_steps_of_a_solver_move_with_nothing_but_what_moves():
    def f(rate):
        return odeint(lambda y, t, r: -r * y, np.ones(2), np.array([0.0, 1.0]), rate, gradient="direct")[-1]

    np.testing.assert_allclose(jacfwd(f)(0.5), -np.exp(-0.5) * np.ones(2), rtol=1e-6)
    np.testing.assert_allclose(jit(jacfwd(f))(0.5), jacfwd(f)(0.5), rtol=1e-12)


# ---- loops of numbers ------------------------------------------------------------------------------------------------
def descent(a, rate, length=50, reverse=False):
    return lax.scan(lambda a, _: (a - rate * (8 * a + 1), a), a, None, length=length, reverse=reverse)


@pytest.mark.parametrize("a", [1.0, np.float64(1.0)])
def test_a_loop_of_numbers_is_pythons_own(a):
    assert "for _ in range(50)" in source(descent, a, 0.01)
    last, places = jit(descent)(a, 0.01)
    wanted, rows = descent(a, 0.01)
    assert type(last) is type(wanted)
    assert last == wanted
    np.testing.assert_array_equal(places, rows)
    assert places.flags.writeable
    assert places.dtype == rows.dtype


def test_loops_that_are_not_counted():
    for f, args in (
        (lambda a: descent(a, 0.01, reverse=True)[1], (1.0,)),
        (lambda a: lax.scan(lambda h, x: (h + x, None), a, np.ones(3))[0], (1.0,)),
        (lambda a: descent(a, 0.01)[0], (np.float32(1.0),)),
        (lambda a: vmap(lambda a: descent(a, 0.01)[0])(a), (np.ones(2),)),
    ):
        assert "def counted" not in source(f, *args)
        np.testing.assert_allclose(jit(f)(*args), f(*args), rtol=1e-6)


def test_no_steps_leave_all_as_it_is():
    last, places = jit(lambda a: descent(a, 0.01, length=0))(np.float64(2.0))
    assert (last, places.shape, places.dtype) == (2.0, (0,), np.float64)


def test_what_python_would_raise_numpy_answers():
    divided = jit(lambda a: lax.scan(lambda h, _: (1.0 / (h - 1.0), None), a, None, length=2)[0])
    with np.errstate(all="ignore"):
        assert divided(np.float64(3.0)) == -2.0
        assert divided(np.float64(1.0)) == 0.0  # 1/0 is infinite, and 1/∞ is 0
        powers = jit(lambda a: lax.scan(lambda h, _: (h**3.0, None), a, None, length=9)[0])
        assert powers(np.float64(2.0)) == np.inf


def test_a_slope_that_meets_zero_times_infinity_is_zero():
    def f(x):
        return lax.scan(lambda h, _: (np.where(h > 0, np.sqrt(np.where(h > 0, h, 0.0)), 0.0), None), x, None, length=3)[
            0
        ]

    with np.errstate(all="ignore"):
        assert jit(grad(f))(-1.0) == grad(f)(-1.0) == 0.0
        assert jit(grad(f))(16.0) == pytest.approx(grad(f)(16.0))


def test_the_text_of_a_counted_loop_runs_alone():
    namespace = {}
    exec(source(descent, 1.0, 0.01), namespace)
    assert namespace["descent"](1.0, 0.01)[0] == descent(1.0, 0.01)[0]


# ---- choices of numbers ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("f", [np.maximum, np.minimum])
def test_numbers_beside_arrays_are_chosen_as_numpy_does(f):
    program = jit(lambda a, b, x: (f(a, b), f(a, 0.5), np.where(a > b, a, 2.0), abs(a), x))
    values = [np.float64(v) for v in (1.0, -1.0, 0.0, -0.0, np.inf, -np.inf, np.nan)]
    for a in values:
        for b in values:
            got = program(a, b, np.ones(2))[:4]
            wanted = f(a, b), f(a, 0.5), np.where(a > b, a, 2.0)[()], abs(a)
            for one, other in zip(got, wanted, strict=True):
                assert type(one) is type(other)
                assert str(one) == str(other)  # signs of zeros, and NaN


def test_numbers_of_several_dtypes_are_chosen_by_numpy():
    program = jit(lambda a, b, x: (np.where(a > 0, a, b), np.maximum(a, b), np.where(a > 0, a, 1), x))
    got = program(np.float32(1.5), np.float64(-2.0), np.ones(2))
    assert [type(one) for one in got[:3]] == [np.float64, np.float64, np.float32]
    assert got[:3] == (1.5, 1.5, 1.5)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shape", [(2, 3), (0, 3), (60, 70)])
def test_stacks_are_stacks(axis, shape):
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    got = jit(lambda x, y: np.stack([x, y, x], axis))(x, -x)
    np.testing.assert_array_equal(got, np.stack([x, -x, x], axis))
    assert got.dtype == np.float32
    assert got.flags.writeable


@pytest.mark.parametrize("spec", ["abc,abd->cd", "abc,abd->dc", "abc,dbe->adce", "ab,ab->", "abc,abd->bcd"])
def test_contractions_are_products_of_matrices(spec):
    shapes = dict(zip("abcde", (6, 7, 8, 6, 5), strict=True))
    lengths = [[shapes[a] for a in part] for part in spec.split("->")[0].split(",")]
    x, y = [np.sin(np.arange(np.prod(one))).reshape(one) for one in lengths]
    np.testing.assert_allclose(jit(lambda x, y: np.einsum(spec, x, y))(x, y), np.einsum(spec, x, y), rtol=1e-11)


# ---- entering --------------------------------------------------------------------------------------------------------
def test_static_arguments_are_told_apart():
    calls = []

    def f(x, way, *, times=1, flag=None):
        calls.append((way, times, flag))
        return way(x) * times if flag is None else x

    program = jit(f, static_argnums=1, static_argnames=("times", "flag"))
    for _ in range(2):
        assert program(0.5, np.sin) == np.sin(0.5)
        assert program(0.5, np.cos) == np.cos(0.5)
        assert program(0.5, np.sin, times=3) == np.sin(0.5) * 3
        assert program(0.5, np.sin, times=True) == np.sin(0.5)
        assert program(0.5, np.sin, times=1) == np.sin(0.5)
        assert program(0.5, np.sin, times=1.0) == np.sin(0.5)
        assert program(0.5, np.sin, flag="no") == 0.5
        assert program(0.5, np.sin, flag=(1, 2)) == 0.5
    assert len(calls) == 8


def test_a_static_argument_may_answer_its_own_comparison():
    program = jit(lambda x, n: x * n, static_argnums=1)
    assert program(2.0, 3) == 6.0
    np.testing.assert_array_equal(program(2.0, np.float64(3)), 6.0)
    with pytest.raises(Exception, match="not hashable"):
        program(2.0, np.ones(2))


# ---- solvers --------------------------------------------------------------------------------------------------------
def test_the_jacobian_of_a_jitted_function_is_traced_once():
    traced = []

    @jit
    def residual(p, y):
        traced.append(1)
        return p["a"] * np.arange(4.0) + p["b"] - y

    for shift in range(3):
        found = least_squares(residual, {"a": 0.0, "b": 0.0}, args=(2.0 * np.arange(4.0) + shift,))
        assert found.x["a"] == pytest.approx(2.0)
        assert found.x["b"] == pytest.approx(shift)
    count = len(traced)
    least_squares(residual, {"a": 0.0, "b": 0.0}, args=(np.arange(4.0),))
    assert len(traced) == count

    equations = jit(lambda x, c: np.stack([x[0] ** 2 + x[1] - c, x[0] - x[1]]) if c > 0 else x)
    assert root(equations, np.array([1.0, 1.0]), (2.0,)).x == pytest.approx([1.0, 1.0])
    wide = jit(lambda x: np.sum(x, keepdims=True) - 1.0)
    assert np.sum(least_squares(wide, np.zeros(3), method="dogbox").x) == pytest.approx(1.0)
    static = jit(lambda x, n: x**n - 8.0, static_argnums=1)
    assert least_squares(static, np.ones(1), args=(3,)).x == pytest.approx([2.0])
