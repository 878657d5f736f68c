"""np.pad in every mode is NumPy's, in value, dtype and refusal, known or unknown."""

import numpy as np
import pytest

import funcgrad.numpy as fnp
from funcgrad import grad, jvp, vmap
from funcgrad.errors import LostDerivative
from tests.answers import same

X = np.array([[1.0, 2.0, 4.0], [3.0, -5.0, 0.5]])
MODES = {
    "constant": {},
    "empty": {},
    "edge": {},
    "wrap": {},
    "reflect": {},
    "reflect, odd": {"reflect_type": "odd"},
    "symmetric": {},
    "symmetric, odd": {"reflect_type": "odd"},
    "linear_ramp": {},
    "linear_ramp, to two values": {"end_values": (1.0, -2.0)},
    "maximum": {},
    "minimum, of one": {"stat_length": 1},
    "mean": {},
    "mean, of two and five": {"stat_length": (2, 5)},
    "median": {},
    "median, by axis": {"stat_length": ((1, 2), (2, 1))},
}
WIDTHS = [0, 1, (0, 7), [(1, 2), (9, 0)], [(0, 5), (4, 11)], {1: 2}, {-1: (1, 0)}]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shape", [(2, 3), (1, 3), (1, 1)])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_padding_is_numpys(mode, width, shape):
    if isinstance(width, dict) and np.lib.NumpyVersion(np.__version__) < "2.4.0":
        pytest.skip("NumPy takes no dict yet")
    x, name = X[: shape[0], : shape[1]], mode.partition(",")[0]

    def f(x):
        z = np.pad(x, width, name, **MODES[mode])
        return z if name != "empty" else z * np.pad(np.ones_like(x), width)  # what is beside it is anything

    single = np.asarray(jvp(f, (x.astype(np.float32),), (x.astype(np.float32),))[0])
    assert single.dtype == np.float32
    dot = np.cos(np.arange(x.size)).reshape(x.shape)
    value, slope = jvp(f, (x,), (dot,))
    if name != "empty":
        np.testing.assert_allclose(value, f(x), rtol=1e-13)
        np.testing.assert_allclose(vmap(f)(np.stack([x, 2 * x]))[1], f(2 * x), rtol=1e-13)
    np.testing.assert_allclose(slope, (f(x + 1e-6 * dot) - f(x - 1e-6 * dot)) / 2e-6, atol=1e-8)


def test_frames_and_ends_may_be_traced():
    f = lambda x: np.pad(x, ((1, 0), (0, 2)), constant_values=np.stack([x[0, 0], 2 * x[0, 1]]))
    same(jvp(f, (X,), (X,))[1], f(X))
    same(grad(lambda t: np.sum(fnp.pad(X[0], 4, "linear_ramp", end_values=t)))(2.0), 2 * (1 + 3 / 4 + 1 / 2 + 1 / 4))
    with pytest.raises(LostDerivative, match=r"np.pad would discard the imaginary part"):
        grad(lambda x: np.sum(np.pad(x, 1, constant_values=1j * x[0])))(np.ones(2))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.pad(x, 1, "mean", end_values=1.0),
        lambda x: np.pad(x, 1, "maximum", stat_length=0),
        lambda x: np.pad(x, 1, "mean", stat_length=-1),
        lambda x: np.pad(x[:0], 1, "reflect"),
    ],
)
def test_errors_are_numpys(f):
    x = X[0]
    with pytest.raises(ValueError) as plain:
        f(x)
    with pytest.raises(ValueError) as traced:
        grad(lambda x: np.sum(f(x)))(x)
    assert str(traced.value) == str(plain.value)
