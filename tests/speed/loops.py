"""What training loops written by hand in NumPy share: an optimiser, dense layers, shuffled batches."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

#: A function that starts a loop: each thing it gives is a step.
Loop = Callable[[], Iterator[Any]]


def adam(params: list[Any], rate: Callable[[int], float]) -> Callable[[list[Any]], list[Any]]:
    """Adam's steps, in place: from a gradient to the parameters after it."""
    mean, square = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    count = 0

    def step(slopes: list[Any]) -> list[Any]:
        nonlocal count
        count += 1
        c1, c2, alpha = 1 - 0.9**count, 1 - 0.999**count, rate(count)
        for p, g, m, v in zip(params, slopes, mean, square, strict=True):
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            v += 0.001 * (g * g)
            p -= alpha * (m / c1) / (np.sqrt(v / c2) + 1e-8)
        return params

    return step


def dense_pass(params: list[Any], x: Any) -> tuple[list[Any], Callable[[Any], list[Any]]]:
    """Dense layers with max(0, ·) between them: the values of all layers, and the gradient from that of the last."""
    ws, bs = params[::2], params[1::2]
    values = [x]
    for i, (w, b) in enumerate(zip(ws, bs, strict=True)):
        h = values[-1] @ w + b
        if i < len(ws) - 1:
            np.maximum(h, 0, out=h)
        values.append(h)

    def backward(zbar: Any) -> list[Any]:
        slopes: list[Any] = []
        for i in reversed(range(len(ws))):
            slopes = [values[i].T @ zbar, zbar.sum(axis=0), *slopes]
            if i:
                zbar = (zbar @ ws[i].T) * (values[i] > 0)
        return slopes

    return values, backward


def shuffled(rng: Any, count: int, batch: int) -> Iterator[Any]:
    """Rows of batches, epoch after epoch."""
    while True:
        order = rng.permutation(count)
        for start in range(0, count - batch + 1, batch):
            yield order[start : start + batch]


def layers_of(params: Any) -> list[Any]:
    """Matrices and vectors of a network of dense layers, copied."""
    return [part.copy() for layer in params if layer for part in (layer["kernel"], layer["bias"])]


def cosine(rate: float, steps: int) -> Callable[[int], float]:
    """A rate that falls as a cosine."""
    return lambda count: rate * 0.5 * (1 + np.cos(np.pi * min(count, steps) / steps))
