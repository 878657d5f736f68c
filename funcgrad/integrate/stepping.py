"""Stepping: adaptive Runge-Kutta steps between given times, as loops of funcgrad.lax.

Hairer, Nørsett and Wanner, *Solving Ordinary Differential Equations I* (1993), II.4 and II.5. Steps are as long as the
estimated error allows; what decides that is a constant to every derivative, so the derivative is that of the steps as
they were taken. The last step before a given time ends there, and moves with it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from attrs import frozen

from funcgrad.graph.types import type_of
from funcgrad.integrate.tableaux import TABLEAUX, Tableau
from funcgrad.lax.looping import scan
from funcgrad.lax.repeating import while_loop
from funcgrad.transforms.staging import stop_gradient

#: By how much the next step may be longer or shorter, and what it is shortened by for safety: SciPy's numbers.
LONGER, SHORTER, SAFETY = 10.0, 0.2, 0.9

Slope = Callable[[Any, Any], Any]


@frozen
class Control:
    """How long steps are."""

    #: The method.
    method: str
    #: How large errors may be, relative to the numbers and absolutely.
    rtol: float
    atol: float
    #: How many steps there may be from one given time to the next.
    mxstep: float
    #: How long a step may be.
    hmax: float

    @property
    def tableau(self) -> Tableau:
        """The method's coefficients."""
        return TABLEAUX[self.method]


class State(NamedTuple):
    """Where a solution is."""

    #: The time, the numbers, and their slope.
    t: Any
    y: Any
    k: Any
    #: The length of the next step, whether the last one was taken back, and how many were tried.
    h: Any
    refused: Any
    count: Any


def size(error: Any, scale: Any) -> Any:
    """The root of the mean square of errors, each over its scale."""
    ratio = np.abs(error) / scale
    return np.sqrt(np.sum(ratio * ratio) / max(type_of(error).size, 1))


def first_step(f: Slope, control: Control, y: Any, k: Any, t: Any, end: Any) -> Any:
    """The length of the first step: Hairer, Nørsett and Wanner's algorithm of II.4."""
    y, k, t, left = map(stop_gradient, (y, k, t, end - t))
    scale = control.atol + control.rtol * np.abs(y)
    value, slope = size(y, scale), size(k, scale)
    small = (value < 1e-5) | (slope < 1e-5)
    h = np.where(small, 1e-6, 0.01 * value / np.where(small, 1.0, slope))
    h = np.minimum(h, np.abs(left))
    there = y + np.sign(left) * h * k
    bend = size(stop_gradient(f(there, t + np.sign(left) * h)) - k, scale) / np.where(h > 0, h, 1.0)
    steep = np.maximum(slope, bend)
    flat = steep <= 1e-15
    other = (0.01 / np.where(flat, 1.0, steep)) ** (1 / (control.tableau.order + 1))
    other = np.where(flat, np.maximum(1e-6, 1e-3 * h), other)
    return np.minimum(np.minimum(np.minimum(100 * h, other), np.abs(left)), control.hmax)


def combined(weights: tuple[float, ...], ks: list[Any]) -> Any:
    """Σ wᵢkᵢ."""
    terms = [k if w == 1 else w * k for w, k in zip(weights, ks, strict=True) if w]
    return sum(terms[1:], terms[0])


def tried(f: Slope, control: Control, state: State, end: Any) -> State:
    """The state after one more step towards a time, taken or not."""
    tableau = control.tableau
    left = stop_gradient(end - state.t)
    length = np.minimum(state.h, np.abs(left))
    last = length >= np.abs(left)
    step = np.where(last, end - state.t, np.sign(left) * length)
    ks, y = [state.k], state.y
    for node, row in zip(tableau.nodes, tableau.matrix, strict=True):
        y = state.y + step * combined(row, ks)
        ks.append(f(y, state.t + node * step))
    error = stop_gradient(step) * combined(tableau.error, [stop_gradient(k) for k in ks])
    scale = control.atol + control.rtol * np.maximum(np.abs(stop_gradient(state.y)), np.abs(stop_gradient(y)))
    wrong = size(error, scale)
    good = wrong <= 1
    factor = SAFETY * np.maximum(np.where(np.isfinite(wrong), wrong, 1e10), 1e-10) ** (-1 / (tableau.order + 1))
    factor = np.minimum(np.maximum(factor, SHORTER), np.where(state.refused | ~good, 1.0, LONGER))
    following = length * factor
    following = np.where(good & last, np.maximum(state.h, following), following)
    return State(
        np.where(good, np.where(last, end, state.t + step), state.t),
        np.where(good, y, state.y),
        np.where(good, ks[-1], state.k),
        np.minimum(following, control.hmax),
        ~good,
        state.count + 1.0,
    )


def goes_on(control: Control, state: State, end: Any) -> Any:
    """Whether a time is not reached yet, and can be."""
    room = state.h > 10 * np.spacing(np.abs(state.t))
    return (state.t != end) & room & (state.count < control.mxstep)


def begun(f: Slope, control: Control, y: Any, t: Any, end: Any) -> State:
    """The state at the beginning."""
    k = f(y, t)
    return State(t, y, k, first_step(f, control, y, k, t, end), np.False_, np.float64(0.0))


def solved(f: Slope, control: Control, y: Any, ts: Any, moving: bool) -> Any:
    """The solution at every time, the first included, stacked; NaN from where it was not reached.

    Where times move, an interval without length needs the slope at its own time to begin the next with.
    """
    if type_of(ts).shape[0] < 2:
        return y[None]

    def onwards(state: Any, end: Any) -> tuple[Any, Any]:
        own = f(state[1], state[0]) if moving else state[2]
        state = State(state[0], state[1], own, state[3], state[4], np.float64(0.0))
        state = while_loop(lambda s: goes_on(control, s, end), lambda s: tried(f, control, s, end), state)
        reached = np.where(state.t == end, state.y + (end - state.t) * state.k, np.nan)  # which adds 0, and its slope
        return state._replace(t=np.where(state.t == end, end, state.t), y=reached), reached

    _, ys = scan(onwards, begun(f, control, y, ts[0], ts[-1]), ts[1:])
    return np.concatenate([y[None], ys])


def marched(f: Slope, control: Control, y: Any, ts: Any) -> Any:
    """As `solved`, for plain numbers and a function of plain numbers."""
    found = np.full((len(ts), len(y)), np.nan, y.dtype)
    found[0] = y
    state = begun(f, control, y, ts[0], ts[-1])
    for i in range(1, len(ts)):
        state = state._replace(count=0.0)
        while goes_on(control, state, ts[i]):
            state = tried(f, control, state, ts[i])
        if state.t != ts[i]:
            break
        found[i] = state.y
    return found


def steps_of(f: Slope, control: Control, y: Any, start: Any, end: Any) -> list[float]:
    """The times at which the steps from one time to another end, for plain numbers."""
    state, times = begun(f, control, y, start, end), [start]
    while goes_on(control, state, end):
        state = tried(f, control, state, end)
        if not state.refused:
            times.append(state.t)
    return times
