"""Linear algebra: NumPy's words where NumPy refuses, singular matrices, norms at zero, one factorisation for many."""

import re

import numpy as np
import pytest

from funcgrad import eval_shape, grad, hessian, jacobian, jacrev, jvp, value_and_grad, vjp, vmap
from funcgrad.errors import UnsupportedFunction
from funcgrad.primitives.solving import Cofactors, Inverse, Solve

linalg = np.linalg
LinAlgError = linalg.LinAlgError
RNG = np.random.default_rng(0)


def regular(*shape, dtype="float64"):
    return (RNG.uniform(-1, 1, shape) + 4 * np.eye(shape[-1])).astype(dtype)


def ones(*shapes):
    return [np.ones(shape) for shape in shapes]


# ---- errors ----------------------------------------------------------------------------------------------------------
REFUSED = {
    "inv of a vector": (linalg.inv, ones((3,))),
    "det of a number": (linalg.det, ones(())),
    "det of a rectangle": (linalg.det, ones((2, 3))),
    "slogdet of a rectangle": (linalg.slogdet, ones((4, 2, 3))),
    "cholesky of a rectangle": (linalg.cholesky, ones((2, 3))),
    "matrix_power of a rectangle": (lambda a: linalg.matrix_power(a, 2), ones((2, 3))),
    "matrix_power of no integer": (lambda a: linalg.matrix_power(a, 0.5), ones((2, 2))),
    "solve a rectangle": (linalg.solve, ones((2, 3), (2,))),
    "solve vector": (linalg.solve, [np.eye(3), np.ones(2)]),
    "solve matrix": (linalg.solve, [np.eye(3), np.ones((2, 2))]),
    "solve number": (linalg.solve, [np.eye(3), np.ones(())]),
    "solve matrix by vectors": (linalg.solve, [np.eye(3), np.ones((3, 2, 3))]),
    "matrix_transpose": (linalg.matrix_transpose, ones((3,))),
    "norm name": (lambda x: linalg.norm(x, "fro"), ones((3,))),
    "norm of matrices": (lambda x: linalg.norm(x, 7), ones((3, 3))),
    "norm of matrices by name": (lambda x: linalg.norm(x, "max"), ones((3, 3))),
    "norm rank": (lambda x: linalg.norm(x, 1), ones((3, 3, 3))),
    "norm axes": (lambda x: linalg.norm(x, axis=(0, 1, 2)), ones((3, 3, 3))),
    "norm axis twice": (lambda x: linalg.norm(x, axis=(1, -1)), ones((3, 3))),
    "norm axis beyond": (lambda x: linalg.norm(x, axis=(0, 2)), ones((3, 3))),
    "norm axis named": (lambda x: linalg.norm(x, axis="x"), ones((3, 3))),
    "vector_norm name": (lambda x: linalg.vector_norm(x, ord="fro"), ones((3, 3))),
    "matrix_norm of a vector": (linalg.matrix_norm, ones((3,))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_numpy_refuses_is_refused_in_its_words_known_or_not(name):
    f, args = REFUSED[name]
    with pytest.raises((ValueError, TypeError)) as plain:
        f(*args)
    same = pytest.raises(plain.type, match=f"^{re.escape(str(plain.value))}$")
    with same:
        jvp(f, args, args)
    with same:
        eval_shape(f, *args)


@pytest.mark.parametrize("f", [linalg.inv, linalg.det, linalg.slogdet, linalg.cholesky, lambda a: linalg.solve(a, a)])
def test_half_precision_is_refused_in_numpys_words(f):
    with pytest.raises(TypeError, match="array type float16 is unsupported in linalg"):
        eval_shape(f, np.eye(2, dtype="float16"))


def test_singular_and_indefinite_matrices_are_refused_by_numpy():
    flat = np.ones((2, 2))
    for f in (linalg.inv, lambda a: linalg.solve(a, np.ones(2))):
        with pytest.raises(LinAlgError, match="Singular matrix"):
            grad(lambda a, f=f: np.sum(f(a)))(flat)
    with pytest.raises(LinAlgError, match="not positive definite"):
        grad(lambda a: np.sum(linalg.cholesky(a)))(-np.eye(2))
    with pytest.raises(LinAlgError, match="Singular matrix"):
        grad(lambda a: linalg.slogdet(a)[1])(flat)


def test_options_are_refused():
    with pytest.raises(UnsupportedFunction, match="dtype="):
        grad(lambda x: linalg.trace(x, dtype="float32"))(np.eye(2))


# ---- determinants ----------------------------------------------------------------------------------------------------
def minors(a):
    """The cofactors by their definition."""
    n = len(a)
    cofactors = np.empty_like(a)
    for i in range(n):
        for j in range(n):
            cofactors[i, j] = (-1) ** (i + j) * linalg.det(np.delete(np.delete(a, i, 0), j, 1))
    return cofactors


SINGULAR = {
    "rank n - 1": np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 10 - 1.0]]),
    "rank n - 2": np.ones((3, 3)),
    "zero": np.zeros((3, 3)),
    "zero 2": np.zeros((2, 2)),
    "zero 1": np.zeros((1, 1)),
    "nilpotent": np.array([[0.0, 1, 0], [0, 0, 1], [0, 0, 0]]),
    "complex": np.array([[1, 1j], [1j, -1]]),
    "regular": np.diag([1.0, 2, 3, 4]) + 0.5,
}


@pytest.mark.parametrize("name", SINGULAR)
def test_det_has_its_derivatives_at_singular_matrices(name):
    a = SINGULAR[name]
    holomorphic = a.dtype.kind == "c"
    gradient = grad(linalg.det, holomorphic=holomorphic)
    np.testing.assert_allclose(gradient(a), minors(a), rtol=0, atol=1e-12)
    direction = RNG.normal(size=a.shape).astype(a.dtype)
    second = jvp(gradient, (a,), (direction,))[1]
    step = (minors(a + 1e-3 * direction) - minors(a - 1e-3 * direction)) / 2e-3
    np.testing.assert_allclose(second, step, rtol=0, atol=1e-4)


def test_a_third_derivative_of_det_at_a_singular_matrix_is_an_error_and_never_a_number():
    third = grad(lambda t: grad(grad(lambda s: linalg.det(np.ones((3, 3)) * s)))(t))
    with pytest.raises(LinAlgError, match="Singular matrix"):
        third(2.0)


def test_det_of_a_stack_with_a_singular_matrix():
    a = np.stack([np.eye(2), np.ones((2, 2))])
    np.testing.assert_allclose(grad(lambda a: np.sum(linalg.det(a)))(a), [minors(one) for one in a], atol=1e-15)
    np.testing.assert_allclose(vmap(grad(linalg.det))(a), [minors(one) for one in a], atol=1e-15)


def test_cofactors_are_accurate_where_the_inverse_is_not():
    a = np.diag([1.0, 1e-200, 1.0])
    np.testing.assert_allclose(Cofactors()(a), np.diag([1e-200, 1, 1e-200]), rtol=1e-12, atol=0)


def test_slogdet_is_numpys_tuple_and_does_not_overflow():
    found = []
    a = np.eye(400) * 10.0

    def f(a):
        found.append(linalg.slogdet(a))
        return found[-1].logabsdet * found[-1].sign

    y, g = value_and_grad(f)(a)
    np.testing.assert_allclose(y, 400 * np.log(10))
    np.testing.assert_allclose(g, np.eye(400) / 10)
    assert type(found[0]) is type(linalg.slogdet(a))
    assert found[0]._fields == ("sign", "logabsdet")


def test_the_sign_of_a_complex_determinant_turns():
    """det(e^{it}) = e^{it}, so the sign of diag(e^{it}, 2) is e^{it}: d/dt Im = cos t."""

    def f(t):
        return np.imag(
            linalg.slogdet(np.exp(1j * t) * np.array([[1.0, 0], [0, 0]]) + np.array([[0, 0], [0, 2.0]])).sign
        )

    np.testing.assert_allclose(grad(f)(0.3), np.cos(0.3))
    np.testing.assert_allclose(grad(grad(f))(0.3), -np.sin(0.3))


# ---- solve, inverse, cholesky ----------------------------------------------------------------------------------------
def counted(monkeypatch, name):
    """The shapes with which np.linalg's function `name` is called."""
    shapes, original = [], getattr(linalg, name)

    def counting(*args):
        shapes.append(tuple(np.shape(a) for a in args))
        return original(*args)

    monkeypatch.setattr(linalg, name, counting)
    return shapes


def test_one_matrix_and_many_right_sides_are_factored_once(monkeypatch):
    solve, a, b = linalg.solve, regular(3, 3), RNG.normal(size=(5, 3))
    want = np.stack([solve(a, one) for one in b])
    found = vmap(lambda b: Solve()(a, b[:, None])[:, 0])
    shapes = counted(monkeypatch, "solve")
    np.testing.assert_allclose(found(b), want)
    assert shapes == [((3, 3), (3, 5))]


def test_a_jacobian_of_solve_factors_once_each_way(monkeypatch):
    a, b = regular(3, 3), np.ones((3, 1))
    J = jacrev(lambda b: Solve()(a, b)[:, 0])
    shapes = counted(monkeypatch, "solve")
    np.testing.assert_allclose(J(b)[..., 0], linalg.inv(a))
    assert len(shapes) == 2


def test_a_constant_matrix_gets_no_cotangent(monkeypatch):
    a, b = regular(3, 3), np.ones((3, 1))
    made = []
    monkeypatch.setattr("funcgrad.primitives.solving.matmul", lambda *args: made.append(args))
    grad(lambda b: np.sum(linalg.solve(a, b)))(b)
    assert made == []


def test_solve_in_every_way_that_arguments_are_batched():
    for ashape, bshape in [
        ((3, 3), (3,)),
        ((3, 3), (3, 2)),
        ((2, 3, 3), (3, 2)),
        ((3, 3), (2, 3, 2)),
        ((2, 1, 3, 3), (4, 3, 1)),
    ]:
        for axes in ((0, None), (None, 0), (0, 0)):
            a = regular(*(() if axes[0] is None else (5,)), *ashape)
            b = RNG.normal(size=(*(() if axes[1] is None else (5,)), *bshape))
            item = lambda c, axis, i: c if axis is None else c[i]
            want = np.stack([linalg.solve(item(a, axes[0], i), item(b, axes[1], i)) for i in range(5)])
            np.testing.assert_allclose(vmap(linalg.solve, in_axes=axes)(a, b), want, rtol=1e-12)


def test_arguments_of_different_dtypes():
    a, b = regular(2, 2, dtype="float32"), np.array([1 + 2j, 3], "complex64")
    y, pull = vjp(linalg.solve, a, b)
    abar, bbar = pull(y)
    assert (y.dtype, abar.dtype, bbar.dtype) == ("complex64", "float32", "complex64")
    whole = np.array([[2, 1], [1, 3]])
    np.testing.assert_allclose(grad(lambda b: np.sum(linalg.solve(whole, b)))(np.ones(2)), linalg.inv(whole).sum(0))
    np.testing.assert_allclose(vmap(linalg.det)(whole[None]), [5.0])
    assert eval_shape(linalg.inv, whole).dtype == float


def test_cholesky_moves_as_a_hermitian_matrix():
    a = np.array([[4.0, 1.0], [1.0, 3.0]])
    g = grad(lambda a: linalg.cholesky(a)[1, 0])(a)
    np.testing.assert_allclose(g, [[-1 / 16, 1 / 4], [1 / 4, 0]], atol=1e-15)  # a₂₁/√a₁₁, its slope 1/2 shared by two
    np.testing.assert_allclose(g, g.T)


def test_cholesky_reads_the_triangle_that_numpy_reads():
    a = np.array([[4.0, 7.0], [1.0, 3.0]])
    for upper in (False, True):
        b = a.T if upper else a
        got = jvp(lambda a, upper=upper: linalg.cholesky(a, upper=upper), (b,), (b,))[0]
        np.testing.assert_array_equal(got, linalg.cholesky(b, upper=upper))


def test_matrix_power_zero_is_the_identity():
    a = regular(2, 3, 3, dtype="float32")
    y, ydot = jvp(lambda a: linalg.matrix_power(a, 0), (a,), (a,))
    np.testing.assert_array_equal(y, np.broadcast_to(np.eye(3), (2, 3, 3)))
    assert y.dtype == ydot.dtype == np.float32
    assert not ydot.any()
    np.testing.assert_array_equal(vmap(lambda a: linalg.matrix_power(a, 0))(a), y)


def test_matrix_power_of_integers():
    a = np.array([[[1, 2], [3, 4]]])
    np.testing.assert_array_equal(vmap(lambda a: linalg.matrix_power(a, 3))(a), linalg.matrix_power(a, 3))


def test_inverse_has_all_derivatives():
    np.testing.assert_allclose(grad(grad(grad(lambda t: linalg.inv(np.eye(1) * t)[0, 0])))(2.0), -6 / 16)
    assert repr(Inverse()) == "Inverse()"


# ---- norms -----------------------------------------------------------------------------------------------------------
EVERY = {
    "default": lambda x: linalg.norm(x),
    "of the last axis": lambda x: np.sum(linalg.norm(x, axis=-1)),
    "fro": lambda x: linalg.norm(x, "fro"),
    "1": lambda x: np.sum(linalg.norm(x, 1, axis=0)),
    "matrix 2": lambda x: linalg.norm(x, 2),
    "matrix -2": lambda x: linalg.norm(x, -2),
    "nuc": lambda x: linalg.norm(x, "nuc"),
    "3": lambda x: np.sum(linalg.norm(x, 3, axis=0)),
    "2.5": lambda x: np.sum(linalg.norm(x, 2.5, axis=0)),
    "0.5": lambda x: np.sum(linalg.norm(x, 0.5, axis=0)),
    "inf": lambda x: np.sum(linalg.norm(x, np.inf, axis=0)),
    "-inf": lambda x: np.sum(linalg.norm(x, -np.inf, axis=0)),
    "matrix 1": lambda x: linalg.norm(x, 1),
    "matrix -inf": lambda x: linalg.norm(x, -np.inf),
    "vector_norm": lambda x: linalg.vector_norm(x, ord=4),
}


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
@pytest.mark.parametrize("name", EVERY)
def test_derivatives_of_norms_at_zero_are_zero(name, dtype):
    zero = np.zeros((2, 3), dtype)
    y, g = value_and_grad(EVERY[name])(zero)
    assert y == 0
    assert g.dtype == dtype
    np.testing.assert_array_equal(g, zero)


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, np.inf])
def test_a_zero_among_others_has_derivative_zero_and_harms_none(p):
    x = np.array([3.0, 0.0, 4.0])
    got = grad(lambda x: linalg.norm(x, p))(x)
    assert got[1] == 0
    np.testing.assert_allclose(got[[0, 2]], grad(lambda x: linalg.norm(x, p))(x[[0, 2]]))


@pytest.mark.parametrize("p", [-1, -2.5])
def test_negative_orders_at_zero(p):
    x = np.array([3.0, 0.0, 4.0])
    with np.errstate(divide="ignore"):
        y, g = value_and_grad(lambda x: linalg.norm(x, p))(x)
        assert y == linalg.norm(x, p) == 0
    np.testing.assert_array_equal(g, [0, 0, 0])


def test_the_number_of_nonzeros_is_flat():
    y, g = value_and_grad(lambda x: linalg.norm(x, 0))(np.array([1.0, 0.0, 2.0]))
    assert y == 2
    np.testing.assert_array_equal(g, np.zeros(3))
    assert vmap(lambda x: linalg.norm(x, 0))(np.array([[1, 0]], "float32")).dtype == np.float32


def test_norms_of_nothing_and_of_integers():
    for p in (None, 1, 2, 3, np.inf):
        y, g = value_and_grad(lambda x, p=p: linalg.norm(x, p))(np.zeros(0))
        assert (y, g.shape) == (0, (0,))
        x = np.array([[3, -4]])
        got = vmap(lambda x, p=p: linalg.norm(x, p))(x)
        np.testing.assert_allclose(got, [linalg.norm(x[0], p)])
        assert got.dtype == float


def test_the_hessian_of_a_norm():
    """∇²|x| = (1 - x xᵀ/|x|²)/|x|."""
    np.testing.assert_allclose(hessian(linalg.norm)(np.array([3.0, 4.0])), [[0.128, -0.096], [-0.096, 0.072]])
    assert np.isfinite(hessian(linalg.norm)(np.zeros(2))).all()


def test_jacobians_of_stacks():
    J = jacobian(linalg.inv)(np.eye(2))
    np.testing.assert_allclose(J, -np.einsum("ik,jl->ijkl", np.eye(2), np.eye(2)))


def test_third_derivatives_of_det_in_three_directions():
    """D³ det A[X, Y, Z] of 3 × 3 matrices is the mixed part of a cubic form, whatever A is."""
    a, x, y, z = RNG.normal(size=(4, 3, 3))
    mixed = lambda t, u, v: linalg.det(a + t * x + u * y + v * z)
    corners = [(t, u, v) for t in (0, 1) for u in (0, 1) for v in (0, 1)]
    want = sum(
        (-1) ** (3 - sum(corner)) * linalg.det(sum(c * m for c, m in zip(corner, (x, y, z), strict=True)))
        for corner in corners
    )
    got = grad(lambda t: grad(lambda u: grad(lambda v: mixed(t, u, v))(0.0))(0.0))(0.0)
    np.testing.assert_allclose(got, want)
    H = jvp(hessian(linalg.det), (a,), (z,))[1]
    np.testing.assert_allclose(np.einsum("ij,ijkl,kl", x, H, y), want)
