"""check: the derivatives of a function beside its differences, argument by argument."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from funcgrad.errors import BadAnswer
from funcgrad.graph.provenance import argument_name, function_place
from funcgrad.show.tables import table
from funcgrad.transforms.checks import (
    STEP,
    Check,
    check_grads,
    difference,
    moving,
    pairing,
    pulled,
    pushed,
    random_like,
)

#: The first line of the table.
HEADS = ("argument", "backwards", "forwards", "difference", "")


def report(function: Callable[..., Any], arguments: Sequence[Any], order: int) -> tuple[list[str], bool]:
    """The lines of a report, and whether all is right."""
    lines = table([HEADS, *rows(function, arguments)], ("", "  ", "  ", "  ", "  "), right={1, 2, 3})
    try:
        check_grads(function, arguments, order=order)
    except AssertionError as error:
        return [*lines, named(function, str(error), arguments)], False
    degree = "first" if order == 1 else f"{'first to the ' if order > 2 else 'first and '}{ordinal(order)}"
    return [*lines, f"All derivatives of the {degree} order agree with the function's differences."], True


def ordinal(order: int) -> str:
    """A number as a rank."""
    return {2: "second", 3: "third"}.get(order, f"{order}th")


def rows(function: Callable[..., Any], arguments: Sequence[Any]) -> Iterator[tuple[str, ...]]:
    """For each real leaf the derivative in a random direction, both ways, and the difference."""
    g, xs, paths = moving(function, arguments)
    if not g(*xs):
        name, where = function_place(function)
        raise BadAnswer(
            f"The derivatives of {name}{where} were to be checked, and it returned no real or complex number. "
            "Is a return missing? Return what you want differentiated."
        )
    check = Check(paths, ("fwd", "rev"), None, None, STEP, np.random.default_rng(0))
    ybars = [random_like(check.rng, y) for y in g(*xs)]
    bars = pulled(g, xs, ybars)
    for i, (x, path) in enumerate(zip(xs, paths, strict=True)):
        direction = random_like(check.rng, x)
        xdots = [direction if i == j else np.zeros_like(other)[()] for j, other in enumerate(xs)]
        back = pairing([bars[i]], [direction])
        forth = pairing(ybars, pushed(g, xs, xdots))
        wanted = pairing(ybars, difference(g, xs, xdots, check.step))
        right = check.agree(back, wanted, x.dtype) and check.agree(forth, wanted, x.dtype)
        numbers = [f"{float(one):.8g}" for one in (back, forth, wanted)]
        yield (named(function, path, arguments), *numbers, "right" if right else "WRONG")


def named(function: Callable[..., Any], text: str, arguments: Sequence[Any]) -> str:
    """A text with the names of arguments in place of args[0], args[1], ..."""
    for i in reversed(range(len(arguments))):
        text = text.replace(f"args[{i}]", argument_name(function, i))
    return text
