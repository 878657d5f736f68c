"""Blocking: elementwise steps over large arrays as a loop over blocks that stay within the cache."""

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Any

from attrs import define, field

from funcgrad.backends.naming import Memory, identifier
from funcgrad.backends.numbering import Ask, bytes_of
from funcgrad.backends.planning import KEPT, Item, Plan, Region
from funcgrad.backends.regions import BLOCK, regions
from funcgrad.backends.spelling import Spelled, dtype_text
from funcgrad.backends.writing import EXTREMES, INDENT, Writer, comment
from funcgrad.graph.graph import Step
from funcgrad.primitives.kinds import Pointwise


@define(eq=False)
class Loop:
    """What is known while one loop is written."""

    #: The region.
    region: Region
    #: The name of the block's slice.
    part: str
    #: The names of flat views, by value.
    flats: dict[int, str] = field(init=False, factory=dict)
    #: How often each value is still to be used.
    uses: Counter[int] = field(init=False, factory=Counter)
    #: The names of blocks of scratch, and the buffer that each is cut from.
    blocks: dict[str, Memory] = field(init=False, factory=dict)
    #: The block that a value is in.
    places: dict[int, str] = field(init=False, factory=dict)
    #: The blocks that are free.
    free: list[str] = field(init=False, factory=list)
    #: The names of blocks of one number, by that of the array that they are cut from.
    levels: dict[str, str] = field(init=False, factory=dict)


@define(eq=False)
class BlockWriter(Writer):
    """Writes the lines of a function, those over large arrays as loops."""

    #: The loop that is being written.
    loop: Loop | None = field(init=False, default=None)

    def schedule(self, order: Sequence[int | Ask], after: set[int]) -> Sequence[Item]:
        """The order in which values are computed, with the regions gathered."""
        return regions(self.values, order, after)

    def region(self, region: Region, plan: Plan, indent: str) -> None:
        """Write a loop over the blocks of arrays of one large shape."""
        size, inner = prod(region.shape), indent + INDENT
        start, loop = self.name("start"), Loop(region, self.name("part"))
        inside, args = set(region.order), [i for n in region.order for i in self.values.made[n].args]
        loop.uses.update(args)
        for number in dict.fromkeys([i for i in args if i not in inside and self.values.kind(i).shape]):
            self.flat(number, loop, self.of(number).within(0), indent)
        for number in region.order:
            if number in region.leaving:
                self.leave(number, loop, indent)
        outside, head, self.lines = dict(self.names), self.lines, []
        for number, flat in loop.flats.items():
            if number not in region.leaving:
                name = self.name(f"{flat.removesuffix('_flat')}_part")
                self.lines.append(f"{inner}{name} = {flat}[{loop.part}]")
                self.names[number] = Spelled(name)
        self.loop = loop
        for number in region.order:
            self.part(number, loop, outside, inner)
        self.loop = None
        body, self.lines, self.names = self.lines, head, outside
        names, rest = ", ".join([*loop.blocks, *loop.levels.values()]), size % BLOCK
        buffers = [*[m.buffer for m in loop.blocks.values()], *loop.levels]
        if names:
            self.lines.append(f"{indent}{names} = {', '.join(buffers)}")
        self.lines.append(f"{indent}for {start} in range(0, {size}, {BLOCK}):")
        self.lines.append(f"{inner}{loop.part} = slice({start}, {start} + {BLOCK})")
        if names and rest:
            self.lines.append(f"{inner}if {start} == {size - rest}:")
            self.lines.append(f"{inner}{INDENT}{names} = {', '.join([f'{one}[:{rest}]' for one in buffers])}")
        self.lines += body
        for memory in loop.blocks.values():
            self.free.setdefault(memory.key, []).append(memory.buffer)

    def beside(self, value: Any, step: Step) -> str:
        """A number as the array by which NumPy is quickest: in a loop one of a block's length."""
        if self.loop is None or not isinstance(step.op, Pointwise) or step.op.ufunc not in EXTREMES:
            return "" if self.loop else super().beside(value, step)
        whole = self.filled(value, (BLOCK,), step.type.dtype)
        if whole and whole not in self.loop.levels:
            self.loop.levels[whole] = self.name("level")
        return self.loop.levels.get(whole, "")

    def flat(self, number: int, loop: Loop, text: str, indent: str) -> None:
        """Write the flat view of an array, or its copy if it is not contiguous."""
        name = loop.flats[number] = self.name(f"{identifier(text) if text.isidentifier() else 't'}_flat")
        self.lines.append(f"{indent}{name} = {text}.reshape(-1)")

    def leave(self, number: int, loop: Loop, indent: str) -> None:
        """Write where a value that is used after the loop is collected."""
        step = self.values.made[number].step
        name = self.name(step.place.variable if step.place else "")
        self.names[number] = Spelled(name)
        if not step.type.shape:
            self.lines.append(f"{indent}{name} = {dtype_text(step.type.dtype)}(0)")
            return
        key = (loop.region.shape, step.type.dtype)
        memory = self.buffer(number, key) if bytes_of(step.type) <= KEPT else None
        made = f"np.empty({loop.region.shape}, {dtype_text(step.type.dtype)})" if memory is None else memory.buffer
        self.lines.append(f"{indent}{name} = {made}")
        self.memory[number] = Memory("", key, [name]) if memory is None else memory
        self.flat(number, loop, name, indent)

    def part(self, number: int, loop: Loop, outside: dict[int, Spelled], indent: str) -> None:
        """Write one step on one block."""
        line, text = self.values.made[number], self.expression(number)
        step, end = line.step, comment(line.step)
        if not step.type.shape:
            self.lines.append(f"{indent}{outside[number].text} += {text.text}{end}")
            self.done(line.args, loop)
            return
        name = self.name(step.place.variable if step.place else "")
        if number in loop.region.leaving:
            target = f"{loop.flats[number]}[{loop.part}]"
            made = f"{text.call}, out={target})" if text.call else f"{target} = {text.text}"
            self.done(line.args, loop)
        elif text.call:
            self.done(line.args, loop)  # first, so that the answer may take an argument's place
            target = loop.places[number] = self.block(number, loop)
            made = f"{text.call}, out={target})"
        else:
            made = text.text
            self.done(line.args, loop)
        self.lines.append(f"{indent}{name} = {made}{end}")
        self.names[number] = Spelled(name)
        if number in self.looked_at:
            self.look(number, indent)

    def done(self, args: Sequence[int], loop: Loop) -> None:
        """Let go the blocks of arguments that were used for the last time."""
        loop.uses.subtract(args)
        for number in dict.fromkeys(args):
            if not loop.uses[number] and number in loop.places:
                loop.free.append(loop.places.pop(number))

    def block(self, number: int, loop: Loop) -> str:
        """A block for a value."""
        key = ((BLOCK,), self.values.kind(number).dtype)
        for name in reversed(loop.free):
            if loop.blocks[name].key == key:
                loop.free.remove(name)
                return name
        name = self.name("b")
        loop.blocks[name] = self.take(key)
        return name
