"""Choose: one of several graphs, whichever an index says, as one operation."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from funcgrad.graph.dispatch import saved
from funcgrad.graph.op import Op
from funcgrad.primitives.pointwise import Select
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.bodies import Body, agree, all_batched, fitted, stacked, staged
from funcgrad.transforms.running import inexact, pulled, pushed
from funcgrad.transforms.scanning import owned


@saved
@frozen(eq=False, repr=False)
class Choose(Op):
    """z = fₖ(x, …) for the index k, the first argument, held to 0 … n-1.  Pullback: the choice among the pullbacks."""

    several: ClassVar[bool] = True
    keeps_weak: ClassVar[bool] = True

    #: The functions, of the same types of arguments and answers.
    branches: tuple[Body, ...]

    #: What it runs, for the cost.
    inside = property(lambda self: tuple([(body.graph, 1) for body in self.branches]))
    steps = property(lambda self: self.branches[0].once("steps", lambda: tuple([b.callable for b in self.branches])))

    def run(self, *args: Any) -> Any:
        steps = self.steps
        return tuple(map(owned, steps[min(max(int(args[0]), 0), len(steps) - 1)](*args[1:])))

    def infer(self, *args: Any) -> Any:
        for body in self.branches:
            agree(args[1:], body.graph.inputs)
            agree(body.kinds, self.branches[0].kinds)
        return self.branches[0].kinds

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        kinds = self.branches[0].kinds
        arrived = tuple([i for i in inexact(kinds) if zbar[i] is not None])
        moving = tuple([i for i in inexact(self.branches[0].graph.inputs) if i + 1 in wanted])
        op = self.branches[0].once(
            ("pull", arrived, moving), lambda: self.each(lambda graph: pulled(graph, arrived, moving))
        )
        bars = dict(zip(moving, op(*args, *[fit(zbar[i], kinds[i]) for i in arrived]), strict=True))
        return [bars.get(i - 1) for i in wanted]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        kinds = self.branches[0].graph.inputs
        moving = tuple([i for i in inexact(kinds) if dots[i + 1] is not None])
        op = self.branches[0].once(("push", moving), lambda: self.each(lambda graph: pushed(graph, moving)))
        answers = op(*args, *[fit(dots[i + 1], kinds[i], stretch=True) for i in moving])
        real = inexact(self.branches[0].kinds)
        return tuple([dot if i in real else None for i, dot in enumerate(answers)])

    def each(self, derive: Any) -> "Choose":
        """The choice among what is derived of each branch."""
        graphs = [derive(body.graph) for body in self.branches]
        kinds = [[kind.strong() for kind in graph.output_types] for graph in graphs]
        return Choose(
            tuple(
                [
                    staged(graph.inputs, lambda *args, graph=graph: list(map(fitted, graph(*args), kinds[0])))
                    for graph in graphs
                ]
            )
        )

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        marks, kinds = which[1:], self.branches[0].kinds
        if not which[0]:
            op = self.branches[0].once(("batch", size, marks), lambda: self.stacked(size, marks))
            return op(*args)
        k = np.clip(args[0].astype(int) if args[0].dtype.kind == "b" else args[0], 0, len(self.branches) - 1)
        answers = [all_batched(body.graph, size, marks, args[1:]) for body in self.branches]
        chosen = answers[-1]
        for i, others in reversed(list(enumerate(answers[:-1]))):
            mask = k == i
            chosen = [selected(mask, a, b, kind) for a, b, kind in zip(others, chosen, kinds, strict=True)]
        return tuple(chosen)

    def stacked(self, size: int, marks: tuple[bool, ...]) -> "Choose":
        """The choice among the branches for batches, where all items share the index."""
        types = [
            stacked(kind, size) if mark else kind
            for kind, mark in zip(self.branches[0].graph.inputs, marks, strict=True)
        ]
        return Choose(
            tuple(
                [
                    staged(types, lambda *args, graph=body.graph: all_batched(graph, size, marks, args))
                    for body in self.branches
                ]
            )
        )


def selected(mask: Any, a: Any, b: Any, kind: Any) -> Any:
    """Of two batches of values of a type, the items of the first where `mask` is true."""
    return Select()(np.reshape(mask, (mask.shape[0], *[1] * len(kind.shape))), a, b)
