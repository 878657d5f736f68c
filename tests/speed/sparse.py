"""Sparse Hessians and Jacobians beside products with vectors and hand-written ones: python tests/speed/sparse.py.

A row is the median of rounds in which all candidates take turns. "first" is the first call, which finds the pattern and
the colours; "product" is one Hessian-vector or Jacobian-vector product.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

import funcgrad


def rosenbrock(x: Any) -> Any:
    """Rosenbrock's function."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def by_hand(x: Any) -> Any:
    """Its Hessian by hand, as SciPy's sparse array."""
    main = np.zeros(len(x))
    main[:-1] += 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    main[1:] += 200
    side = -400 * x[:-1]
    return scipy.sparse.diags_array([side, main, side], offsets=[-1, 0, 1]).tocsr()


def arrow(x: Any) -> Any:
    """A function in which one element meets all others."""
    return np.sum(x[0] * x[1:] ** 2) + np.sum(np.sin(x))


def laplacian(x: Any) -> Any:
    """Five points of a square grid, and a nonlinear term."""
    u = np.pad(x.reshape(int(len(x) ** 0.5), -1), 1)
    return (4 * u[1:-1, 1:-1] - u[2:, 1:-1] - u[:-2, 1:-1] - u[1:-1, 2:] - u[1:-1, :-2] + np.exp(u[1:-1, 1:-1])).ravel()


def interleaved(functions: list[Callable[[], Any]], rounds: int = 9) -> list[float]:
    """Median times of functions that take turns."""
    times: list[list[float]] = []
    for _ in range(rounds):
        row = []
        for f in functions:
            start = time.perf_counter()
            f()
            row.append(time.perf_counter() - start)
        times.append(row)
    return [statistics.median(column) for column in zip(*times, strict=True)]


def row(name: str, f: Any, n: int, hessian: bool, hand: Any = None) -> None:
    """Measure one matrix and print it."""
    x = 1 + 0.1 * np.random.default_rng(0).standard_normal(n)
    v = np.ones(n)
    matrix = (funcgrad.hessian if hessian else funcgrad.jacobian)(f, sparse=True)
    start = time.perf_counter()
    M = matrix(x)
    first = time.perf_counter() - start
    product: Callable[[], Any] = (
        (lambda: funcgrad.hvp(f)(x, v)) if hessian else (lambda: funcgrad.jvp(f, (x,), (v,))[1])
    )
    np.testing.assert_allclose(M @ v, product(), 1e-9, 1e-6)
    candidates: list[Callable[[], Any]] = [lambda: matrix(x), product]
    if hand is not None:
        np.testing.assert_allclose((M - hand(x)).data, 0, atol=1e-8)
        candidates.append(lambda: hand(x))
    whole, one, *other = interleaved(candidates)
    beside = f"{other[0] * 1e3:10.2f}{whole / other[0]:8.1f}" if other else ""
    print(
        f"{name:32}{n:9,}{first * 1e3:10.1f}{whole * 1e3:10.2f}{one * 1e3:10.2f}{whole / one:8.1f}{beside}", flush=True
    )


def main(sizes: list[int]) -> None:
    """Print a row a matrix."""
    print(f"{'ms':32}{'n':>9}{'first':>10}{'matrix':>10}{'product':>10}{'ratio':>8}{'by hand':>10}{'ratio':>8}")
    for n in sizes:
        row("Hessian of Rosenbrock", rosenbrock, n, True, by_hand)
        row("Hessian of an arrow", arrow, n, True)
        row("Jacobian of five points", laplacian, int(n**0.5) ** 2, False)


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or [1_000, 10_000, 100_000])
