"""The minimum of F[a] = x·a² + a at x = 4, by the derivative and, beside it, by a forward difference.

The minimum is at a = -1/(2x) = -1/8. Descent along the derivative ends there. Descent along the forward difference of
step h ends where (F[a + h] - F[a]) / h = 0, which is half a step too low, at -1/8 - h/2.
"""

import sys
from collections.abc import Callable, Generator, Iterable
from itertools import accumulate, islice, repeat
from typing import Any

import numpy as np

from funcgrad import grad, jit, lax
from funcgrad.examples.running import main

X, START = 4.0, 1.0
#: The forward difference's step.
STEP = 1e-3


def objective(a: Any) -> Any:
    """F[a] = x·a² + a."""
    return X * a**2 + a


def forward_difference(f: Callable[[float], float], step: float) -> Callable[[float], float]:
    """The slope of f by two of its values: (f(a + h) - f(a)) / h."""
    return lambda a: (f(a + step) - f(a)) / step


def descent(slope: Callable[[float], float], start: float, rate: float) -> Iterable[float]:
    """The endless sequence a₀ = start, aₖ₊₁ = aₖ - rate·slope(aₖ).

    >>> list(islice(descent(grad(objective), 1.0, 1e-3), 2))
    [1.0, 0.991]
    """
    return accumulate(repeat(None), lambda a, _: a - rate * slope(a), initial=start)


@jit(static_argnames=("updates",))
def places(start: float, rate: float, *, updates: int) -> Any:
    """The first places of the descent along the derivative, in one program: before each of so many updates, and after.

    >>> places(1.0, 1e-3, updates=1)
    array([1.   , 0.991])
    """
    slope = grad(objective)
    last, before = lax.scan(lambda a, _: (a - rate * slope(a), a), start, None, length=updates)
    return np.append(before, last)


def after(updates: int, places: Iterable[float]) -> float:
    """Where a descent is after so many updates."""
    return next(islice(places, updates, None))


def exact(updates: int = 10_000) -> float:
    """Where the descent along the derivative is."""
    return float(places(START, 1e-3, updates=updates)[-1])


def approximate(updates: int = 10_000) -> float:
    """Where the descent along the forward difference is."""
    return after(updates, descent(forward_difference(objective, STEP), START, rate=0.1))


def report() -> Generator[str, None, list[float]]:
    """Where both descents are."""
    found: list[float] = places(START, 1e-3, updates=10_000).tolist()
    yield "descent along the derivative, rate 0.001"
    for updates in (0, 1, 10, 100, 1000, 1001, 10_000):
        yield f"  after {updates:6} updates  a = {found[updates]!r}"
    yield f"descent along the forward difference of step {STEP}, rate 0.1"
    yield f"  after  10000 updates  a = {approximate()!r}, half a step too low"
    return found


def picture(figure: Any, places: list[float]) -> None:
    """The parabola with every fiftieth place, and how far both descents are from the minimum."""
    left, right = figure.subplots(1, 2)
    a = np.linspace(-1.3, 1.05, 100)
    left.plot(a, objective(a), "C0")
    left.plot(places[:1000:50], [objective(place) for place in places[:1000:50]], "C1o", markersize=4)
    left.set(xlabel="a", title="F[a] = 4a² + a, every 50th place")
    other = list(islice(descent(forward_difference(objective, STEP), START, rate=1e-3), 4001))
    for line, label in ((other, "forward difference"), (places[:4001], "derivative")):
        right.semilogy(np.abs(np.array(line) + 0.125), label=label)
    right.set(xlabel="updates, rate 0.001", title="distance from the minimum")
    right.legend(frameon=False)


if __name__ == "__main__":
    sys.exit(main(["descent", *sys.argv[1:]]))
