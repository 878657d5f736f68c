"""Stable forms: programs of losses that are right where the loss as it was written underflows, and that stay short."""

import pickle

import numpy as np
import pytest

from funcgrad import Program, grad, jit, jvp, stage, taylor, value_and_grad
from funcgrad.backends.interpreting import interpreted
from funcgrad.rewrites.simplifying import simplified
from funcgrad.transforms.staging import graph_of, stop_gradient


def softmax(x, axis):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def by_weights(x, y):
    return -np.mean(np.sum(y * np.log(softmax(x, 1)), axis=1))


def by_labels(x, y):
    return -np.mean(np.log(softmax(x, 1)[np.arange(len(x)), np.argmax(y, axis=1)]))


def by_columns(x, y):
    return -np.sum(y.T * np.log(softmax(x.T, 0))) / len(x)


def by_row(x, y):
    total = 0.0
    for row, label in zip(x, np.argmax(y, axis=1), strict=True):
        e = np.exp(row - np.max(row))
        total = total - np.log(e / np.sum(e))[label]
    return total / len(x)


def stopped(x, y):
    e = np.exp(x - stop_gradient(np.max(x, axis=1, keepdims=True)))
    return -np.sum(np.log(e / np.sum(e, axis=1, keepdims=True)) * y) * (1 / len(x))


LOSSES = [by_weights, by_labels, by_columns, by_row, stopped]
Y = np.eye(3)[[1, 2, 0]]


def known(x):
    """The loss and its gradient, as they are in mathematics."""
    u = x - np.max(x, axis=1, keepdims=True)
    logs = u - np.log(np.sum(np.exp(u), axis=1, keepdims=True))
    return -np.sum(Y * logs) / len(x), (np.exp(logs) - Y) / len(x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", [None, interpreted])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_cross_entropy_is_right_where_exponentials_underflow(loss, backend, dtype):
    x = np.array([[0.0, -900.0, 1.0], [2.0, 1.0, 3.0], [0.0, 1.0, 800.0]], dtype)
    options = {} if backend is None else {"backend": backend}
    program = jit(value_and_grad(loss), **options)
    with np.errstate(all="ignore"):
        program(x, Y.astype(dtype))
        value, slope = program(x, Y.astype(dtype))
    assert value.dtype == slope.dtype == dtype
    for got, wanted in zip((value, slope), known(x.astype("float64")), strict=True):
        np.testing.assert_allclose(got, wanted, 1e-6 if dtype == "float32" else 1e-14, 1e-7)


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_no_number_stays_none_and_stays_in_its_row(loss):
    x = np.array([[0.0, np.nan, 1.0], [2.0, 1.0, 3.0], [0.0, np.inf, 800.0], [0.0, 1.0, -np.inf]])
    y = np.vstack([Y, Y[:1]])
    with np.errstate(all="ignore"):
        value, slope = stage(value_and_grad(loss))(x, y)(x, y)
        wanted = grad(loss)(x, y)
    assert np.isnan(value)
    assert np.isnan(slope[0]).all()
    assert np.isnan(slope[2, 1])
    np.testing.assert_allclose(slope[[1, 3]], wanted[[1, 3]], 1e-14)


SOFT = [lambda x: np.log(1.0 + np.exp(x)), lambda x: np.log1p(np.exp(x))]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", [None, interpreted])
@pytest.mark.parametrize("f", SOFT)
def test_the_slope_of_log_of_one_and_an_exponential_is_right_where_that_overflows(f, backend, dtype):
    x = np.array([800.0, 1.0, 0.0, -800.0, np.inf, -np.inf, np.nan], dtype)
    a = np.array([0.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], dtype)
    options = {} if backend is None else {"backend": backend}
    wanted = [1.0, 1 / (1 + np.exp(-1.0)), 0.5, 0.0, 1.0, 0.0, np.nan]
    with np.errstate(all="ignore"):
        for g, scale in (
            (lambda x: np.sum(f(x)), 1),
            (lambda x: np.sum(a * f(x)), a),
            (lambda x: np.mean(f(x)), 1 / 7),
        ):
            program, both = jit(grad(g), **options), jit(value_and_grad(g), **options)
            program(x), both(x)
            slope = program(x)
            assert slope.dtype == dtype
            np.testing.assert_allclose(slope, np.array(wanted, dtype) * scale, 1e-6 if dtype == "float32" else 1e-14)
            np.testing.assert_array_equal(both(x)[1], slope)


@pytest.mark.parametrize("f", SOFT)
def test_its_slopes_of_higher_order_and_of_python_numbers(f):
    with np.errstate(all="ignore"):
        first, second = stage(grad(f))(1.0), stage(grad(grad(f)))(1.0)
        assert [first(800.0), first(-800.0)] == [1.0, 0.0]
        assert [second(800.0), second(-800.0)] == [0.0, 0.0]
        np.testing.assert_allclose(second(1.0), np.exp(1.0) / (1 + np.exp(1.0)) ** 2, 1e-15)
        assert jvp(first, (800.0,), (1.0,)) == (1.0, 0.0)
        assert taylor(first, 0.5, 2)[1] == pytest.approx(second(0.5), 1e-12)
        assert pickle.loads(pickle.dumps(first))(800.0) == 1.0
        assert Program.from_json(first.to_json())(800.0) == 1.0
    assert type(first(800.0)) is type(first(1.0)) is float


def binary(x, y):
    p = 1.0 / (1.0 + np.exp(-x))
    return np.mean(-y * np.log(p) - (1.0 - y) * np.log(1.0 - p))


def binary_in_turn(x, y):
    p = 1.0 / (1.0 + np.exp(-x))
    return -(np.sum(np.log(p) * y) + np.sum(np.log(1.0 - p) * (1.0 - y))) / len(x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", [binary, binary_in_turn])
def test_the_slope_of_a_binary_cross_entropy_is_a_difference_of_shares(loss, dtype):
    """Where a probability is rounded to 0 or 1, too."""
    x = np.array([800.0, 40.0, 1.0, 0.0, -40.0, -800.0, np.inf, -np.inf], dtype)
    y = np.array([0.0, 0.25, 1.0, 0.5, 0.75, 1.0, 0.5, 0.5], dtype)
    with np.errstate(all="ignore"):
        slope = stage(grad(loss))(x, y)(x, y)
        wanted = (1 / (1 + np.exp(-x.astype("float64"))) - y) / 8
    assert slope.dtype == dtype
    np.testing.assert_allclose(slope, wanted, 1e-6 if dtype == "float32" else 1e-14)


def test_what_where_hides_stays_hidden():
    """A branch not taken has the slope 0, even if its exponential overflows."""
    x = np.array([800.0, 1.0])
    with np.errstate(all="ignore"):
        slope = stage(grad(lambda x: np.sum(np.where(x > 100, x * x, np.log(1.0 + np.exp(x))))))(x)(x)
    np.testing.assert_allclose(slope, [1600.0, 1 / (1 + np.exp(-1.0))], 1e-15)


@pytest.mark.parametrize("loss", LOSSES)
def test_no_slope_of_a_logarithm_is_left(loss):
    graph = simplified(graph_of(grad(loss), np.ones((3, 3)), Y))
    names = [step.op.name for step in graph.steps]
    assert "log" not in names
    assert names.count("multiply") + names.count("chain") <= (4 if loss is not by_row else 9)


def test_small_numbers_keep_their_digits():
    assert stage(lambda x: np.log(1.0 + x))(1e-20)(1e-20) == 1e-20
    assert stage(lambda x: np.exp(x) - 1.0)(1e-20)(1e-20) == 1e-20


def shown(f, *args):
    """The names of the steps of the simplified graph."""
    return [step.op.name for step in simplified(graph_of(f, *args)).steps]


@pytest.mark.parametrize(
    ("f", "names"),
    [
        (lambda x: np.log(1.0 + np.concatenate([x] * 99)), ["Concatenate", "add", "log"]),
        (lambda x: np.exp(np.concatenate([x] * 99)) - 1.0, ["Concatenate", "exp", "subtract"]),
        (lambda x: np.log(np.exp(x) / np.sum(np.exp(x))), ["exp", "Sum", "divide", "log"]),
        (lambda x: (lambda u: np.log(u) + u)(1.0 + x), ["add", "log", "add"]),
        (lambda x: np.log1p(np.exp(x)), ["exp", "log1p"]),
    ],
)
def test_what_would_take_longer_or_lose_something_stays(f, names):
    assert shown(f, np.array([1.0, 2.0])) == names


def test_a_minimum_and_another_axis_are_no_softmax():
    def least(x):
        e = np.exp(x - np.min(x, axis=1, keepdims=True))
        return np.log(e / np.sum(e, axis=1, keepdims=True))

    def crossed(x):
        e = np.exp(x - np.max(x, axis=1))
        return np.log(e / np.sum(e, axis=1))

    assert shown(least, np.ones((3, 3)))[-2:] == ["divide", "log"]
    assert shown(crossed, np.ones((3, 3)))[-2:] == ["divide", "log"]
