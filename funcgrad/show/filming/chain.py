"""Chain: what the rule of an operation makes of a cotangent, as a formula, also where the values are arrays."""

import re
from collections.abc import Sequence
from typing import Any
from unicodedata import normalize

import numpy as np

from funcgrad.errors import FuncgradError
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import closed
from funcgrad.graph.node import Node
from funcgrad.graph.op import Op, fresh_leaf
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.contracting import MatMul
from funcgrad.primitives.kinds import Expand, Pointwise
from funcgrad.primitives.pointwise import PowerBy
from funcgrad.primitives.shaping import Reshape, Transpose
from funcgrad.rewrites.simplifying import simplified
from funcgrad.show.formula import terms
from funcgrad.show.notation import ATOM, POWER, PRODUCT, Notation, Term
from funcgrad.show.sheet import Share, Sheet
from funcgrad.show.slopes import NUMBER, rule, slope_formula
from funcgrad.show.wording import number
from funcgrad.sweeps.pullback import pullback

#: What stands around a name that is written with a bar over it: letters for private use, which are left out of names.
OPEN, CLOSE = "\ue000", "\ue001"
NONE = str.maketrans("", "", OPEN + CLOSE)


class Arrays(Notation):
    """How expressions of arrays are written."""

    def of(self, op: Op, args: Sequence[Term]) -> Term:
        if isinstance(op, MatMul):
            return Term(" @ ".join([self.within(arg, POWER) for arg in args]), PRODUCT)
        if isinstance(op, Transpose):
            return Term(f"{self.within(args[0], ATOM)}ᵀ", POWER)
        if isinstance(op, Expand):
            return self.call("repeat", args)
        if isinstance(op, Reshape):
            return self.call("reshape", [*args, Term("×".join(map(str, op.shape)) or "()")])
        return Notation.of(self, op, args)


ARRAYS = Arrays(latex=False)
#: Longer formulas explain nothing.
LONGEST = 60
#: Constants of a rule, such as the places of a maximum: a formula that speaks of them explains nothing.
OPAQUE = re.compile(r"\bC_\d|\bif (True|False)\b")


def bar(name: str) -> str:
    """The name of a cotangent: x̄ for x."""
    return f"{OPEN}{name.translate(NONE)}{CLOSE}"


def plain(text: str) -> str:
    """A text in which bars are letters of their own, for a terminal.

    >>> plain(f"{bar('x')} += {bar('w1')}")
    'x̄ += w̄1'
    """
    parts = text.replace(CLOSE, OPEN).split(OPEN)
    return "".join(
        [normalize("NFC", f"{part[:1]}\u0304") + part[1:] if i % 2 else part for i, part in enumerate(parts)]
    )


def local_formula(share: Share, sheet: Sheet) -> str:
    """∂z/∂x of scalars as a formula; empty where the rule is none."""
    return slope_formula(share, sheet) if share.local is not None else ""


def product_formula(share: Share, sheet: Sheet) -> str:
    """z̄·∂z/∂x of arrays, as the rule computes it: a product element by element, or the transpose of a linear operation.

    Empty where it is no short formula.
    """
    source = sheet.values[share.source]
    zbar = bar(source.name)
    try:
        if isinstance(source.op, Pointwise | PowerBy):
            text = elementwise(share, sheet, zbar)
        else:
            text = transposed(share, sheet, zbar)
    except (FuncgradError, ArithmeticError, TypeError, ValueError, IndexError):
        return ""  # the rule needs numbers, and a formula has none
    return "" if len(text) > LONGEST or OPAQUE.search(text) else text


def elementwise(share: Share, sheet: Sheet, zbar: str) -> str:
    """z̄ times the partial derivative, where the operation is one of numbers."""
    source = sheet.values[share.source]
    involved = [source, *[sheet.values[i] for i in source.parents]]
    with Call("show", elementwise) as call:
        leaves = [fresh_leaf(call, NUMBER) for _ in involved]
        partial = rule(source.op, share.position, leaves[0], leaves[1:])
        if type(partial) is not Node:
            factor = Term("") if partial is None else ARRAYS.number(partial)
        else:
            factor = written(call, partial, leaves, [label(one) for one in involved])
    if factor.text in ("1", ""):
        return zbar if factor.text else ""
    return ARRAYS.product(Term(zbar), factor).text


def transposed(share: Share, sheet: Sheet, zbar: str) -> str:
    """The pullback of an operation, staged at the types of its arguments."""
    source = sheet.values[share.source]
    args = [sheet.values[i] for i in source.parents]
    with Call("show", transposed) as call:
        leaves = [fresh_leaf(call, type_of(source.value)), *[fresh_leaf(call, type_of(a.value)) for a in args]]
        known = [a.value if exact(a.value) else leaf for a, leaf in zip(args, leaves[1:], strict=True)]
        z = source.op(*known) if source.op else None
        if type(z) is not Node or type(z.value) is not Type:
            return ""
        (xbar,) = pullback(call, [z], [leaves[0]], [leaves[1 + share.position]])
        return written(call, xbar, leaves, [zbar, *map(label, args)]).text if type(xbar) is Node else ""


def exact(value: Any) -> bool:
    """Whether a value is of whole numbers or truths, on which rules depend."""
    return type_of(value).dtype.kind in "biu"


def label(value: Any) -> str:
    """A value as a formula names it."""
    return number(value.value) if value.kind == "constant" and np.ndim(value.value) == 0 else value.name


def written(call: Call, answer: Node, leaves: list[Node], names: list[str]) -> Term:
    """An answer made of leaves as a term; an empty one if it needs lines of its own."""
    graph, captured = closed(call, [answer], leaves)
    if captured:
        return Term("")
    graph = simplified(graph)
    more = [""] * (len(graph.constants) + len(graph.steps))
    (term,), lines = terms(graph, [*names, *more], ARRAYS)
    return Term("", ATOM) if lines else term
