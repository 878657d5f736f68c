"""Distributions of one variable: location, scale and support, once for all, about the functions of a standard one.

Outside of the support the standard functions are computed at a point inside and not chosen, so that no derivative meets
an infinity or a NaN there. As SciPy's, the answers are of double precision, and NaN where a parameter is impossible.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from attrs import field, frozen
from scipy import stats

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.op import admit, strong
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.primitives.shaping import Cast
from funcgrad.scipy.mirroring import traced

Function = Callable[..., Any]
INFINITE = (-np.inf, np.inf)


def wide(a: Any) -> Any:
    """A value in at least double precision."""
    a = strong(admit(a))
    dtype = np.result_type(type_of(a).dtype, np.float64)
    return a if type_of(a).dtype == dtype else Cast(dtype)(a)


def refuse_function(name: str, function: str) -> NoReturn:
    """Refuse a function of a distribution."""
    refuse(
        UnsupportedFunction,
        f"scipy.stats.{name}.{function} of traced values is not supported: it has no closed form in SciPy's functions.",
        "Pass plain numbers, or wrap it with a rule of your own (docs: add a primitive).",
    )


@frozen(eq=False)
class Distribution:
    """What continuous and discrete distributions have in common: how their arguments are read."""

    #: Its name in scipy.stats.
    name: str
    #: The names of its shape parameters.
    shapes: tuple[str, ...] = ()
    #: Whether shape parameters are possible.
    possible: Function = field(kw_only=True, default=lambda *_: True)
    #: The ends of the support, and a point inside of it, by the shape parameters.
    support: Function = field(kw_only=True, default=lambda *_: INFINITE)
    #: A point of the support.
    inner: Function = field(kw_only=True, default=lambda *_: 0.0)
    #: The log-density or the log-probability, the distribution function, 1 minus that, and their logarithms.
    log: Function | None = field(kw_only=True, default=None)
    below: Function | None = field(kw_only=True, default=None)
    above: Function | None = field(kw_only=True, default=None)
    log_below: Function | None = field(kw_only=True, default=None)
    log_above: Function | None = field(kw_only=True, default=None)
    #: The quantile.
    quantile: Function | None = field(kw_only=True, default=None)

    def read(self, x: Any, args: tuple[Any, ...], keywords: dict[str, Any], last: tuple[str, ...]) -> tuple[Any, ...]:
        """x, the shape parameters, and then loc and scale."""
        names = (*self.shapes, *last)
        given = dict(zip(names, args, strict=False))
        wrong = [name for name in keywords if name not in names or name in given]
        missing = [name for name in self.shapes if name not in given and name not in keywords]
        if wrong or missing or len(args) > len(names):
            raise TypeError(f"{self.name} takes {', '.join(names)}, and not {wrong or missing or list(args)}")
        values = {"loc": 0.0, "scale": 1.0, **given, **keywords}
        return (wide(x), [wide(values[name]) for name in self.shapes], *[wide(values[name]) for name in last])

    def plainly(self, function: str, x: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """SciPy's own answer."""
        return getattr(getattr(stats, self.name), function)(x, *args, **keywords)

    def known(self, function: str, rule: Function | None) -> Function:
        """A standard function, if it is there."""
        if rule is None:
            refuse_function(self.name, function)
        return rule

    def cumulated(self, which: str, y: Any, shapes: list[Any], allowed: Any) -> Any:
        """The distribution function, 1 minus it, or the logarithm of one of the two."""
        below = which in ("cdf", "logcdf")
        rule, log = (self.below, self.log_below) if below else (self.above, self.log_above)
        low, high = self.support(*shapes)
        inside = (low < y) & (y < high) if type(self) is Continuous else (low <= y) & (y < high)
        safe = np.where(inside, y, self.inner(*shapes))
        if which.startswith("log"):
            value = log(safe, *shapes) if log else np.log(self.known(which, rule)(safe, *shapes))
        else:
            value = rule(safe, *shapes) if rule else np.exp(self.known(which, log)(safe, *shapes))
        certain = (y >= high) if below else (y < low if type(self) is Discrete else y <= low)
        one, nothing = (0.0, -np.inf) if which.startswith("log") else (1.0, 0.0)
        return settled(np.where(inside, value, np.where(certain, one, nothing)), y, allowed)


def settled(value: Any, y: Any, allowed: Any) -> Any:
    """A value, and NaN where a parameter is impossible or the argument is NaN."""
    return np.where((y == y) & allowed, value, np.nan)


@frozen(eq=False)
class Continuous(Distribution):
    """A distribution with a density: that of loc + scale · Y for the standard Y."""

    def standard(self, x: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, ...]:
        """(x - loc) / scale, the shape parameters, scale, and where all are possible."""
        x, shapes, loc, scale = self.read(x, args, keywords, ("loc", "scale"))
        return (x - loc) / scale, shapes, scale, (scale > 0) & self.possible(*shapes)

    def logpdf(self, x: Any, *args: Any, **keywords: Any) -> Any:
        """The logarithm of the density; -∞ outside of the support."""
        if not traced(x, args, keywords):
            return self.plainly("logpdf", x, args, keywords)
        y, shapes, scale, allowed = self.standard(x, args, keywords)
        low, high = self.support(*shapes)
        inside = (low <= y) & (y <= high)
        safe = np.where(inside, y, self.inner(*shapes))
        value = self.known("logpdf", self.log)(safe, *shapes) - np.log(scale)
        return settled(np.where(inside, value, -np.inf), y, allowed)

    def pdf(self, x: Any, *args: Any, **keywords: Any) -> Any:
        """The density; 0 outside of the support."""
        if not traced(x, args, keywords):
            return self.plainly("pdf", x, args, keywords)
        return np.exp(self.logpdf(x, *args, **keywords))

    def of(self, which: str, x: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A function of the distribution function."""
        if not traced(x, args, keywords):
            return self.plainly(which, x, args, keywords)
        y, shapes, _, allowed = self.standard(x, args, keywords)
        return self.cumulated(which, y, shapes, allowed)

    def cdf(self, x: Any, *args: Any, **keywords: Any) -> Any:
        """The probability of at most x."""
        return self.of("cdf", x, args, keywords)

    def sf(self, x: Any, *args: Any, **keywords: Any) -> Any:
        """The probability of more than x."""
        return self.of("sf", x, args, keywords)

    def logcdf(self, x: Any, *args: Any, **keywords: Any) -> Any:
        """The logarithm of the probability of at most x."""
        return self.of("logcdf", x, args, keywords)

    def logsf(self, x: Any, *args: Any, **keywords: Any) -> Any:
        """The logarithm of the probability of more than x."""
        return self.of("logsf", x, args, keywords)

    def ppf(self, q: Any, *args: Any, **keywords: Any) -> Any:
        """The quantile: the x at which the distribution function is q."""
        if not traced(q, args, keywords):
            return self.plainly("ppf", q, args, keywords)
        q, shapes, loc, scale = self.read(q, args, keywords, ("loc", "scale"))
        low, high = self.support(*shapes)
        inside = (q > 0) & (q < 1)
        value = self.known("ppf", self.quantile)(np.where(inside, q, 0.5), *shapes)
        value = np.where(inside, value, np.where(q == 0, low, np.where(q == 1, high, np.nan)))
        return settled(value * scale + loc, q, (scale > 0) & self.possible(*shapes))


@frozen(eq=False)
class Discrete(Distribution):
    """A distribution of whole numbers, moved by loc."""

    def standard(self, k: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, ...]:
        """k - loc, the shape parameters, and where these are possible."""
        k, shapes, loc = self.read(k, args, keywords, ("loc",))
        return k - loc, shapes, self.possible(*shapes)

    def logpmf(self, k: Any, *args: Any, **keywords: Any) -> Any:
        """The logarithm of the probability of k; -∞ where k is no whole number of the support."""
        if not traced(k, args, keywords):
            return self.plainly("logpmf", k, args, keywords)
        y, shapes, allowed = self.standard(k, args, keywords)
        low, high = self.support(*shapes)
        inside = (low <= y) & (y <= high) & (np.floor(y) == y)
        value = self.known("logpmf", self.log)(np.where(inside, y, self.inner(*shapes)), *shapes)
        return settled(np.where(inside, value, -np.inf), y, allowed)

    def pmf(self, k: Any, *args: Any, **keywords: Any) -> Any:
        """The probability of k."""
        if not traced(k, args, keywords):
            return self.plainly("pmf", k, args, keywords)
        return np.exp(self.logpmf(k, *args, **keywords))

    def of(self, which: str, k: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A function of the distribution function."""
        if not traced(k, args, keywords):
            return self.plainly(which, k, args, keywords)
        y, shapes, allowed = self.standard(k, args, keywords)
        return self.cumulated(which, np.floor(y), shapes, allowed)

    def cdf(self, k: Any, *args: Any, **keywords: Any) -> Any:
        """The probability of at most k."""
        return self.of("cdf", k, args, keywords)

    def sf(self, k: Any, *args: Any, **keywords: Any) -> Any:
        """The probability of more than k."""
        return self.of("sf", k, args, keywords)

    def logcdf(self, k: Any, *args: Any, **keywords: Any) -> Any:
        """The logarithm of the probability of at most k."""
        return self.of("logcdf", k, args, keywords)

    def logsf(self, k: Any, *args: Any, **keywords: Any) -> Any:
        """The logarithm of the probability of more than k."""
        return self.of("logsf", k, args, keywords)
