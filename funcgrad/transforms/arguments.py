"""The arguments of a staged function: what is traced, what is static, and what a program is found by."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from attrs import evolve, frozen

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.node import Node
from funcgrad.graph.program import Signature
from funcgrad.graph.provenance import argument_name, function_place
from funcgrad.graph.types import PLAIN, Type, type_of


@frozen(eq=False)
class Arguments:
    """The arguments of a call, taken apart: what is traced, and what the program is made for."""

    #: The leaves that are traced.
    values: list[Any]
    #: The tree of (positional, keyword) arguments, None in the place of static ones.
    structure: Any
    #: The static arguments, by position or keyword.
    static: dict[int | str, Any]

    @property
    def types(self) -> tuple[Type, ...]:
        """The types of the leaves."""
        return tuple([type_of(value).bare() for value in self.values])

    @property
    def key(self) -> Any:
        """What a program is found by."""
        return self.structure.key, self.types, tuple([(k, type(v), v) for k, v in self.static.items()])

    def filled(self, leaves: Iterable[Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments with `leaves` in place of the traced values."""
        args, keywords = self.structure.unflatten(leaves)
        args = [self.static.get(i, a) for i, a in enumerate(args)]
        return args, {name: self.static.get(name, a) for name, a in keywords.items()}


@frozen(eq=False)
class Static:
    """Which arguments of a function are static."""

    #: The user's function.
    function: Callable[..., Any]
    #: Their positions.
    positions: frozenset[int]
    #: Their names.
    names: frozenset[str]

    def parted(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Arguments:
        """The arguments taken apart and checked."""
        static: dict[int | str, Any] = {i: a for i, a in enumerate(args) if i in self.positions}
        static |= {name: a for name, a in keywords.items() if name in self.names}
        traced = (
            tuple([None if i in static else a for i, a in enumerate(args)]),
            {name: None if name in static else keywords[name] for name in sorted(keywords)},
        )
        values, structure = tree.flatten(traced)
        values = [admitted(self.function, value, structure, i) for i, value in enumerate(values)]
        return Arguments(values, structure, static)


def admitted(function: Any, value: Any, structure: Any, position: int) -> Any:
    """A leaf as programs take it: a number, an array of numbers, or a traced one of them."""
    kind = type(value)
    if kind is Node or (kind in PLAIN and kind is not np.ndarray):
        return value
    if kind is np.memmap:
        value, kind = np.asarray(value), np.ndarray
    if kind is np.ndarray and value.dtype.kind in "biufc":
        return value if value.ndim else value[()]
    name, where = function_place(function)
    what = f"an array of dtype {value.dtype}" if kind is np.ndarray else f"a {kind.__name__}"
    raise BadArgument(
        f"jit cannot trace {leaf_name(function, structure, position)}: it is {what}. It was given to {name}"
        f"{where}. Programs take arrays and numbers. Mark the argument static: jit(f, static_argnums=…) or "
        "static_argnames=…."
    )


def leaf_name(function: Any, structure: Any, position: int) -> str:
    """The name of a leaf of the arguments, such as params['w']."""
    _, which, *rest = structure.path(position)
    return tree.path_name(tuple(rest), root=argument_name(function, which.value))


def signature(function: Any, arguments: Arguments) -> Signature:
    """What a program of these arguments is made for."""
    names = tuple([leaf_name(function, arguments.structure, i) for i in range(len(arguments.values))])
    name = getattr(function, "__name__", type(function).__name__)
    positional = range(len(arguments.structure.children[0].children))
    roots = tuple([argument_name(function, i) for i in positional])
    return Signature(name, arguments.structure, names, arguments.types, roots)


def without_static(found: Signature, arguments: Arguments) -> Signature:
    """The same for a function of the other arguments alone: static ones are part of what it is."""
    args, keywords = arguments.structure.unflatten(arguments.values)
    left = [i for i in range(len(args)) if i not in arguments.static]
    traced = (
        tuple([args[i] for i in left]),
        {name: value for name, value in keywords.items() if name not in arguments.static},
    )
    return evolve(found, structure=tree.structure(traced), arguments=tuple([found.arguments[i] for i in left]))


def static_arguments(function: Any, positions: Any = (), names: Any = ()) -> Static:
    """Static arguments by position and by name, each known by the other too where the function declares it."""
    numbers = {positions} if isinstance(positions, int) else set(positions)
    words = {names} if isinstance(names, str) else set(names)
    try:
        declared = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        declared = []
    positional = [p.name for p in declared if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    numbers = {n + len(positional) if n < 0 else n for n in numbers}
    unknown_names = words - {p.name for p in declared}
    if declared and unknown_names and not any([p.kind is p.VAR_KEYWORD for p in declared]):
        raise BadArgument(
            f"jit was given static_argnames={sorted(unknown_names)!r}, which {function_place(function)[0]} does not "
            f"have. Its arguments are {', '.join(p.name for p in declared)}. Name one of them."
        )
    words |= {positional[n] for n in numbers if n < len(positional)}
    numbers |= {i for i, name in enumerate(positional) if name in words}
    return Static(function, frozenset(numbers), frozenset(words))


def differences(function: Any, key: Any, arguments: Arguments) -> list[str]:
    """In what a call differs from one that has a program."""
    (structure, *_), types, static = key
    if (structure, *_) != arguments.structure.key:
        return [f"the arguments form another tree: {arguments.structure} after {structure}"]
    named = [leaf_name(function, arguments.structure, i) for i in range(len(types))]
    changes = [
        f"{name} is {new!r} after {old!r}"
        for name, old, new in zip(named, types, arguments.types, strict=True)
        if old != new
    ]
    before = {k: v for k, _, v in static}
    changes += [
        f"the static argument {argument_name(function, k)} is {v!r} after {before.get(k)!r}"
        for k, v in arguments.static.items()
        if k not in before or before[k] != v or type(before[k]) is not type(v)
    ]
    return changes
