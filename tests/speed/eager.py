"""Eager gradients beside HIPS/autograd: python tests/speed/eager.py (needs the extra [bench]).

Both libraries run the same function in one process, in turn; medians of blocks, and their ratio. One thread.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import itertools
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

import funcgrad
from funcgrad.data import iris


def chain(xp: Any) -> Callable[[Any], Any]:
    """A chain of 200 tanh(1.01 x) on a number."""

    def f(x: Any) -> Any:
        for _ in range(200):
            x = xp.tanh(1.01 * x)
        return x

    return f


def network(xp: Any) -> Callable[[Any], Any]:
    """The loss of the iris network, 4-5-5-3 with ReLU, on all 150 flowers."""
    features, labels = iris()
    targets = np.eye(3)[labels]

    def loss(params: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = params
        h = xp.maximum(features @ w1 + b1 if xp is np else xp.dot(features, w1) + b1, 0.0)
        h = xp.maximum(h @ w2 + b2, 0.0)
        z = h @ w3 + b3
        z = z - xp.max(z, axis=1, keepdims=True)
        return (xp.sum(xp.log(xp.sum(xp.exp(z), axis=1))) - xp.sum(z * targets)) / 150

    return loss


def recurrent(xp: Any) -> Callable[[Any], Any]:
    """A recurrent network of 1,000 steps by a Python loop, hidden 32, batch 8."""
    rng = np.random.default_rng(0)
    xs, h0 = rng.standard_normal((1000, 8, 16)), np.zeros((8, 32))

    def loss(params: Any) -> Any:
        wh, wx, b = params
        h, total = h0, 0.0
        for x in xs:
            h = xp.tanh(xp.dot(h, wh) + xp.dot(x, wx) + b)
            total = total + xp.sum(h * h)
        return total / 1000

    return loss


def network_params() -> list[Any]:
    """Parameters of the iris network."""
    rng = np.random.default_rng(0)
    sizes = (4, 5, 5, 3)
    return [
        part
        for i, o in itertools.pairwise(sizes)
        for part in (rng.standard_normal((i, o)) * np.sqrt(2 / i), 0.1 * rng.standard_normal(o))
    ]


def recurrent_params() -> list[Any]:
    """Parameters of the recurrent network."""
    rng = np.random.default_rng(1)
    return [rng.standard_normal((32, 32)) / 8, rng.standard_normal((16, 32)) / 4, 0.1 * rng.standard_normal(32)]


def interleaved(ours: Callable[[], Any], theirs: Callable[[], Any], seconds: float) -> tuple[float, float, float]:
    """Median times of both, and the median of their ratios, block by block in turn.

    A block is long, a hundred steps of the small network: in a loop of a user's the caches are one library's alone.
    """
    once = time.perf_counter()
    theirs()
    ours()
    number = max(1, int(0.2 / (time.perf_counter() - once)))
    pairs, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds or len(pairs) < 5:
        times = []
        for f in (ours, theirs):
            begin = time.perf_counter()
            for _ in range(number):
                f()
            times.append((time.perf_counter() - begin) / number)
        pairs.append(times)
    a, b = zip(*pairs, strict=True)
    return statistics.median(a), statistics.median(b), statistics.median([y / x for x, y in pairs])


def main(seconds: float) -> None:
    """Print a row a workload."""
    cases = [
        ("grad, chain of 200 tanh(1.01 x)", 0.5, chain, 1),
        ("grad∘grad, the same chain", 0.5, chain, 2),
        ("grad, iris step", network_params(), network, 1),
        ("grad, recurrent network of 1,000 steps", recurrent_params(), recurrent, 1),
    ]
    print(f"{'':42}{'funcgrad':>12}{'autograd':>12}{'ratio':>8}")
    for name, x, build, order in cases:
        ours, theirs = build(np), build(anp)
        for _ in range(order):
            ours, theirs = funcgrad.grad(ours), autograd.grad(theirs)
        for a, b in zip(np.atleast_1d(ours(x)) if order == 2 else [ours(x)], [theirs(x)], strict=True):
            assert all(
                np.allclose(p, q)
                for p, q in zip(a if type(a) is list else [a], b if type(b) is list else [b], strict=True)
            )
        a, b, ratio = interleaved(lambda f=ours, x=x: f(x), lambda f=theirs, x=x: f(x), seconds)
        print(f"{name:42}{a * 1e6:10.0f}µs{b * 1e6:10.0f}µs{ratio:8.2f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 6.0)
