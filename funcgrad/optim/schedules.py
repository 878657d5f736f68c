"""Schedules: learning rates that change.  A schedule is a function of the number of steps taken, 0, 1, 2, …"""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from operator import mul
from typing import Any

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse

Schedule = Callable[[Any], Any]


def constant_schedule(value: Any) -> Schedule:
    """value, always.

    >>> constant_schedule(0.1)(1000)
    0.1
    """
    return lambda count: value


def polynomial_schedule(
    init_value: Any, end_value: Any, power: Any, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    """end + (init - end)(1 - s)ᵖ, where s goes from 0 to 1 in `transition_steps` steps after `transition_begin`.

    >>> slow = polynomial_schedule(1.0, 0.0, 2, 10)
    >>> [float(slow(count)) for count in (0, 5, 10, 20)]
    [1.0, 0.25, 0.0, 0.0]
    """
    if transition_steps <= 0:
        return constant_schedule(init_value)
    begin = max(transition_begin, 0)

    def schedule(count: Any) -> Any:
        rest = 1 - np.clip(count - begin, 0, transition_steps) / transition_steps
        return (init_value - end_value) * rest**power + end_value

    return schedule


def linear_schedule(init_value: Any, end_value: Any, transition_steps: int, transition_begin: int = 0) -> Schedule:
    """From init to end along a straight line.

    >>> float(linear_schedule(1.0, 3.0, 10)(5))
    2.0
    """
    return polynomial_schedule(init_value, end_value, 1, transition_steps, transition_begin)


def piecewise_constant_schedule(init_value: Any, boundaries_and_scales: Mapping[int, float] | None = None) -> Schedule:
    """A staircase: from each boundary on, the value is multiplied by its scale.

    >>> stairs = piecewise_constant_schedule(1.0, {10: 0.5, 20: 0.1})
    >>> [float(stairs(count)) for count in (9, 10, 20)]
    [1.0, 0.5, 0.05]
    """
    steps = sorted(scales_of("piecewise_constant_schedule", boundaries_and_scales).items())

    def schedule(count: Any) -> Any:
        value = init_value
        for boundary, factor in steps:
            value = choice(count < boundary, 1.0, factor) * value
        return value

    return schedule


def exponential_decay(
    init_value: Any,
    transition_steps: int,
    decay_rate: Any,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: Any = None,
) -> Schedule:
    """init · decay_rate^s, where s counts steps after `transition_begin` in units of `transition_steps`.

    With `staircase` s is rounded down; `end_value` is what the value goes to and not past.

    >>> halving = exponential_decay(1.0, 10, 0.5, end_value=0.2)
    >>> [round(float(halving(count)), 4) for count in (0, 5, 10, 100)]
    [1.0, 0.7071, 0.5, 0.2]
    """
    if transition_steps <= 0 or decay_rate == 0:
        return constant_schedule(init_value)
    begin = max(transition_begin, 0)

    def schedule(count: Any) -> Any:
        units = (count - begin) / transition_steps
        decayed = init_value * decay_rate ** (np.floor(units) if staircase else units)
        value = choice(count <= begin, init_value, decayed)
        if end_value is None:
            return value
        return np.maximum(value, end_value) if decay_rate < 1 else np.minimum(value, end_value)

    return schedule


def cosine_decay_schedule(init_value: Any, decay_steps: int, alpha: Any = 0.0, exponent: Any = 1.0) -> Schedule:
    """init · ((1 - α)·c^exponent + α), where c = (1 + cos πs)/2 and s goes from 0 to 1 in `decay_steps` steps.

    >>> annealed = cosine_decay_schedule(1.0, 10, alpha=0.1)
    >>> [round(float(annealed(count)), 4) for count in (0, 5, 10, 20)]
    [1.0, 0.55, 0.1, 0.1]

    Source: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5.
    """
    positive("cosine_decay_schedule", "decay_steps", decay_steps)

    def schedule(count: Any) -> Any:
        wave = 0.5 * (1 + np.cos(np.pi * np.minimum(count, decay_steps) / decay_steps))
        return init_value * ((1 - alpha) * wave**exponent + alpha)

    return schedule


def join_schedules(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """One schedule after the other: each begins at its boundary, and counts from there.

    >>> joined = join_schedules([linear_schedule(0.0, 1.0, 10), constant_schedule(0.5)], [10])
    >>> [float(joined(count)) for count in (5, 10)]
    [0.5, 0.5]
    """

    def schedule(count: Any) -> Any:
        value = schedules[0](count)
        for boundary, after in zip(boundaries, schedules[1:], strict=False):
            value = choice(count < boundary, value, after(count - boundary))
        return value

    return schedule


def warmup_constant_schedule(init_value: Any, peak_value: Any, warmup_steps: int) -> Schedule:
    """Up along a line in `warmup_steps` steps, and then the peak.

    >>> float(warmup_constant_schedule(0.0, 1.0, 10)(5))
    0.5
    """
    return linear_schedule(init_value, peak_value, warmup_steps)


def warmup_cosine_decay_schedule(
    init_value: Any,
    peak_value: Any,
    warmup_steps: int,
    decay_steps: int,
    end_value: Any = 0.0,
    exponent: Any = 1.0,
) -> Schedule:
    """Up along a line in `warmup_steps` steps, then down along a cosine, `decay_steps` in all.

    >>> ramp = warmup_cosine_decay_schedule(0.0, 1.0, 10, 30)
    >>> [round(float(ramp(count)), 4) for count in (0, 5, 10, 20, 30)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    alpha = 0.0 if peak_value == 0.0 else end_value / peak_value
    up = linear_schedule(init_value, peak_value, warmup_steps)
    return join_schedules(
        [up, cosine_decay_schedule(peak_value, decay_steps - warmup_steps, alpha, exponent)], [warmup_steps]
    )


def warmup_exponential_decay_schedule(
    init_value: Any,
    peak_value: Any,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: Any,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: Any = None,
) -> Schedule:
    """Up along a line in `warmup_steps` steps, then down by `exponential_decay`.

    >>> ramp = warmup_exponential_decay_schedule(0.0, 1.0, 10, 10, 0.5)
    >>> [float(ramp(count)) for count in (5, 10, 20)]
    [0.5, 1.0, 0.5]
    """
    up = linear_schedule(init_value, peak_value, warmup_steps)
    down = exponential_decay(peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value)
    return join_schedules([up, down], [warmup_steps])


# ---- one cycle -----------------------------------------------------------------------------------------------------
def linear(start: Any, end: Any, s: Any) -> Any:
    """From start to end along a line, s from 0 to 1."""
    return (end - start) * s + start


def cosine(start: Any, end: Any, s: Any) -> Any:
    """From start to end along half a cosine, s from 0 to 1."""
    return end + (start - end) / 2.0 * (np.cos(np.pi * s) + 1)


def piecewise_interpolate_schedule(
    interpolate_type: str, init_value: Any, boundaries_and_scales: Mapping[int, float] | None = None
) -> Schedule:
    """A curve through points: at each boundary the value is the one before times its scale, between them 'linear' or
    'cosine', after the last constant.

    >>> hill = piecewise_interpolate_schedule("linear", 1.0, {10: 3.0, 20: 0.5})
    >>> [float(hill(count)) for count in (0, 5, 10, 15, 25)]
    [1.0, 2.0, 3.0, 2.25, 1.5]
    """
    kinds = {"linear": linear, "cosine": cosine}
    if interpolate_type not in kinds:
        refuse(
            BadArgument,
            f"optim.piecewise_interpolate_schedule was given interpolate_type={interpolate_type!r}.",
            "Write 'linear' or 'cosine'.",
        )
    between = kinds[interpolate_type]
    steps = sorted(scales_of("piecewise_interpolate_schedule", boundaries_and_scales).items())
    points = [0, *[boundary for boundary, _ in steps]]
    values = list(accumulate([init_value, *[factor for _, factor in steps]], mul))

    def schedule(count: Any) -> Any:
        found = values[-1]
        spans = list(zip(pairwise(points), pairwise(values), strict=True))
        for (low, high), (first, last) in reversed(spans):
            here = between(first, last, (count - low) / max(high - low, 1))
            found = choice(count < high, here, found)
        return found

    return schedule


def linear_onecycle_schedule(
    transition_steps: int,
    peak_value: Any,
    pct_start: float = 0.3,
    pct_final: float = 0.85,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    """One cycle along lines: up from peak/div_factor to the peak, down again, and then by 1/final_div_factor.

    >>> cycle = linear_onecycle_schedule(100, 1.0)
    >>> [round(float(cycle(count)), 6) for count in (0, 30, 85, 100)]
    [0.04, 1.0, 0.04, 4e-06]

    Source: L. Smith and N. Topin, "Super-convergence: very fast training of neural networks using large learning
    rates" (2017), section 2.
    """
    positive("linear_onecycle_schedule", "transition_steps", transition_steps)
    steps = {
        int(pct_start * transition_steps): div_factor,
        int(pct_final * transition_steps): 1.0 / div_factor,
        transition_steps: 1.0 / final_div_factor,
    }
    return piecewise_interpolate_schedule("linear", peak_value / div_factor, steps)


def cosine_onecycle_schedule(
    transition_steps: int,
    peak_value: Any,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    """One cycle along cosines: up from peak/div_factor to the peak, then down to peak/(div_factor · final_div_factor).


    >>> cycle = cosine_onecycle_schedule(100, 1.0)
    >>> [round(float(cycle(count)), 6) for count in (0, 15, 30, 100)]
    [0.04, 0.52, 1.0, 4e-06]

    Source: as `linear_onecycle_schedule`.
    """
    positive("cosine_onecycle_schedule", "transition_steps", transition_steps)
    steps = {
        int(pct_start * transition_steps): div_factor,
        int(transition_steps): 1.0 / (div_factor * final_div_factor),
    }
    return piecewise_interpolate_schedule("cosine", peak_value / div_factor, steps)


# ---- what they share -----------------------------------------------------------------------------------------------
def choice(condition: Any, yes: Any, no: Any) -> Any:
    """One number or the other, as a number."""
    return np.where(condition, yes, no)[()]


def positive(name: str, argument: str, value: Any) -> None:
    """Refuse a number of steps that is none."""
    if not value > 0:
        refuse(
            BadArgument,
            f"optim.{name} was given {argument}={value!r}. It goes on for some steps.",
            "Give a positive number of steps.",
        )


def scales_of(name: str, boundaries_and_scales: Mapping[int, float] | None) -> Mapping[int, float]:
    """Factors by boundary, of which none is negative."""
    found = boundaries_and_scales or {}
    for boundary, factor in found.items():
        if factor < 0:
            refuse(
                BadArgument,
                f"optim.{name} was given the scale {factor!r} at {boundary!r}. A learning rate does not change sign.",
                "Give factors from 0 up.",
            )
    return found
