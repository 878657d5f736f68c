"""Staged bodies that eager loops find again: never where something that the body sees has changed."""

import gc
import time
from functools import partial

import numpy as np
import pytest

from funcgrad import custom_vjp, grad, lax, vmap
from funcgrad.transforms import remembering
from funcgrad.transforms.bodies import Body
from funcgrad.transforms.remembering import STAGED, sight

RATE = 0.5
TABLE = np.array([1.0, 2.0])
SETTINGS = {"rate": 1.0}


def helper(x):
    return x * RATE


class Settings:
    rate = 2.0


@pytest.fixture
def stagings(monkeypatch):
    """How often something was staged."""
    count = []

    def counted(function, key, stage, lasting):
        return true(function, key, lambda: (count.append(function), stage())[1], lasting)

    true = remembering.remembered
    monkeypatch.setattr("funcgrad.transforms.carrying.remembered", counted)
    return count


def run(step, start=1.0):
    return lax.scan(step, start, np.ones(3))[0]


def test_a_body_is_staged_once(stagings):
    def loop(x):
        return run(lambda c, row: (np.tanh(c) * x + row, None))

    assert loop(2.0) == loop(2.0)
    assert len(stagings) == 1
    loop(3.0)
    assert len(stagings) == 2
    assert grad(lambda c: run(lambda c, row: (c * row * 2.0, None), c))(1.0) == 8.0


def test_loops_of_other_types_are_staged_anew(stagings):
    def step(c, row):
        return c * row, None

    assert type(run(step, 1.0)) is not type(run(step, np.ones(2)))
    assert len(stagings) == 2


def twice(change):
    """The answers of a loop before and after a change of something that its body sees."""
    found = []
    for k in (0, 1):
        step = change(k)
        found.append((run(step), run(step)))
    return found


def by_closure(k):
    rate = [0.5, 2.0][k]
    return lambda c, row: (c * rate, None)


def by_default(k):
    def step(c, row, rate=[0.5, 2.0][k]):
        return c * rate, None

    return step


def by_keyword_default(k):
    def step(c, row, *, rate=[0.5, 2.0][k]):
        return c * rate, None

    return step


def by_array(k):
    TABLE[0] = [0.5, 2.0][k]
    return lambda c, row: (c * TABLE[0], None)


def by_container(k):
    SETTINGS["rate"] = [0.5, 2.0][k]
    return lambda c, row: (c * SETTINGS["rate"], None)


def by_global(k):
    global RATE  # that it changes is the point
    RATE = [0.5, 2.0][k]
    return lambda c, row: (c * RATE, None)


def by_helper(k):
    global RATE  # that it changes is the point
    RATE = [0.5, 2.0][k]
    return lambda c, row: (helper(c), None)


def by_class(k):
    Settings.rate = [0.5, 2.0][k]
    return lambda c, row: (c * Settings.rate, None)


def by_partial(k):
    return partial(lambda rate, c, row: (c * rate, None), [0.5, 2.0][k])


def by_attribute(k):
    def step(c, row):
        return c * step.rate, None

    step.rate = [0.5, 2.0][k]
    return step


def by_zero_of_another_sign(k):
    zero = [-0.0, 0.0][k]
    return lambda c, row: (c * 0.5 if np.signbit(zero) else c * 2.0, None)


CHANGES = [value for name, value in list(globals().items()) if name.startswith("by_")]


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_body_sees_may_change(change):
    assert twice(change) == [(0.125, 0.125), (8.0, 8.0)]


def test_bodies_with_effects_have_them_each_time():
    seen, rng = [], np.random.default_rng(0)
    for _ in range(2):
        run(lambda c, row: (seen.append(0), (c, None))[1])
    assert len(seen) == 2
    assert run(lambda c, row: (c + rng.normal(), None)) != run(lambda c, row: (c + rng.normal(), None))

    def noisy(c, row):
        return c + np.random.normal(), None  # noqa: NPY002  # a body that is no function of its arguments

    assert run(noisy) != run(noisy)


def test_what_cannot_be_compared_is_not_remembered():
    large = np.ones(20_000)

    def imports(c, row):
        import time  # noqa: PLC0415  # that it is inside is the point

        return c + time.time(), None

    for step in (
        lambda c, row: (c + large[0], None),
        lambda c, row: (c + time.time(), None),
        lambda c, row: (print(c), None),  # noqa: T201
        lambda c, row: (c * Settings.rate, None),
        lambda c, row: (np.random.rand(), None),  # noqa: NPY002
        imports,
    ):
        assert sight(step) is None
    for step in (helper, vmap(helper), partial(helper, 2.0), lambda c, row: (lax.scan(helper, c, row), np.sum(TABLE))):
        assert sight(step) is not None


def test_traced_values_closed_over_are_never_remembered():
    def loop(w):
        return run(lambda c, row: (c * w, None))

    assert grad(loop)(2.0) == 12.0
    assert grad(loop)(3.0) == 27.0
    assert grad(grad(loop))(3.0) == 18.0


def test_conditions_are_remembered_too():
    def loop(most):
        return lax.while_loop(lambda v: v < most, lambda v: v * 2.0, 1.0)

    assert [loop(most) for most in (10.0, 10.0, 100.0, 10.0)] == [16.0, 16.0, 128.0, 16.0]


def bodies(step):
    """What is remembered of the graphs of a step that closes over traced values."""
    return [one for one in STAGED.get(step.__code__, {}).values() if isinstance(one, Body)]


def test_what_was_made_of_an_equal_graph_is_used_again():
    steps, factor = [], 2.0

    def loss(w):
        def step(c, row):
            return factor * c * w, None

        steps.append(step)
        return np.sum(run(step, np.ones(3)))

    assert grad(loss)(1.0) == 72.0
    (body,) = bodies(steps[0])
    made = body.callable
    assert grad(loss)(2.0) == 288.0
    assert bodies(steps[1]) == [body]
    assert body.callable is made
    factor = 1.0  # another graph
    assert grad(loss)(1.0) == 9.0
    assert len(bodies(steps[2])) == 2
    assert grad(grad(loss))(1.0) == 18.0


def test_a_graph_with_a_function_of_the_user_s_is_not():
    steps = []

    @custom_vjp
    def doubled(x):
        return 2.0 * x

    doubled.defvjp(lambda x: (doubled(x), None), lambda _, zbar: (3.0 * zbar,))

    def loss(w):
        def step(c, row):
            return doubled(c * w), None

        steps.append(step)
        return np.sum(run(step, np.ones(3)))

    for _ in range(2):
        assert grad(loss)(1.0) == 3 * 57  # by the rule: 3, then 3 (2 + 3), then 3 (4 + 15)
    assert not bodies(steps[0])


def test_what_is_remembered_goes_with_the_function():
    before = len(STAGED)
    names = {"np": np, "__name__": "elsewhere"}
    exec("def step(c, row): return np.sin(c), None", names)
    run(names["step"])
    assert len(STAGED) == before + 1
    del names
    gc.collect()
    assert len(STAGED) == before


def test_few_are_remembered():
    def loop(x):
        return run(lambda c, row: (c * x, None))

    for k in range(20):
        assert loop(float(k)) == k**3
    assert max(map(len, STAGED.values())) <= remembering.MOST
