"""Implicit: answers that an equation determines, whose derivatives come from the equation and not from the solver."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np
from attrs import define, frozen

from funcgrad import tree
from funcgrad.errors import BadAnswer, LostDerivative, NotConverged, UnknownValue
from funcgrad.graph.node import Node
from funcgrad.graph.op import Delayed
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import Linear
from funcgrad.transforms.bodies import Body, staged, traced
from funcgrad.transforms.boundary import copied
from funcgrad.transforms.carrying import looped, numbers_of
from funcgrad.transforms.custom import Custom, Rules
from funcgrad.transforms.given import Values, identity
from funcgrad.transforms.linear import solver_of
from funcgrad.transforms.running import pulled, pushed
from funcgrad.transforms.systems import (
    Each,
    Solve,
    System,
    alike,
    filled,
    fitted_to,
    inexact_kind,
    pulled_to,
    pushed_from,
    solved,
    writeable,
)


@frozen(eq=False)
class Equation:
    """F(x, w) = 0, and how the linear systems of its derivatives are solved."""

    #: Who asks, for messages.
    name: str
    #: The user's function, for messages.
    function: Callable[..., Any]
    #: The tree of x.
    structure: Any
    #: F as a graph, of the leaves of x and of w, with an answer a leaf of x.
    graph: Body
    #: The solver of linear systems; None for the matrix and `np.linalg.solve`.
    tangent: Solve | None = None
    #: Whether ∂F/∂x is symmetric, as a Hessian is.
    symmetric: bool = False

    @property
    def count(self) -> int:
        """How many leaves x has."""
        return len(self.structure)

    @property
    def kinds(self) -> tuple[Type, ...]:
        """The types of x."""
        return self.graph.graph.inputs[: self.count]

    def system(self, which: str) -> System:
        """The linear system of ∂F/∂x ("forward") or of its transpose ("backward"), at data (x, w)."""
        body = self.graph.once(which, getattr(self, which))
        return System(self.name, self.function, self.structure, body, self.tangent, self.tangent, self.symmetric)

    def forward(self) -> Body:
        """(ẋ, x, w) ↦ ∂F/∂x·ẋ."""
        return self.along(pushed(self.graph.graph, tuple(range(self.count))))

    def backward(self) -> Body:
        """(z̄, x, w) ↦ z̄·∂F/∂x."""
        every = tuple(range(self.count))
        return self.along(pulled(self.graph.graph, every, every))

    def along(self, whole: Any) -> Body:
        """A graph of (x, w, v) as one of (v, x, w)."""
        n, types = self.count, [*self.kinds, *self.graph.graph.inputs]
        return staged(types, lambda *args: list(whole(*args[n:], *args[:n])))


@define(eq=False)
class ImplicitRules(Rules):
    """x with F(x, w) = 0, found by a solver that starts at x₀.  Arguments: x₀, then w; answers: x, then what is beside.

    The implicit function theorem: F(x(w), w) = 0 for all w near, so ∂F/∂x·ẋ + ∂F/∂w·ẇ = 0, and
    ẋ = -(∂F/∂x)⁻¹ (∂F/∂w·ẇ);  w̄ = -u·∂F/∂w with (∂F/∂x)ᵀ u = x̄.  No derivative goes to x₀.
    Krantz and Parks, *The Implicit Function Theorem* (2002), theorem 3.3.1.
    """

    #: The equation.
    equation: Equation
    #: From the leaves of x₀ and of w, plain numbers, to those of x, and a tree of what is beside.
    solver: Callable[[Values, Values], tuple[list[Any], Any]]
    #: What tells solvers apart.
    parts: Any
    #: The types of what is beside; None where only a run tells.
    beside: tuple[Type, ...] | None = ()
    #: Which of what is beside the equation takes after w.
    data: tuple[int, ...] = ()
    #: Which of it says whether x is a root at all; None where the solver raises if it is none.
    flag: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.beside is not None:
            blank = self.equation.structure.unflatten([0.0] * self.equation.count)
            self.answer = tree.structure((blank, (0,) * len(self.beside)))

    @property
    def key(self) -> Any:
        return ("implicit", self.equation.graph.key, self.equation.structure.key, identity(self.parts))

    @property
    def function(self) -> Callable[..., Any]:
        return self.equation.function

    def infer(self, values: Values) -> tuple[Any, ...]:
        if self.beside is None:
            raise UnknownValue(
                f"{self.name} returns more than the root, and its arguments are unknown, with no example to run the "
                "solver on. So the types of what is beside are not known. Leave out has_aux=True under this transform."
            )
        return (*self.equation.kinds, *self.beside)

    def batched(self, size: int, which: tuple[bool, ...]) -> Rules:
        return Each(self.name, self, size, which)

    def forward(self, leaves: Values) -> list[Any]:
        n = self.equation.count
        x, beside = self.solver(leaves[:n], leaves[n:])
        return self.answered((self.equation.structure.unflatten(x), beside))

    # ---- derivatives -------------------------------------------------------------------------------------------------
    def pull(self, bars: list[Any], z: Values, args: Values, wanted: Sequence[int]) -> list[Any]:
        equation, n = self.equation, self.equation.count
        if any([bar is not None for bar in bars[n:]]):
            self.refuse_beside()
        later = [i - n for i in wanted if i >= n]
        if not later:
            return [None] * len(wanted)
        x, w = self.point(z, args)
        right = [-bar for bar in filled(bars[:n], equation.kinds)]
        found = pulled_to(equation.graph, equation.system("backward").answer(right, [*x, *w]), x, w, later)
        others = dict(zip(later, found, strict=True))
        return [others.get(i - n) for i in wanted]

    def push(self, dots: list[Any], z: Values, args: Values) -> list[Any]:
        equation, n = self.equation, self.equation.count
        beside = [Delayed(self.refuse_beside) if type_of(one).dtype.kind in "fc" else None for one in z[n:]]
        if all([dot is None for dot in dots[n:]]):
            return [*[None] * n, *beside]
        x, w = self.point(z, args)
        right = [-dot for dot in filled(pushed_from(equation.graph, dots[n:], x, w), equation.kinds)]
        return [*equation.system("forward").answer(right, [*x, *w]), *beside]

    def point(self, z: Values, args: Values) -> tuple[list[Any], list[Any]]:
        """x and w, where the equation is differentiated: a root, if the solver says so."""
        n = self.equation.count
        x, w = list(z[:n]), [*args[n:], *[z[n + i] for i in self.data]]
        return (x if self.flag is None else [Trusted(self.name)(one, z[n + self.flag]) for one in x]), w

    def refuse_beside(self) -> None:
        """Refuse a derivative of what a solver returns beside the root."""
        name, where = function_place(self.function)
        raise LostDerivative(
            f"A derivative was asked of what {self.name} returns beside its answer, for {name}{where}. It comes out of "
            "the solver, and no equation says how it changes. Compute it from the answer, or use stop_gradient."
        )


@frozen(eq=False, repr=False)
class Trusted(Linear):
    """z = x, which a solver says is an answer; else the error that it has no derivative.  Transpose: z̄."""

    #: The solver's name.
    solver: str

    def run(self, x: Any, *data: Any) -> Any:
        if not np.all(data[0]):
            raise NotConverged(
                f"A derivative was asked of an answer of {self.solver} that is none: its success is False. No equation "
                "holds there that would say how it changes. Look at its message; loosen tol, raise the limits, or "
                "start nearer."
            )
        return np.array(x)[()]

    def infer(self, x: Any, *data: Any) -> Any:
        return x

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return zbar

    def batch(self, x: Any, *data: Any) -> Any:
        return self(x, *data)


def determined(rules: ImplicitRules, start: Values, w: Values) -> tuple[Any, Any]:
    """The answer as an operation: x, and what is beside."""
    answers = Custom(rules)(*start, *w)
    both: tuple[Any, Any] = rules.answer.unflatten([y if type(y) is Node else copied(y) for y in answers])
    return both


# ---- roots -----------------------------------------------------------------------------------------------------------
def custom_root(
    f: Callable[..., Any],
    initial_guess: Any,
    solve: Callable[..., Any],
    tangent_solve: Solve | None = None,
    has_aux: bool = False,
    *,
    method: str | None = None,
) -> Any:
    """The x with f(x) = 0 that solve(f, initial_guess) finds, with derivatives from the equation.

    custom_root : (X → X) × X × ((X → X) × X → X) → X, for trees X of arrays. Names and order are JAX's
    `lax.custom_root`. f may close over traced values w; with f as F(x, w) the implicit function theorem says
    dx/dw = -(∂F/∂x)⁻¹ ∂F/∂w, which holds for every order. No derivative goes to the guess.

    * `solve` runs on plain numbers, whatever is traced: its f takes plain arrays quickly, and traced ones as well, for
      Newton steps by `jacobian(f)`. What it returns is believed: raise where it did not converge.
    * `tangent_solve(g, y)` solves the linear g(x) = y, on plain numbers too; g is the derivative of f for forward mode
      and its transpose for reverse mode. Without it, `method` says how, as in `linear_solve`.
    * With `has_aux` solve returns (x, aux), and so does custom_root. aux has no derivative.

    >>> from funcgrad import grad
    >>> def newton(f, x):
    ...     for _ in range(20):
    ...         x = x - f(x) / grad(f)(x)
    ...     return x
    >>> root = lambda a: custom_root(lambda x: x**3 - a, 1.0, newton)
    >>> float(round(root(8.0), 6)), round(grad(root)(8.0), 6)  # 1 / (3 x²)
    (2.0, 0.083333)
    """
    leaves, structure = numbers_of("custom_root", "initial_guess", initial_guess)
    kinds = [inexact_kind(type_of(leaf)) for leaf in leaves]
    graph, captured, got = traced("custom_root", f, [(structure, kinds)])
    alike("custom_root", f, structure, got, kinds, graph.output_types, "the guess")
    body = conformed(graph, kinds)
    tangent = tangent_solve if method is None else solver_of("custom_root", tangent_solve, method, None, 0.0, None)
    equation = Equation("custom_root", f, structure, body, tangent)

    def solver(start: Values, w: Values) -> tuple[list[Any], Any]:
        answer = solve(plain_function(structure, kinds, body, w), structure.unflatten(map(writeable, start)))
        if has_aux:
            if type(answer) is not tuple or len(answer) != 2:
                name, where = function_place(solve)
                raise BadAnswer(
                    f"{name}{where} returned no pair. With has_aux=True a solver of custom_root returns the root and "
                    "what is beside. Write return x, aux."
                )
            return solved("custom_root", answer[0], structure, kinds, solve), beside_of(answer[1])
        return solved("custom_root", answer, structure, kinds, solve), ()

    rules = ImplicitRules("custom_root", equation, solver, (solve, has_aux), None if has_aux else ())
    x, aux = determined(rules, [fitted_to(leaf, kind) for leaf, kind in zip(leaves, kinds, strict=True)], captured)
    return (x, aux) if has_aux else x


def conformed(graph: Any, kinds: Sequence[Type]) -> Body:
    """A graph of an equation, its answers at the dtypes of the unknowns."""
    if list(graph.output_types) == list(kinds):
        return Body(graph)
    return staged(graph.inputs, lambda *args: [fitted_to(y, kind) for y, kind in zip(graph(*args), kinds, strict=True)])


def plain_function(structure: Any, kinds: Sequence[Type], body: Body, w: Values) -> Callable[[Any], Any]:
    """The function of trees that a graph is at known w: quick on plain numbers, and traced where they are traced."""

    def function(x: Any) -> Any:
        own = [fitted_to(one, kind) for one, kind in zip(structure.flatten_up_to(x), kinds, strict=True)]
        run = body.graph if any([type(one) is Node for one in own]) else body.callable
        return structure.unflatten(run(*own, *w))

    return function


def beside_of(aux: Any) -> Any:
    """What a solver returned beside the root, as numbers."""
    return tree.map(lambda leaf: leaf.value if type(leaf) is Node else leaf, aux)


# ---- fixed points ----------------------------------------------------------------------------------------------------
def fixed_point(
    f: Callable[..., Any],
    x0: Any,
    *args: Any,
    rtol: float | None = None,
    atol: float = 0.0,
    maxiter: int = 1000,
    method: str | None = None,
) -> Any:
    """The x with x = f(x, *args), by x ← f(x, *args) from x0 on, with derivatives from that equation.

    fixed_point : (X × W → X) × X × W → X, for any trees. With F(x, w) = x - f(x, w) the implicit function theorem says
    dx/dw = (1 - ∂f/∂x)⁻¹ ∂f/∂w, for `args` and for traced values that f closes over, to every order; the steps are not
    differentiated, and their number costs no memory. No derivative goes to x0.

    It ends where no number moves by more than atol + rtol·max|x|, with rtol = ε^⅔ by default (4·10⁻¹¹ in float64), and
    raises `NotConverged` after `maxiter` steps. `method` says how the derivative's linear systems are solved, as in
    `linear_solve`: None makes the matrix of 1 - ∂f/∂x, "gmres" only multiplies by it.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> root = lambda a: fixed_point(lambda x, a: (x + a / x) / 2, 1.0, a)  # Heron's rule for √a
    >>> float(root(9.0)), round(grad(root)(9.0), 12)
    (3.0, 0.166666666667)
    """

    @wraps(f)
    def step(x: Any) -> Any:
        return f(x, *args)

    loop, first, structure = looped("fixed_point", step, x0)
    body, graph = loop.body, loop.body.graph
    kinds = [inexact_kind(kind) for kind in graph.output_types]
    n, inputs = len(kinds), [*kinds, *graph.inputs[len(kinds) :]]
    gap = staged(inputs, lambda *own: [x - y for x, y in zip(own[:n], graph(*own), strict=True)])
    tangent = None if method is None else solver_of("fixed_point", None, method, None, 0.0, None)
    equation = Equation("fixed_point", f, structure, gap, tangent)

    def solver(start: Values, w: Values) -> tuple[list[Any], Any]:
        return iterated(equation, body.callable, start, w, rtol, atol, maxiter), ()

    rules = ImplicitRules("fixed_point", equation, solver, ("iterated", rtol, atol, maxiter))
    start = [fitted_to(leaf, kind) for leaf, kind in zip(first, kinds, strict=True)]
    return determined(rules, start, loop.captured)[0]


def iterated(
    equation: Equation, step: Any, x: Values, w: Values, rtol: float | None, atol: float, maxiter: int
) -> list[Any]:
    """x ← f(x, w) until nothing moves."""
    scale = max([np.finfo(kind.dtype).eps for kind in equation.kinds], default=0.0) ** (2 / 3) if rtol is None else rtol
    moved = np.inf
    for _ in range(maxiter):
        new = step(*x, *w)
        moved = largest([a - b for a, b in zip(new, x, strict=True)])
        x = new
        if not np.isfinite(moved):
            break
        if moved <= atol + scale * largest(x):
            return list(x)
    name, where = function_place(equation.function)
    what = (
        f"The last of {maxiter} steps of {name}{where} moved by {moved:.2g}"
        if np.isfinite(moved)
        else f"The steps of {name}{where} left the finite numbers"
    )
    raise NotConverged(
        f"fixed_point did not converge. {what}. The steps converge where the function contracts: start nearer, damp it "
        "as in (x + f(x)) / 2, or raise maxiter."
    )


def largest(values: Values) -> float:
    """The largest absolute value; NaN if there is one."""
    return float(np.max([np.max(np.abs(value), initial=0.0) for value in values], initial=0.0))
