"""Running a graph as one operation: what `jit` is under the other transforms."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from attrs import field, frozen

from funcgrad import tree
from funcgrad.backends.emitting import emitted
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import Graph, closed
from funcgrad.graph.node import Node
from funcgrad.graph.op import Op, fresh_leaf
from funcgrad.graph.program import Path, Signature
from funcgrad.primitives.kinds import stretched
from funcgrad.rewrites.simplifying import simplified
from funcgrad.sweeps.fold import pushforward
from funcgrad.sweeps.pullback import pullback
from funcgrad.transforms.boundary import bars_of
from funcgrad.transforms.derivatives import dots_of


@frozen(eq=False, repr=False)
class Run(Op):
    """z = the answers of a graph.  Its pullback and pushforward are graphs again, staged when first asked for."""

    #: The graph.
    graph: Graph
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
        key = ("pull", arrived, tuple(wanted))
        op = self.once(key, lambda: Run(simplified(pulled(self.graph, arrived, tuple(wanted)))))
        return list(op(*args, *[zbar[i] for i in arrived]))

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        moving = tuple([i for i, dot in enumerate(dots) if dot is not None])
        op = self.once(("push", moving), lambda: Run(simplified(pushed(self.graph, moving))))
        return tuple(op(*args, *[dots[i] for i in moving]))

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        values: list[Any] = [*args, *[constant.value for constant in self.graph.constants]]
        marks = [*which, *[False] * len(self.graph.constants)]
        for step in self.graph.steps:
            below, own = tuple([marks[i] for i in step.args]), tuple([values[i] for i in step.args])
            values.append(step.op.batched(size, below, own) if any(below) else step.op(*own))
            marks.append(any(below))
        return tuple([values[i] if marks[i] else stretched(values[i], size) for i in self.graph.outputs])


def compiled(graph: Graph) -> Callable[..., Any]:
    """The emitted program of a graph, which returns a tuple."""
    names = tuple([f"x{i}" for i in range(len(graph.inputs))])
    signature = Signature("graph", None, names, graph.inputs)
    structure = tree.structure((0,) * len(graph.outputs))
    return emitted(signature, [Path(graph, (), structure)]).compiled()


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
        return closed(staging, bars, [*args, *zbars])[0]


def pushed(graph: Graph, moving: tuple[int, ...]) -> Graph:
    """The graph of (x, …, ẋ, …) ↦ ż, for the arguments that move."""
    with Call("jit", Graph.__call__, outlives=True) as staging:
        args = leaves_like(staging, graph.inputs)
        dots = leaves_like(staging, [graph.inputs[i] for i in moving])
        with Call("jit", Graph.__call__) as call:
            own = {i: fresh_leaf(call, args[i]) for i in moving}
            answers = list(graph(*[own.get(i, a) for i, a in enumerate(args)]))
            zdots = dots_of(pushforward(call, answers, list(own.values()), dots), answers)
        return closed(staging, zdots, [*args, *dots])[0]
