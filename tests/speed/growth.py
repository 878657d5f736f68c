"""Time of a gradient against the number of operations, and the cost of importing: python tests/speed/growth.py."""

import statistics
import subprocess
import sys
import time

import funcgrad


def chain_of(n: int) -> float:
    """Seconds an operation of the gradient of n additions."""

    def f(x: float) -> float:
        for _ in range(n):
            x = x + 1.0
        return x

    gradient = funcgrad.grad(f)
    times = []
    for _ in range(max(1, min(200, 300_000 // n))):
        start = time.perf_counter()
        gradient(1.0)
        times.append(time.perf_counter() - start)
    return statistics.median(times) / n


def import_time(module: str) -> float:
    """Seconds to import a module in a fresh process."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Print both tables."""
    for n in (10, 100, 1_000, 10_000, 100_000, 1_000_000):
        print(f"{n:>9} operations: {chain_of(n) * 1e6:6.2f} µs an operation")
    pairs = [(import_time("numpy"), import_time("funcgrad")) for _ in range(11)]
    numpy, ours = map(statistics.median, zip(*pairs, strict=True))
    print(f"import numpy {numpy * 1e3:.0f} ms, import funcgrad {ours * 1e3:.0f} ms: {ours / numpy:.2f} times")


if __name__ == "__main__":
    main()
