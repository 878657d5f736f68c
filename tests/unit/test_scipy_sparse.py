"""Sparse arrays of SciPy's beside traced values, and of traced elements."""

import json
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as theirs

from funcgrad import Program, grad, jacobian, jit, stage, vmap
from funcgrad.errors import LostDerivative, UnsupportedFunction
from funcgrad.scipy import sparse
from funcgrad.testing import check_grads

DENSE = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
FORMATS = ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", [theirs.csr_array, theirs.csr_matrix])
def test_products_of_scipys_own(kind, format):
    A, x, y = kind(DENSE).asformat(format), np.arange(3.0), np.arange(2.0)
    np.testing.assert_array_equal(jacobian(lambda x: A @ x)(x), DENSE)
    if format != "coo":  # whose dot is not @
        np.testing.assert_array_equal(jacobian(lambda x: A.dot(x))(x), DENSE)
    np.testing.assert_array_equal(jacobian(lambda y: A.T @ y)(y), DENSE.T)
    np.testing.assert_array_equal(jacobian(lambda y: y @ A)(y), DENSE.T)
    np.testing.assert_array_equal(vmap(lambda x: A @ x)(np.eye(3)), DENSE.T)
    np.testing.assert_array_equal(jit(lambda x: A @ x)(x), DENSE @ x)
    check_grads(lambda x: np.sin(A @ x) @ A, (np.ones((3, 2)).T[0],), order=2)


def test_a_program_of_products_is_saved_with_its_matrix():
    A, x = theirs.csr_array(DENSE), np.arange(3.0)
    program = stage(lambda x: A @ x)(x)
    np.testing.assert_array_equal(Program.from_json(program.to_json())(x), DENSE @ x)
    assert "funcgrad" not in program.source().split('"""')[2]


def test_nothing_needs_to_be_imported_for_a_product():
    code = """
import json, numpy as np, scipy.sparse
from funcgrad import grad
print(json.dumps(grad(lambda x: np.sum(scipy.sparse.eye_array(2) @ x))(np.ones(2)).tolist()))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == [1, 1]


@pytest.mark.parametrize(
    "call",
    [
        lambda A, x: A * x,
        lambda A, x: x * A,
        lambda A, x: A.multiply(x),
        lambda A, x: A / x[0],
        lambda A, x: x[0] < A,
        lambda A, x: theirs.csr_array((x, ([0, 1, 1], [0, 1, 2])), shape=(2, 3)),
        lambda A, x: A.__setitem__((0, 0), x[0]),
        lambda A, x: theirs.linalg.spsolve(theirs.eye_array(3).tocsr(), x),
    ],
)
def test_other_meetings_are_refused(call):
    """By us, or by older SciPys with Python's own error."""
    with pytest.raises((LostDerivative, TypeError)):
        grad(lambda x: call(theirs.csr_array(DENSE), x))(np.ones(3))


def test_a_sum_with_a_traced_value_is_pythons_error():
    with pytest.raises(TypeError):
        grad(lambda x: theirs.csr_array(DENSE) + x)(np.ones((2, 3)))


# ---- traced elements -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["csr_array", "csc_array", "coo_array"])
def test_arrays_of_traced_elements(name):
    data, places = np.array([1.0, 2.0, 4.0, 5.0]), ([1, 0, 0, 1], [2, 0, 1, 2])  # two at one place
    made = lambda data: getattr(sparse, name)((data, places), shape=(2, 3))
    wanted = made(data).toarray()
    assert isinstance(made(data), theirs.sparray)

    def f(data):
        A = made(data)
        assert (A.shape, A.T.shape, A.ndim, A.dtype) == ((2, 3), (3, 2), 2, np.float64)
        return A.toarray(), (2 * A).dot(np.ones(3)), np.ones(2) @ -A, A.T @ np.ones(2)

    for got, one in zip(jit(f)(data), (wanted, 2 * wanted.sum(1), -wanted.sum(0), wanted.sum(0)), strict=True):
        np.testing.assert_array_equal(got, one)
    check_grads(f, (data,), order=2)


def test_rows_by_their_starts():
    A = theirs.csr_array(DENSE)
    f = lambda module: lambda data: module.csr_array((data, A.indices, A.indptr))
    np.testing.assert_array_equal(jacobian(lambda data: f(sparse)(data).toarray())(A.data).sum(-1), DENSE != 0)
    g = lambda data: sparse.csc_array((data, A.indices, A.indptr)).toarray()
    np.testing.assert_array_equal(jit(g)(A.data), DENSE.T)


def test_a_sparse_array_is_a_tree():
    def loss(A):
        return np.sum((A @ np.ones(3)) ** 2)

    def through(data):
        A = sparse.csr_array((data, ([0, 1], [0, 2])), shape=(2, 3))
        slope = grad(loss)(A)
        assert isinstance(slope, sparse.SparseArray)
        return slope.data

    np.testing.assert_array_equal(jit(through)(np.array([1.0, 3.0])), [2, 6])


def test_diagonals():
    f = lambda module: lambda d, e: module.diags_array([d, e], offsets=[0, 1])
    d, e = np.arange(3.0) + 1, np.arange(2.0) + 5
    np.testing.assert_array_equal(jit(lambda d, e: f(sparse)(d, e).toarray())(d, e), f(theirs)(d, e).toarray())
    with pytest.raises(ValueError, match="does not agree"):
        grad(lambda d: f(sparse)(d, e[:1] + np.ones(4)).toarray().sum())(d)
    with pytest.raises(ValueError, match="Different number"):
        grad(lambda d: sparse.diags_array([d, d]).toarray().sum())(d)


# ---- systems ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("columns", [(), (1,), (2,)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_systems(columns, dtype):
    A = (theirs.csr_array(DENSE.T @ DENSE) + theirs.eye_array(3) * 4).astype(dtype).tocsr()
    b = np.ones((3, *columns), dtype)
    solve = lambda module: lambda data, b: module.linalg.spsolve(module.csr_array((data, A.indices, A.indptr)), b)
    wanted = solve(theirs)(A.data, b)
    got = jit(solve(sparse))(A.data, b)
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(got, wanted, rtol=1e-5)
    if dtype != "float32":
        check_grads(solve(sparse), (A.data, b), order=2)
    one = np.ones(3, dtype)
    slope = jacobian(lambda b: sparse.linalg.spsolve(A.tocsc(), b), holomorphic=dtype == "complex128")(one)
    np.testing.assert_allclose(slope, np.linalg.inv(A.toarray()), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: sparse.csr_array(x[:, None]) @ x, "which elements are 0"),
        (lambda x: sparse.csr_array((x, ([0, 1, 2], [0, 1, 2])), dtype=float) @ x, "dtype="),
        (lambda x: theirs.eye_array(3) @ sparse.diags_array(x) @ x, "two sparse arrays"),
        (lambda x: sparse.linalg.spsolve(np.eye(3), x), "dense right side"),
        (lambda x: sparse.linalg.spsolve(theirs.eye_array(3).tocsr(), x, permc_spec="NATURAL"), "permc_spec="),
    ],
)
def test_what_has_no_rule_is_refused(call, says):
    with pytest.raises(UnsupportedFunction, match=says):
        grad(lambda x: np.sum(call(x)))(np.ones(3))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: theirs.csr_array(DENSE) @ x[:2], "dimension mismatch"),
        (lambda x: theirs.csr_array(DENSE) @ x[:, None, None], "dimension mismatch"),
        (lambda x: sparse.linalg.spsolve(theirs.csr_array(DENSE), x), "square"),
        (lambda x: sparse.linalg.spsolve(theirs.eye_array(2).tocsr(), x), "dimension mismatch"),
        (lambda x: sparse.csr_array((x, ([0, 1, 5], [0, 1, 2])), shape=(3, 3)) @ x, "ind"),
    ],
)
def test_wrong_shapes_are_scipys_errors(call, says):
    with pytest.raises(ValueError, match=says):
        grad(lambda x: np.sum(call(x)))(np.ones(3))


def test_all_other_names_are_scipys():
    assert sparse.eye_array is theirs.eye_array
    assert sparse.linalg.cg is theirs.linalg.cg
    assert {"eye_array", "csr_array"} <= set(dir(sparse))
    assert {"cg", "spsolve"} <= set(dir(sparse.linalg))
