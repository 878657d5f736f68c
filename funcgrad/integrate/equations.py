"""Equations: a user's function of trees as a graph of flat values, f(y, t, w)."""

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.graph.graph import Graph
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit
from funcgrad.graph.provenance import function_place, refuse
from funcgrad.graph.types import Type, type_of
from funcgrad.integrate.flowing import TIME, cut
from funcgrad.numpy.creation import array
from funcgrad.primitives.shaping import Cast
from funcgrad.transforms.bodies import traced
from funcgrad.transforms.boundary import copied
from funcgrad.transforms.carrying import numbers_of


@frozen(eq=False)
class Equation:
    """A function staged, and its arguments flat."""

    #: The function of (y, t, w).
    graph: Graph
    #: The first y, as one vector.
    y: Any
    #: The leaves of the further arguments, and the traced values that the function closes over.
    w: list[Any]
    #: The structure of y, and the type of each leaf.
    structure: Any
    kinds: list[Any]

    def unpacked(self, ys: Any) -> Any:
        """The tree of solutions, the times along axis 0."""
        found, at = [], 0
        for kind in self.kinds:
            rows = np.reshape(ys[:, at : at + kind.size], (-1, *kind.shape))
            found.append(copied(rows) if rows.dtype == kind.dtype else Cast(kind.dtype)(rows))
            at += kind.size
        return self.structure.unflatten(found)


def vector(leaves: list[Any], dtype: Any) -> Any:
    """Numbers and arrays as one vector of a dtype."""
    parts = [np.reshape(leaf, (-1,)) for leaf in leaves]
    parts = [part if part.dtype == dtype else Cast(dtype)(part) for part in parts]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def equation(name: str, function: Callable[..., Any], y0: Any, args: Any, time_first: bool) -> Equation:
    """A function of (y, t, *args), or of (t, y, *args), as a graph; errors name what it returns wrong."""
    leaves, structure = numbers_of(name, "y0", y0)
    kinds = [type_of(leaf).strong().bare() for leaf in leaves]
    if not kinds or any([kind.dtype.kind not in "fc" for kind in kinds]):
        wrong = next((i for i, kind in enumerate(kinds) if kind.dtype.kind not in "fc"), None)
        what = (
            "no numbers"
            if wrong is None
            else f"{kinds[wrong]!r} at {tree.path_name(structure.paths()[wrong], root='y0')}"
        )
        refuse(
            BadArgument, f"{name} was given {what}. y moves, and is real or complex.", "Convert it with astype(float)."
        )
    dtype = np.result_type(TIME, *[kind.dtype for kind in kinds])

    def flat(y: Any, t: Any, *rest: Any) -> Any:
        state = structure.unflatten(cut(y, kinds))
        answer = function(t, state, *rest) if time_first else function(state, t, *rest)
        return packed(name, function, answer, structure, kinds, dtype)

    arguments = [(tree.LEAF, [Type((sum([kind.size for kind in kinds]),), dtype)]), (tree.LEAF, [Type((), TIME)])]
    own: list[Any] = []
    for value in args:
        numbers, shape = numbers_of(name, "args", value)
        arguments.append((shape, [type_of(one) for one in numbers]))
        own += numbers
    graph, captured, _ = traced(name, flat, arguments)
    return Equation(graph, vector([admit(leaf) for leaf in leaves], dtype), [*own, *captured], structure, kinds)


def packed(name: str, function: Any, answer: Any, structure: Any, kinds: list[Any], dtype: Any) -> Any:
    """What a function returned as a vector, once it is known to be like y."""
    who = "".join(function_place(function))
    if structure is tree.LEAF and type(answer) in (list, tuple):
        answer = array(answer)
    if answer is None:
        raise BadAnswer(f"{who} returned None to {name}. Is a return missing? Return dy/dt, a tree like y.")
    leaves, got = tree.flatten(answer)
    if got != structure:
        raise BadAnswer(
            f"{who} returned a tree of structure {got}, where y is {structure}. {name} takes dy/dt from it. "
            "Return a tree like y."
        )
    for i, (leaf, kind) in enumerate(zip(leaves, kinds, strict=True)):
        found = type_of(leaf) if isinstance(leaf, Node | np.ndarray | np.generic | int | float | complex) else None
        fits = found is not None and found.shape == kind.shape and not (found.dtype.kind == "c" and dtype.kind == "f")
        if not fits:
            path = tree.path_name(structure.paths()[i], root="y")
            what = f"a {type(leaf).__name__}" if found is None else repr(found)
            raise BadAnswer(
                f"{who} returned {what} as the slope of {path}, which is {kind!r}. A slope is like what moves. "
                "Return an array of that shape."
            )
    return vector([leaf if type(leaf) is Node else np.asarray(leaf) for leaf in leaves], dtype)
