"""Three bodies learn to chase one another along a figure of eight: derivatives through a simulation.

Equal masses attract one another by Newton's law. The bodies begin on a line, and two numbers say their velocities. With
the right ones each body takes the place of the next after a third of the period. The simulation is differentiated in
those two numbers and in the period, and Levenberg and Marquardt's method closes the gap.

A. Chenciner and R. Montgomery, *A remarkable periodic solution of the three-body problem*, Annals of Mathematics 152
(2000); the numbers to be found are C. Simó's.
"""

import sys
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import jacfwd, jit, lax
from funcgrad.examples.running import main

#: Where the bodies begin: one on either side of the third.
PLACES = np.array([[-0.97000436, 0.24308753], [0.97000436, -0.24308753], [0.0, 0.0]])
#: Steps of the simulation, a third of the period.
STEPS = 150
#: Whose place each body takes.
NEXT = np.array([1, 2, 0])
#: Two velocities and the period: a guess, and what is to be found.
GUESS, SIMO = np.array([0.40, 0.50, 6.2]), np.array([0.46620369, 0.43236573, 6.32591398])


@frozen
class Bodies:
    """Where three bodies are, and where they go."""

    #: Places (3, 2).
    x: Any
    #: Velocities (3, 2).
    v: Any


def beginning(velocity: Any) -> Bodies:
    """Both outer bodies have the same velocity, and the inner one as much the other way as both."""
    return Bodies(PLACES, np.multiply.outer(np.array([1.0, 1.0, -2.0]), velocity))


def acceleration(x: Any) -> Any:
    """The pull of each body on each, d / |d|³, summed."""
    d = x[None, :, :] - x[:, None, :]
    squares = np.sum(d * d, axis=2) + np.eye(3)  # of a body to itself, d is 0 and 1 as good as any
    return np.sum(d * squares[:, :, None] ** -1.5, axis=1)


def slope(bodies: Bodies) -> Bodies:
    """d(x, v)/dt = (v, a)."""
    return Bodies(bodies.v, acceleration(bodies.x))


def moved(bodies: Bodies, other: Bodies, time: Any) -> Bodies:
    """The bodies, moved along a slope."""
    return Bodies(bodies.x + time * other.x, bodies.v + time * other.v)


def orbit(numbers: Any, thirds: int = 1) -> tuple[Bodies, Any]:
    """The bodies after thirds of a period, and their places on the way, by Runge and Kutta's method of order four."""
    time = numbers[2] / (3 * STEPS)

    def step(bodies: Bodies, _: None) -> tuple[Bodies, Any]:
        k1 = slope(bodies)
        k2 = slope(moved(bodies, k1, time / 2))
        k3 = slope(moved(bodies, k2, time / 2))
        k4 = slope(moved(bodies, k3, time))
        for k, weight in ((k1, 1), (k2, 2), (k3, 2), (k4, 1)):
            bodies = moved(bodies, k, time * weight / 6)
        return bodies, bodies.x

    return lax.scan(step, beginning(numbers[:2]), None, length=thirds * STEPS)


def gap(numbers: Any) -> Any:
    """How far each body is from where the next began, and its velocity: twelve numbers, to become nought."""
    first, (last, _) = beginning(numbers[:2]), orbit(numbers)
    return np.concatenate([np.ravel(last.x - first.x[NEXT]), np.ravel(last.v - first.v[NEXT])])


@jit
def gap_and_slopes(numbers: Any) -> tuple[Any, Any]:
    """The gap, and its derivative in the three numbers, (12, 3)."""
    return gap(numbers), jacfwd(gap)(numbers)


def closing(numbers: Any = GUESS, steps: int = 6) -> Iterator[tuple[float, Any]]:
    """The length of the gap, and the numbers after each step of Levenberg and Marquardt's method."""
    damping = 1.0
    r, J = gap_and_slopes(numbers)
    for _ in range(steps):
        trial = numbers - np.linalg.solve(J.T @ J + damping * np.eye(3), J.T @ r)
        after, slopes = gap_and_slopes(trial)
        if after @ after < r @ r:
            numbers, r, J, damping = trial, after, slopes, damping / 10
        else:
            damping *= 4
        yield float(np.linalg.norm(r)), numbers


# ---- what there is to see ------------------------------------------------------------------------------------------
def report(steps: int = 6) -> Generator[str, None, Any]:
    """The gap as it closes, and the numbers beside those that are known."""
    yield f"gap {np.linalg.norm(gap(GUESS)):.1e}  velocity {GUESS[0]:.8f} {GUESS[1]:.8f}  period {GUESS[2]:.8f}"
    for gone, numbers in closing(steps=steps):
        yield f"gap {gone:.1e}  velocity {numbers[0]:.8f} {numbers[1]:.8f}  period {numbers[2]:.8f}"
    yield f"  known      velocity {SIMO[0]:.8f} {SIMO[1]:.8f}  period {SIMO[2]:.8f}"
    return numbers


def picture(figure: Any, numbers: Any) -> None:
    """Two periods with the guess, and two with what was found."""
    for axes, one, title in zip(figure.subplots(1, 2), (GUESS, numbers), ("the guess", "the orbit found"), strict=True):
        _, places = orbit(one, 6)
        for body in range(3):
            axes.plot(places[:, body, 0], places[:, body, 1], f"C{body}", linewidth=1)
            axes.plot(*places[-1, body], f"C{body}o")
        axes.set(title=title, aspect="equal", xlim=(-1.3, 1.3), ylim=(-1.1, 1.3))


if __name__ == "__main__":
    sys.exit(main(["figure_eight", *sys.argv[1:]]))
