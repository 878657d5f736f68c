"""Program: a staged function as a value, which can be compared, hashed, printed, pickled, saved and run."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from funcgrad import tree
from funcgrad.backends.emitting import emitted
from funcgrad.graph.graph import Graph
from funcgrad.graph.program import Path, Signature
from funcgrad.transforms.arguments import static_arguments
from funcgrad.transforms.jitting import Jitted, numpy_source


@frozen(repr=False)
class Program:
    """A function as a value: every path traced so far, for one signature of the arguments."""

    #: What it is made for.
    signature: Signature
    #: The paths.
    paths: tuple[Path, ...]

    @property
    def graph(self) -> Graph:
        """The graph of the first path."""
        return self.paths[0].graph

    def source(self) -> str:
        """The program as text."""
        return "\n".join(emitted(self.signature, self.paths).lines)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        leaves, _ = tree.flatten((args, keywords))
        return emitted(self.signature, self.paths).compiled()(*leaves)

    def __repr__(self) -> str:
        return self.source()


def stage(f: Callable[..., Any]) -> Callable[..., Program]:
    """The program of f at the types of its arguments; of a jitted function, with all paths traced so far."""

    def staged(*args: Any, **keywords: Any) -> Program:
        remembered = getattr(f, "__jitted__", None) or Jitted(static_arguments(f), numpy_source)
        arguments = remembered.static.parted(args, keywords)
        found = remembered.programs.get(arguments.key)
        if found is None:
            remembered.trace(arguments, None)
            found = remembered.programs[arguments.key]
        return Program(found.signature, found.paths)

    return staged


def source(f: Callable[..., Any], *args: Any, **keywords: Any) -> str:
    """The text of the program of f at these arguments."""
    return stage(f)(*args, **keywords).source()
