"""optax's protocol: a pair of pure functions, `init` and `update`, that turns gradients into steps.

    init   : params → state
    update : (updates, state, params) → (updates, state)

What is handed on is called updates: gradients on the way in, steps on the way out. Adding the last to the parameters
is `apply_updates`. States are trees of arrays, so they pass through `jit`, `vmap` and files as parameters do.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of

#: The last number that a count of steps reaches, where it stays.
MOST = np.iinfo(np.int32).max


class GradientTransformation(NamedTuple):
    """A pair of pure functions, as in optax: anything with these two fields is one.

    >>> from funcgrad import optim
    >>> halved = optim.GradientTransformation(lambda x: (), lambda updates, state, params=None: (updates / 2, state))
    >>> both = optim.chain(halved, optim.sgd(1.0))
    >>> both.update(3.0, both.init(0.0))[0]
    -1.5
    """

    #: params ↦ state.
    init: Callable[..., Any]
    #: (updates, state, params=None) ↦ (updates, state).
    update: Callable[..., Any]


class GradientTransformationExtraArgs(GradientTransformation):
    """A transformation whose `update` takes more by keyword: the value of the loss, the loss itself."""

    __slots__ = ()


class EmptyState(NamedTuple):
    """The state of what remembers nothing."""


def with_extra_args_support(tx: Any) -> GradientTransformationExtraArgs:
    """The transformation, given what it does not know by keyword: it is left out.

    >>> with_extra_args_support(identity()).update(2.0, EmptyState(), value=1.0)
    (2.0, EmptyState())
    """
    if any([cls.__name__ == GradientTransformationExtraArgs.__name__ for cls in type(tx).__mro__]):  # optax's too
        return GradientTransformationExtraArgs(tx.init, tx.update)

    def update(updates: Any, state: Any, params: Any = None, **extra_args: Any) -> Any:
        return tx.update(updates, state, params)

    return GradientTransformationExtraArgs(tx.init, update)


def stateless(f: Callable[[Any, Any], Any]) -> GradientTransformation:
    """The transformation updates' = f(updates, params).

    >>> stateless(lambda updates, params: updates - params).update(2.0, EmptyState(), 0.5)
    (1.5, EmptyState())
    """

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        return f(updates, params), state

    return GradientTransformation(lambda params: EmptyState(), update)


def identity() -> GradientTransformation:
    """The transformation that changes nothing.

    >>> identity().update(2.0, EmptyState())
    (2.0, EmptyState())
    """
    return stateless(lambda updates, params: updates)


def set_to_zero() -> GradientTransformation:
    """The transformation that stops all movement: updates' = 0.

    >>> set_to_zero().update(np.array([2.0, 3.0]), EmptyState())[0]
    array([0., 0.])
    """
    return stateless(lambda updates, params: zeros(updates))


def chain(*args: Any) -> GradientTransformationExtraArgs:
    """One transformation after the other, first to last: update = updateₙ ∘ … ∘ update₁. Its state is their tuple.

    >>> from funcgrad import optim
    >>> clipped = optim.chain(optim.clip(1.0), optim.scale(-0.1))
    >>> clipped.update(np.array([0.5, 3.0]), clipped.init(np.zeros(2)))[0]
    array([-0.05, -0.1 ])
    """
    parts = [with_extra_args_support(tx) for tx in args]

    def init(params: Any) -> Any:
        return tuple([part.init(params) for part in parts])

    def update(updates: Any, state: Any, params: Any = None, **extra_args: Any) -> Any:
        if len(state) != len(parts):
            refuse(
                BadArgument,
                f"chain was given a state of {len(state)} parts. It is made of {len(parts)} transformations.",
                "Pass the state that its own init or update returned.",
            )
        states = []
        for part, own in zip(parts, state, strict=True):
            updates, own = part.update(updates, own, params, **extra_args)
            states.append(own)
        return updates, tuple(states)

    return GradientTransformationExtraArgs(init, update)


def apply_updates(params: Any, updates: Any) -> Any:
    """The parameters after a step: params + updates, leaf by leaf, each with the dtype that it had.

    >>> apply_updates({"w": np.float32(1.0), "b": 2.0}, {"w": -0.5, "b": np.float64(1.0)})
    {'w': np.float32(0.5), 'b': np.float64(3.0)}
    """
    return tree.map(lambda p, u: cast(p + u, type_of(p).dtype), params, updates)


# ---- what the transformations share --------------------------------------------------------------------------------
def cast(x: Any, dtype: Any) -> Any:
    """x at a dtype, itself if it has it or if none is said."""
    if dtype is None or type_of(x).dtype == dtype:
        return x
    return x.astype(dtype) if hasattr(x, "astype") else np.dtype(dtype).type(x)


def full(like: Any, value: Any, dtype: Any = None) -> Any:
    """The tree `like` with a number in all places."""

    def filled(leaf: Any) -> Any:
        kind = type_of(leaf)
        return np.full(kind.shape, value, dtype or kind.dtype)[()]

    return tree.map(filled, like)


def zeros(like: Any, dtype: Any = None) -> Any:
    """The tree `like` with 0 in all places."""
    return full(like, 0, dtype)


def either(condition: Any, yes: Any, no: Any) -> Any:
    """One tree or the other, at the dtypes of the other."""

    def chosen(a: Any, b: Any) -> Any:
        found: Any = np.where(condition, a, b)
        return cast(found[()], type_of(b).dtype)

    return tree.map(chosen, yes, no)


def counted(count: Any) -> Any:
    """The number after `count`, and no further than int32 goes."""
    return np.minimum(count, MOST - 1) + 1


def start() -> Any:
    """The number of no steps."""
    return np.int32(0)


def with_params(name: str, params: Any) -> None:
    """Refuse to go on without parameters."""
    if params is None:
        refuse(
            BadArgument,
            f"optim.{name} reads the parameters. Its update was called without them.",
            "Write update(updates, state, params).",
        )
