"""linear_solve, custom_root and fixed_point: values, dtypes, trees, closures, batches, and what they refuse."""

import numpy as np
import pytest

from funcgrad import (
    custom_root,
    eval_shape,
    fixed_point,
    grad,
    hessian,
    jacfwd,
    jacobian,
    jit,
    jvp,
    lax,
    linear_solve,
    linear_transpose,
    source,
    stage,
    value_and_grad,
    vmap,
)
from funcgrad.errors import (
    BadAnswer,
    BadArgument,
    BadRule,
    LostDerivative,
    NotConverged,
    SingularSystem,
    UnknownValue,
)
from tests.unit.refusing import check, registry

REFUSALS, refuses = registry()
METHODS = ("bicgstab", "cg", "cgs", "gcrotmk", "gmres", "lgmres", "minres", "tfqmr")
A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])
B = np.array([1.0, 2.0, 3.0])
SINGULAR = np.array([[1.0, 1.0], [1.0, 1.0]])


def newton(f, x):
    for _ in range(30):
        x = x - f(x) / grad(f)(x)
    return x


# ---- linear systems --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", [None, "dense", *METHODS])
def test_the_solution_and_its_derivatives_by_every_method(method):
    def f(A, b):
        return np.sum(linear_solve(lambda x: A @ x, b, method=method) ** 3)

    def g(A, b):
        return np.sum(np.linalg.solve(A, b) ** 3)

    np.testing.assert_allclose(f(A, B), g(A, B), rtol=1e-9)
    for ours, theirs in zip(grad(f, (0, 1))(A, B), grad(g, (0, 1))(A, B), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(hessian(f, 1)(A, B), hessian(g, 1)(A, B), rtol=1e-8)


@pytest.mark.parametrize("method", [None, "gmres"])
def test_trees_are_solved_leaf_for_leaf(method):
    def matvec(x):
        both = A @ np.concatenate([x["u"], x["v"][0]])
        return {"u": both[:1], "v": [both[1:]]}

    found = linear_solve(matvec, {"u": B[:1], "v": [B[1:]]}, method=method)
    np.testing.assert_allclose(np.concatenate([found["u"], found["v"][0]]), np.linalg.solve(A, B))


@pytest.mark.parametrize("method", [None, "gmres"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_dtypes_stay(method, dtype):
    b = B.astype(dtype)
    assert linear_solve(lambda x: 2 * x, b, method=method).dtype == dtype
    assert fixed_point(lambda x: x / 2 + b, b).dtype == dtype
    assert custom_root(lambda x: x - b, b, lambda f, x: x - f(x)).dtype == dtype
    if dtype().dtype.kind == "f":
        assert grad(lambda b: np.sum(linear_solve(lambda x: 2 * x, b, method=method)))(b).dtype == dtype
        assert grad(lambda b: np.sum(fixed_point(lambda x: x / 2 + b, b)))(b).dtype == dtype


def test_the_wider_dtype_of_the_matrix_is_that_of_the_solution():
    assert linear_solve(lambda x: A @ x, B.astype(np.float32)).dtype == np.float64
    np.testing.assert_array_equal(linear_solve(lambda x: 1j * x, B), -1j * B)
    np.testing.assert_array_equal(linear_solve(lambda x: 2 * x, np.arange(3)), [0.0, 0.5, 1.0])
    assert type(linear_solve(lambda x: 2 * x, 3.0)) is np.float64


@pytest.mark.parametrize("method", [None, "gmres", "bicgstab"])
def test_a_complex_system_need_be_linear_over_the_reals_only(method):
    C, D = np.array([[1 + 2j, 0.5], [0.3j, 2 - 1j]]), np.array([[0.2, 0.1j], [0.3, 0.1]])
    b = np.array([1 + 1j, 2.0])

    def f(b):
        return linear_solve(lambda x: C @ x + D @ np.conj(x), b, method=method)

    x = f(b)
    np.testing.assert_allclose(C @ x + D @ np.conj(x), b, rtol=1e-9)
    real = np.block([[np.real(C + D), np.imag(D - C)], [np.imag(C + D), np.real(C - D)]])
    bar = np.linalg.solve(real.T, np.concatenate([2 * x.real, 2 * x.imag]))
    np.testing.assert_allclose(grad(lambda b: np.sum(np.abs(f(b)) ** 2))(b), bar[:2] - 1j * bar[2:], rtol=1e-8)


@pytest.mark.parametrize("method", ["cg", "minres"])
def test_the_tolerances_of_a_method_are_heeded(method):
    def off(**options):
        return np.max(np.abs(A @ linear_solve(lambda x: A @ x, B, method=method, **options) - B))

    assert off() < 1e-9
    assert off(rtol=0.5) > 1e-3
    assert off(atol=3.0) > 1e-3
    with pytest.raises(NotConverged):
        off(maxiter=1)


def test_no_equations_have_no_unknowns():
    assert linear_solve(lambda x: 2 * x, np.ones(0)).shape == (0,)


def test_a_solver_of_ones_own_gets_plain_numbers_and_the_transpose_its_own():
    seen = []
    C = A + np.triu(A)

    def solve(matvec, b):
        seen.append(("A", type(b)))
        return np.linalg.solve(jacfwd(matvec)(np.zeros(3)), b)

    def transposed(vecmat, b):
        seen.append(("Aᵀ", type(b)))
        return np.linalg.solve(jacfwd(vecmat)(np.zeros(3)), b)

    def f(C, b):
        return np.sum(linear_solve(lambda x: C @ x, b, solve, transposed) ** 2)

    found = grad(f, (0, 1))(C, B)
    expected = grad(lambda C, b: np.sum(np.linalg.solve(C, b) ** 2), (0, 1))(C, B)
    np.testing.assert_allclose(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1])
    assert seen == [("A", np.ndarray), ("Aᵀ", np.ndarray)]


def test_a_solver_may_use_known_traced_values_that_it_closes_over():
    def f(a):
        return linear_solve(lambda x: a * x, 3.0, lambda _, b: b / a, symmetric=True)

    assert value_and_grad(f)(2.0) == (1.5, -0.75)


def test_the_solution_by_the_matrix_is_numpy_alone_when_written_out():
    def f(x):
        return linear_solve(lambda y: A @ y + x * y, x)

    assert "solve" in source(f, B)
    np.testing.assert_allclose(stage(f)(B)(B), np.linalg.solve(A + np.diag(B), B))


def test_the_solution_is_linear_in_the_right_hand_side():
    transpose = linear_transpose(lambda b: linear_solve(lambda x: A @ x, b, method="gmres", rtol=1e-12), B)
    np.testing.assert_allclose(transpose(B)[0], np.linalg.solve(A.T, B), rtol=1e-9)


# ---- roots -----------------------------------------------------------------------------------------------------------
def test_the_root_is_that_of_the_solver_and_its_derivatives_those_of_the_equation():
    def root(a):
        return custom_root(lambda x: x**3 - a, 1.0, newton)

    slopes = [2.0, 1 / 12, -2 / 9 * 8 ** (-5 / 3), 10 / 27 * 8 ** (-8 / 3)]
    f = root
    for slope in slopes:
        assert f(8.0) == pytest.approx(slope, rel=1e-12)
        f = grad(f)


def test_no_derivative_goes_to_the_guess():
    assert grad(lambda x0: custom_root(lambda x: x**2 - 4.0, x0, newton))(1.0) == 0.0
    assert grad(lambda x0: fixed_point(lambda x: x / 2 + 1, x0))(1.0) == 0.0
    assert jvp(lambda x0: fixed_point(lambda x: x / 2 + 1, x0), (1.0,), (1.0,))[1] == 0.0


def test_the_tangent_solver_is_called_for_each_mode():
    seen = []

    def tangent(g, y):
        seen.append(type(y))
        return y / g(1.0)

    def root(a):
        return custom_root(lambda x: x**3 - a, 1.0, newton, tangent)

    assert grad(root)(8.0) == pytest.approx(1 / 12)
    assert jvp(root, (8.0,), (1.0,))[1] == pytest.approx(1 / 12)
    assert seen == [np.float64, np.float64]


def test_what_a_solver_returns_beside_the_root_comes_along():
    def solve(f, x):
        return newton(f, x), {"steps": 30, "rest": f(x)}

    x, aux = custom_root(lambda x: x - 3.0, 0.0, solve, has_aux=True)
    assert (x, aux) == (3.0, {"steps": 30, "rest": -3.0})
    f = value_and_grad(lambda a: custom_root(lambda x: x * x - a, 1.0, solve, has_aux=True), has_aux=True)
    (x, aux), slope = f(4.0)
    assert (float(x), aux["steps"], slope) == (2.0, 30, 0.25)
    assert jit(lambda a: custom_root(lambda x: x - a, 0.0, solve, has_aux=True))(5.0)[0] == 5.0


@pytest.mark.parametrize("method", ["dense", "gmres", "bicgstab"])
def test_the_derivatives_system_by_a_method_of_a_name(method):
    def f(a):
        def solve(f, x):
            for _ in range(20):
                x = x - np.linalg.solve(jacobian(f)(x), f(x))
            return x

        return np.sum(custom_root(lambda x: A @ x + x**3 - a, B, solve, method=method))

    x = np.ones(3)
    assert grad(f)(A @ x + 1) == pytest.approx(np.linalg.solve((A + 3 * np.eye(3)).T, x))


def test_a_tree_of_unknowns():
    def f(p):  # x = a, y² = x b
        def equations(u):
            return {"x": u["x"] - p["a"], "y": u["y"] ** 2 - u["x"] * p["b"]}

        def solve(f, u):
            for _ in range(40):
                rest, slopes = f(u), jacobian(f)(u)
                u = {"x": u["x"] - rest["x"], "y": u["y"] - rest["y"] / slopes["y"]["y"]}
            return u

        return custom_root(equations, {"x": 1.0, "y": 1.0}, solve)["y"]

    slopes = grad(f)({"a": 4.0, "b": 9.0})
    assert slopes["a"] == pytest.approx(9 / 12)
    assert slopes["b"] == pytest.approx(4 / 12)


# ---- fixed points ----------------------------------------------------------------------------------------------------
def test_a_fixed_point_of_trees_with_arguments_that_are_trees():
    def f(x, w):
        return {"u": np.tanh(w[0] @ x["u"] + x["v"]), "v": w[1] / 2 + x["v"] / 3}

    w = (0.2 * A, B)
    start = {"u": np.zeros(3), "v": np.zeros(3)}
    found = fixed_point(f, start, w)
    after = f(found, w)
    np.testing.assert_allclose(found["u"], after["u"], atol=1e-10)
    np.testing.assert_allclose(found["v"], 0.75 * B, atol=1e-9)

    def unrolled(w):
        x = start
        for _ in range(80):
            x = f(x, w)
        return np.sum(x["u"] ** 2)

    ours = grad(lambda w: np.sum(fixed_point(f, start, w, rtol=1e-14)["u"] ** 2))(w)
    theirs = grad(unrolled)(w)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-9)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-9)


def test_a_fixed_point_over_the_complex_numbers():
    """x = conj(x)/2 + a has the solution 2/3·(2 a + conj a); it is not holomorphic."""

    def f(a):
        return fixed_point(lambda x, a: np.conj(x) / 2 + a, 0j, a)

    a = 0.5 + 0.25j
    assert f(a) == pytest.approx(2 / 3 * (2 * a + np.conj(a)), rel=1e-9)
    assert grad(lambda a: np.imag(f(a)))(a) == pytest.approx(-2j / 3, rel=1e-9)
    assert grad(lambda a: np.real(f(a)))(a) == pytest.approx(2.0, rel=1e-9)


def test_tolerances_and_steps_are_heeded():
    count = []

    def solve(**options):
        count.clear()
        return fixed_point(lambda x: x / 2 + 1, 0.0, **options)

    assert abs(solve(rtol=1e-2) - 2.0) > 1e-3
    assert abs(solve(rtol=0.0, atol=1e-12) - 2.0) < 2e-12
    with pytest.raises(NotConverged):
        solve(maxiter=5)


def test_items_of_a_batch_take_their_own_steps():
    found = vmap(lambda a: fixed_point(lambda x: a * x + 1, 0.0))(np.array([0.1, 0.9]))
    np.testing.assert_allclose(found, [1 / 0.9, 10.0], rtol=1e-9)
    assert vmap(lambda a: fixed_point(lambda x: a * x + 1, 0.0))(np.zeros(0)).shape == (0,)


def test_types_need_no_numbers():
    kind = eval_shape(lambda x: fixed_point(lambda y, x: y / 2 + x, x, x), np.ones((2, 3), np.float32))
    assert (kind.shape, kind.dtype) == ((2, 3), np.float32)


@pytest.mark.parametrize("method", [None, "gmres"])
def test_solvers_inside_of_loops(method):
    xs = np.array([0.5, 1.0, 1.5])

    def step(c, x):
        y = fixed_point(lambda y: np.cos(y) / 2 + c * x, c, method=method)
        return linear_solve(lambda z: (2 + c) * z, y, method=method)

    def by_hand(c):
        for x in xs:
            c = step(c, x)
        return c

    def scanned(c):
        return lax.scan(lambda c, x: (step(c, x), None), c, xs)[0]

    for f in (scanned, jit(scanned)):
        assert f(1.0) == pytest.approx(by_hand(1.0))
        assert grad(f)(1.0) == pytest.approx(grad(by_hand)(1.0))
    assert grad(grad(scanned))(1.0) == pytest.approx(grad(grad(by_hand))(1.0))


# ---- refusals --------------------------------------------------------------------------------------------------------
@refuses(SingularSystem, "linear_solve met a singular system of 2 equations", "add a small multiple of the unknowns")
def a_singular_matrix():
    linear_solve(lambda x: SINGULAR @ x, np.ones(2))


@refuses(SingularSystem, "custom_root met a singular system of 1 equations")
def a_double_root():
    grad(lambda a: custom_root(lambda x: x * x - a, 0.0, lambda f, x: x))(0.0)


@refuses(SingularSystem, "fixed_point met a singular system")
def a_fixed_point_that_is_everywhere():
    grad(lambda a: fixed_point(lambda x: x + 0 * a, 1.0))(1.0)


@refuses(
    BadAnswer, "returned answer of shape (3,), where b has (2,)", "as many equations as unknowns", "shape for shape"
)
def a_matrix_that_is_not_square():
    linear_solve(lambda x: np.ones((3, 2)) @ x, np.ones(2))


@refuses(BadAnswer, "returned a tree of structure {'a': *}", "Return a tree like b")
def another_tree_than_the_right_hand_side():
    linear_solve(lambda x: {"a": x}, np.ones(2))


@refuses(BadAnswer, "is not linear in its argument. Its derivative depends on where it is taken")
def a_square():
    linear_solve(lambda x: x * x, np.ones(2))


@refuses(BadAnswer, "is not linear in its argument. It does not take 0 to 0", "bring what does not depend")
def an_offset():
    linear_solve(lambda x: 2 * x + 1, np.ones(2))


@refuses(BadArgument, "a b without numbers")
def nothing_to_solve():
    linear_solve(lambda x: x, {})


@refuses(BadArgument, "method='lu'", "'dense' and, of SciPy's, 'bicgstab', 'cg'")
def an_unknown_method():
    linear_solve(lambda x: x, 1.0, method="lu")


@refuses(BadArgument, "both a solver of your own and method='cg'")
def two_solvers():
    linear_solve(lambda x: x, 1.0, lambda _, b: b, method="cg")


@refuses(BadRule, "solve= without transpose_solve=", "symmetric=True, or choose a method=")
def reverse_mode_without_a_transposed_solver():
    grad(lambda b: linear_solve(lambda x: 2 * x, b, lambda _, b: b / 2))(1.0)


@refuses(NotConverged, "SciPy's cg stopped with |b - A x| at", "method='dense' makes the matrix")
def conjugate_gradients_of_a_singular_matrix():
    linear_solve(lambda x: SINGULAR @ x, np.array([1.0, 2.0]), method="cg")


@refuses(NotConverged, "fixed_point did not converge. The last of 1000 steps", "moved by 1", "damp it as in")
def a_fixed_point_that_is_not_approached():
    fixed_point(lambda x: 1 - x, 0.0)


@refuses(NotConverged, "left the finite numbers")
def a_fixed_point_from_which_the_steps_lead_away():
    with np.errstate(over="ignore"):
        fixed_point(lambda x: x * x + 1, 1.0)


@refuses(NotConverged, "left the finite numbers")
def steps_that_are_not_numbers():
    fixed_point(lambda x: (x[0] / 2, np.where(x[1] > 2, np.nan, x[1] + 1)), (1.0, 1.0))


@refuses(BadAnswer, "fixed_point carries from step to step keeps its shape")
def steps_that_change_a_shape():
    fixed_point(lambda x: np.ones(3) * x, 0.0)


@refuses(UnknownValue, "The truth of", "while fixed_point traces", "np.where")
def control_flow_on_the_unknown():
    fixed_point(lambda x: x / 2 if x > 1 else x, 0.0)


@refuses(BadAnswer, "returned answer of shape (3,), where the guess has ()")
def more_equations_than_unknowns():
    custom_root(lambda x: x * np.ones(3), 0.0, newton)


@refuses(BadAnswer, "a solver of custom_root, returned shape (2,), where the unknown has ()")
def a_solver_that_returns_another_shape():
    custom_root(lambda x: x, 0.0, lambda f, x: np.zeros(2))


@refuses(BadAnswer, "a solver of custom_root, returned a tree of structure (*, *)", "Return the unknown")
def a_solver_that_returns_another_tree():
    custom_root(lambda x: x, 0.0, lambda f, x: (x, x))


@refuses(BadAnswer, "returned no pair", "Write return x, aux")
def a_solver_without_the_promised_pair():
    custom_root(lambda x: x, 0.0, newton, has_aux=True)


@refuses(LostDerivative, "of what custom_root returns beside its answer", "Compute it from the answer")
def the_derivative_of_what_is_beside():
    grad(lambda a: custom_root(lambda x: x - a, 0.0, lambda f, x: (x - f(x), f(x)), has_aux=True)[1])(1.0)


@refuses(LostDerivative, "of what custom_root returns beside its answer")
def the_tangent_of_what_is_beside():
    jvp(lambda a: custom_root(lambda x: x - a, 0.0, lambda f, x: (x - f(x), f(x)), has_aux=True)[1], (1.0,), (1.0,))


@refuses(UnknownValue, "custom_root returns more than the root", "Leave out has_aux=True")
def a_batch_with_something_beside():
    vmap(lambda a: custom_root(lambda x: x - a, 0.0, lambda f, x: (x - f(x), 1), has_aux=True))(np.ones(2))


@refuses(BadArgument, "closes over a value that is unknown", "Use the function that it is given")
def a_solver_that_closes_over_an_unknown():
    vmap(lambda a: linear_solve(lambda x: a * x, 1.0, lambda _, b: b / a, symmetric=True))(np.ones(2))


@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refused(program, kind, sentences):
    check(program, kind, sentences)
