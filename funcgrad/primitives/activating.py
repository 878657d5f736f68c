"""Functions of networks that no composition of others computes as well: Φ, the logistic function, the rectifier."""

from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import Binary, Opaque

#: Φ(-a) = ½ exp(-a²/2) p(s) / (1 + 2t) for a ≥ 0, with t = a/√2 and s = (t - 3)/(t + 3): p is (1 + 2t) exp(t²) erfc(t)
#: as a polynomial in s, the highest power first, to 17 digits and to 9. The map is that of Shepherd and Laframboise,
#: *Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞*, Mathematics of Computation 36 (1981).
DOUBLE = (
    -3.451497487664328e-11, 8.393734858690877e-10, 1.2019719440135793e-09, -8.217595058711455e-09,
    -1.3906145791730994e-08, 4.1064013667940355e-08, 1.0277997488271058e-07, -1.4047654315428462e-07,
    -6.175617678992323e-07, 3.5576086684080595e-07, 3.473024167841533e-06, -7.308281468783614e-07,
    -2.0100843094844725e-05, 4.949196649968345e-06, 0.0001250994355712812, -0.00010515971958448065,
    -0.0007798322884823084, 0.0018886903449991718, 0.0025293918180474668, -0.02377051491717134,
    0.06830802734384515, -0.11927366341538638, 0.12964515870276475, -0.0475622943534492,
    -0.1356211061245812, 1.2530080582697296,
)  # fmt: skip
SINGLE = (
    3.861849136821459e-06, 7.731024224076895e-05, -0.00010413071427970404, -0.0007264536790340485,
    0.0018881128646091253, 0.0024991168696069477, -0.023770334675484478, 0.06831656777114085, -0.11927369132068087,
    0.1296441143440814, -0.04756229269565379, -0.1356210694002736, 1.2530080582534238,
)  # fmt: skip
#: So many numbers at a time stay in the processor's cache.
BLOCK = 1 << 13
#: Beyond it Φ(-a) is 0.
FAR = 40.0
HALF_ROOT = 0.5**0.5
DENSITY = 1 / (2 * np.pi) ** 0.5


def cumulative(x: Any) -> Any:
    """Φ(x) of plain numbers, at the dtype of exp(x)."""
    dtype = np.exp(np.empty(0, x.dtype)).dtype
    flat = np.asarray(x, np.float32 if dtype.itemsize <= 4 else np.float64).reshape(-1)
    z = np.empty(flat.shape, flat.dtype)
    for i in range(0, len(flat), BLOCK):
        z[i : i + BLOCK] = below(flat[i : i + BLOCK])
    return z.astype(dtype, copy=False).reshape(x.shape)[()]


def below(x: Any) -> Any:
    """Φ(x) of an array of floats: in the left tail, too, exact to a few units in the last place."""
    a = np.minimum(np.abs(x), FAR)
    t = a * HALF_ROOT
    s = (t - 3) / (t + 3)
    terms, splitter = (DOUBLE, 134217729) if x.dtype == np.float64 else (SINGLE, 4097)
    p = np.full_like(s, terms[0])
    for term in terms[1:]:
        p *= s
        p += term
    # a² to twice the digits (Dekker, 1971): what a square loses, its exponential would lose as many times over.
    square, high = a * a, a * splitter
    high -= high - a
    low = a - high
    lost = (high * high - square) + 2 * high * low + low * low
    tail = 0.5 * np.exp(-0.5 * square) * (1 - 0.5 * lost) * p / (1 + 2 * t)
    return np.where(x < 0, tail, 1 - tail)


@frozen(eq=False, repr=False)
class NormalDistribution(Opaque):
    """z = Φ(x) = ½ erfc(-x/√2), the normal distribution function.  ∂z/∂x = exp(-x²/2) / √(2π).

    A primitive because NumPy has no error function. To 16 digits, in the left tail relative to z.
    """

    reads: ClassVar[str] = "x"

    def run(self, x: Any) -> Any:
        return cumulative(x)

    def infer(self, x: Any) -> Any:
        return Type(x.shape, np.exp(np.empty(0, x.dtype)).dtype)

    def slope(self, x: Any) -> Any:
        """The density."""
        return DENSITY * np.exp(-0.5 * (x * x))

    def vjp(self, zbar: Any, z: Any, x: Any) -> tuple[Any, ...]:
        return (zbar * self.slope(x),)

    def jvp(self, dots: list[Any], z: Any, x: Any) -> Any:
        return dots[0] * self.slope(x)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class Logistic(Opaque):
    """z = 1 / (1 + e⁻ˣ).  ∂z/∂x = z (1 - z).

    A primitive for stability: e⁻ˣ may overflow here, and nothing infinite is multiplied on the way back.
    """

    reads: ClassVar[str] = "z"

    def run(self, x: Any) -> Any:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-x))

    def infer(self, x: Any) -> Any:
        return Type(x.shape, np.exp(np.empty(0, x.dtype)).dtype)

    def vjp(self, zbar: Any, z: Any, x: Any) -> tuple[Any, ...]:
        return (zbar * (z * (1 - z)),)

    def jvp(self, dots: list[Any], z: Any, x: Any) -> Any:
        return dots[0] * (z * (1 - z))

    def batch(self, *args: Any) -> Any:
        return self(*args)


#: Φ(x).
normal_distribution = NormalDistribution()
#: 1 / (1 + e⁻ˣ).
logistic = Logistic()
#: max(x, y) and min(x, y), of which a tie is y's alone: max(x, 0) has slope 0 at 0, as in all libraries of networks.
rectified = Binary(
    np.maximum, np.maximum, (lambda _z, x, y: x > y, lambda _z, x, y: x <= y), label="rectified", chooses=True
)
capped = Binary(np.minimum, np.minimum, (lambda _z, x, y: x < y, lambda _z, x, y: x >= y), label="capped", chooses=True)
