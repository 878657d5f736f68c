"""Rewinding: a scan taken back with few carries kept, the others computed again by the binomial schedule."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import evolve, frozen

from funcgrad.graph.calls import Call
from funcgrad.graph.dispatch import saved
from funcgrad.graph.node import Node
from funcgrad.graph.op import fresh_leaf
from funcgrad.graph.types import type_of
from funcgrad.primitives.kinds import stretched
from funcgrad.sweeps.pullback import pullback
from funcgrad.transforms.bodies import advanced, blank, spread
from funcgrad.transforms.boundary import bars_of
from funcgrad.transforms.deferring import Derived
from funcgrad.transforms.running import inexact

#: So many times is a step taken again, at most, where the number of kept carries is not stated.
AGAIN = 3


def reach(kept: int, again: int) -> int:
    """How long a loop can be taken back with so many carries kept, no step being taken again more often: (s+r over s).

    Griewank and Walther, *Algorithm 799: revolve* (2000), proposition 1.
    """
    steps = 1
    for k in range(1, again + 1):
        steps = steps * (kept + k) // k
    return steps


def enough(length: int) -> int:
    """The least number of kept carries for which no step is taken again more than `AGAIN` times."""
    kept = 1
    while reach(kept, AGAIN) < length:
        kept += 1
    return kept


def stride(length: int, kept: int) -> int:
    """After how many of `length` steps the next carry is kept, where `kept` ≥ 2 may be, that at the start among them.

    With r the least number for which `length` is within reach, the two parts are within reach of r - 1 and of kept - 1.
    """
    again, below, steps = 0, 1, 1
    while steps < length:
        again, below = again + 1, steps
        steps = steps * (kept + again) // again
    return min(below, length - below * kept // (kept + again - 1))


@saved
@frozen(eq=False, repr=False)
class Rewound(Derived):
    """x̄ of a `Scan`: its last step is taken back first, from the latest kept carry on; the carries kept are few.

    With s carries at a time and T ≤ (s+r over s) steps, no step is taken again more than r times, which is least.
    Griewank and Walther, *Algorithm 799: revolve: an implementation of checkpointing for the reverse or adjoint mode of
    computational differentiation* (2000).  Of its own derivatives the carries of all steps are kept.
    """

    unwritten: ClassVar[str] = ""

    #: How many values the loop carries, where its rows end, and how many arguments it takes.
    counts = property(lambda self: (self.op.carries, self.op.carries + self.op.rows, len(self.op.body.graph.inputs)))
    length = property(lambda self: self.op.length)
    way = property(lambda self: -1 if self.op.reverse else 1)
    kept = property(lambda self: self.op.snapshots)
    step = property(lambda self: self.made[0].callable)
    back = property(lambda self: self.made[1].callable)
    #: For each sum of the way back which z̄ it starts from, -1 for none, and its shape and dtype.
    seeds = property(lambda self: self.made[2])
    #: Which z̄ it takes a row of in each step.
    arriving = property(lambda self: self.made[3])
    #: Which carries and rows a step back reads, each with the dtype that a Python number gets.
    read = property(lambda self: self.made[4])
    #: Which of the loop's other arguments it reads.
    shared = property(lambda self: self.made[5])
    #: The shape and dtype of each x̄ that it finds row by row.
    columns = property(lambda self: self.made[6])
    #: The place of each wanted argument among the sums, and after them the columns.
    slots = property(lambda self: self.made[7])

    #: The arguments that neither the loop's way nor the way back reads.
    idle = property(lambda self: self.made[8])

    def __call__(self, *args: Any) -> Any:
        """The cotangents, whatever the arguments are that no step reads: a linear loop is not made of its tangents."""
        given = [blank(type_of(a)) if i in self.idle and type(a) is Node else a for i, a in enumerate(args)]
        return super().__call__(*given)

    @property
    def made(self) -> Any:
        """The steps, and what goes in and comes out."""
        key = ("rewound", self.op.carries, self.op.rows, self.op.length, self.arrived, self.wanted)
        return self.op.body.once(key, self.make)

    def make(self) -> Any:
        """As `made`, the first time."""
        op, (n, m, count) = self.op, self.counts
        graph, kinds, inputs = op.body.graph, op.body.kinds, op.body.graph.inputs
        active = spread(graph, [i in self.wanted for i in range(count)], n, slopes=True)
        moving = tuple([i for i in inexact(kinds[:n]) if active[i]])
        sums = tuple([i for i in self.wanted if i >= m])
        mapped = tuple([i for i in self.wanted if n <= i < m])
        rows = tuple([i for i in self.arrived if i >= n])
        back, used = op.backward(rows, moving, sums, mapped)
        onward, taken = advanced(graph, n, used)
        where, starting = [*moving, *sums, *mapped], [i for i in self.arrived if i < n]
        return (
            onward,
            back.body,
            tuple([(self.arrived.index(i) if i in starting else -1, *inputs[i][:2]) for i in (*moving, *sums)]),
            tuple([self.arrived.index(i) for i in rows]),
            tuple([(i, inputs[i].dtype if inputs[i].weak else None) for i in used if i < m]),
            tuple([i - m for i in used if i >= m]),
            tuple([inputs[i][:2] for i in mapped]),
            tuple([where.index(i) for i in self.wanted]),
            frozenset(range(count)) - taken.union(used),
        )

    def run(self, *args: Any) -> Any:
        n, m, count = self.counts
        xs, own, zbars, step, back = args[n:m], args[m:count], args[count:], self.step, self.back
        bars = [np.zeros(shape, dtype)[()] if i < 0 else zbars[i] for i, shape, dtype in self.seeds]
        ybars, shared, read, sums = (
            [zbars[i] for i in self.arriving],
            [own[i] for i in self.shared],
            self.read,
            len(bars),
        )
        found = [np.empty((self.length, *shape), dtype) for shape, dtype in self.columns]
        places, stack, end = range(self.length)[:: self.way], [(0, args[:n])], self.length
        while end:
            at, carry = stack[-1]
            free = self.kept - len(stack)
            if at == end - 1:
                stack.pop()
            goal = at + stride(end - at, free + 1) if free and at < end - 1 else end - 1
            for t in places[at:goal]:
                carry = step(*carry, *[x[t] for x in xs], *own)
            if goal < end - 1 or (free and at < goal):
                stack.append((goal, carry))
                continue
            end, t = goal, places[goal]
            row = (*carry, *[x[t] for x in xs])
            values = [row[i] if dtype is None else dtype.type(row[i]) for i, dtype in read]
            answers = back(*bars, *values, *[y[t] for y in ybars], *shared)
            bars = answers[:sums]
            for column, one in zip(found, answers[sums:], strict=True):
                column[t] = one
        both = (*bars, *found)
        return tuple([both[i].copy() if type(both[i]) is np.ndarray else both[i] for i in self.slots])

    def nested(self, *args: Any) -> Any:
        plain = Derived(evolve(self.op, snapshots=0), self.mode, self.arrived, self.wanted)
        return plain.nested(*args)

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        """Of the z̄, in which it is linear: the pushforward of the loop; of its other arguments as of any derivative."""
        count, found = self.counts[2], {}
        if any([i >= count for i in wanted]):
            dots: list[Any] = [None] * count
            for i, dot in zip(self.wanted, zbar, strict=True):
                dots[i] = dot
            moved = self.op.push(dots, None, args[:count])
            found = {count + k: moved[i] for k, i in enumerate(self.arrived)}
        own = [i for i in wanted if i < count]
        if own:
            found.update(zip(own, super().pull(zbar, z, args, own), strict=True))
        return [found[i] for i in wanted]

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        """The pullback of the batched loop, an argument that is asked for being an item's own."""
        count = self.counts[2]
        marks = [one or i in self.wanted for i, one in enumerate(which[:count])]
        full = [
            stretched(a, size) if mark and not one else a
            for a, mark, one in zip(args[:count], marks, which[:count], strict=True)
        ]
        bars = [a if one else stretched(a, size) for a, one in zip(args[count:], which[count:], strict=True)]
        with Call("vjp", self.op.run) as call:
            leaves = {i: fresh_leaf(call, full[i]) for i in self.wanted}
            answers = self.op.batched(size, tuple(marks), tuple([leaves.get(i, a) for i, a in enumerate(full)]))
            own = list(leaves.values())
            return tuple(bars_of(pullback(call, [answers[i] for i in self.arrived], bars, own), own))
