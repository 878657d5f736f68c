"""Factors of matrices: repeated values, missing ranks, phases, shapes, dtypes and NumPy's words where it refuses."""

import re

import numpy as np
import pytest

from funcgrad import eval_shape, grad, jacrev, jit, jvp, tree, vjp, vmap
from funcgrad.errors import UnsupportedFunction

linalg = np.linalg
LinAlgError = linalg.LinAlgError
RNG = np.random.default_rng(0)
Q = linalg.qr(RNG.normal(size=(4, 4)))[0]
WEIGHTS = RNG.normal(size=(4, 4))


def with_eigenvalues(*values):
    return (Q * values) @ Q.T


def symmetric(a):
    return (a + a.mT) / 2


REPEATED, LOW = with_eigenvalues(1, 1, 2, 3), with_eigenvalues(0, 0, 2, 3)
DIRECTION = symmetric(RNG.normal(size=(4, 4)))


def difference(f, x, v, h=1e-5):
    return (f(x + h * v) - f(x - h * v)) / (2 * h)


def projector(a):
    V = linalg.eigh(symmetric(a))[1][:, :2]
    return np.sum(WEIGHTS * (V @ V.T))


def of_matrix(f):
    """⟨w, f(a)⟩ for a function of matrices."""

    def g(a):
        w, V = linalg.eigh(symmetric(a))
        return np.sum(WEIGHTS * ((V * f(w)) @ V.T))

    return g


def largest_two(a):
    w, V = linalg.eigh(symmetric(a))
    return np.sum(WEIGHTS * ((V[:, 2:] * w[2:]) @ V[:, 2:].T))


def polar(a):
    U, _, W = linalg.svd(a)
    return np.sum(WEIGHTS * (U @ W))


def rebuilt(a):
    U, s, W = linalg.svd(a)
    return np.sum(WEIGHTS * ((U * s) @ W))


def projector_by_eig(a):
    w, V = linalg.eig(a)
    return np.sum(WEIGHTS * np.real((V * (np.abs(w - 1) < 0.5)) @ linalg.inv(V)))


# ---- repeated values -------------------------------------------------------------------------------------------------
SMOOTH = {
    "sum of squares of eigvalsh": (lambda a: np.sum(linalg.eigvalsh(symmetric(a)) ** 2), REPEATED),
    "sum of squares of eigh": (lambda a: np.sum(linalg.eigh(symmetric(a))[0] ** 2), REPEATED),
    "the largest beside a repeated one": (lambda a: linalg.eigvalsh(symmetric(a))[-1], REPEATED),
    "sum of squares of eigvals": (lambda a: np.real(np.sum(linalg.eigvals(a) ** 2)), REPEATED),
    "projector": (projector, REPEATED),
    "projector by a mask": (of_matrix(lambda w: w < 1.5), REPEATED),
    "projector by eig": (projector_by_eig, REPEATED),
    "all but a repeated eigenvalue 0": (largest_two, LOW),
    "polar factor": (polar, np.eye(4)),
    "a matrix with one singular value 0 from its parts": (rebuilt, np.diag([3.0, 2, 1, 0])),
    "nuclear norm": (lambda a: linalg.norm(a, "nuc"), np.eye(4)),
    "sum of squares of svdvals": (lambda a: np.sum(linalg.svdvals(a) ** 2), np.eye(4)),
    "sum of squares of svdvals at 0": (lambda a: np.sum(linalg.svdvals(a) ** 2), np.zeros((4, 4))),
    "spectral norm of low rank": (lambda a: linalg.norm(a, 2), LOW),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_what_no_choice_changes_has_its_derivative_at_repeated_values(name):
    f, a = SMOOTH[name]
    np.testing.assert_allclose(np.sum(grad(f)(a) * DIRECTION), difference(f, a, DIRECTION), atol=1e-6)
    staged = jit(grad(f))
    np.testing.assert_allclose(staged(a), grad(f)(a), atol=1e-12)
    np.testing.assert_allclose(vmap(grad(f))(np.stack([a, a]))[1], grad(f)(a), atol=1e-12)


REFUSED_AT = {
    "an eigenvector": (lambda a: np.sum(WEIGHTS[0] * linalg.eigh(symmetric(a))[1][:, 0]), REPEATED),
    "a function of the matrix": (of_matrix(np.exp), REPEATED),
    "the square of the unit matrix": (lambda a: of_matrix(lambda w: w**2)(a), np.eye(4)),
    "the matrix 0 from its parts": (of_matrix(lambda w: w), np.zeros((4, 4))),
    "a singular vector": (lambda a: np.sum(WEIGHTS[0] * linalg.svd(a)[0][:, 0]), np.eye(4)),
    "a vector of the null space": (lambda a: np.sum(WEIGHTS[:, 3] * linalg.svd(a)[0][:, 3]), np.eye(4)[:, :2]),
    "a basis of the complement": (lambda a: np.sum(WEIGHTS * linalg.qr(a, "complete")[0]), Q[:, :2] * [1, 2]),
    "eigenvectors of a defective matrix": (
        lambda a: np.sum(np.abs(linalg.eig(a)[1]) ** 4),
        np.diag([1.0, 1, 1], 1),
    ),
    "eigenvalues of a defective matrix": (lambda a: np.sum(np.abs(linalg.eigvals(a) - 1)), np.diag([1.0, 1, 1], 1)),
    "qr of deficient rank": (lambda a: np.sum(linalg.qr(a)[1]), np.ones((3, 3))),
}


@pytest.mark.parametrize("name", REFUSED_AT)
def test_what_a_choice_changes_is_an_error(name):
    f, a = REFUSED_AT[name]
    with pytest.raises(LinAlgError, match="Singular matrix" if "defi" in name or "defe" in name else "their phases"):
        grad(f)(a)


def test_forward_mode_and_second_derivatives_where_values_part_are_errors():
    energy = lambda a: np.sum(linalg.eigvalsh(a) ** 2)
    slope = lambda a: np.sum(grad(energy)(a) * WEIGHTS)
    for f, a in ((projector, REPEATED), (polar, np.eye(4)), (slope, REPEATED), (slope, np.zeros((4, 4)))):
        with pytest.raises(LinAlgError, match="how the equal values part"):
            jvp(f, (a,), (WEIGHTS,))
    with pytest.raises(LinAlgError, match="how the equal values part"):
        grad(slope)(REPEATED)
    np.testing.assert_allclose(jvp(energy, (REPEATED,), (DIRECTION,))[1], 2 * np.sum(REPEATED * DIRECTION))


def test_phases_of_complex_vectors_are_refused():
    a = RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3))
    for vectors in (lambda a: linalg.eigh(a + np.conj(a.T))[1], lambda a: linalg.eig(a)[1], lambda a: linalg.svd(a)[0]):
        with pytest.raises(LinAlgError, match="their phases"):
            grad(lambda a, vectors=vectors: np.sum(np.real(vectors(a))))(a)


def test_the_slope_of_a_singular_value_zero_is_the_smallest():
    for a in (np.zeros((2, 3)), np.ones((3, 3))):
        slope = grad(lambda a: np.sum(linalg.svdvals(a)))(a)
        U, s, W = linalg.svd(a, full_matrices=False)
        np.testing.assert_allclose(slope, (U * (s > 1e-12)) @ W, atol=1e-12)


def test_a_jacobian_of_eigenvalues_factors_once(monkeypatch):
    a = symmetric(RNG.normal(size=(5, 5)))
    called, eigh = [], linalg.eigh
    monkeypatch.setattr(linalg, "eigh", lambda *args: called.append(args) or eigh(*args))
    J = jacrev(linalg.eigvalsh)(a)
    assert len(called) == 1
    V = eigh(a)[1]
    np.testing.assert_allclose(J, np.einsum("ik,jk->kij", V, V), atol=1e-12)


def test_eigenvalues_move_as_those_of_a_hermitian_matrix():
    a = np.array([[2.0, 1.0], [1.0, 2.0]])
    np.testing.assert_allclose(grad(lambda a: linalg.eigh(a)[0][1])(a), np.full((2, 2), 0.5))
    y, pull = vjp(lambda a: linalg.eigvalsh(a, "u"), np.array([[2.0, 1.0], [7.0, 2.0]]))
    np.testing.assert_allclose(y, [1, 3])
    np.testing.assert_allclose(pull(np.array([0.0, 1.0]))[0], np.full((2, 2), 0.5))


# ---- rank ------------------------------------------------------------------------------------------------------------
def test_pinv_has_its_derivative_among_matrices_of_the_same_rank():
    column, row = RNG.normal(size=(4, 1)), RNG.normal(size=(1, 3))
    f = lambda u, v: np.sum(linalg.pinv(u @ v, 1e-10) ** 2)
    got = grad(f, (0, 1))(column, row)
    want = 1 / (np.sum(column**2) * np.sum(row**2))  # |(u v)⁺|² = 1/(|u|² |v|²)
    np.testing.assert_allclose(f(column, row), want)
    np.testing.assert_allclose(got[0], -2 * want * column / np.sum(column**2))
    np.testing.assert_allclose(got[1], -2 * want * row / np.sum(row**2))
    zero = np.zeros((2, 3))
    np.testing.assert_array_equal(grad(lambda a: np.sum(linalg.pinv(a)))(zero), zero)


def test_tolerances_of_pinv_and_rank_for_each_matrix():
    a = np.stack([np.diag([1.0, 0.1]), np.diag([1.0, 0.3])])
    for bound in (0.2, np.array([0.2, 0.5])):
        for f in (
            lambda a, bound=bound: linalg.pinv(a, bound),
            lambda a, bound=bound: linalg.pinv(a, rtol=bound),
            lambda a, bound=bound: linalg.pinv(a, bound, True),
            lambda a, bound=bound: linalg.matrix_rank(a, bound),
            lambda a, bound=bound: linalg.matrix_rank(a, rtol=bound, hermitian=True),
        ):
            np.testing.assert_allclose(jvp(f, (a,), (a,))[0], f(a))
            np.testing.assert_allclose(vmap(f)(np.stack([a, 2 * a])), [f(a), f(2 * a)])
    bounds = np.array([[0.2, 0.5], [0.01, 0.01]])
    want = [linalg.matrix_rank(a, bound) for bound in bounds]
    np.testing.assert_array_equal(vmap(linalg.matrix_rank)(np.stack([a, a]), bounds), want)


def test_the_rank_is_an_integer_without_derivative():
    found = []

    def f(a):
        found.append(linalg.matrix_rank(a))
        found.append(linalg.matrix_rank(a[0]))
        return np.sum(a) * found[0]

    np.testing.assert_array_equal(grad(f)(np.ones((2, 2))), np.ones((2, 2)))
    assert found == [1, 1]
    assert isinstance(found[0], np.integer)


def test_lstsq_of_deficient_rank():
    a, b = np.ones((3, 2)), np.array([1.0, 2.0, 4.0])
    y, _ = vjp(linalg.lstsq, a, b)
    for got, want in zip(y, linalg.lstsq(a, b), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-15)
        assert np.shape(got) == np.shape(want)
    np.testing.assert_allclose(jacrev(lambda b: linalg.lstsq(a, b)[0])(b), linalg.pinv(a), atol=1e-15)
    np.testing.assert_allclose(jit(linalg.lstsq)(a, b)[0], linalg.lstsq(a, b)[0])
    x, residuals, rank, _ = vmap(linalg.lstsq, in_axes=(0, None))(np.stack([a, a + np.eye(3, 2)]), b)
    np.testing.assert_allclose(residuals, [[np.sum((a @ x[0] - b) ** 2)], linalg.lstsq(a + np.eye(3, 2), b)[1]])
    np.testing.assert_array_equal(rank, [1, 2])


def test_cond_of_singular_matrices():
    for a in (np.zeros((2, 2)), np.diag([1.0, 0.0])):
        for p in (None, -2):
            assert jvp(lambda a, p=p: linalg.cond(a, p), (a,), (a,))[0] == linalg.cond(a, p)
    with pytest.raises(LinAlgError, match="Singular matrix"):
        grad(lambda a: linalg.cond(a, 1))(np.ones((2, 2)))


# ---- shapes and types ------------------------------------------------------------------------------------------------
def test_results_are_numpys_named_tuples():
    def f(a):
        for function in (linalg.eigh, linalg.eig, linalg.svd, linalg.qr):
            assert type(function(a)) is type(function(np.eye(2)))
        return np.sum(linalg.eigh(a).eigenvalues + linalg.svd(a).S) + linalg.qr(a).R[0, 0]

    grad(f)(np.diag([1.0, 2.0]))
    assert eval_shape(linalg.svd, np.ones((3, 2)))._fields == ("U", "S", "Vh")


SHAPES = [(2, 0, 0), (0, 0), (0, 3), (3, 0), (1, 1), (0, 2, 3), (2, 1, 3), (3, 1), (2, 3), (3, 2)]


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex64", "int64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_types_and_shapes_are_numpys(shape, dtype):
    a = (RNG.normal(size=shape) * 4).astype(dtype)
    functions = [
        linalg.svd, linalg.svdvals, linalg.qr, linalg.pinv, linalg.matrix_rank,
        lambda a: linalg.svd(a, False), lambda a: linalg.qr(a, "complete"), lambda a: linalg.qr(a, "r"),
    ]  # fmt: skip
    if shape[-1] == shape[-2]:
        functions += [linalg.eigh, linalg.eigvalsh]
    for f in functions:
        for got, want in zip(tree.leaves(eval_shape(f, a)), tree.leaves(f(a)), strict=True):
            assert (got.shape, got.dtype) == (np.shape(want), want.dtype)
        energy = lambda a, f=f: sum(np.sum(np.abs(x) ** 2) for x in tree.leaves(f(a)))
        if dtype != "int64" and f is not linalg.matrix_rank:
            slope = grad(energy)(a)
            assert (slope.shape, slope.dtype) == (a.shape, a.dtype)
            assert np.all(np.isfinite(slope))


def test_eig_is_real_where_numpy_says_so():
    real, pairs = np.array([[2.0, 1.0], [0.5, 3.0]]), np.array([[0.0, 1.0], [-1.0, 0.0]])
    for a in (real, pairs):
        for f in (linalg.eig, linalg.eigvals, jit(linalg.eig), jit(linalg.eigvals)):
            got, want = (g(a)[0] if isinstance(g(a), tuple) else g(a) for g in (f, linalg.eigvals))
            np.testing.assert_allclose(jvp(f, (a,), (a,))[0][0] if isinstance(f(a), tuple) else got, want)
            assert got.dtype == want.dtype
    assert vmap(linalg.eigvals)(np.stack([real, pairs])).dtype == complex
    np.testing.assert_allclose(grad(lambda a: np.max(linalg.eigvals(a)))(np.diag([1.0, 2.0])), np.diag([0.0, 1.0]))


def test_eigenvectors_keep_their_length():
    a = RNG.normal(size=(3, 3))
    np.testing.assert_allclose(grad(lambda a: np.sum(np.abs(linalg.eig(a)[1]) ** 2))(a), np.zeros((3, 3)), atol=1e-13)


# ---- refusals --------------------------------------------------------------------------------------------------------
REFUSED = {
    "eigh of a rectangle": (linalg.eigh, (2, 3)),
    "eigvalsh of a vector": (linalg.eigvalsh, (3,)),
    "eig of a rectangle": (linalg.eig, (2, 3)),
    "eigh UPLO": (lambda a: linalg.eigh(a, "X"), (2, 2)),
    "svd of a vector": (linalg.svd, (3,)),
    "svdvals of a vector": (linalg.svdvals, (3,)),
    "qr of a vector": (linalg.qr, (3,)),
    "qr mode": (lambda a: linalg.qr(a, "half"), (3, 3)),
    "pinv twice": (lambda a: linalg.pinv(a, 1e-3, rtol=1e-3), (3, 3)),
    "rank twice": (lambda a: linalg.matrix_rank(a, 1e-3, rtol=1e-3), (3, 3)),
    "cond of nothing": (linalg.cond, (0, 0)),
    "cond 1 of a rectangle": (lambda a: linalg.cond(a, 1), (2, 3)),
    "lstsq lengths": (lambda a: linalg.lstsq(a, a[0]), (3, 2)),
    "lstsq of a stack": (lambda a: linalg.lstsq(a, a), (2, 3, 2)),
    "lstsq of a vector": (lambda a: linalg.lstsq(a, a), (3,)),
    "tensorinv ind": (lambda a: linalg.tensorinv(a, 0), (2, 2)),
    "tensorinv shape": (lambda a: linalg.tensorinv(a, 1), (2, 3)),
    "tensorsolve": (lambda a: linalg.tensorsolve(a, a[0]), (3, 2)),
    "norm -2 of nothing": (lambda a: linalg.norm(a, -2), (0, 3)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_numpy_refuses_is_refused_in_its_words_known_or_not(name):
    f, shape = REFUSED[name]
    a = np.ones(shape)
    with pytest.raises((ValueError, TypeError)) as plain:
        f(a)
    same = pytest.raises(plain.type, match=f"^{re.escape(str(plain.value))}$")
    with same:
        jvp(f, (a,), (a,))
    with same:
        eval_shape(f, a)


def test_what_has_no_rule_is_refused_by_name():
    with pytest.raises(UnsupportedFunction, match="mode='raw'"):
        grad(lambda a: np.sum(linalg.qr(a, "raw")[0]))(np.eye(2))
    with pytest.raises(TypeError, match="array type float16 is unsupported in linalg"):
        eval_shape(linalg.svd, np.eye(2, dtype="float16"))
