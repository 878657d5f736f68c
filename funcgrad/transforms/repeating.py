"""Repeat: a loop that ends when its carry says so, as one operation; backwards it takes the steps that the run took."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from funcgrad.graph.dispatch import saved
from funcgrad.graph.node import Node
from funcgrad.graph.op import Op, joined, unknown
from funcgrad.primitives.kinds import stretched, zeros_like
from funcgrad.rewrites.looping import found_in, needed, rearranged
from funcgrad.rewrites.simplifying import simplified
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.bodies import Body, agree, all_batched, batched, reached, spread, stacked, staged
from funcgrad.transforms.choosing import selected
from funcgrad.transforms.deferring import Derived, pulled_later
from funcgrad.transforms.narrowing import Joined, Narrowed, alike, moved_by, paired
from funcgrad.transforms.running import inexact
from funcgrad.transforms.scanning import Scan, batched_step, owned


@saved
@frozen(eq=False, repr=False)
class Repeat(Op):
    """c_T, the first cₜ of which p(cₜ, v) is false, where cₜ₊₁ = f(cₜ, w).  Arguments: c₀, v, w.

    T does not change under small changes of the arguments, so the derivative is that of the scan of T steps, as which
    a loop on known values enters the history. Pushforward: the loop of (c, ċ).
    """

    several: ClassVar[bool] = True
    loops: ClassVar[bool] = True
    keeps_weak: ClassVar[bool] = True

    #: The condition, of c and v.
    test: Body
    #: The step, of c and w.
    body: Body
    #: How many values v the condition closes over.
    asked: int

    carries = property(lambda self: len(self.body.kinds))
    #: What it runs, for the cost.
    inside = property(lambda self: ((self.test.graph, 1), (self.body.graph, 1)))
    ask = property(lambda self: self.test.callable)
    step = property(lambda self: self.body.callable)

    def __call__(self, *args: Any) -> Any:
        values = [a.value if type(a) is Node else a for a in args]
        if not any([type(a) is Node for a in args]) or any(map(unknown, values)):
            return super().__call__(*args)
        return self.unrolled(args, values)

    def unrolled(self, args: tuple[Any, ...], values: list[Any]) -> Any:
        """The answers for known values, as those of a scan of as many steps as it took."""
        n, m = self.carries, self.carries + self.asked
        carry, test, step = tuple(values[:n]), self.test.callable, self.body.callable
        kept: list[Any] = []
        while test(*carry, *values[n:m])[0]:
            kept.append(carry)
            carry = step(*carry, *values[m:])
        own = (*args[:n], *args[m:])
        calls = None
        for a in own:
            if type(a) is Node:
                calls = a.history.calls if calls is None else joined(calls, a.history.calls)
        if calls is None:  # only the condition depends on what is traced, and it has no derivative
            return tuple(map(owned, carry))
        columns = zip(*kept, strict=True) if kept else [()] * n
        rows = [
            np.array(column, kind.dtype).reshape(len(kept), *kind.shape)
            for column, kind in zip(columns, self.body.kinds, strict=True)
        ]
        op = Scan(self.body, n, 0, len(kept), False).keeping()
        answers: tuple[Any, ...] = op.grow(calls, own, (*map(owned, carry), *rows))
        return answers[:n]

    def run(self, *args: Any) -> Any:
        n, m = self.carries, self.carries + self.asked
        carry, test, step, asked, own = args[:n], self.ask, self.step, args[n:m], args[m:]
        while test(*carry, *asked)[0]:
            carry = step(*carry, *own)
        return tuple(map(owned, carry))

    def infer(self, *args: Any) -> Any:
        n, m = self.carries, self.carries + self.asked
        agree(args[:m], self.test.graph.inputs)
        agree((*args[:n], *args[m:]), self.body.graph.inputs)
        agree(self.body.kinds, args[:n])
        return self.body.kinds

    # ---- derivatives -----------------------------------------------------------------------------------------------
    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return pulled_later(self, zbar, args, wanted, Unwound)

    def moved(self, marks: Sequence[bool]) -> tuple[bool, ...]:
        """Which answers have a derivative where the marked arguments move."""
        n, m = self.carries, self.carries + self.asked
        return tuple(spread(self.body.graph, (*marks[:n], *marks[m:]), n, slopes=True)[:n])

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        n, m = self.carries, self.carries + self.asked
        kinds = self.body.graph.inputs
        own_dots = (*dots[:n], *dots[m:])
        active = spread(self.body.graph, [dot is not None for dot in own_dots], n, slopes=True)
        moving = tuple([i for i in inexact(kinds) if active[i]])
        op = self.body.once(("push", n, moving), lambda: self.forward(moving))
        tangents = [
            zeros_like(kinds[i].strong()) if own_dots[i] is None else fit(own_dots[i], kinds[i].strong(), stretch=True)
            for i in moving
        ]
        k = len([i for i in moving if i < n])
        answers = op(*args[:n], *tangents[:k], *args[n:m], *args[m:], *tangents[k:])
        found = dict(zip(moving[:k], answers[n:], strict=True))
        return tuple([found.get(i) for i in range(n)])

    def forward(self, moving: tuple[int, ...]) -> "Repeat":
        """The loop of c and ċ."""
        n, test = self.carries, self.test.graph
        both = Scan(self.body, n, 0, 0, False).forward(moving)
        types = [*both.body.graph.inputs[: both.carries], *test.inputs[n:]]
        asks = staged(types, lambda *args: test(*args[:n], *args[both.carries :]))
        return Repeat(asks, both.body, self.asked)

    # ---- programs --------------------------------------------------------------------------------------------------
    def narrowed(self, args: Sequence[int], wanted: set[int]) -> Narrowed | None:
        """The loop of what leads to its end and to the wanted answers."""
        n, m, test, graph = self.carries, self.carries + self.asked, self.test.graph, self.body.graph
        asks = needed(test, test.outputs)
        moving = moved_by(graph, n, wanted | {i for i in asks if i < n})
        same, own = alike(args, range(n, m)), alike([*args[:n], *args[m:]], range(n, len(args) - self.asked))
        asked = [i for i in range(n, m) if i in {same.get(a, a) for a in asks}]
        read = {own.get(i, i) for i in needed(graph, [graph.outputs[i] for i in moving])}
        taken = [i for i in range(n, len(graph.inputs)) if i in read]
        if len(moving) + len(asked) + len(taken) == len(args):
            return None
        key = ("narrowed", tuple(moving), tuple(asked), tuple(taken), tuple(same.items()), tuple(own.items()))
        outputs = [graph.outputs[i] for i in moving]
        body = self.body.once(key, lambda: Body(simplified(rearranged(graph, [*moving, *taken], own, outputs))))
        ask = self.test.once(key, lambda: Body(rearranged(test, [*moving, *asked], same, test.outputs)))
        numbers = [args[i] for i in (*moving, *asked)] + [args[i + self.asked] for i in taken]
        return Repeat(ask, body, len(asked)), numbers, [moving.index(i) if i in moving else None for i in range(n)]

    def joined(self, args: Sequence[int], other: Any, others: Sequence[int], wanted: set[int]) -> Joined | None:
        """The loop itself if it runs another as well; both end alike, too."""
        n, m, k = self.carries, self.carries + self.asked, other.carries
        if type(other) is not Repeat or args[:k] != others[:k] or k > n:
            return None
        low = k + other.asked
        graph, test = self.body.graph, self.test.graph
        asks = paired(k, args[n:m], n, others[k:low], k)
        own = paired(k, args[m:], n, others[low:], k)
        same = found_in(test, other.test.graph, asks) == list(test.outputs)
        if not same or found_in(graph, other.body.graph, own) != list(graph.outputs[:k]):
            return None
        return self, [*range(k)]

    # ---- batches ---------------------------------------------------------------------------------------------------
    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        n, m = self.carries, self.carries + self.asked
        marks = tuple(spread(self.body.graph, (*which[:n], *which[m:]), n))
        asks = (*marks[:n], *which[n:m])
        if any(reached(self.test.graph, asks)):
            return self.masked(size, which, args)
        inits = [
            stretched(a, size) if mark and not b else a for a, mark, b in zip(args[:n], marks, which, strict=False)
        ]
        op = self.body.once(("batch", size, marks, asks), lambda: self.together(size, marks, asks))
        answers = op(*inits, *args[n:])
        return tuple([a if mark else stretched(a, size) for a, mark in zip(answers, marks, strict=False)])

    def together(self, size: int, marks: tuple[bool, ...], asks: tuple[bool, ...]) -> "Repeat":
        """The loop of batches that all take as many steps."""
        test = self.test.graph
        types = [stacked(kind, size) if mark else kind for kind, mark in zip(test.inputs, asks, strict=True)]
        asked = staged(types, lambda *args: [batched(test, size, asks, args)[0][0]])
        return Repeat(asked, batched_step(self.body.graph, self.carries, size, marks)[0], self.asked)

    def masked(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        """The loop of batches of which each item stops when its own condition says so: then it stays as it is."""
        n, m = self.carries, self.carries + self.asked
        inits = [a if b else stretched(a, size) for a, b in zip(args[:n], which, strict=False)]
        marks = (*[True] * n, *which[n:m])
        (running,) = all_batched(self.test.graph, size, marks, (*inits, *args[n:m]))
        op = self.body.once(("mask", size, which), lambda: self.apart(size, which))
        return op(*inits, running, *args[n:])[:n]

    def apart(self, size: int, which: tuple[bool, ...]) -> "Repeat":
        """The loop of (c, p) for batches, where p says which items go on."""
        n, m, kinds = self.carries, self.carries + self.asked, self.body.kinds
        test, body = self.test.graph, self.body.graph

        def step(*args: Any) -> list[Any]:
            carry, running, asked, own = args[:n], args[n], args[n + 1 : m + 1], args[m + 1 :]
            new = all_batched(body, size, (*[True] * n, *which[m:]), (*carry, *own))
            kept = [selected(running, a, b, kind) for a, b, kind in zip(new, carry, kinds, strict=True)]
            return [*kept, *all_batched(test, size, (*[True] * n, *which[n:m]), (*kept, *asked))]

        types = [stacked(kind, size) for kind in (*body.inputs[:n], test.output_types[0])]
        rest = [*zip(test.inputs[n:], which[n:m], strict=True), *zip(body.inputs[n:], which[m:], strict=True)]
        others = [stacked(kind, size) if mark else kind for kind, mark in rest]
        asks = staged(types, lambda *args: [np.any(args[-1])])
        return Repeat(asks, staged([*types, *others], step), 0)


@saved
@frozen(eq=False, repr=False)
class Unwound(Derived):
    """x̄ of a `Repeat` on plain values: the loop, its carries kept in a list, and then the steps back.

    Of its own derivatives there is no text: they are those of a scan as long as the run was.
    """

    unwritten: ClassVar[str] = ""

    #: How many values the loop carries, where its own arguments start, and how many it takes in all.
    counts = property(
        lambda self: (self.op.carries, self.op.carries + self.op.asked, len(self.op.body.graph.inputs) + self.op.asked)
    )
    ask = property(lambda self: self.op.ask)
    step = property(lambda self: self.op.step)
    back = property(lambda self: self.made[0].step)
    #: For each sum of the sweep back which z̄ it starts from, -1 for none, and its shape and dtype.
    seeds = property(lambda self: self.made[1])
    #: Which carries a step back reads, each with the dtype that a Python number gets.
    rows = property(lambda self: self.made[2])
    #: Which of the loop's own arguments it reads.
    shared = property(lambda self: self.made[3])
    #: For each wanted argument its place among the sums, -1 for none, and its shape and dtype.
    slots = property(lambda self: self.made[4])

    @property
    def made(self) -> Any:
        """The step back, and what goes in and comes out."""
        return self.op.body.once(("back", self.op.asked, self.arrived, self.wanted), self.unwound)

    def unwound(self) -> Any:
        """As `made`, the first time."""
        body, n, asked = self.op.body, self.op.carries, self.op.asked
        kinds, m = body.graph.inputs, n + asked
        own = [i if i < n else i - asked for i in self.wanted if not n <= i < m]
        active = spread(body.graph, [i in own for i in range(len(kinds))], n, slopes=True)
        moving = tuple([i for i in inexact(kinds[:n]) if active[i]])
        sums = tuple([i for i in own if i >= n])
        op, used = Scan(body, n, 0, 0, False).backward((), moving, sums, ())
        where = [*moving, *[i + asked for i in sums]]
        types = [*kinds[:n], *self.op.test.graph.inputs[n:], *kinds[n:]]
        return (
            op,
            tuple([(self.arrived.index(i) if i in self.arrived else -1, *types[i][:2]) for i in where]),
            tuple([(i, kinds[i].dtype if kinds[i].weak else None) for i in used if i < n]),
            tuple([i - n for i in used if i >= n]),
            tuple([(where.index(i) if i in where else -1, *types[i][:2]) for i in self.wanted]),
        )

    def run(self, *args: Any) -> Any:
        n, m, count = self.counts
        carry, asked, own, zbars = args[:n], args[n:m], args[m:count], args[count:]
        test, step, back, rows = self.ask, self.step, self.back, self.rows
        kept = []
        while test(*carry, *asked)[0]:
            kept.append(carry)
            carry = step(*carry, *own)
        bars = [np.zeros(shape, dtype)[()] if i < 0 else zbars[i] for i, shape, dtype in self.seeds]
        shared = [own[i] for i in self.shared]
        while kept:
            carry = kept.pop()
            bars = back(*bars, *[carry[i] if dtype is None else dtype.type(carry[i]) for i, dtype in rows], *shared)
        return tuple([np.zeros(shape, dtype)[()] if i < 0 else owned(bars[i]) for i, shape, dtype in self.slots])
