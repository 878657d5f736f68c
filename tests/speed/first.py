"""First calls of jitted functions beside JAX's, and the growth of staging: python tests/speed/first.py [operations].

A first call traces, rewrites and emits; JAX's compiles. Each is made anew in a warm process, in turn; medians. JAX is
left out where it cannot be imported.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from jitted import WORKLOADS, jax

import funcgrad


def chain(n: int, lib: Any, xp: Any) -> Callable[[Any], Any]:
    """The gradient of a chain of n operations."""

    def f(x: Any) -> Any:
        for _ in range(n // 2):
            x = xp.sin(x) * 1.01
        return x

    return lib.grad(f)


def first(lib: Any, xp: Any, build: Callable[..., Any], args: Any) -> float:
    """Seconds of the first call of a function that was just jitted."""
    f = lib.jit(build(lib, xp))
    start = time.perf_counter()
    answer = f(*args)
    if lib is jax:
        jax.block_until_ready(answer)
    return time.perf_counter() - start


def row(name: str, build: Callable[..., Any], args: Any, repeats: int) -> None:
    """Measure one function and print it."""
    ours, theirs = [], []
    given = jax and (args if isinstance(args[0], float) else jax.tree.map(jax.numpy.asarray, args))
    for _ in range(repeats):
        ours.append(first(funcgrad, np, build, args))
        if jax:
            theirs.append(first(jax, jax.numpy, build, given))
    a = statistics.median(ours)
    beside = f"{statistics.median(theirs) * 1e3:10.1f}{statistics.median(theirs) / a:8.1f}" if theirs else ""
    print(f"{name:32}{a * 1e3:10.1f}{beside}", flush=True)


def main(most: int) -> None:
    """Print a row a function, and then the time an operation of longer and longer chains."""
    print(f"{'first call, ms':32}{'funcgrad':>10}" + (f"{'jax':>10}{'ratio':>8}" if jax else ""))
    for name in ("S1 scalar expression", "E1 gradient 1e4 by plain", "M1 iris step"):
        workload = WORKLOADS[name]()
        row(name.removesuffix(" by plain"), workload.build, workload.args, 9)
    row("chain of 1,000 operations", lambda lib, xp: chain(1000, lib, xp), (0.5,), 1 if jax else 5)
    n = 1000
    while n <= most:
        seconds = first(funcgrad, np, lambda lib, xp, n=n: chain(n, lib, xp), (0.5,))
        print(f"{f'chain of {n:,} operations':32}{seconds / n * 1e6:10.1f} µs an operation", flush=True)
        n *= 10


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
