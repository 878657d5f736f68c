"""Peak memory of an eager gradient beside HIPS/autograd: python tests/speed/memory.py (needs the extra [bench]).

tracemalloc sees NumPy's arrays; figures are peaks above the start, in arrays of 8 MB.
"""

import tracemalloc
from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

import funcgrad

N = 1_000_000


def sines(xp: Any) -> Callable[[Any], Any]:
    """60 sines in a row."""

    def f(x: Any) -> Any:
        for _ in range(60):
            x = xp.sin(x)
        return xp.sum(x)

    return f


def additions(xp: Any) -> Callable[[Any], Any]:
    """60 additions of a number."""

    def f(x: Any) -> Any:
        for _ in range(60):
            x = x + 1.0
        return xp.sum(x)

    return f


def wide(xp: Any) -> Callable[[Any], Any]:
    """A network of wide layers: 6 of 1000 × 1000, batch 1000, tanh."""

    def f(weights: Any) -> Any:
        h = np.linspace(-1.0, 1.0, N).reshape(1000, 1000)
        for w in weights:
            h = xp.tanh(xp.dot(h, w) + 0.1)
        return xp.sum(h)

    return f


def peak(run: Callable[[], Any]) -> float:
    """The peak of a run, in arrays of 8 MB."""
    tracemalloc.start()
    run()
    (_, most) = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / (8 * N)


def main() -> None:
    """Print a row a workload."""
    x = np.linspace(0.0, 1.0, N)
    weights = [np.eye(1000) * 0.9 for _ in range(6)]
    print(f"{'':28}{'funcgrad':>10}{'autograd':>10}")
    for name, build, argument in [
        ("60 sines", sines, x),
        ("60 additions", additions, x),
        ("wide network", wide, weights),
    ]:
        ours, theirs = funcgrad.grad(build(np)), autograd.grad(build(anp))
        print(f"{name:28}{peak(lambda f=ours, a=argument: f(a)):10.1f}{peak(lambda f=theirs, a=argument: f(a)):10.1f}")


if __name__ == "__main__":
    main()
