"""Rules beside gradients written by hand in NumPy, at 10⁵ numbers: python tests/speed/rules.py [seconds a row] [name …]

Both compute Σ w·f(x) and its gradient by x: `value_and_grad`, eagerly; and f itself, then the line in the table.
They run in turn in one process, by its own time: medians, the median of ratios, and the ratio of the least times, which
other work on the machine disturbs less; the worst of those first. One thread, and memory that is not given back between
calls, as its return to the system and the zeroed pages cost more than many a rule.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import statistics
import sys
import time
import warnings

if "MALLOC_MMAP_THRESHOLD_" not in os.environ:  # glibc reads it when a process starts
    kept = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **kept})

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from funcgrad import value_and_grad
from funcgrad.scipy import special as ours

N, R = 100_000, 316
rng = np.random.default_rng(0)
LN2, LN10 = np.log(2), np.log(10)

#: A vector of 10⁵ numbers in (0.1, 0.9), a matrix of as many, a square one, and others beside them.
V, U = rng.uniform(0.1, 0.9, N), rng.uniform(0.1, 0.9, N)
A, B = rng.uniform(0.1, 0.9, (R, R)), rng.uniform(0.1, 0.9, (R, R))
S = A @ A.T / R + np.eye(R)
L, T = rng.uniform(0.1, 0.9, (1000, 100)), rng.uniform(0.1, 0.9, (1000, 10, 10)) + 3 * np.eye(10)
K, MASK = rng.integers(0, N, N), V > 0.5
ORDER = rng.permutation(N)
KERNEL, BINS = rng.uniform(0.1, 0.9, 32), np.linspace(0, 1, 50)
GRID = np.linspace(0, 1, 1000)


def scattered(shape: Any, index: Any, w: Any) -> Any:
    """An array of zeros with w added at an index."""
    z = np.zeros(shape)
    np.add.at(z, index, w)
    return z


def put(shape: Any, index: Any, w: Any) -> Any:
    """An array of zeros with w set at an index."""
    z = np.zeros(shape)
    z[index] = w
    return z


def of_mask(mask: Any, w: Any) -> Any:
    """w where a mask holds, else 0."""
    return np.where(mask, w, 0.0)


def back(w: Any) -> Any:
    """The reverse of the cumulative sum of the reverse."""
    return np.cumsum(w[::-1])[::-1]


def of_interp(w: Any, x: Any) -> Any:
    """The slope of np.interp(x, GRID, sin GRID)."""
    y = np.sin(GRID)
    i = np.clip(np.searchsorted(GRID, x, side="right") - 1, 0, len(GRID) - 2)
    return w * ((y[i + 1] - y[i]) / (GRID[i + 1] - GRID[i]))


def of_cholesky(w: Any, z: Any) -> Any:
    """Murray (2016), equation 10."""
    phi = np.tril(z.T @ w)
    phi[np.diag_indices(len(z))] /= 2
    inverse = np.linalg.inv(z)
    bar = inverse.T @ phi @ inverse
    return (bar + bar.T) / 2


def of_svd(w: Any, x: Any) -> Any:
    """The gradient of weighted singular values."""
    u, _, vt = np.linalg.svd(x, full_matrices=False)
    return (u * w) @ vt


def of_eigh(w: Any, x: Any) -> Any:
    """The gradient of weighted eigenvalues."""
    _, q = np.linalg.eigh(x)
    return (q * w) @ q.T


def of_qr(w: Any, x: Any) -> Any:
    """The gradient of Σ w·R: Walter and Lehmann (2018)."""
    q, r = np.linalg.qr(x)
    m = r @ w.T
    m = np.tril(m) + np.tril(m, -1).T
    return np.linalg.solve(r, (q @ m).T).T


def of_median(w: Any, x: Any) -> Any:
    """Half of the weight to each of the two in the middle."""
    middle = np.partition(x, [N // 2 - 1, N // 2])[[N // 2 - 1, N // 2]]
    return w / 2 * ((x == middle[0]) | (x == middle[1]))


#: A function of x, an x, and the gradient by x of Σ w·z, in w, x and z = f(x).
ROWS: dict[str, tuple[Callable[..., Any], Any, Callable[..., Any]]] = {
    # one argument, element by element
    "negative": (np.negative, V, lambda w, x, z: -w),
    "absolute": (np.absolute, V, lambda w, x, z: w * np.sign(x)),
    "sqrt": (np.sqrt, V, lambda w, x, z: w * 0.5 / z),
    "cbrt": (np.cbrt, V, lambda w, x, z: w / (3 * z * z)),
    "square": (np.square, V, lambda w, x, z: w * 2 * x),
    "reciprocal": (np.reciprocal, V, lambda w, x, z: -w * z * z),
    "exp": (np.exp, V, lambda w, x, z: w * z),
    "exp2": (np.exp2, V, lambda w, x, z: w * z * LN2),
    "expm1": (np.expm1, V, lambda w, x, z: w * (z + 1)),
    "log": (np.log, V, lambda w, x, z: w / x),
    "log2": (np.log2, V, lambda w, x, z: w / (x * LN2)),
    "log10": (np.log10, V, lambda w, x, z: w / (x * LN10)),
    "log1p": (np.log1p, V, lambda w, x, z: w / (1 + x)),
    "sin": (np.sin, V, lambda w, x, z: w * np.cos(x)),
    "cos": (np.cos, V, lambda w, x, z: -w * np.sin(x)),
    "tan": (np.tan, V, lambda w, x, z: w * (1 + z * z)),
    "arcsin": (np.arcsin, V, lambda w, x, z: w / np.sqrt(1 - x * x)),
    "arccos": (np.arccos, V, lambda w, x, z: -w / np.sqrt(1 - x * x)),
    "arctan": (np.arctan, V, lambda w, x, z: w / (1 + x * x)),
    "sinh": (np.sinh, V, lambda w, x, z: w * np.cosh(x)),
    "cosh": (np.cosh, V, lambda w, x, z: w * np.sinh(x)),
    "tanh": (np.tanh, V, lambda w, x, z: w * (1 - z * z)),
    "arcsinh": (np.arcsinh, V, lambda w, x, z: w / np.sqrt(1 + x * x)),
    "arctanh": (np.arctanh, V, lambda w, x, z: w / (1 - x * x)),
    "sinc": (np.sinc, V, lambda w, x, z: w * (np.cos(np.pi * x) - z) / x),
    "deg2rad": (np.deg2rad, V, lambda w, x, z: w * (np.pi / 180)),
    "nan_to_num": (np.nan_to_num, V, lambda w, x, z: of_mask(np.isfinite(x), w)),
    "clip": (lambda x: np.clip(x, 0.3, 0.7), V, lambda w, x, z: w * ((x > 0.3) & (x < 0.7))),
    "x**3": (lambda x: x**3, V, lambda w, x, z: w * 3 * x**2),
    "x**2.5": (lambda x: x**2.5, V, lambda w, x, z: w * 2.5 * x**1.5),
    # two arguments
    "add": (lambda x: x + U, V, lambda w, x, z: w.copy()),
    "subtract": (lambda x: U - x, V, lambda w, x, z: -w),
    "multiply": (lambda x: x * U, V, lambda w, x, z: w * U),
    "x·x": (lambda x: x * x, V, lambda w, x, z: 2 * w * x),
    "divide by x": (lambda x: U / x, V, lambda w, x, z: -w * z / x),
    "power by x": (lambda x: U**x, V, lambda w, x, z: w * z * np.log(U)),
    "power of x": (lambda x: np.power(x, U), V, lambda w, x, z: w * U * np.power(x, U - 1)),
    "float_power": (lambda x: np.float_power(x, U), V, lambda w, x, z: w * U * np.float_power(x, U - 1)),
    "remainder": (lambda x: np.remainder(x, 0.3), V, lambda w, x, z: w.copy()),
    "fmod": (lambda x: np.fmod(x, 0.3), V, lambda w, x, z: w.copy()),
    "arctan2": (lambda x: np.arctan2(x, U), V, lambda w, x, z: w * U / (x * x + U * U)),
    "hypot": (lambda x: np.hypot(x, U), V, lambda w, x, z: w * x / z),
    "logaddexp": (lambda x: np.logaddexp(x, U), V, lambda w, x, z: w * np.exp(x - z)),
    "maximum": (lambda x: np.maximum(x, U), V, lambda w, x, z: w * (x > U)),
    "fmin": (lambda x: np.fmin(x, U), V, lambda w, x, z: w * (x < U)),
    "copysign": (lambda x: np.copysign(x, U - 0.5), V, lambda w, x, z: w * np.copysign(1.0, U - 0.5)),
    "where": (lambda x: np.where(MASK, x, U), V, lambda w, x, z: of_mask(MASK, w)),
    "select": (lambda x: np.select([MASK], [x], 0.0), V, lambda w, x, z: of_mask(MASK, w)),
    "heaviside": (lambda x: x * np.heaviside(x - 0.5, 1.0), V, lambda w, x, z: w * np.heaviside(x - 0.5, 1.0)),
    # SciPy's
    "erf": (special.erf, V, lambda w, x, z: w * (2 / np.sqrt(np.pi)) * np.exp(-x * x)),
    "gammaln": (special.gammaln, V, lambda w, x, z: w * special.psi(x)),
    "expit": (special.expit, V, lambda w, x, z: w * z * (1 - z)),
    "logit": (special.logit, V, lambda w, x, z: w / (x * (1 - x))),
    "ndtr": (special.ndtr, V, lambda w, x, z: w * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)),
    "log_ndtr": (special.log_ndtr, V, lambda w, x, z: w * np.exp(-x * x / 2 - z) / np.sqrt(2 * np.pi)),
    "ndtri": (special.ndtri, V, lambda w, x, z: w * np.sqrt(2 * np.pi) * np.exp(z * z / 2)),
    "xlogy": (lambda x: special.xlogy(x, U), V, lambda w, x, z: w * np.log(U)),
    "entr": (special.entr, V, lambda w, x, z: -w * (np.log(x) + 1)),
    "jv": (lambda x: special.jv(1.5, x), V, lambda w, x, z: w * special.jvp(1.5, x)),
    "gammainc": (lambda x: special.gammainc(2.5, x), V, lambda w, x, z: w * x**1.5 * np.exp(-x) / special.gamma(2.5)),
    "betainc": (
        lambda x: special.betainc(2.5, 1.5, x),
        V,
        lambda w, x, z: w * x**1.5 * (1 - x) ** 0.5 / special.beta(2.5, 1.5),
    ),
    "logsumexp": (lambda x: ours.logsumexp(x, axis=1), A, lambda w, x, z: w[:, None] * np.exp(x - z[:, None])),
    "softmax": (
        lambda x: ours.softmax(x, axis=1),
        A,
        lambda w, x, z: z * (w - (w * z).sum(1, keepdims=True)),
    ),
    # broadcasting
    "add a row": (lambda x: A + x, A[0], lambda w, x, z: w.sum(0)),
    "multiply by a column": (lambda x: A * x, A[:, :1].copy(), lambda w, x, z: (w * A).sum(1, keepdims=True)),
    "broadcast_to": (lambda x: np.broadcast_to(x, (R, R)), A[0], lambda w, x, z: w.sum(0)),
    # reductions and scans
    "sum": (np.sum, V, lambda w, x, z: np.full(N, w)),
    "sum of rows": (lambda x: np.sum(x, axis=1), A, lambda w, x, z: np.repeat(w[:, None], R, 1)),
    "mean of columns": (lambda x: np.mean(x, axis=0), A, lambda w, x, z: np.tile(w / R, (R, 1))),
    "prod": (lambda x: np.prod(1 + x / N), V, lambda w, x, z: w * z / (1 + x / N) / N),
    "max": (np.max, V, lambda w, x, z: w * (x == z)),
    "max of rows": (lambda x: np.max(x, axis=1), A, lambda w, x, z: w[:, None] * (x == z[:, None])),
    "var": (np.var, V, lambda w, x, z: w * 2 * (x - x.mean()) / N),
    "std of rows": (lambda x: np.std(x, axis=1), A, lambda w, x, z: (w / z)[:, None] * (x - x.mean(1)[:, None]) / R),
    "ptp": (np.ptp, V, lambda w, x, z: w * (x == x.max()) - w * (x == x.min())),
    "median": (np.median, V, lambda w, x, z: of_median(w, x)),
    "quantile of rows": (lambda x: np.quantile(x, 0.3, axis=1), A, lambda w, x, z: of_quantile(w, x, 0.3)),
    "cumsum": (np.cumsum, V, lambda w, x, z: back(w)),
    "cumprod": (lambda x: np.cumprod(1 + x / N), V, lambda w, x, z: back(w * z) / (1 + x / N) / N),
    "nansum": (np.nansum, V, lambda w, x, z: of_mask(~np.isnan(x), w)),
    "average": (lambda x: np.average(x, weights=U), V, lambda w, x, z: w * U / U.sum()),
    "trapezoid": (np.trapezoid, V, lambda w, x, z: put(N, [0, -1], -w / 2) + w),
    "diff": (np.diff, V, lambda w, x, z: np.concatenate([[0.0], w]) - np.concatenate([w, [0.0]])),
    "gradient": (np.gradient, V, lambda w, x, z: of_gradient(w)),
    "cov": (np.cov, L.T.copy(), lambda w, x, z: (w + w.T) @ (x - x.mean(1)[:, None]) / (x.shape[1] - 1)),
    "norm": (np.linalg.norm, V, lambda w, x, z: w * x / z),
    "norm of rows": (lambda x: np.linalg.norm(x, axis=1), A, lambda w, x, z: (w / z)[:, None] * x),
    "norm of order 3": (lambda x: np.linalg.norm(x, 3), V, lambda w, x, z: w * (x / z) ** 2),
    # shapes and places
    "reshape": (lambda x: x.reshape(1000, 100), V, lambda w, x, z: w.reshape(-1).copy()),
    "transpose": (lambda x: x.T, A, lambda w, x, z: w.T.copy()),
    "concatenate": (lambda x: np.concatenate([x, U]), V, lambda w, x, z: w[:N].copy()),
    "stack": (lambda x: np.stack([x, U]), V, lambda w, x, z: w[0].copy()),
    "split": (lambda x: np.split(x, 4)[1], V, lambda w, x, z: put(N, slice(N // 4, N // 2), w)),
    "flip": (np.flip, V, lambda w, x, z: w[::-1].copy()),
    "roll": (lambda x: np.roll(x, 7), V, lambda w, x, z: np.roll(w, -7)),
    "tile": (lambda x: np.tile(x, 4), V, lambda w, x, z: w.reshape(4, N).sum(0)),
    "repeat": (lambda x: np.repeat(x, 4), V, lambda w, x, z: w.reshape(N, 4).sum(1)),
    "pad": (lambda x: np.pad(x, 5), A, lambda w, x, z: w[5:-5, 5:-5].copy()),
    "pad, reflect": (lambda x: np.pad(x, 5, mode="reflect"), V, lambda w, x, z: of_reflection(w)),
    "tril": (np.tril, A, lambda w, x, z: np.tril(w)),
    "diag": (np.diag, A, lambda w, x, z: np.diag(w)),
    "trace": (np.trace, A, lambda w, x, z: w * np.eye(R)),
    "x[a:b]": (lambda x: x[10:-10], V, lambda w, x, z: put(N, slice(10, -10), w)),
    "x[integers]": (lambda x: x[K], V, lambda w, x, z: scattered(N, K, w)),
    "x[permutation]": (lambda x: x[ORDER], V, lambda w, x, z: put(N, ORDER, w)),
    "x[mask]": (lambda x: x[MASK], V, lambda w, x, z: put(N, MASK, w)),
    "take_along_axis": (
        lambda x: np.take_along_axis(x, K[: R * R].reshape(R, R) % R, 1),
        A,
        lambda w, x, z: scattered((R, R), (np.arange(R)[:, None], K[: R * R].reshape(R, R) % R), w),
    ),
    "x.at[i].set": (lambda x: x.at[10:20].set(0.0) if hasattr(x, "at") else cleared(x), V, lambda w, x, z: cleared(w)),
    "sort": (np.sort, V, lambda w, x, z: put(N, np.argsort(x), w)),
    "sort of rows": (lambda x: np.sort(x, 1), A, lambda w, x, z: sorted_back(w, x)),
    "partition": (
        lambda x: np.partition(x, N // 2)[N // 2],
        V,
        lambda w, x, z: put(N, np.argpartition(x, N // 2)[N // 2], w),
    ),
    "bincount": (lambda x: np.bincount(K % 100, x), V, lambda w, x, z: w[K % 100]),
    "histogram": (
        lambda x: np.histogram(U, BINS, weights=x)[0],
        V,
        lambda w, x, z: w[np.searchsorted(BINS, U, "right") - 1],
    ),
    "searched and gathered": (
        lambda x: x[np.searchsorted(BINS, U)],
        V[:51],
        lambda w, x, z: np.bincount(np.searchsorted(BINS, U), w, 51),
    ),
    # products
    "dot of vectors": (lambda x: np.dot(x, U), V, lambda w, x, z: w * U),
    "dot of x with itself": (lambda x: np.dot(x, x), V, lambda w, x, z: 2 * w * x),
    "matmul": (lambda x: x @ B, A, lambda w, x, z: w @ B.T),
    "matmul of stacks": (lambda x: x @ T, T, lambda w, x, z: w @ T.mT),
    "outer": (lambda x: np.outer(x, A[0]), A[1], lambda w, x, z: w @ A[0]),
    "inner": (lambda x: np.inner(x, B), A, lambda w, x, z: w @ B),
    "tensordot": (lambda x: np.tensordot(x, B, 1), A, lambda w, x, z: w @ B.T),
    "einsum ij,jk": (lambda x: np.einsum("ij,jk->ik", x, B), A, lambda w, x, z: np.einsum("ik,jk->ij", w, B)),
    "einsum ij,ij->i": (lambda x: np.einsum("ij,ij->i", x, B), A, lambda w, x, z: w[:, None] * B),
    "vecdot": (lambda x: np.vecdot(x, B), A, lambda w, x, z: w[:, None] * B),
    "kron": (lambda x: np.kron(x, A[:10, :10]), A[:31, :31], lambda w, x, z: of_kron(w)),
    "cross": (
        lambda x: np.cross(x, V[: 3 * 33333].reshape(-1, 3)),
        U[: 3 * 33333].reshape(-1, 3),
        lambda w, x, z: np.cross(V[: 3 * 33333].reshape(-1, 3), w),
    ),
    "convolve": (
        lambda x: np.convolve(x, KERNEL, "same"),
        V,
        lambda w, x, z: np.convolve(w, KERNEL[::-1], "full")[16:-15],
    ),
    "convolve, by the kernel": (
        lambda x: np.convolve(V, x, "valid"),
        KERNEL,
        lambda w, x, z: np.correlate(V, w, "valid")[::-1],
    ),
    "correlate": (lambda x: np.correlate(x, KERNEL, "valid"), V, lambda w, x, z: np.convolve(w, KERNEL, "full")),
    "interp, by x": (lambda x: np.interp(x, GRID, np.sin(GRID)), V, lambda w, x, z: of_interp(w, x)),
    "interp, by fp": (lambda x: np.interp(V, GRID, x), np.sin(GRID), lambda w, x, z: of_interp_values(w)),
    "polyval": (lambda x: np.polyval([1.0, -2.0, 0.5, 3.0], x), V, lambda w, x, z: w * ((3 * x - 4) * x + 0.5)),
    "vander": (lambda x: np.vander(x, 4), V[:25000], lambda w, x, z: 3 * w[:, 0] * x * x + 2 * w[:, 1] * x + w[:, 2]),
    "unwrap": (lambda x: np.unwrap(10 * x), V, lambda w, x, z: 10 * w),
    # linear algebra
    "inv": (np.linalg.inv, S, lambda w, x, z: -z.T @ w @ z.T),
    "solve": (lambda x: np.linalg.solve(x, B[0]), S, lambda w, x, z: -np.outer(np.linalg.solve(x.T, w), z)),
    "solve, by b": (lambda x: np.linalg.solve(S, x), B, lambda w, x, z: np.linalg.solve(S.T, w)),
    "det of stacks": (np.linalg.det, T, lambda w, x, z: (w * z)[:, None, None] * np.linalg.inv(x).mT),
    "slogdet": (lambda x: np.linalg.slogdet(x)[1], S, lambda w, x, z: w * np.linalg.inv(x).T),
    "cholesky": (np.linalg.cholesky, S, lambda w, x, z: of_cholesky(w, z)),
    "eigvalsh": (np.linalg.eigvalsh, S, lambda w, x, z: of_eigh(w, x)),
    "svdvals": (np.linalg.svdvals, A, lambda w, x, z: of_svd(w, x)),
    "qr": (lambda x: np.linalg.qr(x)[1], L, lambda w, x, z: of_qr(w, x)),
    "pinv": (np.linalg.pinv, L, lambda w, x, z: of_pinv(w, x, z)),
    "lstsq": (lambda x: np.linalg.lstsq(L, x)[0], L[:, 0].copy(), lambda w, x, z: np.linalg.pinv(L).T @ w),
    "matrix_power": (lambda x: np.linalg.matrix_power(x, 3), A / R, lambda w, x, z: powered(w, x)),
    # transforms of Fourier
    "fft": (lambda x: np.abs(np.fft.fft(x)), V, lambda w, x, z: of_spectrum(w, x)),
    "rfft": (lambda x: np.fft.rfft(x).real, V, lambda w, x, z: of_rfft(w)),
    "irfft": (np.fft.irfft, V[: N // 2 + 1], lambda w, x, z: of_irfft(w)),
    "fftshift": (np.fft.fftshift, V, lambda w, x, z: np.fft.ifftshift(w)),
}


def cleared(x: Any) -> Any:
    """x with zeros at 10 to 20."""
    z = x.copy()
    z[10:20] = 0.0
    return z


def sorted_back(w: Any, x: Any) -> Any:
    """The weights of sorted rows, at the places of their elements."""
    z = np.empty_like(x)
    np.put_along_axis(z, np.argsort(x, 1), w, 1)
    return z


def of_quantile(w: Any, x: Any, q: float) -> Any:
    """Weights of the two neighbours of a quantile of each row."""
    place = q * (x.shape[1] - 1)
    low = int(place)
    order, z = np.argsort(x, 1), np.zeros_like(x)
    np.put_along_axis(z, order[:, [low, low + 1]], w[:, None] * [low + 1 - place, place - low], 1)
    return z


def of_gradient(w: Any) -> Any:
    """The transpose of central differences, one-sided at the ends."""
    z = np.zeros(N)
    z[2:] += w[1:-1] / 2
    z[:-2] -= w[1:-1] / 2
    z[1] += w[0]
    z[0] -= w[0]
    z[-1] += w[-1]
    z[-2] -= w[-1]
    return z


def of_reflection(w: Any) -> Any:
    """The transpose of padding by reflection, five at each end."""
    z = w[5:-5].copy()
    z[1:6] += w[4::-1]
    z[-6:-1] += w[:-6:-1]
    return z


def of_kron(w: Any) -> Any:
    """The gradient of weighted products of blocks."""
    return np.einsum("iajb,ab->ij", w.reshape(31, 10, 31, 10), A[:10, :10])


def of_interp_values(w: Any) -> Any:
    """The weights of each V, on the two of GRID beside it."""
    i = np.clip(np.searchsorted(GRID, V, side="right") - 1, 0, len(GRID) - 2)
    t = (V - GRID[i]) / (GRID[i + 1] - GRID[i])
    return np.bincount(i, w * (1 - t), len(GRID)) + np.bincount(i + 1, w * t, len(GRID))


def of_pinv(w: Any, x: Any, z: Any) -> Any:
    """Golub and Pereyra (1973), for full column rank."""
    beside = w.T - x @ (z @ w.T)
    return beside @ (z @ z.T) - z.T @ w @ z.T


def of_irfft(w: Any) -> Any:
    """The gradient by real coefficients: each but the ends stands for two."""
    z = np.fft.rfft(w).real * (2 / N)
    z[[0, -1]] /= 2
    return z


def powered(w: Any, x: Any) -> Any:
    """The gradient of x³."""
    t = x.T
    return w @ t @ t + t @ w @ t + t @ t @ w


def of_spectrum(w: Any, x: Any) -> Any:
    """The gradient of weighted moduli of the transform."""
    z = np.fft.fft(x)
    return np.fft.fft(w * np.conj(z) / np.abs(z)).real


def of_rfft(w: Any) -> Any:
    """The gradient of weighted real parts of the half transform."""
    whole = np.zeros(N)
    whole[: N // 2 + 1] = w
    return np.fft.fft(whole).real


def measured(name: str, seconds: float) -> tuple[float, float, float, float]:
    """Median times of ours and of the one by hand, the median of their ratios, and the ratio of the least times."""
    f, x, slope = ROWS[name]
    w = np.random.default_rng(1).uniform(0.5, 1.5, np.shape(f(x)))[()]
    ours = value_and_grad(lambda x: np.sum(w * f(x)))

    def by_hand(x: Any) -> Any:
        z = f(x)
        return np.sum(w * z), slope(w, x, z)

    got, wanted = ours(x), by_hand(x)
    assert np.allclose(got[0], wanted[0]), name
    assert np.allclose(got[1], wanted[1], rtol=1e-6, atol=1e-8), name
    pairs, start = [], time.process_time()
    while time.process_time() - start < seconds or len(pairs) < 7:
        times = []
        for run in (ours, by_hand):
            begin = time.process_time()
            run(x)
            times.append(time.process_time() - begin)
        pairs.append(times)
    a, b = zip(*pairs, strict=True)
    return statistics.median(a), statistics.median(b), statistics.median([p / q for p, q in pairs]), min(a) / min(b)


def main(seconds: float, names: list[str]) -> None:
    """Print a row a rule, the worst first."""
    warnings.simplefilter("ignore")
    found = {name: measured(name, seconds) for name in names or ROWS if ROWS[name][2] is not None}
    print(f"{'':28}{'funcgrad':>12}{'by hand':>12}{'ratio':>8}{'of least':>10}")
    for name, (a, b, ratio, least) in sorted(found.items(), key=lambda item: -item[1][3]):
        print(f"{name:28}{a * 1e6:10.0f}µs{b * 1e6:10.0f}µs{ratio:8.2f}{least:10.2f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 0.5, sys.argv[2:])
