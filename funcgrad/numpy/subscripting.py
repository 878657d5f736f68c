"""The subscripts of np.einsum, read: which axis of which operand is which."""

from typing import Any, NoReturn

#: A label an axis: a letter, or a number where NumPy was given numbers.
Labels = list[Any]


def parted(arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[Labels], Labels | None]:
    """The operands of an einsum, and the labels of each and of the answer (None where implied).

    Labels are letters, or numbers in the form einsum(a, [0, 1], b, [1, 2], [0, 2]).
    """
    if isinstance(arguments[0], str):
        return arguments[1:], *parsed(arguments[0])
    n = len(arguments) // 2 * 2
    return arguments[:n:2], [list(labels) for labels in arguments[1:n:2]], list(arguments[n]) if arguments[n:] else None


def subscripted(
    shapes: list[tuple[int, ...]], inputs: list[Labels], output: Labels | None
) -> tuple[list[Labels], Labels]:
    """A label for each axis of each operand and of the answer; those of an ellipsis are …, -2, -1 from the right."""
    if len(shapes) != len(inputs):
        more = "fewer" if len(shapes) > len(inputs) else "more"
        malformed(f"{more} operands provided to einstein sum function than specified in the subscripts string")
    inputs = [spread(labels, len(shape), i) for i, (labels, shape) in enumerate(zip(inputs, shapes, strict=True))]
    every = [label for labels in inputs for label in labels]
    hidden = sorted({label for label in every if type(label) is int and label < 0})
    if output is None:
        return inputs, hidden + sorted({a for a in every if every.count(a) == 1 and a not in hidden})
    if hidden and Ellipsis not in output:
        malformed(
            "output has more dimensions than subscripts given in einstein sum, "
            "but no '...' ellipsis provided to broadcast the extra dimensions."
        )
    output = [label for one in output for label in (hidden if one is Ellipsis else [one])]
    for a in output:
        if a not in every:
            malformed(
                f"einstein sum subscripts string included output subscript '{a}' which never appeared in an input"
            )
        if output.count(a) > 1:
            malformed(f"einstein sum subscripts string includes output subscript '{a}' multiple times")
    return inputs, output


def parsed(text: str) -> tuple[list[Labels], Labels | None]:
    """The labels of each operand and of the answer, None where it is implied; an ellipsis is Python's."""
    left, arrow, right = text.replace(" ", "").partition("->")
    if "-" in left + right or ">" in left + right:
        malformed("einstein sum subscript string does not contain proper '->' output specified")
    terms: list[Labels] = []
    for i, term in enumerate([*left.split(","), *([right] if arrow else [])]):
        before, dots, after = term.partition("...")
        if "." in before + after:
            malformed(
                f"einstein sum subscripts string contains a '.' that is not part of an ellipsis ('...') in operand {i}"
            )
        for letter in before + after:
            if not (letter.isascii() and letter.isalpha()):
                malformed(f"invalid subscript '{letter}' in einstein sum subscripts string, subscripts must be letters")
        terms.append([*before, *([Ellipsis] if dots else []), *after])
    return (terms[:-1], terms[-1]) if arrow else (terms, None)


def spread(labels: Labels, rank: int, operand: int) -> Labels:
    """The labels of one operand, an ellipsis spread over the axes that no other label names."""
    hidden = rank - len(labels) + labels.count(Ellipsis)
    if hidden < 0:
        malformed(f"einstein sum subscripts string contains too many subscripts for operand {operand}")
    if hidden and Ellipsis not in labels:
        malformed(
            "operand has more dimensions than subscripts given in einstein sum, "
            "but no '...' ellipsis provided to broadcast the extra dimensions."
        )
    return [label for one in labels for label in (range(-hidden, 0) if one is Ellipsis else [one])]


def lengths_of(shapes: list[tuple[int, ...]], inputs: list[Labels]) -> dict[Any, int]:
    """The length that belongs to each label; an axis of length 1 gives way to others, but not within one operand."""
    length: dict[Any, int] = {}
    for i, (shape, labels) in enumerate(zip(shapes, inputs, strict=True)):
        own: dict[Any, int] = {}
        for label, n in zip(labels, shape, strict=True):
            if own.setdefault(label, n) != n:
                malformed(f"dimensions in operand {i} for collapsing index '{label}' don't match ({own[label]} != {n})")
            if length.setdefault(label, n) == 1:
                length[label] = n
            elif n not in (1, length[label]):
                shown = " ".join([str(one).replace(" ", "") for one in shapes])
                malformed(f"operands could not be broadcast together with shapes {shown}: index '{label}' differs")
    return length


def malformed(what: str) -> NoReturn:
    """Refuse subscripts, in NumPy's words."""
    raise ValueError(what)
