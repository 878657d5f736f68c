"""Writing: a program's tree of straight-line code as the body of a Python function of NumPy's."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from attrs import define, evolve, field

from funcgrad import tree
from funcgrad.backends.checking import checked, masks
from funcgrad.backends.naming import Memory, Names, identifier
from funcgrad.backends.numbering import Ask, Fork, Numbered, Segment
from funcgrad.backends.planning import Item, Plan, Region, ends, small, uses
from funcgrad.backends.spelling import CHOICE, MINUS, Site, Spelled, as_strong, dtype_text, entry_text, spelled
from funcgrad.graph.graph import Constant, Step
from funcgrad.graph.op import Op
from funcgrad.graph.program import Guard
from funcgrad.graph.types import NUMBERS
from funcgrad.primitives.banding import Banded
from funcgrad.primitives.indexing import Index, Scatter
from funcgrad.primitives.kinds import Pointwise
from funcgrad.primitives.pointwise import Select, mul
from funcgrad.primitives.shaping import ALL

INDENT = "    "
#: Beside arrays of up to so many numbers NumPy is given a number as an array, which it reads in a third of the time.
FEW = 1 << 12
#: The functions for which it is.
ARITHMETIC = {np.add, np.subtract, np.multiply, np.divide}
#: Those that take two or three times as long beside a number as beside an array, which may be one row of so many.
EXTREMES, ROW = {np.maximum, np.minimum}, 64
#: Expressions longer than this have a line of their own.
LONG = 80


@define(eq=False)
class Writer(Names):
    """Writes the lines of one function."""

    #: The values of which one is a NaN if a product of the chain rule met 0·∞.
    suspects: set[int] = field(init=False, factory=set)
    #: The choices that are written as products.
    masked: set[int] = field(init=False, factory=set)
    #: The values whose NaN shows that a product met 0·∞.
    looked_at: set[int] = field(init=False, factory=set)

    # ---- the tree of segments --------------------------------------------------------------------------------------
    def program(self, segment: Segment) -> None:
        """Write everything."""
        uses(self.values, segment, self.counts)
        for path in ends(segment):
            for number in path.answers:
                self.kept |= self.values.roots[number]
        self.segment(segment, INDENT)

    def segment(self, segment: Segment, indent: str) -> None:
        """Write straight-line code and what follows it."""
        if self.otherwise:
            answers = segment.end.answers if isinstance(segment.end, Numbered) else None
            self.masked = set() if answers is None else masks(self.values, segment.order, answers)
            self.looked_at = checked(self.values, segment.order, self.masked | self.suspects)
        after = self.after(segment)
        schedule = self.schedule(segment.order, after)
        plan = Plan(self.values, schedule, self.counts, self.looked_at | self.own_lines(segment), after)
        for place, item in enumerate(schedule):
            self.item(item, place, plan, indent)
            self.release(plan.dying.get(place, ()), indent)
        if isinstance(segment.end, Numbered):
            self.finish(segment.end, indent)
        else:
            self.fork(segment.end, indent)

    def schedule(self, order: Sequence[int | Ask], after: set[int]) -> Sequence[Item]:
        """The order in which values are computed."""
        return order

    def region(self, region: Region, plan: Plan, indent: str) -> None:
        """Write steps that were gathered."""
        raise TypeError("This writer gathers no steps.")

    def own_lines(self, segment: Segment) -> set[int]:
        """Numbers that are written more than once in what is made of them."""
        lines = [self.values.made[i] for i in segment.order if not isinstance(i, Ask)]
        twice = [line for line in lines if isinstance(line.step.op, Pointwise) and one_of(line.step.op)]
        return {i for line in twice if not line.step.type.shape for i in line.args}

    def after(self, segment: Segment) -> set[int]:
        """The values used after a segment."""
        return uses(self.values, Segment((), segment.end), Counter())

    def fork(self, fork: Fork, indent: str) -> None:
        """Write the sides of a guard."""
        sides: list[Any] = list(fork.sides)
        whole = type(fork.guard.answer) is bool
        for k, (answer, side) in enumerate(sides):
            test = condition(self.of(fork.number), answer)
            last = whole and k == len(sides) - 1
            word = "else" if last else f"elif {test}" if k else f"if {test}"
            self.lines.append(f"{indent}{word}:{comment(fork.guard)}")
            names, free = dict(self.names), {key: list(buffers) for key, buffers in self.free.items()}
            memory = {root: evolve(one, names=list(one.names)) for root, one in self.memory.items()}
            known = set(self.scratch)
            self.segment(side, indent + INDENT)
            self.names, self.memory, self.free = names, memory, free
            for buffer, key in self.scratch.items():
                if buffer not in known:  # the next side may use it too
                    self.free.setdefault(key, []).append(buffer)
        if not whole:
            self.lines.append(f"{indent}else:")
            self.lines.append(f"{indent}{INDENT}raise UntracedPath({untraced(fork.guard)!r})")

    def item(self, item: Item, place: int, plan: Plan, indent: str) -> None:
        """Write one item of straight-line code."""
        if isinstance(item, Ask):
            test = condition(self.of(item.number), item.guard.answer, holds=False)
            self.lines.append(f"{indent}if {test}:{comment(item.guard)}")
            self.lines.append(f"{indent}{INDENT}raise UntracedPath({untraced(item.guard)!r})")
        elif isinstance(item, Region):
            self.region(item, plan, indent)
        else:
            self.line(item, place, plan, indent)

    # ---- lines -----------------------------------------------------------------------------------------------------
    def expression(self, number: int) -> Spelled:
        """The expression of a step."""
        line = self.values.made[number]
        op, numbers = line.step.op, line.args
        if number in self.masked:
            op, numbers = mul, numbers[:2]
        kinds = [self.values.kind(i) for i in numbers]
        args = [self.literal(i, number) or self.of(i) for i in numbers]
        if one_of(op) and not line.step.type.shape:
            first = 1 if isinstance(op, Select) else 0  # what is asked stays as it is
            args[first:] = [self.chosen(i, line.step.type.dtype) for i in numbers[first:]]
            kinds[first:] = [t.strong() for t in kinds[first:]]
        elif not op.keeps_weak:
            args = [as_strong(a, t) if weak(t) else a for a, t in zip(args, kinds, strict=True)]
        text = spelled(op, Site(args, kinds, line.step.type, self.ones))
        if text is None:
            function = self.shared(("run", op), identifier(op.name).lower(), lambda: op.program or op.run)
            return Spelled(f"{function}({', '.join([a.text for a in args])})")
        return text

    def chosen(self, number: int, dtype: Any) -> Spelled:
        """A number, among which Python chooses, as NumPy's own."""
        constant, kind = self.values.types[number], self.values.kind(number)
        if isinstance(constant, Constant) and not kind.shape and (kind.weak or kind.dtype == dtype):
            value = dtype.type(constant.value)
            return Spelled(self.shared(("chosen", Constant(value).key), "c", lambda: value))
        return as_strong(self.of(number), kind) if kind.weak else self.of(number)

    def line(self, number: int, place: int, plan: Plan, indent: str) -> None:
        """Write one step: within its user's line, into memory that is free, or into memory of its own."""
        step = self.values.made[number].step
        if tiled(step.op, step.type, [self.values.kind(i) for i in self.values.made[number].args]):
            self.tiles(number, indent)
            return
        if few_diagonals(step.op, step.type, [self.values.kind(i) for i in self.values.made[number].args]):
            self.diagonals(number, indent)
            return
        text = self.expression(number)
        if number in plan.within and len(text.text) <= LONG:
            self.names[number] = text
            return
        name = self.name(step.place.variable if step.place else "")
        if text.call and not small(step.type):
            key = (step.type.shape, step.type.dtype)
            target = self.dead(number, place, plan) or self.buffer(number, key)
            if target is not None:
                text = Spelled(f"{text.call}, out={target.names[0]})")
                target.names.append(name)
                self.memory[number] = target
        own = self.values.roots[number] == {number} and self.values.made[number].args
        if own and type(step.type) is not tuple and step.type.shape and number not in self.memory:
            self.memory[number] = Memory("", (step.type.shape, step.type.dtype), [name])
        self.lines.append(f"{indent}{name} = {text.text}{comment(step)}")
        self.names[number] = Spelled(name)
        if number in self.looked_at:
            self.look(number, indent)

    def tiles(self, number: int, indent: str) -> None:
        """Write an array that is put together of its slices."""
        line = self.values.made[number]
        step, key, op = line.step, (line.step.type.shape, line.step.type.dtype), line.step.op
        assert isinstance(op, Scatter)
        name = self.name(step.place.variable if step.place else "")
        target = None if small(step.type) else self.buffer(number, key)
        made = f"np.empty({key[0]}, {dtype_text(key[1])})" if target is None else target.names[0]
        self.memory[number] = Memory("", key, [name]) if target is None else target
        self.lines.append(f"{indent}{name} = {made}{comment(step)}")
        for place, i in zip(op.places, line.args, strict=True):
            self.lines.append(f"{indent}{name}[{', '.join(map(entry_text, place.entries))}] = {self.of(i).text}")
        self.names[number] = Spelled(name)
        if number in self.looked_at:
            self.look(number, indent)

    def diagonals(self, number: int, indent: str) -> None:
        """Write a matrix that is zeros but for a few diagonals."""
        line = self.values.made[number]
        step, key, op = line.step, (line.step.type.shape, line.step.type.dtype), line.step.op
        assert isinstance(op, Banded)
        name, flat = self.name(step.place.variable if step.place else ""), self.name("flat")
        self.memory[number] = Memory("", key, [name])
        self.lines.append(f"{indent}{name} = np.zeros({key[0]}, {dtype_text(key[1])}){comment(step)}")
        self.lines.append(f"{indent}{flat} = {name}.reshape(-1)")
        for (where, again), i in zip(op.places, line.args, strict=True):
            self.lines.append(f"{indent}{flat}[{entry_text(where)}] {'+=' if again else '='} {self.of(i).text}")
        self.names[number] = Spelled(name)
        if number in self.looked_at:
            self.look(number, indent)

    def look(self, number: int, indent: str) -> None:
        """Write the test for a NaN."""
        name, kind = self.names[number].text, self.values.kind(number)
        if kind.shape:
            flat, square = self.name("flat") if kind.ndim != 1 else name, self.name("square")
            first = name if kind.ndim == 1 else f"({flat} := {name}.ravel())"
            test = f"({square} := {first}.dot({flat})) != {square}"
        else:
            test = f"{name} != {name}"
        self.lines += [f"{indent}if {test}:  # 0·∞ or NaN", f"{indent}{INDENT}{self.otherwise}"]

    def literal(self, number: int, user: int) -> Spelled | None:
        """A scalar constant as it is written, where Python's number leaves the dtype as it is."""
        constant, line = self.values.types[number], self.values.made[user]
        if not isinstance(constant, Constant) or type(constant.value) is np.ndarray or not line.step.op.keeps_weak:
            return None
        value = constant.value
        python = value.item() if isinstance(value, np.generic) else value
        if type(python) not in NUMBERS or python - python != 0:  # infinities and NaN have no literal
            return None
        if type(line.step.type) is tuple and value is not python:  # it goes into a graph, where it meets others
            return None
        others = [self.values.kind(i) for i in line.args if i != number]
        lasting = [self.values.kind(i) for i in line.args if not isinstance(self.values.types[i], Constant)]
        if value is not python and not any([not t.weak and gives_way(value.dtype, t.dtype) for t in lasting]):
            return None
        text = repr(python)
        if type(line.step.type) is not tuple and all([t.dtype == line.step.type.dtype and not t.weak for t in others]):
            text = self.beside(python, line.step) or text
        return Spelled(text, loose=MINUS if text.startswith("-") else 0)

    def beside(self, value: Any, step: Step) -> str:
        """A number as the array by which NumPy is quickest; empty where a literal is as good."""
        kind, ufunc = step.type, step.op.ufunc if isinstance(step.op, Pointwise) else None
        if type(kind) is tuple or not kind.shape:
            return ""
        if ufunc in EXTREMES and (prod(kind.shape) <= FEW or kind.shape[-1] >= ROW):
            return self.filled(value, kind.shape if prod(kind.shape) <= FEW else kind.shape[-1:], kind.dtype)
        return self.filled(value, (), kind.dtype) if ufunc in ARITHMETIC and prod(kind.shape) <= FEW else ""

    # ---- answers ---------------------------------------------------------------------------------------------------
    def finish(self, path: Numbered, indent: str) -> None:
        """Write the answers: each with memory of its own, in the tree that the user's function returned."""
        seen: set[int] = set()
        leaves = []
        for number in path.answers:
            roots = self.values.roots[number]
            mine = seen.isdisjoint(roots) and all([root in self.values.made for root in roots])
            fresh = (mine and not self.values.stretched(number)) or not self.values.kind(number).shape
            leaves.append(self.answer(number) if fresh else f"{self.of(number).within(0)}.copy()")
            seen |= roots
        self.lines.append(f"{indent}return {self.tree(path.path.structure, iter(leaves))}")

    def answer(self, number: int) -> str:
        """The expression of an answer that is returned as it is."""
        return self.of(number).text

    def tree(self, structure: Any, leaves: Iterator[str]) -> str:
        """The expression of a tree."""
        if structure is tree.LEAF or structure.cls is object:
            return next(leaves)
        if structure.cls is type(None):
            return "None"
        if structure.cls in (list, tuple, dict) and not structure.static:
            inner = [self.tree(child, leaves) for child in structure.children]
            if structure.cls is dict:
                pairs = dict(zip(structure.keys, inner, strict=True))
                return "{" + ", ".join([f"{key!r}: {pairs[key]}" for key in structure.order or structure.keys]) + "}"
            inside = ", ".join(inner) + ("," if structure.cls is tuple and len(inner) == 1 else "")
            return f"[{inside}]" if structure.cls is list else f"({inside})"
        name = self.shared(("tree", id(structure)), "answer_tree", lambda: structure.unflatten)
        return f"{name}([{', '.join([next(leaves) for _ in range(len(structure))])}])"


def gives_way(small: np.dtype[Any], large: np.dtype[Any]) -> bool:
    """Whether a scalar of the one dtype beside an array of the other is as good as a Python number."""
    return bool(np.result_type(small, large) == large) and not (
        small.kind == "f" and large.kind != "f" and large.kind != "c"
    )


def tiled(op: Op, kind: Any, pieces: Sequence[Any]) -> bool:
    """Whether an operation puts an array together of all its slices along some axes, each once."""
    if not isinstance(op, Scatter) or not all([isinstance(place, Index) for place in op.places]):
        return False
    entries = [place.entries for place in op.places]
    if any([type(e) is not int and e != ALL for one in entries for e in one]) or len(set(map(str, entries))) < len(
        entries
    ):
        return False
    fixed = {tuple([type(e) is int for e in one]) for one in entries}
    whole = sum([prod(piece.shape) for piece in pieces]) == prod(kind.shape) > 0
    signs = all([type(e) is not int or e >= 0 for one in entries for e in one])
    return len(fixed) == 1 and whole and signs and all([piece.dtype == kind.dtype for piece in pieces])


#: So many diagonals are written one by one; more of them by a loop.
FEW_DIAGONALS = 8


def few_diagonals(op: Op, kind: Any, pieces: Sequence[Any]) -> bool:
    """Whether an operation puts one matrix together of a few diagonals of its dtype."""
    same = isinstance(op, Banded) and all([piece.dtype == kind.dtype for piece in pieces])
    return same and kind.ndim == 2 and len(pieces) <= FEW_DIAGONALS


def one_of(op: Op) -> bool:
    """Whether the answer of an operation on numbers is one of them."""
    return isinstance(op, Select) or (isinstance(op, Pointwise) and op.name in CHOICE)


def weak(kind: Any) -> bool:
    """Whether a type, or none of a tuple of types, is that of a Python number."""
    return type(kind) is not tuple and bool(kind.weak)


def condition(value: Spelled, answer: bool | int, holds: bool = True) -> str:
    """The test of a guard."""
    if type(answer) is bool:
        return value.text if answer is holds else f"not {value.within(8)}"
    return f"int({value.text}) {'==' if holds else '!='} {answer}"


def untraced(guard: Guard) -> str:
    """The message of a branch that was never traced."""
    what = f"`{guard.text}`" if guard.text else "a value"
    where = f" ({guard.place})" if guard.place else ""
    return (
        f"This program was never traced where {what} is other than {guard.answer}{where}. It holds the paths traced so "
        "far. Trace the function again with an argument that takes this path."
    )


def comment(source: Any) -> str:
    """The user's line, at the end of one."""
    return f"  # {source.place}" if source.place else ""
