"""funcgrad.scipy.special and the edges of the table: SciPy's values, derivatives where formulas cancel or end."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy
from scipy import special as theirs

from funcgrad import Program, grad, hessian, jit, jvp, source, stage, vjp, vmap
from funcgrad.errors import MissingExtra, UnsupportedFunction
from funcgrad.scipy import special as ours

ROOT = Path(__file__).resolve().parents[2]
inf, nan = np.inf, np.nan
#: Whether SciPy says that the sign of a sum of no terms is 0: once it said 1.
NEW = tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 17)


def same(f, g, *args, rtol=4e-15, **keywords):
    """The value under a derivative is SciPy's, and so is that of plain arguments."""
    with np.errstate(all="ignore"):
        want = g(*args, **keywords)
        got = vjp(lambda *args: f(*args, **keywords), *args)[0]
        plain = f(*args, **keywords)
    parts = [a if isinstance(a, tuple) else (a,) for a in (got, plain, want)]
    for a, b, c in zip(*parts, strict=True):
        np.testing.assert_allclose(a, c, rtol=rtol, atol=1e-16)  # SciPy's older sums round to 0
        np.testing.assert_array_equal(b, c)
        assert np.shape(a) == np.shape(b) == np.shape(c)
        assert np.asarray(a).dtype == np.asarray(b).dtype == np.asarray(c).dtype


# ---- functions that SciPy does not dispatch --------------------------------------------------------------------------
ARRAYS = [
    np.random.default_rng(0).normal(0, 5, (3, 4)),
    np.array([[0, -40.0], [1, -inf], [-inf, -inf], [inf, 1]]),
    np.array([0.0, -40.0]),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("a", ARRAYS)
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_sums_of_exponentials(dtype, a, axis):
    a = a.astype(dtype)
    rtol = 4e-15 if dtype == "float64" else 1e-6
    for b in (None, np.arange(a.size).reshape(a.shape).astype(dtype) - 1):
        for keepdims in (False, True):
            for return_sign in (False, True) if NEW or np.isfinite(a).all() else (False,):
                options = {"axis": axis, "b": b, "keepdims": keepdims, "return_sign": return_sign}
                same(ours.logsumexp, theirs.logsumexp, a, rtol=rtol, **options)
    same(ours.softmax, theirs.softmax, a, axis=axis, rtol=rtol)
    same(ours.log_softmax, theirs.log_softmax, a, axis=axis, rtol=rtol)


def test_derivatives_of_sums_of_exponentials():
    a = ARRAYS[0]
    np.testing.assert_allclose(grad(ours.logsumexp)(a), theirs.softmax(a), rtol=1e-13)
    np.testing.assert_allclose(jit(grad(ours.logsumexp))(a), theirs.softmax(a), rtol=1e-13)
    np.testing.assert_allclose(vmap(ours.logsumexp)(a), theirs.logsumexp(a, axis=1), rtol=1e-13)
    # a weight of 0 has a derivative: eᵃ over the sum
    slope = grad(lambda b: ours.logsumexp(np.array([3.0, 1.0]), b=b))(np.array([0.0, 2.0]))
    np.testing.assert_allclose(slope, [np.exp(3) / (2 * np.e), 0.5])
    np.testing.assert_array_equal(grad(ours.logsumexp)(np.array([-inf, -inf])), [0, 0])
    np.testing.assert_allclose(grad(ours.logsumexp)(np.array([2.0, 2.0, -inf])), [0.5, 0.5, 0])
    s = theirs.softmax(a[0])
    np.testing.assert_allclose(hessian(ours.logsumexp)(a[0]), np.diag(s) - np.outer(s, s), atol=1e-15)
    np.testing.assert_allclose(jvp(ours.softmax, (a[0],), (np.eye(4)[1],))[1], s * (np.eye(4)[1] - s[1]), atol=1e-15)
    np.testing.assert_allclose(jvp(ours.log_softmax, (a[0],), (np.eye(4)[1],))[1], np.eye(4)[1] - s[1], atol=1e-15)


def test_gamma_functions():
    for d in (1, 3):
        same(ours.multigammaln, theirs.multigammaln, np.array([3.0, 4.5]), d=d)
    for n in (0, 1, 3, [0, 1, 2]):
        same(lambda x, n=n: ours.polygamma(n, x), lambda x, n=n: theirs.polygamma(n, x), np.array([0.3, 2, 5]))
    assert grad(lambda x: ours.polygamma(1, x))(0.7) == pytest.approx(theirs.polygamma(2, 0.7), rel=1e-13)
    same(ours.factorial, theirs.factorial, np.array([-1, 0, 2.5]))
    same(ours.factorial, theirs.factorial, np.array([-1.5, 0, 2.5]), extend="complex")
    same(ours.comb, theirs.comb, np.array([5.0, 2.5]), np.array([2.0, 3]))
    same(ours.comb, theirs.comb, np.array([5.0, 2.5]), np.array([2.0, 0]), repetition=True)
    same(ours.perm, theirs.perm, np.array([5.0, 2.5]), np.array([2.0, 3]))
    with pytest.raises(ValueError, match=r"condition a .* not met"):
        grad(lambda a: ours.multigammaln(a, 3))(0.5)
    with pytest.raises(ValueError, match="d should be a positive integer"):
        grad(lambda a: ours.multigammaln(a, 1.5))(3.0)
    with pytest.raises(ValueError, match="extend"):
        grad(lambda n: ours.factorial(n, extend="no"))(3.0)
    for exact in (
        ours.factorial,
        lambda n, exact: ours.comb(n, 2, exact=exact),
        lambda n, exact: ours.perm(n, 2, exact),
    ):
        with pytest.raises(UnsupportedFunction, match="exact"):
            grad(lambda n, exact=exact: exact(n, exact=True))(3.0)


@pytest.mark.parametrize("name", ["spherical_jn", "spherical_yn", "spherical_in", "spherical_kn"])
@pytest.mark.parametrize("n", [0, 1, 2, np.array([0, 3])])
def test_spherical_bessel_functions(name, n):
    f, g = getattr(ours, name), getattr(theirs, name)
    x = np.array([[0.5], [2.0], [-1.5]])[: 2 if name == "spherical_kn" else 3]
    same(lambda x: f(n, x), lambda x: g(n, x), x)
    slope = g(n, x, derivative=True)
    np.testing.assert_allclose(vjp(lambda x: f(n, x, derivative=True), x)[0], slope, rtol=1e-12)
    np.testing.assert_allclose(jvp(lambda x: f(n, x), (x,), (np.ones_like(x),))[1], slope, rtol=1e-12)
    np.testing.assert_allclose(jit(lambda x: f(n, x))(x), g(n, x), rtol=1e-14)


def test_other_names_are_scipys():
    assert ours.erf is theirs.erf
    assert "erf" in dir(ours)
    assert grad(lambda x: ours.zeta(2.0, x))(1.5) == pytest.approx(-2 * theirs.zeta(3.0, 1.5))
    w = theirs.lambertw(1.0).real
    assert grad(lambda x: np.real(ours.lambertw(x)))(1.0) == pytest.approx(w / (1 + w))
    assert grad(lambda x: ours.jvp(1, x))(2.0) == pytest.approx(theirs.jvp(1, 2.0, 2))
    assert grad(ours.softplus)(0.0) == 0.5


# ---- edges of the table ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: theirs.xlogy(x, 2.0), 0.0, np.log(2)),
        (lambda x: theirs.xlogy(0.0, x), 0.0, 0),
        (lambda x: theirs.xlog1py(0.0, x), -1.0, 0),
        (lambda x: theirs.rel_entr(0.0, x), 0.0, 0),
        (theirs.entr, 0.0, inf),
        (theirs.logit, 0.0, inf),
        (theirs.logit, 1.0, inf),
        (theirs.erfinv, 1.0, inf),
        (theirs.erfinv, -1.0, inf),
        (theirs.ndtri, 0.0, inf),
        (theirs.gammaln, 0.0, -inf),
        (theirs.rgamma, 0.0, 1),
        (theirs.rgamma, -2.0, 2),
        (theirs.log_ndtr, -1e6, 1e6),
        (theirs.log_expit, -1e3, 1),
        (theirs.erfcx, 1e8, -1 / np.sqrt(np.pi) * 1e-16),
        (theirs.dawsn, 1e8, -0.5e-16),
        (lambda x: theirs.kve(0, x), 1e6, -np.sqrt(np.pi / 8) * 1e-9 * (1 - 3 / 8e6)),
        (theirs.i0e, -1e6, 1 / np.sqrt(8 * np.pi) * 1e-9 * (1 + 3 / 8e6)),
        (lambda x: theirs.huber(1.0, x), 1.0, 1),
        (lambda x: theirs.huber(1.0, x), 3.0, 1),
        (lambda x: theirs.betainc(2.0, 1.0, x), 0.0, 0),
        (lambda x: theirs.betainc(1.0, 1.0, x), 1.0, 1),
        (lambda x: theirs.gammainc(1.0, x), 0.0, 1),
        (lambda x: theirs.boxcox(2.0, x), 0.0, np.log(2) ** 2 / 2),
        (theirs.exprel, 0.0, 0.5),
        (theirs.spence, 1.0, -1),
        (lambda x: theirs.sici(x)[0], 0.0, 1),
        (lambda x: theirs.shichi(x)[0], 0.0, 1),
        (theirs.ellipk, 0.0, np.pi / 8),
        (lambda x: theirs.agm(x, 2.0), 2.0, 0.5),
        (lambda x: theirs.bdtr(3, 3, x), 0.4, 0),
    ],
)
def test_slopes_at_edges(f, x, slope):
    with np.errstate(all="ignore"):
        for got in (grad(f)(x), jvp(f, (x,), (1.0,))[1], jit(grad(f))(x)):
            np.testing.assert_allclose(got, slope, rtol=1e-12)


def test_second_derivatives_where_arguments_of_carlsons_integrals_are_equal():
    """M(a, b) = (a+b)/2 - (a-b)²/16 + … near b, for b = 1; F(1, m) is the sum of its series in m."""
    assert grad(grad(lambda a: theirs.agm(a, 1.0)))(1.0) == pytest.approx(-1 / 8, rel=1e-12)
    s = lambda n: np.sum(np.sin((np.arange(10000) + 0.5) / 10000) ** n) / 10000
    assert grad(grad(lambda m: theirs.ellipkinc(1.0, m)))(0.0) == pytest.approx(3 / 4 * s(4), rel=1e-7)


@pytest.mark.parametrize(
    "f", [theirs.jve, theirs.yve, theirs.ive, lambda v, z: theirs.airye(z)[0], lambda v, z: grad_of_psi(z)]
)
def test_complex_arguments_without_a_rule_are_refused(f):
    with pytest.raises(UnsupportedFunction, match="with respect to a complex argument"):
        grad(lambda z: np.real(f(1.0, z)))(1 + 2j)


def grad_of_psi(z):
    return jvp(theirs.psi, (z,), (1 + 0j,))[1]


def test_single_precision_stays():
    x = np.array([0.3, 0.6], np.float32)
    for f in (theirs.erf, theirs.gammaln, theirs.log_ndtr, theirs.expit, lambda x: theirs.kv(1.5, x), theirs.ellipk):
        assert f(x).dtype == grad(lambda x, f=f: np.sum(f(x)))(x).dtype == np.float32


def test_outer_and_refused_methods():
    x, y = np.array([1.0, 2.0]), np.array([0.5, 3.0, 1.0])
    np.testing.assert_array_equal(vjp(theirs.beta.outer, x, y)[0], theirs.beta.outer(x, y))
    with pytest.raises(UnsupportedFunction):
        grad(lambda x: theirs.beta.reduce(x))(x)
    with pytest.raises(UnsupportedFunction, match="where"):
        grad(lambda x: np.sum(theirs.erf(x, where=np.array([True, False]))))(x)


# ---- programs --------------------------------------------------------------------------------------------------------
def test_programs_import_scipy():
    x = np.array([0.3, 0.6])
    program = stage(grad(lambda x: np.sum(theirs.erf(x) * theirs.airy(x)[0])))(x)
    text = program.source()
    assert "from scipy import special\n" in text
    namespace = {}
    exec(text, namespace)
    np.testing.assert_array_equal(namespace["lambda_"](x), program(x))
    np.testing.assert_array_equal(Program.from_json(program.to_json())(x), program(x))

    def special(x):
        return theirs.erf(x)

    assert "def special_(x)" in source(special, x)


def test_a_saved_program_loads_what_it_calls_and_funcgrad_alone_does_not():
    text = stage(theirs.erf)(0.5).to_json()
    code = f"""
import sys
import numpy as np, funcgrad
try:
    funcgrad.grad(lambda x: np.busday_count(x, x))(1.0)
except funcgrad.errors.UnsupportedFunction:
    pass
assert "scipy" not in sys.modules
print(funcgrad.Program.from_json({text!r})(0.5))
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert float(run.stdout) == theirs.erf(0.5)


def test_a_saved_program_without_scipy_names_the_extra():
    text = stage(theirs.erf)(0.5).to_json()
    code = f"""
import sys
sys.modules["scipy"] = None
import funcgrad
try:
    funcgrad.Program.from_json({text!r})
except funcgrad.errors.{MissingExtra.__name__} as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "funcgrad[scipy]" in run.stdout, run.stderr


def test_two_whole_numbers_of_numpys_beside_single_precision():
    """np.int64 makes float64 of float32: as literals the two of them would not."""
    x = np.full((2, 3), 0.25, np.float32)
    f = lambda x: theirs.lpmv(np.int64(0), np.int64(2), x)
    assert f(x).dtype == jit(f)(x).dtype == stage(f)(x)(x).dtype == np.float64
