"""Expanding: a function along a line, as a power series."""

from collections.abc import Callable, Sequence
from functools import wraps
from math import factorial
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import Graph, closed
from funcgrad.graph.node import Node
from funcgrad.graph.op import fresh_leaf, unknown
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import type_of
from funcgrad.primitives.kinds import zeros_like
from funcgrad.primitives.shaping import Stack
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.arguments import Arguments
from funcgrad.transforms.boundary import differentiable, matched, outputs_of
from funcgrad.transforms.recording import asked_again, traced
from funcgrad.transforms.running import inlined
from funcgrad.transforms.series.rules import Expansion
from funcgrad.transforms.series.streams import Stream, coefficient, first

#: The largest number whose factorial is a float.
LARGEST = 170


def taylor(f: Callable[..., Any], x: Any, order: int, v: Any = None) -> Any:
    """The Taylor coefficients c₀ … cₙ of f at x in the direction v: f(x + t v) = c₀ + c₁ t + … + cₙ tⁿ + O(tⁿ⁺¹).

    taylor : (X → Y) × X × ℕ → Yⁿ⁺¹, a tree like f(x) whose arrays have the n + 1 coefficients along axis 0, as
    `numpy.polynomial` has them: cₖ is the k-th derivative with respect to t, divided by k!. Without v all elements of x
    move alike, by t: for a scalar x, and for a function applied element by element, these are its own derivatives.

    By truncated power series over the graph: the cost is that of n² products for each operation, where nested `grad`
    doubles with each order. Functions of NumPy's and SciPy's need no rule beside their derivative, which is an equation
    for the series. It may be nested with all transforms.
    Griewank and Walther, *Evaluating Derivatives* (2008), chapter 13.

    >>> import numpy as np
    >>> taylor(np.exp, 0.0, 4)                                          # 1/k!
    array([1.        , 1.        , 0.5       , 0.16666667, 0.04166667])
    >>> c = taylor(lambda x: x[0] ** 2 * x[1], np.array([1.0, 2.0]), 3, v=np.array([1.0, 10.0]))
    >>> c                                                               # (1 + t)² (2 + 10 t)
    array([ 2., 14., 22., 10.])
    >>> np.polynomial.polynomial.polyval(0.5, c)                        # 1.5² · 7
    np.float64(15.75)
    """
    checked(order, "taylor", 0)
    coefficients, structure = expanded(f, "taylor", (x,), {}, order, v)
    return structure.unflatten([stacked(list(own)) for own in coefficients])


def derivative(f: Callable[..., Any], n: int = 1) -> Callable[..., Any]:
    """The n-th derivative of a function of a number, as a new function: x ↦ dⁿ/dtⁿ f(x + t) at t = 0.

    derivative : (ℝ → Y) × ℕ → (ℝ → Y). Y is any tree. Of an array x all elements move alike, so that a function applied
    element by element gives its n-th derivative at each. Further arguments of f are held fixed.

    >>> import numpy as np
    >>> derivative(np.sin, 10)(1.0) == -np.sin(1.0)
    np.True_
    >>> derivative(lambda x: x**5, 3)(np.array([1.0, 2.0]))             # 60 x²
    array([ 60., 240.])
    """
    checked(n, "derivative", 0)
    if n > LARGEST:
        raise BadArgument(
            f"derivative was given the order {n}. The factorial of an order above {LARGEST} is no float. "
            f"Write taylor(f, x, {n}), whose coefficients are divided by it."
        )

    @wraps(f)
    def nth(*args: Any, **keywords: Any) -> Any:
        coefficients, structure = expanded(f, "derivative", args, keywords, n, None)
        return structure.unflatten([scaled(own[n], own[0], factorial(n)) for own in coefficients])

    return nth


def checked(order: Any, transform: str, least: int) -> None:
    """Refuse what is no order."""
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < least:
        raise BadArgument(
            f"{transform} was given the order {order!r}. An order is a natural number. Write {transform}(f, "
            f"{'x, 3' if transform == 'taylor' else '3'})."
        )


def scaled(c: Any, value: Any, factor: int) -> Any:
    """A coefficient as a derivative, of the type of the answer itself."""
    kind = type_of(value)
    if c is None:
        return zeros_like(value)
    return fit(c * float(factor) if factor > 1 else c, kind, stretch=True)


def stacked(coefficients: list[Any]) -> Any:
    """The coefficients along axis 0, of the type of the first."""
    kind = type_of(coefficients[0]).strong()
    rows = [np.zeros(kind.shape, kind.dtype)[()] if c is None else fit(c, kind, stretch=True) for c in coefficients]
    if any([type(c) is Node for c in rows]):
        return Stack(0)(*rows)
    return np.stack(rows)


def expanded(
    f: Callable[..., Any], transform: str, args: Sequence[Any], keywords: dict[str, Any], order: int, v: Any
) -> tuple[list[list[Any]], Any]:
    """The coefficients of each leaf of f's answer, None for zero, and the structure of the answer."""
    if not args:
        raise BadArgument(f"{transform} was called without an argument. It moves the first one. Pass it by position.")
    with Call(transform, f) as call:
        leaves, structure = tree.flatten(args[0])
        xs = [differentiable(call, leaf, 0, structure, i) for i, leaf in enumerate(leaves)]
        if v is None:
            vs: list[Any] = [np.ones(type_of(x).shape, type_of(x).dtype)[()] for x in xs]
        else:
            vs = matched(v, xs, structure, "direction", "x")
    if any(map(is_unknown, xs)):
        graph, captured, answers = staged(transform, f, xs, structure, args[1:], keywords)
    else:
        graph, captured, answers = recorded(f, xs, structure, args[1:], keywords)
    expansion = Expansion(order)
    inputs = [line(x, v, order) for x, v in zip(xs, vs, strict=True)]
    with np.errstate(all="ignore"):
        outputs = expansion.run(graph, [*inputs, *captured], whole=True)
    real(f, transform, outputs)
    return [[first(y), *[coefficient(y, k) for k in range(1, order + 1)]] for y in outputs], answers


def line(x: Any, v: Any, order: int) -> Stream:
    """x + t v."""
    stream = Stream([x, v][: order + 1], order)
    stream.last = min(order, 1)
    return stream


def is_unknown(x: Any) -> bool:
    """Whether a value is not known."""
    return type(x) is Node and unknown(x.value)


def real(f: Callable[..., Any], transform: str, outputs: Sequence[Any]) -> None:
    """Refuse answers that have no derivative."""
    for y in outputs:
        if type_of(first(y)).dtype.kind not in "fc":
            name, where = function_place(f)
            raise BadAnswer(
                f"{name}{where} returned an array of dtype {type_of(first(y)).dtype}, which has no derivative. "
                f"{transform} needs real or complex answers. Convert it with astype(float)."
            )


# ---- the graph -------------------------------------------------------------------------------------------------------
def recorded(
    f: Callable[..., Any], xs: list[Any], structure: Any, rest: Sequence[Any], keywords: dict[str, Any]
) -> tuple[Graph, list[Node], Any]:
    """The graph that f takes at known x, through Python's control flow; what it closes over; the answer's structure."""
    values = [x.value if type(x) is Node else x for x in xs]
    given = (structure.unflatten(values), *[None] * len(rest))
    (_, whole) = tree.flatten((given, dict.fromkeys(sorted(keywords))))
    static: dict[int | str, Any] = {i + 1: a for i, a in enumerate(rest)} | keywords
    path, captured, _, _ = traced(f, Arguments(values, whole, static), values)
    if captured:
        asked_again(path, path.graph(*xs, *captured))
    graph = Graph(path.graph.inputs, path.graph.constants, path.graph.steps, path.graph.outputs[len(path.guards) :])
    return inlined(graph), captured, path.structure


def staged(
    transform: str, f: Callable[..., Any], xs: list[Any], structure: Any, rest: Sequence[Any], keywords: dict[str, Any]
) -> tuple[Graph, list[Node], Any]:
    """The same at unknown x: what Python's control flow asks is for the transform around this one to answer."""
    with Call(transform, f, outlives=True) as call:
        leaves = [fresh_leaf(call, x, 0, i, structure) for i, x in enumerate(xs)]
        answers, whole = outputs_of(call, f(structure.unflatten(leaves), *rest, **keywords))
        graph, captured = closed(call, answers, leaves)
    return inlined(graph), captured, whole
