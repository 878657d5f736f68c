"""Peak memory of gradients: python tests/speed/memory.py (needs the extra [bench]).

First beside HIPS/autograd; then of a loop of 10⁴ steps and of a chain of layers, by what is kept for the way back.

tracemalloc sees NumPy's arrays; figures are peaks above the start, in arrays of 8 MB.
"""

import tracemalloc
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

import funcgrad
from funcgrad import checkpoint, checkpoint_name, grad, lax
from funcgrad.transforms.policies import save_only_these_names

N = 1_000_000
#: How long the loop is, and how many numbers it carries.
STEPS, CELLS = 10_000, 1_000


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


def heated(way: Any) -> Callable[[Any], Any]:
    """The gradient of the last state of a rod that is heated, through all of its steps."""
    source = np.linspace(0.0, 1.0, CELLS)

    def step(u: Any, _: Any) -> Any:
        return u + 0.1 * (np.roll(u, 1) - 2 * u + np.roll(u, -1)) + 0.01 * np.sin(u) * source, None

    return grad(lambda u: np.sum(lax.scan(step, u, None, STEPS, checkpoint=way)[0] ** 2))


def layered(wrapped: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The gradient of 16 layers of 16 operations on 10⁵ numbers."""

    def layer(x: Any) -> Any:
        for _ in range(15):
            x = np.sin(x) * 1.01
        return checkpoint_name(np.tanh(x), "layer")

    one = wrapped(layer)

    def f(x: Any) -> Any:
        for _ in range(16):
            x = one(x)
        return np.sum(x)

    return grad(f)


def compared(title: str, ways: dict[str, Callable[[Any], Any]], argument: Any) -> None:
    """Print the peak and the time of each way beside the first: medians of interleaved runs."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for f in ways.values():
        f(argument)
    for _ in range(5):
        for name, f in ways.items():
            start = perf_counter()
            f(argument)
            times[name].append(perf_counter() - start)
    peaks = {name: 8 * N * peak(lambda f=f: f(argument)) for name, f in ways.items()}
    first = next(iter(ways))
    print(f"\n{title:28}{'peak, MB':>10}{'below':>10}{'time, s':>10}{'ratio':>10}")
    for name in ways:
        below, time = peaks[first] / peaks[name], median(times[name])
        print(f"{name:28}{peaks[name] / 1e6:10.2f}{below:9.0f}×{time:10.2f}{time / median(times[first]):10.2f}")


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

    compared(
        f"{STEPS} steps, {CELLS} numbers",
        {"all carries": heated(None), "sqrt": heated("sqrt"), "binomial": heated("binomial"), "20 carries": heated(20)},
        np.sin(np.linspace(0.0, 6.0, CELLS)),
    )
    named = checkpoint(policy=save_only_these_names("layer"))
    ways = {"plain": layered(lambda f: f), "checkpoint": layered(checkpoint), "names": layered(named)}
    compared("16 layers, 10⁵ numbers", ways, np.ones(100_000))


if __name__ == "__main__":
    main()
