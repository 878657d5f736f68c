"""A program's report taken whole: its lines, and what it returns."""


def told(report):
    """(lines, result) of a report that is run to its end."""
    lines = []
    while True:
        try:
            lines.append(next(report))
        except StopIteration as end:
            return lines, end.value
