"""Shapes, joining, padding and conversions are NumPy's, in value, dtype and refusal, known or unknown."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from funcgrad import eval_shape, grad, jacobian, jvp, vjp, vmap
from funcgrad.errors import BadArgument, LostDerivative, UnknownValue, UnsupportedFunction
from funcgrad.graph.dispatch import OPERATORS, found
from funcgrad.graph.node import Node
from funcgrad.primitives.shaping import Overlapped, Windows

X = np.arange(24.0).reshape(2, 3, 4)


def raised(f):
    """The exception's class and words."""
    with pytest.raises(Exception) as caught:
        f()
    return type(caught.value), str(caught.value)


WRONG = {
    "meshgrid": lambda x: np.meshgrid(x, indexing="yx"),
    "reshape": lambda x: np.reshape(x, (5, 5)),
    "reshape -1": lambda x: np.reshape(x, (5, -1)),
    "reshape -1 twice": lambda x: np.reshape(x, (-1, -1)),
    "transpose": lambda x: np.transpose(x, (0, 1)),
    "transpose twice": lambda x: np.transpose(x, (0, 1, 1)),
    "transpose beyond": lambda x: np.transpose(x, (0, 1, 3)),
    "mT": lambda x: np.matrix_transpose(x[0, 0]),
    "swapaxes": lambda x: np.swapaxes(x, 0, 3),
    "moveaxis": lambda x: np.moveaxis(x, (0, 1), (0,)),
    "moveaxis beyond": lambda x: np.moveaxis(x, 3, 0),
    "rollaxis": lambda x: np.rollaxis(x, 0, 5),
    "squeeze": lambda x: np.squeeze(x, 0),
    "expand_dims": lambda x: np.expand_dims(x, 5),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 3, 5)),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, np.ones(3)),
    "flip": lambda x: np.flip(x, 3),
    "fliplr": lambda x: np.fliplr(x[0, 0]),
    "flipud": lambda x: np.flipud(x[0, 0, 0]),
    "rot90": lambda x: np.rot90(x, 1, (0, 0)),
    "roll": lambda x: np.roll(x, 1, 3),
    "pad": lambda x: np.pad(x, -1),
    "pad real": lambda x: np.pad(x, 1.5),
    "pad mode": lambda x: np.pad(x, 1, "nothing"),
    "pad option": lambda x: np.pad(x, 1, "constant", stat_length=3),
    "pad empty": lambda x: np.pad(x[:0], 1, "edge"),
    "sliding_window_view": lambda x: sliding_window_view(x, 5, 0),
    "sliding_window_view count": lambda x: sliding_window_view(x, 1),
    "concatenate": lambda x: np.concatenate([x, x[:, :2]]),
    "concatenate rank": lambda x: np.concatenate([x, x[0]]),
    "concatenate numbers": lambda x: np.concatenate([x[0, 0, 0], x[0, 0, 0]]),
    "concatenate axis": lambda x: np.concatenate([x, x], 3),
    "stack": lambda x: np.stack([x, x[0]]),
    "stack axis": lambda x: np.stack([x, x], 5),
    "split": lambda x: np.split(x, 2, 1),
    "array_split": lambda x: np.array_split(x, 0),
    "hsplit": lambda x: np.hsplit(x[0, 0, 0], 1),
    "vsplit": lambda x: np.vsplit(x[0, 0], 1),
    "dsplit": lambda x: np.dsplit(x[0], 1),
    "unstack": lambda x: np.unstack(x[0, 0, 0]),
    "repeat": lambda x: np.repeat(x, [1, 2], 1),
    "diagonal": lambda x: np.diagonal(x[0, 0]),
    "diagonal axes": lambda x: np.diagonal(x, 0, 1, 1),
    "diag": np.diag,
    "take axis": lambda x: np.take(x, 0, 3),
    "take": lambda x: np.take(x, 9, 1),
    "take mode": lambda x: np.take(x, 0, 0, mode="near"),
    "take_along_axis": lambda x: np.take_along_axis(x, np.zeros(3, int), 0),
    "take_along_axis real": lambda x: np.take_along_axis(x, x, 0),
    "delete": lambda x: np.delete(x, 5, 1),
    "insert": lambda x: np.insert(x, 5, 1.0, 1),
    "searchsorted": lambda x: np.searchsorted(x[0, 0], 1.0, "middle"),
    "digitize": lambda x: np.digitize(x, [1.0, 3.0, 2.0]),
    "astype": lambda x: np.astype(x, "nothing"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refusals_are_numpys_known_or_not(name):
    f = WRONG[name]
    want = raised(lambda: f(X))
    for ask in (lambda: jvp(f, (X,), (X,)), lambda: eval_shape(f, X)):
        kind, words = raised(ask)
        assert issubclass(kind, want[0])
        assert words.split("(")[0].strip() == want[1].split("(")[0].strip()


@given(st.lists(st.integers(-1, 6), max_size=4), st.sampled_from([(2, 3), (0, 3), (6,), ()]), st.sampled_from("CF"))
def test_reshape_is_numpys(lengths, shape, order):
    x = np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape)
    try:
        want = np.reshape(x, lengths, order)
    except ValueError as error:
        words = str(error)
        assert raised(lambda: vmap(lambda x: np.reshape(x, lengths, order))(x[None])) == (ValueError, words)
    else:
        np.testing.assert_array_equal(vmap(lambda x: np.reshape(x, lengths, order))(x[None])[0], want)
        np.testing.assert_array_equal(jvp(lambda x: x.reshape(*lengths, order=order), (x,), (x,))[1], want)


def test_spellings_of_methods():
    for f in (
        lambda x: x.reshape(4, -1), lambda x: x.reshape((6, 4)), lambda x: x.transpose(2, 0, 1),
        lambda x: x.transpose(), lambda x: x.T,
        lambda x: x.mT, lambda x: x.flatten(), lambda x: x.flatten("F"), lambda x: x.ravel("F"),
        lambda x: x.swapaxes(0, -1), lambda x: x[:1].squeeze(), lambda x: x.repeat(2), lambda x: x.take([0, 1], 1),
        lambda x: x.diagonal(1), lambda x: x.trace(), lambda x: x.clip(2, 9), lambda x: x.copy(),
        lambda x: x.astype(int),
    ):  # fmt: skip
        np.testing.assert_array_equal(jvp(f, (X,), (X,))[0], f(X))
        assert eval_shape(f, X).shape == f(X).shape


# ---- dtypes ----------------------------------------------------------------------------------------------------------
def test_joining_promotes_as_numpy_does():
    x = np.ones(2, "float32")
    for f in (
        lambda x: np.concatenate([x, [1, 2]]), lambda x: np.append(x, 2.0), lambda x: np.append(x, x),
        lambda x: np.stack([x, x.astype("float16")]), lambda x: np.hstack([x, np.ones(1, bool)]),
        lambda x: np.concatenate([x, np.ones(2, complex)]),
    ):  # fmt: skip
        assert eval_shape(f, x).dtype == jvp(f, (x,), (x,))[0].dtype == f(x).dtype
        assert vjp(f, x)[1](np.ones_like(f(x)))[0].dtype == np.float32
    assert eval_shape(lambda x: np.stack([x, 1, 2.5]), 1.0).dtype == np.float64


def test_integers_and_truth_values_have_no_derivative():
    def f(x):
        for dtype in (int, bool, np.uint8):
            assert type(x.astype(dtype)) is np.ndarray
        return np.sum(x * x.astype(int))

    np.testing.assert_array_equal(grad(f)(np.array([1.5, -2.5])), [1, -2])
    np.testing.assert_array_equal(vmap(grad(lambda x: x * x.astype(int)))(np.array([1.5, -2.5])), [1, -2])
    np.testing.assert_array_equal(
        jvp(lambda x: x.astype(bool), (np.array([1j, 0]),), (np.zeros(2, complex),))[0], [True, False]
    )


def test_conversions_keep_derivatives():
    assert grad(lambda x: x.astype("float32"))(np.float64(3.0)) == 1.0
    assert grad(lambda x: x.astype("float32"))(np.float64(3.0)).dtype == np.float64
    with pytest.warns(np.exceptions.ComplexWarning, match="discards the imaginary part"):
        slope = grad(lambda x: (x * (2 + 3j)).astype(float))(1.0 + 1.0j)
    assert slope == 2 + 3j
    assert grad(lambda x: np.real(np.astype(x, complex) * (2 + 3j)))(1.0) == 2.0
    with pytest.raises(UnsupportedFunction, match="no meaning here"):
        grad(lambda x: x.astype(object))(1.0)


def test_astype_has_the_options_of_the_method():
    convert = found(OPERATORS, "astype")
    assert (
        jvp(lambda x: convert(x, np.float32, order="C", casting="same_kind", subok=False, copy=False), (X,), (X,))[
            0
        ].dtype
        == "f4"
    )
    with pytest.raises(TypeError, match=r"Cannot cast array data from dtype.* according to the rule 'safe'"):
        grad(lambda x: np.sum(convert(x, np.float32, casting="safe")))(X)


# ---- joining ---------------------------------------------------------------------------------------------------------
def test_an_array_stands_for_its_items():
    for f in (np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack):
        np.testing.assert_array_equal(jvp(f, (X[0],), (X[0],))[1], f(X[0]))


def test_what_is_not_supported_is_refused_by_name():
    for option, f in (
        ("dtype", lambda x: np.concatenate([x, x], dtype=np.float32)),
        ("out", lambda x: np.stack([x, x], out=np.zeros((2, 3)))),
        ("casting", lambda x: np.vstack([x, x], casting="unsafe")),
        ("mode, a function", lambda x: np.pad(x, 1, lambda *_: None)),
        ("writeable", lambda x: sliding_window_view(x, 1, writeable=True)),
        ("dtype", lambda x: np.trace(x[None], dtype=np.float32)),
        ("out", lambda x: np.take(x, 0, out=np.zeros(()))),
        ("out", lambda x: np.clip(x, 0, 1, out=np.zeros(3))),
    ):
        with pytest.raises(UnsupportedFunction, match=f"{option}.* is not supported on a traced value"):
            grad(lambda x: np.sum(f(x)))(np.ones(3))  # noqa: B023  # REASON: called at once
    with pytest.raises(BadArgument, match=r"np.stack"):
        grad(lambda x: np.concatenate([x, [x[0]]])[0])(np.ones(3))


def test_a_long_stack_costs_in_proportion():
    """A stack of n numbers is one operation, and its pullback hands each number its cotangent."""
    x = np.arange(3000.0)
    np.testing.assert_allclose(grad(lambda x: np.sum(np.stack([2.0 * x[i] for i in range(len(x))]) ** 2))(x), 8 * x)


def test_blocks():
    f = lambda x: np.block([[x, np.ones((2, 1))], [np.zeros((1, 4))]])
    np.testing.assert_array_equal(jvp(f, (X[0, :2, :3],), (X[0, :2, :3],))[0], f(X[0, :2, :3]))
    np.testing.assert_array_equal(jacobian(lambda x: np.block([x, 2 * x]))(np.ones(1)), [[1], [2]])
    with pytest.raises(ValueError, match="List depths are mismatched"):
        grad(lambda x: np.sum(np.block([[x], x])))(np.ones(1))


def test_unknown_counts_are_refused():
    with pytest.raises(UnknownValue, match=r"The shape of np.repeat"):
        vmap(lambda x, n: np.repeat(x, n))(X, np.array([1, 2]))


# ---- windows ---------------------------------------------------------------------------------------------------------
def test_windows_are_views_and_overlap_back():
    x = np.arange(5.0)
    np.testing.assert_array_equal(Windows(0, 3)(x), [[0, 1, 2], [1, 2, 3], [2, 3, 4]])
    np.testing.assert_array_equal(Overlapped(0, 3)(np.ones((3, 3))), [1, 2, 3, 2, 1])
    seen = []
    vjp(lambda x: seen.append(sliding_window_view(x, 3).value) or x, x)
    assert seen[0].strides == (8, 8)
    kernel = np.array([1.0, -2.0, 4.0])
    want = jacobian(lambda x: np.stack([x[i : i + 3] @ kernel for i in range(3)]))(x)
    np.testing.assert_allclose(jacobian(lambda x: sliding_window_view(x, 3) @ kernel)(x), want)
    twice = lambda x: sliding_window_view(x, (2, 2, 2), (1, 2, 1))
    np.testing.assert_array_equal(jvp(twice, (X,), (X,))[1], twice(X))


# ---- what is known without numbers -----------------------------------------------------------------------------------
def test_descriptions_are_plain():
    def f(x):
        assert (np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)) == ((2, 3, 4), 3, 24, 3)
        assert np.size(x, (0, 1)) == 6
        assert np.result_type(x, np.float32) == np.float32
        assert np.result_type(x, 1.0) == np.float32
        assert not np.can_cast(x, np.int64)
        assert np.common_type(x, np.ones(1, int)) is np.float64
        assert np.min_scalar_type(x) == np.float32
        for triangle in (np.tril_indices_from, np.triu_indices_from):
            np.testing.assert_array_equal(triangle(x[0], 1), triangle(np.ones((3, 4)), 1))
        assert np.array_equiv(x, x)
        assert not np.array_equiv(x, np.ones(7))
        for like in (np.zeros_like, np.ones_like, np.empty_like):
            assert type(like(x)) is np.ndarray
            assert (like(x).shape, like(x).dtype) == ((2, 3, 4), np.float32)
            assert like(x).flags.writeable
            assert (like(x, int, shape=2).shape, like(x, int).dtype) == ((2,), np.int64)
        np.testing.assert_array_equal(np.full_like(x, 3, shape=(2,)), [3, 3])
        return np.sum(x)

    grad(f)(X.astype("float32"))
    assert grad(lambda x: x * np.ones_like(x))(2.0) == 1.0
    assert np.result_type(np.float32, 1.0) == grad_dtype(1.0)


def grad_dtype(x):
    """The dtype of a Python number beside a float32, as traced."""
    kinds = []
    grad(lambda x: kinds.append(np.result_type(x, np.float32)) or x)(x)
    return kinds[0]


def test_a_traced_filling_keeps_its_derivative():
    np.testing.assert_array_equal(jacobian(lambda v: np.full_like(v * np.ones(3), v))(2.0), np.ones(3))
    assert grad(lambda x: np.sum(np.full_like(x, x[0])))(np.ones(2)).tolist() == [2, 0]
    with pytest.raises(LostDerivative, match=r"np.full_like would round a traced value to int64"):
        grad(lambda x: np.sum(np.full_like(x, x[0], dtype=int) * 1.0))(np.ones(2))


def test_a_copy_is_the_value_itself():
    seen = []
    grad(lambda x: seen.append(np.copy(x) is x and x.copy() is x) or np.sum(x))(np.ones(2))
    assert seen == [True]


def test_no_warning_is_given_where_numpy_gives_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jvp(lambda x: (np.pad(x, 1), np.roll(x, 1), x.astype(complex), x[::-1]), (X,), (X,))


def test_nodes_are_what_comes_out():
    def f(x):
        assert all(
            type(part) is Node
            for part in (*np.split(x, 2), *np.unstack(x), *np.atleast_1d(x, x), *np.broadcast_arrays(x, 1.0)[:1])
        )
        return np.sum(x)

    grad(f)(X)
