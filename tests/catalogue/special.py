"""Records of funcgrad/scipy's tables: a row of each kind.  All other rows are in tests/unit/test_special_rows.py."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from funcgrad.scipy import special as ours
from funcgrad.scipy import stats
from funcgrad.scipy.distributions import wide
from funcgrad.scipy.orthants import NormalBelow
from tests.catalogue.record import Record
from tests.strategies import Draw, array, broadcastable, shape

UNIT, POSITIVE, REALS = (0.1, 0.9), (0.3, 3.0), (-2.0, 2.0)


def within(draw: Draw, shape: tuple[int, ...], dtype: str, interval: tuple[float, float]) -> Any:
    """An array with values of an interval; both parts of complex ones."""
    low, high = interval
    values = np.asarray(array(draw, shape, dtype, "unit")) / 1.8 + (0.5 + 0.5j if np.dtype(dtype).kind == "c" else 0.5)
    shift = low * (1 + 1j) if np.dtype(dtype).kind == "c" else low
    return (values * (high - low) + shift).astype(dtype)[()]


def of(function: Callable[..., Any], *intervals: tuple[float, float], name: str = "", **facts: Any) -> Record:
    """A function of as many arguments as there are intervals, whose shapes broadcast."""

    def case(draw: Draw, dtype: str) -> Any:
        shapes = broadcastable(draw, len(intervals)) if len(intervals) > 1 else [shape(draw)]
        return function, tuple([within(draw, one, dtype, i) for one, i in zip(shapes, intervals, strict=True)])

    return Record(f"special.{name or function.__name__}", case, **facts)


HOLOMORPHIC = {"complex": True}


def along_pairs(x: Any) -> Any:
    """log(eˣ + e²ˣ); of nothing SciPy's raises."""
    return ours.logsumexp(np.stack([x, 2 * x]), axis=0) if x.size else x


def below_twice(x: Any, y: Any, r: Any) -> Any:
    """The distribution function of two standard normal variables with correlation r."""
    x, y, r = np.broadcast_arrays(wide(x), wide(y), wide(r))
    one = np.ones(r.shape)
    cov = np.stack([np.stack([one, r], -1), np.stack([r, one], -1)], -2)
    return NormalBelow()(np.stack([x, y], -1), cov)


RECORDS = [
    of(special.erf, REALS, **HOLOMORPHIC, representative=True),
    of(special.erfc, REALS, **HOLOMORPHIC),
    of(special.erfcx, REALS, **HOLOMORPHIC),
    of(special.erfi, (-1.0, 1.0), **HOLOMORPHIC),
    of(special.erfinv, (-0.8, 0.8)),
    of(special.ndtr, REALS, **HOLOMORPHIC),
    of(special.log_ndtr, REALS),
    of(special.ndtri, UNIT),
    of(lambda x: special.fresnel(x), POSITIVE, name="fresnel", **HOLOMORPHIC),
    of(special.voigt_profile, REALS, (0.5, 2.0), (0.5, 2.0)),
    of(special.owens_t, REALS, REALS),
    of(special.gamma, POSITIVE),
    of(special.gammaln, POSITIVE),
    of(special.rgamma, (-0.9, 2.0)),
    of(special.psi, POSITIVE),
    of(special.poch, POSITIVE, POSITIVE),
    of(special.gammasgn, POSITIVE, constant=True, smooth=False),
    of(lambda x: special.gammainc(1.5, x), POSITIVE, name="gammainc"),
    of(lambda x: special.gammaincinv(1.5, x), UNIT, name="gammaincinv"),
    of(special.beta, POSITIVE, POSITIVE),
    of(special.betaln, POSITIVE, POSITIVE),
    of(lambda x: special.betainc(1.5, 2.5, x), UNIT, name="betainc"),
    of(special.expit, REALS),
    of(along_pairs, REALS, name="logsumexp", representative=True),
    of(lambda x: ours.logsumexp(x, keepdims=True) if x.size else x, REALS, name="logsumexp of all"),
    of(special.logit, UNIT),
    of(special.log_expit, REALS),
    of(special.xlogy, POSITIVE, POSITIVE, **HOLOMORPHIC),
    of(special.xlog1py, POSITIVE, POSITIVE, **HOLOMORPHIC),
    of(special.entr, POSITIVE),
    of(special.rel_entr, POSITIVE, POSITIVE),
    of(special.kl_div, POSITIVE, POSITIVE),
    of(special.pseudo_huber, POSITIVE, REALS),
    of(special.boxcox, POSITIVE, REALS),
    of(special.inv_boxcox, POSITIVE, UNIT),
    of(special.exprel, REALS),
    of(lambda x: special.jv(1.5, x), POSITIVE, name="jv", **HOLOMORPHIC),
    of(lambda x: special.kve(1.5, x), POSITIVE, name="kve", **HOLOMORPHIC),
    of(lambda x: special.hankel1(1, x), POSITIVE, name="hankel1", **HOLOMORPHIC),
    of(special.j1, REALS),
    of(lambda x: special.airy(x), REALS, name="airy", **HOLOMORPHIC),
    of(lambda x: special.kelvin(x), POSITIVE, name="kelvin", holomorphic=False),
    of(lambda x: special.struve(1, x), POSITIVE, name="struve"),
    of(special.ellipk, (-0.8, 0.8)),
    of(special.ellipkinc, (-1.4, 1.4), (-0.8, 0.8)),
    of(lambda u, m: special.ellipj(u, m), (-1.0, 1.0), UNIT, name="ellipj"),
    of(special.agm, (0.5, 1.5), (2.0, 3.0)),
    of(lambda x: special.expn(2, x), POSITIVE, name="expn"),
    of(special.exp1, POSITIVE, **HOLOMORPHIC),
    of(lambda x: special.sici(x), POSITIVE, name="sici", **HOLOMORPHIC),
    of(special.spence, POSITIVE),
    of(lambda x: special.hyp1f1(0.5, 1.5, x), REALS, name="hyp1f1"),
    of(lambda x: special.hyp2f1(0.5, 1.5, 2.5, x), (-0.7, 0.7), name="hyp2f1"),
    of(special.wrightomega, POSITIVE, **HOLOMORPHIC),
    of(lambda x: special.lambertw(x), POSITIVE, name="lambertw", **HOLOMORPHIC),
    of(lambda x: special.eval_legendre(3, x), (-0.8, 0.8), name="eval_legendre"),
    of(lambda x: special.zeta(2.5, x), POSITIVE, name="zeta"),
    of(lambda x: special.stdtr(3.0, x), REALS, name="stdtr"),
    of(lambda y, kappa: stats.vonmises.cdf(wide(y), wide(kappa)), REALS, POSITIVE, name="vonmises"),
    of(below_twice, REALS, REALS, (-0.8, 0.8), name="two normal variables"),
]
