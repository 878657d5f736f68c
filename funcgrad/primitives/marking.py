"""Marking: a value under a name, for those who decide what is kept."""

from collections.abc import Sequence
from typing import Any, ClassVar

from attrs import frozen

from funcgrad.graph.op import Op


@frozen(eq=False, repr=False)
class Named(Op):
    """z = x, under a name by which a policy of `checkpoint` knows it."""

    keeps_weak: ClassVar[bool] = True

    #: The name.
    label: str

    def run(self, x: Any) -> Any:
        return x

    def infer(self, x: Any) -> Any:
        return x

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [zbar]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return dots[0]

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*args)
