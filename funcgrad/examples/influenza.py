"""An epidemic at a boarding school: a differential equation fitted to it, and how the fit moves with each day's number.

Of 763 boys, S can catch the illness, I have it, and dS/dt = -β S I / 763, dI/dt = β S I / 763 - γ I. The two rates, and
how many are ill at first, are those of the least squares. How they depend on each observation follows from the equation
that the fit obeys, by the implicit function theorem: `jacobian` of the fit is all there is to write.

Data: *Influenza in a boarding school*, British Medical Journal, 4 March 1978, page 587.
"""

import sys
from collections.abc import Generator
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import jacfwd, jacobian, jit
from funcgrad.examples.running import main
from funcgrad.integrate import odeint
from funcgrad.optimize import least_squares

#: Boys in bed on each of 14 days.
IN_BED = np.array([3, 8, 26, 76, 225, 298, 258, 233, 189, 128, 68, 29, 14, 4], float)
DAYS = np.arange(float(len(IN_BED)))
BOYS = 763.0
#: What the search begins with: the rates of infection and of recovery a day, and the boys who are ill at first.
GUESS, NAMES = np.array([2.0, 0.3, 3.0]), ("β", "γ", "I₀")


def slope(y: Any, _t: Any, numbers: Any) -> Any:
    """(dS/dt, dI/dt)."""
    infected = numbers[0] * y[0] * y[1] / BOYS
    return np.stack([-infected, infected - numbers[1] * y[1]])


def ill(numbers: Any, days: Any = DAYS) -> Any:
    """How many are ill on each day."""
    start = np.stack([BOYS - numbers[2], numbers[2]])
    return odeint(slope, start, days, numbers, rtol=1e-6, atol=1e-6, gradient="direct")[:, 1]


@jit
def residual(numbers: Any, in_bed: Any) -> Any:
    """How many more the equation says than were counted, on each day."""
    return ill(numbers) - in_bed


def fit(in_bed: Any, start: Any = GUESS) -> Any:
    """The numbers of the least squares: differentiable in the observations."""
    return least_squares(residual, start, args=(in_bed,), xtol=1e-12, ftol=1e-12, gtol=1e-12).x


@frozen
class Fit:
    """What was found."""

    #: β, γ and I₀.
    numbers: Any
    #: ∂β/∂nᵢ, ∂γ/∂nᵢ and ∂I₀/∂nᵢ for each observation nᵢ, (3, 14).
    sensitivity: Any
    #: The covariance of the numbers, if observations are off by what they are off here.
    covariance: Any


def fitted() -> Fit:
    """The fit, its sensitivities, and what they make of the scatter of the data."""
    numbers = fit(IN_BED)
    sensitivity = jacobian(lambda in_bed: fit(in_bed, numbers))(IN_BED)
    left = residual(numbers, IN_BED)
    variance = left @ left / (len(left) - len(numbers))
    return Fit(numbers, sensitivity, variance * sensitivity @ sensitivity.T)


# ---- what there is to see ------------------------------------------------------------------------------------------
def report() -> Generator[str, None, Fit]:
    """The numbers with their errors, what follows from them, and the days that decide."""
    yield f"{len(IN_BED)} days, at most {IN_BED.max():.0f} of {BOYS:.0f} boys in bed"
    found = fitted()
    for name, number, error in zip(NAMES, found.numbers, np.sqrt(np.diagonal(found.covariance)), strict=True):
        yield f"  {name:2} = {number:.4f} ± {error:.4f}"
    infection, recovery, _ = found.numbers
    yield f"each boy infects {infection / recovery:.2f} at first, and is ill for {1 / recovery:.2f} days"
    for name, row in zip(NAMES[:2], found.sensitivity, strict=False):
        day = int(np.argmax(np.abs(row)))
        yield f"one boy more on day {day:2} moves {name} by {row[day]:+.5f}, more than on any other day"
    return found


def picture(figure: Any, found: Fit) -> None:
    """The data with the fit and its error; and the sensitivities of both rates to each day's number."""
    left, right = figure.subplots(1, 2)
    days = np.linspace(0, 13, 105)
    curve = ill(found.numbers, days)
    J = jit(jacfwd(lambda numbers: ill(numbers, days)))(found.numbers)
    error = 2 * np.sqrt(np.sum(J @ found.covariance * J, axis=1))
    left.fill_between(days, curve - error, curve + error, color="C0", alpha=0.25, linewidth=0)
    left.plot(days, curve, "C0")
    left.plot(DAYS, IN_BED, "ko", markersize=4)
    left.set(xlabel="day", title="boys in bed, the fit, two errors")
    for row, (name, shift) in zip(found.sensitivity, (("β", -0.2), ("γ", 0.2)), strict=False):
        right.bar(DAYS + shift, row, 0.4, label=f"∂{name}/∂n")
    right.axhline(0, color="black", linewidth=0.5)
    right.set(xlabel="day", title="how a boy more on a day moves the rates")
    right.legend(frameon=False)


if __name__ == "__main__":
    sys.exit(main(["influenza", *sys.argv[1:]]))
