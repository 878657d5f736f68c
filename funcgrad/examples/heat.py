"""A network obeys the heat equation u_t = D u_xx: second derivatives of the network stand inside its loss.

u(x, t) is a network of two numbers. Its loss is the mean square of u_t - D u_xx at points inside, of u - sin πx at the
beginning, and of u at both ends. No solution is given; the exact one, exp(-D π² t) sin πx, only tells how good it got.

M. Raissi, P. Perdikaris and G. E. Karniadakis, *Physics-informed neural networks*, Journal of Computational Physics 378
(2019).
"""

import sys
from collections.abc import Generator, Iterator
from itertools import repeat
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import grad, optim, random, vmap
from funcgrad.examples.running import main
from funcgrad.examples.training import told, trained

#: How fast heat flows, on a rod of length 1 for a time of 1.
D = 0.1
#: Points inside, at the beginning, and at the ends.
INSIDE, EDGE = 400, 60
UNITS = 20
#: The beginning and the ends count as much more than the inside.
WEIGHT = 10.0


@frozen
class Network:
    """What a network of two hidden layers learns."""

    #: Weights of x and of t, (2, UNITS), and the bias.
    w1: Any
    b1: Any
    #: Weights between the layers, (UNITS, UNITS), and the bias.
    w2: Any
    b2: Any
    #: Weights of the sum, (UNITS,).
    w3: Any


def initial(key: Any) -> Network:
    """Normal weights of variance 1/inputs."""
    first, second, third = random.split(key, 3)
    return Network(
        random.normal(first, (2, UNITS)) / 2**0.5,
        np.zeros(UNITS),
        random.normal(second, (UNITS, UNITS)) / UNITS**0.5,
        np.zeros(UNITS),
        random.normal(third, (UNITS,)) / UNITS**0.5,
    )


def u(net: Network, x: Any, t: Any) -> Any:
    """The temperature that the network says, at one point or at many."""
    h = np.tanh(np.multiply.outer(x, net.w1[0]) + np.multiply.outer(t, net.w1[1]) + net.b1)
    return np.tanh(h @ net.w2 + net.b2) @ net.w3


def exact(x: Any, t: Any) -> Any:
    """The solution: one wave, which decays."""
    return np.exp(-D * np.pi**2 * t) * np.sin(np.pi * x)


def residual(net: Network, x: Any, t: Any) -> Any:
    """u_t - D u_xx at one point: nought where the network obeys."""
    u_t = grad(u, 2)(net, x, t)
    u_xx = grad(grad(u, 1), 1)(net, x, t)
    return u_t - D * u_xx


def loss(net: Network, points: dict[str, Any]) -> Any:
    """How far the network is from the equation, from the beginning and from the ends."""
    x, t = points["inside"]
    equation = np.mean(vmap(residual, (None, 0, 0))(net, x, t) ** 2)
    start, time = points["start"], points["time"]
    beginning = np.mean((u(net, start, 0 * start) - np.sin(np.pi * start)) ** 2)
    ends = np.mean(u(net, 0 * time, time) ** 2 + u(net, 0 * time + 1, time) ** 2)
    return equation + WEIGHT * (beginning + ends)


# ---- training ------------------------------------------------------------------------------------------------------
@frozen
class Fit:
    """A network, and how it came about."""

    #: The loss before each step.
    losses: list[float]
    #: The network after the last.
    net: Network


def points(key: Any) -> dict[str, Any]:
    """Where the network has to obey: random points inside, at the beginning, and at the ends."""
    inside, start, time = random.split(key, 3)
    return {
        "inside": random.uniform(inside, (2, INSIDE)),
        "start": random.uniform(start, (EDGE,)),
        "time": random.uniform(time, (EDGE,)),
    }


def training(seed: int, steps: int) -> Iterator[tuple[float, Network]]:
    """The loss before each step of Adam, whose rate falls as a cosine, and the network after it."""
    first, where = random.split(random.key(seed))
    optimizer = optim.adam(optim.cosine_decay_schedule(1e-2, steps))
    return trained(loss, initial(first), optimizer, repeat(points(where), steps))


GRID = np.meshgrid(np.linspace(0, 1, 51), np.linspace(0, 1, 51))


def error(net: Network) -> float:
    """The largest distance from the exact solution, on a grid."""
    return float(np.max(np.abs(u(net, *GRID) - exact(*GRID))))


# ---- what there is to see ------------------------------------------------------------------------------------------
def report(seed: int = 0, steps: int = 3000) -> Generator[str, None, Fit]:
    """The loss, and how far the network is from the exact solution, as it learns."""
    losses = []
    for value, net in training(seed, steps):
        losses.append(value)
        if len(losses) in told(steps):
            yield f"step {len(losses):5}  loss {value:.2e}  largest error of u {error(net):.4f}"
    return Fit(losses, net)


def picture(figure: Any, fit: Fit) -> None:
    """The temperature over place and time, and along the rod at three times."""
    left, right = figure.subplots(1, 2)
    shown = left.pcolormesh(*GRID, u(fit.net, *GRID), cmap="inferno", shading="gouraud")
    left.set(xlabel="x", ylabel="t", title="u(x, t) of the network")
    figure.colorbar(shown, ax=left)
    x = np.linspace(0, 1, 101)
    for t, colour in ((0.0, "C3"), (0.3, "C1"), (1.0, "C0")):
        right.plot(x, exact(x, t), color=colour, alpha=0.35, linewidth=5)
        right.plot(x, u(fit.net, x, 0 * x + t), color="black", linewidth=1)
        right.annotate(f"t = {t}", (0.5, exact(0.5, t)), xytext=(0, -16), textcoords="offset points", ha="center")
    right.set(xlabel="x", title="network (thin) and exact (wide)")


if __name__ == "__main__":
    sys.exit(main(["heat", *sys.argv[1:]]))
