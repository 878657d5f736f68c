"""scipy.special: a use of every public name, at points in the interior of its domain."""

import numpy as np
from scipy import special

from funcgrad.scipy import special as ours

#: `sph_harm`, which is refused, warns whoever calls it that it goes.
UFUNCS = {name: f for name, f in vars(special).items() if isinstance(f, np.ufunc) and name != "sph_harm"}

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


#: The uses of functions that are no ufuncs, of a vector x and a number t, by the use they have in common.
OTHERS = {
    "sp.{}(x, 2)": "assoc_laguerre",
    "sp.{}(2, x)": "h1vp h2vp ivp jvp kvp yvp comb diric perm legendre_p legendre_p_all lqn polygamma "
    "spherical_jn spherical_yn spherical_in spherical_kn",
    "sp.{}(x)": "sinc softplus lambertw factorial logsumexp softmax log_softmax",
    "sp.{}(2.5, x)": "zeta",
    "sp.{}(x + 2, 2)": "multigammaln",
    "sp.{}(2, 3, x)": "assoc_legendre_p assoc_legendre_p_all lqmn sph_legendre_p sph_legendre_p_all",
    "sp.{}(1, 2, 0.3, x)": "sph_harm_y sph_harm_y_all",
    "sp.{}(2, t)": "genlaguerre gegenbauer lmbda mathieu_even_coef mathieu_odd_coef pbdn_seq pbdv_seq "
    "pbvv_seq riccati_jn riccati_yn roots_genlaguerre roots_gegenbauer la_roots cg_roots stirling2",
    "sp.{}(1, 2, t)": "jacobi sh_jacobi roots_jacobi roots_sh_jacobi j_roots js_roots obl_cv_seq pro_cv_seq",
    "sp.{}(1.0, 2.0, 2, 1, t)": "ellip_harm ellip_harm_2",
    "sp.{}(1.0, 2.0, 2, t)": "ellip_normal",
    "sp.{}(t)": "bernoulli euler",
}
USES = {name: use.format(name) for use, names in OTHERS.items() for name in names.split()}
#: What the other names are about, which are given no real numbers.
WITHOUT_NUMBERS = {
    "SciPy itself": "errstate geterr seterr",
    "whole numbers: products, and the zeros, nodes and polynomials that it has for them": " ".join(
        name
        for name in special.__all__
        if name.endswith(("_zeros", "_roots")) or name.startswith(("roots_", "factorial", "cheb", "sh_", "her"))
    )
    + " laguerre legendre",
}


def ufunc_use(name: str) -> tuple[str, dict[str, float], str]:
    """A line that calls a ufunc, the values of the arguments that are traced in it, and which ones cannot be."""
    args = max(points(name, 6), key=lambda args: sum(a for a in args if not isinstance(a, float)))  # no constants
    values, words = {}, []
    for i, value in enumerate(args):
        if isinstance(value, float) and (name, i) not in REFUSED:
            values[f"p{i}"] = np.float64(value)
            words.append(f"p{i}")
        else:
            words.append(repr(np.asarray(value).item()))
    missing = [str(i) for i in range(len(args)) if (name, i) in REFUSED and isinstance(args[i], float)]
    if not values:  # then the refusal is what there is to see
        values, words[-1] = {"p": np.float64(args[-1])}, "p"
    return f"sp.{name}({', '.join(words)})", values, ", ".join(missing)


def uses() -> dict[str, tuple[str, dict[str, float], str]]:
    """A use of every public name that takes real numbers: of SciPy's, and of those that funcgrad.scipy.special has."""
    found = {f"scipy.special.{name}": ufunc_use(name) for name in UFUNCS}
    found |= {f"scipy.special.{name}": (use, {}, "") for name, use in USES.items() if hasattr(special, name)}
    own = {name: USES[name] for name in ours.__all__ if name in USES}
    return found | {f"funcgrad.scipy.special.{name}": (use.replace("sp.", "fsp."), {}, "") for name, use in own.items()}
