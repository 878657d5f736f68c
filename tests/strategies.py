"""Hypothesis draws the arguments of the laws: shapes, dtypes and values, away from kinks unless a test asks for them.

Every function takes Hypothesis' `draw` first, so that a record can combine them in ordinary Python.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]

#: The intervals from which values of a named domain are drawn.
DOMAINS = {
    "reals": (-3.0, 3.0),
    "positive": (0.2, 3.0),
    "unit": (-0.9, 0.9),
    "above_one": (1.2, 4.0),
    "nonzero": (0.3, 3.0),  # and their negatives
}


def shape(draw: Draw, least: int = 0, most: int = 3, *, empty: bool = True) -> tuple[int, ...]:
    """A shape of `least` to `most` axes, of lengths 0 (if `empty`) or 1 to 4."""
    rank = draw(st.integers(least, most))
    return tuple(draw(st.integers(0 if empty and draw(st.integers(0, 9)) == 0 else 1, 4)) for _ in range(rank))


def broadcastable(draw: Draw, count: int, most: int = 3) -> list[tuple[int, ...]]:
    """`count` shapes that broadcast together: axes missing in front, or of length 1."""
    full = shape(draw, 0, most)
    shapes = []
    for _ in range(count):
        kept = full[draw(st.integers(0, len(full))) :]
        shapes.append(tuple(1 if draw(st.integers(0, 3)) == 0 else n for n in kept))
    return shapes


def array(draw: Draw, shape: tuple[int, ...], dtype: str = "float64", domain: str = "reals") -> Any:
    """An array (a NumPy number if 0-d) with values of a domain; a complex one has both parts drawn."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    low, high = DOMAINS[domain]

    def part() -> Any:
        values = rng.uniform(low, high, shape)
        return values * rng.choice([-1.0, 1.0], shape) if domain == "nonzero" else values

    values = part() + 1j * part() if np.dtype(dtype).kind == "c" else part()
    return np.asarray(values).astype(dtype)[()]


def distinct(draw: Draw, shape: tuple[int, ...], dtype: str = "float64") -> Any:
    """An array of values at least 0.1 apart, in random order: for max, sort and others with kinks at ties."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = int(np.prod(shape, dtype=int))
    values = (np.arange(size) - size / 2) * 0.25 + rng.uniform(0.02, 0.12, size)
    return rng.permutation(values).reshape(shape).astype(dtype)[()]


def axis(draw: Draw, rank: int) -> int:
    """An axis, negative at times. `rank` must be at least 1."""
    return draw(st.integers(-rank, rank - 1))


def some_axes(draw: Draw, rank: int) -> Any:
    """What NumPy takes as `axis`: None, an int, or a tuple."""
    if rank == 0 or draw(st.integers(0, 3)) == 0:
        return None
    if draw(st.booleans()):
        return axis(draw, rank)
    return tuple(draw(st.lists(st.integers(0, rank - 1), unique=True, max_size=rank)))
