"""Graph: a function as a value, closed and flat, that can be compared, hashed, digested, printed and run."""

from collections.abc import Hashable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from attrs import field, frozen

from funcgrad.errors import EscapedNode
from funcgrad.graph.calls import Call, running
from funcgrad.graph.node import History, Node
from funcgrad.graph.op import Leaf, Op, unknown
from funcgrad.graph.places import Place, Places
from funcgrad.graph.types import Type, digest_of, dtype_name, key_of, type_of

birth = attrgetter("birth")


def since(call: Call, roots: Sequence[History]) -> list[History]:
    """All between the leaves of `call` and `roots`, these included, oldest first: birth order is topological."""
    found = {root for root in roots if call in root.calls and root.birth > call.birth}
    stack, accepted = list(found), None
    while stack:
        for a in stack.pop().args:
            if type(a) is Node:
                a = a.history
            elif type(a) is not History:
                continue
            if a not in found and (a.calls is accepted or call in a.calls) and a.birth > call.birth:
                accepted = a.calls
                found.add(a)
                stack.append(a)
    return sorted(found, key=birth)


def in_order(a: Any) -> Any:
    """An array with its bytes in the order in which they are digested and saved: the little end first."""
    return np.asarray(a, a.dtype.newbyteorder("<"))


@frozen(eq=False, repr=False)
class Constant:
    """A plain array or number inside a graph; two are one if dtype, shape and every bit agree."""

    #: The array, read-only, or the number.
    value: Any

    @property
    def key(self) -> Hashable:
        """What tells constants apart."""
        if isinstance(self.value, np.ndarray | np.generic):
            return (dtype_name(self.value.dtype), self.value.shape, digest_of(in_order(self.value).tobytes()))
        return key_of(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return repr(self.value) if np.ndim(self.value) == 0 else f"constant {type_of(self.value)!r}"


@frozen(repr=False)
class Step:
    """One line of a graph."""

    #: The operation.
    op: Op
    #: The values it takes, by number: inputs are numbered first, then constants, then the answers of steps.
    args: tuple[int, ...]
    #: The type of its answer.
    type: Any
    #: Where it was written, and the variable that the answer went to; no part of what the step is.
    place: Place | None = field(default=None, eq=False)


@frozen(repr=False)
class Graph:
    """A function as straight-line code: inputs, constants, steps, outputs.

    >>> import numpy as np
    >>> from funcgrad.transforms.staging import graph_of
    >>> graph = graph_of(lambda x: np.sin(x) * x, 1.0)
    >>> graph
    v0: weak float64
    v1 = sin(v0)
    v2 = multiply(v1, v0)
    return v2
    >>> graph(2.0)
    (np.float64(1.8185948536513634),)
    >>> graph == graph_of(lambda y: np.sin(y) * y, 3.0)
    True
    """

    #: The types of the inputs, those of captured values last.
    inputs: tuple[Type, ...]
    #: The constants.
    constants: tuple[Constant, ...]
    #: The steps, each using only earlier values.
    steps: tuple[Step, ...]
    #: The values returned, by number.
    outputs: tuple[int, ...]

    def __call__(self, *inputs: Any) -> tuple[Any, ...]:
        values = [*inputs, *[constant.value for constant in self.constants]]
        for step in self.steps:
            values.append(step.op(*[values[i] for i in step.args]))
        return tuple([values[i] for i in self.outputs])

    @property
    def output_types(self) -> tuple[Any, ...]:
        """The types of the outputs."""
        kinds = [*self.inputs, *[type_of(one.value) for one in self.constants], *[step.type for step in self.steps]]
        return tuple([kinds[i] for i in self.outputs])

    @property
    def digest(self) -> str:
        """The SHA-256 of the content: equal graphs have equal digests, in every process and on every machine."""
        content = (
            [repr(kind) for kind in self.inputs],
            [constant.key for constant in self.constants],
            [(step.op.key, step.args) for step in self.steps],
            self.outputs,
        )
        return digest_of(repr(content).encode())

    def __repr__(self) -> str:
        lines = [f"v{i}: {kind!r}" for i, kind in enumerate(self.inputs)]
        names = [f"v{i}" for i in range(len(self.inputs))] + [repr(constant) for constant in self.constants]
        for step in self.steps:
            names.append(f"v{len(names) - len(self.constants)}")
            lines.append(f"{names[-1]} = {step.op!r}({', '.join(names[i] for i in step.args)})")
        return "\n".join([*lines, f"return {', '.join(names[i] for i in self.outputs)}"])


def closed(call: Call, answers: list[Any], leaves: list[Node]) -> tuple[Graph, list[Node]]:
    """The graph from `leaves` to `answers`, and the captured nodes, which it takes as further inputs.

    Closure conversion: a node that is made of no leaf of `call` is captured if a call still running may ask for its
    derivative; otherwise it is a constant.
    """
    order = [
        h
        for h in since(call, [y.history for y in answers if type(y) is Node])
        if getattr(h.op, "call", None) is not call
    ]
    captured, constants = _outside(call, order, answers)
    numbers: dict[Any, int] = {}
    for node in (*leaves, *captured):
        numbers.setdefault(node.history, len(numbers))
    inputs = len(leaves) + len(captured)
    for i, leaf in enumerate(leaves):
        numbers[leaf.history] = i
    for i, node in enumerate(captured):
        numbers[node.history] = len(leaves) + i
    positions = {id(value): inputs + i for i, value in enumerate(constants)}

    def number(a: Any) -> int:
        history = a.history if type(a) is Node else a
        if type(history) is History and history in numbers:
            return numbers[history]
        return positions[id(_constant(a))]

    steps: list[Step] = []
    places = Places()
    for h in order:
        if isinstance(h.op, Leaf):  # a leaf of an inner call is its argument under another name
            numbers[h] = number(h.args[0])
            continue
        steps.append(Step(h.op, tuple([number(a) for a in h.args]), bare(h.answer), places.of(h.answer)))
        numbers[h] = inputs + len(constants) + len(steps) - 1
    kinds = tuple([type_of(node).bare() for node in (*leaves, *captured)])
    graph = Graph(kinds, tuple(map(Constant, constants)), tuple(steps), tuple([number(y) for y in answers]))
    return graph, captured


def bare(kind: Any) -> Any:
    """A type, or a tuple of types, without what a trace knew."""
    return tuple([one.bare() for one in kind]) if type(kind) is tuple else type_of(kind).bare()


def _outside(call: Call, order: list[History], answers: list[Any]) -> tuple[list[Node], list[Any]]:
    """What a graph takes from outside: the captured nodes, and the constants."""
    captured: dict[History, Node] = {}
    constants: dict[int, Any] = {}
    for a in [*[a for h in order for a in h.args], *answers]:
        if type(a) is Node:
            if call in a.history.calls:
                continue
            if running(a.history.calls):
                captured.setdefault(a.history, a)
                continue
            if unknown(a.value):
                raise EscapedNode(
                    "A traced value of a call that has ended is used by a function being staged. It has no number. "
                    "Pass what you need as an argument."
                )
        elif type(a) is History:
            continue
        value = _constant(a)
        constants.setdefault(id(value), value)
    return list(captured.values()), list(constants.values())


def _constant(a: Any) -> Any:
    return a.value if type(a) is Node else a
