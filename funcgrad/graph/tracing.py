"""Trace: what `jit` knows while it traces: the first call's numbers, and what Python's control flow asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any, NamedTuple

from attrs import define, field, frozen

from funcgrad.errors import EscapedNode
from funcgrad.graph.calls import Call
from funcgrad.graph.provenance import position, refuse


class Position(NamedTuple):
    """Where something was written."""

    #: The code object.
    code: CodeType
    #: The offset of the instruction in it.
    offset: int
    #: Whether what is made there is the instruction's derivative, or its batch, and not its own answer.
    replayed: bool = False


@frozen(eq=False)
class Asked:
    """A question of Python's about an unknown value, and the first call's answer."""

    #: The value: a node.
    node: Any
    #: What was asked: `bool` or `int`.
    kind: Callable[[Any], Any]
    #: The answer that the trace goes on with.
    answer: bool | int
    #: Where it was asked.
    position: Position | None


@define(eq=False, repr=False)
class Trace:
    """One tracing of a function by `jit`: it grows while that runs, and is done with when the graph is closed."""

    #: The call whose leaves have examples.
    call: Call
    #: The questions so far, in the user's order.
    asked: list[Asked] = field(init=False, factory=list)
    #: Where what is made now was written, while a sweep replays older lines; None for the user's running frame.
    replayed: Position | None = field(init=False, default=None)

    def position(self) -> Position | None:
        """Where the operation that is staged now was written."""
        here = self.replayed or position()
        return here if type(here) is Position or here is None else Position(*here)

    def decide(self, node: Any, kind: Callable[[Any], Any]) -> Any:
        """The answer for the first call's numbers, kept as a guard of the program."""
        if not self.call.running:
            refuse(
                EscapedNode,
                "A traced value of a jit that has ended was asked for its value.",
                "Return it from the function, and use what the jitted function returns.",
            )
        answer = kind(node.value.witness.example)
        self.asked.append(Asked(node, kind, answer, self.position()))
        return answer


class Witness(NamedTuple):
    """What a trace knows of one value beside its type."""

    #: The trace.
    trace: Trace
    #: The value in the first call.
    example: Any
    #: Where it was made.
    position: Position | None = None


@contextmanager
def replaying(history: Any) -> Iterator[None]:
    """What is staged meanwhile was written where the answer of `history` was: a derivative has its function's line."""
    witness = getattr(history.answer, "witness", None)
    if witness is None or witness.position is None or witness.trace.replayed is not None:
        yield
        return
    witness.trace.replayed = witness.position._replace(replayed=True)
    try:
        yield
    finally:
        witness.trace.replayed = None
