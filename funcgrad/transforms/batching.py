"""vmap: a function of one example becomes a function of a batch."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import tree
from funcgrad.errors import BadArgument, TreeError
from funcgrad.graph.calls import Call
from funcgrad.graph.node import Node
from funcgrad.graph.op import fresh_leaf
from funcgrad.graph.provenance import argument_name, function_place, leaf_path
from funcgrad.graph.types import Type, type_of
from funcgrad.sweeps.fold import batch
from funcgrad.transforms.boundary import copied, handed_back, numeric, outputs_of


def vmap(
    f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0, axis_size: int | None = None
) -> Callable[..., Any]:
    """The function f for every item of a batch at once, without a loop: its answer is the stack of all f(x).

    vmap : (X → Y) → (Xⁿ → Yⁿ).  `in_axes` names the batch axis of each argument: an int, None for an argument that all
    items share, or a tree of these; `out_axes` likewise for the answer. Keyword arguments are mapped over axis 0.
    `axis_size` gives n where no argument has it.

    >>> import numpy as np
    >>> vmap(np.dot, in_axes=(0, None))(np.eye(3), np.array([1.0, 2.0, 3.0]))
    array([1., 2., 3.])
    """

    @wraps(f)
    def mapped(*args: Any, **keywords: Any) -> Any:
        with Call("vmap", f) as call:
            rows = _rows(call, args, keywords, in_axes)
            size = _size(call, rows, axis_size)
            values = [row.leaf(call) for row in rows]
            arguments, named_arguments = _rebuilt(args, keywords, rows, values)
            answers, structure = outputs_of(call, f(*arguments, **named_arguments))
            axes = _out_axes(out_axes, structure, answers)
            leaves = [value for row, value in zip(rows, values, strict=True) if row.axis is not None]
            batches = [row.batch() for row in rows if row.axis is not None]
            shared = [_shared(call, y, axis) for y, axis in zip(answers, axes, strict=True)]
            stacked = batch(call, answers, leaves, batches, size)
            moved = [
                y if one else _moved(s, axis) for y, s, axis, one in zip(answers, stacked, axes, shared, strict=True)
            ]
        inputs = {id(row.value) for row in rows}
        fresh = handed_back(moved, inputs)
        return structure.unflatten([copied(y) if one else y for y, one in zip(fresh, shared, strict=True)])

    return mapped


@frozen(eq=False, repr=False)
class _Row:
    """One leaf of the arguments, and the axis of it that is the batch."""

    #: The array, or whatever all items share.
    value: Any
    #: The batch axis; None if all items share the value.
    axis: Any
    #: Which argument it belongs to: a position or a keyword.
    argument: int | str
    #: Which leaf of that argument it is.
    position: int
    #: The structure of that argument.
    structure: Any

    def path(self, call: Call) -> str:
        """Its name in messages."""
        return leaf_path(call.function, self.argument, self.structure, self.position)

    def leaf(self, call: Call) -> Any:
        """The unknown item that stands for all of the batch; the value itself where all items share it."""
        if self.axis is None:
            return self.value
        kind = type_of(self.value)
        shape = tuple(n for i, n in enumerate(kind.shape) if i != self.axis % len(kind.shape))
        return fresh_leaf(call, Type(shape, kind.dtype), self.argument, self.position, self.structure)

    def batch(self) -> Any:
        """The value with its batch axis first."""
        return _to_front(self.value, self.axis)


def _to_front(value: Any, axis: Any) -> Any:
    value = value if type(value) is Node else np.asarray(value)
    return value if axis % value.ndim == 0 else np.moveaxis(value, axis, 0)


def _rows(call: Call, args: tuple[Any, ...], keywords: dict[str, Any], in_axes: Any) -> list[_Row]:
    axes = tuple(in_axes) if isinstance(in_axes, list) else in_axes
    if not isinstance(axes, tuple):
        axes = (axes,) * len(args)
    if len(axes) != len(args):
        raise BadArgument(
            f"vmap was given in_axes for {len(axes)} arguments and called with {len(args)} positional ones. "
            "Each needs an entry, None where all items share it. Keyword arguments are always mapped over axis 0."
        )
    rows: list[_Row] = []
    mapped: list[tuple[int | str, Any, Any]] = [
        *zip(range(len(args)), args, axes, strict=True),
        *((name, value, 0) for name, value in keywords.items()),
    ]
    for argument, value, axis in mapped:
        leaves, structure = tree.flatten(value)
        try:
            prefix = tree.broadcast_prefix(axis, value)
        except TreeError as error:
            raise BadArgument(
                f"in_axes of {argument_name(call.function, argument)} does not fit it. {error} "
                "Give an int or None for the whole argument, or a tree like it."
            ) from error
        rows += [
            _checked(call, _Row(leaf, one, argument, i, structure))
            for i, (leaf, one) in enumerate(zip(leaves, prefix, strict=True))
        ]
    return rows


def _checked(call: Call, row: _Row) -> _Row:
    if row.axis is None:
        return row
    if not isinstance(row.axis, int) or isinstance(row.axis, bool):
        raise BadArgument(
            f"in_axes of {row.path(call)} is {row.axis!r}. An axis is an int, or None for what all items share. "
            "Write in_axes=0."
        )
    if not numeric(row.value):
        raise BadArgument(
            f"vmap cannot map over {row.path(call)}: it is a {type(row.value).__name__}. "
            "Only arrays have an axis to map over. Pass it with in_axes=None, by position."
        )
    rank = len(type_of(row.value).shape)
    if not -rank <= row.axis < rank:
        raise BadArgument(
            f"vmap was asked to map over axis {row.axis} of {row.path(call)}, which has {rank} "
            f"ax{'is' if rank == 1 else 'es'}. Choose one of them, or pass it with in_axes=None."
        )
    return row


def _size(call: Call, rows: list[_Row], axis_size: int | None) -> int:
    """The length of the batch, on which all mapped arguments agree."""
    lengths = [(int(type_of(row.value).shape[row.axis]), row) for row in rows if row.axis is not None]
    if axis_size is None and not lengths:
        raise BadArgument(
            "vmap has no argument to map over. Every in_axes is None, or there is no argument. "
            "Give one an axis, or write axis_size=n."
        )
    size = lengths[0][0] if axis_size is None else axis_size
    for length, row in lengths:
        if length != size:
            first = "axis_size" if axis_size is not None else lengths[0][1].path(call)
            raise BadArgument(
                f"vmap was given batches of different lengths: {first} has {size}, {row.path(call)} has {length}. "
                "All mapped axes have one length. Pass what all items share with in_axes=None."
            )
    return size


def _rebuilt(args: Any, keywords: Any, rows: list[_Row], values: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with unknown leaves in place of the mapped ones."""
    by_argument: dict[Any, list[Any]] = {}
    for row, value in zip(rows, values, strict=True):
        by_argument.setdefault(row.argument, []).append(value)

    def one(argument: Any, original: Any) -> Any:
        new = by_argument.get(argument)
        return original if new is None else tree.structure(original).unflatten(new)

    return [one(i, a) for i, a in enumerate(args)], {name: one(name, a) for name, a in keywords.items()}


def _out_axes(out_axes: Any, structure: Any, answers: list[Any]) -> list[Any]:
    try:
        axes = tree.broadcast_prefix(out_axes, structure.unflatten(answers))
    except TreeError as error:
        raise BadArgument(
            f"out_axes does not fit the answer. {error} Give an int for all of it, or a tree like it."
        ) from error
    for y, axis in zip(answers, axes, strict=True):
        rank = len(type_of(y).shape) + 1
        if axis is not None and not -rank <= axis < rank:
            raise BadArgument(
                f"out_axes asks for axis {axis} of an answer with {rank} axes, the batch counted. "
                f"Choose an axis from {-rank} to {rank - 1}."
            )
    return axes


def _shared(call: Call, y: Any, axis: Any) -> bool:
    """Whether an answer is returned once and not for every item; refused where items differ."""
    if axis is not None:
        return False
    if type(y) is Node and call in y.history.calls:
        name, where = function_place(call.function)
        raise BadArgument(
            f"out_axes=None was given for an answer of {name}{where} that differs from item to item. "
            "None is for answers that all items share. Write out_axes=0."
        )
    return True


def _moved(stacked: Any, axis: int) -> Any:
    return stacked if axis == 0 else np.moveaxis(stacked, 0, axis)
