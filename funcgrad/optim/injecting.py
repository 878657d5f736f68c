"""The numbers that an optimiser is made of, kept in its state: to be scheduled, read and changed."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, NamedTuple

import numpy as np

from funcgrad import tree
from funcgrad.graph.types import type_of
from funcgrad.optim.limiting import real_of
from funcgrad.optim.protocol import GradientTransformationExtraArgs, counted, start, with_extra_args_support


class InjectHyperparamsState(NamedTuple):
    """The numbers, and the state of the optimiser that they make."""

    #: int32: how many steps were taken.
    count: Any
    #: The numbers by name, those of schedules as they were at the last step.
    hyperparams: dict[str, Any]
    #: The optimiser's own state.
    inner_state: Any


def inject_hyperparams(
    inner_factory: Callable[..., Any], static_args: str | Iterable[str] = (), hyperparam_dtype: Any = None
) -> Callable[..., GradientTransformationExtraArgs]:
    """The function that makes an optimiser, with all its numbers in the state: each may be a schedule, or be changed.

    What is callable is a schedule of the number of steps taken, but for `static_args`. Numbers are kept at
    `hyperparam_dtype`, or at the dtype of the parameters.

    >>> from funcgrad import optim
    >>> own = inject_hyperparams(optim.sgd)(learning_rate=0.5)
    >>> state = own.init(1.0)
    >>> float(own.update(2.0, state, 1.0)[0])
    -1.0
    >>> slower = state._replace(hyperparams=state.hyperparams | {"learning_rate": 0.25})
    >>> float(own.update(2.0, slower, 1.0)[0])
    -0.5
    """
    fixed = {static_args} if isinstance(static_args, str) else set(static_args)
    signature = inspect.signature(inner_factory)

    @wraps(inner_factory)
    def made(*args: Any, **keywords: Any) -> GradientTransformationExtraArgs:
        bound = signature.bind(*args, **keywords)
        bound.apply_defaults()
        given = bound.arguments
        schedules = {name: f for name, f in given.items() if name not in fixed and callable(f)}
        numbers = {name: x for name, x in given.items() if name not in fixed and numeric(x)}
        others = {name: x for name, x in given.items() if name not in {*schedules, *numbers}}
        return injected(inner_factory, others, numbers, schedules, hyperparam_dtype)

    return made


def numeric(value: Any) -> bool:
    """Whether an argument is a number, known or traced, and no truth value."""
    if isinstance(value, bool | np.bool_):
        return False
    return isinstance(value, int | float) or getattr(getattr(value, "dtype", None), "kind", "") in ("i", "u", "f")


def injected(
    factory: Callable[..., Any], others: dict[str, Any], numbers: dict[str, Any], schedules: dict[str, Any], dtype: Any
) -> GradientTransformationExtraArgs:
    """The optimiser that `factory` makes anew at each step."""

    def at(count: Any, kept: dict[str, Any], like: Any) -> dict[str, Any]:
        kind = dtype or real_of(tree.leaves(like)[0])
        return {name: floating(x, kind) for name, x in (kept | {n: f(count) for n, f in schedules.items()}).items()}

    def init(params: Any) -> Any:
        found = at(start(), numbers, params)
        return InjectHyperparamsState(start(), found, factory(**others, **found).init(params))

    def update(updates: Any, state: Any, params: Any = None, **extra_args: Any) -> Any:
        found = at(state.count, state.hyperparams, updates)
        own = with_extra_args_support(factory(**others, **found))
        updates, inner = own.update(updates, state.inner_state, params, **extra_args)
        return updates, InjectHyperparamsState(counted(state.count), found, inner)

    return GradientTransformationExtraArgs(init, update)


def floating(x: Any, dtype: Any) -> Any:
    """A float at a dtype; whole numbers stay what they are."""
    kind = type_of(x)
    if kind.dtype.kind != "f" or (kind.dtype == dtype and not kind.weak):
        return x
    return x.astype(dtype) if hasattr(x, "astype") else np.dtype(dtype).type(x)
