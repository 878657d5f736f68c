"""Names: every operation by the name under which it is pickled and saved."""

from types import ModuleType
from typing import Any

from attrs import fields

from funcgrad.errors import BadArgument
from funcgrad.graph.dispatch import OPERATIONS, registered
from funcgrad.graph.op import Op, Result, Weakness
from funcgrad.primitives import (
    activating,
    banding,
    cardinal,
    contracting,
    convolving,
    correlating,
    deficient,
    eigen,
    factoring,
    gauges,
    indexing,
    kinds,
    marking,
    ordering,
    patching,
    placing,
    pointwise,
    ranking,
    reducing,
    scanning,
    shaping,
    solving,
    spectral,
    stopping,
)
from funcgrad.primitives.kinds import Pointwise

MODULES: tuple[ModuleType, ...] = (
    kinds, pointwise, shaping, indexing, placing, reducing, scanning, contracting, correlating, solving, spectral,
    ordering, ranking, cardinal, banding, gauges, deficient, eigen, factoring, stopping, marking, activating, patching,
    convolving,
)  # fmt: skip


def members(kind: Any) -> list[Any]:
    """What the modules define that is of a kind."""
    return [value for module in MODULES for value in vars(module).values() if kind(value)]


#: Functions element by element, by name.
FUNCTIONS: dict[str, Pointwise] = {op.name: op for op in members(lambda value: isinstance(value, Pointwise))}
#: The classes of all other operations, by name.
CLASSES: dict[str, type[Op]] = {
    cls.__name__: cls
    for cls in [Result, Weakness, *members(lambda value: isinstance(value, type) and issubclass(value, Op))]
    if not issubclass(cls, Pointwise) and cls.run is not Op.run
}


def known(name: str) -> Any:
    """The function element by element, or the class of operations, that has this name; None if there is none."""
    return FUNCTIONS.get(name) or CLASSES.get(name) or registered(name)


def operation(name: str) -> Any:
    """The function element by element that has this name."""
    return FUNCTIONS.get(name) or registered(name)


def named(op: Op) -> tuple[str, dict[str, Any]]:
    """The name of an operation, and its fields by name."""
    if operation(op.name) is op:
        return op.name, {}
    cls = type(op)
    brought = [name for name, one in OPERATIONS.items() if one is cls]
    name = brought[0] if brought else cls.__name__
    if isinstance(op, Pointwise) or known(name) is not cls:
        raise BadArgument(
            f"The operation {op.name} cannot be saved: it is not one of funcgrad's own. A saved program must run "
            "where your source is not. Save the parts before and after it"
            f"{', or stage the function without its rules, f.__wrapped__' if op.users else ''}."
        )
    return name, {field.name: getattr(op, field.name) for field in fields(cls) if field.init}
