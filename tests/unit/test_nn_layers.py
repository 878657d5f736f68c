"""Layers of funcgrad.nn beside loops in NumPy, their shapes and parameters, and refusals."""

from itertools import product

import numpy as np
import pytest

from funcgrad import grad, jit, nn, random, tree, vmap
from funcgrad.errors import BadArgument
from funcgrad.nn import initializers
from funcgrad.testing import check_grads
from tests.unit.refusing import check, registry

REFUSALS, refuses = registry()
KEY = random.key(0)
RNG = np.random.default_rng(0)


def numbers(*shape):
    return RNG.standard_normal(shape)


# ---- layers of matrices ----------------------------------------------------------------------------------------------
def test_dense():
    shape, params = nn.dense(3).init(KEY, (-1, 5, 4))
    x = numbers(2, 5, 4)
    assert shape == (-1, 5, 3)
    np.testing.assert_allclose(nn.dense(3).apply(params, x), x @ params["kernel"])
    assert set(nn.linear(3, use_bias=False).init(KEY, (4,))[1]) == {"kernel"}
    single = nn.dense(2, kernel_init=initializers.ones, bias_init=initializers.constant(2.0), dtype=np.float32)
    params = single.init(KEY, (1,))[1]
    assert single.apply(params, np.ones((1, 1), np.float32)).tolist() == [[3, 3]]
    assert {leaf.dtype for leaf in tree.leaves(params)} == {np.dtype(np.float32)}


def test_embedding():
    shape, params = nn.embedding(7, 4).init(KEY, (-1, 3))
    table = params["embedding"]
    assert shape == (-1, 3, 4)
    rows = np.array([[1, 1, 6], [0, 2, 1]])
    apply = nn.embedding(7, 4).apply
    np.testing.assert_array_equal(apply(params, rows), table[rows])
    np.testing.assert_array_equal(vmap(apply, in_axes=(None, 0))(params, rows), table[rows])
    slope = grad(lambda params: np.sum(apply(params, rows)))(params)["embedding"]
    np.testing.assert_array_equal(slope[:, 0], [1, 3, 1, 0, 0, 0, 1])


def test_dropout():
    layer, x = nn.dropout(0.25), np.ones((200, 100))
    assert layer.apply((), x) is x
    assert layer.apply((), x, key=KEY) is x
    y = layer.apply((), x, key=KEY, training=True)
    assert set(np.unique(y)) == {0.0, 4 / 3}
    assert abs(y.mean() - 1) < 0.02
    np.testing.assert_array_equal(grad(lambda x: np.sum(layer.apply((), x, key=KEY, training=True)))(x), y)
    assert layer.apply((), x.astype(np.float32), key=KEY, training=True).dtype == np.float32
    assert nn.dropout(0.0).apply((), x, training=True) is x


# ---- normalisation ---------------------------------------------------------------------------------------------------
def test_layer_norm_and_group_norm_by_hand():
    x, scale, bias = numbers(2, 3, 6), numbers(6), numbers(6)
    params = {"scale": scale, "bias": bias}
    want = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * scale + bias
    np.testing.assert_allclose(nn.layer_norm().apply(params, x), want)
    groups = [x[..., 2 * g : 2 * g + 2] for g in range(3)]
    parts = [(g - g.mean((1, 2), keepdims=True)) / np.sqrt(g.var((1, 2), keepdims=True) + 1e-5) for g in groups]
    np.testing.assert_allclose(nn.group_norm(3).apply(params, x), np.concatenate(parts, -1) * scale + bias)
    assert nn.layer_norm(use_scale=False, use_bias=False).init(KEY, (6,)) == ((6,), {})
    for layer in (nn.layer_norm(), nn.group_norm(2)):
        check_grads(layer.apply, (params, x), order=1)


def test_batch_norm_by_hand():
    layer, x = nn.batch_norm(momentum=0.9), numbers(5, 4, 3) * 2 + 1
    shape, params, state = layer.init_with_state(KEY, (-1, 4, 3))
    mean, variance = x.mean((0, 1)), x.var((0, 1))
    y, new = layer.apply(params, x, training=True, state=state)
    assert shape == (-1, 4, 3)
    np.testing.assert_allclose(y, (x - mean) / np.sqrt(variance + 1e-5))
    np.testing.assert_allclose(new["mean"], 0.1 * mean)
    np.testing.assert_allclose(new["var"], 0.9 + 0.1 * variance)
    np.testing.assert_array_equal(layer.apply(params, x, training=True), y)
    z, same = layer.apply(params, x, state=new)
    np.testing.assert_allclose(z, (x - new["mean"]) / np.sqrt(new["var"] + 1e-5))
    assert same is new
    assert state["mean"].tolist() == [0, 0, 0]
    check_grads(lambda params, x: layer.apply(params, x, training=True), (params, x), order=1)


# ---- recurrent layers ------------------------------------------------------------------------------------------------
def sigma(x):
    return 1 / (1 + np.exp(-x))


def rnn_by_hand(p, carry, x):
    return (np.tanh(x @ p["kernel"] + p["bias"] + carry[0] @ p["recurrent"]),)


def gru_by_hand(p, carry, x):
    z, h = x @ p["kernel"] + p["bias"], carry[0] @ p["recurrent"]
    r, u = sigma(z[:, :3] + h[:, :3]), sigma(z[:, 3:6] + h[:, 3:6])
    n = np.tanh(z[:, 6:] + r * (h[:, 6:] + p["candidate_bias"]))
    return ((1 - u) * n + u * carry[0],)


def lstm_by_hand(p, carry, x):
    z = x @ p["kernel"] + p["bias"] + carry[0] @ p["recurrent"]
    c = sigma(z[:, 3:6]) * carry[1] + sigma(z[:, :3]) * np.tanh(z[:, 6:9])
    return sigma(z[:, 9:]) * np.tanh(c), c


@pytest.mark.parametrize(
    ("layer", "by_hand", "handed"), [(nn.rnn, rnn_by_hand, 1), (nn.gru, gru_by_hand, 1), (nn.lstm, lstm_by_hand, 2)]
)
def test_recurrent_layers_by_hand(layer, by_hand, handed):
    x = numbers(2, 5, 4)
    shape, params = layer(3).init(KEY, (-1, 5, 4))
    params = tree.map(lambda w: w + 0.1 * numbers(*w.shape), params)
    carry, outputs = (np.zeros((2, 3)),) * handed, []
    for t in range(5):
        carry = by_hand(params, carry, x[:, t])
        outputs.append(carry[0])
    y = layer(3).apply(params, x)
    np.testing.assert_allclose(y, np.stack(outputs, 1), rtol=1e-12, atol=1e-14)
    assert shape == (-1, 5, 3)
    last = layer(3, return_sequences=False)
    assert last.init(KEY, (-1, 5, 4))[0] == (-1, 3)
    np.testing.assert_array_equal(last.apply(params, x), y[:, -1])
    check_grads(layer(3).apply, (params, x), order=1)
    single = tree.map(lambda w: w.astype(np.float32), params)
    assert layer(3).apply(single, x.astype(np.float32)).dtype == np.float32


# ---- attention -------------------------------------------------------------------------------------------------------
def attended(q, k, v, see):
    """Attention, one query of one head at a time; `see` says which keys it looks at."""
    z = np.zeros((*q.shape[:-1], v.shape[-1]))
    for n, t, h in product(*map(range, q.shape[:3])):
        keys = [s for s in range(k.shape[1]) if see(n, h, t, s)]
        e = np.exp([q[n, t, h] @ k[n, s, h] / np.sqrt(q.shape[-1]) for s in keys])
        z[n, t, h] = sum(w * v[n, s, h] for w, s in zip(e / e.sum(), keys, strict=True))
    return z


def test_attention_by_hand():
    q, k, v = numbers(2, 3, 2, 4), numbers(2, 5, 2, 4), numbers(2, 5, 2, 6)
    f = nn.dot_product_attention
    np.testing.assert_allclose(f(q, k, v), attended(q, k, v, lambda n, h, t, s: True))
    np.testing.assert_allclose(f(q, k, v, is_causal=True), attended(q, k, v, lambda n, h, t, s: s <= t))
    mask = RNG.random((2, 1, 3, 5)) > 0.4
    mask[..., 0] = True
    np.testing.assert_allclose(f(q, k, v, mask=mask), attended(q, k, v, lambda n, h, t, s: mask[n, 0, t, s]))
    np.testing.assert_allclose(f(q, k, v, np.where(mask, 0.0, -np.inf)), f(q, k, v, mask=mask))
    np.testing.assert_allclose(f(q, k, v, scale=0.5), f(q, k, v))
    mask[0, 0, 1] = False  # to which all is hidden
    np.testing.assert_allclose(f(q, k, v, mask=mask)[0, 1], v[0].mean(0))
    check_grads(lambda q, k, v: f(q, k, v, mask=mask), (q, k, v), order=1)
    assert f(*[a.astype(np.float32) for a in (q, k, v)], is_causal=True).dtype == np.float32


def test_multi_head_attention_is_made_of_products_and_attention():
    layer, x, other = nn.multi_head_attention(2, 8, is_causal=True), numbers(3, 5, 4), numbers(3, 6, 7)
    shape, p = layer.init(KEY, (-1, 5, 4))
    assert shape == (-1, 5, 4)
    q, k, v = [(x @ p[name]["kernel"] + p[name]["bias"]).reshape(3, 5, 2, 4) for name in ("query", "key", "value")]
    want = nn.dot_product_attention(q, k, v, is_causal=True).reshape(3, 5, 8) @ p["out"]["kernel"]
    np.testing.assert_allclose(layer.apply(p, x), want)
    later = x.copy()
    later[:, 3:] = 9.0
    np.testing.assert_allclose(layer.apply(p, later)[:, :3], want[:, :3])
    across = nn.multi_head_attention(1, use_bias=False)
    p = across.init(KEY, ((-1, 5, 4), (-1, 6, 7)))[1]
    assert p["value"]["kernel"].shape == (7, 4)
    y = across.apply(p, (x, other))
    np.testing.assert_array_equal(y, across.apply(p, (x, other, other)))
    mask = np.arange(6) < 4
    np.testing.assert_allclose(across.apply(p, (x, other), mask=mask), across.apply(p, (x, other[:, :4])))
    dropping = nn.multi_head_attention(1, use_bias=False, dropout_rate=0.5)
    assert not np.allclose(dropping.apply(p, (x, other), key=KEY, training=True), y)
    np.testing.assert_array_equal(dropping.apply(p, (x, other)), y)


# ---- layers of layers ------------------------------------------------------------------------------------------------
def test_serial_passes_shapes_keys_and_options_on():
    net = nn.serial(
        nn.conv(2, (3, 3)), nn.batch_norm(), nn.relu, nn.max_pool((2, 2)), nn.flatten(), nn.dropout(0.5), nn.dense(3)
    )
    shape, params, state = net.init_with_state(KEY, (-1, 4, 4, 1))
    x = numbers(5, 4, 4, 1)
    assert shape == (-1, 3)
    assert params[2] == params[4] == ()
    assert params[6]["kernel"].shape == (8, 3)
    assert state[0] == ()
    init, apply = net
    assert init is net.init
    assert tree.structure(init(KEY, (-1, 4, 4, 1))[1]) == tree.structure(params)
    y, new = apply(params, x, key=KEY, training=True, state=state)
    assert tree.structure(new) == tree.structure(state)
    h = nn.max_pooling(
        nn.relu(nn.batch_norm().apply(params[1], nn.conv(2, (3, 3)).apply(params[0], x), training=True)), (2, 2)
    )
    dropped = nn.dropout(0.5).apply((), h.reshape(5, 8), key=random.split(KEY, 7)[5], training=True)
    np.testing.assert_allclose(y, nn.dense(3).apply(params[6], dropped))
    np.testing.assert_array_equal(apply(params, x, key=KEY, training=True), y)
    np.testing.assert_allclose(jit(apply)(params, x, state=new)[0], apply(params, x, state=new)[0], rtol=1e-12)


def test_parallel_and_its_fans():
    net = nn.serial(nn.fan_out(2), nn.parallel(nn.dense(3), np.tanh), nn.fan_in_concat())
    shape, params = net.init(KEY, (-1, 4))
    x = numbers(2, 4)
    assert shape == (-1, 7)
    np.testing.assert_allclose(net.apply(params, x), np.concatenate([x @ params[1][0]["kernel"], np.tanh(x)], -1))
    summed = nn.serial(nn.fan_out(3), nn.fan_in_sum())
    assert summed.init(KEY, (-1, 4))[0] == (-1, 4)
    np.testing.assert_allclose(summed.apply(((), ()), x), 3 * x)
    both = nn.parallel(nn.batch_norm(0.5), nn.identity)
    _, params, state = both.init_with_state(KEY, ((-1, 4), (-1, 2)))
    (y, same), new = both.apply(params, (x, x), training=True, state=state)
    assert same is x
    np.testing.assert_allclose(new[0]["mean"], x.mean(0) / 2)
    np.testing.assert_array_equal(both.apply(params, (x, x), training=True)[0], y)


def test_residual():
    net = nn.residual(nn.dense(4), np.tanh)
    shape, params = net.init(KEY, (-1, 4))
    x = numbers(2, 4)
    assert shape == (-1, 4)
    np.testing.assert_allclose(net.apply(params, x), x + np.tanh(x @ params[0][0]["kernel"]))
    wider = nn.residual(nn.dense(6), nn.batch_norm(), shortcut=nn.dense(6))
    shape, params, state = wider.init_with_state(KEY, (-1, 4))
    assert shape == (-1, 6)
    y, new = wider.apply(params, x, training=True, state=state)
    np.testing.assert_array_equal(y, wider.apply(params, x, training=True))
    np.testing.assert_allclose(new[0][1]["mean"], 0.01 * (x @ params[0][0]["kernel"]).mean(0))


def test_pairs_and_functions_of_the_users_are_layers():
    own = (lambda key, shape: (shape, {"a": 2.0}), lambda params, x, **options: params["a"] * x)
    net = nn.serial(own, lambda x: x[..., :2], nn.batch_norm())
    shape, params, state = net.init_with_state(KEY, (-1, 4))
    assert shape == (-1, 2)
    x = numbers(3, 4)
    np.testing.assert_allclose(net.apply(params, x, state=state)[0], 2 * x[:, :2] / np.sqrt(1 + 1e-5))
    assert grad(lambda params: np.sum(nn.serial(own).apply(params, x)))(params[:1])[0]["a"] == pytest.approx(x.sum())


def test_flatten_keeps_so_many_axes():
    assert nn.flatten(2).init(None, (-1, 5, 3, 4)) == ((-1, 5, 12), ())
    assert nn.flatten(2).apply((), np.ones((2, 5, 3, 4))).shape == (2, 5, 12)


# ---- initializers ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "variance", "bound"),
    [
        ("glorot_normal", 2 / 1200, 2 / 0.8796), ("glorot_uniform", 2 / 1200, 3**0.5),
        ("he_normal", 2 / 800, 2 / 0.8796), ("he_uniform", 2 / 800, 3**0.5),
        ("lecun_normal", 1 / 800, 2 / 0.8796), ("lecun_uniform", 1 / 800, 3**0.5),
    ],
)  # fmt: skip
def test_initializers_have_the_variance_that_their_paper_asks_for(name, variance, bound):
    """Of a kernel (2, 4, 100, 50): 800 numbers come in, 400 go out."""
    w = getattr(initializers, name)()(KEY, (2, 4, 100, 50), np.float32)
    assert w.dtype == np.float32
    assert w.var() == pytest.approx(variance, rel=0.02)
    assert abs(w.mean()) < 3 * np.sqrt(variance / w.size)
    assert np.abs(w).max() <= bound * np.sqrt(variance) * 1.0001
    assert np.abs(w).max() > 0.99 * bound * np.sqrt(variance)


def test_other_initializers():
    wide = initializers.variance_scaling(3.0, "fan_out", "normal")(KEY, (10, 1000))
    assert wide.var() == pytest.approx(3 / 1000, rel=0.05)
    assert initializers.normal(2.0)(KEY, (9999,)).std() == pytest.approx(2, rel=0.03)
    assert initializers.uniform(2.0)(KEY, (9999,)).mean() == pytest.approx(1, rel=0.03)
    cut = initializers.truncated_normal(2.0, float, -1.0, 1.0)(KEY, (99,))
    assert np.abs(cut).max() <= 2
    assert initializers.constant(3.0)(KEY, (2,), np.float32).dtype == np.float32
    for init in (initializers.constant(3.0, np.float32), initializers.normal(1.0, np.float32)):
        assert init(KEY, (2,)).dtype == np.float32
    one, many = initializers.he_uniform()(KEY, (3, 4)), initializers.he_uniform(batch_axis=0)(KEY, (5, 3, 4))
    assert abs(one).max() <= np.sqrt(2) >= abs(many).max() > 1  # a batch of five has the fans of one
    assert initializers.fans((2, 3, 5), (0, 1), 2) == (6, 5)
    assert initializers.xavier_uniform is initializers.glorot_uniform


@pytest.mark.parametrize(("shape", "axis"), [((6, 4), -1), ((4, 6), -1), ((2, 3, 4), -1), ((4, 2, 3), 0)])
def test_orthogonal_matrices(shape, axis):
    q = initializers.orthogonal(2.0, axis)(KEY, shape)
    matrix = np.moveaxis(q, axis, -1).reshape(-1, shape[axis])
    small = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    assert q.shape == shape
    np.testing.assert_allclose(small.T @ small, 4 * np.eye(small.shape[1]), atol=1e-12)
    keys = random.split(KEY, 2)
    np.testing.assert_allclose(vmap(lambda key: initializers.orthogonal()(key, (2, 2)))(keys)[0].shape, (2, 2))


# ---- what is refused -------------------------------------------------------------------------------------------------
@refuses(BadArgument, "nn.dropout was applied in training without a key.", "Pass key=random.fold_in(key, step)")
def dropout_without_a_key():
    nn.dropout(0.5).apply((), np.ones(3), training=True)


@refuses(BadArgument, "nn.dropout was given rate=1.5.", "Write dropout(0.5).")
def a_rate_beyond_one():
    nn.dropout(1.5)


@refuses(BadArgument, "nn.batch_norm was applied without its state.", "y, state = layer.apply(params, x, state=state)")
def batch_norm_without_its_state():
    nn.batch_norm().apply({}, np.ones((2, 3)))


@refuses(BadArgument, "nn.dense was given the input shape (-1,).", "Give that length, and -1 for a batch alone")
def a_length_that_is_not_known():
    nn.dense(3).init(KEY, (-1,))


@refuses(BadArgument, "nn.group_norm was given 5 channels in 2 groups.", "a number of groups that divides the channels")
def groups_of_two_sizes():
    nn.group_norm(2).init(KEY, (-1, 5))


@refuses(BadArgument, "nn.parallel was given the input shape (-1, 4). It takes 2 inputs", "nn.fan_out(n)")
def one_input_for_two_layers():
    nn.parallel(nn.dense(2), nn.dense(2)).init(KEY, (-1, 4))


@refuses(BadArgument, "nn.residual was given layers that make (-1, 3) of (-1, 4).", "Pass shortcut=")
def a_residual_of_another_shape():
    nn.residual(nn.dense(3)).init(KEY, (-1, 4))


@refuses(BadArgument, "A layer was expected, and 3 was given.", "Write serial(dense(8), relu).")
def a_number_as_a_layer():
    nn.serial(3)


@refuses(BadArgument, "nn.dense was given the input shape 4. A shape is a tuple", "Write init(key, (-1, 4)).")
def a_number_as_a_shape():
    nn.serial(nn.dense(2)).init(KEY, 4)


@refuses(BadArgument, "was given 6 features for 4 heads.", "a number of heads that divides the features")
def heads_that_do_not_divide():
    nn.multi_head_attention(4).init(KEY, (-1, 5, 6))


@refuses(BadArgument, "was given float64[4] as query.", "x[:, np.newaxis, :]")
def attention_without_heads():
    nn.dot_product_attention(np.ones(4), np.ones(4), np.ones(4))


@refuses(BadArgument, "was given the shape (3,). What comes in and what goes out are two axes.", "initializers.normal")
def fans_of_a_vector():
    initializers.he_normal()(KEY, (3,))


@refuses(BadArgument, "was given 'fan' and 'normal'.", "variance_scaling(2.0, 'fan_in', 'normal')")
def a_mode_of_another_name():
    initializers.variance_scaling(1.0, "fan", "normal")


@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refusals(program, kind, sentences):
    check(program, kind, sentences)
