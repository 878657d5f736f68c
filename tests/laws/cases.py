"""What the laws share: the records they run over, the cases they draw, and the arithmetic of trees of arrays."""

from typing import Any

import numpy as np
import pytest
from attrs import field, frozen
from hypothesis import settings
from hypothesis import strategies as st

from funcgrad import grad, tree
from tests.catalogue import RECORDS


@frozen
class Case:
    """One drawn case of a record: a function, its arguments, and random numbers to move them by."""

    #: Plain NumPy code.
    f: Any
    #: A tuple of arrays.
    args: tuple[Any, ...]
    #: Where directions come from.
    seed: int
    #: The generator of that seed.
    rng: Any = field(init=False, repr=False)
    #: f of the arguments, by NumPy alone.
    value: Any = field(init=False, repr=False)

    @rng.default
    def _rng(self):
        return np.random.default_rng(self.seed)

    @value.default
    def _value(self):
        with np.errstate(all="ignore"):
            return self.f(*self.args)

    @property
    def everything(self):
        """The positions of all arguments."""
        return tuple(range(len(self.args)))

    def like(self, values):
        """Random numbers in the shapes and dtypes of a tree of arrays."""
        return tree.map(lambda a: random_like(self.rng, a), values)

    def scalar(self, *args):
        """⟨w, f(args)⟩ for weights w that are always the same: f made real and scalar."""
        return dot(weights(self.value), self.f(*args))

    def gradient(self, *args):
        """Its gradient with respect to all arguments."""
        return grad(self.scalar, self.everything)(*args)


@st.composite
def cases(draw, record, dtype):
    """Cases of a record."""
    f, args = record.case(draw, dtype)
    return Case(f, args, draw(st.integers(0, 2**32 - 1)))


def differentiable(record):
    return not record.constant


def every(record):
    return True


def over(select, *dtypes):
    """Parametrise a law over the records selected and over dtypes, complex ones where the record makes sense there."""
    pairs = [
        pytest.param(record, dtype, id=f"{record.name}-{dtype}")
        for record in RECORDS
        if select(record)
        for dtype in dtypes
        if record.complex or not dtype.startswith("complex")
    ]
    return pytest.mark.parametrize(("record", "dtype"), pairs)


#: Half as many cases as the profile has: for laws that take long, and look less at numbers than at what is made.
halved = settings(max_examples=settings.default.max_examples // 2)


# ---- trees of arrays ----------------------------------------------------------------------------------------------
def kind(a):
    """NumPy's letter for what kind of numbers these are."""
    return np.asarray(a).dtype.kind


def random_like(rng, a):
    """Random numbers of [-1, 1] in the shape and dtype of `a`; zeros where it is not differentiable."""
    dtype, shape = np.asarray(a).dtype, np.shape(a)
    if dtype.kind not in "fc":
        return np.zeros(shape, dtype)[()]
    real, imaginary = rng.uniform(-1, 1, (2, *shape))
    return (real + 1j * imaginary if dtype.kind == "c" else real).astype(dtype)[()]


def weights(values):
    """Fixed numbers near one, no two the same, in the shapes of a tree of arrays."""
    rng = np.random.default_rng(8)
    return tree.map(lambda a: random_like(rng, a) * 0.5 + 1 if kind(a) in "fc" else np.zeros_like(a), values)


def dot(one, other):
    """Re Σ aᵢ bᵢ over two trees: the pairing under which a pullback is the transpose of a pushforward."""
    total = 0.0
    for a, b in zip(tree.leaves(one), tree.leaves(other), strict=True):
        if kind(a) in "fc":  # the first of the two is never traced, and the second is of its dtype
            total = total + np.sum(np.real(a * b) if kind(a) == "c" else a * b)
    return total


def size(values):
    """Σ |aᵢ| over a tree, and 1: what a difference of dots is to be compared with."""
    return 1 + sum(np.sum(np.abs(a)) for a in tree.leaves(values))


def moved(args, directions, step):
    """args + step · directions."""
    return tree.map(lambda a, d: a + step * d if kind(a) in "fc" else a, args, directions)


def difference(f, args, directions, step=1e-3):
    """The derivative of f along `directions` by the central difference of fourth order."""

    def combined(one, two, back, further):
        return (8 * (one - back) - (two - further)) / (12 * step) if kind(one) in "fc" else np.zeros_like(one)

    with np.errstate(all="ignore"):
        return tree.map(combined, *[f(*moved(args, directions, k * step)) for k in (1, 2, -1, -2)])


def stacked(items, axis=0):
    """Trees of arrays as one tree of batches."""
    return tree.map(lambda *a: np.stack(a, axis), *items)


def is_limit(got, f, args, directions, rtol, what=""):
    """Assert that `got` is the derivative of f along `directions`; a kink nearer than a step asks for a smaller one."""
    try:
        close(got, difference(f, args, directions), rtol, what)
    except AssertionError:
        close(got, difference(f, args, directions, 2e-5), rtol, what)


def close(got, want, rtol, what=""):
    """Assert that two trees of arrays are alike, relative to the largest number of each array."""
    got, want = tree.leaves(got), tree.leaves(want)
    assert len(got) == len(want), what
    for i, (a, b) in enumerate(zip(got, want, strict=True)):
        assert np.shape(a) == np.shape(b), f"{what}: shapes {np.shape(a)} and {np.shape(b)} of result {i}"
        sizes = np.abs(np.asarray(b, dtype=np.result_type(b, np.float64)))
        largest = np.max(sizes, where=np.isfinite(sizes), initial=1.0)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * largest, err_msg=what)
