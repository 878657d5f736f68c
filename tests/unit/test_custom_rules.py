"""custom_vjp, custom_jvp and primitive: rules of the user's, under every transform."""

import math
from functools import partial

import numpy as np
import pytest

import funcgrad
from funcgrad import (
    custom_jvp,
    custom_vjp,
    eval_shape,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jit,
    jvp,
    linearize,
    primitive,
    stage,
    supports,
    vjp,
    vmap,
)
from funcgrad.errors import BadAnswer, BadArgument, BadRule, FuncgradError, LostDerivative, UnknownValue

X, Y = np.array([0.3, 0.5]), np.array([2.0, 3.0])
ROWS = np.stack([X, 2 * X, 3 * X])


def plain(x, y):
    return np.sin(x) * y


def by_vjp():
    f = custom_vjp(lambda x, y: plain(x, y))

    def fwd(x, y):
        return f(x, y), {"slope": np.cos(x), "rest": (np.sin(x), y)}

    def bwd(residuals, zbar):
        sine, y = residuals["rest"]
        return residuals["slope"] * y * zbar, sine * zbar

    f.defvjp(fwd, bwd)
    return f


def by_jvp():
    f = custom_jvp(lambda x, y: plain(x, y))

    @f.defjvp
    def rule(primals, tangents):
        (x, y), (xdot, ydot) = primals, tangents
        return f(x, y), np.cos(x) * y * xdot + np.sin(x) * ydot

    return f


def by_jvps():
    f = custom_jvp(lambda x, y: plain(x, y))
    f.defjvps(lambda xdot, z, x, y: np.cos(x) * y * xdot, lambda ydot, z, x, y: np.sin(x) * ydot)
    return f


def only_numbers(x, y):
    """As SciPy's or a simulator's would: it takes nothing but plain arrays."""
    assert all(type(a) is not funcgrad.Node for a in (x, y))
    return plain(x, y)


def slope_of_x(zbar, z, x, y):
    return zbar * np.cos(x) * y, zbar * np.sin(x)


def moved_along(dots, z, x, y):
    return np.cos(x) * y * dots[0] + np.sin(x) * dots[1]


def primitive_vjp():
    return primitive(only_numbers, vjp=slope_of_x, infer=lambda x, y: x)


def primitive_jvp():
    return primitive(only_numbers, jvp=moved_along, infer=lambda x, y: x)


def primitive_both():
    return primitive(only_numbers, vjp=slope_of_x, jvp=moved_along, infer=lambda x, y: x, batch=only_numbers)


every_kind = pytest.mark.parametrize(
    "make", [by_vjp, by_jvp, by_jvps, primitive_vjp, primitive_jvp, primitive_both], ids=lambda make: make.__name__
)

QUESTIONS = {
    "value": lambda L: L(X, Y),
    "grad": lambda L: grad(L)(X, Y),
    "grads": lambda L: grad(L, argnums=(0, 1))(X, Y),
    "jvp": lambda L: jvp(L, (X, Y), (Y, X)),
    "hessian": lambda L: hessian(L)(X, Y),
    "hvp": lambda L: hvp(L)(X, Y, Y),
    "forward over reverse": lambda L: jacfwd(jacrev(L))(X, Y),
    "reverse over forward": lambda L: jacrev(jacfwd(L))(X, Y),
    "forward twice": lambda L: jacfwd(jacfwd(L))(X, Y),
    "reverse thrice": lambda L: jacrev(hessian(L))(X, Y),
    "linearize": lambda L: linearize(L, X, Y)[1](Y, X),
    "vmap": lambda L: vmap(L, (0, None))(ROWS, Y),
    "vmap of grad": lambda L: vmap(grad(L), (0, None))(ROWS, Y),
    "vmap of jvp": lambda L: vmap(lambda x: jvp(L, (x, Y), (Y, x)))(ROWS),
    "grad of vmap": lambda L: grad(lambda y: np.sum(vmap(L, (0, None))(ROWS, y) ** 2))(Y),
    "jvp of vmap": lambda L: jvp(lambda y: vmap(L, (0, None))(ROWS, y), (Y,), (X,)),
    "hessian of vmap": lambda L: hessian(lambda y: np.sum(vmap(L, (0, None))(ROWS, y) ** 2))(Y),
    "vmap of vmap": lambda L: vmap(vmap(L, (0, None)), (None, 0))(ROWS, ROWS),
    "grad of vmap of grad": lambda L: grad(lambda x: np.sum(vmap(grad(L), (0, None))(x, Y) ** 2))(ROWS),
    "jit": lambda L: jit(L)(X, Y),
    "jit of grad": lambda L: jit(grad(L))(X, Y),
    "grad of jit": lambda L: grad(jit(L))(X, Y),
    "hessian of jit": lambda L: hessian(jit(L))(X, Y),
    "jit of hessian": lambda L: jit(hessian(L))(X, Y),
    "jvp of jit": lambda L: jvp(jit(L), (X, Y), (Y, X)),
    "jit of vmap of grad": lambda L: jit(vmap(grad(L), (0, None)))(ROWS, Y),
    "vmap of jit of grad": lambda L: vmap(jit(grad(L)), (0, None))(ROWS, Y),
    "grad of vmap of jit": lambda L: grad(lambda y: np.sum(vmap(jit(L), (0, None))(ROWS, y) ** 2))(Y),
    "again": lambda L: [f(X, Y) + f(Y, X) for f in [jit(grad(L))]],
}


def agree(one, other):
    got, wanted = funcgrad.tree.leaves(one), funcgrad.tree.leaves(other)
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@every_kind
@pytest.mark.parametrize("question", QUESTIONS)
def test_rules_compose_with_every_transform(make, question):
    f = make()
    agree(
        QUESTIONS[question](lambda x, y: np.sum(f(x, y) ** 2)),
        QUESTIONS[question](lambda x, y: np.sum(plain(x, y) ** 2)),
    )


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "reverse thrice"])
@pytest.mark.parametrize("method", ["central", "complex_step"])
def test_differences_compose_with_every_transform(method, question):
    f = primitive(lambda x, y: np.sin(x) * y, numeric=method, infer=lambda x, y: x)
    got = QUESTIONS[question](lambda x, y: np.sum(f(x, y) ** 2))
    wanted = QUESTIONS[question](lambda x, y: np.sum(plain(x, y) ** 2))
    for a, b in zip(funcgrad.tree.leaves(got), funcgrad.tree.leaves(wanted), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)


# ---- arguments, trees, residuals ------------------------------------------------------------------------------------
def test_arguments_that_are_not_differentiated_go_to_rules_first_and_as_they_are():
    f = custom_vjp(lambda function, x: function(x), nondiff_argnums=(0,))
    f.defvjp(lambda function, x: (function(x), (x, "kept", None)), lambda function, left, zbar: (100 * zbar,))
    assert grad(lambda x: f(np.sin, x))(0.5) == jit(grad(lambda x: f(np.sin, x)))(0.5) == 100
    with pytest.raises(BadArgument, match=r"function of <lambda> is in nondiff_argnums and was given a traced value"):
        grad(lambda x: f(x, 2.0))(3.0)
    g = partial(custom_jvp, nondiff_argnums=(1,))(lambda x, n: x**n)
    g.defjvp(lambda n, primals, tangents: (primals[0] ** n, 7 * tangents[0]))
    assert grad(g)(2.0, 3) == grad(lambda x: g(n=3, x=x))(2.0) == 7


def test_trees_in_and_out():
    f = custom_vjp(lambda p, n: {"y": p["w"] * p["b"], "n": n})
    f.defvjp(lambda p, n: (f(p, n), p), lambda p, bar: ({"w": bar["y"] * p["b"], "b": bar["y"] * p["w"]}, None))
    p = {"w": X, "b": 2.0}
    agree(grad(lambda p: np.sum(f(p, 3)["y"]))(p), {"w": np.full(2, 2.0), "b": 0.8})
    agree(jit(grad(lambda p: np.sum(f(p, 3)["y"])))(p), {"w": np.full(2, 2.0), "b": 0.8})
    agree(vmap(grad(lambda p: f(p, 3)["y"]), ({"w": 0, "b": None},))(p), {"w": np.full(2, 2.0), "b": X})
    agree(jvp(lambda p: f(p, 3), (p,), (p,))[1], {"n": 0, "y": 4 * X})
    total = primitive(lambda p: p["w"].sum() * p["b"], jvp=lambda dots, z, p: dots[0]["w"].sum() * p["b"])
    agree(grad(total)(p), {"w": np.full(2, 2.0), "b": 0.0})


def test_what_a_rule_reads_of_residuals_is_differentiated_only_where_it_is_asked_for():
    """fwd here cannot be traced, so second derivatives are refused, and first ones are not."""
    f = custom_vjp(lambda x: np.sin(x))
    f.defvjp(lambda x: (np.sin(x), math.cos(x)), lambda cosine, zbar: (zbar * cosine,))
    assert grad(f)(0.0) == 1.0
    assert jvp(f, (0.0,), (2.0,))[1] == 2.0
    with pytest.raises(FuncgradError):
        grad(grad(f))(0.0)


def test_a_dtype_stays():
    f = by_vjp()
    x, y = X.astype(np.float32), Y.astype(np.float32)
    assert grad(lambda x: np.sum(f(x, y)))(x).dtype == np.float32
    assert type(grad(lambda x: f(x, 2.0))(1.0)) is float


def test_a_cotangent_of_what_broadcast_is_summed():
    f = custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (x * y, (x, y)), lambda xy, zbar: (zbar * xy[1], zbar * xy[0]))
    agree(grad(lambda x, y: np.sum(f(x, y)), argnums=(0, 1))(2.0, X), (0.8, np.full(2, 2.0)))


# ---- closures -------------------------------------------------------------------------------------------------------
def scaled_by(v, x):
    f = custom_vjp(lambda x: x * v)
    f.defvjp(lambda x: (x * v, None), lambda _, zbar: (zbar * v,))
    return f(x)


def test_a_closure_over_numbers_is_legal():
    assert grad(lambda x: scaled_by(2.0, x))(3.0) == 2.0
    slope = jit(grad(lambda x: scaled_by(2.0, x) if x > 0 else -scaled_by(2.0, x)))
    assert [slope(x) for x in (1.0, -1.0, 3.0, -3.0)] == [2.0, -2.0, 2.0, -2.0]


@pytest.mark.parametrize("transform", [lambda f: grad(f, argnums=(0, 1)), jit, vmap], ids=["grad", "jit", "vmap"])
def test_a_closure_over_a_traced_value_is_refused(transform):
    with pytest.raises(BadArgument, match=r"closes over a traced value .* Pass the value as an argument"):
        transform(scaled_by)(*([X, Y] if transform is vmap else [2.0, 3.0]))


def test_what_bwd_closes_over_has_its_derivative():
    def slope(v):
        f = custom_vjp(lambda x: x * x)
        f.defvjp(lambda x: (x * x, x), lambda x, zbar: (zbar * v**3,))
        return grad(f)(5.0)

    assert grad(slope)(2.0) == 12.0


# ---- refusals -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda bar: bar, r"bwd of f must return a tuple of 1, a cotangent for each of x\. It returned a ndarray"),
        (lambda bar: (bar, bar), "It returned 2 of them"),
        (lambda bar: (bar[:1],), r"bwd of f returned a cotangent of shape \(1,\) for x, which has the shape \(2,\)"),
        (lambda bar: (np.stack([bar, bar]),), r"shape \(2, 2\) for x"),
        (lambda bar: ("text",), r"bwd of f returned a str as the cotangent of x, which is float64\[2\]"),
    ],
)
def test_a_wrong_cotangent_is_refused(returned, said):
    @custom_vjp
    def f(x):
        return x * 1.0

    f.defvjp(lambda x: (x * 1.0, None), lambda _, bar: returned(bar))
    with pytest.raises(BadRule, match=said):
        grad(lambda x: np.sum(f(x)))(X)


def test_other_wrong_rules_are_refused():
    @custom_vjp
    def f(p):
        return p["w"] * 1.0

    with pytest.raises(BadRule, match=r"f is a custom_vjp without rules.*f\.defvjp\(fwd, bwd\)"):
        f({"w": X})
    f.defvjp(lambda p: p["w"], lambda _, bar: (bar,))
    with pytest.raises(BadRule, match=r"fwd of f must return a pair \(answer, residuals\)"):
        grad(lambda p: np.sum(f(p)))({"w": X[:1]})
    f.defvjp(lambda p: (p["w"], None), lambda _, bar: (bar,))
    with pytest.raises(BadRule, match="bwd of f returned a cotangent of another structure for p"):
        grad(lambda p: np.sum(f(p)))({"w": X})
    f.defvjp(lambda p: (p["w"], None), lambda _, bar: ({"w": bar[:1]},))
    with pytest.raises(BadRule, match=r"shape \(1,\) for p\['w'\]"):
        grad(lambda p: np.sum(f(p)))({"w": X})

    @custom_jvp
    def g(x):
        return x * 1.0

    with pytest.raises(BadRule, match="g is a custom_jvp without a rule"):
        g(X)
    g.defjvp(lambda primals, tangents: (g(*primals), np.sum(tangents[0])))
    with pytest.raises(BadRule, match=r"jvp of g returned a tangent of shape \(\) for the answer, .* shape \(2,\)"):
        jvp(g, (X,), (X,))
    g.defjvps(None, None)
    with pytest.raises(BadRule, match="2 rules by defjvps and was called with 1"):
        g(X)


@pytest.mark.parametrize(
    "rule", [lambda bar: np.clip(bar, -1, 1), np.sign, lambda bar: bar + 1, lambda bar: bar * bar, np.ones_like]
)
def test_a_rule_that_is_not_linear_has_no_transpose(rule):
    f = custom_vjp(lambda x: x * 1.0)
    f.defvjp(lambda x: (x * 1.0, None), lambda _, bar: (rule(bar),))
    agree(grad(lambda x: np.sum(3 * f(x)))(X), rule(np.full(2, 3.0)))
    with pytest.raises(BadRule, match="is not linear in what it is given"):
        jvp(f, (X,), (X,))


def test_no_program_that_is_saved_holds_rules():
    f = by_vjp()
    program = stage(f)(X, Y)
    agree(program(X, Y), plain(X, Y))
    for write in (program.to_json, program.source):
        with pytest.raises(BadArgument, match=r"stage the function without its rules, f\.__wrapped__|__wrapped__"):
            write()
    assert "np.sin" in stage(f.__wrapped__)(X, Y).source()
    assert "<lambda>" in repr(program)


# ---- primitives -----------------------------------------------------------------------------------------------------
def test_a_primitive_without_a_rule_is_refused_where_it_is_differentiated():
    f = primitive(math.lgamma)
    assert f(3.0) == math.lgamma(3.0) == jit(f)(3.0)
    with pytest.raises(LostDerivative, match=r"lgamma is a primitive without a derivative.*numeric='central'"):
        grad(f)(3.0)
    with pytest.raises(UnknownValue, match=r"lgamma.*State infer="):
        vmap(f)(X)
    with pytest.raises(BadArgument, match="numeric='sideways'"):
        primitive(math.lgamma, numeric="sideways")


def test_what_is_numeric_and_what_loops_is_marked():
    f = primitive(math.lgamma, numeric="central", infer=lambda x: x)
    assert "lgamma[central](" in repr(stage(f)(2.0))
    assert "lgamma[central, loop](" in repr(stage(vmap(f))(X))
    assert "derivative of lgamma[central]" in repr(stage(grad(f))(2.0))
    facts = supports(f)
    assert (facts.kind, facts.forward, facts.reverse, facts.batch) == ("differentiates", True, True, True)
    assert facts.note.startswith("forward: numeric, central; reverse: numeric, central; batch: a loop")
    assert supports(primitive(math.lgamma)).kind == "refused"
    assert supports(by_vjp()).note.startswith("reverse: stated")
    assert "transpose of vjp" in supports(primitive_vjp()).note


def test_complex_steps_are_exact_and_refused_where_the_imaginary_part_is_lost():
    f = primitive(np.exp, numeric="complex_step")
    assert grad(f)(2.0) == pytest.approx(np.exp(2.0), rel=1e-15)
    assert grad(grad(f))(2.0) == pytest.approx(np.exp(2.0), rel=1e-8)
    with pytest.raises(BadAnswer, match="which was dropped"):
        grad(primitive(lambda x: np.abs(x) ** 2, numeric="complex_step"))(2.0)
    with pytest.raises(TypeError):
        grad(primitive(lambda x: float(x) ** 2, numeric="complex_step"))(2.0)
    with pytest.raises(BadArgument, match="which is complex"):
        grad(primitive(np.abs, numeric="central"))(1.0 + 2.0j)


def test_what_infer_says_is_compared_with_what_is_returned():
    f = primitive(lambda x: x * 2, infer=lambda x: x.with_shape((3,)), numeric="central")
    assert eval_shape(f, 1.0).shape == (3,)
    with pytest.raises(BadRule, match=r"infer of <lambda>\[central\] says float64\[3\], and it returned float64"):
        vmap(f)(X)
    with pytest.raises(BadRule, match="must return the answer's type"):
        vmap(primitive(lambda x: x, infer=lambda x: "float"))(X)
    shapes = iter([(1,), (2,)])
    changing = jit(primitive(lambda x: np.ones(next(shapes)) * x))
    changing(1.0)
    with pytest.raises(BadAnswer, match=r"returned float64\[2\] where float64\[1\] was expected"):
        changing(2.0)


def test_empty_arrays_and_batches():
    f = primitive(lambda x: x * 2, numeric="central", infer=lambda x: x)
    assert grad(lambda x: np.sum(f(x)))(np.zeros((0, 2))).shape == (0, 2)
    assert vmap(f)(np.zeros((0, 2))).shape == vmap(grad(lambda x: np.sum(f(x))))(np.zeros((0, 2))).shape == (0, 2)


def test_check_compares_with_differences_once():
    calls = []
    right = primitive(lambda x: calls.append(1) or math.sin(x), vjp=lambda bar, z, x: (bar * np.cos(x),), check=2)
    assert right(1.0) == math.sin(1.0)
    first = len(calls)
    right(1.0)
    assert first > 5
    assert len(calls) == first + 1
    for use in (lambda f: f(1.0), grad_at_one, lambda f: jit(grad(f))(1.0)):
        with pytest.raises(AssertionError, match=r"args\[0\] is wrong at order 1 \(rev\)") as caught:
            use(primitive(math.sin, vjp=lambda bar, z, x: (bar * np.sin(x),), check=True))
        assert caught.value.__notes__ == ["The rules of sin were compared with differences: check=True."]
    wrong = custom_jvp(np.sin, check=True)
    wrong.defjvps(lambda xdot, z, x: xdot)
    with pytest.raises(AssertionError):
        wrong(1.0)


def grad_at_one(f):
    return grad(f)(1.0)


def test_names_stay():
    @custom_vjp
    def f(x):
        """The docstring."""
        return x

    assert (f.__name__, f.__doc__) == ("f", "The docstring.")
    assert repr(f) == "<CustomVjp f>"


def test_integers_and_other_leaves():
    f = custom_vjp(lambda x, n, how: x**n if how == "power" else x * n)
    f.defvjp(lambda x, n, how: (f(x, n, how), (x, n)), lambda xn, bar: (bar * xn[1] * xn[0] ** (xn[1] - 1), None, None))
    assert grad(f)(2.0, 3, "power") == jit(grad(f), static_argnums=(1, 2))(2.0, 3, "power") == 12.0
    assert vjp(lambda x: f(x, 3, "power"), 2.0)[1](1.0) == (12.0,)
