"""checkpoint, its policies, and loops that keep the carries of some steps only: values, derivatives, memory."""

import tracemalloc
from contextlib import suppress
from functools import lru_cache, partial

import numpy as np
import pytest

from funcgrad import (
    Program,
    checkpoint,
    checkpoint_name,
    checkpoint_policies,
    eval_shape,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jit,
    jvp,
    lax,
    stage,
    tree,
    vjp,
    vmap,
)
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.primitives import contracting
from funcgrad.transforms.rewinding import enough, reach, stride
from tests.unit.refusing import check, registry

REFUSALS, refuses = registry()
X = np.array([0.3, -0.7, 1.1])
W = np.arange(9.0).reshape(3, 3) / 9

POLICIES = {
    "none": checkpoint_policies.nothing_saveable,
    "names": checkpoint_policies.save_only_these_names("h"),
    "other names": checkpoint_policies.save_any_names_but_these("h"),
    "dots": checkpoint_policies.dots_saveable,
    "all": checkpoint_policies.everything_saveable,
    "each": lambda op: True,
}


def block(x, w, *, scale=1.0):
    h = checkpoint_name(np.tanh(w @ x), "h")
    return {"a": np.sin(h) * x, "b": checkpoint_name((h * h).sum(), "b") * scale}


def loss(f, x, w):
    answer = f(x, w, scale=2.0)
    return np.sum(answer["a"]) * answer["b"]


TRANSFORMS = {
    "value": lambda f: f(X, W),
    "grad": lambda f: grad(f, (0, 1))(X, W),
    "jvp": lambda f: jvp(f, (X, W), (X, W)),
    "hessian": lambda f: hessian(f, (0, 1))(X, W),
    "grad of grad": lambda f: grad(lambda x: np.sum(grad(f, 1)(x, W) ** 2))(X),
    "jacfwd of grad": lambda f: jacfwd(grad(f, 1))(X, W),
    "jacrev of grad": lambda f: jacrev(grad(f))(X, W),
    "grad of jvp": lambda f: grad(lambda x: jvp(f, (x, W), (x * x, W))[1])(X),
    "jit of grad": lambda f: jit(grad(f, (0, 1)))(X, W),
    "grad of jit": lambda f: grad(jit(f), (0, 1))(X, W),
    "vmap of grad": lambda f: vmap(grad(f, (0, 1)), (0, None))(np.stack([X, 2 * X]), W),
    "grad of vmap": lambda f: grad(lambda w: np.sum(vmap(f, (0, None))(np.stack([X, 2 * X]), w)))(W),
    "jit of vmap of hessian": lambda f: jit(vmap(hessian(f), (0, None)))(np.stack([X, 2 * X]), W),
}


def same(one, other):
    assert tree.structure(one) == tree.structure(other)
    for a, b in zip(tree.leaves(one), tree.leaves(other), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def peak(f, *args):
    """The most bytes that a call takes."""
    tracemalloc.start()
    f(*args)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("policy", ["none", "names"])
def test_every_transform_finds_what_it_finds_without(policy, transform):
    forgetful = checkpoint(policy=POLICIES[policy])(block)
    same(TRANSFORMS[transform](partial(loss, forgetful)), TRANSFORMS[transform](partial(loss, block)))


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_has_the_same_derivatives(policy):
    for transform in ("grad", "grad of grad", "jit of grad"):
        forgetful = checkpoint(block, policy=POLICIES[policy])
        same(TRANSFORMS[transform](partial(loss, forgetful)), TRANSFORMS[transform](partial(loss, block)))


def test_a_checkpoint_in_a_checkpoint():
    f = checkpoint(lambda x: checkpoint(np.sin)(checkpoint(lambda y: np.exp(y) * x)(x)))
    for derive in (grad, lambda f: grad(grad(f)), lambda f: jit(grad(grad(grad(f))))):
        same(derive(f)(0.4), derive(lambda x: np.sin(np.exp(x) * x))(0.4))


# ---- what the function is --------------------------------------------------------------------------------------------
def test_the_function_runs_once_and_python_chooses_by_values():
    calls = []

    @checkpoint
    def f(x, n):
        calls.append(n)
        while np.sum(x) < 10.0:
            x = x * n
        return x if x[0] > 0 else -x

    assert grad(lambda x: np.sum(f(x, 3)))(np.array([1.0, 2.0])).tolist() == [9.0, 9.0]
    assert calls == [3]


def test_a_loop_variable_is_what_it_was_at_the_call():
    def f(x, ws):
        for i in range(3):
            x = checkpoint(lambda x: x * ws[i] + ws[i])(x)  # noqa: B023  # that i changes later is the point
        return x

    same(
        grad(f, (0, 1))(2.0, [1.0, 1.0, 3.0]),
        grad(lambda x, w: ((x * w[0] + w[0]) * w[1] + w[1]) * w[2] + w[2], (0, 1))(2.0, [1.0, 1.0, 3.0]),
    )


@pytest.mark.parametrize("n", [3, 20_000])
def test_an_array_closed_over_cannot_change_before_the_way_back(n):
    table = np.ones(n)

    def f(x):
        y = np.sum(checkpoint(lambda x: np.sin(x * table))(x))
        with suppress(ValueError):
            table[0] = 5.0
        return y

    assert np.isclose(grad(f)(0.5), n * np.cos(0.5))


def test_traced_values_closed_over():
    assert grad(lambda w: checkpoint(lambda x: x * x * w)(w))(2.0) == 12.0
    assert grad(grad(lambda w: checkpoint(lambda x: x * x * w)(w)))(2.0) == 12.0
    assert grad(lambda w: checkpoint(lambda x: np.sum(x * w))(np.ones(3)))(2.0) == 3.0
    assert grad(lambda w: checkpoint(lambda: w * w)())(2.0) == 4.0
    assert grad(lambda w: checkpoint(partial(np.multiply, w))(3.0))(2.0) == 3.0
    assert grad(lambda a: grad(lambda b: checkpoint(lambda x: x * a * b)(b))(2.0))(3.0) == 4.0


def test_plain_arguments_run_the_function_as_it_is():
    assert checkpoint(lambda x: float(x))(np.float64(2.0)) == 2.0
    assert type(checkpoint(lambda x: x * 2)(1.5)) is float


def test_answers_that_are_made_of_no_argument_stay_what_they_are():
    answer, pull = vjp(lambda x: checkpoint(lambda x: {"y": x, "n": 3, "z": np.ones(2)})(x), 2.0)
    assert answer["y"] == 2.0
    assert answer["n"] == 3
    assert pull({"y": 1.0, "n": 0, "z": np.zeros(2)}) == (1.0,)


def test_dtypes_stay():
    for x in (1.5, np.float32(1.5), np.ones(2, np.float32)):
        f = checkpoint(lambda x: np.sin(x) * 2.0 + np.float32(1))
        assert eval_shape(f, x) == eval_shape(f.__wrapped__, x)
        answer = vjp(f, x)[0]
        assert np.asarray(answer).dtype == np.asarray(f.__wrapped__(x)).dtype


def test_a_program_with_a_checkpoint_is_saved_and_written(tmp_path):
    slope = stage(grad(partial(loss, checkpoint(block, policy=POLICIES["names"]))))(X, W)
    slope.save(tmp_path / "slope")
    same(Program.load(tmp_path / "slope")(X, W), slope(X, W))
    assert "tanh" in slope.source()


# ---- memory ----------------------------------------------------------------------------------------------------------
def chain(step):
    def f(x):
        for _ in range(10):
            x = step(x)
        return np.sum(x)

    return f


def twenty(x):
    for _ in range(20):
        x = np.sin(x) * 1.01
    return x


def test_what_lies_within_is_forgotten():
    x = np.ones(20_000)
    assert peak(grad(chain(checkpoint(twenty))), x) < 0.25 * peak(grad(chain(twenty)), x)


def test_the_pullback_of_an_array_makes_no_graph():
    x = np.ones(20_000)
    _, pull = vjp(twenty, x)
    assert peak(pull, x) < 5 * x.nbytes


def test_second_derivatives_forget_too():
    x = np.ones(5_000)
    forgetful, plain = hvp(chain(checkpoint(twenty))), hvp(chain(twenty))
    same(forgetful(x, x), plain(x, x))
    assert peak(forgetful, x, x) < 0.25 * peak(plain, x, x)


@pytest.mark.parametrize(("policy", "runs"), [("none", 2), ("names", 1), ("dots", 1)])
def test_what_is_kept_is_not_computed_again(policy, runs, monkeypatch):
    count, product = [], np.matmul
    monkeypatch.setattr(contracting, "matrix_product", lambda *args: count.append(args) or product(*args))

    @partial(checkpoint, policy=POLICIES[policy])
    def f(x):
        return np.sum(np.sin(checkpoint_name(W @ x, "h")))

    slope = grad(f)(X)
    np.testing.assert_allclose(slope, W.T @ np.cos(W @ X))
    assert len([args for args in count if args[0] is W or np.array_equal(args[0], W)]) == runs


# ---- loops -----------------------------------------------------------------------------------------------------------
def looping(way, length, reverse):
    rows = np.linspace(-1.0, 1.0, 2 * length).reshape(length, 2)

    def f(c, xs, w):
        def step(c, x):
            return (np.tanh(c[0] * w + x), c[1] + 1), (c[0] * x, np.sum(c[0]))

        (a, k), ys = lax.scan(step, (c, 0), xs * rows, reverse=reverse, checkpoint=way)
        return np.sum(a * a) + np.sum(ys[0] * ys[1][:, None]) * w[0] + k

    return f


C, V = np.array([0.3, 0.4]), np.array([0.5, -0.8])


@pytest.mark.parametrize("way", ["sqrt", "binomial", 1, 2, 3])
@pytest.mark.parametrize(("length", "reverse"), [(0, False), (1, True), (7, False), (7, True)])
def test_gradients_of_loops_that_keep_few_carries(way, length, reverse):
    xs = np.full((length, 2), 1.1)
    arguments = (C, xs, V)
    same(
        grad(looping(way, length, reverse), (0, 1, 2))(*arguments),
        grad(looping(None, length, reverse), (0, 1, 2))(*arguments),
    )


@pytest.mark.parametrize("way", ["sqrt", 2])
def test_every_transform_of_loops_that_keep_few_carries(way):
    f, plain, xs, both = looping(way, 7, False), looping(None, 7, False), np.full((7, 2), 1.1), np.stack([C, V])
    for derive in (
        lambda f: jvp(f, (C, xs, V), (C, xs, V)),
        lambda f: hessian(f, (0, 2))(C, xs, V),
        lambda f: grad(lambda w: grad(f, 2)(C, xs, w)[0])(V),
        lambda f: jit(grad(f, (0, 1, 2)))(C, xs, V),
        lambda f: vmap(grad(f, (0, 1, 2)), (0, None, None))(both, xs, V),
        lambda f: grad(lambda w: np.sum(vmap(f, (0, None, None))(both, xs, w)))(V),
    ):
        same(derive(f), derive(plain))


def test_a_loop_over_integers_keeps_few_values():
    assert np.isclose(grad(lambda x: lax.fori_loop(0, 5, lambda i, v: v * x, 1.0, checkpoint=2))(1.1), 5 * 1.1**4)


@lru_cache(None)
def fewest(length, kept):
    """The least number of steps taken again, by trying all places of the next carry that is kept."""
    if length <= 1 or kept == 1:
        return length * (length - 1) // 2
    return min(k + fewest(length - k, kept - 1) + fewest(k, kept) for k in range(1, length))


def taken(length, kept):
    """The number of steps taken again by `stride`."""
    if length <= 1 or kept == 1:
        return length * (length - 1) // 2
    k = stride(length, kept)
    assert 1 <= k < length
    return k + taken(length - k, kept - 1) + taken(k, kept)


def test_the_schedule_takes_the_fewest_steps():
    for length in range(1, 30):
        for kept in range(1, 6):
            assert taken(length, kept) == fewest(length, kept)
    assert reach(enough(10_000), 3) >= 10_000
    assert enough(10_000) == 38


def test_a_long_loop_takes_a_twentieth_of_the_memory():
    def f(way):
        return grad(
            lambda u: np.sum(lax.scan(lambda u, _: (np.sin(u) + 0.1 * u, None), u, None, 1600, checkpoint=way)[0])
        )

    u = np.linspace(0.0, 1.0, 500)
    plain = peak(f(None), u)
    for way in ("sqrt", "binomial", 12):
        same(f(way)(u), f(None)(u))
        assert 15 * peak(f(way), u) < plain


# ---- refusals --------------------------------------------------------------------------------------------------------
@refuses(BadArgument, "checkpoint was given policy='dots'", "function of an operation", "save_only_these_names")
def a_policy_by_name():
    checkpoint(np.sin, policy="dots")


@refuses(BadAnswer, "returned None", "Is a return missing?")
def a_checkpoint_that_returns_nothing():
    grad(lambda x: checkpoint(lambda x: None)(x))(1.0)


@refuses(BadArgument, "checkpoint='cube', which is no schedule", 'Write checkpoint="sqrt", "binomial"')
def an_unknown_schedule():
    lax.scan(lambda c, x: (c, None), 1.0, X, checkpoint="cube")


@refuses(BadArgument, "checkpoint=0, which is no schedule")
def no_carries():
    lax.scan(lambda c, x: (c, None), 1.0, X, checkpoint=0)


@refuses(BadArgument, "checkpoint='sqrt', with unroll", "leave out unroll")
def a_schedule_and_long_steps():
    lax.scan(lambda c, x: (c, None), 1.0, X, unroll=2, checkpoint="sqrt")


@refuses(BadArgument, "checkpoint='sqrt' and a bound that is unknown", "Pass known bounds")
def a_schedule_for_a_loop_of_unknown_length():
    jit(lambda n: lax.fori_loop(0, n, lambda i, v: v, 1.0, checkpoint="sqrt"))(3)


@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refusals(program, kind, sentences):
    check(program, kind, sentences)
