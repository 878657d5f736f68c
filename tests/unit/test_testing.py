"""check_grads finds what is wrong, says where, and is silent otherwise; strategies draw what they promise."""

import subprocess
import sys
from collections import namedtuple

import numpy as np
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import stop_gradient
from funcgrad.primitives.kinds import Linear, Opaque
from funcgrad.testing import check_grads, strategies

Pair = namedtuple("Pair", "one other")


def cube(x):
    """x³ in three factors, so that each order can be spoilt."""
    return x * x * x


# ---- what is right ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (np.sin, [0.5]),
        (np.sin, (np.float64(0.5),)),
        (lambda x: x * x, [np.ones((2, 0))]),
        (lambda x, y: x / y, [np.ones(3), 2.0]),
        (lambda x: (x, [2 * x, {"z": x**2}]), [np.arange(1.0, 4.0)]),
        (lambda p: p["w"] * p["b"][0], [{"w": 2.0, "b": (3.0,)}]),
        (lambda p: np.sin(p.one) * p.other, [Pair(1.0, np.ones(2))]),
        (lambda x: 3.0, [1.0]),
        (lambda x: x > 0, [1.0]),
        (lambda z: z * z, [1 + 2j]),
        (lambda z: np.abs(z), [np.array([1 + 2j, 3 - 1j])]),
        (lambda x: x * (1 + 2j), [2.0]),
        (lambda x, n, name: x**n, [2.0, 3, "name"]),
        (lambda x, i: x * i, [np.ones(3), np.arange(3)]),
        (lambda x: x * np.float32(2), [np.ones(3, np.float32)]),
        (lambda x, y: np.exp(x) * y, [np.float32(0.5), np.float64(2.0)]),
    ],
)
@pytest.mark.parametrize("modes", ["fwd", "rev", ("fwd", "rev"), ["rev"]])
def test_right_derivatives_pass(f, args, modes):
    check_grads(f, args, order=2, modes=modes)


def test_third_order_passes():
    check_grads(lambda x, y: np.sin(x * y) + x**3, [np.array([0.5, 0.7]), 0.3], order=3)


# ---- what is wrong ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_a_wrong_first_derivative(mode):
    with pytest.raises(AssertionError, match=rf"with respect to args\[0\] is wrong at order 1 \({mode}\)") as caught:
        check_grads(lambda x: stop_gradient(x) * x, [3.0], order=1, modes=mode)
    got, wanted = numbers(caught)
    assert wanted == pytest.approx(2 * got)


@pytest.mark.parametrize("modes", [("fwd",), ("rev",), ("fwd", "rev")])
def test_a_wrong_second_derivative(modes):
    f = lambda x: cube(x) + (x - stop_gradient(x)) * stop_gradient(x)  # ∂: 3x² + x, and then 6x + 0
    g = lambda x: cube(x) + 0.5 * stop_gradient((x - stop_gradient(x)) ** 2)
    check_grads(g, [2.0], order=2, modes=modes)
    with pytest.raises(AssertionError, match="order 1"):
        check_grads(f, [2.0], order=2, modes=modes)


class SpoiltSquare(Opaque):
    """z = x², whose first derivative is right and whose second is not."""

    reads = "x"

    def run(self, x):
        return x * x

    def infer(self, x):
        return x

    def vjp(self, zbar, z, x):
        return (zbar * stop_gradient(2 * x),)

    def batch(self, x):
        return self(x)


@pytest.mark.parametrize("modes", ["fwd", "rev", ("fwd", "rev")])
def test_a_rule_that_is_right_only_at_first_order(modes):
    check_grads(SpoiltSquare(), [np.array([1.0, 2.0])], order=1, modes=modes)
    last = modes if type(modes) is str else "fwd"
    with pytest.raises(AssertionError, match=rf"wrong at order 2 \({last} of {last}\)"):
        check_grads(SpoiltSquare(), [np.array([1.0, 2.0])], order=2, modes=modes)


@frozen(eq=False, repr=False)
class SpoiltIdentity(Linear):
    """z = x, whose transpose is wrong at one entry."""

    #: That entry.
    at: int

    def run(self, x):
        return x * 1.0

    def infer(self, x):
        return x

    def transpose(self, zbar, x):
        return zbar * np.where(np.arange(x.shape[0]) == self.at, 3.0, 1.0)

    def batch(self, x):
        return self(x)


def test_the_wrong_entry_is_named():
    f = lambda params: {"y": SpoiltIdentity(2)(params["layers"][1]) * params["b"]}
    args = [{"b": 2.0, "layers": [np.ones(3), np.array([1.0, 2.0, 3.0, 4.0])]}]
    check_grads(f, args, modes="fwd")
    with pytest.raises(AssertionError, match=r"args\[0\]\['layers'\]\[1\]\[2\] is wrong at order 1 \(rev\)") as caught:
        check_grads(f, args)
    got, wanted = numbers(caught)
    assert got == pytest.approx(3 * wanted)


def test_a_kink_is_wrong_and_a_larger_tolerance_accepts_it():
    f = lambda x: np.abs(x - 1e-4)
    with pytest.raises(AssertionError, match="eps"):
        check_grads(f, [0.0], order=1)
    check_grads(f, [0.0], order=1, eps=1e-6)
    check_grads(f, [0.0], order=1, atol=3.0)
    check_grads(f, [0.0], order=1, rtol=9.0)


def test_single_precision_is_compared_as_such():
    x = np.linspace(0.5, 2.0, 5, dtype=np.float32)
    check_grads(lambda x: np.tanh(x) * x, [x])
    with pytest.raises(AssertionError):
        check_grads(lambda x: np.tanh(x) * x, [x], rtol=0.0, atol=0.0)


def numbers(caught):
    """The two numbers of a message."""
    words = str(caught.value).replace(",", " ").split()
    return float(words[words.index("where") - 1]), float(words[words.index("gives") + 1].rstrip("."))


@pytest.mark.parametrize("wrong", [{"modes": "forward"}, {"modes": ()}, {"order": 0}, {"args": [1, "a"]}, {"args": []}])
def test_senseless_questions_are_refused(wrong):
    with pytest.raises(ValueError, match=r"modes|argument"):
        check_grads(**{"f": lambda *args: 1.0, "args": [1.0], **wrong})


# ---- strategies ------------------------------------------------------------------------------------------------------
@given(st.data())
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
def test_arrays(dtype, data):
    x = data.draw(strategies.arrays(dtype, domain=(0.25, 2.0)))
    assert type(x) is (np.ndarray if np.ndim(x) else np.dtype(dtype).type)
    assert x.dtype == dtype
    assert np.all((x.real >= 0.25) & (x.real <= 2.0))


@given(strategies.arrays(shape=strategies.shapes(1, 2, 1, 2)))
def test_shapes(x):
    assert 1 <= x.ndim <= 2
    assert set(x.shape) <= {1, 2}


@given(strategies.away_from([0.0, 1.0], strategies.arrays(np.float32), distance=0.25))
def test_away_from(x):
    assert np.asarray(x).dtype == np.float32
    assert np.all(np.minimum(np.abs(x), np.abs(x - 1)) >= 0.2499)


@given(strategies.away_from([0.0], strategies.arrays(complex)))
def test_away_from_complex(x):
    assert np.all(np.abs(x) >= 0.0999)


@given(strategies.distinct(np.float32, shape=(2, 4), distance=0.5))
def test_distinct(x):
    assert x.shape == (2, 4)
    assert np.all(np.diff(np.sort(x, axis=None)) >= 0.499)


@given(strategies.trees())
def test_trees(t):
    check_grads(lambda t: t, [t], order=1)


def test_integers_have_no_derivatives():
    with pytest.raises(TypeError, match="int64"):
        strategies.arrays(np.int64)


def test_without_hypothesis_the_error_says_what_to_install():
    program = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import funcgrad.testing\n"
        "try:\n    from funcgrad.testing import strategies\n"
        "except ModuleNotFoundError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'funcgrad[test]'" in done.stdout
