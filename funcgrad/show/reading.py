"""Reading: one run of a function with its values, and the gradient of each, as a sheet."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import numpy as np
from attrs import define, evolve, field

from funcgrad import tree
from funcgrad.errors import BadArgument, EscapedNode, UnknownValue
from funcgrad.graph.calls import Call, frozen_array
from funcgrad.graph.graph import Graph, closed, since
from funcgrad.graph.node import History, Node
from funcgrad.graph.op import Leaf
from funcgrad.graph.places import Places
from funcgrad.graph.program import Guard
from funcgrad.graph.provenance import foreign, function_place, text_at
from funcgrad.graph.tracing import Position, Trace
from funcgrad.graph.types import Type, type_of
from funcgrad.show.sheet import Called, Sheet, Value
from funcgrad.show.sweeping import real_scalar, swept
from funcgrad.transforms.arguments import Arguments, Static, signature
from funcgrad.transforms.boundary import numeric, outputs_of
from funcgrad.transforms.recording import leaf

Function = Callable[..., Any]

#: What Python runs as functions of its own, or not, by version.
COMPREHENSIONS = {"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"}


@define(eq=False, repr=False)
class Watching(Trace):
    """A trace that remembers the calls of the user's functions around each operation."""

    #: The frame of the library's that the function is called from.
    outside: FrameType | None = None

    def position(self) -> Position | None:
        here = Trace.position(self)
        if here is None or self.replayed is not None:
            return here
        frames, within = self.frames()
        # the line that asked for the drawing is not its own
        return here._replace(frames=frames, within=within) if frames else None

    def frames(self) -> tuple[tuple[tuple[FrameType, int], ...], FrameType | None]:
        """The running frames of the user's, outermost first, each with its line; and the one of ours called by them."""
        found: list[tuple[FrameType, int]] = []
        within: FrameType | None = None
        inside, frame = True, sys._getframe(1)
        while frame is not self.outside and frame.f_back is not None:
            if foreign(frame.f_code):
                inside = False
                if frame.f_code.co_name not in COMPREHENSIONS:
                    found.append((frame, frame.f_lineno))
            elif inside:
                within = frame
            frame = frame.f_back
        return tuple(reversed(found)), within


def check_function(f: Any, made: str, name: str) -> None:
    """Refuse what is no function where a picture of one is to be made."""
    if not callable(f):
        raise BadArgument(
            f"{name} was given {type(f).__name__}, which is no function. A {made} is of a function at its arguments. "
            f"Give the function first, and then the arguments: {name}(f)(2.0, 3.0)."
        )


def sheet_of(function: Function, args: tuple[Any, ...], keywords: dict[str, Any]) -> Sheet:
    """The sheet of one run of a function: its values, and the gradient of each if the answer is one real number.

    Arguments that hold something else than numbers are passed as they are. A whole argument that is a Python int counts
    as a float if no argument is real: as with `grad`.
    """
    static = static_of(function, args, keywords)
    if not any([real(leaf) for leaf in tree.leaves((args, keywords))]):
        args = tuple([float(a) if type(a) is int else a for a in args])
        keywords = {key: float(a) if type(a) is int else a for key, a in keywords.items()}
    arguments = static.parted(args, keywords)
    plain = [held(value.value if type(value) is Node else value) for value in arguments.values]
    name, where = function_place(function)
    if any([type(value) is Type for value in plain]):
        raise UnknownValue(
            f"{name}{where} was to be drawn inside of another transform, which knows no numbers yet. A drawing shows "
            "numbers. Draw the outer function: draw(vmap(f)) in place of vmap(draw(f))."
        )
    if not plain:
        raise BadArgument(
            f"{name}{where} was to be drawn without numbers among its arguments. A drawing is of one evaluation. "
            "Call it as the function is called: draw(f)(2.0, 3.0)."
        )
    graph, positions, guards = recorded(function, arguments, plain)
    values = evaluated(graph, plain)
    scalar = len(graph.outputs) == 1 and real_scalar(values[graph.outputs[0]])
    bars, shares = swept(graph, values) if scalar else ({}, ())
    described = Describing(graph, positions)
    names = signature(function, arguments).names
    named = described.values(values, names)
    gradients = [gradient_of(value, bars, scalar) for value in named]
    return Sheet(
        name,
        graph,
        tuple([evolve(value, gradient=gradient) for value, gradient in zip(named, gradients, strict=True)]),
        graph.outputs,
        shares,
        guards,
    )


def held(value: Any) -> Any:
    """A value that nobody changes any more."""
    return frozen_array(value.copy()) if type(value) is np.ndarray else value


def static_of(function: Function, args: tuple[Any, ...], keywords: dict[str, Any]) -> Static:
    """Which arguments are passed as they are: those that hold something else than numbers."""

    def odd(a: Any) -> bool:
        return not all([numeric(leaf) for leaf in tree.leaves(a)])

    positions = frozenset([i for i, a in enumerate(args) if odd(a)])
    return Static(function, positions, frozenset([name for name, a in keywords.items() if odd(a)]))


def real(leaf: Any) -> bool:
    """Whether a leaf is real or complex."""
    return numeric(leaf) and type_of(leaf).dtype.kind in "fc"


def recorded(
    function: Function, arguments: Arguments, plain: list[Any]
) -> tuple[Graph, list[Position | None], tuple[Guard, ...]]:
    """The graph of a run; where each of its steps was written; and what Python asked."""
    with Call("draw", function, outlives=True) as call:
        trace = Watching(call, sys._getframe())
        leaves = [leaf(call, trace, value, arguments, i) for i, value in enumerate(plain)]
        args, keywords = arguments.filled(leaves)
        answers, _ = outputs_of(call, function(*args, **keywords))
        graph, captured = closed(call, answers, leaves)
        order = since(call, [y.history for y in answers if type(y) is Node])
    if captured:
        raise EscapedNode(
            f"{function_place(function)[0]} was to be drawn inside of another transform, whose values it closes over. "
            "A drawing shows numbers. Draw the outer function, or pass the value as an argument."
        )
    positions = [position_of(h) for h in order if not isinstance(h.op, Leaf)]
    asked = [one for one in trace.asked if type(one.node) is Node]
    places = Places()
    guards = [
        Guard(one.answer, text_at(*one.position[:2]) if one.position else "", places.at(one.position)) for one in asked
    ]
    return graph, positions, tuple(guards)


def position_of(h: History) -> Position | None:
    """Where the answer of a history was written."""
    kind = h.answer[0] if type(h.answer) is tuple else h.answer
    witness = getattr(kind, "witness", None)
    return None if witness is None else witness.position


def evaluated(graph: Graph, inputs: list[Any]) -> list[Any]:
    """All values of a graph."""
    values = [*inputs, *[constant.value for constant in graph.constants]]
    for step in graph.steps:
        values.append(step.op(*[values[i] for i in step.args]))
    return values


def gradient_of(value: Value, bars: dict[int, Any], scalar: bool) -> Any:
    """The gradient of a value: zero for a real input that the answer does not depend on; None if it has none."""
    if type(value.value) is tuple:
        return None
    bar = bars.get(value.number)
    if bar is None and scalar and value.kind == "input" and real(value.value):
        return np.zeros_like(value.value)[()]
    return bar


@define(eq=False)
class Describing:
    """Names the values of a graph, and says where each comes from."""

    #: The graph.
    graph: Graph
    #: Where each step was written.
    positions: list[Position | None]
    #: Names that are taken.
    taken: set[str] = field(init=False, factory=set)
    #: How often a name was wished for.
    wishes: Counter[str] = field(init=False, factory=Counter)
    #: The number of each frame, as they are met.
    frames: dict[FrameType, int] = field(init=False, factory=dict)
    #: How many frames, the outermost, are around every step: the innermost of these is the drawn function's.
    common: int = field(init=False)

    #: The last step that each call of the library's made; in the sweep backwards and else.
    last: dict[tuple[int, bool], int] = field(init=False)

    @last.default
    def _last(self) -> dict[tuple[int, bool], int]:
        return {(id(p.within), p.replayed): k for k, p in enumerate(self.positions) if p is not None}

    @common.default
    def _common(self) -> int:
        stacks = [[frame for frame, _ in p.frames] for p in self.positions if p and p.frames]
        first = stacks[0] if stacks else []
        return next(
            (i for i, frame in enumerate(first) if any([one[i : i + 1] != [frame] for one in stacks])), len(first)
        )

    def values(self, values: list[Any], names: Sequence[str]) -> list[Value]:
        """The values described, without their gradients."""
        graph, described = self.graph, []
        inputs, given = len(graph.inputs), len(graph.inputs) + len(graph.constants)
        wished = [*names, *["constant"] * len(graph.constants), *map(self.variable, range(len(graph.steps)))]
        self.taken |= set(names)
        for number, value in enumerate(values):
            plain = inputs <= number < given and np.ndim(value) == 0
            name = names[number] if number < inputs else str(value) if plain else self.name(wished[number])
            if number < given:
                kind = "input" if number < inputs else "constant"
                described.append(Value(number, kind, name, kind == "input", value))
                continue
            step, position = graph.steps[number - given], self.positions[number - given]
            calls, line = self.around(position)
            described.append(
                Value(
                    number,
                    "operation",
                    name,
                    bool(wished[number]),
                    value,
                    step.op,
                    step.args,
                    place=step.place,
                    calls=calls,
                    line=line,
                    backward=bool(position and position.replayed),
                )
            )
        return described

    def variable(self, k: int) -> str:
        """The variable that the answer of a step goes to; empty if there is none.

        Of several steps that one call of the library's is made of the last has the variable.
        """
        step, position = self.graph.steps[k], self.positions[k]
        if position is None or step.place is None or self.last[id(position.within), position.replayed] != k:
            return ""
        return step.place.variable

    def name(self, wish: str) -> str:
        """A new name like `wish`; v1, v2, ... where nothing is wished for."""
        k = self.wishes[wish] or 1
        name = wish or f"v{k}"
        while name in self.taken:
            k += 1
            name = f"{wish}_{k}" if wish else f"v{k}"
        self.wishes[wish] = k
        self.taken.add(name)
        return name

    def around(self, position: Position | None) -> tuple[tuple[Called, ...], int]:
        """The calls of the user's functions around a step, and the line of the drawn function that it belongs to."""
        if position is None or not position.frames:
            return (), 0
        own = max(self.common - 1, 0)
        calls = [
            Called(self.frames.setdefault(frame, len(self.frames)), frame.f_code.co_name, line)
            for frame, line in position.frames[self.common :]
        ]
        return tuple(calls), position.frames[own][1] if self.common else 0
