"""Stopping: where derivatives end."""

from collections.abc import Sequence
from typing import Any, ClassVar

from attrs import frozen

from funcgrad.graph.op import Op


@frozen(eq=False, repr=False)
class Stop(Op):
    """z = x, and the derivative is zero."""

    constant: ClassVar[bool] = True

    def run(self, x: Any) -> Any:
        return x

    def infer(self, x: Any) -> Any:
        return x

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [None]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return None

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*args)
