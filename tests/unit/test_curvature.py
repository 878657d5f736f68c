"""Products with the Gauss-Newton matrix, against the matrix."""

import numpy as np
import pytest

from funcgrad import gauss_newton_vp, grad, hessian, jacobian, jit, jvp, vmap
from funcgrad.errors import BadArgument

RNG = np.random.default_rng(0)
X, V, A = RNG.normal(size=3), RNG.normal(size=3), RNG.normal(size=(4, 3))


def f(x):
    return np.tanh(A @ x) * np.sum(x)


def loss(y):
    return np.logaddexp(y[0], y[1] * y[2]) + y[3] ** 4


def matrix(x):
    J = jacobian(f)(x)
    return J.T @ hessian(loss)(f(x)) @ J


def test_products_are_those_with_the_matrix():
    J = jacobian(f)(X)
    assert np.allclose(gauss_newton_vp(f)(X, V), J.T @ J @ V)
    assert np.allclose(gauss_newton_vp(f, loss)(X, V), matrix(X) @ V)


def test_it_is_the_hessian_where_the_function_is_linear():
    product = gauss_newton_vp(lambda x: A @ x, loss)(X, V)
    assert np.allclose(product, hessian(lambda x: loss(A @ x))(X) @ V)


def test_trees_further_arguments_and_argnums():
    def residuals(scale, p, y):
        return {"r": scale * (A @ p["w"] + p["b"]) - y}

    p, v = {"w": X, "b": 2.0}, {"w": V, "b": -1.0}
    product = gauss_newton_vp(residuals, argnums=1)(3.0, p, v, np.ones(4))
    J = np.column_stack([A, np.ones(4)]) * 3.0
    wanted = J.T @ J @ np.append(V, -1.0)
    assert np.allclose(product["w"], wanted[:3])
    assert np.allclose(product["b"], wanted[3])


@pytest.mark.parametrize("of", [gauss_newton_vp(f, loss), lambda x, v: matrix(x) @ v])
def test_under_other_transforms(of):
    vs = RNG.normal(size=(2, 3))
    assert np.allclose(vmap(of, (None, 0))(X, vs), vs @ matrix(X))
    assert np.allclose(jit(of)(X, V), matrix(X) @ V)
    assert np.allclose(grad(lambda x: of(x, V).sum())(X), grad(lambda x: (matrix(x) @ V).sum())(X))
    assert np.allclose(jvp(lambda x: of(x, V), (X,), (V,))[1], jvp(lambda x: matrix(x) @ V, (X,), (V,))[1])


def test_what_is_refused():
    with pytest.raises(BadArgument, match="gauss_newton_vp was asked for argument 1"):
        gauss_newton_vp(f, argnums=1)(X, V)
    with pytest.raises(BadArgument, match="tangent"):
        gauss_newton_vp(f)(X, V[:2])
