"""latex: a function as a formula."""

import inspect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from attrs import evolve, frozen

from funcgrad.errors import BadArgument, FuncgradError, UnknownValue
from funcgrad.graph.graph import Graph
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import type_of
from funcgrad.primitives.pointwise import Select
from funcgrad.primitives.shaping import Cast
from funcgrad.show.notation import LATEX, Notation, Term
from funcgrad.show.reading import check_function, sheet_of
from funcgrad.show.wording import takes_real
from funcgrad.transforms.staging import graph_of

#: No values of conditions.
EMPTY: Mapping[int, Any] = MappingProxyType({})


@frozen(eq=False, repr=False)
class Formula:
    """A function as a formula: a notebook sets it, `str` is its LaTeX. Call it for the path of given arguments."""

    #: The function.
    function: Callable[..., Any]
    #: The LaTeX; empty until it is asked for, where no arguments were given.
    text: str = ""

    def __call__(self, *args: Any, **keywords: Any) -> "Formula":
        sheet = sheet_of(self.function, args, keywords)
        names = [value.name if value.named else "" for value in sheet.values]
        return evolve(self, text=equation(sheet.function, sheet.graph, names))

    def __str__(self) -> str:
        return self.text or without_arguments(self.function)

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self}$"


def latex(f: Callable[..., Any]) -> Formula:
    r"""The formula of f in LaTeX.

    latex : (X → Y) → Formula.  `latex(f)` takes every argument of f as a number; `latex(f)(*args)` takes the path of
    f at these arguments, which may be trees and arrays too. What the function computes once and uses several times has
    a line of its own, under its name, so that the formula is never longer than the function.

    >>> import numpy as np
    >>> def wave(x, omega):
    ...     return np.exp(-x / 2) * np.sin(omega * x) ** 2
    >>> print(latex(wave))
    \mathrm{wave}\left(x, \omega\right) = \mathrm{e}^{-\frac{x}{2}} \, \sin\left(\omega \, x\right)^{2}
    """
    check_function(f, "formula", "latex")
    return Formula(f)


def without_arguments(function: Callable[..., Any]) -> str:
    """The equation of a function of numbers."""
    name, where = function_place(function)
    try:
        declared = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise BadArgument(
            f"The formula of {name} was to be written without arguments. Python does not say which it takes. "
            "Give some: latex(f)(2.0)."
        ) from error
    taken = [
        p.name for p in declared if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if not taken:
        raise BadArgument(
            f"The formula of {name}{where} was to be written, which takes no arguments that must be given. "
            "A formula is of something. Give the arguments: latex(f)(2.0)."
        )
    try:
        graph = graph_of(function, *[1.0] * len(taken))
    except UnknownValue as error:
        raise UnknownValue(
            f"The formula of {name}{where} depends on what its arguments are: Python chooses between branches. "
            "Give arguments that lead to the branch you mean: latex(f)(2.0)."
        ) from error
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        if isinstance(error, FuncgradError):
            raise
        raise BadArgument(
            f"The formula of {name}{where} was to be written for arguments that are numbers, and it failed: {error}. "
            "It may take arrays or trees. Give some: latex(f)(np.ones(3))."
        ) from error
    return equation(name, graph, [*taken, *[""] * (len(graph.constants) + len(graph.steps))])


def equation(function: str, graph: Graph, names: Sequence[str], to: Notation = LATEX) -> str:
    """f(x, y) = …, and what is used several times, a line each."""
    name = to.name(function).text if function.isidentifier() else "f"
    arguments = ", ".join([to.name(one).text for one in names[: len(graph.inputs)]])
    answers, lines = terms(graph, names, to)
    body = ", ".join([answer.text for answer in answers])
    first = rf"{name}\left({arguments}\right) = {body if len(answers) == 1 else to.around(body)}"
    if not lines:
        return first
    shared = "".join([rf" \\ {line.replace(' = ', ' &= ', 1)}" for line in lines])
    return rf"\begin{{aligned}} {first.replace(' = ', ' &= ', 1)}{shared} \end{{aligned}}"


def terms(
    graph: Graph, names: Sequence[str], to: Notation, tests: Mapping[int, Any] = EMPTY
) -> tuple[list[Term], list[str]]:
    """The answers as terms, and the equations of what is used more than once.

    `tests` are the values of conditions, by number: of a choice that hangs on one of them, what is chosen is written.
    """
    uses = Counter([i for step in graph.steps for i in step.args])
    inputs, given = len(graph.inputs), len(graph.inputs) + len(graph.constants)
    found = [to.name(names[i]) for i in range(inputs)]
    for k, constant in enumerate(graph.constants):
        value = constant.value
        found.append(to.number(value) if np.ndim(value) == 0 else to.name(f"C_{k + 1}"))
    lines: list[str] = []
    kinds = [*graph.inputs, *[type_of(constant.value) for constant in graph.constants], *[s.type for s in graph.steps]]
    taken = set(names)
    for k, step in enumerate(graph.steps, given):
        if isinstance(step.op, Select) and step.args[0] in tests:
            found.append(found[step.args[1 if tests[step.args[0]] else 2]])
            continue
        args = [found[i] for i in step.args]
        real = isinstance(step.op, Cast) and takes_real(step.op, kinds[step.args[0]])
        term = to.call("real", args) if real else to.of(step.op, args)
        if uses[k] > 1 and term.text not in [one.text for one in found[:inputs]]:
            name = names[k] or fresh(taken)
            lines.append(f"{to.name(name).text} = {term.text}")
            term = to.name(name)
        found.append(term)
    return [found[i] for i in graph.outputs], lines


def fresh(taken: set[str]) -> str:
    """A name that is not taken yet."""
    name = next(name for name in (f"t_{k}" for k in range(1, len(taken) + 2)) if name not in taken)
    taken.add(name)
    return name
