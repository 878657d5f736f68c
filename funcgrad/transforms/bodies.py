"""Bodies: the functions inside loops and choices, each a closed graph that an operation holds."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import evolve, field, frozen

from funcgrad.errors import BadAnswer
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import Graph, closed
from funcgrad.graph.node import Node
from funcgrad.graph.op import Result, fresh_leaf, strong, weak
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import stretched
from funcgrad.rewrites.simplifying import simplified
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.boundary import outputs_of
from funcgrad.transforms.running import inlined, written


@frozen(eq=False, repr=False)
class Body:
    """A graph that an operation holds as a field, with what has been made of it so far."""

    #: The graph.
    graph: Graph
    #: The callable, and the operations of its derivatives and batches, by what was asked for.
    made: dict[Any, Any] = field(init=False, factory=dict)

    @property
    def key(self) -> Any:
        """What makes two bodies one."""
        return ("Body", self.once("digest", lambda: self.graph.digest))

    @property
    def kinds(self) -> tuple[Any, ...]:
        """The types of the answers."""
        kinds: tuple[Any, ...] = self.once("kinds", lambda: self.graph.output_types)
        return kinds

    @property
    def callable(self) -> Callable[..., tuple[Any, ...]]:
        """The program, from plain values to a tuple of plain values."""
        program: Callable[..., tuple[Any, ...]] = self.once("callable", self.compiled)
        return program

    def compiled(self) -> Callable[..., tuple[Any, ...]]:
        """The program, which knows its text, so that a program around it can be written out."""
        text = written(self.graph)
        program = text.compiled()
        program.emitted = text  # type: ignore[attr-defined]  # a function may carry its text
        return program

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` makes, the first time."""
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def __reduce__(self) -> Any:
        return Body, (self.graph,)

    def __repr__(self) -> str:
        return f"<graph of {len(self.graph.steps)} steps>"


def staged(kinds: Sequence[Any], function: Callable[..., Sequence[Any]]) -> Body:
    """The body of a function of flat values, made by the library itself: it closes over no traced value."""
    with Call("stage", function, outlives=True) as call:
        leaves = [fresh_leaf(call, kind.bare()) for kind in kinds]
        return Body(simplified(inlined(closed(call, list(function(*leaves)), leaves)[0])))


def traced(
    transform: str, function: Callable[..., Any], arguments: Sequence[tuple[Any, Sequence[Type]]]
) -> tuple[Graph, list[Node], Any]:
    """The graph of a user's function of trees, given the structure and the leaves' types of each argument.

    Then the traced values it closes over, which the graph takes last; and the structure of the answer.
    """
    with Call(transform, function, outlives=True) as call:
        leaves: list[Node] = []
        trees = []
        for i, (structure, kinds) in enumerate(arguments):
            new = [fresh_leaf(call, kind.bare(), i, k, structure) for k, kind in enumerate(kinds)]
            trees.append(structure.unflatten(new))
            leaves += new
        answer = function(*trees)
        if answer is None:
            name, where = function_place(function)
            raise BadAnswer(
                f"{name}{where} returned None to {transform}. Is a return missing? Return what the next step takes."
            )
        values, structure = outputs_of(call, answer)
        graph, captured = closed(call, values, leaves)
    return simplified(inlined(graph)), captured, structure


def reached(graph: Graph, marks: Sequence[bool], slopes: bool = False) -> list[bool]:
    """Which answers of a graph are made of the marked inputs; with `slopes`, so that a derivative may pass."""
    below: list[Any] = [*marks, *[False] * len(graph.constants)]
    for step in graph.steps:
        own = [below[i] for i in step.args]
        op: Any = step.op
        if slopes and op.loops:
            below.append(op.moved(own))
        elif type(op) is Result and type(own[0]) is tuple:
            below.append(own[0][op.index])
        else:
            below.append(any(own) and not (slopes and op.constant))
    return [below[i] for i in graph.outputs]


def read(graph: Graph) -> list[int]:
    """The inputs that a graph reads."""
    numbers = {*graph.outputs, *[i for step in graph.steps for i in step.args]}
    return [i for i in range(len(graph.inputs)) if i in numbers]


def spread(graph: Graph, marks: Sequence[bool], carries: int, slopes: bool = False) -> list[bool]:
    """The marks of a loop's inputs once no step adds to them: what a step gives a mark, the next one takes marked."""
    marks = list(marks)
    while True:
        new = [a or b for a, b in zip(marks[:carries], reached(graph, marks, slopes)[:carries], strict=True)]
        if new == marks[:carries]:
            return marks
        marks[:carries] = new


def advanced(graph: Graph, carries: int, used: Sequence[int]) -> tuple[Body, frozenset[int]]:
    """The step of those carries alone that are read, others standing still; and which inputs lead to these carries."""
    moving = {i for i in used if i < carries}
    while True:
        outputs = tuple([graph.outputs[i] if i in moving else i for i in range(carries)])
        found = simplified(evolve(graph, outputs=tuple([outputs[i] for i in sorted(moving)])))
        taken = frozenset(read(found))
        if moving.issuperset([i for i in taken if i < carries]):
            return Body(simplified(evolve(graph, outputs=outputs))), taken | moving  # the first carries are read too
        moving |= {i for i in taken if i < carries}


def blank(kind: Type) -> Any:
    """A value of a type that nothing reads."""
    return kind.promoting()(0) if kind.weak else np.broadcast_to(kind.dtype.type(0), kind.shape)[()]


def as_kind(value: Any, kind: Type) -> Any:
    """A value of the same shape and dtype, as NumPy's number or as Python's."""
    return weak(value) if kind.weak else strong(value)


def fitted(value: Any, kind: Type) -> Any:
    """A value at a type's shape and dtype."""
    return value if type_of(value) == kind else fit(value, kind, stretch=True)


def agree(kinds: Sequence[Any], wanted: Sequence[Any]) -> None:
    """Refuse arguments, of a program that was read, that do not fit the graph they go into."""
    if [kind[:2] for kind in kinds] != [kind[:2] for kind in wanted]:
        raise TypeError(f"a graph of {list(wanted)} was given {list(kinds)}")


def stacked(kind: Type, size: int) -> Type:
    """The type of so many values of a type along axis 0."""
    return Type((size, *kind.shape), kind.dtype)


def batched(graph: Graph, size: int, marks: Sequence[bool], inputs: Sequence[Any]) -> list[tuple[Any, bool]]:
    """Each answer of a graph whose marked inputs are batches, and whether it is one."""
    values: list[Any] = [*inputs, *[constant.value for constant in graph.constants]]
    below = [*marks, *[False] * len(graph.constants)]
    for step in graph.steps:
        which, own = tuple([below[i] for i in step.args]), tuple([values[i] for i in step.args])
        values.append(step.op.batched(size, which, own) if any(which) else step.op(*own))
        below.append(any(which))
    return [(values[i], below[i]) for i in graph.outputs]


def all_batched(graph: Graph, size: int, marks: Sequence[bool], inputs: Sequence[Any]) -> list[Any]:
    """The answers of a graph whose marked inputs are batches, each a batch."""
    kinds = graph.output_types
    return [
        fitted(y if one else stretched(y, size), stacked(kind, size))
        for (y, one), kind in zip(batched(graph, size, marks, inputs), kinds, strict=True)
    ]
