"""Interpreting: a program run step by step, by the operations themselves: on numbers, and on traced values too."""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field

from funcgrad.backends.emitting import untraced
from funcgrad.errors import UntracedPath
from funcgrad.graph.program import Path, Signature


def interpreted(_signature: Signature, paths: Sequence[Path]) -> Callable[..., Any]:
    """The backend without a text: the same answers as the emitted program's."""

    def run(*inputs: Any) -> Any:
        path, values = chosen(paths, inputs)
        n = len(path.guards)
        return path.structure.unflatten([values.of(i) for i in path.graph.outputs[n:]])

    return run


@define(eq=False)
class Values:
    """The values of a graph, each computed when it is first asked for."""

    #: The path.
    path: Path
    #: The arguments.
    inputs: Sequence[Any]
    #: What is known so far, by number.
    known: dict[int, Any] = field(init=False)

    @known.default
    def _known(self) -> dict[int, Any]:
        graph = self.path.graph
        return dict(enumerate([*self.inputs, *[constant.value for constant in graph.constants]]))

    def of(self, wanted: int) -> Any:
        """The value of this number."""
        graph = self.path.graph
        first, stack, missing = len(graph.inputs) + len(graph.constants), [wanted], set()
        while stack:
            number = stack.pop()
            if number not in self.known and number not in missing:
                missing.add(number)
                stack.extend(graph.steps[number - first].args)
        for number in sorted(missing):
            step = graph.steps[number - first]
            self.known[number] = step.op(*[self.known[i] for i in step.args])
        return self.known[wanted]


def chosen(paths: Sequence[Path], inputs: Sequence[Any]) -> tuple[Path, Values]:
    """The path that the guards choose for these arguments, and its values so far."""
    left, depth = list(paths), 0
    values = Values(left[0], inputs)
    while depth < len(left[0].guards):
        if values.path is not left[0]:
            values = Values(left[0], inputs)
        guard = left[0].guards[depth]
        answer = type(guard.answer)(values.of(left[0].graph.outputs[depth]))
        agreeing = [path for path in left if path.guards[depth].answer == answer]
        if not agreeing:
            raise UntracedPath(untraced(guard))
        left, depth = agreeing, depth + 1
    return left[0], values if values.path is left[0] else Values(left[0], inputs)
