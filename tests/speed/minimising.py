"""Minimising with our derivatives beside SciPy's differences: python tests/speed/minimising.py.

Rosenbrock's function of n numbers. Evaluations are calls of the function and of its gradient; times are medians of
rounds in which all ways take turns.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from funcgrad import jit
from funcgrad.optimize import minimize


def rosenbrock(x: Any) -> Any:
    """Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)²."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


staged = jit(rosenbrock)
#: The ways, by name: each from a start to a result.
WAYS: dict[str, Callable[[Any], Any]] = {
    "SciPy, BFGS, differences": lambda x: scipy.optimize.minimize(rosenbrock, x, method="BFGS"),
    "BFGS": lambda x: minimize(rosenbrock, x, method="BFGS"),
    "BFGS of jit(f)": lambda x: minimize(staged, x, method="BFGS"),
    "SciPy, L-BFGS-B, differences": lambda x: scipy.optimize.minimize(rosenbrock, x, method="L-BFGS-B"),
    "L-BFGS-B": lambda x: minimize(rosenbrock, x, method="L-BFGS-B"),
    "L-BFGS-B of jit(f)": lambda x: minimize(staged, x, method="L-BFGS-B"),
    "trust-ncg, products": lambda x: minimize(rosenbrock, x, method="trust-ncg"),
    "trust-ncg of jit(f), products": lambda x: minimize(staged, x, method="trust-ncg"),
}


def timed(way: Callable[[Any], Any], start: Any) -> float:
    """Seconds of one run."""
    begin = time.perf_counter()
    way(start)
    return time.perf_counter() - begin


def main() -> None:
    """Print the table."""
    for n in (10, 100):
        start = np.full(n, 0.5)
        found = {name: way(start) for name, way in WAYS.items()}
        rounds = [{name: timed(way, start) for name, way in WAYS.items()} for _ in range(3)]
        print(f"n = {n}")
        for name, result in found.items():
            seconds = statistics.median([one[name] for one in rounds])
            products, error = max(getattr(result, "nhev", 0), 0), np.max(np.abs(result.x - 1.0))
            print(
                f"  {name:<30} {result.nfev:>6} evaluations, {products:>4} products, "
                f"{seconds * 1e3:8.1f} ms, |x - 1| {error:.0e}"
            )


if __name__ == "__main__":
    main()
