"""Training loops beside the same by hand in NumPy: python tests/speed/training.py.

An MLP on random rows by `funcgrad.data.fit`, and a loop whose gradients and optimiser are written out, on the same
batches. Medians of steps of both, taken in turn; and how long the first step took. One thread.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import statistics
import sys
import time
from itertools import pairwise

import numpy as np

from funcgrad import data, optim, random


def start(sizes):
    rng = np.random.default_rng(0)
    return [{"w": rng.standard_normal((n, m)) * (2 / n) ** 0.5, "b": np.zeros(m)} for n, m in pairwise(sizes)]


def loss(params, batch):
    x, y = batch
    *hidden, last = params
    for layer in hidden:
        x = np.maximum(x @ layer["w"] + layer["b"], 0.0)
    z = x @ last["w"] + last["b"]
    z = z - np.max(z, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(z)), y])


def gradient_by_hand(params, x, y):
    inputs = []
    for layer in params[:-1]:
        inputs.append(x)
        x = np.maximum(x @ layer["w"] + layer["b"], 0.0)
    inputs.append(x)
    z = x @ params[-1]["w"] + params[-1]["b"]
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=1)
    rows = np.arange(len(z))
    value = np.mean(np.log(total) - z[rows, y])
    back = e / total[:, None]
    back[rows, y] -= 1.0
    back /= len(z)
    found = [None] * len(params)
    for k in range(len(params) - 1, -1, -1):
        found[k] = {"w": inputs[k].T @ back, "b": back.sum(axis=0)}
        if k:
            back = (back @ params[k]["w"].T) * (inputs[k] > 0)
    return value, found


def sgd_by_hand(params, slopes, state):
    state = [{n: 0.9 * v[n] + g[n] for n in g} for g, v in zip(slopes, state, strict=True)]
    return [{n: p[n] - 0.01 * v[n] for n in p} for p, v in zip(params, state, strict=True)], state


def adam_by_hand(params, slopes, state):
    t, ms, vs = state
    t += 1
    ms = [{n: 0.9 * m[n] + 0.1 * g[n] for n in g} for g, m in zip(slopes, ms, strict=True)]
    vs = [{n: 0.999 * v[n] + 0.001 * g[n] ** 2 for n in g} for g, v in zip(slopes, vs, strict=True)]
    one, two = 1 - 0.9**t, 1 - 0.999**t
    moved = [
        {n: p[n] - 0.001 * (m[n] / one) / (np.sqrt(v[n] / two) + 1e-8) for n in p}
        for p, m, v in zip(params, ms, vs, strict=True)
    ]
    return moved, (t, ms, vs)


def zeros(params):
    return [{n: np.zeros_like(p) for n, p in layer.items()} for layer in params]


def by_hand(params, rows, key, batch_size, epochs, move, state):
    """The same training, batch by batch."""
    x, y = rows
    for epoch in range(1, epochs + 1):
        order = random.permutation(random.fold_in(key, epoch), len(x))
        for low in range(0, len(x), batch_size):
            chosen = order[low : low + batch_size]
            value, slopes = gradient_by_hand(params, x[chosen], y[chosen])
            params, state = move(params, slopes, state)
            yield value


def compare(name, sizes, batch_size, ours, move, state_of):
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((batch_size * 100, sizes[0])), rng.integers(0, sizes[-1], batch_size * 100)
    params, key = start(sizes), random.key(0)
    began = time.perf_counter()
    steps = data.fit(loss, params, rows, ours, key=key, batch_size=batch_size, epochs=3)
    next(steps)
    first = time.perf_counter() - began
    hand = by_hand(params, rows, key, batch_size, 3, move, state_of(params))
    next(hand)
    times = ([], [])
    while True:
        pair = []
        for way, each in zip((steps, hand), times, strict=True):
            began = time.perf_counter()
            pair.append(next(way, None))
            each.append(time.perf_counter() - began)
        if None in pair:
            break
        np.testing.assert_allclose(pair[0].loss, pair[1], rtol=1e-6)
    own, other = (1e6 * statistics.median(each) for each in times)
    sys.stdout.write(f"{name:34} {own:8.0f} µs {other:8.0f} µs  {own / other:5.2f}×   first step {first:.2f} s\n")
    sys.stdout.flush()


def main():
    sys.stdout.write(f"{'a step':34} {'fit':>11} {'by hand':>11}  ratio\n")
    for sizes, batch in (((4, 16, 3), 16), ((64, 64, 10), 64), ((64, 128, 128, 10), 128)):
        shape = "-".join(map(str, sizes))
        compare(f"{shape}, batch {batch}, momentum", sizes, batch, optim.sgd(0.01, 0.9), sgd_by_hand, zeros)
        adam = optim.adam(0.001)
        compare(f"{shape}, batch {batch}, adam", sizes, batch, adam, adam_by_hand, lambda p: (0, zeros(p), zeros(p)))


if __name__ == "__main__":
    main()
