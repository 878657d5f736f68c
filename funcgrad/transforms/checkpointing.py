"""Checkpointing: a function whose values are forgotten, and computed again where a derivative reads them."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, ClassVar

from attrs import evolve, frozen

from funcgrad.graph.calls import Call
from funcgrad.graph.dispatch import saved
from funcgrad.graph.graph import Graph, Step
from funcgrad.graph.node import Node
from funcgrad.graph.op import Op, fresh_leaf, joined, strong, unknown
from funcgrad.graph.types import type_of
from funcgrad.primitives.contracting import MatMul
from funcgrad.rewrites.simplifying import simplified
from funcgrad.sweeps.edges import fit, fresh
from funcgrad.sweeps.fold import pushforward
from funcgrad.sweeps.pullback import pullback
from funcgrad.transforms.bodies import Body, agree, all_batched, blank, read, stacked, staged
from funcgrad.transforms.boundary import bars_of
from funcgrad.transforms.derivatives import dots_of
from funcgrad.transforms.running import inexact, pulled, pushed
from funcgrad.transforms.scanning import owned


@saved
@frozen(eq=False, repr=False)
class Checkpoint(Op):
    """z = f(x, …) and the values s that a policy keeps.  History keeps x and s; what lies between is forgotten.

    Pullback: f(x, …) again, with s where it comes by, and from there the pullback of f. Griewank and Walther,
    *Evaluating Derivatives* (2008), section 12.1.
    """

    several: ClassVar[bool] = True
    keeps_weak: ClassVar[bool] = True

    #: The function: of x to z, s.
    body: Body
    #: How many answers z there are.
    count: int

    #: What it runs, for the cost.
    inside = property(lambda self: ((self.body.graph, 1),))
    step = property(lambda self: self.body.callable)

    def __call__(self, *args: Any) -> Any:
        values = [a.value if type(a) is Node else a for a in args]
        if any(map(unknown, values)):
            return super().__call__(*args)
        answers, calls = self.evaluated(values), calls_of(args)
        if calls is not None:
            return self.grow(calls, args, answers)
        seen = set(map(id, args))
        return tuple([fresh(y, seen) for y in answers])

    def run(self, *args: Any) -> Any:
        return tuple(map(owned, self.step(*args)))

    def infer(self, *args: Any) -> Any:
        agree(args, self.body.graph.inputs)
        return self.body.kinds

    def of_read(self, *args: Any) -> Any:
        """The answers, made of those arguments alone that are read: a linear function is not of its tangents."""
        taken = self.body.once("taken", lambda: frozenset(read(self.body.graph)))
        return self(*[a if i in taken or type(a) is not Node else blank(type_of(a)) for i, a in enumerate(args)])

    def evaluated(self, inputs: Sequence[Any], known: dict[int, Any] | None = None) -> tuple[Any, ...]:
        """The answers, step by step, each value between going when no later step needs it; some may be known before.

        It is for graphs that run once or twice: to write and compile their program would take longer.
        """
        last = self.body.once("last", lambda: last_uses(self.body.graph))
        return replayed(self.body.graph, inputs, known or {}, remembered, last)

    # ---- derivatives -----------------------------------------------------------------------------------------------
    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        kinds, inputs = self.body.kinds, self.body.graph.inputs
        arrived = tuple([i for i in inexact(kinds) if zbar[i] is not None])
        moving = tuple([i for i in inexact(inputs) if i in wanted])
        kept, bars = z[self.count :], [fit(zbar[i], kinds[i]) for i in arrived]
        if any([type(a) is Node for a in (*args, *kept, *bars)]):
            op = self.body.once(("pull", self.count, arrived, moving), lambda: self.backward(arrived, moving))
            found = op.of_read(*args, *kept, *bars)
        else:
            found = self.pulled(args, kept, bars, arrived, moving)
        own = dict(zip(moving, found, strict=True))
        return [own.get(i) for i in wanted]

    def pulled(
        self, args: tuple[Any, ...], kept: Sequence[Any], bars: list[Any], arrived: Sequence[int], moving: Sequence[int]
    ) -> list[Any]:
        """The cotangents on plain values: f once more, as a graph that lives until they are found."""
        graph = self.body.graph
        with Call("vjp", self.run) as call:
            leaves = {i: fresh_leaf(call, args[i]) for i in moving}
            known = dict(zip(graph.outputs[self.count :], kept, strict=True))
            answers = self.evaluated([leaves.get(i, a) for i, a in enumerate(args)], known)
            own = list(leaves.values())
            return bars_of(pullback(call, [answers[i] for i in arrived], bars, own), own)

    def backward(self, arrived: tuple[int, ...], moving: tuple[int, ...]) -> "Checkpoint":
        """The function of x, s, z̄ to x̄, as such a function again: its own derivatives forget what lies between too."""
        graph = self.body.graph
        numbers = graph.outputs[self.count :]
        types = [*graph.inputs, *self.body.kinds[self.count :]]
        n = len(graph.inputs)

        def marked(*values: Any) -> tuple[Any, ...]:
            known = dict(zip(numbers, values[n:], strict=True))
            return replayed(graph, values[:n], known, lambda op, args, s: Kept()(op(*args), s))

        whole = graph if not numbers else staged(types, marked).graph
        whole = unmarked(pulled(whole, arrived, moving))
        return Checkpoint(Body(simplified(whole)), len(whole.outputs))

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        graph, kinds = self.body.graph, self.body.kinds
        moving = tuple([i for i in inexact(graph.inputs) if dots[i] is not None])
        moved = [fit(dots[i], graph.inputs[i], stretch=True) for i in moving]
        if any([type(a) is Node for a in (*args, *moved)]):
            op = self.body.once(("push", moving), lambda: self.along(moving))
            found = op.of_read(*args, *moved)
        else:
            with Call("jvp", self.run) as call:
                leaves = {i: fresh_leaf(call, args[i]) for i in moving}
                answers = list(graph(*[leaves.get(i, a) for i, a in enumerate(args)]))
                found = dots_of(pushforward(call, answers, list(leaves.values()), moved), answers)
        return tuple([found[i] if i in inexact(kinds) else None for i in range(len(kinds))])

    def along(self, moving: tuple[int, ...]) -> "Checkpoint":
        """The function of x, ẋ to ż."""
        graph = simplified(pushed(self.body.graph, moving))
        return Checkpoint(Body(graph), len(graph.outputs))

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        def stack() -> Checkpoint:
            graph = self.body.graph
            types = [stacked(kind, size) if one else kind for kind, one in zip(graph.inputs, which, strict=True)]
            return evolve(self, body=staged(types, lambda *values: all_batched(graph, size, which, values)))

        return self.body.once(("batch", self.count, size, which), stack)(*args)


@frozen(eq=False, repr=False)
class Kept(Op):
    """z = s where s is x, kept from before: z has the derivatives of x and the value of s.

    It is staged only, while a pullback is made of a graph some of whose values are kept: then s takes its place.
    """

    keeps_weak: ClassVar[bool] = True

    def run(self, x: Any, s: Any) -> Any:
        return s

    def infer(self, x: Any, s: Any) -> Any:
        return s

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [zbar if i == 0 else None for i in wanted]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return dots[0]


#: The ways in which operations meet their arguments, of those that need not when their answer is known.
USUAL = (Op.__call__, MatMul.__call__)


def calls_of(args: Sequence[Any]) -> Any:
    """The calls whose leaves some arguments are made of; None if all are plain."""
    calls = [a.history.calls for a in args if type(a) is Node]
    return reduce(joined, calls) if calls else None


def last_uses(graph: Graph) -> list[list[int]]:
    """For each step the values that no later one needs, and no answer."""
    seen, found = set(graph.outputs), []
    for step in reversed(graph.steps):
        last = {i for i in step.args if i not in seen}
        seen |= last
        found.append(sorted(last))
    return found[::-1]


def replayed(
    graph: Graph,
    inputs: Sequence[Any],
    known: dict[int, Any],
    meet: Callable[[Any, list[Any], Any], Any],
    last: Sequence[Sequence[int]] | None = None,
) -> tuple[Any, ...]:
    """The answers of a graph of which some values are known from before: `meet` takes such a one in.

    `last` says for each step which values go after it.
    """
    values: list[Any] = [*inputs, *[constant.value for constant in graph.constants]]
    for k, step in enumerate(graph.steps):
        args, number = [values[i] for i in step.args], len(values)
        values.append(meet(step.op, args, known[number]) if number in known else step.op(*args))
        for i in last[k] if last else ():
            values[i] = None
    return tuple([values[i] for i in graph.outputs])


def remembered(op: Any, args: list[Any], answer: Any) -> Any:
    """The answer of an operation that need not run, since its answer is known.

    One of several results runs, and one with a way of its own to run, such as those element by element: they are cheap.
    """
    calls = calls_of(args)
    if op.several or calls is None or type(op).__call__ not in USUAL:
        return op(*args)
    if op.constant:
        return answer
    return op.grow(calls, op.keep(tuple(args if op.keeps_weak else map(strong, args))), answer)


def unmarked(graph: Graph) -> Graph:
    """The graph with each kept value in place of what it was computed from."""
    stands: dict[int, int] = {}
    first = len(graph.inputs) + len(graph.constants)
    for number, step in enumerate(graph.steps, first):
        if type(step.op) is Kept:
            stands[number] = stands[step.args[0]] = step.args[1]
    steps: list[Step] = [evolve(step, args=tuple([stands.get(i, i) for i in step.args])) for step in graph.steps]
    return evolve(graph, steps=tuple(steps), outputs=tuple([stands.get(i, i) for i in graph.outputs]))
