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
    #: The running calls of the user's functions around it, outermost first; empty unless they are asked for.
    frames: tuple[Any, ...] = ()
    #: The frame of the library's that the user's instruction called; None unless it is asked for.
    within: Any = None


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
        answer = kind(node.value.witness.known())
        self.asked.append(Asked(node, kind, answer, self.position()))
        return answer


@define(eq=False, repr=False)
class Later:
    """A value of the first call that is computed when it is asked for."""

    #: The operation.
    op: Any
    #: The values that it takes, which may be for later too.
    args: tuple[Any, ...]
    #: Whether it is computed.
    done: bool = field(init=False, default=False)
    #: The value.
    value: Any = field(init=False, default=None)

    def known(self) -> Any:
        """The value, now computed."""
        stack = [self]
        while stack:
            one = stack[-1]
            missing = [a for a in one.args if type(a) is Later and not a.done]
            if missing:
                stack += missing
                continue
            stack.pop()
            if not one.done:
                one.value, one.done = one.op.run(*[a.value if type(a) is Later else a for a in one.args]), True
                one.args = ()
        return self.value


class Witness(NamedTuple):
    """What a trace knows of one value beside its type."""

    #: The trace.
    trace: Trace
    #: The value in the first call, or how it is computed.
    example: Any
    #: Where it was made.
    position: Position | None = None

    def known(self) -> Any:
        """The value in the first call."""
        return self.example.known() if type(self.example) is Later else self.example


def replay(history: Any) -> Any:
    """Let what is staged now have been written where the answer of `history` was; until the trace, if any, is ended."""
    witness = getattr(history.answer, "witness", None)
    if witness is None or witness.position is None or witness.trace.replayed is not None:
        return None
    witness.trace.replayed = witness.position._replace(replayed=True)
    return witness.trace


@contextmanager
def replaying(history: Any) -> Iterator[None]:
    """What is staged meanwhile was written where the answer of `history` was: a derivative has its function's line."""
    trace = replay(history)
    try:
        yield
    finally:
        if trace is not None:
            trace.replayed = None
