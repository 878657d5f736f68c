"""Derived: a derivative, or a batch, that waits for numbers: how often a loop runs is known only then."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from attrs import frozen

from funcgrad.graph.calls import Call
from funcgrad.graph.dispatch import saved
from funcgrad.graph.node import Node
from funcgrad.graph.op import Op, fresh_leaf, unknown
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import stretched, zeros_like
from funcgrad.sweeps.edges import fit
from funcgrad.sweeps.fold import batch, pushforward
from funcgrad.sweeps.pullback import pullback
from funcgrad.transforms.bodies import stacked
from funcgrad.transforms.running import inexact


@saved
@frozen(eq=False, repr=False)
class Derived(Op):
    """What a transform makes of an operation at known values: (x, …, z̄, …) ↦ x̄, (x, …, ẋ, …) ↦ ż, or a batch.

    On known values it is no operation at all but what the transform does; on unknown ones it is staged, and its own
    derivatives are `Derived` again.
    """

    several: ClassVar[bool] = True
    keeps_weak: ClassVar[bool] = True

    #: Why there is no text of it.
    unwritten: ClassVar[str] = (
        "It is a derivative of a while_loop, which takes the steps that the run took, and needs funcgrad at run time."
    )

    #: The operation, of several results.
    op: Any
    #: The transform.
    mode: Literal["pull", "push", "batch"]
    #: Which answers' cotangents arrive; for a batch, its size alone.
    arrived: tuple[int, ...]
    #: Which arguments are asked for, or move.
    wanted: tuple[int, ...]

    def __call__(self, *args: Any) -> Any:
        if any([type(a) is Node and unknown(a.value) for a in args]):
            return super().__call__(*args)
        return self.nested(*args) if any([type(a) is Node for a in args]) else self.run(*args)

    def run(self, *args: Any) -> Any:
        return self.nested(*args)

    def nested(self, *args: Any) -> Any:
        """What the transform does with known values, of which some may be nodes."""
        return {"pull": self.pulled, "push": self.pushed, "batch": self.mapped}[self.mode](args)

    def pulled(self, args: Sequence[Any]) -> Any:
        """The cotangents of the wanted arguments."""
        n = len(args) - len(self.arrived)
        with Call("vjp", self.op.run) as call:
            leaves = {i: fresh_leaf(call, args[i]) for i in self.wanted}
            answers = self.op(*[leaves.get(i, a) for i, a in enumerate(args[:n])])
            own = list(leaves.values())
            bars = pullback(call, [answers[i] for i in self.arrived], list(args[n:]), own)
        return tuple(
            [
                zeros_like(type_of(args[i]).strong()) if bar is None else fit(bar, type_of(args[i]).strong())
                for i, bar in zip(self.wanted, bars, strict=True)
            ]
        )

    def pushed(self, args: Sequence[Any]) -> Any:
        """The tangents of the real and complex answers."""
        n = len(args) - len(self.wanted)
        with Call("jvp", self.op.run) as call:
            leaves = {i: fresh_leaf(call, args[i]) for i in self.wanted}
            answers = self.op(*[leaves.get(i, a) for i, a in enumerate(args[:n])])
            dots = pushforward(call, list(answers), list(leaves.values()), list(args[n:]))
        kinds = [type_of(y).strong() for y in answers]
        return tuple(
            [zeros_like(kinds[i]) if dots[i] is None else fit(dots[i], kinds[i], stretch=True) for i in inexact(kinds)]
        )

    def mapped(self, args: Sequence[Any]) -> Any:
        """The answers for a batch of every argument."""
        return tuple(self.op.batched(self.arrived[0], (True,) * len(args), tuple(args)))

    def infer(self, *args: Any) -> Any:
        kinds = list(map(type_of, args))
        if self.mode == "pull":
            return tuple([kinds[i].strong().bare() for i in self.wanted])
        if self.mode == "push":
            answers = [kind.strong() for kind in self.op.infer(*kinds[: len(kinds) - len(self.wanted)])]
            return tuple([answers[i] for i in inexact(answers)])
        items = [Type(kind.shape[1:], kind.dtype) for kind in kinds]
        return tuple([stacked(kind, self.arrived[0]) for kind in self.op.infer(*items)])

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return pulled_later(self, zbar, args, wanted)

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        moving = [i for i in inexact(list(map(type_of, args))) if dots[i] is not None]
        op = Derived(self, "push", (), tuple(moving))
        answers = op(*args, *[fit(dots[i], type_of(args[i]), stretch=True) for i in moving])
        kinds = self.infer(*map(type_of, args))
        found = dict(zip(inexact(kinds), answers, strict=True))
        return tuple([found.get(i) for i in range(len(kinds))])

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        full = [a if b else stretched(a, size) for a, b in zip(args, which, strict=True)]
        if self.mode != "batch":
            inner = Derived(self.op, "batch", (size,), ())
            return Derived(inner, self.mode, self.arrived, self.wanted)(*full)
        with Call("vmap", self.op.run) as call:
            leaves = [fresh_leaf(call, Type(type_of(a).shape[1:], type_of(a).dtype)) for a in full]
            answers = self.op.batched(self.arrived[0], (True,) * len(full), tuple(leaves))
            return tuple(batch(call, list(answers), leaves, full, size))


def pulled_later(
    op: Op, zbar: Any, args: tuple[Any, ...], wanted: Sequence[int], kind: type[Derived] = Derived
) -> list[Any]:
    """The cotangents of the wanted arguments of an operation whose derivative waits for numbers."""
    kinds = list(map(type_of, args))
    answers = op.infer(*kinds)
    arrived = [i for i in inexact(answers) if zbar[i] is not None]
    moving = [i for i in inexact(kinds) if i in wanted]
    later = kind(op, "pull", tuple(arrived), tuple(moving))
    bars = dict(zip(moving, later(*args, *[fit(zbar[i], answers[i].strong()) for i in arrived]), strict=True))
    return [bars.get(i) for i in wanted]
