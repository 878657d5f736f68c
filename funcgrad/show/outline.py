"""Outline: a drawing as a tree of text for a terminal, from the answers to the inputs."""

from collections.abc import Iterator, Sequence

from funcgrad.show.cards import Card
from funcgrad.show.tables import table


def outline(cards: Sequence[Card]) -> str:
    """A line a card, label, value and gradient; what several take is written out once, and then by its label and ↑."""
    count = 3 if any([card.gradient for card in cards]) else 2
    return "\n".join(table([row[:count] for row in rows(cards)], ("", "  ", "  ")[:count]))


def rows(cards: Sequence[Card]) -> Iterator[tuple[str, str, str]]:
    """The lines in order: the branch with the label, the value, the gradient."""
    taken = {parent for card in cards for parent in card.parents}
    roots = [card for card in cards if card.answer and card.key not in taken]
    roots += [card for card in cards if card.key not in taken and not card.answer]
    stack = [(card, "", "", "") for card in reversed(roots)]
    seen: set[int] = set()
    while stack:
        card, before, branch, beneath = stack.pop()
        again = card.key in seen and bool(card.parents)
        mark = " ↑" if again else ""
        yield f"{before}{branch}{card.label}{mark}", card.value, card.gradient
        if again:
            continue
        seen.add(card.key)
        below = [cards[parent] for parent in card.parents]
        for i in reversed(range(len(below))):
            last = i == len(below) - 1
            stack.append((below[i], before + beneath, "└─ " if last else "├─ ", "   " if last else "│  "))
