"""Bayesian logistic regression by Hamiltonian Monte Carlo: how sure one can be of a border between two species.

Virginica or versicolor, by the length and the width of a petal, from 100 of Fisher's flowers. The posterior of three
weights is drawn by four chains: `grad` gives the force, `scan` the path, `vmap` the chains, `jit` one program of all.

R. Neal, *MCMC using Hamiltonian dynamics*, Handbook of Markov Chain Monte Carlo (2011), section 5.3.
"""

import sys
from collections.abc import Generator, Iterator
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import data, grad, jit, lax, random, vmap
from funcgrad.examples.running import main
from funcgrad.examples.training import told

CHAINS = 4
#: Steps of a path, and how long each is.
PATH, LENGTH = 12, 0.3
#: The prior: weights are normal, of this deviation.
DEVIATION = 5.0
#: The fraction of the draws that is left out while a chain forgets where it began.
FORGOTTEN = 0.2


def petals() -> tuple[Any, Any]:
    """Rows (1, length, width), standardised, and +1 for virginica, -1 for versicolor."""
    features, species = data.iris()
    two = features[species > 0, 2:]
    x = (two - two.mean(axis=0)) / two.std(axis=0)
    return np.column_stack([np.ones(len(x)), x]), np.where(species[species > 0] == 2, 1.0, -1.0)


X, Y = petals()


# ---- the posterior -------------------------------------------------------------------------------------------------
def energy(w: Any) -> Any:
    """-log of the posterior, but for a constant: -Σ log σ(y w·x) + |w|² / 2s²."""
    return np.sum(np.logaddexp(0.0, -Y * (X @ w))) + np.sum(w * w) / (2 * DEVIATION**2)


def path(w: Any, p: Any) -> tuple[Any, Any]:
    """Where the Hamiltonian energy(w) + |p|²/2 moves a point to: leapfrog steps."""

    def step(state: Any, _: None) -> Any:
        w, p = state
        w = w + LENGTH * p
        return (w, p - LENGTH * grad(energy)(w)), None

    p = p - LENGTH / 2 * grad(energy)(w)
    (w, p), _ = lax.scan(step, (w, p), None, length=PATH)
    return w, p + LENGTH / 2 * grad(energy)(w)  # the last kick was a whole one


def transition(w: Any, chance: tuple[Any, Any]) -> tuple[Any, Any]:
    """The next draw of a chain, and whether the path was taken: with probability min(1, exp(-gain of energy))."""
    p, toss = chance
    there, q = path(w, p)
    taken = np.log(toss) < energy(w) + p @ p / 2 - energy(there) - q @ q / 2
    w = np.where(taken, there, w)
    return w, (w, taken)


@partial(jit, static_argnames="size")
def chains(places: Any, key: Any, size: int) -> Any:
    """The next draws of all chains: each has kicks (size, 3) and tosses (size,) of its own."""
    kick, toss = random.split(key)
    chances = random.normal(kick, (CHAINS, size, 3)), random.uniform(toss, (CHAINS, size))
    return vmap(lambda w, chances: lax.scan(transition, w, chances))(places, chances)


@frozen
class Block:
    """Some draws of all chains."""

    #: Weights (CHAINS, draws, 3).
    w: Any
    #: Which paths were taken (CHAINS, draws).
    taken: Any


def blocks(seed: int, draws: int, size: int) -> Iterator[Block]:
    """The draws, a block of each chain at a time. Chains begin apart."""
    start, key = random.split(random.key(seed))
    places = random.normal(start, (CHAINS, X.shape[1]))
    for number in range(draws // size):
        places, (w, taken) = chains(places, random.fold_in(key, number), size)
        yield Block(w, taken)


def disagreement(w: Any) -> Any:
    """Gelman and Rubin's R of each weight, of chains cut in halves: 1 where chains agree with one another."""
    half = w.shape[1] // 2
    w = w[:, : 2 * half].reshape(-1, half, w.shape[2])
    within, between = np.mean(np.var(w, axis=1, ddof=1), axis=0), np.var(np.mean(w, axis=1), axis=0, ddof=1)
    return np.sqrt((half - 1) / half + between / within)


# ---- what there is to see ------------------------------------------------------------------------------------------
def kept(w: Any) -> Any:
    """What a chain draws after it has forgotten where it began."""
    return w[:, int(FORGOTTEN * w.shape[1]) :]


def report(seed: int = 0, draws: int = 2000) -> Generator[str, None, Any]:
    """Block by block how many paths are taken, then the posterior of each weight."""
    size = max(draws // 20, 1)
    drawn = []
    for block in blocks(seed, draws, size):
        drawn.append(block)
        if len(drawn) in told(draws // size, 5):
            yield f"draw {len(drawn) * size:5} of {CHAINS} chains  taken {np.mean(block.taken):.0%}"
    w = kept(np.concatenate([block.w for block in drawn], axis=1))
    for name, values, r in zip(("bias", "length", "width"), np.moveaxis(w, 2, 0), disagreement(w), strict=True):
        yield f"{name:6}  mean {np.mean(values):6.3f}  deviation {np.std(values):.3f}  R {r:.3f}"
    sure = np.mean(np.sign(np.mean(certainty(w, X), axis=0) - 0.5) == Y)
    yield f"told right by the mean of all borders: {sure:.0%}"
    return w


def certainty(w: Any, x: Any) -> Any:
    """The probability of virginica that each draw gives to each row."""
    return 1 / (1 + np.exp(-w.reshape(-1, w.shape[-1]) @ x.T))


def picture(figure: Any, w: Any) -> None:
    """The flowers with forty borders and the mean probability; and the draws of two weights."""
    left, right = figure.subplots(1, 2)
    a, b = np.meshgrid(np.linspace(-2.5, 2.5, 80), np.linspace(-2.5, 2.5, 80))
    rows = np.column_stack([np.ones(a.size), a.ravel(), b.ravel()])
    mean = np.mean(certainty(w[:, ::10], rows), axis=0).reshape(a.shape)
    shown = left.contourf(a, b, mean, np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.7)
    figure.colorbar(shown, ax=left, label="probability of virginica")
    for bias, length, width in w[:, :: w.shape[1] // 10].reshape(-1, 3)[:40]:
        left.axline((-bias / length, 0.0), slope=-length / width, color="black", linewidth=0.4, alpha=0.5)
    for sign, colour in ((1, "C3"), (-1, "C0")):
        left.plot(*X[sign == Y, 1:].T, ".", color=colour, markeredgecolor="white", markersize=8)
    left.set(xlim=(-2.5, 2.5), ylim=(-2.5, 2.5), xlabel="length, standardised", ylabel="width, standardised")
    for number, chain in enumerate(w):
        right.plot(chain[:, 1], chain[:, 2], ".", markersize=2, alpha=0.4, label=f"chain {number + 1}")
    right.set(xlabel="weight of length", ylabel="weight of width", title="draws from the posterior")
    right.legend(markerscale=4, frameon=False)


if __name__ == "__main__":
    sys.exit(main(["logistic_regression", *sys.argv[1:]]))
