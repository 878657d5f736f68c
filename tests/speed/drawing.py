"""The time of a drawing: python tests/speed/drawing.py [runs].

A network of scalar neurons, of about 5, 50 and 500 boxes: one run of it with all gradients, the layout, the text of the
SVG, and the whole. Medians in milliseconds. The last row is the 500 again, folded by the network's own functions.
"""

import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from funcgrad.show import draw
from funcgrad.show.cards import cards_of
from funcgrad.show.picture import pictured
from funcgrad.show.reading import sheet_of
from funcgrad.show.svg import Panel, svg


def neuron(x: list[Any], w: list[Any], b: Any) -> Any:
    """tanh(w·x + b), number by number."""
    return np.tanh(sum([wi * xi for wi, xi in zip(w, x, strict=True)]) + b)


def network(x: list[Any], layers: list[Any]) -> Any:
    """The first output of layers of neurons."""
    for layer in layers:
        x = [neuron(x, w, b) for w, b in layer]
    return x[0]


def weights(*sizes: int) -> list[Any]:
    """Layers of these sizes."""
    rng = np.random.default_rng(0)
    pairs = pairwise(sizes)
    return [[([float(v) for v in rng.normal(size=n)], 0.1) for _ in range(m)] for n, m in pairs]


def milliseconds(act: Callable[[], Any], runs: int) -> float:
    """The median time of a call."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def measured(sizes: tuple[int, ...], most: int, runs: int) -> None:
    """Print a row."""
    args = ([0.5] * sizes[0], weights(*sizes))
    sheet = sheet_of(network, args, {})
    cards = cards_of(sheet, most)
    picture = pictured(cards)
    whole = milliseconds(lambda: draw(network, most=most)(*args).svg, runs)
    parts = [
        milliseconds(lambda: sheet_of(network, args, {}), runs),
        milliseconds(lambda: pictured(cards_of(sheet, most)), runs),
        milliseconds(lambda: svg([Panel("network", picture)]), runs),
    ]
    print(f"{len(cards):5} boxes" + "".join([f"{part:10.1f}" for part in (*parts, whole)]))


if __name__ == "__main__":
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"{'':11}" + "".join([f"{name:>10}" for name in ("run", "layout", "SVG", "whole")]))
    for sizes, most in (((1, 1), 1000), ((2, 3, 1), 1000), ((5, 9, 9, 2, 1), 1000), ((5, 9, 9, 2, 1), 80)):
        measured(sizes, most, runs)
