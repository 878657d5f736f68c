"""Planning: for straight-line code, which values are written within others, and when the memory of each is free."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from attrs import define, field, frozen

from funcgrad.backends.numbering import Ask, Fork, Numbered, Segment, Values, bytes_of
from funcgrad.graph.op import Weakness
from funcgrad.primitives.contracting import MatMul
from funcgrad.primitives.indexing import Index
from funcgrad.primitives.kinds import Pointwise, Sum
from funcgrad.primitives.pointwise import PowerBy, Select
from funcgrad.primitives.shaping import Reshape, Transpose

#: From so many bytes on an answer goes into memory that is there already (measured: NumPy keeps smaller blocks itself,
#: and an argument named `out` costs more to read than such a block to find).
WORTH = 1 << 11
#: Blocks of more bytes are not kept between calls.
KEPT = 1 << 26
#: Operations that make a view, which is best written where it is used.
VIEWS = (Reshape, Transpose, Index)
#: Operations whose answer, if small, may be written where it is used.
SMALL = (Pointwise, PowerBy, Select, Sum, MatMul, Weakness)
#: Later than all positions.
NEVER = 1 << 60


@frozen(eq=False)
class Region:
    """Elementwise steps over arrays of one large shape, to be run block by block."""

    #: The shape.
    shape: tuple[int, ...]
    #: The values, in order; those without a shape are sums over all of it.
    order: tuple[int, ...]
    #: The values that are used after it.
    leaving: frozenset[int]


#: What straight-line code is made of.
Item = int | Ask | Region


@define(eq=False)
class Plan:
    """Where the values of a segment are used."""

    #: All values.
    values: Values
    #: The order in which they are computed.
    schedule: Sequence[Item]
    #: How often each is used in the whole program.
    counts: dict[int, int]
    #: Values that have a line of their own, whatever their use.
    lined: set[int]
    #: The values used after the segment, the answers among them.
    after: set[int]
    #: At which place of the schedule a value is computed: that of its user if it is written within that.
    position: dict[int, int] = field(init=False, factory=dict)
    #: The values written within their user.
    within: set[int] = field(init=False, factory=set)
    #: The place of the last use of each root.
    last: dict[int, int] = field(init=False, factory=dict)
    #: The roots last used at each place.
    dying: dict[int, list[int]] = field(init=False, factory=lambda: defaultdict(list))

    def __attrs_post_init__(self) -> None:
        values = self.values
        for number in self.after:
            for root in values.roots[number]:
                self.last[root] = NEVER
        user: dict[int, int] = {}
        for place in range(len(self.schedule) - 1, -1, -1):
            item = self.schedule[place]
            if isinstance(item, Ask):
                self.use((item.number,), place)
                user[item.number] = place
            elif isinstance(item, Region):
                for number in item.order:
                    self.use(values.made[number].args, place)
                for number in item.leaving:
                    self.position[number] = place
            else:
                if item in user and self.counts[item] == 1 and item not in self.lined and self.fits(item):
                    self.within.add(item)
                    place = user[item]
                self.position[item] = place
                args = values.made[item].args
                self.use(args, place)
                for number in args:
                    user[number] = place
        for root, place in self.last.items():
            if place != NEVER:
                self.dying[place].append(root)

    def use(self, args: Sequence[int], place: int) -> None:
        """Note that values are used at a place."""
        for number in args:
            for root in self.values.roots[number]:
                if self.last.get(root, -1) < place:
                    self.last[root] = place

    def fits(self, number: int) -> bool:
        """Whether a value may be written within its user."""
        step = self.values.made[number].step
        if isinstance(step.op, VIEWS):
            return True
        named = step.place is not None and step.place.variable
        return isinstance(step.op, SMALL) and not named and bytes_of(step.type) < WORTH


def uses(values: Values, segment: Segment, counts: dict[int, int]) -> set[int]:
    """Count the uses of values in a segment and all after it, without its own order; the values used after it."""
    after: set[int] = set()
    if isinstance(segment.end, Numbered):
        after.update(segment.end.answers)
    else:
        after.add(segment.end.number)
        for _, side in segment.end.sides:
            after |= uses(values, side, counts)
    for number in after:
        counts[number] += 2  # never within another's line
    for item in segment.order:
        for number in (item.number,) if isinstance(item, Ask) else values.made[item].args:
            counts[number] += 1
    own: set[int] = set()
    for item in segment.order:
        own.update((item.number,) if isinstance(item, Ask) else values.made[item].args)
    return after | own


def ends(segment: Segment) -> list[Numbered]:
    """The paths that end in or after a segment."""
    if isinstance(segment.end, Fork):
        return [path for _, side in segment.end.sides for path in ends(side)]
    return [segment.end]


def small(kind: Any) -> bool:
    """Whether an array is too small to be given memory."""
    return not WORTH <= bytes_of(kind) <= KEPT
