"""Tables: rows of cells, one below the other."""

from collections.abc import Collection, Sequence


def table(rows: Sequence[Sequence[str]], before: Sequence[str], right: Collection[int] = ()) -> list[str]:
    """The lines of a table, given what stands before each column, and which columns stand on the right.

    >>> table([("x", "10"), ("width", "3")], ("", "  "), {1})
    ['x      10', 'width   3']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            gap + (cell.rjust(width) if i in right else cell.ljust(width))
            for i, (gap, cell, width) in enumerate(zip(before, row, widths, strict=True))
        ]
        lines.append("".join(cells).rstrip())
    return lines
