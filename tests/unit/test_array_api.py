"""Functions written against the array API standard alone: traced, beside array-api-strict as the second namespace."""

import json
import subprocess
import sys

import array_api_extra as xpx
import array_api_strict as strict
import numpy as np
import pytest

import funcgrad.numpy as fnp
from funcgrad import grad, jacobian, jit, vjp, vmap
from tests.answers import same

X, Y = np.array([0.3, 0.7, 0.45, 0.9]), np.array([0.8, 0.25, 0.6, 0.35])
A = np.array([[2.0, 0.3, 0.1], [0.2, 1.5, 0.4], [0.5, 0.1, 1.8]])
ARGUMENTS = {"x": X, "y": Y, "A": A, "S": A @ A.T + np.eye(3)}

#: Expressions in xp and in those of x, y, A, S that they name.
UNARY = (
    "abs acos asin asinh atan atanh conj cos cosh exp expm1 log log10 log1p log2 negative positive real reciprocal "
    "sin sinh sqrt square tan tanh"
)
BINARY = "add atan2 copysign divide hypot logaddexp maximum minimum multiply nextafter pow remainder subtract"
REDUCTIONS = "cumulative_prod cumulative_sum diff flip max mean min prod sort std sum unique_values var"
FLAT = "argmax argmin argsort ceil floor isfinite isnan nonzero round sign signbit trunc unique_counts zeros_like"
EXPRESSIONS = [
    *[f"xp.{name}(x)" for name in f"{UNARY} {REDUCTIONS} {FLAT}".split()],
    *[f"xp.{name}(x, y)" for name in BINARY.split()],
    *["xp.acosh(x + 1)", "xp.sum(x, axis=0, keepdims=True)", "xp.sum(x, dtype=xp.float32)"],
    *["xp.prod(x, dtype=xp.float64)", "xp.cumulative_sum(x, include_initial=True)"],
    *["xp.cumulative_sum(x, dtype=xp.float64)", "xp.cumulative_prod(x, include_initial=True)"],
    *["xp.std(x, correction=1)", "xp.var(x, correction=1.0)", "xp.clip(x, 0.4, 0.8)", "xp.clip(x, min=y)"],
    *["xp.sort(x, descending=True)", "xp.argsort(x, descending=True)", "xp.astype(x, xp.float32)"],
    *["xp.asarray(x)", "xp.asarray(x, copy=True)", "xp.asarray(x, dtype=xp.float32, device=x.device)"],
    *["xp.ones_like(x)"],
    *["xp.full_like(x, 3.0)", "xp.linspace(0.0, 1.0, 4) * x", "xp.eye(4) @ x", "xp.broadcast_to(x, (3, 4))"],
    *["xp.concat([x, y])", "xp.concat([x, y], axis=None)", "xp.stack([x, y], axis=1)", "xp.unstack(A)"],
    *["xp.expand_dims(x, axis=0)", "xp.moveaxis(A, 0, 1)", "xp.permute_dims(A, (1, 0))", "xp.repeat(x, 2)"],
    *["xp.repeat(x, xp.asarray([1, 2, 0, 1]))", "xp.reshape(x, (2, 2), copy=True)", "xp.roll(x, 1)"],
    *["xp.squeeze(x[None, :], axis=0)", "xp.tile(x, (2,))", "xp.take(x, xp.asarray([0, 2]))"],
    *["xp.take_along_axis(x, xp.argsort(x))", "xp.where(x > 0.5, x, y)", "xp.where(x > 0.5, x, 0.0)", "xp.tril(A)"],
    *["xp.triu(A, k=1)", "xp.meshgrid(x, y)", "xp.broadcast_arrays(x, y)", "xp.matmul(A, A)"],
    *["xp.matrix_transpose(A)", "xp.tensordot(A, A, axes=1)", "xp.vecdot(x, y)", "xp.vecdot(A, S, axis=-2)"],
    *["A.mT", "A.T", "x.size * x", "x.ndim * x", "x.shape[0] * x", "x.to_device(x.device)"],
    *["xp.searchsorted(xp.sort(x), y)", "xp.finfo(x.dtype).eps * x", "xp.logical_and(x > 0.5, y > 0.5)"],
    *["x + 1", "1 - x", "2 * x", "x**2", "2.0**x", "x @ y", "x // y", "x % y", "-x", "+x", "abs(x)", "x[1:]"],
    *["x[..., None]", "x[xp.asarray([0, 1])]", "A[0, :]", "A[:, 1]", "x[x > 0.5]"],
    *["xp.linalg.cholesky(S)", "xp.linalg.det(A)", "xp.linalg.diagonal(A)", "xp.linalg.eigh(A @ A.mT).eigenvalues"],
    *["xp.linalg.eigvalsh(A + A.mT)", "xp.linalg.inv(A)", "xp.linalg.matrix_norm(A)"],
    *["xp.linalg.matrix_norm(A, ord='nuc')"],
    *["xp.linalg.matrix_power(A, 3)", "xp.linalg.matrix_rank(A)", "xp.linalg.outer(x, y)", "xp.linalg.pinv(A)"],
    *["xp.linalg.qr(A).R", "xp.linalg.slogdet(A).logabsdet", "xp.linalg.solve(A, A[:, 0])", "xp.linalg.svd(A).S"],
    *["xp.linalg.svdvals(A)", "xp.linalg.trace(A)", "xp.linalg.vecdot(x, y)", "xp.linalg.vector_norm(x)"],
    *["xp.linalg.vector_norm(x, ord=3)", "xp.linalg.cross(x[:3], y[:3])", "xp.fft.irfft(xp.fft.rfft(x))"],
    *["xp.abs(xp.fft.fft(xp.astype(x, xp.complex128)))", "xp.fft.fftshift(x)", "xp.fft.fftfreq(4) * x"],
    *["xp.abs(xp.linalg.eigvals(A))", "xp.count_nonzero(x)", "xp.any(x > 0.5)", "xp.all(x > 0.5)", "xp.isin(n, n)"],
]  # fmt: skip


def function_of(expression):
    """What an expression says as a function of a namespace and arrays, and the names of those."""
    code = compile(expression, expression, "eval")
    names = [name for name in ARGUMENTS if name in code.co_names]
    return lambda xp, *args: eval(code, {"xp": xp, "n": xp.asarray([1, 2])}, dict(zip(names, args, strict=True))), names


def parts(z):
    """The arrays of an answer."""
    return [part for part in (z if isinstance(z, tuple | list) else [z]) if hasattr(part, "shape")]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_function_of_the_standard_differentiates(expression):
    f, names = function_of(expression)
    args = [ARGUMENTS[name] for name in names]

    def by_strict(*args):
        return [np.asarray(part) for part in parts(f(strict, *map(strict.asarray, args)))]

    def traced(*args):
        xp = args[0].__array_namespace__() if args else fnp
        assert xp is fnp
        return tuple(parts(f(xp, *args)))

    wanted = by_strict(*args)
    for one, other in zip(vjp(traced, *args)[0], wanted, strict=True):
        assert np.asarray(one).dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-6 if other.dtype == np.float32 else 1e-12)

    def loss(*args):
        return sum([(fnp.abs(part.astype(float)) ** 2).sum() for part in traced(*args) if part.dtype.kind == "f"], 0.0)

    rng = np.random.default_rng(0)
    along = [rng.standard_normal(a.shape) for a in args]
    if args and any(part.dtype.kind == "f" for part in wanted):
        slopes = grad(loss, tuple(range(len(args))))(*args)
        got = sum(np.sum(slope * dot) for slope, dot in zip(slopes, along, strict=True))
        step = 1e-3 if "float32" in expression else 1e-6

        def at(t):
            moved = by_strict(*[a + t * dot for a, dot in zip(args, along, strict=True)])
            return sum(float(np.sum(np.abs(part.astype(float)) ** 2)) for part in moved if part.dtype.kind == "f")

        assert got == pytest.approx((at(step) - at(-step)) / (2 * step), rel=1e-3, abs=1e-5)


def test_the_namespace_has_every_name_of_the_standard():
    own = {"ArrayAPIStrictFlags", "Device"}
    missing = [n for n in strict.__all__ if not hasattr(fnp, n) and "flags" not in n and n not in own]
    assert missing == []
    assert fnp.__array_api_version__ >= "2022.12"
    assert fnp.__array_namespace_info__().default_device() == "cpu"


def test_versions_and_devices_are_numpys():
    with pytest.raises(ValueError, match=r'"1999\.12" is not supported|1999'):
        grad(lambda x: x.__array_namespace__(api_version="1999.12").sum(x))(X)
    with pytest.raises(ValueError, match="gpu"):
        grad(lambda x: x.to_device("gpu").sum())(X)
    with pytest.raises(ValueError, match="gpu"):
        grad(lambda x: fnp.asarray(x, device="gpu").sum())(X)
    assert fnp.asarray(X, device="cpu", copy=True) is not X


def test_transforms_compose_on_the_standard():
    def soft(x):
        xp = x.__array_namespace__()
        return xp.log(xp.sum(xp.exp(x)))

    p = np.exp(X) / np.sum(np.exp(X))
    same(grad(soft)(X), p)
    np.testing.assert_allclose(jit(jacobian(grad(soft)))(X), np.diag(p) - np.outer(p, p), rtol=1e-12)
    np.testing.assert_allclose(vmap(grad(soft))(np.stack([X, X])), [p, p], rtol=1e-12)


# ---- sorting downwards -----------------------------------------------------------------------------------------------
def test_sorting_downwards_keeps_the_order_of_equals():
    x = np.array([1.0, 3.0, 2.0, 3.0, 1.0])
    assert fnp.argsort(x, descending=True).tolist() == [1, 3, 2, 0, 4]
    assert (
        fnp.argsort(x, descending=True).tolist()
        == np.asarray(strict.argsort(strict.asarray(x), descending=True)).tolist()
    )
    assert fnp.sort(x, descending=True).tolist() == [3, 3, 2, 1, 1]
    a = np.array([[1.0, 2.0], [3.0, 0.0]])
    assert fnp.argsort(a, axis=0, descending=True).tolist() == [[1, 0], [0, 1]]
    same(jacobian(lambda x: fnp.sort(x, descending=True))(np.array([1.0, 3.0, 2.0])), np.eye(3)[[1, 2, 0]])


# ---- libraries that stand on the standard ----------------------------------------------------------------------------
EXTRAS = [
    *["xpx.angle(x + 0j)", "xpx.atleast_nd(x, ndim=2)", "xpx.cov(A)"],
    *["xpx.kron(x, y)", "xpx.nan_to_num(x)", "xpx.sinc(x)", "xpx.setdiff1d(x, y)", "xpx.union1d(x, y)"],
    *["xpx.nanmax(x)", "xpx.nansum(x)", "xpx.partition(x, 1)", "xpx.isclose(x, y) * x"],
]  # fmt: skip


@pytest.mark.parametrize("expression", [e for e in EXTRAS if hasattr(xpx, e[4 : e.index("(")])])
def test_array_api_extra_accepts_traced_values(expression):
    code = compile(expression, expression, "eval")
    names = [name for name in ARGUMENTS if name in code.co_names]
    args = [ARGUMENTS[name] for name in names]

    def f(*args):
        return fnp.sum(eval(code, {"xpx": xpx}, dict(zip(names, args, strict=True))) ** 2)

    slopes = grad(f, tuple(range(len(args))))(*args)
    along = [np.cos(1 + np.arange(a.size)).reshape(a.shape) for a in args]
    up, down = (f(*[a + h * dot for a, dot in zip(args, along, strict=True)]) for h in (1e-6, -1e-6))
    got = sum(np.sum(slope * dot) for slope, dot in zip(slopes, along, strict=True))
    assert got == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-8)


SCIPY = """
import os
os.environ["SCIPY_ARRAY_API"] = "1"
import json, numpy as np, scipy.special, scipy.stats, scipy.integrate, scipy.fft, scipy.optimize
from funcgrad import grad
x, dot = np.array([0.3, 0.7, 0.45, 0.9]), np.array([0.5, -0.3, 0.8, 0.1])
wrong = []
for f in [
    scipy.special.softmax, scipy.integrate.trapezoid, scipy.integrate.cumulative_trapezoid, scipy.stats.gmean,
    scipy.stats.hmean, scipy.stats.skew, scipy.stats.kurtosis, scipy.stats.circmean, scipy.stats.sem,
    scipy.optimize.rosen, lambda x: scipy.stats.moment(x, 3), lambda x: abs(scipy.fft.fft(x)), scipy.fft.ifftshift,
]:
    def total(x):
        return (f(x) ** 2).sum()
    got, step = float(grad(total)(x) @ dot), 1e-6
    wanted = float((total(x + step * dot) - total(x - step * dot)) / (2 * step))
    if not np.isclose(got, wanted, rtol=1e-5, atol=1e-7):
        wrong.append([str(f), got, wanted])
print(json.dumps(wrong))
"""


def test_scipys_functions_on_the_standard_accept_traced_values():
    """SciPy reads the switch when it is imported: so in a process of its own."""
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", SCIPY], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == []
