"""Numbering: the values of all paths of a program under one set of numbers, and the order of their lines."""

from collections.abc import Sequence
from math import prod
from typing import Any

from attrs import define, field, frozen

from funcgrad.graph.graph import Constant, Step
from funcgrad.graph.op import Result, Weakness
from funcgrad.graph.program import Guard, Path
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.banding import Banded, Diagonal
from funcgrad.primitives.contracting import Einsum, MatMul
from funcgrad.primitives.indexing import Gather, Scatter
from funcgrad.primitives.kinds import Expand, Pointwise, Sum, thinned
from funcgrad.primitives.patching import Patches
from funcgrad.primitives.pointwise import Conjugate, PowerBy, Select
from funcgrad.primitives.reducing import Extreme, Truth
from funcgrad.primitives.shaping import Cast, Concatenate, Reshape, Stack, Windows

#: Operations whose answers have memory of their own.
FRESH = (
    Pointwise, PowerBy, Select, Sum, Extreme, Truth, MatMul, Einsum, Cast, Concatenate, Stack, Gather, Scatter,
    Conjugate, Banded,
)  # fmt: skip

#: Larger constants, in bytes, are compared by what they hold only where there are several paths.
COMPARED = 1 << 16


@frozen(eq=False)
class Line:
    """A step with shared numbers."""

    #: The step.
    step: Step
    #: The numbers of its arguments.
    args: tuple[int, ...]


@frozen(eq=False)
class Numbered:
    """A path whose values have the numbers of all paths together: what is computed in two paths alike is one value."""

    #: The path.
    path: Path
    #: For each value of its graph, the number that it has in all paths.
    shared: tuple[int, ...]

    @property
    def outputs(self) -> list[int]:
        """The values of the guards and of the answers."""
        return [self.shared[i] for i in self.path.graph.outputs]

    @property
    def answers(self) -> list[int]:
        """The values of the answers."""
        return self.outputs[len(self.path.guards) :]


@frozen(eq=False)
class Ask:
    """A guard of which one side was traced: the other is an error."""

    #: The value asked about.
    number: int
    #: The guard.
    guard: Guard


@frozen(eq=False)
class Fork:
    """A guard of which several sides were traced."""

    #: The value asked about.
    number: int
    #: The guard.
    guard: Guard
    #: What follows each answer.
    sides: tuple[tuple[bool | int, "Segment"], ...]


@frozen(eq=False)
class Segment:
    """Straight-line code: values in the order in which they are computed, and what comes after."""

    #: The numbers of the values, and guards between them.
    order: tuple[int | Ask, ...]
    #: A fork, or the path that is complete here.
    end: Fork | Numbered


@define(eq=False)
class Values:
    """All values of a program."""

    #: Numbers of values by what they are.
    numbers: dict[Any, int] = field(init=False, factory=dict)
    #: The types of values, or the constants themselves, by number.
    types: list[Any] = field(init=False, factory=list)
    #: The steps that make values, by number.
    made: dict[int, Line] = field(init=False, factory=dict)
    #: The values whose memory a value may be in, by number.
    roots: list[frozenset[int]] = field(init=False, factory=list)

    def number(self, what: Any, kind: Any) -> int:
        """The number of a value, new or known."""
        known = self.numbers.setdefault(what, len(self.types))
        if known == len(self.types):
            self.types.append(kind)
            self.roots.append(frozenset((known,)))
        return known

    def kind(self, number: int) -> Any:
        """The type of a value."""
        kind = self.types[number]
        return type_of(kind.value) if isinstance(kind, Constant) else kind

    def numbered(self, path: Path, alone: bool = False) -> Numbered:
        """`path` in numbers that are shared by all paths; `alone` if there is no other."""
        graph = path.graph
        shared = [self.number(("input", i), kind) for i, kind in enumerate(graph.inputs)]
        for one in graph.constants:
            large = alone and getattr(one.value, "nbytes", 0) > COMPARED
            shared.append(self.number(("constant", id(one.value) if large else one.key), one))
        for step in graph.steps:
            args = [shared[i] for i in step.args]
            if isinstance(step.op, Pointwise | Select):
                self.thin(args, step)
            shared.append(self.add(step, tuple(args)))
        return Numbered(path, tuple(shared))

    def add(self, step: Step, args: tuple[int, ...]) -> int:
        """The number of the answer of a step."""
        number = self.number((step.op, args), step.type)
        if number not in self.made:
            self.made[number] = Line(step, args)
            if type(step.type) is tuple or (step.type.shape and not isinstance(step.op, FRESH)):
                self.roots[number] = frozenset((number,)).union(*[self.roots[i] for i in args])
        return number

    def thin(self, args: list[int], step: Step) -> None:
        """Leave out each stretching of an argument that the operation does by itself, beside its other arguments."""
        for i, number in enumerate(args):
            line = self.made.get(number)
            if line is None or not isinstance(line.step.op, Expand) or self.kind(line.args[0]).weak:
                continue
            op, others = line.step.op, [self.kind(other).shape for k, other in enumerate(args) if k != i]
            if not reached(step.type.shape, op.shape, op.axes, others):
                continue
            (inner,) = line.args
            if self.kind(inner).shape and op.axes != tuple(range(len(op.axes))):
                shape = thinned(op.shape, op.axes)
                inner = self.add(Step(Reshape(shape), (), step.type.with_shape(shape), line.step.place), (inner,))
                self.types[inner] = Type(shape, self.kind(number).dtype)
            args[i] = inner

    def missing(self, wanted: Sequence[int], known: set[int]) -> list[int]:
        """All that `wanted` is made of and that is not known, which it now is: arguments have the smaller numbers."""
        stack, missing = list(wanted), set()
        while stack:
            number = stack.pop()
            if number in known or number in missing or number not in self.made:
                continue
            missing.add(number)
            stack.extend(self.made[number].args)
        known |= missing
        return sorted(missing)

    def segment(self, paths: list[Numbered], depth: int = 0, known: set[int] | None = None) -> Segment:
        """What paths have in common that agree on their first `depth` guards, then their sides, or the answers."""
        known = set() if known is None else known
        order: list[int | Ask] = []
        while depth < len(paths[0].path.guards):
            number, guard = paths[0].outputs[depth], paths[0].path.guards[depth]
            order += self.missing([number], known)
            sides: dict[Any, list[Numbered]] = {}
            for one in paths:
                sides.setdefault(one.path.guards[depth].answer, []).append(one)
            depth += 1
            if len(sides) > 1:
                after = [(answer, self.segment(side, depth, set(known))) for answer, side in sides.items()]
                return Segment(tuple(order), Fork(number, guard, tuple(after)))
            order.append(Ask(number, guard))
        order += self.missing(paths[0].answers, known)
        return Segment(tuple(order), paths[0])

    def stretched(self, number: int) -> bool:
        """Whether this may be a view in which elements share memory, or that NumPy made read-only."""
        while number in self.made and not isinstance(self.made[number].step.op, FRESH):
            if isinstance(self.made[number].step.op, Diagonal | Expand | Windows | Patches | Result):
                return True
            if not self.made[number].args or isinstance(self.made[number].step.op, Weakness):
                return False
            number = self.made[number].args[0]
        return False


def reached(
    answer: tuple[int, ...], shape: tuple[int, ...], axes: tuple[int, ...], others: list[tuple[int, ...]]
) -> bool:
    """Whether `others` alone give the answer its length along `axes` of an argument of this shape."""
    return all(
        [
            any([len(o) >= n - axis and o[axis - n] == answer[axis - n] for o in others])
            for n in [len(shape)]
            for axis in axes
        ]
    )


def bytes_of(kind: Any) -> int:
    """How many bytes an array of this type has, or the arrays of a tuple of types."""
    if type(kind) is tuple:
        return sum(map(bytes_of, kind))
    return int(prod(kind.shape) * kind.dtype.itemsize)
