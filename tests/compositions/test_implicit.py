"""Every transform over a solver's answer gives what it gives over the plain formula of that answer."""

import numpy as np
import pytest

from funcgrad import (
    custom_root,
    fixed_point,
    grad,
    hessian,
    jacfwd,
    jacrev,
    jit,
    jvp,
    linear_solve,
    linearize,
    optimize,
    vjp,
    vmap,
)
from tests.catalogue import WIDE

A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])
X = np.array([0.5, -1.0, 2.0])
V = np.array([1.0, 0.5, -0.25])


def newton(f, x):
    for _ in range(30):
        x = x - f(x) / np.diag(jacfwd(f)(x))
    return x


def solved(**options):
    """The solution of (A + diag x²) y = x, squared and summed with weights."""
    return lambda x: np.sum(V * linear_solve(lambda y: A @ y + x * x * y, x, **options) ** 2)


def lowest(x, **options):
    """Where Σ y⁴/4 - (2 + x²) y is least."""
    found = optimize.minimize(
        lambda y: np.sum(y**4 / 4 - (2 + x * x) * y), np.ones(3), method="trust-exact", tol=1e-9, **options
    )
    return np.sum(V * found.x)


def fitted(x):
    """Where y² = 2 + x²."""
    return np.sum(V * optimize.least_squares(lambda y, x: y * y - 2 - x * x, np.ones(3), gtol=1e-14, args=(x,)).x)


def dense(g, y):
    return np.linalg.solve(jacfwd(g)(np.zeros_like(y)), y)


FORMULA = {
    "linear": lambda x: np.sum(V * np.linalg.solve(A + np.diag(x * x), x) ** 2),
    "root": lambda x: np.sum(V * np.cbrt(2 + x * x)),
    "fixed": lambda x: np.sum(V * np.sqrt(2 + x * x)),
}
CASES = {
    "linear by its matrix": ("linear", solved()),
    "linear by cg": ("linear", solved(method="cg", rtol=1e-13)),
    "linear by gmres": ("linear", solved(method="gmres", rtol=1e-13)),
    "linear by a solver of one's own": ("linear", solved(solve=dense, symmetric=True)),
    "root": ("root", lambda x: np.sum(V * custom_root(lambda y: y**3 - 2 - x * x, np.ones(3), newton))),
    "root with a tangent solver": (
        "root", lambda x: np.sum(V * custom_root(lambda y: y**3 - 2 - x * x, np.ones(3), newton, dense)),
    ),
    "fixed point": ("fixed", lambda x: np.sum(V * fixed_point(lambda y, x: (y + (2 + x * x) / y) / 2, np.ones(3), x))),
    "minimum": ("root", lowest),
    "minimum, its derivative by cg": ("root", lambda x: lowest(x, tangent="cg")),
    "fit": ("fixed", fitted),
    "root by SciPy": ("root", lambda x: np.sum(V * optimize.root(lambda y: y**3 - 2 - x * x, np.ones(3)).x)),
    "fixed point by gmres": (
        "fixed",
        lambda x: np.sum(
            V * fixed_point(lambda y: (y + (2 + x * x) / y) / 2, np.ones(3), rtol=1e-14, method="gmres")
        ),
    ),
}  # fmt: skip
#: Other ways to solve the same systems, for the profiles that take their time.
MORE = {"linear by gmres", "root with a tangent solver", "minimum, its derivative by cg", "fixed point by gmres"}
TRANSFORMS = {
    "value": lambda f: f(X),
    "grad": lambda f: grad(f)(X),
    "jvp": lambda f: jvp(f, (X,), (V,))[1],
    "vjp": lambda f: vjp(f, X)[1](2.0)[0],
    "linearize": lambda f: linearize(f, X)[1](V),
    "jacfwd": lambda f: jacfwd(f)(X),
    "jacrev of grad": lambda f: jacrev(grad(f))(X),
    "hessian": lambda f: hessian(f)(X),
    "jvp of jvp": lambda f: jvp(lambda x: jvp(f, (x,), (V,))[1], (X,), (V,))[1],
    "grad of jvp": lambda f: grad(lambda x: jvp(f, (x,), (V,))[1])(X),
    "grad of grad of grad": lambda f: grad(lambda t: grad(lambda s: grad(lambda r: f(X + r * V) + 0.0 * t)(s))(t))(0.1),
    "vmap": lambda f: vmap(f)(np.stack([X, V])),
    "vmap of grad": lambda f: vmap(grad(f))(np.stack([X, V])),
    "grad of vmap": lambda f: grad(lambda x: np.sum(vmap(f)(x) ** 2))(np.stack([X, V])),
    "jacfwd of vmap": lambda f: jacfwd(vmap(f))(np.stack([X, V])),
    "vmap of vmap": lambda f: vmap(vmap(f))(np.stack([[X, V]])),
    "jit": lambda f: [jit(f)(x) for x in (X, V)],
    "jit of grad": lambda f: [g(x) for g in [jit(grad(f))] for x in (X, V)],
    "grad of jit": lambda f: [grad(g)(x) for g in [jit(f)] for x in (X, V)],
    "jit of vmap of grad": lambda f: jit(vmap(grad(f)))(np.stack([X, V])),
    "jit of hessian": lambda f: jit(hessian(f))(X),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("case", [case for case in CASES if WIDE or case not in MORE])
def test_every_transform_gives_what_it_gives_of_the_formula(case, transform):
    formula, f = CASES[case]
    found, expected = TRANSFORMS[transform](f), TRANSFORMS[transform](FORMULA[formula])
    np.testing.assert_allclose(found, expected, rtol=2e-7, atol=2e-9)
