"""Optimisers: optax's numbers, the papers' formulas by hand, and that they are functions as any other."""

import json
from pathlib import Path

import numpy as np
import pytest

from funcgrad import grad, hessian, jacfwd, jit, jvp, lax, optim, tree, value_and_grad, vmap
from funcgrad.errors import BadArgument
from tests.unit import optimising

STORED = json.loads((Path(__file__).parent / "optax.json").read_text(encoding="utf-8"))
#: optax computes the values of schedules at float32.
LOOSE = {"by schedule": 1e-6, "one cycle": 1e-6}


def close(one, other, **how):
    tree.map(lambda a, b: np.testing.assert_allclose(a, b, **how), one, other)


# ---- optax's numbers -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", optimising.OPTIMISERS)
def test_parameters_are_optaxs(name):
    params, _ = optimising.run(optim, name, optimising.START)
    close(params, {leaf: np.array(p) for leaf, p in STORED["optimisers"][name].items()}, rtol=LOOSE.get(name, 1e-12))


@pytest.mark.parametrize("name", optimising.SCHEDULES)
def test_schedules_are_optaxs(name):
    schedule = optimising.SCHEDULES[name](optim)
    np.testing.assert_allclose([schedule(count) for count in optimising.COUNTS], STORED["schedules"][name], rtol=1e-12)
    np.testing.assert_allclose(vmap(schedule)(np.arange(18)), STORED["schedules"][name], rtol=1e-12)


# ---- one program ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["nesterov", "adamw", "rmsprop centred", "global norm", "every third", "one cycle"])
def test_a_jitted_step_is_the_step(name):
    own = optimising.OPTIMISERS[name](optim)
    step = jit(lambda params, state: own.update(optimising.slope(params), state, params))
    params, state = optimising.START, own.init(optimising.START)
    for _ in range(optimising.STEPS):
        updates, state = step(params, state)
        params = optim.apply_updates(params, updates)
    plain, before = optimising.run(optim, name, optimising.START)
    close(params, plain, rtol=1e-12)
    close(state, before, rtol=1e-12)
    assert tree.structure(state) == tree.structure(before)


@pytest.mark.parametrize("name", ["lbfgs", "lbfgs, backtracking"])
def test_a_jitted_search_is_the_search(name):
    own = optimising.OPTIMISERS[name](optim)

    @jit
    def step(params, state):
        value, slope = optim.value_and_grad_from_state(optimising.loss)(params, state=state)
        updates, state = own.update(slope, state, params, value=value, grad=slope, value_fn=optimising.loss)
        return optim.apply_updates(params, updates), state

    params, state = optimising.START, own.init(optimising.START)
    for _ in range(3):
        params, state = step(params, state)
    close(params, optimising.run(optim, name, optimising.START, steps=3)[0], rtol=1e-12)


def test_the_state_is_a_tree_of_arrays_that_nothing_changes():
    adam = optim.adam(0.1)
    state = adam.init(optimising.START)
    copy = tree.map(np.copy, state)
    _, after = adam.update(optimising.slope(optimising.START), state)
    close(state, copy, rtol=0)
    assert [type(part).__name__ for part in after] == ["ScaleByAdamState", "EmptyState"]
    assert after[0].count == 1
    assert after[0].count.dtype == np.int32
    assert after[0]._fields == ("count", "mu", "nu")


def test_float32_stays_float32():
    params = tree.map(lambda p: p.astype(np.float32), optimising.START)
    for name in ("nesterov", "adamw", "rmsprop centred", "global norm", "every second, sum", "by schedule"):
        own = optimising.OPTIMISERS[name](optim)
        slopes = tree.map(lambda g: g.astype(np.float32), optimising.slope(params))
        updates, _ = own.update(slopes, own.init(params), params)
        after = optim.apply_updates(params, updates)
        assert {p.dtype for p in tree.leaves(after)} == {np.dtype(np.float32)}, name


def test_complex_parameters_go_down():
    target = np.array([1.0 + 2.0j, -1.0j])
    f = lambda z: np.sum(np.abs(z - target) ** 2)
    for own in (optim.adam(0.1), optim.sgd(0.1, 0.5), optim.rmsprop(0.05), optim.chain(optim.clip_by_global_norm(1.0))):
        z = np.zeros(2, complex)
        state = own.init(z)
        sign = -0.1 if len(state) == 1 else 1.0
        for _ in range(150):
            updates, state = own.update(np.conj(grad(f)(z)), state, z)
            z = optim.apply_updates(z, sign * updates)
        assert z.dtype == complex
        assert f(z) < 0.05


# ---- derivatives ---------------------------------------------------------------------------------------------------
def test_the_derivative_by_the_learning_rate_goes_through_the_steps():
    def end(rate):
        own = optim.sgd(rate)
        state, x = own.init(1.0), 1.0
        for _ in range(3):
            updates, state = own.update(2 * x, state)
            x = optim.apply_updates(x, updates)
        return x  # (1 - 2·rate)³

    np.testing.assert_allclose(end(0.1), 0.8**3)
    np.testing.assert_allclose(grad(end)(0.1), -6 * 0.8**2)
    np.testing.assert_allclose(grad(grad(end))(0.1), 24 * 0.8)
    np.testing.assert_allclose(jvp(end, (0.1,), (1.0,))[1], -6 * 0.8**2)
    np.testing.assert_allclose(vmap(grad(end))(np.array([0.1, 0.2])), [-6 * 0.8**2, -6 * 0.6**2])
    np.testing.assert_allclose(jit(grad(end))(0.1), -6 * 0.8**2)
    np.testing.assert_allclose([jacfwd(end)(0.1), hessian(end)(0.1)], [-6 * 0.8**2, 24 * 0.8])


@pytest.mark.parametrize("name", ["adam nesterov", "rmsprop outside", "global norm", "lbfgs, fixed step"])
def test_the_derivative_by_the_start_is_the_difference(name):
    vector, unravel = tree.ravel(optimising.START)

    def end(x):
        return np.sum(tree.ravel(optimising.run(optim, name, unravel(x), steps=3)[0])[0] ** 2)

    e = np.linspace(-1.0, 1.0, len(vector))
    difference = (end(vector + 1e-6 * e) - end(vector - 1e-6 * e)) / 2e-6
    np.testing.assert_allclose(grad(end)(vector) @ e, difference, rtol=1e-6)
    np.testing.assert_allclose(jvp(end, (vector,), (e,))[1], difference, rtol=1e-6)


def test_a_batch_of_trainings_is_each_training():
    starts = np.array([[1.0, -2.0], [3.0, 0.5]])

    def end(x):
        own = optim.adamw(0.1)
        state = own.init(x)
        for _ in range(3):
            updates, state = own.update(2 * x, state, x)
            x = optim.apply_updates(x, updates)
        return x

    np.testing.assert_allclose(vmap(end)(starts), [end(x) for x in starts], rtol=1e-14)


def test_searches_batch_and_differentiate():
    own = optim.lbfgs(linesearch=optim.scale_by_backtracking_linesearch(15))
    f = lambda x: np.sum((x - 1) ** 2 * np.array([1.0, 5.0]) + 0.1 * x**4)

    def end(x):
        state = own.init(x)
        for _ in range(2):
            value, slope = value_and_grad(f)(x)
            updates, state = own.update(slope, state, x, value=value, grad=slope, value_fn=f)
            x = optim.apply_updates(x, updates)
        return x

    starts, e = np.array([[3.0, -2.0], [0.5, 4.0]]), np.array([1.0, -0.5])
    np.testing.assert_allclose(vmap(end)(starts), [end(x) for x in starts], rtol=1e-12)
    x = starts[0]
    difference = (end(x + 1e-6 * e) - end(x - 1e-6 * e)) / 2e-6
    np.testing.assert_allclose(jvp(end, (x,), (e,))[1], difference, rtol=1e-6)
    np.testing.assert_allclose(grad(lambda x: np.sum(end(x)))(x) @ e, difference.sum(), rtol=1e-6)


# ---- by hand -------------------------------------------------------------------------------------------------------
def test_two_steps_of_adam_by_hand():
    g, b1, b2 = (3.0, -1.0), 0.9, 0.999
    m = (1 - b1) * (b1 * g[0] + g[1]) / (1 - b1**2)
    v = (1 - b2) * (b2 * g[0] ** 2 + g[1] ** 2) / (1 - b2**2)
    adam = optim.adam(0.5)
    _, state = adam.update(g[0], adam.init(0.0))
    np.testing.assert_allclose(adam.update(g[1], state)[0], -0.5 * m / (np.sqrt(v) + 1e-8), rtol=1e-14)


def test_lbfgs_solves_a_parabola_of_two_unknowns_in_as_many_steps_with_exact_searches():
    H, b = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, -1.0])
    newton, x = optim.scale_by_lbfgs(scale_init_precond=False), np.array([5.0, 5.0])
    state = newton.init(x)
    for _ in range(2):
        g = H @ x - b
        d, state = newton.update(g, state, x)
        x = x - (g @ d) / (d @ H @ d) * d
    np.testing.assert_allclose(x, np.linalg.solve(H, b), rtol=1e-12)


def test_the_memory_is_a_ring():
    newton, x = optim.scale_by_lbfgs(2), np.zeros(1)
    state = newton.init(x)
    for k in range(4):
        _, state = newton.update(np.array([float(k * k)]), state, np.array([float(k)]))
    assert state.diff_params_memory.tolist() == [[1.0], [1.0]]
    assert state.diff_updates_memory.tolist() == [[5.0], [3.0]]  # of the third step, and of the second
    np.testing.assert_allclose(state.weights_memory, [1 / 5, 1 / 3])


def test_a_search_takes_no_step_where_the_loss_is_no_number():
    search = optim.scale_by_backtracking_linesearch(3)
    with np.errstate(invalid="ignore"):
        updates, state = search.update(-1e9, search.init(1.0), 1.0, value=0.0, grad=1.0, value_fn=lambda x: np.log(x))
    assert (updates, state.learning_rate) == (0.0, 0.0)


def test_numbers_in_the_state_can_be_read_and_changed():
    own = optim.inject_hyperparams(optim.adamw, static_args="mask")(
        lambda count: 0.5**count, mask=lambda tree: True, nesterov=True
    )
    state = own.init(np.ones(2, np.float32))
    assert sorted(state.hyperparams) == ["b1", "b2", "eps", "eps_root", "learning_rate", "weight_decay"]
    own = optim.inject_hyperparams(optim.sgd)(lambda count: 0.5**count, momentum=0.9)
    state = own.init(np.ones(2, np.float32))
    step = jit(lambda g, state: own.update(g, state))
    for expected in (1.0, 0.5, 0.25):
        updates, state = step(np.ones(2, np.float32), state)
        assert state.hyperparams["learning_rate"] == expected
        assert updates.dtype == state.hyperparams["momentum"].dtype == np.float32


def test_gradients_that_are_no_numbers_are_skipped():
    careful = optim.MultiSteps(optim.sgd(1.0), 2, should_skip_update_fn=optim.skip_not_finite)
    state = careful.init(0.0)
    steps, taken = [], []
    for g in (1.0, np.nan, 3.0):
        updates, state = careful.update(g, state)
        steps.append(float(updates))
        taken.append(bool(careful.has_updated(state)))
    assert steps == [0.0, 0.0, -2.0]
    assert taken == [False, False, True]


def test_what_is_masked_has_no_state():
    adam = optim.masked(optim.scale_by_adam(), {"w": True, "b": False})
    state = adam.init(optimising.START)
    assert state.inner_state.mu["b"] == optim.MaskedNode()
    assert tree.leaves(state.inner_state.mu["b"]) == []


def test_keywords_go_to_those_that_take_them():
    seen = []

    def update(updates, state, params=None, **extra_args):
        seen.append(sorted(extra_args))
        return updates, state

    asking = optim.GradientTransformationExtraArgs(lambda params: (), update)
    own = optim.chain(optim.masked(asking, True), optim.sgd(0.1), asking)
    own.update(1.0, own.init(0.0), 0.0, value=1.0)
    assert seen == [["value"], ["value"]]


def test_another_library_s_pairs_are_taken():
    class GradientTransformationExtraArgs:  # optax's has this name
        init = staticmethod(lambda params: ())
        update = staticmethod(lambda updates, state, params=None, *, value: (updates * value, state))

    own = optim.chain(GradientTransformationExtraArgs(), optim.scale(2.0))
    assert own.update(1.0, own.init(0.0), value=3.0)[0] == 6.0


def test_the_loss_and_slope_in_a_state_are_reused():
    calls = []

    def f(x):
        calls.append(x)
        return x * x

    search = optim.lbfgs()
    state, slopes = search.init(3.0), optim.value_and_grad_from_state(f)
    assert slopes(3.0, state=state) == (9.0, 6.0)
    updates, state = search.update(6.0, state, 3.0, value=9.0, grad=6.0, value_fn=f)
    before = len(calls)
    x = optim.apply_updates(3.0, updates)
    assert slopes(x, state=state) == (x * x, 2 * x)
    assert len(calls) == before


def test_loops_of_steps_are_one_operation():
    own = optim.adam(0.1)

    def step(carry, _):
        x, state = carry
        updates, state = own.update(2 * x, state, x)
        return (optim.apply_updates(x, updates), state), x

    x = np.array([1.0, -2.0])
    (end, _), _ = lax.scan(step, (x, own.init(x)), length=5)
    state = own.init(x)
    for _ in range(5):
        updates, state = own.update(2 * x, state, x)
        x = optim.apply_updates(x, updates)
    np.testing.assert_allclose(end, x, rtol=1e-14)


# ---- refusals ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "sentences"),
    [
        (
            lambda: optim.add_decayed_weights(0.1).update(1.0, ()),
            ["add_decayed_weights reads the parameters", "called without them", "update(updates, state, params)"],
        ),
        (
            lambda: optim.chain(optim.sgd(0.1)).update(1.0, ()),
            ["a state of 0 parts", "made of 1 transformations", "init or update returned"],
        ),
        (
            lambda: optim.masked(optim.sgd(0.1), {"w": 1.0}).init({"w": 1.0}),
            ["masked was given 1.0", "says True or False", "a tree of truth values"],
        ),
        (
            lambda: optim.scale_by_lbfgs(0),
            ["memory_size=0", "remembers at least one step", "memory_size=10"],
        ),
        (
            lambda: optim.scale_by_zoom_linesearch(3, initial_guess_strategy="two"),
            ["initial_guess_strategy='two'", "'one' or 'keep'"],
        ),
        (
            lambda: optim.lbfgs().update(
                1.0, optim.lbfgs().init(1.0), 1.0, value=1.0, grad=1.0, value_fn=abs, temperature=2.0
            ),
            ["was passed temperature by keyword", "takes no such argument", "only what value_fn takes"],
        ),
        (
            lambda: optim.value_and_grad_from_state(abs)(1.0, state=optim.adam(0.1).init(1.0)),
            ["found no value and gradient", "A line search keeps them", "store_grad=True"],
        ),
        (lambda: optim.cosine_decay_schedule(1.0, 0), ["decay_steps=0", "goes on for some steps", "positive number"]),
        (
            lambda: optim.piecewise_constant_schedule(1.0, {3: -1.0}),
            ["the scale -1.0 at 3", "does not change sign", "from 0 up"],
        ),
        (
            lambda: optim.piecewise_interpolate_schedule("square", 1.0),
            ["interpolate_type='square'", "'linear' or 'cosine'"],
        ),
    ],
)
def test_refusals_say_what_happened_and_what_to_write(call, sentences):
    with pytest.raises(BadArgument) as caught:
        call()
    for sentence in sentences:
        assert sentence in str(caught.value)
