"""custom_vjp, custom_jvp and primitive: rules of the user's, under every transform."""

import numpy as np
import pytest

import funcgrad
from funcgrad import (
    custom_jvp,
    custom_vjp,
    eval_shape,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jit,
    jvp,
    linearize,
    primitive,
    stage,
    vjp,
    vmap,
)
from funcgrad.errors import BadAnswer, BadArgument, BadRule, FuncgradError

X, Y = np.array([0.3, 0.5]), np.array([2.0, 3.0])
ROWS = np.stack([X, 2 * X, 3 * X])


def plain(x, y):
    return np.sin(x) * y


def by_vjp():
    f = custom_vjp(lambda x, y: plain(x, y))

    def fwd(x, y):
        return f(x, y), {"slope": np.cos(x), "rest": (np.sin(x), y)}

    def bwd(residuals, zbar):
        sine, y = residuals["rest"]
        return residuals["slope"] * y * zbar, sine * zbar

    f.defvjp(fwd, bwd)
    return f


def by_jvp():
    f = custom_jvp(lambda x, y: plain(x, y))

    @f.defjvp
    def rule(primals, tangents):
        (x, y), (xdot, ydot) = primals, tangents
        return f(x, y), np.cos(x) * y * xdot + np.sin(x) * ydot

    return f


def by_jvps():
    f = custom_jvp(lambda x, y: plain(x, y))
    f.defjvps(lambda xdot, z, x, y: np.cos(x) * y * xdot, lambda ydot, z, x, y: np.sin(x) * ydot)
    return f


def only_numbers(x, y):
    """As SciPy's or a simulator's would: it takes nothing but plain arrays."""
    assert all(type(a) is not funcgrad.Node for a in (x, y))
    return plain(x, y)


def slope_of_x(zbar, z, x, y):
    return zbar * np.cos(x) * y, zbar * np.sin(x)


def moved_along(dots, z, x, y):
    return np.cos(x) * y * dots[0] + np.sin(x) * dots[1]


def primitive_vjp():
    return primitive(only_numbers, vjp=slope_of_x, infer=lambda x, y: x)


def primitive_jvp():
    return primitive(only_numbers, jvp=moved_along, infer=lambda x, y: x)


def primitive_both():
    return primitive(only_numbers, vjp=slope_of_x, jvp=moved_along, infer=lambda x, y: x, batch=only_numbers)


every_kind = pytest.mark.parametrize(
    "make", [by_vjp, by_jvp, by_jvps, primitive_vjp, primitive_jvp, primitive_both], ids=lambda make: make.__name__
)

QUESTIONS = {
    "value": lambda L: L(X, Y),
    "grad": lambda L: grad(L)(X, Y),
    "grads": lambda L: grad(L, argnums=(0, 1))(X, Y),
    "jvp": lambda L: jvp(L, (X, Y), (Y, X)),
    "hessian": lambda L: hessian(L)(X, Y),
    "hvp": lambda L: hvp(L)(X, Y, Y),
    "forward over reverse": lambda L: jacfwd(jacrev(L))(X, Y),
    "reverse over forward": lambda L: jacrev(jacfwd(L))(X, Y),
    "forward twice": lambda L: jacfwd(jacfwd(L))(X, Y),
    "reverse thrice": lambda L: jacrev(hessian(L))(X, Y),
    "linearize": lambda L: linearize(L, X, Y)[1](Y, X),
    "vmap": lambda L: vmap(L, (0, None))(ROWS, Y),
    "vmap of grad": lambda L: vmap(grad(L), (0, None))(ROWS, Y),
    "vmap of jvp": lambda L: vmap(lambda x: jvp(L, (x, Y), (Y, x)))(ROWS),
    "grad of vmap": lambda L: grad(lambda y: np.sum(vmap(L, (0, None))(ROWS, y) ** 2))(Y),
    "jvp of vmap": lambda L: jvp(lambda y: vmap(L, (0, None))(ROWS, y), (Y,), (X,)),
    "hessian of vmap": lambda L: hessian(lambda y: np.sum(vmap(L, (0, None))(ROWS, y) ** 2))(Y),
    "vmap of vmap": lambda L: vmap(vmap(L, (0, None)), (None, 0))(ROWS, ROWS),
    "grad of vmap of grad": lambda L: grad(lambda x: np.sum(vmap(grad(L), (0, None))(x, Y) ** 2))(ROWS),
    "jit": lambda L: jit(L)(X, Y),
    "jit of grad": lambda L: jit(grad(L))(X, Y),
    "grad of jit": lambda L: grad(jit(L))(X, Y),
    "hessian of jit": lambda L: hessian(jit(L))(X, Y),
    "jit of hessian": lambda L: jit(hessian(L))(X, Y),
    "jvp of jit": lambda L: jvp(jit(L), (X, Y), (Y, X)),
    "jit of vmap of grad": lambda L: jit(vmap(grad(L), (0, None)))(ROWS, Y),
    "vmap of jit of grad": lambda L: vmap(jit(grad(L)), (0, None))(ROWS, Y),
    "grad of vmap of jit": lambda L: grad(lambda y: np.sum(vmap(jit(L), (0, None))(ROWS, y) ** 2))(Y),
    "again": lambda L: [f(X, Y) + f(Y, X) for f in [jit(grad(L))]],
}


def agree(one, other):
    got, wanted = funcgrad.tree.leaves(one), funcgrad.tree.leaves(other)
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@every_kind
@pytest.mark.parametrize("question", QUESTIONS)
def test_rules_compose_with_every_transform(make, question):
    f = make()
    agree(
        QUESTIONS[question](lambda x, y: np.sum(f(x, y) ** 2)),
        QUESTIONS[question](lambda x, y: np.sum(plain(x, y) ** 2)),
    )


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "reverse thrice"])
@pytest.mark.parametrize("method", ["central", "complex_step"])
def test_differences_compose_with_every_transform(method, question):
    f = primitive(lambda x, y: np.sin(x) * y, numeric=method, infer=lambda x, y: x)
    got = QUESTIONS[question](lambda x, y: np.sum(f(x, y) ** 2))
    wanted = QUESTIONS[question](lambda x, y: np.sum(plain(x, y) ** 2))
    for a, b in zip(funcgrad.tree.leaves(got), funcgrad.tree.leaves(wanted), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)
