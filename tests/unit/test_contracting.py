"""Products: NumPy's words where NumPy refuses, what a graph keeps of them, and the shapes of their rules."""

import re
from weakref import ref

import numpy as np
import pytest

from funcgrad import eval_shape, grad, hessian, jacobian, jvp, vjp, vmap
from funcgrad.errors import ImmutableValue, UnsupportedFunction
from funcgrad.graph.calls import running
from funcgrad.graph.graph import since
from funcgrad.primitives.contracting import Einsum, MatMul, contract

A, B = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)


def ones(*shapes):
    return [np.ones(shape) for shape in shapes]


# ---- errors ----------------------------------------------------------------------------------------------------------
REFUSED = {
    "matmul core": (np.matmul, ones((2, 3), (4, 5))),
    "matmul vector": (np.matmul, ones((2,), (3, 4))),
    "matmul number": (np.matmul, ones((2, 3), ())),
    "matmul number first": (np.matmul, ones((), (2, 3))),
    "dot matrices": (np.dot, ones((2, 3), (4, 5))),
    "dot vectors": (np.dot, ones((2,), (3,))),
    "dot stacks": (np.dot, ones((2, 3), (2, 2, 4))),
    "inner": (np.inner, ones((3,), (4,))),
    "tensordot": (lambda x, y: np.tensordot(x, y, 1), ones((2, 3), (2, 3))),
    "tensordot count": (lambda x, y: np.tensordot(x, y, ((0, 1), 0)), ones((2, 3), (2, 3))),
    "tensordot twice": (lambda x, y: np.tensordot(x, y, ((0, 0), (0, 1))), ones((2, 2), (2, 2))),
    "vecdot": (np.vecdot, ones((2,), (3,))),
    "vecdot stretched": (np.vecdot, ones((1,), (3,))),
    "vecdot number": (np.vecdot, ones((), (3,))),
    "matvec": (np.matvec, ones((2, 3), (2,))),
    "matvec vector": (np.matvec, ones((3,), (3,))),
    "vecmat": (np.vecmat, ones((3,), (2, 3))),
    "cross": (np.cross, ones((4,), (3,))),
    "cross of numbers": (np.cross, ones((), (3,))),
    "linalg.cross": (np.linalg.cross, ones((2,), (3,))),
    "linalg.outer": (np.linalg.outer, ones((2, 2), (3,))),
    "multi_dot of one": (lambda x: np.linalg.multi_dot([x]), ones((2, 2))),
    "multi_dot of a stack": (lambda x, y: np.linalg.multi_dot([x, y, x]), ones((2, 2), (2, 2, 2))),
    "multi_dot lengths": (lambda x, y: np.linalg.multi_dot([x, y, y]), ones((2, 3), (3, 2))),
    "einsum few": (lambda x: np.einsum("ij,j", x), ones((2, 3))),
    "einsum many": (lambda x, y: np.einsum("ij->", x, y), ones((2, 3), (3,))),
    "einsum output": (lambda x: np.einsum("ij->k", x), ones((2, 3))),
    "einsum output twice": (lambda x: np.einsum("ij->ii", x), ones((2, 3))),
    "einsum rank": (lambda x: np.einsum("ij", x), ones((2,))),
    "einsum no ellipsis": (lambda x: np.einsum("ij", x), ones((2, 3, 4))),
    "einsum hidden": (lambda x: np.einsum("i...->i", x), ones((2, 3))),
    "einsum arrow": (lambda x: np.einsum("i-j", x), ones((2,))),
    "einsum sign": (lambda x: np.einsum("i$", x), ones((2, 2))),
    "einsum dots": (lambda x: np.einsum("ij..", x), ones((2, 3))),
    "einsum diagonal": (lambda x, y: np.einsum("ii,i", x, y), ones((2, 3), (2,))),
    "einsum keyword": (lambda x: np.einsum("ii", x, optimise=True), ones((2, 2))),
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


def test_einsum_of_different_lengths():
    for transform in (lambda f, x: eval_shape(f, x), lambda f, x: grad(f)(x)):
        with pytest.raises(ValueError, match="operands could not be broadcast together"):
            transform(lambda x: np.einsum("i,i", x, np.ones(2)), np.ones(3))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.einsum("i,i", x, x, dtype="float32"),
        lambda x: np.einsum("i,i", x, x, order="F"),
        lambda x: np.matmul(x, x, axes=[(0), (0), ()]),
        lambda x: np.cross(x[:2], x[:2]),
    ],
)
def test_options_are_refused(f):
    with pytest.raises(UnsupportedFunction):
        grad(f)(np.ones(3))


def test_out_is_refused():
    with pytest.raises(ImmutableValue):
        grad(lambda x: np.matmul(x, B, out=np.zeros(4)).sum())(np.ones(3))
    for f in (np.dot, np.outer):
        with pytest.raises(UnsupportedFunction, match="out="):
            grad(lambda x, f=f: np.sum(f(x, x, out=np.zeros(3))))(np.ones(3))


def test_more_axes_than_letters():
    with pytest.raises(ValueError, match="too many subscripts in einsum: 53, where there are 52 letters"):
        contract(np.ones((1,) * 27), range(27), np.ones((1,) * 26), range(27, 53), range(53))


# ---- values ----------------------------------------------------------------------------------------------------------
def test_matmul_takes_arrays_and_lists_on_either_side():
    g = grad(lambda x: np.sum(A @ x))
    np.testing.assert_array_equal(g(np.ones(3)), A.sum(0))
    np.testing.assert_array_equal(grad(lambda x: np.sum(x @ B))(np.ones(3)), B.sum(1))
    np.testing.assert_array_equal(grad(lambda x: np.sum([[1.0, 2.0, 3.0]] @ x))(np.ones(3)), [1, 2, 3])
    np.testing.assert_array_equal(grad(lambda x: x @ [1, 2, 3])(np.ones(3)), [1, 2, 3])
    np.testing.assert_array_equal(grad(lambda x: x.dot(x))(np.ones(3)), [2, 2, 2])


@pytest.mark.parametrize("f", [np.dot, np.inner, np.outer, np.kron, np.vdot, lambda a, x: np.einsum(",...", a, x)])
def test_a_python_number_decides_the_dtype_as_numpy_has_it(f):
    x = np.float32(3) if f is np.vdot else np.ones(2, np.float32)
    y, ydot = jvp(lambda x: f(2.0, x), (x,), (x,))
    assert y.dtype == ydot.dtype == f(2.0, x).dtype == eval_shape(lambda x: f(2.0, x), x).dtype == np.float64
    assert grad(lambda x: np.sum(f(2.0, x)))(x).dtype == np.float32
    slope = grad(lambda a: np.sum(f(a, x)))(2.0)
    assert slope == np.sum(x)


def test_integers_and_truth_values_are_staged_as_numpy_computes_them():
    for dtype in ("int8", "bool", "float16"):
        x = np.array([[1, 0], [1, 1]]).astype(dtype)
        for f in (
            np.matmul,
            np.dot,
            np.inner,
            np.outer,
            np.tensordot,
            np.kron,
            np.vecdot,
            lambda x, y: np.einsum("ij->i", x),
            lambda x, y: np.einsum("ij,kj", x, y),
        ):
            got, want = vmap(f)(x[None], x[None])[0], f(x, x)
            np.testing.assert_array_equal(got, want)
            assert got.dtype == want.dtype == eval_shape(f, x, x).dtype


def test_integer_factors():
    W = np.array([[1, 2], [3, 4]])
    np.testing.assert_array_equal(grad(lambda x: np.sum(W @ x))(np.ones(2)), [4, 6])
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.einsum("ij,j->i", W, x)))(np.ones(2)), [4, 6])


def test_real_factors_of_complex_products_have_real_gradients():
    w = np.array([1 + 2j, 3 - 1j])
    for f in (np.matmul, lambda w, x: np.einsum("i,i", w, x), np.vdot):
        g = grad(lambda x, f=f: np.real(f(w, x)))(np.ones(2))
        np.testing.assert_array_equal(g, [1, 3])
        assert g.dtype == float


def test_large_einsums_go_by_way_of_products_of_matrices():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 8, 20)), rng.normal(size=(8, 25, 20))
    for subscripts in ("abc,bdc->bda", "abc,bdc->ad", "abc,bdc->dabc", "abc,bdc->bacd"):
        got = jvp(lambda x, s=subscripts: np.einsum(s, x, y), (x,), (x,))[1]
        np.testing.assert_allclose(got, np.einsum(subscripts, x, y), rtol=1e-12)
        assert got.flags.writeable


def test_an_einsum_is_the_same_under_other_letters():
    assert contract(A, "xy", B, "yz", "zx").shape == (4, 2)
    one, two = Einsum("ab,bc->ac"), Einsum("ab,bc->ac")
    assert one == two
    assert hash(one) == hash(two)
    assert one != Einsum("ab,bc->ca")
    assert eval(repr(one)) == one


# ---- what is kept and what is computed -------------------------------------------------------------------------------
def test_a_factor_is_kept_only_if_the_other_is_traced():
    made = []

    def f(w):
        for _ in range(10):
            w = A.T @ (A @ w) / 100
            made.append(ref(w.value))
        assert sum(r() is not None for r in made) <= 1
        return np.sum(w)

    grad(f)(np.ones(3))


def test_a_written_buffer_does_not_change_a_gradient():
    buffer = np.zeros((2, 2))

    def f(x):
        total = 0.0
        for k in range(3):
            buffer[:] = k + 1.0
            total = total + np.sum(buffer @ x)
        return total

    np.testing.assert_array_equal(grad(f)(np.ones(2)), [12, 12])


def largest_staged(f, *args):
    """The size of the largest array in the graph of the gradients of `f`, whose cotangent is not known yet."""
    sizes = []

    def observed(ybar):
        pulled = pull(ybar)
        for bar in pulled:
            (call,) = running(bar.history.calls)
            sizes.extend(np.prod(h.shape, dtype=int) for h in since(call, [bar.history]))
        return pulled

    y, pull = vjp(f, *args)
    eval_shape(observed, y)
    return max(sizes)


def test_a_stack_times_one_matrix_is_pulled_back_without_a_stack_of_products():
    stack, matrix = np.ones((50, 2, 30)), np.ones((30, 2))
    assert largest_staged(np.matmul, stack, matrix) == stack.size
    assert largest_staged(np.matmul, matrix, np.ones((50, 2, 3))) == 50 * 30 * 3
    np.testing.assert_array_equal(grad(lambda w: np.sum(stack @ w))(matrix), np.full((30, 2), 100.0))
    np.testing.assert_array_equal(grad(lambda w: np.sum(w @ np.ones((50, 2, 3))))(matrix), np.full((30, 2), 150.0))


@pytest.mark.parametrize("shapes", [((3,), (3, 2)), ((4, 3), (3,)), ((4, 3), (3, 2)), ((3,), (3,))])
@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_what_items_share_is_not_stretched(shapes, axes):
    """No node of the batched product is larger than its answer or one of its arguments."""
    rng = np.random.default_rng(0)
    args = [rng.normal(size=s if axis is None else (7, *s)) for s, axis in zip(shapes, axes, strict=True)]
    batched = vmap(np.matmul, in_axes=axes)
    want = np.stack(
        [np.matmul(*[a if axis is None else a[i] for a, axis in zip(args, axes, strict=True)]) for i in range(7)]
    )
    np.testing.assert_allclose(batched(*args), want, rtol=1e-12)
    sizes = []

    def observed(*args):
        z = batched(*args)
        (call,) = running(z.history.calls)
        sizes.extend(np.prod(h.shape, dtype=int) for h in since(call, [z.history]))
        return z

    eval_shape(observed, *args)
    assert max(sizes) <= max(want.size, *[a.size for a in args])


def test_second_derivatives():
    H = hessian(lambda x: x @ A.T @ A @ x)(np.ones(3))
    np.testing.assert_array_equal(H, 2 * A.T @ A)
    J = jacobian(lambda x: np.outer(x, x))(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(J[:, :, 0], [[2, 2], [2, 0]])


def test_operations_print_as_what_they_are():
    assert repr(MatMul()) == "MatMul()"
    assert repr(Einsum("ab,b->a")) == "Einsum(subscripts='ab,b->a')"


W = np.array([[1.0, np.inf], [2.0, 3.0], [5.0, 4.0]])
PRODUCTS = {
    "row": (lambda x, w: x @ w, (3,), [True, False]),
    "rows": (lambda x, w: x @ w, (4, 3), [[True, False]] * 4),
    "column": (lambda x, w: w.T @ x, (3,), [True, False]),
    "stack": (lambda x, w: x @ w, (2, 4, 3), [True, False]),
    "einsum": (lambda x, w: np.einsum("...i,ij->j...", x, w), (4, 3), [[True], [False]]),
    "dots": (lambda x, w: np.stack([x @ w[:, 0], x @ w[:, 1]]), (3,), [True, False]),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_infinities_in_the_branch_not_taken_do_not_leak(name):
    """Known, under vmap, and in second derivatives; a product that was taken keeps its own infinities."""
    f, shape, taken = PRODUCTS[name]
    w, x = W, np.ones(shape)
    chosen = lambda x, w: np.sum(np.where(taken, f(x, w), 0.0))
    with np.errstate(invalid="ignore"):
        got = grad(chosen)(x, w)
        np.testing.assert_array_equal(got, np.broadcast_to([1.0, 2.0, 5.0], shape))
        np.testing.assert_array_equal(vmap(grad(chosen), in_axes=(0, None))(x[None], w)[0], got)
        squares = grad(lambda x: np.sum(grad(lambda x: chosen(x, w) ** 2)(x)))(x)
        assert np.isfinite(squares).all()
        refused = grad(lambda x: np.sum(np.where(np.logical_not(taken), f(x, w), 0.0)))(x)
    np.testing.assert_array_equal(refused, np.broadcast_to([np.inf, 3.0, 4.0], shape))


def test_a_norm_that_was_not_chosen_does_not_leak():
    with np.errstate(all="ignore"):
        g = grad(lambda x: np.where(x[0] == 0, x[1], np.linalg.norm(x / x[0])))(np.array([0.0, 2.0]))
    np.testing.assert_array_equal(g, [0, 1])
