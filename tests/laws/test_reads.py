"""kept(z = f(x, y)) = read(f): a graph keeps the arrays that the rules read, and no others.

So a chain of additions keeps O(1) arrays, as many as it would if its derivatives were written by hand.
"""

from weakref import ref

import numpy as np
import pytest

from funcgrad import grad, vjp
from funcgrad.primitives import pointwise
from funcgrad.primitives.kinds import Pointwise

OPERATIONS = [op for op in vars(pointwise).values() if isinstance(op, Pointwise)]
PARTIALS = [
    pytest.param(op, i, id=f"{op.name}-{'xy'[i]}")
    for op in OPERATIONS
    for i, partial in enumerate(op.partials)
    if callable(partial)
]
VALUES = (np.array([0.6, 0.7]), np.array([1.25, 1.5]), np.array([2.5, 1.75]))


class TouchedError(Exception):
    """A value was read."""


class Unreadable:
    """It stands for a value that is not there."""

    def touched(self, *args, **keywords):
        raise TouchedError

    __array_ufunc__ = __array_function__ = __getattr__ = touched
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = touched
    __pow__ = __rpow__ = __neg__ = __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __abs__ = touched
    __hash__ = None


@pytest.mark.parametrize(("op", "i"), PARTIALS)
def test_partials_read_what_they_declare_and_nothing_else(op, i):
    whole = op.ufunc in (np.ldexp,)  # its second argument is an integer
    values = [a.astype(int) if whole and k == 2 else a for k, a in enumerate(VALUES[: 1 + len(op.partials)])]
    with np.errstate(all="ignore"):
        op.partials[i](*[a if k in op.reads[i] else Unreadable() for k, a in enumerate(values)])
    for k in op.reads[i]:
        with pytest.raises(TouchedError), np.errstate(all="ignore"):
            2.0 * op.partials[i](*[Unreadable() if j == k else a for j, a in enumerate(values)])


def alive_after(step, count=50):
    """How many of the arrays that a chain of steps makes are alive while its graph is."""
    made = []

    def chain(x):
        for _ in range(count):
            x = step(x)
            made.append(ref(x.value))
        return x

    _, pull = vjp(chain, np.linspace(0.1, 0.2, 8))
    alive = sum(r() is not None for r in made)
    del pull
    assert not any(r() is not None for r in made)
    return alive


@pytest.mark.parametrize(
    "step",
    [
        lambda x: x + 1.0,
        lambda x: 2.0 - x,
        lambda x: -x,
        lambda x: x * 1.01,
        lambda x: x / 1.01,
        lambda x: x + np.ones(8),
        lambda x: x * np.full(8, 1.01),
        lambda x: x[::-1],
        lambda x: x.reshape(2, 4).reshape(8),
        lambda x: np.where(np.arange(8) > 3, x, 0.0),
        lambda x: np.concatenate([x[4:], x[:4]]),
        lambda x: np.cumsum(x) / 8,
        lambda x: np.roll(x, 3),
        lambda x: x @ np.eye(8),
    ],
    ids=[
        "add",
        "subtract",
        "negative",
        "scale",
        "divide",
        "add array",
        "scale by array",
        "flip",
        "reshape",
        "where",
        "concatenate",
        "cumsum",
        "roll",
        "matmul",
    ],
)
def test_linear_chains_keep_no_arrays(step):
    assert alive_after(step) <= 2


@pytest.mark.parametrize(
    "step",
    [np.sin, np.tanh, lambda x: np.exp(-x), np.sqrt, lambda x: x * x, lambda x: x**3, lambda x: 1 / (1 + x)],
    ids=["sin", "tanh", "exp", "sqrt", "square", "power", "reciprocal"],
)
def test_other_chains_keep_one_array_a_step(step):
    assert 49 <= alive_after(step) <= 51


def test_a_matrix_that_only_its_own_derivative_would_need_is_not_kept():
    """d(x W)/dx reads W, which is there anyhow; the product itself is read by nothing."""
    made = []

    def f(x):
        for _ in range(20):
            x = x @ (np.eye(8) * 1.01)
            made.append(ref(x.value))
        assert sum(r() is not None for r in made) <= 2
        return np.sum(x)

    np.testing.assert_allclose(grad(f)(np.ones(8)), np.full(8, 1.01**20))
