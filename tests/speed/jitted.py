"""Jitted programs beside NumPy written by hand: python tests/speed/jitted.py [seconds] [names] (needs SciPy).

All run in one process, in turn; medians of blocks, and the ratio ours / by hand with the ratio to be reached. Where JAX
can be imported, the ratio to jax.jit (64 bits) comes last. One thread.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import importlib.util
import itertools
import sys
import time
from collections.abc import Callable
from typing import Any

import by_hand
import numpy as np
from attrs import frozen
from turns import interleaved

import funcgrad

if importlib.util.find_spec("jax"):
    import jax

    jax.config.update("jax_enable_x64", True)
else:
    jax = None


@frozen
class Workload:
    """A function in one library's NumPy, its arguments, and the same by hand."""

    #: A function of (the library, its NumPy) that returns the function to be jitted.
    build: Callable[[Any, Any], Callable[..., Any]]
    #: The arguments.
    args: tuple[Any, ...]
    #: What is measured against.
    hand: Callable[[], Any]
    #: The ratio to be reached.
    target: float


def network(seed: int, sizes: tuple[int, ...], dtype: Any = float) -> list[Any]:
    """The parameters of a network: a matrix and a vector a layer."""
    rng = np.random.default_rng(seed)
    return [
        part.astype(dtype)
        for i, o in itertools.pairwise(sizes)
        for part in (rng.standard_normal((i, o)) * np.sqrt(2 / i), 0.1 * rng.standard_normal(o))
    ]


def logits(xp: Any, params: Any, X: Any) -> Any:
    """Three layers, ReLU between."""
    w1, b1, w2, b2, w3, b3 = params
    h = xp.maximum(X @ w1 + b1, 0.0)
    h = xp.maximum(h @ w2 + b2, 0.0)
    return h @ w3 + b3


def cross_entropy(xp: Any, z: Any, Y: Any) -> Any:
    """The mean cross-entropy."""
    z = z - xp.max(z, axis=1, keepdims=True)
    return (xp.sum(xp.log(xp.sum(xp.exp(z), axis=1))) - xp.sum(z * Y)) / len(Y)


def scalar_expression() -> Workload:
    """28 operations on two numbers."""

    def build(lib: Any, xp: Any) -> Any:
        def f(a: Any, b: Any) -> Any:
            c = a + b
            d = a * b + b**3
            c = c + (c + 1)
            c = c + (1 + c + (-a))
            d = d + (d * 2 + xp.maximum(b + a, 0.0))
            d = d + (3 * d + xp.maximum(b - a, 0.0))
            e = c - d
            f = e**2
            g = f / 2.0
            return g + 10.0 / f

        return lib.grad(f, (0, 1))

    return Workload(build, (-4.0, 2.0), by_hand.scalar_expression(-4.0, 2.0), 1.4)


def one_sample() -> Workload:
    """The hinge loss of 337 parameters on one sample."""
    params, x, y = network(0, (2, 16, 16, 1)), np.random.default_rng(1).standard_normal((1, 2)), -1.0

    def build(lib: Any, xp: Any) -> Any:
        return lib.value_and_grad(lambda params: xp.sum(xp.maximum(1 - y * logits(xp, params, x), 0.0)))

    return Workload(build, (params,), by_hand.hinge_network(params, x, y), 1.25)


def classifier(n: int, sizes: tuple[int, ...], dtype: Any, rate: float) -> Workload:
    """A step of gradient descent on the cross-entropy."""
    rng, params = np.random.default_rng(1), network(0, sizes, dtype)
    X, Y = rng.standard_normal((n, sizes[0])).astype(dtype), np.eye(sizes[-1], dtype=dtype)[np.arange(n) % sizes[-1]]

    def build(lib: Any, xp: Any) -> Any:
        slope = lib.value_and_grad(lambda params: cross_entropy(xp, logits(xp, params, X), Y))

        def step(params: Any) -> Any:
            value, gradient = slope(params)
            return value, [p - rate * g for p, g in zip(params, gradient, strict=True)]

        return step

    return Workload(build, (params,), by_hand.classifier_step(params, X, Y, rate), 1.25)


def sigmoid(n: int) -> Workload:
    """A step of gradient descent on the squared error of 13-10-1 with a sigmoid."""
    rng, params, rate = np.random.default_rng(1), network(0, (13, 10, 1)), 0.01
    X, y = rng.standard_normal((n, 13)), rng.standard_normal((n, 1))

    def build(lib: Any, xp: Any) -> Any:
        def loss(params: Any) -> Any:
            w1, b1, w2, b2 = params
            r = (1 / (1 + xp.exp(-(X @ w1 + b1)))) @ w2 + b2 - y
            return xp.sum(r * r) / n

        slope = lib.value_and_grad(loss)

        def step(params: Any) -> Any:
            value, gradient = slope(params)
            return value, [p - rate * g for p, g in zip(params, gradient, strict=True)]

        return step

    return Workload(build, (params,), by_hand.sigmoid_step(params, X, y, rate), 1.25)


def jacobian() -> Workload:
    """The Jacobian of two layers of a hundred tanh."""
    rng = np.random.default_rng(0)
    A, B, x = rng.standard_normal((100, 100)) / 10, rng.standard_normal((100, 100)) / 10, rng.standard_normal(100)
    return Workload(
        lambda lib, xp: lib.jacrev(lambda x: xp.tanh(B @ xp.tanh(A @ x))),
        (x,),
        by_hand.jacobian_of_layers(x, A, B),
        1.25,
    )


def logistic() -> Workload:
    """Logistic regression, 100,000 by 50."""
    rng = np.random.default_rng(0)
    X, y, w = rng.standard_normal((100_000, 50)), np.sign(rng.standard_normal(100_000)), rng.standard_normal(50) / 10

    def build(lib: Any, xp: Any) -> Any:
        return lib.grad(lambda w: xp.sum(xp.logaddexp(0.0, -y * (X @ w))) / len(y))

    return Workload(build, (w,), by_hand.logistic(w, X, y), 1.25)


def convolution(dtype: Any) -> Workload:
    """A 3×3 convolution to eight channels, ReLU, 2×2 maxima, a dense layer."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((32, 28, 28)).astype(dtype)
    K, k = (rng.standard_normal((8, 3, 3)) / 3).astype(dtype), (0.1 * rng.standard_normal(8)).astype(dtype)
    W, b = (rng.standard_normal((8 * 13 * 13, 10)) / 30).astype(dtype), np.zeros(10, dtype)
    Y = np.eye(10, dtype=dtype)[np.arange(32) % 10]

    def build(lib: Any, xp: Any) -> Any:
        if xp is np:
            windows = np.lib.stride_tricks.sliding_window_view(X, (3, 3), axis=(1, 2))
            columns = windows.transpose(3, 4, 0, 1, 2).reshape(9, -1)

            def convolved(K: Any) -> Any:
                return (K.reshape(8, 9) @ columns).reshape(8, 32, 26, 26)
        else:

            def convolved(K: Any) -> Any:
                z = lib.lax.conv_general_dilated(X[:, None], K[:, None], (1, 1), "VALID")
                return xp.transpose(z, (1, 0, 2, 3))

        def loss(params: Any) -> Any:
            K, k, W, b = params
            c = xp.maximum(convolved(K) + k[:, None, None, None], 0.0)
            q = xp.max(c.reshape(8, 32, 13, 2, 13, 2), axis=(3, 5))
            return cross_entropy(xp, xp.transpose(q, (1, 0, 2, 3)).reshape(32, -1) @ W + b, Y)

        return lib.value_and_grad(loss)

    params = [K, k, W, b]
    return Workload(build, (params,), by_hand.convolution(params, X, Y), 1.25)


def recurrent() -> Workload:
    """A recurrent network of 1,000 steps by a Python loop."""
    rng = np.random.default_rng(0)
    xs = rng.standard_normal((1000, 8, 16))
    params = [rng.standard_normal((32, 32)) / 8, rng.standard_normal((16, 32)) / 4, 0.1 * rng.standard_normal(32)]

    def build(lib: Any, xp: Any) -> Any:
        def loss(params: Any) -> Any:
            wh, wx, b = params
            h, total = np.zeros((8, 32)), 0.0
            for x in xs:
                h = xp.tanh(h @ wh + x @ wx + b)
                total = total + xp.sum(h * h)
            return total / 1000

        def scanned(params: Any) -> Any:
            wh, wx, b = params

            def step(h: Any, x: Any) -> Any:
                h = xp.tanh(h @ wh + x @ wx + b)
                return h, xp.sum(h * h)

            return xp.sum(lib.lax.scan(step, xp.zeros((8, 32)), xs)[1]) / 1000

        return lib.grad(loss if xp is np else scanned)

    return Workload(build, (params,), by_hand.recurrent(params, xs), 2.0)


def gaussian_process() -> Workload:
    """The marginal likelihood of a Gaussian process at 300 points."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 3))
    distances, y = ((X[:, None] - X) ** 2).sum(-1), np.sin(X[:, 0]) + 0.1 * rng.standard_normal(300)
    theta = np.array([0.1, 0.2, -1.0])

    def build(lib: Any, xp: Any) -> Any:
        def loss(theta: Any) -> Any:
            length, scale, noise = xp.exp(theta[0]), xp.exp(theta[1]), xp.exp(theta[2])
            K = scale * xp.exp(-0.5 * distances / (length * length)) + noise * np.eye(300)
            L = xp.linalg.cholesky(K)
            return 0.5 * y @ xp.linalg.solve(K, y) + xp.sum(xp.log(xp.diagonal(L)))

        return lib.grad(loss)

    return Workload(build, (theta,), by_hand.gaussian_process(theta, distances, y), 2.0)


def each_example() -> Workload:
    """The gradient of the iris network at each flower by itself."""
    rng, params = np.random.default_rng(1), network(0, (4, 5, 5, 3))
    X, Y = rng.standard_normal((150, 4)), np.eye(3)[np.arange(150) % 3]

    def build(lib: Any, xp: Any) -> Any:
        one = lib.grad(lambda params, x, y: cross_entropy(xp, logits(xp, params, x[None]), y[None]))
        return lib.vmap(one, in_axes=(None, 0, 0))

    return Workload(build, (params, X, Y), by_hand.each_example(params, X, Y), 2.0)


def rosenbrock() -> Workload:
    """The Hessian of Rosenbrock's function at 100 numbers."""
    x = 1 + 0.1 * np.random.default_rng(0).standard_normal(100)

    def build(lib: Any, xp: Any) -> Any:
        return lib.hessian(lambda x: xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))

    return Workload(build, (x,), by_hand.rosenbrock_hessian(x), 1.25)


def elementwise(n: int, gradient: bool, by: str) -> Workload:
    """The chain Σ tanh x · exp(-x²) + log(1 + x²) / (1 + cos² x): its gradient or its value."""
    x = np.random.default_rng(0).standard_normal(n)

    def value(xp: Any) -> Any:
        return lambda x: xp.sum(xp.tanh(x) * xp.exp(-(x**2)) + xp.log1p(x * x) / (1 + xp.cos(x) ** 2))

    def plainly() -> Any:
        """The gradient with temporaries."""
        t, e, c, q = np.tanh(x), np.exp(-(x**2)), np.cos(x), 1 + x * x
        r = 1 + c**2
        return (1 - t * t) * e - 2 * x * t * e + 2 * x / q / r + np.log1p(x * x) * 2 * c * np.sin(x) / r**2

    def build(lib: Any, xp: Any) -> Any:
        return lib.grad(value(xp)) if gradient else value(xp)

    if by == "plain":
        return Workload(build, (x,), plainly if gradient else lambda: value(np)(x), 1 / 1.5)
    return Workload(build, (x,), (by_hand.elementwise_chain if gradient else by_hand.elementwise_value)(x), 1.0)


WORKLOADS: dict[str, Callable[[], Workload]] = {
    "S1 scalar expression": scalar_expression,
    "S2 network, one sample": one_sample,
    "M1 iris step": lambda: classifier(150, (4, 5, 5, 3), float, 0.01),
    "M2 sigmoid step, batch 11": lambda: sigmoid(11),
    "M2 sigmoid step, 506": lambda: sigmoid(506),
    "J1 Jacobian": jacobian,
    "L1 logistic regression": logistic,
    "C1 convolution, float32": lambda: convolution(np.float32),
    "C1 convolution, float64": lambda: convolution(np.float64),
    "M3 MNIST step, float32": lambda: classifier(128, (784, 512, 512, 10), np.float32, 0.001),
    "M3 MNIST step, float64": lambda: classifier(128, (784, 512, 512, 10), np.float64, 0.001),
    "R1 recurrent network": recurrent,
    "G1 Gaussian process": gaussian_process,
    "V1 per-example gradients": each_example,
    "H1 Rosenbrock Hessian": rosenbrock,
    **{
        f"E1 {'gradient' if gradient else 'value'} 1e{power} by {by}": (
            lambda power=power, gradient=gradient, by=by: elementwise(10**power, gradient, by)
        )
        for power in (2, 4, 6, 7)
        for gradient in (True, False)
        for by in ("plain", "out=")
    },
}


def alike(got: Any, wanted: Any, tolerance: float) -> None:
    """That two trees hold the same numbers."""
    for one, other in zip(funcgrad.tree.leaves(got), funcgrad.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(np.ravel(one), np.ravel(other), tolerance, tolerance)


def row(name: str, workload: Workload, seconds: float) -> None:
    """Measure one workload and print it."""
    ours, args = funcgrad.jit(workload.build(funcgrad, np)), workload.args
    start = time.perf_counter()
    ours(*args)
    ours(*args)
    first = time.perf_counter() - start
    single = any(np.asarray(a).dtype == np.float32 for a in funcgrad.tree.leaves(args))
    alike(ours(*args), workload.hand(), 1e-3 if single else 1e-7)
    body = next(iter(ours.__jitted__.programs.values())).compiled()
    leaves = funcgrad.tree.leaves(args)
    functions = [lambda: ours(*args), lambda: body(*leaves), workload.hand]
    if jax:
        theirs = jax.jit(workload.build(jax, jax.numpy))
        given = jax.tree.map(jax.numpy.asarray, args) if not isinstance(args[0], float) else args
        functions.append(lambda: jax.block_until_ready(theirs(*given)))
    call, inside, hand, *peer = interleaved(functions, seconds)
    beside = f"{peer[0] * 1e6:11.1f}{call / peer[0]:7.2f}" if peer else ""
    print(
        f"{name:32}{hand * 1e6:11.1f}{inside * 1e6:11.1f}{call * 1e6:11.1f}{inside / hand:7.2f}{workload.target:7.2f}"
        f"{(call - inside) * 1e6:7.1f}{first * 1e3:8.0f}{beside}",
        flush=True,
    )


def overhead(seconds: float) -> None:
    """The call of a function of a dict of six arrays above its body."""
    params = {name: np.ones(3) for name in ("w1", "b1", "w2", "b2", "w3", "b3")}
    ours = funcgrad.jit(lambda params: params["w1"] * params["b1"])
    ours(params)
    body = next(iter(ours.__jitted__.programs.values())).compiled()
    leaves = funcgrad.tree.leaves(params)
    call, inside = interleaved([lambda: ours(params), lambda: body(*leaves)], seconds)
    print(f"{'call of a dict of six arrays':32}{(call - inside) * 1e6:.2f} µs above its body; at most 5")


def main(seconds: float, names: list[str]) -> None:
    """Print a row a workload."""
    print(
        f"{'µs':32}{'by hand':>11}{'body':>11}{'call':>11}{'ratio':>7}{'target':>7}{'above':>7}{'first ms':>8}"
        + (f"{'jax':>11}{'ratio':>7}" if jax else "")
    )
    for name, make in WORKLOADS.items():
        if not names or any(one in name for one in names):
            row(name, make(), seconds)
    if not names:
        overhead(seconds)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0, sys.argv[2:])
