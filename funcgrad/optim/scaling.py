"""Transformations that scale each number of a gradient by what they remember of earlier ones.

In all of them t counts steps from 1, g is the gradient, β the decay of a mean, and products are element by element.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcgrad import tree
from funcgrad.graph.types import type_of
from funcgrad.optim.protocol import (
    GradientTransformation,
    cast,
    counted,
    full,
    identity,
    start,
    stateless,
    zeros,
)


def scale(step_size: Any) -> GradientTransformation:
    """updates' = step_size · updates.

    >>> scale(-0.5).update(3.0, ())[0]
    -1.5
    """
    return stateless(lambda updates, params: tree.map(lambda g: step_size * g, updates))


class ScaleByScheduleState(NamedTuple):
    """How many steps were taken."""

    #: int32.
    count: Any


def scale_by_schedule(step_size_fn: Callable[[Any], Any]) -> GradientTransformation:
    """updates' = step_size_fn(t) · updates, where t = 0, 1, … counts the steps.

    >>> halving = scale_by_schedule(lambda count: 0.5**count)
    >>> first, state = halving.update(8.0, halving.init(8.0))
    >>> float(first), float(halving.update(8.0, state)[0])
    (8.0, 4.0)
    """

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        size = step_size_fn(state.count)
        scaled = tree.map(lambda g: cast(size, type_of(g).dtype) * g, updates)
        return scaled, ScaleByScheduleState(counted(state.count))

    return GradientTransformation(lambda params: ScaleByScheduleState(start()), update)


def scale_by_learning_rate(learning_rate: Any = None, *, flip_sign: bool = True) -> GradientTransformation:
    """updates' = -learning_rate · updates, for a number or a schedule; None leaves them as they are.

    >>> scale_by_learning_rate(0.1).update(2.0, ())[0]
    -0.2
    """
    if learning_rate is None:
        return identity()
    sign = -1 if flip_sign else 1
    if callable(learning_rate):
        return scale_by_schedule(lambda count: sign * learning_rate(count))
    return scale(sign * learning_rate)


# ---- first moments -------------------------------------------------------------------------------------------------
class TraceState(NamedTuple):
    """The velocity."""

    #: A tree as the parameters.
    trace: Any


def trace(decay: Any, nesterov: bool = False, accumulator_dtype: Any = None) -> GradientTransformation:
    """Momentum: v ← g + decay·v, and updates' = v, or g + decay·v of the new v where it is Nesterov's.

    >>> heavy = trace(0.9)
    >>> updates, state = heavy.update(1.0, heavy.init(1.0))
    >>> heavy.update(1.0, state)[0]   # 1 + 0.9·1
    np.float64(1.9)

    Source: I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and momentum in deep
    learning", ICML 2013, section 2, with the learning rate applied after.
    """

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        def moved(g: Any, v: Any) -> Any:
            return g + decay * v

        velocity = tree.map(moved, updates, state.trace)
        ahead = tree.map(moved, updates, velocity) if nesterov else velocity
        return ahead, TraceState(tree.map(lambda v: cast(v, accumulator_dtype), velocity))

    return GradientTransformation(lambda params: TraceState(zeros(params, accumulator_dtype)), update)


class EmaState(NamedTuple):
    """A mean, and of how many."""

    #: int32.
    count: Any
    #: A tree as the parameters.
    ema: Any


def ema(decay: Any, debias: bool = True, accumulator_dtype: Any = None) -> GradientTransformation:
    """An exponential moving average: m ← decay·m + (1 - decay)·g, and updates' = m, or m/(1 - decayᵗ) without the bias.

    >>> mean = ema(0.5)
    >>> first, state = mean.update(1.0, mean.init(1.0))
    >>> float(first), round(float(mean.update(4.0, state)[0]), 12)   # (0.25·1 + 0.5·4)/0.75
    (1.0, 3.0)
    """

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        mean, t = moment(updates, state.ema, decay), counted(state.count)
        kept = tree.map(lambda m: cast(m, accumulator_dtype), mean)
        return unbiased(mean, decay, t) if debias else mean, EmaState(t, kept)

    return GradientTransformation(lambda params: EmaState(start(), zeros(params, accumulator_dtype)), update)


def moment(updates: Any, before: Any, decay: Any, f: Callable[[Any], Any] = lambda g: g) -> Any:
    """(1 - decay)·f(g) + decay·m, leaf by leaf."""
    return tree.map(lambda g, m: (1 - decay) * f(g) + decay * m, updates, before)


def unbiased(moments: Any, decay: Any, t: Any) -> Any:
    """m/(1 - decayᵗ): the mean that began at 0, as if it had begun at what it means."""
    known = 1 - decay**t
    return tree.map(lambda m: m / cast(known, type_of(m).dtype), moments)


def squared(g: Any) -> Any:
    """|g|², element by element."""
    return g**2 if type_of(g).dtype.kind != "c" else np.real(np.conj(g) * g)


# ---- second moments ------------------------------------------------------------------------------------------------
class ScaleByAdamState(NamedTuple):
    """Two moments, and of how many gradients."""

    #: int32.
    count: Any
    #: The mean of the gradients, m.
    mu: Any
    #: The mean of their squares, v.
    nu: Any


def scale_by_adam(
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Adam's direction: m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², and updates' = m̂/(√(v̂ + eps_root) + ε).

    m̂ = m/(1-β₁ᵗ) and v̂ = v/(1-β₂ᵗ) are without the bias of beginning at 0; with Nesterov's momentum
    m̂ = β₁m/(1-β₁ᵗ⁺¹) + (1-β₁)g/(1-β₁ᵗ). `eps_root` above 0 makes the direction differentiable where v is 0.

    >>> adam = scale_by_adam(eps=0.0)
    >>> adam.update(np.array([0.001, -20.0]), adam.init(np.zeros(2)))[0]   # the first direction is the sign
    array([ 1., -1.])

    Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; T. Dozat,
    "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, algorithm 2.
    """

    def init(params: Any) -> Any:
        return ScaleByAdamState(start(), zeros(params, mu_dtype), zeros(params))

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        t = counted(state.count)
        m, v = moment(updates, state.mu, b1), moment(updates, state.nu, b2, squared)
        if nesterov:
            later, now = unbiased(m, b1, counted(t)), unbiased(updates, b1, t)
            mean = tree.map(lambda m, g: b1 * m + (1 - b1) * g, later, now)
        else:
            mean = unbiased(m, b1, t)
        steps = tree.map(lambda m, v: m / (np.sqrt(v + eps_root) + eps), mean, unbiased(v, b2, t))
        kept = tree.map(lambda v, old: cast(v, type_of(old).dtype), v, state.nu)
        return steps, ScaleByAdamState(t, tree.map(lambda m: cast(m, mu_dtype), m), kept)

    return GradientTransformation(init, update)


class ScaleByRssState(NamedTuple):
    """The sum of the squares."""

    #: A tree as the parameters.
    sum_of_squares: Any


def scale_by_rss(initial_accumulator_value: Any = 0.1, eps: Any = 1e-7) -> GradientTransformation:
    """AdaGrad's direction: s ← s + g², and updates' = g/√(s + ε), 0 where s is 0.

    >>> rss = scale_by_rss(0.0, 0.0)
    >>> first, state = rss.update(3.0, rss.init(3.0))
    >>> float(first), float(rss.update(4.0, state)[0])   # 3/√9, 4/√(9 + 16)
    (1.0, 0.8)

    Source: J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", JMLR 12 (2011) 2121–2159, figure 1 with diagonal matrices.
    """

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        sums = tree.map(lambda g, s: squared(g) + s, updates, state.sum_of_squares)
        steps = tree.map(lambda g, s: np.where(s > 0, 1 / np.sqrt(np.where(s > 0, s + eps, 1)), 0) * g, updates, sums)
        return steps, ScaleByRssState(sums)

    return GradientTransformation(lambda params: ScaleByRssState(full(params, initial_accumulator_value)), update)


class ScaleByRmsState(NamedTuple):
    """The mean of the squares."""

    #: A tree as the parameters.
    nu: Any


class ScaleByRmsWithCountState(NamedTuple):
    """The mean of the squares, and of how many."""

    #: int32.
    count: Any
    #: A tree as the parameters.
    nu: Any


def scale_by_rms(
    decay: Any = 0.9,
    eps: Any = 1e-8,
    initial_scale: Any = 0.0,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> GradientTransformation:
    """RMSProp's direction: v ← decay·v + (1 - decay)·g², and updates' = g/√(v + ε), or g/(√v + ε).

    >>> rms = scale_by_rms(decay=0.75, eps=0.0)
    >>> float(rms.update(3.0, rms.init(3.0))[0])   # 3/√(9/4)
    2.0

    Source: T. Tieleman and G. Hinton, "Lecture 6.5: rmsprop", Neural Networks for Machine Learning, 2012.
    """

    def init(params: Any) -> Any:
        v = full(params, initial_scale)
        return ScaleByRmsWithCountState(start(), v) if bias_correction else ScaleByRmsState(v)

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        v = moment(updates, state.nu, decay, squared)
        t = counted(state.count) if bias_correction else None
        spread = unbiased(v, decay, t) if bias_correction else v
        steps = tree.map(lambda g, v: over_root(g, v, eps, eps_in_sqrt), updates, spread)
        return steps, ScaleByRmsWithCountState(t, v) if bias_correction else ScaleByRmsState(v)

    return GradientTransformation(init, update)


class ScaleByRStdDevState(NamedTuple):
    """Two moments."""

    #: The mean of the gradients.
    mu: Any
    #: The mean of their squares.
    nu: Any


class ScaleByRStdDevWithCountState(NamedTuple):
    """Two moments, and of how many gradients."""

    #: int32.
    count: Any
    #: The mean of the gradients.
    mu: Any
    #: The mean of their squares.
    nu: Any


def scale_by_stddev(
    decay: Any = 0.9,
    eps: Any = 1e-8,
    initial_scale: Any = 0.0,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> GradientTransformation:
    """RMSProp's direction with the squares around their mean: updates' = g/√(v - m² + ε), or g/(√(v - m²) + ε).

    >>> centred = scale_by_stddev(decay=0.5, eps=0.0)
    >>> float(centred.update(3.0, centred.init(3.0))[0])   # 3/√(9/2 - 9/4)
    2.0

    Source: A. Graves, "Generating sequences with recurrent neural networks" (2013), equations 38–45.
    """

    def init(params: Any) -> Any:
        m, v = zeros(params), full(params, initial_scale)
        return ScaleByRStdDevWithCountState(start(), m, v) if bias_correction else ScaleByRStdDevState(m, v)

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        m, v = moment(updates, state.mu, decay), moment(updates, state.nu, decay, squared)
        t = counted(state.count) if bias_correction else None
        middle, spread = (unbiased(m, decay, t), unbiased(v, decay, t)) if bias_correction else (m, v)
        # The variance is not negative, though by rounding the difference may be: in optax that ends in NaN.
        variance = tree.map(lambda m, v: np.maximum(v - squared(m), 0), middle, spread)
        steps = tree.map(lambda g, v: over_root(g, v, eps, eps_in_sqrt), updates, variance)
        return steps, ScaleByRStdDevWithCountState(t, m, v) if bias_correction else ScaleByRStdDevState(m, v)

    return GradientTransformation(init, update)


def over_root(g: Any, v: Any, eps: Any, eps_in_sqrt: bool) -> Any:
    """g/√(v + ε), or g/(√v + ε)."""
    return g * (1 / np.sqrt(v + eps)) if eps_in_sqrt else g * (1 / (np.sqrt(v) + eps))
