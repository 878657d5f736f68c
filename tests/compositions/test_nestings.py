"""Random nestings of transforms to depth 6, closing over variables of every level, against symbolic derivatives.

A program is a term: a tuple of its kind and its parts (terms.py draws them). `run` gives it to funcgrad. `Algebra` is
the reference (algebra.py) and uses nothing of funcgrad: it turns every transform into a plain expression by symbolic
differentiation and substitution, and evaluates that with Python's floats. They share only the meaning of the terms:

    variable x     number c     a + b     a · b     sin a     stop a       stop: the derivative is zero
    let x = a in b                   the plain meaning
    jit x. a @ b                     a at x = b, by a program that is traced twice, so that it runs, too
    let f(x) = a in b                f(c) in b is a with c for x: it closes over whatever a does
    grad x. a @ b                    ∂a/∂x at x = b;  likewise value_and_grad, jacrev, jacfwd, hessian
    aux x. a, c @ b                  ∂a/∂x + c at x = b, where c was returned beside a
    pair x y. a @ b, c               ∂a/∂x + 2 ∂a/∂y at x = b, y = c
    jvp x. a @ b → c                 a + ∂a/∂x · c at x = b;  likewise hvp
    let p = vjp x. a @ b in c        p(d) in c, anywhere, is ∂a/∂x · d at x = b;  likewise let l = linearize
    map x. a @ b                     Σᵢ Cᵢ a at x = b Bᵢ, for fixed B and C;  `mapped` is the same by vmap(f) of a name
"""

import os
from math import cos, sin
from random import Random

import numpy as np
import pytest

from funcgrad import (
    Node,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jit,
    jvp,
    linearize,
    stop_gradient,
    value_and_grad,
    vjp,
    vmap,
)
from tests.compositions.algebra import Algebra, B, C, TooLargeError
from tests.compositions.terms import DEPTH, drawn, nesting

DEEP = os.environ.get("FUNCGRAD_PROFILE") == "deep"
BLOCKS, BLOCK = (100, 500) if DEEP else (12, 25)


# ---- what funcgrad makes of it ---------------------------------------------------------------------------------------
def run(term, scope):
    """The value of a term by funcgrad."""
    kind, *parts = term
    return globals()[f"run_{kind}"](scope, *parts)


def function(scope, x, body):
    return lambda value: run(body, {**scope, x: value})


def run_variable(scope, x):
    return scope[x]


def run_number(scope, c):
    return c


def run_add(scope, a, b):
    return run(a, scope) + run(b, scope)


def run_multiply(scope, a, b):
    return run(a, scope) * run(b, scope)


def run_sin(scope, a):
    return np.sin(run(a, scope))


def run_stop(scope, a):
    return stop_gradient(run(a, scope))


def run_let(scope, x, a, rest):
    return run(rest, {**scope, x: run(a, scope)})


def run_function(scope, f, x, a, rest):
    return run(rest, {**scope, f: function(scope, x, a)})


def run_call(scope, f, a):
    return scope[f](run(a, scope))


def run_grad(scope, x, body, at):
    return grad(function(scope, x, body))(run(at, scope))


def run_jacrev(scope, x, body, at):
    return jacrev(function(scope, x, body))(run(at, scope))


def run_jacfwd(scope, x, body, at):
    return jacfwd(function(scope, x, body))(run(at, scope))


def run_valued(scope, x, body, at):
    value, slope = value_and_grad(function(scope, x, body))(run(at, scope))
    return value + slope


def run_hessian(scope, x, body, at):
    return hessian(function(scope, x, body))(run(at, scope))


def run_aux(scope, x, body, beside, at):
    def f(value):
        inner = {**scope, x: value}
        return run(body, inner), run(beside, inner)

    slope, aux = grad(f, has_aux=True)(run(at, scope))
    return slope + aux


def run_pair(scope, x, y, body, at, and_at):
    f = lambda one, other: run(body, {**scope, x: one, y: other})
    slope, other = grad(f, argnums=(0, 1))(run(at, scope), run(and_at, scope))
    return slope + 2.0 * other


def run_jvp(scope, x, body, at, tangent):
    value, dot = jvp(function(scope, x, body), (run(at, scope),), (run(tangent, scope),))
    return value + dot


def run_hvp(scope, x, body, at, tangent):
    return hvp(function(scope, x, body))(run(at, scope), run(tangent, scope))


def run_vjp(scope, p, x, body, at, rest):
    value, pull = vjp(function(scope, x, body), run(at, scope))
    return value + run(rest, {**scope, p: lambda bar: pull(bar)[0]})


def run_linearize(scope, p, x, body, at, rest):
    value, push = linearize(function(scope, x, body), run(at, scope))
    return value + run(rest, {**scope, p: push})


run_pull = run_push = run_call


def run_jit(scope, x, body, at):
    program, value = jit(function(scope, x, body)), run(at, scope)
    return 0.5 * program(value) + 0.5 * program(value)


def run_map(scope, x, body, at):
    return np.sum(C * vmap(function(scope, x, body))(run(at, scope) * B))


def run_mapped(scope, f, kind, at):
    return np.sum(C * vmap(scope[f])(run(at, scope) * B))


# ---- the comparison --------------------------------------------------------------------------------------------------
def wanted(term, point):
    """The number by the reference; None where it is too large, or where rounding would blur it."""
    algebra = Algebra()
    scope = {name: algebra.variable() for name in point}
    try:
        meaning = algebra.meaning(term, scope)
    except TooLargeError:
        return None
    value, bound = algebra.evaluated(meaning, {scope[name]: float(value) for name, value in point.items()})
    return value if 1e-15 * bound <= 1e-10 * abs(value) else None


def complaint(term, point, want):
    """What is wrong with funcgrad's answer; empty if nothing is."""
    try:
        got = run(term, point)
    except Exception as error:  # noqa: BLE001  # REASON: whatever is raised is a finding, to be shrunk and shown
        return f"raised {type(error).__name__}: {error}"
    if type(got) is Node or not isinstance(got, float | np.ndarray | np.generic):
        return f"gave a {type(got).__name__}: {got!r}"
    if not np.allclose(got, want, rtol=1e-9, atol=0):
        return f"gave {got!r}"
    return ""


def smaller(term):
    """Terms like `term` with one part left out: each part in its place, and each with a smaller part."""
    yield from (part for part in term if type(part) is tuple)
    for i, part in enumerate(term):
        if type(part) is tuple:
            if part[0] not in ("variable", "number"):
                yield (*term[:i], ("number", 0.5), *term[i + 1 :])
            for less in smaller(part):
                yield (*term[:i], less, *term[i + 1 :])


def failing(term, point):
    """The complaint about a term, if it is one with a meaning."""
    try:
        want = wanted(term, point)
    except KeyError:  # a name whose binding was left out
        return ""
    said = "" if want is None else complaint(term, point, want)
    return said and f"{said}, want {want!r}"


def shrunk(term, point):
    """A smaller term that fails, too."""
    while True:
        less = next((t for t in smaller(term) if failing(t, point)), None)
        if less is None:
            return term
        term = less


@pytest.mark.parametrize("block", range(BLOCKS))
def test_nested_transforms_agree_with_symbolic_derivatives(block):
    compared = 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        rng = Random(seed)
        while True:
            term = drawn(rng)
            point = {"a": 0.7, "b": rng.choice([-1.3, np.float64(-1.3), np.array(-1.3)])}
            want = wanted(term, point)
            if want is not None:
                break
        if complaint(term, point, want):
            term = shrunk(term, point)
            pytest.fail(f"seed {seed}, at {point}: {term} {failing(term, point)}", pytrace=False)
        compared += 1
    assert compared == BLOCK


def test_the_nestings_are_as_deep_and_as_mixed_as_promised():
    terms = [drawn(Random(seed)) for seed in range(BLOCKS * BLOCK)]
    text = repr(terms)
    kinds = {name.removeprefix("of_") for name in vars(Algebra) if name.startswith("of_")}
    assert {kind for kind in kinds if f"('{kind}'" not in text} == set()
    assert max(map(nesting, terms)) >= DEPTH
    assert sum(nesting(term) >= 3 for term in terms) > len(terms) / 4


def test_the_reference_knows_a_derivative_by_hand():
    """x · (∂/∂y of sin(x y) at y = 2) is x² cos 2x, which changes by 2x cos 2x - 2x² sin 2x."""
    inner = ("grad", "y", ("sin", ("multiply", ("variable", "x"), ("variable", "y"))), ("number", 2.0))
    term = ("grad", "x", ("multiply", ("variable", "x"), inner), ("variable", "a"))
    by_hand = 2 * 0.7 * cos(1.4) - 2 * 0.7**2 * sin(1.4)
    assert wanted(term, {"a": 0.7}) == pytest.approx(by_hand, rel=1e-14)


def test_the_comparison_notices_a_wrong_answer_and_shrinks_it(monkeypatch):
    monkeypatch.setitem(globals(), "run_sin", lambda scope, a: np.cos(run(a, scope)))
    term = ("add", ("multiply", ("sin", ("variable", "a")), ("variable", "b")), ("number", 1.0))
    assert shrunk(term, {"a": 0.7, "b": 1.0}) == ("sin", ("variable", "a"))
