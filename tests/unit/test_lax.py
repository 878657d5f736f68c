"""Loops and choices of funcgrad.lax against plain Python's: values, derivatives, batches, programs, and refusals."""

import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcgrad
from funcgrad import (
    Program,
    eval_shape,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    jvp,
    lax,
    linear_transpose,
    linearize,
    stage,
    tree,
    value_and_grad,
    vjp,
    vmap,
)
from funcgrad import numpy as fnp
from funcgrad.errors import BadAnswer, BadArgument, BadProgram, UnknownValue
from tests.unit.refusing import check, registry

REFUSALS, refuses = registry()
X = np.array([0.3, -0.7, 1.1, 0.4])


# ---- pairs: a function by funcgrad.lax, and the same by Python's own control flow; each of (x, w) --------------------
def step(c, x):
    new = np.tanh(c["a"] * x + c["b"])
    return {"a": new, "b": c["b"] * 0.9}, (new * x, c["a"])


def scan_lax(x, w):
    last, (ys, zs) = lax.scan(step, {"a": w, "b": x * w}, x * X)
    return last["a"] * last["b"] + np.sum(ys * zs)


def scan_python(x, w):
    c, total = {"a": w, "b": x * w}, 0.0
    for t in range(4):
        c, (y, z) = step(c, x * X[t])
        total = total + y * z
    return c["a"] * c["b"] + total


def backwards_lax(x, w):
    last, ys = lax.scan(lambda c, row: (c * row + w, c * c), x * np.ones(2), np.stack([X[:3], X[1:]], 1), reverse=True)
    return np.sum(last) + np.sum(ys * np.arange(3.0)[:, None])


def backwards_python(x, w):
    c, total = x * np.ones(2), 0.0
    for t in (2, 1, 0):
        c, y = c * np.stack([X[:3], X[1:]], 1)[t] + w, c * c
        total = total + np.sum(y * t)
    return np.sum(c) + total


def while_lax(x, w):
    return lax.while_loop(lambda c: c[0] < 50 * w, lambda c: (c[0] * c[0] * w + np.sin(c[0]), c[1] + c[0]), (x, 0.0))[1]


def while_python(x, w):
    c, total = x, 0.0
    while c < 50 * w:
        c, total = c * c * w + np.sin(c), total + c
    return total


def cond_lax(x, w):
    return lax.cond(x > w, lambda x: {"y": np.sqrt(x - w) * w}, lambda x: {"y": x * x + w}, x)["y"]


def cond_python(x, w):
    return np.sqrt(x - w) * w if x > w else x * x + w


def switch_lax(x, w):
    return lax.switch(np.floor(x).astype(int), [lambda x: x * w, lambda x: x * x * w, lambda x: np.sin(x)], x)


def switch_python(x, w):
    k = int(np.floor(x))
    return [lambda x: x * w, lambda x: x * x * w, np.sin][min(max(k, 0), 2)](x)


def fori_lax(x, w):
    return lax.fori_loop(1, 4, lambda i, c: c * w + i * x, x)


def fori_python(x, w):
    c = x
    for i in range(1, 4):
        c = c * w + i * x
    return c


def map_lax(x, w):
    return np.sum(lax.map(lambda row: np.exp(row["u"] * w) * x, {"u": X}) * X)


def map_python(x, w):
    return np.sum(np.stack([np.exp(u * w) * x for u in X]) * X)


def nested_lax(x, w):
    """A scan in a while_loop in a cond in a scan."""

    def inner(c):
        return lax.scan(lambda c, x: (c + np.sin(x * c) * w, None), c, X[:2])[0]

    def outer(c, row):
        new = lax.cond(
            row > 0, lambda c: lax.while_loop(lambda c: c < 3, lambda c: inner(c) * 0.1 + c + 1.0, c), inner, c
        )
        return new * 0.5, new

    last, ys = lax.scan(outer, x, X)
    return last + np.sum(ys)


def nested_python(x, w):
    def inner(c):
        for u in X[:2]:
            c = c + np.sin(u * c) * w
        return c

    c, total = x, 0.0
    for row in X:
        if row > 0:
            while c < 3:
                c = inner(c) * 0.1 + c + 1.0
            new = c
        else:
            new = inner(c)
        c, total = new * 0.5, total + new
    return c + total


def associative_lax(x, w):
    elements = (X * x, X + w)
    return np.sum(lax.associative_scan(lambda a, b: (a[0] * b[0], b[0] * a[1] + b[1]), elements)[1])


def associative_python(x, w):
    h, total = 0.0, 0.0
    for u in X:
        h = u * x * h + u + w
        total = total + h
    return total


PAIRS = [
    pytest.param(globals()[name + "_lax"], globals()[name + "_python"], id=name)
    for name in ("scan", "backwards", "while", "cond", "switch", "fori", "map", "nested", "associative")
]
BATCH = np.array([0.4, 0.7, 1.3, 2.6])
POINTS = [(np.float64(1.3), np.float64(0.9)), (np.float64(2.2), np.float64(1.4))]


def close(one, other):
    one, other = tree.leaves(one), tree.leaves(other)
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


both = pytest.mark.parametrize(("loop", "python"), PAIRS)


@both
@pytest.mark.parametrize("argument", [0, 1])
def test_values_and_derivatives_in_every_mode(loop, python, argument):
    for args in POINTS:
        close(loop(*args), python(*args))
        slope, curve = grad(python, argument)(*args), hessian(python, argument)(*args)
        for mode in (grad, jacfwd, jacrev):
            close(mode(loop, argument)(*args), slope)
        for mode in (hessian, lambda f, i: jacfwd(jacfwd(f, i), i), lambda f, i: grad(grad(f, i), i)):
            close(mode(loop, argument)(*args), curve)


@both
@pytest.mark.parametrize("argument", [0, 1])
def test_programs(loop, python, argument):
    for args in POINTS:
        slope, curve = grad(python, argument)(*args), hessian(python, argument)(*args)
        close(jit(loop)(*args), python(*args))
        close(jit(grad(loop, argument))(*args), slope)
        close(grad(jit(loop), argument)(*args), slope)
        close(jit(jacfwd(loop, argument))(*args), slope)
        close(jit(hessian(loop, argument))(*args), curve)
        close(jit(grad(grad(loop, argument), argument))(*args), curve)


@both
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # of branches that items do not take
def test_batches(loop, python):
    for axes, rest in (((0, None), lambda x: (x, np.float64(1.1))), ((None, 0), lambda w: (np.float64(0.8), w))):
        argument = axes.index(0)
        for f, g in (
            (loop, python),
            (jit(loop), python),
            (grad(loop, argument), grad(python, argument)),
            (hessian(loop, argument), hessian(python, argument)),
        ):
            wanted = np.stack([g(*rest(b)) for b in BATCH])
            close(vmap(f, axes)(*rest(BATCH)), wanted)
            close(jit(vmap(f, axes))(*rest(BATCH)), wanted)
        wanted = np.stack([grad(python, argument)(*rest(b)) for b in BATCH])
        close(grad(lambda b: np.sum(vmap(loop, axes)(*rest(b))))(BATCH), wanted)  # noqa: B023 (called at once)
        twice = vmap(vmap(grad(loop, argument), axes), axes)(*rest(np.stack([BATCH, BATCH])))
        close(twice, np.stack([wanted, wanted]))


# ---- scan ------------------------------------------------------------------------------------------------------------
@given(st.integers(0, 7), st.integers(1, 9), st.booleans())
def test_unrolling_changes_nothing(n, count, reverse):
    xs = np.linspace(-1, 1, 7)[:n]

    def f(w, unroll):
        last, ys = lax.scan(lambda c, x: (np.sin(c + x) * w, (c * x, c)), w, xs, reverse=reverse, unroll=unroll)
        return last, *ys

    for unroll in (count, True, False):
        close(f(1.3, unroll), f(1.3, 1))
        close(jacobian(lambda w, unroll=unroll: f(w, unroll))(1.3), jacobian(lambda w: f(w, 1))(1.3))


def test_no_steps_give_the_first_carry_and_empty_rows():
    init = np.ones(2)
    last, ys = lax.scan(lambda c, x: (c * x, x), init, np.ones((0, 2)))
    assert last is not init
    assert ys.shape == (0, 2)
    close(last, init)
    (bar, rows) = vjp(lambda c, xs: lax.scan(lambda c, x: (c * x, x), c, xs), init, np.ones((0, 2)))[1](
        (np.array([1.0, 2.0]), np.ones((0, 2)))
    )
    close(bar, np.array([1.0, 2.0]))
    assert rows.shape == (0, 2)
    close(lax.while_loop(lambda c: c > 5, lambda c: c * 2, np.float64(1.0)), np.float64(1.0))
    close(grad(lambda x: lax.while_loop(lambda c: c > 5, lambda c: c * 2, x))(1.0), 1.0)
    close(grad(lambda x: lax.fori_loop(3, 1, lambda i, c: c * i, x))(1.0), 1.0)
    assert lax.map(lambda x: x * 2, np.ones((0, 3))).shape == (0, 3)


def test_a_length_alone_and_trees_of_nothing():
    assert lax.scan(lambda c, _: (c * 2, None), 1.0, length=3) == (8.0, None)
    (last, ys) = lax.scan(lambda c, x: ((), {"y": x}), (), (X, None), length=4)
    assert last == ()
    close(ys["y"][0], X)
    assert lax.scan(lambda c, x: (c, ()), {}, X) == ({}, ())


def test_python_numbers_take_the_dtype_they_meet():
    xs = X.astype("float32")
    last, ys = lax.scan(lambda c, x: (c + x, c), 0.0, xs)
    assert last.dtype == ys.dtype == np.float32
    assert type(lax.fori_loop(0, 3, lambda i, c: c * 2, 1)) is int
    assert type(lax.fori_loop(0, 3, lambda i, c: c * 2.0, 1)) is float
    assert lax.scan(lambda c, x: (c * x, None), 1, X)[0].dtype == np.float64
    assert lax.scan(lambda c, x: (0.0, None), np.float32(1), X)[0].dtype == np.float32
    assert eval_shape(lambda x: lax.scan(lambda c, x: (c, c * x), 1, x), X)[1].dtype == np.float64
    counts = lax.scan(lambda c, x: (c + 1, c), np.int32(0), X)[1]
    assert counts.dtype == np.int32


def test_integers_beside_numbers_have_no_derivative():
    def f(x):
        (last, n), _ = lax.scan(lambda c, k: ((c[0] * fnp.take(X, k) + c[1], c[1] + 1), None), (x, 0), np.array([2, 0]))
        return last * n

    close(grad(f)(2.0), float(2 * X[2] * X[0]))
    close(jvp(f, (2.0,), (1.0,))[1], float(2 * X[2] * X[0]))


def test_complex_carries():
    def f(z):
        return np.real(lax.scan(lambda c, x: (c * c * x + z, None), z, X)[0])

    def g(z):
        c = z
        for x in X:
            c = c * c * x + z
        return np.real(c)

    z = 0.3 + 0.4j
    close(f(z), g(z))
    close(grad(f)(z), grad(g)(z))
    close(jit(grad(f))(z), grad(g)(z))


def test_answers_are_fresh():
    init, xs = np.ones(2), np.ones((3, 2))
    for f in (lax.scan, jit(lambda *args: lax.scan(*args[:1], *args[1:]), static_argnums=0)):
        last, ys = f(lambda c, x: (c, (c, x)), init, xs)
        for a in (last, *ys):
            a[...] = 7
        assert init.max() == xs.max() == 1
    w = np.ones(2)
    lax.while_loop(lambda c: c[0] < 0, lambda c: c, w)[:] = 3
    lax.cond(True, lambda x: x + 0, lambda x: x, w)[:] = 3
    assert w.max() == 1


def test_derivatives_of_a_long_scan_keep_the_carries_alone():
    xs = np.full((2000, 8), 0.1)

    def body(c, x):
        y = np.sin(c + x)
        for _ in range(10):
            y = np.cos(y * 0.5 + x)
        return y, None

    def loss(w):
        return np.sum(lax.scan(body, w, xs)[0])

    grad(loss)(np.ones(8))
    tracemalloc.start()
    grad(loss)(np.ones(8))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * xs.nbytes  # ten times as much, were the values between kept


def test_a_jitted_function_and_a_batch_inside_a_body():
    inner = jit(lambda c, x: np.tanh(c @ np.ones((3, 3)) + x))

    def f(w):
        last, ys = lax.scan(lambda c, x: (inner(c, x), vmap(lambda a: a * w)(c)), np.ones(3) * w, X)
        return np.sum(last) + np.sum(ys)

    def g(w):
        c, total = np.ones(3) * w, 0.0
        for x in X:
            total = total + np.sum(c * w)
            c = np.tanh(c @ np.ones((3, 3)) + x)
        return np.sum(c) + total

    close(grad(f)(0.2), grad(g)(0.2))
    close(jit(grad(f))(0.2), grad(g)(0.2))


def test_a_gradient_inside_a_body():
    def descended(w, descend):
        return descend(lambda x: x - 0.1 * grad(lambda x: (x * x - w) ** 2)(x), np.float64(2.0))

    def by_loop(w):
        return descended(w, lambda f, x: lax.fori_loop(0, 5, lambda _, x: f(x), x))

    def by_hand(w):
        def repeated(f, x):
            for _ in range(5):
                x = f(x)
            return x

        return descended(w, repeated)

    close(by_loop(3.0), by_hand(3.0))
    close(grad(by_loop)(3.0), grad(by_hand)(3.0))
    close(jit(hessian(by_loop))(3.0), hessian(by_hand)(3.0))


def test_linear_maps_of_loops_transpose():
    def f(x):
        return lax.scan(lambda c, row: (np.sin(c) * row, c * row), x, X)

    y, push = linearize(f, 0.7)
    close(y, f(0.7))
    ybar = (1.0, np.ones(4))
    close(linear_transpose(push, 0.7)(tree.map(np.asarray, ybar)), vjp(f, 0.7)[1](tree.map(np.asarray, ybar)))
    close(hvp(scan_lax)(1.3, 1.0, 0.9), hvp(scan_python)(1.3, 1.0, 0.9))
    value, slope = value_and_grad(scan_lax)(1.3, 0.9)
    close((value, slope), (scan_python(1.3, 0.9), grad(scan_python)(1.3, 0.9)))


# ---- cond, switch, fori_loop -----------------------------------------------------------------------------------------
def test_a_known_condition_calls_its_function_there_and_then():
    seen = []
    assert lax.cond(np.bool_(True), lambda x: seen.append(x) or x, lambda x: 1 / 0, 3.0) == 3.0
    assert seen == [3.0]
    assert lax.switch(9, [lambda: 1, lambda: 2]) == 2
    assert lax.switch(-5, [lambda: 1, lambda: 2]) == 1
    assert grad(lambda x: lax.cond(x > 0, lambda x: x * x if x > 1 else x, lambda x: -x, x))(2.0) == 4.0


def test_one_trace_holds_both_branches():
    runs = []

    @jit
    def f(x):
        runs.append(1)
        return lax.cond(x > 0, lambda x: 2 * x, lambda x: -x, x)

    assert [f(2.0), f(-3.0), f(4.0)] == [4.0, 3.0, 8.0]
    assert len(runs) == 1


def test_no_nan_of_the_other_branch():
    def f(x):
        return lax.cond(x > 0, np.log, lambda x: x * 0, x)

    with np.errstate(all="ignore"):
        close(vmap(grad(f))(np.array([-1.0, 0.0, 2.0])), np.array([0.0, 0.0, 0.5]))
        close(grad(lambda x: np.sum(vmap(f)(x)))(np.array([-1.0, 0.0, 2.0])), np.array([0.0, 0.0, 0.5]))


def test_numbers_of_branches_meet():
    f = jit(lambda x: lax.cond(x > 0, lambda x: x * np.float32(2), lambda x: 0.0, x))
    assert f(np.float32(2)).dtype == f(np.float32(-2)).dtype == np.float32
    assert jit(lambda x: lax.cond(x > 0, lambda: 1, lambda: 2.5))(-1.0) == 2.5
    assert jit(lambda x: lax.cond(x, lambda: 1, lambda: 2))(3.0) == 1


def test_a_loop_to_an_unknown_bound():
    def f(n, x):
        return lax.fori_loop(0, n, lambda i, c: c * x + i, x)

    assert jit(f)(3, 2.0) == f(3, 2.0)
    assert jit(f)(5, 2.0) == f(5, 2.0)
    close(jit(grad(f, 1))(3, 2.0), grad(lambda x: f(3, x))(2.0))
    close(vmap(f, (0, None))(np.array([0, 2, 5]), 1.5), np.array([f(n, 1.5) for n in (0, 2, 5)]))


# ---- programs --------------------------------------------------------------------------------------------------------
@both
def test_programs_are_saved_and_written_out(loop, python):
    args = (1.3, 0.9)
    for f, g in ((loop, python), (grad(loop), grad(python))):
        program = stage(f)(*args)
        again = Program.from_json(program.to_json())
        assert again == program
        assert again.digest == program.digest
        assert pickle.loads(pickle.dumps(program)) == program
        close(again(*args), np.float64(g(*args)) if np.asarray(again(*args)).dtype == float else g(*args))
        text = {}
        exec(program.source(), text)
        np.testing.assert_allclose(text[program.signature.name](*args), g(*args))
        assert "funcgrad." not in program.source()


def test_the_cost_of_a_loop_is_that_of_its_steps():
    def cost(n):
        return stage(lambda x: lax.scan(lambda c, _: (np.sin(c), None), x, length=n)[0])(X).cost().operations

    assert cost(30) == 3 * cost(10) == 120


@pytest.mark.parametrize("wrong", ['"carries": 2', '"rows": 0', '"carries": -1', '"length": "x"', '"kept": 3'])
def test_a_program_whose_loop_does_not_fit_is_refused(wrong):
    text = stage(lambda x: lax.scan(lambda c, x: (c * x, None), 1.0, x)[0])(X).to_json()
    key = wrong.split(":")[0]
    at = text.index(key)
    end = min(text.index(mark, at) for mark in ",}" if mark in text[at:])
    with pytest.raises(BadProgram):
        Program.from_json(text[:at] + wrong + text[end:])


def test_lax_loads_on_first_use():
    assert funcgrad.lax is lax
    assert "lax" in dir(funcgrad)


# ---- refusals --------------------------------------------------------------------------------------------------------
@refuses(BadAnswer, "takes carry['w'] as float64[2] and returns it as float64[4]", "keeps its shape", "reshape")
def a_carry_that_changes_shape():
    lax.scan(lambda c, x: ({"w": np.concatenate([c["w"], c["w"]])}, None), {"w": np.ones(2)}, X)


@refuses(BadAnswer, "takes carry[1] as float32[2] and returns it as float64[2]", "keeps its dtype", "astype('float32')")
def a_carry_that_changes_dtype():
    lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * np.ones(2)), (0, np.ones(2, "float32")))


@refuses(BadAnswer, "takes carry as weak float64 and returns it as float64[4]", "keeps its shape")
def a_number_that_becomes_an_array():
    lax.fori_loop(0, 3, lambda i, c: c + X, 0.0)


@refuses(BadAnswer, "takes a carry of structure", "returns one of structure", "keeps its tree")
def a_carry_that_changes_its_tree():
    lax.scan(lambda c, x: ((c, c), None), 1.0, X)


@refuses(BadAnswer, "returned a tuple of 3", "return carry, None")
def a_step_without_a_pair():
    lax.scan(lambda c, x: (c, x, x), 1.0, X)


@refuses(BadAnswer, "returns one of structure None", "keeps its tree")
def a_step_without_a_return():
    lax.while_loop(lambda c: c < 1, lambda c: None, 0.0)


@refuses(UnknownValue, "The truth of c > 0 is not known while scan traces step", "c is argument 0 of step", "np.where")
def python_s_if_in_a_body():
    def step(c, x):
        return (c if c > 0 else -c), None

    lax.scan(step, 1.0, X)


@refuses(BadAnswer, "returned float64[4]", "one truth value", "np.all or np.any")
def a_condition_of_an_array():
    lax.while_loop(lambda c: X * c, lambda c: c, 1.0)


@refuses(BadArgument, "was given float64[4] as its condition", "np.where")
def a_choice_by_an_array():
    lax.cond(X, lambda: 1.0, lambda: 2.0)


@refuses(BadArgument, "was given weak float64 as its index", "astype(int)")
def a_switch_by_a_float():
    lax.switch(1.0, [lambda: 1.0])


@refuses(
    UnknownValue,
    "as table[i] does, is not known while scan traces",
    "i is argument 0 of",
    "funcgrad.numpy.take(table, i)",
)
def a_plain_table_at_an_unknown_index():
    lax.fori_loop(0, 4, lambda i, v: v + X[i], 0.0)


@refuses(UnknownValue, "as table[i] does, is not known", "funcgrad.lax.fori_loop for range(i)")
def an_unknown_number_of_steps():
    lax.fori_loop(0, 4, lambda i, v: v + sum(range(i)), 0.0)


@refuses(UnknownValue, "v is argument 1 of body (test_lax.py:", "Write funcgrad.lax.while_loop.")
def a_while_in_a_loop():
    def body(i, v):
        while v > 0:
            v = v - i
        return v

    lax.fori_loop(0, 4, body, 1.0)


@refuses(UnknownValue, "x is argument 0 of <lambda> (test_lax.py:", "np.where(x > 0, a, b) or funcgrad.lax.cond.")
def an_if_in_a_map():
    lax.map(lambda x: x if x > 0 else -x, X)


@refuses(BadAnswer, "body (test_lax.py:", "takes carry as weak float64 and returns it as float64[4]")
def a_value_that_grows():
    def body(i, v):
        return v + X

    lax.fori_loop(0, 4, body, 1.0)


@refuses(BadAnswer, "body (test_lax.py:", "takes carry[2] as weak float64 and returns it as float64[4]")
def a_value_that_grows_in_a_loop_of_unknown_length():
    def body(i, v):
        return v + X

    jit(lambda n: lax.fori_loop(0, n, body, 1.0))(3)


@refuses(BadArgument, "no branches")
def a_switch_of_nothing():
    lax.switch(1, [])


@refuses(BadAnswer, "returns answer['y'] as weak float64", "returns float64[4]", "same shapes and dtypes")
def branches_of_two_shapes():
    jit(lambda x: lax.cond(x > 0, lambda: {"y": X}, lambda: {"y": 1.0}))(1.0)


@refuses(BadAnswer, "returns a tree of structure", "All functions of switch return one tree")
def branches_of_two_trees():
    jit(lambda x: lax.switch(x, [lambda: 1.0, lambda: (1.0, 2.0)]))(1)


@refuses(BadArgument, "no xs and no length", "length=n")
def a_scan_over_nothing():
    lax.scan(lambda c, x: (c, None), 1.0)


@refuses(BadArgument, "4 rows at xs[1], where xs[0] has 3")
def rows_of_two_lengths():
    lax.scan(lambda c, x: (c, None), 1.0, (X[:3], X))


@refuses(BadArgument, "4 rows at xs, where length has 3")
def a_length_that_is_not_that_of_the_rows():
    lax.scan(lambda c, x: (c, None), 1.0, X, length=3)


@refuses(BadArgument, "a number at xs['k']", "along axis 0")
def a_number_among_the_rows():
    lax.scan(lambda c, x: (c, None), 1.0, {"k": 1.0})


@refuses(BadArgument, "a str at the carry[0]", "trees of numbers")
def a_carry_of_text():
    lax.scan(lambda c, x: (c, None), ("a",), X)


@refuses(BadArgument, "unroll=0")
def no_step_at_once():
    lax.scan(lambda c, x: (c, None), 1.0, X, unroll=0)


@refuses(BadArgument, "float64[3] at elems[1]", "one length along axis 0")
def elements_of_two_lengths():
    lax.associative_scan(lambda a, b: a, (X, X[:3]))


@refuses(BadArgument, "Derived cannot be written as text", "while_loop", "save(path)")
def the_text_of_a_second_derivative_of_a_while_loop():
    stage(grad(grad(while_lax)))(1.3, 0.9).source()


@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refusals(program, kind, sentences):
    check(program, kind, sentences)
