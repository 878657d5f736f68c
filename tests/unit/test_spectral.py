"""numpy.fft is NumPy's in value, dtype and refusal; the derivatives of half spectra are known by hand."""

import importlib

import numpy as np
import pytest

import funcgrad.numpy as fnp
from funcgrad import eval_shape, grad, hessian, jit, linear_transpose, vjp, vmap
from funcgrad.errors import UnsupportedFunction

fft = np.fft
X = np.random.default_rng(0).normal(size=(3, 5))
COMPLEX = X + 1j * X[::-1]
ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
SEVERAL = ["fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn"]
REAL = {"rfft", "ihfft", "rfft2", "rfftn"}


def pulled(f, x):
    """f(x) by a function that is differentiated, and what eval_shape has for it."""
    z, _ = vjp(f, x)
    kind = eval_shape(f, x)
    assert (kind.shape, kind.dtype) == (np.shape(z), z.dtype)
    return z


def raised(f):
    with pytest.raises(Exception) as caught:
        f()
    return type(caught.value), str(caught.value)


@pytest.mark.parametrize("name", ONE + SEVERAL)
@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble", "complex64", "complex128"])
def test_values_and_dtypes_are_numpy_s(name, dtype):
    x = X.astype(dtype)
    if np.dtype(dtype).kind == "c" and name in REAL:
        return
    f = getattr(fft, name)
    z, want = pulled(f, x), f(x)
    assert z.dtype == want.dtype
    np.testing.assert_array_equal(z, want)
    (xbar,) = vjp(f, x)[1](z)
    assert xbar.dtype == x.dtype


@pytest.mark.parametrize("name", ONE + SEVERAL)
def test_integers_are_taken_while_unknown(name):
    x = np.arange(12).reshape(3, 4)
    f = getattr(fft, name)
    np.testing.assert_allclose(vmap(f)(x[None])[0], f(x), atol=1e-12)
    assert eval_shape(f, x > 3).dtype == f(x > 3).dtype


def test_plain_arrays_beside_a_traced_one_stay_plain():
    assert type(fft.fft(np.arange(4))) is np.ndarray
    assert grad(lambda x: np.real(fft.fft(np.arange(3))[0]) * x)(2.0) == 3.0


WRONG = {
    "no points": lambda x: fft.fft(x, 0),
    "negative points": lambda x: fft.rfft(x, -2),
    "half a point": lambda x: fft.fft(x, 2.5),
    "a number": lambda x: fft.fft(x[0, 0]),
    "one coefficient": lambda x: fft.irfft(x[:, :1]),
    "axis": lambda x: fft.fft(x, 4, 2),
    "axis without n": lambda x: fft.rfft(x, axis=2),
    "norm": lambda x: fft.fft(x, norm="unitary"),
    "norm of irfft": lambda x: fft.irfft(x, norm="unitary"),
    "norm of hfft": lambda x: fft.hfft(x, norm="unitary"),
    "complex rfft": lambda x: fft.rfft(x * 1j),
    "lengths and axes": lambda x: fft.fftn(x, (2,), (0, 1)),
    "no axes": lambda x: fft.rfftn(x, axes=()),
    "axes of a number": lambda x: fft.rfftn(x[0, 0]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_numpy_refuses_is_refused_in_its_words(name):
    f = WRONG[name]
    want = raised(lambda: f(X))
    got = raised(lambda: vjp(f, X))
    assert got[0] is want[0]
    spaced = lambda text: text.replace('",', '", ').replace("  ", " ")  # NumPy has it both ways
    same = spaced(got[1]) == spaced(want[1])
    assert same or name in ("complex rfft", "one coefficient", "no axes")
    assert raised(lambda: eval_shape(f, X))[0] is want[0]


@pytest.mark.parametrize("name", [*ONE, *SEVERAL])
def test_out_is_refused(name):
    f = getattr(fft, name)
    with pytest.raises(UnsupportedFunction, match=f"np.fft.{name} with out= is not supported"):
        grad(lambda x: np.real(f(x, out=np.zeros(3)))[0])(X)


def test_deprecations_of_numpy_are_kept():
    for f in (lambda x: fft.fftn(x, (3, 4)), lambda x: fft.rfftn(x, (None, 4), (0, 1))):
        with pytest.warns(DeprecationWarning, match="deprecated in NumPy 2.0|Deprecated in NumPy 2.0"):
            want = f(X)
        with pytest.warns(DeprecationWarning, match="deprecated in NumPy 2.0|Deprecated in NumPy 2.0"):
            np.testing.assert_array_equal(pulled(f, X), want)


# ---- derivatives by hand ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_irfft_does_not_read_the_imaginary_parts_at_its_ends(n):
    y = np.ones(n // 2 + 1, complex)
    slope = grad(lambda y: np.sum(fft.irfft(y, n) * np.arange(1.0, n + 1)))(y)
    assert slope[0].imag == 0
    if n % 2 == 0:
        assert slope[-1].imag == 0
    np.testing.assert_allclose(slope[0].real, (n + 1) / 2)
    moved = y + 0.5j * (np.arange(len(y)) == 0)
    np.testing.assert_array_equal(fft.irfft(moved, n), fft.irfft(y, n))


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_a_transform_by_fft_is_that_by_its_matrix(norm, n):
    scale = {"backward": 1, "ortho": n**-0.5, "forward": 1 / n}[norm]
    F = scale * np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)
    x, zbar = X.ravel()[:n], COMPLEX.ravel()[:n]
    np.testing.assert_allclose(vjp(lambda x: fft.fft(x, norm=norm), x + 0j)[1](zbar)[0], F.T @ zbar, atol=1e-14)
    half = zbar[: n // 2 + 1]
    want = np.real(F[: n // 2 + 1].T @ half)
    np.testing.assert_allclose(vjp(lambda x: fft.rfft(x, norm=norm), x)[1](half)[0], want, atol=1e-14)


def test_the_transpose_of_a_transform_is_its_own():
    f = lambda x: fft.fft(x, axis=0)
    np.testing.assert_allclose(linear_transpose(f, COMPLEX)(COMPLEX)[0], f(COMPLEX), rtol=1e-14)


def test_the_energy_of_a_spectrum_is_that_of_the_signal():
    x = X[0]
    energy = lambda x: np.sum(np.abs(fft.fft(x, norm="ortho")) ** 2)
    np.testing.assert_allclose(grad(energy)(x), 2 * x, atol=1e-14)
    np.testing.assert_allclose(hessian(energy)(x), 2 * np.eye(5), atol=1e-14)
    np.testing.assert_allclose(jit(grad(energy))(x), 2 * x, atol=1e-14)


def test_a_filter_of_real_signals_is_a_circular_convolution():
    x, w = X[0], X[1]
    f = lambda x, w: fft.irfft(fft.rfft(x) * fft.rfft(w), 5)
    circulant = np.stack([np.roll(w[::-1], k + 1) for k in range(5)])
    np.testing.assert_allclose(f(x, w), circulant @ x, atol=1e-14)
    np.testing.assert_allclose(vjp(f, x, w)[1](X[2])[0], circulant.T @ X[2], atol=1e-14)


def test_frequencies_of_a_traced_distance():
    np.testing.assert_allclose(grad(lambda d: np.sum(fft.fftfreq(5, d) ** 2))(0.5), -2 * 10 / 25 / 0.5**3)
    with pytest.raises(ValueError, match="n should be an integer"):
        grad(lambda n: np.sum(fft.rfftfreq(n)))(5.0)


def test_the_module_is_numpy_s():
    assert fnp.fft.rfft is np.fft.rfft
    assert importlib.import_module("funcgrad.numpy.fft") is fnp.fft
    assert "ihfft" in dir(fnp.fft)
