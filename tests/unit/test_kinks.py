"""Kinks and edges: the value that the table of docs/conventions.md gives, in every mode, and to second order."""

import numpy as np
import pytest

from funcgrad import grad, hessian, jacfwd, jit, vmap
from tests.answers import same

inf, pi = np.inf, np.pi
NORMS = [None, 0, 0.5, 1, 2, 2.5, 3, inf, -inf, -1, -2]
MATRIX_NORMS = [None, "fro", "nuc", 1, -1, 2, -2, inf, -inf]
FLAT = "flat"

#: A function, a point, the gradient there, and the Hessian: FLAT for zeros, None where there is none.
KINKS = {
    "median, three equal": (np.median, [1.0, 2.0, 2.0, 2.0, 5.0], np.array([0, 1, 1, 1, 0]) / 3, FLAT),
    "median, even": (np.median, [1.0, 2.0, 2.0, 5.0], [0, 0.5, 0.5, 0], FLAT),
    "quantile, all equal": (lambda x: np.quantile(x, 0.3), [2.0] * 4, [0.25] * 4, FLAT),
    "percentile, lower": (lambda x: np.percentile(x, 50, method="lower"), [1.0, 2.0, 2.0, 5.0], [0, 0.5, 0.5, 0], FLAT),
    "nanmedian": (np.nanmedian, [3.0, np.nan, 3.0], [0.5, 0, 0.5], FLAT),
    **{f"norm {p}": (lambda x, p=p: np.linalg.norm(x, p), [0.0] * 3, [0] * 3, FLAT) for p in NORMS},
    **{
        f"matrix norm {p}": (
            lambda a, p=p: np.linalg.norm(a, p),
            np.zeros((2, 2)),
            np.zeros((2, 2)),
            None if p in ("nuc", 2, -2) else FLAT,
        )
        for p in MATRIX_NORMS
    },
    "norm of rows": (lambda a: np.linalg.norm(a, axis=1).sum(), [[1, 0], [0, 0]], [[1, 0], [0, 0]], None),
    "arctan2 by y": (lambda y: np.arctan2(y, 0.0), 0.0, 0, FLAT),
    "arctan2 by x": (lambda x: np.arctan2(0.0, x), 0.0, 0, FLAT),
    "arctan2 along both": (lambda x: np.arctan2(x, x), 0.0, 0, FLAT),
    "angle": (lambda x: np.angle(x + 0j), 0.0, 0, FLAT),
    "hypot": (lambda x: np.hypot(x, 0.0), 0.0, 0, FLAT),
    "hypot of both": (lambda x: np.hypot(x, x), 0.0, 0, FLAT),
    "abs of complex": (lambda x: np.abs(x * (1 + 1j)), 0.0, 0, FLAT),
    "sinc": (np.sinc, 0.0, 0, -(pi**2) / 3),
    "logaddexp of infinities": (lambda x: np.logaddexp(x, inf), inf, 1, FLAT),
    "logaddexp of x and ∞": (lambda x: np.logaddexp(x, inf), 1.0, 0, FLAT),
    "logaddexp of -infinities": (lambda x: np.logaddexp(x, -inf), -inf, 0, FLAT),
    "logaddexp of -∞ and 0": (lambda x: np.logaddexp(x, 0.0), -inf, 0, FLAT),
    "logaddexp2 of -infinities": (lambda x: np.logaddexp2(x, -inf), -inf, 0, FLAT),
    "prod, a zero": (np.prod, [0.0, 2.0, 3.0], [6, 0, 0], [[0, 3, 2], [3, 0, 0], [2, 0, 0]]),
    "prod, two zeros": (np.prod, [0.0, 0.0, 3.0], [0, 0, 0], [[0, 3, 0], [3, 0, 0], [0, 0, 0]]),
    "cumprod, a zero": (lambda x: np.cumprod(x).sum(), [2.0, 0.0, 3.0], [1, 8, 0], [[0, 4, 0], [4, 0, 2], [0, 2, 0]]),
    "nanprod, a zero": (np.nanprod, [0.0, np.nan, 3.0], [3, 0, 0], [[0, 0, 1], [0, 0, 0], [1, 0, 0]]),
    "det of a singular matrix": (np.linalg.det, [[1.0, 2.0], [2.0, 4.0]], [[4, -2], [-2, 1]], None),
    "std of a constant": (np.std, [2.0] * 3, [0] * 3, FLAT),
    "nanstd of a constant": (np.nanstd, [2.0, np.nan, 2.0], [0] * 3, FLAT),
    "var of a constant": (np.var, [2.0] * 2, [0] * 2, [[0.5, -0.5], [-0.5, 0.5]]),
    "ptp of a constant": (np.ptp, [2.0] * 3, [0] * 3, FLAT),
    "clip, lower end": (lambda x: np.clip(x, 0.0, 1.0), 0.0, 0.5, FLAT),
    "clip, upper end": (lambda x: np.clip(x, 0.0, 1.0), 1.0, 0.5, FLAT),
    "clip, by its lower end": (lambda low: np.clip(0.0, low, 1.0), 0.0, 0.5, FLAT),
    "max of equals": (np.max, [2.0, 2.0, 1.0], [0.5, 0.5, 0], FLAT),
    "sort of equals": (lambda x: (np.sort(x) * [1.0, 2.0, 5.0]).sum(), [2.0, 2.0, 1.0], [3.5, 3.5, 1], FLAT),
    "maximum of x and x": (lambda x: np.maximum(x, x), 1.0, 1, FLAT),
    "abs": (np.abs, 0.0, 0, FLAT),
    "abs at -0": (np.abs, -0.0, 0, FLAT),
    "x⁰": (lambda x: x**0.0, 0.0, 0, FLAT),
    "0ʸ": (lambda y: 0.0**y, 0.0, 0, FLAT),
    "where, root of 0 not taken": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, 0, FLAT),
    "where, logarithm not taken": (lambda x: np.where(x > 0, np.log(x), x), -1.0, 1, FLAT),
    "where, quotient not taken": (lambda x: np.where(x == 0, 1.0, np.sin(x) / x), 0.0, 0, FLAT),
    "where, norm not taken": (lambda x: np.where(np.sum(x) > 0, np.sqrt(x @ x), 0.0), [0.0, 0.0], [0, 0], FLAT),
    "select, power not taken": (lambda x: np.select([x > 0, x <= 0], [x**0.5, 2 * x]), 0.0, 2, FLAT),
    "nan_to_num of NaN": (np.nan_to_num, np.nan, 0, FLAT),
}  # fmt: skip


@pytest.mark.parametrize("kink", KINKS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_value_at_a_kink_is_the_same_in_every_mode(kink):
    f, x, slope, curvature = KINKS[kink]
    x, slope = np.asarray(x, float)[()], np.asarray(slope, float)
    same(np.asarray(grad(f)(x)) + 0.0, slope)
    same(np.asarray(jacfwd(f)(x)) + 0.0, slope)
    same(np.asarray(jit(grad(f))(x)) + 0.0, slope)
    same(np.asarray(vmap(grad(f))(np.stack([x, x]))) + 0.0, np.stack([slope, slope]))
    if curvature is not None:
        wanted = np.zeros(slope.shape * 2) if curvature is FLAT else np.asarray(curvature, float)
        same(np.asarray(hessian(f)(x)) + 0.0, wanted)
        same(np.asarray(jit(hessian(f))(x)) + 0.0, wanted)
        same(np.asarray(vmap(hessian(f))(np.stack([x, x])))[1] + 0.0, wanted)
