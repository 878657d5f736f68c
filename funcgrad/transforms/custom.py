"""Custom: a function of the user's as one operation, with rules of the user's; and what all such rules have in common.

Rules work on flat leaves. `forward` gives the answers, and residuals: values that only the pullback reads. What is made
of an answer goes through the rules. What is made of a residual goes through `forward` itself, which is differentiated
as any function is: so the rules are differentiated at higher orders, and only where somebody asks.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, ClassVar

import numpy as np
from attrs import define, field, frozen

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument, BadRule, FuncgradError
from funcgrad.graph.calls import Call, running
from funcgrad.graph.node import Node
from funcgrad.graph.op import Delayed, Op, fresh_leaf, strong, witness_of
from funcgrad.graph.provenance import argument_name, function_place
from funcgrad.graph.types import NUMBERS, Type, type_of
from funcgrad.sweeps.edges import fit
from funcgrad.sweeps.fold import pushforward
from funcgrad.sweeps.pullback import pullback
from funcgrad.transforms.batching import vmap
from funcgrad.transforms.boundary import numeric
from funcgrad.transforms.derivatives import dots_of
from funcgrad.transforms.given import Given, Values


@define(eq=False)
class Rules:
    """The rules of one call of a function, on flat leaves.  What the function returns is known once it has run."""

    #: The name that is printed.
    name: str
    #: The answer's tree.
    answer: Any = field(init=False, default=None)
    #: The types of answers and residuals, by the types of the arguments.
    seen: dict[tuple[Any, ...], tuple[Any, ...]] = field(init=False, factory=dict)

    @property
    def key(self) -> Any:
        """What tells two operations apart."""
        raise TypeError(f"{self.name} states no key")

    @property
    def function(self) -> Callable[..., Any]:
        """The user's function."""
        raise TypeError(f"{self.name} states no function")

    @property
    def count(self) -> int:
        """How many answers there are; what comes after them are residuals."""
        return len(self.answer)

    def forward(self, leaves: Values) -> list[Any]:
        """The answers, and after them the residuals."""
        raise TypeError(f"{self.name} states no forward")

    def pull(self, bars: list[Any], z: Values, args: Values, wanted: Sequence[int]) -> list[Any]:
        """The cotangents of the `wanted` arguments, from those of the answers, one of which at least is not None."""
        raise TypeError(f"{self.name} states no pullback")

    def push(self, dots: list[Any], z: Values, args: Values) -> list[Any]:
        """The tangents of the answers."""
        raise TypeError(f"{self.name} states no pushforward")

    def batched(self, size: int, which: tuple[bool, ...]) -> "Rules":
        """The rules for a batch."""
        return Batched(self.name, self, size, which)

    def infer(self, values: Values) -> tuple[Any, ...]:
        """The types of answers and residuals, where each of the values may be a type."""
        with Call("eval_shape", self.function) as call:
            leaves = [fresh_leaf(call, v.bare()) if type(v) is Type else v for v in values]
            found = self.forward(leaves)
            self.closed(found, call)
        return tuple([type_of(one).bare() for one in found])

    def learn(self, values: Values) -> tuple[Any, ...]:
        """As `infer`, once for the types of these values."""
        kinds = kinds_of(values)
        if kinds not in self.seen:
            self.seen[kinds] = self.infer(values)
        return self.seen[kinds]

    def run(self, leaves: Values) -> tuple[Any, ...]:
        """The answers and residuals for plain values, in memory of their own."""
        found = self.forward(leaves)
        self.closed(found)
        values = tuple(map(own, found))
        kinds = tuple([type_of(value) for value in values])
        expected = self.seen.setdefault(kinds_of(leaves), kinds)
        if kinds != expected:
            values = tuple(
                [value if kind.weak else strong(value) for value, kind in zip(values, expected, strict=False)]
            )
            kinds = tuple([type_of(value) for value in values])
        if kinds != expected:
            raise BadAnswer(
                f"{self.name} returned {listed(kinds)} where {listed(expected)} was expected of it. The shapes and "
                "dtypes of an answer may depend on those of the arguments only. "
                "Return arrays of one shape, and let infer say which."
            )
        return values

    def closed(self, found: Values, call: Any = None) -> None:
        """Refuse a traced value that a function closes over: its derivative would be dropped."""
        for one in found:
            if type(one) is Node and any([other is not call for other in running(one.history.calls)]):
                name, where = function_place(self.function)
                raise BadArgument(
                    f"{name}{where} closes over a traced value of a call that is running. Its rules say how the answer "
                    "changes with its arguments only, so that this derivative would be dropped. "
                    "Pass the value as an argument, and let the rules return its derivative too."
                )

    def answered(self, answer: Any) -> list[Any]:
        """The leaves of an answer, whose tree is the same in every call."""
        values, structure = tree.flatten(answer)
        if self.answer is None:
            self.answer = structure
        if structure != self.answer:
            name, where = function_place(self.function)
            raise BadAnswer(
                f"{name}{where} returned {structure}, where it returned {self.answer} before, for arguments of the "
                "same types. A function with rules has one tree of answers. Return the same containers."
            )
        for i, value in enumerate(values):
            if not numeric(value):
                name, where = function_place(self.function)
                what = f"a {type(value).__name__}" + (f" of dtype {value.dtype}" if hasattr(value, "dtype") else "")
                raise BadAnswer(
                    f"{name}{where} returned {what} at {tree.path_name(structure.paths()[i], root='answer')}. "
                    "A function with rules returns numbers and arrays of numbers. Convert it, or leave it out."
                )
        if not values:
            name, where = function_place(self.function)
            raise BadAnswer(f"{name}{where} returned no numbers. Is a return missing? Return an array or a number.")
        return values

    def cotangents(self, given: Given, rule: str, bars: Any, args: Values, z: Values) -> list[Any]:
        """What a rule returned as cotangents: one tree an argument, each leaf of its argument's shape."""
        trees, who = given.structure.children, f"{rule} of {self.name}"
        if not isinstance(bars, tuple | list) or len(bars) != len(trees):
            got = f"{len(bars)} of them" if isinstance(bars, tuple | list) else f"a {type(bars).__name__}"
            names = ", ".join([argument_name(given.function, i) for i in given.positions])
            raise BadRule(
                f"{who} must return a tuple of {len(trees)}, a cotangent for each of {names}. It returned {got}. "
                "Write return (xbar,) for one argument, and None for an argument without a derivative."
            )
        flat: list[Any] = []
        for bar, child, position in zip(bars, trees, given.positions, strict=True):
            try:
                flat += [None] * len(child) if bar is None else child.flatten_up_to(bar)
            except FuncgradError as error:
                raise BadRule(
                    f"{who} returned a cotangent of another structure for {argument_name(given.function, position)}. "
                    f"It is {tree.structure(bar)}, where the argument is {child}. Return a tree like the argument."
                ) from error
        bars = [flat[i] for i in given.places]
        shapes = [type_of(one).shape for one in z[: self.count]]
        pairs = enumerate(zip(bars, args, strict=True))
        return [self.cotangent(given, who, i, bar, type_of(a), shapes) for i, (bar, a) in pairs]

    def cotangent(self, given: Given, who: str, place: int, bar: Any, kind: Type, shapes: Values) -> Any:
        """One cotangent, with what its argument was stretched by summed over."""
        if bar is None:
            return None
        if not numeric(bar):
            raise BadRule(
                f"{who} returned a {type(bar).__name__} as the cotangent of {given.path(place)}, which is {kind!r}. "
                "A cotangent is an array like its argument. Return one, or None if there is no derivative."
            )
        if kind.dtype.kind not in "fc" or nought(bar):
            return None
        shape = type_of(bar).shape
        if shape != kind.shape and not (shape in shapes and stretches(kind.shape, shape)):
            raise BadRule(
                f"{who} returned a cotangent of shape {shape} for {given.path(place)}, which has the shape "
                f"{kind.shape}. A cotangent has the shape of its argument, or that of an answer to which the "
                "argument broadcasts. Sum it, or reshape it."
            )
        return fit(bar, kind)

    def moved(self, rule: str, dots: Any, z: Values) -> list[Any]:
        """What a rule returned as the answer's tangent: a tree like the answer, each leaf of its shape."""
        who, answer = f"{rule} of {self.name}", self.answer
        try:
            flat = answer.flatten_up_to(dots)
        except FuncgradError as error:
            raise BadRule(
                f"{who} returned a tangent of another structure than the answer. It is {tree.structure(dots)}, where "
                f"the answer is {answer}. Return a tree like the answer."
            ) from error
        checked: list[Any] = []
        for i, (dot, one) in enumerate(zip(flat, z, strict=False)):
            path = tree.path_name(answer.paths()[i], root="the answer")
            kind = type_of(one)
            if dot is None or nought(dot) or kind.dtype.kind not in "fc":
                checked.append(None)
                continue
            if not numeric(dot) or type_of(dot).shape != kind.shape:
                got = f"of shape {type_of(dot).shape}" if numeric(dot) else f"that is a {type(dot).__name__}"
                raise BadRule(
                    f"{who} returned a tangent {got} for {path}, which has the shape {kind.shape}. A tangent has the "
                    "shape of what moves. Return an array of that shape, or 0.0 where nothing moves."
                )
            checked.append(fit(dot, kind))
        return checked


@frozen(eq=False, repr=False)
class Custom(Op):
    """z = f(x, …) and the residuals of its rules.  A missing cotangent or tangent is None."""

    #: The rules.
    rules: Any

    several: ClassVar[bool] = True
    reads_answer: ClassVar[bool] = True
    keeps_weak: ClassVar[bool] = True
    users: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return str(self.rules.name)

    @property
    def key(self) -> Any:
        return ("Custom", self.rules.key)

    def __repr__(self) -> str:
        return self.name

    def stage(self, calls: Any, args: tuple[Any, ...], values: list[Any]) -> Any:
        if witness_of(values) is None:
            self.rules.learn(values)
        return Op.stage(self, calls, args, values)

    def run(self, *args: Any) -> Any:
        return self.rules.run(args)

    def infer(self, *args: Any) -> Any:
        return self.rules.learn(args)

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        n = self.rules.count
        bars: list[Any] = [None] * len(wanted)
        if any([bar is not None for bar in zbar[:n]]):
            bars = self.rules.pull(list(zbar[:n]), z, args, wanted)
        if any([bar is not None for bar in zbar[n:]]):
            bars = [added(bar, other) for bar, other in zip(bars, self.residual_bars(zbar, args, wanted), strict=True)]
        return bars

    def residual_bars(self, zbar: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        """The cotangents that residuals hand on: `forward` is differentiated."""
        n = self.rules.count
        with Call(self.name, self.rules.function) as call:
            own = {i: fresh_leaf(call, args[i]) for i in wanted}
            residuals = self.rules.forward([own.get(i, a) for i, a in enumerate(args)])[n:]
            return pullback(call, residuals, list(zbar[n:]), list(own.values()))

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        n = self.rules.count
        zdots = self.rules.push(dots, z, args)
        later = cache(partial(self.residual_dots, dots, args))
        return (*zdots, *[Delayed(lambda i=i: later()[i]) for i in range(len(z) - n)])

    def residual_dots(self, dots: list[Any], args: tuple[Any, ...]) -> list[Any]:
        """The tangents of residuals: `forward` is differentiated."""
        n = self.rules.count
        with Call(self.name, self.rules.function) as call:
            own = {i: fresh_leaf(call, a) for i, a in enumerate(args) if dots[i] is not None}
            residuals = self.rules.forward([own.get(i, a) for i, a in enumerate(args)])[n:]
            moving = [fit(dots[i], args[i], stretch=True) for i in own]
            return dots_of(pushforward(call, residuals, list(own.values()), moving), residuals)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return Custom(self.rules.batched(size, which))(*args)


@define(eq=False)
class Batched(Rules):
    """The rules of a function for every item of a batch: those of the item, mapped."""

    #: The rules of an item.
    base: Rules
    #: How many items there are.
    size: int
    #: Which arguments have the batch on axis 0; the others are one for all items.
    which: tuple[bool, ...]

    @property
    def key(self) -> Any:
        return (type(self).__name__, self.base.key, self.size, self.which)

    @property
    def function(self) -> Callable[..., Any]:
        return self.base.function

    @property
    def count(self) -> int:
        return self.base.count

    def forward(self, leaves: Values) -> list[Any]:
        return self.mapped(self.base.forward, leaves, self.which)

    def infer(self, values: Values) -> tuple[Any, ...]:
        items = [item_type(v) if batch else v for v, batch in zip(values, self.which, strict=True)]
        return tuple([Type((self.size, *kind.shape), kind.dtype) for kind in self.base.learn(items)])

    def pull(self, bars: list[Any], z: Values, args: Values, wanted: Sequence[int]) -> list[Any]:
        n, m = len(bars), len(z)

        def one(values: list[Any]) -> list[Any]:
            return self.base.pull(values[:n], values[n : n + m], values[n + m :], wanted)

        found = self.mapped(one, [*bars, *z, *args], [*[True] * (n + m), *self.which])
        return [
            bar if bar is None or self.which[i] else np.sum(bar, axis=0) for i, bar in zip(wanted, found, strict=True)
        ]

    def push(self, dots: list[Any], z: Values, args: Values) -> list[Any]:
        n, m = len(dots), len(z)

        def one(values: list[Any]) -> list[Any]:
            return self.base.push(values[:n], values[n : n + m], values[n + m :])

        return self.mapped(one, [*dots, *z, *args], [*self.which, *[True] * m, *self.which])

    def mapped(self, function: Callable[[list[Any]], list[Any]], values: Values, which: Sequence[bool]) -> list[Any]:
        """A function of lists of values, in which None stays None, for every item."""
        there = [i for i, value in enumerate(values) if value is not None]
        missing: list[bool] = []

        def one(*items: Any) -> list[Any]:
            filled: list[Any] = [None] * len(values)
            for i, item in zip(there, items, strict=True):
                filled[i] = item
            found = function(filled)
            missing[:] = [y is None for y in found]
            return [y for y in found if y is not None]

        axes = tuple([0 if which[i] else None for i in there])
        found = iter(vmap(one, in_axes=axes, axis_size=self.size)(*[values[i] for i in there]))
        return [None if none else next(found) for none in missing]


# ---- small things ----------------------------------------------------------------------------------------------------
def own(value: Any) -> Any:
    """A plain value in memory of its own."""
    value = value.value if type(value) is Node else value
    if isinstance(value, np.ndarray):
        return np.array(value) if value.ndim else value[()]
    return value


def added(one: Any, other: Any) -> Any:
    """The sum of two cotangents, None being zero."""
    return other if one is None else one if other is None else one + other


def nought(bar: Any) -> bool:
    """Whether a cotangent or tangent is Python's own zero, which stands for zeros of any shape."""
    return type(bar) in NUMBERS and bar == 0


def stretches(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether a shape broadcasts to another."""
    return len(shape) <= len(to) and all([n in (1, m) for n, m in zip(reversed(shape), reversed(to), strict=False)])


def item_type(value: Any) -> Type:
    """The type of an item of a batch."""
    kind = type_of(value)
    return Type(kind.shape[1:], kind.dtype)


def kinds_of(values: Values) -> tuple[Any, ...]:
    """The types of values."""
    return tuple([type_of(value).bare() for value in values])


def listed(kinds: Sequence[Any]) -> str:
    """Types as a message has them."""
    return ", ".join(map(repr, kinds))
