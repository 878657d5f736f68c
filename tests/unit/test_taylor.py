"""Power series: against SymPy, against nested derivatives, and under other transforms."""

from math import factorial

import numpy as np
import pytest

from funcgrad import (
    custom_jvp,
    custom_vjp,
    derivative,
    grad,
    hessian,
    hvp,
    jacfwd,
    jit,
    jvp,
    lax,
    primitive,
    stop_gradient,
    taylor,
    tree,
    vmap,
)
from funcgrad.errors import BadAnswer, BadArgument, UnknownValue, UnsupportedFunction
from funcgrad.transforms.series.rules import Expansion

ORDER = 6
X = np.random.default_rng(0).uniform(0.2, 0.9, (3, 3))
A = X @ X.T + np.eye(3)

#: Functions of one number as Python reads them with NumPy's names and SymPy with its own, and where.
TABLE = {
    "sin(x)": 0.7,
    "cos(x)": 0.3,
    "tan(x)": 0.4,
    "sinh(x)": 0.2,
    "cosh(x)": 0.1,
    "tanh(x)": 0.4,
    "asin(x)": 0.3,
    "acos(x)": 0.2,
    "atan(x)": 0.3,
    "asinh(x)": 0.7,
    "acosh(x)": 1.5,
    "atanh(x)": 0.3,
    "exp(x)": 0.2,
    "log(x)": 1.3,
    "sqrt(x)": 2.0,
    "x**3": 0.0,
    "x**7": 1.1,
    "x**2.5": 1.5,
    "x**-2": 1.2,
    "x**x": 1.3,
    "2.0**x": 1.0,
    "1/(1 + x*x)": 0.5,
    "1/(1 + exp(-x))": 0.2,
    "exp(-x*x)*sin(3*x)": 0.5,
    "log(1 + exp(x))": 0.3,
    "sin(exp(x))": 0.1,
}


@pytest.mark.parametrize("text", TABLE)
def test_coefficients_are_exact(text):
    sympy = pytest.importorskip("sympy")
    x, at = sympy.Symbol("x"), TABLE[text]
    wanted, f = [], sympy.sympify(text)
    for k in range(ORDER + 1):
        wanted.append(float(f.subs(x, sympy.Rational(str(at))).evalf(20)) / factorial(k))
        f = sympy.diff(f, x)
    c = taylor(lambda x: eval(text, {**vars(np), "x": x}), at, ORDER)
    assert np.allclose(c, wanted, rtol=1e-12, atol=1e-13)


def nested(f, x, v, order):
    """The coefficients by nested jvp."""
    g, rows = f, []
    for k in range(order + 1):
        rows.append(jvp(g, (x,), (v,))[0] / factorial(k))
        g = lambda x, g=g: jvp(g, (x,), (v,))[1]
    return np.stack(rows)


@custom_jvp
def with_push(x):
    return np.sin(x)


with_push.defjvp(lambda primals, tangents: (np.sin(primals[0]), np.cos(primals[0]) * tangents[0]))


@custom_vjp
def with_pull(x):
    return np.sin(x)


with_pull.defvjp(lambda x: (np.sin(x), x), lambda x, ybar: (np.cos(x) * ybar,))

given = primitive(lambda x: np.sin(x), vjp=lambda ybar, y, x: (ybar * np.cos(x),))

#: Functions of a matrix, by what their operations are.
FUNCTIONS = {
    "products": lambda x: x @ x.T @ np.ones((3, 2)),
    "einsum": lambda x: np.einsum("ij,jk->ik", x, x),
    "three factors": lambda x: np.einsum("ij,jk,kl->il", x, x, x),
    "reductions": lambda x: np.sum(x, 0) * np.prod(x, 1) + np.max(x, 0),
    "linear": lambda x: np.concatenate([x[1:] * x[:-1], np.cumsum(x, 1)]).reshape(-1)[::2],
    "set": lambda x: x.at[0].set(np.sin(x[1])) * x,
    "scatter": lambda x: x[[0, 0, 2]] * x.at[1].add(x[0]),
    "logsumexp": lambda x: np.log(np.sum(np.exp(x), 1)) + np.logaddexp(x[0], x[1]),
    "solve": lambda x: np.linalg.solve(A + x, np.sin(x)),
    "inverse": lambda x: np.linalg.inv(A + x) * np.linalg.det(A + x),
    "cholesky": lambda x: np.linalg.cholesky(A + x @ x.T),
    "eigenvalues": lambda x: np.linalg.eigvalsh(A + x + x.T),
    "choices": lambda x: np.where(x > 0.5, np.exp(x), x**2) + np.abs(x - 0.5) + np.maximum(x, 0.4),
    "powers": lambda x: x ** np.array([0.0, 1.0, 2.0]) + x**x.T,
    "zeros": lambda x: (x - x) ** np.array([0.0, 1.0, 2.0]) + (x - x) ** 2 * np.hypot(x, 1.0),
    "flat": lambda x: np.floor(x) + np.sign(x) + x * stop_gradient(x) + np.sort(x, 1),
    "fft": lambda x: np.abs(np.fft.fft(x)),
    "sinc": np.sinc,
    "scan": lambda x: lax.scan(lambda c, a: (np.sin(c) * a, c * c), np.ones(3), x)[1],
    "fori": lambda x: lax.fori_loop(0, 3, lambda i, c: np.sin(c) + x, x),
    "while": lambda x: lax.while_loop(lambda c: np.sum(c) < 20, lambda c: c * 1.5 + np.sin(c * x[0]), x),
    "cond": lambda x: lax.cond(x[0, 0] > 0, np.sin, np.cos, x),
    "jit": jit(lambda x: np.sin(x) * x),
    "rule forwards": with_push,
    "rule backwards": with_pull,
    "primitive": given,
    "constant": lambda x: np.ones(3) + 0 * x[0],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_series_are_nested_derivatives(name):
    f, v = FUNCTIONS[name], np.cos(X)
    wanted = nested(f, X, v, 3)
    assert np.allclose(taylor(f, X, 3, v=v), wanted, rtol=1e-9, atol=1e-9)


LOOPS = {
    "scan": lambda x: lax.scan(lambda c, a: (np.sin(c) * a, c * x), x, np.array([0.5, 2.0, 3.0]))[1],
    "scan in reverse": lambda x: lax.scan(lambda c, a: (c * a, c), 2.0, np.stack([x, x * x]), reverse=True),
    "while": lambda x: lax.while_loop(lambda c: c[0] < 5, lambda c: (c[0] + 1, c[1] * np.cos(x * c[1])), (0, x))[1],
    "while without": lambda x: lax.while_loop(lambda c: c < 3, lambda c: c + 1, 0) * x**2,
    "cond": lambda x: lax.cond(x > 0, lambda x: x**3 * lax.fori_loop(0, 2, lambda i, c: c * x, 1.0), np.cos, x),
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops_under_other_transforms(name):
    def f(x):
        return sum([np.sum(y) for y in tree.leaves(LOOPS[name](x))])

    second, x = derivative(f, 2), 0.7
    wanted = grad(grad(grad(f)))(x)
    for transform in (grad, jacfwd, jit, lambda f: lambda x: derivative(f)(x)):
        g = transform(second)
        got = g(x)
        assert np.isclose(got, grad(grad(f))(x) if transform is jit else wanted)
    assert np.allclose(vmap(second)(np.array([x, 0.9])), [second(x), second(0.9)])


def test_special_functions_of_scipy():
    special = pytest.importorskip("scipy.special")
    x = np.array([0.3, 1.7])
    for f in (special.erf, special.expit, special.gammaln, special.digamma, special.j0, special.i0, special.log_ndtr):
        assert np.allclose(taylor(f, x, 5), nested(f, x, np.ones(2), 5), rtol=1e-9, atol=1e-12)
    # Hermite's polynomials: the k-th derivative of erf is 2/√π (-1)^(k-1) H_{k-1}(x) exp(-x²).
    H9 = np.polynomial.hermite.hermval(0.3, [0] * 9 + [1])
    assert np.isclose(derivative(special.erf, 10)(0.3), -2 / np.sqrt(np.pi) * H9 * np.exp(-0.09), rtol=1e-12)


def test_high_orders_of_a_long_composite():
    def f(x):
        for _ in range(20):
            x = np.sin(x) / (1 + x * x) + np.exp(-x)
        return x

    c, t = taylor(f, 0.3, 20), 1e-2
    assert np.isclose(np.polynomial.polynomial.polyval(t, c), f(0.3 + t), rtol=1e-15)


def test_types_are_those_of_the_answer():
    assert taylor(np.sin, np.ones(2, np.float32), 3).dtype == np.float32
    assert type(derivative(lambda x: x**3, 2)(2.0)) is float
    assert type(derivative(np.sin)(2.0)) is np.float64
    assert derivative(np.sin, 3)(np.float32(1)).dtype == np.float32
    assert taylor(np.sin, 1 + 1j, 2).dtype == np.complex128
    assert derivative(lambda x: x**3, 0)(2) == 8.0
    assert taylor(lambda x: 3.0, 1.0, 2).tolist() == [3.0, 0.0, 0.0]
    assert taylor(np.sin, np.ones((0, 2)), 2).shape == (3, 0, 2)
    x = np.ones(3)
    c = taylor(lambda x: x, x, 1)
    c[0, 0] = 5
    assert x[0] == 1


def test_trees_and_further_arguments():
    c = taylor(lambda p: {"y": p["a"] * p["b"]}, {"a": 2.0, "b": np.ones(2)}, 2)
    assert np.array_equal(c["y"], [[2, 2], [3, 3], [1, 1]])
    c = taylor(lambda p: p[0] * p[1], (2.0, 3.0), 2, v=(1.0, 0.0))
    assert c.tolist() == [6, 3, 0]
    assert derivative(lambda x, y, *, z: x**2 * y * z, 2)(1.0, 3.0, z=5.0) == 30.0


def test_python_decides_the_path():
    def f(x):
        return x**3 if x > 0 else -x

    assert derivative(f, 2)(2.0) == 12.0
    assert derivative(f)(-2.0) == -1.0


def mixture(x):
    return np.exp(-x * x) * np.sin(x) + np.tanh(x) ** 2 + x**1.5


FOURTH, FIFTH = derivative(mixture, 4), derivative(mixture, 5)


@pytest.mark.parametrize("x", [0.7, np.float64(0.7)])
def test_derivatives_of_derivatives(x):
    order = {
        5: [grad(FOURTH), jacfwd(FOURTH), jit(grad(FOURTH)), grad(jit(FOURTH)), lambda x: jvp(FOURTH, (x,), (1.0,))[1]],
        6: [grad(grad(FOURTH)), hessian(FOURTH), derivative(FOURTH, 2), jit(derivative(FOURTH, 2))],
    }
    for n, several in order.items():
        wanted = derivative(mixture, n)(x)
        for f in several:
            got = f(x)
            assert np.isclose(got, wanted)


def test_batches():
    xs = np.array([0.2, 0.7, 1.3])
    assert np.allclose(vmap(FOURTH)(xs), FOURTH(xs))
    assert np.allclose(vmap(grad(FOURTH))(xs), FIFTH(xs))
    assert np.allclose(jit(vmap(FOURTH))(xs), FOURTH(xs))
    rows = vmap(lambda x: taylor(np.sin, x, 3))(xs)
    assert np.allclose(rows, taylor(np.sin, xs, 3).T)


def test_directions_are_those_of_second_derivatives():
    f, v = lambda x: np.sum(np.sin(x) * x[::-1]), np.array([1.0, -2.0, 0.5])
    x = X[0]
    c = taylor(f, x, 2, v=v)
    assert np.allclose(c[1:], [grad(f)(x) @ v, v @ hvp(f)(x, v) / 2])
    assert np.allclose(grad(lambda v: taylor(f, x, 2, v=v)[2])(v), hvp(f)(x, v))


def test_what_is_closed_over_is_held_fixed():
    assert np.isclose(
        grad(lambda a: derivative(lambda x: np.sin(a * x), 3)(0.5))(2.0), (-3 * 4 * np.cos(1.0) + 8 * 0.5 * np.sin(1.0))
    )
    assert np.allclose(vmap(lambda a: derivative(lambda x: a * x**3, 2)(1.0))(np.arange(3.0)), [0, 6, 12])
    f = jit(lambda a: derivative(lambda x: x**3 if a < x else x, 2)(2.0))
    assert [f(1.0), f(3.0)] == [12.0, 0.0]


def test_control_flow_under_jit_is_guarded():
    f = jit(derivative(lambda x: x**3 if x > 0 else -x, 2))
    assert [f(2.0), f(-2.0), f(3.0)] == [12.0, 0.0, 18.0]


@pytest.mark.parametrize("transform", [lambda f: f, jit, vmap])
def test_where_a_recurrence_would_divide_by_zero(transform):
    x = np.zeros(2)
    assert transform(derivative(lambda x: x**2.0 + x**3, 2))(x).tolist() == [2, 2]
    assert transform(derivative(lambda x: x**1.5))(x).tolist() == [0, 0]
    assert transform(derivative(lambda x: x**2.5, 2))(x).tolist() == [0, 0]
    assert np.isnan(transform(derivative(lambda x: np.where(x > 0, np.log(x), x**2), 2))(x)).tolist() == [False] * 2
    norm = lambda x: np.linalg.norm(np.stack([x, x]))
    assert derivative(norm)(0.0) == 0


def test_very_high_orders():
    c = taylor(lambda x: np.exp(np.sin(x)), 0.1, 150)
    assert np.isclose(np.sum(c * 0.5 ** np.arange(151)), np.exp(np.sin(0.6)), rtol=1e-14)
    with pytest.raises(BadArgument, match=r"derivative was given the order 171.*no float.*Write taylor\(f, x, 171\)"):
        derivative(np.exp, 171)


def test_what_is_refused():
    with pytest.raises(BadArgument, match=r"taylor was given the order -1.*natural number.*Write taylor\(f, x, 3\)"):
        taylor(np.sin, 1.0, -1)
    with pytest.raises(BadArgument, match=r"derivative was given the order 2.5.*Write derivative\(f, 3\)"):
        derivative(np.sin, 2.5)
    with pytest.raises(BadArgument, match="taylor was given the order True"):
        taylor(np.sin, 1.0, True)
    with pytest.raises(BadArgument, match=r"derivative was called without an argument.*Pass it by position"):
        derivative(lambda x: x)(x=1.0)
    with pytest.raises(BadArgument, match="direction"):
        taylor(np.sin, np.ones(3), 2, v=np.ones(2))
    with pytest.raises(BadArgument, match="dtype int64"):
        taylor(np.sin, np.arange(3), 2)
    with pytest.raises(BadAnswer, match=r"dtype bool, which has no derivative.*taylor needs real or complex"):
        taylor(lambda x: x > 0, 1.0, 2)
    with pytest.raises(UnknownValue, match=r"np\.where"):
        vmap(derivative(lambda x: x if x > 0 else -x))(np.ones(2))


def test_series_that_need_ever_more_series_are_refused(monkeypatch):
    monkeypatch.setattr("funcgrad.transforms.series.rules.MOST", 3)
    with pytest.raises(UnsupportedFunction, match=r"needs more than 3 others.*Use nested jvp, or a lower order"):
        taylor(lambda x: np.sinc(x) + np.arctan(x) * x, 0.5, 5)
    assert Expansion(3).made == {}


def test_the_structure_of_the_answer_is_kept():
    line, (square,) = taylor(lambda x: (x, [x**2]), 1.0, 2)
    assert line.tolist() == [1, 1, 0]
    assert square.tolist() == [1, 2, 1]
