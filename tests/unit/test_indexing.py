"""x[…] and x.at[…] are NumPy's indexing and assignment, known or unknown, with NumPy's own refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import eval_shape, grad, hessian, jacobian, jvp, linear_transpose, vjp, vmap
from funcgrad.errors import ImmutableValue, LostDerivative, UnknownValue
from funcgrad.numpy.indexing import at, take
from funcgrad.primitives.indexing import Gather, Scatter
from funcgrad.primitives.placing import Positions
from tests.strategies import shape

entries = st.one_of(
    st.integers(-4, 3),
    st.integers(-2, 1).map(np.int64),
    st.slices(4),
    st.sampled_from([None, Ellipsis, True, False, np.True_, np.array(False), np.array(1), slice(None), slice(None)]),
    st.lists(st.integers(-2, 1), max_size=3),
    st.lists(st.integers(-3, 2), min_size=2, max_size=2).map(lambda rows: np.array(rows)[:, None]),
    st.lists(st.booleans(), min_size=2, max_size=3).map(np.array),
    st.sampled_from([1.0, "a", [1.5], np.array([1.0]), (0, 1)]),
)


def outcome(f):
    """The answer, or the exception."""
    try:
        return f()
    except Exception as error:  # noqa: BLE001  # REASON: which exception it is, is what the test compares
        return error


@given(data=st.data())
def test_every_index_is_numpys(data):
    """Values, classes and exceptions are NumPy's; tangents are indexed likewise; cotangents are added in."""
    x = np.asarray(np.random.default_rng(0).random(shape(data.draw, 0, 3)))
    index = tuple(data.draw(st.lists(entries, max_size=4)))
    index = index[0] if len(index) == 1 and data.draw(st.booleans()) else index
    plain = outcome(lambda: x[index])
    known = outcome(lambda: jvp(lambda x: x[index], (x,), (2 * x,)))
    unknown = outcome(lambda: vmap(lambda x: x[index])(np.stack([x, -x])))
    inferred = outcome(lambda: eval_shape(lambda x: x[index], x))
    if isinstance(plain, Exception):
        assert [type(e) for e in (known, unknown, inferred)] == [type(plain)] * 3, (x.shape, index)
        return
    y, ydot = known
    assert type(y) is type(plain) or not x.ndim
    np.testing.assert_array_equal(y, plain)
    np.testing.assert_array_equal(ydot, 2 * plain)
    np.testing.assert_array_equal(unknown, np.stack([plain, -plain]))
    assert (inferred.shape, inferred.dtype) == (np.shape(plain), x.dtype)
    want = np.zeros_like(x)
    np.add.at(want, index, plain)
    np.testing.assert_allclose(vjp(lambda x: x[index], x)[1](plain)[0], want)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (3, "index 3 is out of bounds for axis 0 with size 3"),
        ((0, -5), "index -5 is out of bounds for axis 1 with size 4"),
        (([0], [9]), "index 9 is out of bounds for axis 1 with size 4"),
        ((None, [7]), "index 7 is out of bounds for axis 0 with size 3"),
        ((0, 0, 0), "too many indices for array: array is 2-dimensional, but 3 were indexed"),
        ((..., ...), "an index can only have a single ellipsis"),
        (1.0, "only integers, slices"),
        (np.array([1.0]), "arrays used as indices must be of integer"),
        (([0, 1], [0, 1, 2]), "shape mismatch: indexing arrays could not be broadcast together with shapes"),
        (np.ones((3, 3), bool), "boolean index did not match indexed array along axis 1; size of axis is 4"),
    ],
)
def test_refusals_are_in_numpys_words_known_or_not(index, words):
    x = np.zeros((3, 4))
    for ask in (
        lambda: x[index],
        lambda: grad(lambda x: np.sum(x[index]))(x),
        lambda: eval_shape(lambda x: x[index], x),
    ):
        with pytest.raises(IndexError, match=words):
            ask()


@pytest.mark.parametrize("ask", [lambda i, x: i * x[i], lambda i, x: (i + x)[i], lambda i, x: np.take(x, i)])
def test_a_traced_number_that_is_no_integer_is_no_index(ask):
    with pytest.raises((IndexError, TypeError)):
        grad(lambda i: np.sum(ask(i, np.zeros(3))))(1.0)


# ---- cost ------------------------------------------------------------------------------------------------------------
def test_a_loop_over_items_costs_in_proportion(monkeypatch):
    """n cotangents of x[i] are put into one array of zeros, all at once: O(n) in all."""
    buffers, run = [], Scatter.run

    def counted(self, *args):
        buffers.append(len(self.places))
        return run(self, *args)

    monkeypatch.setattr(Scatter, "run", counted)
    for n in (200, 2000):
        buffers.clear()
        np.testing.assert_allclose(grad(lambda x: sum([x[i] ** 2 for i in range(len(x))]))(np.ones(n)), np.full(n, 2.0))
        assert buffers == [n]


@pytest.mark.parametrize("lengths", [(50,), (50, 3), (50, 600), (2, 50, 3)])
@pytest.mark.parametrize("count", [1, 3, 400])
def test_rows_are_added_in_whichever_way_is_quick(lengths, count):
    rng = np.random.default_rng(0)
    axis = 1 if len(lengths) == 3 else 0
    rows = rng.integers(-50, 50, count)
    y, pull = vjp(lambda x: np.take(x, rows, axis), np.zeros(lengths))
    ybar = rng.random(y.shape)
    want = np.zeros(lengths)
    np.add.at(want, (*(slice(None),) * axis, rows), ybar)
    np.testing.assert_allclose(pull(ybar)[0], want)


# ---- unknown indices -------------------------------------------------------------------------------------------------
def test_indices_may_be_mapped():
    x, rows = np.arange(12.0).reshape(3, 4), np.array([[0, 1], [-1, 2]])
    want = np.stack([np.take(x, i, 1) for i in rows])
    np.testing.assert_array_equal(vmap(lambda i: take(x, i, 1))(rows), want)
    np.testing.assert_array_equal(vmap(lambda i: at(x)[:, i].get())(rows), want)
    np.testing.assert_array_equal(vmap(lambda x, i: x[:, i])(np.stack([x, x]), rows), want)
    pairs = vmap(lambda i: vmap(lambda j: at(x)[i, j].get())(i))(rows)
    np.testing.assert_array_equal(pairs, [[x[i, j] for j in i] for i in rows])
    separated = vmap(lambda x, i: x[i, None, i])(np.stack([x, -x]), rows)
    np.testing.assert_array_equal(separated, [x[rows[0], None, rows[0]], -x[rows[1], None, rows[1]]])


def test_derivatives_through_mapped_indices():
    x, rows = np.array([1.0, 2.0, 3.0]), np.array([[0, 0], [-1, 1]])
    squares = lambda x, i: np.sum(x[i] ** 2)
    want = np.array([[4.0, 0.0, 0.0], [0.0, 4.0, 6.0]])
    np.testing.assert_allclose(vmap(grad(squares), in_axes=(None, 0))(x, rows), want)
    np.testing.assert_allclose(grad(lambda x: np.sum(vmap(squares, in_axes=(None, 0))(x, rows)))(x), want.sum(0))
    np.testing.assert_allclose(vmap(hessian(squares), in_axes=(None, 0))(x, rows)[1], np.diag([0.0, 2.0, 2.0]))
    np.testing.assert_allclose(grad(lambda x: np.sum(grad(squares)(x, rows[0]) ** 2))(x), [32.0, 0.0, 0.0])


def test_an_index_out_of_bounds_is_found_when_its_number_is():
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        vmap(lambda i: at(np.zeros(3))[i].get())(np.array([0, 5]))
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        linear_transpose(lambda x: x[np.array([5])], np.zeros(3))(np.ones(1))


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: x[x > 0], lambda x: np.nonzero(x), lambda x: np.where(x > 0), lambda x: np.flatnonzero(x),
        lambda x: np.argwhere(x), lambda x: np.extract(x > 0, x), lambda x: np.compress(x > 0, x),
        lambda x: np.piecewise(x, [x > 0], [1.0]), lambda x: np.delete(x, np.argsort(x)[0]),
    ],
)  # fmt: skip
def test_shapes_that_depend_on_unknown_values_are_refused(ask):
    with pytest.raises(UnknownValue, match="depends on values that are not known while vmap traces") as error:
        vmap(ask)(np.ones((2, 3)))
    assert "np.where" in str(error.value)
    assert "test_indexing.py" in str(error.value)
    ask(np.ones(3))
    jvp(lambda x: (ask(x), x)[1], (np.ones(3),), (np.ones(3),))


# ---- at --------------------------------------------------------------------------------------------------------------
METHODS = {
    "add": np.add,
    "multiply": np.multiply,
    "divide": np.divide,
    "power": np.power,
    "min": np.minimum,
    "max": np.maximum,
}


@pytest.mark.parametrize("index", [0, slice(1, None), (..., 1), [0, 2, 0], (slice(None), [1, 1]), np.eye(3, 4) > 0])
@pytest.mark.parametrize("method", METHODS)
def test_at_is_numpys_ufunc_at(index, method):
    x, v = np.linspace(0.5, 2.0, 12).reshape(3, 4), 1.25
    want = x.copy()
    METHODS[method].at(want, index, v)
    before = x.copy()
    np.testing.assert_allclose(getattr(at(x)[index], method)(v), want)
    np.testing.assert_allclose(jvp(lambda x: getattr(x.at[index], method)(v), (x,), (x,))[0], want)
    np.testing.assert_allclose(vmap(lambda x: getattr(x.at[index], method)(v))(np.stack([x, x]))[1], want)
    np.testing.assert_array_equal(x, before)


def test_the_last_of_repeated_writes_stands_and_the_others_have_no_derivative():
    x, rows = np.array([1.0, 2.0, 3.0]), np.array([0, 2, 0])
    f = lambda x, v: np.sum(x.at[rows].set(v) * np.array([1.0, 10.0, 100.0]))
    for g in (grad(f, (0, 1)), lambda x, v: tuple(a[0] for a in vmap(grad(f, (0, 1)))(x[None], v[None]))):
        xbar, vbar = g(x, np.array([7.0, 8.0, 9.0]))
        np.testing.assert_array_equal(xbar, [0.0, 10.0, 0.0])
        np.testing.assert_array_equal(vbar, [0.0, 100.0, 1.0])
    mapped = vmap(lambda x, v, i: at(x)[i].set(v), in_axes=(None, None, 0))(x, x * 10, np.array([rows, [1, 1, 2]]))
    np.testing.assert_array_equal(mapped, [[30.0, 2.0, 20.0], [1.0, 20.0, 30.0]])


def test_repeated_products_apply_in_turn():
    x, rows = np.array([2.0, 3.0]), np.array([0, 0, 1, 0])
    v = np.array([2.0, 3.0, 5.0, 7.0])
    np.testing.assert_allclose(jacobian(lambda v: at(x)[rows].multiply(v))(v), [[42, 28, 0, 12], [0, 0, 3, 0]])
    np.testing.assert_allclose(grad(lambda x: x.at[rows].divide(v)[0])(x), [1 / 42, 0])
    np.testing.assert_allclose(at(x)[rows].apply(lambda old: old**2), [256.0, 9.0])


def test_places_may_be_unknown():
    x, rows = np.arange(4.0), np.array([1, -1])
    for method, ufunc in METHODS.items():
        want = [x.copy(), x.copy()]
        for i in range(2):
            ufunc.at(want[i], rows[i], 3.0)
        got = vmap(lambda x, i: getattr(at(x)[i], method)(3.0), in_axes=(None, 0))(x, rows)  # noqa: B023  # REASON: at once
        np.testing.assert_allclose(got, want)
    added = vmap(lambda i: at(x)[i].add(1.0))(np.array([[0, 0], [1, 2]]))
    np.testing.assert_array_equal(added, [[2, 1, 2, 3], [0, 2, 3, 3]])
    with pytest.raises(UnknownValue, match="Use set or add, or one index at a time"):
        vmap(lambda i: at(x)[i].multiply(2.0))(np.array([[0, 0], [1, 2]]))


def test_values_broadcast_as_in_assignments():
    x = np.zeros((2, 3))
    np.testing.assert_array_equal(at(x)[:, 1].set(np.ones((1, 2))), [[0, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(at(x)[0].set([1, 2, 3]), [[1, 2, 3], [0, 0, 0]])
    np.testing.assert_array_equal(at(x)[x == 1].set(5.0), x)
    with pytest.raises(ValueError, match="could not broadcast input array from shape"):
        at(x)[0].set(np.ones(2))
    with pytest.raises(IndexError, match="index 2 is out of bounds for axis 0 with size 2"):
        at(x)[2].set(1.0)


def test_the_answer_has_the_dtype_of_the_array():
    assert at(np.zeros(2, "float32"))[0].set(1.0).dtype == np.float32
    assert grad(lambda x: x.at[0].multiply(np.float64(2.0))[0])(np.ones(2, "float32")).dtype == np.float32
    np.testing.assert_array_equal(at(np.zeros(2, int))[0].set(2.7), [2, 0])
    np.testing.assert_array_equal(at(np.ones(2, "uint8"))[0].multiply(3), [3, 1])
    for method in ("add", "multiply", "divide"):
        with pytest.raises(TypeError, match="Cannot cast ufunc"):
            getattr(at(np.ones(2, int))[0], method)(1.5)
    with pytest.raises(LostDerivative, match="imaginary part"):
        at(np.zeros(2))[0].set(1j)
    with pytest.raises(LostDerivative, match="round a traced value to int64"):
        grad(lambda v: np.sum(at(np.zeros(2, int))[0].set(v) * 1.0))(1.5)


def test_numbers_have_places_too():
    assert grad(lambda x: x.at[...].multiply(3.0))(2.0) == 3.0
    np.testing.assert_array_equal(grad(lambda x: x.at[()].set(3.0) * 1.0)(np.float64(2.0)), 0.0)
    np.testing.assert_array_equal(jacobian(lambda x: x[None, ...])(2.0), [1.0])


def test_an_array_of_ones_own():
    x = np.arange(3.0)
    for answer in (at(x)[:].get(), at(x)[1:].set(x[1:]), at(x)[[0]].add(0.0), at(x)[[]].set(1.0)):
        assert answer.flags.writeable
        assert not np.shares_memory(answer, x)


def test_what_is_overwritten_does_not_leak_nan():
    f = lambda x: np.sum(np.sqrt(x).at[np.array([1])].set(0.0))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(grad(f)(np.array([4.0, 0.0])), [0.25, 0.0])
        np.testing.assert_allclose(grad(f)(np.array([4.0, -1.0])), [0.25, 0.0])


def test_places_have_second_derivatives():
    f = lambda x: np.sum(x.at[1].set(x[0] ** 2).at[[2, 2]].add(x[:2]) ** 2)
    x = np.array([1.5, -0.5, 2.0])
    step = 1e-5 * np.eye(3)
    numeric = [(grad(f)(x + d) - grad(f)(x - d)) / 2e-5 for d in step]
    np.testing.assert_allclose(hessian(f)(x), numeric, rtol=1e-6, atol=1e-6)


def test_positions_tell_the_last_writer():
    np.testing.assert_array_equal(Positions(4)(np.array([1, 3, 1])), [-1, 2, -1, 1])
    np.testing.assert_array_equal(Positions(2)(np.array([[0, 0], [1, 0]])), [[1, -1], [1, 0]])


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.put(x, 0, 1.0), lambda x: np.copyto(x, 1.0), lambda x: np.place(x, [True], 1.0),
        lambda x: np.putmask(x, True, 1.0), lambda x: np.fill_diagonal(x, 1.0), lambda x: np.copyto(np.zeros(2), x),
        lambda x: np.put_along_axis(x, np.zeros(2, int), 1.0, 0), lambda x: np.put(np.zeros(2), 0, x),
    ],
)  # fmt: skip
def test_changes_in_place_are_refused_with_the_remedy(change):
    with pytest.raises(
        ImmutableValue, match=r"would change an array in place.*test_indexing.*Write .*(at\[i\]|np.where)"
    ):
        grad(lambda x: (change(x), np.sum(x))[1])(np.ones(2))


# ---- choosing --------------------------------------------------------------------------------------------------------
def test_where_keeps_numpys_promotion_and_the_other_branch_out():
    x = np.array([-1.0, 4.0], "float32")
    assert vmap(lambda x: np.where(x > 0, x, 0.0))(x).dtype == np.float32
    np.testing.assert_allclose(
        grad(lambda x: np.sum(np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), [0, 0])))(x), [0, 0.25]
    )
    assert grad(lambda x: np.where(x, x, 5.0))(0.0) == 0.0
    with pytest.raises(ValueError, match="either both or neither of x and y should be given"):
        grad(lambda x: np.where(x > 0, x))(1.0)


def test_clip_has_half_the_derivative_at_its_ends():
    x = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    np.testing.assert_array_equal(grad(lambda x: np.sum(x.clip(0, 1)))(x), [0, 0.5, 1, 0.5, 0])
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.clip(x, None, 1)))(x), [1, 1, 1, 0.5, 0])
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.clip(x, min=0.0)))(x), [0, 0.5, 1, 1, 1])
    assert vmap(lambda x: np.clip(x, 0, 1))(x.astype("float32")).dtype == np.float32


def test_select_promotes_all_choices_together():
    x = np.ones(2, "float32")
    pick = lambda x: np.select([x > 2, x > 0], [1.0, 2 * x], 0)
    assert vmap(pick)(x).dtype == pick(x).dtype == np.float32
    np.testing.assert_array_equal(grad(lambda x: np.sum(pick(x)))(x), [2, 2])
    for ask in (lambda x: np.select([x], [x]), lambda x: np.select([], []), lambda x: np.select([x > 0], [x, x])):
        assert type(outcome(lambda: ask(x))) is type(outcome(lambda: jvp(ask, (x,), (x,))))  # noqa: B023  # REASON: at once


def test_piecewise_is_numpys():
    x = np.array([-2.0, 0.5, 3.0])
    f = lambda x: np.piecewise(x, [x < 0, x > 1], [lambda x: -x, lambda x, k=2: x**k, 7.0])
    y, ydot = jvp(f, (x,), (np.ones(3),))
    np.testing.assert_array_equal(y, f(x))
    np.testing.assert_array_equal(ydot, [-1, 0, 6])


def test_choose_has_numpys_modes():
    x = np.array([1.0, 2.0, 3.0])
    for mode in ("wrap", "clip"):
        f = lambda x: np.choose([-1, 0, 4], [x, 10 * x], mode=mode)  # noqa: B023  # REASON: called at once
        np.testing.assert_array_equal(jvp(f, (x,), (x,))[1], f(x))
    with pytest.raises(ValueError, match="invalid entry in choice array"):
        grad(lambda x: np.sum(np.choose([2, 0, 0], [x, x])))(x)


# ---- searching -------------------------------------------------------------------------------------------------------
def test_searchsorted_and_digitize_of_known_values_are_plain():
    def f(x):
        assert type(np.searchsorted([0.0, 1.0], x)) is np.ndarray
        np.testing.assert_array_equal(np.digitize(x, [2.0, 1.0]), np.digitize(x.value, [2.0, 1.0]))
        return np.sum(x)

    grad(f)(np.array([0.5, 1.0, 2.0, 3.0]))


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted_is_batched_in_both_arguments(side):
    rng = np.random.default_rng(0)
    a, v = np.sort(rng.integers(0, 9, (3, 2, 6)) * 1.0), rng.integers(0, 9, (3, 2, 4)) * 1.0
    find = lambda a, v: np.searchsorted(a, v, side)
    want = [[find(a[i, j], v[i, j]) for j in range(2)] for i in range(3)]
    np.testing.assert_array_equal(vmap(vmap(find))(a, v), want)
    np.testing.assert_array_equal(vmap(lambda v: find(a[0, 0], v))(v), find(a[0, 0], v))
    np.testing.assert_array_equal(vmap(lambda a: find(a, v[0, 0]))(a[0]), [find(row, v[0, 0]) for row in a[0]])
    np.testing.assert_array_equal(
        vmap(lambda v: np.digitize(v, [7, 3, 1], side == "left"))(v), np.digitize(v, [7, 3, 1], side == "left")
    )


def test_gather_in_the_middle_is_batched_where_it_stands():
    x, rows = np.arange(24.0).reshape(2, 3, 4), np.array([[0, 2], [1, 1]])
    np.testing.assert_array_equal(vmap(lambda i: Gather(1)(x, i))(rows), np.stack([x[:, i] for i in rows]))
    np.testing.assert_array_equal(
        vmap(lambda x, i: Gather(1)(x, i))(np.stack([x, -x]), rows), np.stack([x[:, rows[0]], -x[:, rows[1]]])
    )
