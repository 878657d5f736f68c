"""Gradients written by hand: NumPy's calls alone, into buffers made once. What jitted programs are measured against.

Each function prepares its buffers for its arguments, and returns what is timed. The next call writes over the results.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import cho_solve, lapack

Run = Callable[[], Any]


def scalar_expression(a: float, b: float) -> Run:
    """The gradient of 28 operations on two numbers, in Python's."""

    def run() -> Any:
        left, right = b + a, b - a
        one, other = (1.0 if left > 0 else 0.0), (1.0 if right > 0 else 0.0)
        cubes = 4.0 * (3.0 * (a * b + b * b * b) + one * left) + other * right
        e = 4.0 * (a + b) + 3.0 - a - cubes
        f = e * e
        ebar = 2.0 * e * (0.5 - 10.0 / (f * f))
        return (
            ebar * (3.0 - 12.0 * b - 4.0 * one + other),
            ebar * (4.0 - 12.0 * (a + 3.0 * b * b) - 4.0 * one - other),
        )

    return run


def hinge_network(params: Any, x: Any, y: float) -> Run:
    """Value and gradient of the hinge loss of a network of two hidden layers on one sample."""
    forward, backward, gradient = layers(params, x)
    zbar, hinge = np.empty((1, 1)), np.empty((1, 1))

    def run() -> Any:
        z = forward()
        np.multiply(z, -y, out=hinge)
        np.add(hinge, 1.0, out=hinge)
        value = max(hinge[0, 0], 0.0)
        np.multiply(hinge > 0, -y, out=zbar)
        backward(zbar)
        return value, gradient

    return run


def layers(params: Any, X: Any) -> Any:
    """The forward and the backward pass of three layers with two ReLU between, and the gradient they fill in."""
    (w1, b1, w2, b2, w3, b3), n, dtype = params, len(X), X.dtype
    h1, h2 = np.empty((n, w1.shape[1]), dtype), np.empty((n, w2.shape[1]), dtype)
    z, g1, g2 = np.empty((n, w3.shape[1]), dtype), np.empty_like(h1), np.empty_like(h2)
    positive1, positive2 = np.empty(h1.shape, bool), np.empty(h2.shape, bool)
    gradient = [np.empty_like(p) for p in params]

    def forward() -> Any:
        np.dot(X, w1, out=h1)
        np.add(h1, b1, out=h1)
        np.maximum(h1, 0, out=h1)
        np.dot(h1, w2, out=h2)
        np.add(h2, b2, out=h2)
        np.maximum(h2, 0, out=h2)
        np.dot(h2, w3, out=z)
        return np.add(z, b3, out=z)

    def backward(zbar: Any) -> None:
        np.dot(h2.T, zbar, out=gradient[4])
        np.add.reduce(zbar, axis=0, out=gradient[5])
        np.dot(zbar, w3.T, out=g2)
        np.multiply(g2, np.greater(h2, 0, out=positive2), out=g2)
        np.dot(h1.T, g2, out=gradient[2])
        np.add.reduce(g2, axis=0, out=gradient[3])
        np.dot(g2, w2.T, out=g1)
        np.multiply(g1, np.greater(h1, 0, out=positive1), out=g1)
        np.dot(X.T, g1, out=gradient[0])
        np.add.reduce(g1, axis=0, out=gradient[1])

    return forward, backward, gradient


def classifier_step(params: Any, X: Any, Y: Any, rate: float) -> Run:
    """A step of gradient descent on the cross-entropy of three layers: the loss, and new parameters."""
    forward, backward, gradient = layers(params, X)
    zbar, column = np.empty(Y.shape, X.dtype), np.empty((len(X), 1), X.dtype)
    total = np.empty_like(column)
    share, down = X.dtype.type(1 / len(X)), X.dtype.type(-rate)

    def run() -> Any:
        z = forward()
        np.maximum.reduce(z, axis=1, keepdims=True, out=column)
        np.subtract(z, column, out=z)
        np.exp(z, out=zbar)
        np.add.reduce(zbar, axis=1, keepdims=True, out=total)
        np.divide(zbar, total, out=zbar)
        np.log(total, out=total)
        value = (np.add.reduce(total, axis=None) - np.vdot(z, Y)) * share
        np.subtract(zbar, Y, out=zbar)
        np.multiply(zbar, share, out=zbar)
        backward(zbar)
        for p, g in zip(params, gradient, strict=True):
            np.multiply(g, down, out=g)
            np.add(p, g, out=g)
        return value, gradient

    return run


def sigmoid_step(params: Any, X: Any, y: Any, rate: float) -> Run:
    """A step of gradient descent on the squared error of a network with one sigmoid layer."""
    w1, b1, w2, b2 = params
    n = len(X)
    h, hbar, r = np.empty((n, w1.shape[1])), np.empty((n, w1.shape[1])), np.empty((n, 1))
    gradient = [np.empty_like(p) for p in params]

    def run() -> Any:
        np.dot(X, w1, out=h)
        np.add(h, b1, out=h)
        np.negative(h, out=h)
        np.exp(h, out=h)
        np.add(h, 1.0, out=h)
        np.reciprocal(h, out=h)
        np.dot(h, w2, out=r)
        np.add(r, b2, out=r)
        np.subtract(r, y, out=r)
        value = np.vdot(r, r) / n
        np.multiply(r, 2.0 / n, out=r)
        np.dot(h.T, r, out=gradient[2])
        np.add.reduce(r, axis=0, out=gradient[3])
        np.dot(r, w2.T, out=hbar)
        np.multiply(hbar, h, out=hbar)
        np.subtract(1.0, h, out=h)
        np.multiply(hbar, h, out=hbar)
        np.dot(X.T, hbar, out=gradient[0])
        np.add.reduce(hbar, axis=0, out=gradient[1])
        for p, g in zip(params, gradient, strict=True):
            np.multiply(g, -rate, out=g)
            np.add(p, g, out=g)
        return value, gradient

    return run


def jacobian_of_layers(x: Any, A: Any, B: Any) -> Run:
    """The Jacobian of tanh(B tanh(A x))."""
    J, M = np.empty((len(B), A.shape[1])), np.empty_like(B)

    def run() -> Any:
        h = np.tanh(A @ x)
        z = np.tanh(B @ h)
        np.multiply(B, 1 - h * h, out=M)
        np.dot(M, A, out=J)
        return np.multiply(J, (1 - z * z)[:, None], out=J)

    return run


def logistic(w: Any, X: Any, y: Any) -> Run:
    """The gradient of mean log(1 + exp(-y Xw))."""
    s, gradient, down = np.empty(len(X)), np.empty_like(w), -y

    def run() -> Any:
        np.dot(X, w, out=s)
        np.multiply(s, y, out=s)
        np.exp(s, out=s)
        np.add(s, 1.0, out=s)
        np.divide(down, s, out=s)
        np.dot(s, X, out=gradient)
        return np.divide(gradient, len(X), out=gradient)

    return run


def convolution(params: Any, X: Any, Y: Any) -> Run:
    """Value and gradient of a 3×3 convolution, ReLU, 2×2 maxima and a dense layer, by one product of windows."""
    K, k, W, b = params
    n, m = len(X), X.shape[1] - 2
    dtype, half, channels = X.dtype, m // 2, len(K)
    windows = np.lib.stride_tricks.sliding_window_view(X, (3, 3), axis=(1, 2)).transpose(3, 4, 0, 1, 2)
    columns = np.empty((9, n * m * m), dtype)
    c, cbar = np.empty((channels, n * m * m), dtype), np.empty((channels, n * m * m), dtype)

    def run() -> Any:
        columns.reshape(3, 3, n, m, m)[...] = windows
        np.dot(K.reshape(channels, 9), columns, out=c)
        np.add(c, k[:, None], out=c)
        np.maximum(c, 0, out=c)
        pools = c.reshape(channels, n, half, 2, half, 2)
        corners = [pools[:, :, :, i, :, j] for i in (0, 1) for j in (0, 1)]
        best = np.maximum(np.maximum(corners[0], corners[1]), np.maximum(corners[2], corners[3]))
        flat = best.transpose(1, 0, 2, 3).reshape(n, -1)
        z = flat @ W + b
        z -= np.maximum.reduce(z, 1, keepdims=True)
        e = np.exp(z)
        total = np.add.reduce(e, 1, keepdims=True)
        value = (np.add.reduce(np.log(total), None) - np.vdot(z, Y)) / n
        e /= total
        e -= Y
        e /= n
        Wbar, bbar = flat.T @ e, np.add.reduce(e, 0)
        back = np.ascontiguousarray((e @ W.T).reshape(n, channels, half, half).transpose(1, 0, 2, 3))
        back *= best > 0
        spread, free = cbar.reshape(pools.shape), np.ones(best.shape, bool)
        for corner, (i, j) in zip(corners, [(0, 0), (0, 1), (1, 0), (1, 1)], strict=True):
            mine = (corner == best) & free
            free &= ~mine
            np.multiply(back, mine, out=spread[:, :, :, i, :, j])
        return value, [(cbar @ columns.T).reshape(K.shape), np.add.reduce(cbar, 1), Wbar, bbar]

    return run


def recurrent(params: Any, xs: Any) -> Run:
    """The gradient of a recurrent network's mean of squares."""
    wh, wx, b = params
    steps, batch, inputs = xs.shape
    hidden = len(b)
    h, slope = np.zeros((steps + 1, batch, hidden)), np.empty((steps, batch, hidden))
    bar, one = np.empty_like(slope), np.empty((batch, hidden))

    def run() -> Any:
        np.dot(xs.reshape(-1, inputs), wx, out=slope.reshape(-1, hidden))
        np.add(slope, b, out=slope)
        for t in range(steps):
            np.dot(h[t], wh, out=one)
            np.add(one, slope[t], out=one)
            np.tanh(one, out=h[t + 1])
        np.multiply(h[1:], h[1:], out=slope)
        np.subtract(1.0, slope, out=slope)
        np.multiply(h[1:], 2.0 / steps, out=bar)
        turned = np.ascontiguousarray(wh.T)
        for t in range(steps - 1, 0, -1):
            np.multiply(bar[t], slope[t], out=bar[t])
            np.dot(bar[t], turned, out=one)
            np.add(bar[t - 1], one, out=bar[t - 1])
        np.multiply(bar[0], slope[0], out=bar[0])
        flat = bar.reshape(-1, hidden)
        return [h[:-1].reshape(-1, hidden).T @ flat, xs.reshape(-1, inputs).T @ flat, np.add.reduce(flat, 0)]

    return run


def gaussian_process(theta: Any, distances: Any, y: Any) -> Run:
    """The gradient of ½ yᵀK⁻¹y + Σ log Lᵢᵢ in three logarithms, K = L Lᵀ."""
    n = len(y)
    K, B = np.empty((n, n)), np.empty((n, n))

    def run() -> Any:
        length, scale, noise = np.exp(theta)
        np.multiply(distances, -0.5 / length**2, out=B)
        np.exp(B, out=B)
        np.multiply(B, scale, out=B)
        np.copyto(K, B)
        K.flat[:: n + 1] += noise
        lower, _ = lapack.dpotrf(K.T, lower=1, overwrite_a=0)
        inverse, _ = lapack.dpotri(lower, lower=1)
        below = np.tril(inverse, -1)
        alpha = cho_solve((lower, True), y, check_finite=False)
        trace = inverse.diagonal().sum()
        BD = B * distances
        return np.array(
            [
                0.5 * (2 * np.vdot(below, BD) - alpha @ (BD @ alpha)) / length**2,
                0.5 * (2 * np.vdot(below, B) + scale * trace - alpha @ (B @ alpha)),
                0.5 * noise * (trace - alpha @ alpha),
            ]
        )

    return run


def each_example(params: Any, X: Any, Y: Any) -> Run:
    """The gradient of the cross-entropy at each example by itself."""
    w1, b1, w2, b2, w3, b3 = params
    gradient = [np.empty((len(X), *p.shape)) for p in params]

    def run() -> Any:
        h1 = np.maximum(X @ w1 + b1, 0)
        h2 = np.maximum(h1 @ w2 + b2, 0)
        z = h2 @ w3 + b3
        z -= np.maximum.reduce(z, 1, keepdims=True)
        e = np.exp(z)
        e /= np.add.reduce(e, 1, keepdims=True)
        e -= Y
        np.multiply(h2[:, :, None], e[:, None], out=gradient[4])
        gradient[5][...] = e
        g2 = (e @ w3.T) * (h2 > 0)
        np.multiply(h1[:, :, None], g2[:, None], out=gradient[2])
        gradient[3][...] = g2
        g1 = (g2 @ w2.T) * (h1 > 0)
        np.multiply(X[:, :, None], g1[:, None], out=gradient[0])
        gradient[1][...] = g1
        return gradient

    return run


def rosenbrock_hessian(x: Any) -> Run:
    """The Hessian of Rosenbrock's function: three diagonals."""
    n = len(x)
    H = np.zeros((n, n))
    flat = H.ravel()

    def run() -> Any:
        flat[:: n + 1] = 0
        flat[:: n + 1][:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
        flat[:: n + 1][1:] += 200
        flat[1 :: n + 1] = flat[n :: n + 1] = -400 * x[:-1]
        return H

    return run


def elementwise_chain(x: Any) -> Run:
    """The gradient of Σ tanh x · exp(-x²) + log(1 + x²) / (1 + cos² x) in five buffers."""
    t, e, c, q, w = (np.empty_like(x) for _ in range(5))

    def run() -> Any:
        np.tanh(x, out=t)
        np.multiply(x, x, out=q)
        np.negative(q, out=e)
        np.exp(e, out=e)
        np.multiply(t, t, out=w)
        np.subtract(1.0, w, out=w)
        np.multiply(t, x, out=t)
        np.multiply(t, 2.0, out=t)
        np.subtract(w, t, out=t)
        np.multiply(t, e, out=t)
        np.log1p(q, out=w)
        np.add(q, 1.0, out=q)
        np.cos(x, out=c)
        np.sin(x, out=e)
        np.multiply(e, c, out=e)
        np.multiply(c, c, out=c)
        np.add(c, 1.0, out=c)
        np.multiply(w, e, out=w)
        np.divide(w, c, out=w)
        np.divide(x, q, out=q)
        np.add(q, w, out=w)
        np.add(w, w, out=w)
        np.divide(w, c, out=w)
        return np.add(t, w, out=t)

    return run


def elementwise_value(x: Any) -> Run:
    """The same function's value, in three buffers."""
    t, e, q = (np.empty_like(x) for _ in range(3))

    def run() -> Any:
        np.tanh(x, out=t)
        np.multiply(x, x, out=q)
        np.negative(q, out=e)
        np.exp(e, out=e)
        np.multiply(t, e, out=t)
        np.log1p(q, out=q)
        np.cos(x, out=e)
        np.multiply(e, e, out=e)
        np.add(e, 1.0, out=e)
        np.divide(q, e, out=q)
        np.add(t, q, out=t)
        return np.add.reduce(t)

    return run
