"""Every ufunc of scipy.special: its derivatives are the limits of differences, to the second order, or it refuses."""

import pickle

import numpy as np
import pytest
from scipy import special

from funcgrad import grad, jvp
from funcgrad.errors import UnsupportedFunction
from funcgrad.primitives import names

UFUNCS = {name: f for name, f in vars(special).items() if isinstance(f, np.ufunc)}

#: Points at which to look, by the names of functions: an interval for each argument, or integers to choose from.
UNIT, POSITIVE, REALS, ABOVE = (0.1, 0.9), (0.3, 3.0), (-2.0, 2.0), (1.2, 3.0)
ORDERS, PARTS = [0, 1, 2, 3], [2, 3]
POINTS = {
    "erfinv logit": [(-0.9, 0.9)],
    "logit ndtri kolmogi": [UNIT],
    "erfcinv": [(0.1, 1.9)],
    "ndtri_exp": [(-4.0, -0.1)],
    "y0 y1 k0 k1 k0e k1e exp1 kei keip ker kerp spence entr it2struve0 expi wrightomega": [POSITIVE],
    "gamma gammaln rgamma psi digamma": [(-1.9, 3.3)],
    "loggamma log1p modfresnelm modfresnelp": [POSITIVE],
    "sici shichi fresnel kelvin itj0y0 iti0k0 it2j0y0 it2i0k0": [POSITIVE],
    "airye": [POSITIVE],
    "ellipk ellipe": [(-2.0, 0.9)],
    "ellipkm1": [(0.05, 2.0)],
    "kolmogorov": [(0.4, 2.0)],
    "gammainc gammaincc beta betaln agm rel_entr kl_div elliprc gammainc huber pseudo_huber poch": [POSITIVE] * 2,
    "elliprf": [POSITIVE] * 3,
    "boxcox boxcox1p powm1": [POSITIVE, REALS],
    "xlogy": [REALS, POSITIVE],
    "inv_boxcox inv_boxcox1p": [POSITIVE, (0.05, 0.9)],
    "xlog1py": [REALS, POSITIVE],
    "gammaincinv gammainccinv chdtri stdtrit": [POSITIVE, UNIT],
    "stdtr": [POSITIVE, REALS],
    "chdtr chdtrc binom": [(2.3, 3.2), POSITIVE],
    "ellipkinc ellipeinc": [(-6.0, 6.0), (-2.0, 0.9)],
    "ellipj": [REALS, UNIT],
    "elliprd elliprg": [POSITIVE] * 3,
    "elliprj": [POSITIVE] * 4,
    "betainc betaincc betaincinv betainccinv": [POSITIVE, POSITIVE, UNIT],
    "gdtr gdtrc": [POSITIVE] * 3,
    "gdtria": [UNIT, POSITIVE, POSITIVE],
    "gdtrix": [POSITIVE, POSITIVE, UNIT],
    "pdtr pdtrc": [[0.5, 1.5, 2.5], POSITIVE],
    "pdtri": [ORDERS, UNIT],
    "bdtr bdtrc bdtri": [[0.5, 1.5, 2.5], [4, 5], UNIT],
    "nbdtr nbdtrc nbdtri": [ORDERS, [4, 5], UNIT],
    "fdtr fdtrc": [POSITIVE] * 3,
    "fdtri": [POSITIVE, POSITIVE, UNIT],
    "nrdtrimn": [UNIT, POSITIVE, REALS],
    "nrdtrisd": [(-2.0, 0.0), (0.6, 0.9), (0.5, 2.0)],
    "chndtr": [(1.0, 6.0), (2.0, 4.0), (0.5, 2.0)],
    "chndtrix": [UNIT, (2.0, 4.0), (0.5, 2.0)],
    "chndtrinc": [(1.5, 2.5), (1.0, 1.5), (0.1, 0.4)],
    "tklmbda": [(-0.4, 0.4), REALS],
    "jv jn jve yv yve iv ive kv kve struve modstruve hankel1 hankel2 hankel1e hankel2e": [(-0.7, 3.0), POSITIVE],
    "yn kn expn": [ORDERS, POSITIVE],
    "besselpoly": [POSITIVE, POSITIVE, PARTS],
    "wright_bessel log_wright_bessel": [POSITIVE] * 3,
    "voigt_profile": [REALS, POSITIVE, POSITIVE],
    "radian": [REALS] * 3,
    "hyp0f1": [POSITIVE, REALS],
    "hyp1f1": [POSITIVE, POSITIVE, REALS],
    "hyp2f1": [POSITIVE, POSITIVE, POSITIVE, (-2.0, 0.8)],
    "hyperu": [POSITIVE] * 3,
    "eval_hermite eval_hermitenorm": [ORDERS, REALS],
    "eval_gegenbauer eval_genlaguerre": [ORDERS, POSITIVE, (-0.9, 0.9)],
    "eval_jacobi": [ORDERS, POSITIVE, POSITIVE, (-0.9, 0.9)],
    "eval_sh_jacobi": [ORDERS, (2.5, 3.0), POSITIVE, UNIT],
    "lpmv": [[0, 1, 2], [2, 3], (-0.9, 0.9)],
    "mathieu_cem mathieu_sem": [PARTS, POSITIVE, (5.0, 80.0)],
    "mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2": [PARTS, POSITIVE, (0.1, 1.0)],
    "pbdv pbvv": [REALS, POSITIVE],
    "pbwa": [REALS, (0.1, 2.0)],
    "pro_ang1 obl_ang1": [[0, 1], PARTS, POSITIVE, (-0.9, 0.9)],
    "pro_rad1 pro_rad2": [[0, 1], PARTS, POSITIVE, ABOVE],
    "obl_rad1 obl_rad2": [[0, 1], PARTS, POSITIVE, POSITIVE],
    "pro_ang1_cv obl_ang1_cv": [[0, 1], PARTS, POSITIVE, (4.0, 7.0), (-0.9, 0.9)],
    "pro_rad1_cv pro_rad2_cv": [[0, 1], PARTS, POSITIVE, (4.0, 7.0), ABOVE],
    "obl_rad1_cv obl_rad2_cv": [[0, 1], PARTS, POSITIVE, (4.0, 7.0), POSITIVE],
}
DOMAINS = {name: domains for names, domains in POINTS.items() for name in names.split()}


def points(name, count):
    """Points of the domain of a function; polynomials have theirs in common, as have functions of real numbers."""
    rng = np.random.default_rng(sum(map(ord, name)))
    f = UFUNCS[name]
    domains = DOMAINS.get(name) or ([ORDERS, UNIT] if name.startswith("eval_") else [REALS] * f.nin)
    draw = lambda domain: rng.choice(domain) if isinstance(domain, list) else float(rng.uniform(*domain))
    found = [tuple(map(draw, domains)) for _ in range(count)]
    if name.endswith("_cv") and f.nin == 5:  # the eigenvalue must be one
        cv = special.pro_cv if name.startswith("pro") else special.obl_cv
        found = [(m, n, c, float(cv(m, n, c)), x) for m, n, c, _, x in found]
    return found


def results(z):
    """Real numbers: the real and imaginary parts of one result or several."""
    parts = z if isinstance(z, tuple) else (z,)
    real = lambda one: (np.real(one), np.imag(one)) if one.dtype.kind == "c" else (one,)
    return [part for one in parts for part in real(one)]


def along(name, args, i):
    """The function of one argument alone."""
    f = UFUNCS[name]
    return lambda t: f(*args[:i], t, *args[i + 1 :])


def slopes(f, t, h):
    """The difference quotients of fourth order of several results."""
    h *= max(abs(t), 0.1)
    a, b, c, d = [f(np.float64(t + k * h)) for k in (1, 2, -1, -2)]
    return [(8 * (p - q) - (r - s)) / (12 * h) for p, r, q, s in zip(a, b, c, d, strict=True)]


def derivatives(f, t):
    """The derivative of each result, backwards; forwards they are the same."""
    count = len(results(f(np.float64(t))))
    found = [grad(lambda t, k=k: results(f(t))[k])(t) for k in range(count)]
    np.testing.assert_allclose(jvp(lambda t: results(f(t)), (t,), (1.0,))[1], found, rtol=1e-12, atol=1e-300)
    return found


def close(got, want, rtol):
    np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol)


#: The arguments in which functions refuse, by their places.
REFUSALS = {
    "0": "jn jv jve yv yve iv ive kv kve hankel1 hankel1e hankel2 hankel2e struve modstruve chdtr chdtrc chdtri "
    "gammainc gammaincc gammaincinv gammainccinv hyp0f1 pbdv pbvv pbwa stdtr stdtrit zetac",
    "1": "besselpoly chndtr chndtrinc chndtrix eval_gegenbauer eval_genlaguerre gdtr gdtrc gdtria gdtrix tklmbda "
    "mathieu_cem mathieu_sem mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2",
    "2": "obl_ang1 obl_rad1 pro_ang1 pro_rad1",
    "01": "betainc betaincc betaincinv betainccinv fdtr fdtrc fdtri hyp1f1 hyperu log_wright_bessel wright_bessel "
    "mathieu_a mathieu_b pdtrik smirnov smirnovi stdtridf chdtriv",
    "12": "eval_jacobi eval_sh_jacobi",
    "23": "obl_ang1_cv obl_rad1_cv pro_ang1_cv pro_rad1_cv obl_rad2 pro_rad2",
    "012": "bdtrik bdtrin btdtria btdtrib chndtridf fdtridfd gdtrib nbdtrik nbdtrin nctdtr nctdtridf nctdtrinc "
    "nctdtrit obl_cv pro_cv hyp2f1",
    "234": "obl_rad2_cv pro_rad2_cv",
    "0123": "ncfdtr ncfdtri ncfdtridfd ncfdtridfn ncfdtrinc",
}
REFUSED = {(name, int(place)) for places, names in REFUSALS.items() for name in names.split() for place in places}


def check(f, t):
    """The first and the second derivative against differences."""
    close(derivatives(f, t), slopes(lambda t: results(f(t)), t, 2e-3), 1e-6)
    second = [grad(lambda t, k=k: grad(lambda s: results(f(s))[k])(t))(t) for k in range(len(results(f(t))))]
    close(second, slopes(lambda t: derivatives(f, t), t, 1e-3), 1e-5)


@pytest.mark.parametrize("name", UFUNCS)
def test_every_function_has_its_derivatives_or_refuses(name):
    """With respect to each argument that is a real number, at points in the interior of the domain."""
    for args in points(name, 2):
        for i, t in enumerate(args):
            if (name, i) in REFUSED:
                with pytest.raises(UnsupportedFunction, match=r"has no derivative rule with respect to its argument"):
                    derivatives(along(name, args, i), float(t))
            elif isinstance(t, float):
                check(along(name, args, i), t)


def test_every_function_is_an_operation_with_a_name():
    for f in UFUNCS.values():
        name = f"scipy.special.{f.__name__}"
        op = names.operation(name)
        assert op.ufunc is f
        assert pickle.loads(pickle.dumps(op)) is op
        assert names.named(op) == (name, {})
