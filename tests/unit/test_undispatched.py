"""What NumPy cannot dispatch, in funcgrad.numpy: r_, c_, vectorize, and asarray's kin."""

import numpy as np
import pytest

import funcgrad.numpy as fnp
from funcgrad import grad, jacobian, jit, vmap
from funcgrad.errors import LostDerivative, UnknownValue, UnsupportedFunction
from tests.answers import same

X = np.array([0.3, -0.7, 0.45])


@pytest.mark.parametrize(
    ("f", "at", "slope"),
    [
        (lambda x: fnp.r_[x, 1.0, x], X, np.vstack([np.eye(3), np.zeros((1, 3)), np.eye(3)])),
        (lambda x: fnp.r_[0:2, x], X, np.vstack([np.zeros((2, 3)), np.eye(3)])),
        (lambda x: fnp.r_[x[0], x[1]], X, np.eye(3)[:2]),
        (lambda x: fnp.c_[x, x[::-1]][0], X, np.eye(3)[[0, 2]]),
        (lambda x: fnp.c_[np.zeros((3, 2)), x][:, 2], X, np.eye(3)),
        (lambda x: fnp.r_[x[None], [[1.0, 2.0, 3.0]]][0], X, np.eye(3)),
        (lambda x: fnp.asanyarray([x[0], 2.0]), X, np.eye(3)[[0]].repeat(2, 0) * [[1.0], [0.0]]),
        (lambda x: fnp.ascontiguousarray(x[0]), X, np.eye(3)[[0]]),
        (lambda x: fnp.asfortranarray(x, np.float64), X, np.eye(3)),
    ],
)
def test_a_traced_part_keeps_its_derivative(f, at, slope):
    same(jacobian(f)(at), slope)
    same(jit(f)(at), f(at))
    same(vmap(f)(np.stack([at, 2 * at])), np.stack([f(at), f(2 * at)]))


def test_of_plain_arrays_they_are_numpys():
    same(fnp.r_["0,2", [1, 2], [3, 4]], np.r_["0,2", [1, 2], [3, 4]])
    same(fnp.r_[1:4, 0, 0], np.r_[1:4, 0, 0])
    same(fnp.c_[[1, 2], [3, 4]], np.c_[[1, 2], [3, 4]])
    same(fnp.vectorize(lambda a, b: a + b)([1, 2], [[3], [4]]), np.array([[4, 5], [5, 6]]))
    assert type(fnp.asanyarray(np.ma.array([1.0]))) is np.ma.MaskedArray


def test_numpys_own_refuse_a_traced_value():
    for f in (
        lambda x: np.r_[x, 1.0],
        lambda x: np.c_[x, x],
        lambda x: np.asanyarray(x),
        lambda x: np.vectorize(np.sin)(x),
        lambda x: np.arange(0.0, x[0]),
        lambda x: np.float64(x[0]),
    ):
        with pytest.raises(LostDerivative):
            grad(lambda x, f=f: np.sum(f(x)))(X)


def test_directives_of_r_are_refused():
    with pytest.raises(UnsupportedFunction, match=r"np\.r_ with a directive"):
        grad(lambda x: np.sum(fnp.r_["0,2", x, x]))(X)


# ---- vectorize -------------------------------------------------------------------------------------------------------
def test_vectorize_runs_python_for_each_element():
    f = fnp.vectorize(lambda x, y: x * y if x > 0 else y)
    y = np.array([[2.0], [3.0]])
    same(jacobian(lambda x: f(x, y).sum(0))(X), np.diag([5.0, 0.0, 5.0]))
    same(f(X, y), np.vectorize(lambda x, y: x * y if x > 0 else y)(X, y))


def test_vectorize_of_arrays_several_answers_and_excluded_arguments():
    norm = fnp.vectorize(lambda v, p: np.sum(v**p), signature="(n),()->()")
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    same(grad(lambda a: norm(a, 2).sum())(a), 2 * a)
    both = fnp.vectorize(lambda x: (x, x * x), otypes=[float, np.float32])
    one, two = vmap(lambda x: both(x))(a)
    assert (one.dtype, two.dtype, two.shape) == (np.float64, np.float32, (2, 2))
    poly = fnp.vectorize(np.polyval, excluded={0})
    same(grad(lambda x: poly([1.0, 0.0, 2.0], x).sum())(X), 2 * X)
    scaled = fnp.vectorize(lambda x, by: x * by)
    same(grad(lambda by: scaled(X, by=by).sum())(2.0), X.sum())


def test_vectorize_asks_unknown_values_nothing():
    with pytest.raises(UnknownValue):
        vmap(fnp.vectorize(lambda x: x if x > 0 else -x))(X)
    same(jit(fnp.vectorize(lambda x: x if x > 0 else -x))(X), np.abs(X))
    with pytest.raises(ValueError, match="size 0"):
        grad(lambda x: np.sum(fnp.vectorize(np.sin)(x[:0])))(X)
