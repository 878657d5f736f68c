"""Regions: elementwise steps over arrays of one large shape, gathered to be run block by block within the cache."""

from collections.abc import Sequence
from math import prod
from typing import Any

from funcgrad.backends.numbering import FRESH, Ask, Values
from funcgrad.backends.planning import Item, Region
from funcgrad.primitives.kinds import Pointwise, Sum
from funcgrad.primitives.pointwise import Conjugate, PowerBy, Select
from funcgrad.primitives.shaping import Cast, Reshape

#: The numbers in a block: 128 KiB of doubles, of which a few fit into a second-level cache (measured: half as many
#: cost 4 % more, as each call of NumPy's takes half a microsecond by itself).
BLOCK = 1 << 14
#: Arrays of so many numbers are cut into blocks (measured: below, the whole fits into the cache).
LARGE = 1 << 15
#: So many steps make a loop worth its overhead.
FEW = 3
#: So many regions are looked for in straight-line code.
MOST = 64
#: Operations element by element.
ELEMENTWISE = (Pointwise, PowerBy, Select, Cast, Conjugate)


def shape_of(values: Values, number: int) -> tuple[int, ...] | None:
    """The large shape over which a step runs element by element; None for another step."""
    line = values.made[number]
    kind = values.kind(line.args[0]) if isinstance(line.step.op, Sum) else line.step.type
    if type(kind) is tuple or prod(kind.shape) < LARGE:
        return None
    if isinstance(line.step.op, Sum):
        return None if line.step.type.shape or strided(values, line.args[0]) else tuple(kind.shape)
    if not isinstance(line.step.op, ELEMENTWISE):
        return None
    fits = all([values.kind(i).shape in ((), kind.shape) and not strided(values, i) for i in line.args])
    return tuple(kind.shape) if fits else None


def strided(values: Values, number: int) -> bool:
    """Whether an array may be a view that would have to be copied to be flat."""
    while number in values.made and values.kind(number).shape and not isinstance(values.made[number].step.op, FRESH):
        if not isinstance(values.made[number].step.op, Reshape):
            return True
        (number,) = values.made[number].args
    return False


def regions(values: Values, order: Sequence[int | Ask], after: set[int]) -> Sequence[Item]:
    """Straight-line code with its elementwise steps over large arrays gathered."""
    large = {item: shape for item in order if not isinstance(item, Ask) and (shape := shape_of(values, item))}
    if len(large) < FEW:
        return order
    schedule: list[Item] = []
    rest: list[int | Ask] = list(order)
    for _ in range(MOST):
        first = next((i for i, item in enumerate(rest) if item in large), None)
        if first is None:
            break
        shape = large[rest[first]]  # type: ignore[index]  # an Ask is in no region
        before, inside, later = gathered(values, rest, large, shape)
        schedule += before
        rest = later
        if len(inside) < FEW:
            schedule += inside
            continue
        needed = set(after).union(*[values.made[i].args if not isinstance(i, Ask) else (i.number,) for i in later])
        schedule.append(Region(shape, tuple(inside), frozenset(needed.intersection(inside))))
    return [*schedule, *rest]


def gathered(
    values: Values, order: list[int | Ask], large: dict[Any, Any], shape: tuple[int, ...]
) -> tuple[list[int | Ask], list[int], list[int | Ask]]:
    """What comes before the next region of this shape, the region, and what comes after."""
    before: list[int | Ask] = []
    inside: list[int] = []
    later: list[int | Ask] = []
    region: set[int] = set()
    waiting: set[int] = set()
    for item in order:
        if isinstance(item, Ask):
            if later or item.number in region or item.number in waiting or inside:
                later.append(item)
                waiting.add(-1)  # nothing may go before a question that comes after the region
            else:
                before.append(item)
            continue
        args = values.made[item].args
        if -1 not in waiting and waiting.isdisjoint(args) and large.get(item) == shape:
            inside.append(item)
            # A sum is complete only when the loop is.
            (region if values.kind(item).shape else waiting).add(item)
        elif -1 in waiting or not waiting.isdisjoint(args) or not region.isdisjoint(args):
            later.append(item)
            waiting.add(item)
        else:
            before.append(item)
    return before, inside, later
