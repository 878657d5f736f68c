"""The sweep forwards: replay a graph from its leaves; only what replaying means differs."""

from collections.abc import Callable
from typing import Any

from funcgrad.graph.calls import Call
from funcgrad.graph.graph import since
from funcgrad.graph.node import History, Node
from funcgrad.graph.op import node_of
from funcgrad.graph.tracing import replaying
from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import stretched
from funcgrad.sweeps.edges import fit, fits, plain
from funcgrad.sweeps.pullback import push_by_pull, watched

#: One step of a fold: a history and the images of its arguments (None where an argument has none) give its own image.
Step = Callable[[History, list[Any]], Any]


def fold(call: Call, answers: list[Any], images: dict[History, Any], step: Step) -> list[Any]:
    """The images of `answers`, given those of the leaves of `call`; None for what is made of none of them."""
    images = dict(images)
    for h in since(call, [y.history for y in answers if type(y) is Node]):
        if h in images:
            continue
        below = [
            images.get(a.history if type(a) is Node else a) if type(a) in (Node, History) else None for a in h.args
        ]
        if any([image is not None for image in below]):
            if type(h.answer) is Type and h.answer.witness is not None:
                with replaying(h):
                    images[h] = step(h, below)
            else:
                images[h] = step(h, below)
    return [images.get(y.history) if type(y) is Node else None for y in answers]


# ---- push: tangents -------------------------------------------------------------------------------------------------
def pushforward(call: Call, answers: list[Any], leaves: list[Node], tangents: list[Any]) -> list[Any]:
    """ẏ = ∂y/∂x · ẋ: made of nodes where the graph is watched, else of numbers; None is zero.

    Griewank and Walther, *Evaluating Derivatives* (2008), section 3.1.
    """
    by_nodes = watched(call, [y.history for y in answers if type(y) is Node])

    def step(h: History, dots: list[Any]) -> Any:
        if by_nodes:
            z, args = node_of(h), h.args
        else:
            z, args = h.answer, tuple(map(plain, h.args))
        op = h.op
        if op.transposed_push:
            zdot = push_by_pull(op, dots, z, args)
        else:
            zdot = op.push(dots, z, args)
        if zdot is None or type(zdot) is tuple:
            return zdot
        return zdot if fits(zdot, h.answer) else fit(zdot, h.answer, stretch=True)

    images = {leaf.history: dot for leaf, dot in zip(leaves, tangents, strict=True) if dot is not None}
    return fold(call, answers, images, step)


# ---- batch -----------------------------------------------------------------------------------------------------------
def batch(call: Call, answers: list[Any], leaves: list[Node], batches: list[Any], size: int) -> list[Any]:
    """The answers for every item of a batch at once, axis 0 of `batches` and of each answer."""

    def step(h: History, below: list[Any]) -> Any:
        which = tuple([image is not None for image in below])
        args = tuple([a if image is None else image for image, a in zip(below, h.args, strict=True)])
        return h.op.batched(size, which, args)

    images = {leaf.history: xs for leaf, xs in zip(leaves, batches, strict=True) if xs is not None}
    folded = fold(call, answers, images, step)
    return [stretched(y, size) if image is None else image for y, image in zip(answers, folded, strict=True)]


# ---- replay ----------------------------------------------------------------------------------------------------------
def substitute(call: Call, answers: list[Any], leaves: list[Node], values: list[Any]) -> list[Any]:
    """The answers again, with other values in place of the leaves."""

    def step(h: History, below: list[Any]) -> Any:
        return h.op(*[a if image is None else image for image, a in zip(below, h.args, strict=True)])

    images = {leaf.history: value for leaf, value in zip(leaves, values, strict=True)}
    folded = fold(call, answers, images, step)
    return [y if image is None else image for y, image in zip(answers, folded, strict=True)]
