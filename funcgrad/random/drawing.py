"""Drawing: the operations that keys go into.  A batch of keys gives the stack of what each gives alone."""

from typing import Any, ClassVar, Literal

import numpy as np
from attrs import frozen

from funcgrad.errors import NotReparameterised
from funcgrad.graph.dispatch import saved
from funcgrad.graph.graph import Graph
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type
from funcgrad.primitives.activating import cumulative
from funcgrad.primitives.kinds import Opaque, stretched, with_rank
from funcgrad.primitives.reducing import Flat
from funcgrad.primitives.stopping import Stop
from funcgrad.random.philox import FOLD, high, words
from funcgrad.random.quantiles import gaussian, quantile
from funcgrad.random.rejection import log_gamma, poisson
from funcgrad.random.slopes import slope

#: The transforms that ask for no derivative. Of any other it is taken that it does: then nothing is dropped.
PLAIN = frozenset(
    {
        "vmap",
        "jit",
        "eval_shape",
        "graph_of",
        "stage",
        "checkpoint",
        "scan",
        "while_loop",
        "cond",
        "switch",
        "odeint",
        "solve_ivp",
    }
)


@saved
@frozen(eq=False, repr=False)
class Words(Flat):
    """z = the first words of each key (…, 2): uint64 (…, count)."""

    #: How many.
    count: int
    #: What they are for: 0 for numbers, 1 for keys.
    purpose: int

    def run(self, key: Any) -> Any:
        return words(key, self.count, 0, self.purpose)

    def infer(self, key: Any) -> Any:
        return Type((*key.shape[:-1], self.count), key.dtype)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@saved
@frozen(eq=False, repr=False)
class Folded(Flat):
    """z = the key that a key (…, 2) and a whole number (…) make."""

    def run(self, key: Any, data: Any) -> Any:
        return words(key, 2, np.asarray(data).astype(np.uint64), FOLD)

    def infer(self, key: Any, data: Any) -> Any:
        return key

    def batch(self, *args: Any) -> Any:
        return self(*args)


@saved
@frozen(eq=False, repr=False)
class Whole(Flat):
    """z = x + the upper half of the product w(y - x) of 128 bits: a whole number from x to below y for each word w.

    Each comes up as often as any other, but for one part in 2⁶⁴/(y - x). Without a number below y it is x.
    """

    #: The dtype of the answer.
    dtype: np.dtype[Any]

    def run(self, word: Any, x: Any, y: Any) -> Any:
        w, low, top = np.atleast_1d(word), np.atleast_1d(x), np.atleast_1d(y)
        start = low.astype(np.uint64)
        span = top.astype(np.uint64) - start
        z = np.where(span == 0, w, high(w, span)) + start
        return np.where(top > low, z, start).astype(self.dtype).reshape(word.shape)[()]

    def infer(self, word: Any, x: Any, y: Any) -> Any:
        return word.with_dtype(self.dtype)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*beside(size, which, args))


@saved
@frozen(eq=False, repr=False)
class Gaussian(Flat):
    """z = Φ⁻¹ of the fraction that each word names: a standard normal number."""

    def run(self, word: Any) -> Any:
        return gaussian(word)[()]

    def infer(self, word: Any) -> Any:
        return word.with_dtype(np.float64)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@saved
@frozen(eq=False, repr=False)
class Poisson(Flat):
    """z = a Poisson number for each mean (…, n), of the key (…, 2)."""

    def run(self, key: Any, mean: Any) -> Any:
        return poisson(key, mean)

    def infer(self, key: Any, mean: Any) -> Any:
        return mean.with_dtype(np.int64)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@saved
@frozen(eq=False, repr=False)
class LogGamma(Opaque):
    """z = the logarithm of a gamma number for each shape a (…, n), of the key (…, 2).  ∂z/∂a is `slope`."""

    reads: ClassVar[str] = "z y"

    def run(self, key: Any, a: Any) -> Any:
        return log_gamma(key, a)

    def infer(self, key: Any, a: Any) -> Any:
        return a

    def vjp(self, zbar: Any, z: Any, key: Any, a: Any) -> tuple[Any, ...]:
        return (None, zbar * slope(z, a))

    def jvp(self, dots: list[Any], z: Any, key: Any, a: Any) -> Any:
        return None if dots[1] is None else dots[1] * slope(z, a)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@saved
@frozen(eq=False, repr=False)
class Truncated(Opaque):
    """z = Φ⁻¹((1-u) Φ(x) + u Φ(y)): a normal number between x and y, which broadcast, for each fraction u.

    ∂z/∂x = (1-u) φ(x)/φ(z) and ∂z/∂y = u φ(y)/φ(z), with φ(x)/φ(z) = exp((z² - x²)/2). The interval is mirrored where
    that brings it to the left, for there probabilities are exact.
    """

    reads: ClassVar[str] = "z x y w"

    def run(self, u: Any, x: Any, y: Any) -> Any:
        mirrored = x > 0
        low = np.where(mirrored, -y, x).astype(np.float64)
        top = np.where(mirrored, -x, y).astype(np.float64)
        v = np.where(mirrored, 1 - u, u)
        start, size = cumulative(low), cumulative(top) - cumulative(low)
        p = start + v * size
        right = p > 0.5
        tail = np.where(right, cumulative(-top) + (1 - v) * size, p)
        z = quantile(np.where(right, 0.5 - tail, tail - 0.5), tail).reshape(u.shape)
        return np.clip(np.where(mirrored, -z, z), x, y)[()]

    def infer(self, u: Any, x: Any, y: Any) -> Any:
        return u

    def slopes(self, z: Any, u: Any, x: Any, y: Any) -> list[Any]:
        """∂z/∂x and ∂z/∂y; 0 at an infinite bound."""
        found: list[Any] = [None]
        for bound, share in ((x, 1 - u), (y, u)):
            finite = np.isfinite(bound)
            own = np.where(finite, bound, 0.0)
            found.append(np.where(finite, share * np.exp((z * z - own * own) / 2), 0.0))
        return found

    def vjp(self, zbar: Any, z: Any, u: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return tuple([None if slope is None else zbar * slope for slope in self.slopes(z, u, x, y)])

    def jvp(self, dots: list[Any], z: Any, u: Any, x: Any, y: Any) -> Any:
        slopes = self.slopes(z, u, x, y)
        terms = [dot * one for dot, one in zip(dots, slopes, strict=True) if not (dot is None or one is None)]
        return sum(terms[1:], terms[0]) if terms else None

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*beside(size, which, args))


def beside(size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> list[Any]:
    """The arguments of a batch, of which the first has the shape of the answer and the others broadcast to it."""
    first = args[0] if which[0] else stretched(args[0], size)
    others = [with_rank(a, first.ndim - 1) if b else a for a, b in zip(args[1:], which[1:], strict=True)]
    return [first, *others]


# ---- what has no derivative ------------------------------------------------------------------------------------------
@saved
@frozen(eq=False, repr=False)
class Decisive(Stop):
    """z = x, by which a choice among whole numbers is made: whoever asks for a derivative is refused.

    The draw is constant almost everywhere, and its distribution is not: a derivative of zero would be wrong.
    """

    #: The function that draws.
    function: Literal["bernoulli", "categorical", "choice", "poisson"]
    #: The argument that decides.
    argument: Literal["p", "logits", "lam"]

    def __call__(self, *args: Any) -> Any:
        if type(args[0]) is Node and moves(args[0].history):
            self.dropped()
        return super().__call__(*args)

    def dropped(self) -> None:
        refuse(
            NotReparameterised,
            f"random.{self.function} was to be differentiated with respect to {self.argument}. It draws whole "
            "numbers, which do not move smoothly with it.",
            f"Write stop_gradient({self.argument}), and for the derivative of a mean use the score function: add "
            f"stop_gradient(value) * log_probability({self.argument}).",
        )


def moves(history: Any) -> bool:
    """Whether a derivative of a call that is running goes through a history."""
    seen, stack = {history}, [history]
    while stack:
        one = stack.pop()
        if getattr(one.op, "constant", False) or not any([call.running for call in one.calls]):
            continue
        if hasattr(one.op, "call") and differentiates(one):
            return True
        below = [getattr(a, "history", a) for a in one.args]
        new = [h for h in below if hasattr(h, "calls") and h not in seen]
        seen.update(new)
        stack += new
    return False


def differentiates(leaf: Any) -> bool:
    """Whether a leaf is what a running call differentiates with respect to."""
    call = leaf.op.call
    inner = call.function is Graph.__call__ and bool(leaf.args)  # of the derivative of a graph
    return bool(call.running and (inner or call.transform not in PLAIN))
