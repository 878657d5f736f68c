"""The line search of quasi-Newton methods: an interval that holds a step curved enough, and zooming into it.

The step lies between `low`, which decreases enough and has the least loss so far, and `high`. `safe` is the step with
the least loss of those that decrease enough: what is taken if none is curved enough too.

J. Nocedal and S. Wright, *Numerical Optimization* (2nd edition, 2006), algorithms 3.5 and 3.6; W. Hager and H. Zhang,
"Algorithm 851: CG_DESCENT", ACM Transactions on Mathematical Software 32 (2006) 113–137, for the approximate decrease
that rounding leaves testable near a minimum.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from attrs import frozen

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.lax.choosing import cond
from funcgrad.optim.protocol import GradientTransformationExtraArgs, cast, either, zeros
from funcgrad.optim.searching import beyond, loss_of, positive_part, real_type, repeated, slope_along
from funcgrad.transforms.derivatives import value_and_grad


class ZoomLinesearchInfo(NamedTuple):
    """How a search went."""

    #: How many steps were tried.
    num_linesearch_steps: Any
    #: By how much the last one failed to decrease the loss; 0 is success.
    decrease_error: Any
    #: By how much the last one's slope was too steep; 0 is success.
    curvature_error: Any


class ScaleByZoomLinesearchState(NamedTuple):
    """What the last search found."""

    #: The step.
    learning_rate: Any
    #: The loss there.
    value: Any
    #: Its gradient.
    grad: Any
    #: How it went.
    info: ZoomLinesearchInfo


class Point(NamedTuple):
    """A place on the line."""

    #: How far along the direction, s.
    step: Any
    #: The loss there, φ(s).
    value: Any
    #: Its slope, φ'(s).
    slope: Any


class Trial(NamedTuple):
    """A place on the line that was tried."""

    #: The place.
    point: Point
    #: The gradient there.
    grad: Any


class Search(NamedTuple):
    """Where a search is."""

    #: The last place tried.
    last: Trial
    #: The best place that decreases enough; its step is 0 before there is one.
    safe: Trial
    #: The ends of the interval, once it is found.
    low: Point
    high: Point
    #: A third place for the cubic through the ends.
    third: Point
    #: By how much the last place failed.
    decrease_error: Any
    curvature_error: Any
    #: How many places were tried.
    count: Any
    #: Whether the interval is found, a step is, and whether there is no hope.
    found: Any
    done: Any
    failed: Any


@frozen
class Zoom:
    """What a search asks of a step, and how it looks for it."""

    #: How many steps are tried at most.
    most: Any
    #: No step is longer, or None.
    longest: Any
    #: What counts as no error.
    tol: Any
    #: How much longer each step is until the interval is found.
    increase: Any
    #: c₁.
    slope_rtol: Any
    #: c₂.
    curv_rtol: Any
    #: The part of |φ(0)| that approximate decrease takes for rounding, or None for exact decrease.
    approx: Any
    #: The interval that is too short to go on.
    shortest: Any

    def errors(self, here: Point, origin: Point) -> tuple[Any, Any]:
        """By how much a place fails to decrease the loss, and to be curved."""
        decrease = here.value - origin.value - self.slope_rtol * here.step * origin.slope
        if self.approx is not None:
            slopes = here.slope - (2 * self.slope_rtol - 1.0) * origin.slope
            rounding = here.value - origin.value - self.approx * np.abs(origin.value)
            decrease = np.minimum(np.maximum(slopes, rounding), decrease)
        return positive_part(decrease), positive_part(np.abs(here.slope) - self.curv_rtol * np.abs(origin.slope))

    def widened(self, search: Search, origin: Point, guess: Any, tried: Callable[[Any], Trial]) -> Search:
        """Try a longer step, and see whether it ends the interval."""
        before = search.last.point
        step = np.where(search.count == 0, guess, self.increase * before.step)[()]
        reached = np.bool_(False)
        if self.longest is not None:
            reached, step = step >= self.longest, np.minimum(step, self.longest)
        trial = tried(step)
        here = trial.point
        decrease, curvature = self.errors(here, origin)
        good = np.maximum(decrease, curvature) <= self.tol
        ends_high = (decrease > 0.0) | ((here.value >= before.value) & (search.count > 0))
        ends_low = (here.slope >= 0.0) & ~ends_high
        low, high = either(ends_low, here, before), either(ends_low, before, here)
        found = ends_high | ends_low | good
        done = good | (reached & ~found)
        failed = (search.count + 1 >= self.most) & ~done
        safe = either(decrease <= self.tol, trial, search.safe)
        return Search(trial, safe, low, high, low, decrease, curvature, search.count + 1, found, done, failed)

    def narrowed(self, search: Search, origin: Point, tried: Callable[[Any], Trial]) -> Search:
        """Try a step inside the interval, and make it one of its ends."""
        low, high = search.low, search.high
        trial = tried(between(low, high, search.third))
        here = trial.point
        decrease, curvature = self.errors(here, origin)
        done = np.maximum(decrease, curvature) <= self.tol
        safe = either((decrease <= self.tol) & (here.value < search.safe.point.value), trial, search.safe)
        ends_high = (decrease > 0.0) | (here.value >= low.value)
        turns = (here.slope * (high.step - low.step) >= 0.0) & ~ends_high
        third = either(ends_high | turns, high, low)
        bounds = either(turns, low, either(ends_high, here, high))
        small = np.abs(high.step - low.step) <= self.shortest
        hopeless = (search.count + 1 >= self.most) | (small & (safe.point.step > 0.0))
        low = either(ends_high, low, here)
        return Search(
            trial, safe, low, bounds, third, decrease, curvature, search.count + 1, search.found, done, hopeless & ~done
        )

    def settled(self, search: Search) -> Search:
        """Where a search failed: the safe step, if there is one or if the last one left the domain."""
        better = search.failed & ((search.safe.point.step > 0.0) | np.isinf(search.decrease_error))
        return search._replace(last=either(better, search.safe, search.last))


def quotient(a: Any, b: Any) -> Any:
    """a/b, and NaN where b is 0."""
    return a / np.where(b == 0, np.nan, b)[()]


def between(low: Point, high: Point, third: Point) -> Any:
    """A step inside the interval: the minimum of the cubic, else of the parabola, else the middle.

    The cubic has the value and slope of `low` and the values of `high` and `third`, the parabola all but the last.
    A minimum counts that keeps from the ends by a fifth of the interval, or by a tenth.
    """
    width = np.abs(high.step - low.step)
    left, right = np.minimum(high.step, low.step), np.maximum(high.step, low.step)
    cubic, parabola = cubic_minimum(low, high, third), parabola_minimum(low, high)
    inside = (cubic > left + 0.2 * width) & (cubic < right - 0.2 * width)
    middle = (low.step + high.step) / 2.0
    other = np.where((parabola > left + 0.1 * width) & (parabola < right - 0.1 * width), parabola, middle)
    return np.where(inside, cubic, other)[()]


def cubic_minimum(low: Point, high: Point, third: Point) -> Any:
    """The s at which A(s-a)³ + B(s-a)² + φ'(a)(s-a) + φ(a) is least, a = low; NaN if there is none."""
    one, two = high.step - low.step, third.step - low.step
    rise, other = high.value - low.value - low.slope * one, third.value - low.value - low.slope * two
    below = (one * two) ** 2 * (one - two)
    A = quotient(two**2 * rise - one**2 * other, below)
    B = quotient(one**3 * other - two**3 * rise, below)
    radical = B * B - 3.0 * A * low.slope
    return low.step + quotient(np.sqrt(np.where(radical < 0, np.nan, radical)) - B, 3.0 * A)


def parabola_minimum(low: Point, high: Point) -> Any:
    """The s at which B(s-a)² + φ'(a)(s-a) + φ(a) is stationary, a = low; NaN if nowhere."""
    width = high.step - low.step
    B = quotient(high.value - low.value - low.slope * width, width**2)
    return low.step - quotient(low.slope, 2.0 * B)


def scale_by_zoom_linesearch(
    max_linesearch_steps: Any,
    max_learning_rate: Any = None,
    tol: Any = 0.0,
    increase_factor: Any = 2.0,
    slope_rtol: Any = 1e-4,
    curv_rtol: Any = 0.9,
    approx_dec_rtol: Any = 1e-6,
    stepsize_precision: Any = 1e-5,
    initial_guess_strategy: str = "keep",
) -> GradientTransformationExtraArgs:
    """updates' = s · updates, where s decreases the loss enough and is curved enough (strong Wolfe).

    Steps grow by `increase_factor` until an interval is found, and then it is narrowed by cubics and parabolas. The
    first is 1, or with 'keep' the last answer. c₁ is `slope_rtol`, c₂ `curv_rtol`. `update` also takes `value`, `grad`
    and `value_fn`, the loss as a function of the parameters and of what else is passed by keyword.

    >>> search = scale_by_zoom_linesearch(20, initial_guess_strategy="one")
    >>> f = lambda x: x**4
    >>> updates, state = search.update(-32.0, search.init(2.0), 2.0, value=16.0, grad=32.0, value_fn=f)
    >>> bool(state.value < 16.0), bool(abs(state.grad * 32.0) <= 0.9 * 32.0**2), f(2.0 + updates) == state.value
    (True, True, np.True_)

    Source: J. Nocedal and S. Wright, *Numerical Optimization* (2nd edition, 2006), algorithms 3.5 and 3.6.
    """
    if initial_guess_strategy not in ("one", "keep"):
        refuse(
            BadArgument,
            f"optim.scale_by_zoom_linesearch was given initial_guess_strategy={initial_guess_strategy!r}.",
            "Write 'one' or 'keep'.",
        )
    zoom = Zoom(
        max_linesearch_steps,
        max_learning_rate,
        tol,
        increase_factor,
        slope_rtol,
        curv_rtol,
        approx_dec_rtol,
        stepsize_precision,
    )

    def init(params: Any) -> Any:
        real = real_type(params).type
        info = ZoomLinesearchInfo(np.int64(0), real(np.inf), real(np.inf))
        return ScaleByZoomLinesearchState(real(1.0), real(np.inf), zeros(params), info)

    def update(
        updates: Any, state: Any, params: Any = None, *, value: Any, grad: Any, value_fn: Any, **extra_args: Any
    ) -> Any:
        real, slopes = real_type(params), value_and_grad(loss_of("scale_by_zoom_linesearch", value_fn, extra_args))
        guess = real.type(1.0) if initial_guess_strategy == "one" else state.learning_rate
        origin = Point(real.type(0.0), cast(value, real), cast(slope_along(grad, updates), real))

        def tried(step: Any) -> Trial:
            found, gradient = slopes(beyond(params, step, updates))
            return Trial(Point(step, found, slope_along(gradient, updates)), gradient)

        def next_step(search: Search) -> Search:
            after = cond(
                search.found,
                lambda search: alike(zoom.narrowed(search, origin, tried), search),
                lambda search: alike(zoom.widened(search, origin, guess, tried), search),
                search,
            )
            return zoom.settled(after)

        at, inf, no = Trial(origin, alike(grad, params)), real.type(np.inf), np.bool_(False)
        first = Search(at, at, origin, origin, origin, inf, inf, np.int64(0), no, no, no)
        search = repeated(lambda search: ~(search.done | search.failed), next_step, first)
        info = ZoomLinesearchInfo(search.count, search.decrease_error, search.curvature_error)
        (step, found, _), gradient = search.last
        return tree.map(lambda d: step * d, updates), ScaleByZoomLinesearchState(step, found, gradient, info)

    return GradientTransformationExtraArgs(init, update)


def alike(one: Any, other: Any) -> Any:
    """A tree at the dtypes of another."""
    return tree.map(lambda a, b: cast(a, type_of(b).dtype), one, other)
