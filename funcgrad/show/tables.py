"""Tables: rows of cells, one below the other."""

from collections.abc import Collection, Sequence
from unicodedata import combining, east_asian_width


def columns(text: str) -> int:
    """How many letters wide a text is in a type whose letters are all alike: Chinese ones are two, accents none.

    >>> columns("width"), columns("变量"), columns("x\u0304")
    (5, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum([0 if combining(letter) else 1 + (east_asian_width(letter) in "WF") for letter in text])


def table(rows: Sequence[Sequence[str]], before: Sequence[str], right: Collection[int] = ()) -> list[str]:
    """The lines of a table, given what stands before each column, and which columns stand on the right.

    >>> table([("x", "10"), ("width", "3")], ("", "  "), {1})
    ['x      10', 'width   3']
    """
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            gap + (f"{' ' * (width - columns(cell))}{cell}" if i in right else f"{cell}{' ' * (width - columns(cell))}")
            for i, (gap, cell, width) in enumerate(zip(before, row, widths, strict=True))
        ]
        lines.append("".join(cells).rstrip())
    return lines
