"""What a loop keeps for its pullback beside the carries: what is dear and small; and what of its rows nothing reads."""

import tracemalloc

import numpy as np
import pytest

from funcgrad import grad, hessian, jacfwd, jit, jvp, lax, linear_transpose, nn, primitive, random, value_and_grad, vmap
from funcgrad.errors import NotReparameterised
from funcgrad.rewrites.simplifying import simplified
from funcgrad.transforms.scanning import Scan
from funcgrad.transforms.sparing import with_spared
from funcgrad.transforms.staging import graph_of

W, XS = np.array([[0.5, -0.2, 0.1], [0.3, 0.4, -0.6], [-0.1, 0.2, 0.7]]), np.linspace(-1, 1, 12).reshape(4, 3)


def step(w, c, x):
    """A step with a product of matrices, two dear functions, and a number beside the carry."""
    h, count = c
    z = np.tanh(h @ w + x)
    return (z * np.exp(-h), count + 1), (z, h)


def looped(w, c=None, xs=XS, **options):
    """A loss of a loop of these."""
    (h, _), (zs, hs) = lax.scan(lambda c, x: step(w, c, x), (np.ones(3) if c is None else c, 0), xs, **options)
    return np.sum(h * h) + np.sum(zs[1] * hs[2])


def unrolled(w, c=None, xs=XS):
    """The same in Python."""
    c, zs, hs = (np.ones(3) if c is None else c, 0), [], []
    for x in xs:
        c, (z, h) = step(w, c, x)
        zs.append(z)
        hs.append(h)
    return np.sum(c[0] * c[0]) + np.sum(zs[1] * hs[2])


def scans(f, *args):
    """The loops of a program."""
    return [one.op for one in simplified(graph_of(f, *args)).steps if isinstance(one.op, Scan)]


def functions(loop):
    """The names of what a step of a loop computes."""
    return {one.op.name for one in loop.body.graph.steps}


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
def test_derivatives_are_those_of_the_loop_in_python(dtype):
    w, xs = W.astype(dtype), XS.astype(dtype)
    c = np.ones(3, dtype)
    loss = lambda f: lambda *args: np.real(f(*args))
    for one, other in zip(
        value_and_grad(loss(looped), (0, 1, 2))(w, c, xs)[1],
        value_and_grad(loss(unrolled), (0, 1, 2))(w, c, xs)[1],
        strict=True,
    ):
        assert one.dtype == other.dtype == dtype
        np.testing.assert_allclose(one, other, 1e-4 if dtype == "float32" else 1e-12, 1e-6)


def test_derivatives_of_derivatives_and_batches_are_too():
    np.testing.assert_allclose(hessian(looped)(W), hessian(unrolled)(W), 1e-9, 1e-12)
    np.testing.assert_allclose(jit(hessian(looped))(W), hessian(unrolled)(W), 1e-9, 1e-12)
    np.testing.assert_allclose(jacfwd(grad(looped))(W), hessian(unrolled)(W), 1e-9, 1e-12)
    ws, dot = np.stack([W, -W]), np.ones((3, 3))
    np.testing.assert_allclose(vmap(grad(looped))(ws), [grad(unrolled)(w) for w in ws], 1e-12)
    along = lambda f: grad(lambda w: jvp(f, (w,), (dot,))[1])(W)
    np.testing.assert_allclose(along(looped), along(unrolled), 1e-9, 1e-12)


def test_dear_values_are_not_computed_again():
    ahead, back = scans(grad(looped), W)
    assert {"tanh", "exp"} <= functions(ahead)
    assert not {"tanh", "exp"} & functions(back)
    assert len(ahead.body.kinds) == ahead.carries + 3  # z, which is one of the functions, the other, and h, a carry


@pytest.mark.parametrize("options", [{"checkpoint": "sqrt"}, {"unroll": 2}])
def test_a_loop_that_keeps_fewer_carries_keeps_no_such_value(options):
    loops = scans(grad(lambda w: looped(w, **options)), W)
    assert not any(loop.spared for loop in loops)
    np.testing.assert_allclose(grad(lambda w: looped(w, **options))(W), grad(unrolled)(W), 1e-12)


def test_what_is_large_is_not_kept():
    graph = scans(lambda w, c: lax.scan(lambda c, _: (np.tanh(c @ w), None), c, None, 5)[0], W, np.ones(3))[
        0
    ].body.graph
    assert len(with_spared(graph, 1, 0, 5).outputs) == 2
    assert len(with_spared(graph, 1, 0, 10**9).outputs) == 1  # 24 GB in all
    many = lambda c: sum([np.tanh(k * c) for k in range(1, 6)])
    graph = scans(lambda c: lax.scan(lambda c, _: (many(c), None), c, None, 5)[0], np.ones(3))[0].body.graph
    assert len(with_spared(graph, 1, 0, 5).outputs) == 1  # five arrays, where a step takes and gives two


def test_functions_of_numbers_are_not_kept():
    ahead, back = scans(grad(lambda c: lax.scan(lambda c, _: (np.sin(c), None), c, None, 5)[0]), 1.0)
    assert len(ahead.body.kinds) == 2
    assert "cos" in functions(back)


def test_a_loop_keeps_twice_as_much_at_most():
    xs = np.full((500, 64), 0.1)
    f = lambda c: np.sum(lax.scan(lambda c, x: (np.tanh(np.exp(-c * x)), None), c, xs)[0])
    grad(f)(np.ones(64))
    tracemalloc.start()
    grad(f)(np.ones(64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * xs.nbytes  # the carries, the two functions, and little more


def test_a_program_stacks_no_rows_that_nothing_reads():
    f = lambda w: np.sum(looped(w))
    _, back = scans(grad(f), W)
    assert len(back.body.kinds) == back.carries
    (loop,) = scans(lambda w: lax.scan(lambda c, x: step(w, c, x), (np.ones(3), 0), XS)[1][1], W)
    assert len(loop.body.kinds) == loop.carries + 1
    np.testing.assert_allclose(grad(jit(f))(W), grad(unrolled)(W), 1e-12)
    np.testing.assert_allclose(jit(hessian(f))(W), hessian(unrolled)(W), 1e-9, 1e-12)


@pytest.mark.parametrize("checkpoint", [None, "sqrt", "binomial", 2])
def test_the_first_carry_counts_where_the_next_one_does_not_read_it(checkpoint):
    def f(c, xs):
        return np.sum(lax.scan(lambda c, x: (x, c * c), c, xs, checkpoint=checkpoint)[1])

    for slopes in (grad(f, (0, 1)), grad(jit(f), (0, 1)), jit(grad(f, (0, 1)))):
        c, xs = slopes(5.0, np.array([1.0, 2.0, 3.0]))
        assert c == 10.0
        np.testing.assert_array_equal(xs, [2.0, 4.0, 0.0])


def test_a_loop_that_is_linear_in_one_carry_has_a_transpose():
    def f(v):
        return lax.scan(lambda c, _: ((0.9 * c[0], c[1] * np.sin(c[0])), None), (np.ones(2), v), None, 3)[0][1]

    product = np.sin(1.0) * np.sin(0.9) * np.sin(0.81)
    np.testing.assert_allclose(linear_transpose(f, np.ones(2))(np.array([1.0, 2.0]))[0], [product, 2 * product])

    def g(v):
        return lax.scan(lambda c, x: (c * np.exp(np.sin(x)), None), v, XS)[0]

    np.testing.assert_allclose(linear_transpose(g, np.ones(3))(np.ones(3))[0], np.exp(np.sin(XS).sum(axis=0)))


def test_a_recurrent_layer_computes_its_gates_once():
    layer = nn.lstm(3)
    _, params = layer.init(random.key(0), (-1, 4, 3))
    _, back = scans(grad(lambda p: np.sum(layer.apply(p, XS))), params)
    assert not {"tanh", "logistic"} & functions(back)


def test_an_answer_without_a_derivative_that_none_asks_for_is_no_hindrance():
    refuse = primitive(lambda x: x.copy(), vjp=lambda zbar, z, x: 1 / 0, infer=lambda x: x)

    def f(c):
        (_, (ys, _)) = lax.scan(lambda c, x: (np.tanh(c * x), (c, refuse(c))), c, XS)
        return np.sum(ys)

    def g(c):
        ys = []
        for x in XS:
            ys.append(c)
            c = np.tanh(c * x)
        return np.sum(np.stack(ys))

    np.testing.assert_allclose(grad(f)(np.ones(3)), grad(g)(np.ones(3)), 1e-12)

    def drawn(c):
        return lax.scan(lambda c, key: (np.tanh(c), random.poisson(key, c)), c, random.split(random.key(0), 3))[1]

    graph = scans(drawn, np.ones(2))[0].body.graph
    assert with_spared(graph, 1, 1, 3) is graph
    with pytest.raises(NotReparameterised):
        grad(lambda c: np.sum(np.sin(drawn(c))))(np.ones(2))
