"""SciPy's convolutions: values are SciPy's, by either method, in every mode and over every number of axes."""

import numpy as np
import pytest
import scipy.signal as theirs

from funcgrad import grad, vmap
from funcgrad.errors import LostDerivative
from funcgrad.scipy import signal
from funcgrad.testing import check_grads

MODES = ["full", "same", "valid"]
SHAPES = [
    ((5,), (2,)),
    ((2,), (5,)),
    ((4, 3), (2, 2)),
    ((2, 3), (4, 5)),
    ((3, 3, 2), (2, 2, 2)),
    ((1,), (1,)),
    ((), ()),
]
RNG = np.random.default_rng(5)


def agree(name, one, other, **options):
    x, y = RNG.normal(size=one) + 0.5j, RNG.normal(size=other) - 1j
    for a, b in [(x, y), (np.real(x), np.real(y)), (np.float32(np.real(x)), np.float32(np.real(y)))]:
        f = lambda a, b: getattr(signal, name)(a, b, **options)
        got = vmap(f)(a[None], b[None])[0]
        wanted = getattr(theirs, name)(a, b, **options)
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5 if a.dtype == np.float32 else 1e-12)
    check_grads(f, (np.real(x), np.real(y)), order=1)


@pytest.mark.parametrize("name", ["convolve", "correlate"])
@pytest.mark.parametrize("method", ["auto", "direct", "fft"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("one", "other"), SHAPES)
def test_convolutions(name, one, other, mode, method):
    agree(name, one, other, mode=mode, method=method)


@pytest.mark.parametrize("name", ["fftconvolve", "oaconvolve"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("axes", [0, (0,), -2, [0, 1]])
def test_convolutions_over_some_axes(name, mode, axes):
    agree(name, (5, 2), (3, 2), mode=mode, axes=axes)


@pytest.mark.parametrize("name", ["convolve2d", "correlate2d"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("boundary", ["fill", "wrap", "symm"])
@pytest.mark.parametrize(("one", "other"), [((4, 3), (2, 3)), ((3, 4), (2, 2)), ((2, 2), (3, 4))])
def test_planes(name, one, other, mode, boundary):
    agree(name, one, other, mode=mode, boundary=boundary)


def test_what_lies_beyond_a_border_may_be_a_number():
    x, y = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 2))
    (got, slope) = [], grad(lambda x: np.sum(signal.convolve2d(x, y, fillvalue=2.0)))(x)
    vmap(lambda x: got.append(0) or signal.convolve2d(x, y, fillvalue=2.0))(x[None])
    np.testing.assert_allclose(slope, np.full((3, 4), y.sum()))


def test_integers_stay_integers():
    x, y = np.arange(6).reshape(2, 3), np.arange(4).reshape(2, 2)
    for mode in MODES:
        got = vmap(lambda x, mode=mode: signal.convolve(x, y, mode))(x[None])[0]
        np.testing.assert_array_equal(got, theirs.convolve(x, y, mode))
        assert got.dtype.kind == "i"


def test_nothing_convolved():
    assert signal.fftconvolve(np.zeros(0), np.ones(2)).size == 0
    with pytest.raises(ValueError, match="empty"):
        grad(lambda x: np.sum(signal.convolve(x[:0], x, method="direct")))(np.ones(2))
    assert grad(lambda x: np.sum(signal.fftconvolve(x[:0], x)) + x[0])(np.ones(2)).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: signal.convolve(x, x[0]), "dimensionality"),
        (lambda x: signal.convolve(x, x, "odd"), "mode"),
        (lambda x: signal.convolve(x, x, method="odd"), "method"),
        (lambda x: signal.convolve(x[:1], x[:, :1], "valid"), "at least as large"),
        (lambda x: signal.fftconvolve(x, x[:2], axes=1), "incompatible shapes"),
        (lambda x: signal.fftconvolve(x, x, axes=()), "empty"),
        (lambda x: signal.convolve2d(x[0], x[0]), "2-D"),
        (lambda x: signal.convolve2d(x, x, boundary="odd"), "boundary"),
    ],
)
def test_wrong_arguments_are_scipys_errors(call, says):
    with pytest.raises(ValueError, match=says):
        grad(lambda x: np.sum(call(x)))(np.ones((3, 3)))


def test_names_without_a_rule_are_refused():
    with pytest.raises(LostDerivative):
        grad(lambda x: np.sum(signal.lfilter([1.0], [1.0, 0.5], x)))(np.ones(3))
    assert signal.lfilter is theirs.lfilter
    assert "lfilter" in dir(signal)
