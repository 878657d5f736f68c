"""Learning to learn: first weights from which one step of gradient descent fits a new sine.

Each task is a sine of its own height and phase, of which ten points are shown. The loss of the first weights is the
loss after the step, so its gradient goes through the gradient of the step. `vmap` takes the tasks, `jit` makes one
program.

C. Finn, P. Abbeel and S. Levine, *Model-agnostic meta-learning for fast adaptation of deep networks* (2017),
section 5.1.
"""

import sys
from collections.abc import Generator
from itertools import pairwise
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import grad, jit, optim, random, tree, vmap
from funcgrad.examples.running import main
from funcgrad.examples.training import told, trained

SIZES = (1, 32, 32, 1)
#: Points that a task shows, and tasks in a step of the outer descent.
SHOTS, TASKS = 10, 25
#: The rate of the inner step; how many of them a new task may take.
INNER, ADAPTING = 0.03, 10
#: The rate of the outer descent.
RATE = 3e-3

Layers = list[tuple[Any, Any]]


def initial(key: Any) -> Layers:
    """Normal weights of variance 1/inputs, and no bias."""
    keys = random.split(key, len(SIZES) - 1)
    return [
        (random.normal(key, (inputs, units)) * inputs**-0.5, np.zeros(units))
        for key, (inputs, units) in zip(keys, pairwise(SIZES), strict=True)
    ]


def network(layers: Layers, x: Any) -> Any:
    """The value at each x: layers with tanh between them."""
    h = x[:, None] / 2.5
    for w, b in layers[:-1]:
        h = np.tanh(h @ w + b)
    w, b = layers[-1]
    return (h @ w + b)[:, 0]


# ---- tasks ---------------------------------------------------------------------------------------------------------
@frozen
class Task:
    """A sine, as points to learn from and points to be judged by."""

    x: Any
    y: Any
    #: The points by which the step is judged.
    x_new: Any
    y_new: Any


def sines(key: Any, count: int = TASKS) -> Task:
    """a sin(x + φ) with a in [0.1, 5] and φ in [0, π], on [-5, 5]: one a row."""
    height, phase, first, second = random.split(key, 4)
    a = random.uniform(height, (count, 1), minval=0.1, maxval=5.0)
    phi = random.uniform(phase, (count, 1), maxval=np.pi)
    x, new = (random.uniform(one, (count, SHOTS), minval=-5.0, maxval=5.0) for one in (first, second))
    return Task(x, a * np.sin(x + phi), new, a * np.sin(new + phi))


# ---- learning, and learning to learn -------------------------------------------------------------------------------
def error(layers: Layers, x: Any, y: Any) -> Any:
    """The mean squared error."""
    return np.mean((network(layers, x) - y) ** 2)


def adapted(layers: Layers, x: Any, y: Any) -> Layers:
    """The weights one step of gradient descent later."""
    slope = grad(error)(layers, x, y)
    return [(w - INNER * dw, b - INNER * db) for (w, b), (dw, db) in zip(layers, slope, strict=True)]


def loss(layers: Layers, batch: Task) -> Any:
    """The error on new points after a step, the mean over tasks."""
    return np.mean(vmap(lambda task: error(adapted(layers, task.x, task.y), task.x_new, task.y_new))(batch))


@jit
def progress(layers: Layers, task: Task) -> Any:
    """The error on new points after 0, 1, …, steps of descent on one task."""
    errors = [error(layers, task.x_new, task.y_new)]
    for _ in range(ADAPTING):
        layers = adapted(layers, task.x, task.y)
        errors.append(error(layers, task.x_new, task.y_new))
    return errors


# ---- what there is to see ------------------------------------------------------------------------------------------
@frozen
class Fit:
    """First weights, before and after they learned to learn."""

    before: Layers
    after: Layers


def judged(layers: Layers, key: Any, count: int = 100) -> Any:
    """The mean of `progress` over new tasks."""
    return np.mean(vmap(progress, (None, 0))(layers, sines(key, count)), axis=1)


def report(seed: int = 0, steps: int = 4000) -> Generator[str, None, Fit]:
    """The loss of the outer descent, then the errors on sines that were never seen."""
    first, training, judging = random.split(random.key(seed), 3)
    before = initial(first)
    recent = []
    descent = trained(loss, before, optim.adam(RATE), map(jit(sines), random.split(training, steps)))
    fit = Fit(before, before)
    for value, layers in descent:
        fit = Fit(before, layers)
        recent.append(value)
        if len(recent) in told(steps):
            yield f"step {len(recent):5}  error after one step of a task {np.mean(recent[-100:]):.3f}"
    for name, one in (("random first weights", before), ("learned first weights", fit.after)):
        errors = judged(one, judging)
        yield f"{name:21}  " + "  ".join(f"{errors[k]:.3f} after {k}" for k in (0, 1, 2, 5, 10))
    return fit


def picture(figure: Any, fit: Fit) -> None:
    """A new sine, by both first weights after 0, 1 and 10 steps; and the mean errors by steps."""
    axes, task, x = figure.subplots(1, 3), tree.map(lambda a: a[0], sines(random.key(12), 1)), np.linspace(-5, 5, 200)
    for ax, layers, title in zip(axes, (fit.before, fit.after), ("random first weights", "learned"), strict=False):
        for step in range(ADAPTING + 1):
            if step in (0, 1, 10):
                ax.plot(x, network(layers, x), linewidth=1, label=f"after {step}")
            layers = adapted(layers, task.x, task.y)
        ax.plot(task.x, task.y, "k^", markersize=4)
        ax.set(title=title, xlabel="x", ylim=(-6, 6))
        ax.legend(frameon=False, fontsize=6)
    for layers, label in ((fit.before, "random"), (fit.after, "learned")):
        axes[2].semilogy(judged(layers, random.key(13)), ".-", label=label)
    axes[2].set(title="mean error on new sines", xlabel="steps")
    axes[2].legend(frameon=False)


if __name__ == "__main__":
    sys.exit(main(["maml", *sys.argv[1:]]))
