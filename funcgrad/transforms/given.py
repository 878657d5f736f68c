"""Given: what a function with rules is called with, taken apart; and what tells such calls apart."""

from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import tree
from funcgrad.graph.provenance import leaf_path
from funcgrad.graph.types import NUMBERS, key_of
from funcgrad.primitives.kinds import zeros_like
from funcgrad.transforms.boundary import numeric

Values = Sequence[Any]


@frozen(eq=False)
class Given:
    """The arguments of one call: the tree of those that may be differentiated, and all that is fixed."""

    #: The function.
    function: Callable[..., Any]
    #: The tree of the arguments that are not fixed.
    structure: tree.Structure
    #: Leaves of it that are no numbers, by place.
    statics: dict[int, Any]
    #: The fixed arguments, by position.
    fixed: dict[int, Any]

    @property
    def parts(self) -> tuple[Any, ...]:
        """What tells it apart."""
        return (self.structure, tuple(self.statics.items()), tuple(self.fixed.items()))

    @property
    def places(self) -> list[int]:
        """The leaves that are numbers."""
        return [i for i in range(len(self.structure)) if i not in self.statics]

    @property
    def positions(self) -> list[int]:
        """The positions of the arguments that are not fixed."""
        return [i for i in range(len(self.structure.children) + len(self.fixed)) if i not in self.fixed]

    def free(self, leaves: Values, statics: Any = None) -> tuple[Any, ...]:
        """The trees of the arguments that are not fixed."""
        statics = self.statics if statics is None else statics
        numbers = iter(leaves)
        filled = [statics[i] if i in statics else next(numbers) for i in range(len(self.structure))]
        free: tuple[Any, ...] = self.structure.unflatten(filled)
        return free

    def whole(self, leaves: Values) -> list[Any]:
        """All arguments, in order."""
        free = iter(self.free(leaves))
        count = len(self.structure.children) + len(self.fixed)
        return [self.fixed[i] if i in self.fixed else next(free) for i in range(count)]

    def tangents(self, dots: Values, args: Values) -> tuple[Any, ...]:
        """The trees of tangents of the arguments that are not fixed, zeros where one does not move."""
        filled = [zeros_like(a) if dot is None else dot for dot, a in zip(dots, args, strict=True)]
        return self.free(filled, dict.fromkeys(self.statics))

    def path(self, place: int) -> str:
        """The name of a leaf, such as params['w'], by its place among the leaves that are numbers."""
        path = self.structure.paths()[self.places[place]]
        position = self.positions[path[0].value]
        child, below = self.structure.children[path[0].value], path[1:]
        return leaf_path(self.function, position, child, child.paths().index(below))


def given(function: Callable[..., Any], args: Sequence[Any], fixed: Sequence[int] = ()) -> tuple[Given, list[Any]]:
    """The arguments taken apart, and the leaves that are numbers."""
    free = tuple([a for i, a in enumerate(args) if i not in fixed])
    leaves, structure = tree.flatten(free)
    statics = {i: leaf for i, leaf in enumerate(leaves) if not numeric(leaf)}
    numbers = [leaf for i, leaf in enumerate(leaves) if i not in statics]
    return Given(function, structure, statics, {i: args[i] for i in fixed}), numbers


# ---- identity -------------------------------------------------------------------------------------------------------
def identity(value: Any, seen: tuple[int, ...] = ()) -> Any:
    """What tells functions apart: code and what it closes over, so that one made anew in every call stays one."""
    if id(value) in seen:
        return "again"
    seen = (*seen, id(value))
    if isinstance(value, FunctionType):
        cells = [contents(cell) for cell in value.__closure__ or ()]
        return (value.__code__, *[identity(one, seen) for one in (*cells, *(value.__defaults__ or ()))])
    if isinstance(value, partial):
        parts = (value.func, *value.args, *value.keywords.values())
        return ("partial", tuple(value.keywords), *[identity(one, seen) for one in parts])
    if hasattr(value, "parts"):
        return (type(value).__name__, *[identity(one, seen) for one in value.parts])
    if isinstance(value, tree.Structure):
        return value.key
    if value is None or type(value) in (str, bytes, type) or type(value) in NUMBERS or isinstance(value, np.generic):
        return key_of(value)
    if type(value) is tuple:
        return tuple([identity(one, seen) for one in value])
    return ("object", id(value))


def contents(cell: Any) -> Any:
    """What a closure's cell holds, None if nothing yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
