"""Two moons told apart by a network of arrays, batch by batch.

Layers come from `nn`, the optimiser from `optim`, and the loop is `data.fit`, a sequence of frozen steps.
"""

import sys
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
from attrs import frozen

import funcgrad
from funcgrad import data, nn, optim, random
from funcgrad.examples.running import main
from funcgrad.examples.training import by_epoch, told

POINTS, NOISE = 400, 0.12
RATE, BATCH = 0.02, 50


# ---- data ----------------------------------------------------------------------------------------------------------
@frozen
class Points:
    """Points of the plane."""

    #: Rows of two numbers.
    x: Any
    #: The moon that each belongs to: 0 for the upper one, 1 for the lower.
    moon: Any


def moons(key: Any, count: int) -> Points:
    """Half as many points on each of two half circles, which embrace one another, and noise."""
    angle, noise = random.split(key)
    moon = np.arange(count) % 2
    t = random.uniform(angle, (count,), maxval=np.pi)
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    x = np.where(moon[:, None] == 0, upper, np.array([1.0, 0.5]) - upper)
    return Points(x + NOISE * random.normal(noise, (count, 2)), moon)


# ---- the network ---------------------------------------------------------------------------------------------------
NETWORK = nn.serial(nn.dense(16), nn.relu, nn.dense(16), nn.relu, nn.dense(1))


def score(params: Any, x: Any) -> Any:
    """Above nought for the lower moon."""
    return NETWORK.apply(params, x)[:, 0]


def loss(params: Any, points: Points) -> Any:
    """The mean of -log of the probability that the network gives to the right moon."""
    return np.mean(nn.sigmoid_binary_cross_entropy(score(params, points.x), points.moon))


def accuracy(params: Any, points: Points) -> float:
    """The fraction of the points that is told right."""
    return float(np.mean((score(params, points.x) > 0) == points.moon))


# ---- training ------------------------------------------------------------------------------------------------------
@frozen
class Fit:
    """A network that has learned, and how."""

    #: The mean of the loss over the batches of each epoch, each before its step.
    losses: list[float]
    params: Any
    #: Points that it has never seen.
    test: Points


def training(seed: int, epochs: int) -> tuple[Points, Iterator[Any]]:
    """Points for a test, and the steps of Adam."""
    first, one, two, order = random.split(random.key(seed), 4)
    _, params = NETWORK.init(first, (-1, 2))
    steps = data.fit(loss, params, moons(one, POINTS), optim.adam(RATE), key=order, batch_size=BATCH, epochs=epochs)
    return moons(two, POINTS), steps


def report(seed: int = 0, epochs: int = 100) -> Generator[str, None, Fit]:
    """Loss and accuracy on new points, epoch by epoch."""
    test, steps = training(seed, epochs)
    losses = []
    for value, last in by_epoch(steps):
        losses.append(value)
        if last.epoch in told(epochs):
            yield f"epoch {last.epoch:3}  loss {value:.4f}  new points told right {accuracy(last.params, test):.1%}"
    return Fit(losses, last.params, test)


def picture(figure: Any, fit: Fit) -> None:
    """The border between the moons, and the loss."""
    left, right = figure.subplots(1, 2)
    funcgrad.plot.decision_boundary(lambda x: score(fit.params, x), fit.test.x, fit.test.moon, ax=left)
    left.set(title=f"new points, {accuracy(fit.params, fit.test):.1%} told right", aspect="equal")
    right.semilogy(np.arange(1, len(fit.losses) + 1), fit.losses)
    right.set(xlabel="epoch", title="loss")


if __name__ == "__main__":
    sys.exit(main(["moons", *sys.argv[1:]]))
