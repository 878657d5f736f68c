"""jit: one trace a signature, Python's control flow under guards, and what is refused."""

import opcode
import warnings
from functools import wraps
from typing import Any, NamedTuple

import numpy as np
import pytest
from attrs import frozen

from funcgrad import (
    Program,
    explain_retrace,
    grad,
    hessian,
    jit,
    jvp,
    linearize,
    stage,
    tree,
    value_and_grad,
    vjp,
    vmap,
)
from funcgrad.errors import BadAnswer, BadArgument, BadProgram, LostDerivative, TooManyPaths, UnknownValue, UntracedPath
from funcgrad.graph import places
from tests.unit.refusing import check, registry

REFUSALS, refuses = registry()
A = np.array([1.0, -2.0, 3.0])


def counted(f):
    """f, and a list with an entry for each time that its text ran."""
    runs = []

    @wraps(f)
    def g(*args, **keywords):
        runs.append(1)
        return f(*args, **keywords)

    return g, runs


# ---- one trace a signature -------------------------------------------------------------------------------------------
def test_a_signature_is_traced_once():
    f, runs = counted(lambda x, y=1.0: np.sin(x) * y)
    g = jit(f)
    for x in (1.0, 2.0, np.float64(1.0), np.ones(3), 2 * A, A.astype("float32"), 3, np.ones(3)):
        np.testing.assert_allclose(g(x), np.sin(x), rtol=1e-6)
    assert len(runs) == 5  # a Python float, a float64, an array of three, a float32 one, an int
    assert g(A, y=2.0) == pytest.approx(np.sin(A) * 2)
    assert g(y=2.0, x=A) == pytest.approx(np.sin(A) * 2)
    assert len(runs) == 7


def test_trees_of_every_kind_go_in_and_come_out():
    def f(params, *, scale):
        return {"sum": [params["w"] + params["b"][0], None], "scaled": (scale * params["w"],)}

    g, params = jit(f), {"w": A, "b": [2.0, None]}
    for p in (params, {"b": [3.0, None], "w": 2 * A}):
        got, wanted = g(p, scale=3.0), f(p, scale=3.0)
        assert list(got) == list(wanted)
        assert type(got["scaled"]) is tuple
        np.testing.assert_array_equal(got["sum"][0], wanted["sum"][0])
        np.testing.assert_array_equal(got["scaled"][0], wanted["scaled"][0])


def test_static_arguments_are_part_of_the_signature():
    f, runs = counted(lambda x, n, kind="sum": getattr(np, kind)(x) ** n)
    by_number, by_name = jit(f, static_argnums=1, static_argnames="kind"), jit(f, static_argnames=("n", "kind"))
    for g in (by_number, by_name):
        assert g(A, 2) == 4.0
        assert g(A, 3) == 8.0
        assert g(A, 2, kind="max") == 9.0
        assert g(2 * A, 2) == 16.0
    assert len(runs) == 6

    @jit(static_argnums=(0,))
    def power(n, x):
        return x**n

    assert power(3, 2.0) == 8.0


def test_dtypes_are_those_of_numpy():
    f32 = np.float32(2.0)
    for f, args in [
        (lambda x: 2.0 * x, (f32,)),
        (lambda x, y: (x * x) * y, (2.0, A.astype("float32"))),
        (lambda x: np.multiply(x, x) * A.astype("float32"), (2.0,)),
        (lambda x: x // 2 + x % 3, (7,)),
        (lambda x: x > 1.0, (2.0,)),
        (lambda x: x + 1j, (2.0,)),
    ]:
        got, again, wanted = jit(f)(*args), *[jit(f)(*args) for _ in range(1)], f(*args)
        assert type(got) is type(again) is type(wanted)
        assert np.asarray(got).dtype == np.asarray(wanted).dtype
        np.testing.assert_array_equal(got, wanted)


def test_answers_are_fresh():
    g = jit(lambda x: (x, x, x[1:], np.broadcast_to(x, (2, 3)), x.reshape(3, 1), 2 * x))
    for _ in range(2):
        x = A.copy()
        answers = g(x)
        assert all(y.flags.writeable for y in answers)
        for i, y in enumerate(answers):
            assert not any(np.shares_memory(y, other) for other in (x, *answers[:i]))
            y[...] = -7.0
        assert x.tolist() == A.tolist()


def test_captured_arrays_are_constants_of_the_program():
    c = A.copy()
    g = jit(lambda x: x * c)
    g(2.0)
    c[:] = 100.0
    np.testing.assert_array_equal(g(2.0), 2 * A)
    assert c.flags.writeable


def test_nothing_is_left_behind_when_the_function_raises():
    calls = []

    @jit
    def f(x):
        calls.append(x)
        if len(calls) == 1:
            raise RuntimeError("no")
        return 2 * x

    with pytest.raises(RuntimeError, match="no"):
        f(A)
    assert explain_retrace(f) == ""
    np.testing.assert_array_equal(f(A), 2 * A)
    assert len(calls) == 2


# ---- Python's control flow -------------------------------------------------------------------------------------------
def test_a_branch_is_taken_by_the_values_of_each_call():
    f, runs = counted(lambda x: x**3 if x > 0 else -x)
    g = jit(f)
    assert [g(x) for x in (2.0, -2.0, 3.0, -3.0, 0.0)] == [8.0, 2.0, 27.0, 3.0, -0.0]
    assert len(runs) == 2
    slope = jit(grad(f))
    assert [slope(x) for x in (2.0, -2.0, 3.0, -3.0)] == [12.0, -1.0, 27.0, -1.0]
    assert [grad(g)(x) for x in (2.0, -2.0)] == [12.0, -1.0]
    assert [grad(grad(g))(x) for x in (2.0, -2.0)] == [12.0, 0.0]


def test_later_questions_are_asked_only_where_earlier_ones_lead():
    def f(x, i):
        if i < 3:
            return x[0] if x[1] > 0 else x[2]
        while x[0] > 1:
            x = x / 2
        return x[0] if np.all(x > 0) else -x[1]

    g = jit(f)
    cases = [(A, 1), (-A, 2), (A, 3), (-A, 4), (4 * A, 5), (A, 0), (np.abs(A), 7)]
    for _ in range(2):
        for x, i in cases:
            assert g(x, i) == f(x, i)


def test_integers_that_shape_the_program_are_guarded():
    def f(x, n):
        total = 0.0
        for k in range(n):
            total = total + x[k]
        return total

    g = jit(f)
    assert [g(A, n) for n in (2, 3, 2, 0)] == [-1.0, 2.0, -1.0, 0.0]
    assert grad(lambda x: g(x, 2))(A).tolist() == [1.0, 1.0, 0.0]
    assert jit(lambda x: int(x) * 2)(2.7) == 4


def test_an_inner_jit_leaves_its_questions_to_the_outer_one():
    inner = jit(lambda x: 2 * x if x > 0 else x * x)
    outer = jit(lambda x: inner(x))
    assert [outer(2.0), outer(-3.0), outer(5.0)] == [4.0, 9.0, 10.0]


def test_many_questions_cost_no_more_than_their_number():
    def f(x):
        for _ in range(1000):
            x = x + 0.5 if x > 0 else x - 0.5
        return x

    assert jit(f)(1.0) == f(1.0)
    g = jit(f)
    g(1.0)
    assert [g(2.0), g(-2.0), g(-3.0)] == [f(2.0), f(-2.0), f(-3.0)]


# ---- with the other transforms ---------------------------------------------------------------------------------------
def loss(params, x):
    h = np.maximum(x @ params["w"] + params["b"], 0.0)
    return np.sum(np.tanh(h) ** 2) + np.sum(np.where(h > 1, h, 0.0))


PARAMS = {"w": np.linspace(-1, 1, 6).reshape(3, 2), "b": np.array([0.3, -0.2])}


def same(got, wanted):
    for one, other in zip(tree.leaves(got), tree.leaves(wanted), strict=True):
        assert type(one) is type(other)
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-14)


def test_it_nests_with_every_transform():
    j, x = jit(loss), A
    same(grad(j)(PARAMS, x), grad(loss)(PARAMS, x))
    same(jit(grad(loss))(PARAMS, x), grad(loss)(PARAMS, x))
    same(jit(grad(jit(loss)))(PARAMS, x), grad(loss)(PARAMS, x))
    same(value_and_grad(j, argnums=(0, 1))(PARAMS, x), value_and_grad(loss, argnums=(0, 1))(PARAMS, x))
    same(
        vmap(j, in_axes=(None, 0))(PARAMS, np.stack([x, 2 * x])),
        vmap(loss, in_axes=(None, 0))(PARAMS, np.stack([x, 2 * x])),
    )
    same(
        jit(vmap(loss, in_axes=(None, 0)))(PARAMS, np.stack([x, x])),
        vmap(loss, in_axes=(None, 0))(PARAMS, np.stack([x, x])),
    )
    same(hessian(j, 1)(PARAMS, x), hessian(loss, 1)(PARAMS, x))
    same(jit(hessian(loss, 1))(PARAMS, x), hessian(loss, 1)(PARAMS, x))
    same(jvp(lambda x: j(PARAMS, x), (x,), (x,)), jvp(lambda x: loss(PARAMS, x), (x,), (x,)))
    same(vjp(lambda x: j(PARAMS, x), x)[1](2.0), vjp(lambda x: loss(PARAMS, x), x)[1](2.0))
    same(linearize(lambda x: j(PARAMS, x), x)[1](x), linearize(lambda x: loss(PARAMS, x), x)[1](x))


def test_closing_over_traced_values():
    assert grad(lambda w: jit(lambda x: x * w)(2.0))(3.0) == 2.0
    assert grad(grad(lambda w: jit(lambda x: x * w * w)(2.0)))(3.0) == 4.0
    assert grad(lambda w: grad(jit(lambda x: x * x * w))(2.0))(3.0) == 4.0
    both = vmap(lambda v: grad(lambda w: jit(lambda x: x * w * v)(2.0))(3.0))(A)
    np.testing.assert_array_equal(both, 2 * A)
    jitted = [jit(lambda x, w=w: x * w) for w in (3.0, 5.0)]
    assert [g(2.0) for g in jitted] == [6.0, 10.0]


def test_choices_leak_nothing_from_the_branch_not_taken():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for f in (
            lambda x: np.sum(np.where(x > 0, np.log(x), x)),
            lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)),
            lambda x: np.sum(np.maximum(np.exp(x), 0.0) * np.minimum(x, 1.0)),
            lambda x: np.sum(np.where(x == 0, 1.0, np.sin(x) / x)),
        ):
            for x in (A, np.zeros(3), np.array([0.0, 1.0, -1.0])):
                g = jit(grad(f))
                for _ in range(2):
                    np.testing.assert_allclose(g(x), grad(f)(x), rtol=1e-12)


@pytest.mark.parametrize("x", [0.0, -0.0, np.inf, -np.inf, np.nan, 1e200, -1e200, 1e-320])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * x,
        lambda x: 1 / x,
        lambda x: x**3,
        lambda x: abs(x + 2.0) ** -1.5,
        lambda x: 2.0**x,
        lambda x: x / x,
        lambda x: x % 2.0,
        lambda x: x // 3.0,
        lambda x: np.sqrt(x),
        lambda x: np.maximum(x, 0.0),
        lambda x: np.exp(x),
        lambda x: abs(x) - x,
    ],
)
def test_scalars_at_the_edge_are_what_they_are_eagerly(f, x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for one, other in ((jit(f), f), (jit(value_and_grad(f)), value_and_grad(f))):
            try:
                wanted = other(x)
            except ArithmeticError:  # Python's own numbers raise where traced ones do not
                continue
            for _ in range(2):
                got = one(x)
                np.testing.assert_equal(np.asarray(got), np.asarray(wanted))
                assert np.all((np.signbit(got) == np.signbit(wanted)) | np.isnan(wanted))


# ---- refusals --------------------------------------------------------------------------------------------------------
@refuses(BadArgument, "cannot trace name: it is a str", "Programs take arrays and numbers.", "static_argnames")
def an_argument_that_is_no_number():
    jit(lambda x, name: x)(1.0, "relu")


@refuses(BadArgument, "params['f']", "it is a function", "static_argnums")
def a_function_within_a_tree():
    jit(lambda params: params["w"])({"w": 1.0, "f": lambda x: x})


@refuses(BadArgument, "names of jit is a list", "not hashable", "tuple")
def a_static_argument_that_cannot_be_hashed():
    jit(lambda x, names: x, static_argnames="names")(1.0, ["a"])


@refuses(BadArgument, "static_argnames=['m']", "Its arguments are x, n.", "Name one of them.")
def a_static_name_that_is_not_there():
    jit(lambda x, n: x, static_argnames="m")


@refuses(BadArgument, "an array of dtype object", "Mark the argument static")
def an_object_array():
    jit(lambda x: x)(np.array([1.0, None]))


@refuses(TooManyPaths, "9th path", "x > 1", "test_jit.py", "while_loop or cond")
def a_loop_whose_length_depends_on_values():
    def f(x):
        while x > 1:
            x = x / 2
        return x

    g = jit(f)
    for n in range(20):
        g(2.0**n)


@refuses(BadAnswer, "asked for the truth of", "not an argument", "Pass it as an argument.")
def control_flow_that_depends_on_something_else():
    state = []

    def f(x):
        state.append(1)
        return x if (x > 0 if len(state) == 1 else x > 1) else -x

    g = jit(f)
    g(1.0)
    g(-1.0)


@refuses(BadProgram, "it has no", "funcgrad program", "It stands at the top.", "Save the program again")
def a_text_that_is_no_program():
    Program.from_json("{}")


def test_records_are_taken_apart_as_they_are_written():
    """Named tuples, attrs classes and dataclasses among the arguments, and others of their names and fields."""

    class Pair(NamedTuple):
        w: Any
        b: Any

    @frozen
    class Layer:
        pair: Any
        rest: Any

    double = jit(lambda layer: tree.map(lambda x: 2 * x, layer))
    layer = Layer(Pair(A, 1.0), [Pair(2.0, None), ()])
    for _ in range(2):
        found = double(layer)
        assert type(found) is Layer
        assert found.pair.w.tolist() == (2 * A).tolist()
        assert (found.pair.b, found.rest) == (2.0, [Pair(4.0, None), ()])
    assert len(double.__jitted__.entrances) == 1
    Other = NamedTuple("Pair", [("w", Any), ("b", Any)])  # noqa: UP014  # REASON: another class of that name
    for other in (Layer(Other(A, 1.0), layer.rest), Layer(Pair(A, 1), layer.rest), Layer((A, 1.0), layer.rest), A):
        found = double(other)
        assert tree.structure(found) == tree.structure(other)
    assert len(double.__jitted__.reasons) == 5
    bare = object.__new__(Layer)  # a field without a value
    object.__setattr__(bare, "pair", 3.0)
    assert double(bare).pair == 6.0


@refuses(UntracedPath, "where `x > 0` is other than True", "test_jit.py", "Trace the function again")
def a_path_that_was_never_traced():
    stage(lambda x: x if x > 0 else -x)(1.0)(-1.0)


@refuses(LostDerivative, "float(x)", "would drop its derivative", "x.value")
def float_of_it_under_jit():
    jit(lambda x: float(x))(1.0)


@refuses(LostDerivative, "int(x)", "would drop its derivative")
def int_of_what_is_differentiated_under_jit():
    jit(grad(lambda x: x * int(x)))(2.0)


@refuses(UnknownValue, "The truth of x > 0", "vmap traces", "np.where(x > 0, a, b)")
def truth_under_vmap_under_jit():
    jit(vmap(lambda x: x if x > 0 else -x))(A)


@refuses(UnknownValue, "depends on", "np.where")
def a_shape_that_depends_on_values():
    jit(lambda x: x[x > 0])(A)


@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refused(program, kind, sentences):
    check(program, kind, sentences)


# ---- choices of a jit within a jit -----------------------------------------------------------------------------------
@pytest.mark.parametrize("inner", [jit, lambda f: grad(jit(lambda x: f(x)))], ids=["jit", "grad of jit"])
@pytest.mark.parametrize("question", [lambda a, x: a < x, lambda a, x: x > a, lambda a, x: a * x < x * x])
def test_a_jit_within_hears_what_is_asked_about_values_of_the_outer_one(inner, question):
    """The inner one knows its argument, and closes over the outer one's: the question is for both."""
    f = jit(lambda a: inner(lambda x: x**3 if question(a, x) else a * x)(2.0))
    small, large = (8.0, 6.0) if inner is jit else (12.0, 3.0)
    for _ in range(2):
        assert (f(1.0), f(3.0)) == (small, large)
    assert grad(f)(3.0) == (2.0 if inner is jit else 1.0)


def test_three_jits_ask_one_another():
    def innermost(a, b, x):
        return x**3 if x > a else b if b > a else 0.0 * b

    f = jit(lambda a: jit(lambda b: jit(lambda x: innermost(a, b, x))(2.0))(5.0))
    assert [f(a) for a in (1.0, 3.0, 7.0, 1.0)] == [8.0, 5.0, 0.0, 8.0]


def test_a_name_that_nobody_can_write_is_no_variable():
    """pytest's own rewriting of asserts stores to names with an @; programs are made of names that Python spells."""
    code = compile("x = f(y)\nz = f(x)", "<here>", "exec").replace(co_names=("f", "y", "@x", "z"))
    offsets = [i for i in range(0, len(code.co_code), 2) if opcode.opname[code.co_code[i]] == "STORE_NAME"]
    assert [places.variable(code, code.co_code, offset) for offset in offsets] == ["", "z"]
