"""Carries: what a loop hands on from step to step keeps its tree, its shapes and its dtypes."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import Type, type_of
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.bodies import Body, fitted, traced
from funcgrad.transforms.boundary import numeric
from funcgrad.transforms.remembering import body_of, remembered


@frozen(eq=False)
class Loop:
    """A staged step of a loop."""

    #: The graph of one step: of the carry's leaves, then those of the other arguments, then the captured values.
    body: Body
    #: The traced values that the step closes over.
    captured: list[Node]
    #: The types that the loop carries.
    kinds: list[Type]
    #: The structure of what the step returns beside the carry; None where it returns nothing beside.
    beside: Any


def numbers_of(transform: str, name: str, value: Any) -> tuple[list[Any], Any]:
    """The leaves of an argument, each a number or an array, and its structure."""
    leaves, structure = tree.flatten(value)
    for i, leaf in enumerate(leaves):
        if not numeric(leaf):
            raise BadArgument(
                f"{transform} was given a {type(leaf).__name__} at "
                f"{tree.path_name(structure.paths()[i], root=name)}. It takes trees of numbers and arrays of numbers. "
                "Close over everything else in the function."
            )
    return leaves, structure


def looped(
    transform: str,
    step: Callable[..., Any],
    init: Any,
    others: Sequence[tuple[Any, Sequence[Type]]] = (),
    pair: bool = False,
) -> tuple[Loop, list[Any], Any]:
    """A step staged for carries like `init`, the leaves of the first carry, and its structure.

    A Python number among the first carries takes the dtype that the step gives it. With `pair` the step returns
    (carry, beside).
    """
    leaves, structure = numbers_of(transform, "the carry", init)
    kinds = [type_of(leaf).bare() for leaf in leaves]
    key = (transform, structure, tuple(kinds), tuple([(one, tuple(types)) for one, types in others]), pair)
    loop = remembered(
        step,
        key,
        lambda: staged_loop(transform, step, structure, kinds, others, pair),
        lambda loop: not loop.captured,
    )
    return loop, [fitted(leaf, kind) for leaf, kind in zip(leaves, loop.kinds, strict=True)], structure


def staged_loop(
    transform: str, step: Callable[..., Any], structure: Any, kinds: list[Type], others: Any, pair: bool
) -> Loop:
    """A step staged for carries of these types, or of those that its Python numbers become."""

    @wraps(step)
    def conformed(*args: Any) -> Any:
        answer = step(*args)
        if pair and not (type(answer) is tuple and len(answer) == 2):
            refuse_pair(transform, step, answer)
        carry = answer[0] if pair else answer
        values, got = tree.flatten(carry)
        if got != structure:
            refuse_structure(transform, step, got, structure)
        carry = structure.unflatten([given_way(y, kind) for y, kind in zip(values, kinds, strict=True)])
        return (carry, answer[1]) if pair else (carry,)

    for _ in range(4):  # of a Python int: a float, NumPy's float, and back again to see that it stays
        graph, captured, answer = traced(transform, conformed, [(structure, kinds), *others])
        new = graph.output_types[: len(kinds)]
        if list(new) == kinds:
            break
        kinds = [
            promoted(transform, step, kind, got, structure, i)
            for i, (kind, got) in enumerate(zip(kinds, new, strict=True))
        ]
    else:
        for i, (kind, got) in enumerate(zip(kinds, new, strict=True)):
            if kind != got:
                refuse_change(transform, step, kind, got, structure, i)
    return Loop(body_of(step, graph), captured, kinds, answer.children[1] if pair else None)


def given_way(y: Any, kind: Type) -> Any:
    """A Python number that a step returns for NumPy's number or array, at its dtype; all else as it is."""
    got = type_of(y) if numeric(y) else None
    if got is None or not got.weak or kind.weak or kind.shape or np.result_type(zero(got), kind.dtype) != kind.dtype:
        return y
    return fit(y, kind)


def zero(kind: Type) -> Any:
    """A value that NumPy promotes as it does the type's."""
    return kind.promoting()(0) if kind.weak else kind.dtype


def promoted(transform: str, step: Any, kind: Type, got: Type, structure: Any, i: int) -> Type:
    """The type of a carry that began as a Python number, once it has met the step's dtypes."""
    if kind == got:
        return kind
    if not kind.weak or got.shape != kind.shape:
        refuse_change(transform, step, kind, got, structure, i)
    if kind.weak and got.weak:
        return max(kind, got, key=lambda one: "ifc".index(one.dtype.kind))
    return Type((), np.result_type(zero(kind), zero(got)))


def refuse_change(transform: str, step: Any, kind: Type, got: Type, structure: Any, i: int) -> None:
    """Say which leaf of a carry a step changes."""
    name, where = function_place(step)
    path = tree.path_name(structure.paths()[i], root="carry")
    what = "shape" if kind.shape != got.shape else "dtype"
    remedy = (
        f"Start with an array of shape {got.shape}, or reshape what {name} returns."
        if what == "shape"
        else f"Start with astype({got.dtype.name!r}), or convert what {name} returns with astype({kind.dtype.name!r})."
    )
    raise BadAnswer(
        f"{name}{where} takes {path} as {kind!r} and returns it as {got!r}. What {transform} carries from step to step "
        f"keeps its {what}. {remedy}"
    )


def refuse_structure(transform: str, step: Any, got: Any, structure: Any) -> None:
    """Say that a step returns another tree than it takes."""
    name, where = function_place(step)
    raise BadAnswer(
        f"{name}{where} takes a carry of structure {structure} and returns one of structure {got}. What {transform} "
        "carries from step to step keeps its tree. Return a carry like the first one."
    )


def refuse_pair(transform: str, step: Any, answer: Any) -> None:
    """Say that a step returns no pair."""
    name, where = function_place(step)
    what = f"a tuple of {len(answer)}" if type(answer) is tuple else f"a {type(answer).__name__}"
    raise BadAnswer(
        f"{name}{where} returned {what}. A step of {transform} returns a pair, the carry and what is stacked. "
        "Write return carry, y, or return carry, None."
    )
