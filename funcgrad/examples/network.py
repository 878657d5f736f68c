"""A network as a composition of functions: linear layers, sigmoid, mean squared error, and what they learn.

Parameters are a tuple of layers, data are arguments, and a training step makes new parameters of old ones.
"""

import sys
from collections.abc import Callable, Generator, Iterator
from functools import reduce
from operator import add, mul
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import data, grad, jit, tree, value_and_grad
from funcgrad.examples.running import main


# ---- the pieces ----------------------------------------------------------------------------------------------------
@frozen
class Layer:
    """What a linear layer learns."""

    #: The weights, a matrix (inputs, outputs).
    w: Any
    #: The bias, a vector (outputs,).
    b: Any


def linear(layer: Layer, x: Any) -> Any:
    """The rows x W + b, one for every row x."""
    return x @ layer.w + layer.b


def sigmoid(x: Any) -> Any:
    """σ(x) = 1 / (1 + e⁻ˣ), element by element."""
    return 1 / (1 + np.exp(-x))


def mse(y: Any, a: Any) -> Any:
    """The mean of (y - a)².  Both are taken as columns of one length, so that (n,) and (n, 1) never make (n, n)."""
    if y.size != a.size:
        raise ValueError(f"mse of {y.size} values against {a.size}: give as many predictions as targets")
    difference = np.reshape(y, -1) - np.reshape(a, -1)
    return np.mean(difference * difference)


def total(*terms: Any) -> Any:
    """The sum of any number of terms."""
    return reduce(add, terms)


def product(*factors: Any) -> Any:
    """The product of any number of factors."""
    return reduce(mul, factors)


def descend(f: Callable[[Any], Any], start: float, rate: float, least: float) -> Iterator[float]:
    """The places that descent along f′ goes through, until a step is shorter than `least`."""
    x, step, slope = start, np.inf, grad(f)
    yield x
    while abs(step) >= least:
        step = rate * slope(x)
        x = x - step
        yield x


# ---- networks ------------------------------------------------------------------------------------------------------
def one_layer(layer: Layer, x: Any, y: Any) -> Any:
    """The mean squared error of σ(x W + b) against y."""
    return mse(y, sigmoid(linear(layer, x)))


def two_layers(layers: tuple[Layer, Layer], x: Any, y: Any) -> Any:
    """The mean squared error of σ(x W₁ + b₁) W₂ + b₂ against y."""
    first, second = layers
    return mse(y, linear(second, sigmoid(linear(first, x))))


# ---- training ------------------------------------------------------------------------------------------------------
@frozen
class Epoch:
    """One pass over the data."""

    #: From 1.
    number: int
    #: The mean squared error of its batches, each before its step.
    loss: float
    #: The parameters after it.
    layers: tuple[Layer, ...]


def standardised(a: Any) -> Any:
    """Each column with mean 0 and variance 1."""
    return (a - a.mean(axis=0)) / a.std(axis=0)


def initial(inputs: int, units: int, seed: int) -> tuple[Layer, Layer]:
    """Two layers of normal weights of variance 1/inputs each, and no bias."""
    rng = np.random.default_rng(seed)
    first = Layer(rng.normal(0, inputs**-0.5, (inputs, units)), np.zeros(units))
    return first, Layer(rng.normal(0, units**-0.5, (units, 1)), np.zeros(1))


@jit
def step(layers: Any, x: Any, y: Any, rate: float) -> tuple[Any, Any]:
    """The cost, and the parameters one step of gradient descent later."""
    loss, slope = value_and_grad(two_layers)(layers, x, y)
    return loss, tree.map(lambda p, g: p - rate * g, layers, slope)


def train(layers: Any, x: Any, y: Any, *, epochs: int, batch: int, rate: float, seed: int) -> Iterator[Epoch]:
    """Stochastic gradient descent: in an epoch every batch of a fresh shuffle once, but for a last smaller one."""
    rng = np.random.default_rng(seed)
    for number in range(1, epochs + 1):
        order = rng.permutation(len(x))
        losses = []
        for rows in order[: len(x) // batch * batch].reshape(-1, batch):
            loss, layers = step(layers, x[rows], y[rows], rate)
            losses.append(loss)
        yield Epoch(number, float(np.mean(losses)), layers)


def regression(epochs: int = 100, seed: int = 0) -> Iterator[Epoch]:
    """A network of 10 hidden units learns how far diabetes progresses, from 442 patients in batches of 11."""
    features, progression = map(standardised, data.diabetes())
    layers = initial(features.shape[1], 10, seed)
    return train(layers, features, progression, epochs=epochs, batch=11, rate=0.05, seed=seed)


# ---- what there is to see ------------------------------------------------------------------------------------------
#: One layer with a sigmoid, its data, and a second layer on top of it.
X, Y = np.array([[-1.0, -2.0], [-1.0, -2.0]]), np.array([1.0, 2.0])
FIRST = Layer(np.array([[2.0], [3.0]]), np.array([-3.0]))
SECOND = Layer(np.array([[2.0]]), np.array([-3.0]))


def slopes(cost: Callable[..., Any], layers: Any, x: Any = X, y: Any = Y) -> Iterator[str]:
    """A cost on the small data, and its gradient by everything it is made of."""
    value, (dlayers, dx, dy) = value_and_grad(cost, argnums=(0, 1, 2))(layers, x, y)
    yield f"{cost.__name__}: cost {float(value)!r}"
    named = [("X", dx), ("y", dy)]
    for number, layer in enumerate(tree.leaves(dlayers, is_leaf=lambda part: isinstance(part, Layer)), 1):
        named += [(f"W{number}", layer.w), (f"b{number}", layer.b)]
    for name, slope in named:
        yield f"  ∂cost/∂{name:2} = {slope.tolist()}"


def report(epochs: int = 100) -> Generator[str, None, list[Epoch]]:
    """The gradients of the small networks, then the regression, epoch by epoch."""
    yield from slopes(one_layer, FIRST)
    yield from slopes(two_layers, (FIRST, SECOND))
    yield "diabetes: mean squared error in units of the target's variance"
    trained = []
    for epoch in regression(epochs):
        trained.append(epoch)
        if epoch.number in (1, 2, 5) or epoch.number % 10 == 0:
            yield f"  epoch {epoch.number:3}  {epoch.loss:.4f}"
    return trained


def picture(figure: Any, epochs: list[Epoch]) -> None:
    """The loss by epoch, and what the network says of each patient."""
    left, right = figure.subplots(1, 2)
    left.plot([epoch.number for epoch in epochs], [epoch.loss for epoch in epochs])
    left.set(xlabel="epoch", title="mean squared error")
    features, progression = map(standardised, data.diabetes())
    first, second = epochs[-1].layers
    said = np.reshape(linear(second, sigmoid(linear(first, features))), -1)
    right.plot(progression, said, ".", markersize=3)
    right.plot([-2, 3], [-2, 3], "k", linewidth=0.5)
    right.set(xlabel="progression, standardised", ylabel="what the network says", title="442 patients")


if __name__ == "__main__":
    sys.exit(main(["network", *sys.argv[1:]]))
