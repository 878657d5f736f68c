"""The tenth derivative of a composite of 100 operations beside its value: python tests/speed/taylor.py [order].

A row is the median of rounds in which all candidates take turns; ratios are to one evaluation of the value.
"""

import sys
import time
from typing import Any

import numpy as np
from turns import interleaved

import funcgrad

#: How often the ten operations of `composite` follow each other.
REPEATS = 10


def composite(x: Any) -> Any:
    """100 operations: sin, neg, exp, times; tanh; square, add, root; divide; add."""
    for _ in range(REPEATS):
        x = np.sin(x) * np.exp(-x) + np.tanh(x) / np.sqrt(1.0 + x * x)
    return x


def main(order: int) -> None:
    """Print a row a size."""
    print(f"{'elements':>9}{'value µs':>12}{'eager µs':>12}{'ratio':>8}{'jit µs':>12}{'ratio':>8}{'first ms':>10}")
    tenth = funcgrad.derivative(composite, order)
    for n in (1, 10, 100, 1_000, 10_000, 100_000):
        x = 0.5 if n == 1 else np.linspace(0.1, 1.0, n)
        quick = funcgrad.jit(tenth)
        start = time.perf_counter()
        quick(x)
        first = time.perf_counter() - start
        np.testing.assert_allclose(quick(x), tenth(x), 1e-6)
        value, eager, staged = interleaved([lambda x=x: composite(x), lambda x=x: tenth(x), lambda x=x, f=quick: f(x)])
        print(
            f"{n:9,}{value * 1e6:12.1f}{eager * 1e6:12.1f}{eager / value:8.1f}{staged * 1e6:12.1f}"
            f"{staged / value:8.1f}{first * 1e3:10.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
