"""Choices between functions: cond and switch."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.graph.node import Node
from funcgrad.graph.op import unknown
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import Type, type_of
from funcgrad.transforms.bodies import fitted, staged, traced
from funcgrad.transforms.boundary import copied, numeric
from funcgrad.transforms.carrying import numbers_of, zero
from funcgrad.transforms.choosing import Choose


def cond(pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any) -> Any:
    """true_fun(*operands) if pred holds, else false_fun(*operands), where pred may be unknown.

    A known pred calls its function there and then, as Python's `if` does. Under `jit` both are staged, with answers of
    one tree, shape and dtype, and the program runs one of them. Where pred is a batch (`vmap`) both are computed, and
    each item takes its own; as with np.where no NaN of the other comes into derivatives.

    >>> from funcgrad import jit
    >>> jit(lambda x: cond(x > 0, lambda x: 2 * x, lambda x: -x, x))(-3.0)
    3.0
    """
    test = truth_of("cond", pred)
    if type(test) is not Node:
        return true_fun(*operands) if test else false_fun(*operands)
    return chosen("cond", test, (false_fun, true_fun), operands)


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """branches[index](*operands), the index held to 0 … n-1 and maybe unknown. As `cond` in all else.

    >>> switch(1, [lambda x: x, lambda x: x * x], 3.0)
    9.0
    """
    if not branches:
        raise BadArgument("switch was given no branches, so there is nothing to choose. Give a sequence of functions.")
    kind = type_of(index) if numeric(index) else None
    if kind is None or kind.shape or kind.dtype.kind not in "iu":
        what = f"a {type(index).__name__}" if kind is None else repr(kind)
        raise BadArgument(f"switch was given {what} as its index. It takes one integer. Convert it with astype(int).")
    if type(index) is Node and unknown(index.value):
        return chosen("switch", index, tuple(branches), operands)
    known = index.value if type(index) is Node else index
    return branches[min(max(int(known), 0), len(branches) - 1)](*operands)


def truth_of(transform: str, pred: Any) -> Any:
    """A condition as a truth value: plain, or a node where it is unknown."""
    kind = type_of(pred) if numeric(pred) else None
    if kind is None or kind.shape:
        what = f"a {type(pred).__name__}" if kind is None else repr(kind)
        raise BadArgument(
            f"{transform} was given {what} as its condition. It takes one truth value. Use np.all or np.any, or "
            "np.where to choose element by element."
        )
    if type(pred) is Node and unknown(pred.value):
        return pred if kind.dtype.kind == "b" else np.not_equal(pred, 0)
    return bool(pred.value if type(pred) is Node else pred)


def chosen(transform: str, index: Any, functions: tuple[Callable[..., Any], ...], operands: tuple[Any, ...]) -> Any:
    """The answer of one of several functions, as one operation."""
    leaves: list[Any] = []
    arguments = []
    for operand in operands:
        values, shape = numbers_of(transform, "operands", operand)
        arguments.append((shape, [type_of(value) for value in values]))
        leaves += values
    graphs: list[Any] = []
    captured: list[Node] = []
    structure: Any = None
    for function in functions:
        graph, own, got = traced(transform, function, arguments)
        if structure is not None and got != structure:
            raise BadAnswer(
                f"{named(function)} returns a tree of structure {got}, where {named(functions[0])} returns "
                f"{structure}. All functions of {transform} return one tree. Return the same structure from each."
            )
        structure = got
        graphs.append((graph, len(captured), len(captured) + len(own)))
        captured += own
    kinds = [type_of(a).bare() for a in (*leaves, *captured)]
    wanted = common(transform, functions, [graph.output_types for graph, _, _ in graphs], structure)
    n = len(leaves)
    bodies = [
        staged(
            kinds,
            lambda *args, graph=graph, low=low, high=high: list(
                map(fitted, graph(*args[:n], *args[n + low : n + high]), wanted)
            ),
        )
        for graph, low, high in graphs
    ]
    answers = Choose(tuple(bodies))(index, *leaves, *captured)
    return structure.unflatten([y if type(y) is Node else copied(y) for y in answers])


def common(transform: str, functions: Sequence[Any], kinds: list[Any], structure: Any) -> list[Type]:
    """The type of each answer, on which all functions agree: a Python number gives way."""
    wanted = []
    for i, column in enumerate(zip(*kinds, strict=True)):
        best = next((kind for kind in column if not kind.weak), column[0])
        if best.weak:
            best = max(column, key=lambda kind: "ifc".index(kind.dtype.kind))
        for function, kind in zip(functions, column, strict=True):
            gives = kind.weak and kind.shape == best.shape and np.result_type(zero(kind), zero(best)) == best.dtype
            if kind != best and not gives:
                first = functions[column.index(best)]
                path = tree.path_name(structure.paths()[i], root="answer")
                raise BadAnswer(
                    f"{named(function)} returns {path} as {kind!r}, where {named(first)} returns {best!r}. All "
                    f"functions of {transform} return the same shapes and dtypes. Convert it with np.reshape or astype."
                )
        wanted.append(best)
    return wanted


def named(function: Any) -> str:
    """A function's name and place."""
    return "".join(function_place(function))
