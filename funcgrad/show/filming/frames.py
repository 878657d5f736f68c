"""Frames: the two sweeps of an evaluation, one picture after the other: what each shows, and what it says."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from attrs import evolve, field, frozen

from funcgrad.show.cards import Card, aliases, expression
from funcgrad.show.filming.chain import bar, local_formula, plain, product_formula
from funcgrad.show.filming.telling import WRITTEN, ample, listed, within
from funcgrad.show.sheet import Share, Sheet, Value
from funcgrad.show.sweeping import added
from funcgrad.show.wording import number, operation, operation_on, slope

Line = tuple[str, str]


@frozen
class Flow:
    """What moves along an edge in a frame."""

    #: The card that the edge leaves, in the order of the evaluation.
    source: int
    #: The card that it reaches.
    target: int
    #: Which of the target's parents the source is.
    position: int
    #: What is written on it.
    text: str
    #: What it was before it was multiplied on its way, and by what; empty where that is no number.
    arrives: str = ""
    factor: str = ""


@frozen
class Sum:
    """A cotangent as far as it has been added up."""

    #: The card.
    card: int
    #: The sum; empty where it is none of one value.
    text: str
    #: How many shares have arrived.
    arrived: int
    #: How many there will be.
    expected: int


@frozen
class Frame:
    """One picture of a film."""

    #: "start", "forward", "backward" or "end".
    phase: str
    #: What happens, as a formula.
    title: str
    #: What there is to say of it: what each line is, and the line.
    lines: tuple[Line, ...] = ()
    #: The card that it is about; -1 if it is about none.
    card: int = -1
    #: What moves.
    flows: tuple[Flow, ...] = ()
    #: The cards whose values appear.
    values: tuple[int, ...] = ()
    #: The cotangents that change.
    sums: tuple[Sum, ...] = ()

    def __str__(self) -> str:
        rows = [f"  {label:8} {plain(line)}" for label, line in self.lines]
        return "\n".join([plain(self.title), *rows])


@frozen(eq=False)
class Part:
    """A share between two cards, with the sum that it adds to."""

    #: The share.
    share: Share
    #: The card that it leaves.
    source: int
    #: The card that it reaches.
    target: int
    #: The value that it is added to.
    value: Value
    #: The sum before, None where this is the first.
    before: Any
    #: The sum after.
    after: Any


@frozen(eq=False)
class Script:
    """All frames of one evaluation."""

    #: What was evaluated.
    sheet: Sheet
    #: What is drawn of it.
    cards: Sequence[Card]
    #: For each value the one that it is drawn as.
    behind: list[int] = field(init=False)
    #: For each value that is drawn its card.
    keys: dict[int, int] = field(init=False)

    @behind.default
    def _behind(self) -> list[int]:
        return aliases(self.sheet)

    @keys.default
    def _keys(self) -> dict[int, int]:
        return {member: card.key for card in self.cards for member in card.members}

    @property
    def root(self) -> Value:
        """The answer, if there is one."""
        return self.sheet.values[self.behind[self.sheet.outputs[0]]]

    def frames(self) -> tuple[Frame, ...]:
        """All of them, in order."""
        made = [card for card in self.cards if not self.given(card)]
        frames = [self.start(made), self.inputs()]
        frames += [self.forward(card, made) for card in made]
        if self.sheet.differentiated and self.root.gradient is not None:
            frames += [self.seed(), *self.backward()]
        frames.append(self.end())
        return tuple(frames)

    def given(self, card: Card) -> bool:
        """Whether a card is of inputs or constants."""
        return self.sheet.values[card.members[0]].kind != "operation"

    def value(self, card: Card) -> Value:
        """The value of a card, the last one of many."""
        return self.sheet.values[card.members[-1]]

    def title(self, card: Card) -> str:
        """What a card is called."""
        return card.label if card.kind == "fold" else self.value(card).name

    def start(self, made: Sequence[Card]) -> Frame:
        """Before the first sweep."""
        inputs = list(dict.fromkeys([re.split(r"[\[.]", value.name)[0] for value in self.sheet.inputs]))
        lines = [("order", listed([self.title(card) for card in made], " → "))] if made else []
        lines += [
            ("asked", f"{guard.text or 'a value'} is {guard.answer}{f', {guard.place}' if guard.place else ''}")
            for guard in self.sheet.guards[:2]
        ]
        return Frame("start", f"{self.sheet.function}({listed(inputs)})", tuple(lines))

    def inputs(self) -> Frame:
        """What is known beforehand."""
        given = [card for card in self.cards if self.given(card)]
        named = [card for card in given if card.kind != "constant" or np.ndim(self.value(card).value)]
        texts = [f"{self.title(card)} = {card.value}" if card.value else self.title(card) for card in named]
        return Frame(
            "forward", "the inputs are given", (("values", listed(texts)),), values=tuple([card.key for card in given])
        )

    def forward(self, card: Card, made: Sequence[Card]) -> Frame:
        """A value is computed of others."""
        parents = [self.cards[key] for key in card.parents]
        flows = tuple([Flow(one.key, card.key, i, one.value) for i, one in enumerate(parents)])
        value, lines = self.value(card), list[Line]()
        if card.kind == "fold":
            title = self.title(card)
            lines.append(("values", listed([self.sheet.values[i].name for i in card.members])))
            lines += [("value", card.value)] if card.value else []
        else:
            title = f"{value.name} = {expression(self.sheet, value, self.behind)}"
            lines.append(("numbers", f"{self.numbers(value)} = {ample(value.value)}"))
        place = f", {value.place}" if value.place else ""
        lines.append(("order", f"{made.index(card) + 1} of {len(made)}, after its arguments{place}"))
        return Frame("forward", title, tuple(lines), card.key, flows, (card.key,))

    def numbers(self, value: Value) -> str:
        """How a value is made of others, by their numbers."""
        args = [self.sheet.values[self.behind[i]] for i in value.parents]
        bare = operation(value.op, ["x"] * len(args)) if value.op else ""
        texts = [ample(one.value) for one in args]
        infix = "(" not in bare
        written = [within(text) if infix else text for text in texts]
        return operation_on(value.op, written, [one.value for one in args]) if value.op else ""

    def seed(self) -> Frame:
        """The sweep backwards begins: the derivative of the answer by itself is 1."""
        root = self.root
        card = self.keys[root.number]
        lines = (
            ("cotangent", f"{bar('x')} is the derivative of {root.name}, the answer, by x"),
            ("begin", f"∂{root.name}/∂{root.name} = 1"),
        )
        return Frame("backward", f"{bar(root.name)} = 1", lines, card, sums=(Sum(card, "1", 1, 1),))

    def parts(self) -> list[Part]:
        """The shares between cards in the order of the sweep, each with its sum."""
        sums: dict[int, Any] = {}
        parts: list[Part] = []
        for share in self.sheet.shares:
            source, target = self.behind[share.source], self.behind[share.target]
            if source == target:
                continue
            before = sums.get(target)
            several = type(self.sheet.values[target].value) is tuple
            sums[target] = share.total if several else share.product if before is None else added(before, share.product)
            keys = self.keys[source], self.keys[target]
            if keys[0] != keys[1]:
                parts.append(Part(share, *keys, self.sheet.values[target], before, sums[target]))
        return parts

    def groups(self) -> list[list[Part]]:
        """The shares that move together: each by itself; those between two cards where one of them is folded."""
        found: dict[tuple[int, ...], list[Part]] = {}
        for i, part in enumerate(self.parts()):
            folded = "fold" in (self.cards[part.source].kind, self.cards[part.target].kind)
            found.setdefault((part.source, part.target, *([] if folded else [i])), []).append(part)
        return list(found.values())

    def backward(self) -> Iterator[Frame]:
        """Cotangents are handed on, one after the other, and added up."""
        groups = self.groups()
        expected = Counter([group[0].target for group in groups])
        arrived: Counter[int] = Counter()
        for group in groups:
            target = group[0].target
            arrived[target] += 1
            yield self.handed(group, arrived[target], expected[target])

    def handed(self, group: Sequence[Part], arrived: int, expected: int) -> Frame:
        """One cotangent is handed on."""
        last = group[-1]
        source, target = self.cards[last.source], self.cards[last.target]
        one = len(group) == 1 and source.kind != "fold"
        title, lines, factor = self.explained(last) if one else self.summed(group)
        several = type(last.value.value) is tuple
        whole = (
            not several
            and len({part.value.number for part in group}) == 1
            and (target.kind != "fold" or bool(target.gradient))
        )
        total = slope(last.after) if whole else ""
        if total:
            lines.append(("sum", summing(last, group, arrived, expected)))
        text = slope(last.share.product) if len(group) == 1 else f"{len(group)} shares"
        arrives = number(last.share.arrived) if factor else ""
        flow = Flow(target.key, source.key, self.position(last), text, arrives, factor)
        return Frame(
            "backward",
            title,
            tuple(lines),
            source.key,
            (flow,),
            sums=(Sum(target.key, total, arrived, expected),),
        )

    def position(self, part: Part) -> int:
        """Which of the parents of its card a share goes to."""
        card = self.cards[part.source]
        if card.kind == "fold":
            return card.parents.index(part.target)
        args = [self.behind[i] for i in self.sheet.values[card.members[0]].parents[: part.share.position]]
        return sum([i in self.keys for i in args])

    def explained(self, part: Part) -> tuple[str, list[Line], str]:
        """What one product of the chain rule is: its formula, its lines, the local derivative."""
        share = part.share
        z, x = self.sheet.values[self.behind[share.source]], part.value
        xbar, zbar = bar(x.name), bar(z.name)
        if share.local is None:
            return self.explained_of_arrays(share, z, x)
        formula, local, arrived = local_formula(share, self.sheet), number(share.local), number(share.arrived)
        between = f"{formula} = " if formula and formula != local else ""
        lines = [
            ("local", f"∂{z.name}/∂{x.name} = {between}{local}"),
            ("product", f"{zbar} · ∂{z.name}/∂{x.name} = {within(arrived)} × {within(local)} = {slope(share.product)}"),
        ]
        return f"{xbar} += {zbar} · ∂{z.name}/∂{x.name}", lines, local

    def explained_of_arrays(self, share: Share, z: Value, x: Value) -> tuple[str, list[Line], str]:
        """The same, where there is no one number."""
        xbar, zbar = bar(x.name), bar(z.name)
        if type(x.value) is tuple:
            return f"{xbar} += {zbar}", [("part", f"result {getattr(z.op, 'index', 0)} of {x.name}")], ""
        formula = product_formula(share, self.sheet)
        lines: list[Line] = []
        if type(share.arrived) is not tuple:
            lines.append(("arrives", f"{zbar} = {ample(share.arrived, norm=True)}"))
            if formula == zbar and np.shape(share.arrived) != np.shape(share.product):
                lines.append(("shape", f"{x.name} was repeated, so its shares are added up"))
        lines.append(
            ("product", f"{formula or zbar + ' · ∂' + z.name + '/∂' + x.name} = {ample(share.product, norm=True)}")
        )
        return f"{xbar} += {formula or f'{zbar} · ∂{z.name}/∂{x.name}'}", lines, ""

    def summed(self, group: Sequence[Part]) -> tuple[str, list[Line], str]:
        """What is handed on between folded cards."""
        source, target = self.cards[group[0].source], self.cards[group[0].target]
        names = list(dict.fromkeys([bar(part.value.name) for part in group]))
        count = f"{len(group)} cotangents" if len(group) > 1 else "one cotangent"
        lines = [("from", self.title(source)), ("to", self.title(target)), ("product", f"{count}: {listed(names)}")]
        return f"{listed(names, limit=3)} += …", lines, ""

    def end(self) -> Frame:
        """Both sweeps are done."""
        given = [value for value in self.sheet.inputs if value.gradient is not None]
        if not self.sheet.differentiated:
            return Frame("end", "all values are computed", (("gradient", "none: the answer is not one real number"),))
        moved = {target.value.number for target in self.parts()}
        rest = [
            Sum(self.keys[value.number], slope(value.gradient), 0, 0)
            for value in given
            if value.number not in moved
            and value is not self.root
            and self.cards[self.keys[value.number]].kind != "fold"
        ]
        name = self.root.name
        texts = [f"∂{name}/∂{value.name} = {slope(value.gradient)}" for value in given]
        return Frame(
            "end", f"the gradient of {self.sheet.function}", (("gradient", listed(texts, limit=12)),), sums=tuple(rest)
        )


def summing(last: Part, group: Sequence[Part], arrived: int, expected: int) -> str:
    """How a cotangent has grown by what was handed on."""
    first = group[0].before
    count = f"   ({arrived} of {expected})" if expected > 1 else ""
    xbar, total = bar(last.value.name), ample(last.after, norm=True)
    if first is None or type(first) is tuple:
        return f"{xbar} = {total}{count}"
    if len(group) == 1 and np.size(first) <= WRITTEN:
        return f"{xbar} = {ample(first)} + {within(ample(last.share.product))} = {total}{count}"
    return f"{xbar} so far and this = {total}{count}"


def spoken(sheet: Sheet, cards: Sequence[Card]) -> tuple[Card, ...]:
    """The cards with a name on each, for the frames speak of all."""
    return tuple([evolve(card, name=card.name or sheet.values[card.members[-1]].name) for card in cards])


def widened(cards: Sequence[Card], frames: Sequence[Frame]) -> list[Card]:
    """The cards with the longest of their sums in place of their gradients, so that each fits where it is shown."""
    longest = {card.key: card.gradient for card in cards}
    for frame in frames:
        for one in frame.sums:
            longest[one.card] = max(longest[one.card], one.text, key=len)
    return [evolve(card, gradient=longest[card.key]) for card in cards]
