"""Sets, questions, files, parts of arrays: NumPy's answers of known values, shared slopes, what is refused."""

import numpy as np
import pytest

from funcgrad import eval_shape, grad, hessian, jacobian, jit, tree, vjp, vmap
from funcgrad.errors import ImmutableValue, LostDerivative, UnknownValue, UnsupportedFunction
from tests.unit.refusing import check, registry
from tests.unit.test_reducing import outcome

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
rng = np.random.default_rng(5)

ARRAYS = {
    "vector": np.array([3.0, 1.0, 2.0, 2.0, 0.0]),
    "matrix": rng.normal(size=(3, 4)),
    "sparse": np.array([[0.0, 0.0, 1.0], [0.0, 2.0, 0.0]]),
    "single": rng.normal(size=(2, 3)).astype(np.float32),
    "zeros": np.zeros(3),
    "nothing": np.zeros(0),
    "number": np.float64(2.5),
    "Python number": 2.5,
    "complex": np.array([1 + 2j, 3 - 1j]),
    "real complex": np.array([1 + 0j, 2 + 0j]),
}


def same(got, wanted):
    """The same numbers, dtypes and shapes; or the same error."""
    assert tree.structure(got) == tree.structure(wanted)
    for a, b in zip(tree.leaves(got), tree.leaves(wanted), strict=True):
        if isinstance(b, type | str | bool):
            assert a == b
        else:
            assert (np.asarray(a).dtype, np.shape(a)) == (np.asarray(b).dtype, np.shape(b))
            np.testing.assert_allclose(a, b, rtol=1e-6)


def observed(f, x):
    """The plain answer of f at a traced x."""
    return outcome(lambda: vjp(lambda x: (np.sum(x * 1.0), tree.map(plain, f(x))), x, has_aux=True)[2])


def plain(a):
    """A value without its history."""
    return getattr(a, "value", a)


def as_numpy(f, x):
    """f of a known x is what NumPy makes of it."""
    same(observed(f, x), outcome(lambda: f(x)))


OF_ONE = (
    "amax amin unique_counts unique_inverse unique_all trim_zeros sort_complex real_if_close i0 frexp spacing "
    "iscomplexobj isrealobj array_repr array_str array2string packbits unpackbits bitwise_count"
)
OF_TWO = "union1d intersect1d setdiff1d setxor1d isin nextafter gcd lcm array_equal"


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("name", OF_ONE.split())
def test_functions_of_one_array(name, array):
    as_numpy(getattr(np, name), ARRAYS[array])


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("name", OF_TWO.split())
def test_functions_of_two_arrays(name, array):
    for other in ([1.0, 2.0, 7.0], ARRAYS[array]):
        as_numpy(lambda x, other=other: getattr(np, name)(x, other), ARRAYS[array])
        as_numpy(lambda x, other=other: getattr(np, name)(other, x), ARRAYS[array])


OPTIONS = {
    "intersection and places": lambda x: np.intersect1d(x, [2.0, 3.0], return_indices=True),
    "intersection of unique ones": lambda x: np.intersect1d(np.unique(x), [2.0, 3.0], True, True),
    "one set alone": lambda x: np.setxor1d(np.unique(x), [2.0, 3.0], assume_unique=True),
    "difference of unique ones": lambda x: np.setdiff1d(x, [2.0, 3.0], assume_unique=True),
    "not among": lambda x: np.isin(x, [2.0, 3.0], invert=True),
    "front": lambda x: np.trim_zeros(x, "f"),
    "back": lambda x: np.trim_zeros(x, "B"),
    "nowhere": lambda x: np.trim_zeros(x, "x"),
    "one axis": lambda x: np.trim_zeros(x, "fb", -1),
    "no axis": lambda x: np.trim_zeros(x, "fb", ()),
    "NaN alike": lambda x: np.array_equal(x / x, x / x, equal_nan=True),
    "tolerance": lambda x: np.real_if_close(x, tol=3.0),
    "absolute tolerance": lambda x: np.real_if_close(x, tol=0.5),
    "over axes": lambda x: np.apply_over_axes(np.sum, x, [0, 1]),
    "over no axis": lambda x: np.apply_over_axes(np.sum, x, 7),
    "not over an axis": lambda x: np.apply_over_axes(lambda x, axis: x[None], x, 0),
    "path": lambda x: np.einsum_path("ij,jk", np.ones((2, 3)), x)[0],
    "path with optimum": lambda x: np.einsum_path("ij,jk->ik", x, x, optimize="optimal")[0],
    "places": lambda x: np.unravel_index(x, (3, 3)),
    "flat places": lambda x: np.ravel_multi_index((x, x), (3, 3)),
    "flat places of integers": lambda x: np.ravel_multi_index((np.argsort(x), np.argsort(x)), (9, 9)),
    "memory": lambda x: np.shares_memory(x, np.zeros(3)) or np.may_share_memory(x, np.zeros(3)),
    "no places": lambda x: np.unravel_index(np.argsort(x), (3, 3)),
}


@pytest.mark.parametrize("array", ["vector", "sparse", "nothing", "number", "complex"])
@pytest.mark.parametrize("option", OPTIONS)
def test_options(option, array):
    as_numpy(OPTIONS[option], ARRAYS[array])


@pytest.mark.parametrize("array", [name for name in ARRAYS if name != "Python number"])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.minimum])
def test_reductions_between_places(ufunc, array):
    for axis in (0, -1, 1, None):
        for places in ([0, 2, 1], [0, 1, 1, 2], [], [9], [0]):
            f = lambda x, axis=axis, places=places: ufunc.reduceat(x, np.array(places, int), axis=axis)
            if not (np.iscomplexobj(ARRAYS[array]) and ufunc in (np.maximum, np.minimum)):
                as_numpy(f, ARRAYS[array])


@pytest.mark.parametrize("array", ARRAYS)
def test_functions_along_an_axis(array):
    for axis in (0, -1, 1):
        for f in (lambda row: row * row[0], np.sum, lambda row: np.outer(row, row), lambda _: 1.0):
            as_numpy(lambda x, f=f, axis=axis: np.apply_along_axis(f, axis, x), ARRAYS[array])


# ---- slopes ----------------------------------------------------------------------------------------------------------
def test_equal_elements_share():
    x, y = np.array([1.0, 2.0, 2.0]), np.array([2.0, 3.0])
    one, other = jacobian(np.union1d, (0, 1))(x, y)
    np.testing.assert_allclose(one, [[1, 0, 0], [0, 1 / 3, 1 / 3], [0, 0, 0]])
    np.testing.assert_allclose(other, [[0, 0], [1 / 3, 0], [0, 1]])
    assert jacobian(np.setdiff1d)(x, y).tolist() == [[1, 0, 0]]
    assert jacobian(np.setxor1d, 1)(x, y).tolist() == [[0, 0], [0, 1]]
    assert jacobian(lambda x: np.unique_counts(x).values)(x).tolist() == [[1, 0, 0], [0, 0.5, 0.5]]


def test_bessel_functions_solve_their_equation():
    """x² I₀″ + x I₀′ = x² I₀, near, far and at 0, in single precision too."""
    slope, curvature = grad(np.i0), grad(grad(np.i0))
    for x in (-2.0, 0.0, 0.5, 7.9, 8.1, 29.9, 30.1, 100.0, 600.0, -600.0, np.float32(3)):
        assert x * x * curvature(x) + x * slope(x) == pytest.approx(x * x * np.i0(x), rel=1e-6)
    assert slope(1.0) == pytest.approx(0.5651591039924850, rel=1e-14)  # Abramowitz and Stegun, table 9.8
    assert type(grad(np.i0)(np.float32(1))) is np.float32
    assert outcome(lambda: vjp(np.i0, 1j))[0] is TypeError


def test_mantissas_and_neighbours():
    assert grad(lambda x: np.frexp(x)[0])(12.0) == 1 / 16
    assert grad(lambda x: np.nextafter(x, 2.0) * np.spacing(x))(1.0) == np.spacing(1.0)
    assert vmap(lambda x: np.frexp(x)[1])(np.array([1.0, 8.0])).tolist() == [1, 4]


def test_power_series_of_numpy_take_traced_points():
    """NumPy's newer polynomials are made of arithmetic where coefficients are plain."""
    for name in ("polynomial", "chebyshev", "legendre", "hermite", "hermite_e", "laguerre"):
        module, short = getattr(np.polynomial, name), name.replace("polynomial", "poly")
        short = {
            "chebyshev": "cheb",
            "legendre": "leg",
            "hermite": "herm",
            "hermite_e": "herme",
            "laguerre": "lag",
        }.get(name, short)
        value, slope, c = getattr(module, f"{short}val"), getattr(module, f"{short}der"), [1.0, 2.0, 3.0, 4.0]
        np.testing.assert_allclose(grad(lambda x, v=value, c=c: v(x, c))(0.7), value(0.7, slope(c)))
        np.testing.assert_allclose(hessian(lambda x, v=value, c=c: v(x, c))(0.7), value(0.7, slope(c, 2)))


def test_unknown_values_have_answers_where_the_shape_does_not_depend_on_them():
    assert vmap(lambda x: np.isin(x, [1.0, 2.0]))(np.array([1.0, 3.0])).tolist() == [True, False]
    assert vmap(lambda x: np.array_equal(x, [1.0, 2.0]))(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist() == [True, False]
    assert eval_shape(np.real_if_close, np.ones(2)).dtype == float
    assert jit(lambda x: np.add.reduceat(x, [0, 2]))(np.arange(4.0)).tolist() == [1.0, 5.0]


# ---- refusals --------------------------------------------------------------------------------------------------------
refusals, refuses = registry()


@refuses(LostDerivative, "np.save of a traced value would drop its derivative.", "Pass x.value.")
def saving():
    grad(lambda x: np.save("x.npy", x))(np.ones(2))


@refuses(LostDerivative, "np.savez of a traced value would drop its derivative.", "Pass x.value.")
def saving_several():
    grad(lambda x: np.savez("x.npz", x=x))(np.ones(2))


@refuses(LostDerivative, "np.savetxt of a traced value would drop its derivative.", "Pass x.value.")
def saving_text():
    grad(lambda x: np.savetxt("x.txt", x))(np.ones(2))


@refuses(ImmutableValue, "np.add.at changes an array in place.", "Write x = x.at[i].add(v).")
def ufunc_at():
    grad(lambda x: np.add.at(x, [0], 1.0))(np.ones(2))


@refuses(UnknownValue, "The shape of np.trim_zeros(x) depends on values", "Keep the zeros.")
def unknown_zeros():
    vmap(np.trim_zeros)(np.ones((2, 2)))


@refuses(UnknownValue, "Which values arrays have in common depends on values", "Choose with np.where and np.isin")
def unknown_union():
    vmap(lambda x: np.union1d(x, [1.0]))(np.ones((2, 2)))


@refuses(UnknownValue, "Whether np.real_if_close(x) is real depends on values", "Take np.real(x).")
def unknown_parts():
    vmap(np.real_if_close)(np.ones((2, 2)) * 1j)


@refuses(UnknownValue, "The answer of np.array_str depends on values", "Print its shape and dtype.")
def unknown_text():
    vmap(lambda x: np.array_str(x))(np.ones((2, 2)))


@refuses(UnsupportedFunction, "subtract.reduceat has no derivative rule")
def reduceat_of_others():
    grad(lambda x: np.subtract.reduceat(x, [0])[0])(np.ones(2))


@pytest.mark.parametrize(("program", "kind", "sentences"), refusals)
def test_refusals(program, kind, sentences):
    check(program, kind, sentences)
