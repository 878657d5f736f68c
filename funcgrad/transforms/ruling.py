"""Ruling: functions whose derivative is stated by the user: custom_vjp and custom_jvp."""

import inspect
from collections.abc import Callable, Sequence
from functools import cached_property, update_wrapper
from typing import Any, ClassVar

from attrs import define, field

from funcgrad import tree
from funcgrad.errors import BadArgument, BadRule
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import argument_name, function_place
from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import zeros_like
from funcgrad.transforms.boundary import normalised
from funcgrad.transforms.checks import check_grads
from funcgrad.transforms.custom import Custom, Rules
from funcgrad.transforms.given import Given, Values, given, identity
from funcgrad.transforms.transposing import pull_by_push, push_by_pull


@define(eq=False, slots=False, repr=False)
class Ruled:
    """A function with rules of the user's: it is called as the function is."""

    #: The user's function.
    function: Callable[..., Any]
    #: The positions of arguments that have no derivative and are handed to rules as they are.
    nondiff_argnums: tuple[int, ...] = ()
    #: Up to which order the rules are compared with differences at the first call; False for none.
    check: bool | int = False
    #: Whether they have been.
    checked: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        update_wrapper(self, self.function)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @cached_property
    def signature(self) -> Any:
        """How the function's arguments are named; None where Python cannot say."""
        try:
            return inspect.signature(self.function)
        except (TypeError, ValueError):
            return None

    @property
    def name(self) -> str:
        """The function's name."""
        return function_place(self.function)[0]

    @property
    def parts(self) -> tuple[Any, ...]:
        """What tells it apart."""
        return (self.function, self.nondiff_argnums)

    #: Whether rules get the defaults of arguments that were not given, as JAX's do.
    fills: ClassVar[bool] = True
    #: The modes that the rules state.
    modes: ClassVar[tuple[str, ...]] = ("rev",)

    @property
    def facts(self) -> dict[str, Any]:
        """What `supports` says of it."""
        stated = "forward" if "fwd" in self.modes else "reverse"
        return {
            "kind": "differentiates",
            "forward": True,
            "reverse": True,
            "second_order": True,
            "batch": True,
            "staged": True,
            "note": f"{stated}: stated, and the other mode by its transpose, where it is made of traced operations.",
        }

    def rules(self, given: Given, leaves: Values) -> Rules:
        """The rules for one call."""
        raise TypeError(f"{self.name} states no rules")

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        args = self.positional(args, keywords)
        fixed = normalised(self.nondiff_argnums, len(args), type(self).__name__) if self.nondiff_argnums else ()
        for i in fixed:
            if any([type(leaf) is Node for leaf in tree.leaves(args[i])]):
                raise BadArgument(
                    f"{argument_name(self.function, i)} of {self.name} is in nondiff_argnums and was given a traced "
                    "value. What is marked so is handed to the rules as it is, and its derivative would be dropped. "
                    "Leave it out of nondiff_argnums, and return None as its cotangent."
                )
        taken, leaves = given(self.function, args, fixed)
        rules = self.rules(taken, leaves)
        if self.check and not self.checked:
            self.compare(taken, leaves)
        if not any([type(leaf) is Node for leaf in leaves]):
            return self.function(*args)
        answers = Custom(rules)(*leaves)
        return rules.answer.unflatten(answers[: rules.count])

    def positional(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by position, defaults filled in where rules get them: rules number arguments."""
        fills = self.fills and hasattr(self.function, "__code__")  # a ufunc's out=None is no argument of a rule
        if not fills and not keywords:
            return args
        alone = set(keywords)
        if self.signature is not None:
            bound = self.signature.bind(*args, **keywords)
            bound.apply_defaults()
            alone, args = alone & set(bound.kwargs), bound.args
        if alone:
            name, where = function_place(self.function)
            raise BadArgument(
                f"{name}{where} has rules, and was given {', '.join(sorted(alone))} by keyword alone. Rules number "
                "arguments by position. Give it by position, or close over it with a lambda."
            )
        return args

    def compare(self, taken: Given, leaves: Values) -> None:
        """Compare the rules with differences, if these arguments are numbers."""
        values = [known(leaf) for leaf in leaves]
        if any([type(value) is Type for value in values]):
            return
        self.checked = True
        try:
            check_grads(self, taken.whole(values), order=int(self.check), modes=self.modes)
        except Exception as error:
            self.checked = False
            error.add_note(f"The rules of {self.name} were compared with differences: check={self.check!r}.")
            raise


def known(value: Any) -> Any:
    """The plain value of a leaf, the first call's under jit; its type if there is none."""
    value = value.value if type(value) is Node else value
    return value.witness.known() if type(value) is Type and value.witness is not None else value


# ---- what the three share --------------------------------------------------------------------------------------------
@define(eq=False)
class Stated(Rules):
    """z = f(x, …) with the rules that stand in its definition."""

    #: The function with its rules: a `Ruled`.
    definition: Any
    #: The arguments.
    given: Given

    @property
    def key(self) -> Any:
        return (identity(self.definition), identity(self.given))

    @property
    def function(self) -> Any:
        """The user's function."""
        return self.definition.function

    def forward(self, leaves: Values) -> list[Any]:
        return self.answered(self.function(*self.given.whole(leaves)))


# ---- reverse ---------------------------------------------------------------------------------------------------------
@define(eq=False, slots=False, repr=False)
class CustomVjp(Ruled):
    """A function with a pullback of the user's."""

    #: The rules; None until `defvjp`.
    fwd: Any = field(init=False, default=None)
    bwd: Any = field(init=False, default=None)

    @property
    def parts(self) -> tuple[Any, ...]:
        """What tells it apart."""
        return (*super().parts, self.fwd, self.bwd)

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """State the rules: fwd(*args) = (answer, residuals), and bwd(*nondiff, residuals, ybar) = a tuple of x̄."""
        self.fwd, self.bwd = fwd, bwd

    def rules(self, given: Given, leaves: Values) -> Rules:
        if self.fwd is None:
            raise BadRule(
                f"{self.name} is a custom_vjp without rules. It was called before they were stated. "
                f"Write {self.name}.defvjp(fwd, bwd) below its definition."
            )
        lean = any([type(known(leaf)) is Type for leaf in leaves])
        return VjpRules(self.name, self, given, lean)


@define(eq=False)
class VjpRules(Stated):
    """z = f(x, …) with x̄ by the rule `bwd`, from what `fwd` left."""

    #: Whether no residuals are kept, as the arguments are unknown: the pullback runs `fwd`, which may call f as it is.
    lean: bool
    #: The residuals' tree, and its leaves that are no numbers by place.
    residual: Any = field(init=False, default=None)

    @property
    def key(self) -> Any:
        return (self.lean, super().key)

    def forward(self, leaves: Values) -> list[Any]:
        if self.lean:
            return super().forward(leaves)
        answer, residuals = self.left(leaves)
        self.residual, numbers = given(self.definition.fwd, (residuals,))
        return [*self.answered(answer), *numbers]

    def left(self, leaves: Values) -> Any:
        """What `fwd` returns: the answer and the residuals."""
        both = self.definition.fwd(*self.given.whole(leaves))
        if not isinstance(both, tuple | list) or len(both) != 2:
            got = f"{len(both)} values" if isinstance(both, tuple | list) else f"a {type(both).__name__}"
            raise BadRule(
                f"fwd of {self.name} must return a pair (answer, residuals). It returned {got}. "
                "Write return answer, residuals, with None for no residuals."
            )
        return both

    def pull(self, bars: list[Any], z: Values, args: Values, wanted: Sequence[int]) -> list[Any]:
        ybar = cotangent_tree(self, bars, z)
        residuals = self.left(args)[1] if self.lean else self.residual.free(z[self.count :])[0]
        fixed = list(self.given.fixed.values())
        found = self.definition.bwd(*fixed, residuals, ybar)
        checked = self.cotangents(self.given, "bwd", found, args, z)
        return [checked[i] for i in wanted]

    def push(self, dots: list[Any], z: Values, args: Values) -> list[Any]:
        return push_by_pull(self, dots, z, args)


def custom_vjp(f: Any = None, nondiff_argnums: int | Sequence[int] = (), *, check: bool | int = False) -> Any:
    """The function f with a pullback of your own: x̄ = bwd(residuals, ȳ) where fwd(x) = (f(x), residuals).

    custom_vjp : (X → Y) → (X → Y), and then `f.defvjp(fwd, bwd)` with fwd : X → Y × R and bwd : R × Y → X.  Arguments,
    answers and residuals are any trees. bwd returns a tuple, an entry an argument; None is zero. Arguments of
    `nondiff_argnums` go to bwd first, as they are. Names and order are JAX's.

    Forward mode transposes bwd, which must then be linear in ȳ. What is made of residuals is differentiated through
    fwd, so every order follows. `check=True` compares the rules with differences at the first call, `check=2` at
    second order too.

    >>> from funcgrad import grad
    >>> import numpy as np
    >>> @custom_vjp
    ... def log1pexp(x):
    ...     return np.log(1.0 + np.exp(x))
    >>> def fwd(x):
    ...     return log1pexp(x), x
    >>> def bwd(x, ybar):
    ...     return (ybar * (1 - 1 / (1 + np.exp(x))),)
    >>> log1pexp.defvjp(fwd, bwd)
    >>> grad(log1pexp)(0.0), grad(grad(log1pexp))(0.0)
    (0.5, 0.25)
    """
    if f is None:
        return lambda function: custom_vjp(function, nondiff_argnums, check=check)
    return CustomVjp(f, numbers(nondiff_argnums), check)


# ---- forward ---------------------------------------------------------------------------------------------------------
@define(eq=False, slots=False, repr=False)
class CustomJvp(Ruled):
    """A function with a pushforward of the user's."""

    #: The rule, of primals and tangents; None until it is stated.
    jvp: Any = field(init=False, default=None)
    #: The rules by argument, of a tangent, the answer and the primals.
    jvps: Any = field(init=False, default=None)

    modes: ClassVar[tuple[str, ...]] = ("fwd", "rev")

    @property
    def parts(self) -> tuple[Any, ...]:
        """What tells it apart."""
        return (*super().parts, self.jvp, self.jvps)

    def defjvp(self, jvp: Callable[..., Any]) -> Callable[..., Any]:
        """State the rule: jvp(*nondiff, primals, tangents) = (answer, its tangent)."""
        self.jvp = jvp
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """State one rule an argument: jvp(xdot, answer, *primals) = the answer's tangent; None where there is none."""
        if self.nondiff_argnums:
            raise BadRule(
                f"{self.name}.defjvps was called where {self.name} has nondiff_argnums. Its rules are by argument. "
                "Write one rule of primals and tangents, with defjvp."
            )
        self.jvps = jvps

    def rules(self, given: Given, leaves: Values) -> Rules:
        if self.jvp is None and self.jvps is None:
            raise BadRule(
                f"{self.name} is a custom_jvp without a rule. It was called before one was stated. "
                f"Write {self.name}.defjvp(rule) below its definition."
            )
        if self.jvps is not None and len(self.jvps) != len(given.positions):
            raise BadRule(
                f"{self.name} has {len(self.jvps)} rules by defjvps and was called with {len(given.positions)} "
                "arguments. Each needs its own. Give None for an argument without a derivative."
            )
        return JvpRules(self.name, self, given)


@define(eq=False)
class JvpRules(Stated):
    """z = f(x, …) with ż by a rule."""

    def pull(self, bars: list[Any], z: Values, args: Values, wanted: Sequence[int]) -> list[Any]:
        return pull_by_push(self, bars, z, args, wanted)

    def push(self, dots: list[Any], z: Values, args: Values) -> list[Any]:
        primals, tangents = self.given.free(args), self.given.tangents(dots, args)
        if self.definition.jvps is not None:
            return self.by_argument(primals, tangents, dots, z)
        both = self.definition.jvp(*self.given.fixed.values(), primals, tangents)
        if not isinstance(both, tuple | list) or len(both) != 2:
            got = f"{len(both)} values" if isinstance(both, tuple | list) else f"a {type(both).__name__}"
            raise BadRule(
                f"The jvp of {self.name} must return a pair (answer, tangent). It returned {got}. "
                "Write return answer, tangent."
            )
        return self.moved("jvp", both[1], z)

    def by_argument(self, primals: Any, tangents: Any, dots: list[Any], z: Values) -> list[Any]:
        """The sum of what the rules of `defjvps` give."""
        total: list[Any] = [None] * self.count
        moving, at = iter(dots), 0
        answer = self.answer.unflatten(z[: self.count])
        for rule, tangent, child in zip(self.definition.jvps, tangents, self.given.structure.children, strict=True):
            moves = [next(moving) is not None for i in range(at, at + len(child)) if i not in self.given.statics]
            at += len(child)
            if rule is None or not any(moves):
                continue
            terms = self.moved("jvp", rule(tangent, answer, *primals), z)
            total = [b if a is None else a if b is None else a + b for a, b in zip(total, terms, strict=True)]
        return total


def custom_jvp(f: Any = None, nondiff_argnums: int | Sequence[int] = (), *, check: bool | int = False) -> Any:
    """The function f with a pushforward of your own: rule(primals, tangents) = (f(x), ẏ).

    custom_jvp : (X → Y) → (X → Y), and then `f.defjvp(rule)`, which is also a decorator, with rule : X × X → Y × Y; or
    `f.defjvps(rule, …)` with one rule(xdot, answer, *primals) an argument. Names and order are JAX's, `check` is as for
    `custom_vjp`.

    Reverse mode transposes the rule, which must then be linear in the tangents.

    >>> from funcgrad import grad, jvp
    >>> import numpy as np
    >>> sinc = custom_jvp(lambda x: np.sin(x) / x if x else 1.0)
    >>> sinc.defjvps(lambda xdot, y, x: xdot * (np.cos(x) - y) / x if x else 0.0 * xdot)
    >>> grad(sinc)(0.0), jvp(sinc, (np.pi,), (1.0,))[1]
    (0.0, np.float64(-0.3183098861837907))
    """
    if f is None:
        return lambda function: custom_jvp(function, nondiff_argnums, check=check)
    return CustomJvp(f, numbers(nondiff_argnums), check)


# ---- small things ----------------------------------------------------------------------------------------------------
def numbers(argnums: int | Sequence[int]) -> tuple[int, ...]:
    """Argument numbers as a tuple."""
    return (argnums,) if isinstance(argnums, int) else tuple(argnums)


def cotangent_tree(rules: Rules, bars: Values, z: Values) -> Any:
    """The tree of cotangents of the answer, zeros where none arrived."""
    filled = [zeros_like(one) if bar is None else bar for bar, one in zip(bars, z, strict=False)]
    return rules.answer.unflatten(filled)
