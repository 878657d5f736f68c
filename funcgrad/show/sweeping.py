"""The sweep backwards over a graph, each product of the chain rule kept: what `steps` prints and pictures show."""

from typing import Any

from funcgrad.graph.calls import Call
from funcgrad.graph.graph import Graph
from funcgrad.graph.node import Node
from funcgrad.graph.op import Result, fresh_leaf
from funcgrad.graph.types import Type, type_of
from funcgrad.show.sheet import Share
from funcgrad.sweeps.edges import settle
from funcgrad.sweeps.pullback import pullback
from funcgrad.transforms.boundary import one_like


def real_scalar(value: Any) -> bool:
    """Whether a value is one real number, so that it has a gradient."""
    kind = type_of(value)
    return type(kind) is Type and kind.shape == () and kind.dtype.kind == "f"


def swept(graph: Graph, values: list[Any]) -> tuple[dict[int, Any], tuple[Share, ...]]:
    """The cotangent of each value that leads to the one answer, and the products they are sums of, in their order.

    Each operation is asked for its own pullback, at its own arguments: Griewank and Walther, *Evaluating Derivatives*
    (2008), section 3.2.
    """
    (root,) = graph.outputs
    given, moving = len(graph.inputs) + len(graph.constants), active(graph)
    if not moving[root]:
        return {}, ()
    bars: dict[int, Any] = {root: one_like(values[root])}
    shares: list[Share] = []
    for number in reversed(range(given, given + len(graph.steps))):
        zbar = bars.get(number)
        if zbar is None or not moving[number]:
            continue
        step = graph.steps[number - given]
        if type(step.op) is Result:
            (target,) = step.args
            slots = list(bars.get(target) or [None] * len(values[target]))
            held = slots[step.op.index]
            slots[step.op.index] = zbar if held is None else held + zbar
            bars[target] = tuple(slots)
            shares.append(Share(number, 0, target, None, zbar, zbar, slots[step.op.index]))
            continue
        arguments = [values[i] for i in step.args]
        wanted = [i for i, target in enumerate(step.args) if moving[target]]
        for i, local, product in products(step.op, arguments, wanted, zbar):
            target = step.args[i]
            bars[target] = product if target not in bars else added(bars[target], product)
            shares.append(Share(number, i, target, local, zbar, product, bars[target]))
    return bars, tuple(shares)


def products(op: Any, args: list[Any], wanted: list[int], zbar: Any) -> list[tuple[int, Any, Any]]:
    """For each wanted argument x of z = op(...): which it is, ∂z/∂x where both are scalars, and z̄·∂z/∂x."""
    with Call("steps", op.run) as call:
        leaves = {i: fresh_leaf(call, args[i]) for i in wanted}
        z = op(*[leaves.get(i, a) for i, a in enumerate(args)])
        several = type(z) is tuple
        answers, zbars = (list(z), list(zbar)) if several else ([z], [zbar])
        if not any([type(one) is Node for one in answers]):
            return []
        own = list(leaves.values())
        bars = pullback(call, answers, zbars, own)
        slopes: list[Any] = [None] * len(own)
        if not several and real_scalar(z.value):
            slopes = pullback(call, answers, [one_like(z)], own)
    return [
        (i, settle(slope) if real_scalar(args[i]) else None, settle(bar))
        for i, slope, bar in zip(wanted, slopes, bars, strict=True)
        if bar is not None
    ]


def added(total: Any, product: Any) -> Any:
    """A running sum of cotangents; of an operation of several results, slot by slot."""
    if type(total) is tuple:
        return tuple([b if a is None else a if b is None else a + b for a, b in zip(total, product, strict=True)])
    return total + product


def active(graph: Graph) -> list[bool]:
    """Which values are made of a real or complex input, and are real or complex themselves."""
    marks = [kind.dtype.kind in "fc" for kind in graph.inputs] + [False] * len(graph.constants)
    for step in graph.steps:
        kinds = step.type if type(step.type) is tuple else (step.type,)
        marks.append(any([marks[i] for i in step.args]) and any([kind.dtype.kind in "fc" for kind in kinds]))
    return marks
