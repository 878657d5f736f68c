"""What a staged function is made of: paths through Python's control flow, each a graph with guards."""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import field, frozen

from funcgrad.graph.graph import Graph
from funcgrad.graph.places import Place


@frozen
class Guard:
    """A question of Python's control flow, and the answer that a path goes on with."""

    #: The answer: a truth value, or an integer.
    answer: bool | int
    #: What was asked in the user's words, such as `x > 0`; empty where Python kept no text.
    text: str = field(default="", eq=False)
    #: Where it was asked.
    place: Place | None = field(default=None, eq=False)


@frozen
class Path:
    """One way through a function: straight-line code that holds while the guards have these answers."""

    #: What is computed: the values that the guards ask about, in the user's order, and then the answers.
    graph: Graph
    #: The guards, one for each of the graph's first outputs.
    guards: tuple[Guard, ...]
    #: The tree that the answers are the leaves of.
    structure: Any

    @property
    def answers(self) -> tuple[bool | int, ...]:
        """The answers that lead here."""
        return tuple([guard.answer for guard in self.guards])


@frozen
class Signature:
    """What a program is made for: the tree of the arguments, and the type of each leaf."""

    #: The name of the function.
    name: str = field(eq=False)
    #: The tree of (positional arguments, keyword arguments).
    structure: Any
    #: The leaves' names, such as params['w'].
    names: tuple[str, ...] = field(eq=False)
    #: The leaves' types.
    types: tuple[Any, ...]
    #: The names of the positional arguments.
    arguments: tuple[str, ...] = field(default=(), eq=False)


#: What makes a callable of the leaves out of paths: it takes the one that the guards choose, or raises `UntracedPath`.
Backend = Callable[[Signature, Sequence[Path]], Callable[..., Any]]
