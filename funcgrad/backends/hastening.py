"""Hastening: the program that is tried first, in which products of the chain rule are ordinary ones.

Its graphs are simplified further, and no NaN is looked for where the rules of choices do. It is right if none of its
`suspects` holds a NaN: each is a value that is not computed alike in the careful program, or one of which a test for
NaN was left out. A product of the chain rule that meets 0·∞, which is 0 with care, makes one of them a NaN.
"""

from collections.abc import Sequence

from attrs import evolve, frozen

from funcgrad.backends.checking import CHAINED, carries
from funcgrad.backends.numbering import Ask, Numbered, Segment, Values
from funcgrad.graph.graph import Graph
from funcgrad.graph.program import Path
from funcgrad.primitives.contracting import Einsum, MatMul
from funcgrad.primitives.kinds import Pointwise
from funcgrad.primitives.pointwise import PowerBy
from funcgrad.rewrites.carefree import carefree, ordinary, without_tests
from funcgrad.rewrites.simplifying import simplified

#: Graphs of more steps are not simplified once more: it would take as long as the first time.
MOST = 1000
#: What may make a NaN of numbers.
MAKING = (Pointwise, PowerBy, MatMul, Einsum)


@frozen(eq=False)
class Hastened:
    """The program that is tried first."""

    #: Its straight-line code.
    segment: Segment
    #: The values of which one is a NaN if a product of the chain rule met 0·∞.
    suspects: set[int]


def hastened(values: Values, paths: Sequence[Path], careful: Sequence[Numbered]) -> Hastened | None:
    """The program that is tried first; None where the careful one is as quick."""
    known = set(values.made)
    if not any([isinstance(values.made[number].step.op, CHAINED) for number in known]):
        return None
    numbered, suspects, untested = [], set(), set()
    for path, one in zip(paths, careful, strict=True):
        quick, tested = quickly(values, path, len(paths) == 1)
        numbered.append(quick)
        untested |= tested
        suspects |= {a for a, b in zip(quick.outputs, one.outputs, strict=True) if a != b}
    for number in known:
        step, args = values.made[number].step, values.made[number].args
        if isinstance(step.op, CHAINED):
            suspects.add(values.numbers.get((ordinary(step).op, args), number))
    for number in set(values.made) - known:
        line = values.made[number]
        suspects.add(number)
        if not carries(line.step.op):
            suspects.update(line.args)
    suspects = untested | {number for number in suspects if suspicious(values, number)}
    return Hastened(values.segment(numbered), suspects)


def suspicious(values: Values, number: int) -> bool:
    """Whether a value may be a NaN that comes from none of those it is made of."""
    if number not in values.made:
        return False
    kind = values.kind(number)
    return isinstance(values.made[number].step.op, MAKING) and type(kind) is not tuple and kind.dtype.kind in "fc"


def quickly(values: Values, path: Path, alone: bool) -> tuple[Numbered, set[int]]:
    """A path without care, and the values that are not tested for NaN in it."""
    if len(path.graph.steps) > MOST:
        return values.numbered(evolve(path, graph=carefree(path.graph)), alone), set()
    graph, count = without_tests(carefree(path.graph))
    if count:
        whole = simplified(graph)
        numbered = values.numbered(evolve(path, graph=whole), alone)
        tested = set(numbered.outputs[len(numbered.outputs) - count :])
        short = Numbered(evolve(path, graph=without(whole, count)), numbered.shared)
        if tested <= needed(values, short):
            return short, tested
    return values.numbered(evolve(path, graph=simplified(carefree(path.graph))), alone), set()


def without(graph: Graph, count: int) -> Graph:
    """A graph without its last outputs."""
    return evolve(graph, outputs=graph.outputs[: len(graph.outputs) - count])


def needed(values: Values, path: Numbered) -> set[int]:
    """The values that a path computes."""
    return {item for item in values.segment([path]).order if not isinstance(item, Ask)}
