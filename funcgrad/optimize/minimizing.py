"""Minimising: scipy.optimize.minimize on trees."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.optimize as _optimize

from funcgrad import tree
from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type
from funcgrad.optimize.objectives import (
    Objective,
    flat_answer,
    given,
    jacobian_of,
    objective_of,
    on_vectors,
    staged_of,
    taken,
    traces,
)
from funcgrad.optimize.results import COUNT, TRUTH, Minimum, count, words
from funcgrad.optimize.unknowns import Unknowns, limits_of, unknowns_of
from funcgrad.transforms.derivatives import hessian
from funcgrad.transforms.implicit import Equation, ImplicitRules, determined
from funcgrad.transforms.linear import solver_of

#: What each method of SciPy's is given: gradients, products with the Hessian, or the Hessian's matrix.
PRODUCTS = frozenset({"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"})
MATRICES = frozenset({"dogleg", "trust-exact"})
GRADIENTS = frozenset({"cg", "bfgs", "l-bfgs-b", "tnc", "slsqp"}) | PRODUCTS | MATRICES

#: A gradient up to which SciPy calls a place a minimum, if nobody asks for less. Below it a failure is one of rounding,
#: as where the tolerance that was asked for cannot be reached, and the derivative of the answer stands.
STATIONARY = 1e-5

#: How near to a bound a number stands on it, relative to the bound.
NEAR = float(np.sqrt(np.finfo(float).eps))


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: Any = None,
    *,
    tangent: str | None = None,
) -> Minimum:
    """The x that makes fun(x, *args) small: `scipy.optimize.minimize` on trees, with our derivatives.

    minimize : ((X × Θ → ℝ) × X × Θ) → Minimum, for trees X of real arrays. The signature and the methods are SciPy's;
    the gradient, and where a method takes them the Hessian or products with it, are supplied, so that `jac`, `hess` and
    `hessp` are left out (a quasi-Newton strategy of SciPy's is legal as `hess`).

    x* is differentiable with respect to `args` and to traced values that fun closes over, all of them θ. With
    F(x, θ) = ∂fun/∂x the implicit function theorem says: F(x*(θ), θ) = 0 for all θ near, so

        ∂F/∂x dx* + ∂F/∂θ dθ = 0,   dx*/dθ = -(∂F/∂x)⁻¹ ∂F/∂θ,

    where ∂F/∂x is the Hessian; `tangent` says how that system is solved, as `method` of `linear_solve` does ("cg" only
    multiplies by it). Numbers that stand on a bound stay there, and the theorem is of the others. The derivative is as
    exact as x* is: tighten `tol`. Where SciPy's success is False, and the gradient is not below 10⁻⁵ either, a
    derivative is a `NotConverged`.

    `bounds` are SciPy's for one array; for a tree, a tree like x0 of pairs (low, high), with None for no bound.
    `constraints` are SciPy's, of functions of the tree; with them no derivative is made. Under `vmap` SciPy runs item
    after item; under `jit` it runs in the program.

    >>> from funcgrad import grad
    >>> found = minimize(lambda p: (p["a"] - 3.0) ** 2 + (p["b"] + 1.0) ** 2, {"a": 0.0, "b": 0.0})
    >>> round(float(found.x["a"]), 6), round(float(found.x["b"]), 6)
    (3.0, -1.0)
    >>> def best(t):  # x* = t²
    ...     return minimize(lambda x: (x - t * t) ** 2, 0.0, tol=1e-10).x
    >>> round(grad(best)(3.0), 6)
    6.0
    """
    strategy = isinstance(hess, _optimize.HessianUpdateStrategy)
    for name, value in (("jac", jac), ("hess", None if strategy else hess), ("hessp", hessp)):
        if value is not None:
            refuse(
                UnsupportedFunction, f"minimize was given {name}=. Derivatives of fun are supplied.", "Leave it out."
            )
    args = args if isinstance(args, tuple) else (args,)
    unknowns, start = unknowns_of("minimize", x0)
    limits = limits_of("minimize", unknowns, bounds)
    constrained = not (isinstance(constraints, tuple | list) and not constraints)
    if method is None:
        method = "SLSQP" if constrained else "L-BFGS-B" if limits else "BFGS"
    name = method.lower() if isinstance(method, str) else ""
    function = on_vectors(fun, unknowns, args)

    def run(objective: Objective, vector: Any) -> Any:
        with_slope = name in GRADIENTS or not name
        return _optimize.minimize(
            objective.both if with_slope else objective.value,
            given(vector),
            method=method,
            jac=True if with_slope else None,
            hess=hess if strategy else objective.matrix if name in MATRICES or not name else None,
            hessp=objective.product if name in PRODUCTS and not strategy else None,
            bounds=None if limits is None else _optimize.Bounds(*limits),
            constraints=[constraint_of(one, unknowns, name) for one in listed(constraints)] if constrained else (),
            tol=tol,
            callback=None if callback is None else lambda x, *rest: callback(unknowns.tree(given(x)), *rest),
            options=None if options is None else dict(options),
        )

    if not traces(function, start, args):
        return minimum_of(run(objective_of(function), start), unknowns)
    if constrained:
        refuse(
            UnsupportedFunction,
            "minimize with constraints= is not supported on a traced value.",
            "Make the constraints part of the function: by a change of variables, or as a penalty.",
        )
    graphs, captured = staged_of("minimize", function, unknowns)
    said: list[str] = []

    def solver(own: Sequence[Any], w: Sequence[Any]) -> tuple[list[Any], Any]:
        found = run(graphs.at(w), own[0])
        said[:] = [str(found.message)]
        told: list[Any] = [
            np.bool_(found.success),
            *[count(found, field) for field in ("status", "nit", "nfev", "njev", "nhev")],
        ]
        slope: Any = None if found.success and limits is None else graphs.at(w).both(found.x)[1]
        held = [] if limits is None else [held_at(found.x, slope, limits)]
        free = np.where(held[0], 0.0, slope) if held else slope
        stands = found.success or np.max(np.abs(free), initial=0.0) <= STATIONARY
        return [taken(found.x)], (*told, np.bool_(stands), *held)

    masks = () if limits is None else (Type((unknowns.size,), np.dtype(bool)),)
    equation = Equation(
        "minimize",
        fun,
        tree.LEAF,
        graphs.stationary(limits is not None),
        None if tangent is None else solver_of("minimize", None, tangent, None, 0.0, None),
        symmetric=True,
    )
    rules = ImplicitRules(
        "minimize", equation, solver, (solver,), (TRUTH, *[COUNT] * 5, TRUTH, *masks), tuple([7 for _ in masks]), 6
    )
    x, (success, *told) = determined(rules, [start], captured)
    return Minimum(
        *[
            unknowns.tree(x),
            graphs.value.graph(x, *captured)[0],
            unknowns.tree(graphs.slope.graph(x, *captured)[0]),
            success,
            *told[:5],
            words(said, x),
        ]
    )


def minimum_of(found: Any, unknowns: Unknowns) -> Minimum:
    """SciPy's answer."""
    slope = found.get("grad", found.get("jac"))  # trust-constr has the constraints' Jacobians as jac
    return Minimum(
        *[
            unknowns.tree(found.x),
            np.float64(found.fun),
            None if slope is None or np.shape(slope) != (unknowns.size,) else unknowns.tree(np.asarray(slope)),
            bool(found.success),
            *[int(count(found, field)) for field in ("status", "nit", "nfev", "njev", "nhev")],
            str(found.message),
        ]
    )


def held_at(x: Any, slope: Any, limits: tuple[Any, Any]) -> Any:
    """Which numbers stand on a bound, and would not leave it: the slope does not lead away from it."""
    low, high = limits
    at_low = (x - low <= NEAR * np.maximum(1.0, np.abs(low))) & (slope >= 0)
    at_high = (high - x <= NEAR * np.maximum(1.0, np.abs(high))) & (slope <= 0)
    return (np.isfinite(low) & at_low) | (np.isfinite(high) & at_high) | (low == high)


# ---- constraints -----------------------------------------------------------------------------------------------------
def listed(constraints: Any) -> list[Any]:
    """Constraints as a list: SciPy takes one alone, too."""
    return list(constraints) if isinstance(constraints, tuple | list) else [constraints]


def constraint_of(constraint: Any, unknowns: Unknowns, method: str) -> Any:
    """One of SciPy's constraints, of a function of the tree, with its derivatives."""
    if isinstance(constraint, _optimize.LinearConstraint):
        return constraint
    linear = isinstance(constraint, dict)
    fun = constraint["fun"] if linear else constraint.fun
    own = constraint.get("args", ()) if linear else ()
    flat = flat_answer(on_vectors(fun, unknowns, own), None, "minimize")

    def function(x: Any) -> Any:
        found = flat(x)
        if type(found) is Node and type(x) is not Node:
            refuse(
                UnsupportedFunction,
                "A constraint of minimize closes over a traced value.",
                "Make the constraint part of the function: by a change of variables, or as a penalty.",
            )
        return found

    value, slope = jacobian_of(function)
    if linear:
        return {"type": constraint["type"], "fun": value, "jac": slope}
    if method != "trust-constr":  # no other method asks for second derivatives
        return _optimize.NonlinearConstraint(value, constraint.lb, constraint.ub, slope)
    bend = hessian(lambda x, weights: np.sum(function(x) * weights))
    return _optimize.NonlinearConstraint(
        value, constraint.lb, constraint.ub, slope, lambda x, weights: taken(bend(given(x), given(weights)))
    )
