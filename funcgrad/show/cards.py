"""Cards: what is written of each value, or of many that are folded into one: label, value, gradient."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen

from funcgrad.graph.op import Weakness
from funcgrad.primitives.kinds import Pointwise
from funcgrad.show.folding import Fold, folds
from funcgrad.show.sheet import Sheet, Value
from funcgrad.show.wording import HOLE, number, operation_on, short, slope


@frozen(eq=False)
class Card:
    """What is drawn of one value."""

    #: Its place among the cards: arguments come before what is made of them.
    key: int
    #: "input", "constant", "operation" or "fold".
    kind: str
    #: The user's name for it; empty where there is none.
    name: str
    #: The operation, with the constants among its arguments; of a fold, how many there are.
    operation: str
    #: The number or the shape.
    value: str
    #: The gradient; empty where there is none.
    gradient: str
    #: The keys of its arguments, in order.
    parents: tuple[int, ...]
    #: The numbers of the sheet's values that it stands for.
    members: tuple[int, ...]
    #: What is shown on request: the whole expression, the numbers to the last digit, the line.
    tip: str = ""
    #: Whether it is an answer of the function.
    answer: bool = False
    #: Whether a sweep backwards made it.
    backward: bool = False

    @property
    def label(self) -> str:
        """Its name and its operation."""
        return " ".join([part for part in (self.name, self.operation) if part])


def cards_of(sheet: Sheet, most: int) -> tuple[Card, ...]:
    """The cards of a sheet: at most about `most`, where the rest is folded."""
    behind = aliases(sheet)
    answers = {behind[i] for i in sheet.outputs}
    shown = [
        value
        for value in sheet.values
        if behind[value.number] == value.number and (not inline(value) or value.number in answers)
    ]
    given = [value for value in shown if value.kind != "operation"]
    made = [value for value in shown if value.kind == "operation"]
    pieces = [*given_folds(given, most), *folds(made, max(most - min(len(given), most // 2), 1))]
    keys = {member: key for key, piece in enumerate(pieces) for member in piece.members}
    taken = takers(sheet, keys, behind)
    return tuple([card(sheet, piece, key, keys, behind, answers, taken) for key, piece in enumerate(pieces)])


def inline(value: Value) -> bool:
    """Whether a value is written into the operations that take it: a constant number."""
    return value.kind == "constant" and type(value.value) is not tuple and np.ndim(value.value) == 0


def aliases(sheet: Sheet) -> list[int]:
    """For each value the one it is drawn as: an operation that changes no number is drawn as its argument."""
    behind: list[int] = []
    for value in sheet.values:
        own = value.number
        if isinstance(value.op, Weakness):
            own = behind[value.parents[0]]
        elif value.backward and isinstance(value.op, Pointwise) and value.op.name == "chain":
            ones = [is_one(sheet.values[parent]) for parent in value.parents]
            own = behind[value.parents[1 - ones.index(True)]] if any(ones) else own
        behind.append(own)
    return behind


def is_one(value: Value) -> bool:
    """Whether a value is the constant number 1."""
    return inline(value) and bool(value.value == 1)


def given_folds(values: Sequence[Value], most: int) -> list[Fold]:
    """Inputs and constants; if they are many, those of one argument in one piece."""
    if len(values) <= most // 2:
        return [Fold("", (value.number,)) for value in values]
    roots: dict[str, list[int]] = {}
    for value in values:
        root = value.name.split("[")[0].split(".")[0] if value.kind == "input" else "constants"
        roots.setdefault(root, []).append(value.number)
    return [Fold(root, tuple(members)) for root, members in roots.items()]


def card(
    sheet: Sheet,
    piece: Fold,
    key: int,
    keys: dict[int, int],
    behind: list[int],
    answers: set[int],
    taken: dict[int, set[int]],
) -> Card:
    """The card of a piece."""
    values = [sheet.values[i] for i in piece.members]
    below = [behind[parent] for value in values for parent in value.parents]
    parents = tuple([keys[parent] for parent in below if parent in keys and keys[parent] != key])
    answer = any([i in answers for i in piece.members])
    if len(values) == 1:
        one = written(sheet, values[0], behind)
        return evolve(one, key=key, parents=parents, answer=answer)
    kind = "operations" if values[0].kind == "operation" else "values"
    last = [value for value in values if taken.get(value.number, set()) - {key} or value.number in answers]
    only = last[0] if len(last) == 1 else None
    last_name = only.name if only and only.named and piece.title.startswith("line ") else ""
    place = next((f"\n{value.place}" for value in values if value.place), "")
    return Card(
        key,
        "fold",
        last_name or piece.title,
        f"{piece.title}: {len(values)} {kind}" if last_name else f"{len(values)} {kind}",
        short(only.value) if only else "",
        slope(only.gradient) if only else "",
        tuple(dict.fromkeys(parents)),
        piece.members,
        f"{f'{piece.title}: ' if piece.title else ''}{len(values)} {kind}{place}",
        answer,
        values[-1].backward,
    )


def takers(sheet: Sheet, keys: dict[int, int], behind: list[int]) -> dict[int, set[int]]:
    """For each value the keys of the cards that take it."""
    found: dict[int, set[int]] = {}
    for value in sheet.values:
        if value.number in keys:
            for parent in value.parents:
                found.setdefault(behind[parent], set()).add(keys[value.number])
    return found


def written(sheet: Sheet, value: Value, behind: list[int]) -> Card:
    """The card of one value."""
    args = [sheet.values[behind[parent]] for parent in value.parents]
    texts = [number(arg.value) if inline(arg) else HOLE for arg in args]
    name = value.name if value.named else "constant" if value.kind == "constant" and not value.answers else ""
    name = " = ".join([part for part in (value.answers, name) if part])
    text = operation_on(value.op, texts, [arg.value for arg in args]) if value.op else ""
    return Card(
        value.number,
        value.kind,
        name,
        text,
        short(value.value),
        slope(value.gradient),
        (),
        (value.number,),
        tip(sheet, value, behind),
        backward=value.backward,
    )


def tip(sheet: Sheet, value: Value, behind: list[int]) -> str:
    """The whole of what there is to say of a value, in lines."""
    lines = [" = ".join([part for part in (value.answers, value.name, expression(sheet, value, behind)) if part])]
    if type(value.value) is not tuple:
        lines.append(f"value {full(value.value)}")
    if value.gradient is not None:
        lines.append(f"gradient {full(value.gradient)}")
    if value.place:
        lines.append(str(value.place))
    return "\n".join(lines)


def expression(sheet: Sheet, value: Value, behind: Sequence[int] | None = None) -> str:
    """How a value is made of others, by their names."""
    args = [sheet.values[behind[i] if behind else i] for i in value.parents]
    texts = [number(arg.value) if inline(arg) else arg.name for arg in args]
    return operation_on(value.op, texts, [arg.value for arg in args]) if value.op else ""


def full(value: Any) -> str:
    """A number to its last digit; an array's shape and dtype, with its numbers where they are few."""
    if np.ndim(value) == 0:
        return str(value.item() if hasattr(value, "item") else value)
    numbers = f" {np.array2string(value, threshold=16)}" if value.size <= 16 else ""
    return f"{value.dtype} {'×'.join(map(str, value.shape))}{numbers}"
