"""The public boundary: arguments and answers are checked here, once; leaves are made, and what leaves is a number."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.graph.calls import Call
from funcgrad.graph.node import Node
from funcgrad.graph.op import Argument, leaf_at
from funcgrad.graph.provenance import function_place, leaf_path
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import zeros_like
from funcgrad.sweeps.edges import fit, fresh, plain, settle

NUMERIC = "biufc"
#: The classes of most scalars that are differentiated: nothing is left to ask.
REAL = (float, np.float64, np.float32)
#: What transforms other than derivatives want a value for, and what to do with something that is no number.
WANTED = {"jit": "computed", "vmap": "for each item", "eval_shape": "the type of", "draw": "drawn"}
BESIDE = dict.fromkeys(WANTED, "Compute it outside of the function")


def numeric(value: Any) -> bool:
    """Whether a value is a number, an array of numbers, or a node."""
    return type(value) in (Node, float, int, complex, bool) or (
        isinstance(value, np.ndarray | np.generic) and value.dtype.kind in NUMERIC
    )


def differentiable(call: Call, value: Any, argument: int, structure: Any, position: int) -> Any:
    """A leaf of an argument as a number to differentiate with respect to, or an error that names it."""
    kind = type(value)
    if kind is ndarray or kind is Node:
        if value.dtype.kind in "fc":
            return value
    elif kind is float or kind is complex or isinstance(value, np.inexact):
        return value
    if kind is int and structure is tree.LEAF:
        return float(value)
    name = leaf_path(call.function, argument, structure, position)
    function, where = function_place(call.function)
    if kind is np.memmap and value.dtype.kind in "fc":
        return np.asarray(value)
    if kind in (int, bool):
        what, remedy = f"the Python {kind.__name__} {value!r}", f"Write {float(value)}, or mark it static"
    elif kind in (Node, np.ndarray) or isinstance(value, np.generic):
        what, remedy = f"an array of dtype {value.dtype}", "Convert it with astype(float), or mark it static"
    elif isinstance(value, np.ndarray):
        what, remedy = f"a {kind.__name__}", "Convert it to a plain array first, or mark it static"
    else:
        what, remedy = f"a {kind.__name__}", "Mark it static"
    raise BadArgument(
        f"{call.transform} cannot differentiate with respect to {name}: it is {what}. It belongs to "
        f"argument {argument} of {function}{where}. {remedy} by passing it in another argument (argnums)."
    )


def leaves_of(call: Call, arguments: Sequence[Any], argnums: Sequence[int]) -> tuple[list[Any], list[Node], list[Any]]:
    """The arguments with leaves in place of the differentiated ones; those leaves; and the structure of each."""
    arguments, leaves, structures, own = list(arguments), [], [], frozenset({call})
    for argument in argnums:
        values, structure = tree.flatten(arguments[argument])
        source, new = Argument(call, argument, structure), []
        for i, value in enumerate(values):
            if type(value) is not ndarray or value.dtype.kind not in "fc":
                value = differentiable(call, value, argument, structure, i)
            new.append(leaf_at(source, i, value, own))
        arguments[argument] = structure.unflatten(new)
        leaves += new
        structures.append(structure)
    return arguments, leaves, structures


def parted(values: list[Any], structures: list[Any]) -> list[Any]:
    """A flat list, cut and shaped as the trees it came from."""
    trees, at = [], 0
    for structure in structures:
        trees.append(structure.unflatten(values[at : at + len(structure)]))
        at += len(structure)
    return trees


def normalised(argnums: int | Sequence[int], count: int, transform: str) -> tuple[int, ...]:
    """Argument numbers, all non-negative and in range."""
    if type(argnums) is int and 0 <= argnums < count:
        return (argnums,)
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for number in numbers:
        if not isinstance(number, int):
            raise BadArgument(
                f"{transform} was given argnums={argnums!r}. Arguments are numbered by position. "
                "Write argnums=0 or argnums=(0, 1)."
            )
        if not -count <= number < count:
            raise BadArgument(
                f"{transform} was asked for argument {number} of a call with {count} positional "
                f"argument{'' if count == 1 else 's'}. Keyword arguments are never differentiated. "
                f"Pass it by position, or choose argnums below {count}."
            )
    return tuple(number % count for number in numbers)


def outputs_of(call: Call, answer: Any) -> tuple[list[Any], Any]:
    """The leaves of an answer, each a node or a number, and their structure."""
    if answer is None:
        name, where = function_place(call.function)
        raise BadAnswer(
            f"{name}{where} returned None, so there is nothing for {call.transform} to work on. "
            f"Is a return missing? Return the value that you want {WANTED.get(call.transform, 'the derivative of')}."
        )
    values, structure = tree.flatten(answer)
    for i, value in enumerate(values):
        if not numeric(value):
            name, where = function_place(call.function)
            what = f"a {type(value).__name__}" + (f" of dtype {value.dtype}" if isinstance(value, np.ndarray) else "")
            raise BadAnswer(
                f"{name}{where} returned {what} at {tree.path_name(structure.paths()[i], root='answer')}. "
                f"{call.transform} needs numbers and arrays of numbers. "
                f"{BESIDE.get(call.transform, 'Return it beside the answer with has_aux=True')}, or build arrays with "
                "np.stack."
            )
    return values, structure


def scalar_of(call: Call, answer: Any, holomorphic: bool) -> Any:
    """A scalar answer to differentiate, or an error that says what it is instead."""
    if type(answer) is Node and type(answer.value) in REAL and not holomorphic:
        return answer
    values, structure = outputs_of(call, answer)
    if structure is not tree.LEAF:
        name, where = function_place(call.function)
        raise BadAnswer(
            f"{name}{where} returned a {type(answer).__name__} of {len(values)} values. "
            f"{call.transform} differentiates one scalar. "
            "Return it alone, or with has_aux=True beside further results; use jacobian for all of them."
        )
    (y,) = values
    kind = type_of(plain(y))
    if kind.shape != ():
        name, where = function_place(call.function)
        raise BadAnswer(
            f"{name}{where} returned an array of shape {kind.shape}. {call.transform} differentiates a scalar. "
            f"Use jacobian for all its derivatives, vmap({call.transform}(f)) for one an example, or return its sum."
        )
    wanted = "c" if holomorphic else "f"
    if kind.dtype.kind != wanted:
        name, where = function_place(call.function)
        remedy = (
            "Return its real part, or pass holomorphic=True if it is holomorphic."
            if kind.dtype.kind == "c"
            else "Return a complex answer, or leave out holomorphic=True."
            if holomorphic
            else "Return a float: write 0.0 for 0, and np.where(test, 1.0, 0.0) for a truth value."
        )
        raise BadAnswer(
            f"{name}{where} returned a scalar of dtype {kind.dtype}. {call.transform} differentiates "
            f"{'complex' if holomorphic else 'real'} scalars. {remedy}"
        )
    return y


def one_like(y: Any) -> Any:
    """The number one, of the type of a scalar: the seed of a derivative."""
    kind = type_of(plain(y))
    return kind.promoting()(1) if kind.weak else kind.dtype.type(1)


def handed_back(values: list[Any], seen: set[int] | None = None) -> list[Any]:
    """Answers as a user gets them: settled, and each with memory of its own."""
    seen = set() if seen is None else seen
    return [fresh(settle(value) if type(value) is Node else value, seen) for value in values]


def given_back(structure: Any, values: list[Any]) -> Any:
    """A tree of answers of the user's function: settled, and sharing no memory with anything."""
    return structure.unflatten([copied(settle(value)) for value in values])


def copied(value: Any) -> Any:
    """An array of its own."""
    return value.copy() if isinstance(value, np.ndarray) else value


def auxiliary(aux: Any) -> Any:
    """What was returned beside the answer, without nodes of a call that has ended."""
    return tree.map(
        lambda value: copied(settle(value)) if type(value) is Node or type(value) is ndarray else value, aux
    )


def bars_of(bars: list[Any], leaves: list[Node]) -> list[Any]:
    """Cotangents of leaves, zeros where none arrived."""
    return [zeros_like(leaf) if bar is None else bar for bar, leaf in zip(bars, leaves, strict=True)]


def split_aux(answer: Any, call: Call) -> tuple[Any, Any]:
    """The pair (answer, aux) that a function promised by has_aux=True."""
    if type(answer) is tuple and len(answer) == 2:
        return answer
    name, where = function_place(call.function)
    what = f"a tuple of {len(answer)}" if type(answer) is tuple else f"a {type(answer).__name__}"
    raise BadAnswer(
        f"{name}{where} returned {what}. With has_aux=True it must return a pair. Write return answer, aux."
    )


def matched(values: Any, like: Sequence[Any], structure: Any, what: str, of: str) -> list[Any]:
    """Cotangents or tangents given by a user, checked against what they belong to: tree, shape and dtype."""
    given, got = tree.flatten(values)
    if got != structure:
        raise BadArgument(
            f"The {what} has another structure than {of}. It is {got}, where {of} is {structure}. "
            f"Give a tree like {of}, leaf for leaf."
        )
    return [
        one_matched(value, type_of(a), what, of, structure, i)
        for i, (value, a) in enumerate(zip(given, like, strict=True))
    ]


def one_matched(value: Any, kind: Type, what: str, of: str, structure: Any, position: int) -> Any:
    """One cotangent or tangent, of the very shape and dtype that it must have; a Python number takes the dtype."""
    if not numeric(value):
        raise BadArgument(f"The {what} holds a {type(value).__name__}. It must hold numbers. Give arrays like {of}.")
    got = type_of(value)
    if got.shape != kind.shape or not (got.dtype == kind.dtype or gives_way(got, kind)):
        raise BadArgument(
            f"The {what} at {tree.path_name(structure.paths()[position], root=of)} is {got!r}, not {kind!r}. "
            f"A {what} has the shape and dtype of what it belongs to. "
            f"Convert it with np.reshape and astype({kind.dtype.name!r})."
        )
    return fit(value, kind, stretch=True) if got != kind else value


def gives_way(got: Type, kind: Type) -> bool:
    """Whether one of the two is a Python number that takes the other's dtype without loss."""
    ranks = "biufc".index
    return (got.weak or kind.weak) and kind.dtype.kind in "fc" and ranks(got.dtype.kind) <= ranks(kind.dtype.kind)
