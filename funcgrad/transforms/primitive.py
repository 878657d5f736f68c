"""Primitive: any function of arrays, SciPy's, compiled or a call to a simulator, as an operation with rules."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from attrs import define, field

from funcgrad import tree
from funcgrad.errors import BadArgument, BadRule, LostDerivative, UnknownValue
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import stretched, zeros_like
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.custom import Batched, Rules, item_type, own
from funcgrad.transforms.differencing import Differences
from funcgrad.transforms.given import Given, Values
from funcgrad.transforms.ruling import Ruled, Stated, cotangent_tree
from funcgrad.transforms.transposing import pull_by_push, push_by_pull

METHODS = (None, "central", "complex_step")


@define(eq=False, slots=False, repr=False)
class Primitive(Ruled):
    """A function with rules by keyword."""

    fills: ClassVar[bool] = False

    #: x̄ from (z̄, z, x, …); None if not stated.
    vjp: Any = field(default=None, kw_only=True)
    #: ż from (ẋ, z, x, …).
    jvp: Any = field(default=None, kw_only=True)
    #: The answer's type from the arguments'.
    type_rule: Any = field(default=None, kw_only=True)
    #: The answers for a batch.
    batch: Any = field(default=None, kw_only=True)
    #: How derivatives without a rule are made: "central", "complex_step", or None for a refusal.
    numeric: str | None = field(default=None, kw_only=True)
    #: How many differences the function itself is made of.
    depth: int = field(default=0, kw_only=True)

    @property
    def parts(self) -> tuple[Any, ...]:
        """What tells it apart."""
        return (*super().parts, self.vjp, self.jvp, self.type_rule, self.batch, self.numeric)

    @property
    def modes(self) -> tuple[str, ...]:  # type: ignore[override]  # what is stated differs from one to the next
        """The modes that the rules state."""
        stated = (("fwd", self.jvp), ("rev", self.vjp))
        return tuple([mode for mode, rule in stated if rule is not None]) or ("fwd", "rev")

    @property
    def label(self) -> str:
        """The name that a graph shows."""
        return f"{self.name}[{self.numeric}]" if self.numeric else self.name

    @property
    def facts(self) -> dict[str, Any]:
        """What `supports` says of it."""
        rules = {"jvp": self.jvp, "vjp": self.vjp}
        able = self.numeric is not None or any([rule is not None for rule in rules.values()])
        notes = []
        for name, mode, other in (("jvp", "forward", "vjp"), ("vjp", "reverse", "jvp")):
            by = (self.numeric and f"numeric, {self.numeric}") or (able and f"the transpose of {other}") or "refused"
            notes.append(f"{mode}: {'stated' if rules[name] is not None else by}")
        notes.append(
            f"batch: {'refused without infer' if not self.type_rule else 'stated' if self.batch else 'a loop'}"
        )
        notes.append("staged: one operation" + ("" if self.type_rule else ", its type by one run on the example"))
        return {
            "kind": "differentiates" if able else "refused",
            "forward": able,
            "reverse": able,
            "batch": self.type_rule is not None,
            "staged": True,
            "note": "; ".join(notes) + ".",
        }

    def rules(self, given: Given, leaves: Values) -> Rules:
        return PrimitiveRules(self.label, self, given)


@define(eq=False)
class PrimitiveRules(Stated):
    """z = f(x, …), run on numbers only, with the rules that were stated."""

    def infer(self, values: Values) -> tuple[Any, ...]:
        name, where = function_place(self.function)
        if self.definition.type_rule is None:
            raise UnknownValue(
                f"The shape and dtype of the answer of {name}{where} are not known: it is a primitive without infer, "
                "and its arguments are unknown, with no example to run it on. "
                "State infer=, a function of types such as infer=lambda x: x.with_shape((3,))."
            )
        kinds = [type_of(value).bare().strong() for value in values]
        found = self.definition.type_rule(*self.given.whole(kinds))
        leaves, structure = tree.flatten(found)
        if not all([hasattr(one, "shape") and hasattr(one, "dtype") for one in leaves]):
            raise BadRule(
                f"infer of {self.name} must return the answer's type, or a tree of types. It returned {found!r}. "
                "Return x.with_shape(shape), x.with_dtype(dtype), or anything with a shape and a dtype."
            )
        self.answer = structure if self.answer is None else self.answer
        return tuple([Type(tuple(one.shape), np.dtype(one.dtype)) for one in leaves])

    def batched(self, size: int, which: tuple[bool, ...]) -> Rules:
        if self.definition.batch is None:
            return Looped(looped(self.name), self, size, which)
        return Mapped(self.name, self, size, which)

    # ---- derivatives -----------------------------------------------------------------------------------------------
    def pull(self, bars: list[Any], z: Values, args: Values, wanted: Sequence[int]) -> list[Any]:
        if self.definition.vjp is not None:
            zbar, answer = cotangent_tree(self, bars, z), self.answer.unflatten(z)
            found = self.definition.vjp(zbar, answer, *self.given.whole(args))
            checked = self.cotangents(self.given, "vjp", found, args, z)
            return [checked[i] for i in wanted]
        if self.definition.numeric is not None:
            return self.pull_by_differences(bars, z, args, wanted)
        self.refuse_unruled()
        return pull_by_push(self, bars, z, args, wanted)

    def push(self, dots: list[Any], z: Values, args: Values) -> list[Any]:
        if self.definition.jvp is not None:
            tangents, answer = self.given.tangents(dots, args), self.answer.unflatten(z)
            return self.moved("jvp", self.definition.jvp(tangents, answer, *self.given.whole(args)), z)
        if self.definition.numeric is not None:
            return self.push_by_differences(dots, z, args)
        self.refuse_unruled()
        return push_by_pull(self, dots, z, args)

    def refuse_unruled(self) -> None:
        """Refuse a derivative that nothing states."""
        if self.definition.vjp is None and self.definition.jvp is None:
            name, where = function_place(self.function)
            raise LostDerivative(
                f"{name}{where} is a primitive without a derivative. It was differentiated, and states no rule. "
                "Give it vjp= or jvp=, or numeric='central' for differences; or pass it plain numbers, x.value."
            )

    def differences(self, moving: Sequence[int], z: Values, args: Values) -> tuple[Any, list[int]]:
        """The Jacobian as a primitive of its own, and which answers it is of."""
        numeric = str(self.definition.numeric)
        answers = [k for k, one in enumerate(z) if type_of(one).dtype.kind in "fc"]
        function = Differences(
            self.name, self.function, self.given, numeric, self.definition.depth, tuple(moving), tuple(answers)
        )
        # Of complex steps there is no complex step; what they give is exact to rounding.
        depth = self.definition.depth + 1 if numeric == "central" else 0
        inner, outer = tuple([type_of(args[i]).bare() for i in moving]), tuple([type_of(z[k]).bare() for k in answers])
        kinds = partial(blocks, inner, outer)
        return Primitive(function, numeric="central", depth=depth, type_rule=kinds), answers

    def pull_by_differences(self, bars: list[Any], z: Values, args: Values, wanted: Sequence[int]) -> list[Any]:
        """x̄ = z̄·J."""
        jacobian, answers = self.differences(wanted, z, args)
        rows = jacobian(*args)
        found: list[Any] = []
        for n, i in enumerate(wanted):
            shape, total = type_of(args[i]).shape, None
            for k, row in zip(answers, rows, strict=True):
                bar: Any = bars[k]
                if bar is None:
                    continue
                flat = np.reshape(bar, (-1,)) @ np.reshape(row[n], (type_of(z[k]).size, type_of(args[i]).size))
                total = flat if total is None else total + flat
            found.append(None if total is None else np.reshape(total, shape))
        return [None if bar is None else fit(bar, args[i]) for i, bar in zip(wanted, found, strict=True)]

    def push_by_differences(self, dots: list[Any], z: Values, args: Values) -> list[Any]:
        """ż = J·ẋ; on numbers, by one difference along ẋ."""
        moving = [i for i, dot in enumerate(dots) if dot is not None]
        jacobian, answers = self.differences(moving, z, args)
        found: list[Any] = [None] * self.count
        if not any([type(a) is Node for a in (*args, *dots)]):
            along = jacobian.function.along(args, {i: dots[i] for i in moving})
            for k, zdot in zip(answers, along, strict=True):
                found[k] = fit(zdot, z[k])
            return found
        for k, row in zip(answers, jacobian(*args), strict=True):
            total: Any = None
            for block, i in zip(row, moving, strict=True):
                flat = np.reshape(block, (type_of(z[k]).size, type_of(dots[i]).size)) @ np.reshape(dots[i], (-1,))
                total = flat if total is None else total + flat
            found[k] = fit(np.reshape(total, type_of(z[k]).shape), z[k])
        return found


def blocks(inner: Sequence[Type], outer: Sequence[Type], *_types: Any) -> list[list[Type]]:
    """The types of a Jacobian's blocks."""
    return [[Type((*z.shape, *x.shape), z.dtype) for x in inner] for z in outer]


# ---- batches ---------------------------------------------------------------------------------------------------------
@define(eq=False)
class Looped(Batched):
    """The rules of a primitive for a batch, item after item; its derivatives on numbers too."""

    def forward(self, leaves: Values) -> list[Any]:
        items = [self.base.forward(one) for one in self.items(leaves, self.which)]
        kinds = self.base.learn([item_type(a) if batch else a for a, batch in zip(leaves, self.which, strict=True)])
        for item in items:
            self.agreeing(item, kinds)
        return [
            np.stack([np.asarray(item[k]) for item in items]) if items else np.empty((0, *kind.shape), kind.dtype)
            for k, kind in enumerate(kinds)
        ]

    def agreeing(self, item: Values, kinds: Sequence[Type]) -> None:
        """Refuse an item that is not what infer says."""
        got = tuple([type_of(own(one)).strong() for one in item])
        if got != tuple([kind.strong() for kind in kinds]):
            raise BadRule(
                f"infer of {self.base.name} says {', '.join(map(repr, kinds))}, and it returned "
                f"{', '.join(map(repr, got))}. Batches are made of items of the type that infer says. Correct infer."
            )

    def items(self, values: Values, which: Sequence[bool]) -> list[list[Any]]:
        """The values of each item; None stays None."""
        return [
            [value[i] if batch and value is not None else value for value, batch in zip(values, which, strict=True)]
            for i in range(self.size)
        ]

    def mapped(self, function: Callable[[list[Any]], list[Any]], values: Values, which: Sequence[bool]) -> list[Any]:
        if self.size == 0 or any([type(value) is Node for value in values]):
            return Batched.mapped(self, function, values, which)
        rows = [function(one) for one in self.items(values, which)]
        columns = list(zip(*rows, strict=True))
        return [
            None
            if all([one is None for one in column])
            else np.stack([np.asarray(zero(column) if one is None else one) for one in column])
            for column in columns
        ]

    def batched(self, size: int, which: tuple[bool, ...]) -> Rules:
        return Looped(self.name, self, size, which)


@define(eq=False)
class Mapped(Batched):
    """The rules of a primitive for a batch, by the function that was stated for batches."""

    def forward(self, leaves: Values) -> list[Any]:
        base: Any = self.base
        whole = [leaf if batch else stretched(leaf, self.size) for leaf, batch in zip(leaves, self.which, strict=True)]
        return self.base.answered(base.definition.batch(*base.given.whole(whole)))

    def batched(self, size: int, which: tuple[bool, ...]) -> Rules:
        return Looped(looped(self.name), self, size, which)


def looped(name: str) -> str:
    """The name of what loops over a batch."""
    return f"{name[:-1]}, loop]" if name.endswith("]") else f"{name}[loop]"


def zero(column: Sequence[Any]) -> Any:
    """What stands for None among cotangents of items."""
    return zeros_like(next(one for one in column if one is not None))


# ---- the decorator ---------------------------------------------------------------------------------------------------
def primitive(
    f: Any = None,
    *,
    vjp: Any = None,
    jvp: Any = None,
    infer: Any = None,
    batch: Any = None,
    numeric: str | None = None,
    check: bool | int = False,
) -> Any:
    """The function f of arrays, whatever it does with them, as an operation with rules of your own.

    primitive : (X → Y) → (X → Y), for any trees X and Y.  f always gets plain numbers and arrays, so it may call SciPy,
    compiled code or a simulator. The rules are those of `funcgrad.primitives.kinds.Opaque`:

    * `vjp(zbar, z, x, …)` returns a tuple, a cotangent an argument, None for zero;
    * `jvp(dots, z, x, …)` returns the answer's tangent, from the tuple of the arguments' tangents;
    * `infer(x, …)` returns the answer's type from types, for `vmap` and `eval_shape`; `jit` runs f on its example;
    * `batch(x, …)` returns the answers for a batch on axis 0 of every argument; without it a loop calls f.

    One of `vjp` and `jvp` is enough where its rule can be transposed. `numeric="central"` or `"complex_step"` makes a
    derivative that no rule states of differences; a graph shows f[central]. `check=True` compares with differences at
    the first call.

    >>> import math
    >>> from funcgrad import grad
    >>> erf = primitive(math.erf, vjp=lambda zbar, z, x: (zbar * 2 / np.sqrt(np.pi) * np.exp(-x * x),))
    >>> grad(erf)(0.0) == 2 / np.sqrt(np.pi), grad(grad(erf))(0.0)
    (np.True_, -0.0)
    >>> round(grad(primitive(math.gamma, numeric="central"))(1.0), 8)
    -0.57721566
    """
    if f is None:
        return lambda function: primitive(
            function, vjp=vjp, jvp=jvp, infer=infer, batch=batch, numeric=numeric, check=check
        )
    if numeric not in METHODS:
        raise BadArgument(
            f"primitive was given numeric={numeric!r}. There are two ways to make a derivative of values alone. "
            "Write numeric='central' or numeric='complex_step'."
        )
    return Primitive(f, (), check, vjp=vjp, jvp=jvp, type_rule=infer, batch=batch, numeric=numeric)
