"""Looping: a loop that another one runs as well is left out, and none makes what nobody reads.

A loop is an operation of several answers that says how it is narrowed and what it has in common with another
(`Op.loops`). The graph is that of a program about to be written, so that no derivative asks for what its loops kept.
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import Any

from attrs import define, evolve, field

from funcgrad.graph.graph import Graph, Step
from funcgrad.graph.op import Result
from funcgrad.graph.types import type_of
from funcgrad.rewrites.draft import SYMMETRIC, key_of_op


def looped(graph: Graph) -> Graph:
    """A graph of the same values, whose loops are as few and as narrow as can be seen."""
    if not any([step.op.loops for step in graph.steps]):
        return graph
    loops = Loops(graph)
    loops.narrow()
    loops.join()
    loops.narrow()
    return loops.finished()


@define(eq=False)
class Loops:
    """The steps of a graph by number, while its loops change."""

    #: The graph as it was.
    graph: Graph
    #: The types of its inputs and constants.
    given: list[Any] = field(init=False)
    #: The steps as they are now, by number.
    steps: dict[int, Step] = field(init=False)
    #: For each loop of which nothing but single answers is read, the steps that read one, and which.
    readers: dict[int, dict[int, int]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.given = [*self.graph.inputs, *[type_of(one.value) for one in self.graph.constants]]
        self.steps = dict(enumerate(self.graph.steps, len(self.given)))
        whole = {i for step in self.steps.values() if type(step.op) is not Result for i in step.args}
        whole.update(self.graph.outputs)
        self.readers = {i: {} for i, step in self.steps.items() if step.op.loops and i not in whole}
        for i, step in self.steps.items():
            if type(step.op) is Result and step.args[0] in self.readers:
                self.readers[step.args[0]][i] = step.op.index

    def kind(self, number: int) -> Any:
        """The type of a value."""
        return self.given[number] if number < len(self.given) else self.steps[number].type

    def replace(self, loop: int, op: Any, args: Sequence[int]) -> None:
        """Put another loop in the place of one."""
        kinds = op.infer(*[self.kind(i) for i in args])
        self.steps[loop] = evolve(self.steps[loop], op=op, args=tuple(args), type=kinds)

    def redirect(self, old: int, loop: int, answers: Sequence[int | None]) -> None:
        """Let those who read the answers of one loop read these of another, or of what it has become."""
        for number, index in self.readers.pop(old).items():
            found = answers[index]
            assert found is not None
            self.steps[number] = evolve(self.steps[number], op=Result(found), args=(loop,))
            self.readers.setdefault(loop, {})[number] = found

    def join(self) -> None:
        """Leave out each loop that another one runs as well."""
        alike: dict[Any, list[int]] = {}
        for number in self.readers:
            step = self.steps[number]
            alike.setdefault((type(step.op), step.args[:1]), []).append(number)
        for group in alike.values():
            for small in group:
                for large in group:
                    if small != large:
                        self.join_into(small, large)

    def join_into(self, small: int, large: int) -> None:
        """Leave out a loop if this other one runs it as well."""
        one, other = self.steps.get(small), self.steps.get(large)
        if one is None or other is None:
            return
        loop: Any = other.op
        found = loop.joined(other.args, one.op, one.args, set(self.readers[small].values()))
        if found is not None and not self.follows(large, small):
            self.replace(large, found[0], other.args)
            self.redirect(small, large, found[1])
            del self.steps[small]

    def narrow(self) -> None:
        """Let no loop make what nobody reads."""
        for number in list(self.readers):
            step, wanted = self.steps[number], set(self.readers[number].values())
            loop: Any = step.op
            found = loop.narrowed(step.args, wanted) if wanted else None
            if found is not None:
                op, args, answers = found
                self.replace(number, op, args)
                self.redirect(number, number, answers)

    def follows(self, one: int, other: int) -> bool:
        """Whether one value is made of another."""
        stack, seen = [one], {one}
        while stack:
            step = self.steps.get(stack.pop())
            for i in () if step is None else step.args:
                if i == other:
                    return True
                if i not in seen:
                    seen.add(i)
                    stack.append(i)
        return False

    def finished(self) -> Graph:
        """The graph, each step as early as it was, or as soon as its arguments are there."""
        waiting: dict[int, int] = {}
        users: dict[int, list[int]] = {}
        for number, step in self.steps.items():
            above = {i for i in step.args if i in self.steps}
            waiting[number] = len(above)
            for i in above:
                users.setdefault(i, []).append(number)
        ready = [number for number, count in waiting.items() if not count]
        heapify(ready)
        numbers = list(range(len(self.given)))
        places = dict(enumerate(numbers))
        steps: list[Step] = []
        while ready:
            number = heappop(ready)
            places[number] = len(self.given) + len(steps)
            step = self.steps[number]
            steps.append(evolve(step, args=tuple([places[i] for i in step.args])))
            for user in users.get(number, ()):
                waiting[user] -= 1
                if not waiting[user]:
                    heappush(ready, user)
        return evolve(self.graph, steps=tuple(steps), outputs=tuple([places[i] for i in self.graph.outputs]))


# ---- what loops ask of their graphs ----------------------------------------------------------------------------------
def needed(graph: Graph, outputs: Sequence[int]) -> set[int]:
    """The inputs that values of a graph are made of."""
    first = len(graph.inputs) + len(graph.constants)
    found, stack = set(outputs), list(outputs)
    while stack:
        number = stack.pop()
        for i in graph.steps[number - first].args if number >= first else ():
            if i not in found:
                found.add(i)
                stack.append(i)
    return {i for i in found if i < len(graph.inputs)}


def rearranged(graph: Graph, inputs: Sequence[int], same: dict[int, int], outputs: Sequence[int]) -> Graph:
    """The graph of fewer inputs, some of the others being the same as one of these, and of these outputs."""
    first = len(graph.inputs)
    places = {number: i for i, number in enumerate(inputs)}
    places.update({number: places[one] for number, one in same.items() if one in places})
    shift = len(inputs) - first

    def place(number: int) -> int:
        return places.get(number, 0) if number < first else number + shift

    read = needed(graph, outputs)
    assert all([i in places for i in read])
    steps = tuple([evolve(step, args=tuple(map(place, step.args))) for step in graph.steps])
    return evolve(
        graph, inputs=tuple([graph.inputs[i] for i in inputs]), steps=steps, outputs=tuple(map(place, outputs))
    )


def found_in(large: Graph, small: Graph, inputs: dict[int, int]) -> list[int | None]:
    """For each output of a graph the value of a larger one that is the same; their inputs correspond as given."""
    made: dict[Any, int] = {}
    start = len(large.inputs)
    for i, one in enumerate(large.constants, start):
        made.setdefault(one, i)
    start += len(large.constants)
    for i, step in enumerate(large.steps, start):
        made.setdefault((step.op, step.args), i)
    numbers: list[int | None] = [inputs.get(i) for i in range(len(small.inputs))]
    numbers += [made.get(one) for one in small.constants]
    for step in small.steps:
        args = [numbers[i] for i in step.args]
        number = None if None in args else made.get((step.op, tuple(args)))
        if number is None and key_of_op(step.op) in SYMMETRIC:
            number = made.get((step.op, tuple(args[::-1])))
        numbers.append(number)
    return [numbers[i] for i in small.outputs]
