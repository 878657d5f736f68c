"""Running a graph as one operation: what `jit` is under the other transforms."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from attrs import evolve, field, frozen

from funcgrad import tree
from funcgrad.backends.emitting import Emitted, emitted
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import Graph, Step, closed
from funcgrad.graph.node import Node
from funcgrad.graph.op import Op, Result, fresh_leaf
from funcgrad.graph.program import Path, Signature
from funcgrad.primitives.kinds import stretched
from funcgrad.rewrites.simplifying import simplified
from funcgrad.sweeps.edges import fit
from funcgrad.sweeps.fold import pushforward
from funcgrad.sweeps.pullback import pullback
from funcgrad.transforms.boundary import bars_of
from funcgrad.transforms.derivatives import dots_of


@frozen(eq=False, repr=False)
class Run(Op):
    """z = the answers of a graph.  Its pullback and pushforward are graphs again, staged when first asked for."""

    #: The graph.
    graph: Graph
    #: How many of its outputs are answers; those after them are values that the pullback reads.
    answers: int
    #: The pullback of the answers, which takes the arguments, those values and the cotangents; None to stage it.
    backward: Graph | None = None
    #: What has been made of the graph so far: the callable, and the graphs of derivatives.
    made: dict[Any, Any] = field(factory=dict)

    several: ClassVar[bool] = True
    reads_answer: ClassVar[bool] = True
    keeps_weak: ClassVar[bool] = True

    @property
    def key(self) -> Any:
        return ("Run", self.graph.digest)

    @property
    def name(self) -> str:
        return "run"

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` makes, the first time."""
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def run(self, *args: Any) -> Any:
        return self.once("compiled", lambda: compiled(self.graph))(*args)

    def infer(self, *args: Any) -> Any:
        return self.graph.output_types

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        arrived = tuple([i for i, one in enumerate(zbar) if one is not None])
        kinds, key = self.graph.output_types, ("pull", arrived, tuple(wanted))
        zbars = [fit(zbar[i], kinds[i]) for i in arrived]
        if self.backward is not None and arrived == inexact(kinds[: self.answers]):
            op = self.once(key, lambda: alone(picked(self.backward, wanted, inexact(self.graph.inputs))))
            return list(op(*args, *z[self.answers :], *zbars))
        op = self.once(key, lambda: alone(simplified(pulled(self.graph, arrived, tuple(wanted)))))
        return list(op(*args, *zbars))

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        moving = tuple([i for i, dot in enumerate(dots) if dot is not None])
        op = self.once(("push", moving), lambda: alone(simplified(pushed(self.graph, moving))))
        return tuple(op(*args, *[fit(dots[i], self.graph.inputs[i], stretch=True) for i in moving]))

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        values: list[Any] = [*args, *[constant.value for constant in self.graph.constants]]
        marks = [*which, *[False] * len(self.graph.constants)]
        for step in self.graph.steps:
            below, own = tuple([marks[i] for i in step.args]), tuple([values[i] for i in step.args])
            values.append(step.op.batched(size, below, own) if any(below) else step.op(*own))
            marks.append(any(below))
        return tuple([values[i] if marks[i] else stretched(values[i], size) for i in self.graph.outputs])


def inlined(graph: Graph) -> Graph:
    """The graph with the steps of each inner graph in place of its `Run`."""
    if not any([type(step.op) is Run for step in graph.steps]):
        return graph
    constants = [
        *graph.constants,
        *[one for step in graph.steps if type(step.op) is Run for one in step.op.graph.constants],
    ]
    n, used = len(graph.inputs), len(graph.inputs) + len(graph.constants)
    numbers: list[Any] = [*range(used)]
    steps: list[Step] = []

    def added(step: Step, values: Sequence[Any]) -> int:
        steps.append(evolve(step, args=tuple([values[i] for i in step.args])))
        return n + len(constants) + len(steps) - 1

    for step in graph.steps:
        if type(step.op) is Run:
            inner = step.op.graph
            values = [*[numbers[i] for i in step.args], *range(used, used + len(inner.constants))]
            used += len(inner.constants)
            for one in inner.steps:
                values.append(added(evolve(one, place=step.place), values))
            numbers.append(tuple([values[i] for i in inner.outputs]))
        elif type(step.op) is Result and type(numbers[step.args[0]]) is tuple:
            numbers.append(numbers[step.args[0]][step.op.index])
        else:
            numbers.append(added(step, numbers))
    return inlined(Graph(graph.inputs, tuple(constants), tuple(steps), tuple([numbers[i] for i in graph.outputs])))


def alone(graph: Graph) -> Run:
    """A graph as an operation."""
    return Run(graph, len(graph.outputs))


def with_backward(graph: Graph) -> Run:
    """A graph as an operation that keeps what its pullback reads, so that nothing is computed twice."""
    arrived, wanted = inexact(graph.output_types), inexact(graph.inputs)
    if not arrived or not wanted:
        return alone(graph)
    whole = simplified(pulled(graph, arrived, wanted))
    n, m, given = len(graph.inputs), len(whole.inputs), len(whole.inputs) + len(whole.constants)
    late = [False] * n + [True] * (m - n) + [False] * len(whole.constants)  # whether a value is made of cotangents
    for step in whole.steps:
        late.append(any([late[i] for i in step.args]))
    read = dict.fromkeys([i for k, step in enumerate(whole.steps) if late[given + k] for i in step.args])
    kept = [i for i in (*read, *whole.outputs) if i >= given and not late[i]]
    kept = list(dict.fromkeys(kept))
    forward = joined(graph, whole, kept)
    numbers = {i: i for i in range(n)} | {i: n + k for k, i in enumerate(kept)}
    kinds = [whole.steps[i - given].type for i in kept]
    numbers |= {n + k: n + len(kept) + k for k in range(m - n)}
    numbers |= {m + k: m + len(kept) + k for k in range(len(whole.constants))}
    steps: list[Step] = []
    for k, step in enumerate(whole.steps):
        if late[given + k]:
            numbers[given + k] = m + len(kept) + len(whole.constants) + len(steps)
            steps.append(evolve(step, args=tuple([numbers[i] for i in step.args])))
    backward = Graph(
        (*graph.inputs, *kinds, *whole.inputs[n:]),
        whole.constants,
        tuple(steps),
        tuple([numbers[i] for i in whole.outputs]),
    )
    return Run(simplified(forward), len(graph.outputs), simplified(backward))


def joined(graph: Graph, whole: Graph, kept: list[int]) -> Graph:
    """`graph`, and after its answers the values `kept` of another graph whose first inputs are the same."""
    n, given = len(graph.inputs), len(whole.inputs) + len(whole.constants)
    shift = len(whole.constants)
    numbers = {i: i for i in range(n)}
    numbers |= {len(whole.inputs) + k: n + len(graph.constants) + k for k in range(shift)}
    moved = {
        i: i if i < n + len(graph.constants) else i + shift for i in range(n + len(graph.constants) + len(graph.steps))
    }
    steps = [evolve(step, args=tuple([moved[i] for i in step.args])) for step in graph.steps]
    for k, step in enumerate(whole.steps):
        if all([i in numbers for i in step.args]):
            numbers[given + k] = n + len(graph.constants) + shift + len(steps)
            steps.append(evolve(step, args=tuple([numbers[i] for i in step.args])))
    outputs = (*[moved[i] for i in graph.outputs], *[numbers[i] for i in kept])
    return Graph(graph.inputs, (*graph.constants, *whole.constants), tuple(steps), outputs)


def inexact(kinds: Sequence[Any]) -> tuple[int, ...]:
    """The positions of real and complex types."""
    return tuple([i for i, kind in enumerate(kinds) if kind.dtype.kind in "fc"])


def picked(graph: Any, wanted: Sequence[int], positions: tuple[int, ...]) -> Graph:
    """The graph with those outputs alone that stand for `wanted`."""
    return simplified(evolve(graph, outputs=tuple([graph.outputs[positions.index(i)] for i in wanted])))


def compiled(graph: Graph) -> Callable[..., Any]:
    """The emitted program of a graph, which returns a tuple."""
    return written(graph).compiled()


def written(graph: Graph) -> Emitted:
    """The text of a graph's program, which returns a tuple."""
    names = tuple([f"x{i}" for i in range(len(graph.inputs))])
    signature = Signature("graph", None, names, graph.inputs)
    structure = tree.structure((0,) * len(graph.outputs))
    return emitted(signature, [Path(graph, (), structure)])


def leaves_like(call: Call, kinds: Sequence[Any]) -> list[Node]:
    """Unknown leaves of these types."""
    return [fresh_leaf(call, kind) for kind in kinds]


def pulled(graph: Graph, arrived: tuple[int, ...], wanted: tuple[int, ...]) -> Graph:
    """The graph of (x, …, z̄, …) ↦ x̄, for the answers whose cotangents arrived and the arguments that are wanted."""
    kinds = graph.output_types
    with Call("jit", Graph.__call__, outlives=True) as staging:
        args = leaves_like(staging, graph.inputs)
        zbars = leaves_like(staging, [kinds[i] for i in arrived])
        with Call("jit", Graph.__call__) as call:
            own = {i: fresh_leaf(call, args[i]) for i in wanted}
            answers = graph(*[own.get(i, a) for i, a in enumerate(args)])
            leaves = list(own.values())
            bars = bars_of(pullback(call, [answers[i] for i in arrived], zbars, leaves), leaves)
        return inlined(closed(staging, bars, [*args, *zbars])[0])


def pushed(graph: Graph, moving: tuple[int, ...]) -> Graph:
    """The graph of (x, …, ẋ, …) ↦ ż, for the arguments that move."""
    with Call("jit", Graph.__call__, outlives=True) as staging:
        args = leaves_like(staging, graph.inputs)
        dots = leaves_like(staging, [graph.inputs[i] for i in moving])
        with Call("jit", Graph.__call__) as call:
            own = {i: fresh_leaf(call, args[i]) for i in moving}
            answers = list(graph(*[own.get(i, a) for i, a in enumerate(args)]))
            zdots = dots_of(pushforward(call, answers, list(own.values()), dots), answers)
        return inlined(closed(staging, zdots, [*args, *dots])[0])
