"""Loops of the examples that train networks, beside the same in NumPy by hand: convolutions, a recurrence, scalars.

`examples.py` times them. A gradient by hand is a function of its own here, so that `check` compares it with ours.
"""

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import numpy as np
from loops import Loop, adam, cosine, dense_pass, layers_of, shuffled
from nn import cross_entropy, doubled, halved, patches, unpatched

from funcgrad import data, nn, optim, random, tree, value_and_grad
from funcgrad.examples import characters, digits, iris, moons, network, neurons
from funcgrad.examples.training import trained

#: So many epochs that no loop ends.
LONG = 10**4


def flat(params: Any) -> list[Any]:
    """The leaves of parameters, copied."""
    return [np.array(leaf) for leaf in tree.leaves(params)]


def pairs(layers: Any) -> list[Any]:
    """Matrices and vectors of layers with w and b, copied."""
    return [part.copy() for layer in layers for part in (layer.w, layer.b)]


# ---- convolutions --------------------------------------------------------------------------------------------------
def convolutions(params: list[Any], x: Any, y: Any) -> tuple[Any, list[Any]]:
    """The loss of two convolutions, maxima of 2 × 2 and a dense layer, and its gradient: patches are made once."""
    p, pb, q, qb, r, rb = params
    n, wide, _, _ = x.shape
    one = patches(x, 3)
    a = np.maximum(one @ p.reshape(9, -1) + pb, 0).reshape(n, wide, wide, -1)
    two = patches(a, 3)
    c = np.maximum(two @ q.reshape(two.shape[1], -1) + qb, 0).reshape(n, wide, wide, -1)
    d, mine = halved(c)
    rows = d.reshape(n, -1)
    value, z = cross_entropy(rows @ r + rb, y)
    cbar = (doubled((z @ r.T).reshape(d.shape), mine) * (c > 0)).reshape(len(two), -1)
    abar = (unpatched(cbar, q, a.shape) * (a > 0)).reshape(len(one), -1)
    first, second = (one.T @ abar).reshape(p.shape), (two.T @ cbar).reshape(q.shape)
    return value, [first, abar.sum(0), second, cbar.sum(0), rows.T @ z, z.sum(0)]


def convolution_loops() -> tuple[Loop, Loop]:
    """Digits by convolutions, batches of 64."""
    train, _ = digits.split(random.key(0))

    def ours() -> Iterator[Any]:
        return digits.training(digits.NETWORKS["convolutions"], train, random.key(1), LONG)

    def hand() -> Iterator[Any]:
        params = layers_of(digits.NETWORKS["convolutions"].init(random.key(1), (-1, 8, 8, 1))[1])
        step = adam(params, cosine(digits.RATE, LONG * len(train.x) // digits.BATCH))
        for rows in shuffled(np.random.default_rng(0), len(train.x), digits.BATCH):
            value, slopes = convolutions(params, train.x[rows], train.digit[rows])
            step(slopes)
            yield float(value)

    return ours, hand


# ---- a recurrence with attention -----------------------------------------------------------------------------------
def recurrence(params: list[Any], numbers: Any) -> tuple[Any, list[Any]]:
    """The surprise at each next letter, and its gradient. Products with inputs are made for all steps at once."""
    letters, w, u, b, query, key, value, last = params
    given, wanted = numbers[:, :-1], numbers[:, 1:]
    batch, steps = given.shape
    n = len(u)
    rows = letters[given.T]
    x = rows @ w + b
    states = np.zeros((steps + 1, batch, n))
    for t in range(steps):
        np.tanh(x[t] + states[t] @ u, out=states[t + 1])
    h = np.ascontiguousarray(states[1:].swapaxes(0, 1))
    q, k, v = h @ (query / n**0.5), h @ key, h @ value
    s = q @ k.mT
    s[:, np.tri(steps) == 0] = -np.inf
    s -= s.max(axis=-1, keepdims=True)
    np.exp(s, out=s)
    s /= s.sum(axis=-1, keepdims=True)
    both = np.concatenate([h, s @ v], axis=2).reshape(-1, 2 * n)
    surprise, zbar = cross_entropy(both @ last, wanted.ravel())
    bothbar = (zbar @ last.T).reshape(batch, steps, -1)
    rbar = bothbar[..., n:]
    vbar = s.mT @ rbar
    sbar = rbar @ v.mT
    sbar -= (sbar * s).sum(axis=-1, keepdims=True)
    sbar *= s
    qbar, kbar = sbar @ k, sbar.mT @ q
    hbar = bothbar[..., :n] + qbar @ (query.T / n**0.5) + kbar @ key.T + vbar @ value.T
    xbar = np.ascontiguousarray(hbar.swapaxes(0, 1))
    slope = 1 - states[1:] ** 2
    xbar[-1] *= slope[-1]
    for t in range(steps - 2, -1, -1):
        xbar[t] += xbar[t + 1] @ u.T
        xbar[t] *= slope[t]
    xbar = xbar.reshape(-1, n)
    all_h = h.reshape(-1, n).T
    chosen = np.zeros((len(letters), len(xbar)))
    chosen[given.T.ravel(), np.arange(len(xbar))] = 1
    return surprise, [
        chosen @ (xbar @ w.T),
        rows.reshape(len(xbar), -1).T @ xbar,
        states[:-1].reshape(-1, n).T @ xbar,
        xbar.sum(axis=0),
        all_h @ qbar.reshape(-1, n) / n**0.5,
        all_h @ kbar.reshape(-1, n),
        all_h @ vbar.reshape(-1, n),
        both.T @ zbar,
    ]


def characters_loops() -> tuple[Loop, Loop]:
    """Letters by a recurrent network with attention, 32 windows of 40 letters."""
    rows = characters.windows(characters.NUMBERS[: -characters.HELD_OUT])

    def ours() -> Iterator[Any]:
        return characters.training(0, LONG)

    def hand() -> Iterator[Any]:
        params = flat(characters.initial(random.key(0)))
        step = adam(params, cosine(characters.RATE, LONG * len(rows) // characters.BATCH))
        for some in shuffled(np.random.default_rng(0), len(rows), characters.BATCH):
            value, slopes = recurrence(params, rows[some])
            norm = np.sqrt(sum([np.vdot(slope, slope) for slope in slopes]))
            step(slopes if norm < 1 else [slope / norm for slope in slopes])
            yield float(value)

    return ours, hand


# ---- neurons of numbers --------------------------------------------------------------------------------------------
def fired(layer: Any, inputs: list[Any]) -> list[Any]:
    """w₁x₁ + w₂x₂ + … + b for each neuron (w, b) of a layer."""
    found = []
    for w, b in layer:
        z = w[0] * inputs[0] + b
        for weight, x in zip(w[1:], inputs[1:], strict=True):
            z += weight * x
        found.append(z)
    return found


def scalars(layers: Any, x: Any, sign: Any) -> tuple[Any, Any]:
    """The loss of neurons of numbers, each of which is 100 points at once, and its gradient as layers of numbers."""
    values = [[x[:, 0].copy(), x[:, 1].copy()]]
    for layer in layers[:-1]:
        values.append([np.maximum(z, 0) for z in fired(layer, values[-1])])
    (score,) = fired(layers[-1], values[-1])
    margin = np.maximum(1 - sign * score, 0)
    squares = sum([p * p for layer in layers for w, b in layer for p in (*w, b)])
    bars = [(margin > 0) * -sign / len(sign)]
    slopes = []
    decay = 2 * neurons.DECAY
    for number in range(len(layers) - 1, -1, -1):
        layer, inputs = layers[number], values[number]
        slopes.append(
            [
                ([float(bar @ x) + decay * p for p, x in zip(w, inputs, strict=True)], float(bar.sum()) + decay * b)
                for (w, b), bar in zip(layer, bars, strict=True)
            ]
        )
        if number:
            before = []
            for i, x in enumerate(inputs):
                total = layer[0][0][i] * bars[0]
                for (w, _), bar in zip(layer[1:], bars[1:], strict=True):
                    total += w[i] * bar
                total *= x > 0
                before.append(total)
            bars = before
    return margin.mean() + neurons.DECAY * squares, slopes[::-1]


def numbers_of(layers: Any) -> Any:
    """Layers of neurons as lists of pairs (w, b)."""
    return [[(list(one.w), one.b) for one in layer] for layer in layers]


def neurons_loops() -> tuple[Loop, Loop]:
    """Two moons by neurons of numbers, 100 points."""
    points = moons.moons(random.key(0), neurons.COUNT)

    def ours() -> Iterator[Any]:
        optimizer = optim.sgd(optim.linear_schedule(0.1, 0.01, LONG), momentum=0.9)
        return trained(neurons.loss, neurons.initial(0), optimizer, repeat(points))

    def hand() -> Iterator[Any]:
        layers = numbers_of(neurons.initial(0))
        moving = [[([0.0] * len(w), 0.0) for w, _ in layer] for layer in layers]
        sign = 2 * points.moon - 1

        def moved(w: Any, v: Any, g: Any) -> tuple[list[float], list[float]]:
            v = [0.9 * one + other for one, other in zip(v, g, strict=True)]
            return [p - rate * one for p, one in zip(w, v, strict=True)], v

        for count in range(10**9):
            rate = 0.1 + (0.01 - 0.1) * min(count / LONG, 1)
            value, slopes = scalars(layers, points.x, sign)
            for layer, fast, slope in zip(layers, moving, slopes, strict=True):
                for i, ((w, b), (v, c), (g, d)) in enumerate(zip(layer, fast, slope, strict=True)):
                    (*w, b), (*v, c) = moved((*w, b), (*v, c), (*g, d))
                    layer[i], fast[i] = (w, b), (v, c)
            yield float(value)

    return ours, hand


# ---- small networks of layers --------------------------------------------------------------------------------------
def sigmoid_network(params: list[Any], x: Any, y: Any) -> tuple[Any, list[Any]]:
    """The mean squared error of σ(x W₁ + b₁) W₂ + b₂, and its gradient."""
    w1, b1, w2, b2 = params
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    miss = (h @ w2 + b2)[:, 0] - y
    zbar = (2 / len(y) * miss)[:, None]
    hbar = (zbar @ w2.T) * h * (1 - h)
    return miss @ miss / len(y), [x.T @ hbar, hbar.sum(axis=0), h.T @ zbar, zbar.sum(axis=0)]


def network_loops() -> tuple[Loop, Loop]:
    """An epoch of the regression on diabetes: 40 batches of 11."""
    x, y = map(network.standardised, data.diabetes())

    def ours() -> Iterator[Any]:
        return network.regression(10**9)

    def hand() -> Iterator[Any]:
        params = pairs(network.initial(x.shape[1], 10, 0))
        rng = np.random.default_rng(0)
        while True:
            losses = []
            for rows in rng.permutation(len(x))[:440].reshape(-1, 11):
                value, slopes = sigmoid_network(params, x[rows], y[rows])
                for p, g in zip(params, slopes, strict=True):
                    p -= 0.05 * g
                losses.append(value)
            yield float(np.mean(losses))

    return ours, hand


def flowers(params: list[Any], x: Any, species: Any) -> tuple[Any, list[Any]]:
    """The loss of the network for iris, with its decay, and its gradient."""
    values, backward = dense_pass(params, x)
    value, zbar = cross_entropy(values[-1], species)
    slopes = backward(zbar)
    for i in range(0, len(params), 2):
        value += iris.DECAY * np.vdot(params[i], params[i])
        slopes[i] += 2 * iris.DECAY * params[i]
    return value, slopes


def iris_loops() -> tuple[Loop, Loop]:
    """An epoch of iris: 9 batches of 11, and the accuracies."""

    def ours() -> Iterator[Any]:
        return iris.training(1, 10**9)

    def right(params: list[Any], of: Any) -> float:
        return float(np.mean(np.argmax(dense_pass(params, of.x)[0][-1], axis=1) == of.species))

    def hand() -> Iterator[Any]:
        train, test = iris.split(1)
        rng = np.random.default_rng(1)
        params = pairs(iris.initial(1))
        moving = [np.zeros_like(p) for p in params]
        while True:
            losses = []
            for rows in rng.permutation(len(train.x)).reshape(-1, iris.BATCH):
                value, slopes = flowers(params, train.x[rows], train.species[rows])
                for p, v, g in zip(params, moving, slopes, strict=True):
                    v *= iris.MOMENTUM
                    v += g
                    p -= iris.RATE * v
                losses.append(value)
            yield float(np.mean(losses)), right(params, train), right(params, test)

    return ours, hand


LOOPS: dict[str, Callable[[], tuple[Loop, Loop]]] = {
    "digits, convolutions": convolution_loops,
    "characters": characters_loops,
    "neurons": neurons_loops,
    "network": network_loops,
    "iris": iris_loops,
}


def check() -> None:
    """Each gradient by hand is ours."""
    train, _ = digits.split(random.key(0))
    net = digits.NETWORKS["convolutions"]
    _, params = net.init(random.key(1), (-1, 8, 8, 1))
    some = digits.Images(train.x[:6], train.digit[:6])
    loss = lambda params: np.mean(nn.softmax_cross_entropy_with_integer_labels(net.apply(params, some.x), some.digit))
    value, slope = value_and_grad(loss)(params)
    alike((value, layers_of(slope)), convolutions(layers_of(params), some.x, some.digit))

    letters, rows = characters.initial(random.key(0)), characters.windows(characters.NUMBERS[:50])
    alike(value_and_grad(characters.loss)(letters, rows), recurrence(flat(letters), rows))

    layers, points = neurons.initial(0), moons.moons(random.key(0), 9)
    value, slope = value_and_grad(neurons.loss)(layers, points)
    alike((value, numbers_of(slope)), scalars(numbers_of(layers), points.x, 2 * points.moon - 1))

    x, y = (a[:11] for a in map(network.standardised, data.diabetes()))
    both = network.initial(x.shape[1], 10, 0)
    value, slope = value_and_grad(network.two_layers)(both, x, y)
    alike((value, pairs(slope)), sigmoid_network(pairs(both), x, y))

    plants, some_flowers = iris.initial(1), iris.split(1)[0]
    value, slope = value_and_grad(iris.loss)(plants, some_flowers)
    alike((value, pairs(slope)), flowers(pairs(plants), some_flowers.x, some_flowers.species))


def alike(ours: Any, hand: Any) -> None:
    """That values and gradients are the same."""
    for one, other in zip(tree.leaves(ours), tree.leaves(hand), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-12)
