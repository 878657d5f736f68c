"""Telling: values and lists of names as one line of text."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.show.wording import number, shape_of, short

#: So many names or numbers are listed before the rest is counted.
LISTED = 8
#: Arrays of so many numbers are written out.
WRITTEN = 9


def listed(texts: Sequence[str], between: str = ", ", limit: int = LISTED) -> str:
    """Texts one after the other; if they are many, the first ones and how many more there are."""
    if len(texts) <= limit + 1:
        return between.join(texts)
    return f"{between.join(texts[:limit])}{between}… {len(texts) - limit} more"


def within(text: str) -> str:
    """A number as a factor or a term: negative ones in parentheses."""
    return f"({text})" if text.startswith("-") else text


def ample(value: Any, norm: bool = False) -> str:
    """A value in a line: a number, the numbers of a small array, or a shape, with the norm where that is asked for."""
    if type(value) is tuple or np.ndim(value) == 0:
        return short(value)
    if value.size <= WRITTEN and value.dtype.kind in "biuf":
        return rows(value)
    return f"{shape_of(value)}{f' with norm {number(np.linalg.norm(value.ravel()))}' if norm else ''}"


def rows(value: Any) -> str:
    """The numbers of a small array.

    >>> rows(np.array([[1.0, 0.25], [3.0, 4.0]]))
    '[[1, 0.25], [3, 4]]'
    """
    return f"[{', '.join(map(rows, value))}]" if np.ndim(value) else number(value)
