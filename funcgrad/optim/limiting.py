"""Transformations that keep gradients and parameters small, and those that leave some of them alone."""

from typing import Any, NamedTuple

import numpy as np

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.optim.protocol import (
    EmptyState,
    GradientTransformation,
    GradientTransformationExtraArgs,
    cast,
    counted,
    start,
    stateless,
    with_extra_args_support,
    with_params,
)
from funcgrad.optim.scaling import squared


def global_norm(updates: Any) -> Any:
    """√Σ|g|² over all numbers of a tree.

    >>> float(global_norm({"w": np.array([2.0, 4.0]), "b": 4.0}))
    6.0
    """
    return np.sqrt(sum([np.sum(squared(g)) for g in tree.leaves(updates)]))


def clip(max_delta: Any) -> GradientTransformation:
    """updates' = min(max(updates, -max_delta), max_delta), element by element.

    >>> clip(1.0).update(np.array([0.5, -3.0]), EmptyState())[0]
    array([ 0.5, -1. ])
    """
    return stateless(lambda updates, params: tree.map(lambda g: np.clip(g, -max_delta, max_delta), updates))


def clip_by_global_norm(max_norm: Any) -> GradientTransformation:
    """updates' = updates · min(1, max_norm/‖updates‖), with the norm over the whole tree.

    >>> clip_by_global_norm(1.0).update(np.array([3.0, 4.0]), EmptyState())[0]
    array([0.6, 0.8])

    Source: R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013,
    algorithm 1.
    """

    def clipped(updates: Any, params: Any) -> Any:
        norm = global_norm(updates)
        return tree.map(lambda g: np.where(norm < max_norm, g, g / cast(norm, real_of(g)) * max_norm)[()], updates)

    return stateless(clipped)


def real_of(g: Any) -> Any:
    """The dtype of |g|."""
    return np.empty(0, type_of(g).dtype).real.dtype


# ---- masks ---------------------------------------------------------------------------------------------------------
class MaskedState(NamedTuple):
    """The state of what is masked."""

    #: That of the transformation, whose parameters have a `MaskedNode` in the places left out.
    inner_state: Any


class MaskedNode(NamedTuple):
    """What stands in the places that are left out: a container of nothing."""


def masked(inner: Any, mask: Any, *, mask_compatible_extra_args: bool = False) -> GradientTransformationExtraArgs:
    """The transformation of those leaves at which `mask` has True; the others pass unchanged.

    `mask` is a tree of truth values as the parameters, or as far down as it matters, or a function that makes it of
    them. `mask_compatible_extra_args` masks those further arguments that are trees as the updates.

    >>> half = masked(clip(1.0), {"w": True, "b": False})
    >>> half.update({"w": 3.0, "b": 3.0}, half.init({"w": 0.0, "b": 0.0}))[0] == {"w": 1.0, "b": 3.0}
    True
    """
    own = with_extra_args_support(inner)

    def mask_of(like: Any) -> Any:
        return mask(like) if callable(mask) else mask

    def hidden(chosen: Any, like: Any) -> Any:
        return tree.map(lambda keep, part: part if kept(keep) else MaskedNode(), chosen, like)

    def init(params: Any) -> Any:
        return MaskedState(own.init(hidden(mask_of(params), params)))

    def update(updates: Any, state: Any, params: Any = None, **extra_args: Any) -> Any:
        chosen = mask_of(updates)
        if mask_compatible_extra_args:
            shape = tree.structure(updates)
            extra_args = {
                name: hidden(chosen, value) if tree.structure(value) == shape else value
                for name, value in extra_args.items()
            }
        seen = None if params is None else hidden(chosen, params)
        found, inner_state = own.update(hidden(chosen, updates), state.inner_state, seen, **extra_args)
        merged = tree.map(lambda keep, new, old: new if keep else old, chosen, found, updates)
        return merged, MaskedState(inner_state)

    return GradientTransformationExtraArgs(init, update)


def kept(keep: Any) -> bool:
    """What a mask says."""
    if not isinstance(keep, bool | np.bool_):
        refuse(
            BadArgument,
            f"optim.masked was given {keep!r} in its mask, which says True or False.",
            "Pass a tree of truth values, or a function that makes one of the parameters.",
        )
    return bool(keep)


class WeightDecaySchedule(NamedTuple):
    """How many steps were taken."""

    #: int32.
    count: Any


def add_decayed_weights(weight_decay: Any = 0.0, mask: Any = None) -> GradientTransformation:
    """updates' = updates + weight_decay · params, for a number or a schedule, where `mask` says so (see `masked`).

    >>> add_decayed_weights(0.1).update(1.0, EmptyState(), 5.0)[0]
    1.5

    Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
    """

    def init(params: Any) -> Any:
        return WeightDecaySchedule(start()) if callable(weight_decay) else EmptyState()

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        with_params("add_decayed_weights", params)
        decay = weight_decay(state.count) if callable(weight_decay) else weight_decay
        after = WeightDecaySchedule(counted(state.count)) if callable(weight_decay) else state
        return tree.map(lambda g, p: g + decay * p, updates, params), after

    found = GradientTransformation(init, update)
    return found if mask is None else masked(found, mask)
