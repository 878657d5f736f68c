"""SciPy's linear algebra: values are SciPy's, derivatives are differences' limits, and what has none is refused."""

import numpy as np
import pytest
import scipy.linalg as theirs

from funcgrad import Program, grad, jacobian, jit, stage, vmap
from funcgrad.errors import LostDerivative, UnsupportedFunction
from funcgrad.scipy import linalg
from funcgrad.testing import check_grads

A = np.array([[2.0, 1.0, 0.5], [0.3, 3.0, -1.0], [-0.2, 0.4, 4.0]])
B = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def inside(f, *args):
    """The values that f has while it is traced."""
    kept = []

    def g(*args):
        answer = f(*args)
        kept.append([getattr(a, "value", a) for a in (answer if isinstance(answer, tuple) else (answer,))])
        return 0.0 * np.real(np.sum(args[0]))

    grad(g, range(len(args)) if len(args) > 1 else 0)(*args)
    return kept[0]


@pytest.mark.parametrize("name", ["cosm", "sinm", "tanm", "coshm", "sinhm", "tanhm", "logm", "sqrtm", "expm"])
@pytest.mark.parametrize("a", [A / 3, A / 3 + 0.1j * A.T], ids=["real", "complex"])
def test_functions_of_matrices(name, a):
    (got,) = inside(getattr(linalg, name), a)
    wanted = getattr(theirs, name)(a)
    assert got.dtype == a.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-13)
    check_grads(getattr(linalg, name), (a,), order=1 if name in ("logm", "tanm", "tanhm") else 2)


@pytest.mark.parametrize("trans", [0, 1, 2, "N", "T", "C"])
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("unit", [False, True])
def test_triangular_systems(trans, lower, unit):
    a = A + 1j * A.T
    (got,) = inside(lambda a, b: linalg.solve_triangular(a, b, trans, lower, unit), a, B)
    np.testing.assert_allclose(got, theirs.solve_triangular(a, B, trans, lower, unit))


@pytest.mark.parametrize("kind", ["gen", "sym", "her", "pos", "upper triangular", "lower triangular", "tridiagonal"])
@pytest.mark.parametrize("lower", [False, True])
def test_assumed_structures(kind, lower):
    a = {"upper triangular": np.triu(A), "lower triangular": np.tril(A), "gen": A}.get(kind, A + A.T)
    a = np.triu(np.tril(A, 1), -1) if kind == "tridiagonal" else a
    solve = lambda module: lambda a, b: module.solve(a, b, lower=lower, assume_a=kind)
    np.testing.assert_allclose(inside(solve(linalg), a, B)[0], solve(theirs)(a, B))
    check_grads(solve(linalg), (a, B), order=1)
    slope = grad(lambda a: np.sum(solve(linalg)(a, B)))(a)
    if kind in ("sym", "her", "pos"):
        unread = np.triu(slope, 1) if lower else np.tril(slope, -1)
        assert not np.any(unread)


def test_pivots_are_lapacks():
    rng = np.random.default_rng(3)
    for shape in [(5, 5), (6, 3), (3, 6), (1, 1), (2, 4, 4)]:
        a = rng.normal(size=shape)
        lu, pivots = inside(linalg.lu_factor, a)
        single = shape[-2:]  # a stack one by one: SciPy 1.15 has its matrices wrong
        for one, swaps, matrix in zip(
            lu.reshape(-1, *single), pivots.reshape(-1, min(single)), a.reshape(-1, *single), strict=True
        ):
            wanted = theirs.lu_factor(matrix)
            np.testing.assert_allclose(one, wanted[0])
            np.testing.assert_array_equal(swaps, wanted[1])


@pytest.mark.parametrize("trans", [0, 1, 2])
def test_factors_of_theirs_solve_here(trans):
    a = A[::-1] + 0.5j
    lu = theirs.lu_factor(a)
    np.testing.assert_allclose(inside(lambda b: linalg.lu_solve(lu, b, trans), B)[0], theirs.lu_solve(lu, B, trans))
    c = theirs.cho_factor(A @ A.T)
    np.testing.assert_allclose(inside(lambda b: linalg.cho_solve(c, b), B)[0], theirs.cho_solve(c, B))


@pytest.mark.parametrize("kind", [1, 2, 3])
@pytest.mark.parametrize("lower", [False, True])
def test_generalised_eigenvalues(kind, lower):
    a, b = A + A.T, np.eye(3) * 2 + 0.1 * (A + A.T)
    w, v = inside(lambda a, b: linalg.eigh(a, b, type=kind, lower=lower, subset_by_index=(1, 2)), a, b)
    wanted = theirs.eigh(a, b, type=kind, lower=lower, subset_by_index=(1, 2))
    np.testing.assert_allclose(w, wanted[0])
    np.testing.assert_allclose(np.abs(v), np.abs(wanted[1]))


def test_a_root_is_complex_where_there_is_no_real_one():
    a = np.diag([-4.0, 1.0])
    (got,) = inside(linalg.sqrtm, a)
    np.testing.assert_allclose(got, theirs.sqrtm(a))
    np.testing.assert_allclose(jacobian(lambda t: np.imag(linalg.sqrtm(t * a))[0, 0])(1.0), 1.0)
    assert np.isnan(vmap(linalg.sqrtm)(a[None])).all()


def test_matrices_of_fewer_numbers():
    c, r = np.array([1.0, 2, 3]), np.array([9.0, 5, 6, 7])
    for name, args in [("toeplitz", (c, r)), ("toeplitz", (c + 1j,)), ("hankel", (c, r)), ("circulant", (c,)),
                       ("block_diag", (c, A, 2.0)), ("solve_toeplitz", (c + 9 * np.eye(3)[0], B))]:  # fmt: skip
        (got,) = inside(getattr(linalg, name), *args)
        np.testing.assert_allclose(got, getattr(theirs, name)(*args))


def test_what_lies_beside_the_bands_is_not_read():
    bands = np.array([[np.nan, 1.0, 1.0], [4.0, 4.0, 4.0], [1.0, 1.0, np.inf]])
    f = lambda ab: np.sum(linalg.solve_banded((1, 1), ab, np.ones(3), check_finite=False))
    slope = grad(f)(bands)
    assert np.isfinite(slope).all()
    assert slope[0, 0] == slope[2, 2] == 0


def test_least_squares():
    a, b = np.vstack([A, A[:1] + 1]), np.arange(4.0)
    x, residual, _, s = inside(linalg.lstsq, a, b)
    wanted = theirs.lstsq(a, b)
    for one, other in zip((x, residual, s), (wanted[0], wanted[1], wanted[3]), strict=True):
        np.testing.assert_allclose(one, other)


def test_without_a_traced_value_it_is_scipys_own():
    assert isinstance(linalg.lu_factor(A)[0], np.ndarray)
    np.testing.assert_array_equal(linalg.expm(A), theirs.expm(A))
    assert linalg.hilbert is theirs.hilbert
    assert {"expm", "hilbert"} <= set(dir(linalg))


def test_infinities_are_scipys_error():
    with pytest.raises(ValueError, match="infs or NaNs"):
        grad(lambda a: linalg.det(a))(A * np.inf)
    assert np.isnan(grad(lambda a: linalg.solve(a, np.ones(3), check_finite=False)[0])(A * np.nan)).all()


def test_a_program_that_needs_scipy_says_so():
    program = stage(lambda a: linalg.expm(a))(A)
    assert "from scipy.linalg" in program.source()
    np.testing.assert_allclose(Program.from_json(program.to_json())(A), theirs.expm(A))
    np.testing.assert_allclose(jit(grad(lambda a: np.trace(linalg.expm(a))))(A), theirs.expm(A).T)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda a: linalg.qr(a, pivoting=True), "pivoting=True"),
        (lambda a: linalg.qr(a, mode="raw"), "mode='raw'"),
        (lambda a: linalg.eigh(a, subset_by_value=(0, 1)), "subset_by_value="),
        (lambda a: linalg.eig(a, left=True), "left=True"),
        (lambda a: linalg.eig(a, homogeneous_eigvals=True), "homogeneous_eigvals=True"),
        (lambda a: linalg.pinv(a, atol=0.1), "atol="),
        (lambda a: linalg.logm(-a), "eigenvalues below 0"),
        (lambda a: linalg.lstsq(a, a, lapack_driver="gelsy"), "gelsy"),
        (lambda a: linalg.solve_circulant(a[0], a, caxis=0), "caxis="),
        (lambda a: linalg.solve_circulant(a, a), "several columns"),
    ],
)
def test_options_without_a_rule_are_refused(call, says):
    with pytest.raises(UnsupportedFunction, match=says):
        grad(lambda a: np.sum(call(a)[0]))(A + A.T)


@pytest.mark.parametrize("name", ["null_space", "orth", "schur", "hessenberg", "ldl", "signm", "rq", "companion"])
def test_names_without_a_rule_are_refused(name):
    with pytest.raises(LostDerivative):
        grad(lambda a: getattr(linalg, name)(a))(A)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda a: linalg.solve(a[:2], a), "square"),
        (lambda a: linalg.solve(a, a[:2]), "incompatible shapes"),
        (lambda a: linalg.solve(a, a, assume_a="odd"), "matrix structure"),
        (lambda a: linalg.solve_triangular(a, a, trans=3), "trans"),
        (lambda a: linalg.solve_banded((2, 1), a, a), "lower and upper"),
        (lambda a: linalg.lu(a[0]), "two-dimensional"),
        (lambda a: linalg.polar(a, "top"), "side"),
        (lambda a: linalg.qr(a, mode="half"), "Mode"),
        (lambda a: linalg.eigh(a, type=4), "type"),
        (lambda a: linalg.eigh(a, subset_by_index=(2, 3)), "indices"),
        (lambda a: linalg.expm_frechet(a, a, method="?"), "implementation"),
        (lambda a: linalg.expm_frechet(a, a[:2, :2]), "same shape"),
        (lambda a: linalg.solve_discrete_lyapunov(a, a, "?"), "solver"),
        (lambda a: linalg.inv(a[0]), "ndim"),
    ],
)
def test_wrong_arguments_are_scipys_errors(call, says):
    with pytest.raises(ValueError, match=says):
        grad(lambda a: np.sum(call(a)[0]))(A)


def test_a_matrix_is_solved_transposed():
    """SciPy refuses a complex one; a traced one is solved."""
    a = A + 1j * A.T
    np.testing.assert_allclose(a.T @ jit(lambda a: linalg.solve(a, B, transposed=True))(a), B, atol=1e-12)
    got = jacobian(lambda a: np.abs(linalg.solve(a + 1j, B, transposed=True)))(A)
    np.testing.assert_allclose(got, jacobian(lambda a: np.abs(np.linalg.solve(a.T + 1j, B)))(A), rtol=1e-12)
    check_grads(lambda a: linalg.solve(a, B, transposed=True, assume_a="upper triangular"), (A,), order=1)
