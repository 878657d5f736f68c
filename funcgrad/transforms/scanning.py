"""Scan: a loop of known length as one operation, whose derivatives and batches are scans again."""

from collections.abc import Sequence
from itertools import repeat
from typing import Any, ClassVar

import numpy as np
from attrs import evolve, frozen

from funcgrad.backends.counting import counted
from funcgrad.graph.dispatch import saved
from funcgrad.graph.graph import Graph
from funcgrad.graph.node import Node
from funcgrad.graph.op import Op
from funcgrad.graph.types import type_of
from funcgrad.primitives.kinds import stretched, zeros_like
from funcgrad.rewrites.simplifying import simplified
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.bodies import (
    Body,
    advanced,
    agree,
    as_kind,
    batched,
    blank,
    fitted,
    reached,
    read,
    spread,
    stacked,
    staged,
)
from funcgrad.transforms.deferring import pulled_later
from funcgrad.transforms.narrowing import Joined, Narrowed, joined_scan, narrowed_scan
from funcgrad.transforms.rewinding import Rewound
from funcgrad.transforms.running import inexact, pulled, pushed
from funcgrad.transforms.sparing import given, with_spared

#: Transforms of which no cotangent comes: under these alone the carries of each step need not be kept.
FORWARD = frozenset(
    {"vmap", "jit", "eval_shape", "graph_of", "jvp", "jacfwd", "scan", "while_loop", "cond", "stage", "checkpoint"}
)


#: Of so many steps are the answers collected in a list, four times as large as an array.
COUNTED = 1 << 18


@saved
@frozen(eq=False, repr=False)
class Scan(Op):
    """(c_T, y) where (cₜ₊₁, yₜ) = f(cₜ, xₜ, w).  Arguments: c₀, x stacked, w; answers: the last c, then y stacked.

    Pullback: with (c̄ₜ, x̄ₜ, w̄ₜ) = (c̄ₜ₊₁, ȳₜ)·∂f(cₜ, xₜ, w), a scan in the other direction over the kept cₜ, that sums
    the w̄ₜ up: what f computes between is computed again, step by step, but for what is dear and small, which is kept
    (`sparing`). Griewank and Walther, *Evaluating Derivatives* (2008), section 12.1.  Pushforward: the scan of (c, ċ).
    """

    several: ClassVar[bool] = True
    loops: ClassVar[bool] = True
    reads_answer: ClassVar[bool] = True
    keeps_weak: ClassVar[bool] = True

    #: The function of one step: of c, x, w to c, y.
    body: Body
    #: How many values a step hands on to the next.
    carries: int
    #: How many arrays it takes a row of.
    rows: int
    #: How many steps there are.
    length: int
    #: Whether the last row comes first.
    reverse: bool
    #: Whether the last answers are the carries that each step began with, which the pullback reads,
    kept: bool = False
    #: and after them so many values of each step that the pullback need not compute again.
    spared: int = 0
    #: Whether a pullback shall keep no such values.
    sparing: bool = False
    #: How many carries the pullback keeps at one time, the others being computed again; 0 for those of all steps.
    snapshots: int = 0

    #: What it runs, for the cost.
    inside = property(lambda self: ((self.body.graph, self.length),))
    step = property(lambda self: self.body.callable)
    program = property(
        lambda self: self.body.once(("counted", self.carries, self.rows, self.length, self.reverse), self.counted)
    )
    #: The shape and the dtype of each value that is stacked.
    beside = property(lambda self: tuple([(kind.shape, kind.dtype) for kind in self.body.kinds[self.carries :]]))

    def counted(self) -> Any:
        """The loop in Python's numbers, for a program to call; None where it takes rows, or not all are numbers."""
        if self.rows or (self.length > COUNTED and self.beside) or (self.reverse and self.beside):
            return None
        text = counted(self.body.graph, self.carries, self.length, self.run)
        if text is None:
            return None
        function = text.compiled()
        function.emitted = text  # type: ignore[attr-defined]  # a function may carry its text
        return function

    def __call__(self, *args: Any) -> Any:
        if not self.kept and not self.snapshots and any([type(a) is Node and differentiated(a) for a in args]):
            return self.saving()(*args)[: len(self.body.kinds)]
        return super().__call__(*args)

    def keeping(self) -> "Scan":
        """The same loop, with the carries of each step among the answers."""
        graph = self.body.graph
        body = self.body.once("kept", lambda: Body(evolve(graph, outputs=(*graph.outputs, *range(self.carries)))))
        return evolve(self, body=body, kept=True)

    def saving(self) -> "Scan":
        """The same, and with those values of each step that are dear to compute again, unless they are large."""
        if self.sparing:
            return self.keeping()
        n, rows, count = self.carries, self.rows, len(self.body.kinds)

        def kept() -> Body:
            graph = with_spared(self.body.graph, n, rows, self.length)
            return Body(evolve(graph, outputs=(*graph.outputs[:count], *range(n), *graph.outputs[count:])))

        body = self.body.once(("saved", n, rows, self.length), kept)
        return evolve(self, body=body, kept=True, spared=len(body.kinds) - count - n)

    def fewer(self, asked: tuple[int, ...]) -> tuple["Scan", dict[int, int]] | None:
        """The same loop, of which no row is stacked that nothing reads, and none twice."""
        n, outputs = self.carries, self.body.graph.outputs
        first: dict[int, int] = {}
        for i in asked:
            if i >= n:
                first.setdefault(outputs[i], i)
        rows = list(first.values())
        if self.snapshots or len(rows) == len(outputs) - n:
            return None
        graph = evolve(self.body.graph, outputs=tuple([outputs[i] for i in (*range(n), *rows)]))
        body = self.body.once(("fewer", n, asked), lambda: Body(simplified(graph)))
        last = len(outputs) - self.spared
        kept = self.kept and all([i in rows for i in range(last - n, last)])
        op = evolve(self, body=body, kept=kept, spared=len([i for i in rows if i >= last]) if kept else 0)
        return op, {i: i if i < n else n + rows.index(first[outputs[i]]) for i in asked}

    def run(self, *args: Any) -> Any:
        n, m, step = self.carries, self.carries + self.rows, self.step
        carry, xs, shared = args[:n], args[n:m], args[m:]
        ys = [np.empty((self.length, *shape), dtype) for shape, dtype in self.beside]
        way = -1 if self.reverse else 1
        times = range(self.length)[::way]
        for t, row in zip(times, zip(*[x[::way] for x in xs], strict=True) if xs else repeat(()), strict=False):
            answers = step(*carry, *row, *shared)
            if ys:
                carry = answers[:n]
                for y, one in zip(ys, answers[n:], strict=True):
                    y[t] = one
            else:
                carry = answers
        return (*map(owned, carry), *ys)

    def infer(self, *args: Any) -> Any:
        n, m, kinds, inputs = self.carries, self.carries + self.rows, self.body.kinds, self.body.graph.inputs
        agree(args, (*inputs[:n], *[stacked(kind, self.length) for kind in inputs[n:m]], *inputs[m:]))
        agree(kinds[:n], inputs[:n])
        return (*kinds[: self.carries], *[stacked(kind, self.length) for kind in kinds[self.carries :]])

    # ---- derivatives -----------------------------------------------------------------------------------------------
    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        if self.snapshots:
            return pulled_later(self, zbar, args, wanted, Rewound)
        n, m, kinds = self.carries, self.carries + self.rows, self.body.kinds
        arrived = tuple([i for i in inexact(kinds) if i >= n and zbar[i] is not None])
        asked = [i for i in inexact(self.body.graph.inputs) if i in wanted]
        active = spread(self.body.graph, [i in asked for i in range(len(args))], n, slopes=True)
        moving = tuple([i for i in inexact(kinds[:n]) if active[i]])
        sums = tuple([i for i in asked if i >= m])
        mapped = tuple([i for i in asked if n <= i < m])
        loop = self
        op, used = loop.back(arrived, moving, sums, mapped)
        if self.kept and not self.apart(args, used):
            loop = evolve(self, kept=False, spared=0)
            op, used = loop.back(arrived, moving, sums, mapped)
        op = evolve(op, length=self.length, reverse=not self.reverse)
        seeds = [zeros_like(kinds[i].strong()) if zbar[i] is None else fit(zbar[i], kinds[i].strong()) for i in moving]
        seeds += [zeros_like(type_of(args[i]).strong()) for i in sums]
        ybars = [fit(zbar[i], stacked(kinds[i], self.length)) for i in arrived]
        if any([i < n for i in used]):
            args = (*(self.carried(z) if loop.kept else self.again(args, used)[-n:]), *args[n:])
        last = len(args)
        args = (*args, *z[len(z) - loop.spared :])
        rows, shared = [args[i] for i in used if i < m or i >= last], [args[i] for i in used if m <= i < last]
        bars = op(*seeds, *rows, *ybars, *shared)
        found = dict(zip((*moving, *sums, *mapped), bars, strict=False))
        return [found.get(i) for i in wanted]

    def back(self, *asked: tuple[int, ...]) -> tuple["Scan", list[int]]:
        """As `backward`, made once."""
        key = ("pull", self.carries, self.rows, self.spared, *asked)
        found: tuple[Scan, list[int]] = self.body.once(key, lambda: self.backward(*asked))
        return found

    def apart(self, args: tuple[Any, ...], used: list[int]) -> bool:
        """Whether what a pullback reads of the answers is made of no more traced values than lead to it.

        All answers are results of one operation. A loop that is linear in one carry may read another one, or what was
        spared, which is not made of the first; but as a result it would seem to be.
        """
        n, count = self.carries, len(self.body.graph.inputs)
        if any([type(a) is Node for a in args]) and any([i < n or i >= count for i in used]):
            leading = self.body.once(("leading", n, self.spared, tuple(used)), lambda: self.leading(used))
            own, every = calls_of([args[i] for i in leading]), calls_of(args)
            return own == every
        return True

    def leading(self, used: list[int]) -> list[int]:
        """Which c, x and w lead to the carries and to the spared values that a pullback reads."""
        graph = self.body.graph
        count, last = len(graph.inputs), len(graph.outputs) - self.spared
        outputs = tuple([graph.outputs[last + i - count] for i in used if i >= count])
        direct = read(simplified(evolve(graph, outputs=outputs)))
        _, taken = advanced(graph, self.carries, [*direct, *used])
        return sorted({*taken, *direct})

    def carried(self, z: tuple[Any, ...]) -> tuple[Any, ...]:
        """The carries that each step began with, of the answers."""
        last = len(z) - self.spared
        return z[last - self.carries : last]

    def again(self, args: tuple[Any, ...], used: list[int]) -> Any:
        """The carries of each step that the pullback reads, computed of the arguments that lead to them alone."""
        n = self.carries
        onward, taken = self.body.once(("again", n, tuple(used)), lambda: advanced(self.body.graph, n, used))
        op = evolve(self, body=onward).keeping()
        return op(*[a if i in taken else blank(type_of(a)) for i, a in enumerate(args)])

    def backward(
        self, arrived: tuple[int, ...], moving: tuple[int, ...], sums: tuple[int, ...], mapped: tuple[int, ...]
    ) -> tuple["Scan", list[int]]:
        """The scan of c̄ and of the sums of w̄, over c, x, spared values and ȳ; its rows of answers are x̄.

        Then which of c, x, w and the spared values it reads.
        """
        graph, m, n = self.body.graph, self.carries + self.rows, len(self.body.graph.inputs)
        step = pulled(graph, (*moving, *arrived), (*moving, *sums, *mapped))
        values = evolve(graph, outputs=graph.outputs[len(graph.outputs) - self.spared :])
        if self.spared:
            step = given(step, values)
        kinds, carries = (*graph.inputs, *values.output_types), len(moving) + len(sums)
        late = n + len(moving) + len(arrived)  # where the spared values begin among what a step back takes

        used = [i if i < n else i - late + n for i in read(step) if i < n or i >= late]
        mapped_in = [i for i in used if i < m or i >= n]
        shared = [i for i in used if m <= i < n]
        low = carries + len(mapped_in)
        high = low + len(arrived)

        def stepped(*values: Any) -> list[Any]:
            bars, ybars = values[:carries], values[low:high]
            own = dict(zip((*mapped_in, *shared), (*values[carries:low], *values[high:]), strict=True))
            inputs = [as_kind(own[i], kind) if i in own else None for i, kind in enumerate(kinds)]
            zbars = [fit(bar, self.body.kinds[i]) for i, bar in zip(moving, bars, strict=False)]
            zbars += [fit(bar, self.body.kinds[i]) for i, bar in zip(arrived, ybars, strict=True)]
            found = step(*inputs[:n], *zbars, *inputs[n:])
            k = len(moving)
            totals = [fit(a, kinds[i].strong()) for a, i in zip(found, (*moving, *sums, *mapped), strict=True)]
            return [*totals[:k], *[bars[j] + totals[j] for j in range(k, carries)], *totals[carries:]]

        types = [self.body.kinds[i].strong() for i in moving] + [kinds[i].strong() for i in sums]
        types += [kinds[i].strong() for i in mapped_in] + [self.body.kinds[i].strong() for i in arrived]
        types += [kinds[i] for i in shared]
        return Scan(staged(types, stepped), carries, high - carries, self.length, not self.reverse), used

    def moved(self, marks: Sequence[bool]) -> tuple[bool, ...]:
        """Which answers have a derivative where the marked arguments move."""
        active = spread(self.body.graph, marks, self.carries, slopes=True)
        return (*active[: self.carries], *reached(self.body.graph, active, slopes=True)[self.carries :])

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        n, m, kinds = self.carries, self.carries + self.rows, self.body.kinds
        active = spread(self.body.graph, [dot is not None for dot in dots], n, slopes=True)
        moving = tuple([i for i, one in enumerate(active) if one and self.body.graph.inputs[i].dtype.kind in "fc"])
        types = [type_of(a).strong() for a in args]
        tangents = {
            i: zeros_like(types[i]) if dots[i] is None else fit(dots[i], types[i], stretch=True) for i in moving
        }
        if self.kept:
            op, used = self.body.once(("along", n, m, moving), lambda: self.along(moving))
            args, first = (*self.carried(z), *args[n:]), 0
        else:
            op, used = self.body.once(("push", n, m, moving), lambda: self.forward(moving)), range(len(args))
            first = n
        op = evolve(op, length=self.length, reverse=self.reverse, snapshots=self.snapshots)
        own: list[Any] = []
        for low, high in ((0, n), (n, m), (m, len(args))):
            own += [args[i] for i in used if low <= i < high]
            given = [tangents[i] for i in moving if low <= i < high]
            own = [*given, *own] if self.kept and high == n else [*own, *given]
        answers = op(*own)
        found = dict(zip([i for i in moving if i < n], answers[first:], strict=False))
        rows = self.moving_rows(moving)
        found.update(zip(rows, answers[op.carries :], strict=True))
        return tuple([found.get(i) for i in range(len(kinds))])

    def along(self, moving: tuple[int, ...]) -> tuple["Scan", list[int]]:
        """The scan of ċ over the kept c, x and ẋ, which is linear in ẋ; and which of c, x and w it reads."""
        graph, n, m = self.body.graph, self.carries, self.carries + self.rows
        kinds, step = graph.inputs, pushed(graph, moving)
        rows = self.moving_rows(moving)
        used = [i for i in read(step) if i < len(kinds)]
        carried = [(i, True) for i in moving if i < n]
        order = [*carried, *[(i, False) for i in used if i < m], *[(i, True) for i in moving if n <= i < m]]
        mapped = len(order) - len(carried)
        order += [*[(i, False) for i in used if i >= m], *[(i, True) for i in moving if i >= m]]

        def stepped(*values: Any) -> list[Any]:
            own = dict(zip(order, values, strict=True))
            inputs = [as_kind(own[i, False], kind) if (i, False) in own else None for i, kind in enumerate(kinds)]
            zdots = step(*inputs, *[fit(own[i, True], kinds[i]) for i in moving])
            return [*[fit(zdots[i], kinds[i].strong(), stretch=True) for i, _ in carried], *[zdots[i] for i in rows]]

        types = [kinds[i] if i >= m and not dot else kinds[i].strong() for i, dot in order]
        return Scan(staged(types, stepped), len(carried), mapped, self.length, self.reverse), used

    def moving_rows(self, moving: tuple[int, ...]) -> list[int]:
        """The rows of answers that have a tangent."""
        marked = reached(self.body.graph, [i in moving for i in range(len(self.body.graph.inputs))], slopes=True)
        return [i for i in inexact(self.body.kinds) if i >= self.carries and marked[i]]

    def forward(self, moving: tuple[int, ...]) -> "Scan":
        """The scan of c and ċ, over x and ẋ; its rows of answers are ẏ."""
        graph, n, m = self.body.graph, self.carries, self.carries + self.rows
        kinds = graph.inputs
        step = pushed(graph, moving)
        rows = self.moving_rows(moving)
        order: list[tuple[int, bool]] = []
        for low, high in ((0, n), (n, m), (m, len(kinds))):
            order += [(i, False) for i in range(low, high)]
            order += [(i, True) for i in moving if low <= i < high]

        def stepped(*values: Any) -> list[Any]:
            own = dict(zip(order, values, strict=True))
            inputs = [own[i, False] for i in range(len(kinds))]
            zdots = step(*inputs, *[fit(own[i, True], kinds[i]) for i in moving])
            carried = [fit(zdots[i], kinds[i].strong(), stretch=True) for i in moving if i < n]
            return [*graph(*inputs)[:n], *carried, *[zdots[i] for i in rows]]

        types = [kinds[i].strong() if dot else kinds[i] for i, dot in order]
        carried = [i for i in moving if i < n]
        mapped = [i for i in moving if n <= i < m]
        return Scan(staged(types, stepped), n + len(carried), self.rows + len(mapped), self.length, self.reverse)

    # ---- programs --------------------------------------------------------------------------------------------------
    def narrowed(self, args: Sequence[int], wanted: set[int]) -> Narrowed | None:
        """The loop of what leads to the wanted answers."""
        return narrowed_scan(self, args, wanted)

    def joined(self, args: Sequence[int], other: Any, others: Sequence[int], wanted: set[int]) -> Joined | None:
        """The loop that gives another's wanted answers too."""
        return joined_scan(self, args, other, others, wanted)

    # ---- batches ---------------------------------------------------------------------------------------------------
    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        n, m, kinds = self.carries, self.carries + self.rows, self.body.kinds
        marks = tuple(spread(self.body.graph, which, n))
        inits = [stretched(a, size) if mark and not b else a for a, mark, b in zip(args, marks, which, strict=True)]
        xs = [swapped(x) if mark else x for x, mark in zip(args[n:m], marks[n:m], strict=True)]
        body, rows = self.body.once(("batch", n, size, marks), lambda: batched_step(self.body.graph, n, size, marks))
        op = evolve(self, body=body)
        answers = op(*inits[:n], *xs, *args[m:])
        carried = [a if mark else stretched(a, size) for a, mark in zip(answers[:n], marks[:n], strict=True)]
        ys = [swapped(y) if mark else stretched(y, size) for y, mark in zip(answers[n:], rows, strict=True)]
        assert len(carried) + len(ys) == len(kinds)
        return (*carried, *ys)


def batched_step(graph: Graph, carries: int, size: int, marks: Sequence[bool]) -> tuple[Body, list[bool]]:
    """The body whose marked inputs are batches, and which of its rows of answers are."""
    found: list[bool] = []
    kinds = graph.output_types

    def stepped(*values: Any) -> list[Any]:
        answers = []
        for i, (y, one) in enumerate(batched(graph, size, marks, values)):
            if i < carries and marks[i] and not one:
                y, one = stretched(y, size), True
            if i >= carries:
                found.append(one)
            answers.append(fitted(y, stacked(kinds[i], size)) if one else y)
        return answers

    types = [stacked(kind, size) if mark else kind for kind, mark in zip(graph.inputs, marks, strict=True)]
    return staged(types, stepped), found


def calls_of(args: Sequence[Any]) -> set[Any]:
    """The calls whose leaves some arguments are made of."""
    return {call for a in args if type(a) is Node for call in a.history.calls}


def differentiated(node: Node) -> bool:
    """Whether a cotangent may come back to what is made of a node."""
    return any([call.running and call.transform not in FORWARD for call in node.history.calls])


def swapped(x: Any) -> Any:
    """An array with its first two axes exchanged."""
    return np.swapaxes(x, 0, 1)


def owned(a: Any) -> Any:
    """An array that shares no memory with what it was made of."""
    return a.copy() if type(a) is np.ndarray else a
