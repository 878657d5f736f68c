"""Unknowns: a tree of parameters, and the vector of float64 that SciPy sees in its place."""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import scipy.optimize as _optimize
from attrs import frozen

from funcgrad import tree
from funcgrad.errors import BadArgument, TreeError
from funcgrad.graph.node import Node
from funcgrad.graph.op import strong
from funcgrad.graph.types import Type, type_of
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.carrying import numbers_of
from funcgrad.transforms.systems import inexact_kind


@frozen(eq=False)
class Unknowns:
    """The parameters of a problem."""

    #: Their tree.
    structure: Any
    #: The type of each leaf.
    kinds: tuple[Type, ...]

    @property
    def size(self) -> int:
        """How many numbers they are."""
        return sum([kind.size for kind in self.kinds])

    @property
    def kind(self) -> Type:
        """The type of their vector."""
        return Type((self.size,), np.dtype(float))

    def tree(self, vector: Any) -> Any:
        """The tree whose numbers are those of a vector, plain or traced; its arrays are fresh."""
        leaves, at = [], 0
        for kind in self.kinds:
            part = np.reshape(vector[at : at + kind.size], kind.shape) if kind.shape else vector[at]
            leaves.append(fit(np.array(part)[()] if isinstance(part, np.ndarray) else part, kind))
            at += kind.size
        return self.structure.unflatten(leaves)


def unknowns_of(solver: str, x0: Any) -> tuple[Unknowns, Any]:
    """The unknowns that a first guess shows, and its vector."""
    if type(x0) is list and numbers_only(x0):
        x0 = np.array(x0, float)  # as in SciPy; a list that holds arrays is a tree
    leaves, structure = numbers_of(solver, "x0", x0)
    kinds = tuple([inexact_kind(type_of(leaf)) for leaf in leaves])
    for i, kind in enumerate(kinds):
        if kind.dtype.kind == "c":
            raise BadArgument(
                f"{solver} was given {kind!r} at {tree.path_name(structure.paths()[i], root='x0')}. SciPy's solver is "
                "for real unknowns. Give real and imaginary parts, as x.view(float)."
            )
    if not leaves:
        raise BadArgument(f"{solver} was given an x0 without numbers. There is nothing to vary. Give arrays.")
    return Unknowns(structure, kinds), vector_of(leaves)


def numbers_only(value: Any) -> bool:
    """Whether a list is made of numbers and lists of numbers alone."""
    return all([numbers_only(one) if type(one) is list else isinstance(one, Real) for one in value])


def vector_of(leaves: Sequence[Any]) -> Any:
    """Arrays as one vector of float64, in memory of its own."""
    flat = [np.reshape(strong(leaf), (-1,)).astype(np.float64) for leaf in leaves]
    return flat[0] if len(flat) == 1 else np.concatenate(flat)


# ---- bounds ----------------------------------------------------------------------------------------------------------
def limits_of(solver: str, unknowns: Unknowns, bounds: Any) -> tuple[Any, Any] | None:
    """The lower and upper bounds as vectors; None for none."""
    if bounds is None:
        return None
    whole = unknowns.structure is tree.LEAF
    if isinstance(bounds, _optimize.Bounds):
        return both_ends(solver, unknowns, bounds.lb, bounds.ub)
    if whole and is_pairs(bounds, unknowns.size):
        low, high = zip(*bounds, strict=True)
        return ends(solver, unknowns, [low], -np.inf), ends(solver, unknowns, [high], np.inf)
    pairs = filled_in(solver, unknowns, bounds, lambda part: part is None or is_pair(part))
    pairs = [(None, None) if pair is None else pair for pair in pairs]
    if not all([is_pair(pair) for pair in pairs]):
        raise BadArgument(
            f"{solver} was given bounds that are no pairs. A bound is a pair (low, high) with None for no bound. "
            "Give SciPy's pairs for one array, or a tree like x0 of pairs."
        )
    return (
        ends(solver, unknowns, [low for low, _ in pairs], -np.inf),
        ends(solver, unknowns, [high for _, high in pairs], np.inf),
    )


def both_ends(solver: str, unknowns: Unknowns, low: Any, high: Any) -> tuple[Any, Any]:
    """Lower and upper bounds, each a number, an array or a tree like x0, as vectors."""
    found = []
    for side, blank in ((low, -np.inf), (high, np.inf)):
        if isinstance(side, np.ndarray) and side.shape == (unknowns.size,):
            found.append(np.array(side, float))
            continue
        numbers = type(side) is list and numbers_only(side)
        parts = [np.array(side, float)] if numbers else filled_in(solver, unknowns, side, lambda part: False)
        found.append(ends(solver, unknowns, parts, blank))
    return found[0], found[1]


def filled_in(solver: str, unknowns: Unknowns, bounds: Any, is_leaf: Callable[[Any], bool]) -> list[Any]:
    """A tree of bounds, or a part of it from the root on, as one bound a leaf of x0."""
    try:
        return tree.broadcast_prefix(bounds, unknowns.structure.unflatten([0.0] * len(unknowns.kinds)), is_leaf)
    except TreeError as error:
        raise BadArgument(
            f"{solver} was given bounds that do not fit x0. {error} Give a bound a leaf, or one for all that is below."
        ) from error


def ends(solver: str, unknowns: Unknowns, parts: Sequence[Any], blank: float) -> Any:
    """One side of bounds as a vector, `blank` for None."""
    found = []
    for part, kind in zip(parts, unknowns.kinds, strict=True):
        if any([type(one) is Node for one in tree.leaves(part)]):
            raise BadArgument(
                f"{solver} was given a traced value as a bound. The derivative with respect to bounds is not made. "
                "Pass plain numbers, x.value or stop_gradient(x), or change variables so that the bound is a number."
            )
        values = [blank if one is None else one for one in part] if isinstance(part, tuple | list) else part
        array = np.asarray(blank if values is None else values, float)
        found.append(np.broadcast_to(array if array.size != kind.size else array.reshape(kind.shape), kind.shape))
    return vector_of(found)


def is_pair(value: Any) -> bool:
    """Whether a value is (low, high)."""
    entry = (Real, np.ndarray, np.generic, Node, type(None))
    return isinstance(value, tuple | list) and len(value) == 2 and all([isinstance(one, entry) for one in value])


def is_pairs(value: Any, size: int) -> bool:
    """Whether a value is SciPy's sequence of pairs, one a number."""
    return (
        isinstance(value, tuple | list | np.ndarray) and len(value) == size and all(map(is_pair, map(tuple_of, value)))
    )


def tuple_of(value: Any) -> Any:
    """A row of an array as a tuple; all else as it is."""
    return tuple(value) if isinstance(value, np.ndarray) and value.ndim == 1 else value
