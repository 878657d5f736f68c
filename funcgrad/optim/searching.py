"""Line searches: how far to go along a direction d from x.  They scale updates, and read the loss itself.

φ(s) = f(x + s·d) is the loss on the line, φ'(0) its slope, which is negative where d descends. A step s decreases
enough if φ(s) ≤ φ(0) + c₁·s·φ'(0) (Armijo), and is curved enough if |φ'(s)| ≤ c₂·|φ'(0)| (strong Wolfe).
"""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.node import Node
from funcgrad.graph.op import unknown
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.lax.choosing import cond
from funcgrad.lax.repeating import while_loop
from funcgrad.optim.limiting import real_of
from funcgrad.optim.protocol import GradientTransformationExtraArgs, cast, zeros
from funcgrad.transforms.derivatives import value_and_grad


def inner(one: Any, other: Any) -> Any:
    """Re Σ ā·b over all numbers of two trees."""
    return sum(tree.leaves(tree.map(lambda a, b: np.real(np.vdot(a, b)), one, other)))


def slope_along(grad: Any, direction: Any) -> Any:
    """φ' = Re Σ g·d, for gradients g as `funcgrad.grad` gives them."""
    return inner(tree.map(np.conj, grad), direction)


def beyond(params: Any, step: Any, direction: Any) -> Any:
    """x + s·d."""
    return tree.map(lambda p, d: cast(p + step * d, type_of(p).dtype), params, direction)


def real_type(params: Any) -> Any:
    """The dtype of the loss and of its slopes: that of the first parameter, without its imaginary part."""
    return real_of(tree.leaves(params)[0])


def repeated(condition: Callable[[Any], Any], body: Callable[[Any], Any], carry: Any) -> Any:
    """while condition: carry = body(carry).  Python's own loop as long as values are known, else `lax.while_loop`."""
    going = condition(carry)
    while not (type(going) is Node and unknown(going.value)):
        if not (going.value if type(going) is Node else going):
            return carry
        carry = body(carry)
        going = condition(carry)
    return while_loop(condition, body, carry)


def loss_of(name: str, value_fn: Callable[..., Any], extra_args: dict[str, Any]) -> Callable[[Any], Any]:
    """The loss as a function of the parameters alone, given what else `update` was passed by keyword."""
    known = inspect.signature(value_fn).parameters
    foreign = sorted(set(extra_args) - set(known))
    if foreign:
        refuse(
            BadArgument,
            f"optim.{name} was passed {', '.join(foreign)} by keyword. Its value_fn takes no such argument.",
            "Pass only what value_fn takes.",
        )
    return lambda params: value_fn(params, **extra_args)


# ---- backwards from the longest ------------------------------------------------------------------------------------
class BacktrackingLinesearchInfo(NamedTuple):
    """How a search went."""

    #: How many steps were tried.
    num_linesearch_steps: Any
    #: By how much the last one failed to decrease the loss; 0 is success.
    decrease_error: Any


class ScaleByBacktrackingLinesearchState(NamedTuple):
    """What the last search found."""

    #: The step.
    learning_rate: Any
    #: The loss there.
    value: Any
    #: Its gradient, if it is stored, or None.
    grad: Any
    #: How it went.
    info: BacktrackingLinesearchInfo


class Backtracking(NamedTuple):
    """Where a search is."""

    step: Any
    value: Any
    error: Any
    count: Any


def scale_by_backtracking_linesearch(
    max_backtracking_steps: Any,
    slope_rtol: Any = 1e-4,
    decrease_factor: Any = 0.8,
    increase_factor: Any = 1.5,
    max_learning_rate: Any = 1.0,
    atol: Any = 0.0,
    rtol: Any = 0.0,
    store_grad: bool = False,
) -> GradientTransformationExtraArgs:
    """updates' = s · updates, where s shrinks until the loss decreases enough: φ(s) ≤ (1 + rtol)φ(0) + c₁sφ'(0) + atol.

    The first s is `increase_factor` times the last one's answer and at most `max_learning_rate`; each further one is
    `decrease_factor` times the one before. c₁ is `slope_rtol`. `update` also takes `value`, `grad` and `value_fn`, the
    loss as a function of the parameters and of what else is passed by keyword. Where no loss is a number, s is 0.

    >>> search = scale_by_backtracking_linesearch(20, decrease_factor=0.5, max_learning_rate=4.0)
    >>> f = lambda x: x * x
    >>> state = search.init(2.0)._replace(learning_rate=4.0)
    >>> updates, state = search.update(-4.0, state, 2.0, value=4.0, grad=4.0, value_fn=f)
    >>> float(updates), float(state.value), int(state.info.num_linesearch_steps)   # 4, 2, 1 and ½ were tried
    (-2.0, 0.0, 4)

    Source: J. Nocedal and S. Wright, *Numerical Optimization* (2nd edition, 2006), algorithm 3.1.
    """

    def init(params: Any) -> Any:
        real = real_type(params).type
        grad = zeros(params) if store_grad else None
        info = BacktrackingLinesearchInfo(0, real(np.inf))
        return ScaleByBacktrackingLinesearchState(real(1.0), real(np.inf), grad, info)

    def update(
        updates: Any, state: Any, params: Any = None, *, value: Any, grad: Any, value_fn: Any, **extra_args: Any
    ) -> Any:
        loss = loss_of("scale_by_backtracking_linesearch", value_fn, extra_args)
        real, slope = real_type(params), slope_along(grad, updates)

        def going(search: Backtracking) -> Any:
            return ~(search.error <= atol) & (search.count <= max_backtracking_steps)

        def shorter(search: Backtracking) -> Backtracking:
            step = np.where(search.count > 0, decrease_factor * search.step, search.step)[()]
            found = loss(beyond(params, step, updates))
            error = positive_part(found - (1.0 + rtol) * value - step * slope_rtol * slope)
            return Backtracking(cast(step, real), cast(found, real), cast(error, real), search.count + 1)

        longest = np.minimum(increase_factor * state.learning_rate, max_learning_rate)
        start = Backtracking(cast(longest, real), cast(value, real), real.type(np.inf), np.int64(0))
        search = repeated(going, shorter, start)
        step = np.where(np.isinf(search.error), real.type(0), search.step)[()]
        slopes = value_and_grad(loss)(beyond(params, search.step, updates))[1] if store_grad else None
        info = BacktrackingLinesearchInfo(search.count, search.error)
        scaled = tree.map(lambda d: step * d, updates)
        return scaled, ScaleByBacktrackingLinesearchState(step, search.value, slopes, info)

    return GradientTransformationExtraArgs(init, update)


def positive_part(error: Any) -> Any:
    """max(error, 0), and ∞ for what is no number."""
    return np.where(np.isnan(error), np.inf, np.maximum(error, 0.0))[()]


# ---- the loss and its gradient, where a search left them -----------------------------------------------------------
def value_and_grad_from_state(value_fn: Callable[..., Any]) -> Callable[..., Any]:
    """`value_and_grad` of a loss, read off the state of a line search where it is there already.

    (params, *args, state=, **keywords) ↦ (value, gradient). Before the first step there is none, and it is computed.

    >>> from funcgrad import optim
    >>> f = lambda x: (x - 3.0) ** 2
    >>> search = optim.scale_by_zoom_linesearch(10)
    >>> value_and_grad_from_state(f)(1.0, state=search.init(1.0))
    (4.0, -4.0)
    """

    def found(params: Any, *args: Any, state: Any, **keywords: Any) -> Any:
        kept = stored(state)
        if kept is None:
            refuse(
                BadArgument,
                "optim.value_and_grad_from_state found no value and gradient in the state. A line search keeps them.",
                "Use lbfgs, or scale_by_backtracking_linesearch with store_grad=True.",
            )
        return reused(kept, lambda: value_and_grad(value_fn)(params, *args, **keywords))

    return found


def stored(state: Any) -> Any:
    """The value and gradient in a state, or None."""
    if getattr(state, "grad", None) is not None and hasattr(state, "value"):
        return state.value, state.grad
    if not isinstance(state, tuple):
        return None
    return next((found for part in state if (found := stored(part)) is not None), None)


def reused(kept: Any, compute: Callable[[], Any]) -> Any:
    """What was kept, or computed where its value is no number."""
    return cond(np.isfinite(kept[0]), lambda: kept, compute)
