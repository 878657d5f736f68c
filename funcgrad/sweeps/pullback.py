"""The sweep backwards: cotangents, from the answers to the leaves."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np
from attrs import define, field
from numpy import ndarray

from funcgrad.graph.calls import Call
from funcgrad.graph.node import History, Node
from funcgrad.graph.op import Result, fresh_leaf, node_of, unknown
from funcgrad.graph.tracing import replay
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.indexing import Piece, joined_pieces
from funcgrad.sweeps.edges import fit, fits, plain, sum_to


def watched(call: Call, roots: list[Any]) -> bool:
    """Whether somebody other than `call` may ask how the answer's history was made: then rules run on nodes."""
    return any([other.running and other is not call for root in roots for other in root.calls])


def pullback(call: Call, answers: list[Any], cotangents: list[Any], leaves: list[Node]) -> list[Any]:
    """x̄ = ȳ·∂y/∂x for every leaf x of `call`: of nodes where the graph is watched, else of numbers; None is zero.

    Griewank and Walther, *Evaluating Derivatives* (2008), section 3.2: each history hands its cotangent on to its
    arguments, the youngest first.
    """
    books = Books(call)
    for y, ybar in zip(answers, cotangents, strict=True):
        if type(y) is Node and ybar is not None and call in y.history.calls:
            like = y.history.answer  # a Python number may have become NumPy's on the way, with no history of that
            books.add(y.history, ybar if type(ybar) is not np.float64 or fits(ybar, like) else fit(ybar, like))
    books.by_nodes = watched(call, list(books.bars))
    for y in answers:  # of a known answer that no rule reads, the history has but the type: it is the node that says
        if type(y) is Node and y.history in books.bars and unknown(y.value):
            books.by_nodes = True
            # What jit traces must not depend on the first call's numbers: when it runs, NumPy may meet 0·∞.
            books.careful |= type(y.value) is Type and y.value.witness is not None
    with np.errstate(invalid="call", call=books.warn):
        sweep(books)
    if books.pieces:
        return [books.take(leaf.history) for leaf in leaves]
    return [books.bars.get(leaf.history) for leaf in leaves]


@define(eq=False, repr=False)
class Books:
    """What one sweep writes down on its way: it begins and ends inside one call of `pullback`."""

    #: The call whose leaves are differentiated with respect to.
    call: Call
    #: Whether rules run on nodes.
    by_nodes: bool = False
    #: The cotangents that have arrived so far.
    bars: dict[History, Any] = field(factory=dict)
    #: The histories that cotangents wait for, the youngest first: birth order is topological.
    queue: list[tuple[int, int, History]] = field(factory=list)
    #: Numbers the entries of the queue: the leaves of an inner call have one birth, and keep the order they came in.
    turns: Iterator[int] = field(factory=count)
    #: The cotangents of parts of arrays.
    pieces: dict[History, list[Piece]] = field(factory=dict)
    #: Whether a choice has been passed that may have left out infinities: from there on 0·∞ is 0.
    careful: bool = False
    #: Whether NumPy met 0·∞ or ∞ - ∞ in the rule that ran last.
    invalid: bool = False

    def warn(self, _kind: str, _flag: int) -> None:
        """What NumPy calls when an invalid value arises."""
        self.invalid = True

    def add(self, target: History, bar: Any) -> None:
        """Fan-out: cotangents of one value add up, pieces of an array when the array's turn comes."""
        bars: dict[History, Any] = self.bars
        if type(bar) is Piece:
            bar, bars = [bar], self.pieces
        if target in bars:
            bars[target] = bars[target] + bar
            return
        bars[target] = bar
        if target.birth > self.call.birth:  # a leaf of the call has no turn; to a second turn nothing is left
            heappush(self.queue, (-target.birth, next(self.turns), target))

    def take(self, h: History) -> Any:
        """The cotangent of `h`: what arrived for all of it, and the pieces; None if nothing did."""
        whole = self.bars.pop(h, None)
        if not self.pieces or h not in self.pieces:
            return whole
        part = joined_pieces(self.pieces.pop(h), h)
        return part if whole is None else whole + part


def sweep(books: Books) -> None:  # noqa: C901  # flat on purpose: its body runs for every operation
    """Add z̄·∂z/∂x to the cotangent of each argument x that leads to a leaf, for each z from the youngest on."""
    bars, queue, pieces, turns = books.bars, books.queue, books.pieces, books.turns
    call, by_nodes = books.call, books.by_nodes
    trace: Any = None
    oldest = call.birth
    try:
        while queue:
            h = heappop(queue)[2]
            zbar = books.take(h) if pieces else bars.pop(h, None)
            if zbar is None:
                continue
            if books.careful:
                trace = replay(h)
                shares = by_rule(books, h, zbar)
            else:
                shares = h.op.shares(zbar, h, call, by_nodes)
                if not shares or books.invalid:
                    shares = by_rule(books, h, zbar)
            for target, abar in shares:
                if abar is None:
                    continue
                like, kind = target.answer, type(abar)
                if kind is ndarray:
                    # What `fits` and `fit` would find of two arrays, without a call: most are alike but for the shape.
                    if type(like) in ARRAYS and abar.dtype is like.dtype and (shape := like.shape):
                        if abar.shape != shape:
                            abar = sum_to(abar, shape)
                    elif not fits(abar, like):
                        abar = fit(abar, like)
                elif kind is not type(like) and not fits(abar, like):
                    abar = fit(abar, like)
                if target in bars or kind is Piece:
                    books.add(target, abar)
                else:  # what `add` would do
                    bars[target] = abar
                    birth = target.birth
                    if birth > oldest:
                        heappush(queue, (-birth, next(turns), target))
            if trace is not None:
                trace.replayed = trace = None
    finally:
        if trace is not None:
            trace.replayed = None


#: What a history remembers of an array: itself, or its type.
ARRAYS = (Type, ndarray)


def by_rule(books: Books, h: History, zbar: Any) -> Any:
    """Pairs of an argument's history and what it gets, by the rule of the operation."""
    op, entries = h.op, h.args
    if type(op) is Result:
        add_slot(books, history_of(entries[0]), op.index, zbar)
        return ()
    books.invalid = False
    wanted, targets, values = sole(entries[0]) if len(entries) == 1 else sorted_out(books.call, entries)
    z, args = (node_of(h), entries) if books.by_nodes else (h.answer, values)
    if op.hides or (op.chooses and (books.by_nodes or type(zbar) is Node) and unknown_among(zbar, *entries)):
        books.careful = True
    rule = op.pull_carefully if books.careful else op.pull
    new = pull_by_push(op, zbar, z, args, wanted) if op.transposed_pull else rule(zbar, z, args, wanted)
    if books.invalid:
        books.invalid = False
        new = new if op.transposed_pull else op.pull_carefully(zbar, z, args, wanted)
    return zip(targets, new, strict=True)


def history_of(a: Any) -> History:
    """The history of what a history remembers of an argument."""
    found: History = a.history if type(a) is Node else a
    return found


def sole(a: Any) -> tuple[Sequence[int], Sequence[History], tuple[Any, ...]]:
    """As `sorted_out`, for the argument of an operation of one: it leads to a leaf, or the sweep would not be here."""
    return ((0,), (a.history,), (a.value,)) if type(a) is Node else ((0,), (a,), (a,))


def sorted_out(call: Call, entries: tuple[Any, ...]) -> tuple[Sequence[int], Sequence[History], tuple[Any, ...]]:
    """Of a history's arguments: which ones lead to a leaf of `call`, their histories, and the values of all."""
    wanted, targets, values = [], [], []
    for i, a in enumerate(entries):
        if type(a) is Node:
            values.append(a.value)
            a = a.history
        else:
            values.append(a)
            if type(a) is not History:
                continue
        if call in a.calls:
            wanted.append(i)
            targets.append(a)
    return wanted, targets, tuple(values)


def unknown_among(*values: Any) -> bool:
    """Whether one of the values, which may be nodes, is unknown."""
    return any([type(plain(a)) is Type for a in values])


def add_slot(books: Books, target: History, index: int, zbar: Any) -> None:
    """The cotangent of a result, added to its slot of the tuple's."""
    slots = books.bars.pop(target, None) or (None,) * len(target.answer)
    books.add(
        target, tuple((zbar if bar is None else bar + zbar) if i == index else bar for i, bar in enumerate(slots))
    )


def pull_by_push(op: Any, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
    """x̄ of an operation that states only its jvp: ẋ ↦ ż is linear, and its transpose at z̄ is x̄."""
    with Call(op.name, op.jvp) as call:
        leaves = [fresh_leaf(call, type_of(args[i]).strong()) for i in wanted]
        dots: list[Any] = [None] * len(args)
        for i, leaf in zip(wanted, leaves, strict=True):
            dots[i] = leaf
        zdot = op.push(dots, z, args)
        if zdot is None:
            return [None] * len(wanted)
        if type(zdot) is tuple:
            return pullback(call, list(zdot), list(zbar), leaves)
        return pullback(call, [zdot], [fit(zbar, zdot)], leaves)


def push_by_pull(op: Any, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
    """ż of an operation that states only its vjp: z̄ ↦ x̄ is linear, and its transpose at ẋ is ż."""
    moving = [i for i, dot in enumerate(dots) if dot is not None]
    kind = tuple(map(type_of, z)) if type(z) is tuple else type_of(z)
    with Call(op.name, op.vjp) as call:
        kinds = kind if type(kind) is tuple else (kind,)
        leaves = [fresh_leaf(call, one.strong()) for one in kinds]
        bars = op.pull(tuple(leaves) if type(kind) is tuple else leaves[0], z, args, moving)
        pairs = [(bar, fit(dots[i], bar)) for i, bar in zip(moving, bars, strict=True) if bar is not None]
        zdots = pullback(call, [bar for bar, _ in pairs], [dot for _, dot in pairs], leaves)
    return tuple(zdots) if type(kind) is tuple else zdots[0]
