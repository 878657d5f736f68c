"""Timing in turns: what else the machine does then falls on all candidates alike."""

import statistics
import time
from collections.abc import Callable
from typing import Any


def interleaved(functions: list[Callable[[], Any]], seconds: float = 2.0) -> list[float]:
    """Median times of functions, block by block in turn."""
    numbers = []
    for f in functions:
        f()
        start = time.perf_counter()
        f()
        numbers.append(max(1, int(0.005 / (time.perf_counter() - start))))
    rounds: list[list[float]] = []
    start = time.perf_counter()
    while time.perf_counter() - start < seconds or len(rounds) < 5:
        times = []
        for f, number in zip(functions, numbers, strict=True):
            begin = time.perf_counter()
            for _ in range(number):
                f()
            times.append((time.perf_counter() - begin) / number)
        rounds.append(times)
    return [statistics.median(times) for times in zip(*rounds, strict=True)]
