"""A network of 4, 5, 5 and 3 units tells three species of iris apart.

The training is a sequence of frozen records, an epoch each: whoever takes them prints, plots or stops. Nothing changes
in place; a step is a function from (parameters, velocity) and a batch to the next (parameters, velocity).
"""

import sys
from collections.abc import Generator, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import data, jit, tree, value_and_grad
from funcgrad.examples.running import main

SIZES = (4, 5, 5, 3)
#: What the report trains with.
SEEDS = (1, 2, 3, 4, 5)
#: Steps are along velocity' = MOMENTUM·velocity + gradient.
RATE, MOMENTUM = 0.02, 0.9
#: How much of the squared weights the loss counts, against learning single flowers by heart.
DECAY = 0.01
#: The 99 flowers of the training set are 9 batches.
BATCH = 11


# ---- data ----------------------------------------------------------------------------------------------------------
@frozen
class Flowers:
    """Measurements and species of some flowers."""

    #: Four measurements a flower, standardised by the mean and deviation of the training set.
    x: Any
    #: The species: 0, 1 or 2.
    species: Any


def split(seed: int) -> tuple[Flowers, Flowers]:
    """A training set and a test set: 17 of the 50 flowers of each species are held out, 51 in all."""
    x, species = data.iris()
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(np.flatnonzero(species == kind)) for kind in range(len(data.IRIS_SPECIES))]
    test = np.concatenate([rows[:17] for rows in shuffled])
    train = np.concatenate([rows[17:] for rows in shuffled])
    standard = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    return Flowers(standard[train], species[train]), Flowers(standard[test], species[test])


# ---- the network ---------------------------------------------------------------------------------------------------
@frozen
class Layer:
    """What a linear layer learns."""

    #: The weights, a matrix (inputs, outputs).
    w: Any
    #: The bias, a vector (outputs,).
    b: Any


Layers = tuple[Layer, ...]


def initial(seed: int) -> Layers:
    """Normal weights of variance 2/inputs, and no bias.

    K. He, X. Zhang, S. Ren and J. Sun, *Delving Deep into Rectifiers* (2015), section 2.2.
    """
    rng = np.random.default_rng(seed)
    pairs = pairwise(SIZES)
    return tuple(Layer(rng.normal(0, (2 / inputs) ** 0.5, (inputs, n)), np.zeros(n)) for inputs, n in pairs)


def scores(layers: Layers, x: Any) -> Any:
    """One number a species, the larger the likelier: linear layers with max(0, ·) between them."""
    *hidden, last = layers
    for layer in hidden:
        x = np.maximum(x @ layer.w + layer.b, 0)
    return x @ last.w + last.b


def loss(layers: Layers, flowers: Flowers) -> Any:
    """The mean of -log p(species), where p is the softmax of the scores, and the decay of the weights."""
    z = scores(layers, flowers.x)
    z = z - np.max(z, axis=1, keepdims=True)
    right = z[np.arange(len(flowers.species)), flowers.species]
    surprise = np.log(np.sum(np.exp(z), axis=1)) - right
    return np.mean(surprise) + DECAY * sum([np.sum(layer.w**2) for layer in layers])


def accuracy(layers: Layers, flowers: Flowers) -> float:
    """The fraction of flowers whose species has the largest score."""
    return float(np.mean(np.argmax(scores(layers, flowers.x), axis=1) == flowers.species))


# ---- training ------------------------------------------------------------------------------------------------------
@frozen
class Epoch:
    """One pass over the training set."""

    #: From 1.
    number: int
    #: The mean of the loss over its batches, each before its step.
    loss: float
    #: The fraction of the training set that is told right after it.
    trained: float
    #: The fraction of the test set that is told right after it.
    tested: float
    #: The parameters after it.
    layers: Layers


@jit
def step(layers: Any, velocity: Any, flowers: Flowers) -> tuple[Any, Any, Any]:
    """The loss, and the parameters and the velocity one step of gradient descent with momentum later."""
    value, slope = value_and_grad(loss)(layers, flowers)
    velocity = tree.map(lambda v, g: MOMENTUM * v + g, velocity, slope)
    return value, tree.map(lambda p, v: p - RATE * v, layers, velocity), velocity


def training(seed: int = 1, epochs: int = 60) -> Iterator[Epoch]:
    """The epochs of one training. The seed decides the split, the first weights and the order of the batches."""
    train, test = split(seed)
    rng = np.random.default_rng(seed)
    layers = initial(seed)
    velocity = tree.map(np.zeros_like, layers)
    for number in range(1, epochs + 1):
        losses = []
        for rows in rng.permutation(len(train.x)).reshape(-1, BATCH):
            value, layers, velocity = step(layers, velocity, Flowers(train.x[rows], train.species[rows]))
            losses.append(value)
        yield Epoch(number, float(np.mean(losses)), accuracy(layers, train), accuracy(layers, test), layers)


# ---- what there is to see ------------------------------------------------------------------------------------------
def report(epochs: int = 60) -> Generator[str, None, list[Epoch]]:
    """The accuracy epoch by epoch for one seed, then the last for four more."""
    first = []
    for epoch in training(SEEDS[0], epochs):
        first.append(epoch)
        yield (
            f"epoch {epoch.number:3}  loss {epoch.loss:.4f}  "
            f"training set {epoch.trained:6.1%}  test set {epoch.tested:6.1%}"
        )
    for seed in SEEDS[1:]:
        *_, last = training(seed, epochs)
        yield f"seed {seed}: test set {last.tested:6.1%}"
    return first


def picture(figure: Any, epochs: list[Epoch]) -> None:
    """Loss and accuracy by epoch, and the flowers held out by their petals."""
    left, middle, right = figure.subplots(1, 3)
    numbers = [epoch.number for epoch in epochs]
    left.plot(numbers, [epoch.loss for epoch in epochs])
    left.set(xlabel="epoch", title="loss")
    middle.plot(numbers, [epoch.trained for epoch in epochs], label="training set")
    middle.plot(numbers, [epoch.tested for epoch in epochs], label="test set")
    middle.set(xlabel="epoch", title="accuracy", ylim=(0, 1.02))
    middle.legend(frameon=False)
    _, test = split(SEEDS[0])
    said = np.argmax(scores(epochs[-1].layers, test.x), axis=1)
    for kind, name in enumerate(data.IRIS_SPECIES):
        right.plot(*test.x[test.species == kind, 2:].T, "o", markersize=4, label=name)
    right.plot(*test.x[said != test.species, 2:].T, "kx", label="told wrong")
    right.set(xlabel="petal length", ylabel="petal width", title="test set, standardised")
    right.legend(frameon=False)


if __name__ == "__main__":
    sys.exit(main(["iris", *sys.argv[1:]]))
