"""Gradient accumulation: one step of an optimiser for every k gradients."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from attrs import field, frozen

from funcgrad import tree
from funcgrad.graph.types import type_of
from funcgrad.optim.protocol import GradientTransformation, cast, counted, either, start, with_extra_args_support, zeros


class MultiStepsState(NamedTuple):
    """The gradients since the last step."""

    #: int32: how many there are.
    mini_step: Any
    #: int32: how many steps were taken.
    gradient_step: Any
    #: The optimiser's own state.
    inner_opt_state: Any
    #: Their mean, or their sum.
    acc_grads: Any
    #: What `should_skip_update_fn` returned beside the answer.
    skip_state: Any = ()


def never(updates: Any, gradient_step: Any, params: Any) -> Any:
    """No gradient is left out."""
    return np.bool_(False), ()


def skip_not_finite(updates: Any, gradient_step: Any, params: Any) -> Any:
    """Leave out gradients with NaN or infinite numbers, for `MultiSteps(should_skip_update_fn=…)`.

    >>> skip_not_finite(np.array([1.0, np.nan]), 0, None)[0]
    np.True_
    """
    wrong = sum([np.sum(~np.isfinite(g)) for g in tree.leaves(updates)])
    return wrong > 0, {"should_skip": wrong > 0, "num_not_finite": wrong}


def given(skip: Any) -> Any:
    """What says which gradients are left out."""
    return never if skip is None else skip


def every(steps: Any) -> Callable[[Any], Any]:
    """A number of gradients as a schedule."""
    return steps if callable(steps) else lambda count: steps


@frozen
class MultiSteps:
    """One step of `opt` by the mean of every k gradients, or their sum; updates are 0 in between.

    `every_k_schedule` is k, or a function of the number of steps taken. `should_skip_update_fn(updates, gradient_step,
    params)` returns whether to leave a gradient out, and what to keep in the state about it. Gradients are gathered at
    `accumulator_dtype`, or at their own.

    >>> from funcgrad import optim
    >>> twice = MultiSteps(optim.sgd(1.0), 2)
    >>> first, state = twice.update(2.0, twice.init(0.0))
    >>> second, state = twice.update(6.0, state)
    >>> float(first), float(second)   # -(2 + 6)/2
    (0.0, -4.0)
    """

    #: The optimiser.
    opt: Any = field(converter=with_extra_args_support)
    #: How many gradients make a step.
    every_k_schedule: Any = field(converter=every)
    #: Whether their mean is taken.
    use_grad_mean: bool = True
    #: Which of them are left out.
    should_skip_update_fn: Any = field(default=None, converter=given)
    #: At which dtype they are gathered.
    accumulator_dtype: Any = None

    @property
    def inner_opt(self) -> Any:
        """The optimiser, under optax's name."""
        return self.opt

    def init(self, params: Any) -> MultiStepsState:
        """The state before the first gradient."""
        _, noted = self.should_skip_update_fn(zeros(params), start(), params)
        return MultiStepsState(start(), start(), self.opt.init(params), zeros(params, self.accumulator_dtype), noted)

    def update(
        self, updates: Any, state: MultiStepsState, params: Any = None, **extra_args: Any
    ) -> tuple[Any, MultiStepsState]:
        """The step, or zeros, and the state after one more gradient."""
        skipped, noted = self.should_skip_update_fn(updates, state.gradient_step, params)
        n, k = state.mini_step, self.every_k_schedule(state.gradient_step)
        sums = tree.map(lambda g, a: a + (g - a) / (n + 1) if self.use_grad_mean else a + g, updates, state.acc_grads)
        mean = tree.map(lambda a, g: cast(a, type_of(g).dtype), sums, updates)
        steps, inner = self.opt.update(mean, state.inner_opt_state, params, **extra_args)
        taken = (n == k - 1) & ~skipped

        rest = either(taken, zeros(state.acc_grads), sums)
        after = MultiStepsState(
            either(~skipped, (n + 1) % k, n),
            either(taken, counted(state.gradient_step), state.gradient_step),
            either(taken, inner, state.inner_opt_state),
            either(~skipped, rest, state.acc_grads),
            noted,
        )
        return either(taken, steps, zeros(steps)), after

    def has_updated(self, state: MultiStepsState) -> Any:
        """Whether the last gradient ended in a step."""
        return (state.mini_step == 0) & (state.gradient_step > 0)

    def gradient_transformation(self) -> GradientTransformation:
        """The pair of `init` and `update`."""
        return GradientTransformation(self.init, self.update)
