"""Entering: the way from a call's arguments to the leaves of a program, written out for one signature."""

from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, NoneType
from typing import Any

import numpy as np
from attrs import define, field

from funcgrad import tree
from funcgrad.errors import UntracedPath
from funcgrad.graph.types import WEAK

#: Classes of static arguments that are seen to be what they were, and whether each is equal to itself alone.
SAME = dict.fromkeys((FunctionType, BuiltinFunctionType, np.ufunc, type, NoneType, bool), True) | {
    int: False,
    str: False,
}
#: Python's numbers by their dtypes.
NUMBER = {dtype: kind for kind, dtype in WEAK.items()}


def entrance(structure: Any, types: Any, static: Any, program: Any) -> Callable[..., Any] | None:
    """A function of (args, keywords) that runs the program, or returns NotImplemented for another signature.

    None for trees of other classes than tuple, list, dict and records, which are taken apart by the general way; and
    for static arguments that are not functions, classes, words, whole numbers, truth values or None.
    """
    writer = Entrance(list(types))
    positional, named = structure.children
    keys = named.keys or ()
    if not plain(structure) or not all([type(value) in SAME for value in static.values()]):
        return None
    writer.line(f"if len(args) != {len(positional.children)} or len(keywords) != {len(keys)}: return NotImplemented")
    parts = [(i, f"args[{i}]", child) for i, child in enumerate(positional.children)]
    parts += [(key, f"keywords[{key!r}]", child) for key, child in zip(keys, named.children, strict=True)]
    for where, text, child in parts:
        if where in static:
            writer.fixed(text, static[where])
        else:
            writer.take(text, child)
    leaves = ", ".join(writer.leaves)
    lines = [
        "def enter(args, keywords):",
        "    try:",
        *[f"        {line}" for line in writer.lines],
        "    except (KeyError, AttributeError):",
        "        return NotImplemented",
        "    try:",
        f"        return (program.program or program.compiled())({leaves})",
        "    except UntracedPath:",
        "        return NotImplemented",
    ]
    namespace = {
        **writer.namespace,
        "program": program,
        "ndarray": np.ndarray,
        "NoneType": NoneType,
        "UntracedPath": UntracedPath,
    }
    exec(compile("\n".join(lines), "<funcgrad entrance>", "exec"), namespace)
    function: Callable[..., Any] = namespace["enter"]
    return function


def plain(structure: Any) -> bool:
    """Whether a tree is made of tuples, lists, dicts, None and records alone."""
    if structure.static or not (structure.cls in (tuple, list, dict, object, type(None)) or record(structure)):
        return False
    return all([plain(child) for child in structure.children])


def record(structure: Any) -> bool:
    """Whether a container is a named tuple, an attrs class or a dataclass, with its fields as children."""
    return structure.keys is not None and structure.cls not in tree.KINDS


@define(eq=False)
class Entrance:
    """Writes the tests of a signature."""

    #: The types of the leaves.
    types: list[Any]
    #: The lines so far.
    lines: list[str] = field(init=False, factory=list)
    #: The names of leaves so far.
    leaves: list[str] = field(init=False, factory=list)
    #: How many names there are.
    count: int = field(init=False, default=0)
    #: What the names of shapes and dtypes stand for.
    namespace: dict[str, Any] = field(init=False, factory=dict)

    def line(self, text: str) -> None:
        """Write a line."""
        self.lines.append(text)

    def take(self, text: str, structure: Any) -> None:
        """Write the test of one part, found by the expression `text`, and of all below it."""
        name = f"v{self.count}"
        self.count += 1
        self.line(f"{name} = {text}")
        if structure.cls is object:
            self.leaf(name)
            return
        kind = structure.cls.__name__
        if structure.cls is type(None):
            self.line(f"if {name} is not None: return NotImplemented")
            return
        if record(structure):
            kind = f"{kind}_{self.count}"
            self.namespace[kind] = structure.cls
            self.line(f"if type({name}) is not {kind}: return NotImplemented")
            for step, child in zip(structure.steps, structure.children, strict=True):
                self.take(f"{name}.{step.value}", child)
            return
        self.line(f"if type({name}) is not {kind} or len({name}) != {len(structure.children)}: return NotImplemented")
        for step, child in zip(structure.steps, structure.children, strict=True):
            self.take(f"{name}[{step.value!r}]", child)

    def fixed(self, text: str, value: Any) -> None:
        """Write the test of a static argument: of the same class, and the same or equal to it."""
        name = f"s{len(self.namespace)}"
        self.namespace[name] = value
        self.namespace[f"{name}_class"] = type(value)
        test = f"{text} is not {name}" if SAME[type(value)] else f"type({text}) is not {name}_class or {text} != {name}"
        self.line(f"if {test}: return NotImplemented")

    def leaf(self, name: str) -> None:
        """Write the test of a leaf."""
        kind = self.types[len(self.leaves)]
        self.leaves.append(name)
        if kind.shape:
            dtype = f"d{kind.dtype.num}" + ("" if kind.dtype.isnative else "_swapped")
            self.namespace[dtype] = kind.dtype
            self.line(
                f"if type({name}) is not ndarray or {name}.shape != {kind.shape} or {name}.dtype is not {dtype}: "
                "return NotImplemented"
            )
            return
        cls = NUMBER[kind.dtype] if kind.weak else bool if kind.dtype == bool else kind.dtype.type
        self.namespace[cls.__name__] = cls
        self.line(f"if type({name}) is not {cls.__name__}: return NotImplemented")
