"""Recording: one run of a function with unknown arguments, of which the first call's numbers are examples."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import define, field

from funcgrad.graph.calls import Call
from funcgrad.graph.graph import Graph, closed
from funcgrad.graph.node import Node
from funcgrad.graph.op import example_of, for_later, fresh_leaf
from funcgrad.graph.places import Places
from funcgrad.graph.program import Guard, Path
from funcgrad.graph.provenance import text_at
from funcgrad.graph.tracing import Trace, Witness
from funcgrad.graph.types import Type, type_of
from funcgrad.rewrites.simplifying import simplified
from funcgrad.transforms.arguments import Arguments
from funcgrad.transforms.boundary import copied, outputs_of
from funcgrad.transforms.running import inlined


def traced(
    function: Callable[..., Any], arguments: Arguments, values: list[Any]
) -> tuple[Path, list[Node], "Answer | None", list[int]]:
    """The path that a function takes for these values, and the traced values it closes over.

    Then the answer, which is computed when it is asked for, None if there is none; and the questions.
    """
    with Call("jit", function, outlives=True) as call:
        trace = Trace(call)
        leaves = [leaf(call, trace, value, arguments, i) for i, value in enumerate(values)]
        args, keywords = arguments.filled(leaves)
        answers, structure = outputs_of(call, function(*args, **keywords))
        asked = [one for one in trace.asked if type(one.node) is Node]
        graph, captured = closed(call, [*[one.node for one in asked], *answers], leaves)
        # Of what it closes over there may be no example.
        example = None if captured else Answer(structure, [y.value if type(y) is Node else y for y in answers])
        if example is not None and not example.pending:
            example.known()
    places = Places()
    guards = tuple(
        [
            Guard(one.answer, text_at(*one.position[:2]) if one.position else "", places.at(one.position))
            for one in asked
        ]
    )
    graph = graph if captured else inlined(graph)
    questions = questions_of(graph, len(guards))
    return Path(graph if captured else simplified(graph), guards, structure), captured, example, questions


def asked_again(path: Path, outputs: Sequence[Any]) -> list[Any]:
    """The answers of a path; a transform around hears what Python's control flow asked about values of its own."""
    for value, guard in zip(outputs, path.guards, strict=False):
        if type(value) is Node:
            type(guard.answer)(value)
    return list(outputs[len(path.guards) :])


@define(eq=False)
class Answer:
    """The answer of the first call: a tree of values, some of which may have been left for later."""

    #: The tree.
    structure: Any
    #: The leaves: plain values, or types with examples.
    leaves: list[Any]
    #: The tree of plain values, once it is known.
    plain: list[Any] = field(init=False, factory=list)

    @property
    def pending(self) -> bool:
        """Whether a leaf was left for later: the program has it sooner."""
        return any([for_later(one) and type(one) is Type for one in self.leaves])

    def known(self) -> Any:
        """The tree of plain values, which share no memory with anything."""
        if not self.plain:
            self.plain.append(self.structure.unflatten([copied(example_of(one)) for one in self.leaves]))
        return self.plain[0]


def leaf(call: Call, trace: Trace, value: Any, arguments: Arguments, i: int) -> Node:
    """An unknown argument that the first call's value is an example of."""
    kind = type_of(value)
    example = value.copy() if type(value) is np.ndarray else value
    if type(example) is np.ndarray:
        example.flags.writeable = False
    path = arguments.structure.path(i)
    which = path[1].value
    structure = arguments.structure.children[path[0].value]
    position = i if path[0].value == 0 else i - arguments.structure.children[0].num_leaves
    keys = [key.value for key in structure.steps]
    at = keys.index(which)
    position -= sum([child.num_leaves for child in structure.children[:at]])
    witnessed = Type(kind.shape, kind.dtype, kind.weak, Witness(trace, example))
    return fresh_leaf(call, witnessed, which, position, structure.children[at])


def questions_of(graph: Graph, count: int) -> list[int]:
    """For each of the first `count` outputs, a number that tells apart what it is made of."""
    if not count:
        return []
    hashes = [hash(("input", i)) for i in range(len(graph.inputs))]
    hashes += [hash(constant) for constant in graph.constants]
    for step in graph.steps:
        hashes.append(hash((step.op, tuple([hashes[i] for i in step.args]))))
    return [hashes[i] for i in graph.outputs[:count]]
