"""Slopes: the local derivative of an operation as a formula, made of the rule that the sweep runs."""

from typing import Any

import numpy as np

from funcgrad.errors import FuncgradError
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import closed
from funcgrad.graph.node import Node
from funcgrad.graph.op import fresh_leaf
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import Pointwise
from funcgrad.primitives.pointwise import PowerBy, Select
from funcgrad.rewrites.simplifying import simplified
from funcgrad.show.formula import terms
from funcgrad.show.notation import PLAIN, Notation
from funcgrad.show.reading import evaluated
from funcgrad.show.sheet import Share, Sheet
from funcgrad.show.wording import number

NUMBER = Type((), np.dtype(np.float64), weak=True)


def slope_formula(share: Share, sheet: Sheet, to: Notation = PLAIN) -> str:
    """∂z/∂x of a product of the chain rule, by the names in the sheet; empty where the rule is no formula of numbers.

    Of a choice that the rule makes, between sides of a kink for example, that side is written which was taken.
    """
    source = sheet.values[share.source]
    args = [sheet.values[i] for i in source.parents]
    try:
        with Call("show", slope_formula) as call:
            leaves = [fresh_leaf(call, kind_of(one.value)) for one in (source, *args)]
            answer = rule(source.op, share.position, leaves[0], leaves[1:])
            if answer is None:
                return ""
            if type(answer) is not Node:
                return to.number(answer).text
            graph, captured = closed(call, [answer], leaves)
    except (FuncgradError, ArithmeticError):
        return ""
    if captured:
        return ""
    graph = simplified(graph)
    known = evaluated(graph, [one.value for one in (source, *args)])
    tests = {step.args[0]: known[step.args[0]] for step in graph.steps if isinstance(step.op, Select)}
    names = [one.name if one.kind != "constant" else number(one.value) for one in (source, *args)]
    (term,), lines = terms(graph, [*names, *[""] * (len(graph.constants) + len(graph.steps))], to, tests)
    return "" if lines or graph.output_types[0].dtype.kind == "b" else term.text


def kind_of(value: Any) -> Type:
    """The type of a number in a formula: real ones are all alike."""
    kind: Type = type_of(value)
    return NUMBER if kind.dtype.kind == "f" else kind


def rule(op: Any, position: int, z: Any, args: list[Any]) -> Any:
    """What the rule of an operation gives for unknown arguments."""
    if isinstance(op, Pointwise):
        partial = op.partials[position]
        return partial(z, *args) if callable(partial) else partial
    return op.slope(args[0]) if isinstance(op, PowerBy) else None
