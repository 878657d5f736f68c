"""L-BFGS: Newton's method with an inverse Hessian that is made of the last few steps.

With s = x⁺ - x and y = g⁺ - g of a step and ρ = 1/y·s, the inverse Hessian H is updated as
H⁺ = (I - ρsyᵀ)H(I - ρysᵀ) + ρssᵀ. The product H·g is made of the last m pairs by two loops, without H.
"""

from typing import Any, NamedTuple

import numpy as np

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.lax.looping import scan
from funcgrad.numpy.creation import take
from funcgrad.optim.limiting import global_norm
from funcgrad.optim.protocol import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    cast,
    chain,
    counted,
    identity,
    start,
    with_params,
    zeros,
)
from funcgrad.optim.scaling import scale, scale_by_learning_rate
from funcgrad.optim.searching import inner, real_type
from funcgrad.optim.zooming import scale_by_zoom_linesearch


class ScaleByLBFGSState(NamedTuple):
    """The last pairs, in a ring of m places."""

    #: int32: how many steps were taken.
    count: Any
    #: The parameters of the last one.
    params: Any
    #: Its gradient.
    updates: Any
    #: The s, stacked along axis 0.
    diff_params_memory: Any
    #: The y, stacked along axis 0.
    diff_updates_memory: Any
    #: The ρ, a vector.
    weights_memory: Any


def scale_by_lbfgs(memory_size: int = 10, scale_init_precond: bool = True) -> GradientTransformation:
    """updates' = H·updates, with the inverse Hessian H that the last `memory_size` steps and γI make.

    γ is s·y/y·y of the last step, at first min(1, 1/‖g‖); with `scale_init_precond=False` it is 1.

    >>> newton = scale_by_lbfgs()
    >>> _, state = newton.update(np.array([4.0, 0.0]), newton.init(np.zeros(2)), np.array([2.0, 0.0]))
    >>> newton.update(np.array([2.0, 0.0]), state, np.array([1.0, 0.0]))[0]   # x² has the Hessian 2: a step of 1
    array([1., 0.])

    Source: J. Nocedal, "Updating quasi-Newton matrices with limited storage", Mathematics of Computation 35 (1980)
    773–782; J. Nocedal and S. Wright, *Numerical Optimization* (2nd edition, 2006), algorithm 7.4.
    """
    if memory_size < 1:
        refuse(
            BadArgument,
            f"optim.scale_by_lbfgs was given memory_size={memory_size!r}. It remembers at least one step.",
            "Write memory_size=10.",
        )

    def init(params: Any) -> Any:
        memory = tree.map(lambda p: np.zeros((memory_size, *type_of(p).shape), type_of(p).dtype), params)
        weights = np.zeros(memory_size, real_type(params))
        return ScaleByLBFGSState(start(), zeros(params), zeros(params), memory, memory, weights)

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        with_params("scale_by_lbfgs", params)
        begun = state.count > 0
        s = tree.map(lambda new, old: np.where(begun, new - old, 0)[()], params, state.params)
        y = tree.map(lambda new, old: np.where(begun, new - old, 0)[()], updates, state.updates)
        along = inner(y, s)
        weight = np.where(along == 0, 0, 1 / np.where(along == 0, 1, along))[()]

        def entered(memory: Any, row: Any) -> Any:
            place = np.arange(memory_size) == (state.count - 1) % memory_size
            return np.where(place.reshape(memory_size, *[1] * len(type_of(row).shape)), cast(row, memory.dtype), memory)

        s_memory = tree.map(entered, state.diff_params_memory, s)
        y_memory = tree.map(entered, state.diff_updates_memory, y)
        weights = entered(state.weights_memory, weight)
        order = (state.count + np.arange(memory_size)) % memory_size
        pairs = tree.map(lambda memory: take(memory, order, 0), (s_memory, y_memory, weights))
        gamma = first_scale(along, y, updates, begun) if scale_init_precond else 1.0
        after = ScaleByLBFGSState(counted(state.count), params, updates, s_memory, y_memory, weights)
        return two_loops(updates, pairs, gamma), after

    return GradientTransformation(init, update)


def first_scale(along: Any, y: Any, updates: Any, begun: Any) -> Any:
    """γ: s·y/y·y, or 1 where y is 0; before there is a step, 1/max(1, ‖g‖)."""
    length = inner(y, y)
    gamma = np.where(length > 0, along / np.where(length > 0, length, 1), 1.0)
    return np.where(begun, gamma, 1 / np.maximum(1.0, global_norm(updates)))[()]


def two_loops(updates: Any, pairs: Any, gamma: Any) -> Any:
    """H·updates, from the oldest pair to the latest: first back through them, then forth."""

    def back(q: Any, pair: Any) -> Any:
        s, y, rho = pair
        alpha = rho * inner(s, q)
        return tree.map(lambda q, y: cast(q - alpha * y, type_of(q).dtype), q, y), alpha

    def forth(r: Any, row: Any) -> Any:
        (s, y, rho), alpha = row
        beta = rho * inner(y, r)
        return tree.map(lambda r, s: cast(r + (alpha - beta) * s, type_of(r).dtype), r, s), None

    q, alphas = scan(back, updates, pairs, reverse=True)
    return scan(forth, tree.map(lambda q: cast(gamma * q, type_of(q).dtype), q), (pairs, alphas))[0]


def lbfgs(
    learning_rate: Any = None,
    memory_size: int = 10,
    scale_init_precond: bool = True,
    linesearch: Any = scale_by_zoom_linesearch(max_linesearch_steps=20, initial_guess_strategy="one"),  # noqa: B008  # REASON: a frozen pair of functions
) -> GradientTransformationExtraArgs:
    """L-BFGS: θ ← θ - sαH·g, with H of `scale_by_lbfgs` and s of a line search; `linesearch=None` takes s = 1.

    With a line search, `update` also takes `value`, `grad` and `value_fn`.

    >>> from funcgrad import optim
    >>> def f(x):
    ...     return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2   # Rosenbrock's valley
    >>> x, newton = np.array([-1.0, 1.0]), lbfgs()
    >>> state, slopes = newton.init(x), optim.value_and_grad_from_state(f)
    >>> for _ in range(40):
    ...     value, grad = slopes(x, state=state)
    ...     updates, state = newton.update(grad, state, x, value=value, grad=grad, value_fn=f)
    ...     x = optim.apply_updates(x, updates)
    >>> x.round(6)
    array([1., 1.])

    Source: D. Liu and J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
    Programming 45 (1989) 503–528.
    """
    scaled = scale(-1.0) if learning_rate is None else scale_by_learning_rate(learning_rate)
    return chain(
        scale_by_lbfgs(memory_size, scale_init_precond), scaled, identity() if linesearch is None else linesearch
    )
