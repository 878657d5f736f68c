"""Pointwise functions at their kinks and borders, and Python's numbers, which stay Python's."""

import numpy as np
import pytest

from funcgrad import eval_shape, grad, hessian, jit, jvp, value_and_grad, vjp, vmap
from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.dispatch import UFUNCS, complete
from funcgrad.primitives.cardinal import Bessel
from funcgrad.primitives.pointwise import root
from tests.catalogue.pointwise import RECORDS

inf, nan = np.inf, np.nan
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def same(got, wanted):
    """Equal in type and value, NaN included."""
    assert type(got) is type(wanted)
    np.testing.assert_array_equal(got, wanted)


# ---- kinks -----------------------------------------------------------------------------------------------------------
KINKS = {
    "|x|": (abs, 0.0, 0.0),
    "np.abs": (np.abs, 0.0, 0.0),
    "fabs": (np.fabs, -0.0, 0.0),
    "sqrt": (np.sqrt, 0.0, inf),
    "root": (root, 0.0, 0.0),
    "cbrt": (np.cbrt, 0.0, inf),
    "x**0": (lambda x: x**0, 0.0, 0.0),
    "x**0 elsewhere": (lambda x: x**0, 3.0, 0.0),
    "x**1": (lambda x: x**1, 0.0, 1.0),
    "x**2": (lambda x: x**2, 0.0, 0.0),
    "x**0.5": (lambda x: x**0.5, 0.0, inf),
    "x**-1": (lambda x: x**-1, 0.0, -inf),
    "1/x": (lambda x: 1 / x, 0.0, -inf),
    "reciprocal": (np.reciprocal, 0.0, -inf),
    "0**y": (lambda y: 0.0**y, 2.0, 0.0),
    "0**0": (lambda y: 0.0**y, 0.0, 0.0),
    "2**y": (lambda y: 2**y, 3.0, 8 * float(np.log(2))),
    "root of a negative": (lambda x: x ** (1 / 3), -8.0, nan),
    "cube of a negative": (lambda x: x**3, -2.0, 12.0),
    "overflow": (lambda x: x**2, 1e200, 2e200),
    "overflow of the derivative": (lambda x: x**3, 1e200, inf),
    "sign": (lambda x: x * np.sign(x), 0.0, 0.0),
    "floor": (lambda x: x * np.floor(x), 2.0, 2.0),
    "round": (lambda x: x * np.round(x), 2.4, 2.0),
    "maximum below": (lambda x: np.maximum(x, 1.0), 0.0, 0.0),
    "maximum tie": (lambda x: np.maximum(x, 1.0), 1.0, 0.5),
    "maximum above": (lambda x: np.maximum(x, 1.0), 2.0, 1.0),
    "maximum of one": (lambda x: np.maximum(x, x), 2.0, 1.0),
    "maximum at inf": (lambda x: np.maximum(x, inf), inf, 0.5),
    "maximum of NaN": (lambda x: np.maximum(x, nan), 1.0, 0.0),
    "maximum with NaN": (lambda x: np.maximum(x, 1.0), nan, 1.0),
    "minimum tie": (lambda x: np.minimum(1.0, x), 1.0, 0.5),
    "minimum below": (lambda x: np.minimum(1.0, x), 0.0, 1.0),
    "minimum of NaN": (lambda x: np.minimum(nan, x), 1.0, 0.0),
    "fmax of NaN": (lambda x: np.fmax(x, nan), 1.0, 1.0),
    "fmax with NaN": (lambda x: np.fmax(x, 1.0), nan, 0.0),
    "fmin of NaN": (lambda x: np.fmin(x, nan), 1.0, 1.0),
    "fmin tie": (lambda x: np.fmin(x, 1.0), 1.0, 0.5),
    "copysign at 0": (lambda x: np.copysign(x, -1.0), 0.0, 0.0),
    "copysign of a negative zero": (lambda x: np.copysign(x, -0.0), 2.0, -1.0),
    "copysign of negatives": (lambda x: np.copysign(x, -0.0), -2.0, 1.0),
    "heaviside": (lambda x: np.heaviside(x, 0.5), 0.0, 0.0),
    "heaviside at 0": (lambda h: np.heaviside(0.0, h), 0.5, 1.0),
    "hypot": (lambda x: np.hypot(x, 0.0), 0.0, 0.0),
    "sinc": (np.sinc, 0.0, 0.0),
    "where": (lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), x), 0.0, 1.0),
    "where leaks no NaN": (lambda x: np.where(x > 0, np.log(x), 2 * x), -1.0, 2.0),
    "logaddexp of -inf": (lambda x: np.logaddexp(x, -inf), 1.0, 1.0),
    "logaddexp of two -inf": (lambda x: np.logaddexp(x, -inf), -inf, 0.0),
    "logaddexp at inf": (lambda x: np.logaddexp(x, 1.0), inf, 1.0),
    "logaddexp below inf": (lambda x: np.logaddexp(x, inf), 1.0, 0.0),
    "x % y at 0": (lambda x: x % 2.0, 4.0, 1.0),
    "y of x % y": (lambda y: 7.5 % y, 2.0, -3.0),
    "y of x % y, negative": (lambda y: -7.5 % y, 2.0, 4.0),
    "y of a rounded x % y": (lambda y: 1.0 % y, 0.1, -9.0),
    "y of fmod": (lambda y: np.fmod(-7.5, y), 2.0, 3.0),
    "y of a rounded fmod": (lambda y: np.fmod(1.0, y), 0.1, -9.0),
    "x // y": (lambda x: x * (x // 2.0), 5.0, 2.0),
    "divmod": (lambda x: sum(divmod(x, 2.0)), 5.0, 1.0),
    "arctan2 far out": (lambda x: np.arctan2(x, 1e200), 1e200, 5e-201),
    "arcsin near 1": (np.arcsin, 1 - 1e-12, 1 / np.sqrt((1 - (1 - 1e-12)) * (2 - 1e-12))),
    "nan_to_num": (np.nan_to_num, nan, 0.0),
    "nan_to_num of inf": (np.nan_to_num, inf, 0.0),
}


@pytest.mark.parametrize("name", KINKS)
def test_kink(name):
    f, x, slope = KINKS[name]
    got = grad(f)(x)
    assert type(got) is float
    np.testing.assert_allclose(got, slope, rtol=1e-14)
    np.testing.assert_allclose(jvp(f, (x,), (1.0,))[1], slope, rtol=1e-14)
    for dtype in ("float64", "float32"):
        a = np.full(2, x, dtype)
        (bar,) = vjp(f, a)[1](np.ones(2, f(a).dtype))
        assert bar.dtype == dtype
        if dtype == "float64":
            np.testing.assert_allclose(bar, [slope, slope], rtol=1e-14)
            np.testing.assert_allclose(vmap(grad(f))(a), [slope, slope], rtol=1e-14)


@pytest.mark.parametrize(
    ("f", "x", "second"),
    [
        (lambda x: x**2, 0.0, 2.0),
        (lambda x: x**3, 0.0, 0.0),
        (lambda x: x**1, 0.0, 0.0),
        (lambda x: x**0, 0.0, 0.0),
        (np.sinc, 0.0, -(np.pi**2) / 3),
        (abs, 0.0, 0.0),
        (lambda x: np.maximum(x, 1.0) ** 2, 1.0, 0.5),
        (lambda x: np.where(x > 0, x**2, -(x**2)), 1.0, 2.0),
    ],
)
def test_second_derivative_at_kink(f, x, second):
    np.testing.assert_allclose(grad(grad(f))(x), second, rtol=1e-12)


def test_mixed_derivative_of_a_power_at_exponent_zero():
    """∂²(xʸ)/∂x∂y = xʸ⁻¹ (1 + y log x), which is 1/x at y = 0."""
    power = lambda p: p[0] ** p[1]
    np.testing.assert_allclose(hessian(power)(np.array([2.0, 0.0])), [[0, 0.5], [0.5, np.log(2) ** 2]], rtol=1e-14)
    np.testing.assert_array_equal(grad(power)(np.array([0.0, 0.0])), [0, 0])


# ---- Python's numbers ------------------------------------------------------------------------------------------------
PYTHON = {
    "polynomial": lambda x: 3 * x**2 - x / 2 + (2 - x) * (1 + x) - -x + +x,
    "rational": lambda x: 1 / x + x**-2 + 2**x + x**0.5 + x**x,
    "integers": lambda x: x // 2 + x % 2 + sum(divmod(x, 0.7)) + abs(x),
    "choice": lambda x: x * x if x > 1 else x,
}


@pytest.mark.parametrize("name", PYTHON)
@pytest.mark.parametrize("x", [0.75, 2.5])
def test_python_floats_stay_python_floats(name, x):
    f = PYTHON[name]
    value, slope = value_and_grad(f)(x)
    same(value, f(x))
    assert type(slope) is float
    assert slope == pytest.approx((f(x + 1e-6) - f(x - 1e-6)) / 2e-6, rel=1e-6)
    assert type(grad(grad(f))(x)) is float


@pytest.mark.parametrize(
    "f",
    [lambda x: 1 / x, lambda x: x**-1, lambda x: x // 0.0, lambda x: x % 0.0, lambda x: 5.0 % x, lambda x: -1.0 // x],
)
def test_where_python_raises_numpy_answers(f):
    with pytest.raises(ZeroDivisionError):
        f(0.0)
    value, slope = value_and_grad(f)(0.0)
    np.testing.assert_array_equal(value, f(np.float64(0)))
    assert type(value) is type(slope) is float


@pytest.mark.parametrize("exponent", [400, 400.0, -400])
def test_huge_powers_overflow_to_infinity(exponent):
    value, slope = value_and_grad(lambda x: x**exponent)(10.0 if exponent > 0 else 0.1)
    assert (value, abs(slope)) == (inf, inf)


def test_a_power_that_python_makes_complex_is_nan_as_in_numpy():
    assert isinstance((-8.0) ** (1 / 3), complex)
    value, _ = value_and_grad(lambda x: x ** (1 / 3))(-8.0)
    assert np.isnan(value)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * 2 + 1.5,
        lambda x: 2 / x - 1,
        lambda x: x**2 + x**-1 + x**0.5,
        lambda x: np.multiply(2.0, x),
        lambda x: np.exp(x * 0.1) * 3,
        lambda x: np.where(np.abs(x) > 1, x, 2),
        lambda x: np.square(x) / 7,
    ],
)
def test_python_numbers_do_not_decide_the_dtype(f, dtype):
    x = np.array([0.5, 1.5, 2.5], dtype)
    y, pull = vjp(f, x)
    same(y, f(x))
    assert y.dtype == pull(y)[0].dtype == x.dtype
    assert eval_shape(f, x).dtype == x.dtype
    assert jvp(f, (x,), (x,))[1].dtype == x.dtype


def test_numpy_numbers_do_decide_the_dtype():
    x = np.ones(3, np.float32)
    y, pull = vjp(lambda x: x * np.float64(2), x)
    assert (y.dtype, pull(y)[0].dtype) == (np.float64, np.float32)
    assert vmap(lambda x: x * np.float64(2))(x).dtype == np.float64


@pytest.mark.parametrize("f", [np.multiply, np.add, np.subtract, np.divide, np.power, np.float_power, np.maximum])
def test_a_ufunc_makes_a_numpy_number_of_python_numbers(f):
    value, slope = value_and_grad(lambda x: f(x, 2.0))(3.0)
    same(value, f(3.0, 2.0))
    assert type(slope) is float


@pytest.mark.parametrize("f", [np.negative, np.positive, np.absolute, np.conjugate, np.square, np.sqrt, np.sin])
def test_a_ufunc_makes_a_numpy_number_of_a_python_number(f):
    value, slope = value_and_grad(lambda x: f(x))(2.0)
    same(value, f(2.0))
    assert type(slope) is float


def test_a_learning_rate_given_as_a_python_float_leaves_the_model_in_single_precision():
    w = np.ones(3, np.float32)
    loss = lambda rate, w: np.sum((w - rate * rate * w) ** 2)
    value, (rate, bar) = value_and_grad(loss, (0, 1))(0.5, w)
    assert (value.dtype, type(rate), bar.dtype) == (np.float32, float, np.float32)


# ---- complex numbers -------------------------------------------------------------------------------------------------
def test_the_gradient_of_a_real_function_is_along_re_minus_i_im():
    z = 3.0 + 4.0j
    assert grad(abs)(z) == pytest.approx((3 - 4j) / 5)
    assert grad(lambda z: np.real(z))(z) == 1
    assert grad(lambda z: np.imag(z))(z) == -1j
    assert grad(lambda z: np.angle(z))(z) == pytest.approx(-1j * (3 - 4j) / 25)
    assert grad(abs)(0j) == 0


def test_parts_of_infinite_numbers():
    z = np.array([complex(inf, 1), complex(1, inf), complex(nan, 2)])
    same(vjp(np.imag, z)[0], z.imag)
    same(vjp(np.real, z)[0], z.real)
    same(vmap(np.imag)(z), z.imag.copy())


@pytest.mark.parametrize("f", [np.real, np.conjugate, lambda x: x.real, lambda x: x.conj()])
def test_parts_of_real_numbers_are_the_numbers(f):
    assert grad(lambda x: f(x) * 3)(2.0) == 3.0


def test_the_imaginary_part_of_a_real_number_is_zero():
    same(vjp(np.imag, np.ones(2, np.float32))[0], np.zeros(2, np.float32))
    assert grad(lambda x: x + x.imag)(2.0) == 1.0


@pytest.mark.parametrize("f", [np.sign, lambda z: np.maximum(z, 0), lambda z: np.fmin(1, z)])
def test_complex_functions_without_a_derivative_are_refused(f):
    refused = pytest.raises(UnsupportedFunction, match=r"complex values has no derivative rule.*np\.real, np\.imag")
    with refused:
        vjp(f, 1 + 2j)
    for transform in (jit, vmap):  # no matter whether the value is known
        with refused:
            transform(f)(np.array([1 + 2j]))


# ---- others ----------------------------------------------------------------------------------------------------------
def test_every_row_of_the_table_has_a_record():
    names = {record.name.split()[0] for record in RECORDS}
    renamed = {"power", "modf", "divmod", "conjugate"}
    complete()
    rows = {f.__name__ for f in UFUNCS if isinstance(f, np.ufunc) and f.signature is None}
    special = {name for name in rows if name not in dir(np)}  # scipy.special's are recorded with their family
    assert rows - special - names - renamed == set()


@pytest.mark.parametrize("order", range(6))
def test_the_cardinal_sine_near_its_switch_from_series_to_recurrence(order):
    below, above = np.nextafter(order + 1.0, [0, 9])
    np.testing.assert_allclose(Bessel(order)(below), Bessel(order)(above), rtol=1e-13)


def test_derivatives_of_sinc_at_zero_are_those_of_its_series():
    """sin πx / πx = Σ (-1)ᵏ (πx)²ᵏ / (2k+1)!, so its fourth derivative at 0 is π⁴/5."""
    assert grad(grad(grad(grad(np.sinc))))(0.0) == pytest.approx(np.pi**4 / 5)


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.arctan2, np.less, np.power])
def test_outer(ufunc):
    x, y = np.array([1.0, 2.0]), np.array([[0.5, 3.0, 1.0]])
    same(vjp(ufunc.outer, x, y)[0], ufunc.outer(x, y))
    same(vjp(lambda x: ufunc.outer(x, 2.0), x)[0], ufunc.outer(x, 2.0))
    same(vjp(lambda y: ufunc.outer([1.0, 2.0], y), y)[0], ufunc.outer([1.0, 2.0], y))
    same(vmap(ufunc.outer, in_axes=(None, 0))(x, y)[0], ufunc.outer(x, y[0]))


@pytest.mark.parametrize("function", [np.isclose, np.allclose])
def test_closeness_is_plain_where_it_is_known(function):
    seen = []
    grad(lambda x: seen.append(function(x, [1.0, 2.1, nan, inf])) or np.sum(x))(np.array([1.0, 2.0, nan, inf]))
    same(seen[0], function([1.0, 2.0, nan, inf], [1.0, 2.1, nan, inf]))
    seen.clear()
    grad(lambda x: seen.append(function(x, x, equal_nan=True)) or np.sum(x))(np.array([1.0, nan]))
    same(seen[0], function([1.0, nan], [1.0, nan], equal_nan=True))


def test_rounding_of_integers_and_refusals():
    x = np.array([1.26, -2.75, 1250.0])
    for rounded in (np.round, lambda x: np.round(x, 1), lambda x: np.around(x, -2)):
        same(vjp(rounded, x)[0], rounded(x))
        same(vmap(rounded)(x), rounded(x))
    same(vmap(lambda x: np.round(np.argmax(x)))(np.eye(3)), np.arange(3))
    with pytest.raises(UnsupportedFunction, match="out= is not supported"):
        grad(lambda x: np.sum(np.round(x, out=np.zeros(3))))(x)
    with pytest.raises(UnsupportedFunction, match="copy= is not supported"):
        grad(lambda x: np.sum(np.nan_to_num(x, copy=False)))(x)


def test_nan_to_num():
    for dtype in ("float64", "float32", "complex128"):
        x = np.array([nan, inf, -inf, 1.5], dtype)
        for f in (np.nan_to_num, lambda x: np.nan_to_num(x, nan=7.0, posinf=8.0, neginf=-9.0)):
            same(vjp(f, x)[0], f(x))
            same(vmap(f)(x), f(x))


def test_modf():
    x = np.array([1.25, -1.25, -1.0, inf, -inf, 0.0])
    for got, wanted in zip(vjp(lambda x: np.modf(x), x)[0], np.modf(x), strict=True):
        same(got, wanted)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(wanted))


@pytest.mark.parametrize("f", [abs, np.abs, np.real, np.imag, lambda x: x.real, lambda x: x.imag])
@pytest.mark.parametrize("x", [1 + 2j, 2.0, np.complex128(1 + 2j), np.float32(2)])
def test_parts_of_numbers_are_pythons_or_numpys_as_without_us(f, x):
    jitted = jit(f)
    for got in (vjp(f, x)[0], jitted(x), jitted(x)):
        same(got, f(x))


@pytest.mark.parametrize("f", [lambda x: np.reshape(x, ()), np.positive, lambda x: np.squeeze(x), lambda x: x * 1.0])
def test_the_gradient_of_a_python_number_is_one(f):
    for transform in (grad, lambda f: jit(grad(f)), lambda f: lambda x: value_and_grad(f)(x)[1]):
        same(transform(f)(2.0), 1.0)
        same(transform(f)(np.float32(2.0)), np.float32(1.0))
