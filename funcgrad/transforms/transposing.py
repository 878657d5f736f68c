"""Transposing: the mode of derivative that rules do not state, made of the one that they do."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.errors import BadRule, FuncgradError
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import since
from funcgrad.graph.node import Node
from funcgrad.graph.op import fresh_leaf
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import zeros_like
from funcgrad.sweeps.edges import fit, plain
from funcgrad.sweeps.fold import substitute
from funcgrad.sweeps.pullback import pullback
from funcgrad.transforms.given import Values


def pull_by_push(rules: Any, bars: list[Any], z: Values, args: Values, wanted: Sequence[int]) -> list[Any]:
    """x̄ of rules that state the tangent only: ẋ ↦ ż is linear, and its transpose at z̄ is x̄."""
    with Call(rules.name, rules.function) as call:
        leaves = [fresh_leaf(call, type_of(args[i]).strong().bare()) for i in wanted]
        dots: list[Any] = [None] * len(args)
        for i, leaf in zip(wanted, leaves, strict=True):
            dots[i] = leaf
        zdots = noted(rules, "cotangent", lambda: rules.push(dots, z, args))
        return transposed(call, rules, zdots, bars, leaves, args)


def push_by_pull(rules: Any, dots: list[Any], z: Values, args: Values) -> list[Any]:
    """ż of rules that state the cotangents only: z̄ ↦ x̄ is linear, and its transpose at ẋ is ż."""
    moving = [i for i, dot in enumerate(dots) if dot is not None]
    places = [i for i in range(rules.count) if type_of(z[i]).dtype.kind in "fc"]
    with Call(rules.name, rules.function) as call:
        leaves = [fresh_leaf(call, type_of(z[i]).strong().bare()) for i in places]
        bars: list[Any] = [None] * rules.count
        for i, leaf in zip(places, leaves, strict=True):
            bars[i] = leaf
        found = noted(rules, "tangent", lambda: rules.pull(bars, z, args, moving))
        seeds = [None if bar is None else fit(dots[i], bar) for i, bar in zip(moving, found, strict=True)]
        zdots = dict(zip(places, transposed(call, rules, found, seeds, leaves, args), strict=True))
    return [zdots.get(i) for i in range(rules.count)]


def noted(rules: Any, wish: str, work: Callable[[], Any]) -> Any:
    """Do some work on unknown values; an error says why they are unknown."""
    stated = "backwards" if wish == "tangent" else "forwards"
    try:
        return work()
    except FuncgradError as error:
        error.add_note(
            f"{rules.name} states its rule {stated} only. Its {wish} is made by running that rule on unknown values "
            "and transposing it, so the rule must be made of traced operations. Or state the other rule too."
        )
        raise


def transposed(
    call: Call, rules: Any, found: list[Any], seeds: list[Any], leaves: list[Node], args: Values
) -> list[Any]:
    """The transpose of a linear map whose rows are `found`, at `seeds`; refused where the map is not linear."""
    rows = [y for y in found if type(y) is Node and call in y.history.calls]
    bent = any([h.op.constant for h in since(call, [y.history for y in rows])])
    if not bent and not any([type(plain(a)) is Type for a in args]):  # a linear map takes 0 to 0
        with np.errstate(all="ignore"):
            origin = substitute(call, found, leaves, [zeros_like(leaf) for leaf in leaves])
        bent = any([y is not None and loud(y) for y in origin])
    answers = [] if bent else pullback(call, found, seeds, leaves)
    if bent or any([type(y) is Node and call in y.history.calls for y in answers]):
        raise BadRule(
            f"The rule of {rules.name} is not linear in what it is given, and so has no transpose. The other mode of "
            "derivative is made by transposing it. Use the mode that the rule is for, or state the other rule too."
        )
    return answers


def loud(value: Any) -> bool:
    """Whether a value is known, and some number of it is neither 0 nor infinite nor NaN."""
    value = plain(value)
    return type(value) is not Type and bool(np.any(np.isfinite(value) & (np.asarray(value) != 0)))
