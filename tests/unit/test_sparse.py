"""Sparse derivatives: patterns, colourings, and matrices of a few products, against dense ones."""

import numpy as np
import pytest

scipy_sparse = pytest.importorskip("scipy.sparse")

from funcgrad import checkpoint, custom_vjp, grad, hessian, jacobian, jit, lax, sparsity, tree, vmap
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.transforms.sparse.colouring import column_colours, greedy, symmetric_colours
from funcgrad.transforms.sparse.sets import MOST, bounded

RNG = np.random.default_rng(0)
X = RNG.uniform(1, 2, (3, 4))
A = np.diag(np.arange(1.0, 5.0)) + np.diag(np.ones(3), 1)
V = RNG.uniform(1, 2, 6)


@custom_vjp
def with_rule(x):
    return np.sin(x)


with_rule.defvjp(lambda x: (np.sin(x), x), lambda x, ybar: (ybar * np.cos(x),))


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def arrow(x):
    return np.sum(x[0] * x[1:] ** 2) + np.sum(np.sin(x))


#: Functions whose every structural element is not 0 at X or V.
EXACT = {
    "matrix by vector": (lambda x: A @ x, V[:4]),
    "matrix by matrix": (lambda x: A @ x.T, X),
    "matrix of a stack": (lambda x: np.stack([x, x * 2]) @ A, X),
    "einsum with a sparse factor": (lambda x: np.einsum("ij,jk->ki", x, A), X),
    "matrix on the right": (lambda x: x @ A, X),
    "dense constant": (lambda x: np.ones((2, 3)) @ x, X),
    "both factors": (lambda x: x.T @ x, X),
    "stacks": (lambda x: np.stack([A, np.eye(4)]) @ x.T, X),
    "inner product": (lambda x: x @ x, V),
    "einsum": (lambda x: np.einsum("ij,jk->i", x, A), X),
    "einsum without a sum": (lambda x: np.einsum("i,j->ij", x[0], x[1]), X),
    "sums": (lambda x: np.sum(x, 0), X),
    "all": (lambda x: np.prod(x) + np.sum(x), X),
    "cumulative": (lambda x: np.cumsum(x, 1) + np.cumprod(x, 1), X),
    "roll": (lambda x: np.roll(x, 1, 0) * x, X),
    "set": (lambda x: x.at[1].set(x[0]), X),
    "gather": (lambda x: x[[0, 1, 1], :][:, ::2], X),
    "constant mask": (lambda x: np.triu(x) + np.where(np.eye(4)[:3] > 0, x, 0), X),
    "constant zeros": (lambda x: x * np.eye(4)[:3], X),
    "convolution": (lambda x: np.convolve(x, [1.0, 2.0, 3.0]), V),
    "convolution within": (lambda x: np.convolve(x, x[:2], "valid"), V),
    "norm": (lambda x: np.linalg.norm(x, axis=1), X),
    "checkpoint": (checkpoint(lambda x: np.sin(x[0]) * x[1]), X),
    "vander": (lambda x: np.vander(x[0], 4), X),
    "quotient": (lambda x: x**2 / np.sum(x, 1, keepdims=True), X),
    "stack": (lambda x: np.stack([x, x[::-1]], -1), X),
    "concatenate": (lambda x: np.concatenate([x[0], np.ones(2), x[:, 1]]), X),
    "kron": (lambda x: np.kron(x, np.eye(2)), X),
    "power 0": (lambda x: x**0 + x[:, ::-1], X),
    "scan": (lambda x: lax.scan(lambda c, a: (c * a, c + a), 1.0, x)[1], V),
    "scan in reverse": (lambda x: lax.scan(lambda c, a: (c * a, c + a), x[0], x, reverse=True), V),
    "constant": (lambda x: np.ones(3), V),
    "floor": (lambda x: np.floor(x), V),
}
S = scipy_sparse.csr_array(A)
EXACT |= {
    "sparse matrix": (lambda x: S @ x.T, X),
    "its transpose": (lambda x: (S.T @ x.T) * 2, X),
    "sparse by columns": (lambda x: S.tocsc() @ x[0], X),
    "sparse on the right": (lambda x: x @ S, X),
}
#: Functions whose patterns hold at every x, and more than at this one.
COVERING = {
    "maximum": (lambda x: np.max(x, 1), X),
    "sort": (lambda x: np.sort(x, 1), X),
    "transform": (lambda x: np.fft.fft(x).real, V),
    "where": (lambda x: np.where(x > 1.5, x, x[::-1]), V),
    "inverse": (lambda x: np.linalg.inv(x @ x.T), X),
    "cond": (lambda x: lax.cond(x[0] > 0, lambda x: x * 2, lambda x: x[::-1], x), V),
    "indices of x": (lambda x: x[np.argsort(x)], V),
    "a rule of one's own": (lambda x: with_rule(x) * x[::-1], V),
    "while": (lambda x: lax.while_loop(lambda c: c[0] < 9, lambda c: c * 2, x), V),
}


def dense(f, x):
    blocks = tree.leaves(jacobian(f)(x))
    return np.concatenate([np.reshape(block, (-1, np.size(x))) for block in blocks])


@pytest.mark.parametrize("name", EXACT)
def test_patterns_are_exact(name):
    f, x = EXACT[name]
    assert np.array_equal(sparsity(f, x).toarray(), dense(f, x) != 0)


@pytest.mark.parametrize("name", [*EXACT, *COVERING])
def test_sparse_jacobians_are_the_dense_ones(name):
    f, x = (EXACT | COVERING)[name]
    J = jacobian(f, sparse=True)(x)
    assert isinstance(J, scipy_sparse.csr_array)
    assert np.allclose(J.toarray(), dense(f, x), rtol=1e-12)


@pytest.mark.parametrize("name", COVERING)
def test_patterns_of_choices_and_of_operations_without_a_rule_cover(name):
    f, x = COVERING[name]
    assert np.all(sparsity(f, x).toarray() | (dense(f, x) == 0))


def guarded(x):
    return np.sum(np.where(x[1:] > 0, np.log(np.abs(x[1:])) * x[:-1] ** 2, 0.0))


@pytest.mark.parametrize("f", [guarded, np.linalg.norm, lambda x: np.sum(np.max(x.reshape(3, 3), 1) ** 2)])
def test_sparse_hessians_with_choices(f):
    x = RNG.normal(size=9)
    assert np.allclose(hessian(f, sparse=True)(x).toarray(), hessian(f)(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("f", [rosenbrock, arrow, np.prod, np.sum, lambda x: x[0] * np.sum(x[1:] * x[:-1])])
def test_sparse_hessians_are_the_dense_ones(f):
    x = RNG.normal(size=9)
    H, wanted = hessian(f, sparse=True)(x), hessian(f)(x)
    assert np.allclose(H.toarray(), wanted, rtol=1e-12, atol=1e-12)
    assert np.array_equal(sparsity(f, x, order=2).toarray(), wanted != 0)


def test_a_path_of_python_is_followed_as_it_is_taken():
    def f(x):
        return x * x[::-1] if x[0] > 0 else x

    J = jacobian(f, sparse=True)
    assert J(V).nnz == 12
    assert J(-V).nnz == 6
    assert np.array_equal(J(V).toarray(), jacobian(f)(V))


def test_what_a_function_closes_over_may_change():
    scale = {"by": np.array([1.0, 0.0, 2.0])}
    J = jacobian(lambda x: x * scale["by"], sparse=True)
    assert J(np.ones(3)).nnz == 2
    scale["by"] = np.array([1.0, 5.0, 2.0])
    assert np.array_equal(J(np.ones(3)).diagonal(), scale["by"])


def test_trees_are_ravelled():
    J = jacobian(lambda p, s: {"a": p["w"] * s, "b": p["b"] * p["w"][0]}, sparse=True)({"w": np.ones(3), "b": 2.0}, 2.0)
    wanted = [[0, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 2], [1, 2, 0, 0]]
    assert np.array_equal(J.toarray(), wanted)
    both = jacobian(lambda x, y: x * y, argnums=(0, 1), sparse=True)(np.ones(2), np.array([3.0, 4.0]))
    assert np.array_equal(both.toarray(), [[3, 0, 1, 0], [0, 4, 0, 1]])


def test_dtypes_and_keywords():
    J = jacobian(lambda x, factor: x * factor, sparse=True)(np.ones(2, np.float32), factor=2.0)
    assert J.dtype == np.float32
    assert jacobian(lambda x: x**2, sparse=True)(3.0).toarray() == [[6.0]]
    J = jacobian(lambda x: x**2, holomorphic=True, sparse=True)(np.array([1j, 2.0]))
    assert np.array_equal(J.toarray(), [[2j, 0], [0, 4]])
    assert np.array_equal(jacobian(lambda x: x * 1j, sparse=True)(np.ones(2)).toarray(), np.eye(2) * 1j)


def test_rows_are_compressed_where_they_are_fewer():
    J = jacobian(lambda x: np.stack([np.sum(x), np.prod(x[:2])]), sparse=True)(V)
    assert np.array_equal(J.toarray()[0], np.ones(6))


def test_rosenbrock_takes_three_products_and_an_arrow_two():
    for f, count in ((rosenbrock, 3), (arrow, 2)):
        colours, _ = symmetric_colours(sparsity(f, np.ones(1000), order=2))
        assert colours.count == count


def test_no_two_columns_of_a_colour_meet():
    for density in (0.02, 0.1, 0.5):
        sets = scipy_sparse.random_array((40, 30), density=density, rng=np.random.default_rng(1)).tocsr().astype(bool)
        for colours in (column_colours(sets), greedy(sets.tocsc(), np.arange(30))):
            by_colour = np.zeros((30, colours.count), int)
            by_colour[np.arange(30), colours.of] = 1
            assert np.max(sets.astype(int) @ by_colour) <= 1
            assert colours.count <= 30


def test_symmetric_matrices_are_recovered():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        half = rng.random((15, 15)) * (rng.random((15, 15)) < 0.08)
        half[rng.integers(15)] = 1
        M = half + half.T
        H = hessian(lambda x, M=M: x @ M @ x / 2, sparse=True)(np.ones(15))
        assert np.allclose(H.toarray(), M)


def test_large_patterns_take_seconds_at_most():
    assert sparsity(rosenbrock, np.zeros(100_000), order=2).nnz == 299_998


def test_sparse_factors_are_taken_as_sparse_and_dense_patterns_refused():
    D = np.diff(np.eye(300), axis=0)
    assert sparsity(lambda x: D @ x @ D.T, np.ones((300, 300))).nnz == 4 * 299 * 299
    for f in (np.cumsum, lambda x: np.convolve(x, x[:10_000]), lambda x: x / np.sum(x)):
        with pytest.raises(BadAnswer, match="elements at some step"):
            sparsity(f, np.ones(100_000))


def test_derivatives_of_other_transforms_have_patterns():
    assert np.array_equal(sparsity(jit(grad(rosenbrock)), V).toarray(), sparsity(rosenbrock, V, order=2).toarray())
    assert sparsity(vmap(np.sin), V).nnz == 6


def test_what_is_refused():
    with pytest.raises(BadArgument, match=r"order 3.*Write order=1 or order=2"):
        sparsity(np.sin, V, order=3)
    with pytest.raises(BadArgument, match=r"both sparse=True and has_aux=True.*Leave out has_aux"):
        jacobian(np.sin, has_aux=True, sparse=True)
    with pytest.raises(BadArgument, match=r"hessian was given both"):
        hessian(np.sum, has_aux=True, sparse=True)
    with pytest.raises(BadArgument, match=r"met a traced value of another transform.*use jvp, vjp or hvp"):
        grad(lambda x: jacobian(np.sin, sparse=True)(x).sum())(V)
    with pytest.raises(BadArgument, match=r"met a traced value of another transform"):
        grad(lambda a: jacobian(lambda x: x * a, sparse=True)(V).sum())(2.0)
    with pytest.raises(BadAnswer, match=r"elements at some step.*which need no matrix"):
        bounded(MOST + 1)
    with pytest.raises(BadAnswer, match="Use jacobian"):
        hessian(np.sin, sparse=True)(V)
    with pytest.raises(BadArgument, match="holomorphic"):
        jacobian(np.sin, sparse=True)(V + 1j)


def test_empty_arrays():
    assert sparsity(lambda x: np.einsum("ij,j->i", x, np.ones(3)), np.ones((0, 3))).shape == (0, 0)
    assert sparsity(lambda x: np.ones((2, 0)) @ x, np.ones((0, 3))).shape == (6, 0)
    assert sparsity(lambda x, y: np.einsum("ij,j->i", x, y), np.ones((0, 3)), np.ones(3), argnums=1).shape == (0, 3)
    assert sparsity(lambda x: np.sum(x, 0), np.ones((0, 3))).shape == (3, 0)
    assert jacobian(lambda x: x * 2, sparse=True)(np.ones(0)).shape == (0, 0)
