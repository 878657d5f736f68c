"""Rooting: scipy.optimize.root and root_scalar."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np
import scipy.optimize as _optimize

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument, UnsupportedFunction
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import function_place, refuse
from funcgrad.graph.types import Type, type_of
from funcgrad.optimize.minimizing import NEAR
from funcgrad.optimize.objectives import flat_answer, given, jacobian_of, on_vectors, taken, traces
from funcgrad.optimize.programs import jacobian_program
from funcgrad.optimize.results import COUNT, TRUTH, Root, ScalarRoot, count, words
from funcgrad.optimize.unknowns import unknowns_of
from funcgrad.transforms.bodies import Body, traced
from funcgrad.transforms.derivatives import grad
from funcgrad.transforms.implicit import Equation, ImplicitRules, conformed, determined
from funcgrad.transforms.linear import solver_of

#: The methods of `root` that take a Jacobian, and those of `root_scalar` that take a derivative.
JACOBIANS = frozenset({"hybr", "lm"})
SLOPES = {"newton": 1, "halley": 2}


def root(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: str = "hybr",
    jac: Any = None,
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: Any = None,
    *,
    tangent: str | None = None,
) -> Root:
    """The x with fun(x, *args) = 0: `scipy.optimize.root` on trees, with our Jacobian.

    root : ((X × Θ → Y) × X × Θ) → Root, for trees X of real arrays and Y of as many numbers. The signature and the
    methods are SciPy's; the Jacobian is supplied to "hybr" and "lm", so that `jac` is left out.

    x* is differentiable with respect to `args` and to traced values that fun closes over, all of them θ. With F = fun
    the implicit function theorem says: F(x*(θ), θ) = 0, so dx*/dθ = -(∂F/∂x)⁻¹ ∂F/∂θ. `tangent`, exactness and failure
    are as in `minimize`; a singular ∂F/∂x is a `SingularSystem`.

    >>> from funcgrad import grad
    >>> circle = lambda p, r: (p["x"] ** 2 + p["y"] ** 2 - r * r, p["x"] - p["y"])  # where the diagonal meets it
    >>> meet = lambda r: root(circle, {"x": 1.0, "y": 1.0}, args=(r,)).x["x"]
    >>> round(float(meet(2.0)), 6), round(grad(meet)(2.0), 6)  # r/√2
    (1.414214, 0.707107)
    """
    if jac is not None:
        refuse(UnsupportedFunction, "root was given jac=. The Jacobian of fun is supplied.", "Leave it out.")
    args = args if isinstance(args, tuple) else (args,)
    unknowns, start = unknowns_of("root", x0)
    function = on_vectors(fun, unknowns, args)
    flat = flat_answer(function, unknowns, "root")

    def run(value: Any, slope: Any, vector: Any) -> Any:
        return _optimize.root(
            value,
            given(vector),
            method=method,
            jac=slope if method in JACOBIANS else None,
            tol=tol,
            callback=None if callback is None else lambda x, f: callback(unknowns.tree(given(x)), f),
            options=None if options is None else dict(options),
        )

    if not traces(function, start, args):
        found = run(*jacobian_of(flat, jacobian_program("root", fun, unknowns, args, {})), start)
        told = [count(found, name).item() for name in ("status", "nfev")]
        x = unknowns.tree(np.reshape(found.x, -1))
        return Root(*[x, fun(x, *args), bool(found.success), *told, str(found.message)])
    graph, captured, _ = traced("root", flat, [(tree.LEAF, [unknowns.kind])])
    body = conformed(graph, [unknowns.kind])
    said: list[str] = []

    def solver(own: Sequence[Any], w: Sequence[Any]) -> tuple[list[Any], Any]:
        value, slope = jacobian_of(lambda x: body.graph(x, *w)[0])
        found = run(lambda x: taken(body.callable(given(x), *w)[0]), slope, own[0])
        said[:] = [str(found.message)]
        x = taken(np.reshape(found.x, -1))
        counts = [count(found, name) for name in ("status", "nfev")]
        return [x], (np.bool_(found.success), *counts, np.bool_(found.success or settled(value, slope, x)))

    beside = (TRUTH, COUNT, COUNT, TRUTH)
    x, (success, *told) = found_by("root", fun, body, solver, beside, tangent, start, captured)
    return Root(*[unknowns.tree(x), function(x), success, *told[:2], words(said, x)])


def settled(value: Callable[..., Any], slope: Callable[..., Any], x: Any) -> bool:
    """Whether Newton's next step would move no number by more than rounding does: then a failure is one of rounding."""
    try:
        step = np.linalg.solve(slope(x), value(x))
    except np.linalg.LinAlgError:
        return False
    return bool(np.max(np.abs(step), initial=0.0) <= NEAR * max(1.0, np.max(np.abs(x), initial=0.0)))


def found_by(
    name: str,
    fun: Callable[..., Any],
    body: Body,
    solver: Callable[..., Any],
    beside: tuple[Type, ...],
    tangent: str | None,
    start: Any,
    captured: list[Node],
) -> Any:
    """A root as an operation: x, and what is beside, of which the last says whether it is one."""
    solve = None if tangent is None else solver_of(name, None, tangent, None, 0.0, None)
    equation = Equation(name, fun, tree.LEAF, body, solve)
    rules = ImplicitRules(name, equation, solver, (solver,), beside, (), len(beside) - 1)
    return determined(rules, [start], captured)


def root_scalar(
    f: Callable[..., Any],
    args: Any = (),
    method: str | None = None,
    bracket: Sequence[float] | None = None,
    fprime: Any = None,
    fprime2: Any = None,
    x0: Any = None,
    x1: Any = None,
    xtol: float | None = None,
    rtol: float | None = None,
    maxiter: int | None = None,
    options: Any = None,
) -> ScalarRoot:
    """The number x with f(x, *args) = 0: `scipy.optimize.root_scalar`, with our derivatives.

    root_scalar : (ℝ × Θ → ℝ) × Θ → ScalarRoot. The signature and the methods are SciPy's; `fprime` and `fprime2` are
    supplied to "newton" and "halley", so that they are left out. Without a method it is "brentq" for a bracket,
    "secant" for x0 and x1, and "newton" for x0 alone.

    The root is differentiable with respect to `args` and to traced values that f closes over, all of them θ. With F = f
    the implicit function theorem says: F(x*(θ), θ) = 0, so dx*/dθ = -(∂F/∂θ) / (∂F/∂x). No derivative goes to the
    bracket, x0 or x1, which are plain numbers or batches.

    >>> from funcgrad import grad
    >>> cube = lambda a: root_scalar(lambda x, a: x**3 - a, args=(a,), bracket=(0.0, 10.0)).root
    >>> round(float(cube(8.0)), 6), round(grad(cube)(8.0), 6)  # 1 / (3 x²)
    (2.0, 0.083333)
    """
    if fprime is not None or fprime2 is not None:
        which = "fprime" if fprime is not None else "fprime2"
        refuse(UnsupportedFunction, f"root_scalar was given {which}=. Derivatives of f are supplied.", "Leave it out.")
    if any([type(one) is Node for one in tree.leaves((bracket, x0, x1))]):
        raise BadArgument(
            "root_scalar was given a traced value as bracket, x0 or x1. The root does not depend on where the search "
            "starts. Pass plain numbers, x.value."
        )
    args = args if isinstance(args, tuple) else (args,)
    start = start_of(bracket, x0)
    method = method or ("brentq" if bracket is not None else "secant" if x1 is not None else "newton")

    @wraps(f)
    def function(x: Any) -> Any:
        y = f(x, *args)
        if tree.structure(y) is not tree.LEAF or type_of(y).shape:
            name, where = function_place(f)
            raise BadAnswer(
                f"{name}{where} returned no number. root_scalar solves one equation. Return a scalar, or use root."
            )
        return y

    def run(value: Callable[[float], Any]) -> Any:
        slopes = [grad(value), grad(grad(value))][: SLOPES.get(method, 0)]
        return _optimize.root_scalar(
            lambda x: float(value(float(x))),
            method=method,
            bracket=bracket,
            x0=x0,
            x1=x1,
            xtol=xtol,
            rtol=rtol,
            maxiter=maxiter,
            options=options,
            **{
                name: (lambda x, slope=slope: float(slope(float(x))))
                for name, slope in zip(("fprime", "fprime2"), slopes, strict=False)
            },
        )

    if not traces(function, start, args):
        found = run(function)
        told = (bool(found.converged), int(found.iterations), int(found.function_calls))
        return ScalarRoot(*[np.float64(found.root), *told, str(found.flag)])
    kind = Type((), np.dtype(float))
    graph, captured, _ = traced("root_scalar", function, [(tree.LEAF, [kind])])
    body = conformed(graph, [kind])
    said: list[str] = []

    def solver(_own: Sequence[Any], w: Sequence[Any]) -> tuple[list[Any], Any]:
        found = run(lambda x: body.graph(x, *w)[0])
        said[:] = [str(found.flag)]
        return [np.float64(found.root)], (
            np.int64(found.iterations),
            np.int64(found.function_calls),
            np.bool_(found.converged),
        )

    x, (*counts, converged) = found_by("root_scalar", f, body, solver, (COUNT, COUNT, TRUTH), "dense", start, captured)
    return ScalarRoot(*[x, converged, *counts, words(said, x)])


def start_of(bracket: Any, x0: Any) -> Any:
    """Where f is traced, and called once."""
    if bracket is None and x0 is None:
        raise BadArgument("root_scalar was given no bracket and no x0. It must start somewhere. Give one of them.")
    return np.float64(x0 if bracket is None else (bracket[0] + bracket[1]) / 2)
