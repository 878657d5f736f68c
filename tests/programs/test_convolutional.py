"""A convolutional network learns which way stripes run: norms, dropout, pooling, an optimiser, one program a step."""

import numpy as np

from funcgrad import jit, nn, optim, random, tree, value_and_grad

KEY = random.key(0)
#: Over a batch of images (8, 8, 1).
NET = nn.serial(
    nn.conv(4, (3, 3), kernel_init=nn.initializers.he_normal()),
    nn.batch_norm(momentum=0.8),
    nn.relu,
    nn.max_pool((2, 2)),
    nn.residual(nn.conv(4, (3, 3)), nn.gelu),
    nn.avg_pool((4, 4)),
    nn.flatten(),
    nn.dropout(0.1),
    nn.dense(2),
)


def stripes(key, count):
    """Noisy stripes of any phase, level or upright."""
    one, two, three = random.split(key, 3)
    upright = random.bernoulli(one, 0.5, (count,))
    wave = np.sin(1.5 * np.arange(8) + random.uniform(two, (count, 1), maxval=6.28))
    images = np.where(upright[:, None, None], wave[:, None, :], wave[:, :, None])
    return (images + 0.3 * random.normal(three, images.shape))[..., None], upright.astype(int)


def test_stripes_are_told_apart():
    shape, params, state = NET.init_with_state(KEY, (-1, 8, 8, 1))
    assert shape == (-1, 2)
    optimizer = optim.adam(0.02)

    def loss(params, state, key, x, y):
        logits, state = NET.apply(params, x, key=key, training=True, state=state)
        return np.mean(nn.softmax_cross_entropy_with_integer_labels(logits, y)) + 1e-4 * nn.l2_penalty(params), state

    @jit
    def step(params, state, memory, key):
        one, other = random.split(key)
        (value, state), slope = value_and_grad(loss, has_aux=True)(params, state, one, *stripes(other, 32))
        updates, memory = optimizer.update(slope, memory, params)
        return optim.apply_updates(params, updates), state, memory, value

    memory = optimizer.init(params)
    losses = []
    for i in range(100):
        params, state, memory, value = step(params, state, memory, random.fold_in(KEY, i))
        losses.append(value)
    x, y = stripes(random.key(1), 200)
    logits, same = NET.apply(params, x, state=state)
    assert np.mean(np.argmax(logits, 1) == y) > 0.97
    assert np.mean(losses[-5:]) < 0.2 < losses[0]
    assert all(one is two for one, two in zip(tree.leaves(same), tree.leaves(state), strict=True))
