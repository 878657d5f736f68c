"""Stabilising: forms that differ from what was written by rounding alone, and for the better, in no more time.

An overflow and an underflow count as roundings. Much that is stable takes longer, and so is left as it was written:
`docs/rewrites.md` says what, and how much longer.
"""

from typing import Any

import numpy as np

from funcgrad.primitives import pointwise
from funcgrad.primitives.indexing import Gather, Index, Scatter
from funcgrad.primitives.kinds import Expand, Sum, chain, ratio, thinned
from funcgrad.primitives.reducing import Extreme
from funcgrad.primitives.shaping import Cast, Reshape
from funcgrad.primitives.stopping import Stop
from funcgrad.rewrites.algebra import is_number
from funcgrad.rewrites.casting import DOUBLE, SINGLE
from funcgrad.rewrites.draft import Draft, identity

#: Up to so many elements log1p and expm1 take less time than two steps on every processor. Above, where NumPy has no
#: vectors of 512 bits, they take up to 10 times as long.
FEW = 1 << 6
#: So many signs, constant factors and places among zeros may stand before the slope of a logarithm.
DEPTH = 3
#: Products that may stand for one another where no 0·∞ occurs.
PRODUCTS = ("multiply", "chain")


# ---- near 1 and 0 ----------------------------------------------------------------------------------------------------
@identity("log", after=("add",))
def log_of_one_more(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """log(1 + x) = log1p(x) for few numbers: the small x is not rounded. One step less.

    The same where x ≤ -1, is infinite or NaN; -0.0 at x = -0.0.
    """
    terms = b.made(args[0], "add")
    for one, x in (terms, terms[::-1]) if terms else ():
        if is_number(b, one, 1) and few(b, args[0], x, kind):
            return b(pointwise.log1p, x)
    return None


@identity("subtract", "add", after=("exp",))
def exponential_less_one(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """exp(x) - 1 = expm1(x) for few numbers: no digits of a small x are lost. One step less.

    The same where x is infinite or NaN; -0.0 at x = -0.0.
    """
    for power, one in (args,) if op is pointwise.sub else (args, args[::-1]):
        inner = b.made(power, "exp")
        if inner and is_number(b, one, 1 if op is pointwise.sub else -1) and few(b, power, inner[0], kind):
            return b(pointwise.expm1, *inner)
    return None


def few(b: Draft, between: int, x: int, kind: Any) -> bool:
    """Whether x has few real numbers, of the answer's dtype and shape, and nothing else needs what is between."""
    same = b.types[x].dtype == kind.dtype and b.shape(x) == kind.shape
    return same and b.single(between) and kind.dtype in (SINGLE, DOUBLE) and kind.size <= FEW


@identity("chain", after=("divide", "multiply", "chain"))
def slope_of_log_of_sum(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """(a/(c + e))·e = a·(e/(c + e)) where ∞/∞ = 1, its limit, for e = exp(x), c > 0: right where e overflows.

    As many steps, or fewer. A program first divides without care, and does it again if a NaN comes of it.
    """
    for w, e in (args, args[::-1]):
        parts = fraction(b, w) if b.keys[e] == "exp" and b.real(e) and b.single(w) else None
        terms = b.made(parts[1], "add") if parts and b.shape(w) == kind.shape else None
        if not parts or not terms or e not in terms or b.types[parts[1]] != b.types[e]:
            continue
        c = b.factor(terms[1] if terms[0] == e else terms[0])
        if c is not None and 0 < c < np.inf:
            return b(chain, parts[0], b(ratio, e, parts[1]))
    return None


@identity(*PRODUCTS, after=PRODUCTS)
def slope_of_log_of_logistic(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """(a/p - c/(1 - p))·(p/u)·e = a·e/u - c·p for p = 1/u, u = 1 + e, e = exp(x): finite where 1 - p or p is 0.

    The same for + and for either alone. Three steps less, or two.
    """
    for w, e in (args, args[::-1]):
        inner = b.made(w, *PRODUCTS)
        if b.keys[e] != "exp" or not inner or not b.single(w):
            continue
        for z, q in (inner, inner[::-1]):
            p, u = b.made(q, "divide") or (q, q)
            if inverted(b, p) == u and of_one_and(b, u, e):
                return over_logistic(b, op, z, (p, u, e))
    return None


def of_one_and(b: Draft, u: int, e: int) -> bool:
    """Whether u = 1 + e, for real e."""
    terms = b.made(u, "add") or ()
    return e in terms and any([is_number(b, i, 1) for i in terms]) and b.real(e) and b.types[u] == b.types[e]


def over_logistic(b: Draft, op: Any, z: int, logistic: tuple[int, int, int]) -> int | None:
    """a·e/u for z = a/p, c·p for z = c/(1 - p), and sums of them, of values that nothing else needs."""
    p, u, e = logistic
    parts = (b.made(z, "add", "subtract") or (z,)) if b.single(z) else (z,)
    under = [denominator(b, i) for i in parts]
    other = [i is not None and b.keys[i] == "subtract" and b.args[i][1] == p and one_less(b, i) for i in under]
    if not all([i == p or less for i, less in zip(under, other, strict=True)]):
        return None
    if len(parts) == 2 and not (b.single(parts[0]) and b.single(parts[1])):
        return None
    terms = []
    for part, less in zip(parts, other, strict=True):
        share = p if less else b(ratio if op is chain else pointwise.div, e, u)
        product = pointwise.mul if b.keys[part] == "divide" else op
        terms.append(b(product, numerator(b, part), share))
    return terms[0] if len(terms) == 1 else b(b.ops[z], *terms)


def one_less(b: Draft, n: int) -> bool:
    """Whether a difference is one from 1."""
    return is_number(b, b.args[n][0], 1)


# ---- shares of a sum of exponentials ---------------------------------------------------------------------------------
@identity("log", after=("divide",))
def log_of_share(b: Draft, _op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """log(e/Σe) = u - log Σe for e = exp(u), u = x - max x: finite where e underflows. Logarithms of sums alone.

    As 1 ≤ Σe, no infinity and no NaN is lost or made. A quotient for each goes.
    """
    return log_softmax(b, *args)


@identity("log", after=(Gather, Index))
def log_of_part_of_share(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """log((e/Σe)[i]) = (u - log Σe)[i] for such e, if [i] takes as many as there are sums. No quotients."""
    (part,) = args
    p, *indices = b.made(part, Gather, Index) or (part,)
    share = shared(b, p)
    if not share or not b.single(part) or b.types[share[1]].size > kind.size:
        return None
    whole = log_softmax(b, p)
    return None if whole is None else b(b.ops[part], whole, *indices)


def log_softmax(b: Draft, p: int) -> int | None:
    """u - log s for a share p = exp(u)/s that nothing else needs."""
    share = shared(b, p)
    if not share or not b.single(p):
        return None
    (u,) = b.args[share[0]]
    return b(pointwise.sub, u, b(pointwise.log, share[1])) if b.types[u] == b.types[p] else None


@identity(*PRODUCTS, after=("divide",))
def slope_of_log_over_sum(b: Draft, _op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """(a/p)·(p/s) = a/s for a share p = e/s as above: finite where p underflows. A step less."""
    for w, q in (args, args[::-1]):
        inner = b.made(q, "divide")
        share = shared(b, inner[0]) if inner and b.single(q) else None
        if inner and share and same_array(b, inner[1], share[1]) and denominator(b, w) == inner[0]:
            return b(pointwise.div, numerator(b, w), share[1])
    return None


@identity(*PRODUCTS, after=("add", "subtract"))
def slope_of_log_of_share(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """(r - (a/p)/s)·e = r·e - a for a share p = e/s as above, r = Σ(c/s): finite where p underflows. Two steps less.

    Where s is NaN, r is. The same with + for -, and the other way round.
    """
    for total, e in (args, args[::-1]):
        terms = b.made(total, "add", "subtract")
        if b.keys[e] != "exp" or not terms or not b.single(total):
            continue
        for i in (0, 1):
            w, p = log_slope(b, terms[i], e)
            if p is not None and over_sum(b, terms[1 - i], b.args[p][1]):
                rest, a = b(op, terms[1 - i], e), numerator(b, w)
                return b(b.ops[total], *((a, rest) if i == 0 else (rest, a)))
    return None


def over_sum(b: Draft, r: int, s: int) -> bool:
    """Whether r is Σ c/s over the axes of the sum s but for sign and factor, so that it is NaN where s is."""
    total = unscaled(b, r)
    if b.keys[total] is not Sum or not level(b, r, s) or b.ops[total].axes != b.ops[behind(b, s)].axes:
        return False
    inner = unscaled(b, b.args[total][0])
    terms = b.made(inner, "divide")
    return terms is not None and same_array(b, terms[1], s) and b.shape(inner) == b.shape(*b.args[behind(b, s)])


def unscaled(b: Draft, n: int) -> int:
    """What was reshaped, or got another sign or a constant factor, to make a value that is NaN where it is."""
    while True:
        numbers = [i for i in b.args[n] if i in b.values and b.shape(i) == ()]
        if b.keys[n] is Reshape or b.keys[n] == "negative":
            (n,) = b.args[n]
        elif b.keys[n] == "multiply" and len(numbers) == 1:
            (n,) = [i for i in b.args[n] if i not in numbers]
        else:
            return n


def shared(b: Draft, p: int) -> tuple[int, int] | None:
    """(e, s) where p = e/s, e = exp(x - max x), s = Σ e over the axes of the maximum; so 1 ≤ s, or s is NaN."""
    parts = b.made(p, "divide")
    power = b.made(parts[0], "exp") if parts else None
    difference = b.made(power[0], "subtract") if power else None
    if not parts or not difference or not b.real(p):
        return None
    (e, s), (x, m) = parts, difference
    total, top = behind(b, s), behind(b, m)
    if b.keys[total] is not Sum or b.args[total] != (e,) or b.keys[top] is not Extreme or b.args[top] != (x,):
        return None
    axes = b.ops[total].axes
    maximal = b.ops[top].ufunc == "maximum" and b.ops[top].axes == axes
    thin = thinned(b.shape(x), axes)
    return (e, s) if maximal and thin == wide(b, s, len(thin)) and level(b, s, m) else None


def behind(b: Draft, n: int) -> int:
    """What was reshaped, or stopped, to make a value."""
    while b.keys[n] is Reshape or b.keys[n] is Stop:
        (n,) = b.args[n]
    return n


def wide(b: Draft, n: int, rank: int) -> tuple[int, ...]:
    """The shape in which a value meets others of more axes."""
    return (1,) * (rank - len(b.shape(n))) + b.shape(n)


def level(b: Draft, x: int, y: int) -> bool:
    """Whether two values meet others in one shape."""
    rank = max(len(b.shape(x)), len(b.shape(y)))
    return wide(b, x, rank) == wide(b, y, rank)


def same_array(b: Draft, x: int, y: int) -> bool:
    """Whether two values are one, reshaped to one shape."""
    return x == y or (level(b, x, y) and behind(b, x) == behind(b, y))


# ---- slopes of logarithms --------------------------------------------------------------------------------------------
def log_slope(b: Draft, t: int, e: int) -> tuple[int, int | None]:
    """(a/p, p) where t = (a/p)/s or (a/p)·(1/s), used once, for a share p = e/s; else (t, None)."""
    parts = b.made(t, "divide", *PRODUCTS) or ()
    for w, f in ((parts,) if b.keys[t] == "divide" else (parts, parts[::-1])) if parts and b.single(t) else ():
        p = denominator(b, w)
        share = None if p is None else shared(b, p)
        if share and share[0] == e and (divisor(b, f, share[1]) if b.keys[t] != "divide" else f == share[1]):
            return w, p
    return t, None


def divisor(b: Draft, f: int, s: int) -> bool:
    """Whether f = 1/s, reshaped or not."""
    under = inverted(b, behind(b, f))
    return under is not None and level(b, f, s) and behind(b, under) == behind(b, s)


def inverted(b: Draft, f: int) -> int | None:
    """x where f = 1/x."""
    inner = b.made(f, "divide", "reciprocal")
    return inner[-1] if inner and (len(inner) == 1 or is_number(b, inner[0], 1)) else None


def denominator(b: Draft, w: int, depth: int = DEPTH) -> int | None:
    """p where w = a/p: a quotient, -(a/p), c·(a/p), or quotients of some elements of p, among zeros."""
    found = fraction(b, w)
    if found or not depth:
        return found[1] if found else None
    part = inner_fraction(b, w)
    under = None if part is None else denominator(b, part, depth - 1)
    if under is None or b.keys[w] is not Scatter:
        return under
    taken = b.made(under, Gather, Index)
    (place,) = b.ops[w].places
    same = taken and b.ops[under] == (place[0] if type(place) is tuple else place) and taken[1:] == b.args[w][1:]
    return taken[0] if taken and same and b.shape(taken[0]) == b.shape(w) else None


def inner_fraction(b: Draft, w: int) -> int | None:
    """a/p in -(a/p), c·(a/p), and in zeros that it is put into."""
    if b.keys[w] == "negative" or (b.keys[w] is Scatter and len(b.ops[w].places) == 1):
        return b.args[w][0]
    for c, part in (b.args[w], b.args[w][::-1]) if b.keys[w] in PRODUCTS else ():
        if c in b.values and b.shape(c) == ():
            return part
    return None


def fraction(b: Draft, w: int) -> tuple[int, int] | None:
    """(a, p) where w = a/p or a·(1/p), for a number a or as many as w has."""
    parts = b.made(w, "divide", *PRODUCTS)
    for a, f in (parts, parts[::-1]) if parts else ():
        p = f if b.keys[w] == "divide" else inverted(b, f)
        if p is not None and b.shape(a) in ((), b.shape(w)):
            return a, p
        if b.keys[w] == "divide":
            break
    return None


def numerator(b: Draft, w: int) -> int:
    """a where w = a/p, for the p of `denominator`, in the shape of w."""
    found = fraction(b, w)
    if found:
        return full(b, found[0], b.types[w])
    part = inner_fraction(b, w)
    assert part is not None
    a = numerator(b, part)
    if b.keys[w] in PRODUCTS:
        return b(b.ops[w], *[a if i == part else i for i in b.args[w]])
    return b(b.ops[w], a, *b.args[w][1:])


def full(b: Draft, a: int, kind: Any) -> int:
    """A number, repeated in a shape; both that and an array at a dtype."""
    a = a if b.types[a].dtype == kind.dtype and not b.types[a].weak else b(Cast(kind.dtype), a)
    return a if b.shape(a) == kind.shape else b(Expand(kind.shape, tuple(range(len(kind.shape)))), a)
