"""Two moons told apart by scalar neurons: each weight is a number, each neuron a sum and a maximum.

Nothing here is an array: the network is written for one point, with Python's `sum` and `zip`. `vmap` makes it one for a
hundred points at once, `grad` finds the slopes of all 337 numbers, and `jit` makes a program of NumPy's of it.
"""

import sys
from collections.abc import Generator
from itertools import pairwise, repeat
from typing import Any

import numpy as np
from attrs import frozen

import funcgrad
from funcgrad import jit, optim, random, tree, vmap
from funcgrad.examples.moons import Points, moons
from funcgrad.examples.running import main
from funcgrad.examples.training import told, trained

SIZES = (2, 16, 16, 1)
COUNT = 100
#: How much of the squared weights the loss counts.
DECAY = 1e-4


@frozen
class Neuron:
    """What a neuron learns."""

    #: A number for each of its inputs.
    w: list[Any]
    #: Its bias.
    b: Any


Layers = list[list[Neuron]]


def initial(seed: int) -> Layers:
    """Normal weights of variance 2/inputs, and no bias."""
    rng = np.random.default_rng(seed)
    return [
        [Neuron(rng.normal(0.0, (2 / inputs) ** 0.5, inputs).tolist(), 0.0) for _ in range(units)]
        for inputs, units in pairwise(SIZES)
    ]


def fired(neuron: Neuron, inputs: list[Any]) -> Any:
    """w₁x₁ + w₂x₂ + … + b."""
    return sum((w * x for w, x in zip(neuron.w, inputs, strict=True)), neuron.b)


def score(layers: Layers, x: list[Any]) -> Any:
    """Above nought for the lower moon: layers of neurons with max(0, ·) between them."""
    *hidden, (last,) = layers
    for layer in hidden:
        x = [np.maximum(fired(neuron, x), 0.0) for neuron in layer]
    return fired(last, x)


@jit
def scores(layers: Layers, x: Any) -> Any:
    """The score of each row of two numbers."""
    return vmap(lambda a, b: score(layers, [a, b]))(x[:, 0], x[:, 1])


def loss(layers: Layers, points: Points) -> Any:
    """The mean of max(0, 1 - y score) with y = ±1, and the decay of the weights."""
    margin = np.mean(np.maximum(1 - (2 * points.moon - 1) * scores(layers, points.x), 0.0))
    return margin + DECAY * sum(p * p for p in tree.leaves(layers))


def accuracy(layers: Layers, points: Points) -> float:
    """The fraction of the points that is told right."""
    return float(np.mean((scores(layers, points.x) > 0) == points.moon))


# ---- what there is to see ------------------------------------------------------------------------------------------
@frozen
class Fit:
    """Neurons that have learned."""

    losses: list[float]
    layers: Layers
    points: Points


def report(seed: int = 0, steps: int = 200) -> Generator[str, None, Fit]:
    """Loss and accuracy step by step, with momentum and a rate that falls."""
    points, layers = moons(random.key(seed), COUNT), initial(seed)
    yield f"{len(tree.leaves(layers))} numbers, {COUNT} points"
    optimizer = optim.sgd(optim.linear_schedule(0.1, 0.01, steps), momentum=0.9)
    losses = []
    for value, after in trained(loss, layers, optimizer, repeat(points, steps)):
        losses.append(value)
        if len(losses) in told(steps):
            yield f"step {len(losses):4}  loss {value:.4f}  told right {accuracy(after, points):.0%}"
    return Fit(losses, after, points)


def picture(figure: Any, fit: Fit) -> None:
    """The border between the moons, and the loss."""
    left, right = figure.subplots(1, 2)
    funcgrad.plot.decision_boundary(lambda x: scores(fit.layers, x), fit.points.x, fit.points.moon, ax=left)
    left.set(title=f"{accuracy(fit.layers, fit.points):.0%} of the points told right", aspect="equal")
    right.semilogy(np.arange(1, len(fit.losses) + 1), fit.losses)
    right.set(xlabel="step", title="loss")


if __name__ == "__main__":
    sys.exit(main(["neurons", *sys.argv[1:]]))
