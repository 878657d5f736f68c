"""Layers under every pair of transforms: each way to a derivative gives the same numbers."""

import numpy as np
import pytest

from funcgrad import grad, hvp, jacfwd, jacrev, jit, jvp, nn, random, tree, value_and_grad, vmap
from funcgrad.transforms.program import Program, stage

KEY = random.key(1)
RNG = np.random.default_rng(1)

#: Layers, with the shape of one example of their input.
LAYERS = {
    "dense": (nn.serial(nn.dense(3), nn.gelu), (4,)),
    "exact gelu": (nn.serial(nn.dense(2), lambda x: nn.gelu(x, False)), (3,)),
    "relu": (nn.serial(nn.dense(4), nn.relu, nn.dense(2)), (3,)),
    "conv": (nn.serial(nn.conv(2, (2, 3), strides=(2, 1)), np.tanh), (4, 3, 2)),
    "grouped conv": (nn.conv(4, 3, groups=2, kernel_dilation=2), (5, 2)),
    "pooling": (nn.serial(nn.conv(2, 2), nn.max_pool(2), nn.avg_pool(2, 1)), (6, 1)),
    "overlapping pooling": (nn.serial(nn.conv(2, 2), nn.max_pool(3, 2, "SAME")), (6, 1)),
    "norms": (nn.serial(nn.dense(4), nn.layer_norm(), nn.group_norm(2)), (2, 3)),
    "rnn": (nn.rnn(2), (3, 2)),
    "gru": (nn.gru(2, return_sequences=False), (3, 2)),
    "lstm": (nn.lstm(2), (3, 2)),
    "attention": (nn.multi_head_attention(2, is_causal=True), (3, 4)),
    "residual": (nn.residual(nn.dense(3), nn.softplus, nn.dense(3)), (3,)),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def made(name):
    """The loss of a flat vector of parameters and a batch of inputs, and both."""
    layer, shape = LAYERS[name]
    _, params = layer.init(KEY, (-1, *shape))
    vector, unravel = tree.ravel(params)
    return lambda v, x: np.sum(np.sin(layer.apply(unravel(v), x))), vector, RNG.standard_normal((2, *shape))


@every_layer
def test_every_way_to_the_derivative(name):
    loss, v, x = made(name)
    want, dot = grad(loss, (0, 1))(v, x), RNG.standard_normal(v.shape)
    for way in (jit(grad(loss, (0, 1))), grad(jit(loss), (0, 1)), jacrev(loss, (0, 1))):
        for one, other in zip(way(v, x), want, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    slope = jvp(lambda v: loss(v, x), (v,), (dot,))[1]
    np.testing.assert_allclose(slope, want[0] @ dot, rtol=1e-9)
    some = lambda t: loss(v + t * dot, x)
    np.testing.assert_allclose([jacfwd(some)(0.0), jit(jacfwd(some))(0.0)], slope, rtol=1e-9)
    curve = [grad(grad(some))(0.0), jacfwd(grad(some))(0.0), jacfwd(jacfwd(some))(0.0), jit(grad(grad(some)))(0.0)]
    np.testing.assert_allclose(curve, curve[0], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(hvp(lambda v: loss(v, x))(v, dot) @ dot, curve[0], rtol=1e-8, atol=1e-10)


@every_layer
def test_gradients_of_each_example(name):
    loss, v, x = made(name)
    x = x[:, None]  # each example is a batch of its own
    want = [grad(loss)(v, one) for one in x]
    each = vmap(grad(loss), in_axes=(None, 0))
    np.testing.assert_allclose(each(v, x), want, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(jit(each)(v, x), want, rtol=1e-9, atol=1e-12)
    alone = vmap(grad(loss), in_axes=(None, 0))(v, x[:, 0]) if name != "norms" else want  # no batch at all
    np.testing.assert_allclose(alone, want, rtol=1e-9, atol=1e-12)
    many = vmap(loss, in_axes=(0, None))(np.stack([v, 2 * v]), x[0])
    np.testing.assert_allclose(many, [loss(v, x[0]), loss(2 * v, x[0])], rtol=1e-9)


@every_layer
def test_single_precision_stays_so(name):
    layer, shape = LAYERS[name]
    _, params = layer.init(KEY, (-1, *shape))
    single = tree.map(lambda leaf: leaf.astype(np.float32), params)
    x = np.ones((2, *shape), np.float32)
    loss = lambda params, x: np.sum(np.square(layer.apply(params, x)))
    for f in (value_and_grad(loss, (0, 1)), jit(value_and_grad(loss, (0, 1)))):
        assert {leaf.dtype for leaf in tree.leaves(f(single, x))} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ["conv", "exact gelu", "overlapping pooling", "lstm"])
def test_programs_are_saved_and_written_out(name, tmp_path):
    loss, v, x = made(name)
    program = stage(grad(loss))(v, x)
    program.save(tmp_path / "slope.json")
    want = grad(loss)(v, x)
    np.testing.assert_allclose(Program.load(tmp_path / "slope.json")(v, x), want, rtol=1e-9, atol=1e-12)
    namespace = {}
    exec(program.source(), namespace)
    alone = namespace[program.__name__.replace("<lambda>", "lambda_")]
    np.testing.assert_allclose(alone(v, x), want, rtol=1e-9, atol=1e-12)


def test_dropout_under_transforms():
    net = nn.serial(nn.dense(8), nn.dropout(0.5), nn.dense(1))
    _, params = net.init(KEY, (-1, 3))
    x = RNG.standard_normal((4, 3))
    loss = lambda params, key: np.sum(np.square(net.apply(params, x, key=key, training=True)))
    keys = random.split(KEY, 3)
    want = [grad(loss)(params, key) for key in keys]
    for way in (vmap(grad(loss), in_axes=(None, 0)), jit(vmap(grad(loss), in_axes=(None, 0)))):
        for one, other in zip(tree.leaves(way(params, keys)), zip(*map(tree.leaves, want), strict=True), strict=True):
            np.testing.assert_allclose(one, np.stack(other), rtol=1e-9, atol=1e-12)


def test_running_statistics_are_an_answer_beside_the_loss():
    net = nn.serial(nn.dense(4), nn.batch_norm(), nn.relu, nn.dense(1))
    _, params, state = net.init_with_state(KEY, (-1, 3))
    x = RNG.standard_normal((6, 3))

    def loss(params, state):
        y, state = net.apply(params, x, training=True, state=state)
        return np.mean(np.square(y)), state

    step = value_and_grad(loss, has_aux=True)
    (value, new), slope = step(params, state)
    (same, again), other = jit(step)(params, state)
    assert value == pytest.approx(same)
    for one, two in zip(tree.leaves((new, slope)), tree.leaves((again, other)), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)
    assert all(type(leaf) is np.ndarray for leaf in tree.leaves(new))
