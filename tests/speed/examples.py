"""Loops of the examples beside the same loops in NumPy by hand: python tests/speed/examples.py [seconds] [names].

Each loop is driven as the example drives it, batches, optimiser and records included. By hand means gradients derived
on paper and NumPy's calls, with the optimiser in a loop over arrays. Blocks take turns in one process; medians. One
thread.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice, repeat
from typing import Any

import loops_networks
import loops_simulations
import numpy as np
from loops import Loop, adam, cosine, dense_pass, layers_of, shuffled

from funcgrad import jit, optim, random, tree, value_and_grad
from funcgrad.examples import curve_fit, digits, gaussian_process, heat, logistic_regression, moons
from funcgrad.examples.training import trained


# ---- loops ---------------------------------------------------------------------------------------------------------
def moons_loops() -> tuple[Loop, Loop]:
    """Two moons by arrays, batches of 50: 337 parameters."""

    def ours() -> Iterator[Any]:
        return moons.training(0, 10**6)[1]

    def hand() -> Iterator[Any]:
        first, one, _, _ = random.split(random.key(0), 4)
        params = layers_of(moons.NETWORK.init(first, (-1, 2))[1])
        points = moons.moons(one, moons.POINTS)
        step = adam(params, lambda count: moons.RATE)
        for rows in shuffled(np.random.default_rng(0), moons.POINTS, moons.BATCH):
            x, y = points.x[rows], points.moon[rows]
            values, backward = dense_pass(params, x)
            z = values[-1][:, 0]
            loss = np.mean(np.logaddexp(np.where(y, -z, z), 0))
            step(backward(((1 / (1 + np.exp(-z)) - y) / len(y))[:, None]))
            yield float(loss)

    return ours, hand


def digits_loops() -> tuple[Loop, Loop]:
    """Digits by dense layers, batches of 32."""
    train, _ = digits.split(random.key(0))
    epochs = 1000

    def ours() -> Iterator[Any]:
        return digits.training(digits.NETWORKS["dense"], train, random.key(1), epochs)

    def hand() -> Iterator[Any]:
        params = layers_of(digits.NETWORKS["dense"].init(random.key(1), (-1, 8, 8, 1))[1])
        rng = np.random.default_rng(0)
        step = adam(params, cosine(digits.RATE, epochs * len(train.x) // digits.BATCH))
        for rows in shuffled(rng, len(train.x), digits.BATCH):
            x, y = train.x[rows].reshape(-1, 64), train.digit[rows]
            values, backward = dense_pass(params, x)
            z = values[-1]
            z = z - z.max(axis=1, keepdims=True)
            e = np.exp(z)
            total = e.sum(axis=1, keepdims=True)
            loss = np.mean(np.log(total[:, 0]) - z[np.arange(len(y)), y])
            zbar = e / total
            zbar[np.arange(len(y)), y] -= 1
            step(backward(zbar / len(y)))
            yield float(loss)

    return ours, hand


def chain_loops() -> tuple[Loop, Loop]:
    """Hamiltonian Monte Carlo for logistic regression, four chains of 20 draws a block."""
    X, Y, CHAINS = logistic_regression.X, logistic_regression.Y, logistic_regression.CHAINS
    PATH, LENGTH, variance = logistic_regression.PATH, logistic_regression.LENGTH, logistic_regression.DEVIATION**2

    def ours() -> Iterator[Any]:
        return logistic_regression.blocks(0, 10**7, 20)

    def energy(w: Any) -> Any:
        return np.logaddexp(0.0, -Y * (w @ X.T)).sum(axis=1) + (w * w).sum(axis=1) / (2 * variance)

    def force(w: Any) -> Any:
        return (-Y / (1 + np.exp(Y * (w @ X.T)))) @ X + w / variance

    def hand() -> Iterator[Any]:
        rng = np.random.default_rng(0)
        w = rng.standard_normal((CHAINS, 3))
        while True:
            drawn = np.empty((CHAINS, 20, 3))
            for i in range(20):
                p = rng.standard_normal((CHAINS, 3))
                before = energy(w) + (p * p).sum(axis=1) / 2
                there, q = w, p - LENGTH / 2 * force(w)
                for _ in range(PATH):
                    there = there + LENGTH * q
                    q = q - LENGTH * force(there)
                q = q + LENGTH / 2 * force(there)
                taken = np.log(rng.random(CHAINS)) < before - energy(there) - (q * q).sum(axis=1) / 2
                w = drawn[:, i] = np.where(taken[:, None], there, w)
            yield drawn

    return ours, hand


def curve_loops() -> tuple[Loop, Loop]:
    """The likelihood of two peaks and its gradient, as a minimiser asks for them."""
    counts, x = curve_fit.measured(0), curve_fit.CHANNELS

    def ours() -> Iterator[Any]:
        both = jit(value_and_grad(curve_fit.surprise))
        return (both(start, counts) for start in repeat(curve_fit.START))

    def hand() -> Iterator[Any]:
        start = tree.leaves(curve_fit.START)
        while True:
            m1, s1, h1, m2, s2, h2, level, slope = start
            d1, d2 = (x - m1) / s1, (x - m2) / s2
            e1, e2 = np.exp(-(d1 * d1) / 2), np.exp(-(d2 * d2) / 2)
            rate = h1 * e1 + h2 * e2 + level + slope * x
            expected = np.maximum(rate, 1e-9)
            value = (expected - counts * np.log(expected)).sum()
            r = (1 - counts / expected) * (rate > 1e-9)
            r1, r2 = r * e1, r * e2
            a1, a2 = r1 @ d1 * h1 / s1, r2 @ d2 * h2 / s2
            b1, b2 = r1 @ (d1 * d1) * h1 / s1, r2 @ (d2 * d2) * h2 / s2
            yield value, (a1, b1, r1.sum(), a2, b2, r2.sum(), r.sum(), r @ x)

    return ours, hand


def process_loops() -> tuple[Loop, Loop]:
    """The likelihood of a Gaussian process at 40 points, climbed by Adam."""
    data = gaussian_process.measured(random.key(0))

    def ours() -> Iterator[Any]:
        return trained(gaussian_process.surprise, gaussian_process.Kernel(), optim.adam(0.03), repeat(data))

    def hand() -> Iterator[Any]:
        params = [np.array(0.5), np.array(0.0), np.array(0.0)]
        step = adam(params, lambda count: 0.03)
        squares, n = (data.x[:, None] - data.x[None, :]) ** 2, len(data.x)
        while True:
            scaled = squares * np.exp(-2 * params[0])
            K = np.exp(2 * params[1] - scaled / 2)
            L = np.linalg.cholesky(K + np.exp(2 * params[2]) * np.eye(n))
            inverse = np.linalg.inv(L)
            a = inverse @ data.y
            value = a @ a / 2 + np.log(np.diagonal(L)).sum() + n / 2 * np.log(2 * np.pi)
            alpha = inverse.T @ a
            kbar = (inverse.T @ inverse - np.outer(alpha, alpha)) / 2
            weighted = kbar * K
            step([np.sum(weighted * scaled), 2 * weighted.sum(), 2 * np.exp(2 * params[2]) * np.trace(kbar)])
            yield float(value)

    return ours, hand


def heat_loops() -> tuple[Loop, Loop]:
    """The heat equation: u, u_x, u_xx and u_t by the chain rule through the layers, and all of it back again."""
    points = heat.points(random.key(3))

    def ours() -> Iterator[Any]:
        return trained(heat.loss, heat.initial(random.key(2)), optim.adam(1e-2), repeat(points))

    def hand() -> Iterator[Any]:
        net = heat.initial(random.key(2))
        params = [part.copy() for part in (net.w1, net.b1, net.w2, net.b2, net.w3)]
        step = adam(params, lambda count: 1e-2)
        while True:
            value, slopes = heat_by_hand(params, points)
            step(slopes)
            yield float(value)

    return ours, hand


def values_back(params: list[Any], x: Any, t: Any) -> tuple[Any, Callable[[Any], list[Any]]]:
    """u at points, and the gradient from ū."""
    w1, b1, w2, b2, w3 = params
    z = np.stack([x, t], axis=1)
    h = np.tanh(z @ w1 + b1)
    k = np.tanh(h @ w2 + b2)

    def backward(ubar: Any) -> list[Any]:
        pbar = np.outer(ubar, w3) * (1 - k * k)
        qbar = (pbar @ w2.T) * (1 - h * h)
        return [z.T @ qbar, qbar.sum(axis=0), h.T @ pbar, pbar.sum(axis=0), k.T @ ubar]

    return k @ w3, backward


def residual_back(params: list[Any], x: Any, t: Any) -> tuple[Any, Callable[[Any], list[Any]]]:
    """u_t - D u_xx at points, and the gradient from its cotangent.

    With s = tanh' = 1 - h², s' = -2 h s, a layer takes (a, a_t, a_x, a_xx) to (h, s a_t, s a_x, s a_xx + s' a_x²).
    """
    w1, b1, w2, b2, w3 = params
    z = np.stack([x, t], axis=1)
    ax, at = w1[0], w1[1]
    h = np.tanh(z @ w1 + b1)
    s = 1 - h * h
    c = -2 * h * s
    ht, hx, hxx = s * at, s * ax, c * ax**2
    pt, px, pxx = ht @ w2, hx @ w2, hxx @ w2
    k = np.tanh(h @ w2 + b2)
    r = 1 - k * k
    d = -2 * k * r
    kt, kxx = r * pt, r * pxx + d * px * px
    answer = kt @ w3 - heat.D * (kxx @ w3)

    def backward(bar: Any) -> list[Any]:
        ktbar = np.outer(bar, w3)
        kxxbar = -heat.D * ktbar
        w3bar = kt.T @ bar - heat.D * (kxx.T @ bar)
        rbar = ktbar * pt + kxxbar * pxx
        dbar = kxxbar * px * px
        ptbar, pxxbar, pxbar = ktbar * r, kxxbar * r, 2 * kxxbar * d * px
        kbar = -2 * k * rbar + dbar * (-2 * r + 4 * k * k)
        pbar = kbar * r
        hbar = pbar @ w2.T
        htbar, hxbar, hxxbar = ptbar @ w2.T, pxbar @ w2.T, pxxbar @ w2.T
        w2bar = h.T @ pbar + ht.T @ ptbar + hx.T @ pxbar + hxx.T @ pxxbar
        sbar = htbar * at + hxbar * ax
        cbar = hxxbar * ax**2
        atbar = np.sum(htbar * s, axis=0)
        axbar = np.sum(hxbar * s + 2 * hxxbar * c * ax, axis=0)
        hbar = hbar - 2 * h * sbar + cbar * (-2 * s + 4 * h * h)
        abar = hbar * s
        w1bar = z.T @ abar
        w1bar[0] += axbar
        w1bar[1] += atbar
        return [w1bar, abar.sum(axis=0), w2bar, pbar.sum(axis=0), w3bar]

    return answer, backward


def heat_by_hand(params: list[Any], points: Any) -> tuple[Any, list[Any]]:
    """The loss of the heat equation and its gradient."""
    (x, t), start, time_ = points["inside"], points["start"], points["time"]
    inside, back = residual_back(params, x, t)
    value = np.mean(inside**2)
    slopes = back(2 * inside / len(x))
    zero = np.zeros_like(start)
    ends = ((start, zero, np.sin(np.pi * start)), (0 * time_, time_, zero), (0 * time_ + 1, time_, zero))
    for place, moment, wanted in ends:
        u, back = values_back(params, place, moment)
        value = value + heat.WEIGHT * np.mean((u - wanted) ** 2)
        more = back(2 * heat.WEIGHT * (u - wanted) / len(u))
        slopes = [one + other for one, other in zip(slopes, more, strict=True)]
    return value, slopes


LOOPS: dict[str, Callable[[], tuple[Loop, Loop]]] = {
    "moons": moons_loops,
    "digits, dense": digits_loops,
    "logistic regression": chain_loops,
    "curve fit": curve_loops,
    "Gaussian process": process_loops,
    "heat": heat_loops,
    **loops_networks.LOOPS,
    **loops_simulations.LOOPS,
}


def check() -> None:
    """Gradients by hand are ours."""
    loops_networks.check()
    loops_simulations.check()
    net, points = heat.initial(random.key(2)), heat.points(random.key(3))
    value, slope = value_and_grad(heat.loss)(net, points)
    hand, slopes = heat_by_hand([net.w1, net.b1, net.w2, net.b2, net.w3], points)
    np.testing.assert_allclose(hand, value, rtol=1e-10)
    for one, other in zip(slopes, (slope.w1, slope.b1, slope.w2, slope.b2, slope.w3), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-12)


def medians(loops: tuple[Loop, Loop], seconds: float) -> list[float]:
    """The median seconds a step of each loop, block by block in turn."""
    running = [loop() for loop in loops]
    for one in running:
        list(islice(one, 5))
    rounds: list[list[float]] = []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or len(rounds) < 5:
        times = []
        for one in running:
            start = time.perf_counter()
            for _ in islice(one, 10):  # what is past is let go, as a loop that prints does
                pass
            times.append((time.perf_counter() - start) / 10)
        rounds.append(times)
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def main() -> None:
    """Print the table."""
    words = sys.argv[1:]
    seconds = float(words.pop(0)) if words and words[0].replace(".", "").isdigit() else 4.0
    check()
    print(f"{'a step of':22} {'ours, ms':>9} {'by hand':>9} {'ratio':>6}")
    for name, build in LOOPS.items():
        if not words or any(word in name for word in words):
            ours, hand = medians(build(), seconds)
            print(f"{name:22} {ours * 1e3:9.3f} {hand * 1e3:9.3f} {ours / hand:6.2f}")


if __name__ == "__main__":
    main()
