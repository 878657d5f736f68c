"""Networks of funcgrad.nn beside NumPy written by hand: python tests/speed/nn.py [seconds] [names].

A row is value and gradient of a mean loss by all parameters. All run in one process, in turn; medians, one thread.
By hand, patches are made once and used on the way back, sums are NumPy's, and nothing is computed twice.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import jit, nn, random, tree, value_and_grad

RNG = np.random.default_rng(0)
#: The loss as a function of params, params, and value and gradients by hand, in the order of the leaves of params.
Workload = tuple[Callable[[Any], Any], Any, Callable[[], Any]]


def numbers(*shape: int, dtype: Any = np.float32) -> Any:
    """Normal numbers."""
    return RNG.standard_normal(shape).astype(dtype)


# ---- pieces by hand --------------------------------------------------------------------------------------------------
def cross_entropy(z: Any, labels: Any) -> tuple[Any, Any]:
    """The mean loss and its slope by the logits."""
    rows = np.arange(len(z))
    z = z - z.max(1, keepdims=True)
    e = np.exp(z)
    total = e.sum(1)
    loss = (np.log(total) - z[rows, labels]).mean()
    slope = e / total[:, None]
    slope[rows, labels] -= 1
    return loss, slope / z.dtype.type(len(z))


def patches(x: Any, k: int) -> Any:
    """The rows of a matrix: each window, with zeros around."""
    n, h, w, c = x.shape
    wide = np.zeros((n, h + k - 1, w + k - 1, c), x.dtype)
    wide[:, k // 2 : k // 2 + h, k // 2 : k // 2 + w] = x
    windows = np.lib.stride_tricks.sliding_window_view(wide, (k, k), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(n * h * w, k * k * c)


def unpatched(zbar: Any, kernel: Any, shape: Any) -> Any:
    """The slope by the input of a convolution, an element of the window at a time."""
    n, h, w, c = shape
    k = kernel.shape[0]
    wide = np.zeros((n, h + k - 1, w + k - 1, c), zbar.dtype)
    for i in range(k):
        for j in range(k):
            wide[:, i : i + h, j : j + w] += (zbar @ kernel[i, j].T).reshape(n, h, w, c)
    return wide[:, k // 2 : k // 2 + h, k // 2 : k // 2 + w]


def halved(x: Any) -> tuple[Any, list[Any]]:
    """The largest of each 2 × 2, and which corner has it."""
    corners = [x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
    best = np.maximum(np.maximum(corners[0], corners[1]), np.maximum(corners[2], corners[3]))
    return best, [corner == best for corner in corners]


def doubled(slope: Any, mine: list[Any]) -> Any:
    """The way back of that."""
    n, h, w, c = slope.shape
    z = np.empty((n, 2 * h, 2 * w, c), slope.dtype)
    for place, (i, j) in zip(mine, [(0, 0), (0, 1), (1, 0), (1, 1)], strict=True):
        np.multiply(slope, place, out=z[:, i::2, j::2])
    return z


# ---- workloads -------------------------------------------------------------------------------------------------------
def mlp(dtype: Any = np.float32) -> Workload:
    """784-256-256-10, ReLU, a batch of 128."""
    net = nn.serial(nn.dense(256, dtype=dtype), nn.relu, nn.dense(256, dtype=dtype), nn.relu, nn.dense(10, dtype=dtype))
    _, params = net.init(random.key(0), (-1, 784))
    x, y = numbers(128, 784, dtype=dtype), np.arange(128) % 10
    loss = lambda params: np.mean(nn.softmax_cross_entropy_with_integer_labels(net.apply(params, x), y))

    def by_hand() -> Any:
        p = [params[i] for i in (0, 2, 4)]
        a = np.maximum(x @ p[0]["kernel"] + p[0]["bias"], 0)
        b = np.maximum(a @ p[1]["kernel"] + p[1]["bias"], 0)
        value, z = cross_entropy(b @ p[2]["kernel"] + p[2]["bias"], y)
        bbar = (z @ p[2]["kernel"].T) * (b > 0)
        abar = (bbar @ p[1]["kernel"].T) * (a > 0)
        return value, [abar.sum(0), x.T @ abar, bbar.sum(0), a.T @ bbar, z.sum(0), b.T @ z]

    return loss, params, by_hand


def conv_net(batch: int = 32) -> Workload:
    """Two convolutions 3 × 3 to 16 and 32 channels, each with ReLU and 2 × 2 maxima, then a dense layer; 28 × 28."""
    convs = [nn.conv(n, (3, 3), dtype=np.float32) for n in (16, 32)]
    pool = nn.max_pool((2, 2))
    net = nn.serial(convs[0], nn.relu, pool, convs[1], nn.relu, pool, nn.flatten(), nn.dense(10, dtype=np.float32))
    _, params = net.init(random.key(0), (-1, 28, 28, 1))
    x, y = numbers(batch, 28, 28, 1), np.arange(batch) % 10
    loss = lambda params: np.mean(nn.softmax_cross_entropy_with_integer_labels(net.apply(params, x), y))

    def by_hand() -> Any:
        p, q, r = (params[i] for i in (0, 3, 7))
        one = patches(x, 3)
        a = np.maximum(one @ p["kernel"].reshape(9, 16) + p["bias"], 0).reshape(batch, 28, 28, 16)
        b, mine = halved(a)
        two = patches(b, 3)
        c = np.maximum(two @ q["kernel"].reshape(144, 32) + q["bias"], 0).reshape(batch, 14, 14, 32)
        d, other = halved(c)
        flat = d.reshape(batch, -1)
        value, z = cross_entropy(flat @ r["kernel"] + r["bias"], y)
        cbar = (doubled((z @ r["kernel"].T).reshape(d.shape), other) * (c > 0)).reshape(-1, 32)
        bbar = unpatched(cbar, q["kernel"], b.shape)
        abar = (doubled(bbar, mine) * (a > 0)).reshape(-1, 16)
        slopes = [abar.sum(0), one.T @ abar, cbar.sum(0), two.T @ cbar, z.sum(0), flat.T @ z]
        return value, slopes

    return loss, params, by_hand


def convolution(channels: int, features: int, length: int, k: int) -> Workload:
    """The sum of squares of one convolution, by its input and its kernel."""
    x, w = numbers(16, length, length, channels), numbers(k, k, channels, features)
    loss = lambda params: np.sum(np.square(nn.convolution(*params)))

    def by_hand() -> Any:
        columns = patches(x, k)
        z = columns @ w.reshape(-1, features)
        zbar = 2 * z
        return np.vdot(z, z), [unpatched(zbar, w, x.shape), columns.T @ zbar]

    return loss, [x, w], by_hand


def causal_attention() -> Workload:
    """Four heads of 16 over 64 steps, a batch of 8: the sum of squares by the input of all products."""
    q, k, v = (numbers(8, 64, 4, 16) for _ in range(3))
    loss = lambda params: np.sum(np.square(nn.dot_product_attention(*params, is_causal=True)))
    hidden = np.tri(64) == 0

    def by_hand() -> Any:
        Q, K, V = (np.ascontiguousarray(a.transpose(0, 2, 1, 3)) for a in (q, k, v))
        Q *= np.float32(0.25)
        s = Q @ K.mT
        s[..., hidden] = -np.inf
        s -= s.max(-1, keepdims=True)
        np.exp(s, out=s)
        s /= s.sum(-1, keepdims=True)
        z = s @ V
        zbar = 2 * z
        sbar = zbar @ V.mT
        sbar -= (sbar * s).sum(-1, keepdims=True)
        sbar *= s
        slopes = [np.float32(0.25) * (sbar @ K), sbar.mT @ Q, s.mT @ zbar]
        return np.vdot(z, z), [a.transpose(0, 2, 1, 3).copy() for a in slopes]

    return loss, [q, k, v], by_hand


def norm() -> Workload:
    """Layer norm of 4096 rows of 256: the sum of squares, by the input and the parameters."""
    x, scale, bias = numbers(4096, 256), numbers(256), numbers(256)
    layer = nn.layer_norm()
    loss = lambda params: np.sum(np.square(layer.apply(params[1], params[0])))

    def by_hand() -> Any:
        c = x - x.mean(1, keepdims=True)
        r = 1 / np.sqrt((c * c).mean(1, keepdims=True) + np.float32(1e-5))
        y = c * r
        z = y * scale + bias
        zbar = 2 * z
        ybar = zbar * scale
        xbar = r * (ybar - ybar.mean(1, keepdims=True) - y * (ybar * y).mean(1, keepdims=True))
        return np.vdot(z, z), [xbar, zbar.sum(0), (zbar * y).sum(0)]

    return loss, [x, {"bias": bias, "scale": scale}], by_hand


def lstm() -> Workload:
    """An LSTM of 32 over 100 steps of 16 features, a batch of 16: the mean of squares of all outputs."""
    layer = nn.lstm(32)
    _, params = layer.init(random.key(0), (-1, 100, 16))
    x = numbers(16, 100, 16, dtype=float)
    loss = lambda params: np.mean(np.square(layer.apply(params, x)))
    w, u, b = (params[name] for name in ("kernel", "recurrent", "bias"))
    sigma = lambda z: 1 / (1 + np.exp(-z))

    def by_hand() -> Any:
        z = np.moveaxis(x @ w + b, 1, 0)
        h, c = np.zeros((101, 16, 32)), np.zeros((101, 16, 32))
        gates, squashed = np.empty((100, 16, 128)), np.empty((100, 16, 32))
        for t in range(100):
            a = z[t] + h[t] @ u
            g = gates[t]
            g[...] = sigma(a)
            np.tanh(a[:, 64:96], out=g[:, 64:96])
            c[t + 1] = g[:, 32:64] * c[t] + g[:, :32] * g[:, 64:96]
            np.tanh(c[t + 1], out=squashed[t])
            np.multiply(g[:, 96:], squashed[t], out=h[t + 1])
        hbar, cbar, abar = np.zeros((16, 32)), np.zeros((16, 32)), np.empty((100, 16, 128))
        rest = gates * (1 - gates)
        for t in range(99, -1, -1):
            g, s, bar, r = gates[t], squashed[t], abar[t], rest[t]
            hbar = hbar + h[t + 1] * (2 / h[1:].size)
            cbar = cbar + hbar * g[:, 96:] * (1 - s * s)
            bar[:, :32] = cbar * g[:, 64:96] * r[:, :32]
            bar[:, 32:64] = cbar * c[t] * r[:, 32:64]
            bar[:, 64:96] = cbar * g[:, :32] * (1 - g[:, 64:96] ** 2)
            bar[:, 96:] = hbar * s * r[:, 96:]
            cbar = cbar * g[:, 32:64]
            hbar = bar @ u.T
        flat = abar.reshape(-1, 128)
        slopes = [flat.sum(0), np.moveaxis(x, 1, 0).reshape(-1, 16).T @ flat, h[:-1].reshape(-1, 32).T @ flat]
        return np.mean(h[1:] ** 2), slopes

    return loss, {"bias": b, "kernel": w, "recurrent": u}, by_hand


WORKLOADS: dict[str, Callable[[], Workload]] = {
    "dense 784-256-256-10": mlp,
    "conv net, 28 × 28": conv_net,
    "convolution 3 × 3, 3 → 16": lambda: convolution(3, 16, 32, 3),
    "convolution 3 × 3, 16 → 32": lambda: convolution(16, 32, 28, 3),
    "convolution 3 × 3, 64 → 64": lambda: convolution(64, 64, 14, 3),
    "convolution 5 × 5, 8 → 16": lambda: convolution(8, 16, 28, 5),
    "causal attention": causal_attention,
    "layer norm": norm,
    "LSTM, 100 steps": lstm,
}


def alike(got: Any, wanted: Any) -> None:
    """That values and gradients are the same."""
    for one, other in zip(tree.leaves(got), tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(np.ravel(one), np.ravel(other), 2e-3, 2e-3 * np.max(np.abs(other)))


def timed(f: Callable[[], Any]) -> float:
    """Seconds of one run."""
    begin = time.perf_counter()
    f()
    return time.perf_counter() - begin


def main(seconds: float, names: list[str]) -> None:
    """Print a row a workload."""
    print(f"{'ms':32}{'by hand':>10}{'eager':>10}{'jitted':>10}{'eager / hand':>14}{'jitted / hand':>15}")
    for name in names or WORKLOADS:
        loss, params, by_hand = WORKLOADS[name]()
        eager, jitted = value_and_grad(loss), jit(value_and_grad(loss))
        for f in (eager, jitted):
            alike(f(params), by_hand())
        ways = (by_hand, lambda f=eager, p=params: f(p), lambda f=jitted, p=params: f(p))
        rounds, start = [], time.perf_counter()
        while time.perf_counter() - start < seconds or len(rounds) < 7:
            rounds.append([timed(f) for f in ways])
        hand, one, two = (statistics.median(times) for times in zip(*rounds, strict=True))
        ratios = [statistics.median([times[i] / times[0] for times in rounds]) for i in (1, 2)]
        print(
            f"{name:32}{hand * 1e3:10.2f}{one * 1e3:10.2f}{two * 1e3:10.2f}{ratios[0]:14.2f}{ratios[1]:15.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0, sys.argv[2:])
