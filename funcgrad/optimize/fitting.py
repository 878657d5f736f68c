"""Fitting: scipy.optimize.least_squares on trees."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.optimize as _optimize

from funcgrad import tree
from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type
from funcgrad.optimize.minimizing import held_at
from funcgrad.optimize.objectives import derived, flat_answer, given, jacobian_of, on_vectors, taken, traces
from funcgrad.optimize.programs import jacobian_program
from funcgrad.optimize.results import COUNT, TRUTH, Fit, count, words
from funcgrad.optimize.unknowns import both_ends, unknowns_of, vector_of
from funcgrad.transforms.bodies import staged, traced
from funcgrad.transforms.derivatives import jacobian
from funcgrad.transforms.implicit import Equation, ImplicitRules, determined
from funcgrad.transforms.linear import solver_of

#: ρ(s) of s = (r/c)², as SciPy has them. Triggs et al., *Bundle Adjustment - A Modern Synthesis* (2000).
LOSSES: dict[str, Callable[[Any], Any]] = {
    "linear": lambda s: s,
    "soft_l1": lambda s: 2 * (np.sqrt(1 + s) - 1),
    "huber": lambda s: np.where(s <= 1, s, 2 * np.sqrt(np.where(s <= 1, 1.0, s)) - 1),
    "cauchy": np.log1p,
    "arctan": np.arctan,
}


def least_squares(
    fun: Callable[..., Any],
    x0: Any,
    jac: Any = None,
    bounds: Any = (-np.inf, np.inf),
    method: str = "trf",
    ftol: float | None = 1e-8,
    xtol: float | None = 1e-8,
    gtol: float | None = 1e-8,
    x_scale: Any = None,
    loss: str = "linear",
    f_scale: float = 1.0,
    diff_step: Any = None,
    tr_solver: str | None = None,
    tr_options: Any = None,
    jac_sparsity: Any = None,
    max_nfev: int | None = None,
    verbose: int = 0,
    args: Any = (),
    kwargs: Any = None,
    *,
    tangent: str | None = None,
) -> Fit:
    """The x that makes ½ Σ ρ(r²) small, r = fun(x, *args): `scipy.optimize.least_squares` on trees, with our Jacobian.

    least_squares : ((X × Θ → R) × X × Θ) → Fit, for trees X of real arrays and R of residuals. The signature is
    SciPy's; the Jacobian is supplied, so that `jac`, `diff_step` and `jac_sparsity` are left out. `bounds` is a pair
    (low, high), each a number or a tree like x0; `loss` is a name.

    x* is differentiable with respect to `args` and to traced values that fun closes over, all of them θ: with the
    cost's gradient F(x, θ) = Σ ρ'(r²) r ∂r/∂x the implicit function theorem says dx*/dθ = -(∂F/∂x)⁻¹ ∂F/∂θ, where
    ∂F/∂x is the cost's whole Hessian and not the Gauss-Newton matrix: the answer is exact where residuals remain.
    Bounds, `tangent`, exactness and failure are as in `minimize`.

    >>> import numpy as np
    >>> from funcgrad import jacobian
    >>> t, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])
    >>> line = lambda p, y: p[0] + p[1] * t - y
    >>> least_squares(line, np.zeros(2), args=(y,)).x.round(6)
    array([1., 2.])
    >>> jacobian(lambda y: least_squares(line, np.zeros(2), args=(y,)).x[1])(y).round(6) + 0.0
    array([-0.5,  0. ,  0.5])
    """
    for name, value in (("jac", jac), ("diff_step", diff_step), ("jac_sparsity", jac_sparsity)):
        if value is not None:
            refuse(
                UnsupportedFunction,
                f"least_squares was given {name}=. The Jacobian of fun is supplied.",
                "Leave it out.",
            )
    if loss not in LOSSES:
        refuse(
            UnsupportedFunction,
            f"least_squares was given loss={loss!r}.",
            f"Choose one of {', '.join(map(repr, LOSSES))}, or make the cost yourself and call minimize.",
        )
    args = args if isinstance(args, tuple) else (args,)
    unknowns, start = unknowns_of("least_squares", x0)
    ends = bounds if isinstance(bounds, tuple | list) else (bounds.lb, bounds.ub)
    limits = both_ends("least_squares", unknowns, *ends)
    bounded = bool(np.any(np.isfinite(limits)))
    named = (lambda x, *own: fun(x, *own, **kwargs)) if kwargs else fun
    function = on_vectors(named, unknowns, args)
    flat = flat_answer(function, None, "least_squares")

    scale = {} if x_scale is None else {"x_scale": x_scale}  # SciPy's own default differs from method to method

    def run(value: Any, slope: Any, vector: Any) -> Any:
        return _optimize.least_squares(
            value, given(vector), slope, limits, method=method, ftol=ftol, xtol=xtol, gtol=gtol, loss=loss,
            f_scale=f_scale, tr_solver=tr_solver, tr_options=tr_options or {}, max_nfev=max_nfev, verbose=verbose,
            **scale,
        )  # fmt: skip

    if not traces(function, start, (args, kwargs)):
        found = run(*jacobian_of(flat, jacobian_program("least_squares", fun, unknowns, args, kwargs)), start)
        x, told = unknowns.tree(found.x), [count(found, name).item() for name in ("status", "nfev", "njev")]
        slope = unknowns.tree(np.asarray(found.grad))
        return Fit(
            *[x, np.float64(found.cost), function(found.x), slope, bool(found.success), *told, str(found.message)]
        )
    graph, captured, structure = traced("least_squares", function, [(tree.LEAF, [unknowns.kind])])
    body = staged(graph.inputs, lambda *own: [vector_of(graph(*own))])
    graphs = derived(staged(graph.inputs, lambda *own: [cost_of(body.graph(*own)[0], loss, f_scale)]).graph)
    said: list[str] = []

    def solver(own: Sequence[Any], w: Sequence[Any]) -> tuple[list[Any], Any]:
        slope = jacobian(lambda x: body.graph(x, *w)[0])
        found = run(lambda x: taken(body.callable(given(x), *w)[0]), lambda x: taken(slope(given(x))), own[0])
        said[:] = [str(found.message)]
        told: list[Any] = [np.bool_(found.success), *[count(found, name) for name in ("status", "nfev", "njev")]]
        return [taken(found.x)], (*told, *([held_at(found.x, found.grad, limits)] if bounded else []))

    masks = (Type((unknowns.size,), np.dtype(bool)),) if bounded else ()
    solve = None if tangent is None else solver_of("least_squares", None, tangent, None, 0.0, None)
    equation = Equation("least_squares", fun, tree.LEAF, graphs.stationary(bounded), solve, symmetric=True)
    rules = ImplicitRules(
        "least_squares", equation, solver, (solver,), (TRUTH, *[COUNT] * 3, *masks), tuple([4 for _ in masks]), 0
    )
    x, (success, *counts) = determined(rules, [start], captured)
    return Fit(
        *[
            unknowns.tree(x),
            graphs.value.graph(x, *captured)[0],
            structure.unflatten(graph(x, *captured)),
            unknowns.tree(graphs.slope.graph(x, *captured)[0]),
            success,
            *counts[:3],
            words(said, x),
        ]
    )


def cost_of(residuals: Any, loss: str, scale: float) -> Any:
    """½ c² Σ ρ((r/c)²)."""
    return 0.5 * scale**2 * np.sum(LOSSES[loss]((residuals / scale) ** 2))
