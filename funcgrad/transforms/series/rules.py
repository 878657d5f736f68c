"""Rules: how the series of an operation's answer follows from those of its arguments.

Sums, products, quotients and powers have rules of their own, and so have all linear operations. The others need none:
their own derivative, which they state for every transform, is an equation for the series.
Griewank and Walther, *Evaluating Derivatives* (2008), chapter 13.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import define, field

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import Graph, closed
from funcgrad.graph.op import Delayed, Op, Result, Weakness, fresh_leaf
from funcgrad.graph.types import type_of
from funcgrad.primitives.kinds import Joint, Linear, Multilinear, Pointwise, chain, ratio, scaled
from funcgrad.primitives.pointwise import (
    PowerBy,
    Select,
    cos,
    cosh,
    div,
    exp,
    log,
    mul,
    power,
    reciprocal,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
)
from funcgrad.primitives.solving import Solve
from funcgrad.sweeps.edges import fit
from funcgrad.sweeps.pullback import push_by_pull
from funcgrad.transforms.running import inlined
from funcgrad.transforms.series.looping import LOOPS
from funcgrad.transforms.series.streams import (
    Stream,
    bare,
    coefficient,
    convolved,
    first,
    minus,
    over,
    plus,
    traced,
)

#: What computes coefficient k > 0 of an answer.
Next = Callable[[int], Any]
#: So many series at most for one function: rules whose derivatives need ever more of others do not end.
MOST = 50_000


@define(eq=False, repr=False)
class Expansion:
    """One expansion: the series so far, each made once, so that sin′ = cos and cos′ = -sin close a circle."""

    #: The number of the last coefficient.
    order: int
    #: The series of answers, by operation and arguments.
    made: dict[Any, Any] = field(factory=dict)
    #: The graphs of the derivatives of operations, by operation and types.
    graphs: dict[Any, Graph] = field(factory=dict)

    def run(self, graph: Graph, inputs: Sequence[Any], whole: bool = False) -> list[Any]:
        """The outputs of a graph whose inputs are series or constants; all their coefficients if `whole`."""
        values = [*inputs, *[one.value for one in graph.constants]]
        for step in graph.steps:
            values.append(self.answer(step.op, [values[i] for i in step.args], whole))
        return [values[i] for i in graph.outputs]

    def answer(self, op: Op, args: list[Any], whole: bool = False) -> Any:
        """The series of an operation's answer; the plain answer where nothing moves; a tuple of several results."""
        if isinstance(op, Result) and type(args[0]) is tuple:
            return args[0][op.index]
        moving = any([type(a) is Stream for a in args])
        if op.constant or not moving:
            if moving:
                op.dropped()
            return op(*map(first, args))
        key = (op, *map(id, args))
        if key not in self.made:
            if len(self.made) > MOST:
                raise UnsupportedFunction(
                    f"The series of {op.name} at order {self.order} needs more than {MOST:,} others. Its derivative "
                    "is made of ever more functions. Use nested jvp, or a lower order."
                )
            loops = whole and type(op) in LOOPS
            self.made[key] = (
                self.looped(op, args) if loops else self.begun(op, args),
                args,
            )  # the arguments are kept, so that no other has their id
        answer = self.made[key][0]
        if whole:
            for one in answer if type(answer) is tuple else (answer,):
                coefficient(one, self.order)
        return answer

    def begun(self, op: Op, args: list[Any]) -> Any:
        """The series of an answer, of which the value is known."""
        z = op(*map(first, args))
        if type(z) is tuple:
            several: list[Stream] = []
            equation = Equation(self, op, args, several)
            several += [Stream([one], self.order, equation.result(i)) for i, one in enumerate(z)]
            return tuple([s if type_of(one).dtype.kind in "fc" else one for s, one in zip(several, z, strict=True)])
        return Stream([z], self.order, lambda own: self.next(op, args, own))

    def looped(self, op: Op, args: list[Any]) -> Any:
        """The series of the results of a loop or a choice, of which all arguments are there."""
        own = type(self)
        return tuple(
            LOOPS[type(op)](lambda graph, inputs: own(self.order).run(graph, inputs, True), op, args, self.order)
        )

    def next(self, op: Op, args: list[Any], z: Stream) -> Next:
        """What computes the coefficients of an answer."""
        if isinstance(op, Pointwise) and op in RULES:
            found = RULES[op](self, args, z)
            if found is not None:
                return found
        if isinstance(op, Pointwise) and not any(map(callable, op.partials)):
            return weighted(op, args, z)
        for kind, rule in BY_KIND:
            if isinstance(op, kind):
                found = rule(self, op, args, z)
                if found is not None:
                    return found
        return Equation(self, op, args, [z]).result(0)(z)

    def derivative(self, op: Op, args: list[Any], z: Sequence[Stream]) -> Graph:
        """The graph of ż = ∂z/∂x · ẋ: of the ẋ of those arguments that move, of z, and of all arguments."""
        moving = [i for i, a in enumerate(args) if type(a) is Stream]
        kinds = [bare(first(a)) for a in args]
        answers = [bare(one.known[0]) for one in z]
        key = (op, tuple(moving), tuple(kinds))
        if key not in self.graphs:
            self.graphs[key] = derivative(op, moving, kinds, answers)
        return self.graphs[key]


def derivative(op: Op, moving: Sequence[int], kinds: Sequence[Any], answers: Sequence[Any]) -> Graph:
    """The pushforward of an operation as a graph, of ẋ, z and x."""
    with Call(op.name, type(op)) as call:
        dots = [fresh_leaf(call, kinds[i]) for i in moving]
        zs = [fresh_leaf(call, kind) for kind in answers]
        xs = [fresh_leaf(call, kind) for kind in kinds]
        given: list[Any] = [None] * len(kinds)
        for i, dot in zip(moving, dots, strict=True):
            given[i] = dot
        z = tuple(zs) if op.several else zs[0]
        zdot = push_by_pull(op, given, z, tuple(xs)) if op.transposed_push else op.push(given, z, tuple(xs))
        zdots = [one.known() if type(one) is Delayed else one for one in (zdot if op.several else (zdot,))]
        fitted = [
            np.zeros(kind.shape, kind.dtype)[()] if one is None else fit(one, kind, stretch=True)
            for one, kind in zip(zdots, answers, strict=True)
        ]
        graph, _ = closed(call, fitted, [*dots, *zs, *xs])
    return inlined(graph)


@define(eq=False, repr=False)
class Equation:
    """ż = ∂z/∂x · ẋ as an equation for the series: zₖ = cₖ₋₁ / k with the coefficients c of its right side.

    cₖ₋₁ is made of x₀ … xₖ and z₀ … zₖ₋₁, all of them known when zₖ is asked for.
    """

    #: The expansion that it is part of.
    expansion: Expansion
    #: The operation.
    op: Op
    #: Its arguments.
    args: list[Any]
    #: The series of its results.
    z: list[Stream]
    #: The right side, once it is asked for.
    right: list[Any] | None = None

    def result(self, i: int) -> Callable[[Stream], Next]:
        """What begins the series of result i."""

        def next(k: int) -> Any:
            """Coefficient k."""
            if self.right is None:
                slopes = [a.slope() for a in self.args if type(a) is Stream]
                graph = self.expansion.derivative(self.op, self.args, self.z)
                self.right = self.expansion.run(graph, [*slopes, *self.z, *self.args])
            side = self.right[i]
            return over(side.at(k - 1) if type(side) is Stream else side if k == 1 else None, k)

        return lambda _: next


# ---- element by element ----------------------------------------------------------------------------------------------
def weighted(op: Pointwise, args: list[Any], z: Stream) -> Next:
    """A sum of multiples: of each coefficient the same."""
    z.last = last_of(args)

    def next(k: int) -> Any:
        total = None
        for a, partial in zip(args, op.partials, strict=True):
            c = coefficient(a, k)
            total = plus(total, None if c is None else scaled(c, partial))  # type: ignore[arg-type]  # none is callable
        return total

    return next


def last_of(args: list[Any]) -> int:
    """The number of the last coefficient that may not be zero."""
    return max([a.last for a in args if type(a) is Stream])


def product(expansion: Expansion, args: list[Any], z: Stream) -> Next:
    """(x y)ₖ = Σ xⱼ yₖ₋ⱼ."""
    x, y = args
    z.last = min(sum([a.last for a in args if type(a) is Stream]), expansion.order)
    if type(x) is not Stream:
        return lambda k: None if y.at(k) is None else x * y.at(k)
    if type(y) is not Stream:
        return lambda k: None if x.at(k) is None else x.at(k) * y
    return lambda k: convolved(x, y, k)


def quotient(expansion: Expansion, args: list[Any], z: Stream) -> Next:
    """From z y = x: zₖ = (xₖ - Σ_{j≥1} yⱼ zₖ₋ⱼ) / y₀."""
    x, y = args
    if type(y) is not Stream:
        return lambda k: over(x.at(k), y)
    return lambda k: over(minus(coefficient(x, k), convolved(y, z, k, low=1)), y.known[0])


def inverse(expansion: Expansion, args: list[Any], z: Stream) -> Next:
    """1 / y."""
    return quotient(expansion, [1, *args], z)


def square_root(expansion: Expansion, args: list[Any], z: Stream) -> Next:
    """From z z = x: zₖ = (xₖ - Σ_{0<j<k} zⱼ zₖ₋ⱼ) / 2z₀."""
    return lambda k: over(minus(args[0].at(k), convolved(z, z, k, low=1, high=1)), 2 * z.known[0])


def exponential(expansion: Expansion, args: list[Any], z: Stream) -> Next:
    """From z′ = x′ z: k zₖ = Σ j xⱼ zₖ₋ⱼ."""
    rate = args[0].slope()
    return lambda k: over(convolved(rate, z, k - 1), k)


def logarithm(expansion: Expansion, args: list[Any], z: Stream) -> Next:
    """From x z′ = x′: k x₀ zₖ = k xₖ - Σ_{0<j<k} j zⱼ xₖ₋ⱼ."""
    (x,) = args

    def next(k: int) -> Any:
        lost = convolved(z.slope(), x, k - 1, high=1) if k > 1 else None
        return over(minus(x.at(k), over(lost, k)), x.known[0])

    return next


def partner(other: Op, sign: int) -> Callable[[Expansion, list[Any], Stream], Next]:
    """The rule of z with z′ = ± w x′, where w is another function of x, and w′ = ± z x′: k zₖ = ± Σ j xⱼ wₖ₋ⱼ."""

    def rule(expansion: Expansion, args: list[Any], z: Stream) -> Next:
        rate, w = args[0].slope(), expansion.answer(other, args)
        return lambda k: over(convolved(rate, w, k - 1), sign * k)

    return rule


def tangent(sign: int) -> Callable[[Expansion, list[Any], Stream], Next]:
    """The rule of z with z′ = (1 ± z²) x′: k zₖ = k xₖ ± Σ j xⱼ (z²)ₖ₋ⱼ."""

    def rule(expansion: Expansion, args: list[Any], z: Stream) -> Next:
        rate, w = args[0].slope(), expansion.answer(square, [z])

        def next(k: int) -> Any:
            own, other = rate.at(k - 1), convolved(rate, w, k - 1)
            return over(plus(own, other) if sign > 0 else minus(own, other), k)

        return next

    return rule


def raised(x: Stream, n: Any, z: Stream) -> Next:
    """From x z′ = n x′ z: k x₀ zₖ = Σ_{j≥1} n j xⱼ zₖ₋ⱼ - Σ_{0<j<k} xⱼ (k-j) zₖ₋ⱼ."""
    rate, own = x.slope(), z.slope

    def next(k: int) -> Any:
        gained = convolved(rate, z, k - 1)
        lost = convolved(x, own(), k - 1, low=1) if k > 1 else None
        return over(minus(None if gained is None else n * gained, lost), k * x.known[0])

    return next


def power_rule(expansion: Expansion, args: list[Any], z: Stream) -> Next | None:
    """xʸ for a constant y, where x is not 0; else by its derivative."""
    x, y = args
    if type(x) is not Stream or type(y) is Stream or traced(y) or traced(x.known[0]) or not np.all(x.known[0]):
        return None
    return raised(x, y, z)


def power_by(expansion: Expansion, op: Any, args: list[Any], z: Stream) -> Next | None:
    """xⁿ for a number n: a product of two lower powers, so that x may be 0, if n is a natural number."""
    (x,), n = args, int(op.exponent) if op.exponent == np.floor(op.exponent) else op.exponent
    if n == 0:
        return lambda k: None
    if n == 1:
        return lambda k: x.at(k)
    if type(n) is int and n > 1:
        half = expansion.answer(PowerBy(n // 2), [x]) if n > 3 else x
        other = half if n % 2 == 0 else expansion.answer(mul, [half, x])
        return product(expansion, [half, other], z)
    return raised(x, n, z) if n < 0 or (not traced(x.known[0]) and np.all(x.known[0])) else None


# ---- linear in each argument -----------------------------------------------------------------------------------------
def linear(expansion: Expansion, op: Any, args: list[Any], z: Stream) -> Next:
    """(A x)ₖ = A xₖ."""
    values, z.last = tuple(map(first, args)), last_of(args)

    def next(k: int) -> Any:
        dots = [coefficient(a, k) for a in args]
        return None if all([dot is None for dot in dots]) else op.push(dots, z.known[0], values)

    return next


def bilinear(expansion: Expansion, op: Any, args: list[Any], z: Stream) -> Next | None:
    """B(x, y)ₖ = Σ B(xⱼ, yₖ₋ⱼ)."""
    moving = [i for i, a in enumerate(args) if type(a) is Stream]
    if len(moving) == 1:
        return linear(expansion, op, args, z)
    if len(moving) > 2:
        return None
    values, (i, j) = list(map(first, args)), moving

    def next(k: int) -> Any:
        total = None
        for m in range(k + 1):
            x, y = args[i].at(m), args[j].at(k - m)
            if x is not None and y is not None:
                values[i], values[j] = x, y
                total = plus(total, op(*values))
        return total

    return next


def solved(expansion: Expansion, op: Any, args: list[Any], z: Stream) -> Next:
    """From A Z = B: A₀ Zₖ = Bₖ - Σ_{j≥1} Aⱼ Zₖ₋ⱼ."""
    A, B = args

    def next(k: int) -> Any:
        right = coefficient(B, k)
        for j in range(1, k + 1):
            a, b = coefficient(A, j), z.at(k - j)
            if a is not None and b is not None:
                right = minus(right, a @ b)
        return None if right is None else op(first(A), right)

    return next


#: The rules of functions element by element.
RULES: dict[Op, Callable[[Expansion, list[Any], Stream], Next | None]] = {
    mul: product,
    chain: product,
    div: quotient,
    ratio: quotient,
    reciprocal: inverse,
    square: lambda expansion, args, z: product(expansion, [*args, *args], z),
    sqrt: square_root,
    exp: exponential,
    log: logarithm,
    sin: partner(cos, 1),
    cos: partner(sin, -1),
    sinh: partner(cosh, 1),
    cosh: partner(sinh, 1),
    tan: tangent(1),
    tanh: tangent(-1),
    power: power_rule,
}
#: The rules of other operations, by what they are.
BY_KIND: tuple[tuple[Any, Callable[[Expansion, Any, list[Any], Stream], Next | None]], ...] = (
    (PowerBy, power_by),
    ((Linear, Joint, Select, Weakness), linear),
    (Multilinear, bilinear),
    (Solve, solved),
)
